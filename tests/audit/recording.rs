//! What is recorded, when, and what is not.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::statements::run_as_stranger;
use super::*;
use crate::support::bytes;

pub(super) const INSERT: &str = "INSERT INTO notes VALUES (?)";

/// A database with a table that has no triggers, so that rows are those of the statement.
pub(super) fn with_notes(scratch: &Scratch, options: &request::Open) -> Database {
    let folder = scratch.migrations("m", &[("1_notes.sql", "CREATE TABLE notes (text NOT NULL);")]);
    let options = request::Open { migrations: Some(folder), ..options.clone() };
    try_open(scratch.path("a.db"), &options).expect("opens").0
}

pub(super) fn insert(database: &Database, text: &str) {
    database.query(INSERT, Some(&serde_json::json!([text]).to_string()), &watch()).expect("inserts");
}

#[test]
fn each_call_is_a_record_with_who_did_it_and_how_it_ended() {
    let scratch = Scratch::new();
    let options = request::Open { actor: Some("app".into()), ..request::Open::default() };
    let database = with_notes(&scratch, &options);
    insert(&database, "x");
    query(&database, "SELECT text FROM notes WHERE text = 'x'").expect("reads");
    query(&database, "SELECT nonsense FROM notes").expect_err("no such column");
    let anna = database.act_as("anna", Role::Supervisor).expect("acts");
    anna.health(&request::Health::default(), &watch()).expect("looks");
    assert_eq!(refusal(query(&anna, "DELETE FROM notes")), "DENIED");
    let bob = anna.act_as("bob", Role::User).expect("acts");
    assert_eq!(refusal(bob.stats(&request::Stats::default(), &watch())), "DENIED");
    assert_eq!(refusal(anna.act_as("eve", Role::Admin)), "DENIED");
    assert_eq!(refusal(anna.act_as("app", Role::Supervisor)), "DENIED", "whose records are not hers to see");
    database.script("db:exec('INSERT INTO notes VALUES (1)')", &request::Script::default(), &watch()).expect("runs");

    let records = records(&database);
    let found: Vec<String> = records.iter().map(told).collect();
    assert_eq!(
        found,
        [
            "app admin migration migrate ok 0 to 1",
            "app admin rust query ok INSERT INTO notes VALUES (?)",
            "app admin rust query ok SELECT text FROM notes WHERE text = ?",
            "app admin rust query error SELECT nonsense FROM notes",
            "app admin rust as ok anna as supervisor",
            "anna supervisor rust health ok -",
            "anna supervisor rust query denied DELETE FROM notes",
            "anna supervisor rust as ok bob as user",
            "bob user rust stats denied -",
            "anna supervisor rust as denied eve as admin",
            "anna supervisor rust as denied app as supervisor",
            "app admin lua script ok script: INSERT INTO notes VALUES (?)",
            "app admin rust script ok script",
        ]
    );
    for (at, record) in records.iter().enumerate() {
        assert_eq!(record.seq, at as u64 + 1, "without gaps");
        assert_eq!(record.schema_version, 1);
        assert_eq!(record.process, i64::from(std::process::id()));
        assert_eq!((record.calls, &record.id[14..15]), (1, "7"));
        assert!(record.duration_us >= 0 && record.at > 1_700_000_000_000);
    }
    assert_eq!((records[1].rows, records[2].rows, records[3].status, records[6].status), (1, 1, 200, 502));
    assert_eq!(verified(&database).status, "ok");
}

#[test]
fn a_change_that_is_rolled_back_leaves_no_record_but_its_refusals_stay() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    let before = records(&database).len();
    let outcome = database.transaction(&watch(), |bound| {
        insert(bound, "gone");
        let anna = bound.act_as("anna", Role::Supervisor).expect("acts");
        assert_eq!(refusal(query(&anna, "DELETE FROM notes")), "DENIED");
        1
    });
    assert!(!outcome.expect("is asked to roll back").committed);
    assert_eq!(value(&database, "SELECT count(*) FROM notes"), 0);
    let found: Vec<String> = records(&database)[before..].iter().map(told).collect();
    assert_eq!(
        found,
        [
            "host admin rust audit ok -",
            "host admin rust as ok anna as supervisor",
            "anna supervisor rust query denied DELETE FROM notes",
            "host admin rust transaction ok rolled back, its function returned 1",
            "host admin rust query ok SELECT count(*) FROM notes",
        ]
    );

    let committed = database.transaction(&watch(), |bound| {
        (0..3).for_each(|_| insert(bound, "stays"));
        query(bound, "UPDATE notes SET text = 'changed' WHERE text = 'stays'").expect("updates");
        0
    });
    assert!(committed.expect("commits").committed);
    let change = records(&database).into_iter().find(|record| record.verb == "transaction" && record.rows > 0);
    let change = change.expect("is recorded");
    let statements = "INSERT INTO notes VALUES (?) (x3); UPDATE notes SET text = ? WHERE text = ?";
    assert_eq!((change.rows, change.target.as_deref()), (6, Some(statements)));
}

#[test]
fn a_commit_that_fails_is_a_failure_and_no_change() {
    let scratch = Scratch::new();
    let schema = "CREATE TABLE parent (id INTEGER PRIMARY KEY);
                  CREATE TABLE child (p REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);";
    let folder = scratch.migrations("m", &[("1_a.sql", schema)]);
    let database = try_open(scratch.path("a.db"), &crate::support::with_folder(&folder)).expect("opens").0;
    assert_eq!(refusal(query(&database, "INSERT INTO child VALUES (9)")), "CONSTRAINT");
    let found: Vec<String> = records(&database)[1..].iter().map(told).collect();
    assert_eq!(found, ["host admin rust query error INSERT INTO child VALUES (?)"]);
    assert_eq!(verified(&database).status, "ok");
}

#[test]
fn what_is_recorded_moves_no_row_id() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    (0..40).for_each(|_| insert(&database, "x"));
    // the row id of the last insert is asked for on the connection that wrote, whose last insert of all was a record
    query(&database, "DELETE FROM notes WHERE rowid < last_insert_rowid()").expect("deletes");
    assert_eq!(value(&database, "SELECT group_concat(rowid) FROM notes"), "40");
}

#[test]
fn many_equal_looks_take_few_records_and_none_is_forgotten() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    for _ in 0..500 {
        query(&database, "SELECT 1").expect("reads");
    }
    let looks: Vec<_> = records(&database).into_iter().filter(|record| record.verb == "query").collect();
    assert_eq!(looks.iter().map(|record| record.calls).sum::<i64>(), 500);
    assert_eq!(looks.iter().map(|record| record.rows).sum::<i64>(), 500);
    assert!((64..100).contains(&looks.len()), "{} records", looks.len());
}

#[test]
fn looks_wait_for_the_close_and_are_there_afterwards() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    query(&database, "SELECT 1").expect("reads");
    let count = || -> i64 {
        let sql = "SELECT count(*) FROM rpmadb_audit WHERE verb = 'query'";
        stranger(&scratch.path("a.db")).query_row(sql, [], |row| row.get(0)).expect("counts")
    };
    assert_eq!(count(), 0);
    database.close().expect("closes");
    assert_eq!(count(), 1);
}

#[test]
fn a_failure_does_not_wait() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    query(&database, "SELECT nonsense").expect_err("no such column");
    let count: i64 = stranger(&scratch.path("a.db"))
        .query_row("SELECT count(*) FROM rpmadb_audit WHERE outcome = 'error'", [], |row| row.get(0))
        .expect("counts");
    assert_eq!(count, 1, "while the handle is open");
}

#[test]
fn a_record_that_finds_the_writer_busy_is_written_later() {
    let scratch = Scratch::new();
    let options = request::Open { busy_timeout_ms: Some(10), ..request::Open::default() };
    let database = with_notes(&scratch, &options);
    let other = stranger(&scratch.path("a.db"));
    other.execute_batch("BEGIN IMMEDIATE").expect("locks");
    assert_eq!(refusal(query(&database, "INSERT INTO notes VALUES (1)")), "BUSY");
    assert_eq!(audit(&database, &request::Audit::default()).waiting, 1, "the failure waits");
    other.execute_batch("ROLLBACK").expect("unlocks");
    let report = audit(&database, &request::Audit::default());
    assert_eq!((report.waiting, report.lost), (0, 0));
    assert!(report.records.iter().any(|record| record.status == 201), "BUSY is recorded");
}

#[test]
fn a_database_without_our_history_gets_no_table_unless_the_host_wants_one() {
    let scratch = Scratch::new();
    let names = || -> i64 {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'rpmadb%'";
        stranger(&scratch.path("a.db")).query_row(sql, [], |row| row.get(0)).expect("counts")
    };
    let plain = request::Open { migrate: Some(false), ..request::Open::default() };
    let database = try_open(scratch.path("a.db"), &plain).expect("opens").0;
    query(&database, "CREATE TABLE t (a)").expect("makes");
    query(&database, "SELECT nonsense").expect_err("no such column");
    assert!(!audit(&database, &request::Audit::default()).enabled);
    database.close().expect("closes");
    assert_eq!(names(), 0);

    let wanted = request::AuditLog { enabled: Some(true), ..request::AuditLog::default() };
    let database = try_open(scratch.path("a.db"), &request::Open { audit: wanted, ..plain }).expect("opens").0;
    query(&database, "INSERT INTO t VALUES (1)").expect("inserts");
    assert_eq!(told(&records(&database)[0]), "host admin rust query ok INSERT INTO t VALUES (?)");
    assert_eq!(names(), 1, "the audit's and no other");
}

#[test]
fn an_audit_that_is_off_writes_nothing() {
    let scratch = Scratch::new();
    let off = request::AuditLog { enabled: Some(false), ..request::AuditLog::default() };
    let database = with_notes(&scratch, &with_audit(off));
    insert(&database, "x");
    query(&database, "SELECT nonsense").expect_err("no such column");
    database.close().expect("closes");
    let count: i64 = stranger(&scratch.path("a.db"))
        .query_row("SELECT count(*) FROM rpmadb_audit", [], |row| row.get(0))
        .expect("counts");
    assert_eq!(count, 0);
    assert!(!scratch.path("a.db-audit").exists());
}

#[test]
fn a_read_only_handle_leaves_the_files_as_they_are() {
    let scratch = Scratch::new();
    with_notes(&scratch, &request::Open::default()).close().expect("closes");
    let before = (bytes(&scratch.path("a.db")), bytes(&scratch.path("a.db-audit")));
    let options = request::Open { read_only: true, ..request::Open::default() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    query(&database, "SELECT text FROM notes").expect("reads");
    query(&database, "SELECT nonsense").expect_err("no such column");
    assert_eq!(records(&database).len(), 1, "that of the migration");
    assert_eq!(verified(&database).status, "ok");
    database.close().expect("closes");
    assert_eq!((bytes(&scratch.path("a.db")), bytes(&scratch.path("a.db-audit"))), before);
}

#[test]
fn an_open_that_finds_nothing_to_do_writes_nothing() {
    let scratch = Scratch::new();
    open(scratch.path("a.db")).close().expect("closes");
    let before = (bytes(&scratch.path("a.db")), bytes(&scratch.path("a.db-audit")));
    open(scratch.path("a.db")).close().expect("closes");
    assert_eq!((bytes(&scratch.path("a.db")), bytes(&scratch.path("a.db-audit"))), before);
}

#[test]
fn who_is_no_admin_sees_own_records_and_proves_and_prunes_nothing() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    insert(&database, "x");
    let anna = database.act_as("anna", Role::Supervisor).expect("acts");
    query(&anna, "SELECT text FROM notes").expect("reads");
    let own = audit(&anna, &request::Audit::default());
    assert_eq!(
        own.records.iter().map(told).collect::<Vec<_>>(),
        ["anna supervisor rust query ok SELECT text FROM notes"]
    );
    assert_eq!(own.head, None);
    let of_another = request::Audit { actor: Some("host".into()), ..request::Audit::default() };
    assert_eq!(audit(&anna, &of_another).records, []);
    for request in [
        request::Audit { verify: true, ..request::Audit::default() },
        request::Audit {
            prune: Some(request::AuditPrune { keep_rows: Some(1), ..request::AuditPrune::default() }),
            ..request::Audit::default()
        },
    ] {
        assert_eq!(refusal(anna.audit(&request, &watch())), "DENIED");
    }
    let in_lua = anna.script("return #db:audit().records", &request::Script::default(), &watch()).expect("runs");
    assert!(in_lua.result.as_i64().is_some_and(|count| (1..10).contains(&count)), "{}", in_lua.result);
    let proving = anna.script("return db:audit({ verify = true })", &request::Script::default(), &watch());
    assert!(proving.expect_err("is denied").to_string().contains("supervisor"));
}

#[test]
fn records_are_filtered_and_come_page_by_page() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    let anna = database.act_as("anna", Role::Supervisor).expect("acts");
    for number in 0..10 {
        insert(&database, &number.to_string());
        anna.health(&request::Health::default(), &watch()).expect("looks");
    }
    let _ = query(&anna, "DELETE FROM notes");
    let count = |request: request::Audit| audit(&database, &request).records.len();
    let none = request::Audit::default;
    assert_eq!(count(request::Audit { actor: Some("anna".into()), ..none() }), 11);
    assert_eq!(count(request::Audit { role: Some("supervisor".into()), verb: Some("health".into()), ..none() }), 10);
    assert_eq!(count(request::Audit { outcome: Some("denied".into()), ..none() }), 1);
    assert_eq!(count(request::Audit { origin: Some("migration".into()), ..none() }), 1);
    assert_eq!(count(request::Audit { target: Some("INTO notes".into()), ..none() }), 10);
    assert_eq!(count(request::Audit { until: Some(0), ..none() }), 0);
    assert_eq!(
        refusal(database.audit(&request::Audit { outcome: Some("bad".into()), ..none() }, &watch())),
        "INVALID_ARGUMENT"
    );

    for oldest_first in [true, false] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = request::Audit {
                limit: Some(7),
                oldest_first,
                after,
                until: Some(i64::MAX),
                verb: Some("query".into()),
                ..none()
            };
            let report = audit(&database, &page);
            seen.extend(report.records.iter().map(|record| record.seq));
            after = report.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 11, "{seen:?}");
        assert!(seen.is_sorted_by(|a, b| if oldest_first { a < b } else { a > b }), "{seen:?}");
    }
    let lines = request::Audit { format: request::AuditFormat::Jsonl, oldest_first: true, limit: Some(3), ..none() };
    let report = audit(&database, &lines);
    let text = report.text.expect("is a text");
    let parsed: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("is JSON")).collect();
    assert_eq!(parsed.iter().map(|record| record["seq"].as_u64()).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
    assert!(report.records.is_empty());
}

#[test]
fn many_writers_at_once_make_one_chain() {
    let scratch = Scratch::new();
    with_notes(&scratch, &request::Open::default()).close().expect("closes");
    let handles: Vec<Arc<Database>> =
        (0..2).map(|_| Arc::new(with_notes(&scratch, &request::Open::default()))).collect();
    let threads: Vec<_> = (0..4)
        .map(|number: usize| {
            let database = Arc::clone(&handles[number % 2]);
            std::thread::spawn(move || {
                for _ in 0..25 {
                    insert(&database, "x");
                    let _ = query(&database, "SELECT nonsense");
                    query(&database, "SELECT 1").expect("reads");
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("ends"));
    handles.iter().for_each(|database| database.close().expect("closes"));
    let database = with_notes(&scratch, &request::Open::default());
    let verify = verified(&database);
    assert_eq!((verify.status, verify.findings), ("ok", Vec::new()));
    let records = records(&database);
    let count =
        |is: fn(&report::AuditRecord) -> bool| records.iter().filter(|record| is(record)).map(|r| r.calls).sum::<i64>();
    assert_eq!(count(|record| record.target.as_deref() == Some(INSERT)), 100);
    assert_eq!(count(|record| record.outcome == "error"), 100);
    assert_eq!(count(|record| record.target.as_deref() == Some("SELECT ?")), 100);
}

/// The child of the test below; does nothing unless that started it.
#[test]
fn audit_child_that_inserts_until_it_is_killed() {
    let Ok(folder) = std::env::var("RPMADB_TEST_AUDIT_CHILD") else { return };
    let options = request::Open { migrations: Some(format!("{folder}/m")), ..request::Open::default() };
    let database = try_open(format!("{folder}/a.db"), &options).expect("opens").0;
    println!("begun");
    for number in 0.. {
        insert(&database, &format!("{number}"));
    }
}

#[test]
fn after_a_kill_every_row_has_its_record_and_no_record_lacks_its_row() {
    let scratch = Scratch::new();
    let seed: u64 = std::env::var("RPMADB_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    println!("seed {seed}");
    with_notes(&scratch, &request::Open::default()).close().expect("closes");
    for round in 0..4 {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["audit::recording::audit_child_that_inserts_until_it_is_killed", "--exact", "--nocapture"])
            .env("RPMADB_TEST_AUDIT_CHILD", scratch.folder())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let output = BufReader::new(child.stdout.take().expect("is piped"));
        assert!(output.lines().map_while(Result::ok).any(|line| line.contains("begun")));
        std::thread::sleep(std::time::Duration::from_millis(20 + seed.wrapping_mul(31 + round) % 60));
        child.kill().expect("kills");
        child.wait().expect("ends");
        let database = with_notes(&scratch, &request::Open::default());
        let rows = value(&database, "SELECT count(*) FROM notes");
        let records = value(&database, &format!("SELECT count(*) FROM rpmadb_audit WHERE target = '{INSERT}'"));
        assert!(rows.as_i64().is_some_and(|rows| rows > round as i64), "{rows} rows");
        assert_eq!(rows, records);
        let verify = verified(&database);
        assert_eq!((verify.status, verify.findings), ("ok", Vec::new()));
        database.close().expect("closes");
    }
}

/// Its record waited for the next call: the flush took the cancel of the call for its own.
#[test]
fn a_call_that_was_cancelled_is_recorded_at_once() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    let operation = watch();
    operation.cancel();
    assert_eq!(refusal(database.query("SELECT 1", None, &operation)), "CANCELLED");
    let count: i64 = stranger(&scratch.path("a.db"))
        .query_row("SELECT count(*) FROM rpmadb_audit WHERE status = 500", [], |row| row.get(0))
        .expect("counts");
    assert_eq!(count, 1, "while the handle is open");
}

#[test]
fn a_table_of_that_name_that_is_not_ours_is_named_and_stops_only_who_wants_an_audit() {
    let scratch = Scratch::new();
    run_as_stranger(&scratch, "CREATE TABLE rpmadb_audit (a); CREATE TABLE notes (text)");
    let plain = request::Open { migrate: Some(false), ..request::Open::default() };
    let database = try_open(scratch.path("a.db"), &plain).expect("opens").0;
    insert(&database, "x");
    database.close().expect("closes");
    let wanted = request::AuditLog { enabled: Some(true), ..request::AuditLog::default() };
    let database = try_open(scratch.path("a.db"), &request::Open { audit: wanted, ..plain }).expect("opens").0;
    let error = query(&database, "INSERT INTO notes VALUES (1)").expect_err("is refused").to_string();
    assert!(error.contains("rpmadb_audit"), "{error}");
    assert_eq!(value(&database, "SELECT count(*) FROM notes"), 1);
}

#[test]
fn a_function_of_the_hosts_that_panics_is_a_failure() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        database.transaction(&watch(), |bound| {
            insert(bound, "x");
            panic!("of the host's")
        })
    }));
    assert!(outcome.is_err());
    assert_eq!(value(&database, "SELECT count(*) FROM notes"), 0);
    let all = records(&database);
    let found = all.iter().find(|record| record.verb == "transaction").map(told);
    assert_eq!(found.as_deref(), Some(format!("host admin rust transaction error {INSERT}").as_str()), "what it tried");
}

/// Any damaged file that a call named stopped the audit of the database: a comparison with it, which a supervisor may make, was
/// enough, and what was denied after that was not recorded.
#[test]
fn another_file_that_is_no_database_does_not_stop_the_audit() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    let anna = database.act_as("anna", Role::Supervisor).expect("acts");
    let other = scratch.write("other.db", "no database ".repeat(1_000));
    let compare = request::Schema { compare: Some(crate::support::text(&other)) };
    assert_eq!(refusal(anna.schema(&compare, &watch())), "NOT_A_DATABASE");
    assert_eq!(refusal(query(&anna, "DELETE FROM notes")), "DENIED");
    let count: i64 = stranger(&scratch.path("a.db"))
        .query_row("SELECT count(*) FROM rpmadb_audit WHERE outcome = 'denied'", [], |row| row.get(0))
        .expect("counts");
    assert_eq!(count, 1);
}
