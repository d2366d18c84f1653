//! SQL functions of the library's on a connection of the host's.
//!
//! Leaves to others: what they do (`database/sql.rs`), and which there are (`capi/extension.rs`).
//!
//! Invariants: no panic crosses into SQLite; an error is told with its name and its hint; no view, trigger or index can call one.

use std::ffi::{CStr, c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use rusqlite::ffi;

use super::engine::HostApi;
use super::failure::from_code;
use super::handed::HostConnection;
use crate::error::{Error, Result};

/// What an SQL function does: it is given the connection that calls it and its argument, and gives a text.
pub type SqlFunction = fn(HostConnection, Option<&str>) -> Result<String>;

/// An SQL function of the library's.
#[derive(Debug)]
pub struct Definition {
    /// Its name.
    pub name: &'static CStr,
    /// 0 or 1.
    pub arguments: c_int,
    /// What it does.
    pub function: SqlFunction,
}

impl HostApi {
    /// A text for SQLite to release, allocated by SQLite itself whether it was bound or not; null where it has no memory.
    #[must_use]
    pub fn text(self, text: &CStr) -> *mut c_char {
        let bytes = text.to_bytes_with_nul();
        // SAFETY: who made this promised a table; every SQLite's has this field, which is near its beginning.
        let malloc = unsafe { (*self.0.cast::<ffi::sqlite3_api_routines>().as_ptr()).malloc };
        let (Some(malloc), Ok(length)) = (malloc, c_int::try_from(bytes.len())) else { return std::ptr::null_mut() };
        // SAFETY: SQLite gives null or so many bytes.
        unsafe {
            let copy = malloc(length).cast::<c_char>();
            if !copy.is_null() {
                std::ptr::copy_nonoverlapping(text.as_ptr(), copy, bytes.len());
            }
            copy
        }
    }
}

impl HostConnection {
    /// Whether it may not write its main database, or its host does not want it to.
    #[must_use]
    pub fn is_read_only(self) -> bool {
        // SAFETY: the connection is open, and the name ends with a zero; the call reads a number.
        let is_of_the_file = unsafe { ffi::sqlite3_db_readonly(self.0.as_ptr(), c"main".as_ptr()) == 1 };
        is_of_the_file || self.only_queries()
    }

    fn only_queries(self) -> bool {
        let mut statement = std::ptr::null_mut();
        // SAFETY: the connection is open; the text ends with a zero, and the statement is finalized here whatever came of it.
        unsafe {
            let sql = c"PRAGMA query_only".as_ptr();
            ffi::sqlite3_prepare_v2(self.0.as_ptr(), sql, -1, &raw mut statement, std::ptr::null_mut());
            // why also where it does not answer: an authorizer of the host's that refuses the question wants no more than that
            let may_write =
                ffi::sqlite3_step(statement) == ffi::SQLITE_ROW && ffi::sqlite3_column_int(statement, 0) == 0;
            ffi::sqlite3_finalize(statement);
            !may_write
        }
    }

    /// Makes an SQL function known to it, for statements that the host itself runs.
    pub fn define(self, definition: &'static Definition) -> Result<()> {
        // SAFETY: the connection is open; the name ends with a zero, and the definition, which is all that the function is given, lives as
        // long as the process.
        let code = unsafe {
            ffi::sqlite3_create_function_v2(
                self.0.as_ptr(),
                definition.name.as_ptr(),
                definition.arguments,
                ffi::SQLITE_UTF8 | ffi::SQLITE_DIRECTONLY,
                std::ptr::from_ref(definition).cast_mut().cast(),
                Some(call),
                None,
                None,
                None,
            )
        };
        if code == ffi::SQLITE_OK {
            return Ok(());
        }
        let name = definition.name.to_string_lossy();
        Err(from_code(code, format!("the SQL function {name} could not be made known"), &name, 0, 0))
    }
}

unsafe extern "C" fn call(context: *mut ffi::sqlite3_context, count: c_int, values: *mut *mut ffi::sqlite3_value) {
    // why here too: nothing may unwind into SQLite, whatever the function does about it
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: SQLite calls it with the definition it was given, with the connection of the statement that runs, and with as many values
        // as it says; a text of a value lives until the value is asked for another form.
        let (definition, connection, argument) = unsafe {
            let definition = &*ffi::sqlite3_user_data(context).cast::<Definition>().cast_const();
            let text = if count > 0 { ffi::sqlite3_value_text(*values) } else { std::ptr::null() };
            let argument = (!text.is_null()).then(|| CStr::from_ptr(text.cast::<c_char>()));
            if argument.is_some_and(|text| text.count_bytes() as i64 != i64::from(ffi::sqlite3_value_bytes(*values))) {
                return Err(Error::InvalidArgument { name: "path".into(), reason: "holds a zero".into() });
            }
            (definition, NonNull::new(ffi::sqlite3_context_db_handle(context)), argument)
        };
        let connection = connection.ok_or(Error::NullArgument { name: "connection" })?;
        let argument = argument.map(CStr::to_str).transpose();
        let argument = argument.map_err(|error| Error::InvalidUtf8 { name: "argument", at: error.valid_up_to() })?;
        (definition.function)(HostConnection(connection), argument)
    }));
    let outcome = outcome.unwrap_or_else(|_| Err(Error::Panic { text: "an SQL function".into() }));
    let (is_error, text) = match outcome {
        Ok(text) => (false, text),
        Err(error) => (true, format!("{}: {}", error.status().name(), error.in_words())),
    };
    let length = c_int::try_from(text.len()).unwrap_or(c_int::MAX);
    // SAFETY: the context is SQLite's for this call; SQLite copies so many bytes of the text before it returns.
    unsafe {
        match is_error {
            true => ffi::sqlite3_result_error(context, text.as_ptr().cast(), length),
            false => ffi::sqlite3_result_text64(
                context,
                text.as_ptr().cast(),
                text.len() as u64,
                ffi::SQLITE_TRANSIENT(),
                ffi::SQLITE_UTF8 as u8,
            ),
        }
    }
}
