//! A dry run: everything runs on the real data, and the file is the same afterwards, byte for byte.

use super::*;
use crate::support::unrecorded;

fn changes(report: &report::Migrate) -> Vec<String> {
    let changes = report.changes.as_ref().expect("measured");
    changes.schema.iter().map(|change| format!("{} {} {}", change.change, change.kind, change.name)).collect()
}

#[test]
fn a_dry_run_tells_schema_rows_size_and_warnings() {
    let first = "CREATE TABLE a (x);\nCREATE TABLE b (x);\nINSERT INTO a VALUES (1), (2);";
    let kit = migrated(&[("1_a.sql", first)]);
    kit.file(
        "2_b.sql",
        "DROP TABLE b;\nCREATE TABLE c (x);\nALTER TABLE a ADD COLUMN y;\nINSERT INTO c WITH RECURSIVE n(i) AS \
         (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100) SELECT zeroblob(4000) FROM n;\nDELETE FROM a WHERE x = 2;",
    );
    let before = kit.contents();
    let pages = kit.value("PRAGMA page_count").as_u64().expect("a number");
    let report = kit.dry_run().expect("runs dry");
    assert_eq!((report.from, report.to, report.dry_run, applied(&report)), (1, 2, true, vec!["2 b".to_owned()]));
    assert_eq!(changes(&report), ["changed table a", "removed table b", "added table c"]);
    let measured = report.changes.expect("measured");
    let rows: Vec<(&str, Option<u64>, Option<u64>)> =
        measured.rows.iter().map(|(table, change)| (table.as_str(), change.before, change.after)).collect();
    assert_eq!(rows, [("a", Some(2), Some(1)), ("b", Some(0), None), ("c", None, Some(100))]);
    assert_eq!(measured.size_bytes, pages * 4096);
    assert!(measured.peak_size_bytes >= measured.size_bytes + 100 * 4000, "{measured:?}");
    let warnings = report.warnings.expect("linted");
    let drop = warnings.iter().find(|warning| warning.rule == "drop-table").expect("warned of");
    assert_eq!((drop.place.file.as_deref(), drop.place.line, drop.place.column), (Some("2_b.sql"), Some(1), Some(12)));
    assert_eq!(kit.contents(), before);
    kit.assert_enforced();
    let report = kit.migrate().expect("for real");
    assert!(report.changes.is_none() && report.warnings.is_none() && !report.dry_run);
}

#[test]
fn warnings_are_about_what_is_pending() {
    let kit = migrated(&[("1_a.sql", "CREATE TABLE a (x);\nCREATE TABLE z (x);\nDROP TABLE z;")]);
    kit.file("2_b.sql", "CREATE TABLE b (x);");
    assert_eq!(kit.dry_run().expect("runs dry").warnings.expect("linted").len(), 0);
}

#[test]
fn a_dry_run_leaves_the_file_as_it_was_byte_for_byte() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    let folder = scratch.migrations("m", &[("1_a.sql", "CREATE TABLE a (x UNIQUE);\nINSERT INTO a VALUES (1);")]);
    let options = unrecorded(Kept::Journal.options(&folder));
    let database = try_open(&path, &options).expect("opens").0;
    database.migrate(&request::Migrate::default(), &watch()).expect("migrates");
    database.close().expect("closes");
    let before = bytes(&path);
    let fill = "INSERT INTO b WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000) SELECT zeroblob(4000) FROM n;";
    for (name, text, succeeds) in [
        ("2_b.sql", format!("CREATE TABLE b (x);\n{fill}\nVACUUM;"), true),
        ("2_b.sql", format!("-- rpmadb: transaction=off\nCREATE TABLE b (x);\n{fill}\nVACUUM;"), true),
        ("2_b.sql", "DELETE FROM a;\nPRAGMA application_id = 7;".to_owned(), true),
        ("2_b.sql", format!("CREATE TABLE b (x);\n{fill}\nINSERT INTO a VALUES (1);"), false),
        ("2_b.lua", "return { up = function(db) db:exec('DROP TABLE a') end }".to_owned(), true),
    ] {
        scratch.migrations("m", &[("1_a.sql", "CREATE TABLE a (x UNIQUE);\nINSERT INTO a VALUES (1);"), (name, &text)]);
        let database = try_open(&path, &options).expect("opens").0;
        let request = request::Migrate { dry_run: true, ..request::Migrate::default() };
        let outcome = database.migrate(&request, &watch());
        assert_eq!(outcome.is_ok(), succeeds, "{text}: {outcome:?}");
        database.close().expect("closes");
        assert!(bytes(&path) == before, "the file has changed: {text}");
        assert_eq!(scratch.names(), ["a.db", "m"], "nothing stands beside it");
    }
}

#[test]
fn a_dry_run_with_nothing_to_do_says_so() {
    let kit = migrated(TWO);
    let report = kit.dry_run().expect("runs dry");
    assert_eq!((report.from, report.to, report.dry_run, report.applied.len()), (2, 2, true, 0));
}

#[test]
fn a_dry_run_of_the_hosts_step_keeps_nothing() {
    let kit = migrated(TWO);
    kit.database.add_step(host(3, "CREATE TABLE h (x);\nINSERT INTO a VALUES (1)", None)).expect("adds");
    let before = kit.contents();
    assert_eq!(changes(&kit.dry_run().expect("runs dry")), ["added table h"]);
    assert_eq!(kit.contents(), before);
}
