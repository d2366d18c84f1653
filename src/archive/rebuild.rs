//! A database from a backup and all it is based on: proved while it is read, page by page, to whoever keeps them.
//!
//! Leaves to others: SQLite's checks (`check.rs`), what becomes of the pages.
//!
//! Invariant: what was written is right when the call returns, and to be thrown away when it fails.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::codec::{self, Keys};
use super::flush::Flusher;
use super::hashes::PageHashes;
use super::read::Link;
use super::store;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::request::Open;
use crate::sqlite::{self, Connection, Scratch, Settings};

/// Bytes written at once.
const CHUNK: usize = 1 << 20;

/// Where pages go.
pub trait Sink {
    /// Writes at a place of the database.
    fn write(&mut self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Cuts it to its size, after the last write, and gets it onto the disk where it is a file.
    fn end(&mut self, size: u64) -> io::Result<()>;
}

/// Nowhere.
pub struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _: &[u8], _: u64) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for &Scratch {
    fn write(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_at(bytes, offset)
    }

    fn end(&mut self, size: u64) -> io::Result<()> {
        self.set_len(size)
    }
}

/// A file; neighbours are written together.
pub struct Gathered<'f> {
    file: &'f File,
    flusher: Option<Flusher>,
    begin: u64,
    bytes: Vec<u8>,
}

impl Gathered<'_> {
    /// Into this file.
    pub fn new(file: &File) -> Gathered<'_> {
        // why no failure: then the end takes longer
        Gathered { file, flusher: Flusher::new(file).ok(), begin: 0, bytes: Vec::with_capacity(CHUNK) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all_at(&self.bytes, self.begin)?;
        if let Some(flusher) = &mut self.flusher {
            flusher.wrote(self.bytes.len());
        }
        self.bytes.clear();
        Ok(())
    }
}

impl Sink for Gathered<'_> {
    fn write(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if self.begin + self.bytes.len() as u64 != offset || self.bytes.len() + bytes.len() > CHUNK {
            self.flush()?;
            self.begin = offset;
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn end(&mut self, size: u64) -> io::Result<()> {
        self.flush()?;
        self.file.set_len(size)?;
        match self.flusher.take() {
            Some(flusher) => flusher.finish(),
            None => self.file.sync_all(),
        }
    }
}

/// Reads a chain, the full backup first, and hands its pages to `sink`, called `named` in messages. Returns the bytes read.
pub fn rebuild(
    chain: &[Link],
    keys: &Keys,
    sign_key: Option<&str>,
    sink: &mut dyn Sink,
    named: &str,
    operation: &Operation,
) -> Result<u64> {
    let failed = |error: io::Error| Error::from_io(named.to_owned(), &error);
    let mut base: Option<PageHashes> = None;
    let (mut bytes, mut size) = (0, 0);
    for link in chain {
        let page_size = u64::from(link.manifest.page_size);
        let hashes = link.hashes(sign_key)?;
        let seen = link.read(Some(keys), &hashes, base.as_ref(), operation, |number, page| {
            sink.write(page, u64::from(number - 1) * page_size).map_err(failed)
        })?;
        if !seen.damaged.is_empty() {
            return Err(link.invalid(damage(link, &seen.damaged)));
        }
        size = page_size * u64::from(link.manifest.page_count);
        bytes += seen.bytes;
        base = Some(hashes);
    }
    sink.end(size).map_err(failed)?;
    Ok(bytes)
}

/// Reads a SQLite file that has no manifest, unwrapped as its first bytes ask for. One that is not all of the database is refused.
pub fn unwrap(path: &Path, keys: &Keys, sink: &mut dyn Sink, operation: &Operation) -> Result<()> {
    must_stand_alone(path)?;
    let named = path.display().to_string();
    let failed = |error: io::Error| codec::failure(&named, &error);
    let mut file = store::open_for_reading(path)?;
    let mut first = [0; 32];
    let length = read_up_to(&mut *file, &mut first).map_err(failed)?;
    file.rewind().map_err(failed)?;
    let is_encrypted = codec::is_encrypted(&first[..length]);
    let mut inner: Box<dyn Read> = codec::reader(&*file, is_encrypted, false, keys, &named)?;
    let length = read_up_to(&mut inner, &mut first).map_err(failed)?;
    let is_compressed = codec::is_compressed(&first[..length]);
    let rest = io::Cursor::new(first[..length].to_vec()).chain(inner);
    let mut from = codec::reader(rest, false, is_compressed, keys, &named)?;
    let mut chunk = vec![0; CHUNK];
    let mut offset = 0;
    loop {
        let read = read_up_to(&mut from, &mut chunk).map_err(failed)?;
        if read == 0 && offset == 0 {
            return Err(Error::BackupInvalid { path: named, detail: "it is empty".into() });
        }
        if read == 0 {
            return sink.end(offset).map_err(failed);
        }
        if offset == 0 {
            sqlite::unmark_wal(&mut chunk[..read]);
        }
        sink.write(&chunk[..read], offset).map_err(failed)?;
        offset += read as u64;
        operation.report("reading the backup", offset, 0)?;
    }
}

/// Refuses a file whose database is partly in a log, or half back from a journal, or that somebody writes to: its bytes alone are
/// another database than the one SQLite sees.
fn must_stand_alone(path: &Path) -> Result<()> {
    let invalid = |detail: String| Err(Error::BackupInvalid { path: path.display().to_string(), detail });
    if let Some(log) = store::logs(path).iter().find(|log| !is_finished(log)) {
        return invalid(format!(
            "{} stands beside it and belongs to it; open it once with SQLite, which takes that in, or back it up through rpmadb",
            log.display()
        ));
    }
    // why before its bytes are looked at: the close of one more descriptor would drop the locks that this process has on it
    match sqlite::open_elsewhere(path, 0) {
        Some(true) => invalid("somebody has it open; close it there, or back it up through rpmadb".into()),
        // why not where the system does not tell: nothing could be brought back there
        Some(false) | None => Ok(()),
    }
}

/// Whether it is a log or journal that SQLite would pass over: an empty one, or a journal with its first bytes made zeros by the commit.
fn is_finished(log: &Path) -> bool {
    if std::fs::metadata(log).is_ok_and(|found| found.len() == 0) {
        return true;
    }
    let is_journal = log.as_os_str().as_encoded_bytes().ends_with(b"-journal");
    let mut first = [0];
    is_journal && File::open(log).and_then(|mut file| read_up_to(&mut file, &mut first)).is_ok_and(|_| first == [0])
}

fn read_up_to(from: &mut dyn Read, into: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < into.len() {
        match from.read(&mut into[done..])? {
            0 => break,
            read => done += read,
        }
    }
    Ok(done)
}

/// Names the damaged pages, and the tables and indexes they belong to as far as the file still tells.
fn damage(link: &Link, pages: &[u32]) -> String {
    let owners = if link.is_plain() { owners(link, pages) } else { BTreeMap::new() };
    let mut shown: Vec<String> = pages
        .iter()
        .take(10)
        .map(|page| match owners.get(page) {
            Some(owner) => format!("page {page} ({owner})"),
            None => format!("page {page}"),
        })
        .collect();
    if pages.len() > shown.len() {
        shown.push(format!("{} more", pages.len() - shown.len()));
    }
    format!("not as it was written: {}", shown.join(", "))
}

fn owners(link: &Link, pages: &[u32]) -> BTreeMap<u32, String> {
    let settings = Settings::new(Some(link.path.clone()), &Open::default());
    let found = Connection::open(&settings, false, true).and_then(|copy| sqlite::page_owners(&copy, pages));
    found.unwrap_or_default()
}
