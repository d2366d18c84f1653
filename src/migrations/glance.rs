//! A folder of migrations by `stat` alone: whether it can have changed since it was read.
//!
//! Leaves to others: reading it (`set.rs`), remembering the glance with what was read (`catalog.rs`).
//!
//! Invariant: two glances that are the same, of which the first was settled, are of the same files with the same contents:
//! every change moves a change time, and one too young to be told from a change in the same tick is not settled.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// A change within this time of another may carry the same stamp of time: two seconds on the coarsest file systems.
const TICK: Duration = Duration::from_secs(2);

/// What `stat` says of every entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glance(Vec<Seen>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    path: std::path::PathBuf,
    inode: (u64, u64),
    size: u64,
    /// Nanoseconds since the Unix epoch.
    changed: i128,
    /// A link's own; that of the file again where there is no link.
    link_changed: i128,
}

fn changed(found: &std::fs::Metadata) -> i128 {
    i128::from(found.ctime()) * 1_000_000_000 + i128::from(found.ctime_nsec())
}

impl Glance {
    /// Looks; `None` when an entry cannot be looked at.
    pub(super) fn of(folder: &Path) -> Option<Glance> {
        let mut seen = Vec::new();
        look(folder, true, &mut seen).ok()?;
        seen.sort();
        Some(Glance(seen))
    }

    /// Whether every change from `now` on will show.
    pub(super) fn is_settled(&self, now: std::time::SystemTime) -> bool {
        let Ok(now) = now.duration_since(std::time::UNIX_EPOCH) else { return false };
        let limit = i128::try_from(now.saturating_sub(TICK).as_nanos()).unwrap_or(0);
        self.0.iter().all(|seen| seen.changed.max(seen.link_changed) < limit)
    }
}

fn look(folder: &Path, deeper: bool, seen: &mut Vec<Seen>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let (found, link) = (std::fs::metadata(&path)?, std::fs::symlink_metadata(&path)?);
        if found.is_dir() && deeper {
            look(&path, false, seen)?;
        }
        seen.push(Seen {
            inode: (found.dev(), found.ino()),
            size: found.len(),
            changed: changed(&found),
            link_changed: changed(&link),
            path,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn every_change_shows_in_a_glance() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("1_a.sql"), "SELECT 1;").expect("writes");
        std::fs::create_dir(at("2_b")).expect("makes");
        std::fs::write(at("2_b/up.sql"), "SELECT 2;").expect("writes");
        std::os::unix::fs::symlink(at("1_a.sql"), at("3_c.sql")).expect("links");
        let changes: [&dyn Fn(); 5] = [
            &|| std::fs::write(at("1_a.sql"), "SELECT 9;").expect("same size"),
            &|| std::fs::write(at("2_b/up.sql"), "SELECT 9;").expect("in a folder"),
            &|| std::fs::write(at("4_d.sql"), "SELECT 4;").expect("a new one"),
            &|| std::fs::remove_file(at("4_d.sql")).expect("one less"),
            &|| {
                std::fs::remove_file(at("3_c.sql")).expect("removes");
                std::os::unix::fs::symlink(at("2_b/up.sql"), at("3_c.sql")).expect("links elsewhere");
            },
        ];
        for change in changes {
            let before = Glance::of(folder.path()).expect("looks");
            assert_eq!(Glance::of(folder.path()), Some(before.clone()));
            // the clock of file systems ticks every few milliseconds; see `is_settled`
            std::thread::sleep(Duration::from_millis(30));
            change();
            assert_ne!(Glance::of(folder.path()), Some(before));
        }
        assert_eq!(Glance::of(&at("nowhere")), None);
    }

    #[test]
    fn what_was_changed_a_moment_ago_is_not_settled() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("1_a.sql"), "SELECT 1;").expect("writes");
        let glance = Glance::of(folder.path()).expect("looks");
        assert!(!glance.is_settled(SystemTime::now()));
        assert!(glance.is_settled(SystemTime::now() + TICK * 2));
        assert!(!glance.is_settled(SystemTime::UNIX_EPOCH));
    }
}
