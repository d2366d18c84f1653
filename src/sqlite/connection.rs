//! One connection to SQLite, configured, watched and shareable.
//!
//! Leaves to others: which connection a call gets (`access.rs`), running statements (`statements.rs` inside), binding and rows (`statement.rs`).
//!
//! Invariants: clones are one connection, and a lock around it makes each statement whole, so a connection may be
//! handed to the thread of a script or callback while its owner waits. Opening never looks at the schema, because
//! SQLite then parses all of it; what needs the schema waits for [`Connection::settle`].

mod raw;
mod statements;
mod transaction;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, ReentrantMutex};
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;

use super::engine::{self, Engine};
use super::failure::{Failure, from_code, os_error};
use super::file;
use super::fork;
use super::heap;
use super::meter::Meter;
use super::rules::Rules;
use super::settings::{Common, Settings};
use super::waiting::{BusyWait, busy_handler, must_stop, to_ms};
use super::watch::Watch;
use crate::error::{Error, Result};

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// A connection; clones share it.
#[derive(Clone)]
pub struct Connection {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    /// A number no other connection of this process has or had.
    id: u64,
    inner: ReentrantMutex<rusqlite::Connection>,
    rules: Rules,
    busy_wait_ms: Arc<AtomicU64>,
    display: String,
    in_memory: bool,
    settled: AtomicBool,
    synchronous: Option<&'static str>,
    pub(super) foreign_keys: AtomicBool,
    common: Arc<Common>,
    /// When the open transaction was begun, while metrics are on.
    began: Mutex<Option<Instant>>,
    watch: Mutex<Option<Arc<dyn Watch>>>,
    /// Whether the functions of `limits.rs` are set.
    pub(super) scripted: AtomicBool,
    /// See [`Connection::set_line`]; 0 for none.
    line: AtomicU32,
    changes_at_begin: AtomicU64,
}

impl Connection {
    /// Opens the file of `settings`; `create` lets SQLite make it, `read_only` opens it for reading alone.
    pub fn open(settings: &Settings, create: bool, read_only: bool) -> Result<Connection> {
        engine::ready()?;
        fork::must_not_be_an_heir()?;
        heap::install();
        // why private: a host may have switched on the shared cache for its process, whose locks wait for nobody
        let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
        flags |= if read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
        if create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let path = file::as_path(settings.path.as_deref().unwrap_or(Path::new(":memory:")));
        let inner = rusqlite::Connection::open_with_flags(&path, flags).map_err(|error| match error {
            rusqlite::Error::SqliteFailure(code, message) => {
                from_code(code.extended_code, message.unwrap_or_else(|| code.to_string()), &settings.display(), 0, 0)
            }
            rusqlite::Error::SqliteSingleThreadedMode => Error::Unsupported {
                what: "a SQLite for one thread alone".into(),
                instead: Some(
                    "use one that was compiled and configured for threads, or the build of rpmadb with one of its own",
                ),
            },
            other => Error::InvalidArgument { name: "path".into(), reason: other.to_string() },
        })?;
        Connection::wrap(inner, settings, read_only)
    }

    /// A new database in memory, with default settings.
    #[cfg(test)]
    pub fn open_in_memory() -> Result<Connection> {
        let settings = Settings::new(None, &crate::request::Open::default());
        Connection::open(&settings, true, false)
    }

    /// Configures an open SQLite connection and sets our handlers.
    pub(super) fn wrap(mut inner: rusqlite::Connection, settings: &Settings, read_only: bool) -> Result<Connection> {
        let rules = Rules::default();
        let busy_wait_ms = Arc::new(AtomicU64::new(to_ms(settings.busy_timeout)));
        let configured = (|| {
            for (option, on) in [
                (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, settings.foreign_keys),
                (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, settings.trusted_schema),
                (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, settings.defensive),
            ] {
                inner.set_db_config(option, on)?;
            }
            if settings.mmap_size > 0 {
                // why not the file control: the pager does not hear of it
                inner.pragma_update(None, "mmap_size", i64::try_from(settings.mmap_size).unwrap_or(i64::MAX))?;
            }
            inner.set_prepared_statement_cache_capacity(settings.statement_cache);
            inner.busy_handler(Some(busy_handler(Arc::clone(&busy_wait_ms), Arc::clone(&settings.common))))?;
            inner.progress_handler(heap::STEPS_BETWEEN_POLLS, Some(must_stop))?;
            let authorizer = rules.clone();
            inner.authorizer(Some(move |context: rusqlite::hooks::AuthContext<'_>| authorizer.authorize(&context)))
        })();
        let connection = Connection {
            shared: Arc::new(Shared {
                id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
                inner: ReentrantMutex::new(inner),
                rules,
                busy_wait_ms,
                display: settings.display(),
                in_memory: settings.path.is_none(),
                settled: AtomicBool::new(false),
                synchronous: (!read_only).then(|| settings.synchronous.name()),
                foreign_keys: AtomicBool::new(settings.foreign_keys),
                common: Arc::clone(&settings.common),
                began: Mutex::default(),
                watch: Mutex::default(),
                scripted: AtomicBool::new(false),
                line: AtomicU32::new(0),
                changes_at_begin: AtomicU64::new(0),
            }),
        };
        configured.map_err(|error| connection.failure(error))?;
        // why already now: a SQLite that is not ours may be one that does not let it be done in a transaction
        if Engine::IS_SHARED {
            connection.replace_functions()?;
        }
        Ok(connection)
    }

    /// Whether [`Connection::settle`] has done its work.
    pub(super) fn is_settled(&self) -> bool {
        self.shared.settled.load(Ordering::Acquire)
    }

    /// Applies, once, the settings that make SQLite parse the schema. Called before a connection is first used to write.
    pub fn settle(&self) -> Result<()> {
        if self.is_settled() {
            return Ok(());
        }
        if let Some(synchronous) = self.shared.synchronous {
            self.execute_batch(&format!("PRAGMA synchronous={synchronous}"))?;
        }
        // why only now: after a failure the next call must try again
        self.shared.settled.store(true, Ordering::Release);
        Ok(())
    }

    /// The error for a failure of this connection.
    pub(super) fn failure(&self, error: rusqlite::Error) -> Error {
        self.failure_with_offset(error).error
    }

    fn failure_with_offset(&self, error: rusqlite::Error) -> Failure {
        let os_error = os_error(&self.raw());
        let failure = Failure::new(error, &self.shared.rules, &self.shared.display, self.busy_wait_ms(), os_error);
        if let (true, Some(ballast)) = (failure.is_disk_full, &self.shared.common.ballast) {
            ballast.release();
        }
        failure
    }

    /// Who counts what runs on this connection; `None` when metrics are off.
    pub(super) fn meter(&self) -> Option<&Arc<Meter>> {
        self.shared.common.meter.as_ref()
    }

    /// The file as messages name it.
    pub(super) fn display(&self) -> String {
        self.shared.display.clone()
    }

    /// A number no other connection of this process has or had.
    pub(super) fn id(&self) -> u64 {
        self.shared.id
    }

    /// How long it waits for locks of other connections; `PRAGMA busy_timeout` does not know of our handler.
    #[must_use]
    pub fn busy_wait_ms(&self) -> u64 {
        self.shared.busy_wait_ms.load(Ordering::Relaxed)
    }

    /// Until the guard is dropped, waits for locks of other connections at most this long.
    #[must_use]
    pub fn wait_for_locks(&self, limit: Duration) -> BusyWait {
        let before = self.shared.busy_wait_ms.swap(to_ms(limit), Ordering::Relaxed);
        BusyWait { cell: Arc::clone(&self.shared.busy_wait_ms), before }
    }

    pub(super) fn raw(&self) -> parking_lot::ReentrantMutexGuard<'_, rusqlite::Connection> {
        self.shared.inner.lock()
    }

    /// Until the guard is dropped, `watch` hears of every statement of users and migrations on this connection.
    #[must_use]
    pub fn watch(&self, watch: Arc<dyn Watch>) -> Watched {
        *self.shared.watch.lock() = Some(watch);
        Watched { connection: self.clone() }
    }

    /// Says which line of a script the next statement comes from.
    pub fn set_line(&self, line: Option<u32>) {
        self.shared.line.store(line.unwrap_or(0), Ordering::Relaxed);
    }

    /// The line that `set_line` said.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        Some(self.shared.line.load(Ordering::Relaxed)).filter(|line| *line > 0)
    }

    /// Whether somebody hears of every statement.
    pub(super) fn is_watched(&self) -> bool {
        self.shared.watch.lock().is_some()
    }

    fn watcher(&self) -> Option<Arc<dyn Watch>> {
        self.shared.watch.lock().clone()
    }

    /// Whether a statement of a migration may have made a temporary table since this was asked the last time.
    #[must_use]
    pub fn take_made_temporary(&self) -> bool {
        self.shared.rules.take_made_temporary()
    }

    /// Whether SQLite opened the file for reading alone, asked for or not.
    pub fn is_read_only(&self) -> Result<bool> {
        let inner = self.raw();
        inner.is_readonly(rusqlite::MAIN_DB).map_err(|error| self.failure(error))
    }

    /// Whether it syncs what it commits, at a checkpoint at the latest.
    pub fn is_synchronous(&self) -> Result<bool> {
        self.value::<i64>("PRAGMA synchronous", &[]).map(|level| level != Some(0))
    }

    /// Its file; `None` for a database in memory.
    pub(super) fn file(&self) -> Option<PathBuf> {
        self.raw().path().map(PathBuf::from).filter(|path| !path.as_os_str().is_empty())
    }

    /// Makes what was committed survive a power failure; see [`file::sync_beside`].
    pub fn sync_beside(&self) -> Result<()> {
        match self.file() {
            Some(path) => file::sync_beside(&path).map_err(|error| Error::from_io(self.display(), &error)),
            None => Ok(()),
        }
    }

    /// Whether the file was renamed, replaced or removed since it was opened.
    pub fn has_moved(&self) -> Result<bool> {
        let mut moved = 0;
        self.raw()
            .file_control(Some(rusqlite::MAIN_DB), rusqlite::FileControl::HasMoved(&mut moved))
            .map_err(|error| self.failure(error))?;
        Ok(moved != 0)
    }

    /// Rows changed by the last statement.
    #[must_use]
    fn changes(&self) -> u64 {
        self.raw().changes()
    }

    /// Rows changed by the last statement, 0 if none were since `total_changes` gave `before`: SQLite keeps the number of an
    /// earlier statement when one changes nothing.
    #[must_use]
    pub fn changes_since(&self, before: u64) -> u64 {
        if self.total_changes() == before { 0 } else { self.changes() }
    }

    /// Rows changed since the connection was opened, those changed by triggers included.
    #[must_use]
    pub fn total_changes(&self) -> u64 {
        self.raw().total_changes()
    }

    /// Row id of the last insert on this connection.
    #[must_use]
    pub fn last_insert_rowid(&self) -> i64 {
        self.raw().last_insert_rowid()
    }
}

/// See [`Connection::watch`].
pub struct Watched {
    connection: Connection,
}

impl Drop for Watched {
    fn drop(&mut self) {
        *self.connection.shared.watch.lock() = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{self, Operation};
    use crate::sqlite::rules::Whose;

    #[test]
    fn a_cancelled_operation_stops_a_long_statement() {
        let connection = Connection::open_in_memory().expect("opens");
        let operation = Operation::new();
        let _entered = operation::enter(operation.begin("query", 1, Arc::default()));
        operation.cancel();
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
        let error = connection.value::<i64>(endless, &[]).expect_err("must stop");
        assert_eq!(error, Error::Cancelled { verb: "query" });
    }

    #[test]
    fn users_sql_may_not_end_a_transaction_or_write_our_tables() {
        let connection = Connection::open_in_memory().expect("opens");
        connection
            .execute_batch("CREATE TABLE rpmadb_x (a); CREATE TABLE t (a); CREATE VIEW v AS SELECT 1")
            .expect("ours may");
        for sql in [
            "BEGIN",
            "COMMIT",
            "ROLLBACK",
            "SAVEPOINT a",
            "ATTACH 'x' AS y",
            "ATTACH ? AS y",
            "ATTACH ':mem' || 'ory:' AS y",
            "DETACH ?",
            "PRAGMA foreign_keys=OFF",
            "PRAGMA journal_mode=delete",
            "DELETE FROM rpmadb_x",
            "DROP TABLE rpmadb_x",
            "UPDATE RPMADB_X SET a=1",
            "ALTER TABLE rpmadb_x RENAME TO z",
            "ALTER TABLE t RENAME TO \"Rpmadb_y\"",
            "CREATE TRIGGER q AFTER INSERT ON t BEGIN DELETE FROM rpmadb_x; END",
            "CREATE TEMP TRIGGER q AFTER INSERT ON rpmadb_x BEGIN SELECT 1; END",
            "CREATE TRIGGER temp.r AFTER INSERT ON t BEGIN SELECT 1; END",
            "CREATE TABLE temp.q (a)",
            "CREATE TABLE \"TEMP\".q AS SELECT 1",
            "CREATE VIEW temp.t AS SELECT 1",
            "CREATE TRIGGER q INSTEAD OF DELETE ON v BEGIN UPDATE \"Rpmadb_x\" SET a = 1; END",
            "CREATE TABLE c (a REFERENCES rpmadb_x (a) ON DELETE CASCADE)",
            "CREATE TABLE c (a, FOREIGN KEY (a) REFERENCES [RPMADB_X])",
            "ALTER TABLE t ADD COLUMN b REFERENCES rpmadb_x (a)",
            "CREATE VIRTUAL TABLE f USING fts5(a, content='rpmadb_x')",
            "CREATE INDEX i ON rpmadb_x (a)",
            "CREATE TABLE rpmadb_y AS SELECT 1",
            "INSERT OR REPLACE INTO rpmadb_x VALUES (1)",
            "INSERT INTO rpmadb_x VALUES (1) ON CONFLICT DO UPDATE SET a = 2",
            "UPDATE rpmadb_x SET a = t.a FROM t",
            "WITH x AS (SELECT 1) DELETE FROM rpmadb_x RETURNING a",
            "UPDATE sqlite_dbpage SET data = zeroblob(4096) WHERE pgno = 2",
            "DELETE FROM SQLITE_DBPAGE",
            "INSERT INTO sqlite_dbpage VALUES (2, zeroblob(4096))",
            "PRAGMA writable_schema=1",
            "VACUUM",
        ] {
            let error = connection.run(Whose::Users, sql).expect_err(sql).0;
            assert_eq!(error.status().name(), "UNSUPPORTED", "{sql}: {error}");
        }
        // one that was there before, or made past the library
        connection
            .execute_batch("CREATE TRIGGER q AFTER INSERT ON t BEGIN DELETE FROM rpmadb_x; END")
            .expect("ours may");
        let fired = connection.run(Whose::Users, "INSERT INTO t VALUES (1)").expect_err("must be refused").0;
        assert_eq!(fired.status().name(), "UNSUPPORTED", "{fired}");
        assert_eq!(connection.run(Whose::Users, "PRAGMA table_info(t)"), Ok(()));
        assert_eq!(connection.run(Whose::Users, "PRAGMA user_version"), Ok(()));
        assert_eq!(
            connection.run(Whose::Users, "CREATE TABLE copy AS SELECT * FROM rpmadb_x"),
            Ok(()),
            "reading is free"
        );
    }
}
