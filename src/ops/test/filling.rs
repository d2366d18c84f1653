//! One table being filled: a plan for each row, and what is changed about a row that SQLite refuses.
//!
//! Leaves to others: which values there are to choose from (`pools.rs`, `parents.rs`), the order of tables (`rows.rs`).
//!
//! Invariants: SQLite alone judges a row, but for foreign keys, which are satisfied even where SQLite does not look; at
//! most [`TRIES`] statements a row.

use super::attempt::attempt;
use super::checks::{self, Check};
use super::parents::{self, Parents};
use super::pools::{self, Pool};
use super::random::Random;
use super::tables::{ForeignKey, Table};
use crate::error::Result;
use crate::sqlite::{Connection, Value, schema};

/// Statements tried for one row.
const TRIES: usize = 50;

/// Rows given up in a row before the table is.
const FAILURES: u32 = 2;

/// A value of each column; `None` leaves the column out.
type Row = Vec<Option<Value>>;

/// Which parent a row is to have.
#[derive(Clone, Copy)]
enum Pick {
    /// None.
    Nobody,
    /// The first suitable one from here on.
    From(usize),
}

/// A table being filled.
pub(super) struct Filling<'a> {
    connection: &'a Connection,
    table: &'a Table,
    rows: usize,
    random: Random,
    /// Values by column.
    pools: Vec<Pool>,
    /// Where each column starts in the turns of NULL and default, and of parents.
    starts: Vec<usize>,
    /// Where each column is in its pool.
    turns: Vec<usize>,
    /// Parents to choose from, by foreign key.
    parents: Vec<Parents>,
    /// Whether a column has had a NULL, and another value.
    seen: Vec<(bool, bool)>,
}

impl<'a> Filling<'a> {
    /// The table before its first row.
    pub(super) fn new(connection: &'a Connection, table: &'a Table, rows: u32, seed: u64) -> Result<Filling<'a>> {
        let mut random = Random::new(seed, &table.name);
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let mut pools = Vec::with_capacity(table.columns.len());
        for position in 0..table.columns.len() {
            pools.push(pools::pool(connection, table, position, rows, &mut random)?);
        }
        let starts: Vec<usize> = pools.iter().map(|pool| random.below(pool.values.len())).collect();
        let seen = vec![(false, false); table.columns.len()];
        let parents = table.keys.iter().map(|_| Parents::default()).collect();
        Ok(Filling { connection, table, rows, random, pools, turns: starts.clone(), starts, parents, seen })
    }

    /// Makes the rows; answers why, if not one could be made.
    pub(super) fn fill(mut self) -> Result<Option<String>> {
        let (mut made, mut failures) = (0, 0);
        let mut reason = None;
        for number in 0..self.rows {
            for at in 0..self.table.keys.len() {
                let key = &self.table.keys[at];
                if number == 0 || key.one_to_one || self.table.is_own(key) {
                    self.parents[at] = parents::free(self.connection, self.table, key, self.rows)?;
                }
            }
            match self.make(number)? {
                None => (made, failures) = (made + 1, 0),
                Some(why) => {
                    failures += 1;
                    reason = Some(why);
                }
            }
            if failures == FAILURES {
                break;
            }
        }
        Ok(reason.filter(|_| made == 0))
    }

    /// Tries to insert one row; answers why it could not.
    fn make(&mut self, number: usize) -> Result<Option<String>> {
        let (mut row, forced) = self.plan(number);
        let mut picks: Vec<Pick> = (0..self.table.keys.len()).map(|key| self.pick(key, number)).collect();
        let mut reason = String::new();
        for attempt in 0..TRIES {
            let mut changing = match self.connect(&mut row, &picks) {
                Err(why) => {
                    reason = why;
                    (0..row.len()).collect()
                }
                Ok(()) => match self.insert(&row)? {
                    None => {
                        self.note(&row);
                        return Ok(None);
                    }
                    Some(why) => {
                        let blamed = self.blamed(&why);
                        reason = why;
                        blamed
                    }
                },
            };
            // why not at first: NULL must come somewhere, and it is often the other column that has to give way
            if attempt < TRIES / 2 && changing.iter().any(|column| !forced.contains(column)) {
                changing.retain(|column| !forced.contains(column));
            }
            self.change(&mut row, &mut picks, &changing);
        }
        Ok(Some(reason))
    }

    /// The values a row starts with, and the columns that this row should leave as they are.
    fn plan(&mut self, number: usize) -> (Row, Vec<usize>) {
        let turns = self.rows.clamp(1, 4);
        let late = number >= self.rows / 2;
        let mut row = Row::with_capacity(self.table.columns.len());
        let mut forced = Vec::new();
        for (at, column) in self.table.columns.iter().enumerate() {
            let turn = (number + self.starts[at] + at) % turns;
            let (had_null, had_value) = self.seen[at];
            row.push(if column.generated {
                None
            } else if late && !column.not_null && had_null != had_value {
                forced.push(at);
                if had_value { Some(Value::Null) } else { self.next(at) }
            } else {
                match turn {
                    0 if turns > 1 && !column.not_null => Some(Value::Null),
                    1 if column.has_default => None,
                    // why seldom: most rows of applications leave the row id to SQLite
                    _ if column.is_rowid && turn != 2 => None,
                    _ => self.next(at),
                }
            });
        }
        (row, forced)
    }

    /// The next value from the pool of a column.
    fn next(&mut self, column: usize) -> Option<Value> {
        let pool = &self.pools[column].values;
        let turn = &mut self.turns[column];
        *turn = (*turn + 1) % pool.len().max(1);
        pool.get(*turn).cloned()
    }

    /// The parent that a row is to have for a key: by turns, and late in the table what the key has not had yet.
    fn pick(&self, key: usize, number: usize) -> Pick {
        let key = &self.table.keys[key];
        let optional: Vec<usize> = key.from.iter().copied().filter(|&at| !self.table.columns[at].not_null).collect();
        let Some(&first) = optional.first() else { return Pick::From(self.starts[key.from[0]] + number) };
        let (had_null, had_value) = self.seen[first];
        let is_turn = self.rows > 1 && (number + self.starts[first]).is_multiple_of(self.rows.min(4));
        let forced = number >= self.rows / 2 && had_null != had_value;
        if if forced { had_value } else { is_turn } { Pick::Nobody } else { Pick::From(self.starts[first] + number) }
    }

    /// Gives the row its parents. Keys may share columns: each takes a parent that agrees with the keys before it.
    fn connect(&self, row: &mut Row, picks: &[Pick]) -> Result<(), String> {
        let mut fixed = vec![false; row.len()];
        for ((key, parents), pick) in self.table.keys.iter().zip(&self.parents).zip(picks) {
            let optional = |column: &usize| !fixed[*column] && !self.table.columns[*column].not_null;
            let free: Vec<usize> = key.from.iter().copied().filter(optional).collect();
            let agrees = |parent: &&Vec<Value>| {
                let mut pairs = key.from.iter().zip(parent.iter());
                pairs.all(|(&column, value)| !fixed[column] || row[column].as_ref() == Some(value))
            };
            let found = match *pick {
                Pick::Nobody if !free.is_empty() => None,
                Pick::Nobody => parents.keys.iter().find(agrees),
                Pick::From(start) => {
                    let (before, after) = parents.keys.split_at(start % parents.keys.len().max(1));
                    after.iter().chain(before).find(agrees)
                }
            };
            let mut settled = key.from.clone();
            if let Some(parent) = found {
                for (&column, value) in key.from.iter().zip(parent) {
                    row[column] = Some(value.clone());
                }
            } else if !free.is_empty() {
                settled = free;
                for &column in &settled {
                    row[column] = Some(Value::Null);
                }
            } else {
                let is_null = key.from.iter().any(|&column| fixed[column] && row[column] == Some(Value::Null));
                let is_met = is_null || (self.table.is_own(key) && self.point_to_itself(row, key, &fixed));
                if !is_met {
                    return Err(parents.why_none.clone());
                }
            }
            for column in settled {
                fixed[column] = true;
            }
        }
        Ok(())
    }

    /// Makes the row its own parent; false if earlier keys are against it.
    fn point_to_itself(&self, row: &mut Row, key: &ForeignKey, fixed: &[bool]) -> bool {
        key.from.iter().zip(&key.to).all(|(&column, to)| {
            let Some(parent) = self.table.position(to) else { return false };
            // why the pool: a key that SQLite or a default would fill in is not known before
            let value = row[parent].clone().or_else(|| self.pools[parent].values.first().cloned());
            if fixed[column] && row[column] != value {
                return false;
            }
            row[parent].clone_from(&value);
            row[column] = value;
            true
        })
    }

    /// Inserts; answers what a constraint, a trigger or an expression had against it.
    fn insert(&self, row: &Row) -> Result<Option<String>> {
        let mut names = Vec::new();
        let mut values = Vec::new();
        for (column, value) in self.table.columns.iter().zip(row) {
            if let Some(value) = value {
                names.push(schema::quoted(&column.name));
                values.push(value.clone());
            }
        }
        let into = schema::quoted(&self.table.name);
        // why OR ABORT: a conflict clause of the schema may replace rows or end the transaction
        let sql = if names.is_empty() {
            format!("INSERT OR ABORT INTO main.{into} DEFAULT VALUES")
        } else {
            format!(
                "INSERT OR ABORT INTO main.{into} ({}) VALUES ({})",
                names.join(","),
                vec!["?"; names.len()].join(",")
            )
        };
        attempt(self.connection, &sql, &values)
    }

    fn note(&mut self, row: &Row) {
        for (seen, value) in self.seen.iter_mut().zip(row) {
            match value {
                Some(Value::Null) => seen.0 = true,
                Some(_) => seen.1 = true,
                None => {}
            }
        }
    }

    /// The columns that a message is about; all, where it does not say or names a generated one.
    fn blamed(&self, message: &str) -> Vec<usize> {
        let table = self.table;
        let about = message.split_once("constraint failed: ").map_or("", |(_, about)| about);
        let is_meant = |check: &&Check| check.expression.is_some() && check.name == checks::collapsed(about);
        let found: Vec<usize> = match table.checks.iter().find(is_meant) {
            Some(check) => check.columns.clone(),
            None => {
                let is_named = |name: &str| {
                    let name = format!("{}.{name}", table.name);
                    about.split(", ").any(|part| part == name) || message.ends_with(&format!(" {name}"))
                };
                (0..table.columns.len()).filter(|&at| is_named(&table.columns[at].name)).collect()
            }
        };
        if found.is_empty() || found.iter().any(|&column| table.columns[column].generated) {
            return (0..table.columns.len()).collect();
        }
        found
    }

    /// Gives some of these columns other values.
    fn change(&mut self, row: &mut Row, picks: &mut [Pick], columns: &[usize]) {
        let sure = columns[self.random.below(columns.len())];
        for &at in columns {
            if at != sure && self.random.once_in(2) {
                continue;
            }
            let column = &self.table.columns[at];
            if let Some(key) = self.table.keys.iter().position(|key| key.from.contains(&at)) {
                let nobody = self.table.is_optional(&self.table.keys[key]) && self.random.once_in(3);
                let from = usize::try_from(self.random.next() >> 33).unwrap_or(0);
                picks[key] = if nobody { Pick::Nobody } else { Pick::From(from) };
            }
            let Pool { values, asked } = &self.pools[at];
            let pool = if asked.is_empty() || self.random.once_in(2) { values } else { asked };
            row[at] = match () {
                () if column.generated => None,
                () if column.is_rowid && !self.random.once_in(4) => None,
                () if !column.not_null && self.random.once_in(3) => Some(Value::Null),
                () if column.has_default && self.random.once_in(6) => None,
                () => pool.get(self.random.below(pool.len())).cloned(),
            };
        }
    }
}
