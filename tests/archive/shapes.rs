//! Databases of every shape come back as they were: page sizes, auto_vacuum, the page of locks, thousands of tables.

use super::*;

/// Backs up, spoils, restores in each way, and compares.
fn round_trip(setup: &str, rows: &str) {
    let scratch = Scratch::new();
    let path = scratch.path("app.db");
    let made = rusqlite::Connection::open(&path).expect("opens");
    made.execute_batch(setup).expect(setup);
    made.execute_batch(rows).expect("fills");
    let wanted = contents_of(&made);
    drop(made);
    let options = request::Open { migrate: Some(false), ..request::Open::default() };
    let (database, _) = try_open(&path, &options).expect("opens");
    let copy = scratch.path("copy");
    for (compress, compact) in [(false, false), (true, false), (false, true)] {
        let compress = Some(if compress { request::Compress::Zstd(1) } else { request::Compress::Off });
        let request = request::Backup { compress, compact, overwrite: true, ..request::Backup::default() };
        database.backup(Some(&copy), &request, &watch()).expect("backs up");
        let full = request::Verify { depth: Some(request::Depth::Full), ..request::Verify::default() };
        database.verify(&copy, &full, &watch()).expect("is sound");
        database.query("CREATE TABLE spoiled (x)", None, &watch()).expect("spoils");
        let request = request::Restore { backup: Some(false), ..request::Restore::default() };
        database.restore(&copy, &request, &watch()).expect("restores");
        assert_eq!(contents(&path), wanted, "{setup}");
    }
}

#[test]
fn every_page_size_and_auto_vacuum_come_back() {
    for size in [512, 1_024, 2_048, 8_192, 16_384, 32_768, 65_536] {
        round_trip(&format!("PRAGMA page_size = {size}; {TABLES}"), ROWS);
    }
    for mode in ["full", "incremental"] {
        round_trip(&format!("PRAGMA auto_vacuum = {mode}; {TABLES}"), ROWS);
    }
}

#[test]
fn an_empty_database_and_two_thousand_tables_come_back() {
    round_trip("", "");
    let tables: String = (0..2_000).map(|n| format!("CREATE TABLE t{n} (x); INSERT INTO t{n} VALUES ({n});")).collect();
    round_trip("", &format!("BEGIN; {tables} COMMIT"));
}

#[test]
fn the_page_of_locks_behind_the_first_gibibyte_comes_back() {
    let scratch = Scratch::new();
    let path = scratch.path("app.db");
    let made = rusqlite::Connection::open(&path).expect("opens");
    made.execute_batch("PRAGMA page_size = 65536; PRAGMA journal_mode = off; PRAGMA synchronous = off; CREATE TABLE t (id INTEGER PRIMARY KEY, x BLOB)")
        .expect("makes");
    // why zeros: they are sparse in the file, and compress to nothing
    made.execute_batch("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 17) INSERT INTO t SELECT i, zeroblob(64000000) FROM n")
        .expect("fills");
    made.execute_batch("INSERT INTO t VALUES (99, 'behind')").expect("fills");
    drop(made);
    assert!(std::fs::metadata(&path).expect("is there").len() > 1 << 30);
    let options = request::Open { migrate: Some(false), ..request::Open::default() };
    let (database, _) = try_open(&path, &options).expect("opens");
    let copy = scratch.path("copy.zst");
    let watch = rpmadb::Operation::new();
    let request = request::Backup { compress: Some(request::Compress::Zstd(1)), ..request::Backup::default() };
    database.backup(Some(&copy), &request, &watch).expect("backs up");
    database.query("DELETE FROM t WHERE id = 99", None, &watch).expect("spoils");
    let request = request::Restore { backup: Some(false), ..request::Restore::default() };
    database.restore(&copy, &request, &watch).expect("restores");
    let found = database.query("SELECT x FROM t WHERE id = 99", None, &watch).expect("reads");
    assert_eq!(found.rows[0][0], "behind");
    let found = database.query("PRAGMA quick_check", None, &watch).expect("checks");
    assert_eq!(found.rows[0][0], "ok");
}
