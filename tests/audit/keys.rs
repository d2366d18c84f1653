//! What who lacks the key of an audit can make of it, and what of that is no tampering.

use super::tampering::{RECORDS, filled, run};
use super::*;

pub(super) fn keyed() -> request::Open {
    let key = request::Secret("a secret of the host's".into());
    with_audit(request::AuditLog { key: Some(key), ..request::AuditLog::default() })
}

/// An open handle that migrates nothing, so that opening it writes no record.
pub(super) fn open_with(scratch: &Scratch, options: &request::Open) -> Database {
    let options = request::Open { migrate: Some(false), ..options.clone() };
    try_open(scratch.path("a.db"), &options).expect("opens").0
}

/// Gives a record the hash that the key that everybody has makes, behind the one before: an implementation of its own.
pub(super) fn seal(connection: &rusqlite::Connection, seq: i64) {
    let key = blake3::derive_key("rpmadb 2026-11-28 audit chain 1", b"");
    let before = "SELECT hash FROM rpmadb_audit WHERE seq = ? - 1";
    let mut message = connection.query_row(before, [seq], |row| row.get(0)).unwrap_or_else(|_| vec![0_u8; 32]);
    let sql = "SELECT seq, at, status, duration_us, rows, calls, schema_version, process, id, actor, role, origin, verb, \
               outcome, key, target FROM rpmadb_audit WHERE seq = ?";
    let fields = |row: &rusqlite::Row<'_>| {
        let mut fields: Vec<Option<Vec<u8>>> = Vec::new();
        for at in 0..8 {
            fields.push(Some(row.get::<_, i64>(at)?.to_le_bytes().to_vec()));
        }
        fields.push(row.get(8)?);
        for at in 9..16 {
            fields.push(row.get::<_, Option<String>>(at)?.map(String::into_bytes));
        }
        Ok(fields)
    };
    for field in connection.query_row(sql, [seq], fields).expect("is there") {
        message.extend(field.as_ref().map_or(u64::MAX, |field| field.len() as u64).to_le_bytes());
        message.extend(field.unwrap_or_default());
    }
    let hash = blake3::keyed_hash(&key, &message).as_bytes().to_vec();
    connection.execute("UPDATE rpmadb_audit SET hash = ? WHERE seq = ?", (hash, seq)).expect("seals");
}

/// Adds a record as somebody would who knows how the chain is made.
fn forge(connection: &rusqlite::Connection) {
    run(
        connection,
        "INSERT INTO rpmadb_audit SELECT seq + 1, randomblob(16), at, 'bob', role, origin, 'query', 'DELETE FROM notes', 'ok', 0, \
         duration_us, rows, calls, schema_version, process, '', hash FROM rpmadb_audit ORDER BY seq DESC LIMIT 1",
    );
    let last = connection.query_row("SELECT max(seq) FROM rpmadb_audit", [], |row| row.get(0)).expect("reads");
    seal(connection, last);
}

/// Every record written anew with the key that everybody has, but for the last.
fn rewrite_all(connection: &rusqlite::Connection) {
    run(connection, "DELETE FROM rpmadb_audit WHERE seq > 30; UPDATE rpmadb_audit SET key = '', actor = 'bob'");
    (1..=30).for_each(|seq| seal(connection, seq));
}

/// What a handle that writes nothing proves.
pub(super) fn looked_at(scratch: &Scratch, options: &request::Open) -> report::AuditVerify {
    verified(&open_with(scratch, &request::Open { read_only: true, ..options.clone() }))
}

#[track_caller]
fn is_found(scratch: &Scratch, options: &request::Open, status: &str, wanted: &[&str]) {
    for round in 1..=2 {
        let database = open_with(scratch, options);
        let verify = verified(&database);
        assert_eq!((verify.status, classes(&verify).as_slice()), (status, wanted), "round {round}: {verify:?}");
        drop(database);
    }
}

/// The hash that such a record has to have can be made by everybody.
#[test]
fn a_record_without_the_key_behind_one_of_the_key_is_found() {
    let scratch = filled(&keyed());
    is_found(&scratch, &keyed(), "ok", &[]);
    forge(&stranger(&scratch.path("a.db")));
    is_found(&scratch, &keyed(), "tampered", &["unkeyed"]);
    let verify = verified(&open_with(&scratch, &keyed()));
    assert!(verify.findings[0].message.contains("written without the key"), "{verify:?}");
}

#[test]
fn a_chain_written_anew_without_the_key_is_found_by_what_the_key_anchored() {
    let scratch = filled(&keyed());
    rewrite_all(&stranger(&scratch.path("a.db")));
    let path = scratch.path("a.db-audit");
    let anchors = std::fs::read_to_string(&path).expect("reads");
    for more in [
        "",
        r#"{"kind":"restored","seq":0,"hash":"","at":1,"key":"x","mac":""}"#,
        r#"{"kind":"restored","seq":0,"hash":"","at":9999999999999,"key":"x","mac":""}"#,
    ] {
        std::fs::write(&path, format!("{anchors}\n{more}\n")).expect("writes");
        let verify = looked_at(&scratch, &keyed());
        assert_eq!((verify.status, classes(&verify)), ("tampered", vec!["tail_cut", "unknown_key"]), "{more}");
    }
}

/// Nothing says then that the records are of the host, and "ok" would.
#[test]
fn a_key_that_proves_no_record_proves_nothing() {
    let scratch = filled(&keyed());
    rewrite_all(&stranger(&scratch.path("a.db")));
    std::fs::remove_file(scratch.path("a.db-audit")).expect("removes");
    let verify = looked_at(&scratch, &keyed());
    assert_eq!((verify.status, classes(&verify)), ("unknown", vec!["unknown_key"]));
    assert!(verify.findings[0].message.contains("written without a key"), "{verify:?}");
    assert_eq!(looked_at(&scratch, &request::Open::default()).status, "ok", "for who gives none");
}

/// The first record of the key is over the hash of the last without one.
#[test]
fn a_database_that_gets_a_key_later_is_whole() {
    let scratch = filled(&request::Open::default());
    let backup = scratch.path("kept");
    let database = open_with(&scratch, &request::Open::default());
    database.backup(Some(&backup), &request::Backup::default(), &watch()).expect("backs up");
    query(&database, "INSERT INTO notes VALUES (1)").expect("inserts");
    database.restore(&backup, &request::Restore::default(), &watch()).expect("restores");
    database.close().expect("closes");
    let database = open_with(&scratch, &keyed());
    query(&database, "INSERT INTO notes VALUES (1)").expect("inserts");
    database.close().expect("closes");
    is_found(&scratch, &keyed(), "ok", &[]);
    // and goes back to before it had one
    let database = open_with(&scratch, &keyed());
    database.restore(&backup, &request::Restore::default(), &watch()).expect("restores");
    database.close().expect("closes");
    is_found(&scratch, &keyed(), "ok", &[]);
    // an edit of the beginning is seen
    run(&stranger(&scratch.path("a.db")), "UPDATE rpmadb_audit SET actor = 'bob' WHERE seq = 7");
    is_found(&scratch, &keyed(), "tampered", &["edited"]);
}

#[test]
fn a_record_whose_key_was_renamed_is_edited_and_not_unknown() {
    for options in [request::Open::default(), keyed()] {
        for (set, seq) in [
            ("key = 'zzzz'", 5),
            ("key = 'zzzz'", 1),
            ("key = 'zzzz'", RECORDS),
            ("key = 'zzzz', actor = 'bob', outcome = 'ok'", 5),
        ] {
            let scratch = filled(&options);
            run(&stranger(&scratch.path("a.db")), &format!("UPDATE rpmadb_audit SET {set} WHERE seq = {seq}"));
            is_found(&scratch, &options, "tampered", &["edited"]);
        }
        let scratch = filled(&options);
        run(&stranger(&scratch.path("a.db")), "UPDATE rpmadb_audit SET key = 'zzzz' WHERE seq BETWEEN 3 AND 9");
        is_found(&scratch, &options, "tampered", &["edited"]);
    }
}

#[test]
fn records_of_a_key_before_or_after_the_one_that_was_given_are_no_alarm() {
    let scratch = filled(&keyed());
    let other = request::Secret("another secret of the host's".into());
    let other = with_audit(request::AuditLog { key: Some(other), ..request::AuditLog::default() });
    let database = open_with(&scratch, &other);
    query(&database, "INSERT INTO notes VALUES (1)").expect("inserts");
    database.close().expect("closes");
    is_found(&scratch, &other, "unknown", &["unknown_key"]);
    assert_eq!(classes(&looked_at(&scratch, &keyed())), ["unknown_key"]);
    // one that came after a time without
    let scratch = filled(&request::Open::default());
    for options in [keyed(), other.clone()] {
        let database = open_with(&scratch, &options);
        query(&database, "INSERT INTO notes VALUES (1)").expect("inserts");
        database.close().expect("closes");
    }
    assert_eq!(classes(&looked_at(&scratch, &other)), ["unknown_key"]);
    assert_eq!(classes(&looked_at(&scratch, &keyed())), ["unknown_key"]);
    // one that was dropped again
    let database = open_with(&scratch, &request::Open::default());
    query(&database, "INSERT INTO notes VALUES (1)").expect("inserts");
    database.close().expect("closes");
    assert_eq!(classes(&looked_at(&scratch, &request::Open::default())), ["unknown_key"]);
}

#[test]
fn a_record_of_another_key_between_those_of_the_key_is_edited() {
    let scratch = filled(&keyed());
    let sql = "UPDATE rpmadb_audit SET key = '0123456789abcdef', actor = 'bob' WHERE seq = 5";
    run(&stranger(&scratch.path("a.db")), sql);
    is_found(&scratch, &keyed(), "tampered", &["edited"]);
}

/// The line that tells of a restore counts for who has the key only with it.
#[test]
fn a_restore_without_the_key_says_that_the_proof_will_not_know_of_it() {
    let scratch = filled(&keyed());
    let backup = scratch.path("kept");
    let restored = |options: &request::Open| {
        let database = open_with(&scratch, options);
        database.restore(&backup, &request::Restore::default(), &watch()).expect("restores").warnings
    };
    open_with(&scratch, &keyed()).backup(Some(&backup), &request::Backup::default(), &watch()).expect("backs up");
    assert_eq!(restored(&keyed()), Vec::<String>::new());
    let warnings = restored(&request::Open::default());
    assert!(warnings.len() == 1 && warnings[0].contains("is kept with another key"), "{warnings:?}");
}

/// The proof subtracted one from the number before it, and panicked.
#[test]
fn a_row_with_a_number_that_no_record_has_is_found() {
    let copy = |seq: i64, hash: &str| {
        format!(
            "INSERT INTO rpmadb_audit SELECT {seq}, id, at, actor, role, origin, verb, target, outcome, status, duration_us, rows, \
             calls, schema_version, process, key, {hash} FROM rpmadb_audit WHERE seq = (SELECT max(seq) FROM rpmadb_audit)"
        )
    };
    for (tamper, wanted) in [
        (copy(0, "hash"), vec!["edited"]),
        (copy(-5, "zeroblob(32)"), vec!["edited"]),
        (copy(i64::MIN, "x''"), vec!["edited"]),
        (format!("{}; {}", copy(0, "hash"), copy(-1, "hash")), vec!["edited"]),
        (format!("{}; DELETE FROM rpmadb_audit WHERE seq > 0", copy(-1, "hash")), vec!["edited", "tail_cut"]),
        (format!("{}; DELETE FROM rpmadb_audit WHERE seq = 1", copy(0, "hash")), vec!["edited", "head_removed"]),
        (copy(i64::MAX, "zeroblob(32)"), vec!["missing"]),
    ] {
        let scratch = filled(&request::Open::default());
        run(&stranger(&scratch.path("a.db")), &tamper);
        let verify = looked_at(&scratch, &request::Open::default());
        assert_eq!((verify.status, classes(&verify)), ("tampered", wanted), "{tamper}: {verify:?}");
    }
    // what the lines of anchors and the records of prunings say is anybody's number
    let scratch = filled(&request::Open::default());
    let through =
        format!(r#"{{"through":{},"hash":"{}","rows":1,"archive":"","archive_blake3":""}}"#, u64::MAX, "0".repeat(64));
    let sql = format!("UPDATE rpmadb_audit SET verb = 'audit_prune', target = '{through}' WHERE seq = 2 OR seq = 40");
    run(&stranger(&scratch.path("a.db")), &sql);
    assert_eq!(verified(&open_with(&scratch, &request::Open::default())).status, "tampered");
}
