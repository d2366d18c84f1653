//! Where an error is: file, line, column in characters, statement and source line, whatever kind of error it is.
//!
//! Leaves to others: the texts of errors (`errors` of the suite).

use super::*;

/// Five statements, the third of them at line 5, column 13, behind letters of two to four bytes.
fn five(third: &str) -> String {
    format!(
        "-- é, 日本; 🚗\nCREATE TABLE a (x UNIQUE, y CHECK (y < 5));\n/* ü */ INSERT INTO a VALUES (1, 1);\n\n\
         /* é日🚗 */ \t{third}\nINSERT INTO a VALUES (4, 4);\nINSERT INTO a VALUES (5, 4);\n"
    )
}

/// The column of the third statement of [`five`].
const START: u32 = 12;

#[test]
fn an_error_in_the_third_statement_of_five_has_its_place() {
    for (third, offset, code, said) in [
        ("CREATE TABEL b (x);", 7, 1, "near \"TABEL\": syntax error"),
        ("INSERT INTO a VALUES ('é', 1) 日 1;", 30, 1, "near \"日\": syntax error"),
        ("SELECT 'é', nope FROM a;", 12, 1, "no such column: nope"),
        ("SELECT 'é', nofun(1) FROM a;", 12, 1, "no such function: nofun"),
        ("SELECT * FROM nowhere;", 0, 1, "no such table: nowhere"),
        ("INSERT INTO a VALUES (1, 1);", 0, 2067, "UNIQUE constraint failed: a.x"),
        ("INSERT INTO a VALUES (3, 7);", 0, 275, "CHECK constraint failed"),
        ("INSERT INTO a VALUES (3);", 0, 1, "table a has 2 columns but 1 values were supplied"),
        ("CREATE TABLE a (x);", 13, 1, "table a already exists"),
        ("CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELEC 2; END;", 51, 1, "near \"SELEC\": syntax error"),
        ("DROP INDEX nowhere;", 0, 1, "no such index: nowhere"),
        ("ALTER TABLE a ADD COLUMN x;", 0, 1, "duplicate column name: x"),
        ("SELECT * FROM a WHERE x = $;", 26, 1, "unrecognized token: \"$\""),
    ] {
        for newline in ["\n", "\r\n"] {
            let text = five(third).replace('\n', newline);
            let kit = kit(&[("7_five.sql", &text)]);
            let error = kit.failure();
            let expected = ("MIGRATION_FAILED", Some("7_five.sql"), Some(5), Some(START + offset), Some(3));
            assert_eq!(at(&error), expected, "{third}: {error}");
            let place = error.place().expect("a place");
            assert_eq!((place.version, place.source_line.as_deref()), (Some(7), text.lines().nth(4)), "{third}");
            assert_eq!(error.sqlite_code(), Some(code), "{third}: {error}");
            assert!(error.to_string().starts_with("migration 7 failed: "), "{error}");
            assert!(error.to_string().contains(said), "{third}: {error}");
            assert!(!error.to_string().contains('\n'), "one line: {error}");
        }
    }
}

#[test]
fn an_error_inside_a_statement_of_several_lines_has_its_own_line() {
    let text = "CREATE TABLE a (\n    x,\n    y\n);\nCREATE TABLE b (\r\n    é TEXT,\r\n    z TEXT NOT NUL\r\n);\n";
    let error = kit(&[("1_a.sql", text)]).failure();
    assert_eq!(at(&error), ("MIGRATION_FAILED", Some("1_a.sql"), Some(7), Some(16), Some(2)), "{error}");
    assert_eq!(error.place().and_then(|place| place.source_line.as_deref()), Some("    z TEXT NOT NUL"));
}

#[test]
fn an_error_in_the_body_of_a_trigger_has_its_own_line() {
    let text = "CREATE TABLE a (x);\nCREATE TRIGGER t AFTER INSERT ON a BEGIN\n  SELECT CASE 1 WHEN 1 THEN 2 END;\n  /* é */ UPDAET a SET x = 1;\nEND;\nSELECT 1;";
    let error = kit(&[("1_a.sql", text)]).failure();
    assert_eq!(at(&error), ("MIGRATION_FAILED", Some("1_a.sql"), Some(4), Some(11), Some(2)), "{error}");
    // what the body names is found missing when the trigger is fired
    let text = "CREATE TABLE a (x);\nCREATE TRIGGER t AFTER INSERT ON a BEGIN\n  INSERT INTO nowhere VALUES (1);\nEND;\n\n  INSERT INTO a VALUES (1);";
    let error = kit(&[("1_a.sql", text)]).failure();
    assert_eq!(at(&error), ("MIGRATION_FAILED", Some("1_a.sql"), Some(6), Some(3), Some(3)), "{error}");
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[test]
fn an_unterminated_string_is_shown_where_it_begins() {
    for (quoted, token) in [("'é;", "'é;"), ("\"é;", "\"é;"), ("`é;", "`é;"), ("[é;", "[é;"), ("x'12", "x'12")]
    {
        let text = format!(
            "CREATE TABLE a (x);\nSELECT 1;\n  INSERT INTO a VALUES (1,\n  /* é */ {quoted}\nSELECT 2;\nSELECT 3;\n"
        );
        let error = kit(&[("1_a.sql", &text)]).failure();
        assert_eq!(at(&error), ("MIGRATION_FAILED", Some("1_a.sql"), Some(4), Some(11), Some(3)), "{token}: {error}");
        assert!(error.to_string().contains("unrecognized token"), "{error}");
        assert!(!error.to_string().contains('\n'), "one line: {error}");
    }
}

#[test]
fn an_unterminated_comment_or_parenthesis_is_an_error_of_its_statement() {
    let error = kit(&[("1_a.sql", "CREATE TABLE a (x);\nCREATE TABLE b (x, /* no end\nSELECT 1;\n")]).failure();
    assert_eq!((at(&error).0, at(&error).2.is_some(), at(&error).4), ("MIGRATION_FAILED", true, Some(2)), "{error}");
    let error = kit(&[("1_a.sql", "CREATE TABLE a (x);\nCREATE TABLE b (x, y\n")]).failure();
    assert!(error.to_string().contains("incomplete input"), "{error}");
    assert_eq!(at(&error), ("MIGRATION_FAILED", Some("1_a.sql"), Some(2), Some(1), Some(2)), "{error}");
}

const DEFERRED: &str = "CREATE TABLE p (id INTEGER PRIMARY KEY);\n\
    CREATE TABLE c (p REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED);";

/// A violation that only a commit would find has the place of the statement that made it.
#[test]
fn a_violation_at_the_commit_has_a_place() {
    for (head, line) in [("", 2), ("-- rpmadb: foreign_keys=on\n", 3), ("PRAGMA foreign_keys = ON;\n", 3)] {
        let kit = migrated(&[("1_a.sql", DEFERRED)]);
        kit.file("2_b.sql", format!("{head}SELECT 1;\n  INSERT INTO c VALUES (9);\nCREATE TABLE other (x);"));
        kit.file("3_c.sql", "CREATE TABLE c3 (x);");
        let error = kit.failure();
        let place = error.place().expect("a place");
        assert_eq!(
            (error.status().name(), place.file.as_deref(), place.line, place.column),
            ("GUARD", Some("2_b.sql"), Some(line), Some(3)),
            "{error}"
        );
        kit.file("4_d.sql", "INSERT INTO p VALUES (9);");
        match kit.migrate() {
            Ok(report) => assert_eq!(report.to, 4, "whole at the commit"),
            // a file that enforces foreign keys may have to be whole by itself, but then it is the one to blame
            Err(error) => {
                let place = error.place().expect("a place");
                assert_eq!((place.file.as_deref(), head.is_empty()), (Some("2_b.sql"), false), "{error}");
                assert!(
                    matches!(error.status().name(), "GUARD" | "MIGRATION_FAILED"),
                    "{}: {error}",
                    error.status().name()
                );
            }
        }
    }
}

/// The guard waived, SQLite's own deferred check is left to fail at the commit.
#[test]
fn a_commit_that_fails_names_its_file_and_leaves_nothing() {
    let kit = migrated(&[("1_a.sql", DEFERRED)]);
    kit.file("2_b.sql", "-- rpmadb: foreign_keys=on\n-- rpmadb: allow=foreign-key\nINSERT INTO c VALUES (9);");
    let before = kit.contents();
    match kit.migrate() {
        // waived is waived: then it has to be there
        Ok(_) => assert_eq!(kit.column("SELECT p FROM c"), [9]),
        Err(error) => {
            let place = error.place().expect("a place");
            assert_eq!((place.file.as_deref(), place.line), (Some("2_b.sql"), Some(3)), "{error}");
            assert!(
                matches!(error.status().name(), "GUARD" | "MIGRATION_FAILED"),
                "{}: {error}",
                error.status().name()
            );
            assert_eq!(kit.contents(), before);
        }
    }
    kit.assert_enforced();
    kit.query("CREATE TABLE works (x)").expect("the writer is free again");
}

#[test]
fn an_error_in_a_lua_step_has_its_file_and_line() {
    for (body, status, line, said) in [
        ("db:exec('CREATE TABEL b (x)')", "MIGRATION_FAILED", 3, "syntax error"),
        ("local é = 1", "MIGRATION_FAILED", 3, "near"),
        ("error('no good')", "MIGRATION_FAILED", 3, "no good"),
        ("local x = nil + 1", "MIGRATION_FAILED", 3, "arithmetic"),
        ("nosuch()", "MIGRATION_FAILED", 3, "nosuch"),
        ("db:exec('INSERT INTO a VALUES (1)')", "MIGRATION_FAILED", 3, "UNIQUE"),
        ("for _ in db:nrows('SELECT nope FROM a') do end", "MIGRATION_FAILED", 3, "no such column: nope"),
    ] {
        for newline in ["\n", "\r\n"] {
            let kit = migrated(&[("1_a.sql", "CREATE TABLE a (x UNIQUE);\nINSERT INTO a VALUES (1);")]);
            let text = format!("-- é\nreturn {{ up = function(db)\n    {body}\nend }}\n").replace('\n', newline);
            kit.file("2_b.lua", text);
            let error = kit.failure();
            let place = error.place().expect("a place");
            assert_eq!(
                (error.status().name(), place.file.as_deref(), place.line, place.version),
                (status, Some("2_b.lua"), Some(line), Some(2)),
                "{body}: {error}"
            );
            assert_eq!(place.source_line.as_deref(), Some(format!("    {body}").as_str()), "{body}");
            assert!(place.column.is_some(), "every error of a file of the user's carries a column: {body}: {error}");
            assert!(error.to_string().contains(said), "{body}: {error}");
        }
    }
}

#[test]
fn a_lua_file_that_returns_no_step_is_refused_by_name() {
    for text in ["return 1", "return {}", "return { up = 1 }", "return { down = function(db) end }", "local x = 1"] {
        let kit = kit(&[("1_a.lua", text)]);
        let error = kit.failure();
        assert_eq!(error.place().and_then(|place| place.file.as_deref()), Some("1_a.lua"), "{text}");
        assert!(error.to_string().contains("'up'"), "{error}");
    }
}

#[test]
fn an_error_of_the_hosts_code_names_the_step_and_its_version() {
    let kit = kit(&[]);
    kit.database.add_step(host(3, "CREATE TABLE a (x);\nINSERT INTO nowhere VALUES (1);", None)).expect("adds");
    let error = kit.failure();
    let place = error.place().expect("a place");
    assert_eq!((place.file.as_deref(), place.version), (Some("the host's step by_host"), Some(3)), "{error}");
    assert_eq!(error.to_string(), "migration 3 failed: no such table: nowhere");
}

#[test]
fn an_error_in_a_way_back_has_its_place() {
    let down = "-- é\r\nDROP TABLE a;\r\n  DROP TABEL b;\r\n";
    let kit = migrated(&[("1_a.sql", "CREATE TABLE a (x);"), ("1_a.down.sql", down)]);
    let error = kit.rollback(0).expect_err("fails");
    assert_eq!(at(&error), ("MIGRATION_FAILED", Some("1_a.down.sql"), Some(3), Some(8), Some(2)), "{error}");
    kit.remove("1_a.down.sql");
    let error = kit.rollback(0).expect_err("fails from the history too");
    let place = error.place().expect("a place");
    assert!(place.file.as_deref().is_some_and(|file| file.contains("a.down.sql")), "{place:?}");
    assert_eq!((place.line, place.column, place.source_line.as_deref()), (Some(3), Some(8), Some("  DROP TABEL b;")));
}

/// The caret stands under the character: a tab is four spaces wide, wide letters count as the terminal counts them.
#[test]
fn the_command_shows_the_line_with_a_caret() {
    let scratch = Scratch::new();
    scratch.migrations("m", &[("007_tags.sql", "CREATE TABLE a (x);\r\n\t/* été */ INSERT INTO a VALUSE (1);\r\n")]);
    let ran = run(scratch.folder(), &["migrate", "a.db", "--migrations", "m"]);
    let expected = "error: migration 7 failed: near \"VALUSE\": syntax error\n --> 007_tags.sql:2:26\n  |\n\
        2 |     /* été */ INSERT INTO a VALUSE (1);\n  |                             ^\n\
        hint: mend the file and run again; nothing of this run was kept\n";
    assert_eq!((ran.code, ran.stderr.as_str(), ran.stdout.as_str()), (Some(1), expected, ""));
    let json = run(scratch.folder(), &["migrate", "a.db", "--migrations", "m", "--json"]).error();
    assert_eq!((&json["file"], &json["line"], &json["column"]), (&"007_tags.sql".into(), &2.into(), &26.into()));
    assert_eq!((&json["statement"], &json["version"]), (&2.into(), &7.into()));
}

#[test]
fn the_command_shows_more_than_nine_lines_aligned() {
    let scratch = Scratch::new();
    scratch.migrations("m", &[("1_a.sql", &format!("{}SELEC 1;\n", "-- x\n".repeat(11)))]);
    let ran = run(scratch.folder(), &["migrate", "a.db", "--migrations", "m"]);
    let expected = "error: migration 1 failed: near \"SELEC\": syntax error\n  --> 1_a.sql:12:1\n   |\n12 | SELEC 1;\n   | ^\n\
        hint: mend the file and run again; nothing of this run was kept\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), expected));
}

#[test]
fn a_directive_that_does_not_belong_there_and_an_empty_file_have_their_line() {
    let fine = ("1_a.sql", "CREATE TABLE a (x);");
    let lua = "-- about\n\n-- rpmadb: transaction=off\nreturn { up = function() end }";
    for (files, status, file, at_line, column) in [
        (&[fine, ("2_b.lua", lua)][..], "MIGRATION_FAILED", "2_b.lua", 3, 1),
        (&[fine, ("R_v.sql", "-- x\n  -- rpmadb: transaction=off\nSELECT 1;")], "MIGRATION_INVALID", "R_v.sql", 2, 3),
        (&[fine, ("2_b.sql", "-- nothing yet\n")], "MIGRATION_INVALID", "2_b.sql", 1, 1),
        (&[fine, ("2_b.lua", "\n")], "MIGRATION_INVALID", "2_b.lua", 1, 1),
    ] {
        let scratch = Scratch::new();
        let folder = scratch.migrations("m", files);
        let error = try_open(scratch.path("a.db"), &with_folder(&folder)).map(|_| ()).expect_err("must fail");
        let found = (at(&error).1, at(&error).2, at(&error).3);
        assert_eq!(found, (Some(file), Some(at_line), Some(column)), "{error}");
        let invalid = error.status().name() == "MIGRATION_INVALID" || error.status().name() == status;
        assert!(invalid, "{}: {error}", error.status().name());
        assert!(error.place().is_some_and(|place| place.source_line.is_some()), "{error}");
    }
}

/// To run it anew after a crash would find the file of the first time and fail for ever, so it is not moved outside as VACUUM is.
#[test]
fn vacuum_into_is_refused_with_what_to_use_in_its_place() {
    for head in ["", "-- rpmadb: transaction=off\n"] {
        let kit = kit(&[("1_a.sql", &format!("{head}CREATE TABLE a (x);\n  VACUUM INTO 'copy.db';"))]);
        let error = kit.migrate().expect_err("must fail");
        assert_eq!(
            at(&error),
            ("MIGRATION_FAILED", Some("1_a.sql"), Some(2 + u32::from(!head.is_empty())), Some(3), Some(2))
        );
        assert!(error.to_string().contains("VACUUM INTO cannot stand in a migration"), "{error}");
        assert_eq!(error.sqlite_code(), None);
    }
}

#[test]
fn a_step_of_the_host_that_fails_has_no_code_of_sqlites() {
    let error = Error::Sql { message: "the host says no".into(), sqlite_code: 0, place: Box::default() };
    let document = serde_json::to_value(error.document()).expect("JSON");
    assert!(document["error"].get("sqlite_code").is_none(), "{document}");
}
