//! The report of `metrics`.
//!
//! Leaves to others: counting (`sqlite/meter.rs`, `sqlite/leases.rs`) and putting it together (`ops/metrics.rs`).
//!
//! Invariant: as in `report.rs`; literals of users' statements are not in it. What is counted only while metrics are on is empty or
//! null when they are off.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::{FullScan, MissingIndex, OpenTransaction, RedundantIndex, UnusedIndex, Wal};

/// Report of `metrics`, in the form that was asked for.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Metrics {
    /// The figures.
    Figures(Box<Figures>),
    /// The figures as a text for another program.
    Text {
        /// The name of the form: `prometheus`.
        format: &'static str,
        /// The text.
        text: String,
    },
}

/// The figures of `metrics`, since the handle was opened.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Figures {
    /// Whether metrics are on; else only `pool`, `locks`, `wal` and `indexes` are known.
    pub enabled: bool,
    /// When counting began; null when metrics are off.
    pub since: Option<i64>,
    /// The statements of users by fingerprint, those with the largest total first.
    pub statements: Vec<StatementFigures>,
    /// How many fingerprints there are, those beyond the limit of the call included.
    pub statements_known: u64,
    /// How many fingerprints were forgotten for newer ones, with their numbers.
    pub statements_evicted: u64,
    /// The last 100 statements that took longer than `slow_query_ms`, the newest first.
    pub slow: Vec<SlowStatement>,
    /// How many there were since `since`.
    pub slow_total: u64,
    /// The last 100 transactions of the writer that were open for longer than 250 ms, the newest first.
    pub slow_transactions: Vec<SlowTransaction>,
    /// How many there were since `since`.
    pub slow_transactions_total: u64,
    /// Calls by verb.
    pub verbs: BTreeMap<&'static str, VerbFigures>,
    /// Backups that were made; null when metrics are off.
    pub backups: Option<BackupFigures>,
    /// Scripts that were run; null when metrics are off.
    pub scripts: Option<ScriptFigures>,
    /// Checkpoints that were asked for; null when metrics are off.
    pub checkpoints: Option<CheckpointFigures>,
    /// Calls that the role of the handle did not allow; null when metrics are off.
    pub denials: Option<u64>,
    /// What the statements use; null when it was not asked for, when no reader was free to look, and where damage kept it from being
    /// examined.
    pub indexes: Option<IndexFigures>,
    /// The connections.
    pub pool: PoolFigures,
    /// Waits for locks.
    pub locks: LockFigures,
    /// The write-ahead log.
    pub wal: Wal,
}

/// What the statements of one fingerprint did.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StatementFigures {
    /// The statement without literals, lists of values shortened; of a long one the beginning.
    pub fingerprint: Arc<str>,
    /// How often it was run.
    pub calls: u64,
    /// How often it failed.
    pub errors: u64,
    /// Rows it gave, or else changed.
    pub rows: u64,
    /// Time it took, all calls together. Waiting for a connection and the commit are not in it.
    pub total_ms: f64,
    /// Of one call.
    pub mean_ms: f64,
    /// What 95 of 100 calls did not exceed, to within 1/16.
    pub p95_ms: f64,
    /// Of the longest call.
    pub max_ms: f64,
    /// Steps from row to row of a table that was read whole.
    pub full_scan_steps: u64,
    /// Times that rows were sorted.
    pub sorts: u64,
    /// Rows put into indexes that were made for this one time.
    pub automatic_index_rows: u64,
    /// When it was run the last time.
    pub last_at: i64,
}

/// One statement that took long.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SlowStatement {
    /// The statement without literals.
    pub fingerprint: Arc<str>,
    /// How long it took.
    pub duration_ms: f64,
    /// Rows it gave, or else changed.
    pub rows: u64,
    /// Whether it failed.
    pub failed: bool,
    /// When it ended.
    pub at: i64,
    /// The verb it was run by.
    pub verb: &'static str,
    /// Who ran it; null where nobody is known.
    pub actor: Option<Arc<str>>,
    /// How SQLite planned it right after; null for one without a plan.
    pub plan: Option<Vec<String>>,
}

/// One transaction of the writer that was open for long.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SlowTransaction {
    /// The verb whose it was.
    pub label: &'static str,
    /// Who made the call; null where nobody is known.
    pub actor: Option<Arc<str>>,
    /// How long it was open.
    pub duration_ms: f64,
    /// When it ended.
    pub at: i64,
    /// Whether it was committed, and not rolled back.
    pub committed: bool,
}

/// The calls of one verb.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct VerbFigures {
    /// How many.
    pub calls: u64,
    /// How many failed, the denied ones left out.
    pub errors: u64,
    /// How many the role did not allow.
    pub denied: u64,
    /// Time they took together.
    pub total_ms: f64,
    /// Time the longest took.
    pub max_ms: f64,
}

/// Backups, those made by scripts included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BackupFigures {
    /// How many were made.
    pub made: u64,
    /// How many failed.
    pub failed: u64,
    /// When the last was made; null before the first, as are the next two.
    pub last_at: Option<i64>,
    /// How long it took.
    pub last_duration_ms: Option<f64>,
    /// Its size.
    pub last_size_bytes: Option<u64>,
}

/// Scripts, typed ones and files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ScriptFigures {
    /// How many were run.
    pub runs: u64,
    /// How many failed.
    pub failures: u64,
}

/// Checkpoints, those of scripts included; the ones that SQLite makes by itself are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CheckpointFigures {
    /// How many were made.
    pub runs: u64,
    /// How many of them readers or writers kept from finishing.
    pub busy: u64,
}

/// What the statements of this handle use, as SQLite plans them now.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct IndexFigures {
    /// Indexes that statements use; null before the first statement.
    pub used: Option<Vec<UsedIndex>>,
    /// Indexes that no statement uses and nothing else needs; null before the first statement.
    pub unused: Option<Vec<UnusedIndex>>,
    /// Indexes that another one makes superfluous.
    pub redundant: Vec<RedundantIndex>,
    /// Foreign keys whose columns no index begins with.
    pub missing: Vec<MissingIndex>,
    /// Statements that read a table of more than 1,000 rows without an index; null before the first statement.
    pub full_scans: Option<Vec<FullScan>>,
}

/// An index that statements use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UsedIndex {
    /// Its name.
    pub index: String,
    /// Its table.
    pub table: String,
    /// How often statements ran whose fingerprint uses it; null when metrics are off.
    pub calls: Option<u64>,
}

/// The connections of a handle.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PoolFigures {
    /// Connections open, the writer included.
    pub connections: u32,
    /// Connections open and not in use.
    pub idle_connections: u32,
    /// Most connections there may be.
    pub max_connections: u32,
    /// Connections in use, this call left out.
    pub in_use: u64,
    /// How often a reader was asked for while all were in use.
    pub waits: u64,
    /// How long was waited for one, all waits together.
    pub wait_ms: f64,
    /// How many of these waits ended without one, by their limit or because the call was stopped.
    pub timeouts: u64,
    /// Who has the connections that are in use, those who have them longest first.
    pub holders: Vec<OpenTransaction>,
}

/// Waits for locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LockFigures {
    /// How often a connection was taken to work with.
    pub leases: u64,
    /// How often a lock was held by somebody else: by another process, or the writer by another call of this handle.
    pub waited: u64,
    /// How many of these waits ended without the lock.
    pub gave_up: u64,
}
