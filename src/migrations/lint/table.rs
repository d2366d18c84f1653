//! The body of `CREATE TABLE` and the column of `ADD COLUMN`, as far as the rules ask.
//!
//! Leaves to others: everything SQLite would refuse.
//!
//! Invariant: what is not understood is passed over, and what stands behind it is still read.

use super::words::{Name, Words};

/// A column as declared.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its name.
    pub name: Name,
    /// Its type as written; empty without one.
    pub kind: String,
    /// Whether it is NOT NULL.
    pub is_not_null: bool,
    /// Whether it has a default other than NULL.
    pub has_default: bool,
    /// Whether its value is computed.
    pub is_generated: bool,
}

/// A foreign key as declared.
#[derive(Debug, Clone)]
pub(super) struct Foreign {
    /// The child's columns.
    pub columns: Vec<Name>,
    /// The parent table's name.
    pub parent: String,
    /// Where it is declared.
    pub at: usize,
}

/// What a table is made of.
#[derive(Debug, Clone, Default)]
pub(super) struct Body {
    /// Its columns.
    pub columns: Vec<Column>,
    /// The column keys of its PRIMARY KEY and of each UNIQUE.
    pub keys: Vec<Vec<String>>,
    /// Its foreign keys.
    pub foreign: Vec<Foreign>,
    /// Whether it is STRICT.
    pub is_strict: bool,
    /// Whether it is made and filled by a query.
    pub is_query: bool,
}

const COLUMN_CONSTRAINTS: &[&str] = &[
    "constraint",
    "primary",
    "not",
    "null",
    "unique",
    "check",
    "default",
    "collate",
    "references",
    "generated",
    "as",
    "on",
    "deferrable",
    "foreign",
];

/// Reads what follows the name in `CREATE TABLE`.
pub(super) fn body(mut words: Words<'_>) -> Body {
    let mut body = Body { is_query: words.are(&["as"]), ..Body::default() };
    for part in words.parts() {
        if part.is_any(&["constraint", "primary", "unique", "check", "foreign"]) {
            constraints(part, &mut body);
        } else {
            body.add_column(part);
        }
    }
    body.is_strict = words.seek(&["strict"]);
    body
}

impl Body {
    /// Reads one column with its constraints.
    pub fn add_column(&mut self, mut words: Words<'_>) {
        let Some(name) = words.name() else { return };
        let kind = words;
        while !words.is_done() && !words.is_any(COLUMN_CONSTRAINTS) {
            words.skip();
        }
        let kind = kind.text_until(&words);
        let mut column = Column { name, kind, is_not_null: false, has_default: false, is_generated: false };
        while !words.is_done() {
            if words.eat(&["not", "null"]) {
                column.is_not_null = true;
            } else if words.eat(&["primary", "key"]) || words.eat(&["unique"]) {
                self.keys.push(vec![column.name.key.clone()]);
            } else if words.eat(&["default"]) {
                let is_null = |part: &Words<'_>| part.are(&["null"]);
                let mut value = words;
                column.has_default = !is_null(&words) && !value.parts().first().is_some_and(is_null);
                words.skip();
            } else if words.are(&["references"]) {
                let at = words.offset();
                self.foreign.extend(references(&mut words, vec![column.name.clone()], at));
            } else if words.eat(&["as"]) {
                column.is_generated = true;
            } else if !words.eat(&["on", "conflict"]) {
                words.skip();
            }
        }
        self.columns.push(column);
    }
}

/// Reads table constraints; SQLite lets them follow each other without a comma.
fn constraints(mut words: Words<'_>, body: &mut Body) {
    while !words.is_done() {
        let at = words.offset();
        if words.eat(&["primary", "key"]) || words.eat(&["unique"]) {
            body.keys.push(words.columns().into_iter().flatten().map(|name| name.key).collect());
        } else if words.eat(&["foreign", "key"]) {
            let columns = words.columns().into_iter().flatten().collect();
            body.foreign.extend(references(&mut words, columns, at));
        } else {
            words.skip();
        }
    }
}

/// Reads `REFERENCES` with its actions, whose `SET NULL` and `SET DEFAULT` say nothing about the column.
fn references(words: &mut Words<'_>, columns: Vec<Name>, at: usize) -> Option<Foreign> {
    if !words.eat(&["references"]) {
        return None;
    }
    let parent = words.name()?.shown;
    words.parts();
    loop {
        if words.eat(&["on"]) {
            words.skip();
            if !words.eat(&["set"]) {
                words.eat(&["no"]);
            }
            words.skip();
        } else if words.eat(&["match"]) {
            words.skip();
        } else {
            return (!columns.is_empty()).then_some(Foreign { columns, parent, at });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::scan::{self, Kind, Token};

    fn read(text: &str) -> Body {
        let tokens: Vec<Token> = scan::tokens(text).filter(|token| token.kind != Kind::Comment).collect();
        body(Words::new(text, &tokens, 0))
    }

    #[test]
    fn columns_are_read_with_their_types_and_constraints() {
        let body = read(
            "(a, b VARCHAR(20, 1) NOT NULL, c UNSIGNED BIG INT NOT NULL DEFAULT -1, d INT NOT NULL DEFAULT (NULL), \
             e TEXT CONSTRAINT x CHECK (e IS NOT NULL) COLLATE NOCASE, f INT GENERATED ALWAYS AS (a + 1) NOT NULL, \
             g INT REFERENCES p ON DELETE SET NULL ON UPDATE SET DEFAULT NOT DEFERRABLE) STRICT, WITHOUT ROWID",
        );
        let shown: Vec<String> = body
            .columns
            .iter()
            .map(|column| {
                let flags = [(column.is_not_null, '!'), (column.has_default, '='), (column.is_generated, '*')];
                let flags: String = flags.iter().filter(|(is, _)| *is).map(|(_, flag)| *flag).collect();
                format!("{} {}{flags}", column.name.key, column.kind)
            })
            .collect();
        assert_eq!(shown, ["a ", "b VARCHAR(20, 1)!", "c UNSIGNED BIG INT!=", "d INT!", "e TEXT", "f INT!*", "g INT"]);
        assert!(body.is_strict && !body.is_query);
        assert!(!read("(strict TEXT)").is_strict);
        assert!(read("AS SELECT 1").is_query);
    }

    #[test]
    fn keys_and_foreign_keys_are_read_wherever_they_stand() {
        let body = read(
            "(a INTEGER PRIMARY KEY, b UNIQUE REFERENCES p(x) ON DELETE CASCADE, c INT, PRIMARY KEY (a, b DESC), \
             CONSTRAINT u UNIQUE (c COLLATE NOCASE) ON CONFLICT IGNORE CONSTRAINT k FOREIGN KEY (a, c) REFERENCES \
             \"q\" (y, z) MATCH FULL ON UPDATE NO ACTION DEFERRABLE INITIALLY DEFERRED CHECK (a > 0))",
        );
        assert_eq!(body.keys, [vec!["a"], vec!["b"], vec!["a", "b"], vec!["c"]]);
        let foreign: Vec<String> = body
            .foreign
            .iter()
            .map(|key| {
                let columns: Vec<&str> = key.columns.iter().map(|column| column.key.as_str()).collect();
                format!("{} to {}", columns.join(" "), key.parent)
            })
            .collect();
        assert_eq!(foreign, ["b to p", "a c to q"]);
        assert_eq!(body.columns.len(), 3);
    }
}
