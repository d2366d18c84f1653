//! What `cursor.rs` and others that call SQLite themselves need of a connection.
//!
//! Leaves to others: everything that goes through rusqlite.
//!
//! Invariant: SQLite is only called while the connection is locked by the caller's thread.

use rusqlite::ffi;

use super::Connection;
use crate::error::{Error, Place, Result};
use crate::sqlite::heap;
use crate::sqlite::rules::Whose;

impl Connection {
    /// The error for a result code that the last call of SQLite's on this connection gave.
    pub(in crate::sqlite) fn failed(&self, code: i32) -> Error {
        let inner = self.raw();
        // SAFETY: the connection is open and locked by us, and the text is copied before the lock ends.
        let message = unsafe { std::ffi::CStr::from_ptr(ffi::sqlite3_errmsg(inner.handle())) };
        let message = message.to_string_lossy().into_owned();
        self.failure(rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some(message)))
    }

    /// Prepares one statement of a user's, to be finalized by the caller. Errors have their place in `sql`.
    pub(in crate::sqlite) fn prepare_raw(&self, whose: Whose, sql: &str) -> Result<*mut ffi::sqlite3_stmt> {
        self.with(whose, |inner| {
            self.shared.rules.note_text(sql);
            let length = i32::try_from(sql.len()).unwrap_or(i32::MAX);
            let mut statement = std::ptr::null_mut();
            // SAFETY: the connection is open and locked by us; SQLite reads `length` bytes of the text and writes one pointer.
            let code = unsafe {
                ffi::sqlite3_prepare_v3(
                    inner.handle(),
                    sql.as_ptr().cast(),
                    length,
                    ffi::SQLITE_PREPARE_PERSISTENT,
                    &raw mut statement,
                    std::ptr::null_mut(),
                )
            };
            if code != ffi::SQLITE_OK {
                // SAFETY: as above; the call reads a number.
                let offset = usize::try_from(unsafe { ffi::sqlite3_error_offset(inner.handle()) });
                let error = self.failed(code);
                return Err(offset.map_or(error.clone(), |offset| error.at(Place::locate(sql, offset))));
            }
            if statement.is_null() {
                return Err(Error::InvalidArgument { name: "sql".into(), reason: "holds no statement".into() });
            }
            // SAFETY: the statement was just prepared; the call reads a number.
            let is_read_only = || unsafe { ffi::sqlite3_stmt_readonly(statement) } != 0;
            if let Err(refusal) = whose.check_writing(sql, is_read_only) {
                // SAFETY: nobody else has it.
                unsafe { ffi::sqlite3_finalize(statement) };
                return Err(refusal);
            }
            Ok(statement)
        })
    }

    /// Undoes a lock whose guard was forgotten.
    ///
    /// # Safety
    /// This thread took the lock and forgot the guard once for each call.
    pub(in crate::sqlite) unsafe fn force_unlock(&self) {
        // SAFETY: the caller promises it.
        unsafe { self.shared.inner.force_unlock() };
    }

    /// Puts other rules in force and returns those before; see [`Rules::exchange`].
    pub(in crate::sqlite) fn exchange_rules(&self, whose: u8) -> u8 {
        self.shared.rules.exchange(whose)
    }

    /// From here to the drop of the guard memory is refused as in `heap.rs`.
    pub(in crate::sqlite) fn hold(&self, is_ours: bool) -> heap::Held {
        heap::hold(is_ours, self.shared.in_memory)
    }

    /// Runs `body`, after which the row id of the last insert is what it was before: what we insert is nobody else's business.
    pub fn keeping_last_insert_rowid<T>(&self, body: impl FnOnce() -> T) -> T {
        let inner = self.raw();
        let before = inner.last_insert_rowid();
        let value = body();
        // SAFETY: the connection is open and locked by us; the call stores a number.
        unsafe { ffi::sqlite3_set_last_insert_rowid(inner.handle(), before) };
        value
    }

    /// Whether a transaction is open that has the write lock.
    pub(in crate::sqlite) fn has_write_lock(&self) -> bool {
        let inner = self.raw();
        // SAFETY: the connection is open and locked by us, and the name ends with a zero; the call reads a number.
        unsafe { ffi::sqlite3_txn_state(inner.handle(), c"main".as_ptr()) == ffi::SQLITE_TXN_WRITE }
    }

    /// Whether rows have foreign keys that point nowhere and that would keep the open transaction from being committed.
    pub fn has_deferred_violations(&self) -> bool {
        let inner = self.raw();
        let (mut now, mut highest) = (0, 0);
        // SAFETY: the connection is open and locked by us; SQLite writes two numbers.
        unsafe {
            ffi::sqlite3_db_status(inner.handle(), ffi::SQLITE_DBSTATUS_DEFERRED_FKS, &raw mut now, &raw mut highest, 0)
        };
        now != 0
    }
}
