//! `checkpoint`: moves the write-ahead log into the database file.
//!
//! Leaves to others: when to do it. The four modes are SQLite's.
//!
//! Invariant: a checkpoint that readers or writers kept from finishing says so; it is no error and no success.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::report::{self, elapsed_ms};
use crate::request::{self, CheckpointMode};
use crate::sqlite::{self, Access, WalState};

/// Runs a checkpoint.
pub fn run(
    access: &Access,
    mode: CheckpointMode,
    request: &request::Checkpoint,
    operation: &Operation,
) -> Result<report::Checkpoint> {
    let start = Instant::now();
    if access.is_bound() {
        return Err(Error::Unsupported {
            what: "a checkpoint inside a transaction".into(),
            instead: Some("checkpoint with the handle of the database, after the transaction"),
        });
    }
    let wait = request.busy_timeout_ms.map_or(access.settings().busy_timeout, Duration::from_millis);
    let passive = mode == CheckpointMode::Passive;
    let state = match access.writer_within(operation, if passive { Duration::ZERO } else { wait }) {
        Ok(writer) => {
            let _wait = writer.wait_for_locks(wait.saturating_sub(start.elapsed()));
            sqlite::checkpoint(&writer, mode.name())?
        }
        // why no error: a writer of ours in the way is the same as one of another process
        Err(Error::Busy { .. }) => WalState { busy: true, ..sqlite::wal_state(&*access.reader(operation)?)? },
        Err(error) => return Err(error),
    };
    // why: SQLite turns a wait that was cut short into "busy", which is true but not why this call ended
    if state.busy {
        operation.check()?;
    }
    Ok(report::Checkpoint {
        mode: mode.name(),
        busy: state.busy,
        log: state.log,
        checkpointed: state.checkpointed,
        duration_ms: elapsed_ms(start),
    })
}
