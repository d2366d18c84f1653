//! Warnings about the SQL of a set: what loses data, fails on full tables, or is slow, though SQLite accepts it.
//!
//! `words` walks the tokens of a statement, `statement` and `table` understand it, `schema` keeps what the set has built
//! so far, and `rules`, `repeat` and `foreign` judge.
//!
//! Leaves to others: refusing anything, and reading files. What a Lua step or a step in code does is not seen.
//!
//! Invariants: never fails and never panics, whatever the text; about linear in all texts together; warnings come in
//! the order of the files and of the places in them.

use crate::error::Place;

mod foreign;
mod repeat;
mod rules;
mod schema;
mod statement;
mod table;
mod words;

/// One file of the set.
pub(super) struct Input<'a> {
    /// Its version; none for a repeatable one.
    pub version: Option<i64>,
    /// Its name, as warnings show it.
    pub file: &'a str,
    /// Its text, without a byte-order mark.
    pub text: &'a str,
    /// Whether it runs outside a transaction, so that a failure leaves its first half behind.
    pub without_transaction: bool,
    /// Ids of the rules it is not held to.
    pub allowed: &'a [String],
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Warning {
    /// The rule's id.
    pub rule: &'static str,
    /// Where it was found; the source line is left out of texts that are one long line.
    pub place: Place,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub hint: &'static str,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident = $id:literal, $hint:literal;)*) => {
        /// What is looked for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        enum Rule { $($(#[$doc])* $variant,)* }

        /// Every rule, as the directive `allow` spells it.
        pub(super) const RULES: &[&str] = &[$($id,)*];

        impl Rule {
            #[cfg(test)]
            const ALL: &[Rule] = &[$(Rule::$variant,)*];

            const fn id(self) -> &'static str {
                match self { $(Rule::$variant => $id,)* }
            }

            const fn hint(self) -> &'static str {
                match self { $(Rule::$variant => $hint,)* }
            }
        }
    };
}

rules! {
    /// A table is dropped that neither this file made nor something takes the place of.
    DropTable = "drop-table", "copy the rows elsewhere first, or allow it with '-- rpmadb: allow=drop-table'";
    /// A column is dropped.
    DropColumn = "drop-column", "copy the values elsewhere first, or allow it with '-- rpmadb: allow=drop-column'";
    /// A column is added that existing rows could not fill.
    NotNullWithoutDefault = "not-null-without-default", "give it a DEFAULT, or rebuild the table and fill the column";
    /// A rebuilt table lacks an index or trigger it had.
    RebuildWithoutIndex = "rebuild-without-index", "create it again after the rename, or drop it by name";
    /// A statement that cannot be run twice, where a half-run file has to be.
    NotIdempotent = "not-idempotent", "write it so that it can be repeated: IF [NOT] EXISTS, INSERT OR IGNORE, a WHERE";
    /// A column type that STRICT tables do not have.
    StrictType = "strict-type", "use INT, INTEGER, REAL, TEXT, BLOB or ANY";
    /// A foreign key whose parent's every change reads the whole child table.
    ForeignKeyWithoutIndex = "foreign-key-without-index", "create an index that begins with these columns";
}

/// Where something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    /// Which of the files.
    file: usize,
    /// In bytes.
    at: usize,
    /// Which statement of the file, from 1.
    statement: u32,
}

/// A finding before its line is known.
struct Found {
    spot: Spot,
    rule: Rule,
    message: String,
}

/// Looks through the files of a set, in the order in which they are applied.
pub(super) fn lint(files: &[Input<'_>]) -> Vec<Warning> {
    let mut found = rules::judge(files);
    found.retain(|found| !files[found.spot.file].allowed.iter().any(|allowed| allowed == found.rule.id()));
    // why sorted: then one walk through each text finds all lines
    found.sort_by(|one, other| (one.spot, one.rule, &one.message).cmp(&(other.spot, other.rule, &other.message)));
    let mut walk = Walk { text: "", at: 0, line: 1, line_start: 0, column: 1 };
    let mut walked = None;
    let mut warnings = Vec::with_capacity(found.len());
    for Found { spot, rule, message } in found {
        let input = &files[spot.file];
        if walked.replace(spot.file) != Some(spot.file) {
            walk = Walk { text: input.text, at: 0, line: 1, line_start: 0, column: 1 };
        }
        let place = Place { statement: Some(spot.statement), version: input.version, ..walk.to(spot.at) };
        warnings.push(Warning { rule: rule.id(), place: place.in_file(input.file), message, hint: rule.hint() });
    }
    warnings
}

/// A walk through a text that counts lines and columns once, however often it is asked.
struct Walk<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    line_start: usize,
    column: u32,
}

impl Walk<'_> {
    /// The place of an offset that is not before the last one.
    fn to(&mut self, at: usize) -> Place {
        const LONGEST_LINE: usize = 1000;
        let between = &self.text[self.at..at];
        let mut fresh = between;
        for newline in memchr::memchr_iter(b'\n', between.as_bytes()) {
            self.line = self.line.saturating_add(1);
            self.line_start = self.at + newline + 1;
            self.column = 1;
            fresh = &between[newline + 1..];
        }
        self.column = self.column.saturating_add(u32::try_from(fresh.chars().count()).unwrap_or(u32::MAX));
        self.at = at;
        let rest = &self.text.as_bytes()[self.line_start..];
        let end = memchr::memchr(b'\n', &rest[..rest.len().min(LONGEST_LINE)]);
        // why not the whole of a long line: a text in one line would be copied into each of its warnings
        let end = end.or((rest.len() < LONGEST_LINE).then_some(rest.len()));
        let source_line =
            end.map(|end| self.text[self.line_start..self.line_start + end].trim_end_matches('\r').to_owned());
        Place { line: Some(self.line), column: Some(self.column), source_line, ..Place::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lints files of names and texts; names that end in `!` run outside a transaction.
    pub(super) fn warnings(files: &[(&str, &str)]) -> Vec<Warning> {
        let input = |(version, (file, text))| {
            let (file, text): (&str, &str) = (file, text);
            Input { version: Some(version), file, text, without_transaction: file.ends_with('!'), allowed: &[] }
        };
        let inputs: Vec<Input<'_>> = (1..).zip(files.iter().copied()).map(input).collect();
        lint(&inputs)
    }

    /// One line a warning: file, line, column, rule, message.
    pub(super) fn shown(files: &[(&str, &str)]) -> Vec<String> {
        let line = |warning: &Warning| {
            let place = &warning.place;
            let (file, line) = (place.file.as_deref().unwrap_or(""), place.line.unwrap_or(0));
            let text = format!("{file}:{line}:{} {}: {}", place.column.unwrap_or(0), warning.rule, warning.message);
            assert!(!text.contains('\n') && warning.message.starts_with(char::is_lowercase), "{text}");
            text
        };
        warnings(files).iter().map(line).collect()
    }

    #[test]
    fn a_warning_says_where_it_stands() {
        let text = "-- ü\nSELECT 'ä'; /* é */ DROP TABLE a;\r\nDROP TABLE\n  [b c];";
        let found = warnings(&[("1_a.sql", "SELECT 1;"), ("2_b.sql", text)]);
        let place = |warning: &Warning| (warning.place.line, warning.place.column, warning.place.statement);
        assert_eq!(found.len(), 2);
        assert_eq!(place(&found[0]), (Some(2), Some(32), Some(2)));
        assert_eq!(found[0].place.source_line.as_deref(), Some("SELECT 'ä'; /* é */ DROP TABLE a;"));
        assert_eq!(found[0].place.version, Some(2));
        assert_eq!(place(&found[1]), (Some(4), Some(3), Some(3)));
        assert_eq!(found[1].message, "table 'b c' is dropped with its rows");
        for warning in &found {
            let at = text.find(if warning.place.line == Some(2) { "a;\r" } else { "[b" }).expect("there");
            let place = Place::locate(text, at);
            assert_eq!((place.line, place.column), (warning.place.line, warning.place.column));
        }
    }

    #[test]
    fn a_file_is_not_held_to_what_it_allows() {
        let text = "ALTER TABLE t DROP COLUMN a; DROP TABLE t;";
        let lint_with = |allowed: &[&str]| {
            let allowed: Vec<String> = allowed.iter().map(|id| (*id).to_owned()).collect();
            let input = Input { version: None, file: "x", text, without_transaction: false, allowed: &allowed };
            lint(&[input]).into_iter().map(|warning| warning.rule).collect::<Vec<_>>()
        };
        assert_eq!(lint_with(&[]), ["drop-column", "drop-table"]);
        assert_eq!(lint_with(&["drop-table"]), ["drop-column"]);
        assert_eq!(lint_with(&["drop-table", "drop-column", "unheard-of"]), [""; 0]);
    }

    #[test]
    fn ids_and_hints_are_one_line_and_apart() {
        let mut ids: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        ids.dedup();
        assert_eq!(ids.len(), 7);
        assert!(Rule::ALL.iter().all(|rule| !rule.hint().contains('\n') && !rule.hint().ends_with('.')));
    }

    #[test]
    fn one_long_line_is_not_copied_into_its_warnings() {
        let text = "DROP TABLE a; ".repeat(20_000);
        let found = warnings(&[("1_a.sql", &text)]);
        assert_eq!(found.len(), 20_000);
        assert_eq!(found[19_999].place.column, Some(19_999 * 14 + 12));
        assert_eq!(found[0].place.source_line, None);
    }

    #[test]
    fn garbage_gives_no_panic() {
        let seeds = [
            "CREATE TABLE",
            "CREATE TABLE t (",
            "CREATE TABLE t (a REFERENCES",
            "CREATE TABLE t (,,FOREIGN KEY((,",
            "CREATE TABLE t (a) STRICT; ALTER TABLE t ADD",
            "ALTER TABLE t RENAME",
            "ALTER TABLE t RENAME TO t",
            "CREATE INDEX ON ON",
            "CREATE INDEX i ON t ((((",
            "CREATE TRIGGER t ON",
            "DROP TABLE",
            "DROP INDEX IF EXISTS",
            "INSERT INTO",
            "INSERT OR",
            "UPDATE t SET a = a +",
            "UPDATE SET SET =",
            "DELETE FROM",
            "WITH x AS (",
            ")))",
            "CREATE TABLE \"\"\"\" (\"é",
            "CREATE TABLE [t] (é é é) STRICT",
            "ALTER TABLE t DROP COLUMN",
            "EXPLAIN",
            "CREATE TABLE t.t.t (a)",
            "CREATE UNIQUE TEMP VIRTUAL",
            "\0",
            "é;é",
            "CREATE TABLE a(b DEFAULT",
            "ON ON ON",
        ];
        for one in seeds {
            for other in seeds {
                let text = format!("{one} {other};{other}{one}");
                for end in (0..=text.len()).step_by(5).filter(|end| text.is_char_boundary(*end)) {
                    warnings(&[("a!", &text[..end]), ("b", &text[end..])]);
                }
            }
        }
    }
}
