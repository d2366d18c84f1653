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

/// A key by what it says: numbers change when a table is built anew.
type Identity = (String, String, Vec<String>);

#[derive(Debug, Clone, Copy)]
enum Standing {
    /// The table it points to is not there.
    Dangling,
    /// So many rows violate it.
    Violated(u64),
}

fn identity(key: &ForeignKey) -> Identity {
    let lower = |name: &String| name.to_ascii_lowercase();
    (lower(&key.table), lower(&key.parent), key.from.iter().map(lower).collect())
}

impl Baseline {
    /// How those of `wanted` stand that the database of `connection` has; all it has without `wanted`.
    pub(in crate::migrations) fn of(connection: &Connection, wanted: Option<&[ForeignKey]>) -> Result<Baseline> {
        let wanted: Option<Vec<Identity>> = wanted.map(|keys| keys.iter().map(identity).collect());
        let mut baseline = Baseline::default();
        for key in foreign_keys::all(connection)? {
            let identity = identity(&key);
            if wanted.as_ref().is_none_or(|wanted| wanted.contains(&identity)) {
                let standing = standing(connection, &key)?;
                baseline.keys.insert(identity, standing);
            }
        }
        Ok(baseline)
    }
}

fn standing(connection: &Connection, key: &ForeignKey) -> Result<Standing> {
    if schema::exists(connection, "table", &key.parent)? {
        foreign_keys::count_violations(connection, key).map(Standing::Violated)
    } else {
        Ok(Standing::Dangling)
    }
}

/// A key that stands worse than before.
pub(super) struct Finding {
    key: ForeignKey,
    /// `None` for a key to a table that is not there.
    violations: Option<u64>,
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
            Some(count) => {
                write!(f, "{count} new foreign-key violation(s) in table {table}: {from} references {parent}")
            }
            None => write!(f, "table {table} has a foreign key to the missing table {parent}: {from} references it"),
        }
    }
}

/// What stands worse than before.
pub(super) fn findings(
    connection: &Connection,
    touched: &BTreeMap<String, Touched>,
    baseline: impl FnOnce(&[ForeignKey]) -> Result<Baseline>,
) -> Result<Vec<Finding>> {
    if touched.is_empty() {
        return Ok(Vec::new());
    }
    let mut worse = Vec::new();
    for key in foreign_keys::all(connection)? {
        let Some(origin) = cause(&key, touched) else { continue };
        match standing(connection, &key)? {
            Standing::Violated(0) => {}
            standing => worse.push((key, standing, origin)),
        }
    }
    if worse.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<ForeignKey> = worse.iter().map(|(key, ..)| key.clone()).collect();
    let before = baseline(&keys)?;
    let finding = |(key, now, origin): (ForeignKey, Standing, Origin)| {
        let violations = match (now, before.keys.get(&identity(&key))) {
            (Standing::Dangling, Some(Standing::Dangling)) => return None,
            (Standing::Dangling, _) => None,
            (Standing::Violated(now), Some(Standing::Violated(before))) if now <= *before => return None,
            (Standing::Violated(now), Some(Standing::Violated(before))) => Some(now - before),
            (Standing::Violated(now), _) => Some(now),
        };
        Some(Finding { key, violations, origin })
    };
    Ok(worse.into_iter().filter_map(finding).collect())
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
