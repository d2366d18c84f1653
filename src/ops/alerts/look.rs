//! [`Look`]: one look of the monitor, as cheap as it can be: `stat`, counters, and a few numbers of the header.
//!
//! Leaves to others: judging what it finds (`rules.rs`), the checks that read the file (`upkeep.rs`).
//!
//! Invariants: waits for nobody: what is in use is not measured this time. The schema is parsed only after it has changed. No
//! folder is listed unless names in it have changed.

use std::collections::VecDeque;
use std::time::Duration;

use super::readings::{Holder, Locks, Pool, Readings, SettingChange, Wal};
use crate::archive::vault::Vault;
use crate::error::{Error, Result};
use crate::machine::{self, Moment};
use crate::migrations;
use crate::operation::Operation;
use crate::report::ForeignSqlite;
use crate::request::JournalMode;
use crate::sqlite::{self, Access, Connection, Effective, LeaseInfo, Stamp};

/// Each tenth look also looks for other copies of SQLite, which means every descriptor of the process, and at the settings of the
/// connection that writes, which SQLite tells only after a look at the file.
const LOOKS_PER_LONG_ONE: u64 = 10;
/// The window in which waits for locks are counted.
const WINDOW_MS: u64 = 60_000;
/// So many samples are kept of that window.
const SAMPLES: u64 = 60;
/// A file that was written this long ago shows each later write by its time; see `migrations/glance.rs`.
const SETTLED_MS: i64 = 2_000;

/// What is remembered from look to look.
#[derive(Debug, Default)]
pub struct Look {
    locks: VecDeque<(u64, Locks)>,
    /// How many of the waits that are counted were looks.
    own_tries: u64,
    /// The files when the numbers below were read.
    stamps: Option<[Option<Stamp>; 2]>,
    numbers: Option<Numbers>,
    drift: Vec<String>,
    settings: Option<FileSettings>,
    changed: Vec<SettingChange>,
    /// Settings of the connection that are not as they should be; `None` where they are to be asked for.
    differing: Option<Vec<SettingChange>>,
    /// Other copies of SQLite on the file, as they were looked for the last time.
    foreign: Option<Vec<String>>,
    log: Option<Stamp>,
    looks: u64,
}

/// Numbers of the header that move when the schema or a setting of the file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Numbers {
    cookie: i64,
    user_version: i64,
    application_id: i64,
    is_wal: bool,
}

/// Settings of the file as they were when the monitor started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileSettings {
    numbers: Numbers,
    auto_vacuum: i64,
    owns_stamp: bool,
}

/// The copies of SQLite that have the file open; one that is built into the host has no name.
fn named(found: &ForeignSqlite) -> Vec<String> {
    match found.modules.is_empty() {
        true => vec![format!("{} descriptor(s)", found.descriptors.len())],
        false => found.modules.clone(),
    }
}

impl Look {
    /// Looks.
    pub fn take(&mut self, access: &Access, vault: &Vault, operation: &Operation, now: Moment) -> Readings {
        // why first: the look's own connection must not count
        let leases = access.leases();
        let settings = access.settings();
        let mut readings = Readings {
            free_disk: settings.folder().and_then(machine::free_disk_bytes),
            locks: Some(self.waits(access, now.steady_ms)),
            sqlite_version: Some(sqlite::version_number()),
            ..Readings::default()
        };
        if self.looks.is_multiple_of(LOOKS_PER_LONG_ONE) {
            self.differing = None;
            // why the remedy: where the two are kept apart there is nothing to do
            let found = settings.foreign_sqlite().filter(|found| found.looked);
            self.foreign = found.map(|found| if found.remedy.is_some() { named(&found) } else { Vec::new() });
        }
        self.looks += 1;
        readings.foreign_sqlite.clone_from(&self.foreign);
        if settings.path.is_some() {
            let oldest = leases.first().map(holder);
            self.log = settings.log();
            readings.wal = Some(Wal { size_bytes: self.log.map_or(0, |log| log.size_bytes), holder: oldest });
            let readers = || leases.iter().filter(|lease| !lease.writes);
            readings.pool = Some(Pool {
                in_use: readers().count() as u64,
                most: u64::from(settings.readers),
                oldest: readers().next().map(holder),
            });
        }
        if vault.folder().is_some()
            && let Ok(newest) = vault.newest()
        {
            readings.newest_backup = Some(newest.created_at);
            readings.backup_pages = newest.pages;
        }
        // why nothing at a failure: that the file cannot be asked is told by health, and by the calls of the host
        match self.settings(access, operation, now.wall_ms) {
            Ok((config, drift)) => {
                readings.config = Some(config);
                readings.drift = Some(drift);
            }
            Err(error) => self.was_in_the_way(access, matches!(error, Error::Busy { .. })),
        }
        readings
    }

    /// A number that moves with the schema; `None` when it was never read.
    #[must_use]
    pub fn schema(&self) -> Option<i64> {
        self.numbers.map(|numbers| numbers.cookie)
    }

    /// The write-ahead log as the last look saw it.
    #[must_use]
    pub fn log(&self) -> Option<Stamp> {
        self.log
    }

    /// A look that nobody waited for tried to get the writer, and whether it was refused.
    pub fn was_in_the_way(&mut self, access: &Access, refused: bool) {
        // why: where nobody ever waits, each try that finds the writer in use is counted, and this one is not the host's
        if refused && access.settings().busy_timeout.is_zero() {
            self.own_tries += 1;
        }
    }

    fn waits(&mut self, access: &Access, now: u64) -> Locks {
        let counters = access.lock_counters();
        let without_own = |count: u64| count.saturating_sub(self.own_tries);
        let total = Locks { waited: without_own(counters.waited), gave_up: without_own(counters.gave_up) };
        while self.locks.get(1).is_some_and(|(at, _)| now.saturating_sub(*at) >= WINDOW_MS) {
            self.locks.pop_front();
        }
        if self.locks.back().is_none_or(|(at, _)| now.saturating_sub(*at) >= WINDOW_MS / SAMPLES) {
            self.locks.push_back((now, total));
        }
        let first = self.locks.front().map_or(total, |(_, first)| *first);
        Locks {
            waited: total.waited.saturating_sub(first.waited),
            gave_up: total.gave_up.saturating_sub(first.gave_up),
        }
    }

    /// Settings that are not as they should be, and what was changed in the schema.
    fn settings(
        &mut self,
        access: &Access,
        operation: &Operation,
        now_ms: i64,
    ) -> Result<(Vec<SettingChange>, Vec<String>)> {
        let stamps = access.settings().path.as_deref().map(|path| [Stamp::of(path), self.log]);
        let has_moved = stamps.is_none() || stamps != self.stamps;
        if has_moved || self.differing.is_none() {
            let connection = access.first(operation, Duration::ZERO)?;
            let _at_once = connection.wait_for_locks(Duration::ZERO);
            if self.differing.is_none() {
                self.differing = Some(differences(&connection.effective()?, access));
            }
            if has_moved {
                // why a transaction: one lock for all, and all of one state of the file
                connection.execute_batch("BEGIN")?;
                let outcome = self.read_file(&connection, access);
                connection.rollback();
                outcome?;
                self.stamps = stamps.filter(|stamps| stamps.iter().flatten().all(|stamp| is_settled(stamp, now_ms)));
            }
        }
        let mut changes = self.differing.clone().unwrap_or_default();
        changes.extend(self.changed.iter().cloned());
        Ok((changes, self.drift.clone()))
    }

    fn read_file(&mut self, connection: &Connection, access: &Access) -> Result<()> {
        let number = |name: &str| connection.value::<i64>(&format!("PRAGMA main.{name}"), &[]).map(|n| n.unwrap_or(0));
        let numbers = Numbers {
            cookie: number("schema_version")?,
            user_version: number("user_version")?,
            application_id: number("application_id")?,
            is_wal: access.settings().path.is_some() && connection.is_wal()?,
        };
        if self.numbers == Some(numbers) {
            return Ok(());
        }
        let found = FileSettings {
            numbers,
            auto_vacuum: number("auto_vacuum")?,
            owns_stamp: migrations::owns_stamp(connection)?,
        };
        let drift = migrations::schema_drift(connection)?;
        self.drift = drift.iter().map(|change| format!("{} {} {}", change.kind, change.name, change.change)).collect();
        let before = *self.settings.get_or_insert(found);
        self.changed = since_start(&before, &found, access);
        self.numbers = Some(numbers);
        Ok(())
    }
}

fn is_settled(stamp: &Stamp, now_ms: i64) -> bool {
    stamp.written_ns < i128::from(now_ms.saturating_sub(SETTLED_MS)) * 1_000_000
}

fn holder(lease: &LeaseInfo) -> Holder {
    Holder {
        label: lease.label.to_owned(),
        age_ms: u64::try_from(lease.age.as_millis()).unwrap_or(u64::MAX),
        actor: lease.caller.as_ref().map(|(actor, _)| actor.to_string()),
        role: lease.caller.as_ref().map(|(_, role)| *role),
        statement: lease.statement.clone(),
    }
}

/// Where what SQLite uses is not what the handle was opened for.
fn differences(found: &Effective, access: &Access) -> Vec<SettingChange> {
    let wanted = found.wanted(access.settings());
    if *found == wanted {
        return Vec::new();
    }
    let on = |on: bool| if on { "on" } else { "off" };
    let both = [
        ("foreign_keys", on(wanted.foreign_keys), on(found.foreign_keys)),
        ("trusted_schema", on(wanted.trusted_schema), on(found.trusted_schema)),
        ("defensive", on(wanted.defensive), on(found.defensive)),
        ("synchronous", wanted.synchronous.unwrap_or("unset"), found.synchronous.unwrap_or("unset")),
    ];
    let differ = both.into_iter().filter(|(_, wanted, found)| wanted != found);
    differ.map(|(name, wanted, found)| change(name, wanted, found)).collect()
}

fn change(name: &'static str, expected: impl ToString, actual: impl ToString) -> SettingChange {
    SettingChange { name, expected: expected.to_string(), actual: actual.to_string() }
}

/// What of the file is not as it was.
fn since_start(before: &FileSettings, found: &FileSettings, access: &Access) -> Vec<SettingChange> {
    let mut changes = Vec::new();
    let mode = |is_wal: bool| if is_wal { "wal" } else { "a rollback journal" };
    let (was, is) = (&before.numbers, &found.numbers);
    // why what was asked and not what was found: another program may have changed it before the monitor started
    let wanted = match access.settings() {
        settings if settings.read_only || settings.journal_mode == JournalMode::Keep => was.is_wal,
        settings => settings.path.is_some() && settings.journal_mode == JournalMode::Wal,
    };
    if is.is_wal != wanted {
        changes.push(change("journal_mode", mode(wanted), mode(is.is_wal)));
    }
    if found.auto_vacuum != before.auto_vacuum {
        changes.push(change("auto_vacuum", before.auto_vacuum, found.auto_vacuum));
    }
    if is.application_id != was.application_id {
        changes.push(change("application_id", was.application_id, is.application_id));
    }
    // why not the number: every migration moves it, and one that the host keeps there is the host's
    if before.owns_stamp && !found.owns_stamp {
        changes.push(change("user_version", "the stamp of the last migration", is.user_version));
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{BackupFolder, Open};
    use crate::sqlite::{Pool as Connections, Settings};
    use std::sync::Arc;

    fn access(folder: &tempfile::TempDir, options: &Open) -> (Access, Vault) {
        let settings = Settings::new(Some(folder.path().join("a.db")), options);
        let vault = Vault::new(settings.identity(), &BackupFolder::default()).expect("sound options");
        (Access::Pool(Arc::new(Connections::open(settings).expect("opens").0)), vault)
    }

    fn at(steady_ms: u64) -> Moment {
        Moment { steady_ms, ..Moment::now() }
    }

    #[test]
    fn what_is_in_use_is_not_measured_and_a_look_is_no_wait_of_the_host() {
        let folder = tempfile::tempdir().expect("a folder");
        let (access, vault) = access(&folder, &Open { busy_timeout_ms: Some(0), ..Open::default() });
        let operation = Operation::new();
        let mut look = Look::default();
        let readings = look.take(&access, &vault, &operation, at(0));
        assert!(readings.config.is_some_and(|config| config.is_empty()) && readings.drift.is_some());
        assert!(readings.free_disk.is_some() && readings.wal.is_some() && readings.newest_backup.is_none());
        let writer = access.writer(&operation).expect("the writer");
        for second in 1..20 {
            let readings = look.take(&access, &vault, &operation, at(second * 1_000));
            assert!(readings.config.is_none() && readings.drift.is_none());
            assert_eq!(readings.locks, Some(Locks::default()), "after {second} looks");
        }
        assert!(access.writer(&operation).is_err());
        let readings = look.take(&access, &vault, &operation, at(20_000));
        assert_eq!(readings.locks, Some(Locks { waited: 1, gave_up: 1 }), "the host's own counts");
        drop(writer);
        assert!(look.take(&access, &vault, &operation, at(21_000)).config.is_some());
    }

    #[test]
    fn where_no_file_has_moved_the_connection_is_asked_at_each_tenth_look() {
        let folder = tempfile::tempdir().expect("a folder");
        let (access, vault) = access(&folder, &Open::default());
        let operation = Operation::new();
        let mut look = Look::default();
        // the first to write makes the log
        access.writer(&operation).expect("the writer").execute_batch("CREATE TABLE t (a)").expect("creates");
        // long enough after the last write that a later one would show
        let wall_ms = Moment::now().wall_ms + 2 * SETTLED_MS;
        let mut config = |second: u64| {
            let now = Moment { steady_ms: second * 1_000, wall_ms };
            look.take(&access, &vault, &operation, now).config.map(|changes| changes.len())
        };
        assert_eq!(config(0), Some(0));
        let writer = access.writer(&operation).expect("the writer");
        for second in 1..LOOKS_PER_LONG_ONE {
            assert_eq!(config(second), Some(0), "look {second}: as it was");
        }
        assert_eq!((config(10), config(11)), (None, None), "in use");
        writer.execute_batch("PRAGMA synchronous = OFF").expect("sets");
        drop(writer);
        assert_eq!(config(12), Some(1), "asked until it answers");
        assert_eq!(config(13), Some(1));
    }

    #[test]
    fn waits_are_forgotten_after_a_minute() {
        let folder = tempfile::tempdir().expect("a folder");
        let (access, vault) = access(&folder, &Open { busy_timeout_ms: Some(1), ..Open::default() });
        let operation = Operation::new();
        let mut look = Look::default();
        look.take(&access, &vault, &operation, at(0));
        let writer = access.writer(&operation).expect("the writer");
        for _ in 0..5 {
            assert!(access.writer(&operation).is_err());
        }
        drop(writer);
        let mut seen = Vec::new();
        for second in 1..=63 {
            seen.push(
                look.take(&access, &vault, &operation, at(second * 1_000)).locks.map_or(0, |locks| locks.gave_up),
            );
        }
        assert_eq!((seen[0], seen[55], seen[62]), (5, 5, 0), "{seen:?}");
    }
}
