//! What SQL of a script may cost inside one step of SQLite's, where no handler of ours is asked.
//!
//! A value may be so long and no longer, and `instr`, `replace`, `unhex` and the trims, which SQLite computes in time that grows with the
//! product of their lengths, are replaced (`text.rs`); `json_patch` is refused for long texts.
//!
//! Leaves to others: time (`waiting.rs`), Lua's own memory.
//!
//! Invariants: the functions give what SQLite's own give for every input but texts too long for `json_patch`; a connection that scripts never used keeps SQLite's.

mod text;

use std::cell::Cell;
use std::ffi::{CStr, c_int};
use std::sync::atomic::Ordering;

use rusqlite::ffi;
use rusqlite::limits::Limit;

use super::connection::Connection;
use crate::error::Result;
use text::{instr, replace, trim, trim_left, trim_right, unhex};

/// Shorter values than this no script is refused.
const LEAST_BYTES: u64 = 1 << 20;
/// Limits that do not follow from the memory of a script.
const FIXED: [(Limit, i32); 4] = [
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 1 << 20),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 100),
    (Limit::SQLITE_LIMIT_VDBE_OP, 1_000_000),
];

/// Until it is dropped, statements of the connection run under the limits of a script.
pub struct Limited {
    connection: Connection,
    before: Vec<(Limit, i32)>,
}

impl Connection {
    /// Sets the limits of a script, whose values may be `most_bytes` long.
    pub fn limited(&self, most_bytes: u64) -> Result<Limited> {
        self.replace_functions()?;
        let inner = self.raw();
        let most = i32::try_from(most_bytes.max(LEAST_BYTES)).unwrap_or(i32::MAX);
        let mut limited = Limited { connection: self.clone(), before: Vec::with_capacity(FIXED.len() + 1) };
        for (limit, value) in FIXED.into_iter().chain([(Limit::SQLITE_LIMIT_LENGTH, most)]) {
            let before = inner.limit(limit).map_err(|error| self.failure(error))?;
            if value < before {
                limited.before.push((limit, before));
                inner.set_limit(limit, value).map_err(|error| self.failure(error))?;
            }
        }
        Ok(limited)
    }
}

impl Connection {
    /// Sets the functions here, once. Not while a statement runs: an older full-text index counts as one from its first change in a transaction to
    /// the end of that.
    pub(super) fn replace_functions(&self) -> Result<()> {
        let inner = self.raw();
        if !self.shared.scripted.load(Ordering::Acquire) {
            add_functions(&inner).map_err(|code| self.failed(code))?;
            self.shared.scripted.store(true, Ordering::Release);
        }
        Ok(())
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        let inner = self.connection.raw();
        for (limit, before) in self.before.drain(..) {
            // why ignored: it was that before
            let _ = inner.set_limit(limit, before);
        }
    }
}

fn add_functions(inner: &rusqlite::Connection) -> Result<(), c_int> {
    // why these flags: SQLite's own have them, and a schema may use those in indexes and generated columns
    let flags = ffi::SQLITE_UTF8 | ffi::SQLITE_DETERMINISTIC | ffi::SQLITE_INNOCUOUS | ffi::SQLITE_RESULT_SUBTYPE;
    let functions: [(&CStr, c_int, Function); 11] = [
        (c"instr", 2, instr),
        (c"replace", 3, replace),
        (c"trim", 1, trim),
        (c"trim", 2, trim),
        (c"ltrim", 1, trim_left),
        (c"ltrim", 2, trim_left),
        (c"rtrim", 1, trim_right),
        (c"rtrim", 2, trim_right),
        (c"unhex", 2, unhex),
        (c"json_patch", 2, json_patch),
        (c"jsonb_patch", 2, jsonb_patch),
    ];
    for (name, arguments, function) in functions {
        // SAFETY: the connection is open and locked by the caller; the name is static and the function needs no data of its own.
        let code = unsafe {
            ffi::sqlite3_create_function_v2(
                inner.handle(),
                name.as_ptr(),
                arguments,
                flags,
                std::ptr::null_mut(),
                Some(function),
                None,
                None,
                None,
            )
        };
        if code != ffi::SQLITE_OK {
            return Err(code);
        }
    }
    Ok(())
}

type Context = *mut ffi::sqlite3_context;
type Argument = *mut ffi::sqlite3_value;
type Function = unsafe extern "C" fn(Context, c_int, *mut Argument);

unsafe extern "C" fn json_patch(context: Context, _: c_int, arguments: *mut Argument) {
    // SAFETY: passed on as SQLite passed it.
    unsafe { patch(context, arguments, c"SELECT json_patch(?, ?)", true) }
}

unsafe extern "C" fn jsonb_patch(context: Context, _: c_int, arguments: *mut Argument) {
    // SAFETY: as above.
    unsafe { patch(context, arguments, c"SELECT jsonb_patch(?, ?)", false) }
}

/// SQLite's own, which looks for each member of the second among all of the first, as long as that does not take seconds.
const MOST_PATCH_PRODUCT: i64 = 1 << 30;
/// How SQLite marks a text as JSON.
const JSON_SUBTYPE: u32 = b'J' as u32;

thread_local! {
    /// A connection with SQLite's own functions, which are out of reach where they are replaced.
    static PLAIN: Plain = const { Plain(Cell::new(std::ptr::null_mut())) };
}

struct Plain(Cell<*mut ffi::sqlite3>);

impl Drop for Plain {
    fn drop(&mut self) {
        // SAFETY: nothing on it is left open; null is fine.
        unsafe { ffi::sqlite3_close(self.0.get()) };
    }
}

/// # Safety
/// SQLite calls it with two arguments.
unsafe fn patch(context: Context, arguments: *mut Argument, sql: &CStr, is_text: bool) {
    // SAFETY: the caller promises it. The statement is finalized before this returns, and what it gives is copied before that.
    unsafe {
        let size = |argument| i64::from(ffi::sqlite3_value_bytes(argument));
        if size(*arguments).saturating_mul(size(*arguments.add(1))) > MOST_PATCH_PRODUCT {
            return ffi::sqlite3_result_error(
                context,
                c"the texts are too long to be patched by a script".as_ptr(),
                -1,
            );
        }
        let plain = PLAIN.with(|plain| {
            let mut opened = plain.0.get();
            if opened.is_null() {
                ffi::sqlite3_open(c":memory:".as_ptr(), &raw mut opened);
                plain.0.set(opened);
            }
            opened
        });
        let mut statement = std::ptr::null_mut();
        if ffi::sqlite3_prepare_v2(plain, sql.as_ptr(), -1, &raw mut statement, std::ptr::null_mut()) != ffi::SQLITE_OK
        {
            return ffi::sqlite3_result_error_nomem(context);
        }
        ffi::sqlite3_bind_value(statement, 1, *arguments);
        ffi::sqlite3_bind_value(statement, 2, *arguments.add(1));
        match ffi::sqlite3_step(statement) {
            ffi::SQLITE_ROW => {
                let value = ffi::sqlite3_column_value(statement, 0);
                ffi::sqlite3_result_value(context, value);
                if is_text && ffi::sqlite3_value_type(value) == ffi::SQLITE_TEXT {
                    ffi::sqlite3_result_subtype(context, JSON_SUBTYPE);
                }
            }
            ffi::SQLITE_NOMEM => ffi::sqlite3_result_error_nomem(context),
            _ => ffi::sqlite3_result_error(context, ffi::sqlite3_errmsg(plain), -1),
        }
        ffi::sqlite3_finalize(statement);
    }
}

#[cfg(test)]
mod tests {
    use crate::sqlite::{Connection, Value};

    #[test]
    fn values_are_limited_as_long_as_the_guard_lives_and_a_replace_does_not_even_make_them() {
        let connection = Connection::open_in_memory().expect("opens");
        let long = "SELECT length(zeroblob(3000000))";
        let huge = "SELECT length(replace(hex(zeroblob(400000)), '0', hex(zeroblob(400000))))";
        let ask = |sql: &str| connection.value::<Value>(sql, &[]);
        let limited = connection.limited(2 << 20).expect("is limited");
        assert!(ask(long).is_err());
        assert!(ask(huge).expect_err("too long").to_string().contains("too big"));
        drop(limited);
        assert_eq!(ask(long), Ok(Some(Value::Integer(3_000_000))));
    }
}
