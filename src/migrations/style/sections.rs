//! Files that hold a migration's way up and its way down in one text: goose and dbmate.
//!
//! Leaves to others: the statements inside a section. Ours are split by tokens, so that goose's `StatementBegin` and
//! `StatementEnd` are checked for their order and mean nothing more.
//!
//! Invariants: a marker is a line comment that begins its line, never a part of a string; each section comes back in a
//! text as long as the file, in which the other section is blank, so lines and columns hold. What stands above the
//! first marker can only be comments, and stays with the way up: our directives are read there.

use std::borrow::Cow;
use std::ops::Range;

use super::{Style, invalid};
use crate::error::{Error, Place, Result};
use crate::migrations::scan::{self, Kind};

/// One section of a file.
pub(super) struct Section {
    /// Whether it is the way down.
    pub is_down: bool,
    /// The file's text, blank but for this section.
    pub bytes: Cow<'static, [u8]>,
    /// Whether it asks for no transaction.
    pub without_transaction: bool,
}

/// What a marker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Up { without_transaction: bool },
    Down { without_transaction: bool },
    Begin,
    End,
    NoTransaction,
    Nothing,
}

/// Splits a file into its way up and, if it has one, its way down.
pub(super) fn split(style: Style, file: &str, bytes: Cow<'static, [u8]>) -> Result<Vec<Section>> {
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) if !text.contains('\0') => text,
        // why not refused: the caller finds the byte and says where it stands
        _ => return Ok(vec![Section { is_down: false, bytes, without_transaction: false }]),
    };
    let found = Found::read(style, file, text)?;
    let Some((down, down_without)) = found.down else {
        return Ok(vec![Section { is_down: false, bytes, without_transaction: found.up_without }]);
    };
    let blank = |range: Range<usize>| {
        let mut blank = text.as_bytes().to_vec();
        for byte in &mut blank[range] {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        Cow::Owned(blank)
    };
    Ok(vec![
        Section { is_down: false, bytes: blank(down.start..text.len()), without_transaction: found.up_without },
        Section { is_down: true, bytes: blank(0..down.end), without_transaction: down_without },
    ])
}

/// Whether a text has a marker of the style.
pub(super) fn has_marker(style: Style, text: &str) -> bool {
    let word: &[u8] = if style == Style::Goose { b"+goose" } else { b"migrate:" };
    memchr::memmem::find(text.as_bytes(), word).is_some() && comments(text).any(|at| mark(style, &text[at]).is_some())
}

/// The sections of a text by their markers.
struct Found {
    up_without: bool,
    /// Where the marker of the way down stands.
    down: Option<(Range<usize>, bool)>,
}

impl Found {
    fn read(style: Style, file: &str, text: &str) -> Result<Found> {
        let [up, down] = spelled(style);
        let wrong = |at: usize, what: String| -> Error {
            invalid(file, format!("'{file}' {what}")).at(Place::locate(text, at).in_file(file))
        };
        let mut has_up = None;
        let mut found = Found { up_without: false, down: None };
        let mut open = None;
        let mut without_transaction = false;
        for at in comments(text) {
            let start = at.start;
            let is_down = found.down.is_some();
            let marked = match mark(style, &text[at.clone()]) {
                None => continue,
                Some(marked) => marked.map_err(|what| wrong(start, what))?,
            };
            match (marked, open) {
                (Mark::Up { .. } | Mark::Down { .. } | Mark::Begin, Some(begin)) => {
                    return Err(wrong(begin, "has a '-- +goose StatementBegin' without its end".into()));
                }
                (Mark::Up { .. }, None) if has_up.is_some() => {
                    return Err(wrong(start, format!("has a second '{up}'; give each its own file")));
                }
                (Mark::Up { without_transaction }, None) => {
                    has_up = Some(start);
                    found.up_without = without_transaction;
                }
                (Mark::Down { .. }, None) if has_up.is_none() => {
                    return Err(wrong(start, format!("has '{down}' before '{up}'")));
                }
                (Mark::Down { .. }, None) if is_down => return Err(wrong(start, format!("has a second '{down}'"))),
                (Mark::Down { without_transaction }, None) => found.down = Some((at, without_transaction)),
                (Mark::Begin, None) if has_up.is_none() => {
                    return Err(wrong(start, format!("has '-- +goose StatementBegin' before '{up}'")));
                }
                (Mark::Begin, None) => open = Some(start),
                (Mark::End, None) => {
                    return Err(wrong(start, "has a '-- +goose StatementEnd' without its beginning".into()));
                }
                (Mark::End, Some(_)) => open = None,
                (Mark::NoTransaction, _) => without_transaction = true,
                (Mark::Nothing, _) => {}
            }
        }
        if let Some(begin) = open {
            return Err(wrong(begin, "has a '-- +goose StatementBegin' without its end".into()));
        }
        let Some(has_up) = has_up else { return Err(wrong(0, format!("has no '{up}'"))) };
        if let Some(statement) = first_statement(&text[..has_up]) {
            return Err(wrong(statement, format!("has a statement before '{up}'")));
        }
        found.up_without |= without_transaction;
        if let Some((_, down_without)) = &mut found.down {
            *down_without |= without_transaction;
        }
        Ok(found)
    }
}

/// Where the line comments are that begin their line.
fn comments(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let is_first = |at: usize| {
        let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        text[line..at].trim_start_matches('\u{feff}').trim().is_empty()
    };
    scan::tokens(text)
        .filter(|token| token.kind == Kind::Comment && text[token.range.clone()].starts_with("--"))
        .map(|token| token.range)
        .filter(move |range| is_first(range.start))
}

fn first_statement(text: &str) -> Option<usize> {
    scan::tokens(text)
        .find(|token| token.kind != Kind::Comment && &text[token.range.clone()] != "\u{feff}")
        .map(|token| token.range.start)
}

fn spelled(style: Style) -> [&'static str; 2] {
    match style {
        Style::Goose => ["-- +goose Up", "-- +goose Down"],
        _ => ["-- migrate:up", "-- migrate:down"],
    }
}

/// What a comment says as a marker; nothing for one that is none, a reason for one that cannot be followed.
fn mark(style: Style, comment: &str) -> Option<Result<Mark, String>> {
    let said = comment.strip_prefix("--")?.trim();
    if style == Style::Goose {
        let word =
            said.strip_prefix("+goose").filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))?;
        return Some(goose(word.trim()));
    }
    let said = said.strip_prefix("migrate:")?;
    let (word, options) = said.split_once(char::is_whitespace).unwrap_or((said, ""));
    let mut without_transaction = false;
    let mark = match word {
        "up" => |without_transaction| Mark::Up { without_transaction },
        "down" => |without_transaction| Mark::Down { without_transaction },
        _ => return None,
    };
    for option in options.split_whitespace() {
        match option {
            "transaction:false" => without_transaction = true,
            "transaction:true" => without_transaction = false,
            _ => {
                return Some(Err(format!("has the option '{option}' on '-- migrate:{word}', which is not known here")));
            }
        }
    }
    Some(Ok(mark(without_transaction)))
}

fn goose(word: &str) -> Result<Mark, String> {
    let without_transaction = false;
    Ok(match word.to_ascii_lowercase().as_str() {
        "up" => Mark::Up { without_transaction },
        "down" => Mark::Down { without_transaction },
        "statementbegin" => Mark::Begin,
        "statementend" => Mark::End,
        "no transaction" => Mark::NoTransaction,
        "envsub off" => Mark::Nothing,
        "envsub on" => {
            return Err("has '-- +goose ENVSUB ON'; environment variables are not put into a text here".into());
        }
        _ => return Err(format!("has '-- +goose {word}', which is not known here")),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Piece;
    use super::super::tests::{folder, refusal, shown};
    use super::*;

    const GOOSE: &str = "\u{feff}-- +goose NO TRANSACTION\r\n-- rpmadb: compatible-from=1\r\n-- +goose Up\r\n\
        -- +goose StatementBegin\r\nCREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 'é\r\n-- +goose Down\r\n'; END;\r\n\
        -- +goose StatementEnd\r\n\r\n-- +goose Down\r\nDROP TRIGGER t; -- été\r\n";

    fn sections(style: Style, text: &str) -> Vec<Piece> {
        folder(style, &[("1_a.sql", text)]).expect("sound").1
    }

    fn text(piece: &Piece) -> &str {
        std::str::from_utf8(&piece.bytes).expect("text")
    }

    #[test]
    fn goose_has_both_ways_in_one_file() {
        assert_eq!(
            shown(Style::Goose, &[("00001_a.sql", GOOSE)]),
            ["up 1 a in 00001_a.sql !", "down 1 a in 00001_a.sql !"]
        );
        let pieces = sections(Style::Goose, GOOSE);
        assert!(text(&pieces[0]).contains("END;") && !text(&pieces[0]).contains("DROP"));
        assert!(text(&pieces[0]).contains("-- rpmadb: compatible-from=1"), "directives stay with the way up");
        assert_eq!(text(&pieces[1]).trim(), "DROP TRIGGER t; -- été");
        assert_eq!(shown(Style::Goose, &[("2_b.sql", "-- +goose up\nSELECT 1;")]), ["up 2 b in 2_b.sql"]);
    }

    #[test]
    fn lines_and_columns_of_a_section_are_those_of_the_file() {
        for piece in sections(Style::Goose, GOOSE) {
            assert_eq!(piece.bytes.len(), GOOSE.len());
            for (at, byte) in GOOSE.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'\n' | b'\r')) {
                assert_eq!(piece.bytes[at], byte);
            }
        }
        let pieces = sections(Style::Goose, GOOSE);
        let at = text(&pieces[1]).find("TRIGGER").expect("there");
        let place = Place::locate(text(&pieces[1]), at);
        assert_eq!((place.line, place.column), (Some(11), Some(6)));
        assert_eq!(GOOSE.find("TRIGGER t; -- été"), Some(at));
    }

    #[test]
    fn goose_refusals_name_the_line() {
        for (text, line, reason) in [
            ("SELECT 1;\n", 1, "has no '-- +goose Up'"),
            ("SELECT '\n-- +goose Up\n';\n", 1, "has no '-- +goose Up'"),
            ("SELECT 1; -- +goose Up\n", 1, "has no '-- +goose Up'"),
            ("/*\n-- +goose Up\n*/", 1, "has no '-- +goose Up'"),
            ("-- x\nSELECT 1;\n-- +goose Up\n", 2, "has a statement before '-- +goose Up'"),
            ("-- +goose Down\n-- +goose Up\n", 1, "has '-- +goose Down' before '-- +goose Up'"),
            ("-- +goose Up\n-- +goose Up\n", 2, "has a second '-- +goose Up'"),
            ("-- +goose Up\n-- +goose Down\n-- +goose Down\n", 3, "has a second '-- +goose Down'"),
            ("-- +goose StatementBegin\n", 1, "before '-- +goose Up'"),
            ("-- +goose Up\n-- +goose StatementBegin\n", 2, "without its end"),
            ("-- +goose Up\n-- +goose StatementBegin\n-- +goose Down\n", 2, "without its end"),
            ("-- +goose Up\n-- +goose StatementEnd\n", 2, "without its beginning"),
            ("-- +goose ENVSUB ON\n-- +goose Up\n", 1, "ENVSUB ON"),
            ("-- +goose Up\n-- +goose Sideways\n", 2, "has '-- +goose Sideways'"),
        ] {
            let (message, place) = refusal(Style::Goose, &[("1_a.sql", text)]);
            assert!(message.starts_with("'1_a.sql' has") && message.contains(reason), "{text:?}: {message}");
            assert_eq!((place.file.as_deref(), place.line), (Some("1_a.sql"), Some(line)), "{text:?}");
        }
        assert!(refusal(Style::Goose, &[("00002_b.go", "package x")]).0.contains("is program code"));
        assert!(refusal(Style::Goose, &[("a.sql", "")]).0.contains("fits no pattern of the style 'goose'"));
    }

    #[test]
    fn dbmate_has_options_on_its_markers() {
        let text = "-- about\n--migrate:up transaction:false\nVACUUM;\n-- migrate:down\nSELECT 'x\n-- migrate:up\n';\n";
        assert_eq!(
            shown(Style::Dbmate, &[("20260101000000_a.sql", text)]),
            ["up 20260101000000 a in 20260101000000_a.sql !", "down 20260101000000 a in 20260101000000_a.sql"]
        );
        let only_up = "-- migrate:up\nSELECT 1; -- migrate:down\n-- migrate:downgrade is a word\n";
        assert_eq!(shown(Style::Dbmate, &[("1_a.sql", only_up)]), ["up 1 a in 1_a.sql"]);
        let empty_down = "-- migrate:up\nSELECT 1;\n-- migrate:down\n\n";
        assert_eq!(shown(Style::Dbmate, &[("1_a.sql", empty_down)]), ["up 1 a in 1_a.sql"]);
    }

    #[test]
    fn dbmate_refusals_name_the_line() {
        for (text, line, reason) in [
            ("SELECT 1;", 1, "has no '-- migrate:up'"),
            ("\nSELECT 1;\n-- migrate:up\n", 2, "has a statement before '-- migrate:up'"),
            ("-- migrate:down\n-- migrate:up\n", 1, "has '-- migrate:down' before '-- migrate:up'"),
            ("-- migrate:up\n-- migrate:down\n-- migrate:up\n", 3, "has a second '-- migrate:up'"),
            ("-- migrate:up\n-- migrate:down\n-- migrate:down\n", 3, "has a second '-- migrate:down'"),
            ("-- migrate:up transaction:maybe\n", 1, "the option 'transaction:maybe' on '-- migrate:up'"),
        ] {
            let (message, place) = refusal(Style::Dbmate, &[("1_a.sql", text)]);
            assert!(message.contains(reason), "{text:?}: {message}");
            assert_eq!(place.line, Some(line), "{text:?}");
        }
    }
}
