//! The values that are tried in each column: made by `columns.rs`, sifted by the constraints on the column alone.
//!
//! Leaves to others: constraints on several columns, on which only an insert has the answer (`filling.rs`).
//!
//! Invariant: a column without a suitable value keeps the unsuitable ones, so that SQLite can say what is wrong with them.

use super::columns;
use super::random::Random;
use super::tables::Table;
use crate::error::{Error, Result};
use crate::sqlite::{Connection, Params, Value, schema};

/// Values kept for one column from its constraints, beyond those a unique one needs.
const KEPT: usize = 24;

/// What a column is given.
#[derive(Default)]
pub(super) struct Pool {
    /// Those to go through: in turns what constraints ask for and edge values.
    pub values: Vec<Value>,
    /// All that constraints ask for.
    pub asked: Vec<Value>,
}

/// The values to try in a column.
pub(super) fn pool(
    connection: &Connection,
    table: &Table,
    position: usize,
    rows: usize,
    random: &mut Random,
) -> Result<Pool> {
    let column = &table.columns[position];
    if column.generated {
        return Ok(Pool::default());
    }
    let mut edges = columns::edges(&column.declared);
    if column.is_rowid {
        // why: behind the largest row id SQLite finds no next one, and an AUTOINCREMENT table is full for good
        edges.retain(|value| *value != Value::Integer(i64::MAX));
    }
    let wanted = columns::wanted(column, position, &table.checks, rows, random);
    let limit = rows.saturating_mul(2).max(KEPT);
    let mut asked = accepted(connection, table, position, &wanted, limit)?;
    let mut fitting = accepted(connection, table, position, &edges, limit)?;
    if asked.is_empty() && fitting.is_empty() {
        // why all then: the constraint may not be what it looks like from outside its table
        (asked, fitting) = (wanted, edges);
    }
    for values in [&mut asked, &mut fitting] {
        let start = random.below(values.len());
        values.rotate_left(start);
    }
    // why cut: among the many values that a length or a unique column asks for, edge values would be rare
    let enough = rows.max(2 * fitting.len());
    let mut values = columns::interleaved(asked.clone(), fitting);
    values.truncate(enough);
    Ok(Pool { values, asked })
}

/// The first values that fit the constraints on this column alone.
fn accepted(
    connection: &Connection,
    table: &Table,
    position: usize,
    values: &[Value],
    limit: usize,
) -> Result<Vec<Value>> {
    let own = table.checks.iter().filter(|check| check.columns == [position]);
    let own: Vec<String> =
        own.filter_map(|check| check.expression.as_ref()).map(|text| format!("(({text}\n) IS NOT FALSE)")).collect();
    if own.is_empty() {
        return Ok(values.to_vec());
    }
    let column = &table.columns[position];
    // why the cast: it gives the column its affinity, which comparisons in the constraint depend on
    let value = if columns::Kind::of(&column.declared) == columns::Kind::Text { "CAST(?1 AS TEXT)" } else { "?1" };
    let (column, name) = (schema::quoted(&column.name), schema::quoted(&table.name));
    let sql = format!("SELECT {} FROM (SELECT {value} AS {column}) AS {name}", own.join(" AND "));
    let mut kept = Vec::new();
    let outcome = connection.ours(&sql, |statement| {
        for value in values {
            if kept.len() == limit {
                break;
            }
            let mut fits = false;
            statement.bind(Params::Positional(std::slice::from_ref(value)))?;
            let outcome = statement.for_each(|row| {
                fits = row.value(0) == Value::Integer(1);
                Ok(true)
            });
            match outcome {
                Ok(()) if fits => kept.push(value.clone()),
                Ok(()) | Err(Error::Sql { .. } | Error::Constraint { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    });
    match outcome {
        Ok(()) => Ok(kept),
        // why: what cannot be asked outside its table is asked by inserting
        Err(Error::Sql { .. }) => Ok(values.to_vec()),
        Err(error) => Err(error),
    }
}
