//! The Lua API as a table: every name that a script finds, with its type, one line of documentation, and whether a
//! migration has it too.
//!
//! `objects` (`db`, a statement, `job`, `log`, `json`, an error), `library` (what there is of Lua's own), `reports` (what the
//! verbs return), `tests` (what a test file has besides); `editor` makes files for editors and linters from them, `page` the reference.
//! Leaves to others: being so (`sandbox.rs`, `db.rs`, `script.rs`).
//!
//! Invariant: a name that is here is in a running script, and the other way round; `tests/lua/api.rs` holds it to that, and
//! the files in `scripts/` that are made from it to the generators.

mod editor;
mod library;
mod objects;
mod page;
mod reports;
mod tests;

/// Names that belong together: the globals, one object, one library.
#[derive(Debug)]
pub struct Group {
    /// What stands before the dot or colon; empty for the globals.
    pub name: &'static str,
    /// The class of the object in annotations; `None` for a library of functions.
    pub class: Option<&'static str>,
    /// Where the group comes from.
    pub origin: Origin,
    /// What it is for.
    pub doc: &'static str,
    /// How it is used.
    pub example: &'static str,
    /// Its names.
    pub entries: &'static [Entry],
}

/// Where a group comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Ours: a global object.
    Ours,
    /// Ours: an object that a function returns or raises.
    Returned,
    /// Lua's own library.
    Lua,
    /// Ours, and in test files only.
    Tests,
}

/// One name.
#[derive(Debug)]
pub struct Entry {
    /// The name.
    pub name: &'static str,
    /// What it is.
    pub what: What,
    /// What it is for, one sentence.
    pub doc: &'static str,
    /// Whether a migration has it.
    pub in_migrations: bool,
}

/// What a name is. Types are written as LuaLS writes them; a name that ends with `?` may be left out.
#[derive(Debug)]
pub enum What {
    /// Called with a dot, or as a global.
    Function(&'static [Parameter], &'static [&'static str]),
    /// Called with a colon.
    Method(&'static [Parameter], &'static [&'static str]),
    /// A value of this type.
    Value(&'static str),
}

/// Name and type.
pub type Parameter = (&'static str, &'static str);

/// A table with known fields.
#[derive(Debug)]
pub struct Class {
    /// Its name in annotations.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Its fields.
    pub fields: &'static [Parameter],
}

const fn function(
    name: &'static str,
    parameters: &'static [Parameter],
    returns: &'static [&'static str],
    doc: &'static str,
) -> Entry {
    Entry { name, what: What::Function(parameters, returns), doc, in_migrations: true }
}

const fn method(
    name: &'static str,
    parameters: &'static [Parameter],
    returns: &'static [&'static str],
    doc: &'static str,
) -> Entry {
    Entry { name, what: What::Method(parameters, returns), doc, in_migrations: true }
}

const fn value(name: &'static str, kind: &'static str, doc: &'static str) -> Entry {
    Entry { name, what: What::Value(kind), doc, in_migrations: true }
}

impl Entry {
    const fn scripts_only(mut self) -> Entry {
        self.in_migrations = false;
        self
    }

    /// What Lua's `type` says of it.
    #[must_use]
    pub fn lua_type(&self) -> Option<&'static str> {
        match self.what {
            What::Function(..) | What::Method(..) => Some("function"),
            What::Value("integer") => Some("number"),
            What::Value(kind @ ("string" | "number" | "boolean")) => Some(kind),
            What::Value(_) => None,
        }
    }
}

impl Group {
    /// The entry of a name.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

/// Every group, in reading order.
pub const GROUPS: &[&Group] = &[
    &objects::DB,
    &objects::STATEMENT,
    &objects::JOB,
    &objects::LOG,
    &objects::JSON,
    &objects::ERROR,
    &library::GLOBALS,
    &library::STRING,
    &library::TABLE,
    &library::MATH,
    &library::UTF8,
    &library::OS,
    &library::COROUTINE,
    &tests::GLOBALS,
    &tests::EXPECTATION,
];

/// What the verbs return.
pub const CLASSES: &[&Class] = reports::ALL;

/// What Lua has elsewhere and scripts have not, with what to do about it.
pub const ABSENT: &[(&str, &str)] = &[
    ("io", "scripts do not reach files; use job.args, log and the result"),
    ("debug", "scripts do not reach the interpreter"),
    ("package", "a script is one file"),
    ("require", "a script is one file"),
    ("dofile", "a script is one file"),
    ("loadfile", "a script is one file"),
    ("warn", "use log.warn"),
    ("arg", "use job.args"),
    ("unpack", "use table.unpack"),
    ("loadstring", "use load"),
    ("setfenv", "Lua 5.4 does not have it"),
    ("getfenv", "Lua 5.4 does not have it"),
];

/// The group that scripts reach under a global name.
#[must_use]
pub fn group_of(global: &str) -> Option<&'static Group> {
    let is_it = |group: &&&Group| group.name == global && matches!(group.origin, Origin::Ours | Origin::Lua);
    GROUPS.iter().find(is_it).copied().filter(|group| !group.name.is_empty())
}

/// The names of all globals of a script, and of a test file if `tests`.
#[must_use]
pub fn globals(tests: bool) -> Vec<&'static str> {
    let of = |group: &&'static Group| match (group.origin, group.name) {
        (Origin::Lua, "") => group.entries.iter().map(|entry| entry.name).collect(),
        (Origin::Tests, "") if tests => group.entries.iter().map(|entry| entry.name).collect(),
        (Origin::Ours | Origin::Lua, name) => vec![name],
        _ => Vec::new(),
    };
    GROUPS.iter().flat_map(of).collect()
}

/// Whether a global name is one of a migration's.
#[must_use]
pub fn is_in_migrations(global: &str) -> bool {
    match group_of(global) {
        Some(group) => group.entries.iter().any(|entry| entry.in_migrations),
        None => library::GLOBALS.entry(global).is_some_and(|entry| entry.in_migrations),
    }
}

/// The files that are made from this table: their names in `scripts/`, and their texts.
#[must_use]
pub fn files() -> Vec<(&'static str, String)> {
    vec![
        (".luacheckrc", editor::luacheck()),
        (".luarc.json", editor::luarc()),
        ("README.md", page::reference()),
        ("rpmadb.d.lua", editor::definitions()),
        ("rpmadb.yml", editor::selene_library()),
        ("selene.toml", editor::selene()),
    ]
}
