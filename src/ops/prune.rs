//! `prune`: removes the backups that no rule wants any more, and what killed backups left.
//!
//! Leaves to others: which those are (`archive/retention.rs`).
//!
//! Invariant: one process at a time; a kill on the way leaves fewer backups, never a broken one or a broken chain.

use std::time::Instant;

use crate::archive::store;
use crate::archive::vault::{FOLDER_WAIT, Vault};
use crate::error::Result;
use crate::operation::{self, Operation};
use crate::report::{self, elapsed_ms};
use crate::request;

/// Prunes the configured folder.
pub fn run(vault: &Vault, request: &request::Prune, operation: &Operation) -> Result<report::Prune> {
    operation::about_dry_run(request.dry_run);
    let start = Instant::now();
    let folder = vault.need_folder("backup.folder")?;
    let _lock = store::lock_folder(folder, FOLDER_WAIT, operation)?;
    let leftovers = if request.dry_run { Vec::new() } else { store::clean_up(folder)? };
    let (deleted, kept) = vault.prune(folder, request.keep(), request.dry_run, operation)?;
    Ok(report::Prune { deleted, kept, leftovers, dry_run: request.dry_run, duration_ms: elapsed_ms(start) })
}
