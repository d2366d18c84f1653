//! Finds out for which tool a folder was made, by names first and markers in the text where names say nothing.
//!
//! Each file names the styles it could belong to; the style is what all have in common. Where two styles read a folder
//! in the same way, the plainer one is taken; where they would read it in different ways, nothing is guessed.
//!
//! Leaves to others: reading the files once the style is known; that may still refuse one of them.
//!
//! Invariant: an answer is given only if every file fits it.

use std::collections::HashSet;

use super::names::digits;
use super::{Source, Style, invalid, sections};
use crate::error::Result;
use crate::migrations::file;

/// The style of a folder.
pub(super) fn style(files: &[Source]) -> Result<Style> {
    let mut common: Vec<Style> = Style::ALL.into_iter().filter(|style| *style != Style::Auto).collect();
    let mut narrowed_by = "";
    for source in files {
        let claims = claims(source);
        let Some(claim) = claims.first() else {
            return Err(invalid(&source.file, format!("the file name '{}' fits no known style", source.file)));
        };
        let both: Vec<Style> = common.iter().copied().filter(|style| claims.contains(style)).collect();
        if both.is_empty() {
            let reason = format!(
                "'{narrowed_by}' is in the style '{}' and '{}' in the style '{}'; name the one to use, and keep the \
                 others in another folder",
                common.first().map_or("", |style| style.name()),
                source.file,
                claim.name()
            );
            return Err(invalid(&source.file, reason));
        }
        if both.len() < common.len() {
            narrowed_by = &source.file;
        }
        common = both;
    }
    let last = files.last().map_or("", |source| source.file.as_str());
    match common.as_slice() {
        _ if files.is_empty() => Ok(Style::Rpmadb),
        [only] => Ok(*only),
        [Style::Flyway, Style::Refinery] => undo_or_not(files),
        // why: all three read up and down files in one way
        [Style::GolangMigrate, Style::Sqlx] => Ok(Style::GolangMigrate),
        [Style::Rpmadb, Style::Sqlx] | [Style::Rpmadb, Style::GolangMigrate, Style::Sqlx] => Ok(Style::Rpmadb),
        [one, other, ..] => Err(ambiguous(last, *one, *other)),
        [] => Ok(Style::Rpmadb),
    }
}

fn ambiguous(file: &str, one: Style, other: Style) -> crate::error::Error {
    let reason =
        format!("'{file}' fits the style '{}' and the style '{}'; name the one to use", one.name(), other.name());
    invalid(file, reason)
}

/// The styles a file could belong to, in the order of [`Style::ALL`].
fn claims(source: &Source) -> Vec<Style> {
    let name = source.file.as_str();
    if let Some((folder, _)) = name.split_once('/') {
        return folder_claims(folder);
    }
    let is_sql = name.ends_with(".sql");
    let (number, rest) = digits(name);
    if number.is_empty() {
        let after = digits(name.get(1..).unwrap_or("")).1;
        return match name.as_bytes().first() {
            Some(b'R') if is_sql && name.starts_with("R__") => vec![Style::Rpmadb, Style::Flyway],
            Some(b'R') if file::role(name).is_ok() => vec![Style::Rpmadb],
            Some(b'V' | b'U') if name.contains("__") && after.len() + 1 < name.len() => {
                // why: a file of code or settings shows which of the two it is, and is refused or read by name later
                match name.rsplit_once('.').map(|(_, extension)| extension) {
                    Some("rs") => vec![Style::Refinery],
                    Some("sql") => vec![Style::Flyway, Style::Refinery],
                    _ => vec![Style::Flyway],
                }
            }
            Some(b'B') if name.contains("__") && is_sql && after.len() + 1 < name.len() => vec![Style::Flyway],
            _ => Vec::new(),
        };
    }
    if is_sql {
        let text = std::str::from_utf8(&source.bytes).unwrap_or("");
        let marked: Vec<Style> =
            [Style::Goose, Style::Dbmate].into_iter().filter(|style| sections::has_marker(*style, text)).collect();
        if !marked.is_empty() {
            return marked;
        }
    }
    match rest {
        _ if !rest.starts_with('_') => Vec::new(),
        _ if rest.ends_with(".up.sql") => vec![Style::GolangMigrate, Style::Sqlx],
        _ if source.bytes.starts_with(b"-- no-transaction") && is_sql => vec![Style::Sqlx],
        _ if rest.ends_with(".down.sql") => vec![Style::Rpmadb, Style::GolangMigrate, Style::Sqlx],
        _ if is_sql => vec![Style::Rpmadb, Style::Sqlx],
        _ if rest.ends_with(".lua") => vec![Style::Rpmadb],
        _ if rest.ends_with(".go") => vec![Style::Goose],
        _ => Vec::new(),
    }
}

fn folder_claims(folder: &str) -> Vec<Style> {
    let is_number = |text: &str| !text.is_empty() && digits(text) == (text, "");
    let is_diesel = folder.split_once('_').is_some_and(|(number, _)| {
        let digits = number.replace('-', "");
        number.starts_with(|first: char| first.is_ascii_digit())
            // why hexadecimal: Diesel counts the migrations of one second so, and its reader explains the refusal
            && (is_number(&digits) || number.len() == 22 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    });
    // why not more digits: the folders of rusqlite_migration are numbered without a gap, so a year is not one
    let is_numbered = folder.split_once('-').is_some_and(|(number, _)| is_number(number) && number.len() < 4);
    let mut claims = Vec::new();
    if is_diesel {
        claims.push(Style::Diesel);
    }
    if is_numbered {
        claims.push(Style::RusqliteMigration);
    }
    claims
}

/// `U2__` undoes `V2__` in Flyway, and is a migration of its own in refinery, which has no two files of one version.
fn undo_or_not(files: &[Source]) -> Result<Style> {
    let version = |source: &Source, prefix: char| {
        let number = source.file.strip_prefix(prefix)?;
        Some(number.split("__").next().unwrap_or(number).trim_start_matches('0').to_owned())
    };
    let versioned: HashSet<String> = files.iter().filter_map(|source| version(source, 'V')).collect();
    let mut undoes = None;
    for source in files {
        let Some(number) = version(source, 'U') else { continue };
        let here = versioned.contains(&number);
        if undoes.is_some_and(|before| before != here) {
            return Err(ambiguous(&source.file, Style::Flyway, Style::Refinery));
        }
        undoes = Some(here);
    }
    // why flyway without any: both read such a folder in the same way
    Ok(if undoes == Some(false) { Style::Refinery } else { Style::Flyway })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{folder, refusal};
    use super::*;

    const GOOSE: &str = "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;\n";
    const DBMATE: &str = "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n";

    fn recognised(files: &[(&str, &str)]) -> &'static str {
        folder(Style::Auto, files).expect("recognised").0.name()
    }

    #[test]
    fn each_tool_is_known_by_its_folder() {
        for (files, style) in [
            (&[][..], "rpmadb"),
            (&[("README.md", ""), (".keep", "")], "rpmadb"),
            (&[("001_a.sql", "SELECT 1"), ("001_a.down.sql", "SELECT 1")], "rpmadb"),
            (&[("001_a.sql", "SELECT '\n-- +goose Up\n'"), ("2_b.lua", "x"), ("R_v.sql", "x")], "rpmadb"),
            (&[("001_a.sql", "x"), ("R__v.sql", "x")], "rpmadb"),
            (&[("V1__a.sql", "x"), ("V2__b.sql", "x")], "flyway"),
            (&[("V1__a.sql", "x"), ("R__v.sql", "x")], "flyway"),
            (&[("U01__a.sql", "x"), ("V1__a.sql", "x")], "flyway"),
            (&[("V1__a.sql", "x"), ("V1__a.sql.conf", "")], "flyway"),
            (&[("V1__a.sql", "x"), ("U2__b.sql", "x")], "refinery"),
            (&[("1_a.up.sql", "x"), ("1_a.down.sql", "x")], "golang-migrate"),
            (&[("1_a.sql", "x"), ("2_b.up.sql", "x"), ("2_b.down.sql", "x")], "sqlx"),
            (&[("1_a.sql", "-- no-transaction\nVACUUM"), ("2_b.sql", "x")], "sqlx"),
            (&[("00001_a.sql", GOOSE), ("20260101000000_b.sql", GOOSE)], "goose"),
            (&[("20260101000000_a.sql", DBMATE), ("20260102000000b.sql", DBMATE)], "dbmate"),
            (&[("2019-01-01-000000_a/up.sql", "x"), ("2024-01-01-000000-0000_b/up.sql", "x")], "diesel"),
            (&[("1_a/up.sql", "x"), ("1_a/metadata.toml", "")], "diesel"),
            (&[("01-a/up.sql", "x"), ("02-b_c/up.sql", "x")], "rusqlite_migration"),
        ] {
            assert_eq!(recognised(files), style, "{files:?}");
        }
    }

    #[test]
    fn a_mixed_folder_is_refused_with_both_styles() {
        for (files, one, other) in [
            ([("1_a.sql", "x"), ("V2__b.sql", "x")], "'1_a.sql' is in the style 'rpmadb'", "'flyway'"),
            ([("1_a.sql", GOOSE), ("2_b.sql", DBMATE)], "'1_a.sql' is in the style 'goose'", "'dbmate'"),
            ([("1_a.sql", GOOSE), ("2_b.sql", "x")], "in the style 'goose'", "'2_b.sql' in the style 'rpmadb'"),
            ([("1_a.up.sql", "x"), ("2_b.lua", "x")], "in the style 'golang-migrate'", "'rpmadb'"),
            ([("1_a/up.sql", "x"), ("2_b.sql", "x")], "in the style 'diesel'", "'2_b.sql'"),
            ([("1_a/up.sql", "x"), ("02-b/up.sql", "x")], "in the style 'diesel'", "'rusqlite_migration'"),
        ] {
            let (message, place) = refusal(Style::Auto, &files);
            assert!(message.contains(one) && message.contains(other), "{message}");
            assert_eq!(place.file.as_deref(), Some(files[1].0));
        }
    }

    #[test]
    fn what_two_styles_read_in_different_ways_is_not_guessed() {
        for (files, both) in [
            (&[("R__v.sql", "x")][..], ["'rpmadb'", "'flyway'"]),
            (&[("01-2_x/up.sql", "x")], ["'diesel'", "'rusqlite_migration'"]),
            (&[("V1__a.sql", "x"), ("U1__a.sql", "x"), ("U2__b.sql", "x")], ["'flyway'", "'refinery'"]),
            (&[("1_a.sql", "-- +goose Up\n-- migrate:up\nSELECT 1;")], ["'goose'", "'dbmate'"]),
        ] {
            let (message, _) = refusal(Style::Auto, files);
            assert!(both.iter().all(|style| message.contains(style)) && message.contains("name the one"), "{message}");
        }
    }

    #[test]
    fn a_file_of_no_style_is_refused_by_name() {
        for file in
            ["users.sql", "1.sql", "1a.sql", "notes.txt", "1_a.txt", "archive/old.sql", "V.sql", "B__x.sql", "é.sql"]
        {
            let (message, place) = refusal(Style::Auto, &[(file, "SELECT 1")]);
            assert!(message.contains(&format!("'{file}' fits no known style")), "{message}");
            assert_eq!(place.file.as_deref(), Some(file));
        }
    }

    #[test]
    fn a_recognised_folder_is_still_read_strictly() {
        assert!(refusal(Style::Auto, &[("V1.1__a.sql", "x")]).0.contains("several parts"));
        assert!(refusal(Style::Auto, &[("V1__a.rs", "x")]).0.contains("program code"));
        assert!(refusal(Style::Auto, &[("1_a.sql", GOOSE), ("2_b.go", "x")]).0.contains("program code"));
        assert!(refusal(Style::Auto, &[("2024-01-01-000000-000a_b/up.sql", "x")]).0.contains("is not a number"));
    }
}
