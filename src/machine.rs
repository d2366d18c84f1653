//! The machine around the database: free disk space, memory and processor time of this process, and its clocks.
//!
//! Leaves to others: what is too little or too much.
//!
//! Invariant: `None` means that this platform does not tell, never zero.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::error::{Error, Result};
use crate::report::now_ms;

/// A moment by both clocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds since the Unix epoch; may jump.
    pub wall_ms: i64,
    /// Milliseconds since some start of this process's; never goes back.
    pub steady_ms: u64,
}

impl Moment {
    /// This one.
    #[must_use]
    pub fn now() -> Moment {
        static START: OnceLock<Instant> = OnceLock::new();
        let since = START.get_or_init(Instant::now).elapsed();
        Moment { wall_ms: now_ms(), steady_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX) }
    }
}

/// Space that this process may still fill on the file system that holds `path`.
#[must_use]
pub fn free_disk_bytes(path: &Path) -> Option<u64> {
    let found = nix::sys::statvfs::statvfs(path).ok()?;
    #[allow(clippy::useless_conversion, reason = "the widths differ between platforms")]
    let (blocks, size) = (u64::from(found.blocks_available()), u64::from(found.fragment_size()));
    blocks.checked_mul(size)
}

/// The file system that holds a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSystem {
    /// Its device: two places with one are on one file system.
    pub device: u64,
    /// Space that this process may still fill.
    pub free_bytes: Option<u64>,
    /// Its size.
    pub total_bytes: Option<u64>,
}

/// The file system that holds `path`, or will hold it: of what does not exist yet the nearest folder that does.
#[must_use]
pub fn file_system(path: &Path) -> Option<FileSystem> {
    let here = |path: &Path| if path.as_os_str().is_empty() { Path::new(".").to_owned() } else { path.to_owned() };
    let (place, found) =
        path.ancestors().map(here).find_map(|at| std::fs::metadata(&at).ok().map(|found| (at, found)))?;
    let total = nix::sys::statvfs::statvfs(&place).ok();
    #[allow(clippy::useless_conversion, reason = "the widths differ between platforms")]
    let total = total.and_then(|found| u64::from(found.blocks()).checked_mul(u64::from(found.fragment_size())));
    Some(FileSystem { device: found.dev(), free_bytes: free_disk_bytes(&place), total_bytes: total })
}

/// The folder where SQLite puts temporary files: the first that is one and may be written.
#[must_use]
pub fn temporary_folder() -> Option<PathBuf> {
    use nix::unistd::{AccessFlags, access};
    let named = ["SQLITE_TMPDIR", "TMPDIR"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    let usual = ["/var/tmp", "/usr/tmp", "/tmp", "."].into_iter().map(PathBuf::from);
    named.chain(usual).find(|folder| folder.is_dir() && access(folder, AccessFlags::W_OK | AccessFlags::X_OK).is_ok())
}

/// Fails when so many bytes for `path` do not fit into its folder, and tells how many would; a platform that does not tell is believed
/// to have room.
pub fn need_space(path: &Path, folder: &Path, needed: u64) -> Result<()> {
    match free_disk_bytes(folder) {
        Some(free) if free < needed => {
            Err(Error::DiskFull { what: format!("{}: it needs {needed} bytes, {free} are free", path.display()) })
        }
        _ => Ok(()),
    }
}

/// Processor time this process has used, user and system together, in milliseconds.
#[must_use]
pub fn cpu_ms() -> Option<u64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    u64::try_from(usage.user_time().num_milliseconds() + usage.system_time().num_milliseconds()).ok()
}

/// Memory this process occupies now; Linux only.
#[must_use]
pub fn resident_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_answers_in_sane_ranges() {
        assert!(free_disk_bytes(Path::new("/")).is_some());
        assert_eq!(free_disk_bytes(Path::new("/no/such/place")), None);
        let (root, later) = (file_system(Path::new("/")), file_system(Path::new("/no/such/place")));
        assert!(root.is_some_and(|root| root.total_bytes >= root.free_bytes && root.total_bytes > Some(0)));
        assert_eq!(later.map(|found| found.device), root.map(|found| found.device), "where it will be");
        assert!(file_system(Path::new("no-such-file")).is_some(), "beside a file without a folder in its name");
        assert!(temporary_folder().is_some_and(|folder| folder.is_dir()));
        assert!(resident_memory_bytes().is_none_or(|bytes| bytes > 100_000));
        assert!(cpu_ms().is_some());
    }
}
