//! What one statement does to the schema and to rows, as far as the rules ask.
//!
//! Leaves to others: statements that do neither, and everything SQLite would refuse.
//!
//! Invariant: an answer is about the statement alone, never about what came before it.

use super::table::{self, Body};
use super::words::{Name, Words};

/// A statement, understood.
#[derive(Debug)]
pub(super) enum Statement {
    /// `CREATE TABLE`, virtual ones too.
    CreateTable { name: Name, body: Body, is_guarded: bool },
    /// `CREATE INDEX`.
    CreateIndex { name: Name, table: Name, index: Columns, is_guarded: bool },
    /// `CREATE TRIGGER`.
    CreateTrigger { name: Name, table: Option<Name>, is_guarded: bool },
    /// `CREATE VIEW`.
    CreateView { name: Name, is_guarded: bool },
    /// `ALTER TABLE ADD COLUMN`; the body holds that column and its keys.
    AddColumn { table: Name, body: Body, is_guarded: bool },
    /// `ALTER TABLE DROP COLUMN`.
    DropColumn { table: Name, column: Name, is_guarded: bool },
    /// `ALTER TABLE RENAME TO`.
    RenameTable { table: Name, to: Name },
    /// `ALTER TABLE RENAME COLUMN`.
    RenameColumn { table: Name, from: Name, to: Name },
    /// `DROP` of any kind.
    Drop { kind: Dropped, name: Name, is_guarded: bool },
    /// `INSERT` or `REPLACE`.
    Insert { table: Name, is_repeatable: bool },
    /// `UPDATE`; the column is one computed from its own old value.
    Update { table: Name, column: Option<Name> },
    /// `DELETE` of all rows.
    Empty { table: Name },
}

/// What `DROP` drops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Dropped {
    /// A table.
    Table,
    /// An index.
    Index,
    /// A trigger.
    Trigger,
    /// A view.
    View,
}

/// What an index covers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Columns {
    /// The column keys; nothing for an expression.
    pub keys: Vec<Option<String>>,
    /// Whether it is partial.
    pub is_partial: bool,
    /// The column that a partial index requires to be not null and nothing else.
    pub not_null: Option<String>,
}

/// Understands a statement; nothing for one the rules do not ask about.
pub(super) fn understand(mut words: Words<'_>) -> Option<Statement> {
    if words.eat(&["create"]) {
        return create(words);
    }
    if words.eat(&["alter", "table"]) {
        return alter(words);
    }
    if words.eat(&["drop"]) {
        let kinds = [
            ("table", Dropped::Table),
            ("index", Dropped::Index),
            ("trigger", Dropped::Trigger),
            ("view", Dropped::View),
        ];
        let (_, kind) = kinds.into_iter().find(|(word, _)| words.eat(&[word]))?;
        let is_guarded = words.eat(&["if", "exists"]);
        return Some(Statement::Drop { kind, name: words.qualified()?, is_guarded });
    }
    if words.eat(&["with"]) {
        // why a verb only behind a parenthesis: elsewhere it is the name of a common table expression
        let mut after_group = false;
        while !(after_group && words.is_any(&["insert", "replace", "update", "delete", "select", "values"])) {
            if words.is_done() {
                return None;
            }
            after_group = words.is_symbol("(");
            words.skip();
        }
    }
    change(words)
}

fn create(mut words: Words<'_>) -> Option<Statement> {
    let is_temporary = words.eat(&["temp"]) || words.eat(&["temporary"]);
    let name = |words: &mut Words<'_>| -> Option<(Name, bool)> {
        let is_guarded = words.eat(&["if", "not", "exists"]);
        let mut name = words.qualified()?;
        if is_temporary && !name.key.starts_with("temp.") {
            name.key.insert_str(0, "temp.");
        }
        Some((name, is_guarded))
    };
    if words.eat(&["virtual", "table"]) {
        let (name, is_guarded) = name(&mut words)?;
        return Some(Statement::CreateTable { name, body: Body::default(), is_guarded });
    }
    if words.eat(&["table"]) {
        let (name, is_guarded) = name(&mut words)?;
        return Some(Statement::CreateTable { name, body: table::body(words), is_guarded });
    }
    if words.eat(&["unique", "index"]) || words.eat(&["index"]) {
        let (name, is_guarded) = name(&mut words)?;
        if !words.eat(&["on"]) {
            return None;
        }
        let table = words.qualified()?;
        return Some(Statement::CreateIndex { name, table, index: columns(words), is_guarded });
    }
    if words.eat(&["trigger"]) {
        let (name, is_guarded) = name(&mut words)?;
        let table = if words.seek(&["on", "begin"]) && words.eat(&["on"]) { words.qualified() } else { None };
        return Some(Statement::CreateTrigger { name, table, is_guarded });
    }
    if words.eat(&["view"]) {
        let (name, is_guarded) = name(&mut words)?;
        return Some(Statement::CreateView { name, is_guarded });
    }
    None
}

fn columns(mut words: Words<'_>) -> Columns {
    let keys = words.columns().into_iter().map(|name| name.map(|name| name.key)).collect();
    let is_partial = words.eat(&["where"]);
    let not_null = words.name().filter(|_| {
        let is_not_null = words.eat(&["is", "not", "null"]) || words.eat(&["notnull"]) || words.eat(&["not", "null"]);
        is_partial && is_not_null && words.is_done()
    });
    Columns { keys, is_partial, not_null: not_null.map(|name| name.key) }
}

fn alter(mut words: Words<'_>) -> Option<Statement> {
    let table = words.qualified()?;
    if words.eat(&["add"]) {
        words.eat(&["column"]);
        let is_guarded = words.eat(&["if", "not", "exists"]);
        let mut body = Body::default();
        body.add_column(words);
        return Some(Statement::AddColumn { table, body, is_guarded });
    }
    if words.eat(&["drop"]) {
        words.eat(&["column"]);
        let is_guarded = words.eat(&["if", "exists"]);
        return Some(Statement::DropColumn { table, column: words.name()?, is_guarded });
    }
    if words.eat(&["rename", "to"]) {
        return Some(Statement::RenameTable { table, to: words.name()? });
    }
    if words.eat(&["rename"]) {
        words.eat(&["column"]);
        let from = words.name()?;
        return if words.eat(&["to"]) {
            Some(Statement::RenameColumn { table, from, to: words.name()? })
        } else {
            None
        };
    }
    None
}

fn change(mut words: Words<'_>) -> Option<Statement> {
    if words.are(&["insert"]) || words.are(&["replace"]) {
        let mut is_repeatable = words.eat(&["replace"]) || words.eat(&["insert", "or", "replace"]);
        is_repeatable |= words.eat(&["insert", "or", "ignore"]);
        words.seek(&["into"]);
        words.step();
        let table = words.qualified()?;
        is_repeatable |= is_command(words, &table)
            || [&["on", "conflict"][..], &["not", "exists"], &["not", "in"], &["except"]]
                .iter()
                .any(|guard| words.contain(guard));
        return Some(Statement::Insert { table, is_repeatable });
    }
    if words.eat(&["update"]) {
        if words.eat(&["or"]) {
            words.skip();
        }
        let table = words.qualified()?;
        let column = if words.seek(&["set"]) { reads_itself(words) } else { None };
        return Some(Statement::Update { table, column });
    }
    if words.eat(&["delete", "from"]) {
        let table = words.qualified()?;
        return if words.seek(&["where", "limit"]) { None } else { Some(Statement::Empty { table }) };
    }
    None
}

/// Whether an INSERT is a command to a full-text table: its only column bears the table's name.
fn is_command(mut words: Words<'_>, table: &Name) -> bool {
    match words.columns().as_slice() {
        [Some(column)] => column.key == table.key,
        _ => false,
    }
}

/// The first column of `SET` that is computed from itself, unless the WHERE looks at it.
fn reads_itself(mut words: Words<'_>) -> Option<Name> {
    const END: &[&str] = &["where", "from", "returning", "order", "limit"];
    let mut found = None;
    words.step();
    while found.is_none() && !words.is_done() && !words.is_any(END) {
        let column = words.name();
        let (mut is_read, mut is_computed, mut is_query) = (false, false, false);
        let mut depth = 0_usize;
        while !words.is_done() && (depth > 0 || !(words.is_symbol(",") || words.is_any(END))) {
            if words.is_symbol("(") {
                depth += 1;
            } else if words.is_symbol(")") {
                depth = depth.saturating_sub(1);
            }
            is_read |= column.as_ref().is_some_and(|column| words.is_name(&column.key));
            is_computed |= words.is_operator();
            is_query |= words.are(&["select"]);
            words.step();
        }
        found = column.filter(|_| is_read && is_computed && !is_query);
        if words.is_symbol(",") {
            words.step();
        }
    }
    let column = found?;
    if words.seek(&["where"]) {
        while !words.is_done() {
            if words.is_name(&column.key) {
                return None;
            }
            words.step();
        }
    }
    Some(column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::scan::{self, Kind, Token};

    fn understood(sql: &str) -> String {
        let tokens: Vec<Token> = scan::tokens(sql).filter(|token| token.kind != Kind::Comment).collect();
        let guard = |is_guarded: bool| if is_guarded { " guarded" } else { "" };
        match understand(Words::new(sql, &tokens, 0)) {
            None => "nothing".into(),
            Some(Statement::CreateTable { name, body, is_guarded }) => {
                format!("table {} of {}{}", name.key, body.columns.len(), guard(is_guarded))
            }
            Some(Statement::CreateIndex { name, table, index, is_guarded }) => {
                let keys: Vec<&str> = index.keys.iter().map(|key| key.as_deref().unwrap_or("?")).collect();
                let filter = if index.is_partial { format!(" where {:?}", index.not_null) } else { String::new() };
                format!("index {} on {} ({}){filter}{}", name.key, table.key, keys.join(" "), guard(is_guarded))
            }
            Some(Statement::CreateTrigger { name, table, is_guarded }) => {
                format!("trigger {} on {}{}", name.key, table.map_or("?".into(), |table| table.key), guard(is_guarded))
            }
            Some(Statement::CreateView { name, is_guarded }) => format!("view {}{}", name.key, guard(is_guarded)),
            Some(Statement::AddColumn { table, body, is_guarded }) => {
                let names: Vec<&str> = body.columns.iter().map(|column| column.name.key.as_str()).collect();
                format!("add {} to {}{}", names.join(" "), table.key, guard(is_guarded))
            }
            Some(Statement::DropColumn { table, column, is_guarded }) => {
                format!("drop {} of {}{}", column.key, table.key, guard(is_guarded))
            }
            Some(Statement::RenameTable { table, to }) => format!("rename {} to {}", table.key, to.key),
            Some(Statement::RenameColumn { table, from, to }) => {
                format!("rename {} of {} to {}", from.key, table.key, to.key)
            }
            Some(Statement::Drop { kind, name, is_guarded }) => {
                format!("drop {kind:?} {}{}", name.key, guard(is_guarded))
            }
            Some(Statement::Insert { table, is_repeatable }) => {
                format!("insert into {}{}", table.key, if is_repeatable { " again" } else { "" })
            }
            Some(Statement::Update { table, column }) => {
                format!("update {}{}", table.key, column.map_or(String::new(), |column| format!(" by {}", column.key)))
            }
            Some(Statement::Empty { table }) => format!("empty {}", table.key),
        }
    }

    #[test]
    fn statements_about_the_schema_are_understood() {
        for (sql, meaning) in [
            ("CREATE TABLE IF NOT EXISTS main.T (a, b)", "table t of 2 guarded"),
            ("create /* x */ temp table t as select 1", "table temp.t of 0"),
            ("CREATE VIRTUAL TABLE f USING fts5(a, b)", "table f of 0"),
            ("CREATE UNIQUE INDEX i ON t (a, lower(b), c DESC)", "index i on t (a ? c)"),
            ("CREATE INDEX IF NOT EXISTS i ON t (a) WHERE a IS NOT NULL", "index i on t (a) where Some(\"a\") guarded"),
            ("CREATE INDEX i ON t (a) WHERE b = 1 AND a IS NOT NULL", "index i on t (a) where None"),
            ("CREATE TRIGGER g AFTER UPDATE OF a, b ON t BEGIN SELECT 1; END", "trigger g on t"),
            ("CREATE TRIGGER IF NOT EXISTS g BEGIN SELECT 1 ON x; END", "trigger g on ? guarded"),
            ("CREATE VIEW v AS SELECT 1", "view v"),
            ("ALTER TABLE t ADD c INT", "add c to t"),
            ("ALTER TABLE t ADD COLUMN IF NOT EXISTS c INT", "add c to t guarded"),
            ("ALTER TABLE t DROP COLUMN IF EXISTS c", "drop c of t guarded"),
            ("ALTER TABLE t DROP c", "drop c of t"),
            ("ALTER TABLE t RENAME TO u", "rename t to u"),
            ("ALTER TABLE t RENAME COLUMN a TO b", "rename a of t to b"),
            ("ALTER TABLE t RENAME a TO b", "rename a of t to b"),
            ("DROP VIEW IF EXISTS v", "drop View v guarded"),
            ("DROP TABLE 'a b'", "drop Table a b"),
            ("EXPLAIN DROP TABLE t", "nothing"),
            ("PRAGMA user_version", "nothing"),
        ] {
            assert_eq!(understood(sql), meaning, "{sql}");
        }
    }

    #[test]
    fn statements_about_rows_are_understood() {
        for (sql, meaning) in [
            ("INSERT INTO t VALUES (1)", "insert into t"),
            ("INSERT OR ABORT INTO t SELECT 1", "insert into t"),
            ("INSERT OR IGNORE INTO t VALUES (1)", "insert into t again"),
            ("REPLACE INTO t VALUES (1)", "insert into t again"),
            ("INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING", "insert into t again"),
            ("INSERT INTO t SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM t)", "insert into t again"),
            ("INSERT INTO f(f) VALUES ('rebuild')", "insert into f again"),
            ("WITH insert_x AS (SELECT 1), y(a) AS (SELECT 2) INSERT INTO t SELECT * FROM y", "insert into t"),
            ("WITH a AS (SELECT 1), replace AS (SELECT 2) INSERT INTO t SELECT 1", "insert into t"),
            ("WITH x AS (SELECT 1) SELECT * FROM x", "nothing"),
            ("UPDATE t SET n = n + 1", "update t by n"),
            ("UPDATE OR IGNORE t SET a = 1, b = 'x' || \"b\" WHERE id = 1", "update t by b"),
            ("UPDATE t SET n = n + 1 WHERE n = 0", "update t"),
            ("UPDATE t SET n = trim(n), m = n + 1", "update t"),
            ("UPDATE t SET n = (SELECT n + 1 FROM u)", "update t"),
            ("DELETE FROM t", "empty t"),
            ("DELETE FROM t WHERE a", "nothing"),
        ] {
            assert_eq!(understood(sql), meaning, "{sql}");
        }
    }
}
