//! `rpmadb_open`, `rpmadb_close`, `rpmadb_as`, `rpmadb_add_step`, `rpmadb_transaction`: handles and host code.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use serde::Serialize;

use super::handle::{self, Held, Kind};
use super::operation::{UserData, given, rpmadb_op};
use super::{guard, text};
use crate::database::{Database, HostFn, HostStep};
use crate::error::{Error, Result};
use crate::operation::Origin;
use crate::request::{self, Request, Role};

/// An open database. A number in the shape of a pointer; the library never reads through it.
#[allow(non_camel_case_types)]
pub struct rpmadb {
    _private: [u8; 0],
}

/// Host code that works inside a transaction. `db` is a handle on that transaction, good until the function returns.
/// Use it and no other handle on the same database (they answer RPMADB_REENTRANT on this thread).
/// Return 0 for success, anything else to have all of it rolled back. A C++ exception that leaves it ends the process.
#[allow(non_camel_case_types)]
pub type rpmadb_step_fn = Option<unsafe extern "C-unwind" fn(db: *mut rpmadb, user_data: *mut c_void) -> i32>;

/// The database of a handle.
pub(super) fn database(db: *mut rpmadb) -> Result<Arc<Database>> {
    // why first: who gets no handle because there is no SQLite should be told that, whatever it then passes
    crate::database::ready()?;
    if db.is_null() { Err(Error::NullArgument { name: "db" }) } else { handle::database(db.addr() as u64) }
}

/// The database of a handle that may call `verb`; who may not is told so whatever else is passed.
pub(super) fn admitted(db: *mut rpmadb, verb: &'static str) -> Result<Arc<Database>> {
    let database = database(db)?;
    database.admit(verb)?;
    Ok(database)
}

fn to_handle(database: Arc<Database>) -> Result<*mut rpmadb> {
    Ok(std::ptr::without_provenance_mut(handle::insert(Held::Database(database))? as usize))
}

/// Hands out a handle on the database that `body` opens, with its report; NULL where it fails.
pub(super) fn opened<R: Serialize>(
    db_out: *mut *mut rpmadb,
    out: *mut *mut c_char,
    body: impl FnOnce() -> Result<(Database, R)>,
) -> i32 {
    guard::report(out, || {
        // SAFETY: NULL or a pointer to a `rpmadb *` of the caller's.
        let db_out = unsafe { db_out.as_mut() }.ok_or(Error::NullArgument { name: "db_out" })?;
        *db_out = std::ptr::null_mut();
        let (database, report) = body()?;
        *db_out = to_handle(Arc::new(database))?;
        Ok(report)
    })
}

/// Opens or creates a database, configures it, and migrates it to the latest version unless told not to.
///
/// Options (a JSON object, or NULL), with their ranges and defaults:
/// - actor: a name for the history, "host"; role: "admin", "supervisor", "user", see rpmadb_as; admin. Whatever the role, the
///   database is migrated: that is the library's work
/// - read_only, false; create, true; migrate, true unless read_only
/// - migrations: a folder; the embedded set. style: how its files are named, "rpmadb", "auto" or another tool's name; rpmadb
/// - busy_timeout_ms: 0 to 86400000; 5000
/// - journal_mode: "wal", "delete", "truncate", "persist", "keep"; wal
/// - synchronous: "off", "normal", "full", "extra"; normal
/// - foreign_keys, true; trusted_schema, false, but true whatever is given with a SQLite of the host's or the system's that takes its own JSON
///   functions for unsafe in a schema; defensive, true
/// - mmap_size_bytes, 0; statement_cache: 0 to 10000 statements a connection, 64
/// - ballast_bytes: 0 to 1099511627776, none; a file PATH-ballast whose space is kept allocated beside the database. It is
///   removed when SQLite finds the disk full, so that deletions and a checkpoint work again, and made again by an open or a
///   checkpoint when more than twice its size is free. That there is none never fails a call; rpmadb_health tells
/// - metrics: true counts statements, calls and more for rpmadb_metrics; false, or true where the environment variable
///   RPMA_DB_METRICS is "1". slow_query_ms: a statement that takes longer is then kept with its plan, 0 to 86400000; 100
/// - foreign_sqlite: another SQLite in this process that has the database open. "coexist" keeps the locks of the two apart so that both may
///   write, "refuse" fails every write with RPMADB_FOREIGN_SQLITE from then on until the database is opened again, "warn" tells the log,
///   "off" neither looks nor changes anything; coexist. Where that is not possible it is as refuse: outside of Linux, on a file system
///   without locks of open file descriptions, and for a file that this library has open already in another mode. The first
///   open with coexist changes how this library's SQLite locks every file it opens from then on; it keeps descriptors of files it
///   has closed, which no other process takes for an open database. Without effect in a build that works through the host's or the system's
///   SQLite
/// - pool: max, 1 to 1000 readers, 10; min_idle, readers opened with the first, 2; timeout_ms, 1 to 86400000, 30000; idle_ms,
///   readers beyond min_idle that were not needed for so long are closed by the next call that gives one back or asks for
///   metrics or diagnostics, 1 to 86400000, 60000
/// - backup: folder, where backups without a destination go, it must exist, none; before_migrate, back up before a run that has
///   something to do, false; compress, true or a zstd level from 1 to 19, false; encrypt_to, an age recipient, a list of them or
///   {"passphrase": "..."}, none; identities, a list of texts of age identities, and passphrase: what opens encrypted backups
///   again, none; sign_key, a text that signs manifests, and those without its signature are then refused, none; every_hours, a monitor
///   makes a backup when the newest scheduled one is older, 1 to 100000, none
/// - backup, which stay: keep_last, so many of the newest; keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly, the
///   newest of each of so many; without any of these six all stay. keep_minimum, never fewer verified full ones, 1;
///   keep_pre_migrate and keep_pre_restore, so many of those made before a migration or a restore, 3
/// - audit: enabled, keep a record of who did what, true in a database that has this library's history; reads, also of calls that
///   only look, true; key, a secret of at least 16 bytes that nobody can write a record without, none: give it to every process that
///   changes the database, for a record without it behind one of the key is a finding, and calls without it that change nothing are
///   not recorded there; literals, keep the values that stand in SQL,
///   false; redact, a list of texts that are never kept, none; keep_days, 1 to 36500, after which the monitor archives and removes
///   records, never
/// - script: timeout_ms, 1 to 86400000, 30000; memory_bytes, from 1048576, 67108864
/// - monitor: an object with the options of rpmadb_monitor_start starts the monitor, {} with its defaults; none
///
/// @param path     the file, or ":memory:".
/// @param options  see above.
/// @param op       watches the call; may be NULL.
/// @param db_out   receives the handle, or NULL on failure; release it with rpmadb_close.
/// @param out      receives the report {database_path, created, journal_mode, migrate, duration_ms} or the error document;
///                 release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status. A file that is no database is left as it is.
///
/// Threads: any. The handle may be used from any thread at any time.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_open(
    path: *const c_char,
    options: *const c_char,
    op: *mut rpmadb_op,
    db_out: *mut *mut rpmadb,
    out: *mut *mut c_char,
) -> i32 {
    opened(db_out, out, || {
        // SAFETY: the header demands NUL-terminated texts that stay valid during the call.
        let (path, options) = unsafe { (text::required("path", path)?, text::optional("options", options)?) };
        let operation = given(op)?.through(Origin::C);
        Database::open(path, &request::Open::from_json(options)?, &operation)
    })
}

/// Makes a second handle on the same database, for one user of the host, with that user's rights. They are fixed for the life of
/// the handle:
/// - admin: everything, but nobody writes to tables of rpmadb's own.
/// - supervisor: rpmadb_query and scripts that only read, rpmadb_alerts, the own records of rpmadb_audit, rpmadb_backups,
///   rpmadb_diagnostics, rpmadb_health, rpmadb_lint, rpmadb_metrics,
///   rpmadb_migrations, rpmadb_schema, rpmadb_scripts, rpmadb_stats, and rpmadb_as. Reads every table but the audit
///   (rpmadb_audit) and what shows it in another form (sqlite_dbpage, sqlite_stat4, sqlite_stmt). Changes nothing.
/// - user: may close the handle, and nothing else.
///
/// What a role may not do is RPMADB_DENIED, whatever else is passed.
///
/// @param db      an open handle.
/// @param actor   who: a name for records and logs.
/// @param role    "admin", "supervisor" or "user"; never more than `db` has, and of a supervisor "supervisor" to the own actor
///                alone (RPMADB_DENIED).
/// @param db_out  receives the handle, or NULL on failure; release it with rpmadb_close. It stays good when `db` is closed,
///                unless `db` was lent to a transaction: then it ends with that.
/// @param out     receives {actor, role} or the error document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_as(
    db: *mut rpmadb,
    actor: *const c_char,
    role: *const c_char,
    db_out: *mut *mut rpmadb,
    out: *mut *mut c_char,
) -> i32 {
    opened(db_out, out, || {
        let database = admitted(db, "as")?;
        // SAFETY: the header demands NUL-terminated texts that stay valid during the call.
        let (actor, role) = unsafe { (text::required("actor", actor)?, text::required("role", role)?) };
        let second = database.act_as(actor, Role::from_name(role)?)?;
        let report = serde_json::json!({ "actor": second.actor(), "role": second.role().name() });
        Ok((second, report))
    })
}

/// Closes a handle and sets the variable to NULL. Calls that run on it are cancelled and waited for. The last handle on
/// a database closes the file.
///
/// @param db  address of the variable; a variable that holds NULL is RPMADB_OK.
/// @return RPMADB_OK; RPMADB_REENTRANT from inside a call on the handle; RPMADB_WRONG_PROCESS after fork; the status of a
///         wrong handle. On failure the variable is left as it was.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_close(db: *mut *mut rpmadb) -> i32 {
    guard::plain(|| {
        // SAFETY: NULL or a pointer to a `rpmadb *` of the caller's.
        let db = unsafe { db.as_mut() }.ok_or(Error::NullArgument { name: "db" })?;
        if !db.is_null() {
            database(*db)?.close()?;
            handle::remove(db.addr() as u64, Kind::Database)?;
            *db = std::ptr::null_mut();
        }
        Ok(())
    })
}

/// Registers a migration whose code is the host's own function. It wins over a file of its version and runs with the
/// next rpmadb_migrate, inside the migration's transaction; open with {"migrate": false} to register steps first. Register it
/// at every start: a set without it lacks a migration that the database has (RPMADB_MIGRATION_MISSING).
///
/// @param db         an open handle.
/// @param version    from 1.
/// @param name       a name for the history.
/// @param up         applies it.
/// @param down       takes it back; NULL when there is no way back.
/// @param user_data  handed to both; must stay valid until the last handle on the database is closed.
/// @param out        receives {version, name} or the error document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status.
///
/// Threads: any. The functions run on the thread that migrates: the one that calls rpmadb_migrate, or a script's.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_add_step(
    db: *mut rpmadb,
    version: i64,
    name: *const c_char,
    up: rpmadb_step_fn,
    down: rpmadb_step_fn,
    user_data: *mut c_void,
    out: *mut *mut c_char,
) -> i32 {
    guard::report(out, || {
        let database = admitted(db, "add_step")?;
        // SAFETY: the header demands a NUL-terminated text that stays valid during the call.
        let name = unsafe { text::required("name", name)? };
        let up = host_fn(up, user_data).ok_or(Error::NullArgument { name: "up" })?;
        let step = HostStep { version, name: name.to_owned(), up, down: host_fn(down, user_data) };
        database.add_step(step)?;
        Ok(serde_json::json!({ "version": version, "name": name }))
    })
}

fn host_fn(function: rpmadb_step_fn, user_data: *mut c_void) -> Option<HostFn> {
    let function = function?;
    let user_data = UserData(user_data);
    Some(Arc::new(move |bound| {
        let returned = with_handle(bound, |db| {
            // SAFETY: the host promised a function of this type.
            unsafe { function(db, user_data.pointer()) }
        })?;
        if returned == 0 {
            return Ok(());
        }
        let message = format!("the host's function returned {returned}");
        Err(Error::Sql { message, sqlite_code: 0, place: Box::default() })
    }))
}

/// Lends `database` a handle while `body` runs.
fn with_handle<T>(database: &Arc<Database>, body: impl FnOnce(*mut rpmadb) -> T) -> Result<T> {
    struct Lent(*mut rpmadb);
    impl Drop for Lent {
        fn drop(&mut self) {
            // why ignored: the host may have closed it itself
            let _ = handle::remove(self.0.addr() as u64, Kind::Database);
        }
    }
    let lent = Lent(to_handle(Arc::clone(database))?);
    Ok(body(lent.0))
}

/// Calls a function with a handle bound to one write transaction: 0 commits, anything else rolls back. Rolling back as the
/// function asked is RPMADB_OK with `committed` false.
///
/// Options: none yet; pass NULL.
///
/// @param db         an open handle.
/// @param body       the function.
/// @param user_data  handed to it.
/// @param options    NULL or "{}".
/// @param op         watches the call; may be NULL. A cancel or time-out rolls back even if the function returned 0.
/// @param out        receives {committed, returned, duration_ms} or the error document; release it with rpmadb_free.
///                   May be NULL.
/// @return RPMADB_OK when the function was called and the transaction ended as it asked; else an error status.
///
/// Threads: any. The function runs on the calling thread.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_transaction(
    db: *mut rpmadb,
    body: rpmadb_step_fn,
    user_data: *mut c_void,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    guard::report(out, || {
        let database = admitted(db, "transaction")?;
        let body = body.ok_or(Error::NullArgument { name: "body" })?;
        // SAFETY: the header demands a NUL-terminated text that stays valid during the call.
        request::Transaction::from_json(unsafe { text::optional("options", options)? })?;
        let mut lending = Ok(());
        let report = database.transaction(&given(op)?, |bound| {
            // SAFETY: the host promised a function of this type.
            let returned = with_handle(bound, |db| unsafe { body(db, user_data) });
            returned.unwrap_or_else(|error| {
                lending = Err(error);
                -1
            })
        })?;
        lending.map(|()| report)
    })
}
