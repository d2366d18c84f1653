//! What the SQL functions of the extension do: a verb on the database of the connection that calls them.
//!
//! Leaves to others: making them known (`sqlite/functions.rs`, `capi/extension.rs`).
//!
//! Invariant: the database is opened for the call alone, through connections of our own, and only `migrate` changes it.

use super::Database;
use crate::error::{Error, Result};
use crate::operation::{Operation, Origin};
use crate::report::json;
use crate::request::{self, JournalMode};
use crate::sqlite::HostConnection;

/// What the SQL functions do: a verb on the database of the connection that calls them, and its report as JSON.
pub fn work_on(connection: HostConnection, verb: &'static str, destination: Option<&str>) -> Result<String> {
    connection.must_be_idle()?;
    let operation = Operation::new().through(Origin::C);
    let options = request::Open {
        actor: Some("sql".into()),
        migrate: Some(false),
        // why then: SQLite makes a file when it is first written, and that may be here
        create: Some(verb == "migrate"),
        read_only: connection.is_read_only(),
        // why: who asks how the database is does not want it changed
        journal_mode: JournalMode::Keep,
        ..request::Open::default()
    };
    let (database, _) = Database::open(connection.file()?, &options, &operation)?;
    match verb {
        "migrate" => json(&database.migrate(&request::Migrate::default(), &operation)?),
        "health" => json(&database.health(&request::Health::default(), &operation)?),
        "stats" => json(&database.stats(&request::Stats::default(), &operation)?),
        "backup" => {
            let path = destination.ok_or(Error::NullArgument { name: "path" })?;
            json(&database.backup(Some(path.as_ref()), &request::Backup::default(), &operation)?)
        }
        other => Err(Error::Internal { detail: format!("no SQL function does {other}") }),
    }
}
