//! What a script is told about its run, and what its run tells: `job`, `json`, heads, dry runs, errors.

use super::*;

fn with(options: Json) -> request::Script {
    request::Request::from_json(Some(&options.to_string())).expect("options")
}

#[test]
fn a_job_tells_who_runs_what_and_how_long_it_may() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let request = with(json!({"name": "night.lua", "timeout_ms": 20_000, "args": {"n": 3, "list": [1, null]}}));
    let source = "local left = job.remaining()
        return { job.name, job.actor ~= nil, job.role, job.args.n, #job.args.list, left > 1 and left <= 20, job.cancelled() }";
    let report = database.script(source, &request, &watch()).expect("runs");
    assert_eq!(report.result, json!(["night.lua", true, "admin", 3, 1, true, false]));
}

#[test]
fn progress_is_told_and_a_cancel_ends_the_run_where_it_is_told() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let (operation, (sender, told)) = (watch(), mpsc::channel());
    operation.on_progress(Some(Arc::new(move |progress| {
        sender.send((progress.stage.clone(), progress.done, progress.total)).is_ok() && progress.done < 3
    })));
    let source =
        "for i = 1, 5 do pcall(job.progress, i, 5, 'counting') db:exec('INSERT INTO a VALUES (?)', 100 + i) end";
    let error = database.script(source, &request::Script::default(), &operation).expect_err("is cancelled");
    assert_eq!(error.status().name(), "CANCELLED");
    let counting: Vec<_> = told.try_iter().filter(|(stage, ..)| stage == "counting").map(|(_, done, _)| done).collect();
    assert_eq!(counting, [1, 2, 3]);
    assert_eq!(value(&database, "SELECT max(x) FROM a"), 102);
}

#[test]
fn json_goes_both_ways_exactly() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    for (source, wanted) in [
        (
            "return json.decode('{\"a\": [1, 9007199254740993, 1.5, null, true, \"\\\\u00e4\"]}')",
            json!({"a": [1, 9_007_199_254_740_993_i64, 1.5, null, true, "ä"]}),
        ),
        ("return json.encode({ n = 9007199254740993 })", json!("{\"n\":9007199254740993}")),
        ("return json.encode({ 1.0, 'x', json.null, false })", json!("[1.0,\"x\",null,false]")),
        ("return json.encode(json.array())", json!("[]")),
        ("return json.encode({})", json!("{}")),
        ("return json.encode(json.decode('[]'))", json!("[]")),
        ("return json.decode('null') == json.null", json!(true)),
        ("return json.array({ 1, 2 })", json!([1, 2])),
        (
            "math.randomseed(5, 7)
             for _ = 1, 1000 do
               local x = (math.random() - 0.5) * 10.0 ^ math.random(-30, 30)
               assert(json.decode(json.encode({ x }))[1] == x, x)
             end
             return true",
            json!(true),
        ),
    ] {
        assert_eq!(result(&database, source), wanted, "{source}");
    }
    for source in [
        "json.decode('{')",
        "json.decode('[1] 2')",
        "json.encode(print)",
        "local t = {} t.t = t json.encode(t)",
        "json.decode(('['):rep(1000) .. (']'):rep(1000))",
    ] {
        let caught = format!("local ok, e = pcall(function() {source} end) return {{ ok, type(e) }}");
        assert_eq!(result(&database, &caught), json!([false, "table"]), "{source}");
    }
}

#[test]
fn the_head_of_a_text_is_bound_like_that_of_a_file() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let head = "--! role: admin, timeout: 200ms\n--! arg: n integer = 5 -- how many\n--! arg: who string! -- whom\n";
    let source = format!("{head}return {{ job.args.n, job.args.who, job.remaining() <= 0.2 }}");
    let run = |args: Json| database.script(&source, &with(json!({ "args": args })), &watch());
    assert_eq!(run(json!({"who": "Ada"})).expect("runs").result, json!([5, "Ada", true]));
    for args in [json!({}), json!({"who": "Ada", "n": "many"}), json!({"who": "Ada", "m": 1})] {
        assert_eq!(refusal(run(args)), "INVALID_ARGUMENT");
    }
    assert_eq!(failure(&database, "--! timeout: 200ms\nwhile true do end").status().name(), "SCRIPT_TIMEOUT");
    // the host's limit wins
    let limited = request::Open {
        script: request::ScriptLimits { timeout_ms: Some(100), memory_bytes: Some(2 << 20) },
        ..bare()
    };
    let limited = try_open(scratch.path("a.db"), &limited).expect("opens").0;
    assert_eq!(result(&limited, "--! timeout: 1h, memory: 1GB\nreturn job.remaining() <= 0.1"), true);
    let error = failure(&limited, "--! memory: 1GB\nreturn #('x'):rep(3000000)");
    assert_eq!(placeless(error), memory(2 << 20));
    let supervisor = database.act_as("eve", Role::Supervisor).expect("acts");
    assert_eq!(failure(&supervisor, "--! role: admin\nreturn 1").status().name(), "DENIED");
    assert_eq!(result(&supervisor, "--! role: supervisor\nreturn 1"), 1);
}

#[test]
fn a_dry_run_tells_what_would_change_and_keeps_nothing() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let before = contents(&database);
    let dry = |source: &str| database.script(source, &with(json!({"dry_run": true})), &watch());
    let source = "db:exec('INSERT INTO a VALUES (2), (3)')
        db:transaction(function() db:exec('DELETE FROM a WHERE x = 1') end)
        pcall(db.transaction, db, function() db:exec('DELETE FROM a') error('no') end)
        local s = db:prepare('INSERT INTO a VALUES (?)') s:run(4)
        db:exec('CREATE TABLE b (y)')
        return db:value('SELECT group_concat(x) FROM a')";
    let report = dry(source).expect("runs");
    assert_eq!((report.result, report.dry_run, report.rows_changed), (json!("2,3,4"), true, Some(2 + 1 + 2 + 1)));
    let changes = report.changes.expect("are told");
    let rows = changes.rows.iter().map(|(table, rows)| (table.as_str(), rows.before, rows.after)).collect::<Vec<_>>();
    assert_eq!(rows, [("a", Some(1), Some(3)), ("b", None, Some(0))]);
    assert_eq!(changes.schema.iter().map(|change| change.name.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!(contents(&database), before);
    for verb in ["backup('x')", "checkpoint()", "migrate()", "vacuum()", "optimize()", "rollback(0)", "restore('x')"] {
        let error = dry(&format!("db:{verb}")).expect_err(verb).to_string();
        assert!(error.contains("in a dry run is not available here"), "{verb}: {error}");
    }
    for source in ["db:exec('DELETE FROM a') error('no')", "db:exec('DELETE FROM a') while true do end"] {
        let request = with(json!({"dry_run": true, "timeout_ms": 100}));
        database.script(source, &request, &watch()).expect_err(source);
        assert_eq!(contents(&database), before, "{source}");
    }
    let report = database.script("return 1", &request::Script::default(), &watch()).expect("runs");
    assert_eq!((report.dry_run, report.rows_changed, report.changes.is_none()), (false, None, true));
    let supervisor = database.act_as("eve", Role::Supervisor).expect("acts");
    let report = supervisor.script("return db:value('SELECT 1')", &with(json!({"dry_run": true})), &watch());
    assert_eq!(report.expect("reads").rows_changed, None);
}

#[test]
fn a_caught_error_tells_the_statement_and_the_line_and_can_be_raised_again() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    for (call, code) in [
        ("db:exec('INSERT INTO a VALUES (1)')", "constraint.primarykey"),
        ("db:exec('INSERT INTO u VALUES (1)') db:exec('INSERT INTO u VALUES (1)')", "constraint.unique"),
        ("db:exec('INSERT INTO k VALUES (7)')", "constraint.foreignkey"),
        ("db:exec('INSERT INTO c VALUES (NULL, 1)')", "constraint.notnull"),
        ("db:exec('INSERT INTO c VALUES (1, 0)')", "constraint.check"),
        ("db:exec('INSERT INTO a VALUES (1, 2)')", "sql"),
        ("db:exec('COMMIT')", "unsupported"),
        ("db:backup('no/path')", "invalid_argument"),
        ("error('of its own')", "nil"),
    ] {
        let tables = "CREATE TABLE IF NOT EXISTS u (x UNIQUE); CREATE TABLE IF NOT EXISTS k (x REFERENCES a (x));
            CREATE TABLE IF NOT EXISTS c (x NOT NULL, y CHECK (y > 0));";
        let source = format!(
            "db:script([[{tables}]])\n\n\nlocal ok, e = pcall(function()\n{call}\nend)
             if type(e) == 'string' then return {{ ok, 'nil' }} end
             return {{ ok, e.code, e.file, ('' .. e) == e.message and (e .. '') == tostring(e), e.line, type(e.sql) }}"
        );
        let found = result(&database, &source);
        assert_eq!((&found[0], &found[1]), (&json!(false), &json!(code)), "{call}");
        if code != "nil" {
            assert_eq!((&found[2], &found[3], &found[4]), (&json!("script"), &json!(true), &json!(6)), "{call}");
            assert_eq!(found[5] == "string", call.contains("exec"), "{call}");
        }
    }
    let again = failure(
        &database,
        "local ok, e = pcall(db.exec, db, 'SELEC 1')\nlocal function rethrow() error(e) end\nrethrow()",
    );
    let place = again.place().expect("a place");
    assert_eq!((again.to_string().as_str(), place.line), ("near \"SELEC\": syntax error", Some(1)));
    let kept = failure(&database, "local ok, e = pcall(db.exec, db, 'INSERT INTO a VALUES (1)')\nerror(e.message, 0)");
    assert_eq!(kept.to_string(), "UNIQUE constraint failed: a.x");
    assert_eq!(failure(&database, "error({ code = 'mine', message = 'of its own' })").to_string(), "of its own");
    assert_eq!(failure(&database, "error({})").to_string(), "a table was raised that has no message");
    assert_eq!(failure(&database, "error()").to_string(), "a nil was raised");
}

#[test]
fn what_is_not_caught_comes_out_with_its_line_and_the_calls_that_led_there() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let source = "local function inner(x)\n  return db:value('SELECT nothing', x)\nend\nlocal function outer()\n  local v = inner()\n  return v\nend\nouter()\n";
    let request = with(json!({"name": "report.lua"}));
    let error = database.script(source, &request, &watch()).expect_err("fails");
    let document = serde_json::to_value(error.document()).expect("serialises");
    let error = &document["error"];
    assert_eq!(
        (&error["name"], &error["file"], &error["line"]),
        (&json!("SCRIPT_FAILED"), &json!("report.lua"), &json!(2))
    );
    assert_eq!(error["source_line"], "  return db:value('SELECT nothing', x)");
    let traceback = error["traceback"].as_str().expect("is told");
    assert!(traceback.contains("report.lua:5:") && traceback.contains("report.lua:8:"), "{traceback}");
    let deep = failure(&database, "local function f(n) return 1 + f(n + 1) end\nreturn f(1)");
    assert!(deep.to_string().contains("stack overflow"), "{deep}");
    // why not the outermost calls as well: to look for them took longer than a time-out may be late
    let traceback = deep.place().and_then(|place| place.traceback.clone()).unwrap_or_default();
    assert!((10..=40).contains(&traceback.lines().count()) && traceback.ends_with("\n..."), "{traceback}");
}
