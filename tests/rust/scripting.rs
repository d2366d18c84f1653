//! Scripts that are built in or in files, with heads. What scripts do is in `lua`.

use super::*;

fn with(args: Json) -> request::Script {
    request::Script { args: args.as_object().cloned().unwrap_or_default(), ..request::Script::default() }
}

const HEAD: &str = "--! purpose: Says what it was given.\n--! role: supervisor, timeout: 200ms, memory: 2MB\n\
    --! arg: days integer = 90 -- how long\n--! arg: who string! -- whom\n--! arg: note string -- what else\n--! changes: nothing\n";

#[test]
fn the_built_in_scripts_are_listed_with_their_heads() {
    let scratch = Scratch::new();
    let list = open(scratch.path("a.db")).scripts(&watch()).expect("lists").scripts;
    let maintenance = list.iter().find(|script| script.name == "nightly_maintenance").expect("is built in");
    assert_eq!(maintenance.role, Some("admin"));
    assert_eq!((maintenance.args[0].name.as_str(), maintenance.args[0].r#type), ("backup", "boolean"));
    let mut names: Vec<&str> = list.iter().map(|script| script.name.as_str()).collect();
    let folder = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts")).expect("reads");
    let files: Vec<String> =
        folder.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    let mut there: Vec<&str> =
        files.iter().filter_map(|file| file.strip_suffix(".lua")).filter(|name| !name.contains('.')).collect();
    there.sort_unstable();
    names.sort_unstable();
    assert_eq!(names, there);
}

/// Two clients, for scripts that are about clients.
fn with_clients(scratch: &Scratch) -> Database {
    let database = open(scratch.path("a.db"));
    let clients = "INSERT INTO clients (id, name, email, created_at, updated_at)
        VALUES ('ada', 'Ada Lovelace', NULL, 1, 1), ('eve', 'Eve Moneypenny', 'eve@example.net', 1, 1)";
    database.query(clients, None, &watch()).expect("writes");
    database
}

#[test]
fn every_built_in_script_runs_dry_with_its_defaults() {
    for script in open(":memory:").scripts(&watch()).expect("lists").scripts {
        let scratch = Scratch::new();
        let database = with_clients(&scratch);
        let before = contents(&database);
        let run = |args| {
            let request = request::Script { dry_run: true, ..with(args) };
            database.script_file(&script.name, &request, &watch())
        };
        // what must be given, and what makes a script do what it is for; and whether that changes rows
        let (args, changed) = match script.name.as_str() {
            "erase_client" => (json!({"client_id": "eve", "dry_run": false}), true),
            "merge_clients" => (json!({"keep_id": "ada", "remove_id": "eve", "dry_run": false}), true),
            "nightly_maintenance" => {
                let error = run(json!({})).expect_err("is refused");
                assert_eq!(error.to_string(), "db:optimize in a dry run is not available here");
                (json!({"dry_run": true}), false)
            }
            "export_rows" => (json!({"table": "clients"}), false),
            _ => (json!({}), false),
        };
        let ran = run(args).unwrap_or_else(|error| panic!("{}: {error} at {:?}", script.name, error.place()));
        assert!(ran.dry_run && !ran.result.is_null(), "{}", script.name);
        assert_eq!(ran.rows_changed.map(|rows| rows > 0), Some(changed), "{}", script.name);
        assert_eq!(contents(&database), before, "{}", script.name);
    }
}

#[test]
fn a_file_runs_with_what_its_head_declares() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let file = text(&scratch.write("own.lua", format!("{HEAD}return job.args")));
    let run = |args| database.script_file(&file, &with(args), &watch());
    assert_eq!(run(json!({"who": "Ada"})).expect("runs").result, json!({"days": 90, "who": "Ada"}));
    let all = json!({"who": "Ada", "days": "7", "note": "x"});
    assert_eq!(run(all).expect("runs").result, json!({"days": 7, "who": "Ada", "note": "x"}));
    let message = |args| run(args).expect_err("refused").to_string();
    assert_eq!(message(json!({})), "option 'args.who': must be given: whom");
    assert_eq!(
        message(json!({"who": "x", "day": 1})),
        "option 'args.day': the script has no 'day'; did you mean 'days'?"
    );
    assert_eq!(message(json!({"who": "x", "days": {}})), "option 'args.days': is {} and must be of the type integer");

    let endless = text(&scratch.write("endless.lua", format!("{HEAD}while true do end")));
    let error = database.script_file(&endless, &with(json!({"who": "x"})), &watch()).expect_err("ends");
    assert_eq!(error.to_string(), "the script ran longer than its 200 ms");
    let greedy = text(&scratch.write("greedy.lua", format!("{HEAD}return #(('x'):rep(4 << 20))")));
    assert_eq!(refusal(database.script_file(&greedy, &with(json!({"who": "x"})), &watch())), "SCRIPT_MEMORY");
}

#[test]
fn a_head_that_is_wrong_and_an_error_in_the_file_have_their_place() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    for (source, name, line, column) in [
        ("--! role: admin\n--! rle: admin\nreturn 1", "SCRIPT_SYNTAX", 2, 5),
        ("--! role: admin\nreturn = 1", "SCRIPT_SYNTAX", 2, 1),
        ("--! role: admin\n\n  error('no')", "SCRIPT_FAILED", 3, 3),
    ] {
        let file = text(&scratch.write("a.lua", source));
        let error = database.script_file(&file, &request::Script::default(), &watch()).expect_err(source);
        let place = error.place().expect("a place");
        assert_eq!(
            (error.status().name(), place.file.as_deref(), place.line, place.column),
            (name, Some("a.lua"), Some(line), Some(column)),
            "{source}"
        );
    }
}

#[test]
fn only_regular_files_are_read_and_never_the_database() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let refused = |name: &str| refusal(database.script_file(name, &request::Script::default(), &watch()));
    assert_eq!(refused(&text(&scratch.path("none.lua"))), "NOT_FOUND");
    assert_eq!(refused(&text(scratch.folder())), "INVALID_ARGUMENT");
    assert_eq!(refused("/dev/zero"), "INVALID_ARGUMENT");
    let pipe = scratch.path("pipe.lua");
    nix_mkfifo(&pipe);
    assert_eq!(refused(&text(&pipe)), "INVALID_ARGUMENT", "a pipe would make it wait");
    std::os::unix::fs::symlink(scratch.path("a.db-wal"), scratch.path("link.lua")).expect("links");
    for name in ["a.db", "a.db-wal", "a.db-shm", "link.lua"] {
        assert_eq!(refused(&text(&scratch.path(name))), "SAME_FILE", "{name}");
    }
    scratch.write("big.lua", vec![b' '; (4 << 20) + 1]);
    scratch.write("latin.lua", b"return '\xe4'");
    for name in ["big.lua", "latin.lua"] {
        assert_eq!(refused(&text(&scratch.path(name))), "INVALID_ARGUMENT", "{name}");
    }
    assert_eq!(refused(""), "NOT_FOUND");
}

fn nix_mkfifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().expect("runs");
    assert!(made.success());
}

#[test]
fn a_script_is_for_the_roles_that_its_head_says() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let supervisor = database.act_as("s", Role::Supervisor).expect("acts");
    let user = database.act_as("u", Role::User).expect("acts");
    let file = text(&scratch.write("a.lua", "--! role: admin\nreturn 1"));
    let own = text(&scratch.write("b.lua", "return 1"));
    let run = |database: &Database, file: &str| database.script_file(file, &request::Script::default(), &watch());
    assert_eq!(refusal(run(&supervisor, &file)), "DENIED");
    assert_eq!(run(&supervisor, &own).expect("runs").result, 1);
    assert_eq!(refusal(run(&user, &own)), "DENIED");
    assert!(supervisor.scripts(&watch()).is_ok());
    assert_eq!(refusal(user.scripts(&watch())), "DENIED");
}

/// What does not compile is shown in the error, so that a supervisor could read the first line of any file of the host's.
#[test]
fn a_supervisor_runs_files_that_are_named_as_scripts() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let supervisor = database.act_as("s", Role::Supervisor).expect("acts");
    let run = |database: &Database, name: &str| database.script_file(name, &request::Script::default(), &watch());
    let secret = scratch.write("shadow", "root:$6$secret:1::");
    std::os::unix::fs::symlink(&secret, scratch.path("link.lua")).expect("links");
    for name in ["shadow", "link.lua", "none", "."] {
        let error = run(&supervisor, &text(&scratch.path(name))).expect_err(name);
        assert_eq!(error.status().name(), "DENIED", "{name}: {error}");
        assert!(!format!("{error} {:?}", error.place()).contains("secret"), "{error}");
    }
    let error = run(&supervisor, &text(&scratch.path("shadow"))).expect_err("is refused").to_string();
    assert!(error.ends_with("shadow, whose name does not end in .lua"), "{error}");
    assert_eq!(refusal(run(&supervisor, "no_such_script")), "NOT_FOUND");
    assert_eq!(refusal(run(&database, &text(&secret))), "SCRIPT_SYNTAX", "an admin may");
    assert_eq!(run(&supervisor, &text(&scratch.write("own.lua", "return 1"))).expect("runs").result, 1);
}

// --- lines

#[test]
fn a_line_that_was_stopped_does_not_harm_the_next() {
    let scratch = Scratch::new();
    let options = request::Open {
        script: request::ScriptLimits { timeout_ms: Some(200), memory_bytes: Some(4 << 20) },
        ..bare()
    };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let repl = database.repl().expect("makes");
    let run = |line: &str| repl.run(line, &watch());
    assert_eq!(run("kept = 5").expect("runs").values, Vec::<Json>::new());
    for endless in ["while true do end", "while true do pcall(function() while true do end end) end"] {
        assert_eq!(refusal(run(endless)), "SCRIPT_TIMEOUT", "{endless}");
        assert_eq!(run("kept").expect("runs").values, [5]);
    }
    assert_eq!(refusal(run("t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end")), "SCRIPT_MEMORY");
    // what is left of the memory, to the last table: once the next line could not even be compiled
    assert_eq!(refusal(run("for i = #t + 1, 1e9 do t[i] = {} end")), "SCRIPT_MEMORY");
    assert_eq!(run("t = nil").expect("runs").values, Vec::<Json>::new());
    let aborted = "db:transaction(function() db:exec('CREATE TABLE t (x)') error('no') end)";
    assert_eq!(refusal(run(aborted)), "SCRIPT_FAILED");
    assert_eq!(value(&database, "SELECT count(*) FROM sqlite_schema"), 0);
    assert!(!run("function f()").expect("is taken").complete);
    let cancelled = watch();
    cancelled.cancel();
    assert_eq!(refusal(repl.run("1", &cancelled)), "CANCELLED");
    let supervisor = database.act_as("s", Role::Supervisor).expect("acts");
    assert_eq!(
        refusal(supervisor.repl().expect("makes").run("db:exec('CREATE TABLE t (x)')", &watch())),
        "SCRIPT_FAILED"
    );
    assert_eq!(refusal(database.act_as("u", Role::User).expect("acts").repl()), "DENIED");
    database.close().expect("closes");
    assert_eq!(refusal(run("1")), "STALE_HANDLE");
}
