//! The folder layouts of other migration tools: [`Style`], and what a folder laid out so holds, piece by piece.
//!
//! `names` reads file names, `sections` the files that hold up and down in one, `settings` the small files beside them,
//! and `recognise` finds out which tool a folder was made for.
//!
//! Leaves to others: reading the folder, bytes that are not text, two files of one version (`set.rs`), and taking over
//! what the other tool wrote into the database.
//!
//! Invariants: no file is ignored by accident; the text of a section keeps every line and column of its file; a down
//! step bears the name of its up step, for the other tools pair them by version alone.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::file::Role;
use super::scan;
use crate::error::{Error, Place, Result};

mod names;
mod recognise;
mod sections;
mod settings;

use names::Named;
use sections::Section;

/// The tool a migrations folder is laid out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Style {
    /// Ours: `NNN_name.sql`, `NNN_name.down.sql`, `NNN_name.lua`, `R_name.sql`.
    #[default]
    Rpmadb,
    /// Whichever the files show.
    Auto,
    /// `V1__name.sql`, `U1__name.sql` to undo it, `R__name.sql`, `V1__name.sql.conf`.
    Flyway,
    /// `V1__name.sql`, and `U2__name.sql`, which goes up too but may come out of order.
    Refinery,
    /// `NNN_name.up.sql` and `NNN_name.down.sql`.
    GolangMigrate,
    /// `NNN_name.sql`, or `NNN_name.up.sql` and `NNN_name.down.sql`.
    Sqlx,
    /// `NNN_name.sql` with `-- +goose Up` and `-- +goose Down`.
    Goose,
    /// `NNN_name.sql` with `-- migrate:up` and `-- migrate:down`.
    Dbmate,
    /// `2019-01-01-000000_name/up.sql`, `down.sql` and `metadata.toml`.
    Diesel,
    /// `01-name/up.sql` and `down.sql`.
    RusqliteMigration,
}

impl Style {
    /// Every style.
    pub const ALL: [Style; 10] = [
        Style::Rpmadb,
        Style::Auto,
        Style::Flyway,
        Style::Refinery,
        Style::GolangMigrate,
        Style::Sqlx,
        Style::Goose,
        Style::Dbmate,
        Style::Diesel,
        Style::RusqliteMigration,
    ];

    /// The name in the option `style`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Style::Rpmadb => "rpmadb",
            Style::Auto => "auto",
            Style::Flyway => "flyway",
            Style::Refinery => "refinery",
            Style::GolangMigrate => "golang-migrate",
            Style::Sqlx => "sqlx",
            Style::Goose => "goose",
            Style::Dbmate => "dbmate",
            Style::Diesel => "diesel",
            Style::RusqliteMigration => "rusqlite_migration",
        }
    }

    /// The style of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Style> {
        Style::ALL.into_iter().find(|style| style.name() == name)
    }
}

/// One file as read.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The path inside the migrations folder, with `/` between folder and file.
    pub file: String,
    /// Its bytes, unchecked.
    pub bytes: Cow<'static, [u8]>,
}

/// One piece of a migration: a file, or one section of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// What it is; never [`Role::Ignored`].
    pub role: Role,
    /// The file it stands in.
    pub file: String,
    /// Its text; a section is as long as its file, with spaces where the rest was.
    pub bytes: Cow<'static, [u8]>,
    /// Whether the tool's own mark for running outside a transaction was set.
    pub without_transaction: bool,
}

/// Whether the style looks into subfolders, one level deep.
pub(super) fn has_folders(style: Style) -> bool {
    matches!(style, Style::Auto | Style::Diesel | Style::RusqliteMigration)
}

/// Refuses a file of ours that holds both ways in the manner of another tool: to us the markers are comments, and its way back
/// would run right behind its way up.
fn refuse_markers(style: Style, file: &str, bytes: &[u8]) -> Result<()> {
    const MARKERS: [(&str, &str); 2] = [("+goose down", "goose"), ("migrate:down", "dbmate")];
    if style != Style::Rpmadb
        || memchr::memmem::find(bytes, b"oose ").is_none() && memchr::memmem::find(bytes, b"igrate:").is_none()
    {
        return Ok(());
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return Ok(()) };
    for token in scan::tokens(text).filter(|token| token.kind == scan::Kind::Comment) {
        let comment = text[token.range.clone()].trim_start_matches('-').trim().to_ascii_lowercase();
        if let Some((_, tool)) = MARKERS.iter().find(|(marker, _)| comment.starts_with(marker)) {
            let reason = format!("'{file}' is laid out for {tool}; pass the option style");
            let place = Box::new(Place::locate(text, token.range.start).in_file(file));
            return Err(Error::MigrationInvalid { reason, place });
        }
    }
    Ok(())
}

/// Understands the files of a folder, and says in which style: for [`Style::Auto`], the one recognised.
pub(super) fn pieces(style: Style, mut files: Vec<Source>) -> Result<(Style, Vec<Piece>)> {
    files.retain(|source| !names::is_passed_over(&source.file));
    let style = if style == Style::Auto { recognise::style(&files)? } else { style };
    let mut pieces = Vec::with_capacity(files.len());
    let mut settings = Vec::new();
    for Source { file, bytes } in files {
        match names::named(style, &file).map_err(|reason| invalid(&file, reason))? {
            Named::Step(Role::Ignored) => {}
            Named::Step(Role::Up { version, name }) if matches!(style, Style::Goose | Style::Dbmate) => {
                for Section { is_down, bytes, without_transaction } in sections::split(style, &file, bytes)? {
                    let name = name.clone();
                    let role = if is_down { Role::Down { version, name } } else { Role::Up { version, name } };
                    pieces.push(Piece { role, file: file.clone(), bytes, without_transaction });
                }
            }
            Named::Step(role) => {
                refuse_markers(style, &file, &bytes)?;
                // why no tokens here: sqlx looks at the first bytes and nowhere else
                let without_transaction = style == Style::Sqlx && bytes.starts_with(b"-- no-transaction");
                pieces.push(Piece { role, file, bytes, without_transaction });
            }
            Named::Settings { of } => {
                let is_off = settings::is_transaction_off(style, &file, &bytes)?;
                settings.push((file, of, is_off));
            }
        }
    }
    apply(&settings, &mut pieces)?;
    if style != Style::Rpmadb {
        // why dropped: `down.sql` comes into being as an empty template; a way back that does nothing is none
        pieces.retain(|piece| !(matches!(piece.role, Role::Down { .. }) && is_empty(&piece.bytes)));
        pair(&mut pieces);
        keep_order(style, &pieces)?;
    }
    Ok((style, pieces))
}

/// Carries what a settings file says to the pieces it speaks of.
fn apply(settings: &[(String, Vec<String>, bool)], pieces: &mut [Piece]) -> Result<()> {
    let mut outside = HashSet::new();
    let known: HashSet<&str> = pieces.iter().map(|piece| piece.file.as_str()).collect();
    for (file, of, is_off) in settings {
        if let Some(missing) = of.first().filter(|first| !known.contains(first.as_str())) {
            return Err(invalid(file, format!("'{file}' belongs to '{missing}', which is not there")));
        }
        if *is_off {
            outside.extend(of.iter().map(String::as_str));
        }
    }
    for piece in pieces {
        piece.without_transaction |= outside.contains(piece.file.as_str());
    }
    Ok(())
}

fn is_empty(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0') && !scan::has_statement(text))
}

/// Gives each down step the name of the up step of its version.
fn pair(pieces: &mut [Piece]) {
    let names: HashMap<i64, String> = pieces
        .iter()
        .filter_map(|piece| match &piece.role {
            Role::Up { version, name } => Some((*version, name.clone())),
            _ => None,
        })
        .collect();
    for piece in pieces {
        if let Role::Down { version, name } = &mut piece.role
            && let Some(up) = names.get(version)
        {
            name.clone_from(up);
        }
    }
}

/// Refuses a folder whose own tool compares versions as text and would run it in another order than by number.
fn keep_order(style: Style, pieces: &[Piece]) -> Result<()> {
    if !matches!(style, Style::Diesel | Style::Dbmate) {
        return Ok(());
    }
    let mut ups: Vec<(i64, String, &str)> = pieces
        .iter()
        .filter_map(|piece| match piece.role {
            Role::Up { version, .. } => Some((version, names::text_order(style, &piece.file), piece.file.as_str())),
            _ => None,
        })
        .collect();
    ups.sort_unstable();
    for two in ups.windows(2) {
        if let [(_, one_text, one), (_, other_text, other)] = two
            && one_text > other_text
        {
            let reason = format!(
                "'{other}' runs before '{one}' in {}, which compares versions as text; give both the same number of digits",
                style.name()
            );
            return Err(invalid(other, reason));
        }
    }
    Ok(())
}

fn invalid(file: &str, reason: String) -> Error {
    Error::MigrationInvalid { reason, place: Box::new(Place::default().in_file(file)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Understands a folder written down as names and texts.
    pub(super) fn folder(style: Style, files: &[(&str, &str)]) -> Result<(Style, Vec<Piece>)> {
        let source = |(file, text): &(&str, &str)| Source {
            file: (*file).to_owned(),
            bytes: Cow::Owned(text.as_bytes().to_vec()),
        };
        pieces(style, files.iter().map(source).collect())
    }

    /// One line a piece: role, version, name, file, and `!` for one outside a transaction.
    pub(super) fn shown(style: Style, files: &[(&str, &str)]) -> Vec<String> {
        let (_, pieces) = folder(style, files).expect("sound");
        let line = |piece: &Piece| {
            let role = match &piece.role {
                Role::Up { version, name } => format!("up {version} {name}"),
                Role::Down { version, name } => format!("down {version} {name}"),
                Role::Lua { version, name } => format!("lua {version} {name}"),
                Role::Repeatable { name } => format!("repeat {name}"),
                Role::Ignored => unreachable!("passed over"),
            };
            format!("{role} in {}{}", piece.file, if piece.without_transaction { " !" } else { "" })
        };
        pieces.iter().map(line).collect()
    }

    /// The message of a refusal, and where.
    pub(super) fn refusal(style: Style, files: &[(&str, &str)]) -> (String, Place) {
        let error = folder(style, files).expect_err("must be refused");
        assert_eq!(error.status().name(), "MIGRATION_INVALID");
        let message = error.to_string();
        assert!(!message.contains('\n') && !message.ends_with('.'), "{message}");
        (message, error.place().cloned().unwrap_or_default())
    }

    #[test]
    fn every_name_leads_back_to_its_style() {
        for style in Style::ALL {
            assert_eq!(Style::from_name(style.name()), Some(style));
        }
        assert_eq!(Style::from_name("Flyway"), None);
        assert_eq!(Style::default(), Style::Rpmadb);
    }

    #[test]
    fn our_own_style_is_read_by_its_names_alone() {
        let files =
            [("1_a.sql", "-- +goose Up"), ("1_a.down.sql", ""), ("2_b.lua", "x"), ("R_v.sql", ""), ("x.md", "")];
        assert_eq!(
            shown(Style::Rpmadb, &files),
            ["up 1 a in 1_a.sql", "down 1 a in 1_a.down.sql", "lua 2 b in 2_b.lua", "repeat v in R_v.sql"]
        );
        assert!(refusal(Style::Rpmadb, &[("notes.txt", "")]).0.contains("'notes.txt' fits no pattern"));
    }

    #[test]
    fn bytes_that_are_no_text_come_through_whole() {
        for bytes in [&b"-- migrate:up\nSELECT '\xff';\n-- migrate:down\n"[..], &b"-- migrate:up\0"[..], b"\xff"] {
            for (style, file) in [(Style::Dbmate, "1_a.sql"), (Style::Sqlx, "1_a.down.sql"), (Style::Auto, "1_a.sql")] {
                let source = Source { file: file.into(), bytes: Cow::Owned(bytes.to_vec()) };
                let (_, pieces) = pieces(style, vec![source]).expect("left to the caller");
                assert_eq!(pieces.len(), 1);
                assert_eq!(*pieces[0].bytes, *bytes);
            }
        }
    }

    #[test]
    fn a_way_back_that_does_nothing_is_none() {
        let files = [("1_a.up.sql", "SELECT 1;"), ("1_a.down.sql", "\u{feff}-- Add down migration script here\n")];
        assert_eq!(shown(Style::Sqlx, &files), ["up 1 a in 1_a.up.sql"]);
    }

    #[test]
    fn up_and_down_are_paired_by_version() {
        let files = [("V1__users.sql", "SELECT 1;"), ("U1__drop_users.sql", "SELECT 2;")];
        assert_eq!(shown(Style::Flyway, &files), ["up 1 users in V1__users.sql", "down 1 users in U1__drop_users.sql"]);
    }

    #[test]
    fn an_order_that_the_other_tool_would_not_keep_is_refused() {
        let text = "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n";
        let (message, place) = refusal(Style::Dbmate, &[("2_b.sql", text), ("10_c.sql", text)]);
        assert!(message.contains("'10_c.sql' runs before '2_b.sql' in dbmate"), "{message}");
        assert_eq!(place.file.as_deref(), Some("10_c.sql"));
        assert_eq!(shown(Style::Dbmate, &[("02_b.sql", text), ("10_c.sql", text)]).len(), 4);
        let (message, _) = refusal(Style::Diesel, &[("2_b/up.sql", "SELECT 1"), ("10_c/up.sql", "SELECT 1")]);
        assert!(message.contains("'10_c/up.sql' runs before"), "{message}");
        assert_eq!(shown(Style::Goose, &[("2_b.sql", "-- +goose Up"), ("10_c.sql", "-- +goose Up")]).len(), 2);
    }

    #[test]
    fn only_three_styles_look_into_folders() {
        let folders: Vec<&str> = Style::ALL.into_iter().filter(|style| has_folders(*style)).map(Style::name).collect();
        assert_eq!(folders, ["auto", "diesel", "rusqlite_migration"]);
    }
}
