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
fn wrong_usage_is_a_document_with_json_too() {
    let scratch = migrated();
    for (args, message, hint) in [
        (
            &["stats", "a.db", "--frob", "--json"][..],
            "unexpected argument '--frob' found",
            "Usage: rpmadb stats <DATABASE>",
        ),
        (&["--json", "frob"], "unrecognized subcommand 'frob'", "Usage: rpmadb [OPTIONS] <COMMAND>"),
        (
            &["stats", "--json"],
            "the following required arguments were not provided: <DATABASE>",
            "Usage: rpmadb stats --json <DATABASE>",
        ),
    ] {
        let ran = run(scratch.folder(), args);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(2), ""), "{args:?}");
        let error = ran.error();
        assert_eq!((&error["status"], &error["name"]), (&json!(100), &json!("INVALID_ARGUMENT")));
        assert_eq!((&error["message"], &error["hint"]), (&json!(message), &json!(hint)), "{args:?}");
    }
    assert!(succeeded(run(scratch.folder(), &["--help", "--json"])).contains("Usage: "));
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

// --- one clear line each

#[test]
fn a_locked_file_is_told_as_that_with_what_to_do() {
    let scratch = small();
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch("BEGIN IMMEDIATE; INSERT INTO a VALUES (1, 2)").expect("writes");
    let mut command = command();
    command.env("RPMADB_BUSY_TIMEOUT_MS", "100").current_dir(scratch.folder());
    let ran = command.args(["query", "a.db", "INSERT INTO a VALUES (3, 4)"]).output().expect("runs");
    let path = text(&scratch.path("a.db"));
    assert_eq!(
        failed(ran.into(), 1),
        format!(
            "error: {path} is locked by another connection (waited up to 100 ms)\n\
             hint: try again, raise busy_timeout_ms, or find who holds a long transaction\n\
             next: rpmadb top a.db\n"
        )
    );
}

#[test]
fn a_folder_without_permission_is_told_in_one_line() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
    use std::os::unix::process::CommandExt as _;
    let scratch = small();
    let mode = |path: &Path, mode: u32| {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("sets the mode");
    };
    let program = scratch.path("rpmadb");
    std::fs::copy(env!("CARGO_BIN_EXE_rpmadb"), &program).expect("copies");
    mode(scratch.folder(), 0o755);
    std::fs::create_dir(scratch.path("shut")).expect("makes");
    scratch.write("shut/rpmadb.toml", "metrics = true\n");
    std::fs::copy(scratch.path("a.db"), scratch.path("shut/a.db")).expect("copies");
    mode(&scratch.path("shut"), 0o700);
    let stderr = |args: &[&str]| {
        let mut command = std::process::Command::new(&program);
        command.current_dir(scratch.folder()).args(args).env("RPMADB_YES", "1");
        // why: root may do everything; a test that is run by somebody else shuts out itself
        match std::fs::metadata(&program).expect("there").uid() {
            0 => drop(command.uid(65_534).gid(65_534)),
            _ => mode(&scratch.path("shut"), 0o000),
        }
        failed(command.output().expect("runs").into(), 1)
    };
    for args in [&["stats", "shut/a.db"][..], &["migrate", "shut/new.db"], &["backup", "shut/a.db", "b.db"]] {
        let told = stderr(args);
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines[0].starts_with("error: ") && lines[0].ends_with(": permission denied"), "{args:?}: {told}");
        assert!(lines[0].contains("shut"), "{args:?}: {told}");
        assert_eq!(
            lines[1..],
            ["hint: let the account of this process read and write the file and its folder"],
            "{told}"
        );
    }
    mode(&scratch.path("shut"), 0o755);
    mode(&scratch.path("shut/rpmadb.toml"), 0o600);
    let told = stderr(&["stats", "shut/a.db"]);
    assert!(
        told.starts_with("error: shut/rpmadb.toml: permission denied\n"),
        "a file that is there is not passed over: {told}"
    );
}
