//! The anchors: heads of the chain in a file beside the database, `DATABASE-audit`, that is only ever added to. Whoever can change
//! the database but not this file cannot cut or rewrite the audit unseen.
//!
//! A line is a JSON document: `{"kind", "seq", "hash", "at", "key", "mac"}`, its kind `head`, `restored`, `pruned` or `dropped`.
//! `restored` says that a database is about to take the place of this one, or did: nothing that was noted before need be found from then
//! on, for it may be one with another past, nor need its head, for it may fail. `pruned` says that the records up to one are about to be
//! removed by this library, `dropped` that the table was gone or empty when a record was to be written. Once a line is of the key that
//! was given, one without a key says nothing. A line begins with a line break too, so that one that a power failure cut spoils no other.
//!
//! Leaves to others: which heads are safe to anchor (`log.rs`), comparing them (`verify.rs`).
//!
//! Invariants: a line is written by one call, behind all others; of two heads of one number, which prove that somebody cut the chain
//! and let it grow again, no line is left out.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use serde::{Deserialize, Serialize};

use super::chain::Key;
use super::record::{Head, hex, unhex};
use crate::error::{Error, Result};
use crate::sqlite::file::{folder_of, identity, sync_folder, with_suffix};

/// A file above this size is shortened: some 20,000 lines.
const LARGE: u64 = 4 << 20;
/// How long a file that another process has is waited for, and between two looks.
const PATIENCE: Duration = Duration::from_millis(500);
const BETWEEN_TRIES: Duration = Duration::from_millis(2);
/// A larger file is not read: it is not ours.
const MOST_BYTES: u64 = 1 << 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Head,
    Restored,
    Pruned,
    Dropped,
}

#[derive(Serialize, Deserialize)]
struct Line {
    kind: Kind,
    seq: u64,
    hash: String,
    at: i64,
    /// What tells the key of `mac` from others.
    key: String,
    mac: String,
}

impl Line {
    fn signed(&self) -> String {
        format!("{:?} {} {} {} {}", self.kind, self.seq, self.hash, self.at, self.key)
    }
}

/// What the file says.
#[derive(Debug, Default)]
pub struct Anchors {
    /// Heads that must be found in the chain.
    pub(super) heads: Vec<Head>,
    /// When the database was about to be replaced: what was noted elsewhere until then need not be found.
    pub(super) restored: Vec<i64>,
    /// Last records of what was removed by this library, or was about to be.
    pub(super) pruned: Vec<Head>,
    /// The highest record that is known of a table that was gone.
    pub(super) dropped: Option<Head>,
    /// Lines that their key did not sign.
    pub(super) edited: u64,
}

/// Adds a line, which says that it is of the time `at`.
pub(super) fn add(path: &Path, key: &Key, kind: Kind, head: Head, at: i64) -> Result<()> {
    add_if(path, key, kind, head, at, || Ok(true)).map(|_| ())
}

/// The same if `is_so` still says so when nobody else can add one; whether it did.
pub(super) fn add_if(
    path: &Path,
    key: &Key,
    kind: Kind,
    head: Head,
    at: i64,
    is_so: impl FnOnce() -> Result<bool>,
) -> Result<bool> {
    let (hash, id) = (hex(&head.hash), key.id().to_owned());
    let mut line = Line { kind, seq: head.seq, hash, at, key: id, mac: String::new() };
    line.mac = hex(&key.sign(&line.signed()));
    let text = serde_json::to_string(&line).map_err(|error| Error::Internal { detail: error.to_string() })?;
    let failed = |error: std::io::Error| Error::from_io(path.display().to_string(), &error);
    let mut file = alone(path, true)?;
    if !is_so()? {
        return Ok(false);
    }
    file.write_all(format!("\n{text}\n").as_bytes()).map_err(failed)?;
    if kind != Kind::Head {
        // why: a power failure must not leave what this tells of and take this
        file.sync_all().and_then(|()| sync_folder(folder_of(path))).map_err(failed)?;
    }
    Ok(true)
}

/// The file, opened to add to it, while no other process does or writes it anew: a line that says that the database was replaced
/// must not get lost.
pub(super) fn alone(path: &Path, create: bool) -> Result<Flock<File>> {
    let failed = |error: std::io::Error| Error::from_io(path.display().to_string(), &error);
    let since = Instant::now();
    loop {
        let file = OpenOptions::new().append(true).create(create).mode(0o600).open(path).map_err(failed)?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            // why compared: it may have been written anew while its lock was waited for
            Ok(file) if file.metadata().map(|found| (found.dev(), found.ino())).ok() == identity(path) => {
                return Ok(file);
            }
            Ok(_) => {}
            Err((_, Errno::EWOULDBLOCK)) if since.elapsed() < PATIENCE => std::thread::sleep(BETWEEN_TRIES),
            Err((_, Errno::EWOULDBLOCK)) => {
                let waited_ms = u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX);
                return Err(Error::Busy { what: path.display().to_string(), waited_ms });
            }
            Err((_, errno)) => return Err(failed(errno.into())),
        }
    }
}

impl Anchors {
    /// Whether the database was replaced between these and the `later` ones.
    #[must_use]
    pub fn was_replaced(&self, later: &Anchors) -> bool {
        self.restored != later.restored
    }

    /// Takes in what the `later` ones say of prunings, and whether that is news.
    pub fn take_prunings(&mut self, later: &Anchors) -> bool {
        let news: Vec<Head> = later.pruned.iter().filter(|head| !self.pruned.contains(head)).copied().collect();
        self.pruned.extend(&news);
        !news.is_empty()
    }

    /// Reads the file; one that is not there says nothing.
    pub fn read(path: Option<&Path>, key: &Key) -> Result<Anchors> {
        let mut anchors = Anchors::default();
        let Some(path) = path else { return Ok(anchors) };
        let failed = |error: std::io::Error| Error::from_io(path.display().to_string(), &error);
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(anchors),
            Err(error) => return Err(failed(error)),
            Ok(found) if found.len() > MOST_BYTES => {
                let reason = format!("has {} bytes, more than anchors ever have", found.len());
                return Err(Error::InvalidArgument { name: path.display().to_string(), reason });
            }
            Ok(_) => {}
        }
        let bytes = std::fs::read(path).map_err(failed)?;
        let everybodys = Key::new(None);
        // whether a line of the key came already, where one was given
        let mut is_keyed = false;
        for text in bytes.split(|byte| *byte == b'\n').filter(|text| !text.is_empty()) {
            // why passed over: a line that was cut by a power failure
            let Ok(line) = serde_json::from_slice::<Line>(text) else { continue };
            let Some(signer) = [key, &everybodys].into_iter().find(|key| key.id() == line.key) else {
                // why believed unproved: the key that everybody has could say the same
                if matches!(line.kind, Kind::Restored | Kind::Pruned)
                    && !is_keyed
                    && let Some(hash) = unhex(&line.hash)
                {
                    anchors.take(line.kind, Head { seq: line.seq, hash }, line.at);
                }
                // why passed over: a head of a key that was not given says nothing, as do records of that key
                continue;
            };
            let is_signed = hex(&signer.sign(&line.signed())) == line.mac;
            let Some(hash) = unhex(&line.hash).filter(|_| is_signed) else {
                anchors.edited += 1;
                continue;
            };
            if !signer.id().is_empty() && !is_keyed {
                is_keyed = true;
                // why no later: nobody without the key can void what was noted elsewhere since the key is in use
                anchors.restored.iter_mut().for_each(|at| *at = (*at).min(line.at));
            }
            if !is_keyed || !signer.id().is_empty() {
                anchors.take(line.kind, Head { seq: line.seq, hash }, line.at);
            }
        }
        Ok(anchors)
    }

    fn take(&mut self, kind: Kind, head: Head, at: i64) {
        match kind {
            Kind::Restored => {
                self.heads.clear();
                self.dropped = None;
                self.restored.push(at);
            }
            Kind::Head if head.seq > 0 && self.heads.last() != Some(&head) => self.heads.push(head),
            Kind::Head => {}
            Kind::Pruned => self.pruned.push(head),
            Kind::Dropped => {
                self.heads.clear();
                self.dropped = self.dropped.filter(|known| known.seq > head.seq).or(Some(head));
            }
        }
    }
}

/// Leaves out what is anchored before `seq`, whose records are gone.
pub(super) fn forget(path: &Path, seq: u64) -> Result<()> {
    let _alone = alone(path, false)?;
    rewrite(path, |_, line| line.seq >= seq)
}

/// Whether a file has grown large.
pub(super) fn is_large(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.len() > LARGE)
}

/// Leaves out the older half: a head stands for all before it, if those are of the same past (`Log::keep_proof`).
pub(super) fn shorten(path: &Path) -> Result<()> {
    let _alone = alone(path, false)?;
    rewrite(path, |is_old, line| !is_old || line.kind == Kind::Pruned)
}

/// The numbers of heads that are never left out: the lowest that is anchored twice in two ways, and the highest, which tells that
/// the end was cut until the chain is as long again.
fn proofs<'l>(lines: impl Iterator<Item = &'l Line>) -> [Option<u64>; 2] {
    let mut known: BTreeMap<u64, &str> = BTreeMap::new();
    let mut contested: Option<u64> = None;
    for line in lines {
        if matches!(line.kind, Kind::Restored | Kind::Dropped) {
            known.clear();
            contested = None;
        } else if line.kind == Kind::Head && **known.entry(line.seq).or_insert(&line.hash) != *line.hash {
            contested = Some(contested.map_or(line.seq, |lowest| lowest.min(line.seq)));
        }
    }
    [contested, known.keys().max().copied()]
}

/// Writes the file anew with the lines that `keeps` wants, which is told whether a line stands in the first half. What is no line
/// of ours is kept, for it tells that somebody was there, and so are restores, dropped tables and proofs. The caller has the file alone.
fn rewrite(path: &Path, keeps: impl Fn(bool, &Line) -> bool) -> Result<()> {
    let failed = |error: std::io::Error| Error::from_io(path.display().to_string(), &error);
    let bytes = std::fs::read(path).map_err(failed)?;
    let lines = bytes.split(|byte| *byte == b'\n').map(|text| (text, serde_json::from_slice::<Line>(text).ok()));
    let lines: Vec<_> = lines.collect();
    let proofs = proofs(lines.iter().filter_map(|(_, line)| line.as_ref()));
    let mut kept = Vec::with_capacity(bytes.len());
    let mut read = 0;
    for (text, line) in lines {
        let is_old = read < bytes.len() / 2;
        read += text.len() + 1;
        let is_wanted = line.map_or(!text.is_empty(), |line| {
            matches!(line.kind, Kind::Restored | Kind::Dropped)
                || proofs.contains(&Some(line.seq))
                || keeps(is_old, &line)
        });
        if is_wanted {
            kept.extend_from_slice(text);
            kept.push(b'\n');
        }
    }
    write_anew(path, &kept)
}

/// Puts a file with `bytes` in the place of the one at `path`, which the caller has alone.
pub(super) fn write_anew(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |error: std::io::Error| Error::from_io(path.display().to_string(), &error);
    let new = with_suffix(path, &format!(".{}", std::process::id()));
    // why removed first: a process of this number may have died here
    let _ = std::fs::remove_file(&new);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&new, path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(seq: u64) -> Head {
        Head { seq, hash: [u8::try_from(seq).expect("small"); 32] }
    }

    fn seqs(anchors: &Anchors) -> Vec<u64> {
        anchors.heads.iter().map(|head| head.seq).collect()
    }

    #[test]
    fn lines_are_added_and_a_restore_forgets_what_was_behind_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, key) = (folder.path().join("a.db-audit"), Key::new(None));
        let read = || Anchors::read(Some(&path), &key).expect("reads");
        assert!(read().heads.is_empty(), "none yet");
        for seq in [3, 5, 9] {
            add(&path, &key, Kind::Head, head(seq), 1).expect("adds");
        }
        assert_eq!(seqs(&read()), [3, 5, 9]);
        add(&path, &key, Kind::Restored, head(5), 2).expect("adds");
        assert!(seqs(&read()).is_empty(), "it may have another past, and may have failed");
        add(&path, &key, Kind::Head, head(6), 3).expect("adds");
        add(&path, &key, Kind::Head, head(7), 3).expect("adds");
        assert_eq!((seqs(&read()), read().restored), (vec![6, 7], vec![2]));
        forget(&path, 7).expect("forgets");
        assert_eq!((seqs(&read()), read().restored), (vec![7], vec![2]));
        let other = Key::new(Some(&crate::request::Secret("0123456789abcdef".into())));
        add(&path, &other, Kind::Head, head(9), 3).expect("adds");
        assert_eq!(seqs(&read()), [7], "a head of a key that was not given");
        add(&path, &other, Kind::Restored, head(9), 4).expect("adds");
        assert_eq!((seqs(&read()), read().restored), (vec![], vec![2, 4]));
    }

    /// A line that was added while another process wrote the file anew was lost.
    #[test]
    fn no_line_is_lost_while_others_are_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, key) = (folder.path().join("a.db-audit"), Key::new(None));
        add(&path, &key, Kind::Head, head(1), 1).expect("adds");
        std::thread::scope(|scope| {
            let adding = scope.spawn(|| {
                for at in 0..100 {
                    // why slept: who asks again and again at once leaves the lock to nobody else
                    std::thread::sleep(BETWEEN_TRIES);
                    add(&path, &key, Kind::Restored, head(1), at).expect("adds");
                }
            });
            while !adding.is_finished() {
                std::thread::sleep(BETWEEN_TRIES / 2);
                // why ignored: what is not left out now is left out another time
                let _ = forget(&path, 2);
            }
        });
        assert_eq!(Anchors::read(Some(&path), &key).expect("reads").restored, (0..100).collect::<Vec<i64>>());
    }

    #[test]
    fn a_file_that_has_grown_large_loses_its_older_half() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, key) = (folder.path().join("a.db-audit"), Key::new(None));
        add(&path, &key, Kind::Restored, head(1), 1).expect("adds");
        for seq in 2..7 {
            add(&path, &key, Kind::Head, head(seq), 1).expect("adds");
        }
        assert!(!is_large(&path));
        shorten(&path).expect("shortens");
        assert_eq!(seqs(&Anchors::read(Some(&path), &key).expect("reads")), [4, 5, 6]);
        let text = std::fs::read_to_string(&path).expect("reads");
        std::fs::write(&path, format!("{}\n{text}", "x".repeat(usize::try_from(LARGE).expect("fits"))))
            .expect("writes");
        assert!(is_large(&path));
    }

    #[test]
    fn what_proves_that_the_chain_was_cut_is_never_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, key) = (folder.path().join("a.db-audit"), Key::new(None));
        let read = || seqs(&Anchors::read(Some(&path), &key).expect("reads"));
        let other = |seq| Head { seq, hash: [0xee; 32] };
        for head in [head(2), head(3), head(90), head(4), other(3), other(4), head(5), head(6), head(7), head(8)] {
            add(&path, &key, Kind::Head, head, 1).expect("adds");
        }
        shorten(&path).expect("shortens");
        assert_eq!(read(), [3, 90, 3, 4, 5, 6, 7, 8], "the lowest contested one, and the highest");
        forget(&path, 8).expect("forgets");
        assert_eq!(read(), [3, 90, 3, 8]);
        add(&path, &key, Kind::Restored, Head::default(), 2).expect("adds");
        add(&path, &key, Kind::Head, head(8), 2).expect("adds");
        add(&path, &key, Kind::Head, head(9), 2).expect("adds");
        forget(&path, 100).expect("forgets");
        assert_eq!(read(), [9]);
        assert!(
            std::fs::read_to_string(&path).expect("reads").matches("head").count() == 1,
            "no proof of before a restore"
        );
    }

    #[test]
    fn a_line_whose_reason_is_gone_is_not_added() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, key) = (folder.path().join("a.db-audit"), Key::new(None));
        assert!(!add_if(&path, &key, Kind::Head, head(3), 1, || Ok(false)).expect("asks"));
        assert_eq!(std::fs::read(&path).expect("reads"), b"");
        assert!(add_if(&path, &key, Kind::Head, head(3), 1, || Ok(true)).expect("adds"));
        assert_eq!(seqs(&Anchors::read(Some(&path), &key).expect("reads")), [3]);
    }

    #[test]
    fn a_line_that_was_cut_spoils_no_other_and_a_changed_one_is_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, key) = (folder.path().join("a.db-audit"), Key::new(None));
        add(&path, &key, Kind::Head, head(3), 1).expect("adds");
        let whole = std::fs::read(&path).expect("reads");
        std::fs::write(&path, [whole.clone(), whole[..40].to_vec()].concat()).expect("writes");
        add(&path, &key, Kind::Head, head(4), 1).expect("adds");
        let read = || Anchors::read(Some(&path), &key).expect("reads");
        assert_eq!((seqs(&read()), read().edited), (vec![3, 4], 0));
        let text = String::from_utf8(whole).expect("is text").replace("\"seq\":3", "\"seq\":2");
        std::fs::write(&path, text).expect("writes");
        assert_eq!((seqs(&read()), read().edited), (vec![], 1));
    }
}
