//! The SQLite inside: it is always there, and of the right version.
//!
//! Leaves to others: builds without one (`table.rs`).
//!
//! Invariant: costs nothing.

use std::ffi::c_void;
use std::ptr::NonNull;

use crate::error::Result;

#[allow(clippy::unnecessary_wraps, reason = "other builds can fail")]
pub(super) const fn ready() -> Result<()> {
    Ok(())
}

#[allow(clippy::unnecessary_wraps, reason = "other builds may have none")]
pub(super) fn version() -> Option<&'static str> {
    Some(rusqlite::version())
}

pub(super) fn version_number() -> i32 {
    rusqlite::version_number()
}

pub(super) const fn must_trust_schema() -> bool {
    false
}

/// There is nothing to bind: who calls this was refused before.
#[allow(clippy::unnecessary_wraps, reason = "other builds can fail")]
pub(super) fn bind(_api: NonNull<c_void>) -> Result<()> {
    Ok(())
}
