//! Doing what was typed: ask, open, one call, print.
//!
//! Leaves to others: the verbs about migrations, backups, scripts and the command's own (`run/`).
//!
//! Invariants: wrong usage is told before a database is looked at; what loses something is asked about before.

pub(crate) mod archive;
pub(crate) mod doctor;
mod history;
mod monitor;
mod new;
mod pages;
mod repl;
mod script;

use std::path::Path;

use rpmadb::{CheckpointMode, Database, Error, Operation, Origin, report, request};

use crate::args::{Args, Verb, desk};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::settings::{self, Settings};
use crate::{ask, html, progress, show, stop, top, words};

pub(crate) fn run(args: &Args) -> Exit {
    let page = match &args.verb {
        // why first: what a shell asks for at its start depends on nothing
        Verb::Completions(typed) => Some(pages::completions(typed.shell)),
        Verb::Man(typed) => Some(pages::man(typed.folder.as_deref())),
        _ => None,
    };
    let outcome = page.unwrap_or_else(|| {
        show::color(settings::color(args)?);
        let settings = Settings::of(args)?;
        show::quiet(settings.quiet);
        call(args, &settings).map_err(|failure| words::of_command(failure, args, &settings))
    });
    progress::clear();
    if show::is_shut() {
        // why quiet: what could not be printed was told, and what it kept from being done is no other failure
        return Exit::Failed;
    }
    outcome.unwrap_or_else(|failure| {
        let exit = match (failure.error(), &args.verb) {
            // why no failure: that it is damaged is what was asked
            (Some(Error::Corrupt { .. }), Verb::Health { .. } | Verb::Doctor(_)) => Exit::Unhealthy,
            _ => failure.exit(),
        };
        if args.json {
            show::json(&failure.document());
        } else {
            show::failure::print(failure.body(), failure.next());
        }
        exit
    })
}

/// Tells of arguments that cannot be understood, or prints the help that was asked for.
pub(crate) fn usage(error: &clap::Error) -> Exit {
    let wants_document = std::env::args_os().any(|argument| argument == "--json");
    if !(wants_document && error.use_stderr()) {
        error.exit();
    }
    let text = error.to_string();
    let mut parts = text.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let message = parts.next().unwrap_or_default();
    let hint = parts.find(|part| part.starts_with("Usage:"));
    show::json(&Failure::usage(message.strip_prefix("error: ").unwrap_or(&message), hint.as_deref()).document());
    Exit::Usage
}

/// What `open` is told: only `open` and `migrate` make a file or change its journal mode by opening.
fn options(args: &Args, settings: &Settings) -> Result<request::Open> {
    let makes = match &args.verb {
        Verb::Open { .. } => true,
        // why not: what is tried leaves no file behind, and no other journal mode
        Verb::Migrate(typed) => !typed.dry_run,
        _ => false,
    };
    let journal_mode = if makes { settings.open.journal_mode } else { request::JournalMode::Keep };
    Ok(request::Open {
        journal_mode,
        create: Some(makes),
        migrate: Some(matches!(args.verb, Verb::Open { .. })),
        backup: archive::folder_options(&args.verb, settings)?,
        // why not: one that watches is started by `rpmadb monitor`
        monitor: None,
        audit: request::AuditLog {
            // why: it looks every second, and that is nobody's deed
            reads: if matches!(args.verb, Verb::Top(_)) { Some(false) } else { settings.open.audit.reads },
            ..settings.open.audit.clone()
        },
        ..settings.open.clone()
    })
}

/// What would be lost, in words; `None` when nothing is.
fn loss(verb: &Verb) -> Option<(&'static str, String)> {
    let named = |path: &std::path::Path| path.display().to_string();
    match verb {
        Verb::Restore(typed) if !typed.dry_run => {
            Some(("restore", format!("replace {} by the backup {}", named(&typed.database), named(&typed.backup))))
        }
        Verb::UndoRestore(typed) => Some((
            "undo_restore",
            format!("replace {} by what was there before the last restore", named(&typed.database)),
        )),
        Verb::Rollback(typed) if !typed.dry_run => {
            let what =
                format!("take back the migrations of {} above version {}", named(&typed.database), typed.target());
            Some(("rollback", format!("{what}, with the data in what they made")))
        }
        Verb::Prune(typed) if !typed.dry_run => Some(("prune", format!("remove backups from {}", typed.folder))),
        Verb::Repair(typed) => {
            let database = named(&typed.database);
            Some(("repair", format!("write into the history of {database} that changed files are what was applied")))
        }
        Verb::Audit(typed) if typed.prunes() => {
            Some(("audit", format!("remove audit records from {}", named(&typed.database))))
        }
        _ => None,
    }
}

fn call(args: &Args, settings: &Settings) -> Result<Exit> {
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
        Verb::Metrics(desk::Metrics { format: Some(name), .. }) => request::MetricsFormat::from_name(name)?,
        _ => request::MetricsFormat::default(),
    };
    match &args.verb {
        Verb::New(typed) => return new::call(args, typed, settings),
        Verb::Top(typed) => top::refuse(typed)?,
        Verb::Config(typed) => {
            show::report(settings, &settings.document(), |_| show::own::config(settings, typed.changed));
            return Ok(Exit::Done);
        }
        _ => {}
    }
    let watch = Operation::new().through(Origin::Cli);
    watch.set_timeout_ms(settings.timeout_ms);
    let mut options = options(args, settings)?;
    let may_lack_backups = archive::may_lack_folder(args, settings, &options)?;
    if may_lack_backups && matches!(args.verb, Verb::Migrate(_) | Verb::Script(_)) {
        // why: what these open besides makes no backup either
        options.backup = request::BackupFolder::default();
    }
    // why before the question: Ctrl-C there is a no, and leaves the terminal as it was
    stop::on_signal(&watch);
    if let Verb::Restore(typed) = &args.verb {
        archive::must_exist(typed, &options)?;
    }
    if let Some((verb, what)) = loss(&args.verb) {
        ask::before(settings, verb, &what)?;
    }
    let lasts = matches!(args.verb, Verb::Repl { .. } | Verb::Monitor(_) | Verb::Top(_));
    if !settings.quiet && !lasts {
        progress::show(&watch);
    }
    match &args.verb {
        Verb::Script(typed) if !typed.check.is_empty() => return Ok(script::check(settings.json, &typed.check)?),
        Verb::Script(typed) if !typed.test.is_empty() => {
            return Ok(script::test(settings.json, &typed.test, &options, &watch)?);
        }
        // why before the open: that would make the file
        Verb::Migrate(typed) if typed.lint && !history::lint_first(typed, settings, &options, &watch)? => {
            return Ok(Exit::Failed);
        }
        _ => {}
    }
    let found = match &args.verb {
        Verb::Migrate(typed) if typed.dry_run => history::open_dry(&typed.database, &options, &watch),
        verb => open(verb.database(), &options, may_lack_backups, &watch),
    };
    let (database, opened) = match found {
        // why not read-only at once: what a crash left in the journal can then not be rolled back
        Err(Error::Permission { .. }) if args.verb.reads() => {
            let options = request::Open { read_only: true, ..options.clone() };
            open(args.verb.database(), &options, may_lack_backups, &watch)?
        }
        Err(error @ Error::Corrupt { .. }) if matches!(args.verb, Verb::Doctor(_)) => {
            return Ok(doctor::lost(args, settings, &error));
        }
        Err(error) => match archive::without(&args.verb, settings, error, &options, &watch)? {
            Some(opened) => opened,
            None => return Ok(Exit::Done),
        },
        Ok(opened) => opened,
    };
    let exit = match &args.verb {
        Verb::Open { .. } => {
            show::report(settings, &opened, show::opened);
            Exit::Done
        }
        Verb::Migrate(_)
        | Verb::Rollback(_)
        | Verb::Adopt(_)
        | Verb::Baseline(_)
        | Verb::Repair(_)
        | Verb::Lint(_)
        | Verb::Schema(_)
        | Verb::Test(_)
        | Verb::Migrations { .. } => history::call(args, settings, (&database, &opened), &options, &watch)?,
        Verb::Backup(_)
        | Verb::Backups(_)
        | Verb::Verify(_)
        | Verb::Restore(_)
        | Verb::UndoRestore(_)
        | Verb::Prune(_)
        | Verb::Pin(_) => {
            archive::call(&args.verb, settings, &database, &options, &watch)?;
            Exit::Done
        }
        Verb::Report(typed) => html::call(typed, settings, &database, &watch)?,
        Verb::Top(typed) => top::call(typed, settings, &opened.database_path, &database, &watch)?,
        Verb::Doctor(typed) => doctor::call(args, typed, settings, &database, &watch)?,
        Verb::Monitor(typed) => return Ok(monitor::call(settings, typed, &database, &watch)?),
        Verb::Repl { .. } => return Ok(repl::call(args, settings, &database)?),
        Verb::Checkpoint { .. } => {
            let report = database.checkpoint(mode, &request::Checkpoint::default(), &watch)?;
            show::report(settings, &report, show::checkpoint);
            if report.busy {
                show::suggest(settings, &show::command(args, "top", &[]));
            }
            // why not done: who empties the log before a copy must not go on
            Exit::passed(!report.busy)
        }
        Verb::Script(typed) => {
            script::call(settings, typed, &script, &database, &watch)?;
            Exit::Done
        }
        _ => look(args, settings, format, &database, &watch)?,
    };
    database.close()?;
    Ok(exit)
}

fn open(
    path: &Path,
    options: &request::Open,
    may_lack_backups: bool,
    watch: &Operation,
) -> rpmadb::Result<(Database, report::Open)> {
    let opening = Database::at(path).options(options.clone());
    if may_lack_backups { opening.may_lack_backups().open(watch) } else { opening.open(watch) }
}

/// Does one of the verbs that are one call and one report.
fn look(
    args: &Args,
    settings: &Settings,
    format: request::MetricsFormat,
    database: &Database,
    watch: &Operation,
) -> Result<Exit> {
    match &args.verb {
        Verb::Health { require_users, .. } => {
            let request = request::Health { require_users: *require_users, ..request::Health::default() };
            let report = database.health(&request, watch)?;
            show::report(settings, &report, show::health);
            if report.status >= rpmadb::report::HealthStatus::Degraded {
                show::suggest(settings, &show::command(args, "doctor", &[]));
                return Ok(Exit::Unhealthy);
            }
        }
        Verb::Alerts(typed) => {
            let request =
                request::Alerts { since: typed.since, acknowledge: typed.acknowledge.clone(), all: typed.all };
            show::report(settings, &database.alerts(&request, watch)?, show::monitor::alerts);
        }
        Verb::Diagnostics { .. } => {
            let report = database.diagnostics(watch)?;
            show::report(settings, &report, show::diagnostics);
            if report.integrity != "ok" {
                show::suggest(settings, &show::command(args, "backups", &[]));
            }
        }
        Verb::Stats(typed) => {
            let request = request::Stats { estimate: typed.estimate, sizes: typed.no_sizes.then_some(false) };
            show::report(settings, &database.stats(&request, watch)?, show::stats);
        }
        Verb::Metrics(typed) => {
            let request = request::Metrics { format, limit: typed.limit, indexes: typed.no_indexes.then_some(false) };
            show::metrics(settings, &database.metrics(&request, watch)?);
        }
        Verb::Optimize { .. } => {
            show::report(settings, &database.optimize(watch)?, show::own::optimized);
        }
        Verb::Audit(typed) => {
            let report = database.audit(&typed.request()?, watch)?;
            show::report(settings, &report, show::audit);
            return Ok(Exit::passed(report.verify.is_none_or(|verify| verify.status != "tampered")));
        }
        Verb::Query { sql, params, .. } => {
            show::report(settings, &database.query(sql, params.as_deref(), watch)?, show::query);
        }
        Verb::Scripts(_) => show::report(settings, &database.scripts(watch)?, show::script::scripts),
        _ => return Err(Failure::usage("this verb is done elsewhere", None)),
    }
    Ok(Exit::Done)
}
