//! `health`: a quick look that says whether somebody must act.
//!
//! Leaves to others: the slow checks (`diagnostics`).
//!
//! Invariants: writes nothing; the status is that of the worst check, and a critical one caps the score at 39; a check
//! that could not measure is `unknown`, never `ok`; a check that does not apply (the file of a database in memory)
//! is not there.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::error::Result;
use crate::machine;
use crate::migrations::{self, Catalog};
use crate::operation::Operation;
use crate::report::{Check, Health, HealthStatus, now_ms};
use crate::request::JournalMode;
use crate::sqlite::{self, Access, Connection};

/// Less free disk than this is critical: SQLite needs room for the log to finish a commit.
const DISK_CRITICAL: u64 = 64 << 20;
/// Less free disk than this is worth a look.
const DISK_LOW: u64 = 512 << 20;
/// A log above this size slows down every reader; checkpoints are not getting through.
const WAL_LARGE: u64 = 64 << 20;
/// Frames of the log not yet in the database; SQLite's automatic checkpoint comes every 1,000.
const BACKLOG_LARGE: i64 = 10_000;

/// What a check found: status, value, threshold, remedy.
type Finding = (HealthStatus, Json, Json, Option<String>);

/// Looks.
pub fn run(access: &Access, catalog: &Catalog, operation: &Operation) -> Result<Health> {
    let connection = access.reader(operation)?;
    let mut checks = vec![measure("answers", || answers(&connection))];
    if access.settings().path.is_some() {
        checks.push(measure("file", || file(&connection)));
        // why not for the others: they leave the mode as they find it
        if !access.settings().read_only && access.settings().journal_mode != JournalMode::Keep {
            checks.push(measure("journal_mode", || journal_mode(access, &connection)));
        }
        checks.push(measure("wal_size", || wal_size(access)));
        checks.push(measure("free_disk", || free_disk(access)));
        if !access.is_bound() {
            checks.push(measure("checkpoint_backlog", || backlog(&connection)));
        }
    }
    // why here: a database in memory has one connection, and the two checks below ask for it themselves
    drop(connection);
    checks.push(measure("foreign_keys", || foreign_keys(access, operation)));
    checks.push(measure("migrations", || pending(access, catalog, operation)));
    operation.check()?;
    Ok(summarise(checks))
}

fn measure(id: &'static str, look: impl FnOnce() -> Result<Finding>) -> Check {
    let start = Instant::now();
    let (status, value, threshold, remedy) = look().unwrap_or_else(|error| {
        let remedy = error.hint().map_or_else(|| error.to_string(), |hint| format!("{error}; {hint}"));
        (HealthStatus::Unknown, Json::Null, Json::Null, Some(remedy))
    });
    let cost_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    Check { id, status, value, threshold, measured_at: now_ms(), cost_us, remedy }
}

fn summarise(checks: Vec<Check>) -> Health {
    let status = checks.iter().map(|check| check.status).max().unwrap_or(HealthStatus::Unknown);
    let lost: u32 = checks
        .iter()
        .map(|check| match check.status {
            HealthStatus::Ok => 0,
            HealthStatus::Unknown => 5,
            HealthStatus::Degraded => 20,
            HealthStatus::Critical => 61,
        })
        .sum();
    let score = u8::try_from(100u32.saturating_sub(lost)).unwrap_or(0);
    Health { status, score, checks }
}

fn grade(bad: bool, status: HealthStatus, remedy: &str) -> (HealthStatus, Option<String>) {
    if bad { (status, Some(remedy.to_owned())) } else { (HealthStatus::Ok, None) }
}

fn answers(connection: &Connection) -> Result<Finding> {
    let answer = connection.value::<i64>("SELECT count(*) > 0 FROM sqlite_schema LIMIT 1", &[]);
    Ok(match answer {
        Ok(_) => (HealthStatus::Ok, json!(true), Json::Null, None),
        Err(error) => {
            let remedy = error.hint().map_or_else(|| error.to_string(), |hint| format!("{error}; {hint}"));
            (HealthStatus::Critical, json!(false), Json::Null, Some(remedy))
        }
    })
}

fn file(connection: &Connection) -> Result<Finding> {
    let moved = connection.has_moved()?;
    let remedy =
        "the file was replaced or removed while it was open: close the handle, look where the file went, open again";
    let (status, remedy) = grade(moved, HealthStatus::Critical, remedy);
    Ok((status, json!(if moved { "moved" } else { "in place" }), Json::Null, remedy))
}

fn journal_mode(access: &Access, connection: &Connection) -> Result<Finding> {
    let wanted = access.settings().journal_mode;
    let is_wal = connection.is_wal()?;
    let (status, remedy) = grade(
        is_wal != (wanted == JournalMode::Wal),
        HealthStatus::Degraded,
        "another program changed the journal mode: open the database again to change it back",
    );
    Ok((status, json!(if is_wal { "wal" } else { "rollback journal" }), json!(wanted.name()), remedy))
}

fn wal_size(access: &Access) -> Result<Finding> {
    let size = access.settings().wal_size_bytes().unwrap_or(0);
    let (status, remedy) =
        grade(size > WAL_LARGE, HealthStatus::Degraded, "end long read transactions, then run a truncate checkpoint");
    Ok((status, json!(size), json!(WAL_LARGE), remedy))
}

fn free_disk(access: &Access) -> Result<Finding> {
    let Some(free) = access.settings().folder().and_then(machine::free_disk_bytes) else {
        return Ok((HealthStatus::Unknown, Json::Null, json!(DISK_LOW), Some("this platform does not tell".into())));
    };
    let worst = if free < DISK_CRITICAL { HealthStatus::Critical } else { HealthStatus::Degraded };
    let (status, remedy) = grade(free < DISK_LOW, worst, "free space on the file system of the database");
    Ok((status, json!(free), json!(DISK_LOW), remedy))
}

fn backlog(connection: &Connection) -> Result<Finding> {
    let state = sqlite::wal_state(connection)?;
    let frames = (state.log - state.checkpointed).max(0);
    let (status, remedy) =
        grade(frames > BACKLOG_LARGE, HealthStatus::Degraded, "end long read transactions, then run a checkpoint");
    Ok((status, json!(frames), json!(BACKLOG_LARGE), remedy))
}

fn foreign_keys(access: &Access, operation: &Operation) -> Result<Finding> {
    // why the writer's: enforcement is a setting of the connection that writes
    let on = access.first(operation, Duration::from_millis(100))?.value::<i64>("PRAGMA foreign_keys", &[])? == Some(1);
    let wanted = access.settings().foreign_keys;
    let (status, remedy) = grade(on != wanted, HealthStatus::Degraded, "close the handle and open the database again");
    Ok((status, json!(on), json!(wanted), remedy))
}

fn pending(access: &Access, catalog: &Catalog, operation: &Operation) -> Result<Finding> {
    // why first: the stamp costs one header value, the comparison with the history a look at every file
    if migrations::is_up_to_date(access, catalog, operation)? {
        return Ok((HealthStatus::Ok, json!(0), json!(0), None));
    }
    let status = migrations::status(access, catalog, operation)?;
    let wrong = status.migrations.iter().filter(|migration| matches!(migration.state, "changed" | "missing")).count();
    if wrong > 0 {
        let remedy = "applied migrations were changed or are missing: see migrations".to_owned();
        return Ok((HealthStatus::Degraded, json!(wrong), json!(0), Some(remedy)));
    }
    let (grade, remedy) = grade(status.pending > 0, HealthStatus::Degraded, "run migrate");
    Ok((grade, json!(status.pending), json!(0), remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: HealthStatus) -> Check {
        measure("x", || Ok((status, Json::Null, Json::Null, None)))
    }

    #[test]
    fn the_worst_check_is_the_status_and_a_critical_one_caps_the_score() {
        let health = summarise(vec![check(HealthStatus::Ok), check(HealthStatus::Degraded)]);
        assert_eq!((health.status, health.score), (HealthStatus::Degraded, 80));
        let health = summarise(vec![check(HealthStatus::Critical), check(HealthStatus::Ok)]);
        assert_eq!((health.status, health.score), (HealthStatus::Critical, 39));
        let health = summarise(vec![check(HealthStatus::Ok)]);
        assert_eq!((health.status, health.score), (HealthStatus::Ok, 100));
    }

    #[test]
    fn what_could_not_be_measured_is_unknown_not_green() {
        let failed = measure("x", || Err(crate::error::Error::NotFound { what: "it".into() }));
        assert_eq!(failed.status, HealthStatus::Unknown);
        assert!(failed.remedy.is_some());
        assert_eq!(summarise(vec![failed]).status, HealthStatus::Unknown);
        assert_eq!(summarise(Vec::new()).status, HealthStatus::Unknown);
    }
}
