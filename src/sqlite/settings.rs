//! How a database is opened: the resolved form of the `open` options that SQLite hears about.
//!
//! Leaves to others: reading options (`request.rs`) and applying them (`connection.rs`).
//!
//! Invariant: made once per handle and never changed, so every connection of a handle is configured alike.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::ballast::Ballast;
use super::file::{self, with_suffix};
use super::foreign::Foreign;
use super::journal::Journal;
use super::leases::Ledger;
use super::meter::Meter;
use crate::request::{JournalMode, Open, Synchronous};

/// How every connection of one handle is opened.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The file; `None` for a database in memory.
    pub path: Option<PathBuf>,
    /// The file itself where `path` is a link to it: SQLite keeps its other files beside that.
    pub real_path: Option<PathBuf>,
    /// No connection may write.
    pub read_only: bool,
    /// The first connection may make the file.
    pub create: bool,
    /// How long to wait for locks.
    pub busy_timeout: Duration,
    /// Wanted journal mode.
    pub journal_mode: JournalMode,
    /// Wanted `PRAGMA synchronous`.
    pub synchronous: Synchronous,
    /// Enforce foreign keys.
    pub foreign_keys: bool,
    /// Trust the schema; a SQLite that takes its own JSON functions for unsafe must.
    pub trusted_schema: bool,
    /// SQLite's defensive mode.
    pub defensive: bool,
    /// Bytes mapped into memory.
    pub mmap_size: u64,
    /// Prepared statements kept per connection.
    pub statement_cache: usize,
    /// Most readers.
    pub readers: u32,
    /// Readers opened with the first one.
    pub idle_readers: u32,
    /// Readers beyond `idle_readers` that were not needed for so long are closed.
    pub reader_idle: Duration,
    /// How long to wait for a reader.
    pub reader_timeout: Duration,
    /// The audit keeps the values that stand in SQL.
    pub tells_literals: bool,
    /// Shared by all connections of the handle.
    pub common: Arc<Common>,
}

/// What all connections of one handle share.
#[derive(Debug, Default)]
pub struct Common {
    /// Who uses which of them.
    pub(super) ledger: Ledger,
    /// Space that is let go of when the disk is full.
    pub(super) ballast: Option<Ballast>,
    /// Who writes down what is committed.
    pub(super) journal: std::sync::OnceLock<Arc<dyn Journal>>,
    /// What counts, while metrics are on.
    pub(super) meter: Option<Arc<Meter>>,
    /// Another copy of SQLite in this process; `None` for a database in memory.
    pub(super) foreign: Option<Foreign>,
}

/// What `stat` says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Its inode.
    pub inode: u64,
    /// Its size.
    pub size_bytes: u64,
    /// When it was written last, in nanoseconds since the Unix epoch.
    pub written_ns: i128,
}

impl Stamp {
    /// That of the file at `path`; `None` when there is none.
    #[must_use]
    pub fn of(path: &Path) -> Option<Stamp> {
        let found = std::fs::metadata(path).ok()?;
        let written_ns = i128::from(found.mtime()) * 1_000_000_000 + i128::from(found.mtime_nsec());
        Some(Stamp { inode: found.ino(), size_bytes: found.len(), written_ns })
    }
}

impl Settings {
    /// The settings of checked options for a database at `path`.
    #[must_use]
    pub fn new(path: Option<PathBuf>, options: &Open) -> Settings {
        let real_path = path.as_deref().map(file::real);
        // why not for a reader: it cannot fill the disk
        let ballast = match (&real_path, options.ballast_bytes) {
            (Some(path), Some(bytes)) if bytes > 0 && !options.read_only => Some(Ballast::new(path, bytes)),
            _ => None,
        };
        let meter = options.metrics().then(|| Arc::new(Meter::new(Duration::from_millis(options.slow_query_ms()))));
        let foreign = real_path.as_deref().map(|path| Foreign::new(path, options.foreign_sqlite));
        Settings {
            real_path,
            path,
            common: Arc::new(Common { ballast, meter, foreign, ..Common::default() }),
            read_only: options.read_only,
            create: options.create.unwrap_or(true) && !options.read_only,
            busy_timeout: Duration::from_millis(options.busy_timeout_ms()),
            journal_mode: options.journal_mode,
            synchronous: options.synchronous,
            foreign_keys: options.foreign_keys.unwrap_or(true),
            trusted_schema: options.trusted_schema || super::engine::must_trust_schema(),
            defensive: options.defensive.unwrap_or(true),
            mmap_size: options.mmap_size_bytes.unwrap_or(0),
            statement_cache: options.statement_cache.unwrap_or(64) as usize,
            readers: options.pool.max() as u32,
            idle_readers: options.pool.min_idle() as u32,
            reader_idle: Duration::from_millis(options.pool.idle_ms()),
            reader_timeout: Duration::from_millis(options.pool.timeout_ms()),
            tells_literals: options.audit.literals,
        }
    }

    /// Has every commit of the connections of this handle written down by `journal`, from now on and for good.
    pub fn set_journal(&self, journal: Arc<dyn Journal>) {
        // why ignored: one is set when the database is opened, and nobody sets another
        let _ = self.common.journal.set(journal);
    }

    /// The file as messages name it.
    #[must_use]
    pub fn display(&self) -> String {
        self.path.as_ref().map_or_else(|| ":memory:".to_owned(), |path| path.display().to_string())
    }

    /// What tells this database from others on the machine: the path of the file itself.
    #[must_use]
    pub fn identity(&self) -> String {
        self.real_path.as_ref().map_or_else(|| self.display(), |path| path.display().to_string())
    }

    /// Size of the write-ahead log by `stat`; `None` when there is none.
    #[must_use]
    pub fn wal_size_bytes(&self) -> Option<u64> {
        self.log().map(|log| log.size_bytes)
    }

    /// Whether the file and its log are there and hold nothing, by `stat`; never of a database in memory.
    #[must_use]
    pub fn is_empty_file(&self) -> bool {
        let is_empty = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|found| found.len() == 0);
        self.path.as_ref().is_some_and(is_empty) && self.wal_size_bytes().is_none_or(|size| size == 0)
    }

    /// The write-ahead log by `stat`; `None` when there is none.
    #[must_use]
    pub fn log(&self) -> Option<Stamp> {
        Stamp::of(&self.beside("-wal")?)
    }

    /// The database file and those that SQLite may keep beside it; none for a database in memory.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        ["", "-wal", "-shm", "-journal"].iter().filter_map(|suffix| self.beside(suffix)).collect()
    }

    /// The file beside the database with its name and `suffix`; `None` for a database in memory.
    #[must_use]
    pub fn beside(&self, suffix: &str) -> Option<PathBuf> {
        self.real_path.as_deref().map(|path| with_suffix(path, suffix))
    }

    /// The folder of the file; `None` for a database in memory.
    #[must_use]
    pub fn folder(&self) -> Option<&std::path::Path> {
        let parent = self.real_path.as_deref()?.parent()?;
        Some(if parent.as_os_str().is_empty() { std::path::Path::new(".") } else { parent })
    }
}
