//! Printing the reports about scripts for people.

use std::path::Path;

use rpmadb::{Error, report};
use serde_json::Value;

use super::failure::place;
use super::json;
use super::table::table;
use super::text::{duration, escaped, plain};

pub(crate) fn script(script: &report::Script) {
    for line in &script.log {
        say!("{line}");
    }
    match &script.result {
        Value::Null => {}
        Value::String(text) => say!("{text}"),
        result => json(result),
    }
    if script.dry_run {
        super::changes(script.changes.as_ref());
        match script.rows_changed {
            Some(rows) => say!("dry run: {rows} row(s) would be changed, nothing was kept"),
            None => say!("dry run: nothing was kept"),
        }
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

pub(crate) fn check(report: &report::ScriptCheck) {
    for found in &report.findings {
        say!("{}: {}", found.kind, escaped(&found.message));
        place("  ", &found.place);
    }
    match report.findings.len() {
        0 => say!("{} is right", escaped(&report.name)),
        many => say!("{many} finding(s) in {}", escaped(&report.name)),
    }
}

pub(crate) fn tests(report: &report::ScriptTests) {
    say!("{}", escaped(&report.name));
    for test in &report.tests {
        let verdict = if test.passed { "ok    " } else { "FAILED" };
        say!("  {verdict} {} ({})", escaped(&test.name), duration(test.duration_ms));
        if let Some(error) = &test.error {
            say!("         {}", escaped(&error.message));
            if error.place.line.is_some() {
                place("         ", &error.place);
            }
            test.log.iter().for_each(|line| say!("         log: {line}"));
        }
    }
}

/// A file whose tests could not be run.
pub(crate) fn no_tests(file: &Path, error: &Error) {
    say!("{}", escaped(&file.display().to_string()));
    say!("  FAILED {}", escaped(&error.to_string()));
    if let Some(found) = error.place().filter(|place| place.line.is_some()) {
        place("         ", found);
    }
}

/// The counts of all files.
pub(crate) fn tested(files: &[Value]) {
    let mut counts = [0, 0];
    for file in files {
        match file["tests"].as_array() {
            Some(tests) => tests.iter().for_each(|test| counts[usize::from(test["passed"] != true)] += 1),
            None => counts[1] += 1,
        }
    }
    say!("{} passed, {} failed", counts[0], counts[1]);
}
