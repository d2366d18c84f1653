//! Which role may call which verb: the one table.
//!
//! Leaves to others: what a statement may do (`sqlite/rules.rs` enforces it again).
//!
//! Invariant: a verb that is not in the table is nobody's.

use crate::error::{Error, Result};
use crate::request::{Audit, Role};

/// Every verb with the lowest role that may call it.
const TABLE: &[(&str, Role)] = &[
    ("add_step", Role::Admin),
    ("adopt", Role::Admin),
    ("alerts", Role::Supervisor),
    ("as", Role::Supervisor),
    ("audit", Role::Supervisor),
    ("backup", Role::Admin),
    ("backups", Role::Supervisor),
    ("baseline", Role::Admin),
    ("checkpoint", Role::Admin),
    ("deep_check", Role::Admin),
    ("diagnostics", Role::Supervisor),
    ("health", Role::Supervisor),
    ("lint", Role::Supervisor),
    ("metrics", Role::Supervisor),
    ("migrate", Role::Admin),
    ("migrations", Role::Supervisor),
    ("monitor_start", Role::Admin),
    ("monitor_stop", Role::Admin),
    ("on_alert", Role::Supervisor),
    ("optimize", Role::Admin),
    ("pin", Role::Admin),
    ("prune", Role::Admin),
    ("query", Role::Supervisor),
    ("quick_check", Role::Admin),
    ("repair", Role::Admin),
    ("restore", Role::Admin),
    ("rollback", Role::Admin),
    ("schema", Role::Supervisor),
    ("script", Role::Supervisor),
    ("script_file", Role::Supervisor),
    ("scripts", Role::Supervisor),
    ("sqlite3", Role::Admin),
    ("stats", Role::Supervisor),
    ("test", Role::Admin),
    ("transaction", Role::Admin),
    ("undo_restore", Role::Admin),
    ("verify", Role::Admin),
];

/// The verbs that stand at every door: Rust, C, Lua and the command.
pub const VERBS: &[&str] = &[
    "adopt",
    "alerts",
    "audit",
    "backup",
    "backups",
    "baseline",
    "checkpoint",
    "diagnostics",
    "health",
    "lint",
    "metrics",
    "migrate",
    "migrations",
    "pin",
    "prune",
    "query",
    "repair",
    "restore",
    "rollback",
    "schema",
    "script",
    "script_file",
    "scripts",
    "stats",
    "test",
    "undo_restore",
    "verify",
];

/// The lowest role that may call a verb; `None` for a verb that does not exist.
fn lowest_role(verb: &str) -> Option<Role> {
    TABLE.iter().find(|(known, _)| *known == verb).map(|(_, role)| *role)
}

pub(super) fn check(verb: &str, role: Role) -> Result<()> {
    match lowest_role(verb) {
        Some(lowest) if role >= lowest => Ok(()),
        _ => Err(Error::Denied { role: role.name(), what: format!("call {verb}") }),
    }
}

/// Whether a role is shown the records of its own actor alone; an error when it asks for what it may not have.
pub(super) fn sees_own_records_only(role: Role, request: &Audit) -> Result<bool> {
    if role == Role::Admin {
        return Ok(false);
    }
    let denied = |what: &str| Err(Error::Denied { role: role.name(), what: what.into() });
    match (request.verify, &request.prune) {
        (true, _) => denied("prove the audit"),
        (_, Some(_)) => denied("prune the audit"),
        _ => Ok(true),
    }
}
