//! What goes down: the options of every verb, as typed in JSON by a host or filled in by a Rust caller.
//!
//! Leaves to others: what the options mean. Here they are read, and unknown keys, wrong types and values out
//! of range are refused by name.
//!
//! Invariant: a request that exists is within its ranges; `None` always means "the default".

mod archive;
mod audit;
mod migrations;
mod monitor;
mod open;

pub use archive::*;
pub use audit::*;
pub use migrations::*;
pub use monitor::*;
pub use open::*;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Options that can be read from a JSON object.
pub trait Request: DeserializeOwned + Default {
    /// Refuses values out of range, naming the key.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Reads options; `None` and blank text give the defaults.
    fn from_json(text: Option<&str>) -> Result<Self> {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            return Ok(Self::default());
        };
        let request: Self = parse(text)?;
        request.check()?;
        Ok(request)
    }
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T> {
    // why the first look: serde would accept an array for a struct, and says "map" where JSON says object
    if !text.trim_start().starts_with('{') {
        return Err(Error::InvalidArgument {
            name: "options".into(),
            reason: "must be a JSON object such as {\"target\": 12}, or NULL".into(),
        });
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    refuse_lists(text)?;
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        // why: the crate calls the outermost object "."
        let path = Some(error.path().to_string()).filter(|path| path != ".").unwrap_or_default();
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data => {
                let reason = without_position(&inner.to_string());
                let key = unknown_key(&reason).map_or(path.clone(), |key| match path.rsplit_once('.') {
                    _ if path == key || path.ends_with(&format!(".{key}")) => path.clone(),
                    Some((parent, _)) => format!("{parent}.{key}"),
                    None => key.to_owned(),
                });
                Error::InvalidOption { key, reason }
            }
            // why asked: where a name belongs, serde calls what is none a mistake in the text
            _ => match serde_json::from_str::<serde_json::Value>(text) {
                Ok(value) if !path.is_empty() => {
                    let found = path.split('.').try_fold(&value, |value, key| value.get(key)).unwrap_or(&value);
                    Error::InvalidOption { key: path, reason: format!("is {found} and must be a text") }
                }
                _ => not_json(&inner),
            },
        }
    })?;
    reader.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

/// The options that are objects. Serde would take the items of a list for their members, in the order in which they are declared.
const OBJECTS: [&str; 7] = ["alerts", "audit", "backup", "monitor", "pool", "prune", "script"];

/// Refuses a list in the place of an object.
fn refuse_lists(text: &str) -> Result<()> {
    fn look(object: &serde_json::Map<String, serde_json::Value>, before: &str) -> Result<()> {
        for (name, value) in object {
            let key = format!("{before}{name}");
            match value {
                serde_json::Value::Array(_) if OBJECTS.contains(&name.as_str()) => {
                    return Err(Error::InvalidOption { key, reason: "is a list and must be a JSON object".into() });
                }
                serde_json::Value::Object(members) if OBJECTS.contains(&name.as_str()) => {
                    look(members, &format!("{key}."))?;
                }
                _ => {}
            }
        }
        Ok(())
    }
    if !text.contains('[') {
        return Ok(());
    }
    // why left: what is wrong with the text is told by whoever reads it
    serde_json::from_str(text).map_or(Ok(()), |object| look(&object, ""))
}

fn not_json(error: &serde_json::Error) -> Error {
    Error::InvalidArgument { name: "options".into(), reason: format!("are not JSON: {error}") }
}

fn without_position(message: &str) -> String {
    message.rsplit_once(" at line ").map_or(message, |(reason, _)| reason).to_owned()
}

fn unknown_key(reason: &str) -> Option<&str> {
    let rest = reason.strip_prefix("unknown field `").or_else(|| reason.strip_prefix("duplicate field `"))?;
    rest.split('`').next()
}

fn within<T: PartialOrd + std::fmt::Display>(key: &str, value: Option<T>, low: T, high: T) -> Result<()> {
    match value {
        Some(value) if value < low || value > high => {
            Err(Error::InvalidOption { key: key.to_owned(), reason: format!("{value} is outside {low} to {high}") })
        }
        _ => Ok(()),
    }
}

/// Who the user of a handle is, in falling order of rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Has no access.
    User,
    /// Reads all but the audit; changes nothing.
    Supervisor,
    /// Does everything.
    #[default]
    Admin,
}

impl Role {
    /// The name as options and reports spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Supervisor => "supervisor",
            Role::Admin => "admin",
        }
    }

    /// The role of a name.
    pub fn from_name(name: &str) -> Result<Role> {
        [Role::Admin, Role::Supervisor, Role::User].into_iter().find(|role| role.name() == name).ok_or_else(|| {
            Error::InvalidArgument {
                name: "role".into(),
                reason: format!("is '{name}' and must be admin, supervisor or user"),
            }
        })
    }
}

macro_rules! no_options {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {}

        impl Request for $name {}
    )*};
}

no_options! {
    /// Options of `migrations`: none yet.
    Migrations;
    /// Options of `lint`: none yet.
    Lint;
    /// Options of `backups`: none yet.
    Backups;
    /// Options of `diagnostics`: none yet.
    Diagnostics;
    /// Options of `scripts`: none yet.
    Scripts;
    /// Options of `query`: none yet.
    Query;
    /// Options of `transaction`: none yet.
    Transaction;
}

/// Options of `health`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Health {
    /// A database without a row in its table `users` is critical; default false.
    pub require_users: bool,
    /// The newest verified backup may be this old, 1 to 87,600 hours; default 48. Seven times as old is critical.
    pub backup_max_age_hours: Option<u64>,
    /// A call may have its connection this long, 1 to 86,400,000; default 60,000. One that has it longer keeps checkpoints, or
    /// everybody who writes, from getting through.
    pub call_max_ms: Option<u64>,
}

impl Request for Health {
    fn check(&self) -> Result<()> {
        within("call_max_ms", self.call_max_ms, 1, 86_400_000)?;
        within("backup_max_age_hours", self.backup_max_age_hours, 1, 87_600)
    }
}

impl Health {
    /// How old the newest verified backup may be, in hours.
    #[must_use]
    pub fn backup_max_age_hours(&self) -> u64 {
        self.backup_max_age_hours.unwrap_or(48)
    }

    /// How long a call may have its connection, in milliseconds.
    #[must_use]
    pub fn call_max_ms(&self) -> u64 {
        self.call_max_ms.unwrap_or(60_000)
    }
}

/// Options of `metrics`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// In which form the report is; default JSON.
    pub format: MetricsFormat,
    /// Most fingerprints, 0 to 1,000; default 100.
    pub limit: Option<u64>,
    /// Plan the statements to tell what indexes they use; default true.
    pub indexes: Option<bool>,
}

impl Request for Metrics {
    fn check(&self) -> Result<()> {
        within("limit", self.limit, 0, 1_000)
    }
}

/// The form of `metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MetricsFormat {
    /// The figures as JSON.
    #[default]
    Json,
    /// Text in the format that Prometheus reads.
    Prometheus,
}

impl MetricsFormat {
    /// The form of a name.
    pub fn from_name(name: &str) -> Result<MetricsFormat> {
        match name {
            "json" => Ok(MetricsFormat::Json),
            "prometheus" => Ok(MetricsFormat::Prometheus),
            _ => Err(Error::InvalidOption {
                key: "format".into(),
                reason: format!("is '{name}' and must be json or prometheus"),
            }),
        }
    }
}

/// Options of `stats`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Stats {
    /// Answer without scanning: row counts from SQLite's statistics or from a sample of the pages; default false.
    pub estimate: bool,
    /// Measure every table and index, which reads every page unless nothing changed since the last time; default true,
    /// with `estimate` false. Where it is false, `objects` is what was measured before.
    pub sizes: Option<bool>,
}

impl Request for Stats {}

/// How much a checkpoint does, see SQLite's `wal_checkpoint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the names are SQLite's own")]
pub enum CheckpointMode {
    #[default]
    Passive,
    Full,
    Restart,
    Truncate,
}

impl CheckpointMode {
    /// Every mode.
    pub const ALL: [CheckpointMode; 4] =
        [CheckpointMode::Passive, CheckpointMode::Full, CheckpointMode::Restart, CheckpointMode::Truncate];

    /// The name as the doors spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            CheckpointMode::Passive => "passive",
            CheckpointMode::Full => "full",
            CheckpointMode::Restart => "restart",
            CheckpointMode::Truncate => "truncate",
        }
    }

    /// The mode of a name; `None` is passive.
    pub fn from_name(name: Option<&str>) -> Result<CheckpointMode> {
        let Some(name) = name else { return Ok(CheckpointMode::Passive) };
        Self::ALL.into_iter().find(|mode| mode.name() == name).ok_or_else(|| Error::InvalidArgument {
            name: "mode".into(),
            reason: format!("is '{name}' and must be passive, full, restart or truncate"),
        })
    }
}

/// Options of `checkpoint`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Checkpoint {
    /// How long to wait for readers and writers in the three blocking modes; default the handle's busy_timeout_ms.
    pub busy_timeout_ms: Option<u64>,
}

impl Request for Checkpoint {
    fn check(&self) -> Result<()> {
        within("busy_timeout_ms", self.busy_timeout_ms, 0, 86_400_000)
    }
}

/// Options of `script` and `script_file`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// The name in messages; default `script`, or the name of the file.
    pub name: Option<String>,
    /// What the script finds in `job.args`.
    pub args: serde_json::Map<String, serde_json::Value>,
    /// Run, report what was changed, and roll back; default false.
    pub dry_run: bool,
    /// Longest run; the limit of the handle wins when it is lower.
    pub timeout_ms: Option<u64>,
    /// Most memory; the limit of the handle wins when it is lower.
    pub memory_bytes: Option<u64>,
}

impl Request for Script {
    fn check(&self) -> Result<()> {
        ScriptLimits { timeout_ms: self.timeout_ms, memory_bytes: self.memory_bytes }.check("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<T: Request + std::fmt::Debug>(text: &str) -> String {
        let error = T::from_json(Some(text)).expect_err("must be refused");
        assert_eq!(error.status().name(), "INVALID_ARGUMENT");
        error.to_string()
    }

    #[test]
    fn nothing_and_an_empty_object_are_the_defaults() {
        assert_eq!(Open::from_json(None), Ok(Open::default()));
        assert_eq!(Open::from_json(Some("{}")), Ok(Open::default()));
        assert_eq!(Open::from_json(Some("  ")), Ok(Open::default()));
    }

    #[test]
    fn every_refusal_names_the_key() {
        assert!(refusal::<Open>(r#"{"busy": 1}"#).starts_with("option 'busy': unknown field"));
        assert!(refusal::<Open>(r#"{"pool": {"maxx": 1}}"#).starts_with("option 'pool.maxx': unknown field"));
        assert!(refusal::<Open>(r#"{"busy_timeout_ms": "5"}"#).starts_with("option 'busy_timeout_ms': invalid type"));
        assert!(refusal::<Open>(r#"{"pool": {"max": 0}}"#).starts_with("option 'pool.max': 0 is outside 1 to"));
        assert!(
            refusal::<Open>(r#"{"synchronous": "sometimes"}"#).starts_with("option 'synchronous': unknown variant")
        );
        assert!(refusal::<Migrate>(r#"{"target": -1}"#).starts_with("option 'target': -1 is outside"));
        assert!(refusal::<Script>(r#"{"memory_bytes": 5}"#).starts_with("option 'memory_bytes': 5 is outside"));
    }

    #[test]
    fn a_name_of_another_type_is_refused_by_its_key() {
        let said = |key: &str, value: &str| format!("option '{key}': is {value} and must be a text");
        assert_eq!(refusal::<Metrics>(r#"{"format": 5}"#), said("format", "5"));
        for key in ["role", "synchronous", "journal_mode", "foreign_sqlite"] {
            assert_eq!(refusal::<Open>(&format!(r#"{{"pool": {{}}, "{key}": [1]}}"#)), said(key, "[1]"));
        }
        assert_eq!(refusal::<Audit>(r#"{"format": null}"#), said("format", "null"));
        assert_eq!(refusal::<Migrate>(r#"{"transaction": true}"#), said("transaction", "true"));
        assert!(refusal::<Metrics>(r#"{"format": 5"#).contains("are not JSON"));
    }

    #[test]
    fn a_list_is_no_object() {
        let said = |key: &str| format!("option '{key}': is a list and must be a JSON object");
        for key in ["pool", "script", "backup", "audit", "monitor"] {
            for list in ["[4]", "[]"] {
                assert_eq!(refusal::<Open>(&format!(r#"{{"{key}": {list}}}"#)), said(key));
            }
        }
        assert_eq!(refusal::<Open>(r#"{"monitor": {"alerts": [1]}}"#), said("monitor.alerts"));
        assert_eq!(refusal::<Audit>(r#"{"prune": [1]}"#), said("prune"));
        let script = Script::from_json(Some(r#"{"args": {"pool": [1], "backup": []}}"#)).expect("is read");
        assert_eq!(script.args.len(), 2, "what a script gets is its own business");
        assert!(Repair::from_json(Some(r#"{"versions": [1]}"#)).is_ok());
    }

    /// What the schemas call an object must be in the table of those that a list is no substitute for.
    #[test]
    fn every_option_that_is_an_object_is_known_as_one() {
        fn objects(schema: &serde_json::Value, found: &mut std::collections::BTreeSet<String>) {
            let definitions = schema["$defs"].as_object().cloned().unwrap_or_default();
            let is_object = |option: &serde_json::Value| {
                let text = option.to_string();
                let mut named = definitions.iter().filter(|(name, _)| text.contains(&format!("#/$defs/{name}\"")));
                named.any(|(_, definition)| definition["type"] == "object")
            };
            for of in definitions.values().chain([schema]) {
                for (name, option) in of["properties"].as_object().into_iter().flatten() {
                    if is_object(option) {
                        found.insert(name.clone());
                    }
                }
            }
        }
        let mut found = std::collections::BTreeSet::new();
        for schema in [schemars::schema_for!(Open), schemars::schema_for!(Audit), schemars::schema_for!(Monitor)] {
            objects(&serde_json::to_value(schema).expect("serialises"), &mut found);
        }
        assert_eq!(found.into_iter().collect::<Vec<_>>(), OBJECTS);
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        assert!(refusal::<Open>("[]").contains("must be a JSON object"));
        assert!(refusal::<Open>("nonsense").contains("must be a JSON object"));
        assert!(refusal::<Open>(r#"{"create": tru"#).contains("are not JSON"));
        assert!(refusal::<Open>(r#"{} {}"#).contains("are not JSON"));
    }
}
