//! The shim where there is none: nothing is replaced and nothing is known.
//!
//! Leaves to others: the shim of Linux (`shim.rs`).
//!
//! Invariant: no file is ever covered.

pub(super) type Key = (u64, u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Held,
    Lost,
    Unknown,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Believed {
    pub(super) start: i64,
    pub(super) length: i64,
    pub(super) writes: bool,
}

pub(super) fn install(_by_descriptor: bool) {}

pub(super) fn covers(_key: Key) -> bool {
    false
}

pub(super) fn foreign_descriptors(_key: Key) -> Option<Vec<i32>> {
    None
}

pub(super) fn is_locked_by_another_copy(_key: Key, _believed: Believed) -> bool {
    false
}

pub(super) fn ask(_key: Key, _believed: Believed) -> Answer {
    Answer::Unknown
}

pub(super) fn before_fork() {}

pub(super) fn after_fork() {}

pub(super) fn in_child() {}

pub(super) fn before_open() {}

pub(super) fn waits(_flags: i32) -> bool {
    false
}
