//! Which processes have the database open, and which locks they hold: what the kernel tells under `/proc`.
//!
//! Leaves to others: what a lock in this process is for (the library knows that by itself).
//!
//! Invariant: the database is never opened here, because closing it again would drop the locks this process has on it; processes of other
//! users show nothing, and are then left out.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// Where SQLite's locks in the database file begin: pending, reserved, then shared.
const PENDING: u64 = 0x4000_0000;
/// The bytes of `-shm` that are locks.
const WRITER: u64 = 120;
const CHECKPOINT: u64 = 121;
const RECOVERY: u64 = 122;
const READERS: std::ops::RangeInclusive<u64> = 123..=127;

/// A process that has the database open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// The name of its program.
    pub(crate) name: String,
    /// Descriptors of the database file: at least one a connection.
    pub(crate) descriptors: usize,
    /// What it is doing, as far as its locks tell, without doubles.
    pub(crate) locks: Vec<&'static str>,
}

/// A file by its device and number.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|found| Identity(found.dev(), found.ino()))
}

/// The processes that have the database open, this one left out. `None` where the system does not tell.
pub(crate) fn of(database: &Path) -> Option<Vec<Process>> {
    let mut name = database.as_os_str().to_owned();
    name.push("-shm");
    let files = [(database.to_path_buf(), false), (PathBuf::from(name), true)];
    let known: Vec<(Identity, bool)> =
        files.iter().filter_map(|(path, is_index)| identity(path).map(|found| (found, *is_index))).collect();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        if let Some(pid) = pid.filter(|pid| *pid != std::process::id()) {
            found.extend(process(pid, &known));
        }
    }
    found.sort_by_key(|process| process.pid);
    Some(found)
}

fn process(pid: u32, known: &[(Identity, bool)]) -> Option<Process> {
    let folder = PathBuf::from(format!("/proc/{pid}"));
    let (mut descriptors, mut locks) = (0, Vec::new());
    for entry in fs::read_dir(folder.join("fd")).ok()?.flatten() {
        // why through the link: the path in it may be that of a file that was replaced
        let Some((_, is_index)) =
            identity(&entry.path()).and_then(|file| known.iter().find(|(known, _)| *known == file))
        else {
            continue;
        };
        descriptors += usize::from(!is_index);
        let held = fs::read_to_string(folder.join("fdinfo").join(entry.file_name())).unwrap_or_default();
        locks.extend(held.lines().filter_map(|line| lock(line, *is_index)));
    }
    locks.sort_unstable();
    locks.dedup();
    let name = fs::read_to_string(folder.join("comm")).unwrap_or_default().trim_end().to_owned();
    (descriptors > 0).then_some(Process { pid, name, descriptors, locks })
}

/// What a line of `fdinfo` such as `lock: 1: OFDLCK ADVISORY  WRITE -1 08:01:42 120 120` says.
fn lock(line: &str, is_index: bool) -> Option<&'static str> {
    let words: Vec<&str> = line.strip_prefix("lock:")?.split_whitespace().collect();
    let [.., mode, _, _, from, to] = words.as_slice() else { return None };
    let is_write = *mode == "WRITE";
    let from: u64 = from.parse().ok()?;
    let to = to.parse().unwrap_or(u64::MAX);
    let covers = |byte: u64| (from..=to).contains(&byte);
    Some(match (is_index, is_write) {
        (true, true) if covers(WRITER) => "writes",
        (true, true) if covers(CHECKPOINT) => "checkpoints",
        (true, true) if covers(RECOVERY) => "recovers",
        (true, _) if READERS.into_iter().any(covers) => "reads",
        (false, true) if covers(PENDING) || covers(PENDING + 2) => "writes",
        (false, true) if covers(PENDING + 1) => "writes",
        // why none: in WAL mode an open database alone holds the shared lock
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_told_by_their_bytes() {
        let of = |kind: &str, mode: &str, range: &str, is_index| {
            lock(&format!("lock:\t1: {kind} ADVISORY  {mode} -1 08:01:42 {range}"), is_index)
        };
        assert_eq!(of("OFDLCK", "WRITE", "120 120", true), Some("writes"));
        assert_eq!(of("POSIX ", "WRITE", "121 121", true), Some("checkpoints"));
        assert_eq!(of("POSIX ", "READ ", "124 124", true), Some("reads"));
        assert_eq!(of("POSIX ", "READ ", "128 128", true), None, "the index is in use, and that is all");
        assert_eq!(of("POSIX ", "WRITE", "1073741825 1073741825", false), Some("writes"));
        assert_eq!(of("POSIX ", "READ ", "1073741826 1073742335", false), None);
        assert_eq!(of("FLOCK ", "WRITE", "0 EOF", true), Some("writes"));
        assert_eq!(lock("pos:\t0", true), None);
    }

    #[test]
    fn who_has_a_file_open_is_found_and_oneself_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let own = fs::File::create(&path).expect("makes");
        assert_eq!(of(&path), Some(Vec::new()));
        let mut child = std::process::Command::new("sleep").arg("30").stdin(own).spawn().expect("starts");
        let limit = std::time::Instant::now() + std::time::Duration::from_secs(10);
        let mut found = Vec::new();
        while found.is_empty() && std::time::Instant::now() < limit {
            found = of(&path).expect("told");
        }
        child.kill().and_then(|()| child.wait()).expect("ends");
        assert_eq!((found.len(), found[0].pid, found[0].descriptors), (1, child.id(), 1));
    }
}
