//! The bindings in other languages, each tested by its own runtime: `bindings/LANGUAGE/test.sh` installs what it needs into the target
//! folder, builds the package and runs its tests, all of `bindings/cases.json` among them.
//!
//! A language whose tools are not there is said to be skipped; with `RPMADB_ALL_BINDINGS=1`, as in the checks, that fails.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use crate::c::library;

/// Runs the tests of a binding; `tools` are the programs it needs.
fn passes(language: &str, tools: &[&str]) {
    let found = |tool: &str| {
        std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()))
    };
    if let Some(missing) = tools.iter().find(|tool| !found(tool)) {
        assert!(std::env::var_os("RPMADB_ALL_BINDINGS").is_none(), "{language}: {missing} is not installed");
        // why not eprintln: what a test that passes prints is not shown
        let said = format!("SKIPPED: the binding for {language}, because {missing} is not installed\n");
        std::io::stderr().write_all(said.as_bytes()).expect("writes");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bindings").join(language);
    std::fs::create_dir_all(&scratch).expect("a folder");
    let output = Command::new("bash")
        .arg(root.join("bindings").join(language).join("test.sh"))
        .env("RPMADB_LIBRARY", library())
        .env("RPMADB_SCRATCH", &scratch)
        // why: cargo's, which would be a place where the system looks
        .env_remove("LD_LIBRARY_PATH")
        .current_dir(root.join("bindings").join(language))
        .output()
        .expect("bash starts");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{language}: {}\n{said}", output.status);
}

#[test]
fn the_binding_for_cpp_passes_its_tests() {
    passes("cpp", &["g++", "cmake", "python3"]);
}

#[test]
fn the_binding_for_go_passes_its_tests() {
    passes("go", &["go", "gofmt", "gcc"]);
}

#[test]
fn the_binding_for_java_passes_its_tests() {
    passes("java", &["java", "javac", "mvn", "gcc"]);
}

#[test]
fn the_binding_for_node_passes_its_tests() {
    passes("node", &["node", "npm", "chromium"]);
}

#[test]
fn the_binding_for_python_passes_its_tests() {
    passes("python", &["python3"]);
}
