//! The reports of the monitor and of `alerts`.
//!
//! Leaves to others: when an alert fires (`ops/alerts`).
//!
//! Invariant: as in `report.rs`; an alert is one occurrence, and its key is what it is about.

use serde::Serialize;
use serde_json::Value;

/// Report of `monitor_start`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MonitorStart {
    /// Between two looks.
    pub tick_ms: u64,
    /// What it will do besides looking.
    pub tasks: Vec<MonitorTask>,
}

/// A task of the monitor.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MonitorTask {
    /// Its name.
    pub name: &'static str,
    /// Between two runs; null for one that runs when the log asks for it.
    pub every_ms: Option<u64>,
}

/// Report of `monitor_stop`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MonitorStop {
    /// How often it looked.
    pub ticks: u64,
    /// How long stopping took.
    pub duration_ms: f64,
}

/// Report of `alerts`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Alerts {
    /// Whether a monitor of this process watches the database; without one there are no alerts.
    pub monitoring: bool,
    /// What is pending, firing or acknowledged, the worst first; and with `all` what was resolved.
    pub alerts: Vec<Alert>,
    /// What changed, the oldest first; the last 1,000 are remembered.
    pub events: Vec<AlertEvent>,
    /// The number of the last event; 0 for none. To be given as `since` the next time.
    pub last_event: u64,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody must act.
    Critical,
}

impl Severity {
    /// The name as reports spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

/// Where an alert is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// The condition holds, but not for long enough.
    Pending,
    /// It holds.
    Firing,
    /// It holds, and somebody looks after it.
    Acknowledged,
    /// It is over.
    Resolved,
}

impl AlertState {
    /// The name as reports spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            AlertState::Pending => "pending",
            AlertState::Firing => "firing",
            AlertState::Acknowledged => "acknowledged",
            AlertState::Resolved => "resolved",
        }
    }
}

/// One occurrence of something that is wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Alert {
    /// Its number; another occurrence has another.
    pub id: u64,
    /// What it is about: the rule, and where there may be several the subject behind a colon.
    pub key: String,
    /// The rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where it is in its life.
    pub state: AlertState,
    /// What was measured last.
    pub value: Value,
    /// Where the rule fires.
    pub threshold: Value,
    /// What is wrong, one line for a person.
    pub message: String,
    /// What to do first.
    pub remedy: &'static str,
    /// When the condition began to hold.
    pub since: i64,
    /// When it had held for long enough; null while pending.
    pub fired_at: Option<i64>,
    /// When somebody said that they look after it.
    pub acknowledged_at: Option<i64>,
    /// Who.
    pub acknowledged_by: Option<String>,
    /// When it was over.
    pub resolved_at: Option<i64>,
}

/// A change of an alert's state. One that gets more severe is told again, from `firing` to `firing`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AlertEvent {
    /// Its number, without gaps from 1.
    pub seq: u64,
    /// When.
    pub at: i64,
    /// The alert's.
    pub key: String,
    /// The state before.
    pub from: AlertState,
    /// The state since.
    pub to: AlertState,
}
