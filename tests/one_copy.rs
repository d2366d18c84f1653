//! The builds without a SQLite of their own: one copy of SQLite in the process, the system's or the host's.
//!
//! Each is built here by a cargo of its own, as a shared library, in a folder of its own below the target folder: the dependencies of tests
//! would turn the other SQLite on. Hosts are programs in C (`one_copy/`, and `coexist/host.c` once more), and the `sqlite3` shell.
//!
//! Leaves to others: two copies (`coexist`), and everything that is no matter of the build.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use serde_json::Value as Json;

use crate::coexist::{JOURNALS, LOCK_LOST, ask, compile, is_sound, play_with, rows_of, stage};
use crate::concurrency::{next, rounds, seed};
use crate::support::Scratch;

const SYSTEM: &str = "system-sqlite";
const HOST: &str = "host-sqlite";
/// What a host hands its SQLite over with.
const BIND: &str = "tests/one_copy/bind.c";

/// The shared library with this feature, built once.
fn library(feature: &str) -> PathBuf {
    static BUILDING: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let program = std::env::current_exe().expect("this program");
    let target = program.ancestors().nth(3).expect("a target folder").join("one-copy");
    // why a folder for each: cargo puts both into one
    let kept = target.join(feature).join("librpmadb.so");
    // why for all: one cargo at a time has the folder, and the other would wait and say so
    let mut built = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
    if built.iter().any(|known| known == feature) {
        return kept;
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["rustc", "--locked", "--quiet", "--lib", "--crate-type", "cdylib", "--no-default-features"])
        .args(["--features", feature, "--target-dir"])
        .arg(&target)
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{feature}: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::create_dir_all(kept.parent().expect("a folder")).expect("makes a folder");
    std::fs::copy(target.join("debug/librpmadb.so"), &kept).expect("keeps the library");
    // why: a program that is linked to it asks for it under the name that it says it has
    let dynamic = Command::new("readelf").arg("-d").arg(&kept).output().expect("readelf starts").stdout;
    let dynamic = String::from_utf8(dynamic).expect("UTF-8");
    let name = dynamic.split_once("soname: [").and_then(|(_, rest)| rest.split_once(']')).map(|(name, _)| name);
    if let Some(link) = name.map(|name| kept.with_file_name(name)).filter(|link| !link.exists()) {
        std::os::unix::fs::symlink("librpmadb.so", link).expect("makes a link");
    }
    built.push(feature.to_owned());
    kept
}

/// A host in C of the build with this feature; that of the host's SQLite hands it over before it begins.
fn host(feature: &str, sources: &[&str], scratch: &Scratch) -> PathBuf {
    let mut sources = sources.to_vec();
    if feature == HOST {
        sources.push(BIND);
    }
    let program = scratch.path("program");
    compile(&sources, &library(feature), &program);
    program
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}

/// Runs a program that says nothing when all is well.
fn must_pass(command: &mut Command) {
    let output = command.output().expect("starts");
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{}", said(&output));
}

const LIFE: [&str; 2] = ["tests/one_copy/life.c", "tests/c/check.c"];

#[test]
fn a_host_and_the_library_live_on_one_sqlite() {
    for (feature, linkage) in [(SYSTEM, "system"), (HOST, "host")] {
        let scratch = Scratch::new();
        must_pass(Command::new(host(feature, &LIFE, &scratch)).arg(scratch.folder()).arg(linkage));
    }
}

#[test]
fn a_system_whose_sqlite_will_not_do_is_told_what_it_has_and_which_will_do() {
    let scratch = Scratch::new();
    let old = scratch.path("old.so");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let gcc = ["-shared", "-fPIC", "-Wall", "-Werror", "-o"];
    must_pass(Command::new("gcc").args(gcc).arg(&old).arg(root.join("tests/one_copy/old.c")));
    let program = host(SYSTEM, &LIFE, &scratch);
    must_pass(Command::new(&program).arg(scratch.folder()).args(["system", "single"]));
    must_pass(Command::new(&program).arg(scratch.folder()).args(["system", "old"]).env("LD_PRELOAD", old));
}

#[test]
fn before_a_sqlite_was_handed_over_calls_are_not_ready_and_none_that_will_not_do_is_taken() {
    let scratch = Scratch::new();
    let program = scratch.path("unbound");
    // why without the rest: it must not bind by itself
    compile(&["tests/one_copy/unbound.c", "tests/c/calls.c", "tests/c/check.c"], &library(HOST), &program);
    must_pass(Command::new(program).arg(scratch.folder()));
}

#[test]
fn the_libraries_export_what_the_header_declares_and_need_no_other_sqlite_than_they_say() {
    let output = |command: &mut Command| {
        let output = command.output().expect("starts");
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let exported = |library: &Path| {
        let listing = output(Command::new("nm").args(["-D", "--defined-only"]).arg(library));
        let mut names: Vec<String> =
            listing.lines().filter_map(|line| line.split_whitespace().last().map(str::to_owned)).collect();
        names.sort();
        names
    };
    let mut expected = exported(&crate::c::library());
    assert_eq!(exported(&library(SYSTEM)), expected);
    expected.push("sqlite3_rpmadb_init".into());
    assert_eq!(exported(&library(HOST)), expected);
    for (feature, needs) in [(SYSTEM, true), (HOST, false)] {
        let needed = output(Command::new("readelf").arg("-d").arg(library(feature)));
        assert_eq!(needed.contains("libsqlite3"), needs, "{feature}: {needed}");
        let inside = output(Command::new("nm").arg(library(feature)));
        assert!(!inside.contains(" sqlite3VdbeExec"), "{feature} has a SQLite inside");
    }
}

// --- both sides write

#[test]
fn increments_of_the_host_the_library_and_another_process_add_up_on_one_sqlite() {
    let mut random = seed("increments on one copy");
    let milliseconds = if rounds(1) > 1 { "10000" } else { "1500" };
    for feature in [SYSTEM, HOST] {
        let programs = Scratch::new();
        let program = host(feature, &["tests/coexist/host.c"], &programs);
        for journal in JOURNALS {
            let (scratch, seed) = (stage(), next(&mut random, 1 << 20).to_string());
            let said = play_with(&program, &scratch, "stress", "coexist", journal, &[milliseconds, &seed]);
            let stored = ask(&scratch, "SELECT n FROM counter");
            assert_eq!(stored, Ok(said.number("acknowledged").to_string()), "{feature} {seed}: {}", said.text);
            assert!(is_sound(&scratch), "{feature} {seed}");
            for who in ["host", "library", "other"] {
                assert!(said.number(who) > 0, "{feature} {seed}: {who} had no turn: {}", said.text);
            }
        }
    }
}

#[test]
fn what_either_side_committed_is_there_and_a_dropped_lock_is_missed() {
    let programs = Scratch::new();
    let program = host(SYSTEM, &["tests/coexist/host.c"], &programs);
    for journal in JOURNALS {
        let scratch = stage();
        let said = play_with(&program, &scratch, "migrate", "coexist", journal, &[]);
        assert_eq!((said.number("host"), said.number("migrated")), (1, 1), "{}", said.text);
        assert_eq!(ask(&scratch, "SELECT count(*) FROM made").as_deref(), Ok("1"), "{}", said.text);
        assert_eq!(rows_of(&scratch, "host"), 1 + said.number("host_again"), "{}", said.text);

        // locks are those of the process here, which ordinary file calls of the host drop
        let scratch = stage();
        let said = play_with(&program, &scratch, "touch-migration", "coexist", journal, &[]);
        assert_eq!(said.number("migrate"), LOCK_LOST, "{}", said.text);
        assert!(ask(&scratch, "SELECT 1 FROM made").is_err(), "{}", said.text);
        let scratch = stage();
        let said = play_with(&program, &scratch, "touch-restore", "coexist", journal, &[]);
        assert_eq!((said.number("restore"), rows_of(&scratch, "after")), (LOCK_LOST, 1), "{}", said.text);
    }
}

// --- the sqlite3 shell

/// What the shell says to these lines, with the library loaded, on `file`.
fn shell(file: &str, lines: &[&str]) -> Result<String, String> {
    let library = library(HOST);
    let load = format!(".load {}", library.with_extension("").display());
    let output = Command::new("sqlite3").args(["-bail", file]).arg(&load).args(lines).output().expect("sqlite3 starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

fn report(text: Result<String, String>) -> Json {
    let text = text.expect("no error");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn the_shell_loads_the_library_and_its_functions_give_the_reports_of_their_verbs() {
    let scratch = Scratch::new();
    let path = scratch.path("t.db");
    let file = path.to_str().expect("UTF-8");
    ask(&scratch, "CREATE TABLE mine (a); INSERT INTO mine VALUES (1), (2)").expect("makes");
    let before = report(shell(file, &["SELECT rpmadb_health()"]));
    let check = |health: &Json, id: &str| {
        let checks = health["checks"].as_array().expect("checks");
        checks.iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("no {id}")).clone()
    };
    assert_eq!(check(&before, "migrations")["status"], "degraded", "{before}");
    assert_eq!(check(&before, "foreign_sqlite")["value"]["effective"], "one_copy", "{before}");
    assert_eq!(ask(&scratch, "PRAGMA journal_mode").as_deref(), Ok("delete"), "a look changes nothing");
    let migrated = report(shell(file, &["SELECT rpmadb_migrate()"]));
    assert_eq!(migrated["from"], 0, "{migrated}");
    let applied = migrated["applied"].as_array().expect("applied").len();
    assert!(applied > 3, "{migrated}");
    assert_eq!(check(&report(shell(file, &["SELECT rpmadb_health()"])), "migrations")["status"], "ok");
    // the other way to load it, and the report is text that JSON functions of SQLite take
    let load = format!("SELECT load_extension('{}')", library(HOST).display());
    let output = Command::new("sqlite3").args([file, &load, "SELECT rpmadb_stats() ->> '$.tables.mine'"]).output();
    let output = output.expect("sqlite3 starts");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "2", "{}", said(&output));
    let copy = scratch.path("copy.db");
    let backup = report(shell(file, &[&format!("SELECT rpmadb_backup('{}')", copy.display())]));
    assert_eq!((&backup["verified"], backup["path"].as_str()), (&Json::from(true), copy.to_str()), "{backup}");
    let output = Command::new("sqlite3").arg(&copy).arg("SELECT count(*) FROM mine, users").output();
    assert_eq!(output.expect("sqlite3 starts").stdout, b"0\n", "the copy has both tables");
    assert!(is_sound(&scratch));
    // a file that the shell has not made yet
    let new = scratch.path("new.db");
    let lines = ["SELECT rpmadb_migrate() ->> '$.from'", "SELECT count(*) FROM users"];
    assert_eq!(shell(new.to_str().expect("UTF-8"), &lines).as_deref(), Ok("0\n0"));
}

/// They worked on whatever was at the path, also where the connection may only ask, and cut a path at a zero.
#[test]
fn the_functions_work_on_the_file_that_the_connection_has_and_only_as_it_may() {
    let scratch = Scratch::new();
    let (path, moved) = (scratch.path("t.db"), scratch.path("moved.db"));
    let file = path.to_str().expect("UTF-8");
    ask(&scratch, "CREATE TABLE mine (a)").expect("makes");
    let error = shell(file, &["PRAGMA query_only = 1", "SELECT rpmadb_migrate()"]).expect_err("may only ask");
    assert!(error.contains("READ_ONLY"), "{error}");
    let cut = format!("SELECT rpmadb_backup('{}' || char(0) || 'x')", scratch.path("cut.db").display());
    let error = shell(file, &[&cut]).expect_err("holds a zero");
    assert!(error.contains("INVALID_ARGUMENT") && !scratch.path("cut.db").exists(), "{error}");
    let step = format!(".shell mv {file} {}", moved.display());
    let error =
        shell(file, &["SELECT count(*) FROM mine", &step, "SELECT rpmadb_migrate()"]).expect_err("is elsewhere");
    assert!(error.contains("was moved") && !path.exists() && moved.exists(), "{error}");
}

/// A host that has the entry point called for every connection gave a supervisor's statements what the verbs refuse.
#[test]
fn the_functions_are_no_functions_on_a_handle_even_where_every_connection_has_them() {
    let scratch = Scratch::new();
    let program = scratch.path("program");
    compile(&["tests/one_copy/everywhere.c"], &library(HOST), &program);
    must_pass(Command::new(&program).arg(scratch.folder()));
}

#[test]
fn what_the_functions_cannot_do_is_an_sql_error_with_its_hint_and_at_once() {
    let scratch = Scratch::new();
    let path = scratch.path("t.db");
    let file = path.to_str().expect("UTF-8");
    ask(&scratch, "CREATE TABLE mine (a); INSERT INTO mine VALUES (1)").expect("makes");
    let refused = |file: &str, lines: &[&str]| shell(file, lines).expect_err("must be refused");
    let start = std::time::Instant::now();
    for begin in ["BEGIN", "BEGIN IMMEDIATE", "SAVEPOINT s"] {
        for function in ["rpmadb_migrate()", "rpmadb_health()", "rpmadb_stats()", "rpmadb_backup('x.db')"] {
            let error = refused(file, &[begin, "INSERT INTO mine VALUES (2)", &format!("SELECT {function}")]);
            assert!(
                error.contains("UNSUPPORTED: ") && error.contains("in a transaction"),
                "{begin} {function}: {error}"
            );
            assert!(error.contains("; end it first"), "{error}");
        }
    }
    let error = refused(file, &["SELECT rpmadb_stats() FROM mine"]);
    assert!(error.contains("in a statement that reads a table"), "{error}");
    assert!(start.elapsed().as_secs() < 20, "{:?}: somebody waited for a lock", start.elapsed());
    for nowhere in [":memory:", ""] {
        let error = refused(nowhere, &["SELECT rpmadb_migrate()"]);
        assert!(error.contains("UNSUPPORTED: a database in memory"), "{error}");
    }
    let error = refused(file, &["SELECT rpmadb_backup(NULL)"]);
    assert!(error.contains("NULL_ARGUMENT: path is NULL"), "{error}");
    let error = refused(file, &["SELECT rpmadb_backup('/no/such/folder/a.db')"]);
    assert!(error.contains("NOT_FOUND: ") && error.contains("; check the path"), "{error}");
    // a schema that somebody else made must not reach them
    let error = refused(file, &["CREATE VIEW v AS SELECT rpmadb_stats()", "SELECT * FROM v"]);
    assert!(error.contains("unsafe use of rpmadb_stats()"), "{error}");
    assert_eq!(ask(&scratch, "SELECT count(*) FROM mine").as_deref(), Ok("1"), "nothing was kept");
    let read_only = format!("file:{file}?mode=ro");
    let error = refused(&read_only, &["SELECT rpmadb_migrate()"]);
    assert!(error.contains("READ_ONLY: "), "{error}");
    let stats = report(shell(&read_only, &["SELECT rpmadb_stats()"]));
    assert_eq!(stats["tables"]["mine"], 1, "{stats}");
}
