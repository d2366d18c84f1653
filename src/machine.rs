//! The machine around the database: free disk space, memory and processor time of this process.
//!
//! Leaves to others: what is too little or too much.
//!
//! Invariant: `None` means that this platform does not tell, never zero.

use std::path::Path;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// Space that this process may still fill on the file system that holds `path`.
#[must_use]
pub fn free_disk_bytes(path: &Path) -> Option<u64> {
    let found = nix::sys::statvfs::statvfs(path).ok()?;
    #[allow(clippy::useless_conversion, reason = "the widths differ between platforms")]
    let (blocks, size) = (u64::from(found.blocks_available()), u64::from(found.fragment_size()));
    blocks.checked_mul(size)
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
        assert!(resident_memory_bytes().is_none_or(|bytes| bytes > 100_000));
        assert!(cpu_ms().is_some());
    }
}
