//! `rpmadb repl`, with lines piped in, and on a terminal.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::*;
use crate::support::terminal::Terminal;

fn typed(scratch: &Scratch, more: &[&str], lines: &str) -> Ran {
    let mut child = command()
        .current_dir(scratch.folder())
        .env("XDG_STATE_HOME", scratch.path("state"))
        .args([&["repl", "a.db", "--migrations", "m"], more].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    child.stdin.take().expect("piped").write_all(lines.as_bytes()).expect("writes");
    child.wait_with_output().expect("ends").into()
}

#[test]
fn lines_show_what_they_give_and_globals_stay() {
    let scratch = small();
    let lines = "1 + 1\nn = 20\nlocal gone = 1\nn * 2, gone\nfunction twice(x)\n  return 2 * x\nend\ntwice(n)\nprint('hi', n)\n'text'\n\
        db:exec(\"INSERT INTO a VALUES (?, ?)\", 1, 'one')\nfor i = 2, 3 do db:exec('INSERT INTO a VALUES (?, NULL)', i) end\n\
        db:query('SELECT x, y FROM a')\n{ a = 1 }\nprint\n";
    let stdout = succeeded(typed(&scratch, &[], lines));
    assert_eq!(stdout, "2\n40\nnil\n40\nhi\t20\ntext\n1\n1\nx  y\n-- ----\n1  one\n2\n3\n{\n  \"a\": 1\n}\nfunction\n");
    assert!(!scratch.path("state").exists(), "what is piped in is no history");
}

#[test]
fn lines_of_sql_and_dots_are_run_as_such() {
    let scratch = small();
    let lines =
        ".tables\nINSERT INTO a VALUES (7, 'seven');\nselect x, y from a;\n.schema b\n.help\n.quit\nnot reached\n";
    let stdout = succeeded(typed(&scratch, &[], lines));
    for part in ["name ", "a  ", "1 row(s) changed", "7  seven\n", "CREATE TABLE b (x);\n", "Ctrl-D"] {
        assert!(stdout.contains(part), "{part}\n{stdout}");
    }
    assert!(!stdout.contains("reached"));
}

#[test]
fn errors_are_told_and_the_next_line_runs() {
    let scratch = small();
    let lines = "nonsense()\n1 +* 2\n.tablez\nSELEC 1\ndb:query('SELEC')\nwhile true do pcall(function() end) end\n'on'\nx = (\n";
    let ran = typed(&scratch, &["--timeout", "700"], lines);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), "on\n"), "{ran:?}");
    for part in [
        "error: attempt to call a nil value (global 'nonsense')\n --> repl:1:1\n",
        "error: unexpected symbol near ",
        "error: .tablez is not known; there are .help, .quit, .schema, .tables\n",
        "error: script ran out of time after 700 ms\n",
        "error: the last line is no whole statement\n",
    ] {
        assert!(ran.stderr.contains(part), "{part}\n{}", ran.stderr);
    }
    let ran = typed(&scratch, &["--json"], "1, 'x'\nnonsense()\n");
    let documents: Vec<Json> =
        serde_json::Deserializer::from_str(&ran.stdout).into_iter().map(|document| document.expect("parses")).collect();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""));
    assert_eq!(documents[0]["values"], json!([1, "x"]));
    assert_eq!(documents[1]["error"]["name"], "SCRIPT_FAILED");
}

#[test]
fn a_statement_may_go_on_over_lines() {
    let scratch = small();
    let lines = "CREATE TABLE c (\n  x INTEGER,\n  y TEXT\n);\nINSERT INTO c VALUES\n(1, 'one'),\n(2, 'two');\nSELECT count(*) AS n FROM c\n";
    let stdout = succeeded(typed(&scratch, &[], lines));
    assert!(stdout.ends_with("2 row(s) changed\nn\n--\n2\n1 row(s)\n"), "{stdout}");
    let ran = typed(&scratch, &[], "SELECT 1 +\n\n'on'\n");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), "on\n"), "{ran:?}");
    assert_eq!(ran.stderr, "error: incomplete input\n");
}

#[test]
fn a_transaction_is_refused_with_its_hint_and_not_taken_for_lua() {
    let scratch = small();
    succeeded(in_small(&scratch, &["query", "a.db", "INSERT INTO a VALUES (1, 'kept')"]));
    for word in ["BEGIN", "begin", "COMMIT", "ROLLBACK", "SAVEPOINT s", "RELEASE s", "END", "ATTACH 'x.db' AS x"] {
        let ran = typed(&scratch, &[], &format!("{word};\n"));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{word}: {ran:?}");
        assert!(ran.stderr.contains("hint: "), "{word}: {}", ran.stderr);
    }
    // in one line nothing runs after what is refused
    let ran = typed(&scratch, &[], "BEGIN; DELETE FROM a; ROLLBACK;\n");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran:?}");
    let stdout = succeeded(typed(&scratch, &[], "begin = 4\n(begin)\nSELECT y FROM a;\n"));
    assert!(stdout.starts_with("4\n") && stdout.contains("kept"), "{stdout}");
}

#[test]
fn sql_waits_for_its_semicolon_or_an_empty_line() {
    let scratch = small();
    let lines = "INSERT INTO a VALUES (1, 'one'), (2, 'two;\n\nDELETE FROM a');\nDELETE FROM a\nWHERE x = 1;\nSELECT x FROM a\n -- ;\n\n'on'\n";
    let stdout = succeeded(typed(&scratch, &[], lines));
    assert_eq!(stdout, "2 row(s) changed\n1 row(s) changed\nx\n--\n2\n1 row(s)\non\n");
    let trigger = "CREATE TRIGGER t AFTER DELETE ON a BEGIN\n  DELETE FROM b;\n  DELETE FROM b;\nEND;\nSELECT name FROM sqlite_schema\nWHERE type = 'trigger'";
    let stdout = succeeded(typed(&scratch, &[], trigger));
    assert!(stdout.ends_with("name\n-----\nt\n1 row(s)\n"), "{stdout}");
    let ran = typed(&scratch, &[], "SELECT\n1 +");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), "error: incomplete input\n"), "the end of a pipe ends it");
}

// --- on a terminal

fn on_terminal(scratch: &Scratch) -> Terminal {
    let state = text(&scratch.path("state"));
    let terminal =
        Terminal::start(scratch.folder(), &["repl", "a.db", "--migrations", "m"], &[("XDG_STATE_HOME", &state)]);
    terminal.wait_for("rpmadb> ");
    terminal
}

/// Waits until the next line may be typed: what comes before is not the editor's yet.
fn prompt(terminal: &Terminal) {
    terminal.wait_until("a new line", |screen| screen.trim_end().ends_with("rpmadb>"));
}

#[test]
fn tab_completes_names_tables_and_columns() {
    let scratch = small();
    succeeded(in_small(&scratch, &["query", "a.db", "CREATE TABLE customers (surname, age)"]));
    let mut terminal = on_terminal(&scratch);
    terminal.press("SELECT customers.sur\t FROM cust\t\r");
    terminal.wait_for("SELECT customers.surname FROM customers");
    terminal.wait_until("more", |screen| screen.trim_end().ends_with("...>"));
    terminal.press("\r");
    terminal.wait_for("0 row(s)");
    prompt(&terminal);
    terminal.press("db:val\t('SELECT 41') + 1\r");
    terminal.wait_for("db:value('SELECT 41') + 1");
    terminal.wait_until("the value", |screen| screen.lines().any(|line| line.trim_end() == "42"));
    prompt(&terminal);
    terminal.press("\u{4}");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_line_may_go_on_and_ctrl_c_drops_it_or_what_runs() {
    let scratch = small();
    let mut terminal = on_terminal(&scratch);
    terminal.press("function f(x)\r");
    terminal.wait_for("   ...> ");
    terminal.press("return x + 1 end\r");
    prompt(&terminal);
    terminal.press("f(20)\r");
    terminal.wait_until("the value", |screen| screen.lines().any(|line| line.trim_end() == "21"));
    prompt(&terminal);
    terminal.press("function g(\r");
    terminal.wait_until("more", |screen| screen.trim_end().ends_with("...>"));
    terminal.press("\u{3}");
    prompt(&terminal);
    terminal.press("while true do end\r");
    // why: nothing on the screen tells when it has begun
    std::thread::sleep(std::time::Duration::from_secs(1));
    terminal.press("\u{3}");
    terminal.wait_for("error: script was cancelled");
    prompt(&terminal);
    terminal.press("'still ' .. 'here'\r");
    terminal.wait_for("still here");
    prompt(&terminal);
    terminal.press(".quit\r");
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    assert!(terminal.is_restored());
    let history = std::fs::read_to_string(scratch.path("state/rpmadb/history")).expect("is kept");
    assert!(history.contains("f(20)") && history.contains("return x + 1 end"), "{history}");
    let mut again = on_terminal(&scratch);
    again.press("\u{1b}[A\u{1b}[A\r");
    again.wait_for("still here");
    prompt(&again);
    again.press("\u{4}");
    assert_eq!(again.end(), 0);
}

#[test]
fn a_signal_at_the_prompt_ends_it_as_ctrl_d_does() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let scratch = small();
        let mut terminal = on_terminal(&scratch);
        terminal.press("'a ' .. 'line'\r");
        terminal.wait_for("a line");
        prompt(&terminal);
        // why: the prompt is drawn before the editor reads, and both moments must do
        terminal.press("DELETE FROM a");
        terminal.wait_for("DELETE FROM a");
        kill(Pid::from_raw(terminal.process()), signal).expect("is sent");
        assert_eq!(terminal.end(), 0, "{}", terminal.screen());
        assert!(terminal.is_restored());
        let history = std::fs::read_to_string(scratch.path("state/rpmadb/history")).expect("is kept");
        assert!(history.contains("'a ' .. 'line'"), "{history}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_is_ignored_from_the_start_stays_ignored() {
    let scratch = small();
    let run = |script: &str, signal: Signal| {
        let mut child = Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_rpmadb")])
            .current_dir(scratch.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("runs");
        let mut lines = child.stdin.take().expect("piped");
        let mut answers = BufReader::new(child.stdout.take().expect("piped"));
        let mut answer = String::new();
        lines.write_all(b"'on'\n").expect("writes");
        answers.read_line(&mut answer).expect("reads");
        // why: the answer comes before it waits again
        std::thread::sleep(std::time::Duration::from_millis(300));
        for _ in 0..2 {
            let _ = kill(Pid::from_raw(i32::try_from(child.id()).expect("an id")), signal);
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        // why ignored: it may be gone, which is what is asked
        let _ = lines.write_all(b"'still on'\n");
        drop(lines);
        answers.read_line(&mut answer).expect("reads");
        (answer, child.wait().expect("ends").code())
    };
    let nohup = "trap '' HUP; exec \"$0\" repl a.db --migrations m";
    assert_eq!(run(nohup, Signal::SIGHUP), ("on\nstill on\n".into(), Some(0)));
    assert_eq!(run(nohup, Signal::SIGTERM), ("on\n".into(), Some(130)), "the others are heard");
    // why env: the tests themselves may run under nohup
    let heard = "exec env --default-signal=HUP \"$0\" repl a.db --migrations m";
    assert_eq!(run(heard, Signal::SIGHUP), ("on\n".into(), Some(130)));
}

#[test]
fn rows_are_a_table_and_help_tells_what_there_is() {
    let scratch = small();
    let mut terminal = on_terminal(&scratch);
    terminal.press("db:query(\"SELECT 1 AS id, 'x' AS name\")\r");
    terminal.wait_for("id  name\n--- -----\n1   x");
    prompt(&terminal);
    terminal.press(".help\r");
    terminal.wait_for(".tables  .schema [NAME]  .help  .quit");
    prompt(&terminal);
    terminal.press(".tables\r");
    terminal.wait_for("rpmadb_migrations");
    prompt(&terminal);
    terminal.press("\u{4}");
    assert_eq!(terminal.end(), 0);
}
