//! The audit: who did what, in the table `rpmadb_audit` of the database itself, as a chain that shows every change to it.
//!
//! `record` (what a record is), `chain` (the hash over it and the one before), `table` (all SQL), `pending` (what waits to be
//! written), `log` (when what is written), `late` (what a close could not write), `anchor` (the head, outside the database), `verify`,
//! `prune`, `redact`.
//!
//! Leaves to others: who is asked (`ops/audit.rs`), and what a call is about (`operation::Account`).
//!
//! Invariants: a change is recorded in its own transaction or not made; a record, once written, is never changed; nothing is
//! anchored that a power failure could still take from the database.

mod anchor;
mod chain;
mod denials;
mod late;
mod log;
mod pending;
mod prune;
mod record;
mod redact;
mod table;
mod verify;

pub use denials::Denied;
pub use log::Log;
pub use prune::{Archived, Prunable, prunable};
pub use record::Head;
pub use table::{CREATE, Filter, ends, head, records};
pub use verify::{Outside, verify};
