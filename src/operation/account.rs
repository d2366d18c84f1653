//! [`Account`]: who makes a call, and what is to be told of it when it is over: for the audit, and for whoever asks who holds
//! a connection.
//!
//! Leaves to others: what is made of it (`audit/`, `sqlite/leases.rs`).
//!
//! Invariant: made when a call is let in, and never changed but for what is counted.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::request::Role;

/// Through which door a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The Rust API.
    #[default]
    Rust,
    /// The C functions.
    C,
    /// A script.
    Lua,
    /// The command.
    Cli,
    /// The monitor of a handle.
    Monitor,
    /// A migration, by its own code or by an open that found it pending.
    Migration,
}

impl Origin {
    /// The name as reports spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Origin::Rust => "rust",
            Origin::C => "c",
            Origin::Lua => "lua",
            Origin::Cli => "cli",
            Origin::Monitor => "monitor",
            Origin::Migration => "migration",
        }
    }
}

/// Statements of a transaction that are told apart.
const MOST_STATEMENTS: usize = 20;
const OTHERS: &str = "others";

/// Who makes a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) actor: Arc<str>,
    pub(crate) role: Role,
    pub(crate) origin: Origin,
}

/// See the head of this file.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) caller: Caller,
    pub(crate) verb: &'static str,
    since: Instant,
    /// What the call is about, such as a path or a statement without its literals.
    target: Mutex<Option<Arc<str>>>,
    /// Statements that changed something since the last commit, without their literals, each with how often it ran.
    statements: Mutex<Vec<(Arc<str>, u64)>>,
    /// Whether the call only tries.
    is_dry: AtomicBool,
    /// Rows given.
    rows: AtomicU64,
    /// Whether a change of this call was recorded together with what it changed.
    recorded: AtomicBool,
}

impl Account {
    pub(crate) fn new(caller: Caller, verb: &'static str) -> Account {
        Account {
            caller,
            verb,
            since: Instant::now(),
            target: Mutex::default(),
            statements: Mutex::default(),
            is_dry: AtomicBool::new(false),
            rows: AtomicU64::new(0),
            recorded: AtomicBool::new(false),
        }
    }

    /// How long the call has taken so far.
    pub(crate) fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    /// The same in microseconds.
    pub(crate) fn elapsed_us(&self) -> i64 {
        i64::try_from(self.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    /// Says what the call is about.
    pub(crate) fn set_target(&self, target: impl Into<Arc<str>>) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = Some(target.into());
    }

    pub(crate) fn target(&self) -> Option<Arc<str>> {
        let target = self.target.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match (self.is_dry.load(Ordering::Relaxed), target) {
            (false, target) => target,
            (true, Some(target)) => Some(format!("{target} (dry run)").into()),
            (true, None) => Some("dry run".into()),
        }
    }

    /// Says that the call only tries.
    pub(crate) fn set_dry(&self) {
        self.is_dry.store(true, Ordering::Relaxed);
    }

    /// Says that a statement ran that may have changed something.
    pub(crate) fn add_statement(&self, statement: &Arc<str>, count: u64) {
        let mut statements = self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        // why from the end: what ran last is what runs again
        let is = |known: &Arc<str>| Arc::ptr_eq(known, statement) || known == statement;
        if let Some((_, known)) = statements.iter_mut().rev().find(|(known, _)| is(known)) {
            *known += count;
            return;
        }
        let has_room = statements.len() < MOST_STATEMENTS;
        match statements.last_mut() {
            Some((last, known)) if &**last == OTHERS => *known += count,
            _ if has_room => statements.push((Arc::clone(statement), count)),
            _ => statements.push((OTHERS.into(), count)),
        }
    }

    /// Those statements as one text; `None` for none.
    pub(crate) fn statements(&self) -> Option<Arc<str>> {
        let statements = self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, count) = statements.first()?;
        if statements.len() == 1 && *count == 1 {
            return Some(Arc::clone(first));
        }
        let told = statements.iter().map(|(statement, count)| match count {
            1 => statement.to_string(),
            count => format!("{statement} (x{count})"),
        });
        Some(told.collect::<Vec<_>>().join("; ").into())
    }

    /// The same, and they are forgotten.
    pub(crate) fn take_statements(&self) -> Option<Arc<str>> {
        let told = self.statements();
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).clear();
        told
    }

    /// What was told so far, for [`Account::go_back`].
    pub(crate) fn told(&self) -> Vec<(Arc<str>, u64)> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets what was told since: it was rolled back.
    pub(crate) fn go_back(&self, told: Vec<(Arc<str>, u64)>) {
        *self.statements.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }

    /// Hands what was changed to the call around this one, whose transaction it is part of; whether there was anything.
    pub(crate) fn hand_to(&self, outer: &Account) -> bool {
        let statements = std::mem::take(&mut *self.statements.lock().unwrap_or_else(PoisonError::into_inner));
        statements.iter().for_each(|(statement, count)| outer.add_statement(statement, *count));
        !statements.is_empty()
    }

    /// Says how many rows the call gave.
    pub(crate) fn add_rows(&self, rows: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Says that a change was recorded; see the field.
    pub(crate) fn set_recorded(&self) {
        self.recorded.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_recorded(&self) -> bool {
        self.recorded.load(Ordering::Relaxed)
    }
}
