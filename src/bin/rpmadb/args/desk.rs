//! What can be typed of the verbs that measure and tell.
//!
//! Leaves to others: doing it (`run.rs`, `run/doctor.rs`).

use std::path::PathBuf;

use clap::Args;

/// Look at everything at once: health, damage, migrations, backups, the audit; exit 4 when unhealthy, 3 when only migrations are pending
#[derive(Args)]
pub(crate) struct Doctor {
    pub(crate) database: PathBuf,
    /// The folder of the backups; without it, that of the settings
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<String>,
    /// Leave out the slow checks: integrity, foreign keys, the proof of the audit
    #[arg(long)]
    pub(crate) fast: bool,
    /// A database without users is unhealthy
    #[arg(long)]
    pub(crate) require_users: bool,
}

/// Tell how big the database is and what is in it
#[derive(Args)]
pub(crate) struct Stats {
    pub(crate) database: PathBuf,
    /// Answer without scanning
    #[arg(long)]
    pub(crate) estimate: bool,
    /// Do not measure tables and indexes
    #[arg(long)]
    pub(crate) no_sizes: bool,
}

/// Tell what was counted, what indexes are used, and who has the connections
#[derive(Args)]
pub(crate) struct Metrics {
    pub(crate) database: PathBuf,
    /// json prints the report, prometheus the bare text that Prometheus reads
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// Most statements
    #[arg(long)]
    pub(crate) limit: Option<u64>,
    /// Do not plan the statements
    #[arg(long)]
    pub(crate) no_indexes: bool,
}

/// Tell what a monitor of this process found wrong
#[derive(Args)]
pub(crate) struct Alerts {
    pub(crate) database: PathBuf,
    /// Only the events after the one with this number
    #[arg(long, value_name = "NUMBER")]
    pub(crate) since: Option<u64>,
    /// Say that somebody looks after the alert with this key
    #[arg(long, value_name = "KEY")]
    pub(crate) acknowledge: Option<String>,
    /// Show those that are over, too
    #[arg(long)]
    pub(crate) all: bool,
}

/// Show what is set, and whether by a flag, a variable, the file rpmadb.toml or a default
#[derive(Args)]
pub(crate) struct Config {
    /// The database beside which the file is; without it, the file of the current folder
    #[arg(default_value = ":memory:", hide_default_value = true)]
    pub(crate) database: PathBuf,
    /// Leave out what is not set
    #[arg(long)]
    pub(crate) changed: bool,
}

/// Print the completion script of a shell
#[derive(Args)]
pub(crate) struct Completions {
    pub(crate) shell: clap_complete::Shell,
}

/// Print the manual page
#[derive(Args)]
pub(crate) struct Man {
    /// Write the page, and one of each verb, into this folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}

/// Write one HTML file for people who have no access: health, sizes, growth, advice, migrations, backups
#[derive(Args)]
pub(crate) struct Report {
    pub(crate) database: PathBuf,
    /// The new file; - prints it
    pub(crate) file: PathBuf,
    /// Replace the file
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// The folder of the backups; without it, that of the settings, or of the database
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<String>,
    /// What the host counted: the document of rpmadb_metrics
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics: Option<PathBuf>,
    /// What the host's monitor found: the document of rpmadb_alerts
    #[arg(long, value_name = "FILE")]
    pub(crate) alerts: Option<PathBuf>,
}

/// Watch who has the database open, its log, its disk and the slowest calls; q quits
#[derive(Args)]
pub(crate) struct Top {
    pub(crate) database: PathBuf,
    /// Between two looks, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(100..=60_000))]
    pub(crate) every: u64,
    /// Print one look and end
    #[arg(long)]
    pub(crate) once: bool,
}
