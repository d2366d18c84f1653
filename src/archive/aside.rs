//! The backup of a database whose place another file is about to take: its own file, which gets a second name and then keeps
//! that one alone. Nothing is copied.
//!
//! Leaves to others: that nobody else has the database open, and the change of the file (`sqlite/replace.rs`); which of the
//! hidden files of a killed process are completed (`store.rs`).
//!
//! Invariants: while the file is still the database, its second name has no manifest, so it is no backup; the database is not
//! opened by ordinary file calls; whatever ends the process, the file keeps at least one of its two names.

use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::hashes::{Hasher, pages_in_block};
use super::make::{self, Spec};
use super::store::{self, Partial};
use super::write::Content;
use super::{check, manifest};
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::report::now_ms;
use crate::sqlite::file::{folder_of, sync_folder, with_suffix};
use crate::sqlite::{self, Connection, Where};

/// A database file with its second name, and the manifest that goes with it.
pub struct Aside {
    destination: PathBuf,
    manifest: Option<Partial>,
}

impl Aside {
    /// Describes the database behind `source`, whose file is at `database`, and gives it the name `spec.destination`. `source` has
    /// an exclusive transaction open, in rollback-journal mode. `None` when it must be copied instead: to another file system, or
    /// when the file is not ours alone.
    pub fn new(
        (source, database): (&Connection, &Path),
        spec: &Spec<'_>,
        operation: &Operation,
    ) -> Result<Option<Aside>> {
        let named = spec.destination.display().to_string();
        let failed = |error: io::Error| Error::from_io(named.clone(), &error);
        let (page_size, page_count) = sqlite::page_figures(source)?;
        let size_bytes = u64::from(page_size) * u64::from(page_count);
        // why the header too: a switch out of WAL that failed halfway is in memory and not in the file
        let is_plain = spec.wrapping.suffix().is_empty() && !source.is_wal()?;
        if !is_plain || !is_movable(database, spec.destination, size_bytes) {
            return Ok(None);
        }
        let mut hasher = Hasher::new(pages_in_block(page_count));
        sqlite::for_each_page(source, Where::File, |number, page| {
            hasher.page(page);
            if u64::from(number) % spec.step_pages == 0 {
                operation.report("reading what is replaced", number.into(), page_count.into())?;
            }
            Ok(())
        })?;
        let hashes = hasher.finish();
        let content = Content { hashes, file_hash: None, size_bytes, page_size, page_count, stored_pages: page_count };
        let mut described = make::describe(source, spec, &content, now_ms())?;
        described.checks.pages = Some("ok".into());
        operation.report("counting rows", page_count.into(), page_count.into())?;
        described.tables = check::rows(source)?;
        source.sync_file()?;

        let text = manifest::to_text(&described, &content.hashes, spec.sign_key)?;
        let manifest = Partial::manifest_of(spec.destination, &text).map_err(failed)?;
        sync_folder(folder_of(spec.destination)).map_err(failed)?;
        operation.boundary("what is replaced is described");
        if std::fs::hard_link(database, spec.destination).is_err() {
            // why no failure: some file systems have no links, and then it is copied
            return Ok(None);
        }
        let aside = Aside { destination: spec.destination.to_owned(), manifest: Some(manifest) };
        sync_folder(folder_of(spec.destination)).map_err(failed)?;
        operation.boundary("what is replaced has a second name");
        Ok(Some(aside))
    }

    /// To be called when another file has the place of the database: from here on it is a backup. Returns its path.
    pub fn finish(mut self, operation: &Operation) -> Result<PathBuf> {
        let failed = |error: io::Error| Error::from_io(self.destination.display().to_string(), &error);
        // why ignored: it is the owner's file and was readable before
        let _ = std::fs::set_permissions(&self.destination, std::fs::Permissions::from_mode(0o600));
        if let Some(mut partial) = self.manifest.take() {
            let published = partial.publish(&manifest::path_of(&self.destination), true);
            if let Err(error) = published {
                partial.leave();
                return Err(failed(error));
            }
        }
        sync_folder(folder_of(&self.destination)).map_err(failed)?;
        operation.boundary("what was replaced is a backup");
        Ok(self.destination.clone())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let Some(manifest) = self.manifest.take() else { return };
        if store::has_second_name(&self.destination) {
            // why the name first: it would be left for good without the manifest that tells what it is. Why ignored: without its
            // manifest it is no backup, and the database keeps its own name
            let _ = std::fs::remove_file(&self.destination);
            drop(manifest);
        } else {
            manifest.leave();
        }
    }
}

/// Whether the file can be kept under another name as it is: by one more name in the same file system, all of it database,
/// and nobody knows it by yet another name or owns it beside us.
fn is_movable(database: &Path, destination: &Path, size_bytes: u64) -> bool {
    let (Ok(file), Ok(folder)) = (std::fs::symlink_metadata(database), std::fs::metadata(folder_of(destination)))
    else {
        return false;
    };
    file.is_file()
        && file.nlink() == 1
        && file.dev() == folder.dev()
        && file.len() == size_bytes
        && file.uid() == nix::unistd::geteuid().as_raw()
        && !destination.exists()
        // why: SQLite may still roll it back into the file, by the descriptor that it has
        && !with_suffix(database, "-journal").exists()
}
