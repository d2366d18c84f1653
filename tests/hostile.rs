//! Bad input and bad surroundings: each gets its own status and one line that says what to do, and leaves the bytes
//! of the file as they were.
//!
//! Leaves to others: crashes (`concurrency`), scripts that misbehave (`lua`).
//!
//! The command is run and not the library called, so that nothing a bad file does to a process (a hang, a signal, a lock)
//! reaches the other tests. A disk is full in two ways: a small tmpfs, which takes root, and a limit on the size of
//! files, which always runs.

mod disk;

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rpmadb::{CheckpointMode, Database, Operation, Request, report, request};
use serde_json::Value as Json;

use crate::support::{Ran, Scratch, bytes, command, contents_of, open, run, text};

/// Runs a command that must not hang.
fn finish(mut command: Command) -> Ran {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let limit = Instant::now() + Duration::from_secs(10);
    while child.try_wait().expect("is ours").is_none() {
        if Instant::now() > limit {
            child.kill().expect("is ours");
            child.wait().expect("is ours");
            panic!("{command:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.wait_with_output().expect("is ours").into()
}

fn rpmadb(folder: &Path, args: &[&str]) -> Ran {
    let mut command = command();
    command.current_dir(folder).args(args).arg("--json");
    finish(command)
}

/// Asserts that it failed with `status`, in one line that says what to do, and returns that line.
#[track_caller]
fn refused(ran: &Ran, status: &str) -> String {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""), "{ran:?}");
    let error = ran.error();
    let line = |key: &str| error[key].as_str().map(str::to_owned).filter(|line| !line.contains('\n'));
    assert_eq!(error["name"], status, "{error}");
    let message = line("message").expect("a message of one line");
    assert!(line("hint").is_some(), "says what to do: {error}");
    message
}

/// Tries several verbs on `file`; each must be refused with `status`, name the file, and leave it and the folder alone.
#[track_caller]
fn leaves_alone(scratch: &Scratch, file: &str, status: &str) {
    let names = scratch.names();
    let path = scratch.path(file);
    let read = || path.is_file().then(|| bytes(&path));
    let before = read();
    for verb in ["migrate", "migrations", "health", "diagnostics", "stats", "checkpoint"] {
        let message = refused(&rpmadb(scratch.folder(), &[verb, file]), status);
        assert!(message.contains(file), "{verb} names the file: {message}");
        assert!(read() == before, "{verb} changed {file}");
        assert_eq!(scratch.names(), names, "{verb} left something beside {file}");
    }
}

/// A sound database of the embedded set, closed.
fn sound(scratch: &Scratch, name: &str) -> PathBuf {
    let path = scratch.path(name);
    open(&path).close().expect("closes");
    path
}

// --- files that are no databases

#[test]
fn a_folder_is_no_database() {
    let scratch = Scratch::new();
    scratch.write("folder/inside.txt", "x");
    leaves_alone(&scratch, "folder", "NOT_A_DATABASE");
}

#[test]
fn a_fifo_is_no_database_and_nobody_waits_for_it() {
    let scratch = Scratch::new();
    nix::unistd::mkfifo(&scratch.path("fifo"), nix::sys::stat::Mode::S_IRWXU).expect("makes a FIFO");
    leaves_alone(&scratch, "fifo", "NOT_A_DATABASE");
}

#[test]
fn text_and_noise_are_no_databases() {
    let scratch = Scratch::new();
    scratch.write("short.txt", "short");
    scratch.write("long.txt", "Dear diary, this is not a database at all.\n".repeat(500));
    // a generator and no random source: what fails today must fail tomorrow
    let noise = std::iter::successors(Some(1_u32), |x| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)));
    scratch.write("noise.db", noise.take(20_000).map(|x| (x >> 24) as u8).collect::<Vec<_>>());
    for file in ["short.txt", "long.txt", "noise.db"] {
        leaves_alone(&scratch, file, "NOT_A_DATABASE");
    }
}

/// SQLite takes a file of one byte for an empty one and would write a database over it (`unixFileSize`, a workaround
/// for an old msdos file system).
#[test]
fn a_file_of_one_byte_is_no_database() {
    let scratch = Scratch::new();
    scratch.write("one.txt", "5");
    leaves_alone(&scratch, "one.txt", "NOT_A_DATABASE");
}

#[test]
fn a_truncated_database_is_damaged() {
    let scratch = Scratch::new();
    let whole = bytes(&sound(&scratch, "whole.db"));
    for length in [50, 100, 4_096, 5_000, whole.len() / 2] {
        let name = format!("first-{length}.db");
        let path = scratch.write(&name, &whole[..length]);
        let names = scratch.names();
        for args in [&["migrate", &name][..], &["migrations", &name], &["stats", &name], &["backup", &name, "b.db"]] {
            let message = refused(&rpmadb(scratch.folder(), args), "CORRUPT");
            assert!(message.contains(&name), "{args:?} names the file: {message}");
        }
        // these two are asked about damage, so they answer or say that they could not
        let health = rpmadb(scratch.folder(), &["health", &name]);
        assert!(health.stdout.contains("\"critical\"") || health.error()["name"] == "CORRUPT", "{health:?}");
        let found = rpmadb(scratch.folder(), &["diagnostics", &name]);
        assert!(!found.stdout.contains("\"integrity\": \"ok\""), "{found:?}");
        assert!(bytes(&path) == whole[..length], "{name} changed");
        assert_eq!(scratch.names(), names, "something was left beside {name}");
    }
}

#[test]
fn a_damaged_page_is_diagnosed_and_not_backed_up() {
    let scratch = Scratch::new();
    let mut damaged = bytes(&sound(&scratch, "whole.db"));
    let at = damaged.len() / 4096 / 2 * 4096;
    damaged[at..at + 4096].fill(0xff);
    scratch.write("a.db", &damaged);
    let ran = rpmadb(scratch.folder(), &["diagnostics", "a.db"]);
    let report: Json = serde_json::from_str(&ran.stdout).expect("a report");
    assert!(report["integrity"].as_str().is_some_and(|findings| findings != "ok"), "{report}");
    let ran = rpmadb(scratch.folder(), &["backup", "a.db", "b.db"]);
    let error = ran.error();
    assert!(["BACKUP_INVALID", "CORRUPT"].contains(&error["name"].as_str().expect("a name")), "{error}");
    assert_eq!(scratch.names(), ["a.db", "whole.db"], "no copy, no leftovers");
    assert!(bytes(&scratch.path("a.db")) == damaged);
}

#[test]
fn an_empty_file_becomes_a_database() {
    let scratch = Scratch::new();
    scratch.write("a.db", "");
    let ran = rpmadb(scratch.folder(), &["migrate", "a.db"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let report: Json = serde_json::from_str(&ran.stdout).expect("a report");
    assert_eq!((&report["from"], &report["to"]), (&0.into(), &18.into()));
}

#[test]
fn links_that_lead_nowhere_are_refused() {
    let scratch = Scratch::new();
    std::os::unix::fs::symlink(scratch.path("loop"), scratch.path("loop")).expect("links");
    let ran = rpmadb(scratch.folder(), &["migrate", "loop"]);
    assert_eq!((ran.code, &ran.error()["name"]), (Some(1), &"IO".into()), "{ran:?}");
    std::os::unix::fs::symlink(scratch.path("no/such/folder/a.db"), scratch.path("far.db")).expect("links");
    for verb in ["migrate", "stats"] {
        let ran = rpmadb(scratch.folder(), &[verb, "far.db"]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
    }
    assert_eq!(scratch.names(), ["far.db", "loop"]);
}

#[test]
fn a_missing_folder_is_named_and_not_made() {
    let scratch = Scratch::new();
    let message = refused(&rpmadb(scratch.folder(), &["migrate", "no/such/a.db"]), "NOT_FOUND");
    assert!(message.contains("no/such"), "{message}");
    let message = refused(&rpmadb(scratch.folder(), &["stats", "a.db"]), "NOT_FOUND");
    assert!(message.contains("a.db"), "{message}");
    assert!(scratch.names().is_empty());
}

// --- files of other people

/// A scratch folder that everybody may enter, with a copy of the command that everybody may run.
fn public(scratch: &Scratch) -> PathBuf {
    std::fs::set_permissions(scratch.folder(), PermissionsExt::from_mode(0o755)).expect("opens the folder");
    let copy = scratch.path("rpmadb");
    std::fs::copy(env!("CARGO_BIN_EXE_rpmadb"), &copy).expect("copies the command");
    copy
}

/// Runs the command as somebody without rights on our files. A test that is not run by root is such a somebody already.
fn as_nobody(command: &Path, folder: &Path, args: &[&str]) -> Ran {
    let is_root = std::fs::metadata(command).expect("there").uid() == 0;
    let mut command = Command::new(command);
    command.current_dir(folder).args(args).arg("--json").env_remove("RPMADB_MIGRATIONS");
    if is_root {
        command.uid(65_534).gid(65_534);
    }
    finish(command)
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("sets the mode");
}

#[test]
fn a_file_without_read_permission_is_refused() {
    let scratch = Scratch::new();
    let command = public(&scratch);
    let path = sound(&scratch, "a.db");
    let before = bytes(&path);
    set_mode(&path, 0o000);
    for verb in ["migrate", "stats", "health"] {
        let message = refused(&as_nobody(&command, scratch.folder(), &[verb, "a.db"]), "PERMISSION");
        assert!(message.contains("a.db"), "{message}");
    }
    set_mode(&path, 0o600);
    assert!(bytes(&path) == before);
    assert_eq!(scratch.names(), ["a.db", "rpmadb"]);
}

#[test]
fn a_file_without_write_permission_in_a_folder_without_it_is_refused() {
    let scratch = Scratch::new();
    let command = public(&scratch);
    std::fs::create_dir(scratch.path("shut")).expect("makes");
    let path = sound(&scratch, "shut/a.db");
    let before = bytes(&path);
    set_mode(&path, 0o444);
    set_mode(&scratch.path("shut"), 0o555);
    let old = refused(&as_nobody(&command, scratch.folder(), &["migrate", "shut/a.db"]), "PERMISSION");
    let new = refused(&as_nobody(&command, scratch.folder(), &["migrate", "shut/new.db"]), "PERMISSION");
    let copy = as_nobody(&command, scratch.folder(), &["backup", "shut/a.db", "shut/b.db"]);
    let left =
        std::fs::read_dir(scratch.path("shut")).expect("reads").map(|entry| entry.expect("an entry").file_name());
    let left: std::collections::BTreeSet<_> = left.collect();
    set_mode(&scratch.path("shut"), 0o755);
    assert!(old.contains("a.db"), "{old}");
    assert!(new.contains("shut"), "{new}");
    refused(&copy, "PERMISSION");
    assert!(bytes(&path) == before);
    assert_eq!(left, ["a.db".into(), "a.db-audit".into()].into(), "nothing new beside the file");
}

#[test]
fn a_database_in_a_folder_that_cannot_be_written_is_refused() {
    let scratch = Scratch::new();
    let command = public(&scratch);
    std::fs::create_dir(scratch.path("shut")).expect("makes");
    let path = sound(&scratch, "shut/a.db");
    let before = bytes(&path);
    set_mode(&path, 0o666);
    set_mode(&scratch.path("shut"), 0o555);
    let ran = as_nobody(&command, scratch.folder(), &["query", "shut/a.db", "SELECT 1"]);
    set_mode(&scratch.path("shut"), 0o755);
    refused(&ran, "PERMISSION");
    assert!(bytes(&path) == before);
}

#[test]
fn what_a_call_reads_beside_the_database_may_be_out_of_reach_too() {
    let scratch = Scratch::new();
    let command = public(&scratch);
    std::fs::create_dir(scratch.path("theirs")).expect("makes");
    set_mode(&scratch.path("theirs"), 0o777);
    scratch.migrations("m", &[("1_a.sql", "CREATE TABLE a (x);")]);
    set_mode(&scratch.path("m/1_a.sql"), 0o000);
    let args = ["migrate", "theirs/a.db", "--migrations", "m"];
    let message = refused(&as_nobody(&command, scratch.folder(), &args), "PERMISSION");
    assert!(message.contains("1_a.sql"), "{message}");
    set_mode(&scratch.path("m"), 0o000);
    let message = refused(&as_nobody(&command, scratch.folder(), &args), "PERMISSION");
    set_mode(&scratch.path("m"), 0o755);
    assert!(message.contains('m'), "{message}");
    assert_eq!(std::fs::read_dir(scratch.path("theirs")).expect("reads").count(), 0, "the file was not made");
    assert_eq!(as_nobody(&command, scratch.folder(), &["migrate", "theirs/a.db"]).code, Some(0));
    set_mode(&scratch.write("s.lua", "return 1"), 0o000);
    let message = refused(&as_nobody(&command, scratch.folder(), &["script", "theirs/a.db", "s.lua"]), "PERMISSION");
    assert!(message.contains("s.lua"), "{message}");
    let copy = as_nobody(&command, scratch.folder(), &["backup", "theirs/a.db", "b.db"]);
    assert!(refused(&copy, "PERMISSION").contains("b.db"));
}

// --- migrations

#[test]
fn a_bad_migrations_folder_is_refused_before_the_database_is_touched() {
    let good = ("1_a.sql", "CREATE TABLE a (x);");
    for (files, named) in [
        (&[good, ("users.sql", "SELECT 1;")][..], "users.sql"),
        (&[good, ("2_b.txt", "SELECT 1;")], "2_b.txt"),
        (&[good, ("2_b.SQL", "SELECT 1;")], "2_b.SQL"),
        (&[good, ("2_b.sql.bak", "SELECT 1;")], "2_b.sql.bak"),
        (&[good, ("0_zero.sql", "SELECT 1;")], "0_zero.sql"),
        (&[good, ("r_view.sql", "SELECT 1;")], "r_view.sql"),
        (&[good, ("1_b.sql", "SELECT 1;")], "1_b.sql"),
        (&[good, ("1_b.lua", "return { up = function() end }")], "1_b.lua"),
        (&[good, ("2_b.sql", "")], "2_b.sql"),
        (&[good, ("2_b.sql", " \n-- nothing but a comment\n;\n")], "2_b.sql"),
        (&[good, ("2_b.lua", "  \n")], "2_b.lua"),
        (&[good, ("2_b.sql", "SELECT 1;\nSELECT '\0';")], "2_b.sql"),
        (&[good, ("R_v.sql", "\0")], "R_v.sql"),
        (&[good, ("2_b.down.sql", "SELECT 1;")], "2_b.down.sql"),
        (&[good, ("1_other.down.sql", "SELECT 1;")], "1_other.down.sql"),
        (&[good, ("2_b.sql", "-- rpmadb: speed=high\nSELECT 1;")], "2_b.sql"),
    ] {
        let scratch = Scratch::new();
        scratch.migrations("m", files);
        let ran = rpmadb(scratch.folder(), &["migrate", "a.db", "--migrations", "m"]);
        assert!(refused(&ran, "MIGRATION_INVALID").contains(named), "{named}: {ran:?}");
        assert_eq!(ran.error()["file"], named);
        assert_eq!(scratch.names(), ["m"], "{named}: the file was not made");
    }
}

#[test]
fn migrations_that_are_no_text_are_refused() {
    let scratch = Scratch::new();
    scratch.write("m/1_a.sql", b"SELECT 1;\nSELECT '\xe9t\xe9';\n");
    let ran = rpmadb(scratch.folder(), &["migrate", "a.db", "--migrations", "m"]);
    let message = refused(&ran, "MIGRATION_INVALID");
    let error = ran.error();
    assert!(message.contains("1_a.sql") && message.contains("UTF-8"), "{message}");
    assert_eq!((&error["file"], &error["line"], &error["column"]), (&"1_a.sql".into(), &2.into(), &9.into()));
    std::fs::write(scratch.path("m").join(std::ffi::OsStr::from_bytes(b"2_\xff.sql")), "SELECT 1;").expect("writes");
    std::fs::write(scratch.path("m/1_a.sql"), "SELECT 1;").expect("writes");
    let ran = rpmadb(scratch.folder(), &["migrate", "a.db", "--migrations", "m"]);
    assert!(refused(&ran, "MIGRATION_INVALID").contains("UTF-8"), "{ran:?}");
    assert_eq!(scratch.names(), ["m"]);
}

#[test]
fn what_is_no_file_among_the_migrations_is_refused() {
    let scratch = Scratch::new();
    scratch.write("m/1_a.sql", "SELECT 1;");
    let ran = |name: &str| {
        let ran = rpmadb(scratch.folder(), &["migrate", "a.db", "--migrations", "m"]);
        assert!(ran.error()["message"].as_str().is_some_and(|message| message.contains(name)), "{ran:?}");
        assert_eq!(scratch.names(), ["m"], "{name}: the file was not made");
        ran
    };
    for name in ["archive", "2_b.sql"] {
        std::fs::create_dir(scratch.path("m").join(name)).expect("makes");
        refused(&ran(name), "MIGRATION_INVALID");
        std::fs::remove_dir(scratch.path("m").join(name)).expect("removes");
    }
    std::os::unix::fs::symlink("nowhere", scratch.path("m/2_b.sql")).expect("links");
    assert_eq!(ran("2_b.sql").code, Some(1));
    std::fs::remove_file(scratch.path("m/2_b.sql")).expect("removes");
    std::os::unix::fs::symlink("1_a.sql", scratch.path("m/2_b.sql")).expect("links");
    assert_eq!(rpmadb(scratch.folder(), &["migrate", "b.db", "--migrations", "m"]).code, Some(0), "a link is fine");
}

#[test]
fn a_fifo_among_the_migrations_is_refused_and_nobody_waits_for_it() {
    let scratch = Scratch::new();
    scratch.write("m/1_a.sql", "SELECT 1;");
    nix::unistd::mkfifo(&scratch.path("m/2_b.sql"), nix::sys::stat::Mode::S_IRWXU).expect("makes a FIFO");
    let ran = rpmadb(scratch.folder(), &["migrate", "a.db", "--migrations", "m"]);
    assert!(refused(&ran, "MIGRATION_INVALID").contains("2_b.sql"), "{ran:?}");
    assert_eq!(scratch.names(), ["m"]);
}

// --- options

#[test]
fn options_that_are_wrong_are_refused_by_key() {
    for (json, said) in [
        ("nonsense", "options must be a JSON object"),
        ("[]", "options must be a JSON object"),
        ("null", "options must be a JSON object"),
        ("{", "options are not JSON"),
        ("{} {}", "options are not JSON"),
        (r#"{"create": tru}"#, "options are not JSON"),
        (r#"{"creat": true}"#, "option 'creat': unknown field"),
        (r#"{"create": 1}"#, "option 'create': invalid type"),
        (r#"{"role": "root"}"#, "option 'role': unknown variant"),
        (r#"{"pool": {"max": -1}}"#, "option 'pool.max': invalid value"),
        (r#"{"pool": {"max": 1001}}"#, "option 'pool.max': 1001 is outside 1 to 1000"),
        (r#"{"pool": {"size": 5}}"#, "option 'pool.size': unknown field"),
        (r#"{"busy_timeout_ms": 1e99}"#, "option 'busy_timeout_ms': invalid type"),
        (r#"{"script": {"timeout_ms": 0}}"#, "option 'script.timeout_ms': 0 is outside"),
        (r#"{"create": true, "create": false}"#, "option 'create': duplicate field"),
    ] {
        let error = request::Open::from_json(Some(json)).expect_err(json);
        assert_eq!(error.status().name(), "INVALID_ARGUMENT", "{json}");
        assert!(error.to_string().starts_with(said), "{json}: {error}");
    }
    let deep = format!("{}{}", r#"{"pool":"#.repeat(100_000), "}".repeat(100_000));
    assert_eq!(request::Open::from_json(Some(&deep)).expect_err("deep").status().name(), "INVALID_ARGUMENT");
}
