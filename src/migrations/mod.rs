//! The migration engine: which files there are, what the database has had, what is missing, and running that.
//!
//! One noun a file: `file` (a file's name), `scan` (tokens and positions), `set` (all migrations of a source),
//! `catalog` (a set plus steps in code), `history` (our table), `plan` (what is pending), `run` (doing it).
//! Leaves to others: running Lua (handed in as a function), backups before a run (handed in too).
//!
//! Invariants: the history is read after the write lock is taken; a run and its history rows are one transaction.

mod catalog;
mod file;
mod history;
mod plan;
mod run;
mod scan;
mod set;

pub use catalog::{Catalog, Source, Step, StepFn};
pub use run::{current_version, is_up_to_date, migrate, status};
pub use scan::{main_word, one_statement};
pub use set::Set;
