//! Doing what was typed of the verbs about backups.
//!
//! Leaves to others: everything about backups but where their secrets come from.
//!
//! Invariant: a database that is lost or damaged keeps nobody from its backups.

use std::path::Path;

use rpmadb::request::{self, Compress, Depth, EncryptTo, Incremental, Secret};
use rpmadb::{Database, Error, Operation, Result, report};

use crate::args::archive::{Backup, Keep, Keys, Restore};
use crate::args::{Args, Verb};
use crate::show;

/// Where backups are, as the verb was told; secrets are read here, and told wrong before a database is looked at.
pub(super) fn folder_options(verb: &Verb) -> Result<request::BackupFolder> {
    let mut options = request::BackupFolder::default();
    let (folder, sign) = match verb {
        Verb::Backup(typed) => {
            keep(&mut options, &typed.keep);
            (typed.folder.clone(), &typed.sign)
        }
        Verb::Backups(typed) => (typed.folder.clone().or_else(|| folder_of(&typed.database)), &typed.sign),
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
            options.every_hours = typed.every_hours;
            (typed.folder.clone(), &typed.sign)
        }
        Verb::Migrate { backup, .. } | Verb::Rollback { backup, .. } => {
            options.folder.clone_from(backup);
            // why: in a folder where backups are signed, one without a signature does not count
            options.sign_key = sign_key(None)?;
            return Ok(options);
        }
        _ => return Ok(options),
    };
    options.folder = folder;
    options.sign_key = sign_key(sign.sign_key_file.as_deref())?;
    let keys = match verb {
        Verb::Verify(typed) => &typed.keys,
        Verb::Restore(typed) => &typed.keys,
        Verb::UndoRestore(typed) => &typed.keys,
        Verb::Backup(typed) => {
            options.passphrase = passphrase(typed.passphrase_file.as_deref())?;
            return Ok(options);
        }
        _ => return Ok(options),
    };
    (options.identities, options.passphrase) = (identities(keys)?, passphrase(keys.passphrase_file.as_deref())?);
    Ok(options)
}

fn keep(options: &mut request::BackupFolder, typed: &Keep) {
    options.keep_last = typed.keep_last;
    options.keep_hourly = typed.keep_hourly;
    options.keep_daily = typed.keep_daily;
    options.keep_weekly = typed.keep_weekly;
    options.keep_monthly = typed.keep_monthly;
    options.keep_yearly = typed.keep_yearly;
    options.keep_minimum = typed.keep_minimum;
    options.keep_pre_migrate = typed.keep_pre_migrate;
    options.keep_pre_restore = typed.keep_pre_restore;
}

/// The folder of a database file; none for one in memory.
fn folder_of(database: &Path) -> Option<String> {
    if database.as_os_str() == ":memory:" {
        return None;
    }
    let parent = database.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(parent.display().to_string())
}

/// The secret that keys the audit.
pub(super) fn audit_key(args: &Args) -> Result<Option<Secret>> {
    from_file_or_variable(args.audit_key_file.as_deref(), "--audit-key-file", "RPMADB_AUDIT_KEY")
}

fn sign_key(file: Option<&Path>) -> Result<Option<Secret>> {
    from_file_or_variable(file, "--sign-key-file", "RPMADB_SIGN_KEY")
}

fn passphrase(file: Option<&Path>) -> Result<Option<Secret>> {
    from_file_or_variable(file, "--passphrase-file", "RPMADB_PASSPHRASE")
}

fn from_file_or_variable(file: Option<&Path>, argument: &'static str, variable: &str) -> Result<Option<Secret>> {
    let Some(file) = file else {
        // why filtered: a variable that is set to nothing is meant as none
        return match std::env::var(variable) {
            Ok(text) => Ok(Some(text).filter(|text| !text.is_empty()).map(Secret)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(Error::InvalidArgument { name: variable.to_owned(), reason: "is not UTF-8".into() })
            }
        };
    };
    let text = read(file)?;
    // why one line end: an editor adds it, and all else may be meant
    let text = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() {
        return Err(Error::InvalidArgument { name: argument.into(), reason: format!("{} is empty", file.display()) });
    }
    Ok(Some(Secret(text.to_owned())))
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
    args: &Args,
    error: Error,
    options: &request::Open,
    watch: &Operation,
) -> Result<Option<(Database, report::Open)>> {
    let database = args.verb.database();
    match &args.verb {
        verb if needs_no_database(verb) && is_lost(&error, database) => {
            let options = request::Open { create: Some(true), ..options.clone() };
            Database::open(":memory:", &options, watch).map(Some)
        }
        Verb::Restore(typed) if is_lost(&error, database) => {
            let report = Database::restore_file(database, &typed.backup, options, &restore_request(typed), watch)?;
            show::report(args.json, &report, show::archive::restore);
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

fn backup_request(typed: &Backup, passphrase: Option<&Secret>) -> request::Backup {
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
pub(super) fn call(args: &Args, database: &Database, options: &request::Open, watch: &Operation) -> Result<()> {
    match &args.verb {
        Verb::Backup(typed) => {
            let request = backup_request(typed, options.backup.passphrase.as_ref());
            let report = database.backup(typed.destination.as_deref(), &request, watch)?;
            show::report(args.json, &report, show::archive::backup);
        }
        Verb::Backups(_) => show::report(args.json, &database.backups(watch)?, show::archive::backups),
        Verb::Verify(typed) => {
            let request = request::Verify { depth: typed.depth, ..request::Verify::default() };
            show::report(args.json, &database.verify(&typed.backup, &request, watch)?, show::archive::verify);
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
            show::report(args.json, &report, show::archive::restore);
        }
        Verb::UndoRestore(_) => {
            let report = database.undo_restore(&request::UndoRestore::default(), watch)?;
            show::report(args.json, &report, show::archive::restore);
        }
        Verb::Prune(typed) => {
            let request = request::Prune { dry_run: typed.dry_run, ..request::Prune::default() };
            show::report(args.json, &database.prune(&request, watch)?, show::archive::prune);
        }
        Verb::Pin(typed) => {
            let report = database.pin(&typed.backup, &request::Pin { pinned: Some(!typed.unpin) }, watch)?;
            show::report(args.json, &report, show::archive::pin);
        }
        _ => {}
    }
    Ok(())
}
