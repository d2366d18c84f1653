//! Finds the folder of migrations to embed, sums it up for the start-up stamp, and links the shared library so
//! that it stays loaded.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a build script talks to cargo and may fail loudly")]

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-env-changed=RPMADB_MIGRATIONS_DIR");
    println!("cargo:rerun-if-env-changed=LIBSQLITE3_FLAGS");
    // why here: a backup that fails at night because of how the library was built fails too late
    let flags = std::env::var("LIBSQLITE3_FLAGS").unwrap_or_default();
    assert!(
        std::env::var_os("CARGO_FEATURE_BUNDLED").is_none() || flags.contains("SQLITE_ENABLE_DBPAGE_VTAB"),
        "set LIBSQLITE3_FLAGS=\"-DSQLITE_ENABLE_DBPAGE_VTAB\", as .cargo/config.toml here does: backups read pages through it"
    );
    if std::env::var_os("CARGO_FEATURE_SYSTEM_SQLITE").is_some() {
        println!("cargo:rustc-link-lib=dylib=sqlite3");
    }
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let folder = std::env::var("RPMADB_MIGRATIONS_DIR")
        .ok()
        .filter(|dir| !dir.is_empty())
        .map_or_else(|| root.join("migrations"), |dir| root.join(dir));
    println!("cargo:rerun-if-changed={}", folder.display());
    println!("cargo:rustc-env=RPMADB_EMBEDDED_DIR={}", folder.display());

    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("RPMADB_MIGRATIONS_DIR {}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").file_name().into_string().expect("file names are UTF-8"))
        .collect();
    names.sort();
    for name in &names {
        println!("cargo:rerun-if-changed={}", folder.join(name).display());
    }
    println!("cargo:rustc-env=RPMADB_EMBEDDED_DIGEST={}", digest(&folder, &names));
    println!("cargo:rustc-env=RPMADB_EMBEDDED_LATEST={}", latest(&names));
    println!("cargo:rustc-env=RPMADB_TARGET={}", std::env::var("TARGET").expect("cargo sets it"));

    // why: a thread-local with a destructor keeps a library from unloading in most C libraries, and ours has
    //    some; saying so to the loader makes dlclose a defined no-op instead of a crash at thread exit
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
        name_the_library();
        println!("cargo:rerun-if-changed=src/sqlite/shim/fcntl.c");
        cc::Build::new().file("src/sqlite/shim/fcntl.c").warnings(true).extra_warnings(true).compile("rpmadb_shim");
    }
}

/// Gives the shared library the name under which programs ask for it at run time, with the number of the ABI in it.
fn name_the_library() {
    let abi = std::fs::read_to_string("src/report.rs").expect("a readable source");
    let abi = abi
        .split_once("pub const ABI_VERSION: u32 = ")
        .and_then(|(_, rest)| rest.split_once(';'))
        .expect("the number")
        .0;
    println!("cargo:rerun-if-changed=src/report.rs");
    let name = format!("librpmadb.so.{abi}");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,{name}");
    // why here: what is linked with the library where cargo leaves it asks for that name there
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets it"));
    let profile = out.ancestors().nth(3).expect("target/PROFILE/build/PACKAGE/out");
    for folder in [profile.to_owned(), profile.join("deps")] {
        let link = folder.join(&name);
        if std::fs::symlink_metadata(&link).is_err() {
            // why ignored: at worst such a program says that it does not find the library
            let _ = std::os::unix::fs::symlink("librpmadb.so", link);
        }
    }
}

/// The same sum as `Set::digest` makes at run time; a unit test there compares the two.
fn digest(folder: &Path, names: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    for name in names {
        let text = std::fs::read(folder.join(name)).expect("a readable migration");
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(&text);
    }
    hasher.finalize().to_hex().to_string()
}

fn latest(names: &[String]) -> u64 {
    // the same files as `file::role` passes over
    let counted = names.iter().filter(|name| !name.starts_with('.') && !name.ends_with(".md"));
    counted.filter_map(|name| name.split('_').next()?.parse().ok()).max().unwrap_or(0)
}
