//! `lint` and `schema`: what the files look like, and what the database looks like. Both only read.
//!
//! Leaves to others: the rules (`lint.rs`) and the comparison (`drift.rs`).

use std::path::Path;

use super::catalog::{Body, Catalog, Listing};
use super::drift;
use super::history::History;
use super::lint::{self, Input};
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::report;
use crate::request;
use crate::sqlite::schema::{self, Object};
use crate::sqlite::{Access, Connection, Settings};

/// Warnings about the files of a set.
pub fn lint(catalog: &Catalog) -> Result<report::Lint> {
    let listing = catalog.listing()?;
    let files = listing.numbered.len() + listing.repeatables.len();
    Ok(report::Lint { files, warnings: warnings(&listing, 0) })
}

/// Warnings about migrations above a version, and about repeatables.
pub(super) fn warnings(listing: &Listing, above: i64) -> Vec<report::Warning> {
    let numbered = listing.numbered.values().filter_map(|entry| match &entry.body {
        Body::File(file) if !file.is_lua => Some(Input {
            version: Some(file.version),
            file: &file.file,
            text: &file.text,
            without_transaction: file.directives.without_transaction,
            allowed: &file.directives.allowed,
        }),
        _ => None,
    });
    let repeatables = listing.repeatables.iter().map(|file| Input {
        version: None,
        file: &file.file,
        text: &file.text,
        without_transaction: false,
        allowed: &file.directives.allowed,
    });
    let inputs: Vec<Input<'_>> = numbered.chain(repeatables).collect();
    let found = lint::lint(&inputs).into_iter();
    found
        .filter(|warning| warning.place.version.is_none_or(|version| version > above))
        .map(|lint::Warning { rule, place, message, hint }| report::Warning { rule, message, hint, place })
        .collect()
}

/// The schema, what was changed in it by hand, and how another database's differs.
pub fn schema(access: &Access, request: &request::Schema, operation: &Operation) -> Result<report::Schema> {
    let connection = access.reader(operation)?;
    let history = History::read(&connection)?;
    let objects = schema::objects(&connection)?;
    let differences = match &request.compare {
        Some(path) => Some(drift::differences(&objects, &objects_of(Path::new(path))?)),
        None => None,
    };
    Ok(report::Schema {
        version: history.current(),
        hash: hash(&objects),
        drift: drift::since_last_run(&connection, &history.state)?,
        differences,
        objects: objects
            .into_iter()
            .map(|Object { kind, name, table, sql }| report::SchemaObject { kind, name, table, sql })
            .collect(),
    })
}

fn objects_of(path: &Path) -> Result<Vec<Object>> {
    if !path.is_file() {
        return Err(Error::NotFound { what: path.display().to_string() });
    }
    let settings = Settings::new(Some(path.to_owned()), &request::Open::default());
    // why not for reading alone where nothing stands beside it: such a connection makes files beside a database in WAL mode and cannot
    // tidy them up; and where something does, one that may write would take a transaction back, or move the log into the database
    let is_alone = ["-wal", "-journal"].iter().all(|suffix| !settings.beside(suffix).is_some_and(|file| file.exists()));
    let connection = match is_alone.then(|| Connection::open(&settings, false, false)) {
        Some(Ok(connection)) => connection,
        Some(Err(_)) | None => Connection::open(&settings, false, true)?,
    };
    schema::objects(&connection).map_err(|error| match error {
        Error::ReadOnly { what } => Error::Unsupported {
            what: format!("comparing with {what}, beside which a transaction waits to be taken back"),
            instead: Some("open that database once, which does so, and compare then"),
        },
        other => other,
    })
}

fn hash(objects: &[Object]) -> String {
    let mut hasher = blake3::Hasher::new();
    for object in objects {
        let name = object.name.to_ascii_lowercase();
        for part in
            [object.kind.as_str(), &name].into_iter().chain(drift::meaning(&object.sql).iter().map(String::as_str))
        {
            hasher.update(part.as_bytes());
            hasher.update(&[0]);
        }
    }
    hasher.finalize().to_hex()[..32].to_owned()
}
