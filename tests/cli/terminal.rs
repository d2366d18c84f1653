//! The command on a terminal: questions, bars of progress, Ctrl-C, colour, and tables as wide as the screen.

use super::*;
use crate::support::terminal::Terminal;

/// Rows enough that a statement over them takes a while.
const SLOW: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000000) INSERT INTO a SELECT i, i FROM n;";

fn started(scratch: &Scratch, args: &[&str]) -> Terminal {
    Terminal::start(scratch.folder(), &[args, &["--migrations", "m"]].concat(), &[])
}

/// `small` with its backup `b.db`, and a row that is not in it.
fn with_backup() -> Scratch {
    let scratch = small();
    succeeded(in_small(&scratch, &["backup", "a.db", "b.db"]));
    succeeded(in_small(&scratch, &["query", "a.db", "INSERT INTO a VALUES (1, 2)"]));
    scratch
}

fn rows_of_a(scratch: &Scratch) -> usize {
    let stdout = succeeded(in_small(scratch, &["query", "a.db", "SELECT x FROM a LIMIT 10", "--json"]));
    let report: Json = serde_json::from_str(&stdout).expect("parses");
    report["rows"].as_array().expect("rows").len()
}

#[test]
fn a_restore_asks_and_no_is_the_default() {
    for (keys, code, rows) in [("\r", 1, 1), ("n\r", 1, 1), ("y\r", 0, 0), ("\u{3}", 1, 1)] {
        let scratch = with_backup();
        let mut terminal = started(&scratch, &["restore", "a.db", "b.db"]);
        terminal.wait_for("This would replace a.db by the backup b.db. Go on? [y/N]");
        terminal.press(keys);
        assert_eq!(terminal.end(), code, "{keys:?}: {}", terminal.screen());
        let told = if code == 0 { "brought back to " } else { "error: restore was cancelled" };
        assert!(terminal.screen().contains(told), "{keys:?}: {}", terminal.screen());
        assert!(terminal.is_restored(), "{keys:?}");
        assert_eq!(rows_of_a(&scratch), rows, "{keys:?}");
    }
}

#[test]
fn yes_and_a_dry_run_are_not_asked() {
    let scratch = with_backup();
    for more in ["--yes", "--dry-run"] {
        let mut terminal = started(&scratch, &["restore", "a.db", "b.db", more]);
        assert_eq!(terminal.end(), 0, "{}", terminal.screen());
        assert!(!terminal.screen().contains("Go on?"), "{}", terminal.screen());
    }
}

#[test]
fn each_verb_that_loses_something_says_what() {
    let scratch = with_backup();
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    for (args, question) in [
        (&["undo-restore", "a.db"][..], "replace a.db by what was there before the last restore"),
        (
            &["rollback", "a.db", "1"],
            "take back the migrations of a.db above version 1, with the data in what they made",
        ),
        (&["prune", "a.db", "--folder", "backups", "--keep-last", "1"], "remove backups from backups"),
        (&["repair", "a.db"], "write into the history of a.db that changed files are what was applied"),
        (&["audit", "a.db", "--prune-rows", "1"], "remove audit records from a.db"),
    ] {
        let mut terminal = started(&scratch, args);
        terminal.wait_for("Go on? [y/N]");
        // why joined: a long question wraps
        assert!(terminal.screen().replace('\n', "").contains(question), "{args:?}: {}", terminal.screen());
        terminal.press("\r");
        assert_eq!(terminal.end(), 1);
    }
}

#[test]
fn ctrl_c_in_a_migration_takes_all_of_it_back() {
    let scratch = small();
    scratch.write("m/3_third.sql", "CREATE TABLE c (x);");
    scratch.write("m/4_slow.sql", SLOW);
    let before = held(&scratch);
    let mut terminal = started(&scratch, &["migrate", "a.db"]);
    terminal.wait_for("applying 4_slow.sql");
    terminal.wait_for("50 %  1/2");
    terminal.press("\u{3}");
    assert_eq!(terminal.end(), 1, "{}", terminal.screen());
    let screen = terminal.screen();
    assert!(screen.contains("error: migrate was cancelled"), "{screen}");
    assert!(!screen.contains("applying"), "the bar is gone: {screen}");
    assert!(terminal.is_restored());
    assert_eq!(held(&scratch), before, "not even the migration before it");
}

/// A database that takes long to compress.
fn big() -> Scratch {
    filled(6000)
}

/// A database with so many rows that fill a page.
fn filled(rows: u32) -> Scratch {
    let scratch = small();
    let fill = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) INSERT INTO a SELECT i, randomblob(4000) FROM n"
    );
    succeeded(in_small(&scratch, &["query", "a.db", &fill]));
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    scratch
}

#[test]
fn ctrl_c_in_a_backup_leaves_no_file() {
    let scratch = big();
    let mut terminal = started(&scratch, &["backup", "a.db", "--folder", "backups", "--compress=19"]);
    terminal.wait_for("copying pages");
    terminal.wait_for(" left");
    let shown = terminal.screen();
    let bar = shown.lines().find(|line| line.contains("copying pages")).expect("the bar").to_owned();
    for part in [" % ", "/", " pages/s, ", " left"] {
        assert!(bar.contains(part), "{part}: {bar}");
    }
    terminal.press("\u{3}");
    assert_eq!(terminal.end(), 1, "{}", terminal.screen());
    assert!(terminal.screen().contains("error: backup was cancelled"), "{}", terminal.screen());
    let left = std::fs::read_dir(scratch.path("backups")).expect("reads");
    let names: Vec<String> =
        left.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    assert!(names.iter().all(|name| name.starts_with(".rpmadb") && name.ends_with("lock")), "{names:?}");
}

#[test]
fn a_second_ctrl_c_ends_at_once_and_leaves_no_backup() {
    let scratch = big();
    // why 19: it ends its one block before it looks whether it was cancelled
    let mut terminal = started(&scratch, &["backup", "a.db", "--folder", "backups", "--compress=19"]);
    terminal.wait_for("copying pages");
    terminal.press("\u{3}");
    // why: two of them at once are one signal
    std::thread::sleep(std::time::Duration::from_millis(300));
    terminal.press("\u{3}");
    let begun = std::time::Instant::now();
    assert!([1, 130].contains(&terminal.end()), "{}", terminal.screen());
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    let listed = succeeded(in_small(&scratch, &["backups", "a.db", "--folder", "backups"]));
    assert!(listed.ends_with(&format!("0 backup(s) in {}\n", text(&scratch.path("backups")))), "{listed}");
}

#[test]
fn a_terminate_signal_ends_as_cleanly() {
    let scratch = big();
    let before = held(&scratch);
    let mut terminal = started(&scratch, &["backup", "a.db", "--folder", "backups", "--compress=19"]);
    terminal.wait_for("copying pages");
    let id = nix::unistd::Pid::from_raw(terminal.process());
    nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).expect("is sent");
    assert_eq!(terminal.end(), 1, "{}", terminal.screen());
    assert_eq!((backups_in(&scratch.path("backups")), held(&scratch)), (0, before));
}

#[test]
fn a_pipe_gets_no_bar() {
    let scratch = big();
    let ran = in_small(&scratch, &["backup", "a.db", "--folder", "backups", "--compress=7"]);
    assert!(!succeeded(ran).contains("copying"));
    let mut terminal = started(&scratch, &["backup", "a.db", "c.db", "-q"]);
    assert_eq!((terminal.end(), terminal.written().as_str()), (0, ""), "nor does anybody who wants quiet");
}

#[test]
fn colour_is_for_a_terminal_and_not_with_no_color() {
    let scratch = small();
    let colour = |variables: &[(&str, &str)], more: &[&str]| {
        let args = [&["health", "a.db", "--migrations", "m"], more].concat();
        let mut terminal = Terminal::start(scratch.folder(), &args, variables);
        assert_eq!(terminal.end(), 0, "{}", terminal.screen());
        assert!(terminal.screen().ends_with("ok, score 100 of 100"), "{}", terminal.screen());
        terminal.written().contains("\u{1b}[32m")
    };
    assert!(colour(&[], &[]));
    assert!(!colour(&[("NO_COLOR", "1")], &[]));
    assert!(!colour(&[("TERM", "dumb")], &[]));
    assert!(!colour(&[], &["--color", "never"]));
    assert!(colour(&[("NO_COLOR", "1")], &["--color", "always"]));
}

#[test]
fn a_table_is_no_wider_than_the_screen() {
    let scratch = small();
    let sql = "SELECT 'a' AS short, replace(hex(zeroblob(90)), '00', 'word ') AS long";
    let mut terminal = started(&scratch, &["query", "a.db", sql]);
    assert_eq!(terminal.end(), 0);
    let screen = terminal.screen();
    let lines: Vec<&str> = screen.lines().collect();
    assert!(
        lines.len() > 6 && lines[2].starts_with("a      word word ") && lines[3].starts_with("       word "),
        "{screen}"
    );
    assert!(succeeded(in_small(&scratch, &["query", "a.db", sql])).lines().count() == 4, "in a pipe a row is a line");
}

#[test]
fn what_is_left_to_do_names_the_next_command() {
    let scratch = small();
    scratch.write("m/3_third.sql", "CREATE TABLE c (x);");
    for (args, next) in [
        (&["migrations", "a.db"][..], "next: rpmadb migrate a.db --migrations m"),
        (&["health", "a.db"], "next: rpmadb doctor a.db --migrations m"),
        (&["doctor", "a.db"], "next: rpmadb migrate a.db --migrations m"),
        (&["new", "x"], "next: rpmadb test --migrations m"),
    ] {
        let mut terminal = started(&scratch, args);
        terminal.end();
        assert!(terminal.screen().trim_end().ends_with(next), "{args:?}: {}", terminal.screen());
    }
}

#[test]
fn a_verify_shows_what_it_is_at_and_is_cancelled_too() {
    let scratch = filled(1500);
    succeeded(in_small(&scratch, &["backup", "a.db", "backups/b.zst", "--folder", "backups", "--compress"]));
    let verify = ["verify", "a.db", "b.zst", "--folder", "backups"];
    let mut terminal = started(&scratch, &verify);
    terminal.wait_for("checking the database in it");
    terminal.press("\u{3}");
    assert_eq!(terminal.end(), 1, "{}", terminal.screen());
    assert_eq!(terminal.screen().trim(), "error: verify was cancelled");
    let mut terminal = started(&scratch, &verify);
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    assert!(
        terminal.screen().contains("b.zst is sound (") && !terminal.screen().contains("checking"),
        "{}",
        terminal.screen()
    );
}

#[test]
fn the_bar_is_gone_before_the_report_is_printed() {
    let scratch = big();
    let mut terminal = started(&scratch, &["backup", "a.db", "--folder", "backups", "--compress=15"]);
    terminal.wait_for("copying pages");
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    let screen = terminal.screen();
    assert!(screen.contains("verified: pages") && !screen.contains("left"), "{screen}");
    assert!(screen.starts_with(&text(&scratch.path("backups/a-2"))), "nothing stands above it: {screen}");
}
