//! Which connection a call gets: [`Pool`] (one writer, many readers) and [`Access`] (a pool, or the one connection
//! of a running transaction).
//!
//! Leaves to others: who may have one.
//!
//! Invariants: at most one thread writes; a lease gives its connection back with no transaction open. A database
//! in memory has one connection, which is the writer and every reader.

mod lease;
mod told;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};

use super::ballast::BallastState;
use super::connection::Connection;
use super::file;
use super::leases::{LeaseInfo, Ledger, LockCounters, ReaderCounters, Taker};
use super::meter::Meter;
use super::opening::{explain, look_before_opening, refuse_a_stub, set_journal_mode};
use super::readers::Readers;
use super::rules::Whose;
use super::seen::{Remembered, Seen};
use super::settings::Settings;
use super::statement::Statement;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::report::PoolState;
use crate::request::{JournalMode, Role};

use lease::Held;
pub use lease::Lease;

/// How long one wait for the writer lasts before the operation is looked at again.
const SLICE: Duration = Duration::from_millis(50);

/// The connections of one open database.
pub struct Pool {
    pub(super) settings: Settings,
    pub(super) writer: Mutex<Connection>,
    /// Locked for reading while a reader is leased, for writing while the file is replaced.
    pub(super) readers: RwLock<Option<Readers>>,
    seen: Seen,
    /// Behind the connections, which are closed when it is dropped.
    _opened: super::fork::Opened,
}

/// Where a call finds its connections.
#[derive(Clone)]
pub enum Access {
    /// The pool of an open database.
    Pool(Arc<Pool>),
    /// The connection of the transaction this handle lives in.
    Bound {
        /// That connection.
        connection: Connection,
        /// The pool it belongs to, for its settings.
        pool: Arc<Pool>,
    },
}

impl Pool {
    /// The journal mode in force, as the file's header tells.
    pub fn journal_mode(&self) -> Result<&'static str> {
        if self.settings.path.is_none() {
            return Ok("memory");
        }
        let wanted = self.settings.journal_mode;
        Ok(match self.writer.lock().is_wal()? {
            true => JournalMode::Wal.name(),
            false if self.settings.read_only || matches!(wanted, JournalMode::Wal | JournalMode::Keep) => "delete",
            false => wanted.name(),
        })
    }

    /// Opens the writer, and brings the file into the wanted journal mode if its header says it is not in it.
    /// Returns whether the file is new.
    pub fn open(settings: Settings) -> Result<(Pool, bool)> {
        let created = match &settings.path {
            Some(path) => look_before_opening(path, &settings)?,
            None => true,
        };
        super::fork::before_open()?;
        settings.before_open();
        let writer = Connection::open(&settings, settings.create, settings.read_only)
            .map_err(|error| explain(error, &settings))?;
        refuse_a_stub(&writer, &settings)?;
        // why this first: it validates the header and recovers the log, and is all that an up-to-date start needs
        writer.value::<i64>("PRAGMA user_version", &[])?;
        if let Some(foreign) = &settings.common.foreign {
            foreign.after_open();
        }
        if !settings.read_only && settings.path.is_some() {
            if writer.is_read_only()? {
                return Err(Error::Permission { what: settings.display() });
            }
            set_journal_mode(&writer, &settings)?;
        }
        if let Some(ballast) = &settings.common.ballast {
            ballast.keep();
        }
        let pool = Pool {
            settings,
            writer: Mutex::new(writer),
            readers: RwLock::new(None),
            seen: Seen::default(),
            _opened: super::fork::Opened::count(),
        };
        Ok((pool, created))
    }

    pub(super) fn lease_writer(&self, taker: Taker<'_>, wait: Duration) -> Result<Lease<'_>> {
        let lease = self.lease_unsettled(taker, wait)?;
        if let Some(foreign) = &self.settings.common.foreign {
            foreign.before_write()?;
        }
        lease.settle()?;
        Ok(lease)
    }

    fn lease_unsettled(&self, taker: Taker<'_>, wait: Duration) -> Result<Lease<'_>> {
        taker.operation.check()?;
        match self.writer.try_lock() {
            Some(guard) => Ok(self.noted(Held::Writer(guard), taker)),
            None => self.wait_for_writer(taker, wait),
        }
    }

    fn wait_for_writer(&self, taker: Taker<'_>, wait: Duration) -> Result<Lease<'_>> {
        let ledger = &self.settings.common.ledger;
        // why not without one: who only asks has not waited, unless the handle never does anything else
        let asks_only = wait.is_zero() && !self.settings.busy_timeout.is_zero();
        // why not the health: a host that asks while one call holds the writer must not be told that many wait in vain
        let counted = !asks_only && taker.operation.verb() != "health";
        if counted {
            ledger.waits();
        }
        let since = Instant::now();
        let outcome = loop {
            let left = wait.saturating_sub(since.elapsed());
            if let Some(guard) = self.writer.try_lock_for(SLICE.min(left)) {
                return Ok(self.noted(Held::Writer(guard), taker));
            }
            if let Err(stopped) = taker.operation.check() {
                break Err(stopped);
            }
            if left.is_zero() {
                break Err(Error::Busy {
                    what: format!("the writer of {}{}", self.settings.display(), ledger.held_by(true)),
                    waited_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                });
            }
        };
        if counted {
            ledger.gives_up();
        }
        outcome
    }

    fn lease_reader(&self, taker: Taker<'_>, wait: Duration) -> Result<Lease<'_>> {
        match self.lease_detached(taker, wait)? {
            Some(lease) => Ok(lease),
            None => self.lease_writer(taker, wait),
        }
    }

    /// A reader that may outlive the borrow of the pool, though not the pool; `None` for a database in memory, which has none.
    pub(super) fn lease_detached(&self, taker: Taker<'_>, wait: Duration) -> Result<Option<Lease<'static>>> {
        if self.settings.path.is_none() {
            return Ok(None);
        }
        // why no pool: its idle thread waits in a table of the process that refers to each thread by its stack, and a child
        // of a fork gets the table with the parent's threads in it and their stacks used anew
        if super::fork::is_child() {
            taker.operation.check()?;
            let opened = Connection::open(&self.settings, false, true)?;
            return Ok(Some(self.noted(Held::Opened(opened), taker)));
        }
        if super::cursor::count(self) >= usize::try_from(self.settings.readers).unwrap_or(usize::MAX) {
            // why at once: it would wait for itself
            let what = format!(
                "the last of the {} readers, all held by iterators this script left open,",
                self.settings.readers
            );
            return Err(Error::Busy { what, waited_ms: 0 });
        }
        let since = Instant::now();
        loop {
            taker.operation.check()?;
            if let Some(readers) = self.readers.try_read_for(SLICE.min(wait)) {
                if let Some(readers) = readers.as_ref() {
                    let reader = readers.lease(taker.operation, wait.saturating_sub(since.elapsed()))?;
                    return Ok(Some(self.noted(Held::Reader(reader), taker)));
                }
                drop(readers);
                if let Some(mut readers) = self.readers.try_write_for(SLICE.min(wait)) {
                    readers.get_or_insert_with(|| Readers::new(&self.settings));
                    continue;
                }
            }
            if since.elapsed() >= wait {
                return Err(Error::Busy {
                    what: format!("{}, which is being restored,", self.settings.display()),
                    waited_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                });
            }
        }
    }

    /// Remembers a statement of a user's, see `seen.rs`.
    pub(super) fn note_seen(&self, main_word: &str, sql: &str) -> Option<Arc<str>> {
        self.seen.note(main_word, sql)
    }

    fn noted<'p>(&self, held: Held<'p>, taker: Taker<'_>) -> Lease<'p> {
        let writes = matches!(held, Held::Writer(_));
        Lease { noted: Some(Ledger::note(&self.settings.common, taker, writes)), held }
    }

    fn state(&self) -> PoolState {
        let counts = |readers: &Readers| {
            readers.shrink();
            readers.counts()
        };
        let (open, idle) = self.readers.try_read().and_then(|readers| readers.as_ref().map(counts)).unwrap_or((0, 0));
        let writer_idle = u32::from(!self.writer.is_locked());
        let readers = if self.settings.path.is_some() { self.settings.readers } else { 0 };
        PoolState { connections: open + 1, idle_connections: idle + writer_idle, max_connections: readers + 1 }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // why first: the writer must be the last to close, so that SQLite tidies up the log
        if let Some(readers) = self.readers.get_mut().take() {
            readers.close();
        }
    }
}

impl Access {
    /// How the connections are opened.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.pool().settings
    }

    /// Whether `path` names the file of this database, by whatever way.
    #[must_use]
    pub fn is_file(&self, path: &Path) -> bool {
        let own = self.settings().path.as_deref().and_then(file::identity);
        own.is_some() && own == file::identity(path)
    }

    pub(super) fn pool(&self) -> &Arc<Pool> {
        match self {
            Access::Pool(pool) | Access::Bound { pool, .. } => pool,
        }
    }

    /// How many cursors of this thread have a reader of this database.
    #[must_use]
    pub fn cursors(&self) -> usize {
        super::cursor::count(self.pool())
    }

    /// How many readers there may be.
    #[must_use]
    pub fn most_readers(&self) -> usize {
        usize::try_from(self.settings().readers).unwrap_or(usize::MAX)
    }

    /// Whether this is the connection of a running transaction.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        matches!(self, Access::Bound { .. })
    }

    /// This access narrowed to one connection of it.
    #[must_use]
    pub fn bind(&self, connection: &Connection) -> Access {
        Access::Bound { connection: connection.clone(), pool: Arc::clone(self.pool()) }
    }

    /// The writer, waiting for it at most as long as for any lock.
    pub fn writer(&self, operation: &Operation) -> Result<Lease<'_>> {
        self.writer_within(operation, self.settings().busy_timeout)
    }

    /// The writer, waiting for it at most `wait`.
    pub fn writer_within(&self, operation: &Operation, wait: Duration) -> Result<Lease<'_>> {
        self.writer_for(operation.into(), wait)
    }

    fn writer_for(&self, taker: Taker<'_>, wait: Duration) -> Result<Lease<'_>> {
        if self.settings().read_only {
            return Err(Error::ReadOnly { what: self.settings().display() });
        }
        match self {
            Access::Pool(pool) => pool.lease_writer(taker, wait),
            Access::Bound { connection, .. } => bound(connection),
        }
    }

    /// A reader, waiting for one at most as long as the settings say.
    pub fn reader(&self, operation: &Operation) -> Result<Lease<'_>> {
        self.reader_within(operation, self.settings().reader_timeout)
    }

    /// A reader, waiting for one at most `wait`.
    pub fn reader_within(&self, operation: &Operation, wait: Duration) -> Result<Lease<'_>> {
        self.reader_for(operation.into(), wait)
    }

    fn reader_for(&self, taker: Taker<'_>, wait: Duration) -> Result<Lease<'_>> {
        match self {
            Access::Pool(pool) => pool.lease_reader(taker, wait),
            Access::Bound { connection, .. } => bound(connection),
        }
    }

    /// The connection that is open anyway, for one look that must neither make the pool of readers nor parse the
    /// schema. Not for writing.
    pub fn first(&self, operation: &Operation, wait: Duration) -> Result<Lease<'_>> {
        match self {
            Access::Pool(pool) => pool.lease_unsettled(operation.into(), wait),
            Access::Bound { connection, .. } => bound(connection),
        }
    }

    /// Runs `body` with the prepared statement of a user's, on the connection it belongs to and under the rules for it: on a
    /// reader, unless its main word (see `migrations::main_word`) says that it writes, or SQLite finds that it does.
    /// With `most_bytes` it runs under the limits of a script, see `limits.rs`.
    /// Outside a transaction a statement that writes gets one of its own, so that one that fails changes nothing: SQLite
    /// may report an interrupt after it has committed by itself.
    pub fn for_statement<T>(
        &self,
        sql: &str,
        main_word: &str,
        role: Role,
        most_bytes: Option<u64>,
        operation: &Operation,
        mut body: impl FnMut(&Connection, &mut Statement<'_>) -> Result<T>,
    ) -> Result<T> {
        let shape = self.pool().seen.note(main_word, sql);
        let taker = Taker { operation, statement: shape.as_ref() };
        let told = self.told(sql, shape.as_ref(), operation);
        let limited = |connection: &Connection| most_bytes.map(|most| connection.limited(most)).transpose();
        if let Access::Bound { connection, .. } = self {
            // why locked around both: the transaction must not end between the look and the statement
            let _locked = connection.raw();
            connection.must_be_in_transaction()?;
            let _limited = limited(connection)?;
            return connection.users(Whose::of(role), sql, |statement| told.run(connection, statement, &mut body));
        }
        let (whose, may_write) = self.reading(role);
        if !may_write || !writes(main_word, sql) {
            let reader = self.reader_for(taker, self.settings().reader_timeout)?;
            let _limited = limited(&reader)?;
            let since = reader.noted.as_ref().map(|noted| noted.since);
            match reader.users_since(since, whose, sql, |statement| body(&reader, statement)) {
                Err(Error::ReadOnly { .. }) if may_write => {}
                outcome => return outcome,
            }
        }
        let writer = self.writer_for(taker, self.settings().busy_timeout)?;
        let _limited = limited(&writer)?;
        writer.begin_immediate()?;
        let outcome = writer.users(Whose::Users, sql, |statement| told.run(&writer, statement, &mut body));
        match outcome {
            Ok(value) => writer.commit().map(|()| value),
            Err(error) => {
                writer.rollback();
                Err(error)
            }
        }
    }

    /// The rules for a statement of this role's on a reader, and whether one that writes is to be run on the writer.
    pub(super) fn reading(&self, role: Role) -> (Whose, bool) {
        match Whose::of(role) {
            Whose::Users => (Whose::Readers, !self.settings().read_only),
            whose => (whose, false),
        }
    }

    /// Inside a transaction, puts its connection under the limits of a script.
    pub fn limited(&self, most_bytes: u64) -> Result<Option<super::limits::Limited>> {
        match self {
            Access::Pool(_) => Ok(None),
            Access::Bound { connection, .. } => connection.limited(most_bytes).map(Some),
        }
    }

    /// The statements that users ran on this handle; `None` when that could not be read.
    #[must_use]
    pub fn statements(&self) -> Option<Remembered> {
        self.pool().seen.remembered()
    }

    /// The connections in use at this moment, oldest first. That of a transaction is one of them for all that is done in it.
    #[must_use]
    pub fn leases(&self) -> Vec<LeaseInfo> {
        self.settings().common.ledger.leases(None)
    }

    /// The connections in use at this moment but for the caller's own, oldest first.
    #[must_use]
    pub fn leases_of_others(&self, own: &Lease<'_>) -> Vec<LeaseInfo> {
        self.settings().common.ledger.leases(own.noted.as_ref().map(|noted| noted.id))
    }

    /// Waits for locks of the last minute or two, and how many of them were in vain.
    #[must_use]
    pub fn recent_waits(&self) -> (u64, u64) {
        self.settings().common.ledger.recent_waits()
    }

    /// How often connections were taken and locks waited for since the handle was opened.
    #[must_use]
    pub fn lock_counters(&self) -> LockCounters {
        self.settings().common.ledger.counters()
    }

    /// How often readers were waited for since the handle was opened.
    #[must_use]
    pub fn reader_counters(&self) -> ReaderCounters {
        self.settings().common.ledger.reader_counters()
    }

    /// What counts; `None` when metrics are off.
    #[must_use]
    pub fn meter(&self) -> Option<&Arc<Meter>> {
        self.settings().common.meter.as_ref()
    }

    /// The ballast as it is on the disk; `None` when none is kept.
    #[must_use]
    pub fn ballast(&self) -> Option<BallastState> {
        self.settings().common.ballast.as_ref().map(super::ballast::Ballast::state)
    }

    /// Makes the ballast again if it is gone and there is room.
    pub fn restore_ballast(&self) {
        if let Some(ballast) = &self.settings().common.ballast {
            ballast.keep();
        }
    }

    /// How many connections are open and idle.
    #[must_use]
    pub fn pool_state(&self) -> PoolState {
        self.pool().state()
    }
}

/// The connection of a transaction, as long as that is open. An interrupt, a full disk or `INSERT OR ROLLBACK` ends it
/// early; what its owner still does would then be committed statement by statement.
fn bound(connection: &Connection) -> Result<Lease<'_>> {
    connection.must_be_in_transaction()?;
    Ok(Lease { noted: None, held: Held::Bound(connection.clone()) })
}

/// A guess, to spare a second try; SQLite decides.
pub(super) fn writes(main_word: &str, sql: &str) -> bool {
    match main_word {
        "insert" | "replace" | "update" | "delete" | "create" | "drop" | "alter" | "analyze" | "reindex" => true,
        // why: it is a setting of each connection, and the one that matters is the writer's
        "pragma" => sql.to_ascii_lowercase().contains("synchronous"),
        _ => false,
    }
}
