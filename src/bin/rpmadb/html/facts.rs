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

use super::charts::{Bar, Growth, Point};
use crate::args::desk::Report;
use crate::show::text::{ago, duration, measured, plain, size, time};

/// More of a list is for other commands.
const MOST: usize = 50;

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
    growth: Option<Growth>,
    looks: Vec<(&'static str, String)>,
    holders: Vec<Vec<String>>,
    statements: Vec<Vec<String>>,
    slow: Vec<Vec<String>>,
    /// Where the statements are from.
    statements_from: String,
    advice: Vec<Vec<String>>,
    migrations: Vec<Migration>,
    pending: usize,
    drift: Vec<String>,
    backups: Vec<Vec<String>>,
    backups_in: Option<String>,
    alerts: Vec<Vec<String>>,
    alerts_from: String,
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
        let mut facts = Facts::new(&typed.database, database.health(&request::Health::default(), watch)?);
        let mut failed = Vec::new();
        let mut looks = Looks(&mut failed);
        let stats = looks.take("sizes", database.stats(&request::Stats::default(), watch))?;
        let diagnostics = looks.take("diagnostics", database.diagnostics(watch))?;
        let migrations = looks.take("migrations", database.migrations(watch))?;
        let backups = looks.take("backups", database.backups(watch))?;
        let metrics = match &typed.metrics {
            Some(file) => document(file)?,
            None => Value::Null,
        };
        let alerts = match &typed.alerts {
            Some(file) => document(file)?,
            None => Value::Null,
        };
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
            facts.add_backups(found, stats.as_ref());
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

    fn add_backups(&mut self, found: &report::Backups, stats: Option<&report::Stats>) {
        self.backups_in.clone_from(&found.folder);
        for listed in found.backups.iter().take(MOST) {
            let manifest = &listed.manifest;
            let proof = match (listed.verified, listed.complete) {
                (_, false) => "base missing".to_owned(),
                (false, _) => "not verified".to_owned(),
                (true, _) => {
                    let checks = &manifest.checks;
                    let depth =
                        [("full", &checks.integrity_check), ("quick", &checks.quick_check), ("pages", &checks.pages)];
                    let deepest = depth.iter().find(|(_, outcome)| outcome.is_some()).map_or("", |(depth, _)| *depth);
                    format!("verified ({deepest})")
                }
            };
            let name = Path::new(&listed.path)
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            let wraps = [&manifest.compression, &manifest.encryption].into_iter().flatten().cloned();
            let kind = std::iter::once(manifest.kind.clone()).chain(wraps).collect::<Vec<_>>().join(", ");
            let (made, age) = (time(manifest.created_at), ago(manifest.created_at));
            let pinned = if listed.pinned { "pinned" } else { "" }.to_owned();
            self.backups.push(vec![
                name,
                made,
                age,
                size(manifest.size_bytes),
                kind,
                proof,
                pinned,
                manifest.reason.clone(),
            ]);
        }
        // why backups: their manifests are the history of the database that there is
        let mut points: Vec<Point> = found
            .backups
            .iter()
            .map(|listed| Point {
                at: listed.manifest.created_at,
                bytes: u64::from(listed.manifest.page_size) * u64::from(listed.manifest.page_count),
            })
            .collect();
        points
            .extend(stats.map(|stats| Point { at: jiff::Timestamp::now().as_millisecond(), bytes: stats.size_bytes }));
        self.growth = Growth::of(points);
    }

    fn add_statements(&mut self, metrics: &Value, file: Option<&Path>) {
        self.statements_from = match file {
            Some(file) => format!("As counted by the host, from {}.", file.display()),
            None => "Statements are counted inside the process that runs them. Hand in what it counted: --metrics FILE, with the \
                     document of rpmadb_metrics."
                .to_owned(),
        };
        let ms = |value: &Value| duration(value.as_f64().unwrap_or_default());
        let text = |value: &Value| plain(value);
        let list = |name: &str| metrics[name].as_array().into_iter().flatten().take(MOST);
        self.statements = list("statements")
            .map(|of| {
                vec![
                    text(&of["fingerprint"]),
                    text(&of["calls"]),
                    ms(&of["total_ms"]),
                    ms(&of["mean_ms"]),
                    ms(&of["p95_ms"]),
                    ms(&of["max_ms"]),
                ]
            })
            .collect();
        self.slow = list("slow")
            .map(|of| {
                let plan = of["plan"].as_array().into_iter().flatten().map(plain).collect::<Vec<_>>().join("; ");
                vec![
                    text(&of["fingerprint"]),
                    ms(&of["duration_ms"]),
                    of["at"].as_i64().map_or_else(String::new, time),
                    plan,
                ]
            })
            .collect();
    }

    fn add_alerts(&mut self, alerts: &Value, file: Option<&Path>) {
        self.alerts_from = match file {
            Some(file) => format!("As the host's monitor told, from {}.", file.display()),
            None => "Alerts live in the process whose monitor found them. Hand in what it found: --alerts FILE, with the document of \
                     rpmadb_alerts. What is wrong now stands under Health."
                .to_owned(),
        };
        self.alerts = alerts["alerts"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|alert| {
                let since = alert["since"].as_i64().map_or_else(String::new, ago);
                let [severity, state, key, message, remedy] =
                    ["severity", "state", "key", "message", "remedy"].map(|name| plain(&alert[name]));
                vec![severity, state, key, message, since, remedy]
            })
            .collect();
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
        facts.growth = Growth::of(vec![Point { at: 0, bytes: 1 }, Point { at: 86_400_000, bytes: 3 }]);
        facts
    }
}

/// A document that a host handed out.
fn document(file: &Path) -> Result<Value> {
    let named = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| Error::from_io(named.clone(), &error))?;
    serde_json::from_str(&text)
        .map_err(|error| Error::InvalidArgument { name: named, reason: format!("is not JSON: {error}") })
}
