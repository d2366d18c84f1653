//! `rpmadb script` and `rpmadb scripts`: built-in scripts and files, checking, testing.

use super::*;

#[test]
fn scripts_lists_what_is_built_in() {
    let scratch = Scratch::new();
    let stdout = succeeded(run(scratch.folder(), &["scripts"]));
    let mut lines = stdout.lines();
    assert!(lines.next().is_some_and(|line| line.starts_with("name ") && line.contains(" arguments ")), "{stdout}");
    let line = stdout.lines().find(|line| line.starts_with("maintenance ")).expect("is listed");
    assert!(line.contains(" admin ") && line.contains("Checks the database"), "{line}");
    assert_eq!(scratch.names(), [""; 0]);
}

#[test]
fn a_built_in_script_runs_by_its_name() {
    let scratch = migrated();
    let stdout = succeeded(run(scratch.folder(), &["script", "a.db", "maintenance", "--json"]));
    let report: Json = serde_json::from_str(&stdout).expect("parses");
    assert_eq!(report["result"]["health"], "ok", "{stdout}");
    let stderr = failed(run(scratch.folder(), &["script", "a.db", "maintenence"]), 1);
    assert!(stderr.starts_with("error: a script or file 'maintenence' (did you mean maintenance?) does not exist"));
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
    assert!(stderr.starts_with("error: option 'args.n': is \"many\" and must be of the type integer\n"), "{stderr}");
}
