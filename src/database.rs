//! [`Database`]: an open, migrated database for one user of the host. Every door goes through here.
//!
//! A method says which verb it is, gets past the gate (`call.rs`: right process, not re-entered, not closing, a role
//! that may), picks the connections, and is one line into `ops`, `migrations` or `lua`. It has no behaviour of its own.
//!
//! Invariants: handles of one database share one writer and one pool; closing a handle cancels its calls, waits for
//! them, and the last handle closes the file; after `fork` a child never touches the parent's connections.

mod call;
mod hosted;
mod monitor;
mod opening;
mod repl;
mod rights;
#[cfg(test)]
mod schema;
#[cfg(feature = "host-sqlite")]
mod sql;
mod step;
mod testing;
mod upkeep;

use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use call::Gate;
use parking_lot::Mutex;

use crate::archive::vault::Vault;
use crate::audit::Log;
use crate::error::{Error, Result};
use crate::lua;
use crate::migrations::{self, Catalog};
use crate::operation::{Account, Caller, Operation};
use crate::ops;
use crate::ops::restore::Net;
use crate::report::{self, elapsed_ms};
use crate::request::{self, CheckpointMode, Role};
use crate::sqlite::Access;
#[cfg(feature = "host-sqlite")]
pub use crate::sqlite::Definition;
pub use crate::sqlite::{HostApi, HostConnection};

pub use call::next_owner;
pub use hosted::{bind, open_of, ready};
pub use monitor::OnAlert;
pub use opening::Opening;
pub use repl::Repl;
pub use rights::VERBS;
#[cfg(feature = "host-sqlite")]
pub use sql::work_on;
pub use step::{HostFn, HostStep};

/// An open database, for one user of the host. Usable from any thread at any time: reads run side by side, writes
/// queue.
pub struct Database {
    gate: Arc<Gate>,
    caller: Caller,
}

/// What all handles of one database share.
struct Core {
    /// `None` only while it is dropped.
    access: Option<Access>,
    catalog: Arc<Catalog>,
    vault: Vault,
    audit: Arc<Log>,
    limits: request::ScriptLimits,
    /// What earlier calls of `stats` measured.
    measured: Arc<ops::stats::Measured>,
    /// What the monitor found last.
    board: Arc<ops::alerts::Board>,
    monitor: monitor::Slot,
    /// The process that opened it.
    process: u32,
    /// Tells calls on this database from calls on others, see [`Error::Reentrant`].
    owner: u64,
    /// For a transaction: the account of the call that it is part of.
    around: Option<Arc<Account>>,
    /// Further handles on a transaction: they end with it.
    lent: Mutex<Vec<Weak<Gate>>>,
}

impl Drop for Core {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            // why: SQLite forbids using or closing a connection that was carried across fork
            std::mem::forget(self.access.take());
            // why: its thread is not there, and letting go of it would touch what it left locked
            std::mem::forget(std::mem::take(&mut self.monitor));
        } else if let Some(access) = self.access.as_ref().filter(|access| !access.is_bound()) {
            self.audit.close(access);
        }
    }
}

impl Core {
    fn access(&self) -> Result<&Access> {
        self.access.as_ref().ok_or(Error::StaleHandle { kind: "database" })
    }

    fn place(&self) -> ops::restore::Place<'_> {
        ops::restore::Place { vault: &self.vault, catalog: &self.catalog, audit: &self.audit }
    }

    /// `health`, for the verb and for the monitor.
    fn health(&self, request: &request::Health, operation: &Operation, patience: Duration) -> Result<report::Health> {
        let (kept, watched) = ((&self.vault, &*self.audit), self.board.watched());
        ops::health::of(self.access()?, &self.catalog, kept, request, watched, (operation, patience))
    }
}

impl Database {
    /// Begins to open the database at `path`; `:memory:` is one in memory.
    pub fn at(path: impl AsRef<Path>) -> Opening {
        Opening::new(path.as_ref())
    }

    /// Opens or creates the database at `path` and migrates it to the latest version, unless `options` say otherwise.
    pub fn open(
        path: impl AsRef<Path>,
        options: &request::Open,
        operation: &Operation,
    ) -> Result<(Database, report::Open)> {
        Database::at(path).options(options.clone()).open(operation)
    }

    /// A second handle on the same database, for `actor` with the rights of `role`; never more than this handle's. A supervisor, who
    /// is shown the records of the own actor, hands out that role to no other.
    pub fn act_as(&self, actor: &str, role: Role) -> Result<Database> {
        self.call("as", &Operation::new(), |core, operation| {
            operation.about(|| format!("{actor} as {}", role.name()));
            if role > self.caller.role {
                let what = format!("hand out the role {}", role.name());
                return Err(Error::Denied { role: self.caller.role.name(), what });
            }
            // why: by another name it would be shown the records of that one
            if self.caller.role != Role::Admin && role == Role::Supervisor && *actor != *self.caller.actor {
                let what = format!("hand out the role {} to another actor", role.name());
                return Err(Error::Denied { role: self.caller.role.name(), what });
            }
            let gate = Arc::new(Gate::new(Arc::clone(core)));
            if core.access()?.is_bound() {
                core.lent.lock().push(Arc::downgrade(&gate));
            }
            Ok(Database { gate, caller: Caller { actor: actor.into(), role, origin: self.caller.origin } })
        })
    }

    /// Cancels the calls that run on this handle, waits for them, and lets go of the database; later calls fail with
    /// `STALE_HANDLE`. The last handle closes the file.
    pub fn close(&self) -> Result<()> {
        self.gate.close()
    }

    /// Who uses this handle.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.caller.actor
    }

    /// What this handle may do.
    #[must_use]
    pub fn role(&self) -> Role {
        self.caller.role
    }

    /// Registers a migration whose code is the host's; it wins over a file of its version. It runs with the next
    /// `migrate`, so open with `migrate: false` to register steps first.
    pub fn add_step(&self, step: HostStep) -> Result<()> {
        self.call("add_step", &Operation::new(), |core, operation| {
            operation.about(|| format!("{} {}", step.version, step.name));
            if core.access()?.is_bound() {
                return Err(Error::Unsupported {
                    what: "add_step inside a transaction".into(),
                    instead: Some("register steps with the handle of the database, outside of it"),
                });
            }
            core.catalog.add(step.bind(core, &self.caller.actor))
        })
    }

    /// Applies what is pending.
    pub fn migrate(&self, request: &request::Migrate, operation: &Operation) -> Result<report::Migrate> {
        self.call("migrate", operation, |core, operation| {
            request::Request::check(request)?;
            let access = core.access()?;
            let mut net = Net::new(access, core.place(), request.backup, operation);
            let mut before = || net.before();
            let actor = &self.caller.actor;
            let outcome = migrations::migrate(access, &core.catalog, request, actor, operation, &mut before);
            net.after(outcome, request.transaction)
        })
    }

    /// Every migration known or recorded, with its state.
    pub fn migrations(&self, operation: &Operation) -> Result<report::Migrations> {
        self.call("migrations", operation, |core, operation| {
            migrations::status(core.access()?, &core.catalog, operation)
        })
    }

    /// Steps back to `target`, running the down steps of every migration above it, in one transaction.
    pub fn rollback(
        &self,
        target: i64,
        request: &request::Rollback,
        operation: &Operation,
    ) -> Result<report::Rollback> {
        self.call("rollback", operation, |core, operation| {
            request::Request::check(request)?;
            operation.about(|| format!("to {target}"));
            let access = core.access()?;
            let mut net = Net::new(access, core.place(), request.backup, operation);
            let mut before = || net.before();
            migrations::rollback(access, &core.catalog, target, request, operation, &mut before)
        })
    }

    /// Takes over the history that another migration tool left in the database.
    pub fn adopt(&self, request: &request::Adopt, operation: &Operation) -> Result<report::Adopted> {
        self.call("adopt", operation, |core, operation| {
            request::Request::check(request)?;
            migrations::adopt(core.access()?, &core.catalog, request, &self.caller.actor, operation)
        })
    }

    /// Records migrations as applied without running them, for a database that was made in another way.
    pub fn baseline(&self, request: &request::Baseline, operation: &Operation) -> Result<report::Baseline> {
        self.call("baseline", operation, |core, operation| {
            request::Request::check(request)?;
            migrations::baseline(core.access()?, &core.catalog, request, &self.caller.actor, operation)
        })
    }

    /// Accepts the present text of migrations that were changed after they were applied.
    pub fn repair(&self, request: &request::Repair, operation: &Operation) -> Result<report::Repair> {
        self.call("repair", operation, |core, operation| {
            migrations::repair(core.access()?, &core.catalog, request, &self.caller.actor, operation)
        })
    }

    /// Warns about what is likely to be regretted in the migration files.
    pub fn lint(&self, operation: &Operation) -> Result<report::Lint> {
        self.call("lint", operation, |core, _| migrations::lint(&core.catalog))
    }

    /// The schema as it is, what was changed in it by hand, and how another database's differs.
    pub fn schema(&self, request: &request::Schema, operation: &Operation) -> Result<report::Schema> {
        self.call("schema", operation, |core, operation| migrations::schema(core.access()?, request, operation))
    }

    /// Tries the migrations of this handle on scratch databases with generated rows; its own database is not touched.
    pub fn test(&self, request: &request::Test, operation: &Operation) -> Result<report::Test> {
        self.call("test", operation, |core, operation| {
            request::Request::check(request)?;
            ops::test::run(&core.catalog, request, &self.caller.actor, operation)
        })
    }

    /// A quick look that says whether somebody must act.
    pub fn health(&self, request: &request::Health, operation: &Operation) -> Result<report::Health> {
        self.call("health", operation, |core, operation| {
            request::Request::check(request)?;
            core.health(request, operation, ops::health::PATIENCE)
        })
    }

    /// What is wrong for long enough that somebody should know, as the monitor found it.
    pub fn alerts(&self, request: &request::Alerts, operation: &Operation) -> Result<report::Alerts> {
        self.call("alerts", operation, |core, operation| {
            if let Some(key) = &request.acknowledge {
                operation.about(|| key.clone());
                if self.caller.role != Role::Admin {
                    let what = "acknowledge an alert".into();
                    return Err(Error::Denied { role: self.caller.role.name(), what });
                }
            }
            ops::alerts::run(&core.board, request, &self.caller.actor)
        })
    }

    /// Starts the monitor: one thread, which belongs to this handle and ends with it.
    pub fn monitor_start(&self, request: &request::Monitor) -> Result<report::MonitorStart> {
        self.call("monitor_start", &Operation::new(), |core, _| {
            request::Request::check(request)?;
            monitor::start(core, self.gate.id(), request)
        })
    }

    /// Stops the monitor, whichever handle started it, and waits for its thread.
    pub fn monitor_stop(&self) -> Result<report::MonitorStop> {
        self.call("monitor_stop", &Operation::new(), |core, _| monitor::stop(core))
    }

    /// Sets what is told of alerts, on the thread of the monitor, or removes it; returns when the one before is not running any more.
    /// There is one for each handle, and it goes with that. From inside it the database answers `REENTRANT`.
    pub fn on_alert(&self, callback: Option<Arc<OnAlert>>) -> Result<()> {
        self.call("on_alert", &Operation::new(), |core, _| {
            core.monitor.listen(self.gate.id(), callback);
            Ok(())
        })
    }

    /// Everything that helps to find out what is wrong, the slow checks included.
    pub fn diagnostics(&self, operation: &Operation) -> Result<report::Diagnostics> {
        self.call("diagnostics", operation, |core, operation| {
            let report = ops::diagnostics::run(core.access()?, core.vault.folder(), operation)?;
            if report.integrity != "ok" {
                core.audit.found_damage();
            }
            Ok(report)
        })
    }

    /// How big the database is and what is in it.
    pub fn stats(&self, request: &request::Stats, operation: &Operation) -> Result<report::Stats> {
        self.call("stats", operation, |core, operation| {
            ops::stats::run(core.access()?, &core.measured, request, operation)
        })
    }

    /// What was counted since the database was opened: statements, slow ones, calls, and who uses its connections.
    pub fn metrics(&self, request: &request::Metrics, operation: &Operation) -> Result<report::Metrics> {
        self.call("metrics", operation, |core, operation| {
            request::Request::check(request)?;
            ops::metrics::run(core.access()?, request, operation)
        })
    }

    /// Moves the write-ahead log into the database file.
    pub fn checkpoint(
        &self,
        mode: CheckpointMode,
        request: &request::Checkpoint,
        operation: &Operation,
    ) -> Result<report::Checkpoint> {
        self.call("checkpoint", operation, |core, operation| {
            request::Request::check(request)?;
            operation.about(|| mode.name().to_owned());
            ops::checkpoint::run(core.access()?, mode, request, operation)
        })
    }

    /// Copies the live database to `destination`, or into the configured backup folder.
    pub fn backup(
        &self,
        destination: Option<&Path>,
        request: &request::Backup,
        operation: &Operation,
    ) -> Result<report::Backup> {
        self.call("backup", operation, |core, operation| {
            request::Request::check(request)?;
            operation.about_path(destination);
            ops::backup::run(core.access()?, &core.vault, destination, request, operation)
        })
    }

    /// The backups in the configured folder, the newest first.
    pub fn backups(&self, operation: &Operation) -> Result<report::Backups> {
        self.call("backups", operation, |core, _| ops::backups::run(&core.vault))
    }

    /// Proves that a backup is what its manifest says, and holds a sound database. `path` may be a name in the folder.
    pub fn verify(&self, path: &Path, request: &request::Verify, operation: &Operation) -> Result<report::Verify> {
        self.call("verify", operation, |core, operation| {
            request::Request::check(request)?;
            operation.about_path(Some(path));
            ops::verify::run(core.access()?, &core.vault, path, request, operation)
        })
    }

    /// Brings back a backup, after it was proved and what is there was backed up. `path` may be a name in the folder.
    pub fn restore(&self, path: &Path, request: &request::Restore, operation: &Operation) -> Result<report::Restore> {
        self.call("restore", operation, |core, operation| {
            request::Request::check(request)?;
            operation.about_path(Some(path));
            ops::restore::run(core.access()?, &core.place(), path, request, operation)
        })
    }

    /// Brings back what the last restore replaced.
    pub fn undo_restore(&self, request: &request::UndoRestore, operation: &Operation) -> Result<report::Restore> {
        self.call("undo_restore", operation, |core, operation| {
            request::Request::check(request)?;
            ops::restore::undo(core.access()?, &core.place(), request, operation)
        })
    }

    /// Brings back a backup where there is no database, or one that does not open any more; that file is kept under another
    /// name. `options` are those that the database will be opened with.
    pub fn restore_file(
        database: impl AsRef<Path>,
        path: &Path,
        options: &request::Open,
        request: &request::Restore,
        operation: &Operation,
    ) -> Result<report::Restore> {
        opening::restore_file(database.as_ref(), path, options, request, operation)
    }

    /// Removes the backups in the configured folder that no rule wants any more, and what killed backups left there.
    pub fn prune(&self, request: &request::Prune, operation: &Operation) -> Result<report::Prune> {
        self.call("prune", operation, |core, operation| {
            request::Request::check(request)?;
            ops::prune::run(&core.vault, request, operation)
        })
    }

    /// Keeps retention away from a backup, or lets it have it again. `path` may be a name in the folder.
    pub fn pin(&self, path: &Path, request: &request::Pin, operation: &Operation) -> Result<report::Pin> {
        self.call("pin", operation, |core, operation| {
            operation.about_path(Some(path));
            ops::pin::run(&core.vault, path, request)
        })
    }

    /// Who did what: the records that `request` asks for, of this actor alone for who is not an admin; proves and prunes where that is
    /// asked for, which only an admin may.
    pub fn audit(&self, request: &request::Audit, operation: &Operation) -> Result<report::Audit> {
        self.call("audit", operation, |core, operation| {
            request::Request::check(request)?;
            let only = rights::sees_own_records_only(self.caller.role, request)?.then_some(&*self.caller.actor);
            ops::audit::run(core.access()?, &core.audit, &core.vault, request, only, operation)
        })
    }

    /// Runs one SQL statement. `params` is a JSON array for `?` or an object for `:name`.
    pub fn query(&self, sql: &str, params: Option<&str>, operation: &Operation) -> Result<report::Query> {
        self.call("query", operation, |core, operation| {
            ops::query::run(core.access()?, sql, params, self.caller.role, operation)
        })
    }

    /// Calls `body` with a handle bound to one write transaction: 0 commits, anything else rolls back. The handle is
    /// good until `body` returns.
    pub fn transaction(
        &self,
        operation: &Operation,
        body: impl FnOnce(&Arc<Database>) -> i32,
    ) -> Result<report::Transaction> {
        let start = Instant::now();
        self.call("transaction", operation, |core, operation| {
            let access = core.access()?;
            if access.is_bound() {
                return Err(Error::Unsupported {
                    what: "a transaction inside a transaction".into(),
                    instead: Some("do the work in the one that is open"),
                });
            }
            let writer = access.writer(operation)?;
            writer.begin_immediate()?;
            let bound = step::bound(core, &writer, &self.caller)?;
            let returned = body(bound.handle());
            drop(bound);
            operation.check()?;
            let committed = returned == 0;
            if committed {
                writer.must_be_in_transaction()?;
                writer.commit()?;
            } else {
                operation.about(|| format!("rolled back, its function returned {returned}"));
                writer.rollback();
            }
            Ok(report::Transaction { committed, returned, duration_ms: elapsed_ms(start) })
        })
    }

    /// Runs a Lua script.
    pub fn script(&self, source: &str, request: &request::Script, operation: &Operation) -> Result<report::Script> {
        self.call("script", operation, |core, operation| {
            request::Request::check(request)?;
            operation.about(|| request.name.clone().unwrap_or_else(|| "script".into()));
            lua::run(&self.session(core)?, source, request, operation)
        })
    }

    /// Runs a Lua script that is built in, by its name, or that is in a file, by its path. What its head declares holds: role,
    /// arguments, limits.
    pub fn script_file(
        &self,
        name_or_path: &str,
        request: &request::Script,
        operation: &Operation,
    ) -> Result<report::Script> {
        self.call("script_file", operation, |core, operation| {
            request::Request::check(request)?;
            operation.about(|| name_or_path.to_owned());
            lua::run_file(&self.session(core)?, name_or_path, request, operation)
        })
    }

    /// The scripts that are built in, with what their heads say.
    pub fn scripts(&self, operation: &Operation) -> Result<report::Scripts> {
        self.call("scripts", operation, |_, _| lua::list())
    }

    /// Lines of Lua one after the other, which share their globals; for somebody who types them.
    pub fn repl(&self) -> Result<Repl<'_>> {
        Repl::new(self)
    }

    /// Runs the tests in a file, each in a fresh state and on a fresh database in memory, opened with `options`.
    pub fn test_script(path: &Path, options: &request::Open, operation: &Operation) -> Result<report::ScriptTests> {
        testing::run(path, options, operation)
    }

    fn session(&self, core: &Core) -> Result<lua::Session> {
        Ok(lua::Session {
            access: core.access()?.clone(),
            catalog: Arc::clone(&core.catalog),
            vault: core.vault.clone(),
            audit: Arc::clone(&core.audit),
            caller: self.caller.clone(),
            measured: Arc::clone(&core.measured),
            board: Arc::clone(&core.board),
            actor: self.caller.actor.to_string(),
            role: self.caller.role,
            limits: core.limits.clone(),
        })
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("caller", &self.caller).finish_non_exhaustive()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // why ignored but for one: in a wrong process there is nothing to let go of, and inside a call on it all of it goes with the
        // gate, only that the monitor must hear of it
        if let Err(Error::Reentrant { .. }) = self.gate.close() {
            self.gate.abandon();
        }
    }
}

/// What this build is made of.
#[must_use]
pub fn build_info() -> report::BuildInfo {
    report::BuildInfo {
        version: env!("CARGO_PKG_VERSION"),
        abi_version: report::ABI_VERSION,
        sqlite: hosted::sqlite_info(),
        lua: lua::version(),
        features: if cfg!(feature = "cli") { vec!["cli"] } else { Vec::new() },
        target: env!("RPMADB_TARGET"),
        embedded_migrations: migrations::Source::embedded().map_or(0, |set| set.len()),
    }
}
