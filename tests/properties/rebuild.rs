//! Migrations that rebuild one table of a random schema, with one asked change: new table, copy, drop, rename, and its indexes
//! and triggers again; with the way back, and with something left out.
//!
//! Leaves to others: the schema (`schema.rs`), and what must be true afterwards (`properties.rs`).

use proptest::prelude::any;
use proptest::strategy::{Just, Strategy};

use super::schema::{Plan, plans, quoted};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Change {
    Add(u8),
    Type,
    Drop,
}

/// A rebuild of one table of a plan.
#[derive(Debug, Clone)]
pub(crate) struct Rebuild {
    pub(crate) plan: Plan,
    which: u8,
    change: Change,
    forgotten: u8,
}

pub(crate) fn rebuilds() -> impl Strategy<Value = Rebuild> {
    let change = proptest::prop_oneof![(0..4_u8).prop_map(Change::Add), Just(Change::Type), Just(Change::Drop)];
    (plans(), any::<u8>(), change, any::<u8>()).prop_map(|(plan, which, change, forgotten)| Rebuild {
        plan,
        which,
        change,
        forgotten,
    })
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// How to make the table in its new form.
struct Form<'f> {
    spare: Option<&'f str>,
    added: Option<&'f str>,
    copies_spare: bool,
}

impl Rebuild {
    fn at(&self) -> usize {
        self.plan.pick(self.which)
    }

    pub(crate) fn table(&self) -> String {
        self.plan.name(self.at())
    }

    pub(crate) fn changed_column(&self) -> &'static str {
        if matches!(self.change, Change::Add(_)) { "added" } else { "spare" }
    }

    /// The columns that must hold what they held.
    pub(crate) fn kept_columns(&self) -> Vec<String> {
        let mut columns = self.plan.tables[self.at()].plain_columns();
        columns.push("twice".into());
        columns.extend((self.change != Change::Drop).then(|| "spare".to_owned()));
        columns
    }

    /// The type of the column that was to change; `None` when it was to go.
    pub(crate) fn wanted_type(&self) -> Option<String> {
        match self.change {
            Change::Add(_) => Some("INTEGER".into()),
            Change::Type => Some(self.other_type().into()),
            Change::Drop => None,
        }
    }

    fn other_type(&self) -> &'static str {
        if self.plan.tables[self.at()].strict { "ANY" } else { "TEXT" }
    }

    /// Makes the table one with a counter that stands above its rows.
    pub(crate) fn make_counted(&mut self) {
        let at = self.at();
        (self.plan.tables[at].counted, self.plan.tables[at].without_rowid) = (true, false);
    }

    pub(crate) fn before(&self) -> String {
        self.plan.sql()
    }

    pub(crate) fn up(&self) -> String {
        self.text(&self.new_form(), None, true)
    }

    pub(crate) fn down(&self) -> String {
        let spare = self.plan.spare(self.at());
        self.text(&Form { spare: Some(spare), added: None, copies_spare: self.change != Change::Drop }, None, true)
    }

    /// The migration without one of the indexes and triggers of the table; says which.
    pub(crate) fn up_forgetting_one(&self) -> (String, &'static str, String) {
        let objects = self.plan.on_table(self.at());
        let (kind, name, _) = objects[usize::from(self.forgotten) % objects.len()].clone();
        (self.text(&self.new_form(), Some(&name), true), kind, name)
    }

    pub(crate) fn up_forgetting_the_counter(&self) -> String {
        self.text(&self.new_form(), None, false)
    }

    fn new_form(&self) -> Form<'static> {
        let spare = self.plan.spare(self.at());
        match self.change {
            Change::Add(how) => {
                let added = [
                    "added INTEGER",
                    "added INTEGER NOT NULL DEFAULT 7",
                    "added INTEGER DEFAULT (1 + 2)",
                    "added INTEGER CHECK (added <> 8)",
                ][usize::from(how)];
                Form { spare: Some(spare), added: Some(added), copies_spare: true }
            }
            Change::Type => Form { spare: Some(self.other_type()), added: None, copies_spare: true },
            Change::Drop => Form { spare: None, added: None, copies_spare: false },
        }
    }

    fn text(&self, form: &Form<'_>, forgotten: Option<&str>, carries_counter: bool) -> String {
        let (plan, at) = (&self.plan, self.at());
        let (table, new) = (plan.name(at), format!("{} new", plan.name(at)));
        // SQLite does not rename a table while a view or a trigger speaks of one that is not there
        let dependent: Vec<_> = (0..plan.tables.len())
            .flat_map(|other| {
                let on_other = if other == at { Vec::new() } else { plan.on_table(other) };
                [plan.views(other), on_other.into_iter().filter(|(kind, ..)| *kind == "trigger").collect()].concat()
            })
            .collect();
        let mut lines: Vec<String> = Vec::new();
        lines.extend(dependent.iter().rev().map(|(kind, name, _)| format!("DROP {kind} {};", quoted(name))));
        lines.push(plan.create(at, &new, form.spare, form.added));
        let mut columns = plan.tables[at].plain_columns();
        columns.extend(form.copies_spare.then(|| "spare".to_owned()));
        let columns = columns.join(", ");
        lines.push(format!("INSERT INTO {} ({columns}) SELECT {columns} FROM {};", quoted(&new), quoted(&table)));
        if plan.tables[at].counted && !plan.tables[at].without_rowid && carries_counter {
            let (new, old) = (literal(&new), literal(&table));
            lines.push(format!("DELETE FROM sqlite_sequence WHERE name = {new};"));
            lines.push(format!(
                "INSERT INTO sqlite_sequence (name, seq) SELECT {new}, seq FROM sqlite_sequence WHERE name = {old};"
            ));
        }
        lines.push(format!("DROP TABLE {};", quoted(&table)));
        lines.push(format!("ALTER TABLE {} RENAME TO {};", quoted(&new), quoted(&table)));
        let own = plan.on_table(at).into_iter().filter(|(_, name, _)| forgotten != Some(name.as_str()));
        lines.extend(own.map(|(_, _, text)| text));
        lines.extend(dependent.into_iter().map(|(_, _, text)| text));
        lines.join("\n")
    }
}
