//! [`Watch`]: the thread of a monitor: looks, tells, and runs what is due through the verbs themselves.
//!
//! Leaves to others: starting and stopping it (`monitor.rs`), when a task is due (`ops/monitor`), what is wrong (`ops/alerts`).
//!
//! Invariants: no failure and no panic ends it. The host is told with no lock held but the one that lets a removed callback rest. A
//! look goes on inside a long task, and then nobody is told before the task has ended, because it holds locks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::super::call::Gate;
use super::super::{Core, Database};
use super::{OnAlert, Signals, Stop, WATCHED};
use crate::audit::Denied;
use crate::error::{Error, Result};
use crate::machine::Moment;
use crate::operation::{self, Caller, Operation, Origin};
use crate::ops::alerts::readings::Denials;
use crate::ops::alerts::{self, Duties, Duty, Integrity, Look, Pace, Survey};
use crate::ops::checkpoint;
use crate::ops::monitor::{self as plan, Log, Notes, Outcome, Plan, Pulse, Schedule, Seat, Task, Watchful};
use crate::report::{Alert, AlertEvent, AlertState, HealthStatus, Severity, elapsed_ms};
use crate::request;
use crate::sqlite::{AtWork, Settings};

/// The window in which denials are counted.
const DENIALS_WINDOW: Duration = Duration::from_secs(300);

/// The looks, which also go on while a task runs.
struct Ticker {
    core: Arc<Core>,
    gate: Arc<Gate>,
    tick: Duration,
    look: Mutex<(Look, Pace, Survey)>,
    /// What `health` is asked.
    health: request::Health,
    /// What checks found, for the rules.
    known: Mutex<Known>,
    /// When it last looked, by the steady clock.
    last: AtomicU64,
    /// What shows the others, while a task runs, that this process still looks.
    pulse: Mutex<Option<Pulse>>,
}

/// What checks found; `None` before the first.
#[derive(Clone, Default)]
struct Known {
    damage: Option<Vec<String>>,
    /// Rows that point nowhere.
    orphans: Option<Vec<String>>,
}

impl Ticker {
    fn look(&self, now: Moment) {
        // why not waiting: a look from inside a look has nothing to add
        let Some(mut look) = self.look.try_lock() else { return };
        let Ok(access) = self.core.access() else { return };
        let _at_work = AtWork::begin();
        self.last.store(now.steady_ms, Ordering::Relaxed);
        let operation = self.gate.operation("monitor");
        let _entered = operation::enter(operation.clone());
        let (look, pace, survey) = &mut *look;
        let mut readings = look.take(access, &self.core.vault, &operation, now);
        (readings.statements, readings.scans) = pace.see(access, look.schema(), (self.tick, now), &operation);
        let denied = self.core.audit.denied_within(DENIALS_WINDOW).into_iter();
        readings.denials = Some(denied.map(denials).collect());
        readings.health = survey.see(self.tick, now, || {
            let found = self.core.health(&self.health, &operation, Duration::ZERO).ok()?;
            let writer = found.checks.iter().find(|check| check.id == "pragmas");
            look.was_in_the_way(access, writer.is_some_and(|check| check.status == HealthStatus::Unknown));
            Some(found.checks)
        });
        let Known { damage, orphans } = self.known.lock().clone();
        (readings.damage, readings.orphans) = (damage, orphans);
        self.core.board.ticked(|limits| alerts::judge(&readings, limits, now.wall_ms), now);
    }

    /// The log as it was looked at last.
    fn log(&self) -> Log {
        let seen = self.look.lock().0.log();
        seen.map_or_else(Log::default, |log| Log { size: log.size_bytes, written: log.written_ns })
    }

    /// Looks if that is due; for the inside of a long task. Nobody is told there, because the task holds locks.
    fn look_meanwhile(&self) {
        let now = Moment::now();
        let since = now.steady_ms.saturating_sub(self.last.load(Ordering::Relaxed));
        if u128::from(since) >= self.tick.as_millis() {
            self.look(now);
            if let Some(pulse) = &*self.pulse.lock() {
                pulse.beat();
            }
        }
    }
}

fn denials(denied: Denied) -> Denials {
    Denials { actor: denied.actor.to_string(), count: denied.count, last: denied.last.to_owned() }
}

/// What becomes of an event.
type Record = Box<dyn FnMut(&AlertEvent, &Alert) + Send>;

/// The thread.
pub(super) struct Watch {
    // declared before `database`: fields drop in order, and its handle must be the last to let go of the core
    ticker: Arc<Ticker>,
    schedule: Schedule,
    seat: Seat,
    looks_only: bool,
    winner: Option<bool>,
    trouble: Option<String>,
    notes: Notes,
    /// When the notes were written that are known.
    written: Option<(i64, i64)>,
    /// Looks since this process showed that it has the seat.
    unshown: u64,
    watchful: Watchful,
    signals: Arc<Signals>,
    record: Record,
    database: Database,
}

/// The audit keeps what becomes of alerts.
fn record(core: &Arc<Core>, caller: &Caller) -> Record {
    let (core, caller) = (Arc::clone(core), caller.clone());
    Box::new(move |event, alert| {
        let target = format!("{}: {} to {}: {}", event.key, event.from.name(), event.to.name(), alert.message);
        core.audit.event(caller.clone(), "alert", target);
    })
}

impl Watch {
    /// A thread's work that has not begun yet.
    pub(super) fn new(
        (core, database): (&Arc<Core>, Database),
        settings: &Settings,
        (plan, tick, health): (Plan, Duration, request::Health),
        signals: Arc<Signals>,
    ) -> Watch {
        Watch {
            ticker: Arc::new(Ticker {
                core: Arc::clone(core),
                gate: Arc::clone(&database.gate),
                tick,
                look: Mutex::default(),
                health,
                known: Mutex::default(),
                last: AtomicU64::new(0),
                pulse: Mutex::default(),
            }),
            schedule: Schedule::new(plan),
            seat: Seat::of(settings),
            looks_only: settings.read_only,
            winner: None,
            trouble: None,
            notes: Notes::default(),
            written: None,
            unshown: 0,
            watchful: Watchful::default(),
            signals,
            record: record(core, &database.caller),
            database,
        }
    }

    pub(super) fn run(mut self) {
        while !self.signals.stopped() {
            if catch_unwind(AssertUnwindSafe(|| self.turn())).is_err() {
                tracing::error!("the monitor panicked in a look or a task, and goes on");
            }
            let next = self.ticker.last.load(Ordering::Relaxed).saturating_add(self.tick_ms());
            let left = next.saturating_sub(Moment::now().steady_ms).min(self.tick_ms());
            self.signals.wait(Duration::from_millis(left.max(1)));
        }
        let core = Arc::clone(&self.ticker.core);
        if self.signals.how() == Stop::Alone {
            core.board.stop();
            if let Some(mut running) = core.monitor.running.try_lock() {
                running.take();
                core.monitor.owner.store(0, Ordering::Release);
            }
        }
        // why: from here on this thread is nobody's monitor, and may close its own handle
        WATCHED.set(0);
    }

    fn tick_ms(&self) -> u64 {
        u64::try_from(self.ticker.tick.as_millis()).unwrap_or(u64::MAX)
    }

    fn turn(&mut self) {
        let now = Moment::now();
        self.sit_down();
        self.ticker.look(now);
        self.schedule.see_log(self.ticker.log(), now);
        self.publish(now);
        self.tell();
        self.settle();
        if self.winner != Some(true) {
            return;
        }
        // why at most so many: what is due again at once waits for the next look
        for _ in Task::ALL {
            let Some(task) = self.schedule.due(Moment::now()).filter(|_| !self.signals.stopped()) else { break };
            self.run_task(task);
            self.publish(Moment::now());
            self.tell();
        }
    }

    /// Writes the records of the audit that are due, those of alerts among them.
    fn settle(&self) {
        let _at_work = AtWork::begin();
        if let Ok(access) = self.ticker.core.access() {
            self.ticker.core.audit.settle(access);
        }
    }

    /// Takes the seat if it is free, and the notes if somebody wrote them.
    fn sit_down(&mut self) {
        if self.looks_only {
            self.winner = Some(false);
            return;
        }
        let had_it = self.winner == Some(true);
        match self.seat.take() {
            Ok(winner) => {
                self.winner = Some(winner);
                self.trouble = None;
            }
            Err(error) => {
                let trouble = format!("no task runs, because the lock of the monitor cannot be taken: {error}");
                if self.trouble.as_ref() != Some(&trouble) {
                    tracing::warn!(%error, "the lock of the monitor cannot be taken");
                }
                self.winner = None;
                self.trouble = Some(trouble);
                return;
            }
        }
        if self.winner == Some(true) && had_it {
            self.unshown += 1;
            if self.unshown >= Watchful::BEAT {
                self.seat.beat();
                self.unshown = 0;
            }
            return;
        }
        let mut written = self.seat.written();
        if self.written.is_none() || written != self.written {
            self.notes = self.seat.read();
            self.schedule.learn(&self.notes);
            self.know();
        }
        if self.winner == Some(true) {
            tracing::info!("this process runs the tasks of the monitor");
            (self.notes.process, self.notes.tick_ms) = (std::process::id(), self.tick_ms());
            self.write_notes();
            written = self.seat.written();
            self.watchful.forget();
        } else {
            self.trouble = self.silence(written);
        }
        self.written = written;
    }

    /// What is wrong when the process that has the seat shows no sign of life.
    fn silence(&mut self, written: Option<(i64, i64)>) -> Option<String> {
        let tick_ms = self.tick_ms().max(self.notes.tick_ms);
        let silent = self.watchful.silent_ms(written, tick_ms, Moment::now().steady_ms)?;
        let process = self.notes.process;
        Some(format!(
            "no task runs: process {process} has the lock of the monitor and has not looked for {silent} ms: see whether it is stopped, \
             and let it go on or end it"
        ))
    }

    fn write_notes(&mut self) {
        if let Err(error) = self.seat.write(&self.notes) {
            tracing::warn!(%error, "the monitor could not note what it did");
        }
    }

    fn know(&self) {
        *self.ticker.known.lock() = Known { damage: self.notes.damage(), orphans: self.notes.orphans() };
    }

    fn run_task(&mut self, task: Task) {
        let (log, start) = (self.schedule.log(), Instant::now());
        let operation = Operation::new().through(Origin::Monitor);
        let ticker = Arc::clone(&self.ticker);
        let at_work = AtWork::begin();
        *ticker.pulse.lock() = self.seat.pulse();
        operation.on_progress(Some(Arc::new(move |_| {
            AtWork::let_fork();
            ticker.look_meanwhile();
            true
        })));
        let outcome = catch_unwind(AssertUnwindSafe(|| self.perform(task, log, &operation)));
        operation.on_progress(None);
        *self.ticker.pulse.lock() = None;
        drop(at_work);
        let outcome = match outcome {
            // why nothing: it was told to stop, and will find the task due again when it starts
            Ok(Err(Error::Cancelled { .. } | Error::StaleHandle { .. })) => return,
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Outcome::Failed(error.to_string()),
            Err(_) => Outcome::Failed("it panicked".into()),
        };
        match &outcome {
            Outcome::Done => tracing::debug!(task = task.name(), ms = elapsed_ms(start), "a task of the monitor ran"),
            Outcome::Postponed => tracing::debug!(task = task.name(), "somebody was in the way of the monitor"),
            Outcome::Failed(why) => tracing::warn!(task = task.name(), why, "a task of the monitor failed"),
        }
        let now = Moment::now();
        self.schedule.ran(task, &outcome, log, now);
        if outcome == Outcome::Done && self.schedule.next_at(task, now).is_some() {
            self.note(task, now);
        }
    }

    fn note(&mut self, task: Task, now: Moment) {
        self.notes.ran.insert(task.name().to_owned(), now.wall_ms);
        if task == Task::DeepCheck {
            self.notes.ran.insert(Task::QuickCheck.name().to_owned(), now.wall_ms);
        }
        self.write_notes();
        self.written = self.seat.written();
        self.know();
        if matches!(task, Task::QuickCheck | Task::DeepCheck) {
            // why at once: what a check found must not wait for the next look
            self.ticker.look(Moment::now());
        }
    }

    fn perform(&mut self, task: Task, log: Log, operation: &Operation) -> Result<Outcome> {
        let limit = self.schedule.plan().restart_bytes();
        match task {
            Task::Backup => {
                let every_hours = self.ticker.core.vault.every_hours;
                let request = request::Backup { every_hours, ..request::Backup::default() };
                self.database.backup(None, &request, operation)?;
            }
            Task::QuickCheck => {
                let check = |core: &Arc<Core>, operation: &Operation| plan::quick_check(core.access()?, operation);
                self.notes.quick = Some(self.database.call("quick_check", operation, check)?);
            }
            Task::DeepCheck => {
                let check = |core: &Arc<Core>, operation: &Operation| plan::deep_check(core.access()?, operation);
                self.notes.deep = Some(self.database.call("deep_check", operation, check)?);
            }
            Task::Optimize => {
                self.database.optimize(operation)?;
            }
            Task::AuditPrune => {
                let keep_days = self.ticker.core.audit.keep_days();
                let prune = request::AuditPrune { keep_days, ..request::AuditPrune::default() };
                let request = request::Audit { prune: Some(prune), limit: Some(0), ..request::Audit::default() };
                self.database.audit(&request, operation)?;
            }
            Task::RestartCheckpoint | Task::Checkpoint => return self.move_log(task, log, limit, operation),
        }
        Ok(Outcome::Done)
    }

    fn move_log(&self, task: Task, log: Log, limit: u64, operation: &Operation) -> Result<Outcome> {
        self.database.call("checkpoint", operation, |core, operation| {
            let access = core.access()?;
            if task == Task::RestartCheckpoint {
                match plan::log_is_over(access, limit, operation)? {
                    None => return Ok(Outcome::Postponed),
                    Some(false) => return Ok(Outcome::Done),
                    Some(true) => {}
                }
            }
            let (mode, request) = plan::checkpoint_mode(task, log.size, limit);
            let report = checkpoint::run(access, mode, &request, operation)?;
            let complete = !report.busy && report.log == report.checkpointed;
            tracing::debug!(mode = report.mode, complete, log = report.log, "the monitor moved the log");
            Ok(if complete { Outcome::Done } else { Outcome::Postponed })
        })
    }

    fn publish(&self, now: Moment) {
        let duty = |(task, _): (Task, Option<u64>)| Duty {
            name: task.name(),
            last_at: self.schedule.last_at(task),
            next_at: self.schedule.next_at(task, now),
            failure: self.schedule.failure(task).map(str::to_owned),
        };
        let plan = self.schedule.plan();
        let integrity = match (self.notes.last_check(), plan.check_good_for_ms()) {
            (_, None) => Integrity::Off,
            (None, Some(_)) => Integrity::Unchecked,
            (Some((at, depth)), Some(good_for_ms)) => Integrity::Checked {
                at,
                depth,
                findings: self.notes.damage().unwrap_or_default(),
                good_for_ms: i64::try_from(good_for_ms).unwrap_or(i64::MAX),
            },
        };
        self.ticker.core.board.set_duties(Duties {
            winner: self.winner,
            trouble: self.trouble.clone(),
            tasks: plan.tasks().into_iter().map(duty).collect(),
            integrity,
        });
    }

    /// Tells the log, the record and the host what changed.
    fn tell(&mut self) {
        for (event, alert) in self.ticker.core.board.take_untold() {
            log(&event, &alert);
            (self.record)(&event, &alert);
            let slot = &self.ticker.core.monitor;
            let _telling = slot.telling.lock();
            let listeners: Vec<Arc<OnAlert>> =
                slot.listeners.lock().iter().map(|(_, listener)| Arc::clone(listener)).collect();
            // why inside a call: whatever it does with a handle of this database is refused, and cannot wait for this thread
            let _entered = operation::enter(self.ticker.gate.operation("alert"));
            for listener in listeners {
                if catch_unwind(AssertUnwindSafe(|| listener(&alert))).is_err() {
                    tracing::error!(key = alert.key, "the host's callback for alerts panicked");
                }
            }
        }
    }
}

fn log(event: &AlertEvent, alert: &Alert) {
    let AlertEvent { key, from, to, .. } = event;
    let (from, to, message, remedy) = (from.name(), to.name(), alert.message.as_str(), alert.remedy);
    match (event.to, alert.severity) {
        (AlertState::Firing, Severity::Critical) => tracing::error!(key, from, to, message, remedy, "alert"),
        (AlertState::Firing, Severity::Warning) => tracing::warn!(key, from, to, message, remedy, "alert"),
        _ => tracing::info!(key, from, to, message, remedy, "alert"),
    }
}
