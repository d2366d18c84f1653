//! What scripts cost, beside Python's sqlite3 and LuaSQL in the same run.
//!
//! `cargo bench --bench lua [-- ROUNDS [ROWS]] [NAME...]`; default 7 rounds of 1,000,000 rows of an integer, a text and a real. Every round
//! runs each variant once, in turn, so that a busy machine slows all of them. Shown are minimum and median of the clock, and of the
//! processor's time, which others on the machine lengthen less; the ratios are of minima of the latter.
//! Each variant measures itself, without the start of its process. With names only variants are run in whose name one of them is.
//!
//! Last measured (lowest of 5, on two machines): nrows 0.45 and 0.48, urows 0.32 and 0.36, prepared insert 0.58 and 0.60. What Lua adds to
//! the stripped library: 1.13 MB, which is its size less that of one in which the functions that `src/lua/mod.rs` hands out return an
//! error at once.
//!
//! Peers: `python3` with its sqlite3 (tuples and executemany), `lua5.4` with LuaSQL (Debian: lua5.4 and lua-sql-sqlite3) where it is
//! installed. All limits of ours are on.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rpmadb::{Database, Operation, request};

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse().ok());
    let (rounds, rows): (usize, u64) = (numbers.next().unwrap_or(7) as usize, numbers.next().unwrap_or(1_000_000));
    let is_name = |argument: &String| !argument.starts_with('-') && argument.parse::<u64>().is_err();
    let names: Vec<String> = std::env::args().skip(1).filter(is_name).collect();
    let folder = tempfile::Builder::new().prefix("rpmadb-bench-").tempdir().expect("a folder");
    let path = folder.path().join("app.db");
    let options = request::Open { migrate: Some(false), ..request::Open::default() };
    let (database, _) = Database::open(&path, &options, &Operation::new()).expect("opens");
    for sql in [
        "CREATE TABLE t (i INTEGER PRIMARY KEY, s TEXT, r REAL)".to_owned(),
        "CREATE TABLE u (i INTEGER PRIMARY KEY, s TEXT, r REAL)".to_owned(),
        format!(
            "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {rows})
             INSERT INTO t SELECT i, 'client number ' || i, i * 1.5 FROM c"
        ),
    ] {
        database.query(&sql, None, &Operation::new()).expect("fills");
    }
    println!("{rows} rows, {rounds} rounds; ms: min / median of the clock, and of the processor");
    measure(&database, &path, rounds, rows, &names);
    if names.is_empty() {
        measure_starts(&database);
        measure_stops(&database);
    }
}

/// Milliseconds by the clock and by the processor.
type Times = (f64, f64);

fn script(database: &Database, source: &str) -> Times {
    let request = request::Script { timeout_ms: Some(30_000), ..request::Script::default() };
    let before = processor();
    let report = database.script(source, &request, &Operation::new()).expect("runs");
    (report.duration_ms, processor() - before)
}

/// Milliseconds this process has worked.
fn processor() -> f64 {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("asks");
    (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e3
}

/// Runs a program that prints its milliseconds, by the clock and by the processor; `None` when it is not installed.
fn peer(program: &str, source: &str, path: &Path, rows: u64) -> Option<Times> {
    let mut child = Command::new(program)
        .arg("-")
        .arg(path)
        .arg(rows.to_string())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .ok()?;
    std::io::Write::write_all(child.stdin.as_mut()?, source.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (clock, processor) = text.trim().split_once(' ')?;
    Some((clock.parse().ok()?, processor.parse().ok()?))
}

const PYTHON: &str = "import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1])
t, p = time.perf_counter(), time.process_time()
";
const PYTHON_ROWS: &str = "n = 0
for i, s, r in db.execute('SELECT i, s, r FROM t'):
    n += i
print((time.perf_counter() - t) * 1000, (time.process_time() - p) * 1000)
";
const PYTHON_INSERT: &str = "db.execute('DELETE FROM u')
db.commit()
t, p = time.perf_counter(), time.process_time()
db.executemany('INSERT INTO u VALUES (?, ?, ?)', ((i, 'client', i * 1.5) for i in range(1, int(sys.argv[2]) + 1)))
db.commit()
print((time.perf_counter() - t) * 1000, (time.process_time() - p) * 1000)
";
const LUASQL_ROWS: &str = "local env = require 'luasql.sqlite3'.sqlite3()
local db = env:connect(arg[1])
local t = os.clock()
local n, cursor = 0, db:execute 'SELECT i, s, r FROM t'
local i, s, r = cursor:fetch()
while i do n = n + i; i, s, r = cursor:fetch() end
-- it has no other clock that is fine enough
t = (os.clock() - t) * 1000
print(t .. ' ' .. t)
";

const OURS_NAMED: &str = "local n = 0 for row in db:nrows('SELECT i, s, r FROM t') do n = n + row.i end return n";
const OURS_VALUES: &str = "local n = 0 for i, s, r in db:urows('SELECT i, s, r FROM t') do n = n + i end return n";

fn measure(database: &Database, path: &Path, rounds: usize, rows: u64, names: &[String]) {
    let insert = format!(
        "db:transaction(function()
           local insert <close> = db:prepare('INSERT INTO u VALUES (?, ?, ?)')
           for i = 1, {rows} do insert:run(i, 'client', i * 1.5) end
         end)"
    );
    let empty = || database.query("DELETE FROM u", None, &Operation::new()).map(|_| ()).expect("empties");
    type Variant<'v> = (&'v str, usize, f64, Box<dyn Fn() -> Option<Times> + 'v>, Vec<Times>);
    let mut variants: Vec<Variant<'_>> = vec![
        ("python, tuples", 0, 1.0, Box::new(|| peer("python3", &format!("{PYTHON}{PYTHON_ROWS}"), path, rows)), vec![]),
        ("nrows", 0, 0.55, Box::new(|| Some(script(database, OURS_NAMED))), vec![]),
        ("urows", 0, 0.35, Box::new(|| Some(script(database, OURS_VALUES))), vec![]),
        ("LuaSQL, values", 0, f64::NAN, Box::new(|| peer("lua5.4", LUASQL_ROWS, path, rows)), vec![]),
        (
            "python, executemany",
            4,
            1.0,
            Box::new(|| peer("python3", &format!("{PYTHON}{PYTHON_INSERT}"), path, rows)),
            vec![],
        ),
        (
            "prepared insert",
            4,
            0.7,
            Box::new(|| {
                empty();
                Some(script(database, &insert))
            }),
            vec![],
        ),
    ];
    let is_asked = |name: &str| names.is_empty() || names.iter().any(|asked| name.contains(asked.as_str()));
    for _ in 0..rounds {
        for (name, _, _, run, times) in &mut variants {
            times.extend(Some(()).filter(|()| is_asked(name)).and_then(|()| run()));
        }
    }
    type Figures = ((f64, f64), (f64, f64));
    let figures: Vec<Option<Figures>> = variants
        .iter()
        .map(|(_, _, _, _, times)| {
            let figures = |which: fn(&Times) -> f64| {
                let mut times: Vec<f64> = times.iter().map(which).collect();
                times.sort_by(f64::total_cmp);
                times.first().copied().zip(times.get(times.len() / 2).copied())
            };
            figures(|times| times.0).zip(figures(|times| times.1))
        })
        .collect();
    for ((name, base, goal, _, _), shown) in variants.iter().zip(&figures) {
        let Some((clock, processor)) = shown else {
            if is_asked(name) {
                println!("  {name:<22} is not installed");
            }
            continue;
        };
        let ratio = processor.0 / figures[*base].map_or(f64::NAN, |(_, base)| base.0);
        println!(
            "  {name:<22} {:>8.1} / {:>8.1}  {:>8.1} / {:>8.1}   {ratio:>5.2} of {} (goal {goal:.2})",
            clock.0, clock.1, processor.0, processor.1, variants[*base].0
        );
    }
}

/// A new state and its first result.
fn measure_starts(database: &Database) {
    let mut times: Vec<f64> = (0..200)
        .map(|_| {
            let start = Instant::now();
            script(database, "return 1");
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("  a state and its result {:>8.3} / {:>8.3}   (goal 0.5)", times[0], times[times.len() / 2]);
}

/// How late runs are stopped that would not end.
fn measure_stops(database: &Database) {
    let endless = [
        ("a loop", "while true do end"),
        ("pcall", "while true do pcall(function() while true do end end) end"),
        ("a pattern", "string.find(('a'):rep(40000), ('.-'):rep(30)..'b')"),
        (
            "a statement",
            "db:value('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n')",
        ),
        ("a sort", "local t = {} for i = 1, 1e6 do t[i] = i % 977 end while true do table.sort(t) end"),
        ("concatenation", "local s = ('x'):rep(2^22) while true do local t = s .. s end"),
    ];
    for (name, source) in endless {
        let limit = Duration::from_millis(300);
        let request = request::Script { timeout_ms: Some(300), ..request::Script::default() };
        let late = (0..5)
            .map(|_| {
                let start = Instant::now();
                let outcome = database.script(source, &request, &Operation::new());
                assert_eq!(outcome.expect_err("never ends").status().name(), "SCRIPT_TIMEOUT", "{name}");
                (start.elapsed().as_secs_f64() / limit.as_secs_f64() - 1.0) * 100.0
            })
            .fold(0.0, f64::max);
        println!("  stopped in {name:<14} {late:>6.1} % late at most (goal 15)");
    }
}
