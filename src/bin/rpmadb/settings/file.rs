//! `rpmadb.toml`, the file of settings beside a database.
//!
//! Leaves to others: what the keys mean (`keys.rs`) and their ranges (the library).
//!
//! Invariants: a key that nobody knows is an error at its place; a relative folder is meant from where the file is; no error shows text
//! of the file that may be a secret.

use std::ops::Range;
use std::path::{Path, PathBuf};

use rpmadb::error::Place;
use rpmadb::{Error, request};
use serde::Deserialize as _;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::keys::{self, Key, Kind};
use crate::failure::{Failure, Result};

pub(crate) const NAME: &str = "rpmadb.toml";

/// The file, read.
#[derive(Default)]
pub(super) struct File {
    /// Where it is; `None` when there is none.
    pub(super) path: Option<PathBuf>,
    text: String,
    /// Each key that is set, with its value and where it stands.
    pub(super) found: Vec<(&'static Key, Value, usize)>,
}

impl File {
    /// The place of a byte in it, with its line unless that may hold a secret.
    pub(super) fn place(&self, offset: usize) -> Place {
        let place = Place::locate(&self.text, offset).in_file(NAME);
        if may_be_secret(&self.text, offset..offset) { Place { source_line: None, ..place } } else { place }
    }

    /// Reads the file in `folder`, if there is one.
    pub(super) fn beside(folder: &Path) -> Result<File> {
        let path = folder.join(NAME);
        let text = match std::fs::read(&path) {
            Ok(bytes) => text_of(bytes, &path)?,
            // why without a word: where nothing can be looked at, the database is what is told about
            Err(_) if std::fs::symlink_metadata(&path).is_err() => return Ok(File::default()),
            Err(error) if error.kind() == std::io::ErrorKind::IsADirectory => {
                return Err(Failure::usage(format!("{} is a folder, and must be a file", path.display()), None));
            }
            Err(error) => return Err(Error::from_io(path.display().to_string(), &error).into()),
        };
        let mut file = File { path: Some(path), text, found: Vec::new() };
        let text = file.text.clone();
        let table = DeTable::parse(&text).map_err(|error| file.wrong(&error, &[]))?;
        let mut offsets = Vec::new();
        file.walk("", table.get_ref(), &mut offsets)?;
        let mut options = table;
        for own in keys::OWN {
            options.get_mut().remove(*own);
        }
        request::Open::deserialize(Deserializer::from(options)).map_err(|error| file.wrong(&error, &offsets))?;
        let root: Value = toml::from_str(&text).map_err(|error| file.wrong(&error, &offsets))?;
        for (key, offset) in offsets {
            if let Some(value) = file.value(&root, key) {
                // why: nobody else looks at it
                if keys::OWN.contains(&key.name) && key.kind == Kind::Number && !value.is_u64() {
                    return Err(Failure::usage(format!("{} must be a whole number from 0 on", key.name), None)
                        .at(file.place(offset)));
                }
                file.found.push((key, value, offset));
            }
        }
        Ok(file)
    }

    /// What the parser says; `offsets` is where keys stand, as far as that is known.
    fn wrong(&self, error: &toml::de::Error, offsets: &[(&'static Key, usize)]) -> Failure {
        let message = error.message().lines().collect::<Vec<_>>().join(" ");
        let span = error.span();
        let is_shown = span.as_ref().is_some_and(|span| is_plain(&self.text, span.clone()));
        // why without a span too: it may be about any line
        let is_secret = !is_shown && may_be_secret(&self.text, span.clone().unwrap_or(0..self.text.len()));
        let at = span.as_ref().map_or(0, |span| span.start);
        let key = offsets.iter().filter(|(_, offset)| *offset <= at).max_by_key(|(_, offset)| *offset);
        let message = match (is_secret, key) {
            // why the key: the line that would show it is not shown
            (true, Some((key, _))) => format!("{}: {}", key.name, without_value(&message)),
            (true, None) => without_value(&message),
            (false, _) => message,
        };
        let place = match span {
            Some(span) if is_shown => Place::locate(&self.text, span.start).in_file(NAME),
            Some(span) => self.place(span.start),
            None => Place::default().in_file(NAME),
        };
        Failure::usage(message, None).at(place)
    }

    /// Notes where each key stands, and refuses one that nobody knows.
    fn walk(&self, section: &str, table: &DeTable<'_>, offsets: &mut Vec<(&'static Key, usize)>) -> Result<()> {
        for (name, value) in table {
            let dotted =
                if section.is_empty() { name.get_ref().to_string() } else { format!("{section}.{}", name.get_ref()) };
            if let Some(key) = keys::named(&dotted) {
                offsets.push((key, name.span().start));
                continue;
            }
            let is_section = keys::KEYS
                .iter()
                .any(|key| key.name.strip_prefix(dotted.as_str()).is_some_and(|rest| rest.starts_with('.')));
            match value.get_ref() {
                DeValue::Table(inner) if is_section => self.walk(&dotted, inner, offsets)?,
                _ => return Err(self.unknown(&dotted, name, is_section)),
            }
        }
        Ok(())
    }

    fn unknown(&self, dotted: &str, name: &Spanned<impl Sized>, is_section: bool) -> Failure {
        let (message, hint) = if is_section {
            (format!("{dotted} must be a table"), format!("write [{dotted}], and its keys below"))
        } else if keys::DECIDED.contains(&dotted) {
            (format!("{dotted} cannot be set"), "the verb decides it".to_owned())
        } else {
            let near = keys::KEYS.iter().map(|key| (strsim::damerau_levenshtein(key.name, dotted), key.name)).min();
            let hint = match near {
                Some((far, near)) if far <= 3 => format!("did you mean {near}? `rpmadb config` lists all keys"),
                _ => "`rpmadb config` lists all keys".to_owned(),
            };
            (format!("unknown key '{dotted}'"), hint)
        };
        Failure::usage(message, Some(&hint)).at(self.place(name.span().start))
    }

    /// The value of a key as JSON.
    fn value(&self, root: &Value, key: &Key) -> Option<Value> {
        let mut value = root.pointer(&format!("/{}", key.name.replace('.', "/")))?.clone();
        let folder = self.path.as_deref().and_then(Path::parent);
        if let (Value::String(path), "migrations" | "backup.folder", Some(folder)) = (&mut value, key.name, folder) {
            *path = folder.join(&*path).display().to_string();
        }
        Some(value)
    }
}

/// The text of the file; `path` is where it is.
fn text_of(bytes: Vec<u8>, path: &Path) -> Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        // why no line: it may be about a secret
        let place = Place { source_line: None, ..Place::locate(&before, valid).in_file(NAME) };
        Failure::usage(format!("{} is not UTF-8", path.display()), None).at(place)
    })
}

/// Whether this range is a number or truth value, alone on its line with its key.
fn is_plain(text: &str, range: Range<usize>) -> bool {
    let Some(value) = text.get(range.clone()) else { return false };
    let before = &text[text[..range.start].rfind('\n').map_or(0, |at| at + 1)..range.start];
    let after = text[range.end..].lines().next().unwrap_or_default();
    let is_name = |c: char| c.is_ascii_lowercase() || matches!(c, '_' | '.');
    let name = before.trim().strip_suffix('=').map(str::trim);
    (value.parse::<f64>().is_ok() || value.parse::<bool>().is_ok())
        && name.is_some_and(|name| keys::KEYS.iter().any(|key| key.name.ends_with(name)) && name.chars().all(is_name))
        && after.trim().is_empty()
}

/// Whether text in this range, or in a line that it touches, may be a secret. Why by lines and not by what was parsed: a file that cannot
/// be parsed has secrets too.
fn may_be_secret(text: &str, range: Range<usize>) -> bool {
    let mut begin = 0;
    let mut is_secret = false;
    for line in text.split_inclusive('\n') {
        let end = begin + line.len();
        if begin > range.end {
            break;
        }
        let lower = line.trim().to_lowercase();
        let is_plain_header = lower.starts_with('[')
            && lower.split('#').next().is_some_and(|header| {
                header.trim_end().ends_with(']')
                    && header.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '[' | ']'))
            });
        // why what comes after a secret is one too: its value may go on over lines, until the next table
        is_secret = names_a_secret(&lower) || (is_secret && !is_plain_header);
        if is_secret && range.start < end {
            return true;
        }
        begin = end;
    }
    // why: an offset at the end of the text belongs to the last line
    is_secret && range.start >= begin
}

/// Whether a line in small letters is about what may be secret: a table that has secrets, or a key that is or is likely meant as one.
fn names_a_secret(line: &str) -> bool {
    const PARTS: &[&str] =
        &["backup", "audit", "pass", "identit", "secret", "encrypt", "sign", "redact", "\"\"\"", "'''"];
    PARTS.iter().any(|part| line.contains(part))
        || line.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == "key" || word.ends_with("_key"))
}

/// What a message says without the value that it is about: that is quoted, and what was expected comes last.
fn without_value(message: &str) -> String {
    if !message.contains(['"', '`', '\'']) {
        return message.to_owned();
    }
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("a value of another kind, expected {expected}"),
        None => "a value that cannot be used".to_owned(),
    }
}
