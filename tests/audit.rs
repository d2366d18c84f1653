//! The audit: who did what is recorded with what was done, and whoever changes the record afterwards is seen.
//!
//! Leaves to others: how each door asks for it (`parity`, `cli`, `c`), kills at every system call (`faults`).
//!
//! Files are tampered with through a SQLite of the test's own, as somebody with the file in hand would.

mod alarms;
mod keys;
mod late;
mod planted;
mod recording;
mod restoring;
mod statements;
mod tampering;
mod trimming;

use std::path::Path;
use std::sync::Arc;

use rpmadb::{Database, Error, Role, report, request};

use crate::support::{Scratch, open, refusal, try_open, value, watch};

fn query(database: &Database, sql: &str) -> Result<report::Query, Error> {
    database.query(sql, None, &watch())
}

fn audit(database: &Database, request: &request::Audit) -> report::Audit {
    database.audit(request, &watch()).expect("reports")
}

/// Every record, the oldest first.
fn records(database: &Database) -> Vec<report::AuditRecord> {
    let all = request::Audit { oldest_first: true, limit: Some(1_000_000), ..request::Audit::default() };
    audit(database, &all).records
}

/// What a record says, but for when and how long.
fn told(record: &report::AuditRecord) -> String {
    let about = record.target.as_deref().unwrap_or("-");
    format!("{} {} {} {} {} {about}", record.actor, record.role, record.origin, record.verb, record.outcome)
}

fn verified(database: &Database) -> report::AuditVerify {
    let request = request::Audit { verify: true, limit: Some(0), ..request::Audit::default() };
    audit(database, &request).verify.expect("was asked for")
}

fn classes(verify: &report::AuditVerify) -> Vec<&'static str> {
    verify.findings.iter().map(|finding| finding.class).collect()
}

/// A connection that knows nothing of rpmadb.
fn stranger(path: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(path).expect("opens")
}

fn with_audit(audit: request::AuditLog) -> request::Open {
    request::Open { audit, ..request::Open::default() }
}
