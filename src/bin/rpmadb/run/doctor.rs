//! `rpmadb doctor`: every look at once, with one verdict.
//!
//! Leaves to others: the looks, each a verb of its own.
//!
//! Invariant: a look that fails is a finding and keeps no other from being made; what was not looked at is never called well.

use std::path::Path;

use rpmadb::report::{self, Check, HealthStatus};
use rpmadb::{Database, Error, Operation, Result, request};
use serde::Serialize;
use serde_json::Value;

use super::archive;
use crate::args::Args;
use crate::args::desk::Doctor;
use crate::exit::Exit;
use crate::settings::Settings;
use crate::show;

/// One look.
#[derive(Serialize)]
pub(crate) struct Look {
    /// The verb that shows all of it.
    pub(crate) verb: &'static str,
    pub(crate) status: HealthStatus,
    /// One line.
    pub(crate) finding: String,
    /// The report, or the document of the error.
    pub(crate) report: Value,
    /// Whether it found that the file is damaged.
    #[serde(skip)]
    is_damage: bool,
}

/// What to do about the worst that was found.
pub(crate) enum Advice {
    None,
    /// What the checks of `health` say: no other verb says more.
    Remedies(Vec<String>),
    ChangedByHand,
    /// Only a backup helps.
    BringBack,
    /// The verb that does or shows more, with flags of its own.
    Verb(&'static str, &'static [&'static str]),
}

/// Everything.
#[derive(Serialize)]
pub(crate) struct Verdict {
    pub(crate) status: HealthStatus,
    /// Whether nothing else is wrong than that migrations are pending.
    pub(crate) only_pending: bool,
    pub(crate) looks: Vec<Look>,
    #[serde(skip)]
    pub(crate) advice: Advice,
}

/// What a look found: how bad, and in a line.
type Found = (HealthStatus, String);

fn look<T: Serialize>(verb: &'static str, outcome: Result<T>, judge: impl FnOnce(&T) -> Found) -> Result<Look> {
    match outcome {
        Ok(report) => {
            let (status, finding) = judge(&report);
            let report = serde_json::to_value(&report).unwrap_or_default();
            Ok(Look { verb, status, finding, report, is_damage: false })
        }
        // why out: then nobody wants the others either
        Err(error @ (Error::Cancelled { .. } | Error::Timeout { .. })) => Err(error),
        Err(error) => Ok(failed(verb, &error)),
    }
}

/// A look that could not be made.
fn failed(verb: &'static str, error: &Error) -> Look {
    let report = serde_json::to_value(error.document()).unwrap_or_default();
    let is_damage = matches!(error, Error::Corrupt { .. });
    Look { verb, status: HealthStatus::Critical, finding: error.to_string(), report, is_damage }
}

/// The verdict on a database that is too damaged to be opened.
pub(super) fn lost(args: &Args, settings: &Settings, error: &Error) -> Exit {
    let looks = vec![failed("open", error)];
    let verdict = Verdict { status: HealthStatus::Critical, only_pending: false, looks, advice: Advice::BringBack };
    show::report(settings, &verdict, |verdict| show::own::doctor(verdict, args));
    Exit::Unhealthy
}

pub(super) fn call(
    args: &Args,
    typed: &Doctor,
    settings: &Settings,
    database: &Database,
    watch: &Operation,
) -> Result<Exit> {
    let request = request::Health { require_users: typed.require_users, ..request::Health::default() };
    let mut only_history = false;
    let mut remedies = Vec::new();
    let mut looks = vec![look("health", database.health(&request, watch), |report| {
        let poor: Vec<&Check> = report.checks.iter().filter(|check| check.status >= HealthStatus::Degraded).collect();
        remedies = poor.iter().filter_map(|check| check.remedy.clone()).collect();
        only_history = !poor.is_empty()
            && poor.iter().all(|check| check.id == "migrations" && check.status == HealthStatus::Degraded);
        let ids: Vec<&str> = poor.iter().map(|check| check.id).collect();
        let which = if ids.is_empty() { String::new() } else { format!(": {}", ids.join(", ")) };
        (report.status, format!("score {} of 100{which}", report.score))
    })?];
    let mut is_pending = false;
    let mut is_changed_by_hand = false;
    looks.push(look("migrations", database.migrations(watch), |report| {
        is_pending = report.pending > 0;
        is_changed_by_hand = !report.drift.is_empty();
        migrations(report)
    })?);
    if !typed.fast {
        let mut is_damage = false;
        let mut found = look("diagnostics", database.diagnostics(watch), |report| {
            is_damage = report.integrity != "ok";
            diagnostics(report)
        })?;
        found.is_damage |= is_damage;
        looks.push(found);
        let proof = request::Audit { verify: true, limit: Some(1), ..request::Audit::default() };
        looks.push(look("audit", database.audit(&proof, watch), audit)?);
    }
    let sizes = request::Stats { estimate: true, sizes: Some(false) };
    let mut is_damage = false;
    let mut found = look("stats", database.stats(&sizes, watch), |report| {
        is_damage = !report.damaged.is_empty();
        let status = if is_damage { HealthStatus::Critical } else { HealthStatus::Ok };
        let size = show::text::size(report.size_bytes);
        (status, format!("{size}, {} table(s), {} index(es)", report.table_count, report.index_count))
    })?;
    found.is_damage |= is_damage;
    looks.push(found);
    if settings.open.backup.folder.is_some() || typed.folder.is_some() {
        looks.push(look("backups", database.backups(watch), |report| backups(report, &typed.database))?);
    }
    let status = looks.iter().map(|look| look.status).max().unwrap_or(HealthStatus::Unknown);
    let others = looks.iter().filter(|look| !["health", "migrations"].contains(&look.verb));
    only_history &= others.map(|look| look.status).max() <= Some(HealthStatus::Unknown)
        && looks.iter().filter(|look| look.verb == "migrations").all(|look| look.status <= HealthStatus::Degraded);
    // why not with a change by hand: migrating leaves that as it is
    let only_pending = only_history && is_pending && !is_changed_by_hand;
    let only_changed_by_hand = only_history && is_changed_by_hand && !is_pending;
    let worst = looks.iter().filter(|look| look.status >= HealthStatus::Degraded).max_by_key(|look| look.status);
    let advice = match worst {
        _ if looks.iter().any(|look| look.is_damage) => Advice::BringBack,
        None => Advice::None,
        Some(_) if only_pending => Advice::Verb("migrate", &[]),
        Some(_) if only_changed_by_hand => Advice::ChangedByHand,
        // why not to that verb: it leads back to this one
        Some(look) if look.verb == "health" => Advice::Remedies(remedies),
        Some(look) if look.verb == "audit" => Advice::Verb("audit", &["--verify"]),
        Some(look) => Advice::Verb(look.verb, &[]),
    };
    let verdict = Verdict { status, only_pending, looks, advice };
    show::report(settings, &verdict, |verdict| show::own::doctor(verdict, args));
    Ok(match (status, only_pending) {
        (HealthStatus::Ok | HealthStatus::Unknown, _) => Exit::Done,
        (_, true) => Exit::Pending,
        _ => Exit::Unhealthy,
    })
}

fn migrations(report: &report::Migrations) -> Found {
    let odd: Vec<&str> = report
        .migrations
        .iter()
        .filter(|migration| ["changed", "missing", "out_of_order"].contains(&migration.state))
        .map(|migration| migration.name.as_str())
        .collect();
    let version = format!("version {} of {}", report.current, report.latest);
    match (odd.as_slice(), report.pending, report.drift.len()) {
        ([], 0, 0) => (HealthStatus::Ok, version),
        ([], 0, drift) => (HealthStatus::Degraded, format!("{version}, {drift} object(s) changed by hand")),
        ([], pending, 0) => (HealthStatus::Degraded, format!("{version}, {pending} pending")),
        ([], pending, drift) => {
            (HealthStatus::Degraded, format!("{version}, {pending} pending, {drift} object(s) changed by hand"))
        }
        (odd, ..) => (HealthStatus::Critical, format!("{version}, not as recorded: {}", odd.join(", "))),
    }
}

fn diagnostics(report: &report::Diagnostics) -> Found {
    if report.integrity != "ok" {
        let first = report.integrity.lines().next().unwrap_or_default();
        return (HealthStatus::Critical, format!("damaged: {first}"));
    }
    let orphans = report.foreign_key_check.as_ref().map_or(0, Vec::len);
    let missing = report.indexes.as_ref().map_or(0, |found| found.missing.len());
    let redundant = report.indexes.as_ref().map_or(0, |found| found.redundant.len());
    match (orphans, report.sqlite.has_wal_reset_bug) {
        (0, false) => (HealthStatus::Ok, format!("whole; {missing} index(es) missing, {redundant} redundant")),
        (0, true) => (HealthStatus::Degraded, "whole, but this SQLite can lose a commit".to_owned()),
        (rows, _) => (HealthStatus::Degraded, format!("whole, but {rows} row(s) point nowhere")),
    }
}

fn audit(report: &report::Audit) -> Found {
    match (&report.verify, report.enabled) {
        (_, false) => (HealthStatus::Unknown, "this database has no audit".to_owned()),
        (Some(proof), _) => {
            let status = match proof.status {
                "ok" => HealthStatus::Ok,
                "tampered" => HealthStatus::Critical,
                _ => HealthStatus::Unknown,
            };
            let first = proof.findings.first().map_or_else(String::new, |found| format!(": {}", found.message));
            (status, format!("{} record(s), {}{first}", proof.rows, proof.status))
        }
        (None, true) => (HealthStatus::Unknown, "not proved".to_owned()),
    }
}

fn backups(report: &report::Backups, database: &Path) -> Found {
    // why only its own: a folder may be shared, and the backups of another database bring nothing back here
    let (own, others) = archive::own(report, database);
    let beside = if others > 0 { format!(", {others} of other databases") } else { String::new() };
    match own.first() {
        None => (HealthStatus::Degraded, format!("none{beside}")),
        Some(newest) => {
            let status = if newest.verified && newest.complete { HealthStatus::Ok } else { HealthStatus::Degraded };
            let proved = if newest.verified { "verified" } else { "not verified" };
            let age = show::text::ago(newest.manifest.created_at);
            (status, format!("{}, the newest {age}, {proved}{beside}", own.len()))
        }
    }
}
