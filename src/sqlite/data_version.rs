//! Which state a database is in, as a number that can be kept and compared.
//!
//! Leaves to others: what is worth keeping (`ops/stats.rs`).
//!
//! Invariant: equal versions mean that nothing was committed in between, whoever might have: SQLite counts both the
//! commits of the connection that is asked and those it finds when it next begins to read. Numbers of two connections
//! cannot be compared, so the writer is asked, of which there is one; a reader that has begun between two equal answers
//! sees the state they stand for.

use std::time::Duration;

use super::access::{Access, Lease};
use super::connection::Connection;
use crate::error::{Error, Result};
use crate::operation::Operation;

/// A state of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataVersion {
    connection: u64,
    number: u32,
}

impl Connection {
    /// The state that a statement on this connection would see now.
    fn data_version(&self) -> Result<DataVersion> {
        let _locked = self.raw();
        // why first: SQLite looks for commits of others when it begins to read, and not before
        self.value::<i64>("PRAGMA data_version", &[])?;
        self.data_version_inside()
    }
}

impl Connection {
    /// The state that the open transaction sees, or right behind a transaction the one that it left; asks nobody anew.
    pub fn data_version_inside(&self) -> Result<DataVersion> {
        let mut number = 0;
        self.raw()
            .file_control(Some(rusqlite::MAIN_DB), rusqlite::FileControl::DataVersion(&mut number))
            .map_err(|error| self.failure(error))?;
        Ok(DataVersion { connection: self.id(), number })
    }
}

impl Access {
    /// The state of the database, while the caller holds `lease`; `None` while it cannot be told: inside a transaction, and
    /// when the writer is at work. Waits for nobody.
    pub fn data_version(&self, lease: &Lease<'_>, operation: &Operation) -> Result<Option<DataVersion>> {
        let asked = match self {
            Access::Bound { .. } => return Ok(None),
            // why: a database in memory has one connection, and the caller holds it
            Access::Pool(_) if lease.is_writer() => lease.data_version(),
            Access::Pool(_) => self.first(operation, Duration::ZERO).and_then(|writer| {
                let _at_once = writer.wait_for_locks(Duration::ZERO);
                writer.data_version()
            }),
        };
        match asked {
            Ok(version) => Ok(Some(version)),
            Err(Error::Busy { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Open;
    use crate::sqlite::{Pool, Settings};
    use std::sync::Arc;

    fn pool(path: Option<std::path::PathBuf>, options: &Open) -> Access {
        Access::Pool(Arc::new(Pool::open(Settings::new(path, options)).expect("opens").0))
    }

    fn version(access: &Access) -> DataVersion {
        let operation = Operation::new();
        let reader = access.reader(&operation).expect("a reader");
        access.data_version(&reader, &operation).expect("answers").expect("nobody writes")
    }

    fn write(access: &Access, sql: &str) {
        access.writer(&Operation::new()).expect("the writer").execute_batch(sql).expect(sql);
    }

    #[test]
    fn a_commit_of_anybody_changes_it_and_nothing_else_does() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, mode) in [("w.db", "wal"), ("d.db", "delete")] {
            let path = folder.path().join(name);
            let access = pool(Some(path.clone()), &Open::default());
            write(&access, &format!("PRAGMA journal_mode={mode}; CREATE TABLE t (a)"));
            let other = Connection::open(&Settings::new(Some(path), &Open::default()), false, false).expect("opens");
            let mut seen = vec![version(&access)];
            assert_eq!(seen[0], version(&access), "{mode}: nothing happened");
            other.value::<i64>("SELECT count(*) FROM t", &[]).expect("reads");
            assert_eq!(seen[0], version(&access), "{mode}: another only read");
            let mut note = |what: &str| {
                let found = version(&access);
                assert!(!seen.contains(&found), "{mode}: {what}");
                seen.push(found);
            };
            write(&access, "INSERT INTO t VALUES (1)");
            note("our writer");
            other.execute_batch("INSERT INTO t VALUES (2)").expect("writes");
            note("another connection");
            write(&access, "CREATE INDEX i ON t (a)");
            note("an index");
            write(&access, "PRAGMA user_version=7");
            note("a number in the header");
        }
    }

    #[test]
    fn a_database_in_memory_has_one_too() {
        let access = pool(None, &Open::default());
        let before = version(&access);
        assert_eq!(before, version(&access));
        write(&access, "CREATE TABLE t (a)");
        assert_ne!(before, version(&access));
    }

    #[test]
    fn it_is_unknown_while_somebody_writes_and_nobody_waits() {
        let folder = tempfile::tempdir().expect("a folder");
        let access = pool(Some(folder.path().join("a.db")), &Open::default());
        let operation = Operation::new();
        let reader = access.reader(&operation).expect("a reader");
        let writer = access.writer(&operation).expect("the writer");
        let start = std::time::Instant::now();
        assert_eq!(access.data_version(&reader, &operation), Ok(None));
        writer.begin_immediate().expect("begins");
        let bound = access.bind(&writer);
        let lease = bound.reader(&operation).expect("itself");
        assert_eq!(bound.data_version(&lease, &operation), Ok(None));
        assert!(start.elapsed() < Duration::from_secs(1));
    }
}
