//! SQLite's checkpoint and the state of the write-ahead log: mechanism only.
//!
//! Leaves to others: what a busy checkpoint means (`ops/checkpoint.rs`).
//!
//! Invariant: numbers are SQLite's own: -1 means "not in WAL mode".

use super::connection::Connection;
use super::engine;
use super::value::Value;
use crate::error::{Error, Result};

/// What SQLite answers to a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalState {
    /// Whether a reader or writer kept it from finishing.
    pub busy: bool,
    /// Frames in the log.
    pub log: i64,
    /// Frames that are in the database file.
    pub checkpointed: i64,
}

/// Runs a checkpoint in a mode of SQLite's: `passive`, `full`, `restart`, `truncate`.
pub fn checkpoint(connection: &Connection, mode: &str) -> Result<WalState> {
    let rows = connection.rows(&format!("PRAGMA wal_checkpoint({mode})"), &[])?;
    match rows.first().map(Vec::as_slice) {
        Some([Value::Integer(busy), Value::Integer(log), Value::Integer(checkpointed)]) => {
            Ok(WalState { busy: *busy != 0, log: *log, checkpointed: *checkpointed })
        }
        _ => Err(Error::Internal { detail: "wal_checkpoint gave an unexpected answer".into() }),
    }
}

/// The first version with the mode NOOP. One before takes it for PASSIVE, and works.
const HAS_NOOP: i32 = 3_051_000;

/// The two numbers without any work.
pub fn wal_state(connection: &Connection) -> Result<WalState> {
    if engine::version_number() >= HAS_NOOP {
        return checkpoint(connection, "noop");
    }
    if !connection.is_wal()? {
        return Ok(WalState { busy: false, log: -1, checkpointed: -1 });
    }
    // why: SQLite has the log open only from the first look at the database on
    connection.value::<i64>("PRAGMA user_version", &[])?;
    let (log, checkpointed) = connection.log_index().unwrap_or((0, 0));
    Ok(WalState { busy: false, log: log.into(), checkpointed: checkpointed.into() })
}
