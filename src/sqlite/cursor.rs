//! A statement of a user's that is run row by row and owns all it needs, for callers that cannot lend a closure: scripts.
//!
//! Leaves to others: which rows are wanted, and what becomes of their values (`lua/rows.rs`).
//!
//! Invariants: the statement is finalized before its connection goes back; between two steps it holds no lock of this process, and
//! in WAL mode none that a writer waits for; bytes lent to it are not looked at after the call.

mod cell;

use std::cell::RefCell;
use std::ffi::c_int;
use std::sync::Arc;
use std::time::Instant;

use rusqlite::ffi;

pub use self::cell::Cell;
use self::cell::{bind, int, slice};
use super::access::{Access, Lease, Pool};
use super::connection::Connection;
use super::leases::Taker;
use super::limits::Limited;
use super::meter::{Counters, Meter, Ran, Running, is_refused};
use super::rules::Whose;
use super::statement::{Params, assign};
use crate::error::{Error, Result};
use crate::operation::{self, Account, Operation};
use crate::request::Role;

/// A statement, its row, and its connection.
pub struct Cursor {
    statement: *mut ffi::sqlite3_stmt,
    columns: c_int,
    /// Names of the columns as they were when it was prepared.
    names: Vec<String>,
    /// Whether a row was seen to have these columns.
    is_checked: bool,
    whose: Whose,
    connection: Connection,
    /// Whose rules were in force before, while the connection is this cursor's alone: then it is locked and under the right rules from
    /// its beginning to its end, and a step need not see to that.
    alone: Option<u8>,
    /// The account of the call that prepared it, and its text without literals, where it may change something.
    told: Option<(Arc<Account>, Arc<str>)>,
    /// What is counted of it, while metrics are on.
    metered: Option<Box<Metered>>,
    _limited: Option<Limited>,
    _counted: Option<Counted>,
    // declared last: the connection goes back after everything on it is gone
    // why boxed: it would be half of the size
    _lease: Option<Box<Lease<'static>>>,
    _access: Access,
}

/// The run of a cursor that is under way, or would be next.
struct Metered {
    meter: Arc<Meter>,
    sql: String,
    /// Only time spent in SQLite: between two steps a script does its own work.
    ran: Ran,
    /// Rows changed on this connection before the run; `None` while there is none.
    before: Option<u64>,
}

impl Access {
    /// A statement of a user's that can be run row by row: one that only reads, on a reader of its own or inside a transaction. `None`
    /// for any other, and where an open reader would keep this handle from writing, which is outside of WAL mode.
    pub fn cursor(
        &self,
        sql: &str,
        main_word: &str,
        role: Role,
        most_bytes: u64,
        operation: &Operation,
    ) -> Result<Option<Cursor>> {
        match self {
            Access::Bound { connection, .. } => {
                connection.must_be_in_transaction()?;
                // why: who watches a migration is to hear of each statement, see `Connection::users`
                if connection.is_watched() {
                    return Ok(None);
                }
                let cursor = Cursor::prepare(self, connection.clone(), None, None, Whose::of(role), sql)?;
                Ok(Some(cursor).filter(|cursor| cursor.is_read_only() && cursor.columns > 0))
            }
            Access::Pool(pool) => {
                if super::access::writes(main_word, sql) {
                    return Ok(None);
                }
                let text = pool.note_seen(main_word, sql);
                let taker = Taker { operation, statement: text.as_ref() };
                let Some(lease) = pool.lease_detached(taker, self.settings().reader_timeout)? else {
                    return Ok(None);
                };
                if !self.settings().read_only && !lease.is_wal()? {
                    return Ok(None);
                }
                let connection = Connection::clone(&lease);
                let limited = connection.limited(most_bytes)?;
                let (whose, may_write) = self.reading(role);
                match Cursor::prepare(self, connection, Some(limited), Some(lease), whose, sql) {
                    Err(Error::ReadOnly { .. }) if may_write => Ok(None),
                    Err(error) => Err(error),
                    Ok(cursor) => Ok(Some(cursor).filter(|cursor| cursor.columns > 0)),
                }
            }
        }
    }

    /// Any statement of a user's inside a transaction, to be run again and again; `None` outside of one.
    pub fn prepared(&self, sql: &str, role: Role) -> Result<Option<Cursor>> {
        let Access::Bound { connection, .. } = self else { return Ok(None) };
        connection.must_be_in_transaction()?;
        if connection.is_watched() {
            return Ok(None);
        }
        let mut cursor = Cursor::prepare(self, connection.clone(), None, None, Whose::of(role), sql)?;
        if !cursor.is_read_only() {
            cursor.told = self.tell_of(sql, operation::current().as_ref());
        }
        Ok(Some(cursor))
    }
}

thread_local! {
    /// The pool of each cursor of this thread that has a reader. Asked with `try_with`, because the thread may be ending.
    static OPEN: RefCell<Vec<*const Pool>> = const { RefCell::new(Vec::new()) };
}

/// How many cursors of this thread have a reader of `pool`.
pub(super) fn count(pool: &Pool) -> usize {
    let of =
        |pools: &RefCell<Vec<*const Pool>>| pools.borrow().iter().filter(|found| std::ptr::eq(**found, pool)).count();
    OPEN.try_with(of).unwrap_or(0)
}

/// A cursor in that count.
struct Counted(*const Pool);

impl Counted {
    fn new(pool: &Arc<Pool>) -> Counted {
        let pool = Arc::as_ptr(pool);
        let _ = OPEN.try_with(|pools| pools.borrow_mut().push(pool));
        Counted(pool)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let _ = OPEN.try_with(|pools| {
            let mut pools = pools.borrow_mut();
            if let Some(index) = pools.iter().position(|pool| *pool == self.0) {
                pools.swap_remove(index);
            }
        });
    }
}

impl Cursor {
    fn prepare(
        access: &Access,
        connection: Connection,
        limited: Option<Limited>,
        lease: Option<Lease<'static>>,
        whose: Whose,
        sql: &str,
    ) -> Result<Cursor> {
        // why in this order: on a failure the limits are undone before somebody else can have the connection
        let (lease, limited) = (lease, limited);
        let meter = connection.meter().cloned();
        let running = meter.as_ref().map(|_| Running::begin(None));
        let prepared = connection.prepare_raw(whose, sql);
        if let (Some(meter), Some(running), Err(error)) = (&meter, running, &prepared)
            && !is_refused(Some(error))
        {
            meter.ran(&connection, sql, &running.end(Some(error)));
        }
        let statement = prepared?;
        let metered = meter
            .map(|meter| Box::new(Metered { meter, sql: sql.to_owned(), ran: Ran::at(Instant::now()), before: None }));
        // SAFETY: the statement was just prepared; the call reads a number.
        let columns = unsafe { ffi::sqlite3_column_count(statement) };
        let alone = lease.is_some().then(|| {
            // why forgotten: the lock ends with the cursor, in `drop`
            std::mem::forget(connection.raw());
            connection.exchange_rules(whose as u8)
        });
        let (access, counted) = (access.clone(), lease.is_some().then(|| Counted::new(access.pool())));
        Ok(Cursor {
            statement,
            columns,
            names: names_of(statement),
            is_checked: false,
            whose,
            connection,
            alone,
            told: None,
            metered,
            _limited: limited,
            _counted: counted,
            _lease: lease.map(Box::new),
            _access: access,
        })
    }

    /// Whether it changes nothing.
    fn is_read_only(&self) -> bool {
        // SAFETY: the statement lives until the cursor is dropped; the call reads a number.
        unsafe { ffi::sqlite3_stmt_readonly(self.statement) != 0 }
    }

    /// How many parameters it has.
    #[must_use]
    pub fn parameters(&self) -> usize {
        // SAFETY: as above.
        usize::try_from(unsafe { ffi::sqlite3_bind_parameter_count(self.statement) }).unwrap_or(0)
    }

    /// How many columns its rows have.
    #[must_use]
    pub fn columns(&self) -> usize {
        usize::try_from(self.columns).unwrap_or(0)
    }

    /// The number of a named parameter, with or without its first character; counts from 1.
    #[must_use]
    fn parameter(&self, name: &str) -> Option<usize> {
        let find = |name: &str| {
            let name = std::ffi::CString::new(name).ok()?;
            // SAFETY: the name is NUL-terminated and only read.
            let index = unsafe { ffi::sqlite3_bind_parameter_index(self.statement, name.as_ptr()) };
            usize::try_from(index).ok().filter(|index| *index > 0)
        };
        match name.starts_with([':', '@', '$', '?']) {
            true => find(name),
            false => [':', '@', '$'].iter().find_map(|sign| find(&format!("{sign}{name}"))),
        }
    }

    /// Names of the columns.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The type that a column was declared with, where it is a column of a table.
    #[must_use]
    pub fn declared_type(&self, column: usize) -> Option<String> {
        // SAFETY: as above.
        unsafe { text(ffi::sqlite3_column_decltype(self.statement, int(column))) }
    }

    /// Binds copies of all parameters, as [`super::Statement::bind`] does.
    pub fn bind_all(&mut self, params: Params<'_>) -> Result<()> {
        let wanted = self.parameters();
        assign(
            params,
            wanted,
            self,
            |cursor, name| cursor.parameter(name),
            |cursor, index, value| cursor.bind(index, Cell::of(value)),
        )
    }

    /// Binds a parameter by its number, which counts from 1, with a copy of the value.
    fn bind(&mut self, parameter: usize, cell: Cell<'_>) -> Result<()> {
        let _locked = self.connection.raw();
        let _held = self.connection.hold(false);
        // SAFETY: SQLite copies the bytes before the call returns.
        let code = unsafe { bind(self.statement, parameter, cell, ffi::SQLITE_TRANSIENT()) };
        if code == ffi::SQLITE_OK { Ok(()) } else { Err(self.connection.failed(code)) }
    }

    /// Goes on to the next row; false behind the last, and then it begins anew.
    pub fn step(&mut self) -> Result<bool> {
        // why taken: a step that fails may end the run on its way out
        let Some(mut metered) = self.metered.take() else { return self.unmetered_step() };
        if metered.before.is_none() {
            metered.before = Some(self.connection.total_changes());
        }
        let start = Instant::now();
        let outcome = self.unmetered_step();
        metered.ran.ended = Instant::now();
        metered.ran.elapsed += metered.ran.ended.saturating_duration_since(start);
        metered.ran.rows += u64::from(outcome == Ok(true));
        metered.ran.failed = outcome.is_err();
        self.metered = Some(metered);
        if outcome != Ok(true) {
            self.run_ended();
        }
        outcome
    }

    /// Counts the run that is under way, if one is.
    fn run_ended(&mut self) {
        let Some(metered) = &mut self.metered else { return };
        let Some(before) = metered.before.take() else { return };
        let mut ran = std::mem::replace(&mut metered.ran, Ran::at(Instant::now()));
        let _locked = self.connection.raw();
        if ran.rows == 0 {
            ran.rows = self.connection.changes_since(before);
        }
        let statement = self.statement;
        let take = |which| {
            // SAFETY: the statement lives until the cursor is dropped; the call reads a number and sets it to 0.
            u64::from(unsafe { ffi::sqlite3_stmt_status(statement, which, 1) }.unsigned_abs())
        };
        ran.counters = Counters {
            full_scan_steps: take(ffi::SQLITE_STMTSTATUS_FULLSCAN_STEP),
            sorts: take(ffi::SQLITE_STMTSTATUS_SORT),
            automatic_index_rows: take(ffi::SQLITE_STMTSTATUS_AUTOINDEX),
        };
        metered.meter.ran(&self.connection, &metered.sql, &ran);
    }

    fn unmetered_step(&mut self) -> Result<bool> {
        let held = self.connection.hold(false);
        let code = match self.alone {
            // SAFETY: the statement lives until the cursor is dropped, and the connection is locked by us.
            Some(_) => unsafe { ffi::sqlite3_step(self.statement) },
            None => {
                let _locked = self.connection.raw();
                let before = self.connection.exchange_rules(self.whose as u8);
                // SAFETY: as above. SQLite may prepare it anew, which is why the rules are those of its user.
                let code = unsafe { ffi::sqlite3_step(self.statement) };
                self.connection.exchange_rules(before);
                code
            }
        };
        drop(held);
        match code {
            ffi::SQLITE_ROW if self.is_checked => Ok(true),
            ffi::SQLITE_ROW => self.check_columns().map(|()| true),
            ffi::SQLITE_DONE => {
                // SAFETY: as above. A read transaction that it alone held ends here.
                unsafe { ffi::sqlite3_reset(self.statement) };
                Ok(false)
            }
            code => {
                let error = self.connection.failed(code);
                // SAFETY: as above; the code of the failure is known already.
                unsafe { ffi::sqlite3_reset(self.statement) };
                Err(error)
            }
        }
    }

    /// SQLite prepares a statement anew when the schema has changed, and then `*` may be other columns.
    fn check_columns(&mut self) -> Result<()> {
        self.is_checked = true;
        // SAFETY: the statement lives until the cursor is dropped; the call reads a number.
        let again = unsafe { ffi::sqlite3_stmt_status(self.statement, ffi::SQLITE_STMTSTATUS_REPREPARE, 0) };
        if again == 0 || names_of(self.statement) == self.names {
            return Ok(());
        }
        self.clear();
        let message = "the columns of the statement were changed after it was prepared".to_owned();
        Err(Error::Sql { message, sqlite_code: ffi::SQLITE_SCHEMA, place: Box::default() })
    }

    /// A value of the row it is on; NULL beyond the last column.
    #[must_use]
    // why always: it is the inside of the loop over a million rows
    #[inline(always)]
    pub fn cell(&self, column: usize) -> Cell<'_> {
        let (statement, column) = (self.statement, int(column));
        // SAFETY: `step` gave a row and `self` is borrowed, so the row stays, and the connection is used by this thread alone, which is all
        // that SQLite asks of one who uses a value that is not protected. A pointer is asked for before its length, as SQLite
        // demands, and both are good until the next step; null comes with length 0.
        unsafe {
            let value = ffi::sqlite3_column_value(statement, column);
            match ffi::sqlite3_value_type(value) {
                ffi::SQLITE_INTEGER => Cell::Integer(ffi::sqlite3_value_int64(value)),
                ffi::SQLITE_FLOAT => Cell::Real(ffi::sqlite3_value_double(value)),
                ffi::SQLITE_TEXT => {
                    let bytes = ffi::sqlite3_value_text(value);
                    Cell::Text(slice(bytes.cast(), ffi::sqlite3_value_bytes(value)))
                }
                ffi::SQLITE_BLOB => {
                    let bytes = ffi::sqlite3_value_blob(value);
                    Cell::Blob(slice(bytes.cast(), ffi::sqlite3_value_bytes(value)))
                }
                _ => Cell::Null,
            }
        }
    }

    /// Binds all parameters, runs it to its end, and returns how many rows it changed, and the last rowid.
    pub fn run<'p>(&mut self, count: usize, mut parameter: impl FnMut(usize) -> Cell<'p>) -> Result<(u64, i64)> {
        let wanted = self.parameters();
        if count != wanted {
            let reason = format!("hold {count} value(s), the statement takes {wanted}");
            return Err(Error::InvalidArgument { name: "params".into(), reason });
        }
        let connection = self.connection.clone();
        let _locked = connection.raw();
        for index in 1..=count {
            // SAFETY: the bytes outlive this call, and the bindings are cleared before it returns.
            let code = unsafe { bind(self.statement, index, parameter(index - 1), ffi::SQLITE_STATIC()) };
            if code != ffi::SQLITE_OK {
                let error = self.connection.failed(code);
                self.clear();
                return Err(error);
            }
        }
        self.run_bound()
    }

    /// Runs it with what is bound to its end; nothing is bound after that.
    pub fn run_bound(&mut self) -> Result<(u64, i64)> {
        let connection = self.connection.clone();
        let _locked = connection.raw();
        if self.alone.is_none() {
            // why: without its transaction, which SQLite may have ended, each statement would be committed by itself
            connection.must_be_in_transaction().inspect_err(|_| self.clear())?;
        }
        let before = connection.total_changes();
        let outcome = loop {
            match self.step() {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        if let Some((account, shape)) = &self.told
            && (outcome.is_ok() || connection.total_changes() != before)
        {
            account.add_statement(shape, 1);
        }
        self.clear();
        outcome.map(|()| (connection.changes_since(before), connection.last_insert_rowid()))
    }

    fn clear(&mut self) {
        // SAFETY: the statement lives until the cursor is dropped, and is not being stepped.
        unsafe {
            ffi::sqlite3_reset(self.statement);
            ffi::sqlite3_clear_bindings(self.statement);
        }
        self.run_ended();
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.run_ended();
        let _locked = self.connection.raw();
        // SAFETY: nothing else has the statement, and its connection is still open and locked by us.
        unsafe { ffi::sqlite3_finalize(self.statement) };
        if let Some(before) = self.alone {
            self.connection.exchange_rules(before);
            // SAFETY: the lock that `prepare` took and forgot, on this thread: a cursor cannot leave it.
            unsafe { self.connection.force_unlock() };
        }
    }
}

fn names_of(statement: *mut ffi::sqlite3_stmt) -> Vec<String> {
    // SAFETY: the statement is prepared; SQLite's text, or null beyond the last column, is copied before anything else is called.
    unsafe {
        let name = |column| text(ffi::sqlite3_column_name(statement, column)).unwrap_or_default();
        (0..ffi::sqlite3_column_count(statement)).map(name).collect()
    }
}

/// # Safety
/// `text` is null or NUL-terminated.
unsafe fn text(text: *const std::ffi::c_char) -> Option<String> {
    // SAFETY: the caller promises it.
    (!text.is_null()).then(|| unsafe { std::ffi::CStr::from_ptr(text) }.to_string_lossy().into_owned())
}
