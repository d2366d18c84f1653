//! `backup`: a copy of the live database that is whole or not there.
//!
//! Leaves to others: copying pages and checking them (`sqlite/copy.rs`).
//!
//! Invariants: the destination's name appears only on a finished, checked and synced file; an existing file is never
//! touched; a failure or kill at any point leaves at most a hidden `.NAME.*.partial` file, which nothing
//! takes for a backup. Order: temporary file, copy, check, fsync, rename, fsync of the folder.

use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use crate::error::{Error, Result};
use crate::machine;
use crate::operation::Operation;
use crate::report::{self, elapsed_ms};
use crate::request;
use crate::sqlite::{self, Access};

/// Copies the database to `destination`, or into `folder` under a name that sorts by time.
pub fn run(
    access: &Access,
    destination: Option<&Path>,
    folder: Option<&Path>,
    request: &request::Backup,
    operation: &Operation,
) -> Result<report::Backup> {
    let start = Instant::now();
    if access.is_bound() {
        return Err(Error::Unsupported {
            what: "a backup inside a transaction".into(),
            instead: Some("back up with the handle of the database, before or after the transaction"),
        });
    }
    let destination = match (destination, folder) {
        (Some(path), _) => path.to_owned(),
        (None, Some(folder)) => folder.join(timed_name(access)),
        (None, None) => {
            return Err(Error::InvalidArgument {
                name: "destination".into(),
                reason: "is missing and the handle has no backup folder".into(),
            });
        }
    };
    let parent = check_destination(access, &destination)?;

    let connection = access.reader(operation)?;
    check_space(&connection, &parent, &destination)?;
    let partial = Partial::create(&parent, &destination)?;
    let step_pages = i32::try_from(request.step_pages.unwrap_or(1_000)).unwrap_or(i32::MAX);
    let verify = request.verify.unwrap_or(true);
    let pages =
        sqlite::copy_pages(&connection, &partial.0, &destination.display().to_string(), step_pages, verify, operation)?;
    drop(connection);

    operation.report("writing to disk", pages, pages)?;
    let failed = |error: std::io::Error| Error::from_io(destination.display().to_string(), &error);
    let file = std::fs::File::open(&partial.0).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    let size_bytes = file.metadata().map_err(failed)?.len();
    partial.rename(&destination).map_err(failed)?;
    if let Err(error) = sync_folder(&parent) {
        // why removed: a name that a power failure may take away again is no backup
        let _ = std::fs::remove_file(&destination);
        return Err(failed(error));
    }
    tracing::info!(path = %destination.display(), pages, "backup finished");
    Ok(report::Backup {
        path: destination.display().to_string(),
        manifest: None,
        size_bytes,
        pages,
        verified: verify,
        duration_ms: elapsed_ms(start),
        deleted: Vec::new(),
    })
}

/// The backup that a migration run wants before it begins: none unless `wanted`.
pub fn before_migration(
    access: &Access,
    folder: Option<&Path>,
    wanted: bool,
    operation: &Operation,
) -> Result<Option<report::Backup>> {
    if !wanted {
        return Ok(None);
    }
    run(access, None, folder, &request::Backup::default(), operation).map(Some)
}

/// `app-20260131T235959.123Z.db`; a name already taken shows when the file is made.
fn timed_name(access: &Access) -> String {
    let path = access.settings().path.as_deref();
    let stem = path.and_then(Path::file_stem).map_or_else(|| "memory".into(), |stem| stem.to_string_lossy());
    format!("{stem}-{}.db", jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S.%3fZ"))
}

/// Refuses a destination that exists, the database itself by any name, and a missing folder; returns the folder.
fn check_destination(access: &Access, destination: &Path) -> Result<PathBuf> {
    let display = destination.display().to_string();
    if destination.file_name().is_none() {
        return Err(Error::InvalidArgument { name: "destination".into(), reason: format!("{display} names no file") });
    }
    let identity = |path: &Path| std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
    let database = access.settings().path.as_deref().and_then(identity);
    if database.is_some() && identity(destination) == database {
        return Err(Error::SameFile { path: display });
    }
    if std::fs::symlink_metadata(destination).is_ok() {
        return Err(Error::AlreadyExists { path: display });
    }
    let parent = match destination.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    if !parent.is_dir() {
        return Err(Error::NotFound { what: format!("the folder {}", parent.display()) });
    }
    Ok(parent)
}

/// Says that the space does not suffice before the first byte is written.
fn check_space(connection: &sqlite::Connection, parent: &Path, destination: &Path) -> Result<()> {
    let pragma = |name: &str| connection.value::<u64>(&format!("PRAGMA {name}"), &[]);
    let needed = pragma("page_count")?.unwrap_or(0) * pragma("page_size")?.unwrap_or(0);
    match machine::free_disk_bytes(parent) {
        Some(free) if free < needed => Err(Error::DiskFull {
            what: format!("{}: it needs {needed} bytes, {free} are free", destination.display()),
        }),
        _ => Ok(()),
    }
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

/// The unfinished copy; removed when dropped, with what SQLite puts beside it.
struct Partial(PathBuf);

impl Partial {
    fn create(parent: &Path, destination: &Path) -> Result<Partial> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = destination.file_name().unwrap_or_default().to_string_lossy();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!(".{name}.{}-{number}.partial", std::process::id()));
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| Error::from_io(destination.display().to_string(), &error))?;
        Ok(Partial(path))
    }
}

impl Partial {
    /// Gives it its name, and fails when somebody took that meanwhile.
    fn rename(self, destination: &Path) -> std::io::Result<()> {
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        {
            use nix::errno::Errno;
            use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
            match renameat2(AT_FDCWD, &self.0, AT_FDCWD, destination, RenameFlags::RENAME_NOREPLACE) {
                // why on: some file systems do not know this flag
                Err(Errno::EINVAL | Errno::ENOSYS) => {}
                outcome => return outcome.map_err(std::io::Error::from),
            }
        }
        // why a link: it too fails when the name is taken, while a plain rename would replace that file
        std::fs::hard_link(&self.0, destination)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            let mut name = self.0.clone().into_os_string();
            name.push(suffix);
            // why ignored: three of the four usually do not exist, and a leftover is harmless by its name
            let _ = std::fs::remove_file(name);
        }
    }
}
