//! Doing what was typed of the verbs about backups.
//!
//! Leaves to others: everything about backups but where their secrets come from.
//!
//! Invariant: a database that is lost or damaged keeps nobody from its backups.

use std::path::Path;

use rpmadb::request::{self, Compress, Depth, EncryptTo, Incremental, Secret};
use rpmadb::{Database, Error, Operation, Result, report};

use crate::args::archive::{Backup, Keep, Keys, Restore};
use crate::args::{Args, Verb, desk, history};
use crate::failure::Failure;
use crate::settings::{self, Settings};
use crate::show;

/// Where backups are: what the settings say, and over it what the verb was told. Secrets are read here, and told wrong before a
/// database is looked at.
pub(super) fn folder_options(verb: &Verb, settings: &Settings) -> Result<request::BackupFolder> {
    let mut options = settings.open.backup.clone();
    let (folder, sign) = match verb {
        Verb::Backup(typed) => {
            keep(&mut options, &typed.keep);
            (typed.folder.clone(), &typed.sign)
        }
        Verb::Backups(typed) => {
            let known = typed.folder.is_some() || options.folder.is_some();
            let beside = if known { None } else { folder_of(&typed.database) };
            (typed.folder.clone().or(beside), &typed.sign)
        }
        Verb::Report(typed) => {
            options.folder = typed.folder.clone().or(options.folder).or_else(|| folder_of(&typed.database));
            return Ok(options);
        }
        Verb::Verify(typed) => (typed.folder.clone(), &typed.sign),
        Verb::Restore(typed) => (typed.folder.clone(), &typed.sign),
        Verb::UndoRestore(typed) => (typed.folder.clone(), &typed.sign),
        Verb::Prune(typed) => {
            keep(&mut options, &typed.keep);
            (Some(typed.folder.clone()), &typed.sign)
        }
        Verb::Pin(typed) => (typed.folder.clone(), &typed.sign),
        Verb::Monitor(typed) => {
            keep(&mut options, &typed.keep);
            options.every_hours = typed.every_hours.or(options.every_hours);
            (typed.folder.clone(), &typed.sign)
        }
        Verb::Migrate(history::Migrate { backup: folder, .. })
        | Verb::Rollback(history::Rollback { backup: folder, .. })
        | Verb::Doctor(desk::Doctor { folder, .. }) => {
            options.folder = folder.clone().or(options.folder);
            return Ok(options);
        }
        _ => return Ok(options),
    };
    options.folder = folder.or(options.folder);
    if let Some(file) = &sign.sign_key_file {
        options.sign_key = Some(settings::secret_in(file, "--sign-key-file")?);
    }
    let keys = match verb {
        Verb::Verify(typed) => &typed.keys,
        Verb::Restore(typed) => &typed.keys,
        Verb::UndoRestore(typed) => &typed.keys,
        Verb::Backup(typed) => {
            add_passphrase(&mut options, typed.passphrase_file.as_deref())?;
            return Ok(options);
        }
        _ => return Ok(options),
    };
    options.identities.extend(identities(keys)?);
    add_passphrase(&mut options, keys.passphrase_file.as_deref())?;
    Ok(options)
}

fn add_passphrase(options: &mut request::BackupFolder, file: Option<&Path>) -> Result<()> {
    if let Some(file) = file {
        options.passphrase = Some(settings::secret_in(file, "--passphrase-file")?);
    }
    Ok(())
}

fn keep(options: &mut request::BackupFolder, typed: &Keep) {
    options.keep_last = typed.keep_last.or(options.keep_last);
    options.keep_hourly = typed.keep_hourly.or(options.keep_hourly);
    options.keep_daily = typed.keep_daily.or(options.keep_daily);
    options.keep_weekly = typed.keep_weekly.or(options.keep_weekly);
    options.keep_monthly = typed.keep_monthly.or(options.keep_monthly);
    options.keep_yearly = typed.keep_yearly.or(options.keep_yearly);
    options.keep_minimum = typed.keep_minimum.or(options.keep_minimum);
    options.keep_pre_migrate = typed.keep_pre_migrate.or(options.keep_pre_migrate);
    options.keep_pre_restore = typed.keep_pre_restore.or(options.keep_pre_restore);
}

/// The backups of this database among those of a folder, and how many are of others. Manifests name the file itself, as retention does.
pub(crate) fn own<'r>(found: &'r report::Backups, database: &Path) -> (Vec<&'r report::Listed>, usize) {
    let identity = match database.as_os_str() == ":memory:" {
        true => database.to_owned(),
        false => std::fs::canonicalize(database).unwrap_or_else(|_| database.to_owned()),
    };
    let identity = identity.display().to_string();
    let own: Vec<&report::Listed> =
        found.backups.iter().filter(|listed| listed.manifest.database == identity).collect();
    let others = found.backups.len() - own.len();
    (own, others)
}

/// The folder of a database file; none for one in memory.
fn folder_of(database: &Path) -> Option<String> {
    (database.as_os_str() != ":memory:").then(|| settings::folder_of(database).display().to_string())
}

fn identities(keys: &Keys) -> Result<Vec<Secret>> {
    keys.identity.iter().map(|file| read(file).map(Secret)).collect()
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|error| Error::from_io(file.display().to_string(), &error))
}

/// Whether the verb works without the database that was named.
fn needs_no_database(verb: &Verb) -> bool {
    matches!(verb, Verb::Backups(_) | Verb::Verify(_))
}

/// Whether the database is to be opened though the folder of the backups, which a file or a variable names, is not there: a verb that has
/// no need of it goes on and says so. What was typed must be right.
pub(super) fn may_lack_folder(args: &Args, settings: &Settings, options: &request::Open) -> Result<bool, Failure> {
    let Some(folder) = options.backup.folder.as_deref().filter(|folder| !Path::new(folder).is_dir()) else {
        return Ok(false);
    };
    if settings.open.backup.folder.as_deref() != Some(folder) || args.typed.has("folder") || args.typed.has("backup") {
        return Ok(false);
    }
    let reason = format!("{folder} is not a folder");
    if needs_folder(&args.verb, options) {
        let error = Error::InvalidOption { key: "backup.folder".into(), reason: reason.clone() };
        return Err(settings.placed(error.into(), "backup.folder", &reason));
    }
    if !show::is_quiet() {
        let from = settings.from("backup.folder").unwrap_or_default();
        show::note(format_args!("warning: {}, which {from} names for the backups", show::text::escaped(&reason)));
    }
    Ok(true)
}

/// Whether the verb makes, finds or removes backups.
fn needs_folder(verb: &Verb, options: &request::Open) -> bool {
    match verb {
        Verb::Backup(typed) => {
            typed.destination.is_none() || typed.incremental.is_some() || typed.every_hours.is_some()
        }
        Verb::Open { .. } | Verb::Migrate(_) | Verb::Rollback(_) => options.backup.before_migrate,
        Verb::Monitor(typed) => !typed.looks_only,
        // why a script: one that finds no folder leaves the backup out
        Verb::Script(typed) => typed.script.is_some(),
        Verb::Backups(_)
        | Verb::Verify(_)
        | Verb::Restore(_)
        | Verb::UndoRestore(_)
        | Verb::Prune(_)
        | Verb::Pin(_)
        | Verb::Report(_) => true,
        _ => false,
    }
}

/// Refuses a backup that is not there, before anybody is asked about it.
pub(super) fn must_exist(typed: &Restore, options: &request::Open) -> Result<()> {
    let is_name = typed.backup.components().count() == 1;
    let in_folder =
        options.backup.folder.as_ref().filter(|_| is_name).map(|folder| Path::new(folder).join(&typed.backup));
    if typed.backup.exists() || in_folder.is_some_and(|path| path.exists()) {
        return Ok(());
    }
    Err(Error::NotFound { what: typed.backup.display().to_string() })
}

/// Whether this is why a database did not open that a restore puts right.
fn is_lost(error: &Error, database: &Path) -> bool {
    match error {
        // why looked at: a folder of migrations may be what is missing
        Error::NotFound { .. } => {
            std::fs::metadata(database).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
        }
        Error::NotADatabase { .. } | Error::Corrupt { .. } => true,
        _ => false,
    }
}

/// What to do when the database did not open: work without it, where that is possible.
pub(super) fn without(
    verb: &Verb,
    settings: &Settings,
    error: Error,
    options: &request::Open,
    watch: &Operation,
) -> Result<Option<(Database, report::Open)>> {
    let database = verb.database();
    match verb {
        verb if needs_no_database(verb) && is_lost(&error, database) => {
            let options = request::Open { create: Some(true), ..options.clone() };
            Database::open(":memory:", &options, watch).map(Some)
        }
        Verb::Restore(typed) if is_lost(&error, database) => {
            let report = Database::restore_file(database, &typed.backup, options, &restore_request(typed), watch)?;
            show::report(settings, &report, show::archive::restore);
            Ok(None)
        }
        _ => Err(error),
    }
}

fn restore_request(typed: &Restore) -> request::Restore {
    request::Restore {
        backup: typed.no_backup.then_some(false),
        dry_run: typed.dry_run,
        allow_newer: typed.allow_newer,
        without_manifest: typed.without_manifest,
        ..request::Restore::default()
    }
}

fn backup_request(typed: &Backup, options: &request::BackupFolder) -> request::Backup {
    // why not where the settings name recipients: the passphrase is then for opening
    let seals = typed.passphrase_file.is_some() || options.encrypt_to.is_none();
    let passphrase = options.passphrase.as_ref().filter(|_| seals);
    let encrypt_to = match (typed.encrypt_to.as_slice(), passphrase) {
        ([], None) => None,
        ([], Some(passphrase)) => Some(EncryptTo::Passphrase(request::Passphrase { passphrase: passphrase.clone() })),
        (recipients, _) => Some(EncryptTo::Several(recipients.to_vec())),
    };
    request::Backup {
        verify: if typed.no_verify { Some(Depth::None) } else { typed.verify },
        overwrite: typed.overwrite,
        compact: typed.compact,
        compress: typed.compress.map(|level| Compress::Zstd(level.unwrap_or(1))),
        encrypt_to,
        incremental: typed.incremental.clone().map(|name| name.map_or(Incremental::Newest(true), Incremental::Named)),
        pin: typed.pin,
        every_hours: typed.every_hours,
        ..request::Backup::default()
    }
}

/// Does one of the verbs about backups.
pub(super) fn call(
    verb: &Verb,
    settings: &Settings,
    database: &Database,
    options: &request::Open,
    watch: &Operation,
) -> Result<()> {
    match verb {
        Verb::Backup(typed) => {
            let request = backup_request(typed, &options.backup);
            let report = database.backup(typed.destination.as_deref(), &request, watch)?;
            show::report(settings, &report, show::archive::backup);
        }
        Verb::Backups(_) => show::report(settings, &database.backups(watch)?, show::archive::backups),
        Verb::Verify(typed) => {
            let request = request::Verify { depth: typed.depth, ..request::Verify::default() };
            show::report(settings, &database.verify(&typed.backup, &request, watch)?, show::archive::verify);
        }
        Verb::Restore(typed) => {
            let report = match database.restore(&typed.backup, &restore_request(typed), watch) {
                // why again: a database that opens may still be too damaged to be read, and then cannot be backed up
                Err(Error::Corrupt { .. } | Error::NotADatabase { .. }) => {
                    database.close()?;
                    Database::restore_file(&typed.database, &typed.backup, options, &restore_request(typed), watch)?
                }
                outcome => outcome?,
            };
            show::report(settings, &report, show::archive::restore);
        }
        Verb::UndoRestore(_) => {
            let report = database.undo_restore(&request::UndoRestore::default(), watch)?;
            show::report(settings, &report, show::archive::restore);
        }
        Verb::Prune(typed) => {
            let request = request::Prune { dry_run: typed.dry_run, ..request::Prune::default() };
            show::report(settings, &database.prune(&request, watch)?, show::archive::prune);
        }
        Verb::Pin(typed) => {
            let report = database.pin(&typed.backup, &request::Pin { pinned: Some(!typed.unpin) }, watch)?;
            show::report(settings, &report, show::archive::pin);
        }
        _ => {}
    }
    Ok(())
}
