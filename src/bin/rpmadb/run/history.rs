//! Doing what was typed of the verbs about migrations.
//!
//! Leaves to others: the next migration's files (`new.rs`).

use std::io::ErrorKind;
use std::path::Path;

use rpmadb::{Database, Error, Operation, Result, report, request};

use crate::args::history::{Migrate, Schema};
use crate::args::{Args, Verb};
use crate::exit::Exit;
use crate::settings::{Settings, folder_of};
use crate::show;

/// Does one of them.
pub(super) fn call(
    args: &Args,
    settings: &Settings,
    (database, opened): (&Database, &report::Open),
    options: &request::Open,
    watch: &Operation,
) -> Result<Exit> {
    match &args.verb {
        Verb::Migrate(typed) => return migrate(typed, settings, (database, opened), watch),
        Verb::Rollback(typed) => {
            let request = request::Rollback {
                dry_run: typed.dry_run,
                backup: typed.backup.as_ref().map(|_| true),
                lock_timeout_ms: typed.lock_timeout,
            };
            show::report(settings, &database.rollback(typed.target(), &request, watch)?, show::rollback);
        }
        Verb::Adopt(typed) => {
            let request = request::Adopt { tool: typed.tool.clone(), target: typed.target, dry_run: typed.dry_run };
            show::report(settings, &database.adopt(&request, watch)?, show::adopted);
        }
        Verb::Baseline(typed) => {
            let report = database.baseline(&request::Baseline { target: typed.target }, watch)?;
            show::report(settings, &report, show::baseline);
        }
        Verb::Repair(typed) => {
            let versions = (!typed.version.is_empty()).then(|| typed.version.clone());
            let report = database.repair(&request::Repair { versions, schema: typed.schema }, watch)?;
            show::report(settings, &report, show::repair);
        }
        Verb::Lint(_) => show::report(settings, &database.lint(watch)?, show::lint),
        Verb::Schema(typed) => schema(typed, settings, database, options, watch)?,
        Verb::Test(typed) => {
            let versions = (!typed.from.is_empty()).then(|| typed.from.clone());
            let request = request::Test { rows: typed.rows, seed: typed.seed, versions, crash: Some(!typed.no_crash) };
            let report = database.test(&request, watch)?;
            show::report(settings, &report, show::test);
            return Ok(Exit::passed(report.passed));
        }
        Verb::Migrations { .. } => {
            let report = database.migrations(watch)?;
            show::report(settings, &report, show::migrations);
            if report.pending > 0 {
                show::suggest(settings, &show::command(args, "migrate", &[]));
                return Ok(Exit::Pending);
            }
        }
        _ => {}
    }
    Ok(Exit::Done)
}

fn migrate(
    typed: &Migrate,
    settings: &Settings,
    (database, opened): (&Database, &report::Open),
    watch: &Operation,
) -> Result<Exit> {
    let report = database.migrate(&request(typed), watch)?;
    show::report(settings, &report, |report| show::migrate(report, opened));
    Ok(Exit::Done)
}

fn request(typed: &Migrate) -> request::Migrate {
    request::Migrate {
        target: typed.target,
        dry_run: typed.dry_run,
        backup: typed.backup.as_ref().map(|_| true),
        lock_timeout_ms: typed.lock_timeout,
        allow_out_of_order: typed.allow_out_of_order,
        transaction: if typed.per_file { request::TransactionPer::File } else { request::TransactionPer::Run },
    }
}

/// Opens what is only tried: a database that is not there yet is one in memory, so that no file is left behind.
pub(super) fn open_dry(path: &Path, options: &request::Open, watch: &Operation) -> Result<(Database, report::Open)> {
    // why the folder too: where a migrate could make no file, a dry one must not say that all is well
    let is_missing = std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
        && folder_of(path).is_dir();
    let options =
        request::Open { journal_mode: request::JournalMode::Keep, create: Some(is_missing), ..options.clone() };
    if !is_missing {
        return Database::open(path, &options, watch);
    }
    let (database, mut opened) = Database::open(":memory:", &options, watch)?;
    opened.created = false;
    if path.as_os_str() != ":memory:" {
        opened.database_path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string();
    }
    Ok((database, opened))
}

/// Whether nothing is to be warned of in what would be applied; tells what is.
pub(super) fn lint_first(
    typed: &Migrate,
    settings: &Settings,
    options: &request::Open,
    watch: &Operation,
) -> Result<bool> {
    let (database, _) = open_dry(&typed.database, options, watch)?;
    // why not `lint`: that also warns of what was applied long ago
    let dry = database.migrate(&request::Migrate { dry_run: true, backup: Some(false), ..request(typed) }, watch)?;
    database.close()?;
    let count = dry.warnings.as_ref().map_or(0, Vec::len);
    if count == 0 {
        return Ok(true);
    }
    show::report(settings, &dry, |dry| show::warnings(dry.warnings.as_deref().unwrap_or_default()));
    if !settings.json {
        show::note(format_args!(
            "nothing was applied: {count} warning(s)\n\
             hint: mend the files, waive a rule with `-- rpmadb: allow=RULE`, or leave out --lint"
        ));
    }
    Ok(false)
}

fn schema(
    typed: &Schema,
    settings: &Settings,
    database: &Database,
    options: &request::Open,
    watch: &Operation,
) -> Result<()> {
    if !typed.against_files {
        let report = database.schema(&request::Schema { compare: typed.compare.clone() }, watch)?;
        show::report(settings, &report, show::schema);
        return Ok(());
    }
    let folder = tempfile::tempdir().map_err(|error| Error::from_io("the folder for scratch files", &error))?;
    let path = folder.path().join("files.db");
    let version = database.migrations(watch)?.current;
    let fresh = request::Open {
        create: Some(true),
        read_only: false,
        backup: request::BackupFolder::default(),
        ..options.clone()
    };
    let (scratch, _) = Database::open(&path, &fresh, watch)?;
    scratch.migrate(
        &request::Migrate { target: (version > 0).then_some(version), ..request::Migrate::default() },
        watch,
    )?;
    scratch.close()?;
    let report = database.schema(&request::Schema { compare: Some(path.display().to_string()) }, watch)?;
    show::report(settings, &report, show::schema);
    Ok(())
}
