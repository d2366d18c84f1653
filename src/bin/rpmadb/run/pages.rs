//! `rpmadb completions` and `rpmadb man`: what shells and readers of manuals want to know of the command line.
//!
//! Leaves to others: the command line itself (`args`), from which both are made.

use std::io::Write as _;
use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;
use rpmadb::Error;

use crate::args::Args;
use crate::exit::Exit;
use crate::failure::Result;

pub(super) fn completions(shell: Shell) -> Result<Exit> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "rpmadb", &mut text);
    print(&text)
}

/// Prints the page of the command, or writes that and one of each verb into `folder`.
pub(super) fn man(folder: Option<&Path>) -> Result<Exit> {
    let command = Args::command();
    let Some(folder) = folder else {
        let mut text = Vec::new();
        clap_mangen::Man::new(command).render(&mut text).map_err(|error| Error::from_io("the manual", &error))?;
        return print(&text);
    };
    clap_mangen::generate_to(command, folder).map_err(|error| Error::from_io(folder.display().to_string(), &error))?;
    Ok(Exit::Done)
}

fn print(text: &[u8]) -> Result<Exit> {
    if std::io::stdout().write_all(text).is_err() {
        // nobody reads any more
        std::process::exit(1);
    }
    Ok(Exit::Done)
}
