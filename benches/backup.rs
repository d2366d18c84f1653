//! What a backup and a restore cost, beside the peers in the same run.
//!
//! `cargo bench --bench backup [-- ROUNDS [MEBIBYTES]]`; default 5 rounds on 1,024 MiB. Every round runs each variant once, in
//! turn, so that a busy machine slows all of them; shown are minimum and median, the ratio of medians, and the size left.
//!
//! Peers: `durable copy` is `cp` and `sync` of the file; `.backup` is the sqlite3 program's; `.backup | zstd | age` compresses
//! and encrypts what `.backup` left, as an admin's script does. Memory is the most that the command had resident, asked of the
//! system before any other program ran.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use rpmadb::{Database, Operation, request};

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse().ok());
    let (rounds, mebibytes): (usize, u64) = (numbers.next().unwrap_or(5) as usize, numbers.next().unwrap_or(1_024));
    let scratch = tempfile::Builder::new().prefix("rpmadb-bench-").tempdir().expect("a folder");
    let path = scratch.path().join("app.db");
    fill(&path, mebibytes);
    let size = std::fs::metadata(&path).expect("is there").len();
    println!("{} MiB, {rounds} rounds; seconds: min / median", size >> 20);
    memory(scratch.path(), &path);
    measure(scratch.path(), &path, rounds);
}

/// Rows as an application has them: names, a text that compresses by half, a number, an index.
fn fill(path: &Path, mebibytes: u64) {
    let connection = rusqlite::Connection::open(path).expect("opens");
    connection
        .execute_batch(
            "PRAGMA journal_mode=off; PRAGMA synchronous=off;
             CREATE TABLE entry (id INTEGER PRIMARY KEY, name TEXT, note TEXT, n INTEGER);",
        )
        .expect("makes");
    let fill = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 20000)
                INSERT INTO entry (name, note, n) SELECT 'client ' || i, hex(randomblob(90)), i % 1000 FROM c";
    while std::fs::metadata(path).expect("is there").len() < (mebibytes << 20) * 9 / 10 {
        connection.execute_batch(fill).expect("fills");
    }
    connection.execute_batch("CREATE INDEX entry_name ON entry (name); PRAGMA journal_mode=wal").expect("indexes");
}

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_rpmadb"))
}

fn succeed(command: &mut Command) {
    let output = command.output().expect("runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn memory(folder: &Path, path: &Path) {
    let resident = || getrusage(UsageWho::RUSAGE_CHILDREN).expect("tells").max_rss() >> 10;
    let copy = folder.join("memory.db");
    for (name, verify) in [("backup, not verified", "--no-verify"), ("backup, verified", "--verify=quick")] {
        succeed(command().args(["backup", verify, "--overwrite"]).arg(path).arg(&copy));
        println!("  {name:<28} {:>4} MiB resident at most so far", resident());
    }
    succeed(command().arg("restore").arg(path).arg(&copy));
    println!("  {:<28} {:>4} MiB resident at most so far", "restore", resident());
    for entry in std::fs::read_dir(folder).expect("reads").flatten() {
        if entry.path() != path {
            std::fs::remove_file(entry.path()).expect("removes");
        }
    }
}

fn shell(script: &str) {
    succeed(Command::new("sh").args(["-ec", script]));
}

fn measure(folder: &Path, path: &Path, rounds: usize) {
    let options = request::Open { migrate: Some(false), ..request::Open::default() };
    let (database, _) = Database::open(path, &options, &Operation::new()).expect("opens");
    let out = |name: &str| folder.join(name);
    let key = out("key.txt");
    succeed(Command::new("age-keygen").arg("-o").arg(&key));
    let recipient = Command::new("age-keygen").arg("-y").arg(&key).output().expect("runs");
    let recipient = String::from_utf8_lossy(&recipient.stdout).trim().to_owned();
    let text = |path: &Path| path.display().to_string();
    let backup = |name: &str, request: request::Backup| {
        database.backup(Some(&out(name)), &request, &Operation::new()).expect("backs up");
    };
    let none = || request::Backup { verify: Some(request::Depth::None), ..request::Backup::default() };
    backup("kept.db", request::Backup::default());

    type Variant<'v> = (&'v str, usize, Box<dyn Fn() + 'v>, Vec<Duration>);
    let (source, sealed, to) = (text(path), text(&out("sealed")), recipient.clone());
    let mut variants: Vec<Variant<'_>> = vec![
        ("durable copy", 0, Box::new(|| shell(&format!("cp {source} {0}; sync {0}", text(&out("copy.db"))))), vec![]),
        (
            ".backup",
            0,
            Box::new(|| succeed(Command::new("sqlite3").arg(path).arg(format!(".backup {}", text(&out("peer.db")))))),
            vec![],
        ),
        ("backup, not verified", 0, Box::new(|| backup("plain.db", none())), vec![]),
        ("backup, verified", 0, Box::new(|| backup("quick.db", request::Backup::default())), vec![]),
        (
            ".backup | zstd -1 | age",
            4,
            Box::new(|| {
                let peer = text(&out("peer.db"));
                shell(&format!(
                    "sqlite3 {source} '.backup {peer}'; zstd -1 -q -c {peer} | age -r {to} > {sealed}; sync {sealed}"
                ));
            }),
            vec![],
        ),
        (
            "backup, zstd 1 and age",
            4,
            Box::new(|| {
                let encrypt_to = Some(request::EncryptTo::One(recipient.clone()));
                backup(
                    "ours.age",
                    request::Backup { compress: Some(request::Compress::Zstd(1)), encrypt_to, ..none() },
                );
            }),
            vec![],
        ),
        ("restore by rename", 0, Box::new(|| restore(&database, &out("kept.db"), true)), vec![]),
        ("restore, nothing kept", 0, Box::new(|| restore(&database, &out("kept.db"), false)), vec![]),
        ("verify, pages", 0, Box::new(|| verify(&database, &out("kept.db"), request::Depth::Pages)), vec![]),
    ];
    for _ in 0..rounds {
        for (_, _, run, times) in &mut variants {
            warm();
            let start = Instant::now();
            run();
            times.push(start.elapsed());
            clear(folder, path);
        }
    }
    let seconds = |time: &Duration| time.as_secs_f64();
    let medians: Vec<f64> = variants
        .iter_mut()
        .map(|(_, _, _, times)| {
            times.sort();
            seconds(&times[times.len() / 2])
        })
        .collect();
    for (index, (name, base, _, times)) in variants.iter().enumerate() {
        let ratio = medians[index] / medians[*base];
        println!(
            "  {name:<28} {:>7.2} / {:>7.2}   {ratio:>5.2} of {}",
            seconds(&times[0]),
            medians[index],
            variants[*base].0
        );
    }
}

fn restore(database: &Database, backup: &Path, keep: bool) {
    let request = request::Restore { backup: Some(keep), ..request::Restore::default() };
    let report = database.restore(backup, &request, &Operation::new()).expect("restores");
    assert_eq!(report.method, "rename");
}

fn verify(database: &Database, backup: &Path, depth: request::Depth) {
    let request = request::Verify { depth: Some(depth), ..request::Verify::default() };
    database.verify(backup, &request, &Operation::new()).expect("is sound");
}

/// Takes as much memory as any variant needs for files, and gives it back: on a virtual machine the first touch of a page can cost
/// more than to write it to the disk, and whoever comes first would pay for all.
fn warm() {
    let mut pages = vec![0u8; 5 << 29];
    for byte in pages.iter_mut().step_by(4_096) {
        *byte = 1;
    }
    assert_eq!(std::hint::black_box(&pages)[0], 1);
}

/// Removes what a variant made, so that each one writes to free space, and waits until the disk is done with that.
fn clear(folder: &Path, path: &Path) {
    let stays = |found: &PathBuf| {
        let name = found.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        found.starts_with(path)
            || name.starts_with("app.db") && !name.contains(".pre-restore")
            || name.starts_with("kept.db")
            || name == "key.txt"
    };
    for entry in std::fs::read_dir(folder).expect("reads").flatten() {
        if !stays(&entry.path()) {
            std::fs::remove_file(entry.path()).expect("removes");
        }
    }
    succeed(&mut Command::new("sync"));
}
