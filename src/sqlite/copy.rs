//! Pages of a live database into a new file, through SQLite's backup API.
//!
//! Leaves to others: the name of the file, fsync and rename (`ops/backup.rs`).
//!
//! Invariants: a read transaction is held on the source for the whole copy; without it, any write by another
//! connection starts the copy over, for ever under a constant writer. The copy is left in rollback-journal mode, so
//! that it opens on read-only media.

use std::path::Path;
use std::time::Duration;

use rusqlite::OpenFlags;
use rusqlite::backup::{Backup, StepResult};

use super::connection::Connection;
use super::failure::{from_code, os_error};
use super::settings::Settings;
use super::value::Value;
use crate::error::{Error, Result};
use crate::operation::Operation;

/// Copies `source` into the existing empty file `destination`, called `named` in messages, `step_pages` at a time, and returns the pages
/// copied. With `check`, runs `PRAGMA quick_check` on the copy and fails on any finding.
/// A failure leaves the destination unusable: remove it.
pub fn copy_pages(
    source: &Connection,
    destination: &Path,
    named: &str,
    step_pages: i32,
    check: bool,
    operation: &Operation,
) -> Result<u64> {
    let snapshot = Snapshot::begin(source)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut copy =
        rusqlite::Connection::open_with_flags(destination, flags).map_err(|error| failed(named, &error, 0))?;
    // why off: the caller syncs the whole file once at its end, which is as safe for a file nobody knows yet
    copy.execute_batch("PRAGMA synchronous=off").map_err(|error| failed(named, &error, 0))?;
    let pages = copy_all(source, &mut copy, step_pages, operation).map_err(|stopped| match stopped {
        Stopped::ByUs(error) => error,
        Stopped::BySqlite(error) => failed(named, &error, os_error(&copy)),
    })?;
    drop(snapshot);

    let settings = Settings { synchronous: crate::request::Synchronous::Off, ..settings_of(destination) };
    let copy = Connection::wrap(copy, &settings, false)?;
    copy.execute_batch("PRAGMA journal_mode=delete")?;
    if check {
        operation.report("checking the copy", 0, 0)?;
        let findings = copy.rows("PRAGMA quick_check(1)", &[])?;
        if findings != [[Value::from("ok")]] {
            let detail = match findings.into_iter().flatten().next() {
                Some(Value::Text(finding)) => finding.replace('\n', "; "),
                _ => "the check gave no answer".into(),
            };
            return Err(Error::BackupInvalid { path: named.to_owned(), detail });
        }
    }
    Ok(pages)
}

/// Why a copy did not come to its end.
enum Stopped {
    ByUs(Error),
    BySqlite(rusqlite::Error),
}

fn copy_all(
    source: &Connection,
    copy: &mut rusqlite::Connection,
    step_pages: i32,
    operation: &Operation,
) -> Result<u64, Stopped> {
    let inner = source.raw();
    let backup = Backup::new(&inner, copy).map_err(Stopped::BySqlite)?;
    loop {
        match backup.step(step_pages).map_err(Stopped::BySqlite)? {
            StepResult::Done => break,
            // why a pause: only a database in memory shared with another writer can be busy here
            StepResult::Busy | StepResult::Locked => std::thread::sleep(Duration::from_millis(5)),
            _ => {}
        }
        let progress = backup.progress();
        let (total, left) = (progress.pagecount.max(0) as u64, progress.remaining.max(0) as u64);
        operation.report("copying pages", total.saturating_sub(left), total).map_err(Stopped::ByUs)?;
    }
    Ok(backup.progress().pagecount.max(0) as u64)
}

fn settings_of(path: &Path) -> Settings {
    Settings::new(Some(path.to_owned()), &crate::request::Open::default())
}

fn failed(named: &str, error: &rusqlite::Error, os_error: i32) -> Error {
    match error {
        rusqlite::Error::SqliteFailure(code, message) => {
            let message = message.clone().unwrap_or_else(|| code.to_string());
            from_code(code.extended_code, message, named, 0, os_error)
        }
        other => Error::BackupFailed { path: named.to_owned(), detail: other.to_string() },
    }
}

/// A read transaction that ends with the guard.
struct Snapshot<'c>(&'c Connection);

impl Snapshot<'_> {
    fn begin(source: &Connection) -> Result<Snapshot<'_>> {
        let snapshot = Snapshot(source);
        source.begin_snapshot()?;
        Ok(snapshot)
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        self.0.rollback();
    }
}
