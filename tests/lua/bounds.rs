//! What a script cannot do, and Lua migrations.

use super::*;

// --- the sandbox

#[test]
fn what_reaches_the_machine_is_not_there() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    for name in [
        "debug",
        "dofile",
        "io",
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
    ] {
        assert_eq!(result(&database, &format!("return type({name})")), "nil", "{name}");
    }
    let source =
        "local names = {} for name in pairs(_G) do names[#names + 1] = name end table.sort(names) return names";
    let wanted = "_G _VERSION assert collectgarbage coroutine db error getmetatable ipairs job json load log math next os pairs \
                  pcall print rawequal rawget rawlen rawset select setmetatable string table tonumber tostring type utf8 xpcall";
    assert_eq!(result(&database, source), json!(wanted.split_whitespace().collect::<Vec<_>>()));
}

#[test]
fn bytecode_is_refused() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let error = failure(&database, "\u{1b}LuaT\u{0}\u{19}\r\n\u{1a}\n");
    assert_eq!(error.status().name(), "SCRIPT_SYNTAX", "{error}");
    for (source, wanted) in [
        ("return load('return 1')()", json!(1)),
        ("return type(load(function() return nil end))", json!("function")),
        (
            "local parts = { 'return ', '7' } local n = 0 return load(function() n = n + 1 return parts[n] end)()",
            json!(7),
        ),
        ("return load('return x', 'named', 'bt', { x = 3 })()", json!(3)),
        ("return select(2, load('return 1', 'named', 'b'))", json!("attempt to load a text chunk (mode is 'b')")),
        ("return select(2, load('\\27Lua', 'c', 'b'))", json!("attempt to load a binary chunk (mode is 't')")),
        ("return select(2, load(('x'):rep(2^20 + 1)))", json!("the text is too long to load")),
        ("return select(2, load(function() return ('x'):rep(2^19) end))", json!("the text is too long to load")),
        ("return select(2, pcall(load, 5))", json!("bad argument #1 to 'load' (string expected)")),
    ] {
        assert_eq!(result(&database, source), wanted, "{source}");
    }
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
        assert_eq!(placeless(error), timeout(50), "{source}");
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
        assert_eq!(watched(&source), Ok(Err(timeout(50))), "{source}");
    }
}

/// A pattern that goes back and forth over its text does so in one call into C, where no instruction is counted.
#[test]
fn a_time_out_ends_a_slow_search() {
    for search in ["find('.-.-.-b')", "match('.-.-.-b')", "gsub('.-.-.-b', '')", "gmatch('.-.-.-b')()"] {
        let source = format!("return ('a'):rep(400):{search}");
        assert_eq!(watched(&source), Ok(Err(timeout(50))), "{source}");
    }
}

/// Runs with a time-out of 50 ms on a thread that nobody waits for: a script that runs on would take the test along.
fn watched(source: &str) -> Result<Result<(), Error>, mpsc::RecvTimeoutError> {
    let (said, ended) = mpsc::channel();
    let running = source.to_owned();
    std::thread::spawn(move || {
        let database = try_open(":memory:", &bare()).expect("opens").0;
        let _ = said.send(limited(&database, &running, 50).map(|_| ()).map_err(placeless));
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
        assert_eq!(placeless(error), memory(limit_bytes), "{source}");
        assert_eq!(result(&database, "return 1"), 1, "the handle works on: {source}");
    }
    let caught = "pcall(function() return ('x'):rep(100 << 20) end) return 'survived'";
    assert_eq!(database.script(caught, &request, &watch()).err().map(placeless), Some(memory(limit_bytes)), "caught");
}

#[test]
fn the_limits_of_the_host_cannot_be_raised() {
    let scratch = Scratch::new();
    let limits = request::ScriptLimits { timeout_ms: Some(60), memory_bytes: Some(3 << 20) };
    let options = request::Open { script: limits, ..bare() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let asked = request::Script { timeout_ms: Some(60_000), memory_bytes: Some(1 << 30), ..request::Script::default() };
    let error = database.script("while true do end", &asked, &watch()).expect_err("ends");
    assert_eq!(placeless(error), timeout(60));
    let error = database.script("return ('x'):rep(10 << 20)", &asked, &watch()).expect_err("ends");
    assert_eq!(placeless(error), memory(3 << 20));
    let lower = request::Script { timeout_ms: Some(20), ..request::Script::default() };
    assert_eq!(database.script("while true do end", &lower, &watch()).err().map(placeless), Some(timeout(20)));
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
    assert_eq!((listed[1].kind.as_str(), listed[1].state, listed[1].reversible), ("lua", "applied", Some(false)));
    scratch.write("m/2_b.lua", text.replace('\n', "\r\n"));
    assert_eq!(database.migrate(&request::Migrate::default(), &watch()).expect("nothing").applied.len(), 0);
    scratch.write("m/2_b.lua", text.replace("1, 3", "1, 4"));
    assert_eq!(refusal(database.migrate(&request::Migrate::default(), &watch())), "MIGRATION_CHANGED");
}

#[test]
fn a_lua_migration_has_no_clock_and_no_chance() {
    let text = up("db:script('CREATE TABLE more (x); INSERT INTO more VALUES (1);') for i = 1, 5 do db:exec('INSERT INTO a VALUES (?)', math.random(1, 1000000)) end
        db:exec('INSERT INTO a VALUES (?)', tostring(os) .. tostring(job) .. tostring(db.backup and pcall(db.backup, db)))");
    let run = || {
        let scratch = Scratch::new();
        let database = try_open(scratch.path("a.db"), &lua_folder(&scratch, &text)).expect("opens").0;
        rows(&database, "SELECT x FROM a ORDER BY rowid")
    };
    let first = run();
    assert_eq!(first, run(), "the same in every run");
    assert_eq!(first.last(), Some(&vec![json!("nilnilfalse")]));
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

/// SQLite's own functions run in one step of a statement, where nothing asks whether the run must end.
#[test]
fn a_time_out_ends_functions_of_sql_and_texts_that_are_read_for_long() {
    let bytes = 12 << 20;
    for body in [
        "db:value('SELECT length(trim(?, ?))', s, s)",
        "db:value('SELECT length(trim(?))', (' '):rep(#s))",
        "db:value('SELECT length(rtrim(?))', (' '):rep(#s))",
        "db:value('SELECT length(replace(?, ?, ?))', s, 'ab', 'cd')",
        "db:value('SELECT instr(?, ?)', s, 'abc')",
        "db:value('SELECT length(unhex(?, ?))', s, 'x')",
        "db:exec(('select 1;'):rep(#s // 4))",
        "db:script(('select 1;'):rep(#s // 12))",
    ] {
        let source = format!("local s = ('ab'):rep({}) while true do {body} end", bytes / 2);
        let limits = request::ScriptLimits { timeout_ms: None, memory_bytes: Some(256 << 20) };
        let options = request::Open { script: limits, ..bare() };
        let database = try_open(":memory:", &options).expect("opens").0;
        let start = Instant::now();
        let outcome = limited(&database, &source, 400);
        let took = start.elapsed();
        assert!(
            ["SCRIPT_TIMEOUT", "SCRIPT_FAILED"]
                .contains(&outcome.as_ref().err().map_or("", |error| error.status().name())),
            "{body}: {outcome:?}"
        );
        assert!(took < Duration::from_millis(1_500), "{body} took {took:?}");
    }
}

/// What a script writes about its metatables must not run while they are looked at, and an order that is written in C must not
/// keep `table.sort` from the limits.
#[test]
fn no_trick_with_a_metatable_or_an_order_keeps_a_run_from_its_limit() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let trick = "local meta = {}
        local list = setmetatable({}, meta)
        setmetatable(meta, { __index = function(_, key)
          if key == '__newindex' then rawset(meta, '__len', function() return 2^53 | 0 end) end
        end })
        table.insert(list, 1, 'x')";
    let start = Instant::now();
    let _ = limited(&database, trick, 300);
    let order =
        "local t = {} for i = 1, 3e5 do t[i] = i * 7919 % 1000003 end while true do table.sort(t, math.ult) end";
    assert_eq!(refusal(limited(&database, order, 300)), "SCRIPT_TIMEOUT");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}
