//! The command, on real files: what it prints, where, and what it exits with.
//!
//! Leaves to others: what the verbs do (`rust`) and files that are no databases (`hostile`).
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage, 3 migrations are pending, 4 unhealthy. Reports go to stdout, errors to stderr; with `--json` both go to stdout
//! as one document. Times differ from run to run, so [`untimed`] takes them out before texts are compared.

mod advice;
mod archive;
mod audit;
mod c_report;
mod errors;
mod history;
mod metrics;
mod monitor;
mod repl;
mod report;
mod scripts;
mod secrets;
mod settings;
mod skeleton;
mod snapshots;
mod terminal;
mod top;
mod trying;
mod verdicts;

use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;

use rpmadb::VERBS;
use serde_json::{Value as Json, json};

use crate::parity;
use crate::support::{Ran, Scratch, bare, bytes, command, contents, contents_of, keys, open, run, text, try_open};

/// Replaces every time that something took, such as `1.5 ms` or `2.0 s`, by `T ms`, and spaces in front of it by one.
fn untimed(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let length = from.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(from.len());
        let (number, after) = from.split_at(length);
        let unit = ["ms", "s"].into_iter().find(|unit| {
            let behind = after.strip_prefix(' ').and_then(|after| after.strip_prefix(unit));
            behind.is_some_and(|behind| !behind.starts_with(|c: char| c.is_alphanumeric() || c == '('))
        });
        match unit {
            Some(unit) => {
                let padded = before.ends_with(' ');
                shown.push_str(before.trim_end_matches(' '));
                shown.push_str(if padded { " T ms" } else { "T ms" });
                rest = &after[1 + unit.len()..];
            }
            None => {
                shown.push_str(before);
                shown.push_str(number);
                rest = after;
            }
        }
    }
    shown + rest
}

/// A scratch folder with a migrated database `a.db`.
fn migrated() -> Scratch {
    let scratch = Scratch::new();
    open(scratch.path("a.db")).close().expect("closes");
    scratch
}

/// A scratch folder with `a.db` that has two migrations of its own.
fn small() -> Scratch {
    let scratch = Scratch::new();
    scratch.migrations("m", &[("1_first.sql", "CREATE TABLE a (x, y);"), ("2_second.sql", "CREATE TABLE b (x);")]);
    let ran = run(scratch.folder(), &["migrate", "a.db", "--migrations", "m"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    scratch
}

fn in_small(scratch: &Scratch, args: &[&str]) -> Ran {
    run(scratch.folder(), &[args, &["--migrations", "m"]].concat())
}

/// The same with rows, and in the middle of the file a page that is none.
fn damaged() -> Scratch {
    let scratch = small();
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO a SELECT i, hex(zeroblob(40)) FROM n";
    succeeded(in_small(&scratch, &["query", "a.db", many]));
    succeeded(in_small(&scratch, &["checkpoint", "a.db", "truncate"]));
    let mut bytes = bytes(&scratch.path("a.db"));
    let from = bytes.len() / 2;
    bytes[from..from + 4096].fill(0xff);
    scratch.write("a.db", bytes);
    scratch
}

/// How many backups have their manifest beside them; nothing else is in the folder but a lock.
fn backups_in(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).expect("reads");
    let names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    let visible: Vec<&String> = names.iter().filter(|name| !name.starts_with('.')).collect();
    let backups: Vec<&&String> = visible.iter().filter(|name| !name.ends_with(".manifest.json")).collect();
    assert!(backups.iter().all(|name| names.contains(&format!("{name}.manifest.json"))), "{names:?}");
    assert_eq!(visible.len(), 2 * backups.len(), "{names:?}");
    backups.len()
}

/// What is in `a.db`, without migrating it.
fn held(scratch: &Scratch) -> impl PartialEq + std::fmt::Debug + use<> {
    contents(&try_open(scratch.path("a.db"), &bare()).expect("opens").0)
}

fn succeeded(ran: Ran) -> String {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    ran.stdout
}

/// What it printed when it ended with this code and all is told on stdout.
fn ended(ran: Ran, code: i32) -> String {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(code), ""), "{ran:?}");
    ran.stdout
}

fn failed(ran: Ran, code: i32) -> String {
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(code), ""), "{ran:?}");
    ran.stderr
}

// --- migrate

#[test]
fn migrate_makes_a_database_and_lists_what_it_applied() {
    let scratch = Scratch::new();
    scratch.migrations(
        "m",
        &[
            ("1_first.sql", "CREATE TABLE a (x);"),
            ("20_lua_step.lua", "return { up = function(db) db:exec('CREATE TABLE c (x)') end }"),
            ("R_view.sql", "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT 1 AS n;"),
        ],
    );
    let path = text(&scratch.path("a.db"));
    let first = untimed(&succeeded(in_small(&scratch, &["migrate", "a.db"])));
    let expected = format!(
        "created {path}\n   \
           001  first                            sql T ms\n   \
           020  lua_step                         lua T ms\n     \
             R  view                             repeatable T ms\n\
         applied 3, version 20 (T ms)\n"
    );
    assert_eq!(first, expected);
    let second = untimed(&succeeded(in_small(&scratch, &["migrate", "a.db"])));
    assert_eq!(second, format!("{path} is up to date, version 20 (T ms)\n"));
}

#[test]
fn migrate_without_a_folder_applies_the_embedded_set() {
    let scratch = Scratch::new();
    let first = untimed(&succeeded(run(scratch.folder(), &["migrate", "a.db"])));
    assert!(first.contains("   001  users_and_sessions               sql T ms\n"), "{first}");
    assert!(first.ends_with("applied 20, version 18 (T ms)\n"), "{first}");
    assert_eq!(scratch.names(), ["a.db"]);
}

#[test]
fn migrate_stops_at_a_target_and_runs_dry() {
    let scratch = Scratch::new();
    let ran = succeeded(run(scratch.folder(), &["migrate", "a.db", "--to", "3"]));
    assert!(untimed(&ran).ends_with("applied 3, version 3 (T ms)\n"), "{ran}");
    let before = held(&scratch);
    let ran = succeeded(run(scratch.folder(), &["migrate", "a.db", "--dry-run"]));
    assert!(untimed(&ran).ends_with("dry run: 17 would be applied, nothing was kept, version 3 (T ms)\n"), "{ran}");
    assert_eq!(held(&scratch), before);
    let stderr = failed(run(scratch.folder(), &["migrate", "a.db", "--to", "2"]), 2);
    assert!(stderr.starts_with("error: --to: 2 is below the applied version 3"), "{stderr}");
}

#[test]
fn migrate_takes_its_folder_from_the_environment_too() {
    let scratch = small();
    let output = command()
        .current_dir(scratch.folder())
        .env("RPMADB_MIGRATIONS", "m")
        .args(["migrations", "a.db"])
        .output()
        .expect("runs");
    assert!(succeeded(output.into()).ends_with("version 2 of 2, 0 pending\n"));
}

#[test]
fn migrate_backs_up_first_when_told_to() {
    let scratch = small();
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    scratch.write("m/3_third.sql", "CREATE TABLE c (x);");
    let stdout = succeeded(in_small(&scratch, &["migrate", "a.db", "--backup", "backups"]));
    assert!(stdout.starts_with("backed up to ") && stdout.contains("backups/a-20"), "{stdout}");
    assert_eq!(backups_in(&scratch.path("backups")), 1);
}

#[test]
fn migrate_applies_a_late_file_only_when_allowed() {
    let scratch = small();
    scratch.migrations(
        "m",
        &[
            ("1_first.sql", "CREATE TABLE a (x, y);"),
            ("2_second.sql", "CREATE TABLE b (x);"),
            ("4_d.sql", "CREATE TABLE d (x);"),
        ],
    );
    succeeded(in_small(&scratch, &["migrate", "a.db"]));
    scratch.write("m/3_c.sql", "CREATE TABLE c (x);");
    let stderr = failed(in_small(&scratch, &["migrate", "a.db"]), 1);
    assert_eq!(
        stderr,
        "error: migration 3 is pending but 4 is already applied\n--> 3_c.sql\n\
         hint: give the new migration a number above the applied ones, or pass allow_out_of_order\n\
         next: rpmadb migrate a.db --allow-out-of-order --migrations m\n"
    );
    let stdout = succeeded(in_small(&scratch, &["migrate", "a.db", "--allow-out-of-order"]));
    assert!(untimed(&stdout).ends_with("applied 1, version 4 (T ms)\n"), "{stdout}");
}

// --- the other verbs

#[test]
fn migrations_lists_states_and_who_did_it() {
    let scratch = small();
    scratch.write("m/3_third.sql", "CREATE TABLE c (x);");
    succeeded(in_small(&scratch, &["migrate", "a.db", "--actor", "ada", "--to", "3"]));
    scratch.write("m/4_fourth.sql", "CREATE TABLE d (x);");
    assert_eq!(
        ended(in_small(&scratch, &["migrations", "a.db"]), 3),
        concat!(
            "version  name    kind  state    applied   by\n",
            "-------- ------- ----- -------- --------- ----\n",
            "    001  first   sql   applied  just now  cli\n",
            "    002  second  sql   applied  just now  cli\n",
            "    003  third   sql   applied  just now  ada\n",
            "    004  fourth  sql   pending\n",
            "version 3 of 4, 1 pending\n",
        )
    );
}

#[test]
fn health_ends_with_the_verdict() {
    let scratch = small();
    let stdout = succeeded(in_small(&scratch, &["health", "a.db"]));
    assert!(stdout.starts_with("  ok        answers              true\n"), "{stdout}");
    assert!(stdout.ends_with("ok, score 100 of 100\n"), "{stdout}");
    scratch.write("m/3_third.sql", "CREATE TABLE c (x);");
    let stdout = ended(in_small(&scratch, &["health", "a.db"]), 4);
    assert!(stdout.contains("  degraded  migrations           1\n            run migrate\n"), "{stdout}");
    assert!(stdout.ends_with("degraded, score 80 of 100\n"), "{stdout}");
}

#[test]
fn diagnostics_print_what_was_found() {
    let scratch = migrated();
    for name in ["diagnostics", "diagnose"] {
        let stdout = succeeded(run(scratch.folder(), &[name, "a.db"]));
        assert!(
            stdout.starts_with(
                "integrity          ok\nforeign keys       ok\nschema drift       none\njournal mode       wal\n"
            ),
            "{stdout}"
        );
        assert!(stdout.contains("\npragma synchronous          1\n"), "{stdout}");
        assert!(stdout.contains("\n  users                                     0\n"), "{stdout}");
    }
}

#[test]
fn diagnostics_print_the_advice_and_the_doors_that_are_open() {
    let scratch = small();
    succeeded(in_small(&scratch, &["query", "a.db", "CREATE TABLE p (id INTEGER PRIMARY KEY)"]));
    succeeded(in_small(&scratch, &["query", "a.db", "CREATE TABLE k (p REFERENCES p, q)"]));
    for name in ["one", "two"] {
        succeeded(in_small(&scratch, &["query", "a.db", &format!("CREATE INDEX {name} ON k (q)")]));
    }
    let stdout = succeeded(in_small(&scratch, &["diagnostics", "a.db"]));
    assert!(stdout.contains("\nredundant index    two of k: one does its work\n"), "{stdout}");
    assert!(stdout.contains(": CREATE INDEX \"k_p\" ON \"k\" (\"p\")\n"), "{stdout}");
    assert!(stdout.contains("\ndisk database      "), "{stdout}");
    let path = text(&scratch.path("a.db"));
    assert!(stdout.contains(&format!(" {path}, others may read it\n")), "{stdout}");
}

#[test]
fn stats_print_sizes_and_rows() {
    let scratch = small();
    succeeded(in_small(&scratch, &["query", "a.db", "INSERT INTO a VALUES (1, 2), (3, 4)"]));
    let stdout = succeeded(in_small(&scratch, &["stats", "a.db"]));
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines[0], format!("database           {}", text(&scratch.path("a.db"))));
    assert!(lines[1].starts_with("size               ") && lines[1].ends_with(" pages of 4096)"), "{stdout}");
    assert!(lines[4].starts_with("schema             version 2, ") && lines[4].ends_with(" indexes"), "{stdout}");
    assert_eq!(lines[5], "  table                                  rows        size     indexes   share");
    let table = lines.iter().find(|line| line.starts_with("  a  ")).expect("the table");
    assert!(table.starts_with("  a                                         2     4.0 KiB         0 B "), "{stdout}");
    assert!(lines.iter().all(|line| !line.contains('?')), "{stdout}");
    let own = lines.iter().find(|line| line.starts_with("  sqlite_schema  ")).expect("SQLite's own");
    assert!(own.starts_with("  sqlite_schema                             - "), "{stdout}");
    let widths: Vec<usize> = lines[5..].iter().map(|line| line.chars().count()).collect();
    assert!(widths.iter().all(|width| *width == widths[0]), "aligned: {stdout}");
    let share = |line: &&str| line.trim_end_matches(" %").rsplit(' ').next().and_then(|share| share.parse().ok());
    let shares: Vec<f64> = lines[6..].iter().filter_map(share).collect();
    assert_eq!(shares.len(), lines.len() - 6, "{stdout}");
    assert!(shares.is_sorted_by(|a, b| a >= b), "largest first: {stdout}");
    assert!((shares.iter().sum::<f64>() - 100.0).abs() < 1.0, "{stdout}");
    let stdout = succeeded(in_small(&scratch, &["stats", "a.db", "--no-sizes"]));
    assert_eq!(stdout.lines().nth(5), Some("  a                                         2"), "{stdout}");
    let stdout = succeeded(in_small(&scratch, &["stats", "a.db", "--estimate"]));
    assert!(stdout.contains("\nrows, estimated:\n"), "{stdout}");
    assert!(
        stdout.contains("\n  a                                         2\n"),
        "a table of one page is counted: {stdout}"
    );
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) \
                INSERT INTO a SELECT i + 10, i FROM n";
    succeeded(in_small(&scratch, &["query", "a.db", many]));
    let stdout = succeeded(in_small(&scratch, &["stats", "a.db", "--estimate"]));
    let sampled = stdout.lines().find_map(|line| line.strip_prefix("  a  ")).expect("the table").trim();
    let rows: i64 = sampled.strip_prefix('~').expect("marked").parse().expect("a number");
    assert!((160_000..=240_000).contains(&rows), "{stdout}");
}

#[test]
fn checkpoint_says_what_it_did() {
    let scratch = migrated();
    for mode in ["passive", "full", "restart", "truncate"] {
        let stdout = succeeded(run(scratch.folder(), &["checkpoint", "a.db", mode]));
        assert_eq!(stdout, format!("{mode} checkpoint done\n0 frames in the log, 0 in the database\n"));
    }
    assert!(succeeded(run(scratch.folder(), &["checkpoint", "a.db"])).starts_with("passive checkpoint done\n"));
}

#[test]
fn backup_copies_to_a_file_or_into_a_folder() {
    let scratch = migrated();
    let stdout = succeeded(run(scratch.folder(), &["backup", "a.db", "b.db"]));
    let timeless = untimed(&stdout);
    assert!(timeless.ends_with(" pages, verified: quick, T ms)\n") && stdout.starts_with("b.db ("), "{stdout}");
    let stdout = succeeded(run(scratch.folder(), &["backup", "a.db", "c.db", "--no-verify"]));
    assert!(stdout.contains(" pages, not verified, "), "{stdout}");
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    let stdout = succeeded(run(scratch.folder(), &["backup", "a.db", "--folder", "backups"]));
    assert!(stdout.contains("backups/a-20"), "{stdout}");
    let stderr = failed(run(scratch.folder(), &["backup", "a.db", "b.db"]), 1);
    assert_eq!(stderr, "error: b.db exists already\nhint: choose another name, or replace it with --overwrite\n");
    assert!(failed(run(scratch.folder(), &["backup", "a.db"]), 2).starts_with("error: destination is missing"));
    assert_eq!(scratch.names(), ["a.db", "b.db", "b.db.manifest.json", "backups", "c.db", "c.db.manifest.json"]);
}

#[test]
fn query_prints_a_table() {
    let scratch = small();
    let added = succeeded(in_small(
        &scratch,
        &["query", "a.db", "INSERT INTO a VALUES (?, ?), (:n, 'x')", "--params", r#"["né", null, 12345678901234567]"#],
    ));
    assert_eq!(added, "2 row(s) changed\n");
    let stdout =
        succeeded(in_small(&scratch, &["query", "a.db", "SELECT x AS a_name, y, 1.0 AS r, x'00ff' AS b FROM a"]));
    let expected = concat!(
        "a_name             y  r    b\n",
        "------------------ -- ---- ------------------\n",
        "né                    1.0  {\"base64\":\"AP8=\"}\n",
        "12345678901234567  x  1.0  {\"base64\":\"AP8=\"}\n",
        "2 row(s)\n",
    );
    assert_eq!(stdout, expected);
    let stdout = succeeded(in_small(&scratch, &["query", "a.db", "SELECT x FROM a WHERE 0"]));
    assert_eq!(stdout, "x\n--\n0 row(s)\n");
    let stdout = succeeded(in_small(&scratch, &["query", "a.db", "SELECT char(27, 10, 9) || '[2J' AS t"]));
    assert_eq!(stdout.lines().nth(2), Some("\\u{1b}\\n\\t[2J"), "nothing that a terminal obeys");
    let stdout = succeeded(in_small(&scratch, &["query", "a.db", "SELECT 1 AS \"\u{1b}[2J\""]));
    assert!(!stdout.contains('\u{1b}'), "nor in a name: {stdout:?}");
}

#[test]
fn script_prints_its_log_and_its_result() {
    let scratch = migrated();
    scratch.write(
        "a.lua",
        "log.info('hello %s', job.args.who)\nlog.warn('careful')\nprint(math.type(job.args.n), job.args.yes, job.actor)\n\
         return { rows = { 1, 2 } }",
    );
    let args = ["script", "a.db", "a.lua", "--arg", "who=Ada=L", "--arg", "n=5", "--arg", "yes=true", "--actor", "me"];
    let stdout = succeeded(run(scratch.folder(), &args));
    assert_eq!(stdout, "hello Ada=L\n[warn] careful\ninteger\ttrue\tme\n{\n  \"rows\": [\n    1,\n    2\n  ]\n}\n");
    scratch.write("b.lua", "return 'plain'");
    assert_eq!(succeeded(run(scratch.folder(), &["script", "a.db", "b.lua"])), "plain\n");
    scratch.write("c.lua", "local x = 1");
    assert_eq!(succeeded(run(scratch.folder(), &["script", "a.db", "c.lua"])), "");
    let stderr = failed(run(scratch.folder(), &["script", "a.db", "none.lua"]), 1);
    assert_eq!(stderr, "error: none.lua does not exist\nhint: check the path; a missing folder is not made\n");
    let stderr = failed(run(scratch.folder(), &["script", "a.db", "b.lua", "--arg", "who"]), 2);
    assert_eq!(stderr, "error: --arg is 'who' and must be KEY=VALUE\n");
}

#[test]
fn a_script_that_fails_shows_its_line() {
    let scratch = migrated();
    scratch.write("bad.lua", "local x = 1\n\tif x then boom() end\n");
    assert_eq!(
        failed(run(scratch.folder(), &["script", "a.db", "bad.lua"]), 1),
        "error: attempt to call a nil value (global 'boom')\n --> bad.lua:2:2\n  |\n2 |     if x then boom() end\n  |     ^\n"
    );
    scratch.write("worse.lua", "local x = = 1\n");
    assert_eq!(
        failed(run(scratch.folder(), &["script", "a.db", "worse.lua"]), 1),
        "error: unexpected symbol near '='\n --> worse.lua:1:1\n  |\n1 | local x = = 1\n  | ^\n"
    );
}

#[test]
fn a_look_leaves_nothing_beside_the_file() {
    let scratch = migrated();
    let before = contents_of(&scratch.path("a.db"));
    for args in [
        &["migrations", "a.db"][..],
        &["health", "a.db"],
        &["diagnostics", "a.db"],
        &["stats", "a.db"],
        &["query", "a.db", "SELECT 1"],
        &["migrate", "a.db"],
    ] {
        succeeded(run(scratch.folder(), args));
        assert_eq!(scratch.names(), ["a.db"], "{args:?}");
        assert_eq!(contents_of(&scratch.path("a.db")), before, "{args:?} changed it");
    }
}

// --- JSON, help, version

#[test]
fn json_has_exactly_the_keys_of_the_rust_report() {
    let rust = parity::reports_in_rust();
    for verb in VERBS {
        let scratch = parity::scene(verb);
        let name = parity::subcommand(verb);
        // why not all 0: the scene has a migration to come, and so it is not well
        let code = if name == "migrations" {
            3
        } else if name == "health" {
            4
        } else {
            0
        };
        let typed = [&[name.as_str(), "a.db", "--json"], parity::typed(verb)].concat();
        let stdout = ended(in_small(&scratch, &typed), code);
        let report: Json = serde_json::from_str(&stdout).expect(verb);
        assert_eq!(keys(&report), keys(&rust[verb]), "{verb}");
    }
}

#[test]
fn json_keeps_integers_exact() {
    let scratch = migrated();
    let stdout = succeeded(run(scratch.folder(), &["query", "a.db", "SELECT 9223372036854775807 AS n", "--json"]));
    let report: Json = serde_json::from_str(&stdout).expect("parses");
    assert_eq!(report["rows"], json!([[i64::MAX]]));
    assert!(stdout.contains("9223372036854775807"), "{stdout}");
}

#[test]
fn an_error_is_a_document_with_json() {
    let scratch = migrated();
    for (args, code, status, name) in [
        (["stats", "none.db", "--json"].as_slice(), 1, 203, "NOT_FOUND"),
        (&["checkpoint", "a.db", "sometimes", "--json"], 2, 100, "INVALID_ARGUMENT"),
        (&["--json", "query", "a.db", "SELEC 1"], 1, 200, "SQL"),
        (&["--json", "query", "a.db", "INSERT INTO users DEFAULT VALUES"], 1, 210, "CONSTRAINT"),
    ] {
        let ran = run(scratch.folder(), args);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(code), ""), "{args:?}");
        let error = ran.error();
        assert_eq!((&error["status"], &error["name"]), (&json!(status), &json!(name)));
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty() && !message.contains('\n')));
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let scratch = Scratch::new();
    let version = format!("rpmadb {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(succeeded(run(scratch.folder(), &["--version"])), version);
    assert_eq!(succeeded(run(scratch.folder(), &["-V"])), version);
    let help = succeeded(run(scratch.folder(), &["--help"]));
    for verb in VERBS.iter().map(|verb| parity::subcommand(verb)) {
        assert!(help.contains(&format!("\n  {verb} ")), "{verb}");
        assert!(succeeded(run(scratch.folder(), &[&verb, "--help"])).contains("Usage: rpmadb "), "{verb}");
    }
}
