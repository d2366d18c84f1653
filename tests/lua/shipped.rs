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

/// The message of a refusal with this status; nothing may have changed.
fn refused(database: &Database, name: &str, args: &Json, status: &str) -> String {
    let before = contents(database);
    let error = try_shipped(database, name, args).expect_err("must be refused");
    assert_eq!(error.status().name(), status, "{name} {args}: {error}");
    assert_eq!(contents(database), before, "{name} {args}");
    error.to_string()
}

/// The script itself refuses what its head cannot express.
fn check_refused(database: &Database, name: &str, args: Json, message: &str) {
    let found = refused(database, name, &args, "SCRIPT_FAILED");
    assert!(found.contains(message), "{name} {args}: {found}");
}

/// An argument is not as the head declares it; the script does not run.
fn check_unfit(database: &Database, name: &str, args: Json, message: &str) {
    assert_eq!(refused(database, name, &args, "INVALID_ARGUMENT"), message, "{name} {args}");
}

/// What the head of a script says.
#[derive(Debug, Default)]
struct Head {
    role: String,
    purpose: String,
    changes: String,
    args: Vec<Arg>,
}

#[derive(Debug)]
struct Arg {
    name: String,
    kind: String,
    required: bool,
    meaning: String,
}

impl Head {
    /// The arguments without which the script does not run.
    fn required(&self) -> Json {
        self.args.iter().filter(|arg| arg.required).map(|arg| (arg.name.clone(), json!("x"))).collect()
    }
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
                let kind = words.next().expect("a type");
                let (kind, required) = kind.strip_suffix('!').map_or((kind, false), |kind| (kind, true));
                assert!(["integer", "number", "string", "boolean"].contains(&kind) && !meaning.is_empty(), "{line}");
                assert!(matches!(words.next(), None | Some("=")), "{name}: {line}");
                let (kind, meaning) = (kind.to_owned(), meaning.to_owned());
                head.args.push(Arg { name: arg.to_owned(), kind, required, meaning });
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
    // what has a second dot is made for editors, see `api`
    found.retain(|name| name.strip_suffix(".lua").is_some_and(|name| !name.contains('.')));
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
        let head = head(name);
        let known: Vec<&str> = head.args.iter().map(|arg| arg.name.as_str()).collect();
        let message =
            format!("option 'args.of_another_script': the script has no 'of_another_script', but {}", known.join(", "));
        check_unfit(&database, name, json!({"of_another_script": 1}), &message);
        for arg in known {
            let message = format!("option 'args.{arg}x': the script has no '{arg}x'; did you mean '{arg}'?");
            check_unfit(&database, name, json!({ format!("{arg}x"): 1 }), &message);
        }
    }
}

#[test]
fn every_script_says_which_arguments_it_needs() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let mut needed = Vec::new();
    for (name, _) in SCRIPTS {
        let head = head(name);
        for arg in head.args.iter().filter(|arg| arg.required) {
            for missing in [None, Some(Json::Null)] {
                let mut args = head.required();
                let others = args.as_object_mut().expect("an object");
                others.remove(&arg.name);
                others.extend(missing.map(|null| (arg.name.clone(), null)));
                check_unfit(
                    &database,
                    name,
                    args,
                    &format!("option 'args.{}': must be given: {}", arg.name, arg.meaning),
                );
            }
            needed.push(format!("{name} {}", arg.name));
        }
    }
    assert_eq!(needed, ["erase_client client_id", "merge_clients keep_id", "merge_clients remove_id"]);
}

#[test]
fn no_script_takes_an_argument_of_another_type() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    for (name, _) in SCRIPTS {
        let head = head(name);
        for Arg { name: arg, kind, .. } in &head.args {
            let wrong = match kind.as_str() {
                "integer" => [json!(1.5), json!("many"), json!(true)],
                "boolean" => [json!(1), json!("1"), json!("yes")],
                "string" => [json!(["x"]), json!({"x": 1}), json!([])],
                kind => panic!("{name} has a {kind}"),
            };
            for wrong in wrong {
                let message = format!("option 'args.{arg}': is {wrong} and must be of the type {kind}");
                let mut args = head.required();
                args[arg] = wrong;
                check_unfit(&database, name, args, &message);
            }
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
