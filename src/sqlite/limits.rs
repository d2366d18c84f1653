//! What SQL of a script may cost inside one step of SQLite's, where no handler of ours is asked.
//!
//! A value may be so long and no longer, and `instr`, `replace`, `unhex` and the trims, which SQLite computes in time that grows with the
//! product of their lengths, are replaced by ones that take a look at each byte once or twice; `json_patch` is refused for long texts.
//!
//! Leaves to others: time (`waiting.rs`), Lua's own memory.
//!
//! Invariants: the functions give what SQLite's own give for every input but texts too long for `json_patch`; a connection that scripts never used keeps SQLite's.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::ffi::{CStr, c_int};
use std::sync::atomic::Ordering;

use rusqlite::ffi;
use rusqlite::limits::Limit;

use super::connection::Connection;
use crate::error::Result;

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

/// # Safety
/// `value` is an argument of a function that SQLite is calling; it must not be converted again while the bytes are used.
unsafe fn text_of<'v>(value: Argument) -> Option<&'v [u8]> {
    // SAFETY: the caller promises it. The pointer is asked for before the length, as SQLite demands; null is NULL, or no memory.
    unsafe {
        let bytes = ffi::sqlite3_value_text(value);
        (!bytes.is_null()).then(|| slice(bytes, ffi::sqlite3_value_bytes(value)))
    }
}

/// # Safety
/// As `text_of`.
unsafe fn blob_of<'v>(value: Argument) -> &'v [u8] {
    // SAFETY: as above; null is an empty BLOB.
    unsafe {
        let bytes = ffi::sqlite3_value_blob(value);
        if bytes.is_null() { &[] } else { slice(bytes.cast(), ffi::sqlite3_value_bytes(value)) }
    }
}

/// # Safety
/// `bytes` points to `length` bytes.
unsafe fn slice<'v>(bytes: *const u8, length: c_int) -> &'v [u8] {
    // SAFETY: the caller promises it.
    unsafe { std::slice::from_raw_parts(bytes, usize::try_from(length).unwrap_or(0)) }
}

/// # Safety
/// `context` is that of a function that SQLite is calling.
unsafe fn answer(context: Context, text: &[u8]) {
    // SAFETY: the caller promises it; SQLite copies the bytes, and refuses them itself when they are too long.
    unsafe {
        ffi::sqlite3_result_text64(
            context,
            text.as_ptr().cast(),
            text.len() as u64,
            ffi::SQLITE_TRANSIENT(),
            ffi::SQLITE_UTF8 as u8,
        );
    }
}

unsafe extern "C" fn instr(context: Context, _: c_int, arguments: *mut Argument) {
    // SAFETY: SQLite passes two arguments, as the function was registered; each is converted once.
    unsafe {
        let (first, second) = (*arguments, *arguments.add(1));
        let kinds = [ffi::sqlite3_value_type(first), ffi::sqlite3_value_type(second)];
        if kinds.contains(&ffi::SQLITE_NULL) {
            return;
        }
        let found = if kinds == [ffi::SQLITE_BLOB; 2] {
            memchr::memmem::find(blob_of(first), blob_of(second)).map(|at| at + 1)
        } else {
            let (Some(text), Some(part)) = (text_of(first), text_of(second)) else {
                return ffi::sqlite3_result_error_nomem(context);
            };
            // why so: a character begins with each byte that continues none, and SQLite looks where one begins, and at the start
            let begins = |byte: &&u8| **byte & 0xc0 != 0x80;
            match part.first() {
                Some(first) if !begins(&first) => text.starts_with(part).then_some(1),
                _ => memchr::memmem::find(text, part).map(|at| text[..at].iter().filter(begins).count() + 1),
            }
        };
        ffi::sqlite3_result_int64(context, found.and_then(|at| i64::try_from(at).ok()).unwrap_or(0));
    }
}

unsafe extern "C" fn replace(context: Context, _: c_int, arguments: *mut Argument) {
    // SAFETY: SQLite passes three arguments, as the function was registered; each is converted once.
    unsafe {
        let (first, second, third) = (*arguments, *arguments.add(1), *arguments.add(2));
        let (Some(text), Some(part)) = (text_of(first), text_of(second)) else { return };
        if part.first().is_none_or(|byte| *byte == 0) {
            return answer(context, text);
        }
        let Some(new) = text_of(third) else { return };
        let finder = memchr::memmem::Finder::new(part);
        let count = finder.find_iter(text).count();
        let length = text.len() - count * part.len() + count.saturating_mul(new.len());
        let most = ffi::sqlite3_limit(ffi::sqlite3_context_db_handle(context), ffi::SQLITE_LIMIT_LENGTH, -1);
        // why before it is made: SQLite would refuse it too, when it is there
        if i32::try_from(length).map_or(true, |length| length > most) {
            return ffi::sqlite3_result_error_toobig(context);
        }
        let mut replaced = Vec::with_capacity(length);
        let mut from = 0;
        for at in finder.find_iter(text) {
            replaced.extend_from_slice(&text[from..at]);
            replaced.extend_from_slice(new);
            from = at + part.len();
        }
        replaced.extend_from_slice(&text[from..]);
        answer(context, &replaced);
    }
}

unsafe extern "C" fn trim(context: Context, count: c_int, arguments: *mut Argument) {
    // SAFETY: passed on as SQLite passed it.
    unsafe { trimmed(context, count, arguments, true, true) }
}

unsafe extern "C" fn trim_left(context: Context, count: c_int, arguments: *mut Argument) {
    // SAFETY: as above.
    unsafe { trimmed(context, count, arguments, true, false) }
}

unsafe extern "C" fn trim_right(context: Context, count: c_int, arguments: *mut Argument) {
    // SAFETY: as above.
    unsafe { trimmed(context, count, arguments, false, true) }
}

/// # Safety
/// SQLite calls it with `count` arguments, 1 or 2.
unsafe fn trimmed(context: Context, count: c_int, arguments: *mut Argument, left: bool, right: bool) {
    // SAFETY: the caller promises it; each argument is converted once.
    unsafe {
        let Some(mut rest) = text_of(*arguments) else { return };
        let set = if count == 1 { Some(&b" "[..]) } else { text_of(*arguments.add(1)) };
        let Some(set) = set else { return };
        // why: SQLite's own reads the set as C does
        let set = set.split(|byte| *byte == 0).next().unwrap_or_default();
        // why the order too: where the text is not UTF-8 one may begin another, and SQLite takes the first that fits
        let mut order = HashMap::new();
        for (index, character) in characters(set).enumerate() {
            order.entry(character).or_insert(index);
        }
        let longest = order.keys().map(|character| character.len()).max().unwrap_or(0);
        if longest > LONGEST {
            return ffi::sqlite3_result_error(context, c"the characters to trim are not UTF-8".as_ptr(), -1);
        }
        let fits = |length: &usize, part: &[u8]| order.get(part).map(|index| (*index, *length));
        while left && !rest.is_empty() {
            let found = (1..=longest.min(rest.len())).filter_map(|length| fits(&length, &rest[..length])).min();
            let Some((_, length)) = found else { break };
            rest = &rest[length..];
        }
        while right && !rest.is_empty() {
            let end = rest.len();
            let found = (1..=longest.min(end)).filter_map(|length| fits(&length, &rest[end - length..])).min();
            let Some((_, length)) = found else { break };
            rest = &rest[..end - length];
        }
        answer(context, rest);
    }
}

unsafe extern "C" fn unhex(context: Context, _: c_int, arguments: *mut Argument) {
    // SAFETY: SQLite passes two arguments, as the function was registered; each is converted once.
    unsafe {
        let (Some(digits), Some(passed)) = (text_of(*arguments), text_of(*arguments.add(1))) else { return };
        // why: SQLite's own reads the digits as C does
        let mut rest = digits.split(|byte| *byte == 0).next().unwrap_or_default();
        let mut passed_codes = HashSet::new();
        let mut passed = passed;
        while !passed.is_empty() {
            passed_codes.insert(code(&mut passed));
        }
        let value = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let mut bytes = Vec::with_capacity(rest.len() / 2);
        while let Some(first) = rest.first() {
            match (value(*first), rest.get(1).copied().and_then(value)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = &rest[2..];
                }
                (None, _) if passed_codes.contains(&code(&mut rest)) => {}
                _ => return,
            }
        }
        ffi::sqlite3_result_blob64(context, bytes.as_ptr().cast(), bytes.len() as u64, ffi::SQLITE_TRANSIENT());
    }
}

/// The first character of a text that is not empty, taken off it, as SQLite reads one.
fn code(text: &mut &[u8]) -> u32 {
    let Some((first, mut rest)) = text.split_first() else { return 0 };
    let mut code = u32::from(*first);
    if code >= 0xc0 {
        code &= match code {
            0xc0..0xe0 => 0x1f,
            0xe0..0xf0 => 0x0f,
            0xf0..0xf8 => 0x07,
            0xf8..0xfc => 0x03,
            0xfc..0xfe => 0x01,
            _ => 0,
        };
        while let Some((next, behind)) = rest.split_first().filter(|(next, _)| **next & 0xc0 == 0x80) {
            code = code << 6 | u32::from(next & 0x3f);
            rest = behind;
        }
        if code < 0x80 || code & 0xffff_f800 == 0xd800 || code & 0xffff_fffe == 0xfffe {
            code = 0xfffd;
        }
    }
    *text = rest;
    code
}

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

/// Bytes of the longest character in what is trimmed; those of UTF-8 have four.
const LONGEST: usize = 64;

/// As SQLite cuts text: a byte of 0xc0 or more takes the continuation bytes behind it along.
fn characters(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = *rest.first()?;
        let more = if first >= 0xc0 { rest[1..].iter().take_while(|byte| **byte & 0xc0 == 0x80).count() } else { 0 };
        let (character, behind) = rest.split_at(1 + more);
        rest = behind;
        Some(character)
    })
}

#[cfg(test)]
mod tests {

    use crate::sqlite::{Connection, Value};

    const TEXTS: [&str; 22] = [
        "NULL",
        "''",
        "'a'",
        "'abcabc'",
        "'  ab  '",
        "'äöü äö'",
        "'ö'",
        "'bc'",
        "x''",
        "x'6162'",
        "x'62'",
        "x'c3'",
        "x'b6'",
        "CAST(x'ff61ff' AS TEXT)",
        "CAST(x'c3a4c3' AS TEXT)",
        "12",
        "1.5",
        "1e300",
        "-0.1",
        "char(0)",
        "'a' || char(0) || 'b'",
        "'aaaaaaab'",
    ];

    /// Every function with every combination of these arguments, on a connection with SQLite's own and one with ours.
    #[test]
    fn the_functions_give_what_those_of_sqlite_give() {
        let (own, limited) =
            (Connection::open_in_memory().expect("opens"), Connection::open_in_memory().expect("opens"));
        let _limited = limited.limited(1 << 24).expect("is limited");
        let mut compared = 0;
        let mut compare = |call: String| {
            let sql = format!("SELECT typeof({call}), quote({call})");
            let rows = |connection: &Connection| connection.rows(&sql, &[]).expect("answers");
            assert_eq!(rows(&limited), rows(&own), "{call}");
            compared += 1;
        };
        for a in TEXTS {
            for name in ["trim", "ltrim", "rtrim"] {
                compare(format!("{name}({a})"));
            }
            for b in TEXTS {
                for name in ["trim", "ltrim", "rtrim", "instr", "unhex"] {
                    compare(format!("{name}({a}, {b})"));
                }
                for c in TEXTS {
                    compare(format!("replace({a}, {b}, {c})"));
                }
            }
        }
        let documents = [
            "NULL",
            "'{}'",
            "'{\"a\":1,\"b\":[1,2]}'",
            "'{\"a\":null,\"c\":{\"d\":1.50}}'",
            "5",
            "jsonb('[1]')",
            "'\"x\"'",
        ];
        for a in documents {
            for b in documents {
                compare(format!("json_patch({a}, {b})"));
                compare(format!("jsonb_patch({a}, {b})"));
                compare(format!("json_array(json_patch({a}, {b}))"));
            }
        }
        assert_eq!(compared, 22 * 3 + 22 * 22 * 5 + 22 * 22 * 22 + 7 * 7 * 3);
    }

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
