//! The reports about migrations for people.

use rpmadb::report::{self, HealthStatus};

use super::archive::removed;
use super::table::{Sheet, coloured};
use super::text::{ago, duration, escaped, size};

fn steps(steps: &[report::Applied]) {
    for step in steps {
        let version = step.version.map_or_else(|| "R".to_owned(), |version| format!("{version:03}"));
        say!("  {version:>4}  {:<32} {:<10} {:>12}", step.name, step.kind, duration(step.duration_ms));
    }
}

pub(super) fn schema_changes(changes: &[report::SchemaChange]) {
    for change in changes {
        let of = if change.table == change.name { String::new() } else { format!(" of {}", change.table) };
        say!("  {:<9} {} {}{of}", change.change, change.kind, change.name);
    }
}

fn drift(drift: &[report::SchemaChange]) {
    if !drift.is_empty() {
        say!("changed by hand since the last migration:");
        schema_changes(drift);
    }
}

pub(super) fn changes(changes: Option<&report::Changes>) {
    let Some(found) = changes else { return };
    schema_changes(&found.schema);
    let shown = |rows: Option<u64>| rows.map_or_else(|| "none".to_owned(), |rows| rows.to_string());
    for (table, rows) in &found.rows {
        say!("  rows      {table}: {} to {}", shown(rows.before), shown(rows.after));
    }
    say!("size {}, at most {} on the way", size(found.size_bytes), size(found.peak_size_bytes));
}

pub(crate) fn rollback(report: &report::Rollback) {
    if let Some(backup) = &report.backup {
        say!("backed up to {}", backup.path.as_deref().unwrap_or("nothing: none was due"));
        removed(backup);
    }
    steps(&report.reverted);
    changes(report.changes.as_ref());
    let count = report.reverted.len();
    let what = if report.dry_run { format!("dry run: {count} would be") } else { format!("{count}") };
    let version = if report.dry_run { report.from } else { report.to };
    say!("{what} taken back, version {version} ({})", duration(report.duration_ms));
}

pub(crate) fn adopted(report: &report::Adopted) {
    for migration in &report.migrations {
        let verified = if migration.verified { "checksum verified" } else { "" };
        say!("  {:>4}  {:<32} {verified}", format!("{:03}", migration.version), migration.name);
    }
    let what = if report.dry_run { "would be taken" } else { "taken" };
    say!("{} migration(s) {what} over from {} ({})", report.migrations.len(), report.tool, report.table);
}

pub(crate) fn baseline(report: &report::Baseline) {
    say!("recorded {} migration(s) as applied, version {}", report.recorded.len(), report.to);
}

pub(crate) fn repair(report: &report::Repair) {
    schema_changes(&report.accepted);
    let versions: Vec<String> = report.repaired.iter().map(i64::to_string).collect();
    let which = if versions.is_empty() { String::new() } else { format!(": {}", versions.join(", ")) };
    say!("accepted the present text of {} migration(s){which}", report.repaired.len());
}

pub(crate) fn warnings(warnings: &[report::Warning]) {
    for warning in warnings {
        let place = &warning.place;
        let line = place.line.map_or_else(String::new, |line| format!(":{line}"));
        say!("  {}{line}: {} ({})", place.file.as_deref().unwrap_or("?"), warning.message, warning.rule);
        say!("      {}", warning.hint);
    }
}

pub(crate) fn lint(report: &report::Lint) {
    warnings(&report.warnings);
    say!("{} file(s), {} warning(s)", report.files, report.warnings.len());
}

pub(crate) fn schema(report: &report::Schema) {
    if let Some(differences) = &report.differences {
        schema_changes(differences);
        say!("{} difference(s)", differences.len());
        return;
    }
    // why in this order: each kind may need those before it
    for kind in ["table", "index", "view", "trigger"] {
        for object in report.objects.iter().filter(|object| object.kind == kind) {
            say!("{};", object.sql);
        }
    }
    say!("-- version {}, {} object(s), hash {}", report.version, report.objects.len(), report.hash);
    for change in &report.drift {
        say!("-- changed by hand since the last migration: {} {} {}", change.change, change.kind, change.name);
    }
}

pub(crate) fn test(report: &report::Test) {
    for problem in &report.problems {
        let cause = problem.error.as_ref().map_or_else(String::new, |error| format!(": {}", error.message));
        say!("  {}{cause}", problem.what);
        if let Some(place) = problem.error.as_ref().map(|error| &error.place).filter(|place| place.file.is_some()) {
            let line = place.line.map_or_else(String::new, |line| format!(":{line}"));
            say!("      in {}{line}", place.file.as_deref().unwrap_or_default());
        }
    }
    for (table, reason) in &report.skipped_tables {
        say!("  no row could be made for {table}: {reason}");
    }
    if let Some(last) = report.irreversible.last() {
        let versions: Vec<String> = report.irreversible.iter().map(i64::to_string).collect();
        let which = match versions.as_slice() {
            [_] => ", which has no way back".to_owned(),
            several => format!(": {} have no way back", several.join(", ")),
        };
        say!("  going back was tried above {last} only{which}");
    }
    say!(
        "{}: started from {} version(s), crashed {} time(s), seed {} ({})",
        if report.passed { "passed" } else { "failed" },
        report.started_from.len(),
        report.crashes,
        report.seed,
        duration(report.duration_ms)
    );
}

/// What opening did.
pub(crate) fn opened(opened: &report::Open) {
    if let Some(report) = &opened.migrate {
        migrate(report, opened);
    }
}

/// What `migrate` did, or the opening when it did.
pub(crate) fn migrate(migrate: &report::Migrate, opened: &report::Open) {
    if opened.created {
        say!("created {}", opened.database_path);
    }
    if let Some(backup) = &migrate.backup {
        say!("backed up to {}", backup.path.as_deref().unwrap_or("nothing: none was due"));
        removed(backup);
    }
    if let Some(adopted) = &migrate.adopted {
        say!("took over {} migration(s) from {} ({})", adopted.migrations.len(), adopted.tool, adopted.table);
    }
    steps(&migrate.applied);
    for statement in &migrate.moved {
        say!("        outside the transaction: {statement}");
    }
    changes(migrate.changes.as_ref());
    warnings(migrate.warnings.as_deref().unwrap_or_default());
    drift(&migrate.drift);
    let what = match (migrate.applied.len(), migrate.dry_run) {
        (0, _) => format!("{} is up to date", opened.database_path),
        (count, true) => format!("dry run: {count} would be applied, nothing was kept"),
        (count, false) => format!("applied {count}"),
    };
    let version = if migrate.dry_run { migrate.from } else { migrate.to };
    say!("{what}, version {version} ({})", duration(migrate.duration_ms));
}

pub(crate) fn migrations(migrations: &report::Migrations) {
    let mut sheet = Sheet::of(&["version", "name", "kind", "state", "applied", "by"]);
    for migration in &migrations.migrations {
        let verdict = match migration.state {
            "applied" => HealthStatus::Ok,
            "pending" => HealthStatus::Degraded,
            _ => HealthStatus::Critical,
        };
        sheet.row(vec![
            migration.version.map_or_else(|| "R".to_owned(), |version| format!("{version:03}")).into(),
            escaped(&migration.name).into(),
            escaped(&migration.kind).into(),
            coloured(migration.state, verdict),
            migration.applied_at.map_or_else(String::new, ago).into(),
            escaped(migration.actor.as_deref().unwrap_or_default()).into(),
        ]);
    }
    if !migrations.migrations.is_empty() {
        sheet.print(&[0]);
    }
    drift(&migrations.drift);
    say!("version {} of {}, {} pending", migrations.current, migrations.latest, migrations.pending);
}
