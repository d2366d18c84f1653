//! What is no tampering raises no alarm: restores of every kind, power failures, other keys.

use super::*;
use crate::support::text;

/// Options for a database with one table and a folder for backups.
fn options(scratch: &Scratch) -> request::Open {
    let folder = scratch.migrations("m", &[("1_notes.sql", "CREATE TABLE notes (text);")]);
    let _ = std::fs::create_dir(scratch.path("backups"));
    request::Open {
        migrations: Some(folder),
        backup: request::BackupFolder {
            folder: Some(text(&scratch.path("backups"))),
            ..request::BackupFolder::default()
        },
        ..request::Open::default()
    }
}

fn open_at(scratch: &Scratch, name: &str) -> Database {
    try_open(scratch.path(name), &options(scratch)).expect("opens").0
}

fn insert(database: &Database, rows: usize) {
    (0..rows).for_each(|_| drop(query(database, "INSERT INTO notes VALUES (1)").expect("inserts")));
}

fn back_up(database: &Database) -> String {
    database.backup(None, &request::Backup::default(), &watch()).expect("backs up").path.expect("has a path")
}

fn restore(database: &Database, path: &str) -> Result<report::Restore, Error> {
    database.restore(Path::new(path), &request::Restore::default(), &watch())
}

#[track_caller]
fn is_whole(database: &Database, when: &str) {
    let verify = verified(database);
    assert_eq!((verify.status, verify.findings), ("ok", Vec::new()), "{when}");
}

/// The file of anchors was made by the first anchor alone, and what was restored before that was noted nowhere: the manifests
/// of later backups then told that the end was cut off.
#[test]
fn a_restore_before_the_first_anchor_is_no_tampering() {
    let scratch = Scratch::new();
    let database = open_at(&scratch, "a.db");
    let first = back_up(&database);
    insert(&database, 30);
    back_up(&database);
    restore(&database, &first).expect("restores");
    is_whole(&database, "after the restore");
}

/// What was anchored before a restore had to be found in what was restored, if its number was low enough.
#[test]
fn going_back_and_forth_between_two_pasts_is_no_tampering() {
    let scratch = Scratch::new();
    let database = open_at(&scratch, "a.db");
    let first = back_up(&database);
    insert(&database, 30);
    restore(&database, &first).expect("restores");
    insert(&database, 5);
    back_up(&database);
    database.close().expect("closes");
    let database = open_at(&scratch, "a.db");
    database.undo_restore(&request::UndoRestore::default(), &watch()).expect("undoes");
    is_whole(&database, "after the undoing");
    database.close().expect("closes");
    is_whole(&open_at(&scratch, "a.db"), "after another open");
}

#[test]
fn a_backup_of_another_database_is_no_tampering_whether_it_can_be_restored_or_not() {
    let scratch = Scratch::new();
    let other = open_at(&scratch, "b.db");
    insert(&other, 50);
    let of_other = back_up(&other);
    other.close().expect("closes");
    let database = open_at(&scratch, "a.db");
    insert(&database, 20);
    back_up(&database);
    database.close().expect("closes");

    let database = open_at(&scratch, "a.db");
    let holder = stranger(&scratch.path("a.db"));
    holder.execute_batch("BEGIN IMMEDIATE").expect("locks");
    let at_once = request::Restore { busy_timeout_ms: Some(10), ..request::Restore::default() };
    assert_eq!(refusal(database.restore(Path::new(&of_other), &at_once, &watch())), "BUSY");
    drop(holder);
    is_whole(&database, "after the failure");
    restore(&database, &of_other).expect("restores");
    is_whole(&database, "after the restore");
    insert(&database, 1);
    database.close().expect("closes");
    is_whole(&open_at(&scratch, "a.db"), "after another open");
}

#[test]
fn a_restore_by_a_process_with_another_key_is_no_tampering() {
    let scratch = Scratch::new();
    let database = open_at(&scratch, "a.db");
    let first = back_up(&database);
    insert(&database, 30);
    database.close().expect("closes");
    let key = request::Secret("a secret of the host's".into());
    let audit = request::AuditLog { key: Some(key), ..request::AuditLog::default() };
    let keyed = request::Open { audit, ..options(&scratch) };
    let database = try_open(scratch.path("a.db"), &keyed).expect("opens").0;
    restore(&database, &first).expect("restores");
    database.close().expect("closes");
    let verify = verified(&open_at(&scratch, "a.db"));
    assert_eq!(classes(&verify), ["unknown_key"]);
}

fn text_of(value: &serde_json::Value) -> &str {
    value.as_str().expect("a text")
}

/// Whether a manifest is older than a restore was asked of two clock readings, and clocks jump.
#[test]
fn a_clock_that_went_back_before_a_restore_is_no_tampering() {
    let scratch = Scratch::new();
    let database = open_at(&scratch, "a.db");
    let first = back_up(&database);
    insert(&database, 30);
    let second = back_up(&database);
    let manifest = format!("{second}.manifest.json");
    let found = std::fs::read_to_string(&manifest).expect("reads");
    let mut parsed: serde_json::Value = serde_json::from_str(&found).expect("is JSON");
    let created = parsed["manifest"]["created_at"].as_i64().expect("a number");
    parsed["manifest"]["created_at"] = (created + 3_600_000).into();
    let covered =
        format!("{}\n{}\n{}", parsed["manifest"], parsed["pages"]["every"], text_of(&parsed["pages"]["root"]));
    parsed["seal"]["hash"] = blake3::hash(covered.as_bytes()).to_hex().to_string().into();
    std::fs::write(&manifest, parsed.to_string()).expect("writes");
    assert_eq!(database.backups(&watch()).expect("lists").backups.len(), 2, "the seal holds");
    restore(&database, &first).expect("restores");
    is_whole(&database, "after the restore");
}

/// What is not synced may be lost with the power, and an anchor of it would then tell that it was cut off.
#[test]
fn nothing_is_anchored_where_nothing_is_synced() {
    let scratch = Scratch::new();
    let off = request::Open { synchronous: request::Synchronous::Off, ..options(&scratch) };
    let database = try_open(scratch.path("a.db"), &off).expect("opens").0;
    insert(&database, 3);
    database.close().expect("closes");
    assert!(!scratch.path("a.db-audit").exists());
    let database = open_at(&scratch, "a.db");
    insert(&database, 3);
    database.close().expect("closes");
    assert!(scratch.path("a.db-audit").exists());
}

/// The anchors were of before a restore and the records of after it.
#[test]
fn a_proof_during_a_restore_is_no_alarm() {
    let scratch = Scratch::new();
    let database = Arc::new(open_at(&scratch, "a.db"));
    let first = back_up(&database);
    insert(&database, 30);
    back_up(&database);
    let prover = open_at(&scratch, "a.db");
    let operation = watch();
    let restorer = Arc::clone(&database);
    operation.on_boundary(Some(Arc::new(move |place| {
        if place == "the anchors were read" {
            restore(&restorer, &first).expect("restores");
        }
    })));
    let request = request::Audit { verify: true, limit: Some(0), ..request::Audit::default() };
    assert_eq!(refusal(prover.audit(&request, &operation)), "BUSY");
    is_whole(&prover, "afterwards");
}

#[test]
fn what_is_done_through_a_link_and_a_migration_that_is_taken_back_are_no_tampering() {
    let scratch = Scratch::new();
    let database = open_at(&scratch, "a.db");
    scratch.write("m/2_more.sql", "CREATE TABLE more (a);");
    scratch.write("m/2_more.down.sql", "DROP TABLE more;");
    database.migrate(&request::Migrate::default(), &watch()).expect("migrates");
    std::os::unix::fs::symlink(scratch.path("a.db"), scratch.path("link.db")).expect("links");
    let linked = try_open(
        scratch.path("link.db"),
        &request::Open { migrations: Some(text(&scratch.path("m"))), ..request::Open::default() },
    );
    let linked = linked.expect("opens").0;
    insert(&linked, 3);
    insert(&database, 3);
    linked.close().expect("closes");
    assert!(!scratch.path("link.db-audit").exists());
    is_whole(&database, "with two handles");
    database.rollback(1, &request::Rollback::default(), &watch()).expect("goes back");
    is_whole(&database, "after a migration was taken back");
    database.close().expect("closes");
    is_whole(&open_at(&scratch, "a.db"), "after another open");
}

#[test]
fn a_table_that_is_dropped_while_the_database_is_open_is_found_and_stops_nobody() {
    let scratch = Scratch::new();
    let database = open_at(&scratch, "a.db");
    insert(&database, 20);
    database.close().expect("closes");
    let database = open_at(&scratch, "a.db");
    insert(&database, 2);
    stranger(&scratch.path("a.db")).execute_batch("DROP TABLE rpmadb_audit").expect("drops");
    insert(&database, 2);
    assert_eq!(records(&database).len(), 2);
    assert_eq!(verified(&database).status, "tampered");
}

/// What others anchored between the note of a restore and the moment when it happened was asked for afterwards.
#[test]
fn what_another_process_anchors_while_a_restore_is_under_way_is_no_tampering() {
    let scratch = Scratch::new();
    let database = open_at(&scratch, "a.db");
    let first = back_up(&database);
    insert(&database, 30);
    let reader = open_at(&scratch, "a.db");
    let operation = watch();
    let (path, folder) = (scratch.path("a.db"), options(&scratch));
    operation.on_boundary(Some(Arc::new(move |place| {
        if place == "the database is about to be overwritten" {
            let other = try_open(&path, &folder).expect("opens").0;
            insert(&other, 5);
            other.close().expect("closes");
        }
    })));
    let report = database.restore(Path::new(&first), &request::Restore::default(), &operation).expect("restores");
    assert_eq!(report.method, "transaction");
    is_whole(&database, "after the restore");
    is_whole(&reader, "for another");
    insert(&database, 60);
    database.close().expect("closes");
    is_whole(&reader, "when the numbers were given again");
}

/// Two handles anchor heads out of their order, and both anchor the same one.
#[test]
fn processes_that_anchor_at_once_are_no_tampering() {
    let scratch = Scratch::new();
    let (path, options) = (scratch.path("a.db"), options(&scratch));
    let open = || try_open(&path, &options).expect("opens").0;
    open().close().expect("closes");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..8 {
                    let database = open();
                    insert(&database, 1);
                    database.close().expect("closes");
                }
            });
        }
    });
    let database = open();
    is_whole(&database, "afterwards");
    let prune = request::AuditPrune { keep_rows: Some(5), ..request::AuditPrune::default() };
    let request = request::Audit { prune: Some(prune), limit: Some(0), ..request::Audit::default() };
    assert!(audit(&database, &request).pruned.is_some_and(|pruned| pruned.rows > 0));
    is_whole(&database, "after a pruning");
    database.close().expect("closes");
    is_whole(&open(), "after another open");
}

#[test]
fn copies_of_a_database_go_ways_of_their_own() {
    let scratch = Scratch::new();
    let database = open_at(&scratch, "a.db");
    insert(&database, 20);
    database.close().expect("closes");
    // with its anchors, without them, and back in the place of the first, which its owner says by removing them
    std::fs::copy(scratch.path("a.db"), scratch.path("b.db")).expect("copies");
    std::fs::copy(scratch.path("a.db-audit"), scratch.path("b.db-audit")).expect("copies");
    std::fs::copy(scratch.path("a.db"), scratch.path("c.db")).expect("copies");
    for (name, rows) in [("a.db", 3), ("b.db", 2), ("c.db", 4)] {
        let database = open_at(&scratch, name);
        insert(&database, rows);
        database.close().expect("closes");
        is_whole(&open_at(&scratch, name), name);
    }
    std::fs::copy(scratch.path("c.db"), scratch.path("a.db")).expect("copies");
    std::fs::remove_file(scratch.path("a.db-audit")).expect("removes");
    is_whole(&open_at(&scratch, "a.db"), "a copy whose owner removed the anchors");
}
