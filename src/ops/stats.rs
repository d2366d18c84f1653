//! `stats`: how big the database is and what is in it.
//!
//! Leaves to others: what is too big (`health`).
//!
//! Invariant: all numbers come from one read transaction, so that they fit each other.

use crate::error::Result;
use crate::migrations;
use crate::operation::Operation;
use crate::report;
use crate::request;
use crate::sqlite::{Access, Connection, schema};

/// Measures.
pub fn run(access: &Access, request: &request::Stats, operation: &Operation) -> Result<report::Stats> {
    let connection = access.reader(operation)?;
    if !access.is_bound() {
        connection.begin_snapshot()?;
    }
    let pragma = |name: &str| -> Result<u64> { Ok(connection.value(&format!("PRAGMA {name}"), &[])?.unwrap_or(0)) };
    let (page_size, page_count) = (pragma("page_size")?, pragma("page_count")?);
    let names = schema::tables(&connection)?;
    let total = names.len() as u64;
    let count: fn(&Connection, &str) -> Result<Option<u64>> =
        if request.estimate { schema::estimate_rows } else { schema::count_rows };
    let mut tables = std::collections::BTreeMap::new();
    for name in names {
        operation.report("counting rows", tables.len() as u64, total)?;
        let rows = count(&connection, &name)?;
        tables.insert(name, rows);
    }
    Ok(report::Stats {
        size_bytes: page_size * page_count,
        table_count: total,
        tables,
        database_path: access.settings().display(),
        estimated: request.estimate,
        page_size,
        page_count,
        freelist_count: pragma("freelist_count")?,
        wal_size_bytes: access.settings().wal_size_bytes(),
        index_count: schema::count_of_type(&connection, "index")?,
        schema_version: migrations::current_version(&connection)?,
    })
}
