//! The monitor of a database: started for a handle, and ended with it.
//!
//! Leaves to others: what its thread does (`watch.rs`).
//!
//! Invariants: started only when asked; it belongs to the handle that started it, whose close cancels what it does and waits for its
//! thread. From inside the host's callback every handle of the database answers `REENTRANT`, and its thread never waits for itself. In
//! a child of a fork the thread is not there and nothing of it is touched.

mod watch;

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use watch::Watch;

use super::call::Gate;
use super::{Core, Database};
use crate::error::{Error, Result};
use crate::operation::{Caller, Origin};
use crate::ops::monitor::{Plan, Task};
use crate::report::{self, Alert, elapsed_ms};
use crate::request::{self, Role};

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
    /// Who is told, each with the handle that wants it.
    listeners: Mutex<Vec<(u64, Arc<OnAlert>)>>,
    /// Locked while the host is told.
    telling: Mutex<()>,
}

struct Running {
    gate: Weak<Gate>,
    signals: Arc<Signals>,
    thread: JoinHandle<()>,
}

/// What the thread sleeps on. Of the standard library, because a thread that waits in a lock of `parking_lot` stands in a table of the
/// process, which a child of a fork gets with the thread's stack in it.
#[derive(Default)]
struct Signals {
    stop: std::sync::Mutex<Stop>,
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
        self.how() != Stop::No
    }

    fn how(&self) -> Stop {
        *self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, limit: Duration) {
        let stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        // why the outcome does not matter: whoever waits looks again
        let _ = self.changed.wait_timeout_while(stop, limit, |stop| *stop == Stop::No);
    }

    fn set(&self, how: Stop) {
        *self.stop.lock().unwrap_or_else(PoisonError::into_inner) = how;
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
        // why handed out of the lock: what goes with a callback is the host's, and may ask this database
        let before: Vec<_> = {
            let mut listeners = self.listeners.lock();
            let before = listeners.extract_if(.., |(of, _)| *of == owner).collect();
            listeners.extend(listener.map(|listener| (owner, listener)));
            before
        };
        if !before.is_empty() {
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
        false => {
            let has_file = settings.path.is_some();
            Plan::new(request, core.vault.every_hours.is_some(), has_file, has_file && core.audit.keep_days().is_some())
        }
    };
    let task = |(task, every_ms): (Task, Option<u64>)| report::MonitorTask { name: task.name(), every_ms };
    let report =
        report::MonitorStart { tick_ms: request.tick_ms(), tasks: plan.tasks().into_iter().map(task).collect() };
    let caller = Caller { actor: "monitor".into(), role: Role::Admin, origin: Origin::Monitor };
    let database = Database { gate: Arc::new(Gate::new(Arc::clone(core))), caller };
    let (gate, signals) = (Arc::downgrade(&database.gate), Arc::new(Signals::default()));
    let tick = Duration::from_millis(request.tick_ms());
    let watch = Watch::new((core, database), settings, (plan, tick, request.health()), Arc::clone(&signals));
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
        let what = "a monitor of this database".into();
        return Err(Error::NoSuch { what, remedy: "nothing is to be stopped; monitor_start starts one" });
    }
    Ok(report::MonitorStop { ticks: core.board.stop(), duration_ms: elapsed_ms(start) })
}
