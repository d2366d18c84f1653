//! The backups of a folder: what they are called, which there are, and in which order they were made.
//!
//! ```text
//! app-20260131T235959.123Z.db              a full backup of app.db
//! app-20260131T235959.123Z.db.zst.age      compressed and encrypted
//! app-20260131T235959.123Z.pre-migrate.db  made before a migration
//! app-20260131T235959.123Z.inc             an incremental one
//! ```
//!
//! Leaves to others: writing and removing them (`store.rs`).
//!
//! Invariants: only a file with a manifest that fits is a backup; order is by sequence, because clocks jump.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{manifest, store};
use crate::error::{Error, Result};
use crate::report::Manifest;

/// One backup of a folder.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The file.
    pub path: PathBuf,
    /// What is known of it.
    pub manifest: Manifest,
    /// Whether a pin keeps it.
    pub pinned: bool,
}

/// What is in a folder.
#[derive(Debug, Default)]
pub struct Listing {
    /// The backups, the oldest first.
    pub entries: Vec<Entry>,
    /// Files that are called like backups and are none.
    pub incomplete: Vec<PathBuf>,
    /// Those of them whose manifest is there and cannot be read, by this user or just now: nobody knows what they are based on.
    pub unread: Vec<PathBuf>,
    /// The highest sequence of all that have a manifest, those included that the key refuses.
    highest: u64,
}

/// The name of a new backup of the database `stem`, that sorts by time.
pub fn timed_name(stem: &str, reason: &str, is_incremental: bool, suffix: &str) -> String {
    let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S.%3fZ");
    let why = match reason {
        "pre_migrate" => ".pre-migrate",
        "pre_restore" => ".pre-restore",
        _ => "",
    };
    format!("{stem}-{time}{why}.{}{suffix}", if is_incremental { "inc" } else { "db" })
}

/// Whether a name is one of those that [`timed_name`] makes.
fn is_timed(name: &str) -> bool {
    let bare = name.trim_end_matches(".age").trim_end_matches(".zst");
    let Some(bare) = bare.strip_suffix(".db").or_else(|| bare.strip_suffix(".inc")) else { return false };
    let bare = bare.trim_end_matches(".pre-migrate").trim_end_matches(".pre-restore");
    let pattern = b"-dddddddd?dddddd.ddd?";
    let bytes = bare.as_bytes();
    let Some(end) = bytes.len().checked_sub(pattern.len()).map(|start| &bytes[start..]) else { return false };
    end.iter().zip(pattern).all(|(byte, wanted)| match wanted {
        b'd' => byte.is_ascii_digit(),
        b'?' => byte.is_ascii_alphabetic(),
        wanted => byte == wanted,
    })
}

/// Looks at every backup in a folder. The seals are checked, the backups themselves are not read.
pub fn list(folder: &Path, key: Option<&str>) -> Result<Listing> {
    let failed = |error: std::io::Error| Error::from_io(format!("the folder {}", folder.display()), &error);
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        names.insert(entry.map_err(failed)?.file_name());
    }
    let mut listing = Listing::default();
    for name in &names {
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        let path = folder.join(name);
        let has_manifest = names.contains(format!("{name}{}", manifest::SUFFIX).as_str().as_ref() as &std::ffi::OsStr);
        if has_manifest {
            let size = std::fs::metadata(&path).map(|found| found.len()).ok();
            // why no error: one manifest that cannot be read must not hide the others
            let text = manifest::text(&path);
            if matches!(text, Err(Error::Io { .. } | Error::Permission { .. })) {
                listing.unread.push(path.clone());
            }
            let read = text.ok().and_then(|text| manifest::parse(&text, key).ok());
            if let Some((read, refusal)) = read {
                listing.highest = listing.highest.max(read.manifest.sequence);
                let is_its = read.manifest.file == name && Some(read.manifest.size_bytes) == size;
                if is_its && refusal.is_none() {
                    let pinned = store::pin_of(&path).exists();
                    listing.entries.push(Entry { path, manifest: read.manifest, pinned });
                    continue;
                }
            }
            listing.incomplete.push(path);
        } else if is_timed(name) {
            listing.incomplete.push(path);
        }
    }
    listing.entries.sort_by(|a, b| {
        let of = |entry: &Entry| (entry.manifest.sequence, entry.manifest.created_at);
        of(a).cmp(&of(b)).then_with(|| a.path.cmp(&b.path))
    });
    Ok(listing)
}

impl Listing {
    /// The sequence of the next backup.
    pub fn next_sequence(&self) -> u64 {
        self.highest.saturating_add(1)
    }

    /// The backups that have everything they are based on.
    pub fn complete(&self) -> BTreeSet<&str> {
        let by_file: BTreeMap<&str, &Manifest> =
            self.entries.iter().map(|entry| (entry.manifest.file.as_str(), &entry.manifest)).collect();
        let mut complete = BTreeSet::new();
        for entry in &self.entries {
            let (mut at, mut steps) = (&entry.manifest, 0);
            let whole = loop {
                let Some(base) = &at.base else { break true };
                match by_file.get(base.file.as_str()) {
                    Some(next) if next.id == base.id && steps < by_file.len() => (at, steps) = (next, steps + 1),
                    _ => break false,
                }
            };
            if whole {
                complete.insert(entry.manifest.id.as_str());
            }
        }
        complete
    }

    /// The newest that was read back when it was made and has everything it is based on.
    pub fn newest_verified(&self) -> Option<&Entry> {
        self.verified().next()
    }

    /// All of those, the newest first.
    pub fn verified(&self) -> impl Iterator<Item = &Entry> {
        let complete = self.complete();
        self.entries
            .iter()
            .rev()
            .filter(move |entry| entry.manifest.checks.pages.is_some() && complete.contains(entry.manifest.id.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timed_name_is_known_again_and_others_are_not() {
        for reason in ["manual", "pre_migrate", "pre_restore"] {
            for (incremental, suffix) in [(false, ""), (true, ".zst"), (false, ".age"), (true, ".zst.age")] {
                let name = timed_name("my-app", reason, incremental, suffix);
                assert!(is_timed(&name), "{name}");
            }
        }
        for name in ["app.db", "app-2026.db", "x", "-20260131T235959.123Z", "app-20260131T23595x.123Z.db", ".db"] {
            assert!(!is_timed(name), "{name}");
        }
    }
}
