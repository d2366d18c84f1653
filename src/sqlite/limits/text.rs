//! SQL functions on texts, in place of SQLite's own, which take time that grows with the product of the lengths and ask nobody meanwhile.
//!
//! Leaves to others: making them known to a connection (`limits.rs`).
//!
//! Invariants: each gives what SQLite's own gives for every input, looks at each byte once or twice, and every so many bytes at the
//! operation.

use std::collections::{HashMap, HashSet};
use std::ffi::c_int;

use memchr::memmem::Finder;
use rusqlite::ffi;

use super::{Argument, Context};
use crate::sqlite::waiting::must_stop;

/// Bytes between two looks at the operation.
const BYTES_BETWEEN_POLLS: usize = 64 << 10;

/// How far a function has come since it looked whether it must stop.
#[derive(Default)]
struct Poll(usize);

/// The statement is to be stopped.
struct Stopped;

impl Poll {
    fn took(&mut self, bytes: usize) -> Result<(), Stopped> {
        self.0 += bytes;
        if self.0 < BYTES_BETWEEN_POLLS {
            return Ok(());
        }
        self.0 = 0;
        if must_stop() { Err(Stopped) } else { Ok(()) }
    }
}

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

/// # Safety
/// `context` is that of a function that SQLite is calling.
unsafe fn stop_at(context: Context, outcome: Result<(), Stopped>) {
    if let Err(Stopped) = outcome {
        // SAFETY: the caller promises it.
        unsafe { ffi::sqlite3_result_error_code(context, ffi::SQLITE_INTERRUPT) };
    }
}

/// Where `part` is next in `text`, from `from` on.
fn find(part: &Finder<'_>, text: &[u8], mut from: usize, poll: &mut Poll) -> Result<Option<usize>, Stopped> {
    let overlap = part.needle().len().saturating_sub(1);
    // why at least so long: with shorter pieces a long part would be looked for in every place more than twice
    let piece = BYTES_BETWEEN_POLLS.max(overlap);
    loop {
        let end = text.len().min(from + piece + overlap);
        let found = part.find(&text[from..end]);
        poll.took(found.unwrap_or(end - from).max(1))?;
        match found {
            Some(at) => return Ok(Some(from + at)),
            None if end == text.len() => return Ok(None),
            None => from = end - overlap,
        }
    }
}

/// Whether a character begins with this byte, as SQLite reads text.
const fn begins(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}

pub(super) unsafe extern "C" fn instr(context: Context, _: c_int, arguments: *mut Argument) {
    // SAFETY: passed on as SQLite passed it.
    unsafe { stop_at(context, place(context, arguments)) }
}

/// # Safety
/// SQLite calls it with two arguments.
unsafe fn place(context: Context, arguments: *mut Argument) -> Result<(), Stopped> {
    // SAFETY: the caller promises it; each argument is converted once.
    unsafe {
        let (first, second) = (*arguments, *arguments.add(1));
        let kinds = [ffi::sqlite3_value_type(first), ffi::sqlite3_value_type(second)];
        if kinds.contains(&ffi::SQLITE_NULL) {
            return Ok(());
        }
        let mut poll = Poll::default();
        let found = if kinds == [ffi::SQLITE_BLOB; 2] {
            find(&Finder::new(blob_of(second)), blob_of(first), 0, &mut poll)?.map(|at| at + 1)
        } else {
            let (Some(text), Some(part)) = (text_of(first), text_of(second)) else {
                ffi::sqlite3_result_error_nomem(context);
                return Ok(());
            };
            match part.first() {
                // why so: SQLite looks where a character begins, and at the start
                Some(first) if !begins(*first) => text.starts_with(part).then_some(1),
                _ => match find(&Finder::new(part), text, 0, &mut poll)? {
                    Some(at) => {
                        let mut before = 0;
                        for piece in text[..at].chunks(BYTES_BETWEEN_POLLS) {
                            before += piece.iter().filter(|byte| begins(**byte)).count();
                            poll.took(piece.len())?;
                        }
                        Some(before + 1)
                    }
                    None => None,
                },
            }
        };
        ffi::sqlite3_result_int64(context, found.and_then(|at| i64::try_from(at).ok()).unwrap_or(0));
    }
    Ok(())
}

pub(super) unsafe extern "C" fn replace(context: Context, _: c_int, arguments: *mut Argument) {
    // SAFETY: passed on as SQLite passed it.
    unsafe { stop_at(context, replaced(context, arguments)) }
}

/// # Safety
/// SQLite calls it with three arguments.
unsafe fn replaced(context: Context, arguments: *mut Argument) -> Result<(), Stopped> {
    // SAFETY: the caller promises it; each argument is converted once.
    unsafe {
        let (first, second, third) = (*arguments, *arguments.add(1), *arguments.add(2));
        let (Some(text), Some(part)) = (text_of(first), text_of(second)) else { return Ok(()) };
        if part.first().is_none_or(|byte| *byte == 0) {
            answer(context, text);
            return Ok(());
        }
        let Some(new) = text_of(third) else { return Ok(()) };
        let (finder, mut poll) = (Finder::new(part), Poll::default());
        let (mut count, mut from) = (0_usize, 0);
        while let Some(at) = find(&finder, text, from, &mut poll)? {
            count += 1;
            from = at + part.len();
        }
        let length = text.len() - count * part.len() + count.saturating_mul(new.len());
        let most = ffi::sqlite3_limit(ffi::sqlite3_context_db_handle(context), ffi::SQLITE_LIMIT_LENGTH, -1);
        // why before it is made: SQLite would refuse it too, when it is there
        if i32::try_from(length).map_or(true, |length| length > most) {
            ffi::sqlite3_result_error_toobig(context);
            return Ok(());
        }
        let mut replaced = Vec::with_capacity(length);
        from = 0;
        while let Some(at) = find(&finder, text, from, &mut poll)? {
            replaced.extend_from_slice(&text[from..at]);
            replaced.extend_from_slice(new);
            from = at + part.len();
        }
        replaced.extend_from_slice(&text[from..]);
        answer(context, &replaced);
    }
    Ok(())
}

pub(super) unsafe extern "C" fn trim(context: Context, count: c_int, arguments: *mut Argument) {
    // SAFETY: passed on as SQLite passed it.
    unsafe { stop_at(context, trimmed(context, count, arguments, true, true)) }
}

pub(super) unsafe extern "C" fn trim_left(context: Context, count: c_int, arguments: *mut Argument) {
    // SAFETY: as above.
    unsafe { stop_at(context, trimmed(context, count, arguments, true, false)) }
}

pub(super) unsafe extern "C" fn trim_right(context: Context, count: c_int, arguments: *mut Argument) {
    // SAFETY: as above.
    unsafe { stop_at(context, trimmed(context, count, arguments, false, true)) }
}

/// # Safety
/// SQLite calls it with `count` arguments, 1 or 2.
unsafe fn trimmed(
    context: Context,
    count: c_int,
    arguments: *mut Argument,
    left: bool,
    right: bool,
) -> Result<(), Stopped> {
    // SAFETY: the caller promises it; each argument is converted once.
    unsafe {
        let Some(mut rest) = text_of(*arguments) else { return Ok(()) };
        let set = if count == 1 { Some(&b" "[..]) } else { text_of(*arguments.add(1)) };
        let Some(set) = set.map(until_zero) else { return Ok(()) };
        let mut poll = Poll::default();
        // why the order too: where the text is not UTF-8 one may begin another, and SQLite takes the first that fits
        let mut order = HashMap::new();
        for (index, character) in characters(set).enumerate() {
            order.entry(character).or_insert(index);
            poll.took(character.len())?;
        }
        let longest = order.keys().map(|character| character.len()).max().unwrap_or(0);
        if longest > LONGEST {
            ffi::sqlite3_result_error(context, c"the characters to trim are not UTF-8".as_ptr(), -1);
            return Ok(());
        }
        let fits = |length: &usize, part: &[u8]| order.get(part).map(|index| (*index, *length));
        while left && !rest.is_empty() {
            let found = (1..=longest.min(rest.len())).filter_map(|length| fits(&length, &rest[..length])).min();
            let Some((_, length)) = found else { break };
            rest = &rest[length..];
            poll.took(longest)?;
        }
        while right && !rest.is_empty() {
            let end = rest.len();
            let found = (1..=longest.min(end)).filter_map(|length| fits(&length, &rest[end - length..])).min();
            let Some((_, length)) = found else { break };
            rest = &rest[..end - length];
            poll.took(longest)?;
        }
        answer(context, rest);
    }
    Ok(())
}

/// As C reads a text, which SQLite's own do with some of their arguments.
fn until_zero(text: &[u8]) -> &[u8] {
    &text[..memchr::memchr(0, text).unwrap_or(text.len())]
}

pub(super) unsafe extern "C" fn unhex(context: Context, _: c_int, arguments: *mut Argument) {
    // SAFETY: passed on as SQLite passed it.
    unsafe { stop_at(context, unhexed(context, arguments)) }
}

/// # Safety
/// SQLite calls it with two arguments.
unsafe fn unhexed(context: Context, arguments: *mut Argument) -> Result<(), Stopped> {
    // SAFETY: the caller promises it; each argument is converted once.
    unsafe {
        let (Some(digits), Some(mut passed)) = (text_of(*arguments), text_of(*arguments.add(1))) else {
            return Ok(());
        };
        let (mut rest, mut poll) = (until_zero(digits), Poll::default());
        let mut passed_codes = HashSet::new();
        while !passed.is_empty() {
            passed_codes.insert(code(&mut passed));
            poll.took(1)?;
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
                _ => return Ok(()),
            }
            poll.took(2)?;
        }
        ffi::sqlite3_result_blob64(context, bytes.as_ptr().cast(), bytes.len() as u64, ffi::SQLITE_TRANSIENT());
    }
    Ok(())
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

    /// Texts longer than what is searched in one go, with what is looked for across the end of a piece.
    #[test]
    fn long_texts_give_what_those_of_sqlite_give() {
        let (own, limited) =
            (Connection::open_in_memory().expect("opens"), Connection::open_in_memory().expect("opens"));
        let _limited = limited.limited(1 << 24).expect("is limited");
        let text = |before: usize| format!("ä{}xyz{}", "a".repeat(before), "b".repeat(70_000));
        let whole = super::BYTES_BETWEEN_POLLS;
        for text in [text(0), text(whole - 5), text(whole - 3), text(whole - 2), text(whole - 1), text(2 * whole)] {
            for part in ["xyz", "yz", "a", "b", "zb", "no", "ä", &"b".repeat(69_000), &"a".repeat(whole - 4)] {
                let ask = |connection: &Connection| {
                    let bound = [Value::Text(text.clone()), Value::Text(part.to_owned())];
                    let sql = "SELECT instr(?1, ?2), instr(CAST(?1 AS BLOB), CAST(?2 AS BLOB)), replace(?1, ?2, 'q')";
                    connection.rows(sql, &bound).expect("answers")
                };
                assert!(ask(&limited) == ask(&own), "{} of {}", part.len(), text.len());
            }
        }
    }
}
