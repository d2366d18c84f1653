//! `rollback`: stepping back to an earlier version, in one transaction.
//!
//! Leaves to others: running a step (`step.rs`).
//!
//! Invariants: whether every step has a way back is known before the first one runs; what the history keeps is enough
//! where the set no longer has the file.

use std::time::{Duration, Instant};

use super::catalog::{Body, Catalog, Entry, Listing, LuaStep};
use super::guard::Source;
use super::history::{self, History, Row};
use super::run::{self, Before, Session};
use super::step::{self, Work};
use super::{drift, state};
use crate::error::{Error, Result};
use crate::operation::{self, Operation};
use crate::report::{self, elapsed_ms};
use crate::request;
use crate::sqlite::Access;

/// Takes back every migration above `target`.
pub fn rollback(
    access: &Access,
    catalog: &Catalog,
    target: i64,
    request: &request::Rollback,
    operation: &Operation,
    before: Before<'_>,
) -> Result<report::Rollback> {
    operation::about_dry_run(request.dry_run);
    let start = Instant::now();
    run::refuse_bound(access, "rollback")?;
    let lock_timeout = Duration::from_millis(request.lock_timeout_ms());
    let listing = catalog.listing()?;
    let look = {
        let connection = access.first(operation, lock_timeout)?;
        let _wait = connection.wait_for_locks(lock_timeout);
        let history = History::read(&connection)?;
        check_target(&history, target)?;
        (history.current(), history.rows.iter().any(|row| row.version > target))
    };
    let report = |from, reverted, backup, changes| report::Rollback {
        from,
        to: target.min(from),
        reverted,
        backup,
        dry_run: request.dry_run,
        changes,
        duration_ms: elapsed_ms(start),
    };
    if !look.1 {
        return Ok(report(look.0, Vec::new(), None, None));
    }
    let backup = if request.dry_run { None } else { before()? };
    let session = Session::new(access, catalog, lock_timeout, operation)?;
    let connection = session.connection();
    session.begin_transaction()?;
    let outcome = (|| {
        let history = History::read(connection)?;
        check_target(&history, target)?;
        let from = history.current();
        let drift = drift::since_last_run(connection, &history.state)?;
        let measured = request.dry_run.then(|| run::Measured::before(connection)).transpose()?;
        if let Some(progress) = &history.state.progress {
            return Err(Error::Unsupported {
                what: format!("a rollback while migration {} has run in part", progress.version),
                instead: Some("finish that one with migrate first"),
            });
        }
        let made = history::made_by_repeatables(connection)?;
        let steps = ways_back(&session, catalog, &listing, &history, target)?;
        let reverted = back(&session, &steps)?;
        // why all: those that stay may be of another version's text when the next run upwards is complete
        history::forget_repeatables(connection)?;
        session.bench().guard.drop_broken(connection, &made)?;
        session.before_commit()?;
        drift::record(connection, drift)?;
        state::set_stamp(connection, &history.state, None)?;
        let changes = measured.map(|measured| measured.after(connection)).transpose()?;
        Ok((from, reverted, changes))
    })();
    let (from, reverted, changes) = outcome.inspect_err(|_: &Error| connection.rollback())?;
    session.end_transaction(request.dry_run)?;
    for step in &reverted {
        tracing::info!(version = step.version, name = %step.name, dry_run = request.dry_run, "migration taken back");
    }
    Ok(report(from, reverted, backup, changes))
}

fn check_target(history: &History, target: i64) -> Result<()> {
    let refuse = |reason: String| Err(Error::InvalidArgument { name: "target".into(), reason });
    if target < 0 {
        return refuse(format!("is {target} and must be at least 0"));
    }
    if target > history.current() {
        let current = history.current();
        return refuse(format!("is {target} and the database is at version {current}; use migrate to go forward"));
    }
    if target != 0 && history.find(target).is_none() {
        return refuse(format!("is {target}, which is not applied"));
    }
    Ok(())
}

/// A migration with the step that takes it back.
struct WayBack<'h> {
    row: &'h Row,
    source: Source,
    work: Work,
}

/// The way back from each migration above `target`, the highest first.
fn ways_back<'h>(
    session: &Session<'_>,
    catalog: &Catalog,
    listing: &Listing,
    history: &'h History,
    target: i64,
) -> Result<Vec<WayBack<'h>>> {
    let (connection, bench) = (session.connection(), session.bench());
    let rows: Vec<&Row> = history.rows.iter().rev().filter(|row| row.version > target).collect();
    let mut steps = Vec::with_capacity(rows.len());
    for row in rows {
        let entry = listing.numbered.get(&row.version);
        let has_way = |(source, work): &(Source, Work)| match work {
            Work::Lua { .. } => {
                let lua = LuaStep { file: &source.file, text: source.text.as_str().unwrap_or_default(), back: true };
                (catalog.run_lua)(&lua, None, &bench.operation)
            }
            Work::Sql | Work::Code(_) => Ok(true),
        };
        let mut found = None;
        for way in step::ways_back(connection, entry, row) {
            let way = way?;
            if has_way(&way)? {
                found = Some(way);
                break;
            }
        }
        let (source, work) = found.ok_or_else(|| irreversible(row, entry))?;
        if source.directives.without_transaction {
            return Err(Error::MigrationInvalid {
                reason: format!("'{}' has transaction=off, and a rollback is one transaction", source.file),
                place: Box::new(crate::error::Place::default().in_file(&source.file)),
            });
        }
        steps.push(WayBack { row, source, work });
    }
    Ok(steps)
}

fn back(session: &Session<'_>, steps: &[WayBack<'_>]) -> Result<Vec<report::Applied>> {
    let (connection, bench) = (session.connection(), session.bench());
    let total = steps.len() as u64;
    let mut reverted = Vec::with_capacity(steps.len());
    for WayBack { row, source, work } in steps {
        bench.operation.report(&format!("taking back {}", source.file), reverted.len() as u64, total)?;
        let start = Instant::now();
        let ran = step_back(session, row, source, work)?;
        if let Some(moved) = ran.moved.first() {
            return Err(Error::MigrationInvalid {
                reason: format!("{} cannot stand in a down file: a rollback is one transaction", moved.sql),
                place: Box::new(bench.guard.place()),
            });
        }
        history::forget(connection, row.version)?;
        bench.operation.boundary("a migration was taken back");
        reverted.push(report::Applied {
            version: Some(row.version),
            name: row.name.clone(),
            kind: run::kind(&row.kind),
            duration_ms: elapsed_ms(start),
        });
    }
    Ok(reverted)
}

/// Runs one step back. A view that a repeatable made and that is in its way goes first: it comes back with the latest version.
fn step_back(session: &Session<'_>, row: &Row, source: &Source, work: &Work) -> Result<step::Ran> {
    let (connection, bench) = (session.connection(), session.bench());
    let mut repeatable = history::made_by_repeatables(connection)?;
    loop {
        connection.execute_batch("SAVEPOINT rpmadb_back")?;
        let outcome = bench.step(&row.version.to_string(), source, work);
        let Err(error) = outcome else {
            connection.execute_batch("RELEASE rpmadb_back")?;
            return outcome;
        };
        let message = error.to_string();
        let in_the_way =
            repeatable.iter().position(|(kind, name)| message.contains(&format!("error in {kind} {name}")));
        let Some(in_the_way) = in_the_way.filter(|_| connection.must_be_in_transaction().is_ok()) else {
            return Err(error);
        };
        connection.execute_batch("ROLLBACK TO rpmadb_back; RELEASE rpmadb_back")?;
        let (kind, name) = repeatable.swap_remove(in_the_way);
        history::drop_object(connection, &kind, &name)?;
    }
}

fn irreversible(row: &Row, entry: Option<&Entry>) -> Error {
    let (reason, remedy) = match (row.kind.as_str(), entry.map(|entry| &entry.body)) {
        ("host", None) => {
            ("its code is the host's and is not registered", "register the step with rpmadb_add_step first")
        }
        ("host", Some(Body::Code(_))) => {
            ("the host's step has no down function", "register the step with a down function")
        }
        ("lua", _) => ("its Lua file has no down function", "give the Lua file a down function"),
        _ => ("it has no down file", "write the way back as NNN_name.down.sql"),
    };
    Error::Irreversible { version: row.version, name: row.name.clone(), reason, remedy }
}
