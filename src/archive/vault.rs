//! How one database is backed up: the folder, compression and encryption, keys, and which backups stay.
//!
//! Leaves to others: making a backup (`make.rs`), when (`ops/`).
//!
//! Invariant: made once from the options of `open`, which are refused there when no backup could be made with them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use super::aside::Aside;
use super::codec::{Keys, Seal, Wrapping};
use super::folder::{self, Listing};
use super::make::{self, Made, Spec};
use super::retention::{self, Item, Policy, Reason};
use super::store::{self, FolderLock};
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::report;
use crate::request::{BackupFolder, Compress, Depth, EncryptTo, Keep, Secret};
use crate::sqlite::{Connection, Settings, Where};

/// How long the backup of another process into the same folder is waited for.
pub const FOLDER_WAIT: Duration = Duration::from_secs(600);
/// How many backups made before migrations stay, when nothing else is said, and as many made before restores.
const KEPT_BEFORE: u32 = 3;

/// How backups of one database are made and kept.
#[derive(Debug, Clone, Default)]
pub struct Vault {
    /// The database, see [`Settings::identity`]; a folder may hold the backups of several.
    database: String,
    folder: Option<PathBuf>,
    wrapping: Wrapping,
    keys: Keys,
    sign_key: Option<Secret>,
    keep: Keep,
    /// Whether a migration run makes one first.
    pub before_migrate: bool,
    /// How old the newest scheduled one may get before the monitor makes another.
    pub every_hours: Option<u64>,
    newest: Arc<Mutex<Option<Newest>>>,
}

/// The newest verified backup as it was found when the folder had this time.
#[derive(Debug, Clone, Copy)]
pub struct Newest {
    folder_changed: SystemTime,
    /// When it was made; `None` without one.
    pub created_at: Option<i64>,
    /// How many pages the database had in it, and in the verified one before.
    pub pages: Option<(u64, u64)>,
}

impl Vault {
    /// From the option `backup` of `open`.
    pub fn new(database: String, options: &BackupFolder) -> Result<Vault> {
        let keys = Keys {
            identities: options.identities.iter().map(|identity| identity.0.clone()).collect(),
            passphrase: options.passphrase.as_ref().map(|passphrase| passphrase.0.clone()),
        };
        let vault = Vault {
            database,
            folder: options.folder.as_ref().map(PathBuf::from),
            wrapping: wrapping(&Wrapping::default(), options.compress, options.encrypt_to.as_ref()),
            keys,
            sign_key: options.sign_key.clone(),
            keep: options.keep(),
            before_migrate: options.before_migrate,
            every_hours: options.every_hours,
            newest: Arc::default(),
        };
        vault.wrapping.check()?;
        Ok(vault)
    }

    /// The configured folder.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The configured folder; without one, `name` was needed.
    pub fn need_folder(&self, name: &str) -> Result<&Path> {
        self.folder().ok_or_else(|| Error::InvalidArgument {
            name: name.to_owned(),
            reason: "is missing and the handle has no backup folder".into(),
        })
    }

    /// What signs manifests.
    pub fn sign_key(&self) -> Option<&str> {
        self.sign_key.as_ref().map(|key| key.0.as_str())
    }

    /// When the newest backup in the folder was made that was proved then; `None` without one. The manifests are read again only
    /// after names in the folder have changed.
    pub fn newest_verified(&self) -> Result<Option<i64>> {
        if self.folder.is_none() {
            return Ok(None);
        }
        self.newest().map(|newest| newest.created_at)
    }

    /// The same with its size.
    pub fn newest(&self) -> Result<Newest> {
        let folder = self.need_folder("backup.folder")?;
        let changed = std::fs::metadata(folder).and_then(|found| found.modified());
        let folder_changed = changed.map_err(|error| Error::from_io(folder.display().to_string(), &error))?;
        let known = *self.newest.lock();
        if let Some(known) = known.filter(|known| known.folder_changed == folder_changed) {
            return Ok(known);
        }
        let listing = self.list(folder)?;
        let mut verified = listing.verified();
        let newest = verified.next();
        let pages = newest
            .zip(verified.next())
            .map(|(newest, before)| (u64::from(newest.manifest.page_count), u64::from(before.manifest.page_count)));
        let created_at = newest.map(|entry| entry.manifest.created_at);
        let newest = Newest { folder_changed, created_at, pages };
        *self.newest.lock() = Some(newest);
        Ok(newest)
    }

    /// How a backup is wrapped, when a call asks for something else than the configuration.
    pub fn wrapping(&self, compress: Option<Compress>, encrypt_to: Option<&EncryptTo>) -> Wrapping {
        wrapping(&self.wrapping, compress, encrypt_to)
    }

    /// What opens encrypted backups, with what a call brings along first.
    pub fn keys(&self, identities: &[Secret], passphrase: Option<&Secret>) -> Keys {
        let given = identities.iter().map(|identity| identity.0.clone());
        Keys {
            identities: given.chain(self.keys.identities.iter().cloned()).collect(),
            passphrase: passphrase.map(|passphrase| passphrase.0.clone()).or_else(|| self.keys.passphrase.clone()),
        }
    }

    /// A backup by its path; a bare name is one in the folder, when it is there.
    pub fn find(&self, path: &Path) -> Result<PathBuf> {
        match &self.folder {
            _ if path.as_os_str().is_empty() => {
                Err(Error::InvalidArgument { name: "path".into(), reason: "is empty".into() })
            }
            Some(folder) if path.components().count() == 1 && folder.join(path).exists() => Ok(folder.join(path)),
            _ => Ok(path.to_owned()),
        }
    }

    /// The database that backups are made of.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The backups of this database in a folder.
    pub fn list(&self, folder: &Path) -> Result<Listing> {
        folder::list(folder, self.sign_key()).map(|listing| self.own(listing))
    }

    /// Those of a listing that are of this database.
    pub fn own(&self, mut listing: Listing) -> Listing {
        listing.entries.retain(|entry| entry.manifest.database == self.database);
        listing
    }

    /// Makes a full backup into `folder`, as it is configured, before something is done to the database.
    pub fn back_up(&self, source: (&Connection, Where), before: &Before<'_>, operation: &Operation) -> Result<Made> {
        let lock = store::lock_folder(before.folder, FOLDER_WAIT, operation)?;
        self.back_up_under(&lock, source, before, operation)
    }

    /// The same for a caller that has the lock of the folder.
    pub fn back_up_under(
        &self,
        _: &FolderLock,
        source: (&Connection, Where),
        before: &Before<'_>,
        operation: &Operation,
    ) -> Result<Made> {
        self.specify(before, |spec| make::make(source, spec, operation))
    }

    /// Makes the file `database` behind `source` a backup in `folder`, for when another takes its place; see [`Aside::new`]. The caller
    /// has the lock of the folder until it is finished.
    pub fn set_aside(
        &self,
        _: &FolderLock,
        source: (&Connection, &Path),
        before: &Before<'_>,
        operation: &Operation,
    ) -> Result<Option<Aside>> {
        self.specify(before, |spec| Aside::new(source, spec, operation))
    }

    fn specify<T>(&self, before: &Before<'_>, make: impl FnOnce(&Spec<'_>) -> Result<T>) -> Result<T> {
        store::clean_up(before.folder)?;
        let listing = folder::list(before.folder, self.sign_key())?;
        let name = folder::timed_name(&stem(before.settings), before.reason, false, self.wrapping.suffix());
        let destination = before.folder.join(name);
        let spec = Spec {
            destination: &destination,
            overwrite: false,
            reason: before.reason,
            wrapping: self.wrapping.clone(),
            base: None,
            depth: before.depth,
            compact: false,
            pin: false,
            step_pages: 1_000,
            sequence: listing.next_sequence(),
            database: self.database.clone(),
            sign_key: self.sign_key(),
            version: before.version,
        };
        make(&spec)
    }

    /// What retention removes after a backup. That one is made; that an older one could not be removed does not undo it.
    pub fn prune_after(&self, folder: &Path, operation: &Operation) -> Vec<String> {
        self.prune(folder, Keep::default(), false, operation).map_or_else(
            |error| {
                tracing::warn!(%error, "older backups were not all removed");
                Vec::new()
            },
            |(deleted, _)| deleted,
        )
    }

    /// Removes the backups of `folder` that nothing wants any more; the caller has the lock of the folder.
    pub fn prune(
        &self,
        folder: &Path,
        keep: Keep,
        dry_run: bool,
        operation: &Operation,
    ) -> Result<(Vec<String>, Vec<report::Kept>)> {
        let listing = self.list(folder)?;
        let keep = keep.or(self.keep);
        let verdicts = retention::judge(&items(&listing), &policy(keep));
        let (mut deleted, mut kept) = (Vec::new(), Vec::new());
        // why the newest first: an increment goes before its base, so that a kill on the way breaks no chain
        for (entry, verdict) in listing.entries.iter().zip(verdicts).rev() {
            let path = entry.path.display().to_string();
            if verdict.keep {
                kept.push(report::Kept { path, because: verdict.because });
                continue;
            }
            if let Some(unread) = listing.unread.first() {
                // why none: that one may be based on any of them
                kept.push(report::Kept {
                    path,
                    because: vec![format!("the manifest of {} cannot be read", unread.display())],
                });
                continue;
            }
            operation.check()?;
            if dry_run || store::remove(&entry.path)? {
                deleted.push(path);
                operation.boundary("a backup was removed");
            } else {
                kept.push(report::Kept { path, because: vec!["in use".into()] });
            }
        }
        Ok((deleted, kept))
    }
}

/// What is about to be done, and to which database.
pub struct Before<'b> {
    /// Where the backup goes.
    pub folder: &'b Path,
    /// The database.
    pub settings: &'b Settings,
    /// See [`report::Manifest::reason`].
    pub reason: &'static str,
    /// See [`Spec::depth`].
    pub depth: Option<Depth>,
    /// See [`Spec::version`].
    pub version: &'b dyn Fn(&Connection) -> Result<(i64, bool)>,
}

/// What the names of backups of a database begin with.
pub fn stem(settings: &Settings) -> String {
    let path = settings.path.as_deref();
    path.and_then(Path::file_stem).map_or_else(|| "memory".into(), |stem| stem.to_string_lossy().into_owned())
}

fn wrapping(base: &Wrapping, compress: Option<Compress>, encrypt_to: Option<&EncryptTo>) -> Wrapping {
    Wrapping {
        compress: match compress {
            None => base.compress,
            Some(Compress::Off) => None,
            Some(Compress::Zstd(level)) => Some(level),
        },
        encrypt: match encrypt_to {
            None => base.encrypt.clone(),
            Some(EncryptTo::One(recipient)) => Some(Seal::Recipients(vec![recipient.clone()])),
            Some(EncryptTo::Several(recipients)) => Some(Seal::Recipients(recipients.clone())),
            Some(EncryptTo::Passphrase(given)) => Some(Seal::Passphrase(given.passphrase.0.clone())),
        },
    }
}

fn items(listing: &Listing) -> Vec<Item> {
    let complete = listing.complete();
    let of = |entry: &folder::Entry| {
        let manifest = &entry.manifest;
        Item {
            id: manifest.id.clone(),
            sequence: manifest.sequence,
            created_at: manifest.created_at,
            // why also complete: an increment without its base brings nothing back
            verified: manifest.checks.pages.is_some() && complete.contains(manifest.id.as_str()),
            pinned: entry.pinned,
            in_use: store::is_in_use(&entry.path),
            reason: match manifest.reason.as_str() {
                "scheduled" => Reason::Scheduled,
                "pre_migrate" => Reason::PreMigrate,
                "pre_restore" => Reason::PreRestore,
                _ => Reason::Manual,
            },
            base: manifest.base.as_ref().map(|base| base.id.clone()),
        }
    };
    listing.entries.iter().map(of).collect()
}

fn policy(keep: Keep) -> Policy {
    Policy {
        last: keep.keep_last,
        hourly: keep.keep_hourly,
        daily: keep.keep_daily,
        weekly: keep.keep_weekly,
        monthly: keep.keep_monthly,
        yearly: keep.keep_yearly,
        minimum: keep.keep_minimum.unwrap_or(1),
        pre_migrate: Some(keep.keep_pre_migrate.unwrap_or(KEPT_BEFORE)),
        pre_restore: Some(keep.keep_pre_restore.unwrap_or(KEPT_BEFORE)),
    }
}
