//! The Rust interface: what [`Database`] promises, seen from outside.
//!
//! Leaves to others: the same promises at the other doors (`cli`, `lua`, `c`), files that are no databases (`hostile`),
//! many at once (`concurrency`), and the texts of errors (`errors`).
//!
//! Each test makes its own file in its own folder. What a rollback kept away is compared by contents, table by table.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::time::{Duration, Instant};

use rpmadb::report::HealthStatus;
use rpmadb::{CheckpointMode, Database, Error, HostFn, HostStep, Operation, Role, build_info, report, request};
use serde_json::{Value as Json, json};

use crate::support::{
    Scratch, bare, bytes, contents, open, refusal, rows, text, try_open, value, wait_until, watch, with_folder,
};

const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";

fn migrate(database: &Database) -> Result<report::Migrate, Error> {
    database.migrate(&request::Migrate::default(), &watch())
}

fn migrate_to(database: &Database, target: i64) -> Result<report::Migrate, Error> {
    database.migrate(&request::Migrate { target: Some(target), ..request::Migrate::default() }, &watch())
}

fn query(database: &Database, sql: &str) -> Result<report::Query, Error> {
    database.query(sql, None, &watch())
}

fn stats(database: &Database, estimate: bool) -> report::Stats {
    database.stats(&request::Stats { estimate }, &watch()).expect("measures")
}

fn diagnostics(database: &Database) -> report::Diagnostics {
    database.diagnostics(&watch()).expect("examines")
}

/// What ran, as `1 name` and `R name`.
fn applied(report: &report::Migrate) -> Vec<String> {
    report
        .applied
        .iter()
        .map(|step| step.version.map_or_else(|| format!("R {}", step.name), |v| format!("{v} {}", step.name)))
        .collect()
}

/// A database without a schema of ours.
fn empty(scratch: &Scratch) -> Database {
    try_open(scratch.path("a.db"), &bare()).expect("opens").0
}

fn host_step(version: i64, up: impl Fn(&Arc<Database>) -> Result<(), Error> + Send + Sync + 'static) -> HostStep {
    let up: HostFn = Arc::new(up);
    HostStep { version, name: "by_host".into(), up, down: None }
}

// --- opening

#[test]
fn a_new_database_is_created_and_migrated_to_the_latest_version() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    let (database, report) = try_open(&path, &request::Open::default()).expect("opens");
    let migrated = report.migrate.expect("migrated");
    assert!(report.created);
    assert_eq!((report.journal_mode.as_str(), report.database_path), ("wal", text(&path)));
    assert_eq!((migrated.from, migrated.dry_run, migrated.backup.is_none()), (0, false, true));
    let numbered = migrated.applied.iter().filter(|step| step.version.is_some()).count();
    assert_eq!(numbered, build_info().embedded_migrations);
    let known = database.migrations(&watch()).expect("lists");
    assert_eq!((known.current, known.latest, known.pending), (migrated.to, migrated.to, 0));
    assert!(known.migrations.iter().all(|one| one.state == "applied" && one.actor.as_deref() == Some("host")));
    assert_eq!(database.health(&watch()).expect("looks").status, HealthStatus::Ok);
}

#[test]
fn reopening_an_up_to_date_database_does_nothing() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    let before = contents(&open(&path));
    let before_bytes = bytes(&path);
    let (database, report) = try_open(&path, &request::Open::default()).expect("opens again");
    let migrated = report.migrate.expect("looked");
    assert!(!report.created);
    assert_eq!((migrated.from, migrated.to, migrated.applied.len()), (18, 18, 0));
    assert_eq!(contents(&database), before);
    database.close().expect("closes");
    assert_eq!(bytes(&path), before_bytes);
    assert_eq!(scratch.names(), ["a.db"], "the log went with the last handle");
}

#[test]
fn create_false_refuses_a_missing_file_and_makes_none() {
    let scratch = Scratch::new();
    let options = request::Open { create: Some(false), ..request::Open::default() };
    assert_eq!(refusal(try_open(scratch.path("a.db"), &options)), "NOT_FOUND");
    assert!(scratch.names().is_empty());
}

#[test]
fn migrate_false_leaves_the_schema_alone() {
    let scratch = Scratch::new();
    let (database, report) = try_open(scratch.path("a.db"), &bare()).expect("opens");
    assert!(report.migrate.is_none());
    assert_eq!(value(&database, "SELECT count(*) FROM sqlite_schema"), 0);
    assert_eq!(database.migrations(&watch()).expect("lists").pending, 20);
    assert_eq!(database.health(&watch()).expect("looks").status, HealthStatus::Degraded, "pending is not green");
}

#[test]
fn an_empty_path_is_refused() {
    assert_eq!(refusal(try_open("", &request::Open::default())), "INVALID_ARGUMENT");
}

#[test]
fn a_database_in_memory_works_and_leaves_no_file() {
    let scratch = Scratch::new();
    let (database, report) = try_open(":memory:", &request::Open::default()).expect("opens");
    assert_eq!((report.database_path.as_str(), report.journal_mode.as_str()), (":memory:", "memory"));
    add_user(&database);
    assert_eq!(value(&database, "SELECT count(*) FROM users"), 1);
    assert_eq!(diagnostics(&database).integrity, "ok");
    assert_eq!(stats(&database, false).tables["users"], Some(1));
    assert_eq!(database.health(&watch()).expect("looks").status, HealthStatus::Ok);
    let copy = scratch.path("copy.db");
    database.backup(Some(&copy), &request::Backup::default(), &watch()).expect("copies");
    assert_eq!(value(&open(&copy), "SELECT count(*) FROM users"), 1);
    assert!(!Path::new(":memory:").exists());
    let (other, _) = try_open(":memory:", &bare()).expect("opens");
    assert_eq!(value(&other, "SELECT count(*) FROM sqlite_schema"), 0, "each one is its own");
}

#[test]
fn a_read_only_handle_reads_and_never_writes() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    open(&path).close().expect("closes");
    let before = bytes(&path);
    let options = request::Open { read_only: true, ..request::Open::default() };
    let (database, report) = try_open(&path, &options).expect("opens");
    assert!(report.migrate.is_none());
    assert_eq!(value(&database, "SELECT count(*) FROM users"), 0);
    assert_eq!(refusal(query(&database, "DELETE FROM users")), "READ_ONLY");
    assert_eq!(refusal(query(&database, "WITH a AS (SELECT 1) DELETE FROM users")), "READ_ONLY");
    assert_eq!(refusal(database.transaction(&watch(), |_| 0)), "READ_ONLY");
    let truncate = database.checkpoint(CheckpointMode::Truncate, &request::Checkpoint::default(), &watch());
    assert_eq!(refusal(truncate), "READ_ONLY");
    assert_eq!(migrate(&database).expect("nothing to do").applied.len(), 0);
    assert_eq!(diagnostics(&database).integrity, "ok");
    assert_eq!(stats(&database, false).schema_version, 18);
    database.close().expect("closes");
    assert_eq!(bytes(&path), before);
    assert_eq!(refusal(try_open(scratch.path("none.db"), &options)), "NOT_FOUND");
}

#[test]
fn a_read_only_handle_does_not_migrate() {
    let scratch = Scratch::new();
    drop(empty(&scratch));
    let folder = scratch.migrations("m", &[("1_a.sql", "CREATE TABLE a (x);")]);
    let options = request::Open { read_only: true, migrate: Some(true), ..with_folder(&folder) };
    assert_eq!(refusal(try_open(scratch.path("a.db"), &options)), "READ_ONLY");
}

#[test]
fn a_file_in_rollback_journal_mode_is_brought_into_wal() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    let plain = rusqlite::Connection::open(&path).expect("opens");
    plain.execute_batch("CREATE TABLE mine (a); INSERT INTO mine VALUES (7)").expect("writes");
    drop(plain);
    let database = open(&path);
    assert_eq!(diagnostics(&database).journal_mode, "wal");
    assert_eq!(value(&database, "SELECT a FROM mine"), 7);
}

// --- settings

#[test]
fn the_settings_in_force_are_the_documented_defaults() {
    let scratch = Scratch::new();
    let found = diagnostics(&open(scratch.path("a.db")));
    for (name, wanted) in [
        ("foreign_keys", json!(1)),
        ("synchronous", json!(1)),
        ("journal_mode", json!("wal")),
        ("mmap_size", json!(0)),
        ("trusted_schema", json!(0)),
        ("defensive", json!(1)),
        ("encoding", json!("UTF-8")),
    ] {
        assert_eq!(found.pragmas[name], wanted, "{name}");
    }
    assert_eq!((found.journal_mode.as_str(), found.busy_timeout_ms), ("wal", 5_000));
    assert!(found.wal_checkpoint[0] >= found.wal_checkpoint[1] && found.wal_checkpoint[1] >= 0);
    assert_eq!(found.pool_state.max_connections, 11);
    assert!(found.foreign_key_check.is_some_and(|rows| rows.is_empty()));
    assert_eq!(found.sqlite_version, build_info().sqlite.version);
}

#[test]
fn options_change_the_settings_in_force() {
    let scratch = Scratch::new();
    let options = request::Open {
        foreign_keys: Some(false),
        synchronous: request::Synchronous::Full,
        journal_mode: request::JournalMode::Delete,
        mmap_size_bytes: Some(1 << 20),
        trusted_schema: true,
        defensive: Some(false),
        busy_timeout_ms: Some(1_234),
        pool: request::Pool { max: Some(3), ..request::Pool::default() },
        ..request::Open::default()
    };
    let (database, report) = try_open(scratch.path("a.db"), &options).expect("opens");
    assert_eq!(report.journal_mode, "delete");
    let found = diagnostics(&database);
    for (name, wanted) in [
        ("foreign_keys", json!(0)),
        ("synchronous", json!(2)),
        ("journal_mode", json!("delete")),
        ("mmap_size", json!(1 << 20)),
        ("trusted_schema", json!(1)),
        ("defensive", json!(0)),
    ] {
        assert_eq!(found.pragmas[name], wanted, "{name}");
    }
    assert_eq!((found.busy_timeout_ms, found.wal_checkpoint), (1_234, [-1, -1]));
    assert_eq!(found.pool_state.max_connections, 4);
    assert_eq!(database.health(&watch()).expect("looks").status, HealthStatus::Ok, "as asked is well");
}

#[test]
fn values_out_of_range_are_refused_before_the_file_is_made() {
    let scratch = Scratch::new();
    for options in [
        request::Open { busy_timeout_ms: Some(86_400_001), ..request::Open::default() },
        request::Open { pool: request::Pool { max: Some(0), ..Default::default() }, ..Default::default() },
        request::Open {
            pool: request::Pool { max: Some(2), min_idle: Some(3), ..Default::default() },
            ..Default::default()
        },
        request::Open {
            script: request::ScriptLimits { memory_bytes: Some(1), ..Default::default() },
            ..Default::default()
        },
        request::Open {
            backup: request::BackupFolder { folder: Some("/no/such/folder".into()), ..Default::default() },
            ..Default::default()
        },
    ] {
        assert_eq!(refusal(try_open(scratch.path("a.db"), &options)), "INVALID_ARGUMENT", "{options:?}");
    }
    assert!(scratch.names().is_empty());
}

// --- the embedded schema

fn add_user(database: &Database) {
    let sql = "INSERT INTO users (id, username, email, password_hash, full_name, created_at, updated_at) \
               VALUES ('u1', 'ada', 'ada@example.org', 'x', 'Ada L.', 1, 1)";
    query(database, sql).expect("adds a user");
}

fn add_client(database: &Database, id: &str, name: &str) {
    let sql = "INSERT INTO clients (id, name, phone, created_at, updated_at) VALUES (?, ?, '06 12 34 56 78', 1, 1)";
    database.query(sql, Some(&json!([id, name]).to_string()), &watch()).expect("adds a client");
}

/// A user, a client, a task of theirs and an intervention on it.
fn add_a_job(database: &Database) {
    add_user(database);
    add_client(database, "c1", "Élodie Durand");
    for sql in [
        "INSERT INTO tasks (id, task_number, client_id, assigned_to, created_by, title, license_plate, scheduled_at, \
         estimated_duration_minutes, created_at, updated_at) \
         VALUES ('t1', 'T-1', 'c1', 'u1', 'u1', 'Hood', 'ab 123-cd', 1000, 60, 1, 1)",
        "INSERT INTO interventions (id, task_id, technician_id, created_at, updated_at) \
         VALUES ('i1', 't1', 'u1', 2, 2)",
        "INSERT INTO intervention_steps (id, intervention_id, step_number, step_type, name, created_at, updated_at) \
         VALUES ('s1', 'i1', 1, 'inspection', 'Look', 3, 3), ('s2', 'i1', 2, 'installation', 'Lay', 3, 3)",
    ] {
        query(database, sql).expect(sql);
    }
}

#[test]
fn every_embedded_table_is_strict_and_the_file_is_sound() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 \
               AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    assert_eq!(rows(&database, sql), Vec::<Vec<Json>>::new());
    let found = diagnostics(&database);
    assert_eq!((found.integrity.as_str(), found.foreign_key_check.map(|rows| rows.len())), ("ok", Some(0)));
    for table in ["users", "tasks", "clients", "interventions", "photos", "quotes", "materials"] {
        assert_eq!(found.table_counts.get(table), Some(&Some(0)), "{table}");
    }
    let unindexed = "SELECT m.name, f.\"from\" FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f \
        WHERE m.type = 'table' AND NOT EXISTS (SELECT 1 FROM pragma_index_list(m.name) AS l, \
        pragma_index_info(l.name) AS i WHERE i.seqno = 0 AND i.name = f.\"from\")";
    assert_eq!(rows(&database, unindexed), Vec::<Vec<Json>>::new(), "foreign keys without an index");
}

#[test]
fn a_client_is_found_by_full_text_search_whatever_the_accents() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let find = |words: &str| {
        let sql = "SELECT d.client_id FROM clients_fts JOIN client_search_documents AS d \
                   ON d.document_id = clients_fts.rowid WHERE clients_fts MATCH ?";
        let found = database.query(sql, Some(&json!([words]).to_string()), &watch()).expect("searches");
        found.rows.into_iter().flatten().collect::<Vec<_>>()
    };
    add_client(&database, "c1", "Élodie Durand");
    add_client(&database, "c2", "Bernard Petit");
    assert_eq!(find("elodie"), ["c1"]);
    assert_eq!(find("dur*"), ["c1"]);
    query(&database, "UPDATE clients SET name = 'Zoë Martin' WHERE id = 'c1'").expect("renames");
    assert_eq!(find("durand"), Vec::<Json>::new());
    assert_eq!(find("zoe"), ["c1"]);
    query(&database, "DELETE FROM clients WHERE id = 'c1'").expect("removes");
    assert_eq!(find("zoe"), Vec::<Json>::new());
}

#[test]
fn the_views_answer() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    add_a_job(&database);
    let calendar = "SELECT task_id, starts_at, ends_at, client_name, assigned_to_name FROM calendar_tasks";
    assert_eq!(
        rows(&database, calendar),
        [[json!("t1"), json!(1_000), json!(3_601_000), json!("Élodie Durand"), json!("Ada L.")]]
    );
    let figures = "SELECT client_id, task_count, open_task_count, quote_count FROM client_statistics";
    assert_eq!(rows(&database, figures), [[json!("c1"), json!(1), json!(1), json!(0)]]);
    assert_eq!(value(&database, "SELECT license_plate_key FROM tasks"), "AB123CD");
}

#[test]
fn triggers_keep_progress_status_and_history() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    add_a_job(&database);
    let intervention = "SELECT status, progress_percentage FROM interventions";
    assert_eq!(rows(&database, intervention), [[json!("pending"), json!(0)]]);
    query(&database, "UPDATE intervention_steps SET status = 'completed', updated_at = 10 WHERE id = 's1'")
        .expect("ok");
    assert_eq!(rows(&database, intervention), [[json!("in_progress"), json!(50)]]);
    assert_eq!(value(&database, "SELECT status FROM tasks"), "in_progress");
    let history = "SELECT old_status, new_status, changed_by FROM task_status_history ORDER BY id";
    assert_eq!(
        rows(&database, history),
        [[Json::Null, json!("draft"), json!("u1")], [json!("draft"), json!("in_progress"), json!("u1")]]
    );
    query(&database, "DELETE FROM intervention_steps WHERE id = 's2'").expect("ok");
    assert_eq!(rows(&database, intervention), [[json!("in_progress"), json!(100)]]);
    query(&database, "DELETE FROM tasks").expect("cascades");
    for table in ["interventions", "intervention_steps", "task_status_history"] {
        assert_eq!(value(&database, &format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
}

#[test]
fn triggers_add_up_quotes_and_stock_and_freeze_what_is_final() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    add_a_job(&database);
    for sql in [
        "INSERT INTO quotes (id, quote_number, client_id, created_at, updated_at) VALUES ('q1', 'Q-1', 'c1', 1, 1)",
        "INSERT INTO quote_items (id, quote_id, position, item_type, description, quantity, unit_price_cents, \
         created_at, updated_at) VALUES ('p1', 'q1', 1, 'labor', 'Hours', 2.5, 4000, 1, 1)",
        "INSERT INTO materials (id, sku, name, category, unit, created_at, updated_at) \
         VALUES ('m1', 'F-1', 'Film', 'ppf_film', 'm2', 1, 1)",
        "INSERT INTO material_stock_movements (material_id, movement_type, quantity_change, occurred_at) \
         VALUES ('m1', 'delivery', 10, 5)",
        "INSERT INTO material_consumption (id, intervention_id, material_id, quantity, waste_quantity, consumed_at, \
         created_at, updated_at) VALUES ('k1', 'i1', 'm1', 2, 0.5, 6, 6, 6)",
    ] {
        query(&database, sql).expect(sql);
    }
    let sums = "SELECT subtotal_cents, tax_cents, total_cents FROM quotes";
    assert_eq!(rows(&database, sums), [[json!(10_000), json!(2_000), json!(12_000)]]);
    assert_eq!(value(&database, "SELECT current_stock FROM materials"), 7.5);
    query(&database, "UPDATE quotes SET status = 'accepted'").expect("accepts");
    for sql in [
        "UPDATE quotes SET discount_cents = 1",
        "UPDATE quote_items SET quantity = 1",
        "DELETE FROM material_stock_movements",
        "DELETE FROM settings_audit_log",
    ] {
        assert_eq!(refusal(query(&database, sql)), "CONSTRAINT", "{sql}");
    }
}

#[test]
fn the_lua_migration_normalises_the_numbers_that_are_there() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    migrate_to(&database, 15).expect("migrates");
    add_client(&database, "c1", "Ada");
    assert_eq!(applied(&migrate(&database).expect("migrates"))[0], "16 client_phone_e164");
    assert_eq!(value(&database, "SELECT phone_e164 FROM clients"), "+33612345678");
}

// --- which migrations run

#[test]
fn versions_run_in_the_order_of_their_numbers() {
    let scratch = Scratch::new();
    let folder = scratch.migrations(
        "m",
        &[
            ("10_c.sql", "INSERT INTO steps VALUES (10);"),
            ("2_b.sql", "INSERT INTO steps VALUES (2);"),
            ("001_a.sql", "CREATE TABLE steps (n); INSERT INTO steps VALUES (1);"),
            ("R_count.sql", "DROP VIEW IF EXISTS counted; CREATE VIEW counted AS SELECT count(*) AS n FROM steps;"),
            ("README.md", "not a migration"),
            (".hidden", "neither"),
        ],
    );
    let (database, report) = try_open(scratch.path("a.db"), &with_folder(&folder)).expect("opens");
    assert_eq!(applied(&report.migrate.expect("ran")), ["1 a", "2 b", "10 c", "R count"]);
    assert_eq!(rows(&database, "SELECT n FROM steps ORDER BY rowid"), [[1], [2], [10]].map(|row| row.map(Json::from)));
    assert_eq!(value(&database, "SELECT n FROM counted"), 3);
}

#[test]
fn a_folder_is_looked_at_anew_by_every_call() {
    let scratch = Scratch::new();
    let folder = scratch.migrations("m", &[("1_a.sql", "CREATE TABLE a (x);")]);
    let options = request::Open { migrate: Some(false), ..with_folder(&folder) };
    let (database, _) = try_open(scratch.path("a.db"), &options).expect("opens");
    scratch.write("m/2_b.sql", "CREATE TABLE b (x);");
    assert_eq!(applied(&migrate(&database).expect("migrates")), ["1 a", "2 b"], "written after the open");
    scratch.write("m/3_c.sql", "CREATE TABLE c (x);");
    assert_eq!(database.migrations(&watch()).expect("lists").pending, 1);
    assert_eq!(applied(&migrate(&database).expect("migrates")), ["3 c"]);
}

#[test]
fn a_missing_migrations_folder_is_named() {
    let scratch = Scratch::new();
    let folder = text(&scratch.path("nowhere"));
    let error = try_open(scratch.path("a.db"), &with_folder(&folder)).err().expect("refused");
    assert_eq!(error.status().name(), "NOT_FOUND");
    assert!(error.to_string().contains(&folder), "{error}");
    let file = text(&scratch.write("plain.txt", "x"));
    assert_eq!(refusal(try_open(scratch.path("a.db"), &with_folder(&file))), "INVALID_ARGUMENT");
    assert!(!scratch.path("a.db").exists());
}

#[test]
fn a_target_stops_the_run_and_wrong_targets_are_refused() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    let report = migrate_to(&database, 3).expect("migrates");
    assert_eq!((report.from, report.to, report.applied.len()), (0, 3, 3));
    assert_eq!(migrate_to(&database, 3).expect("there already").applied.len(), 0);
    assert_eq!(refusal(migrate_to(&database, 2)), "INVALID_ARGUMENT", "below what is applied");
    assert_eq!(refusal(migrate_to(&database, 99)), "INVALID_ARGUMENT", "no such migration");
    assert_eq!(refusal(migrate_to(&database, -1)), "INVALID_ARGUMENT");
    let report = migrate(&database).expect("migrates the rest");
    assert_eq!((report.from, report.to), (3, 18));
    assert_eq!(applied(&report).last().map(String::as_str), Some("R client_statistics"));
}

#[test]
fn a_dry_run_changes_nothing() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    migrate_to(&database, 5).expect("migrates");
    add_user(&database);
    let before = contents(&database);
    let request = request::Migrate { dry_run: true, ..request::Migrate::default() };
    let report = database.migrate(&request, &watch()).expect("runs dry");
    assert!(report.dry_run);
    assert_eq!((report.from, report.applied.len()), (5, 15));
    assert_eq!(contents(&database), before);
    assert_eq!(diagnostics(&database).pragmas["foreign_keys"], 1, "enforcement is back");
    assert_eq!(migrate(&database).expect("migrates").applied.len(), 15);
}

#[test]
fn a_late_migration_is_out_of_order_unless_allowed() {
    let scratch = Scratch::new();
    let folder = scratch.migrations("m", &[("1_a.sql", "CREATE TABLE a (x);"), ("3_c.sql", "CREATE TABLE c (x);")]);
    let database = try_open(scratch.path("a.db"), &with_folder(&folder)).expect("opens").0;
    scratch.write("m/2_b.sql", "CREATE TABLE b (x);");
    let error = migrate(&database).expect_err("refused");
    assert_eq!(error.status().name(), "OUT_OF_ORDER");
    assert!(error.to_string().contains('2') && error.to_string().contains('3'), "{error}");
    let listed = database.migrations(&watch()).expect("lists");
    assert_eq!(listed.migrations[1].state, "out_of_order");
    let request = request::Migrate { allow_out_of_order: true, ..request::Migrate::default() };
    let report = database.migrate(&request, &watch()).expect("allowed");
    assert_eq!((applied(&report), report.from, report.to), (vec!["2 b".to_owned()], 3, 3));
    assert_eq!(migrate(&database).expect("in order now").applied.len(), 0);
}

#[test]
fn a_changed_token_is_noticed_and_changed_spacing_is_not() {
    let scratch = Scratch::new();
    let original = "-- note\nCREATE TABLE a (x);\nINSERT INTO a VALUES ('it''s; one');\n";
    let folder = scratch.migrations("m", &[("1_a.sql", original)]);
    let database = try_open(scratch.path("a.db"), &with_folder(&folder)).expect("opens").0;
    for same in [
        original.replace('\n', "\r\n"),
        format!("\u{feff}{original}"),
        original.replace("-- note", "/* another\nnote */ -- and one more"),
        original.replace(" (x)", "\t\t(  x )"),
        original.replace("-- note\n", ""),
    ] {
        scratch.write("m/1_a.sql", &same);
        assert_eq!(migrate(&database).expect(&same).applied.len(), 0);
        assert_eq!(database.migrations(&watch()).expect("lists").migrations[0].state, "applied", "{same:?}");
    }
    for changed in [original.replace("(x)", "(y)"), original.replace("; one", ";  one"), format!("{original}SELECT 1;")]
    {
        scratch.write("m/1_a.sql", &changed);
        let error = migrate(&database).expect_err("noticed");
        assert_eq!(error.status().name(), "MIGRATION_CHANGED");
        assert!(error.to_string().contains("1_a.sql"), "{error}");
        assert_eq!(database.migrations(&watch()).expect("lists").migrations[0].state, "changed");
        assert_eq!(database.health(&watch()).expect("looks").status, HealthStatus::Degraded);
        assert_eq!(refusal(try_open(scratch.path("a.db"), &with_folder(&folder))), "MIGRATION_CHANGED");
    }
}

#[test]
fn an_applied_migration_that_is_gone_is_missing() {
    let scratch = Scratch::new();
    let folder = scratch.migrations("m", &[("1_a.sql", "CREATE TABLE a (x);"), ("2_b.sql", "CREATE TABLE b (x);")]);
    let database = try_open(scratch.path("a.db"), &with_folder(&folder)).expect("opens").0;
    scratch.migrations("m", &[("2_b.sql", "CREATE TABLE b (x);"), ("3_c.sql", "CREATE TABLE c (x);")]);
    let error = migrate(&database).expect_err("refused");
    assert_eq!(error, Error::MigrationMissing { version: 1, name: "a".into() });
    assert_eq!(database.migrations(&watch()).expect("lists").migrations[0].state, "missing");
    assert_eq!(value(&database, "SELECT count(*) FROM sqlite_schema WHERE name = 'c'"), 0);
}

const OLDER: &[(&str, &str)] =
    &[("1_a.sql", "CREATE TABLE a (x);"), ("R_v.sql", "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT 1 AS n;")];

#[test]
fn a_database_of_a_newer_set_is_refused() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    let folder = scratch.migrations("m", &[OLDER[0], ("2_b.sql", "CREATE TABLE b (x);")]);
    try_open(&path, &with_folder(&folder)).expect("opens").0.close().expect("closes");
    let before = bytes(&path);
    let older = scratch.migrations("older", &OLDER[..1]);
    let error = try_open(&path, &with_folder(&older)).err().expect("refused");
    assert_eq!(error, Error::DatabaseTooNew { database: 2, library: 1 });
    assert_eq!(bytes(&path), before);
}

#[test]
fn a_newer_migration_may_let_older_sets_in() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    let folder = scratch.migrations(
        "m",
        &[
            OLDER[0],
            ("2_b.sql", "-- rpmadb: compatible-from=1\nCREATE TABLE b (x);"),
            ("R_v.sql", "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT 2 AS n;"),
        ],
    );
    let newer = try_open(&path, &with_folder(&folder)).expect("opens").0;
    let before = contents(&newer);
    newer.close().expect("closes");
    let older = scratch.migrations("older", OLDER);
    let (database, report) = try_open(&path, &with_folder(&older)).expect("is let in");
    let report = report.migrate.expect("looked");
    assert_eq!((report.from, report.to), (2, 2));
    assert_eq!(value(&database, "SELECT n FROM v"), 2, "an older set must not put its views over newer ones");
    assert_eq!(contents(&database), before);
}

#[test]
fn a_newer_migration_lets_in_only_the_sets_it_names() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    let text = "-- rpmadb: compatible-from=2\nCREATE TABLE c (x);";
    let folder = scratch.migrations("m", &[OLDER[0], ("2_b.sql", "CREATE TABLE b (x);"), ("3_c.sql", text)]);
    try_open(&path, &with_folder(&folder)).expect("opens").0.close().expect("closes");
    let two = scratch.migrations("two", &[OLDER[0], ("2_b.sql", "CREATE TABLE b (x);")]);
    try_open(&path, &with_folder(&two)).expect("2 is let in");
    let one = scratch.migrations("one", &OLDER[..1]);
    assert_eq!(refusal(try_open(&path, &with_folder(&one))), "DATABASE_TOO_NEW");
}

#[test]
fn a_repeatable_runs_again_when_its_text_changed() {
    let scratch = Scratch::new();
    let folder = scratch.migrations("m", OLDER);
    let database = try_open(scratch.path("a.db"), &with_folder(&folder)).expect("opens").0;
    assert_eq!(migrate(&database).expect("nothing").applied.len(), 0);
    scratch.write("m/R_v.sql", "-- a comment\nDROP VIEW IF EXISTS v;\r\nCREATE VIEW v AS SELECT 1 AS n;");
    assert_eq!(migrate(&database).expect("nothing").applied.len(), 0, "comments and line endings are no change");
    scratch.write("m/R_v.sql", "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT 5 AS n;");
    assert_eq!(database.migrations(&watch()).expect("lists").pending, 1);
    let report = migrate(&database).expect("runs");
    assert_eq!((applied(&report), report.from, report.to), (vec!["R v".to_owned()], 1, 1));
    assert_eq!(value(&database, "SELECT n FROM v"), 5);
}

// --- steps in code

#[test]
fn a_step_in_code_wins_over_the_file_of_its_version() {
    let scratch = Scratch::new();
    let folder =
        scratch.migrations("m", &[("1_a.sql", "CREATE TABLE from_file (x);"), ("2_b.sql", "CREATE TABLE b (x);")]);
    let step = host_step(1, |database| query(database, "CREATE TABLE from_code (x)").map(|_| ()));
    let opening = Database::at(scratch.path("a.db")).options(with_folder(&folder)).step(step);
    let (database, report) = opening.open(&watch()).expect("opens");
    let report = report.migrate.expect("ran");
    assert_eq!(applied(&report), ["1 by_host", "2 b"]);
    assert_eq!(report.applied[0].kind, "host");
    let tables = rows(&database, "SELECT name FROM sqlite_schema WHERE name LIKE 'from%'");
    assert_eq!(tables, [[json!("from_code")]]);
    assert_eq!(migrate(&database).expect("nothing").applied.len(), 0);
}

#[test]
fn a_step_in_code_may_stand_between_files() {
    let scratch = Scratch::new();
    let folder =
        scratch.migrations("m", &[("1_a.sql", "CREATE TABLE a (x);"), ("3_c.sql", "INSERT INTO a VALUES (3);")]);
    let options = request::Open { migrate: Some(false), ..with_folder(&folder) };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let insert = |database: &Arc<Database>| query(database, "INSERT INTO a VALUES (2)").map(|_| ());
    database.add_step(host_step(2, insert)).expect("adds");
    assert_eq!(refusal(database.add_step(host_step(2, insert))), "INVALID_ARGUMENT", "one step a version");
    assert_eq!(refusal(database.add_step(host_step(0, insert))), "INVALID_ARGUMENT");
    migrate(&database).expect("migrates");
    assert_eq!(rows(&database, "SELECT x FROM a ORDER BY rowid"), [[2], [3]].map(|row| row.map(Json::from)));
}

#[test]
fn a_failing_step_rolls_the_whole_run_back() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    migrate_to(&database, 2).expect("migrates");
    let before = contents(&database);
    database
        .add_step(host_step(17, |database| {
            query(database, "CREATE TABLE left_behind (x)")?;
            query(database, "INSERT INTO left_behind VALUES (1)")?;
            Err(Error::NotFound { what: "the file of the host".into() })
        }))
        .expect("adds");
    let error = migrate(&database).expect_err("fails");
    assert_eq!(error.status().name(), "MIGRATION_FAILED");
    assert!(
        error.to_string().contains("migration 17") && error.to_string().contains("the file of the host"),
        "{error}"
    );
    assert_eq!(contents(&database), before);
    assert_eq!(diagnostics(&database).pragmas["foreign_keys"], 1);
}

#[test]
fn a_panicking_step_rolls_the_whole_run_back() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    migrate_to(&database, 2).expect("migrates");
    let before = contents(&database);
    database
        .add_step(host_step(3, |database| {
            query(database, "CREATE TABLE left_behind (x)")?;
            std::panic::resume_unwind(Box::new("the host's own"))
        }))
        .expect("adds");
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| migrate(&database).map(|_| ())));
    assert!(outcome.map_or(true, |outcome| outcome.is_err()));
    assert_eq!(contents(&database), before);
    assert_eq!(diagnostics(&database).pragmas["foreign_keys"], 1, "enforcement is back");
}

#[test]
fn a_step_that_calls_the_outer_handle_is_told_so() {
    let scratch = Scratch::new();
    let outer: Arc<OnceLock<Arc<Database>>> = Arc::default();
    let answers: Arc<Mutex<Vec<&'static str>>> = Arc::default();
    let database = Arc::new(empty(&scratch));
    outer.set(Arc::clone(&database)).unwrap_or_else(|_| panic!("set once"));
    let (inside, heard) = (Arc::clone(&outer), Arc::clone(&answers));
    database
        .add_step(host_step(1, move |bound| {
            let outer = inside.get().expect("set");
            let mut heard = heard.lock().expect("not poisoned");
            heard.push(refusal(query(outer, "SELECT 1")));
            heard.push(refusal(migrate(outer)));
            heard.push(refusal(outer.close()));
            heard.push(refusal(outer.act_as("x", Role::Admin)));
            heard.push(refusal(migrate(bound)));
            heard.push(refusal(bound.backup(Some(Path::new("x.db")), &request::Backup::default(), &watch())));
            query(bound, "CREATE TABLE users (x)").map(|_| ())
        }))
        .expect("adds");
    migrate_to(&database, 1).expect("migrates");
    let heard = answers.lock().expect("not poisoned").clone();
    assert_eq!(heard, ["REENTRANT", "REENTRANT", "REENTRANT", "REENTRANT", "UNSUPPORTED", "UNSUPPORTED"]);
}

#[test]
fn a_handle_of_a_step_is_good_inside_the_step_only() {
    let scratch = Scratch::new();
    let kept: Arc<Mutex<Option<Arc<Database>>>> = Arc::default();
    let database = empty(&scratch);
    let keeper = Arc::clone(&kept);
    let step = host_step(1, move |bound| {
        *keeper.lock().expect("not poisoned") = Some(Arc::clone(bound));
        query(bound, "CREATE TABLE users (x)").map(|_| ())
    });
    database.add_step(step).expect("adds");
    migrate_to(&database, 1).expect("migrates");
    let kept = kept.lock().expect("not poisoned").take().expect("kept");
    assert_eq!(refusal(query(&kept, "INSERT INTO users VALUES (1)")), "STALE_HANDLE");
    assert_eq!(value(&database, "SELECT count(*) FROM users"), 0);
}

// --- what a run protects

#[test]
fn a_new_foreign_key_violation_is_found_before_the_commit() {
    let scratch = Scratch::new();
    let folder = scratch.migrations(
        "m",
        &[("1_a.sql", "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p (id)); INSERT INTO p VALUES (1); INSERT INTO c VALUES (1);")],
    );
    let database = try_open(scratch.path("a.db"), &with_folder(&folder)).expect("opens").0;
    let before = contents(&database);
    scratch.write("m/2_b.sql", "CREATE TABLE other (x); DELETE FROM p;");
    let error = migrate(&database).expect_err("found");
    assert_eq!(error.status().name(), "GUARD");
    assert!(error.to_string().contains("table c") && error.to_string().contains('p'), "{error}");
    assert_eq!(contents(&database), before);
    assert_eq!(diagnostics(&database).pragmas["foreign_keys"], 1);
    assert_eq!(refusal(query(&database, "DELETE FROM p")), "CONSTRAINT", "enforced again");
}

#[test]
fn violations_that_were_there_before_do_not_stop_a_run() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    let plain = rusqlite::Connection::open(&path).expect("opens");
    plain
        .execute_batch("PRAGMA foreign_keys = OFF; CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p (id)); INSERT INTO c VALUES (9);")
        .expect("writes");
    drop(plain);
    let folder = scratch.migrations("m", &[("1_a.sql", "CREATE TABLE a (x);")]);
    let database = try_open(&path, &with_folder(&folder)).expect("opens").0;
    let found = diagnostics(&database).foreign_key_check.expect("checked");
    assert_eq!(
        (found.len(), found[0].table.as_str(), found[0].parent.as_str(), found[0].rowid),
        (1, "c", "p", Some(1))
    );
}

#[test]
fn rebuilding_a_parent_table_keeps_the_children_that_would_cascade() {
    let scratch = Scratch::new();
    let first = "CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT) STRICT;\n\
        CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER NOT NULL REFERENCES p (id) ON DELETE CASCADE) STRICT;\n\
        CREATE TRIGGER p_deleted AFTER DELETE ON p BEGIN DELETE FROM c WHERE p = OLD.id; END;";
    let folder = scratch.migrations("m", &[("1_a.sql", first)]);
    let database = try_open(scratch.path("a.db"), &with_folder(&folder)).expect("opens").0;
    query(&database, "INSERT INTO p VALUES (1, 'a'), (2, 'b')").expect("adds");
    query(&database, "INSERT INTO c VALUES (1, 1), (2, 2), (3, 2)").expect("adds");
    scratch.write(
        "m/2_rebuild.sql",
        "CREATE TABLE p_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;\n\
         INSERT INTO p_new SELECT id, name FROM p;\nDROP TABLE p;\nALTER TABLE p_new RENAME TO p;\n",
    );
    migrate(&database).expect("rebuilds");
    assert_eq!(value(&database, "SELECT count(*) FROM c"), 3);
    let sql = value(&database, "SELECT sql FROM sqlite_schema WHERE name = 'c'");
    assert!(sql.as_str().expect("text").contains("REFERENCES p (id)"), "still points to p: {sql}");
    query(&database, "DELETE FROM p WHERE id = 2").expect("deletes");
    assert_eq!(value(&database, "SELECT count(*) FROM c"), 1, "and cascades again");
}

#[test]
fn a_failed_statement_rolls_back_all_files_of_the_run() {
    let scratch = Scratch::new();
    let folder = scratch.migrations(
        "m",
        &[("1_a.sql", "CREATE TABLE a (x);"), ("2_b.sql", "CREATE TABLE b (x); INSERT INTO nowhere VALUES (1);")],
    );
    let options = request::Open { migrate: Some(false), ..with_folder(&folder) };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let before = contents(&database);
    assert_eq!(refusal(migrate(&database)), "MIGRATION_FAILED");
    assert_eq!(contents(&database), before);
}

#[test]
fn insert_or_rollback_in_a_file_leaves_no_half_run() {
    let scratch = Scratch::new();
    let folder = scratch.migrations(
        "m",
        &[
            ("1_a.sql", "CREATE TABLE a (x PRIMARY KEY); INSERT INTO a VALUES (1);"),
            ("2_b.sql", "CREATE TABLE b (x); INSERT OR ROLLBACK INTO a VALUES (1); CREATE TABLE left_behind (x);"),
        ],
    );
    let options = request::Open { migrate: Some(false), ..with_folder(&folder) };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let before = contents(&database);
    let error = migrate(&database).expect_err("fails");
    assert_eq!((error.status().name(), error.place().and_then(|place| place.statement)), ("MIGRATION_FAILED", Some(2)));
    assert_eq!(contents(&database), before);
}

/// A statement that undoes the transaction it runs in, caught by code that goes on: what follows must not be written
/// statement by statement.
fn swallow_a_rollback(database: &Database) -> Result<(), Error> {
    query(database, "INSERT OR ROLLBACK INTO a VALUES (1)").expect_err("collides");
    query(database, "CREATE TABLE left_behind (x)").map(|_| ())
}

fn table_with_one(scratch: &Scratch) -> Database {
    let database = empty(scratch);
    query(&database, "CREATE TABLE a (x PRIMARY KEY)").expect("makes");
    query(&database, "INSERT INTO a VALUES (1)").expect("adds");
    database
}

#[test]
fn a_step_that_swallows_a_rollback_leaves_nothing_behind() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let before = contents(&database);
    database.add_step(host_step(1, |bound| swallow_a_rollback(bound))).expect("adds");
    assert!(migrate_to(&database, 1).is_err());
    assert_eq!(contents(&database), before);
}

#[test]
fn a_transaction_that_swallows_a_rollback_leaves_nothing_behind() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let before = contents(&database);
    let outcome = database.transaction(&watch(), |bound| i32::from(swallow_a_rollback(bound).is_err()));
    assert!(!outcome.is_ok_and(|report| report.committed));
    assert_eq!(contents(&database), before);
}

#[test]
fn a_transaction_that_swallows_a_time_out_leaves_nothing_behind() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let before = contents(&database);
    let outcome = database.transaction(&watch(), |bound| {
        let short = Operation::new();
        short.set_timeout_ms(30);
        let endless = format!("INSERT INTO a {ENDLESS}");
        assert_eq!(refusal(bound.query(&endless, None, &short)), "TIMEOUT");
        let _ = query(bound, "INSERT INTO a VALUES (2)");
        1
    });
    assert!(!outcome.is_ok_and(|report| report.committed));
    assert_eq!(contents(&database), before);
}

#[test]
fn transaction_statements_in_a_migration_do_not_end_the_run() {
    let scratch = Scratch::new();
    let folder = scratch.migrations("m", &[("1_a.sql", "CREATE TABLE a (x); COMMIT; CREATE TABLE b (x);")]);
    let options = request::Open { migrate: Some(false), ..with_folder(&folder) };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let before = contents(&database);
    match migrate(&database) {
        Ok(_) => assert_eq!(value(&database, "SELECT count(*) FROM sqlite_schema WHERE name IN ('a', 'b')"), 2),
        Err(error) => {
            assert_eq!(error.place().and_then(|place| place.statement), Some(2), "{error}");
            assert_eq!(contents(&database), before);
        }
    }
}

#[test]
fn a_user_version_of_the_hosts_own_is_left_alone() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    let plain = rusqlite::Connection::open(&path).expect("opens");
    plain.execute_batch("PRAGMA user_version = 42").expect("sets");
    drop(plain);
    let (database, report) = try_open(&path, &request::Open::default()).expect("opens");
    assert_eq!(report.migrate.expect("ran").to, 18);
    assert_eq!(value(&database, "PRAGMA user_version"), 42);
    assert_eq!(migrate(&database).expect("the history tells").applied.len(), 0);
    assert_eq!(database.health(&watch()).expect("looks").status, HealthStatus::Ok);
}

#[test]
fn a_stamp_of_ours_follows_the_set() {
    let scratch = Scratch::new();
    let folder = scratch.migrations("m", &OLDER[..1]);
    let database = try_open(scratch.path("a.db"), &with_folder(&folder)).expect("opens").0;
    let first = value(&database, "PRAGMA user_version");
    scratch.write("m/2_b.sql", "CREATE TABLE b (x);");
    scratch.write("m/3_c.sql", "CREATE TABLE c (x);");
    migrate_to(&database, 2).expect("migrates");
    let between = value(&database, "PRAGMA user_version");
    migrate(&database).expect("migrates");
    let last = value(&database, "PRAGMA user_version");
    assert!(
        first != last && first != 0 && last != 0 && between != first && between != last,
        "{first} {between} {last}"
    );
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch("PRAGMA user_version = 7").expect("the host takes it over");
    scratch.write("m/4_d.sql", "CREATE TABLE d (x);");
    migrate(&database).expect("migrates");
    assert_eq!(value(&database, "PRAGMA user_version"), 7);
}

// --- where an error is

#[test]
fn an_error_in_a_migration_knows_its_place() {
    let scratch = Scratch::new();
    for (newline, mark) in [("\n", ""), ("\r\n", ""), ("\n", "\u{feff}"), ("\r\n", "\u{feff}")] {
        let lines = [
            "-- é: a; comment",
            "CREATE TABLE \"tâche\" (a, b);",
            "INSERT INTO \"tâche\" VALUES ('日本; 語', '🚗');",
            "\tINSERT INTO \"tâche\" /* ü */ VALUSE (1, 2);",
            "SELECT 4;",
            "SELECT 5;",
        ];
        let folder = scratch.migrations("m", &[("7_place.sql", &format!("{mark}{}", lines.join(newline)))]);
        let error = try_open(scratch.path("a.db"), &with_folder(&folder)).err().expect("fails");
        let place = error.place().expect("has a place").clone();
        assert_eq!(error.status().name(), "MIGRATION_FAILED");
        assert_eq!(
            (place.file.as_deref(), place.line, place.column, place.statement, place.version),
            (Some("7_place.sql"), Some(4), Some(30), Some(3), Some(7)),
            "{newline:?} {mark:?}"
        );
        assert_eq!(place.source_line.as_deref(), Some(lines[3]));
        assert_eq!(error.sqlite_code(), Some(1));
    }
}

#[test]
fn an_error_while_a_statement_runs_has_the_place_of_the_statement() {
    let scratch = Scratch::new();
    let text = "CREATE TABLE a (x UNIQUE);\n\nINSERT INTO a VALUES (1);\n  INSERT INTO a\n  VALUES (1);\n";
    let folder = scratch.migrations("m", &[("1_a.sql", text)]);
    let error = try_open(scratch.path("a.db"), &with_folder(&folder)).err().expect("fails");
    let place = error.place().expect("has a place");
    assert_eq!((place.line, place.column, place.statement), (Some(4), Some(3), Some(3)));
    assert_eq!(error.sqlite_code(), Some(2067), "SQLITE_CONSTRAINT_UNIQUE");
}

#[test]
fn an_error_in_a_repeatable_knows_its_file() {
    let scratch = Scratch::new();
    let folder = scratch.migrations("m", &[OLDER[0], ("R_v.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELEC 1;")]);
    let error = try_open(scratch.path("a.db"), &with_folder(&folder)).err().expect("fails");
    let place = error.place().expect("has a place");
    assert_eq!((place.file.as_deref(), place.line, place.statement), (Some("R_v.sql"), Some(2), Some(2)));
}

#[test]
fn an_error_in_a_query_knows_its_place() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    let error = query(&database, "SELECT 'é',\n  nope").expect_err("fails");
    let place = error.place().expect("has a place");
    assert_eq!((place.line, place.column, place.source_line.as_deref()), (Some(2), Some(3), Some("  nope")));
    let error = query(&database, "SELECT 1;\nSELECT nope").expect_err("fails");
    assert_eq!(error.status().name(), "INVALID_ARGUMENT", "two statements, whatever the second is: {error}");
}

#[test]
fn a_message_is_one_line_whatever_the_schema_looks_like() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    query(&database, "CREATE TABLE a (x CHECK (x > 1\n  AND x < 5))").expect("makes");
    let error = query(&database, "INSERT INTO a VALUES (1)").expect_err("violates");
    assert_eq!(error.status().name(), "CONSTRAINT");
    assert!(!error.to_string().contains('\n'), "{error}");
    let error = query(&database, "SELECT \"new\nline\" FROM a WHERE nope").expect_err("fails");
    assert!(!error.to_string().contains('\n'), "{error}");
}

// --- handles

#[test]
fn a_handle_for_another_user_has_their_rights_and_never_more() {
    let scratch = Scratch::new();
    let admin = open(scratch.path("a.db"));
    let supervisor = admin.act_as("sue", Role::Supervisor).expect("hands out");
    assert_eq!((supervisor.actor(), supervisor.role()), ("sue", Role::Supervisor));
    assert_eq!(value(&supervisor, "SELECT count(*) FROM users"), 0);
    assert!(supervisor.health(&watch()).is_ok() && supervisor.diagnostics(&watch()).is_ok());
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
        refusal(user.health(&watch())),
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
    assert_eq!((report.path.as_str(), report.verified), (destination.to_str().expect("UTF-8"), true));
    assert_eq!(leftovers(&scratch, &["copy.db"]), Vec::<String>::new());
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
    let folder = request::BackupFolder { folder: Some(text(&scratch.path("backups"))), before_migrate: true };
    let options = request::Open { backup: folder, migrate: Some(false), ..request::Open::default() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let report = database.backup(None, &request::Backup::default(), &watch()).expect("copies");
    let name = Path::new(&report.path).file_name().expect("a name").to_string_lossy().into_owned();
    assert!(name.starts_with("a-20") && name.ends_with("Z.db"), "{name}");
    migrate_to(&database, 1).expect("migrates");
    add_user(&database);
    let before = migrate(&database).expect("migrates").backup.expect("backed up before");
    let kept = try_open(&before.path, &bare()).expect("opens").0;
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

// --- stopping

#[test]
fn a_cancel_from_another_thread_stops_a_query() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let operation = Operation::new();
    let (said, started) = mpsc::channel();
    operation.on_progress(Some(Arc::new(move |_| said.send(()).is_ok())));
    std::thread::scope(|scope| {
        let call = scope.spawn(|| database.query(ENDLESS, None, &operation));
        started.recv_timeout(Duration::from_secs(30)).expect("the call runs");
        operation.cancel();
        assert_eq!(call.join().expect("no panic").err(), Some(Error::Cancelled { verb: "query" }));
    });
    assert_eq!(value(&database, "SELECT count(*) FROM users"), 0, "the handle works on");
    assert_eq!(refusal(database.health(&operation)), "CANCELLED", "a cancelled operation stops later calls");
}

#[test]
fn a_callback_that_says_no_cancels_the_call() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    let before = contents(&database);
    let operation = watch();
    operation.on_progress(Some(Arc::new(|progress| !progress.stage.contains("012_quotes.sql"))));
    let outcome = database.migrate(&request::Migrate::default(), &operation);
    assert_eq!(refusal(outcome), "CANCELLED");
    let progress = operation.progress();
    assert_eq!((progress.done, progress.total, progress.cancelled), (11, 20, true));
    assert_eq!(contents(&database), before, "a cancelled run keeps nothing");
}

#[test]
fn a_time_out_ends_a_query_a_script_and_a_wait_for_a_lock() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let short = Operation::new();
    short.set_timeout_ms(60);
    let start = Instant::now();
    assert_eq!(database.query(ENDLESS, None, &short).err(), Some(Error::Timeout { verb: "query", limit_ms: 60 }));
    assert_eq!(refusal(database.script("while true do end", &request::Script::default(), &short)), "TIMEOUT");
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch("BEGIN IMMEDIATE").expect("takes the write lock");
    assert_eq!(refusal(database.query("INSERT INTO a VALUES (2)", None, &short)), "TIMEOUT");
    assert_eq!(refusal(database.migrate(&request::Migrate::default(), &short)), "TIMEOUT");
    assert!(start.elapsed() < Duration::from_secs(4), "each stopped near its limit, not at the busy time-out");
    plain.execute_batch("ROLLBACK").expect("lets go");
    assert_eq!(query(&database, "INSERT INTO a VALUES (2)").expect("works on").changes, 1);
}

#[test]
fn a_lock_that_is_not_let_go_of_is_busy_after_the_busy_timeout() {
    let scratch = Scratch::new();
    drop(table_with_one(&scratch));
    let options = request::Open { busy_timeout_ms: Some(40), ..bare() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch("BEGIN IMMEDIATE").expect("takes the write lock");
    let error = query(&database, "INSERT INTO a VALUES (2)").expect_err("busy");
    assert_eq!(error.status().name(), "BUSY");
    assert!(error.to_string().contains("40 ms"), "{error}");
    let request = request::Migrate { lock_timeout_ms: Some(30), ..request::Migrate::default() };
    let error = database.migrate(&request, &watch()).expect_err("busy");
    assert_eq!(error.status().name(), "BUSY", "{error}");
    assert_eq!(value(&database, "SELECT count(*) FROM a"), 1, "readers go on");
}

// --- stats

#[test]
fn stats_count_every_table() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    add_a_job(&database);
    let found = stats(&database, false);
    for (table, count) in [("users", 1), ("tasks", 1), ("clients", 1), ("interventions", 1), ("intervention_steps", 2)]
    {
        assert_eq!(found.tables[table], Some(count), "{table}");
    }
    assert_eq!((found.estimated, found.schema_version), (false, 18));
    assert_eq!(found.size_bytes, found.page_size * found.page_count);
    assert_eq!(found.table_count, found.tables.len() as u64);
    assert_eq!(found.database_path, text(&scratch.path("a.db")));
    assert!(found.wal_size_bytes.is_some_and(|size| size > 0));
    let indexes = value(&database, "SELECT count(*) FROM sqlite_schema WHERE type = 'index'");
    assert_eq!(json!(found.index_count), indexes);
}

#[test]
fn an_estimate_is_near_and_says_what_it_is() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    for sql in [
        "CREATE TABLE a (n INTEGER PRIMARY KEY)",
        "CREATE TABLE w (k PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE none (x)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO a SELECT i FROM n",
        "INSERT INTO w VALUES (1), (2)",
    ] {
        query(&database, sql).expect(sql);
    }
    let found = stats(&database, true);
    assert!(found.estimated);
    assert_eq!((found.tables["a"], found.tables["w"], found.tables["none"]), (Some(500), None, Some(0)));
    query(&database, "ANALYZE").expect("analyzes");
    assert_eq!(stats(&database, true).tables["w"], Some(2), "from SQLite's statistics");
}

// --- queries

#[test]
fn values_come_back_exactly_as_they_went_in() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    let values = json!([
        i64::MAX, i64::MIN, 9_007_199_254_740_993_i64, 0.1, 1.0, -0.0, 1e308, "ä\u{0}🚗", "", null,
        {"base64": "AP8="}, {"base64": ""}, {"real": "inf"}
    ]);
    let marks = vec!["?"; values.as_array().expect("an array").len()].join(", ");
    let there = database.query(&format!("SELECT {marks}"), Some(&values.to_string()), &watch()).expect("runs");
    assert_eq!(Json::Array(there.rows[0].clone()), values);
    let text = serde_json::to_string(&there).expect("serialises");
    assert!(text.contains("9223372036854775807") && text.contains("9007199254740993"), "{text}");
    let named = r#"{"a": 1, ":b": "x", "@c": null}"#;
    let report = database.query("SELECT :a, :b, @c, :a", Some(named), &watch()).expect("runs");
    assert_eq!(report.rows, [[json!(1), json!("x"), Json::Null, json!(1)]]);
    assert_eq!(value(&database, "SELECT typeof(1.0) || typeof(1)"), "realinteger");
}

#[test]
fn a_query_tells_columns_changes_and_row_ids() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    let told = |sql: &str| {
        let report = query(&database, sql).expect(sql);
        (report.columns.join(","), report.rows.len(), report.changes, report.last_insert_rowid)
    };
    let none = |changes| (String::new(), 0, changes, None);
    assert_eq!(told("CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT UNIQUE)"), none(0));
    assert_eq!(told("INSERT INTO a (x) VALUES ('p'), ('q')"), (String::new(), 0, 2, Some(2)));
    assert_eq!(told("SELECT id, x AS \"the x\" FROM a WHERE 0"), ("id,the x".into(), 0, 0, None));
    assert_eq!(told("INSERT INTO a (x) VALUES ('r') RETURNING id, x"), ("id,x".into(), 1, 1, Some(3)));
    assert_eq!(told("WITH n(v) AS (SELECT 's') INSERT INTO a (x) SELECT v FROM n"), (String::new(), 0, 1, Some(4)));
    assert_eq!(told("/* first */ SELECT 1 AS one"), ("one".into(), 1, 0, None));
    assert_eq!(told("-- a comment\nDELETE FROM a WHERE x = 's'"), none(1));
    assert_eq!(told("UPDATE a SET x = x || '!'"), none(3));
    assert_eq!(told("INSERT OR IGNORE INTO a (x) VALUES ('p!')"), none(0));
}

#[test]
fn a_statement_that_inserts_nothing_tells_no_row_id() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    for sql in [
        "CREATE TABLE a (x UNIQUE)",
        "CREATE TABLE b (x)",
        "INSERT INTO b VALUES (1), (2), (3)",
        "INSERT INTO a VALUES ('abc')",
    ] {
        query(&database, sql).expect(sql);
    }
    for sql in [
        "UPDATE a SET x = replace(x, 'a', 'z')",
        "UPDATE a SET x = 'insert'",
        "INSERT INTO a VALUES ('insert') ON CONFLICT DO UPDATE SET x = 'other'",
        "DELETE FROM b WHERE x = 'insert' OR x = 1",
    ] {
        let report = query(&database, sql).expect(sql);
        assert_eq!((report.changes, report.last_insert_rowid), (1, None), "{sql}");
    }
}

#[test]
fn wrong_parameters_are_refused_and_named() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    let said = |sql: &str, params: &str| {
        let error = database.query(sql, Some(params), &watch()).expect_err("refused");
        assert_eq!(error.status().name(), "INVALID_ARGUMENT", "{error}");
        error.to_string()
    };
    assert!(said("SELECT ?", "[]").contains("hold 0 value(s), the statement takes 1"));
    assert!(said("SELECT ?", "[1, 2]").contains("hold 2 value(s)"));
    assert!(said("SELECT :a", r#"{"b": 1}"#).contains("'b'"));
    assert!(said("SELECT ?", "[18446744073709551615]").contains("18446744073709551615"));
    assert!(said("SELECT ?", "[[1]]").contains("array"));
    assert!(said("SELECT ?", "7").contains("array or object"));
    assert!(said("SELECT ?", "[").contains("JSON"));
}

#[test]
fn statements_that_would_break_the_handle_are_refused() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    for sql in [
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT s",
        "ATTACH 'other.db' AS other",
        "VACUUM INTO 'other.db'",
        "PRAGMA foreign_keys = OFF",
        "PRAGMA journal_mode = delete",
        "PRAGMA writable_schema = 1",
        "PRAGMA user_version = 5",
        "DELETE FROM rpmadb_migrations",
        "DROP TABLE rpmadb_migrations",
        "INSERT INTO rpmadb_repeatables VALUES ('a', 'b', 'c', 'd', 'e', 1, 1)",
        "SELECT load_extension('x')",
    ] {
        let error = query(&database, sql).expect_err(sql);
        assert_eq!(error.status().name(), "UNSUPPORTED", "{sql}: {error}");
        assert!(error.hint().is_some(), "{sql} has no way out");
    }
    assert_eq!(refusal(query(&database, "SELECT 1; SELECT 2")), "INVALID_ARGUMENT");
    assert_eq!(refusal(query(&database, "SELECT 1\0")), "INVALID_ARGUMENT");
    assert_eq!(query(&database, "SELECT 1; -- done").expect("a comment is no statement").rows.len(), 1);
    assert_eq!(value(&database, "SELECT count(*) FROM rpmadb_migrations"), 18, "reading them is fine");
    assert!(!Path::new("other.db").exists());
}

#[test]
fn nothing_is_no_statement() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    for sql in ["", "  ", "-- nothing", ";"] {
        assert_eq!(refusal(query(&database, sql)), "INVALID_ARGUMENT", "{sql:?}");
    }
}
