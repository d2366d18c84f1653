//! The floor that knows SQLite, and the only one that names rusqlite: open and configure, the writer and the
//! readers, statements and values, checkpoint and page copy.
//!
//! Leaves to others: what to run and why. Nothing here has an opinion on migrations, backups or roles beyond
//! the switch that says whose SQL a connection is running ([`Whose`]).
//!
//! Invariant: every failure leaves this floor as an [`crate::error::Error`], and every wait polls the
//! operation of the call.

mod access;
mod ballast;
mod checkpoint;
mod connection;
mod failure;
pub mod foreign_keys;
mod fork;
mod header;
mod leases;
mod pages;
mod readers;
mod replace;
mod rules;
pub mod schema;
mod scratch;
mod settings;
mod statement;
mod switches;
mod value;
mod waiting;
mod watch;

pub use access::{Access, Lease, Pool};
pub use ballast::BallastState;
pub use checkpoint::{WalState, checkpoint, wal_state};
pub use connection::{Connection, Watched};
pub use leases::{LeaseInfo, LockCounters};
pub use pages::{for_each_page, page_figures, page_owners};
pub use rules::Whose;
pub use scratch::Scratch;
pub use settings::Settings;
pub use statement::{Params, Statement};
pub use switches::{Effective, ForeignKeys};
pub use value::{FromValue, Value};
pub use waiting::BusyWait;
pub use watch::{Action, Watch};

/// The version of the SQLite inside.
#[must_use]
pub fn version() -> &'static str {
    rusqlite::version()
}

/// The source id of the SQLite inside: check-in and hash.
#[must_use]
pub fn source_id() -> String {
    Connection::open_in_memory()
        .and_then(|connection| connection.value("SELECT sqlite_source_id()", &[]))
        .ok()
        .flatten()
        .unwrap_or_default()
}
