//! What can be typed about scripts.

use std::path::PathBuf;

use clap::Args;

/// Run a Lua script: one that is built in, or a file
#[derive(Args)]
pub(crate) struct Script {
    #[arg(required_unless_present_any = ["check", "test"])]
    pub(crate) database: Option<PathBuf>,
    /// The name of a script that `rpmadb scripts` lists, or a file
    #[arg(value_name = "NAME|FILE", required_unless_present_any = ["check", "test"])]
    pub(crate) script: Option<String>,
    /// What the script finds in job.args
    #[arg(long = "arg", value_name = "KEY=VALUE")]
    pub(crate) args: Vec<String>,
    /// Run it, report, and roll back what it changed
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Only check scripts, without a database: syntax, heads, and names that are not there
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["database", "script", "args", "dry_run", "test"])]
    pub(crate) check: Vec<PathBuf>,
    /// Run the tests in files, and in the `*_test.lua` of folders, each on a fresh database in memory
    #[arg(long, value_name = "FILE|FOLDER", num_args = 1.., conflicts_with_all = ["database", "script", "args", "dry_run"])]
    pub(crate) test: Vec<PathBuf>,
}

/// List the scripts that are built in
#[derive(Args)]
pub(crate) struct Scripts {
    /// Any database; it is not read
    #[arg(default_value = ":memory:", hide_default_value = true)]
    pub(crate) database: PathBuf,
}
