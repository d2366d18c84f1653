//! Our table `rpmadb_state`: what a run left besides the history. All SQL on it is here.
//!
//! | key | value |
//! |---|---|
//! | `stamp` | the `user_version` that the last run left, so that a later one knows whether the number there is ours |
//! | `cookie`, `schema` | SQLite's schema cookie and the schema as the last run left them, see `drift.rs` |
//! | `moved` | statements that were moved outside the transaction and have not run yet |
//! | `progress` | how far a migration without a transaction has come |
//!
//! Invariant: a value is written in the transaction of what it tells about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::guard::Noted;
use super::scan;
use crate::error::{Error, Result};
use crate::sqlite::schema::Object;
use crate::sqlite::{Connection, Value};

/// See the head of this file.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) stamp: Option<i64>,
    pub(super) cookie: Option<i64>,
    pub(super) moved: Vec<Moved>,
    pub(super) progress: Option<Progress>,
}

/// A statement that SQLite runs outside a transaction only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Moved {
    pub(super) version: Option<i64>,
    pub(super) file: String,
    pub(super) statement: u32,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) sql: String,
}

/// How far a migration without a transaction has come.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) version: i64,
    /// Statements that are done.
    pub(super) done: usize,
    /// A sum over their text.
    pub(super) checksum: String,
    /// What the guards noted of them.
    pub(super) noted: Noted,
}

impl State {
    pub(super) fn read(connection: &Connection) -> Result<State> {
        let sql = "SELECT key, value FROM main.rpmadb_state WHERE key <> 'schema'";
        let mut found: BTreeMap<String, Value> = BTreeMap::new();
        for row in connection.rows(sql, &[])? {
            if let Ok([Value::Text(key), value]) = <[Value; 2]>::try_from(row) {
                found.insert(key, value);
            }
        }
        let number = |key: &str| match found.get(key) {
            Some(Value::Integer(number)) => Some(*number),
            _ => None,
        };
        Ok(State {
            stamp: number("stamp"),
            cookie: number("cookie"),
            moved: parsed(found.get("moved"))?.unwrap_or_default(),
            progress: parsed(found.get("progress"))?,
        })
    }

    /// Whether `user_version` holds this number because a run of ours left it there, or nobody has set it.
    fn owns(&self, user_version: i64) -> bool {
        user_version == 0 || self.stamp == Some(user_version)
    }
}

fn parsed<T: for<'de> Deserialize<'de>>(value: Option<&Value>) -> Result<Option<T>> {
    let Some(Value::Text(text)) = value else { return Ok(None) };
    serde_json::from_str(text).map(Some).map_err(|error| unreadable(&error.to_string()))
}

fn unreadable(detail: &str) -> Error {
    Error::Corrupt { path: "the table rpmadb_state".into(), detail: detail.to_owned(), sqlite_code: 0 }
}

fn set(connection: &Connection, key: &str, value: Value) -> Result<()> {
    connection.execute("INSERT OR REPLACE INTO main.rpmadb_state VALUES (?, ?)", &[key.into(), value])?;
    Ok(())
}

fn set_json(connection: &Connection, key: &str, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string(value).map_err(|error| Error::Internal { detail: error.to_string() })?;
    set(connection, key, text.as_str().into())
}

fn remove(connection: &Connection, key: &str) -> Result<()> {
    connection.execute("DELETE FROM main.rpmadb_state WHERE key = ?", &[key.into()])?;
    Ok(())
}

pub(super) fn set_moved(connection: &Connection, moved: &[Moved]) -> Result<()> {
    if moved.is_empty() { remove(connection, "moved") } else { set_json(connection, "moved", &moved) }
}

pub(super) fn set_progress(connection: &Connection, progress: Option<&Progress>) -> Result<()> {
    match progress {
        Some(progress) => set_json(connection, "progress", progress),
        None => remove(connection, "progress"),
    }
}

/// SQLite's schema cookie: moves with every change of the schema, whoever makes it.
pub(super) fn cookie(connection: &Connection) -> Result<i64> {
    Ok(connection.value("PRAGMA main.schema_version", &[])?.unwrap_or(0))
}

/// What `user_version` holds when the database has everything of a set, and its schema is as the last run left it: 31 bits
/// of the set's digest and the schema cookie, never 0, which is in a database nobody stamped.
pub(super) fn stamp(set: i64, cookie: i64) -> i64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&set.to_le_bytes());
    hasher.update(&cookie.to_le_bytes());
    let bits =
        hasher.finalize().as_bytes().first_chunk::<4>().map_or(1, |bytes| u32::from_le_bytes(*bytes) & 0x7fff_ffff);
    i64::from(bits.max(1))
}

/// Whether `user_version` is ours to write.
pub(super) fn owned(connection: &Connection, state: &State) -> Result<bool> {
    Ok(state.owns(connection.value::<i64>("PRAGMA main.user_version", &[])?.unwrap_or(0)))
}

/// Sets `user_version` to the stamp of a database that has everything of a set, or to 0 for one that has not; leaves a
/// number of the host's alone.
pub(super) fn set_stamp(connection: &Connection, state: &State, set_stamp: Option<i64>) -> Result<()> {
    if !owned(connection, state)? {
        return Ok(());
    }
    let cookie = cookie(connection)?;
    let stamp = set_stamp.map_or(0, |set| stamp(set, cookie));
    set(connection, "stamp", stamp.into())?;
    connection.execute_batch(&format!("PRAGMA main.user_version={stamp}"))
}

/// Records the schema as the one the migrations made; `is_live` says that it is the one there is.
pub(super) fn set_schema(connection: &Connection, objects: Vec<Object>, is_live: bool) -> Result<()> {
    let list: Vec<[&str; 4]> = objects
        .iter()
        .map(|object| [&object.kind, &object.name, &object.table, &object.sql].map(String::as_str))
        .collect();
    let length = list.iter().flatten().map(|part| part.len() + 3).sum::<usize>();
    // why with some to spare for what JSON escapes: a buffer that doubles holds the text three times
    let mut text = Vec::with_capacity(length + length / 16 + 64);
    serde_json::to_writer(&mut text, &list).map_err(|error| Error::Internal { detail: error.to_string() })?;
    // why now: zstd needs its memory next, and a schema can be large
    drop(list);
    drop(objects);
    let frame = zstd::bulk::compress(&text, 1)
        .map_err(|error| Error::Internal { detail: format!("zstd could not compress the schema: {error}") })?;
    // why none of SQLite's: as long as the two differ, every look has to compare them
    let cookie = if is_live { cookie(connection)? } else { -1 };
    set(connection, "cookie", cookie.into())?;
    set(connection, "schema", Value::Blob(frame))
}

/// The schema as the last run left it; `None` when none was recorded.
pub(super) fn schema(connection: &Connection) -> Result<Option<Vec<Object>>> {
    let rows = connection.rows("SELECT value FROM main.rpmadb_state WHERE key = 'schema'", &[])?;
    let Some(Value::Blob(frame)) = rows.into_iter().next().and_then(|row| row.into_iter().next()) else {
        return Ok(None);
    };
    let text = zstd::stream::decode_all(frame.as_slice()).map_err(|error| unreadable(&error.to_string()))?;
    let list: Vec<[String; 4]> = serde_json::from_slice(&text).map_err(|error| unreadable(&error.to_string()))?;
    Ok(Some(list.into_iter().map(|[kind, name, table, sql]| Object { kind, name, table, sql }).collect()))
}

impl Progress {
    /// A sum over the first statement, the first two, and so on; the first of these sums is over none.
    pub(super) fn sums(statements: &[&str]) -> Vec<String> {
        let mut hasher = blake3::Hasher::new();
        let mut sums = vec![hasher.finalize().to_hex()[..32].to_owned()];
        for statement in statements {
            hasher.update(scan::checksum(statement).as_bytes());
            sums.push(hasher.finalize().to_hex()[..32].to_owned());
        }
        sums
    }
}
