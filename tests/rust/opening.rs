//! Opening: files, settings, and the embedded schema that a new file gets.

use super::*;

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
    assert_eq!(database.health(&request::Health::default(), &watch()).expect("looks").status, HealthStatus::Ok);
}

#[test]
fn reopening_an_up_to_date_database_does_nothing() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    let options = unrecorded(request::Open::default());
    let before = contents(&try_open(&path, &options).expect("opens").0);
    let before_bytes = bytes(&path);
    let (database, report) = try_open(&path, &options).expect("opens again");
    let migrated = report.migrate.expect("looked");
    assert!(!report.created);
    assert_eq!((migrated.from, migrated.to, migrated.applied.len()), (18, 18, 0));
    assert_eq!(contents(&database), before);
    database.close().expect("closes");
    assert_eq!(bytes(&path), before_bytes);
    assert_eq!(scratch.names(), ["a.db"], "the log went with the last handle");
}

#[test]
fn a_database_that_is_made_through_links_lies_and_is_replaced_where_they_lead() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("real")).expect("makes");
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    std::os::unix::fs::symlink("link.db", scratch.path("outer.db")).expect("links");
    std::os::unix::fs::symlink("real/app.db", scratch.path("link.db")).expect("links");
    let folder = request::BackupFolder { folder: Some(text(&scratch.path("backups"))), ..Default::default() };
    let options = request::Open { backup: folder, ballast_bytes: Some(1 << 20), ..Default::default() };
    let database = try_open(scratch.path("outer.db"), &options).expect("opens").0;
    query(&database, "CREATE TABLE t (a)").expect("makes");
    let backup = database.backup(None, &request::Backup::default(), &watch()).expect("backs up").path.expect("is made");
    query(&database, "INSERT INTO t VALUES (1)").expect("writes");
    database.restore(backup.as_ref(), &request::Restore::default(), &watch()).expect("restores");
    assert_eq!(value(&database, "SELECT count(*) FROM t"), 0);
    query(&database, "INSERT INTO t VALUES (2)").expect("writes");
    database.close().expect("closes");
    assert_eq!(scratch.names(), ["backups", "link.db", "outer.db", "real"]);
    for name in ["outer.db", "link.db"] {
        assert!(scratch.path(name).is_symlink(), "{name}");
        assert!(!scratch.path(&format!("{name}-audit")).exists(), "{name}");
    }
    let beside = ["app.db-audit", "app.db-ballast"].map(|name| scratch.path("real").join(name).exists());
    assert_eq!(beside, [true, true]);
    let plain = rusqlite::Connection::open(scratch.path("real/app.db")).expect("opens");
    let rows: i64 = plain.query_row("SELECT sum(a) FROM t", [], |row| row.get(0)).expect("reads");
    assert_eq!(rows, 2);
}

#[test]
fn a_backup_is_restored_to_where_a_link_will_lead() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let backup = scratch.path("backup.db");
    database.backup(Some(&backup), &request::Backup::default(), &watch()).expect("backs up");
    std::fs::create_dir(scratch.path("real")).expect("makes");
    std::os::unix::fs::symlink("real/app.db", scratch.path("link.db")).expect("links");
    let (options, request) = (request::Open::default(), request::Restore::default());
    Database::restore_file(scratch.path("link.db"), &backup, &options, &request, &watch()).expect("restores");
    assert!(scratch.path("link.db").is_symlink() && scratch.path("real/app.db").is_file());
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
    assert_eq!(
        database.health(&request::Health::default(), &watch()).expect("looks").status,
        HealthStatus::Degraded,
        "pending is not green"
    );
}

#[test]
fn an_empty_path_is_refused() {
    assert_eq!(refusal(try_open("", &request::Open::default())), "INVALID_ARGUMENT");
}

#[test]
fn a_path_that_ends_as_one_of_a_folder_does_is_refused_whether_the_file_is_there_or_not() {
    let scratch = Scratch::new();
    let path = format!("{}/", text(&scratch.path("a.db")));
    for _ in 0..2 {
        let error = try_open(&path, &bare()).map(|_| ()).expect_err("must be refused");
        assert_eq!((error.status().name(), error.to_string().contains(&path)), ("INVALID_ARGUMENT", true), "{error}");
        open(scratch.path("a.db")).close().expect("closes");
    }
    assert_eq!(refusal(try_open(format!("{}/", text(scratch.folder())), &bare())), "NOT_A_DATABASE");
}

#[test]
fn the_message_of_an_error_document_is_one_line_whatever_the_path() {
    let scratch = Scratch::new();
    let error = try_open(scratch.path("no\nsuch\r\nfolder/a.db"), &bare()).map(|_| ()).expect_err("must be refused");
    let message = error.document().error.message;
    assert!(message.contains("no\\nsuch\\r\\nfolder") && !message.contains(['\n', '\r']), "{message}");
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
    assert_eq!(database.health(&request::Health::default(), &watch()).expect("looks").status, HealthStatus::Ok);
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
    assert_eq!(Some(found.sqlite_version), build_info().sqlite.version);
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
    assert_eq!(
        database.health(&request::Health::default(), &watch()).expect("looks").status,
        HealthStatus::Ok,
        "as asked is well"
    );
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
