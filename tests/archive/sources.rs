//! What a restore without a manifest takes for a database, and what it refuses: a file that is not all of it.

use super::*;
use crate::crash::copy_files;
use crate::support::{bytes, refusal};

const WITHOUT: &str = r#"{"without_manifest": true}"#;

/// Makes a database with another program's SQLite, and a copy of its files as a kill at that moment would have left them.
fn left_behind(scene: &Scene, sql: &[&str]) -> PathBuf {
    let (alive, left) = (scene.scratch.path("alive.db"), scene.scratch.path("left.db"));
    crate::crash::remove_files(&alive);
    crate::crash::remove_files(&left);
    let raw = rusqlite::Connection::open(&alive).expect("opens");
    sql.iter().for_each(|sql| raw.execute_batch(sql).expect(sql));
    copy_files(&alive, &left);
    left
}

/// A copy of the raw bytes alone would lose what was committed to the log, and bring in what was never committed where a journal would
/// take it back.
#[test]
fn a_source_with_a_log_or_a_journal_beside_it_is_refused_until_sqlite_has_taken_that_in() {
    let scene = scene();
    let before = scene.contents();
    let rows = "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i, -1 FROM n";
    for (suffix, statements) in [
        ("-wal", ["PRAGMA journal_mode=wal", "CREATE TABLE t (i, v)", rows]),
        ("-journal", ["PRAGMA cache_size=5; CREATE TABLE t (i, v)", rows, "BEGIN; UPDATE t SET v = -2"]),
    ] {
        let left = left_behind(&scene, &statements);
        let beside = scene.scratch.path(&format!("left.db{suffix}"));
        let (file, log) = (bytes(&left), bytes(&beside));
        let names = scene.scratch.names();
        let error = scene.restore(&left, WITHOUT).expect_err("must be refused");
        assert_eq!(error.status().name(), "BACKUP_INVALID", "{error}");
        assert!(error.to_string().contains(&text(&beside)), "{error}");
        let target = scene.scratch.path("again.db");
        let request = request::Restore { without_manifest: true, ..request::Restore::default() };
        let outcome = Database::restore_file(&target, &left, &request::Open::default(), &request, &watch());
        assert_eq!(refusal(outcome), "BACKUP_INVALID");
        assert_eq!((scene.contents(), scene.scratch.names()), (before.clone(), names));
        assert!(bytes(&left) == file && bytes(&beside) == log, "the source is left as it was");

        let wanted = contents(&left);
        assert!(!beside.exists(), "SQLite has taken it in");
        scene.restore(&left, WITHOUT).expect("restores");
        assert_eq!(scene.contents(), wanted);
        assert!(
            wanted.contains("Integer(-1)") && !wanted.contains("Integer(-2)"),
            "what was committed and nothing else"
        );
        scene.database.undo_restore(&request::UndoRestore::default(), &watch()).expect("undoes");
    }
}

#[test]
fn a_journal_that_is_finished_is_no_obstacle() {
    let scene = scene();
    for mode in ["persist", "truncate"] {
        let set = format!("PRAGMA journal_mode={mode}");
        let left = left_behind(&scene, &[&set, "CREATE TABLE t (v)", "INSERT INTO t VALUES (4711)"]);
        assert!(scene.scratch.path("left.db-journal").exists(), "{mode}");
        scene.restore(&left, WITHOUT).expect(mode);
        assert!(scene.contents().contains("Integer(4711)"));
    }
}

/// What others write while it is read would be half in the copy; and the close of a second descriptor would drop the locks of
/// whoever has it open in this process.
#[cfg(target_os = "linux")]
/// Who opens a database in WAL mode for reading alone leaves such a log.
#[test]
fn an_empty_log_is_no_obstacle() {
    let scene = scene();
    let left = left_behind(&scene, &["CREATE TABLE t (i, v); INSERT INTO t VALUES (1, 2)"]);
    std::fs::write(scene.scratch.path("left.db-wal"), "").expect("writes");
    scene.restore(&left, WITHOUT).expect("restores");
    assert!(scene.contents().contains("Integer(2)"));
}

#[test]
fn a_source_that_somebody_has_open_is_refused() {
    let scene = scene();
    let path = scene.scratch.path("used.db");
    let raw = rusqlite::Connection::open(&path).expect("opens");
    raw.execute_batch("CREATE TABLE t (v); INSERT INTO t VALUES (4711)").expect("writes");
    let error = scene.restore(&path, WITHOUT).expect_err("must be refused");
    assert_eq!(error.status().name(), "BACKUP_INVALID", "{error}");
    assert!(error.to_string().contains("has it open"), "{error}");
    drop(raw);
    scene.restore(&path, WITHOUT).expect("nobody has it open any more");
    assert!(scene.contents().contains("Integer(4711)"));
}

#[test]
fn a_source_marked_for_wal_leaves_nothing_beside_the_database() {
    let scene = scene();
    let path = scene.scratch.path("other.db");
    let raw = rusqlite::Connection::open(&path).expect("opens");
    raw.execute_batch("PRAGMA journal_mode=wal; CREATE TABLE t (v); INSERT INTO t VALUES (7)").expect("writes");
    drop(raw);
    let (names, file) = (scene.scratch.names(), bytes(&path));
    assert_eq!(file[18..20], [2, 2], "it is marked for WAL");
    scene.restore(&path, r#"{"without_manifest": true, "dry_run": true}"#).expect("looks");
    assert_eq!(scene.scratch.names(), names);
    scene.restore(&path, r#"{"without_manifest": true, "backup": false}"#).expect("restores");
    assert_eq!(scene.scratch.names(), names);
    assert!(bytes(&path) == file && scene.contents().contains("Integer(7)"));
}

#[test]
fn an_empty_file_is_no_database_to_come_back_to() {
    let scene = scene();
    let before = scene.contents();
    scene.scratch.write("empty.db", "");
    let empty = scene.scratch.path("empty.db");
    let error = scene.restore(&empty, WITHOUT).expect_err("must be refused");
    assert_eq!(error.status().name(), "BACKUP_INVALID", "{error}");
    assert!(error.to_string().ends_with("it is empty"), "{error}");
    assert_eq!(scene.contents(), before);
    let target = scene.scratch.path("again.db");
    let request = request::Restore { without_manifest: true, ..request::Restore::default() };
    let outcome = Database::restore_file(&target, &empty, &request::Open::default(), &request, &watch());
    assert_eq!(refusal(outcome), "BACKUP_INVALID");
    assert!(!target.exists());
}
