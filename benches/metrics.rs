//! What metrics cost on a loop of point selects: the same loop with them off and on, in turn.
//!
//! `cargo bench --bench metrics [-- ROUNDS [CALLS]]`; default 1,001 rounds of 500 calls of `Database::query`. Every round runs each variant
//! once, and the one that begins changes from round to round, so that a busy machine slows both. Shown are minimum and median of a call,
//! and the median of the ratios of each round, which is the number to look at: the goal is 1.05 at most. Rounds are short because only
//! neighbours in time are alike on a machine that others use; off against off, which should be 1, tells how far to trust the rest.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

use std::time::Instant;

use rpmadb::{Database, Operation, request};

#[path = "pairs.rs"]
mod pairs;

const SQL: &str = "SELECT id, name, city FROM clients WHERE id = ?";
const LITERAL: &str = "SELECT id, name, city FROM clients WHERE id = 77";
const ROWS: u64 = 10_000;

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse().ok());
    let (rounds, calls): (usize, u64) = (numbers.next().unwrap_or(1_001) as usize, numbers.next().unwrap_or(500));
    let folder = tempfile::Builder::new().prefix("rpmadb-bench-").tempdir().expect("a folder");
    let open = |metrics: bool| {
        let options = request::Open { metrics: Some(metrics), migrate: Some(false), ..request::Open::default() };
        Database::open(folder.path().join("app.db"), &options, &Operation::new()).expect("opens").0
    };
    let (off, on) = (open(false), open(true));
    for sql in [
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT, city TEXT)".to_owned(),
        format!(
            "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {ROWS})
             INSERT INTO clients SELECT i, 'client number ' || i, 'city ' || i % 100 FROM c"
        ),
    ] {
        off.query(&sql, None, &Operation::new()).expect("fills");
    }
    println!("{rounds} rounds of {calls} calls; ns a call: lowest / median");
    measure("a parameter", (rounds, calls), &off, &on, |database| select(database, SQL, calls));
    measure("off against off", (rounds, calls), &off, &open(false), |database| select(database, SQL, calls));
    measure("a literal", (rounds, calls), &off, &on, |database| repeat(database, LITERAL, calls));
}

fn select(database: &Database, sql: &str, calls: u64) {
    let watch = Operation::new();
    for call in 0..calls {
        let params = format!("[{}]", 1 + call * 7_919 % ROWS);
        let report = database.query(sql, Some(&params), &watch).expect("selects");
        assert_eq!(report.rows.len(), 1);
    }
}

fn repeat(database: &Database, sql: &str, calls: u64) {
    let watch = Operation::new();
    for _ in 0..calls {
        assert_eq!(database.query(sql, None, &watch).expect("selects").rows.len(), 1);
    }
}

fn measure(what: &str, (rounds, calls): (usize, u64), off: &Database, on: &Database, run: impl Fn(&Database)) {
    pairs::compare(what, rounds, |second| {
        let start = Instant::now();
        run(if second { on } else { off });
        start.elapsed().as_nanos() as f64 / calls as f64
    });
}
