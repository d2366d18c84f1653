//! Which command comes next, when one failed or left something to do.
//!
//! Leaves to others: why (the library's hint), which flags it repeats (`args/typed.rs`).
//!
//! Invariants: it can be typed as it stands, and finds the same files; it is never the command that failed, and no two lead to each other.

use std::ffi::OsStr;

use rpmadb::Error;

use crate::args::{Args, Verb};
use crate::settings::{Settings, folder_of};

/// A word as a shell reads it.
fn quoted(word: &OsStr) -> String {
    match word.to_str() {
        Some(text) if !text.contains(char::is_control) => shell_words::quote(text).into_owned(),
        // why by bytes: a terminal must not obey it, and what is no UTF-8 has no other spelling
        _ => {
            let byte = |byte: &u8| match byte {
                b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
                b' '..=b'~' => char::from(*byte).to_string(),
                byte => format!("\\x{byte:02x}"),
            };
            format!("$'{}'", word.as_encoded_bytes().iter().map(byte).collect::<String>())
        }
    }
}

/// A call of `verb` on the same database, with `more` and with what was typed.
pub(crate) fn command(args: &Args, verb: &str, more: &[&str]) -> String {
    let words = args.typed.again(verb, args.verb.database(), more);
    std::iter::once("rpmadb".to_owned()).chain(words.iter().map(|word| quoted(word))).collect::<Vec<_>>().join(" ")
}

/// The command that helps with an error of `args`.
pub(crate) fn next(error: &Error, args: &Args, settings: &Settings) -> Option<String> {
    let path = args.verb.database();
    if path.as_os_str() == ":memory:" {
        return None;
    }
    let number;
    let (verb, more) = match error {
        // why looked at: a folder or a script may be what is missing, and where there is no folder nothing can be made
        Error::NotFound { .. } if !path.exists() && folder_of(path).is_dir() && !settings.open.read_only => {
            match &args.verb {
                Verb::Backups(_) | Verb::Verify(_) | Verb::Restore(_) => return None,
                _ => ("open", vec![]),
            }
        }
        Error::Busy { .. } => ("top", vec![]),
        Error::Corrupt { .. } => match &args.verb {
            // why not to the doctor: this is what it looks with, and only a backup helps now
            Verb::Doctor(_) | Verb::Health { .. } | Verb::Diagnostics { .. } => ("backups", vec![]),
            Verb::Backups(_) | Verb::Verify(_) | Verb::Restore(_) | Verb::UndoRestore(_) => return None,
            _ => ("doctor", vec![]),
        },
        Error::ForeignHistory { .. } => ("adopt", vec!["--dry-run"]),
        Error::MigrationChanged { version, .. } => {
            number = version.to_string();
            ("repair", vec!["--version", number.as_str()])
        }
        Error::MigrationMissing { .. } => ("migrations", vec![]),
        Error::OutOfOrder { .. } => ("migrate", vec!["--allow-out-of-order"]),
        Error::Irreversible { .. } | Error::BackupInvalid { .. } => ("backups", vec![]),
        _ => return None,
    };
    (verb != args.typed.verb() || !more.is_empty()).then(|| command(args, verb, &more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_as_a_shell_wants_it() {
        use std::os::unix::ffi::OsStrExt as _;
        assert_eq!(quoted(OsStr::new("a.db")), "a.db");
        assert_eq!(quoted(OsStr::new("it's a.db")), "'it'\\''s a.db'");
        assert_eq!(quoted(OsStr::from_bytes(b"it's \x1b[1m\n\xff.db")), "$'it\\'s \\x1b[1m\\x0a\\xff.db'");
    }
}
