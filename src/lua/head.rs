//! The head of a script: the comment lines at the very top that begin with `--!`, and what they mean for a run.
//!
//! Leaves to others: the limits of the host, which win (`script.rs`), and running.
//!
//! Invariants: an unknown key, a wrong type or unit, and a key that stands twice are errors with line and column; what is
//! bound has every declared argument that is required or has a default, each of its declared type.

use serde_json::{Map, Value as Json};

use crate::error::{Error, Place, Result};
use crate::report::{ScriptArg, ScriptEntry};
use crate::request::{self, Role};

const KEYS: &[&str] = &["role", "timeout", "memory", "purpose", "arg", "changes"];
const TYPES: &[&str] = &["integer", "number", "string", "boolean"];
const TIMES: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
const SIZES: &[(&str, u64)] = &[("B", 1), ("KB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30)];

/// What the head of a script says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Head {
    /// Whether there is one.
    pub is_there: bool,
    /// The lowest role that may run it.
    pub role: Option<Role>,
    /// How long it asks to run, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// How much memory it asks for.
    pub memory_bytes: Option<u64>,
    /// What it is for.
    pub purpose: Option<String>,
    /// Its arguments.
    pub args: Vec<ScriptArg>,
    /// What it changes.
    pub changes: Option<String>,
}

/// A part of the source: where it begins, and its text without space around it.
#[derive(Clone, Copy)]
struct Part<'s> {
    at: usize,
    text: &'s str,
}

impl<'s> Part<'s> {
    fn trimmed(self) -> Part<'s> {
        let start = self.text.len() - self.text.trim_start().len();
        Part { at: self.at + start, text: self.text.trim() }
    }

    fn from(self, offset: usize) -> Part<'s> {
        Part { at: self.at + offset, text: &self.text[offset..] }.trimmed()
    }

    fn until(self, offset: usize) -> Part<'s> {
        Part { at: self.at, text: &self.text[..offset] }.trimmed()
    }

    /// What stands before and behind `mark`.
    fn split(self, mark: &str) -> Option<(Part<'s>, Part<'s>)> {
        self.text.find(mark).map(|at| (self.until(at), self.from(at + mark.len())))
    }

    /// The first word and the rest.
    fn word(self) -> (Part<'s>, Part<'s>) {
        let end = self.text.find(char::is_whitespace).unwrap_or(self.text.len());
        (self.until(end), self.from(end))
    }
}

/// Says where and why the head is not right.
struct Complaint<'s> {
    source: &'s str,
    file: &'s str,
}

impl Complaint<'_> {
    fn at<T>(&self, part: Part<'_>, message: impl Into<String>) -> Result<T> {
        let place = Place::locate(self.source, part.at).in_file(self.file);
        Err(Error::ScriptSyntax { message: message.into(), place: Box::new(place) })
    }
}

/// Where the code of a text begins: behind a byte order mark, and at the end of a first line that begins with `#`, which Lua passes over
/// in files.
pub(super) fn code_at(source: &str) -> usize {
    let text = source.strip_prefix('\u{feff}').unwrap_or(source);
    let passed = if text.starts_with('#') { text.find('\n').unwrap_or(text.len()) } else { 0 };
    source.len() - text.len() + passed
}

impl Head {
    /// Reads the head of `source`; `file` is its name in messages.
    pub fn parse(source: &str, file: &str) -> Result<Head> {
        let complaint = Complaint { source, file };
        let mut head = Head::default();
        let mut at = code_at(source);
        at += usize::from(source[..at].contains('#') && at < source.len());
        for line in source[at..].split_inclusive('\n') {
            let Some(rest) = line.strip_prefix("--!") else { break };
            head.is_there = true;
            head.line(Part { at: at + "--!".len(), text: rest }.trimmed(), &complaint)?;
            at += line.len();
        }
        Ok(head)
    }

    fn line(&mut self, line: Part<'_>, complaint: &Complaint<'_>) -> Result<()> {
        if line.text.is_empty() {
            return Ok(());
        }
        let Some((key, rest)) = line.split(":") else {
            return complaint.at(line, format!("a line of the head is 'key: value', with one of {}", KEYS.join(", ")));
        };
        match key.text {
            "purpose" => set(&mut self.purpose, rest.text.to_owned(), key, complaint),
            "changes" => set(&mut self.changes, rest.text.to_owned(), key, complaint),
            "arg" => self.arg(rest, complaint),
            _ => self.items(line, complaint),
        }
    }

    /// `role: admin, timeout: 60s, memory: 64MB`
    fn items(&mut self, line: Part<'_>, complaint: &Complaint<'_>) -> Result<()> {
        let mut rest = Some(line);
        while let Some(part) = rest {
            let (item, more) = part.split(",").map_or((part, None), |(item, more)| (item, Some(more)));
            rest = more;
            let Some((key, value)) = item.split(":") else {
                return complaint.at(item, "'key: value' belongs here");
            };
            match key.text {
                "role" => match Role::from_name(value.text) {
                    Ok(role) if role != Role::User => set(&mut self.role, role, key, complaint)?,
                    _ => {
                        return complaint
                            .at(value, format!("role is '{}' and must be admin or supervisor", value.text));
                    }
                },
                "timeout" => set(&mut self.timeout_ms, amount(value, TIMES, complaint)?, key, complaint)?,
                "memory" => set(&mut self.memory_bytes, amount(value, SIZES, complaint)?, key, complaint)?,
                other => return complaint.at(key, unknown("the head", other, KEYS)),
            }
        }
        Ok(())
    }

    /// `keep_days integer = 90 -- what it means`
    fn arg(&mut self, line: Part<'_>, complaint: &Complaint<'_>) -> Result<()> {
        let (name, rest) = line.word();
        let is_name = name.text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            return complaint.at(name, "an argument is 'name type = default -- what it means'");
        }
        if self.args.iter().any(|known| known.name == name.text) {
            return complaint.at(name, format!("the argument {} stands here twice", name.text));
        }
        let (declared, doc) = rest.split("--").map_or((rest, ""), |(declared, doc)| (declared, doc.text));
        let (kind, default) = match declared.split("=") {
            Some((kind, default)) => (kind, Some(default)),
            None => (declared, None),
        };
        let (kind_name, required) = kind.text.strip_suffix('!').map_or((kind.text, false), |name| (name.trim(), true));
        let Some(known) = TYPES.iter().copied().find(|known| *known == kind_name) else {
            return complaint.at(kind, format!("the type is '{kind_name}' and must be one of {}", TYPES.join(", ")));
        };
        let default = match default {
            Some(default) if required => {
                return complaint
                    .at(default, "an argument with a default cannot be required: leave out the ! or the default");
            }
            Some(default) => match read(default.text, known) {
                Some(value) => Some(value),
                None => return complaint.at(default, format!("the default is no {known}")),
            },
            None => None,
        };
        self.args.push(ScriptArg { name: name.text.into(), r#type: known, required, default, doc: doc.into() });
        Ok(())
    }

    /// What the list of scripts says of it.
    #[must_use]
    pub fn entry(&self, name: &str) -> ScriptEntry {
        ScriptEntry {
            name: name.to_owned(),
            purpose: self.purpose.clone(),
            args: self.args.clone(),
            changes: self.changes.clone(),
            role: self.role.map(Role::name),
            timeout_ms: self.timeout_ms,
            memory_bytes: self.memory_bytes,
        }
    }

    /// What a run of this script is asked for: `request` with the defaults of the head. Refuses a role below the script's,
    /// arguments it does not have or that are of another type, and the lack of those it needs. Doing it twice does no harm.
    pub fn bind(&self, request: &request::Script, role: Role) -> Result<request::Script> {
        let mut bound = request.clone();
        if !self.is_there {
            return Ok(bound);
        }
        if let Some(lowest) = self.role.filter(|lowest| role < *lowest) {
            let what = format!("run this script, which is for the role {}", lowest.name());
            return Err(Error::Denied { role: role.name(), what });
        }
        bound.timeout_ms = request.timeout_ms.or(self.timeout_ms);
        bound.memory_bytes = request.memory_bytes.or(self.memory_bytes);
        bound.args = self.bind_args(&request.args)?;
        Ok(bound)
    }

    fn bind_args(&self, given: &Map<String, Json>) -> Result<Map<String, Json>> {
        let wrong = |name: &str, reason: String| Error::InvalidOption { key: format!("args.{name}"), reason };
        let names: Vec<&str> = self.args.iter().map(|arg| arg.name.as_str()).collect();
        if let Some(name) = given.keys().find(|name| !names.contains(&name.as_str())) {
            return Err(wrong(name, unknown("the script", name, &names)));
        }
        let mut bound = Map::new();
        for arg in &self.args {
            let value =
                match given.get(&arg.name).filter(|value| !value.is_null()) {
                    Some(value) => Some(fitting(value, arg.r#type).ok_or_else(|| {
                        wrong(&arg.name, format!("is {value} and must be of the type {}", arg.r#type))
                    })?),
                    None if arg.required && arg.doc.is_empty() => return Err(wrong(&arg.name, "must be given".into())),
                    None if arg.required => return Err(wrong(&arg.name, format!("must be given: {}", arg.doc))),
                    None => arg.default.clone(),
                };
            bound.extend(value.map(|value| (arg.name.clone(), value)));
        }
        Ok(bound)
    }
}

fn set<T>(field: &mut Option<T>, value: T, key: Part<'_>, complaint: &Complaint<'_>) -> Result<()> {
    if field.is_some() {
        return complaint.at(key, format!("{} stands here twice", key.text));
    }
    *field = Some(value);
    Ok(())
}

/// A number with a unit.
fn amount(value: Part<'_>, units: &[(&str, u64)], complaint: &Complaint<'_>) -> Result<u64> {
    let digits = value.text.bytes().take_while(u8::is_ascii_digit).count();
    let unit = value.text[digits..].trim();
    let factor = units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    let number = value.text[..digits].parse::<u64>().ok();
    match number.zip(factor).and_then(|(number, factor)| number.checked_mul(factor)).filter(|amount| *amount > 0) {
        Some(amount) => Ok(amount),
        None => {
            let names: Vec<&str> = units.iter().map(|(name, _)| *name).collect();
            complaint.at(value, format!("'{}' must be a whole number with one of {}", value.text, names.join(", ")))
        }
    }
}

/// A text as a value of a type.
fn read(text: &str, kind: &str) -> Option<Json> {
    match kind {
        "integer" => text.parse::<i64>().ok().map(Json::from),
        "number" => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Json::from),
        "boolean" => text.parse::<bool>().ok().map(Json::from),
        _ => {
            let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            Some(bare.unwrap_or(text).into())
        }
    }
}

/// A value that was given, as one of the declared type, where nothing is lost by it.
fn fitting(value: &Json, kind: &str) -> Option<Json> {
    match (kind, value) {
        ("integer", Json::Number(number)) if number.is_i64() => Some(value.clone()),
        ("integer", Json::Number(number)) => {
            let whole = number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < (1_u64 << 53) as f64);
            whole.map(|whole| Json::from(whole as i64))
        }
        ("number", Json::Number(_)) | ("string", Json::String(_)) | ("boolean", Json::Bool(_)) => Some(value.clone()),
        // why: the command cannot know what a text is meant as
        ("string", Json::Number(_) | Json::Bool(_)) => Some(value.to_string().into()),
        (_, Json::String(text)) => read(text, kind),
        _ => None,
    }
}

/// That a name is not known, with the one that may be meant.
pub(super) fn unknown(owner: &str, name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(near) => format!("{owner} has no '{name}'; did you mean '{near}'?"),
        None if known.is_empty() => format!("{owner} has no '{name}'"),
        None => format!("{owner} has no '{name}', but {}", known.join(", ")),
    }
}

/// The known name that is nearest to `name`, if one is near enough to be meant.
pub(super) fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    let limit = (name.chars().count() / 3).max(1);
    let near = known.iter().map(|known| (distance(name, known), *known)).min()?;
    (near.0 <= limit).then_some(near.1)
}

/// How many characters must be put in, taken out, changed or swapped with their neighbour to make one of the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.to_lowercase().chars().collect(), b.to_lowercase().chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const WHOLE: &str = "--! role: admin, timeout: 60s, memory: 64MB\n--!purpose: Deletes: a, b.\r\n--! arg: keep_days integer = 90 -- how -- long\n\
        --!\n--! arg: client_id string! -- which client\n--! arg: note string\n--! arg: share number = 0.5\n--! arg: dry boolean = false -- try\n\
        --! changes: nothing\n-- role: none\n--! role: below the head this is a comment\nreturn 1\n";

    fn args(value: Json) -> request::Script {
        request::Script { args: value.as_object().cloned().unwrap_or_default(), ..request::Script::default() }
    }

    #[test]
    fn a_whole_head_is_read() {
        let head = Head::parse(WHOLE, "a.lua").expect("reads");
        assert_eq!((head.role, head.timeout_ms, head.memory_bytes), (Some(Role::Admin), Some(60_000), Some(64 << 20)));
        assert_eq!((head.purpose.as_deref(), head.changes.as_deref()), (Some("Deletes: a, b."), Some("nothing")));
        let shown: Vec<_> = head
            .args
            .iter()
            .map(|a| (a.name.as_str(), a.r#type, a.required, a.default.clone(), a.doc.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("keep_days", "integer", false, Some(json!(90)), "how -- long"),
                ("client_id", "string", true, None, "which client"),
                ("note", "string", false, None, ""),
                ("share", "number", false, Some(json!(0.5)), ""),
                ("dry", "boolean", false, Some(json!(false)), "try"),
            ]
        );
        for without in ["", "return 1", "-- purpose: x", "\n--! role: wrong", "--", " --! role: wrong"] {
            assert_eq!(Head::parse(without, "a.lua"), Ok(Head::default()), "{without:?}");
        }
        assert!(Head::parse("\u{feff}--! role: admin", "a.lua").expect("reads").is_there);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (head, line, column, message) in [
            ("--! rolle: admin", 1, 5, "the head has no 'rolle'; did you mean 'role'?"),
            ("--! role: admin\n--! nonsense", 2, 5, "a line of the head is 'key: value'"),
            ("--! role: user", 1, 11, "role is 'user' and must be admin or supervisor"),
            ("--! role: admin, timeout: 60", 1, 27, "'60' must be a whole number with one of ms, s, m, h"),
            ("--! memory: 64mb", 1, 13, "must be a whole number with one of B, KB, MB, GB"),
            ("--! timeout: 0s", 1, 14, "'0s' must be"),
            ("--! timeout: 99999999999999999h", 1, 14, "must be"),
            ("--! role: admin, fast", 1, 18, "'key: value' belongs here"),
            ("--! role: admin\n--! role: admin", 2, 5, "role stands here twice"),
            ("--! arg: 9 integer", 1, 10, "an argument is"),
            ("--! arg:", 1, 9, "an argument is"),
            ("--! arg: a int", 1, 12, "the type is 'int' and must be one of integer, number, string, boolean"),
            ("--! arg: a integer = x", 1, 22, "the default is no integer"),
            ("--! arg: a integer! = 1", 1, 23, "cannot be required"),
            ("--! arg: a integer\n--! arg: a string", 2, 10, "the argument a stands here twice"),
        ] {
            let error = Head::parse(head, "a.lua").expect_err(head);
            let place = error.place().expect("a place");
            assert_eq!(
                (place.line, place.column, place.file.as_deref()),
                (Some(line), Some(column), Some("a.lua")),
                "{head}"
            );
            assert!(error.to_string().contains(message), "{head}: {error}");
        }
    }

    #[test]
    fn arguments_are_filled_in_and_brought_to_their_types() {
        let head = Head::parse(WHOLE, "a.lua").expect("reads");
        let bound = head
            .bind(&args(json!({"client_id": 7, "keep_days": "30", "note": null, "share": 1})), Role::Admin)
            .expect("binds");
        assert_eq!(
            Json::from(bound.args.clone()),
            json!({"keep_days": 30, "client_id": "7", "share": 1, "dry": false})
        );
        assert_eq!((bound.timeout_ms, bound.memory_bytes), (Some(60_000), Some(64 << 20)));
        assert_eq!(head.bind(&bound, Role::Admin), Ok(bound), "once more changes nothing");
        let shorter = request::Script { timeout_ms: Some(5), ..args(json!({"client_id": "x"})) };
        assert_eq!(head.bind(&shorter, Role::Admin).expect("binds").timeout_ms, Some(5));
        let without = args(json!({"anything": [1]}));
        assert_eq!(Head::default().bind(&without, Role::Admin), Ok(without), "without a head all is left as it is");
    }

    #[test]
    fn arguments_and_roles_that_do_not_fit_are_refused() {
        let head = Head::parse(WHOLE, "a.lua").expect("reads");
        for (given, message) in [
            (json!({}), "option 'args.client_id': must be given: which client"),
            (
                json!({"client_id": "x", "keep_dais": 1}),
                "option 'args.keep_dais': the script has no 'keep_dais'; did you mean 'keep_days'?",
            ),
            (
                json!({"client_id": "x", "keep_days": 1.5}),
                "option 'args.keep_days': is 1.5 and must be of the type integer",
            ),
            (json!({"client_id": ["x"]}), "option 'args.client_id': is [\"x\"] and must be of the type string"),
            (
                json!({"client_id": "x", "dry": "perhaps"}),
                "option 'args.dry': is \"perhaps\" and must be of the type boolean",
            ),
        ] {
            let error = head.bind(&args(given), Role::Admin).expect_err(message);
            assert_eq!(error.to_string(), message);
        }
        let error = head.bind(&args(json!({"client_id": "x"})), Role::Supervisor).expect_err("refused");
        assert_eq!(error.to_string(), "the role supervisor may not run this script, which is for the role admin");
    }
}
