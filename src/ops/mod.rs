//! What is done with a migrated database, one verb a file. Each takes the connections it may use ([`Access`]), the
//! request and the operation, and returns its report.
//!
//! Leaves to others: who may (`database.rs`), how SQLite does it (`sqlite/`), how it is asked and shown (the doors).
//!
//! Invariants: verbs do not call each other; a report says only what was measured.
//!
//! [`Access`]: crate::sqlite::Access

pub mod alerts;
pub mod audit;
pub mod backup;
pub mod backups;
pub mod checkpoint;
pub mod diagnostics;
pub mod health;
pub mod metrics;
pub mod monitor;
pub mod pin;
pub mod prune;
pub mod query;
pub mod restore;
pub mod stats;
pub mod test;
pub mod upkeep;
pub mod verify;
