//! What is pending: the files and steps there are against the history the database has.
//!
//! Leaves to others: reading either (`catalog.rs`, `history.rs`) and running the plan (`run.rs`).
//!
//! Invariant: a plan that exists is safe to run: nothing applied has changed or gone, and nothing is out of order
//! unless that was allowed.

use super::catalog::{Entry, Listing};
use super::history::{History, Row};
use super::scan;
use super::set::Repeatable;
use crate::error::{Error, Result};
use crate::report::MigrationState;
use crate::request;

/// What a run would do.
pub(super) struct Plan {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) pending: Vec<Entry>,
    pub(super) repeatables: Vec<Repeatable>,
    /// Whether the database has everything of the set afterwards.
    pub(super) completes: bool,
}

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.repeatables.is_empty()
    }

    /// The plan of a database that has everything up to `latest`.
    pub(super) fn nothing(latest: i64) -> Plan {
        Plan { from: latest, to: latest, pending: Vec::new(), repeatables: Vec::new(), completes: true }
    }

    pub(super) fn new(listing: &Listing, history: &History, request: &request::Migrate) -> Result<Plan> {
        let current = history.current();
        let latest = listing.latest();
        check_applied(listing, history)?;
        let target = request.target.unwrap_or(i64::MAX);
        if let Some(wanted) = request.target {
            let refuse = |reason: String| Err(Error::InvalidOption { key: "target".into(), reason });
            if wanted < current {
                return refuse(format!("{wanted} is below the applied version {current}; use rollback to go back"));
            }
            if wanted != 0 && wanted != current && !listing.numbered.contains_key(&wanted) {
                return refuse(format!("there is no migration {wanted}; the latest is {latest}"));
            }
        }
        let missing: Vec<&Entry> =
            listing.numbered.values().filter(|entry| history.find(entry.version).is_none()).collect();
        let pending: Vec<Entry> = missing.iter().filter(|entry| entry.version <= target).copied().cloned().collect();
        if let Some(late) = pending.first().filter(|entry| entry.version < current && !request.allow_out_of_order) {
            return Err(Error::OutOfOrder { version: late.version, latest: current, file: late.file() });
        }
        // why not below a newer database: an older set that it lets in must not put its views over newer ones
        let completes = pending.len() == missing.len() && current <= latest;
        // why only then: a view may need tables that a target leaves out
        let repeatables = if completes { changed_repeatables(listing, history) } else { Vec::new() };
        let to = pending.last().map_or(current, |entry| entry.version.max(current));
        Ok(Plan { from: current, to, pending, repeatables, completes })
    }
}

fn changed_repeatables(listing: &Listing, history: &History) -> Vec<Repeatable> {
    let unchanged = |repeatable: &Repeatable| {
        let checksum = scan::checksum(&repeatable.text);
        history.repeatables.iter().any(|row| row.name == repeatable.name && row.checksum == checksum)
    };
    listing.repeatables.iter().filter(|repeatable| !unchanged(repeatable)).cloned().collect()
}

/// Everything applied must still be there, unchanged.
fn check_applied(listing: &Listing, history: &History) -> Result<()> {
    let latest = listing.latest();
    for row in &history.rows {
        match listing.numbered.get(&row.version) {
            Some(entry) if is_changed(entry, row) => {
                return Err(Error::MigrationChanged { version: row.version, file: entry.file() });
            }
            Some(_) => {}
            None if row.version > latest => {
                // why: a newer migration may say that older libraries can still work with the database
                if row.compatible_from.is_none_or(|oldest| oldest > latest) {
                    return Err(Error::DatabaseTooNew { database: history.current(), library: latest });
                }
            }
            None => return Err(Error::MigrationMissing { version: row.version, name: row.name.clone() }),
        }
    }
    Ok(())
}

/// Code has no text to compare, and code may take the place of a file.
fn is_changed(entry: &Entry, row: &Row) -> bool {
    match (entry.checksum(), &row.checksum) {
        (Some(now), Some(then)) => now != *then,
        _ => false,
    }
}

/// Every migration known or recorded, with its state.
pub(super) fn states(listing: &Listing, history: &History) -> Vec<MigrationState> {
    let current = history.current();
    let mut states: Vec<MigrationState> = listing
        .numbered
        .values()
        .map(|entry| {
            let row = history.find(entry.version);
            let state = match row {
                Some(row) if is_changed(entry, row) => "changed",
                Some(_) => "applied",
                None if entry.version < current => "out_of_order",
                None => "pending",
            };
            MigrationState {
                version: Some(entry.version),
                name: entry.name.clone(),
                kind: entry.kind().to_owned(),
                state,
                applied_at: row.map(|row| row.applied_at),
                actor: row.map(|row| row.actor.clone()),
                duration_ms: row.map(|row| row.duration_us as f64 / 1000.0),
                reversible: if row.is_some_and(|row| row.has_down) { Some(true) } else { entry.is_reversible() },
            }
        })
        .collect();
    states.extend(history.rows.iter().filter(|row| !listing.numbered.contains_key(&row.version)).map(|row| {
        MigrationState {
            version: Some(row.version),
            name: row.name.clone(),
            kind: row.kind.clone(),
            state: "missing",
            applied_at: Some(row.applied_at),
            actor: Some(row.actor.clone()),
            duration_ms: Some(row.duration_us as f64 / 1000.0),
            reversible: (row.kind != "lua").then_some(row.has_down),
        }
    }));
    states.sort_by_key(|state| state.version);
    states.extend(listing.repeatables.iter().map(|repeatable| {
        let row = history.repeatables.iter().find(|row| row.name == repeatable.name);
        let state = match row {
            Some(row) if row.checksum == scan::checksum(&repeatable.text) => "applied",
            _ => "pending",
        };
        MigrationState {
            version: None,
            name: repeatable.name.clone(),
            kind: "repeatable".into(),
            state,
            applied_at: row.map(|row| row.applied_at),
            actor: row.map(|row| row.actor.clone()),
            duration_ms: row.map(|row| row.duration_us as f64 / 1000.0),
            reversible: Some(false),
        }
    }));
    states
}
