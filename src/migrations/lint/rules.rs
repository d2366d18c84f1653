//! The rules themselves, applied statement by statement and at the end of each file and of the set.
//!
//! Leaves to others: what a statement says (`statement.rs`), what there is so far (`schema.rs`), running
//! twice (`repeat.rs`), foreign keys (`foreign.rs`).
//!
//! Invariant: what one file does to a table is judged when the file ends, so a rebuild is seen whole.

use std::collections::HashSet;

use super::foreign;
use super::repeat::Repeats;
use super::schema::{Part, Schema};
use super::statement::{self, Columns, Dropped, Statement};
use super::table::{Body, Column};
use super::words::{Name, Words};
use super::{Found, Input, Rule, Spot};
use crate::migrations::scan::{self, Kind, Token};

/// All findings in a set.
pub(super) fn judge(files: &[Input<'_>]) -> Vec<Found> {
    let mut judge = Judge { files, schema: Schema::default(), found: Vec::new() };
    let mut tokens = Vec::new();
    for (file, input) in files.iter().enumerate() {
        let mut local = Local::default();
        for (number, range) in (1..).zip(scan::statements(input.text)) {
            let text = &input.text[range.clone()];
            tokens.clear();
            tokens.extend(scan::tokens(text).filter(|token| token.kind != Kind::Comment).take(needed(text, input)));
            let spot = Spot { file, at: range.start, statement: number };
            if let Some(statement) = statement::understand(Words::new(text, &tokens, range.start)) {
                if input.without_transaction {
                    let finding = local.repeats.finding(&judge.schema, &statement);
                    judge.found.extend(finding.map(|(at, message)| Found {
                        spot: Spot { at, ..spot },
                        rule: Rule::NotIdempotent,
                        message,
                    }));
                }
                judge.statement(statement, spot, &mut local);
            }
        }
        judge.end_of_file(file, local);
    }
    judge.found.extend(foreign::unindexed(&judge.schema));
    judge.found
}

/// How many tokens of a statement are worth reading: of the rows of a long INSERT, none.
fn needed(text: &str, input: &Input<'_>) -> usize {
    let first = scan::tokens(text).find(|token| token.kind != Kind::Comment);
    let is_rows = |token: Token| {
        let word = &text[token.range];
        ["insert", "replace", "update", "select", "values"].iter().any(|rows| word.eq_ignore_ascii_case(rows))
    };
    if !input.without_transaction && first.is_some_and(is_rows) { 12 } else { usize::MAX }
}

struct Judge<'a> {
    files: &'a [Input<'a>],
    schema: Schema,
    found: Vec<Found>,
}

/// What one file has done so far.
#[derive(Default)]
struct Local {
    /// Tables it made.
    made: HashSet<String>,
    /// Tables it dropped that it had not made.
    dropped: Vec<Gone>,
    /// Indexes and triggers that went with them: the table, and the part.
    lost: Vec<(String, Part)>,
    /// What of it can be repeated.
    repeats: Repeats,
}

/// A dropped table.
struct Gone {
    spot: Spot,
    shown: String,
    /// The name it had when the file began.
    key: String,
    is_known: bool,
}

impl Judge<'_> {
    fn report(&mut self, rule: Rule, spot: Spot, message: String) {
        self.found.push(Found { spot, rule, message });
    }

    fn statement(&mut self, statement: Statement, spot: Spot, local: &mut Local) {
        match statement {
            Statement::CreateTable { name, body, .. } => {
                if body.is_strict {
                    self.strict_types(&name.shown, &body.columns, spot);
                }
                local.made.insert(name.key.clone());
                self.schema.create_table(&name, body, Spot { at: name.at, ..spot });
            }
            Statement::CreateIndex { name, table, index, .. } => {
                let table = self.schema.key(&table);
                self.schema.add_part(&table, &name, Some(index), spot.file);
            }
            Statement::CreateTrigger { name, table, .. } => {
                if let Some(table) = table.map(|table| self.schema.key(&table)) {
                    self.schema.add_part(&table, &name, None, spot.file);
                }
            }
            Statement::AddColumn { table, body, .. } => self.add_column(&table, body, spot),
            Statement::DropColumn { table, column, .. } => {
                let key = self.schema.key(&table);
                let known = self.schema.table_mut(&key).map(|known| {
                    known.drop_column(&column.key);
                    known.made_in
                });
                if known != Some(spot.file) {
                    let message =
                        format!("column '{}' of table '{}' is dropped with its values", column.shown, table.shown);
                    self.report(Rule::DropColumn, Spot { at: column.at, ..spot }, message);
                }
            }
            Statement::RenameTable { table, to } => {
                let key = self.schema.key(&table);
                self.schema.rename_table(&key, &to, Spot { at: to.at, ..spot });
            }
            Statement::RenameColumn { table, from, to } => {
                let key = self.schema.key(&table);
                if let Some(table) = self.schema.table_mut(&key) {
                    table.rename_column(&from.key, &to);
                }
            }
            Statement::Drop { kind: Dropped::Table, name, .. } => self.drop_table(&name, spot, local),
            Statement::Drop { kind: Dropped::Index, name, .. } => self.schema.drop_part(&name.key, true),
            Statement::Drop { kind: Dropped::Trigger, name, .. } => self.schema.drop_part(&name.key, false),
            Statement::Insert { table, .. } => {
                let key = self.schema.key(&table);
                if let Some(table) = self.schema.table_mut(&key) {
                    table.filled_in = Some(spot.file);
                }
            }
            Statement::CreateView { .. }
            | Statement::Drop { kind: Dropped::View, .. }
            | Statement::Update { .. }
            | Statement::Empty { .. } => {}
        }
    }

    fn add_column(&mut self, table: &Name, body: Body, spot: Spot) {
        let key = self.schema.key(table);
        let known = self.schema.table(&key);
        let may_have_rows = known.is_none_or(|known| known.made_in != spot.file || known.filled_in.is_some());
        if known.is_some_and(|known| known.is_strict) {
            self.strict_types(&table.shown, &body.columns, spot);
        }
        for column in &body.columns {
            if column.is_not_null && !column.has_default && !column.is_generated && may_have_rows {
                let message = format!(
                    "column '{}' is added to table '{}' as NOT NULL without a default, which fails once there are rows",
                    column.name.shown, table.shown
                );
                self.report(Rule::NotNullWithoutDefault, Spot { at: column.name.at, ..spot }, message);
            }
        }
        if let Some(table) = self.schema.table_mut(&key) {
            table.add_column(body, spot);
        }
    }

    fn strict_types(&mut self, table: &str, columns: &[Column], spot: Spot) {
        for column in columns {
            let kind = column.kind.trim_matches(['"', '`', '[', ']']);
            if ["int", "integer", "real", "text", "blob", "any"].iter().any(|known| kind.eq_ignore_ascii_case(known)) {
                continue;
            }
            let what = match kind {
                "" => "no type".to_owned(),
                kind => format!("the type '{kind}'"),
            };
            let message = format!("column '{}' of the STRICT table '{table}' has {what}", column.name.shown);
            self.report(Rule::StrictType, Spot { at: column.name.at, ..spot }, message);
        }
    }

    fn drop_table(&mut self, name: &Name, spot: Spot, local: &mut Local) {
        let key = self.schema.key(name);
        let Some(table) = self.schema.drop_table(&key) else {
            let spot = Spot { at: name.at, ..spot };
            local.dropped.push(Gone { spot, shown: name.shown.clone(), key, is_known: false });
            return;
        };
        if table.made_in == spot.file || key.starts_with("temp.") {
            return;
        }
        let key = table.was.filter(|(file, _)| *file == spot.file).map_or(key, |(_, was)| was);
        let old = table.parts.into_values().filter(|part| part.made_in != spot.file);
        local.lost.extend(old.map(|part| (key.clone(), part)));
        local.dropped.push(Gone { spot: Spot { at: name.at, ..spot }, shown: name.shown.clone(), key, is_known: true });
    }

    fn end_of_file(&mut self, file: usize, local: Local) {
        for gone in local.dropped {
            let is_replaced = match self.schema.table(&gone.key) {
                Some(table) => !gone.is_known || table.made_in != file || table.filled_in == Some(file),
                None => !gone.is_known && local.made.contains(&gone.key),
            };
            if !is_replaced {
                self.report(Rule::DropTable, gone.spot, format!("table '{}' is dropped with its rows", gone.shown));
            }
        }
        for (key, part) in local.lost {
            let Some(table) = self.schema.table(&key) else { continue };
            let is_back = |other: &Part| match (&part.index, &other.index) {
                (Some(old), Some(new)) => old == new || other.name.eq_ignore_ascii_case(&part.name),
                (None, None) => other.name.eq_ignore_ascii_case(&part.name),
                _ => false,
            };
            // why: an index on a column that the new table has not cannot come back
            let is_possible = |index: &Columns| {
                table.columns.is_empty() || index.keys.iter().flatten().all(|key| table.columns.contains(key))
            };
            if table.parts.values().any(is_back) || !part.index.as_ref().is_none_or(is_possible) {
                continue;
            }
            let message = format!(
                "table '{}' is rebuilt without its {} '{}' from {}",
                table.name,
                if part.index.is_some() { "index" } else { "trigger" },
                part.name,
                self.files[part.made_in].file
            );
            let spot = table.named_at;
            self.report(Rule::RebuildWithoutIndex, spot, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::shown;

    const NONE: [&str; 0] = [];

    /// Lints one file after another that makes `t (a, b)` with an index and a trigger.
    fn after_t(text: &str) -> Vec<String> {
        let first = "CREATE TABLE t (a, b); CREATE INDEX i ON t (a);
            CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END;";
        shown(&[("1_t.sql", first), ("2", text)])
    }

    #[test]
    fn a_dropped_table_is_reported_unless_another_takes_its_place() {
        assert_eq!(after_t("DROP TABLE t;"), ["2:1:12 drop-table: table 't' is dropped with its rows"]);
        assert_eq!(after_t("DROP TABLE IF EXISTS unknown;").len(), 1);
        assert_eq!(
            after_t("DROP TABLE t; CREATE TABLE t (a);")[0],
            "2:1:12 drop-table: table 't' is dropped with its rows"
        );
        assert_eq!(after_t("ALTER TABLE t RENAME TO old; DROP TABLE old;").len(), 1);
        assert_eq!(after_t("CREATE TABLE u (a); DROP TABLE u; DROP TABLE IF EXISTS v; CREATE TABLE v (a);"), NONE);
        assert_eq!(after_t("CREATE TEMP TABLE t (a); DROP TABLE t; CREATE TEMP TABLE s (a)"), NONE);
        assert_eq!(shown(&[("1", "CREATE TEMP TABLE s (a);"), ("2", "DROP TABLE s;")]), NONE);
        assert_eq!(after_t("DROP VIEW v; DROP INDEX i; SELECT 'DROP TABLE t;'; -- DROP TABLE t;"), NONE);
    }

    const REST: &str = "CREATE INDEX i ON t (a); CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END;";

    #[test]
    fn every_form_of_a_rebuild_is_seen_as_one() {
        for rebuild in [
            "CREATE TABLE t_new (a, b); INSERT INTO t_new SELECT * FROM t; DROP TABLE t; ALTER TABLE t_new RENAME TO t;",
            "DROP TABLE IF EXISTS n; CREATE TABLE n AS SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO T;",
            "ALTER TABLE t RENAME TO old; CREATE TABLE t (a, b); INSERT INTO t SELECT * FROM old; DROP TABLE old;",
            "CREATE TEMP TABLE k AS SELECT * FROM t; DROP TABLE t; CREATE TABLE t (a, b);
             WITH k2 AS (SELECT * FROM k) INSERT INTO t SELECT * FROM k2; DROP TABLE k;",
        ] {
            assert_eq!(after_t(&format!("{rebuild} {REST}")), NONE, "{rebuild}");
            let found = after_t(rebuild);
            assert_eq!(found.len(), 2, "{rebuild}: {found:?}");
            assert!(
                found[0].contains("rebuild-without-index: table 't' is rebuilt without its index 'i' from 1_t.sql")
                    || found[0].contains("table 'T' is rebuilt without its index 'i'"),
                "{found:?}"
            );
            assert!(found[1].contains("without its trigger 'g' from 1_t.sql"), "{found:?}");
        }
    }

    #[test]
    fn a_rebuild_need_not_bring_back_what_was_dropped_or_cannot_be() {
        let rebuild = |before: &str, columns: &str, after: &str| {
            after_t(&format!(
                "DROP TRIGGER g; {before} CREATE TABLE n ({columns}); INSERT INTO n SELECT * FROM t; DROP TABLE t; \
                 ALTER TABLE n RENAME TO t; {after}"
            ))
        };
        assert_eq!(rebuild("", "a, b", "").len(), 1);
        assert_eq!(rebuild("DROP INDEX i;", "a, b", ""), NONE);
        assert_eq!(rebuild("", "b", ""), NONE, "its column is gone");
        assert_eq!(rebuild("", "a, b", "CREATE INDEX j ON t (a);"), NONE, "the same under another name");
        assert_eq!(rebuild("", "a, b", "CREATE INDEX i ON t (a, b);"), NONE, "another under the same name");
        assert_eq!(rebuild("", "a, b", "CREATE INDEX j ON t (b);").len(), 1);
        assert_eq!(rebuild("CREATE INDEX own ON t (b);", "a, b", "CREATE INDEX i ON t (a);"), NONE);
    }

    #[test]
    fn a_dropped_column_is_reported_unless_its_table_is_new() {
        assert_eq!(
            after_t("ALTER TABLE t DROP COLUMN IF EXISTS b;"),
            ["2:1:37 drop-column: column 'b' of table 't' is dropped with its values"]
        );
        assert_eq!(after_t("CREATE TABLE u (a, b); ALTER TABLE u DROP b;"), NONE);
        assert_eq!(after_t("ALTER TABLE t RENAME COLUMN a TO c;"), NONE);
    }

    #[test]
    fn a_column_that_old_rows_cannot_fill_is_reported() {
        assert_eq!(
            after_t("ALTER TABLE t ADD COLUMN c TEXT NOT NULL;"),
            ["2:1:26 not-null-without-default: column 'c' is added to table 't' as NOT NULL without a default, which \
              fails once there are rows"]
        );
        assert_eq!(after_t("ALTER TABLE t ADD c TEXT DEFAULT NULL NOT NULL;").len(), 1);
        assert_eq!(after_t("CREATE TABLE u (a); INSERT INTO u VALUES (1); ALTER TABLE u ADD c NOT NULL;").len(), 1);
        for fine in [
            "ALTER TABLE t ADD c TEXT NOT NULL DEFAULT '';",
            "ALTER TABLE t ADD c TEXT CHECK (c IS NOT NULL);",
            "ALTER TABLE t ADD c TEXT NOT NULL AS (a || b);",
            "ALTER TABLE t ADD c INT REFERENCES t(a) ON DELETE SET NULL; CREATE INDEX c ON t (c);",
            "CREATE TABLE u (a); ALTER TABLE u ADD c NOT NULL;",
        ] {
            assert_eq!(after_t(fine), NONE, "{fine}");
        }
    }

    #[test]
    fn types_that_strict_tables_do_not_have_are_reported() {
        assert_eq!(
            shown(&[("1", "CREATE TABLE t (\n  a VARCHAR(9) NOT NULL,\n  b,\n  c integer PRIMARY KEY\n) STRICT;")]),
            [
                "1:2:3 strict-type: column 'a' of the STRICT table 't' has the type 'VARCHAR(9)'",
                "1:3:3 strict-type: column 'b' of the STRICT table 't' has no type",
            ]
        );
        let strict =
            "CREATE TABLE t (a INT, b INTEGER, c Real, d text, e BLOB, f ANY, g \"TEXT\") WITHOUT ROWID, STRICT;";
        assert_eq!(shown(&[("1", strict)]), NONE);
        assert_eq!(shown(&[("1", strict), ("2", "ALTER TABLE t ADD h DATETIME;")]).len(), 1);
        assert_eq!(shown(&[("1", "CREATE TABLE t (a VARCHAR(9)); ALTER TABLE t ADD b DATETIME;")]), NONE);
    }
}
