//! [`Readings`]: what one look of the monitor measured, as far as it did.
//!
//! Leaves to others: measuring (`look.rs`; metrics and audit fill in their own), judging (`rules.rs`).
//!
//! Invariant: `None` is "not measured", and then nothing is concluded from it; an empty list is "measured, and nothing found".

use std::sync::Arc;

use crate::report::Check;

/// See the head of this file.
#[derive(Debug, Clone, Default)]
pub struct Readings {
    /// Space that may still be filled on the file system of the database, in bytes.
    pub free_disk: Option<u64>,
    /// The write-ahead log.
    pub wal: Option<Wal>,
    /// When the newest verified backup was made, in milliseconds since the Unix epoch; `Some(None)` when there is none.
    pub newest_backup: Option<Option<i64>>,
    /// Pages of the database in the newest verified backup and in the one before.
    pub backup_pages: Option<(u64, u64)>,
    /// Waits for locks within the window that `look.rs` keeps.
    pub locks: Option<Locks>,
    /// The readers.
    pub pool: Option<Pool>,
    /// Statements with their present and their usual time; from the metrics.
    pub statements: Option<Arc<[StatementTime]>>,
    /// Full scans; from the metrics.
    pub scans: Option<Arc<[FullScan]>>,
    /// Who was denied something, within the window of the audit.
    pub denials: Option<Vec<Denials>>,
    /// Settings that are not what was asked for, or not what they were when the monitor started.
    pub config: Option<Vec<SettingChange>>,
    /// Objects of the schema that were changed by hand.
    pub drift: Option<Vec<String>>,
    /// The SQLite inside, as a number like 3051003.
    pub sqlite_version: Option<i32>,
    /// Other SQLite libraries that have the file open in this process, by name or path.
    pub foreign_sqlite: Option<Vec<String>>,
    /// Rows whose foreign key points nowhere, as the last deep check found them.
    pub orphans: Option<Vec<String>>,
    /// What the last check of the file found.
    pub damage: Option<Vec<String>>,
    /// The last `health`, which is asked at each tenth look.
    pub health: Option<Arc<[Check]>>,
}

/// The write-ahead log.
#[derive(Debug, Clone, Default)]
pub struct Wal {
    /// The size of its file.
    pub size_bytes: u64,
    /// The oldest call that reads or writes, and so may keep it from being begun anew.
    pub holder: Option<Holder>,
}

/// A call that has a connection.
#[derive(Debug, Clone, Default)]
pub struct Holder {
    /// Its verb.
    pub label: String,
    /// How long it has had it.
    pub age_ms: u64,
    /// Who made it, where that is known.
    pub actor: Option<String>,
    /// The role it runs as, where that is known.
    pub role: Option<&'static str>,
    /// The fingerprint of its statement, where that is known.
    pub statement: Option<String>,
}

/// Waits for locks in a window of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Locks {
    /// How often a lock was held by somebody else.
    pub waited: u64,
    /// How many of these waits ended without it.
    pub gave_up: u64,
}

/// The readers of a handle.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    /// In use.
    pub in_use: u64,
    /// How many there may be.
    pub most: u64,
    /// The call that has had one for the longest.
    pub oldest: Option<Holder>,
}

/// How long a statement takes now and usually.
#[derive(Debug, Clone, Default)]
pub struct StatementTime {
    /// What tells it from others.
    pub fingerprint: String,
    /// Its text without literals.
    pub sql: String,
    /// Its mean of late, in microseconds.
    pub recent_us: u64,
    /// Its mean over the time before; 0 while there is none.
    pub baseline_us: u64,
    /// How many calls the recent mean is of.
    pub calls: u64,
}

/// A statement that read all of a table.
#[derive(Debug, Clone, Default)]
pub struct FullScan {
    /// What tells the statement from others.
    pub fingerprint: String,
    /// The table.
    pub table: String,
    /// How many rows it has, about.
    pub rows: u64,
    /// The text of the statement without literals.
    pub sql: String,
}

/// What one actor was denied.
#[derive(Debug, Clone, Default)]
pub struct Denials {
    /// Who.
    pub actor: String,
    /// How often.
    pub count: u64,
    /// What, the last time.
    pub last: String,
}

/// A setting that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingChange {
    /// Its name.
    pub name: &'static str,
    /// What was asked for, or what it was when the monitor started.
    pub expected: String,
    /// What it is.
    pub actual: String,
}
