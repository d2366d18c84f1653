//! The monitor of a database: one thread that looks, tells of alerts, and runs what is due through the verbs themselves.
//!
//! Leaves to others: when a task is due (`ops/monitor`), what is wrong (`ops/alerts`).
//!
//! Invariants: started only when asked; it belongs to the handle that started it, whose close cancels what it does and waits for its
//! thread. No failure and no panic ends it. The host is told with no lock held but the one that lets a removed callback rest, and
//! from inside it every handle of the database answers `REENTRANT`. In a child of a fork the thread is not there and nothing of it is
//! touched.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::call::Gate;
use super::{Core, Database};
use crate::error::{Error, Result};
use crate::machine::Moment;
use crate::operation::{self, Caller, Operation, Origin};
use crate::ops::alerts::{self, Duties, Duty, Integrity, Look};
use crate::ops::monitor::{self as plan, Log, Notes, Outcome, Plan, Schedule, Seat, Task};
use crate::ops::{checkpoint, upkeep};
use crate::report::{self, Alert, AlertEvent, AlertState, Severity, elapsed_ms};
use crate::request::{self, Role};
use crate::sqlite::AtWork;

/// Told of an alert that fires, is looked after, or is over.
pub type OnAlert = dyn Fn(&Alert) + Send + Sync;

thread_local! {
    /// The database whose monitor this thread is; 0 for none.
    static WATCHED: Cell<u64> = const { Cell::new(0) };
}

/// Whether this thread is the monitor of the database `owner`.
pub(super) fn is_here(owner: u64) -> bool {
    WATCHED.get() == owner
}

/// The place of a monitor in the core of its database.
#[derive(Default)]
pub(super) struct Slot {
    /// Locked while a monitor is started or waited for.
    running: Mutex<Option<Running>>,
    /// The handle that started it, 0 for none: the monitor's own handle must learn that it is not the one without the lock.
    owner: AtomicU64,
    listener: Mutex<Option<(u64, Arc<OnAlert>)>>,
    /// Locked while the host is told.
    telling: Mutex<()>,
}

struct Running {
    gate: Weak<Gate>,
    signals: Arc<Signals>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Signals {
    stop: Mutex<Stop>,
    changed: Condvar,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stop {
    #[default]
    No,
    Yes,
    /// Nobody waits for it.
    Alone,
}

impl Signals {
    fn stopped(&self) -> bool {
        *self.stop.lock() != Stop::No
    }

    fn wait(&self, limit: Duration) {
        let mut stop = self.stop.lock();
        if *stop == Stop::No {
            self.changed.wait_for(&mut stop, limit);
        }
    }

    fn set(&self, how: Stop) {
        *self.stop.lock() = how;
        self.changed.notify_all();
    }
}

impl Slot {
    /// Asks the monitor that the handle `owner` started to stop, and does not wait.
    pub(super) fn cancel(&self, owner: u64) {
        self.ask(owner, Stop::Yes);
    }

    /// The same when nobody can wait for it, because its own thread let go of the handle.
    pub(super) fn abandon(&self, owner: u64) {
        self.ask(owner, Stop::Alone);
    }

    fn ask(&self, owner: u64, how: Stop) {
        if self.owner.load(Ordering::Acquire) != owner {
            return;
        }
        // why not waiting: whoever has the lock waits for the monitor already
        let Some(running) = self.running.try_lock() else { return };
        if let Some(running) = running.as_ref() {
            running.ask(how);
        }
    }

    /// Stops the monitor, if the handle `owner` started it or anybody may, and waits for its thread; false when there is none.
    pub(super) fn stop(&self, owner: Option<u64>) -> bool {
        let is_mine = || owner.is_none_or(|owner| self.owner.load(Ordering::Acquire) == owner);
        if !is_mine() {
            return false;
        }
        let mut running = self.running.lock();
        let Some(found) = running.take_if(|_| is_mine()) else { return false };
        found.ask(Stop::Yes);
        // why ignored: its panics are caught on the way, and one that was not has ended it as well
        let _ = found.thread.join();
        self.owner.store(0, Ordering::Release);
        true
    }

    /// Sets the callback of the handle `owner`, or removes it; returns when the one before is not running any more.
    pub(super) fn listen(&self, owner: u64, listener: Option<Arc<OnAlert>>) {
        let before = std::mem::replace(&mut *self.listener.lock(), listener.map(|listener| (owner, listener)));
        if before.is_some() {
            drop(self.telling.lock());
        }
    }

    /// Removes the callback of a handle that is closed.
    pub(super) fn forget(&self, owner: u64) {
        let taken = self.listener.lock().take_if(|(of, _)| *of == owner);
        if taken.is_some() {
            drop(self.telling.lock());
        }
    }
}

impl Running {
    fn ask(&self, how: Stop) {
        self.signals.set(how);
        if let Some(gate) = self.gate.upgrade() {
            gate.shut();
        }
    }
}

/// Starts the monitor of `core` for the handle `owner`.
pub(super) fn start(core: &Arc<Core>, owner: u64, request: &request::Monitor) -> Result<report::MonitorStart> {
    let access = core.access()?;
    if access.is_bound() {
        return Err(Error::Unsupported {
            what: "monitor_start inside a transaction".into(),
            instead: Some("start it with the handle of the database"),
        });
    }
    let mut running = core.monitor.running.lock();
    if running.is_some() {
        return Err(Error::AlreadyExists { path: format!("a monitor of {}", access.settings().display()) });
    }
    let settings = access.settings();
    let plan = match settings.read_only {
        true => Plan::looks_only(),
        false => Plan::new(request, core.vault.every_hours.is_some(), settings.path.is_some()),
    };
    let task = |(task, every_ms): (Task, Option<u64>)| report::MonitorTask { name: task.name(), every_ms };
    let report =
        report::MonitorStart { tick_ms: request.tick_ms(), tasks: plan.tasks().into_iter().map(task).collect() };
    let caller = Caller { actor: "monitor".into(), role: Role::Admin, origin: Origin::Monitor };
    let database = Database { gate: Arc::new(Gate::new(Arc::clone(core))), caller };
    let (gate, signals) = (Arc::downgrade(&database.gate), Arc::new(Signals::default()));
    let tick = Duration::from_millis(request.tick_ms());
    let watch = Watch {
        ticker: Arc::new(Ticker {
            core: Arc::clone(core),
            gate: Arc::clone(&database.gate),
            tick,
            look: Mutex::default(),
            known: Mutex::default(),
            last: AtomicU64::new(0),
        }),
        schedule: Schedule::new(plan),
        seat: Seat::of(settings),
        looks_only: settings.read_only,
        winner: None,
        trouble: None,
        notes: Notes::default(),
        written: None,
        signals: Arc::clone(&signals),
        // what becomes of an event besides the log and the host's callback: the audit takes it from here
        record: Box::new(|_, _| {}),
        database,
    };
    core.board.start(request.alerts.clone(), tick);
    let owner_of_core = core.owner;
    let spawned = std::thread::Builder::new().name("rpmadb-monitor".into()).spawn(move || {
        WATCHED.set(owner_of_core);
        watch.run();
    });
    let thread = spawned.map_err(|error| {
        core.board.stop();
        Error::from_io("the thread of the monitor", &error)
    })?;
    *running = Some(Running { gate, signals, thread });
    core.monitor.owner.store(owner, Ordering::Release);
    Ok(report)
}

/// Stops the monitor of `core`, whichever handle started it.
pub(super) fn stop(core: &Core) -> Result<report::MonitorStop> {
    let start = Instant::now();
    if !core.monitor.stop(None) {
        return Err(Error::NotFound { what: "a monitor of this database".into() });
    }
    Ok(report::MonitorStop { ticks: core.board.stop(), duration_ms: elapsed_ms(start) })
}

/// The looks, which also go on while a task runs.
struct Ticker {
    core: Arc<Core>,
    gate: Arc<Gate>,
    tick: Duration,
    look: Mutex<Look>,
    /// What checks found: damage, and rows that point nowhere.
    known: Mutex<(Option<Vec<String>>, Option<Vec<String>>)>,
    /// When it last looked, by the steady clock.
    last: AtomicU64,
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
        let mut readings = look.take(access, &self.core.vault, &operation, now);
        (readings.damage, readings.orphans) = self.known.lock().clone();
        self.core.board.ticked(|limits| alerts::judge(&readings, limits, now.wall_ms), now);
    }

    /// Looks if that is due; for the inside of a long task. Nobody is told there, because the task holds locks.
    fn look_meanwhile(&self) {
        let now = Moment::now();
        let since = now.steady_ms.saturating_sub(self.last.load(Ordering::Relaxed));
        if u128::from(since) >= self.tick.as_millis() {
            self.look(now);
        }
    }
}

/// What becomes of an event.
type Record = Box<dyn FnMut(&AlertEvent, &Alert) + Send>;

/// The thread.
struct Watch {
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
    signals: Arc<Signals>,
    record: Record,
    database: Database,
}

impl Watch {
    fn run(mut self) {
        while !self.signals.stopped() {
            if catch_unwind(AssertUnwindSafe(|| self.turn())).is_err() {
                tracing::error!("the monitor panicked in a look or a task, and goes on");
            }
            let next = self.ticker.last.load(Ordering::Relaxed).saturating_add(self.tick_ms());
            let left = next.saturating_sub(Moment::now().steady_ms).min(self.tick_ms());
            self.signals.wait(Duration::from_millis(left.max(1)));
        }
        let core = Arc::clone(&self.ticker.core);
        if *self.signals.stop.lock() == Stop::Alone {
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
        self.see_log(now);
        self.ticker.look(now);
        self.publish(now);
        self.tell();
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
        let written = self.seat.written();
        let is_new = self.written.is_none() || written != self.written;
        if (self.winner == Some(true) && had_it) || !is_new {
            return;
        }
        self.written = written;
        self.notes = self.seat.read();
        self.schedule.learn(&self.notes);
        self.know();
        if self.winner == Some(true) {
            tracing::info!("this process runs the tasks of the monitor");
        }
    }

    fn know(&self) {
        *self.ticker.known.lock() = (self.notes.damage(), self.notes.orphans());
    }

    fn see_log(&mut self, now: Moment) {
        let Ok(access) = self.ticker.core.access() else { return };
        let log = access.settings().log().map_or_else(Log::default, |(size, written)| Log { size, written });
        self.schedule.see_log(log, now);
    }

    fn run_task(&mut self, task: Task) {
        let (log, start) = (self.schedule.log(), Instant::now());
        let operation = Operation::new().through(Origin::Monitor);
        let ticker = Arc::clone(&self.ticker);
        let at_work = AtWork::begin();
        operation.on_progress(Some(Arc::new(move |_| {
            AtWork::let_fork();
            ticker.look_meanwhile();
            true
        })));
        let outcome = catch_unwind(AssertUnwindSafe(|| self.perform(task, log, &operation)));
        operation.on_progress(None);
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
        if let Err(error) = self.seat.write(&self.notes) {
            tracing::warn!(%error, "the monitor could not note what it did");
        }
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
                let optimize = |core: &Arc<Core>, operation: &Operation| upkeep::optimize(core.access()?, operation);
                self.database.call("optimize", operation, optimize)?;
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
            let listener = slot.listener.lock().as_ref().map(|(_, listener)| Arc::clone(listener));
            let Some(listener) = listener else { continue };
            // why inside a call: whatever it does with a handle of this database is refused, and cannot wait for this thread
            let _entered = operation::enter(self.ticker.gate.operation("alert"));
            if catch_unwind(AssertUnwindSafe(|| listener(&alert))).is_err() {
                tracing::error!(key = alert.key, "the host's callback for alerts panicked");
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
