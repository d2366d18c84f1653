//! What can be typed of the monitor.
//!
//! Leaves to others: watching (`run/monitor.rs`).

use std::path::PathBuf;

use clap::Args;

use super::archive::{Keep, Sign};

/// Watch a database until stopped, run what is due, and print each alert
#[derive(Args)]
pub(crate) struct Monitor {
    pub(crate) database: PathBuf,
    /// Between two looks, in milliseconds; 1000 without it
    #[arg(long, value_name = "MS")]
    pub(crate) tick: Option<u64>,
    /// Look and tell, and run no task
    #[arg(long, conflicts_with_all = ["folder", "every_hours"])]
    pub(crate) looks_only: bool,
    /// The folder of the backups
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<String>,
    /// Make a backup when the newest scheduled one is older than this
    #[arg(long, value_name = "HOURS")]
    pub(crate) every_hours: Option<u64>,
    #[command(flatten)]
    pub(crate) sign: Sign,
    #[command(flatten)]
    pub(crate) keep: Keep,
}
