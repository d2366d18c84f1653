//! A database file for the time of a call, whose bytes on the disk nobody can read: what a backup that is encrypted is
//! compacted into, and what a decrypted one is checked in.
//!
//! Leaves to others: how SQLite reaches it (`scratch/vfs.rs`), what is in it.
//!
//! Invariants: no name leads to the file from the moment there are bytes in it, so it is gone with the process whatever
//! ends that; its key lives in memory alone and belongs to it alone; no nonce is used twice under that key. Nothing is
//! ever synced: after a power failure there is nothing to find.

mod vfs;

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use chacha20poly1305::aead::{AeadInPlace, KeyInit, OsRng};
use chacha20poly1305::{ChaCha20Poly1305, Nonce, Tag};
use parking_lot::RwLock;
use rusqlite::OpenFlags;

use super::connection::Connection;
use super::failure::from_code;
use super::settings::Settings;
use crate::error::{Error, Result};

/// Plain bytes in one slot.
const BLOCK: usize = 4096;
/// A slot on the disk is a counter, a tag and the bytes of a block:
///
/// ```text
/// 0          8          24                      4120
/// | counter  | tag      | encrypted block        |
/// ```
///
/// The counter is the nonce and 0 in a slot that was never written, which reads as zeros.
const COUNTER: usize = 8;
const HEAD: usize = COUNTER + 16;
const SLOT: usize = HEAD + BLOCK;
/// Slots that are read or written at once.
const BATCH: usize = 64;

/// A scratch database file; gone when dropped, or when the connection on it is closed if that is later.
pub struct Scratch {
    content: Arc<Content>,
    /// The name under which SQLite finds it; no file has it.
    name: String,
}

impl Scratch {
    /// An empty one, with its bytes in `folder`.
    pub fn new(folder: &Path) -> Result<Scratch> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        super::engine::ready()?;
        let what = || format!("a temporary file in {}", folder.display());
        let content = Arc::new(Content::new(folder).map_err(|error| Error::from_io(what(), &error))?);
        let name = format!("/rpmadb-scratch-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        vfs::register().map_err(|code| Error::Internal { detail: format!("SQLite takes no VFS: {code}") })?;
        vfs::publish(&name, &content);
        Ok(Scratch { content, name })
    }

    /// Puts plain bytes there. Not while a connection is open on it.
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.content.write_at(bytes, offset)
    }

    /// Takes plain bytes from there; fewer than asked for only at the end.
    pub fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.content.read_at(into, offset)
    }

    #[cfg(test)]
    /// How many plain bytes it holds.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.content.len()
    }

    #[cfg(test)]
    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Cuts it, or lengthens it with zeros.
    pub fn set_len(&self, len: u64) -> io::Result<()> {
        self.content.set_len(len)
    }

    /// How SQLite opens it, as in `VACUUM INTO`. One connection at a time; a second finds it busy.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("file:{}?vfs={}", self.name, vfs::NAME)
    }

    /// A connection on it, configured like others. A database in WAL mode cannot be opened.
    pub fn open(&self) -> Result<Connection> {
        let shown = self.content.folder.join(self.name.trim_start_matches('/'));
        let settings = Settings {
            synchronous: crate::request::Synchronous::Off,
            ..Settings::new(Some(shown), &crate::request::Open::default())
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let inner = rusqlite::Connection::open_with_flags_and_vfs(&self.name, flags, vfs::NAME);
        let inner = inner.map_err(|error| match error {
            rusqlite::Error::SqliteFailure(code, message) => {
                from_code(code.extended_code, message.unwrap_or_else(|| code.to_string()), &settings.display(), 0, 0)
            }
            other => Error::Internal { detail: other.to_string() },
        })?;
        Connection::wrap(inner, &settings, false)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        vfs::withdraw(&self.name);
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        super::file::let_go(&self.file);
    }
}

/// A file without a name, and the key to its bytes.
struct Content {
    file: File,
    folder: PathBuf,
    cipher: ChaCha20Poly1305,
    extent: RwLock<Extent>,
    /// A database connection is open on it.
    in_use: AtomicBool,
}

struct Extent {
    /// Plain bytes. What is behind them in the last block is zero.
    len: u64,
    /// Blocks encrypted so far: the last nonce.
    sealed: u64,
}

impl Content {
    fn new(folder: &Path) -> io::Result<Content> {
        Ok(Content {
            file: nameless(folder)?,
            folder: folder.to_owned(),
            cipher: ChaCha20Poly1305::new(&ChaCha20Poly1305::generate_key(OsRng)),
            extent: RwLock::new(Extent { len: 0, sealed: 0 }),
            in_use: AtomicBool::new(false),
        })
    }

    fn len(&self) -> u64 {
        self.extent.read().len
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let extent = self.extent.read();
        let left = usize::try_from(extent.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = into.len().min(left);
        self.read_inside(&mut into[..wanted], offset)?;
        Ok(wanted)
    }

    /// Reads what lies before the end; the caller holds the lock.
    fn read_inside(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        let mut slots = Vec::new();
        let mut done = 0;
        while done < into.len() {
            let (block, skip) = place(offset + done as u64);
            let count = (skip + into.len() - done).div_ceil(BLOCK).min(BATCH);
            slots.resize(count * SLOT, 0);
            let got = read_fully(&self.file, &mut slots, block * SLOT as u64)?;
            slots[got..].fill(0);
            for (slot, block) in slots.chunks_exact_mut(SLOT).zip(block..) {
                let plain = &self.opened(block, slot)?[(offset + done as u64 - block * BLOCK as u64) as usize..];
                let take = plain.len().min(into.len() - done);
                into[done..done + take].copy_from_slice(&plain[..take]);
                done += take;
            }
        }
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let end = offset.checked_add(bytes.len() as u64).filter(|end| *end <= i64::MAX as u64 / 2);
        let Some(end) = end else { return Err(io::Error::from(io::ErrorKind::FileTooLarge)) };
        let extent = &mut *self.extent.write();
        let mut slots = Vec::new();
        let mut at = offset;
        while at < end {
            let (first, skip) = place(at);
            let count = (skip + (end - at) as usize).div_ceil(BLOCK).min(BATCH);
            slots.clear();
            slots.resize(count * SLOT, 0);
            for (slot, block) in slots.chunks_exact_mut(SLOT).zip(first..) {
                let (begin, skip) = (block * BLOCK as u64, (at - block * BLOCK as u64) as usize);
                let take = (BLOCK - skip).min((end - at) as usize);
                let plain = &mut slot[HEAD..];
                if take < BLOCK && begin < extent.len {
                    self.read_inside(plain, begin)?;
                }
                let from = (at - offset) as usize;
                plain[skip..skip + take].copy_from_slice(&bytes[from..from + take]);
                self.seal(extent, block, slot)?;
                at += take as u64;
            }
            self.file.write_all_at(&slots, first * SLOT as u64)?;
            extent.len = extent.len.max(at);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let extent = &mut *self.extent.write();
        if len < extent.len {
            let (block, keep) = place(len);
            if keep > 0 {
                // why: what is cut off must read as zeros when the file grows again
                let mut slot = vec![0; SLOT];
                self.read_inside(&mut slot[HEAD..HEAD + keep], block * BLOCK as u64)?;
                self.seal(extent, block, &mut slot)?;
                self.file.write_all_at(&slot, block * SLOT as u64)?;
            }
            self.file.set_len(len.div_ceil(BLOCK as u64) * SLOT as u64)?;
        }
        extent.len = len;
        Ok(())
    }

    /// Encrypts the plain block in `slot` where it is.
    fn seal(&self, extent: &mut Extent, block: u64, slot: &mut [u8]) -> io::Result<()> {
        // why counted before: a nonce is spent even if the write that follows fails
        extent.sealed += 1;
        let (head, bytes) = slot.split_at_mut(HEAD);
        let sealed = self.cipher.encrypt_in_place_detached(&nonce(extent.sealed), &block.to_le_bytes(), bytes);
        let tag = sealed.map_err(|_| io::Error::other("a block could not be encrypted"))?;
        head[..COUNTER].copy_from_slice(&extent.sealed.to_le_bytes());
        head[COUNTER..].copy_from_slice(&tag);
        Ok(())
    }

    /// Decrypts `slot` where it is, and fails when it is not what was written there.
    fn opened<'s>(&self, block: u64, slot: &'s mut [u8]) -> io::Result<&'s [u8]> {
        let (head, bytes) = slot.split_at_mut(HEAD);
        let (counter, tag) = head.split_at(COUNTER);
        let counter = counter.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        if counter > 0 {
            let tag = Tag::from_slice(tag);
            let opened = self.cipher.decrypt_in_place_detached(&nonce(counter), &block.to_le_bytes(), bytes, tag);
            opened.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a block is not what was written"))?;
        }
        Ok(bytes)
    }
}

fn nonce(counter: u64) -> Nonce {
    let mut nonce = Nonce::default();
    nonce[..COUNTER].copy_from_slice(&counter.to_le_bytes());
    nonce
}

/// The block that a plain offset lies in, and how far into it.
fn place(offset: u64) -> (u64, usize) {
    (offset / BLOCK as u64, (offset % BLOCK as u64) as usize)
}

/// Reads until `into` is full or the file ends.
fn read_fully(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < into.len() {
        match file.read_at(&mut into[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// A new file in `folder` that has no name.
fn nameless(folder: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    if let Ok(file) = for_us().custom_flags(nix::libc::O_TMPFILE).open(folder) {
        return Ok(file);
    }
    // why still here: not every file system makes a file without a name
    unnamed(folder)
}

/// The same in two steps; a kill between them leaves an empty file.
fn unnamed(folder: &Path) -> io::Result<File> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!(".scratch.{}-{number}.partial", std::process::id()));
    let file = for_us().create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

fn for_us() -> std::fs::OpenOptions {
    let mut options = File::options();
    options.read(true).write(true).mode(0o600);
    options
}

#[cfg(test)]
mod tests;
