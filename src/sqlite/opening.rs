//! What is looked at before and after a database file is opened, and its journal mode.
//!
//! Leaves to others: opening it (`connection.rs`), the connections (`access.rs`).
//!
//! Invariant: looks with `stat` only; the bytes of a file that may be live are read by SQLite alone.

use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::settings::Settings;
use crate::error::{Error, Result};
use crate::request::JournalMode;

/// Refuses what SQLite would hang on or misname; returns whether the file does not exist yet. Looks with `stat` only.
pub(super) fn look_before_opening(path: &Path, settings: &Settings) -> Result<bool> {
    let not_a_database =
        |reason: &str| Err(Error::NotADatabase { path: path.display().to_string(), reason: reason.into() });
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => not_a_database("is a folder, not a database file"),
        Ok(found) if found.file_type().is_fifo() => not_a_database("is a FIFO, not a database file"),
        Ok(found) if !found.is_file() => not_a_database("is a device or socket, not a database file"),
        Ok(_) => Ok(false),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if !settings.create {
                return Err(Error::NotFound { what: path.display().to_string() });
            }
            match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                Some(parent) if !parent.is_dir() => {
                    Err(Error::NotFound { what: format!("the folder {}", parent.display()) })
                }
                _ => Ok(true),
            }
        }
        Err(error) => Err(Error::from_io(path.display().to_string(), &error)),
    }
}

/// SQLite takes a file shorter than its smallest page for an empty database and writes over it. One with a journal beside it is
/// left to SQLite: a rollback may cut it down to nothing.
pub(super) fn refuse_a_stub(writer: &Connection, settings: &Settings) -> Result<()> {
    const SMALLEST_PAGE: u64 = 512;
    let (Some(path), Some(journal)) = (&settings.path, settings.beside("-journal")) else { return Ok(()) };
    let size = std::fs::metadata(path).map_or(0, |found| found.len());
    if size == 0 || size >= SMALLEST_PAGE || journal.exists() {
        return Ok(());
    }
    let path = settings.display();
    Err(match writer.has_magic()? {
        true => Error::Corrupt { path, detail: format!("it ends after {size} bytes"), sqlite_code: 11 },
        false => Error::NotADatabase { path, reason: "is not a SQLite database".into() },
    })
}

/// SQLite says "unable to open" for several things that a user can tell apart.
pub(super) fn explain(error: Error, settings: &Settings) -> Error {
    use nix::unistd::{AccessFlags, access};
    let Some(path) = &settings.path else { return error };
    let wanted = if settings.read_only { AccessFlags::R_OK } else { AccessFlags::R_OK | AccessFlags::W_OK };
    let target = if path.exists() {
        path.as_path()
    } else {
        path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
    };
    match (&error, access(target, wanted)) {
        (Error::Io { .. }, Err(nix::errno::Errno::EACCES | nix::errno::Errno::EROFS)) => {
            Error::Permission { what: target.display().to_string() }
        }
        _ => error,
    }
}

/// Changes the journal mode only where the header says it must be.
pub(super) fn set_journal_mode(writer: &Connection, settings: &Settings) -> Result<()> {
    let wanted = settings.journal_mode;
    if wanted == JournalMode::Keep {
        return Ok(());
    }
    let is_wal = writer.is_wal()?;
    if is_wal == (wanted == JournalMode::Wal) && (is_wal || wanted == JournalMode::Delete) {
        return Ok(());
    }
    if let Some(foreign) = &settings.common.foreign {
        foreign.before_write()?;
    }
    let since = Instant::now();
    loop {
        let answer = writer.value::<String>(&format!("PRAGMA journal_mode={}", wanted.name()), &[]);
        match answer {
            Ok(mode) if mode.as_deref() == Some(wanted.name()) => return Ok(()),
            // why a loop of our own: SQLite does not call the busy handler for this switch
            Err(Error::Busy { .. }) | Ok(_) if since.elapsed() < settings.busy_timeout => {
                if let Some(operation) = crate::operation::current() {
                    operation.check()?;
                }
                std::thread::sleep(Duration::from_millis(10));
                // why looked at again: the neighbour that was in our way may have switched it for us
                if wanted == JournalMode::Wal
                    && writer.value::<i64>("PRAGMA user_version", &[]).is_ok()
                    && writer.is_wal()?
                {
                    return Ok(());
                }
            }
            Err(error) => return Err(error),
            Ok(_) => {
                let waited_ms = u64::try_from(settings.busy_timeout.as_millis()).unwrap_or(u64::MAX);
                return Err(Error::Busy { what: settings.display(), waited_ms });
            }
        }
    }
}
