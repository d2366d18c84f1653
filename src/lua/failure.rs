//! Errors between Lua and this library.
//!
//! Leaves to others: raising them.
//!
//! Invariant: an error of ours that passes through a script comes out as it was (a cancel stays a cancel); an error of
//! the script's own comes out with its file and line.

use crate::error::{Error, Place};

/// The error of ours inside a Lua error, if there is one.
pub(super) fn ours(error: &mlua::Error) -> Option<&Error> {
    match error {
        mlua::Error::CallbackError { cause, .. }
        | mlua::Error::WithContext { cause, .. }
        | mlua::Error::BadArgument { cause, .. } => ours(cause),
        mlua::Error::ExternalError(inner) => inner.downcast_ref::<Error>(),
        _ => None,
    }
}

/// Whether a script must not be able to catch it.
pub(super) fn is_final(error: &Error) -> bool {
    matches!(
        error,
        Error::ScriptTimeout { .. } | Error::ScriptMemory { .. } | Error::Cancelled { .. } | Error::Timeout { .. }
    )
}

/// What a failed run of the chunk `name` was.
pub(super) fn from_lua(name: &str, source: &str, memory_limit: u64, error: &mlua::Error) -> Error {
    match root(error) {
        mlua::Error::MemoryError(_) => return Error::ScriptMemory { limit_bytes: memory_limit },
        mlua::Error::SyntaxError { message, .. } => {
            let (place, message) = place_of(name, source, message);
            return Error::ScriptSyntax { message, place: Box::new(place) };
        }
        _ => {}
    }
    if let Some(inner) = ours(error) {
        if is_final(inner) {
            return inner.clone();
        }
        // why the traceback: our error knows what happened, and only Lua knows in which line it was called
        let called_from = traceback(error).unwrap_or_default();
        let (place, _) = place_of(name, source, called_from);
        return Error::ScriptFailed { message: inner.to_string(), place: Box::new(place) };
    }
    let text = match root(error) {
        mlua::Error::RuntimeError(text) => text.clone(),
        other => other.to_string(),
    };
    let (mut place, message) = place_of(name, source, &text);
    if place.line.is_none() {
        // why: an error that Rust raised while it read the arguments has no position of its own
        (place, _) = place_of(name, source, traceback(error).unwrap_or_default());
    }
    Error::ScriptFailed { message, place: Box::new(place) }
}

/// The name a chunk is loaded under: Lua shows no more than the first 59 bytes of one.
pub(super) fn chunk_name(name: &str) -> &str {
    const MOST: usize = 59;
    let mut end = name.len().min(MOST);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

fn root(error: &mlua::Error) -> &mlua::Error {
    match error {
        mlua::Error::CallbackError { cause, .. } | mlua::Error::WithContext { cause, .. } => root(cause),
        other => other,
    }
}

fn traceback(error: &mlua::Error) -> Option<&str> {
    match error {
        mlua::Error::CallbackError { traceback, .. } => Some(traceback),
        mlua::Error::WithContext { cause, .. } => traceback(cause),
        _ => None,
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
            place.line = Some(line);
            let text = source.lines().nth(line.saturating_sub(1) as usize).map(str::to_owned);
            // why the first character that is not space: Lua knows lines, and a caret needs a column
            place.column = text.as_deref().map(|text| {
                let indent = text.chars().take_while(|character| character.is_whitespace()).count();
                u32::try_from(indent + 1).unwrap_or(1)
            });
            place.source_line = text;
            let own = first_line.strip_prefix(&format!("{mark}{digits}: ")).unwrap_or(&first_line).to_owned();
            return (place, own);
        }
    }
    (place, first_line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_found_and_taken_off_the_message() {
        let (place, message) =
            place_of("a.lua", "x\n  boom()\n", "a.lua:2: no boom\nstack traceback:\n\ta.lua:1: in main");
        assert_eq!((place.line, place.column, place.source_line.as_deref()), (Some(2), Some(3), Some("  boom()")));
        assert_eq!(message, "no boom");
    }
}
