//! Holds the floors of the source: a file may use only what lies below it, and two rooms on one
//! floor do not meet. The picture and its reasons are in `src/lib.rs`; `floor` is the same map.
//!
//! It reads tokens, so a crate named in a string or a comment is no import. Visibility it leaves
//! to the compiler; it does not see through `include!`, `#[path]` or names that a macro makes up.
//! Inline modules under `#[cfg(test)]` are skipped: tests at the foot of a file use what they like.
//!
//! Invariant: each rule is itself proven by a planted violation, and by a legal twin that passes.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::{collections::BTreeSet, fs, io, path::Path, slice};

const BIN: &str = "bin/rpmadb/";
/// A tree smaller than this was not found, rather than clean.
const FEWEST: usize = 15;

type Segments = Vec<String>;
/// Path below `src/` and text.
type File = (String, String);

/// The map: a module by its path from the crate root, to its floor and the name of its room.
fn floor(module: &[String]) -> Option<(u8, String)> {
    let first = module.first()?.as_str();
    let floor = match first {
        // One room: the vocabulary may refer to itself.
        "error" | "request" | "report" | "operation" => return Some((0, "vocabulary".into())),
        "sqlite" | "machine" => 1,
        "audit" => 2,
        "migrations" | "archive" => 3,
        // Each verb is a room of its own, so the second name counts.
        "ops" => return Some((4, module[..module.len().min(2)].join("::"))),
        "lua" => 5,
        "database" => 6,
        "capi" => 7,
        _ => return None,
    };
    Some((floor, first.into()))
}

/// `ops/mod.rs` is `ops`, `ops/x.rs` is `ops::x`; the binary is a crate with a root of its own.
fn module_of(path: &str) -> Segments {
    let inside = path.strip_prefix(BIN).unwrap_or(path);
    let stem = inside.strip_suffix(".rs").unwrap_or(inside);
    let mut module: Segments = stem.split('/').map(String::from).collect();
    if module.last().is_some_and(|name| name == "mod") {
        module.pop();
    }
    module
}

/// Every breach of the rules, as `path:line: what: which rule`.
fn violations(files: &[File]) -> Vec<String> {
    let mut macros = BTreeSet::new();
    for (_, text) in files {
        let tokens: Vec<_> = text.parse::<TokenStream>().into_iter().flatten().collect();
        let defined = tokens.windows(3).filter(|w| is(&w[0], "macro_rules"));
        macros.extend(defined.map(|w| w[2].to_string()));
    }
    let mut found = Vec::new();
    for (path, text) in files {
        let module = module_of(path);
        let bin = path.starts_with(BIN).then(|| (7, "bin".into()));
        let room = bin.or_else(|| floor(&module));
        let (macros, lines, found) = (&macros, text.lines().collect(), &mut found);
        let mut reader = Reader { path, lines, room, macros, files, found };
        if reader.room.is_none() && path != "lib.rs" {
            reader.report(1, "no such room", "put it on the map");
        }
        match text.parse::<TokenStream>() {
            Ok(stream) => reader.walk(stream, &module, None),
            Err(e) => reader.report(e.span().start().line, "not Rust", &e.to_string()),
        }
    }
    found
}

/// One file on its way through the rules.
struct Reader<'a> {
    path: &'a str,
    lines: Vec<&'a str>,
    /// None for `lib.rs`, which imports what it likes, and for files that are not on the map.
    room: Option<(u8, String)>,
    /// Exported macros live at the crate root wherever they are written: no room to name.
    macros: &'a BTreeSet<String>,
    files: &'a [File],
    found: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn report(&mut self, line: usize, what: &str, rule: &str) {
        let path = self.path;
        self.found.push(format!("{path}:{line}: {what}: {rule}"));
    }

    fn in_room(&self, names: &[&str]) -> bool {
        matches!(&self.room, Some((_, room)) if names.contains(&room.as_str()))
    }

    /// `here` is the module, inline ones included; `statement` the first line of the statement
    /// around the stream, None where the stream begins statements of its own.
    fn walk(&mut self, stream: TokenStream, here: &[String], statement: Option<usize>) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let ends = |mark| statement.is_none() && matches!(mark, ';' | ',');
        let mut start = statement;
        let mut i = 0;
        while i < tokens.len() {
            if let Some(length) = test_module(&tokens[i..]) {
                i += length;
                start = None;
                continue;
            }
            let token = &tokens[i];
            let begun = *start.get_or_insert(line_of(token));
            match token {
                TokenTree::Group(group) => {
                    let brace = group.delimiter() == Delimiter::Brace;
                    let mut inner = here.to_vec();
                    if brace && i >= 2 && is(&tokens[i - 2], "mod") {
                        inner.push(tokens[i - 1].to_string());
                    }
                    self.walk(group.stream(), &inner, (!brace).then_some(begun));
                    start = start.filter(|_| !brace);
                }
                TokenTree::Punct(mark) if ends(mark.as_char()) => start = None,
                TokenTree::Ident(_) => self.word(&tokens, i, here, begun),
                _ => {}
            }
            i += 1;
        }
    }

    fn word(&mut self, tokens: &[TokenTree], i: usize, here: &[String], begun: usize) {
        let (word, line) = (tokens[i].to_string(), line_of(&tokens[i]));
        let renamed = tokens.get(i + 1).is_some_and(|token| is(token, "as"));
        let path_follows = renamed || is_path_mark(tokens, i + 1);
        // `pub(in crate::ops)` says who may look in; it brings nothing here.
        let visibility = i == 1 && is(&tokens[0], "in");
        let heads = path_follows && !visibility && !(i >= 2 && is_path_mark(tokens, i - 2));
        match word.trim_start_matches("r#") {
            name @ ("rusqlite" | "libsqlite3_sys") if !self.in_room(&["sqlite"]) => {
                self.report(line, name, "named outside sqlite/");
            }
            "mlua" if !self.in_room(&["lua"]) => self.report(line, "mlua", "named outside lua/"),
            "unsafe" => self.unsafe_word(tokens.get(i + 1), line, begun),
            "rpmadb" if path_follows && self.in_room(&["bin"]) => {
                for (path, line) in leaves(&tokens[i..], Vec::new()) {
                    if path.get(1).is_some_and(|name| name == "capi") {
                        self.report(line, &path.join("::"), "the binary uses the Rust API alone");
                    }
                }
            }
            "crate" | "super" | "self" if heads => {
                for (path, line) in leaves(&tokens[i..], Vec::new()) {
                    self.import(&path, line, here);
                }
            }
            _ => {}
        }
    }

    fn import(&mut self, path: &[String], line: usize, here: &[String]) {
        let Some((from, room_here)) = self.room.clone() else {
            return;
        };
        let mut target = here.to_vec();
        for name in path {
            match name.as_str() {
                "crate" => target.clear(),
                "super" => drop(target.pop()),
                "self" => {}
                name => target.push(name.into()),
            }
        }
        let shown = format!("crate::{}", target.join("::"));
        if target.len() == 1 && self.macros.contains(&target[0]) {
            return;
        }
        if room_here == "bin" {
            let mut own = self.files.iter().filter(|(path, _)| path.starts_with(BIN));
            if !own.any(|(path, _)| module_of(path).first() == target.first()) {
                self.report(line, &shown, "not a module of the binary: use rpmadb::");
            }
            return;
        }
        let Some((to, room_there)) = floor(&target) else {
            return self.report(line, &shown, "name the room, not the crate root");
        };
        let at_home = room_here == room_there || (room_here == "ops" && to == 4);
        let below = to < from && (from < 7 || matches!(to, 0 | 6));
        if !at_home && !below {
            let rule = format!("{room_here} (floor {from}) may not use {room_there} (floor {to})");
            self.report(line, &shown, &rule);
        }
    }

    fn unsafe_word(&mut self, next: Option<&TokenTree>, line: usize, begun: usize) {
        if !self.in_room(&["sqlite", "lua", "capi"]) {
            return self.report(line, "unsafe", "outside sqlite/, lua/ and capi/");
        }
        let block = matches!(next, Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Brace);
        if !block && !next.is_some_and(|token| is(token, "impl")) {
            return; // unsafe fn, unsafe extern, #[unsafe(no_mangle)]: a duty of the caller's
        }
        // Lines count from 1; `above` yields the lines before one, nearest first.
        let above = |line: usize| self.lines[..line - 1].iter().rev().map(|l| l.trim_start());
        let remark = |text: &&str| text.starts_with("//");
        let touching = |line| above(line).take_while(remark);
        let same = self.lines[line - 1].split_once("//").map(|(_, text)| text);
        let near = above(line).take(3).filter(remark);
        let mut places = near.chain(touching(line)).chain(same);
        let reason = |text: &str| text.contains("SAFETY:");
        if !places.any(reason) && !touching(begun).any(reason) {
            self.report(line, "unsafe", "no SAFETY: line above it");
        }
    }
}

fn is(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn line_of(token: &TokenTree) -> usize {
    token.span().start().line
}

fn is_mark(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

fn is_path_mark(tokens: &[TokenTree], at: usize) -> bool {
    is_mark(tokens.get(at), ':') && is_mark(tokens.get(at + 1), ':')
}

/// The path at the head of `tokens`: one for each leaf of its use-groups, with the leaf's line.
fn leaves(tokens: &[TokenTree], mut prefix: Segments) -> Vec<(Segments, usize)> {
    let Some(token) = tokens.first() else {
        return Vec::new();
    };
    match token {
        TokenTree::Ident(ident) => {
            prefix.push(ident.to_string());
            if is_path_mark(tokens, 1) {
                return leaves(&tokens[3..], prefix);
            }
        }
        TokenTree::Group(group) => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            let parts = inner.split(|t| is_mark(Some(t), ','));
            return parts.flat_map(|p| leaves(p, prefix.clone())).collect();
        }
        token if is_mark(Some(token), '*') => prefix.push("*".into()),
        _ => {} // a turbofish ends the path
    }
    vec![(prefix, line_of(token))]
}

/// How many tokens `#[cfg(test)] mod name { ... }` takes, if that is what `tokens` begin with.
fn test_module(tokens: &[TokenTree]) -> Option<usize> {
    let attribute = |at: usize| match tokens.get(at + 1) {
        Some(TokenTree::Group(group)) if is_mark(tokens.get(at), '#') => {
            Some(group.stream().to_string().replace(' ', ""))
        }
        _ => None,
    };
    let gate = attribute(0)?;
    if gate != "cfg(test)" && !gate.starts_with("cfg(all(test,") {
        return None;
    }
    let mut at = 2;
    while attribute(at).is_some() {
        at += 2;
    }
    if tokens.get(at).is_some_and(|token| is(token, "pub")) {
        at += 1 + usize::from(matches!(tokens.get(at + 1), Some(TokenTree::Group(_))));
    }
    let inline = matches!(tokens.get(at + 2), Some(TokenTree::Group(_)));
    (inline && is(&tokens[at], "mod")).then_some(at + 3)
}

/// All files below `src` in a stable order; of what is not Rust the path alone counts.
fn load(src: &Path) -> Vec<File> {
    let mut files = Vec::new();
    let mut waiting = vec![src.to_path_buf()];
    while let Some(path) = waiting.pop() {
        let failed = |e: io::Error| -> ! { panic!("cannot read {}: {e}", path.display()) };
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap_or_else(|e| failed(e));
            waiting.extend(entries.map(|entry| entry.unwrap_or_else(|e| failed(e)).path()));
            continue;
        }
        let mut text = String::new();
        if path.extension().is_some_and(|extension| extension == "rs") {
            text = fs::read_to_string(&path).unwrap_or_else(|e| failed(e));
        }
        let name = path.strip_prefix(src).unwrap_or(&path).to_string_lossy();
        files.push((name.replace('\\', "/"), text));
    }
    files.sort();
    let count = files.len();
    assert!(count >= FEWEST, "only {count} files below {src:?}");
    files
}

#[test]
fn the_source_keeps_to_its_floors() {
    let found = violations(&load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")));
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
#[should_panic(expected = "only 0 files")]
fn a_tree_that_is_not_there_does_not_pass() {
    let empty = Path::new(env!("CARGO_TARGET_TMPDIR")).join("layers_of_nothing");
    fs::create_dir_all(&empty).unwrap_or_else(|e| panic!("{e}"));
    load(&empty);
}

/// Plants one file a case, `path | text` with `\n` for a line end, and expects exactly the messages
/// that follow it, `=> line: what: rule`. A case without a message is a legal twin.
#[track_caller]
fn proves(cases: &str) {
    let mut planted: Vec<(File, Vec<String>)> = Vec::new();
    for line in cases.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let (Some(message), Some(case)) = (line.strip_prefix("=> "), planted.last_mut()) {
            case.1.push(format!("{}:{message}", case.0.0));
        } else if let Some((path, text)) = line.split_once(" | ") {
            planted.push(((path.into(), text.replace(r"\n", "\n")), Vec::new()));
        } else {
            panic!("neither a case nor a message: {line}");
        }
    }
    for (file, expected) in planted {
        assert_eq!(violations(slice::from_ref(&file)), expected, "{file:?}");
    }
}

// One test for each rule; its name is the sentence the cases prove.
macro_rules! planted {
    ($($name:ident: $cases:literal)*) => { $(#[test] fn $name() { proves($cases) })* };
}

planted! {
an_upward_import_is_found: r##"
    sqlite/pool.rs | \nuse crate::database::Database;
      => 2: crate::database::Database: sqlite (floor 1) may not use database (floor 6)
    error.rs | type E = Vec<crate::sqlite::E>;
      => 1: crate::sqlite::E: vocabulary (floor 0) may not use sqlite (floor 1)
    error.rs | use crate::{report::Row, request::Open, operation::Token};
    lua/mod.rs | use crate::{error::Error, migrations, ops::{self, *}}; use crate::lua::f;
    database.rs | use crate::{lua, sqlite::pool}; use crate::report as r;"##

every_leaf_of_a_nested_group_is_read: r##"
    migrations/a.rs | use crate::{error::Error, sqlite::{self, pool},\nlua::{self as l, b::*}};
      => 2: crate::lua: migrations (floor 3) may not use lua (floor 5)
      => 2: crate::lua::b::*: migrations (floor 3) may not use lua (floor 5)
    migrations/run.rs | use {crate::{error::Error, sqlite::{self, pool}}, std::fmt};"##

super_is_resolved_against_the_module: r##"
    ops/backup/copy.rs | use super::super::super::lua;
      => 1: crate::lua: ops::backup (floor 4) may not use lua (floor 5)
    ops/backup.rs | mod a { use self::super::super::stats; }
      => 1: crate::ops::stats: ops::backup (floor 4) may not use ops::stats (floor 4)
    ops/backup/copy.rs | use super::{Plan, list::*}; use super::super::super::sqlite;
    migrations/run.rs | use super::scan; pub(super) mod a { use super::B; }"##

two_verbs_do_not_meet: r##"
    ops/backup.rs | fn f() { crate::ops::verify::run() }
      => 1: crate::ops::verify::run: ops::backup (floor 4) may not use ops::verify (floor 4)
    ops/backup.rs | use crate::ops as o;
      => 1: crate::ops: ops::backup (floor 4) may not use ops (floor 4)
    ops/backup.rs | use super::checkpoint;
      => 1: crate::ops::checkpoint: ops::backup (floor 4) may not use ops::checkpoint (floor 4)
    ops/backup/copy.rs | pub(in crate::ops) fn f() { crate::ops::backup::g() }
    ops/mod.rs | mod backup; pub use self::backup::Backup; use crate::ops::verify;"##

an_engine_named_outside_its_room_is_found: r##"
    lib.rs | pub use rusqlite::Row;
      => 1: rusqlite: named outside sqlite/
    lua/mod.rs | use libsqlite3_sys as s; use mlua::Lua;
      => 1: libsqlite3_sys: named outside sqlite/
    sqlite/pool.rs | use rusqlite::Row; use libsqlite3_sys as s; use r#mlua::Lua;
      => 1: mlua: named outside lua/"##

strings_and_comments_are_no_imports: r##"
    ops/stats.rs | //! mlua\n/// rusqlite\nconst S: &str = "rusqlite"; /* crate::capi */
    ops/stats.rs | const S: &str = r#"use crate::lua; "mlua""#; // unsafe"##

a_test_module_is_skipped_and_nothing_else: r##"
    ops/stats.rs | #[cfg(test)]\n#[allow(x)] pub(crate) mod tests { use mlua::Lua; }
    ops/stats.rs | #[cfg(test)] mod tests { use mlua::Lua; }\nuse mlua::Lua;
      => 2: mlua: named outside lua/
    ops/stats.rs | #[cfg(test)] impl A { fn f(_: mlua::Lua) {} }
      => 1: mlua: named outside lua/
    ops/stats.rs | #[cfg(not(test))] mod a { use mlua::Lua; }
      => 1: mlua: named outside lua/"##

a_detour_over_the_crate_root_is_found: r##"
    lua/db.rs | use crate::Database;
      => 1: crate::Database: name the room, not the crate root
    error.rs | use super::*;
      => 1: crate::*: name the room, not the crate root
    lua/db.rs | use crate as root;
      => 1: crate::: name the room, not the crate root
    lua/db.rs | macro_rules! ensure { () => {} } fn f() { crate::ensure!() }
    lib.rs | pub use crate::database::Database; pub use error::Error;"##

the_c_doors_reach_the_database_only: r##"
    capi/open.rs | use crate::sqlite::pool;
      => 1: crate::sqlite::pool: capi (floor 7) may not use sqlite (floor 1)
    capi/open.rs | use crate::{capi::guard, database::Database, error::Error}; use super::text;"##

the_binary_sees_the_public_rust_api_alone: r##"
    bin/rpmadb/main.rs | use rpmadb::{Database, capi::open};
      => 1: rpmadb::capi::open: the binary uses the Rust API alone
    bin/rpmadb/args.rs | use crate::{args, database};
      => 1: crate::database: not a module of the binary: use rpmadb::
    bin/rpmadb/args.rs | use rpmadb::{Database, error::Error}; use super::args::A;
    bin/rpmadb/main.rs | mod args; use self::args::A; mod a { use super::A; }"##

unsafe_outside_its_rooms_is_found: r##"
    ops/stats.rs | unsafe fn f() {}
      => 1: unsafe: outside sqlite/, lua/ and capi/
    bin/rpmadb/main.rs | #[unsafe(no_mangle)] fn f() {} // SAFETY: none
      => 1: unsafe: outside sqlite/, lua/ and capi/
    sqlite/mod.rs | #[unsafe(no_mangle)] unsafe extern "C" fn f() {} unsafe fn g() {}"##

an_unsafe_block_without_a_reason_is_found: r##"
    capi/a.rs | fn f() {\n  g(unsafe { h() })\n}
      => 2: unsafe: no SAFETY: line above it
    capi/a.rs | // Sync, honestly\nunsafe impl Sync for A {}
      => 2: unsafe: no SAFETY: line above it
    sqlite/a.rs | fn f() {\n// SAFETY: a\na();\nb();\nc();\nunsafe { d() }\n}
      => 6: unsafe: no SAFETY: line above it
    lua/a.rs | fn f() { let s = "SAFETY:";\nunsafe { d() } }
      => 2: unsafe: no SAFETY: line above it"##

an_unsafe_block_with_a_reason_is_legal: r##"
    lua/a.rs | // SAFETY: a\n// b\n// c\n// d\nunsafe impl Sync for A {}
    lua/a.rs | fn f() {\nif a {}\n// SAFETY: a\n// b\nlet x = g(\n1,\n2,\nunsafe { h() }\n);\n}
    lua/a.rs | fn f() {\ng(1,\n// SAFETY: a\n// b\n// c\n// d\nunsafe { h() });\n}
    sqlite/a.rs | fn f() {\n// SAFETY: a\na();\nb();\nunsafe { d() }\n}
    capi/a.rs | fn f() { unsafe { h() } } // SAFETY: a"##

an_unknown_room_is_found: r##"
    utils.rs | // anything
      => 1: no such room: put it on the map
    bin/other/main.rs | // anything
      => 1: no such room: put it on the map
    database/audit.rs | // anything"##

what_is_not_rust_is_found: r##"
    error.rs | fn f() {\n(]
      => 2: not Rust: cannot parse string into token stream"##
}
