//! The monitor: what it does by itself, and that it ends with its handle, whatever it is doing.
//!
//! Leaves to others: when an alert fires and which task is due (tried with made-up clocks beside the source), the callback in C (`c`).
//!
//! Invariant: every test names the moment it waits for; what must not happen is given a time that is long beside a tick.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use rpmadb::report::{AlertState, Check, HealthStatus, Severity};
use rpmadb::{Database, Error, Role, report, request};
use serde_json::Value as Json;

use crate::support::{Scratch, bare, open, refusal, run, text, try_open, wait_until, watch};

/// A monitor that looks often; alerts fire at once and are over at once.
fn quick() -> request::Monitor {
    request::Monitor {
        tick_ms: Some(20),
        alerts: request::AlertLimits { for_ms: Some(0), clear_ms: Some(0), ..request::AlertLimits::default() },
        ..request::Monitor::default()
    }
}

/// One that only looks.
fn looks() -> request::Monitor {
    request::Monitor {
        quick_check_hours: Some(0),
        deep_check_days: Some(0),
        optimize_hours: Some(0),
        idle_ms: Some(0),
        wal_restart_bytes: Some(0),
        ..quick()
    }
}

fn query(database: &Database, sql: &str) {
    database.query(sql, None, &watch()).expect(sql);
}

fn fill(database: &Database, megabytes: u32) {
    query(database, "CREATE TABLE IF NOT EXISTS big (x)");
    let sql = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) \
         INSERT INTO big SELECT randomblob(10000) FROM n",
        megabytes * 100
    );
    query(database, &sql);
}

fn check(database: &Database, id: &str) -> Option<Check> {
    let health = database.health(&request::Health::default(), &watch()).expect("looks");
    health.checks.into_iter().find(|check| check.id == id)
}

fn ticks(database: &Database) -> u64 {
    check(database, "monitor").and_then(|check| check.value["ticks"].as_u64()).unwrap_or(0)
}

fn task(database: &Database, name: &str) -> Json {
    check(database, "monitor").map_or(Json::Null, |check| check.value["tasks"][name].clone())
}

fn has_run(database: &Database, name: &str) -> bool {
    !task(database, name)["last_at"].is_null()
}

fn alerts(database: &Database) -> report::Alerts {
    database.alerts(&request::Alerts::default(), &watch()).expect("answers")
}

fn fires(database: &Database, rule: &str) -> bool {
    alerts(database).alerts.iter().any(|alert| alert.rule == rule && alert.state == AlertState::Firing)
}

/// The threads of this process with that name.
fn threads(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
    let named = tasks.filter(|task| {
        let path = task.as_ref().expect("an entry").path().join("comm");
        std::fs::read_to_string(path).is_ok_and(|found| found.trim() == name)
    });
    named.count()
}

#[test]
fn a_monitor_looks_until_it_is_stopped_and_health_tells() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    assert!(check(&database, "monitor").is_none(), "no monitor, no check");
    assert!(!alerts(&database).monitoring);
    let report = database.monitor_start(&quick()).expect("starts");
    assert_eq!(report.tick_ms, 20);
    let names: Vec<&str> = report.tasks.iter().map(|task| task.name).collect();
    assert_eq!(names, ["restart_checkpoint", "quick_check", "deep_check", "optimize", "checkpoint"]);
    wait_until("it has looked and checked", || ticks(&database) > 3 && has_run(&database, "deep_check"));
    let found = check(&database, "monitor").expect("runs");
    assert_eq!((found.status, &found.value["winner"]), (HealthStatus::Ok, &Json::from(true)));
    let integrity = check(&database, "integrity").expect("is checked");
    assert_eq!((integrity.status, &integrity.value["findings"]), (HealthStatus::Ok, &Json::from(0)));
    assert_eq!(check(&database, "alerts").map(|check| check.status), Some(HealthStatus::Ok));
    assert!(alerts(&database).monitoring);
    assert_eq!(refusal(database.monitor_start(&quick())), "ALREADY_EXISTS");
    let stopped = database.monitor_stop().expect("stops");
    assert!(stopped.ticks > 3);
    assert_eq!(refusal(database.monitor_stop()), "NOT_FOUND");
    assert!(check(&database, "monitor").is_none() && !alerts(&database).monitoring);
    database.monitor_start(&quick()).expect("starts again");
    database.close().expect("closes");
}
