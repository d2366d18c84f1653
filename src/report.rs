//! What comes up: the report of every verb. These structs are the one source of the JSON that hosts read.
//!
//! Leaves to others: measuring (ops) and printing (the doors). The field names of the original RPMA system's
//! interfaces are kept exactly; more stands beside them.
//!
//! Invariant: sizes are bytes, durations milliseconds unless the name says `_us`, times milliseconds since the
//! Unix epoch in UTC; what was not measured is null or absent, never a made-up zero.

mod alerts;
mod archive;
mod audit;
mod diagnostics;
mod metrics;
mod migrations;
mod scripts;
mod stats;

pub use alerts::*;
pub use archive::*;
pub use audit::*;
pub use diagnostics::*;
pub use metrics::*;
pub use migrations::*;
pub use scripts::*;
pub use stats::*;

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};

/// Report of `open`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Open {
    /// The database file, absolute; `:memory:` for one in memory.
    pub database_path: String,
    /// Whether this call made the file.
    pub created: bool,
    /// The journal mode in force.
    pub journal_mode: String,
    /// What opening migrated; null when it was told not to.
    pub migrate: Option<Migrate>,
    /// Time the call took.
    pub duration_ms: f64,
}

/// Report of `health`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Health {
    /// The worst of the checks: `ok`, `degraded`, `critical`, or `unknown`.
    pub status: HealthStatus,
    /// 0 to 100; at most 39 when a check is critical.
    pub score: u8,
    /// Each check.
    pub checks: Vec<Check>,
}

/// How well a check or the whole is, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// Measured and well.
    Ok,
    /// Not measured.
    Unknown,
    /// Works, but somebody should look.
    Degraded,
    /// Somebody must act.
    Critical,
}

/// One check of `health`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Check {
    /// Its name.
    pub id: &'static str,
    /// How it came out.
    pub status: HealthStatus,
    /// What was measured; null when it could not be.
    pub value: Value,
    /// Where `degraded` begins; null where there is no number to it.
    pub threshold: Value,
    /// When.
    pub measured_at: i64,
    /// What measuring cost, in microseconds.
    pub cost_us: u64,
    /// What to do about it; null when well.
    pub remedy: Option<String>,
}

impl Check {
    /// What the check on migrations advises when only the schema is not as it should be, of which an alert of its own tells.
    pub const CHANGED_BY_HAND: &'static str = "the schema was changed by hand: undo that, or accept it with repair";
}

/// What others than `health` found, for its report.
#[derive(Debug, Clone, Default)]
pub struct Watched {
    /// Their checks.
    pub checks: Vec<Check>,
    /// What the check `alerts` is the sum of: how bad an open alert is, and which checks tell of the same.
    pub told: Vec<(Severity, Vec<String>)>,
}

/// Report of `checkpoint`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Checkpoint {
    /// The mode that ran.
    pub mode: &'static str,
    /// Whether readers or writers kept it from finishing.
    pub busy: bool,
    /// Frames in the log; -1 when not in WAL mode.
    pub log: i64,
    /// Frames that are now in the database file; -1 when not in WAL mode.
    pub checkpointed: i64,
    /// Who kept it from finishing, as far as this process can tell; null when not busy.
    pub held_by: Option<HeldBy>,
    /// Time it took.
    pub duration_ms: f64,
}

/// Who keeps a checkpoint from finishing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HeldBy {
    /// `reader` or `writer`: a call on this database by this process; else `another process`.
    pub who: &'static str,
    /// The verb of that call; null for another process.
    pub label: Option<&'static str>,
    /// How long that call has had its connection; null for another process.
    pub age_ms: Option<u64>,
    /// Who made that call; null for another process.
    pub actor: Option<Arc<str>>,
    /// In which role.
    pub role: Option<&'static str>,
    /// The statement it has the connection for, without literals; null where it is for something else.
    pub statement: Option<String>,
}

/// Report of `query`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Query {
    /// Names of the result's columns.
    pub columns: Vec<String>,
    /// The rows, each an array. A BLOB is `{"base64": "..."}`, an infinite number `{"real": "inf"}` or `{"real": "-inf"}`.
    pub rows: Vec<Vec<Value>>,
    /// Rows inserted, updated or deleted.
    pub changes: u64,
    /// Row id of the last insert by this statement; null when it inserted none.
    pub last_insert_rowid: Option<i64>,
}

/// Report of `script`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Script {
    /// What the chunk returned.
    pub result: Value,
    /// What it logged, control characters escaped; a line not of level info starts with its level in brackets.
    pub log: Vec<String>,
    /// Whether what it changed was rolled back.
    pub dry_run: bool,
    /// How many rows a dry run changed: also what triggers and foreign keys changed with them, and what the script took back itself;
    /// else null.
    pub rows_changed: Option<u64>,
    /// What a dry run would have changed in schema, numbers of rows and size; else null.
    pub changes: Option<Changes>,
    /// Time it took.
    pub duration_ms: f64,
    /// The most memory Lua held.
    pub peak_memory_bytes: u64,
}

/// Report of `db:optimize`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Optimize {
    /// Time it took.
    pub duration_ms: f64,
}

/// Report of `db:integrity_check`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct IntegrityCheck {
    /// `ok`, or the findings as one text. A handle that may only read does not look at CHECK constraints.
    pub integrity: String,
    /// At most 100 of them.
    pub findings: Vec<String>,
    /// Time it took.
    pub duration_ms: f64,
}

/// Report of `db:vacuum`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Vacuum {
    /// Size of the database before.
    pub size_before_bytes: u64,
    /// Size of the database after.
    pub size_after_bytes: u64,
    /// Time it took.
    pub duration_ms: f64,
}

/// Report of `transaction`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Transaction {
    /// Whether it was committed.
    pub committed: bool,
    /// What the callback returned.
    pub returned: i32,
    /// Time it took.
    pub duration_ms: f64,
}

/// Version of the C ABI: changes only when a program compiled against an older header would break.
pub const ABI_VERSION: u32 = 1;

/// Report of `build_info`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BuildInfo {
    /// Version of this library.
    pub version: &'static str,
    /// Version of its C ABI.
    pub abi_version: u32,
    /// The SQLite that it works through.
    pub sqlite: SqliteInfo,
    /// The Lua inside.
    pub lua: &'static str,
    /// Optional parts that are in this build.
    pub features: Vec<&'static str>,
    /// What it was compiled for.
    pub target: &'static str,
    /// How many migrations are embedded.
    pub embedded_migrations: usize,
}

/// The SQLite that the library works through.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SqliteInfo {
    /// Its version; null while there is none.
    pub version: Option<&'static str>,
    /// Its source id; null while there is none.
    pub source_id: Option<String>,
    /// `bundled`, `system` or `host`.
    pub linkage: &'static str,
}

/// A report as hosts read it.
pub(crate) fn json(report: &impl Serialize) -> Result<String> {
    serde_json::to_string(report)
        .map_err(|error| Error::Internal { detail: format!("a report could not be written as JSON: {error}") })
}

/// Milliseconds since `start`, with the microseconds kept.
#[must_use]
pub(crate) fn elapsed_ms(start: std::time::Instant) -> f64 {
    (start.elapsed().as_micros() as f64) / 1000.0
}

/// Milliseconds since the Unix epoch.
#[must_use]
pub(crate) fn now_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
