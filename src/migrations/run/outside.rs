//! What cannot be part of a run's transaction: migrations with `transaction=off`, and statements such as VACUUM that were
//! moved behind it.
//!
//! Leaves to others: finding them (`plan.rs`, `sql.rs`).
//!
//! Invariants: how far a migration has come is committed together with the statement it tells of, so a crash is resumed behind
//! the last one that is done; a statement that SQLite runs outside a transaction only can be repeated without harm.

use std::ops::Range;
use std::time::Instant;

use super::super::catalog::Entry;
use super::super::guard::Source;
use super::super::history::History;
use super::super::sql::{self, File};
use super::super::state::{self, Moved, Progress};
use super::super::statement::{self, Reading};
use super::super::step::Work;
use super::super::{directive, drift, scan};
use super::{Run, Session};
use crate::error::{Error, Kept, Place, Result};
use crate::report;

/// Statements that are committed together.
struct Unit {
    statements: Range<usize>,
    kind: UnitKind,
}

#[derive(Clone, Copy, PartialEq)]
enum UnitKind {
    Committed,
    /// A setting of the connection, made again when the migration is resumed.
    Setting(bool),
    Outside,
}

/// Applies a migration without a transaction around it.
pub(super) fn apply(run: &mut Run<'_>, entry: &Entry) -> Result<()> {
    let session = run.session;
    let start = Instant::now();
    let (source, work) = entry.up();
    let name = entry.version.to_string();
    let bench = session.bench();
    bench.operation.report(&format!("applying {}", entry.file()), run.applied.len() as u64, 0)?;
    if !matches!(work, Work::Sql) {
        let reason = format!("'{}' has transaction=off, which only SQL files can have", source.file);
        let place = directive::place(&source.file, source.text.as_str().unwrap_or_default(), &["transaction"]);
        return Err(Error::MigrationInvalid {
            reason,
            place: Box::new(Place { version: Some(entry.version), ..place }),
        });
    }
    bench.kept.set(Kept::Statements(run.applied.len()));
    let outcome = statements(run, entry, &source);
    session.connection().rollback();
    session.connection().enforce_foreign_keys(false)?;
    if !outcome.map_err(|error| bench.failed(&name, error))? {
        return Ok(());
    }
    session.begin_transaction()?;
    let outcome = (|| {
        let history = History::read(session.connection())?;
        if history.find(entry.version).is_some() {
            return Ok(());
        }
        if let Some(progress) = &history.state.progress {
            bench.guard.resume_step(&progress.noted);
        }
        bench.guard.end_step(session.connection())?;
        run.record(entry, false, start);
        bench.guard.outstanding.write(session.connection())?;
        state::set_progress(session.connection(), None)?;
        state::set_stamp(session.connection(), &history.state, None)
    })();
    outcome.inspect_err(|_: &Error| session.connection().rollback())?;
    session.end_transaction(false)?;
    bench.kept.set(Kept::Migrations(run.applied.len()));
    Ok(())
}

/// Where a transaction of the migration begins.
enum At {
    /// At this unit, with so much changed by hand before.
    Here(Vec<report::SchemaChange>),
    /// Behind it.
    Beyond,
    /// Another process has finished the migration.
    Over,
}

/// Takes the lock and finds out how far the migration is.
fn begin(session: &Session<'_>, entry: &Entry, unit: &Unit, sums: &[String], source: &Source) -> Result<At> {
    let connection = session.connection();
    session.begin_transaction()?;
    let history = History::read(connection)?;
    if history.find(entry.version).is_some() {
        return Ok(At::Over);
    }
    if done(entry.version, &history, sums, source)? >= unit.statements.end {
        connection.rollback();
        return Ok(At::Beyond);
    }
    if let Some(progress) = &history.state.progress {
        session.bench().guard.resume_step(&progress.noted);
    }
    drift::since_last_run(connection, &history.state).map(At::Here)
}

/// Runs the statements that are not done yet; false when another process has finished the migration.
fn statements(run: &mut Run<'_>, entry: &Entry, source: &Source) -> Result<bool> {
    let session = run.session;
    let (connection, bench) = (session.connection(), session.bench());
    let text = source.text.as_str().unwrap_or_default();
    let ranges = scan::statements(text).collect::<Vec<_>>();
    let texts: Vec<&str> = ranges.iter().map(|range| &text[range.clone()]).collect();
    let sums = Progress::sums(&texts);
    let mut file = File::new(connection, &bench.guard, &bench.operation, source);
    bench.guard.begin_step(source.clone());
    connection.enforce_foreign_keys(source.directives.enforces_foreign_keys)?;
    for unit in units(source, &ranges, &texts)? {
        bench.operation.check()?;
        if let UnitKind::Setting(on) = unit.kind {
            connection.enforce_foreign_keys(on)?;
            continue;
        }
        let mut at = begin(session, entry, &unit, &sums, source)?;
        if unit.kind == UnitKind::Outside && matches!(at, At::Here(_)) {
            connection.rollback();
            let moved = outside(source, unit.statements.start, &ranges, text);
            sql::run_moved(connection, &moved)?;
            bench.operation.boundary("a statement ran outside");
            // why again: without the lock another process may have come further
            at = begin(session, entry, &unit, &sums, source)?;
        }
        let by_hand = match at {
            At::Here(by_hand) => by_hand,
            At::Beyond => continue,
            At::Over => return Ok(false),
        };
        let cookie = state::cookie(connection)?;
        if unit.kind == UnitKind::Committed {
            for index in unit.statements.clone() {
                // why not foreign keys: inside a transaction SQLite passes over that pragma
                if !matches!(statement::read(texts[index]), Reading::Begin | Reading::Commit | Reading::ForeignKeys(_))
                {
                    file.statement(index, ranges[index].clone())?;
                }
            }
            sql::tidy(connection)?;
            // why only a file's own transaction: what a single statement takes, a later one may bring back
            if unit.statements.len() > 1 {
                bench.guard.end_step(connection)?;
            }
            session.before_commit()?;
        }
        let progress = Progress {
            version: entry.version,
            done: unit.statements.end,
            checksum: sums[unit.statements.end].clone(),
            noted: bench.guard.noted(),
        };
        state::set_progress(connection, Some(&progress))?;
        if unit.kind == UnitKind::Outside || state::cookie(connection)? != cookie {
            run.drift = drift::record(connection, by_hand)?;
        } else {
            run.drift = by_hand;
        }
        session.end_transaction(false)?;
    }
    Ok(true)
}

/// How many statements of a migration are done.
pub(super) fn done_of(version: i64, history: &History, source: &Source) -> Result<usize> {
    if history.state.progress.is_none() {
        return Ok(0);
    }
    let text = source.text.as_str().unwrap_or_default();
    let texts: Vec<&str> = scan::statements(text).map(|range| &text[range]).collect();
    done(version, history, &Progress::sums(&texts), source)
}

/// How many statements of a migration are done; `sums` are those of its text now.
fn done(version: i64, history: &History, sums: &[String], source: &Source) -> Result<usize> {
    let Some(progress) = history.state.progress.as_ref().filter(|progress| progress.version == version) else {
        return Ok(0);
    };
    if sums.get(progress.done) == Some(&progress.checksum) {
        return Ok(progress.done);
    }
    Err(Error::MigrationInvalid {
        reason: format!(
            "the first {} statement(s) of '{}' have run already and are not what they were then",
            progress.done, source.file
        ),
        place: Box::new(Place { version: Some(version), ..Place::default().in_file(&source.file) }),
    })
}

/// A file's own transactions stay whole; everything else is committed by itself.
fn units(source: &Source, ranges: &[Range<usize>], texts: &[&str]) -> Result<Vec<Unit>> {
    let mut units = Vec::new();
    let mut began: Option<usize> = None;
    let refuse = |index: usize, reason: &str| {
        let text = source.text.as_str().unwrap_or_default();
        let place = Place::locate(text, ranges.get(index).map_or(0, |range| range.start)).in_file(&source.file);
        let place = Place { statement: u32::try_from(index + 1).ok(), version: source.version, ..place };
        Err(Error::MigrationInvalid { reason: reason.to_owned(), place: Box::new(place) })
    };
    for (index, text) in texts.iter().enumerate() {
        let whole = index..index + 1;
        match (statement::read(text), began) {
            (Reading::Begin, None) => began = Some(index),
            (Reading::Begin, Some(_)) => return refuse(index, "cannot start a transaction within a transaction"),
            (Reading::Commit, Some(first)) => {
                units.push(Unit { statements: first..index + 1, kind: UnitKind::Committed });
                began = None;
            }
            (Reading::Commit | Reading::Rollback, None) => {
                return refuse(index, "cannot commit - no transaction is active");
            }
            (Reading::Rollback, Some(_)) => {
                return refuse(index, "ROLLBACK cannot stand in a file with transaction=off");
            }
            (Reading::Outside, Some(_)) => {
                return refuse(index, "this statement cannot stand between BEGIN and COMMIT");
            }
            (_, Some(_)) => {}
            (Reading::ForeignKeys(on), None) => units.push(Unit { statements: whole, kind: UnitKind::Setting(on) }),
            (Reading::Outside, None) => units.push(Unit { statements: whole, kind: UnitKind::Outside }),
            (_, None) => units.push(Unit { statements: whole, kind: UnitKind::Committed }),
        }
    }
    match began {
        Some(index) => refuse(index, "BEGIN has no COMMIT in this file"),
        None => Ok(units),
    }
}

fn outside(source: &Source, index: usize, ranges: &[Range<usize>], text: &str) -> Moved {
    let range = ranges[index].clone();
    let Place { line, column, .. } = Place::locate(text, range.start);
    Moved {
        version: source.version,
        file: source.file.clone(),
        statement: u32::try_from(index + 1).unwrap_or(u32::MAX),
        line: line.unwrap_or(0),
        column: column.unwrap_or(0),
        sql: text[range].to_owned(),
    }
}

/// Runs what was moved behind the transaction, in this run or in one that a crash ended.
pub(super) fn run_moved(run: &mut Run<'_>) -> Result<()> {
    let (session, connection) = (run.session, run.session.connection());
    let history = History::read(connection)?;
    let moved = history.state.moved;
    if moved.is_empty() {
        return Ok(());
    }
    for statement in &moved {
        let stage = format!("running {} of {}", statement.sql, statement.file);
        session.bench().operation.report(&stage, 0, 0)?;
        let name = statement.version.map_or_else(|| statement.file.clone(), |version| version.to_string());
        let outcome = sql::run_moved(connection, statement);
        session.bench().kept.set(Kept::Migrations(run.applied.len()));
        outcome.map_err(|error| session.bench().failed(&name, error))?;
        session.bench().operation.boundary("a statement ran outside");
    }
    session.begin_transaction()?;
    let outcome = (|| {
        let history = History::read(connection)?;
        let left: Vec<Moved> = history.state.moved.iter().filter(|left| !moved.contains(left)).cloned().collect();
        state::set_moved(connection, &left)?;
        let found = drift::since_last_run(connection, &history.state)?;
        let remaining = drift::record(connection, found)?;
        let plan = super::planned(connection, run.listing, &history, run.request)?;
        let complete = left.is_empty() && remaining.is_empty() && plan.completes && plan.is_nothing_pending();
        state::set_stamp(connection, &history.state, complete.then_some(run.listing.stamp))
    })();
    outcome.inspect_err(|_: &Error| connection.rollback())?;
    session.end_transaction(false)?;
    run.moved = moved;
    Ok(())
}
