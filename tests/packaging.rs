//! What a stranger installs: `bindings/c/install.sh`, unpacked elsewhere and built against through pkg-config and through CMake, and the
//! static library beside another SQLite and another Lua, in every order of linking.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::c::library;

/// The newest symbols of the C library that the shared library may need: Debian 12, Ubuntu 22.04 and RHEL 9 have them.
const GLIBC: (u32, u32) = (2, 34);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(command: &mut Command) -> String {
    // why: cargo's, with which another library would be found than the installed one
    let output = command
        .env_remove("LD_LIBRARY_PATH")
        .output()
        .unwrap_or_else(|error| panic!("{command:?} did not start: {error}"));
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{command:?}: {}\n{}{}", output.status, said[0], said[1]);
    said[0].clone()
}

fn install() -> Command {
    let deps = library().parent().expect("in a folder").to_owned();
    let mut command = Command::new("sh");
    command
        .arg(root().join("bindings/c/install.sh"))
        .arg("--from")
        .arg(deps)
        .args(["--command", env!("CARGO_BIN_EXE_rpmadb")]);
    command
}

/// A tarball, unpacked in a folder that has nothing to do with this one.
fn unpacked() -> &'static Path {
    static UNPACKED: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, prefix) = UNPACKED.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let tarball = folder.path().join("rpmadb-test.tar.gz");
        run(install().arg("--tarball").arg(&tarball));
        let elsewhere = folder.path().join("some where else");
        std::fs::create_dir(&elsewhere).expect("a folder");
        run(Command::new("tar").arg("-C").arg(&elsewhere).arg("-xf").arg(&tarball));
        (folder, elsewhere.join("rpmadb-test"))
    });
    prefix
}

fn works(program: &Path, folder: &TempDir) -> String {
    let said = run(Command::new(program).arg(folder.path().join("a.db")));
    assert!(said.starts_with("migrated 18\ninside 3.") && said.contains("script Lua 5.4\n"), "{said}");
    said
}

fn client() -> PathBuf {
    root().join("tests/packaging/client.c")
}

#[test]
fn a_client_builds_through_pkg_config() {
    let folder = tempfile::tempdir().expect("a folder");
    let found = |asked: &str| {
        let said = run(Command::new("pkg-config")
            .args(["rpmadb", asked])
            .env("PKG_CONFIG_PATH", unpacked().join("lib/pkgconfig")));
        // pkg-config writes a space in a path as `\ `
        let words = said.trim().replace("\\ ", "\u{0}");
        words.split_whitespace().map(|word| word.replace('\u{0}', " ")).collect::<Vec<_>>()
    };
    let program = folder.path().join("client");
    run(Command::new("gcc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror"])
        .arg(client())
        .args(found("--cflags"))
        .arg("-o")
        .arg(&program)
        .args(found("--libs"))
        .arg(format!("-Wl,-rpath,{}", unpacked().join("lib").display())));
    works(&program, &folder);
    assert_eq!(found("--modversion"), [env!("CARGO_PKG_VERSION")]);
    let needed = run(Command::new("readelf").arg("-d").arg(&program));
    assert!(needed.contains("[librpmadb.so.1]"), "it asks for the ABI it was built for: {needed}");
}

#[test]
fn a_client_builds_through_cmake_with_either_library() {
    for target in ["rpmadb::rpmadb", "rpmadb::static"] {
        let folder = tempfile::tempdir().expect("a folder");
        let project = format!(
            "cmake_minimum_required(VERSION 3.16)\nproject(client C)\nfind_package(rpmadb 0.1 REQUIRED)\n\
             add_executable(client {})\ntarget_link_libraries(client {target})\n",
            client().display()
        );
        std::fs::write(folder.path().join("CMakeLists.txt"), project).expect("writes");
        let build = folder.path().join("build");
        run(Command::new("cmake")
            .arg("-S")
            .arg(folder.path())
            .arg("-B")
            .arg(&build)
            .arg(format!("-DCMAKE_PREFIX_PATH={}", unpacked().display())));
        run(Command::new("cmake").arg("--build").arg(&build));
        works(&build.join("client"), &folder);
    }
}

#[test]
fn it_installs_under_a_prefix_and_into_a_folder_of_whoever_makes_packages() {
    let folder = tempfile::tempdir().expect("a folder");
    run(install().arg("--destdir").arg(folder.path()).args(["--prefix", "/opt/rpmadb", "--libdir", "lib64/deep"]));
    let prefix = folder.path().join("opt/rpmadb");
    let flags = run(Command::new("pkg-config")
        .args(["rpmadb", "--variable", "includedir"])
        .env("PKG_CONFIG_PATH", prefix.join("lib64/deep/pkgconfig")));
    let include = Path::new(flags.trim()).canonicalize().expect("is there");
    assert_eq!(include, prefix.join("include").canonicalize().expect("is there"));
    for name in [
        "bin/rpmadb",
        "include/rpmadb.h",
        "lib64/deep/librpmadb.so",
        "lib64/deep/librpmadb.a",
        "lib64/deep/pkgconfig/rpmadb.pc",
    ] {
        assert!(prefix.join(name).exists(), "{name}");
    }
    let said = run(Command::new(prefix.join("bin/rpmadb")).arg("--version"));
    assert!(said.starts_with("rpmadb "), "{said}");
    let link = std::fs::read_link(prefix.join("lib64/deep/librpmadb.so")).expect("a link");
    assert_eq!(link, Path::new("librpmadb.so.1"));
}

/// The static library beside libsqlite3 and liblua, before and after each of them.
#[test]
fn the_static_library_links_beside_another_sqlite_and_another_lua_in_every_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let ours = unpacked().join("lib/librpmadb.a").display().to_string();
    let system = |name: &str| run(Command::new("gcc").arg(format!("-print-file-name={name}"))).trim().to_owned();
    let (sqlite, lua) = (system("libsqlite3.a"), system("liblua5.4.a"));
    let version = run(Command::new("pkg-config").args(["--modversion", "sqlite3"]));
    for (at, order) in [[&ours, &sqlite, &lua], [&sqlite, &ours, &lua], [&sqlite, &lua, &ours], [&lua, &ours, &sqlite]]
        .iter()
        .enumerate()
    {
        let program = folder.path().join(format!("client{at}"));
        run(Command::new("gcc")
            .args(["-std=c11", "-DBESIDE", "-I/usr/include/lua5.4", "-I"])
            .arg(unpacked().join("include"))
            .arg(client())
            .args(order.iter())
            .arg("-o")
            .arg(&program)
            .args(["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"]));
        let folder = tempfile::tempdir().expect("a folder");
        let said = works(&program, &folder);
        assert!(said.contains(&format!("beside {}", version.trim())), "its own SQLite: {said}");
        assert!(!said.contains(&format!("inside {}\n", version.trim())), "and ours: {said}");
        assert!(said.contains("lua 504"), "{said}");
    }
}

#[test]
fn the_static_library_has_the_functions_of_the_header_and_no_other_name() {
    let listing = run(Command::new("nm").args(["-g", "--defined-only"]).arg(unpacked().join("lib/librpmadb.a")));
    let mut names: Vec<&str> = listing.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    names.sort_unstable();
    let listing = run(Command::new("nm").args(["-D", "--defined-only"]).arg(library()));
    let mut exported: Vec<&str> = listing.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    exported.sort_unstable();
    assert!(names.len() > 50);
    assert_eq!(names, exported);
}

#[test]
fn the_shared_library_has_the_name_of_its_abi_stays_loaded_and_needs_no_newer_c_library_than_is_said() {
    let dynamic = run(Command::new("readelf").arg("-d").arg(library()));
    assert!(dynamic.contains("Library soname: [librpmadb.so.1]"), "{dynamic}");
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
    let symbols = run(Command::new("objdump").arg("-T").arg(library()));
    let needed = symbols.split("GLIBC_").skip(1).filter_map(|rest| {
        let text: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let mut numbers = text.split('.').filter_map(|number| number.parse::<u32>().ok());
        Some((numbers.next()?, numbers.next()?))
    });
    assert_eq!(needed.max(), Some(GLIBC));
}
