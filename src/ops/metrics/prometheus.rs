//! The figures of `metrics` in the text format that Prometheus reads, version 0.0.4.
//!
//! Leaves to others: measuring (`metrics.rs`).
//!
//! Invariants: each family has HELP and TYPE once and its samples right behind; counters end in `_total`; units are seconds and bytes;
//! no two samples have the same labels; what was not measured has no sample.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::report::{Figures, StatementFigures, VerbFigures};

/// Writes the text.
pub(super) fn text(figures: &Figures) -> String {
    let mut page = Page::default();
    page.one(
        "rpmadb_metrics_enabled",
        Kind::Gauge,
        "Whether metrics are counted.",
        Some(f64::from(u8::from(figures.enabled))),
    );
    page.one(
        "rpmadb_metrics_start_time_seconds",
        Kind::Gauge,
        "When counting began.",
        figures.since.map(seconds_of_ms),
    );
    statements(&mut page, figures);
    verbs(&mut page, figures);
    works(&mut page, figures);
    indexes(&mut page, figures);
    pool(&mut page, figures);
    page.text
}

fn statements(page: &mut Page, figures: &Figures) {
    type Field = fn(&StatementFigures) -> f64;
    let fields: [(&str, Kind, &str, Field); 9] = [
        ("calls_total", Kind::Counter, "Runs of the statement.", |of| of.calls as f64),
        ("errors_total", Kind::Counter, "Runs of the statement that failed.", |of| of.errors as f64),
        ("rows_total", Kind::Counter, "Rows that the statement gave or changed.", |of| of.rows as f64),
        ("seconds_total", Kind::Counter, "Time that the statement took.", |of| of.total_ms / 1e3),
        ("p95_seconds", Kind::Gauge, "Time that 95 of 100 runs did not exceed.", |of| of.p95_ms / 1e3),
        ("max_seconds", Kind::Gauge, "Time that the longest run took.", |of| of.max_ms / 1e3),
        ("full_scan_steps_total", Kind::Counter, "Steps through tables that were read whole.", |of| {
            of.full_scan_steps as f64
        }),
        ("sorts_total", Kind::Counter, "Times that rows were sorted.", |of| of.sorts as f64),
        ("automatic_index_rows_total", Kind::Counter, "Rows put into indexes made for one run.", |of| {
            of.automatic_index_rows as f64
        }),
    ];
    // why: of two long statements the same beginning may be shown, and no two samples may have the same labels
    let mut known = HashSet::new();
    let shown: Vec<&StatementFigures> = figures.statements.iter().filter(|of| known.insert(&*of.fingerprint)).collect();
    for (name, kind, help, field) in fields {
        let samples = shown.iter().map(|of| (vec![("statement", &*of.fingerprint)], field(of)));
        page.family(&format!("rpmadb_statement_{name}"), kind, help, samples);
    }
    if figures.enabled {
        let counted: [(&str, &str, u64); 3] = [
            (
                "rpmadb_statements_evicted_total",
                "Statements that were forgotten for newer ones.",
                figures.statements_evicted,
            ),
            ("rpmadb_slow_statements_total", "Statements that took longer than slow_query_ms.", figures.slow_total),
            (
                "rpmadb_slow_transactions_total",
                "Transactions open for more than 250 ms.",
                figures.slow_transactions_total,
            ),
        ];
        for (name, help, value) in counted {
            page.one(name, Kind::Counter, help, Some(value as f64));
        }
        page.one(
            "rpmadb_statements",
            Kind::Gauge,
            "Statements that are kept apart.",
            Some(figures.statements_known as f64),
        );
    }
}

fn verbs(page: &mut Page, figures: &Figures) {
    type Field = fn(&VerbFigures) -> f64;
    let fields: [(&str, Kind, &str, Field); 5] = [
        ("calls_total", Kind::Counter, "Calls of the verb.", |of| of.calls as f64),
        ("errors_total", Kind::Counter, "Calls of the verb that failed.", |of| of.errors as f64),
        ("denied_total", Kind::Counter, "Calls of the verb that the role did not allow.", |of| of.denied as f64),
        ("seconds_total", Kind::Counter, "Time that calls of the verb took.", |of| of.total_ms / 1e3),
        ("max_seconds", Kind::Gauge, "Time that the longest call took.", |of| of.max_ms / 1e3),
    ];
    for (name, kind, help, field) in fields {
        let samples = figures.verbs.iter().map(|(verb, of)| (vec![("verb", *verb)], field(of)));
        page.family(&format!("rpmadb_verb_{name}"), kind, help, samples);
    }
}

fn works(page: &mut Page, figures: &Figures) {
    let backups = figures.backups.as_ref();
    let number = |value: u64| value as f64;
    page.one("rpmadb_backups_total", Kind::Counter, "Backups that were made.", backups.map(|of| number(of.made)));
    page.one("rpmadb_backups_failed_total", Kind::Counter, "Backups that failed.", backups.map(|of| number(of.failed)));
    let last = |field: fn(&crate::report::BackupFigures) -> Option<f64>| backups.and_then(field);
    page.one(
        "rpmadb_backup_last_time_seconds",
        Kind::Gauge,
        "When the last backup was made.",
        last(|of| of.last_at.map(seconds_of_ms)),
    );
    page.one(
        "rpmadb_backup_last_duration_seconds",
        Kind::Gauge,
        "Time that the last backup took.",
        last(|of| of.last_duration_ms.map(|ms| ms / 1e3)),
    );
    page.one(
        "rpmadb_backup_last_size_bytes",
        Kind::Gauge,
        "Size of the last backup.",
        last(|of| of.last_size_bytes.map(|bytes| bytes as f64)),
    );
    let scripts = figures.scripts.as_ref();
    page.one("rpmadb_scripts_total", Kind::Counter, "Scripts that were run.", scripts.map(|of| number(of.runs)));
    page.one(
        "rpmadb_scripts_failed_total",
        Kind::Counter,
        "Scripts that failed.",
        scripts.map(|of| number(of.failures)),
    );
    let checkpoints = figures.checkpoints.as_ref();
    page.one(
        "rpmadb_checkpoints_total",
        Kind::Counter,
        "Checkpoints that were asked for.",
        checkpoints.map(|of| number(of.runs)),
    );
    page.one(
        "rpmadb_checkpoints_busy_total",
        Kind::Counter,
        "Checkpoints that somebody kept from finishing.",
        checkpoints.map(|of| number(of.busy)),
    );
    page.one("rpmadb_denials_total", Kind::Counter, "Calls that a role did not allow.", figures.denials.map(number));
}

fn indexes(page: &mut Page, figures: &Figures) {
    let Some(indexes) = &figures.indexes else { return };
    let used =
        indexes.used.iter().flatten().filter_map(|of| {
            Some((vec![("index", of.index.as_str()), ("table", of.table.as_str())], of.calls? as f64))
        });
    // why a gauge: a statement that is forgotten takes its calls with it
    page.family("rpmadb_index_calls", Kind::Gauge, "Runs of statements whose plan uses the index.", used);
    let counts = [
        ("unused", indexes.unused.as_ref().map(Vec::len)),
        ("redundant", Some(indexes.redundant.len())),
        ("missing", Some(indexes.missing.len())),
        ("full_scan", indexes.full_scans.as_ref().map(Vec::len)),
    ];
    let counts = counts.iter().filter_map(|(kind, count)| Some((vec![("kind", *kind)], (*count)? as f64)));
    page.family("rpmadb_index_findings", Kind::Gauge, "What is wrong with indexes.", counts);
}

fn pool(page: &mut Page, figures: &Figures) {
    let (pool, locks, wal) = (&figures.pool, &figures.locks, &figures.wal);
    let gauges: [(&str, &str, Option<f64>); 7] = [
        ("rpmadb_pool_connections", "Connections open.", Some(f64::from(pool.connections))),
        ("rpmadb_pool_idle_connections", "Connections open and not in use.", Some(f64::from(pool.idle_connections))),
        ("rpmadb_pool_max_connections", "Most connections there may be.", Some(f64::from(pool.max_connections))),
        ("rpmadb_pool_in_use_connections", "Connections in use.", Some(pool.in_use as f64)),
        ("rpmadb_wal_size_bytes", "Size of the write-ahead log.", wal.size_bytes.map(|bytes| bytes as f64)),
        ("rpmadb_wal_frames", "Frames in the write-ahead log.", wal.frames.map(|frames| frames as f64)),
        ("rpmadb_wal_backlog_frames", "Frames not in the database yet.", wal.backlog.map(|frames| frames as f64)),
    ];
    for (name, help, value) in gauges {
        page.one(name, Kind::Gauge, help, value);
    }
    let counters: [(&str, &str, f64); 6] = [
        ("rpmadb_pool_waits_total", "Waits for a reader while all were in use.", pool.waits as f64),
        ("rpmadb_pool_wait_seconds_total", "Time waited for readers.", pool.wait_ms / 1e3),
        ("rpmadb_pool_timeouts_total", "Waits for a reader that were in vain.", pool.timeouts as f64),
        ("rpmadb_leases_total", "Times a connection was taken.", locks.leases as f64),
        ("rpmadb_lock_waits_total", "Waits for a lock.", locks.waited as f64),
        ("rpmadb_lock_timeouts_total", "Waits for a lock that were in vain.", locks.gave_up as f64),
    ];
    for (name, help, value) in counters {
        page.one(name, Kind::Counter, help, Some(value));
    }
}

fn seconds_of_ms(ms: i64) -> f64 {
    ms as f64 / 1e3
}

#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// A family of one sample without labels.
    fn one(&mut self, name: &str, kind: Kind, help: &str, value: Option<f64>) {
        self.family(name, kind, help, value.into_iter().map(|value| (Vec::new(), value)));
    }

    /// A family; nothing of one without samples.
    fn family<'l>(
        &mut self,
        name: &str,
        kind: Kind,
        help: &str,
        samples: impl Iterator<Item = (Vec<(&'l str, &'l str)>, f64)>,
    ) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        let mut head = Some(format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        for (labels, value) in samples {
            self.text.push_str(&head.take().unwrap_or_default());
            self.text.push_str(name);
            let labels: Vec<String> =
                labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
            if !labels.is_empty() {
                let _ = write!(self.text, "{{{}}}", labels.join(","));
            }
            // why through Display: it never writes an exponent or less than the whole number
            let _ = writeln!(self.text, " {value}");
        }
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_values_are_escaped_and_an_empty_family_is_left_out() {
        let mut page = Page::default();
        page.family(
            "a_total",
            Kind::Counter,
            "A.",
            [(vec![("l", "x\\y\"z\nü"), ("m", "")], 12_345_678_901.0)].into_iter(),
        );
        page.one("b", Kind::Gauge, "B.", None);
        page.one("c_seconds", Kind::Gauge, "C.", Some(0.000_001_5));
        assert_eq!(
            page.text,
            "# HELP a_total A.\n# TYPE a_total counter\na_total{l=\"x\\\\y\\\"z\\nü\",m=\"\"} 12345678901\n\
             # HELP c_seconds C.\n# TYPE c_seconds gauge\nc_seconds 0.0000015\n"
        );
    }
}
