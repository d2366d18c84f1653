//! Bytes of the database file, and what its header says about the journal, read through SQLite's own descriptor.
//!
//! Why not `PRAGMA journal_mode`: it makes SQLite parse the whole schema. Why not `std::fs`: closing a second
//! descriptor of the file would drop every lock of this process on it.
//!
//! Byte map (SQLite's "Database File Format", section 1.3): 0..16 magic text; 18 write version, 19 read version,
//! each 1 for a rollback journal and 2 for WAL; 24..28 the change counter, big endian.

use rusqlite::ffi;

use super::connection::Connection;
use crate::error::{Error, Result};

const LENGTH: usize = 20;
const MAGIC: &[u8] = b"SQLite format 3\0";
const WRITE_VERSION: usize = 18;
const WAL: u8 = 2;
const CHANGE_COUNTER: u64 = 24;

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
        let inner = self.raw();
        let (Ok(length), Ok(offset)) = (i32::try_from(bytes.len()), i64::try_from(offset)) else {
            return Err(Error::Internal { detail: "a read of the file is out of range".into() });
        };
        // SAFETY: the connection is open and locked by us for the whole block. FCNTL_FILE_POINTER writes one
        // pointer to the `sqlite3_file` that the connection owns and keeps until it closes; `pMethods` is null while
        // that file is not open. `xRead` writes at most `length` bytes into `bytes` and keeps no reference to them.
        let code = unsafe {
            let mut file: *mut ffi::sqlite3_file = std::ptr::null_mut();
            let code = ffi::sqlite3_file_control(
                inner.handle(),
                c"main".as_ptr(),
                ffi::SQLITE_FCNTL_FILE_POINTER,
                (&raw mut file).cast(),
            );
            let read = match file.as_ref().and_then(|file| file.pMethods.as_ref()) {
                Some(methods) if code == ffi::SQLITE_OK => methods.xRead,
                _ => None,
            };
            match read {
                Some(read) => read(file, bytes.as_mut_ptr().cast(), length, offset),
                None => return Ok(()),
            }
        };
        match code {
            ffi::SQLITE_OK | ffi::SQLITE_IOERR_SHORT_READ => Ok(()),
            code => Err(Error::Io {
                what: self.display(),
                detail: format!("the file could not be read at {offset}"),
                sqlite_code: Some(code),
            }),
        }
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
