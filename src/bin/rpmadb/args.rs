//! What can be typed.
//!
//! Leaves to others: the verbs about migrations, backups, scripts and more (`args/`), and what follows from all of it (`settings`).
//!
//! Invariant: a global flag that was not typed is `None` or false, so that a variable or the file of settings can stand in for it.

pub(crate) mod archive;
pub(crate) mod audit;
pub(crate) mod desk;
pub(crate) mod history;
pub(crate) mod monitor;
pub(crate) mod script;
pub(crate) mod typed;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

/// Owns the life of a SQLite database: migrates, checks, measures, backs up and scripts it.
#[derive(Parser)]
#[command(name = "rpmadb", version, about, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Print the report as JSON, exactly as the C API hands it out
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Print nothing but errors, and documents that --json asks for
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    /// Answer yes to every question
    #[arg(long, short, global = true)]
    pub(crate) yes: bool,

    /// When to use colour; without it, on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN")]
    pub(crate) color: Option<When>,

    /// Use the migrations in this folder in place of the embedded ones
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) migrations: Option<String>,

    /// How the files in that folder are named: rpmadb, auto, or another tool's name
    #[arg(long, global = true, value_name = "STYLE")]
    pub(crate) style: Option<String>,

    /// Who is recorded as the one who did it; cli without it
    #[arg(long, global = true)]
    pub(crate) actor: Option<String>,

    /// The file with the secret that keys the audit of the database; else the variable RPMADB_AUDIT_KEY, if there is one
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) audit_key_file: Option<PathBuf>,

    /// Stop after this many milliseconds
    #[arg(long, global = true, value_name = "MS")]
    pub(crate) timeout: Option<u64>,

    #[command(subcommand)]
    pub(crate) verb: Verb,

    #[arg(skip)]
    pub(crate) typed: typed::Typed,
}

impl Args {
    /// Reads the words of a command line, with the name of the command first.
    pub(crate) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Args, clap::Error> {
        let mut matches = Args::command().try_get_matches_from(words)?;
        let typed = typed::Typed::of(&matches);
        let args = Args::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut Args::command()))?;
        Ok(Args { typed, ..args })
    }
}

const AFTER_HELP: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 migrations are pending, 4 unhealthy.\n\
    Flags win over variables (RPMADB_*), these over rpmadb.toml beside the database: see `rpmadb config`.";

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Create the database, or bring it up to date
    Open {
        database: PathBuf,
    },
    Migrate(history::Migrate),
    Rollback(history::Rollback),
    /// List every migration known or recorded, with its state; exit 3 when some are pending
    Migrations {
        database: PathBuf,
    },
    New(history::New),
    Adopt(history::Adopt),
    Baseline(history::Baseline),
    Repair(history::Repair),
    Lint(history::Lint),
    Schema(history::Schema),
    Test(history::Test),
    /// Take a quick look that says whether somebody must act; exit 4 when so
    Health {
        database: PathBuf,
        /// A database without users is unhealthy
        #[arg(long)]
        require_users: bool,
    },
    Doctor(desk::Doctor),
    Report(desk::Report),
    /// Examine everything, the slow checks included
    #[command(visible_alias = "diagnose")]
    Diagnostics {
        database: PathBuf,
    },
    Stats(desk::Stats),
    Metrics(desk::Metrics),
    Alerts(desk::Alerts),
    Monitor(monitor::Monitor),
    Top(desk::Top),
    /// Move the write-ahead log into the database file
    Checkpoint {
        database: PathBuf,
        /// passive, full, restart or truncate
        #[arg(default_value = "passive")]
        mode: String,
    },
    /// Let SQLite renew the statistics that its planner needs
    Optimize {
        database: PathBuf,
    },
    Audit(audit::Audit),
    Backup(archive::Backup),
    Backups(archive::Backups),
    Verify(archive::Verify),
    Restore(archive::Restore),
    UndoRestore(archive::UndoRestore),
    Prune(archive::Prune),
    Pin(archive::Pin),
    /// Run one SQL statement
    Query {
        database: PathBuf,
        sql: String,
        /// A JSON array for ?, or an object for :name
        #[arg(long, value_name = "JSON")]
        params: Option<String>,
    },
    /// Type Lua and SQL, and see what it gives
    Repl {
        database: PathBuf,
    },
    Script(script::Script),
    Scripts(script::Scripts),
    Config(desk::Config),
    Completions(desk::Completions),
    Man(desk::Man),
}

impl Verb {
    /// The database that was named; one in memory for verbs that need none.
    pub(crate) fn database(&self) -> &Path {
        match self {
            Verb::Open { database }
            | Verb::Migrate(history::Migrate { database, .. })
            | Verb::Rollback(history::Rollback { database, .. })
            | Verb::Adopt(history::Adopt { database, .. })
            | Verb::Baseline(history::Baseline { database, .. })
            | Verb::Repair(history::Repair { database, .. })
            | Verb::Lint(history::Lint { database })
            | Verb::Schema(history::Schema { database, .. })
            | Verb::Test(history::Test { database, .. })
            | Verb::Migrations { database }
            | Verb::Health { database, .. }
            | Verb::Doctor(desk::Doctor { database, .. })
            | Verb::Report(desk::Report { database, .. })
            | Verb::Top(desk::Top { database, .. })
            | Verb::Alerts(desk::Alerts { database, .. })
            | Verb::Monitor(monitor::Monitor { database, .. })
            | Verb::Diagnostics { database }
            | Verb::Stats(desk::Stats { database, .. })
            | Verb::Metrics(desk::Metrics { database, .. })
            | Verb::Checkpoint { database, .. }
            | Verb::Optimize { database }
            | Verb::Audit(audit::Audit { database, .. })
            | Verb::Backup(archive::Backup { database, .. })
            | Verb::Backups(archive::Backups { database, .. })
            | Verb::Verify(archive::Verify { database, .. })
            | Verb::Restore(archive::Restore { database, .. })
            | Verb::UndoRestore(archive::UndoRestore { database, .. })
            | Verb::Prune(archive::Prune { database, .. })
            | Verb::Pin(archive::Pin { database, .. })
            | Verb::Repl { database }
            | Verb::Scripts(script::Scripts { database })
            | Verb::Config(desk::Config { database, .. })
            | Verb::Query { database, .. } => database,
            Verb::New(_) | Verb::Completions(_) | Verb::Man(_) => Path::new(":memory:"),
            Verb::Script(script::Script { database, .. }) => database.as_deref().unwrap_or(Path::new(":memory:")),
        }
    }

    /// Whether the verb only looks.
    pub(crate) fn reads(&self) -> bool {
        matches!(
            self,
            Verb::Migrations { .. }
                | Verb::Health { .. }
                | Verb::Doctor(_)
                | Verb::Report(_)
                | Verb::Top(_)
                | Verb::Alerts(_)
                | Verb::Diagnostics { .. }
                | Verb::Stats(_)
                | Verb::Metrics(_)
                | Verb::Schema(_)
                | Verb::Audit(_)
                | Verb::Backups(_)
                | Verb::Verify(_)
                | Verb::Scripts(_)
        )
    }
}

/// What stands in the list of verbs beside those of the library: what the command alone has.
#[cfg(test)]
const ALONE: &[&str] =
    &["completions", "config", "doctor", "man", "monitor", "new", "open", "optimize", "repl", "report", "top"];

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Args::command().debug_assert();
    }

    #[test]
    fn every_verb_of_the_library_is_a_verb_here() {
        let command = super::Args::command();
        // why mapped: `undo_restore` is typed as `undo-restore`
        let mut verbs: Vec<String> = command.get_subcommands().map(|verb| verb.get_name().replace('-', "_")).collect();
        // why: the subcommand `script` takes files, so it is both
        verbs.push("script_file".into());
        verbs.retain(|verb| !super::ALONE.contains(&verb.as_str()));
        verbs.sort_unstable();
        assert_eq!(verbs, rpmadb::VERBS);
    }
}
