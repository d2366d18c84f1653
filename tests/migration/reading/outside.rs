//! What is not one transaction: files that say `transaction=off`, and runs that commit file by file.
//!
//! Leaves to others: the same when a process is killed (`crash`).
//!
//! A statement that is done is done once: counters show it.

use super::*;

const COUNTER: (&str, &str) = ("1_n.sql", "CREATE TABLE n (at);\nCREATE TABLE u (x UNIQUE);");

#[test]
fn a_file_without_a_transaction_is_resumed_behind_what_is_done() {
    let kit = migrated(&[COUNTER]);
    let text = "-- rpmadb: transaction=off\nINSERT INTO n VALUES (1);\nINSERT INTO n VALUES (2);\n  INSERT INTO nowhere VALUES (3);\n\
                INSERT INTO n VALUES (4);";
    kit.file("2_b.sql", text);
    kit.file("3_c.sql", "CREATE TABLE c (x);");
    for _ in 0..3 {
        let error = kit.migrate().expect_err("fails");
        assert_eq!(at(&error), ("MIGRATION_FAILED", Some("2_b.sql"), Some(4), Some(3), Some(3)), "{error}");
        let hint = error.hint().expect("a hint");
        assert!(!hint.contains("nothing of this run was kept"), "two statements are: {hint}");
        assert_eq!(kit.column("SELECT at FROM n"), [1, 2], "what is done stays, and is done once");
        assert_eq!(kit.states(), ["1 applied", "2 pending", "3 pending"]);
        kit.assert_enforced();
    }
    kit.file("2_b.sql", text.replace("nowhere", "n"));
    assert_eq!(applied(&kit.migrate().expect("mended")), ["2 b", "3 c"]);
    assert_eq!(kit.column("SELECT at FROM n"), [1, 2, 3, 4]);
    assert_eq!(kit.migrate().expect("nothing").applied.len(), 0);
}

#[test]
fn a_file_is_resumed_by_another_handle_too() {
    let kit = migrated(&[COUNTER]);
    kit.file("2_b.sql", "-- rpmadb: transaction=off\nINSERT INTO n VALUES (1);\nINSERT INTO nowhere VALUES (2);");
    kit.migrate().expect_err("fails");
    kit.database.close().expect("closes");
    kit.file("2_b.sql", "-- rpmadb: transaction=off\n-- mended\nINSERT INTO n  VALUES (1);\nINSERT INTO n VALUES (2);");
    let (database, report) = kit.reopen().expect("resumes");
    assert_eq!(applied(&report.migrate.expect("ran")), ["2 b"]);
    assert_eq!(value(&database, "SELECT group_concat(at) FROM n"), "1,2");
}

#[test]
fn a_statement_that_ran_may_not_be_changed_afterwards() {
    let kit = migrated(&[COUNTER]);
    let text = "-- rpmadb: transaction=off\nINSERT INTO n VALUES (1);\nINSERT INTO nowhere VALUES (2);";
    kit.file("2_b.sql", text);
    kit.migrate().expect_err("fails");
    for changed in [
        text.replace("(1)", "(7)").replace("nowhere", "n"),
        text.replace("INSERT INTO n VALUES (1);\n", ""),
        text.replace("off\n", "off\nSELECT 1;\n"),
    ] {
        kit.file("2_b.sql", &changed);
        let before = kit.contents();
        let error = kit.migrate().expect_err("refused");
        assert_eq!(
            (error.status().name(), error.place().and_then(|place| place.file.as_deref())),
            ("MIGRATION_FAILED", Some("2_b.sql"))
        );
        assert!(error.to_string().contains("have run already and are not what they were then"), "{error}");
        assert_eq!(kit.contents(), before, "{changed}");
    }
}

#[test]
fn a_group_of_its_own_is_kept_whole() {
    let kit = migrated(&[COUNTER]);
    let text = "-- rpmadb: transaction=off\nINSERT INTO n VALUES (1);\nBEGIN IMMEDIATE;\nINSERT INTO n VALUES (2);\nINSERT INTO n VALUES (3);\n\
                INSERT INTO u VALUES (1), (1);\nCOMMIT;\nINSERT INTO n VALUES (4);";
    kit.file("2_b.sql", text);
    let error = kit.migrate().expect_err("fails");
    assert_eq!(at(&error), ("MIGRATION_FAILED", Some("2_b.sql"), Some(6), Some(1), Some(5)), "{error}");
    assert_eq!(kit.column("SELECT at FROM n"), [1], "nothing of the group");
    kit.file("2_b.sql", text.replace("(1), (1)", "(1), (2)"));
    kit.migrate().expect("mended");
    assert_eq!(kit.column("SELECT at FROM n"), [1, 2, 3, 4]);
}

#[test]
fn groups_that_do_not_match_are_refused_before_anything_runs() {
    for (text, line) in [
        ("INSERT INTO n VALUES (1);\nBEGIN;\nSELECT 1;", 3),
        ("INSERT INTO n VALUES (1);\nCOMMIT;", 3),
        ("INSERT INTO n VALUES (1);\nBEGIN;\nBEGIN;\nCOMMIT;", 4),
        ("INSERT INTO n VALUES (1);\nBEGIN;\nROLLBACK;", 4),
    ] {
        let kit = migrated(&[COUNTER]);
        kit.file("2_b.sql", format!("-- rpmadb: transaction=off\n{text}"));
        let before = kit.column("SELECT at FROM n");
        let error = kit.migrate().expect_err(text);
        assert_eq!(error.place().and_then(|place| place.line), Some(line), "{text}: {error}");
        assert_eq!(kit.column("SELECT at FROM n"), before, "{text}");
        kit.assert_enforced();
    }
}

#[test]
fn vacuum_in_a_file_without_a_transaction_runs_in_its_place() {
    let fill = "CREATE TABLE a (x);\nINSERT INTO a WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50) \
                SELECT zeroblob(4000) FROM n;";
    let kit = migrated(&[("1_a.sql", fill)]);
    kit.file("2_b.sql", "-- rpmadb: transaction=off\nDELETE FROM a;\nVACUUM;\nCREATE TABLE pages AS SELECT freelist_count AS n FROM pragma_freelist_count;");
    kit.migrate().expect("migrates");
    assert_eq!(kit.value("SELECT n FROM pages"), 0);
}

#[test]
fn vacuum_in_a_group_of_its_own_is_not_passed_over() {
    let fill = "CREATE TABLE a (x);\nINSERT INTO a WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50) \
                SELECT zeroblob(4000) FROM n;";
    let kit = migrated(&[("1_a.sql", fill)]);
    kit.file("2_b.sql", "-- rpmadb: transaction=off\nBEGIN;\nDELETE FROM a;\nVACUUM;\nCOMMIT;");
    match kit.migrate() {
        Ok(_) => assert_eq!(kit.value("PRAGMA freelist_count"), 0, "it ran"),
        Err(error) => assert_eq!(error.place().and_then(|place| place.line), Some(4), "or it is refused: {error}"),
    }
}

#[test]
fn a_foreign_key_pragma_in_a_group_does_nothing_as_in_sqlite() {
    let kit = migrated(&[("1_a.sql", FAMILY)]);
    kit.file(
        "2_b.sql",
        "-- rpmadb: transaction=off\nBEGIN;\nPRAGMA foreign_keys = ON;\nDELETE FROM p WHERE id = 2;\nUPDATE c SET p = 1;\nCOMMIT;",
    );
    kit.migrate().expect("migrates");
    assert_eq!(kit.column("SELECT p FROM c"), [1, 1], "nothing cascaded");
    kit.assert_enforced();
}

#[test]
fn a_foreign_key_pragma_without_a_transaction_holds_until_the_next() {
    let kit = migrated(&[("1_a.sql", FAMILY)]);
    kit.file(
        "2_b.sql",
        "-- rpmadb: transaction=off\nPRAGMA foreign_keys = ON;\nDELETE FROM c WHERE p = 5;\nDELETE FROM p WHERE id = 2;\n\
         INSERT INTO nowhere VALUES (1);\nDELETE FROM p WHERE id = 1;",
    );
    kit.migrate().expect_err("fails");
    assert_eq!(kit.column("SELECT p FROM c"), [1], "cascaded");
    kit.assert_enforced();
    let resumed = "-- rpmadb: transaction=off\nPRAGMA foreign_keys = ON;\nDELETE FROM c WHERE p = 5;\nDELETE FROM p WHERE id = 2;\n\
                   DELETE FROM p WHERE id = 1;";
    kit.file("2_b.sql", resumed);
    kit.migrate().expect("resumes");
    assert_eq!(kit.value("SELECT count(*) FROM c"), 0, "also when resumed behind the pragma");
}

#[test]
fn only_sql_files_can_run_without_a_transaction() {
    for (name, text) in [
        ("2_b.lua", "-- rpmadb: transaction=off\nreturn { up = function(db) db:exec('CREATE TABLE b (x)') end }"),
        ("R_b.sql", "-- rpmadb: transaction=off\nDROP VIEW IF EXISTS b;\nCREATE VIEW b AS SELECT 1;"),
        ("1_n.down.sql", "-- rpmadb: transaction=off\nDROP TABLE n;"),
    ] {
        let kit = migrated(&[COUNTER]);
        kit.file(name, text);
        let error = kit.migrate().expect_err(name);
        assert!(matches!(error.status().name(), "MIGRATION_INVALID" | "MIGRATION_FAILED"), "{error}");
        assert_eq!(error.place().and_then(|place| place.file.as_deref()), Some(name), "{error}");
        assert!(!kit.has("b"));
    }
}

#[test]
fn a_dry_run_of_a_file_without_a_transaction_keeps_nothing() {
    let kit = migrated(&[COUNTER]);
    kit.file(
        "2_b.sql",
        "-- rpmadb: transaction=off\nINSERT INTO n VALUES (1);\nVACUUM;\nBEGIN;\nCREATE TABLE b (x);\nCOMMIT;",
    );
    let before = kit.contents();
    let report = kit.dry_run().expect("runs dry");
    assert_eq!((applied(&report), report.moved), (vec!["2 b".to_owned()], vec!["VACUUM".to_owned()]));
    assert_eq!(kit.contents(), before);
}

#[test]
fn per_file_keeps_the_files_before_and_says_how_many() {
    let files = [
        ("1_a.sql", "CREATE TABLE a (x);"),
        ("2_b.sql", "CREATE TABLE b (x);"),
        ("3_c.sql", "CREATE TABLE c (x);\nINSERT INTO nowhere VALUES (1);"),
        ("4_d.sql", "CREATE TABLE d (x);"),
    ];
    let kit = kit(&files);
    let error = kit.per_file().expect_err("fails");
    assert_eq!(at(&error), ("MIGRATION_FAILED", Some("3_c.sql"), Some(2), Some(1), Some(2)));
    let hint = error.hint().expect("a hint");
    assert!(hint.contains("2 migration(s)"), "{hint}");
    assert_eq!(kit.states(), ["1 applied", "2 applied", "3 pending", "4 pending"]);
    assert!(kit.has("b") && !kit.has("c"));
    kit.assert_enforced();
    kit.file("3_c.sql", "CREATE TABLE c (x);");
    let report = kit.per_file().expect("mended");
    assert_eq!((applied(&report), report.from, report.to), (vec!["3 c".to_owned(), "4 d".to_owned()], 2, 4));
}

#[test]
fn a_run_says_how_many_files_around_one_without_a_transaction_stay() {
    let kit = kit(&[
        COUNTER,
        ("2_b.sql", "-- rpmadb: transaction=off\nINSERT INTO n VALUES (2);"),
        ("3_c.sql", "CREATE TABLE c (x);"),
        ("4_d.sql", "INSERT INTO nowhere VALUES (1);"),
    ]);
    let error = kit.migrate().expect_err("fails");
    assert_eq!(kit.states(), ["1 applied", "2 applied", "3 pending", "4 pending"]);
    let hint = error.hint().expect("a hint");
    assert!(hint.contains("2 migration(s)"), "{hint}");
}

/// Only the directive is gone from the file, and that is a comment.
#[test]
fn a_file_that_ran_in_part_is_not_run_again_as_a_whole_without_its_directive() {
    let kit = migrated(&[COUNTER]);
    let text = "-- rpmadb: transaction=off\nINSERT INTO n VALUES (1);\nINSERT INTO nowhere VALUES (2);";
    kit.file("2_b.sql", text);
    kit.migrate().expect_err("fails");
    kit.file("2_b.sql", text.replace("-- rpmadb: transaction=off\n", "").replace("nowhere", "n"));
    match kit.migrate() {
        Ok(_) => assert_eq!(kit.column("SELECT at FROM n"), [1, 2], "what is done is done once"),
        Err(error) => {
            assert_eq!(error.place().and_then(|place| place.file.as_deref()), Some("2_b.sql"), "{error}");
            assert_eq!(kit.column("SELECT at FROM n"), [1]);
        }
    }
}

/// What the first statements did may be taken back with the migrations before them.
#[test]
fn a_file_that_ran_in_part_is_not_resumed_on_another_ground() {
    let kit = migrated(&[COUNTER, ("1_n.down.sql", "DROP TABLE n;\nDROP TABLE u;")]);
    let text = "-- rpmadb: transaction=off\nINSERT INTO n VALUES (1);\nINSERT INTO nowhere VALUES (2);";
    kit.file("2_b.sql", text);
    kit.migrate().expect_err("fails");
    if kit.rollback(0).is_ok() {
        kit.file("2_b.sql", text.replace("nowhere", "n"));
        kit.migrate().expect("mended");
        assert_eq!(kit.column("SELECT at FROM n"), [1, 2], "all of it on the new table");
    }
}

#[test]
fn a_dry_run_of_a_file_that_ran_in_part_shows_what_is_left() {
    let kit = migrated(&[COUNTER]);
    let text =
        "-- rpmadb: transaction=off\nCREATE TABLE b (x);\nINSERT INTO n VALUES (1);\nINSERT INTO nowhere VALUES (2);";
    kit.file("2_b.sql", text);
    kit.migrate().expect_err("fails");
    kit.file("2_b.sql", text.replace("nowhere", "n"));
    let report = kit.dry_run().expect("what a real run would do");
    let rows = report.changes.expect("measured").rows;
    assert_eq!(rows.get("n"), Some(&report::RowChange { before: Some(1), after: Some(2) }));
    kit.migrate().expect("for real");
    assert_eq!(kit.column("SELECT at FROM n"), [1, 2]);
}
