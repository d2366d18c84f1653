//! Printing the reports about backups for people.

use std::path::Path;

use rpmadb::report;

use super::table::Sheet;
use super::text::{ago, duration, escaped, size, time};

fn name_of(path: &str) -> String {
    escaped(&Path::new(path).file_name().map_or_else(|| path.into(), |name| name.to_string_lossy()))
}

pub(crate) fn backup(report: &report::Backup) {
    let Some(path) = &report.path else {
        say!("none was due: the newest scheduled backup in the folder is younger than that");
        return;
    };
    let proved = report.depth.map_or_else(|| "not verified".to_owned(), |depth| format!("verified: {depth}"));
    say!("{path} ({}, {} pages, {proved}, {})", size(report.size_bytes), report.pages, duration(report.duration_ms));
    if let Some(base) = &report.base {
        say!("what changed since {base}; that must stay beside it");
    }
    removed(report);
}

/// What retention removed after a backup.
pub(super) fn removed(report: &report::Backup) {
    for path in &report.deleted {
        say!("removed {}", name_of(path));
    }
}

fn kind(listed: &report::Listed) -> String {
    let manifest = &listed.manifest;
    let wrapping = [&manifest.compression, &manifest.encryption].into_iter().flatten();
    let mut words: Vec<&str> = std::iter::once(&manifest.kind).chain(wrapping).map(String::as_str).collect();
    if !listed.complete {
        words.push("base missing");
    }
    escaped(&words.join(", "))
}

pub(crate) fn backups(report: &report::Backups) {
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let mut sheet = Sheet::of(&["name", "made", "age", "size", "kind", "verified", "pinned", "reason"]);
    for listed in &report.backups {
        sheet.row(vec![
            name_of(&listed.path),
            time(listed.manifest.created_at),
            ago(listed.manifest.created_at),
            size(listed.manifest.size_bytes),
            kind(listed),
            yes(listed.verified),
            yes(listed.pinned),
            escaped(&listed.manifest.reason),
        ]);
    }
    if !report.backups.is_empty() {
        sheet.print(&[3]);
    }
    for path in &report.incomplete {
        say!("{} does not count: it has no manifest that fits", name_of(path));
    }
    match &report.folder {
        Some(folder) => say!("{} backup(s) in {folder}", report.backups.len()),
        None => say!("no folder was named; use --folder"),
    }
}

pub(crate) fn verify(report: &report::Verify) {
    for path in report.chain.iter().take(report.chain.len().saturating_sub(1)) {
        say!("based on {}", name_of(path));
    }
    if let Some(rows @ 1..) = report.checks.foreign_keys {
        say!("{rows} row(s) point nowhere, as when it was made");
    }
    let signature = match report.signature {
        "ok" => ", signature ok",
        "not_checked" => ", signature not checked: no key was given",
        _ => "",
    };
    say!(
        "{} is sound ({} read, verified: {}{signature}, {})",
        report.path,
        size(report.bytes),
        report.depth,
        duration(report.duration_ms)
    );
}

pub(crate) fn restore(report: &report::Restore) {
    for warning in &report.warnings {
        say!("warning: {warning}");
    }
    if let Some(backup) = &report.backup {
        say!("what was there is in {backup}; undo-restore brings it back");
    }
    if let Some(kept) = &report.kept {
        say!("what was there is kept as {kept}");
    }
    let what = match report.dry_run {
        true => "dry run: it would be brought back to",
        false => "brought back to",
    };
    say!(
        "{what} {} from {} ({} pages, version {}, {})",
        report.database_path,
        report.path,
        report.pages,
        report.schema_version,
        duration(report.duration_ms)
    );
}

pub(crate) fn prune(report: &report::Prune) {
    let verb = if report.dry_run { "would remove" } else { "removed" };
    for path in &report.deleted {
        say!("{verb} {}", name_of(path));
    }
    for kept in &report.kept {
        say!("kept {}: {}", name_of(&kept.path), escaped(&kept.because.join(", ")));
    }
    if !report.leftovers.is_empty() {
        say!("cleaned up {} file(s) of backups that were killed", report.leftovers.len());
    }
    say!("{verb} {}, kept {} ({})", report.deleted.len(), report.kept.len(), duration(report.duration_ms));
}

pub(crate) fn pin(report: &report::Pin) {
    say!("{} {}", if report.pinned { "pinned" } else { "unpinned" }, report.path);
}
