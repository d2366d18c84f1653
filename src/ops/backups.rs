//! `backups`: what is in the backup folder.
//!
//! Leaves to others: proving a backup (`verify`).
//!
//! Invariant: changes nothing; what has no manifest that fits is listed apart, because it does not count.

use crate::archive::folder;
use crate::archive::vault::Vault;
use crate::error::Result;
use crate::report;

/// Lists them, the newest first.
pub fn run(vault: &Vault) -> Result<report::Backups> {
    let Some(folder) = vault.folder() else {
        return Ok(report::Backups { folder: None, backups: Vec::new(), incomplete: Vec::new() });
    };
    let listing = folder::list(folder, vault.sign_key())?;
    let complete = listing.complete();
    let listed = |entry: &folder::Entry| report::Listed {
        path: entry.path.display().to_string(),
        verified: entry.manifest.checks.pages.is_some(),
        pinned: entry.pinned,
        complete: complete.contains(entry.manifest.id.as_str()),
        manifest: entry.manifest.clone(),
    };
    Ok(report::Backups {
        folder: Some(folder.display().to_string()),
        backups: listing.entries.iter().rev().map(listed).collect(),
        incomplete: listing.incomplete.iter().map(|path| path.display().to_string()).collect(),
    })
}
