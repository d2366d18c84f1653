//! What the monitor does and when: a `schedule` that is told the time, and the `seat` that one process of several has.
//!
//! Leaves to others: doing it (`database/monitor.rs`), what a look finds (`ops/alerts`).
//!
//! Invariant: a task is run by one process at a time, and when it last ran is remembered across processes and restarts.

mod schedule;
mod seat;

pub use schedule::{Log, Outcome, Plan, Schedule, Task};
pub use seat::{CheckNote, Notes, Pulse, Seat, Watchful};

use std::time::Duration;

use crate::error::Result;
use crate::operation::Operation;
use crate::report;
use crate::request::{self, CheckpointMode};
use crate::sqlite::{self, Access, foreign_keys};

/// Most findings of a check that are remembered.
const MOST_FINDINGS: usize = 10;
/// How long a checkpoint of the monitor's may hold up whoever wants to write.
pub const CHECKPOINT_WAIT_MS: u64 = 100;

/// SQLite's quick check.
pub fn quick_check(access: &Access, operation: &Operation) -> Result<CheckNote> {
    let findings = access.checker(operation)?.quick_check(MOST_FINDINGS)?;
    Ok(CheckNote { at: report::now_ms(), findings, orphans: Vec::new() })
}

/// SQLite's full check, and that of the foreign keys.
pub fn deep_check(access: &Access, operation: &Operation) -> Result<CheckNote> {
    let checker = access.checker(operation)?;
    let findings = checker.integrity(MOST_FINDINGS)?;
    let mut orphans = Vec::new();
    // why not in a damaged file: what is found there follows from the damage
    if findings.is_empty() {
        foreign_keys::check(&checker, |violation| {
            let row = violation.rowid.map_or_else(String::new, |rowid| format!(" {rowid}"));
            orphans.push(format!("row{row} of {} points nowhere in {}", violation.table, violation.parent));
            orphans.len() < MOST_FINDINGS
        })?;
    }
    Ok(CheckNote { at: report::now_ms(), findings, orphans })
}

/// Whether more of the log is in use than `limit` bytes; `None` while the writer is.
pub fn log_is_over(access: &Access, limit: u64, operation: &Operation) -> Result<Option<bool>> {
    match access.first(operation, Duration::ZERO) {
        Ok(connection) => {
            let _at_once = connection.wait_for_locks(Duration::ZERO);
            let (page_size, _) = sqlite::page_figures(&connection)?;
            let frames = u64::try_from(sqlite::wal_state(&connection)?.log).unwrap_or(0);
            Ok(Some(frames.saturating_mul(u64::from(page_size)) > limit))
        }
        Err(crate::error::Error::Busy { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The checkpoint of a task, for a log of so many bytes.
#[must_use]
pub fn checkpoint_mode(task: Task, size: u64, limit: u64) -> (CheckpointMode, request::Checkpoint) {
    let mode = match task {
        Task::RestartCheckpoint => CheckpointMode::Restart,
        // why: a restart leaves the file as large as it was, and nobody is in the way now
        _ if limit > 0 && size > limit => CheckpointMode::Truncate,
        _ => CheckpointMode::Passive,
    };
    (mode, request::Checkpoint { busy_timeout_ms: Some(CHECKPOINT_WAIT_MS) })
}
