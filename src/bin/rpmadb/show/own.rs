//! What the command's own verbs print for people.

use std::path::Path;

use rpmadb::report::HealthStatus;
use serde_json::Value;

use super::table::{Sheet, coloured, table};
use super::text::{STRONG, duration, escaped, of_health, painted, plain, word};
use crate::run::doctor::Verdict;
use crate::settings::keys::KEYS;
use crate::settings::{Settings, unknown_variables};

pub(crate) fn optimized(report: &Value) {
    say!("statistics renewed ({})", duration(report["duration_ms"].as_f64().unwrap_or_default()));
}

pub(crate) fn doctor(verdict: &Verdict, database: &Path) {
    let mut sheet = Sheet::of(&["look", "verdict", "finding"]);
    for look in &verdict.looks {
        sheet.row(vec![look.verb.into(), coloured(word(look.status), look.status), escaped(&look.finding).into()]);
    }
    sheet.print(&[]);
    say!("{}", painted(of_health(verdict.status), word(verdict.status)));
    let worst =
        verdict.looks.iter().filter(|look| look.status >= HealthStatus::Degraded).max_by_key(|look| look.status);
    if let Some(look) = worst {
        let verb = if verdict.only_pending { "migrate" } else { look.verb };
        let (next, database) = (painted(STRONG, "next"), super::next::typed(database));
        match verdict.only_changed_by_hand {
            true => say!("{next}: rpmadb repair {database} --schema, or undo what rpmadb migrations {database} lists"),
            false => say!("{next}: rpmadb {verb} {database}"),
        }
    }
}

pub(crate) fn config(settings: &Settings, only_changed: bool) {
    match settings.file() {
        Some(path) => say!("file: {}", escaped(&path.display().to_string())),
        None => say!("file: none; rpmadb.toml beside the database would be read"),
    }
    let rows: Vec<Vec<String>> = KEYS
        .iter()
        .map(|key| (key, settings.shown(key)))
        .filter(|(_, (_, source, _))| !only_changed || *source != "default")
        .map(|(key, (value, source, from))| {
            let value = if value.is_null() { "-".to_owned() } else { plain(&value) };
            let from = from.unwrap_or_else(|| source.to_owned());
            vec![key.name.to_owned(), value, from]
        })
        .collect();
    table(&["key", "value", "from"], &rows);
    for name in unknown_variables() {
        say!("{name} is set and means nothing here");
    }
}
