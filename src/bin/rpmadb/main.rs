//! The command `rpmadb`: reads arguments, calls the public Rust API, prints the report.
//!
//! `args` is what can be typed, `run` does it, `show` prints it. Exit codes: 0 done, 1 failed, 2 wrong usage.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what a command is for")]

mod args;
mod run;
mod show;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // clap itself prints usage errors and exits with 2
    run::run(&args::Args::parse())
}
