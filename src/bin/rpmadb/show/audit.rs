//! Printing the audit for people.

use rpmadb::report;

use super::table::Sheet;
use super::text::{duration, escaped, time};

pub(crate) fn audit(report: &report::Audit) {
    if !report.enabled {
        say!("this database has no audit");
    }
    if let Some(pruned) = &report.pruned {
        let would = if pruned.dry_run { "would be archived and removed" } else { "archived and removed" };
        match (pruned.rows, &pruned.archive) {
            (0, _) => say!("there was nothing to remove"),
            (rows, Some(path)) => say!("{would}: {rows} records, {} to {}, in {path}", pruned.from_seq, pruned.to_seq),
            (rows, None) => say!("{would}: {rows} records, {} to {}", pruned.from_seq, pruned.to_seq),
        }
    }
    if let Some(text) = &report.text {
        text.lines().for_each(|line| say!("{line}"));
    } else {
        let mut sheet = Sheet::of(&["seq", "time", "actor", "role", "origin", "verb", "outcome", "rows", "about"]);
        report.records.iter().for_each(|record| sheet.row(row(record)));
        if !report.records.is_empty() {
            sheet.print(&[0, 7]);
        }
        if let Some(next) = report.next {
            say!("more with --after {next}");
        }
    }
    if let Some(verify) = &report.verify {
        show_verify(verify);
    }
}

fn row(record: &report::AuditRecord) -> Vec<String> {
    let calls = if record.calls > 1 { format!(" (x{})", record.calls) } else { String::new() };
    vec![
        record.seq.to_string(),
        time(record.at),
        escaped(&record.actor),
        escaped(&record.role),
        escaped(&record.origin),
        format!("{}{calls}", escaped(&record.verb)),
        escaped(&record.outcome),
        record.rows.to_string(),
        escaped(record.target.as_deref().unwrap_or_default()),
    ]
}

fn show_verify(verify: &report::AuditVerify) {
    for finding in &verify.findings {
        say!("{}: {}", finding.class, escaped(&finding.message));
    }
    if verify.more_findings > 0 {
        say!("and {} more", verify.more_findings);
    }
    say!("{}: {} records and {} anchors, {}", verify.status, verify.rows, verify.anchors, duration(verify.duration_ms));
}
