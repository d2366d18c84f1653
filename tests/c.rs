//! The C door from C: the header in every dialect, and the suite of `tests/c/` against both kinds of library.
//!
//! Needs gcc and g++; clang is tried as well where it is installed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];
const C_DIALECTS: [&str; 3] = ["-std=c99", "-std=c11", "-std=c2x"];
const CPP_DIALECTS: [&str; 5] = ["-std=c++11", "-std=c++14", "-std=c++17", "-std=c++20", "-std=c++23"];
/// What the static library needs.
const SYSTEM_LIBRARIES: [&str; 3] = ["-lpthread", "-ldl", "-lm"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where cargo puts what this test binary was built with.
fn deps() -> PathBuf {
    let this = std::env::current_exe().unwrap_or_else(|error| panic!("where is this test binary: {error}"));
    this.parent().unwrap_or_else(|| panic!("{} lies in no folder", this.display())).to_owned()
}

fn built(name: &str) -> PathBuf {
    let path = deps().join(name);
    assert!(path.is_file(), "{} is missing: it is built with the tests, by cargo test", path.display());
    path
}

/// The shared library.
pub(crate) fn library() -> PathBuf {
    built("librpmadb.so")
}

/// The static library.
pub(crate) fn archive() -> PathBuf {
    built("librpmadb.a")
}

/// Runs to the end; what it wrote is in the message when it fails.
fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} did not start: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n-- stdout\n{}\n-- stderr\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Compiles, strictly, with the header's folder and that of the suite.
fn compiler(name: &str, dialect: &str) -> Command {
    let mut command = Command::new(name);
    command.arg(dialect).args(STRICT).args(["-g", "-I"]).arg(root().join("include"));
    command
}

/// Links what `sources` are compiled to with the shared library into the program `name` in `scratch`.
fn compile<S: AsRef<OsStr>>(mut compiler: Command, sources: &[S], scratch: &TempDir, name: &str) -> PathBuf {
    let program = scratch.path().join(name);
    let library = library();
    let folder = deps();
    run(compiler
        .args(sources)
        .arg("-o")
        .arg(&program)
        .arg(library)
        .arg(format!("-Wl,-rpath,{}", folder.display()))
        // why: cargo's LD_LIBRARY_PATH, where an older library may lie, would come before a path of the newer kind
        .arg("-Wl,--disable-new-dtags")
        .args(SYSTEM_LIBRARIES));
    program
}

fn scratch() -> TempDir {
    tempfile::tempdir().unwrap_or_else(|error| panic!("a scratch folder: {error}"))
}

fn source(name: &str) -> PathBuf {
    root().join("tests/c").join(name)
}

/// The compilers to try: gcc and g++ always, clang and clang++ where they are.
fn compilers() -> Vec<(&'static str, &'static [&'static str])> {
    let mut all: Vec<(&str, &[&str])> = vec![("gcc", &C_DIALECTS), ("g++", &CPP_DIALECTS)];
    for (name, dialects) in [("clang", &C_DIALECTS[..]), ("clang++", &CPP_DIALECTS[..])] {
        if Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()) {
            all.push((name, dialects));
        } else {
            println!("{name} is not installed and was not tried");
        }
    }
    all
}

#[test]
fn the_header_compiles_alone_in_every_dialect() {
    let header = root().join("include/rpmadb.h");
    for (name, dialects) in compilers() {
        let language = if name.ends_with("++") { "c++" } else { "c" };
        for dialect in dialects {
            let include = ["-fsyntax-only", "-include"];
            run(compiler(name, dialect).args(include).arg(&header).args(["-x", language, "/dev/null"]));
        }
    }
}

#[test]
fn the_header_may_come_twice_into_a_unit_and_into_two_units() {
    let scratch = scratch();
    for dialect in C_DIALECTS {
        run(&mut Command::new(compile(compiler("gcc", dialect), &[source("twice.c")], &scratch, "twice")));
        let units = [source("unit_a.c"), source("unit_b.c")];
        run(&mut Command::new(compile(compiler("gcc", dialect), &units, &scratch, "units")));
    }
}

#[test]
fn a_cpp_host_compiles_in_every_dialect_and_runs() {
    for (name, dialects) in compilers().into_iter().filter(|(name, _)| name.ends_with("++")) {
        for dialect in dialects {
            let scratch = scratch();
            let program = compile(compiler(name, dialect), &[source("header_use.cpp")], &scratch, "cpp");
            run(Command::new(program).arg(scratch.path()));
        }
    }
}

/// What the preprocessor makes of a unit that includes `stdint.h`, and the header if `ours`.
fn preprocessed(flags: &[&str], ours: bool) -> String {
    let mut command = Command::new("gcc");
    command.args(["-std=c11", "-E", "-include", "stdint.h"]).args(flags);
    if ours {
        command.arg("-include").arg(root().join("include/rpmadb.h"));
    }
    String::from_utf8_lossy(&run(command.args(["-x", "c", "/dev/null"])).stdout).into_owned()
}

fn is_ours(name: &str) -> bool {
    name.starts_with("rpmadb") || name.starts_with("RPMADB")
}

#[test]
fn the_header_defines_names_of_its_own_only() {
    let without = preprocessed(&["-dM"], false);
    let with = preprocessed(&["-dM"], true);
    let macros: Vec<&str> = with
        .lines()
        .filter(|line| !without.lines().any(|known| known == *line))
        .filter_map(|line| line.strip_prefix("#define ")?.split([' ', '(']).next())
        .collect();
    assert!(macros.len() > 50 && macros.iter().all(|name| is_ours(name)), "{macros:?}");

    // what is left of the header is declarations; outside of parentheses stand their names and these words
    const WORDS: [&str; 8] = ["typedef", "struct", "const", "char", "void", "int32_t", "uint32_t", "int64_t"];
    let with = preprocessed(&["-P"], true);
    let ours = with.strip_prefix(preprocessed(&["-P"], false).trim_end()).expect("the header comes after stdint.h");
    let mut depth = 0;
    let mut names = Vec::new();
    for part in ours.split_inclusive(['(', ')']) {
        let text = part.trim_end_matches(['(', ')']);
        // why also there: `(*name)(...)` is how the name of a function type stands
        let is_named_type = text.trim_start().starts_with('*') && depth == 1;
        if depth == 0 || is_named_type {
            names.extend(text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty()));
        }
        depth += i32::from(part.ends_with('(')) - i32::from(part.ends_with(')'));
    }
    names.retain(|name| !WORDS.contains(name));
    assert!(names.len() > 30 && names.iter().all(|name| is_ours(name)), "{names:?}");
}

/// The sources of the suite.
fn suite() -> Vec<PathBuf> {
    let folder = root().join("tests/c");
    let apart = ["twice.c", "unit_a.c", "unit_b.c"];
    let mut sources: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .filter(|path| !apart.iter().any(|name| path.ends_with(name)))
        .collect();
    sources.sort();
    assert!(sources.len() >= 10, "{sources:?}");
    sources
}

/// Runs the suite; it writes nothing to stderr, so what comes there is the library's or a sanitizer's.
fn run_suite(program: &Path, scratch: &TempDir) {
    let folder = scratch.path().join("run");
    std::fs::create_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let output = run(Command::new(program)
        .arg(folder)
        .env("ASAN_OPTIONS", "detect_leaks=1")
        .env("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1"));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.lines().last().is_some_and(|line| line.ends_with(" passed, 0 failed")), "{stdout}");
    assert!(output.stderr.is_empty(), "printed: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_suite_passes_with_the_shared_library() {
    let scratch = scratch();
    run_suite(&compile(compiler("gcc", "-std=c11"), &suite(), &scratch, "suite"), &scratch);
}

#[test]
fn the_suite_passes_with_the_static_library() {
    let scratch = scratch();
    let program = scratch.path().join("suite");
    let mut gcc = compiler("gcc", "-std=c11");
    gcc.args(suite()).arg("-o").arg(&program).arg(archive());
    run(gcc.args(SYSTEM_LIBRARIES));
    run_suite(&program, &scratch);
}

#[test]
fn the_suite_passes_under_the_sanitizers() {
    let scratch = scratch();
    let mut gcc = compiler("gcc", "-std=c11");
    gcc.args(["-fsanitize=address,undefined", "-fno-omit-frame-pointer"]);
    run_suite(&compile(gcc, &suite(), &scratch, "suite"), &scratch);
}

#[test]
fn the_example_in_the_readme_compiles_and_runs() {
    let readme = root().join("README.md");
    let text = std::fs::read_to_string(&readme).unwrap_or_else(|error| panic!("{}: {error}", readme.display()));
    let example = text.split_once("```c\n").and_then(|(_, rest)| rest.split_once("\n```")).map(|(example, _)| example);
    let example = example.unwrap_or_else(|| panic!("{} has no block that begins with ```c", readme.display()));
    let scratch = scratch();
    let path = scratch.path().join("example.c");
    std::fs::write(&path, format!("{example}\n")).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let program = compile(compiler("gcc", "-std=c11"), &[path], &scratch, "example");
    let output = run(Command::new(program).current_dir(scratch.path()));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(stdout, "migrated to version 18\n1 client(s)\n");
}
