//! `scripts/README.md`: the reference, made from the table.

use std::fmt::Write as _;

use super::editor::names;
use super::{Entry, GROUPS, Group, Origin, What};

const TOP: &str = r#"# Scripts

<!-- Made from src/lua/api by `RPMADB_UPDATE=1 cargo test lua::api`; do not edit. -->

A script is one file of Lua 5.4. `rpmadb scripts` lists those that are built in, `rpmadb script app.db NAME` runs one of them,
`rpmadb script app.db FILE` one of yours. What it returns is the `result` of the report.

```sh
rpmadb script app.db nightly_maintenance --arg dry_run=true   # run one that is built in; dry_run is an argument of this one
rpmadb script app.db my.lua --dry-run                 # run, tell what would be changed, and roll that back
rpmadb script --check my.lua                          # syntax, the head, and names that are not there, without running
rpmadb script --test tests                            # run the tests in a file or folder
rpmadb repl app.db                                    # type Lua and SQL and see what they give
```

An editor with the Lua language server completes and checks all names below when this folder's `.luarc.json` and `rpmadb.d.lua`
lie beside the scripts; `selene.toml` with `rpmadb.yml`, and `.luacheckrc`, are the same for selene and luacheck.

## The head

The comment lines at the very top that begin with `--!` say what a script is and needs. All may be left out.

```lua
--! purpose: Deletes sessions that are over.
--! role: admin, timeout: 60s, memory: 64MB
--! arg: keep_days integer = 90 -- how long a session is kept
--! arg: client string! -- only those of this client
--! changes: Rows of user_sessions.
```

- `role`: `admin` or `supervisor`, the lowest that may run it. `timeout` in ms, s, m or h, `memory` in B, KB, MB or GB: what it asks for;
  the limits of the host win.
- `arg`: name, type (`integer`, `number`, `string`, `boolean`), default. `!` means that it must be given. With a head, other
  arguments than these are refused; texts are read as the declared type.
- `changes`: what it changes, or `nothing`.
"#;

/// The page.
pub(super) fn reference() -> String {
    let mut page = TOP.to_owned();
    for group in GROUPS {
        section(&mut page, group);
    }
    page
}

fn title(group: &Group) -> String {
    match (group.origin, group.name) {
        (Origin::Tests, "") => "Tests".into(),
        (_, "") => "Lua's basic functions".into(),
        (Origin::Returned, "error") => "Errors".into(),
        (Origin::Returned, name) => format!("A {name}"),
        (Origin::Tests, name) => format!("An {name}"),
        (_, name) => format!("`{name}`"),
    }
}

fn section(page: &mut String, group: &Group) {
    // why ignored: writing to a String cannot fail
    let _ = write!(page, "\n## {}\n\n{}\n\n```lua\n{}\n```\n\n", title(group), group.doc, group.example);
    let is_partly_there =
        group.entries.iter().any(|entry| entry.in_migrations) && group.entries.iter().any(|entry| !entry.in_migrations);
    let head = if is_partly_there { ("| | | in migrations |", "|---|---|---|") } else { ("| | |", "|---|---|") };
    let _ = writeln!(page, "{}\n{}", head.0, head.1);
    for entry in group.entries {
        let shown = signature(group, entry).replace('|', "\\|");
        let doc = entry.doc.replace('|', "\\|");
        let mark = match (is_partly_there, entry.in_migrations) {
            (true, true) => " yes |",
            (true, false) => " no |",
            _ => "",
        };
        let _ = writeln!(page, "| `{shown}` | {doc} |{mark}");
    }
}

fn signature(group: &Group, entry: &Entry) -> String {
    // why in front: how it is called is what one looks for, types are in the definitions
    let (mark, parameters, returns) = match entry.what {
        What::Function(parameters, returns) => (".", parameters, returns),
        What::Method(parameters, returns) => (":", parameters, returns),
        What::Value(kind) if group.name.is_empty() => return format!("{}: {kind}", entry.name),
        What::Value(kind) => return format!("{}.{}: {kind}", group.name, entry.name),
    };
    let owner = if group.name.is_empty() { String::new() } else { format!("{}{mark}", group.name) };
    let arrow = if returns.is_empty() { String::new() } else { format!(" -> {}", returns.join(", ")) };
    format!("{owner}{}({}){arrow}", entry.name, names(parameters))
}
