//! Errors between Lua and this library.
//!
//! An error of ours is raised with the statement and the line it was raised for. A script that catches it gets a table: `code`, `message`,
//! `sql`, `file`, `line`; one that raises the table again raises what it was made from.
//!
//! Leaves to others: raising them.
//!
//! Invariant: an error of ours that passes through a script comes out as it was (a cancel stays a cancel); an error of
//! the script's own comes out with its file and line.

use std::sync::Arc;

use mlua::{AnyUserData, Lua, LuaString, Table, Value as LuaValue};

use super::api::{self, What};
use super::blocks;
use super::outside::{self, Held};
use super::sandbox::first_bytes;
use super::tokens::{Kind, tokens};
use crate::error::{Error, Place, Result};
use crate::operation::Operation;

/// An error of ours on its way through Lua.
#[derive(Debug, Clone)]
pub(super) struct Raised {
    pub(super) error: Error,
    sql: Option<String>,
    file: Option<String>,
    line: Option<usize>,
    /// A script may keep the error and drop its text.
    _held: Arc<Held>,
}

impl std::fmt::Display for Raised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Raised {}

impl mlua::UserData for Raised {}

/// The tables that were made of errors, and what each was made of.
pub(super) struct Revealed {
    meta: Table,
    originals: Table,
}

/// The most memory of the run, in bytes.
pub(super) struct MemoryLimit(pub(super) u64);

/// SQLite's code for a value that is longer than the limit set for the run.
const TOO_BIG: i32 = 18;

/// The error to return from a function of Lua's: `error`, about the statement `sql`, in the line that is being run.
#[cold]
#[inline(never)]
pub(super) fn raise_in(lua: &Lua, error: Error, sql: Option<&str>) -> mlua::Error {
    let (mut file, mut line) = (None, None);
    let error = match (error, lua.app_data_ref::<MemoryLimit>()) {
        (Error::Sql { sqlite_code: TOO_BIG, .. } | Error::ScriptMemory { .. }, Some(limit)) => {
            Error::ScriptMemory { limit_bytes: limit.0, place: Box::default() }
        }
        (error, _) => error,
    };
    let error = match outside::make_room(lua, size_of(&error, sql)) {
        Ok(()) => error,
        Err(no_room) => no_room,
    };
    // why several: between the script and this function there may be functions in C and in the prelude
    for level in 0..8 {
        let found = lua.inspect_stack(level, |frame| {
            let source = frame.source();
            let name = source.source.as_deref().and_then(|name| name.strip_prefix('=').map(str::to_owned));
            frame.current_line().zip(name)
        });
        match found {
            None => break,
            Some(Some((at, name))) if !INTERNAL.contains(&name.as_str()) => {
                (file, line) = (Some(name), Some(at));
                break;
            }
            Some(_) => {}
        }
    }
    mlua::Error::external(Raised::new(error, sql, file, line))
}

/// About how many bytes an error holds.
fn size_of(error: &Error, sql: Option<&str>) -> usize {
    let line = error.place().and_then(|place| place.source_line.as_deref());
    error.to_string().len() + sql.map_or(0, str::len) + line.map_or(0, str::len) + std::mem::size_of::<Raised>()
}

impl Raised {
    fn new(error: Error, sql: Option<&str>, file: Option<String>, line: Option<usize>) -> Raised {
        let held = Arc::new(Held::new(size_of(&error, sql)));
        Raised { error, sql: sql.map(str::to_owned), file, line, _held: held }
    }
}

/// Names of chunks that are not the script's.
pub(super) const INTERNAL: [&str; 3] = ["prelude", "string", "[C]"];

/// The error of ours inside a Lua error, if there is one.
fn raised(error: &mlua::Error) -> Option<Raised> {
    match error {
        mlua::Error::CallbackError { cause, .. }
        | mlua::Error::WithContext { cause, .. }
        | mlua::Error::BadArgument { cause, .. } => raised(cause),
        mlua::Error::ExternalError(inner) => inner.downcast_ref::<Raised>().cloned().or_else(|| {
            let error = inner.downcast_ref::<Error>().cloned()?;
            Some(Raised::new(error, None, None, None))
        }),
        _ => None,
    }
}

/// The kinds of constraints, as SQLite numbers and names them.
const CONSTRAINTS: [(i32, &str); 11] = [
    (1, "check"),
    (3, "foreignkey"),
    (4, "function"),
    (5, "notnull"),
    (6, "primarykey"),
    (7, "trigger"),
    (8, "unique"),
    (9, "vtab"),
    (10, "rowid"),
    (11, "pinned"),
    (12, "datatype"),
];

/// As an admin's script tells errors apart: the status in lower case; a constraint with its kind as SQLite names it.
fn code(error: &Error) -> String {
    let name = error.status().name().to_ascii_lowercase();
    let Error::Constraint { sqlite_code, .. } = error else { return name };
    match CONSTRAINTS.iter().find(|(kind, _)| *kind == sqlite_code >> 8) {
        Some((_, kind)) => format!("{name}.{kind}"),
        None => name,
    }
}

impl Revealed {
    /// `meta` is the metatable of the tables.
    pub(super) fn install(lua: &Lua, meta: Table) -> mlua::Result<()> {
        let originals = lua.create_table()?;
        let weak = lua.create_table()?;
        weak.raw_set("__mode", "k")?;
        originals.set_metatable(Some(weak))?;
        lua.set_app_data(Revealed { meta, originals });
        Ok(())
    }

    /// An error of Rust's as the table a script can look into.
    pub(super) fn table(lua: &Lua, error: &mlua::Error) -> mlua::Result<LuaValue> {
        let raised = raised(error).unwrap_or_else(|| {
            let message = first_line(&text_of(error));
            Raised::new(Error::ScriptFailed { message, place: Box::default() }, None, None, None)
        });
        let table = lua.create_table()?;
        table.raw_set("code", code(&raised.error))?;
        table.raw_set("message", raised.error.to_string())?;
        table.raw_set("sql", raised.sql.as_deref())?;
        table.raw_set("file", raised.file.as_deref())?;
        table.raw_set("line", raised.line)?;
        if let Some(revealed) = lua.app_data_ref::<Revealed>() {
            revealed.originals.raw_set(&table, lua.create_userdata(raised)?)?;
            table.set_metatable(Some(revealed.meta.clone()))?;
        }
        Ok(LuaValue::Table(table))
    }

    fn original(lua: &Lua, table: &Table) -> Option<Raised> {
        let revealed = lua.app_data_ref::<Revealed>()?;
        let data = revealed.originals.raw_get::<Option<AnyUserData>>(table).ok()??;
        let raised = data.borrow::<Raised>().ok()?;
        Some(raised.clone())
    }
}

/// The calls that led to where an error was raised that is on its way out: a transaction stops it and raises it again.
struct Raising(Option<String>);

/// Remembers where the error that is being raised comes from, unless it is on its way already.
pub(super) fn note_raised(lua: &Lua) {
    if lua.app_data_ref::<Raising>().is_none() {
        lua.set_app_data(Raising(calls(lua)));
    }
}

/// Forgets that: the error was caught.
pub(super) fn forget_raised(lua: &Lua) {
    lua.remove_app_data::<Raising>();
}

/// The calls that led to the function that is being run.
fn calls(lua: &Lua) -> Option<String> {
    if lua.inspect_stack(MOST_FRAMES, |_| ()).is_none() {
        let calls = lua.traceback(None, 1).map(|text| shorten(&text.to_string_lossy())).ok();
        // why: where memory ran out Lua keeps none
        return calls.filter(|calls| calls.contains('\n'));
    }
    // why not Lua's own: it looks for the outermost calls, which in a deep recursion takes longer than a stop may
    let call = |level| {
        lua.inspect_stack(level, |frame| {
            let source = frame.source();
            let (name, first) = (source.short_src.unwrap_or_default(), source.line_defined.unwrap_or_default());
            let line = frame.current_line();
            line.map_or_else(|| format!("{name}: in ?"), |line| format!("{name}:{line}: in function <{name}:{first}>"))
        })
    };
    let calls: Vec<String> = (1..MOST_FRAMES - 1).map_while(call).collect();
    Some(shorten(&format!("stack traceback:\n{}\n...", calls.join("\n"))))
}

/// What a script did not catch.
pub(super) struct Uncaught {
    value: Caught,
    traceback: Option<String>,
}

enum Caught {
    Ours(Box<Raised>),
    Memory,
    Text(String),
}

impl Uncaught {
    /// From the value that was raised, where it was raised.
    pub(super) fn new(lua: &Lua, value: &LuaValue) -> Uncaught {
        let raising = lua.remove_app_data::<Raising>();
        let traceback = raising.map_or_else(|| calls(lua), |raising| raising.0);
        let caught = match value {
            LuaValue::Error(error) if matches!(root(error), mlua::Error::MemoryError(_)) => Caught::Memory,
            LuaValue::Error(error) => match raised(error) {
                Some(raised) => Caught::Ours(Box::new(raised)),
                None => Caught::Text(text_of(error)),
            },
            LuaValue::Table(table) => match Revealed::original(lua, table) {
                Some(raised) => Caught::Ours(Box::new(raised)),
                None => match table.raw_get::<Option<LuaString>>("message") {
                    Ok(Some(message)) => Caught::Text(message.to_string_lossy()),
                    _ => Caught::Text("a table was raised that has no message".into()),
                },
            },
            LuaValue::String(text) if *text == "not enough memory" => Caught::Memory,
            LuaValue::String(text) => {
                Caught::Text(String::from_utf8_lossy(without_ours(&text.as_bytes())).into_owned())
            }
            LuaValue::Integer(_) | LuaValue::Number(_) => Caught::Text(value.to_string().unwrap_or_default()),
            other => Caught::Text(format!("a {} was raised", other.type_name())),
        };
        Uncaught { value: caught, traceback }
    }

    /// What a failed run of the chunk `name` was.
    pub(super) fn into_error(self, name: &str, source: &str, memory_limit: u64) -> Error {
        let from_calls = || place_of(name, source, self.traceback.as_deref().unwrap_or_default()).0;
        let (place, error) = match self.value {
            Caught::Memory => {
                let calls = from_calls();
                let seen = blocks::seen_at(chunk_name(name)).filter(|_| calls.line.is_none());
                let place = seen.map_or(calls, |line| line_of(name, source, line));
                (place, memory_ran_out(memory_limit))
            }
            Caught::Ours(raised) => {
                let line = raised.line.filter(|_| raised.file.as_deref() == Some(chunk_name(name)));
                let line = line.and_then(|line| u32::try_from(line).ok());
                let place = line.map_or_else(from_calls, |line| line_of(name, source, line));
                let error = match raised.error {
                    error if is_final(&error) => error,
                    error => failed(error.to_string()),
                };
                (place, error)
            }
            Caught::Text(text) => {
                let (place, message) = place_of(name, source, &text);
                // why: an error that Rust raised while it read the arguments has no position of its own
                (if place.line.is_some() { place } else { from_calls() }, failed(message))
            }
        };
        placed(error.at(Place { traceback: self.traceback, ..place }), name, source)
    }
}

fn failed(message: String) -> Error {
    Error::ScriptFailed { message, place: Box::default() }
}

/// That a run needed more.
pub(super) fn memory_ran_out(limit_bytes: u64) -> Error {
    Error::ScriptMemory { limit_bytes, place: Box::default() }
}

/// `error` with the script as its file, and with a line if none is known: that of the `return` the script ended with, which is where a
/// result comes from that cannot be shown, and what a function of the library's took the place of when it was called last.
pub(super) fn placed(error: Error, name: &str, source: &str) -> Error {
    let Some(place) = error.place().filter(|place| place.line.is_none()).cloned() else { return error };
    let found = last_return(source).map_or_else(Place::default, |at| Place::locate(source, at));
    error.at(Place { traceback: place.traceback, version: place.version, ..found.in_file(name) })
}

/// What a run came to: why `operation` ended it, at the place where it was, or else its outcome.
// why the operation first: what a script's own handlers raise on the way out must not hide why it ended
pub(super) fn ended<T>(operation: &Operation, outcome: Result<T>, name: &str, source: &str) -> Result<T> {
    let error = match (operation.check(), outcome) {
        (Ok(()), Ok(value)) => return Ok(value),
        (Ok(()), Err(error)) => error,
        (Err(stopped), outcome) => {
            let place = outcome.err().and_then(|error| error.place().cloned());
            stopped.at(place.unwrap_or_default())
        }
    };
    Err(placed(error, name, source))
}

/// Where the last `return` begins that is in no function.
pub(super) fn last_return(source: &str) -> Option<usize> {
    let (mut blocks, mut last) = (Vec::new(), None);
    for token in tokens(source).into_iter().filter(|token| token.kind == Kind::Keyword) {
        match token.text {
            // why not for and while: they have a `do`
            "function" | "if" | "do" | "repeat" => blocks.push(token.text),
            "end" | "until" => drop(blocks.pop()),
            "return" if !blocks.contains(&"function") => last = Some(token.at),
            _ => {}
        }
    }
    last
}

/// Whether a script must not be able to catch it.
pub(super) fn is_final(error: &Error) -> bool {
    matches!(
        error,
        Error::ScriptTimeout { .. } | Error::ScriptMemory { .. } | Error::Cancelled { .. } | Error::Timeout { .. }
    )
}

/// Whether it is one of those.
pub(super) fn is_final_in(error: &mlua::Error) -> bool {
    raised(error).is_some_and(|raised| is_final(&raised.error))
}

/// The error that a function of ours raised.
pub(super) fn raised_error(error: &mlua::Error) -> Error {
    raised(error).map_or_else(
        || Error::ScriptFailed { message: first_line(&text_of(error)), place: Box::default() },
        |raised| raised.error,
    )
}

/// What a failure outside of a script's own code was: that it does not compile, or that there was no memory for it.
pub(super) fn from_lua(name: &str, source: &str, memory_limit: u64, error: &mlua::Error) -> Error {
    match root(error) {
        mlua::Error::MemoryError(_) => memory_ran_out(memory_limit),
        mlua::Error::SyntaxError { message, .. } => {
            let (place, message) = place_of(name, source, message);
            Error::ScriptSyntax { message, place: Box::new(place) }
        }
        // why syntax too: a text that is nested too deep is a plain error of the parser's
        mlua::Error::RuntimeError(text) => {
            let (place, message) = place_of(name, source, text);
            Error::ScriptSyntax { message, place: Box::new(place) }
        }
        other => match raised(error) {
            Some(raised) => raised.error,
            None => Error::Internal { detail: first_line(&other.to_string()) },
        },
    }
}

fn text_of(error: &mlua::Error) -> String {
    match root(error) {
        mlua::Error::RuntimeError(text) => text.clone(),
        mlua::Error::BadArgument { to, pos, cause, .. } => bad_argument(to.as_deref(), *pos, cause),
        other => other.to_string(),
    }
}

/// What Lua would say of the argument, in the words of who wrote the call: `db` in front of the colon is none.
fn bad_argument(to: Option<&str>, position: usize, cause: &mlua::Error) -> String {
    let method = to.and_then(|to| to.strip_prefix("Db."));
    let entry = method.and_then(|name| api::group_of("db")?.entry(name));
    let (position, called) = match (method, entry.map(|entry| &entry.what)) {
        (Some(name), Some(What::Method(..))) if position < 2 => return format!("it is called as db:{name}"),
        (Some(name), Some(What::Method(..))) => (position - 1, format!(" to 'db:{name}'")),
        (Some(name), _) => (position, format!(" to 'db.{name}'")),
        (None, _) => (position, to.map_or_else(String::new, |to| format!(" to '{to}'"))),
    };
    let reason = match root(cause) {
        mlua::Error::FromLuaConversionError { from, to, .. } => {
            let wanted = match to.as_str() {
                "String" => "string",
                "i64" | "f64" | "u64" => "number",
                other => other,
            };
            let got = match *from {
                "integer" => "number",
                other => other,
            };
            format!("{wanted} expected, got {got}")
        }
        other => other.to_string(),
    };
    format!("bad argument #{position}{called} ({reason})")
}

/// A message of Lua's without the place in a chunk that is not the script's.
pub(super) fn without_ours(message: &[u8]) -> &[u8] {
    let behind = message.strip_prefix(b"prelude:").and_then(|rest| {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest[digits..].strip_prefix(b": ")
    });
    behind.unwrap_or(message)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or("").to_owned()
}

/// The traceback without the frames that are not the script's, and without ours at its end.
fn shorten(traceback: &str) -> String {
    let is_ours = |line: &&str| !INTERNAL.iter().any(|name| line.trim_start().starts_with(&format!("{name}:")));
    traceback.lines().map(str::trim).filter(is_ours).take(MOST_FRAMES).collect::<Vec<_>>().join("\n")
}

/// A recursion without end has hundreds of thousands.
const MOST_FRAMES: usize = 40;

/// The name a chunk is loaded under: Lua shows no more than the first 59 bytes of one.
pub(super) fn chunk_name(name: &str) -> &str {
    const MOST: usize = 59;
    first_bytes(name, MOST)
}

fn root(error: &mlua::Error) -> &mlua::Error {
    match error {
        mlua::Error::CallbackError { cause, .. } | mlua::Error::WithContext { cause, .. } => root(cause),
        other => other,
    }
}

/// Finds the first `NAME:LINE:` in a message of Lua's; returns the place, and the first line without it.
fn place_of(name: &str, source: &str, message: &str) -> (Place, String) {
    let mark = format!("{}:", chunk_name(name));
    let first_line = message.lines().next().unwrap_or("").to_owned();
    let mut place = Place { file: Some(name.to_owned()), ..Place::default() };
    for (at, _) in message.match_indices(&mark) {
        let rest = &message[at + mark.len()..];
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if let Ok(line) = digits.parse::<u32>() {
            place = line_of(name, source, line);
            let own = first_line.strip_prefix(&format!("{mark}{digits}: ")).unwrap_or(&first_line).to_owned();
            return (place, own);
        }
    }
    (place, first_line)
}

fn line_of(name: &str, source: &str, line: u32) -> Place {
    let text = source.lines().nth(line.saturating_sub(1) as usize).map(str::to_owned);
    // why the first character that is not space: Lua knows lines, and a caret needs a column
    let column = text.as_deref().map(|text| {
        let indent = text.chars().take_while(|character| character.is_whitespace()).count();
        u32::try_from(indent + 1).unwrap_or(1)
    });
    Place { file: Some(name.to_owned()), line: Some(line), column, source_line: text, ..Place::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_constraint_is_in_the_reference() {
        let doc = api::GROUPS.iter().find(|group| group.name == "error").expect("is there").doc;
        let missing: Vec<&str> = CONSTRAINTS
            .iter()
            .map(|(_, kind)| *kind)
            .filter(|kind| !doc.contains(&format!("`constraint.{kind}`")))
            .collect();
        assert_eq!(missing, Vec::<&str>::new());
    }

    #[test]
    fn the_line_is_found_and_taken_off_the_message() {
        let (place, message) =
            place_of("a.lua", "x\n  boom()\n", "a.lua:2: no boom\nstack traceback:\n\ta.lua:1: in main");
        assert_eq!((place.line, place.column, place.source_line.as_deref()), (Some(2), Some(3), Some("  boom()")));
        assert_eq!(message, "no boom");
    }
}
