//! Connections of SQLite's that pass between the host and the library: one of the host's that the library looks at, and one for
//! the host alone.
//!
//! Leaves to others: what is done with them (`database/hosted.rs`, `database/sql.rs`).
//!
//! Invariants: a connection of the host's is asked (and given functions, `functions.rs`), and never kept, closed or written through; one for the host is none
//! of the pool's, so nothing that the host does with it ends a lease or gets past a lock of ours. Neither exists where SQLite is ours alone.

use std::ffi::{CStr, c_int, c_void};
use std::path::PathBuf;
use std::ptr::NonNull;

use rusqlite::ffi;

use super::access::Access;
use super::engine::{self, Engine};
use super::failure::from_code;
use super::file;
use super::waiting::to_ms;
use crate::error::{Error, Result};

/// A connection of the host's: a `sqlite3 *`.
#[derive(Debug, Clone, Copy)]
pub struct HostConnection(pub(super) NonNull<ffi::sqlite3>);

/// Fails in a build whose SQLite is its own: connections of another copy are none of it.
fn must_be_shared(what: &str) -> Result<()> {
    if Engine::IS_SHARED {
        return engine::ready();
    }
    Err(Error::Unsupported {
        what: format!("{what} in a build with a SQLite of its own"),
        instead: Some("use the build of rpmadb with the feature host-sqlite or system-sqlite"),
    })
}

impl HostConnection {
    /// # Safety
    /// In a build that works through the host's SQLite, `connection` is open, and no other thread uses it while this value, or a copy of it,
    /// is in use, unless SQLite itself locks it. In other builds it is never looked at.
    pub unsafe fn new(connection: NonNull<c_void>) -> Result<HostConnection> {
        must_be_shared("a connection of the host's")?;
        Ok(HostConnection(connection.cast()))
    }

    /// The file of its main database.
    pub fn file(self) -> Result<PathBuf> {
        let none = |what: &str, instead| Err(Error::Unsupported { what: what.into(), instead: Some(instead) });
        // SAFETY: the connection is open, as who made this promised; the name ends with a zero, and the text that SQLite gives lives as long
        // as the database is attached.
        let path = unsafe {
            let path = ffi::sqlite3_db_filename(self.0.as_ptr(), c"main".as_ptr());
            if path.is_null() { c"" } else { CStr::from_ptr(path) }
        };
        if path.is_empty() {
            return none("a database in memory, which only its own connection sees,", "open the connection on a file");
        }
        if !self.uses_default_vfs() {
            return none(
                "a connection whose files are reached in another way than by default (its VFS)",
                "open the connection without a VFS of its own",
            );
        }
        if self.has_moved() {
            return none(
                "a connection whose file was moved or removed since it was opened,",
                "open the connection again",
            );
        }
        let path = path.to_str().map_err(|error| Error::InvalidUtf8 { name: "path", at: error.valid_up_to() })?;
        Ok(PathBuf::from(path))
    }

    /// Whether the file that it has open is no longer the one at its path.
    fn has_moved(self) -> bool {
        let mut moved: c_int = 0;
        // SAFETY: the connection is open; SQLite writes one number.
        unsafe {
            let code = ffi::sqlite3_file_control(
                self.0.as_ptr(),
                c"main".as_ptr(),
                ffi::SQLITE_FCNTL_HAS_MOVED,
                (&raw mut moved).cast(),
            );
            code == ffi::SQLITE_OK && moved != 0
        }
    }

    fn uses_default_vfs(self) -> bool {
        let mut own: *mut ffi::sqlite3_vfs = std::ptr::null_mut();
        // SAFETY: the connection is open; SQLite writes one pointer, and gives the default VFS for no name.
        unsafe {
            let code = ffi::sqlite3_file_control(
                self.0.as_ptr(),
                c"main".as_ptr(),
                ffi::SQLITE_FCNTL_VFS_POINTER,
                (&raw mut own).cast(),
            );
            code == ffi::SQLITE_OK && own == ffi::sqlite3_vfs_find(std::ptr::null())
        }
    }

    /// Fails inside a transaction of it: other connections would wait for its locks, and it for them, and they do not see what it did.
    pub fn must_be_idle(self) -> Result<()> {
        // SAFETY: the connection is open; both calls read a number.
        let is_idle = unsafe {
            ffi::sqlite3_get_autocommit(self.0.as_ptr()) != 0
                && ffi::sqlite3_txn_state(self.0.as_ptr(), std::ptr::null()) == ffi::SQLITE_TXN_NONE
        };
        if is_idle {
            return Ok(());
        }
        Err(Error::Unsupported {
            what: "work on the database of a connection that is in a transaction or in a statement that reads a table"
                .into(),
            instead: Some("end it first, and call the function in a statement of its own"),
        })
    }
}

impl Access {
    /// A new connection on the file of this database, configured like those of the pool, for the host alone, which closes it. Nothing of ours
    /// watches it: neither rules nor records.
    pub fn hand_out(&self) -> Result<NonNull<c_void>> {
        must_be_shared("a connection for the host")?;
        let settings = self.settings();
        let Some(path) = settings.path.as_deref() else {
            return Err(Error::Unsupported {
                what: "a connection for the host on a database in memory, which only its own connection sees,".into(),
                instead: Some("open the database on a file"),
            });
        };
        let path = std::ffi::CString::new(file::as_path(path).as_os_str().as_encoded_bytes())
            .map_err(|_| Error::InvalidArgument { name: "path".into(), reason: "holds a zero".into() })?;
        let how = if settings.read_only { ffi::SQLITE_OPEN_READONLY } else { ffi::SQLITE_OPEN_READWRITE };
        // why: the host may use it from any thread, which ours are not made for
        let flags = how | ffi::SQLITE_OPEN_FULLMUTEX | rusqlite::OpenFlags::SQLITE_OPEN_PRIVATE_CACHE.bits();
        let wait = c_int::try_from(to_ms(settings.busy_timeout)).unwrap_or(c_int::MAX);
        let synchronous = format!("PRAGMA synchronous={}\0", settings.synchronous.name());
        let mut connection = std::ptr::null_mut();
        // SAFETY: SQLite reads texts that end with a zero and writes one pointer. What it opened is used here alone until it is given away,
        // and is closed once if it is not.
        unsafe {
            let mut code = ffi::sqlite3_open_v2(path.as_ptr(), &raw mut connection, flags, std::ptr::null());
            let steps: [&dyn Fn() -> c_int; 6] = [
                &|| ffi::sqlite3_extended_result_codes(connection, 1),
                &|| ffi::sqlite3_busy_timeout(connection, wait),
                &|| switch(connection, ffi::SQLITE_DBCONFIG_ENABLE_FKEY, settings.foreign_keys),
                &|| switch(connection, ffi::SQLITE_DBCONFIG_TRUSTED_SCHEMA, settings.trusted_schema),
                &|| switch(connection, ffi::SQLITE_DBCONFIG_DEFENSIVE, settings.defensive),
                &|| {
                    let (none, no_error) = (std::ptr::null_mut(), std::ptr::null_mut());
                    ffi::sqlite3_exec(connection, synchronous.as_ptr().cast(), None, none, no_error)
                },
            ];
            for step in steps {
                if code == ffi::SQLITE_OK {
                    code = step();
                }
            }
            match NonNull::new(connection) {
                Some(connection) if code == ffi::SQLITE_OK => Ok(connection.cast()),
                _ => {
                    let message = CStr::from_ptr(ffi::sqlite3_errmsg(connection)).to_string_lossy().into_owned();
                    ffi::sqlite3_close(connection);
                    Err(from_code(code, message, &settings.display(), to_ms(settings.busy_timeout), 0))
                }
            }
        }
    }
}

/// # Safety
/// The connection is open, and the switch one that takes a number and gives one.
unsafe fn switch(connection: *mut ffi::sqlite3, switch: c_int, on: bool) -> c_int {
    let mut now: c_int = 0;
    // SAFETY: the caller promises it.
    unsafe { ffi::sqlite3_db_config(connection, switch, c_int::from(on), &raw mut now) }
}
