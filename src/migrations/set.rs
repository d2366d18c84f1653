//! All migrations of one source, read and checked: [`Set`].
//!
//! Leaves to others: steps in code (`catalog.rs`) and what the database has had (`history.rs`).
//!
//! Invariants: a set that exists is sound: every file understood, one file a version, no NUL byte, no empty file. The
//! digest covers names and bytes in name order; `build.rs` sums the embedded folder up in the same way.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::directive::{self, Directives};
use super::file::Role;
use super::scan;
use super::style::{self, Piece, Style};
use crate::error::{Error, Place, Result};

/// A text that is built in or was read.
pub(super) type Text = Cow<'static, str>;

/// The migrations of one source.
#[derive(Debug, Default)]
pub struct Set {
    pub(super) numbered: BTreeMap<i64, Arc<Migration>>,
    pub(super) repeatables: Arc<[Repeatable]>,
    digest: [u8; 32],
}

/// One numbered migration from files.
#[derive(Debug, Clone)]
pub(super) struct Migration {
    pub(super) version: i64,
    pub(super) name: String,
    pub(super) file: String,
    pub(super) is_lua: bool,
    pub(super) text: Text,
    pub(super) down: Option<Down>,
    pub(super) directives: Directives,
    /// The sum over the text, once somebody asked.
    pub(super) checksum: OnceLock<String>,
}

/// The way back from a migration.
#[derive(Debug, Clone)]
pub(super) struct Down {
    pub(super) file: String,
    pub(super) text: Text,
}

/// One repeatable migration.
#[derive(Debug, Clone)]
pub(super) struct Repeatable {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) text: Text,
    pub(super) directives: Directives,
}

impl Set {
    /// Reads a folder in our own style, without its subfolders.
    pub fn read_folder(folder: &Path) -> Result<Set> {
        Set::read_styled(folder, Style::Rpmadb)
    }

    /// Reads a folder whose files are named and laid out for the tool `style`.
    pub fn read_styled(folder: &Path, style: Style) -> Result<Set> {
        let mut files = Vec::new();
        read_files(folder, "", style::has_folders(style), &mut files)?;
        Set::from_styled(files, style)
    }

    /// Builds a set from file names and contents in our own style.
    pub fn from_files(files: Vec<(String, Cow<'static, [u8]>)>) -> Result<Set> {
        Set::from_styled(files, Style::Rpmadb)
    }

    /// Builds a set from file names and contents in the style of a tool.
    pub fn from_styled(mut files: Vec<(String, Cow<'static, [u8]>)>, style: Style) -> Result<Set> {
        files.sort_by(|one, other| one.0.cmp(&other.0));
        let digest = digest(&files);
        let files = files.into_iter().map(|(file, bytes)| style::Source { file, bytes }).collect();
        let mut numbered = BTreeMap::new();
        let mut repeatables = Vec::new();
        let mut downs = BTreeMap::new();
        for Piece { role, file, bytes, without_transaction } in style::pieces(style, files)?.1 {
            if role == Role::Ignored {
                continue;
            }
            let text = check_text(&file, bytes)?;
            let mut directives = directive::read(&file, &text)?;
            directives.without_transaction |= without_transaction;
            let place = || Box::new(directive::place(&file, &text, &["compatible-from", "transaction"]));
            match role {
                Role::Up { version, name } => add(&mut numbered, version, name, file, text, false, directives)?,
                Role::Lua { version, name } => add(&mut numbered, version, name, file, text, true, directives)?,
                Role::Down { version, name } => {
                    if directives.compatible_from.is_some() || (directives.without_transaction && !without_transaction)
                    {
                        let reason = format!("'{file}' has a directive that belongs into an up file");
                        return Err(Error::MigrationInvalid { reason, place: place() });
                    }
                    if let Some((_, _, other)) = downs.insert(version, (name, text, file.clone())) {
                        return Err(twice(version, &other, &file));
                    }
                }
                Role::Repeatable { name } => {
                    if directives.compatible_from.is_some() || directives.without_transaction {
                        let reason = format!("'{file}' has a directive that a repeatable cannot have");
                        return Err(Error::MigrationInvalid { reason, place: place() });
                    }
                    repeatables.push(Repeatable { name, file, text, directives });
                }
                Role::Ignored => {}
            }
        }
        for (version, (name, text, file)) in downs {
            match numbered.get_mut(&version).filter(|up| up.name == name) {
                Some(up) if up.is_lua => {
                    return Err(invalid(
                        &file,
                        format!("'{file}' belongs to {}, which has its own down function", up.file),
                    ));
                }
                Some(up) => up.down = Some(Down { file, text }),
                None => return Err(invalid(&file, format!("'{file}' has no up file of the same version and name"))),
            }
        }
        let numbered = numbered.into_iter().map(|(version, migration)| (version, Arc::new(migration))).collect();
        Ok(Set { numbered, repeatables: repeatables.into(), digest })
    }

    /// Highest version; 0 for an empty set.
    #[must_use]
    pub fn latest(&self) -> i64 {
        self.numbered.keys().next_back().copied().unwrap_or(0)
    }

    /// How many numbered migrations there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbered.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbered.is_empty() && self.repeatables.is_empty()
    }

    /// A sum over all names and bytes.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

/// Reads the files of a folder, and with `deeper` those of its folders.
fn read_files(folder: &Path, prefix: &str, deeper: bool, files: &mut Vec<(String, Cow<'static, [u8]>)>) -> Result<()> {
    let named = || format!("the migrations folder {}", folder.display());
    let entries = std::fs::read_dir(folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotADirectory => {
            Error::InvalidOption { key: "migrations".into(), reason: format!("{} is not a folder", folder.display()) }
        }
        _ => Error::from_io(named(), &error),
    })?;
    for entry in entries {
        let entry = entry.map_err(|error| Error::from_io(named(), &error))?;
        let path = entry.path();
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
            invalid(&path.display().to_string(), format!("the file name {} is not UTF-8", path.display()))
        })?;
        if name.starts_with('.') || name.ends_with(".md") {
            continue;
        }
        let name = format!("{prefix}{name}");
        // why not opened to see: reading a FIFO would wait for ever
        let kind = entry.file_type().map_err(|error| Error::from_io(named(), &error))?;
        if deeper && path.is_dir() {
            read_files(&path, &format!("{name}/"), false, files)?;
        } else if kind.is_file() || (kind.is_symlink() && path.is_file()) {
            let bytes = std::fs::read(&path).map_err(|error| Error::from_io(path.display().to_string(), &error))?;
            files.push((name, Cow::Owned(bytes)));
        } else {
            return Err(invalid(&name, format!("'{name}' in the migrations folder is not a file")));
        }
    }
    Ok(())
}

fn add(
    numbered: &mut BTreeMap<i64, Migration>,
    version: i64,
    name: String,
    file: String,
    text: Text,
    is_lua: bool,
    directives: Directives,
) -> Result<()> {
    if let Some(other) = numbered.get(&version) {
        return Err(twice(version, &other.file, &file));
    }
    if directives.compatible_from.is_some_and(|oldest| oldest > version) {
        let reason =
            format!("'{file}' has a compatible-from above its own version {version}, which no library could need");
        return Err(invalid(&file, reason).at(directive::place(&file, &text, &["compatible-from"])));
    }
    let checksum = OnceLock::new();
    numbered.insert(version, Migration { version, name, file, is_lua, text, down: None, directives, checksum });
    Ok(())
}

fn digest(files: &[(String, Cow<'static, [u8]>)]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for (name, bytes) in files {
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    *hasher.finalize().as_bytes()
}

fn invalid(file: &str, reason: String) -> Error {
    Error::MigrationInvalid { reason, place: Box::new(Place::default().in_file(file)) }
}

fn twice(version: i64, one: &str, other: &str) -> Error {
    invalid(other, format!("version {version} stands twice: '{one}' and '{other}'"))
}

/// UTF-8, no NUL, not empty; a byte-order mark is taken off.
fn check_text(file: &str, bytes: Cow<'static, [u8]>) -> Result<Text> {
    let wrong = |at: usize, bytes: &[u8], what: &str| {
        let start = if bytes.starts_with("\u{feff}".as_bytes()) { 3.min(at) } else { 0 };
        let before = String::from_utf8_lossy(&bytes[start..at]).len();
        let readable = String::from_utf8_lossy(&bytes[start..]);
        let place = Place::locate(&readable, before).in_file(file);
        let (line, column) = (place.line.unwrap_or(0), place.column.unwrap_or(0));
        invalid(file, format!("'{file}' holds {what} in line {line}, column {column}")).at(place)
    };
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(wrong(at, &bytes, "a NUL byte"));
    }
    let text = match bytes {
        Cow::Borrowed(bytes) => {
            std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| (error, Cow::Borrowed(bytes)))
        }
        Cow::Owned(bytes) => String::from_utf8(bytes)
            .map(Cow::Owned)
            .map_err(|error| (error.utf8_error(), Cow::Owned(error.into_bytes()))),
    };
    let text: Text = text.map_err(|(error, bytes)| wrong(error.valid_up_to(), &bytes, "a byte that is not UTF-8"))?;
    let text = match text.strip_prefix('\u{feff}').map(str::len) {
        None => text,
        Some(length) => match text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[text.len() - length..]),
            Cow::Owned(text) => Cow::Owned(text[text.len() - length..].to_owned()),
        },
    };
    let is_empty = if file.ends_with(".lua") { text.trim().is_empty() } else { !scan::has_statement(&text) };
    if is_empty {
        return Err(invalid(file, format!("'{file}' holds no statement")).at(Place::locate(&text, 0).in_file(file)));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(files: &[(&str, &str)]) -> Result<Set> {
        Set::from_files(
            files.iter().map(|(name, text)| ((*name).to_owned(), Cow::Owned(text.as_bytes().to_vec()))).collect(),
        )
    }

    fn refusal(files: &[(&str, &str)]) -> (String, Place) {
        let error = set(files).expect_err("must be refused");
        assert_eq!(error.status().name(), "MIGRATION_INVALID");
        (error.to_string(), error.place().cloned().unwrap_or_default())
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let set = set(&[("2_b.sql", "SELECT 1"), ("10_c.sql", "SELECT 1"), ("001_a.sql", "SELECT 1")]).expect("sound");
        assert_eq!(set.numbered.keys().copied().collect::<Vec<_>>(), [1, 2, 10]);
        assert_eq!(set.latest(), 10);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_file() {
        let one = ("1_a.sql", "SELECT 1");
        assert!(
            refusal(&[one, ("001_b.sql", "SELECT 1")]).0.contains("version 1 stands twice: '001_b.sql' and '1_a.sql'")
        );
        assert!(refusal(&[one, ("notes.txt", "x")]).0.contains("'notes.txt' fits no pattern"));
        let (message, place) = refusal(&[("1_a.sql", "  -- nothing\n")]);
        assert!(message.contains("holds no statement"), "{message}");
        assert_eq!((place.line, place.column), (Some(1), Some(1)));
        for files in [
            &[("R_v.sql", "-- a view\n\n  -- rpmadb: transaction=off\nSELECT 1")][..],
            &[("R_v.sql", "-- a view\n\n  -- rpmadb: compatible-from=2\nSELECT 1")],
            &[("1_a.sql", "-- a table\n\n  -- rpmadb: compatible-from=2\nSELECT 1")],
            &[one, ("1_a.down.sql", "-- rpmadb: allow=row-loss\n\n  -- rpmadb: transaction=off\nSELECT 1")],
        ] {
            let (message, place) = refusal(files);
            assert_eq!((place.line, place.column), (Some(3), Some(3)), "{message}");
        }
        assert!(refusal(&[("1_a.down.sql", "SELECT 1")]).0.contains("has no up file"));
        assert!(refusal(&[("1_a.sql", "-- rpmadb: speed=high\nSELECT 1")]).0.contains("'speed=high'"));
        let (message, place) = refusal(&[("1_a.sql", "SELECT 1;\nSEL\0ECT 2;")]);
        assert!(message.contains("a NUL byte in line 2, column 4"), "{message}");
        assert_eq!((place.line, place.column), (Some(2), Some(4)));
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        let set = set(&[("1_a.sql", "\u{feff}SELECT 1")]).expect("sound");
        assert_eq!(set.numbered[&1].text, "SELECT 1");
    }
}
