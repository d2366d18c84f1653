//! Running a plan: take the write lock, read the history under it, run what is pending and record it, all in one
//! transaction.
//!
//! Leaves to others: what is pending (`plan.rs`), the backup before (handed in as [`Before`]).
//!
//! Invariants: nothing of a failed run is kept; foreign-key enforcement is off outside the transaction during the
//! run and comes back on every path; new violations are found before the commit; the stamp in `user_version` is
//! written by the same transaction as the history.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::catalog::{Body, Catalog, Entry, Listing};
use super::history::{self, History, NewRow};
use super::plan::{self, Plan};
use super::scan;
use crate::error::{Error, Place, Result};
use crate::operation::Operation;
use crate::report::{self, elapsed_ms};
use crate::request;
use crate::sqlite::{Access, Connection, Whose, schema};

/// Called once before a run that has something to do, with no lock held; hands out the backup it made.
pub type Before<'a> = &'a mut dyn FnMut() -> Result<Option<report::Backup>>;

/// Applies what is pending.
pub fn migrate(
    access: &Access,
    catalog: &Catalog,
    request: &request::Migrate,
    actor: &str,
    operation: &Operation,
    before: Before<'_>,
) -> Result<report::Migrate> {
    let start = Instant::now();
    if access.is_bound() {
        return Err(Error::Unsupported {
            what: "migrate inside a transaction".into(),
            instead: Some("migrate with the handle of the database, outside of it"),
        });
    }
    let done = |plan: &Plan, applied, backup| report::Migrate {
        from: plan.from,
        to: plan.to,
        applied,
        backup,
        dry_run: request.dry_run,
        duration_ms: elapsed_ms(start),
    };

    let lock_timeout = Duration::from_millis(request.lock_timeout_ms());
    let has_everything = |stamp: i64, latest: i64| -> Result<Option<Plan>> {
        if request.target.is_some() {
            return Ok(None);
        }
        let found = access.first(operation, lock_timeout)?.value::<i64>("PRAGMA user_version", &[])?;
        Ok((found == Some(stamp)).then(|| Plan::nothing(latest)))
    };
    let quick = catalog.quick_stamp();
    if let Some((stamp, latest)) = quick
        && let Some(nothing) = has_everything(stamp, latest)?
    {
        return Ok(done(&nothing, Vec::new(), None));
    }
    let listing = catalog.listing()?;
    // why only without the quick one: where there is one, it is the listing's stamp and has been compared
    let nothing = if quick.is_none() { has_everything(listing.stamp, listing.latest())? } else { None };
    let look = match nothing {
        Some(nothing) => nothing,
        None => {
            let connection = access.first(operation, lock_timeout)?;
            let _wait = connection.wait_for_locks(lock_timeout);
            Plan::new(&listing, &History::read(&connection)?, request)?
        }
    };
    if look.is_empty() {
        return Ok(done(&look, Vec::new(), None));
    }
    let has_content = access.first(operation, lock_timeout)?.value::<i64>("SELECT count(*) FROM sqlite_schema", &[])?;
    let backup = if request.dry_run || has_content == Some(0) { None } else { before()? };

    // why a clock of its own: a long backup must not eat up the time to wait for the lock
    let asked = Instant::now();
    let connection = access.writer_within(operation, lock_timeout)?;
    let _wait = connection.wait_for_locks(lock_timeout.saturating_sub(asked.elapsed()));
    let _enforcement = connection.foreign_keys(false)?;
    connection.begin_immediate()?;
    let outcome = run_locked(&connection, catalog, &listing, request, actor, operation);
    let (plan, applied) = outcome.inspect_err(|_| connection.rollback())?;
    if request.dry_run {
        connection.rollback();
    } else {
        connection.commit()?;
    }
    for step in &applied {
        tracing::info!(version = step.version, name = %step.name, dry_run = request.dry_run, "migration applied");
    }
    Ok(done(&plan, applied, backup))
}

/// Whether the stamp says that the database has everything; false also when only the history can tell.
pub fn is_up_to_date(access: &Access, catalog: &Catalog, operation: &Operation) -> Result<bool> {
    let Some((stamp, _)) = catalog.quick_stamp() else { return Ok(false) };
    Ok(access.reader(operation)?.value::<i64>("PRAGMA user_version", &[])? == Some(stamp))
}

fn run_locked(
    connection: &Connection,
    catalog: &Catalog,
    listing: &Listing,
    request: &request::Migrate,
    actor: &str,
    operation: &Operation,
) -> Result<(Plan, Vec<report::Applied>)> {
    // why again: another process may have migrated while we waited for the lock
    let history = History::read(connection)?;
    let plan = Plan::new(listing, &history, request)?;
    if plan.is_empty() {
        return Ok((plan, Vec::new()));
    }
    let violations_before = violations(connection)?;
    history::create(connection)?;
    let total = (plan.pending.len() + plan.repeatables.len()) as u64;
    let mut applied: Vec<report::Applied> = Vec::new();
    for entry in &plan.pending {
        operation.report(&format!("applying {}", entry.file()), applied.len() as u64, total)?;
        let start = Instant::now();
        run_entry(connection, catalog, entry, operation)?;
        let row = NewRow {
            version: entry.version,
            name: &entry.name,
            kind: entry.kind(),
            checksum: entry.checksum(),
            text: entry.text().map(AsRef::as_ref),
            down_text: match &entry.body {
                Body::File(file) => file.down.as_deref(),
                Body::Code(_) => None,
            },
            compatible_from: match &entry.body {
                Body::File(file) => file.compatible_from,
                Body::Code(_) => None,
            },
            actor,
            duration_us: elapsed_us(start),
        };
        history::record(connection, &row)?;
        applied.push(report::Applied {
            version: Some(entry.version),
            name: entry.name.clone(),
            kind: entry.kind(),
            duration_ms: elapsed_ms(start),
        });
    }
    for repeatable in &plan.repeatables {
        operation.report(&format!("applying {}", repeatable.file), applied.len() as u64, total)?;
        let start = Instant::now();
        run_sql(connection, &repeatable.file, &repeatable.text, None)
            .map_err(|error| failed(&format!("R_{}", repeatable.name), error))?;
        let checksum = scan::checksum(&repeatable.text);
        history::record_repeatable(
            connection,
            &repeatable.name,
            &checksum,
            &repeatable.text,
            actor,
            elapsed_us(start),
        )?;
        applied.push(report::Applied {
            version: None,
            name: repeatable.name.clone(),
            kind: "repeatable",
            duration_ms: elapsed_ms(start),
        });
    }
    operation.report("checking foreign keys", total, total)?;
    check_violations(connection, &violations_before)?;
    history::set_stamp(connection, &history, plan.completes.then_some(listing.stamp))?;
    Ok((plan, applied))
}

fn run_entry(connection: &Connection, catalog: &Catalog, entry: &Entry, operation: &Operation) -> Result<()> {
    let version = Some(entry.version);
    let outcome = match &entry.body {
        Body::File(file) if file.is_lua => {
            (catalog.run_lua)(&file.file, &file.text, connection, operation).map_err(|error| {
                let place = error.place().cloned().unwrap_or_default();
                error.at(Place { version, ..place })
            })
        }
        Body::File(file) => run_sql(connection, &file.file, &file.text, version),
        Body::Code(step) => (step.up)(connection, operation),
    };
    // why: a statement such as `INSERT OR ROLLBACK` can end the run's transaction
    let outcome =
        outcome.and_then(|()| connection.must_be_in_transaction()).and_then(|()| schema::drop_temporary(connection));
    outcome.map_err(|error| failed(&entry.version.to_string(), with_file(error, &entry.file(), version)))
}

fn with_file(error: Error, file: &str, version: Option<i64>) -> Error {
    match error.place() {
        Some(place) if place.file.is_none() => {
            let place = Place { file: Some(file.to_owned()), version, ..place.clone() };
            error.at(place)
        }
        _ => error,
    }
}

fn failed(version: &str, cause: Error) -> Error {
    match cause {
        // why unwrapped: what stopped the run is no fault of the migration
        Error::Cancelled { .. } | Error::Timeout { .. } => cause,
        cause => {
            let place = cause.place().cloned().unwrap_or_default();
            Error::MigrationFailed { version: version.to_owned(), cause: Box::new(cause), place: Box::new(place) }
        }
    }
}

/// Runs the statements of a file one by one; an error knows its place.
fn run_sql(connection: &Connection, file: &str, text: &str, version: Option<i64>) -> Result<()> {
    for (index, range) in scan::statements(text).into_iter().enumerate() {
        let outcome = connection
            .run(Whose::Migrations, &text[range.clone()])
            .and_then(|()| connection.must_be_in_transaction().map_err(|error| (error, None)));
        outcome.map_err(|(error, offset)| {
            let at = range.start + offset.unwrap_or(0).min(range.len());
            let statement = u32::try_from(index + 1).ok();
            let place = Place { statement, version, ..Place::locate(text, at).in_file(file) };
            match error {
                // why turned into one that has a place: a refusal of ours is an error of the file all the same
                Error::Unsupported { what, .. } => Error::MigrationInvalid {
                    reason: format!("{what} cannot stand in a migration: the whole run is one transaction of rpmadb's"),
                    place: Box::new(place),
                },
                error => error.at(place),
            }
        })?;
    }
    Ok(())
}

fn elapsed_us(start: Instant) -> i64 {
    i64::try_from(start.elapsed().as_micros()).unwrap_or(i64::MAX)
}

/// How many violations each foreign key has: by table, parent and key. Counted, because row ids change in a rebuild and are
/// missing in tables without them.
type Violations = BTreeMap<(String, String, Option<i64>), u64>;

fn violations(connection: &Connection) -> Result<Violations> {
    let mut found = Violations::new();
    schema::foreign_key_check(connection, |violation| {
        *found.entry((violation.table, violation.parent, violation.key)).or_default() += 1;
        true
    })?;
    Ok(found)
}

fn check_violations(connection: &Connection, before: &Violations) -> Result<()> {
    let after = violations(connection)?;
    let mut new = after.iter().map(|(key, count)| (key, count.saturating_sub(before.get(key).copied().unwrap_or(0))));
    let mut new = new.by_ref().filter(|(_, count)| *count > 0).peekable();
    let Some(((table, parent, _), _)) = new.peek() else { return Ok(()) };
    let (table, parent) = (table.clone(), parent.clone());
    Err(Error::ForeignKeyViolation { table, parent, violations: new.map(|(_, count)| count).sum() })
}

/// Every migration known or recorded, with its state.
pub fn status(access: &Access, catalog: &Catalog, operation: &Operation) -> Result<report::Migrations> {
    let listing = catalog.listing()?;
    let history = History::read(&*access.reader(operation)?)?;
    let migrations = plan::states(&listing, &history);
    let pending = migrations.iter().filter(|state| matches!(state.state, "pending" | "out_of_order")).count();
    Ok(report::Migrations { current: history.current(), latest: listing.latest(), pending, migrations })
}

/// Highest applied version; 0 for none.
pub fn current_version(connection: &Connection) -> Result<i64> {
    History::read(connection).map(|history| history.current())
}
