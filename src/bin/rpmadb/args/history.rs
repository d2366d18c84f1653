//! What can be typed of the verbs about migrations.
//!
//! Leaves to others: doing it (`run/history.rs`).

use std::path::PathBuf;

use clap::Args;

/// Create the database if it is missing, and apply what is pending
#[derive(Args)]
pub(crate) struct Migrate {
    pub(crate) database: PathBuf,
    /// Stop after this version
    #[arg(long = "to", value_name = "VERSION", allow_negative_numbers = true)]
    pub(crate) target: Option<i64>,
    /// Run everything, report, and roll back
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Warn about the files first, as `rpmadb lint` does, and apply nothing when there is something to warn about
    #[arg(long)]
    pub(crate) lint: bool,
    /// Back up first into this folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) backup: Option<String>,
    /// How long to wait for the write lock, in milliseconds
    #[arg(long, value_name = "MS")]
    pub(crate) lock_timeout: Option<u64>,
    /// Apply a pending migration that is lower than one already applied
    #[arg(long)]
    pub(crate) allow_out_of_order: bool,
    /// Commit each migration by itself
    #[arg(long)]
    pub(crate) per_file: bool,
}

/// Step back to an earlier version
#[derive(Args)]
pub(crate) struct Rollback {
    pub(crate) database: PathBuf,
    /// The version to go back to; 0 takes back everything
    #[arg(
        value_name = "VERSION",
        allow_negative_numbers = true,
        required_unless_present = "to",
        conflicts_with = "to"
    )]
    version: Option<i64>,
    /// The same
    #[arg(long, value_name = "VERSION", allow_negative_numbers = true)]
    to: Option<i64>,
    /// Run everything, report, and undo it again
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Back up first into this folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) backup: Option<String>,
    /// How long to wait for the write lock, in milliseconds
    #[arg(long, value_name = "MS")]
    pub(crate) lock_timeout: Option<u64>,
}

impl Rollback {
    /// The version to go back to.
    pub(crate) fn target(&self) -> i64 {
        // why the default: never used, because clap lets no call through without one of the two
        self.version.or(self.to).unwrap_or(i64::MAX)
    }
}

/// Make the files of the next migration, with a way back
#[derive(Args)]
pub(crate) struct New {
    /// What it does, such as add_tags: lower-case letters, digits and `_`
    pub(crate) name: String,
    /// Make a Lua migration
    #[arg(long)]
    pub(crate) lua: bool,
    /// Make no file for the way back
    #[arg(long, conflicts_with = "lua")]
    pub(crate) no_down: bool,
}

/// Take over the history that another migration tool left in the database
#[derive(Args)]
pub(crate) struct Adopt {
    pub(crate) database: PathBuf,
    /// Whose it is; found out without it
    #[arg(long)]
    pub(crate) tool: Option<String>,
    /// The version of the set that the history stands for, where the tool has no version numbers
    #[arg(long = "to", value_name = "VERSION", allow_negative_numbers = true)]
    pub(crate) target: Option<i64>,
    /// Look and verify, write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Record migrations as applied without running them
#[derive(Args)]
pub(crate) struct Baseline {
    pub(crate) database: PathBuf,
    /// Up to this version; the latest without it
    #[arg(long = "to", value_name = "VERSION", allow_negative_numbers = true)]
    pub(crate) target: Option<i64>,
}

/// Accept the present text of migrations that were changed after they were applied
#[derive(Args)]
pub(crate) struct Repair {
    pub(crate) database: PathBuf,
    /// Only this one; may be given more than once
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Vec<i64>,
    /// Accept what was changed in the schema by hand, too
    #[arg(long)]
    pub(crate) schema: bool,
}

/// Warn about what is likely to be regretted in the migration files
#[derive(Args)]
pub(crate) struct Lint {
    /// Any database; the files alone are read
    #[arg(default_value = ":memory:", hide_default_value = true)]
    pub(crate) database: PathBuf,
}

/// Print the schema, what was changed in it by hand, and how another database's differs
#[derive(Args)]
pub(crate) struct Schema {
    pub(crate) database: PathBuf,
    /// Another database file to compare with
    #[arg(long, value_name = "FILE", conflicts_with = "against_files")]
    pub(crate) compare: Option<String>,
    /// Compare with what the migration files make
    #[arg(long)]
    pub(crate) against_files: bool,
}

/// Try the migrations on scratch databases with generated rows
#[derive(Args)]
pub(crate) struct Test {
    /// Any database; it is not touched
    #[arg(default_value = ":memory:", hide_default_value = true)]
    pub(crate) database: PathBuf,
    /// Rows for each table
    #[arg(long)]
    pub(crate) rows: Option<u32>,
    /// What the rows are made from: the same seed makes the same
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Start from this version, 0 for an empty database; may be given more than once
    #[arg(long, value_name = "VERSION")]
    pub(crate) from: Vec<i64>,
    /// Do not try crashes
    #[arg(long)]
    pub(crate) no_crash: bool,
}
