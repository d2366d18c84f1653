//! The scripts that change something, but for the one that erases (`erasing`): what they do, and that a dry run does not.

use super::workshop::{DAY, person};
use super::*;
use crate::support::unrecorded;

fn count(database: &Database, sql: &str) -> u64 {
    value(database, sql).as_u64().expect(sql)
}

// --- nightly_maintenance

fn with_backups(workshop: &Workshop) -> Database {
    with_backups_and(workshop, |options| options)
}

fn with_backups_and(workshop: &Workshop, more: fn(request::Open) -> request::Open) -> Database {
    let folder = workshop.scratch.path("backups");
    std::fs::create_dir(&folder).expect("makes a folder");
    let options = request::Open {
        backup: request::BackupFolder { folder: Some(text(&folder)), ..request::BackupFolder::default() },
        ..request::Open::default()
    };
    try_open(workshop.scratch.path("a.db"), &more(options)).expect("opens").0
}

fn backups(database: &Database) -> Vec<String> {
    let report = database.backups(&watch()).expect("lists");
    report.backups.into_iter().map(|listed| listed.path).collect()
}

#[test]
fn a_night_leaves_statistics_an_empty_log_and_a_backup() {
    let workshop = Workshop::new(seed("nightly"));
    // why unrecorded: that the script ran is recorded after it emptied the log
    let database = with_backups_and(&workshop, unrecorded);
    database.query("UPDATE clients SET notes = 'x'", None, &watch()).expect("writes");
    let found = shipped(&database, "nightly_maintenance", json!({}));
    assert_eq!((&found["backed_up"], &found["dry_run"]), (&json!(true), &json!(false)));
    assert_eq!(backups(&database), [found["backup"].as_str().expect("a path").to_owned()]);
    assert_eq!((&found["checkpoint"]["busy"], &found["checkpoint"]["mode"]), (&json!(false), &json!("truncate")));
    let wal = std::fs::metadata(workshop.scratch.path("a.db-wal")).map_or(0, |wal| wal.len());
    assert_eq!(wal, 0);
    assert!(found["optimize_ms"].is_number(), "{found}");
}

#[test]
fn a_night_keeps_as_many_backups_as_it_is_told() {
    let workshop = Workshop::new(seed("nightly"));
    let database = with_backups(&workshop);
    for _ in 0..3 {
        shipped(&database, "nightly_maintenance", json!({}));
    }
    let before = backups(&database);
    let dry = shipped(&database, "nightly_maintenance", json!({"keep_last": 2, "dry_run": true}));
    assert_eq!((&dry["backups_removed"], backups(&database)), (&json!([before[2]]), before.clone()));
    let found = shipped(&database, "nightly_maintenance", json!({"keep_last": 2}));
    assert_eq!(found["backups_removed"], json!([before[1], before[2]]));
    assert_eq!(backups(&database), [found["backup"].as_str().expect("a path"), &before[0]]);
}

#[test]
fn a_night_without_a_backup_folder_does_the_rest() {
    let workshop = Workshop::new(seed("nightly"));
    let database = workshop.open();
    let report = try_shipped(&database, "nightly_maintenance", &json!({})).expect("runs");
    assert_eq!(report.result["backed_up"], json!(false));
    assert_eq!(report.result["checkpoint"]["busy"], json!(false));
    assert!(report.log.contains(&"[warn] no backup: this handle has no backup folder".to_owned()), "{:?}", report.log);
    let asked_not_to = try_shipped(&database, "nightly_maintenance", &json!({"backup": false})).expect("runs");
    assert!(!asked_not_to.log.iter().any(|line| line.contains("no backup")), "{:?}", asked_not_to.log);
}

#[test]
fn a_dry_night_changes_nothing() {
    let workshop = Workshop::new(seed("nightly"));
    let database = with_backups(&workshop);
    let before = contents(&database);
    let found = shipped(&database, "nightly_maintenance", json!({"dry_run": true}));
    assert_eq!(found, json!({"dry_run": true, "health": found["health"], "backed_up": false, "backups_removed": []}));
    assert_eq!((contents(&database), backups(&database)), (before, vec![]));
}

// --- purge_old_rows

/// Old and young rows of each kind; the tasks of the workshop are open, so their history stays.
fn with_old_rows(workshop: &Workshop, each: u64) {
    let now = now_ms();
    let (old, young) = (now - 400 * DAY, now - DAY);
    workshop.eve();
    workshop.damage(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {each})
         INSERT INTO user_sessions (id, user_id, token_hash, created_at, last_seen_at, expires_at, revoked_at)
           SELECT 'old' || i, 'u1', printf('%064x', i), {old}, {old}, {old} + 1, NULL FROM n
           UNION ALL SELECT 'revoked' || i, 'u1', printf('a%063x', i), {old}, {old}, {now} + 1, {old} FROM n
           UNION ALL SELECT 'young' || i, 'u1', printf('b%063x', i), {old}, {old}, {young}, NULL FROM n;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {each})
         INSERT INTO notifications (id, user_id, notification_type, title, created_at, read_at)
           SELECT 'read' || i, 'u1', 'system', 'x', {old}, {old} FROM n
           UNION ALL SELECT 'unread' || i, 'u1', 'system', 'x', {old}, NULL FROM n
           UNION ALL SELECT 'young' || i, 'u1', 'system', 'x', {old}, {young} FROM n;
         UPDATE application_settings SET value = '1900', updated_at = {old} WHERE key = 'quotes.tax_rate_basis_points';
         UPDATE application_settings SET value = '1800', updated_at = {old} + 1 WHERE key = 'quotes.tax_rate_basis_points'"
    ));
}

fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_millis()).expect("fits")
}

const ALL_KINDS: &str =
    r#"{"session_days": 100, "notification_days": 100, "history_days": 100, "audit_days": 100, "batch_size": 7}"#;

#[test]
fn old_rows_go_in_batches_and_young_ones_stay() {
    let workshop = Workshop::new(seed("purge"));
    with_old_rows(&workshop, 10);
    let database = workshop.open();
    let schema = contents(&database)["the schema"].clone();
    let args: Json = serde_json::from_str(ALL_KINDS).expect("JSON");
    let found = shipped(&database, "purge_old_rows", args);
    let wanted = json!({
        "sessions": {"found": 20, "deleted": 20, "batches": 3},
        "notifications": {"found": 10, "deleted": 10, "batches": 2},
        "history": {"found": 1, "deleted": 1, "batches": 1},
        "audit": {"found": 2, "deleted": 2, "batches": 1},
    });
    assert_eq!(found, json!({"dry_run": false, "stopped": false, "kinds": wanted}));
    let kept = |sql: &str| rows(&database, sql).concat();
    assert_eq!(kept("SELECT DISTINCT rtrim(id, '0123456789') FROM user_sessions"), ["young"]);
    assert_eq!(
        kept("SELECT DISTINCT rtrim(id, '0123456789') FROM notifications WHERE task_id IS NULL ORDER BY 1"),
        ["unread", "young"]
    );
    assert_eq!(
        kept("SELECT new_value FROM settings_audit_log WHERE setting_key = 'quotes.tax_rate_basis_points'"),
        ["1800"],
        "the newest of a setting stays"
    );
    assert_eq!(count(&database, "SELECT count(DISTINCT setting_key) FROM settings_audit_log"), 8);
    assert_eq!(contents(&database)["the schema"], schema, "the guard of the audit log is back");
    let again = database.query("DELETE FROM settings_audit_log", None, &watch()).expect_err("is refused");
    assert!(again.to_string().contains("append-only"), "{again}");
}

#[test]
fn history_and_audit_stay_unless_asked_for() {
    let workshop = Workshop::new(seed("purge"));
    with_old_rows(&workshop, 3);
    let database = workshop.open();
    let logs = |database: &Database| {
        let all = contents(database);
        (all["settings_audit_log"].clone(), all["task_status_history"].clone())
    };
    let before = logs(&database);
    let found = shipped(&database, "purge_old_rows", json!({}));
    assert_eq!(found["kinds"]["sessions"], json!({"found": 6, "deleted": 6, "batches": 1}));
    assert_eq!(found["kinds"]["audit"], json!({"found": 0, "deleted": 0, "batches": 0}));
    assert_eq!(logs(&database), before);
}

#[test]
fn a_dry_purge_counts_and_changes_nothing() {
    let workshop = Workshop::new(seed("purge"));
    with_old_rows(&workshop, 5);
    let database = workshop.open();
    let before = contents(&database);
    let mut args: Json = serde_json::from_str(ALL_KINDS).expect("JSON");
    args["dry_run"] = json!(true);
    let found = shipped(&database, "purge_old_rows", args);
    let counts = ["sessions", "notifications", "history", "audit"].map(|kind| found["kinds"][kind]["found"].clone());
    assert_eq!(counts, [json!(10), json!(5), json!(1), json!(2)]);
    assert!(found["kinds"].as_object().expect("kinds").values().all(|kind| kind["deleted"] == 0), "{found}");
    assert_eq!(contents(&database), before);
}

#[test]
fn a_purge_with_little_time_left_stops_before_it_is_stopped() {
    let workshop = Workshop::new(seed("purge"));
    with_old_rows(&workshop, 5);
    let database = workshop.open();
    let before = contents(&database);
    let request = request::Script { timeout_ms: Some(4_000), ..request::Script::default() };
    let report = database.script(&source("purge_old_rows"), &request, &watch()).expect("ends by itself");
    assert_eq!((&report.result["stopped"], &report.result["kinds"]["sessions"]["found"]), (&json!(true), &json!(10)));
    assert_eq!(report.log, ["[warn] stopped in time with 0 of 15 row(s) deleted; the next run goes on"]);
    assert_eq!(contents(&database), before);
}

// --- merge_clients

/// The number of rows that refer to a client, for each table.
fn references(database: &Database, id: &str) -> Vec<(String, u64)> {
    ["client_search_documents", "quotes", "tasks"]
        .map(|table| {
            let sql = format!("SELECT count(*) FROM {table} WHERE client_id = '{id}'");
            (table.to_owned(), count(database, &sql))
        })
        .to_vec()
}

#[test]
fn a_merge_moves_everything_to_the_kept_client_and_removes_the_other() {
    let workshop = Workshop::new(seed("merge"));
    workshop.eve();
    workshop.damage("UPDATE clients SET email = NULL WHERE id = 'c001'");
    let database = workshop.open();
    let schema = contents(&database)["the schema"].clone();
    let (tasks, quotes) = (
        count(&database, "SELECT count(*) FROM tasks WHERE client_id = 'c001'"),
        count(&database, "SELECT count(*) FROM quotes WHERE client_id = 'c001'"),
    );
    let found = shipped(&database, "merge_clients", json!({"keep_id": "c001", "remove_id": "eve", "dry_run": false}));
    let wanted = json!({
        "dry_run": false,
        "moved": [
            {"table": "client_search_documents", "column": "client_id", "rows": 0, "removed": 1},
            {"table": "quotes", "column": "client_id", "rows": 1, "removed": 0},
            {"table": "tasks", "column": "client_id", "rows": 1, "removed": 0},
        ],
        "filled": ["company_name", "email", "address_line", "postal_code", "notes"],
        "dropped": {"name": "Eve Moneypenny", "phone": "07 99 88 77 66", "phone_e164": "+33799887766", "city": "Paris"},
    });
    assert_eq!(found, wanted);
    assert_eq!(count(&database, "SELECT count(*) FROM clients WHERE id = 'eve'"), 0);
    assert_eq!(count(&database, "SELECT count(*) FROM clients"), workshop.clients);
    let wanted = [("client_search_documents", 1), ("quotes", quotes + 1), ("tasks", tasks + 1)];
    assert_eq!(references(&database, "c001"), wanted.map(|(table, rows)| (table.to_owned(), rows)));
    let kept = rows(&database, "SELECT name, email, phone, city FROM clients WHERE id = 'c001'").concat();
    let (name, _, phone, _) = person(1);
    assert_eq!(kept, [json!(name), json!("eve.moneypenny@example.net"), json!(phone), json!("Lyon")]);
    assert_eq!(count(&database, "SELECT count(*) FROM clients_fts WHERE clients_fts MATCH 'email : moneypenny'"), 1);
    assert_eq!(count(&database, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_eq!(contents(&database)["the schema"], schema, "the guard of accepted quotes is back");
    let frozen = database.query("UPDATE quotes SET client_id = 'c002' WHERE id = 'eve-q'", None, &watch());
    assert!(frozen.expect_err("is refused").to_string().contains("an accepted quote cannot be changed"));
}

#[test]
fn a_merge_finds_references_of_tables_it_has_never_heard_of() {
    let workshop = Workshop::new(seed("merge"));
    workshop.eve();
    workshop.damage(
        "CREATE TABLE \"odd \"\"cars\" (id INTEGER PRIMARY KEY, \"the \"\"owner\" TEXT REFERENCES Clients);
         INSERT INTO \"odd \"\"cars\" VALUES (1, 'eve'), (2, 'eve'), (3, 'c002')",
    );
    let database = workshop.open();
    let args = json!({"keep_id": "c001", "remove_id": "eve", "dry_run": false, "fill": false});
    let found = shipped(&database, "merge_clients", args);
    assert!(
        found["moved"]
            .as_array()
            .expect("a list")
            .contains(&json!({"table": "odd \"cars", "column": "the \"owner", "rows": 2, "removed": 0})),
        "{found}"
    );
    assert_eq!((&found["filled"], &found["dropped"]["email"]), (&json!([]), &json!("eve.moneypenny@example.net")));
    assert_eq!(
        rows(&database, "SELECT \"the \"\"owner\" FROM \"odd \"\"cars\" ORDER BY 1").concat(),
        ["c001", "c001", "c002"]
    );
}

#[test]
fn a_merge_that_cannot_move_a_row_changes_nothing() {
    let workshop = Workshop::new(seed("merge"));
    workshop.eve();
    workshop.damage(
        "CREATE TABLE badges (client_id TEXT PRIMARY KEY REFERENCES clients (id)); INSERT INTO badges VALUES ('eve'), ('c001')",
    );
    let args = json!({"keep_id": "c001", "remove_id": "eve", "dry_run": false});
    let message = "1 row(s) of badges cannot be moved: the kept client has such rows already";
    check_refused(&workshop.open(), "merge_clients", args, message);
}

#[test]
fn a_merge_is_dry_unless_told_otherwise() {
    let workshop = Workshop::new(seed("merge"));
    workshop.eve();
    let database = workshop.open();
    let before = contents(&database);
    let mut dry = shipped(&database, "merge_clients", json!({"keep_id": "c001", "remove_id": "eve"}));
    assert_eq!(contents(&database), before);
    assert_eq!(dry["dry_run"], json!(true));
    dry["dry_run"] = json!(false);
    let done = shipped(&database, "merge_clients", json!({"keep_id": "c001", "remove_id": "eve", "dry_run": false}));
    assert_eq!(dry, done, "a dry run tells what is then done");
}

#[test]
fn a_merge_of_clients_who_are_not_two_is_refused() {
    let workshop = Workshop::new(seed("merge"));
    workshop.damage("UPDATE clients SET deleted_at = 1 WHERE id = 'c002'");
    let database = workshop.open();
    for (args, message) in [
        (json!({}), "option 'args.keep_id': must be given: the client who stays"),
        (json!({"keep_id": "c001"}), "option 'args.remove_id': must be given: the client who goes"),
    ] {
        check_unfit(&database, "merge_clients", args, message);
    }
    for (args, message) in [
        (json!({"keep_id": "c001", "remove_id": ""}), "there is no client ''"),
        (json!({"keep_id": "c001", "remove_id": "c001"}), "arguments 'keep_id' and 'remove_id' name the same client"),
        (json!({"keep_id": "c001", "remove_id": "nobody"}), "there is no client 'nobody'"),
        (json!({"keep_id": "c001", "remove_id": 17}), "there is no client '17'"),
        (json!({"keep_id": "nobody", "remove_id": "c001"}), "there is no client 'nobody'"),
        (json!({"keep_id": "c002", "remove_id": "c001"}), "client 'c002', who is to stay, is deleted"),
    ] {
        check_refused(&database, "merge_clients", args, message);
    }
}
