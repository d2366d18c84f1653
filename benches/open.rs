//! What opening an up-to-date database costs, beside a bare rusqlite open of the same file in the same run.
//!
//! `cargo bench --bench open [-- ROUNDS]`. Every round runs each variant once, in turn, so that a busy machine slows all of
//! them; the figures are minimum and median over the rounds, and the ratio is of the medians.
//!
//! Peers: `bare` opens, reads one header value and closes: the least that any start must do. `usual` does what most
//! programs do at start (`journal_mode=WAL`, `synchronous`, `foreign_keys`), which makes SQLite parse the schema.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rpmadb::{Database, Operation, Set, request};

fn main() {
    let rounds = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(300);
    println!("{rounds} rounds, µs: min / median, ratio of medians to bare");
    for migrations in [10, 100, 1_000] {
        measure(migrations, rounds);
    }
}

fn files(count: usize) -> Vec<(String, Cow<'static, [u8]>)> {
    let text = |number| format!("CREATE TABLE t{number} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, at INTEGER);\n");
    (1..=count).map(|number| (format!("{number:04}_t{number}.sql"), Cow::Owned(text(number).into_bytes()))).collect()
}

fn measure(count: usize, rounds: usize) {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("app.db");
    let folder = scratch.path().join("migrations");
    std::fs::create_dir(&folder).expect("a folder");
    for (name, text) in files(count) {
        std::fs::write(folder.join(name), text).expect("a file");
    }
    let set = Arc::new(Set::from_files(files(count)).expect("a sound set"));
    let (database, report) = Database::at(&path).migrations(Arc::clone(&set)).open(&Operation::new()).expect("opens");
    assert_eq!(report.migrate.expect("migrates").applied.len(), count);
    drop(database);

    type Variant<'v> = (&'v str, Box<dyn Fn() + 'v>, Vec<Duration>);
    let mut variants: Vec<Variant<'_>> = vec![
        ("bare", Box::new(|| bare(&path)), Vec::new()),
        ("rpmadb", Box::new(|| ours(&path, &set)), Vec::new()),
        ("rpmadb, folder", Box::new(|| ours_from_folder(&path, &folder)), Vec::new()),
        ("rpmadb, first query", Box::new(|| ours_with_query(&path, &set)), Vec::new()),
        ("usual", Box::new(|| usual(&path)), Vec::new()),
    ];
    for _ in 0..rounds {
        for (_, run, times) in &mut variants {
            let start = Instant::now();
            run();
            times.push(start.elapsed());
        }
    }
    println!("{count} migrations, {count} tables");
    let mut base = 0.0;
    for (name, _, times) in &mut variants {
        times.sort();
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        let (least, median) = (micros(times[0]), micros(times[times.len() / 2]));
        if *name == "bare" {
            base = median;
        }
        println!("  {name:<20} {least:>9.1} / {median:>9.1}   {:>6.2}", median / base);
    }
}

fn bare(path: &Path) {
    let connection = rusqlite::Connection::open(path).expect("opens");
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("answers");
    assert_ne!(version, 0);
}

fn usual(path: &Path) {
    let connection = rusqlite::Connection::open(path).expect("opens");
    connection
        .execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON")
        .expect("sets");
}

fn ours(path: &Path, set: &Arc<Set>) {
    let (_, report) = Database::at(path).migrations(Arc::clone(set)).open(&Operation::new()).expect("opens");
    assert!(report.migrate.is_some_and(|migrate| migrate.applied.is_empty()));
}

fn ours_with_query(path: &Path, set: &Arc<Set>) {
    let (database, _) = Database::at(path).migrations(Arc::clone(set)).open(&Operation::new()).expect("opens");
    database.query("SELECT count(*) FROM t1", None, &Operation::new()).expect("answers");
}

fn ours_from_folder(path: &Path, folder: &Path) {
    let options = request::Open { migrations: Some(folder.display().to_string()), ..request::Open::default() };
    let (_, report) = Database::open(path, &options, &Operation::new()).expect("opens");
    assert!(report.migrate.is_some_and(|migrate| migrate.applied.is_empty()));
}
