//! What no guard may refuse: the same changes, done right.
//!
//! Leaves to others: what is refused (`guards.rs`).

use super::*;

/// The setting of a guard's case, and files that change it rightly.
const RIGHT: &[(&str, &[(&str, &str)])] = &[
    ("foreign-key", &[("2_b.sql", "DELETE FROM c WHERE p = 2;\nDELETE FROM p WHERE id = 2;")]),
    ("foreign-key", &[("2_b.sql", "DELETE FROM p WHERE id = 2;"), ("3_c.sql", "DELETE FROM c WHERE p = 2;")]),
    ("foreign-key", &[("2_b.sql", "INSERT INTO c VALUES (9, 9);"), ("3_c.sql", "INSERT INTO p VALUES (9, 'z');")]),
    ("foreign-key", &[("2_b.sql", "UPDATE p SET id = 7 WHERE id = 2;\nUPDATE c SET p = 7 WHERE p = 2;")]),
    ("foreign-key", &[("2_b.sql", "DROP TABLE c;\nDROP TABLE p;")]),
    ("foreign-key", &[("2_b.sql", "ALTER TABLE p RENAME TO q;\nALTER TABLE c RENAME COLUMN p TO q;")]),
    ("row-loss", &[("2_b.sql", "DELETE FROM c WHERE p = 2;\nDELETE FROM p WHERE id = 2;")]),
    ("row-loss", &[("2_b.sql", "DELETE FROM p WHERE id = 4;")]),
    ("missing-parent", &[("2_b.sql", "DROP TABLE c;\nDROP TABLE p;")]),
    (
        "missing-parent",
        &[
            ("2_b.sql", "DROP TABLE p;"),
            ("3_c.sql", "CREATE TABLE p (id INTEGER PRIMARY KEY);\nINSERT INTO p VALUES (1), (2);"),
        ],
    ),
    (
        "missing-parent",
        &[
            ("2_b.sql", "CREATE TABLE d (id INTEGER PRIMARY KEY, q REFERENCES q (id));\nINSERT INTO d VALUES (1, 5);"),
            ("3_c.sql", "CREATE TABLE q (id INTEGER PRIMARY KEY);\nINSERT INTO q VALUES (5);"),
        ],
    ),
    ("drop-index", &[("2_b.sql", "DROP TABLE a;")]),
    ("drop-index", &[("2_b.sql", "DROP INDEX a_x;\nDROP TABLE a;\nCREATE TABLE a (y);")]),
    ("drop-index", &[("2_b.sql", "DROP TABLE a;\nCREATE TABLE a (x, y);\nCREATE INDEX a_x ON a (x);")]),
    ("drop-index", &[("2_b.sql", "ALTER TABLE a ADD COLUMN y;\nALTER TABLE a RENAME TO b;")]),
    ("drop-trigger", &[("2_b.sql", "DROP TABLE a;")]),
    ("drop-trigger", &[("2_b.sql", "DROP TRIGGER IF EXISTS main.[a_log];\nDROP TABLE a;\nCREATE TABLE a (y);")]),
    (
        "drop-trigger",
        &[(
            "2_b.sql",
            "DROP TABLE a;\nCREATE TABLE a (y);\nCREATE TRIGGER a_log AFTER DELETE ON a BEGIN DELETE FROM log; END;",
        )],
    ),
    ("broken-view", &[("2_b.sql", "DROP VIEW v;\nDROP TABLE a;")]),
    (
        "broken-view",
        &[("2_b.sql", "DROP TABLE a;\nDROP VIEW v;\nCREATE TABLE a (y);\nCREATE VIEW v AS SELECT y FROM a;")],
    ),
    ("broken-view", &[("2_b.sql", "DROP TABLE a;"), ("3_c.sql", "CREATE TABLE a (x, y);")]),
    ("broken-view", &[("2_b.sql", "DROP TABLE a;"), ("3_c.sql", "DROP VIEW v;\nCREATE VIEW v AS SELECT 1 AS x;")]),
    (
        "broken-view",
        &[
            ("2_b.sql", "DROP TABLE a;\nCREATE TABLE a (y);"),
            ("R_v.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT y FROM a;"),
        ],
    ),
    ("broken-trigger", &[("2_b.sql", "DROP TABLE log;"), ("3_c.sql", "CREATE TABLE log (x);")]),
    ("broken-trigger", &[("2_b.sql", "DROP TRIGGER a_log;\nDROP TABLE log;")]),
    ("autoincrement", &[("2_b.sql", "DROP TABLE a;")]),
    (
        "autoincrement",
        &[(
            "2_b.sql",
            "CREATE TABLE a_new (id INTEGER PRIMARY KEY AUTOINCREMENT, x, y);\nINSERT INTO a_new SELECT id, x, 1 FROM a;\n\
             UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'a') WHERE name = 'a_new';\n\
             DROP TABLE a;\nALTER TABLE a_new RENAME TO a;",
        )],
    ),
    ("autoincrement", &[("2_b.sql", "UPDATE sqlite_sequence SET seq = 100 WHERE name = 'a';")]),
    ("autoincrement", &[("2_b.sql", "DELETE FROM a;")]),
];

#[test]
fn the_same_changes_done_right_are_let_through() {
    for (guard, files) in RIGHT {
        let case = CASES.iter().find(|case| case.guard == *guard).expect("a case");
        for kept in EVERYWHERE {
            let kit = case.kit(kept);
            for (name, text) in *files {
                kit.file(name, text);
            }
            let report = kit.migrate().unwrap_or_else(|error| panic!("{guard} in {kept:?}: {error}\n{files:?}"));
            assert_eq!(report.applied.len(), files.len());
            kit.assert_enforced();
        }
    }
}

#[test]
fn the_same_changes_done_right_in_lua_are_let_through() {
    for (guard, files) in RIGHT.iter().filter(|(_, files)| files.len() == 1) {
        let case = CASES.iter().find(|case| case.guard == *guard).expect("a case");
        let kit = case.kit(Kept::Wal);
        kit.file("2_b.lua", lua(files[0].1));
        kit.migrate().unwrap_or_else(|error| panic!("{guard}: {error}\n{files:?}"));
    }
}

#[test]
fn the_same_changes_done_right_by_the_host_are_let_through() {
    for (guard, files) in RIGHT.iter().filter(|(_, files)| files.len() == 1) {
        let case = CASES.iter().find(|case| case.guard == *guard).expect("a case");
        let kit = case.kit(Kept::Wal);
        kit.database.add_step(host(2, files[0].1, None)).expect("adds");
        kit.migrate().unwrap_or_else(|error| panic!("{guard}: {error}\n{files:?}"));
    }
}

#[test]
fn a_counter_that_was_copied_goes_on_where_it_was() {
    let case = CASES.last().expect("autoincrement");
    let kit = case.kit(Kept::Wal);
    let (_, files) =
        RIGHT.iter().find(|(_, files)| files[0].1.contains("UPDATE sqlite_sequence SET seq = (")).expect("there");
    kit.file(files[0].0, files[0].1);
    kit.migrate().expect("migrates");
    assert_eq!(kit.query("INSERT INTO a (x) VALUES (9)").expect("adds").last_insert_rowid, Some(4));
}

/// What was there before, and what a file does to the tables without adding to it.
#[test]
fn violations_that_were_there_before_are_nobodys_fault() {
    let setting = "PRAGMA foreign_keys = OFF; CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p (id)); \
                   CREATE TABLE d (q REFERENCES nowhere (id)); INSERT INTO c VALUES (9); INSERT INTO d VALUES (1);";
    let mut refused = Vec::new();
    for text in [
        "CREATE TABLE other (x);",
        "INSERT INTO p VALUES (1);\nINSERT INTO c VALUES (1);\nINSERT INTO d VALUES (2);",
        "DELETE FROM p;\nUPDATE c SET p = p;",
        "CREATE TABLE c_new (p REFERENCES p (id), y);\nINSERT INTO c_new SELECT p, 1 FROM c;\nDROP TABLE c;\n\
         ALTER TABLE c_new RENAME TO c;",
        "ALTER TABLE c RENAME TO e;",
        "ALTER TABLE p RENAME TO e;",
        "ALTER TABLE d RENAME TO e;",
        "ALTER TABLE c RENAME COLUMN p TO e;",
        "DROP TABLE d;\nDELETE FROM c;",
    ] {
        for kept in [Kept::Wal, Kept::Journal] {
            let scratch = Scratch::new();
            let path = scratch.path("a.db");
            rusqlite::Connection::open(&path).expect("opens").execute_batch(setting).expect("makes");
            let folder = scratch.migrations("m", &[("1_a.sql", text)]);
            let database = try_open(&path, &kept.options(&folder)).expect("opens").0;
            if let Err(error) = database.migrate(&request::Migrate::default(), &watch()) {
                refused.push(format!("{text} in {kept:?}: {error}"));
            }
        }
    }
    assert_eq!(refused, Vec::<String>::new());
}

#[test]
fn what_did_not_compile_before_is_nobodys_fault() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    let setting = "CREATE TABLE a (x); CREATE VIEW v AS SELECT nope FROM a; \
                   CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO nowhere VALUES (1); END;";
    rusqlite::Connection::open(&path).expect("opens").execute_batch(setting).expect("makes");
    let text = "DROP TABLE a;\nCREATE TABLE a (y);\nCREATE TRIGGER t AFTER DELETE ON a BEGIN SELECT 1; END;";
    let folder = scratch.migrations("m", &[("1_a.sql", text)]);
    let report = try_open(&path, &with_folder(&folder)).expect("migrates").1;
    assert_eq!(applied(&report.migrate.expect("ran")), ["1 a"]);
}

#[test]
fn rebuilding_a_parent_keeps_the_children_that_would_cascade() {
    let rebuild = "CREATE TABLE p_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\nINSERT INTO p_new SELECT id, name FROM p;\n\
                   DROP TABLE p;\nALTER TABLE p_new RENAME TO p;";
    for kept in EVERYWHERE {
        for file in ["2_b.sql", "2_b.lua", "host"] {
            let kit = kit_in(kept, &[("1_a.sql", PARENT)]);
            kit.migrate().expect("migrates");
            match file {
                "host" => kit.database.add_step(host(2, rebuild, None)).expect("adds"),
                "2_b.lua" => kit.file(file, lua(rebuild)),
                _ => kit.file(file, rebuild),
            }
            kit.migrate().expect(file);
            assert_eq!(kit.column("SELECT id FROM c ORDER BY id"), [1, 2, 3], "{file} in {kept:?}");
            kit.query("DELETE FROM p WHERE id = 2").expect("deletes");
            assert_eq!(kit.column("SELECT id FROM c"), [1], "and cascades again: {file} in {kept:?}");
        }
    }
}

#[test]
fn a_repeatable_brings_back_what_went_with_its_view() {
    let first = "CREATE TABLE a (x);\nCREATE TABLE log (x);";
    let view = "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT x FROM a;";
    let kit = migrated(&[("1_a.sql", first), ("R_v.sql", view)]);
    kit.file("2_b.sql", "CREATE TRIGGER v_add INSTEAD OF INSERT ON v BEGIN INSERT INTO log VALUES (NEW.x); END;");
    kit.migrate().expect("migrates");
    kit.file("R_v.sql", view.replace("SELECT x", "SELECT x, 1 AS one"));
    assert_eq!(applied(&kit.migrate().expect("runs it again")), ["R v"]);
    kit.query("INSERT INTO v (x) VALUES (5)").expect("the trigger is back");
    assert_eq!(kit.value("SELECT x FROM log"), 5);
}
