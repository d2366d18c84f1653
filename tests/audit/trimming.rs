//! Old records go to an archive, and the chain goes on.

use super::*;

fn filled(scratch: &Scratch, records: usize) -> Database {
    let folder = scratch.migrations("m", &[("1_notes.sql", "CREATE TABLE notes (text);")]);
    let database = try_open(scratch.path("a.db"), &crate::support::with_folder(&folder)).expect("opens").0;
    for _ in 1..records {
        query(&database, "INSERT INTO notes VALUES (1)").expect("inserts");
    }
    database
}

fn prune(database: &Database, prune: request::AuditPrune) -> report::AuditPruned {
    let request = request::Audit { prune: Some(prune), limit: Some(0), ..request::Audit::default() };
    audit(database, &request).pruned.expect("was asked for")
}

fn keep_rows(rows: u64) -> request::AuditPrune {
    request::AuditPrune { keep_rows: Some(rows), ..request::AuditPrune::default() }
}

#[test]
fn what_is_pruned_is_in_the_archive_and_the_rest_is_proved() {
    let scratch = Scratch::new();
    let database = filled(&scratch, 50);
    let all = records(&database);
    let dry = prune(&database, request::AuditPrune { dry_run: true, ..keep_rows(20) });
    assert_eq!((dry.from_seq, dry.archive), (1, None));
    assert_eq!(records(&database).first().map(|record| record.seq), Some(1), "nothing was changed");

    let pruned = prune(&database, keep_rows(20));
    let archive = pruned.archive.expect("is archived");
    let text = zstd::decode_all(std::fs::File::open(&archive).expect("opens")).expect("is zstd");
    let archived: Vec<serde_json::Value> = String::from_utf8(text)
        .expect("is text")
        .lines()
        .map(|line| serde_json::from_str(line).expect("is JSON"))
        .collect();
    assert_eq!(archived.len() as u64, pruned.rows);
    assert_eq!(archived[0], serde_json::to_value(&all[0]).expect("serialises"));
    let left = records(&database);
    assert_eq!(left[0].seq, pruned.to_seq + 1);
    let verify = verified(&database);
    assert_eq!((verify.status, verify.findings), ("ok", Vec::new()));

    // again, so that the record of the first pruning goes too
    let again = prune(&database, keep_rows(1));
    assert_eq!(again.from_seq, pruned.to_seq + 1);
    assert_eq!(verified(&database).status, "ok");
    database.close().expect("closes");
    let database = filled(&scratch, 1);
    assert_eq!(verified(&database).status, "ok");

    let nothing = prune(&database, request::AuditPrune { keep_days: Some(1), ..request::AuditPrune::default() });
    assert_eq!((nothing.rows, nothing.archive), (0, None));
    database.close().expect("closes");
    let sql = "DELETE FROM rpmadb_audit WHERE seq = (SELECT min(seq) FROM rpmadb_audit)";
    stranger(&scratch.path("a.db")).execute_batch(sql).expect("deletes");
    assert_eq!(classes(&verified(&filled(&scratch, 1))), ["head_removed"], "one more than was pruned");
}

#[test]
fn pruning_never_takes_the_last_record_and_keeps_by_age() {
    let scratch = Scratch::new();
    let database = filled(&scratch, 5);
    let pruned = prune(&database, keep_rows(0));
    assert!(pruned.rows >= 4);
    assert!(!records(&database).is_empty());
    let by_age = prune(&database, request::AuditPrune { keep_days: Some(0), ..request::AuditPrune::default() });
    assert!(by_age.rows > 0, "all are older than now");
    assert_eq!(verified(&database).status, "ok");
}

#[test]
fn where_the_archive_cannot_be_written_nothing_is_removed() {
    let scratch = Scratch::new();
    let database = filled(&scratch, 10);
    let nowhere = request::AuditPrune { folder: Some(crate::support::text(&scratch.path("nowhere"))), ..keep_rows(1) };
    let request = request::Audit { prune: Some(nowhere), ..request::Audit::default() };
    assert_eq!(refusal(database.audit(&request, &watch())), "NOT_FOUND");
    assert_eq!(records(&database)[0].seq, 1);
    let without = request::Audit { prune: Some(request::AuditPrune::default()), ..request::Audit::default() };
    assert_eq!(refusal(database.audit(&without, &watch())), "INVALID_ARGUMENT");
    let memory = open(":memory:");
    query(&memory, "SELECT 1").expect("reads");
    let request = request::Audit { prune: Some(keep_rows(1)), ..request::Audit::default() };
    assert_eq!(refusal(memory.audit(&request, &watch())), "INVALID_ARGUMENT", "no folder");
}

#[test]
fn an_archive_of_that_name_is_left_alone() {
    let scratch = Scratch::new();
    let database = filled(&scratch, 10);
    // what a kill between archive and removal leaves
    let there = scratch.write("a-audit-1-9.jsonl.zst", "there already");
    let pruned = prune(&database, keep_rows(1));
    assert_eq!(pruned.to_seq, 9, "as the name above says");
    assert_eq!(std::fs::read(&there).expect("reads"), b"there already");
    assert_ne!(pruned.archive.expect("is archived"), crate::support::text(&there));
    assert_eq!(verified(&database).status, "ok");
}

#[test]
fn who_is_on_the_list_is_not_named_by_the_record_of_a_pruning() {
    let scratch = Scratch::new();
    let folder = scratch.migrations("m", &[("1_notes.sql", "CREATE TABLE notes (text);")]);
    let redact = request::AuditLog { redact: vec!["Sommerfeld".into()], ..request::AuditLog::default() };
    let options = request::Open { actor: Some("Sommerfeld".into()), migrations: Some(folder), ..with_audit(redact) };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    query(&database, "INSERT INTO notes VALUES (1)").expect("inserts");
    prune(&database, keep_rows(1));
    let named: Vec<String> = records(&database).iter().map(told).filter(|told| told.contains("Sommerfeld")).collect();
    assert_eq!(named, Vec::<String>::new());
    assert_eq!(verified(&database).status, "ok");
}

/// What was removed then were records of the backup, which are in no archive.
#[test]
fn a_restore_between_archive_and_removal_loses_no_record() {
    let scratch = Scratch::new();
    let database = Arc::new(filled(&scratch, 3));
    let backup = scratch.path("backup");
    database.backup(Some(&backup), &request::Backup::default(), &watch()).expect("backs up");
    for _ in 0..20 {
        query(&database, "UPDATE notes SET text = 2").expect("updates");
    }
    database.backup(Some(&scratch.path("later")), &request::Backup::default(), &watch()).expect("backs up");
    database.restore(&backup, &request::Restore::default(), &watch()).expect("restores");
    for _ in 0..20 {
        query(&database, "DELETE FROM notes").expect("deletes");
    }
    let (restorer, later) = (filled(&scratch, 1), scratch.path("later"));
    let operation = watch();
    operation.on_boundary(Some(Arc::new(move |place| {
        if place == "the audit was archived" {
            restorer.restore(&later, &request::Restore::default(), &watch()).expect("restores");
        }
    })));
    let request = request::Audit { prune: Some(keep_rows(5)), ..request::Audit::default() };
    assert_eq!(refusal(database.audit(&request, &operation)), "NOT_FOUND");
    assert_eq!(records(&database)[0].seq, 1, "nothing was removed");
    assert_eq!(verified(&database).status, "ok");
}

/// The one that came second was told that a record does not exist, and left an archive.
#[test]
fn of_two_prunings_at_once_the_second_finds_nothing_to_do() {
    let scratch = Scratch::new();
    let database = filled(&scratch, 50);
    let other = filled(&scratch, 1);
    let operation = watch();
    operation.on_boundary(Some(Arc::new(move |place| {
        if place == "the audit was archived" {
            assert!(prune(&other, keep_rows(5)).rows > 0);
        }
    })));
    let request = request::Audit { prune: Some(keep_rows(20)), limit: Some(0), ..request::Audit::default() };
    let pruned = database.audit(&request, &operation).expect("reports").pruned.expect("was asked for");
    assert_eq!((pruned.rows, pruned.archive), (0, None));
    let archives = scratch.names().into_iter().filter(|name| name.ends_with(".zst")).count();
    assert_eq!(archives, 1, "that of the first");
    let prunings = records(&database).iter().filter(|record| record.verb == "audit_prune").count();
    assert_eq!(prunings, 1);
    assert_eq!(verified(&database).status, "ok");
}

/// It was told of the door through which the script came.
#[test]
fn a_pruning_by_a_script_is_the_scripts() {
    let scratch = Scratch::new();
    let database = filled(&scratch, 10);
    let source = "return db:audit({ prune = { keep_rows = 1 } }).pruned.rows";
    let report = database.script(source, &request::Script::default(), &watch()).expect("prunes");
    assert!(report.result.as_i64().is_some_and(|rows| rows > 0));
    let all = records(&database);
    let record = all.iter().find(|record| record.verb == "audit_prune").expect("is recorded");
    assert_eq!((&*record.origin, &*record.actor), ("lua", "host"));
    assert_eq!(verified(&database).status, "ok");
}

/// Both wrote into one hidden file, and the archive was not the one that the record told of.
#[test]
fn prunings_of_two_handles_at_once_leave_the_archive_that_the_record_tells_of() {
    for _ in 0..4 {
        let scratch = Scratch::new();
        let database = filled(&scratch, 300);
        let other = filled(&scratch, 1);
        let pruned = std::thread::scope(|scope| {
            let prunings = [&database, &other].map(|handle| scope.spawn(move || prune(handle, keep_rows(20))));
            prunings.map(|pruning| pruning.join().expect("prunes").archive)
        });
        assert!(pruned.iter().flatten().count() >= 1, "{pruned:?}");
        for record in records(&database).iter().filter(|record| record.verb == "audit_prune") {
            let target: serde_json::Value =
                serde_json::from_str(record.target.as_deref().expect("says")).expect("is JSON");
            let archive = std::fs::read(scratch.path(target["archive"].as_str().expect("a name"))).expect("reads");
            assert_eq!(blake3::hash(&archive).to_hex().as_str(), target["archive_blake3"], "{target}");
        }
        assert_eq!(verified(&database).status, "ok");
    }
}
