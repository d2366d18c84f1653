//! Backups, restores and prunes beside each other and beside writers; and how soon they stop when they are told to.
//!
//! Leaves to others: faults (`kills.rs`, `errors.rs`).

use std::path::PathBuf;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rpmadb::{Database, Error, Operation, Request as _, report, request};
use serde_json::{Value as Json, json};

use super::child::end;
use super::scene::Scene;
use super::{next, rounds, seed};
use crate::support::{Scratch, bare, rows, text, try_open, watch};

/// Waits for a child that must succeed, and gives its report.
#[track_caller]
fn report_of(child: Child) -> Json {
    let end = end(child);
    match end.outcome {
        Some(Ok(report)) => report,
        _ => panic!("{end:?}"),
    }
}

/// Two accounts whose sum is always 1,000, with a history long enough that a copy takes a while.
fn accounts(scratch: &Scratch) -> PathBuf {
    let path = scratch.path("bank.db");
    let raw = rusqlite::Connection::open(&path).expect("opens");
    raw.execute_batch(
        "PRAGMA journal_mode = wal; CREATE TABLE one (n INTEGER); CREATE TABLE pad (b BLOB); CREATE TABLE other (n INTEGER);
         INSERT INTO one VALUES (1000); INSERT INTO other VALUES (0);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 800) INSERT INTO pad SELECT randomblob(3900) FROM n;",
    )
    .expect("makes");
    path
}

#[test]
fn a_backup_beside_a_constant_writer_ends_and_is_of_one_state() {
    let scratch = Scratch::new();
    let (path, is_done, written) = (accounts(&scratch), AtomicBool::new(false), AtomicU64::new(0));
    let database = try_open(&path, &bare()).expect("opens").0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let writer = rusqlite::Connection::open(&path).expect("opens");
            writer.busy_timeout(Duration::from_secs(20)).expect("is set");
            writer.execute_batch("PRAGMA synchronous = off").expect("is set");
            while !is_done.load(Ordering::Relaxed) {
                writer
                    .execute_batch("BEGIN IMMEDIATE; UPDATE one SET n = n - 1; UPDATE other SET n = n + 1; COMMIT")
                    .expect("writes");
                written.fetch_add(1, Ordering::Relaxed);
            }
        });
        crate::support::wait_until("it writes", || written.load(Ordering::Relaxed) > 0);
        let mut sums = Vec::new();
        for (number, options) in ["{}", r#"{"step_pages": 1}"#, r#"{"compact": true}"#].into_iter().enumerate() {
            let (copy, before) = (scratch.path(&format!("copy{number}.db")), written.load(Ordering::Relaxed));
            let options = request::Backup::from_json(Some(options)).expect("options");
            database.backup(Some(&copy), &options, &watch()).expect("ends");
            let during = written.load(Ordering::Relaxed) - before;
            let copy = rusqlite::Connection::open(&copy).expect("opens");
            let sum = |sql: &str| copy.query_row(sql, [], |row| row.get::<_, i64>(0)).expect(sql);
            sums.push((sum("SELECT (SELECT n FROM one) + (SELECT n FROM other)"), during));
        }
        is_done.store(true, Ordering::Relaxed);
        println!("sums, and transactions meanwhile: {sums:?}");
        assert!(sums.iter().all(|(sum, during)| *sum == 1000 && *during > 0), "{sums:?}");
    });
}

#[test]
fn of_eight_processes_that_find_a_backup_due_one_makes_it() {
    let scene = Scene::new();
    let mut order = scene.order_named("a plain backup");
    order.options = json!({"every_hours": 1});
    for round in 0..rounds(1) {
        scene.set_up();
        let before = scene.names("backups").len();
        let children: Vec<Child> = (0..8).map(|_| order.start()).collect();
        let made: Vec<Json> = children.into_iter().map(report_of).filter(|report| !report["path"].is_null()).collect();
        assert_eq!(made.len(), 1, "round {round}: {made:?}");
        assert_eq!(scene.names("backups").len(), before + 2, "round {round}: a backup and its manifest");
        scene.is_whole(&order, "after eight at once");
    }
}

#[test]
fn backups_into_one_folder_at_once_are_all_whole() {
    let scene = Scene::new();
    let named = scene.order_named("a plain backup");
    let mut orders = vec![named.clone(), named];
    for name in ["a", "b", "c"] {
        let mut order = scene.order_named("a backup to a path");
        order.file = text(&scene.work(&format!("out/{name}.db")));
        orders.push(order);
    }
    for round in 0..rounds(2) {
        scene.set_up();
        let children: Vec<Child> = orders.iter().map(|order| order.start()).collect();
        let mut made: Vec<String> =
            children.into_iter().map(|child| report_of(child)["path"].as_str().expect("a path").to_owned()).collect();
        made.sort();
        made.dedup();
        assert_eq!(made.len(), orders.len(), "round {round}: {made:?}");
        scene.is_whole(&orders[0], &format!("round {round}, all at once"));
    }
}

#[test]
fn backups_over_one_another_at_once_leave_one_that_is_whole() {
    let scene = Scene::new();
    let order = scene.order_named("a backup over another");
    for round in 0..rounds(2) {
        scene.set_up();
        let children: Vec<Child> = (0..3).map(|_| order.start()).collect();
        children.into_iter().for_each(|child| drop(report_of(child)));
        scene.is_plausible(&order, "three over one another");
        scene.is_whole(&order, &format!("round {round}, three over one another"));
    }
}

#[test]
fn a_prune_leaves_what_a_verify_is_reading() {
    let scene = Scene::new();
    let order = scene.order_named("a verify");
    let database = order.open(&watch()).expect("opens");
    let pruned = Arc::new(AtomicBool::new(false));
    let operation = watch();
    let (prune, once) = (scene.order_named("a prune"), Arc::clone(&pruned));
    operation.on_progress(Some(Arc::new(move |progress| {
        if progress.stage == "reading the backup" && !once.swap(true, Ordering::Relaxed) {
            let report = report_of(prune.start());
            let in_use = report["kept"].as_array().expect("a list").iter().filter(|kept| {
                kept["because"].as_array().is_some_and(|because| because.iter().any(|why| why == "in use"))
            });
            // the increment and its base
            assert_eq!(in_use.count(), 2, "{report}");
        }
        true
    })));
    order.run(&database, &operation).expect("is not disturbed");
    assert!(pruned.load(Ordering::Relaxed), "it came to that");
    assert!(scene.work("backups/two.inc").exists() && scene.work("backups/one.db").exists());
    assert!(!scene.work("backups/three.age").exists(), "what nobody reads is gone");
    let again = scene.order_named("a prune").carry_out(&watch()).expect("prunes");
    assert_eq!(again["deleted"].as_array().map(Vec::len), Some(2), "then they go: {again}");
}

#[test]
fn a_look_at_what_is_in_use_disturbs_no_reader() {
    let scene = Scene::new();
    let order = scene.order_named("a verify");
    let (is_done, mut read) = (AtomicBool::new(false), 0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut prune = scene.order_named("a prune");
                prune.options["dry_run"] = true.into();
                let database = prune.open(&watch()).expect("opens");
                while !is_done.load(Ordering::Relaxed) {
                    prune.run(&database, &watch()).expect("judges");
                }
            });
        }
        let database = order.open(&watch()).expect("opens");
        let request = request::Verify::from_json(Some(r#"{"depth": "pages"}"#)).expect("options");
        let limit = Instant::now() + Duration::from_secs(2 * rounds(1));
        let mut outcome = Ok(());
        while Instant::now() < limit && outcome.is_ok() {
            outcome = database.verify(&scene.work("backups/two.inc"), &request, &watch()).map(|_| ());
            read += 1;
        }
        is_done.store(true, Ordering::Relaxed);
        println!("{read} times read");
        outcome.expect("is only looked at");
    });
}

#[test]
fn after_a_restore_the_file_is_still_guarded_against_other_processes() {
    // A descriptor of the restore on the new file was closed after SQLite had taken its locks on it, which dropped them: the
    // next process that came and went took the log away under this one, and what it wrote then was lost.
    let scene = Scene::new();
    let order = scene.order_named("a restore by rename");
    let database = order.open(&watch()).expect("opens");
    let report = order.run(&database, &watch()).expect("restores");
    assert_eq!(report["method"], "rename");
    let query = |sql: &str| database.query(sql, None, &watch()).expect(sql);
    for number in 0..3 {
        query(&format!("INSERT INTO state VALUES ('mine {number}')"));
        let sql = format!("INSERT INTO state VALUES ('theirs {number}')");
        crate::archive::run("sqlite3", &[&order.database, &sql]);
        let log = PathBuf::from(format!("{}-wal", order.database));
        assert!(log.exists(), "the log was taken away while it is in use");
    }
    let seen = rows(&database, "SELECT count(*) FROM state");
    let theirs =
        crate::archive::run("sqlite3", &[&order.database, "SELECT count(*) FROM state; PRAGMA integrity_check"]);
    assert_eq!((seen[0][0].as_i64(), theirs.as_str()), (Some(7), "7\nok\n"));
    database.close().expect("closes");
    let after = crate::archive::run("sqlite3", &[&order.database, "SELECT count(*) FROM state"]);
    assert_eq!(after, "7\n");
}

#[test]
fn another_handle_of_the_process_sees_a_restore() {
    for journal in ["wal", "delete"] {
        let scene = Scene::new();
        let mut order = scene.order_named("a restore by rename");
        order.open["journal_mode"] = journal.into();
        let (database, other) = (order.open(&watch()).expect("opens"), order.open(&watch()).expect("opens"));
        assert_eq!(rows(&other, "SELECT v FROM state")[0][0], "now");
        let report = order.run(&database, &watch()).expect("restores");
        assert_eq!(rows(&database, "SELECT v FROM state")[0][0], "two");
        assert_eq!(rows(&other, "SELECT v FROM state")[0][0], "two", "{journal}: {}", report["method"]);
        other.query("UPDATE state SET v = 'on'", None, &watch()).expect("writes");
        assert_eq!(rows(&database, "SELECT v FROM state")[0][0], "on", "{journal}");
    }
}

/// Something that can be stopped.
type Act<'a> = (&'static str, &'a dyn Fn(&Operation) -> Result<(), Error>);

#[test]
fn a_call_that_is_cancelled_stops_soon_and_leaves_nothing() {
    let (mut random, scratch) = (seed("cancel"), Scratch::new());
    let path = scratch.path("large.db");
    let raw = rusqlite::Connection::open(&path).expect("opens");
    raw.execute_batch(
        "PRAGMA journal_mode = wal; CREATE TABLE state (v TEXT); CREATE TABLE pad (id INTEGER PRIMARY KEY, b BLOB);
         CREATE INDEX pad_b ON pad (substr(b, 1, 20));
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) INSERT INTO pad SELECT i, randomblob(500) FROM n;
         INSERT INTO state VALUES ('now')",
    )
    .expect("makes");
    drop(raw);
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    let backup = request::BackupFolder { folder: Some(text(&scratch.path("backups"))), ..Default::default() };
    let database = try_open(&path, &request::Open { backup, ..bare() }).expect("opens").0;
    let made = database.backup(None, &request::Backup::default(), &watch()).expect("backs up");
    let source = PathBuf::from(made.path.expect("a path"));
    let packed = request::Backup::from_json(Some(r#"{"compress": 1, "verify": "quick"}"#)).expect("options");
    let made = database.backup(None, &packed, &watch()).expect("backs up");
    let packed_path = PathBuf::from(made.path.expect("a path"));
    database.query("UPDATE state SET v = 'later'", None, &watch()).expect("writes");
    let _guest = rusqlite::Connection::open(&path).expect("opens");
    let plain = request::Backup::default();
    let compact = request::Backup { compact: true, ..Default::default() };
    let full = request::Verify::from_json(Some(r#"{"depth": "full"}"#)).expect("options");
    let restore = request::Restore { busy_timeout_ms: Some(1), ..Default::default() };
    let acts: [Act<'_>; 6] = [
        ("backup", &|watch| database.backup(None, &plain, watch).map(|_: report::Backup| ())),
        ("compressed backup", &|watch| database.backup(None, &packed, watch).map(|_| ())),
        ("compact backup", &|watch| database.backup(None, &compact, watch).map(|_| ())),
        ("verify", &|watch| database.verify(&source, &full, watch).map(|_| ())),
        ("verify of a compressed one", &|watch| database.verify(&packed_path, &full, watch).map(|_| ())),
        ("restore", &|watch| {
            database.restore(&source, &restore, watch)?;
            database.query("UPDATE state SET v = 'later'", None, &crate::support::watch()).map(|_| ())
        }),
    ];
    for (name, act) in acts {
        let (mut slowest, mut at, mut cancelled) = (Duration::ZERO, String::new(), 0);
        let began = Instant::now();
        act(&watch()).expect(name);
        let whole = began.elapsed();
        for _ in 0..rounds(4) {
            let before = files(&scratch);
            let operation = watch();
            let delay = Duration::from_micros(next(&mut random, whole.as_micros() as u64));
            let (outcome, waited, stage) = std::thread::scope(|scope| {
                let canceller = scope.spawn(|| {
                    // why a sleep: the moment is what is tried
                    std::thread::sleep(delay);
                    operation.cancel();
                    (Instant::now(), operation.progress().stage)
                });
                let outcome = act(&operation);
                let end = Instant::now();
                let (told, stage) = canceller.join().expect("cancels");
                (outcome, end.saturating_duration_since(told), stage)
            });
            match outcome {
                Ok(()) => {}
                Err(Error::Cancelled { .. }) => {
                    cancelled += 1;
                    let made: Vec<String> = files(&scratch).into_iter().filter(|file| !before.contains(file)).collect();
                    // a restore that is stopped in its transaction has backed up what was there
                    let is_backup = |file: &String| name == "restore" && file.contains(".pre-restore.db");
                    assert!(made.iter().all(is_backup), "{name} cancelled while {stage}: {made:?}");
                    if waited > slowest {
                        (slowest, at) = (waited, stage);
                    }
                }
                Err(error) => panic!("{name}: {error}"),
            }
            assert_eq!(rows(&database, "SELECT v FROM state")[0][0], "later", "{name}");
        }
        println!("{name}, which takes {whole:?}: {cancelled} cancelled, the slowest after {slowest:?} while {at}");
        // why so long: without optimisation an encrypted scratch file takes a millisecond a page, and SQLite writes its cache at once
        let is_slow = cfg!(debug_assertions) && name.contains("comp");
        let limit = Duration::from_secs(if is_slow { 10 } else { 1 });
        assert!(slowest < limit, "{name} went on for {slowest:?} while {at}");
    }
    still_sound(&database, &scratch);
}

/// Every file, but what SQLite and the lock of the folder keep beside theirs.
fn files(scratch: &Scratch) -> Vec<String> {
    let of = |folder: &str| {
        let entries = std::fs::read_dir(scratch.path(folder)).expect("reads");
        entries.map(|entry| entry.expect("an entry").path().display().to_string()).collect::<Vec<_>>()
    };
    let mut found = [of(""), of("backups")].concat();
    found.retain(|file| !["-wal", "-shm", "-journal", ".lock"].iter().any(|end| file.ends_with(end)));
    found
}

fn still_sound(database: &Database, scratch: &Scratch) {
    assert_eq!(database.diagnostics(&watch()).expect("looks").integrity, "ok");
    assert!(files(scratch).iter().all(|file| !file.contains(".partial")));
}
