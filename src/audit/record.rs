//! One record, as it is about to be written.
//!
//! Leaves to others: its number and its hash, which it gets when it is written (`table.rs`).

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use once_cell::sync::Lazy;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Status};
use crate::operation::{Account, Origin};
use crate::report::{self, now_ms};

/// The newest record of a database: its number, its hash; 0 and zeros before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// Its number.
    pub seq: u64,
    /// Its hash.
    pub hash: [u8; 32],
}

impl Head {
    /// As reports have it.
    #[must_use]
    pub fn report(&self) -> report::AuditHead {
        report::AuditHead { count: self.seq, hash: hex(&self.hash) }
    }
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        text.extend([byte >> 4, byte & 15].map(|half| char::from_digit(half.into(), 16).unwrap_or('0')));
        text
    })
}

/// Hexadecimal as bytes.
pub(super) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes = text.as_bytes();
    if bytes.len() != N * 2 {
        return None;
    }
    let mut found = [0; N];
    for (byte, pair) in found.iter_mut().zip(bytes.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(found)
}

/// What becomes a row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) id: [u8; 16],
    pub(super) process: u32,
    pub(super) at: i64,
    pub(super) actor: Arc<str>,
    pub(super) role: Cow<'static, str>,
    pub(super) origin: Cow<'static, str>,
    pub(super) verb: Cow<'static, str>,
    pub(super) target: Option<Arc<str>>,
    pub(super) outcome: Cow<'static, str>,
    pub(super) status: i64,
    pub(super) duration_us: i64,
    pub(super) rows: i64,
    pub(super) calls: i64,
}

impl Record {
    /// A call that has come this far: `error` is how it failed.
    pub(super) fn of(
        account: &Account,
        origin: Origin,
        target: Option<Arc<str>>,
        rows: u64,
        error: Option<&Error>,
    ) -> Record {
        let (at, process) = (now_ms(), std::process::id());
        let status = error.map_or(Status::Ok, Error::status);
        Record {
            id: next_id(at, process),
            process,
            at,
            actor: Arc::clone(&account.caller.actor),
            role: account.caller.role.name().into(),
            origin: origin.name().into(),
            verb: account.verb.into(),
            target,
            outcome: Cow::Borrowed(match status {
                Status::Ok => "ok",
                Status::Denied => "denied",
                _ => "error",
            }),
            status: i64::from(status as i32),
            duration_us: account.elapsed_us(),
            rows: i64::try_from(rows).unwrap_or(i64::MAX),
            calls: 1,
        }
    }
}

/// A UUID of version 7 (RFC 9562): the time, and what no other record of any process has.
fn next_id(at: i64, process: u32) -> [u8; 16] {
    static SEED: Lazy<[u8; 32]> = Lazy::new(|| {
        use std::hash::{BuildHasher, Hasher, RandomState};
        let mut hasher = blake3::Hasher::new();
        for _ in 0..4 {
            hasher.update(&RandomState::new().build_hasher().finish().to_le_bytes());
        }
        hasher.update(&now_ms().to_le_bytes());
        *hasher.finalize().as_bytes()
    });
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut hasher = blake3::Hasher::new_keyed(&SEED);
    hasher.update(&NEXT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    // why the process too: a child of a fork has the same seed and the same next number
    hasher.update(&process.to_le_bytes());
    let mut random = [0; 10];
    random.copy_from_slice(&hasher.finalize().as_bytes()[..10]);
    let at = u64::try_from(at).unwrap_or(0);
    *uuid::Builder::from_unix_timestamp_millis(at, &random).as_uuid().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_of_version_7_with_its_time() {
        let ids: std::collections::BTreeSet<[u8; 16]> = (0..1_000).map(|_| next_id(1_700_000_000_123, 7)).collect();
        assert_eq!(ids.len(), 1_000);
        for id in ids {
            let id = uuid::Uuid::from_bytes(id);
            assert_eq!(id.get_version_num(), 7);
            assert_eq!(id.get_timestamp().map(|time| time.to_unix()), Some((1_700_000_000, 123_000_000)));
        }
    }

    #[test]
    fn hexadecimal_goes_there_and_back() {
        let bytes = [0, 1, 0xab, 0xff];
        assert_eq!(hex(&bytes), "0001abff");
        assert_eq!(unhex::<4>("0001abff"), Some(bytes));
        assert_eq!(unhex::<4>("0001abf"), None);
        assert_eq!(unhex::<4>("0001abfg"), None);
    }
}
