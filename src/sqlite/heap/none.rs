//! Counting what SQLite allocates, where it is not ours: nothing is counted, and nothing is refused.
//!
//! Why: SQLite takes other functions to allocate with only before it begins, for the whole process, and a host that began it would not be
//! asked. The limits of one value, and those of Lua itself, hold all the same.
//!
//! Leaves to others: the counting of a SQLite of our own (`heap.rs`).

/// Gives this thread `bytes` of what SQLite allocates: without effect here.
#[must_use]
pub fn share(_bytes: u64) -> Share {
    Share(std::marker::PhantomData)
}

/// See [`share`]; stays on its thread.
pub struct Share(std::marker::PhantomData<*const ()>);

pub(super) fn install() {}

pub(super) fn hold(_is_ours: bool, _in_memory: bool) -> Held {
    Held(())
}

/// See [`hold`].
pub(super) struct Held(());

pub(super) fn refusal() -> Option<u64> {
    None
}
