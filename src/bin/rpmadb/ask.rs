//! Questions before something is lost.
//!
//! Leaves to others: which verbs lose something (`run.rs`).
//!
//! Invariant: without a terminal nobody is asked and nothing is assumed: without --yes the command refuses.

use std::io::IsTerminal as _;

use dialoguer::Confirm;
use rpmadb::Error;

use crate::failure::{Failure, Result};
use crate::settings::Settings;

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
    let question = format!("This would {what}. Go on?");
    // why newline: one key typed ahead must not be an answer
    let answer = Confirm::new().with_prompt(question).default(false).wait_for_newline(true).report(true).interact_opt();
    match answer {
        Ok(Some(true)) => Ok(()),
        _ => Err(Error::Cancelled { verb }.into()),
    }
}
