//! `rpmadb script` and `rpmadb scripts`: built-in scripts and files, checking, testing.

use super::*;

#[test]
fn scripts_lists_what_is_built_in() {
    let scratch = Scratch::new();
    let stdout = succeeded(run(scratch.folder(), &["scripts"]));
    let mut lines = stdout.lines();
    assert!(lines.next().is_some_and(|line| line.starts_with("name ") && line.contains(" arguments ")), "{stdout}");
    let line = stdout.lines().find(|line| line.starts_with("nightly_maintenance ")).expect("is listed");
    assert!(line.contains(" admin ") && line.contains("Does what a database wants every night"), "{line}");
    assert_eq!(scratch.names(), [""; 0]);
}

#[test]
fn a_built_in_script_runs_by_its_name() {
    let scratch = migrated();
    let stdout = succeeded(run(scratch.folder(), &["script", "a.db", "nightly_maintenance", "--json"]));
    let report: Json = serde_json::from_str(&stdout).expect("parses");
    assert_eq!(report["result"]["health"], "ok", "{stdout}");
    let stderr = failed(run(scratch.folder(), &["script", "a.db", "nightly_maintenence"]), 1);
    assert!(stderr.starts_with(
        "error: a script or file 'nightly_maintenence' (did you mean nightly_maintenance?) does not exist"
    ));
}

#[test]
fn arguments_become_what_the_head_says() {
    let scratch = migrated();
    scratch.write(
        "a.lua",
        "--! arg: id string! -- whose\n--! arg: share number -- how much\n--! arg: n integer = 1 -- how many\n\
         return ('%s %s %s'):format(job.args.id, math.type(job.args.share), job.args.n)",
    );
    let call = |args: &[&str]| run(scratch.folder(), &[&["script", "a.db", "a.lua"], args].concat());
    assert_eq!(succeeded(call(&["--arg", "id=007", "--arg", "share=1e5", "--arg", "n=2"])), "007 float 2\n");
    assert_eq!(succeeded(call(&["--arg", "id=1.50"])), "1.50 nil 1\n");
    assert_eq!(succeeded(call(&["--arg", "id=true"])), "true nil 1\n");
    let stderr = failed(call(&["--arg", "id=x", "--arg", "n=many"]), 2);
    assert!(stderr.starts_with("error: --arg n: is \"many\" and must be of the type integer\n"), "{stderr}");
}

#[test]
fn a_dry_run_tells_what_it_would_change_and_that_it_was_one() {
    let scratch = small();
    scratch.write("a.lua", "db:exec('INSERT INTO a VALUES (1, 2), (3, 4)') return 7");
    let stdout = succeeded(in_small(&scratch, &["script", "a.db", "a.lua", "--dry-run"]));
    assert!(stdout.starts_with("7\n  rows      a: 0 to 2\nsize "), "{stdout}");
    assert!(stdout.ends_with("\ndry run: 2 row(s) would be changed, nothing was kept\n"), "{stdout}");
    assert_eq!(rows_of_a(&scratch), 0);
}

#[test]
fn what_a_dry_run_cannot_take_back_leads_to_that_of_the_script() {
    let scratch = migrated();
    scratch.write("own.lua", "--! arg: dry_run boolean = false\ndb:vacuum()");
    scratch.write("none.lua", "--! arg: dry_run integer = 0\ndb:vacuum()");
    for (script, hint) in [
        ("nightly_maintenance", "the script has a dry run of its own: --arg dry_run=true in place of --dry-run\n"),
        ("own.lua", "the script has a dry run of its own: --arg dry_run=true in place of --dry-run\n"),
        ("none.lua", "run the script without --dry-run, on a copy of the database first\n"),
    ] {
        let stderr = failed(run(scratch.folder(), &["script", "a.db", script, "--dry-run"]), 1);
        assert!(stderr.contains("in a dry run is not available here\n"), "{stderr}");
        assert!(stderr.contains("\nhint: this cannot be rolled back") && stderr.ends_with(hint), "{script}: {stderr}");
    }
}

#[test]
fn the_first_examples_of_the_reference_run() {
    let scratch = Scratch::new();
    open(scratch.path("app.db")).close().expect("closes");
    scratch.write("my.lua", "return 1");
    scratch.write("tests/my_test.lua", "it('runs', function() expect(run('../my.lua')):equals(1) end)");
    let reference = include_str!("../../scripts/README.md");
    let examples = reference.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block");
    for line in examples.lines() {
        let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().skip(1).collect();
        let ran = command().current_dir(scratch.folder()).args(&words).stdin(Stdio::null()).output();
        succeeded(ran.expect("runs").into());
    }
    assert_eq!(examples.lines().count(), 5);
}

// --- checking

#[test]
fn check_names_what_is_wrong_without_running_anything() {
    let scratch = Scratch::new();
    scratch.write("good.lua", "--! role: admin\nlocal n = db:value('SELECT 1')\nreturn n\n");
    assert_eq!(succeeded(run(scratch.folder(), &["script", "--check", "good.lua"])), "good.lua is right\n");
    scratch.write("bad.lua", "local n = db:valu('SELECT 1')\n\tprnt(n)\n");
    scratch.write("worse.lua", "--! rol: admin\nreturn return\n");
    let ran = run(scratch.folder(), &["script", "--check", "good.lua", "bad.lua", "worse.lua"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""));
    assert_eq!(
        ran.stdout,
        "good.lua is right\n\
         name: db has no 'valu'; did you mean 'value'?\n   --> bad.lua:1:14\n    |\n  1 | local n = db:valu('SELECT 1')\n    |              ^\n\
         name: 'prnt' is not there; did you mean 'print'?\n   --> bad.lua:2:2\n    |\n  2 |     prnt(n)\n    |     ^\n\
         2 finding(s) in bad.lua\n\
         head: the head has no 'rol'; did you mean 'role'?\n   --> worse.lua:1:5\n    |\n  1 | --! rol: admin\n    |     ^\n\
         syntax: unexpected symbol near 'return'\n   --> worse.lua:2:1\n    |\n  2 | return return\n    | ^\n\
         2 finding(s) in worse.lua\n"
    );
    let ran = run(scratch.folder(), &["script", "--check", "bad.lua", "--json"]);
    assert_eq!(ran.code, Some(1));
    let report: Json = serde_json::from_str(&ran.stdout).expect("parses");
    assert_eq!(report["passed"], false);
    assert_eq!(report["scripts"][0]["findings"][0]["suggestion"], "value");
    assert_eq!(report["scripts"][0]["findings"][1]["line"], 2);
    let stderr = failed(run(scratch.folder(), &["script", "--check", "none.lua"]), 1);
    assert!(stderr.starts_with("error: none.lua does not exist\n"), "{stderr}");
    assert_eq!(scratch.names(), ["bad.lua", "good.lua", "worse.lua"], "no database was made");
}

#[test]
fn the_built_in_scripts_pass_the_check() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    for entry in std::fs::read_dir(&folder).expect("reads") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        if name.ends_with(".lua") && !name.ends_with(".d.lua") {
            succeeded(run(&folder, &["script", "--check", &name]));
        }
    }
}

#[test]
fn a_script_needs_a_database_unless_it_is_checked_or_tested() {
    let scratch = Scratch::new();
    for args in [
        ["script"].as_slice(),
        &["script", "a.db"],
        &["script", "a.db", "x", "--check", "a.lua"],
        &["script", "--check", "a.lua", "--test", "b.lua"],
        &["script", "--test", "a.lua", "--dry-run"],
        &["script", "--check"],
    ] {
        let stderr = failed(run(scratch.folder(), args), 2);
        assert!(stderr.ends_with("For more information, try '--help'.\n"), "{args:?}: {stderr}");
    }
}

// --- testing

const SCRIPT: &str = "--! arg: name string! -- whose\n--! arg: times integer = 1 -- how often\n\
    if job.args.times < 0 then error('times must not be negative') end\n\
    for i = 1, job.args.times do db:exec('INSERT INTO a VALUES (?, ?)', i, job.args.name) end\n\
    leaked = true\nreturn { rows = db:value('SELECT count(*) FROM a'), kind = type(describe), _G.leaked }\n";

const TESTS: &str = "describe('insert', function()
  before_each(function() db:exec(\"INSERT INTO a VALUES (0, 'first')\") end)
  it('adds rows', function()
    expect(run('insert.lua', { name = 'x', times = 2 })):equals({ rows = 3, kind = 'nil', true })
    expect(db:value('SELECT max(x) FROM a')):equals(2)
    expect(leaked):is_nil()
  end)
  it('begins anew each time', function()
    expect(db:value('SELECT count(*) FROM a')):equals(1)
    expect(db:query('SELECT y FROM a')):equals({ { y = 'first' } })
  end)
  describe('refuses', function()
    it('what is wrong', function()
      expect(function() run('insert.lua', { name = 'x', times = -1 }) end):fails('must not be negative')
      expect(function() run('insert.lua') end):fails('args.name')
      local e = expect(function() db:exec('SELEC') end):fails('sql')
      expect(e.message):contains('SELEC')
      db:exec('CREATE TABLE u (x UNIQUE)') db:exec('INSERT INTO u VALUES (1)')
      expect(function() db:exec('INSERT INTO u VALUES (1)') end):fails('constraint')
      expect(function() run('none.lua') end):fails('does not exist')
    end)
  end)
end)
it('knows claims', function()
  expect(1 == 1):is_true() expect(1 == 2):is_false() expect(nil):is_nil() expect({}):is_a('table')
  expect('abc'):contains('b') expect({ 1, { 2 } }):contains({ 2 }) expect(1):equals(1.0)
end)
";

#[test]
fn tests_run_each_on_a_fresh_database() {
    let scratch = small();
    scratch.write("s/insert.lua", SCRIPT);
    scratch.write("s/insert_test.lua", TESTS);
    let stdout = untimed(&succeeded(in_small(&scratch, &["script", "--test", "s"])));
    assert_eq!(
        stdout,
        "insert_test.lua\n  ok     insert > adds rows (T ms)\n  ok     insert > begins anew each time (T ms)\n  \
         ok     insert > refuses > what is wrong (T ms)\n  ok     knows claims (T ms)\n4 passed, 0 failed\n"
    );
    assert_eq!(rows_of_a(&scratch), 0, "the database beside it was not touched");
    let report: Json =
        serde_json::from_str(&succeeded(in_small(&scratch, &["script", "--test", "s", "--json"]))).expect("parses");
    assert_eq!(report["passed"], true);
    assert_eq!(report["files"][0]["tests"][3]["name"], "knows claims");
}

fn rows_of_a(scratch: &Scratch) -> i64 {
    let stdout = succeeded(in_small(scratch, &["query", "a.db", "SELECT count(*) AS n FROM a", "--json"]));
    let report: Json = serde_json::from_str(&stdout).expect("parses");
    report["rows"][0][0].as_i64().expect("a number")
}

#[test]
fn a_test_that_fails_is_shown_with_its_line() {
    let scratch = small();
    scratch.write(
        "x_test.lua",
        "--! timeout: 300ms\nit('claims', function()\n  log.info('a line')\n  expect({ 1, { a = 'x' } }):equals({ 1 })\nend)\n\
         it('hangs', function() while true do pcall(function() end) end end)\nit('passes', function() end)\n\
         it('expects', function() expect(function() end):fails('busy') end)\n",
    );
    let ran = in_small(&scratch, &["script", "--test", "x_test.lua"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""));
    let stdout = untimed(&ran.stdout);
    for part in [
        "  FAILED claims (T ms)\n         expected { 1 }, came { 1, { a = \"x\" } }\n          --> x_test.lua:4:3\n",
        "         4 |   expect({ 1, { a = 'x' } }):equals({ 1 })\n           |   ^\n         log: a line\n",
        "  FAILED hangs (T ms)\n         the script ran longer than its T ms\n",
        "  ok     passes (T ms)\n",
        "         expected an error with \"busy\", came none\n",
        "1 passed, 3 failed\n",
    ] {
        assert!(stdout.contains(part), "{part}\n{stdout}");
    }
}

#[test]
fn what_is_no_test_file_fails() {
    let scratch = small();
    scratch.write("s/a_test.lua", "local = 1");
    scratch.write("s/b_test.lua", "return 1");
    scratch.write("s/c_test.lua", "describe('x', function() error('outside') end)");
    scratch.write("s/deeper/d_test.lua", "it('nests', function() it('x', function() end) end)");
    scratch.write("s/other.lua", "nonsense");
    let ran = in_small(&scratch, &["script", "--test", "s"]);
    assert_eq!(ran.code, Some(1));
    for part in [
        "--> a_test.lua:1:1",
        "b_test.lua has no test",
        "outside",
        "a test cannot hold further tests",
        "0 passed, 4 failed",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{}", ran.stdout);
    }
    let empty = scratch.path("empty");
    std::fs::create_dir(&empty).expect("makes");
    assert!(
        failed(in_small(&scratch, &["script", "--test", "empty"]), 2)
            .contains("holds no file that ends with _test.lua")
    );
}
