//! Stopping a call, statistics, queries.

use super::*;

// --- stopping

#[test]
fn a_cancel_from_another_thread_stops_a_query() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let operation = Operation::new();
    let (said, started) = mpsc::channel();
    operation.on_progress(Some(Arc::new(move |_| said.send(()).is_ok())));
    std::thread::scope(|scope| {
        let call = scope.spawn(|| database.query(ENDLESS, None, &operation));
        started.recv_timeout(Duration::from_secs(30)).expect("the call runs");
        operation.cancel();
        assert_eq!(call.join().expect("no panic").err(), Some(Error::Cancelled { verb: "query" }));
    });
    assert_eq!(value(&database, "SELECT count(*) FROM users"), 0, "the handle works on");
    assert_eq!(
        refusal(database.health(&request::Health::default(), &operation)),
        "CANCELLED",
        "a cancelled operation stops later calls"
    );
}

#[test]
fn a_callback_that_says_no_cancels_the_call() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    let before = contents(&database);
    let operation = watch();
    operation.on_progress(Some(Arc::new(|progress| !progress.stage.contains("012_quotes.sql"))));
    let outcome = database.migrate(&request::Migrate::default(), &operation);
    assert_eq!(refusal(outcome), "CANCELLED");
    let progress = operation.progress();
    assert_eq!((progress.done, progress.total, progress.cancelled), (11, 20, true));
    assert_eq!(contents(&database), before, "a cancelled run keeps nothing");
}

#[test]
fn a_time_out_ends_a_query_a_script_and_a_wait_for_a_lock() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let short = Operation::new();
    short.set_timeout_ms(60);
    let start = Instant::now();
    assert_eq!(
        database.query(ENDLESS, None, &short).err(),
        Some(Error::Timeout { verb: "query", limit_ms: 60, place: Box::default() })
    );
    assert_eq!(refusal(database.script("while true do end", &request::Script::default(), &short)), "TIMEOUT");
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch("BEGIN IMMEDIATE").expect("takes the write lock");
    assert_eq!(refusal(database.query("INSERT INTO a VALUES (2)", None, &short)), "TIMEOUT");
    assert_eq!(refusal(database.migrate(&request::Migrate::default(), &short)), "TIMEOUT");
    assert!(start.elapsed() < Duration::from_secs(4), "each stopped near its limit, not at the busy time-out");
    plain.execute_batch("ROLLBACK").expect("lets go");
    assert_eq!(query(&database, "INSERT INTO a VALUES (2)").expect("works on").changes, 1);
}

#[test]
fn a_lock_that_is_not_let_go_of_is_busy_after_the_busy_timeout() {
    let scratch = Scratch::new();
    drop(table_with_one(&scratch));
    let options = request::Open { busy_timeout_ms: Some(40), ..bare() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch("BEGIN IMMEDIATE").expect("takes the write lock");
    let error = query(&database, "INSERT INTO a VALUES (2)").expect_err("busy");
    assert_eq!(error.status().name(), "BUSY");
    assert!(error.to_string().contains("40 ms"), "{error}");
    let request = request::Migrate { lock_timeout_ms: Some(30), ..request::Migrate::default() };
    let error = database.migrate(&request, &watch()).expect_err("busy");
    assert_eq!(error.status().name(), "BUSY", "{error}");
    assert_eq!(value(&database, "SELECT count(*) FROM a"), 1, "readers go on");
}

// --- stats

#[test]
fn stats_count_every_table() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    add_a_job(&database);
    let found = stats(&database, false);
    for (table, count) in [("users", 1), ("tasks", 1), ("clients", 1), ("interventions", 1), ("intervention_steps", 2)]
    {
        assert_eq!(found.tables[table], Some(count), "{table}");
    }
    assert_eq!((found.estimated, found.schema_version), (false, 18));
    assert_eq!(found.size_bytes, found.page_size * found.page_count);
    assert_eq!(found.table_count, found.tables.len() as u64);
    assert_eq!(found.database_path, text(&scratch.path("a.db")));
    assert!(found.wal_size_bytes.is_some_and(|size| size > 0));
    let indexes = value(&database, "SELECT count(*) FROM sqlite_schema WHERE type = 'index'");
    assert_eq!(json!(found.index_count), indexes);
}

// --- queries

#[test]
fn values_come_back_exactly_as_they_went_in() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    let values = json!([
        i64::MAX, i64::MIN, 9_007_199_254_740_993_i64, 0.1, 1.0, -0.0, 1e308, "ä\u{0}🚗", "", null,
        {"base64": "AP8="}, {"base64": ""}, {"real": "inf"}
    ]);
    let marks = vec!["?"; values.as_array().expect("an array").len()].join(", ");
    let there = database.query(&format!("SELECT {marks}"), Some(&values.to_string()), &watch()).expect("runs");
    assert_eq!(Json::Array(there.rows[0].clone()), values);
    let text = serde_json::to_string(&there).expect("serialises");
    assert!(text.contains("9223372036854775807") && text.contains("9007199254740993"), "{text}");
    let named = r#"{"a": 1, ":b": "x", "@c": null}"#;
    let report = database.query("SELECT :a, :b, @c, :a", Some(named), &watch()).expect("runs");
    assert_eq!(report.rows, [[json!(1), json!("x"), Json::Null, json!(1)]]);
    assert_eq!(value(&database, "SELECT typeof(1.0) || typeof(1)"), "realinteger");
}

#[test]
fn a_query_tells_columns_changes_and_row_ids() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    let told = |sql: &str| {
        let report = query(&database, sql).expect(sql);
        (report.columns.join(","), report.rows.len(), report.changes, report.last_insert_rowid)
    };
    let none = |changes| (String::new(), 0, changes, None);
    assert_eq!(told("CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT UNIQUE)"), none(0));
    assert_eq!(told("INSERT INTO a (x) VALUES ('p'), ('q')"), (String::new(), 0, 2, Some(2)));
    assert_eq!(told("SELECT id, x AS \"the x\" FROM a WHERE 0"), ("id,the x".into(), 0, 0, None));
    assert_eq!(told("INSERT INTO a (x) VALUES ('r') RETURNING id, x"), ("id,x".into(), 1, 1, Some(3)));
    assert_eq!(told("WITH n(v) AS (SELECT 's') INSERT INTO a (x) SELECT v FROM n"), (String::new(), 0, 1, Some(4)));
    assert_eq!(told("/* first */ SELECT 1 AS one"), ("one".into(), 1, 0, None));
    assert_eq!(told("-- a comment\nDELETE FROM a WHERE x = 's'"), none(1));
    assert_eq!(told("UPDATE a SET x = x || '!'"), none(3));
    assert_eq!(told("INSERT OR IGNORE INTO a (x) VALUES ('p!')"), none(0));
}

#[test]
fn a_statement_that_inserts_nothing_tells_no_row_id() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    for sql in [
        "CREATE TABLE a (x UNIQUE)",
        "CREATE TABLE b (x)",
        "INSERT INTO b VALUES (1), (2), (3)",
        "INSERT INTO a VALUES ('abc')",
    ] {
        query(&database, sql).expect(sql);
    }
    for sql in [
        "UPDATE a SET x = replace(x, 'a', 'z')",
        "UPDATE a SET x = 'insert'",
        "INSERT INTO a VALUES ('insert') ON CONFLICT DO UPDATE SET x = 'other'",
        "DELETE FROM b WHERE x = 'insert' OR x = 1",
    ] {
        let report = query(&database, sql).expect(sql);
        assert_eq!((report.changes, report.last_insert_rowid), (1, None), "{sql}");
    }
}

#[test]
fn wrong_parameters_are_refused_and_named() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    let said = |sql: &str, params: &str| {
        let error = database.query(sql, Some(params), &watch()).expect_err("refused");
        assert_eq!(error.status().name(), "INVALID_ARGUMENT", "{error}");
        error.to_string()
    };
    assert!(said("SELECT ?", "[]").contains("hold 0 value(s), the statement takes 1"));
    assert!(said("SELECT ?", "[1, 2]").contains("hold 2 value(s)"));
    assert!(said("SELECT :a", r#"{"b": 1}"#).contains("'b'"));
    assert!(said("SELECT ?", "[18446744073709551615]").contains("18446744073709551615"));
    assert!(said("SELECT ?", "[[1]]").contains("array"));
    assert!(said("SELECT ?", "7").contains("array or object"));
    assert!(said("SELECT ?", "[").contains("JSON"));
}

#[test]
fn statements_that_would_break_the_handle_are_refused() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    for sql in [
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT s",
        "ATTACH 'other.db' AS other",
        "VACUUM INTO 'other.db'",
        "PRAGMA foreign_keys = OFF",
        "PRAGMA journal_mode = delete",
        "PRAGMA writable_schema = 1",
        "PRAGMA user_version = 5",
        "DELETE FROM rpmadb_migrations",
        "DROP TABLE rpmadb_migrations",
        "INSERT INTO rpmadb_repeatables VALUES ('a', 'b', 'c', 'd', 'e', 1, 1)",
        "SELECT load_extension('x')",
    ] {
        let error = query(&database, sql).expect_err(sql);
        assert_eq!(error.status().name(), "UNSUPPORTED", "{sql}: {error}");
        assert!(error.hint().is_some(), "{sql} has no way out");
    }
    assert_eq!(refusal(query(&database, "SELECT 1; SELECT 2")), "INVALID_ARGUMENT");
    assert_eq!(refusal(query(&database, "SELECT 1\0")), "INVALID_ARGUMENT");
    assert_eq!(query(&database, "SELECT 1; -- done").expect("a comment is no statement").rows.len(), 1);
    assert_eq!(value(&database, "SELECT count(*) FROM rpmadb_migrations"), 18, "reading them is fine");
    assert!(!Path::new("other.db").exists());
}

#[test]
fn nothing_is_no_statement() {
    let scratch = Scratch::new();
    let database = empty(&scratch);
    for sql in ["", "  ", "-- nothing", ";"] {
        assert_eq!(refusal(query(&database, sql)), "INVALID_ARGUMENT", "{sql:?}");
    }
}
