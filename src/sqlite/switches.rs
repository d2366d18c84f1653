//! The switches of a connection: foreign-key enforcement, which migrations turn, and what SQLite really uses of our settings.
//!
//! Leaves to others: setting them at the open (`connection.rs`), judging them (`ops/health.rs`).
//!
//! Invariant: looking at them never makes SQLite parse the schema.

use std::sync::atomic::Ordering;

use rusqlite::config::DbConfig;

use super::connection::Connection;
use super::settings::Settings;
use crate::error::Result;
use crate::request::Synchronous;

/// What SQLite really uses on one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effective {
    /// Whether foreign keys are enforced.
    pub foreign_keys: bool,
    /// Whether the schema is trusted.
    pub trusted_schema: bool,
    /// Whether the defensive mode is on.
    pub defensive: bool,
    /// `None` on a connection that has not been used to write yet, and so has not been told.
    pub synchronous: Option<&'static str>,
}

impl Effective {
    /// What it would be if all were as the settings say.
    #[must_use]
    pub fn wanted(&self, settings: &Settings) -> Effective {
        Effective {
            foreign_keys: settings.foreign_keys,
            trusted_schema: settings.trusted_schema,
            defensive: settings.defensive,
            // why what was found: a connection is told when it is first used to write, and until then there is nothing to compare
            synchronous: self.synchronous.map(|_| settings.synchronous.name()),
        }
    }
}

impl Connection {
    /// What SQLite really uses here.
    pub fn effective(&self) -> Result<Effective> {
        let synchronous = match self.is_settled() {
            true => self.value::<i64>("PRAGMA synchronous", &[])?.and_then(synchronous_name),
            false => None,
        };
        Ok(Effective {
            foreign_keys: self.enforces_foreign_keys()?,
            trusted_schema: self.switch(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA)?,
            defensive: self.is_defensive()?,
            synchronous,
        })
    }

    fn switch(&self, switch: DbConfig) -> Result<bool> {
        self.raw().db_config(switch).map_err(|error| self.failure(error))
    }

    /// Whether SQLite's defensive mode is on.
    pub fn is_defensive(&self) -> Result<bool> {
        self.switch(DbConfig::SQLITE_DBCONFIG_DEFENSIVE)
    }

    /// Switches foreign-key enforcement until the guard is dropped. Only outside a transaction.
    pub fn foreign_keys(&self, on: bool) -> Result<ForeignKeys> {
        let before = self.shared.foreign_keys.swap(on, Ordering::Relaxed);
        let guard = ForeignKeys { connection: self.clone(), before };
        self.set_foreign_keys(on)?;
        Ok(guard)
    }

    /// Switches enforcement in the middle of a transaction, where the pragma would do nothing. What was done while it was off
    /// stays unchecked, so whoever calls this looks for violations before the commit.
    pub fn enforce_foreign_keys(&self, on: bool) -> Result<()> {
        self.set_foreign_keys(on)
    }

    /// Whether foreign keys are enforced at this moment.
    pub fn enforces_foreign_keys(&self) -> Result<bool> {
        self.switch(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY)
    }

    fn set_foreign_keys(&self, on: bool) -> Result<()> {
        let inner = self.raw();
        inner.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, on).map(|_| ()).map_err(|error| self.failure(error))
    }
}

fn synchronous_name(number: i64) -> Option<&'static str> {
    let all = [Synchronous::Off, Synchronous::Normal, Synchronous::Full, Synchronous::Extra];
    all.get(usize::try_from(number).ok()?).map(|level| level.name())
}

/// See [`Connection::foreign_keys`].
pub struct ForeignKeys {
    connection: Connection,
    before: bool,
}

impl Drop for ForeignKeys {
    fn drop(&mut self) {
        self.connection.shared.foreign_keys.store(self.before, Ordering::Relaxed);
        // why ignored: SQLite documents no failure of this option on an open connection
        let _ = self.connection.set_foreign_keys(self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Open;

    #[test]
    fn foreign_keys_come_back_whatever_happens() {
        let connection = Connection::open_in_memory().expect("opens");
        let asked = || connection.value::<i64>("PRAGMA foreign_keys", &[]).expect("answers");
        {
            let _off = connection.foreign_keys(false).expect("switches");
            assert_eq!(asked(), Some(0));
        }
        assert_eq!(asked(), Some(1));
    }

    #[test]
    fn what_sqlite_uses_is_asked_of_sqlite() {
        let options = Open { synchronous: Synchronous::Extra, trusted_schema: true, ..Open::default() };
        let connection = Connection::open(&Settings::new(None, &options), true, false).expect("opens");
        let wanted = Effective { foreign_keys: true, trusted_schema: true, defensive: true, synchronous: None };
        assert_eq!(connection.effective(), Ok(wanted), "not told yet how to synchronise");
        connection.settle().expect("settles");
        assert_eq!(connection.effective(), Ok(Effective { synchronous: Some("extra"), ..wanted }));
        connection.execute_batch("PRAGMA synchronous=off; PRAGMA foreign_keys=off").expect("sets");
        let changed = Effective { synchronous: Some("off"), foreign_keys: false, ..wanted };
        assert_eq!(connection.effective(), Ok(changed));
    }
}
