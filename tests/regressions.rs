//! Faults that were found and mended. Each test tells what was lost.
//!
//! Leaves to others: what is promised in general. A test here fails on the code as it was before its mend.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use rpmadb::{Database, Error, Operation, Role, request};

use crate::support::{Scratch, bare, open, refusal, try_open, value, watch, with_folder};

fn empty(scratch: &Scratch) -> Database {
    try_open(scratch.path("a.db"), &bare()).expect("opens").0
}

fn run(database: &Database, sql: &str) {
    database.query(sql, None, &watch()).expect(sql);
}

/// Two threads on the lent handle switched the connection's rules past each other and left it under those for users: the
/// library's own COMMIT and ROLLBACK were refused, and every later write on the database was acknowledged and lost.
#[test]
fn threads_on_a_lent_handle_leave_the_writer_as_it_was() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    run(&database, "CREATE TABLE a (x)");
    let mut expected = 0;
    for round in 0..20 {
        let report = database.transaction(&watch(), |lent| {
            std::thread::scope(|scope| {
                for thread in 0..3 {
                    scope.spawn(move || {
                        for row in 0..20 {
                            run(lent, &format!("INSERT INTO a VALUES ({})", thread * 100 + row));
                            lent.stats(&request::Stats { estimate: true, ..request::Stats::default() }, &watch())
                                .expect("counts");
                        }
                    });
                }
            });
            round % 2
        });
        assert_eq!(report.expect("ends as asked").committed, round % 2 == 0);
        expected += if round % 2 == 0 { 60 } else { 0 };
        assert_eq!(value(&database, "SELECT count(*) FROM a"), expected);
    }
    run(&database, "INSERT INTO a VALUES (7)");
    database.close().expect("closes");
    assert_eq!(value(&empty(&scratch), "SELECT count(*) FROM a"), expected + 1, "what was acknowledged is there");
}

/// A statement kept from an admin was not judged again for a supervisor, who could write with the same text.
#[test]
fn a_kept_statement_is_judged_again_for_a_lesser_role() {
    let admin = try_open(":memory:", &bare()).expect("opens").0;
    run(&admin, "CREATE TABLE a (x)");
    let insert = "INSERT INTO a VALUES (1)";
    run(&admin, insert);
    let supervisor = admin.act_as("sue", Role::Supervisor).expect("hands out");
    assert_eq!(refusal(supervisor.query(insert, None, &watch())), "DENIED");
    admin
        .transaction(&watch(), |lent| {
            run(lent, insert);
            let supervisor = lent.act_as("sue", Role::Supervisor).expect("hands out");
            i32::from(refusal(supervisor.query(insert, None, &watch())) != "DENIED")
        })
        .expect("commits");
    assert_eq!(value(&admin, "SELECT count(*) FROM a"), 2);
}

/// With no numbered migration the stamp was recorded nowhere, was taken for the host's, and hid a changed view.
#[test]
fn a_set_of_repeatables_alone_is_run_when_it_changes_back() {
    let scratch = Scratch::new();
    for text in ["one", "two", "one"] {
        let view = format!("DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT '{text}' AS t");
        let folder = scratch.migrations("m", &[("R_v.sql", &view)]);
        let (database, _) = try_open(scratch.path("a.db"), &with_folder(&folder)).expect("opens");
        let found = database.query("SELECT t FROM v", None, &watch()).expect("reads");
        assert_eq!(found.rows[0][0], text);
    }
}

/// A time-out while `synchronous` was being set counted as having set it; the host's wish for durability was dropped.
#[test]
fn a_failed_setting_is_tried_again() {
    let scratch = Scratch::new();
    let options = request::Open { synchronous: request::Synchronous::Extra, ..bare() };
    let (database, _) = try_open(scratch.path("a.db"), &options).expect("opens");
    let stopped = Operation::new();
    stopped.set_timeout_ms(1);
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
    // whichever statement the time-out hits, the setting must hold afterwards
    database.query(&format!("INSERT INTO nowhere {many}"), None, &stopped).expect_err("does not end");
    run(&database, "CREATE TABLE a (x)");
    assert_eq!(value(&database, "PRAGMA synchronous"), 3);
}

/// A temporary view named like our history took its place; a temporary table swallowed rows of everybody who wrote later.
#[test]
fn temporary_objects_are_refused() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    for sql in [
        "CREATE TEMP VIEW rpmadb_migrations AS SELECT 1",
        "CREATE TEMP TABLE users AS SELECT * FROM main.users",
        "CREATE TEMP TRIGGER t AFTER INSERT ON users BEGIN SELECT 1; END",
        "CREATE VIEW rpmadb_v AS SELECT 1",
    ] {
        assert_eq!(refusal(database.query(sql, None, &watch())), "UNSUPPORTED", "{sql}");
    }
}

/// A migration may stage rows in a temporary table; it must not stay on the writer.
#[test]
fn a_temporary_table_of_a_migration_is_gone_after_it() {
    let scratch = Scratch::new();
    let folder = scratch.migrations(
        "m",
        &[
            ("1_a.sql", "CREATE TABLE a (x); CREATE TEMP TABLE b AS SELECT 5 AS x; INSERT INTO a SELECT x FROM b;"),
            ("2_b.sql", "CREATE TABLE b (x); INSERT INTO b VALUES (1);"),
        ],
    );
    let database = try_open(scratch.path("a.db"), &with_folder(&folder)).expect("opens").0;
    run(&database, "INSERT INTO b VALUES (2)");
    assert_eq!(value(&database, "SELECT count(*) FROM b"), 2);
    assert_eq!(value(&database, "SELECT x FROM a"), 5);
}

/// The script's thread did not know the calls around it: a callback there got into the handle, and its close hung for ever.
#[test]
fn a_callback_on_the_thread_of_a_script_is_reentrant_too() {
    let database = Arc::new(try_open(":memory:", &bare()).expect("opens").0);
    let (said, heard) = mpsc::channel();
    let outer = Arc::clone(&database);
    let watching = Operation::new();
    let asked = AtomicBool::new(false);
    watching.on_progress(Some(Arc::new(move |_| {
        if !asked.swap(true, Ordering::Relaxed) {
            let answers = [refusal(outer.query("SELECT 1", None, &Operation::new())), refusal(outer.close())];
            said.send(answers).expect("is heard");
        }
        false
    })));
    let outcome = database.transaction(&watch(), |lent| {
        let endless = lent.script("while true do end", &request::Script::default(), &watching);
        i32::from(!matches!(endless, Err(Error::Cancelled { .. })))
    });
    assert!(outcome.expect("ends").committed);
    assert_eq!(heard.recv_timeout(Duration::from_secs(5)), Ok(["REENTRANT", "REENTRANT"]));
}

/// One C call with a length made up by an argument or a metamethod: deaf to time-out, cancel and close, for ever.
#[test]
fn library_functions_of_lua_do_not_run_on() {
    let database = try_open(":memory:", &bare()).expect("opens").0;
    for source in [
        "return string.rep('', math.maxinteger)",
        "table.move({}, 1, 2^53 | 0, 2)",
        "pcall(table.insert, setmetatable({}, { __len = function() return 2^53 | 0 end }), 1, 5)",
        "pcall(table.remove, setmetatable({}, { __len = function() return 2^53 | 0 end }), 1)",
        "pcall(string.find, ('a'):rep(40000), ('.-'):rep(30) .. 'b')",
        "pcall(string.gsub, ('a'):rep(40000), ('.-'):rep(30) .. 'b', '')",
    ] {
        let start = Instant::now();
        let request = request::Script { timeout_ms: Some(200), ..request::Script::default() };
        let _ = database.script(source, &request, &watch());
        assert!(start.elapsed() < Duration::from_secs(3), "{source} took {:?}", start.elapsed());
    }
    let moved = "local t = { 1, 2, 3, 4 } table.move(t, 1, 3, 2) return table.concat(t, ',')";
    assert_eq!(database.script(moved, &request::Script::default(), &watch()).expect("moves").result, "1,1,2,3");
}

/// One key that does not fit its parent kept every migration from running, the one that mends it included.
#[test]
fn a_foreign_key_mismatch_from_before_does_not_block_its_mending() {
    let scratch = Scratch::new();
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain
        .execute_batch("CREATE TABLE p (a); CREATE TABLE k (x REFERENCES p (a)); INSERT INTO p VALUES (1);")
        .expect("writes");
    drop(plain);
    let folder = scratch.migrations("m", &[("1_mend.sql", "CREATE UNIQUE INDEX p_a ON p (a);")]);
    let database = try_open(scratch.path("a.db"), &with_folder(&folder)).expect("opens and mends").0;
    assert_eq!(value(&database, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

/// A statement that SQLite had committed by itself could still be reported as cancelled.
#[test]
fn a_stopped_write_outside_a_transaction_changes_nothing() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    run(&database, "CREATE TABLE a (x)");
    let fill =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO a SELECT i FROM n";
    for limit in 1..=20 {
        let before = value(&database, "SELECT count(*) FROM a");
        let watch = Operation::new();
        watch.set_timeout_ms(limit);
        let outcome = database.query(fill, None, &watch);
        let added = value(&database, "SELECT count(*) FROM a").as_i64().unwrap_or(0) - before.as_i64().unwrap_or(0);
        assert_eq!(added, if outcome.is_ok() { 20_000 } else { 0 }, "{outcome:?}");
    }
}

/// A file of less than a page was taken for an empty database and written over; a FIFO among migrations hung the open.
#[test]
fn what_is_no_file_among_the_migrations_is_refused() {
    let scratch = Scratch::new();
    let folder = scratch.migrations("m", &[]);
    let made = std::process::Command::new("mkfifo").arg(scratch.path("m/1_a.sql")).status().expect("mkfifo runs");
    assert!(made.success());
    let (said, heard) = mpsc::channel();
    let options = with_folder(&folder);
    let path = scratch.path("a.db");
    std::thread::spawn(move || {
        let outcome = Database::open(path, &options, &Operation::new()).map(|_| ());
        let _ = said.send(refusal(outcome));
    });
    assert_eq!(heard.recv_timeout(Duration::from_secs(5)), Ok("MIGRATION_INVALID"));
}
