//! Flags over variables over `rpmadb.toml` over defaults, and `rpmadb config`, which tells of them.

use super::*;

/// What `rpmadb config a.db` says of a key: its value, and where it came from.
fn of(document: &Json, key: &str) -> (Json, String, Json) {
    let settings = document["settings"].as_array().expect("settings");
    let found = settings.iter().find(|setting| setting["key"] == key).expect(key);
    (found["value"].clone(), found["source"].as_str().expect("a source").to_owned(), found["from"].clone())
}

fn config(scratch: &Scratch, args: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = command();
    command.envs(variables.iter().copied()).current_dir(scratch.folder()).args(["config", "a.db"]).args(args);
    command.output().expect("runs").into()
}

fn document(scratch: &Scratch, args: &[&str], variables: &[(&str, &str)]) -> Json {
    serde_json::from_str(&succeeded(config(scratch, &[args, &["--json"]].concat(), variables))).expect("parses")
}

#[test]
fn flags_win_over_variables_these_over_the_file_and_that_over_defaults() {
    let scratch = Scratch::new();
    let all = document(&scratch, &[], &[]);
    assert_eq!(of(&all, "actor"), (json!("cli"), "default".into(), Json::Null));
    assert_eq!(all["file"], Json::Null);
    scratch.write("rpmadb.toml", "# é\nactor = 'file'\nbusy_timeout_ms = 7000\n\n[pool]\nmax = 3\n");
    let all = document(&scratch, &[], &[]);
    assert_eq!(of(&all, "actor"), (json!("file"), "file".into(), json!("rpmadb.toml:2")));
    assert_eq!(of(&all, "pool.max"), (json!(3), "file".into(), json!("rpmadb.toml:6")));
    assert_eq!(of(&all, "pool.min_idle"), (json!(2), "default".into(), Json::Null));
    let variables = [("RPMADB_ACTOR", "variable"), ("RPMADB_POOL_MAX", "5"), ("RPMA_DB_METRICS", "1")];
    let all = document(&scratch, &[], &variables);
    assert_eq!(of(&all, "actor"), (json!("variable"), "variable".into(), json!("RPMADB_ACTOR")));
    assert_eq!(of(&all, "pool.max"), (json!(5), "variable".into(), json!("RPMADB_POOL_MAX")));
    assert_eq!(of(&all, "metrics"), (json!(true), "variable".into(), json!("RPMA_DB_METRICS")));
    let all = document(&scratch, &["--actor", "flag"], &variables);
    assert_eq!(of(&all, "actor"), (json!("flag"), "flag".into(), json!("--actor")));
    let all = document(&scratch, &[], &[("RPMADB_ACTOR", ""), ("RPMADB_ACTER", "x")]);
    assert_eq!(of(&all, "actor").0, "file", "a variable that is set to nothing is none");
    assert_eq!(all["unknown_variables"], json!(["RPMADB_ACTER"]));
}

#[test]
fn config_is_a_table_for_people_and_shows_no_secret() {
    let scratch = Scratch::new();
    let key = "[audit]\nkey = 'sixteen bytes of it'\n";
    scratch.write("rpmadb.toml", format!("migrations = 'm'\n\n{key}"));
    let stdout = succeeded(config(&scratch, &["--changed"], &[("RPMADB_PASSPHRASE", "hush")]));
    assert_eq!(
        stdout,
        concat!(
            "file: ./rpmadb.toml\n",
            "key                value     from\n",
            "------------------ --------- ------------------\n",
            "migrations         ./m       rpmadb.toml:1\n",
            "backup.passphrase  (secret)  RPMADB_PASSPHRASE\n",
            "audit.key          (secret)  rpmadb.toml:4\n",
        )
    );
    let all = succeeded(config(&scratch, &[], &[("RPMADB_PASSPHRASE", "hush")]));
    assert!(all.contains("\nbackup.keep_last ") && !all.contains("hush") && !all.contains("sixteen"), "{all}");
}

#[test]
fn the_file_is_obeyed_from_wherever_the_command_is_run() {
    let scratch = Scratch::new();
    std::fs::create_dir_all(scratch.path("d/backups")).expect("makes");
    scratch.migrations("d/m", &[("1_first.sql", "CREATE TABLE a (x);")]);
    scratch.write("d/rpmadb.toml", "migrations = 'm'\nactor = 'ada'\n[backup]\nfolder = 'backups'\ncompress = true\n");
    assert!(succeeded(run(scratch.folder(), &["migrate", "d/a.db"])).contains("applied 1, version 1"));
    assert!(succeeded(run(scratch.folder(), &["migrations", "d/a.db"])).contains(" ada\n"));
    succeeded(run(scratch.folder(), &["backup", "d/a.db"]));
    assert_eq!(backups_in(&scratch.path("d/backups")), 1);
    let listed = succeeded(run(scratch.folder(), &["backups", "d/a.db"]));
    assert!(listed.contains("  full, zstd  "), "{listed}");
    assert!(succeeded(run(&scratch.path("d"), &["lint"])).starts_with("1 file(s), "), "the current folder's file");
}

#[test]
fn a_mistake_in_the_file_is_shown_where_it_is() {
    let scratch = Scratch::new();
    let told = |file: &str| {
        scratch.write("rpmadb.toml", file);
        failed(run(scratch.folder(), &["stats", "a.db"]), 2)
    };
    assert_eq!(
        told("[pool]\nmaxx = 3\n"),
        concat!(
            "error: unknown key 'pool.maxx'\n",
            " --> rpmadb.toml:2:1\n",
            "  |\n",
            "2 | maxx = 3\n",
            "  | ^\n",
            "hint: did you mean pool.max? `rpmadb config` lists all keys\n",
        )
    );
    assert_eq!(
        told("busy_timeout_ms = 'x'\n"),
        "error: invalid type: string \"x\", expected u64\n --> rpmadb.toml:1:19\n  |\n1 | busy_timeout_ms = 'x'\n  |                   ^\n"
    );
    for (file, start) in [
        ("create = true\n", "error: create cannot be set\n --> rpmadb.toml:1:1\n"),
        ("pool = 3\n", "error: pool must be a table\n --> rpmadb.toml:1:1\n"),
        ("[pool]\nmax = 0\n", "error: option 'pool.max': 0 is outside 1 to 1000\n --> rpmadb.toml:2:1\n"),
        ("role = 'boss'\n", "error: unknown variant `boss`, expected one of "),
        ("a b\n", "error: "),
        ("timeout_ms = '5s'\n", "error: timeout_ms must be a whole number from 0 on\n --> rpmadb.toml:1:1\n"),
        ("\ntimeout_ms = -5\n", "error: timeout_ms must be a whole number from 0 on\n --> rpmadb.toml:2:1\n"),
        ("timeout_ms = 1.5\n", "error: timeout_ms must be a whole number from 0 on\n --> rpmadb.toml:1:1\n"),
        ("[nothing]\nx = 1\n", "error: unknown key 'nothing'\n --> rpmadb.toml:1:2\n"),
    ] {
        let stderr = told(file);
        assert!(stderr.starts_with(start) && stderr.contains("--> rpmadb.toml:"), "{file}: {stderr}");
    }
    let ran = run(scratch.folder(), &["stats", "a.db", "--json"]);
    let error = ran.error();
    assert_eq!(
        (ran.code, &error["name"], &error["file"]),
        (Some(2), &json!("INVALID_ARGUMENT"), &json!("rpmadb.toml"))
    );
}

#[test]
fn a_file_that_cannot_be_read_is_wrong_usage() {
    let scratch = Scratch::new();
    scratch.write("rpmadb.toml", b"actor = 'eva'\n[pool]\nmax = 3 # \xe4\n");
    let stderr = failed(run(scratch.folder(), &["stats", "a.db"]), 2);
    assert_eq!(stderr, "error: ./rpmadb.toml is not UTF-8\n--> rpmadb.toml:3:11\n");
    std::fs::remove_file(scratch.path("rpmadb.toml")).expect("removes");
    std::fs::create_dir(scratch.path("rpmadb.toml")).expect("makes");
    let stderr = failed(run(scratch.folder(), &["stats", "a.db"]), 2);
    assert_eq!(stderr, "error: ./rpmadb.toml is a folder, and must be a file\n");
}

#[test]
fn a_wrong_value_is_shown_or_its_key_is_named() {
    let scratch = Scratch::new();
    let told = |file: &str| {
        scratch.write("rpmadb.toml", file);
        failed(run(scratch.folder(), &["stats", "a.db"]), 2)
    };
    let place = " --> rpmadb.toml:2:13\n  |\n2 | keep_last = -1\n  |             ^\n";
    assert_eq!(
        told("[backup]\nkeep_last = -1\n"),
        format!("error: invalid value: integer `-1`, expected u32\n{place}")
    );
    assert_eq!(
        told("[backup]\nkeep_last = 'x'\n"),
        "error: backup.keep_last: a value of another kind, expected u32\n--> rpmadb.toml:2:13\n"
    );
    assert_eq!(
        told("backup = { keep_last = -1, passphrase = 'hush' }\n"),
        "error: backup.keep_last: a value of another kind, expected u32\n--> rpmadb.toml:1:24\n"
    );
}

/// Whatever the folder of the backups is named by, and what is printed of it.
#[test]
fn a_folder_of_backups_that_is_not_there_keeps_no_look_from_being_made() {
    let scratch = small();
    let gone = text(&scratch.path("gone"));
    let ran = |args: &[&str], variable: &str| -> Ran {
        let mut command = command();
        command.env("RPMADB_BACKUP_FOLDER", variable).current_dir(scratch.folder()).args(args);
        command.args(["--migrations", "m"]).output().expect("runs").into()
    };
    scratch.write("rpmadb.toml", "[backup]\nfolder = 'gone'\n");
    scratch.write("s/x_test.lua", "it('passes', function() end)");
    let of_file = "warning: ./gone is not a folder, which rpmadb.toml:2 names for the backups\n".to_owned();
    let of_variable = format!("warning: {gone} is not a folder, which RPMADB_BACKUP_FOLDER names for the backups\n");
    for (variable, warning) in [("", of_file), (&gone, of_variable)] {
        let health = ran(&["health", "a.db"], variable);
        assert_eq!((health.code, &health.stderr), (Some(0), &warning), "{health:?}");
        assert!(health.stdout.contains("\n  unknown   backup_age           \n"), "never well: {health:?}");
        let doctor = ran(&["doctor", "a.db"], variable);
        assert_eq!((doctor.code, &doctor.stderr), (Some(4), &warning), "{doctor:?}");
        assert!(doctor.stdout.contains("\nbackups      critical  "), "{doctor:?}");
        for args in [
            &["query", "a.db", "SELECT 1"][..],
            &["stats", "a.db"],
            &["migrate", "a.db"],
            &["migrate", "a.db", "--dry-run"],
            &["migrate", "a.db", "--lint"],
            &["script", "--test", "s"],
            &["backup", "a.db", "x.db", "--overwrite"],
        ] {
            let ran = ran(args, variable);
            assert_eq!((ran.code, &ran.stderr), (Some(0), &warning), "{args:?}: {ran:?}");
        }
        assert_eq!(ran(&["query", "a.db", "SELECT 1", "-q"], variable).stderr, "");
    }
}

#[test]
fn a_folder_of_backups_that_is_needed_is_told_with_where_it_is_set() {
    let scratch = small();
    let gone = text(&scratch.path("gone"));
    let told = |args: &[&str], variable: &str| {
        let mut command = command();
        command.env("RPMADB_BACKUP_FOLDER", variable).current_dir(scratch.folder()).args(args);
        failed(command.args(["--migrations", "m", "--yes"]).output().expect("runs").into(), 2)
    };
    scratch.write("rpmadb.toml", "[backup]\nfolder = 'gone'\nbefore_migrate = true\n");
    scratch.write("s.lua", "return 1");
    for args in [
        &["backup", "a.db"][..],
        &["backups", "a.db"],
        &["restore", "a.db", "x"],
        &["migrate", "a.db"],
        &["script", "a.db", "s.lua"],
        &["report", "a.db", "-"],
    ] {
        let of_file = "error: option 'backup.folder': ./gone is not a folder\n--> rpmadb.toml:2:1\n\
                       hint: `rpmadb config` lists what is set, and where\n";
        assert_eq!(told(args, ""), of_file, "{args:?}");
        assert_eq!(told(args, &gone), format!("error: RPMADB_BACKUP_FOLDER: {gone} is not a folder\n"), "{args:?}");
    }
}

#[test]
fn no_secret_of_the_file_is_shown() {
    let scratch = Scratch::new();
    let recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    for (file, code) in [
        ("[backup]\nencrypt_to = { passphrase = 'hush-hush' }\n", 0),
        ("[backup]\nencrypt_to = 'hush-hush'\n", 0),
        ("[backup]\nencrypt_to = { passphrase = 'hush-hush', more = 1 }\n", 2),
        ("[backup]\nencrypt_to = { passphras = 'hush-hush' }\n", 2),
        ("[backup]\npassphrase = \"hush-hush\n", 2),
        ("[backup]\npassphrase = hush-hush\n", 2),
        ("[backup]\npasphrase = 'hush-hush'\n", 2),
        ("[ backup ] # c\nfolder = 'b'\nx = 'hush-hush'\n", 2),
        ("[\"backup\"]\nkeep_last = 'hush-hush'\n", 2),
        ("backup.identities = [\n  'hush-hush'\n  'hush-hush'\n]\n", 2),
        ("backup.identities = 'hush-hush'\n", 2),
        ("backup = 'hush-hush'\n", 2),
        ("backup = { keep_last = 'hush-hush' }\n", 2),
        ("backup = { passphrase = 'hush-hush', keep_last = 'x' }\n", 2),
        ("[audit]\nkey = ['hush-hush']\n", 2),
        ("[audit]\nenabled = 'hush-hush'\n", 2),
        ("[audit]\nkey = 'hush-hush' 'hush-hush'\n", 2),
        ("[audit]\nkey = 'hush-hush'\nkey = 'hush-hush'\n", 2),
        ("[audit]\nkey = 'hush-hush'\n[pool]\nmax = 0\n", 2),
        ("audit.key = 'hush-hush'\n[audit]\nkey = 1\n", 2),
        ("passphrase = 'hush-hush'\n", 2),
        ("key = 'hush-hush'\n", 2),
        ("identities = ['hush-hush']", 2),
    ] {
        scratch.write("rpmadb.toml", file);
        for args in [&[] as &[&str], &["--json"]] {
            let ran = config(&scratch, args, &[]);
            assert_eq!(ran.code, Some(code), "{file}: {ran:?}");
            assert!(!format!("{ran:?}").contains("hush-hush"), "{file}: {ran:?}");
        }
    }
    scratch.write("rpmadb.toml", "");
    let all = document(&scratch, &[], &[("RPMADB_BACKUP_ENCRYPT_TO", &format!("{recipient},hush-hush"))]);
    assert_eq!(of(&all, "backup.encrypt_to").0, json!([recipient, "(secret)"]));
    scratch.write("rpmadb.toml", "[audit]\nkey = 'hush-hush'\n\n[pool]\nmaxx = 3\n");
    assert!(failed(config(&scratch, &[], &[]), 2).contains("5 | maxx = 3\n"), "what is no secret is shown");
}

#[test]
fn a_mistake_in_a_variable_names_it() {
    let scratch = Scratch::new();
    for (name, value, message) in [
        ("RPMADB_POOL_MAX", "x", "RPMADB_POOL_MAX is 'x' and must be a whole number"),
        ("RPMADB_POOL_MAX", "0", "RPMADB_POOL_MAX: 0 is outside 1 to 1000"),
        ("RPMADB_READ_ONLY", "yes", "RPMADB_READ_ONLY is 'yes' and must be 1, true, 0 or false"),
        ("RPMA_DB_METRICS", "yes", "RPMA_DB_METRICS is 'yes' and must be 1, true, 0 or false"),
        ("RPMADB_YES", "no", "RPMADB_YES is 'no' and must be 1, true, 0 or false"),
        ("RPMADB_QUIET", "off", "RPMADB_QUIET is 'off' and must be 1, true, 0 or false"),
    ] {
        assert_eq!(failed(config(&scratch, &[], &[(name, value)]), 2), format!("error: {message}\n"));
    }
}

#[test]
fn yes_and_quiet_are_truth_values() {
    let scratch = small();
    succeeded(in_small(&scratch, &["backup", "a.db", "b.db"]));
    for no in ["false", "0"] {
        assert!(!succeeded(config(&scratch, &[], &[("RPMADB_QUIET", no)])).is_empty(), "{no}");
        let mut command = command();
        command.env("RPMADB_YES", no).current_dir(scratch.folder()).args(["restore", "a.db", "b.db"]);
        let stderr = failed(command.stdin(Stdio::null()).output().expect("runs").into(), 2);
        assert!(stderr.starts_with("error: this would "), "{no}: {stderr}");
    }
    for yes in ["true", "1"] {
        assert_eq!(succeeded(config(&scratch, &[], &[("RPMADB_QUIET", yes)])), "", "{yes}");
    }
}

#[test]
fn the_variable_of_metrics_wins_over_the_file() {
    let scratch = small();
    scratch.write("rpmadb.toml", "metrics = true\n");
    for (value, is_on) in [("1", true), ("true", true), ("0", false), ("", true)] {
        let all = document(&scratch, &[], &[("RPMA_DB_METRICS", value)]);
        assert_eq!(of(&all, "metrics").0, json!(is_on), "{value}");
        let mut command = command();
        command.env("RPMA_DB_METRICS", value).current_dir(scratch.folder()).args(["metrics", "a.db", "--json"]);
        let found: Json = serde_json::from_str(&succeeded(command.output().expect("runs").into())).expect("parses");
        assert_eq!(found["enabled"], is_on, "{value}");
    }
}

#[test]
fn a_variable_that_means_nothing_is_told_of() {
    let scratch = small();
    let ran = |args: &[&str], name: &str| -> Ran {
        let mut command = command();
        command.env(name, "1").current_dir(scratch.folder()).args(["query", "a.db", "SELECT 1"]).args(args);
        command.output().expect("runs").into()
    };
    let warning = "warning: RPMADB_TIMEOUT is set and means nothing here; `rpmadb config` lists what does\n";
    for (args, wanted) in [(&[] as &[&str], warning), (&["--json"], warning), (&["-q"], "")] {
        let found = ran(args, "RPMADB_TIMEOUT");
        assert_eq!((found.code, found.stderr.as_str()), (Some(0), wanted), "{args:?}");
    }
    for name in [
        "RPMADB_ALL_BINDINGS",
        "RPMADB_LIBRARY",
        "RPMADB_MIGRATIONS_DIR",
        "RPMADB_SCRATCH",
        "RPMADB_TEST_SEED",
        "RPMADB_POOL_MAX",
        "RPMADB_UPDATE",
        "RPMADB_YES",
    ] {
        succeeded(ran(&[], name));
    }
}
