//! Doing what was typed: open, one call, print.

mod archive;
mod monitor;
mod repl;
mod script;

use std::process::ExitCode;

use rpmadb::{CheckpointMode, Database, Error, Operation, Origin, Result, Status, request};

use crate::args::{Args, Verb};
use crate::show;

pub(crate) fn run(args: &Args) -> ExitCode {
    match call(args) {
        Ok(code) => code,
        Err(error) => {
            if args.json {
                show::json(&error.document());
            } else {
                show::error(&error);
            }
            ExitCode::from(if error.status() == Status::InvalidArgument { 2 } else { 1 })
        }
    }
}

/// Whether the verb only looks.
fn reads(verb: &Verb) -> bool {
    matches!(
        verb,
        Verb::Migrations { .. }
            | Verb::Health { .. }
            | Verb::Alerts { .. }
            | Verb::Diagnostics { .. }
            | Verb::Stats { .. }
            | Verb::Metrics { .. }
            | Verb::Schema { .. }
            | Verb::Audit(_)
            | Verb::Backups(_)
            | Verb::Verify(_)
            | Verb::Scripts(_)
    )
}

/// What `open` is told: only `migrate` makes a file or changes its journal mode by opening.
/// How long a script may run that says nothing itself, and the most it may ask for.
const SCRIPT_TIMEOUT_MS: u64 = 3_600_000;

fn options(args: &Args) -> Result<request::Open> {
    let migrates = matches!(args.verb, Verb::Migrate { .. });
    Ok(request::Open {
        journal_mode: if migrates { request::JournalMode::Wal } else { request::JournalMode::Keep },
        actor: Some(args.actor.clone()),
        create: Some(migrates),
        migrate: Some(false),
        // why filtered: a variable that is set to nothing is meant as none
        migrations: args.migrations.clone().filter(|folder| !folder.is_empty()),
        style: args.style.clone(),
        backup: archive::folder_options(&args.verb)?,
        audit: request::AuditLog { key: archive::audit_key(args)?, ..request::AuditLog::default() },
        // why more than a host's default: whoever typed it is there to stop it, and a night's work takes longer
        script: request::ScriptLimits { timeout_ms: Some(SCRIPT_TIMEOUT_MS), ..request::ScriptLimits::default() },
        ..request::Open::default()
    })
}

fn call(args: &Args) -> Result<ExitCode> {
    // why before the open: wrong usage is said before anything is looked at
    let mode = match &args.verb {
        Verb::Checkpoint { mode, .. } => CheckpointMode::from_name(Some(mode))?,
        _ => CheckpointMode::default(),
    };
    let script = match &args.verb {
        Verb::Script(typed) => script::request(typed)?,
        _ => request::Script::default(),
    };
    let format = match &args.verb {
        Verb::Metrics { format: Some(name), .. } => request::MetricsFormat::from_name(name)?,
        _ => request::MetricsFormat::default(),
    };
    let watch = Operation::new().through(Origin::Cli);
    watch.set_timeout_ms(args.timeout);
    let options = options(args)?;
    match &args.verb {
        Verb::Script(typed) if !typed.check.is_empty() => return script::check(args.json, &typed.check),
        Verb::Script(typed) if !typed.test.is_empty() => return script::test(args.json, &typed.test, &options, &watch),
        _ => {}
    }
    let (database, opened) = match Database::open(args.verb.database(), &options, &watch) {
        // why not read-only at once: what a crash left in the journal can then not be rolled back
        Err(Error::Permission { .. }) if reads(&args.verb) => {
            let options = request::Open { read_only: true, ..options.clone() };
            Database::open(args.verb.database(), &options, &watch)?
        }
        Err(error) => match archive::without(args, error, &options, &watch)? {
            Some(opened) => opened,
            None => return Ok(ExitCode::SUCCESS),
        },
        Ok(opened) => opened,
    };
    match &args.verb {
        Verb::Migrate { target, dry_run, backup, lock_timeout, allow_out_of_order, per_file, .. } => {
            let request = request::Migrate {
                target: *target,
                dry_run: *dry_run,
                backup: backup.as_ref().map(|_| true),
                lock_timeout_ms: *lock_timeout,
                allow_out_of_order: *allow_out_of_order,
                transaction: if *per_file { request::TransactionPer::File } else { request::TransactionPer::Run },
            };
            let report = database.migrate(&request, &watch)?;
            show::report(args.json, &report, |report| show::migrate(report, &opened));
        }
        Verb::Rollback { target, dry_run, backup, lock_timeout, .. } => {
            let request = request::Rollback {
                dry_run: *dry_run,
                backup: backup.as_ref().map(|_| true),
                lock_timeout_ms: *lock_timeout,
            };
            show::report(args.json, &database.rollback(*target, &request, &watch)?, show::rollback);
        }
        Verb::Adopt { tool, target, dry_run, .. } => {
            let request = request::Adopt { tool: tool.clone(), target: *target, dry_run: *dry_run };
            show::report(args.json, &database.adopt(&request, &watch)?, show::adopted);
        }
        Verb::Baseline { target, .. } => {
            let report = database.baseline(&request::Baseline { target: *target }, &watch)?;
            show::report(args.json, &report, show::baseline);
        }
        Verb::Repair { version, schema, .. } => {
            let versions = (!version.is_empty()).then(|| version.clone());
            let report = database.repair(&request::Repair { versions, schema: *schema }, &watch)?;
            show::report(args.json, &report, show::repair);
        }
        Verb::Lint { .. } => show::report(args.json, &database.lint(&watch)?, show::lint),
        Verb::Schema { compare, .. } => {
            let report = database.schema(&request::Schema { compare: compare.clone() }, &watch)?;
            show::report(args.json, &report, show::schema);
        }
        Verb::Test { rows, seed, from, no_crash, .. } => {
            let versions = (!from.is_empty()).then(|| from.clone());
            let request = request::Test { rows: *rows, seed: *seed, versions, crash: Some(!no_crash) };
            let report = database.test(&request, &watch)?;
            show::report(args.json, &report, show::test);
            if !report.passed {
                return Ok(ExitCode::FAILURE);
            }
        }
        Verb::Migrations { .. } => show::report(args.json, &database.migrations(&watch)?, show::migrations),
        Verb::Health { require_users, .. } => {
            let request = request::Health { require_users: *require_users, ..request::Health::default() };
            show::report(args.json, &database.health(&request, &watch)?, show::health);
        }
        Verb::Alerts { since, acknowledge, all, .. } => {
            let request = request::Alerts { since: *since, acknowledge: acknowledge.clone(), all: *all };
            show::report(args.json, &database.alerts(&request, &watch)?, show::monitor::alerts);
        }
        Verb::Monitor(typed) => return monitor::call(args.json, typed, &database, &watch),
        Verb::Diagnostics { .. } => show::report(args.json, &database.diagnostics(&watch)?, show::diagnostics),
        Verb::Stats { estimate, no_sizes, .. } => {
            let request = request::Stats { estimate: *estimate, sizes: no_sizes.then_some(false) };
            let report = database.stats(&request, &watch)?;
            show::report(args.json, &report, show::stats);
        }
        Verb::Metrics { limit, no_indexes, .. } => {
            let request = request::Metrics { format, limit: *limit, indexes: no_indexes.then_some(false) };
            show::metrics(args.json, &database.metrics(&request, &watch)?);
        }
        Verb::Checkpoint { .. } => {
            let report = database.checkpoint(mode, &request::Checkpoint::default(), &watch)?;
            show::report(args.json, &report, show::checkpoint);
        }
        Verb::Audit(typed) => {
            let report = database.audit(&typed.request()?, &watch)?;
            show::report(args.json, &report, show::audit);
            if report.verify.is_some_and(|verify| verify.status == "tampered") {
                return Ok(ExitCode::FAILURE);
            }
        }
        Verb::Backup(_)
        | Verb::Backups(_)
        | Verb::Verify(_)
        | Verb::Restore(_)
        | Verb::UndoRestore(_)
        | Verb::Prune(_)
        | Verb::Pin(_) => archive::call(args, &database, &options, &watch)?,
        Verb::Query { sql, params, .. } => {
            show::report(args.json, &database.query(sql, params.as_deref(), &watch)?, show::query);
        }
        Verb::Repl { .. } => return repl::call(args.json, &database, &watch),
        Verb::Script(typed) => script::call(args.json, typed, &script, &database, &watch)?,
        Verb::Scripts(_) => show::report(args.json, &database.scripts(&watch)?, show::script::scripts),
    }
    database.close().map(|()| ExitCode::SUCCESS)
}
