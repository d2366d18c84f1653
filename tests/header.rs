//! Holds `include/rpmadb.h` to the source it is generated from, and proves that a changed header is found.
//!
//! To write the header anew: `RPMADB_UPDATE=1 cargo test header`.
//! That it compiles in every dialect is in `c.rs`, where the compilers are.

use std::path::{Path, PathBuf};

use cbindgen::{
    Builder, Config, DocumentationLength, DocumentationStyle, ExportConfig, Language, RenameRule, SortKey, Style,
};

const HEADER: &str = r#"/*
 * rpmadb: owns the life of a SQLite database for any host.
 *
 * The conventions, once for all functions:
 *
 * - A function returns RPMADB_OK (0) or a positive status, listed below.
 * - Texts are NUL-terminated UTF-8. `options` is a JSON object, or NULL for defaults; an unknown key is an error.
 * - `out` may be NULL. If given, it is set on every path: to NULL or to one JSON document that you release with
 *   rpmadb_free. On success it is the report; on failure {"error": {"status", "name", "message", and where they apply
 *   "hint", "sqlite_code", "file", "line", "column", "statement", "source_line", "version"}}.
 * - Handles look like pointers and are numbers: using one after its close, a copy of it, or a wrong one is an error
 *   status and never undefined behaviour.
 * - Any handle may be used from any thread at any time. Reads run side by side, writes queue. From inside a callback the
 *   handle that is in the call answers RPMADB_REENTRANT.
 * - After fork, handles of the parent answer RPMADB_WRONG_PROCESS in the child, which can open its own, on the same file too.
 *   As with every library, fork when no call is under way on another thread.
 * - Nothing is printed, no signal handler is set, no thread is started before a reader, a script or a monitor needs one.
 * - The shared library stays loaded once it is loaded: dlclose does nothing.
 *
 * Generated from the source by cbindgen; do not edit.
 */
"#;

/// Files of `src/capi` with something for C, in the order in which a reader wants them.
const IN_READING_ORDER: [&str; 11] =
    ["info", "status", "operation", "database", "engine", "verbs", "archive", "history", "monitor", "json", "log"];
const WITHOUT_EXPORTS: [&str; 5] = ["extension", "guard", "handle", "mod", "text"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The header that the sources in `capi` give.
fn generate(capi: &Path) -> String {
    let config = Config {
        language: Language::C,
        cpp_compat: true,
        include_guard: Some("RPMADB_H".into()),
        header: Some(HEADER.trim_end().into()),
        no_includes: true,
        sys_includes: vec!["stdint.h".into()],
        usize_is_size_t: true,
        documentation: true,
        documentation_style: DocumentationStyle::Doxy,
        documentation_length: DocumentationLength::Full,
        line_length: 120,
        style: Style::Type,
        sort_by: SortKey::None,
        function: cbindgen::FunctionConfig { rename_args: RenameRule::None, ..Default::default() },
        export: ExportConfig::default(),
        ..Config::default()
    };
    let mut builder = Builder::new().with_config(config);
    for file in IN_READING_ORDER {
        builder = builder.with_src(capi.join(format!("{file}.rs")));
    }
    let mut bytes = Vec::new();
    builder.generate().expect("cbindgen reads the sources").write(&mut bytes);
    String::from_utf8(bytes).expect("UTF-8") + "\n"
}

fn committed() -> PathBuf {
    root().join("include/rpmadb.h")
}

/// What differs first, or nothing.
fn difference(committed: &str, generated: &str) -> Option<String> {
    if committed == generated {
        return None;
    }
    let pairs = committed.lines().chain(std::iter::repeat("")).zip(generated.lines());
    let first = pairs.enumerate().find(|(_, (old, new))| old != new);
    Some(match first {
        Some((at, (old, new))) => format!("line {}:\n  committed: {old}\n  generated: {new}", at + 1),
        None => "the committed header has lines too many".into(),
    })
}

#[test]
fn the_header_is_what_the_source_says() {
    let generated = generate(&root().join("src/capi"));
    if std::env::var_os("RPMADB_UPDATE").is_some() {
        std::fs::write(committed(), &generated).expect("writes the header");
    }
    let committed = std::fs::read_to_string(committed()).expect("include/rpmadb.h");
    if let Some(difference) = difference(&committed, &generated) {
        panic!("include/rpmadb.h is not what src/capi gives; run RPMADB_UPDATE=1 cargo test header\n{difference}");
    }
}

#[test]
fn every_file_of_the_c_door_is_in_the_header_or_known_to_have_nothing_for_it() {
    let mut found: Vec<String> = std::fs::read_dir(root().join("src/capi"))
        .expect("the sources")
        .map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    found.sort();
    let mut known: Vec<&str> = IN_READING_ORDER.into_iter().chain(WITHOUT_EXPORTS).collect();
    known.sort_unstable();
    assert_eq!(found, known);
}

#[test]
fn a_tampered_header_or_source_is_found() {
    let generated = generate(&root().join("src/capi"));
    let committed = std::fs::read_to_string(committed()).expect("include/rpmadb.h");
    for tampered in [
        committed.replace("#define RPMADB_BUSY 201", "#define RPMADB_BUSY 202"),
        committed.replace("uint64_t timeout_ms", "uint32_t timeout_ms"),
        committed.replacen("Threads: any.", "Threads: one.", 1),
        format!("{committed}\n"),
        committed[..committed.len() / 2].to_owned(),
    ] {
        assert_ne!(tampered, committed, "the tampering itself must change something");
        assert!(difference(&tampered, &generated).is_some());
    }

    let copy = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(root().join("src/capi")).expect("the sources") {
        let path = entry.expect("an entry").path();
        std::fs::copy(&path, copy.path().join(path.file_name().expect("a name"))).expect("copies");
    }
    let info = copy.path().join("info.rs");
    let source = std::fs::read_to_string(&info).expect("reads");
    std::fs::write(&info, source.replace("rpmadb_abi_version() -> u32", "rpmadb_abi_version() -> u64"))
        .expect("writes");
    assert!(difference(&committed, &generate(copy.path())).is_some(), "a changed signature must show");
}

#[test]
fn the_library_exports_what_the_header_declares_and_nothing_else() {
    let header = std::fs::read_to_string(committed()).expect("include/rpmadb.h");
    let mut declared: Vec<&str> = header
        .split(|character: char| !(character.is_ascii_alphanumeric() || character == '_' || character == '('))
        .filter_map(|word| word.split_once('(').map(|(name, _)| name))
        .filter(|name| name.starts_with("rpmadb_"))
        .collect();
    declared.sort_unstable();
    declared.dedup();
    declared.retain(|name| header.contains(&format!(" {name}(")) || header.contains(&format!("*{name}(")));

    let library = super::c::library();
    let nm = std::process::Command::new("nm").args(["-D", "--defined-only"]).arg(&library).output().expect("nm runs");
    assert!(nm.status.success(), "{}", String::from_utf8_lossy(&nm.stderr));
    let listing = String::from_utf8(nm.stdout).expect("UTF-8");
    let mut exported: Vec<&str> = listing.lines().filter_map(|line| line.split_whitespace().last()).collect();
    exported.sort_unstable();
    assert_eq!(exported, declared);
    assert!(declared.len() >= 30, "{}", declared.len());
}

/// The declarations and constants of a header, without comments, each on one line.
fn declarations(header: &str) -> Vec<String> {
    let mut text = String::new();
    let mut rest = header;
    while let Some((before, after)) = rest.split_once("/*") {
        text.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let (mut found, mut open) = (Vec::new(), String::new());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with('#') {
            found.push(line.to_owned());
            continue;
        }
        open.push_str(line);
        open.push(' ');
        if line.ends_with([';', '{', '}']) {
            found.push(std::mem::take(&mut open).trim().to_owned());
        }
    }
    found
}

/// What a program that was built with `released` misses in `now`, which says that it is of the same ABI.
fn broken(released: &str, now: &str) -> Vec<String> {
    let abi = |header: &str| declarations(header).into_iter().find(|line| line.contains("RPMADB_ABI_VERSION"));
    if abi(released) != abi(now) {
        return Vec::new();
    }
    let now = declarations(now);
    declarations(released).into_iter().filter(|line| !now.contains(line)).collect()
}

/// `tests/header/released.h` is the header of the last release. What was declared there stays as it was until the number of the ABI
/// changes; names and comments may be added. At a release the header is copied there.
#[test]
fn what_was_released_is_declared_as_it_was_until_the_abi_number_changes() {
    let released = std::fs::read_to_string(root().join("tests/header/released.h")).expect("reads");
    let now = std::fs::read_to_string(committed()).expect("reads");
    assert_eq!(broken(&released, &now), Vec::<String>::new());
    assert!(declarations(&released).len() > 100, "{:?}", declarations(&released));

    for (from, to) in [
        ("#define RPMADB_BUSY 201", "#define RPMADB_BUSY 202"),
        ("uint64_t timeout_ms", "uint32_t timeout_ms"),
        ("int32_t rpmadb_close(rpmadb **db);", ""),
        ("typedef struct rpmadb rpmadb;", "typedef int rpmadb;"),
    ] {
        let tampered = now.replace(from, to);
        assert!(tampered != now && !broken(&released, &tampered).is_empty(), "{from}");
        let another = tampered.replace("#define RPMADB_ABI_VERSION 1", "#define RPMADB_ABI_VERSION 2");
        assert!(broken(&released, &another).is_empty(), "{from}: it says so");
    }
    let more = now.replace("int32_t rpmadb_close(", "/** New. */\nint32_t rpmadb_new(void);\nint32_t rpmadb_close(");
    assert!(broken(&released, &more).is_empty(), "what is new breaks nobody");
}
