//! `restore` and `undo_restore`: a backup in the place of the database, and back again.
//!
//! The backup is proved while it is written to a hidden file beside the database; what is there is backed up; then the hidden file
//! gets the name of the database, or, while others have that open, its pages are written over it in one transaction.
//!
//! `net` is the backup before a migration, and the way back to it; `undo` remembers what the last restore replaced.
//! Leaves to others: reading the backup (`archive/`), the change of the file (`sqlite/replace.rs`).
//!
//! Invariants: until the backup is proved and what is there is backed up, nothing is changed; a kill at any point leaves the
//! whole old or the whole new database, and the next start needs no help.

mod net;
mod undo;

use std::cell::{Cell, RefCell};
use std::fs::{File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::archive::aside::Aside;
use crate::archive::check;
use crate::archive::read::{self, Link};
use crate::archive::rebuild::{self, Gathered};
use crate::archive::store::{self, Partial};
use crate::archive::vault::{Before, FOLDER_WAIT, Vault};
use crate::audit::{self, Head, Log};
use crate::error::{Error, Result};
use crate::machine;
use crate::migrations::{self, Catalog};
use crate::operation::{self, Operation};
use crate::report::{self, Checks, elapsed_ms};
use crate::request::{self, Depth, Open};
use crate::sqlite::file::{folder_of, identity, is_beside_a_database, remove_beside, sync_folder, with_suffix};
use crate::sqlite::{self, Access, Connection, Settings, Where};

pub use net::Net;

const REASON: &str = "pre_restore";

/// Where a restore finds what it needs.
pub struct Place<'p> {
    /// How backups are made and read.
    pub vault: &'p Vault,
    /// The migrations that the database must fit.
    pub catalog: &'p Catalog,
    /// The audit of the database.
    pub audit: &'p Log,
}

impl Place<'_> {
    /// What tells the audit that a database whose audit ends with `head` is about to replace this one, with the newest of what the
    /// manifests say of it.
    fn notice(&self, head: Option<Head>) -> impl Fn() -> Result<()> {
        // why no failure: what cannot be listed is not compared either
        let listing = self.vault.folder().and_then(|folder| self.vault.list(folder).ok()).unwrap_or_default();
        let heads = listing.entries.iter().filter(|entry| entry.manifest.audit_head.is_some());
        let noted = heads.map(|entry| entry.manifest.created_at).max();
        move || self.audit.will_be_replaced(head, noted)
    }
}

/// Brings back the backup at `path`, or of that name in the folder.
pub fn run(
    access: &Access,
    place: &Place<'_>,
    path: &Path,
    request: &request::Restore,
    operation: &Operation,
) -> Result<report::Restore> {
    operation::about_dry_run(request.dry_run);
    let start = Instant::now();
    if access.is_bound() {
        return Err(Error::Unsupported {
            what: "a restore inside a transaction".into(),
            instead: Some("restore with the handle of the database, outside of it"),
        });
    }
    if access.settings().read_only {
        return Err(Error::ReadOnly { what: access.settings().display() });
    }
    let path = place.vault.find(path)?;
    if access.is_file(&path) {
        return Err(Error::SameFile { path: path.display().to_string() });
    }
    // why a folder even for one in memory: the backup may have to be unwrapped
    let beside = access.settings().real_path.clone().unwrap_or_else(|| std::env::temp_dir().join("memory.db"));
    let mut candidate = Candidate::prepare(&path, &beside, place, request, operation)?;
    let mut report = report::Restore {
        path: path.display().to_string(),
        database_path: access.settings().display(),
        method: "none",
        backup: None,
        kept: None,
        pages: candidate.pages,
        schema_version: candidate.schema_version,
        warnings: candidate.warnings.clone(),
        dry_run: request.dry_run,
        duration_ms: 0.0,
    };
    // why no failure: what is about to be replaced may be past reading
    if access.reader(operation).is_ok_and(|connection| place.audit.is_of_another_key(&connection)) {
        let database = access.settings().display();
        report.warnings.push(format!(
            "the audit of {database} is kept with another key, so its proof will not know of this restore: restore with that key"
        ));
    }
    if !request.dry_run {
        let wait = request.busy_timeout_ms.map_or(access.settings().busy_timeout, Duration::from_millis);
        let backup = request.backup.unwrap_or(true);
        let outcome = bring_back(access, place, &mut candidate, backup, wait, &mut report, operation);
        // why whatever came out: the head that is there now is to be anchored again
        place.audit.was_replaced(access);
        outcome?;
        tracing::info!(path = %path.display(), method = report.method, "backup restored");
    }
    report.duration_ms = elapsed_ms(start);
    Ok(report)
}

/// Brings back what the last restore replaced.
pub fn undo(
    access: &Access,
    place: &Place<'_>,
    request: &request::UndoRestore,
    operation: &Operation,
) -> Result<report::Restore> {
    let last = undo::recall(access.settings())?;
    let request = request::Restore {
        busy_timeout_ms: request.busy_timeout_ms,
        identities: request.identities.clone(),
        passphrase: request.passphrase.clone(),
        // why: what was there before the restore was there, whatever this library knows of it
        allow_newer: true,
        ..request::Restore::default()
    };
    run(access, place, &last, &request, operation)
}

/// Brings back a backup where there is no database, or one that does not open any more: that is kept under another name.
pub fn to_file(
    database: &Path,
    place: &Place<'_>,
    path: &Path,
    request: &request::Restore,
    operation: &Operation,
) -> Result<report::Restore> {
    let start = Instant::now();
    let path = place.vault.find(path)?;
    let failed = |error: std::io::Error| Error::from_io(database.display().to_string(), &error);
    if identity(&path).is_some() && identity(&path) == identity(database) {
        return Err(Error::SameFile { path: path.display().to_string() });
    }
    // why: it would be taken for a log of the database that it lies beside, or for its audit's anchors
    if is_beside_a_database(database) {
        return Err(Error::SameFile { path: database.display().to_string() });
    }
    // why the file itself: a link would be replaced by it
    let database = &sqlite::file::real(database);
    if database.is_symlink() {
        let reason = format!("{} is a link that leads to no place", database.display());
        return Err(Error::InvalidArgument { name: "path".into(), reason });
    }
    let mut candidate = Candidate::prepare(&path, database, place, request, operation)?;
    let exists = std::fs::symlink_metadata(database).is_ok();
    if exists && sqlite::is_open_elsewhere(database, 0) {
        return Err(Error::Busy { what: database.display().to_string(), waited_ms: 0 });
    }
    let mut kept = None;
    if !request.dry_run {
        undo::forget(&Settings::new(Some(database.to_path_buf()), &Open::default()));
        if exists {
            kept = Some(set_aside(database).map_err(failed)?);
            operation.boundary("the old file has a second name, with its log");
        }
        place.notice(candidate.audit_head)()?;
        remove_beside(database).map_err(failed)?;
        operation.boundary("the database is about to be replaced");
        if let Some(mut partial) = candidate.partial.take() {
            partial.publish(database, exists).map_err(failed)?;
        }
        sync_folder(folder_of(database)).map_err(failed)?;
        place.audit.was_replaced_by(candidate.audit_head);
        operation.boundary("the database was replaced");
    }
    Ok(report::Restore {
        path: path.display().to_string(),
        database_path: database.display().to_string(),
        method: if request.dry_run { "none" } else { "rename" },
        backup: None,
        kept: kept.map(|kept| kept.display().to_string()),
        pages: candidate.pages,
        schema_version: candidate.schema_version,
        warnings: candidate.warnings,
        dry_run: request.dry_run,
        duration_ms: elapsed_ms(start),
    })
}

/// Gives a file a second name, with its log and journal: somebody may still save something from it. Where SQLite can still
/// open it, what is in the log comes into the file, so that no commit is lost if the process dies before the new one has its name.
fn set_aside(database: &Path) -> std::io::Result<PathBuf> {
    let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S.%3fZ");
    let aside = with_suffix(database, &format!(".damaged-{time}"));
    let link = |from: &Path, to: &Path| {
        std::fs::hard_link(from, to).or_else(|_| std::fs::copy(from, to).and_then(|_| File::open(to)?.sync_all()))
    };
    let mut logs = Vec::new();
    // why the logs first, and the log before it is taken in: of a file that is no database any more SQLite throws it away
    for suffix in ["-wal", "-journal"] {
        let (from, to) = (with_suffix(database, suffix), with_suffix(&aside, suffix));
        if from.exists() {
            link(&from, &to)?;
            logs.push(to);
        }
    }
    let is_whole = !logs.is_empty() && sqlite::fold_log(database).is_ok();
    link(database, &aside)?;
    if is_whole {
        logs.iter().try_for_each(std::fs::remove_file)?;
    }
    sync_folder(folder_of(database))?;
    Ok(aside)
}

fn bring_back(
    access: &Access,
    place: &Place<'_>,
    candidate: &mut Candidate,
    wants_backup: bool,
    wait: Duration,
    report: &mut report::Restore,
    operation: &Operation,
) -> Result<()> {
    let vault = place.vault;
    let folder = folder_for(access.settings(), vault);
    let notice = place.notice(candidate.audit_head);
    // why first: the backup of somebody else may take long, and from here on nobody can use the database
    let lock = wants_backup.then(|| store::lock_folder(&folder, FOLDER_WAIT, operation)).transpose()?;
    let (kept, path) = (RefCell::new(None), access.settings().real_path.as_deref());
    let keep = |connection: &Connection| {
        let Some(lock) = &lock else { return Ok(()) };
        let before = kept_before(&folder, access.settings());
        let aside = path.map(|path| vault.set_aside(lock, (connection, path), &before, operation));
        let aside = aside.transpose()?.flatten();
        *kept.borrow_mut() = Some(match aside {
            Some(aside) => Kept::Aside(aside),
            // why in the file: nobody else has it open, it is out of WAL, and the transaction has written nothing
            None => Kept::Copy(vault.back_up_under(lock, (connection, Where::File), &before, operation)?.path),
        });
        Ok(())
    };
    let (partial, has_the_name) = (&mut candidate.partial, Cell::new(false));
    // why closed there: were it closed later, on what is then the live database, this process would lose its locks on that
    let rename = |path: &Path| match partial.take() {
        Some(mut partial) => {
            // why only now: nobody else can write any more, so that nothing is anchored behind it that is about to go
            notice()?;
            undo::forget(access.settings());
            partial.publish(path, true).map_err(|error| Error::from_io(path.display().to_string(), &error))?;
            has_the_name.set(true);
            Ok(())
        }
        None => Err(Error::Internal { detail: "the restored file is gone".into() }),
    };
    let is_replaced = access.replace_file(wait, operation, keep, rename);
    match kept.into_inner() {
        // why also after a failure: once the new file has the name, this is all that is left of the old one
        Some(kept) if has_the_name.get() => {
            report.backup = kept.finish(operation).map(|backup| backup.display().to_string());
            undo::remember(access.settings(), report.backup.as_deref());
        }
        Some(Kept::Copy(backup)) => drop(store::remove(&backup)),
        _ => {}
    }
    if is_replaced? {
        report.method = "rename";
        return Ok(());
    }
    report.method = "transaction";
    let (page_size, page_count) = sqlite::page_figures(&*access.reader(operation)?)?;
    if page_count > 0 && page_size != candidate.page_size && access.settings().path.is_some() {
        return Err(Error::Unsupported {
            what: format!(
                "a restore of pages of {} bytes over pages of {page_size} bytes, while others have the database open,",
                candidate.page_size
            ),
            instead: Some("close the other connections and restore again: then the file is replaced"),
        });
    }
    let Some(partial) = &candidate.partial else {
        return Err(Error::Internal { detail: "the restored file is gone".into() });
    };
    let settings = Settings::new(Some(partial.path().to_owned()), &Open::default());
    let source = Connection::open(&settings, false, true)?;
    operation.boundary("the database is about to be overwritten");
    let before = |connection: &Connection, place| {
        let Some(lock) = &lock else { return Ok(()) };
        let earlier = report.backup.take();
        let made =
            vault.back_up_under(lock, (connection, place), &kept_before(&folder, access.settings()), operation)?;
        report.backup = Some(made.path.display().to_string());
        // why removed: somebody wrote after it was made, so it is not what is overwritten
        earlier.map_or(Ok(()), |earlier| store::remove(Path::new(&earlier)).map(|_| ()))
    };
    let notice = || {
        notice()?;
        undo::forget(access.settings());
        Ok(())
    };
    let written = access.overwrite(&source, wait, operation, before, notice);
    if written.is_err()
        && let Some(backup) = report.backup.take()
    {
        // why: nothing was changed, and a host that tries again and again would fill the disk
        let _ = store::remove(Path::new(&backup));
    }
    written?;
    undo::remember(access.settings(), report.backup.as_deref());
    operation.boundary("the database was overwritten");
    Ok(())
}

/// The folder of the vault, or the one of the database.
fn folder_for(settings: &Settings, vault: &Vault) -> PathBuf {
    let own = settings.folder().map_or_else(std::env::temp_dir, Path::to_owned);
    vault.folder().map_or(own, Path::to_owned)
}

/// How what is there is kept before it is replaced.
fn kept_before<'b>(folder: &'b Path, settings: &'b Settings) -> Before<'b> {
    Before {
        folder,
        settings,
        reason: REASON,
        // why not SQLite's checks: what is being replaced may be damaged, and is kept as it is
        depth: Some(Depth::Pages),
        version: &migrations::version_and_progress,
    }
}

/// What was there before the file was replaced.
enum Kept {
    /// A backup beside it.
    Copy(PathBuf),
    /// The file itself.
    Aside(Aside),
}

impl Kept {
    /// The path of the backup. The database was replaced, and that what was there is no backup yet does not undo it.
    fn finish(self, operation: &Operation) -> Option<PathBuf> {
        match self {
            Kept::Copy(path) => Some(path),
            Kept::Aside(aside) => aside
                .finish(operation)
                .inspect_err(
                    |error| tracing::warn!(%error, "what was replaced becomes a backup when the folder is cleaned up"),
                )
                .ok(),
        }
    }
}

/// The database that is to come, whole and proved under a hidden name.
struct Candidate {
    /// `None` once it has the name of the database.
    partial: Option<Partial>,
    page_size: u32,
    pages: u64,
    schema_version: i64,
    audit_head: Option<Head>,
    warnings: Vec<String>,
}

impl Candidate {
    fn prepare(
        path: &Path,
        database: &Path,
        place: &Place<'_>,
        request: &request::Restore,
        operation: &Operation,
    ) -> Result<Candidate> {
        let vault = place.vault;
        let keys = vault.keys(&request.identities, request.passphrase.as_ref());
        for folder in [folder_of(path), folder_of(database)] {
            // why ignored: the folder may be read-only, and then nothing of ours was left half there
            let _ = store::clean_up(folder);
        }
        let chain = match read::chain(path, vault.sign_key()) {
            Err(Error::BackupInvalid { .. }) if request.without_manifest && !has_manifest(path) => Vec::new(),
            outcome => outcome?,
        };
        let partial = Partial::create(database)?;
        let wanted = chain.last().map(|link| u64::from(link.manifest.page_size) * u64::from(link.manifest.page_count));
        let needed = wanted.unwrap_or_else(|| std::fs::metadata(path).map_or(0, |found| found.len()));
        machine::need_space(database, folder_of(database), needed)?;
        let named = database.display().to_string();
        let failed = |error: std::io::Error| Error::from_io(named.clone(), &error);
        let mut sink = Gathered::new(partial.file());
        match chain.last() {
            Some(_) => {
                rebuild::rebuild(&chain, &keys, vault.sign_key(), &mut sink, &named, operation)?;
            }
            None => rebuild::unwrap(path, &keys, &mut sink, operation)?,
        }
        drop(sink);
        like_the_old(partial.file(), database).map_err(failed)?;
        partial.file().sync_all().map_err(failed)?;
        operation.boundary("a database was written under a hidden name");
        Candidate::examine(partial, chain.last(), path, place, request, operation)
    }

    /// What it is, and whether this library can work with it.
    fn examine(
        partial: Partial,
        link: Option<&Link>,
        path: &Path,
        place: &Place<'_>,
        request: &request::Restore,
        operation: &Operation,
    ) -> Result<Candidate> {
        let named = path.display().to_string();
        let settings = Settings::new(Some(partial.path().to_owned()), &Open::default());
        let connection = Connection::open(&settings, false, true)?;
        let mut warnings = Vec::new();
        let proved = link.is_some_and(|link| {
            let checks = &link.manifest.checks;
            checks.quick_check.is_some() || checks.integrity_check.is_some()
        });
        let is_copy = link.is_some_and(|link| link.manifest.reason == REASON);
        if !proved && !is_copy {
            operation.report("checking the database in it", 0, 0)?;
            let depth = if link.is_none() { Depth::Full } else { Depth::Quick };
            check::run(&connection, depth, &named, &mut Checks::default())?;
        }
        if !request.allow_newer {
            check::unless_damaged(migrations::refuse_newer(&connection, place.catalog))?;
        }
        let found = check::unless_damaged(migrations::version_and_progress(&connection))?;
        let (schema_version, in_part) = found.unwrap_or((0, false));
        if in_part {
            warnings.push("a migration had run in part when it was made; the next migrate goes on with it".to_owned());
        }
        if link.is_none() {
            warnings.push("it has no manifest: that nothing is missing from it is not proved".to_owned());
        }
        let audit_head = check::unless_damaged(audit::head(&connection))?.flatten();
        let (page_size, pages) = sqlite::page_figures(&connection)?;
        drop(connection);
        let pages = pages.into();
        Ok(Candidate { partial: Some(partial), page_size, pages, schema_version, audit_head, warnings })
    }
}

fn has_manifest(path: &Path) -> bool {
    crate::archive::manifest::path_of(path).exists()
}

/// Gives the new file the mode and owner of the old one; the umask's without one.
fn like_the_old(file: &File, database: &Path) -> std::io::Result<()> {
    let Ok(old) = std::fs::metadata(database) else { return Ok(()) };
    file.set_permissions(Permissions::from_mode(old.mode() & 0o7777))?;
    let new = file.metadata()?;
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        // why ignored: only a superuser may give files away
        let _ = std::os::unix::fs::fchown(file, Some(old.uid()), Some(old.gid()));
    }
    Ok(())
}
