//! `rpmadb.toml`, the file of settings beside a database.
//!
//! Leaves to others: what the keys mean (`keys.rs`) and their ranges (the library).
//!
//! Invariants: a key that nobody knows is an error at its place; a relative folder is meant from where the file is.

use std::path::{Path, PathBuf};

use rpmadb::error::Place;
use rpmadb::{Error, request};
use serde::Deserialize as _;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::keys::{self, Key};
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
    /// The place of a byte in it.
    pub(super) fn place(&self, offset: usize) -> Place {
        Place::locate(&self.text, offset).in_file(NAME)
    }

    /// Reads the file in `folder`, if there is one.
    pub(super) fn beside(folder: &Path) -> Result<File> {
        let path = folder.join(NAME);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            // why without a word: where nothing can be looked at, the database is what is told about
            Err(_) if std::fs::symlink_metadata(&path).is_err() => return Ok(File::default()),
            Err(error) => return Err(Error::from_io(path.display().to_string(), &error).into()),
        };
        let mut file = File { path: Some(path), text, found: Vec::new() };
        let text = file.text.clone();
        let table = DeTable::parse(&text).map_err(|error| file.wrong(&error))?;
        let mut offsets = Vec::new();
        file.walk("", table.get_ref(), &mut offsets)?;
        let mut options = table;
        for own in keys::OWN {
            options.get_mut().remove(*own);
        }
        request::Open::deserialize(Deserializer::from(options)).map_err(|error| file.wrong(&error))?;
        let root: Value = toml::from_str(&text).map_err(|error| file.wrong(&error))?;
        for (key, offset) in offsets {
            if let Some(value) = file.value(&root, key) {
                file.found.push((key, value, offset));
            }
        }
        Ok(file)
    }

    fn wrong(&self, error: &toml::de::Error) -> Failure {
        let failure = Failure::usage(error.message().lines().collect::<Vec<_>>().join(" "), None);
        match error.span() {
            Some(span) => failure.at(self.place(span.start)),
            None => failure.at(Place::default().in_file(NAME)),
        }
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
