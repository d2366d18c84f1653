//! Making one backup: copy, read back, check, describe, publish.
//!
//! Leaves to others: where it goes and why (`ops/backup.rs`, `ops/restore.rs`), each of the steps (`write`, `read`, `check`,
//! `manifest`, `store`).
//!
//! Invariants: a read transaction is held on the source for the whole copy, so that every page is of one state; the backup gets
//! its name only after all looks at it came out well.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::codec::Wrapping;
use super::hashes::PageHashes;
use super::read::{Link, What};
use super::write::{self, Content, Job};
use super::{check, manifest, store};
use crate::audit;
use crate::error::{Error, Result};
use crate::machine;
use crate::operation::Operation;
use crate::report::{self, Base, Checks, Manifest, elapsed_ms, now_ms};
use crate::request::Depth;
use crate::sqlite::file::folder_of;
use crate::sqlite::{self, Connection, Scratch, Where};

/// What is to be made.
pub struct Spec<'s> {
    /// The file.
    pub destination: &'s Path,
    /// Whether a file of that name may be replaced.
    pub overwrite: bool,
    /// See [`Manifest::reason`].
    pub reason: &'static str,
    /// Compression and encryption.
    pub wrapping: Wrapping,
    /// What an incremental backup is based on, and the hashes of that state.
    pub base: Option<&'s (Link, PageHashes)>,
    /// How deep the finished copy is looked at; `None` for what suits its kind.
    pub depth: Option<Depth>,
    /// Whether free space is left out.
    pub compact: bool,
    /// Whether retention keeps its hands off it.
    pub pin: bool,
    /// Pages between two looks at the operation.
    pub step_pages: u64,
    /// See [`Manifest::sequence`].
    pub sequence: u64,
    /// The database as messages name it.
    pub database: String,
    /// What signs the manifest.
    pub sign_key: Option<&'s str>,
    /// Highest applied migration of a database, and whether one ran in part.
    pub version: &'s dyn Fn(&Connection) -> Result<(i64, bool)>,
}

/// What was made.
pub struct Made {
    /// The file.
    pub path: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// How deep it was looked at.
    pub depth: Depth,
}

impl Made {
    /// As the verb reports it.
    pub fn report(&self, deleted: Vec<String>, start: Instant) -> report::Backup {
        report::Backup {
            path: Some(self.path.display().to_string()),
            manifest: Some(manifest::path_of(&self.path).display().to_string()),
            size_bytes: self.manifest.size_bytes,
            pages: self.manifest.page_count.into(),
            verified: self.manifest.checks.pages.is_some(),
            depth: self.depth.name(),
            base: self.manifest.base.as_ref().map(|base| base.file.clone()),
            duration_ms: elapsed_ms(start),
            deleted,
        }
    }
}

/// Makes a backup of what `source` sees, with where its pages are; begins a read transaction unless one is open, and then they
/// are with the pager.
pub fn make(source: (&Connection, Where), spec: &Spec<'_>, operation: &Operation) -> Result<Made> {
    let (source, place) = source;
    let origin = source;
    let named = spec.destination.display().to_string();
    spec.wrapping.check()?;
    if let Some(log) = store::foreign_log(spec.destination) {
        return Err(Error::AlreadyExists { path: log.display().to_string() });
    }
    let folder = folder_of(spec.destination);
    let (page_size, page_count) = sqlite::page_figures(source)?;
    check_space(spec, folder, u64::from(page_size) * u64::from(page_count))?;
    let vacuumed = if spec.compact { Some(compacted(source, folder, operation)?) } else { None };
    let (source, place) = vacuumed.as_ref().map_or((source, place), |(_, connection)| (connection, Where::Pager));
    // why before: a restore after it then makes the head of the audit in here void
    let created_at = now_ms();
    let _snapshot = Snapshot::begin(source)?;
    let (page_size, page_count) = sqlite::page_figures(source)?;
    if let Some((base, _)) = spec.base
        && base.manifest.page_size != page_size
    {
        return Err(Error::InvalidOption {
            key: "incremental".into(),
            reason: format!("{} has pages of another size; make a full backup first", base.manifest.file),
        });
    }
    let is_plain = spec.base.is_none() && spec.wrapping.suffix().is_empty();
    let depth = spec.depth.unwrap_or(if is_plain { Depth::Quick } else { Depth::Pages });
    // why a second copy: a file that SQLite cannot open is checked by one that it can, unreadable for everybody else
    let scratch = (!is_plain && depth >= Depth::Quick).then(|| Scratch::new(folder)).transpose()?;
    let base = spec.base.map(|(_, hashes)| hashes);
    let job = Job {
        source,
        place,
        destination: spec.destination,
        wrapping: &spec.wrapping,
        base,
        step_pages: spec.step_pages,
        operation,
    };
    operation.boundary("a backup is about to be written");
    let mut copied = write::copy(&job, |number, page| match &scratch {
        Some(scratch) => scratch
            .write_at(page, u64::from(number - 1) * u64::from(page_size))
            .map_err(|error| Error::from_io(named.clone(), &error)),
        None => Ok(()),
    })?;
    operation.boundary("a backup was written under a hidden name");

    let mut manifest = describe(source, spec, &copied.content, created_at)?;
    // why: a power failure could take from the database what the backup has, and then it looks as if somebody had
    if origin.sync_beside().is_err() {
        manifest.audit_head = None;
    }
    if depth >= Depth::Pages {
        let reopened = copied.partial.file().try_clone().map_err(|error| Error::from_io(named.clone(), &error))?;
        let what = What { named: named.clone(), manifest: &manifest, hashes: &copied.content.hashes, base };
        let seen = what.read(reopened, None, operation, |_, _| Ok(()))?;
        if let Some(page) = seen.damaged.first() {
            let detail = format!("page {page} was not read back as it was written");
            return Err(Error::BackupInvalid { path: named, detail });
        }
        manifest.checks.pages = Some("ok".into());
    }
    let copy = match &scratch {
        Some(scratch) => Some(scratch.open()?),
        // why also for rows alone: what was just written is in memory, and what it was read from may no longer be
        None if is_plain => Some(check::open(copied.partial.path(), depth)?),
        None => None,
    };
    operation.report("checking the copy", page_count.into(), page_count.into())?;
    if let Some(copy) = &copy {
        check::run(copy, depth, &named, &mut manifest.checks)?;
    }
    operation.report("counting rows", page_count.into(), page_count.into())?;
    manifest.tables = check::rows(copy.as_ref().unwrap_or(source))?;
    drop(copy);

    let text = manifest::to_text(&manifest, &copied.content.hashes, spec.sign_key)?;
    operation.report("writing to disk", page_count.into(), page_count.into())?;
    // why so late: while it was on its way to the disk, it was looked at
    while !copied.flusher.is_over() {
        operation.check()?;
        std::thread::sleep(Duration::from_millis(2));
    }
    copied.flusher.finish().map_err(|error| Error::from_io(named.clone(), &error))?;
    operation.check()?;
    store::publish(copied.partial, &text, spec.destination, spec.overwrite, operation)?;
    if spec.pin {
        store::set_pin(spec.destination, true)?;
    }
    Ok(Made { path: spec.destination.to_owned(), manifest, depth })
}

/// A copy without free space, in a scratch file, and the connection on it.
fn compacted(source: &Connection, folder: &Path, operation: &Operation) -> Result<(Scratch, Connection)> {
    operation.report("leaving out free space", 0, 0)?;
    let scratch = Scratch::new(folder)?;
    let vacuumed = source.execute("VACUUM INTO ?", &[scratch.uri().as_str().into()]);
    // why asked first: a scratch file that is told to stop can only fail to be written
    operation.check()?;
    vacuumed?;
    let connection = scratch.open()?;
    Ok((scratch, connection))
}

/// Says that the space does not suffice before the first byte is written. What compression or an increment will save is not
/// known then, so for those a sixteenth is asked for.
fn check_space(spec: &Spec<'_>, folder: &Path, size: u64) -> Result<()> {
    let shrinks = spec.wrapping.compress.is_some() || spec.base.is_some();
    let is_plain = spec.base.is_none() && spec.wrapping.suffix().is_empty();
    // why more: a compact one is made from a second copy, and one that SQLite cannot open is checked by one
    let has_second = spec.compact || (!is_plain && spec.depth.is_some_and(|depth| depth >= Depth::Quick));
    let needed = if shrinks { size / 16 } else { size } + if has_second { size } else { 0 };
    machine::need_space(spec.destination, folder, needed)
}

/// A manifest but for what is found by looking at the backup.
pub fn describe(source: &Connection, spec: &Spec<'_>, content: &Content, created_at: i64) -> Result<Manifest> {
    let (schema_version, migration_in_part) = check::unless_damaged((spec.version)(source))?.unwrap_or((0, false));
    Ok(Manifest {
        format: manifest::FORMAT,
        id: new_id(content, spec, created_at),
        sequence: spec.sequence,
        file: spec.destination.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        reason: spec.reason.to_owned(),
        created_at,
        database: spec.database.clone(),
        kind: if spec.base.is_some() { "incremental" } else { "full" }.to_owned(),
        base: spec.base.map(|(link, _)| Base { file: link.manifest.file.clone(), id: link.manifest.id.clone() }),
        size_bytes: content.size_bytes,
        file_hash: content.file_hash.clone(),
        page_size: content.page_size,
        page_count: content.page_count,
        stored_pages: content.stored_pages,
        compression: spec.wrapping.compress.map(|_| "zstd".to_owned()),
        encryption: spec.wrapping.encrypt.as_ref().map(|_| "age".to_owned()),
        compact: spec.compact,
        tables: Default::default(),
        schema_hash: check::schema_hash(source)?,
        schema_version,
        migration_in_part,
        checks: Checks::default(),
        audit_head: check::unless_damaged(audit::head(source))?.flatten().map(|head| head.report()),
        library_version: env!("CARGO_PKG_VERSION").to_owned(),
        sqlite_version: sqlite::version().unwrap_or_default().to_owned(),
    })
}

fn new_id(content: &Content, spec: &Spec<'_>, created_at: i64) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut hasher = blake3::Hasher::new();
    hasher.update(content.hashes.root().as_bytes());
    hasher.update(spec.destination.as_os_str().as_encoded_bytes());
    hasher.update(&created_at.to_le_bytes());
    hasher.update(&std::process::id().to_le_bytes());
    hasher.update(&NEXT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    hasher.finalize().to_hex()[..32].to_owned()
}

/// A read transaction that ends with the guard, unless it was open before.
struct Snapshot<'c>(Option<&'c Connection>);

impl Snapshot<'_> {
    fn begin(source: &Connection) -> Result<Snapshot<'_>> {
        if !source.is_autocommit() {
            return Ok(Snapshot(None));
        }
        let snapshot = Snapshot(Some(source));
        source.begin_snapshot()?;
        Ok(snapshot)
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        if let Some(source) = self.0 {
            source.rollback();
        }
    }
}
