//! One call being watched: [`Operation`] carries cancel, time-out and progress between the thread that asks
//! and the thread that works.
//!
//! Leaves to others: where it is polled (SQLite's progress and busy handlers, the backup loop, the Lua hook).
//! SQLite's own interrupt is not used: it belongs to a connection and would hit the next statement when it
//! comes late; an operation belongs to one call.
//!
//! Invariant: `enter` nests like a stack on each thread, so the handlers, which get no argument of ours,
//! always find the operation of the call they run under.

mod account;

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::error::{Error, Result};

pub use account::Origin;
pub(crate) use account::{Account, Caller};

/// Called with the state of the work; `false` stops it.
pub type OnProgress = dyn Fn(&Progress) -> bool + Send + Sync;

/// How far a call has come.
#[derive(Debug, Clone, Default, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Progress {
    /// What is being done now, such as `copying pages`; empty before the first report.
    pub stage: String,
    /// Units done of `total`.
    pub done: u64,
    /// Units in all; 0 while unknown.
    pub total: u64,
    /// Whether a stop was asked for.
    pub cancelled: bool,
}

/// Between two heartbeats of a long statement the callback is left alone this long.
const HEARTBEAT: Duration = Duration::from_millis(100);

/// Cancel, time-out and progress of one call; clones share one state. Usable from any thread.
#[derive(Clone)]
pub struct Operation {
    state: Arc<State>,
    /// Set when the handle that carries the call is being closed.
    closing: Option<Arc<AtomicBool>>,
    verb: &'static str,
    /// Which handle the call is on; 0 while bound to none.
    owner: u64,
    deadline: Option<Instant>,
    /// The deadline of a script, and its limit in milliseconds.
    script: Option<(Instant, u64)>,
    /// The call inside which this one runs: its end is this one's too.
    outer: Option<Box<Operation>>,
    origin: Origin,
    /// Who makes the call and what becomes of it; `None` before it is let in.
    account: Option<Arc<Account>>,
}

struct State {
    cancelled: AtomicBool,
    /// 0: no limit.
    timeout_ms: AtomicU64,
    progress: Mutex<Progress>,
    callback: Mutex<Option<Arc<OnProgress>>>,
    last_heartbeat: Mutex<Instant>,
    boundary: Mutex<Option<Arc<OnBoundary>>>,
}

/// Called where a crash would be hardest to survive, see [`Operation::on_boundary`].
pub type OnBoundary = dyn Fn(&'static str) + Send + Sync;

impl Default for Operation {
    fn default() -> Self {
        Operation {
            state: Arc::new(State {
                cancelled: AtomicBool::new(false),
                timeout_ms: AtomicU64::new(0),
                progress: Mutex::default(),
                callback: Mutex::default(),
                last_heartbeat: Mutex::new(Instant::now()),
                boundary: Mutex::default(),
            }),
            closing: None,
            verb: "the call",
            owner: 0,
            deadline: None,
            script: None,
            outer: None,
            origin: Origin::Rust,
            account: None,
        }
    }
}

impl Operation {
    /// An operation without limit or callback.
    #[must_use]
    pub fn new() -> Operation {
        Operation::default()
    }

    /// This operation for calls that come through another door than the Rust API. A handle keeps the door it was opened through.
    #[must_use]
    pub fn through(self, origin: Origin) -> Operation {
        Operation { origin, ..self }
    }

    /// The door that [`Operation::through`] named.
    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    /// This operation with an account of its call.
    #[must_use]
    pub(crate) fn with_account(self, account: Account) -> Operation {
        Operation { account: Some(Arc::new(account)), ..self }
    }

    /// The account of the call, or of the one around it.
    pub(crate) fn account(&self) -> Option<&Arc<Account>> {
        self.account.as_ref().or_else(|| self.outer.as_ref().and_then(|outer| outer.account()))
    }

    /// The account of this very call.
    pub(crate) fn own_account(&self) -> Option<&Arc<Account>> {
        self.account.as_ref()
    }

    /// Whether the call is made inside another.
    pub(crate) fn is_inside(&self) -> bool {
        self.outer.is_some()
    }

    /// Says, for the account, what the call is about.
    pub(crate) fn about(&self, target: impl FnOnce() -> String) {
        if let Some(account) = &self.account {
            account.set_target(target());
        }
    }

    /// The same for a call about a file.
    pub(crate) fn about_path(&self, path: Option<&std::path::Path>) {
        if let Some(path) = path {
            self.about(|| path.display().to_string());
        }
    }

    /// Asks the call to stop; it returns `CANCELLED` at its next poll. A call that starts later with this
    /// operation stops at once.
    pub fn cancel(&self) {
        self.state.cancelled.store(true, Ordering::Release);
    }

    /// Limits each call made with this operation to `ms` milliseconds, counted from its start; 0 is no limit.
    /// A call that already runs keeps the limit it started with.
    pub fn set_timeout_ms(&self, ms: u64) {
        self.state.timeout_ms.store(ms, Ordering::Release);
    }

    /// Sets or removes the callback that is told about progress. It runs on the thread that does the work,
    /// and returning `false` from it cancels.
    pub fn on_progress(&self, callback: Option<Arc<OnProgress>>) {
        *lock(&self.state.callback) = callback;
    }

    /// For tests of crashes: calls `hook` after every statement of a migration, and before and after every commit, with a
    /// word on where that is. A hook that ends the process there shows what a crash would leave.
    #[doc(hidden)]
    pub fn on_boundary(&self, hook: Option<Arc<OnBoundary>>) {
        *lock(&self.state.boundary) = hook;
    }

    /// Says that the work is at a point where a crash must be survived.
    pub(crate) fn boundary(&self, place: &'static str) {
        let hook = lock(&self.state.boundary).clone();
        if let Some(hook) = hook {
            hook(place);
        }
    }

    /// The state of the work as last reported.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let mut progress = lock(&self.state.progress).clone();
        progress.cancelled = self.state.cancelled.load(Ordering::Acquire);
        progress
    }

    /// This operation bound to one call on the handle `owner`: the clock starts, and `closing` stops it too, as does the end
    /// of the call that this thread is in already.
    #[must_use]
    pub fn begin(&self, verb: &'static str, owner: u64, closing: Arc<AtomicBool>) -> Operation {
        *lock(&self.state.progress) = Progress::default();
        let timeout = self.state.timeout_ms.load(Ordering::Acquire);
        Operation {
            state: Arc::clone(&self.state),
            closing: Some(closing),
            verb,
            owner,
            outer: current().map(Box::new),
            script: None,
            origin: self.origin,
            account: None,
            deadline: (timeout > 0).then(|| Instant::now() + Duration::from_millis(timeout)),
        }
    }

    /// This operation for a script that may run `limit`: from then on it fails with `SCRIPT_TIMEOUT`.
    #[must_use]
    pub(crate) fn for_script(&self, limit: Duration) -> Operation {
        let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        Operation { script: Some((Instant::now() + limit, limit_ms)), ..self.clone() }
    }

    /// Whether this call, or one around it, is on the handle `owner`. The ones around it count because a script works on a
    /// thread of its own, whose stack begins with it.
    fn is_of(&self, owner: u64) -> bool {
        self.owner == owner || self.outer.as_ref().is_some_and(|outer| outer.is_of(owner))
    }

    /// This operation inside the call `outer`, unless it is inside one already.
    #[must_use]
    pub(crate) fn inside(self, outer: Option<&Operation>) -> Operation {
        let outer = self.outer.or_else(|| outer.cloned().map(Box::new));
        Operation { outer, ..self }
    }

    /// The name of the call this operation is bound to.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        self.verb
    }

    /// Says how far the work is and lets the callback answer; fails when the work shall stop.
    pub fn report(&self, stage: &str, done: u64, total: u64) -> Result<()> {
        {
            let mut progress = lock(&self.state.progress);
            if progress.stage != stage {
                stage.clone_into(&mut progress.stage);
            }
            progress.done = done;
            progress.total = total;
        }
        self.call_back();
        self.check()
    }

    /// Polled from inside long statements: like [`Operation::check`], and the callback hears of it a few
    /// times a second.
    pub(crate) fn heartbeat(&self) -> Result<()> {
        if lock(&self.state.callback).is_some() {
            let due = {
                let mut last = lock(&self.state.last_heartbeat);
                let due = last.elapsed() >= HEARTBEAT;
                if due {
                    *last = Instant::now();
                }
                due
            };
            if due {
                self.call_back();
            }
        }
        self.check()
    }

    /// Fails with `CANCELLED` or `TIMEOUT` when the work shall stop.
    pub fn check(&self) -> Result<()> {
        let closing = self.closing.as_ref().is_some_and(|flag| flag.load(Ordering::Acquire));
        if closing || self.state.cancelled.load(Ordering::Acquire) {
            return Err(Error::Cancelled { verb: self.verb });
        }
        if let Some(outer) = &self.outer {
            outer.check()?;
        }
        if self.deadline.is_none() && self.script.is_none() {
            return Ok(());
        }
        let now = Instant::now();
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            let limit_ms = self.state.timeout_ms.load(Ordering::Acquire);
            return Err(Error::Timeout { verb: self.verb, limit_ms, place: Box::default() });
        }
        match self.script {
            Some((deadline, limit_ms)) if now >= deadline => {
                Err(Error::ScriptTimeout { limit_ms, place: Box::default() })
            }
            _ => Ok(()),
        }
    }

    /// How long this call may still run, by its own limits and those around it; `None` without one.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        let outer = self.outer.as_ref().and_then(|outer| outer.time_left());
        let own = [self.deadline, self.script.map(|(deadline, _)| deadline)].into_iter().flatten();
        own.map(|deadline| deadline.saturating_duration_since(Instant::now())).chain(outer).min()
    }

    fn call_back(&self) {
        // why a clone: the callback may replace itself, and must not find the lock held
        let callback = lock(&self.state.callback).clone();
        if let Some(callback) = callback
            && !callback(&self.progress())
        {
            self.cancel();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    // why asked with `try_with`: where a thread ends, as in a destructor of a host's that closes its database, there is none any more,
    // and such a call is in no other
    static CURRENT: RefCell<Vec<Operation>> = const { RefCell::new(Vec::new()) };
}

/// Makes `operation` the one that handlers on this thread poll, until the guard is dropped.
#[must_use]
pub(crate) fn enter(operation: Operation) -> Entered {
    let _ = CURRENT.try_with(|stack| stack.borrow_mut().push(operation));
    Entered { _here: std::marker::PhantomData }
}

/// The operation this thread works under.
pub(crate) fn current() -> Option<Operation> {
    CURRENT.try_with(|stack| stack.borrow().last().cloned()).ok().flatten()
}

/// Says, for the account of the call that this thread is in, whether it only tries.
pub(crate) fn about_dry_run(is_dry: bool) {
    if is_dry
        && let Some(operation) = current()
        && let Some(account) = operation.account()
    {
        account.set_dry();
    }
}

/// Whether a call on the handle `owner` is under way further up this thread's stack.
pub(crate) fn is_entered(owner: u64) -> bool {
    CURRENT.try_with(|stack| stack.borrow().iter().any(|operation| operation.is_of(owner))).unwrap_or(false)
}

/// See [`enter`]; stays on its thread.
pub(crate) struct Entered {
    _here: std::marker::PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let _ = CURRENT.try_with(|stack| stack.borrow_mut().pop());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancel_reaches_the_bound_call_and_later_ones() {
        let operation = Operation::new();
        let bound = operation.begin("stats", 1, Arc::default());
        assert_eq!(bound.check(), Ok(()));
        operation.cancel();
        assert_eq!(bound.check(), Err(Error::Cancelled { verb: "stats" }));
        assert!(operation.begin("health", 1, Arc::default()).check().is_err());
    }

    #[test]
    fn the_clock_starts_with_the_call_not_with_the_operation() {
        let operation = Operation::new();
        operation.set_timeout_ms(1);
        std::thread::sleep(Duration::from_millis(5));
        let bound = operation.begin("query", 1, Arc::default());
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(bound.check(), Err(Error::Timeout { verb: "query", limit_ms: 1, place: Box::default() }));
    }

    #[test]
    fn the_end_of_a_call_is_the_end_of_those_inside_it() {
        let outer = Operation::new();
        let entered = enter(outer.begin("transaction", 1, Arc::default()));
        let inner = Operation::new().begin("query", 2, Arc::default());
        assert_eq!(inner.check(), Ok(()));
        outer.cancel();
        assert_eq!(inner.check(), Err(Error::Cancelled { verb: "transaction" }));
        drop(entered);
        assert_eq!(Operation::new().begin("query", 2, Arc::default()).check(), Ok(()));
    }

    #[test]
    fn a_callback_that_says_no_cancels_and_may_replace_itself() {
        let operation = Operation::new();
        let inner = operation.clone();
        operation.on_progress(Some(Arc::new(move |progress| {
            inner.on_progress(None);
            progress.done < 5
        })));
        let bound = operation.begin("backup", 1, Arc::default());
        assert!(bound.report("copying pages", 5, 10).is_err());
        let seen = operation.progress();
        assert_eq!((seen.stage.as_str(), seen.done, seen.total, seen.cancelled), ("copying pages", 5, 10, true));
    }
}
