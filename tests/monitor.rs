//! The monitor: what it does by itself, and that it ends with its handle, whatever it is doing.
//!
//! Leaves to others: when an alert fires and which task is due (tried with made-up clocks beside the source), the callback in C (`c`).
//!
//! Invariant: every test names the moment it waits for; what must not happen is given a time that is long beside a tick.

mod tasks;

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

#[test]
fn a_quiet_database_has_no_alert_however_long_it_is_watched() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let request = request::Monitor { alerts: request::AlertLimits::default(), ..quick() };
    database.monitor_start(&request).expect("starts");
    let until = Instant::now() + Duration::from_secs(5);
    let mut writes = 0;
    while Instant::now() < until {
        query(&database, "UPDATE application_settings SET description = 'x'");
        writes += 1;
        std::thread::sleep(Duration::from_millis(50));
        let found = alerts(&database);
        assert!(found.alerts.is_empty() && found.last_event == 0, "after {writes} writes: {found:?}");
    }
    assert!(ticks(&database) > 50, "{} looks", ticks(&database));
    let health = database.health(&request::Health::default(), &watch()).expect("looks");
    assert_eq!((health.status, health.score), (HealthStatus::Ok, 100), "{health:?}");
}

#[test]
fn what_is_changed_by_hand_fires_and_is_over_when_it_is_undone() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let told: Arc<Mutex<Vec<(String, AlertState)>>> = Arc::default();
    let list = Arc::clone(&told);
    let note = move |alert: &report::Alert| list.lock().expect("whole").push((alert.key.clone(), alert.state));
    database.on_alert(Some(Arc::new(note))).expect("sets");
    database.monitor_start(&quick()).expect("starts");
    wait_until("it has looked", || ticks(&database) > 1);
    let other = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    other.execute_batch("CREATE INDEX by_hand ON users (email, username)").expect("writes");
    wait_until("the drift fires", || fires(&database, "drift"));
    let found = alerts(&database).alerts.remove(0);
    assert_eq!(found.severity, Severity::Warning);
    assert!(found.message.contains("by_hand"), "{}", found.message);
    assert_eq!(check(&database, "alerts").map(|check| check.status), Some(HealthStatus::Degraded));
    let supervisor = database.act_as("eve", Role::Supervisor).expect("hands out");
    let acknowledge = request::Alerts { acknowledge: Some("drift".into()), ..request::Alerts::default() };
    assert_eq!(refusal(supervisor.alerts(&acknowledge, &watch())), "DENIED");
    let seen = database.act_as("ada", Role::Admin).expect("hands out").alerts(&acknowledge, &watch()).expect("fires");
    assert_eq!(seen.alerts[0].acknowledged_by.as_deref(), Some("ada"));
    other.execute_batch("DROP INDEX by_hand").expect("writes");
    wait_until("it is over", || alerts(&database).alerts.is_empty());
    wait_until("the host was told", || told.lock().expect("whole").len() == 3);
    let states: Vec<AlertState> = told.lock().expect("whole").iter().map(|(_, state)| *state).collect();
    assert_eq!(states, [AlertState::Firing, AlertState::Acknowledged, AlertState::Resolved]);
    let all = request::Alerts { since: Some(1), all: true, ..request::Alerts::default() };
    let report = supervisor.alerts(&all, &watch()).expect("a supervisor may look");
    assert_eq!((report.alerts.len(), report.events.len(), report.last_event), (1, 2, 3));
}

#[test]
fn each_handle_has_a_callback_of_its_own_and_takes_away_nobody_elses() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let told: Arc<Mutex<Vec<&str>>> = Arc::default();
    let note = |name: &'static str| {
        let list = Arc::clone(&told);
        move |_: &report::Alert| list.lock().expect("whole").push(name)
    };
    let heard = |how: &str, expected: &[&str]| {
        query(&database, "CREATE INDEX by_hand ON users (email, username)");
        wait_until("it fires", || fires(&database, "drift"));
        query(&database, "DROP INDEX by_hand");
        wait_until("it is over", || alerts(&database).alerts.is_empty());
        // each is told twice: that it fires, and that it is over
        wait_until(how, || told.lock().expect("whole").len() >= 2 * expected.len());
        let mut names = std::mem::take(&mut *told.lock().expect("whole"));
        names.sort_unstable();
        let twice: Vec<&str> = expected.iter().flat_map(|name| [*name, *name]).collect();
        assert_eq!(names, twice, "{how}");
    };
    database.on_alert(Some(Arc::new(note("admin")))).expect("sets");
    let supervisor = database.act_as("sue", Role::Supervisor).expect("hands out");
    database.monitor_start(&looks()).expect("starts");
    wait_until("it has looked", || ticks(&database) > 1);
    supervisor.on_alert(None).expect("has none to remove");
    heard("another removes none", &["admin"]);
    supervisor.on_alert(Some(Arc::new(|_: &report::Alert| panic!("is the host's fault")))).expect("sets");
    heard("another panics", &["admin"]);
    supervisor.on_alert(Some(Arc::new(note("supervisor")))).expect("sets");
    heard("both have one", &["admin", "supervisor"]);
    supervisor.close().expect("closes");
    heard("the other is closed", &["admin"]);
    database.on_alert(Some(Arc::new(note("again")))).expect("sets");
    heard("the own is replaced", &["again"]);
}

#[test]
fn somebody_else_who_has_the_file_open_in_this_process_fires_unless_the_two_are_kept_apart() {
    for (mode, is_trouble) in [(request::ForeignSqlite::Warn, true), (request::ForeignSqlite::Coexist, false)] {
        let scratch = Scratch::new();
        let options = request::Open { foreign_sqlite: mode, ..request::Open::default() };
        let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
        database.monitor_start(&looks()).expect("starts");
        wait_until("it has looked", || ticks(&database) > 2);
        assert!(!fires(&database, "foreign_sqlite"), "nobody else is there");
        // a descriptor is all that shows of another SQLite that has no lock at the moment
        let other = std::fs::File::open(scratch.path("a.db")).expect("opens");
        let seen = ticks(&database);
        // that is looked for at each tenth look
        wait_until("it has looked again", || ticks(&database) > seen + 12);
        assert_eq!(fires(&database, "foreign_sqlite"), is_trouble, "{mode:?}");
        let found = check(&database, "foreign_sqlite").expect("is checked");
        assert_eq!(found.value["descriptors"].as_array().map(Vec::len), Some(1), "{found:?}");
        // health is asked at each tenth look as well
        wait_until("it has asked health", || ticks(&database) > seen + 24);
        assert!(!fires(&database, "health"), "one fault is told of once: {:?}", alerts(&database));
        let health = database.health(&request::Health::default(), &watch()).expect("looks");
        assert_eq!(health.score, if is_trouble { 39 } else { 100 }, "and counts once: {health:?}");
        drop(other);
        wait_until("it is over", || !fires(&database, "foreign_sqlite"));
        database.close().expect("closes");
    }
}

#[test]
fn a_setting_of_the_file_that_somebody_changes_fires() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    database.monitor_start(&quick()).expect("starts");
    wait_until("it has looked", || ticks(&database) > 1);
    let other = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    let before: i64 = other.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("answers");
    other.execute_batch("PRAGMA user_version = 7; PRAGMA application_id = 99").expect("writes");
    wait_until("it fires", || fires(&database, "config_changed"));
    wait_until("both are named", || {
        let message = alerts(&database).alerts[0].message.clone();
        message.contains("user_version is 7") && message.contains("application_id is 99")
    });
    other.execute_batch(&format!("PRAGMA user_version = {before}; PRAGMA application_id = 0")).expect("writes");
    wait_until("it is over", || alerts(&database).alerts.is_empty());
}

#[test]
fn a_pool_without_a_free_reader_fires_and_names_the_call() {
    let scratch = Scratch::new();
    let options =
        request::Open { pool: request::Pool { max: Some(1), ..request::Pool::default() }, ..request::Open::default() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    database.monitor_start(&looks()).expect("starts");
    let endless = watch();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
            refusal(database.query(sql, None, &endless))
        });
        wait_until("it fires", || fires(&database, "pool_exhausted"));
        let message = alerts(&database).alerts[0].message.clone();
        endless.cancel();
        assert!(message.contains("the call query"), "{message}");
    });
    wait_until("it is over", || alerts(&database).alerts.is_empty());
}

#[test]
fn who_is_no_admin_starts_and_stops_nothing() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    for role in [Role::Supervisor, Role::User] {
        let other = database.act_as("eve", role).expect("hands out");
        assert_eq!(refusal(other.monitor_start(&quick())), "DENIED");
        assert_eq!(refusal(other.monitor_stop()), "DENIED");
        assert_eq!(other.alerts(&request::Alerts::default(), &watch()).is_ok(), role == Role::Supervisor);
        assert_eq!(other.on_alert(None).is_ok(), role == Role::Supervisor);
    }
    let options = request::Open { role: Role::Supervisor, monitor: Some(quick()), ..request::Open::default() };
    assert_eq!(refusal(try_open(scratch.path("a.db"), &options)), "DENIED");
    let bound = database.transaction(&watch(), |bound| {
        assert_eq!(refusal(bound.monitor_start(&quick())), "UNSUPPORTED");
        i32::from(bound.alerts(&request::Alerts::default(), &watch()).is_err())
    });
    assert!(bound.expect("runs").committed);
}

#[test]
fn another_handle_sees_the_monitor_and_only_its_own_close_ends_it() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let second = database.act_as("ada", Role::Admin).expect("hands out");
    second.monitor_start(&looks()).expect("starts");
    wait_until("it has looked", || ticks(&database) > 1);
    assert_eq!(refusal(database.monitor_start(&looks())), "ALREADY_EXISTS");
    second.close().expect("closes");
    assert!(!alerts(&database).monitoring);
    database.monitor_start(&looks()).expect("starts");
    let third = database.act_as("bob", Role::Admin).expect("hands out");
    third.close().expect("closes");
    assert!(alerts(&database).monitoring);
    database.act_as("bob", Role::Admin).expect("hands out").monitor_stop().expect("any admin may");
}

#[test]
fn a_callback_may_panic_and_cannot_close_what_it_is_told_about() {
    let scratch = Scratch::new();
    let database = Arc::new(open(scratch.path("a.db")));
    let (calls, answers) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let inner = (Arc::downgrade(&database), Arc::clone(&calls), Arc::clone(&answers));
    let callback = move |_: &report::Alert| {
        let (database, calls, answers) = &inner;
        let database = database.upgrade().expect("is open");
        let answer = (refusal(database.close()), refusal(database.alerts(&request::Alerts::default(), &watch())));
        answers.lock().expect("whole").push(answer);
        drop(database);
        if calls.fetch_add(1, Ordering::SeqCst) == 0 {
            std::panic::resume_unwind(Box::new("not printed"));
        }
    };
    database.on_alert(Some(Arc::new(callback))).expect("sets");
    let limits = request::AlertLimits { disk_free_bytes: Some(1 << 59), ..quick().alerts };
    database.monitor_start(&request::Monitor { alerts: limits, ..looks() }).expect("starts");
    wait_until("it was told", || calls.load(Ordering::SeqCst) > 0);
    let ticks_then = ticks(&database);
    wait_until("the monitor goes on", || ticks(&database) > ticks_then + 2);
    assert_eq!(answers.lock().expect("whole")[0], ("REENTRANT", "REENTRANT"));
    database.close().expect("closes");
}

/// The last handle is let go of by the monitor's own thread, which cannot wait for itself.
#[test]
fn a_database_that_is_dropped_inside_the_callback_is_let_go_of() {
    let scratch = Scratch::new();
    let held: Arc<OnceLock<Mutex<Option<Database>>>> = Arc::default();
    let database = open(scratch.path("a.db"));
    let inner = Arc::clone(&held);
    let drop_it = move |_: &report::Alert| {
        if let Some(held) = inner.get() {
            let taken = held.lock().expect("whole").take();
            drop(taken);
        }
    };
    database.on_alert(Some(Arc::new(drop_it))).expect("sets");
    let limits = request::AlertLimits { disk_free_bytes: Some(1 << 59), for_ms: Some(300), ..quick().alerts };
    database.monitor_start(&request::Monitor { alerts: limits, ..looks() }).expect("starts");
    assert!(held.set(Mutex::new(Some(database))).is_ok());
    wait_until("it was dropped", || held.get().expect("set").lock().expect("whole").is_none());
    wait_until("the log is gone, as after a last close", || !scratch.path("a.db-wal").exists());
}

#[test]
fn the_command_watches_and_prints_each_alert_as_a_line() {
    let scratch = Scratch::new();
    open(scratch.path("a.db")).close().expect("closes");
    let quiet =
        run(scratch.folder(), &["monitor", "a.db", "--tick", "20", "--looks-only", "--timeout", "300", "--json"]);
    assert_eq!((quiet.code, quiet.stdout.as_str(), quiet.stderr.as_str()), (Some(0), "", ""));
    let other = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    other.execute_batch("CREATE INDEX by_hand ON users (email, username)").expect("writes");
    let args = ["monitor", "a.db", "--tick", "20", "--timeout", "4000", "--json"];
    let ran = run(scratch.folder(), &args);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let lines: Vec<Json> = ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((lines.len(), &lines[0]["key"], &lines[0]["state"]), (1, &"drift".into(), &"firing".into()));
    let ran = run(scratch.folder(), &["monitor", "a.db", "--tick", "20", "--timeout", "4000"]);
    assert!(ran.stdout.contains("watching, a look every 20 ms") && ran.stdout.contains("drift"), "{ran:?}");
    let ran = run(scratch.folder(), &["alerts", "a.db"]);
    assert!(ran.stdout.contains("no monitor runs in this process"), "{ran:?}");
}

#[test]
fn a_database_that_may_only_be_read_is_looked_at_and_nothing_else() {
    let scratch = Scratch::new();
    open(scratch.path("a.db")).close().expect("closes");
    let options = request::Open { read_only: true, monitor: Some(quick()), ..request::Open::default() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    wait_until("it has looked", || ticks(&database) > 3);
    assert_eq!(check(&database, "monitor").map(|check| check.status), Some(HealthStatus::Ok));
    assert!(!scratch.path("a.db-monitor").exists());
    let memory = open(":memory:");
    let report = memory.monitor_start(&quick()).expect("starts");
    let names: Vec<&str> = report.tasks.iter().map(|task| task.name).collect();
    assert_eq!(names, ["quick_check", "deep_check", "optimize"], "there is no log");
    wait_until("it was checked", || has_run(&memory, "deep_check"));
}

#[test]
fn options_out_of_range_are_named() {
    for (text, key) in [
        (r#"{"monitor":{"tick_ms":9}}"#, "monitor.tick_ms"),
        (r#"{"monitor":{"alerts":{"busy_percent":101}}}"#, "monitor.alerts.busy_percent"),
        (r#"{"monitor":{"alerts":{"nope":1}}}"#, "monitor.alerts.nope"),
        (r#"{"backup":{"every_hours":1}}"#, "backup.every_hours"),
    ] {
        let refused = <request::Open as rpmadb::Request>::from_json(Some(text)).expect_err(text);
        assert!(matches!(&refused, Error::InvalidOption { key: named, .. } if named == key), "{refused}");
    }
}

/// In a process of its own, because the other tests here have monitors.
#[test]
fn nothing_is_started_unasked() {
    const ORDER: &str = "RPMADB_TEST_MONITOR_ALONE";
    if std::env::var_os(ORDER).is_none() {
        let mut child = Command::new(std::env::current_exe().expect("a path"));
        child.args(["--exact", "monitor::nothing_is_started_unasked", "--nocapture"]).env(ORDER, "1");
        let output = child.output().expect("runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    database.health(&request::Health::default(), &watch()).expect("looks");
    assert_eq!(threads("rpmadb-monitor"), 0);
    assert!(!scratch.path("a.db-monitor").exists());
    database.monitor_start(&quick()).expect("starts");
    wait_until("there is one thread", || threads("rpmadb-monitor") == 1);
    database.monitor_stop().expect("stops");
    wait_until("there is none", || threads("rpmadb-monitor") == 0);
    database.monitor_start(&quick()).expect("starts");
    drop(database);
    wait_until("a dropped database has none", || threads("rpmadb-monitor") == 0);
}
