//! What SQLite says of a finished copy.
//!
//! Leaves to others: that its bytes are those that were copied (`read.rs`).
//!
//! Invariant: a check that was not run is null in its report, never "ok".

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{Error, Result};
use crate::report::Checks;
use crate::request::{Depth, Open};
use crate::sqlite::{Connection, Settings, Value, foreign_keys, schema};

/// A connection on the finished copy at `path`, as good as a look so deep needs. It writes nothing.
pub fn open(path: &Path, depth: Depth) -> Result<Connection> {
    let settings = Settings::new(Some(path.to_owned()), &Open::default());
    match depth {
        Depth::Full => Connection::open_to_check(&settings),
        Depth::None | Depth::Pages | Depth::Quick => Connection::open(&settings, false, true),
    }
}

/// Runs SQLite's checks as deep as asked, and notes them. A finding is an error about `named`.
pub fn run(connection: &Connection, depth: Depth, named: &str, checks: &mut Checks) -> Result<()> {
    if depth < Depth::Quick {
        return Ok(());
    }
    let pragma = if depth == Depth::Full { "integrity_check" } else { "quick_check" };
    if depth == Depth::Quick {
        // why without CHECK constraints: a row that was wrong before must not keep anybody from a backup. SQLite would look at them
        // or not by whether the connection may write, and so by the kind of the backup.
        connection.execute_batch("PRAGMA ignore_check_constraints=1")?;
    }
    let invalid = |detail: String| Error::BackupInvalid { path: named.to_owned(), detail };
    let rows = match connection.rows(&format!("PRAGMA {pragma}(1)"), &[]) {
        Err(Error::Corrupt { detail, .. } | Error::NotADatabase { reason: detail, .. }) => return Err(invalid(detail)),
        rows => rows?,
    };
    if rows != [[Value::from("ok")]] {
        return Err(invalid(match rows.into_iter().flatten().next() {
            Some(Value::Text(finding)) => finding.replace('\n', "; "),
            _ => format!("{pragma} gave no answer"),
        }));
    }
    let ok = Some("ok".to_owned());
    if depth == Depth::Full {
        checks.integrity_check = ok;
        let mut violations = 0;
        foreign_keys::check(connection, |_| {
            violations += 1;
            true
        })?;
        checks.foreign_keys = Some(violations);
    } else {
        checks.quick_check = ok;
    }
    Ok(())
}

/// Rows of every table; null where they cannot be counted.
pub fn rows(connection: &Connection) -> Result<BTreeMap<String, Option<u64>>> {
    let mut found = BTreeMap::new();
    for table in unless_damaged(schema::tables(connection))?.unwrap_or_default() {
        let rows = unless_damaged(schema::count_rows(connection, &table))?.flatten();
        found.insert(table, rows);
    }
    Ok(found)
}

/// Fails when a table has not the rows that it had.
pub fn compare_rows(connection: &Connection, wanted: &BTreeMap<String, Option<u64>>, named: &str) -> Result<()> {
    let found = rows(connection)?;
    let differs = wanted.iter().find(|(table, rows)| rows.is_some() && found.get(*table) != Some(rows));
    let Some((table, rows)) = differs else { return Ok(()) };
    let shown = |rows: Option<u64>| rows.map_or_else(|| "none that can be counted".into(), |rows| rows.to_string());
    let detail =
        format!("table {table} has {} rows and had {}", shown(found.get(table).copied().flatten()), shown(*rows));
    Err(Error::BackupInvalid { path: named.to_owned(), detail })
}

/// A damaged database can still be copied; what the damage hides is null.
pub fn unless_damaged<T>(outcome: Result<T>) -> Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(Error::Corrupt { .. } | Error::NotADatabase { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// BLAKE3 of the schema: every object but SQLite's and this library's own.
pub fn schema_hash(connection: &Connection) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    for object in unless_damaged(schema::objects(connection))?.unwrap_or_default() {
        for text in [&object.kind, &object.name, &object.table, &object.sql] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}
