//! Options of `open`.
//!
//! Leaves to others: those of backups, the audit and the monitor that stand among them (`archive.rs`, `audit.rs`, `monitor.rs`).

use serde::Deserialize;

use super::{AuditLog, BackupFolder, Monitor, Request, Role, within};
use crate::error::{Error, Result};

/// How SQLite keeps its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are SQLite's own")]
pub enum JournalMode {
    #[default]
    Wal,
    Delete,
    Truncate,
    Persist,
    /// Leaves it as it is found.
    Keep,
}

impl JournalMode {
    /// The name in SQLite's pragma.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            JournalMode::Wal => "wal",
            JournalMode::Delete => "delete",
            JournalMode::Truncate => "truncate",
            JournalMode::Persist => "persist",
            JournalMode::Keep => "keep",
        }
    }
}

/// How often SQLite waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are SQLite's own")]
pub enum Synchronous {
    Off,
    #[default]
    Normal,
    Full,
    Extra,
}

impl Synchronous {
    /// The name in SQLite's pragma.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Synchronous::Off => "off",
            Synchronous::Normal => "normal",
            Synchronous::Full => "full",
            Synchronous::Extra => "extra",
        }
    }
}
/// What is done about another copy of SQLite in this process that has the database open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ForeignSqlite {
    /// Keep the locks of the two apart, so that both may read and write. Where that is not possible, as `refuse`.
    #[default]
    Coexist,
    /// Write nothing more until the database is opened again.
    Refuse,
    /// Tell the log.
    Warn,
    /// Neither look for it nor change anything.
    Off,
}

impl ForeignSqlite {
    /// The name as options and reports spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ForeignSqlite::Coexist => "coexist",
            ForeignSqlite::Refuse => "refuse",
            ForeignSqlite::Warn => "warn",
            ForeignSqlite::Off => "off",
        }
    }
}

/// Options of `open`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Open {
    /// Who uses the handle, for the log; default `"host"`.
    pub actor: Option<String>,
    /// What the handle may do; default admin.
    pub role: Role,
    /// Never write, not even to migrate; default false.
    pub read_only: bool,
    /// Create a missing file; default true.
    pub create: Option<bool>,
    /// Migrate to the latest version; default true.
    pub migrate: Option<bool>,
    /// A folder of migrations; default the embedded set.
    pub migrations: Option<String>,
    /// How the files in that folder are named and laid out: `rpmadb`, `auto`, or the name of another tool; default `rpmadb`.
    pub style: Option<String>,
    /// How long to wait for locks, 0 to 86,400,000; default 5,000.
    pub busy_timeout_ms: Option<u64>,
    /// Default WAL.
    pub journal_mode: JournalMode,
    /// Default NORMAL.
    pub synchronous: Synchronous,
    /// Enforce foreign keys; default true.
    pub foreign_keys: Option<bool>,
    /// Trust functions and virtual tables named in the schema; default false.
    pub trusted_schema: bool,
    /// Refuse SQL that can damage the file; default true.
    pub defensive: Option<bool>,
    /// Bytes of the file mapped into memory; default 0, because a file truncated by another process then ends this one.
    pub mmap_size_bytes: Option<u64>,
    /// Bytes kept allocated in a file beside the database, and let go of when the disk is full; 0 to 1 TiB, default none.
    pub ballast_bytes: Option<u64>,
    /// Prepared statements kept per connection, 0 to 10,000; default 64.
    pub statement_cache: Option<u64>,
    /// Count statements, calls and more for `metrics`; default false, or true where the environment says `RPMA_DB_METRICS=1`.
    pub metrics: Option<bool>,
    /// A statement that takes longer is kept with its plan while metrics are on, 0 to 86,400,000; default 100.
    pub slow_query_ms: Option<u64>,
    /// What is done about another copy of SQLite in this process that has the database open: `coexist`, `refuse`, `warn` or `off`; default
    /// `coexist`.
    pub foreign_sqlite: ForeignSqlite,
    /// The readers.
    pub pool: Pool,
    /// Where backups go.
    pub backup: BackupFolder,
    /// Limits of scripts.
    pub script: ScriptLimits,
    /// The record of who did what.
    pub audit: AuditLog,
    /// Starts the monitor with these options; default none.
    pub monitor: Option<Monitor>,
}

impl Request for Open {
    fn check(&self) -> Result<()> {
        within("busy_timeout_ms", self.busy_timeout_ms, 0, 86_400_000)?;
        within("mmap_size_bytes", self.mmap_size_bytes, 0, i64::MAX as u64)?;
        within("ballast_bytes", self.ballast_bytes, 0, 1 << 40)?;
        within("statement_cache", self.statement_cache, 0, 10_000)?;
        within("slow_query_ms", self.slow_query_ms, 0, 86_400_000)?;
        within("pool.max", self.pool.max, 1, 1_000)?;
        within("pool.min_idle", self.pool.min_idle, 0, self.pool.max())?;
        within("pool.timeout_ms", self.pool.timeout_ms, 1, 86_400_000)?;
        within("pool.idle_ms", self.pool.idle_ms, 1, 86_400_000)?;
        if self.style.is_some() && self.migrations.is_none() {
            return Err(Error::InvalidOption {
                key: "style".into(),
                reason: "needs migrations, the folder whose files it is about".into(),
            });
        }
        if self.backup.before_migrate && self.backup.folder.is_none() {
            return Err(Error::InvalidOption {
                key: "backup.before_migrate".into(),
                reason: "needs backup.folder, where the backups go".into(),
            });
        }
        self.audit.check()?;
        within("backup.every_hours", self.backup.every_hours, 1, 100_000)?;
        if self.backup.every_hours.is_some() && self.backup.folder.is_none() {
            return Err(Error::InvalidOption {
                key: "backup.every_hours".into(),
                reason: "needs backup.folder, where the backups go".into(),
            });
        }
        if let Some(monitor) = &self.monitor {
            monitor.check_as("monitor.")?;
        }
        self.script.check("script.")
    }
}

impl Open {
    /// How long to wait for locks, in milliseconds.
    #[must_use]
    pub fn busy_timeout_ms(&self) -> u64 {
        self.busy_timeout_ms.unwrap_or(5_000)
    }

    /// Whether to count for `metrics`.
    #[must_use]
    pub fn metrics(&self) -> bool {
        self.metrics.unwrap_or_else(|| std::env::var_os("RPMA_DB_METRICS").is_some_and(|value| value == "1"))
    }

    /// From where on a statement is slow, in milliseconds.
    #[must_use]
    pub fn slow_query_ms(&self) -> u64 {
        self.slow_query_ms.unwrap_or(100)
    }
}

/// Option `pool` of `open`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Pool {
    /// Most readers at once, 1 to 1,000; default 10.
    pub max: Option<u64>,
    /// Readers opened with the first one, at most `max`; default 2.
    pub min_idle: Option<u64>,
    /// How long to wait for a reader; default 30,000.
    pub timeout_ms: Option<u64>,
    /// Readers beyond `min_idle` that were not needed for so long are closed, 1 to 86,400,000; default 60,000.
    pub idle_ms: Option<u64>,
}

impl Pool {
    /// Most readers at once.
    #[must_use]
    pub fn max(&self) -> u64 {
        self.max.unwrap_or(10)
    }

    /// Readers opened with the first one.
    #[must_use]
    pub fn min_idle(&self) -> u64 {
        self.min_idle.unwrap_or(2).min(self.max())
    }

    /// How long to wait for a reader, in milliseconds.
    #[must_use]
    pub fn timeout_ms(&self) -> u64 {
        self.timeout_ms.unwrap_or(30_000)
    }

    /// How long a reader may be left over, in milliseconds.
    #[must_use]
    pub fn idle_ms(&self) -> u64 {
        self.idle_ms.unwrap_or(60_000)
    }
}

/// Option `script` of `open`: limits that no script can raise.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ScriptLimits {
    /// Longest run, 1 to 86,400,000; default 30,000.
    pub timeout_ms: Option<u64>,
    /// Most memory, from 1 MiB; default 64 MiB.
    pub memory_bytes: Option<u64>,
}

impl ScriptLimits {
    pub(super) fn check(&self, prefix: &str) -> Result<()> {
        within(&format!("{prefix}timeout_ms"), self.timeout_ms, 1, 86_400_000)?;
        within(&format!("{prefix}memory_bytes"), self.memory_bytes, 1 << 20, 1 << 40)
    }
}
