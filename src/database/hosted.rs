//! What a host asks of a build that works through its SQLite: to take it, to work on the database of a connection of its own, and to give
//! it a connection.
//!
//! Leaves to others: SQLite (`sqlite/engine.rs`, `sqlite/handed.rs`), SQL functions (`sql.rs`), the C functions (`capi/`).
//!
//! Invariant: a connection of the host's is only looked at; the work is done through connections of our own on its file.

use std::ffi::c_void;
use std::ptr::NonNull;

use super::Database;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::report;
use crate::request;
use crate::sqlite::{self, Engine, HostApi, HostConnection};

/// Fails while no SQLite is there.
pub fn ready() -> Result<()> {
    sqlite::ready()
}

/// Which SQLite this is.
pub fn sqlite_info() -> report::SqliteInfo {
    // why first: the system's is only there once it was asked for
    let source_id = sqlite::source_id();
    report::SqliteInfo { version: sqlite::version(), source_id, linkage: Engine::THIS.name() }
}

/// Works through the host's SQLite from now on.
pub fn bind(api: HostApi) -> Result<report::SqliteInfo> {
    api.bind()?;
    Ok(sqlite_info())
}

/// Opens the database of a connection of the host's.
pub fn open_of(
    connection: HostConnection,
    options: &request::Open,
    operation: &Operation,
) -> Result<(Database, report::Open)> {
    connection.must_be_idle()?;
    Database::open(connection.file()?, options, operation)
}

impl Database {
    /// A connection on the file of this database for the host alone, who closes it with SQLite's own function: a `sqlite3 *`.
    pub(crate) fn hand_out(&self) -> Result<NonNull<c_void>> {
        self.call("sqlite3", &Operation::new(), |core, _| {
            let access = core.access()?;
            if access.is_bound() {
                return Err(Error::Unsupported {
                    what: "a connection for the host inside a transaction, which it would not see,".into(),
                    instead: Some("use the handle of the transaction, or ask the handle of the database outside of it"),
                });
            }
            access.hand_out()
        })
    }
}
