//! What is pending: the files and steps there are against the history the database has.
//!
//! Leaves to others: reading either (`catalog.rs`, `history.rs`) and running the plan (`run.rs`).
//!
//! Invariant: a plan that exists is safe to run: nothing applied has changed or gone, and nothing is out of order
//! unless that was allowed.

use std::ops::Range;

use super::catalog::{Entry, Listing, LuaStep};
use super::history::{self, History, RepeatableRow, Row};
use super::lua_text;
use super::scan::{self, Kind};
use super::set::Repeatable;
use crate::error::{Error, LineChange, Place, Result};
use crate::report::MigrationState;
use crate::request;
use crate::sqlite::Connection;

/// The kind of a Lua file.
const LUA: &str = "lua";

/// What a run would do.
pub(super) struct Plan {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) pending: Vec<Entry>,
    pub(super) repeatables: Vec<Repeatable>,
    /// Whether the database has everything of the set afterwards.
    pub(super) completes: bool,
    /// Whether an earlier run left statements to be run outside the transaction.
    pub(super) has_moved: bool,
}

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        self.is_nothing_pending() && !self.has_moved
    }

    /// Whether no migration is left to run; statements that were moved outside of one may be.
    pub(super) fn is_nothing_pending(&self) -> bool {
        self.pending.is_empty() && self.repeatables.is_empty()
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
        let has_moved = !history.state.moved.is_empty();
        Ok(Plan { from: current, to, pending, repeatables, completes, has_moved })
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
pub(super) fn check_applied(listing: &Listing, history: &History) -> Result<()> {
    let latest = listing.latest();
    for row in &history.rows {
        match listing.numbered.get(&row.version) {
            Some(entry) if is_changed(entry, row) => {
                return Err(Error::MigrationChanged {
                    version: row.version,
                    file: entry.file(),
                    changes: Vec::new(),
                    place: Box::new(Place { version: Some(row.version), ..Place::default().in_file(&entry.file()) }),
                });
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

/// Reads the history to compare a set with it. A Lua file that differs from its recorded text in comments and spacing alone counts as that
/// text: its sum is one over all of it.
pub(super) fn compared(connection: &Connection, listing: &Listing) -> Result<History> {
    let mut history = History::read(connection)?;
    for row in history.rows.iter_mut().filter(|row| row.kind == LUA) {
        let entry = listing.numbered.get(&row.version).filter(|entry| entry.kind() == LUA && is_changed(entry, row));
        let Some((entry, now)) = entry.and_then(|entry| Some((entry, entry.text()?))) else { continue };
        if history::text(connection, row.version)?.is_some_and(|then| lua_text::is_same(&then, now)) {
            row.checksum = entry.checksum().map(str::to_owned);
        }
    }
    Ok(history)
}

/// Code has no text to compare, and code may take the place of a file.
pub(super) fn is_changed(entry: &Entry, row: &Row) -> bool {
    match (entry.checksum(), &row.checksum) {
        (Some(now), Some(then)) => now != then,
        _ => false,
    }
}

/// The error of a changed file with the lines that changed, found by the text that the history keeps.
pub(super) fn explained(connection: &Connection, listing: &Listing, version: i64, error: Error) -> Error {
    let entry = listing.numbered.get(&version);
    let now = entry.and_then(|entry| Some((entry.file(), entry.text()?.clone())));
    let (Some((file, now)), Ok(Some(then))) = (now, history::text(connection, version)) else { return error };
    let changes = line_changes(&then, &now, entry.is_some_and(|entry| entry.kind() == LUA));
    let line = changes.first().map_or(1, |change| change.line);
    let start: usize = now.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(str::len).sum();
    let indent = now[start..].len() - now[start..].trim_start_matches([' ', '\t']).len();
    let place = Place { version: Some(version), ..Place::locate(&now, start + indent).in_file(&file) };
    Error::MigrationChanged { version, file, changes, place: Box::new(place) }
}

/// A line as a diff sees it.
struct Line {
    number: u32,
    text: String,
    /// The parts of tokens that stand in it.
    tokens: Vec<String>,
}

/// The lines of a text with their tokens.
fn lines(text: &str, is_lua: bool) -> Vec<Line> {
    let tokens: Vec<Range<usize>> = match is_lua {
        true => lua_text::tokens(text).collect(),
        false => scan::tokens(text).filter(|token| token.kind != Kind::Comment).map(|token| token.range).collect(),
    };
    let mut tokens = tokens.into_iter().peekable();
    let (mut lines, mut end) = (Vec::new(), 0);
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let start = end;
        end += line.len();
        let mut parts = Vec::new();
        while let Some(token) = tokens.peek().filter(|token| token.start < end) {
            let part = &text[token.start.max(start)..token.end.min(end)];
            parts.push(part.trim_end_matches(['\r', '\n']).to_owned());
            // why kept: the rest of a string of several lines stands in the next ones
            if token.end > end {
                break;
            }
            tokens.next();
        }
        lines.push(Line { number, text: line.trim_end().to_owned(), tokens: parts });
    }
    lines
}

/// Lines whose tokens are not the same. Lines of comments or blanks are passed over.
fn line_changes(then: &str, now: &str, is_lua: bool) -> Vec<LineChange> {
    let meant =
        |text: &str| -> Vec<Line> { lines(text, is_lua).into_iter().filter(|line| !line.tokens.is_empty()).collect() };
    let (then, now) = (meant(then), meant(now));
    let keys = |lines: &[Line]| -> Vec<Vec<String>> { lines.iter().map(|line| line.tokens.clone()).collect() };
    let (then_keys, now_keys) = (keys(&then), keys(&now));
    let mut changes = Vec::new();
    for operation in similar::capture_diff_slices(similar::Algorithm::Myers, &then_keys, &now_keys) {
        if let similar::DiffTag::Equal = operation.tag() {
            continue;
        }
        let (mut old, mut new) = (then[operation.old_range()].iter(), now[operation.new_range()].iter());
        // why the one behind: where lines are gone, that is what stands there now
        let behind = now.get(operation.new_range().start).or(now.last()).map_or(1, |line| line.number);
        loop {
            let (before, after) = (old.next(), new.next());
            if before.is_none() && after.is_none() {
                break;
            }
            changes.push(LineChange {
                line: after.map_or(behind, |line| line.number),
                before: before.map(|line| line.text.clone()),
                after: after.map(|line| line.text.clone()),
            });
        }
    }
    changes
}

/// Every migration known or recorded, with its state.
pub(super) fn states(
    listing: &Listing,
    history: &History,
    load: impl Fn(&LuaStep<'_>) -> Result<bool>,
) -> Vec<MigrationState> {
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
                reversible: if row.is_some_and(|row| row.has_down) { Some(true) } else { entry.is_reversible(&load) },
                origin: row.map(|row| row.origin.clone()),
                repaired_at: row.and_then(|row| row.repaired_at),
                repaired_by: row.and_then(|row| row.repaired_by.clone()),
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
            reversible: Some(row.has_down),
            origin: Some(row.origin.clone()),
            repaired_at: row.repaired_at,
            repaired_by: row.repaired_by.clone(),
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
            origin: row.map(|_| "run".to_owned()),
            repaired_at: None,
            repaired_by: None,
        }
    }));
    let is_gone = |row: &&RepeatableRow| listing.repeatables.iter().all(|repeatable| repeatable.name != row.name);
    states.extend(history.repeatables.iter().filter(is_gone).map(|row| MigrationState {
        version: None,
        name: row.name.clone(),
        kind: "repeatable".into(),
        state: "removed",
        applied_at: Some(row.applied_at),
        actor: Some(row.actor.clone()),
        duration_ms: Some(row.duration_us as f64 / 1000.0),
        reversible: Some(false),
        origin: Some("run".to_owned()),
        repaired_at: None,
        repaired_by: None,
    }));
    states
}
