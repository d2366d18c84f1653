//! SQLite's own check of a database, on a connection that sees all there is to check.
//!
//! Leaves to others: when to check, and what a finding means.
//!
//! Invariants: nothing is written. SQLite loads the CHECK constraints of a schema only on a connection that may write, so the
//! check has one of its own and tells it not to (`query_only`). The readers stay what they are: unable to write.

use super::access::{Access, Lease};
use super::connection::Connection;
use super::settings::Settings;
use super::value::Value;
use crate::error::{Error, Result};
use crate::operation::Operation;

/// A connection to check with; closed or given back when dropped.
pub struct Checker<'a> {
    // declared before `lease`: fields drop in order, and whoever waits to replace the file must find it closed
    own: Option<Connection>,
    lease: Lease<'a>,
}

impl std::ops::Deref for Checker<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.own.as_ref().unwrap_or(&self.lease)
    }
}

impl Access {
    /// A connection to check with, waiting as for a reader, in whose place it is. Where the handle or the file may only be read
    /// it is one that knows no CHECK constraints.
    pub fn checker(&self, operation: &Operation) -> Result<Checker<'_>> {
        let lease = self.reader(operation)?;
        let settings = self.settings();
        // why the leased one: that of a transaction sees what is not committed, and a database in memory has no other
        let is_leased = self.is_bound() || settings.read_only || settings.path.is_none();
        let own = if is_leased { None } else { Some(Connection::open_to_check(settings)?) };
        Ok(Checker { own, lease })
    }
}

impl Connection {
    /// Opens the file of `settings` so that its CHECK constraints are known and nothing is written.
    pub fn open_to_check(settings: &Settings) -> Result<Connection> {
        let connection = Connection::open(settings, false, false)?;
        connection.execute_batch("PRAGMA query_only=1")?;
        Ok(connection)
    }

    /// What SQLite's full check finds, at most `most` findings; none when all is well. That the file is too damaged for a check is a
    /// finding as well, the last.
    pub fn integrity(&self, most: usize) -> Result<Vec<String>> {
        self.findings("integrity_check", most)
    }

    /// The same of SQLite's quick check, which does not compare indexes with their tables.
    pub fn quick_check(&self, most: usize) -> Result<Vec<String>> {
        self.findings("quick_check", most)
    }

    fn findings(&self, check: &str, most: usize) -> Result<Vec<String>> {
        let mut findings = Vec::new();
        let checked = self.ours(&format!("PRAGMA {check}({most})"), |statement| {
            statement.for_each(|row| {
                if let Value::Text(text) = row.value(0)
                    && text != "ok"
                {
                    findings.push(text);
                }
                Ok(true)
            })
        });
        match checked {
            // why behind the others: they tell the page
            Err(Error::Corrupt { detail, .. }) => findings.push(detail),
            checked => checked?,
        }
        Ok(findings)
    }
}
