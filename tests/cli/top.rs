//! `rpmadb top`, on a terminal and as one look.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::*;
use crate::support::terminal::Terminal;

fn started(scratch: &Scratch) -> Terminal {
    let terminal = Terminal::start(scratch.folder(), &["top", "a.db", "--migrations", "m", "--every", "100"], &[]);
    terminal.wait_for("ok, score 100 of 100");
    terminal
}

/// This process with a write transaction in `a.db`, as another process sees it.
fn writing(scratch: &Scratch) -> rusqlite::Connection {
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch("BEGIN IMMEDIATE; INSERT INTO a VALUES (1, 2)").expect("writes");
    plain
}

#[test]
fn it_shows_who_writes_and_what_took_long() {
    let scratch = small();
    let mut terminal = started(&scratch);
    for part in [
        "a.db",
        "size 28.0 KiB",
        " free",
        "write-ahead log",
        "checkpoint:",
        "who has it open",
        "slowest of the last calls",
        "q quits",
    ] {
        // why waited for: a screen comes in pieces
        terminal.wait_for(part);
    }
    terminal.wait_for("migrate");
    assert!(!terminal.screen().contains(" writes"), "nobody writes yet");
    let plain = writing(&scratch);
    let own = std::process::id().to_string();
    terminal
        .wait_until("the writer", |screen| screen.lines().any(|line| line.contains(&own) && line.contains("writes")));
    plain.execute_batch("ROLLBACK").expect("ends");
    terminal.wait_until("the end of it", |screen| !screen.contains("writes"));
    // why not until nobody has it open: this process keeps descriptors, for the locks of the other tests' databases
    drop(plain);
    terminal.press(" ");
    terminal.wait_for("stopped");
    terminal.press("+");
    terminal.press(" ");
    terminal.wait_for("every 200.0 ms");
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    assert!(terminal.is_restored());
}

#[test]
fn the_terminal_is_given_back_however_it_ends() {
    for end in ["\u{3}", "\u{1b}", "TERM", "INT"] {
        let scratch = small();
        let mut terminal = started(&scratch);
        match end {
            "TERM" => kill(Pid::from_raw(terminal.process()), Signal::SIGTERM).expect("is sent"),
            "INT" => kill(Pid::from_raw(terminal.process()), Signal::SIGINT).expect("is sent"),
            keys => terminal.press(keys),
        }
        assert_eq!(terminal.end(), 0, "{end:?}");
        assert!(terminal.is_restored(), "{end:?}");
        assert!(terminal.written().ends_with("\u{1b}[?1049l\u{1b}[?25h"), "{end:?}: {:?}", terminal.written());
    }
}

#[test]
fn a_database_that_goes_away_is_told_and_ends_nothing() {
    let scratch = small();
    let mut terminal = started(&scratch);
    std::fs::remove_file(scratch.path("a.db")).expect("removes");
    terminal.wait_until("the finding", |screen| screen.contains("file: ") || screen.contains("failed: "));
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    assert!(terminal.is_restored());
}

#[test]
fn one_look_is_text_or_a_document_and_no_deed() {
    let scratch = small();
    let plain = writing(&scratch);
    let stdout = succeeded(in_small(&scratch, &["top", "a.db", "--once"]));
    assert!(stdout.starts_with("ok, score 100 of 100   size 28.0 KiB   log "), "{stdout}");
    let own = format!("\n{} ", std::process::id());
    assert!(stdout.contains(&own) && stdout.contains("  reads, writes  "), "{stdout}");
    let document: Json =
        serde_json::from_str(&succeeded(in_small(&scratch, &["top", "a.db", "--once", "--json"]))).expect("parses");
    assert_eq!(document["processes"][0]["locks"], json!(["reads", "writes"]), "{document}");
    assert_eq!(document["calls"][0]["verb"], "migrate");
    drop(plain);
    let audit = succeeded(in_small(&scratch, &["audit", "a.db"]));
    assert!(!audit.contains("health") && audit.contains("migrate"), "looks of top are no records: {audit}");
}

#[test]
fn without_a_terminal_there_is_nothing_to_watch_on() {
    let scratch = small();
    let stderr = failed(in_small(&scratch, &["top", "a.db"]), 2);
    assert_eq!(stderr, "error: top needs a terminal\nhint: --once prints one look\n");
}
