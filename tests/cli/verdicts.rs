//! What the command calls well, what it leaves behind, and what it says of both.

use super::*;

/// `a.db` without a backup, and two of another database in `backups`.
fn shared_folder() -> Scratch {
    let scratch = small();
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    succeeded(in_small(&scratch, &["migrate", "other.db"]));
    for _ in 0..2 {
        succeeded(in_small(&scratch, &["backup", "other.db", "--folder", "backups"]));
    }
    scratch
}

// --- doctor and report

#[test]
fn doctor_counts_no_backups_of_other_databases() {
    let scratch = shared_folder();
    let doctor = ["doctor", "a.db", "--folder", "backups"];
    let stdout = ended(in_small(&scratch, &doctor), 4);
    assert!(stdout.contains("\nbackups      degraded  none, 2 of other databases\n"), "{stdout}");
    succeeded(in_small(&scratch, &["backup", "a.db", "--folder", "backups"]));
    let stdout = succeeded(in_small(&scratch, &doctor));
    assert!(
        stdout.contains("\nbackups      ok       1, the newest just now, verified, 2 of other databases\n"),
        "{stdout}"
    );
    // a link leads to the same database
    std::os::unix::fs::symlink("a.db", scratch.path("link.db")).expect("links");
    let stdout = succeeded(in_small(&scratch, &["doctor", "link.db", "--folder", "backups"]));
    assert!(stdout.contains("1, the newest just now, verified, 2 of other databases"), "{stdout}");
}

#[test]
fn a_report_lists_no_backups_of_other_databases() {
    let scratch = shared_folder();
    let page = succeeded(in_small(&scratch, &["report", "a.db", "-", "--folder", "backups"]));
    assert!(page.contains("the newest first. 2 of other databases are left out."), "{page}");
    assert!(!page.contains("<bdi>other-2"), "{page}");
    assert!(!page.contains("<polyline"), "sizes of others are no history of this one: {page}");
}

#[test]
fn doctor_of_a_schema_changed_by_hand_advises_no_migrate() {
    let scratch = small();
    succeeded(in_small(&scratch, &["query", "a.db", "CREATE TABLE by_hand (x)"]));
    let stdout = ended(in_small(&scratch, &["doctor", "a.db"]), 4);
    let next =
        "next: rpmadb repair a.db --schema --migrations m, or undo what rpmadb migrations a.db --migrations m lists\n";
    assert!(stdout.ends_with(next), "{stdout}");
    let document = ended(in_small(&scratch, &["doctor", "a.db", "--json"]), 4);
    let document: Json = serde_json::from_str(&document).expect("parses");
    assert_eq!(document["only_pending"], false);
    scratch.write("m/3_third.sql", "CREATE TABLE c (x);");
    let stdout = ended(in_small(&scratch, &["doctor", "a.db"]), 4);
    assert!(stdout.contains("version 2 of 3, 1 pending, 1 object(s) changed by hand\n"), "{stdout}");
    assert!(stdout.ends_with("\nnext: rpmadb migrations a.db --migrations m\n"), "{stdout}");
    std::fs::remove_file(scratch.path("m/3_third.sql")).expect("removes");
    succeeded(in_small(&scratch, &["repair", "a.db", "--schema"]));
    assert!(succeeded(in_small(&scratch, &["doctor", "a.db"])).ends_with("\nok\n"));
}

// --- what is only tried

/// Bytes of the header that say how a database is written: 1 for a rollback journal, 2 for a log.
fn journal_version(path: &Path) -> u8 {
    bytes(path)[18]
}

#[test]
fn a_dry_migrate_makes_no_file() {
    let scratch = Scratch::new();
    scratch.migrations("m", &[("1_first.sql", "CREATE TABLE a (x);"), ("2_vacuum.sql", "VACUUM;")]);
    let stdout = succeeded(in_small(&scratch, &["migrate", "a.db", "--dry-run"]));
    assert!(
        untimed(&stdout).ends_with("dry run: 2 would be applied, nothing was kept, version 0 (T ms)\n"),
        "{stdout}"
    );
    assert!(!stdout.contains("created"), "{stdout}");
    let report: Json =
        serde_json::from_str(&succeeded(in_small(&scratch, &["migrate", "a.db", "--dry-run", "--json"])))
            .expect("JSON");
    assert_eq!((&report["from"], &report["applied"][1]["version"]), (&json!(0), &json!(2)));
    assert_eq!(scratch.names(), ["m"]);
    let stderr = failed(in_small(&scratch, &["migrate", "none/a.db", "--dry-run"]), 1);
    assert!(stderr.starts_with("error: "), "{stderr}");
    let stdout = succeeded(in_small(&scratch, &["migrate", "a.db"]));
    assert!(stdout.starts_with("created "), "{stdout}");
}

#[test]
fn a_lint_that_warns_makes_no_file() {
    let scratch = Scratch::new();
    scratch.migrations("m", &[("1_first.sql", "CREATE TABLE a (x);"), ("2_second.sql", "DROP TABLE a;")]);
    let ran = in_small(&scratch, &["migrate", "a.db", "--lint"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("2_second.sql:1: table 'a' is dropped with its rows (drop-table)"), "{ran:?}");
    assert!(ran.stderr.starts_with("nothing was applied: 1 warning(s)\nhint: "), "{ran:?}");
    assert_eq!(scratch.names(), ["m"]);
    scratch.write("m/2_second.sql", "CREATE TABLE b (x);");
    let stdout = succeeded(in_small(&scratch, &["migrate", "a.db", "--lint"]));
    assert!(stdout.starts_with("created ") && stdout.contains("applied 2, version 2"), "{stdout}");
}

#[test]
fn a_dry_migrate_keeps_the_journal_mode() {
    let scratch = Scratch::new();
    scratch.migrations("m", &[("1_first.sql", "CREATE TABLE a (x);")]);
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch("CREATE TABLE c (x); DROP TABLE c;").expect("writes");
    drop(plain);
    assert_eq!(journal_version(&scratch.path("a.db")), 1);
    succeeded(in_small(&scratch, &["migrate", "a.db", "--dry-run"]));
    assert_eq!(journal_version(&scratch.path("a.db")), 1);
    scratch.write("m/2_second.sql", "DROP TABLE a;");
    assert_eq!(in_small(&scratch, &["migrate", "a.db", "--lint"]).code, Some(1));
    assert_eq!(journal_version(&scratch.path("a.db")), 1);
    succeeded(in_small(&scratch, &["migrate", "a.db"]));
    assert_eq!(journal_version(&scratch.path("a.db")), 2);
}

// --- new

#[test]
fn two_migrations_can_be_begun() {
    let scratch = small();
    assert_eq!(succeeded(in_small(&scratch, &["new", "one"])), "m/3_one.sql\nm/3_one.down.sql\n");
    assert_eq!(succeeded(in_small(&scratch, &["new", "two", "--no-down"])), "m/4_two.sql\n");
    assert_eq!(succeeded(in_small(&scratch, &["new", "three", "--lua"])), "m/5_three.lua\n");
    scratch.write("m/5_again.sql", "SELECT 1;");
    let stderr = failed(in_small(&scratch, &["new", "four"]), 1);
    assert!(stderr.contains("5_again.sql"), "names are still looked at: {stderr}");
    scratch.write("file", "");
    let stderr = failed(run(scratch.folder(), &["new", "x", "--migrations", "file"]), 2);
    assert!(stderr.contains("file is not a folder"), "{stderr}");
}

// --- what retention removes

#[test]
fn what_retention_removes_before_a_migration_is_told() {
    let scratch = small();
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    scratch.write("rpmadb.toml", "[backup]\nkeep_pre_migrate = 1\nkeep_minimum = 0\n");
    scratch.write("m/3_third.sql", "CREATE TABLE c (x);");
    scratch.write("m/3_third.down.sql", "DROP TABLE c;");
    let name = |stdout: &str| {
        let line =
            stdout.lines().next().and_then(|line| line.strip_prefix("backed up to ")).expect("a backup").to_owned();
        line.rsplit('/').next().expect("a name").to_owned()
    };
    let first = succeeded(in_small(&scratch, &["migrate", "a.db", "--backup", "backups"]));
    assert!(!first.contains("removed "), "{first}");
    let second = succeeded(in_small(&scratch, &["rollback", "a.db", "2", "--backup", "backups"]));
    assert!(second.contains(&format!("\nremoved {}\n", name(&first))), "{second}");
    let third = succeeded(in_small(&scratch, &["migrate", "a.db", "--backup", "backups"]));
    assert!(third.contains(&format!("\nremoved {}\n", name(&second))), "{third}");
    assert_eq!(backups_in(&scratch.path("backups")), 1);
}

#[test]
fn a_look_at_an_empty_file_leaves_it_empty() {
    let scratch = small();
    scratch.write("empty.db", "");
    for args in [
        &["health", "empty.db"][..],
        &["doctor", "empty.db"],
        &["stats", "empty.db"],
        &["query", "empty.db", "SELECT x"],
    ] {
        in_small(&scratch, args);
        assert_eq!(std::fs::metadata(scratch.path("empty.db")).expect("there").len(), 0, "{args:?}");
    }
    succeeded(in_small(&scratch, &["migrate", "empty.db"]));
    assert!(succeeded(in_small(&scratch, &["audit", "empty.db"])).contains(" migrate "), "and is one to migrate");
}

#[test]
fn a_checkpoint_that_was_busy_is_not_done() {
    let scratch = small();
    let reader = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    reader.execute_batch("BEGIN; SELECT count(*) FROM a").expect("reads");
    scratch.write("rpmadb.toml", "busy_timeout_ms = 100\n");
    succeeded(in_small(&scratch, &["query", "a.db", "INSERT INTO a VALUES (1, 2)"]));
    let stdout = ended(in_small(&scratch, &["checkpoint", "a.db", "truncate"]), 1);
    assert!(stdout.starts_with("truncate checkpoint busy: kept from finishing by another process\n"), "{stdout}");
    let stdout = ended(in_small(&scratch, &["checkpoint", "a.db", "truncate", "--json"]), 1);
    assert_eq!(serde_json::from_str::<Json>(&stdout).expect("JSON")["busy"], true);
    drop(reader);
    succeeded(in_small(&scratch, &["checkpoint", "a.db", "truncate"]));
}

// --- where it is printed

/// What `audit` has of calls, the newest first.
fn recorded(scratch: &Scratch) -> Vec<String> {
    let report = succeeded(in_small(scratch, &["audit", "a.db", "--json"]));
    let report: Json = serde_json::from_str(&report).expect("JSON");
    let records = report["records"].as_array().expect("records").iter();
    records.map(|record| record["verb"].as_str().expect("a verb").to_owned()).collect()
}

#[test]
fn a_look_whose_reader_goes_away_is_recorded_and_quiet() {
    let scratch = small();
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT i FROM n";
    for args in [&["query", "a.db", many][..], &["query", "a.db", many, "--json"], &["stats", "a.db"]] {
        let (reads, writes) = std::io::pipe().expect("makes");
        drop(reads);
        let mut command = command();
        command.current_dir(scratch.folder()).args(args).args(["--migrations", "m"]).stdout(writes);
        let child = command.stderr(Stdio::piped()).spawn();
        drop(command);
        let ran: Ran = child.and_then(std::process::Child::wait_with_output).expect("runs").into();
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""), "{args:?}");
        assert_eq!(recorded(&scratch)[0], args[0], "{args:?}");
        assert!(!scratch.names().iter().any(|name| name.ends_with("-wal")), "closed: {:?}", scratch.names());
    }
}

#[test]
fn a_monitor_whose_reader_goes_away_ends() {
    let scratch = small();
    let (reads, writes) = std::io::pipe().expect("makes");
    drop(reads);
    let mut command = command();
    command.current_dir(scratch.folder()).args(["monitor", "a.db", "--migrations", "m", "--timeout", "20000"]);
    let child = command.stdout(writes).stderr(Stdio::piped()).spawn();
    drop(command);
    let begun = std::time::Instant::now();
    let ran: Ran = child.and_then(std::process::Child::wait_with_output).expect("runs").into();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""));
    assert!(begun.elapsed() < std::time::Duration::from_secs(15), "not only when its time is over");
}

#[test]
fn a_document_loses_no_byte_in_a_pipe() {
    let scratch = small();
    let odd = "a\u{7f}b\u{9b}31mc\u{1b}[1md";
    let sql = "SELECT 'a' || char(127) || 'b' || char(155) || '31mc' || char(27) || '[1md' AS odd";
    let report: Json =
        serde_json::from_str(&succeeded(in_small(&scratch, &["query", "a.db", sql, "--json"]))).expect("JSON");
    assert_eq!(report["rows"][0][0], odd);
}

#[test]
fn a_path_that_is_not_utf8_has_a_document_too() {
    use std::os::unix::ffi::OsStrExt as _;
    let scratch = small();
    let file = std::ffi::OsStr::from_bytes(b"r\xff.html");
    let ran =
        command().current_dir(scratch.folder()).args(["report", "a.db", "--json"]).arg(file).output().expect("runs");
    let report: Json = serde_json::from_str(&succeeded(ran.into())).expect("JSON");
    assert_eq!(report["file"], "r\u{fffd}.html");
}

/// What is written to nobody: every write to it fails.
fn full() -> std::fs::File {
    std::fs::OpenOptions::new().write(true).open("/dev/full").expect("opens")
}

#[test]
fn an_error_that_cannot_be_written_is_no_panic() {
    let scratch = small();
    for args in [&["stats", "none.db"][..], &["query", "a.db", "SELEC 1"]] {
        let ran = command().current_dir(scratch.folder()).args(args).stderr(full()).output().expect("runs");
        assert_eq!(ran.status.code(), Some(1), "{args:?}");
    }
}

#[test]
fn a_report_that_cannot_be_written_is_told() {
    let scratch = small();
    let told = "error: the report could not be written: No space left on device (os error 28)\n";
    for args in [&["stats", "a.db", "--json"][..], &["stats", "a.db"], &["report", "a.db", "-"]] {
        let child = command().current_dir(scratch.folder()).args(args).stdout(full()).stderr(Stdio::piped()).spawn();
        let ran: Ran = child.and_then(std::process::Child::wait_with_output).expect("runs").into();
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), told), "{args:?}");
    }
}
