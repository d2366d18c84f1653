//! Running a plan: take the write lock, read the history under it, run what is pending and record it, all in one
//! transaction.
//!
//! `session` (the lock, the guards, the settings of a run), `outside` (what cannot be in a transaction).
//! Leaves to others: what is pending (`plan.rs`), one step (`step.rs`), the backup before (handed in as [`Before`]).
//!
//! Invariants: nothing of a failed transaction is kept; foreign-key enforcement is off during the run and comes back on
//! every path; the guards have looked before anything is committed; the stamp in `user_version` is written by the same
//! transaction as the history. Whatever a run splits into, every part reads the history anew under its own lock.

mod outside;
mod session;

use std::time::{Duration, Instant};

pub use session::Measured;
pub(super) use session::{Session, refuse_bound};

use super::catalog::{Body, Catalog, Entry, Listing};
use super::history::{self, History, NewRow};
use super::plan::{self, Plan};
use super::state::Moved;
use super::step::Work;
use super::{drift, review, scan, state, takeover};
use crate::error::{Error, Kept, Result};
use crate::operation::{self, Operation};
use crate::report::{self, elapsed_ms};
use crate::request;
use crate::sqlite::{Access, Connection};

/// Called once before a run that has something to do, with no lock held; hands out the backup it made.
pub type Before<'a> = &'a mut dyn FnMut() -> Result<Option<report::Backup>>;

/// What a run does, and what it has done so far.
struct Run<'r> {
    session: &'r Session<'r>,
    listing: &'r Listing,
    request: &'r request::Migrate,
    actor: &'r str,
    from: Option<i64>,
    to: i64,
    applied: Vec<report::Applied>,
    drift: Vec<report::SchemaChange>,
    adopted: Option<report::Adopted>,
    moved: Vec<Moved>,
    /// Whether the last transaction left statements to be run outside of one.
    has_moved: bool,
}

/// What comes after a transaction of a run.
enum Next {
    /// Nothing: it is complete.
    Done,
    /// Another transaction.
    Again,
    /// A migration that wants none.
    Without(Entry),
}

/// Applies what is pending.
pub fn migrate(
    access: &Access,
    catalog: &Catalog,
    request: &request::Migrate,
    actor: &str,
    operation: &Operation,
    before: Before<'_>,
) -> Result<report::Migrate> {
    operation::about_dry_run(request.dry_run);
    let start = Instant::now();
    refuse_bound(access, "migrate")?;
    let lock_timeout = Duration::from_millis(request.lock_timeout_ms());
    let quick = catalog.quick_stamp();
    if let Some((stamp, latest)) = quick
        && request.target.is_none()
        && has_everything(&*access.first(operation, lock_timeout)?, stamp)?
    {
        return Ok(nothing(latest, request, start, Vec::new()));
    }
    let listing = catalog.listing()?;
    let look = {
        let connection = access.first(operation, lock_timeout)?;
        if quick.is_none() && request.target.is_none() && has_everything(&connection, listing.stamp)? {
            return Ok(nothing(listing.latest(), request, start, Vec::new()));
        }
        let _wait = connection.wait_for_locks(lock_timeout);
        let history = plan::compared(&connection, &listing)?;
        let plan = planned(&connection, &listing, &history, request)?;
        let found = drift::since_last_run(&connection, &history.state)?;
        for change in &found {
            tracing::warn!(kind = %change.kind, name = %change.name, change = change.change, "the schema was changed by hand");
        }
        (plan, history, found)
    };
    let (plan, history, found) = look;
    if plan.is_empty() {
        let is_ours =
            !history.rows.is_empty() && state::owned(&*access.first(operation, lock_timeout)?, &history.state)?;
        if found.is_empty() && plan.completes && is_ours && !request.dry_run {
            restamp(access, &listing, operation);
        }
        return Ok(nothing(plan.to, request, start, found));
    }
    let (from, to) = (plan.from, plan.to);
    // why now: the run reads and plans anew under its lock, and both are as long as the list of migrations
    drop((plan, history, found));
    let has_content = access.first(operation, lock_timeout)?.value::<i64>("SELECT count(*) FROM sqlite_schema", &[])?;
    let backup = if request.dry_run || has_content == Some(0) { None } else { before()? };

    let session = Session::new(access, catalog, lock_timeout, operation)?;
    let mut run = Run {
        session: &session,
        listing: &listing,
        request,
        actor,
        from: None,
        to,
        applied: Vec::new(),
        drift: Vec::new(),
        adopted: None,
        moved: Vec::new(),
        has_moved: false,
    };
    let changes = run.everything()?;
    let warnings = request.dry_run.then(|| review::warnings(&listing, from));
    for step in &run.applied {
        tracing::info!(version = step.version, name = %step.name, dry_run = request.dry_run, "migration applied");
    }
    Ok(report::Migrate {
        from: run.from.unwrap_or(from),
        to: run.to,
        backup,
        dry_run: request.dry_run,
        adopted: run.adopted,
        drift: run.drift,
        moved: run.moved.iter().map(|moved| moved.sql.clone()).collect(),
        changes,
        warnings,
        applied: run.applied,
        duration_ms: elapsed_ms(start),
    })
}

fn nothing(
    latest: i64,
    request: &request::Migrate,
    start: Instant,
    drift: Vec<report::SchemaChange>,
) -> report::Migrate {
    report::Migrate {
        from: latest,
        to: latest,
        applied: Vec::new(),
        backup: None,
        dry_run: request.dry_run,
        adopted: None,
        drift,
        moved: Vec::new(),
        changes: None,
        warnings: None,
        duration_ms: elapsed_ms(start),
    }
}

/// Whether the stamp says that the database has everything of a set and the schema that its migrations made.
fn has_everything(connection: &Connection, set_stamp: i64) -> Result<bool> {
    let found = connection.value::<i64>("PRAGMA main.user_version", &[])?;
    Ok(found == Some(state::stamp(set_stamp, state::cookie(connection)?)))
}

/// Whether the stamp says that the database has everything, unchanged; false also when only the history can tell. Reads no
/// file.
pub fn is_up_to_date(connection: &Connection, catalog: &Catalog) -> Result<bool> {
    match catalog.known_stamp() {
        Some(stamp) => has_everything(connection, stamp),
        None => Ok(false),
    }
}

/// The plan; a changed file is explained line by line.
fn planned(connection: &Connection, listing: &Listing, history: &History, request: &request::Migrate) -> Result<Plan> {
    Plan::new(listing, history, request).map_err(|error| match error {
        Error::MigrationChanged { version, .. } => plan::explained(connection, listing, version, error),
        error => error,
    })
}

/// Puts the stamp back after a file's comments or the schema cookie changed, so that the next start is quick again. A
/// start that cannot write is no worse off.
fn restamp(access: &Access, listing: &Listing, operation: &Operation) {
    let Ok(connection) = access.writer_within(operation, Duration::ZERO) else { return };
    let _wait = connection.wait_for_locks(Duration::ZERO);
    let written = connection.begin_immediate().and_then(|()| {
        // why all of it again: between the look and the lock another process may have migrated, or changed the schema
        let history = plan::compared(&connection, listing)?;
        let plan = Plan::new(listing, &history, &request::Migrate::default())?;
        let has_everything = plan.is_empty() && plan.completes;
        let is_unchanged = drift::since_last_run(&connection, &history.state)?.is_empty();
        if has_everything && is_unchanged && state::owned(&connection, &history.state)? {
            drift::record(&connection, Vec::new())?;
            state::set_stamp(&connection, &history.state, Some(listing.stamp))?;
            return connection.commit();
        }
        Ok(())
    });
    if let Err(error) = written {
        tracing::debug!(%error, "the stamp was not renewed");
    }
    connection.rollback();
}

impl Run<'_> {
    fn everything(&mut self) -> Result<Option<report::Changes>> {
        let mut measured = None;
        loop {
            self.session.begin_transaction()?;
            if self.request.dry_run {
                measured = Some(Measured::before(self.session.connection())?);
            }
            let next = self.transaction().inspect_err(|_| self.session.connection().rollback())?;
            if let Some(call) = operation::current() {
                call.about(|| format!("{} to {}", self.from.unwrap_or(0), self.to));
            }
            if let Some(measured) = measured.take() {
                let changes = measured.after(self.session.connection())?;
                self.session.end_transaction(true)?;
                return Ok(Some(changes));
            }
            self.session.end_transaction(false)?;
            self.session.bench().kept.set(Kept::Migrations(self.applied.len()));
            match next {
                Next::Done => break,
                Next::Again => {}
                Next::Without(entry) => outside::apply(self, &entry)?,
            }
        }
        if self.has_moved {
            outside::run_moved(self)?;
        }
        Ok(None)
    }

    /// One transaction of the run, up to its commit.
    fn transaction(&mut self) -> Result<Next> {
        let connection = self.session.connection();
        // why again: another process may have migrated while we waited for the lock
        let mut history = plan::compared(connection, self.listing)?;
        if history.rows.is_empty()
            && let Some(adopted) = takeover::at_first_sight(connection, self.listing, self.actor)?
        {
            self.adopted = Some(adopted);
            history = History::read(connection)?;
        }
        let plan = planned(connection, self.listing, &history, self.request)?;
        let from = *self.from.get_or_insert(plan.from);
        self.to = plan.to.max(from);
        if plan.pending.is_empty() && plan.repeatables.is_empty() {
            return self.close(&history, &plan, Vec::new()).map(|()| Next::Done);
        }
        // why also one that ran in part: its directive is a comment, which may be gone by now
        let half = history.state.progress.as_ref().map(|progress| progress.version);
        let wants_none = |entry: &Entry| entry.is_without_transaction() || half == Some(entry.version);
        if !self.request.dry_run
            && let Some(first) = plan.pending.first().filter(|entry| wants_none(entry))
        {
            history::create(connection)?;
            return Ok(Next::Without(first.clone()));
        }
        history::create(connection)?;
        self.drift = drift::since_last_run(connection, &history.state)?;
        let (mut moved, mut next) = (Vec::new(), Next::Done);
        let one_by_one = self.request.transaction == request::TransactionPer::File && !self.request.dry_run;
        let total = (plan.pending.len() + plan.repeatables.len()) as u64;
        for (index, entry) in plan.pending.iter().enumerate() {
            if !self.request.dry_run && wants_none(entry) {
                next = Next::Again;
                break;
            }
            self.apply(entry, &history, &mut moved, total)?;
            if one_by_one && index + 1 < plan.pending.len() + plan.repeatables.len() {
                next = Next::Again;
                break;
            }
        }
        if let Next::Done = next {
            for repeatable in &plan.repeatables {
                self.apply_repeatable(repeatable, total)?;
            }
        }
        let completes = Plan { completes: plan.completes && matches!(next, Next::Done), ..plan };
        self.close(&history, &completes, moved)?;
        Ok(next)
    }

    /// The end of a transaction that changed something: guards, schema, stamp.
    fn close(&mut self, history: &History, plan: &Plan, moved: Vec<Moved>) -> Result<()> {
        let connection = self.session.connection();
        if plan.is_empty() && self.adopted.is_none() && self.applied.is_empty() {
            return Ok(());
        }
        self.session.bench().operation.report("checking what the migrations touched", 0, 0)?;
        self.session.bench().guard.outstanding.write(connection)?;
        self.session.before_commit()?;
        let moved: Vec<Moved> = history.state.moved.iter().cloned().chain(moved).collect();
        if !(moved.is_empty() && history.state.moved.is_empty()) {
            state::set_moved(connection, &moved)?;
        }
        self.has_moved = !moved.is_empty();
        let remaining = drift::record(connection, std::mem::take(&mut self.drift))?;
        let complete = plan.completes && moved.is_empty() && remaining.is_empty();
        self.drift = remaining;
        state::set_stamp(connection, &history.state, complete.then_some(self.listing.stamp))?;
        if self.request.dry_run {
            self.moved = moved;
        }
        Ok(())
    }

    fn apply(&mut self, entry: &Entry, history: &History, moved: &mut Vec<Moved>, total: u64) -> Result<()> {
        let bench = self.session.bench();
        bench.operation.report(&format!("applying {}", entry.file()), self.applied.len() as u64, total)?;
        let start = Instant::now();
        let (mut source, work) = entry.up();
        source.done = outside::done_of(entry.version, history, &source)?;
        if !matches!(work, Work::Sql) {
            // why: code can ask for the history without a statement that the guards hear of
            bench.guard.outstanding.write(&bench.connection)?;
        }
        let ran = bench.step(&entry.version.to_string(), &source, &work)?;
        moved.extend(ran.moved);
        self.record(entry, ran.has_down, start);
        Ok(())
    }

    /// Notes the history row of a migration that ran; it is written before anybody looks, and before the commit.
    fn record(&mut self, entry: &Entry, has_down: bool, start: Instant) {
        let duration_us = i64::try_from(start.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.session.bench().guard.outstanding.add(entry, has_down, self.actor, duration_us);
        self.session.bench().operation.boundary("a migration was recorded");
        self.applied.push(report::Applied {
            version: Some(entry.version),
            name: entry.name.clone(),
            kind: entry.kind(),
            duration_ms: elapsed_ms(start),
        });
    }

    fn apply_repeatable(&mut self, repeatable: &super::set::Repeatable, total: u64) -> Result<()> {
        let bench = self.session.bench();
        bench.operation.report(&format!("applying {}", repeatable.file), self.applied.len() as u64, total)?;
        let start = Instant::now();
        bench.repeatable(repeatable)?;
        history::record_repeatable(
            self.session.connection(),
            &repeatable.name,
            &scan::checksum(&repeatable.text),
            &repeatable.text,
            self.actor,
            i64::try_from(start.elapsed().as_micros()).unwrap_or(i64::MAX),
            &bench.guard.made(self.session.connection())?,
        )?;
        bench.operation.boundary("a repeatable was recorded");
        self.applied.push(report::Applied {
            version: None,
            name: repeatable.name.clone(),
            kind: "repeatable",
            duration_ms: elapsed_ms(start),
        });
        Ok(())
    }
}

/// The history row of `entry`.
pub(super) fn new_row<'a>(entry: &'a Entry, has_down: bool, actor: &'a str, origin: &'a str) -> NewRow<'a> {
    let file = match &entry.body {
        Body::File(file) => Some(file),
        Body::Code(_) => None,
    };
    let down = file.and_then(|file| file.down.as_ref().map(|down| down.text.as_ref()));
    NewRow {
        version: entry.version,
        name: &entry.name,
        kind: entry.kind(),
        checksum: entry.checksum(),
        text: entry.text().map(AsRef::as_ref),
        // why the text itself: a Lua chunk holds both ways
        down_text: down.or_else(|| file.filter(|_| has_down).map(|file| file.text.as_ref())),
        compatible_from: file.and_then(|file| file.directives.compatible_from),
        actor,
        applied_at: None,
        duration_us: 0,
        origin,
    }
}

/// The kinds as reports spell them.
pub(super) fn kind(recorded: &str) -> &'static str {
    match recorded {
        "lua" => "lua",
        "host" => "host",
        _ => "sql",
    }
}

/// Every migration known or recorded, with its state.
pub fn status(access: &Access, catalog: &Catalog, operation: &Operation) -> Result<report::Migrations> {
    status_on(&*access.reader(operation)?, catalog, operation)
}

/// As [`status`], on a connection the caller has.
pub fn status_on(connection: &Connection, catalog: &Catalog, operation: &Operation) -> Result<report::Migrations> {
    let listing = catalog.listing()?;
    let history = plan::compared(connection, &listing)?;
    let migrations = plan::states(&listing, &history, |lua| (catalog.run_lua)(lua, None, operation));
    let pending = migrations.iter().filter(|state| matches!(state.state, "pending" | "out_of_order")).count();
    let drift = drift::since_last_run(connection, &history.state)?;
    Ok(report::Migrations { current: history.current(), latest: listing.latest(), pending, migrations, drift })
}

/// What was changed in the schema since the last run, by something else than a migration.
pub fn schema_drift(connection: &Connection) -> Result<Vec<report::SchemaChange>> {
    drift::since_last_run(connection, &History::read(connection)?.state)
}

/// Whether `user_version` is as a run of ours left it, or nobody has set it.
pub fn owns_stamp(connection: &Connection) -> Result<bool> {
    state::owned(connection, &History::read(connection)?.state)
}

/// Highest applied version, and whether a migration outside a transaction ran in part.
pub fn version_and_progress(connection: &Connection) -> Result<(i64, bool)> {
    let history = History::read(connection)?;
    Ok((history.current(), history.state.progress.is_some()))
}

/// Refuses a database whose schema is newer than the set of `catalog` knows.
pub fn refuse_newer(connection: &Connection, catalog: &Catalog) -> Result<()> {
    let history = History::read(connection)?;
    match Plan::new(&catalog.listing()?, &history, &request::Migrate::default()) {
        Err(error @ Error::DatabaseTooNew { .. }) => Err(error),
        _ => Ok(()),
    }
}

/// Highest applied version; 0 for none.
pub fn current_version(connection: &Connection) -> Result<i64> {
    History::read(connection).map(|history| history.current())
}
