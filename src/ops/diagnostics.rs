//! `diagnostics`: everything that helps to find out what is wrong, the slow checks included.
//!
//! Leaves to others: the quick look (`health`), and deciding what to do.
//!
//! Invariants: changes nothing; the log's state is read without a checkpoint; what the settings are is asked of
//! SQLite, not of our options.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value as Json;

use crate::error::{Error, Result};
use crate::machine;
use crate::migrations;
use crate::operation::Operation;
use crate::report;
use crate::request::{JournalMode, Synchronous};
use crate::sqlite::{self, Access, Connection, Settings, Value, foreign_keys, indexes, schema};

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

/// Examines. `backups` is the folder that backups go to.
pub fn run(access: &Access, backups: Option<&Path>, operation: &Operation) -> Result<report::Diagnostics> {
    // why first: this call's own are not asked about
    let (leases, statements) = (access.leases(), access.statements());
    let settings = access.settings();
    let asked = match access.writer_within(operation, WRITER_WAIT) {
        Ok(writer) => Some((effective(&writer)?, writer.busy_wait_ms())),
        // why nothing and not guessed: a busy writer must not keep anybody from a diagnosis
        Err(Error::Busy { .. }) => None,
        Err(Error::ReadOnly { .. } | Error::ForeignSqlite { .. }) => {
            let first = access.first(operation, WRITER_WAIT)?;
            Some((effective(&first)?, first.busy_wait_ms()))
        }
        Err(error) => return Err(error),
    };
    let pragma_findings = asked.as_ref().map(|(pragmas, wait)| differences(settings, pragmas, *wait));
    let mut pragmas = asked.map(|(pragmas, _)| pragmas).unwrap_or_default();
    let connection = access.checker(operation)?;
    let wal = if access.is_bound() {
        sqlite::WalState { busy: false, log: -1, checkpointed: -1 }
    } else {
        sqlite::wal_state(&connection)?
    };
    if !access.is_bound() {
        connection.begin_snapshot()?;
    }
    operation.report("checking integrity", 0, 4)?;
    let integrity = integrity(&connection)?;
    operation.report("checking foreign keys", 1, 4)?;
    let foreign_key_check = unless_damaged(foreign_keys(&connection))?;
    let schema_drift = unless_damaged(migrations::schema_drift(&connection))?;
    operation.report("counting rows", 2, 4)?;
    let mut table_counts = BTreeMap::new();
    for table in schema::tables(&connection)? {
        let rows = unless_damaged(schema::count_rows(&connection, &table))?.flatten();
        table_counts.insert(table, rows);
    }
    operation.report("examining indexes", 3, 4)?;
    let indexes = unless_damaged(indexes::examine(&connection, statements.as_ref(), operation))?;
    // why here: SQLite has no pragma for this one, it is the library's own
    pragmas.insert("statement_cache", settings.statement_cache.into());
    let folder = settings.folder();
    Ok(report::Diagnostics {
        journal_mode: connection.value::<String>("PRAGMA journal_mode", &[])?.unwrap_or_default(),
        wal_checkpoint: [wal.log, wal.checkpointed],
        busy_timeout_ms: u64::try_from(settings.busy_timeout.as_millis()).unwrap_or(u64::MAX),
        integrity,
        table_counts,
        pool_state: access.pool_state(),
        foreign_key_check,
        schema_drift,
        pragmas,
        pragma_findings,
        wal: report::Wal {
            size_bytes: settings.wal_size_bytes(),
            frames: u64::try_from(wal.log).ok(),
            backlog: u64::try_from(wal.log).ok().and(u64::try_from(wal.log - wal.checkpointed).ok()),
        },
        open_transactions: leases.into_iter().map(Into::into).collect(),
        indexes,
        disks: disks(settings.folder(), backups),
        files: settings.files().into_iter().filter_map(file_mode).collect(),
        foreign_sqlite: settings.foreign_sqlite(),
        sqlite_version: sqlite::version().unwrap_or_default(),
        sqlite: report::SqliteBuild {
            version: sqlite::version().unwrap_or_default(),
            source_id: connection.value("SELECT sqlite_source_id()", &[])?.unwrap_or_default(),
            compile_options: sqlite::compile_options(&connection)?,
            has_wal_reset_bug: sqlite::has_wal_reset_bug(sqlite::version_number()),
        },
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

/// Where what is in force is not what the handle was configured for.
fn differences(
    settings: &Settings,
    pragmas: &BTreeMap<&'static str, Json>,
    busy_wait_ms: u64,
) -> Vec<report::PragmaFinding> {
    let flag = |on: bool| Json::from(i64::from(on));
    let mut expected = vec![
        ("foreign_keys", flag(settings.foreign_keys)),
        ("trusted_schema", flag(settings.trusted_schema)),
        ("defensive", flag(settings.defensive)),
        ("mmap_size", settings.mmap_size.into()),
    ];
    // why not for reading alone: it is set with the first write, and neither it nor the journal has a meaning without one
    if !settings.read_only {
        let synchronous = match settings.synchronous {
            Synchronous::Off => 0,
            Synchronous::Normal => 1,
            Synchronous::Full => 2,
            Synchronous::Extra => 3,
        };
        expected.push(("synchronous", synchronous.into()));
        if settings.path.is_some() && settings.journal_mode != JournalMode::Keep {
            expected.push(("journal_mode", settings.journal_mode.name().into()));
        }
    }
    let mut found: Vec<report::PragmaFinding> = expected
        .into_iter()
        .filter_map(|(pragma, expected)| {
            // null is a pragma that says nothing here: nothing is mapped of a database in memory
            let actual = pragmas.get(pragma).filter(|actual| !actual.is_null() && **actual != expected)?.clone();
            Some(report::PragmaFinding { pragma, expected, actual })
        })
        .collect();
    let wanted = u64::try_from(settings.busy_timeout.as_millis()).unwrap_or(u64::MAX);
    if busy_wait_ms != wanted {
        let (expected, actual) = (wanted.into(), busy_wait_ms.into());
        found.push(report::PragmaFinding { pragma: "busy_timeout", expected, actual });
    }
    found
}

/// The file systems that the database, its backups and SQLite's temporary files are on, each once.
fn disks(database: Option<&Path>, backups: Option<&Path>) -> Vec<report::Disk> {
    let temporary = machine::temporary_folder();
    let places = [("database", database), ("backups", backups), ("temporary", temporary.as_deref())];
    let mut devices = BTreeSet::new();
    let mut found = Vec::new();
    for (what, path) in places {
        let Some(path) = path else { continue };
        let disk = machine::file_system(path);
        if disk.is_none_or(|disk| devices.insert(disk.device)) {
            found.push(report::Disk {
                what,
                path: path.display().to_string(),
                free_bytes: disk.and_then(|disk| disk.free_bytes),
                total_bytes: disk.and_then(|disk| disk.total_bytes),
            });
        }
    }
    found
}

/// By `stat` alone: closing a file of the database would drop the locks that SQLite holds on it.
fn file_mode(path: PathBuf) -> Option<report::FileMode> {
    let mode = std::fs::metadata(&path).ok()?.permissions().mode() & 0o7777;
    let findings = match (mode & 0o004 != 0, mode & 0o002 != 0) {
        (true, true) => Some("others may read and write it"),
        (true, false) => Some("others may read it"),
        (false, true) => Some("others may write it"),
        (false, false) => None,
    };
    Some(report::FileMode { path: path.display().to_string(), mode: format!("{mode:04o}"), findings })
}

fn integrity(connection: &Connection) -> Result<String> {
    // why a damaged file is a finding and no error: it is exactly what this verb is asked about
    let findings = connection.integrity(MOST_FINDINGS)?;
    Ok(if findings.is_empty() { "ok".to_owned() } else { findings.join("\n") })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Open;

    #[test]
    fn each_setting_that_is_not_in_force_is_named() {
        let settings = Settings::new(Some("a.db".into()), &Open { mmap_size_bytes: Some(4096), ..Open::default() });
        let right: BTreeMap<&'static str, Json> = [
            ("foreign_keys", 1.into()),
            ("trusted_schema", 0.into()),
            ("defensive", 1.into()),
            ("mmap_size", 4096.into()),
            ("synchronous", 1.into()),
            ("journal_mode", "wal".into()),
            ("cache_size", 7.into()),
        ]
        .into();
        assert_eq!(differences(&settings, &right, 5_000), []);
        let named = |pragmas: &BTreeMap<&'static str, Json>, wait| -> Vec<&'static str> {
            differences(&settings, pragmas, wait).into_iter().map(|finding| finding.pragma).collect()
        };
        assert_eq!(named(&right, 0), ["busy_timeout"]);
        for (pragma, expected) in right.iter().filter(|(pragma, _)| **pragma != "cache_size") {
            let mut wrong = right.clone();
            wrong.insert(pragma, "other".into());
            assert_eq!(named(&wrong, 5_000), [*pragma]);
            assert_eq!(&differences(&settings, &wrong, 5_000)[0].expected, expected);
            wrong.insert(pragma, Json::Null);
            assert_eq!(named(&wrong, 5_000), [""; 0], "{pragma} says nothing here");
        }
    }
}
