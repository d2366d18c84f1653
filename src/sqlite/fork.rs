//! After a fork, gives the child's SQLite an empty view of which files are open.
//!
//! Why: SQLite's unix layer keeps one record per open file, found by device and inode, with the locks it believes to hold.
//! A child inherits the records but, by POSIX, none of the locks; opening the same file there would find the parent's
//! record and read and write without locks. In a child `stat` and `fstat`, as SQLite calls them, report device numbers
//! with a mark of the process in them, so that no inherited record is ever found again.
//! A thread of the library's own that works between calls ([`AtWork`]) is waited for by the fork itself.
//!
//! Leaves to others: refusing inherited handles (`database/call.rs`). A lock inside SQLite or malloc that another thread
//! of the parent held at the fork stays held in the child, as with every library: fork when no call is under way.
//!
//! Invariant: nothing is replaced in a process that was not forked from one that used this library.

use std::cell::Cell;
use std::ffi::{c_char, c_int};
use std::os::fd::AsRawFd;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::libc;
use rusqlite::ffi;

use super::engine::Engine;
use crate::error::{Error, Result};

/// The process that last opened a file; 0 for none.
static PROCESS: AtomicU32 = AtomicU32::new(0);
/// What device numbers are marked with; 0 leaves them as they are.
static MARK: AtomicU64 = AtomicU64::new(0);

/// Databases that this process, or the one it was forked from, has open.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Counts as an open database until it is dropped.
pub(super) struct Opened(());

impl Opened {
    pub(super) fn count() -> Opened {
        OPEN.fetch_add(1, Ordering::SeqCst);
        Opened(())
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Fails in a child that inherited the records of a SQLite that is not ours: it is not given another view of which files are open.
pub(super) fn must_not_be_an_heir() -> Result<()> {
    if !Engine::IS_SHARED || OPEN.load(Ordering::SeqCst) == 0 {
        return Ok(());
    }
    let before = PROCESS.load(Ordering::Acquire);
    if before == 0 || before == std::process::id() {
        return Ok(());
    }
    Err(Error::Unsupported {
        what: "opening a database in a process forked from one that has one open".into(),
        instead: Some("close all handles before the fork, or use the build of rpmadb with a SQLite of its own"),
    })
}

/// To be called before each open.
pub(super) fn before_open() -> Result<()> {
    super::engine::ready()?;
    must_not_be_an_heir()?;
    super::heap::install();
    super::shim::before_open();
    let current = std::process::id();
    let before = PROCESS.load(Ordering::Acquire);
    if before != 0 && before != current {
        // why the upper half: real device numbers are small, and two processes must not get one mark
        MARK.store(u64::from(current) << 32, Ordering::Release);
        if !Engine::IS_SHARED {
            replace_calls();
        }
    }
    // why last: another thread that opens at the same time must not go on before the mark is set; doing it twice is harmless
    PROCESS.store(current, Ordering::Release);
    Ok(())
}

/// Whether this process was forked from one that had used this library, and has opened a file of its own since.
pub(super) fn is_child() -> bool {
    MARK.load(Ordering::Acquire) != 0
}

/// Whether a thread of this process is about to fork.
static FORKING: AtomicBool = AtomicBool::new(false);
/// How many threads of this library's own are at work.
static WORKING: AtomicUsize = AtomicUsize::new(0);
/// A fork waits at most this long for them.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
const STEP: Duration = Duration::from_micros(200);

/// Has the functions here called at every fork.
pub(super) fn register() {
    static ONCE: Once = Once::new();
    // SAFETY: the three functions live as long as the process, which never unloads this library. They touch atomics, descriptors that are in
    // them, and the table of the shim, which the thread that forks has to itself meanwhile.
    ONCE.call_once(|| unsafe {
        libc::pthread_atfork(Some(before_fork), Some(after_fork), Some(in_child));
    });
}

/// Held by a thread that works when no call of the host's is under way: a fork waits for it, so that no lock inside SQLite stays
/// held in the child. No lock of any kind is used for this, because a child would inherit it.
pub struct AtWork(());

impl AtWork {
    /// Begins to work, after a fork that is under way.
    #[must_use]
    pub fn begin() -> AtWork {
        register();
        if DEPTH.replace(DEPTH.get() + 1) == 0 {
            count_in();
        }
        AtWork(())
    }

    /// Lets a fork that waits go ahead, from inside a long piece of work; between two steps of a statement no lock is held.
    pub fn let_fork() {
        if FORKING.load(Ordering::SeqCst) {
            count_out();
            count_in();
        }
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let depth = DEPTH.get().saturating_sub(1);
        DEPTH.set(depth);
        if depth == 0 {
            count_out();
        }
    }
}

thread_local! {
    /// How many of these this thread has: it counts once.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

fn count_out() {
    // why not below 0: in a child that was forked from inside such work nobody is counted any more
    let _ = WORKING.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| Some(count.saturating_sub(1)));
}

fn count_in() {
    loop {
        WORKING.fetch_add(1, Ordering::SeqCst);
        if !FORKING.load(Ordering::SeqCst) {
            return;
        }
        count_out();
        std::thread::sleep(STEP);
    }
}

unsafe extern "C" fn before_fork() {
    FORKING.store(true, Ordering::SeqCst);
    let start = Instant::now();
    while WORKING.load(Ordering::SeqCst) > 0 && start.elapsed() < LONGEST_WAIT {
        std::thread::sleep(STEP);
    }
    // why last: those at work may need it
    super::shim::before_fork();
}

unsafe extern "C" fn after_fork() {
    super::shim::after_fork();
    FORKING.store(false, Ordering::SeqCst);
}

unsafe extern "C" fn in_child() {
    super::shim::in_child();
    for place in &CLOSED_IN_CHILD {
        let descriptor = place.swap(-1, Ordering::SeqCst);
        if descriptor >= 0 {
            // SAFETY: it is this process's own copy, which nobody uses: whoever does is a thread of the parent.
            unsafe { libc::close(descriptor) };
        }
    }
    FORKING.store(false, Ordering::SeqCst);
    WORKING.store(0, Ordering::SeqCst);
}

/// Most descriptors that a child closes; of those beyond it has a part.
const MOST_CLOSED: usize = 128;
/// Descriptors that a child closes; -1 for none. Atomics, because a child finds a lock as another thread had it.
static CLOSED_IN_CHILD: [AtomicI32; MOST_CLOSED] = [const { AtomicI32::new(-1) }; MOST_CLOSED];

/// Has a child of a fork close a descriptor, whose lock would last as long as the child otherwise. To be dropped before the descriptor
/// is closed, and made while [`AtWork`], so that no fork comes between that and the opening.
#[derive(Debug)]
pub struct ClosedInChild(Option<&'static AtomicI32>);

impl ClosedInChild {
    /// Of this file.
    #[must_use]
    pub fn of(file: &impl AsRawFd) -> ClosedInChild {
        let descriptor = file.as_raw_fd();
        let take =
            |place: &&AtomicI32| place.compare_exchange(-1, descriptor, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        ClosedInChild(CLOSED_IN_CHILD.iter().find(take))
    }
}

impl Drop for ClosedInChild {
    fn drop(&mut self) {
        if let Some(place) = self.0 {
            place.store(-1, Ordering::SeqCst);
        }
    }
}

type Stat = unsafe extern "C" fn(*const c_char, *mut libc::stat) -> c_int;
type Fstat = unsafe extern "C" fn(c_int, *mut libc::stat) -> c_int;

fn replace_calls() {
    // SAFETY: `sqlite3_vfs_find` gives NULL or a VFS that lives as long as the process; `xSetSystemCall` of the unix VFS takes
    // a name of its table and a function of the type that table has for it, which `marked_stat` and `marked_fstat` have.
    unsafe {
        let vfs = ffi::sqlite3_vfs_find(c"unix".as_ptr());
        let Some(set) = vfs.as_ref().and_then(|vfs| vfs.xSetSystemCall) else { return };
        let stat: Stat = marked_stat;
        let fstat: Fstat = marked_fstat;
        set(vfs, c"stat".as_ptr(), std::mem::transmute::<Stat, ffi::sqlite3_syscall_ptr>(stat));
        set(vfs, c"fstat".as_ptr(), std::mem::transmute::<Fstat, ffi::sqlite3_syscall_ptr>(fstat));
    }
}

unsafe extern "C" fn marked_stat(path: *const c_char, found: *mut libc::stat) -> c_int {
    // SAFETY: SQLite passes what it would pass to `stat`.
    let outcome = unsafe { libc::stat(path, found) };
    mark(outcome, found)
}

unsafe extern "C" fn marked_fstat(descriptor: c_int, found: *mut libc::stat) -> c_int {
    // SAFETY: SQLite passes what it would pass to `fstat`.
    let outcome = unsafe { libc::fstat(descriptor, found) };
    mark(outcome, found)
}

fn mark(outcome: c_int, found: *mut libc::stat) -> c_int {
    // SAFETY: `found` is the caller's, and was just filled when the call succeeded.
    if let (0, Some(found)) = (outcome, unsafe { found.as_mut() }) {
        #[allow(clippy::cast_possible_truncation, reason = "where device numbers are narrow the mark is too")]
        {
            found.st_dev ^= MARK.load(Ordering::Acquire) as libc::dev_t;
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// How long a fork waits while another thread is at work for `work`, which lets it go ahead now and then if `lets`.
    fn fork_beside(work: Duration, lets: bool) -> Duration {
        let (sender, began) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let _outer = AtWork::begin();
                let _inner = AtWork::begin();
                sender.send(()).expect("is heard");
                let start = Instant::now();
                while start.elapsed() < work {
                    std::thread::sleep(Duration::from_millis(5));
                    if lets {
                        AtWork::let_fork();
                    }
                }
            });
            began.recv().expect("begins");
            let start = Instant::now();
            // SAFETY: both touch atomics alone; the fork itself is left out.
            unsafe { before_fork() };
            let waited = start.elapsed();
            // SAFETY: as above.
            unsafe { after_fork() };
            waited
        })
    }

    #[test]
    fn a_fork_waits_for_a_thread_at_work_and_no_longer_than_it_must() {
        let waited = fork_beside(Duration::from_millis(60), false);
        assert!(waited >= Duration::from_millis(40), "{waited:?}: the work was not over");
        let waited = fork_beside(Duration::from_millis(2_000), true);
        assert!(waited < Duration::from_millis(200), "{waited:?}: it was let ahead");
        let waited = fork_beside(Duration::from_millis(1_000), false);
        assert!(waited >= LONGEST_WAIT && waited < Duration::from_millis(900), "{waited:?}: it goes ahead at last");
        assert_eq!((WORKING.load(Ordering::SeqCst), FORKING.load(Ordering::SeqCst)), (0, false));
    }
}
