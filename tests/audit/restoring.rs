//! Restores beside others that work: what they anchored and backed up of the past that went raises no alarm. Longer with
//! `RPMADB_TEST_ROUNDS`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::tampering::{Random, rounds};
use super::*;
use crate::support::text;

fn options(scratch: &Scratch, journal_mode: request::JournalMode) -> request::Open {
    let folder = scratch.migrations("m", &[("1_notes.sql", "CREATE TABLE notes (text);")]);
    let _ = std::fs::create_dir(scratch.path("backups"));
    let backup = request::BackupFolder {
        folder: Some(text(&scratch.path("backups"))),
        keep_last: Some(6),
        ..request::BackupFolder::default()
    };
    request::Open {
        migrations: Some(folder),
        busy_timeout_ms: Some(15_000),
        backup,
        journal_mode,
        ..request::Open::default()
    }
}

const MODES: [request::JournalMode; 2] = [request::JournalMode::Wal, request::JournalMode::Delete];

fn insert(database: &Database) -> Result<report::Query, Error> {
    query(database, "INSERT INTO notes VALUES (1)")
}

#[track_caller]
fn is_whole(database: &Database, when: &str) {
    let verify = verified(database);
    assert_eq!((verify.status, verify.findings), ("ok", Vec::new()), "{when}");
}

/// The line that tells of a restore was written before its lock was waited for, and what others committed and anchored until then
/// was asked for ever after.
#[test]
fn a_restore_beside_one_that_opens_writes_and_closes_is_no_tampering() {
    for round in 0..rounds().div_ceil(25) {
        for mode in MODES {
            let scratch = Scratch::new();
            let options = options(&scratch, mode);
            let open = || try_open(scratch.path("a.db"), &options).expect("opens").0;
            let database = open();
            (0..2).for_each(|_| drop(insert(&database).expect("inserts")));
            let backup = database.backup(None, &request::Backup::default(), &watch()).expect("backs up").path;
            let backup = backup.expect("has a path");
            let is_over = AtomicBool::new(false);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        // why ignored: the file may be replaced in the middle of an open, or before the insert, which is told
                        let Ok((database, _)) = try_open(scratch.path("a.db"), &options) else { continue };
                        drop(insert(&database));
                        database.close().expect("closes");
                        std::thread::sleep(Duration::from_millis(2));
                    }
                });
                std::thread::sleep(Duration::from_millis(150));
                let restore = || database.restore(Path::new(&backup), &request::Restore::default(), &watch());
                // why again: with a rollback journal it gives up where somebody writes all the time
                let restored = (0..50).map(|_| restore()).find(|outcome| !matches!(outcome, Err(Error::Busy { .. })));
                std::thread::sleep(Duration::from_millis(100));
                is_over.store(true, Ordering::Relaxed);
                restored.expect("is not busy for ever").expect("restores");
            });
            is_whole(&database, &format!("round {round}, {mode:?}"));
            database.close().expect("closes");
            is_whole(&open(), &format!("after another open, round {round}, {mode:?}"));
        }
    }
}

/// Opens, does a few things at random, and closes, again and again.
fn work(open: impl Fn() -> Option<Database>, restores: bool, random: &mut Random, end: Instant) {
    let prune = |keep| request::Audit {
        prune: Some(request::AuditPrune { keep_rows: Some(keep), ..request::AuditPrune::default() }),
        limit: Some(0),
        ..request::Audit::default()
    };
    while Instant::now() < end {
        let Some(database) = open() else { continue };
        for _ in 0..random.within(1, 6) {
            // why ignored: some of it fails because of what the other does; what is asked for is that the proof holds
            match random.within(0, 99) {
                0..70 => drop(insert(&database)),
                70..80 => drop(database.backup(None, &request::Backup::default(), &watch())),
                80..87 => drop(database.audit(&prune(random.within(1, 30)), &watch())),
                87..92 if restores => {
                    let found = database.backups(&watch()).expect("lists").backups;
                    let Some(last) = found.len().checked_sub(1) else { continue };
                    let at = usize::try_from(random.within(0, last as u64)).expect("fits");
                    drop(database.restore(Path::new(&found[at].path), &request::Restore::default(), &watch()));
                }
                _ => drop(database.checkpoint(
                    request::CheckpointMode::Truncate,
                    &request::Checkpoint::default(),
                    &watch(),
                )),
            }
        }
        database.close().expect("closes");
    }
}

#[test]
fn writers_backups_prunings_and_restores_of_many_at_once_are_no_tampering() {
    let seed = std::env::var("RPMADB_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    for mode in MODES {
        let scratch = Scratch::new();
        let options = options(&scratch, mode);
        let open = || try_open(scratch.path("a.db"), &options).expect("opens").0;
        let database = open();
        insert(&database).expect("inserts");
        database.backup(None, &request::Backup::default(), &watch()).expect("backs up");
        let end = Instant::now() + Duration::from_millis(rounds() * 30);
        let mut proofs = 0;
        std::thread::scope(|scope| {
            for number in 0..2 {
                let open = || try_open(scratch.path("a.db"), &options).ok().map(|(database, _)| database);
                scope.spawn(move || work(open, number == 0, &mut Random::new(seed + number), end));
            }
            while Instant::now() < end {
                let request = request::Audit { verify: true, limit: Some(0), ..request::Audit::default() };
                match database.audit(&request, &watch()) {
                    Ok(report) => {
                        let verify = report.verify.expect("was asked for");
                        assert_ne!(verify.status, "tampered", "seed {seed}, {mode:?}: {:?}", verify.findings);
                        proofs += 1;
                    }
                    Err(error) => assert_eq!(error.status().name(), "BUSY", "seed {seed}, {mode:?}: {error}"),
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        assert!(proofs > 10, "seed {seed}, {mode:?}: only {proofs} proofs");
        is_whole(&database, &format!("seed {seed}, {mode:?}"));
        database.close().expect("closes");
        is_whole(&open(), &format!("after another open, seed {seed}, {mode:?}"));
    }
}
