//! Every verb and every role, at every door, against one table.
//!
//! Leaves to others: what a verb needs to succeed, which is its scene in `parity`.
//!
//! Invariant: who may is answered with a report, and who may not with `DENIED`, whatever else is passed; both are asserted, so
//! that a verb that nobody may call is found as well.

use std::collections::BTreeSet;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;

use rpmadb::{Database, LUA_VERBS, Role, VERBS, request};
use serde_json::json;

use crate::parity::{call_in_lua, call_in_rust, open_scene, scene};
use crate::support::{Scratch, bare, refusal, text, try_open, watch};

/// Who may: the lowest role of each verb, and of what a handle has beside them.
pub(super) const MAY: &[(&str, Role)] = &[
    ("adopt", Role::Admin),
    ("alerts", Role::Supervisor),
    ("audit", Role::Supervisor),
    ("backup", Role::Admin),
    ("backups", Role::Supervisor),
    ("baseline", Role::Admin),
    ("checkpoint", Role::Admin),
    ("diagnostics", Role::Supervisor),
    ("health", Role::Supervisor),
    ("lint", Role::Supervisor),
    ("metrics", Role::Supervisor),
    ("migrate", Role::Admin),
    ("migrations", Role::Supervisor),
    ("monitor_start", Role::Admin),
    ("monitor_stop", Role::Admin),
    ("on_alert", Role::Supervisor),
    ("pin", Role::Admin),
    ("prune", Role::Admin),
    ("query", Role::Supervisor),
    ("repair", Role::Admin),
    ("restore", Role::Admin),
    ("rollback", Role::Admin),
    ("schema", Role::Supervisor),
    ("script", Role::Supervisor),
    ("script_file", Role::Supervisor),
    ("scripts", Role::Supervisor),
    ("stats", Role::Supervisor),
    ("test", Role::Admin),
    ("undo_restore", Role::Admin),
    ("verify", Role::Admin),
    // beside the verbs
    ("add_step", Role::Admin),
    ("as", Role::Supervisor),
    ("close", Role::User),
    ("repl", Role::Supervisor),
    ("transaction", Role::Admin),
];

const BESIDE: [&str; 8] =
    ["add_step", "as", "close", "monitor_start", "monitor_stop", "on_alert", "repl", "transaction"];
const ROLES: [Role; 3] = [Role::Admin, Role::Supervisor, Role::User];

#[test]
fn every_verb_has_a_line() {
    let lines: BTreeSet<&str> = MAY.iter().map(|(verb, _)| *verb).collect();
    let wanted: BTreeSet<&str> = VERBS.iter().chain(&BESIDE).copied().collect();
    assert_eq!(lines, wanted);
    assert_eq!(lines.len(), MAY.len(), "each once");
}

fn is_beside(verb: &str) -> bool {
    BESIDE.contains(&verb)
}

#[track_caller]
fn check(door: &str, verb: &str, role: Role, lowest: Role, answer: &str) {
    let wanted = if role >= lowest { "OK" } else { "DENIED" };
    assert_eq!(answer, wanted, "{door}: {verb} as {}", role.name());
}

// --- Rust

fn in_rust(verb: &str, database: &Database, scratch: &Scratch) -> &'static str {
    let outcome = match verb {
        "add_step" => database.add_step(rpmadb::HostStep {
            version: 99,
            name: "x".into(),
            up: std::sync::Arc::new(|_| Ok(())),
            down: None,
        }),
        "as" => database.act_as("x", Role::User).map(drop),
        "close" => database.close(),
        "monitor_start" => database.monitor_start(&request::Monitor::default()).map(drop),
        // why both: what does not run cannot be stopped
        "monitor_stop" if database.role() == Role::Admin => {
            database.monitor_start(&request::Monitor::default()).and_then(|_| database.monitor_stop()).map(drop)
        }
        "monitor_stop" => database.monitor_stop().map(drop),
        "on_alert" => database.on_alert(None),
        "repl" => database.repl().and_then(|lines| lines.run("1", &watch()).map(drop)),
        "transaction" => database.transaction(&watch(), |_| 0).map(drop),
        // why another than in the scene: that one inserts
        "query" => database.query("SELECT 1", None, &watch()).map(drop),
        other => call_in_rust(other, database, scratch).map(drop),
    };
    outcome.map_or_else(|error| error.status().name(), |()| "OK")
}

#[test]
fn the_matrix_holds_in_rust() {
    for (verb, lowest) in MAY {
        for role in ROLES {
            let scratch = scene(if is_beside(verb) { "query" } else { verb });
            let admin = open_scene(&scratch);
            let handed_out = admin.act_as("x", role).expect("hands out");
            if role < *lowest {
                // both kinds of handle, and neither does harm
                let options = request::Open { role, ..bare() };
                let opened = try_open(scratch.path("a.db"), &options).expect("opens").0;
                check("Rust, opened", verb, role, *lowest, in_rust(verb, &opened, &scratch));
            }
            check("Rust", verb, role, *lowest, in_rust(verb, &handed_out, &scratch));
        }
    }
}

#[test]
fn a_handle_that_is_bound_to_a_transaction_gives_no_more() {
    let scratch = scene("query");
    let admin = open_scene(&scratch);
    let report = admin.transaction(&watch(), |bound| {
        for (verb, lowest) in MAY.iter().filter(|(verb, _)| *verb != "close") {
            for role in [Role::Supervisor, Role::User].into_iter().filter(|role| role < lowest) {
                let lent = bound.act_as("x", role).expect("hands out");
                check("bound", verb, role, *lowest, in_rust(verb, &lent, &scratch));
                assert_eq!(refusal(lent.act_as("x", Role::Admin)), "DENIED");
            }
        }
        0
    });
    assert!(report.expect("commits").committed);
}

#[test]
fn nobody_hands_out_more_than_he_has() {
    let admin = try_open(":memory:", &bare()).expect("opens").0;
    for parent in ROLES {
        let handle = admin.act_as("p", parent).expect("hands out");
        for child in ROLES {
            for actor in ["p", "c"] {
                let outcome = handle.act_as(actor, child);
                // a supervisor is shown the records of the own actor, and by another name would be shown that one's
                let is_own = actor == "p" || parent == Role::Admin || child == Role::User;
                let may = parent >= Role::Supervisor && child <= parent && is_own;
                assert_eq!(outcome.is_ok(), may, "{} to {actor} from {}", child.name(), parent.name());
                match outcome {
                    Ok(handle) => assert_eq!((handle.actor(), handle.role()), (actor, child)),
                    Err(error) => assert_eq!(error.status().name(), "DENIED"),
                }
            }
        }
    }
    for name in ["", "Admin", "admin ", "root", "supervisor\0"] {
        assert_eq!(refusal(Role::from_name(name)), "INVALID_ARGUMENT", "{name:?}");
    }
}

#[test]
fn a_supervisor_who_opens_gets_a_migrated_database_and_no_more_rights() {
    let scratch = Scratch::new();
    let options = request::Open { role: Role::Supervisor, ..request::Open::default() };
    let (database, report) = try_open(scratch.path("a.db"), &options).expect("opens");
    assert!(report.migrate.expect("migrated").to > 0);
    for sql in ["DELETE FROM users", "CREATE TABLE x (a)", "DELETE FROM rpmadb_migrations"] {
        assert_eq!(refusal(database.query(sql, None, &watch())), "DENIED", "{sql}");
    }
    assert!(
        database.query("SELECT version FROM rpmadb_migrations", None, &watch()).is_ok(),
        "the history is not secret"
    );
    assert_eq!(refusal(database.act_as("x", Role::Admin)), "DENIED");
    assert_eq!(refusal(database.migrate(&request::Migrate::default(), &watch())), "DENIED");
}

#[test]
fn what_needs_no_handle_asks_for_the_role_in_the_options() {
    let scratch = scene("restore");
    let before = scratch.names();
    let restore = |role| {
        let options = request::Open { role, busy_timeout_ms: Some(u64::MAX), ..bare() };
        let backup = scratch.path("backups/b.db");
        refusal(Database::restore_file(
            scratch.path("new.db"),
            &backup,
            &options,
            &request::Restore::default(),
            &watch(),
        ))
    };
    assert_eq!(restore(Role::User), "DENIED");
    assert_eq!(restore(Role::Supervisor), "DENIED");
    assert_eq!(restore(Role::Admin), "INVALID_ARGUMENT", "the options are looked at after the role");
    let file = scratch.write("t.lua", "it('reads', function() assert(db:value('SELECT 1') == 1) end)");
    let test = |path: &std::path::Path, role| Database::test_script(path, &request::Open { role, ..bare() }, &watch());
    assert_eq!(refusal(test(&file, Role::User)), "DENIED");
    assert_eq!(
        refusal(test(&scratch.path("nowhere.lua"), Role::User)),
        "DENIED",
        "and is not told which files there are"
    );
    for role in [Role::Supervisor, Role::Admin] {
        assert!(test(&file, role).expect("runs").passed, "{}", role.name());
    }
    std::fs::remove_file(file).expect("removes");
    assert_eq!(scratch.names(), before);
}

// --- Lua

#[test]
fn the_matrix_holds_in_scripts() {
    for verb in LUA_VERBS {
        let lowest = MAY.iter().find(|(known, _)| known == verb).expect(verb).1;
        for role in ROLES {
            let scratch = scene(verb);
            let handle = open_scene(&scratch).act_as("x", role).expect("hands out");
            let call = if *verb == "query" { "db:query('SELECT 1')".into() } else { call_in_lua(verb) };
            let source = format!("local ok, e = pcall(function() {call} end) return ok and 'OK' or e.code:upper()");
            let outcome = handle.script(&source, &request::Script::default(), &watch());
            let answer = outcome.map_or_else(|error| error.status().name().into(), |report| report.result);
            check("Lua", verb, role, lowest, answer.as_str().expect("text"));
        }
    }
}

#[test]
fn a_script_says_for_whom_it_is() {
    let admin = try_open(":memory:", &bare()).expect("opens").0;
    for (head, lowest) in [("admin", Role::Admin), ("supervisor", Role::Supervisor)] {
        for role in ROLES {
            let handle = admin.act_as("x", role).expect("hands out");
            let source = format!("--! role: {head}\nreturn 1");
            let outcome = handle.script(&source, &request::Script::default(), &watch());
            check("a head", head, role, lowest, outcome.map_or_else(|error| error.status().name(), |_| "OK"));
        }
    }
}

// --- C

type Db = *mut c_void;
type Text = *const c_char;
type Out = *mut *mut c_char;
type Plain = extern "C" fn(Db, Text, *mut c_void, Out) -> i32;
type WithText = extern "C" fn(Db, Text, Text, *mut c_void, Out) -> i32;

/// The functions of the ABI by the shape of their arguments.
enum Shape {
    Plain(Plain),
    WithText(WithText),
    Query,
    Rollback,
}

/// Declares functions as C sees them. Why not through the Rust modules: what is linked by its name is the interface.
macro_rules! functions {
    ($($name:ident),*; $($text:ident),*) => {
        unsafe extern "C" {
            $(safe fn $name(db: Db, options: Text, op: *mut c_void, out: Out) -> i32;)*
            $(safe fn $text(db: Db, text: Text, options: Text, op: *mut c_void, out: Out) -> i32;)*
            safe fn rpmadb_query(db: Db, sql: Text, params: Text, options: Text, op: *mut c_void, out: Out) -> i32;
            safe fn rpmadb_rollback(db: Db, target: i64, options: Text, op: *mut c_void, out: Out) -> i32;
            safe fn rpmadb_open(path: Text, options: Text, op: *mut c_void, db: *mut Db, out: Out) -> i32;
            safe fn rpmadb_as(db: Db, actor: Text, role: Text, db_out: *mut Db, out: Out) -> i32;
            safe fn rpmadb_close(db: *mut Db) -> i32;
            safe fn rpmadb_free(text: *mut c_char);
            safe fn rpmadb_status_name(status: i32) -> Text;
            safe fn rpmadb_monitor_start(db: Db, options: Text, out: Out) -> i32;
            safe fn rpmadb_monitor_stop(db: Db, out: Out) -> i32;
            safe fn rpmadb_on_alert(db: Db, callback: Option<Step>, data: *mut c_void, out: Out) -> i32;
            safe fn rpmadb_transaction(db: Db, body: Option<Step>, data: *mut c_void, options: Text, op: *mut c_void, out: Out) -> i32;
            safe fn rpmadb_add_step(
                db: Db, version: i64, name: Text, up: Option<Step>, down: Option<Step>, data: *mut c_void, out: Out,
            ) -> i32;
        }

        fn shape(verb: &str) -> Shape {
            match format!("rpmadb_{verb}").as_str() {
                $(stringify!($name) => Shape::Plain($name),)*
                $(stringify!($text) => Shape::WithText($text),)*
                "rpmadb_query" => Shape::Query,
                "rpmadb_rollback" => Shape::Rollback,
                other => panic!("{other} has no shape here; give it one"),
            }
        }
    };
}

type Step = extern "C-unwind" fn(Db, *mut c_void) -> i32;

functions! {
    rpmadb_adopt, rpmadb_alerts, rpmadb_audit, rpmadb_backups, rpmadb_baseline, rpmadb_diagnostics, rpmadb_health, rpmadb_lint, rpmadb_metrics, rpmadb_migrate,
    rpmadb_migrations, rpmadb_prune, rpmadb_repair, rpmadb_schema, rpmadb_scripts, rpmadb_stats, rpmadb_test,
    rpmadb_undo_restore;
    rpmadb_backup, rpmadb_checkpoint, rpmadb_pin, rpmadb_restore, rpmadb_script, rpmadb_script_file, rpmadb_verify
}

extern "C-unwind" fn nothing(_: Db, _: *mut c_void) -> i32 {
    0
}

fn c(text: &str) -> CString {
    CString::new(text).expect("no NUL")
}

fn status_name(status: i32) -> &'static str {
    // SAFETY: the library's text is static.
    unsafe { CStr::from_ptr(rpmadb_status_name(status)) }.to_str().expect("UTF-8")
}

/// Calls a verb with an argument and options; both may be NULL.
fn in_c(db: Db, verb: &str, argument: Option<&CStr>, options: Option<&CStr>) -> &'static str {
    let pointer = |text: Option<&CStr>| text.map_or(ptr::null(), CStr::as_ptr);
    let (argument, options) = (pointer(argument), pointer(options));
    let (op, mut out) = (ptr::null_mut(), ptr::null_mut());
    let status = match verb {
        "as" => {
            let mut second = ptr::null_mut();
            let status = rpmadb_as(db, argument, options, &raw mut second, &raw mut out);
            assert_eq!(second.is_null(), status != 0);
            rpmadb_close(&raw mut second);
            status
        }
        "monitor_start" => rpmadb_monitor_start(db, options, &raw mut out),
        "monitor_stop" => {
            // why first: what does not run cannot be stopped; who may not start it is refused both
            rpmadb_monitor_start(db, ptr::null(), ptr::null_mut());
            rpmadb_monitor_stop(db, &raw mut out)
        }
        "on_alert" => rpmadb_on_alert(db, None, ptr::null_mut(), &raw mut out),
        "transaction" => rpmadb_transaction(db, Some(nothing), ptr::null_mut(), options, op, &raw mut out),
        "add_step" => rpmadb_add_step(db, 99, argument, Some(nothing), None, ptr::null_mut(), &raw mut out),
        verb => match shape(verb) {
            Shape::Plain(call) => call(db, options, op, &raw mut out),
            Shape::WithText(call) => call(db, argument, options, op, &raw mut out),
            Shape::Query => rpmadb_query(db, argument, ptr::null(), options, op, &raw mut out),
            Shape::Rollback => rpmadb_rollback(db, 0, options, op, &raw mut out),
        },
    };
    rpmadb_free(out);
    status_name(status)
}

/// A handle in C on the scene.
fn open_in_c(scratch: &Scratch, role: Role) -> Db {
    let options = json!({
        "create": false, "migrate": false, "role": role.name(), "migrations": text(&scratch.path("m")),
        "backup": {"folder": text(&scratch.path("backups"))},
    });
    let (path, options) = (c(&text(&scratch.path("a.db"))), c(&options.to_string()));
    let (mut db, mut out) = (ptr::null_mut(), ptr::null_mut());
    let status = rpmadb_open(path.as_ptr(), options.as_ptr(), ptr::null_mut(), &raw mut db, &raw mut out);
    rpmadb_free(out);
    assert_eq!(status_name(status), "OK");
    db
}

/// The argument and the options that a verb succeeds with on its scene.
fn arguments(verb: &str, scratch: &Scratch) -> (Option<CString>, Option<CString>) {
    let argument = match verb {
        "query" => "SELECT 1".into(),
        "script" => "return 1".into(),
        "script_file" => text(&scratch.path("hello.lua")),
        "checkpoint" => "full".into(),
        "pin" | "restore" | "verify" => "b.db".into(),
        "as" | "add_step" => "x".into(),
        _ => return (None, options_of(verb)),
    };
    (Some(c(&argument)), options_of(verb))
}

fn options_of(verb: &str) -> Option<CString> {
    let options = match verb {
        "as" => "user",
        "prune" => r#"{"keep_last": 1}"#,
        "repair" => r#"{"schema": true}"#,
        "rollback" => r#"{"dry_run": true}"#,
        "script_file" => r#"{"args": {"greeting": "hi"}}"#,
        _ => return None,
    };
    Some(c(options))
}

#[test]
fn the_matrix_holds_in_c() {
    for (verb, lowest) in MAY.iter().filter(|(verb, _)| !["close", "repl"].contains(verb)) {
        for role in ROLES {
            let scratch = scene(if is_beside(verb) { "query" } else { verb });
            let mut db = open_in_c(&scratch, role);
            if role < *lowest {
                for argument in [None, Some(c"x"), Some(c"\xff")] {
                    for options in [None, Some(c"{}"), Some(c"{\"no such\": 1}"), Some(c"no JSON"), Some(c"\xff")] {
                        check("C", verb, role, *lowest, in_c(db, verb, argument, options));
                    }
                }
            }
            let (argument, options) = arguments(verb, &scratch);
            check("C", verb, role, *lowest, in_c(db, verb, argument.as_deref(), options.as_deref()));
            assert_eq!((status_name(rpmadb_close(&raw mut db)), db.is_null()), ("OK", true), "everybody may close");
        }
    }
}

#[test]
fn a_role_that_there_is_not_is_no_role_in_c() {
    let scratch = scene("query");
    let mut db = open_in_c(&scratch, Role::Admin);
    for role in ["", "Admin", "root", "user "] {
        assert_eq!(in_c(db, "as", Some(c"x"), Some(&c(role))), "INVALID_ARGUMENT", "{role:?}");
        let (path, options) = (c(&text(&scratch.path("a.db"))), c(&json!({"role": role}).to_string()));
        let (mut second, mut out) = (ptr::null_mut(), ptr::null_mut());
        let status = rpmadb_open(path.as_ptr(), options.as_ptr(), ptr::null_mut(), &raw mut second, &raw mut out);
        rpmadb_free(out);
        assert_eq!((status_name(status), second.is_null()), ("INVALID_ARGUMENT", true), "{role:?}");
    }
    rpmadb_close(&raw mut db);
    let mut db = open_in_c(&scratch, Role::Supervisor);
    assert_eq!(in_c(db, "as", Some(c"x"), Some(c"admin")), "DENIED");
    rpmadb_close(&raw mut db);
}
