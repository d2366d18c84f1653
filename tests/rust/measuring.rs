//! `stats`: sizes that are kept as long as they are true, estimates, growth, and what damage does to them.

use super::*;

use rpmadb::report::{ObjectKind, ObjectSize, RowSource};

const MANY: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
                    INSERT INTO a SELECT i, 'some text ' || i FROM n";

fn with(database: &Database, estimate: bool, sizes: Option<bool>) -> report::Stats {
    database.stats(&request::Stats { estimate, sizes }, &watch()).expect("measures")
}

/// A database with a table, an index and a view.
fn filled(scratch: &Scratch) -> Database {
    let database = empty(scratch);
    for sql in
        ["CREATE TABLE a (n INTEGER PRIMARY KEY, x)", "CREATE INDEX by_x ON a (x)", "CREATE VIEW v AS SELECT 1", MANY]
    {
        query(&database, sql).expect(sql);
    }
    database
}

fn object<'s>(stats: &'s report::Stats, name: &str) -> &'s ObjectSize {
    let objects = stats.objects.as_ref().expect("measured");
    objects.iter().find(|object| object.name == name).expect(name)
}

/// Lets the clock go on, so that a new measurement has a new time.
fn tick() {
    std::thread::sleep(Duration::from_millis(3));
}

#[test]
fn sizes_are_of_every_table_and_index() {
    let scratch = Scratch::new();
    let database = filled(&scratch);
    query(&database, "CREATE TABLE gone AS SELECT zeroblob(100000) AS x").expect("makes");
    query(&database, "DROP TABLE gone").expect("drops");
    let found = stats(&database, false);
    let objects = found.objects.as_ref().expect("measured");
    assert!(objects.is_sorted_by(|a, b| a.size_bytes >= b.size_bytes));
    assert_eq!(objects.iter().map(|object| object.pages).sum::<u64>(), found.page_count - found.freelist_count);
    let (a, by_x) = (object(&found, "a"), object(&found, "by_x"));
    assert_eq!(
        (a.kind, a.table.as_str(), by_x.kind, by_x.table.as_str()),
        (ObjectKind::Table, "a", ObjectKind::Index, "a")
    );
    assert!(a.size_bytes == a.pages * found.page_size && a.pages > 100 && a.unused_bytes < a.size_bytes);
    assert!(found.freelist_count > 20 && found.freelist_bytes == found.freelist_count * found.page_size);
    assert_eq!((found.auto_vacuum, found.encoding.as_str()), ("none", "UTF-8"));
    assert!(found.wal_frames.is_some_and(|frames| frames > 0));
    assert!(found.sources.values().all(|source| *source == RowSource::Exact));
    assert_eq!((found.tables.get("v"), found.damaged.len()), (None, 0));
}

#[test]
fn sizes_are_measured_again_only_after_a_change_by_anybody() {
    let scratch = Scratch::new();
    for mode in ["wal", "delete"] {
        let path = scratch.path(&format!("{mode}.db"));
        let plain = rusqlite::Connection::open(&path).expect("opens");
        plain
            .execute_batch(&format!("PRAGMA journal_mode = {mode}; CREATE TABLE a (n INTEGER PRIMARY KEY, x)"))
            .expect("makes");
        let options = request::Open { journal_mode: request::JournalMode::Keep, ..bare() };
        let database = try_open(&path, &options).expect("opens").0;
        let first = stats(&database, false);
        let again = || {
            tick();
            stats(&database, false)
        };
        let other = database.act_as("other", Role::Supervisor).expect("a second handle");
        assert_eq!(again().objects_measured_at, first.objects_measured_at, "{mode}: nothing happened");
        tick();
        assert_eq!(stats(&other, false).objects_measured_at, first.objects_measured_at, "{mode}: shared by handles");
        let by_script = database.script("return db:stats().objects_measured_at", &request::Script::default(), &watch());
        assert_eq!(by_script.expect("runs").result, json!(first.objects_measured_at), "{mode}: shared with scripts");
        let changes: [(&str, &dyn Fn()); 3] = [
            ("our own write", &|| drop(query(&database, MANY).expect("writes"))),
            ("another connection's", &|| plain.execute_batch("DELETE FROM a WHERE n > 10000").expect("writes")),
            ("another process's", &|| {
                let insert = "INSERT INTO a SELECT n + 50000, x FROM a";
                assert_eq!(
                    crate::support::run(scratch.folder(), &["query", text(&path).as_str(), insert]).code,
                    Some(0)
                );
            }),
        ];
        let mut last = first;
        for (who, change) in changes {
            change();
            let found = again();
            assert!(found.objects_measured_at > last.objects_measured_at, "{mode}: {who}");
            assert_eq!(again().objects_measured_at, found.objects_measured_at, "{mode}: {who}, and then nothing");
            last = found;
        }
        assert_eq!(last.tables["a"], Some(20_000));
        assert_eq!(object(&last, "a").pages, {
            let sql = "SELECT count(*) FROM dbstat WHERE name = 'a'";
            plain.query_row(sql, [], |row| row.get::<_, u32>(0)).map(u64::from).expect("counts")
        });
    }
}

#[test]
fn sizes_come_when_asked_for_and_say_how_old_they_are() {
    let scratch = Scratch::new();
    let database = filled(&scratch);
    for (estimate, sizes) in [(true, None), (false, Some(false))] {
        let found = with(&database, estimate, sizes);
        assert_eq!((found.objects, found.objects_measured_at), (None, None), "{estimate} {sizes:?}");
    }
    let measured = with(&database, true, Some(true));
    assert!(measured.estimated && measured.objects.is_some());
    tick();
    query(&database, "DELETE FROM a").expect("deletes");
    let kept = with(&database, false, Some(false));
    assert_eq!(kept.objects_measured_at, measured.objects_measured_at, "not asked for, so not measured");
    assert_eq!(kept.objects, measured.objects);
}

#[test]
fn what_a_transaction_sees_is_not_kept() {
    let scratch = Scratch::new();
    let database = filled(&scratch);
    let before = stats(&database, false);
    database
        .transaction(&watch(), |bound| {
            query(bound, "DELETE FROM a").expect("deletes");
            let inside = stats(bound, false);
            assert_eq!((inside.tables["a"], object(&inside, "a").pages), (Some(0), 1));
            assert_eq!((inside.growth, inside.wal_frames), (None, None));
            1
        })
        .expect("rolls back");
    let after = stats(&database, false);
    assert_eq!((after.objects, after.objects_measured_at), (before.objects, before.objects_measured_at));
    assert_eq!(after.growth.expect("the second call").tables.len(), 0);
}

#[test]
fn growth_is_told_since_the_last_call_of_any_handle() {
    let scratch = Scratch::new();
    let database = filled(&scratch);
    query(&database, "CREATE TABLE b (x)").expect("makes");
    let first = stats(&database, false);
    assert_eq!(first.growth, None);
    query(&database, "DELETE FROM a WHERE n > 15000").expect("deletes");
    query(&database, "INSERT INTO b VALUES (zeroblob(500000)), (1)").expect("adds");
    query(&database, "CREATE TABLE c (x)").expect("makes");
    tick();
    let other = database.act_as("other", Role::Supervisor).expect("a second handle");
    let second = stats(&other, false);
    let growth = second.growth.expect("the second call");
    assert_eq!(growth.tables.into_iter().collect::<Vec<_>>(), [("a".to_owned(), -5_000), ("b".to_owned(), 2)]);
    assert_eq!(growth.size_bytes, i64::try_from(second.size_bytes - first.size_bytes).expect("fits"));
    assert!(growth.size_bytes != 0 && growth.wal_size_bytes.is_some() && growth.elapsed_ms >= 3);
    assert!(growth.since > 0);
    database.checkpoint(CheckpointMode::Truncate, &request::Checkpoint::default(), &watch()).expect("empties the log");
    let third = stats(&database, true).growth.expect("the third call");
    assert!(third.wal_size_bytes.is_some_and(|bytes| bytes < 0), "{third:?}");
    assert!(!third.tables.contains_key("a"), "an estimate is not compared with a count: {third:?}");
    assert!(third.since > growth.since);
}

#[test]
fn an_estimate_is_near_and_says_where_each_number_is_from() {
    let scratch = Scratch::new();
    let database = filled(&scratch);
    for sql in [
        "CREATE TABLE w (k PRIMARY KEY) WITHOUT ROWID",
        "INSERT INTO w VALUES (1), (2)",
        "CREATE TABLE g (x, y AS (x + 1) STORED)",
        "INSERT INTO g VALUES (1)",
        "CREATE VIRTUAL TABLE f USING fts5(x)",
        "INSERT INTO f VALUES ('one'), ('two'), ('three')",
        // deleted rows make the span of the row ids lie
        "DELETE FROM a WHERE n % 4 > 0 AND n < 10000",
    ] {
        query(&database, sql).expect(sql);
    }
    let (exact, found) = (stats(&database, false), stats(&database, true));
    assert!(found.estimated && !exact.estimated);
    assert_eq!(found.tables.keys().collect::<Vec<_>>(), exact.tables.keys().collect::<Vec<_>>());
    let rows = exact.tables["a"].expect("counted");
    let near = found.tables["a"].expect("estimated");
    assert!(near.abs_diff(rows) <= rows / 5, "{near} for {rows}");
    assert_eq!(found.sources["a"], RowSource::Sampled);
    for (table, rows) in [("w", 2), ("g", 1), ("f", 3)] {
        assert_eq!((found.tables[table], found.sources[table]), (Some(rows), RowSource::Exact), "{table}");
        assert_eq!(exact.tables[table], Some(rows), "{table}");
    }
    query(&database, "ANALYZE").expect("analyzes");
    let found = stats(&database, true);
    assert_eq!((found.tables["a"], found.sources["a"]), (Some(rows), RowSource::Statistics));
    assert_eq!(serde_json::to_value(&found).expect("serialises")["sources"]["a"], "statistics");
}

#[test]
fn a_database_in_memory_and_one_for_reading_are_measured_too() {
    let memory = try_open(":memory:", &bare()).expect("opens").0;
    query(&memory, "CREATE TABLE a (n INTEGER PRIMARY KEY, x)").expect("makes");
    let first = stats(&memory, false);
    tick();
    assert_eq!(stats(&memory, false).objects_measured_at, first.objects_measured_at);
    query(&memory, MANY).expect("fills");
    let second = stats(&memory, false);
    assert!(second.objects_measured_at > first.objects_measured_at && object(&second, "a").pages > 100);
    assert_eq!((second.wal_size_bytes, second.wal_frames), (None, None));

    let scratch = Scratch::new();
    filled(&scratch).close().expect("closes");
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    let reading = try_open(scratch.path("a.db"), &request::Open { read_only: true, ..bare() }).expect("opens").0;
    let first = stats(&reading, false);
    tick();
    assert_eq!(stats(&reading, false).objects_measured_at, first.objects_measured_at);
    plain.execute_batch("DELETE FROM a").expect("deletes");
    let second = stats(&reading, false);
    assert_eq!((second.tables["a"], object(&second, "a").pages), (Some(0), 1));
    assert!(stats(&reading, true).tables["a"] == Some(0));
}

#[test]
fn a_damaged_table_is_named_and_the_others_are_counted() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    for sql in ["CREATE TABLE a (n INTEGER PRIMARY KEY, x)", "CREATE TABLE b (x)", "INSERT INTO b VALUES (1)", MANY] {
        query(&database, sql).expect(sql);
    }
    let root = value(&database, "SELECT rootpage FROM sqlite_schema WHERE name = 'a'").as_u64().expect("a page");
    database.close().expect("closes");
    let mut damaged = bytes(&scratch.path("a.db"));
    let at = (root as usize - 1) * 4096;
    damaged[at..at + 4096].fill(0xff);
    scratch.write("a.db", &damaged);
    let database = try_open(scratch.path("a.db"), &bare()).expect("opens").0;
    for estimate in [false, true] {
        let found = with(&database, estimate, Some(true));
        assert_eq!((found.tables["a"], found.tables["b"]), (None, Some(1)), "{estimate}");
        assert_eq!(found.damaged, ["a"], "{estimate}");
        assert_eq!(found.sources.get("a"), None, "{estimate}");
    }
    assert_eq!(diagnostics(&database).table_counts["a"], None, "as in diagnostics");
}

#[test]
fn a_long_walk_tells_how_far_it_is_and_can_be_stopped() {
    let scratch = Scratch::new();
    let database = filled(&scratch);
    query(
        &database,
        "CREATE TABLE big AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) \
                      SELECT randomblob(1000000) AS x FROM n",
    )
    .expect("fills");
    let operation = watch();
    let stages: Arc<Mutex<Vec<(String, u64, u64)>>> = Arc::default();
    let seen = Arc::clone(&stages);
    operation.on_progress(Some(Arc::new(move |progress| {
        seen.lock().expect("unpoisoned").push((progress.stage.clone(), progress.done, progress.total));
        progress.stage != "measuring tables and indexes" || progress.done < 3_000
    })));
    assert_eq!(refusal(database.stats(&request::Stats::default(), &operation)), "CANCELLED");
    let stages = std::mem::take(&mut *stages.lock().expect("unpoisoned"));
    assert!(stages.iter().any(|(stage, ..)| stage == "counting rows"), "{stages:?}");
    let (_, done, total) = stages.last().expect("some");
    assert!((3_000..4_200).contains(done) && *total > 5_000, "{stages:?}");
    assert!(stats(&database, false).objects.is_some(), "the next call is not harmed");
}
