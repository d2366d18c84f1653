//! `alerts`: what is wrong for long enough that somebody should know, and what became of it.
//!
//! A look (`look`) gives `readings`; the `rules` say what is wrong with them; the `engine` makes alerts of that; the `board` is
//! where they are kept for whoever asks.
//! Leaves to others: when to look, and telling the host (`database/monitor.rs`).
//!
//! Invariant: all but `look` works on plain values, so that it is tried with a clock and readings that a test makes up.

mod board;
mod engine;
mod look;
mod pace;
pub mod readings;
mod rules;
mod survey;

pub use board::{Board, Duties, Duty, Integrity};
pub use look::Look;
pub use pace::Pace;
pub use rules::judge;
pub use survey::Survey;

use crate::error::Result;
use crate::report;
use crate::request;

/// Tells of the alerts of a database, or that nobody watches it.
pub fn run(board: &Board, request: &request::Alerts, actor: &str) -> Result<report::Alerts> {
    board.alerts(request, actor)
}
