//! What a statement of a migration is meant to do, read from its tokens: most go to SQLite as they stand, a few have to be
//! understood because a migration runs inside a transaction that is not its own.
//!
//! Leaves to others: doing it (`sql.rs`) and judging the SQL (SQLite).
//!
//! Invariant: only what is recognised for certain is anything but [`Reading::Plain`].

use std::ops::Range;

use super::scan::{self, Kind};

/// What a statement is meant to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    /// Whatever SQLite makes of it.
    Plain,
    /// `BEGIN`, in all its forms.
    Begin,
    /// `COMMIT` or `END`.
    Commit,
    /// `ROLLBACK` of the whole transaction.
    Rollback,
    /// `SAVEPOINT`, `RELEASE`, `ROLLBACK TO`.
    Savepoint,
    /// `PRAGMA foreign_keys` with a value.
    ForeignKeys(bool),
    /// `PRAGMA journal_mode` with a value.
    JournalMode(String),
    /// A statement that SQLite refuses, or passes over, inside a transaction.
    Outside,
    /// `VACUUM ... INTO ...`
    VacuumInto,
    /// `ALTER TABLE ... ADD COLUMN IF NOT EXISTS ...`
    AddColumn(Column),
    /// `ALTER TABLE ... DROP COLUMN IF EXISTS ...`
    DropColumn(Column),
    /// `ALTER TABLE ... RENAME TO ...`
    RenameTable {
        /// The name before.
        from: String,
        /// The name after.
        to: String,
    },
    /// `DROP INDEX`, `DROP TRIGGER`.
    DropObject(String),
}

/// A column that is added or dropped under a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Its table.
    pub(super) table: String,
    /// Its name.
    pub(super) name: String,
    /// Where the words of the condition stand; without them it is SQLite's statement.
    pub(super) condition: Range<usize>,
    /// Where the declaration after the name stands.
    pub(super) declaration: Range<usize>,
}

struct Words<'a> {
    sql: &'a str,
    tokens: Vec<scan::Token>,
    at: usize,
}

impl<'a> Words<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).map(|token| &self.sql[token.range.clone()])
    }

    fn is(&self, word: &str) -> bool {
        self.peek().is_some_and(|found| found.eq_ignore_ascii_case(word))
    }

    fn skip(&mut self, word: &str) -> bool {
        let found = self.is(word);
        self.at += usize::from(found);
        found
    }

    fn skip_all(&mut self, words: &[&str]) -> bool {
        let start = self.at;
        let found = words.iter().all(|word| self.skip(word));
        if !found {
            self.at = start;
        }
        found
    }

    /// A name with its quotes taken off.
    fn name(&mut self) -> Option<String> {
        let token = self.tokens.get(self.at).filter(|token| matches!(token.kind, Kind::Word | Kind::Quoted))?;
        self.at += 1;
        Some(unquoted(&self.sql[token.range.clone()]))
    }

    /// A name of an object, behind the name of its database if that is given.
    fn object(&mut self) -> Option<String> {
        let name = self.name()?;
        if self.skip(".") { self.name() } else { Some(name) }
    }

    fn position(&self) -> usize {
        self.tokens.get(self.at).map_or(self.sql.len(), |token| token.range.start)
    }

    fn is_over(&self) -> bool {
        self.at >= self.tokens.len()
    }
}

/// A name without its quotes.
pub(super) fn unquoted(name: &str) -> String {
    let inner = |close: char| {
        let inner = &name[1..name.len().max(2) - 1];
        inner.replace(&format!("{close}{close}"), &close.to_string())
    };
    match name.as_bytes() {
        [quote @ (b'"' | b'`' | b'\''), .., end] if quote == end => inner(char::from(*quote)),
        [b'[', .., b']'] => name[1..name.len() - 1].to_owned(),
        _ => name.to_owned(),
    }
}

/// Reads a statement.
pub(super) fn read(sql: &str) -> Reading {
    // why first: nearly every statement is none of these, and most are longer than their first word
    let Some(first) = scan::tokens(sql).find(|token| token.kind != Kind::Comment) else { return Reading::Plain };
    let first = &sql[first.range];
    let known = ["begin", "commit", "end", "rollback", "savepoint", "release", "pragma", "vacuum", "alter", "drop"];
    if !known.iter().any(|word| first.eq_ignore_ascii_case(word)) {
        return Reading::Plain;
    }
    let tokens = scan::tokens(sql).filter(|token| token.kind != Kind::Comment).collect();
    let mut words = Words { sql, tokens, at: 0 };
    recognised(&mut words).unwrap_or(Reading::Plain)
}

fn recognised(words: &mut Words<'_>) -> Option<Reading> {
    let first = words.peek()?.to_ascii_lowercase();
    words.at += 1;
    match first.as_str() {
        "begin" => Some(Reading::Begin),
        "commit" | "end" => Some(Reading::Commit),
        "savepoint" | "release" => Some(Reading::Savepoint),
        "rollback" => {
            words.skip("transaction");
            Some(if words.is("to") { Reading::Savepoint } else { Reading::Rollback })
        }
        "vacuum" => {
            let _database = if words.is("into") { None } else { words.name() };
            if words.is("into") {
                return Some(Reading::VacuumInto);
            }
            words.is_over().then_some(Reading::Outside)
        }
        "pragma" => pragma(words),
        "alter" => alter(words),
        "drop" => {
            (words.skip("index") || words.skip("trigger")).then_some(())?;
            words.skip_all(&["if", "exists"]);
            Some(Reading::DropObject(words.object()?))
        }
        _ => None,
    }
}

fn pragma(words: &mut Words<'_>) -> Option<Reading> {
    let name = words.object()?.to_ascii_lowercase();
    let has_value = words.skip("=") || words.skip("(");
    let value = if has_value { words.name().or_else(|| words.peek().map(str::to_owned)) } else { None };
    match (name.as_str(), value) {
        ("foreign_keys", Some(value)) => {
            let on = ["on", "yes", "true"].iter().any(|word| value.eq_ignore_ascii_case(word));
            Some(Reading::ForeignKeys(on || value.parse::<i64>().is_ok_and(|number| number != 0)))
        }
        ("journal_mode", Some(value)) => Some(Reading::JournalMode(value.to_ascii_lowercase())),
        // why also without a value: these act, and inside a transaction they do nothing or fail
        ("incremental_vacuum" | "wal_checkpoint", _) | ("page_size" | "auto_vacuum", Some(_)) => Some(Reading::Outside),
        _ => None,
    }
}

fn alter(words: &mut Words<'_>) -> Option<Reading> {
    words.skip("table").then_some(())?;
    let table = words.object()?;
    if words.skip_all(&["rename", "to"]) {
        return Some(Reading::RenameTable { from: table, to: words.name()? });
    }
    let adds = words.skip("add");
    if !adds {
        words.skip("drop").then_some(())?;
    }
    words.skip("column");
    let start = words.position();
    let condition: &[&str] = if adds { &["if", "not", "exists"] } else { &["if", "exists"] };
    words.skip_all(condition).then_some(())?;
    let end = words.position();
    let name = words.name()?;
    let declaration = words.position()..words.tokens.last()?.range.end.max(words.position());
    let column = Column { table, name, condition: start..end, declaration };
    Some(if adds { Reading::AddColumn(column) } else { Reading::DropColumn(column) })
}

/// The declaration of `column` in the text of a `CREATE TABLE`: its tokens behind the name, in lower case where they are
/// words; `None` when it is not there.
pub(super) fn declared(create: &str, column: &str) -> Option<Vec<String>> {
    let mut depth = 0_u32;
    let mut found: Option<Vec<String>> = None;
    let mut at_start = false;
    for token in scan::tokens(create).filter(|token| token.kind != Kind::Comment) {
        let text = &create[token.range.clone()];
        match text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_edge = matches!((text, depth), ("(" | ",", 1) | (")", 0));
        if is_edge {
            if found.is_some() {
                return found;
            }
            at_start = true;
            continue;
        }
        if at_start {
            at_start = false;
            if matches!(token.kind, Kind::Word | Kind::Quoted) && unquoted(text).eq_ignore_ascii_case(column) {
                found = Some(Vec::new());
            }
        } else if let Some(found) = &mut found {
            found.push(normal(&token, text));
        }
    }
    found
}

/// The tokens of a declaration, as [`declared`] gives them.
pub(super) fn declaration(text: &str) -> Vec<String> {
    let tokens = scan::tokens(text).filter(|token| token.kind != Kind::Comment);
    tokens.map(|token| normal(&token, &text[token.range.clone()])).collect()
}

fn normal(token: &scan::Token, text: &str) -> String {
    if token.kind == Kind::Word { text.to_ascii_lowercase() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_about_transactions_are_recognised_by_tokens() {
        for (sql, reading) in [
            ("BEGIN", Reading::Begin),
            ("/* x */ begin IMMEDIATE transaction", Reading::Begin),
            ("COMMIT TRANSACTION", Reading::Commit),
            ("END", Reading::Commit),
            ("ROLLBACK", Reading::Rollback),
            ("ROLLBACK TRANSACTION TO SAVEPOINT a", Reading::Savepoint),
            ("RELEASE a", Reading::Savepoint),
            ("PRAGMA foreign_keys = OFF", Reading::ForeignKeys(false)),
            ("PRAGMA main.Foreign_Keys(1)", Reading::ForeignKeys(true)),
            ("PRAGMA foreign_keys='on'", Reading::ForeignKeys(true)),
            ("PRAGMA foreign_keys", Reading::Plain),
            ("PRAGMA journal_mode=WAL", Reading::JournalMode("wal".into())),
            ("VACUUM", Reading::Outside),
            ("vacuum main", Reading::Outside),
            ("VACUUM INTO 'x'", Reading::VacuumInto),
            ("VACUUM \"main\" into ?1", Reading::VacuumInto),
            ("VACUUM into", Reading::VacuumInto),
            ("PRAGMA page_size = 8192", Reading::Outside),
            ("PRAGMA page_size", Reading::Plain),
            ("SELECT 'BEGIN'", Reading::Plain),
            ("DROP INDEX IF EXISTS main.\"a b\"", Reading::DropObject("a b".into())),
            ("DROP TABLE t", Reading::Plain),
            ("ALTER TABLE [a] RENAME TO `b`", Reading::RenameTable { from: "a".into(), to: "b".into() }),
            ("ALTER TABLE a RENAME b TO c", Reading::Plain),
            ("", Reading::Plain),
        ] {
            assert_eq!(read(sql), reading, "{sql}");
        }
    }

    #[test]
    fn a_conditional_column_is_taken_apart() {
        let sql = "ALTER TABLE main.t ADD COLUMN IF NOT EXISTS \"c d\" TEXT DEFAULT (1, 2) -- end";
        let Reading::AddColumn(column) = read(sql) else { panic!("{:?}", read(sql)) };
        assert_eq!((column.table.as_str(), column.name.as_str()), ("t", "c d"));
        assert_eq!(&sql[column.condition], "IF NOT EXISTS ");
        assert_eq!(&sql[column.declaration], "TEXT DEFAULT (1, 2)");
        let Reading::DropColumn(column) = read("alter table t drop if exists c") else { panic!("not recognised") };
        assert_eq!((column.name.as_str(), column.declaration.is_empty()), ("c", true));
        assert_eq!(read("ALTER TABLE t ADD COLUMN c TEXT"), Reading::Plain);
    }

    #[test]
    fn a_declaration_is_found_in_its_table() {
        let create = "CREATE TABLE t (a INTEGER PRIMARY KEY, \"b c\" text NOT NULL CHECK (f(1, 2)), d, UNIQUE (a, d))";
        assert_eq!(declared(create, "B C"), Some(declaration("TEXT not null check(f(1,2))")));
        assert_eq!(declared(create, "d"), Some(Vec::new()));
        assert_eq!(declared(create, "e"), None);
        assert_ne!(declared(create, "a"), Some(declaration("INTEGER")));
    }

    #[test]
    fn quotes_are_taken_off_and_garbage_is_left() {
        for (name, bare) in
            [("\"a\"\"b\"", "a\"b"), ("[a]", "a"), ("`x`", "x"), ("'", "'"), ("\"", "\""), ("a", "a"), ("''", "")]
        {
            assert_eq!(unquoted(name), bare);
        }
    }
}
