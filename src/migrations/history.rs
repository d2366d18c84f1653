//! Our tables `rpmadb_migrations` and `rpmadb_repeatables`: what the database has had. All SQL on them is here.
//!
//! Leaves to others: what the rows mean for a run (`plan.rs`), and `rpmadb_state` (`state.rs`).
//!
//! Invariants: a row is written in the transaction of what it records. Texts above [`COMPRESS_FROM`] bytes are stored
//! as BLOBs holding a zstd frame, shorter ones as TEXT; the storage class tells which.

use super::state::State;
use crate::audit;
use crate::error::{Error, Result};
use crate::report::now_ms;
use crate::sqlite::schema::quoted;
use crate::sqlite::{Connection, Params, Value};

/// Below this, a zstd frame saves less than it costs.
const COMPRESS_FROM: usize = 512;

const CREATE: &str = "
CREATE TABLE IF NOT EXISTS main.rpmadb_migrations (
  version INTEGER PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  checksum TEXT,
  text ANY,
  down_text ANY,
  compatible_from INTEGER,
  actor TEXT NOT NULL,
  library_version TEXT NOT NULL,
  applied_at INTEGER NOT NULL,
  duration_us INTEGER NOT NULL,
  origin TEXT NOT NULL,
  repaired_at INTEGER,
  repaired_by TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS main.rpmadb_repeatables (
  name TEXT PRIMARY KEY NOT NULL,
  checksum TEXT NOT NULL,
  text ANY,
  actor TEXT NOT NULL,
  library_version TEXT NOT NULL,
  applied_at INTEGER NOT NULL,
  duration_us INTEGER NOT NULL,
  objects TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS main.rpmadb_state (
  key TEXT PRIMARY KEY NOT NULL,
  value ANY
) STRICT, WITHOUT ROWID;
";

/// What the database has had.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) rows: Vec<Row>,
    pub(super) repeatables: Vec<RepeatableRow>,
    pub(super) state: State,
}

/// One applied migration.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) version: i64,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) checksum: Option<String>,
    pub(super) compatible_from: Option<i64>,
    pub(super) actor: String,
    pub(super) applied_at: i64,
    pub(super) duration_us: i64,
    pub(super) has_down: bool,
    /// How the row came about: `run`, `baseline`, or the tool it was adopted from.
    pub(super) origin: String,
    pub(super) repaired_at: Option<i64>,
    pub(super) repaired_by: Option<String>,
}

/// One applied repeatable.
#[derive(Debug, Clone)]
pub(super) struct RepeatableRow {
    pub(super) name: String,
    pub(super) checksum: String,
    pub(super) actor: String,
    pub(super) applied_at: i64,
    pub(super) duration_us: i64,
}

/// A row to be written.
#[derive(Clone, Copy)]
pub(super) struct NewRow<'a> {
    pub(super) version: i64,
    pub(super) name: &'a str,
    pub(super) kind: &'a str,
    pub(super) checksum: Option<&'a str>,
    pub(super) text: Option<&'a str>,
    pub(super) down_text: Option<&'a str>,
    pub(super) compatible_from: Option<i64>,
    pub(super) actor: &'a str,
    /// Milliseconds since the Unix epoch; now where it is `None`.
    pub(super) applied_at: Option<i64>,
    pub(super) duration_us: i64,
    pub(super) origin: &'a str,
}

impl History {
    /// Reads it; a database without our table has had nothing.
    pub(super) fn read(connection: &Connection) -> Result<History> {
        let ours: i64 = connection
            .value("SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = 'rpmadb_migrations'", &[])?
            .unwrap_or(0);
        if ours == 0 {
            return Ok(History::default());
        }
        let rows = connection.rows(
            "SELECT version, name, kind, checksum, compatible_from, actor, applied_at, duration_us, \
             down_text IS NOT NULL, origin, repaired_at, repaired_by FROM main.rpmadb_migrations ORDER BY version",
            &[],
        )?;
        let mut history = History::default();
        for row in rows {
            let mut cells = Cells(row.into_iter());
            history.rows.push(Row {
                version: cells.next()?,
                name: cells.next()?,
                kind: cells.next()?,
                checksum: cells.next()?,
                compatible_from: cells.next()?,
                actor: cells.next()?,
                applied_at: cells.next()?,
                duration_us: cells.next()?,
                has_down: cells.next::<i64>()? != 0,
                origin: cells.next()?,
                repaired_at: cells.next()?,
                repaired_by: cells.next()?,
            });
        }
        let rows = connection.rows(
            "SELECT name, checksum, actor, applied_at, duration_us FROM main.rpmadb_repeatables ORDER BY name",
            &[],
        )?;
        for row in rows {
            let mut cells = Cells(row.into_iter());
            history.repeatables.push(RepeatableRow {
                name: cells.next()?,
                checksum: cells.next()?,
                actor: cells.next()?,
                applied_at: cells.next()?,
                duration_us: cells.next()?,
            });
        }
        history.state = State::read(connection)?;
        Ok(history)
    }

    /// Highest applied version; 0 for none.
    pub(super) fn current(&self) -> i64 {
        self.rows.last().map_or(0, |row| row.version)
    }

    pub(super) fn find(&self, version: i64) -> Option<&Row> {
        self.rows.binary_search_by_key(&version, |row| row.version).ok().map(|at| &self.rows[at])
    }
}

/// The next column of a row as a type; a history that does not fit was not written by us.
struct Cells(std::vec::IntoIter<Value>);

impl Cells {
    fn next<T: crate::sqlite::FromValue>(&mut self) -> Result<T> {
        self.0.next().and_then(T::from_value).ok_or_else(|| Error::Corrupt {
            path: "the table rpmadb_migrations".into(),
            detail: "a row does not have the form rpmadb writes".into(),
            sqlite_code: 0,
        })
    }
}

/// Makes our tables where they are missing.
pub(super) fn create(connection: &Connection) -> Result<()> {
    connection.execute_batch(CREATE)?;
    // why with these: a table that came later would be a change of the schema that no migration made
    connection.execute_batch(audit::CREATE)
}

/// Records an applied migration.
pub(super) fn record(connection: &Connection, row: &NewRow<'_>) -> Result<()> {
    record_all(connection, std::iter::once(*row))
}

/// Records applied migrations, with one statement for all of them.
pub(super) fn record_all<'r>(connection: &Connection, rows: impl Iterator<Item = NewRow<'r>>) -> Result<()> {
    let sql = "INSERT INTO main.rpmadb_migrations (version, name, kind, checksum, text, down_text, compatible_from, actor, \
               library_version, applied_at, duration_us, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let mut packer = Packer::default();
    connection.ours(sql, |statement| {
        for row in rows {
            statement.bind(Params::from(&[
                row.version.into(),
                row.name.into(),
                row.kind.into(),
                row.checksum.into(),
                packer.stored(row.text)?,
                packer.stored(row.down_text)?,
                row.compatible_from.into(),
                row.actor.into(),
                env!("CARGO_PKG_VERSION").into(),
                row.applied_at.unwrap_or_else(now_ms).into(),
                row.duration_us.into(),
                row.origin.into(),
            ]))?;
            statement.for_each(|_| Ok(true))?;
        }
        Ok(())
    })
}

/// Puts the present text of an applied migration in place of the recorded one.
pub(super) fn repair(connection: &Connection, row: &NewRow<'_>) -> Result<()> {
    let mut packer = Packer::default();
    connection.execute(
        "UPDATE main.rpmadb_migrations SET name = ?, kind = ?, checksum = ?, text = ?, down_text = coalesce(?, down_text), \
         compatible_from = ?, repaired_by = ?, repaired_at = ? WHERE version = ?",
        &[
            row.name.into(),
            row.kind.into(),
            row.checksum.into(),
            packer.stored(row.text)?,
            packer.stored(row.down_text)?,
            row.compatible_from.into(),
            row.actor.into(),
            now_ms().into(),
            row.version.into(),
        ],
    )?;
    Ok(())
}

/// Forgets a migration that was taken back.
pub(super) fn forget(connection: &Connection, version: i64) -> Result<()> {
    connection.execute("DELETE FROM main.rpmadb_migrations WHERE version = ?", &[version.into()])?;
    Ok(())
}

/// The views and triggers that repeatables made, by kind and name.
pub fn made_by_repeatables(connection: &Connection) -> Result<Vec<(String, String)>> {
    let mut made = Vec::new();
    for row in connection.rows("SELECT objects FROM main.rpmadb_repeatables", &[])? {
        let text = Cells(row.into_iter()).next::<String>()?;
        let objects: Vec<(String, String)> = serde_json::from_str(&text).unwrap_or_default();
        made.extend(objects.into_iter().filter(|(kind, _)| matches!(kind.as_str(), "view" | "trigger")));
    }
    Ok(made)
}

/// Drops a view or trigger.
pub(super) fn drop_object(connection: &Connection, kind: &str, name: &str) -> Result<()> {
    connection.execute_batch(&format!("DROP {kind} IF EXISTS main.{}", quoted(name)))
}

/// Forgets which repeatables ran, so that all of them run again.
pub(super) fn forget_repeatables(connection: &Connection) -> Result<()> {
    connection.execute_batch("DELETE FROM main.rpmadb_repeatables")
}

/// The recorded text of a migration; `None` where none was recorded.
pub(super) fn text(connection: &Connection, version: i64) -> Result<Option<String>> {
    recorded(connection, "SELECT text FROM main.rpmadb_migrations WHERE version = ?", version)
}

/// The recorded text of the way back.
pub(super) fn down_text(connection: &Connection, version: i64) -> Result<Option<String>> {
    recorded(connection, "SELECT down_text FROM main.rpmadb_migrations WHERE version = ?", version)
}

fn recorded(connection: &Connection, sql: &str, version: i64) -> Result<Option<String>> {
    let row = connection.rows(sql, &[version.into()])?.into_iter().next();
    let unreadable = || Error::Corrupt {
        path: "the table rpmadb_migrations".into(),
        detail: format!("the text of migration {version} cannot be read"),
        sqlite_code: 0,
    };
    match row.and_then(|row| row.into_iter().next()) {
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(Value::Blob(frame)) => {
            let bytes = zstd::stream::decode_all(frame.as_slice()).map_err(|_| unreadable())?;
            String::from_utf8(bytes).map(Some).map_err(|_| unreadable())
        }
        _ => Ok(None),
    }
}

/// Records an applied repeatable, in place of an earlier text of it.
pub(super) fn record_repeatable(
    connection: &Connection,
    name: &str,
    checksum: &str,
    text: &str,
    actor: &str,
    duration_us: i64,
    objects: &[(String, String)],
) -> Result<()> {
    let objects = serde_json::to_string(objects).map_err(|error| Error::Internal { detail: error.to_string() })?;
    connection.execute(
        "INSERT OR REPLACE INTO main.rpmadb_repeatables (name, checksum, text, actor, library_version, applied_at, \
         duration_us, objects) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        &[
            name.into(),
            checksum.into(),
            Packer::default().stored(Some(text))?,
            actor.into(),
            env!("CARGO_PKG_VERSION").into(),
            now_ms().into(),
            duration_us.into(),
            objects.as_str().into(),
        ],
    )?;
    Ok(())
}

/// Makes texts into what is stored. Keeps zstd's tables from one to the next: to set them up costs more than to compress a
/// small text.
#[derive(Default)]
struct Packer(Option<zstd::bulk::Compressor<'static>>);

impl Packer {
    fn stored(&mut self, text: Option<&str>) -> Result<Value> {
        let Some(text) = text else { return Ok(Value::Null) };
        if text.len() < COMPRESS_FROM {
            return Ok(Value::from(text));
        }
        let failed =
            |error: std::io::Error| Error::Internal { detail: format!("zstd could not compress a migration: {error}") };
        let packer = match &mut self.0 {
            Some(packer) => packer,
            none => none.insert(zstd::bulk::Compressor::new(1).map_err(failed)?),
        };
        packer.compress(text.as_bytes()).map(Value::Blob).map_err(failed)
    }
}
