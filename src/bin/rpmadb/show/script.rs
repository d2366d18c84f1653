//! Printing the reports about scripts for people.

use std::io::Write as _;

use rpmadb::report;
use serde_json::Value;

use super::{escaped, json, plain, table};

pub(crate) fn script(script: &report::Script) {
    for line in &script.log {
        say!("{line}");
    }
    match &script.result {
        Value::Null => {}
        Value::String(text) => say!("{text}"),
        result => json(result),
    }
}

pub(crate) fn scripts(report: &report::Scripts) {
    let row = |script: &report::ScriptEntry| {
        let args: Vec<String> = script.args.iter().map(argument).collect();
        vec![
            escaped(&script.name),
            script.role.unwrap_or("any").to_owned(),
            args.join(" "),
            escaped(script.changes.as_deref().unwrap_or("?")),
            escaped(script.purpose.as_deref().unwrap_or_default()),
        ]
    };
    let columns = ["name", "role", "arguments", "changes", "purpose"].map(String::from);
    table(&columns, &report.scripts.iter().map(row).collect::<Vec<_>>());
}

/// `client_id!` must be given, `keep_days=90` has a default, `note?` may be left out.
fn argument(arg: &report::ScriptArg) -> String {
    match &arg.default {
        Some(default) => format!("{}={}", arg.name, plain(default)),
        None if arg.required => format!("{}!", arg.name),
        None => format!("{}?", arg.name),
    }
}
