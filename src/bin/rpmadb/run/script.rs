//! Running, checking and testing scripts.
//!
//! Leaves to others: what that means; here files are found, arguments read, and reports printed.

use std::path::{Path, PathBuf};

use rpmadb::{Database, Error, Operation, Result, check_script_file, request};
use serde_json::json;

use crate::args::script::Script;
use crate::exit::Exit;
use crate::settings::Settings;
use crate::show;

/// What a run is asked for. Values of arguments that read as a JSON number, truth value or null are one, everything else is text.
pub(super) fn request(typed: &Script) -> Result<request::Script> {
    let mut args = serde_json::Map::new();
    for pair in &typed.args {
        let (key, value) = pair.split_once('=').ok_or_else(|| Error::InvalidArgument {
            name: "--arg".into(),
            reason: format!("is '{pair}' and must be KEY=VALUE"),
        })?;
        let parsed = serde_json::from_str(value)
            .ok()
            .filter(|value: &serde_json::Value| value.is_number() || value.is_boolean() || value.is_null())
            // why: 1e5 or 1.50 may be a name, and the script's head says what is meant
            .filter(|parsed| {
                let canonical = parsed.to_string();
                canonical == value
            });
        args.insert(key.to_owned(), parsed.unwrap_or_else(|| value.into()));
    }
    Ok(request::Script { args, dry_run: typed.dry_run, ..request::Script::default() })
}

/// Runs the script.
pub(super) fn call(
    settings: &Settings,
    typed: &Script,
    request: &request::Script,
    database: &Database,
    watch: &Operation,
) -> Result<()> {
    let name_or_path = typed.script.as_deref().unwrap_or_default();
    show::report(settings, &database.script_file(name_or_path, request, watch)?, show::script::script);
    Ok(())
}

/// Checks files without running them.
pub(super) fn check(as_json: bool, files: &[PathBuf]) -> Result<Exit> {
    let scripts = files.iter().map(|file| check_script_file(file)).collect::<Result<Vec<_>>>()?;
    let passed = scripts.iter().all(|script| script.passed);
    if as_json {
        show::json(&json!({ "passed": passed, "scripts": scripts }));
    } else {
        scripts.iter().for_each(show::script::check);
    }
    Ok(Exit::passed(passed))
}

/// Runs the tests in files, and in the files `*_test.lua` of folders.
pub(super) fn test(as_json: bool, paths: &[PathBuf], options: &request::Open, watch: &Operation) -> Result<Exit> {
    let options = request::Open { create: Some(true), migrate: Some(true), ..options.clone() };
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            add_tests(path, &mut files)?;
            if files.len() == before {
                let reason = "holds no file that ends with _test.lua".into();
                return Err(Error::InvalidArgument { name: path.display().to_string(), reason });
            }
        } else {
            files.push(path.clone());
        }
    }
    let mut reports = Vec::new();
    let mut passed = true;
    for file in &files {
        match Database::test_script(file, &options, watch) {
            Ok(report) => {
                passed &= report.passed;
                if !as_json {
                    show::script::tests(&report);
                }
                reports.push(json!(report));
            }
            // why on: the tests of the other files say something too
            Err(error) if !matches!(error, Error::Cancelled { .. } | Error::Timeout { .. }) => {
                passed = false;
                if !as_json {
                    show::script::no_tests(file, &error);
                }
                let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
                reports.push(json!({ "name": name, "passed": false, "error": error.document().error }));
            }
            Err(error) => return Err(error),
        }
    }
    if as_json {
        show::json(&json!({ "passed": passed, "files": reports }));
    } else {
        show::script::tested(&reports);
    }
    Ok(Exit::passed(passed))
}

/// The test files below a folder, in the order of their names.
fn add_tests(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let failed = |error: std::io::Error| Error::from_io(folder.display().to_string(), &error);
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut paths =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<Vec<_>>>().map_err(failed)?;
    paths.sort();
    for path in paths {
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        // why not through links: one that leads up would have no end
        if path.is_dir() && !path.is_symlink() && !name.starts_with('.') {
            add_tests(&path, files)?;
        } else if name.ends_with("_test.lua") {
            files.push(path);
        }
    }
    Ok(())
}
