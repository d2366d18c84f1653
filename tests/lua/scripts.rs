//! What a script can do: results, log, statements, transactions, errors.

use super::*;

// --- results, log and job

#[test]
fn what_a_script_returns_comes_back_as_json() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    for (source, wanted) in [
        ("return nil", Json::Null),
        ("local x = 1", Json::Null),
        ("return true", json!(true)),
        ("return 'é\\0🚗'", json!("é\u{0}🚗")),
        ("return { 1, 'two', false }", json!([1, "two", false])),
        ("return { a = { b = { { c = 1 } } } }", json!({"a": {"b": [{"c": 1}]}})),
        ("return {}", json!({})),
        ("return db:query('SELECT 1 WHERE 0')", json!([])),
        ("return '\\xff'", json!({"base64": "/w=="})),
        ("return { 1, nil, 3 }", json!({"1": 1, "3": 3})),
        ("return 1, 2", json!(1)),
        ("return 1 / 0", json!({"real": "inf"})),
    ] {
        assert_eq!(result(&database, source), wanted, "{source}");
    }
}

#[test]
fn integers_stay_exact_and_floats_stay_floats() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    for (source, wanted) in [
        ("return 9007199254740993", "9007199254740993"),
        ("return math.maxinteger", "9223372036854775807"),
        ("return math.mininteger", "-9223372036854775808"),
        ("return db:value('SELECT 9223372036854775807')", "9223372036854775807"),
        ("return db:value('SELECT ?', 9007199254740993)", "9007199254740993"),
        ("return 1.0", "1.0"),
        ("return 0.1", "0.1"),
        ("return db:value('SELECT 2.0')", "2.0"),
        ("return db:value('SELECT ?', 3.0)", "3.0"),
        ("return 7 // 2", "3"),
    ] {
        assert_eq!(result(&database, source).to_string(), wanted, "{source}");
    }
}

#[test]
fn results_that_are_no_data_are_refused() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    for (source, said) in [
        ("local t = {} t.t = t return t", "nested"),
        ("local t = {} for _ = 1, 100 do t = { t } end return t", "nested"),
        ("return print", "function"),
        ("return { f = function() end }", "function"),
        ("return coroutine.create(print)", "thread"),
        ("return db", "userdata"),
        ("return { [{}] = 1 }", "table"),
    ] {
        let error = failure(&database, source);
        assert_eq!(error.status().name(), "SCRIPT_FAILED", "{source}");
        assert!(error.to_string().contains(said), "{source}: {error}");
    }
    assert_eq!(result(&database, "local t = 1 for _ = 1, 60 do t = { t } end return #t"), 1);
}

#[test]
fn log_lines_have_levels_and_formats() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let source =
        "log.debug('d') log.info('i %d %s', 5, 'x') log.warn('w') log.error('e') print('p', nil, 1.5) log.info('100%')";
    let wanted = ["[debug] d", "i 5 x", "[warn] w", "[error] e", "p\tnil\t1.5", "100%"];
    assert_eq!(log(&database, source), wanted);
    let error = failure(&database, "log.info('one')\nlog.info('%d', 'x')");
    assert_eq!(error.place().and_then(|place| place.line), Some(2), "{error}");
}

#[test]
fn control_characters_in_log_lines_are_escaped() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let found = log(&database, "log.info('a\\nb\\27[2J\\0\\127') print('c\\rd\\te')");
    assert_eq!(found, ["a\\nb\\u{1b}[2J\\u{0}\\u{7f}", "c\\rd\te"]);
}

#[test]
fn a_flood_of_log_lines_is_capped() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let many = log(&database, "for i = 1, 20000 do log.info('line %d', i) end");
    assert_eq!(
        (many.len(), many[9_999].as_str(), many[10_000].as_str()),
        (10_001, "line 10000", "[log limit reached]")
    );
    let long = log(&database, "for i = 1, 100 do print(('x'):rep(100000)) end");
    let bytes: usize = long.iter().map(String::len).sum();
    assert!(bytes <= (1 << 20) + 100 && long.last().is_some_and(|last| last == "[log limit reached]"), "{bytes}");
}

#[test]
fn a_job_tells_arguments_and_who_runs_it() {
    let scratch = Scratch::new();
    let admin = table_with_one(&scratch);
    let ada = admin.act_as("ada", Role::Supervisor).expect("hands out");
    let args = json!({"n": 9_007_199_254_740_993_i64, "f": 1.0, "t": "é", "list": [1, {"deep": true}], "empty": {}});
    let request = request::Script { args: args.as_object().expect("an object").clone(), ..Default::default() };
    let source = "return { args = job.args, actor = job.actor, role = job.role, kind = math.type(job.args.f) }";
    let found = ada.script(source, &request, &watch()).expect("runs").result;
    assert_eq!(found, json!({"args": args, "actor": "ada", "role": "supervisor", "kind": "float"}));
    assert_eq!(result(&admin, "return { next(job.args) == nil, job.role }"), json!([true, "admin"]));
}

#[test]
fn a_null_argument_is_absent() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let args = json!({"nothing": null, "list": [{"nothing": null}]});
    let request = request::Script { args: args.as_object().expect("an object").clone(), ..Default::default() };
    let source = "return { type(job.args.nothing), type(job.args.list[1].nothing) }";
    let found = database.script(source, &request, &watch()).expect("runs").result;
    assert_eq!(found, json!(["nil", "nil"]));
}

#[test]
fn a_report_tells_time_and_memory() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let small = run(&database, "return 1").expect("runs");
    let large = run(&database, "local t = ('x'):rep(20 << 20) return #t").expect("runs");
    assert!(small.duration_ms > 0.0 && small.peak_memory_bytes < 2 << 20, "{small:?}");
    assert!(large.peak_memory_bytes >= 20 << 20, "{large:?}");
}

// --- statements

#[test]
fn statements_give_rows_in_every_form() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let two = "SELECT 1 AS n, 'a' AS t UNION ALL SELECT 2, NULL";
    for (source, wanted) in [
        (format!("return db:query(\"{two}\")"), json!([{"n": 1, "t": "a"}, {"n": 2}])),
        (format!("return db:row(\"{two}\")"), json!({"n": 1, "t": "a"})),
        (format!("return db:value(\"{two}\")"), json!(1)),
        (format!("local s = {{}} for r in db:nrows(\"{two}\") do s[#s + 1] = r.n end return s"), json!([1, 2])),
        (
            format!("local s = {{}} for n, t in db:urows(\"{two}\") do s[#s + 1] = n .. tostring(t) end return s"),
            json!(["1a", "2nil"]),
        ),
        ("return db:row('SELECT 1 WHERE 0') == nil".into(), json!(true)),
        ("return db:value('SELECT 1 WHERE 0') == nil".into(), json!(true)),
        ("return db:value('SELECT NULL') == nil".into(), json!(true)),
        ("return #db:query('SELECT 1 UNION SELECT 2')".into(), json!(2)),
    ] {
        assert_eq!(result(&database, &source), wanted, "{source}");
    }
}

#[test]
fn parameters_may_be_positional_named_and_nil() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    for (source, wanted) in [
        ("return db:value('SELECT ? || ?', 'a', 'b')", json!("ab")),
        ("return db:value('SELECT ?2 || ?1', 'a', 'b')", json!("ba")),
        ("return db:value('SELECT ? || ?', { 'a', 'b' })", json!("ab")),
        ("return db:value('SELECT :x || @y || $z', { x = 'a', y = 'b', ['$z'] = 'c' })", json!("abc")),
        ("return db:value('SELECT ? IS NULL', nil)", json!(1)),
        ("return db:value('SELECT typeof(?) || typeof(?)', 1, nil)", json!("integernull")),
        ("return db:value('SELECT typeof(?)', true)", json!("integer")),
        ("return db:value('SELECT typeof(?)', 1.0)", json!("real")),
        ("return db:value('SELECT typeof(?)', '\\xff')", json!("blob")),
        ("return db:value(\"SELECT x'ff'\") == '\\xff'", json!(true)),
        ("local ok, e = pcall(db.value, db, 'SELECT ?') return e.code", json!("invalid_argument")),
        ("local ok, e = pcall(db.value, db, 'SELECT ?', 1, nil) return e.code", json!("invalid_argument")),
        ("local ok, e = pcall(db.value, db, 'SELECT :a', { b = 1 }) return e.code", json!("invalid_argument")),
        ("local ok, e = pcall(db.value, db, 'SELECT ?', print) return e.code", json!("invalid_argument")),
    ] {
        assert_eq!(result(&database, source), wanted, "{source}");
    }
}

#[test]
fn exec_tells_changes_and_row_id() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    assert_eq!(result(&database, "return { db:exec('INSERT INTO a VALUES (5), (6)') }"), json!([2, 3]));
    assert_eq!(result(&database, "return (db:exec('UPDATE a SET x = x + 10'))"), 3);
    assert_eq!(result(&database, "return (db:exec('CREATE TABLE b (x)'))"), 0, "not those of the statement before");
    assert_eq!(result(&database, "return (db:exec('DELETE FROM a WHERE 0'))"), 0);
}

#[test]
fn statements_of_scripts_have_the_rules_of_queries() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    for sql in ["BEGIN", "COMMIT", "ATTACH 'x.db' AS x", "PRAGMA foreign_keys = OFF", "DELETE FROM rpmadb_migrations"] {
        let source = format!("local ok, e = pcall(db.exec, db, \"{sql}\") return {{ ok, e.code }}");
        assert_eq!(result(&database, &source), json!([false, "unsupported"]), "{sql}");
    }
    assert_eq!(result(&database, "return db:value('SELECT count(*) FROM rpmadb_migrations')"), 18);
}

#[test]
fn the_verbs_of_a_script_say_what_the_handle_says() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    let folder =
        request::BackupFolder { folder: Some(text(&scratch.path("backups"))), ..request::BackupFolder::default() };
    let options = request::Open { backup: folder, ..request::Open::default() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    for (source, wanted) in [
        ("return db:stats().tables.users", json!(0)),
        ("return db:stats({ estimate = true }).estimated", json!(true)),
        ("return db:metrics().enabled", json!(false)),
        (
            "return db:metrics({ format = 'prometheus' }).text:match('^# HELP rpmadb_metrics_enabled') ~= nil",
            json!(true),
        ),
        // why: there is a folder for backups, and none in it yet
        ("return db:health().status", json!("degraded")),
        ("return db:diagnostics().integrity", json!("ok")),
        ("return db:migrations().current", json!(18)),
        ("return #db:migrate().applied", json!(0)),
        ("return db:checkpoint('truncate').log", json!(0)),
        ("return db:checkpoint('full', { busy_timeout_ms = 10 }).mode", json!("full")),
        ("return db:checkpoint().mode", json!("passive")),
        ("return db:backup('b.db').verified", json!(true)),
        ("return db:health().status", json!("ok")),
        ("return db:backup(nil, { verify = false }).verified", json!(false)),
    ] {
        assert_eq!(result(&database, source), wanted, "{source}");
    }
    assert!(scratch.path("backups/b.db").exists());
    for (source, code) in [
        ("db:stats({ nope = 1 })", "invalid_argument"),
        ("db:metrics({ format = 'xml' })", "invalid_argument"),
        ("db:checkpoint('sometimes')", "invalid_argument"),
        ("db:checkpoint('full', { busy_timeout_ms = -1 })", "invalid_argument"),
        ("db:migrate({ target = 99 })", "invalid_argument"),
        ("db:backup('b.db')", "already_exists"),
        ("db:backup('../c.db')", "invalid_argument"),
        ("db:backup('/tmp/c.db')", "invalid_argument"),
        ("db:backup('.hidden')", "invalid_argument"),
    ] {
        let source = format!("local ok, e = pcall(function() {source} end) return e.code");
        assert_eq!(result(&database, &source), code, "{source}");
    }
}

// --- transactions

#[test]
fn a_transaction_commits_what_its_function_did() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let source = "return { db:transaction(function(tx)
        tx:exec('INSERT INTO a VALUES (2)')
        db:exec('INSERT INTO a VALUES (3)')
        return tx:value('SELECT count(*) FROM a'), 'second'
    end) }";
    assert_eq!(result(&database, source), json!([3, "second"]));
    assert_eq!(value(&database, "SELECT count(*) FROM a"), 3);
}

#[test]
fn an_error_rolls_the_transaction_back() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let source = "local ok, e = pcall(db.transaction, db, function(tx)
        tx:exec('INSERT INTO a VALUES (2)')
        error('no')
    end)
    db:exec('INSERT INTO a VALUES (3)')
    return ok";
    assert_eq!(result(&database, source), json!(false));
    assert_eq!(rows(&database, "SELECT x FROM a ORDER BY x"), [[json!(1)], [json!(3)]]);
    let error = failure(&database, "db:transaction(function(tx) tx:exec('DELETE FROM a') tx:exec('bad') end)");
    assert_eq!(error.status().name(), "SCRIPT_FAILED");
    assert_eq!(value(&database, "SELECT count(*) FROM a"), 2);
}

#[test]
fn transactions_of_scripts_nest_by_savepoints() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let nested = "return db:transaction(function(tx)
        tx:exec('INSERT INTO a VALUES (2)')
        local ok, e = pcall(tx.transaction, tx, function() db:exec('INSERT INTO a VALUES (3)') error('no') end)
        local kept = tx:transaction(function() tx:exec('INSERT INTO a VALUES (4)') return 'kept' end)
        tx:transaction(function() pcall(db.transaction, db, function() tx:exec('DELETE FROM a') error('no') end) end)
        return { ok, kept, tx:value('SELECT group_concat(x) FROM a') }
    end)";
    assert_eq!(result(&database, nested), json!([false, "kept", "1,2,4"]));
    assert_eq!(value(&database, "SELECT group_concat(x) FROM a"), "1,2,4");
    let outer = "db:transaction(function(tx) tx:transaction(function() tx:exec('DELETE FROM a') end) error('no') end)";
    failure(&database, outer);
    assert_eq!(value(&database, "SELECT count(*) FROM a"), 3);
    database.query("DELETE FROM a WHERE x > 1", None, &watch()).expect("deletes");
    for verb in ["backup('x')", "checkpoint()", "migrate()"] {
        let source = format!("db:transaction(function() db:exec('DELETE FROM a') db:{verb} end)");
        assert_eq!(failure(&database, &source).status().name(), "SCRIPT_FAILED", "{verb}");
        assert_eq!(value(&database, "SELECT count(*) FROM a"), 1, "{verb}");
    }
}

#[test]
fn a_caught_time_out_does_not_commit_the_transaction() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let before = contents(&database);
    let endless = format!("tx:exec([[INSERT INTO a {ENDLESS}]])");
    for body in [
        "pcall(function() while true do end end)".to_owned(),
        "xpcall(function() while true do end end, function() end)".into(),
        format!("pcall(function() {endless} end)"),
        "coroutine.resume(coroutine.create(function() while true do end end))".into(),
        "pcall(coroutine.wrap(function() while true do end end))".into(),
        format!(
            "local last <close> = setmetatable({{}}, {{ __close = function() tx:exec('INSERT INTO a VALUES (4)') end }}) {endless}"
        ),
    ] {
        let source = format!(
            "db:transaction(function(tx) tx:exec('INSERT INTO a VALUES (2)') {body} tx:exec('INSERT INTO a VALUES (3)') end)"
        );
        assert_eq!(refusal(limited(&database, &source, 50)), "SCRIPT_TIMEOUT", "{body}");
        assert_eq!(contents(&database), before, "{body}");
    }
}

#[test]
fn a_caught_rollback_leaves_nothing_behind() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let before = contents(&database);
    let source = "db:transaction(function(tx)
        pcall(tx.exec, tx, 'INSERT OR ROLLBACK INTO a VALUES (1)')
        tx:exec('CREATE TABLE left_behind (x)')
    end)";
    assert_eq!(failure(&database, source).status().name(), "SCRIPT_FAILED");
    assert_eq!(contents(&database), before);
}

// --- errors

#[test]
fn a_caught_error_is_a_table_with_code_and_message() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let source = |call: &str| {
        format!(
            "local ok, e = pcall(function() {call} end) return {{ ok, type(e), e.code, e.message == tostring(e), e.message }}"
        )
    };
    for (call, code, said) in [
        ("db:exec('SELEC 1')", "sql", "near \"SELEC\": syntax error"),
        ("db:exec('INSERT INTO a VALUES (1)')", "constraint.primarykey", "UNIQUE constraint failed: a.x"),
        ("db:exec('BEGIN')", "unsupported", "BEGIN as a statement is not available here"),
    ] {
        assert_eq!(result(&database, &source(call)), json!([false, "table", code, true, said]), "{call}");
    }
    let again = failure(&database, "local ok, e = pcall(db.exec, db, 'SELEC 1')\nerror(e)");
    assert_eq!(again.to_string(), "near \"SELEC\": syntax error", "raised again it is still what it was");
}

#[test]
fn errors_of_the_scripts_own_stay_what_they_are() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    for (source, wanted) in [
        ("local t = {} local ok, e = pcall(error, t) return e == t", json!(true)),
        ("local ok, e = pcall(error, 'plain', 0) return e", json!("plain")),
        ("local ok, e = pcall(error) return e == nil", json!(true)),
        ("return select('#', pcall(function() return 1, nil, nil end))", json!(4)),
        ("return { xpcall(function(...) return select('#', ...) end, print, 1, nil) }", json!([true, 2])),
        ("return { xpcall(error, function(m) return 'handled ' .. m end, 'x', 0) }", json!([false, "handled x"])),
        ("return { pcall(coroutine.wrap(function() error('in', 0) end)) }", json!([false, "in"])),
        ("return { coroutine.resume(coroutine.create(function() error('in', 0) end)) }", json!([false, "in"])),
        ("local co = coroutine.wrap(function() coroutine.yield(1) coroutine.yield(2) end) co() return co()", json!(2)),
    ] {
        assert_eq!(result(&database, source), wanted, "{source}");
    }
}

#[test]
fn xpcall_itself_never_raises() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    assert_eq!(result(&database, "return (xpcall(error, function() error('in the handler') end, 'x'))"), json!(false));
}

#[test]
fn an_uncaught_error_has_file_and_line() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let place = |name: Option<&str>, source: &str| {
        let request = request::Script { name: name.map(str::to_owned), ..request::Script::default() };
        let error = database.script(source, &request, &watch()).expect_err(source);
        assert_eq!(error.status().name(), "SCRIPT_FAILED", "{error}");
        let place = error.place().expect("has a place").clone();
        (error.to_string(), place.file.unwrap_or_default(), place.line, place.column)
    };
    let named =
        |message: &str, file: &str, line, column| (message.to_owned(), file.to_owned(), Some(line), Some(column));
    assert_eq!(place(None, "local x\n  error('no')"), named("no", "script", 2, 3));
    assert_eq!(place(Some("tidy up.lua"), "\n\nx.y = 1").1, "tidy up.lua");
    assert_eq!(
        place(Some("t.lua"), "local function f()\n\n  db:exec('bad')\nend\n\nf()").2,
        Some(3),
        "where db was called"
    );
    let conversion = place(None, "local x = 1\ndb:stats(5)\nx = 2");
    assert_eq!(conversion.2, Some(2), "{conversion:?}");
    let missing = place(None, "local x = 1\ndb:query()\nx = 2");
    assert_eq!(missing.2, Some(2), "{missing:?}");
}

#[test]
fn a_long_name_does_not_hide_the_line() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let name = "20260131120000_normalise_the_phone_numbers_of_all_clients_and_suppliers.lua";
    let request = request::Script { name: Some(name.into()), ..request::Script::default() };
    let error = database.script("local x = 1\nerror('no')", &request, &watch()).expect_err("fails");
    let place = error.place().expect("has a place");
    assert_eq!((place.file.as_deref(), place.line), (Some(name), Some(2)));
    assert_eq!(error.to_string(), "no");
}

#[test]
fn a_syntax_error_has_its_line() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let error = failure(&database, "local a = 1\nlocal b = = 2\n");
    let place = error.place().expect("has a place");
    assert_eq!(error.status().name(), "SCRIPT_SYNTAX");
    assert_eq!(
        (place.file.as_deref(), place.line, place.source_line.as_deref()),
        (Some("script"), Some(2), Some("local b = = 2"))
    );
    assert_eq!(error.to_string(), "unexpected symbol near '='");
    assert_eq!(failure(&database, "return 1 +").status().name(), "SCRIPT_SYNTAX");
}
