//! What a run protects, steps in code included, and where it says an error is.

use super::*;

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
         INSERT INTO p_new SELECT id, name FROM p;\nDROP TABLE p;\nALTER TABLE p_new RENAME TO p;\n\
         CREATE TRIGGER p_deleted AFTER DELETE ON p BEGIN DELETE FROM c WHERE p = OLD.id; END;",
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
    assert_eq!(database.health(&request::Health::default(), &watch()).expect("looks").status, HealthStatus::Ok);
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
        let error = try_open(scratch.path("a.db"), &with_folder(&folder)).expect_err("fails");
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
    let error = try_open(scratch.path("a.db"), &with_folder(&folder)).expect_err("fails");
    let place = error.place().expect("has a place");
    assert_eq!((place.line, place.column, place.statement), (Some(4), Some(3), Some(3)));
    assert_eq!(error.sqlite_code(), Some(2067), "SQLITE_CONSTRAINT_UNIQUE");
}

#[test]
fn an_error_in_a_repeatable_knows_its_file() {
    let scratch = Scratch::new();
    let folder = scratch.migrations("m", &[OLDER[0], ("R_v.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELEC 1;")]);
    let error = try_open(scratch.path("a.db"), &with_folder(&folder)).expect_err("fails");
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
