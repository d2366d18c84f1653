//! What is raised: what becomes of it on its way out, and what it tells of where it was raised.

use super::*;

/// A script that raises a value of its own takes it for granted that it gets this very value back.
#[test]
fn a_transaction_hands_on_what_its_function_raised() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    for (raised, wanted) in [
        ("{ code = 'mine', message = 'hello' }", json!([false, true, "table"])),
        ("'text'", json!([false, true, "string"])),
        ("7", json!([false, true, "number"])),
        ("nil", json!([false, true, "nil"])),
        ("print", json!([false, true, "function"])),
        ("select(2, pcall(db.exec, db, 'INSERT INTO a VALUES (1)'))", json!([false, true, "table"])),
    ] {
        for body in ["error(raised, 0)", "db:transaction(function() error(raised, 0) end)"] {
            let source = format!(
                "local raised = {raised}
                 local ok, e = pcall(db.transaction, db, function() db:exec('DELETE FROM a') {body} end)
                 return {{ ok, rawequal(e, raised), type(e) }}"
            );
            assert_eq!(result(&database, &source), wanted, "{source}");
            assert_eq!(value(&database, "SELECT count(*) FROM a"), 1, "{source}");
        }
    }
    let code = "local ok, e = pcall(db.transaction, db, function() db:exec('INSERT INTO a VALUES (1)') end) return { e.code, e.line }";
    assert_eq!(result(&database, code), json!(["constraint.primarykey", 1]));
    let source = "local function fail()\n  error({ code = 'mine', message = 'hello' })\nend\ndb:transaction(function()\n  fail()\nend)";
    for source in [source.to_owned(), format!("db:transaction(function()\n{source}\nend)")] {
        let error = failure(&database, &source);
        let place = error.place().expect("a place");
        let line = if source.starts_with("local") { 2 } else { 3 };
        assert_eq!((error.to_string().as_str(), place.line, place.column), ("hello", Some(line), Some(3)), "{source}");
        let traceback = place.traceback.as_deref().unwrap_or_default();
        assert!(traceback.contains(&format!("script:{}:", line + 3)), "{traceback}");
    }
    // one that was caught tells nothing of the next
    let source = "pcall(db.transaction, db, function()\n  error('no', 0)\nend)\nlocal x = 1\nerror('no', 0)";
    assert_eq!(failure(&database, source).place().and_then(|place| place.line), Some(5));
}

/// A yield out of a transaction would leave it open behind the back of what runs meanwhile.
#[test]
fn a_transaction_cannot_be_left_by_a_yield() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let source = "local co = coroutine.wrap(function() db:transaction(function() db:exec('DELETE FROM a') coroutine.yield() end) end)
        return select(2, pcall(co))";
    let said = result(&database, source);
    assert!(said.as_str().is_some_and(|said| said.contains("attempt to yield")), "{said}");
    assert_eq!(value(&database, "SELECT count(*) FROM a"), 1);
}
fn with_limits(source: &str, timeout_ms: u64) -> Result<report::Script, Error> {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let request = request::Script {
        name: Some("res.lua".into()),
        timeout_ms: Some(timeout_ms),
        memory_bytes: Some(4 << 20),
        ..request::Script::default()
    };
    database.script(source, &request, &watch())
}

#[test]
fn every_failure_of_a_script_tells_its_file_line_and_column() {
    let endless = format!("local x = 1\nreturn db:value([[{ENDLESS}]])");
    for (status, source, line) in [
        ("SCRIPT_TIMEOUT", "local x = 1\n  while true do end", 2),
        ("SCRIPT_TIMEOUT", "local x = 1\npcall(function()\n  while true do end\nend)", 2),
        ("SCRIPT_TIMEOUT", "local function f()\n  while true do end\nend\ndb:transaction(f)", 2),
        ("SCRIPT_TIMEOUT", endless.as_str(), 2),
        ("SCRIPT_MEMORY", "local t = {}\nfor i = 1, 1e9 do\n  t[i] = i\nend", 3),
        ("SCRIPT_MEMORY", "local s = 'x'\nwhile true do\n  s = s .. s\nend", 3),
        ("SCRIPT_MEMORY", "local x = 1\nlocal n = #('x'):rep(100 << 20)", 2),
        ("SCRIPT_FAILED", "local x = 1\nreturn ('x'):rep(1e10)", 2),
        ("SCRIPT_MEMORY", "local x = 1\nlocal n = #db:value('SELECT hex(zeroblob(20000000))')", 2),
        ("SCRIPT_FAILED", "local x = 1\nreturn print", 2),
        ("SCRIPT_FAILED", "local function f()\n  return 1\nend\nif f() then\n  return db\nend", 5),
        ("SCRIPT_FAILED", "local x = 1\nreturn ('x'):find('[')", 2),
        ("SCRIPT_FAILED", "local x = 1\nreturn ('x'):gsub('x', '%2')", 2),
        ("SCRIPT_FAILED", "local x = 1\nreturn collectgarbage('collect')", 2),
        ("SCRIPT_FAILED", "local x = 1\nreturn error({})", 2),
    ] {
        let error = with_limits(source, 100).expect_err(source);
        assert_eq!(error.status().name(), status, "{source}: {error}");
        let place = error.place().unwrap_or_else(|| panic!("{source}: {error} has no place"));
        let text = source.lines().nth(line as usize - 1).map(str::to_owned);
        assert_eq!((place.file.as_deref(), place.line), (Some("res.lua"), Some(line)), "{source}: {error}");
        assert_eq!(place.source_line, text, "{source}");
        let indent = text.map_or(0, |text| text.len() - text.trim_start().len());
        assert_eq!(place.column, u32::try_from(indent + 1).ok(), "{source}");
        let document = serde_json::to_value(error.document()).expect("serialises");
        assert_eq!(document["error"]["line"], line, "{source}");
    }
    let traceback = |source: &str| with_limits(source, 100).expect_err(source).place()?.traceback.clone();
    let calls = traceback("local x = 1\nlocal function f() while true do end end\nlocal y = f()").expect("is told");
    assert!(calls.contains("res.lua:2:") && calls.contains("res.lua:3:"), "{calls}");
    assert_eq!(traceback("local n = #('x'):rep(100 << 20)"), None, "Lua keeps no calls where memory ran out");
}

#[test]
fn a_lua_migration_that_hits_a_limit_tells_its_file_and_version() {
    for (body, status, timeout_ms) in [
        ("local t = {}\nfor i = 1, 1e9 do t[i] = i end", "MIGRATION_FAILED", 60_000),
        ("local x = 1\nwhile true do end", "TIMEOUT", 100),
    ] {
        let scratch = Scratch::new();
        let text = format!("return {{ up = function(db)\n{body}\nend }}");
        let folder = scratch.migrations("m", &[("1_a.sql", "CREATE TABLE a (x);"), ("2_b.lua", &text)]);
        let options = request::Open { migrate: Some(false), ..with_folder(&folder) };
        let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
        let operation = Operation::new();
        operation.set_timeout_ms(timeout_ms);
        let error = database.migrate(&request::Migrate::default(), &operation).expect_err(body);
        assert_eq!(error.status().name(), status, "{error}");
        let place = error.place().unwrap_or_else(|| panic!("{error} has no place"));
        assert_eq!((place.file.as_deref(), place.line, place.version), (Some("2_b.lua"), Some(3), Some(2)), "{error}");
    }
}

/// What the library is made of is not the business of who writes a script.
#[test]
fn what_is_said_against_an_argument_speaks_of_the_call_as_it_was_written() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    for (call, said) in [
        ("local s = ('x'):rep(1e10, 'yyyy')", "resulting string too large"),
        ("table.remove({}, 5)", "bad argument #2 to 'remove' (position out of bounds)"),
        ("table.insert({}, 1, 2, 3)", "wrong number of arguments to 'insert'"),
        ("table.concat({ {} })", "invalid value (table) at index 1 in table for 'concat'"),
        ("table.unpack({}, 1, 1e8)", "too many results to unpack"),
        ("table.sort({ 1, 'x' })", "attempt to compare string with number"),
        ("table.move({}, 1, 2^53, 1)", "too many elements to move"),
        ("setmetatable(1, {})", "bad argument #1 to 'setmetatable' (table expected, got number)"),
        ("os.date('%Ez')", "bad argument #1 to 'date' (invalid conversion specifier '%Ez')"),
        ("db:query()", "bad argument #1 to 'db:query' (string expected, got nil)"),
        ("db:exec({})", "bad argument #1 to 'db:exec' (string expected, got table)"),
        ("db:transaction(5)", "bad argument #1 to 'db:transaction' (function expected, got number)"),
        ("db:verify()", "bad argument #1 to 'db:verify' (string expected, got nil)"),
        ("db:stats(5)", "bad argument #1 to 'db:stats' (table expected, got number)"),
        ("db:backup('x', 5)", "bad argument #2 to 'db:backup' (table expected, got number)"),
        ("db:rollback('x')", "bad argument #1 to 'db:rollback' (number expected, got string)"),
        ("db.query('SELECT 1')", "it is called as db:query"),
        ("db.blob()", "bad argument #1 to 'db.blob' (string expected, got nil)"),
        ("json.decode()", "bad argument #1 (string expected, got nil)"),
        ("job.progress('x')", "bad argument #1 (number expected, got string)"),
    ] {
        let caught = result(&database, &format!("local ok, e = pcall(function()\n{call}\nend) return tostring(e)"));
        assert_eq!(caught.as_str().map(|said| said.strip_prefix("script:2: ").unwrap_or(said)), Some(said), "{call}");
        let error = failure(&database, &format!("local x = 1\n{call}"));
        let place = error.place().expect("a place");
        assert_eq!((error.to_string().as_str(), place.line), (said, Some(2)), "{call}");
    }
}

/// Editors put a mark in front of UTF-8, and who runs files by name a line that says with what.
#[test]
fn a_script_may_begin_with_a_byte_order_mark_or_the_line_of_an_interpreter() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    for top in ["\u{feff}", "#!/usr/bin/env rpmadb\n", "\u{feff}#!/usr/bin/env rpmadb\n", "# no code\n"] {
        let source = format!("{top}--! role: admin\n--! arg: n integer = 7\nreturn job.args.n");
        assert_eq!(result(&database, &source), 7, "{top:?}");
        scratch.write("s.lua", &source);
        let path = scratch.path("s.lua");
        let report = database.script_file(path.to_str().expect("UTF-8"), &request::Script::default(), &watch());
        assert_eq!(report.expect("runs").result, 7, "{top:?}");
        let check = rpmadb::check_script(&source, "s.lua").expect("checks");
        assert!(check.passed, "{top:?}: {check:?}");
        let wrong = failure(&database, &format!("{top}--! role: admin\nboom()"));
        let line = 2 + u32::try_from(top.matches('\n').count()).expect("few");
        assert_eq!(wrong.place().and_then(|place| place.line), Some(line), "{top:?}");
    }
}
