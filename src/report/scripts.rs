//! Reports about scripts as such: which there are, what is wrong with one, how its tests went.

use serde::Serialize;
use serde_json::Value;

/// Report of `scripts`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Scripts {
    /// The scripts that are built in, by name.
    pub scripts: Vec<ScriptEntry>,
}

/// What the head of a script says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ScriptEntry {
    /// What it is run by.
    pub name: String,
    /// What it is for.
    pub purpose: Option<String>,
    /// Its arguments.
    pub args: Vec<ScriptArg>,
    /// What it changes, or `nothing`.
    pub changes: Option<String>,
    /// The lowest role that may run it; null when every role may that can run scripts.
    pub role: Option<&'static str>,
    /// How long it asks to run; the limit of the handle wins.
    pub timeout_ms: Option<u64>,
    /// How much memory it asks for; the limit of the handle wins.
    pub memory_bytes: Option<u64>,
}

/// An argument of a script.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ScriptArg {
    /// Its name in `job.args`.
    pub name: String,
    /// `integer`, `number`, `string` or `boolean`.
    pub r#type: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// What it is when it is not given; null when it is then absent.
    pub default: Option<Value>,
    /// What it means.
    pub doc: String,
}

/// Report of checking a script without running it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ScriptCheck {
    /// The script.
    pub name: String,
    /// Whether nothing was found.
    pub passed: bool,
    /// What is wrong, in the order of the text.
    pub findings: Vec<ScriptFinding>,
}

/// Something wrong with a script.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ScriptFinding {
    /// `head`, `syntax` or `name`.
    pub kind: &'static str,
    /// What is wrong.
    pub message: String,
    /// What may be meant.
    pub suggestion: Option<String>,
    /// Where.
    #[serde(flatten)]
    pub place: crate::error::Place,
}

/// Report of the tests in a file.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ScriptTests {
    /// The file's name.
    pub name: String,
    /// Whether all passed.
    pub passed: bool,
    /// Each, in the order of the file.
    pub tests: Vec<ScriptTest>,
    /// Time it took.
    pub duration_ms: f64,
}

/// How one test went.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ScriptTest {
    /// The names around it and its own.
    pub name: String,
    /// Whether it passed.
    pub passed: bool,
    /// Why it did not.
    pub error: Option<crate::error::Body>,
    /// What it logged.
    pub log: Vec<String>,
    /// Time it took.
    pub duration_ms: f64,
}

/// Report of one line of a [`crate::Repl`].
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReplLine {
    /// Whether it was run; else it goes on.
    pub complete: bool,
    /// What it gave; of a value that is no data, such as a function, the type.
    pub values: Vec<Value>,
    /// What it logged.
    pub log: Vec<String>,
    /// Time it took.
    pub duration_ms: f64,
}
