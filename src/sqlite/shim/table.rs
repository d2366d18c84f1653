//! The descriptors that SQLite has of files it may lock, file by file, and those that wait to be used again.
//!
//! Leaves to others: when it is asked (`shim.rs`).
//!
//! Invariants: a file whose locks belong to its descriptor has one descriptor of the shim's own for them, which nothing else
//! uses; no descriptor of such a file is closed while somebody in this process may have locks on it, because by POSIX that would drop
//! them. How a file is locked is decided when SQLite opens it first and stays until it has let go of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CString, c_int};
use std::io;

use nix::libc;

use super::held::{Held, Range};

/// So many files that SQLite has closed keep their descriptors. Beyond that the one that was closed first loses them, if nobody has a lock
/// on it.
const MOST_IDLE: usize = 8;

/// How a descriptor that waits is marked, for whoever looks at this process from outside: neither of the two does anything to a file that is
/// not written, and nobody opens a database like this.
pub(super) const MARK: c_int = libc::O_APPEND | libc::O_NONBLOCK;

/// What tells a file from all others: device and inode.
pub(super) type Key = (u64, u64);

/// How a file is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// The locks belong to the shim's descriptor of the file.
    Descriptor,
    /// The locks belong to the process, as SQLite has them by itself.
    Process,
}

/// A file that SQLite has open, or had.
pub(super) struct File {
    pub(super) how: How,
    /// The descriptor that has the locks, and whether it can have write locks.
    locks: Option<(c_int, bool)>,
    /// Those that SQLite has closed, and how they were opened.
    parked: Vec<(c_int, c_int)>,
    /// How many descriptors SQLite has.
    users: usize,
    pub(super) held: Held,
    /// When SQLite let go of it, in files let go of.
    left: u64,
}

/// See the head of this file.
pub(super) struct Table {
    /// The process it is about; 0 before it is used.
    pub(super) process: u32,
    files: BTreeMap<Key, File>,
    /// The descriptors that SQLite has, and how they were opened.
    open: BTreeMap<c_int, (Key, c_int)>,
    /// Descriptors that may be this SQLite's and are not in `open`: those from before the shim, and those of the process that this one
    /// was forked from.
    unknown: BTreeMap<c_int, Key>,
    /// Files that were open when the shim came and this SQLite had files open already.
    before: BTreeSet<Key>,
    left: u64,
}

/// The key, the number of names and the kind of an open file.
fn stat(descriptor: c_int) -> Option<libc::stat> {
    // SAFETY: the struct may be all zeros, and `fstat` writes nothing else.
    let mut found: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    (unsafe { libc::fstat(descriptor, &raw mut found) } == 0).then_some(found)
}

fn key(found: &libc::stat) -> Key {
    (found.st_dev, found.st_ino)
}

pub(super) fn is_regular(found: &libc::stat) -> bool {
    found.st_mode & libc::S_IFMT == libc::S_IFREG
}

/// The file behind a descriptor.
pub(super) fn key_of(descriptor: c_int) -> Option<Key> {
    stat(descriptor).filter(is_regular).map(|found| key(&found))
}

/// All descriptors of this process with the regular file behind each; `None` where the system does not tell.
pub(super) fn descriptors() -> Option<Vec<(c_int, Key)>> {
    let entries = std::fs::read_dir("/proc/self/fd").ok()?;
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Some(numbers.filter_map(|descriptor: c_int| Some((descriptor, key_of(descriptor)?))).collect())
}

fn close(descriptor: c_int) {
    // SAFETY: the descriptor is the shim's own, or one that SQLite gave back.
    unsafe { libc::close(descriptor) };
}

/// Marks a descriptor as waiting, or takes the mark away.
fn mark(descriptor: c_int, waits: bool) -> bool {
    let flags = if waits { MARK } else { 0 };
    // SAFETY: the call takes numbers alone.
    unsafe { libc::fcntl(descriptor, libc::F_SETFL, flags) == 0 }
}

fn open_again(descriptor: c_int, access: c_int, wanted: Key) -> io::Result<c_int> {
    let path = CString::new(format!("/proc/self/fd/{descriptor}"))?;
    // SAFETY: the path ends with a zero; no file is made, so no mode is read.
    let opened = unsafe { libc::open(path.as_ptr(), access | libc::O_CLOEXEC | MARK) };
    if opened < 0 {
        return Err(io::Error::last_os_error());
    }
    if key_of(opened) != Some(wanted) {
        // why it may be closed: it is another file, which nobody here locks
        close(opened);
        return Err(io::Error::from_raw_os_error(libc::ENOENT));
    }
    Ok(opened)
}

impl Table {
    pub(super) const fn new() -> Table {
        Table {
            process: 0,
            files: BTreeMap::new(),
            open: BTreeMap::new(),
            unknown: BTreeMap::new(),
            before: BTreeSet::new(),
            left: 0,
        }
    }

    /// This SQLite had files open when the shim came: what is open now may be one of them.
    pub(super) fn came_late(&mut self) {
        for (descriptor, key) in descriptors().unwrap_or_default() {
            self.unknown.insert(descriptor, key);
            self.before.insert(key);
        }
    }

    /// This is a child of the process that the table is about. It has none of its parent's locks, and nobody in it has taken any yet: what it
    /// closes now drops none. The parent's locks live with the last copy of their descriptor, which must not be this one.
    pub(super) fn forked(&mut self, process: u32) {
        for file in self.files.values() {
            file.descriptors().for_each(close);
        }
        let open = std::mem::take(&mut self.open);
        self.unknown.extend(open.into_iter().map(|(descriptor, (key, _))| (descriptor, key)));
        self.files.clear();
        self.before.clear();
        self.process = process;
    }

    /// SQLite opened a file.
    pub(super) fn opened(&mut self, descriptor: c_int, access: c_int, wanted: How) {
        // why: a host that closes all descriptors at once closes those of SQLite, and the number comes again
        self.forget(descriptor);
        self.unknown.remove(&descriptor);
        let Some(key) = key_of(descriptor) else { return };
        self.open.insert(descriptor, (key, access & libc::O_ACCMODE));
        let how = if self.before.contains(&key) { How::Process } else { wanted };
        let fresh = || File { how, locks: None, parked: Vec::new(), users: 0, held: Held::default(), left: 0 };
        self.files.entry(key).or_insert_with(fresh).users += 1;
    }

    /// A descriptor of the file that `path` stands for, parked before and opened alike.
    pub(super) fn reuse(&mut self, found: &libc::stat, access: c_int) -> Option<c_int> {
        let (key, access) = (key(found), access & libc::O_ACCMODE);
        let file = self.files.get_mut(&key)?;
        while let Some(at) = file.parked.iter().position(|(_, parked)| *parked == access) {
            let (descriptor, _) = file.parked.swap_remove(at);
            // why the mark: what is written through it would go to the end of the file
            if key_of(descriptor) == Some(key) && mark(descriptor, false) {
                file.users += 1;
                self.open.insert(descriptor, (key, access));
                return Some(descriptor);
            }
        }
        None
    }

    /// Takes a descriptor off the list of those that SQLite has.
    fn forget(&mut self, descriptor: c_int) -> Option<(Key, c_int)> {
        let (key, access) = self.open.remove(&descriptor)?;
        if let Some(file) = self.files.get_mut(&key) {
            file.users = file.users.saturating_sub(1);
            if file.users == 0 && file.how == How::Process {
                // why here: whoever closes now loses no more than to the close that SQLite is about to make
                file.descriptors().for_each(close);
                self.files.remove(&key);
                if !self.unknown.iter().any(|(unknown, found)| *found == key && key_of(*unknown) == Some(key)) {
                    self.before.remove(&key);
                }
            }
        }
        Some((key, access))
    }

    /// SQLite closes a descriptor; true when it is to be closed.
    pub(super) fn closed(&mut self, descriptor: c_int) -> bool {
        let Some((key, access)) = self.forget(descriptor) else {
            self.unknown.remove(&descriptor);
            return true;
        };
        let Some(file) = self.files.get_mut(&key) else { return true };
        if file.how == How::Process {
            return true;
        }
        if key_of(descriptor) == Some(key) {
            mark(descriptor, true);
            file.parked.push((descriptor, access));
        }
        if file.users == 0 {
            self.left += 1;
            file.left = self.left;
            file.held = Held::default();
            self.tidy();
        }
        false
    }

    /// SQLite let go of a file.
    fn tidy(&mut self) {
        let mut idle: Vec<(bool, u64, Key)> = Vec::new();
        for (key, file) in self.files.iter().filter(|(_, file)| file.users == 0) {
            let found = file.descriptors().next().and_then(stat);
            idle.push((found.is_some_and(|found| found.st_nlink > 0), file.left, *key));
        }
        // those without a name come first, and there is no use in keeping any
        idle.sort_unstable();
        let surplus = idle.len().saturating_sub(MOST_IDLE);
        let goes = idle.iter().enumerate().filter(|(at, (has_name, ..))| !has_name || *at < surplus);
        for (_, (.., key)) in goes {
            self.let_go(*key);
        }
    }

    /// Closes all descriptors of a file that SQLite has closed, if nobody has a lock on it.
    fn let_go(&mut self, key: Key) {
        let Some(file) = self.files.get_mut(&key) else { return };
        if !file.keep_out(key) {
            return;
        }
        // why the one with the lock last: to close it, too, drops locks of this process, and there are none as long as it is open
        for descriptor in file.descriptors() {
            // why asked again: a host that closes all descriptors at once has closed these, and the number may be another file's by now
            if key_of(descriptor) == Some(key) {
                close(descriptor);
            }
        }
        self.files.remove(&key);
    }

    /// The descriptors of this process that are not this SQLite's, with the regular file behind each.
    pub(super) fn foreign(&self) -> Option<Vec<(c_int, Key)>> {
        let mut found = descriptors()?;
        let mut own: BTreeSet<(c_int, Key)> =
            self.unknown.iter().map(|(descriptor, key)| (*descriptor, *key)).collect();
        own.extend(self.open.iter().map(|(descriptor, (key, _))| (*descriptor, *key)));
        for (key, file) in &self.files {
            own.extend(file.descriptors().map(|descriptor| (descriptor, *key)));
        }
        found.retain(|open| !own.contains(open));
        Some(found)
    }

    /// The file of a descriptor that SQLite is about to lock; one that it opened past the shim is noted now.
    /// With it comes whether the descriptor may write.
    pub(super) fn locked(&mut self, descriptor: c_int, wanted: How) -> Option<(&mut File, Key, bool)> {
        let (key, access) = match self.open.get(&descriptor) {
            Some(found) => *found,
            None => {
                // SAFETY: the call takes numbers and gives one.
                let flags = unsafe { libc::fcntl(descriptor, libc::F_GETFL) };
                self.opened(descriptor, flags, wanted);
                *self.open.get(&descriptor)?
            }
        };
        Some((self.files.get_mut(&key)?, key, access != libc::O_RDONLY))
    }

    /// The file with a key, and a descriptor of SQLite's own of it.
    pub(super) fn find(&self, key: Key) -> Option<(&File, Option<c_int>)> {
        let open = self.open.iter().find(|(_, (open, _))| *open == key).map(|(descriptor, _)| *descriptor);
        Some((self.files.get(&key)?, open))
    }
}

impl File {
    /// A file whose descriptor for locks can only read, and that descriptor.
    #[cfg(test)]
    pub(super) fn of_a_reader(from: c_int, key: Key) -> (File, c_int) {
        let locks = open_again(from, libc::O_RDONLY, key).unwrap_or(-1);
        let (how, locks_of) = (How::Descriptor, Some((locks, false)));
        (File { how, locks: locks_of, parked: Vec::new(), users: 1, held: Held::default(), left: 0 }, locks)
    }

    /// Those that SQLite does not have.
    fn descriptors(&self) -> impl Iterator<Item = c_int> {
        self.parked.iter().map(|(parked, _)| *parked).chain(self.locks.map(|(locks, _)| locks))
    }

    /// The descriptor for locks, made when it is needed: by what leads from SQLite's own descriptor to the same file.
    pub(super) fn locks(&mut self, from: c_int, key: Key, writes: bool) -> io::Result<c_int> {
        match self.locks {
            Some((locks, writable)) if writable || !writes => Ok(locks),
            before => {
                // why for writing if that may be: the same descriptor must do for connections that come later
                let opened = open_again(from, libc::O_RDWR, key).map(|opened| (opened, true));
                let (opened, writable) = match opened {
                    Err(error) if writes => return Err(error),
                    Err(_) => (open_again(from, libc::O_RDONLY, key)?, false),
                    Ok(opened) => opened,
                };
                if let Some((old, _)) = before {
                    self.held.move_to(old, opened)?;
                    self.parked.push((old, libc::O_RDONLY));
                }
                self.locks = Some((opened, writable));
                Ok(opened)
            }
        }
    }

    /// Locks all of the file, so that nobody has or gets a lock on it as long as the descriptor for locks is open.
    fn keep_out(&mut self, key: Key) -> bool {
        let Some(from) = self.descriptors().next() else { return true };
        let Ok(locks) = self.locks(from, key, true) else { return false };
        let mut all = Range { start: 0, end: i64::MAX, writes: true }.lock(libc::F_WRLCK);
        // SAFETY: the kernel reads the struct.
        key_of(locks) == Some(key) && unsafe { libc::fcntl(locks, libc::F_OFD_SETLK, &raw mut all) } == 0
    }

    /// The descriptor for locks, if there is one that still is of this file.
    pub(super) fn sound_locks(&self, key: Key) -> Option<c_int> {
        self.locks.map(|(locks, _)| locks).filter(|locks| key_of(*locks) == Some(key))
    }
}
