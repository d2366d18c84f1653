//! Lua, from outside: scripts through [`Database::script`], and migrations written in Lua.
//!
//! Leaves to others: that the verbs of `db` are those of every door, with the same keys in their reports (`parity`).
//!
//! What a script must not be able to do (run on, take more memory, reach the machine, keep half a transaction) is tried
//! in the ways a script has to try it; after each the handle must be good for the next call.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use rpmadb::{Database, Error, Operation, Role, report, request};
use serde_json::{Value as Json, json};

use crate::support::{Scratch, bare, contents, open, refusal, rows, text, try_open, value, watch, with_folder};

const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";

fn run(database: &Database, source: &str) -> Result<report::Script, Error> {
    database.script(source, &request::Script::default(), &watch())
}

fn result(database: &Database, source: &str) -> Json {
    run(database, source).unwrap_or_else(|error| panic!("{error}\n{source}")).result
}

fn log(database: &Database, source: &str) -> Vec<String> {
    run(database, source).unwrap_or_else(|error| panic!("{error}\n{source}")).log
}

fn failure(database: &Database, source: &str) -> Error {
    run(database, source).expect_err(source)
}

/// Runs with a time-out that a right script of these tests never reaches on its own.
fn limited(database: &Database, source: &str, timeout_ms: u64) -> Result<report::Script, Error> {
    let request = request::Script { timeout_ms: Some(timeout_ms), ..request::Script::default() };
    database.script(source, &request, &watch())
}

/// A database with a table `a` that holds 1.
fn table_with_one(scratch: &Scratch) -> Database {
    let database = try_open(scratch.path("a.db"), &bare()).expect("opens").0;
    for sql in ["CREATE TABLE a (x PRIMARY KEY)", "INSERT INTO a VALUES (1)"] {
        database.query(sql, None, &watch()).expect(sql);
    }
    database
}

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
    let folder = request::BackupFolder { folder: Some(text(&scratch.path("backups"))), before_migrate: false };
    let options = request::Open { backup: folder, ..request::Open::default() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    for (source, wanted) in [
        ("return db:stats().tables.users", json!(0)),
        ("return db:stats({ estimate = true }).estimated", json!(true)),
        ("return db:health().status", json!("ok")),
        ("return db:diagnostics().integrity", json!("ok")),
        ("return db:migrations().current", json!(18)),
        ("return #db:migrate().applied", json!(0)),
        ("return db:checkpoint('truncate').log", json!(0)),
        ("return db:checkpoint('full', { busy_timeout_ms = 10 }).mode", json!("full")),
        ("return db:checkpoint().mode", json!("passive")),
        ("return db:backup('b.db').verified", json!(true)),
        ("return db:backup(nil, { verify = false }).verified", json!(false)),
    ] {
        assert_eq!(result(&database, source), wanted, "{source}");
    }
    assert!(scratch.path("backups/b.db").exists());
    for (source, code) in [
        ("db:stats({ nope = 1 })", "invalid_argument"),
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
fn transactions_of_scripts_do_not_nest() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let nested = "db:transaction(function(tx) tx:transaction(function() end) end)";
    assert!(failure(&database, nested).to_string().contains("a transaction inside a transaction"));
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
        ("db:exec('INSERT INTO a VALUES (1)')", "constraint", "UNIQUE constraint failed: a.x"),
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

// --- the sandbox

#[test]
fn what_reaches_the_machine_is_not_there() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    for name in [
        "collectgarbage",
        "debug",
        "dofile",
        "io",
        "load",
        "loadfile",
        "loadstring",
        "module",
        "newproxy",
        "package",
        "require",
        "warn",
        "os.execute",
        "os.exit",
        "os.getenv",
        "os.remove",
        "os.rename",
        "os.setlocale",
        "os.tmpname",
        "string.dump",
        "db.script",
    ] {
        assert_eq!(result(&database, &format!("return type({name})")), "nil", "{name}");
    }
    let source =
        "local names = {} for name in pairs(_G) do names[#names + 1] = name end table.sort(names) return names";
    let wanted = "_G _VERSION assert coroutine db error getmetatable ipairs job log math next os pairs pcall print \
                  rawequal rawget rawlen rawset select setmetatable string table tonumber tostring type utf8 xpcall";
    assert_eq!(result(&database, source), json!(wanted.split_whitespace().collect::<Vec<_>>()));
}

#[test]
fn bytecode_is_refused() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let error = failure(&database, "\u{1b}LuaT\u{0}\u{19}\r\n\u{1a}\n");
    assert_eq!(error.status().name(), "SCRIPT_SYNTAX", "{error}");
    assert_eq!(failure(&database, "return load('return 1')()").status().name(), "SCRIPT_FAILED");
}

#[test]
fn shared_tables_are_out_of_reach() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    for (source, wanted) in [
        ("return not getmetatable('')", json!(true)),
        ("return not getmetatable(db)", json!(true)),
        ("local ok, e = pcall(db.exec, db, 'x') return not getmetatable(e)", json!(true)),
        ("return (pcall(setmetatable, {}, { __gc = function() end }))", json!(false)),
        ("return (pcall(setmetatable, '', {}))", json!(false)),
        ("local t = setmetatable({}, { __index = { a = 1 } }) return t.a", json!(1)),
    ] {
        assert_eq!(result(&database, source), wanted, "{source}");
    }
}

#[test]
fn nothing_is_left_for_the_next_script() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    run(&database, "leftover = 1 string.leftover = 1 print = nil pcall = nil").expect("runs");
    assert_eq!(
        result(&database, "return { leftover == nil, string.leftover == nil, type(print), type(pcall) }"),
        json!([true, true, "function", "function"])
    );
}

#[test]
fn a_supervisors_script_reads_and_changes_nothing() {
    let scratch = Scratch::new();
    let admin = open(scratch.path("a.db"));
    let before = contents(&admin);
    let supervisor = admin.act_as("sue", Role::Supervisor).expect("hands out");
    assert_eq!(result(&supervisor, "return db:value('SELECT count(*) FROM users')"), 0);
    assert_eq!(
        result(&supervisor, "return { db:health().status, db:stats().schema_version, db:migrations().pending }"),
        json!(["ok", 18, 0])
    );
    for call in [
        "db:exec('DELETE FROM application_settings')",
        "db:query('DELETE FROM application_settings RETURNING key')",
        "db:value('WITH a AS (SELECT 1) DELETE FROM application_settings RETURNING key')",
        "db:exec('CREATE TEMP TABLE t (x)')",
        "db:exec('CREATE TABLE t (x)')",
        "db:transaction(function() end)",
        "db:migrate()",
        "db:checkpoint()",
        "db:backup('x.db')",
    ] {
        let source = format!("local ok, e = pcall(function() {call} end) return {{ ok, e.code }}");
        assert_eq!(result(&supervisor, &source), json!([false, "denied"]), "{call}");
    }
    assert_eq!(contents(&admin), before);
    let user = admin.act_as("bob", Role::User).expect("hands out");
    assert_eq!(failure(&user, "return 1").status().name(), "DENIED");
}

// --- limits

#[test]
fn a_time_out_ends_every_kind_of_loop() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let endless = "while true do end";
    for source in [
        endless.to_owned(),
        "local function f() return f() end f()".into(),
        "for _ = 1, math.huge do end".into(),
        format!("pcall(function() {endless} end) return 'survived'"),
        format!("while true do pcall(function() {endless} end) end"),
        format!("while true do pcall(pcall, function() {endless} end) end"),
        format!("xpcall(error, function() {endless} end)"),
        format!("while true do xpcall(function() {endless} end, function() {endless} end) end"),
        format!("coroutine.wrap(function() {endless} end)()"),
        format!("while true do coroutine.resume(coroutine.create(function() {endless} end)) end"),
        format!("while true do pcall(coroutine.wrap(function() pcall(function() {endless} end) end)) end"),
        format!("return setmetatable({{}}, {{ __index = function() {endless} end }}).x"),
        format!("print(setmetatable({{}}, {{ __tostring = function() {endless} end }}))"),
        format!("('x'):gsub('x', function() {endless} end)"),
        format!("table.sort({{ 3, 2, 1 }}, function() {endless} end)"),
        format!("db:value([[{ENDLESS}]])"),
        format!("while true do pcall(db.value, db, [[{ENDLESS}]]) end"),
        "while true do db:value('SELECT 1') end".into(),
        "while true do pcall(db.value, db, 'bad') end".into(),
        "while true do log.info('x') end".into(),
        format!("db:transaction(function() {endless} end)"),
        "while true do db:transaction(function() end) end".into(),
        "while true do db:health() end".into(),
    ] {
        let start = Instant::now();
        let error = limited(&database, &source, 50).expect_err(&source);
        assert_eq!(error, Error::ScriptTimeout { limit_ms: 50 }, "{source}");
        assert!(start.elapsed() < Duration::from_secs(5), "{source} took {:?}", start.elapsed());
        assert_eq!(result(&database, "return db:value('SELECT count(*) FROM a')"), 1, "the handle works on: {source}");
    }
}

/// A time-out raised while a to-be-closed variable is pending: its handler runs on the way out, and must not run on.
#[test]
fn a_time_out_ends_handlers_of_variables_to_be_closed_too() {
    let closer = "setmetatable({}, { __close = function() while true do end end })";
    for source in [
        format!("local c <close> = {closer}"),
        format!("local c <close> = {closer} error('no')"),
        format!(
            "local co = coroutine.create(function() local c <close> = {closer} coroutine.yield() end) coroutine.resume(co) coroutine.close(co)"
        ),
        format!("local c <close> = {closer} db:value([[{ENDLESS}]])"),
        format!("local c <close> = {closer} while true do end"),
        format!("for _ in function() return 1 end, nil, nil, {closer} do while true do end end"),
        format!("pcall(function() local c <close> = {closer} while true do end end)"),
    ] {
        assert_eq!(watched(&source), Ok(Err(Error::ScriptTimeout { limit_ms: 50 })), "{source}");
    }
}

/// A pattern that goes back and forth over its text does so in one call into C, where no instruction is counted.
#[test]
fn a_time_out_ends_a_slow_search() {
    for search in ["find('.-.-.-b')", "match('.-.-.-b')", "gsub('.-.-.-b', '')", "gmatch('.-.-.-b')()"] {
        let source = format!("return ('a'):rep(400):{search}");
        assert_eq!(watched(&source), Ok(Err(Error::ScriptTimeout { limit_ms: 50 })), "{source}");
    }
}

/// Runs with a time-out of 50 ms on a thread that nobody waits for: a script that runs on would take the test along.
fn watched(source: &str) -> Result<Result<(), Error>, mpsc::RecvTimeoutError> {
    let (said, ended) = mpsc::channel();
    let running = source.to_owned();
    std::thread::spawn(move || {
        let database = try_open(":memory:", &bare()).expect("opens").0;
        let _ = said.send(limited(&database, &running, 50).map(|_| ()));
    });
    ended.recv_timeout(Duration::from_secs(5))
}

#[test]
fn a_script_may_not_have_more_memory() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let limit_bytes = 4 << 20;
    let request = request::Script { memory_bytes: Some(limit_bytes), ..request::Script::default() };
    for source in [
        "local t = {} for i = 1, 1e9 do t[i] = i end",
        "return #('x'):rep(100 << 20)",
        "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end",
        "local s = 'x' while true do s = s .. s end",
        "local function f() return 1 + f() end return f()",
        "return #db:value('SELECT hex(zeroblob(20000000))')",
        "local t = {} while true do t[#t + 1] = coroutine.create(print) end",
    ] {
        let error = database.script(source, &request, &watch()).expect_err(source);
        assert_eq!(error, Error::ScriptMemory { limit_bytes }, "{source}");
        assert_eq!(result(&database, "return 1"), 1, "the handle works on: {source}");
    }
    let caught = "pcall(function() return ('x'):rep(100 << 20) end) return 'survived'";
    assert_eq!(database.script(caught, &request, &watch()).err(), Some(Error::ScriptMemory { limit_bytes }), "caught");
}

#[test]
fn the_limits_of_the_host_cannot_be_raised() {
    let scratch = Scratch::new();
    let limits = request::ScriptLimits { timeout_ms: Some(60), memory_bytes: Some(3 << 20) };
    let options = request::Open { script: limits, ..bare() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let asked = request::Script { timeout_ms: Some(60_000), memory_bytes: Some(1 << 30), ..request::Script::default() };
    let error = database.script("while true do end", &asked, &watch()).expect_err("ends");
    assert_eq!(error, Error::ScriptTimeout { limit_ms: 60 });
    let error = database.script("return ('x'):rep(10 << 20)", &asked, &watch()).expect_err("ends");
    assert_eq!(error, Error::ScriptMemory { limit_bytes: 3 << 20 });
    let lower = request::Script { timeout_ms: Some(20), ..request::Script::default() };
    assert_eq!(
        database.script("while true do end", &lower, &watch()).err(),
        Some(Error::ScriptTimeout { limit_ms: 20 })
    );
    let wrong = request::Script { timeout_ms: Some(0), ..request::Script::default() };
    assert_eq!(refusal(database.script("return 1", &wrong, &watch())), "INVALID_ARGUMENT");
}

#[test]
fn a_cancel_goes_through_every_pcall() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    for source in
        ["while true do pcall(function() while true do end end) end", &format!("pcall(db.value, db, [[{ENDLESS}]])")]
    {
        let operation = Operation::new();
        operation.on_progress(Some(Arc::new(|_| false)));
        let outcome = database.script(source, &request::Script::default(), &operation);
        assert_eq!(refusal(outcome), "CANCELLED", "{source}");
    }
    assert_eq!(result(&database, "return db:value('SELECT count(*) FROM a')"), 1);
}

#[test]
fn a_source_without_end_is_refused() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let long = format!("return 1 --{}", "x".repeat(4 << 20));
    assert_eq!(failure(&database, &long).status().name(), "INVALID_ARGUMENT");
    let deep = format!("return {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let error = failure(&database, &deep);
    assert!(["SCRIPT_SYNTAX", "SCRIPT_FAILED"].contains(&error.status().name()), "{error}");
    assert_eq!(result(&database, "return 1"), 1);
}

// --- migrations

fn lua_folder(scratch: &Scratch, text: &str) -> request::Open {
    with_folder(&scratch.migrations("m", &[("1_a.sql", "CREATE TABLE a (x);"), ("2_b.lua", text)]))
}

fn up(body: &str) -> String {
    format!("return {{ up = function(db)\n{body}\nend }}")
}

#[test]
fn a_migration_may_be_written_in_lua() {
    let scratch = Scratch::new();
    let text = up("for i = 1, 3 do db:exec('INSERT INTO a VALUES (?)', i) end\n\
                   for row in db:nrows('SELECT x FROM a') do log.info('row %d', row.x) end");
    let (database, report) = try_open(scratch.path("a.db"), &lua_folder(&scratch, &text)).expect("opens");
    let applied = report.migrate.expect("ran").applied;
    assert_eq!((applied[1].version, applied[1].name.as_str(), applied[1].kind), (Some(2), "b", "lua"));
    assert_eq!(value(&database, "SELECT sum(x) FROM a"), 6);
    let listed = database.migrations(&watch()).expect("lists").migrations;
    assert_eq!((listed[1].kind.as_str(), listed[1].state, listed[1].reversible), ("lua", "applied", None));
    scratch.write("m/2_b.lua", text.replace('\n', "\r\n"));
    assert_eq!(database.migrate(&request::Migrate::default(), &watch()).expect("nothing").applied.len(), 0);
    scratch.write("m/2_b.lua", text.replace("1, 3", "1, 4"));
    assert_eq!(refusal(database.migrate(&request::Migrate::default(), &watch())), "MIGRATION_CHANGED");
}

/// Migrates a fresh file with `text` as its second migration, which must fail and keep nothing of the first either.
fn migration_failure(text: &str) -> Error {
    let scratch = Scratch::new();
    let options = request::Open { migrate: Some(false), ..lua_folder(&scratch, text) };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let before = contents(&database);
    let error = database.migrate(&request::Migrate::default(), &watch()).expect_err(text);
    assert_eq!(contents(&database), before, "{text}");
    error
}

#[test]
fn a_lua_migration_that_fails_rolls_back_and_knows_its_line() {
    for (text, message, line) in [
        (up("db:exec('INSERT INTO a VALUES (1)')\n  error('no')"), "migration 2 failed: no", 3),
        (
            up("db:exec('INSERT INTO a VALUES (1)')\ndb:exec('bad')"),
            "migration 2 failed: near \"bad\": syntax error",
            3,
        ),
        ("return {\n  up = function(db) = end\n}".into(), "migration 2 failed: ", 2),
        ("local x = 1\nx()\nreturn {}".into(), "migration 2 failed: attempt to call a number value (local 'x')", 2),
    ] {
        let error = migration_failure(&text);
        let place = error.place().expect("has a place");
        assert_eq!(error.status().name(), "MIGRATION_FAILED", "{error}");
        assert!(error.to_string().starts_with(message), "{error}");
        assert_eq!(
            (place.file.as_deref(), place.line, place.version),
            (Some("2_b.lua"), Some(line), Some(2)),
            "{text}"
        );
    }
}

#[test]
fn a_lua_migration_must_return_its_functions() {
    for text in ["return 5", "local x = 1", "return {}", "return { up = 5 }"] {
        let error = migration_failure(text);
        assert!(error.to_string().contains("'2_b.lua' does not return a table with a function 'up'"), "{error}");
        assert_eq!(error.place().and_then(|place| place.file.as_deref()), Some("2_b.lua"));
    }
}

#[test]
fn a_lua_migration_has_statements_and_nothing_else() {
    for (body, said) in [
        ("db:health()", "db:health inside a migration"),
        ("db:migrate()", "db:migrate inside a migration"),
        ("db:backup('x')", "db:backup inside a migration"),
        ("db:transaction(function() end)", "a transaction inside a migration"),
        ("db:exec('COMMIT')", "COMMIT as a statement"),
        ("db:exec('DELETE FROM rpmadb_migrations')", "rpmadb_migrations"),
        ("os.time()", "'os'"),
        ("os.clock()", "'os'"),
        ("return job.actor", "'job'"),
        ("io.open('x')", "'io'"),
    ] {
        let error = migration_failure(&up(body));
        assert_eq!(error.status().name(), "MIGRATION_FAILED", "{body}");
        assert!(error.to_string().contains(said), "{body}: {error}");
    }
}

#[test]
fn a_lua_migration_that_swallows_a_rollback_leaves_nothing_behind() {
    let text = up("db:exec('CREATE TABLE u (x PRIMARY KEY)') db:exec('INSERT INTO u VALUES (1)')\n\
                   pcall(db.exec, db, 'INSERT OR ROLLBACK INTO u VALUES (1)')\n\
                   db:exec('CREATE TABLE left_behind (x)')");
    assert_eq!(migration_failure(&text).status().name(), "MIGRATION_FAILED");
}

#[test]
fn an_endless_lua_migration_can_be_stopped() {
    let scratch = Scratch::new();
    let text = up("while true do pcall(function() while true do end end) end");
    let options = request::Open { migrate: Some(false), ..lua_folder(&scratch, &text) };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let before = contents(&database);
    let short = Operation::new();
    short.set_timeout_ms(60);
    let outcome = database.migrate(&request::Migrate::default(), &short);
    assert_eq!(refusal(outcome), "TIMEOUT");
    assert_eq!(contents(&database), before);
}
