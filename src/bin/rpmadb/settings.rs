//! What holds for a call: flags over variables over the file of settings over defaults.
//!
//! `keys` is what can be set, `file` reads `rpmadb.toml`.
//!
//! Leaves to others: what a verb's own flags add (`run.rs`), ranges of values (the library).
//!
//! Invariants: every value that is in force is known with where it came from; a secret is never shown; a variable that is set to nothing
//! is meant as none.

mod file;
pub(crate) mod keys;

use std::collections::BTreeMap;
use std::path::Path;

use rpmadb::{Error, Request as _, request};
use serde_json::{Map, Value, json};

use crate::args::{Args, Verb, When};
use crate::failure::{Failure, Result};
use crate::show::text::escaped;
use file::File;
use keys::{KEYS, Key, Kind};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Default,
    /// Its byte in the file.
    File(usize),
    Variable(String),
    Flag(&'static str),
}

/// What holds.
pub(crate) struct Settings {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    pub(crate) yes: bool,
    /// What `open` is told, but for what the verb decides.
    pub(crate) open: request::Open,
    pub(crate) timeout_ms: u64,
    values: BTreeMap<&'static str, (Value, Source)>,
    file: File,
}

impl Settings {
    pub(crate) fn of(args: &Args) -> Result<Settings> {
        // why read though a flag says it: a variable that is wrong is told of whatever is typed
        let (quiet, yes) = (truth_of("RPMADB_QUIET")?, truth_of("RPMADB_YES")?);
        let (quiet, yes) = (args.quiet || quiet, args.yes || yes);
        // why not for `config`: its report lists them
        if !quiet && !matches!(args.verb, Verb::Config(_)) {
            for name in unknown_variables() {
                eprintln!("warning: {} is set and means nothing here; `rpmadb config` lists what does", escaped(&name));
            }
        }
        let file = File::beside(folder_of(args.verb.database()))?;
        let mut values: BTreeMap<&'static str, (Value, Source)> =
            file.found.iter().map(|(key, value, at)| (key.name, (value.clone(), Source::File(*at)))).collect();
        for key in KEYS {
            if let Some((value, name)) = of_variable(key)? {
                values.insert(key.name, (value, Source::Variable(name)));
            }
        }
        for (name, value, flag) in of_flags(args)? {
            values.insert(name, (value, Source::Flag(flag)));
        }
        let settings =
            Settings { json: args.json, quiet, yes, open: request::Open::default(), timeout_ms: 0, values, file };
        let open = open(&settings.values).map_err(|error| settings.wrong(error))?;
        let timeout_ms = settings.values.get("timeout_ms").and_then(|(value, _)| value.as_u64()).unwrap_or(0);
        Ok(Settings { open, timeout_ms, ..settings })
    }

    /// Where a key is set, in a few words; `None` for one that is not.
    pub(crate) fn from(&self, key: &str) -> Option<String> {
        keys::named(key).and_then(|key| self.shown(key).2)
    }

    /// The failure of an option with a wrong value, told where that was set.
    pub(crate) fn placed(&self, failure: Failure, key: &str, reason: &str) -> Failure {
        let within = format!("backup.{key}");
        // why both: what is said of a backup's own options leaves the section out
        let (_, source) = match self.values.get(key).or_else(|| self.values.get(within.as_str())) {
            Some(found) => found,
            None => return failure,
        };
        match source {
            Source::File(at) => {
                failure.at(self.file.place(*at)).with_hint("`rpmadb config` lists what is set, and where")
            }
            Source::Variable(name) => Failure::usage(format!("{name}: {reason}"), None),
            Source::Flag(flag) => failure.with_message(format!("{flag}: {reason}")),
            Source::Default => failure,
        }
    }

    /// The same of an error that the library had with the settings.
    fn wrong(&self, error: Error) -> Failure {
        match &error {
            Error::InvalidOption { key, reason } => {
                let (key, reason) = (key.clone(), reason.clone());
                self.placed(error.into(), &key, &reason)
            }
            _ => error.into(),
        }
    }

    /// The file of settings; `None` when there is none.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.path.as_deref()
    }

    /// A key's value, and where it came from in words.
    pub(crate) fn shown(&self, key: &Key) -> (Value, &'static str, Option<String>) {
        let default = (serde_json::from_str(key.default).unwrap_or_default(), Source::Default);
        let (value, source) = self.values.get(key.name).unwrap_or(&default).clone();
        let value = match key.kind {
            Kind::Recipients => without_secrets(value),
            kind if kind.is_secret() && is_something(&value) => SECRET.into(),
            _ => value,
        };
        match source {
            Source::Default => (value, "default", None),
            Source::File(at) => (value, "file", self.file.place(at).line.map(|line| format!("{}:{line}", file::NAME))),
            Source::Variable(name) => (value, "variable", Some(name)),
            Source::Flag(flag) => (value, "flag", Some(flag.to_owned())),
        }
    }

    /// The document of `rpmadb config`.
    pub(crate) fn document(&self) -> Value {
        let all: Vec<Value> = KEYS
            .iter()
            .map(|key| {
                let (value, source, from) = self.shown(key);
                json!({ "key": key.name, "value": value, "source": source, "from": from, "variable": key.variable() })
            })
            .collect();
        json!({ "file": self.file(), "settings": all, "unknown_variables": unknown_variables() })
    }
}

/// When to use colour: the flag, else a variable.
pub(crate) fn color(args: &Args) -> Result<When> {
    let typed = match (args.color, text_of("RPMADB_COLOR")?) {
        (Some(when), _) => return Ok(when),
        (None, Some(text)) => Some(text),
        (None, None) => None,
    };
    match typed.as_deref() {
        // why not a truth value: by custom whatever it is set to means yes, but for 0
        None if std::env::var_os("NO_COLOR").is_some_and(|text| !text.is_empty() && text != "0") => Ok(When::Never),
        None | Some("auto") => Ok(When::Auto),
        Some("always") => Ok(When::Always),
        Some("never") => Ok(When::Never),
        Some(other) => {
            Err(Failure::usage(format!("RPMADB_COLOR is '{other}' and must be auto, always or never"), None))
        }
    }
}

/// The folder of a database file; the current one for a database in memory.
pub(crate) fn folder_of(database: &Path) -> &Path {
    let parent = database.parent().filter(|_| database.as_os_str() != ":memory:");
    parent.filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What is shown in place of a secret.
const SECRET: &str = "(secret)";

/// Whom backups are encrypted to, with all that is no recipient left out: it is a passphrase, or an identity by mistake.
fn without_secrets(value: Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Array(all) => all.into_iter().map(without_secrets).collect(),
        Value::String(text) if text.starts_with("age1") => text.into(),
        _ => SECRET.into(),
    }
}

fn is_something(value: &Value) -> bool {
    !(value.is_null() || value.as_array().is_some_and(Vec::is_empty))
}

/// The text of a variable; one that is set to nothing is none.
fn text_of(name: &str) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Failure::usage(format!("{name} is not UTF-8"), None)),
    }
}

/// What a variable that is a truth value may say.
const TRUTH: &str = "1, true, 0 or false";

fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

/// The truth value of a variable that is no key; none is false.
fn truth_of(name: &str) -> Result<bool> {
    let Some(text) = text_of(name)? else { return Ok(false) };
    truth(&text).ok_or_else(|| Failure::usage(format!("{name} is '{text}' and must be {TRUTH}"), None))
}

fn of_variable(key: &Key) -> Result<Option<(Value, String)>> {
    let name = key.variable();
    let Some(text) = text_of(&name)? else { return Ok(None) };
    let wrong = |wanted: &str| Failure::usage(format!("{name} is '{text}' and must be {wanted}"), None);
    let value = match key.kind {
        Kind::Text | Kind::Secret => Value::from(text),
        Kind::Number => Value::from(text.parse::<u64>().map_err(|_| wrong("a whole number"))?),
        Kind::Truth => match truth(&text) {
            Some(value) => value.into(),
            None => return Err(wrong(TRUTH)),
        },
        Kind::Recipients | Kind::Secrets => text.split(',').map(str::trim).filter(|text| !text.is_empty()).collect(),
        Kind::Any => serde_json::from_str(&text).unwrap_or(Value::from(text)),
    };
    Ok(Some((value, name)))
}

/// What the flags say that every verb has.
fn of_flags(args: &Args) -> Result<Vec<(&'static str, Value, &'static str)>> {
    let mut found = Vec::new();
    let texts = [
        ("migrations", &args.migrations, "--migrations"),
        ("style", &args.style, "--style"),
        ("actor", &args.actor, "--actor"),
    ];
    for (name, text, flag) in texts {
        // why filtered: a folder that is typed as nothing is meant as none
        found.extend(text.clone().filter(|text| !text.is_empty()).map(|text| (name, text.into(), flag)));
    }
    found.extend(args.timeout.map(|ms| ("timeout_ms", ms.into(), "--timeout")));
    if let Some(file) = &args.audit_key_file {
        found.push(("audit.key", secret_in(file, "--audit-key-file")?.0.into(), "--audit-key-file"));
    }
    Ok(found)
}

/// The secret in a file; `argument` named it.
pub(crate) fn secret_in(file: &Path, argument: &str) -> rpmadb::Result<request::Secret> {
    let text = std::fs::read_to_string(file).map_err(|error| Error::from_io(file.display().to_string(), &error))?;
    // why one line end: an editor adds it, and all else may be meant
    let text = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() {
        return Err(Error::InvalidArgument { name: argument.into(), reason: format!("{} is empty", file.display()) });
    }
    Ok(request::Secret(text.to_owned()))
}

/// What `open` is told.
fn open(values: &BTreeMap<&'static str, (Value, Source)>) -> rpmadb::Result<request::Open> {
    let mut root = Map::new();
    for (name, default) in [("actor", "cli".into()), ("script.timeout_ms", 3_600_000.into())] {
        put(&mut root, name, default);
    }
    for (name, (value, _)) in values.iter().filter(|(name, _)| !keys::OWN.contains(name)) {
        put(&mut root, name, value.clone());
    }
    request::Open::from_json(Some(&Value::Object(root).to_string()))
}

fn put(root: &mut Map<String, Value>, dotted: &str, value: Value) {
    match dotted.split_once('.') {
        None => drop(root.insert(dotted.to_owned(), value)),
        Some((section, rest)) => {
            if let Some(inner) = root.entry(section).or_insert_with(|| json!({})).as_object_mut() {
                put(inner, rest, value);
            }
        }
    }
}

/// Variables that begin like ours and set nothing: likely misspelt.
pub(crate) fn unknown_variables() -> Vec<String> {
    const OTHERS: &[&str] = &["RPMADB_COLOR", "RPMADB_QUIET", "RPMADB_YES"];
    // why: these are for the packages of other languages, for builds that embed migrations and for tests, in the same environment
    const FOREIGN: &[&str] = &[
        "RPMADB_ALL_BINDINGS",
        "RPMADB_BINDINGS",
        "RPMADB_LIBRARY",
        "RPMADB_MIGRATIONS_DIR",
        "RPMADB_SCRATCH",
        "RPMADB_TARGET",
        "RPMADB_UPDATE",
    ];
    let is_foreign = |name: &str| {
        FOREIGN.contains(&name) || ["RPMADB_TEST_", "RPMADB_EMBEDDED_"].iter().any(|start| name.starts_with(start))
    };
    let ours: Vec<String> = KEYS.iter().map(Key::variable).collect();
    let mut unknown: Vec<String> = std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("RPMADB_") && !ours.contains(name))
        .filter(|name| !OTHERS.contains(&name.as_str()) && !is_foreign(name))
        .collect();
    unknown.sort_unstable();
    unknown
}
