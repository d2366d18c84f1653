//! `diagnostics`: everything that helps to find out what is wrong, the slow checks included.
//!
//! Leaves to others: the quick look (`health`), and deciding what to do.
//!
//! Invariants: changes nothing, the log's state is read without a checkpoint; what the settings are is asked of
//! SQLite, not of our options.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value as Json;

use crate::error::{Error, Result};
use crate::machine;
use crate::migrations;
use crate::operation::Operation;
use crate::report;
use crate::sqlite::{self, Access, Connection, Value, foreign_keys, schema};

/// Findings beyond this many help nobody and can be millions.
const MOST_FINDINGS: usize = 100;

/// How long the writer is waited for, to be asked for its settings.
const WRITER_WAIT: Duration = Duration::from_millis(250);

const PRAGMAS: [&str; 14] = [
    "application_id",
    "auto_vacuum",
    "cache_size",
    "encoding",
    "foreign_keys",
    "journal_mode",
    "journal_size_limit",
    "mmap_size",
    "page_size",
    "synchronous",
    "temp_store",
    "trusted_schema",
    "user_version",
    "wal_autocheckpoint",
];

/// Examines.
pub fn run(access: &Access, operation: &Operation) -> Result<report::Diagnostics> {
    let pragmas = match access.writer_within(operation, WRITER_WAIT) {
        Ok(writer) => effective(&writer)?,
        // why empty and not guessed: a busy writer must not keep anybody from a diagnosis
        Err(Error::Busy { .. }) => BTreeMap::new(),
        Err(Error::ReadOnly { .. }) => effective(&*access.first(operation, WRITER_WAIT)?)?,
        Err(error) => return Err(error),
    };
    let connection = access.reader(operation)?;
    let wal = if access.is_bound() {
        sqlite::WalState { busy: false, log: -1, checkpointed: -1 }
    } else {
        sqlite::wal_state(&connection)?
    };
    if !access.is_bound() {
        connection.begin_snapshot()?;
    }
    operation.report("checking integrity", 0, 3)?;
    let integrity = integrity(&connection)?;
    operation.report("checking foreign keys", 1, 3)?;
    let foreign_key_check = unless_damaged(foreign_keys(&connection))?;
    let schema_drift = unless_damaged(migrations::schema_drift(&connection))?;
    operation.report("counting rows", 2, 3)?;
    let mut table_counts = BTreeMap::new();
    for table in schema::tables(&connection)? {
        let rows = unless_damaged(schema::count_rows(&connection, &table))?.flatten();
        table_counts.insert(table, rows);
    }
    let settings = access.settings();
    let mut pragmas = pragmas;
    // why here: SQLite has no pragma for this one, it is the library's own
    pragmas.insert("statement_cache", settings.statement_cache.into());
    let folder = settings.folder();
    Ok(report::Diagnostics {
        journal_mode: connection.value::<String>("PRAGMA journal_mode", &[])?.unwrap_or_default(),
        wal_checkpoint: [wal.log, wal.checkpointed],
        busy_timeout_ms: u64::try_from(access.settings().busy_timeout.as_millis()).unwrap_or(u64::MAX),
        integrity,
        table_counts,
        pool_state: access.pool_state(),
        foreign_key_check,
        schema_drift,
        pragmas,
        sqlite_version: sqlite::version(),
        system: report::System {
            free_disk_bytes: folder.and_then(machine::free_disk_bytes),
            resident_memory_bytes: machine::resident_memory_bytes(),
            cpu_ms: machine::cpu_ms(),
        },
    })
}

fn effective(connection: &Connection) -> Result<BTreeMap<&'static str, Json>> {
    let mut found = BTreeMap::new();
    for name in PRAGMAS {
        let value = match connection.value::<Value>(&format!("PRAGMA {name}"), &[])? {
            Some(Value::Integer(number)) => number.into(),
            Some(Value::Text(text)) => text.into(),
            _ => Json::Null,
        };
        found.insert(name, value);
    }
    found.insert("defensive", i64::from(connection.is_defensive()?).into());
    Ok(found)
}

fn integrity(connection: &Connection) -> Result<String> {
    let rows = connection.rows(&format!("PRAGMA integrity_check({MOST_FINDINGS})"), &[]);
    let rows = match rows {
        // why a finding and no error: a damaged file is exactly what this verb is asked about
        Err(Error::Corrupt { detail, .. }) => return Ok(detail),
        rows => rows?,
    };
    let lines: Vec<String> = rows
        .into_iter()
        .filter_map(|row| match row.into_iter().next() {
            Some(Value::Text(line)) => Some(line),
            _ => None,
        })
        .collect();
    Ok(lines.join("\n"))
}

fn foreign_keys(connection: &Connection) -> Result<Vec<report::ForeignKeyFinding>> {
    let mut found = Vec::new();
    foreign_keys::check(connection, |violation| {
        let foreign_keys::Violation { table, parent, rowid, .. } = violation;
        found.push(report::ForeignKeyFinding { table, rowid, parent });
        found.len() < MOST_FINDINGS
    })?;
    Ok(found)
}

/// What a damaged page kept from being measured is null; the integrity check tells of the damage.
fn unless_damaged<T>(outcome: Result<T>) -> Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(Error::Corrupt { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
