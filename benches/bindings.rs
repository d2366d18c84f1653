//! What a call through each binding adds to the same call from C.
//!
//! `cargo bench --bench bindings [-- LANGUAGE...]`, after `cargo test`, which builds the packages of Java and Node. Each language measures
//! itself (`bindings/LANGUAGE/bench.sh`): medians of a trivial query, in turns with the program in C. The limits are for that query; one
//! that is missed makes this fail. They are not part of the tests, because a busy machine makes any call slower.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

/// The microseconds that a call may add.
const LIMITS: [(&str, f64); 5] = [("cpp", 1.0), ("python", 20.0), ("node", 100.0), ("go", 10.0), ("java", 20.0)];

fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let this = std::env::current_exe().expect("this program has a path");
    let library = this.parent().expect("it lies in a folder").join("librpmadb.so");
    assert!(library.is_file(), "{} is missing: cargo builds it with this program", library.display());
    let mut missed = false;
    for (language, limit) in LIMITS {
        if !asked.is_empty() && !asked.iter().any(|name| name == language) {
            continue;
        }
        let added = added(language, &library);
        let verdict = if added <= limit { "within" } else { "OVER" };
        println!("{language}: {added:.1} us, {verdict} the limit of {limit} us");
        missed |= added > limit;
    }
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Prints what a language measured, and answers what its query adds.
fn added(language: &str, library: &Path) -> f64 {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bindings").join(language);
    std::fs::create_dir_all(&scratch).expect("a folder");
    let output = Command::new("bash")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings").join(language).join("bench.sh"))
        .env("RPMADB_LIBRARY", library)
        .env("RPMADB_SCRATCH", &scratch)
        .env_remove("LD_LIBRARY_PATH")
        .stderr(Stdio::inherit())
        .output()
        .expect("bash starts");
    let said = String::from_utf8_lossy(&output.stdout);
    print!("{said}");
    assert!(output.status.success(), "{language}: {}", output.status);
    said.lines()
        .find(|line| line.starts_with("query "))
        .and_then(|line| line.rsplit_once("adds")?.1.trim().strip_suffix(" us")?.trim().parse().ok())
        .unwrap_or_else(|| panic!("{language} did not tell what a query adds"))
}
