//! A backup comes back in place of the database, and what was there can come back again.

use super::*;
use crate::support::refusal;

#[test]
fn a_restore_can_be_undone_and_redone() {
    let scene = scene();
    let path = scene.backup("{}");
    let old = scene.contents();
    scene.query("DELETE FROM plain");
    let new = scene.contents();
    let report = scene.restore(&path, "{}").expect("restores");
    assert_eq!((report.method, report.schema_version), ("rename", 2));
    assert!(report.backup.is_some() && report.warnings.is_empty());
    assert_eq!(scene.contents(), old);
    let undone = scene.database.undo_restore(&request::UndoRestore::default(), &watch()).expect("undoes");
    assert_eq!(Some(undone.path), report.backup);
    assert_eq!(scene.contents(), new);
    scene.database.undo_restore(&request::UndoRestore::default(), &watch()).expect("redoes");
    assert_eq!(scene.contents(), old);
    scene.query("INSERT INTO plain (a) VALUES ('it works on')");
    assert_eq!(
        scene.database.health(&request::Health::default(), &watch()).expect("looks").status,
        report::HealthStatus::Ok
    );
}

#[test]
fn while_others_have_it_open_a_restore_is_one_transaction() {
    let scene = scene();
    let path = scene.backup("{}");
    let old = scene.contents();
    scene.query("DELETE FROM plain");
    let other = rusqlite::Connection::open(scene.path()).expect("opens");
    other.execute_batch("BEGIN; SELECT count(*) FROM plain").expect("reads");
    let report = scene.restore(&path, r#"{"busy_timeout_ms": 200}"#).expect("restores");
    assert_eq!(report.method, "transaction");
    let seen: i64 = other.query_row("SELECT count(*) FROM plain", [], |row| row.get(0)).expect("counts");
    assert_eq!(seen, 0, "a reader keeps its state");
    other.execute_batch("COMMIT").expect("ends");
    let seen: i64 = other.query_row("SELECT count(*) FROM plain", [], |row| row.get(0)).expect("counts");
    assert_eq!(seen, 601);
    drop(other);
    assert_eq!(scene.contents(), old);
}

#[test]
fn a_dry_run_changes_nothing_and_a_bad_backup_neither() {
    let scene = scene();
    let path = scene.backup("{}");
    scene.query("DELETE FROM plain");
    let now = scene.contents();
    let report = scene.restore(&path, r#"{"dry_run": true}"#).expect("looks");
    assert!(report.dry_run && report.method == "none" && report.backup.is_none());
    assert_eq!(scene.contents(), now);
    let names = scene.scratch.names();
    let mut bytes = std::fs::read(&path).expect("reads");
    bytes[5000] ^= 1;
    std::fs::write(&path, bytes).expect("writes");
    assert_eq!(refusal(scene.restore(&path, "{}")), "BACKUP_INVALID");
    assert_eq!(scene.contents(), now);
    assert_eq!(scene.scratch.names(), names, "nothing is left behind");
    assert_eq!(refusal(scene.restore(&scene.path(), "{}")), "SAME_FILE");
    assert_eq!(refusal(scene.restore(Path::new("nowhere.db"), "{}")), "NOT_FOUND");
}

#[test]
fn a_newer_schema_is_refused_unless_it_is_wanted() {
    let scene = scene();
    let folder = scene.scratch.migrations("older", &[("1_tables.sql", TABLES)]);
    let path = scene.backup("{}");
    let options = request::Open { migrations: Some(folder), ..request::Open::default() };
    let (older, _) = try_open(scene.scratch.path("older.db"), &options).expect("opens");
    let restore = |options: &str| {
        let request = <request::Restore as request::Request>::from_json(Some(options)).expect("options");
        older.restore(&path, &request, &watch())
    };
    assert_eq!(refusal(restore("{}")), "DATABASE_TOO_NEW");
    restore(r#"{"allow_newer": true}"#).expect("is wanted");
}

#[test]
fn another_page_size_comes_back_by_rename_and_is_refused_while_others_have_it_open() {
    let scene = scene();
    let other_size = scene.scratch.path("other.db");
    let raw = rusqlite::Connection::open(&other_size).expect("opens");
    raw.execute_batch("PRAGMA page_size = 8192; CREATE TABLE only (x); INSERT INTO only VALUES (1)").expect("makes");
    drop(raw);
    let options = request::Open { migrate: Some(false), ..request::Open::default() };
    let (source, _) = try_open(&other_size, &options).expect("opens");
    let path = scene.scratch.path("copy.db");
    source.backup(Some(&path), &request::Backup::default(), &watch()).expect("backs up");
    let guest = rusqlite::Connection::open(scene.path()).expect("opens");
    guest.execute_batch("BEGIN; SELECT count(*) FROM plain").expect("reads");
    assert_eq!(refusal(scene.restore(&path, r#"{"busy_timeout_ms": 100}"#)), "UNSUPPORTED");
    drop(guest);
    assert_eq!(scene.restore(&path, "{}").expect("restores").method, "rename");
    assert!(scene.contents().contains("CREATE TABLE only"));
}

#[test]
fn a_missing_or_damaged_database_comes_back_from_a_file() {
    let scene = scene();
    let path = scene.backup("{}");
    let wanted = scene.contents();
    let target = scene.scratch.path("again.db");
    let restore = || {
        let (options, request) =
            (request::Open::default(), request::Restore { allow_newer: true, ..Default::default() });
        Database::restore_file(&target, &path, &options, &request, &watch())
    };
    let report = restore().expect("restores");
    assert_eq!((report.kept, contents(&target)), (None, wanted.clone()));
    std::fs::write(&target, b"this is no database at all, however long it may be").expect("writes");
    scene.scratch.write("again.db-wal", "old");
    let report = restore().expect("restores");
    let kept = report.kept.expect("is kept");
    assert!(std::fs::read(&kept).expect("reads").starts_with(b"this is no database"));
    assert!(Path::new(&format!("{kept}-wal")).exists() && !scene.scratch.path("again.db-wal").exists());
    assert_eq!(contents(&target), wanted);
}

#[test]
fn a_database_that_is_missing_comes_back_where_its_link_leads_to() {
    let scene = scene();
    let path = scene.backup("{}");
    let wanted = scene.contents();
    std::fs::create_dir(scene.scratch.path("volume")).expect("makes");
    std::os::unix::fs::symlink("volume/real.db", scene.scratch.path("inner.db")).expect("links");
    std::os::unix::fs::symlink(scene.scratch.path("inner.db"), scene.scratch.path("link.db")).expect("links");
    let request = request::Restore { allow_newer: true, ..Default::default() };
    let restore = |target: &Path| Database::restore_file(target, &path, &request::Open::default(), &request, &watch());
    assert_eq!(restore(&scene.scratch.path("link.db")).expect("restores").kept, None);
    assert!(scene.scratch.path("link.db").is_symlink() && scene.scratch.path("inner.db").is_symlink());
    assert_eq!(contents(&scene.scratch.path("volume/real.db")), wanted);
    std::os::unix::fs::symlink("round.db", scene.scratch.path("round.db")).expect("links");
    assert!(restore(&scene.scratch.path("round.db")).is_err() && scene.scratch.path("round.db").is_symlink());
}

#[test]
fn what_names_no_file_is_refused_as_an_argument() {
    let scene = scene();
    let path = scene.backup("{}");
    let empty = Path::new("");
    let (open, request) = (request::Open::default(), request::Restore::default());
    assert_eq!(refusal(scene.verify(empty, "{}")), "INVALID_ARGUMENT");
    assert_eq!(refusal(scene.restore(empty, "{}")), "INVALID_ARGUMENT");
    assert_eq!(refusal(scene.database.pin(empty, &request::Pin::default(), &watch())), "INVALID_ARGUMENT");
    for database in ["", ":memory:"] {
        let outcome = Database::restore_file(database, &path, &open, &request, &watch());
        assert_eq!(refusal(outcome), "INVALID_ARGUMENT", "{database}");
    }
    let outcome = scene.database.backup(Some(Path::new(":memory:")), &request::Backup::default(), &watch());
    assert_eq!(refusal(outcome), "INVALID_ARGUMENT");
    assert!(!Path::new(":memory:").exists());
}

#[test]
fn a_backup_does_not_come_back_in_the_place_of_a_file_beside_a_database() {
    let scene = scene();
    let path = scene.backup("{}");
    let Scene { scratch, database } = scene;
    drop(database);
    let anchors = crate::support::bytes(&scratch.path("app.db-audit"));
    for suffix in ["-wal", "-shm", "-journal", "-audit", "-monitor", "-ballast", "-restored"] {
        let target = scratch.path(&format!("app.db{suffix}"));
        let request = request::Restore { allow_newer: true, ..Default::default() };
        let outcome = Database::restore_file(&target, &path, &request::Open::default(), &request, &watch());
        assert_eq!(refusal(outcome), "SAME_FILE", "{suffix}");
    }
    assert_eq!(crate::support::bytes(&scratch.path("app.db-audit")), anchors);
    let target = scratch.path("alone.db-audit");
    let request = request::Restore { allow_newer: true, ..Default::default() };
    Database::restore_file(&target, &path, &request::Open::default(), &request, &watch()).expect("a name like others");
}

#[test]
fn what_a_restore_replaces_is_kept_by_its_name_and_not_copied() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let scene = scene();
    let path = scene.backup("{}");
    std::fs::set_permissions(scene.path(), std::fs::Permissions::from_mode(0o640)).expect("sets");
    let file = |path: &Path| std::fs::metadata(path).expect("is there");
    let old = file(&scene.path()).ino();
    let report = scene.restore(&path, "{}").expect("restores");
    let kept = report.backup.expect("is kept");
    assert_eq!(file(Path::new(&kept)).ino(), old, "the file itself");
    assert_eq!((file(Path::new(&kept)).nlink(), file(Path::new(&kept)).mode() & 0o777), (1, 0o600));
    assert_eq!(file(&scene.path()).mode() & 0o777, 0o640, "the new one has the mode of the old one");
    let full = request::Verify { depth: Some(request::Depth::Full), ..Default::default() };
    assert!(scene.database.verify(Path::new(&kept), &full, &watch()).is_ok());

    // why copied: whoever uses the second name would change the backup
    std::fs::hard_link(scene.path(), scene.scratch.path("second-name.db")).expect("links");
    let old = file(&scene.path()).ino();
    let report = scene.restore(&path, "{}").expect("restores");
    assert_eq!(report.method, "rename");
    let kept = report.backup.expect("is kept");
    assert_ne!(file(Path::new(&kept)).ino(), old);
    assert!(scene.database.verify(Path::new(&kept), &full, &watch()).is_ok());
}

/// A restore that was killed before the new file had the name left the database with two names, and one of them was a backup's. If
/// that stayed when the database had grown meanwhile, the next restore from it, or a look into it with another program, would
/// be one at a live file.
#[test]
fn the_second_name_of_a_database_is_taken_away_and_a_backup_with_two_names_is_not() {
    let scene = scene();
    let path = scene.backup("{}");
    let kept = scene.restore(&path, "{}").expect("restores").backup.expect("is kept");
    let (kept, manifest) = (Path::new(&kept), format!("{kept}.manifest.json"));
    let name = kept.file_name().expect("a name").to_string_lossy().into_owned();
    let hidden = kept.with_file_name(format!(".{name}.1-1.manifest.partial"));
    let hide = || std::fs::rename(&manifest, &hidden).expect("hides");
    let next = || {
        scene.backup("{}");
        (kept.exists(), Path::new(&manifest).exists(), hidden.exists())
    };

    std::fs::hard_link(kept, scene.scratch.path("snapshot.db")).expect("links");
    hide();
    assert_eq!(next(), (true, true, false), "killed behind the rename: a backup, whatever other names it has");

    std::fs::remove_file(kept).expect("removes");
    std::fs::hard_link(scene.path(), kept).expect("links");
    hide();
    scene.query("INSERT INTO plain (a) SELECT hex(zeroblob(900)) FROM plain");
    let _ = scene.database.checkpoint(rpmadb::CheckpointMode::Truncate, &request::Checkpoint::default(), &watch());
    let before = scene.contents();
    assert_eq!(next(), (false, false, false), "killed before it: the database, which keeps its own name");
    assert_eq!(scene.contents(), before);
}

/// Somebody else's long backup into the same folder must not keep everybody from the database that is restored.
#[test]
fn while_a_restore_waits_for_the_backup_folder_the_database_can_be_used() {
    use nix::fcntl::{Flock, FlockArg};
    let scene = scene();
    let path = scene.backup("{}");
    let lock = path.with_file_name(".rpmadb-backups.lock");
    let file = std::fs::File::options().create(true).truncate(false).write(true).open(lock).expect("opens");
    let held = Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, errno)| errno).expect("locks");
    std::thread::scope(|scope| {
        let restore = scope.spawn(|| scene.restore(&path, "{}").map(|report| report.method));
        let other = rusqlite::Connection::open(scene.path()).expect("opens");
        other.busy_timeout(std::time::Duration::ZERO).expect("sets");
        let until = std::time::Instant::now() + std::time::Duration::from_millis(400);
        while std::time::Instant::now() < until {
            other.execute("INSERT INTO plain (a) VALUES ('meanwhile')", []).expect("writes");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(!restore.is_finished(), "it waits");
        drop((other, held));
        assert_eq!(restore.join().expect("ends").expect("restores"), "rename");
    });
}

/// A database that is closed may have a log with all that was committed last. To remove it before the new file has the name
/// would lose that if the process died in between.
#[test]
fn a_restore_into_a_closed_file_leaves_the_old_or_the_new_database_wherever_it_dies() {
    use std::sync::{Arc, Mutex};
    let scene = scene();
    let path = scene.backup("{}");
    let new = scene.contents();
    let (target, look) = (scene.scratch.path("again.db"), scene.scratch.path("look.db"));
    let raw = rusqlite::Connection::open(scene.scratch.path("alive.db")).expect("opens");
    raw.execute_batch("PRAGMA journal_mode=wal; CREATE TABLE old (n); INSERT INTO old VALUES (1)").expect("writes");
    // why a copy while it is open: the log would be taken in at the close
    crate::crash::copy_files(&scene.scratch.path("alive.db"), &target);
    let old = contents(&scene.scratch.path("alive.db"));
    assert!(old.contains("CREATE TABLE old") && scene.scratch.path("again.db-wal").exists());
    let (operation, seen) = (watch(), Arc::new(Mutex::new(Vec::new())));
    let (noted, from) = (Arc::clone(&seen), target.clone());
    operation.on_boundary(Some(Arc::new(move |place| {
        crate::crash::remove_files(&look);
        crate::crash::copy_files(&from, &look);
        noted.lock().expect("whole").push((place.to_owned(), contents(&look)));
    })));
    let request = request::Restore { allow_newer: true, ..Default::default() };
    let report = Database::restore_file(&target, &path, &request::Open::default(), &request, &operation);
    let kept = report.expect("restores").kept.expect("is kept");
    let seen = seen.lock().expect("whole");
    assert!(seen.len() >= 4, "{seen:?}");
    for (place, found) in seen.iter() {
        let wanted = if place == "the database was replaced" { &new } else { &old };
        assert_eq!(found, wanted, "{place}");
    }
    assert_eq!((contents(&target), contents(Path::new(&kept))), (new, old));
}

#[test]
fn a_file_without_a_manifest_comes_back_only_when_that_is_said() {
    let scene = scene();
    let path = scene.backup("{}");
    let wanted = scene.contents();
    std::fs::remove_file(format!("{}.manifest.json", path.display())).expect("removes");
    assert_eq!(refusal(scene.restore(&path, "{}")), "BACKUP_INVALID");
    scene.query("DELETE FROM plain");
    let report = scene.restore(&path, r#"{"without_manifest": true}"#).expect("restores");
    assert_eq!(report.warnings.len(), 1);
    assert_eq!(scene.contents(), wanted);
}

#[test]
fn nothing_that_was_acknowledged_before_a_restore_is_lost_to_its_backup() {
    use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
    for mode in ["wal", "delete"] {
        let scene = scene_with(&format!(r#"{{"journal_mode": "{mode}"}}"#));
        scene.query("CREATE TABLE log (n INTEGER PRIMARY KEY)");
        let path = scene.backup("{}");
        let (stop, acknowledged) = (AtomicBool::new(false), AtomicI64::new(0));
        let report = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let other = rusqlite::Connection::open(scene.path()).expect("opens");
                other.busy_timeout(std::time::Duration::from_secs(20)).expect("sets");
                let mut n = 0;
                // why the check of the first row: after the restore the table is empty, and what is written then is its own
                while !stop.load(Ordering::Acquire) {
                    n += 1;
                    let count = "INSERT INTO log SELECT ?1 WHERE ?1 = 1 OR EXISTS (SELECT 1 FROM log WHERE n = 1)";
                    match other.execute(count, [n]) {
                        Ok(1) => acknowledged.store(n, Ordering::Release),
                        _ => break,
                    }
                    // why a pause now and then: a database with a rollback journal is looked at anew as long as somebody writes
                    if mode == "delete" {
                        std::thread::sleep(std::time::Duration::from_millis(n as u64 % 400));
                    }
                }
            });
            while acknowledged.load(Ordering::Acquire) < 20 {
                std::thread::yield_now();
            }
            let report = scene.restore(&path, r#"{"busy_timeout_ms": 20000}"#);
            // why before it is looked at: the writer would go on for ever behind a failure
            stop.store(true, Ordering::Release);
            writer.join().expect("ends");
            report.expect("restores")
        });
        assert_eq!(report.method, "transaction", "{mode}");
        let kept = rusqlite::Connection::open(report.backup.expect("was made")).expect("opens");
        let last: i64 = kept.query_row("SELECT max(n) FROM log", [], |row| row.get(0)).expect("asks");
        assert_eq!(last, acknowledged.load(Ordering::Acquire), "{mode}");
    }
}

#[test]
fn an_undo_brings_back_what_the_last_restore_replaced_or_nothing() {
    let scene = scene();
    let path = scene.backup("{}");
    scene.query("DELETE FROM plain");
    scene.restore(&path, "{}").expect("restores");
    scene.query("DELETE FROM keyed");
    scene.restore(&path, r#"{"backup": false}"#).expect("restores and keeps nothing");
    let undo = || scene.database.undo_restore(&request::UndoRestore::default(), &watch());
    assert_eq!(refusal(undo()), "NOT_FOUND", "the backup of an earlier restore is not what this one replaced");
    scene.restore(&path, "{}").expect("restores");
    let blocker = rusqlite::Connection::open(scene.path()).expect("opens");
    blocker.execute_batch("BEGIN IMMEDIATE").expect("locks");
    let before = scene.database.backups(&watch()).expect("lists").backups.len();
    assert_eq!(refusal(scene.restore(&path, r#"{"busy_timeout_ms": 50}"#)), "BUSY");
    assert_eq!(scene.database.backups(&watch()).expect("lists").backups.len(), before, "a failed one leaves no backup");
    drop(blocker);
}

/// What it replaced was forgotten before anything was replaced anew.
#[test]
fn a_restore_that_fails_leaves_the_one_before_it_to_be_undone() {
    let scene = scene();
    let backup = scene.backup("{}");
    scene.query("DELETE FROM plain");
    let before = scene.contents();
    let other = rusqlite::Connection::open(scene.path()).expect("opens");
    other.execute_batch("SELECT * FROM plain").expect("reads");
    let report = scene.restore(&backup, "{}").expect("restores");
    assert_eq!(report.method, "transaction", "somebody else has it open");
    let anchors = std::fs::File::options().append(true).open(scene.scratch.path("app.db-audit")).expect("opens");
    let held = nix::fcntl::Flock::lock(anchors, nix::fcntl::FlockArg::LockExclusive).expect("locks");
    assert_eq!(refusal(scene.restore(&backup, "{}")), "BUSY");
    drop(held);
    scene.database.undo_restore(&request::UndoRestore::default(), &watch()).expect("undoes the first");
    assert_eq!(scene.contents(), before);
}

/// A restore while a backup was being made made the proof look for a head that was gone: the backup said that it was made after it.
#[test]
fn a_backup_is_of_the_time_at_which_it_looked() {
    let scene = scene();
    let (operation, looked) = (watch(), std::sync::Arc::new(std::sync::OnceLock::new()));
    let noted = std::sync::Arc::clone(&looked);
    operation.on_boundary(Some(std::sync::Arc::new(move |place| {
        if place == "a backup is about to be written" {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
            noted.get_or_init(|| i64::try_from(now.as_millis()).expect("fits"));
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    })));
    let made = scene.database.backup(None, &request::Backup::default(), &operation).expect("backs up");
    let text = std::fs::read_to_string(made.manifest.expect("has one")).expect("reads");
    let manifest: serde_json::Value = serde_json::from_str(&text).expect("is JSON");
    let made = manifest["manifest"]["created_at"].as_i64().expect("is told");
    assert!(made <= *looked.get().expect("was there"), "{manifest}");
}
