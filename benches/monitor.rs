//! What the monitor costs: a look that finds nothing, as often as it can be had.
//!
//! `cargo bench --bench monitor [-- SECONDS]`. A monitor with the shortest tick runs on a database of 20 tables that nobody writes to,
//! then on one that is written to all the time; the processor time of its thread, read from the system, is divided by the looks.
//!
//! Also what `health` costs whoever asks for it, without a monitor and with one.
//!
//! The promise: at most 50 µs a look.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rpmadb::{Database, Operation, request};

fn main() {
    let seconds = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(5);
    let scratch = tempfile::tempdir().expect("a folder");
    let backups = scratch.path().join("backups");
    std::fs::create_dir(&backups).expect("a folder");
    let folder = request::BackupFolder { folder: Some(backups.display().to_string()), ..Default::default() };
    let options = request::Open { backup: folder, ..request::Open::default() };
    let path = scratch.path().join("app.db");
    let (database, _) = Database::open(&path, &options, &Operation::new()).expect("opens");
    database.backup(None, &request::Backup::default(), &Operation::new()).expect("backs up");
    ask("health", &database);
    measure("idle", &database, seconds);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut writes = 0u64;
            while !done.load(Ordering::Acquire) {
                let sql = "UPDATE application_settings SET description = 'x'";
                database.query(sql, None, &Operation::new()).expect("writes");
                writes += 1;
            }
            println!("  ({} writes a second beside it)", writes / seconds);
        });
        measure("written to", &database, seconds);
        done.store(true, Ordering::Release);
    });
}

fn measure(what: &str, database: &Database, seconds: u64) {
    let request = request::Monitor {
        tick_ms: Some(10),
        quick_check_hours: Some(0),
        deep_check_days: Some(0),
        optimize_hours: Some(0),
        idle_ms: Some(0),
        wal_restart_bytes: Some(0),
        ..request::Monitor::default()
    };
    database.monitor_start(&request).expect("starts");
    // why first: the first look reads what later ones remember
    std::thread::sleep(Duration::from_millis(200));
    let (start, before, ticks) = (Instant::now(), thread_ns(), looks(database));
    let (mut each, mut last) = (Vec::new(), before);
    while start.elapsed() < Duration::from_secs(seconds) {
        std::thread::sleep(Duration::from_millis(2));
        let now = thread_ns();
        each.extend((now > last).then(|| now - last));
        last = now;
    }
    each.sort_unstable();
    let (spent, ticks) = (thread_ns() - before, looks(database) - ticks);
    println!(
        "{what:<12} {ticks} looks in {:.1} s, {:.1} µs of processor time each",
        start.elapsed().as_secs_f64(),
        spent as f64 / ticks.max(1) as f64 / 1_000.0
    );
    let at = |part: usize| each.get(each.len() * part / 1_000).map_or(0.0, |ns| *ns as f64 / 1_000.0);
    println!("  single looks: {:.1} µs in the middle, {:.1} of 990 in 1000, {:.1} at most", at(500), at(990), at(999));
    ask("health", database);
    database.monitor_stop().expect("stops");
}

/// The middle of many calls of `health`.
fn ask(what: &str, database: &Database) {
    let mut took: Vec<Duration> = (0..2_000)
        .map(|_| {
            let start = Instant::now();
            database.health(&request::Health::default(), &Operation::new()).expect("looks");
            start.elapsed()
        })
        .collect();
    took.sort_unstable();
    println!("{what:<12} {:.1} µs in the middle, {:.1} at best", micros(took[1_000]), micros(took[0]));
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn looks(database: &Database) -> u64 {
    let health = database.health(&request::Health::default(), &Operation::new()).expect("looks");
    let check = health.checks.iter().find(|check| check.id == "monitor").expect("runs");
    check.value["ticks"].as_u64().expect("a number")
}

/// The processor time of the monitor's thread so far.
fn thread_ns() -> u64 {
    for task in std::fs::read_dir("/proc/self/task").expect("Linux") {
        let path = task.expect("an entry").path();
        if std::fs::read_to_string(path.join("comm")).is_ok_and(|name| name.trim() == "rpmadb-monitor") {
            let text = std::fs::read_to_string(path.join("schedstat")).expect("the kernel counts");
            return text.split_whitespace().next().and_then(|ns| ns.parse().ok()).expect("a number");
        }
    }
    0
}
