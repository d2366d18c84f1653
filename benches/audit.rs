//! What the audit costs: an insert with and without it, a read with and without it, and the proof of a chain.
//!
//! `cargo bench --bench audit [-- ROUNDS]`. Every round runs each variant once, in turn, so that a busy machine slows all of them; the
//! figures are minimum and median over the rounds. An insert is one call with one statement, which commits by itself; with
//! synchronous FULL each commit is waited for, with NORMAL (the default, in WAL mode) none is.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

use std::path::Path;
use std::time::{Duration, Instant};

use rpmadb::{Database, Operation, request};

const INSERTS: usize = 500;
const READS: usize = 2_000;
const RECORDS: u64 = 100_000;

fn main() {
    let rounds = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(15);
    let scratch = tempfile::tempdir().expect("a folder");
    floor(scratch.path(), rounds);
    for synchronous in [request::Synchronous::Normal, request::Synchronous::Full] {
        inserts(scratch.path(), synchronous, rounds);
    }
    transactions(scratch.path(), rounds);
    workshop(scratch.path(), rounds);
    reads(scratch.path(), rounds);
    proof(scratch.path());
}

fn database(folder: &Path, name: &str, audit: bool, synchronous: request::Synchronous) -> Database {
    let migrations = folder.join("m");
    if !migrations.exists() {
        std::fs::create_dir(&migrations).expect("a folder");
        let schema =
            "CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, created_at INTEGER);
                      CREATE INDEX clients_name ON clients (name); CREATE INDEX clients_email ON clients (email);";
        std::fs::write(migrations.join("1_clients.sql"), schema).expect("a file");
    }
    let options = request::Open {
        migrations: Some(migrations.display().to_string()),
        synchronous,
        audit: request::AuditLog { enabled: Some(audit), ..request::AuditLog::default() },
        ..request::Open::default()
    };
    Database::open(folder.join(name), &options, &Operation::new()).expect("opens").0
}

fn insert(database: &Database, number: usize) {
    let params = format!("[\"client {number}\", \"client{number}@example.org\", {number}]");
    let sql = "INSERT INTO clients (name, email, created_at) VALUES (?, ?, ?)";
    database.query(sql, Some(&params), &Operation::new()).expect("inserts");
}

fn each(mut times: Vec<Duration>, count: usize) -> (f64, f64) {
    times.sort();
    let micros = |time: Duration| time.as_secs_f64() * 1e6 / count as f64;
    (micros(times[0]), micros(times[times.len() / 2]))
}

fn told(what: &str, off: Vec<Duration>, on: Vec<Duration>, count: usize) {
    let (off, on) = (each(off, count), each(on, count));
    println!(
        "{what}: off {:.2} / {:.2} µs, on {:.2} / {:.2} µs (min / median), {:.3} / {:.3}",
        off.0,
        off.1,
        on.0,
        on.1,
        on.0 / off.0,
        on.1 / off.1
    );
}

fn inserts(folder: &Path, synchronous: request::Synchronous, rounds: usize) {
    let variants =
        [false, true].map(|audit| database(folder, &format!("{synchronous:?}-{audit}.db"), audit, synchronous));
    let mut times = [Vec::new(), Vec::new()];
    let count = if synchronous == request::Synchronous::Full { INSERTS / 10 } else { INSERTS };
    for _ in 0..rounds {
        for (database, times) in variants.iter().zip(&mut times) {
            let start = Instant::now();
            (0..count).for_each(|number| insert(database, number));
            times.push(start.elapsed());
        }
    }
    let [off, on] = times;
    told(&format!("insert, {synchronous:?}"), off, on, count);
}

/// What SQLite alone takes for the same insert, and for one with a second row of the size of a record in the same transaction: no audit
/// that keeps its records in the transaction of the change costs less than their difference.
fn floor(folder: &Path, rounds: usize) {
    let schema = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
                  CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, created_at INTEGER);
                  CREATE INDEX clients_name ON clients (name); CREATE INDEX clients_email ON clients (email);
                  CREATE TABLE records (seq INTEGER PRIMARY KEY, record BLOB NOT NULL);";
    let variants = [false, true].map(|records| {
        let connection = rusqlite::Connection::open(folder.join(format!("floor-{records}.db"))).expect("opens");
        connection.execute_batch(schema).expect("creates");
        connection
    });
    let mut times = [Vec::new(), Vec::new()];
    let cached = |connection: &rusqlite::Connection, sql: &str, params: &[&dyn rusqlite::ToSql]| {
        connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params)).expect("runs");
    };
    for _ in 0..rounds {
        for (number, (connection, times)) in variants.iter().zip(&mut times).enumerate() {
            let start = Instant::now();
            for row in 0..INSERTS as i64 {
                cached(connection, "BEGIN IMMEDIATE", &[]);
                let name = format!("client {row}");
                let email = format!("client{row}@example.org");
                let sql = "INSERT INTO clients (name, email, created_at) VALUES (?, ?, ?)";
                cached(connection, sql, &[&name, &email, &row]);
                if number == 1 {
                    cached(connection, "INSERT INTO records (record) VALUES (?)", &[&[7_u8; 200].as_slice()]);
                }
                cached(connection, "COMMIT", &[]);
            }
            times.push(start.elapsed());
        }
    }
    let [off, on] = times;
    told("SQLite alone, without and with a row of 200 bytes beside it", off, on, INSERTS);
}

/// A hundred inserts in one transaction of the host's.
fn transactions(folder: &Path, rounds: usize) {
    const INSERTS: usize = 100;
    let variants = [false, true]
        .map(|audit| database(folder, &format!("transactions-{audit}.db"), audit, request::Synchronous::Normal));
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (database, times) in variants.iter().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..5 {
                let report = database.transaction(&Operation::new(), |bound| {
                    (0..INSERTS).for_each(|number| insert(bound, number));
                    0
                });
                assert!(report.expect("commits").committed);
            }
            times.push(start.elapsed());
        }
    }
    let [off, on] = times;
    told("insert in a transaction of 100", off, on, INSERTS * 5);
}

/// The table `clients` of the workshop, with its indexes and triggers.
fn workshop(folder: &Path, rounds: usize) {
    let variants = [false, true].map(|audit| {
        let options = request::Open {
            audit: request::AuditLog { enabled: Some(audit), ..request::AuditLog::default() },
            ..request::Open::default()
        };
        Database::open(folder.join(format!("workshop-{audit}.db")), &options, &Operation::new()).expect("opens").0
    });
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..rounds {
        for (database, times) in variants.iter().zip(&mut times) {
            let start = Instant::now();
            for number in 0..INSERTS {
                let sql =
                    "INSERT INTO clients (id, name, email, phone, created_at, updated_at) VALUES (?, ?, ?, ?, 1, 1)";
                let params =
                    format!("[\"c{round}-{number}\", \"Client {number}\", \"c{number}@example.org\", \"{number}\"]");
                database.query(sql, Some(&params), &Operation::new()).expect("inserts");
            }
            times.push(start.elapsed());
        }
    }
    let [off, on] = times;
    told("insert, Normal, clients of the workshop", off, on, INSERTS);
}

fn reads(folder: &Path, rounds: usize) {
    let variants =
        [false, true].map(|audit| database(folder, &format!("reads-{audit}.db"), audit, request::Synchronous::Normal));
    for database in &variants {
        (0..100).for_each(|number| insert(database, number));
    }
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (database, times) in variants.iter().zip(&mut times) {
            let start = Instant::now();
            for number in 0..READS {
                let params = format!("[{}]", number % 100 + 1);
                let sql = "SELECT name, email FROM clients WHERE id = ?";
                database.query(sql, Some(&params), &Operation::new()).expect("reads");
            }
            times.push(start.elapsed());
        }
    }
    let [off, on] = times;
    told("read", off, on, READS);
}

fn proof(folder: &Path) {
    let database = database(folder, "proof.db", true, request::Synchronous::Off);
    (0..RECORDS as usize).for_each(|number| insert(&database, number));
    let request = request::Audit { verify: true, limit: Some(0), ..request::Audit::default() };
    let best = (0..5)
        .map(|_| {
            let report = database.audit(&request, &Operation::new()).expect("proves").verify.expect("was asked for");
            assert!(report.status == "ok" && report.rows >= RECORDS);
            report.duration_ms * 1e3 / report.rows as f64
        })
        .fold(f64::INFINITY, f64::min);
    println!("proof: {best:.3} µs a record of {RECORDS}");
}
