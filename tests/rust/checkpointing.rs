//! Checkpoints that somebody holds back: that they say so, and who it was.
//!
//! A plain connection of the test's stands for another process: the library does not know it.

use super::*;

const BLOCKING: [CheckpointMode; 3] = [CheckpointMode::Full, CheckpointMode::Restart, CheckpointMode::Truncate];

fn checkpoint(database: &Database, mode: CheckpointMode, wait_ms: u64) -> report::Checkpoint {
    let request = request::Checkpoint { busy_timeout_ms: Some(wait_ms) };
    database.checkpoint(mode, &request, &watch()).expect("answers")
}

/// Runs `body` while a long query of `database` reads its table `a`.
fn while_reading<T>(database: &Database, body: impl FnOnce() -> T) -> T {
    let operation = watch();
    let (begun, has_begun) = mpsc::channel();
    operation.on_progress(Some(Arc::new(move |_| begun.send(()).is_ok())));
    let stop = operation.clone();
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let sql = "WITH RECURSIVE n(i) AS (SELECT x FROM a UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
            database.query(sql, None, &operation)
        });
        has_begun.recv_timeout(Duration::from_secs(30)).expect("reads");
        // why kept: the query would stop when nobody hears of its progress
        let value = body();
        stop.cancel();
        assert_eq!(refusal(reading.join().expect("no panic")), "CANCELLED", "it read all the time");
        drop(has_begun);
        value
    })
}

/// Runs `body` while a transaction of `database` is open.
fn while_writing<T>(database: &Database, body: impl FnOnce() -> T) -> T {
    let ((begun, has_begun), (end, may_end)) = (mpsc::channel(), mpsc::channel::<()>());
    std::thread::scope(|scope| {
        let writing = scope.spawn(move || {
            database.transaction(&watch(), |_| {
                begun.send(()).expect("is waited for");
                i32::from(may_end.recv_timeout(Duration::from_secs(30)).is_err())
            })
        });
        has_begun.recv_timeout(Duration::from_secs(30)).expect("writes");
        let value = body();
        end.send(()).expect("is waited for");
        assert!(writing.join().expect("no panic").expect("succeeds").committed);
        value
    })
}

fn another_process() -> Option<report::HeldBy> {
    Some(report::HeldBy { who: "another process", ..report::HeldBy::default() })
}

#[test]
fn a_reader_of_ours_is_named_with_its_verb_and_age() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let reader = database.act_as("ada", Role::Supervisor).expect("a second handle");
    for reader in [&database, &reader] {
        while_reading(reader, || {
            query(&database, "INSERT INTO a VALUES (random())").expect("adds");
            let passive = checkpoint(&database, CheckpointMode::Passive, 0);
            assert_eq!((passive.busy, passive.held_by), (false, None), "a passive one waits for nobody");
            assert!(passive.log > passive.checkpointed, "and says how far it came");
            for mode in BLOCKING {
                let start = Instant::now();
                let held = checkpoint(&database, mode, 120);
                assert!(start.elapsed() >= Duration::from_millis(100), "it waited: {held:?}");
                let by = held.held_by.expect("busy");
                assert_eq!((held.busy, by.who, by.label), (true, "reader", Some("query")));
                assert!(by.age_ms.expect("ours").cmp(&100).is_ge(), "{by:?}");
                assert!(held.log > held.checkpointed, "{mode:?}");
            }
        });
        for mode in CheckpointMode::ALL {
            let free = checkpoint(&database, mode, 1_000);
            assert_eq!((free.busy, free.held_by, free.log), (false, None, free.checkpointed), "{mode:?}");
        }
    }
}

#[test]
fn a_reader_that_came_later_is_not_blamed() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch("BEGIN; SELECT count(*) FROM a").expect("holds a snapshot");
    query(&database, "INSERT INTO a VALUES (2)").expect("adds");
    std::thread::scope(|scope| {
        let held = scope.spawn(|| checkpoint(&database, CheckpointMode::Full, 1_500));
        std::thread::sleep(Duration::from_millis(200));
        while_reading(&database, || assert_eq!(held.join().expect("no panic").held_by, another_process()));
    });
}

#[test]
fn a_writer_of_ours_is_named_with_its_verb_and_age() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let second = database.act_as("ada", Role::Admin).expect("a second handle");
    while_writing(&second, || {
        std::thread::sleep(Duration::from_millis(20));
        for mode in CheckpointMode::ALL {
            let held = checkpoint(&database, mode, 60);
            let by = held.held_by.expect("busy");
            assert_eq!((held.busy, by.who, by.label), (true, "writer", Some("transaction")), "{mode:?}");
            assert!(by.age_ms.expect("ours") >= 20);
            assert!(held.log > 0, "the numbers are there all the same");
            assert_eq!(
                held.duration_ms >= 60.0,
                mode != CheckpointMode::Passive,
                "{mode:?} took {} ms",
                held.duration_ms
            );
        }
    });
    assert!(!checkpoint(&database, CheckpointMode::Truncate, 1_000).busy);
}

#[test]
fn what_is_not_ours_is_another_process() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch("BEGIN; SELECT count(*) FROM a").expect("holds a snapshot");
    query(&database, "INSERT INTO a VALUES (2)").expect("adds");
    for mode in BLOCKING {
        assert_eq!(checkpoint(&database, mode, 20).held_by, another_process(), "a reader, {mode:?}");
    }
    plain.execute_batch("ROLLBACK; BEGIN IMMEDIATE").expect("holds the write lock");
    for mode in BLOCKING {
        let held = checkpoint(&database, mode, 20);
        assert_eq!((held.busy, held.held_by), (true, another_process()), "a writer, {mode:?}");
    }
    while_reading(&database, || {
        let held = checkpoint(&database, CheckpointMode::Restart, 20);
        assert_eq!(held.held_by, another_process(), "a reader of ours beside it is not to blame");
    });
    assert!(!checkpoint(&database, CheckpointMode::Passive, 0).busy, "needs no write lock");
    plain.execute_batch("ROLLBACK").expect("lets go");
    assert_eq!(checkpoint(&database, CheckpointMode::Truncate, 1_000).held_by, None);
    query(&database, "INSERT INTO a VALUES (3)").expect("the look for the writer left no transaction open");
}

#[test]
fn a_cancel_ends_the_wait_at_once() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch("BEGIN; SELECT count(*) FROM a").expect("holds a snapshot");
    query(&database, "INSERT INTO a VALUES (2)").expect("adds");
    let cancelled = |mode| {
        let operation = Operation::new();
        let request = request::Checkpoint { busy_timeout_ms: Some(60_000) };
        let asked = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| refusal(database.checkpoint(mode, &request, &operation)));
            std::thread::sleep(Duration::from_millis(150));
            operation.cancel();
            let asked = Instant::now();
            assert_eq!(waiting.join().expect("no panic"), "CANCELLED", "{mode:?}");
            asked
        });
        assert!(asked.elapsed() < Duration::from_secs(2), "{mode:?}: {:?}", asked.elapsed());
    };
    BLOCKING.into_iter().for_each(cancelled);
    while_writing(&database, || BLOCKING.into_iter().for_each(cancelled));
}

#[test]
fn without_a_log_there_is_nobody_to_wait_for() {
    let scratch = Scratch::new();
    let options = request::Open { journal_mode: request::JournalMode::Delete, ..bare() };
    let on_disk = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let in_memory = try_open(":memory:", &bare()).expect("opens").0;
    for database in [&on_disk, &in_memory] {
        query(database, "CREATE TABLE a (x)").expect("makes");
        for mode in CheckpointMode::ALL {
            let report = checkpoint(database, mode, 20);
            assert_eq!((report.busy, report.log, report.checkpointed, report.held_by), (false, -1, -1, None));
        }
    }
    while_writing(&in_memory, || {
        let start = Instant::now();
        for mode in CheckpointMode::ALL {
            let report = checkpoint(&in_memory, mode, 20);
            let by = report.held_by.expect("busy");
            assert_eq!((report.busy, report.log, by.who, by.label), (true, -1, "writer", Some("transaction")));
        }
        assert!(start.elapsed() < Duration::from_secs(5), "it did not wait for the connection that is in use");
    });
}

#[test]
fn a_handle_that_may_not_write_makes_no_checkpoint() {
    let scratch = Scratch::new();
    let _writer = table_with_one(&scratch);
    let options = request::Open { read_only: true, ..bare() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    for mode in CheckpointMode::ALL {
        assert_eq!(refusal(database.checkpoint(mode, &request::Checkpoint::default(), &watch())), "READ_ONLY");
    }
}

#[test]
fn the_command_says_who_was_in_the_way() {
    let scratch = Scratch::new();
    table_with_one(&scratch).close().expect("closes");
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch("INSERT INTO a VALUES (2); BEGIN; SELECT count(*) FROM a").expect("holds a snapshot");
    let ran = run(scratch.folder(), &["checkpoint", "a.db", "truncate"]);
    let first = "truncate checkpoint busy: kept from finishing by another process\n";
    assert!(ran.code == Some(1) && ran.stdout.starts_with(first), "{ran:?}");
}
