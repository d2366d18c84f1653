//! What the report tells: the documents of several verbs, and the figures in them as people read them.
//!
//! Leaves to others: drawing (`charts.rs`).
//!
//! Invariant: what could not be measured is told as that, and never left out.

use std::path::Path;

use rpmadb::report;
use rpmadb::{Database, Error, Operation, Result, build_info, request};
use serde::Serialize;
use serde_json::Value;

use super::charts::{Bar, Growth};
use super::handed;
use crate::args::desk::Report;
use crate::show::text::{ago, duration, measured, plain, size, time};

/// More of a list is for other commands.
pub(super) const MOST: usize = 50;

#[derive(Serialize)]
pub(super) struct Facts {
    title: String,
    database: String,
    made: String,
    version: &'static str,
    health: report::Health,
    checks: Vec<Check>,
    /// Label, value.
    figures: Vec<(&'static str, String)>,
    bars: Vec<Bar>,
    pub(super) growth: Option<Growth>,
    looks: Vec<(&'static str, String)>,
    holders: Vec<Vec<String>>,
    pub(super) statements: Vec<Vec<String>>,
    pub(super) slow: Vec<Vec<String>>,
    /// Where the statements are from.
    pub(super) statements_from: String,
    advice: Vec<Vec<String>>,
    migrations: Vec<Migration>,
    pending: usize,
    drift: Vec<String>,
    pub(super) backups: Vec<Vec<String>>,
    pub(super) backups_in: Option<String>,
    /// How many backups in that folder are of other databases.
    pub(super) backups_of_others: usize,
    pub(super) alerts: Vec<Vec<String>>,
    pub(super) alerts_from: String,
    /// What could not be looked at, and why.
    failed: Vec<(&'static str, String)>,
}

#[derive(Serialize)]
struct Check {
    id: String,
    status: &'static str,
    value: String,
    remedy: String,
}

#[derive(Serialize)]
struct Migration {
    version: String,
    name: String,
    kind: String,
    state: &'static str,
    when: String,
    ago: String,
    by: String,
    took: String,
}

/// Looks, and notes what failed.
struct Looks<'f>(&'f mut Vec<(&'static str, String)>);

impl Looks<'_> {
    fn take<T>(&mut self, what: &'static str, outcome: Result<T>) -> Result<Option<T>> {
        match outcome {
            Ok(found) => Ok(Some(found)),
            Err(error @ (Error::Cancelled { .. } | Error::Timeout { .. })) => Err(error),
            Err(error) => {
                self.0.push((what, error.to_string()));
                Ok(None)
            }
        }
    }
}

impl Facts {
    pub(super) fn of(typed: &Report, database: &Database, watch: &Operation) -> Result<Facts> {
        // why first: the looks take a while
        let metrics = match &typed.metrics {
            Some(file) => handed::document(file)?,
            None => Value::Null,
        };
        let alerts = match &typed.alerts {
            Some(file) => handed::document(file)?,
            None => Value::Null,
        };
        let mut facts = Facts::new(&typed.database, database.health(&request::Health::default(), watch)?);
        let mut failed = Vec::new();
        let mut looks = Looks(&mut failed);
        let stats = looks.take("sizes", database.stats(&request::Stats::default(), watch))?;
        let diagnostics = looks.take("diagnostics", database.diagnostics(watch))?;
        let migrations = looks.take("migrations", database.migrations(watch))?;
        let backups = looks.take("backups", database.backups(watch))?;
        if let Some(stats) = &stats {
            facts.add_sizes(stats);
        }
        if let Some(found) = &diagnostics {
            facts.add_diagnostics(found);
        }
        if let Some(found) = &migrations {
            facts.add_migrations(found);
        }
        if let Some(found) = &backups {
            facts.add_backups(found, &typed.database, stats.as_ref());
        }
        facts.add_statements(&metrics, typed.metrics.as_deref());
        facts.add_alerts(&alerts, typed.alerts.as_deref());
        facts.failed = failed;
        Ok(facts)
    }

    fn new(path: &Path, health: report::Health) -> Facts {
        let name =
            path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        let checks = health.checks.iter().map(|check| Check {
            id: check.id.replace('_', " "),
            status: crate::show::text::word(check.status),
            value: measured(check.id, &check.value),
            remedy: check.remedy.clone().unwrap_or_default(),
        });
        Facts {
            title: name,
            database: path.display().to_string(),
            made: time(jiff::Timestamp::now().as_millisecond()),
            version: build_info().version,
            checks: checks.collect(),
            health,
            figures: Vec::new(),
            bars: Vec::new(),
            growth: None,
            looks: Vec::new(),
            holders: Vec::new(),
            statements: Vec::new(),
            slow: Vec::new(),
            statements_from: String::new(),
            advice: Vec::new(),
            migrations: Vec::new(),
            pending: 0,
            drift: Vec::new(),
            backups: Vec::new(),
            backups_in: None,
            backups_of_others: 0,
            alerts: Vec::new(),
            alerts_from: String::new(),
            failed: Vec::new(),
        }
    }

    fn add_sizes(&mut self, stats: &report::Stats) {
        let rows: u64 = stats.tables.values().flatten().sum();
        self.figures.extend([
            ("size", size(stats.size_bytes)),
            ("free inside", size(stats.freelist_bytes)),
            ("write-ahead log", stats.wal_size_bytes.map_or_else(|| "none".into(), size)),
            ("tables", stats.table_count.to_string()),
            ("indexes", stats.index_count.to_string()),
            ("rows", format!("{}{rows}", if stats.estimated { "about " } else { "" })),
            ("schema version", stats.schema_version.to_string()),
        ]);
        self.bars = Bar::of(stats);
    }

    fn add_diagnostics(&mut self, found: &report::Diagnostics) {
        let orphans = match found.foreign_key_check.as_deref() {
            None => "not checked, because the file is damaged".to_owned(),
            Some([]) => "ok".to_owned(),
            Some(rows) => format!("{} row(s) point nowhere", rows.len()),
        };
        let frames = |count: Option<u64>| count.map_or_else(|| "none".to_owned(), |count| format!("{count} frame(s)"));
        self.looks.extend([
            ("integrity", found.integrity.lines().take(5).collect::<Vec<_>>().join("; ")),
            ("foreign keys", orphans),
            ("journal mode", found.journal_mode.clone()),
            ("log", found.wal.size_bytes.map_or_else(|| "none".into(), size)),
            ("in the log", frames(found.wal.frames)),
            ("not in the database yet", frames(found.wal.backlog)),
            ("SQLite", found.sqlite_version.to_owned()),
        ]);
        for disk in &found.disks {
            let [free, total] = [disk.free_bytes, disk.total_bytes].map(|bytes| bytes.map_or_else(|| "?".into(), size));
            self.looks.push(("disk", format!("{free} of {total} free, {}", disk.path)));
        }
        for finding in found.pragma_findings.iter().flatten() {
            let text = format!("is {}, wanted {}", plain(&finding.actual), plain(&finding.expected));
            self.looks.push(("setting", format!("{} {text}", finding.pragma)));
        }
        self.holders = found
            .open_transactions
            .iter()
            .map(|held| {
                let statement = held.statement.clone().unwrap_or_default();
                vec![held.label.to_owned(), duration(held.age_ms as f64), statement]
            })
            .collect();
        let Some(indexes) = &found.indexes else { return };
        let advice = |kind: &str, table: &str, why: &str, what: String| {
            vec![kind.to_owned(), table.to_owned(), why.to_owned(), what]
        };
        for index in &indexes.missing {
            self.advice.push(advice("make", &index.table, &index.reason, index.suggestion.clone()));
        }
        for index in &indexes.redundant {
            let why = format!("{} does its work", index.covered_by);
            self.advice.push(advice("drop", &index.table, &why, index.index.clone()));
        }
    }

    fn add_migrations(&mut self, found: &report::Migrations) {
        self.pending = found.pending;
        self.migrations = found
            .migrations
            .iter()
            .map(|migration| Migration {
                version: migration.version.map_or_else(|| "R".to_owned(), |version| format!("{version:03}")),
                name: migration.name.replace('_', " "),
                kind: migration.kind.clone(),
                state: migration.state,
                when: migration.applied_at.map_or_else(String::new, time),
                ago: migration.applied_at.map_or_else(String::new, ago),
                by: migration.actor.clone().unwrap_or_default(),
                took: migration.duration_ms.map_or_else(String::new, duration),
            })
            .collect();
        self.drift =
            found.drift.iter().map(|change| format!("{} {} {}", change.change, change.kind, change.name)).collect();
    }

    /// Everything there is, with this text wherever a name can be.
    #[cfg(test)]
    pub(super) fn sample(name: &str) -> Facts {
        let health = report::Health { status: report::HealthStatus::Ok, score: 100, checks: Vec::new() };
        let mut facts = Facts::new(Path::new(name), health);
        let cells = |count: usize| vec![vec![name.to_owned(); count]];
        let stats = report::ObjectSize { name: name.into(), table: name.into(), size_bytes: 8, ..Default::default() };
        facts.bars = Bar::of_objects(&[stats]);
        facts.checks.push(Check { id: name.into(), status: "ok", value: name.into(), remedy: name.into() });
        facts.figures.push(("size", name.into()));
        facts.looks.push(("integrity", name.into()));
        (facts.holders, facts.statements, facts.slow) = (cells(3), cells(6), cells(4));
        (facts.advice, facts.backups, facts.alerts) = (cells(4), cells(8), cells(6));
        facts.drift.push(name.into());
        facts.backups_in = Some(name.into());
        facts.failed.push(("sizes", name.into()));
        (facts.statements_from, facts.alerts_from) = (name.into(), name.into());
        let migration = |state| Migration {
            version: "001".into(),
            name: name.into(),
            kind: name.into(),
            state,
            when: name.into(),
            ago: name.into(),
            by: name.into(),
            took: name.into(),
        };
        facts.migrations.extend([migration("applied"), migration("pending")]);
        let point = |at, bytes| super::charts::Point { at, bytes };
        facts.growth = Growth::of(vec![point(0, 1), point(86_400_000, 3)]);
        facts
    }
}
