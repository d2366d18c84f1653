//! Records that could not be written before their database was closed, because another process held the write lock: they wait in a
//! file beside it, `DATABASE-audit-waiting`, and who can write next takes them into the table.
//!
//! A line is a JSON document: `{"seq", "hash", "key", "mac", "record"}`. `seq` and `hash` are of the last record that the table had
//! then: what was taken from here stands behind it, unless a restore has brought another past. A line begins with a line break too, so
//! that one that a power failure cut spoils no other.
//!
//! Leaves to others: when they are set aside and taken (`log/closing.rs`), the rows (`table.rs`).
//!
//! Invariants: a record leaves the file when it is committed and not before, so after a crash it may be in both, which its id tells;
//! nobody but who has the key puts a record of that key here.

use std::io::Write;
use std::path::Path;

use nix::fcntl::Flock;
use serde::{Deserialize, Serialize};

use super::anchor::{alone, write_anew};
use super::chain::Key;
use super::record::{Head, Record, hex, unhex};
use crate::error::{Error, Result};
use crate::sqlite::file::{folder_of, sync_folder};

#[derive(Serialize, Deserialize)]
struct Line {
    seq: u64,
    hash: String,
    /// What tells the key of `mac` from others.
    key: String,
    mac: String,
    record: Record,
}

impl Line {
    fn mac(&self, key: &Key) -> Result<String> {
        let record = serde_json::to_string(&self.record).map_err(internal)?;
        Ok(hex(&key.sign(&format!("waiting {} {} {record}", self.seq, self.hash))))
    }
}

fn internal(error: serde_json::Error) -> Error {
    Error::Internal { detail: error.to_string() }
}

/// Sets records aside; the table ends with `head`.
pub(super) fn add(path: &Path, key: &Key, head: Head, records: Vec<Record>) -> Result<()> {
    let failed = |error: std::io::Error| Error::from_io(path.display().to_string(), &error);
    let mut text = String::new();
    for record in records {
        let mut line =
            Line { seq: head.seq, hash: hex(&head.hash), key: key.id().to_owned(), mac: String::new(), record };
        line.mac = line.mac(key)?;
        text.push_str(&format!("\n{}\n", serde_json::to_string(&line).map_err(internal)?));
    }
    let mut file = alone(path, true)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    sync_folder(folder_of(path)).map_err(failed)
}

/// What a file holds, which nobody else can change until this is dropped.
pub(super) struct Late<'p> {
    path: &'p Path,
    _alone: Flock<std::fs::File>,
    /// What the key, or the one that everybody has, signed: in their order, and whether it was everybody's.
    pub(super) records: Vec<(bool, Record)>,
    /// How the table ended when they were set aside.
    pub(super) heads: Vec<Head>,
    /// Lines that are no records: a power failure cut them, or somebody changed them.
    pub(super) spoilt: usize,
    /// Lines of other keys.
    others: Vec<u8>,
}

impl Late<'_> {
    /// Reads the file at `path`, which must be there.
    pub(super) fn read<'p>(path: &'p Path, key: &Key) -> Result<Late<'p>> {
        let alone = alone(path, false)?;
        let bytes = std::fs::read(path).map_err(|error| Error::from_io(path.display().to_string(), &error))?;
        let mut late =
            Late { path, _alone: alone, records: Vec::new(), heads: Vec::new(), spoilt: 0, others: Vec::new() };
        let everybodys = Key::new(None);
        for text in lines(&bytes) {
            let line = serde_json::from_slice::<Line>(text).ok();
            let Some((line, hash)) = line.and_then(|line| unhex(&line.hash).map(|hash| (line, hash))) else {
                late.spoilt += 1;
                continue;
            };
            let Some(key) = [key, &everybodys].into_iter().find(|key| key.id() == line.key) else {
                late.others.extend_from_slice(text);
                late.others.push(b'\n');
                continue;
            };
            if line.mac(key)? == line.mac {
                let head = Head { seq: line.seq, hash };
                if late.heads.last() != Some(&head) {
                    late.heads.push(head);
                }
                late.records.push((line.key.is_empty(), line.record));
            } else {
                late.spoilt += 1;
            }
        }
        Ok(late)
    }

    /// Takes out what was read, once it is committed.
    pub(super) fn remove(self) -> Result<()> {
        if self.others.is_empty() {
            return std::fs::remove_file(self.path)
                .map_err(|error| Error::from_io(self.path.display().to_string(), &error));
        }
        write_anew(self.path, &self.others)
    }
}

/// How many records wait in the file; of one that cannot be read none.
pub(super) fn count(path: &Path) -> u64 {
    std::fs::read(path).map_or(0, |bytes| lines(&bytes).count() as u64)
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|text| !text.is_empty())
}
