//! The pages of a database on their way into a hidden file: hashed, compressed, encrypted and written in one pass.
//!
//! An incremental backup is the line `rpmadb increment 1`, the size and number of the database's pages, and then the blocks
//! that its base has with another hash, or not at all:
//!
//! ```text
//! 0   "rpmadb increment 1\n"      19 bytes
//! 19  page size, page count       u32 each, little endian
//! 27  number, then the page       u32 little endian, page size bytes; repeated to the end
//! ```
//!
//! Leaves to others: the transaction that is open on the source, the name of the file (`store.rs`), the looks at it (`read.rs`).
//!
//! Invariants: memory does not grow with the database; nothing is written unencrypted when encryption is asked for.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::codec::{self, Wrapping};
use super::flush::Flusher;
use super::hashes::{Hasher, PageHashes, pages_in_block};
use super::store::Partial;
use crate::error::Result;
use crate::operation::Operation;
use crate::sqlite::{self, Connection, Where};

/// What an incremental file begins with.
pub const MAGIC: &[u8] = b"rpmadb increment 1\n";
/// Bytes written at once.
const CHUNK: usize = 1 << 20;

/// What is to be written, and where.
pub struct Job<'j> {
    /// The source, with a transaction open.
    pub source: &'j Connection,
    /// Where its pages are.
    pub place: Where,
    /// The name that the file will get.
    pub destination: &'j Path,
    /// Compression and encryption.
    pub wrapping: &'j Wrapping,
    /// The state that an incremental backup is based on.
    pub base: Option<&'j PageHashes>,
    /// Pages between two looks at the operation.
    pub step_pages: u64,
    /// The call.
    pub operation: &'j Operation,
}

/// What was written.
pub struct Copied {
    /// What gets it onto the disk; to be finished before the file gets its name.
    pub flusher: Flusher,
    /// The hidden file.
    pub partial: Partial,
    /// What is in it.
    pub content: Content,
}

/// What is in a backup.
pub struct Content {
    /// The hashes of the state of the database.
    pub hashes: PageHashes,
    /// BLAKE3 of the file; `None` for a plain full one.
    pub file_hash: Option<String>,
    /// Size of the file.
    pub size_bytes: u64,
    /// Size of a page.
    pub page_size: u32,
    /// Pages of the database.
    pub page_count: u32,
    /// Pages in the file.
    pub stored_pages: u32,
}

/// Writes to a file and, if it is asked to, hashes what it writes.
struct Hashed<'f> {
    file: &'f File,
    flusher: Flusher,
    hash: Option<blake3::Hasher>,
    size: u64,
}

impl Write for &mut Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        if let Some(hash) = &mut self.hash {
            hash.update(&bytes[..written]);
        }
        self.size += written as u64;
        self.flusher.wrote(written);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Copies. `beside` is shown every page too.
pub fn copy(job: &Job<'_>, mut beside: impl FnMut(u32, &[u8]) -> Result<()>) -> Result<Copied> {
    let named = job.destination.display().to_string();
    let failed = |error: io::Error| codec::write_failure(&named, error);
    let (page_size, page_count) = sqlite::page_figures(job.source)?;
    let partial = Partial::create(job.destination)?;
    let wraps = job.wrapping.compress.is_some() || job.wrapping.encrypt.is_some();
    let hash = (wraps || job.base.is_some()).then(blake3::Hasher::new);
    let flusher = Flusher::new(partial.file()).map_err(failed)?;
    let mut hashed = Hashed { file: partial.file(), flusher, hash, size: 0 };
    let mut stored_pages = 0;
    let hashes = {
        let bottom = BufWriter::with_capacity(CHUNK, &mut hashed);
        let mut top = job.wrapping.writer(bottom, job.operation)?;
        let every = job.base.map_or_else(|| pages_in_block(page_count), PageHashes::every);
        let mut hasher = Hasher::new(every);
        let mut block = Block { base: job.base, every, bytes: Vec::new(), count: 0, stored: 0 };
        if job.base.is_some() {
            top.write_all(MAGIC).map_err(failed)?;
            top.write_all(&page_size.to_le_bytes()).map_err(failed)?;
            top.write_all(&page_count.to_le_bytes()).map_err(failed)?;
        }
        sqlite::for_each_page(job.source, job.place, |number, page| {
            let ended = hasher.page(page);
            match block.base {
                None => top.write_all(page).map_err(failed)?,
                Some(_) => block.page(number, page, ended, &hasher, &mut top).map_err(failed)?,
            }
            beside(number, page)?;
            if u64::from(number) % job.step_pages == 0 {
                job.operation.report("copying pages", number.into(), page_count.into())?;
            }
            Ok(())
        })?;
        let hashes = hasher.finish();
        if block.base.is_some() {
            block.end(&hashes, hashes.blocks().wrapping_sub(1), &mut top).map_err(failed)?;
            stored_pages = block.stored;
        }
        top.finish().map_err(failed)?;
        hashes
    };
    let Hashed { flusher, hash, size: size_bytes, .. } = hashed;
    let file_hash = hash.map(|hash| hash.finalize().to_hex().to_string());
    if job.base.is_none() {
        stored_pages = page_count;
    }
    let content = Content { hashes, file_hash, size_bytes, page_size, page_count, stored_pages };
    Ok(Copied { flusher, partial, content })
}

/// The block of pages that is not yet known to be changed.
struct Block<'b> {
    base: Option<&'b PageHashes>,
    every: u32,
    bytes: Vec<u8>,
    count: u32,
    stored: u32,
}

impl Block<'_> {
    fn page(
        &mut self,
        number: u32,
        page: &[u8],
        ended: Option<u32>,
        hasher: &Hasher,
        into: &mut impl Write,
    ) -> io::Result<()> {
        self.bytes.extend_from_slice(&number.to_le_bytes());
        self.bytes.extend_from_slice(page);
        self.count += 1;
        match ended {
            Some(index) => self.end(hasher.so_far(), index, into),
            None => Ok(()),
        }
    }

    /// Writes the block `index` if it is not what the base has.
    fn end(&mut self, now: &PageHashes, index: u32, into: &mut impl Write) -> io::Result<()> {
        debug_assert!(self.count <= self.every);
        if self.count > 0 && !self.base.is_some_and(|base| base.same_block(now, index)) {
            into.write_all(&self.bytes)?;
            self.stored += self.count;
        }
        self.bytes.clear();
        self.count = 0;
        Ok(())
    }
}
