//! Parents for foreign keys.
//!
//! Leaves to others: which row gets which parent when it is made (`filling.rs`).
//!
//! Invariant: a parent is only ever an existing row, and its key has no NULL.

use super::attempt::attempt;
use super::tables::{ForeignKey, Table};
use crate::error::{Error, Result};
use crate::sqlite::{Connection, Value, schema};

/// Parents known to one child table, beyond those its own rows need.
const PARENTS: usize = 64;

/// The most parents known to one, because they are held in memory.
const MOST_PARENTS: usize = 10_000;

/// Rows that rows of a table can point to.
#[derive(Default)]
pub(super) struct Parents {
    /// The values of the key's columns, parent by parent.
    pub keys: Vec<Vec<Value>>,
    /// What to say when none suits.
    pub why_none: String,
}

/// The parents for a foreign key, enough for `rows` rows; where each can have one child, those without.
pub(super) fn free(connection: &Connection, table: &Table, key: &ForeignKey, rows: usize) -> Result<Parents> {
    let list = |names: &[String]| names.iter().map(|name| schema::quoted(name)).collect::<Vec<_>>().join(",");
    let there: Vec<String> = key.to.iter().map(|name| format!("{} IS NOT NULL", schema::quoted(name))).collect();
    if there.is_empty() || key.to.len() != key.from.len() {
        let why_none = format!(
            "foreign key mismatch - {} referencing {}",
            schema::quoted(&table.name),
            schema::quoted(&key.parent)
        );
        return Ok(Parents { keys: Vec::new(), why_none });
    }
    let to = list(&key.to);
    let mut sql =
        format!("SELECT DISTINCT {to} FROM main.{} WHERE {}", schema::quoted(&key.parent), there.join(" AND "));
    if key.one_to_one {
        let from = list(&table.names(&key.from));
        sql += &format!(" EXCEPT SELECT {from} FROM main.{}", schema::quoted(&table.name));
    }
    match connection.rows(&format!("{sql} LIMIT {}", rows.saturating_add(PARENTS).min(MOST_PARENTS)), &[]) {
        Err(Error::Sql { message, .. }) => Ok(Parents { keys: Vec::new(), why_none: message }),
        rows => {
            let keys = rows?;
            let why_none = match (keys.is_empty(), key.one_to_one) {
                (true, false) => format!("FOREIGN KEY constraint failed: {} has no row to refer to", key.parent),
                (true, true) => format!("UNIQUE constraint failed: no row of {} is without its one", key.parent),
                (false, _) => format!("FOREIGN KEY constraint failed: no row of {} fits the other keys", key.parent),
            };
            Ok(Parents { keys, why_none })
        }
    }
}

/// Gives every second row of a table, which was filled before its parent, a parent where it has none.
pub(super) fn connect_late(connection: &Connection, table: &Table, key: &ForeignKey) -> Result<()> {
    let address = table.address();
    let from = table.names(&key.from);
    let names: Vec<String> = address.iter().chain(&from).map(|name| schema::quoted(name)).collect();
    let child = format!("main.{}", schema::quoted(&table.name));
    if address.is_empty() {
        return Ok(());
    }
    for (number, row) in
        connection.rows(&format!("SELECT {} FROM {child}", names.join(",")), &[])?.into_iter().step_by(2).enumerate()
    {
        let (place, now) = row.split_at(address.len());
        let parents = free(connection, table, key, 0)?.keys;
        let start = if key.one_to_one { 0 } else { number % parents.len().max(1) };
        // why only NULLs are filled: other values may belong to other keys
        let agrees = |parent: &&Vec<Value>| {
            now.iter().zip(parent.iter()).all(|(now, value)| *now == Value::Null || now == value)
        };
        let Some(parent) = parents[start..].iter().chain(&parents[..start]).find(agrees) else { continue };
        let equal = |names: &[String]| names.iter().map(|name| format!("{name} = ?")).collect::<Vec<_>>();
        let (set, is) = (equal(&names[address.len()..]).join(","), equal(&names[..address.len()]).join(" AND "));
        let sql = format!("UPDATE OR ABORT {child} SET {set} WHERE {is}");
        attempt(connection, &sql, &[parent.as_slice(), place].concat())?;
    }
    Ok(())
}
