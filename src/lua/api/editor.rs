//! Files for editors and linters, made from the table: LuaLS definitions and settings, a selene library, luacheck's globals.
//!
//! Leaves to others: the table. Where the files go is `files`.
//!
//! Invariant: the same table gives the same bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::{ABSENT, CLASSES, Entry, GROUPS, Group, Origin, Parameter, What};

const MADE: &str = "Made from src/lua/api by `RPMADB_UPDATE=1 cargo test lua::api`; do not edit.";

/// `name?` as name and whether it may be left out.
fn optional(name: &str) -> (&str, bool) {
    name.strip_suffix('?').map_or((name, false), |name| (name, true))
}

/// The names of parameters, as in a call.
pub(super) fn names(parameters: &[Parameter]) -> String {
    let names: Vec<&str> = parameters.iter().map(|(name, _)| optional(name).0).collect();
    names.join(", ")
}

fn comment(text: &mut String, doc: &str) {
    doc.lines().for_each(|line| put(text, format_args!("---{line}\n")));
}

/// Writing to a `String` cannot fail.
fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(what);
}

/// `scripts/rpmadb.d.lua`.
pub(super) fn definitions() -> String {
    let mut text = format!("---@meta\n-- {MADE}\n\n");
    text.push_str(
        "---@alias Row table<string, any>\n---@alias Sql string|number|boolean|Null|Blob|table|nil\n\
         ---@class Null\n---@class Blob\n\n",
    );
    for class in CLASSES {
        put(&mut text, format_args!("---{}\n---@class {}\n", class.doc, class.name));
        for (name, kind) in class.fields {
            put(&mut text, format_args!("---@field {name} {kind}\n"));
        }
        text.push('\n');
    }
    for group in GROUPS.iter().filter(|group| group.origin != Origin::Lua) {
        define(&mut text, group);
    }
    for group in GROUPS.iter().filter(|group| group.origin == Origin::Lua && group.name == "os") {
        comment(&mut text, group.doc);
        text.push_str("os = {}\n\n");
        group.entries.iter().for_each(|entry| define_entry(&mut text, "os", entry));
    }
    for (name, instead) in ABSENT.iter().filter(|(name, _)| ["dofile", "loadfile"].contains(name)) {
        put(&mut text, format_args!("---Not in scripts: {instead}.\n---@deprecated\nfunction {name}() end\n\n"));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn define(text: &mut String, group: &Group) {
    if group.name.is_empty() {
        group.entries.iter().for_each(|entry| define_entry(text, "", entry));
        return;
    }
    let class = group.class.unwrap_or(group.name);
    comment(text, group.doc);
    put(text, format_args!("---@class {class}\n"));
    for entry in group.entries {
        if let What::Value(kind) = entry.what {
            let (kind, mark) = kind.strip_suffix('?').map_or((kind, ""), |kind| (kind, "?"));
            put(text, format_args!("---@field {}{mark} {kind} {}\n", entry.name, entry.doc));
        }
    }
    // why local for those: a script finds no global of that name
    let keyword = if group.origin == Origin::Ours { "" } else { "local " };
    let has_functions = group.entries.iter().any(|entry| !matches!(entry.what, What::Value(_)));
    if has_functions || group.origin == Origin::Ours {
        put(text, format_args!("{keyword}{} = {{}}\n", group.name));
    }
    text.push('\n');
    group.entries.iter().for_each(|entry| define_entry(text, group.name, entry));
}

fn define_entry(text: &mut String, owner: &str, entry: &Entry) {
    let (parameters, returns, mark) = match entry.what {
        What::Function(parameters, returns) => (parameters, returns, "."),
        What::Method(parameters, returns) => (parameters, returns, ":"),
        What::Value(_) => return,
    };
    put(text, format_args!("---{}\n", entry.doc));
    if !entry.in_migrations && owner == "db" {
        text.push_str("---\n---Not in migrations.\n");
    }
    for (name, kind) in parameters {
        put(text, format_args!("---@param {name} {}\n", kind.replace("...any", "...")));
    }
    for kind in returns {
        put(text, format_args!("---@return {}\n", returned(kind)));
    }
    let owner = if owner.is_empty() { String::new() } else { format!("{owner}{mark}") };
    put(text, format_args!("function {owner}{}({}) end\n\n", entry.name, names(parameters)));
}

/// A type that is returned, as LuaLS writes those of which there may be any number.
fn returned(kind: &str) -> String {
    match kind.strip_prefix("...") {
        Some(kind) => format!("{kind} ..."),
        None => kind.replace("...any", "..."),
    }
}

/// `scripts/.luarc.json`.
pub(super) fn luarc() -> String {
    let settings = json!({
        "runtime.version": "Lua 5.4",
        "runtime.builtin": { "debug": "disable", "io": "disable", "os": "disable", "package": "disable" },
        "workspace.library": ["rpmadb.d.lua"],
        "workspace.checkThirdParty": false,
    });
    pretty(&settings)
}

fn pretty(document: &Json) -> String {
    // why the default: a value made by `json!` always serialises
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

/// The name of a global in selene's and luacheck's lists: what a script finds, and what a test file has besides.
fn reachable() -> impl Iterator<Item = &'static Group> {
    GROUPS.iter().copied().filter(|group| group.origin != Origin::Returned && group.class != Some("Expectation"))
}

/// `scripts/rpmadb.yml`: a standard library for selene. JSON is YAML, but people read this one.
pub(super) fn selene_library() -> String {
    let mut globals: BTreeMap<String, String> = BTreeMap::new();
    for group in reachable() {
        for entry in group.entries {
            let name =
                if group.name.is_empty() { entry.name.to_owned() } else { format!("{}.{}", group.name, entry.name) };
            globals.insert(name, selene_entry(entry));
        }
    }
    let mut text = format!("---\n# {MADE}\nname: rpmadb\nlua_versions:\n  - lua54\nglobals:\n");
    for (name, entry) in globals {
        put(&mut text, format_args!("  {name}:\n{entry}"));
    }
    text
}

fn selene_entry(entry: &Entry) -> String {
    let (parameters, is_method) = match entry.what {
        What::Function(parameters, _) => (parameters, false),
        What::Method(parameters, _) => (parameters, true),
        What::Value("table" | "table<string, any>") => return "    any: true\n".into(),
        What::Value(_) => return "    property: read-only\n".into(),
    };
    let mut text = if is_method { "    method: true\n".to_owned() } else { String::new() };
    if parameters.is_empty() {
        text.push_str("    args: []\n");
    } else {
        text.push_str("    args:\n");
    }
    for (name, kind) in parameters {
        let (name, may_lack) = optional(name);
        if name == "..." {
            text.push_str("      - required: false\n        type: \"...\"\n");
            continue;
        }
        let kind = match *kind {
            "string" => "string",
            "integer" | "number" => "number",
            "boolean" => "bool",
            "table" => "table",
            "function" | "fun()" => "function",
            kind if kind.starts_with("fun(") => "function",
            _ => "any",
        };
        let first = if may_lack { "required: false\n        " } else { "" };
        put(&mut text, format_args!("      - {first}type: {kind}\n"));
    }
    text
}

/// `scripts/selene.toml`.
pub(super) fn selene() -> String {
    format!(
        "# {MADE}\n# selene reads Lua 5.4 only when it was built so: cargo install selene --no-default-features \\\n\
         #   --features selene-lib/lua52,selene-lib/lua53,selene-lib/lua54\nstd = \"rpmadb\"\nexclude = [\"*.d.lua\"]\n"
    )
}

/// `scripts/.luacheckrc`.
pub(super) fn luacheck() -> String {
    let mut text = format!(
        "-- {MADE}\nstd = \"none\"\nmax_line_length = false\nexclude_files = {{ \"*.d.lua\" }}\nread_globals = {{\n"
    );
    let mut roots: BTreeMap<&str, Option<&'static Group>> = BTreeMap::new();
    for group in reachable() {
        if group.name.is_empty() {
            roots.extend(group.entries.iter().map(|entry| (entry.name, None)));
        } else {
            roots.insert(group.name, Some(group));
        }
    }
    for (name, group) in roots {
        let Some(group) = group else {
            put(&mut text, format_args!("  {name} = {{ other_fields = true }},\n"));
            continue;
        };
        put(&mut text, format_args!("  {name} = {{ fields = {{\n"));
        for entry in group.entries {
            let open = if matches!(entry.what, What::Value(_)) { " other_fields = true " } else { "" };
            put(&mut text, format_args!("    [\"{}\"] = {{{open}}},\n", entry.name));
        }
        text.push_str("  } },\n");
    }
    text.push_str("}\n");
    text
}
