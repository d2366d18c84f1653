//! Our table `rpmadb_audit`. All SQL on it is here, but for what removes old records (`prune.rs`).
//!
//! Leaves to others: when a record is written (`log.rs`).
//!
//! Invariant: a row is written in the transaction that read the head before it, under the write lock, so that numbers have no gap
//! and each hash is over the one before, whichever process wrote that.

use std::collections::HashSet;

use once_cell::sync::Lazy;

use super::chain::{Fields, Key};
use super::record::{Head, Record, hex};
use crate::error::{Error, Result};
use crate::report::AuditRecord;
use crate::request::Audit;
use crate::sqlite::{self, Cell, Connection, Params, Row, Statement, Value, schema};

/// Makes the table where it is missing.
pub const CREATE: &str = "
CREATE TABLE IF NOT EXISTS main.rpmadb_audit (
  seq INTEGER PRIMARY KEY NOT NULL,
  id BLOB NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  role TEXT NOT NULL,
  origin TEXT NOT NULL,
  verb TEXT NOT NULL,
  target TEXT,
  outcome TEXT NOT NULL,
  status INTEGER NOT NULL,
  duration_us INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  schema_version INTEGER NOT NULL,
  process INTEGER NOT NULL,
  key TEXT NOT NULL,
  hash BLOB NOT NULL
) STRICT;
";

/// Every column, in the order that [`Stored::of`] reads.
const COLUMNS: &str = "seq, id, at, actor, role, origin, verb, target, outcome, status, duration_us, rows, calls, \
                       schema_version, process, key, hash";

static HEAD: Lazy<String> =
    Lazy::new(|| sqlite::kept("SELECT seq, hash FROM main.rpmadb_audit ORDER BY seq DESC LIMIT 1"));
static VERSION: Lazy<String> = Lazy::new(|| sqlite::kept("SELECT max(version) FROM main.rpmadb_migrations"));
static INSERT: Lazy<String> = Lazy::new(|| {
    sqlite::kept(&format!(
        "INSERT INTO main.rpmadb_audit ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ))
});

static NEWEST_KEY: Lazy<String> =
    Lazy::new(|| sqlite::kept("SELECT key FROM main.rpmadb_audit ORDER BY seq DESC LIMIT 1"));

static TRIGGERS: Lazy<String> = Lazy::new(|| {
    sqlite::kept(
        "SELECT name FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name = 'rpmadb_audit' COLLATE NOCASE ORDER BY name",
    )
});

/// Whether an error says that a table is not there.
fn is_missing(error: &Error) -> bool {
    matches!(error, Error::Sql { message, .. } if message.starts_with("no such table"))
}

/// Says which table it is that SQLite does not find as it should be.
pub(super) fn is_not_ours(error: &Error) -> Error {
    Error::Unsupported {
        what: format!("an audit in the table rpmadb_audit as it is ({error})"),
        instead: Some("give that table another name, or open with audit.enabled false"),
    }
}

/// The triggers on the table, of which none is ours.
pub(super) fn triggers(connection: &Connection) -> Result<Vec<String>> {
    let mut names = Vec::new();
    connection.ours_kept(&TRIGGERS, |statement| {
        statement.for_each(|row| {
            names.push(row.text(0).unwrap_or_default().to_owned());
            Ok(true)
        })
    })?;
    Ok(names)
}

/// Fails where a trigger on the table could change what is written, or keep it from being written.
pub(super) fn refuse_triggers(connection: &Connection) -> Result<()> {
    match triggers(connection)?.first() {
        None => Ok(()),
        Some(name) => Err(Error::Unsupported {
            what: format!("a change while the trigger {name} is on the table rpmadb_audit"),
            instead: Some("drop that trigger"),
        }),
    }
}

/// Whether the newest record is of a key that is not `key`: one of `key` behind it proves nothing and would be taken for a forgery.
pub fn is_of_another_key(connection: &Connection, key: &Key) -> Result<bool> {
    let mut is_other = false;
    connection.ours_kept(&NEWEST_KEY, |statement| {
        statement.for_each(|row| {
            is_other = row.text(0).is_some_and(|newest| !newest.is_empty() && newest != key.id());
            Ok(false)
        })
    })?;
    Ok(is_other)
}

/// The newest record; `None` for a database without the table.
pub fn head(connection: &Connection) -> Result<Option<Head>> {
    let mut head = Head::default();
    let found = connection.ours_kept(&HEAD, |statement| {
        statement.for_each(|row| {
            let hash = row.blob(1).and_then(|hash| <[u8; 32]>::try_from(hash).ok());
            head = Head { seq: row.number(0).unwrap_or(0), hash: hash.unwrap_or_default() };
            Ok(false)
        })
    });
    match found {
        Ok(()) => Ok(Some(head)),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The hash of the record of a number, where there is one.
pub(super) fn hash(connection: &Connection, seq: u64) -> Result<Option<[u8; 32]>> {
    let seq = Value::from(i64::try_from(seq).unwrap_or(i64::MAX));
    let rows = connection.rows("SELECT hash FROM main.rpmadb_audit WHERE seq = ?", &[seq])?;
    Ok(match rows.first().map(Vec::as_slice) {
        Some([Value::Blob(hash)]) => <[u8; 32]>::try_from(hash.as_slice()).ok(),
        _ => None,
    })
}

/// The ids of the records behind a number.
pub(super) fn ids_behind(connection: &Connection, seq: u64) -> Result<HashSet<[u8; 16]>> {
    let mut ids = HashSet::new();
    connection.ours("SELECT id FROM main.rpmadb_audit WHERE seq > ?", |statement| {
        statement.bind(Params::Positional(&[i64::try_from(seq).unwrap_or(i64::MAX).into()]))?;
        statement.for_each(|row| {
            ids.extend(row.blob(0).and_then(|id| <[u8; 16]>::try_from(id).ok()));
            Ok(true)
        })
    })?;
    Ok(ids)
}

/// First and last number; `None` without a record or without the table.
pub fn ends(connection: &Connection) -> Result<Option<(u64, u64)>> {
    match connection.rows("SELECT min(seq), max(seq) FROM main.rpmadb_audit", &[]) {
        Ok(rows) => Ok(match rows.first().map(Vec::as_slice) {
            Some([Value::Integer(first), Value::Integer(last)]) => {
                Some((u64::try_from(*first).unwrap_or(0), u64::try_from(*last).unwrap_or(0)))
            }
            _ => None,
        }),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the database has the history of this library.
pub(super) fn is_managed(connection: &Connection) -> Result<bool> {
    schema::exists(connection, "table", "rpmadb_migrations")
}

/// Highest applied migration; 0 without one.
pub(super) fn schema_version(connection: &Connection) -> Result<i64> {
    let mut version = 0;
    let found = connection.ours_kept(&VERSION, |statement| {
        statement.for_each(|row| {
            version = row.number(0).and_then(|number| i64::try_from(number).ok()).unwrap_or(0);
            Ok(false)
        })
    });
    match found {
        Err(error) if !is_missing(&error) => Err(error),
        _ => Ok(version),
    }
}

/// Writes records behind `head` and returns the new one. The caller holds the write lock and read the head under it.
pub(super) fn append(
    connection: &Connection,
    key: &Key,
    mut head: Head,
    schema_version: i64,
    records: &[Record],
) -> Result<Head> {
    let append = |statement: &mut Statement<'_>| {
        for record in records {
            let seq = head.seq + 1;
            let fields = Fields {
                seq: i64::try_from(seq).unwrap_or(i64::MAX),
                id: &record.id,
                at: record.at,
                actor: &record.actor,
                role: &record.role,
                origin: &record.origin,
                verb: &record.verb,
                target: record.target.as_deref(),
                outcome: &record.outcome,
                status: record.status,
                duration_us: record.duration_us,
                rows: record.rows,
                calls: record.calls,
                schema_version,
                process: record.process.into(),
                key: key.id(),
            };
            let hash = key.hash(&head.hash, &fields);
            bind(statement, &fields, &hash)?;
            let before = connection.total_changes();
            statement.for_each(|_| Ok(true))?;
            // why: a trigger that only this connection knows may have done more, or less
            if connection.total_changes() != before + 1 {
                return Err(Error::Unsupported {
                    what: "a change while something changes what is written into the table rpmadb_audit".into(),
                    instead: Some("drop the triggers on that table"),
                });
            }
            head = Head { seq, hash };
        }
        Ok(head)
    };
    let appended = connection.keeping_last_insert_rowid(|| connection.ours_kept(&INSERT, append));
    appended.map_err(|error| if matches!(error, Error::Sql { .. }) { is_not_ours(&error) } else { error })
}

fn bind(statement: &mut Statement<'_>, fields: &Fields<'_>, hash: &[u8]) -> Result<()> {
    let (integer, text) = (Cell::Integer, |text| Cell::Text(str::as_bytes(text)));
    statement.bind_cells(&[
        integer(fields.seq),
        Cell::Blob(fields.id),
        integer(fields.at),
        text(fields.actor),
        text(fields.role),
        text(fields.origin),
        text(fields.verb),
        fields.target.map_or(Cell::Null, text),
        text(fields.outcome),
        integer(fields.status),
        integer(fields.duration_us),
        integer(fields.rows),
        integer(fields.calls),
        integer(fields.schema_version),
        integer(fields.process),
        text(fields.key),
        Cell::Blob(hash),
    ])
}

/// A row as it is stored; borrowed.
pub(super) struct Stored<'r> {
    pub(super) fields: Fields<'r>,
    pub(super) hash: &'r [u8],
}

impl<'r> Stored<'r> {
    /// `None` for a row that this library did not write.
    pub(super) fn of(row: &'r Row<'r>) -> Option<Stored<'r>> {
        Some(Stored {
            fields: Fields {
                seq: row.integer(0)?,
                id: row.blob(1)?,
                at: row.integer(2)?,
                actor: row.text(3)?,
                role: row.text(4)?,
                origin: row.text(5)?,
                verb: row.text(6)?,
                target: row.text(7),
                outcome: row.text(8)?,
                status: row.integer(9)?,
                duration_us: row.integer(10)?,
                rows: row.integer(11)?,
                calls: row.integer(12)?,
                schema_version: row.integer(13)?,
                process: row.integer(14)?,
                key: row.text(15)?,
            },
            hash: row.blob(16)?,
        })
    }

    fn report(&self) -> AuditRecord {
        let fields = &self.fields;
        let id = <[u8; 16]>::try_from(fields.id)
            .map_or_else(|_| hex(fields.id), |id| uuid::Uuid::from_bytes(id).to_string());
        AuditRecord {
            seq: u64::try_from(fields.seq).unwrap_or(0),
            id,
            at: fields.at,
            actor: fields.actor.to_owned(),
            role: fields.role.to_owned(),
            origin: fields.origin.to_owned(),
            verb: fields.verb.to_owned(),
            target: fields.target.map(str::to_owned),
            outcome: fields.outcome.to_owned(),
            status: fields.status,
            duration_us: fields.duration_us,
            rows: fields.rows,
            calls: fields.calls,
            schema_version: fields.schema_version,
            process: fields.process,
            hash: hex(self.hash),
        }
    }
}

/// Every row in order; a row that is not as this library writes it comes as its number alone.
pub(super) fn for_each(
    connection: &Connection,
    mut body: impl FnMut(i64, Option<Stored<'_>>) -> Result<()>,
) -> Result<()> {
    let sql = format!("SELECT {COLUMNS} FROM main.rpmadb_audit ORDER BY seq");
    connection.ours(&sql, |statement| {
        statement.for_each(|row| body(row.integer(0).unwrap_or(0), Stored::of(row)).map(|()| true))
    })
}

/// Which records are wanted.
#[derive(Debug, Default)]
pub struct Filter {
    conditions: Vec<&'static str>,
    values: Vec<Value>,
    oldest_first: bool,
}

impl Filter {
    /// What a request asks for; with `only`, of this actor and no other.
    #[must_use]
    pub fn new(request: &Audit, only: Option<&str>) -> Filter {
        let mut filter = Filter { oldest_first: request.oldest_first, ..Filter::default() };
        let mut add = |condition, value: Option<Value>| {
            if let Some(value) = value {
                filter.conditions.push(condition);
                filter.values.push(value);
            }
        };
        let text = |text: &Option<String>| text.as_deref().map(Value::from);
        add("actor = ?", only.map(Value::from));
        add("actor = ?", text(&request.actor));
        add("role = ?", text(&request.role));
        add("origin = ?", text(&request.origin));
        add("verb = ?", text(&request.verb));
        add("outcome = ?", text(&request.outcome));
        add("instr(target, ?) > 0", text(&request.target));
        add("at >= ?", request.since.map(Value::from));
        add("at < ?", request.until.map(Value::from));
        let after = request.after.map(|seq| i64::try_from(seq).unwrap_or(i64::MAX).into());
        add(if request.oldest_first { "seq > ?" } else { "seq < ?" }, after);
        filter
    }

    /// Those from one number to another.
    #[must_use]
    pub fn span(from: u64, to: u64) -> Filter {
        let number = |seq: u64| Value::from(i64::try_from(seq).unwrap_or(i64::MAX));
        Filter { conditions: vec!["seq BETWEEN ? AND ?"], values: vec![number(from), number(to)], oldest_first: true }
    }
}

/// Hands the records that a filter wants to `body` until that returns false.
pub fn records(
    connection: &Connection,
    filter: &Filter,
    mut body: impl FnMut(AuditRecord) -> Result<bool>,
) -> Result<()> {
    let wanted = if filter.conditions.is_empty() { "1".to_owned() } else { filter.conditions.join(" AND ") };
    let order = if filter.oldest_first { "" } else { " DESC" };
    let sql = format!("SELECT {COLUMNS} FROM main.rpmadb_audit WHERE {wanted} ORDER BY seq{order}");
    connection.ours(&sql, |statement| {
        statement.bind(Params::Positional(&filter.values))?;
        statement.for_each(|row| match Stored::of(row) {
            Some(stored) => body(stored.report()),
            // why left out: what it is, the proof tells
            None => Ok(true),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{Account, Caller, Origin};
    use crate::request::{Open, Role};
    use crate::sqlite::Settings;

    /// The change that is recorded is in the same transaction, and must not be made without its record.
    #[test]
    fn a_record_that_does_not_arrive_as_it_is_written_is_a_failure() {
        let connection = Connection::open(&Settings::new(None, &Open::default()), true, false).expect("opens");
        connection.execute_batch(CREATE).expect("makes");
        let caller = Caller { actor: "anna".into(), role: Role::Admin, origin: Origin::C };
        let record = Record::of(&Account::new(caller, "query"), Origin::C, None, 1, None);
        let mut head = Head::default();
        let mut write = || {
            head = append(&connection, &Key::new(None), head, 1, std::slice::from_ref(&record))?;
            Ok::<(), Error>(())
        };
        write().expect("appends");
        for body in ["SELECT RAISE(IGNORE)", "DELETE FROM rpmadb_audit", "UPDATE rpmadb_audit SET actor = 'bob'"] {
            let sql = format!("CREATE TEMP TRIGGER shh BEFORE INSERT ON main.rpmadb_audit BEGIN {body}; END");
            connection.execute_batch(&format!("SAVEPOINT one; {sql}")).expect("makes");
            let error = write().expect_err("is found");
            assert!(error.to_string().contains("something changes what is written"), "{error}");
            connection.execute_batch("ROLLBACK TO one; RELEASE one").expect("goes back");
        }
    }
}
