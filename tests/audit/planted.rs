//! What is planted to take records away: a record of a pruning that never was, a table made anew, a trigger.

use super::keys::{keyed, open_with, seal};
use super::tampering::{RECORDS, filled, run};
use super::*;

fn prune(database: &Database, keep_rows: u64) -> report::AuditPruned {
    let prune = request::AuditPrune { keep_rows: Some(keep_rows), ..request::AuditPrune::default() };
    audit(database, &request::Audit { prune: Some(prune), limit: Some(0), ..request::Audit::default() })
        .pruned
        .expect("was asked for")
}

#[track_caller]
fn is_whole(database: &Database, when: &str) {
    let verify = verified(database);
    assert_eq!((verify.status, verify.findings), ("ok", Vec::new()), "{when}");
}

/// Removes the records up to one, behind a record that says so as this library does.
fn forge_pruning(connection: &rusqlite::Connection, through: i64) {
    let sql = "SELECT lower(hex(hash)) FROM rpmadb_audit WHERE seq = ?";
    let hash: String = connection.query_row(sql, [through], |row| row.get(0)).expect("is there");
    let said =
        serde_json::json!({ "through": through, "hash": hash, "rows": through, "archive": "a", "archive_blake3": "0" });
    connection
        .execute(
            "INSERT INTO rpmadb_audit SELECT seq + 1, randomblob(16), at, actor, role, origin, 'audit_prune', ?, 'ok', 0, \
             duration_us, rows, calls, schema_version, process, '', hash FROM rpmadb_audit ORDER BY seq DESC LIMIT 1",
            [said.to_string()],
        )
        .expect("inserts");
    let last = connection.query_row("SELECT max(seq) FROM rpmadb_audit", [], |row| row.get(0)).expect("reads");
    seal(connection, last);
    connection.execute("DELETE FROM rpmadb_audit WHERE seq <= ?", [through]).expect("deletes");
}

/// The record was believed, and what is anchored below it was not asked for.
#[test]
fn a_pruning_that_never_was_is_found() {
    for through in [40, 39, 5] {
        let scratch = filled(&request::Open::default());
        // an anchor of an early record too
        let first = records(&open_with(&scratch, &request::Open { read_only: true, ..request::Open::default() }));
        let anchors = std::fs::read_to_string(scratch.path("a.db-audit")).expect("reads");
        let early = super::tampering::anchor_line(&first[2]);
        std::fs::write(scratch.path("a.db-audit"), format!("{early}\n{anchors}")).expect("writes");
        forge_pruning(&stranger(&scratch.path("a.db")), through);
        for _ in 0..2 {
            let database = open_with(&scratch, &request::Open::default());
            let verify = verified(&database);
            assert_eq!((verify.status, classes(&verify)), ("tampered", vec!["head_removed"]), "{verify:?}");
            query(&database, "INSERT INTO notes VALUES (1)").expect("inserts");
            database.close().expect("closes");
        }
    }
}

#[test]
fn a_pruning_is_no_tampering_wherever_it_is_cut_off() {
    for keep in [0, 5, 39] {
        let scratch = filled(&request::Open::default());
        let before = std::fs::read(scratch.path("a.db-audit")).expect("reads");
        let database = open_with(&scratch, &request::Open::default());
        let untouched = [scratch.path("a.db-untouched"), scratch.path("untouched-audit")];
        database.backup(Some(&untouched[0]), &request::Backup::default(), &watch()).expect("backs up");
        assert!(prune(&database, keep).rows > 0);
        is_whole(&database, "after it");
        database.close().expect("closes");
        let after = std::fs::read_to_string(scratch.path("a.db-audit")).expect("reads");
        assert!(after.contains("\"kind\":\"pruned\""), "{after}");

        // it died between its commit and the leaving out of old anchors: all of them are there
        let all = [before.as_slice(), after.as_bytes()].concat();
        std::fs::write(scratch.path("a.db-audit"), &all).expect("writes");
        let database = open_with(&scratch, &request::Open::default());
        is_whole(&database, "with the old anchors");
        assert!(prune(&database, 1).rows > 0);
        is_whole(&database, "after another");
        database.close().expect("closes");

        // it died before its commit: the line is there and the records are too
        let line = after.lines().find(|line| line.contains("pruned")).expect("is there");
        std::fs::copy(&untouched[0], scratch.path("a.db")).expect("copies");
        std::fs::write(scratch.path("a.db-audit"), [&before, line.as_bytes(), b"\n"].concat()).expect("writes");
        is_whole(&open_with(&scratch, &request::Open::default()), "before its commit");
    }
}

#[test]
fn a_pruning_and_a_restore_to_before_it_are_no_tampering() {
    let scratch = filled(&request::Open::default());
    let database = open_with(&scratch, &request::Open::default());
    let backup = |name: &str| {
        database.backup(Some(&scratch.path(name)), &request::Backup::default(), &watch()).expect("backs up");
    };
    let restore = |name: &str| {
        database.restore(&scratch.path(name), &request::Restore::default(), &watch()).expect("restores");
        is_whole(&database, name);
        query(&database, "INSERT INTO notes VALUES (1)").expect("inserts");
    };
    backup("all");
    prune(&database, 20);
    backup("twenty");
    prune(&database, 5);
    restore("all");
    prune(&database, 10);
    is_whole(&database, "after a pruning of what was restored");
    restore("twenty");
    prune(&database, 3);
    is_whole(&database, "after another");
    drop(database);
    is_whole(&open_with(&scratch, &request::Open::default()), "after another open");
}

/// A library that knows no such line passes over it, as this one does over lines of later ones.
#[test]
fn a_line_of_a_kind_that_is_not_known_is_passed_over() {
    let scratch = filled(&request::Open::default());
    let anchors = std::fs::read_to_string(scratch.path("a.db-audit")).expect("reads");
    let unknown = r#"{"kind":"moved","seq":99,"hash":"00","at":1,"key":"","mac":"00"}"#;
    std::fs::write(scratch.path("a.db-audit"), format!("{unknown}\n{anchors}\n{unknown}\n")).expect("writes");
    let database = open_with(&scratch, &request::Open::default());
    is_whole(&database, "with it");
    prune(&database, 5);
    is_whole(&database, "after a pruning");
    let anchors = std::fs::read_to_string(scratch.path("a.db-audit")).expect("reads");
    assert_eq!(anchors.matches("moved").count(), 2, "they are kept");
}

/// An open that migrates nothing made the table anew, and then only the end seemed to be cut.
#[test]
fn a_table_that_was_dropped_and_made_anew_stays_found() {
    for tamper in ["DROP TABLE rpmadb_audit", "DELETE FROM rpmadb_audit"] {
        for options in [request::Open::default(), keyed()] {
            let scratch = filled(&options);
            run(&stranger(&scratch.path("a.db")), tamper);
            let folder = request::Open { migrations: Some(crate::support::text(&scratch.path("m"))), ..options };
            for round in 0..3 {
                let database = try_open(scratch.path("a.db"), &folder).expect("opens").0;
                query(&database, "INSERT INTO notes VALUES (1)").expect("inserts");
                let verify = verified(&database);
                assert_eq!(
                    (verify.status, classes(&verify)),
                    ("tampered", vec!["table_dropped"]),
                    "{round}: {verify:?}"
                );
                assert_eq!(verify.findings[0].to_seq, RECORDS);
                database.close().expect("closes");
            }
            // also when a migration makes it
            scratch.write("m/2_more.sql", "CREATE TABLE more (a);");
            run(&stranger(&scratch.path("a.db")), "DROP TABLE rpmadb_audit");
            let database = try_open(scratch.path("a.db"), &folder).expect("opens").0;
            assert_eq!(classes(&verified(&database)), ["table_dropped"]);
            // and to the restore that mends it
            assert!(prune(&database, 1).rows > 0);
            assert_eq!(classes(&verified(&database)), ["table_dropped"]);
            let kept = scratch.path("kept");
            database.backup(Some(&kept), &request::Backup::default(), &watch()).expect("backs up");
            database.restore(&kept, &request::Restore::default(), &watch()).expect("restores");
            is_whole(&database, "after a restore");
        }
    }
}

#[test]
fn a_restore_of_a_database_without_an_audit_is_no_dropped_table() {
    let scratch = filled(&request::Open::default());
    let plain = scratch.path("plain");
    let without = request::AuditLog { enabled: Some(false), ..request::AuditLog::default() };
    let other = request::Open { migrate: Some(false), ..with_audit(without) };
    let other = try_open(scratch.path("other.db"), &other).expect("opens").0;
    query(&other, "CREATE TABLE notes (text)").expect("makes");
    other.backup(Some(&plain), &request::Backup::default(), &watch()).expect("backs up");
    for to_file in [false, true] {
        if to_file {
            let (options, request) = (request::Open::default(), request::Restore::default());
            Database::restore_file(scratch.path("a.db"), &plain, &options, &request, &watch()).expect("restores");
        } else {
            let database = open_with(&scratch, &request::Open::default());
            database.restore(&plain, &request::Restore::default(), &watch()).expect("restores");
        }
        let wanted = request::AuditLog { enabled: Some(true), ..request::AuditLog::default() };
        for _ in 0..2 {
            let database = open_with(&scratch, &with_audit(wanted.clone()));
            query(&database, "INSERT INTO notes VALUES (1)").expect("inserts");
            is_whole(&database, "after the restore");
            database.close().expect("closes");
        }
    }
}

/// The anchors of one that was deleted had to be found in the new one, for ever.
#[test]
fn a_new_database_beside_the_anchors_of_a_deleted_one_is_no_tampering() {
    for options in [request::Open::default(), keyed()] {
        let scratch = filled(&options);
        std::fs::remove_file(scratch.path("a.db")).expect("removes");
        let folder = request::Open { migrations: Some(crate::support::text(&scratch.path("m"))), ..options };
        for round in 0..3 {
            let database = try_open(scratch.path("a.db"), &folder).expect("opens").0;
            query(&database, "INSERT INTO notes VALUES (1)").expect("inserts");
            is_whole(&database, &round.to_string());
            database.close().expect("closes");
        }
        // what happens to the new one is found
        run(&stranger(&scratch.path("a.db")), "DELETE FROM rpmadb_audit WHERE seq > 2");
        assert_eq!(classes(&verified(&open_with(&scratch, &folder))), ["tail_cut"]);
    }
}

const SWALLOWS: &str =
    "CREATE TRIGGER shh BEFORE INSERT ON Rpmadb_Audit WHEN new.actor = 'mallory' BEGIN SELECT RAISE(IGNORE); END";

/// The change was made and acknowledged, and there was no record of it.
#[test]
fn a_trigger_that_swallows_records_keeps_changes_from_being_made_and_is_found() {
    for sql in [
        SWALLOWS,
        "CREATE TRIGGER shh AFTER INSERT ON rpmadb_audit BEGIN DELETE FROM rpmadb_audit WHERE seq = new.seq; END",
        "CREATE TRIGGER shh AFTER INSERT ON rpmadb_audit BEGIN UPDATE rpmadb_audit SET actor = 'bob' WHERE seq = new.seq; END",
    ] {
        for options in [request::Open::default(), keyed()] {
            let scratch = filled(&options);
            let mallory = request::Open { actor: Some("mallory".into()), ..options.clone() };
            let open = open_with(&scratch, &mallory);
            query(&open, "INSERT INTO notes VALUES (1)").expect("inserts");
            run(&stranger(&scratch.path("a.db")), sql);
            let before = value(&open, "SELECT count(*) FROM notes");
            let later = open_with(&scratch, &mallory);
            for database in [&open, &later] {
                let error = query(database, "DELETE FROM notes").expect_err("is refused");
                assert_eq!(error.status().name(), "UNSUPPORTED");
                assert!(error.to_string().contains("the trigger shh is on the table rpmadb_audit"), "{error}");
                let verify = verified(database);
                assert_eq!((verify.status, classes(&verify)), ("tampered", vec!["trigger"]), "{verify:?}");
                let drift = database.migrations(&watch()).expect("reports").drift;
                assert_eq!(drift.iter().map(|change| change.name.as_str()).collect::<Vec<_>>(), ["shh"]);
            }
            assert_eq!(value(&open, "SELECT count(*) FROM notes"), before, "nothing was deleted");
            let health = later.health(&request::Health::default(), &watch()).expect("looks");
            let check = health.checks.iter().find(|check| check.id == "audit").expect("is checked");
            assert!(check.remedy.as_ref().is_some_and(|remedy| remedy.contains("shh")), "{check:?}");
            // and is over when the trigger is gone
            query(&later, "DROP TRIGGER shh").expect("drops");
            query(&open, "DELETE FROM notes").expect("deletes");
            is_whole(&open, "without the trigger");
        }
    }
}

#[test]
fn a_migration_plants_no_trigger_on_the_audit() {
    let scratch = filled(&request::Open::default());
    scratch.write("m/2_shh.sql", format!("{SWALLOWS};"));
    let folder = request::Open {
        migrations: Some(crate::support::text(&scratch.path("m"))),
        migrate: Some(true),
        ..request::Open::default()
    };
    try_open(scratch.path("a.db"), &folder).expect_err("is refused");
    is_whole(&open_with(&scratch, &request::Open::default()), "afterwards");
}
