//! `checkpoint`: moves the write-ahead log into the database file.
//!
//! Leaves to others: when to do it. The four modes are SQLite's.
//!
//! Invariant: a checkpoint that readers or writers kept from finishing says so and who it was; it is no error and no
//! success. `busy` is SQLite's own word: a passive checkpoint waits for nobody, so of one that readers cut short only `log` and
//! `checkpointed` tell.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::report::{self, HeldBy, elapsed_ms};
use crate::request::{self, CheckpointMode};
use crate::sqlite::{self, Access, Lease, LeaseInfo, WalState};

/// How long the numbers of a checkpoint that never began may wait for a reader.
const READER_WAIT: Duration = Duration::from_millis(250);

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
    let (state, held_by) = match access.writer_within(operation, if passive { Duration::ZERO } else { wait }) {
        Ok(writer) => {
            let began = Instant::now();
            let state = {
                let _wait = writer.wait_for_locks(wait.saturating_sub(start.elapsed()));
                sqlite::checkpoint(&writer, mode.name())?
            };
            // why: SQLite turns a wait that was cut short into "busy", which is true but not why this call ended
            if state.busy {
                operation.check()?;
            }
            (state, state.busy.then(|| holder(access, &writer, mode, began.elapsed())))
        }
        // why no error: a writer of ours in the way is the same as one of another process
        Err(Error::Busy { .. }) => {
            let writer = access.leases().into_iter().find(|lease| lease.writes);
            (untouched(access, operation)?, Some(of_ours("writer", writer)))
        }
        Err(error) => return Err(error),
    };
    if !state.busy {
        access.restore_ballast();
    }
    if let Some(meter) = access.meter() {
        meter.checkpointed(state.busy);
    }
    Ok(report::Checkpoint {
        mode: mode.name(),
        busy: state.busy,
        log: state.log,
        checkpointed: state.checkpointed,
        held_by,
        duration_ms: elapsed_ms(start),
    })
}

/// The numbers of a checkpoint that did not get the writer.
fn untouched(access: &Access, operation: &Operation) -> Result<WalState> {
    // why not asked: a database in memory has no log, and no connection beside the one that is in use
    if access.settings().path.is_none() {
        return Ok(WalState { busy: true, log: -1, checkpointed: -1 });
    }
    Ok(WalState { busy: true, ..sqlite::wal_state(&*access.reader_within(operation, READER_WAIT)?)? })
}

/// Who kept the checkpoint on `writer` from finishing, which waited for `waited`. Our own writer is not in the way: it is the
/// caller's.
fn holder(access: &Access, writer: &Lease<'_>, mode: CheckpointMode, waited: Duration) -> HeldBy {
    let another = HeldBy { who: "another process", ..HeldBy::default() };
    // why: readers never stop a passive checkpoint from running, only another checkpoint does
    if mode == CheckpointMode::Passive || another_writes(writer) {
        return another;
    }
    // why only those: one that began later reads what the checkpoint has moved already
    let reader = access.leases_of_others(writer).into_iter().find(|lease| !lease.writes && lease.age >= waited);
    reader.map_or(another, |reader| of_ours("reader", Some(reader)))
}

/// Whether a connection that is not of this handle has the write lock.
fn another_writes(writer: &Lease<'_>) -> bool {
    let _wait = writer.wait_for_locks(Duration::ZERO);
    let outcome = writer.begin_immediate();
    writer.rollback();
    matches!(outcome, Err(Error::Busy { .. }))
}

fn of_ours(who: &'static str, lease: Option<LeaseInfo>) -> HeldBy {
    let Some(holder) = lease.map(report::OpenTransaction::from) else { return HeldBy { who, ..HeldBy::default() } };
    let report::OpenTransaction { label, age_ms, actor, role, statement, .. } = holder;
    HeldBy { who, label: Some(label), age_ms: Some(age_ms), actor, role, statement }
}
