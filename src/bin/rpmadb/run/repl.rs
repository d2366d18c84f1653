//! `rpmadb repl`: reads lines, runs them, prints what they give.
//!
//! Leaves to others: Lua and SQL; a line is Lua unless it begins like an SQL statement or with a dot.
//!
//! Invariant: from a terminal it goes on after an error; what is piped in also goes on, and the exit code tells.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use rpmadb::lua_api::{self, What};
use rpmadb::{Database, Error, Operation, Origin, Repl, Result};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};
use serde_json::Value;

use crate::args::Args;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::{show, stop, words};

const DOTTED: &[&str] = &[".help", ".quit", ".schema", ".tables"];
const HELP: &str = "Lua with db, log and json; an expression shows its value. Globals stay, locals end with their line.\n\
    A line that begins with SELECT, INSERT, PRAGMA or another word of SQL is run as SQL.\n\
    SQL goes on over lines until its ; or an empty line, Lua until it is whole.\n\
    .tables  .schema [NAME]  .help  .quit   Tab completes, Ctrl-C drops a line, Ctrl-D ends";
/// What SQLite says of a statement that goes on.
const UNFINISHED: &str = "incomplete input";
/// What begins a statement of SQL. Why those of transactions too: as globals of Lua they would be nil without a word, and what comes
/// after a BEGIN would be kept in spite of its ROLLBACK; the library says why it does not take them.
const SQL: &[&str] = &[
    "alter",
    "analyze",
    "attach",
    "begin",
    "commit",
    "create",
    "delete",
    "detach",
    "drop",
    "explain",
    "insert",
    "pragma",
    "reindex",
    "release",
    "replace",
    "rollback",
    "savepoint",
    "select",
    "update",
    "vacuum",
    "values",
    "with",
];

/// Reads lines until there are no more.
pub(super) fn call(args: &Args, settings: &Settings, database: &Database) -> Result<Exit> {
    let repl = database.repl()?;
    let is_terminal = std::io::stdin().is_terminal();
    let config = Config::builder().completion_type(CompletionType::List).auto_add_history(true).build();
    let mut editor: Editor<Names, FileHistory> = Editor::with_config(config).map_err(|error| terminal(&error))?;
    editor.set_helper(Some(Names::default()));
    let history = history().filter(|_| is_terminal);
    if let Some(path) = &history {
        // why ignored: the first time there is none
        let _ = editor.load_history(path);
    }
    let session = Session { settings, database, repl: &repl };
    let mut failed = false;
    let mut waiting = String::new();
    loop {
        if let Some(names) = editor.helper_mut().filter(|_| is_terminal) {
            names.renew(&session);
        }
        let prompt = stop::while_waiting(if is_terminal { stop::Prompt::Editor } else { stop::Prompt::Pipe });
        let read = editor.readline(if waiting.is_empty() { "rpmadb> " } else { "   ...> " });
        drop(prompt);
        let line = match read {
            _ if stop::ended() || show::is_shut() => {
                waiting.clear();
                break;
            }
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => {
                waiting.clear();
                continue;
            }
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(terminal(&error)),
        };
        let text = if waiting.is_empty() { line } else { format!("{waiting}\n{line}") };
        waiting.clear();
        match session.line(&text, false) {
            Ok(Next::Go) => {}
            Ok(Next::More) => waiting = text,
            Ok(Next::Quit) => break,
            Err(error) => {
                failed = true;
                tell(args, settings, error);
            }
        }
    }
    // why not on a terminal: whoever typed Ctrl-D in the middle of a statement did not ask for it to run
    if !is_terminal && is_sql(&waiting) {
        if let Err(error) = session.line(&waiting, true) {
            failed = true;
            tell(args, settings, error);
        }
    } else if !waiting.is_empty() {
        failed = true;
        let message = "the last line is no whole statement".to_owned();
        tell(args, settings, Error::ScriptSyntax { message, place: Box::default() });
    }
    if let Some(path) = &history {
        let folder = path.parent().map(std::fs::create_dir_all);
        if folder.is_some_and(|made| made.is_err()) || editor.save_history(path).is_err() {
            eprintln!("the history could not be kept in {}", path.display());
        }
    }
    Ok(Exit::passed(!failed || is_terminal))
}

/// Says what went wrong.
fn tell(args: &Args, settings: &Settings, error: Error) {
    let failure = words::of_command(Failure::from(error), args, settings);
    if settings.json {
        show::json(&failure.document());
    } else {
        show::failure::print(failure.body(), None);
    }
}

fn terminal(error: &ReadlineError) -> Error {
    Error::Io { what: "the terminal".into(), detail: error.to_string(), sqlite_code: None }
}

/// Where lines are kept: the folder for state of the XDG base directories.
fn history() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")))?;
    Some(state.join("rpmadb/history"))
}

enum Next {
    Go,
    More,
    Quit,
}

struct Session<'d> {
    settings: &'d Settings,
    database: &'d Database,
    repl: &'d Repl<'d>,
}

impl Session<'_> {
    /// One line's operation: Ctrl-C stops that line and no other.
    fn watch(&self) -> Operation {
        let watch = Operation::new().through(Origin::Cli);
        watch.set_timeout_ms(self.settings.timeout_ms);
        stop::on_signal(&watch);
        watch
    }

    /// Runs what was typed, or says that more must come; `last` says that nothing can.
    fn line(&self, text: &str, last: bool) -> Result<Next> {
        let line = text.trim();
        let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match first {
            "" => return Ok(Next::Go),
            ".quit" | ".exit" => return Ok(Next::Quit),
            ".help" => {
                // why not through a report: it is no data
                let _ = writeln!(std::io::stdout(), "{HELP}");
            }
            ".tables" => {
                let sql = "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite!_%' \
                           ESCAPE '!' ORDER BY name";
                self.sql(sql, None)?;
            }
            ".schema" => {
                let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND (:name = '' OR tbl_name = :name) ORDER BY name";
                let params = serde_json::json!({ "name": rest.trim() }).to_string();
                let report = self.database.query(sql, Some(&params), &self.watch())?;
                show::report(self.settings, &report, show::repl::schema);
            }
            other if other.starts_with('.') => {
                let reason = format!("is not known; there are {}", DOTTED.join(", "));
                return Err(Error::InvalidArgument { name: other.to_owned(), reason });
            }
            _ if is_sql(line) => {
                let end = end_of(text);
                // why: a statement that is cut off may be a whole one that does more, as a DELETE without its WHERE
                let is_over = last || (end != End::Inside && ends_in_empty_line(text));
                if !is_over && end != End::Semicolon {
                    return Ok(Next::More);
                }
                match self.sql(line.trim_end_matches(';'), None) {
                    // why until an empty line: the body of a trigger has semicolons within, and a statement that is wrong at its end
                    // must be told some time
                    Err(Error::Sql { message, .. }) if message == UNFINISHED && !is_over => return Ok(Next::More),
                    outcome => outcome?,
                }
            }
            _ => {
                let report = self.repl.run(text, &self.watch())?;
                if !report.complete {
                    return Ok(Next::More);
                }
                show::report(self.settings, &report, show::repl::line);
            }
        }
        Ok(Next::Go)
    }

    fn sql(&self, sql: &str, params: Option<&str>) -> Result<()> {
        show::report(self.settings, &self.database.query(sql, params, &self.watch())?, show::query);
        Ok(())
    }
}

/// Whether it begins like SQL.
fn is_sql(text: &str) -> bool {
    let text = text.trim_start();
    let (word, rest) = text.split_at(text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len()));
    let is_alone =
        rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c == ';') || rest.starts_with("--");
    let (rest, lower) = (rest.trim_start(), word.to_ascii_lowercase());
    let is_capital = word == word.to_ascii_uppercase();
    if lower == "end" {
        // why: Lua never begins with it, but a stray one is more likely Lua's
        return is_alone && (is_capital || !rest.is_empty());
    }
    // why: a global may have such a name; `select` is one
    let is_used = rest.starts_with(['=', '.', ':']) || (rest.starts_with('(') && !is_capital);
    is_alone && SQL.contains(&lower.as_str()) && !is_used
}

/// Where a text of SQL ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// After a semicolon and nothing more than comments.
    Semicolon,
    /// In the middle of a string, a quoted name or a comment.
    Inside,
    /// Elsewhere.
    Open,
}

fn end_of(sql: &str) -> End {
    let mut end = End::Open;
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        let (skipped, closed_by) = match c {
            '\'' | '"' | '`' => (1, Some(c.to_string())),
            '[' => (1, Some("]".into())),
            _ if rest.starts_with("/*") => (2, Some("*/".into())),
            _ if rest.starts_with("--") => {
                rest = rest.find('\n').map_or("", |at| &rest[at..]);
                continue;
            }
            _ => (c.len_utf8(), None),
        };
        if c == ';' {
            end = End::Semicolon;
        } else if !(c.is_whitespace() || rest.starts_with("/*")) {
            end = End::Open;
        }
        rest = &rest[skipped..];
        if let Some(closed_by) = closed_by {
            // why a doubled quote needs nothing: it ends one string and begins the next
            let Some(at) = rest.find(&closed_by) else { return End::Inside };
            rest = &rest[at + closed_by.len()..];
        }
    }
    end
}

fn ends_in_empty_line(text: &str) -> bool {
    text.rsplit_once('\n').is_some_and(|(_, line)| line.trim().is_empty())
}

/// What Tab knows.
#[derive(Default)]
struct Names {
    /// Tables and views, each with its columns.
    schema: BTreeMap<String, Vec<String>>,
    /// Globals of the lines so far.
    globals: Vec<String>,
}

impl Names {
    fn renew(&mut self, session: &Session<'_>) {
        let sql = "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type IN ('table', 'view')";
        // why whatever happens: a line can be typed without completion
        if let Ok(report) = session.database.query(sql, None, &session.watch()) {
            self.schema.clear();
            for row in report.rows {
                if let [Value::String(table), Value::String(column)] = row.as_slice() {
                    self.schema.entry(table.clone()).or_default().push(column.clone());
                }
            }
        }
        let walk =
            "(function() local n = {} for k in pairs(_G) do n[#n + 1] = tostring(k) end table.sort(n) return n end)()";
        if let Ok(report) = session.repl.run(walk, &session.watch()) {
            let names = report.values.first().and_then(|names| names.as_array());
            self.globals = names.into_iter().flatten().filter_map(|name| Some(name.as_str()?.to_owned())).collect();
        }
    }

    /// What the word may become.
    fn candidates(&self, word: &str) -> Vec<String> {
        let mut found: Vec<String> = match word.rsplit_once(['.', ':']) {
            Some(("", _)) => DOTTED.iter().map(|name| (*name).to_owned()).collect(),
            Some((owner, _)) => {
                let mark = &word[owner.len()..=owner.len()];
                let fits = |what: &What| matches!(what, What::Method(..)) == (mark == ":");
                let columns = self.schema.get(owner).filter(|_| mark == ".").into_iter().flatten();
                let columns = columns.map(|name| format!("{owner}.{name}"));
                let entries = lua_api::group_of(owner).into_iter().flat_map(|group| group.entries);
                let entries = entries.filter(|entry| fits(&entry.what));
                columns.chain(entries.map(|entry| format!("{owner}{mark}{}", entry.name))).collect()
            }
            None => {
                let own = lua_api::globals(false).into_iter().map(str::to_owned);
                let schema = self.schema.iter().flat_map(|(table, columns)| std::iter::once(table).chain(columns));
                own.chain(self.globals.iter().chain(schema).cloned()).collect()
            }
        };
        found.retain(|name| name.starts_with(word));
        found.sort();
        found.dedup();
        found
    }
}

impl Completer for Names {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let before = line.get(..at).unwrap_or(line);
        let start = before
            .rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | ':')))
            .map_or(0, |found| found + before[found..].chars().next().map_or(1, char::len_utf8));
        Ok((start, self.candidates(&before[start..])))
    }
}

impl Hinter for Names {
    type Hint = String;
}

impl Highlighter for Names {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Borrowed(prompt)
    }
}

impl Validator for Names {}
impl Helper for Names {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_transactions_are_sql_and_uses_of_globals_are_not() {
        for text in
            ["BEGIN;", "begin", "COMMIT", "ROLLBACK;", "rollback to x;", "SAVEPOINT x;", "RELEASE x;", "END;", "END"]
        {
            assert!(is_sql(text), "{text}");
        }
        for text in ["end;", "end transaction;", "ATTACH 'x' AS y;", "DETACH y;", "VACUUM;", "BEGIN--x", " VALUES (1);"]
        {
            assert!(is_sql(text), "{text}");
        }
        for text in
            ["begin = 1", "release.x = 1", "commit()", "end", "select('#', 1)", "values[1] = 2", "beginning", ""]
        {
            assert!(!is_sql(text), "{text}");
        }
    }

    #[test]
    fn sql_ends_with_a_semicolon_that_is_in_no_string_and_no_comment() {
        for sql in ["x;", "x; -- y", "x; /* y */ \n", "'it''s' ;", "\"a;\" ; -- '", "-- don't\nx;"] {
            assert_eq!(end_of(sql), End::Semicolon, "{sql}");
        }
        for sql in ["", "x", "';'", "x -- ;", "x /* ; */", "x; y", "[;]", "`;`", "-- ;\nx"] {
            assert_eq!(end_of(sql), End::Open, "{sql}");
        }
        for sql in ["';", "'a'';", "/* ;", "\";", "[;", "x; 'é"] {
            assert_eq!(end_of(sql), End::Inside, "{sql}");
        }
    }

    #[test]
    fn tab_knows_objects_globals_and_the_schema() {
        let names = Names {
            schema: [("users".to_owned(), vec!["user_id".into(), "id".into()])].into(),
            globals: vec!["mine".into()],
        };
        assert_eq!(names.candidates("us"), ["user_id", "users"]);
        assert_eq!(names.candidates("users."), ["users.id", "users.user_id"]);
        assert_eq!(names.candidates("mi"), ["mine"]);
        assert_eq!(names.candidates("json"), ["json"]);
        assert_eq!(names.candidates("db:val"), ["db:value"]);
        assert!(names.candidates("db.val").is_empty());
        assert_eq!(names.candidates("string.form"), ["string.format"]);
        assert_eq!(names.candidates(".t"), [".tables"]);
        assert!(names.candidates("nothing.x").is_empty());
    }
}
