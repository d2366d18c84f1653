//! `rpmadb report`: one HTML file that needs no network, to be read by a customer, in light and dark, with a keyboard.
//!
//! `facts` is what is told (`backups` and `handed` add to it), `charts` what is drawn; `report.html` and `report.css` say how.
//!
//! Leaves to others: measuring (the verbs of the library).
//!
//! Invariants: every text is escaped by the template engine, and a policy in the page forbids scripts and requests, so that a name in
//! the database stays a name; the file gets its name only when it is whole, and is never the database.

mod backups;
mod charts;
mod facts;
mod handed;

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use minijinja::{Environment, UndefinedBehavior};
use rpmadb::{Database, Error, Operation, Result};
use serde_json::json;

use crate::args::desk::Report;
use crate::exit::Exit;
use crate::settings::{Settings, folder_of};
use crate::show;

const TEMPLATE: &str = include_str!("html/report.html");
const STYLE: &str = include_str!("html/report.css");

pub(crate) fn call(typed: &Report, settings: &Settings, database: &Database, watch: &Operation) -> Result<Exit> {
    // why before the looks: those take a while
    refuse(typed)?;
    let facts = facts::Facts::of(typed, database, watch)?;
    let text = page(&facts)?;
    if typed.file.as_os_str() == "-" {
        show::document(&(text + "\n"));
        return Ok(Exit::Done);
    }
    write(typed, &text)?;
    // why not the path itself: one that is not UTF-8 has no JSON
    let document = json!({ "file": typed.file.display().to_string(), "size_bytes": text.len() });
    show::report(settings, &document, |_| {
        say!("{} ({})", typed.file.display(), show::text::size(text.len() as u64));
    });
    Ok(Exit::Done)
}

/// The page as a text.
fn page(facts: &facts::Facts) -> Result<String> {
    let failed = |error: minijinja::Error| Error::Internal { detail: format!("the template of the report: {error:#}") };
    let mut templates = Environment::new();
    // why strict: a figure that is misspelt must not be an empty cell
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.add_template("report.html", TEMPLATE).map_err(failed)?;
    let template = templates.get_template("report.html").map_err(failed)?;
    template
        .render(minijinja::context! { style => STYLE, facts => minijinja::Value::from(minijinja::value::Serde(facts)) })
        .map_err(failed)
}

/// Refuses a file that must not be written.
fn refuse(typed: &Report) -> Result<()> {
    let path = typed.file.display().to_string();
    if same(&typed.file, &typed.database) {
        return Err(Error::SameFile { path });
    }
    if typed.file.exists() && !typed.overwrite {
        return Err(Error::AlreadyExists { path });
    }
    let folder = folder_of(&typed.file);
    if !folder.exists() {
        return Err(Error::NotFound { what: format!("the folder {}", folder.display()) });
    }
    Ok(())
}

fn write(typed: &Report, text: &str) -> Result<()> {
    let named = typed.file.display().to_string();
    let failed = |error: &std::io::Error| Error::from_io(named.clone(), error);
    // why not for its owner alone: it is made to be given away; the mask of the process still holds
    let mut partial = tempfile::Builder::new()
        .permissions(std::fs::Permissions::from_mode(0o666))
        .tempfile_in(folder_of(&typed.file))
        .map_err(|error| failed(&error))?;
    partial.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
    partial.as_file().sync_all().map_err(|error| failed(&error))?;
    let kept = if typed.overwrite { partial.persist(&typed.file) } else { partial.persist_noclobber(&typed.file) };
    kept.map(drop).map_err(|error| failed(&error.error))
}

/// Whether two paths lead to one file. The database is looked at by its path alone, never opened.
fn same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_database_stay_text() {
        let hostile = "</style><script>alert(1)</script><img src=x onerror='alert(2)'>\"{{ 7919 * 7 }}";
        let facts = facts::Facts::sample(hostile);
        let text = page(&facts).expect("renders");
        assert!(text.contains("&lt;script&gt;alert(1)"), "it is there, as text");
        for bad in ["<script", "<img", "onerror='", "55433"] {
            assert!(!text.contains(bad), "{bad}");
        }
        assert!(text.contains("default-src 'none'"));
    }
}
