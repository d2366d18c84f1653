//! What a host handed in: the documents of its own metrics and alerts, which no other process can see.
//!
//! Invariant: a document that lacks something gives empty cells and no error; it may come from another version.

use std::path::Path;

use rpmadb::{Error, Result};
use serde_json::Value;

use super::facts::{Facts, MOST};
use crate::show::text::{ago, duration, plain, time};

impl Facts {
    pub(super) fn add_statements(&mut self, metrics: &Value, file: Option<&Path>) {
        self.statements_from = match file {
            Some(file) => format!("As counted by the host, from {}.", file.display()),
            None => "Statements are counted inside the process that runs them. Hand in what it counted: --metrics FILE, with the \
                     document of rpmadb_metrics."
                .to_owned(),
        };
        let ms = |value: &Value| duration(value.as_f64().unwrap_or_default());
        let text = |value: &Value| plain(value);
        let list = |name: &str| metrics[name].as_array().into_iter().flatten().take(MOST);
        self.statements = list("statements")
            .map(|of| {
                vec![
                    text(&of["fingerprint"]),
                    text(&of["calls"]),
                    ms(&of["total_ms"]),
                    ms(&of["mean_ms"]),
                    ms(&of["p95_ms"]),
                    ms(&of["max_ms"]),
                ]
            })
            .collect();
        self.slow = list("slow")
            .map(|of| {
                let plan = of["plan"].as_array().into_iter().flatten().map(plain).collect::<Vec<_>>().join("; ");
                vec![
                    text(&of["fingerprint"]),
                    ms(&of["duration_ms"]),
                    of["at"].as_i64().map_or_else(String::new, time),
                    plan,
                ]
            })
            .collect();
    }

    pub(super) fn add_alerts(&mut self, alerts: &Value, file: Option<&Path>) {
        self.alerts_from = match file {
            Some(file) => format!("As the host's monitor told, from {}.", file.display()),
            None => "Alerts live in the process whose monitor found them. Hand in what it found: --alerts FILE, with the document of \
                     rpmadb_alerts. What is wrong now stands under Health."
                .to_owned(),
        };
        self.alerts = alerts["alerts"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|alert| {
                let since = alert["since"].as_i64().map_or_else(String::new, ago);
                let [severity, state, key, message, remedy] =
                    ["severity", "state", "key", "message", "remedy"].map(|name| plain(&alert[name]));
                vec![severity, state, key, message, since, remedy]
            })
            .collect();
    }
}

/// A document that a host handed out.
pub(super) fn document(file: &Path) -> Result<Value> {
    let named = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| Error::from_io(named.clone(), &error))?;
    serde_json::from_str(&text)
        .map_err(|error| Error::InvalidArgument { name: named, reason: format!("is not JSON: {error}") })
}
