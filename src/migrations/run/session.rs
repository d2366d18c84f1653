//! What a run holds while it lasts: the writer, the wait for its lock, the guards on its statements, foreign-key enforcement
//! switched off.
//!
//! Leaves to others: what is run.
//!
//! Invariant: all of it is given back when the session is dropped, on every path.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::catalog::Catalog;
use super::super::drift;
use super::super::guard::{Baseline, Guard};
use super::super::step::Bench;
use crate::error::{Error, Kept, Result};
use crate::operation::Operation;
use crate::report;
use crate::sqlite::schema::{self, Object};
use crate::sqlite::{Access, BusyWait, Connection, ForeignKeys, Lease, Watched};

/// See the head of this file.
pub(in crate::migrations) struct Session<'a> {
    bench: Bench,
    access: &'a Access,
    /// How the foreign keys stood, where only this connection can tell.
    baseline: RefCell<Option<Baseline>>,
    _watched: Watched,
    _enforcement: ForeignKeys,
    _wait: BusyWait,
    /// Last, because the others go back on its connection.
    _writer: Lease<'a>,
}

/// Fails for a handle that lives inside a transaction.
pub(in crate::migrations) fn refuse_bound(access: &Access, verb: &str) -> Result<()> {
    if !access.is_bound() {
        return Ok(());
    }
    Err(Error::Unsupported {
        what: format!("{verb} inside a transaction"),
        instead: Some("use the handle of the database, outside of it"),
    })
}

impl<'a> Session<'a> {
    pub(in crate::migrations) fn new(
        access: &'a Access,
        catalog: &Catalog,
        lock_timeout: Duration,
        operation: &Operation,
    ) -> Result<Session<'a>> {
        // why a clock of its own: a long backup must not eat up the time to wait for the lock
        let asked = Instant::now();
        let writer = access.writer_within(operation, lock_timeout)?;
        let wait = writer.wait_for_locks(lock_timeout.saturating_sub(asked.elapsed()));
        let enforcement = writer.foreign_keys(false)?;
        let guard = Arc::new(Guard::default());
        let watched = writer.watch(Arc::<Guard>::clone(&guard));
        let bench = Bench {
            connection: writer.clone(),
            guard,
            run_lua: catalog.run_lua,
            operation: operation.clone(),
            kept: Cell::new(Kept::Nothing),
            enforced: RefCell::default(),
        };
        Ok(Session {
            bench,
            access,
            baseline: RefCell::default(),
            _watched: watched,
            _enforcement: enforcement,
            _wait: wait,
            _writer: writer,
        })
    }

    pub(in crate::migrations) fn connection(&self) -> &Connection {
        &self.bench.connection
    }

    pub(in crate::migrations) fn bench(&self) -> &Bench {
        &self.bench
    }

    /// Takes the write lock.
    pub(in crate::migrations) fn begin_transaction(&self) -> Result<()> {
        let connection = self.connection();
        connection.begin_immediate()?;
        self.bench.guard.begin_transaction();
        *self.bench.enforced.borrow_mut() = None;
        let readable_before = self.access.settings().path.is_some() && connection.is_wal()?;
        // why now: in WAL mode a reader sees the state before for as long as this transaction is open; elsewhere nobody does
        let baseline = if readable_before { None } else { Some(Baseline::of(connection, None)) };
        *self.baseline.borrow_mut() = baseline.transpose().inspect_err(|_| connection.rollback())?;
        Ok(())
    }

    /// Lets the guards look at what only the end of a transaction can tell.
    pub(in crate::migrations) fn before_commit(&self) -> Result<()> {
        self.bench.guard.before_commit(self.connection(), |keys| match self.baseline.borrow_mut().take() {
            Some(baseline) => Ok(baseline),
            None => Baseline::of(&*self.access.reader(&self.bench.operation)?, Some(keys)),
        })
    }

    /// Commits, or rolls back what was for show.
    pub(in crate::migrations) fn end_transaction(&self, dry_run: bool) -> Result<()> {
        if dry_run {
            self.connection().rollback();
            return Ok(());
        }
        self.bench.operation.boundary("before a commit");
        let connection = self.connection();
        let held = connection.must_hold_locks().inspect_err(|_| connection.rollback());
        held.and_then(|()| connection.commit()).map_err(|error| self.bench.commit_failed(error))?;
        self.bench.operation.boundary("after a commit");
        Ok(())
    }
}

/// The database before a dry run.
pub struct Measured {
    objects: Vec<Object>,
    rows: BTreeMap<String, u64>,
    pages: u64,
}

fn rows(connection: &Connection) -> Result<BTreeMap<String, u64>> {
    let mut found = BTreeMap::new();
    for table in schema::tables(connection)?.into_iter().filter(|table| !table.starts_with("rpmadb_")) {
        if let Some(count) = schema::count_rows(connection, &table)? {
            found.insert(table, count);
        }
    }
    Ok(found)
}

fn pages(connection: &Connection) -> Result<u64> {
    Ok(connection.value("PRAGMA main.page_count", &[])?.unwrap_or(0))
}

impl Measured {
    /// What it is now.
    pub fn before(connection: &Connection) -> Result<Measured> {
        Ok(Measured { objects: schema::objects(connection)?, rows: rows(connection)?, pages: pages(connection)? })
    }

    /// What is different now. Pages only become more while a transaction is open, so there are the most of them now.
    pub fn after(self, connection: &Connection) -> Result<report::Changes> {
        let after = rows(connection)?;
        let tables: std::collections::BTreeSet<&String> = self.rows.keys().chain(after.keys()).collect();
        let changed = tables.into_iter().filter_map(|table| {
            let change = report::RowChange { before: self.rows.get(table).copied(), after: after.get(table).copied() };
            (change.before != change.after).then(|| (table.clone(), change))
        });
        let page_size: u64 = connection.value("PRAGMA main.page_size", &[])?.unwrap_or(0);
        Ok(report::Changes {
            schema: drift::differences(&self.objects, &schema::objects(connection)?),
            rows: changed.collect(),
            size_bytes: self.pages * page_size,
            peak_size_bytes: pages(connection)?.max(self.pages) * page_size,
        })
    }
}
