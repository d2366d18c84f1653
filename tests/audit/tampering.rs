//! Whoever changes the audit is seen, and in which way they did it.

use super::*;
use crate::support::text;

/// The rounds of each way; more with `RPMADB_TEST_ROUNDS`.
pub(super) fn rounds() -> u64 {
    std::env::var("RPMADB_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(100)
}

/// A generator of numbers (splitmix64, Steele, Lea and Flood 2014) that says what it was made from when a test fails.
pub(super) struct Random {
    seed: u64,
    state: u64,
}

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random { seed, state: seed }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn within(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from + 1)
    }
}

impl Drop for Random {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("seed {}", self.seed);
        }
    }
}

pub(super) const RECORDS: u64 = 40;

/// A database with [`RECORDS`] records, closed, so that its head is anchored.
pub(super) fn filled(options: &request::Open) -> Scratch {
    let scratch = Scratch::new();
    let folder = scratch.migrations("m", &[("1_notes.sql", "CREATE TABLE notes (text);")]);
    let options = request::Open { migrations: Some(folder), ..options.clone() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    for number in 1..RECORDS {
        match number % 3 {
            0 => drop(query(&database, "SELECT nonsense")),
            _ => drop(query(&database, "INSERT INTO notes VALUES (1)").expect("inserts")),
        }
    }
    database.close().expect("closes");
    scratch
}

/// Tampers with copies of one database, one for each seed, and hands what the proof finds to `judge`.
fn tampered(
    options: &request::Open,
    tamper: impl Fn(&rusqlite::Connection, &mut Random),
    judge: impl Fn(&report::AuditVerify, &Random),
) {
    let scratch = filled(options);
    for seed in 0..rounds() {
        let mut random = Random::new(seed);
        let copy = Scratch::new();
        for name in ["a.db", "a.db-audit"] {
            std::fs::copy(scratch.path(name), copy.path(name)).expect("copies");
        }
        let connection = stranger(&copy.path("a.db"));
        tamper(&connection, &mut random);
        drop(connection);
        let options = request::Open { migrate: Some(false), ..options.clone() };
        let database = try_open(copy.path("a.db"), &options).expect("opens").0;
        let verify = verified(&database);
        judge(&verify, &random);
        database.close().expect("closes");
    }
}

fn is_found(class: &'static str) -> impl Fn(&report::AuditVerify, &Random) {
    move |verify, random| {
        assert_eq!((verify.status, classes(verify)), ("tampered", vec![class]), "seed {}: {verify:?}", random.seed);
    }
}

pub(super) fn run(connection: &rusqlite::Connection, sql: &str) {
    connection.execute_batch(sql).expect(sql);
}

#[test]
fn an_untouched_audit_is_whole() {
    tampered(
        &request::Open::default(),
        |_, _| {},
        |verify, random| {
            assert_eq!((verify.status, verify.rows), ("ok", RECORDS), "seed {}: {verify:?}", random.seed);
            assert!(verify.anchors >= 1);
        },
    );
}

#[test]
fn an_edited_record_is_found() {
    tampered(
        &request::Open::default(),
        |connection, random| {
            let seq = random.within(1, RECORDS);
            let set = match random.within(0, 14) {
                0 => "actor = actor || 'x'",
                1 => "role = 'user'",
                2 => "origin = 'cli'",
                3 => "verb = 'stats'",
                4 => "target = 'SELECT 1'",
                5 => "outcome = CASE outcome WHEN 'ok' THEN 'denied' ELSE 'ok' END",
                6 => "status = status + 1",
                7 => "duration_us = duration_us + 1",
                8 => "rows = rows + 1",
                9 => "calls = calls + 1",
                10 => "schema_version = schema_version + 1",
                11 => "process = process + 1",
                12 => "at = at - 1",
                13 => "id = randomblob(16)",
                _ => "hash = randomblob(32)",
            };
            run(connection, &format!("UPDATE rpmadb_audit SET {set} WHERE seq = {seq}"));
        },
        is_found("edited"),
    );
}

#[test]
fn a_record_missing_in_the_middle_is_found() {
    tampered(
        &request::Open::default(),
        |connection, random| {
            let from = random.within(2, RECORDS - 1);
            let to = random.within(from, RECORDS - 1);
            run(connection, &format!("DELETE FROM rpmadb_audit WHERE seq BETWEEN {from} AND {to}"));
        },
        is_found("missing"),
    );
}

#[test]
fn a_cut_tail_is_found() {
    tampered(
        &request::Open::default(),
        |connection, random| {
            let from = random.within(1, RECORDS);
            run(connection, &format!("DELETE FROM rpmadb_audit WHERE seq >= {from}"));
        },
        is_found("tail_cut"),
    );
}

#[test]
fn a_removed_head_is_found() {
    tampered(
        &request::Open::default(),
        |connection, random| {
            let to = random.within(1, RECORDS - 1);
            run(connection, &format!("DELETE FROM rpmadb_audit WHERE seq <= {to}"));
        },
        is_found("head_removed"),
    );
}

#[test]
fn a_dropped_table_is_found() {
    tampered(
        &request::Open::default(),
        |connection, _| run(connection, "DROP TABLE rpmadb_audit"),
        is_found("table_dropped"),
    );
}

/// The chain written anew from `from` on, as somebody would who knows how it is made: an implementation of its own.
fn rewrite(connection: &rusqlite::Connection, from: u64, secret: &[u8]) {
    let key = blake3::derive_key("rpmadb 2026-11-28 audit chain 1", secret);
    let columns = ["seq", "at", "status", "duration_us", "rows", "calls", "schema_version", "process"];
    let texts = ["actor", "role", "origin", "verb", "outcome", "key"];
    let sql =
        format!("SELECT {}, id, {}, target, hash FROM rpmadb_audit ORDER BY seq", columns.join(", "), texts.join(", "));
    let mut before = vec![0; 32];
    let mut written = Vec::new();
    let mut statement = connection.prepare(&sql).expect("prepares");
    let mut rows = statement.query([]).expect("reads");
    while let Some(row) = rows.next().expect("steps") {
        let mut message = before.clone();
        let mut field = |bytes: &[u8]| {
            message.extend((bytes.len() as u64).to_le_bytes());
            message.extend(bytes);
        };
        for at in 0..8 {
            field(&row.get::<_, i64>(at).expect("a number").to_le_bytes());
        }
        field(&row.get::<_, Vec<u8>>(8).expect("bytes"));
        for at in 9..15 {
            field(row.get::<_, String>(at).expect("a text").as_bytes());
        }
        match row.get::<_, Option<String>>(15).expect("a text") {
            Some(target) => field(target.as_bytes()),
            None => message.extend(u64::MAX.to_le_bytes()),
        }
        let seq = row.get::<_, i64>(0).expect("a number");
        let stored: Vec<u8> = row.get(16).expect("bytes");
        let hash = blake3::keyed_hash(&key, &message).as_bytes().to_vec();
        if seq.unsigned_abs() < from {
            assert_eq!(stored, hash, "the format is as this test knows it");
        }
        before.clone_from(&hash);
        written.push((seq, hash));
    }
    drop(rows);
    for (seq, hash) in written.into_iter().filter(|(seq, _)| seq.unsigned_abs() >= from) {
        connection.execute("UPDATE rpmadb_audit SET hash = ? WHERE seq = ?", (hash, seq)).expect("writes");
    }
}

#[test]
fn a_rewrite_with_new_hashes_is_found() {
    tampered(
        &request::Open::default(),
        |connection, random| {
            let from = random.within(1, RECORDS);
            run(connection, &format!("UPDATE rpmadb_audit SET actor = 'nobody' WHERE seq = {from}"));
            rewrite(connection, from, b"");
        },
        is_found("rewritten"),
    );
}

#[test]
fn a_rewrite_without_the_hosts_key_is_found_even_where_no_anchor_is_left() {
    let key = request::Secret("a secret of the host's".into());
    let options = with_audit(request::AuditLog { key: Some(key), ..request::AuditLog::default() });
    let scratch = filled(&options);
    rewrite(&stranger(&scratch.path("a.db")), 1, b"another secret");
    std::fs::remove_file(scratch.path("a.db-audit")).expect("removes");
    let database = try_open(scratch.path("a.db"), &request::Open { migrate: Some(false), ..options }).expect("opens").0;
    assert_eq!(classes(&verified(&database)), ["rewritten"]);
}

#[test]
fn records_of_another_key_are_unknown_and_not_an_alarm() {
    let key = request::Secret("a secret of the host's".into());
    let options = with_audit(request::AuditLog { key: Some(key), ..request::AuditLog::default() });
    let scratch = filled(&options);
    std::fs::remove_file(scratch.path("a.db-audit")).expect("removes");
    let without = try_open(scratch.path("a.db"), &request::Open { migrate: Some(false), ..request::Open::default() });
    let without = without.expect("opens").0;
    let verify = verified(&without);
    assert_eq!((verify.status, classes(&verify)), ("unknown", vec!["unknown_key"]));
    without.close().expect("closes");
    let kept = request::Open { migrate: Some(false), ..options };
    let with = try_open(scratch.path("a.db"), &kept).expect("opens").0;
    assert_eq!(verified(&with).status, "ok", "who only looks without the key leaves nothing that is none of it");
    with.close().expect("closes");
    let without = try_open(scratch.path("a.db"), &request::Open { migrate: Some(false), ..request::Open::default() });
    let without = without.expect("opens").0;
    query(&without, "INSERT INTO notes VALUES (1)").expect("inserts");
    without.close().expect("closes");
    let verify = super::keys::looked_at(&scratch, &kept);
    assert_eq!((verify.status, classes(&verify)), ("tampered", vec!["unkeyed"]), "but who changes something does");
}

#[test]
fn an_edited_anchor_is_found() {
    let scratch = filled(&request::Open::default());
    let anchors = std::fs::read_to_string(scratch.path("a.db-audit")).expect("reads");
    std::fs::write(scratch.path("a.db-audit"), anchors.replace("\"seq\":40", "\"seq\":39")).expect("writes");
    let database = open_as_it_is(&scratch);
    assert_eq!(classes(&verified(&database)), ["anchor_edited"]);
}

pub(super) fn open_as_it_is(scratch: &Scratch) -> Database {
    let options = request::Open { migrate: Some(false), ..request::Open::default() };
    try_open(scratch.path("a.db"), &options).expect("opens").0
}

#[test]
fn what_was_cut_is_found_also_when_others_were_written_since() {
    let scratch = filled(&request::Open::default());
    run(&stranger(&scratch.path("a.db")), "DELETE FROM rpmadb_audit WHERE seq > 30");
    let database = open_as_it_is(&scratch);
    for _ in 0..20 {
        query(&database, "INSERT INTO notes VALUES (2)").expect("inserts");
    }
    database.close().expect("closes");
    let database = open_as_it_is(&scratch);
    assert_eq!(classes(&verified(&database)), ["rewritten"]);
}

/// What was anchored was compared with the newest anchor of that number alone, and so the calls that came after a cut wrote over
/// the proof of it, `audit --verify` itself among them.
#[test]
fn what_was_cut_stays_found_however_many_calls_come_after_it() {
    let key = request::Secret("a secret of the host's".into());
    for key in [None, Some(key)] {
        let options = with_audit(request::AuditLog { key, ..request::AuditLog::default() });
        for (tamper, class) in [
            ("DELETE FROM rpmadb_audit WHERE seq > 35", "rewritten"),
            ("DELETE FROM rpmadb_audit", "table_dropped"),
            ("DROP TABLE rpmadb_audit", "table_dropped"),
        ] {
            let scratch = filled(&options);
            run(&stranger(&scratch.path("a.db")), tamper);
            for round in 1..=RECORDS {
                let options = request::Open { migrate: Some(false), ..options.clone() };
                let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
                let verify = verified(&database);
                assert_eq!(verify.status, "tampered", "{tamper}, round {round}: {verify:?}");
                database.close().expect("closes");
            }
            let options = request::Open { migrate: Some(false), ..options.clone() };
            let verify = verified(&try_open(scratch.path("a.db"), &options).expect("opens").0);
            assert_eq!(classes(&verify), [class], "{tamper}");
        }
    }
}

/// Cuts the end, writes as many records again, and hands the database on; the record that was anchored is another one then.
fn cut_and_grown_again(grown: usize) -> (Scratch, Database) {
    let scratch = filled(&request::Open::default());
    run(&stranger(&scratch.path("a.db")), "DELETE FROM rpmadb_audit WHERE seq > 30");
    let database = open_as_it_is(&scratch);
    for _ in 0..grown {
        query(&database, "INSERT INTO notes VALUES (2)").expect("inserts");
    }
    database.close().expect("closes");
    let database = open_as_it_is(&scratch);
    (scratch, database)
}

/// Anchors of records that are pruned are left out, and with them went the proof.
#[test]
fn what_was_rewritten_stays_found_when_it_is_pruned() {
    for grown in [5, 10, 20] {
        let (scratch, database) = cut_and_grown_again(grown);
        for _ in 0..30 {
            query(&database, "INSERT INTO notes VALUES (3)").expect("inserts");
        }
        for _ in 0..2 {
            let prune = request::AuditPrune { keep_rows: Some(2), ..request::AuditPrune::default() };
            let request = request::Audit { prune: Some(prune), limit: Some(0), ..request::Audit::default() };
            assert!(audit(&database, &request).pruned.expect("was asked for").to_seq > RECORDS);
            let verify = verified(&database);
            assert_eq!((verify.status, classes(&verify)), ("tampered", vec!["rewritten"]), "{verify:?}");
        }
        database.close().expect("closes");
        assert_eq!(classes(&verified(&open_as_it_is(&scratch))), ["rewritten"]);
    }
}

/// The older half of a large file of anchors is left out, and with it went the proof.
#[test]
fn what_was_cut_stays_found_when_the_file_of_anchors_is_shortened() {
    for (grown, class) in [(0, "tail_cut"), (5, "tail_cut"), (10, "rewritten"), (20, "rewritten")] {
        let (scratch, database) = cut_and_grown_again(grown);
        let size = || std::fs::metadata(scratch.path("a.db-audit")).expect("is there").len();
        // a head that fits, and that nobody misses
        let filler = anchor_line(&records(&database)[0]);
        database.close().expect("closes");
        for round in 0..2 {
            let mut text = std::fs::read_to_string(scratch.path("a.db-audit")).expect("reads");
            text.push_str(&format!("\n{filler}").repeat((5 << 20) / filler.len()));
            std::fs::write(scratch.path("a.db-audit"), text).expect("writes");
            let before = size();
            let database = open_as_it_is(&scratch);
            query(&database, "CREATE TABLE IF NOT EXISTS other (a)").expect("makes");
            database.close().expect("closes");
            assert!(size() < before * 2 / 3, "is shortened");
            let verify = verified(&open_as_it_is(&scratch));
            assert_eq!((round, verify.status, classes(&verify)), (round, "tampered", vec![class]), "{verify:?}");
        }
    }
}

/// A line of the file of anchors for a record, as this library writes it without a key.
pub(super) fn anchor_line(record: &report::AuditRecord) -> String {
    let key = blake3::derive_key("rpmadb 2026-11-28 audit chain 1", b"");
    let signed = format!("Head {} {} 1 ", record.seq, record.hash);
    let mac = blake3::keyed_hash(&key, signed.as_bytes()).to_hex();
    format!(r#"{{"kind":"head","seq":{},"hash":"{}","at":1,"key":"","mac":"{mac}"}}"#, record.seq, record.hash)
}

#[test]
fn a_restore_that_was_asked_for_ends_the_alarm() {
    let scratch = filled(&request::Open::default());
    let database = open_as_it_is(&scratch);
    database.backup(Some(&scratch.path("kept")), &request::Backup::default(), &watch()).expect("backs up");
    database.close().expect("closes");
    run(&stranger(&scratch.path("a.db")), "DELETE FROM rpmadb_audit WHERE seq > 38");
    for _ in 0..5 {
        verified(&open_as_it_is(&scratch));
    }
    let database = open_as_it_is(&scratch);
    assert_eq!(verified(&database).status, "tampered");
    database.restore(&scratch.path("kept"), &request::Restore::default(), &watch()).expect("restores");
    let verify = verified(&database);
    assert_eq!((verify.status, verify.findings), ("ok", Vec::new()));
}

#[test]
fn an_older_copy_put_in_the_place_of_the_database_is_found() {
    let scratch = filled(&request::Open::default());
    std::fs::copy(scratch.path("a.db"), scratch.path("older")).expect("copies");
    let database = open_as_it_is(&scratch);
    query(&database, "DELETE FROM notes").expect("deletes");
    database.close().expect("closes");
    std::fs::copy(scratch.path("older"), scratch.path("a.db")).expect("copies");
    assert_eq!(classes(&verified(&open_as_it_is(&scratch))), ["tail_cut"]);
}

#[test]
fn a_restore_is_no_tampering_and_the_manifest_has_the_head() {
    let scratch = filled(&request::Open::default());
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    let options = request::Open {
        migrate: Some(false),
        backup: request::BackupFolder {
            folder: Some(text(&scratch.path("backups"))),
            ..request::BackupFolder::default()
        },
        ..request::Open::default()
    };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let made = database.backup(None, &request::Backup::default(), &watch()).expect("backs up");
    let listed = database.backups(&watch()).expect("lists");
    let head = listed.backups[0].manifest.audit_head.clone().expect("has a head");
    assert_eq!(head.count, RECORDS);
    query(&database, "DELETE FROM notes").expect("deletes");
    database.backup(None, &request::Backup::default(), &watch()).expect("backs up");
    let path = made.path.expect("has a path");
    database.restore(Path::new(&path), &request::Restore::default(), &watch()).expect("restores");
    let verify = verified(&database);
    assert_eq!((verify.status, verify.findings), ("ok", Vec::new()), "after a restore");
    database.undo_restore(&request::UndoRestore::default(), &watch()).expect("undoes");
    let verify = verified(&database);
    assert_eq!((verify.status, verify.findings), ("ok", Vec::new()), "after its undoing");
    database.close().expect("closes");

    // what the manifests say is compared where the anchors are gone
    std::fs::remove_file(scratch.path("a.db-audit")).expect("removes");
    run(&stranger(&scratch.path("a.db")), "DELETE FROM rpmadb_audit WHERE seq > 30");
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    assert_eq!(classes(&verified(&database)), ["tail_cut"]);
}
