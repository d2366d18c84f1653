//! Foreign keys that a transaction violated anew, or that point to a table that is not there.
//!
//! Leaves to others: what was touched, and how the keys stood before (handed in when it is needed, which is seldom).
//!
//! Invariant: only keys are looked at whose table gained something or whose parent lost something.

use std::collections::{BTreeMap, BTreeSet};

use super::{FOREIGN_KEY, MISSING_PARENT, Origin, Touched};
use crate::error::Result;
use crate::sqlite::foreign_keys::{self, ForeignKey};
use crate::sqlite::{Connection, schema};

/// How foreign keys stood at one time.
#[derive(Debug, Default)]
pub(in crate::migrations) struct Baseline {
    keys: BTreeMap<Identity, Standing>,
}

/// A key by what it says (table, parent, columns): numbers change when a table is built anew.
pub(in crate::migrations) type Identity = (String, String, Vec<String>);

/// Above this many violating rows only their number is compared.
const MOST_ROWS: u64 = 100_000;

#[derive(Debug, Clone)]
enum Standing {
    /// The table it points to is not there.
    Dangling,
    /// So many rows violate it; which, where they are not too many.
    Violated(u64, Option<Vec<String>>),
}

fn identity(key: &ForeignKey) -> Identity {
    let lower = |name: &String| name.to_ascii_lowercase();
    (lower(&key.table), lower(&key.parent), key.from.iter().map(lower).collect())
}

impl Baseline {
    /// How those of `wanted` stand that the database of `connection` has; all it has without `wanted`.
    pub(in crate::migrations) fn of(connection: &Connection, wanted: Option<&[Identity]>) -> Result<Baseline> {
        let mut baseline = Baseline::default();
        for key in foreign_keys::all(connection)? {
            let identity = identity(&key);
            if wanted.is_none_or(|wanted| wanted.contains(&identity)) {
                let standing = standing(connection, &key)?;
                baseline.keys.insert(identity, standing);
            }
        }
        Ok(baseline)
    }
}

fn standing(connection: &Connection, key: &ForeignKey) -> Result<Standing> {
    if schema::exists(connection, "table", &key.parent)? {
        Ok(match foreign_keys::count_violations(connection, key)? {
            few @ 1..=MOST_ROWS => Standing::Violated(few, Some(foreign_keys::violating_rows(connection, key)?)),
            count => Standing::Violated(count, None),
        })
    } else {
        Ok(Standing::Dangling)
    }
}

/// A key that stands worse than before.
pub(super) struct Finding {
    key: ForeignKey,
    /// `None` for a key to a table that is not there.
    violations: Option<u64>,
    /// Whether the parent has no unique key on the columns that the key points to.
    is_mismatched: bool,
    pub(super) origin: Origin,
}

impl Finding {
    pub(super) fn guard(&self) -> &'static str {
        if self.violations.is_some() { FOREIGN_KEY } else { MISSING_PARENT }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ForeignKey { table, parent, from, .. } = &self.key;
        let from = from.join(", ");
        match self.violations {
            Some(_) if self.is_mismatched => {
                write!(
                    f,
                    "table {table} has a foreign key to columns of {parent} that are no unique key: {from} references them"
                )
            }
            Some(count) => {
                write!(f, "{count} new foreign-key violation(s) in table {table}: {from} references {parent}")
            }
            None => write!(f, "table {table} has a foreign key to the missing table {parent}: {from} references it"),
        }
    }
}

/// What stands worse than before. `renamed` tells what tables were called then.
pub(super) fn findings(
    connection: &Connection,
    touched: &BTreeMap<String, Touched>,
    renamed: &BTreeMap<String, String>,
    baseline: impl FnOnce(&[Identity]) -> Result<Baseline>,
) -> Result<Vec<Finding>> {
    if touched.is_empty() {
        return Ok(Vec::new());
    }
    let mut worse = Vec::new();
    for key in foreign_keys::all(connection)? {
        let Some(origin) = cause(&key, touched) else { continue };
        match standing(connection, &key)? {
            Standing::Violated(0, _) => {}
            standing => worse.push((key, standing, origin)),
        }
    }
    if worse.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<Identity> = worse.iter().flat_map(|(key, ..)| before_names(key, renamed)).collect();
    let before = baseline(&wanted)?;
    let finding = |(key, now, origin): (ForeignKey, Standing, Origin)| {
        let then = before_names(&key, renamed).find_map(|identity| before.keys.get(&identity));
        let violations = match (now, then) {
            (Standing::Dangling, Some(Standing::Dangling)) => return None,
            (Standing::Dangling, _) => None,
            (Standing::Violated(now, rows), Some(Standing::Violated(before, rows_before))) => {
                let new = match (rows, rows_before) {
                    (Some(rows), Some(before)) => new_rows(&rows, before),
                    _ => now.saturating_sub(*before),
                };
                (new > 0).then_some(Some(new))?
            }
            // why also where it dangled: every row that points somewhere pointed nowhere then
            (Standing::Violated(..), Some(Standing::Dangling)) => return None,
            (Standing::Violated(now, _), None) => Some(now),
        };
        Some(Finding { key, violations, is_mismatched: false, origin })
    };
    let mut found: Vec<Finding> = worse.into_iter().filter_map(finding).collect();
    for finding in &mut found {
        finding.is_mismatched = finding.violations.is_some() && foreign_keys::is_mismatched(connection, &finding.key)?;
    }
    Ok(found)
}

/// What a key may have been called before: as it is, and with its tables as they were called before they were renamed.
fn before_names(key: &ForeignKey, renamed: &BTreeMap<String, String>) -> impl Iterator<Item = Identity> {
    let (table, parent, from) = identity(key);
    let old = |name: &String| renamed.get(name).cloned();
    let tables: Vec<String> = [Some(table.clone()), old(&table)].into_iter().flatten().collect();
    let parents: Vec<String> = [Some(parent.clone()), old(&parent)].into_iter().flatten().collect();
    let mut names = Vec::new();
    for table in &tables {
        for parent in &parents {
            names.push((table.clone(), parent.clone(), from.clone()));
        }
    }
    names.into_iter()
}

/// How many rows are in `now` that were not there `before`; both are in order.
fn new_rows(now: &[String], before: &[String]) -> u64 {
    let mut before = before.iter().peekable();
    let mut new = 0;
    for row in now {
        while before.peek().is_some_and(|other| *other < row) {
            before.next();
        }
        if before.peek() == Some(&row) {
            before.next();
        } else {
            new += 1;
        }
    }
    new
}

/// The statement that may have made the key stand worse.
fn cause(key: &ForeignKey, touched: &BTreeMap<String, Touched>) -> Option<Origin> {
    let any = |columns: &BTreeSet<String>, of: &[String]| {
        of.iter().any(|column| columns.contains(&column.to_ascii_lowercase()))
    };
    let child = touched.get(&key.table.to_ascii_lowercase());
    let child = child.filter(|child| child.gained || any(&child.columns, &key.from));
    let parent = touched.get(&key.parent.to_ascii_lowercase());
    // why any column without a list: the primary key is meant, whatever its columns are called
    let parent = parent.filter(|parent| {
        parent.lost || any(&parent.columns, &key.to) || (key.to.is_empty() && !parent.columns.is_empty())
    });
    parent.or(child).map(|touched| touched.origin)
}
