//! Handles, transactions, backups, checkpoints.

use super::*;

// --- handles

#[test]
fn a_handle_for_another_user_has_their_rights_and_never_more() {
    let scratch = Scratch::new();
    let admin = open(scratch.path("a.db"));
    let supervisor = admin.act_as("sue", Role::Supervisor).expect("hands out");
    assert_eq!((supervisor.actor(), supervisor.role()), ("sue", Role::Supervisor));
    assert_eq!(value(&supervisor, "SELECT count(*) FROM users"), 0);
    assert!(
        supervisor.health(&request::Health::default(), &watch()).is_ok() && supervisor.diagnostics(&watch()).is_ok()
    );
    assert!(supervisor.migrations(&watch()).is_ok());
    assert_eq!(stats(&supervisor, false).schema_version, 18);
    for denied in [
        refusal(query(&supervisor, "DELETE FROM users")),
        refusal(query(&supervisor, "WITH a AS (SELECT 1) DELETE FROM users")),
        refusal(query(&supervisor, "CREATE TEMP TABLE t (x)")),
        refusal(migrate(&supervisor)),
        refusal(supervisor.transaction(&watch(), |_| 0)),
        refusal(supervisor.checkpoint(CheckpointMode::Passive, &request::Checkpoint::default(), &watch())),
        refusal(supervisor.backup(Some(&scratch.path("b.db")), &request::Backup::default(), &watch())),
        refusal(supervisor.add_step(host_step(99, |_| Ok(())))),
        refusal(supervisor.act_as("eve", Role::Admin)),
    ] {
        assert_eq!(denied, "DENIED");
    }
    let user = supervisor.act_as("bob", Role::User).expect("hands out less");
    for denied in [
        refusal(query(&user, "SELECT 1")),
        refusal(user.health(&request::Health::default(), &watch())),
        refusal(user.stats(&request::Stats::default(), &watch())),
        refusal(user.script("return 1", &request::Script::default(), &watch())),
        refusal(user.act_as("bob", Role::User)),
    ] {
        assert_eq!(denied, "DENIED");
    }
    assert!(!scratch.path("b.db").exists());
}

#[test]
fn the_role_of_open_holds_for_the_handle() {
    let scratch = Scratch::new();
    let options = request::Open { role: Role::Supervisor, actor: Some("sue".into()), ..request::Open::default() };
    let (database, report) = try_open(scratch.path("a.db"), &options).expect("opens");
    assert_eq!(report.migrate.expect("the library migrates").to, 18);
    assert_eq!(refusal(migrate(&database)), "DENIED");
    assert_eq!(database.migrations(&watch()).expect("lists").migrations[0].actor.as_deref(), Some("sue"));
}

#[test]
fn handles_of_one_database_are_closed_one_by_one() {
    let scratch = Scratch::new();
    let first = open(scratch.path("a.db"));
    let second = first.act_as("ada", Role::Admin).expect("hands out");
    first.close().expect("closes");
    first.close().expect("closing twice is nothing to do");
    assert_eq!(refusal(query(&first, "SELECT 1")), "STALE_HANDLE");
    assert_eq!(refusal(first.act_as("x", Role::User)), "STALE_HANDLE");
    add_user(&second);
    second.close().expect("closes");
    assert_eq!(scratch.names(), ["a.db"], "the last handle closed the file");
}

#[test]
fn close_cancels_the_running_call_and_waits_for_it() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let (said, started) = mpsc::channel();
    let operation = Operation::new();
    operation.on_progress(Some(Arc::new(move |_| said.send(()).is_ok())));
    std::thread::scope(|scope| {
        let call = scope.spawn(|| database.query(ENDLESS, None, &operation));
        started.recv_timeout(Duration::from_secs(30)).expect("the call runs");
        database.close().expect("closes");
        assert_eq!(scratch.names(), ["a.db"], "closed when close returned");
        assert_eq!(refusal(call.join().expect("no panic")), "CANCELLED");
    });
    assert_eq!(refusal(query(&database, "SELECT 1")), "STALE_HANDLE");
}

// --- transactions

#[test]
fn a_transaction_commits_on_zero_and_rolls_back_on_anything_else() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let add = |returned: i32| {
        move |bound: &Arc<Database>| {
            query(bound, "INSERT INTO a VALUES (2)").expect("adds");
            assert_eq!(value(bound, "SELECT count(*) FROM a"), 2, "sees its own rows");
            returned
        }
    };
    let report = database.transaction(&watch(), add(-3)).expect("runs");
    assert_eq!((report.committed, report.returned), (false, -3));
    assert_eq!(value(&database, "SELECT count(*) FROM a"), 1);
    let report = database.transaction(&watch(), add(0)).expect("runs");
    assert_eq!((report.committed, report.returned), (true, 0));
    assert_eq!(value(&database, "SELECT count(*) FROM a"), 2);
}

#[test]
fn a_transaction_is_not_seen_from_outside_before_it_ends() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let seen = database.transaction(&watch(), |bound| {
        query(bound, "INSERT INTO a VALUES (2)").expect("adds");
        std::thread::scope(|scope| {
            let other = scope.spawn(|| value(&database, "SELECT count(*) FROM a"));
            i32::try_from(other.join().expect("no panic").as_i64().expect("a number")).expect("small")
        })
    });
    assert_eq!(seen.expect("runs").returned, 1);
}

#[test]
fn transactions_do_not_nest_and_their_handle_does_not_outlive_them() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let mut kept = None;
    let report = database.transaction(&watch(), |bound| {
        assert_eq!(refusal(bound.transaction(&watch(), |_| 0)), "UNSUPPORTED");
        assert_eq!(refusal(database.transaction(&watch(), |_| 0)), "REENTRANT");
        assert_eq!(refusal(query(&database, "SELECT 1")), "REENTRANT");
        assert_eq!(refusal(query(bound, "COMMIT")), "UNSUPPORTED");
        assert_eq!(refusal(query(bound, "SAVEPOINT s")), "UNSUPPORTED");
        let checkpoint = bound.checkpoint(CheckpointMode::Full, &request::Checkpoint::default(), &watch());
        assert_eq!(refusal(checkpoint), "UNSUPPORTED");
        assert_eq!(stats(bound, false).tables["a"], Some(1));
        kept = Some(Arc::clone(bound));
        0
    });
    assert!(report.expect("runs").committed);
    assert_eq!(refusal(query(&kept.expect("kept"), "INSERT INTO a VALUES (5)")), "STALE_HANDLE");
}

#[test]
fn a_panic_in_a_transaction_rolls_back_and_takes_its_handle_along() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let before = contents(&database);
    let mut kept = None;
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        database.transaction(&watch(), |bound| {
            query(bound, "INSERT INTO a VALUES (2)").expect("adds");
            kept = Some(Arc::clone(bound));
            std::panic::resume_unwind(Box::new("the host's own"))
        })
    }));
    assert!(outcome.map_or(true, |outcome| outcome.is_err()));
    let kept = kept.expect("kept");
    assert_eq!(refusal(query(&kept, "INSERT INTO a VALUES (3)")), "STALE_HANDLE");
    assert_eq!(contents(&database), before);
    assert!(database.transaction(&watch(), |_| 0).expect("works again").committed);
}

// --- backups

/// Names in the folder that belong to neither the database nor what the test put there.
fn leftovers(scratch: &Scratch, known: &[&str]) -> Vec<String> {
    let ours =
        |name: &String| name == "a.db" || name == "a.db-wal" || name == "a.db-shm" || known.contains(&name.as_str());
    scratch.names().into_iter().filter(|name| !ours(name)).collect()
}

fn copy(database: &Database, to: &Path) -> Result<report::Backup, Error> {
    database.backup(Some(to), &request::Backup::default(), &watch())
}

#[test]
fn backup_of_a_busy_database_converges() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    query(&database, "CREATE TABLE a (n INTEGER PRIMARY KEY, pad)").expect("makes");
    query(&database, "CREATE TABLE b (n INTEGER PRIMARY KEY)").expect("makes");
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 800) \
                INSERT INTO a SELECT i, randomblob(1000) FROM n";
    query(&database, fill).expect("fills");
    query(&database, "INSERT INTO b SELECT n FROM a").expect("fills");
    let (stop, written) = (AtomicBool::new(false), Arc::new(AtomicU64::new(0)));
    let operation = watch();
    let counter = Arc::clone(&written);
    // between two steps of the copy the writer commits at least once, so a copy that starts over never ends
    operation.on_progress(Some(Arc::new(move |progress| {
        if progress.stage == "copying pages" {
            let before = counter.load(Ordering::Acquire);
            wait_until("the writer has written", || counter.load(Ordering::Acquire) > before);
        }
        true
    })));
    let destination = scratch.path("copy.db");
    let report = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Acquire) {
                let both = |bound: &Arc<Database>| {
                    query(bound, "INSERT INTO a (pad) VALUES (randomblob(1000))").expect("adds");
                    query(bound, "INSERT INTO b DEFAULT VALUES").expect("adds");
                    0
                };
                assert!(database.transaction(&watch(), both).expect("writes").committed);
                written.fetch_add(1, Ordering::Release);
            }
        });
        let request = request::Backup { step_pages: Some(20), ..request::Backup::default() };
        let outcome = database.backup(Some(&destination), &request, &operation);
        stop.store(true, Ordering::Release);
        outcome.expect("finishes")
    });
    assert!(written.load(Ordering::Acquire) >= 5, "the database was busy");
    assert_eq!((report.path.as_deref(), report.verified), (destination.to_str(), true));
    assert_eq!(leftovers(&scratch, &["copy.db", "copy.db.manifest.json"]), Vec::<String>::new());
    assert_eq!(std::fs::metadata(&destination).expect("there").permissions().mode() & 0o777, 0o600);
    assert_eq!(report.size_bytes, bytes(&destination).len() as u64);
    let plain = rusqlite::Connection::open(&destination).expect("opens");
    let ask = |sql: &str| plain.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0)).expect(sql);
    assert_eq!(ask("PRAGMA integrity_check"), rusqlite::types::Value::Text("ok".into()));
    assert_eq!(ask("PRAGMA journal_mode"), rusqlite::types::Value::Text("delete".into()));
    assert_eq!(ask("SELECT count(*) FROM a"), ask("SELECT count(*) FROM b"), "one state of the database");
}

#[test]
fn a_backup_takes_over_nothing_that_exists() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let taken = scratch.write("taken.db", "somebody's file");
    assert_eq!(refusal(copy(&database, &taken)), "ALREADY_EXISTS");
    assert_eq!(bytes(&taken), b"somebody's file");
    let dangling = scratch.path("dangling.db");
    std::os::unix::fs::symlink(scratch.path("nowhere"), &dangling).expect("links");
    assert_eq!(refusal(copy(&database, &dangling)), "ALREADY_EXISTS");
    assert_eq!(refusal(copy(&database, scratch.folder())), "ALREADY_EXISTS");
    assert_eq!(refusal(copy(&database, &scratch.path("no/such/folder/b.db"))), "NOT_FOUND");
    assert_eq!(refusal(database.backup(None, &request::Backup::default(), &watch())), "INVALID_ARGUMENT");
    assert_eq!(leftovers(&scratch, &["taken.db", "dangling.db"]), Vec::<String>::new());
}

#[test]
fn a_backup_never_goes_over_the_database_itself() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    let database = open(&path);
    let (soft, hard) = (scratch.path("soft.db"), scratch.path("hard.db"));
    std::os::unix::fs::symlink(&path, &soft).expect("links");
    std::fs::hard_link(&path, &hard).expect("links");
    std::fs::create_dir(scratch.path("sub")).expect("makes");
    for name in [path, soft, hard, scratch.path("sub/../a.db")] {
        assert_eq!(refusal(copy(&database, &name)), "SAME_FILE", "{}", name.display());
    }
    assert_eq!(diagnostics(&database).integrity, "ok");
}

#[test]
fn a_backup_without_destination_gets_a_name_in_the_folder() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    let folder = request::BackupFolder {
        folder: Some(text(&scratch.path("backups"))),
        before_migrate: true,
        ..Default::default()
    };
    let options = request::Open { backup: folder, migrate: Some(false), ..request::Open::default() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let report = database.backup(None, &request::Backup::default(), &watch()).expect("copies");
    let name = Path::new(&report.path.expect("made")).file_name().expect("a name").to_string_lossy().into_owned();
    assert!(name.starts_with("a-20") && name.ends_with("Z.db"), "{name}");
    migrate_to(&database, 1).expect("migrates");
    add_user(&database);
    let before = migrate(&database).expect("migrates").backup.expect("backed up before");
    let kept = try_open(before.path.expect("made"), &bare()).expect("opens").0;
    assert_eq!(value(&kept, "SELECT count(*) FROM users"), 1);
    assert_eq!(stats(&kept, false).schema_version, 1, "the state before the run");
    assert!(migrate(&database).expect("nothing to do").backup.is_none());
}

#[test]
fn a_cancelled_backup_leaves_nothing() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let operation = watch();
    operation.on_progress(Some(Arc::new(|progress| progress.stage != "copying pages" || progress.done < 20)));
    let request = request::Backup { step_pages: Some(10), ..request::Backup::default() };
    let outcome = database.backup(Some(&scratch.path("b.db")), &request, &operation);
    assert_eq!(refusal(outcome), "CANCELLED");
    assert_eq!(leftovers(&scratch, &[]), Vec::<String>::new());
}

// --- checkpoints

#[test]
fn a_truncating_checkpoint_says_that_a_reader_was_in_the_way() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch("BEGIN; SELECT count(*) FROM a").expect("holds a snapshot");
    query(&database, "INSERT INTO a VALUES (2)").expect("adds");
    let request = request::Checkpoint { busy_timeout_ms: Some(20) };
    let held = database.checkpoint(CheckpointMode::Truncate, &request, &watch()).expect("answers");
    assert_eq!((held.mode, held.busy), ("truncate", true));
    assert!(held.log > held.checkpointed, "{held:?}");
    plain.execute_batch("ROLLBACK").expect("lets go");
    let free = database.checkpoint(CheckpointMode::Truncate, &request, &watch()).expect("answers");
    assert_eq!((free.busy, free.log), (false, 0));
    assert_eq!(std::fs::metadata(scratch.path("a.db-wal")).expect("there").len(), 0);
    for mode in CheckpointMode::ALL {
        query(&database, "UPDATE a SET x = x + 10").expect("writes");
        let report = database.checkpoint(mode, &request::Checkpoint::default(), &watch()).expect("answers");
        assert_eq!((report.mode, report.busy, report.log == report.checkpointed), (mode.name(), false, true));
    }
}

#[test]
fn a_checkpoint_without_a_log_says_so() {
    let scratch = Scratch::new();
    let options = request::Open { journal_mode: request::JournalMode::Delete, ..request::Open::default() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let report = database.checkpoint(CheckpointMode::Full, &request::Checkpoint::default(), &watch()).expect("answers");
    assert_eq!((report.busy, report.log, report.checkpointed), (false, -1, -1));
}
