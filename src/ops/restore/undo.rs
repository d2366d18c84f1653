//! What the last restore replaced: the name of its backup, in the file `DATABASE-restored` beside the database.
//!
//! Leaves to others: bringing it back (`super`).
//!
//! Invariant: the file is removed right before the database is changed and written after that, so that it never names what another restore replaced;
//! a restore that kept nothing, or was killed, leaves none.

use std::io::Write;
use std::path::PathBuf;

use crate::archive::store::Partial;
use crate::error::{Error, Result};
use crate::sqlite::Settings;
use crate::sqlite::file::{folder_of, sync_folder};

fn file(settings: &Settings) -> Option<PathBuf> {
    settings.beside("-restored")
}

/// Nothing can be undone from here on.
pub(super) fn forget(settings: &Settings) {
    if let Some(file) = file(settings) {
        // why ignored: without one there is nothing to forget
        let _ = std::fs::remove_file(file);
    }
}

/// The restore that was just made replaced what is in `backup`. It is made; that it cannot be undone by one command is no failure.
pub(super) fn remember(settings: &Settings, backup: Option<&str>) {
    let (Some(file), Some(backup)) = (file(settings), backup) else { return };
    let written = Partial::create(&file).and_then(|mut partial| {
        let failed = |error: std::io::Error| Error::from_io(file.display().to_string(), &error);
        partial.file().write_all(backup.as_bytes()).map_err(failed)?;
        partial.publish(&file, true).map_err(failed)?;
        sync_folder(folder_of(&file)).map_err(failed)
    });
    if let Err(error) = written {
        tracing::warn!(%error, backup, "the backup of what was there is made, but undo_restore will not find it");
    }
}

/// The backup of what the last restore replaced.
pub(super) fn recall(settings: &Settings) -> Result<PathBuf> {
    let text = file(settings).and_then(|file| std::fs::read_to_string(file).ok());
    text.map(PathBuf::from).ok_or_else(|| Error::NoSuch {
        what: format!("a backup of {} made before a restore that can be undone", settings.display()),
        remedy: "only the last restore can be undone, and only if it kept what was there; restore brings back any other backup",
    })
}
