//! Handles bound to a running transaction, and host code that gets one as its migration step.
//!
//! Leaves to others: the transaction itself (`migrations/run.rs`, `Database::transaction`).
//!
//! Invariant: a bound handle is closed before the transaction goes on, whatever became of the code that had it.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::call::Gate;
use super::{Core, Database, monitor, next_owner};
use crate::error::{Error, Result};
use crate::migrations::{Step, StepFn};
use crate::operation::{self, Caller, Origin};
use crate::request::Role;
use crate::sqlite::Connection;

/// Code of the host's that works inside the migration's transaction through the handle it is given.
pub type HostFn = Arc<dyn Fn(&Arc<Database>) -> Result<()> + Send + Sync>;

/// A migration whose code is the host's.
#[derive(Clone)]
pub struct HostStep {
    /// Its version, from 1.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Applies it.
    pub up: HostFn,
    /// Takes it back, where there is a way.
    pub down: Option<HostFn>,
}

impl HostStep {
    pub(super) fn bind(self, core: &Arc<Core>, actor: &Arc<str>) -> Step {
        // why weak: the core owns the catalog that owns this step
        let core = Arc::downgrade(core);
        let caller = Caller { actor: Arc::clone(actor), role: Role::Admin, origin: Origin::Migration };
        let bind = |code: HostFn| on_bound_handle(Weak::clone(&core), caller.clone(), code);
        Step { version: self.version, name: self.name, up: bind(self.up), down: self.down.map(bind) }
    }
}

fn on_bound_handle(core: Weak<Core>, caller: Caller, code: HostFn) -> StepFn {
    Arc::new(move |connection, _| {
        let core = core.upgrade().ok_or(Error::StaleHandle { kind: "database" })?;
        let bound = bound(&core, connection, &caller)?;
        code(bound.handle())
    })
}

/// A handle on the transaction that is open on `connection`.
pub(super) fn bound(core: &Core, connection: &Connection, caller: &Caller) -> Result<Bound> {
    let core = Core {
        access: Some(core.access()?.bind(connection)),
        catalog: Arc::clone(&core.catalog),
        vault: core.vault.clone(),
        audit: Arc::clone(&core.audit),
        limits: core.limits.clone(),
        measured: Arc::clone(&core.measured),
        board: Arc::clone(&core.board),
        monitor: monitor::Slot::default(),
        process: core.process,
        owner: next_owner(),
        around: operation::current().and_then(|operation| operation.account().cloned()),
        lent: Mutex::default(),
    };
    let core = Arc::new(core);
    let gate = Arc::new(Gate::new(Arc::clone(&core)));
    Ok(Bound { handle: Arc::new(Database { gate, caller: caller.clone() }), core })
}

/// A handle on a running transaction, closed when dropped: a copy that was kept must not reach the writer afterwards,
/// also when the code that had it panicked.
pub(super) struct Bound {
    handle: Arc<Database>,
    core: Arc<Core>,
}

impl Bound {
    pub(super) fn handle(&self) -> &Arc<Database> {
        &self.handle
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        // why its own gate first: once that is shut, no further handle can be made of it
        // why ignored: they were made by this process and no call on them is under way on this thread
        let _ = self.handle.gate.close();
        let lent = std::mem::take(&mut *self.core.lent.lock());
        for gate in lent.iter().filter_map(Weak::upgrade) {
            let _ = gate.close();
        }
    }
}
