//! Printing reports: for people by default, the document itself with `--json`.
//!
//! A file for each kind of report; `text` has figures and colours, `table` tables, `failure` errors.
//!
//! Leaves to others: what is in a report (the library), whether anybody wants colour (`settings`).
//!
//! Invariant: a report goes to stdout, all else to stderr; with `--quiet` only what `--json` asks for is printed.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::ColorChoice;
use rpmadb::report;
use serde::Serialize;

use crate::args::When;
use crate::settings::Settings;
pub(crate) use table::table;
use text::{escaped, plain};

/// Prints a line for people; nothing when nobody reads any more (`rpmadb ... | head`).
macro_rules! say {
    ($($text:tt)*) => {
        if !crate::show::is_quiet() {
            crate::show::line(format_args!($($text)*));
        }
    };
}

pub(crate) mod archive;
mod audit;
mod diagnostics;
pub(crate) mod failure;
mod health;
mod history;
mod metrics;
pub(crate) mod monitor;
mod next;
pub(crate) mod own;
pub(crate) mod repl;
pub(crate) mod script;
mod stats;
mod table;
pub(crate) mod text;

pub(crate) use audit::audit;
pub(crate) use diagnostics::diagnostics;
pub(crate) use health::health;
pub(crate) use history::*;
pub(crate) use metrics::metrics;
pub(crate) use next::{command, next};
pub(crate) use stats::stats;

static QUIET: AtomicBool = AtomicBool::new(false);
/// Whether stdout takes nothing more.
static SHUT: AtomicBool = AtomicBool::new(false);

/// From now on only documents are printed.
pub(crate) fn quiet(is_quiet: bool) {
    QUIET.store(is_quiet, Ordering::Relaxed);
}

pub(crate) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// When to use colour, from now on.
pub(crate) fn color(when: When) {
    match when {
        When::Auto => ColorChoice::Auto,
        When::Always => ColorChoice::Always,
        When::Never => ColorChoice::Never,
    }
    .write_global();
    // why: tables have a mind of their own about NO_COLOR, and what nobody wants is taken out later
    ratatui::crossterm::style::force_color_output(when != When::Never);
}

/// Whether what is printed has colour.
pub(crate) fn has_colour() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != ColorChoice::Never
}

/// Prints a line whatever happens.
pub(crate) fn line(text: std::fmt::Arguments<'_>) {
    crate::progress::clear();
    if !is_shut() {
        written(writeln!(anstream::stdout(), "{text}"));
    }
}

/// Prints a document, byte for byte: lines for people lose what a terminal would obey, and a document must lose nothing.
pub(crate) fn document(text: &str) {
    crate::progress::clear();
    if is_shut() {
        return;
    }
    let mut stdout = std::io::stdout();
    written(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()));
}

/// Notes that a report cannot be written: nothing more is printed or begun, and the command ends as soon as what it did is recorded. When
/// nobody reads any more, there is nobody to tell.
fn written(outcome: std::io::Result<()>) {
    let Err(error) = outcome else { return };
    SHUT.store(true, Ordering::Relaxed);
    if error.kind() != std::io::ErrorKind::BrokenPipe {
        note(format_args!("error: the report could not be written: {error}"));
    }
    crate::stop::cancel();
}

/// Whether stdout takes nothing more.
pub(crate) fn is_shut() -> bool {
    SHUT.load(Ordering::Relaxed)
}

/// Says something beside the report.
pub(crate) fn note(text: std::fmt::Arguments<'_>) {
    crate::progress::clear();
    // why ignored: there is no other place to say that this one is full
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Says which command comes next, to somebody at a terminal.
pub(crate) fn suggest(settings: &Settings, command: &str) {
    use std::io::IsTerminal as _;
    if !settings.json && !is_quiet() && std::io::stdout().is_terminal() {
        line(format_args!("{}: {command}", text::painted(text::STRONG, "next")));
    }
}

pub(crate) fn json(report: &impl Serialize) {
    match serde_json::to_string_pretty(report) {
        Ok(text) => document(&(text + "\n")),
        Err(error) => note(format_args!("error: the report could not be written as JSON: {error}")),
    }
}

pub(crate) fn report<T: Serialize>(settings: &Settings, report: &T, for_people: impl FnOnce(&T)) {
    if settings.json { json(report) } else { for_people(report) }
}

pub(crate) fn checkpoint(checkpoint: &report::Checkpoint) {
    let outcome = match &checkpoint.held_by {
        None if checkpoint.busy => "busy: kept from finishing".to_owned(),
        None => "done".to_owned(),
        Some(held) => {
            let label = held.label.map_or_else(String::new, |label| format!(", {label}"));
            let age = held.age_ms.map_or_else(String::new, |age| format!(", for {age} ms"));
            format!("busy: kept from finishing by {}{label}{age}", who(held))
        }
    };
    say!("{} checkpoint {outcome}", checkpoint.mode);
    if checkpoint.log < 0 {
        say!("the database is not in WAL mode, so there is no log");
    } else {
        say!("{} frames in the log, {} in the database", checkpoint.log, checkpoint.checkpointed);
    }
}

fn who(held: &report::HeldBy) -> &'static str {
    match held.who {
        "reader" => "a reader of this process",
        "writer" => "a writer of this process",
        other => other,
    }
}

pub(crate) fn query(query: &report::Query) {
    if query.columns.is_empty() {
        say!("{} row(s) changed", query.changes);
        return;
    }
    let columns: Vec<String> = query.columns.iter().map(|name| escaped(name)).collect();
    let cells: Vec<Vec<String>> = query.rows.iter().map(|row| row.iter().map(plain).collect()).collect();
    table(&columns, &cells);
    say!("{} row(s)", query.rows.len());
}
