//! The check `audit`: whether what is done is also recorded.

use serde_json::json;

use crate::audit::Log;
use crate::report::{Check, HealthStatus, now_ms};

/// What the health of a database says of its audit; nothing where none is kept.
pub(super) fn check(log: &Log) -> Option<Check> {
    if !log.is_on() {
        return None;
    }
    let (waiting, lost) = log.waiting();
    let remedy = match (log.trouble(), lost) {
        (Some(trouble), _) => Some(format!("records cannot be written into rpmadb_audit: {trouble}")),
        (None, 0) => None,
        (None, _) => Some("records were lost: see the log, and open the database again when it is mended".into()),
    };
    let status = if remedy.is_some() { HealthStatus::Degraded } else { HealthStatus::Ok };
    Some(Check {
        id: "audit",
        status,
        value: json!({ "waiting": waiting, "lost": lost }),
        threshold: json!({ "lost": 0 }),
        measured_at: now_ms(),
        cost_us: 0,
        remedy,
    })
}
