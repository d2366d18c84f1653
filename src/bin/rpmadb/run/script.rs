//! Running, checking and testing scripts.
//!
//! Leaves to others: what that means; here files are found, arguments read, and reports printed.

use rpmadb::{Database, Error, Operation, Result, request};

use crate::args::script::Script;
use crate::show;

/// What a run is asked for. Values of arguments that read as a JSON number, truth value or null are one, everything else is text.
pub(super) fn request(typed: &Script) -> Result<request::Script> {
    let mut args = serde_json::Map::new();
    for pair in &typed.args {
        let (key, value) = pair.split_once('=').ok_or_else(|| Error::InvalidArgument {
            name: "--arg".into(),
            reason: format!("is '{pair}' and must be KEY=VALUE"),
        })?;
        let parsed = serde_json::from_str(value)
            .ok()
            .filter(|value: &serde_json::Value| value.is_number() || value.is_boolean() || value.is_null())
            // why: 1e5 or 1.50 may be a name, and the script's head says what is meant
            .filter(|parsed| parsed.to_string() == value);
        args.insert(key.to_owned(), parsed.unwrap_or_else(|| value.into()));
    }
    Ok(request::Script { args, dry_run: typed.dry_run, ..request::Script::default() })
}

/// Runs the script.
pub(super) fn call(
    as_json: bool,
    typed: &Script,
    request: &request::Script,
    database: &Database,
    watch: &Operation,
) -> Result<()> {
    let name_or_path = typed.script.as_deref().unwrap_or_default();
    show::report(as_json, &database.script_file(name_or_path, request, watch)?, show::script::script);
    Ok(())
}
