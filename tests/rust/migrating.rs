//! Which migrations run, and which states are refused.

use super::*;

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
    let error = try_open(scratch.path("a.db"), &with_folder(&folder)).expect_err("refused");
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
        assert_eq!(
            database.health(&request::Health::default(), &watch()).expect("looks").status,
            HealthStatus::Degraded
        );
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

#[test]
fn a_database_of_a_newer_set_is_refused() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    let folder = scratch.migrations("m", &[OLDER[0], ("2_b.sql", "CREATE TABLE b (x);")]);
    try_open(&path, &with_folder(&folder)).expect("opens").0.close().expect("closes");
    let before = bytes(&path);
    let older = scratch.migrations("older", &OLDER[..1]);
    let error = try_open(&path, &unrecorded(with_folder(&older))).expect_err("refused");
    assert_eq!(error, Error::DatabaseTooNew { database: 2, library: 1 });
    assert_eq!(bytes(&path), before);
}

/// Until `rollback` runs them, this holds the down files of the embedded set to what they promise.
#[test]
fn every_down_file_of_the_embedded_set_brings_the_schema_of_before_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let names = std::fs::read_dir(folder.clone()).expect("reads").map(|entry| entry.expect("an entry").file_name());
    let mut downs: Vec<String> =
        names.filter_map(|name| name.into_string().ok().filter(|name| name.ends_with(".down.sql"))).collect();
    downs.sort();
    assert!(downs.len() >= 12, "{downs:?}");
    let scratch = Scratch::new();
    let at = |version: i64| {
        let path = scratch.path(&format!("{version}.db"));
        let _ = std::fs::remove_file(&path);
        let database = try_open(&path, &bare()).expect("opens").0;
        migrate_to(&database, version).expect("migrates");
        database.close().expect("closes");
        rusqlite::Connection::open(path).expect("opens")
    };
    // views are repeatables, which every run puts back; spacing is not compared: ALTER TABLE ... DROP COLUMN leaves other spacing than was there
    let schema = |connection: &rusqlite::Connection| -> Vec<String> {
        let sql = "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema \
                   WHERE name NOT LIKE 'rpmadb%' AND name NOT LIKE 'sqlite%' AND type <> 'view' ORDER BY 1";
        let mut statement = connection.prepare(sql).expect("asks");
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).expect("asks");
        rows.map(|row| row.expect("a row").split_whitespace().collect::<String>()).collect()
    };
    for down in downs {
        let version: i64 = down[..3].parse().expect("a number");
        let connection = at(version);
        let text = std::fs::read_to_string(folder.join(&down)).expect("reads");
        connection.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF; BEGIN").expect("begins");
        connection.execute_batch(&text).unwrap_or_else(|error| panic!("{down}: {error}"));
        connection.execute_batch("COMMIT").expect("commits");
        let before = if version == 1 { Vec::new() } else { schema(&at(version - 1)) };
        let after = schema(&connection);
        let differs: Vec<_> = after.iter().zip(&before).filter(|(one, other)| one != other).take(2).collect();
        assert!(after == before, "{down}: {} objects, {} before; {differs:#?}", after.len(), before.len());
    }
}
