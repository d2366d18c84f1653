//! `metrics`: what was counted since the database was opened, and who uses its connections now.
//!
//! Leaves to others: counting (`sqlite/meter.rs`, `sqlite/leases.rs`), writing the text for Prometheus (`metrics/prometheus.rs`).
//!
//! Invariants: answers also when no connection is free, with null for what needs one; what is known without a meter is told also when
//! metrics are off; this call is not among those it tells of.

mod prometheus;

use std::time::Duration;

use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::report;
use crate::request::{self, MetricsFormat};
use crate::sqlite::{self, Access, Meter, indexes};

/// How long a reader is waited for.
const READER_WAIT: Duration = Duration::from_millis(250);
const FINGERPRINTS: u64 = 100;

/// Tells.
pub fn run(access: &Access, request: &request::Metrics, operation: &Operation) -> Result<report::Metrics> {
    // why first: the look at the database is this call's own
    let (pool, locks) = (pool(access), locks(access));
    let looked = look(access, request.indexes.unwrap_or(true), operation)?;
    let meter = access.meter().map(AsRef::as_ref);
    let (slow, slow_total) = meter.map(Meter::slow).unwrap_or_default();
    let (slow_transactions, slow_transactions_total) = meter.map(Meter::slow_transactions).unwrap_or_default();
    let mut statements = meter.map(Meter::statements).unwrap_or_default();
    let statements_known = statements.len() as u64;
    statements.truncate(usize::try_from(request.limit.unwrap_or(FINGERPRINTS)).unwrap_or(usize::MAX));
    let verbs = meter.map(Meter::verbs).unwrap_or_default();
    let scripts = || {
        let of = |verb| verbs.get(verb).copied().unwrap_or_default();
        let (typed, files): (report::VerbFigures, report::VerbFigures) = (of("script"), of("script_file"));
        let runs = typed.calls + files.calls - typed.denied - files.denied;
        report::ScriptFigures { runs, failures: typed.errors + files.errors }
    };
    let (backups, checkpoints) = meter.map(Meter::works).unzip();
    let figures = report::Figures {
        enabled: meter.is_some(),
        since: meter.map(Meter::since),
        statements,
        statements_known,
        statements_evicted: meter.map_or(0, Meter::evicted),
        slow,
        slow_total,
        slow_transactions,
        slow_transactions_total,
        backups,
        scripts: meter.map(|_| scripts()),
        checkpoints,
        denials: meter.map(|_| verbs.values().map(|verb| verb.denied).sum()),
        verbs,
        indexes: looked.indexes,
        pool,
        locks,
        wal: looked.wal,
    };
    Ok(match request.format {
        MetricsFormat::Json => report::Metrics::Figures(Box::new(figures)),
        MetricsFormat::Prometheus => report::Metrics::Text { format: "prometheus", text: prometheus::text(&figures) },
    })
}

fn pool(access: &Access) -> report::PoolFigures {
    let report::PoolState { connections, idle_connections, max_connections } = access.pool_state();
    let sqlite::ReaderCounters { waits, waited, timeouts } = access.reader_counters();
    let holders: Vec<report::OpenTransaction> = access.leases().into_iter().map(Into::into).collect();
    report::PoolFigures {
        connections,
        idle_connections,
        max_connections,
        in_use: holders.len() as u64,
        waits,
        wait_ms: waited.as_micros() as f64 / 1_000.0,
        timeouts,
        holders,
    }
}

fn locks(access: &Access) -> report::LockFigures {
    let sqlite::LockCounters { leases, waited, gave_up } = access.lock_counters();
    report::LockFigures { leases, waited, gave_up }
}

struct Looked {
    wal: report::Wal,
    indexes: Option<report::IndexFigures>,
}

/// What needs a connection.
fn look(access: &Access, with_indexes: bool, operation: &Operation) -> Result<Looked> {
    let size_bytes = access.settings().wal_size_bytes();
    let mut looked = Looked { wal: report::Wal { size_bytes, frames: None, backlog: None }, indexes: None };
    let statements = access.statements();
    let reader = match access.reader_within(operation, READER_WAIT) {
        Ok(reader) => reader,
        // why nothing and no error: that nobody gets one is just what this call tells of
        Err(Error::Busy { .. }) => return Ok(looked),
        Err(error) => return Err(error),
    };
    if !access.is_bound() {
        let wal = sqlite::wal_state(&reader)?;
        looked.wal.frames = u64::try_from(wal.log).ok();
        looked.wal.backlog = u64::try_from(wal.log).ok().and(u64::try_from(wal.log - wal.checkpointed).ok());
    }
    if with_indexes {
        looked.indexes = match indexes::examine_use(&reader, statements.as_ref(), operation) {
            Ok((found, used)) => Some(index_figures(access, found, used)),
            Err(Error::Corrupt { .. }) => None,
            Err(error) => return Err(error),
        };
    }
    Ok(looked)
}

fn index_figures(access: &Access, found: report::Indexes, used: Option<Vec<indexes::Used>>) -> report::IndexFigures {
    let figures = |indexes::Used { index, table, texts }| {
        let calls = access.meter().map(|meter| meter.calls_like(&texts));
        report::UsedIndex { index, table, calls }
    };
    report::IndexFigures {
        used: used.map(|used| used.into_iter().map(figures).collect()),
        unused: found.unused,
        redundant: found.redundant,
        missing: found.missing,
        full_scans: found.full_scans,
    }
}
