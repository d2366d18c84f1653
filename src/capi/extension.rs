//! The entry point for `load_extension` and `.load`, in the build that works through the host's SQLite.
//!
//! SQLite makes its name of the file's: librpmadb.so. It binds the SQLite that loads it and makes four SQL functions known to the connection:
//! `rpmadb_migrate()`, `rpmadb_health()`, `rpmadb_stats()` and `rpmadb_backup(path)`, which give the report of their verb as JSON.
//!
//! Leaves to others: what they do (`database/sql.rs`).
//!
//! Invariant: the library stays loaded, because the other functions work through that SQLite from then on.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::NonNull;

use super::{guard, text};
use crate::database::{Definition, HostApi, HostConnection, bind, work_on};
use crate::error::{Error, Result};

const SQLITE_ERROR: c_int = 1;
const SQLITE_OK_LOAD_PERMANENTLY: c_int = 256;

static FUNCTIONS: [Definition; 4] = [
    Definition {
        name: c"rpmadb_migrate",
        arguments: 0,
        function: |on, _| guard::caught(|| work_on(on, "migrate", None)),
    },
    Definition {
        name: c"rpmadb_health",
        arguments: 0,
        function: |on, _| guard::caught(|| work_on(on, "health", None)),
    },
    Definition { name: c"rpmadb_stats", arguments: 0, function: |on, _| guard::caught(|| work_on(on, "stats", None)) },
    Definition {
        name: c"rpmadb_backup",
        arguments: 1,
        function: |on, path| guard::caught(|| work_on(on, "backup", path)),
    },
];

/// SQLite calls it when it loads the library. It is not for `sqlite3_auto_extension`: that takes what an extension that stays loaded
/// gives back for an error.
#[unsafe(no_mangle)]
pub extern "C" fn sqlite3_rpmadb_init(
    connection: *mut c_void,
    error_out: *mut *mut c_char,
    api: *const c_void,
) -> c_int {
    let Some(api) = NonNull::new(api.cast_mut()) else { return SQLITE_ERROR };
    // SAFETY: SQLite gives its table, which lives as long as it.
    let api = unsafe { HostApi::new(api) };
    let loaded = guard::caught(|| -> Result<()> {
        bind(api)?;
        let connection = NonNull::new(connection).ok_or(Error::NullArgument { name: "connection" })?;
        // SAFETY: SQLite gives the connection that loads the library, which it has locked.
        let connection = unsafe { HostConnection::new(connection)? };
        FUNCTIONS.iter().try_for_each(|definition| connection.define(definition))
    });
    let Err(error) = loaded else { return SQLITE_OK_LOAD_PERMANENTLY };
    // SAFETY: NULL or a pointer of SQLite's for a text that it releases.
    if let Some(error_out) = unsafe { error_out.as_mut() } {
        *error_out = api.text(&text::to_c(&format!("{}: {}", error.status().name(), error.in_words())));
    }
    SQLITE_ERROR
}
