//! One verb, one name, at every door: Rust, C, Lua and the command; and one report with the same keys.
//!
//! Leaves to others: that the command's keys are those of the Rust report (`cli`), what the verbs do (`rust`, `lua`).
//!
//! Invariant: a verb added at one door, or taken away at one, fails here until all doors agree; the comparison itself
//! is proven with a name that is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rpmadb::lua_api::{CLASSES, GROUPS, What};
use rpmadb::{CheckpointMode, Database, LUA_VERBS, VERBS, request};
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::support::{Scratch, command, keys, open, refusal, text, try_open, watch};

type Names = BTreeSet<String>;

/// What the command has beside the verbs, because it is for people, or opens and watches.
const COMMAND_ALONE: &[&str] =
    &["completions", "config", "doctor", "help", "man", "monitor", "new", "open", "optimize", "repl", "report", "top"];

/// What a door has beside the verbs, because it makes, holds or ends handles or because the other doors have their own
/// form of it.
const RUST_ALONE: &[&str] = &[
    "act_as",
    "actor",
    "add_step",
    "close",
    "monitor_start",
    "monitor_stop",
    "on_alert",
    "repl",
    "role",
    "transaction",
];
const C_ALONE: &[&str] = &[
    "abi_version",
    "add_step",
    "as",
    "bind_host_sqlite",
    "build_info",
    "check_abi",
    "close",
    "free",
    "json_int",
    "json_real",
    "json_text",
    "log_set",
    "monitor_start",
    "monitor_stop",
    "on_alert",
    "op_cancel",
    "op_free",
    "op_new",
    "op_on_progress",
    "op_progress",
    "op_set_timeout_ms",
    "open",
    "open_sqlite3",
    "restore_file",
    "sqlite3",
    "status_name",
    "transaction",
    "version",
];

fn names<'a>(list: impl IntoIterator<Item = &'a str>) -> Names {
    list.into_iter().map(str::to_owned).collect()
}

/// What one door lacks of the verbs, and what it has that is neither a verb nor known to be its own.
fn differences(door: &str, found: &Names, verbs: &Names, own: &[&str]) -> Vec<String> {
    let own = names(own.iter().copied());
    let lacking = verbs.difference(found).map(|name| format!("{door} lacks {name}"));
    let unknown = found.difference(verbs).filter(|name| !own.contains(*name));
    let gone = own.difference(found).map(|name| format!("{door} no longer has {name}"));
    lacking.chain(unknown.map(|name| format!("{door} alone has {name}"))).chain(gone).collect()
}

/// The identifiers that follow `mark` and are followed by `(`.
fn identifiers(text: &str, mark: &str, after: &str) -> Names {
    text.match_indices(mark)
        .filter_map(|(at, _)| {
            let rest = &text[at + mark.len()..];
            let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))?;
            (end > 0 && rest[end..].starts_with(after)).then(|| rest[..end].to_owned())
        })
        .collect()
}

fn rust_methods() -> Names {
    // why without line breaks: rustfmt breaks long signatures behind the parenthesis
    let text: String = include_str!("../src/database.rs").split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.replace("( &self", "(&self");
    identifiers(&text, "pub fn ", "(&self")
}

fn c_functions() -> Names {
    let header = include_str!("../include/rpmadb.h");
    let code: Vec<&str> = header.lines().filter(|line| !line.trim_start().starts_with(['*', '/'])).collect();
    identifiers(&code.join("\n"), "rpmadb_", "(")
}

/// How a verb is typed. A script that is typed is a name or a file, so one word is enough for both.
pub(crate) fn subcommand(verb: &str) -> String {
    if verb == "script_file" { "script".into() } else { verb.replace('_', "-") }
}

fn subcommands() -> Names {
    let output = command().arg("--help").output().expect("runs");
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    listed
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .map(|name| name.replace('-', "_"))
        .collect()
}

#[test]
fn every_verb_stands_at_every_door() {
    let verbs = names(VERBS.iter().copied());
    let mut found = differences("Database", &rust_methods(), &verbs, RUST_ALONE);
    found.extend(differences("rpmadb.h", &c_functions(), &verbs, C_ALONE));
    let mut typed = verbs.clone();
    typed.remove("script_file");
    found.extend(differences("the command", &subcommands(), &typed, COMMAND_ALONE));
    // why: a script does not run scripts
    let mut in_scripts = verbs.clone();
    in_scripts.retain(|verb| !verb.starts_with("script"));
    found.extend(differences("LUA_VERBS", &names(LUA_VERBS.iter().copied()), &in_scripts, &[]));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_name_that_is_missing_or_new_is_found() {
    let verbs = names(["backup", "stats"]);
    assert_eq!(differences("x", &names(["backup", "open"]), &verbs, &["open"]), ["x lacks stats"]);
    assert_eq!(differences("x", &names(["backup", "stats", "vacuum"]), &verbs, &[]), ["x alone has vacuum"]);
    assert_eq!(differences("x", &verbs, &verbs, &["open"]), ["x no longer has open"]);
    for (door, found) in [("Rust", rust_methods()), ("C", c_functions()), ("the command", subcommands())] {
        let verbs = names(VERBS.iter().copied().chain(["defragment"]));
        assert!(differences(door, &found, &verbs, &[]).contains(&format!("{door} lacks defragment")), "{door}");
        assert!(found.len() >= VERBS.len(), "{door} was read: {found:?}");
    }
}

#[test]
fn every_lua_verb_is_a_function_of_db() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    for verb in LUA_VERBS {
        let report = database.script(&format!("return type(db.{verb})"), &request::Script::default(), &watch());
        assert_eq!(report.expect("runs").result, "function", "{verb}");
    }
    let unknown = database.script("return db.defragment", &request::Script::default(), &watch());
    assert!(unknown.map_or(true, |report| report.result.is_null()), "what is not there is not a function");
    assert_eq!(
        refusal(database.script("return db:script('x')", &request::Script::default(), &watch())),
        "SCRIPT_FAILED"
    );
}

// --- reports

/// A database with something to report: a migration to come, a row that points nowhere, a folder for backups. For `adopt` one
/// with another tool's history, for `repair` one with a changed file.
pub(crate) fn scene(verb: &str) -> Scratch {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    scratch.write("hello.lua", "log.info('hello'); return { greeting = job.args.greeting, list = { { n = 1 } } }");
    let folder = scratch.migrations(
        "m",
        &[
            ("1_a.sql", "CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (p REFERENCES parent (id));"),
            ("1_a.down.sql", "DROP TABLE child; DROP TABLE parent;"),
            ("2_b.sql", "CREATE TABLE b (x);"),
            ("R_v.sql", "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT 1 AS n;"),
        ],
    );
    if verb == "adopt" {
        let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
        plain
            .execute_batch("CREATE TABLE schema_migrations (version uint64, dirty bool); INSERT INTO schema_migrations VALUES (1, 0)")
            .expect("writes");
        return scratch;
    }
    let options = request::Open { migrate: Some(false), migrations: Some(folder), ..request::Open::default() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let first = request::Migrate { target: Some(1), ..request::Migrate::default() };
    database.migrate(&first, &watch()).expect("migrates");
    database.close().expect("closes");
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain
        .execute_batch("PRAGMA foreign_keys = OFF; INSERT INTO child VALUES (9); CREATE INDEX by_hand ON child (p)")
        .expect("writes");
    drop(plain);
    backed_up(&scratch, verb);
    scratch
}

/// Makes what a verb about backups works on: `b.db` in the folder, for `prune` one more than it keeps, for `undo_restore` a
/// restore.
fn backed_up(scratch: &Scratch, verb: &str) {
    if !["backups", "pin", "prune", "restore", "undo_restore", "verify"].contains(&verb) {
        return;
    }
    let database = open_scene(scratch);
    let names: &[&str] = if verb == "prune" { &["b.db", "c.db"] } else { &["b.db"] };
    for name in names {
        let destination = scratch.path("backups").join(name);
        database.backup(Some(&destination), &request::Backup::default(), &watch()).expect("backs up");
    }
    if verb == "undo_restore" {
        database.restore(Path::new("b.db"), &request::Restore::default(), &watch()).expect("restores");
    }
}

pub(crate) fn open_scene(scratch: &Scratch) -> Database {
    let options = request::Open {
        create: Some(false),
        migrate: Some(false),
        migrations: Some(text(&scratch.path("m"))),
        backup: request::BackupFolder {
            folder: Some(text(&scratch.path("backups"))),
            ..request::BackupFolder::default()
        },
        ..request::Open::default()
    };
    try_open(scratch.path("a.db"), &options).expect("opens").0
}

const SQL: &str = "INSERT INTO child VALUES (NULL) RETURNING rowid AS id, x'00' AS bytes";

/// What a verb answers on its scene, in Rust.
pub(crate) fn call_in_rust(verb: &str, database: &Database, scratch: &Scratch) -> Result<Json, rpmadb::Error> {
    fn document(report: Result<impl Serialize, rpmadb::Error>) -> Result<Json, rpmadb::Error> {
        report.map(|report| serde_json::to_value(report).expect("serialises"))
    }
    match verb {
        "alerts" => document(database.alerts(&request::Alerts::default(), &watch())),
        "audit" => document(database.audit(&request::Audit::default(), &watch())),
        "backup" => document(database.backup(None, &request::Backup::default(), &watch())),
        "backups" => document(database.backups(&watch())),
        "verify" => document(database.verify(Path::new("b.db"), &request::Verify::default(), &watch())),
        "restore" => document(database.restore(Path::new("b.db"), &request::Restore::default(), &watch())),
        "undo_restore" => document(database.undo_restore(&request::UndoRestore::default(), &watch())),
        "prune" => {
            let request = request::Prune { keep_last: Some(1), ..request::Prune::default() };
            document(database.prune(&request, &watch()))
        }
        "pin" => document(database.pin(Path::new("b.db"), &request::Pin::default(), &watch())),
        "checkpoint" => document(database.checkpoint(CheckpointMode::Full, &request::Checkpoint::default(), &watch())),
        "diagnostics" => document(database.diagnostics(&watch())),
        "health" => document(database.health(&request::Health::default(), &watch())),
        "metrics" => document(database.metrics(&request::Metrics::default(), &watch())),
        "migrate" => {
            let request = request::Migrate { backup: Some(true), ..request::Migrate::default() };
            document(database.migrate(&request, &watch()))
        }
        "adopt" => document(database.adopt(&request::Adopt::default(), &watch())),
        "baseline" => document(database.baseline(&request::Baseline::default(), &watch())),
        "lint" => document(database.lint(&watch())),
        "repair" => {
            document(database.repair(&request::Repair { schema: true, ..request::Repair::default() }, &watch()))
        }
        "rollback" => {
            let request = request::Rollback { dry_run: true, ..request::Rollback::default() };
            document(database.rollback(0, &request, &watch()))
        }
        "schema" => document(database.schema(&request::Schema::default(), &watch())),
        "test" => document(database.test(&request::Test::default(), &watch())),
        "migrations" => document(database.migrations(&watch())),
        "query" => document(database.query(SQL, None, &watch())),
        "script" => {
            let source = std::fs::read_to_string(scratch.path("hello.lua")).expect("reads");
            let args = json!({"greeting": "hi"}).as_object().cloned().unwrap_or_default();
            let request = request::Script { args, ..request::Script::default() };
            document(database.script(&source, &request, &watch()))
        }
        "script_file" => {
            let args = json!({"greeting": "hi"}).as_object().cloned().unwrap_or_default();
            let request = request::Script { args, ..request::Script::default() };
            document(database.script_file(&text(&scratch.path("hello.lua")), &request, &watch()))
        }
        "scripts" => document(database.scripts(&watch())),
        "stats" => document(database.stats(&request::Stats::default(), &watch())),
        other => panic!("{other} has no scene here; give it one"),
    }
}

/// The report of every verb, each on its own scene, as Rust gets it.
pub(crate) fn reports_in_rust() -> BTreeMap<&'static str, Json> {
    let one = |verb: &str| {
        let scratch = scene(verb);
        call_in_rust(verb, &open_scene(&scratch), &scratch).expect("succeeds")
    };
    VERBS.iter().map(|verb| (*verb, one(verb))).collect()
}

/// The same calls as typed, behind `rpmadb VERB a.db --migrations m`.
pub(crate) fn typed(verb: &str) -> &'static [&'static str] {
    match verb {
        "backup" | "backups" | "undo_restore" => &["--folder", "backups"],
        "verify" | "restore" | "pin" => &["b.db", "--folder", "backups"],
        "prune" => &["--folder", "backups", "--keep-last", "1"],
        "checkpoint" => &["full"],
        "migrate" => &["--backup", "backups"],
        "query" => &[SQL],
        "repair" => &["--schema"],
        "rollback" => &["--to", "0", "--dry-run"],
        "script" | "script_file" => &["hello.lua", "--arg", "greeting=hi"],
        _ => &[],
    }
}

/// The same calls in a script.
pub(crate) fn call_in_lua(verb: &str) -> String {
    match verb {
        "checkpoint" => "db:checkpoint('full')".into(),
        "pin" | "restore" | "verify" => format!("db:{verb}('b.db')"),
        "prune" => "db:prune({ keep_last = 1 })".into(),
        "migrate" => "db:migrate({ backup = true })".into(),
        "repair" => "db:repair({ schema = true })".into(),
        "rollback" => "db:rollback(0, { dry_run = true })".into(),
        other => format!("db:{other}()"),
    }
}

/// Without the members that are null; in Lua those are absent.
fn without_nulls(value: &Json) -> Json {
    match value {
        Json::Object(members) => {
            members.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), without_nulls(v))).collect()
        }
        Json::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

#[test]
fn reports_in_lua_have_the_keys_of_the_rust_reports() {
    let rust = reports_in_rust();
    // why not `query`: in Lua a row is a table by the names of its columns, and no report
    for verb in LUA_VERBS.iter().filter(|verb| **verb != "query") {
        let (call, scratch) = (call_in_lua(verb), scene(verb));
        let report = open_scene(&scratch).script(&format!("return {call}"), &request::Script::default(), &watch());
        let found = keys(&report.expect("runs").result);
        assert_eq!(found, keys(&without_nulls(&rust[verb])), "{verb}");
    }
}

#[test]
fn the_annotated_reports_have_the_keys_of_the_rust_reports() {
    let rust = reports_in_rust();
    let db = GROUPS.iter().find(|group| group.name == "db").expect("db");
    for verb in LUA_VERBS.iter().filter(|verb| **verb != "query") {
        let What::Method(_, [class]) = db.entry(verb).expect(verb).what else { panic!("{verb} returns one report") };
        let class = CLASSES.iter().find(|known| known.name == *class).expect(class);
        let fields: Names = class.fields.iter().map(|(name, _)| name.trim_end_matches('?').to_owned()).collect();
        let report: Names = rust[verb].as_object().expect(verb).keys().cloned().collect();
        assert_eq!(fields, report, "{}", class.name);
        for (name, _) in class.fields {
            assert!(!rust[verb][*name].is_null() || name.ends_with('?'), "{}.{name} may be nil", class.name);
        }
    }
}

#[test]
fn rows_in_lua_are_tables_by_column() {
    let scratch = scene("query");
    let report =
        open_scene(&scratch).script(&format!("return db:query(\"{SQL}\")"), &request::Script::default(), &watch());
    assert_eq!(report.expect("runs").result, json!([{"id": 2, "bytes": "\u{0}"}]));
}
