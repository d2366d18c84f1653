//! What the command says when it cannot do what was asked.

use super::*;

#[test]
fn a_missing_file_is_named_and_not_made() {
    let scratch = Scratch::new();
    let path = text(&scratch.path("none.db"));
    scratch.write("a.lua", "return 1");
    // these do their work without it; see `archive`
    let without = ["backups", "migrate", "restore", "verify"];
    for verb in VERBS.iter().filter(|verb| !without.contains(*verb)) {
        let more: &[&str] = match *verb {
            "query" => &["SELECT 1"],
            "script" | "script_file" => &["a.lua"],
            "backup" => &["b.db"],
            "rollback" => &["--to", "0"],
            "pin" => &["b.db"],
            "prune" => &["--folder", "."],
            _ => &[],
        };
        let name = parity::subcommand(verb);
        let stderr = failed(run(scratch.folder(), &[&[name.as_str(), "none.db"], more].concat()), 1);
        assert_eq!(
            stderr,
            format!(
                "error: {path} does not exist\nhint: check the path; a missing folder is not made\nnext: rpmadb open none.db\n"
            ),
            "{verb}"
        );
    }
    assert_eq!(scratch.names(), ["a.lua"]);
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let scratch = Scratch::new();
    let path = text(&scratch.write("notes.txt", "Dear diary, this is not a database at all.\n".repeat(40)));
    for verb in ["migrate", "stats", "health"] {
        let stderr = failed(run(scratch.folder(), &[verb, "notes.txt"]), 1);
        let hint = "hint: check the path; rpmadb left it as it was\n";
        assert_eq!(stderr, format!("error: {path} is not a SQLite database\n{hint}"), "{verb}");
    }
}

#[test]
fn a_syntax_error_in_a_migration_is_shown_with_its_line_and_a_caret() {
    let scratch = Scratch::new();
    scratch
        .migrations("m", &[("007_tags.sql", "-- é\r\nCREATE TABLE a (x);\r\n\tCREATE TABEL tags (\r\n  x\r\n);\r\n")]);
    let stderr = failed(in_small(&scratch, &["migrate", "a.db"]), 1);
    let expected = concat!(
        "error: migration 7 failed: near \"TABEL\": syntax error\n",
        " --> 007_tags.sql:3:9\n",
        "  |\n",
        "3 |     CREATE TABEL tags (\n",
        "  |            ^\n",
        "hint: mend the file and run again; nothing of this run was kept\n",
    );
    assert_eq!(stderr, expected);
    let ran = in_small(&scratch, &["migrate", "a.db", "--json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""));
    let error = ran.error();
    assert_eq!(
        error,
        json!({
            "status": 300, "name": "MIGRATION_FAILED", "message": "migration 7 failed: near \"TABEL\": syntax error",
            "hint": "mend the file and run again; nothing of this run was kept", "sqlite_code": 1,
            "file": "007_tags.sql", "line": 3, "column": 9, "statement": 2,
            "source_line": "\tCREATE TABEL tags (", "version": 7
        })
    );
}

#[test]
fn an_error_in_a_query_is_shown_with_a_caret() {
    let scratch = migrated();
    assert_eq!(
        failed(run(scratch.folder(), &["query", "a.db", "SELECT 1,\n  nope"]), 1),
        "error: no such column: nope\n  |\n2 |   nope\n  |   ^\n"
    );
}

#[test]
fn wrong_usage_exits_with_2() {
    let scratch = migrated();
    let starts = |args: &[&str], start: &str| {
        let stderr = failed(run(scratch.folder(), args), 2);
        assert!(stderr.starts_with(start), "{args:?}: {stderr}");
    };
    starts(&["stats", "a.db", "--frob"], "error: unexpected argument '--frob' found\n");
    starts(&["frob", "a.db"], "error: unrecognized subcommand 'frob'\n");
    starts(&["stats"], "error: the following required arguments were not provided:\n");
    starts(&["query", "a.db"], "error: the following required arguments were not provided:\n");
    starts(&["migrate", "a.db", "--to", "x"], "error: invalid value 'x' for '--to <VERSION>'");
    let exact = |args: &[&str], stderr: &str| assert_eq!(failed(run(scratch.folder(), args), 2), stderr, "{args:?}");
    exact(
        &["checkpoint", "a.db", "sometimes"],
        "error: mode is 'sometimes' and must be passive, full, restart or truncate\n",
    );
    exact(
        &["query", "a.db", "SELECT ?", "--params", "["],
        "error: params are not JSON: EOF while parsing a list at line 1 column 1\n",
    );
    exact(&["query", "a.db", "SELECT ?"], "error: params hold 0 value(s), the statement takes 1\n");
    assert_eq!(run(scratch.folder(), &[]).code, Some(2), "no verb at all");
}

#[test]
fn wrong_usage_is_found_before_a_database_is_looked_for() {
    let scratch = Scratch::new();
    let stderr = failed(run(scratch.folder(), &["checkpoint", "none.db", "sometimes"]), 2);
    assert!(stderr.starts_with("error: mode is 'sometimes'"), "{stderr}");
}

#[test]
fn a_time_out_ends_the_command() {
    let scratch = migrated();
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
    let stderr = failed(run(scratch.folder(), &["query", "a.db", endless, "--timeout", "50"]), 1);
    assert_eq!(stderr, "error: query ran out of time after 50 ms\n");
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let scratch = migrated();
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT i FROM n";
    let mut child = command()
        .current_dir(scratch.folder())
        .args(["query", "a.db", many])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut first = [0; 8];
    child.stdout.take().expect("piped").read_exact(&mut first).expect("prints");
    let ran: Ran = child.wait_with_output().expect("ends").into();
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
}
