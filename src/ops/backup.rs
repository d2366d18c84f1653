//! `backup`: a copy of the live database that is whole, proved and described, or not there.
//!
//! Leaves to others: making it (`archive/make.rs`), which older ones go (`archive/retention.rs`).
//!
//! Invariants: the database itself is never the destination, by whatever name; an existing file is touched only when that was
//! asked for, and then it stays whole until the new one has its name; in the configured folder one process at a time
//! makes a backup, so that of several that find one due, one makes it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::archive::folder::{self, Listing};
use crate::archive::hashes::PageHashes;
use crate::archive::make::{self, Spec};
use crate::archive::read::{self, Link};
use crate::archive::vault::{self, FOLDER_WAIT, Vault};
use crate::archive::{manifest, store};
use crate::error::{Error, Result};
use crate::migrations;
use crate::operation::Operation;
use crate::report::{self, elapsed_ms, now_ms};
use crate::request::{self, Incremental};
use crate::sqlite::file::{BESIDE, folder_of, identity, is_same};
use crate::sqlite::{Access, Where};

const HOUR_MS: i64 = 3_600_000;

/// Copies the database to `destination`, or into the folder of `vault` under a name that sorts by time.
pub fn run(
    access: &Access,
    vault: &Vault,
    destination: Option<&Path>,
    request: &request::Backup,
    operation: &Operation,
) -> Result<report::Backup> {
    let outcome = made(access, vault, destination, request, operation);
    if let Some(meter) = access.meter() {
        match &outcome {
            // why not: none was due
            Ok(report) if report.path.is_none() => {}
            Ok(report) => meter.backed_up(Some((report.duration_ms, report.size_bytes))),
            Err(_) => meter.backed_up(None),
        }
    }
    outcome
}

fn made(
    access: &Access,
    vault: &Vault,
    destination: Option<&Path>,
    request: &request::Backup,
    operation: &Operation,
) -> Result<report::Backup> {
    let start = Instant::now();
    if access.is_bound() {
        return Err(Error::Unsupported {
            what: "a backup inside a transaction".into(),
            instead: Some("back up with the handle of the database, before or after the transaction"),
        });
    }
    let wrapping = vault.wrapping(request.compress, request.encrypt_to.as_ref());
    wrapping.check()?;
    let folder = match destination {
        Some(destination) => check_destination(access, destination, request.overwrite)?,
        None => vault.need_folder("destination")?.to_owned(),
    };
    let is_in_folder = vault.folder().is_some_and(|configured| identity(configured) == identity(&folder));
    let _lock = if is_in_folder { Some(store::lock_folder(&folder, FOLDER_WAIT, operation)?) } else { None };
    store::clean_up(&folder)?;
    // why the order of all of them: one for the whole folder
    let listing = folder::list(&folder, vault.sign_key())?;
    let (sequence, listing) = (listing.next_sequence(), vault.own(listing));
    if let Some(hours) = request.every_hours
        && !is_due(&listing, hours)
    {
        return Ok(nothing(start));
    }
    if let Some(destination) = destination.filter(|destination| destination.exists()) {
        refuse_needed(destination, &folder::list(&folder, None)?)?;
    }
    let base = base_of(request.incremental.as_ref(), &listing, &folder, vault)?;
    let reason = if request.every_hours.is_some() { "scheduled" } else { "manual" };
    let destination = match destination {
        Some(destination) => destination.to_owned(),
        None => {
            folder.join(folder::timed_name(&vault::stem(access.settings()), reason, base.is_some(), wrapping.suffix()))
        }
    };

    // why without a transaction for a compact one: VACUUM INTO is refused inside one
    let (connection, place) = match request.compact {
        true => (access.reader(operation)?, Where::Pager),
        false => access.snapshot(operation)?,
    };
    let spec = Spec {
        destination: &destination,
        overwrite: request.overwrite,
        reason,
        wrapping,
        base: base.as_ref(),
        depth: request.verify,
        compact: request.compact,
        pin: request.pin,
        step_pages: request.step_pages.unwrap_or(1_000),
        sequence,
        database: vault.database().to_owned(),
        sign_key: vault.sign_key(),
        version: &migrations::version_and_progress,
    };
    let made = make::make((&connection, place), &spec, operation)?;
    drop(connection);
    tracing::info!(path = %destination.display(), pages = made.manifest.page_count, "backup finished");
    let deleted = if is_in_folder { vault.prune_after(&folder, operation) } else { Vec::new() };
    Ok(made.report(deleted, start))
}

fn nothing(start: Instant) -> report::Backup {
    report::Backup {
        path: None,
        manifest: None,
        size_bytes: 0,
        pages: 0,
        verified: false,
        depth: None,
        base: None,
        duration_ms: elapsed_ms(start),
        deleted: Vec::new(),
    }
}

/// Refuses to replace a backup that is pinned, in use, or needed by an increment.
fn refuse_needed(destination: &Path, listing: &Listing) -> Result<()> {
    let Some(old) = listing.entries.iter().find(|entry| entry.path.file_name() == destination.file_name()) else {
        return Ok(());
    };
    let refused = |reason: String| {
        Err(Error::InvalidArgument {
            name: "destination".into(),
            reason: format!("{} {reason}", destination.display()),
        })
    };
    if old.pinned {
        return refused("is pinned, and is not replaced".into());
    }
    let needs = |base: &report::Base| base.id == old.manifest.id;
    if let Some(needs) = listing.entries.iter().find(|entry| entry.manifest.base.as_ref().is_some_and(needs)) {
        return refused(format!("is what {} is based on, and is not replaced", needs.manifest.file));
    }
    match store::stays_in_use(destination) {
        true => Err(Error::Busy { what: destination.display().to_string(), waited_ms: 1_000 }),
        false => Ok(()),
    }
}

/// A time that lies ahead is a clock that was wrong, and no reason to wait for it.
fn is_due(listing: &Listing, hours: u64) -> bool {
    let newest = listing.entries.iter().rev().find(|entry| entry.manifest.reason == "scheduled");
    let Some(newest) = newest else { return true };
    let age = now_ms() - newest.manifest.created_at;
    age < 0 || age >= i64::try_from(hours).unwrap_or(i64::MAX).saturating_mul(HOUR_MS)
}

fn base_of(
    wanted: Option<&Incremental>,
    listing: &Listing,
    folder: &Path,
    vault: &Vault,
) -> Result<Option<(Link, PageHashes)>> {
    let path = match wanted {
        None | Some(Incremental::Newest(false)) => return Ok(None),
        Some(Incremental::Newest(true)) => {
            let newest = listing.newest_verified().ok_or_else(|| Error::NoSuch {
                what: format!("a verified backup in {} that an incremental one could be based on", folder.display()),
                remedy: "make a full backup first",
            })?;
            newest.path.clone()
        }
        Some(Incremental::Named(name)) => {
            if Path::new(name).components().count() != 1 {
                return Err(Error::InvalidOption {
                    key: "incremental".into(),
                    reason: format!("'{name}' must be the name of a backup in the folder, without a path"),
                });
            }
            folder.join(name)
        }
    };
    // why all of it: what is based on a broken chain brings nothing back
    let mut chain = read::chain(&path, vault.sign_key())?;
    let Some(link) = chain.pop() else { return Ok(None) };
    if link.manifest.database != vault.database() {
        return Err(Error::InvalidOption {
            key: "incremental".into(),
            reason: format!("{} is a backup of {}", link.manifest.file, link.manifest.database),
        });
    }
    let hashes = link.hashes(vault.sign_key())?;
    Ok(Some((link, hashes)))
}

/// Refuses a destination that exists, the database itself by any name, and a missing folder; returns the folder.
fn check_destination(access: &Access, destination: &Path, overwrite: bool) -> Result<PathBuf> {
    let display = destination.display().to_string();
    let invalid = |reason: &str| Error::InvalidArgument { name: "destination".into(), reason: reason.to_owned() };
    let Some(name) = destination.file_name() else {
        return Err(invalid(&format!("{display} names no file")));
    };
    if destination.as_os_str() == ":memory:" {
        return Err(invalid(&format!("{display} is no file")));
    }
    if name.to_str().is_none() {
        return Err(invalid(&format!("{display} is not UTF-8, and a manifest could not name it")));
    }
    if name.to_string_lossy().ends_with(manifest::SUFFIX) {
        return Err(invalid(&format!("{display} is the name of a manifest")));
    }
    if store::is_own_name(&name.to_string_lossy()) {
        return Err(invalid(&format!("{display} is a name that backups have only while they are written or removed")));
    }
    if let Some(database) = access.settings().path.as_deref() {
        // why these too: the backup would be taken for a log of the database or for its audit's anchors, and be written into
        let beside = BESIDE.iter().filter_map(|suffix| access.settings().beside(suffix));
        if std::iter::once(database.to_owned()).chain(beside).any(|file| is_same(&file, destination)) {
            return Err(Error::SameFile { path: display });
        }
    }
    if let Ok(found) = std::fs::symlink_metadata(destination) {
        if !overwrite {
            return Err(Error::AlreadyExists { path: display });
        }
        if !found.is_file() {
            return Err(invalid(&format!("{display} is not an ordinary file, and is not replaced")));
        }
    }
    let parent = folder_of(destination);
    if !parent.is_dir() {
        return Err(Error::NotFound { what: format!("the folder {}", parent.display()) });
    }
    Ok(parent.to_owned())
}
