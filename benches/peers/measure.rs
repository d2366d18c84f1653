//! What one process of the migration benchmark does and says: shared by `benches/migrate.rs` and the peers beside this file.
//!
//! Called as `PROGRAM DB_PATH FOLDER SYNCHRONOUS`. Reading the files is timed by itself; the run is everything from opening
//! the database to having closed it. One line comes out: microseconds of reading, of the run, of processor in the run (user
//! and system, all threads), peak memory in KiB, SQLite's version.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// What the driver asks for.
pub struct Arguments {
    pub path: PathBuf,
    pub folder: PathBuf,
    /// `NORMAL` or `FULL`.
    pub synchronous: String,
}

impl Arguments {
    pub fn new(mut arguments: impl Iterator<Item = String>) -> Arguments {
        let mut next = || arguments.next().expect("DB_PATH FOLDER SYNCHRONOUS");
        Arguments { path: next().into(), folder: next().into(), synchronous: next() }
    }

    /// The settings of a connection, the same for everybody.
    #[allow(dead_code, reason = "included by several programs, and each uses some of it")]
    pub fn pragmas(&self) -> String {
        format!("PRAGMA journal_mode=WAL; PRAGMA synchronous={}", self.synchronous)
    }
}

/// Names and texts of the files of a folder, by name.
#[allow(dead_code, reason = "included by several programs, and each uses some of it")]
pub fn files(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            let entry = entry.expect("a file");
            let text = std::fs::read_to_string(entry.path()).expect("a text");
            (entry.file_name().into_string().expect("a name"), text)
        })
        .collect();
    files.sort();
    files
}

/// The version and name in `0001_name.sql`.
#[allow(dead_code, reason = "included by several programs, and each uses some of it")]
pub fn version_and_name(file: &str) -> (u32, &str) {
    let (version, name) = file.split_once('_').expect("NNNN_name.sql");
    (version.parse().expect("a number"), name.trim_end_matches(".sql"))
}

/// Runs and measures `read` and `run`, and prints the line.
pub fn report<T>(sqlite_version: &str, read: impl FnOnce() -> T, run: impl FnOnce(T)) {
    let start = Instant::now();
    let read = read();
    let reading = start.elapsed();
    let (start, before) = (Instant::now(), cpu());
    run(read);
    let (wall, cpu) = (start.elapsed(), cpu() - before);
    println!("{} {} {} {} {sqlite_version}", reading.as_micros(), wall.as_micros(), cpu.as_micros(), peak_kib());
}

fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("usage");
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(micros.unsigned_abs())
}

/// Peak resident memory without the pages of mapped files, which are the program's own code and SQLite's shared memory. Not
/// `ru_maxrss`, which has them in it: and a program started by a larger one inherits that one's.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0)
    };
    number("VmHWM:").saturating_sub(number("RssFile:"))
}
