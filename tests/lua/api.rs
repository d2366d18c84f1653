//! The table of the Lua API against a running script, in both directions, and against the files made from it.
//!
//! To write those files anew: `RPMADB_UPDATE=1 cargo test lua::api`.
//!
//! Leaves to others: that the fields of reports are right (`parity`), and what the functions do (`scripts`, `verbs`).

use std::collections::BTreeSet;
use std::path::PathBuf;

use rpmadb::lua_api::{self, GROUPS, Group, Origin};

use super::*;

/// How a script gets at the object of a group.
fn expression(group: &Group) -> String {
    match (group.origin, group.name) {
        (Origin::Returned, "statement") => "db:prepare('SELECT 1')".into(),
        (Origin::Returned, "error") => "select(2, pcall(db.query, db, 'SELEC 1'))".into(),
        (_, "") => "_G".into(),
        (_, name) => name.into(),
    }
}

fn in_scripts() -> impl Iterator<Item = &'static Group> {
    GROUPS.iter().copied().filter(|group| group.origin != Origin::Tests)
}

#[test]
fn every_name_of_the_table_is_in_a_running_script() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let mut wrong = Vec::new();
    for group in in_scripts() {
        for entry in group.entries {
            let source = format!("return type(({}).{})", expression(group), entry.name);
            let found =
                run(&database, &source).map_or_else(|error| error.to_string(), |report| report.result.to_string());
            let found = found.trim_matches('"');
            let fits = match entry.lua_type() {
                Some(wanted) => found == wanted,
                None => found != "nil" || matches!(entry.what, lua_api::What::Value(kind) if kind.ends_with('?')),
            };
            if !fits {
                wrong.push(format!("{}.{} is {found}", group.name, entry.name));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// All names that can be reached from the globals by one step, of tables; of `_G` itself the names alone.
const WALK: &str = "local found = {}
    for name, value in pairs(_G) do
      found[#found + 1] = name
      if type(value) == 'table' and name ~= '_G' then
        for field in pairs(value) do found[#found + 1] = name .. '.' .. tostring(field) end
      end
    end
    return found";

fn names(list: &Json) -> BTreeSet<String> {
    list.as_array().expect("a list").iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
}

/// The names that [`WALK`] must find; `fields` says of which globals the fields are seen.
fn known(fields: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for group in in_scripts().filter(|group| group.origin != Origin::Returned) {
        if group.name.is_empty() {
            known.extend(group.entries.iter().map(|entry| entry.name.to_owned()));
        } else {
            known.insert(group.name.to_owned());
        }
        if !group.name.is_empty() && fields(group.name) {
            known.extend(group.entries.iter().map(|entry| format!("{}.{}", group.name, entry.name)));
        }
    }
    known
}

#[test]
fn every_name_of_a_running_script_is_in_the_table() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let known = known(|_| true);
    let unknown: Vec<String> =
        names(&result(&database, WALK)).into_iter().filter(|name| !known.contains(name)).collect();
    assert_eq!(unknown, Vec::<String>::new());
    let planted = result(&database, &format!("surprise = 1; string.surprise = 2; {WALK}"));
    let unknown: Vec<String> = names(&planted).into_iter().filter(|name| !known.contains(name)).collect();
    assert_eq!(unknown, ["string.surprise", "surprise"], "the walk itself finds what is new");
}

/// What the sources give to objects that a script cannot walk over.
#[test]
fn every_method_of_our_objects_is_in_the_table() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/lua");
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("the sources") {
        let path = entry.expect("an entry").path();
        let Some(text) = path.is_file().then(|| std::fs::read_to_string(&path).expect("reads")) else { continue };
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ").replace("( \"", "(\"");
        let text =
            text.replace("add_verb(methods, \"", "add_method(\"").replace("add_statement(methods, \"", "add_method(\"");
        for mark in ["add_method(\"", "add_method_mut(\"", "add_function(\"", "add_field(\"", "add_field_method_get(\""]
        {
            let names = text.split(mark).skip(1).filter_map(|rest| rest.split('"').next());
            found.extend(names.map(str::to_owned));
        }
    }
    assert!(found.len() > 20 && found.contains("query"), "the sources were read: {found:?}");
    let known = |name: &String| GROUPS.iter().any(|group| group.class.is_some() && group.entry(name).is_some());
    let unknown: Vec<String> = found.into_iter().filter(|name| !known(name)).collect();
    assert_eq!(unknown, Vec::<String>::new());
}

#[test]
fn a_migration_has_the_globals_that_the_table_gives_it() {
    let scratch = Scratch::new();
    let seen = "local names = {} for name in pairs(_G) do names[#names + 1] = name end table.sort(names)
        return { up = function(db) db:exec('CREATE TABLE seen (names)')
          db:exec('INSERT INTO seen VALUES (?)', table.concat(names, ' ')) end }";
    let database =
        try_open(scratch.path("a.db"), &with_folder(&scratch.migrations("m", &[("1_a.lua", seen)]))).expect("opens").0;
    let names = value(&database, "SELECT names FROM seen");
    let mut found: BTreeSet<&str> = names.as_str().expect("a text").split(' ').collect();
    // why: the functions of a migration get it as their argument
    found.insert("db");
    let wanted: BTreeSet<&str> =
        lua_api::globals(false).into_iter().filter(|name| lua_api::is_in_migrations(name)).collect();
    assert_eq!(found, wanted);
}

/// The first line in which two texts differ.
fn difference(committed: &str, made: &str) -> Option<String> {
    if committed == made {
        return None;
    }
    let differing = committed.lines().zip(made.lines()).enumerate().find(|(_, (a, b))| a != b);
    Some(
        differing.map_or_else(
            || "one is longer".into(),
            |(at, (a, b))| format!("line {}: committed {a:?}, made {b:?}", at + 1),
        ),
    )
}

#[test]
fn the_files_for_editors_are_those_that_the_table_makes() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts");
    for (name, made) in lua_api::files() {
        let path = folder.join(name);
        if std::env::var_os("RPMADB_UPDATE").is_some() {
            std::fs::write(&path, &made).expect("writes");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        if let Some(found) = difference(&committed, &made) {
            panic!("scripts/{name} is not what src/lua/api makes ({found}); run RPMADB_UPDATE=1 cargo test lua::api");
        }
        assert!(difference(&committed.replacen("query", "qery", 1), &made).is_some() || !made.contains("query"));
    }
}

#[test]
fn the_files_for_editors_name_every_name() {
    let files: std::collections::BTreeMap<&str, String> = lua_api::files().into_iter().collect();
    for group in in_scripts().filter(|group| group.origin == Origin::Ours) {
        for entry in group.entries {
            let dotted = format!("{}.{}", group.name, entry.name);
            let called = format!("{}:{}", group.name, entry.name);
            assert!(files["rpmadb.yml"].contains(&format!("  {dotted}:\n")), "selene lacks {dotted}");
            let shown = |file: &str| files[file].contains(&dotted) || files[file].contains(&called);
            assert!(shown("README.md"), "the reference lacks {dotted}");
            let field = format!("---@field {} ", entry.name);
            assert!(shown("rpmadb.d.lua") || files["rpmadb.d.lua"].contains(&field), "LuaLS lacks {dotted}");
        }
    }
    // what is Lua must be Lua, and what is JSON must be JSON
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    for name in ["rpmadb.d.lua", ".luacheckrc"] {
        run(&database, &files[name]).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let settings: Json = serde_json::from_str(&files[".luarc.json"]).expect("JSON");
    assert_eq!(settings["runtime.version"], "Lua 5.4");
}

#[test]
fn examples_that_need_nothing_around_them_run() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    for group in GROUPS.iter().filter(|group| ["db", "json", "coroutine", "string"].contains(&group.name)) {
        run(&database, group.example).unwrap_or_else(|error| panic!("{}: {error}", group.name));
    }
}
