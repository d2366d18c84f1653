//! Faults of calls: who holds what for too long, what is slow, what is refused, what the monitor itself cannot do.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rpmadb::Role;
use rpmadb::report::{HealthStatus, Severity};
use rpmadb::request;

use super::{Ends, HEALTH, SCANS, Scene, Seen, TICK_MS, at_once, monitor};
use crate::support::{refusal, wait_until, watch};

/// In a process of its own, holds the write lock of `RPMADB_TEST_HOLD` until its standard input is closed.
#[test]
fn holds_the_write_lock() {
    let Some(path) = std::env::var_os("RPMADB_TEST_HOLD") else { return };
    let connection = rusqlite::Connection::open(path).expect("opens");
    connection.execute_batch("BEGIN IMMEDIATE").expect("locks");
    println!("locked");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("reads");
}

#[test]
fn waits_in_vain_for_another_process_that_writes() {
    let scene = Scene::with(at_once(), |_, options| options.busy_timeout_ms = Some(1));
    let mut holder = Command::new(std::env::current_exe().expect("a path"));
    holder.args(["--exact", "faults_seen::calls::holds_the_write_lock", "--nocapture"]);
    holder.env("RPMADB_TEST_HOLD", scene.path("a.db")).stdin(Stdio::piped()).stdout(Stdio::null());
    let seen = Seen {
        check: "busy_rate",
        remedy: &["waits for a lock were in vain"],
        key: "busy_share",
        says: &["waits for a lock in the last minute were in vain"],
        window: 2,
        ..Seen::default()
    };
    let mut child = None;
    let key = scene.breaks(&seen, || {
        let started = child.insert(holder.spawn().expect("starts"));
        let locked = || scene.stranger().execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_err();
        wait_until("the other has the lock", locked);
        assert!(started.try_wait().expect("is ours").is_none());
        for _ in 0..20 {
            let insert = scene.database.query("INSERT INTO parent VALUES (NULL)", None, &watch());
            assert_eq!(refusal(insert), "BUSY");
        }
    });
    let mut child = child.expect("started");
    drop(child.stdin.take());
    child.wait().expect("is ours");
    // why not until it is over: the waits are forgotten after a minute (tried with a made-up clock beside the source)
    scene.query("INSERT INTO parent VALUES (NULL)");
    scene.is_recorded(&key, "pending to firing");
}

/// Iterators that somebody does not close: a script that reads on and on, and others that come after it.
#[test]
fn a_pool_that_is_exhausted_by_calls_that_leak() {
    let scene = Scene::with(at_once(), |_, options| options.pool.max = Some(3));
    let leaky = scene.actor("leaky", Role::Supervisor);
    let other = scene.actor("other", Role::Supervisor);
    let operation = watch();
    let script =
        "for row in db:nrows('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n') do end";
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
    let in_use = |count: u64| wait_until("they read", || scene.check("pool").is_some_and(|check| check.value == count));
    let seen = Seen {
        check: "pool",
        remedy: &["one by script of leaky for"],
        // why so much: five checks that need a reader are unknown meanwhile
        costs: 45,
        key: "pool_exhausted",
        says: &["all 3 readers are in use; the call script of leaky of the role supervisor", "has one"],
        ..Seen::default()
    };
    let request = request::Script { timeout_ms: Some(60_000), ..request::Script::default() };
    std::thread::scope(|scope| {
        let key = scene.breaks(&seen, || {
            scope.spawn(|| leaky.script(script, &request, &operation).is_err());
            in_use(1);
            scope.spawn(|| other.query(endless, None, &operation).is_err());
            in_use(2);
            scope.spawn(|| other.query(endless, None, &operation).is_err());
        });
        scene.mends(&key, || operation.cancel());
    });
}

#[test]
fn a_transaction_that_is_left_open() {
    let mut scene = Scene::unwatched(|_, _| {});
    scene.asked.call_max_ms = Some(200);
    scene.watch(&monitor(request::AlertLimits { call_max_ms: Some(200), ..at_once() }));
    let ada = scene.actor("ada", Role::Admin);
    let (begins, begun, done) = (AtomicBool::new(false), AtomicBool::new(false), AtomicBool::new(false));
    let seen = Seen {
        check: "oldest_transaction",
        remedy: &["the call transaction of ada has had the writer"],
        // why so much: the writer's settings cannot be looked at meanwhile
        costs: 30,
        key: "health:oldest_transaction",
        says: &["the call transaction of ada has had the writer for", "end or cancel it"],
        window: HEALTH,
        ..Seen::default()
    };
    std::thread::scope(|scope| {
        let _ends = Ends(&done);
        scope.spawn(|| {
            // why: all must have been well before
            wait_until("it may begin", || begins.load(Ordering::SeqCst));
            ada.transaction(&watch(), |bound| {
                bound.query("INSERT INTO parent VALUES (NULL)", None, &watch()).expect("writes");
                begun.store(true, Ordering::SeqCst);
                wait_until("it may end", || done.load(Ordering::SeqCst));
                0
            })
            .expect("commits")
        });
        let key = scene.breaks(&seen, || {
            begins.store(true, Ordering::SeqCst);
            wait_until("it has begun", || begun.load(Ordering::SeqCst));
            std::thread::sleep(Duration::from_millis(200));
        });
        scene.mends(&key, || done.store(true, Ordering::SeqCst));
    });
}

fn grow(scene: &Scene, rows: u32) {
    scene.query(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) INSERT INTO big(b) SELECT i FROM n"
    ));
}

#[test]
fn a_statement_that_became_slower_than_it_was() {
    let scene = Scene::with(at_once(), |_, options| options.metrics = Some(true));
    grow(&scene, 100);
    let done = AtomicBool::new(false);
    let seen = Seen {
        key: "statement_slow:select max(b) from big where b <> ?",
        says: &["select max(b) from big where b <> ? takes", "us before"],
        window: 2 * HEALTH,
        ..Seen::default()
    };
    std::thread::scope(|scope| {
        let _ends = Ends(&done);
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                scene.query("SELECT max(b) FROM big WHERE b <> 7");
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        let looks = scene.looks();
        wait_until("it is known how long it usually takes", || scene.looks() > looks + 6 * HEALTH);
        let key = scene.breaks(&seen, || grow(&scene, 150_000));
        scene.mends(&key, || scene.query("DELETE FROM big WHERE id > 100"));
    });
}

/// Worth knowing, and no reason to wake anybody: it takes from the score and leaves the status as it is.
#[test]
fn a_big_table_that_is_read_whole() {
    let scene = Scene::with(request::AlertLimits { scan_rows: Some(5_000), ..at_once() }, |_, _| {});
    let seen = Seen {
        status: HealthStatus::Ok,
        costs: 5,
        remedy: &["add an index"],
        key: "full_scan:big",
        severity: Severity::Info,
        says: &["SELECT count(*) FROM big WHERE b = ? reads all", "rows of big"],
        window: SCANS,
        ..Seen::default()
    };
    scene.query("SELECT count(*) FROM big WHERE b = 7");
    let key = scene.breaks(&seen, || grow(&scene, 20_000));
    scene.mends(&key, || scene.query("DELETE FROM big"));
}

#[test]
fn somebody_who_tries_again_and_again_what_he_may_not() {
    let scene = Scene::new();
    let eve = scene.actor("eve", Role::Supervisor);
    let seen = Seen { key: "denials:eve", says: &["eve was denied 6 calls, the last: backup"], ..Seen::default() };
    let key = scene.breaks(&seen, || {
        for _ in 0..6 {
            assert_eq!(refusal(eve.backup(None, &request::Backup::default(), &watch())), "DENIED");
        }
    });
    // why not until it is over: denials count for five minutes
    scene.is_recorded(&key, "pending to firing");
}

#[test]
fn an_audit_that_cannot_be_written() {
    let scene = Scene::new();
    let stranger = scene.stranger();
    let seen = Seen {
        check: "audit",
        // why twice: the table that was put aside is drift
        costs: 40,
        remedy: &["records cannot be written", "rpmadb_audit"],
        key: "health:audit",
        says: &["records cannot be written", "rpmadb_audit"],
        window: HEALTH,
        ..Seen::default()
    };
    let eve = scene.actor("eve", Role::User);
    scene.breaks(&seen, || {
        stranger
            .execute_batch("ALTER TABLE rpmadb_audit RENAME TO mine; CREATE TABLE rpmadb_audit (x)")
            .expect("changes");
        assert_eq!(refusal(eve.stats(&request::Stats::default(), &watch())), "DENIED");
    });
    // why not as it was: what is lost stays lost
    stranger.execute_batch("DROP TABLE rpmadb_audit; ALTER TABLE mine RENAME TO rpmadb_audit").expect("changes");
    assert_eq!(refusal(eve.stats(&request::Stats::default(), &watch())), "DENIED");
    wait_until("it is written again, and tells of what is lost", || {
        scene.check("audit").and_then(|check| check.remedy).is_some_and(|remedy| remedy.contains("records were lost"))
    });
}

/// A folder in which nobody may make a file, not even root.
#[test]
fn a_task_of_the_monitor_that_fails() {
    let scene = Scene::unwatched(|_, options| {
        options.backup.folder = Some("/proc/self/fdinfo".into());
        options.backup.every_hours = Some(1);
    });
    let unwanted = request::AlertLimits { backup_age_hours: Some(0), ..at_once() };
    scene.database.monitor_start(&monitor(unwanted)).expect("starts");
    wait_until("it fires", || scene.alert("health:monitor").is_some());
    let alert = scene.alert("health:monitor").expect("fires");
    assert_eq!(alert.severity, Severity::Warning);
    assert!(alert.message.contains("its task backup failed and is tried again: "), "{}", alert.message);
    let found = scene.check("monitor").expect("runs");
    assert_eq!(found.status, HealthStatus::Degraded, "{found:?}");
    scene.is_recorded("health:monitor", "pending to firing");
}

#[test]
fn another_process_that_has_the_tasks_and_is_stopped() {
    use nix::sys::signal::{Signal, kill};
    let scene = Scene::unwatched(|_, _| {});
    let mut other = crate::support::command();
    let tick = TICK_MS.to_string();
    other.current_dir(scene.scratch.folder()).args(["monitor", "a.db", "--migrations", "m", "--tick", &tick]);
    let mut child = other.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    wait_until("it has checked", || {
        std::fs::read_to_string(scene.path("a.db-monitor")).is_ok_and(|text| text.contains("deep_check"))
    });
    scene.watch(&monitor(at_once()));
    let process = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("fits"));
    let named = format!("process {process} has the lock of the monitor");
    let seen = Seen {
        check: "monitor",
        remedy: &[&named],
        key: "health:monitor",
        says: &[&named, "see whether it is stopped"],
        window: 100 + HEALTH,
        ..Seen::default()
    };
    let key = scene.breaks(&seen, || kill(process, Signal::SIGSTOP).expect("stops"));
    scene.mends(&key, || kill(process, Signal::SIGCONT).expect("goes on"));
    child.kill().expect("is ours");
    child.wait().expect("is ours");
}
