//! The file beside each backup that says what it must be: [`Manifest`], the hashes of the pages, and a seal over both.
//!
//! ```text
//! {"manifest": {...}, "pages": {"every": 1, "root": "hex", "hashes": "base64"}, "seal": {"hash": "hex", "signature": null}}
//! ```
//!
//! Leaves to others: where it is written (`store.rs`).
//!
//! Invariants: a text that reads as a manifest is what was written: the seal covers every byte of meaning, with a key when
//! one is configured; a backup without a manifest does not count.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::hashes::{MOST_BLOCKS, PageHashes};
use crate::error::{Error, Result};
use crate::report::Manifest;
use crate::sqlite::file::with_suffix;

/// Version of the description that this library writes.
pub const FORMAT: u32 = 1;
/// What a manifest's name ends with.
pub const SUFFIX: &str = ".manifest.json";
/// A manifest above this size is none: the hashes are at most 6 MiB of text.
const LARGEST: u64 = 64 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    manifest: Value,
    pages: Pages,
    seal: Seal,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pages {
    every: u32,
    root: String,
    hashes: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seal {
    hash: String,
    signature: Option<String>,
}

/// A manifest as it was read.
pub struct Read {
    /// What it says.
    pub manifest: Manifest,
    /// The hashes of the state that the backup holds.
    pub hashes: PageHashes,
    /// `ok`, `none`, or `not_checked` without a key.
    pub signature: &'static str,
}

/// The manifest that belongs to a backup.
pub fn path_of(backup: &Path) -> PathBuf {
    with_suffix(backup, SUFFIX)
}

/// The text of a manifest.
pub fn to_text(manifest: &Manifest, hashes: &PageHashes, key: Option<&str>) -> Result<String> {
    let defect = |error: serde_json::Error| Error::Internal { detail: error.to_string() };
    let manifest = serde_json::to_value(manifest).map_err(defect)?;
    let pages = Pages { every: hashes.every(), root: hashes.root(), hashes: hashes.to_text() };
    let covered = covered(&manifest, &pages);
    let seal =
        Seal { hash: blake3::hash(&covered).to_hex().to_string(), signature: key.map(|key| sign(key, &covered)) };
    serde_json::to_string(&Written { manifest, pages, seal }).map_err(defect)
}

/// Reads the manifest of `backup`, and checks its seal; with a key also its signature.
pub fn read(backup: &Path, key: Option<&str>) -> Result<Read> {
    let invalid = |detail: String| Error::BackupInvalid { path: backup.display().to_string(), detail };
    from_text(&text(backup)?, key).map_err(invalid)
}

/// The text of the manifest of `backup`.
pub fn text(backup: &Path) -> Result<String> {
    let path = path_of(backup);
    let invalid = |detail: String| Error::BackupInvalid { path: backup.display().to_string(), detail };
    let size = match std::fs::metadata(&path) {
        Ok(found) => found.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(invalid("it has no manifest beside it".into()));
        }
        Err(error) => return Err(Error::from_io(path.display().to_string(), &error)),
    };
    if size > LARGEST {
        return Err(invalid("its manifest is too large to be one".into()));
    }
    std::fs::read_to_string(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => invalid("its manifest is damaged".into()),
        _ => Error::from_io(path.display().to_string(), &error),
    })
}

/// Reads the text of a manifest, or says what is wrong with it.
pub fn from_text(text: &str, key: Option<&str>) -> Result<Read, String> {
    let (read, refusal) = parse(text, key)?;
    refusal.map_or(Ok(read), Err)
}

/// Reads the text of a manifest; what only its signature is refused for is told apart from it.
pub fn parse(text: &str, key: Option<&str>) -> Result<(Read, Option<String>), String> {
    let damaged = |_| "its manifest is damaged".to_owned();
    let written: Written = serde_json::from_str(text).map_err(damaged)?;
    let covered = covered(&written.manifest, &written.pages);
    if blake3::hash(&covered).to_hex().as_str() != written.seal.hash {
        return Err("its manifest was changed after it was written".into());
    }
    let (signature, refusal) = match (key, &written.seal.signature) {
        (None, None) => ("none", None),
        (None, Some(_)) => ("not_checked", None),
        (Some(key), Some(signature)) if is_equal(&sign(key, &covered), signature) => ("ok", None),
        (Some(_), Some(_)) => ("not_checked", Some("its manifest is signed with another key")),
        (Some(_), None) => ("none", Some("its manifest is not signed, and the configured key demands it")),
    };
    let format = written.manifest.get("format").and_then(Value::as_u64);
    if format != Some(u64::from(FORMAT)) {
        return Err(format!("its manifest is of format {}, this library reads {FORMAT}", format.unwrap_or(0)));
    }
    let manifest: Manifest = serde_json::from_value(written.manifest).map_err(damaged)?;
    let hashes = PageHashes::from_text(written.pages.every, &written.pages.hashes)
        .filter(|hashes| hashes.root() == written.pages.root)
        .filter(|hashes| hashes.blocks() == manifest.page_count.div_ceil(hashes.every()))
        .filter(|hashes| is_possible(&manifest, hashes))
        .ok_or("its manifest is damaged: the hashes of the pages do not fit")?;
    Ok((Read { manifest, hashes, signature }, refusal.map(str::to_owned)))
}

/// Whether the figures can be those of a database: memory is set aside by them.
fn is_possible(manifest: &Manifest, hashes: &PageHashes) -> bool {
    let Manifest { page_size, page_count, stored_pages, .. } = *manifest;
    let is_size = page_size.is_power_of_two() && (512..=65_536).contains(&page_size);
    let is_full = manifest.base.is_none();
    let is_plain = is_full && manifest.compression.is_none() && manifest.encryption.is_none();
    (is_size || (page_count == 0 && page_size == 0))
        && hashes.every().is_power_of_two()
        && hashes.blocks() <= MOST_BLOCKS
        && (if is_full { stored_pages == page_count } else { stored_pages <= page_count })
        && (!is_plain || manifest.size_bytes == u64::from(page_size) * u64::from(page_count))
}

/// What the seal is over. The root stands for the hashes.
fn covered(manifest: &Value, pages: &Pages) -> Vec<u8> {
    format!("{manifest}\n{}\n{}", pages.every, pages.root).into_bytes()
}

fn sign(key: &str, covered: &[u8]) -> String {
    let key = blake3::derive_key("rpmadb 2026 backup manifest signature", key.as_bytes());
    blake3::keyed_hash(&key, covered).to_hex().to_string()
}

/// Compares without telling by its time where the difference is.
fn is_equal(wanted: &str, found: &str) -> bool {
    match (blake3::Hash::from_hex(wanted), blake3::Hash::from_hex(found)) {
        (Ok(wanted), Ok(found)) => wanted == found,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::hashes::Hasher;
    use super::*;
    use crate::report::Checks;

    fn sample() -> (Manifest, PageHashes) {
        let mut hasher = Hasher::new(1);
        (0..3).for_each(|_| {
            hasher.page(&[7; 512]);
        });
        let manifest = Manifest {
            format: FORMAT,
            id: "a".into(),
            sequence: 1,
            file: "a.db".into(),
            reason: "manual".into(),
            created_at: 5,
            database: "x.db".into(),
            kind: "full".into(),
            base: None,
            size_bytes: 1536,
            file_hash: None,
            page_size: 512,
            page_count: 3,
            stored_pages: 3,
            compression: None,
            encryption: None,
            compact: false,
            tables: [("t".to_owned(), Some(3))].into(),
            schema_hash: String::new(),
            schema_version: 0,
            migration_in_part: false,
            checks: Checks::default(),
            audit_head: None,
            library_version: "0".into(),
            sqlite_version: "3".into(),
        };
        (manifest, hasher.finish())
    }

    #[test]
    fn a_manifest_comes_back_and_any_changed_byte_is_found() {
        let (manifest, hashes) = sample();
        for key in [None, Some("secret")] {
            let text = to_text(&manifest, &hashes, key).expect("writes");
            let read = from_text(&text, key).expect("reads");
            assert_eq!((&read.manifest, &read.hashes), (&manifest, &hashes));
            for at in 0..text.len() {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1;
                if let Ok(changed) = String::from_utf8(bytes) {
                    assert!(from_text(&changed, key).is_err(), "{at}: {changed}");
                }
            }
        }
    }

    #[test]
    fn a_key_accepts_its_own_signature_alone() {
        let (manifest, hashes) = sample();
        let unsigned = to_text(&manifest, &hashes, None).expect("writes");
        let signed = to_text(&manifest, &hashes, Some("secret")).expect("writes");
        let signature = |text: &str, key| from_text(text, key).map(|read| read.signature);
        assert_eq!(signature(&unsigned, None), Ok("none"));
        assert_eq!(signature(&signed, None), Ok("not_checked"));
        assert_eq!(signature(&signed, Some("secret")), Ok("ok"));
        assert!(signature(&signed, Some("other")).is_err());
        assert!(signature(&unsigned, Some("secret")).is_err());
    }
}
