//! What can be run twice: the question for files without a transaction, of which a failure leaves the first half behind.
//!
//! Leaves to others: whether a file runs in a transaction.
//!
//! Invariant: a statement is judged by what the same file did before it, for that is what a second run does too.

use std::collections::HashSet;

use super::schema::Schema;
use super::statement::{Dropped, Statement};
use super::words::Name;

/// What a file has made sure of so far.
#[derive(Default)]
pub(super) struct Repeats {
    /// What it dropped with IF EXISTS, so that making it anew can be repeated.
    cleared: HashSet<(Dropped, String)>,
    /// Tables it makes anew in each run.
    remade: HashSet<String>,
    /// Tables it empties in each run.
    emptied: HashSet<String>,
}

impl Repeats {
    /// Why a statement cannot be run again after its file stopped halfway, and where that is said.
    pub fn finding(&mut self, schema: &Schema, statement: &Statement) -> Option<(usize, String)> {
        let fails =
            |what: &str, name: &Name| Some((name.at, format!("running the file again fails at {what} {}", name.shown)));
        let remake = |kind, what: &str, name: &Name, is_guarded: bool, cleared: &HashSet<(Dropped, String)>| {
            let is_clear = is_guarded || cleared.contains(&(kind, name.key.clone()));
            if is_clear { None } else { fails(what, name) }
        };
        let is_fresh = |table: &Name| self.remade.contains(&schema.key(table));
        let is_empty = |table: &Name| self.emptied.contains(&schema.key(table));
        match statement {
            Statement::CreateTable { name, is_guarded, .. } => {
                if self.cleared.contains(&(Dropped::Table, name.key.clone())) {
                    self.remade.insert(name.key.clone());
                }
                remake(Dropped::Table, "CREATE TABLE", name, *is_guarded, &self.cleared)
            }
            Statement::CreateIndex { table, .. } if is_fresh(table) => None,
            Statement::CreateIndex { name, is_guarded, .. } => {
                remake(Dropped::Index, "CREATE INDEX", name, *is_guarded, &self.cleared)
            }
            Statement::CreateTrigger { table: Some(table), .. } if is_fresh(table) => None,
            Statement::CreateTrigger { name, is_guarded, .. } => {
                remake(Dropped::Trigger, "CREATE TRIGGER", name, *is_guarded, &self.cleared)
            }
            Statement::CreateView { name, is_guarded } => {
                remake(Dropped::View, "CREATE VIEW", name, *is_guarded, &self.cleared)
            }
            Statement::Drop { kind, name, is_guarded: true } => {
                self.cleared.insert((*kind, name.key.clone()));
                None
            }
            Statement::Drop { kind, name, .. } => fails(
                match kind {
                    Dropped::Table => "DROP TABLE",
                    Dropped::Index => "DROP INDEX",
                    Dropped::Trigger => "DROP TRIGGER",
                    Dropped::View => "DROP VIEW",
                },
                name,
            ),
            Statement::AddColumn { is_guarded: true, .. } | Statement::DropColumn { is_guarded: true, .. } => None,
            Statement::AddColumn { table, .. }
            | Statement::DropColumn { table, .. }
            | Statement::RenameTable { table, .. }
            | Statement::RenameColumn { table, .. } => {
                if is_fresh(table) {
                    None
                } else {
                    fails("ALTER TABLE", table)
                }
            }
            Statement::Insert { is_repeatable: true, .. } => None,
            Statement::Insert { table, .. } if is_fresh(table) || is_empty(table) => None,
            Statement::Insert { table, .. } => {
                Some((table.at, format!("running the file again inserts into {} once more", table.shown)))
            }
            Statement::Update { table, column: Some(column) } if !is_fresh(table) => Some((
                column.at,
                format!("running the file again changes {} of {} once more", column.shown, table.shown),
            )),
            Statement::Update { .. } => None,
            Statement::Empty { table } => {
                let key = schema.key(table);
                self.emptied.insert(key);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::shown;

    const NONE: [&str; 0] = [];

    #[test]
    fn what_cannot_be_run_twice_is_reported_in_files_without_a_transaction() {
        for (text, what) in [
            ("CREATE TABLE u (a);", "fails at CREATE TABLE u"),
            ("CREATE INDEX k ON t (a);", "fails at CREATE INDEX k"),
            ("DELETE FROM t; CREATE INDEX k ON t (a);", "fails at CREATE INDEX k"),
            ("CREATE VIEW v AS SELECT 1;", "fails at CREATE VIEW v"),
            ("CREATE TRIGGER k AFTER INSERT ON t BEGIN SELECT 1; END;", "fails at CREATE TRIGGER k"),
            ("DROP INDEX i;", "fails at DROP INDEX i"),
            ("ALTER TABLE t ADD c;", "fails at ALTER TABLE t"),
            ("ALTER TABLE t RENAME TO u;", "fails at ALTER TABLE t"),
            ("INSERT INTO t VALUES (1, 2);", "inserts into t once more"),
            ("UPDATE t SET a = a + 1;", "changes a of t once more"),
        ] {
            let found = shown(&[("1", "CREATE TABLE t (a, b); CREATE INDEX i ON t (a);"), ("2!", text)]);
            assert!(
                found.len() == 1 && found[0].contains("not-idempotent: running the file again"),
                "{text}: {found:?}"
            );
            assert!(found[0].contains(what), "{text}: {found:?}");
            assert_eq!(shown(&[("1", "CREATE TABLE t (a, b); CREATE INDEX i ON t (a);"), ("2", text)]), NONE, "{text}");
        }
    }

    #[test]
    fn what_can_be_run_twice_is_not_reported() {
        for text in [
            "CREATE TABLE IF NOT EXISTS u (a); CREATE INDEX IF NOT EXISTS k ON u (a);",
            "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT 1;",
            "DROP TABLE IF EXISTS u; CREATE TABLE u (a); CREATE INDEX k ON u (a); INSERT INTO u VALUES (1); ALTER TABLE u ADD b;",
            "ALTER TABLE t ADD COLUMN IF NOT EXISTS c; ALTER TABLE t ADD IF NOT EXISTS d;",
            "INSERT OR IGNORE INTO t VALUES (1, 2); DELETE FROM t; INSERT INTO t VALUES (1, 2);",
            "INSERT INTO t (a, b) VALUES (1, 2), (3, 4), (5, 6) ON CONFLICT DO NOTHING;",
            "UPDATE t SET a = 1; DELETE FROM t WHERE a = 1; VACUUM; PRAGMA journal_mode = wal;",
        ] {
            assert_eq!(shown(&[("1", "CREATE TABLE t (a, b);"), ("2!", text)]), NONE, "{text}");
        }
    }
}
