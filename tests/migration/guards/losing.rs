//! Ways to lose rows, objects and counters that are easily looked past.
//!
//! Leaves to others: the plain way of each (`guards.rs`).

use super::*;

fn guard_of(error: &Error) -> &'static str {
    match error {
        Error::Guard { guard, .. } => guard,
        error => panic!("is no guard: {error}"),
    }
}

/// Guard, line and message of a file that must be refused after `setting`.
fn refused(setting: &str, text: &str) -> (&'static str, Option<u32>, String) {
    let mut found = Vec::new();
    for kept in EVERYWHERE {
        let kit = kit_in(kept, &[("1_setting.sql", setting)]);
        kit.migrate().expect("the setting");
        kit.file("2_bad.sql", text);
        let before = kit.contents();
        let error = kit.migrate().err().unwrap_or_else(|| panic!("let through in {kept:?}: {text}"));
        assert_eq!(kit.contents(), before, "after: {error}");
        kit.assert_enforced();
        found.push((guard_of(&error), error.place().and_then(|place| place.line), error.to_string()));
    }
    assert!(found.windows(2).all(|two| two[0] == two[1]), "the same however it is kept: {found:?}");
    found.remove(0)
}

#[test]
fn a_cascade_under_enforced_foreign_keys_is_a_loss() {
    let rebuild = "CREATE TABLE p_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\nINSERT INTO p_new SELECT id, name FROM p;\n\
                   DROP TABLE p;\nALTER TABLE p_new RENAME TO p;";
    for (text, line) in [
        (format!("-- rpmadb: foreign_keys=on\n{rebuild}"), 4),
        (format!("PRAGMA foreign_keys = ON;\n{rebuild}"), 4),
        ("-- rpmadb: foreign_keys=on\nDELETE FROM p WHERE id = 2;".to_owned(), 2),
        ("-- rpmadb: foreign_keys=on\nREPLACE INTO p VALUES (2, 'z');".to_owned(), 2),
        ("-- rpmadb: foreign_keys=on\nINSERT OR REPLACE INTO p VALUES (2, 'z');".to_owned(), 2),
        (
            "-- rpmadb: foreign_keys=on\nINSERT INTO p VALUES (3, 'z');\nUPDATE OR REPLACE p SET id = 2 WHERE id = 3;"
                .to_owned(),
            3,
        ),
    ] {
        let (guard, at, message) = refused(PARENT, &text);
        assert_eq!((guard, at), ("row-loss", Some(line)), "{text}: {message}");
        assert!(message.contains("table c"), "{message}");
    }
}

#[test]
fn a_table_named_in_a_comment_alone_is_not_named() {
    let case = &CASES[1];
    let (guard, line, _) = refused(case.setting, "-- c: goes along\n/* DELETE FROM c */ DELETE FROM p;");
    assert_eq!((guard, line), ("row-loss", Some(2)));
}

#[test]
fn a_cascade_over_two_tables_is_a_loss_in_the_last() {
    let setting = "CREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE c (id INTEGER PRIMARY KEY, p REFERENCES p ON DELETE CASCADE);\n\
        CREATE TABLE g (c REFERENCES c ON DELETE CASCADE);\nINSERT INTO p VALUES (1);\nINSERT INTO c VALUES (1, 1);\n\
        INSERT INTO g VALUES (1);";
    let (guard, _, message) = refused(setting, "-- rpmadb: foreign_keys=on\nDELETE FROM p;\nDELETE FROM c;");
    assert_eq!(guard, "row-loss");
    assert!(message.contains("1 row(s) of table g"), "{message}");
}

/// The sum of violations stays what it was; one of them is new all the same.
#[test]
fn a_violation_that_takes_the_place_of_another_is_new() {
    for kept in [Kept::Wal, Kept::Journal] {
        let scratch = Scratch::new();
        let path = scratch.path("a.db");
        let setting = "PRAGMA foreign_keys = OFF; CREATE TABLE p (id INTEGER PRIMARY KEY); \
                       CREATE TABLE c (id INTEGER PRIMARY KEY, p REFERENCES p (id)); INSERT INTO c VALUES (1, 9);";
        rusqlite::Connection::open(&path).expect("opens").execute_batch(setting).expect("makes");
        let folder =
            scratch.migrations("m", &[("1_a.sql", "DELETE FROM c WHERE id = 1;\nINSERT INTO c VALUES (2, 8);")]);
        let database = try_open(&path, &kept.options(&folder)).expect("opens").0;
        let error = database.migrate(&request::Migrate::default(), &watch()).expect_err("a new violation");
        assert_eq!(guard_of(&error), "foreign-key", "{kept:?}");
    }
}

#[test]
fn a_violation_added_to_others_counts_alone() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    let setting = "PRAGMA foreign_keys = OFF; CREATE TABLE p (id INTEGER PRIMARY KEY); \
                   CREATE TABLE c (p REFERENCES p (id)); INSERT INTO c VALUES (9), (8);";
    rusqlite::Connection::open(&path).expect("opens").execute_batch(setting).expect("makes");
    let folder = scratch.migrations("m", &[("1_a.sql", "INSERT INTO c VALUES (7);")]);
    let error = try_open(&path, &with_folder(&folder)).expect_err("refused");
    assert_eq!(error.to_string(), "1 new foreign-key violation(s) in table c: p references p");
}

#[test]
fn children_without_a_row_that_point_to_a_dropped_table_are_seen() {
    let setting = "CREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE c (p REFERENCES p (id));";
    let (guard, line, message) = refused(setting, "CREATE TABLE x (y);\nDROP TABLE p;");
    assert_eq!((guard, line), ("missing-parent", Some(2)));
    assert!(message.contains("table c") && message.contains("missing table p"), "{message}");
}

#[test]
fn a_key_to_a_table_that_never_comes_is_seen_where_it_is_declared() {
    for (text, line) in [
        ("CREATE TABLE x (y);\nCREATE TABLE d (q REFERENCES nowhere (id));", 2),
        ("CREATE TABLE d (x);\nALTER TABLE d ADD COLUMN q REFERENCES nowhere (id);", 2),
        ("CREATE TABLE d (q, FOREIGN KEY (q) REFERENCES nowhere);", 1),
    ] {
        let (guard, at, message) = refused("CREATE TABLE a (x);", text);
        assert_eq!((guard, at), ("missing-parent", Some(line)), "{text}");
        assert!(message.contains("table d") && message.contains("nowhere"), "{message}");
    }
}

#[test]
fn violations_made_by_updates_and_by_new_keys_are_seen() {
    for text in [
        "UPDATE p SET id = 7 WHERE id = 2;",
        "UPDATE c SET p = 7 WHERE id = 1;",
        "INSERT INTO c VALUES (9, 99);",
        "CREATE TABLE d (p REFERENCES p (id));\nINSERT INTO d VALUES (99);",
        "CREATE TABLE d AS SELECT 99 AS p;\nCREATE TABLE e (p REFERENCES p (id));\nINSERT INTO e SELECT p FROM d;",
        "REPLACE INTO p VALUES (3, 'x');\nUPDATE OR REPLACE p SET id = 2 WHERE id = 1;",
    ] {
        assert_eq!(refused(PARENT, text).0, "foreign-key", "{text}");
    }
}

#[test]
fn a_unique_index_that_a_key_needs_cannot_just_go() {
    let setting = "CREATE TABLE p (code TEXT);\nCREATE UNIQUE INDEX p_code ON p (code);\n\
                   CREATE TABLE c (code TEXT REFERENCES p (code));\nINSERT INTO p VALUES ('a');\nINSERT INTO c VALUES ('a');";
    let kit = migrated(&[("1_setting.sql", setting)]);
    kit.file("2_bad.sql", "CREATE TABLE x (y);\nDROP INDEX p_code;");
    let error = kit.failure();
    assert_eq!(guard_of(&error), "foreign-key", "{error}");
    assert_eq!(error.place().and_then(|place| place.line), Some(2), "{error}");
}

#[test]
fn counters_set_back_by_hand_are_seen() {
    let case = CASES.last().expect("autoincrement");
    for text in [
        "CREATE TABLE x (y);\nDELETE FROM sqlite_sequence;",
        "CREATE TABLE x (y);\nDELETE FROM sqlite_sequence WHERE name = 'a';",
        "CREATE TABLE x (y);\nUPDATE sqlite_sequence SET seq = 1;",
        "CREATE TABLE x (y);\nREPLACE INTO sqlite_sequence (rowid, name, seq) SELECT rowid, name, 1 FROM sqlite_sequence;",
    ] {
        let (guard, line, message) = refused(case.setting, text);
        assert_eq!((guard, line), ("autoincrement", Some(2)), "{text}");
        assert!(message.contains("table a"), "{message}");
    }
}

#[test]
fn indexes_are_seen_to_go_whatever_the_names_look_like() {
    let setting = "CREATE TABLE \"a b\" (x);\nCREATE INDEX \"i;x\" ON \"a b\" (x);";
    for text in [
        "CREATE TABLE n (x);\nDROP TABLE \"A B\";\nALTER TABLE n RENAME TO [a b];",
        "CREATE TABLE n (x);\nALTER TABLE \"a b\" RENAME TO o;\nDROP TABLE o;\nALTER TABLE n RENAME TO `a b`;",
    ] {
        let (guard, _, message) = refused(setting, text);
        assert_eq!(guard, "drop-index", "{text}");
        assert!(message.contains("index i;x"), "{message}");
    }
}

#[test]
fn an_object_made_again_and_dropped_again_is_gone() {
    let setting = "CREATE TABLE a (x);\nCREATE INDEX a_x ON a (x);";
    let text = "DROP INDEX a_x;\nCREATE INDEX a_x ON a (x);\nDROP TABLE a;\nCREATE TABLE a (x);";
    let (guard, line, _) = refused(setting, text);
    assert_eq!((guard, line), ("drop-index", Some(3)));
}

#[test]
fn a_view_or_trigger_that_never_compiled_is_seen() {
    for (text, guard) in [
        ("CREATE TABLE x (y);\nCREATE VIEW w AS SELECT nope FROM a;", "broken-view"),
        (
            "CREATE TABLE x (y);\nCREATE TRIGGER t AFTER UPDATE ON a BEGIN INSERT INTO nowhere VALUES (1); END;",
            "broken-trigger",
        ),
        ("CREATE TABLE x (y);\nCREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET nope = 1; END;", "broken-trigger"),
        ("CREATE TABLE x (y);\nCREATE TRIGGER t BEFORE DELETE ON a WHEN NEW.x BEGIN SELECT 1; END;", "broken-trigger"),
    ] {
        let (found, line, _) = refused("CREATE TABLE a (x);", text);
        assert_eq!((found, line), (guard, Some(2)), "{text}");
    }
}

#[test]
fn an_index_lost_in_one_file_is_not_found_again_in_the_next() {
    let kit = migrated(&[("1_a.sql", "CREATE TABLE a (x);\nCREATE INDEX a_x ON a (x);")]);
    kit.file("2_b.sql", "DROP TABLE a;\nCREATE TABLE a (x);");
    kit.file("3_c.sql", "CREATE INDEX a_x ON a (x);");
    assert_eq!(guard_of(&kit.failure()), "drop-index");
}

/// The rows are lost when the guard sees it; code that catches its refusal and goes on must not get them committed.
#[test]
fn a_step_that_swallows_a_guard_loses_nothing() {
    let case = &CASES[1];
    for kept in EVERYWHERE {
        let kit = case.kit(kept);
        kit.file(
            "2_bad.lua",
            "return { up = function(db)\n    pcall(function() db:exec('DELETE FROM p') end)\nend }\n",
        );
        assert_eq!(guard_of(&kit.failure()), "row-loss", "Lua in {kept:?}");
        kit.remove("2_bad.lua");
        let up: HostFn = Arc::new(|bound| {
            let _ = bound.query("DELETE FROM p", None, &watch());
            Ok(())
        });
        kit.database.add_step(HostStep { version: 2, name: "by_host".into(), up, down: None }).expect("adds");
        assert_eq!(guard_of(&kit.failure()), "row-loss", "the host's in {kept:?}");
    }
}

#[test]
fn a_repeatable_is_guarded_as_any_other_file() {
    let case = &CASES[1];
    let text = "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 1;\nDELETE FROM p WHERE id = 2;";
    for kept in EVERYWHERE {
        let kit = case.kit(kept);
        kit.file("R_v.sql", text);
        case.assert_is(&kit.failure(), "R_v.sql", Some(3), "a repeatable");
        kit.file("R_v.sql", format!("-- rpmadb: allow=row-loss\n{text}"));
        assert_eq!(applied(&kit.migrate().expect("waived")), ["R v"]);
    }
}

/// The counter of the table that was renamed away is the table's own.
#[test]
fn a_counter_is_seen_to_go_back_when_the_old_table_is_renamed_away() {
    let case = CASES.last().expect("autoincrement");
    let text = "ALTER TABLE a RENAME TO old;\nCREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, x);\n\
                INSERT INTO a SELECT * FROM old;\nDROP TABLE old;";
    let (guard, line, message) = refused(case.setting, text);
    assert_eq!((guard, line), ("autoincrement", Some(1)));
    assert!(message.contains("table a went back from 3 to 1"), "{message}");
}

#[test]
fn a_trigger_of_a_view_and_a_view_of_a_view_are_seen() {
    let setting = "CREATE TABLE a (x);\nCREATE TABLE log (x);\nCREATE VIEW v AS SELECT x FROM a;\nCREATE VIEW w AS SELECT x FROM v;\n\
                   CREATE TRIGGER v_add INSTEAD OF INSERT ON v BEGIN INSERT INTO log VALUES (NEW.x); END;";
    let (guard, line, message) = refused(setting, "SELECT 1;\nDROP VIEW v;\nCREATE VIEW v AS SELECT x FROM a;");
    assert_eq!((guard, line), ("drop-trigger", Some(2)));
    assert!(message.contains("trigger v_add"), "{message}");
    let (guard, line, message) =
        refused(setting, "DROP TRIGGER v_add;\nDROP VIEW v;\nCREATE VIEW v AS SELECT x AS y FROM a;");
    assert_eq!((guard, line), ("broken-view", Some(2)));
    assert!(message.contains("view w"), "{message}");
}

#[test]
fn a_view_of_a_view_on_a_dropped_table_is_seen() {
    let setting = "CREATE TABLE a (x);\nCREATE VIEW v AS SELECT x FROM a;\nCREATE VIEW w AS SELECT x FROM v;";
    let text = "DROP VIEW v;\nDROP TABLE a;";
    assert_eq!((refused(setting, text).0, refused(setting, text).1), ("broken-view", Some(1)));
    let text = "DROP TABLE a;\nCREATE TABLE a (y);\nDROP VIEW v;\nCREATE VIEW v AS SELECT y FROM a;";
    assert_eq!(refused(setting, text).0, "broken-view");
}

/// What the first of two drops broke was not broken before.
#[test]
fn a_view_on_two_tables_that_both_go_is_seen() {
    let setting = "CREATE TABLE a (x);\nCREATE TABLE b (x);\nCREATE TABLE t (x);\nCREATE VIEW v AS SELECT a.x FROM a, b;\n\
                   CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO a SELECT x FROM b; END;";
    for (text, guard) in [
        ("DROP TRIGGER g;\nDROP TABLE a;\nDROP TABLE b;", "broken-view"),
        ("DROP VIEW v;\nDROP TABLE a;\nDROP TABLE b;", "broken-trigger"),
        ("DROP VIEW v;\nDROP TABLE b;\nDROP TABLE a;\nCREATE TABLE a (x);", "broken-trigger"),
    ] {
        assert_eq!(refused(setting, text).0, guard, "{text}");
    }
}
