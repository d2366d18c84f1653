//! What is wrong with a script, without running it: syntax, its head, and names that are not there.
//!
//! Leaves to others: the names there are (`api.rs`), and which of them a text uses (`names.rs`).
//!
//! Invariants: a name is reported only when no run can find it; a text that Lua refused is read no further.

use std::collections::BTreeSet;
use std::path::Path;

use mlua::{Lua, LuaOptions, StdLib};

use super::api::{self, Origin, What};
use super::head::{Head, nearest, unknown};
use super::names::{Use, global_uses};
use super::tokens::{Kind, Token, tokens};
use super::{failure, script, shipped};
use crate::error::{Error, Place, Result};
use crate::report::{ScriptCheck, ScriptFinding};

/// Checks the script in a file.
pub fn check_file(path: &Path) -> Result<ScriptCheck> {
    let source = shipped::read(path, None)?;
    check(&source.text, &path.display().to_string())
}

/// Checks a script; `name` is its name in messages. One whose name ends with `_test.lua` may use what test files have.
pub fn check(source: &str, name: &str) -> Result<ScriptCheck> {
    let mut findings = Vec::new();
    findings.extend(Head::parse(source, name).err().map(|error| told("head", &error)));
    match compile(source, name)? {
        Some(error) => findings.push(told("syntax", &error)),
        None => {
            findings.extend(names(source, name));
            if is_migration(name) {
                findings.extend(steps(source, name));
            }
        }
    }
    Ok(ScriptCheck { name: name.to_owned(), passed: findings.is_empty(), findings })
}

fn told(kind: &'static str, error: &Error) -> ScriptFinding {
    let place = error.place().cloned().unwrap_or_default();
    ScriptFinding { kind, message: error.to_string(), suggestion: None, place }
}

/// What Lua says against the text.
fn compile(source: &str, name: &str) -> Result<Option<Error>> {
    let lua = Lua::new_with(StdLib::NONE, LuaOptions::default())
        .map_err(|error| Error::Internal { detail: format!("a Lua state could not be made: {error}") })?;
    let refused = script::load(&lua, name, source).into_function().err();
    Ok(refused.map(|error| failure::from_lua(name, source, 0, &error)))
}

fn names(source: &str, name: &str) -> Vec<ScriptFinding> {
    let uses = global_uses(source);
    let known = api::globals(name.ends_with("_test.lua"));
    let own: BTreeSet<&str> = uses.iter().filter(|found| found.is_assigned).map(|found| found.name.text).collect();
    let fields = uses.iter().filter_map(|found| Some((found.name.text, found.field.as_ref()?)));
    let own_fields: BTreeSet<_> =
        fields.filter(|(_, field)| field.is_assigned).map(|(name, field)| (name, field.name.text)).collect();
    let finding = |token: Token<'_>, message: String, suggestion: Option<String>| ScriptFinding {
        kind: "name",
        message,
        suggestion,
        place: Place::locate(source, token.at).in_file(name),
    };
    let judge = |found: &Use<'_>| {
        let global = found.name.text;
        if own.contains(global) {
            return None;
        }
        if !known.contains(&global) {
            let absent = api::ABSENT.iter().find(|(name, _)| *name == global).map(|(_, instead)| *instead);
            let near = nearest(global, &known).filter(|_| absent.is_none());
            let message = match (absent, near) {
                (Some(instead), _) => format!("scripts have no '{global}': {instead}"),
                (None, Some(near)) => format!("'{global}' is not there; did you mean '{near}'?"),
                (None, None) => format!("'{global}' is not there"),
            };
            return Some(finding(found.name, message, near.map(str::to_owned)));
        }
        let (group, field) = (api::group_of(global)?, found.field.as_ref()?);
        if own_fields.contains(&(global, field.name.text)) {
            return None;
        }
        let Some(entry) = group.entry(field.name.text) else {
            let names: Vec<&str> = group.entries.iter().map(|entry| entry.name).collect();
            let near = nearest(field.name.text, &names);
            let message = near.map_or_else(
                || format!("{global} has no '{}'", field.name.text),
                |_| unknown(global, field.name.text, &names),
            );
            return Some(finding(field.name, message, near.map(str::to_owned)));
        };
        let right = match entry.what {
            What::Method(..) if field.mark == "." && field.is_called => ":",
            What::Function(..) if field.mark == ":" && group.origin == Origin::Ours => ".",
            _ => return None,
        };
        let instead = format!("{global}{right}{}", entry.name);
        Some(finding(field.name, format!("it is called as {instead}"), Some(instead)))
    };
    uses.iter().filter_map(judge).collect()
}

/// Whether a file of this name is a migration: `NNN_name.lua`.
fn is_migration(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.ends_with(".lua")
        && file
            .split_once('_')
            .is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What a migration returns besides its two functions: nobody would call it.
fn steps(source: &str, name: &str) -> Vec<ScriptFinding> {
    const STEPS: [&str; 2] = ["up", "down"];
    let Some(last) = failure::last_return(source) else { return Vec::new() };
    let tokens: Vec<Token<'_>> = tokens(source).into_iter().filter(|token| token.at > last).collect();
    let (mut depth, mut found) = (0_u32, Vec::new());
    for (index, token) in tokens.iter().enumerate() {
        match (token.kind, token.text) {
            (Kind::Symbol, "{" | "(" | "[") | (Kind::Keyword, "function" | "if" | "do" | "repeat") => depth += 1,
            (Kind::Symbol, "}" | ")" | "]") | (Kind::Keyword, "end" | "until") => depth = depth.saturating_sub(1),
            (Kind::Name, key)
                if depth == 1
                    && tokens[0].text == "{"
                    && matches!(tokens[index - 1].text, "{" | "," | ";")
                    && tokens.get(index + 1).is_some_and(|next| next.text == "=")
                    && !STEPS.contains(&key) =>
            {
                found.push(ScriptFinding {
                    kind: "name",
                    message: unknown("a migration", key, &STEPS),
                    suggestion: nearest(key, &STEPS).map(str::to_owned),
                    place: Place::locate(source, token.at).in_file(name),
                });
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(source: &str) -> Vec<String> {
        let report = check(source, "a.lua").expect("checks");
        assert_eq!(report.passed, report.findings.is_empty());
        let shown = |found: &ScriptFinding| {
            let place = &found.place;
            format!("{}:{} {}", place.line.unwrap_or(0), place.column.unwrap_or(0), found.message)
        };
        report.findings.iter().map(shown).collect()
    }

    #[test]
    fn a_right_script_passes() {
        for source in [
            "",
            "local a <const>, b <close> = 1, nil; print(a, b)",
            "local function f(n, ...) return n == 0 and 0 or f(n - 1, ...) end return f(3)",
            "function helper(x) return x end return helper(1)",
            "local t = { a = 1, ['b'] = 2, 3; f = function(self) return self end } return t.a, t:f(), t['b'], #t",
            "for i = 1, 10, 2 do if i > 5 then break elseif i == 2 then goto out else print(i) end ::out:: end",
            "for k, v in pairs(job.args) do print(k, v) end",
            "repeat local done = true until done",
            "while true do local x = 1; if x then return end end",
            "count = 0; count = count + 1; return count",
            "string.trim = function(s) return s end; return string.trim('x'), ('x'):rep(3), ('x' .. 'y'):upper()",
            "function string.cut(s) return s end; return string.cut 'x'",
            "local ok, e = pcall(db.query, db, 'SELECT 1') return ok and e or db.query(db, 'SELECT 1')",
            "db:transaction(function(tx) tx:exec('DELETE FROM a') return db:exec [[DELETE FROM b]] end)",
            "local db = { quer = 1 } return db.quer",
            "local o = {} function o.a.b:c(x) return self, x end return -#o ~ 1 // 2 << 3",
            "return _ENV.anything, json.null, log.info",
            "local a = { b = function() end, c = { d = 1 } }; a.b(); a['b'](1)(2){ 3 } 'x'",
        ] {
            assert_eq!(findings(source), Vec::<String>::new(), "{source}");
        }
    }

    #[test]
    fn names_that_are_not_there_are_found_with_what_may_be_meant() {
        for (source, wanted) in [
            ("\n  return jsn.encode(1)", "2:10 'jsn' is not there; did you mean 'json'?"),
            ("return db:quer('x')", "1:11 db has no 'quer'; did you mean 'query'?"),
            ("local x = db.xyzzy", "1:14 db has no 'xyzzy'"),
            ("return db.query('SELECT 1')", "1:11 it is called as db:query"),
            ("log:info('x')", "1:5 it is called as log.info"),
            (
                "return io.open('x')",
                "1:8 scripts have no 'io': scripts do not reach files; use job.args, log and the result",
            ),
            ("return os.execute('x')", "1:11 os has no 'execute'"),
            ("return string.dump(print)", "1:15 string has no 'dump'"),
            ("local x = x", "1:11 'x' is not there"),
            ("do local inner = 1 end return inner", "1:31 'inner' is not there"),
            ("for i = 1, 2 do end return i", "1:28 'i' is not there"),
            ("local f = function(a) end return a", "1:34 'a' is not there"),
            ("return { k = v1 }", "1:14 'v1' is not there"),
            ("return 1 + 2 .. zzzz", "1:17 'zzzz' is not there"),
            ("repeat local a = 1 until b1", "1:26 'b1' is not there"),
            ("t9.x = 1", "1:1 't9' is not there"),
            ("describe('x', function() end)", "1:1 'describe' is not there"),
        ] {
            assert_eq!(findings(source), [wanted], "{source}");
        }
        assert!(check("describe('x', function() expect(1):equals(1) end)", "a_test.lua").expect("checks").passed);
    }

    #[test]
    fn what_a_migration_returns_besides_its_steps_is_found() {
        let told = |source: &str, name: &str| {
            let findings = check(source, name).expect("checks").findings;
            findings.into_iter().map(|found| (found.message, found.place.line, found.place.column)).collect::<Vec<_>>()
        };
        let right = "local function f(db) local t = { x = 1 } return t end\nreturn { up = function(db) local t = { dwon = 1 } return { y = t } end, down = f }";
        assert_eq!(told(right, "007_a.lua"), []);
        let wrong = "return {\n  up = function(db) end,\n  dwon = function(db) end }";
        let message = "a migration has no 'dwon'; did you mean 'down'?".to_owned();
        assert_eq!(told(wrong, "m/007_a.lua"), [(message, Some(3), Some(3))]);
        assert_eq!(told(wrong, "script.lua"), []);
        assert_eq!(told("local m = {}\nreturn m", "007_a.lua"), []);
    }

    #[test]
    fn syntax_and_head_are_findings_with_their_place() {
        assert_eq!(findings("local x = = 1\nnonsense()"), ["1:1 unexpected symbol near '='"]);
        assert_eq!(findings("--! role: boss\nreturn 1"), ["1:11 role is 'boss' and must be admin or supervisor"]);
        let deep = format!("return {}1{}", "(".repeat(190), ")".repeat(190));
        assert_eq!(findings(&deep), Vec::<String>::new());
        assert!(findings(&"(".repeat(100_000))[0].contains("overflow"));
    }

    #[test]
    fn the_examples_of_the_reference_are_lua() {
        for group in api::GROUPS {
            let report = check(group.example, "example_test.lua").expect("checks");
            let wrong: Vec<_> = report
                .findings
                .iter()
                .filter(|found| {
                    !["'ids'", "'names'", "'work'", "'id'", "'rows'", "'name'", "'removed'", "'total'"]
                        .iter()
                        .any(|n| found.message.starts_with(n))
                })
                .collect();
            assert!(wrong.is_empty(), "{}: {wrong:?}", group.name);
        }
    }
}
