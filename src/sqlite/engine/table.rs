//! The table of functions through which a build without a SQLite of its own calls one.
//!
//! Why a table of our own is handed to rusqlite in place of SQLite's: it demands the version it was written for, and aborts the process where
//! that is newer; it reads fields that an older SQLite's table does not have; and it calls two functions that came with 3.44,
//! for which `clientdata.rs` stands in.
//!
//! Leaves to others: where the table comes from.
//!
//! Invariants: what SQLite's table does not have is never read; a function that we need and that is not there is found when the table is
//! bound, not when it is called; one table is bound in the life of the process.

use std::ffi::{CStr, c_int, c_void};
use std::mem::{offset_of, size_of};
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use parking_lot::Mutex;
use rusqlite::ffi;

use super::clientdata;
use crate::error::{Error, Result};

type Table = ffi::sqlite3_api_routines;

/// The oldest SQLite that will do. What we call came with 3.38 at the latest (`sqlite3_error_offset`, `unixepoch()`); nothing older than this
/// one is tested.
const FLOOR: i32 = 3_040_000;
/// The first whose table has all the fields that we know.
const WHOLE: i32 = 3_044_000;
/// The fields that every SQLite has that will do.
const COMMON: usize = offset_of!(Table, is_interrupted);

// why: a table that knows more fields must be read up to those of its version
const _: () = assert!(offset_of!(Table, set_clientdata) + size_of::<usize>() == size_of::<Table>());

/// The SQLite that was bound.
struct Bound {
    version: i32,
    text: &'static str,
    /// A function of it, which tells it from others.
    mark: usize,
}

static BOUND: OnceLock<Bound> = OnceLock::new();
static BINDING: Mutex<()> = Mutex::new(());

pub(super) fn ready() -> Result<()> {
    if BOUND.get().is_some() { Ok(()) } else { absent() }
}

#[cfg(feature = "system-sqlite")]
#[cold]
fn absent() -> Result<()> {
    bind(super::system::table()?)
}

#[cfg(not(feature = "system-sqlite"))]
#[cold]
fn absent() -> Result<()> {
    Err(Error::NotReady)
}

pub(super) fn must_trust_schema() -> bool {
    // why not once for all threads, nor when it is bound: where it is asked, SQLite may call the host, which may come back
    static ANSWER: AtomicU8 = AtomicU8::new(0);
    let known = ANSWER.load(Ordering::Relaxed);
    if known != 0 || ready().is_err() {
        return known == 2;
    }
    let answer = !has_harmless_json();
    ANSWER.store(if answer { 2 } else { 1 }, Ordering::Relaxed);
    answer
}

pub(super) fn version() -> Option<&'static str> {
    BOUND.get().map(|bound| bound.text)
}

pub(super) fn version_number() -> i32 {
    BOUND.get().map_or(0, |bound| bound.version)
}

/// Fails for a version below the floor.
pub(super) fn must_be_new_enough(version: i32) -> Result<()> {
    if version >= FLOOR {
        return Ok(());
    }
    Err(Error::SqliteTooOld { found: named(version), floor: named(FLOOR) })
}

/// 3040001 is 3.40.1.
fn named(version: i32) -> String {
    format!("{}.{}.{}", version / 1_000_000, version / 1_000 % 1_000, version % 1_000)
}

pub(super) fn bind(api: NonNull<c_void>) -> Result<()> {
    let _one_at_a_time = BINDING.lock();
    let api = api.cast::<Table>().as_ptr();
    // SAFETY: who made the `HostApi`, or SQLite itself, promises a table; every SQLite's has this field, which is near its beginning.
    let version = unsafe { (*api).libversion_number }.ok_or_else(|| missing("libversion_number"))?;
    // SAFETY: SQLite's function, which takes nothing.
    let version = unsafe { version() };
    must_be_new_enough(version)?;
    // SAFETY: a table of null functions is one; so many bytes of the other are there in this version.
    let mut table = unsafe {
        let mut table: Table = std::mem::zeroed();
        let length = if version >= WHOLE { size_of::<Table>() } else { COMMON };
        std::ptr::copy_nonoverlapping(api.cast::<u8>(), (&raw mut table).cast::<u8>(), length);
        table
    };
    must_be_whole(&table)?;
    let mark = table.open_v2.map_or(0, |open| open as usize);
    if let Some(bound) = BOUND.get() {
        return if bound.mark == mark { Ok(()) } else { Err(another(bound)) };
    }
    let text = table.libversion.ok_or_else(|| missing("libversion"))?;
    // SAFETY: SQLite's function, which gives a text that lives as long as SQLite.
    let text = unsafe { CStr::from_ptr(text()) }.to_str().unwrap_or("unknown");
    clientdata::stand_in(&mut table);
    if version < ffi::SQLITE_VERSION_NUMBER {
        table.libversion_number = Some(as_demanded);
    }
    // SAFETY: the table is whole, but for functions that nothing here calls; rusqlite copies it.
    unsafe { ffi::rusqlite_extension_init2(&raw mut table) }
        .map_err(|error| Error::Internal { detail: format!("rusqlite refuses the table of SQLite: {error:?}") })?;
    let _ = BOUND.set(Bound { version, text, mark });
    Ok(())
}

/// Whether SQLite says of its JSON functions that they are harmless.
fn has_harmless_json() -> bool {
    let asked = rusqlite::Connection::open_in_memory().and_then(|connection| {
        let sql = "SELECT min(flags & ?1) FROM pragma_function_list WHERE name = 'json_valid'";
        connection.query_row(sql, [ffi::SQLITE_INNOCUOUS], |row| row.get::<_, Option<i32>>(0))
    });
    // why true where it cannot be asked: to trust is what must have a reason
    !matches!(asked, Ok(Some(0)))
}

/// The version that rusqlite was written for. It asks once more when it opens a file, where anything from 3.37 on is alike.
unsafe extern "C" fn as_demanded() -> c_int {
    ffi::SQLITE_VERSION_NUMBER
}

fn missing(function: &str) -> Error {
    Error::Unsupported {
        what: format!("a SQLite without sqlite3_{function}"),
        instead: Some(
            "use a SQLite that was compiled without SQLITE_OMIT_ options, or the build of rpmadb with one of its own",
        ),
    }
}

fn another(bound: &Bound) -> Error {
    Error::Unsupported {
        what: format!("a second SQLite: {} is bound already, and stays", bound.text),
        instead: Some("use one SQLite in a process"),
    }
}

/// What a SQLite may lack by its compile options, of what is called here or in rusqlite.
fn must_be_whole(table: &Table) -> Result<()> {
    macro_rules! look {
        ($($function:ident)*) => { $(if table.$function.is_none() { return Err(missing(stringify!($function))); })* };
    }
    look! {
        backup_finish backup_init backup_pagecount backup_remaining backup_step bind_blob64 bind_double bind_int64 bind_null
        bind_parameter_count bind_parameter_index bind_parameter_name bind_text64 bind_value bind_zeroblob busy_handler busy_timeout changes64
        clear_bindings close column_blob column_bytes column_count column_decltype column_double column_int64 column_name column_text
        column_type column_value context_db_handle create_function_v2 db_config db_filename db_readonly db_status errcode errmsg
        error_offset errstr exec expanded_sql extended_errcode extended_result_codes file_control finalize free get_autocommit
        last_insert_rowid libversion limit malloc malloc64 memory_used mutex_alloc mutex_free next_stmt open_v2 prepare_v2 prepare_v3
        progress_handler reset result_blob64 result_double result_error result_error_code result_error_nomem result_error_toobig
        result_int64 result_null result_subtype result_text64 result_value set_authorizer sourceid set_last_insert_rowid sql step
        stmt_readonly stmt_status system_errno total_changes64 txn_state user_data value_blob value_bytes value_double value_int64
        value_text value_type vfs_find vfs_register xthreadsafe
    }
    Ok(())
}
