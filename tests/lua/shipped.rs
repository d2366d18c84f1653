//! The scripts that are shipped in `scripts/`, on a workshop with generated rows.
//!
//! Leaves to others: what `db`, `job` and `log` are (`scripts`, `verbs`).
//!
//! A script is an example, too: its head must be complete and say what is true, and one that says it changes nothing
//! must get along with a handle that may not.

mod erasing;
mod reporting;
mod workshop;
mod writing;

use std::collections::BTreeMap;

use super::*;
use crate::concurrency::seed;
use workshop::Workshop;

/// Every script, in order of their names, and whether it writes.
const SCRIPTS: [(&str, bool); 11] = [
    ("data_quality", false),
    ("duplicate_clients", false),
    ("erase_client", true),
    ("export_rows", false),
    ("find_orphans", false),
    ("index_advice", false),
    ("integrity_sweep", false),
    ("merge_clients", true),
    ("nightly_maintenance", true),
    ("purge_old_rows", true),
    ("table_growth", false),
];

fn source(name: &str) -> String {
    let path = format!("{}/scripts/{name}.lua", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).expect(&path)
}

fn try_shipped(database: &Database, name: &str, args: &Json) -> Result<report::Script, Error> {
    let args = args.as_object().expect("an object").clone();
    let request = request::Script { name: Some(format!("{name}.lua")), args, ..request::Script::default() };
    database.script(&source(name), &request, &watch())
}

fn shipped(database: &Database, name: &str, args: Json) -> Json {
    try_shipped(database, name, &args).unwrap_or_else(|error| panic!("{name} {args}: {error}")).result
}

/// The message of a refusal of arguments; nothing may have changed.
fn refused(database: &Database, name: &str, args: Json) -> String {
    let before = contents(database);
    let error = try_shipped(database, name, &args).expect_err("must be refused");
    assert_eq!(error.status().name(), "SCRIPT_FAILED", "{name} {args}: {error}");
    assert_eq!(contents(database), before, "{name} {args}");
    error.to_string()
}

fn check_refused(database: &Database, name: &str, args: Json, message: &str) {
    let found = refused(database, name, args.clone());
    assert!(found.contains(message), "{name} {args}: {found}");
}

/// What the head of a script says.
#[derive(Debug, Default)]
struct Head {
    role: String,
    purpose: String,
    changes: String,
    /// Name, and type.
    args: BTreeMap<String, String>,
}

fn head(name: &str) -> Head {
    let mut head = Head::default();
    let text = source(name);
    for line in text.lines().map_while(|line| line.strip_prefix("--! ")) {
        let (key, rest) = line.split_once(": ").unwrap_or_else(|| panic!("{name}: {line}"));
        match key {
            "role" => {
                let mut parts = rest.split(", ");
                head.role = parts.next().expect("a role").to_owned();
                let limits: Vec<&str> = parts.filter_map(|part| part.split_once(": ")).map(|(key, _)| key).collect();
                assert_eq!(limits, ["timeout", "memory"], "{name}: {line}");
            }
            "purpose" => head.purpose = rest.to_owned(),
            "changes" => head.changes = rest.to_owned(),
            "arg" => {
                let (declared, meaning) = rest.split_once(" -- ").unwrap_or_else(|| panic!("{name}: {line}"));
                let mut words = declared.split(' ');
                let arg = words.next().expect("a name");
                let kind = words.next().expect("a type").trim_end_matches('!');
                assert!(["integer", "number", "string", "boolean"].contains(&kind) && !meaning.is_empty(), "{line}");
                assert!(matches!(words.next(), None | Some("=")), "{name}: {line}");
                assert!(head.args.insert(arg.to_owned(), kind.to_owned()).is_none(), "{name}: {line}");
            }
            _ => panic!("{name}: {line}"),
        }
    }
    head
}

#[test]
fn every_file_in_scripts_is_listed_here() {
    let folder = format!("{}/scripts", env!("CARGO_MANIFEST_DIR"));
    let entries = std::fs::read_dir(folder).expect("reads the folder");
    let mut found: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    found.sort();
    assert_eq!(found, SCRIPTS.map(|(name, _)| format!("{name}.lua")));
}

#[test]
fn every_script_has_a_complete_head() {
    for (name, writes) in SCRIPTS {
        let head = head(name);
        assert_eq!(head.role, if writes { "admin" } else { "supervisor" }, "{name}");
        assert!(head.purpose.ends_with('.'), "{name}: {}", head.purpose);
        assert!(!head.args.is_empty(), "{name}");
        match writes {
            true => assert!(head.changes.ends_with('.'), "{name}: {}", head.changes),
            false => assert_eq!(head.changes, "nothing", "{name}"),
        }
    }
}

#[test]
fn every_script_says_which_arguments_it_knows() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    for (name, _) in SCRIPTS {
        let known: Vec<String> = head(name).args.into_keys().collect();
        let message = format!("unknown argument 'keep_dyas'; known are {}", known.join(", "));
        check_refused(&database, name, json!({"keep_dyas": 1}), &message);
    }
}

#[test]
fn no_script_takes_an_argument_of_another_type() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    for (name, _) in SCRIPTS {
        for (arg, kind) in head(name).args {
            let (wrong, given) = if kind == "string" { (json!(1.5), "float") } else { (json!("1"), "string") };
            let message = format!("argument '{arg}' is of type {given} and must be of type {kind}");
            check_refused(&database, name, json!({ arg: wrong }), &message);
        }
    }
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    for (name, arg, value, least) in [
        ("data_quality", "samples", -1, 0),
        ("duplicate_clients", "most", 0, 1),
        ("find_orphans", "samples", -1, 0),
        ("integrity_sweep", "most", 0, 1),
        ("nightly_maintenance", "keep_last", -1, 0),
        ("nightly_maintenance", "keep_monthly", -3, 0),
        ("purge_old_rows", "batch_size", 0, 1),
        ("purge_old_rows", "session_days", -1, 0),
        ("purge_old_rows", "audit_days", -1, 0),
        ("table_growth", "top", 0, 1),
    ] {
        let message = format!("argument '{arg}' is {value} and must be at least {least}");
        check_refused(&database, name, json!({ arg: value }), &message);
    }
}

#[test]
fn scripts_that_change_nothing_run_for_a_supervisor() {
    let workshop = Workshop::new(seed("supervisor"));
    let database = workshop.open();
    let supervisor = database.act_as("ada", Role::Supervisor).expect("hands out");
    let before = contents(&database);
    for (name, writes) in SCRIPTS {
        let args = if name == "export_rows" { json!({"table": "clients"}) } else { json!({}) };
        if !writes {
            shipped(&supervisor, name, args);
        }
    }
    assert_eq!(contents(&database), before);
}
