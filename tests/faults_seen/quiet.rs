//! A long run in which nothing is wrong: reads, writes, scripts, backups and checkpoints from four threads and from other processes.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rpmadb::report::HealthStatus;
use rpmadb::{Database, request};

use super::{Ends, Scene, TICK_MS};
use crate::concurrency::rounds;
use crate::support::{command, run, text, wait_until, watch};

type Taken = (usize, usize, u64);
const MOST: Taken = (usize::MAX, usize::MAX, u64::MAX);
/// Growth of the resident memory between the second quarter of the run and the last that is no leak yet.
const GROWTH: u64 = 24 << 20;

/// In a process of its own, because what other tests take would count.
#[test]
fn a_long_quiet_run_has_no_alert_and_takes_nothing_more() {
    const ORDER: &str = "RPMADB_TEST_QUIET_ALONE";
    if std::env::var_os(ORDER).is_some() {
        return quiet_run(Duration::from_secs(10 * rounds(1)));
    }
    let mut child = command_of_this_test();
    let output = child.env(ORDER, "1").output().expect("runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said.lines().filter(|line| line.starts_with("quiet:")).for_each(|line| println!("{line}"));
}

fn command_of_this_test() -> std::process::Command {
    let mut child = std::process::Command::new(std::env::current_exe().expect("a path"));
    let name = "faults_seen::quiet::a_long_quiet_run_has_no_alert_and_takes_nothing_more";
    child.args(["--exact", name, "--nocapture"]);
    child
}

/// Threads, descriptors, and resident bytes of this process.
fn taken() -> Taken {
    let count = |folder: &str| std::fs::read_dir(folder).expect("Linux").count();
    let pages = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: u64 = pages.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).expect("a number");
    (count("/proc/self/task"), count("/proc/self/fd"), pages * 4_096)
}

/// The least of each: what a call has open for a moment does not count.
fn least(one: Taken, other: Taken) -> Taken {
    (one.0.min(other.0), one.1.min(other.1), one.2.min(other.2))
}

fn quiet_run(duration: Duration) {
    let scene = Scene::unwatched(|scratch, options| {
        std::fs::create_dir(scratch.path("b")).expect("makes");
        options.backup.folder = Some(text(&scratch.path("b")));
        options.backup.every_hours = Some(1);
        options.backup.keep_last = Some(3);
        options.metrics = Some(true);
        options.ballast_bytes = Some(1 << 20);
    });
    scene.fill(30);
    scene.back_up();
    let mut other = command();
    other.current_dir(scene.scratch.folder()).args(["monitor", "a.db", "--migrations", "m", "--tick", "100"]);
    let mut child = other.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    let request = request::Monitor { tick_ms: Some(TICK_MS), idle_ms: Some(300), ..request::Monitor::default() };
    scene.watch(&request);
    wait_until("the first look at everything is over", || scene.health().status == HealthStatus::Ok);
    let (done, calls) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let _ends = Ends(&done);
        let works: [fn(&Scene, u64); 4] = [writes, reads, scripts, keeps];
        for work in works {
            let (scene, done, calls) = (&scene, &done, &calls);
            scope.spawn(move || {
                for number in 0.. {
                    if done.load(Ordering::SeqCst) {
                        break;
                    }
                    work(scene, number);
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        observe(&scene, duration);
    });
    println!("quiet: {} calls", calls.load(Ordering::Relaxed));
    child.kill().expect("is ours");
    child.wait().expect("is ours");
    let request = request::Audit { verify: true, limit: Some(0), ..request::Audit::default() };
    let proof = scene.database.audit(&request, &watch()).expect("proves").verify.expect("was asked");
    println!("quiet: the audit is {}, {} records", proof.status, proof.rows);
    assert_eq!(proof.status, "ok", "{proof:?}");
    scene.database.close().expect("closes");
}

fn observe(scene: &Scene, duration: Duration) {
    let (start, looked) = (Instant::now(), scene.looks());
    let (mut asked, mut unknown) = (0u64, 0u64);
    let (mut before, mut after) = (MOST, MOST);
    while start.elapsed() < duration {
        std::thread::sleep(Duration::from_millis(50));
        let found = scene.database.alerts(&request::Alerts::default(), &watch()).expect("answers");
        assert_eq!(found.last_event, 0, "{found:?}");
        let health = scene.health();
        asked += 1;
        match health.status {
            HealthStatus::Ok => assert_eq!(health.score, 100),
            // why allowed: what is in use for a moment is not measured then, and nothing is said of it
            HealthStatus::Unknown => unknown += 1,
            HealthStatus::Degraded | HealthStatus::Critical => panic!("{health:?}"),
        }
        // why not at once: pools and caches fill first
        match start.elapsed() {
            now if now > duration * 3 / 4 => after = least(after, taken()),
            now if now > duration / 4 && now < duration / 2 => before = least(before, taken()),
            _ => {}
        }
    }
    let looks = scene.looks() - looked;
    println!("quiet: {looks} looks in {:?}; health asked {asked} times, {unknown} not measured", start.elapsed());
    println!("quiet: threads, descriptors, bytes: {before:?}, then {after:?}");
    assert!(unknown * 10 <= asked, "{unknown} of {asked}");
    assert!(looks > 50, "{looks} looks");
    assert!(after.0 <= before.0 + 1, "threads: {before:?}, {after:?}");
    assert!(after.1 <= before.1 + 6, "descriptors: {before:?}, {after:?}");
    assert!(after.2 <= before.2 + GROWTH, "bytes: {before:?}, {after:?}");
}

fn pause() {
    std::thread::sleep(Duration::from_millis(5));
}

fn query(database: &Database, sql: &str, params: &str) {
    database.query(sql, Some(params), &watch()).expect(sql);
}

fn writes(scene: &Scene, number: u64) {
    let id = 1_000 + number % 500;
    query(&scene.database, "INSERT OR REPLACE INTO big VALUES (?, ?, randomblob(1000))", &format!("[{id}, {number}]"));
    if number.is_multiple_of(7) {
        let committed = scene.database.transaction(&watch(), |bound| {
            query(bound, "UPDATE users SET name = ? WHERE id = 1", &format!("[\"ann{number}\"]"));
            query(bound, "DELETE FROM big WHERE id = ?", &format!("[{id}]"));
            i32::from(number.is_multiple_of(14))
        });
        assert_eq!(committed.expect("runs").committed, !number.is_multiple_of(14));
    }
    pause();
}

fn reads(scene: &Scene, number: u64) {
    query(&scene.database, "SELECT name FROM users WHERE id = ?", "[1]");
    query(
        &scene.database,
        "SELECT b, length(x) FROM big WHERE id BETWEEN ? AND ?",
        &format!("[{}, {number}]", number / 2),
    );
    pause();
}

fn scripts(scene: &Scene, number: u64) {
    let script = "local n = 0\nfor row in db:nrows('SELECT id FROM big WHERE id < ?', { 50 }) do n = n + 1 end\n\
        db:exec('UPDATE users SET name = ? WHERE id = ?', { 'lua', 1 })\nreturn n";
    scene.database.script(script, &request::Script::default(), &watch()).expect("runs");
    if number.is_multiple_of(50) {
        let sql = "UPDATE users SET name = 'other' WHERE id = 1";
        let ran = run(scene.scratch.folder(), &["query", "a.db", sql, "--migrations", "m"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    pause();
}

fn keeps(scene: &Scene, number: u64) {
    let mode = [request::CheckpointMode::Passive, request::CheckpointMode::Full, request::CheckpointMode::Truncate];
    let request = request::Checkpoint { busy_timeout_ms: Some(50) };
    scene.database.checkpoint(mode[number as usize % 3], &request, &watch()).expect("moves");
    scene.database.stats(&request::Stats::default(), &watch()).expect("counts");
    scene.database.metrics(&request::Metrics::default(), &watch()).expect("tells");
    if number.is_multiple_of(10) {
        scene.back_up();
    }
    std::thread::sleep(Duration::from_millis(100));
}
