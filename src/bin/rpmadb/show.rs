//! Printing reports and errors: for people by default, the document itself with `--json`.

use std::io::Write as _;

use rpmadb::{Error, report};
use serde::Serialize;
use serde_json::Value;

/// Prints a line; when nobody reads any more (`rpmadb ... | head`), there is nothing left to do.
macro_rules! say {
    ($($text:tt)*) => {
        if writeln!(std::io::stdout(), $($text)*).is_err() {
            std::process::exit(1);
        }
    };
}

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
    if let Some(hint) = error.hint() {
        eprintln!("hint: {hint}");
    }
}

pub(crate) fn migrate(migrate: &report::Migrate, opened: &report::Open) {
    if opened.created {
        say!("created {}", opened.database_path);
    }
    if let Some(backup) = &migrate.backup {
        say!("backed up to {}", backup.path);
    }
    for step in &migrate.applied {
        let version = step.version.map_or_else(|| "R".to_owned(), |version| format!("{version:03}"));
        say!("  {version:>4}  {:<32} {:<10} {:>9.1} ms", step.name, step.kind, step.duration_ms);
    }
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
    say!("journal mode       {}", found.journal_mode);
    say!("log                {} frames, {} in the database", found.wal_checkpoint[0], found.wal_checkpoint[1]);
    say!("busy timeout       {} ms", found.busy_timeout_ms);
    let pool = found.pool_state;
    say!("connections        {} of {}, {} idle", pool.connections, pool.max_connections, pool.idle_connections);
    say!("SQLite             {}", found.sqlite_version);
    if let Some(free) = found.system.free_disk_bytes {
        say!("free disk          {}", size(free));
    }
    for (name, value) in &found.pragmas {
        say!("pragma {name:<20} {}", plain(value));
    }
    rows(&found.table_counts);
}

pub(crate) fn stats(stats: &report::Stats) {
    say!("database           {}", stats.database_path);
    say!("size               {} ({} pages of {})", size(stats.size_bytes), stats.page_count, stats.page_size);
    say!("free pages         {}", stats.freelist_count);
    say!("log                {}", stats.wal_size_bytes.map_or_else(|| "none".to_owned(), size));
    say!(
        "schema             version {}, {} tables, {} indexes",
        stats.schema_version,
        stats.table_count,
        stats.index_count
    );
    if stats.estimated {
        say!("rows, estimated:");
    }
    rows(&stats.tables);
}

fn rows(tables: &std::collections::BTreeMap<String, Option<u64>>) {
    for (table, rows) in tables {
        say!("  {table:<32} {:>10}", rows.map_or_else(|| "?".to_owned(), |rows| rows.to_string()));
    }
}

pub(crate) fn checkpoint(checkpoint: &report::Checkpoint) {
    let outcome = if checkpoint.busy { "busy: readers or writers kept it from finishing" } else { "done" };
    say!("{} checkpoint {outcome}", checkpoint.mode);
    if checkpoint.log < 0 {
        say!("the database is not in WAL mode, so there is no log");
    } else {
        say!("{} frames in the log, {} in the database", checkpoint.log, checkpoint.checkpointed);
    }
}

pub(crate) fn backup(backup: &report::Backup) {
    let checked = if backup.verified { "checked" } else { "not checked" };
    say!(
        "{} ({}, {} pages, {checked}, {:.1} ms)",
        backup.path,
        size(backup.size_bytes),
        backup.pages,
        backup.duration_ms
    );
}

pub(crate) fn query(query: &report::Query) {
    if query.columns.is_empty() {
        say!("{} row(s) changed", query.changes);
        return;
    }
    let columns: Vec<String> = query.columns.iter().map(|name| escaped(name)).collect();
    let cells: Vec<Vec<String>> = query.rows.iter().map(|row| row.iter().map(plain).collect()).collect();
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| {
            cells.iter().map(|row| row[at].chars().count()).chain([columns[at].chars().count()]).max().unwrap_or(0)
        })
        .collect();
    let line = |row: &[String]| {
        let padded: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        say!("{}", padded.join("  ").trim_end());
    };
    line(&columns);
    line(&widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>());
    cells.iter().for_each(|row| line(row));
    say!("{} row(s)", query.rows.len());
}

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
