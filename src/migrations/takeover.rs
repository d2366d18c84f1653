//! The history written without running anything: `adopt` (from another tool's), `baseline` (as told), `repair` (a changed
//! text accepted).
//!
//! Leaves to others: understanding another tool's history (`adopt.rs`).
//!
//! Invariants: written under the write lock, in one transaction; the other tool's table is left as it is.

use std::time::Duration;

use super::adopt::{self, Foreign, Known, Stop, Tool};
use super::catalog::{Body, Catalog, Listing};
use super::history::{self, History, NewRow};
use super::run::{self, refuse_bound};
use super::{drift, plan, state};
use crate::error::{Error, Place, Result};
use crate::operation::{self, Operation};
use crate::report;
use crate::request;
use crate::sqlite::schema;
use crate::sqlite::{Access, Connection};

const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

impl From<Stop> for Error {
    fn from(stop: Stop) -> Error {
        match stop {
            Stop::Error(error) => error,
            Stop::Refused(refusal) => Error::AdoptRefused {
                reason: refusal.reason,
                hint: refusal.hint,
                place: Box::new(Place { file: refusal.file, version: refusal.version, ..Place::default() }),
            },
        }
    }
}

/// Takes over the history of another tool.
pub fn adopt(
    access: &Access,
    catalog: &Catalog,
    request: &request::Adopt,
    actor: &str,
    operation: &Operation,
) -> Result<report::Adopted> {
    let tool = match &request.tool {
        None => None,
        Some(name) => Some(Tool::from_name(name).ok_or_else(|| {
            let names: Vec<&str> = Tool::ALL.iter().map(|tool| tool.name()).collect();
            Error::InvalidOption { key: "tool".into(), reason: format!("'{name}' is none of {}", names.join(", ")) }
        })?),
    };
    let listing = catalog.listing()?;
    locked(access, &listing, "adopt", request.dry_run, operation, |connection, history| {
        if let Some(row) = history.rows.first() {
            return Err(Error::AdoptRefused {
                reason: format!("the database has a history of rpmadb already, from version {}", row.version),
                hint: "nothing needs to be taken over",
                place: Box::default(),
            });
        }
        let Some(foreign) = adopt::find(connection, tool)? else {
            let whose = tool.map_or("another tool", Tool::name);
            return Err(Error::AdoptRefused {
                reason: format!("the database has no history of {whose}"),
                hint: match tool {
                    None => "name the tool, or use baseline to record what is applied",
                    Some(_) => "leave the tool out to have it found, or use baseline to record what is applied",
                },
                place: Box::default(),
            });
        };
        take(connection, &listing, &foreign, request, actor)
    })
}

/// What happens before the first run on a database whose history is empty: the original application's history is taken
/// over, and another tool's is an error, because nothing is written there without being told to.
pub(super) fn at_first_sight(
    connection: &Connection,
    listing: &Listing,
    actor: &str,
) -> Result<Option<report::Adopted>> {
    match adopt::find(connection, None)? {
        None => Ok(None),
        Some(foreign) if foreign.tool == Tool::Rpma => {
            take(connection, listing, &foreign, &request::Adopt::default(), actor).map(Some)
        }
        Some(foreign) => Err(Error::ForeignHistory { tool: foreign.tool.name(), table: foreign.table }),
    }
}

fn take(
    connection: &Connection,
    listing: &Listing,
    foreign: &Foreign,
    request: &request::Adopt,
    actor: &str,
) -> Result<report::Adopted> {
    let files: Vec<String> = listing.numbered.values().map(super::catalog::Entry::file).collect();
    let known: Vec<Known<'_>> = listing
        .numbered
        .values()
        .zip(&files)
        .map(|(entry, file)| Known {
            version: entry.version,
            file,
            text: match &entry.body {
                Body::File(migration) if !migration.is_lua => Some(migration.text.as_ref()),
                _ => None,
            },
        })
        .collect();
    let found = adopt::applied(connection, foreign, &known, request.target)?;
    history::create(connection)?;
    let mut migrations = Vec::with_capacity(found.len());
    for adopted in found {
        let Some(entry) = listing.numbered.get(&adopted.version) else { continue };
        let row = run::new_row(entry, false, actor, foreign.tool.name());
        history::record(connection, &NewRow { applied_at: adopted.applied_at_ms, ..row })?;
        migrations.push(report::AdoptedMigration {
            version: adopted.version,
            name: entry.name.clone(),
            applied_at: adopted.applied_at_ms,
            verified: adopted.verified,
        });
    }
    Ok(report::Adopted {
        tool: foreign.tool.name(),
        table: foreign.table.clone(),
        migrations,
        dry_run: request.dry_run,
    })
}

/// Records migrations as applied without running them.
pub fn baseline(
    access: &Access,
    catalog: &Catalog,
    request: &request::Baseline,
    actor: &str,
    operation: &Operation,
) -> Result<report::Baseline> {
    let listing = catalog.listing()?;
    let target = request.target.unwrap_or_else(|| listing.latest());
    if target != 0 && !listing.numbered.contains_key(&target) {
        let reason = format!("there is no migration {target}; the latest is {}", listing.latest());
        return Err(Error::InvalidOption { key: "target".into(), reason });
    }
    locked(access, &listing, "baseline", false, operation, |connection, history| {
        plan::check_applied(&listing, history)?;
        history::create(connection)?;
        let mut recorded = Vec::new();
        for entry in listing.numbered.values().filter(|entry| entry.version <= target) {
            if history.find(entry.version).is_none() {
                history::record(connection, &run::new_row(entry, false, actor, "baseline"))?;
                recorded.push(entry.version);
            }
        }
        let from = history.current();
        Ok(report::Baseline { from, to: recorded.last().map_or(from, |last| from.max(*last)), recorded })
    })
}

/// Accepts the present text of changed migrations.
pub fn repair(
    access: &Access,
    catalog: &Catalog,
    request: &request::Repair,
    actor: &str,
    operation: &Operation,
) -> Result<report::Repair> {
    let listing = catalog.listing()?;
    locked(access, &listing, "repair", false, operation, |connection, history| {
        if let Some(unknown) = request.versions.iter().flatten().find(|version| history.find(**version).is_none()) {
            let reason = format!("{unknown} is not applied");
            return Err(Error::InvalidOption { key: "versions".into(), reason });
        }
        let wanted = |version: i64| request.versions.as_ref().is_none_or(|versions| versions.contains(&version));
        let mut repaired = Vec::new();
        for row in history.rows.iter().filter(|row| wanted(row.version)) {
            if let Some(entry) = listing.numbered.get(&row.version).filter(|entry| plan::is_changed(entry, row)) {
                let has_down = entry.is_reversible(|lua| (catalog.run_lua)(lua, None, operation)) == Some(true);
                history::repair(connection, &run::new_row(entry, has_down, actor, &row.origin))?;
                repaired.push(row.version);
            }
        }
        let accepted = if request.schema { drift::since_last_run(connection, &history.state)? } else { Vec::new() };
        if !accepted.is_empty() {
            state::set_schema(connection, schema::objects(connection)?, true)?;
        }
        Ok(report::Repair { repaired, accepted })
    })
}

/// Runs `body` under the write lock. The stamp is taken off: the next start looks at everything and puts it back.
fn locked<T>(
    access: &Access,
    listing: &Listing,
    verb: &str,
    dry_run: bool,
    operation: &Operation,
    body: impl FnOnce(&Connection, &History) -> Result<T>,
) -> Result<T> {
    operation::about_dry_run(dry_run);
    refuse_bound(access, verb)?;
    let connection = access.writer_within(operation, LOCK_TIMEOUT)?;
    let _wait = connection.wait_for_locks(LOCK_TIMEOUT);
    connection.begin_immediate()?;
    let outcome = (|| {
        let history = plan::compared(&connection, listing)?;
        let value = body(&connection, &history)?;
        history::create(&connection)?;
        let state = History::read(&connection)?.state;
        if state.cookie.is_none() {
            drift::record(&connection, Vec::new())?;
        }
        state::set_stamp(&connection, &state, None)?;
        Ok(value)
    })();
    let value = outcome.inspect_err(|_: &Error| connection.rollback())?;
    if dry_run {
        connection.rollback()
    } else {
        connection.commit()?
    }
    Ok(value)
}
