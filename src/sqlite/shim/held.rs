//! The locks that SQLite believes to have on one file.
//!
//! Leaves to others: taking them.
//!
//! Invariant: ranges do not overlap, so that what is kept here is what the kernel keeps for one descriptor.

use std::ffi::c_int;
use std::io;

use nix::libc;

/// See the head of this file.
#[derive(Debug, Default)]
pub(super) struct Held(Vec<Range>);

/// Bytes from `start` up to but not `end`, locked for writing or for reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) writes: bool,
}

impl Range {
    /// As the kernel is asked for it.
    pub(super) fn lock(self, kind: c_int) -> libc::flock {
        // SAFETY: the struct of numbers may be all zeros.
        let mut lock: libc::flock = unsafe { std::mem::zeroed() };
        lock.l_type = kind as libc::c_short;
        lock.l_whence = libc::SEEK_SET as libc::c_short;
        lock.l_start = self.start;
        lock.l_len = if self.end == i64::MAX { 0 } else { self.end - self.start };
        lock
    }

    pub(super) fn kind(self) -> c_int {
        if self.writes { libc::F_WRLCK } else { libc::F_RDLCK }
    }
}

impl Held {
    /// The kernel did as `lock` says.
    pub(super) fn note(&mut self, lock: &libc::flock) {
        let start = lock.l_start;
        let end = if lock.l_len == 0 { i64::MAX } else { start.saturating_add(lock.l_len) };
        // why in place: this is done for every lock, and most cover another whole or not at all
        let mut at = 0;
        while let Some(range) = self.0.get(at).copied() {
            let before = Range { end: range.end.min(start), ..range };
            let behind = Range { start: range.start.max(end), ..range };
            match (before.start < before.end, behind.start < behind.end) {
                (false, false) => {
                    self.0.swap_remove(at);
                    continue;
                }
                (true, false) => self.0[at] = before,
                (false, true) => self.0[at] = behind,
                (true, true) => {
                    self.0[at] = before;
                    self.0.push(behind);
                }
            }
            at += 1;
        }
        if c_int::from(lock.l_type) != libc::F_UNLCK {
            self.0.push(Range { start, end, writes: c_int::from(lock.l_type) == libc::F_WRLCK });
        }
    }

    /// Takes the read locks on another descriptor of the file and lets go of them on the first.
    pub(super) fn move_to(&self, from: c_int, to: c_int) -> io::Result<()> {
        for range in &self.0 {
            let mut lock = range.lock(libc::F_RDLCK);
            // SAFETY: the kernel reads the struct.
            if unsafe { libc::fcntl(to, libc::F_OFD_SETLK, &raw mut lock) } != 0 {
                return Err(io::Error::last_os_error());
            }
        }
        let mut all = Range { start: 0, end: i64::MAX, writes: false }.lock(libc::F_UNLCK);
        // SAFETY: as above.
        unsafe { libc::fcntl(from, libc::F_OFD_SETLK, &raw mut all) };
        Ok(())
    }

    pub(super) fn ranges(&self) -> &[Range] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_replaces_what_it_covers_and_an_unlock_cuts_it_out() {
        let mut held = Held::default();
        let mut note = |start, end, kind| held.note(&Range { start, end, writes: false }.lock(kind));
        note(10, 20, libc::F_RDLCK);
        note(12, 14, libc::F_WRLCK);
        note(18, 30, libc::F_UNLCK);
        let mut found = held.ranges().to_vec();
        found.sort_by_key(|range| range.start);
        let range = |start, end, writes| Range { start, end, writes };
        assert_eq!(found, [range(10, 12, false), range(12, 14, true), range(14, 18, false)]);
        held.note(&range(0, i64::MAX, false).lock(libc::F_UNLCK));
        assert!(held.ranges().is_empty());
    }
}
