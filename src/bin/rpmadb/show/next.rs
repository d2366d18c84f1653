//! Which command comes next, when one failed or left something to do.
//!
//! Leaves to others: why (the library's hint).

use std::path::Path;

use rpmadb::Error;

use super::text::escaped;
use crate::args::Verb;

/// A word as a shell reads it.
pub(super) fn typed(path: &Path) -> String {
    escaped(&shell_words::quote(&path.display().to_string()))
}

/// The command that helps with an error of `verb`.
pub(crate) fn next(error: &Error, verb: &Verb) -> Option<String> {
    let path = verb.database();
    if path.as_os_str() == ":memory:" {
        return None;
    }
    let database = typed(path);
    Some(match error {
        // why looked at: a folder or a script may be what is missing
        Error::NotFound { .. } if !path.exists() => match verb {
            Verb::Backups(_) | Verb::Verify(_) | Verb::Restore(_) => return None,
            _ => format!("rpmadb open {database}"),
        },
        Error::Busy { .. } => format!("rpmadb top {database}"),
        Error::Corrupt { .. } => format!("rpmadb doctor {database}"),
        Error::ForeignHistory { .. } => format!("rpmadb adopt {database} --dry-run"),
        Error::MigrationChanged { version, .. } => format!("rpmadb repair {database} --version {version}"),
        Error::MigrationMissing { .. } => format!("rpmadb migrations {database}"),
        Error::OutOfOrder { .. } => format!("rpmadb migrate {database} --allow-out-of-order"),
        Error::Irreversible { .. } | Error::BackupInvalid { .. } => format!("rpmadb backups {database}"),
        _ => return None,
    })
}
