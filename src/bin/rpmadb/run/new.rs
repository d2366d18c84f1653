//! `rpmadb new`: the files of the next migration.
//!
//! Leaves to others: what a folder of migrations may hold (`Set`).
//!
//! Invariants: no file is overwritten; the numbers are as wide as those that are there.

use std::borrow::Cow;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use rpmadb::{Error, Set};
use serde_json::json;

use crate::args::Args;
use crate::args::history::New;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::settings::Settings;
use crate::show;

/// Digits of the first migration's number.
const DIGITS: usize = 3;

pub(super) fn call(args: &Args, typed: &New, settings: &Settings) -> Result<Exit> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if typed.name.is_empty() || !typed.name.chars().all(fits) {
        let message = format!("the name '{}' may have lower-case letters, digits and _ only", typed.name);
        return Err(Failure::usage(message, Some("such as add_tags")));
    }
    let Some(folder) = settings.open.migrations.as_deref().map(PathBuf::from) else {
        let hint = "name it with --migrations, or with the key migrations in rpmadb.toml";
        return Err(Failure::usage("the embedded migrations cannot be added to; a folder is needed", Some(hint)));
    };
    if settings.open.style.as_deref().is_some_and(|style| style != "rpmadb") {
        let message = "new makes files in rpmadb's own style only".to_owned();
        return Err(Failure::usage(message, Some("make the file as the other tool wants it")));
    }
    let (next, width) = next_number(&folder)?;
    let stem = format!("{next:0width$}_{}", typed.name);
    let mut files = if typed.lua {
        vec![(format!("{stem}.lua"), lua(&typed.name))]
    } else {
        vec![(format!("{stem}.sql"), up(&typed.name))]
    };
    if !typed.lua && !typed.no_down {
        files.push((format!("{stem}.down.sql"), down(&typed.name)));
    }
    let mut made = Vec::new();
    for (name, text) in files {
        let path = folder.join(name);
        write_new(&path, &text)?;
        made.push(path.display().to_string());
    }
    if settings.json {
        show::json(&json!({ "version": next, "files": made }));
    } else {
        made.iter().for_each(|path| say!("{path}"));
        show::suggest(settings, &show::command(args, "test", &[]));
    }
    Ok(Exit::Done)
}

/// The number after the highest, and how many digits numbers have.
fn next_number(folder: &Path) -> Result<(i64, usize)> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotADirectory => {
            Error::InvalidOption { key: "migrations".into(), reason: format!("{} is not a folder", folder.display()) }
        }
        _ => Error::from_io(format!("the migrations folder {}", folder.display()), &error),
    };
    let mut width = None;
    let mut files: Vec<(String, Cow<'static, [u8]>)> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        let digits = name.chars().take_while(char::is_ascii_digit).count();
        width = width.max((digits > 0).then_some(digits));
        // why not what is in it: one that was begun holds nothing yet, and the next can be begun all the same
        files.push((name, Cow::Borrowed(b"SELECT 1;")));
    }
    let next = Set::from_files(files)?.latest().checked_add(1);
    let next = next.ok_or_else(|| Failure::usage("there is no number after the highest", None))?;
    Ok((next, width.unwrap_or(DIGITS)))
}

fn write_new(path: &Path, text: &str) -> Result<()> {
    let failed = |error: std::io::Error| Error::from_io(path.display().to_string(), &error);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    Ok(())
}

fn up(name: &str) -> String {
    format!(
        "-- {name}: why the schema changes\n\
         --\n\
         -- This file runs in one transaction with its record in the history; see `rpmadb lint` and `rpmadb test`.\n\
         -- As long as it holds no statement, nothing can be migrated.\n\n"
    )
}

fn down(name: &str) -> String {
    format!(
        "-- takes back {name}; without this file it cannot be taken back\n\
         --\n\
         -- As long as this file is there and holds no statement, nothing can be migrated; remove it when there is no way back.\n\n"
    )
}

fn lua(name: &str) -> String {
    format!(
        "-- {name}: why the schema or the rows change\n\n\
         return {{\n  up = function(db)\n  end,\n\n  down = function(db)\n  end,\n}}\n"
    )
}
