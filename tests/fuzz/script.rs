//! Any text as a script, under limits of time and of memory: it ends in time, the process does not die, and the handle works on.
//!
//! A corpus to begin with are the scripts of `tests/hostile/scripts`.

#![no_main]

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use rpmadb::{Database, Operation, request};

const TIMEOUT_MS: u64 = 100;
/// How much later than its limit a script may end.
const LATE: Duration = Duration::from_secs(2);
const FOLLOW_UP: &str = "local sum = 0 for a in db:urows('SELECT a FROM t') do sum = sum + a end return sum";

/// A database with three rows, in a folder that stays until the process ends.
fn open() -> Database {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().expect("a folder"));
    let options = request::Open { migrate: Some(false), ..request::Open::default() };
    let database = Database::open(folder.path().join("a.db"), &options, &Operation::new()).expect("opens").0;
    for sql in ["CREATE TABLE IF NOT EXISTS t (a, b)", "DELETE FROM t", "INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, 'three')"] {
        database.query(sql, None, &Operation::new()).expect(sql);
    }
    database
}

fuzz_target!(|source: &str| {
    static DATABASE: OnceLock<Database> = OnceLock::new();
    let database = DATABASE.get_or_init(open);
    // why a dry run: what is committed by one script would be found by the next
    let limits = request::Script {
        timeout_ms: Some(TIMEOUT_MS),
        memory_bytes: Some(8 << 20),
        dry_run: true,
        ..request::Script::default()
    };
    let start = Instant::now();
    let _ = database.script(source, &limits, &Operation::new());
    assert!(start.elapsed() < Duration::from_millis(TIMEOUT_MS) + LATE, "took {:?}", start.elapsed());
    let report = database.script(FOLLOW_UP, &request::Script::default(), &Operation::new()).expect("works on");
    assert_eq!(report.result, 6);
});
