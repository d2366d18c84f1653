//! The checks on the file of a database and the disk it is on.
//!
//! Leaves to others: calls, settings and migrations (the files beside this one).
//!
//! Invariant: files are looked at with `stat`, or through SQLite's own descriptor; the ballast is no database.

use serde_json::{Value as Json, json};

use super::{Finding, grade, measure};
use crate::error::{Error, Result};
use crate::machine;
use crate::report::{Check, ForeignSqlite, HealthStatus};
use crate::request::JournalMode;
use crate::sqlite::{self, Access, BallastState, Connection};

/// Less free disk than this is critical: SQLite needs room for the log to finish a commit.
const DISK_CRITICAL: u64 = 64 << 20;
/// Less free disk than this is worth a look.
const DISK_LOW: u64 = 512 << 20;
/// A log above this size slows down every reader; checkpoints are not getting through.
const WAL_LARGE: u64 = 64 << 20;
/// Frames of the log not yet in the database; SQLite's automatic checkpoint comes every 1,000.
const BACKLOG_LARGE: i64 = 10_000;

/// Runs a check on the connection of the look, or tells why there is none.
type With<'a> = dyn Fn(&dyn Fn(&Connection) -> Result<Finding>) -> Result<Finding> + 'a;

pub(super) fn checks(access: &Access, with: &With<'_>) -> Vec<Check> {
    let mut checks = vec![measure("file", || with(&file))];
    // why not for the others: they leave the mode as they find it
    if !access.settings().read_only && access.settings().journal_mode != JournalMode::Keep {
        checks.push(measure("journal_mode", || with(&|connection| journal_mode(access, connection))));
    }
    checks.push(measure("wal_size", || Ok(wal_size(access))));
    checks.push(measure("free_disk", || Ok(free_disk(access))));
    if !access.is_bound() {
        checks.push(measure("checkpoint_backlog", || with(&backlog)));
    }
    if let Some(found) = access.settings().foreign_sqlite() {
        checks.push(measure("foreign_sqlite", || foreign_sqlite(&found)));
    }
    if let Some(state) = access.ballast() {
        checks.push(measure("ballast", || Ok(ballast(&state))));
    }
    checks
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

fn wal_size(access: &Access) -> Finding {
    let size = access.settings().wal_size_bytes().unwrap_or(0);
    let (status, remedy) =
        grade(size > WAL_LARGE, HealthStatus::Degraded, "end long read transactions, then run a truncate checkpoint");
    (status, json!(size), json!(WAL_LARGE), remedy)
}

fn free_disk(access: &Access) -> Finding {
    let Some(free) = access.settings().folder().and_then(machine::free_disk_bytes) else {
        return (HealthStatus::Unknown, Json::Null, json!(DISK_LOW), Some("this platform does not tell".into()));
    };
    let worst = if free < DISK_CRITICAL { HealthStatus::Critical } else { HealthStatus::Degraded };
    let (status, remedy) = grade(free < DISK_LOW, worst, "free space on the file system of the database");
    (status, json!(free), json!(DISK_LOW), remedy)
}

fn backlog(connection: &Connection) -> Result<Finding> {
    let state = sqlite::wal_state(connection)?;
    let frames = (state.log - state.checkpointed).max(0);
    let (status, remedy) =
        grade(frames > BACKLOG_LARGE, HealthStatus::Degraded, "end long read transactions, then run a checkpoint");
    Ok((status, json!(frames), json!(BACKLOG_LARGE), remedy))
}

fn foreign_sqlite(found: &ForeignSqlite) -> Result<Finding> {
    let value = serde_json::to_value(found).map_err(|error| Error::Internal { detail: error.to_string() })?;
    let (status, remedy) = match found.remedy.clone() {
        _ if !found.looked => {
            let remedy =
                "open with foreign_sqlite coexist, refuse or warn to have another SQLite in this process looked for";
            (HealthStatus::Unknown, Some(remedy.to_owned()))
        }
        None => (HealthStatus::Ok, None),
        remedy => (HealthStatus::Critical, remedy),
    };
    Ok((status, value, Json::Null, remedy))
}

fn ballast(state: &BallastState) -> Finding {
    let remedy = match state.is_foreign {
        true => {
            format!("{} is not a ballast of this account's: move it away, then run a checkpoint", state.path.display())
        }
        false => format!("free twice {} bytes of space, then run a checkpoint, which makes it again", state.wanted),
    };
    let (status, remedy) = grade(state.allocated < state.wanted, HealthStatus::Degraded, &remedy);
    (status, json!(state.allocated), json!(state.wanted), remedy)
}
