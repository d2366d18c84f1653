//! What a close cannot write, because another process holds the write lock, is not forgotten.

use std::time::{Duration, Instant};

use super::recording::{insert, with_notes};
use super::*;
use crate::support::bytes;

const WAITING: &str = "a.db-audit-waiting";

/// An open handle of an actor's that gives up at once.
fn open_as(scratch: &Scratch, actor: &str, audit: &request::AuditLog) -> Database {
    let options = request::Open {
        actor: Some(actor.into()),
        migrations: Some(crate::support::text(&scratch.path("m"))),
        busy_timeout_ms: Some(10),
        ..with_audit(audit.clone())
    };
    try_open(scratch.path("a.db"), &options).expect("opens").0
}

fn plain() -> request::AuditLog {
    request::AuditLog::default()
}

fn keyed() -> request::AuditLog {
    request::AuditLog { key: Some(request::Secret("a secret of the host's".into())), ..plain() }
}

/// A database with one record, and a lock on it.
fn locked() -> (Scratch, rusqlite::Connection) {
    let scratch = Scratch::new();
    with_notes(&scratch, &request::Open::default()).close().expect("closes");
    let holder = lock(&scratch);
    (scratch, holder)
}

fn lock(scratch: &Scratch) -> rusqlite::Connection {
    let holder = stranger(&scratch.path("a.db"));
    holder.execute_batch("BEGIN IMMEDIATE").expect("locks");
    holder
}

/// Opens, reads and closes while somebody holds the lock.
fn look(scratch: &Scratch, actor: &str, audit: &request::AuditLog, looks: usize) {
    let database = open_as(scratch, actor, audit);
    for number in 0..looks {
        query(&database, &format!("SELECT text AS t{number} FROM notes")).expect("reads");
    }
    database.close().expect("closes");
}

fn told_of(database: &Database, actor: &str) -> Vec<String> {
    let all = records(database);
    all.iter().filter(|record| record.actor == actor && record.verb != "audit").map(told).collect()
}

#[track_caller]
fn is_whole(database: &Database) {
    let verify = verified(database);
    assert_eq!((verify.status, verify.findings), ("ok", Vec::new()));
}

/// Nothing told of such calls: the command that made them ended well, and the audit knew nothing of them.
#[test]
fn calls_that_a_close_cannot_write_are_records_once_somebody_can() {
    let (scratch, holder) = locked();
    let database = open_as(&scratch, "anna", &plain());
    query(&database, "SELECT text FROM notes").expect("reads");
    assert_eq!(refusal(query(&database, "INSERT INTO notes VALUES (1)")), "BUSY");
    let bob = database.act_as("bob", Role::User).expect("acts");
    assert_eq!(refusal(query(&bob, "SELECT 1")), "DENIED");
    bob.close().expect("closes");
    let since = Instant::now();
    database.close().expect("closes");
    assert!(since.elapsed() < Duration::from_secs(3), "a close does not wait for the lock: {:?}", since.elapsed());
    assert!(scratch.path(WAITING).exists());

    let later = open_as(&scratch, "later", &plain());
    assert!(audit(&later, &request::Audit::default()).waiting >= 4, "four of another, and its own");
    drop(holder);
    assert_eq!(
        told_of(&later, "anna"),
        [
            "anna admin rust query ok SELECT text FROM notes",
            "anna admin rust query error INSERT INTO notes VALUES (?)",
            "anna admin rust as ok bob as user",
        ]
    );
    assert_eq!(told_of(&later, "bob"), ["bob user rust query denied -"]);
    let report = audit(&later, &request::Audit::default());
    assert_eq!((report.waiting, report.lost), (0, 0));
    assert!(!scratch.path(WAITING).exists());
    let all = records(&later);
    assert!(all.iter().zip(1..).all(|(record, seq)| record.seq == seq), "without gaps");
    is_whole(&later);
}

/// It took 600 ms, and as much again where something waited already.
#[test]
fn a_close_beside_a_lock_takes_no_longer_than_200_ms() {
    for mode in [request::JournalMode::Wal, request::JournalMode::Delete] {
        let scratch = Scratch::new();
        let options = request::Open { journal_mode: mode, ..request::Open::default() };
        with_notes(&scratch, &options).close().expect("closes");
        // why the shortest: the machine may be busy
        let shortest = (0..5).map(|_| {
            let database = with_notes(&scratch, &options);
            insert(&database, "x");
            query(&database, "SELECT text FROM notes").expect("reads");
            let holder = lock(&scratch);
            let since = Instant::now();
            database.close().expect("closes");
            let elapsed = since.elapsed();
            assert!(scratch.path(WAITING).exists());
            drop(holder);
            elapsed
        });
        let shortest = shortest.min().expect("some");
        assert!(shortest < Duration::from_millis(200), "{mode:?}: {shortest:?}");
    }
}

#[test]
fn the_next_open_takes_in_what_waits() {
    let (scratch, holder) = locked();
    look(&scratch, "anna", &plain(), 2);
    drop(holder);
    open_as(&scratch, "later", &plain()).close().expect("closes");
    assert!(!scratch.path(WAITING).exists());
    let count: i64 = stranger(&scratch.path("a.db"))
        .query_row("SELECT count(*) FROM rpmadb_audit WHERE actor = 'anna'", [], |row| row.get(0))
        .expect("counts");
    assert_eq!(count, 2);
}

#[test]
fn what_many_processes_left_is_taken_in_once_and_in_order_by_many() {
    let (scratch, holder) = locked();
    let actors = ["ann", "bob", "cid", "dan"];
    std::thread::scope(|scope| {
        for actor in actors {
            let scratch = &scratch;
            scope.spawn(move || (0..3).for_each(|_| look(scratch, actor, &plain(), 5)));
        }
    });
    drop(holder);
    std::thread::scope(|scope| {
        for actor in actors {
            let scratch = &scratch;
            // each looks too, and some closes find the others' locks
            scope.spawn(move || (0..3).for_each(|_| look(scratch, actor, &plain(), 5)));
        }
    });
    let database = open_as(&scratch, "later", &plain());
    is_whole(&database);
    let expected: Vec<String> =
        (0..6).flat_map(|_| 0..5).map(|number| format!("rust query ok SELECT text AS t{number} FROM notes")).collect();
    for actor in actors {
        let mut found = told_of(&database, actor);
        found.iter_mut().for_each(|told| *told = told.replacen(&format!("{actor} admin "), "", 1));
        assert_eq!(found, expected, "{actor}");
    }
    let all = records(&database);
    let ids: std::collections::BTreeSet<&String> = all.iter().map(|record| &record.id).collect();
    assert_eq!(ids.len(), all.len(), "each has an id of its own");
    assert!(!scratch.path(WAITING).exists());
}

/// What a crash between the commit and the removal leaves, or a power failure that takes back the removal.
#[test]
fn what_is_in_the_table_already_is_not_taken_in_again() {
    let (scratch, holder) = locked();
    look(&scratch, "anna", &plain(), 3);
    let first = bytes(&scratch.path(WAITING));
    look(&scratch, "bob", &plain(), 2);
    drop(holder);
    let both = bytes(&scratch.path(WAITING));
    for left in [&first, &both, &both] {
        std::fs::write(scratch.path(WAITING), left).expect("writes");
        let database = open_as(&scratch, "later", &plain());
        assert_eq!(told_of(&database, "anna").len(), 3);
        is_whole(&database);
        database.close().expect("closes");
        assert!(!scratch.path(WAITING).exists());
    }
    assert_eq!(told_of(&open_as(&scratch, "later", &plain()), "bob").len(), 2);
}

#[test]
fn who_changes_what_waits_puts_no_record_into_the_table_and_is_told_of() {
    let (scratch, holder) = locked();
    look(&scratch, "anna", &keyed(), 3);
    drop(holder);
    let left = String::from_utf8(bytes(&scratch.path(WAITING))).expect("is text");
    let forged = left.replacen("\"actor\":\"anna\"", "\"actor\":\"eve\"", 1);
    let cut = &left[..left.len() - 40];
    for (text, whole) in [(forged.as_str(), 2), (cut, 2)] {
        let copy = Scratch::new();
        copy.migrations("m", &[("1_notes.sql", "CREATE TABLE notes (text NOT NULL);")]);
        std::fs::copy(scratch.path("a.db"), copy.path("a.db")).expect("copies");
        copy.write(WAITING, text);
        let database = open_as(&copy, "later", &keyed());
        assert_eq!((told_of(&database, "anna").len(), told_of(&database, "eve").len()), (whole, 0));
        assert_eq!(audit(&database, &request::Audit::default()).lost, 1);
        let health = database.health(&request::Health::default(), &watch()).expect("looks");
        let check = health.checks.iter().find(|check| check.id == "audit").expect("is checked");
        assert_eq!((check.status, check.value["lost"].as_u64()), (report::HealthStatus::Degraded, Some(1)));
        is_whole(&database);
    }
}

#[test]
fn who_lacks_the_key_leaves_what_waits_of_it_and_has_no_record_behind_it() {
    let (scratch, holder) = locked();
    look(&scratch, "anna", &keyed(), 2);
    look(&scratch, "bob", &plain(), 2);
    drop(holder);
    let without = open_as(&scratch, "later", &plain());
    assert_eq!((told_of(&without, "anna").len(), told_of(&without, "bob").len()), (0, 2));
    assert_eq!(audit(&without, &request::Audit::default()).waiting, 2, "those of the key");
    without.close().expect("closes");
    let holder = lock(&scratch);
    look(&scratch, "bob", &plain(), 1);
    drop(holder);
    let with = open_as(&scratch, "later", &keyed());
    assert_eq!(
        (told_of(&with, "anna").len(), told_of(&with, "bob").len()),
        (2, 2),
        "his last would stand behind records of the key"
    );
    assert!(!scratch.path(WAITING).exists());
    is_whole(&with);
}

#[test]
fn what_waits_outlives_a_restore_and_is_not_taken_in_twice_where_numbers_are_given_again() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    database.backup(Some(&scratch.path("kept")), &request::Backup::default(), &watch()).expect("backs up");
    (0..20).for_each(|_| insert(&database, "x"));
    let holder = lock(&scratch);
    look(&scratch, "anna", &plain(), 2);
    drop(holder);
    let left = bytes(&scratch.path(WAITING));
    database.restore(&scratch.path("kept"), &request::Restore::default(), &watch()).expect("restores");
    assert!(!scratch.path(WAITING).exists(), "they were taken in after it");
    // and a crash has left them here
    std::fs::write(scratch.path(WAITING), left).expect("writes");
    let later = open_as(&scratch, "later", &plain());
    assert_eq!(told_of(&later, "anna").len(), 2);
    is_whole(&later);
}

#[test]
fn beside_a_database_that_is_to_have_no_audit_nothing_is_left() {
    let scratch = Scratch::new();
    stranger(&scratch.path("a.db")).execute_batch("PRAGMA journal_mode=wal; CREATE TABLE t (a)").expect("makes");
    let off = request::Open { migrate: Some(false), busy_timeout_ms: Some(10), ..request::Open::default() };
    for holds in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
        let database = try_open(scratch.path("a.db"), &off).expect("opens").0;
        let holder = stranger(&scratch.path("a.db"));
        holder.execute_batch(holds).expect("locks");
        query(&database, "SELECT a FROM t").expect("reads");
        assert_eq!(refusal(query(&database, "INSERT INTO t VALUES (1)")), "BUSY");
        database.close().expect("closes");
        drop(holder);
        assert_eq!(scratch.names(), ["a.db"], "{holds}");
    }
}

#[test]
fn a_handle_that_only_reads_leaves_what_waits() {
    let (scratch, holder) = locked();
    look(&scratch, "anna", &plain(), 1);
    drop(holder);
    let before = bytes(&scratch.path(WAITING));
    let options = request::Open { read_only: true, ..request::Open::default() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    assert_eq!(audit(&database, &request::Audit::default()).waiting, 1);
    database.close().expect("closes");
    assert_eq!(bytes(&scratch.path(WAITING)), before);
}

/// In rollback mode a writer that is about to commit keeps readers out too, so that it cannot be seen what the table has.
#[test]
fn what_fails_while_nobody_can_read_is_recorded_too() {
    let scratch = Scratch::new();
    let options = request::Open {
        journal_mode: request::JournalMode::Delete,
        busy_timeout_ms: Some(10),
        ..request::Open::default()
    };
    let database = with_notes(&scratch, &options);
    let holder = stranger(&scratch.path("a.db"));
    holder.execute_batch("BEGIN EXCLUSIVE").expect("locks");
    assert_eq!(refusal(query(&database, "SELECT text FROM notes")), "BUSY");
    database.close().expect("closes");
    drop(holder);
    let database = with_notes(&scratch, &options);
    assert_eq!(told_of(&database, "host")[1..], ["host admin rust query error SELECT text FROM notes"]);
    is_whole(&database);
}
