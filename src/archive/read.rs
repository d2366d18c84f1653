//! Reading a backup back: every byte against what its manifest says, and the pages to whoever wants them.
//!
//! Leaves to others: SQLite's own checks (`ops/verify.rs`), what the pages are written to.
//!
//! Invariants: a backup is opened once and read once, locked against removal; what is handed on may be wrong until the call has
//! returned, so whoever takes pages throws them away when it fails.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};

use nix::fcntl::Flock;

use super::codec::{self, Keys};
use super::hashes::{Hasher, PageHashes};
use super::write::MAGIC;
use super::{manifest, store};
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::report::Manifest;
use crate::sqlite::file::folder_of;

const CHUNK: usize = 1 << 20;
/// Damaged blocks beyond this many help nobody.
const MOST_DAMAGED: usize = 100;
/// More increments on each other than this are a loop or a mistake.
const LONGEST_CHAIN: usize = 10_000;

/// A backup with its manifest, locked against removal.
pub struct Link {
    /// The file.
    pub path: PathBuf,
    /// The file, open.
    file: Flock<File>,
    /// What it must be.
    pub manifest: Manifest,
    /// How its signature came out.
    pub signature: &'static str,
}

/// What reading found.
#[derive(Debug, Default)]
pub struct Seen {
    /// Bytes of the file.
    pub bytes: u64,
    /// Whether the pages were seen: not in an encrypted file without a key.
    pub has_pages: bool,
    /// Pages that are not what they were, at most 100.
    pub damaged: Vec<u32>,
}

/// Opens a backup and reads its manifest.
pub fn open(path: &Path, key: Option<&str>) -> Result<Link> {
    std::fs::metadata(path).map_err(|error| Error::from_io(path.display().to_string(), &error))?;
    // why the manifest first: a file without one may be a live database, and those are opened by SQLite alone.
    // why without the hashes: a long chain has many, and one at a time is needed
    let manifest::Read { manifest, signature, .. } = manifest::read(path, key)?;
    let file = store::open_for_reading(path)?;
    let link = Link { path: path.to_owned(), file, manifest, signature };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let found = link.file.metadata().map_err(|error| Error::from_io(link.named(), &error))?.len();
    let wanted = link.manifest.size_bytes;
    if found != wanted {
        return Err(link.invalid(format!("it has {found} bytes and was written with {wanted}")));
    }
    if link.is_plain()
        && let Some(log) = store::foreign_log(path)
    {
        return Err(link.invalid(format!("{} stands beside it and is no part of it", log.display())));
    }
    if link.manifest.kind == "incremental" && link.manifest.file != name {
        return Err(link.invalid(format!("it was written as {} and is found by that name alone", link.manifest.file)));
    }
    Ok(link)
}

/// A backup and all it is based on, the full one first.
pub fn chain(path: &Path, key: Option<&str>) -> Result<Vec<Link>> {
    let mut links = vec![open(path, key)?];
    loop {
        let last = &links[links.len() - 1];
        let Some(base) = last.manifest.base.clone() else { break };
        let base_path = folder_of(path).join(&base.file);
        // why: a name with a way in it would lead out of the folder
        if Path::new(&base.file).components().count() != 1 {
            return Err(last.invalid(format!("its base {} is not the name of a file", base.file)));
        }
        if links.len() > LONGEST_CHAIN || links.iter().any(|link| link.manifest.id == base.id) {
            return Err(last.invalid(format!("it is based on itself, or on more than {LONGEST_CHAIN} others")));
        }
        let link = open(&base_path, key).map_err(|error| match error {
            Error::NotFound { .. } => {
                last.invalid(format!("its base {} is not there, and brings nothing back without it", base.file))
            }
            error => error,
        })?;
        if link.manifest.id != base.id {
            return Err(last.invalid(format!("its base {} is another backup than the one it was made from", base.file)));
        }
        links.push(link);
    }
    links.reverse();
    Ok(links)
}

impl Link {
    fn named(&self) -> String {
        self.path.display().to_string()
    }

    /// The error that it is not sound.
    pub fn invalid(&self, detail: String) -> Error {
        Error::BackupInvalid { path: self.named(), detail }
    }

    /// Whether pages can be read only with a key.
    pub fn is_encrypted(&self) -> bool {
        self.manifest.encryption.is_some()
    }

    /// Whether the file is the database itself.
    pub fn is_plain(&self) -> bool {
        self.manifest.compression.is_none() && !self.is_encrypted() && self.manifest.base.is_none()
    }

    /// The hashes of the state it holds.
    pub fn hashes(&self, key: Option<&str>) -> Result<PageHashes> {
        let read = manifest::read(&self.path, key)?;
        match read.manifest.id == self.manifest.id {
            true => Ok(read.hashes),
            false => Err(self.invalid("it was replaced while it was read".into())),
        }
    }

    /// Reads all of it; `hashes` are its own. `keys` of `None` look at the bytes of an encrypted file alone. `base` is what an incremental one is
    /// based on.
    pub fn read(
        &self,
        keys: Option<&Keys>,
        hashes: &PageHashes,
        base: Option<&PageHashes>,
        operation: &Operation,
        each: impl FnMut(u32, &[u8]) -> Result<()>,
    ) -> Result<Seen> {
        let copy = self.file.try_clone().map_err(|error| Error::from_io(self.named(), &error))?;
        let what = What { named: self.named(), manifest: &self.manifest, hashes, base };
        what.read(copy, keys, operation, each)
    }
}

/// What a file must be.
pub struct What<'w> {
    /// The file as messages name it.
    pub named: String,
    /// Its manifest.
    pub manifest: &'w Manifest,
    /// The hashes of the state it holds.
    pub hashes: &'w PageHashes,
    /// The state it is based on.
    pub base: Option<&'w PageHashes>,
}

impl What<'_> {
    fn invalid(&self, detail: impl Into<String>) -> Error {
        Error::BackupInvalid { path: self.named.clone(), detail: detail.into() }
    }

    /// Reads `file` from its beginning, and compares.
    pub fn read(
        &self,
        mut file: File,
        keys: Option<&Keys>,
        operation: &Operation,
        each: impl FnMut(u32, &[u8]) -> Result<()>,
    ) -> Result<Seen> {
        use std::io::Seek;
        let failed = |error: io::Error| codec::failure(&self.named, &error);
        file.rewind().map_err(failed)?;
        let hash = self.manifest.file_hash.as_ref().map(|_| blake3::Hasher::new());
        let mut tee = Tee { file, hash, bytes: 0 };
        let is_encrypted = self.manifest.encryption.is_some();
        let mut seen = Seen { has_pages: !is_encrypted || keys.is_some(), ..Seen::default() };
        let outcome = if seen.has_pages {
            let is_compressed = self.manifest.compression.is_some();
            self.pages(&mut tee, is_encrypted, is_compressed, keys, operation, each)
        } else {
            self.bytes(&mut tee, operation).map(|()| Vec::new())
        };
        // why before the outcome: that a byte was changed says more than what the change does to a frame or a cipher
        if self.manifest.file_hash.is_some() && !matches!(outcome, Err(Error::Cancelled { .. } | Error::Timeout { .. }))
        {
            io::copy(&mut tee, &mut io::sink()).map_err(failed)?;
            let found = tee.hash.take().map(|hash| hash.finalize().to_hex().to_string());
            if found != self.manifest.file_hash {
                let detail = match &outcome {
                    Err(Error::BackupInvalid { detail, .. } | Error::Decrypt { detail, .. }) => format!(": {detail}"),
                    _ => String::new(),
                };
                return Err(self.invalid(format!("its bytes are not those that were written{detail}")));
            }
        }
        seen.damaged = outcome?;
        seen.bytes = tee.bytes;
        Ok(seen)
    }

    fn bytes(&self, from: &mut Tee, operation: &Operation) -> Result<()> {
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = from.read(&mut chunk).map_err(|error| codec::failure(&self.named, &error))?;
            operation.report("reading the bytes of the backup", from.bytes, self.manifest.size_bytes)?;
            if read == 0 {
                return Ok(());
            }
        }
    }

    fn pages(
        &self,
        tee: &mut Tee,
        is_encrypted: bool,
        is_compressed: bool,
        keys: Option<&Keys>,
        operation: &Operation,
        mut each: impl FnMut(u32, &[u8]) -> Result<()>,
    ) -> Result<Vec<u32>> {
        let failed = |error: io::Error| codec::failure(&self.named, &error);
        let none = Keys::default();
        let buffered = BufReader::with_capacity(CHUNK, tee);
        let inner = codec::reader(buffered, is_encrypted, is_compressed, keys.unwrap_or(&none), &self.named)?;
        let mut from = BufReader::with_capacity(CHUNK, inner);
        let (page_size, page_count) = (self.manifest.page_size, self.manifest.page_count);
        let mut page = vec![0; page_size as usize];
        let mut compared = Compared::new(self.hashes, page_count);
        let total = u64::from(self.manifest.stored_pages);
        let mut stored = BTreeSet::new();
        if self.base.is_some() {
            let mut head = [0; 27];
            from.read_exact(&mut head).map_err(failed)?;
            let wanted = [MAGIC, &page_size.to_le_bytes(), &page_count.to_le_bytes()].concat();
            if head != *wanted {
                return Err(self.invalid("it does not begin as an incremental backup does"));
            }
        }
        for done in 0..total {
            let number = match self.base {
                None => done as u32 + 1,
                Some(_) => {
                    let mut number = [0; 4];
                    from.read_exact(&mut number).map_err(failed)?;
                    u32::from_le_bytes(number)
                }
            };
            from.read_exact(&mut page).map_err(failed)?;
            if number == 0 || number > page_count {
                return Err(self.invalid(format!("it holds a page {number} of {page_count}")));
            }
            if self.base.is_some() {
                stored.insert((number - 1) / self.hashes.every());
            }
            compared.page(number, &page).map_err(|detail| self.invalid(detail))?;
            each(number, &page)?;
            if (done + 1) % 1_000 == 0 {
                operation.report("reading the backup", done + 1, total)?;
            }
        }
        if from.read(&mut [0]).map_err(failed)? != 0 {
            return Err(self.invalid("it goes on where it should end"));
        }
        let damaged = compared.finish();
        match self.base {
            None if total != u64::from(page_count) => {
                return Err(self.invalid(format!("it holds {total} pages of {page_count}")));
            }
            None => {}
            Some(base) => {
                let lacks = |block: &u32| !stored.contains(block) && !base.same_block(self.hashes, *block);
                if let Some(block) = (0..self.hashes.blocks()).find(lacks) {
                    let page = block * self.hashes.every() + 1;
                    return Err(self.invalid(format!("it lacks page {page}, which is not what its base has")));
                }
            }
        }
        Ok(damaged)
    }
}

/// Compares pages with the hashes they should have.
struct Compared<'h> {
    hashes: &'h PageHashes,
    page_count: u32,
    hasher: Hasher,
    /// The block that is begun, and how many of its pages came.
    block: Option<(u32, u32)>,
    damaged: Vec<u32>,
}

impl<'h> Compared<'h> {
    fn new(hashes: &'h PageHashes, page_count: u32) -> Compared<'h> {
        Compared { hashes, page_count, hasher: Hasher::new(hashes.every()), block: None, damaged: Vec::new() }
    }

    /// Takes a page; the pages of one block must come in order.
    fn page(&mut self, number: u32, page: &[u8]) -> Result<(), String> {
        let every = self.hashes.every();
        let (index, at) = ((number - 1) / every, (number - 1) % every);
        let expected = self.block.map_or(0, |(_, pages)| pages);
        if at != expected || self.block.is_some_and(|(begun, _)| begun != index) {
            return Err(format!("its page {number} is out of order"));
        }
        self.hasher.page(page);
        self.block = Some((index, at + 1));
        if at + 1 == every || number == self.page_count {
            let hasher = std::mem::replace(&mut self.hasher, Hasher::new(every));
            // why index 0: this hasher saw the one block
            if !self.hashes.is_block(index, &hasher.finish()) && self.damaged.len() < MOST_DAMAGED {
                let first = index * every + 1;
                let last = number;
                self.damaged.extend((first..=last).take(MOST_DAMAGED - self.damaged.len()));
            }
            self.block = None;
        }
        Ok(())
    }

    fn finish(self) -> Vec<u32> {
        self.damaged
    }
}

/// Reads a file, counts, and hashes what is read if it is asked to.
struct Tee {
    file: File,
    hash: Option<blake3::Hasher>,
    bytes: u64,
}

impl io::Read for Tee {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        if let Some(hash) = &mut self.hash {
            hash.update(&into[..read]);
        }
        self.bytes += read as u64;
        Ok(read)
    }
}
