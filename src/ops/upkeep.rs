//! `optimize`, `integrity_check` and `vacuum`: what an admin does to a database that works, from a script.
//!
//! Leaves to others: when to do it.
//!
//! Invariant: none of them runs inside a transaction but the check, which changes nothing.

use std::time::Instant;

use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::report::{self, elapsed_ms};
use crate::sqlite::{self, Access};

/// Most findings that are told.
const MOST_FINDINGS: usize = 100;

/// Lets SQLite look at the tables whose statistics may be stale (`PRAGMA optimize`).
pub fn optimize(access: &Access, operation: &Operation) -> Result<report::Optimize> {
    let start = Instant::now();
    outside(access, "optimize")?;
    let writer = access.writer(operation)?;
    // why this mask: all tables, whether or not this connection has asked them anything
    writer.rows("PRAGMA optimize(0x10002)", &[])?;
    Ok(report::Optimize { duration_ms: elapsed_ms(start) })
}

/// Runs SQLite's full check of the database.
pub fn integrity_check(access: &Access, operation: &Operation) -> Result<report::IntegrityCheck> {
    let start = Instant::now();
    let findings = access.checker(operation)?.integrity(MOST_FINDINGS)?;
    let integrity = if findings.is_empty() { "ok".to_owned() } else { findings.join("; ") };
    Ok(report::IntegrityCheck { integrity, findings, duration_ms: elapsed_ms(start) })
}

/// Writes the database anew without its free pages.
pub fn vacuum(access: &Access, operation: &Operation) -> Result<report::Vacuum> {
    let start = Instant::now();
    outside(access, "vacuum")?;
    let writer = access.writer(operation)?;
    let size = || {
        let (page_size, pages) = sqlite::page_figures(&writer)?;
        Ok::<u64, Error>(u64::from(page_size) * u64::from(pages))
    };
    let size_before_bytes = size()?;
    writer.execute_batch("VACUUM")?;
    Ok(report::Vacuum { size_before_bytes, size_after_bytes: size()?, duration_ms: elapsed_ms(start) })
}

fn outside(access: &Access, verb: &str) -> Result<()> {
    if access.is_bound() {
        return Err(Error::Unsupported {
            what: format!("{verb} inside a transaction"),
            instead: Some("call it after the transaction"),
        });
    }
    Ok(())
}
