//! The table of functions of the system's SQLite, which the library is linked to.
//!
//! Why not its functions by their names: a name that an older SQLite lacks would keep the library from being loaded at all, where the table
//! lets it say what is wrong. SQLite gives the table to extensions alone, so for a moment we are one.
//!
//! Leaves to others: what is done with the table (`table.rs`).
//!
//! Invariant: the version is looked at before anything else of it is called.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, Ordering};

use rusqlite::ffi;

use super::linked::must_be_new_enough;
use crate::error::{Error, Result};

type Entry = unsafe extern "C" fn(*mut ffi::sqlite3, *mut *mut c_char, *const ffi::sqlite3_api_routines) -> c_int;

unsafe extern "C" {
    fn sqlite3_libversion_number() -> c_int;
    fn sqlite3_auto_extension(entry: Entry) -> c_int;
    fn sqlite3_cancel_auto_extension(entry: Entry) -> c_int;
    fn sqlite3_open(path: *const c_char, connection: *mut *mut ffi::sqlite3) -> c_int;
    fn sqlite3_close(connection: *mut ffi::sqlite3) -> c_int;
}

static SEEN: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());

unsafe extern "C" fn see(
    _connection: *mut ffi::sqlite3,
    _error: *mut *mut c_char,
    api: *const ffi::sqlite3_api_routines,
) -> c_int {
    if !api.is_null() {
        SEEN.store(api.cast_mut().cast(), Ordering::Release);
    }
    ffi::SQLITE_OK
}

/// See the head of this file.
pub(super) fn table() -> Result<NonNull<c_void>> {
    // SAFETY: the function takes nothing.
    must_be_new_enough(unsafe { sqlite3_libversion_number() })?;
    // SAFETY: `see` has the type of an entry point, lives as long as the process and does nothing to the connection, so it does not matter
    // whose connections it is called for until it is taken away again. A connection that could not be opened is closed like any other.
    unsafe {
        if sqlite3_auto_extension(see) == ffi::SQLITE_OK {
            let mut connection = std::ptr::null_mut();
            sqlite3_open(c":memory:".as_ptr(), &raw mut connection);
            sqlite3_close(connection);
            sqlite3_cancel_auto_extension(see);
        }
    }
    NonNull::new(SEEN.load(Ordering::Acquire)).ok_or_else(|| Error::Unsupported {
        what: "a system's SQLite that takes no extensions".into(),
        instead: Some(
            "use one that was compiled without SQLITE_OMIT_LOAD_EXTENSION, or the build of rpmadb with one of its own",
        ),
    })
}
