//! [`Seat`]: the file `DATABASE-monitor`, whose lock one process of several has, and in which it notes what it did.
//!
//! One line: a CRC-32 in eight hexadecimal digits, a space, and the notes as JSON. What does not fit is as if it were not there: at
//! worst a check is run once too often.
//!
//! Leaves to others: what to note (`schedule.rs`).
//!
//! Invariants: the database file is only looked at with `stat`. The lock (`flock`) ends with the process, however that ends; a child of
//! a fork closes its part of it, because the lock would last as long as that. A line is written in one call, so that a kill leaves the
//! old or the new one; a power failure may leave neither.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

use crate::archive::store::same_file;
use crate::error::{Error, Result};
use crate::sqlite::{AtWork, ClosedInChild, Settings};

/// More than notes ever are.
const MOST_BYTES: usize = 64 << 10;
/// A finding is cut behind so many characters.
const MOST_CHARACTERS: usize = 200;

/// What the monitors of a database did, in whichever process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notes {
    /// When each task last ran to its end, by its name.
    pub ran: BTreeMap<String, i64>,
    /// The last quick check.
    pub quick: Option<CheckNote>,
    /// The last deep check.
    pub deep: Option<CheckNote>,
    /// The process that has the seat.
    pub process: u32,
    /// Between two of its looks.
    pub tick_ms: u64,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckNote {
    /// When it ended.
    pub at: i64,
    /// What is damaged.
    pub findings: Vec<String>,
    /// Rows whose foreign key points nowhere; a quick check does not look for them.
    pub orphans: Vec<String>,
}

impl Notes {
    /// What is known to be damaged. What a deep check found stays until another does not find it: a quick one looks at less.
    #[must_use]
    pub fn damage(&self) -> Option<Vec<String>> {
        let found = self.checks().flat_map(|check| &check.findings);
        let found: Vec<String> = found.map(|finding| finding.chars().take(MOST_CHARACTERS).collect()).collect();
        (self.quick.is_some() || self.deep.is_some()).then_some(found)
    }

    /// Rows that point nowhere, when that was looked at.
    #[must_use]
    pub fn orphans(&self) -> Option<Vec<String>> {
        self.deep.as_ref().map(|deep| deep.orphans.clone())
    }

    /// When the last check ended, and which it was.
    #[must_use]
    pub fn last_check(&self) -> Option<(i64, &'static str)> {
        let quick = self.quick.as_ref().map(|check| (check.at, "quick"));
        quick.into_iter().chain(self.deep.as_ref().map(|check| (check.at, "deep"))).max()
    }

    fn checks(&self) -> impl Iterator<Item = &CheckNote> {
        // why not a quick one from before: the deep one looked at all of that again
        let quick = self.quick.as_ref().filter(|quick| self.deep.as_ref().is_none_or(|deep| deep.at <= quick.at));
        quick.into_iter().chain(&self.deep)
    }

    fn line(&self) -> Result<String> {
        let text = serde_json::to_string(self).map_err(|error| Error::Internal { detail: error.to_string() })?;
        Ok(format!("{:08x} {text}\n", crc32fast::hash(text.as_bytes())))
    }

    fn parse(bytes: &[u8]) -> Option<Notes> {
        let line = std::str::from_utf8(bytes.split(|byte| *byte == b'\n').next()?).ok()?;
        let (sum, text) = line.split_once(' ')?;
        let fits = u32::from_str_radix(sum, 16).ok()? == crc32fast::hash(text.as_bytes());
        serde_json::from_str(text).ok().filter(|_| fits)
    }
}

/// See the head of this file.
#[derive(Debug)]
pub struct Seat {
    /// `None` for a database in memory, which nobody else has.
    path: Option<PathBuf>,
    mode: u32,
    held: Held,
    /// The notes of a database in memory.
    notes: Notes,
}

#[derive(Debug)]
enum Held {
    Nothing,
    /// Open, and another's.
    // fields drop in order, and what is closed must not be closed in a child
    Open(ClosedInChild, File),
    Lock(ClosedInChild, Flock<File>),
}

/// Shows the others, from inside a task, that whoever has the seat still looks.
#[derive(Debug)]
pub struct Pulse {
    // declared before `file`: fields drop in order, and what is closed must not be closed in a child
    _closed: ClosedInChild,
    file: File,
}

impl Pulse {
    /// Does so.
    pub fn beat(&self) {
        beat(&self.file);
    }
}

impl Seat {
    /// The seat of a database.
    #[must_use]
    pub fn of(settings: &Settings) -> Seat {
        let found = settings.path.as_deref().and_then(|path| std::fs::metadata(path).ok());
        let mode = found.map_or(0o600, |found| found.mode() & 0o666);
        Seat { path: settings.beside("-monitor"), mode, held: Held::Nothing, notes: Notes::default() }
    }

    /// Takes the seat unless another has it; tells whether it is this one's.
    pub fn take(&mut self) -> Result<bool> {
        let Some(path) = &self.path else { return Ok(true) };
        let failed = |error: io::Error| Error::from_io(path.display().to_string(), &error);
        // why: no fork may come between opening the file and saying that a child closes it
        let _at_work = AtWork::begin();
        let (closed, file) = match std::mem::replace(&mut self.held, Held::Nothing) {
            Held::Lock(closed, lock) if same_file(&lock, path) => {
                self.held = Held::Lock(closed, lock);
                return Ok(true);
            }
            Held::Open(closed, file) if same_file(&file, path) => (closed, file),
            // why anew: somebody removed the file, and its lock keeps nobody away any more
            _ => {
                let mut options = File::options();
                options.read(true).write(true).create(true).truncate(false).mode(self.mode);
                let file = options.custom_flags(nix::libc::O_NOFOLLOW).open(path).map_err(failed)?;
                (ClosedInChild::of(&file), file)
            }
        };
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => {
                self.held = Held::Lock(closed, lock);
                Ok(true)
            }
            Err((file, Errno::EWOULDBLOCK)) => {
                self.held = Held::Open(closed, file);
                Ok(false)
            }
            Err((_, errno)) => Err(failed(errno.into())),
        }
    }

    /// What was noted last, by whoever has the seat.
    #[must_use]
    pub fn read(&self) -> Notes {
        let file = match &self.held {
            Held::Nothing => return self.notes.clone(),
            Held::Open(_, file) => file,
            Held::Lock(_, lock) => lock,
        };
        let mut bytes = vec![0; MOST_BYTES];
        let length = file.read_at(&mut bytes, 0).unwrap_or(0);
        Notes::parse(&bytes[..length]).unwrap_or_default()
    }

    /// When the notes were written last, in whatever unit; moves with every write.
    #[must_use]
    pub fn written(&self) -> Option<(i64, i64)> {
        let file = match &self.held {
            Held::Nothing => return None,
            Held::Open(_, file) => file,
            Held::Lock(_, lock) => lock,
        };
        file.metadata().ok().map(|found| (found.mtime(), found.mtime_nsec()))
    }

    /// What beats while a task runs; `None` without the seat.
    #[must_use]
    pub fn pulse(&self) -> Option<Pulse> {
        match &self.held {
            Held::Lock(_, lock) => {
                let _at_work = AtWork::begin();
                let file = lock.try_clone().ok()?;
                Some(Pulse { _closed: ClosedInChild::of(&file), file })
            }
            Held::Nothing | Held::Open(..) => None,
        }
    }

    /// Shows the others that whoever has the seat still looks.
    pub fn beat(&self) {
        if let Held::Lock(_, lock) = &self.held {
            beat(lock);
        }
    }

    /// Notes; only whoever has the seat does.
    pub fn write(&mut self, notes: &Notes) -> Result<()> {
        match &self.held {
            Held::Lock(_, lock) => {
                let line = notes.line()?;
                let written = lock.write_all_at(line.as_bytes(), 0).and_then(|()| lock.set_len(line.len() as u64));
                written.map_err(|error| {
                    let path = self.path.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
                    Error::from_io(path, &error)
                })
            }
            Held::Nothing | Held::Open(..) => {
                self.notes = notes.clone();
                Ok(())
            }
        }
    }
}

/// Moves the time of the file.
fn beat(file: &File) {
    // why ignored: at worst the others take this process for one that is stopped, and say so
    let _ = file.set_modified(std::time::SystemTime::now());
}

/// When whoever has the seat was last seen to do something, as another sees it: by the time of the file, and a steady clock
/// beside it, so that neither a clock that jumps nor a machine that slept looks like a process that is stopped.
#[derive(Debug, Default)]
pub struct Watchful {
    seen: Option<((i64, i64), u64)>,
}

impl Watchful {
    /// Looks to beat and looks without a beat, after which whoever has the seat is taken to be stopped.
    pub const BEAT: u64 = 10;
    const SILENT: u64 = 100;

    /// For how long nothing was heard, when that is too long for somebody who looks as often as that.
    pub fn silent_ms(&mut self, written: Option<(i64, i64)>, tick_ms: u64, steady_ms: u64) -> Option<u64> {
        let written = written?;
        let since = match self.seen {
            Some((at, since)) if at == written => since,
            _ => steady_ms,
        };
        self.seen = Some((written, since));
        let silent = steady_ms.saturating_sub(since);
        (silent > tick_ms.saturating_mul(Watchful::SILENT)).then_some(silent)
    }

    /// Nobody else has the seat.
    pub fn forget(&mut self) {
        self.seen = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Open;

    fn seat(folder: &tempfile::TempDir) -> Seat {
        Seat::of(&Settings::new(Some(folder.path().join("a.db")), &Open::default()))
    }

    fn some() -> Notes {
        Notes { ran: BTreeMap::from([("backup".to_owned(), 7)]), ..Notes::default() }
    }

    #[test]
    fn one_has_the_seat_and_the_next_gets_it_when_that_one_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut first, mut second) = (seat(&folder), seat(&folder));
        assert_eq!(first.take(), Ok(true));
        assert_eq!(first.take(), Ok(true), "and keeps it");
        assert_eq!(second.take(), Ok(false));
        first.write(&some()).expect("writes");
        assert_eq!(second.read(), some(), "what the other noted");
        drop(first);
        assert_eq!(second.take(), Ok(true));
        assert_eq!(second.read(), some());
        second.write(&Notes::default()).expect("writes a shorter line");
        assert_eq!(second.read(), Notes::default());
    }

    #[test]
    fn who_has_the_seat_and_shows_nothing_for_a_hundred_looks_is_told_of() {
        let mut watchful = Watchful::default();
        assert_eq!(watchful.silent_ms(None, 20, 0), None, "no file, no word");
        let at = |written, steady_ms, watchful: &mut Watchful| watchful.silent_ms(Some((written, 0)), 20, steady_ms);
        assert_eq!(at(1, 10_000, &mut watchful), None, "the first sight is a sign");
        assert_eq!(at(1, 12_000, &mut watchful), None);
        assert_eq!(at(1, 12_001, &mut watchful), Some(2_001));
        assert_eq!(at(0, 12_002, &mut watchful), None, "a clock that was put back is a sign as well");
        assert_eq!(at(0, 14_003, &mut watchful), Some(2_001));
        watchful.forget();
        assert_eq!(at(0, 14_004, &mut watchful), None);
        let folder = tempfile::tempdir().expect("a folder");
        let (mut first, mut second) = (seat(&folder), seat(&folder));
        assert_eq!((first.take(), second.take()), (Ok(true), Ok(false)));
        first.write(&some()).expect("writes");
        for beat_of_a_task in [false, true] {
            let before = second.written();
            std::thread::sleep(std::time::Duration::from_millis(20));
            match first.pulse().filter(|_| beat_of_a_task) {
                Some(pulse) => pulse.beat(),
                None => first.beat(),
            }
            assert_ne!(second.written(), before);
        }
        assert!(second.pulse().is_none());
    }

    #[test]
    fn a_seat_that_somebody_removed_is_made_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut first, mut second) = (seat(&folder), seat(&folder));
        assert_eq!(first.take(), Ok(true));
        std::fs::remove_file(folder.path().join("a.db-monitor")).expect("removes");
        assert_eq!(second.take(), Ok(true));
        assert_eq!(first.take(), Ok(false), "not two at a time");
    }

    #[test]
    fn damaged_notes_are_as_if_they_were_not_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut seat = seat(&folder);
        assert_eq!(seat.take(), Ok(true));
        let line = some().line().expect("is JSON");
        let path = folder.path().join("a.db-monitor");
        for (bytes, expected) in [
            (line.clone().into_bytes(), some()),
            (format!("{line}left of a longer line").into_bytes(), some()),
            (line.replace('7', "8").into_bytes(), Notes::default()),
            (line.as_bytes()[..line.len() / 2].to_vec(), Notes::default()),
            (vec![0xff; 5_000], Notes::default()),
            (Vec::new(), Notes::default()),
        ] {
            std::fs::write(&path, &bytes).expect("writes");
            assert_eq!(seat.read(), expected, "{bytes:?}");
        }
    }

    #[test]
    fn what_a_deep_check_found_stays_until_another_does_not_find_it() {
        let check = |at, findings: &[&str]| {
            Some(CheckNote { at, findings: findings.iter().map(|f| (*f).to_owned()).collect(), ..CheckNote::default() })
        };
        let mut notes = Notes::default();
        assert_eq!((notes.damage(), notes.last_check()), (None, None));
        notes.deep = check(1, &["index i"]);
        notes.quick = check(2, &[]);
        assert_eq!(notes.damage(), Some(vec!["index i".to_owned()]));
        assert_eq!(notes.last_check(), Some((2, "quick")));
        notes.quick = check(3, &["page 3"]);
        notes.deep = check(4, &[]);
        assert_eq!(notes.damage(), Some(Vec::new()), "it looked at all of it again");
    }

    #[test]
    fn a_database_in_memory_has_no_file() {
        let mut seat = Seat::of(&Settings::new(None, &Open::default()));
        assert_eq!(seat.take(), Ok(true));
        seat.write(&some()).expect("keeps");
        assert_eq!(seat.read(), some());
    }
}
