//! Bytes of the database file, and what its header says about the journal, read through SQLite's own descriptor.
//!
//! Why not `PRAGMA journal_mode`: it makes SQLite parse the whole schema. Why not `std::fs`: closing a second
//! descriptor of the file would drop every lock of this process on it.
//!
//! Byte map (SQLite's "Database File Format", section 1.3): 0..16 magic text; 18 write version, 19 read version,
//! each 1 for a rollback journal and 2 for WAL; 24..28 the change counter, big endian.

use std::ffi::c_void;

use rusqlite::ffi;

use super::connection::Connection;
use crate::error::{Error, Result};

const LENGTH: usize = 20;
const MAGIC: &[u8] = b"SQLite format 3\0";
const WRITE_VERSION: usize = 18;
const WAL: u8 = 2;
const CHANGE_COUNTER: u64 = 24;
/// The first block of the index of the log ("WAL-mode File Format", section 2.1), in the byte order of the machine: 16..20 frames in the log,
/// 96..100 frames that are in the file.
const LOG_INDEX_BYTES: i32 = 32_768;
const LOG_FRAMES: usize = 16;
const LOG_CHECKPOINTED: usize = 96;

impl Connection {
    /// Whether the file is marked for WAL. False for an empty file and for a database in memory.
    pub fn is_wal(&self) -> Result<bool> {
        Ok(self.header()?[WRITE_VERSION] == WAL)
    }

    /// Whether the file begins as a SQLite database does.
    pub(super) fn has_magic(&self) -> Result<bool> {
        Ok(self.header()?.starts_with(MAGIC))
    }

    /// How often the file was written to, as its header tells; in WAL mode that is not the whole truth.
    pub(super) fn change_counter(&self) -> Result<u32> {
        let mut counter = [0; 4];
        self.read_file(CHANGE_COUNTER, &mut counter)?;
        Ok(u32::from_be_bytes(counter))
    }

    /// The first bytes of the file, zeros where it is shorter.
    fn header(&self) -> Result<[u8; LENGTH]> {
        let mut bytes = [0u8; LENGTH];
        self.read_file(0, &mut bytes)?;
        Ok(bytes)
    }

    /// Bytes of the file as it is, zeros where it is shorter or there is none. The log is not asked.
    pub(super) fn read_file(&self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        let (Ok(length), Ok(offset)) = (i32::try_from(bytes.len()), i64::try_from(offset)) else {
            return Err(Error::Internal { detail: "a read of the file is out of range".into() });
        };
        // SAFETY: `xRead` writes at most `length` bytes into `bytes` and keeps no reference to them.
        let code = self.with_file(|file, methods| unsafe {
            methods.xRead.map(|read| read(file, bytes.as_mut_ptr().cast(), length, offset))
        });
        match code {
            None | Some(ffi::SQLITE_OK | ffi::SQLITE_IOERR_SHORT_READ) => Ok(()),
            Some(code) => Err(Error::Io {
                what: self.display(),
                detail: format!("the file could not be read at {offset}"),
                sqlite_code: Some(code),
            }),
        }
    }

    /// Gets what was written to the file onto the disk, whatever `PRAGMA synchronous` says.
    pub fn sync_file(&self) -> Result<()> {
        // SAFETY: `xSync` takes the file and a number.
        let code =
            self.with_file(|file, methods| unsafe { methods.xSync.map(|sync| sync(file, ffi::SQLITE_SYNC_NORMAL)) });
        match code {
            None | Some(ffi::SQLITE_OK) => Ok(()),
            Some(code) => Err(Error::Io {
                what: self.display(),
                detail: "the file could not be synced".into(),
                sqlite_code: Some(code),
            }),
        }
    }

    /// Frames in the log and how many of them are in the file, as the index of the log says which SQLite has mapped; `None` where there is none.
    pub(super) fn log_index(&self) -> Option<(u32, u32)> {
        let mut index: *mut c_void = std::ptr::null_mut();
        // SAFETY: `xShmMap` writes one pointer, to so many bytes that stay mapped as long as the log is open, which the connection has; it makes
        // nothing larger when it is told not to.
        let code = self.with_file(|file, methods| unsafe {
            methods.xShmMap.map(|map| map(file, 0, LOG_INDEX_BYTES, 0, (&raw mut index).cast()))
        })?;
        if code != ffi::SQLITE_OK || index.is_null() {
            return None;
        }
        // SAFETY: as above; both numbers lie in those bytes and are aligned, and others may write them at any moment.
        unsafe {
            let at = |offset: usize| index.cast::<u8>().add(offset).cast::<u32>().read_volatile();
            Some((at(LOG_FRAMES), at(LOG_CHECKPOINTED)))
        }
    }

    /// Calls a method of SQLite's own handle of the file; `None` when there is no file.
    fn with_file(
        &self,
        call: impl FnOnce(*mut ffi::sqlite3_file, &ffi::sqlite3_io_methods) -> Option<i32>,
    ) -> Option<i32> {
        let inner = self.raw();
        let mut file: *mut ffi::sqlite3_file = std::ptr::null_mut();
        // SAFETY: the connection is open and locked by us for the whole function. FCNTL_FILE_POINTER writes one
        // pointer to the `sqlite3_file` that the connection owns and keeps until it closes; `pMethods` is null while
        // that file is not open.
        let methods = unsafe {
            let code = ffi::sqlite3_file_control(
                inner.handle(),
                c"main".as_ptr(),
                ffi::SQLITE_FCNTL_FILE_POINTER,
                (&raw mut file).cast(),
            );
            if code != ffi::SQLITE_OK {
                return None;
            }
            file.as_ref()?.pMethods.as_ref()?
        };
        call(file, methods)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Open;
    use crate::sqlite::Settings;

    #[test]
    fn the_header_tells_wal_from_a_rollback_journal_and_from_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = Settings::new(Some(folder.path().join("a.db")), &Open::default());
        let connection = Connection::open(&settings, true, false).expect("opens");
        assert_eq!(connection.is_wal(), Ok(false), "empty file");
        connection.execute_batch("CREATE TABLE t (a)").expect("writes");
        assert_eq!(connection.is_wal(), Ok(false), "rollback journal");
        connection.execute_batch("PRAGMA journal_mode=wal").expect("switches");
        assert_eq!(connection.is_wal(), Ok(true), "WAL");
        assert_eq!(Connection::open_in_memory().expect("opens").is_wal(), Ok(false), "memory");
    }
}
