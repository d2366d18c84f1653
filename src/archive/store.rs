//! How a backup comes to be on the disk, and how it goes: whole or not at all, whenever the process or the power dies.
//!
//! A backup and its manifest are written under hidden names and synced; then the backup gets its name, then the manifest. What
//! a killed process left is told by its names alone: a hidden manifest whose backup is no longer hidden belongs to a backup
//! that has its name already, and gets its own, unless that file is the database, which was to be set aside under this name
//! (`aside.rs`); every other hidden file that nobody has locked is rubbish.
//!
//! Leaves to others: what is written (`write.rs`), which backups stay (`retention.rs`).
//!
//! Invariants: a file that is being written or read is locked (`flock`), and nothing locked is cleaned up; a folder is synced
//! after each change of names in it.

use std::fs::File;
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use super::manifest;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::sqlite::file::{folder_of, identity, let_go, sync_folder, with_suffix};

const PARTIAL: &str = ".partial";
const MANIFEST_PARTIAL: &str = ".manifest.partial";
const DELETED: &str = ".deleted";
const MANIFEST_DELETED: &str = ".manifest.deleted";
/// How long a backup that somebody removes or writes is waited for.
const LOCK_WAIT: Duration = Duration::from_secs(1);
const LOCK: &str = ".rpmadb-backups.lock";

/// `.NAME.PID-N` with an ending: a name that no other file of any process gets.
fn hidden(path: &Path, ending: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let tag = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    folder_of(path).join(format!(".{name}.{tag}{ending}"))
}

/// A file that is being written under a hidden name; removed when dropped.
pub struct Partial {
    path: PathBuf,
    file: Flock<File>,
    /// Whether the name is still the hidden one.
    is_hidden: bool,
}

impl Partial {
    /// Makes the hidden file for `destination`.
    pub fn create(destination: &Path) -> Result<Partial> {
        Partial::create_as(&hidden(destination, PARTIAL))
            .map_err(|error| Error::from_io(destination.display().to_string(), &error))
    }

    fn create_as(path: &Path) -> io::Result<Partial> {
        loop {
            let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(path)?;
            // why twice: before it was locked, somebody who cleans up may have taken it for rubbish, or be about to
            match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(file) if same_file(&file, path) => {
                    return Ok(Partial { path: path.to_owned(), file, is_hidden: true });
                }
                Ok(_) => {}
                Err((_, Errno::EWOULDBLOCK)) => {
                    let _ = std::fs::remove_file(path);
                }
                Err((_, errno)) => return Err(errno.into()),
            }
        }
    }

    /// The hidden file for the manifest of this backup.
    fn manifest(&self, text: &str) -> io::Result<Partial> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{}{MANIFEST_PARTIAL}", name.strip_suffix(PARTIAL).unwrap_or(&name));
        Partial::create_with(&folder_of(&self.path).join(name), text)
    }

    /// The hidden file for the manifest of `backup`, which has no hidden name of its own.
    pub fn manifest_of(backup: &Path, text: &str) -> io::Result<Partial> {
        Partial::create_with(&hidden(backup, MANIFEST_PARTIAL), text)
    }

    fn create_with(path: &Path, text: &str) -> io::Result<Partial> {
        use std::io::Write;
        let partial = Partial::create_as(path)?;
        (&*partial.file).write_all(text.as_bytes())?;
        partial.file.sync_all()?;
        Ok(partial)
    }

    /// The open file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Its hidden name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name; fails when that is taken, unless it may be replaced.
    pub fn publish(&mut self, destination: &Path, overwrite: bool) -> io::Result<()> {
        self.file.sync_all()?;
        match overwrite {
            true => std::fs::rename(&self.path, destination)?,
            false => rename_to_free_name(&self.path, destination)?,
        }
        self.is_hidden = false;
        Ok(())
    }

    /// Leaves the hidden file where it is, for [`clean_up`].
    pub fn leave(mut self) {
        self.is_hidden = false;
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if self.is_hidden {
            for suffix in ["", "-journal", "-wal", "-shm"] {
                // why ignored: three of the four usually do not exist, and a leftover is harmless by its name
                let _ = std::fs::remove_file(with_suffix(&self.path, suffix));
            }
            let_go(&self.file);
        }
    }
}

/// Renames, and fails when the name is taken.
fn rename_to_free_name(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
        match renameat2(AT_FDCWD, from, AT_FDCWD, to, RenameFlags::RENAME_NOREPLACE) {
            // why on: some file systems do not know this flag
            Err(Errno::EINVAL | Errno::ENOSYS) => {}
            outcome => return outcome.map_err(io::Error::from),
        }
    }
    // why a link: it too fails when the name is taken, while a plain rename would replace that file
    std::fs::hard_link(from, to)?;
    std::fs::remove_file(from)
}

/// Gives a finished backup and its manifest their names. On failure the destination is what it was, or, when only the manifest
/// is missing, [`clean_up`] completes it.
pub fn publish(
    mut data: Partial,
    text: &str,
    destination: &Path,
    overwrite: bool,
    operation: &Operation,
) -> Result<()> {
    let failed = |error: io::Error| Error::from_io(destination.display().to_string(), &error);
    let folder = folder_of(destination);
    data.file.sync_all().map_err(failed)?;
    let mut manifest = data.manifest(text).map_err(failed)?;
    let manifest_path = manifest::path_of(destination);
    // why: a manifest may stand there alone, of a backup that somebody removed
    let replaces = overwrite || !destination.exists();
    operation.boundary("a backup is about to get its name");
    if let Err(error) = data.publish(destination, overwrite).and_then(|()| sync_folder(folder)) {
        if !data.is_hidden && overwrite {
            // why left: the old backup is gone, and cleaning up gives the new one its manifest
            manifest.leave();
        } else if !data.is_hidden {
            drop(manifest);
            // why removed: a name that a power failure may take away again is no backup
            let _ = std::fs::remove_file(destination);
        }
        return Err(failed(error));
    }
    operation.boundary("a backup has its name and its manifest has not");
    match manifest.publish(&manifest_path, replaces).and_then(|()| sync_folder(folder)) {
        Ok(()) => {
            operation.boundary("a backup has its manifest");
            Ok(())
        }
        Err(error) => {
            if overwrite {
                // why left: the old backup is gone, and cleaning up gives the new one its manifest
                manifest.leave();
            } else {
                let _ = std::fs::remove_file(destination);
                let _ = std::fs::remove_file(&manifest_path);
            }
            Err(failed(error))
        }
    }
}

/// Whether `path` still names the open file.
pub fn same_file(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// Opens a backup so that nobody removes it meanwhile.
pub fn open_for_reading(path: &Path) -> Result<Flock<File>> {
    let failed = |error: &io::Error| Error::from_io(path.display().to_string(), error);
    // why first: a FIFO would hold the open up for ever
    let found = std::fs::metadata(path).map_err(|error| failed(&error))?;
    if !found.is_file() {
        return Err(Error::BackupInvalid { path: path.display().to_string(), detail: "it is not a file".into() });
    }
    let file = File::open(path).map_err(|error| failed(&error))?;
    let (mut file, since) = (file, Instant::now());
    loop {
        let errno;
        (file, errno) = match Flock::lock(file, FlockArg::LockSharedNonblock) {
            Ok(locked) => return Ok(locked),
            Err(refused) => refused,
        };
        match errno {
            // why again: retention locks each backup for a moment to see whether it is in use
            Errno::EWOULDBLOCK if since.elapsed() < LOCK_WAIT => std::thread::sleep(Duration::from_millis(5)),
            Errno::EWOULDBLOCK => {
                let waited_ms = u64::try_from(LOCK_WAIT.as_millis()).unwrap_or(u64::MAX);
                return Err(Error::Busy { what: path.display().to_string(), waited_ms });
            }
            errno => return Err(failed(&errno.into())),
        }
    }
}

/// Whether somebody reads or writes the file now.
pub fn is_in_use(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| Flock::lock(file, FlockArg::LockExclusiveNonblock).is_err())
}

/// The same, given a moment: whoever has just written it, or looks whether it is in use, lets go of it at once.
pub fn stays_in_use(path: &Path) -> bool {
    let since = Instant::now();
    while is_in_use(path) {
        if since.elapsed() >= LOCK_WAIT {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

/// The right to change what is in a backup folder; one process has it at a time.
pub struct FolderLock(#[allow(dead_code, reason = "held, not read")] Flock<File>);

/// Takes the lock of a folder, waiting for it at most `wait`.
pub fn lock_folder(folder: &Path, wait: Duration, operation: &Operation) -> Result<FolderLock> {
    let path = folder.join(LOCK);
    let failed = |error: io::Error| Error::from_io(path.display().to_string(), &error);
    let since = Instant::now();
    loop {
        // why the callback hears of it: another's backup may take minutes
        operation.heartbeat()?;
        let file = File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        match Flock::lock(file.map_err(failed)?, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(FolderLock(lock)),
            Err((_, Errno::EWOULDBLOCK)) if since.elapsed() < wait => std::thread::sleep(Duration::from_millis(20)),
            Err((_, Errno::EWOULDBLOCK)) => {
                return Err(Error::Busy {
                    what: format!("the backup folder {}", folder.display()),
                    waited_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                });
            }
            Err((_, errno)) => return Err(failed(errno.into())),
        }
    }
}

/// Removes a backup. A kill on the way leaves what [`clean_up`] finishes. False when it is in use.
pub fn remove(path: &Path) -> Result<bool> {
    let failed = |error: io::Error| Error::from_io(path.display().to_string(), &error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return Err(failed(error)),
    };
    let Ok(_locked) = Flock::lock(file, FlockArg::LockExclusiveNonblock) else { return Ok(false) };
    let (data, manifest) = (hidden(path, DELETED), hidden(path, MANIFEST_DELETED));
    // why the manifest first: from then on the backup does not count
    std::fs::rename(manifest::path_of(path), &manifest).map_err(failed)?;
    std::fs::rename(path, &data).map_err(failed)?;
    std::fs::remove_file(&data).map_err(failed)?;
    let _ = set_pin(path, false);
    std::fs::remove_file(&manifest).map_err(failed)?;
    sync_folder(folder_of(path)).map_err(failed)?;
    Ok(true)
}

/// The empty file that keeps retention away from a backup.
pub fn pin_of(backup: &Path) -> PathBuf {
    with_suffix(backup, ".pin")
}

/// Makes or removes the pin of a backup. A file of that name that is not an empty one is not ours.
pub fn set_pin(backup: &Path, pinned: bool) -> Result<()> {
    let pin = pin_of(backup);
    let failed = |error: io::Error| Error::from_io(pin.display().to_string(), &error);
    let is_pin = match std::fs::symlink_metadata(&pin) {
        Ok(found) if found.is_file() && found.len() == 0 => true,
        Ok(_) => return Err(Error::AlreadyExists { path: pin.display().to_string() }),
        Err(_) => false,
    };
    match (is_pin, pinned) {
        (false, true) => drop(File::options().write(true).create_new(true).mode(0o600).open(&pin).map_err(failed)?),
        (true, false) => std::fs::remove_file(&pin).map_err(failed)?,
        _ => return Ok(()),
    }
    sync_folder(folder_of(backup)).map_err(failed)
}

/// The log or journal of another database that would be taken for one of `backup`, if there is one.
pub fn foreign_log(backup: &Path) -> Option<PathBuf> {
    logs(backup).into_iter().next()
}

/// The logs and journals beside a file.
pub fn logs(file: &Path) -> Vec<PathBuf> {
    // why also beside the file that a link leads to: that is where SQLite looks, and it would roll a journal back into it
    let real = std::fs::canonicalize(file).ok();
    let places = [Some(file), real.as_deref()].into_iter().flatten();
    places
        .flat_map(|path| ["-wal", "-journal"].map(|suffix| with_suffix(path, suffix)))
        .filter(|path| path.exists())
        .collect()
}

/// Whether a name is one that the archive gives files of its own: those it cleans up, and the lock of a folder.
pub fn is_own_name(name: &str) -> bool {
    name == LOCK || taken_apart(name).is_some()
}

/// Finishes or removes what killed processes left in a folder, and returns the names of what it found.
pub fn clean_up(folder: &Path) -> Result<Vec<String>> {
    let failed = |error: io::Error| Error::from_io(folder.display().to_string(), &error);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // why only ordinary files: to open a FIFO would wait for ever
        if let Some((ending, of)) = taken_apart(&name)
            && entry.file_type().is_ok_and(|kind| kind.is_file())
        {
            names.push((ending, folder.join(of), name));
        }
    }
    // why manifests first: what becomes of one is told by the backup that is or is not beside it
    names.sort_by_key(|(ending, ..)| ENDINGS.iter().position(|known| known == ending));
    let mut found = Vec::new();
    for (ending, backup, name) in names {
        let path = folder.join(&name);
        let Ok(file) = File::open(&path) else { continue };
        let Ok(_locked) = Flock::lock(file, FlockArg::LockExclusiveNonblock) else { continue };
        match ending {
            MANIFEST_PARTIAL => {
                let data = folder.join(format!("{}{PARTIAL}", name.trim_end_matches(MANIFEST_PARTIAL)));
                if !data.exists() && is_the_database(&path, &backup) {
                    // why the name first: it would be left for good without the manifest that tells what it is
                    std::fs::remove_file(&backup).map_err(failed)?;
                    std::fs::remove_file(&path).map_err(failed)?;
                } else if (!data.exists() || same_path(&data, &backup)) && fits(&path, &backup) {
                    std::fs::rename(&path, manifest::path_of(&backup)).map_err(failed)?;
                } else {
                    std::fs::remove_file(&path).map_err(failed)?;
                }
            }
            MANIFEST_DELETED => {
                // why also the backup: its removal had begun
                if !manifest::path_of(&backup).exists() && fits(&path, &backup) {
                    let _ = std::fs::remove_file(&backup);
                    let _ = set_pin(&backup, false);
                }
                std::fs::remove_file(&path).map_err(failed)?;
            }
            _ => {
                std::fs::remove_file(&path).map_err(failed)?;
                for suffix in ["-journal", "-wal", "-shm"] {
                    let _ = std::fs::remove_file(folder.join(format!("{name}{suffix}")));
                }
            }
        }
        found.push(name);
    }
    if !found.is_empty() {
        sync_folder(folder).map_err(failed)?;
    }
    Ok(found)
}

/// The endings of hidden files, in the order in which they are cleaned up; the longer before what it ends with.
const ENDINGS: [&str; 4] = [MANIFEST_PARTIAL, MANIFEST_DELETED, PARTIAL, DELETED];

/// The ending of the name of a hidden file of ours, and the name of the backup it is about: `.NAME.PID-N.partial`.
fn taken_apart(name: &str) -> Option<(&'static str, &str)> {
    let ending = ENDINGS.into_iter().find(|ending| name.ends_with(ending))?;
    let (of, tag) = name.strip_prefix('.')?.strip_suffix(ending)?.rsplit_once('.')?;
    let (process, number) = tag.split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (!of.is_empty() && is_number(process) && is_number(number)).then_some((ending, of))
}

fn same_path(one: &Path, other: &Path) -> bool {
    File::open(one).is_ok_and(|file| same_file(&file, other))
}

/// Whether the file has another name too. By `stat` alone: it may be a live database.
pub fn has_second_name(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.nlink() > 1)
}

/// Whether `backup` is a second name of the database itself, which was to be set aside under it: the file that the manifest in
/// `text_path` is about has the name of the database still, or that name is gone and it has another.
fn is_the_database(text_path: &Path, backup: &Path) -> bool {
    let Some(read) = read_manifest(text_path) else { return has_second_name(backup) };
    match identity(Path::new(&read.manifest.database)) {
        Some(database) => Some(database) == identity(backup),
        None => has_second_name(backup),
    }
}

fn read_manifest(text_path: &Path) -> Option<manifest::Read> {
    std::fs::read_to_string(text_path).ok().and_then(|text| manifest::from_text(&text, None).ok())
}

/// Whether the manifest in `text_path` is about the file `backup`.
fn fits(text_path: &Path, backup: &Path) -> bool {
    let read = read_manifest(text_path);
    let name = backup.file_name().map(|name| name.to_string_lossy().into_owned());
    let size = std::fs::metadata(backup).map(|found| found.len()).ok();
    read.is_some_and(|read| Some(&read.manifest.file) == name.as_ref() && Some(read.manifest.size_bytes) == size)
}
