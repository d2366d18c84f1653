//! The tables, indexes and triggers that the files so far have built.
//!
//! Leaves to others: judging. A statement that SQLite would refuse changes nothing here.
//!
//! Invariant: each index and trigger hangs on one table that is here, under the name the table has now.

use std::collections::{HashMap, HashSet};

use super::Spot;
use super::statement::Columns;
use super::table::{Body, Foreign};
use super::words::Name;

/// What a text has built.
#[derive(Default)]
pub(super) struct Schema {
    tables: HashMap<String, Table>,
    /// The table of each index.
    index_of: HashMap<String, String>,
    /// The table of each trigger.
    trigger_of: HashMap<String, String>,
    has_temporary: bool,
}

/// A table.
pub(super) struct Table {
    /// Its name as shown.
    pub name: String,
    /// The keys of its columns; empty when they are not known.
    pub columns: HashSet<String>,
    /// The column keys of its PRIMARY KEY and of each UNIQUE.
    pub keys: Vec<Vec<String>>,
    /// Its foreign keys and where they are declared.
    pub foreign: Vec<(Spot, Foreign)>,
    /// Whether it is STRICT.
    pub is_strict: bool,
    /// The file that made it.
    pub made_in: usize,
    /// The last file that put rows into it.
    pub filled_in: Option<usize>,
    /// Where it got the name it has.
    pub named_at: Spot,
    /// The key it had when the file began that last renamed it.
    pub was: Option<(usize, String)>,
    /// What hangs on it, by key.
    pub parts: HashMap<String, Part>,
}

/// An index or a trigger.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Its name as shown.
    pub name: String,
    /// The file that made it.
    pub made_in: usize,
    /// What an index covers; nothing for a trigger.
    pub index: Option<Columns>,
}

impl Schema {
    /// The key under which a table is here.
    pub fn key(&self, name: &Name) -> String {
        if self.has_temporary {
            let temporary = format!("temp.{}", name.key);
            if self.tables.contains_key(&temporary) {
                return temporary;
            }
        }
        name.key.clone()
    }

    /// A table by its key.
    pub fn table(&self, key: &str) -> Option<&Table> {
        self.tables.get(key)
    }

    /// A table by its key, to change it.
    pub fn table_mut(&mut self, key: &str) -> Option<&mut Table> {
        self.tables.get_mut(key)
    }

    /// All tables by their keys.
    pub fn tables(&self) -> impl Iterator<Item = (&String, &Table)> {
        self.tables.iter()
    }

    /// Makes a table, unless one of the name is there.
    pub fn create_table(&mut self, name: &Name, body: Body, spot: Spot) {
        if self.tables.contains_key(&name.key) {
            return;
        }
        self.has_temporary |= name.key.starts_with("temp.");
        let table = Table {
            name: name.shown.clone(),
            columns: body.columns.into_iter().map(|column| column.name.key).collect(),
            keys: body.keys,
            foreign: body.foreign.into_iter().map(|foreign| (Spot { at: foreign.at, ..spot }, foreign)).collect(),
            is_strict: body.is_strict,
            made_in: spot.file,
            filled_in: body.is_query.then_some(spot.file),
            named_at: spot,
            was: None,
            parts: HashMap::new(),
        };
        self.tables.insert(name.key.clone(), table);
    }

    /// Drops a table with all that hangs on it.
    pub fn drop_table(&mut self, key: &str) -> Option<Table> {
        let table = self.tables.remove(key)?;
        for (part_key, part) in &table.parts {
            self.part_of(part.index.is_some()).remove(bare(part_key));
        }
        Some(table)
    }

    /// Renames a table, unless the new name is taken.
    pub fn rename_table(&mut self, key: &str, to: &Name, spot: Spot) {
        let temporary = key.strip_prefix("temp.").map(|_| format!("temp.{}", to.key));
        let to_key = temporary.unwrap_or_else(|| to.key.clone());
        if self.tables.contains_key(&to_key) {
            return;
        }
        let Some(mut table) = self.tables.remove(key) else { return };
        for (part_key, part) in &table.parts {
            self.part_of(part.index.is_some()).insert(bare(part_key).to_owned(), to_key.clone());
        }
        if table.was.as_ref().is_none_or(|(file, _)| *file != spot.file) {
            table.was = Some((spot.file, key.to_owned()));
        }
        table.name.clone_from(&to.shown);
        table.named_at = spot;
        self.tables.insert(to_key, table);
    }

    /// Hangs an index or a trigger on a table, unless one of the name is there.
    pub fn add_part(&mut self, table: &str, name: &Name, index: Option<Columns>, file: usize) {
        let is_index = index.is_some();
        if self.part_of(is_index).contains_key(&name.key) {
            return;
        }
        let Some(on) = self.tables.get_mut(table) else { return };
        on.parts.insert(tagged(&name.key, is_index), Part { name: name.shown.clone(), made_in: file, index });
        self.part_of(is_index).insert(name.key.clone(), table.to_owned());
    }

    /// Drops an index or a trigger.
    pub fn drop_part(&mut self, key: &str, is_index: bool) {
        let table = self.part_of(is_index).remove(key);
        if let Some(table) = table.and_then(|table| self.tables.get_mut(&table)) {
            table.parts.remove(&tagged(key, is_index));
        }
    }

    fn part_of(&mut self, is_index: bool) -> &mut HashMap<String, String> {
        if is_index { &mut self.index_of } else { &mut self.trigger_of }
    }
}

impl Table {
    /// Adds a column with its keys.
    pub fn add_column(&mut self, body: Body, spot: Spot) {
        self.columns.extend(body.columns.into_iter().map(|column| column.name.key));
        self.keys.extend(body.keys);
        self.foreign.extend(body.foreign.into_iter().map(|foreign| (Spot { at: foreign.at, ..spot }, foreign)));
    }

    /// Drops a column with the foreign keys that need it.
    pub fn drop_column(&mut self, key: &str) {
        self.columns.remove(key);
        self.foreign.retain(|(_, foreign)| foreign.columns.iter().all(|column| column.key != key));
    }

    /// Renames a column wherever the table and its indexes name it.
    pub fn rename_column(&mut self, from: &str, to: &Name) {
        let indexed = self.parts.values_mut().filter_map(|part| part.index.as_mut());
        let indexed = indexed.flat_map(|index| index.keys.iter_mut().flatten().chain(&mut index.not_null));
        if self.columns.remove(from) {
            self.columns.insert(to.key.clone());
        }
        for column in self.keys.iter_mut().flatten().chain(indexed) {
            if column == from {
                column.clone_from(&to.key);
            }
        }
        for column in self.foreign.iter_mut().flat_map(|(_, foreign)| &mut foreign.columns) {
            if column.key == from {
                *column = to.clone();
            }
        }
    }

    /// Whether a lookup by these columns has a PRIMARY KEY, a UNIQUE or an index to go by.
    pub fn is_indexed(&self, columns: &[Name]) -> bool {
        self.keys.iter().any(|keys| begins(keys.iter().map(Some), columns))
            || self.parts.values().filter_map(|part| part.index.as_ref()).any(|index| {
                // why: an equality implies that the column is not null, so such a partial index serves it
                let serves = index.not_null.as_ref().is_some_and(|key| columns.iter().any(|column| column.key == *key));
                (!index.is_partial || serves) && begins(index.keys.iter().map(Option::as_ref), columns)
            })
    }
}

/// Whether keys begin with these columns; in any order, for a lookup compares all of them for equality.
fn begins<'a>(keys: impl Iterator<Item = Option<&'a String>> + Clone, columns: &[Name]) -> bool {
    let leading = keys.take(columns.len());
    columns.iter().all(|column| leading.clone().any(|key| key == Some(&column.key)))
}

/// An index and a trigger may bear one name; on their table they are told apart by a mark before it.
fn tagged(key: &str, is_index: bool) -> String {
    format!("{}{key}", if is_index { 'i' } else { 't' })
}

fn bare(tagged: &str) -> &str {
    tagged.get(1..).unwrap_or("")
}
