//! The embedded Lua 5.4: scripts of admins, and migrations whose step SQL can't express.
//!
//! A state: `sandbox` (its globals, with `prelude.lua`), `hook`, `pattern` and `blocks` (the limits). What a script finds in it: `db`, `transaction` and `verbs`
//! (the `db` object), `rows` (rows and prepared statements), `job`, `json`; `session` (what it may use), `convert` (values to and fro),
//! `failure` (errors to and fro), `outside` (memory that Lua does not count). What is run: `script`, `step`, `testing` (test files), `repl` (lines); `shipped` (scripts that are there
//! already) and `head` (what their first lines declare). `api` (all names as a table), `check` with `names` and `tokens` (whether a script
//! keeps to it).
//! Leaves to others: every verb itself; a Lua function here is one line into `ops`.
//!
//! Invariants: one state per run, on a thread of its own with a known stack; no global that reaches the file system,
//! the process or other states; time and memory limits cannot be caught by the script.

pub mod api;
mod blocks;
mod check;
mod convert;
mod db;
mod failure;
mod head;
mod hook;
mod job;
mod json;
mod names;
mod outside;
mod pattern;
mod repl;
mod rows;
mod sandbox;
mod script;
mod session;
mod shipped;
mod step;
mod testing;
mod tokens;
mod transaction;
mod verbs;

pub use check::{check, check_file};
pub use repl::Lines;
pub use script::{VERBS, run};
pub use session::Session;
pub use shipped::{describe, list, run_file};
pub use step::run as run_step;
pub use testing::TestFile;

/// The version of the Lua inside.
#[must_use]
pub fn version() -> &'static str {
    "Lua 5.4"
}
