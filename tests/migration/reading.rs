//! Files as people have them: with transactions and pragmas of their own, conditions on columns, VACUUM, odd bytes.
//!
//! `outside` has the files that say `transaction=off`, and runs that commit file by file.
//! Leaves to others: where an error is shown (`errors`), and the guards.
//!
//! What a file undoes by itself is undone, what it commits is committed with the run, and a run that fails leaves nothing.

mod outside;

use super::*;

/// What the text leaves in table `t`, in a database that has `t (x)` from migration 1.
fn left(text: &str) -> Vec<Json> {
    let kit = migrated(&[("1_t.sql", "CREATE TABLE t (x);")]);
    kit.file("2_a.sql", text);
    kit.migrate().unwrap_or_else(|error| panic!("{error}\n{text}"));
    kit.assert_enforced();
    kit.column("SELECT x FROM t ORDER BY rowid")
}

#[test]
fn a_files_own_transactions_do_what_they_say() {
    for (text, expected) in [
        ("BEGIN;\nINSERT INTO t VALUES (1);\nCOMMIT;", vec![1]),
        (
            "begin immediate transaction;\nINSERT INTO t VALUES (1);\nend transaction;\nINSERT INTO t VALUES (2);",
            vec![1, 2],
        ),
        ("BEGIN;\nINSERT INTO t VALUES (1);\nROLLBACK;\nINSERT INTO t VALUES (2);", vec![2]),
        ("INSERT INTO t VALUES (1);\nBEGIN EXCLUSIVE;\nDELETE FROM t;\nROLLBACK TRANSACTION;", vec![1]),
        ("BEGIN;\nINSERT INTO t VALUES (1);\nCOMMIT;\nBEGIN;\nINSERT INTO t VALUES (2);\nCOMMIT;", vec![1, 2]),
        ("SAVEPOINT s;\nINSERT INTO t VALUES (1);\nROLLBACK TO s;\nINSERT INTO t VALUES (2);\nRELEASE s;", vec![2]),
        ("BEGIN;\nSAVEPOINT s;\nINSERT INTO t VALUES (1);\nROLLBACK TO SAVEPOINT s;\nRELEASE s;\nEND;", vec![]),
        ("/* BEGIN; */ -- COMMIT;\nINSERT INTO t VALUES ('BEGIN; COMMIT;');\nDELETE FROM t;", vec![]),
    ] {
        assert_eq!(left(text), expected, "{text}");
    }
}

#[test]
fn what_a_file_committed_goes_with_a_run_that_fails() {
    for failing in ["INSERT INTO nowhere VALUES (1);", "COMMIT;", "BEGIN;\nSELECT 1;"] {
        let kit = migrated(&[("1_t.sql", "CREATE TABLE t (x);")]);
        kit.file("2_a.sql", format!("BEGIN;\nINSERT INTO t VALUES (1);\nCOMMIT;\n{failing}"));
        assert_eq!(kit.failure().status().name(), "MIGRATION_FAILED", "{failing}");
        kit.file("2_a.sql", "BEGIN;\nINSERT INTO t VALUES (1);\nCOMMIT;");
        kit.file("3_b.sql", failing);
        assert_eq!(kit.failure().status().name(), "MIGRATION_FAILED", "{failing}");
    }
}

#[test]
fn transactions_that_do_not_match_are_errors_with_their_place() {
    for (text, line, statement, said) in [
        ("SELECT 1;\n  BEGIN;\nSELECT 2;", 2, 2, "BEGIN has no COMMIT in this file"),
        ("SELECT 1;\n  COMMIT;\nSELECT 2;", 2, 2, "cannot commit - no transaction is active"),
        ("SELECT 1;\n  ROLLBACK;", 2, 2, "cannot rollback - no transaction is active"),
        ("BEGIN;\n  BEGIN;\nCOMMIT;\nCOMMIT;", 2, 2, "cannot start a transaction within a transaction"),
        ("BEGIN;\nCOMMIT;\n  COMMIT;", 3, 3, "cannot commit - no transaction is active"),
        ("SELECT 1;\n  RELEASE nosuch;", 2, 2, "no such savepoint: nosuch"),
    ] {
        let kit = kit(&[("1_a.sql", text)]);
        let error = kit.failure();
        let column = if statement == 1 { 1 } else { 3 };
        let expected = ("MIGRATION_FAILED", Some("1_a.sql"), Some(line), Some(column), Some(statement));
        assert_eq!(at(&error), expected, "{text}: {error}");
        assert!(error.to_string().contains(said), "{error}");
    }
}

const FAMILY: &str = "CREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE c (p REFERENCES p (id) ON DELETE CASCADE);\n\
    INSERT INTO p VALUES (1), (2);\nINSERT INTO c VALUES (1), (2);";

#[test]
fn a_files_own_foreign_key_pragmas_hold_where_sqlite_would_let_them() {
    let delete = "DELETE FROM p WHERE id = 2;";
    let mend = "DELETE FROM c WHERE p NOT IN (SELECT id FROM p);";
    for (text, kept) in [
        (format!("PRAGMA foreign_keys = ON;\nDELETE FROM c WHERE p = 3;\n{delete}"), 1),
        (format!("PRAGMA foreign_keys(yes);\nBEGIN;\nDELETE FROM c WHERE p = 3;\n{delete}\nCOMMIT;"), 1),
        (format!("PRAGMA foreign_keys = OFF;\n{delete}\nSELECT 1 / (SELECT count(*) = 2 FROM c);\n{mend}"), 1),
        (format!("PRAGMA foreign_keys = 1;\nPRAGMA foreign_keys = 0;\n{delete}\nUPDATE c SET p = 1;"), 2),
        (format!("BEGIN;\nPRAGMA foreign_keys = ON;\n{delete}\nUPDATE c SET p = 1;\nCOMMIT;"), 2),
    ] {
        let kit = migrated(&[("1_a.sql", FAMILY)]);
        kit.file("2_b.sql", &text);
        kit.migrate().unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(kit.value("SELECT count(*) FROM c"), kept, "{text}");
        kit.assert_enforced();
    }
}

#[test]
fn a_foreign_key_pragma_holds_for_its_own_file_alone() {
    let kit = migrated(&[("1_a.sql", FAMILY)]);
    kit.file("2_b.sql", "PRAGMA foreign_keys = ON;\nSELECT 1;");
    kit.file("3_c.sql", "DELETE FROM p WHERE id = 2;\nUPDATE c SET p = 1;");
    kit.migrate().expect("migrates");
    assert_eq!(kit.column("SELECT p FROM c"), [1, 1], "nothing cascaded in the third file");
}

#[test]
fn the_usual_rebuild_with_pragmas_and_a_transaction_runs_as_meant() {
    for (before, after) in [
        ("PRAGMA foreign_keys=off;\nBEGIN TRANSACTION;", "COMMIT;\nPRAGMA foreign_keys=on;"),
        ("PRAGMA foreign_keys=OFF;", "PRAGMA foreign_key_check;\nPRAGMA foreign_keys=ON;"),
        ("BEGIN;\nPRAGMA foreign_keys=OFF;", "PRAGMA foreign_keys=ON;\nCOMMIT;"),
    ] {
        let kit = migrated(&[("1_a.sql", FAMILY)]);
        let text = format!(
            "{before}\nCREATE TABLE p_new (id INTEGER PRIMARY KEY, y);\nINSERT INTO p_new (id) SELECT id FROM p;\n\
             DROP TABLE p;\nALTER TABLE p_new RENAME TO p;\n{after}"
        );
        kit.file("2_b.sql", &text);
        kit.migrate().unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(kit.column("SELECT p FROM c ORDER BY p"), [1, 2], "{text}");
        assert_eq!(kit.column("SELECT id FROM p ORDER BY id"), [1, 2]);
        kit.assert_enforced();
    }
}

#[test]
fn vacuum_runs_behind_the_transaction_and_is_reported() {
    for text in ["VACUUM;", "vacuum main;", "BEGIN;\nSELECT 1;\nCOMMIT;\n/* small again */ VACUUM -- now\n;"] {
        let fill = "CREATE TABLE a (x);\nINSERT INTO a WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50) \
                    SELECT zeroblob(4000) FROM n;";
        let kit = migrated(&[("1_a.sql", fill)]);
        kit.file("2_b.sql", format!("DELETE FROM a;\n{text}"));
        kit.file("3_c.sql", "CREATE TABLE c (x);");
        let report = kit.dry_run().expect("runs dry");
        assert_eq!(report.moved.len(), 1, "those that would: {text}");
        let report = kit.migrate().expect(text);
        assert_eq!(applied(&report), ["2 b", "3 c"]);
        assert_eq!(report.moved.len(), 1, "{text}");
        assert!(report.moved[0].to_ascii_lowercase().starts_with("vacuum"), "{:?}", report.moved);
        assert_eq!(kit.value("PRAGMA freelist_count"), 0, "{text}");
        assert_eq!(kit.migrate().expect("nothing").applied.len(), 0);
        assert_eq!(kit.migrate().expect("nothing").moved.len(), 0, "once is enough");
    }
}

#[test]
fn vacuum_of_a_run_that_fails_is_not_run() {
    let kit = migrated(&[("1_a.sql", "CREATE TABLE a (x);")]);
    kit.file("2_b.sql", "VACUUM;\nCREATE TABLE b (x);");
    kit.file("3_c.sql", "CREATE TABEL c (x);");
    kit.failure();
    kit.file("3_c.sql", "CREATE TABLE c (x);");
    assert_eq!(kit.migrate().expect("mended").moved, ["VACUUM"]);
}

#[test]
fn the_journal_mode_in_force_may_be_said_and_another_may_not() {
    for (kept, same, other) in [(Kept::Wal, "WAL", "DELETE"), (Kept::Journal, "delete", "wal")] {
        let kit = kit_in(kept, &[("1_a.sql", &format!("PRAGMA journal_mode = {same};\nCREATE TABLE a (x);"))]);
        kit.migrate().expect("the same is no change");
        kit.file("2_b.sql", format!("CREATE TABLE b (x);\nPRAGMA main.journal_mode({other});"));
        let error = kit.failure();
        assert_eq!(at(&error), ("MIGRATION_FAILED", Some("2_b.sql"), Some(2), Some(1), Some(2)));
        assert!(error.to_string().contains("PRAGMA journal_mode="), "{error}");
        assert_eq!(kit.value("PRAGMA journal_mode"), same.to_lowercase());
    }
}

#[test]
fn a_column_is_added_where_it_is_absent_and_left_where_it_is_the_same() {
    for column in
        ["x TEXT NOT NULL DEFAULT 'a'", "\"x y\" INTEGER CHECK (\"x y\" IN (1, 2))", "[x] numeric ( 1,2 )", "x"]
    {
        let text = format!(
            "ALTER TABLE a ADD COLUMN IF NOT EXISTS {column};\nALTER TABLE main.a ADD IF NOT EXISTS {column} -- again\n;"
        );
        let kit = migrated(&[("1_a.sql", "CREATE TABLE a (id);")]);
        kit.file("2_b.sql", &text);
        kit.migrate().unwrap_or_else(|error| panic!("{error}\n{text}"));
        let words = [
            ("alter table", "ALTER TABLE"),
            ("integer", "INTEGER"),
            ("text not null", "TEXT NOT NULL"),
            (" X ", " x "),
        ];
        kit.file("3_c.sql", words.iter().fold(text.clone(), |text, (new, old)| text.replace(old, new)));
        kit.migrate().unwrap_or_else(|error| panic!("in other letters: {error}\n{text}"));
        assert_eq!(kit.value("SELECT count(*) FROM pragma_table_info('a')"), 2, "{text}");
    }
}

#[test]
fn a_column_declared_in_its_table_counts_as_the_same() {
    let kit = migrated(&[(
        "1_a.sql",
        "CREATE TABLE a (id INTEGER PRIMARY KEY, x text not null -- why\n DEFAULT 'é;(', y, CHECK (x <> y));",
    )]);
    kit.file("2_b.sql", "ALTER TABLE \"A\" ADD COLUMN IF NOT EXISTS X TEXT NOT NULL DEFAULT 'é;(';");
    kit.file("3_c.sql", "ALTER TABLE a ADD COLUMN IF NOT EXISTS y;");
    assert_eq!(kit.migrate().expect("both are there").applied.len(), 2);
}

#[test]
fn another_declaration_of_the_column_is_an_error_with_both() {
    let kit = migrated(&[("1_a.sql", "CREATE TABLE a (id, x TEXT DEFAULT 'b');")]);
    for (declaration, said) in [
        ("INTEGER", "'integer'"),
        ("TEXT DEFAULT 'B'", "'text default 'B''"),
        ("", "nothing"),
        ("TEXT DEFAULT 'b' NOT NULL", "'text default 'b' not null'"),
    ] {
        kit.file("2_b.sql", format!("SELECT 1;\nALTER TABLE a ADD COLUMN IF NOT EXISTS x {declaration};"));
        let error = kit.failure();
        assert_eq!(at(&error), ("MIGRATION_FAILED", Some("2_b.sql"), Some(2), Some(40), Some(2)), "{error}");
        let message = error.to_string();
        assert!(message.contains("'text default 'b''") && message.contains(said), "{message}");
        assert!(message.contains("table a") && message.contains("column x"), "{message}");
    }
}

#[test]
fn a_column_is_dropped_where_it_is_and_passed_over_where_it_is_not() {
    let kit = migrated(&[("1_a.sql", "CREATE TABLE a (id, x, \"y z\");")]);
    kit.file("2_b.sql", "ALTER TABLE a DROP COLUMN IF EXISTS x;\nALTER TABLE a DROP COLUMN IF EXISTS x;\nalter table a drop if exists \"Y Z\";");
    kit.migrate().expect("migrates");
    assert_eq!(kit.column("SELECT name FROM pragma_table_info('a')"), ["id"]);
    kit.file("3_c.sql", "SELECT 1;\nALTER TABLE a DROP COLUMN x;");
    assert_eq!(
        kit.failure().place().and_then(|place| place.statement),
        Some(2),
        "without the condition it is an error"
    );
    kit.file("3_c.sql", "ALTER TABLE nowhere ADD COLUMN IF NOT EXISTS x;");
    assert!(kit.failure().to_string().contains("no such table: nowhere"));
}

#[test]
fn semicolons_end_statements_only_where_sqlite_ends_them() {
    let text = "CREATE TABLE \"a;b\" (x);;\n-- x; y\n/* ; */ INSERT INTO \"a;b\" VALUES ('it''s; one');\n\
        CREATE TABLE [c;d] (`e;f`);\nCREATE TRIGGER t AFTER INSERT ON \"a;b\" WHEN CASE NEW.x WHEN 1 THEN 1 ELSE 0 END BEGIN\n\
        INSERT INTO [c;d] SELECT CASE WHEN NEW.x > 0 THEN 'END;' ELSE CASE 1 WHEN 1 THEN 2 END END; -- END;\n\
        UPDATE [c;d] SET `e;f` = CASE WHEN 1 THEN 'y' END; /* ; END; */\nEND;\nINSERT INTO \"a;b\" VALUES (1)";
    for text in [text.to_owned(), text.replace('\n', "\r\n"), format!("\u{feff}{text};\n")] {
        let kit = migrated(&[("1_a.sql", &text)]);
        assert_eq!(kit.column("SELECT x FROM \"a;b\""), [Json::from("it's; one"), Json::from(1)]);
        assert_eq!(kit.column("SELECT \"e;f\" FROM \"c;d\""), ["y"]);
        assert!(kit.has("t"));
    }
}

#[test]
fn line_endings_and_a_byte_order_mark_are_no_change_and_a_token_is() {
    let text = "-- é\nCREATE TABLE a (x);\nINSERT INTO a VALUES ('one\ntwo');\n";
    let kit = migrated(&[("1_a.sql", text)]);
    for same in
        [text.replace('\n', "\r\n"), format!("\u{feff}{text}"), format!("\u{feff}{}", text.replace('\n', "\r\n"))]
    {
        kit.file("1_a.sql", &same);
        assert_eq!(kit.migrate().expect(&same).applied.len(), 0);
        assert_eq!(kit.states(), ["1 applied"], "{same:?}");
    }
    kit.file("1_a.sql", text.replace("two", "too"));
    assert_eq!(kit.failure().status().name(), "MIGRATION_CHANGED");
}

#[test]
fn a_nul_byte_is_an_error_with_file_line_and_column() {
    for name in ["2_b.sql", "2_b.lua", "1_a.down.sql", "R_v.sql"] {
        for (bytes, line, column) in [
            (&b"SELECT 1;\n-- \xc3\xa9\0\nSELECT 2;"[..], 2, 5),
            (b"\0", 1, 1),
            (b"SELECT 1;\r\n\0", 2, 1),
            (b"SELECT 1;\0", 1, 10),
        ] {
            let kit = migrated(&[("1_a.sql", "CREATE TABLE a (x);")]);
            kit.file(name, bytes);
            let error = kit.failure();
            assert_eq!(at(&error), ("MIGRATION_INVALID", Some(name), Some(line), Some(column), None), "{error}");
            assert_eq!(refusal(kit.reopen()), "MIGRATION_INVALID");
        }
    }
}

#[test]
fn a_later_statement_that_fails_takes_everything_back() {
    let texts =
        ["CREATE TABLE b (x);", "INSERT INTO a VALUES (2);", "CREATE TEMP TABLE s (x);", "PRAGMA application_id = 7;"];
    let kit = migrated(&[("1_a.sql", "CREATE TABLE a (x);\nINSERT INTO a VALUES (1);")]);
    kit.file("2_b.sql", texts.join("\n"));
    kit.file("3_c.lua", "return { up = function(db) db:exec('DELETE FROM a') end }");
    kit.file("R_v.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 1;\nINSERT INTO nowhere VALUES (1);");
    kit.database.add_step(host(4, "CREATE TABLE d (x)", None)).expect("adds");
    let error = kit.failure();
    assert_eq!(at(&error), ("MIGRATION_FAILED", Some("R_v.sql"), Some(3), Some(1), Some(3)), "{error}");
    assert_eq!(error.hint().as_deref(), Some("mend the file and run again; nothing of this run was kept"));
    kit.file("R_v.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 1;");
    assert_eq!(applied(&kit.migrate().expect("mended")), ["2 b", "3 c", "4 by_host", "R v"]);
}
