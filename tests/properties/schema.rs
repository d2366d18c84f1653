//! Random schemas with rows.
//!
//! Leaves to others: migrations of them (`rebuild.rs`), and what must be true of these.
//!
//! Invariants: every schema is one that SQLite takes; each table has the key `id` and a column `spare` that nothing uses,
//! which is the one a rebuild drops or changes. The texts follow from the plan alone, so a plan that fails can be made small.

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::strategy::Strategy;

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(super) tables: Vec<Table>,
    /// 0 a file in WAL mode, 1 a file with a rollback journal, 2 in memory.
    pub(crate) place: u8,
}

#[derive(Debug, Clone)]
pub(super) struct Table {
    name: u8,
    columns: Vec<Column>,
    pub(super) strict: bool,
    pub(super) without_rowid: bool,
    pub(super) counted: bool,
    /// Which table it points to, and what becomes of its rows when the parent's go.
    parent: Option<(u8, u8)>,
    indexes: Vec<(u8, u8)>,
    trigger: Option<(u8, u8)>,
    view: Option<(u8, bool)>,
    rows: u8,
}

#[derive(Debug, Clone)]
struct Column {
    kind: u8,
    extra: u8,
}

const ACTIONS: [&str; 5] = [
    "",
    " ON DELETE CASCADE",
    " ON DELETE SET NULL ON UPDATE CASCADE",
    " ON DELETE RESTRICT",
    " DEFERRABLE INITIALLY DEFERRED",
];

fn table() -> impl Strategy<Value = Table> {
    let column = (0..6_u8, 0..7_u8).prop_map(|(kind, extra)| Column { kind, extra });
    let flags = (0..6_u8, any::<bool>(), proptest::bool::weighted(0.3), any::<bool>());
    let parent = proptest::option::weighted(0.7, (any::<u8>(), 0..ACTIONS.len() as u8));
    let trigger = proptest::option::of((0..3_u8, any::<u8>()));
    let view = proptest::option::of((any::<u8>(), any::<bool>()));
    let indexes = vec((0..5_u8, any::<u8>()), 1..4);
    (flags, vec(column, 1..5), parent, indexes, trigger, view, 0..9_u8).prop_map(
        |((name, strict, without_rowid, counted), columns, parent, indexes, trigger, view, rows)| Table {
            name,
            columns,
            strict,
            without_rowid,
            counted,
            parent,
            indexes,
            trigger,
            view,
            rows,
        },
    )
}

pub(crate) fn plans() -> impl Strategy<Value = Plan> {
    (vec(table(), 2..7), 0..3_u8).prop_map(|(tables, place)| Plan { tables, place })
}

pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Column {
    fn kind(&self, strict: bool) -> &'static str {
        match (self.kind, strict) {
            (0, _) => "INTEGER",
            (1, _) => "TEXT",
            (2, _) => "REAL",
            (3, _) => "BLOB",
            (4, true) => "ANY",
            (4, false) => "NUMERIC(10, 2)",
            (_, true) => "INT",
            (_, false) => "VARCHAR(20)",
        }
    }

    fn declared(&self, name: &str, strict: bool) -> String {
        let extra = match self.extra {
            0 => " NOT NULL DEFAULT 0",
            1 => " DEFAULT NULL",
            2 => " COLLATE NOCASE",
            3 => return format!("{name} {} CHECK ({name} IS NULL OR length({name}) < 100)", self.kind(strict)),
            4 => " /* ; a comment, with 'quotes' */",
            _ => "",
        };
        // why not for all: zero is no BLOB or TEXT in a strict table
        let extra = if self.extra == 0 && strict && matches!(self.kind, 1 | 3) { " NOT NULL" } else { extra };
        format!("{name} {}{extra}", self.kind(strict))
    }

    fn value(&self, row: u8) -> String {
        if self.extra == 1 && row.is_multiple_of(3) {
            return "NULL".into();
        }
        match self.kind {
            0 if row == 1 => "-9223372036854775808".into(),
            0 | 5 => format!("{}", i64::from(row) * 97 - 100),
            1 => format!("'{row} it''s; -- ü /* no comment'"),
            2 => format!("{row}.25e-3"),
            3 => format!("x'00{row:02x}ff'"),
            _ => format!("{row}"),
        }
    }
}

impl Table {
    fn body(&self, parent: Option<&str>, spare: Option<&str>, added: Option<&str>) -> String {
        let key = match (self.without_rowid, self.counted) {
            (true, _) => "id INTEGER NOT NULL PRIMARY KEY",
            (false, true) => "id INTEGER PRIMARY KEY AUTOINCREMENT",
            (false, false) => "id INTEGER PRIMARY KEY",
        };
        let mut items = vec![key.to_owned()];
        items.extend(
            self.columns.iter().enumerate().map(|(at, column)| column.declared(&format!("c{at}"), self.strict)),
        );
        items.push("up INTEGER".into());
        items.push("twice INTEGER AS (id * 2)".into());
        items.extend(spare.map(|kind| format!("spare {kind}")));
        items.extend(added.map(str::to_owned));
        if let (Some((_, action)), Some(parent)) = (self.parent, parent) {
            let action = ACTIONS[usize::from(action)];
            items.push(format!("FOREIGN KEY (up) REFERENCES {} (id){action}", quoted(parent)));
        }
        let options = match (self.strict, self.without_rowid) {
            (true, true) => " STRICT, WITHOUT ROWID",
            (true, false) => " STRICT",
            (false, true) => " WITHOUT ROWID",
            (false, false) => "",
        };
        format!("({}){options}", items.join(", "))
    }

    /// The columns that are copied and kept.
    pub(super) fn plain_columns(&self) -> Vec<String> {
        let columns = (0..self.columns.len()).map(|at| format!("c{at}"));
        std::iter::once("id".to_owned()).chain(columns).chain(["up".to_owned()]).collect()
    }
}

impl Plan {
    pub(crate) fn names(&self) -> Vec<String> {
        (0..self.tables.len()).map(|at| self.name(at)).collect()
    }

    pub(super) fn name(&self, at: usize) -> String {
        match self.tables[at].name {
            0 => format!("order {at}"),
            1 => format!("Tä\"b{at}"),
            2 => format!("it's {at}; --"),
            _ => format!("t{at}"),
        }
    }

    pub(super) fn pick(&self, number: u8) -> usize {
        usize::from(number) % self.tables.len()
    }

    fn parent(&self, at: usize) -> Option<usize> {
        self.tables[at].parent.map(|(parent, _)| self.pick(parent))
    }

    pub(super) fn create(&self, at: usize, name: &str, spare: Option<&str>, added: Option<&str>) -> String {
        let parent = self.parent(at).map(|parent| self.name(parent));
        format!("CREATE TABLE {} {};", quoted(name), self.tables[at].body(parent.as_deref(), spare, added))
    }

    pub(super) fn spare(&self, at: usize) -> &'static str {
        if self.tables[at].strict { "TEXT" } else { "VARCHAR(9)" }
    }

    fn insert(&self, at: usize) -> String {
        let table = &self.tables[at];
        let parents = self.parent(at).map_or(0, |parent| self.tables[parent].rows);
        let row = |row: u8| {
            let mut values = vec![row.to_string()];
            values.extend(table.columns.iter().map(|column| column.value(row)));
            let parent = (parents > 0 && !row.is_multiple_of(4)).then(|| (row % parents + 1).to_string());
            values.push(parent.unwrap_or_else(|| "NULL".into()));
            values.push(format!("'s{row}'"));
            format!("({})", values.join(", "))
        };
        let rows: Vec<String> = (1..=table.rows).map(row).collect();
        let name = quoted(&self.name(at));
        let columns = [table.plain_columns(), vec!["spare".to_owned()]].concat().join(", ");
        let mut text = String::new();
        if !rows.is_empty() {
            text = format!("INSERT INTO {name} ({columns}) VALUES {};\n", rows.join(", "));
        }
        // a row that is gone again leaves the counter above all that are there
        if table.counted && !table.without_rowid {
            let first = &table.columns.iter().map(|column| column.value(200)).collect::<Vec<_>>().join(", ");
            text.push_str(&format!("INSERT INTO {name} ({columns}) VALUES (200, {first}, NULL, 's');\n"));
            text.push_str(&format!("DELETE FROM {name} WHERE id = 200;\n"));
        }
        text
    }

    /// Indexes and triggers on the table itself, by kind and name.
    pub(super) fn on_table(&self, at: usize) -> Vec<(&'static str, String, String)> {
        let (table, name) = (&self.tables[at], quoted(&self.name(at)));
        let mut found = Vec::new();
        for (number, (kind, column)) in table.indexes.iter().enumerate() {
            let index = format!("{} by {number}", self.name(at));
            let column = format!("c{}", usize::from(*column) % table.columns.len());
            let on = format!("{} ON {name}", quoted(&index));
            found.push((
                "index",
                index,
                match kind {
                    0 => format!("CREATE INDEX {on} ({column});"),
                    1 => format!("CREATE UNIQUE INDEX {on} ({column}, id DESC);"),
                    2 => format!("CREATE INDEX {on} ({column}) WHERE {column} IS NOT NULL AND id <> 3;"),
                    3 => format!("CREATE INDEX {on} (lower({column}) || ';', up);"),
                    _ => format!("CREATE INDEX {on} ({column} COLLATE NOCASE, up DESC);"),
                },
            ));
        }
        if let Some((event, other)) = table.trigger {
            let trigger = format!("{} watched", self.name(at));
            let (event, row) = [("INSERT", "new"), ("DELETE", "old"), ("UPDATE OF c0", "new")][usize::from(event)];
            let other = quoted(&self.name(self.pick(other)));
            let text = format!(
                "CREATE TRIGGER {} AFTER {event} ON {name} WHEN {row}.id > 100 BEGIN UPDATE {other} SET up = NULL WHERE id = {row}.id; \
                 SELECT CASE WHEN 1 THEN 'END;' ELSE 2 END; END;",
                quoted(&trigger)
            );
            found.push(("trigger", trigger, text));
        }
        found
    }

    /// The view of a table and the trigger on that, by kind and name.
    pub(super) fn views(&self, at: usize) -> Vec<(&'static str, String, String)> {
        let Some((other, writable)) = self.tables[at].view else { return Vec::new() };
        let view = format!("{} shown", self.name(at));
        let (one, two) = (quoted(&self.name(at)), quoted(&self.name(self.pick(other))));
        let text = format!(
            "CREATE VIEW {} AS SELECT a.id, b.c0, ';' AS semicolon FROM {one} AS a JOIN {two} AS b ON b.up = a.id;",
            quoted(&view)
        );
        let on_view = format!("{view} written");
        let trigger = format!(
            "CREATE TRIGGER {} INSTEAD OF INSERT ON {} BEGIN INSERT INTO {one} (id) VALUES (new.id); END;",
            quoted(&on_view),
            quoted(&view)
        );
        let mut found = vec![("view", view, text)];
        if writable {
            found.push(("trigger", on_view, trigger));
        }
        found
    }

    /// The schema and its rows.
    pub(crate) fn sql(&self) -> String {
        let all = 0..self.tables.len();
        let mut lines: Vec<String> =
            all.clone().map(|at| self.create(at, &self.name(at), Some(self.spare(at)), None)).collect();
        lines.extend(all.clone().map(|at| self.insert(at)));
        lines.extend(all.flat_map(|at| [self.on_table(at), self.views(at)].concat()).map(|(_, _, text)| text));
        lines.join("\n")
    }
}
