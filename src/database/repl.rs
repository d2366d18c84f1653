//! [`Repl`]: lines of Lua on an open database.
//!
//! Leaves to others: the state that the lines share (`lua/repl.rs`).
//!
//! Invariant: each line is a call of its own, past the gate like every other.

use super::Database;
use crate::error::Result;
use crate::lua;
use crate::operation::Operation;
use crate::report;

/// Lines of Lua that share their globals; see [`Database::repl`].
#[derive(Debug)]
pub struct Repl<'d> {
    database: &'d Database,
    lines: lua::Lines,
}

impl Repl<'_> {
    pub(super) fn new(database: &Database) -> Result<Repl<'_>> {
        database.call("script", &Operation::new(), |core, operation| {
            operation.about(|| "lines that are typed".to_owned());
            let lines = lua::Lines::new(core.limits.memory_bytes)?;
            Ok(Repl { database, lines })
        })
    }

    /// Runs a line with the limits of scripts, and reports what it gives. A line that is no whole statement yet is not run, and the
    /// report says so: come again with it and the next.
    pub fn run(&self, line: &str, operation: &Operation) -> Result<report::ReplLine> {
        self.database.call("script", operation, |core, operation| {
            operation.about(|| "a line that is typed".to_owned());
            self.lines.run(line, &self.database.session(core)?, operation)
        })
    }
}
