//! What can be typed of the verbs about backups.
//!
//! Leaves to others: reading the files that hold secrets (`run/archive.rs`).
//!
//! Invariant: no argument holds a secret, because others see the arguments of a process.

use std::path::PathBuf;

use clap::Args;
use rpmadb::request;

/// Copy the live database
#[derive(Args)]
pub(crate) struct Backup {
    pub(crate) database: PathBuf,
    /// The new file; without it, a name with the time in --folder
    pub(crate) destination: Option<PathBuf>,
    /// The folder of the backups; retention tidies it up afterwards
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<String>,
    /// How deep to check the copy: pages, quick or full
    #[arg(long, value_name = "DEPTH", value_parser = depth)]
    pub(crate) verify: Option<request::Depth>,
    /// Do not check the copy
    #[arg(long, conflicts_with = "verify")]
    pub(crate) no_verify: bool,
    /// Replace the destination; it stays whole until the new one is
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Leave out free space
    #[arg(long, conflicts_with = "incremental")]
    pub(crate) compact: bool,
    /// Compress with zstd; level 1 without a number, at most 19
    #[arg(long, value_name = "LEVEL", num_args = 0..=1, require_equals = true, value_parser = clap::value_parser!(i32).range(1..=19))]
    pub(crate) compress: Option<Option<i32>>,
    /// Encrypt for this age recipient; may be given more than once
    #[arg(long, value_name = "RECIPIENT")]
    pub(crate) encrypt_to: Vec<String>,
    /// Encrypt with the passphrase in this file; else in the variable RPMADB_PASSPHRASE, if there is one
    #[arg(long, value_name = "FILE", conflicts_with = "encrypt_to")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Store only what changed since the newest backup in the folder, or since the one of this name
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true)]
    pub(crate) incremental: Option<Option<String>>,
    /// Keep retention away from it
    #[arg(long)]
    pub(crate) pin: bool,
    /// Do nothing when the folder has a scheduled backup younger than this
    #[arg(long, value_name = "HOURS")]
    pub(crate) every_hours: Option<u64>,
    #[command(flatten)]
    pub(crate) sign: Sign,
    #[command(flatten)]
    pub(crate) keep: Keep,
}

/// List the backups in a folder, newest first
#[derive(Args)]
pub(crate) struct Backups {
    /// The database; it may be missing or damaged
    pub(crate) database: PathBuf,
    /// The folder; without it, that of the database
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<String>,
    #[command(flatten)]
    pub(crate) sign: Sign,
}

/// Prove that a backup is whole and holds a sound database
#[derive(Args)]
pub(crate) struct Verify {
    /// The database; it may be missing or damaged
    pub(crate) database: PathBuf,
    /// The backup; a bare name is looked for in --folder first
    pub(crate) backup: PathBuf,
    #[arg(long, value_name = "FOLDER", help = FOLDER)]
    pub(crate) folder: Option<String>,
    /// How deep to look: pages, quick or full; quick without it
    #[arg(long, value_name = "DEPTH", value_parser = depth)]
    pub(crate) depth: Option<request::Depth>,
    #[command(flatten)]
    pub(crate) keys: Keys,
    #[command(flatten)]
    pub(crate) sign: Sign,
}

/// Bring back a backup, after it was proved and what is there was backed up
#[derive(Args)]
pub(crate) struct Restore {
    /// The database; it may be missing or damaged
    pub(crate) database: PathBuf,
    /// The backup; a bare name is looked for in --folder first
    pub(crate) backup: PathBuf,
    /// The folder of the backups; what is there is backed up into it, or beside the database without it
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<String>,
    /// Do not back up what is there
    #[arg(long)]
    pub(crate) no_backup: bool,
    /// Prove the backup, report, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Also one of a newer schema than the migrations know
    #[arg(long)]
    pub(crate) allow_newer: bool,
    /// Also a SQLite file that has no manifest, after a full check
    #[arg(long)]
    pub(crate) without_manifest: bool,
    #[command(flatten)]
    pub(crate) keys: Keys,
    #[command(flatten)]
    pub(crate) sign: Sign,
}

/// Bring back what the last restore replaced
#[derive(Args)]
pub(crate) struct UndoRestore {
    pub(crate) database: PathBuf,
    /// Where that restore put the backup of what was there; without it, beside the database
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<String>,
    #[command(flatten)]
    pub(crate) keys: Keys,
    #[command(flatten)]
    pub(crate) sign: Sign,
}

/// Remove the backups in a folder that no rule wants any more
#[derive(Args)]
pub(crate) struct Prune {
    pub(crate) database: PathBuf,
    // why not that of the database without it: what removes files is told where
    #[arg(long, value_name = "FOLDER", help = FOLDER)]
    pub(crate) folder: String,
    /// Report, and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) sign: Sign,
    #[command(flatten)]
    pub(crate) keep: Keep,
}

/// Keep retention away from a backup
#[derive(Args)]
pub(crate) struct Pin {
    pub(crate) database: PathBuf,
    /// The backup; a bare name is looked for in --folder first
    pub(crate) backup: PathBuf,
    #[arg(long, value_name = "FOLDER", help = FOLDER)]
    pub(crate) folder: Option<String>,
    /// Let retention have it again
    #[arg(long)]
    pub(crate) unpin: bool,
    #[command(flatten)]
    pub(crate) sign: Sign,
}

const FOLDER: &str = "The folder of the backups";

/// What opens an encrypted backup.
#[derive(Args)]
pub(crate) struct Keys {
    /// A file with age identities that open it; may be given more than once
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Vec<PathBuf>,
    /// A file with the passphrase that opens it; else the variable RPMADB_PASSPHRASE holds that
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// What signs manifests.
#[derive(Args)]
pub(crate) struct Sign {
    /// A file with the key that signs manifests, else in the variable RPMADB_SIGN_KEY; those without its signature are refused
    #[arg(long, value_name = "FILE")]
    pub(crate) sign_key_file: Option<PathBuf>,
}

/// Which backups stay.
#[derive(Args)]
#[command(next_help_heading = "Which backups in the folder stay (all, without any of the first six)")]
pub(crate) struct Keep {
    /// So many of the newest
    #[arg(long, value_name = "N")]
    pub(crate) keep_last: Option<u32>,
    /// The newest of each hour, for so many hours that have one
    #[arg(long, value_name = "N")]
    pub(crate) keep_hourly: Option<u32>,
    /// The newest of each day
    #[arg(long, value_name = "N")]
    pub(crate) keep_daily: Option<u32>,
    /// The newest of each week
    #[arg(long, value_name = "N")]
    pub(crate) keep_weekly: Option<u32>,
    /// The newest of each month
    #[arg(long, value_name = "N")]
    pub(crate) keep_monthly: Option<u32>,
    /// The newest of each year
    #[arg(long, value_name = "N")]
    pub(crate) keep_yearly: Option<u32>,
    /// Never fewer than this many verified full ones; 1 without it
    #[arg(long, value_name = "N")]
    pub(crate) keep_minimum: Option<u32>,
    /// Of those made before a migration, so many of the newest; 3 without it
    #[arg(long, value_name = "N")]
    pub(crate) keep_pre_migrate: Option<u32>,
    /// Of those made before a restore, so many of the newest; 3 without it
    #[arg(long, value_name = "N")]
    pub(crate) keep_pre_restore: Option<u32>,
}

fn depth(name: &str) -> Result<request::Depth, String> {
    request::Depth::from_name(name).ok_or_else(|| "must be pages, quick or full".to_owned())
}
