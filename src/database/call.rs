//! The gate of a handle: every call passes it, and closing shuts it.
//!
//! Leaves to others: the table of rights (`rights.rs`).
//!
//! Invariants: the order of refusals is process, re-entry, closed, role; the fork check takes no lock, because a lock
//! held by another thread at the time of the fork stays locked in the child; the core is let go of before a call
//! counts as over, so that when `close` returns nothing of it is left in other threads.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::{Condvar, Mutex};

use super::{Core, Database, monitor, rights};
use crate::error::{Error, Result};
use crate::operation::{self, Account, Caller, Operation, Origin};
use crate::request::Role;
use crate::sqlite::Access;

/// A number no other database or transaction of this process has.
pub fn next_owner() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// See the head of this file.
pub(super) struct Gate {
    state: Mutex<State>,
    over: Condvar,
    closing: Arc<AtomicBool>,
    process: u32,
    owner: u64,
    /// A number no other handle of this process has.
    id: u64,
    /// For a handle on a transaction: the call that the transaction is part of.
    outer: Option<Operation>,
}

struct State {
    core: Option<Arc<Core>>,
    running: usize,
}

impl Gate {
    pub(super) fn new(core: Arc<Core>) -> Gate {
        let (process, owner) = (core.process, core.owner);
        let outer = if core.access().is_ok_and(Access::is_bound) { operation::current() } else { None };
        Gate {
            state: Mutex::new(State { core: Some(core), running: 0 }),
            over: Condvar::new(),
            closing: Arc::default(),
            process,
            owner,
            id: next_owner(),
            outer,
        }
    }

    /// Lets the call `verb` in, or says why not.
    fn enter(&self, verb: &'static str, caller: &Caller, operation: &Operation) -> Result<Call<'_>> {
        self.check_place(verb)?;
        let core = {
            let mut state = self.state.lock();
            let core = state.core.clone().filter(|_| !self.closing.load(Ordering::Acquire));
            let core = core.ok_or(Error::StaleHandle { kind: "database" })?;
            state.running += 1;
            core
        };
        // why: a thread that the transaction's own code started is in no call yet
        let operation = operation.begin(verb, self.owner, Arc::clone(&self.closing)).inside(self.outer.as_ref());
        let operation = operation.with_account(Account::new(caller.clone(), verb));
        Ok(Call { gate: self, core: Some(core), _entered: operation::enter(operation.clone()), operation })
    }

    fn check_place(&self, verb: &'static str) -> Result<()> {
        let current = std::process::id();
        if self.process != current {
            return Err(Error::WrongProcess { opened_by: self.process, current });
        }
        // why the monitor's thread too: it would wait for itself
        let waits = matches!(verb, "close" | "monitor_stop" | "on_alert");
        if operation::is_entered(self.owner) || (waits && monitor::is_here(self.owner)) {
            return Err(Error::Reentrant { verb });
        }
        Ok(())
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// An operation of this handle outside of any call, for what its monitor does between calls.
    pub(super) fn operation(&self, verb: &'static str) -> Operation {
        Operation::new().through(Origin::Monitor).begin(verb, self.owner, Arc::clone(&self.closing))
    }

    /// Cancels the calls of this handle and lets no more in.
    pub(super) fn shut(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// Asks the monitor of this handle to stop when nobody can wait for it.
    pub(super) fn abandon(&self) {
        let core = self.state.lock().core.clone();
        if let Some(core) = core {
            core.monitor.abandon(self.id);
        }
    }

    pub(super) fn close(&self) -> Result<()> {
        self.check_place("close")?;
        self.shut();
        let core = self.state.lock().core.clone();
        if let Some(core) = &core {
            core.monitor.cancel(self.id);
        }
        {
            let mut state = self.state.lock();
            while state.running > 0 {
                self.over.wait(&mut state);
            }
        }
        // why behind the calls: one of them may have started it
        if let Some(core) = core {
            if core.monitor.stop(Some(self.id)) {
                core.board.stop();
            }
            core.monitor.listen(self.id, None);
        }
        let core = self.state.lock().core.take();
        drop(core);
        Ok(())
    }
}

impl Database {
    /// Makes the call `verb`: past the gate, if the role may, and then `body`; whatever came out is recorded.
    pub(super) fn call<T>(
        &self,
        verb: &'static str,
        operation: &Operation,
        body: impl FnOnce(&Arc<Core>, &Operation) -> Result<T>,
    ) -> Result<T> {
        let call = self.gate.enter(verb, &self.caller, operation)?;
        let allowed = rights::check(verb, self.caller.role).and_then(|()| call.operation.check());
        let core = call.core();
        let finished = |error: Option<&Error>| {
            let Ok(access) = core.access() else { return };
            if let Some((meter, account)) = access.meter().zip(call.operation.own_account()) {
                meter.called(verb, error, account.elapsed());
            }
            core.audit.finished(access, &call.operation, core.around.as_ref(), error);
        };
        // why safe to unwind through: nothing is used after it but what a panic in another thread could have left alike
        let body = AssertUnwindSafe(|| allowed.and_then(|()| body(core, &call.operation)));
        match std::panic::catch_unwind(body) {
            Ok(outcome) => {
                finished(outcome.as_ref().err());
                outcome
            }
            Err(panic) => {
                finished(Some(&Error::Panic { text: "the call ended in a panic".into() }));
                std::panic::resume_unwind(panic)
            }
        }
    }

    /// For a door that must read its arguments before it can call `verb`: refuses as that call would, to a role that may not make
    /// it, so that no argument makes another answer of it.
    pub(crate) fn admit(&self, verb: &'static str) -> Result<()> {
        // why not for an admin: what is refused to nobody need not be looked up twice
        if self.caller.role == Role::Admin || rights::check(verb, self.caller.role).is_ok() {
            return Ok(());
        }
        self.call(verb, &Operation::new(), |_, _| Ok(()))
    }
}

/// A call that was let in.
struct Call<'g> {
    gate: &'g Gate,
    /// `None` only while it is dropped.
    core: Option<Arc<Core>>,
    operation: Operation,
    _entered: operation::Entered,
}

impl Call<'_> {
    fn core(&self) -> &Arc<Core> {
        match &self.core {
            Some(core) => core,
            // why: only `drop` empties it
            None => unreachable!("a call in use has its core"),
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.core = None;
        let mut state = self.gate.state.lock();
        state.running -= 1;
        if state.running == 0 {
            self.gate.over.notify_all();
        }
    }
}
