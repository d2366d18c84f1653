//! Statements that may fail.
//!
//! Leaves to others: trying again with other values (`filling.rs`), or doing without (`parents.rs`).
//!
//! Invariant: what was refused left nothing behind, and a transaction that was open still is.

use crate::error::{Error, Result};
use crate::sqlite::{Connection, Value};

/// Runs a statement; answers what SQLite had against its values.
pub(super) fn attempt(connection: &Connection, sql: &str, values: &[Value]) -> Result<Option<String>> {
    let inside = !connection.is_autocommit();
    match connection.execute(sql, values) {
        Ok(_) => Ok(None),
        // why plain errors too: an overflow or malformed JSON in a trigger or an expression is one
        Err(Error::Constraint { message, .. } | Error::Sql { message, .. }) => {
            if inside {
                connection.must_be_in_transaction()?;
            }
            Ok(Some(message))
        }
        Err(error) => Err(error),
    }
}
