//! Removing the oldest records, after they were archived: a record of its own says up to which, and with which hash, so that the
//! chain goes on from there.
//!
//! Leaves to others: the archive (`ops/audit.rs`).
//!
//! Invariants: what is removed is the beginning of the chain and never all of it; the removal and the record of it are one
//! transaction.

use serde::{Deserialize, Serialize};

use super::record::{Head, hex, unhex};
use super::table;
use crate::error::{Error, Result};
use crate::sqlite::{Connection, Value};

/// The verb of such a record.
pub(super) const VERB: &str = "audit_prune";

/// Which records can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prunable {
    /// First record.
    pub from: u64,
    /// Last record.
    pub to: u64,
}

/// Where the records are now.
#[derive(Debug)]
pub struct Archived {
    /// Name of the file.
    pub name: String,
    /// Its hash.
    pub blake3: String,
    /// Hash of the last record in it.
    pub last: String,
}

/// What the record says.
#[derive(Serialize, Deserialize)]
struct Said {
    through: u64,
    hash: String,
    rows: u64,
    archive: String,
    archive_blake3: String,
}

/// The records before the time `before`, and those that are not of the newest `keep_rows`.
pub fn prunable(connection: &Connection, before: Option<i64>, keep_rows: Option<u64>) -> Result<Option<Prunable>> {
    let number = |sql: &str, values: &[Value]| -> Result<Option<u64>> {
        let found = connection.value::<Option<i64>>(sql, values)?.flatten();
        Ok(found.and_then(|number| u64::try_from(number).ok()))
    };
    let Some(from) = number("SELECT min(seq) FROM main.rpmadb_audit", &[])? else { return Ok(None) };
    let last = number("SELECT max(seq) FROM main.rpmadb_audit", &[])?.unwrap_or(from);
    let by_time = match before {
        // why up to the first that is younger, and not all that are older: clocks jump, and what goes is a beginning
        Some(before) => match number("SELECT min(seq) FROM main.rpmadb_audit WHERE at >= ?", &[before.into()])? {
            Some(first_to_stay) => first_to_stay.saturating_sub(1),
            None => last,
        },
        None => 0,
    };
    let by_rows = keep_rows.map_or(0, |keep| last.saturating_sub(keep));
    let to = by_time.max(by_rows).min(last.saturating_sub(1));
    Ok((to >= from).then_some(Prunable { from, to }))
}

/// Removes them, inside a transaction, and returns what the record of it has to say; `None` where another has removed them already.
pub(super) fn remove(connection: &Connection, prunable: Prunable, archive: &Archived) -> Result<Option<String>> {
    if table::ends(connection)?.is_some_and(|(first, _)| first > prunable.to) {
        return Ok(None);
    }
    let to = Value::from(i64::try_from(prunable.to).unwrap_or(i64::MAX));
    let rows = connection.rows("SELECT hash FROM main.rpmadb_audit WHERE seq = ?", std::slice::from_ref(&to))?;
    let Some(Value::Blob(hash)) = rows.into_iter().next().and_then(|row| row.into_iter().next()) else {
        return Err(Error::NotFound { what: format!("record {} of the audit", prunable.to) });
    };
    // why: the database may have been replaced since, and then these records are others than those in the archive
    if hex(&hash) != archive.last {
        return Err(Error::NotFound { what: format!("record {} of the audit as it was archived", prunable.to) });
    }
    let rows = connection.execute("DELETE FROM main.rpmadb_audit WHERE seq <= ?", &[to])?;
    let said = Said {
        through: prunable.to,
        hash: hex(&hash),
        rows,
        archive: archive.name.clone(),
        archive_blake3: archive.blake3.clone(),
    };
    serde_json::to_string(&said).map(Some).map_err(|error| Error::Internal { detail: error.to_string() })
}

/// The last record that was removed, as the newest such record says.
pub(super) fn newest(connection: &Connection) -> Result<Option<Head>> {
    let sql = "SELECT target FROM main.rpmadb_audit WHERE verb = ? AND outcome = 'ok' ORDER BY seq DESC LIMIT 1";
    let target = connection.value::<Option<String>>(sql, &[VERB.into()])?.flatten();
    let said = target.and_then(|target| serde_json::from_str::<Said>(&target).ok());
    Ok(said.and_then(|said| unhex(&said.hash).map(|hash| Head { seq: said.through, hash })))
}
