//! The backup before a migration run, and the way back to it when a run that commits each migration fails at a guard.
//!
//! Leaves to others: the run itself (`migrations/`).
//!
//! Invariant: what is brought back replaces nothing for good: the state at the failure is backed up first, like before any
//! other restore.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::{Place, run};
use crate::archive::vault::Before;
use crate::error::{Error, Result, Status};
use crate::migrations;
use crate::operation::Operation;
use crate::report;
use crate::request;
use crate::sqlite::Access;

/// See the head of this file.
pub struct Net<'n> {
    access: &'n Access,
    place: Place<'n>,
    wanted: bool,
    operation: &'n Operation,
    /// The backup that was made, and the version in it.
    made: Option<(PathBuf, i64)>,
}

impl<'n> Net<'n> {
    /// A backup is made when `wanted` says so, or the configuration where it says nothing.
    pub fn new(access: &'n Access, place: Place<'n>, wanted: Option<bool>, operation: &'n Operation) -> Net<'n> {
        let wanted = wanted.unwrap_or(place.vault.before_migrate);
        Net { access, place, wanted, operation, made: None }
    }

    /// The backup that a run wants before it begins.
    pub fn before(&mut self) -> Result<Option<report::Backup>> {
        if !self.wanted {
            return Ok(None);
        }
        let start = Instant::now();
        let vault = self.place.vault;
        let folder = vault.need_folder("backup.folder")?;
        let before = Before {
            folder,
            settings: self.access.settings(),
            reason: "pre_migrate",
            depth: None,
            version: &migrations::version_and_progress,
        };
        let (reader, place) = self.access.snapshot(self.operation)?;
        let made = vault.back_up((&reader, place), &before, self.operation)?;
        drop(reader);
        self.made = Some((made.path.clone(), made.manifest.schema_version));
        Ok(Some(made.report(vault.prune_after(folder, self.operation), start)))
    }

    /// The outcome of the run; when a guard stopped it after something had been committed, that is undone.
    pub fn after<T>(&self, outcome: Result<T>, per: request::TransactionPer) -> Result<T> {
        let (Err(error), Some((backup, version)), request::TransactionPer::File) = (&outcome, &self.made, per) else {
            return outcome;
        };
        if error.status() != Status::Guard || !self.is_changed(*version) {
            return outcome;
        }
        match self.bring_back(backup) {
            Ok(()) => outcome
                .map_err(|cause| Error::BroughtBack { cause: Box::new(cause), backup: backup.display().to_string() }),
            Err(failure) => {
                tracing::error!(%failure, backup = %backup.display(), "the backup before the migration was not brought back");
                outcome
            }
        }
    }

    fn is_changed(&self, version: i64) -> bool {
        let now = self.access.reader(self.operation).and_then(|reader| migrations::version_and_progress(&reader));
        now.is_ok_and(|(now, in_part)| now != version || in_part)
    }

    fn bring_back(&self, backup: &Path) -> Result<()> {
        let request = request::Restore { allow_newer: true, ..request::Restore::default() };
        run(self.access, &self.place, backup, &request, self.operation).map(|_| ())
    }
}
