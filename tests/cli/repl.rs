//! `rpmadb repl`, with lines piped in; what Tab does is in `run/repl.rs`.

use std::io::Write as _;

use super::*;

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
        ".tables\nINSERT INTO a VALUES (7, 'seven');\nselect x, y from a\n.schema b\n.help\n.quit\nnot reached\n";
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
