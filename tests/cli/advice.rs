//! What the command advises when something failed or is left to do: the next command, which can be typed as it stands, and hints in the words
//! of the command line.
//!
//! Leaves to others: that the failure is the right one.

use super::*;

/// The command behind `next: ` in what was printed.
fn next(printed: &str) -> &str {
    printed.lines().find_map(|line| line.strip_prefix("next: ")).unwrap_or_else(|| panic!("no next: {printed}"))
}

/// Types the next command into a shell.
fn follow(scratch: &Scratch, printed: &str) -> Ran {
    let program = Path::new(env!("CARGO_BIN_EXE_rpmadb"));
    let path = format!("{}:/usr/bin:/bin", program.parent().expect("a folder").display());
    let mut shell = std::process::Command::new("bash");
    shell.env_clear().env("PATH", path).env("RPMADB_YES", "1").current_dir(scratch.folder());
    shell.args(["-c", next(printed)]).output().expect("runs").into()
}

#[test]
fn the_next_command_uses_the_same_migrations() {
    let scratch = small();
    scratch.write("m/1_first.sql", "CREATE TABLE a (x, y, z);");
    let stderr = failed(in_small(&scratch, &["migrate", "a.db"]), 1);
    assert_eq!(next(&stderr), "rpmadb repair a.db --version 1 --migrations m");
    assert_eq!(follow(&scratch, &stderr).code, Some(0));
    let sql = "SELECT count(*) AS n FROM rpmadb_migrations WHERE repaired_at IS NOT NULL";
    assert!(succeeded(in_small(&scratch, &["query", "a.db", sql])).contains("\n1\n"));
    assert!(succeeded(in_small(&scratch, &["migrate", "a.db"])).contains("a.db is up to date, version 2"));
    let stderr = failed(run(scratch.folder(), &["stats", "it's.db", "--style", "auto", "--migrations", "m"]), 1);
    assert_eq!(next(&stderr), "rpmadb open 'it'\\''s.db' --migrations m --style auto");
    assert!(follow(&scratch, &stderr).stdout.contains("version 2"), "not the embedded ones");
}

#[test]
fn the_doctor_sends_nobody_to_other_migrations() {
    let scratch = small();
    scratch.write("m/3_third.sql", "CREATE TABLE c (x);");
    let stdout = ended(in_small(&scratch, &["doctor", "a.db"]), 3);
    assert_eq!(next(&stdout), "rpmadb migrate a.db --migrations m");
    assert!(follow(&scratch, &stdout).stdout.contains("applied 1, version 3"));
}

#[test]
fn the_next_command_looks_into_the_same_folder() {
    let scratch = small();
    std::fs::create_dir(scratch.path("the backups")).expect("makes");
    scratch.write("the backups/x.db", "no backup");
    for verb in [&["verify", "a.db", "x.db"][..], &["restore", "a.db", "x.db", "--yes"]] {
        let stderr = failed(run(scratch.folder(), &[verb, &["--folder", "the backups"]].concat()), 1);
        assert_eq!(next(&stderr), "rpmadb backups a.db --folder 'the backups'", "{verb:?}");
        assert!(follow(&scratch, &stderr).stdout.contains("0 backup(s) in "));
    }
}

#[test]
fn a_path_that_begins_with_a_dash_stays_a_path() {
    let scratch = Scratch::new();
    let stderr = failed(run(scratch.folder(), &["health", "--", "-x.db"]), 1);
    assert_eq!(next(&stderr), "rpmadb open -- -x.db");
    assert_eq!(follow(&scratch, &stderr).code, Some(0));
    assert_eq!(scratch.names(), ["-x.db"]);
}

#[test]
fn the_next_command_is_not_one_that_fails_alike() {
    let scratch = small();
    for args in [&["open", "none/x.db"][..], &["stats", "none/x.db"]] {
        let stderr = failed(run(scratch.folder(), args), 1);
        assert!(!stderr.contains("next: "), "{stderr}");
    }
    scratch.write("rpmadb.toml", "\nread_only = true\n");
    for args in [&["open", "c.db"][..], &["stats", "c.db"]] {
        let stderr = failed(run(scratch.folder(), args), 1);
        let hint = "\nhint: read_only is set by rpmadb.toml:2, so nothing is made or changed\n";
        assert!(stderr.ends_with(hint), "{stderr}");
    }
}

// --- a damaged database

#[test]
fn what_is_damaged_leads_to_its_backups_and_not_in_circles() {
    let scratch = damaged();
    let stdout = ended(in_small(&scratch, &["doctor", "a.db", "--folder", "."]), 4);
    assert_eq!(next(&stdout), "rpmadb backups a.db --folder . --migrations m");
    assert!(stdout.contains("\nhint: bring back a verified backup with rpmadb restore\n"), "{stdout}");
    assert_eq!(follow(&scratch, &stdout).code, Some(0));
    let stderr = failed(in_small(&scratch, &["query", "a.db", "SELECT sum(length(y)) FROM a"]), 1);
    assert_eq!(next(&stderr), "rpmadb doctor a.db --migrations m");
}

#[test]
fn a_truncated_database_is_unhealthy() {
    let scratch = small();
    succeeded(in_small(&scratch, &["checkpoint", "a.db", "truncate"]));
    let whole = bytes(&scratch.path("a.db"));
    for length in [100, 9_000] {
        scratch.write("a.db", &whole[..length]);
        let stderr = failed(in_small(&scratch, &["stats", "a.db"]), 1);
        assert_eq!(next(&stderr), "rpmadb doctor a.db --migrations m");
        let stdout = ended(follow(&scratch, &stderr), 4);
        assert!(stdout.contains("\nopen  critical  ") && stdout.contains(" is damaged: "), "{stdout}");
        assert_eq!(next(&stdout), "rpmadb backups a.db --migrations m");
        let document = ended(in_small(&scratch, &["doctor", "a.db", "--json"]), 4);
        let document: Json = serde_json::from_str(&document).expect("JSON");
        assert_eq!((&document["status"], &document["only_pending"]), (&json!("critical"), &json!(false)));
        assert_eq!(document["looks"][0]["report"]["error"]["name"], "CORRUPT");
        let stderr = failed(in_small(&scratch, &["health", "a.db"]), 4);
        assert!(stderr.contains("\nhint: bring back a verified backup with rpmadb restore\n"), "{stderr}");
        assert_eq!(next(&stderr), "rpmadb backups a.db --migrations m");
        assert_eq!(failed(in_small(&scratch, &["diagnose", "a.db"]), 1).lines().last(), stderr.lines().last());
    }
}

#[test]
fn what_a_check_of_health_says_to_do_is_told_by_the_doctor() {
    let scratch = Scratch::new();
    scratch.migrations("m", &[("1_first.sql", "CREATE TABLE users (x);")]);
    succeeded(in_small(&scratch, &["migrate", "a.db"]));
    let stdout = ended(in_small(&scratch, &["doctor", "a.db", "--require-users"]), 4);
    assert!(
        stdout.contains("\nhint: the table users is empty: add the first user") && !stdout.contains("next: "),
        "{stdout}"
    );
}

// --- the words of the command line

#[test]
fn a_wrong_option_is_told_by_its_flag() {
    let scratch = small();
    scratch.write("a.lua", "--! arg: id string!\n--! arg: n integer = 1 -- how many\nreturn job.args.id");
    let see = |verb: &str| format!("hint: `rpmadb {verb} --help` lists what it takes\n");
    let arg = |name: &str| {
        format!(
            "hint: such as --arg {name}=VALUE; the head of the script says what it takes, and `rpmadb scripts` of those that are built in\n"
        )
    };
    for (args, told) in [
        (
            &["backups", "a.db", "--folder", "none"][..],
            format!("error: --folder: {} is not a folder\n{}", text(&scratch.path("none")), see("backups")),
        ),
        (
            &["migrate", "a.db", "--backup", "none"],
            format!("error: --backup: {} is not a folder\n{}", text(&scratch.path("none")), see("migrate")),
        ),
        (
            &["migrate", "a.db", "--to", "1"],
            format!("error: --to: 1 is below the applied version 2; use rollback to go back\n{}", see("migrate")),
        ),
        (
            &["audit", "a.db", "--role", "boss"],
            format!("error: --role: 'boss' is none of admin, supervisor, user\n{}", see("audit")),
        ),
        (&["script", "a.db", "a.lua"], format!("error: --arg id: must be given\n{}", arg("id"))),
        (
            &["script", "a.db", "a.lua", "--arg", "id=1", "--arg", "n=x"],
            format!("error: --arg n: is \"x\" and must be of the type integer\n{}", arg("n")),
        ),
    ] {
        assert_eq!(failed(in_small(&scratch, args), 2), told, "{args:?}");
    }
}

#[test]
fn no_word_is_of_the_c_interface() {
    let scratch = small();
    scratch.write("long.lua", "while true do end");
    for (args, part) in [
        (
            &["query", "a.db", "begin"][..],
            "hint: a call is a transaction by itself; what belongs together goes into a script, with db:transaction\n",
        ),
        (&["query", "a.db", "ATTACH 'x' AS y"], "hint: name the other file in a call of its own; "),
        (&["query", "a.db", "PRAGMA cache_size = 5"], "hint: settings of the connection are keys of rpmadb.toml; "),
        (
            &["backup", "a.db"],
            "error: destination is missing, and no folder of backups is set\nhint: name the new file behind the database, or a folder with --folder\n",
        ),
        (&["script", "a.db", "long.lua", "--timeout", "50"], "error: script ran out of time after 50 ms\n"),
        (
            &["undo-restore", "a.db", "--yes", "--timeout", "0"],
            "hint: only the last restore can be undone, and only if it kept what was there; restore brings back any other backup\n",
        ),
        (&["script", "a.db", "nightly"], "hint: name one that scripts lists, or the path of a file\n"),
        (&["alerts", "a.db", "--acknowledge", "x"], "hint: alerts lists the keys of those that are firing\n"),
    ] {
        let ran = in_small(&scratch, args);
        assert!(ran.stderr.contains(part), "{args:?}: {ran:?}");
        for word in
            ["rpmadb_", "rpmadb.h", "option '", "script_file", "undo_restore", "handle", "a missing folder is not made"]
        {
            assert!(!ran.stderr.contains(word), "{args:?}: {ran:?}");
        }
    }
    let stdout = Stdio::piped();
    let mut repl = command();
    repl.current_dir(scratch.folder()).args(["repl", "a.db", "--migrations", "m"]).stdin(Stdio::piped()).stdout(stdout);
    let mut child = repl.stderr(Stdio::piped()).spawn().expect("starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("piped"), b"BEGIN;\n").expect("writes");
    let ran: Ran = child.wait_with_output().expect("ends").into();
    assert!(ran.stderr.contains("hint: a call is a transaction by itself; "), "{ran:?}");
}

#[test]
fn what_exists_already_can_be_overwritten() {
    let scratch = small();
    scratch.write("x", "");
    for verb in ["backup", "report"] {
        let stderr = failed(in_small(&scratch, &[verb, "a.db", "x"]), 1);
        assert!(
            stderr.ends_with(" exists already\nhint: choose another name, or replace it with --overwrite\n"),
            "{stderr}"
        );
    }
}

#[test]
fn a_folder_that_is_missing_is_what_a_report_names() {
    let scratch = small();
    let stderr = failed(in_small(&scratch, &["report", "a.db", "none/r.html"]), 1);
    assert_eq!(stderr, "error: the folder none does not exist\nhint: check the path; a missing folder is not made\n");
}

#[test]
fn nobody_is_asked_about_a_backup_that_is_not_there() {
    let scratch = small();
    std::fs::create_dir(scratch.path("b")).expect("makes");
    let mut command = command();
    command.env("RPMADB_YES", "0").current_dir(scratch.folder()).args(["restore", "a.db", "none.db", "--folder", "b"]);
    let stderr = failed(command.stdin(Stdio::null()).output().expect("runs").into(), 1);
    assert!(
        stderr.starts_with("error: none.db does not exist\n"),
        "asked without a terminal it is wrong usage: {stderr}"
    );
}

#[test]
fn an_optimize_that_fails_tells_it_as_any_verb_does() {
    let scratch = small();
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch("BEGIN IMMEDIATE; INSERT INTO a VALUES (1, 2)").expect("writes");
    scratch.write("rpmadb.toml", "busy_timeout_ms = 100\n");
    let stderr = failed(in_small(&scratch, &["optimize", "a.db"]), 1);
    let path = text(&scratch.path("a.db"));
    assert_eq!(
        stderr,
        format!(
            "error: {path} is locked by another connection (waited up to 100 ms)\n\
             hint: try again, raise busy_timeout_ms, or find who holds a long transaction\n\
             next: rpmadb top a.db --migrations m\n"
        )
    );
}
