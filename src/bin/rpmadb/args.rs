//! What can be typed.

pub(crate) mod archive;
pub(crate) mod audit;
pub(crate) mod monitor;
pub(crate) mod script;

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

/// Owns the life of a SQLite database: migrates, checks, measures, backs up and scripts it.
#[derive(Parser)]
#[command(name = "rpmadb", version, about, max_term_width = 100)]
pub(crate) struct Args {
    /// Print the report as JSON, exactly as the C API hands it out
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Use the migrations in this folder in place of the embedded ones
    #[arg(long, global = true, value_name = "FOLDER", env = "RPMADB_MIGRATIONS")]
    pub(crate) migrations: Option<String>,

    /// How the files in that folder are named: rpmadb, auto, or another tool's name
    #[arg(long, global = true, value_name = "STYLE")]
    pub(crate) style: Option<String>,

    /// Who is recorded as the one who did it
    #[arg(long, global = true, default_value = "cli")]
    pub(crate) actor: String,

    /// The file with the secret that keys the audit of the database; else the variable RPMADB_AUDIT_KEY, if there is one
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) audit_key_file: Option<PathBuf>,

    /// Stop after this many milliseconds
    #[arg(long, global = true, value_name = "MS", default_value_t = 0, hide_default_value = true)]
    pub(crate) timeout: u64,

    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Create the database if it is missing and apply what is pending
    Migrate {
        database: PathBuf,
        /// Stop after this version
        #[arg(long = "to", value_name = "VERSION", allow_negative_numbers = true)]
        target: Option<i64>,
        /// Run everything, report, and roll back
        #[arg(long)]
        dry_run: bool,
        /// Back up first into this folder
        #[arg(long, value_name = "FOLDER")]
        backup: Option<String>,
        /// How long to wait for the write lock, in milliseconds
        #[arg(long, value_name = "MS")]
        lock_timeout: Option<u64>,
        /// Apply a pending migration that is lower than one already applied
        #[arg(long)]
        allow_out_of_order: bool,
        /// Commit each migration by itself
        #[arg(long)]
        per_file: bool,
    },
    /// Step back to an earlier version
    Rollback {
        database: PathBuf,
        /// The version to go back to; 0 takes back everything
        #[arg(long = "to", value_name = "VERSION", allow_negative_numbers = true)]
        target: i64,
        /// Run everything, report, and undo it again
        #[arg(long)]
        dry_run: bool,
        /// Back up first into this folder
        #[arg(long, value_name = "FOLDER")]
        backup: Option<String>,
        /// How long to wait for the write lock, in milliseconds
        #[arg(long, value_name = "MS")]
        lock_timeout: Option<u64>,
    },
    /// Take over the history that another migration tool left in the database
    Adopt {
        database: PathBuf,
        /// Whose it is; found out without it
        #[arg(long)]
        tool: Option<String>,
        /// The version of the set that the history stands for, where the tool has no version numbers
        #[arg(long = "to", value_name = "VERSION", allow_negative_numbers = true)]
        target: Option<i64>,
        /// Look and verify, write nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Record migrations as applied without running them
    Baseline {
        database: PathBuf,
        /// Up to this version; the latest without it
        #[arg(long = "to", value_name = "VERSION", allow_negative_numbers = true)]
        target: Option<i64>,
    },
    /// Accept the present text of migrations that were changed after they were applied
    Repair {
        database: PathBuf,
        /// Only this one; may be given more than once
        #[arg(long, value_name = "VERSION")]
        version: Vec<i64>,
        /// Accept what was changed in the schema by hand, too
        #[arg(long)]
        schema: bool,
    },
    /// Warn about what is likely to be regretted in the migration files
    Lint {
        /// Any database; the files alone are read
        #[arg(default_value = ":memory:", hide_default_value = true)]
        database: PathBuf,
    },
    /// Print the schema, what was changed in it by hand, and how another database's differs
    Schema {
        database: PathBuf,
        /// Another database file to compare with
        #[arg(long, value_name = "FILE")]
        compare: Option<String>,
    },
    /// Try the migrations on scratch databases with generated rows
    Test {
        /// Any database; it is not touched
        #[arg(default_value = ":memory:", hide_default_value = true)]
        database: PathBuf,
        /// Rows for each table
        #[arg(long)]
        rows: Option<u32>,
        /// What the rows are made from: the same seed makes the same
        #[arg(long)]
        seed: Option<u64>,
        /// Start from this version, 0 for an empty database; may be given more than once
        #[arg(long, value_name = "VERSION")]
        from: Vec<i64>,
        /// Do not try crashes
        #[arg(long)]
        no_crash: bool,
    },
    /// List every migration known or recorded, with its state
    Migrations {
        database: PathBuf,
    },
    /// Take a quick look that says whether somebody must act
    Health {
        database: PathBuf,
        /// A database without users is unhealthy
        #[arg(long)]
        require_users: bool,
    },
    /// Tell what a monitor of this process found wrong
    Alerts {
        database: PathBuf,
        /// Only the events after the one with this number
        #[arg(long, value_name = "NUMBER")]
        since: Option<u64>,
        /// Say that somebody looks after the alert with this key
        #[arg(long, value_name = "KEY")]
        acknowledge: Option<String>,
        /// Show those that are over, too
        #[arg(long)]
        all: bool,
    },
    Monitor(monitor::Monitor),
    /// Examine everything, the slow checks included
    #[command(alias = "diagnose")]
    Diagnostics {
        database: PathBuf,
    },
    /// Tell what was counted, what indexes are used, and who has the connections
    Metrics {
        database: PathBuf,
        /// json prints the report, prometheus the bare text that Prometheus reads
        #[arg(long, value_name = "FORMAT")]
        format: Option<String>,
        /// Most statements
        #[arg(long)]
        limit: Option<u64>,
        /// Do not plan the statements
        #[arg(long)]
        no_indexes: bool,
    },
    /// Tell how big the database is and what is in it
    Stats {
        database: PathBuf,
        /// Answer without scanning
        #[arg(long)]
        estimate: bool,
        /// Do not measure tables and indexes
        #[arg(long)]
        no_sizes: bool,
    },
    /// Move the write-ahead log into the database file
    Checkpoint {
        database: PathBuf,
        /// passive, full, restart or truncate
        #[arg(default_value = "passive")]
        mode: String,
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
}

impl Verb {
    pub(crate) fn database(&self) -> &Path {
        match self {
            Verb::Migrate { database, .. }
            | Verb::Rollback { database, .. }
            | Verb::Adopt { database, .. }
            | Verb::Baseline { database, .. }
            | Verb::Repair { database, .. }
            | Verb::Lint { database }
            | Verb::Schema { database, .. }
            | Verb::Test { database, .. }
            | Verb::Migrations { database }
            | Verb::Health { database, .. }
            | Verb::Alerts { database, .. }
            | Verb::Monitor(monitor::Monitor { database, .. })
            | Verb::Diagnostics { database }
            | Verb::Stats { database, .. }
            | Verb::Metrics { database, .. }
            | Verb::Checkpoint { database, .. }
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
            | Verb::Query { database, .. } => database,
            Verb::Script(script::Script { database, .. }) => database.as_deref().unwrap_or(Path::new(":memory:")),
        }
    }
}

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
        // why: what is typed in the one is `query` and `script`; the other is a handle with a monitor, held open
        verbs.retain(|verb| verb != "repl" && verb != "monitor");
        verbs.sort_unstable();
        assert_eq!(verbs, rpmadb::VERBS);
    }
}
