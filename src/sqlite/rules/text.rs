//! What the rules must know of a statement that SQLite's authorizer does not tell, read from its text.
//!
//! Leaves to others: what follows from it (`rules.rs`).
//!
//! Invariant: words are SQLite's: comments and space are skipped, and a name is the same with and without its quotes.

use super::is_ours;

/// Whether a text is `CREATE TRIGGER temp.NAME`. Why by its text: SQLite tells the schema of the table and not of the trigger.
pub(super) fn is_temporary_trigger(sql: &str) -> bool {
    let mut rest = sql.as_bytes();
    let is = |word: Option<&[u8]>, wanted: &str| word.is_some_and(|word| word.eq_ignore_ascii_case(wanted.as_bytes()));
    if !is(word(&mut rest), "create") || !is(word(&mut rest), "trigger") {
        return false;
    }
    let mut name = word(&mut rest);
    let mut behind = rest;
    if is(name, "if") && is(word(&mut behind), "not") && is(word(&mut behind), "exists") {
        name = word(&mut behind);
        rest = behind;
    }
    is(name, "temp") && word(&mut rest) == Some(b".")
}

/// The next word, name without its quotes, or single character, taken off a text.
fn word<'t>(text: &mut &'t [u8]) -> Option<&'t [u8]> {
    loop {
        let space = |byte: &&u8| byte.is_ascii_whitespace() || **byte == 0x0b;
        let trimmed = &text[text.iter().take_while(space).count()..];
        // why the mark of UTF-8: SQLite takes it for a space
        let end = if trimmed.starts_with(b"\xef\xbb\xbf") {
            Some(3)
        } else if trimmed.starts_with(b"--") {
            memchr::memchr(b'\n', trimmed).map(|at| at + 1)
        } else if trimmed.starts_with(b"/*") {
            memchr::memmem::find(&trimmed[2..], b"*/").map(|at| at + 4)
        } else {
            *text = trimmed;
            break;
        };
        *text = &trimmed[end?..];
    }
    let close = match text.first()? {
        b'[' => b']',
        quote @ (b'"' | b'`' | b'\'') => *quote,
        _ => {
            let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_' || **byte >= 0x80;
            let (found, rest) = text.split_at(text.iter().take_while(is_part).count().max(1));
            *text = rest;
            return Some(found);
        }
    };
    let length = memchr::memchr(close, &text[1..])?;
    let found = &text[1..=length];
    *text = &text[length + 2..];
    Some(found)
}

/// Whether a text has the beginning of such a name in it.
pub(super) fn names_ours(sql: &str) -> bool {
    let bytes = sql.as_bytes();
    memchr::memchr_iter(b'_', bytes).any(|at| at >= 6 && bytes[at - 6..at].eq_ignore_ascii_case(b"rpmadb"))
}

/// Whether a text is a pragma, or the explanation of one.
pub(super) fn is_pragma(sql: &str) -> bool {
    let mut rest = sql.as_bytes();
    let first = std::iter::from_fn(|| word(&mut rest))
        .find(|found| !["explain", "query", "plan"].iter().any(|known| found.eq_ignore_ascii_case(known.as_bytes())));
    first.is_some_and(|found| found.eq_ignore_ascii_case(b"pragma"))
}

/// Whether a text has a foreign key to such a table in it. Why by its text: SQLite tells of none.
pub(super) fn refers_to_ours(sql: &str) -> bool {
    let mut rest = sql.as_bytes();
    let mut is_behind = false;
    while let Some(found) = word(&mut rest) {
        if is_behind && std::str::from_utf8(found).is_ok_and(is_ours) {
            return true;
        }
        is_behind = found.eq_ignore_ascii_case(b"references");
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_in_the_temporary_schema_is_known_by_its_text() {
        for (sql, is) in [
            ("CREATE TRIGGER temp.x AFTER INSERT ON t BEGIN SELECT 1; END", true),
            ("\n-- y\ncreate/**/trigger if not exists \"Temp\" . x AFTER", true),
            ("CREATE TRIGGER [temp].x", true),
            ("CREATE TRIGGER `temp`/* */.'x'", true),
            ("\u{feff}CREATE \u{b}\u{feff} TRIGGER \u{feff}temp\r.x", true),
            ("CREATE TRIGGER temp AFTER INSERT ON t", false),
            ("CREATE TRIGGER main.temp AFTER INSERT ON t", false),
            ("CREATE TRIGGER if.temp", false),
            ("CREATE TABLE temp.x (a)", false),
            ("CREATE TRIGGER \"temp", false),
            ("-- CREATE TRIGGER temp.x", false),
            ("/* CREATE", false),
            ("", false),
        ] {
            assert_eq!(is_temporary_trigger(sql), is, "{sql}");
        }
        assert!(names_ours("x \"Rpmadb_y\"") && !names_ours("rpmad_ _ rpmadb"));
    }
    #[test]
    fn a_pragma_is_known_by_its_first_word() {
        for (sql, is) in [
            ("/* x */ PRAGMA journal_mode", true),
            ("EXPLAIN QUERY PLAN pragma x", true),
            ("VACUUM -- pragma", false),
            ("REINDEX pragma", false),
            ("", false),
        ] {
            assert_eq!(is_pragma(sql), is, "{sql}");
        }
    }

    #[test]
    fn a_foreign_key_to_a_table_of_ours_is_known_by_its_text() {
        for (sql, does) in [
            ("CREATE TABLE x (a REFERENCES rpmadb_audit (sequence) ON DELETE CASCADE)", true),
            ("create table x (a, foreign key (a) references/**/\"Rpmadb_audit\")", true),
            ("CREATE TABLE x (a REFERENCES -- y\n [RPMADB_x])", true),
            ("CREATE TABLE x (a \"b\"\"c\" REFERENCES `rpmadb_x`)", true),
            ("CREATE TABLE x AS SELECT * FROM rpmadb_audit", false),
            ("CREATE TABLE x (a REFERENCES t (rpmadb_audit))", false),
            ("CREATE TABLE x (a REFERENCES rpmadb)", false),
            ("", false),
        ] {
            assert_eq!(refers_to_ours(sql), does, "{sql}");
        }
    }
}
