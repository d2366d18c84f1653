//! Questions before something is lost.
//!
//! Leaves to others: which verbs lose something (`run.rs`).
//!
//! Invariants: a line is read as the terminal gives it, so that no signal can leave the terminal in another mode; without a terminal nobody is asked and nothing is assumed: without --yes the command refuses.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use rpmadb::Error;

use crate::failure::{Failure, Result};
use crate::settings::Settings;
use crate::stop;

/// Goes on when somebody says so; `what` is what would be done, as in "restore a.db from b.db".
pub(crate) fn before(settings: &Settings, verb: &'static str, what: &str) -> Result<()> {
    if settings.yes {
        return Ok(());
    }
    // why both: the question is on stderr, so that stdout stays the report
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        let message = format!("this would {what}, and there is no terminal to ask on");
        return Err(Failure::usage(message, Some("add --yes when that is meant")));
    }
    let question = format!("This would {}. Go on? [y/N] ", crate::show::text::escaped(what));
    let asking = stop::while_asking(verb);
    let mut answer = String::new();
    let mut terminal = std::io::stderr();
    let read = terminal
        .write_all(question.as_bytes())
        .and_then(|()| terminal.flush())
        .and_then(|()| std::io::stdin().lock().read_line(&mut answer));
    drop(asking);
    match (read, answer.trim().to_lowercase().as_str()) {
        (Ok(_), "y" | "yes") => Ok(()),
        _ => Err(Error::Cancelled { verb }.into()),
    }
}
