//! One value on its way into a statement or out of a row, its bytes borrowed.
//!
//! Leaves to others: when a statement may be bound or read (`cursor.rs`).
//!
//! Invariant: nothing is copied here; how long bytes stay is the caller's promise.

use std::ffi::c_int;

use rusqlite::ffi;

use crate::sqlite::value::Value;

/// One value of a row, or for a parameter; bytes are borrowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'c> {
    /// NULL.
    Null,
    /// A 64-bit integer.
    Integer(i64),
    /// A 64-bit float.
    Real(f64),
    /// Text, whose bytes SQLite does not check.
    Text(&'c [u8]),
    /// Bytes.
    Blob(&'c [u8]),
}

impl Cell<'_> {
    /// A value of ours.
    #[must_use]
    pub fn of(value: &Value) -> Cell<'_> {
        match value {
            Value::Null => Cell::Null,
            Value::Integer(number) => Cell::Integer(*number),
            Value::Real(number) => Cell::Real(*number),
            Value::Text(text) => Cell::Text(text.as_bytes()),
            Value::BadText(bytes) => Cell::Text(bytes),
            Value::Blob(bytes) => Cell::Blob(bytes),
        }
    }
}

pub(super) fn int(number: usize) -> c_int {
    c_int::try_from(number).unwrap_or(c_int::MAX)
}

/// # Safety
/// `bytes` is null or points to `length` bytes that stay for `'c`.
pub(super) unsafe fn slice<'c>(bytes: *const u8, length: c_int) -> &'c [u8] {
    match usize::try_from(length) {
        // SAFETY: the caller promises it.
        Ok(length) if !bytes.is_null() => unsafe { std::slice::from_raw_parts(bytes, length) },
        _ => &[],
    }
}

/// # Safety
/// `statement` is prepared and not being stepped; with `SQLITE_STATIC` the bytes stay until it is bound anew or cleared.
pub(super) unsafe fn bind(
    statement: *mut ffi::sqlite3_stmt,
    parameter: usize,
    cell: Cell<'_>,
    keeps: ffi::sqlite3_destructor_type,
) -> c_int {
    let index = int(parameter);
    // SAFETY: the caller promises it; the lengths are those of the slices.
    unsafe {
        match cell {
            Cell::Null => ffi::sqlite3_bind_null(statement, index),
            Cell::Integer(number) => ffi::sqlite3_bind_int64(statement, index, number),
            Cell::Real(number) => ffi::sqlite3_bind_double(statement, index, number),
            Cell::Text(bytes) => ffi::sqlite3_bind_text64(
                statement,
                index,
                bytes.as_ptr().cast(),
                bytes.len() as u64,
                keeps,
                ffi::SQLITE_UTF8 as u8,
            ),
            // why: an empty slice must not become NULL
            Cell::Blob([]) => ffi::sqlite3_bind_zeroblob(statement, index, 0),
            Cell::Blob(bytes) => {
                ffi::sqlite3_bind_blob64(statement, index, bytes.as_ptr().cast(), bytes.len() as u64, keeps)
            }
        }
    }
}
