//! `stats`: how big the database is and what is in it.
//!
//! Leaves to others: what is too big (`health`), looking for damage (`diagnostics`).
//!
//! Invariants: all numbers of the database come from one read transaction, so that they fit each other; sizes are
//! measured anew only when something was committed since; what is seen inside a transaction is not kept, because it
//! may be rolled back.

use std::collections::BTreeMap;
use std::time::Instant;

use parking_lot::Mutex;

use crate::error::{Error, Result};
use crate::migrations;
use crate::operation::Operation;
use crate::report::{self, Growth, ObjectSize, RowSource, now_ms};
use crate::request;
use crate::sqlite::{self, Access, Connection, DataVersion, schema};

/// What earlier calls on an open database measured; shared by its handles, gone with it.
#[derive(Default)]
pub struct Measured(Mutex<Earlier>);

#[derive(Default)]
struct Earlier {
    walk: Option<Walk>,
    call: Option<Call>,
}

/// Sizes, and the state of the database they are of.
#[derive(Clone)]
struct Walk {
    /// `None` when it could not be told; then it is never found to be the present one.
    version: Option<DataVersion>,
    at: i64,
    objects: Option<Vec<ObjectSize>>,
    damaged: Vec<String>,
}

/// What growth is told against.
struct Call {
    at: i64,
    instant: Instant,
    size_bytes: u64,
    wal_size_bytes: Option<u64>,
    /// Rows, and whether they were counted.
    tables: BTreeMap<String, (u64, bool)>,
}

/// Rows of every table.
#[derive(Default)]
struct Rows {
    tables: BTreeMap<String, Option<u64>>,
    sources: BTreeMap<String, RowSource>,
    damaged: Vec<String>,
}

/// Measures.
pub fn run(
    access: &Access,
    measured: &Measured,
    request: &request::Stats,
    operation: &Operation,
) -> Result<report::Stats> {
    let wants_sizes = request.sizes.unwrap_or(!request.estimate);
    let connection = access.reader(operation)?;
    let version = || if wants_sizes { access.data_version(&connection, operation) } else { Ok(None) };
    let (wal_frames, before) = match access.is_bound() {
        true => (None, None),
        false => (u64::try_from(sqlite::wal_state(&connection)?.log).ok(), version()?),
    };
    if !access.is_bound() {
        connection.begin_snapshot()?;
    }
    let (at, instant) = (now_ms(), Instant::now());
    // why asked twice: the snapshot was taken in between, so it is of this state if both are the same
    let version = version()?.filter(|version| before == Some(*version));

    let pragma = |name: &str| -> Result<u64> { Ok(connection.value(&format!("PRAGMA {name}"), &[])?.unwrap_or(0)) };
    let (page_size, page_count, freelist_count) =
        (pragma("page_size")?, pragma("page_count")?, pragma("freelist_count")?);
    let rows = if request.estimate { estimate(&connection, operation)? } else { count(&connection, operation)? };
    let walk = match wants_sizes {
        true => sizes(&connection, measured, version, access.is_bound(), operation)?,
        false => measured.0.lock().walk.clone(),
    };
    let mut stats = report::Stats {
        size_bytes: page_size * page_count,
        table_count: rows.tables.len() as u64,
        tables: rows.tables,
        database_path: access.settings().display(),
        estimated: request.estimate,
        sources: rows.sources,
        page_size,
        page_count,
        freelist_count,
        freelist_bytes: page_size * freelist_count,
        auto_vacuum: match pragma("auto_vacuum")? {
            0 => "none",
            1 => "full",
            _ => "incremental",
        },
        encoding: connection.value("PRAGMA encoding", &[])?.unwrap_or_default(),
        wal_size_bytes: access.settings().wal_size_bytes(),
        wal_frames,
        index_count: schema::count_of_type(&connection, "index")?,
        schema_version: migrations::current_version(&connection)?,
        objects: None,
        objects_measured_at: None,
        damaged: rows.damaged,
        growth: None,
    };
    if let Some(walk) = walk {
        stats.objects_measured_at = walk.objects.is_some().then_some(walk.at);
        stats.objects = walk.objects;
        stats.damaged.extend(walk.damaged);
        stats.damaged.sort_unstable();
        stats.damaged.dedup();
    }
    if !access.is_bound() {
        let call = Call::of(&stats, at, instant);
        let last = measured.0.lock().call.replace(call);
        stats.growth = last.map(|last| growth(&last, &stats, instant));
    }
    Ok(stats)
}

fn count(connection: &Connection, operation: &Operation) -> Result<Rows> {
    let names = schema::tables(connection)?;
    let total = names.len() as u64;
    let mut found = Rows::default();
    for name in names {
        operation.report("counting rows", found.tables.len() as u64, total)?;
        let rows = match schema::count_rows(connection, &name) {
            Err(Error::Corrupt { .. }) => {
                found.damaged.push(name.clone());
                None
            }
            outcome => outcome?,
        };
        if rows.is_some() {
            found.sources.insert(name.clone(), RowSource::Exact);
        }
        found.tables.insert(name, rows);
    }
    Ok(found)
}

fn estimate(connection: &Connection, operation: &Operation) -> Result<Rows> {
    let (estimates, damaged) = sqlite::estimate(connection, operation)?;
    let mut found = Rows { damaged, ..Rows::default() };
    for (name, estimate) in estimates {
        if let Some((_, source)) = estimate {
            found.sources.insert(name.clone(), source);
        }
        found.tables.insert(name, estimate.map(|(rows, _)| rows));
    }
    Ok(found)
}

/// The sizes as they are in the state `version`: those of the last walk when it was of that state, otherwise of a new one.
fn sizes(
    connection: &Connection,
    measured: &Measured,
    version: Option<DataVersion>,
    is_bound: bool,
    operation: &Operation,
) -> Result<Option<Walk>> {
    if version.is_some()
        && let Some(walk) = measured.0.lock().walk.as_ref().filter(|walk| walk.version == version)
    {
        return Ok(Some(walk.clone()));
    }
    let at = now_ms();
    let walk = sqlite::sizes(connection, |done, total| operation.report("measuring tables and indexes", done, total))?
        .map(|sizes| Walk { version, at, objects: sizes.objects, damaged: sizes.damaged });
    if !is_bound && let Some(walk) = &walk {
        measured.0.lock().walk = Some(walk.clone());
    }
    Ok(walk)
}

impl Call {
    fn of(stats: &report::Stats, at: i64, instant: Instant) -> Call {
        let known = |(name, source): (&String, &RowSource)| {
            let rows = stats.tables.get(name).copied().flatten()?;
            Some((name.clone(), (rows, *source == RowSource::Exact)))
        };
        Call {
            at,
            instant,
            size_bytes: stats.size_bytes,
            wal_size_bytes: stats.wal_size_bytes,
            tables: stats.sources.iter().filter_map(known).collect(),
        }
    }
}

fn growth(last: &Call, now: &report::Stats, instant: Instant) -> Growth {
    let present = Call::of(now, 0, instant);
    let tables = present.tables.into_iter().filter_map(|(name, (rows, counted))| {
        let (before, was_counted) = *last.tables.get(&name)?;
        (rows != before && counted == was_counted).then(|| (name, difference(before, rows)))
    });
    Growth {
        since: last.at,
        elapsed_ms: u64::try_from(instant.saturating_duration_since(last.instant).as_millis()).unwrap_or(u64::MAX),
        size_bytes: difference(last.size_bytes, now.size_bytes),
        // why 0 for none: a log comes and goes with the connections, and one that is not there holds nothing
        wal_size_bytes: match (last.wal_size_bytes, now.wal_size_bytes) {
            (None, None) => None,
            (before, after) => Some(difference(before.unwrap_or(0), after.unwrap_or(0))),
        },
        tables: tables.collect(),
    }
}

fn difference(before: u64, after: u64) -> i64 {
    i64::try_from(i128::from(after) - i128::from(before)).unwrap_or(if after > before { i64::MAX } else { i64::MIN })
}
