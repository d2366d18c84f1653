//! Faults that are really there: each moves the health within its window, fires the right alert, is in the audit, and is over when it
//! is mended. And a long quiet run in which nothing of that happens.
//!
//! Leaves to others: levels and durations with made-up clocks (beside the source), another SQLite on the file.
//!
//! `files` and `calls` are the faults, `quiet` the run without one; `RPMADB_TEST_ROUNDS=60` makes that one ten minutes long.
//!
//! Invariant: the window is counted in looks of the monitor from the moment when the fault is there, whatever the machine does meanwhile.

mod calls;
mod files;
mod quiet;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rpmadb::report::{AlertState, Health, HealthStatus, Severity};
use rpmadb::{Database, Role, report, request};

use crate::support::{Scratch, try_open, wait_until, watch, with_folder};

const TICK_MS: u64 = 20;
/// Looks between two of what is not looked at each time: `health`, times of statements, full scans.
const HEALTH: u64 = 10;
const SCANS: u64 = 60;
/// Looks that a busy machine may need more.
const SLACK: u64 = 25;

/// A database of its own, healthy, under the eyes of a monitor.
struct Scene {
    scratch: Scratch,
    database: Database,
    asked: request::Health,
}

/// What is to be seen of a fault.
struct Seen<'s> {
    /// The check of `health` that is not well, and what it says.
    check: &'s str,
    remedy: &'s [&'s str],
    status: HealthStatus,
    /// What it takes from the score.
    costs: u8,
    /// The alert, by the beginning of its key, and what its message has in it.
    key: &'s str,
    severity: Severity,
    says: &'s [&'s str],
    /// Looks until then.
    window: u64,
}

impl Default for Seen<'_> {
    fn default() -> Self {
        Seen {
            check: "alerts",
            remedy: &[],
            status: HealthStatus::Degraded,
            costs: 20,
            key: "",
            severity: Severity::Warning,
            says: &[],
            window: 1,
        }
    }
}

fn at_once() -> request::AlertLimits {
    request::AlertLimits { for_ms: Some(0), clear_ms: Some(0), ..request::AlertLimits::default() }
}

/// A monitor that checks the file once and otherwise leaves it alone.
fn monitor(alerts: request::AlertLimits) -> request::Monitor {
    request::Monitor {
        tick_ms: Some(TICK_MS),
        optimize_hours: Some(0),
        idle_ms: Some(0),
        wal_restart_bytes: Some(0),
        alerts,
        ..request::Monitor::default()
    }
}

const TABLES: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\nINSERT INTO users VALUES (1, 'ann');\n\
    CREATE TABLE parent (id INTEGER PRIMARY KEY);\nCREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent(id));\n\
    CREATE TABLE big (id INTEGER PRIMARY KEY, b INTEGER, x BLOB);\n";

impl Scene {
    fn new() -> Scene {
        Scene::with(at_once(), |_, _| {})
    }

    /// With these limits, and options that `change` sets with the folder at hand.
    fn with(alerts: request::AlertLimits, change: impl FnOnce(&Scratch, &mut request::Open)) -> Scene {
        let scene = Scene::unwatched(change);
        scene.watch(&monitor(alerts));
        scene
    }

    fn unwatched(change: impl FnOnce(&Scratch, &mut request::Open)) -> Scene {
        let scratch = Scratch::new();
        let folder = scratch.migrations("m", &[("001_tables.sql", TABLES)]);
        let mut options = with_folder(&folder);
        change(&scratch, &mut options);
        let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
        Scene { scratch, database, asked: request::Health::default() }
    }

    /// Starts a monitor, and waits until it has checked the file.
    fn watch(&self, monitor: &request::Monitor) {
        self.database.monitor_start(monitor).expect("starts");
        wait_until("the monitor has checked", || self.check("integrity").is_some_and(|check| !check.value.is_null()));
        let looked = self.looks();
        wait_until("and has looked", || self.looks() > looked);
    }

    /// The same again, as if none had run before.
    fn watch_anew(&self, monitor: &request::Monitor) {
        self.database.monitor_stop().expect("stops");
        std::fs::remove_file(self.path("a.db-monitor")).expect("removes");
        self.watch(monitor);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path(name)
    }

    fn query(&self, sql: &str) {
        self.database.query(sql, None, &watch()).expect(sql);
    }

    /// Rows of 10,000 bytes.
    fn fill(&self, rows: u32) {
        self.query(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) \
             INSERT INTO big(x) SELECT randomblob(10000) FROM n"
        ));
    }

    fn back_up(&self) -> report::Backup {
        self.database.backup(None, &request::Backup::default(), &watch()).expect("backs up")
    }

    /// Somebody who does not know of this library.
    fn stranger(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path("a.db")).expect("opens")
    }

    fn health(&self) -> Health {
        self.database.health(&self.asked, &watch()).expect("looks")
    }

    fn check(&self, id: &str) -> Option<report::Check> {
        self.health().checks.into_iter().find(|check| check.id == id)
    }

    fn looks(&self) -> u64 {
        self.check("monitor").and_then(|check| check.value["ticks"].as_u64()).unwrap_or(0)
    }

    fn alert(&self, key: &str) -> Option<report::Alert> {
        let found = self.database.alerts(&request::Alerts::default(), &watch()).expect("answers").alerts;
        found.into_iter().find(|alert| alert.key.starts_with(key) && alert.state == AlertState::Firing)
    }

    /// What the audit says became of the alert.
    fn recorded(&self, key: &str) -> Vec<String> {
        let request = request::Audit {
            actor: Some("monitor".into()),
            origin: Some("monitor".into()),
            verb: Some("alert".into()),
            target: Some(key.into()),
            oldest_first: true,
            ..request::Audit::default()
        };
        let records = self.database.audit(&request, &watch()).expect("answers").records;
        records.into_iter().filter_map(|record| record.target).collect()
    }

    /// Does what breaks something, and waits for all that is to be seen of it; tells the key of the alert.
    fn breaks(&self, seen: &Seen<'_>, inject: impl FnOnce()) -> String {
        let mut before = self.health();
        wait_until("all is well before", || {
            before = self.health();
            before.status == HealthStatus::Ok
        });
        let score = before.score;
        inject();
        let (start, from) = (Instant::now(), self.looks());
        let (mut health, mut alert) = (None, None);
        let limit = Duration::from_secs(30);
        while health.is_none() || alert.is_none() {
            assert!(start.elapsed() < limit, "{}: {:?}, {:?}", seen.key, self.health(), self.alert(""));
            health = health.or_else(|| Some(self.health()).filter(|now| is_moved(seen, now)));
            alert = alert.or_else(|| self.alert(seen.key));
        }
        let took = self.looks().saturating_sub(from);
        let (mut health, alert) = (health.expect("found"), alert.expect("found"));
        println!("{}: seen after {took} looks, {:?}; {}", alert.key, start.elapsed(), alert.message);
        assert!(took <= seen.window + SLACK, "{}: seen after {took} looks", alert.key);
        // why again: a check may have seen it before the alert, and both together must cost no more
        while score - health.score != seen.costs || !is_moved(seen, &health) || !tells_of_alert(&health) {
            assert!(start.elapsed() < limit, "{}: {health:?}", alert.key);
            health = self.health();
        }
        assert_eq!(alert.severity, seen.severity, "{alert:?}");
        for part in seen.says {
            assert!(alert.message.contains(part), "{part}: {}", alert.message);
        }
        assert!(!alert.remedy.is_empty());
        alert.key
    }

    fn is_recorded(&self, key: &str, change: &str) {
        let line = format!("{key}: {change}");
        wait_until("the audit has it", || self.recorded(key).iter().any(|target| target.starts_with(&line)));
    }

    /// Does what mends it, and waits until nothing is to be seen any more, but in the audit.
    fn mends(&self, key: &str, mend: impl FnOnce()) {
        mend();
        wait_until("the alert is over", || self.alert(key).is_none());
        let mut health = self.health();
        let start = Instant::now();
        while (health.status, health.score) != (HealthStatus::Ok, 100) {
            assert!(start.elapsed() < Duration::from_secs(30), "{key}: {health:?}");
            health = self.health();
        }
        self.is_recorded(key, "pending to firing");
        self.is_recorded(key, "firing to resolved");
    }

    fn actor(&self, name: &str, role: Role) -> Database {
        self.database.act_as(name, role).expect("hands out")
    }
}

/// Sets it when the test is over, however it ends: a thread that waits for it must not keep the others from being told.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Whether it has heard of an alert.
fn tells_of_alert(health: &Health) -> bool {
    health.checks.iter().any(|check| check.id == "alerts" && check.value["open"] != 0)
}

/// Whether the health is as it is to be seen.
fn is_moved(seen: &Seen<'_>, health: &Health) -> bool {
    let check = health.checks.iter().find(|check| check.id == seen.check);
    let says = |check: &report::Check| {
        let remedy = check.remedy.as_deref().unwrap_or("");
        !remedy.is_empty() && seen.remedy.iter().all(|part| remedy.contains(part))
    };
    health.status == seen.status && health.score <= 100 - seen.costs && check.is_some_and(says)
}
