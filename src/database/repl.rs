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
        let call = database.gate.enter("script", database.role, &Operation::new())?;
        let lines = lua::Lines::new(call.core().limits.memory_bytes)?;
        Ok(Repl { database, lines })
    }

    /// Runs a line with the limits of scripts, and reports what it gives. A line that is no whole statement yet is not run, and the
    /// report says so: come again with it and the next.
    pub fn run(&self, line: &str, operation: &Operation) -> Result<report::ReplLine> {
        let call = self.database.gate.enter("script", self.database.role, operation)?;
        self.lines.run(line, &self.database.session(call.core())?, call.operation())
    }
}
