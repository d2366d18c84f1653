//! The migration engine: which files there are, what the database has had, what is missing, and running that.
//!
//! One noun a file. What there is: `file` and `style` (names), `scan` and `statement` (SQL by tokens), `lua_text`, `directive`, `set`,
//! `glance` (whether a folder changed), `catalog` (a set plus steps in code). What was: `history` (and `outstanding` rows of
//! it), `state`, `drift` (the schema), `adopt` (other tools' histories). What is to do: `plan`, `run`, `rollback`, `takeover`,
//! one `step` and its `sql`, watched by `guard`. `lint` warns, `review` shows.
//! Leaves to others: running Lua (handed in as a function), backups before a run (handed in too).
//!
//! Invariants: the history is read after the write lock is taken; a run and its history rows are one transaction.

mod adopt;
mod catalog;
mod directive;
mod drift;
mod file;
mod glance;
mod guard;
mod history;
mod lint;
pub(crate) mod lua_text;
mod outstanding;
mod plan;
mod review;
mod rollback;
mod run;
mod scan;
mod set;
mod sql;
mod state;
mod statement;
mod step;
mod style;
mod takeover;

pub use catalog::{Catalog, LuaStep, Source, Step, StepFn};
pub use drift::differences as schema_differences;
pub use history::made_by_repeatables;
pub use review::{lint, schema};
pub use rollback::rollback;
pub use run::{
    Measured, current_version, is_up_to_date, migrate, owns_stamp, refuse_newer, schema_drift, status, status_on,
    version_and_progress,
};
pub use scan::{main_word, one_statement, statements};
pub use set::Set;
pub use style::Style;
pub use takeover::{adopt, baseline, repair};
