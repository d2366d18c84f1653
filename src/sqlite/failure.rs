//! SQLite's result codes as [`Error`]s: the one place that knows what each code means for a user.
//!
//! Leaves to others: the place in a file (the callers know it).
//!
//! Invariant: an interrupt is never reported as such; the operation of the call says whether it was a cancel or a
//! time-out.

use rusqlite::ffi;

use super::heap;
use super::rules::Rules;
use crate::error::{Error, Place};
use crate::operation;

/// What a failure was about, and where in the SQL SQLite saw it.
pub(super) struct Failure {
    pub(super) error: Error,
    /// Byte offset into the statement's text.
    pub(super) offset: Option<usize>,
    /// Whether the file system, or what it lets this account have of it, is full.
    pub(super) is_disk_full: bool,
}

impl Failure {
    /// What a failure of the database `path` was, under these rules, after waiting so long for locks.
    pub(super) fn new(error: rusqlite::Error, rules: &Rules, path: &str, waited_ms: u64, os_error: i32) -> Failure {
        let (code, message, offset) = match error {
            rusqlite::Error::SqliteFailure(code, message) => {
                (code.extended_code, message.unwrap_or_else(|| code.to_string()), None)
            }
            rusqlite::Error::SqlInputError { error, msg, offset, .. } => {
                (error.extended_code, msg, usize::try_from(offset).ok())
            }
            rusqlite::Error::MultipleStatement => {
                let error = Error::InvalidArgument {
                    name: "sql".into(),
                    reason: "holds more than one statement; pass them one by one, or use a script".into(),
                };
                return Failure { error, offset: None, is_disk_full: false };
            }
            rusqlite::Error::NulError(_) => {
                let error = Error::InvalidArgument { name: "sql".into(), reason: "holds a NUL byte".into() };
                return Failure { error, offset: None, is_disk_full: false };
            }
            other => {
                let error = Error::Internal { detail: other.to_string() };
                return Failure { error, offset: None, is_disk_full: false };
            }
        };
        // why whatever the code: SQLite answers a refused function with a plain error
        let error = rules.take_refusal().unwrap_or_else(|| from_code(code, message, path, waited_ms, os_error));
        Failure { error, offset, is_disk_full: is_disk_full(code, os_error) }
    }
}

/// The operating system's error number behind the last failure of a connection; 0 for none.
pub(super) fn os_error(connection: &rusqlite::Connection) -> i32 {
    // SAFETY: the connection is open, and the call only reads a number from it.
    unsafe { ffi::sqlite3_system_errno(connection.handle()) }
}

/// Whether more room on the file system would have helped; it would not against a limit on the size of one file.
fn is_disk_full(code: i32, os_error: i32) -> bool {
    use nix::libc::{EDQUOT, ENOSPC};
    match code & 0xff {
        ffi::SQLITE_FULL => true,
        ffi::SQLITE_IOERR | ffi::SQLITE_CANTOPEN => [ENOSPC, EDQUOT].contains(&os_error),
        _ => false,
    }
}

/// The error of a result code with SQLite's message about the database `path`.
pub(super) fn from_code(code: i32, message: String, path: &str, waited_ms: u64, os_error: i32) -> Error {
    use nix::libc::{EDQUOT, EFBIG, ENOSPC};
    // why: SQLite quotes the text of a CHECK as it stands in the schema
    let message = message.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    match code & 0xff {
        // why: SQLite calls only the first of these "full", and for a user all three mean the same
        ffi::SQLITE_IOERR | ffi::SQLITE_CANTOPEN if [ENOSPC, EDQUOT, EFBIG].contains(&os_error) => {
            Error::DiskFull { what: path.to_owned() }
        }
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => match operation::current().map(|operation| operation.check()) {
            Some(Err(stopped)) => stopped,
            _ => Error::Busy { what: path.to_owned(), waited_ms },
        },
        ffi::SQLITE_INTERRUPT => match (operation::current(), heap::refusal()) {
            (Some(operation), refusal) => match (operation.check(), refusal) {
                (Err(stopped), _) => stopped,
                (Ok(()), Some(limit_bytes)) => Error::ScriptMemory { limit_bytes, place: Box::default() },
                (Ok(()), None) => Error::Cancelled { verb: operation.verb() },
            },
            (None, _) => Error::Cancelled { verb: "the statement" },
        },
        ffi::SQLITE_IOERR if code == ffi::SQLITE_IOERR_NOMEM => no_memory(),
        ffi::SQLITE_READONLY if code == ffi::SQLITE_READONLY_DBMOVED => Error::Io {
            what: path.to_owned(),
            detail: "the file was moved, replaced or removed while it was open".into(),
            sqlite_code: Some(code),
        },
        ffi::SQLITE_READONLY if matches!(code, ffi::SQLITE_READONLY_CANTINIT | ffi::SQLITE_READONLY_DIRECTORY) => {
            Error::Permission { what: format!("the folder of {path}") }
        }
        ffi::SQLITE_READONLY => Error::ReadOnly { what: path.to_owned() },
        ffi::SQLITE_NOTADB => Error::NotADatabase { path: path.to_owned(), reason: "is not a SQLite database".into() },
        ffi::SQLITE_CORRUPT => Error::Corrupt { path: path.to_owned(), detail: message, sqlite_code: code },
        ffi::SQLITE_FULL => Error::DiskFull { what: path.to_owned() },
        ffi::SQLITE_PERM => Error::Permission { what: path.to_owned() },
        ffi::SQLITE_IOERR | ffi::SQLITE_CANTOPEN => {
            Error::Io { what: path.to_owned(), detail: message, sqlite_code: Some(code) }
        }
        ffi::SQLITE_NOMEM => no_memory(),
        ffi::SQLITE_CONSTRAINT => Error::Constraint { message, sqlite_code: code, place: Box::<Place>::default() },
        _ => Error::Sql { message, sqlite_code: code, place: Box::<Place>::default() },
    }
}

/// That the machine has none left, or a script none of its share, or that the call was to stop (see `heap.rs`).
fn no_memory() -> Error {
    match (heap::refusal(), operation::current().map(|operation| operation.check())) {
        (Some(limit_bytes), _) => Error::ScriptMemory { limit_bytes, place: Box::default() },
        (None, Some(Err(stopped))) => stopped,
        (None, _) => Error::NoMemory { what: "SQLite worked".into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_a_limit_on_one_file() {
        use nix::libc::{EDQUOT, EFBIG, ENOSPC};
        assert!(is_disk_full(ffi::SQLITE_FULL, 0));
        for (os_error, is_full) in [(ENOSPC, true), (EDQUOT, true), (EFBIG, false), (0, false)] {
            assert_eq!(is_disk_full(ffi::SQLITE_IOERR_WRITE, os_error), is_full, "{os_error}");
            assert!(!is_disk_full(ffi::SQLITE_BUSY, os_error));
        }
    }
}
