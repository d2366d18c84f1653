//! The chain: each record's hash is a keyed BLAKE3 hash over the hash of the record before and over its own fields, each with its
//! length before it, so that no two lists of fields are the same bytes.
//!
//! Leaves to others: storing it (`table.rs`), proving it (`verify.rs`).
//!
//! Invariant: [`Fields`] has every column but the hash itself; what is not in it could be changed unseen.

use crate::request::Secret;

/// Context of the key, for BLAKE3's key derivation.
const CONTEXT: &str = "rpmadb 2026-11-28 audit chain 1";

/// What keys the hashes of a chain.
#[derive(Clone)]
pub struct Key {
    bytes: [u8; 32],
    id: String,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

impl Key {
    /// The key of a secret; without one the key that everybody has.
    #[must_use]
    pub fn new(secret: Option<&Secret>) -> Key {
        let bytes = blake3::derive_key(CONTEXT, secret.map_or(&[], |secret| secret.0.as_bytes()));
        // why hashed: it stands in the open, and must not tell the key
        let id = secret.map_or_else(String::new, |_| blake3::hash(&bytes).to_hex()[..16].to_owned());
        Key { bytes, id }
    }

    /// What tells it from other keys; empty for the one that everybody has.
    #[must_use]
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Whether a text has the form of one.
    pub(super) fn is_id(text: &str) -> bool {
        text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }

    /// The hash of `fields` behind a record with the hash `before`.
    pub(super) fn hash(&self, before: &[u8; 32], fields: &Fields<'_>) -> [u8; 32] {
        let mut buffer = [0_u8; 512];
        let mut writer = Writer { hasher: blake3::Hasher::new_keyed(&self.bytes), buffer: &mut buffer, used: 0 };
        writer.put(before);
        fields.write(&mut writer);
        writer.finish()
    }

    /// What signs a text of ours.
    pub(super) fn sign(&self, text: &str) -> [u8; 32] {
        *blake3::keyed_hash(&self.bytes, text.as_bytes()).as_bytes()
    }
}

/// A record as it is hashed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'r> {
    pub(super) seq: i64,
    pub(super) id: &'r [u8],
    pub(super) at: i64,
    pub(super) actor: &'r str,
    pub(super) role: &'r str,
    pub(super) origin: &'r str,
    pub(super) verb: &'r str,
    pub(super) target: Option<&'r str>,
    pub(super) outcome: &'r str,
    pub(super) status: i64,
    pub(super) duration_us: i64,
    pub(super) rows: i64,
    pub(super) calls: i64,
    pub(super) schema_version: i64,
    pub(super) process: i64,
    pub(super) key: &'r str,
}

impl Fields<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        for number in
            [self.seq, self.at, self.status, self.duration_us, self.rows, self.calls, self.schema_version, self.process]
        {
            writer.field(&number.to_le_bytes());
        }
        writer.field(self.id);
        for text in [self.actor, self.role, self.origin, self.verb, self.outcome, self.key] {
            writer.field(text.as_bytes());
        }
        match self.target {
            Some(target) => writer.field(target.as_bytes()),
            // why: no text has this length
            None => writer.put(&u64::MAX.to_le_bytes()),
        }
    }
}

/// Gathers small pieces, which the hash function takes slowly one by one.
struct Writer<'b> {
    hasher: blake3::Hasher,
    buffer: &'b mut [u8; 512],
    used: usize,
}

impl Writer<'_> {
    fn field(&mut self, bytes: &[u8]) {
        self.put(&(bytes.len() as u64).to_le_bytes());
        self.put(bytes);
    }

    fn put(&mut self, bytes: &[u8]) {
        if let Some(room) = self.buffer.get_mut(self.used..self.used + bytes.len()) {
            room.copy_from_slice(bytes);
            self.used += bytes.len();
            return;
        }
        self.hasher.update(&self.buffer[..self.used]);
        self.used = 0;
        self.hasher.update(bytes);
    }

    fn finish(mut self) -> [u8; 32] {
        self.hasher.update(&self.buffer[..self.used]);
        *self.hasher.finalize().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Fields<'static> {
        Fields {
            seq: 7,
            id: &[1; 16],
            at: 2,
            actor: "anna",
            role: "admin",
            origin: "c",
            verb: "query",
            target: Some("UPDATE t SET a = ?"),
            outcome: "ok",
            status: 0,
            duration_us: 3,
            rows: 4,
            calls: 1,
            schema_version: 5,
            process: 6,
            key: "",
        }
    }

    #[test]
    fn every_field_the_key_and_the_record_before_count() {
        let key = Key::new(None);
        let (before, plain) = ([0; 32], fields());
        let other = Key::new(Some(&Secret("0123456789abcdef".into())));
        let hashes = [
            key.hash(&before, &plain),
            other.hash(&before, &plain),
            key.hash(&[1; 32], &plain),
            key.hash(&before, &Fields { seq: 8, ..plain }),
            key.hash(&before, &Fields { id: &[2; 16], ..plain }),
            key.hash(&before, &Fields { at: 9, ..plain }),
            key.hash(&before, &Fields { actor: "anne", ..plain }),
            key.hash(&before, &Fields { role: "user", ..plain }),
            key.hash(&before, &Fields { origin: "cli", ..plain }),
            key.hash(&before, &Fields { verb: "stats", ..plain }),
            key.hash(&before, &Fields { target: None, ..plain }),
            key.hash(&before, &Fields { target: Some(""), ..plain }),
            key.hash(&before, &Fields { outcome: "error", ..plain }),
            key.hash(&before, &Fields { status: 1, ..plain }),
            key.hash(&before, &Fields { duration_us: 1, ..plain }),
            key.hash(&before, &Fields { rows: 1, ..plain }),
            key.hash(&before, &Fields { calls: 2, ..plain }),
            key.hash(&before, &Fields { schema_version: 1, ..plain }),
            key.hash(&before, &Fields { process: 1, ..plain }),
            key.hash(&before, &Fields { key: "x", ..plain }),
            // what stands at the end of one field is not what begins the next
            key.hash(&before, &Fields { actor: "annaa", role: "dmin", ..plain }),
        ];
        let distinct: std::collections::BTreeSet<_> = hashes.iter().collect();
        assert_eq!(distinct.len(), hashes.len());
        assert_eq!(key.hash(&before, &plain), hashes[0], "the same again");
    }

    #[test]
    fn a_long_text_is_hashed_whole() {
        let key = Key::new(None);
        let (one, other) = ("x".repeat(2_000), format!("{}y", "x".repeat(1_999)));
        let hash = |target: &str| key.hash(&[0; 32], &Fields { target: Some(target), ..fields() });
        assert_ne!(hash(&one), hash(&other));
    }

    #[test]
    fn a_key_is_not_shown() {
        let key = Key::new(Some(&Secret("0123456789abcdef".into())));
        assert_eq!(format!("{key:?}"), format!("Key({})", key.id()));
        assert_eq!(key.id().len(), 16);
        assert_eq!(Key::new(None).id(), "");
    }
}
