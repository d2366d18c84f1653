//! What it costs to be safe beside another SQLite: a commit loop and single locks with `foreign_sqlite` off and coexist, in turn.
//!
//! `cargo bench --bench coexist [-- ROUNDS [COMMITS]]`; default 301 rounds of 100 commits. Each mode is a process of its own, because what
//! coexist changes it changes for the whole process; both live all the time, and every round asks one after the other, the first of the
//! last round second. Shown are lowest and median of a commit and the median of the ratios of each round, which is the number to look at: the
//! goal is 1.05 at most. Off against off, which should be 1, tells how far to trust the rest. The second table is of one lock call.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use rpmadb::{Database, Operation, Request, request};
use rusqlite::ffi;

#[path = "pairs.rs"]
mod pairs;

const VARIABLE: &str = "RPMADB_BENCH_CHILD";

fn main() {
    if let Ok(order) = std::env::var(VARIABLE) {
        let (mode, path) = order.split_once(' ').expect("an order");
        return work(mode, Path::new(path));
    }
    let mut numbers = std::env::args().filter_map(|argument| argument.parse().ok());
    let (rounds, commits): (usize, u64) = (numbers.next().unwrap_or(301) as usize, numbers.next().unwrap_or(100));
    let folder = tempfile::Builder::new().prefix("rpmadb-bench-").tempdir().expect("a folder");
    let mut next = 0;
    let mut worker = |mode: &str| {
        next += 1;
        Worker::new(mode, &folder.path().join(format!("{next}.db")))
    };
    println!("{rounds} rounds of {commits} commits; ns a commit: lowest / median");
    for journal in ["wal", "delete"] {
        let (mut off, mut on, mut again) = (
            worker(&format!("off-{journal}")),
            worker(&format!("coexist-{journal}")),
            worker(&format!("off-{journal}")),
        );
        let order = format!("commit {commits}");
        measure(&format!("{journal}: coexist"), rounds, &mut off, &mut on, &order);
        measure(&format!("{journal}: off"), rounds, &mut off, &mut again, &order);
    }
    println!("{rounds} rounds of 1,000 times taking and dropping a read lock, four calls; ns a call: lowest / median");
    let (mut off, mut on) = (worker("off-delete"), worker("coexist-delete"));
    measure("a lock", rounds, &mut off, &mut on, "lock 1000");
}

/// A process that waits for orders.
struct Worker {
    child: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Worker {
    fn new(mode: &str, path: &Path) -> Worker {
        let mut child = Command::new(std::env::current_exe().expect("a name"))
            .env(VARIABLE, format!("{mode} {}", path.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        Worker { child, answers }
    }

    /// Nanoseconds for one.
    fn ask(&mut self, order: &str) -> f64 {
        writeln!(self.child.stdin.as_mut().expect("piped"), "{order}").expect("listens");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("answers");
        answer.trim().parse().expect("a number")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn work(mode: &str, path: &Path) {
    let (mode, journal) = mode.split_once('-').expect("two words");
    let options = format!(r#"{{"foreign_sqlite": "{mode}", "journal_mode": "{journal}", "migrate": false}}"#);
    let options = request::Open::from_json(Some(&options)).expect("sound options");
    let (database, _) = Database::open(path, &options, &Operation::new()).expect("opens");
    let run = |sql: &str| database.query(sql, None, &Operation::new()).expect("runs");
    run("CREATE TABLE counter (n)");
    run("INSERT INTO counter VALUES (0)");
    let plain = rusqlite::Connection::open(path).expect("opens");
    for line in std::io::stdin().lines() {
        let line = line.expect("text");
        let (what, count) = line.split_once(' ').expect("two words");
        let count: u64 = count.parse().expect("a number");
        let start = Instant::now();
        for _ in 0..count {
            match what {
                "commit" => drop(run("UPDATE counter SET n = n + 1")),
                _ => lock(&plain),
            }
        }
        let each = if what == "commit" { count } else { count * 4 };
        println!("{}", start.elapsed().as_nanos() as f64 / each as f64);
    }
}

/// Three calls of `fcntl` for the lock, and one to drop it.
fn lock(connection: &rusqlite::Connection) {
    let mut file: *mut ffi::sqlite3_file = std::ptr::null_mut();
    // SAFETY: the connection is open and nobody else uses it; the file is its own, and the lock is dropped as it was taken.
    unsafe {
        let (name, control) = (c"main".as_ptr(), ffi::SQLITE_FCNTL_FILE_POINTER);
        assert_eq!(ffi::sqlite3_file_control(connection.handle(), name, control, (&raw mut file).cast()), 0);
        let methods = (*file).pMethods.as_ref().expect("is open");
        assert_eq!(methods.xLock.expect("has it")(file, ffi::SQLITE_LOCK_SHARED), 0);
        assert_eq!(methods.xUnlock.expect("has it")(file, ffi::SQLITE_LOCK_NONE), 0);
    }
}

fn measure(what: &str, rounds: usize, off: &mut Worker, on: &mut Worker, order: &str) {
    pairs::compare(what, rounds, |second| if second { on.ask(order) } else { off.ask(order) });
}
