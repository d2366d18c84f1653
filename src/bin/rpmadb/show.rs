//! Printing reports and errors: for people by default, the document itself with `--json`.

use std::io::Write as _;

use rpmadb::{Error, report};
use serde::Serialize;
use serde_json::Value;

/// More of a changed file is better seen with the files side by side.
const MOST_CHANGED_LINES: usize = 10;

/// Prints a line; when nobody reads any more (`rpmadb ... | head`), there is nothing left to do.
macro_rules! say {
    ($($text:tt)*) => {
        if writeln!(std::io::stdout(), $($text)*).is_err() {
            std::process::exit(1);
        }
    };
}

pub(crate) mod archive;
mod audit;
mod metrics;
pub(crate) mod monitor;
pub(crate) mod repl;
pub(crate) mod script;
mod stats;

pub(crate) use audit::audit;
pub(crate) use metrics::metrics;
pub(crate) use stats::stats;

pub(crate) fn json(document: &impl Serialize) {
    match serde_json::to_string_pretty(document) {
        Ok(text) => say!("{text}"),
        Err(error) => eprintln!("error: the report could not be written as JSON: {error}"),
    }
}

pub(crate) fn report<T: Serialize>(as_json: bool, report: &T, for_people: impl FnOnce(&T)) {
    if as_json { json(report) } else { for_people(report) }
}

/// The message, the place with a caret, and the hint.
pub(crate) fn error(error: &Error) {
    eprintln!("error: {error}");
    if let Some(place) = error.place() {
        if let Some(file) = &place.file {
            let position =
                [place.line, place.column].map(|number| number.map_or_else(String::new, |n| format!(":{n}")));
            eprintln!("  --> {file}{}{}", position[0], position[1]);
        }
        if let (Some(line), Some(text)) = (place.line, &place.source_line) {
            let number = line.to_string();
            let margin = " ".repeat(number.len());
            eprintln!("{margin} |\n{number} | {text}");
            // tabs stay tabs, so that the caret stands under its character in any terminal
            let before = text.chars().take(place.column.unwrap_or(1).saturating_sub(1) as usize);
            let indent: String = before.map(|character| if character == '\t' { '\t' } else { ' ' }).collect();
            eprintln!("{margin} | {indent}^");
        }
    }
    for change in error.document().error.changes.iter().take(MOST_CHANGED_LINES) {
        for (sign, text) in [('-', &change.before), ('+', &change.after)] {
            if let Some(text) = text {
                eprintln!("{:>6} {sign} {text}", change.line);
            }
        }
    }
    if let Some(hint) = error.hint() {
        eprintln!("hint: {hint}");
    }
}

fn steps(steps: &[report::Applied]) {
    for step in steps {
        let version = step.version.map_or_else(|| "R".to_owned(), |version| format!("{version:03}"));
        say!("  {version:>4}  {:<32} {:<10} {:>9.1} ms", step.name, step.kind, step.duration_ms);
    }
}

fn schema_changes(changes: &[report::SchemaChange]) {
    for change in changes {
        let of = if change.table == change.name { String::new() } else { format!(" of {}", change.table) };
        say!("  {:<9} {} {}{of}", change.change, change.kind, change.name);
    }
}

fn drift(drift: &[report::SchemaChange]) {
    if !drift.is_empty() {
        say!("changed by hand since the last migration:");
        schema_changes(drift);
    }
}

fn changes(changes: Option<&report::Changes>) {
    let Some(found) = changes else { return };
    schema_changes(&found.schema);
    let shown = |rows: Option<u64>| rows.map_or_else(|| "none".to_owned(), |rows| rows.to_string());
    for (table, rows) in &found.rows {
        say!("  rows      {table}: {} to {}", shown(rows.before), shown(rows.after));
    }
    say!("size {}, at most {} on the way", size(found.size_bytes), size(found.peak_size_bytes));
}

pub(crate) fn rollback(report: &report::Rollback) {
    if let Some(backup) = &report.backup {
        say!("backed up to {}", backup.path.as_deref().unwrap_or("nothing: none was due"));
    }
    steps(&report.reverted);
    changes(report.changes.as_ref());
    let count = report.reverted.len();
    let what = if report.dry_run { format!("dry run: {count} would be") } else { format!("{count}") };
    say!(
        "{what} taken back, version {} ({:.1} ms)",
        if report.dry_run { report.from } else { report.to },
        report.duration_ms
    );
}

pub(crate) fn adopted(report: &report::Adopted) {
    for migration in &report.migrations {
        let verified = if migration.verified { "checksum verified" } else { "" };
        say!("  {:>4}  {:<32} {verified}", format!("{:03}", migration.version), migration.name);
    }
    let what = if report.dry_run { "would be taken" } else { "taken" };
    say!("{} migration(s) {what} over from {} ({})", report.migrations.len(), report.tool, report.table);
}

pub(crate) fn baseline(report: &report::Baseline) {
    say!("recorded {} migration(s) as applied, version {}", report.recorded.len(), report.to);
}

pub(crate) fn repair(report: &report::Repair) {
    schema_changes(&report.accepted);
    let versions: Vec<String> = report.repaired.iter().map(i64::to_string).collect();
    let which = if versions.is_empty() { String::new() } else { format!(": {}", versions.join(", ")) };
    say!("accepted the present text of {} migration(s){which}", report.repaired.len());
}

fn warnings(warnings: &[report::Warning]) {
    for warning in warnings {
        let place = &warning.place;
        let line = place.line.map_or_else(String::new, |line| format!(":{line}"));
        say!("  {}{line}: {} ({})", place.file.as_deref().unwrap_or("?"), warning.message, warning.rule);
        say!("      {}", warning.hint);
    }
}

pub(crate) fn lint(report: &report::Lint) {
    warnings(&report.warnings);
    say!("{} file(s), {} warning(s)", report.files, report.warnings.len());
}

pub(crate) fn schema(report: &report::Schema) {
    if let Some(differences) = &report.differences {
        schema_changes(differences);
        say!("{} difference(s)", differences.len());
        return;
    }
    // why in this order: each kind may need those before it
    for kind in ["table", "index", "view", "trigger"] {
        for object in report.objects.iter().filter(|object| object.kind == kind) {
            say!("{};", object.sql);
        }
    }
    say!("-- version {}, {} object(s), hash {}", report.version, report.objects.len(), report.hash);
    for change in &report.drift {
        say!("-- changed by hand since the last migration: {} {} {}", change.change, change.kind, change.name);
    }
}

pub(crate) fn test(report: &report::Test) {
    for problem in &report.problems {
        let cause = problem.error.as_ref().map_or_else(String::new, |error| format!(": {}", error.message));
        say!("  {}{cause}", problem.what);
        if let Some(place) = problem.error.as_ref().map(|error| &error.place).filter(|place| place.file.is_some()) {
            let line = place.line.map_or_else(String::new, |line| format!(":{line}"));
            say!("      in {}{line}", place.file.as_deref().unwrap_or_default());
        }
    }
    for (table, reason) in &report.skipped_tables {
        say!("  no row could be made for {table}: {reason}");
    }
    if let Some(last) = report.irreversible.last() {
        let versions: Vec<String> = report.irreversible.iter().map(i64::to_string).collect();
        let which = match versions.as_slice() {
            [_] => ", which has no way back".to_owned(),
            several => format!(": {} have no way back", several.join(", ")),
        };
        say!("  going back was tried above {last} only{which}");
    }
    say!(
        "{}: started from {} version(s), crashed {} time(s), seed {} ({:.1} ms)",
        if report.passed { "passed" } else { "failed" },
        report.started_from.len(),
        report.crashes,
        report.seed,
        report.duration_ms
    );
}

pub(crate) fn migrate(migrate: &report::Migrate, opened: &report::Open) {
    if opened.created {
        say!("created {}", opened.database_path);
    }
    if let Some(backup) = &migrate.backup {
        say!("backed up to {}", backup.path.as_deref().unwrap_or("nothing: none was due"));
    }
    if let Some(adopted) = &migrate.adopted {
        say!("took over {} migration(s) from {} ({})", adopted.migrations.len(), adopted.tool, adopted.table);
    }
    steps(&migrate.applied);
    for statement in &migrate.moved {
        say!("        outside the transaction: {statement}");
    }
    changes(migrate.changes.as_ref());
    warnings(migrate.warnings.as_deref().unwrap_or_default());
    drift(&migrate.drift);
    let what = match (migrate.applied.len(), migrate.dry_run) {
        (0, _) => format!("{} is up to date", opened.database_path),
        (count, true) => format!("dry run: {count} would be applied, nothing was kept"),
        (count, false) => format!("applied {count}"),
    };
    say!("{what}, version {} ({:.1} ms)", if migrate.dry_run { migrate.from } else { migrate.to }, migrate.duration_ms);
}

pub(crate) fn migrations(migrations: &report::Migrations) {
    for migration in &migrations.migrations {
        let version = migration.version.map_or_else(|| "R".to_owned(), |version| format!("{version:03}"));
        let by = migration.actor.as_deref().map_or_else(String::new, |actor| format!("by {actor}"));
        say!("  {version:>4}  {:<32} {:<10} {:<12} {by}", migration.name, migration.kind, migration.state);
    }
    drift(&migrations.drift);
    say!("version {} of {}, {} pending", migrations.current, migrations.latest, migrations.pending);
}

pub(crate) fn health(health: &report::Health) {
    let word = |status: report::HealthStatus| format!("{status:?}").to_lowercase();
    for check in &health.checks {
        say!("  {:<9} {:<20} {}", word(check.status), check.id, plain(&check.value));
        if let Some(remedy) = &check.remedy {
            say!("            {remedy}");
        }
    }
    say!("{}, score {} of 100", word(health.status), health.score);
}

pub(crate) fn diagnostics(found: &report::Diagnostics) {
    say!("integrity          {}", found.integrity.replace('\n', "\n                   "));
    say!(
        "foreign keys       {}",
        match found.foreign_key_check.as_deref() {
            None => "not checked: the file is damaged".to_owned(),
            Some([]) => "ok".to_owned(),
            Some(rows) => format!("{} row(s) point nowhere, the first in {}", rows.len(), rows[0].table),
        }
    );
    let drift = found.schema_drift.as_deref().unwrap_or_default();
    say!(
        "schema drift       {}",
        if drift.is_empty() { "none".to_owned() } else { format!("{} object(s)", drift.len()) }
    );
    schema_changes(drift);
    say!("journal mode       {}", found.journal_mode);
    say!("log                {} frames, {} in the database", found.wal_checkpoint[0], found.wal_checkpoint[1]);
    say!("busy timeout       {} ms", found.busy_timeout_ms);
    let pool = found.pool_state;
    say!("connections        {} of {}, {} idle", pool.connections, pool.max_connections, pool.idle_connections);
    for open in &found.open_transactions {
        say!("open transaction   {}", holder(open));
    }
    let bug =
        if found.sqlite.has_wal_reset_bug { ", with the bug that can lose a commit when the log is reset" } else { "" };
    say!("SQLite             {}{bug}", found.sqlite_version);
    if let Some(free) = found.system.free_disk_bytes {
        say!("free disk          {}", size(free));
    }
    for disk in &found.disks {
        let [free, total] = [disk.free_bytes, disk.total_bytes].map(|bytes| bytes.map_or_else(|| "?".to_owned(), size));
        say!("disk {:<13} {free} of {total} free, {}", disk.what, escaped(&disk.path));
    }
    for file in &found.files {
        let finding = file.findings.map_or_else(String::new, |finding| format!(", {finding}"));
        say!("file mode          {} {}{finding}", file.mode, escaped(&file.path));
    }
    for (name, value) in &found.pragmas {
        say!("pragma {name:<20} {}", plain(value));
    }
    for finding in found.pragma_findings.iter().flatten() {
        say!("pragma {:<20} is {}, wanted {}", finding.pragma, plain(&finding.actual), plain(&finding.expected));
    }
    indexes(found.indexes.as_ref());
    rows(&found.table_counts);
}

fn holder(holder: &report::OpenTransaction) -> String {
    let what = if holder.writes { "writes" } else { "reads" };
    let of = holder.actor.as_ref().map_or_else(String::new, |actor| format!(" of {}", escaped(actor)));
    let statement = holder.statement.as_ref().map_or_else(String::new, |text| format!(": {}", escaped(text)));
    format!("{}{of} {what} for {} ms{statement}", holder.label, holder.age_ms)
}

fn indexes(found: Option<&report::Indexes>) {
    let Some(found) = found else {
        say!("indexes            not examined: the file is damaged");
        return;
    };
    for index in &found.redundant {
        let (name, table) = (escaped(&index.index), escaped(&index.table));
        say!("redundant index    {name} of {table}: {} does its work", escaped(&index.covered_by));
    }
    for index in &found.missing {
        say!("missing index      {}: {}", escaped(&index.reason), escaped(&index.suggestion));
    }
    let seen = found.statements_seen.unwrap_or_default();
    for index in found.unused.iter().flatten() {
        say!("unused index       {} of {}, in {seen} statement(s)", escaped(&index.index), escaped(&index.table));
    }
    for scan in found.full_scans.iter().flatten() {
        say!("full scan          {}: {}", escaped(&scan.table), escaped(&scan.sql));
    }
}

fn rows(tables: &std::collections::BTreeMap<String, Option<u64>>) {
    for (table, rows) in tables {
        say!("  {table:<32} {:>10}", rows.map_or_else(|| "?".to_owned(), |rows| rows.to_string()));
    }
}

pub(crate) fn checkpoint(checkpoint: &report::Checkpoint) {
    let outcome = match &checkpoint.held_by {
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

/// Columns as wide as their widest cell.
fn table(columns: &[String], cells: &[Vec<String>]) {
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| {
            cells.iter().map(|row| row[at].chars().count()).chain([columns[at].chars().count()]).max().unwrap_or(0)
        })
        .collect();
    let line = |row: &[String]| {
        let padded: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        say!("{}", padded.join("  ").trim_end());
    };
    line(columns);
    line(&widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>());
    cells.iter().for_each(|row| line(row));
}

/// A JSON value without the quotes that only JSON needs.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => escaped(text),
        other => other.to_string(),
    }
}

/// Text that a terminal shows and does not obey.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value < 1024.0 {
            return if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1024.0;
    }
    format!("{value:.1} TiB")
}
