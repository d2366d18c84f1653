//! Which SQLite the library works through, and connections of it that pass between host and library.

use std::ffi::{c_char, c_void};
use std::ptr::NonNull;

use super::database::{admitted, opened, rpmadb};
use super::operation::{given, rpmadb_op};
use super::{guard, text};
use crate::database::{HostApi, HostConnection, bind, open_of};
use crate::error::Error;
use crate::operation::Origin;
use crate::request::{self, Request};

/// Hands a SQLite to a library that was built without one (the feature host-sqlite): everything works through it from then on, and until then
/// every call that needs one is RPMADB_NOT_READY. Such a library can also be loaded with load_extension or .load, which does
/// the same. In other builds it is RPMADB_UNSUPPORTED.
///
/// SQLite gives its functions to the entry points of extensions alone, so a program that is linked to it becomes one for a moment:
///
/// ```c
/// static int entry(sqlite3 *db, char **error, const sqlite3_api_routines *api) {
///     return rpmadb_bind_host_sqlite(api, NULL) == RPMADB_OK ? SQLITE_OK : SQLITE_ERROR;
/// }
/// sqlite3_auto_extension((void (*)(void))entry);
/// sqlite3_open(":memory:", &db);
/// sqlite3_close(db);
/// sqlite3_cancel_auto_extension((void (*)(void))entry);
/// ```
///
/// @param api  a `const sqlite3_api_routines *`, as SQLite gave it. It must stay what it is: SQLite's own does.
/// @param out  receives {version, source_id, linkage} or the error document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK, also for the same SQLite once more; RPMADB_UNSUPPORTED for a second one, for one before 3.40, and for one that was
///         compiled without something that is needed.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_bind_host_sqlite(api: *const c_void, out: *mut *mut c_char) -> i32 {
    guard::report(out, || {
        let api = NonNull::new(api.cast_mut()).ok_or(Error::NullArgument { name: "api" })?;
        // SAFETY: the header demands what SQLite gave to an entry point.
        bind(unsafe { HostApi::new(api) })
    })
}

/// Makes a connection on the file of a database for the host alone, in a library that works through the host's SQLite or the system's.
/// In the build with a SQLite of its own it is RPMADB_UNSUPPORTED: a connection of one SQLite is nothing to another.
///
/// It is a new connection and none of the library's, so nothing that is done with it harms them. It is configured as the handle
/// is (busy_timeout_ms, synchronous, foreign_keys, trusted_schema, defensive, read_only). The library neither watches nor records what is
/// done with it: no role holds it back, and it can write to the library's own tables, so only an admin gets one.
///
/// @param db          an open handle; not of a database in memory, and not one that was lent to a transaction.
/// @param handle_out  receives a `sqlite3 *`, or NULL on failure. It is the host's: close it with sqlite3_close, before or after `db`.
/// @param out         receives {} or the error document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status.
///
/// Threads: any, and the connection may be used from any thread too.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_sqlite3(db: *mut rpmadb, handle_out: *mut *mut c_void, out: *mut *mut c_char) -> i32 {
    guard::report(out, || {
        // SAFETY: NULL or a pointer to a `sqlite3 *` of the caller's.
        let handle_out = unsafe { handle_out.as_mut() }.ok_or(Error::NullArgument { name: "handle_out" })?;
        *handle_out = std::ptr::null_mut();
        *handle_out = admitted(db, "sqlite3")?.hand_out()?.as_ptr();
        Ok(serde_json::json!({}))
    })
}

/// Opens the database of a connection that the host has, as rpmadb_open does with its path: the handle works through connections of
/// its own, in the same SQLite. In the build with a SQLite of its own it is RPMADB_UNSUPPORTED.
///
/// @param connection  a `sqlite3 *` of the SQLite that the library works through, open on a file. It stays the host's, is looked at during
///                    this call alone, and may be closed before the handle. It must not be in a transaction, nor in a statement
///                    that reads: the library would wait for it in vain.
/// @param options     those of rpmadb_open.
/// @param op          watches the call; may be NULL.
/// @param db_out      receives the handle, or NULL on failure; release it with rpmadb_close.
/// @param out         receives the report of rpmadb_open or the error document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status; RPMADB_UNSUPPORTED for a database in memory, and for a connection with a VFS of its own.
///
/// Threads: any that may use the connection at that moment.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_open_sqlite3(
    connection: *mut c_void,
    options: *const c_char,
    op: *mut rpmadb_op,
    db_out: *mut *mut rpmadb,
    out: *mut *mut c_char,
) -> i32 {
    opened(db_out, out, || {
        let connection = NonNull::new(connection).ok_or(Error::NullArgument { name: "connection" })?;
        // SAFETY: the header demands a NUL-terminated text that stays valid during the call.
        let options = request::Open::from_json(unsafe { text::optional("options", options)? })?;
        let operation = given(op)?.through(Origin::C);
        operation.check()?;
        // SAFETY: the header demands an open connection that this thread may use.
        let connection = unsafe { HostConnection::new(connection)? };
        open_of(connection, &options, &operation)
    })
}
