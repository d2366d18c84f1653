//! Whoever writes down what a handle commits, in the transaction that it tells about.
//!
//! Leaves to others: what is written (`audit/`).
//!
//! Invariant: every commit of a handle's goes through [`Connection::commit`], and so past the journal of the handle.

use super::connection::Connection;
use crate::error::Result;

/// Hears of every commit of a handle.
pub trait Journal: Send + Sync + std::fmt::Debug {
    /// Called when a transaction that may write was begun, on the thread that works in it.
    fn after_begin(&self);

    /// Called inside the transaction that is about to be committed; an error keeps it from that, and it is rolled back.
    fn before_commit(&self, connection: &Connection) -> Result<()>;

    /// Called when it was committed, or could not be and is about to be rolled back.
    fn after_commit(&self, connection: &Connection, committed: bool);
}
