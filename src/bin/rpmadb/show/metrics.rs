//! The report of `metrics` for people: a line a figure, then the statements that took most; or the bare text for Prometheus.

use rpmadb::report::{Figures, Metrics};

use super::diagnostics::holder;
use super::text::{escaped, size};
use super::{document, json};
use crate::settings::Settings;

pub(crate) fn metrics(settings: &Settings, report: &Metrics) {
    match report {
        report if settings.json => json(report),
        Metrics::Figures(found) => figures(found),
        // why not by lines: the text ends with its own
        Metrics::Text { text, .. } => document(text),
    }
}

fn figures(found: &Figures) {
    say!(
        "metrics            {}",
        if found.enabled { "on" } else { "off: open with metrics, or set RPMA_DB_METRICS=1" }
    );
    let pool = &found.pool;
    say!(
        "connections        {} of {}, {} idle; {} wait(s), {:.1} ms, {} in vain",
        pool.connections,
        pool.max_connections,
        pool.idle_connections,
        pool.waits,
        pool.wait_ms,
        pool.timeouts
    );
    pool.holders.iter().for_each(|held| say!("in use             {}", holder(held)));
    let locks = &found.locks;
    say!("locks              {} wait(s), {} in vain", locks.waited, locks.gave_up);
    let log = found.wal.size_bytes.map_or_else(|| "none".to_owned(), size);
    say!(
        "log                {log}{}",
        found.wal.backlog.map_or_else(String::new, |frames| format!(", {frames} frame(s) to move"))
    );
    for (verb, of) in &found.verbs {
        let denied = if of.denied > 0 { format!(", {} denied", of.denied) } else { String::new() };
        let failed = if of.errors > 0 { format!(", {} failed", of.errors) } else { String::new() };
        say!(
            "verb {verb:<13} {} call(s){failed}{denied}, {:.1} ms, at most {:.1} ms",
            of.calls,
            of.total_ms,
            of.max_ms
        );
    }
    for index in found.indexes.iter().flat_map(|indexes| indexes.used.iter().flatten()) {
        let calls = index.calls.map_or_else(String::new, |calls| format!(", {calls} call(s)"));
        say!("used index         {} of {}{calls}", escaped(&index.index), escaped(&index.table));
    }
    for index in found.indexes.iter().flat_map(|indexes| indexes.unused.iter().flatten()) {
        say!("unused index       {} of {}", escaped(&index.index), escaped(&index.table));
    }
    for slow in &found.slow {
        say!("slow statement     {:.1} ms: {}", slow.duration_ms, escaped(&slow.fingerprint));
    }
    for slow in &found.slow_transactions {
        let end = if slow.committed { "committed" } else { "rolled back" };
        say!("long transaction   {:.1} ms: {}, {end}", slow.duration_ms, slow.label);
    }
    if !found.statements.is_empty() {
        say!("  {:>10} {:>9} {:>9} {:>9} {:>9}  statement", "total ms", "calls", "mean", "p95", "max");
    }
    for of in &found.statements {
        say!(
            "  {:>10.1} {:>9} {:>9.3} {:>9.3} {:>9.3}  {}",
            of.total_ms,
            of.calls,
            of.mean_ms,
            of.p95_ms,
            of.max_ms,
            escaped(&of.fingerprint)
        );
    }
}
