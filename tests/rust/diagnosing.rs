//! What `diagnostics` finds beside damage: settings, the log, indexes, disks, file modes, the SQLite inside.

use std::collections::BTreeSet;

use super::*;

fn indexes(database: &Database) -> report::Indexes {
    diagnostics(database).indexes.expect("examined")
}

#[test]
fn a_handle_has_the_settings_it_was_asked_for() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    assert_eq!(diagnostics(&empty(&scratch)).pragma_findings, Some(vec![]));
    for options in [
        request::Open { foreign_keys: Some(false), trusted_schema: true, defensive: Some(false), ..bare() },
        request::Open { synchronous: request::Synchronous::Extra, ..bare() },
        request::Open { journal_mode: request::JournalMode::Keep, busy_timeout_ms: Some(77), ..bare() },
        request::Open { journal_mode: request::JournalMode::Persist, ..bare() },
        request::Open { read_only: true, migrate: None, ..bare() },
    ] {
        let database = try_open(&path, &options).expect("opens").0;
        assert_eq!(diagnostics(&database).pragma_findings, Some(vec![]), "{options:?}");
    }
    assert_eq!(diagnostics(&try_open(":memory:", &bare()).expect("opens").0).pragma_findings, Some(vec![]));
}

#[test]
fn a_setting_that_is_not_in_force_is_found() {
    let scratch = Scratch::new();
    let options = request::Open { mmap_size_bytes: Some(1 << 50), ..bare() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let found = diagnostics(&database).pragma_findings.expect("measured");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].pragma, &found[0].expected), ("mmap_size", &json!(1_u64 << 50)), "SQLite maps 2 GiB at most");
    assert!(found[0].actual.as_u64().is_some_and(|bytes| bytes < 1 << 31), "{found:?}");
}

#[test]
fn a_journal_that_somebody_switched_is_found() {
    let scratch = Scratch::new();
    let options = request::Open { journal_mode: request::JournalMode::Delete, ..bare() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    let switched: String = plain.query_row("PRAGMA journal_mode = wal", [], |row| row.get(0)).expect("switches");
    assert_eq!(switched, "wal");
    let found = diagnostics(&database).pragma_findings.expect("measured");
    let told: Vec<_> = found.iter().map(|found| (found.pragma, found.expected.clone(), found.actual.clone())).collect();
    assert_eq!(told, [("journal_mode", json!("delete"), json!("wal"))]);
}

#[test]
fn while_another_call_writes_the_settings_are_not_measured() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let (inside, entered) = mpsc::channel();
    let (leave, done) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let database = &database;
        scope.spawn(move || {
            let held = database.transaction(&watch(), |_| {
                inside.send(()).expect("is waited for");
                done.recv().expect("is told");
                0
            });
            held.expect("commits");
        });
        entered.recv().expect("enters");
        let found = diagnostics(database);
        leave.send(()).expect("is waited for");
        assert_eq!(found.pragma_findings, None);
        assert!(!found.pragmas.contains_key("synchronous"), "{:?}", found.pragmas);
    });
}

#[test]
fn the_log_is_measured_with_its_backlog() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let wal = diagnostics(&database).wal;
    assert!(wal.frames.is_some_and(|frames| frames > 0) && wal.backlog == wal.frames, "{wal:?}");
    assert_eq!(wal.size_bytes, std::fs::metadata(scratch.path("a.db-wal")).ok().map(|found| found.len()));
    database.checkpoint(CheckpointMode::Full, &request::Checkpoint::default(), &watch()).expect("checkpoints");
    let wal = diagnostics(&database).wal;
    assert!(wal.frames.is_some() && wal.backlog == Some(0), "{wal:?}");
    let options = request::Open { journal_mode: request::JournalMode::Delete, ..bare() };
    let wal = diagnostics(&try_open(scratch.path("b.db"), &options).expect("opens").0).wal;
    assert_eq!((wal.size_bytes, wal.frames, wal.backlog), (None, None, None));
}

#[test]
fn indexes_are_judged_by_the_statements_of_the_handle() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    for sql in [
        "CREATE TABLE p (id INTEGER PRIMARY KEY)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, p REFERENCES p, a, b, c)",
        "CREATE INDEX by_a ON t (a)",
        "CREATE INDEX by_ab ON t (a, b)",
        "CREATE INDEX by_c ON t (c)",
    ] {
        query(&database, sql).expect(sql);
    }
    let found = indexes(&database);
    assert_eq!((found.unused, found.full_scans, found.statements_seen), (None, None, Some(0)), "those have no plan");
    assert_eq!(found.redundant.len(), 1);
    assert_eq!((&*found.redundant[0].index, &*found.redundant[0].covered_by), ("by_a", "by_ab"));
    assert_eq!(found.missing.len(), 1);
    assert_eq!((&*found.missing[0].table, &found.missing[0].columns), ("t", &vec!["p".to_owned()]));

    query(
        &database,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) \
         INSERT INTO t (a, b, c) SELECT i, i, i FROM n",
    )
    .expect("fills");
    query(&database, "SELECT b FROM t AS x WHERE a = 1 AND b > 2").expect("reads");
    query(&database, "SELECT id FROM t WHERE p = 'my secret' OR b = 271828").expect("reads");
    let script = "db:query('SELECT id FROM t WHERE c = ?', 1)";
    database.script(script, &request::Script::default(), &watch()).expect("runs");
    let found = indexes(&database);
    let unused: Vec<&str> = found.unused.iter().flatten().map(|found| found.index.as_str()).collect();
    assert_eq!(unused, ["by_a"], "the script used by_c");
    assert_eq!(found.statements_seen, Some(4));
    let scans: Vec<(&str, &str)> =
        found.full_scans.iter().flatten().map(|found| (found.table.as_str(), found.sql.as_str())).collect();
    assert_eq!(scans, [("t", "SELECT id FROM t WHERE p = ? OR b = ?")]);
    let document = serde_json::to_string(&diagnostics(&database)).expect("serialises");
    assert!(!document.contains("my secret") && !document.contains("271828"));

    query(&database, &found.missing[0].suggestion).expect("the suggestion is SQL");
    query(&database, "DROP INDEX by_a").expect("drops");
    let found = indexes(&database);
    assert_eq!((found.redundant.len(), found.missing.len(), found.unused), (0, 0, Some(vec![])));
}

#[test]
fn statements_inside_a_transaction_are_seen_and_a_diagnosis_in_one_works() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let seen = indexes(&database).statements_seen.expect("read");
    let outcome = database.transaction(&watch(), |inside| {
        query(inside, "SELECT x FROM a WHERE x > 5").expect("reads");
        assert_eq!(indexes(inside).statements_seen, Some(seen + 1));
        0
    });
    assert!(outcome.expect("runs").committed);
}

#[test]
fn what_is_advised_for_the_embedded_migrations_can_be_done() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let found = indexes(&database);
    found.missing.iter().for_each(|found| drop(query(&database, &found.suggestion).expect("makes")));
    found
        .redundant
        .iter()
        .for_each(|found| drop(query(&database, &format!("DROP INDEX {}", found.index)).expect("drops")));
    let found = indexes(&database);
    assert_eq!((found.missing, found.redundant), (vec![], vec![]));
}

#[test]
fn each_file_system_stands_once_with_its_space() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("backups")).expect("makes a folder");
    let options = request::Open {
        backup: request::BackupFolder {
            folder: Some(text(&scratch.path("backups"))),
            before_migrate: false,
            ..request::BackupFolder::default()
        },
        ..bare()
    };
    let disks = diagnostics(&try_open(scratch.path("a.db"), &options).expect("opens").0).disks;
    assert_eq!((disks[0].what, disks[0].path.as_str()), ("database", &*text(scratch.folder())));
    assert!(disks.iter().all(|disk| disk.what != "backups"), "it is on the disk of the database: {disks:?}");
    for disk in &disks {
        assert!(disk.free_bytes.is_some() && disk.free_bytes <= disk.total_bytes, "{disk:?}");
    }
    let elsewhere = Path::new("/dev/shm");
    if elsewhere.is_dir() && device(elsewhere) != device(scratch.folder()) {
        let other = tempfile::tempdir_in(elsewhere).expect("makes a folder");
        let options = request::Open {
            backup: request::BackupFolder {
                folder: Some(text(other.path())),
                before_migrate: false,
                ..request::BackupFolder::default()
            },
            ..bare()
        };
        let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
        assert!(
            diagnostics(&database).disks.iter().any(|disk| disk.what == "backups" && disk.path == text(other.path()))
        );
        let script = database.script("return db:diagnostics().disks[2].what", &request::Script::default(), &watch());
        assert_eq!(script.expect("runs").result, json!("backups"));
    }
    let memory = diagnostics(&try_open(":memory:", &bare()).expect("opens").0).disks;
    assert_eq!(memory.iter().map(|disk| disk.what).collect::<Vec<_>>(), ["temporary"]);
}

fn device(path: &Path) -> u64 {
    std::os::unix::fs::MetadataExt::dev(&std::fs::metadata(path).expect("is there"))
}

#[test]
fn file_modes_are_told_and_open_doors_found() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let set = |name: &str, mode| {
        std::fs::set_permissions(scratch.path(name), std::fs::Permissions::from_mode(mode)).expect("sets");
    };
    set("a.db", 0o640);
    set("a.db-wal", 0o644);
    set("a.db-shm", 0o602);
    let files = diagnostics(&database).files;
    let told: Vec<_> = files.iter().map(|file| (file.path.clone(), file.mode.as_str(), file.findings)).collect();
    assert_eq!(
        told,
        [
            (text(&scratch.path("a.db")), "0640", None),
            (text(&scratch.path("a.db-wal")), "0644", Some("others may read it")),
            (text(&scratch.path("a.db-shm")), "0602", Some("others may write it")),
        ]
    );
    set("a.db", 0o666);
    assert_eq!(diagnostics(&database).files[0].findings, Some("others may read and write it"));
    assert!(diagnostics(&try_open(":memory:", &bare()).expect("opens").0).files.is_empty());
}

/// The locks of this process on files of a database, as the kernel lists them; empty where it does not.
fn locks(scratch: &Scratch) -> Vec<String> {
    let inodes: Vec<String> = ["a.db", "a.db-shm"]
        .iter()
        .filter_map(|name| std::fs::metadata(scratch.path(name)).ok())
        .map(|found| format!(":{} ", std::os::unix::fs::MetadataExt::ino(&found)))
        .collect();
    let listed = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let ours = format!(" {} ", std::process::id());
    let mut found: Vec<String> = listed
        .lines()
        // why also of nobody: those of an open file description have no process, and nobody else knows these files
        .filter(|line| line.contains(&ours) || (line.contains("OFDLCK") && line.contains(" -1 ")))
        .filter(|line| inodes.iter().any(|inode| line.contains(inode)))
        .filter_map(|line| line.split_once(": ").map(|(_, lock)| lock.to_owned()))
        .collect();
    found.sort_unstable();
    found
}

#[test]
fn looking_at_the_files_of_a_database_drops_no_lock_of_it() {
    for journal_mode in [request::JournalMode::Wal, request::JournalMode::Delete] {
        let scratch = Scratch::new();
        let database = try_open(scratch.path("a.db"), &request::Open { journal_mode, ..bare() }).expect("opens").0;
        query(&database, "CREATE TABLE a (x)").expect("makes");
        let outcome = database.transaction(&watch(), |inside| {
            query(inside, "INSERT INTO a VALUES (2)").expect("adds");
            let before = locks(&scratch);
            diagnostics(inside);
            assert_eq!(locks(&scratch), before, "{journal_mode:?}");
            assert!(!before.is_empty() || !Path::new("/proc/locks").exists(), "the writer holds a lock");
            0
        });
        outcome.expect("commits");
    }
}

#[test]
fn the_sqlite_inside_is_told_with_its_options() {
    let scratch = Scratch::new();
    let found = diagnostics(&empty(&scratch));
    let build = build_info();
    assert_eq!(
        (Some(found.sqlite.version), Some(&found.sqlite.source_id)),
        (build.sqlite.version, build.sqlite.source_id.as_ref())
    );
    assert!(!found.sqlite.has_wal_reset_bug);
    let options: BTreeSet<&str> = found.sqlite.compile_options.iter().map(String::as_str).collect();
    assert!(options.contains("THREADSAFE=1") && options.contains("ENABLE_FTS5"), "{options:?}");
}
