//! Printing the reports about scripts for people.

use std::io::Write as _;
use std::path::Path;

use rpmadb::error::Place;
use rpmadb::{Error, report};
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

/// Where something is, with the line and a caret, each line behind `margin`.
fn place(margin: &str, place: &Place) {
    let number = |number: Option<u32>| number.map_or_else(String::new, |number| format!(":{number}"));
    let file = place.file.as_deref().unwrap_or("?");
    say!("{margin}--> {}{}{}", escaped(file), number(place.line), number(place.column));
    if let (Some(line), Some(text)) = (place.line, &place.source_line) {
        let line = line.to_string();
        let before = text.chars().take(place.column.unwrap_or(1).saturating_sub(1) as usize);
        let indent: String = before.map(|character| if character == '\t' { '\t' } else { ' ' }).collect();
        say!("{margin}{line} | {}", text.replace(|c: char| c.is_control() && c != '\t', "?"));
        say!("{margin}{} | {indent}^", " ".repeat(line.len()));
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
        say!("  {verdict} {} ({:.1} ms)", escaped(&test.name), test.duration_ms);
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
