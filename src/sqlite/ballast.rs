//! The ballast: a file beside the database whose space is allocated and means nothing. It is removed when the disk is
//! full, so that the checkpoint and the deletions that make room have some, and made again when there is room.
//!
//! Leaves to others: noticing that the disk is full (`failure.rs`), when to make it again (`access.rs`, `ops/checkpoint.rs`).
//!
//! Invariants: the name appears only with the mark in the file; a file without the mark, a link, or anything that this
//! account does not own alone is never opened for writing or removed; nothing here fails a call, it warns.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::libc;
use parking_lot::Mutex;

use super::file::with_suffix;

/// What the file begins with; whoever finds it can read what it is.
const MARK: &[u8] = b"rpmadb ballast: keeps disk space free for the database beside it; may be removed\n";

/// See the head of this file.
#[derive(Debug)]
pub(super) struct Ballast {
    database: PathBuf,
    bytes: u64,
    /// One attempt at a time; removing does not wait for it.
    making: Mutex<()>,
}

/// The ballast as it is on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BallastState {
    /// Where it is or would be.
    pub path: PathBuf,
    /// How many bytes it shall hold.
    pub wanted: u64,
    /// How many bytes it does hold.
    pub allocated: u64,
    /// Whether a file that is not ours has its name.
    pub is_foreign: bool,
}

/// What has the name.
enum Found {
    Nothing,
    Ours(Metadata),
    Foreign,
}

impl Ballast {
    /// Of the file itself, not of a link to it: it must be on its file system.
    pub(super) fn new(database: &Path, bytes: u64) -> Ballast {
        Ballast { database: database.to_owned(), bytes, making: Mutex::default() }
    }

    fn path(&self) -> PathBuf {
        with_suffix(&self.database, "-ballast")
    }

    pub(super) fn state(&self) -> BallastState {
        let path = self.path();
        let found = self.find(&path);
        let allocated = match &found {
            Found::Ours(found) => allocated(found).min(found.len()),
            Found::Nothing | Found::Foreign => 0,
        };
        BallastState { path, wanted: self.bytes, allocated, is_foreign: matches!(found, Found::Foreign) }
    }

    /// Removes it, if it is there.
    pub(super) fn release(&self) {
        let path = self.path();
        let Found::Ours(found) = self.find(&path) else { return };
        match std::fs::remove_file(&path) {
            Ok(()) => tracing::warn!(
                path = %path.display(),
                bytes = allocated(&found),
                "the disk is full: the ballast was removed, so that a checkpoint and deletions can work"
            ),
            // why no word: another process, or another connection of this one, was quicker
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "the disk is full and the ballast could not be removed");
            }
        }
    }

    /// Makes it as large as it shall be, if there is room for that and as much again.
    pub(super) fn keep(&self) {
        let _making = self.making.lock();
        let path = self.path();
        if let Err(reason) = self.make(&path) {
            tracing::warn!(path = %path.display(), bytes = self.bytes, reason, "there is no ballast of the wanted size");
        }
    }

    fn make(&self, path: &Path) -> Result<(), String> {
        let found = self.find(path);
        let there = match &found {
            Found::Foreign => return Err("a file that rpmadb did not make has its name".into()),
            Found::Nothing => 0,
            Found::Ours(found) => allocated(found),
        };
        if let Found::Ours(found) = &found
            && found.len() == self.bytes.max(MARK.len() as u64)
            && there >= self.bytes
        {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(Path::new("/"));
        let free = free_bytes(folder).ok_or("the free space of the file system could not be told")?;
        let missing = self.bytes.saturating_sub(there);
        if missing > 0 && free <= missing.saturating_add(self.bytes) {
            return Err(format!("only {free} bytes are free"));
        }
        let said = |error: std::io::Error| error.to_string();
        if let Found::Nothing = found {
            return self.create(folder, path).map_err(said);
        }
        let file = OpenOptions::new().write(true).custom_flags(libc::O_NOFOLLOW).open(path).map_err(said)?;
        let size = self.bytes.max(MARK.len() as u64);
        allocate(&file, self.bytes).and_then(|()| file.set_len(size)).map_err(|error| {
            // why: what it got before it failed would be missed on a disk that is nearly full
            self.release();
            error.to_string()
        })
    }

    fn create(&self, folder: &Path, path: &Path) -> std::io::Result<()> {
        match self.create_unnamed(folder, path) {
            // why on: not every file system has files without a name, and not every process has /proc
            Err(error) if error.kind() != ErrorKind::StorageFull && error.kind() != ErrorKind::AlreadyExists => {}
            outcome => return outcome,
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        self.fill(&file).inspect_err(|_| {
            // why ignored: the failure that is told is the one before it
            let _ = std::fs::remove_file(path);
        })
    }

    /// The file gets its name when it is finished, so that a kill on the way leaves nothing.
    #[cfg(target_os = "linux")]
    fn create_unnamed(&self, folder: &Path, path: &Path) -> std::io::Result<()> {
        use std::os::fd::AsRawFd;

        use nix::fcntl::{AT_FDCWD, AtFlags};
        let file = OpenOptions::new().write(true).mode(0o600).custom_flags(libc::O_TMPFILE).open(folder)?;
        self.fill(&file)?;
        let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
        Ok(nix::unistd::linkat(AT_FDCWD, unnamed.as_str(), AT_FDCWD, path, AtFlags::AT_SYMLINK_FOLLOW)?)
    }

    #[cfg(not(target_os = "linux"))]
    fn create_unnamed(&self, _: &Path, _: &Path) -> std::io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    fn fill(&self, mut file: &File) -> std::io::Result<()> {
        file.write_all(MARK)?;
        allocate(file, self.bytes)
    }

    fn find(&self, path: &Path) -> Found {
        let seen = match std::fs::symlink_metadata(path) {
            Ok(seen) => seen,
            Err(error) if error.kind() == ErrorKind::NotFound => return Found::Nothing,
            Err(_) => return Found::Foreign,
        };
        // why before it is opened: closing a second descriptor of a database would drop this process's locks on it
        let is_private = seen.is_file()
            && seen.nlink() == 1
            && seen.mode() & 0o077 == 0
            && seen.uid() == nix::unistd::geteuid().as_raw();
        if !is_private {
            return Found::Foreign;
        }
        match read_mark(path) {
            Ok((mark, opened)) if mark == MARK && (opened.dev(), opened.ino()) == (seen.dev(), seen.ino()) => {
                Found::Ours(opened)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Found::Nothing,
            _ => Found::Foreign,
        }
    }
}

fn read_mark(path: &Path) -> std::io::Result<(Vec<u8>, Metadata)> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?;
    let mut mark = Vec::with_capacity(MARK.len());
    (&file).take(MARK.len() as u64).read_to_end(&mut mark)?;
    Ok((mark, file.metadata()?))
}

fn allocated(found: &Metadata) -> u64 {
    // the unit of this number is 512 bytes, whatever the file system's block is
    found.blocks() * 512
}

fn free_bytes(folder: &Path) -> Option<u64> {
    let found = nix::sys::statvfs::statvfs(folder).ok()?;
    #[allow(clippy::useless_conversion, reason = "the widths differ between platforms")]
    let (blocks, size) = (u64::from(found.blocks_available()), u64::from(found.fragment_size()));
    blocks.checked_mul(size)
}

/// Why the system call itself: where a file system cannot do it, the C library's `posix_fallocate` would write every block,
/// and an open would wait for that.
#[cfg(target_os = "linux")]
fn allocate(file: &File, bytes: u64) -> std::io::Result<()> {
    let length = libc::off_t::try_from(bytes).map_err(|_| ErrorKind::FileTooLarge)?;
    loop {
        match nix::fcntl::fallocate(file, nix::fcntl::FallocateFlags::empty(), 0, length) {
            Err(Errno::EINTR) => {}
            outcome => return outcome.map_err(Into::into),
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn allocate(_: &File, _: u64) -> std::io::Result<()> {
    Err(Errno::ENOTSUP.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    const BYTES: u64 = 1 << 20;

    struct Scene {
        _folder: tempfile::TempDir,
        path: PathBuf,
        ballast: Ballast,
    }

    fn scene(bytes: u64) -> Scene {
        let folder = tempfile::tempdir().expect("a folder");
        let database = std::fs::canonicalize(folder.path()).expect("is there").join("a.db");
        std::fs::write(&database, "").expect("writes");
        let ballast = Ballast::new(&database, bytes);
        Scene { path: ballast.path(), ballast, _folder: folder }
    }

    #[test]
    fn it_is_allocated_private_and_gone_after_a_release() {
        let Scene { ballast, path, _folder } = scene(BYTES);
        assert_eq!(ballast.state().allocated, 0);
        ballast.keep();
        let made = std::fs::metadata(&path).expect("is there");
        assert_eq!((made.len(), made.permissions().mode() & 0o777), (BYTES, 0o600));
        assert!(allocated(&made) >= BYTES, "really allocated: {}", allocated(&made));
        assert_eq!((ballast.state().allocated, ballast.state().is_foreign), (BYTES, false));
        ballast.keep();
        assert_eq!(std::fs::metadata(&path).expect("is there").ino(), made.ino(), "left alone");
        ballast.release();
        assert!(!path.exists());
        ballast.release();
        ballast.keep();
        assert_eq!(ballast.state().allocated, BYTES, "made again");
    }

    #[test]
    fn one_of_another_size_or_with_holes_is_set_right() {
        let Scene { ballast, path, _folder } = scene(BYTES);
        Ballast::new(&ballast.database, BYTES / 4).keep();
        ballast.keep();
        assert_eq!(ballast.state().allocated, BYTES);
        let smaller = Ballast::new(&ballast.database, BYTES / 2);
        smaller.keep();
        assert_eq!(smaller.state().allocated, BYTES / 2);
        assert_eq!(std::fs::metadata(&path).expect("is there").len(), BYTES / 2);
        let file = OpenOptions::new().write(true).open(&path).expect("opens");
        file.set_len(100).and_then(|()| file.set_len(BYTES)).expect("makes a hole");
        assert!(ballast.state().allocated < BYTES);
        ballast.keep();
        assert_eq!(ballast.state().allocated, BYTES);
    }

    #[test]
    fn a_file_that_is_not_ours_is_left_alone() {
        let Scene { ballast, path, _folder } = scene(BYTES);
        let precious = path.with_file_name("precious");
        std::fs::write(&precious, MARK).expect("writes");
        let private = |path: &Path| std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).expect("sets");
        private(&precious);
        type Plant<'a> = (&'a str, &'a dyn Fn());
        let plants: [Plant<'_>; 7] = [
            ("empty", &|| std::fs::write(&path, "").expect("writes")),
            ("other contents", &|| std::fs::write(&path, vec![b'x'; 5_000]).expect("writes")),
            ("a link to one that looks like ours", &|| symlink(&precious, &path).expect("links")),
            ("a hard link", &|| std::fs::hard_link(&precious, &path).expect("links")),
            ("a folder", &|| std::fs::create_dir(&path).expect("makes")),
            ("a FIFO", &|| {
                nix::unistd::mkfifo(&path, nix::sys::stat::Mode::from_bits_truncate(0o600)).expect("makes");
            }),
            ("a link to nothing", &|| symlink(path.with_file_name("nothing"), &path).expect("links")),
        ];
        for (what, plant) in plants {
            plant();
            if path.is_file() && !path.is_symlink() {
                private(&path);
            }
            let before = std::fs::symlink_metadata(&path).expect("is there");
            let same = || {
                let now = std::fs::symlink_metadata(&path).expect("still there");
                assert_eq!((now.ino(), now.len(), now.mtime_nsec()), (before.ino(), before.len(), before.mtime_nsec()));
            };
            assert!(ballast.state().is_foreign, "{what}");
            ballast.keep();
            same();
            ballast.release();
            same();
            assert_eq!(std::fs::read(&precious).expect("reads"), MARK, "{what}");
            let removed = if path.is_dir() { std::fs::remove_dir(&path) } else { std::fs::remove_file(&path) };
            removed.expect("removes");
        }
        assert!(!path.with_file_name("nothing").exists());
    }

    #[test]
    fn without_room_there_is_none_and_no_failure() {
        let Scene { ballast, path, _folder } = scene(1 << 61);
        ballast.keep();
        assert!(!path.exists());
        assert_eq!(ballast.state(), BallastState { path, wanted: 1 << 61, allocated: 0, is_foreign: false });
    }

    #[test]
    fn it_lies_beside_the_file_and_not_beside_a_link_to_it() {
        let Scene { path, _folder, .. } = scene(BYTES);
        let elsewhere = tempfile::tempdir().expect("a folder");
        let link = elsewhere.path().join("link.db");
        symlink(path.with_file_name("a.db"), &link).expect("links");
        let options = crate::request::Open { ballast_bytes: Some(BYTES), ..crate::request::Open::default() };
        let settings = crate::sqlite::Settings::new(Some(link), &options);
        assert_eq!(settings.common.ballast.as_ref().map(Ballast::path), Some(path));
    }

    #[test]
    fn a_full_database_lets_go_of_it() {
        use crate::request::Open;
        use crate::sqlite::{Connection, Settings};
        let Scene { ballast, path, _folder } = scene(BYTES);
        let options = Open { ballast_bytes: Some(BYTES), ..Open::default() };
        let settings = Settings::new(Some(ballast.database.clone()), &options);
        let connection = Connection::open(&settings, true, false).expect("opens");
        ballast.keep();
        connection.execute_batch("CREATE TABLE t (a); PRAGMA max_page_count = 4").expect("makes");
        let error = connection.execute("INSERT INTO t VALUES (zeroblob(100000))", &[]).expect_err("is full");
        assert_eq!(error.status().name(), "DISK_FULL");
        assert!(!path.exists(), "at once");
        ballast.keep();
        let error = connection.execute_batch("INSERT INTO nowhere VALUES (1)").expect_err("is wrong");
        assert_eq!((error.status().name(), path.exists()), ("SQL", true), "only then");
    }
}
