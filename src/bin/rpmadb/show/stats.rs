//! The report of `stats` for people: a line a table, the largest first where sizes were measured.

use std::collections::BTreeMap;

use rpmadb::report::{self, ObjectKind, RowSource};

use super::text::{escaped, size};

/// Bytes of a table, and of its indexes.
type Sizes<'r> = BTreeMap<&'r str, (u64, u64)>;

pub(crate) fn stats(stats: &report::Stats) {
    say!("database           {}", stats.database_path);
    say!("size               {} ({} pages of {})", size(stats.size_bytes), stats.page_count, stats.page_size);
    let free = if stats.freelist_count > 0 { format!(" ({})", size(stats.freelist_bytes)) } else { String::new() };
    say!("free pages         {}{free}", stats.freelist_count);
    say!("log                {}", stats.wal_size_bytes.map_or_else(|| "none".to_owned(), size));
    say!(
        "schema             version {}, {} tables, {} indexes",
        stats.schema_version,
        stats.table_count,
        stats.index_count
    );
    if !stats.damaged.is_empty() {
        let names: Vec<String> = stats.damaged.iter().map(|name| escaped(name)).collect();
        say!("damaged            {}; see: rpmadb diagnostics", names.join(", "));
    }
    if stats.estimated {
        say!("rows, estimated:");
    }
    table(stats);
}

fn table(stats: &report::Stats) {
    let sizes = stats.objects.as_deref().map(by_table);
    let mut names: Vec<&str> = stats.tables.keys().map(String::as_str).collect();
    if let Some(sizes) = &sizes {
        // SQLite's own tables have a size, and no rows that anybody asked for
        names.extend(sizes.keys().filter(|name| !stats.tables.contains_key(**name)));
        let total = |name: &str| sizes.get(name).map_or(0, |(own, indexes)| own + indexes);
        names.sort_by(|a, b| total(b).cmp(&total(a)).then_with(|| a.cmp(b)));
    }
    let shown: Vec<String> = names.iter().map(|name| escaped(name)).collect();
    let width = shown.iter().map(|name| name.chars().count()).chain([32]).max().unwrap_or(32);
    if sizes.is_some() {
        say!("  {:<width$} {:>10} {:>11} {:>11} {:>7}", "table", "rows", "size", "indexes", "share");
    }
    for (name, shown) in names.iter().zip(shown) {
        let rows = rows(stats, name);
        match sizes.as_ref().map(|sizes| sizes.get(name).copied().unwrap_or_default()) {
            Some((own, indexes)) => {
                let share = 100.0 * (own + indexes) as f64 / stats.size_bytes.max(1) as f64;
                say!("  {shown:<width$} {rows:>10} {:>11} {:>11} {share:>5.1} %", size(own), size(indexes));
            }
            None => say!("  {shown:<width$} {rows:>10}"),
        }
    }
}

/// The number of rows, `~` before one that is near.
fn rows(stats: &report::Stats, name: &str) -> String {
    match (stats.tables.get(name), stats.sources.get(name)) {
        (Some(Some(rows)), Some(RowSource::Exact)) => rows.to_string(),
        (Some(Some(rows)), _) => format!("~{rows}"),
        (Some(None), _) => "?".to_owned(),
        (None, _) => "-".to_owned(),
    }
}

fn by_table(objects: &[report::ObjectSize]) -> Sizes<'_> {
    let mut found = Sizes::new();
    for object in objects {
        let (own, indexes) = found.entry(object.table.as_str()).or_default();
        match object.kind {
            ObjectKind::Table => *own += object.size_bytes,
            ObjectKind::Index => *indexes += object.size_bytes,
        }
    }
    found
}
