//! What the library says of an error, in the words of the command line: flags for options, verbs for functions, and where a setting stands.
//!
//! Leaves to others: what went wrong (the library), printing it (`show/failure.rs`), which command comes next (`show/next.rs`).
//!
//! Invariant: the status and the place of an error stay what they are; only words change, and a place is added where a setting has one.

use rpmadb::{Error, describe_script};

use crate::args::{Args, Verb};
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show;

/// The failure of a call, as somebody who typed it understands it.
pub(crate) fn of_command(failure: Failure, args: &Args, settings: &Settings) -> Failure {
    let Some(error) = failure.error().cloned() else { return failure };
    let next = show::next(&error, args, settings);
    told(failure, &error, args, settings).with_next(next)
}

fn told(failure: Failure, error: &Error, args: &Args, settings: &Settings) -> Failure {
    match error {
        Error::InvalidOption { key, reason } => option(failure, (key, reason), args, settings),
        Error::InvalidArgument { name, .. } if name == "destination" && matches!(args.verb, Verb::Backup(_)) => failure
            .with_message("destination is missing, and no folder of backups is set".to_owned())
            .with_hint("name the new file behind the database, or a folder with --folder"),
        Error::InvalidArgument { name, .. } if name == "backup.folder" => {
            failure.with_hint("name one with --folder, or with the key backup.folder in rpmadb.toml")
        }
        Error::Unsupported { what, .. } => match instead(what) {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        },
        Error::ReadOnly { .. } | Error::NotFound { .. } if settings.open.read_only => {
            match settings.from("read_only") {
                Some(from) => failure.with_hint(&format!("read_only is set by {from}, so nothing is made or changed")),
                None => failure,
            }
        }
        Error::AlreadyExists { .. } if matches!(args.verb, Verb::Backup(_) | Verb::Report(_)) => {
            failure.with_hint("choose another name, or replace it with --overwrite")
        }
        Error::Corrupt { .. }
            if matches!(args.verb, Verb::Diagnostics { .. } | Verb::Doctor(_) | Verb::Health { .. }) =>
        {
            failure.with_hint("bring back a verified backup with rpmadb restore")
        }
        Error::Timeout { verb, .. } | Error::Cancelled { verb } => {
            let typed = typed(verb);
            let message = error.to_string().replacen(verb, &typed, 1);
            failure.with_message(message)
        }
        Error::ScriptFailed { message, .. } if message.ends_with(IN_A_DRY_RUN) => failure.with_hint(dry(args)),
        _ => failure,
    }
}

/// How the message about a verb ends that a dry run cannot take back.
const IN_A_DRY_RUN: &str = "in a dry run is not available here";

/// How a script that calls such a verb is tried.
fn dry(args: &Args) -> &'static str {
    let Verb::Script(typed) = &args.verb else { return "leave out --dry-run" };
    let described = typed.script.as_deref().and_then(|script| describe_script(script).ok());
    match described.is_some_and(|script| script.args.iter().any(|arg| arg.name == "dry_run" && arg.r#type == "boolean"))
    {
        true => {
            "this cannot be rolled back; the script has a dry run of its own: --arg dry_run=true in place of --dry-run"
        }
        false => "this cannot be rolled back: run the script without --dry-run, on a copy of the database first",
    }
}

/// A verb as it is typed.
pub(crate) fn typed(verb: &str) -> String {
    match verb {
        "script_file" => "script".to_owned(),
        verb => verb.replace('_', "-"),
    }
}

/// What is typed in place of SQL that is refused.
pub(crate) fn instead(what: &str) -> Option<&'static str> {
    if what.ends_with(" as a statement") {
        Some("a call is a transaction by itself; what belongs together goes into a script, with db:transaction")
    } else if what.starts_with("ATTACH, ") {
        Some(
            "name the other file in a call of its own; rpmadb backup makes a copy, db:vacuum() in a script frees space",
        )
    } else if what.starts_with("PRAGMA ") {
        Some(
            "settings of the connection are keys of rpmadb.toml; for work on the file there are checkpoint, backup and the other verbs",
        )
    } else {
        None
    }
}

/// An option with a wrong value: by the flag that was typed, else by where it is set.
fn option(failure: Failure, (key, reason): (&str, &str), args: &Args, settings: &Settings) -> Failure {
    let verb = args.typed.verb();
    if let Some(name) = key.strip_prefix("args.") {
        return failure.with_message(format!("--arg {name}: {reason}")).with_hint(&format!(
            "such as --arg {name}=VALUE; the head of the script says what it takes, and `rpmadb scripts` of those that are built in"
        ));
    }
    let lists = format!("`rpmadb {verb} --help` lists what it takes");
    match flag(key, args) {
        Some(flag) => failure.with_message(format!("{flag}: {reason}")).with_hint(&lists),
        None => settings.placed(failure.with_hint(&lists), key, reason),
    }
}

/// The flag that was typed for an option.
fn flag(key: &str, args: &Args) -> Option<String> {
    let id = match key {
        "backup.folder" if args.typed.has("backup") => "backup",
        "prune.folder" => "folder",
        "versions" if args.typed.has("from") => "from",
        "versions" => "version",
        key => key.rsplit('.').next().unwrap_or(key).trim_end_matches("_ms"),
    };
    let id = if key.starts_with("prune.keep") { id.replace("keep", "prune") } else { id.to_owned() };
    // why: a rollback has it as a word of its own, too
    args.typed.long(&id).or_else(|| args.typed.long("to").filter(|_| id == "target"))
}
