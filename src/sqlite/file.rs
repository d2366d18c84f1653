//! Names and identities of files on the disk, as far as more than one room asks for them.
//!
//! Leaves to others: what the files are.
//!
//! Invariant: nothing here opens a file that may be a live database; folders are opened to be synced.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What the names of files end with that SQLite or this library keeps beside a database.
pub const BESIDE: [&str; 8] =
    ["-wal", "-shm", "-journal", "-audit", "-audit-waiting", "-monitor", "-ballast", "-restored"];

/// Whether two paths lead to the same file, or would when there is one.
#[must_use]
pub fn is_same(one: &Path, other: &Path) -> bool {
    if identity(one).is_some() && identity(one) == identity(other) {
        return true;
    }
    let folder = |path: &Path| identity(folder_of(path));
    one.file_name().is_some()
        && one.file_name() == other.file_name()
        && folder(one).is_some()
        && folder(one) == folder(other)
}

/// Whether the name is that of a file kept beside a database that is there.
#[must_use]
pub fn is_beside_a_database(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let databases =
        BESIDE.iter().filter_map(|suffix| name.strip_suffix(suffix.as_bytes())).filter(|name| !name.is_empty());
    databases.map(|name| path.with_file_name(std::ffi::OsStr::from_bytes(name))).any(|database| database.is_file())
}

/// A path with something behind its name.
#[must_use]
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The folder of a file; the present one for a bare name.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the names in a folder survive a power failure.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes what was committed to a database survive a power failure where SQLite leaves that to later: what is in the log, and that the
/// journal of the last commit is gone.
pub fn sync_beside(database: &Path) -> io::Result<()> {
    for suffix in ["-wal", "-journal"] {
        match File::open(with_suffix(database, suffix)) {
            Ok(file) => file.sync_all()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    sync_folder(folder_of(database))
}

/// Begins to get a file onto the disk and does not wait for it; where the system cannot do that, it waits.
pub fn begin_writing(file: &File) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;
        // SAFETY: the descriptor is open as long as the file is borrowed; the call takes numbers alone.
        let code = unsafe { nix::libc::sync_file_range(file.as_raw_fd(), 0, 0, nix::libc::SYNC_FILE_RANGE_WRITE) };
        if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
    #[cfg(not(target_os = "linux"))]
    file.sync_data()
}

/// Files of fewer bytes are freed at once.
const LARGE: u64 = 32 << 20;

/// Lets go of a file without a name. To free a large one takes the kernel a tenth of a second for each gigabyte that is still in memory, and
/// nobody needs to wait for that: the last descriptor is closed by a thread that lives as long as this takes.
pub fn let_go(file: &File) {
    if !file.metadata().is_ok_and(|found| found.len() >= LARGE) {
        return;
    }
    let Ok(last) = file.try_clone() else { return };
    let wait = move || {
        // why: the caller closes its own right after this, and that must not be the last
        std::thread::sleep(std::time::Duration::from_millis(20));
        drop(last);
    };
    // why ignored: without a thread the caller's own descriptor is the last
    let _ = std::thread::Builder::new().name("rpmadb-free".into()).spawn(wait);
}

/// More links in a row than this lead nowhere, as for the kernel.
const MOST_LINKS: usize = 40;

/// The file that a path leads to through links; of one that is not there yet, the one that will be.
#[must_use]
pub fn real(path: &Path) -> PathBuf {
    let mut name = path.to_owned();
    for _ in 0..MOST_LINKS {
        if let Ok(found) = std::fs::canonicalize(&name) {
            return found;
        }
        let folder = std::fs::canonicalize(folder_of(&name)).ok();
        let Some((folder, last)) = folder.zip(name.file_name()) else { break };
        let there = folder.join(last);
        match std::fs::read_link(&there) {
            // why from the folder: that is where a link without a leading slash begins
            Ok(target) => name = folder.join(target),
            Err(_) => return there,
        }
    }
    path.to_owned()
}

/// What tells a file from all others on the machine, by whatever way `path` leads to it; `None` when it leads nowhere.
#[must_use]
pub fn identity(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// Removes what SQLite keeps beside a database that is about to be replaced.
pub fn remove_beside(database: &Path) -> io::Result<()> {
    for suffix in ["-journal", "-wal", "-shm"] {
        match std::fs::remove_file(with_suffix(database, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    sync_folder(folder_of(database))
}

/// The path as SQLite takes it for one.
pub(super) fn as_path(path: &Path) -> Cow<'_, Path> {
    // why: SQLite takes a name that begins like this for a URI
    match path.as_os_str().as_encoded_bytes().starts_with(b"file:") {
        true => Path::new(".").join(path).into(),
        false => path.into(),
    }
}
