//! What a commit of a connection is recorded as, inside the transaction.
//!
//! Leaves to others: calls that change nothing (`log.rs`), the rows (`table.rs`).
//!
//! Invariant: a change is committed with its record or not at all.

use std::time::Instant;

use super::super::record::Record;
use super::super::table;
use super::{Log, Next};
use crate::error::Result;
use crate::operation::{self, Origin};
use crate::sqlite::{Connection, Journal};

/// Tells whoever takes log lines.
pub(super) fn tell(record: &Record) {
    tracing::info!(
        target: "rpmadb::audit",
        actor = &*record.actor,
        role = &*record.role,
        origin = &*record.origin,
        verb = &*record.verb,
        about = record.target.as_deref().unwrap_or(""),
        outcome = &*record.outcome,
        status = record.status,
        rows = record.rows,
        duration_us = record.duration_us,
        "audit"
    );
}

impl Journal for Log {
    fn after_begin(&self) {
        // why: what is still told of an earlier transaction was rolled back with it
        if let Some(operation) = operation::current()
            && let Some(account) = operation.account()
        {
            account.take_statements();
        }
    }

    fn before_commit(&self, connection: &Connection) -> Result<()> {
        let Some(operation) = operation::current() else { return Ok(()) };
        let Some(account) = operation.account() else { return Ok(()) };
        let rows = connection.changes_in_transaction();
        let statements = account.take_statements();
        if rows == 0 && statements.is_none() {
            return Ok(());
        }
        // why not for other verbs: they may have moved the version
        let keeps_version = matches!(account.verb, "query" | "transaction");
        let Some((head, version)) = self.head_to_write(connection, keeps_version)? else { return Ok(()) };
        let origin = if account.verb.starts_with("script") { Origin::Lua } else { account.caller.origin };
        let target = match (account.target(), statements) {
            (Some(target), Some(statements)) if *target != *statements => {
                Some(format!("{target}: {statements}").into())
            }
            (target, statements) => target.or(statements),
        };
        let record = self.redacted(Record::of(account, origin, target, rows, None));
        let head = table::append(connection, &self.key, head, version, std::slice::from_ref(&record))?;
        self.state.lock().next = Some(Next { head, schema_version: version, change: Some(record) });
        Ok(())
    }

    fn after_commit(&self, connection: &Connection, committed: bool) {
        let next = {
            let mut state = self.state.lock();
            let next = state.next.take().filter(|_| committed);
            let at = connection.data_version_inside().ok();
            state.head = at.zip(next.as_ref()).map(|(at, next)| (at, next.head, next.schema_version));
            if next.is_some() {
                state.unanchored += 1;
                state.anchored_at.get_or_insert_with(Instant::now);
            }
            next
        };
        let Some(next) = next else { return };
        if let Some(operation) = operation::current()
            && let Some(account) = operation.account()
        {
            account.set_recorded();
        }
        // why without the lock: it is the host's code that hears of it
        if let Some(record) = &next.change {
            tell(record);
        }
    }
}
