//! rpmadb owns the life of a SQLite database for any host: it opens, migrates, checks, measures, checkpoints, backs up
//! and scripts it, through one C ABI, one command, one Lua object and this Rust API.
//!
//! The map. A request goes down, a report or an [`error::Error`] comes up; a file may use only floors below its own.
//!
//! ```text
//! 7  capi/  bin/rpmadb/     doors: convert, call, convert back
//! 6  database               who may, which connection, the audit, the monitor's thread; then one line into the floors below
//! 5  lua/                   the sandbox, the `db` object, scripts and Lua migrations
//! 4  ops/                   one verb a file: health, diagnostics, stats, checkpoint, backup, restore, alerts, ...; monitor
//! 3  migrations/            one noun a file: set, catalog, history, plan, run, step, guard, drift, adopt, lint, ...
//!    archive/               a backup as a file: write, read, manifest, store, folder, retention, vault
//! 2  audit/                 who did what: record, chain, table, log, anchor, verify
//! 1  sqlite/  machine       the only place that knows rusqlite, and which SQLite that is (engine); the machine around the database
//! 0  error operation request report    the vocabulary
//! ```
//!
//! `tests/layers.rs` holds the rule. Why a file is as it is stands at its head.
//!
//! ```
//! use rpmadb::{Database, Operation, request};
//!
//! let watch = Operation::new();
//! let (database, report) = Database::open(":memory:", &request::Open::default(), &watch)?;
//! assert_eq!(report.migrate.expect("a new database is migrated").from, 0);
//! let users = database.query("SELECT count(*) FROM users", None, &watch)?;
//! assert_eq!(users.rows[0][0], 0);
//! # Ok::<(), rpmadb::Error>(())
//! ```

#[cfg(not(any(feature = "bundled", feature = "system-sqlite", feature = "host-sqlite")))]
compile_error!("choose which SQLite to work through: the feature bundled, system-sqlite or host-sqlite");
#[cfg(any(
    all(feature = "bundled", feature = "system-sqlite"),
    all(feature = "bundled", feature = "host-sqlite"),
    all(feature = "system-sqlite", feature = "host-sqlite"),
))]
compile_error!("the features bundled, system-sqlite and host-sqlite exclude each other; bundled is a default");
#[cfg(all(feature = "cli", feature = "host-sqlite"))]
compile_error!("the command has no host to hand it a SQLite: build it with bundled or system-sqlite");

mod archive;
mod audit;
pub mod capi;
mod database;
pub mod error;
mod lua;
mod machine;
mod migrations;
pub mod operation;
mod ops;
pub mod report;
pub mod request;
mod sqlite;

pub use database::{Database, HostFn, HostStep, OnAlert, Opening, Repl, VERBS, build_info};
pub use error::{Error, Result, Status};
pub use migrations::Set;
pub use operation::{Operation, Origin, Progress};
pub use request::{CheckpointMode, Request, Role};

/// Checks a script, or the one in a file, without running it: syntax, its head, and names that are not there.
pub use lua::{check as check_script, check_file as check_script_file};

/// Tells what the head of a script says, by its name or path, without running it.
pub use lua::describe as describe_script;

/// Verbs that the Lua object offers; see `tests/parity.rs`.
pub const LUA_VERBS: &[&str] = lua::VERBS;

/// The Lua API as a table; see `tests/lua/api.rs`.
#[doc(hidden)]
pub use lua::api as lua_api;
