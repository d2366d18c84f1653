//! Waiting for the write lock: bounded by `lock_timeout_ms`, and given up within 200 ms of a cancel.
//!
//! Leaves to others: locks that one process holds for long (`rust`), many that start at once (`starters`).
//!
//! The figures are printed; what is asserted is generous, because the machine may be busy.

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rpmadb::{Database, Operation, request};
use rusqlite::Connection;

use crate::support::{Scratch, refusal, watch};

/// How much later than promised is still good on a machine that is busy.
const GENEROUS: Duration = Duration::from_millis(1_000);

const FILES: [(&str, &str); 3] =
    [("1_a.sql", "CREATE TABLE a (x);"), ("2_b.sql", "CREATE TABLE b (x);"), ("2_b.down.sql", "DROP TABLE b;")];

/// How the lock is held, and what waits for it.
const CASES: [(&str, &str); 6] = [
    ("wal", "migrate"),
    ("wal", "file"),
    ("wal", "rollback"),
    ("delete", "migrate"),
    ("delete", "file"),
    ("delete", "rollback"),
];

struct Waiting {
    scratch: Scratch,
    database: Database,
    verb: &'static str,
}

impl Waiting {
    /// A database with something to do for `verb`.
    fn new(journal: &'static str, verb: &'static str) -> Waiting {
        let scratch = Scratch::new();
        let folder = scratch.migrations("m", &FILES);
        let journal_mode = if journal == "wal" { request::JournalMode::Wal } else { request::JournalMode::Delete };
        let options = request::Open {
            migrations: Some(folder),
            journal_mode,
            migrate: Some(false),
            busy_timeout_ms: Some(60_000),
            ..request::Open::default()
        };
        let database = Database::open(scratch.path("a.db"), &options, &watch()).expect("opens").0;
        let target = if verb == "rollback" { 2 } else { 1 };
        let request = request::Migrate { target: Some(target), ..request::Migrate::default() };
        database.migrate(&request, &watch()).expect("migrates");
        Waiting { scratch, database, verb }
    }

    fn call(&self, lock_timeout_ms: u64, operation: &Operation) -> Result<(), rpmadb::Error> {
        let lock_timeout_ms = Some(lock_timeout_ms);
        if self.verb == "rollback" {
            let request = request::Rollback { lock_timeout_ms, ..request::Rollback::default() };
            return self.database.rollback(1, &request, operation).map(drop);
        }
        let transaction =
            if self.verb == "file" { request::TransactionPer::File } else { request::TransactionPer::Run };
        let request = request::Migrate { lock_timeout_ms, transaction, ..request::Migrate::default() };
        self.database.migrate(&request, operation).map(drop)
    }
}

/// Takes the write lock of the database at `path` from outside.
fn hold(path: &Path) -> Connection {
    let holder = Connection::open(path).expect("opens");
    holder.busy_timeout(Duration::from_secs(10)).expect("is set");
    holder.execute_batch("BEGIN IMMEDIATE").expect("takes the lock");
    holder
}

#[test]
fn waiting_for_the_lock_ends_when_lock_timeout_ms_is_over() {
    for (journal, verb) in CASES {
        let waiting = Waiting::new(journal, verb);
        let holder = hold(&waiting.scratch.path("a.db"));
        for limit in [0, 300] {
            let start = Instant::now();
            assert_eq!(refusal(waiting.call(limit, &watch())), "BUSY", "{journal}, {verb}");
            let took = start.elapsed();
            println!("{journal}, {verb}: lock_timeout_ms {limit} took {took:?}");
            let limit = Duration::from_millis(limit);
            // why not to the millisecond: the last nap of a wait may be cut short by its rounding
            assert!(
                took + Duration::from_millis(20) >= limit,
                "{journal}, {verb}: gave up after {took:?} of {limit:?}"
            );
            assert!(took < limit + GENEROUS, "{journal}, {verb}: waited {took:?} of {limit:?}");
        }
        drop(holder);
        waiting.call(10_000, &watch()).expect("succeeds once the lock is free");
    }
}

#[test]
fn waiting_for_the_lock_goes_on_when_the_lock_comes_free() {
    for (journal, verb) in CASES {
        let waiting = Waiting::new(journal, verb);
        let holder = hold(&waiting.scratch.path("a.db"));
        let release = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(150));
            holder.execute_batch("COMMIT").expect("lets go");
        });
        waiting.call(20_000, &watch()).unwrap_or_else(|error| panic!("{journal}, {verb}: {error}"));
        release.join().expect("no panic");
    }
}

#[test]
fn a_cancel_ends_the_wait_for_the_lock_at_once() {
    for (journal, verb) in CASES {
        let waiting = Waiting::new(journal, verb);
        let holder = hold(&waiting.scratch.path("a.db"));
        let operation = watch();
        let (says, hears) = mpsc::channel();
        let outcome = std::thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                says.send(()).expect("is heard");
                (waiting.call(60_000, &operation), Instant::now())
            });
            hears.recv().expect("begins");
            // why a sleep: that it waits for the lock is to be seen nowhere but in time
            std::thread::sleep(Duration::from_millis(200));
            assert!(!waiter.is_finished(), "{journal}, {verb}: it waits");
            let cancelled = Instant::now();
            operation.cancel();
            let (outcome, returned) = waiter.join().expect("no panic");
            let took = returned.saturating_duration_since(cancelled);
            println!("{journal}, {verb}: returned {took:?} after the cancel");
            assert!(took < GENEROUS, "{journal}, {verb}: returned {took:?} after the cancel");
            outcome
        });
        assert_eq!(refusal(outcome), "CANCELLED", "{journal}, {verb}");
        drop(holder);
        waiting.call(10_000, &watch()).expect("the handle is as good as before");
    }
}

/// SQLite does not call the busy handler when it switches to WAL; the wait for that is ours, and a cancel ends it too.
#[test]
fn a_cancel_ends_the_wait_of_an_open_that_must_switch_to_wal() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    let plain = Connection::open(&path).expect("opens");
    plain.execute_batch("CREATE TABLE mine (x)").expect("writes");
    let holder = hold(&path);
    let options = request::Open { busy_timeout_ms: Some(60_000), migrate: Some(false), ..request::Open::default() };
    let operation = watch();
    std::thread::scope(|scope| {
        let opener = scope.spawn(|| (Database::open(&path, &options, &operation).map(drop), Instant::now()));
        std::thread::sleep(Duration::from_millis(200));
        assert!(!opener.is_finished(), "it waits");
        let cancelled = Instant::now();
        operation.cancel();
        let (outcome, returned) = opener.join().expect("no panic");
        let took = returned.saturating_duration_since(cancelled);
        println!("open returned {took:?} after the cancel");
        assert!(took < GENEROUS, "returned {took:?} after the cancel");
        assert_eq!(refusal(outcome), "CANCELLED");
    });
    drop(holder);
    Database::open(&path, &options, &watch()).expect("opens once the lock is free");
}
