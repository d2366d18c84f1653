//! Scripts that are there already: those built in from `scripts/`, and those in files.
//!
//! Leaves to others: reading heads (`head.rs`), running (`script.rs`).
//!
//! Invariants: a built-in name wins over a file of that name; of a file no more is read than a script may have, and only of a
//! regular one; the open database is never read as if it were a script, because closing it would drop the locks on it.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use nix::fcntl::OFlag;

use super::head::{Head, nearest};
use super::script;
use super::session::Session;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::report;
use crate::request;
use crate::sqlite::Access;
use crate::sqlite::file::{identity, real, with_suffix};

macro_rules! embedded {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../scripts/", $name, ".lua")))),*]
    };
}

/// The built-in scripts: name and text, by name.
// why one by one: the folder also holds files for editors, which are no smaller
const SHIPPED: &[(&str, &str)] = embedded!(
    "data_quality" "duplicate_clients" "erase_client" "export_rows" "find_orphans" "index_advice" "integrity_sweep"
    "merge_clients" "nightly_maintenance" "purge_old_rows" "table_growth"
);

/// Longer files are no scripts.
const MOST_SOURCE_BYTES: u64 = script::MOST_SOURCE_BYTES as u64;

/// A script as a text, with the name that messages call it by.
#[derive(Debug)]
pub struct Source {
    /// The file's name.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// The built-in scripts with what their heads say.
pub fn list() -> Result<report::Scripts> {
    let entry = |(name, text): (&str, &str)| Head::parse(text, &format!("{name}.lua")).map(|head| head.entry(name));
    Ok(report::Scripts { scripts: SHIPPED.iter().copied().map(entry).collect::<Result<_>>()? })
}

/// What the head says of the built-in script of this name, or of the file at this path; nothing is run.
pub fn describe(name_or_path: &str) -> Result<report::ScriptEntry> {
    let source = find(name_or_path, None, None)?;
    Head::parse(&source.text, &source.name).map(|head| head.entry(&source.name))
}

/// Runs the built-in script of this name, or the file at this path.
pub fn run_file(
    session: &Session,
    name_or_path: &str,
    request: &request::Script,
    operation: &Operation,
) -> Result<report::Script> {
    if !session.may_write() && !is_named_as_a_script(name_or_path) {
        return Err(session.denied(&format!("run {name_or_path}, whose name does not end in .lua")));
    }
    let source = find(name_or_path, None, Some(&session.access))?;
    let name = request.name.clone().unwrap_or_else(|| source.name.clone());
    script::run(session, &source.text, &request::Script { name: Some(name), ..request.clone() }, operation)
}

/// Whether a path is that of a script by its name, as that of a file must be for who may not read any file of the host's: what does not
/// compile is shown.
fn is_named_as_a_script(name_or_path: &str) -> bool {
    let path = Path::new(name_or_path);
    // why also a bare name of nothing: it is misspelt, and told so
    let is_built_in = SHIPPED.iter().any(|(name, _)| *name == name_or_path);
    let is_name = !name_or_path.contains(['/', '.']) && (is_built_in || !path.exists());
    let ends_in_lua = |path: &Path| path.extension().is_some_and(|extension| extension == "lua");
    is_name || (ends_in_lua(path) && ends_in_lua(&real(path)))
}

/// The built-in script of this name, or the file at this path, from `folder` if it is relative; never the open database.
pub(super) fn find(name_or_path: &str, folder: Option<&Path>, open: Option<&Access>) -> Result<Source> {
    if let Some((name, text)) = SHIPPED.iter().find(|(name, _)| *name == name_or_path) {
        return Ok(Source { name: format!("{name}.lua"), text: (*text).to_owned() });
    }
    let path = folder.map_or_else(|| name_or_path.into(), |folder| folder.join(name_or_path));
    match read(&path, open) {
        // why: who types a bare name means one of these
        Err(Error::NotFound { .. }) if !name_or_path.contains(['/', '.']) => {
            let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
            let instead = nearest(name_or_path, &names)
                .map_or_else(|| format!("built in are {}", names.join(", ")), |near| format!("did you mean {near}?"));
            let what = format!("a script or file '{name_or_path}' ({instead})");
            Err(Error::NoSuch { what, remedy: "name one that scripts lists, or the path of a file" })
        }
        outcome => outcome,
    }
}

/// Reads a file that must be a script.
pub fn read(path: &Path, open: Option<&Access>) -> Result<Source> {
    let shown = path.display().to_string();
    let failed = |error: std::io::Error| Error::from_io(shown.clone(), &error);
    let wrong = |reason: &str| Error::InvalidArgument { name: shown.clone(), reason: reason.to_owned() };
    if open.is_some_and(|access| is_part_of(access, path)) {
        return Err(Error::SameFile { path: shown });
    }
    // why first by name: opening a device may already do something
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(wrong("is not a regular file"));
    }
    // why non-blocking: what was a file a moment ago may be a pipe now
    let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(wrong("is not a regular file"));
    }
    let bytes = bytes_of(&file).map_err(failed)?;
    if bytes.len() as u64 > MOST_SOURCE_BYTES {
        return Err(wrong(&format!("holds more than {MOST_SOURCE_BYTES} bytes, which is more than a script may have")));
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| wrong(&format!("is not UTF-8: the byte at {} is wrong", error.utf8_error().valid_up_to())))?;
    let name = path.file_name().map_or_else(|| shown.clone(), |name| name.to_string_lossy().into_owned());
    Ok(Source { name, text })
}

fn bytes_of(file: &File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MOST_SOURCE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether a path leads to the open database, or to what SQLite keeps beside it.
fn is_part_of(access: &Access, path: &Path) -> bool {
    let (Some(found), Some(database)) = (identity(path), &access.settings().path) else { return false };
    ["", "-wal", "-shm", "-journal"].into_iter().any(|suffix| identity(&with_suffix(database, suffix)) == Some(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_of_the_folder_is_built_in() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts")).expect("the folder");
        let names = folder.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
        let mut scripts: Vec<String> = names.filter_map(|name| name.strip_suffix(".lua").map(str::to_owned)).collect();
        // why: those with a dot are for editors
        scripts.retain(|name| !name.contains('.'));
        scripts.sort_unstable();
        assert_eq!(SHIPPED.iter().map(|(name, _)| *name).collect::<Vec<_>>(), scripts);
    }

    #[test]
    fn every_shipped_script_says_what_it_is_for() {
        let list = list().expect("the heads are right").scripts;
        assert!(list.iter().any(|script| script.name == "nightly_maintenance"));
        for script in list {
            assert!(script.purpose.is_some() && script.changes.is_some() && script.role.is_some(), "{}", script.name);
            assert!(script.args.iter().all(|arg| !arg.doc.is_empty()), "{}", script.name);
        }
    }

    #[test]
    fn what_a_head_says_is_told_without_a_run() {
        let described = describe("nightly_maintenance").expect("is built in");
        assert!(described.args.iter().any(|arg| arg.name == "dry_run" && arg.r#type == "boolean"), "{described:?}");
        assert!(matches!(describe("nightly_maintenence"), Err(Error::NoSuch { .. })));
        assert!(matches!(describe("none.lua"), Err(Error::NotFound { .. })));
    }

    #[test]
    fn a_name_is_a_shipped_script_and_a_path_a_regular_file() {
        assert_eq!(find("nightly_maintenance", None, None).expect("is built in").name, "nightly_maintenance.lua");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("nightly_maintenance"), "return 1").expect("writes");
        std::fs::write(folder.path().join("own.lua"), "return 2").expect("writes");
        std::fs::write(folder.path().join("latin.lua"), b"return '\xe4'").expect("writes");
        let refusal = |name: &str| find(name, Some(folder.path()), None).expect_err(name).to_string();
        assert_ne!(find("nightly_maintenance", Some(folder.path()), None).expect("finds").text, "return 1");
        let own = find("own.lua", Some(folder.path()), None).expect("finds");
        assert_eq!((own.name.as_str(), own.text.as_str()), ("own.lua", "return 2"));
        assert_eq!(
            refusal("nightly_maintenence"),
            "a script or file 'nightly_maintenence' (did you mean nightly_maintenance?) does not exist"
        );
        assert!(refusal("other.lua").ends_with("/other.lua does not exist"));
        assert!(refusal("latin.lua").ends_with("is not UTF-8: the byte at 8 is wrong"));
        assert!(refusal(".").ends_with("is not a regular file"));
        File::create(folder.path().join("big.lua")).expect("makes").set_len(MOST_SOURCE_BYTES + 1).expect("grows");
        assert!(refusal("big.lua").contains("holds more than"));
    }
}
