//! Rows one by one, prepared statements, and the values that go to and fro.

use super::*;

fn numbers(scratch: &Scratch, rows: u32) -> Database {
    let database = try_open(scratch.path("a.db"), &bare()).expect("opens").0;
    for sql in [
        "CREATE TABLE n (i INTEGER PRIMARY KEY, s TEXT, r REAL)",
        "CREATE TABLE a (x PRIMARY KEY)",
        &format!(
            "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {rows})
             INSERT INTO n SELECT i, 'row ' || i, i / 2.0 FROM c"
        ),
    ] {
        database.query(sql, None, &watch()).expect(sql);
    }
    database
}

#[test]
fn rows_are_read_one_by_one_with_and_without_names() {
    let scratch = Scratch::new();
    let database = numbers(&scratch, 1_000);
    for (source, wanted) in [
        ("local t = 0 for r in db:nrows('SELECT i, s, r FROM n') do t = t + r.i + r.r end return t", json!(750_750.0)),
        ("local t = 0 for i, s, r in db:urows('SELECT i, s, r FROM n') do t = t + i end return t", json!(500_500)),
        (
            "for i, s, r, more in db:urows('SELECT * FROM n WHERE i > ?', 999) do return { i, s, r, more == nil } end",
            json!([1000, "row 1000", 500.0, true]),
        ),
        (
            "local t = {} for r in db:nrows('SELECT NULL AS a, 2 AS b') do t[1] = r.a == nil t[2] = r.b end return t",
            json!([true, 2]),
        ),
        ("local n = 0 for v in db:urows('SELECT i FROM n WHERE i < ?', 0) do n = n + 1 end return n", json!(0)),
        ("return db:query('SELECT i FROM n WHERE i < 0')", json!([])),
        ("return #db:query('SELECT * FROM n')", json!(1000)),
        ("return db:row('SELECT s FROM n WHERE i = 7').s", json!("row 7")),
        ("return db:row('SELECT s FROM n WHERE i = 0')", json!(null)),
        ("return { db:value('SELECT max(i) FROM n'), db:value('SELECT i FROM n WHERE i < 0') }", json!([1000])),
        ("local t = {} for r in db:nrows('SELECT 1 AS a, 2 AS a') do t = r end return t", json!({"a": 2})),
    ] {
        assert_eq!(result(&database, source), wanted, "{source}");
    }
    // why so many: a C function has at most 255 upvalues
    let columns: Vec<String> = (0..300).map(|column| format!("{column} AS c{column}")).collect();
    let wide = format!(
        "for r in db:nrows('SELECT {}') do return {{ r.c0, r.c299, db:value('SELECT 5') }} end",
        columns.join(", ")
    );
    assert_eq!(result(&database, &wide), json!([0, 299, 5]));
}

#[test]
fn a_loop_sees_one_state_and_statements_inside_it_work() {
    let scratch = Scratch::new();
    let database = numbers(&scratch, 100);
    let source = "local seen = 0
        for r in db:nrows('SELECT i FROM n') do
          seen = seen + 1
          db:exec('INSERT INTO n (s) VALUES (?)', 'more')
          assert(db:value('SELECT count(*) FROM n') == 100 + seen)
          for x in db:urows('SELECT 1 UNION ALL SELECT 2') do
            if x == 1 then break end
          end
        end
        return { seen, db:value('SELECT count(*) FROM n') }";
    assert_eq!(result(&database, source), json!([100, 200]));
}

#[test]
fn inside_a_transaction_rows_are_those_of_the_transaction() {
    let scratch = Scratch::new();
    let database = numbers(&scratch, 10);
    let source = "return db:transaction(function(tx)
        tx:exec('DELETE FROM n WHERE i > 5')
        local seen, kept = 0, nil
        for i in tx:urows('SELECT i FROM n') do seen = seen + 1 end
        kept = tx:urows('SELECT i FROM n')
        outside = kept
        return { seen, kept() }
      end)";
    assert_eq!(result(&database, source), json!([5, 1]));
    let source = format!("{} return outside()", source.replace("return db:transaction", "db:transaction"));
    let error = failure(&database, &source).to_string();
    assert_eq!(error, "a row of a transaction that has ended is not available here");
    assert_eq!(value(&database, "SELECT count(*) FROM n"), 5);
}

#[test]
fn iterators_that_are_left_open_give_their_connections_back() {
    let scratch = Scratch::new();
    let database = numbers(&scratch, 100);
    let source = "kept = {} for k = 1, 4 do kept[k] = db:urows('SELECT i FROM n') kept[k]() end return #kept";
    for _ in 0..20 {
        assert_eq!(result(&database, source), 4);
    }
    // one that is thrown away is found when the connections run out
    let source = "for k = 1, 200 do local rows = db:urows('SELECT i FROM n') rows() end return 1";
    assert_eq!(result(&database, source), 1);
    let pool = database.diagnostics(&watch()).expect("looks").pool_state;
    assert!(pool.idle_connections + 1 >= pool.connections, "{pool:?}");
    let raw = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    let busy: i64 = raw.query_row("PRAGMA wal_checkpoint(truncate)", [], |row| row.get(0)).expect("checkpoints");
    assert_eq!(busy, 0, "no reader is left");
}

#[test]
fn a_prepared_statement_runs_inside_and_outside_of_transactions() {
    let scratch = Scratch::new();
    let database = numbers(&scratch, 3);
    let source = "local insert <close> = db:prepare('INSERT INTO n VALUES (?, ?, ?)')
        local out = { { insert:run(10, 'ten', 1.5) } }
        db:transaction(function()
          for i = 11, 20 do out[2] = { insert:run(i, nil, true) } end
        end)
        pcall(db.transaction, db, function() insert:run(30, 'gone', 0) error('no') end)
        db:transaction(function() insert:run { 21, 'list', 2 } end)
        out[3] = { insert:run(40, 'forty', 4) }
        return out";
    assert_eq!(result(&database, source), json!([[1, 10], [1, 20], [1, 40]]));
    let found = "SELECT group_concat(i || coalesce(s, '-') || r, ' ') FROM n WHERE i > 9 AND i NOT BETWEEN 12 AND 19";
    assert_eq!(value(&database, found), "10ten1.5 11-1.0 20-1.0 21list2.0 40forty4.0");
    for (source, wanted) in [
        (
            "local s = db:prepare('SELECT i FROM n WHERE i < :most') return s:query { most = 3 }",
            json!([{"i": 1}, {"i": 2}]),
        ),
        (
            "local s = db:prepare('SELECT i FROM n WHERE i < ?') local t = 0 for i in s:urows(4) do t = t + i end return t",
            json!(6),
        ),
        ("local s = db:prepare('SELECT s FROM n WHERE i = ?') for r in s:nrows(2) do return r.s end", json!("row 2")),
        (
            "return db:transaction(function() local u = db:prepare('UPDATE n SET s = :s WHERE i = :i')
            return { u:run { s = 'new', i = 1 }, (u:run { i = 1, s = db.null }) } end)",
            json!([1, 1]),
        ),
    ] {
        assert_eq!(result(&database, source), wanted, "{source}");
    }
    for (source, said) in [
        ("local s = db:prepare('SELECT 1') s:close() s:run()", "the statement was closed"),
        ("local s = db:prepare('SELECT ?') s:run()", "params hold 0 value(s), the statement takes 1"),
        (
            "db:transaction(function() db:prepare('SELECT ?'):run(1, 2) end)",
            "params hold 2 value(s), the statement takes 1",
        ),
        (
            "db:transaction(function() db:prepare('SELECT ?'):run(print) end)",
            "a parameter is a function, which SQLite cannot store",
        ),
        ("db:prepare('SELEC')", "near \"SELEC\": syntax error"),
        (
            "db:prepare('SELECT 1; SELECT 2')",
            "sql holds more than one statement; pass them one by one, or use a script",
        ),
        ("db:prepare('SELECT 1').run(12)", "bad argument #1 to 'run' (a statement expected)"),
        ("db:prepare('SELECT 1').query({})", "bad argument #1 to 'query' (a statement expected)"),
        (
            "db:transaction(function() db:prepare('INSERT INTO n (i) VALUES (1)'):run() end)",
            "UNIQUE constraint failed: n.i",
        ),
    ] {
        assert_eq!(failure(&database, source).to_string(), said, "{source}");
    }
    assert_eq!(result(&database, "return getmetatable(db:prepare('SELECT 1'))"), false);
}

#[test]
fn values_survive_to_the_last_bit() {
    let scratch = Scratch::new();
    let database = numbers(&scratch, 1);
    let source = r#"
        local out = {}
        local function both(value)
          local back = db:value('SELECT ?', value)
          local prepared
          db:transaction(function()
            db:exec('DELETE FROM a')
            db:prepare('INSERT INTO a VALUES (?)'):run(value)
            prepared = db:value('SELECT x FROM a')
          end)
          assert(back == prepared or back ~= back)
          return { math.type(back) or type(back), back == value, db:value('SELECT typeof(x) FROM a') }
        end
        return {
          both(9007199254740993), both(math.maxinteger), both(math.mininteger), both(1.0), both(0.1), both('a\0b'), both(''),
          both('\xff\xfe'), both(nil), both(db.null), both(true), both(2^63), both(1/0),
        }"#;
    let wanted = json!([
        ["integer", true, "integer"],
        ["integer", true, "integer"],
        ["integer", true, "integer"],
        ["float", true, "real"],
        ["float", true, "real"],
        ["string", true, "text"],
        ["string", true, "text"],
        ["string", true, "blob"],
        ["nil", true, "null"],
        ["nil", false, "null"],
        ["integer", false, "integer"],
        ["float", true, "real"],
        ["float", true, "real"]
    ]);
    assert_eq!(result(&database, source), wanted);
    for (source, wanted) in [
        ("return db:value('SELECT typeof(?)', db.blob('text'))", json!("blob")),
        ("return db:value('SELECT length(?)', db.blob(''))", json!(0)),
        (
            "return db:transaction(function() db:prepare('INSERT INTO a VALUES (?)'):run(db.blob('b')) return db:value('SELECT typeof(x) FROM a ORDER BY rowid DESC') end)",
            json!("blob"),
        ),
        ("return db:value('SELECT ?1 + ?2', 1, nil) == nil", json!(true)),
        ("return select('#', db:exec('INSERT INTO a VALUES (?)', nil))", json!(2)),
        (
            "return db:columns('n')",
            json!([{"name": "i", "type": "INTEGER"}, {"name": "s", "type": "TEXT"}, {"name": "r", "type": "REAL"}]),
        ),
        (
            "return db:columns('SELECT i + 1 AS next, s FROM n')",
            json!([{"name": "next"}, {"name": "s", "type": "TEXT"}]),
        ),
    ] {
        assert_eq!(result(&database, source), wanted, "{source}");
    }
}

#[test]
fn several_statements_run_whole_or_not_at_all() {
    let scratch = Scratch::new();
    let database = numbers(&scratch, 3);
    let good = "return db:script([[DELETE FROM n WHERE i = 1; -- one
        UPDATE n SET s = ';' WHERE i = 2; /* end */ INSERT INTO a VALUES (1);]])";
    assert_eq!(result(&database, good), 3);
    let before = contents(&database);
    failure(&database, "db:script('DELETE FROM n; INSERT INTO nowhere VALUES (1)')");
    failure(&database, "db:script('DELETE FROM n; COMMIT')");
    assert_eq!(contents(&database), before);
    assert_eq!(result(&database, "return db:script('  -- nothing')"), 0);
}

#[test]
fn rows_that_a_statement_gives_while_it_writes_count_against_the_memory_of_the_run() {
    let scratch = Scratch::new();
    let database = numbers(&scratch, 50_000);
    let request = request::Script { memory_bytes: Some(2 << 20), ..request::Script::default() };
    let run = |source: &str| database.script(source, &request, &watch());
    let loop_over = "local n = 0 for s in db:urows('SELECT s FROM n') do n = n + 1 end return n";
    assert_eq!(run(loop_over).expect("needs no memory").result, 50_000);
    for source in ["return #db:query('SELECT * FROM n')", "db:query('UPDATE n SET r = 1 RETURNING s, zeroblob(500)')"] {
        assert_eq!(refusal(run(source)), "SCRIPT_MEMORY", "{source}");
    }
    assert_eq!(value(&database, "SELECT count(*) FROM n WHERE r = 1"), 1, "row 2 alone has it");
}

// --- faults that a hostile reading found

/// `INSERT OR ROLLBACK` ends the transaction under the script's feet; what a prepared statement did after that was committed
/// row by row, although `db:transaction` said that all was rolled back, and even in a dry run.
#[test]
fn a_prepared_statement_writes_nothing_after_its_transaction_was_ended_by_sqlite() {
    let scratch = Scratch::new();
    let database = numbers(&scratch, 3);
    let body = "local s = db:prepare('INSERT INTO n (i) VALUES (?)') s:run(10)
        pcall(db.exec, db, 'INSERT OR ROLLBACK INTO n (i) VALUES (10)')
        local ok, e = pcall(s.run, s, 11) assert(not ok)
        local ok, e = pcall(db.exec, db, 'INSERT INTO n (i) VALUES (12)') assert(not ok)";
    failure(&database, &format!("db:transaction(function() {body} end)"));
    let dry = request::Script { dry_run: true, ..request::Script::default() };
    database.script(body, &dry, &watch()).expect_err("what was to be counted is gone");
    assert_eq!(value(&database, "SELECT group_concat(i) FROM n"), "1,2,3");
}

/// The statement was freed while its error was being raised when nothing but the call itself referred to it. Under the sanitizers
/// this is in `tests/hostile` as well.
#[test]
fn a_statement_that_nothing_refers_to_any_more_fails_in_peace() {
    let scratch = Scratch::new();
    let database = numbers(&scratch, 3);
    let source = "local statements, wrong = {}, 0
        local function last() local s = table.remove(statements) local waste = {} for i = 1, 20000 do waste[i] = i end return s end
        db:transaction(function(tx)
          for round = 1, 10 do
            for i = 1, 10 do statements[i] = tx:prepare('INSERT INTO n (i) VALUES (?)') end
            for i = 1, 10 do
              local ok, e = pcall(function() tx:transaction(function() return last():run(1) end) end)
              if ok or e.message ~= 'UNIQUE constraint failed: n.i' then wrong = wrong + 1 end
            end
          end
        end)
        return wrong";
    assert_eq!(result(&database, source), 0);
}

/// SQLite prepares a statement anew when the schema has changed, and the names of the columns were those of before.
#[test]
fn a_statement_whose_columns_change_under_it_says_so() {
    let scratch = Scratch::new();
    let database = numbers(&scratch, 3);
    let with = |change: &str| {
        format!(
            "return db:transaction(function(tx)
               local rows = tx:nrows('SELECT * FROM n') tx:exec('{change}')
               local ok, e = pcall(rows) return {{ ok, ok and e.i or e.message }}
             end)"
        )
    };
    let said = json!([false, "the columns of the statement were changed after it was prepared"]);
    assert_eq!(result(&database, &with("ALTER TABLE n DROP COLUMN s")), said);
    assert_eq!(result(&database, &with("ALTER TABLE n RENAME COLUMN r TO real")), said);
    assert_eq!(result(&database, &with("ALTER TABLE n ADD COLUMN more")), said);
    assert_eq!(result(&database, &with("CREATE INDEX by_i ON n (i)")), json!([true, 1]));
}

/// In a dry run and inside a transaction of the host's, long values were not refused, SQLite's own `instr` took the time of the product
/// of its arguments, and the first write inside a loop over rows found the database busy with that loop.
#[test]
fn the_limits_of_a_script_hold_in_a_dry_run_and_in_a_transaction_of_the_host() {
    let scratch = Scratch::new();
    let database = numbers(&scratch, 3);
    let slow = "return db:value(\"SELECT instr(hex(zeroblob(400000)), hex(zeroblob(200000)) || '1')\")";
    let long = "return db:value('SELECT length(zeroblob(900000000))')";
    let nested = "local n = 0 for r in db:nrows('SELECT i FROM n') do n = n + db:exec('UPDATE n SET r = 0 WHERE i = ?', r.i) end return n";
    let dry = request::Script { dry_run: true, timeout_ms: Some(5_000), ..request::Script::default() };
    assert_eq!(database.script(nested, &dry, &watch()).expect("runs").result, 3);
    assert_eq!(database.script(slow, &dry, &watch()).expect("is quick").result, 0);
    assert_eq!(refusal(database.script(long, &dry, &watch())), "SCRIPT_MEMORY");
    let fresh = numbers(&Scratch::new(), 3);
    let limited = request::Script { timeout_ms: Some(5_000), ..request::Script::default() };
    fresh
        .transaction(&watch(), |handle| {
            assert_eq!(handle.script(nested, &limited, &watch()).expect("runs").result, 3);
            assert_eq!(handle.script(slow, &limited, &watch()).expect("is quick").result, 0);
            assert_eq!(refusal(handle.script(long, &limited, &watch())), "SCRIPT_MEMORY");
            assert_eq!(
                handle.query("SELECT length(zeroblob(900000000))", None, &watch()).expect("is the host's").rows[0][0],
                900_000_000
            );
            1
        })
        .expect("is rolled back");
}

/// A dry run said that all was well where the same run for real could not be committed.
#[test]
fn a_dry_run_that_leaves_a_reference_to_nowhere_fails_like_the_real_one() {
    let scratch = Scratch::new();
    let database = numbers(&scratch, 3);
    database.query("CREATE TABLE k (i REFERENCES n (i) DEFERRABLE INITIALLY DEFERRED)", None, &watch()).expect("makes");
    let source = "db:transaction(function() db:exec('INSERT INTO k VALUES (99)') end)";
    assert!(failure(&database, source).to_string().contains("FOREIGN KEY"));
    let dry = request::Script { dry_run: true, ..request::Script::default() };
    assert_eq!(refusal(database.script(source, &dry, &watch())), "CONSTRAINT");
    assert_eq!(value(&database, "SELECT count(*) FROM k"), 0);
}

/// Outside of WAL mode a reader that is left open keeps everybody from committing.
#[test]
fn the_iterator_of_a_supervisor_keeps_nobody_from_writing_without_wal() {
    let scratch = Scratch::new();
    let options = request::Open { journal_mode: request::JournalMode::Delete, busy_timeout_ms: Some(100), ..bare() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    database.query("CREATE TABLE n AS SELECT 1 AS i UNION ALL SELECT 2", None, &watch()).expect("makes");
    let supervisor = database.act_as("eve", Role::Supervisor).expect("acts");
    let operation = watch();
    let path = scratch.path("a.db");
    operation.on_progress(Some(Arc::new(move |progress| {
        if progress.stage == "between two rows" {
            let raw = rusqlite::Connection::open(&path).expect("opens");
            raw.execute_batch("INSERT INTO n VALUES (3)").expect("writes");
        }
        true
    })));
    let source = "local rows = db:urows('SELECT i FROM n') local first = rows() job.progress(1, 2, 'between two rows') return first";
    let report = supervisor.script(source, &request::Script::default(), &operation).expect("reads");
    assert_eq!(report.result, 1);
    assert_eq!(value(&database, "SELECT count(*) FROM n"), 3);
}
/// The generic `for` ends at a first value that is nil, so rows behind a NULL would be lost unseen.
#[test]
fn bare_values_are_refused_where_the_first_is_null() {
    let scratch = Scratch::new();
    let database = numbers(&scratch, 3);
    let sql = "SELECT CASE WHEN i = 2 THEN NULL ELSE s END AS name, i FROM n";
    for rows in [
        format!("db:urows('{sql}')"),
        format!("db:prepare('{sql}'):urows()"),
        format!("db:transaction(function() for _ in db:urows('{sql}') do seen = seen + 1 end end)"),
    ] {
        let rows = if rows.contains("transaction") { rows } else { format!("for _ in {rows} do seen = seen + 1 end") };
        let source = format!(
            "seen = 0 local ok, e = pcall(function() {rows} end) return {{ ok, e.code, e.message, e.line, seen }}"
        );
        let message = "a row of urows has NULL in its first column 'name', where the loop would end: use nrows, or put a column \
                       first that is never NULL";
        assert_eq!(result(&database, &source), json!([false, "invalid_argument", message, 1, 1]), "{source}");
    }
    let other = "local t = {} for i, s in db:urows('SELECT i, NULL FROM n') do t[#t + 1] = i t[0] = s == nil end return { #t, t[0] }";
    assert_eq!(result(&database, other), json!([3, true]));
    // the connection is given back
    let many = format!(
        "for _ = 1, 50 do pcall(function() for _ in db:urows('{sql}') do end end) end return db:health().status ~= nil"
    );
    assert_eq!(result(&database, &many), true);
}

#[test]
fn a_blob_is_shown_like_one_that_was_read() {
    let scratch = Scratch::new();
    let database = numbers(&scratch, 1);
    for (source, wanted) in [
        ("return db.blob('\\xff')", json!({"base64": "/w=="})),
        ("return { db.blob('a') }", json!([{"base64": "YQ=="}])),
        ("return json.encode(db.blob('a'))", json!("{\"base64\":\"YQ==\"}")),
        ("return tostring(db.null)", json!("null")),
        ("return { db.null == json.null, db:value( 'SELECT ?', db.null) == nil }", json!([true, true])),
    ] {
        assert_eq!(result(&database, source), wanted, "{source}");
    }
    for (source, said) in [
        ("json.encode(print)", "the value holds a function"),
        ("json.encode({ [{}] = 1 })", "the value has a key that is a table"),
        ("local t = {} t.t = t json.encode(t)", "the value is nested deeper than 64 tables, or holds itself"),
        ("db:stats({ estimate = print })", "the value holds a function"),
        ("return print", "the result holds a function"),
    ] {
        assert_eq!(failure(&database, source).to_string(), said, "{source}");
    }
}
