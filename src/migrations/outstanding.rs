//! History rows of steps that ran and whose rows are not written yet: [`Outstanding`].
//!
//! Leaves to others: the transaction, and when to write (before anything looks at our tables, and before the commit).
//!
//! Invariant: nobody sees that a row came late: it tells when its step ran, and is there for whoever looks. Written together,
//! a row costs a tenth: each migration changes the schema, after which SQLite compiles a statement anew.

use parking_lot::Mutex;

use super::catalog::Entry;
use super::history::{self, NewRow};
use super::run::new_row;
use crate::error::Result;
use crate::report::now_ms;
use crate::sqlite::Connection;

/// See the head of this file.
#[derive(Default)]
pub(super) struct Outstanding {
    rows: Mutex<Vec<Row>>,
}

struct Row {
    entry: Entry,
    actor: String,
    has_down: bool,
    applied_at: i64,
    duration_us: i64,
}

impl Outstanding {
    /// A migration that ran just now.
    pub(super) fn add(&self, entry: &Entry, has_down: bool, actor: &str, duration_us: i64) {
        let (entry, actor) = (entry.clone(), actor.to_owned());
        self.rows.lock().push(Row { entry, actor, has_down, applied_at: now_ms(), duration_us });
    }

    /// Writes what is outstanding.
    pub(super) fn write(&self, connection: &Connection) -> Result<()> {
        let rows = std::mem::take(&mut *self.rows.lock());
        if rows.is_empty() {
            return Ok(());
        }
        history::record_all(
            connection,
            rows.iter().map(|row| NewRow {
                applied_at: Some(row.applied_at),
                duration_us: row.duration_us,
                ..new_row(&row.entry, row.has_down, &row.actor, "run")
            }),
        )
    }

    /// Forgets what a transaction that is gone left outstanding.
    pub(super) fn clear(&self) {
        self.rows.lock().clear();
    }
}
