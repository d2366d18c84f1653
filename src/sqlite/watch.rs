//! What a statement is about to do, told before it does it: SQLite's authorizer names every object that a statement creates,
//! drops, alters or writes, and a [`Watch`] on the connection hears of it.
//!
//! Leaves to others: whether a statement may run (`rules.rs`) and what follows from what it does (the watcher).
//!
//! Invariant: what is told is complete for statements of users and migrations, also inside triggers and foreign-key
//! actions, because SQLite compiles those into the statement.

use rusqlite::hooks::{AuthAction, AuthContext};

use super::connection::Connection;
use super::rules::is_ours;
use crate::error::Result;

/// One thing a statement does to the main database.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are SQLite's own")]
pub enum Action {
    CreateTable {
        table: String,
    },
    CreateView {
        view: String,
    },
    CreateTrigger {
        trigger: String,
    },
    DropTable {
        table: String,
    },
    DropView {
        view: String,
    },
    AlterTable {
        table: String,
    },
    Insert {
        table: String,
    },
    Delete {
        table: String,
    },
    Update {
        table: String,
        column: String,
    },
    /// A look at a table of this library's own.
    ReadOurs,
}

/// Hears of every statement of a user's or a migration's on a connection, see [`Connection::watch`].
pub trait Watch: Send + Sync {
    /// Called when the statement is prepared and has not run yet; an error keeps it from running.
    fn before(&self, connection: &Connection, sql: &str, actions: &[Action]) -> Result<()>;

    /// Called when it has run.
    fn after(&self, connection: &Connection, sql: &str, actions: &[Action]) -> Result<()>;
}

impl Action {
    /// What the authorizer was asked, where it is of interest; each once.
    pub(super) fn record(actions: &mut Vec<Action>, context: &AuthContext<'_>) {
        if context.database_name.is_some_and(|database| database != "main") {
            return;
        }
        let owned = str::to_owned;
        let action = match context.action {
            AuthAction::CreateTable { table_name } | AuthAction::CreateVtable { table_name, .. } => {
                Action::CreateTable { table: owned(table_name) }
            }
            AuthAction::CreateView { view_name } => Action::CreateView { view: owned(view_name) },
            AuthAction::CreateTrigger { trigger_name, .. } => Action::CreateTrigger { trigger: owned(trigger_name) },
            AuthAction::DropTable { table_name } | AuthAction::DropVtable { table_name, .. } => {
                Action::DropTable { table: owned(table_name) }
            }
            AuthAction::DropView { view_name } => Action::DropView { view: owned(view_name) },
            AuthAction::AlterTable { table_name, .. } => Action::AlterTable { table: owned(table_name) },
            AuthAction::Insert { table_name } if !is_schema(table_name) => Action::Insert { table: owned(table_name) },
            AuthAction::Delete { table_name } if !is_schema(table_name) => Action::Delete { table: owned(table_name) },
            AuthAction::Update { table_name, column_name } if !is_schema(table_name) => {
                Action::Update { table: owned(table_name), column: owned(column_name) }
            }
            AuthAction::Read { table_name, .. } if is_ours(table_name) => Action::ReadOurs,
            _ => return,
        };
        // why not a set: a statement does a handful of things, and asks about the same one over and over
        if actions.last() != Some(&action) && !actions.contains(&action) {
            actions.push(action);
        }
    }
}

fn is_schema(table: &str) -> bool {
    ["sqlite_master", "sqlite_schema"].iter().any(|name| table.eq_ignore_ascii_case(name))
}
