//! Faults of files: the disk, the log, backups, the schema, settings, pages.

use std::process::Command;

use rpmadb::report::{HealthStatus, Severity};
use rpmadb::{Role, request};

use super::{HEALTH, Scene, Seen, at_once, monitor};
use crate::support::{Scratch, text, wait_until, watch};

fn with_backups(scratch: &Scratch, options: &mut request::Open) {
    std::fs::create_dir(scratch.path("b")).expect("makes");
    options.backup.folder = Some(text(&scratch.path("b")));
}

/// A scene with a folder and a backup in it.
fn backed_up() -> Scene {
    let scene = Scene::unwatched(with_backups);
    scene.back_up();
    scene.watch(&monitor(at_once()));
    scene
}

/// The disk cannot be filled in a test; the limit is moved instead, so that the alert ends with its monitor.
#[test]
fn a_disk_with_too_little_space() {
    let scene = Scene::new();
    let seen = Seen {
        status: HealthStatus::Critical,
        costs: 61,
        key: "disk_space",
        severity: Severity::Critical,
        says: &["bytes are free on the file system of the database"],
        ..Seen::default()
    };
    let key = scene.breaks(&seen, || {
        scene.database.monitor_stop().expect("stops");
        let limits = request::AlertLimits { disk_free_bytes: Some(1 << 59), ..at_once() };
        scene.watch(&monitor(limits));
    });
    assert!(scene.health().score <= 39);
    scene.is_recorded(&key, "pending to firing");
    scene.database.monitor_stop().expect("stops");
    scene.watch(&monitor(at_once()));
    assert_eq!((scene.health().status, scene.health().score), (HealthStatus::Ok, 100));
}

#[test]
fn a_ballast_that_is_gone() {
    let scene = Scene::with(at_once(), |_, options| options.ballast_bytes = Some(1 << 20));
    let seen = Seen {
        check: "ballast",
        remedy: &["free twice"],
        key: "health:ballast",
        says: &["ballast", "run a checkpoint"],
        window: HEALTH,
        ..Seen::default()
    };
    let key = scene.breaks(&seen, || std::fs::remove_file(scene.path("a.db-ballast")).expect("removes"));
    scene.mends(&key, || {
        let request = request::Checkpoint::default();
        scene.database.checkpoint(request::CheckpointMode::Passive, &request, &watch()).expect("moves");
    });
}

/// What reads the log's beginning and does not end.
const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT count(*) FROM users UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";

fn log_is_held(scene: &Scene, seen: &Seen<'_>, rows: u32) {
    let rita = scene.actor("rita", Role::Supervisor);
    let operation = watch();
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| rita.query(ENDLESS, None, &operation).is_err());
        wait_until("she reads", || scene.check("pool").is_some_and(|check| check.value == 1));
        let key = scene.breaks(seen, || scene.fill(rows));
        scene.mends(&key, || {
            operation.cancel();
            assert!(reading.join().expect("no panic"));
            let request = request::Checkpoint::default();
            wait_until("the log is cut", || {
                let mode = request::CheckpointMode::Truncate;
                scene.database.checkpoint(mode, &request, &watch()).is_ok_and(|report| !report.busy)
            });
        });
    });
}

#[test]
fn a_log_that_grows_because_a_reader_holds_it() {
    let scene = Scene::with(request::AlertLimits { wal_bytes: Some(2 << 20), ..at_once() }, |_, _| {});
    let says = &["the call query of rita of the role supervisor (WITH RECURSIVE n(i)", "holds it"];
    log_is_held(&scene, &Seen { key: "wal_size", says, ..Seen::default() }, 300);
}

#[test]
fn a_log_that_is_not_moved_into_the_file() {
    let scene = Scene::new();
    let seen = Seen {
        check: "checkpoint_backlog",
        remedy: &["end long read transactions"],
        key: "health:checkpoint_backlog",
        says: &["checkpoint_backlog", "run a checkpoint"],
        window: HEALTH,
        ..Seen::default()
    };
    log_is_held(&scene, &seen, 4_300);
}

fn remove_backups(scene: &Scene) {
    for entry in std::fs::read_dir(scene.path("b")).expect("lists") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            std::fs::remove_file(path).expect("removes");
        }
    }
}

#[test]
fn backups_that_somebody_removed_while_only_an_unverified_one_is_left() {
    let scene = backed_up();
    let seen = Seen {
        check: "backup_age",
        remedy: &["make one"],
        key: "backup_age",
        says: &["there is no verified backup"],
        ..Seen::default()
    };
    let key = scene.breaks(&seen, || {
        remove_backups(&scene);
        let request = request::Backup { verify: Some(request::Depth::None), ..request::Backup::default() };
        assert!(!scene.database.backup(None, &request, &watch()).expect("backs up").verified);
    });
    scene.mends(&key, || assert!(scene.back_up().verified));
}

#[test]
fn a_backup_that_is_much_bigger_than_the_one_before() {
    let scene = backed_up();
    let seen = Seen { key: "backup_size_jump", says: &["% bigger than the one before"], ..Seen::default() };
    let key = scene.breaks(&seen, || {
        scene.fill(200);
        scene.back_up();
    });
    scene.mends(&key, || drop(scene.back_up()));
}

#[test]
fn a_folder_of_backups_that_is_gone() {
    let scene = backed_up();
    let seen = Seen {
        check: "backup_age",
        remedy: &["/b"],
        costs: 25,
        key: "health:backup_age",
        says: &["/b"],
        window: HEALTH,
        ..Seen::default()
    };
    let key = scene.breaks(&seen, || std::fs::rename(scene.path("b"), scene.path("c")).expect("moves"));
    scene.mends(&key, || std::fs::rename(scene.path("c"), scene.path("b")).expect("moves"));
}

#[test]
fn a_setting_of_the_file_that_a_stranger_changes() {
    for (set, unset, says) in [
        ("PRAGMA application_id = 99", "PRAGMA application_id = 0", "application_id is 99, not 0"),
        ("PRAGMA auto_vacuum = 1; VACUUM", "PRAGMA auto_vacuum = 0; VACUUM", "auto_vacuum is 1, not 0"),
    ] {
        let scene = Scene::new();
        let stranger = scene.stranger();
        let seen = Seen { key: "config_changed", says: &[says], ..Seen::default() };
        let key = scene.breaks(&seen, || stranger.execute_batch(set).expect(set));
        scene.mends(&key, || stranger.execute_batch(unset).expect(unset));
    }
}

#[test]
fn a_schema_that_is_changed_by_hand() {
    let scene = Scene::new();
    let stranger = scene.stranger();
    let seen = Seen {
        check: "migrations",
        remedy: &["changed by hand"],
        key: "drift",
        says: &["index by_hand"],
        ..Seen::default()
    };
    let key = scene.breaks(&seen, || stranger.execute_batch("CREATE INDEX by_hand ON big (b)").expect("makes"));
    scene.mends(&key, || stranger.execute_batch("DROP INDEX by_hand").expect("drops"));
}

#[test]
fn a_migration_that_waits() {
    let scene = Scene::new();
    let seen = Seen {
        check: "migrations",
        remedy: &["run migrate"],
        key: "health:migrations",
        says: &["run migrate"],
        window: HEALTH,
        ..Seen::default()
    };
    let key = scene.breaks(&seen, || drop(scene.scratch.write("m/002_more.sql", "CREATE TABLE more (x);\n")));
    scene.mends(&key, || {
        scene.database.migrate(&request::Migrate::default(), &watch()).expect("migrates");
    });
}

#[test]
fn a_file_that_is_moved_away_while_it_is_open() {
    let scene = Scene::new();
    let seen = Seen {
        check: "file",
        remedy: &["was replaced or removed"],
        status: HealthStatus::Critical,
        costs: 61,
        key: "health:file",
        severity: Severity::Critical,
        says: &["look where the file went"],
        window: HEALTH,
    };
    let key = scene.breaks(&seen, || std::fs::rename(scene.path("a.db"), scene.path("away.db")).expect("moves"));
    assert!(scene.health().score <= 39);
    scene.mends(&key, || std::fs::rename(scene.path("away.db"), scene.path("a.db")).expect("moves"));
}

#[test]
fn a_file_that_is_replaced_by_another_while_it_is_open() {
    let scene = Scene::new();
    let seen = Seen {
        check: "file",
        status: HealthStatus::Critical,
        costs: 61,
        key: "health:file",
        severity: Severity::Critical,
        says: &["was replaced"],
        window: HEALTH,
        ..Seen::default()
    };
    scene.breaks(&seen, || {
        scene.scratch.write("other.db", "");
        std::fs::rename(scene.path("other.db"), scene.path("a.db")).expect("replaces");
    });
}

/// The check is run again by hand here; by itself it comes each day.
#[test]
fn a_page_that_is_damaged() {
    let scene = Scene::new();
    scene.fill(50);
    let request = request::Checkpoint::default();
    scene.database.checkpoint(request::CheckpointMode::Truncate, &request, &watch()).expect("moves");
    let seen = Seen {
        check: "integrity",
        remedy: &["restore the newest verified backup"],
        status: HealthStatus::Critical,
        costs: 61,
        key: "integrity",
        severity: Severity::Critical,
        says: &["the file is damaged: "],
        ..Seen::default()
    };
    scene.breaks(&seen, || {
        // why another process: to open the file here would drop the locks on it
        let sql = "SELECT pageno FROM dbstat WHERE name = 'big' AND pagetype = 'leaf' LIMIT 1";
        let page = scene.stranger().query_row(sql, [], |row| row.get::<_, i64>(0)).expect("has pages");
        let mut dd = Command::new("dd");
        dd.args(["if=/dev/urandom", "conv=notrunc", "bs=4096", "count=1", "status=none"]);
        dd.arg(format!("of={}", text(&scene.path("a.db")))).arg(format!("seek={}", page - 1));
        assert!(dd.status().expect("runs").success());
        scene.watch_anew(&monitor(at_once()));
    });
    assert!(scene.health().score <= 39);
}

#[test]
fn rows_that_point_nowhere() {
    let scene = Scene::new();
    let seen = Seen { key: "foreign_keys", says: &["row 7 of child points nowhere in parent"], ..Seen::default() };
    let stranger = scene.stranger();
    let key = scene.breaks(&seen, || {
        stranger.execute_batch("PRAGMA foreign_keys = OFF; INSERT INTO child VALUES (7, 70)").expect("writes");
        scene.watch_anew(&monitor(at_once()));
    });
    scene.is_recorded(&key, "pending to firing");
    scene.query("DELETE FROM child");
    scene.watch_anew(&monitor(at_once()));
    assert!(scene.alert(&key).is_none());
    assert_eq!((scene.health().status, scene.health().score), (HealthStatus::Ok, 100));
}

#[test]
fn users_that_are_all_gone() {
    let mut scene = Scene::unwatched(|_, _| {});
    scene.asked.require_users = true;
    scene.watch(&request::Monitor { require_users: true, ..monitor(at_once()) });
    let seen = Seen {
        check: "users",
        remedy: &["the table users is empty"],
        status: HealthStatus::Critical,
        costs: 61,
        key: "health:users",
        severity: Severity::Critical,
        says: &["add the first user"],
        window: HEALTH,
    };
    let key = scene.breaks(&seen, || scene.query("DELETE FROM users"));
    scene.mends(&key, || scene.query("INSERT INTO users VALUES (2, 'bob')"));
}
