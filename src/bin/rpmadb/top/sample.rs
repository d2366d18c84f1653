//! One look at the database for `rpmadb top`, and what changed since the look before.
//!
//! Leaves to others: drawing (`view.rs`), other processes (`processes.rs`).
//!
//! Invariants: a look never waits for a lock for longer than it is apart from the next; what failed is told in place of the figure, and the
//! looks go on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rpmadb::report::{self, Metrics};
use rpmadb::{Database, Error, Operation, Result, request};
use serde::Serialize;

use super::processes::{self, Process};

/// Calls that are shown.
const CALLS: usize = 12;
/// Records of the audit that are looked through for them.
const RECORDS: u64 = 200;
/// How many sizes are remembered.
const REMEMBERED: usize = 120;

/// What one look found.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Sample {
    pub(crate) at: i64,
    pub(crate) status: Option<report::HealthStatus>,
    pub(crate) score: u8,
    /// What is not well, and what to do.
    pub(crate) findings: Vec<(String, String)>,
    pub(crate) size_bytes: u64,
    pub(crate) wal_bytes: u64,
    /// Frames in the log, and those not in the database yet.
    pub(crate) wal_frames: Option<u64>,
    pub(crate) wal_backlog: Option<u64>,
    pub(crate) free_disk_bytes: Option<u64>,
    /// When a checkpoint was last seen to have moved something.
    pub(crate) checkpoint_at: Option<i64>,
    /// Other processes; null where the system does not tell.
    pub(crate) processes: Option<Vec<Process>>,
    /// Since when each process does what it does, in milliseconds.
    pub(crate) busy_ms: BTreeMap<u32, u64>,
    /// Calls of all processes, as the audit has them, the slowest of the last first.
    pub(crate) calls: Vec<Call>,
    pub(crate) failed: Option<String>,
}

/// A call that a process made.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Call {
    pub(crate) at: i64,
    pub(crate) process: i64,
    pub(crate) actor: String,
    pub(crate) verb: String,
    pub(crate) outcome: String,
    pub(crate) duration_ms: f64,
    pub(crate) target: String,
}

/// The looks so far.
pub(crate) struct Looks {
    path: PathBuf,
    pub(crate) last: Sample,
    /// Sizes of the log, the oldest first.
    pub(crate) log: Vec<u64>,
    busy_since: BTreeMap<u32, (Vec<&'static str>, Instant)>,
}

impl Looks {
    pub(crate) fn at(path: &Path) -> Looks {
        Looks { path: path.to_path_buf(), last: Sample::default(), log: Vec::new(), busy_since: BTreeMap::new() }
    }

    /// Looks again.
    pub(crate) fn look(&mut self, database: &Database, watch: &Operation) -> Result<()> {
        let mut sample = Sample { at: jiff::Timestamp::now().as_millisecond(), ..Sample::default() };
        match self.ask(&mut sample, database, watch) {
            Err(error @ (Error::Cancelled { .. } | Error::Timeout { .. })) => return Err(error),
            Err(error) => sample.failed = Some(error.to_string()),
            Ok(()) => {}
        }
        sample.processes = processes::of(&self.path);
        self.time(&mut sample);
        let moved = match (self.last.wal_backlog, sample.wal_backlog) {
            (Some(before), Some(now)) => now < before || sample.wal_frames < self.last.wal_frames,
            _ => false,
        };
        sample.checkpoint_at = if moved { Some(sample.at) } else { self.last.checkpoint_at };
        self.log.push(sample.wal_bytes);
        if self.log.len() > REMEMBERED {
            self.log.remove(0);
        }
        self.last = sample;
        Ok(())
    }

    fn ask(&self, sample: &mut Sample, database: &Database, watch: &Operation) -> Result<()> {
        let health = database.health(&request::Health::default(), watch)?;
        (sample.status, sample.score) = (Some(health.status), health.score);
        for check in &health.checks {
            if check.id == "free_disk" {
                sample.free_disk_bytes = check.value.as_u64();
            }
            if let Some(remedy) = &check.remedy {
                sample.findings.push((check.id.replace('_', " "), remedy.clone()));
            }
        }
        let stats = database.stats(&request::Stats { estimate: true, sizes: Some(false) }, watch)?;
        (sample.size_bytes, sample.wal_bytes) = (stats.size_bytes, stats.wal_size_bytes.unwrap_or(0));
        let request = request::Metrics { indexes: Some(false), limit: Some(1), ..request::Metrics::default() };
        if let Metrics::Figures(figures) = database.metrics(&request, watch)? {
            (sample.wal_frames, sample.wal_backlog) = (figures.wal.frames, figures.wal.backlog);
        }
        let audit = database.audit(&request::Audit { limit: Some(RECORDS), ..request::Audit::default() }, watch)?;
        sample.calls = audit
            .records
            .into_iter()
            .filter(|record| record.process != i64::from(std::process::id()))
            .map(Call::of)
            .collect();
        sample.calls.sort_by(|a, b| b.duration_ms.total_cmp(&a.duration_ms));
        sample.calls.truncate(CALLS);
        Ok(())
    }

    /// How long each process has been at what it does.
    fn time(&mut self, sample: &mut Sample) {
        let mut busy_since = BTreeMap::new();
        for process in sample.processes.iter().flatten().filter(|process| !process.locks.is_empty()) {
            let since = match self.busy_since.remove(&process.pid) {
                Some((locks, since)) if locks == process.locks => since,
                _ => Instant::now(),
            };
            sample.busy_ms.insert(process.pid, u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX));
            busy_since.insert(process.pid, (process.locks.clone(), since));
        }
        self.busy_since = busy_since;
    }
}

impl Call {
    fn of(record: report::AuditRecord) -> Call {
        Call {
            at: record.at,
            process: record.process,
            actor: record.actor,
            verb: record.verb,
            outcome: record.outcome,
            duration_ms: record.duration_us as f64 / 1_000.0,
            target: record.target.unwrap_or_default(),
        }
    }
}
