//! Doing what was typed of the verbs about migrations.
//!
//! Leaves to others: the next migration's files (`new.rs`).

use rpmadb::{Database, Error, Operation, Result, report, request};

use crate::args::history::{Migrate, Schema};
use crate::args::{Args, Verb};
use crate::exit::Exit;
use crate::settings::Settings;
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
                show::suggest(settings, "migrate", args.verb.database());
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
    let request = request::Migrate {
        target: typed.target,
        dry_run: typed.dry_run,
        backup: typed.backup.as_ref().map(|_| true),
        lock_timeout_ms: typed.lock_timeout,
        allow_out_of_order: typed.allow_out_of_order,
        transaction: if typed.per_file { request::TransactionPer::File } else { request::TransactionPer::Run },
    };
    if typed.lint {
        // why not `lint`: that also warns of what was applied long ago
        let dry =
            database.migrate(&request::Migrate { dry_run: true, backup: Some(false), ..request.clone() }, watch)?;
        if dry.warnings.as_ref().is_some_and(|warnings| !warnings.is_empty()) {
            show::report(settings, &dry, |dry| show::warnings(dry.warnings.as_deref().unwrap_or_default()));
            if !settings.json {
                let count = dry.warnings.map_or(0, |warnings| warnings.len());
                let message = format!("nothing was applied: {count} warning(s)");
                anstream::eprintln!(
                    "{message}\nhint: mend the files, waive a rule with `-- rpmadb: allow=RULE`, or leave out --lint"
                );
            }
            return Ok(Exit::Failed);
        }
    }
    let report = database.migrate(&request, watch)?;
    show::report(settings, &report, |report| show::migrate(report, opened));
    Ok(Exit::Done)
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
