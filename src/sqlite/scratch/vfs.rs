//! The VFS through which SQLite reads and writes scratch files.
//!
//! Leaves to others: the bytes (`scratch.rs`); time, randomness and extensions go to the default VFS.
//!
//! Invariants: it opens scratch files and nothing else; what SQLite puts beside one (journals, spilled pages) is
//! a scratch file too, so no plain byte reaches the disk. No panic crosses into SQLite. Locks are no-ops, because
//! a file takes one connection at a time; without shared memory there is no WAL.

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;
use rusqlite::ffi;

use super::{BLOCK, Content};
use crate::sqlite::waiting::must_stop;

/// The name of the VFS.
pub(super) const NAME: &str = "rpmadb-scratch";
const NAME_IN_C: &CStr = c"rpmadb-scratch";
/// The longest name of a file.
const MAX_NAME: c_int = 512;

static PUBLISHED: LazyLock<Mutex<HashMap<String, Arc<Content>>>> = LazyLock::new(Mutex::default);

/// Makes `content` known to SQLite.
pub(super) fn publish(name: &str, content: &Arc<Content>) {
    PUBLISHED.lock().insert(name.to_owned(), Arc::clone(content));
}

/// Undoes [`publish`]; a connection that has it open keeps it.
pub(super) fn withdraw(name: &str) {
    PUBLISHED.lock().remove(name);
}

/// Registers the VFS, once in the life of the process; `Err` has SQLite's result code.
pub(super) fn register() -> Result<(), c_int> {
    static REGISTERED: LazyLock<c_int> = LazyLock::new(|| {
        crate::sqlite::heap::install();
        // SAFETY: no name asks for the default VFS, which lives as long as the process.
        let base = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
        if base.is_null() {
            return ffi::SQLITE_ERROR;
        }
        let vfs = Box::leak(Box::new(ffi::sqlite3_vfs {
            iVersion: 2,
            szOsFile: size_of::<Handle>() as c_int,
            mxPathname: MAX_NAME,
            pNext: std::ptr::null_mut(),
            zName: NAME_IN_C.as_ptr(),
            pAppData: base.cast(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            xDlOpen: Some(dl_open),
            xDlError: Some(dl_error),
            xDlSym: Some(dl_sym),
            xDlClose: Some(dl_close),
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: Some(last_error),
            xCurrentTimeInt64: Some(current_time_int64),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        }));
        // SAFETY: the structure was leaked, so it outlives every use, and nothing else changes it.
        unsafe { ffi::sqlite3_vfs_register(vfs, 0) }
    });
    if *REGISTERED == ffi::SQLITE_OK { Ok(()) } else { Err(*REGISTERED) }
}

/// An open file; SQLite gives the memory and sees `base`.
#[repr(C)]
struct Handle {
    base: ffi::sqlite3_file,
    /// From `Arc::into_raw`, given back by [`close`].
    content: *const Content,
    is_database: bool,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(ignored),
    xFileSize: Some(file_size),
    xLock: Some(ignored),
    xUnlock: Some(ignored),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

/// Runs the body of a callback; a panic in it becomes `otherwise`.
fn caught(otherwise: c_int, body: impl FnOnce() -> c_int) -> c_int {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

/// The result code for a failed call of the system.
fn code(error: &io::Error, otherwise: c_int) -> c_int {
    use io::ErrorKind::{FileTooLarge, InvalidData, QuotaExceeded, StorageFull};
    match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => ffi::SQLITE_FULL,
        InvalidData => ffi::SQLITE_IOERR_DATA,
        _ => otherwise,
    }
}

unsafe extern "C" fn open(
    _vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // why first: SQLite closes a file whose methods are set even when opening it failed
    // SAFETY: SQLite hands in szOsFile bytes of its own that are aligned for any type.
    unsafe { (*file).pMethods = std::ptr::null() };
    caught(ffi::SQLITE_CANTOPEN, || {
        let is_database = flags & ffi::SQLITE_OPEN_MAIN_DB != 0;
        // SAFETY: a name is NUL-terminated, and one that is not null lives until the file is closed.
        let name = if name.is_null() { c"" } else { unsafe { CStr::from_ptr(name) } }.to_string_lossy();
        let found = if is_database {
            claim(&name)
        } else if flags & ffi::SQLITE_OPEN_WAL != 0 {
            Err(ffi::SQLITE_CANTOPEN)
        } else {
            beside(&name)
        };
        let content = match found {
            Ok(content) => content,
            Err(code) => return code,
        };
        let base = ffi::sqlite3_file { pMethods: &METHODS };
        // SAFETY: `file` has room for a Handle (szOsFile), and was not initialised but for its methods.
        unsafe { file.cast::<Handle>().write(Handle { base, content: Arc::into_raw(content), is_database }) };
        if !out_flags.is_null() {
            // SAFETY: it is not null, and SQLite's to be written.
            unsafe { *out_flags = flags };
        }
        ffi::SQLITE_OK
    })
}

/// The scratch file of this name, for one connection.
fn claim(name: &str) -> Result<Arc<Content>, c_int> {
    let content = PUBLISHED.lock().get(name).cloned().ok_or(ffi::SQLITE_CANTOPEN)?;
    if content.in_use.swap(true, Ordering::AcqRel) {
        return Err(ffi::SQLITE_BUSY);
    }
    Ok(content)
}

/// A new file for the journal `name` or, without a name, for spilled pages. Only the handle that made it reads it.
fn beside(name: &str) -> Result<Arc<Content>, c_int> {
    let published = PUBLISHED.lock();
    let own = name.strip_suffix("-journal").and_then(|name| published.get(name));
    let folder = own.or_else(|| published.values().next()).map(|content| content.folder.clone());
    drop(published);
    let content = Content::new(&folder.unwrap_or_else(std::env::temp_dir));
    content.map(Arc::new).map_err(|error| code(&error, ffi::SQLITE_CANTOPEN))
}

/// # Safety
///
/// `file` was opened by [`open`] and is not closed.
unsafe fn content<'f>(file: *mut ffi::sqlite3_file) -> &'f Content {
    // SAFETY: as the caller says, so a Handle is there, and its content has a count that `close` gives back.
    unsafe { &*(*file.cast::<Handle>()).content }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    caught(ffi::SQLITE_IOERR_CLOSE, || {
        // SAFETY: SQLite closes what `open` opened, once, and does not use it afterwards.
        let (content, is_database) = unsafe {
            let handle = file.cast::<Handle>().read();
            (*file).pMethods = std::ptr::null();
            (Arc::from_raw(handle.content), handle.is_database)
        };
        if is_database {
            content.in_use.store(false, Ordering::Release);
        }
        ffi::SQLITE_OK
    })
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, into: *mut c_void, size: c_int, offset: i64) -> c_int {
    caught(ffi::SQLITE_IOERR_READ, || {
        let (Ok(size), Ok(offset)) = (usize::try_from(size), u64::try_from(offset)) else {
            return ffi::SQLITE_IOERR_READ;
        };
        // SAFETY: SQLite hands in an open file and `size` bytes of its own to be written. They may never have been, so
        //    they are cleared before they are seen as bytes.
        let (content, into) = unsafe {
            into.cast::<u8>().write_bytes(0, size);
            (content(file), std::slice::from_raw_parts_mut(into.cast::<u8>(), size))
        };
        match content.read_at(into, offset) {
            Ok(read) if read == size => ffi::SQLITE_OK,
            Ok(_) => ffi::SQLITE_IOERR_SHORT_READ,
            Err(error) => code(&error, ffi::SQLITE_IOERR_READ),
        }
    })
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, bytes: *const c_void, size: c_int, offset: i64) -> c_int {
    caught(ffi::SQLITE_IOERR_WRITE, || {
        // why here too: at a commit SQLite writes all it has, and asks nobody
        if must_stop() {
            return ffi::SQLITE_IOERR_WRITE;
        }
        let (Ok(size), Ok(offset)) = (usize::try_from(size), u64::try_from(offset)) else {
            return ffi::SQLITE_IOERR_WRITE;
        };
        // SAFETY: SQLite hands in an open file and `size` bytes to be written.
        let (content, bytes) = unsafe { (content(file), std::slice::from_raw_parts(bytes.cast::<u8>(), size)) };
        match content.write_at(bytes, offset) {
            Ok(()) => ffi::SQLITE_OK,
            Err(error) => code(&error, ffi::SQLITE_IOERR_WRITE),
        }
    })
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    caught(ffi::SQLITE_IOERR_TRUNCATE, || {
        // SAFETY: SQLite hands in an open file.
        let content = unsafe { content(file) };
        match content.set_len(u64::try_from(size).unwrap_or(0)) {
            Ok(()) => ffi::SQLITE_OK,
            Err(error) => code(&error, ffi::SQLITE_IOERR_TRUNCATE),
        }
    })
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    caught(ffi::SQLITE_IOERR_FSTAT, || {
        // SAFETY: SQLite hands in an open file and a number of its own to be written.
        unsafe { *size = i64::try_from(content(file).len()).unwrap_or(i64::MAX) };
        ffi::SQLITE_OK
    })
}

/// Syncs and locks: there is nothing to keep, and nobody else.
unsafe extern "C" fn ignored(_file: *mut ffi::sqlite3_file, _how: c_int) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(_file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: SQLite hands in a number of its own to be written.
    unsafe { *out = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(_file: *mut ffi::sqlite3_file, _operation: c_int, _argument: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    BLOCK as c_int
}

unsafe extern "C" fn device_characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn delete(_vfs: *mut ffi::sqlite3_vfs, _name: *const c_char, _sync: c_int) -> c_int {
    // why nothing: a journal is gone when it is closed
    ffi::SQLITE_OK
}

unsafe extern "C" fn access(
    _vfs: *mut ffi::sqlite3_vfs,
    _name: *const c_char,
    _flags: c_int,
    out: *mut c_int,
) -> c_int {
    // why never there: SQLite asks for journals of an earlier life, and a scratch file has had none
    // SAFETY: SQLite hands in a number of its own to be written.
    unsafe { *out = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_pathname(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    size: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite hands in a NUL-terminated name.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if usize::try_from(size).is_ok_and(|size| name.len() <= size) {
        // SAFETY: SQLite hands in `size` bytes of its own, apart from the name, and the name fits.
        unsafe { std::ptr::copy_nonoverlapping(name.as_ptr(), out.cast::<u8>(), name.len()) };
        ffi::SQLITE_OK
    } else {
        ffi::SQLITE_CANTOPEN
    }
}

/// Functions that the default VFS does for us: ours have the same arguments behind the first.
macro_rules! delegated {
    ($($name:ident = $method:ident ( $($argument:ident : $kind:ty),* ) -> $answer:ty, $otherwise:expr;)*) => {$(
        unsafe extern "C" fn $name(vfs: *mut ffi::sqlite3_vfs, $($argument: $kind),*) -> $answer {
            // SAFETY: `vfs` is ours, whose pAppData is the default VFS, and the arguments are SQLite's for this very method.
            unsafe {
                let base = (*vfs).pAppData.cast::<ffi::sqlite3_vfs>();
                match (*base).$method {
                    Some(method) => method(base, $($argument),*),
                    None => $otherwise,
                }
            }
        }
    )*};
}

type Symbol = Option<unsafe extern "C" fn(*mut ffi::sqlite3_vfs, *mut c_void, *const c_char)>;

delegated! {
    dl_open = xDlOpen(name: *const c_char) -> *mut c_void, std::ptr::null_mut();
    dl_error = xDlError(size: c_int, out: *mut c_char) -> (), ();
    dl_sym = xDlSym(library: *mut c_void, name: *const c_char) -> Symbol, None;
    dl_close = xDlClose(library: *mut c_void) -> (), ();
    randomness = xRandomness(size: c_int, out: *mut c_char) -> c_int, 0;
    sleep = xSleep(microseconds: c_int) -> c_int, 0;
    current_time = xCurrentTime(out: *mut f64) -> c_int, ffi::SQLITE_ERROR;
    last_error = xGetLastError(size: c_int, out: *mut c_char) -> c_int, 0;
    current_time_int64 = xCurrentTimeInt64(out: *mut i64) -> c_int, ffi::SQLITE_ERROR;
}
