//! Printing alerts.

use std::io::Write as _;

use rpmadb::report;

use super::{document, note};

pub(crate) fn alerts(report: &report::Alerts) {
    for found in &report.alerts {
        line(found);
    }
    for event in &report.events {
        say!("  event {:>4}  {:<24} {} to {}", event.seq, event.key, event.from.name(), event.to.name());
    }
    match report.monitoring {
        true => say!("{} alert(s)", report.alerts.len()),
        false => say!("no monitor runs in this process: `rpmadb monitor` watches, `rpmadb health` looks once"),
    }
}

pub(crate) fn started(report: &report::MonitorStart) {
    let names: Vec<&str> = report.tasks.iter().map(|task| task.name).collect();
    let tasks = if names.is_empty() { "no tasks".to_owned() } else { names.join(", ") };
    say!("watching, a look every {} ms; {tasks}", report.tick_ms);
}

pub(crate) fn alert(as_json: bool, alert: &report::Alert) {
    if as_json {
        match serde_json::to_string(alert) {
            Ok(text) => document(&(text + "\n")),
            Err(error) => note(format_args!("error: an alert could not be written as JSON: {error}")),
        }
    } else {
        line(alert);
    }
    // why: behind a pipe a line would wait for the next ones
    let _ = std::io::stdout().flush();
}

fn line(alert: &report::Alert) {
    say!("  {:<12} {:<8} {:<24} {}", alert.state.name(), alert.severity.name(), alert.key, alert.message);
    if alert.resolved_at.is_none() {
        say!("               {}", alert.remedy);
    }
}
