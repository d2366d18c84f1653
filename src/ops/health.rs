//! `health`: a quick look that says whether somebody must act.
//!
//! Leaves to others: the slow checks (`diagnostics`), when a backup counts as verified (`archive/vault`).
//!
//! Invariants: writes nothing, and takes under 1 ms when nothing is wrong and nobody is in the way; the status is that of the
//! worst check, and a critical one caps the score at 39; what a check and an alert both tell of counts once; a check that could not measure is `unknown`, never `ok`; a check that
//! does not apply (the file of a database in memory, waits when no lock was ever asked for) is not there.

mod audit;
mod contention;
mod file;

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::archive::vault::Vault;
use crate::audit::Log;
use crate::error::{Error, Result};
use crate::migrations::{self, Catalog};
use crate::operation::Operation;
use crate::report::{Check, Health, HealthStatus, Severity, Watched, now_ms};
use crate::request;
use crate::sqlite::{Access, Connection, Effective, Lease, Settings};

/// Tells when the newest verified backup was made, in milliseconds since the Unix epoch; `None` when there is none.
type NewestVerified<'a> = &'a dyn Fn() -> Result<Option<i64>>;

/// How long a look waits for a connection that is in use; what it does not get is unknown.
pub const PATIENCE: Duration = Duration::from_millis(100);

const HOUR_MS: u64 = 3_600_000;
/// The check on what a monitor's alerts say.
const ALERTS: &str = "alerts";

/// What a check found: status, value, threshold, remedy.
type Finding = (HealthStatus, Json, Json, Option<String>);

/// `health` of a database with its backups and its audit; `watched` is what a monitor found.
pub fn of(
    access: &Access,
    catalog: &Catalog,
    (vault, audit): (&Vault, &Log),
    request: &request::Health,
    mut watched: Watched,
    asked: (&Operation, Duration),
) -> Result<Health> {
    let newest = || vault.newest_verified();
    let newest = vault.folder().map(|_| &newest as NewestVerified<'_>);
    watched.checks.extend(audit::check(audit));
    run(access, catalog, request, newest, watched, asked)
}

/// Looks, and waits for each connection at most `patience`. `newest_verified` is `None` where no folder for backups is configured;
/// `watched` is what others say.
fn run(
    access: &Access,
    catalog: &Catalog,
    request: &request::Health,
    newest_verified: Option<NewestVerified<'_>>,
    watched: Watched,
    (operation, patience): (&Operation, Duration),
) -> Result<Health> {
    // why first: the look's own connections must not count
    let mut checks = contention::checks(access, request);
    let connection = match access.reader_within(operation, patience) {
        // why no report: there is nothing to look at any more
        Err(error) if access.is_bound() => return Err(error),
        outcome => outcome,
    };
    // why not unknown: a call that was stopped has no report
    operation.check()?;
    let with = |look: &dyn Fn(&Connection) -> Result<Finding>| match &connection {
        Ok(connection) => look(connection),
        Err(error) => Err(error.clone()),
    };
    checks.insert(0, measure("answers", || answers(&connection)));
    if access.settings().path.is_some() {
        checks.extend(file::checks(access, &with));
    }
    if request.require_users {
        checks.push(measure("users", || with(&users)));
    }
    checks.push(measure("migrations", || with(&|connection| pending(connection, catalog, operation))));
    // why here: a database in memory has one connection, and the two checks below ask for it themselves
    drop(connection);
    let effective = access.first(operation, patience).and_then(|writer| writer.effective());
    checks.push(measure("foreign_keys", || foreign_keys(access.settings(), &effective)));
    checks.push(measure("pragmas", || pragmas(access.settings(), &effective)));
    if let Some(newest) = newest_verified {
        let limit_hours = request.backup_max_age_hours();
        checks.push(measure("backup_age", || Ok(backup_age(newest()?, now_ms(), limit_hours))));
    }
    checks.extend(watched.checks);
    operation.check()?;
    Ok(summarise(checks, &watched.told))
}

fn measure(id: &'static str, look: impl FnOnce() -> Result<Finding>) -> Check {
    let start = Instant::now();
    let (status, value, threshold, remedy) =
        look().unwrap_or_else(|error| (HealthStatus::Unknown, Json::Null, Json::Null, Some(error.in_words())));
    let cost_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    Check { id, status, value, threshold, measured_at: now_ms(), cost_us, remedy }
}

fn summarise(checks: Vec<Check>, told: &[(Severity, Vec<String>)]) -> Health {
    let status = checks.iter().map(|check| check.status).max().unwrap_or(HealthStatus::Unknown);
    let lost = |check: &Check| match check.status {
        // why not by its status: what a check of its own tells of must not count twice
        HealthStatus::Ok | HealthStatus::Degraded | HealthStatus::Critical if check.id == ALERTS => told
            .iter()
            .filter(|(severity, of)| !is_said(&checks, *severity, of))
            .map(|(severity, _)| cost(*severity))
            .max(),
        HealthStatus::Ok => None,
        HealthStatus::Unknown => Some(5),
        HealthStatus::Degraded => Some(cost(Severity::Warning)),
        HealthStatus::Critical => Some(cost(Severity::Critical)),
    };
    let lost: u32 = checks.iter().filter_map(lost).sum();
    let score = u8::try_from(100u32.saturating_sub(lost)).unwrap_or(0);
    Health { status, score, checks }
}

/// Whether one of these checks says that it is at least as bad.
fn is_said(checks: &[Check], severity: Severity, of: &[String]) -> bool {
    let status = match severity {
        Severity::Info => return false,
        Severity::Warning => HealthStatus::Degraded,
        Severity::Critical => HealthStatus::Critical,
    };
    checks.iter().any(|check| check.status >= status && of.iter().any(|id| id == check.id))
}

const fn cost(severity: Severity) -> u32 {
    match severity {
        Severity::Info => 5,
        Severity::Warning => 20,
        Severity::Critical => 61,
    }
}

fn grade(bad: bool, status: HealthStatus, remedy: &str) -> (HealthStatus, Option<String>) {
    if bad { (status, Some(remedy.to_owned())) } else { (HealthStatus::Ok, None) }
}

fn answers(connection: &Result<Lease<'_>>) -> Result<Finding> {
    let answer = match connection {
        // why unknown: it was too busy to be asked, which is not the same as not answering
        Err(busy @ Error::Busy { .. }) => return Err(busy.clone()),
        Err(error) => Err(error.clone()),
        Ok(connection) => connection.value::<i64>("SELECT EXISTS (SELECT 1 FROM sqlite_schema)", &[]),
    };
    Ok(match answer {
        Ok(_) => (HealthStatus::Ok, json!(true), Json::Null, None),
        Err(error) => (HealthStatus::Critical, json!(false), Json::Null, Some(error.in_words())),
    })
}

/// The rule of the original system: a database without users is one that nobody can log in to.
fn users(connection: &Connection) -> Result<Finding> {
    let (is_bad, found) = match connection.value::<i64>("SELECT EXISTS (SELECT 1 FROM main.users)", &[]) {
        Ok(found) => (found != Some(1), json!(found == Some(1))),
        Err(Error::Sql { message, .. }) if message.contains("no such table") => (true, Json::Null),
        Err(error) => return Err(error),
    };
    let remedy = match found {
        Json::Null => "there is no table users: run migrate, or look whether this is the right database",
        _ => "the table users is empty: add the first user, or look whether this is the right database",
    };
    let (status, remedy) = grade(is_bad, HealthStatus::Critical, remedy);
    Ok((status, found, Json::Null, remedy))
}

fn foreign_keys(settings: &Settings, effective: &Result<Effective>) -> Result<Finding> {
    let on = effective.clone()?.foreign_keys;
    let wanted = settings.foreign_keys;
    let (status, remedy) = grade(on != wanted, HealthStatus::Degraded, "close the handle and open the database again");
    Ok((status, json!(on), json!(wanted), remedy))
}

/// The settings of the connection that writes, for it is its settings that decide what becomes of the file.
fn pragmas(settings: &Settings, effective: &Result<Effective>) -> Result<Finding> {
    let found = effective.clone()?;
    let shown = |found: Effective| {
        json!({
            "foreign_keys": found.foreign_keys,
            "synchronous": found.synchronous,
            "trusted_schema": found.trusted_schema,
            "defensive": found.defensive,
        })
    };
    let wanted = found.wanted(settings);
    // why without the foreign keys: they have a check of their own
    let others = Effective { foreign_keys: wanted.foreign_keys, ..found };
    let (status, remedy) =
        grade(others != wanted, HealthStatus::Degraded, "close the handle and open the database again");
    Ok((status, shown(found), shown(wanted), remedy))
}

fn pending(connection: &Connection, catalog: &Catalog, operation: &Operation) -> Result<Finding> {
    let finding = |count: usize, remedy: &str| {
        let (status, remedy) = grade(count > 0, HealthStatus::Degraded, remedy);
        Ok((status, json!(count), json!(0), remedy))
    };
    // why first: the stamp covers the migrations and the schema and costs two header values, comparing a look at everything
    if migrations::is_up_to_date(connection, catalog)? {
        return finding(0, "");
    }
    let status = migrations::status_on(connection, catalog, operation)?;
    let wrong = status.migrations.iter().filter(|migration| matches!(migration.state, "changed" | "missing")).count();
    match (wrong, status.pending, status.drift.len()) {
        (0, 0, drifted) => finding(drifted, Check::CHANGED_BY_HAND),
        (0, pending, _) => finding(pending, "run migrate"),
        (wrong, _, _) => finding(wrong, "applied migrations were changed or are missing: see migrations"),
    }
}

fn backup_age(newest_ms: Option<i64>, now_ms: i64, limit_hours: u64) -> Finding {
    let limit_ms = limit_hours.saturating_mul(HOUR_MS);
    let Some(newest_ms) = newest_ms else {
        let remedy = "there is no verified backup: make one".to_owned();
        return (HealthStatus::Degraded, Json::Null, json!(limit_ms), Some(remedy));
    };
    // why 0 for one from the future: a clock that was put back does not make a backup old
    let age_ms = u64::try_from(now_ms.saturating_sub(newest_ms)).unwrap_or(0);
    let worst = if age_ms > limit_ms.saturating_mul(7) { HealthStatus::Critical } else { HealthStatus::Degraded };
    let (status, remedy) = grade(age_ms > limit_ms, worst, "make a backup, and look why there was none for so long");
    (status, json!(age_ms), json!(limit_ms), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: HealthStatus) -> Check {
        measure("x", || Ok((status, Json::Null, Json::Null, None)))
    }

    #[test]
    fn the_worst_check_is_the_status_and_a_critical_one_caps_the_score() {
        let health = summarise(vec![check(HealthStatus::Ok), check(HealthStatus::Degraded)], &[]);
        assert_eq!((health.status, health.score), (HealthStatus::Degraded, 80));
        let health = summarise(vec![check(HealthStatus::Critical), check(HealthStatus::Ok)], &[]);
        assert_eq!((health.status, health.score), (HealthStatus::Critical, 39));
        let health = summarise(vec![check(HealthStatus::Ok)], &[]);
        assert_eq!((health.status, health.score), (HealthStatus::Ok, 100));
    }

    #[test]
    fn what_a_check_and_an_alert_both_tell_of_counts_once() {
        let named = |id, status| Check { id, ..check(status) };
        let score = |pool, alerts, told: &[(Severity, &[&str])]| {
            let told: Vec<(Severity, Vec<String>)> =
                told.iter().map(|(severity, of)| (*severity, of.iter().map(|id| (*id).to_owned()).collect())).collect();
            let health = summarise(vec![named("pool", pool), named(ALERTS, alerts)], &told);
            (health.status, health.score)
        };
        use HealthStatus::{Critical, Degraded, Ok};
        assert_eq!(score(Ok, Ok, &[]), (Ok, 100));
        assert_eq!(score(Degraded, Degraded, &[(Severity::Warning, &["pool"])]), (Degraded, 80));
        assert_eq!(score(Ok, Degraded, &[(Severity::Warning, &["pool"])]), (Degraded, 80), "its own limit is lower");
        let both: &[(Severity, &[&str])] = &[(Severity::Warning, &["pool"]), (Severity::Warning, &[])];
        assert_eq!(score(Degraded, Degraded, both), (Degraded, 60), "another one is another one");
        assert_eq!(score(Degraded, Critical, &[(Severity::Critical, &["pool"])]), (Critical, 19), "and worse");
        assert_eq!(score(Ok, Ok, &[(Severity::Info, &[])]), (Ok, 95), "worth knowing, and nobody need be woken");
        assert_eq!(score(Ok, HealthStatus::Unknown, &[]), (HealthStatus::Unknown, 95));
    }

    #[test]
    fn what_could_not_be_measured_is_unknown_not_green() {
        let failed = measure("x", || Err(crate::error::Error::NotFound { what: "it".into() }));
        assert_eq!(failed.status, HealthStatus::Unknown);
        assert!(failed.remedy.is_some());
        assert_eq!(summarise(vec![failed], &[]).status, HealthStatus::Unknown);
        assert_eq!(summarise(Vec::new(), &[]).status, HealthStatus::Unknown);
    }

    #[test]
    fn an_old_backup_is_degraded_a_very_old_one_critical_and_none_at_all_is_no_good_sign() {
        let hour = HOUR_MS as i64;
        for (newest, status, value) in [
            (Some(100 * hour), HealthStatus::Ok, json!(0)),
            (Some(100 * hour - 48 * hour), HealthStatus::Ok, json!(48 * hour)),
            (Some(100 * hour - 48 * hour - 1), HealthStatus::Degraded, json!(48 * hour + 1)),
            (Some(100 * hour - 7 * 48 * hour), HealthStatus::Degraded, json!(7 * 48 * hour)),
            (Some(100 * hour - 7 * 48 * hour - 1), HealthStatus::Critical, json!(7 * 48 * hour + 1)),
            (Some(200 * hour), HealthStatus::Ok, json!(0)),
            (None, HealthStatus::Degraded, Json::Null),
        ] {
            let found = backup_age(newest, 100 * hour, 48);
            assert_eq!((found.0, found.1, found.2), (status, value, json!(48 * hour)), "{newest:?}");
            assert_eq!(found.3.is_some(), status != HealthStatus::Ok);
        }
    }

    #[test]
    fn a_setting_that_is_not_in_force_is_seen() {
        let settings = Settings::new(None, &request::Open::default());
        let sound =
            Effective { foreign_keys: true, trusted_schema: false, defensive: true, synchronous: Some("normal") };
        for (found, status) in [
            (sound, HealthStatus::Ok),
            (Effective { synchronous: None, ..sound }, HealthStatus::Ok),
            (Effective { synchronous: Some("off"), ..sound }, HealthStatus::Degraded),
            (Effective { foreign_keys: false, ..sound }, HealthStatus::Ok),
            (Effective { trusted_schema: true, ..sound }, HealthStatus::Degraded),
            (Effective { defensive: false, ..sound }, HealthStatus::Degraded),
        ] {
            assert_eq!(pragmas(&settings, &Ok(found)).expect("looks").0, status, "{found:?}");
        }
        let off = Effective { foreign_keys: false, ..sound };
        assert_eq!(foreign_keys(&settings, &Ok(off)).expect("looks").0, HealthStatus::Degraded, "which is told once");
        let busy = Err(Error::Busy { what: "the writer".into(), waited_ms: 100 });
        assert!(pragmas(&settings, &busy).is_err(), "not measured");
    }

    #[test]
    fn a_backup_is_looked_for_only_where_there_is_a_place_for_them() {
        let ids = |newest: Option<NewestVerified<'_>>| {
            let settings = Settings::new(None, &request::Open::default());
            let (pool, _) = crate::sqlite::Pool::open(settings).expect("opens");
            let access = Access::Pool(std::sync::Arc::new(pool));
            let catalog = Catalog::new(migrations::Source::Embedded, |_, _, _| Ok(false));
            let found = run(
                &access,
                &catalog,
                &request::Health::default(),
                newest,
                Watched::default(),
                (&Operation::new(), PATIENCE),
            )
            .expect("looks");
            found.checks.into_iter().find(|check| check.id == "backup_age").map(|check| check.status)
        };
        assert_eq!(ids(None), None);
        assert_eq!(ids(Some(&|| Ok(Some(now_ms())))), Some(HealthStatus::Ok));
        assert_eq!(ids(Some(&|| Ok(None))), Some(HealthStatus::Degraded));
        let failing = || Err(Error::NotFound { what: "the folder".into() });
        assert_eq!(ids(Some(&failing)), Some(HealthStatus::Unknown));
    }
}
