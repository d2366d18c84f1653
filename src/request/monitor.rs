//! Options of the monitor and of `alerts`.
//!
//! Leaves to others: what is done at these intervals (`ops/monitor`), and what the limits mean (`ops/alerts/rules.rs`).

use serde::Deserialize;

use super::{Health, Request, within};
use crate::error::Result;

/// Options of `monitor_start`, and option `monitor` of `open`. 0 switches a task off.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Monitor {
    /// Between two looks, 10 to 3,600,000; default 1,000.
    pub tick_ms: Option<u64>,
    /// Between two quick checks (`quick_check`), 0 to 8,760; default 24.
    pub quick_check_hours: Option<u64>,
    /// Between two deep checks (integrity and foreign keys), 0 to 3,650; default 7.
    pub deep_check_days: Option<u64>,
    /// Whether to make the backups that are due by `backup.every_hours`; default true.
    pub backup: Option<bool>,
    /// Between two runs of `PRAGMA optimize`, 0 to 8,760; default 24.
    pub optimize_hours: Option<u64>,
    /// After so long without a write the log is moved into the database, 0 to 86,400,000; default 5,000.
    pub idle_ms: Option<u64>,
    /// A log with more than this in use is begun anew by a restart checkpoint, 0 to 1 TiB; default 64 MiB.
    pub wal_restart_bytes: Option<u64>,
    /// A database without a row in its table `users` is critical; default false.
    pub require_users: bool,
    /// When alerts fire.
    pub alerts: AlertLimits,
}

impl Monitor {
    /// Refuses values out of range; `prefix` stands before the keys.
    pub(super) fn check_as(&self, prefix: &str) -> Result<()> {
        let key = |name: &str| format!("{prefix}{name}");
        within(&key("tick_ms"), self.tick_ms, 10, 3_600_000)?;
        within(&key("quick_check_hours"), self.quick_check_hours, 0, 8_760)?;
        within(&key("deep_check_days"), self.deep_check_days, 0, 3_650)?;
        within(&key("optimize_hours"), self.optimize_hours, 0, 8_760)?;
        within(&key("idle_ms"), self.idle_ms, 0, 86_400_000)?;
        within(&key("wal_restart_bytes"), self.wal_restart_bytes, 0, 1 << 40)?;
        self.alerts.check_as(&key("alerts."))
    }

    /// What the monitor asks of `health`.
    #[must_use]
    pub fn health(&self) -> Health {
        let hours = self.alerts.backup_age_hours.filter(|hours| *hours > 0);
        let call_max_ms = self.alerts.call_max_ms;
        Health { require_users: self.require_users, backup_max_age_hours: hours, call_max_ms }
    }

    /// Between two looks, in milliseconds.
    #[must_use]
    pub fn tick_ms(&self) -> u64 {
        self.tick_ms.unwrap_or(1_000)
    }

    /// How long nobody may have written before the log is moved, in milliseconds; 0 for never.
    #[must_use]
    pub fn idle_ms(&self) -> u64 {
        self.idle_ms.unwrap_or(5_000)
    }

    /// How much of the log may be in use; 0 for any.
    #[must_use]
    pub fn wal_restart_bytes(&self) -> u64 {
        self.wal_restart_bytes.unwrap_or(64 << 20)
    }
}

impl Request for Monitor {
    fn check(&self) -> Result<()> {
        self.check_as("")
    }
}

/// Option `alerts` of the monitor: where each rule fires. 0 switches a rule off.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AlertLimits {
    /// How long a condition must hold before it fires, 0 to 86,400,000; default each rule's own.
    pub for_ms: Option<u64>,
    /// How long it must be clear before the alert is resolved, 0 to 86,400,000; default 5,000.
    pub clear_ms: Option<u64>,
    /// Less free disk than this; default 512 MiB. An eighth of it is critical.
    pub disk_free_bytes: Option<u64>,
    /// A larger log; default 128 MiB.
    pub wal_bytes: Option<u64>,
    /// A newest verified backup that is older, 0 to 87,600; default 48. Seven times as old is critical.
    pub backup_age_hours: Option<u64>,
    /// A backup that is bigger or smaller than the one before by more than this, 0 to 100,000; default 50.
    pub backup_jump_percent: Option<u64>,
    /// So many of the waits for a lock in the last minute were in vain, 0 to 100; default 10.
    pub busy_percent: Option<u64>,
    /// All readers in use for so long, 0 to 86,400,000; default 5,000.
    pub pool_exhausted_ms: Option<u64>,
    /// A call that has its connection for longer, 1 to 86,400,000; default 60,000.
    pub call_max_ms: Option<u64>,
    /// A statement that takes so much of its own baseline, 0 to 1,000,000; default 300.
    pub slow_percent: Option<u64>,
    /// A full scan of a table with so many rows; default 100,000.
    pub scan_rows: Option<u64>,
    /// So many denials of one actor in the window of the audit; default 5.
    pub denials: Option<u64>,
}

impl AlertLimits {
    fn check_as(&self, prefix: &str) -> Result<()> {
        let key = |name: &str| format!("{prefix}{name}");
        within(&key("for_ms"), self.for_ms, 0, 86_400_000)?;
        within(&key("clear_ms"), self.clear_ms, 0, 86_400_000)?;
        within(&key("disk_free_bytes"), self.disk_free_bytes, 0, 1 << 60)?;
        within(&key("wal_bytes"), self.wal_bytes, 0, 1 << 60)?;
        within(&key("backup_age_hours"), self.backup_age_hours, 0, 87_600)?;
        within(&key("backup_jump_percent"), self.backup_jump_percent, 0, 100_000)?;
        within(&key("busy_percent"), self.busy_percent, 0, 100)?;
        within(&key("pool_exhausted_ms"), self.pool_exhausted_ms, 0, 86_400_000)?;
        within(&key("call_max_ms"), self.call_max_ms, 1, 86_400_000)?;
        within(&key("slow_percent"), self.slow_percent, 0, 1_000_000)?;
        within(&key("scan_rows"), self.scan_rows, 0, 1 << 60)?;
        within(&key("denials"), self.denials, 0, 1_000_000)
    }
}

/// Options of `alerts`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Alerts {
    /// The events after the one with this number; default all that are remembered.
    pub since: Option<u64>,
    /// The key of an alert that somebody looks after; for admins.
    pub acknowledge: Option<String>,
    /// Resolved alerts too; default false.
    pub all: bool,
}

impl Request for Alerts {}
