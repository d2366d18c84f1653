//! Texts of this library's own statements that SQLite keeps prepared.
//!
//! Why a mark: prepared statements are kept by their text, and one that was judged by our rules must not be found by a user's
//! text. The mark is drawn at random once for each process.
//!
//! Invariant: a text with the mark never leaves this process.

use std::hash::{BuildHasher, Hasher, RandomState};

use once_cell::sync::Lazy;

static MARK: Lazy<[u64; 2]> = Lazy::new(|| [0, 1].map(|_: u8| RandomState::new().build_hasher().finish()));

/// `sql` as [`super::Connection::ours_kept`] takes it; to be made once.
#[must_use]
pub fn kept(sql: &str) -> String {
    format!("/* {:016x}{:016x} */ {sql}", MARK[0], MARK[1])
}
