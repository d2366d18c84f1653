//! The test kit (`test`): it passes what is right and names what is wrong.

use rpmadb::{Database, report, request};

use crate::support::{Scratch, bare, contents, try_open, watch, with_folder};

fn tried(files: &[(&str, &str)], request: &request::Test) -> report::Test {
    let scratch = Scratch::new();
    let folder = scratch.migrations("m", files);
    let options = request::Open { migrate: Some(false), ..with_folder(&folder) };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let before = contents(&database);
    let report = database.test(request, &watch()).expect("runs");
    assert_eq!(contents(&database), before, "the handle's database is not touched");
    assert_eq!(report.passed, report.problems.is_empty());
    report
}

fn problems(files: &[(&str, &str)]) -> Vec<String> {
    let report = tried(files, &request::Test::default());
    let shown = |problem: report::TestProblem| {
        let error = problem.error.map_or_else(String::new, |error| format!(" [{}] {}", error.name, error.message));
        format!("{}: {}{error}", problem.from, problem.what)
    };
    report.problems.into_iter().map(shown).collect()
}

const SOUND: &[(&str, &str)] = &[
    (
        "1_a.sql",
        "CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;\nCREATE INDEX by_name ON p (name);",
    ),
    ("1_a.down.sql", "DROP TABLE p;"),
    ("2_b.sql", "CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER NOT NULL REFERENCES p ON DELETE CASCADE) STRICT;"),
    ("2_b.down.sql", "DROP TABLE c;"),
    (
        "3_c.sql",
        "CREATE TABLE p_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT) STRICT;\n\
         INSERT INTO p_new (id, name) SELECT id, name FROM p;\nDROP TABLE p;\nALTER TABLE p_new RENAME TO p;\n\
         CREATE INDEX by_name ON p (name);\nVACUUM;",
    ),
    ("3_c.down.sql", "ALTER TABLE p DROP COLUMN note;"),
    ("R_v.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT p.name, p.note FROM p JOIN c ON c.p = p.id;"),
];

#[test]
fn a_sound_set_passes_from_every_version_and_through_every_crash() {
    let report = tried(SOUND, &request::Test::default());
    assert!(report.passed, "{:?}", report.problems);
    assert_eq!(report.started_from, [0, 1, 2, 3]);
    assert!(report.crashes > 15, "{}", report.crashes);
    assert_eq!(report.rows.keys().collect::<Vec<_>>(), ["c", "p"]);
    assert!(report.rows.values().all(|rows| *rows >= 8) && report.skipped_tables.is_empty());
    assert_eq!(report.irreversible, [0_i64; 0]);
}

#[test]
fn a_migration_that_only_works_on_empty_tables_is_found() {
    let found = problems(&[
        ("1_a.sql", "CREATE TABLE a (x INTEGER);"),
        ("2_b.sql", "CREATE TABLE b (x INTEGER);"),
        ("3_c.sql", "ALTER TABLE a ADD COLUMN y TEXT NOT NULL;"),
    ]);
    assert!(
        found[0].starts_with("1: migrating from 1 to 3 failed [MIGRATION_FAILED] migration 3 failed:"),
        "{found:?}"
    );
    assert!(found.iter().all(|problem| !problem.starts_with("0:")), "an empty one is fine: {found:?}");
}

#[test]
fn a_way_back_that_leaves_something_is_found() {
    let found = problems(&[
        ("1_a.sql", "CREATE TABLE a (x INTEGER);"),
        ("1_a.down.sql", "DROP TABLE a;"),
        ("2_b.sql", "CREATE TABLE b (x INTEGER);\nCREATE INDEX i ON a (x);"),
        ("2_b.down.sql", "DROP TABLE b;"),
    ]);
    assert_eq!(
        found,
        [
            "1: after going back the schema is another: index i is added",
            "1: migrating from 1 to 2 again failed [MIGRATION_FAILED] migration 2 failed: index i already exists",
        ]
    );
}

#[test]
fn a_way_back_that_cannot_be_walked_with_rows_is_found() {
    let found = problems(&[
        ("1_a.sql", "CREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE c (p INTEGER REFERENCES p);"),
        ("2_b.sql", "CREATE TABLE b (x INTEGER);"),
        ("2_b.down.sql", "DROP TABLE b;\nDELETE FROM p;"),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("1: going back from 2 to 1 failed [GUARD]"), "{found:?}");
}

#[test]
fn what_the_guards_refuse_only_with_rows_is_found() {
    let found = problems(&[
        ("1_a.sql", "CREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE c (p INTEGER NOT NULL REFERENCES p);"),
        ("2_b.sql", "DELETE FROM p WHERE id IN (SELECT p FROM c);"),
    ]);
    assert!(found[0].starts_with("1: migrating from 1 to 2 failed [GUARD]"), "{found:?}");
}

#[test]
fn the_same_seed_finds_the_same_and_options_are_checked() {
    let request = request::Test { seed: Some(7), versions: Some(vec![0, 2]), crash: Some(false), rows: Some(3) };
    let (one, other) = (tried(SOUND, &request), tried(SOUND, &request));
    assert_eq!((one.seed, one.started_from.as_slice(), one.crashes), (7, &[0, 2][..], 0));
    assert_eq!(one.rows, other.rows);
    assert!(one.rows.values().all(|rows| *rows == 3), "{:?}", one.rows);
    let database = try_open(":memory:", &bare()).expect("opens").0;
    let refused = |request: request::Test| database.test(&request, &watch()).expect_err("refused").to_string();
    let unknown = request::Test { versions: Some(vec![99]), ..request::Test::default() };
    assert_eq!(refused(unknown), "option 'versions': there is no migration 99");
    assert_eq!(
        refused(request::Test { rows: Some(0), ..request::Test::default() }),
        "option 'rows': 0 is outside 1 to 1000"
    );
}

#[test]
fn no_version_to_start_from_and_the_latest_alone_leave_the_crashes_to_be_tried() {
    for (versions, started) in [(vec![], vec![]), (vec![3], vec![3])] {
        let report = tried(SOUND, &request::Test { versions: Some(versions), ..request::Test::default() });
        assert!(report.passed, "{:?}", report.problems);
        assert_eq!(report.started_from, started);
        assert!(report.crashes > 15, "{}", report.crashes);
    }
}

#[test]
fn the_embedded_set_passes() {
    let database: Database = try_open(":memory:", &bare()).expect("opens").0;
    let request = request::Test { versions: Some(vec![0, 4, 12, 18]), crash: Some(false), ..request::Test::default() };
    let report = database.test(&request, &watch()).expect("runs");
    assert!(report.passed, "{:?}", report.problems);
    assert_eq!((report.irreversible, report.skipped_tables.len()), (vec![4], 0));
}
