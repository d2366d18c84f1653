//! `pin`: keeps retention away from a backup, or lets it have it again.
//!
//! Leaves to others: retention.
//!
//! Invariant: the pin is an empty file beside the backup, so that it can be seen and made by hand.

use std::path::Path;

use crate::archive::vault::Vault;
use crate::archive::{manifest, store};
use crate::error::{Error, Result};
use crate::report;
use crate::request;

/// Pins the backup at `path`, or of that name in the folder of `vault`.
pub fn run(vault: &Vault, path: &Path, request: &request::Pin) -> Result<report::Pin> {
    let path = vault.find(path)?;
    std::fs::metadata(&path).map_err(|error| Error::from_io(path.display().to_string(), &error))?;
    // why: what has no manifest is no backup, and a pin on it would promise something
    manifest::read(&path, vault.sign_key())?;
    let pinned = request.pinned.unwrap_or(true);
    store::set_pin(&path, pinned)?;
    Ok(report::Pin { path: path.display().to_string(), pinned })
}
