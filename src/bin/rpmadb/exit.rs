//! How the command ends: what its exit code says.
//!
//! Leaves to others: printing what went wrong (`show/failure.rs`).
//!
//! Invariant: numbers keep their meaning; a script of somebody's relies on each.

use std::process::ExitCode;

/// What the exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It was done, and all is well.
    Done,
    /// It failed, was cancelled, or a proof did not hold.
    Failed,
    /// Wrong usage: flags, variables or the file of settings.
    Usage,
    /// Migrations are pending.
    Pending,
    /// Somebody must look after the database.
    Unhealthy,
}

impl Exit {
    /// `Done` when it holds, else `Failed`.
    pub(crate) fn passed(holds: bool) -> Exit {
        if holds { Exit::Done } else { Exit::Failed }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Pending => 3,
            Exit::Unhealthy => 4,
        })
    }
}
