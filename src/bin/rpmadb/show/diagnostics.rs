//! The report of `diagnostics` for people: a line a finding.

use rpmadb::report;

use super::history::schema_changes;
use super::text::{escaped, plain, size};

pub(crate) fn diagnostics(found: &report::Diagnostics) {
    say!("integrity          {}", found.integrity.replace('\n', "\n                   "));
    say!(
        "foreign keys       {}",
        match found.foreign_key_check.as_deref() {
            None => "not checked: the file is damaged".to_owned(),
            Some([]) => "ok".to_owned(),
            Some(rows) => format!("{} row(s) point nowhere, the first in {}", rows.len(), rows[0].table),
        }
    );
    let drift = found.schema_drift.as_deref().unwrap_or_default();
    say!(
        "schema drift       {}",
        if drift.is_empty() { "none".to_owned() } else { format!("{} object(s)", drift.len()) }
    );
    schema_changes(drift);
    say!("journal mode       {}", found.journal_mode);
    say!("log                {} frames, {} in the database", found.wal_checkpoint[0], found.wal_checkpoint[1]);
    say!("busy timeout       {} ms", found.busy_timeout_ms);
    let pool = found.pool_state;
    say!("connections        {} of {}, {} idle", pool.connections, pool.max_connections, pool.idle_connections);
    for open in &found.open_transactions {
        say!("open transaction   {}", holder(open));
    }
    let bug =
        if found.sqlite.has_wal_reset_bug { ", with the bug that can lose a commit when the log is reset" } else { "" };
    say!("SQLite             {}{bug}", found.sqlite_version);
    if let Some(free) = found.system.free_disk_bytes {
        say!("free disk          {}", size(free));
    }
    for disk in &found.disks {
        let [free, total] = [disk.free_bytes, disk.total_bytes].map(|bytes| bytes.map_or_else(|| "?".to_owned(), size));
        say!("disk {:<13} {free} of {total} free, {}", disk.what, escaped(&disk.path));
    }
    for file in &found.files {
        let finding = file.findings.map_or_else(String::new, |finding| format!(", {finding}"));
        say!("file mode          {} {}{finding}", file.mode, escaped(&file.path));
    }
    for (name, value) in &found.pragmas {
        say!("pragma {name:<20} {}", plain(value));
    }
    for finding in found.pragma_findings.iter().flatten() {
        say!("pragma {:<20} is {}, wanted {}", finding.pragma, plain(&finding.actual), plain(&finding.expected));
    }
    indexes(found.indexes.as_ref());
    rows(&found.table_counts);
}

pub(crate) fn holder(holder: &report::OpenTransaction) -> String {
    let what = if holder.writes { "writes" } else { "reads" };
    let of = holder.actor.as_ref().map_or_else(String::new, |actor| format!(" of {}", escaped(actor)));
    let statement = holder.statement.as_ref().map_or_else(String::new, |text| format!(": {}", escaped(text)));
    format!("{}{of} {what} for {} ms{statement}", holder.label, holder.age_ms)
}

fn indexes(found: Option<&report::Indexes>) {
    let Some(found) = found else {
        say!("indexes            not examined: the file is damaged");
        return;
    };
    for index in &found.redundant {
        let (name, table) = (escaped(&index.index), escaped(&index.table));
        say!("redundant index    {name} of {table}: {} does its work", escaped(&index.covered_by));
    }
    for index in &found.missing {
        say!("missing index      {}: {}", escaped(&index.reason), escaped(&index.suggestion));
    }
    let seen = found.statements_seen.unwrap_or_default();
    for index in found.unused.iter().flatten() {
        say!("unused index       {} of {}, in {seen} statement(s)", escaped(&index.index), escaped(&index.table));
    }
    for scan in found.full_scans.iter().flatten() {
        say!("full scan          {}: {}", escaped(&scan.table), escaped(&scan.sql));
    }
}

fn rows(tables: &std::collections::BTreeMap<String, Option<u64>>) {
    for (table, rows) in tables {
        say!("  {table:<32} {:>10}", rows.map_or_else(|| "?".to_owned(), |rows| rows.to_string()));
    }
}
