//! `bindings/rpmadb.schema.json`: what a binding in another language is made from: every verb with its arguments, and the JSON Schemas of
//! its options and its report, made from the structs themselves; the statuses; the number of the ABI.
//!
//! Exists in tests alone. To write the file anew: `RPMADB_UPDATE=1 cargo test --lib schema_file`.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value as Json, json};

use super::rights::VERBS;
use crate::error::{Document, Status};
use crate::{report, request};

/// Gathers the two kinds of documents, whose names may be the same.
struct Gathered {
    options: SchemaGenerator,
    reports: SchemaGenerator,
    verbs: Map<String, Json>,
}

impl Gathered {
    fn new() -> Gathered {
        let settings = |path: &'static str| {
            SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = path.into())
        };
        Gathered {
            options: settings("/options").for_deserialize().into_generator(),
            reports: settings("/reports").for_serialize().into_generator(),
            verbs: Map::new(),
        }
    }

    /// A verb with options; arguments are pairs of a name and its type in C.
    fn verb<O: JsonSchema, R: JsonSchema>(&mut self, name: &str, arguments: &[(&str, &str)]) {
        let options = self.options.subschema_for::<O>();
        self.add::<R>(name, arguments, json!(options));
    }

    /// A verb that takes no options.
    fn plain<R: JsonSchema>(&mut self, name: &str, arguments: &[(&str, &str)]) {
        self.add::<R>(name, arguments, Json::Null);
    }

    fn add<R: JsonSchema>(&mut self, name: &str, arguments: &[(&str, &str)], options: Json) {
        let arguments: Vec<Json> = arguments.iter().map(|(name, kind)| json!({ "name": name, "type": kind })).collect();
        let report = self.reports.subschema_for::<R>();
        let verb = json!({ "function": format!("rpmadb_{name}"), "arguments": arguments, "options": options, "report": report });
        self.verbs.insert(name.to_owned(), verb);
    }
}

fn gathered() -> Gathered {
    let mut all = Gathered::new();
    all.verb::<request::Open, report::Open>("open", &[("path", "text")]);
    all.verb::<request::Adopt, report::Adopted>("adopt", &[]);
    all.verb::<request::Alerts, report::Alerts>("alerts", &[]);
    all.verb::<request::Audit, report::Audit>("audit", &[]);
    all.verb::<request::Backup, report::Backup>("backup", &[("destination", "text or null")]);
    all.plain::<report::Backups>("backups", &[]);
    all.verb::<request::Baseline, report::Baseline>("baseline", &[]);
    all.verb::<request::Checkpoint, report::Checkpoint>("checkpoint", &[("mode", "text or null")]);
    all.plain::<report::Diagnostics>("diagnostics", &[]);
    all.verb::<request::Health, report::Health>("health", &[]);
    all.plain::<report::Lint>("lint", &[]);
    all.verb::<request::Metrics, report::Metrics>("metrics", &[]);
    all.verb::<request::Migrate, report::Migrate>("migrate", &[]);
    all.plain::<report::Migrations>("migrations", &[]);
    all.verb::<request::Pin, report::Pin>("pin", &[("path", "text")]);
    all.verb::<request::Prune, report::Prune>("prune", &[]);
    all.plain::<report::Query>("query", &[("sql", "text"), ("params", "json or null")]);
    all.verb::<request::Repair, report::Repair>("repair", &[]);
    all.verb::<request::Restore, report::Restore>("restore", &[("path", "text")]);
    all.verb::<request::Rollback, report::Rollback>("rollback", &[("target", "integer")]);
    all.verb::<request::Schema, report::Schema>("schema", &[]);
    all.verb::<request::Script, report::Script>("script", &[("source", "text")]);
    all.verb::<request::Script, report::Script>("script_file", &[("name", "text")]);
    all.plain::<report::Scripts>("scripts", &[]);
    all.verb::<request::Stats, report::Stats>("stats", &[]);
    all.verb::<request::Test, report::Test>("test", &[]);
    all.verb::<request::UndoRestore, report::Restore>("undo_restore", &[]);
    all.verb::<request::Verify, report::Verify>("verify", &[("path", "text")]);
    all.verb::<request::Monitor, report::MonitorStart>("monitor_start", &[]);
    all.plain::<report::MonitorStop>("monitor_stop", &[]);
    all.plain::<report::Transaction>("transaction", &[]);
    all.plain::<report::BuildInfo>("build_info", &[]);
    all
}

#[test]
fn the_schema_file_is_what_the_structs_say() {
    let mut all = gathered();
    for verb in VERBS {
        assert!(all.verbs.contains_key(*verb), "{verb} has no line above");
    }
    // what is handed to callbacks and is in no report by itself, and what a failed call hands out
    all.reports.subschema_for::<report::Alert>();
    all.reports.subschema_for::<crate::operation::Progress>();
    all.reports.subschema_for::<Document>();
    let statuses: Map<String, Json> =
        Status::ALL.iter().map(|status| (status.name().to_owned(), (*status as i32).into())).collect();
    let document = json!({
        "$comment": "Made from src/ by `RPMADB_UPDATE=1 cargo test --lib schema_file`; do not edit.",
        "abi": report::ABI_VERSION,
        "statuses": statuses,
        "verbs": all.verbs,
        "options": all.options.take_definitions(true),
        "reports": all.reports.take_definitions(true),
    });
    let made = serde_json::to_string_pretty(&document).expect("is JSON") + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/bindings/rpmadb.schema.json");
    if std::env::var_os("RPMADB_UPDATE").is_some() {
        std::fs::write(path, &made).expect("writes");
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == made,
        "bindings/rpmadb.schema.json is not what the structs say; run RPMADB_UPDATE=1 cargo test --lib schema_file"
    );
}
