//! The command `rpmadb`: reads arguments, calls the public Rust API, prints the report.
//!
//! `args` is what can be typed, `settings` what follows from it and from variables and files, `run` does it, `show` prints it, `exit`
//! says how it ended. `ask` asks before something is lost, `progress` shows how far it is, `stop` hears Ctrl-C, `words` says
//! what the library says in the words of the command line. `html` is the report for a
//! customer, `top` the live view.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what a command is for")]

#[macro_use]
mod show;

mod args;
mod ask;
mod exit;
mod failure;
mod html;
mod progress;
mod run;
mod settings;
mod stop;
mod top;
mod words;

use std::process::ExitCode;

fn main() -> ExitCode {
    match args::Args::read(std::env::args_os()) {
        Ok(args) => run::run(&args).into(),
        Err(error) => run::usage(&error).into(),
    }
}
