//! Keeps our SQLite and another copy of SQLite in the same process from undoing each other's locks.
//!
//! Why: POSIX locks belong to the process. Two copies do not see each other's, and whoever closes any descriptor of a file drops the
//! locks of both. Here `fcntl`, `open` and `close`, as our SQLite calls them, are replaced: its locks become locks of an open file
//! description, which conflict with everybody's and go away with nobody's `close`, and its descriptors of files that may be locked are
//! parked and used again in place of being closed.
//!
//! Leaves to others: the descriptors (`shim/table.rs`), who wants it (`foreign.rs`), forks (`fork.rs` calls the three functions here).
//!
//! Invariants: nothing is replaced until somebody asks for it; once replaced it stays. What does not lock goes straight to the system.

mod held;
mod table;

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::errno::Errno;
use nix::libc;
use rusqlite::ffi;

use super::engine::Engine;

use self::held::Range;
use self::table::{How, Table, is_regular};

static TABLE: Mutex<Table> = Mutex::new(Table::new());
/// Whether the calls are replaced.
static INSTALLED: AtomicBool = AtomicBool::new(false);
/// Whether files that are opened from now on are locked by descriptor.
static BY_DESCRIPTOR: AtomicBool = AtomicBool::new(false);

/// Device and inode of a file.
pub(super) type Key = table::Key;

type Fcntl = unsafe extern "C" fn(c_int, c_int, ...) -> c_int;
type Locks = unsafe extern "C" fn(c_int, c_int, *mut libc::flock) -> c_int;
type Open = unsafe extern "C" fn(*const c_char, c_int, c_int) -> c_int;
type Close = unsafe extern "C" fn(c_int) -> c_int;
type Stat = unsafe extern "C" fn(*const c_char, *mut libc::stat) -> c_int;

unsafe extern "C" {
    /// In `shim/fcntl.c`.
    fn rpmadb_shim_fcntl(descriptor: c_int, command: c_int, ...) -> c_int;
    fn rpmadb_shim_set(function: Locks);
}

/// Whether a descriptor opened with these flags waits to be used again, in whatever process it is.
pub(super) fn waits(flags: c_int) -> bool {
    flags & table::MARK == table::MARK
}

fn table() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Watches which files our SQLite opens; with `by_descriptor` also locks by descriptor those that it opens from now on.
pub(super) fn install(by_descriptor: bool) {
    // why: what is not ours is not changed
    if Engine::IS_SHARED {
        return;
    }
    super::heap::install();
    super::fork::register();
    {
        let mut table = table();
        if !INSTALLED.load(Ordering::Acquire) {
            table.process = std::process::id();
            // why asked: what was locked the one way cannot be unlocked the other
            if has_open_files() {
                table.came_late();
            }
            replace_calls();
            INSTALLED.store(true, Ordering::Release);
        }
    }
    if by_descriptor {
        BY_DESCRIPTOR.store(true, Ordering::Release);
    }
}

/// Whether it is known which descriptors are our SQLite's.
fn is_installed() -> bool {
    INSTALLED.load(Ordering::Acquire)
}

/// Whether the locks of a file that our SQLite has open belong to a descriptor.
pub(super) fn covers(key: Key) -> bool {
    table().find(key).is_some_and(|(file, _)| file.how == How::Descriptor)
}

/// The descriptors of a file in this process that are not our SQLite's; `None` where that is not known.
pub(super) fn foreign_descriptors(key: Key) -> Option<Vec<c_int>> {
    if !is_installed() {
        return None;
    }
    let found = table().foreign()?;
    Some(found.into_iter().filter(|(_, found)| *found == key).map(|(descriptor, _)| descriptor).collect())
}

/// All descriptors of a file in this process.
fn all_descriptors(key: Key) -> Option<Vec<c_int>> {
    let found = table::descriptors()?;
    Some(found.into_iter().filter(|(_, found)| *found == key).map(|(descriptor, _)| descriptor).collect())
}

/// What the kernel says to a lock that our SQLite should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is there.
    Held,
    /// It is gone.
    Lost,
    /// That cannot be told.
    Unknown,
}

/// Bytes of a file that our SQLite believes to have locked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Believed {
    pub(super) start: i64,
    pub(super) length: i64,
    pub(super) writes: bool,
}

/// Asks the kernel whether a lock that our SQLite believes to have is there.
pub(super) fn ask(key: Key, believed: Believed) -> Answer {
    let range = Range { start: believed.start, end: believed.start + believed.length, writes: believed.writes };
    if is_installed() {
        let table = table();
        if let Some((file, open)) = table.find(key)
            && file.how == How::Descriptor
        {
            // why both: somebody has the lock, and it is nobody else
            let sound = file.sound_locks(key).zip(open);
            let Some((locks, open)) = sound else { return Answer::Lost };
            return match (conflict(open, range, libc::F_WRLCK), conflict(locks, range, range.kind())) {
                (Ok(Some(_)), Ok(None)) => Answer::Held,
                (Ok(_), Ok(_)) => Answer::Lost,
                _ => Answer::Unknown,
            };
        }
    }
    ask_process(key, range)
}

/// Whether this process has a lock. Any descriptor of the file does to ask the kernel, and none is opened for it: to close it would drop the lock.
fn ask_process(key: Key, range: Range) -> Answer {
    let Some(descriptor) = all_descriptors(key).and_then(|all| all.first().copied()) else { return Answer::Unknown };
    let this = libc::pid_t::try_from(std::process::id()).unwrap_or(-1);
    match conflict(descriptor, range, libc::F_WRLCK) {
        Ok(None) => Answer::Lost,
        Ok(Some(holder)) if holder == this => Answer::Held,
        // why: a lock for writing is nobody else's as long as we have it
        Ok(Some(_)) if range.writes => Answer::Lost,
        _ => Answer::Unknown,
    }
}

/// Whether another copy of SQLite in this process has a lock on any of the bytes of a file whose locks the shim keeps apart. Of several
/// holders the kernel names one, so it may have one and not be found.
pub(super) fn is_locked_by_another_copy(key: Key, believed: Believed) -> bool {
    let range = Range { start: believed.start, end: believed.start + believed.length, writes: believed.writes };
    let this = libc::pid_t::try_from(std::process::id()).unwrap_or(-1);
    let table = table();
    let locks =
        table.find(key).filter(|(file, _)| file.how == How::Descriptor).and_then(|(file, _)| file.sound_locks(key));
    locks.is_some_and(|locks| matches!(conflict(locks, range, libc::F_WRLCK), Ok(Some(holder)) if holder == this))
}

/// Who keeps the descriptor from a lock of this kind: a process, or -1 for another descriptor.
fn conflict(descriptor: c_int, range: Range, kind: c_int) -> Result<Option<libc::pid_t>, ()> {
    let mut lock = range.lock(kind);
    // SAFETY: the kernel reads and writes the struct.
    if unsafe { libc::fcntl(descriptor, libc::F_OFD_GETLK, &raw mut lock) } != 0 {
        return Err(());
    }
    Ok((c_int::from(lock.l_type) != libc::F_UNLCK).then_some(lock.l_pid))
}

thread_local! {
    /// Held over a fork by the thread that forks, so that the child finds the table whole.
    static OVER_FORK: RefCell<Option<MutexGuard<'static, Table>>> = const { RefCell::new(None) };
    static WAS_ASKED: Cell<bool> = const { Cell::new(false) };
}

fn over_fork(body: impl FnOnce(&mut Option<MutexGuard<'static, Table>>)) {
    // why no panic: a thread that forks while it ends has none any more, and then the child finds out by its number
    let _ = OVER_FORK.try_with(|held| held.try_borrow_mut().map(|mut held| body(&mut held)));
}

/// Before a fork, on the thread that forks.
pub(super) fn before_fork() {
    if is_installed() {
        over_fork(|held| *held = Some(table()));
    }
}

/// After a fork, in the parent.
pub(super) fn after_fork() {
    over_fork(|held| drop(held.take()));
}

/// After a fork, in the child.
pub(super) fn in_child() {
    over_fork(|held| {
        if let Some(mut table) = held.take() {
            table.forked(std::process::id());
        }
    });
}

/// Before a file is opened; a child that was made without telling anybody is found here.
pub(super) fn before_open() {
    let process = std::process::id();
    if is_installed() && table().process != process {
        table().forked(process);
    }
}

/// Whether our SQLite has any file open that it may lock. It looks up the file of a name, before it opens one, only if it has.
fn has_open_files() -> bool {
    // SAFETY: `sqlite3_vfs_find` gives NULL or a VFS that lives as long as the process. `xOpen` gets what it wants: a name with two zeros
    // behind it, room for a file, flags of a main database; it fails, and leaves nothing behind, because there is no such file. The function
    // put in place of `stat` has its type, and the one before comes back.
    unsafe {
        let vfs = ffi::sqlite3_vfs_find(c"unix".as_ptr());
        let Some(found) = vfs.as_ref() else { return true };
        let (Some(open), Some(set), Some(which)) = (found.xOpen, found.xSetSystemCall, found.xGetSystemCall) else {
            return true;
        };
        let before = which(vfs, c"stat".as_ptr());
        let asked: Stat = asked_stat;
        WAS_ASKED.set(false);
        set(vfs, c"stat".as_ptr(), std::mem::transmute::<Stat, ffi::sqlite3_syscall_ptr>(asked));
        let mut room = vec![0u64; usize::try_from(found.szOsFile).unwrap_or(4_096).div_ceil(8) + 1];
        let flags = ffi::SQLITE_OPEN_READONLY | ffi::SQLITE_OPEN_MAIN_DB;
        let name = b"/proc/self/no-database\0\0";
        open(vfs, name.as_ptr().cast(), room.as_mut_ptr().cast(), flags, std::ptr::null_mut());
        set(vfs, c"stat".as_ptr(), before);
        WAS_ASKED.get()
    }
}

unsafe extern "C" fn asked_stat(path: *const c_char, found: *mut libc::stat) -> c_int {
    let _ = WAS_ASKED.try_with(|asked| asked.set(true));
    // SAFETY: SQLite passes what it would pass to `stat`.
    unsafe { libc::stat(path, found) }
}

fn replace_calls() {
    // SAFETY: `xSetSystemCall` of the unix VFS, which lives as long as the process, takes a name of its table and a function of the type
    // that table has for it, which these have. The C part has the function it calls before anybody can call it.
    unsafe {
        rpmadb_shim_set(locks);
        let vfs = ffi::sqlite3_vfs_find(c"unix".as_ptr());
        let Some(set) = vfs.as_ref().and_then(|vfs| vfs.xSetSystemCall) else { return };
        let (fcntl, open, close): (Fcntl, Open, Close) = (rpmadb_shim_fcntl, open, close);
        set(vfs, c"fcntl".as_ptr(), std::mem::transmute::<Fcntl, ffi::sqlite3_syscall_ptr>(fcntl));
        set(vfs, c"open".as_ptr(), std::mem::transmute::<Open, ffi::sqlite3_syscall_ptr>(open));
        set(vfs, c"close".as_ptr(), std::mem::transmute::<Close, ffi::sqlite3_syscall_ptr>(close));
    }
}

fn wanted() -> How {
    if BY_DESCRIPTOR.load(Ordering::Acquire) { How::Descriptor } else { How::Process }
}

/// Whether a file opened like this may be locked: a database or its shared memory, which SQLite opens without following a link. Journals and
/// temporary files never are.
fn may_be_locked(path: &CStr, flags: c_int) -> bool {
    let apart = libc::O_EXCL | libc::O_DIRECTORY;
    let name = path.to_bytes();
    flags & libc::O_NOFOLLOW != 0 && flags & apart == 0 && !name.ends_with(b"-wal") && !name.ends_with(b"-journal")
}

/// In place of `open`.
unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_int) -> c_int {
    // SAFETY: SQLite passes what it would pass to `open`.
    let plain = || unsafe { libc::open(path, flags, mode) };
    // SAFETY: as above, so it is text with a zero at its end.
    if path.is_null() || !may_be_locked(unsafe { CStr::from_ptr(path) }, flags) {
        return plain();
    }
    if let Some(descriptor) = parked(&mut table(), path, flags) {
        return descriptor;
    }
    fill_standard();
    // why without the table: a file system may take its time, and nobody else's lock must wait for that
    let descriptor = plain();
    if descriptor >= 0 {
        table().opened(descriptor, flags, wanted());
    }
    descriptor
}

/// A parked descriptor in place of a new one, if a new one could be had.
fn parked(table: &mut Table, path: *const c_char, flags: c_int) -> Option<c_int> {
    let rights = if flags & libc::O_ACCMODE == libc::O_RDONLY { libc::R_OK } else { libc::R_OK | libc::W_OK };
    // SAFETY: the path is SQLite's, with a zero at its end; the struct may be all zeros and is all that is written.
    let found = unsafe {
        let mut found: libc::stat = std::mem::zeroed();
        (libc::lstat(path, &raw mut found) == 0 && libc::faccessat(libc::AT_FDCWD, path, rights, libc::AT_EACCESS) == 0)
            .then_some(found)
    };
    table.reuse(&found.filter(is_regular)?, flags)
}

/// SQLite closes a descriptor at once that has the number of one of the three standard ones, and that would drop locks; so it must not get one.
fn fill_standard() {
    for standard in 0..3 {
        // SAFETY: the first call takes numbers, the path of the second has a zero at its end.
        unsafe {
            if libc::fcntl(standard, libc::F_GETFD) < 0 {
                libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY);
            }
        }
    }
}

/// In place of `close`.
unsafe extern "C" fn close(descriptor: c_int) -> c_int {
    if !table().closed(descriptor) {
        return 0;
    }
    // SAFETY: SQLite passes what it would pass to `close`.
    unsafe { libc::close(descriptor) }
}

/// In place of `fcntl`, as far as it is about locks.
unsafe extern "C" fn locks(descriptor: c_int, command: c_int, asked: *mut libc::flock) -> c_int {
    // SAFETY: SQLite passes what it would pass to `fcntl`.
    let plain = || unsafe { libc::fcntl(descriptor, command, asked.cast::<c_void>()) };
    let mut table = table();
    let Some((file, key, can_write)) = table.locked(descriptor, wanted()) else { return plain() };
    // SAFETY: as above, so it is NULL or a struct of SQLite's, which nobody else uses meanwhile.
    let Some(asked) = (unsafe { asked.as_mut() }) else { return plain() };
    if file.how == How::Process {
        drop(table);
        return plain();
    }
    let writes = command != libc::F_GETLK && c_int::from(asked.l_type) == libc::F_WRLCK;
    let outcome = match writes && !can_write {
        // why: the kernel would say so of SQLite's own descriptor
        true => Err(Errno::EBADF),
        false => by_descriptor(file, key, descriptor, command, asked),
    };
    let outcome = match outcome {
        // why only then: what is held the one way must be let go of the same way
        Err(Errno::EINVAL | Errno::ENOENT | Errno::ENOSYS | Errno::ENOTSUP) if file.held.ranges().is_empty() => {
            file.how = How::Process;
            drop(table);
            return plain();
        }
        outcome => outcome,
    };
    drop(table);
    match outcome {
        Ok(()) => 0,
        Err(error) => {
            error.set();
            -1
        }
    }
}

fn by_descriptor(
    file: &mut table::File,
    key: Key,
    descriptor: c_int,
    command: c_int,
    asked: &mut libc::flock,
) -> Result<(), Errno> {
    let command = match command {
        libc::F_GETLK => libc::F_OFD_GETLK,
        // why also for one that would wait: everybody's locks would wait with it
        _ => libc::F_OFD_SETLK,
    };
    let writes = command != libc::F_OFD_GETLK && c_int::from(asked.l_type) == libc::F_WRLCK;
    let errno = |error: std::io::Error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO));
    let locks = file.locks(descriptor, key, writes).map_err(errno)?;
    let mut lock = *asked;
    // why: the kernel refuses any other
    lock.l_pid = 0;
    // SAFETY: the kernel reads and writes the struct.
    Errno::result(unsafe { system_locks(locks, command, &raw mut lock) })?;
    if command == libc::F_OFD_GETLK {
        *asked = lock;
    } else {
        file.held.note(&lock);
    }
    Ok(())
}

#[cfg(not(test))]
unsafe fn system_locks(descriptor: c_int, command: c_int, lock: *mut libc::flock) -> c_int {
    // SAFETY: the caller promises a struct that the kernel may read and write.
    unsafe { libc::fcntl(descriptor, command, lock) }
}

#[cfg(test)]
use tests::system_locks;

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::error::{Error, Status};
    use crate::operation::Operation;
    use crate::request;
    use crate::sqlite::{Access, Pool, Settings};

    /// An old kernel, for the thread that says so.
    pub(super) unsafe fn system_locks(descriptor: c_int, command: c_int, lock: *mut libc::flock) -> c_int {
        if OLD_KERNEL.get() {
            Errno::EINVAL.set();
            return -1;
        }
        // SAFETY: the caller promises a struct that the kernel may read and write.
        unsafe { libc::fcntl(descriptor, command, lock) }
    }

    thread_local! {
        static OLD_KERNEL: Cell<bool> = const { Cell::new(false) };
    }

    fn open(path: &std::path::Path) -> Access {
        let settings = Settings::new(Some(path.to_owned()), &request::Open::default());
        Access::Pool(Arc::new(Pool::open(settings).expect("opens").0))
    }

    fn write(access: &Access) -> Result<(), Error> {
        let writer = access.writer(&Operation::new())?;
        writer.begin_immediate()?;
        writer.execute_batch("CREATE TABLE IF NOT EXISTS t (a); INSERT INTO t VALUES (1)")?;
        writer.commit()
    }

    #[test]
    fn where_no_lock_can_belong_to_a_descriptor_nothing_is_written_beside_somebody_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        OLD_KERNEL.set(true);
        let access = open(&path);
        assert_eq!(write(&access), Ok(()), "alone");
        let found = access.settings().foreign_sqlite().expect("has a file");
        assert_eq!((found.mode, found.effective, found.remedy), ("coexist", "refuse", None));
        let other = std::fs::File::open(&path).expect("opens");
        // a look before a write may be this old
        std::thread::sleep(Duration::from_millis(250));
        for _ in 0..2 {
            let error = write(&access).expect_err("must be refused");
            assert_eq!(error.status(), Status::ForeignSqlite, "{error}");
        }
        drop((other, access));
        OLD_KERNEL.set(false);
        let access = open(&path);
        assert_eq!(access.settings().foreign_sqlite().map(|found| found.effective), Some("coexist"));
        let _other = std::fs::File::open(&path).expect("opens");
        assert_eq!(write(&access), Ok(()));
    }

    #[test]
    fn a_lock_for_writing_can_be_had_after_a_reader_had_the_descriptor_of_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        std::fs::write(&path, [0; 100]).expect("writes");
        // as SQLite finds it that opened the file when it could not be written
        let file = std::fs::File::open(&path).expect("opens");
        let key = table::key_of(file.as_raw_fd()).expect("a file");
        let (mut alone, reading) = table::File::of_a_reader(file.as_raw_fd(), key);
        let lock = Range { start: 10, end: 20, writes: false };
        let mut asked = lock.lock(libc::F_RDLCK);
        // SAFETY: the kernel reads the struct.
        assert_eq!(unsafe { libc::fcntl(reading, libc::F_OFD_SETLK, &raw mut asked) }, 0);
        alone.held.note(&asked);
        let writing = alone.locks(file.as_raw_fd(), key, true).expect("opens");
        assert_ne!(reading, writing);
        assert!(matches!(conflict(reading, lock, libc::F_WRLCK), Ok(Some(_))), "the new one has the lock");
        assert!(matches!(conflict(writing, lock, libc::F_WRLCK), Ok(None)), "and the old one has not");
    }
}
