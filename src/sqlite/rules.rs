//! Whose SQL a connection is running, and what that lets it do: SQLite's authorizer with our list.
//!
//! Leaves to others: deciding who may call what (`database.rs`). This is the second lock behind that door.
//!
//! Invariants: the authorizer is set once per connection and never replaced (replacing it re-checks every prepared
//! statement); switching is a store to an atomic, made under the connection's lock (`Connection::with`). A statement is judged when
//! it is prepared, so one that is kept is found by those rules alone that would have let it through (`Whose::keeps`).

mod supervisors;
mod text;

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization, TransactionOperation};

use super::watch::Action;
use crate::error::Error;
use crate::request::Role;
use text::{is_pragma, is_temporary_trigger, names_ours, refers_to_ours};

/// Whose SQL is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Whose {
    /// This library's: everything is allowed.
    Ours = 0,
    /// A user's statement: no transaction text, no ATTACH, no pragma that changes the connection, no writes to
    /// our own tables.
    Users = 1,
    /// A migration's: as a user's, with pragmas that SQLite allows in a transaction.
    Migrations = 2,
    /// A user's on a reader: as a user's, and nothing but reading.
    Readers = 3,
    /// A supervisor's, on whatever connection: see `supervisors.rs`.
    Supervisors = 4,
}

impl Whose {
    /// Whose rules hold for the statements of a role.
    pub(super) fn of(role: Role) -> Whose {
        match role {
            Role::Admin => Whose::Users,
            // why a user's too, who runs none: the least there is
            Role::Supervisor | Role::User => Whose::Supervisors,
        }
    }

    /// Whether a prepared statement may be kept for the next call with its text. Those that are kept share one cache: what
    /// [`Whose::Readers`] may not is told by the statement itself, and what [`Whose::Migrations`] may beyond others are
    /// statements that SQLite prepares anew each time.
    pub(super) fn keeps(self) -> bool {
        self != Whose::Supervisors
    }

    /// Refuses what SQLite finds to write though its authorizer was asked about nothing that does, such as `VACUUM`. For
    /// supervisors alone: whoever else may not write has a connection that cannot.
    pub(super) fn check_writing(self, sql: &str, is_read_only: impl FnOnce() -> bool) -> Result<(), Error> {
        // why not pragmas: SQLite says of some that only tell that they write, and each was judged by its name
        if self != Whose::Supervisors || is_read_only() || is_pragma(sql) {
            return Ok(());
        }
        Err(supervisors::refuse("change anything"))
    }
}

/// The rules of one connection; clones share one state.
#[derive(Clone, Default)]
pub struct Rules {
    whose: Arc<AtomicU8>,
    refusal: Arc<Mutex<Option<Error>>>,
    /// What the statement that is being prepared does; `None` when nobody wants to know.
    actions: Arc<Mutex<Option<Vec<Action>>>>,
    /// Whether the text of the statement that is being prepared has a name of ours in it.
    names_ours: Arc<AtomicBool>,
    /// Whether it makes a table with a foreign key to one of ours.
    refers_to_ours: Arc<AtomicBool>,
    /// Whether it makes a trigger in the schema `temp`.
    is_temporary_trigger: Arc<AtomicBool>,
    /// Whether a statement was let through that makes a temporary table.
    made_temporary: Arc<AtomicBool>,
}

/// Restores the earlier rules when dropped.
pub struct Switched {
    rules: Rules,
    before: u8,
}

impl Drop for Switched {
    fn drop(&mut self) {
        self.rules.whose.store(self.before, Ordering::Release);
    }
}

impl Rules {
    /// From here to the drop of the guard, what runs is `whose`.
    #[must_use]
    pub fn switch(&self, whose: Whose) -> Switched {
        Switched { rules: self.clone(), before: self.whose.swap(whose as u8, Ordering::AcqRel) }
    }

    /// Puts the rules of `whose` in force and returns whose were before, for a caller that puts those back; cheaper than
    /// [`Rules::switch`], under the same lock.
    pub(super) fn exchange(&self, whose: u8) -> u8 {
        self.whose.swap(whose, Ordering::AcqRel)
    }

    /// Says what is prepared next.
    pub(super) fn note_text(&self, sql: &str) {
        let names_ours = names_ours(sql);
        self.names_ours.store(names_ours, Ordering::Release);
        self.refers_to_ours.store(names_ours && refers_to_ours(sql), Ordering::Release);
        self.is_temporary_trigger.store(is_temporary_trigger(sql), Ordering::Release);
    }

    /// Why the authorizer said no the last time, taken out.
    pub(super) fn take_refusal(&self) -> Option<Error> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// From now on notes what is prepared.
    pub(super) fn record(&self) {
        *self.actions.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }

    /// What was prepared since `record`; nothing is noted from now on.
    pub(super) fn take_recorded(&self) -> Vec<Action> {
        self.actions.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }

    /// Whether a temporary table may have been made since this was asked the last time.
    pub(super) fn take_made_temporary(&self) -> bool {
        self.made_temporary.swap(false, Ordering::AcqRel)
    }

    fn current(&self) -> Whose {
        match self.whose.load(Ordering::Acquire) {
            0 => Whose::Ours,
            1 => Whose::Users,
            2 => Whose::Migrations,
            3 => Whose::Readers,
            _ => Whose::Supervisors,
        }
    }

    fn judge(&self, whose: Whose, context: &AuthContext<'_>) -> Result<(), Error> {
        if whose == Whose::Supervisors {
            return supervisors::judge(context);
        }
        if matches!(context.action, AuthAction::CreateTrigger { .. })
            && self.is_temporary_trigger.load(Ordering::Acquire)
        {
            return temporary_view_or_trigger();
        }
        self.by_its_text(context).and_then(|()| judge(whose, context))
    }

    /// What SQLite does not tell: the new name of a table, what the body of a trigger and a module of a virtual table will work
    /// on, and where a foreign key leads.
    fn by_its_text(&self, context: &AuthContext<'_>) -> Result<(), Error> {
        let what = match context.action {
            AuthAction::AlterTable { .. } => "altering a table by a statement that names rpmadb's own",
            AuthAction::CreateTrigger { .. } => "a trigger that names a table of rpmadb's own",
            AuthAction::CreateVtable { .. } => "a virtual table that names one of rpmadb's own",
            AuthAction::CreateTable { .. } if self.refers_to_ours.load(Ordering::Acquire) => {
                "a foreign key to a table of rpmadb's own"
            }
            _ => return Ok(()),
        };
        if !self.names_ours.load(Ordering::Acquire) {
            return Ok(());
        }
        Err(Error::Unsupported { what: what.into(), instead: Some("rpmadb keeps its tables itself") })
    }

    /// The answer SQLite asks for at each prepare.
    pub(super) fn authorize(&self, context: &AuthContext<'_>) -> Authorization {
        let whose = self.current();
        if whose == Whose::Ours {
            return Authorization::Allow;
        }
        match self.judge(whose, context) {
            Ok(()) => {
                if makes_temporary_table(context) {
                    self.made_temporary.store(true, Ordering::Release);
                }
                if let Some(actions) = self.actions.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
                    Action::record(actions, context);
                }
                if is_text_of_a_statement(context) { Authorization::Ignore } else { Authorization::Allow }
            }
            Err(error) => {
                *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                Authorization::Deny
            }
        }
    }
}

/// Tables that only this library writes.
pub(super) fn is_ours(table: &str) -> bool {
    table.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("rpmadb_"))
}

/// Whether it reads the text of a prepared statement, which may be one of ours: see `kept.rs`.
fn is_text_of_a_statement(context: &AuthContext<'_>) -> bool {
    let AuthAction::Read { table_name, column_name } = context.action else { return false };
    table_name.eq_ignore_ascii_case("sqlite_stmt") && column_name.eq_ignore_ascii_case("sql")
}

/// Whether it makes a temporary table, which `CREATE TABLE temp.x` does too.
fn makes_temporary_table(context: &AuthContext<'_>) -> bool {
    match context.action {
        AuthAction::CreateTempTable { .. } => true,
        AuthAction::CreateTable { .. } => context.database_name == Some("temp"),
        _ => false,
    }
}

fn temporary_view_or_trigger() -> Result<(), Error> {
    Err(Error::Unsupported {
        what: "a temporary view or trigger".into(),
        instead: Some("use an ordinary one, or a WITH clause"),
    })
}

fn judge(whose: Whose, context: &AuthContext<'_>) -> Result<(), Error> {
    let refuse = |what: String, instead: &'static str| Err(Error::Unsupported { what, instead: Some(instead) });
    match context.action {
        AuthAction::Transaction { operation } => refuse(
            format!("{} as a statement", transaction_word(operation)),
            "use rpmadb_transaction, which commits when its function returns 0 and rolls back otherwise",
        ),
        AuthAction::Savepoint { .. } => refuse("SAVEPOINT as a statement".into(), "use rpmadb_transaction"),
        // why unknown too: that is what ATTACH and DETACH are when the name is an expression, such as a parameter
        AuthAction::Attach { .. } | AuthAction::Detach { .. } | AuthAction::Unknown { .. } => refuse(
            "ATTACH, DETACH or VACUUM".into(),
            "open the other file with a handle of its own; for a copy use rpmadb_backup",
        ),
        AuthAction::Pragma { pragma_name, pragma_value } => judge_pragma(whose, pragma_name, pragma_value),
        AuthAction::Function { function_name } if function_name.eq_ignore_ascii_case("load_extension") => {
            refuse("load_extension".into(), "link what you need into the host")
        }
        // why: a host may have had the extension make them known to every connection of the process
        AuthAction::Function { function_name } if is_ours(function_name) => {
            refuse(format!("the SQL function {function_name} on a handle"), "call the verb of that name")
        }
        AuthAction::Read { .. } | AuthAction::Select | AuthAction::Function { .. } | AuthAction::Recursive => Ok(()),
        _ if whose == Whose::Readers => Err(Error::ReadOnly { what: "the database, by this statement,".into() }),
        // why: a temporary object lives on the writer alone; readers do not see it, and it hides what has its name from
        // everybody who writes after this. A migration may stage rows in one, which `run.rs` drops after the step.
        _ if makes_temporary_table(context) && whose != Whose::Migrations => {
            refuse("a temporary table".into(), "use an ordinary table, or a WITH clause")
        }
        AuthAction::CreateTempIndex { .. } if whose != Whose::Migrations => {
            refuse("a temporary table".into(), "use an ordinary table, or a WITH clause")
        }
        AuthAction::CreateTempView { .. } | AuthAction::CreateTempTrigger { .. } => temporary_view_or_trigger(),
        AuthAction::CreateView { .. } if context.database_name == Some("temp") => temporary_view_or_trigger(),
        AuthAction::CreateVtable { .. } if context.database_name == Some("temp") => {
            refuse("a temporary virtual table".into(), "use an ordinary one")
        }
        // why also of a table of ours: none there is ours
        AuthAction::DropTrigger { .. } => Ok(()),
        ref action => match written_table(action).filter(|table| is_ours(table) || is_pages(table)) {
            // why whatever SQLite's defensive mode says: it can be turned off, and pages are of every table
            Some(table) if is_pages(table) => refuse(format!("writing to {table}"), "write to the tables themselves"),
            Some(table) => Err(Error::Unsupported {
                what: format!("writing to {table}"),
                instead: Some("rpmadb keeps that table itself"),
            }),
            None => Ok(()),
        },
    }
}

/// The table that is the pages of the file.
fn is_pages(table: &str) -> bool {
    table.eq_ignore_ascii_case("sqlite_dbpage")
}

fn transaction_word(operation: TransactionOperation) -> &'static str {
    match operation {
        TransactionOperation::Begin => "BEGIN",
        TransactionOperation::Rollback => "ROLLBACK",
        _ => "COMMIT",
    }
}

/// The table an action writes to or changes.
fn written_table<'a>(action: &AuthAction<'a>) -> Option<&'a str> {
    match *action {
        AuthAction::CreateIndex { table_name, .. }
        | AuthAction::CreateTable { table_name }
        | AuthAction::CreateTempTable { table_name }
        | AuthAction::CreateTempTrigger { table_name, .. }
        | AuthAction::CreateTrigger { table_name, .. }
        | AuthAction::Delete { table_name }
        | AuthAction::DropIndex { table_name, .. }
        | AuthAction::DropTable { table_name }
        | AuthAction::DropTrigger { table_name, .. }
        | AuthAction::Insert { table_name }
        | AuthAction::Update { table_name, .. }
        | AuthAction::AlterTable { table_name, .. }
        | AuthAction::CreateVtable { table_name, .. }
        | AuthAction::DropVtable { table_name, .. } => Some(table_name),
        AuthAction::CreateView { view_name } | AuthAction::DropView { view_name } => Some(view_name),
        _ => None,
    }
}

/// Pragmas that only tell, whatever their argument.
const TELLING: &[&str] = &[
    "table_info",
    "table_xinfo",
    "table_list",
    "index_info",
    "index_xinfo",
    "index_list",
    "foreign_key_list",
    "foreign_key_check",
    "integrity_check",
    "quick_check",
    "collation_list",
    "function_list",
    "module_list",
    "pragma_list",
    "compile_options",
    "database_list",
    "page_count",
    "freelist_count",
    "data_version",
];

/// Pragmas that tell when they have no argument and set when they have one.
const TELLING_WITHOUT_VALUE: &[&str] = &[
    "application_id",
    "user_version",
    "schema_version",
    "encoding",
    "page_size",
    "journal_mode",
    "synchronous",
    "foreign_keys",
    "cache_size",
    "auto_vacuum",
    "mmap_size",
    "busy_timeout",
    "trusted_schema",
    "query_only",
    "secure_delete",
    "temp_store",
    "wal_autocheckpoint",
    "journal_size_limit",
    "max_page_count",
    "locking_mode",
    "recursive_triggers",
    "defer_foreign_keys",
    "cell_size_check",
    "automatic_index",
    "analysis_limit",
    "threads",
];

fn judge_pragma(whose: Whose, name: &str, value: Option<&str>) -> Result<(), Error> {
    let listed = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(name));
    if listed(TELLING) || (value.is_none() && listed(TELLING_WITHOUT_VALUE)) {
        return Ok(());
    }
    // why: these two live in the file's header and belong to its schema, so a migration may set them
    if whose == Whose::Migrations && listed(&["application_id", "defer_foreign_keys"]) {
        return Ok(());
    }
    Err(Error::Unsupported {
        what: format!("PRAGMA {name}{}", if value.is_some() { " with a value" } else { "" }),
        instead: Some(
            "settings of the connection are options of rpmadb_open; for work on the file there are checkpoint, backup and the other verbs",
        ),
    })
}
