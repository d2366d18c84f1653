//! The history as the migrations themselves see it: a row is there for whoever looks after its step ran.

use super::{Kept, host, kit, kit_in, migrated};

const SEEN: (&str, &str) = (
    "1_a.sql",
    "CREATE TABLE seen (file INTEGER, versions TEXT);\nCREATE VIEW h AS SELECT version FROM rpmadb_migrations;",
);
const LOOK: &str =
    "INSERT INTO seen SELECT 2, group_concat(version) FROM (SELECT version FROM rpmadb_migrations ORDER BY 1);";

#[test]
fn a_file_sees_the_rows_of_those_before_it() {
    let kit = migrated(&[
        SEEN,
        ("2_b.sql", LOOK),
        ("3_c.sql", "INSERT INTO seen SELECT 3, group_concat(version) FROM (SELECT version FROM h ORDER BY 1);"),
        ("4_d.lua", "return { up = function(db) db:exec('INSERT INTO seen SELECT 4, count(*) FROM h') end }"),
        ("5_e.sql", "CREATE TABLE e (x);"),
    ]);
    assert_eq!(kit.column("SELECT versions FROM seen ORDER BY file"), ["1", "1,2", "3"]);
    assert_eq!(kit.column("SELECT count(*) FROM rpmadb_migrations"), [5]);
}

#[test]
fn a_step_of_the_host_sees_the_rows_of_the_files_before_it() {
    let kit = kit(&[SEEN, ("2_b.sql", "CREATE TABLE b (x);")]);
    kit.database.add_step(host(3, "INSERT INTO seen SELECT 3, count(*) FROM rpmadb_migrations", None)).expect("adds");
    kit.migrate().expect("migrates");
    assert_eq!(kit.column("SELECT versions FROM seen"), ["2"]);
}

/// Rows that are written when a file first looks must not go with what that file takes back.
#[test]
fn a_file_that_looks_and_takes_back_its_own_work_leaves_the_rows_before_it() {
    for kept in [Kept::Wal, Kept::Journal, Kept::Memory] {
        for (begin, end) in [("BEGIN", "ROLLBACK"), ("SAVEPOINT s", "ROLLBACK TO s;\nRELEASE s")] {
            let text = format!("{begin};\n{LOOK}\n{end};\nCREATE TABLE b (x);");
            let kit = kit_in(kept, &[SEEN, ("2_b.sql", &text), ("3_c.sql", "CREATE TABLE c (x);")]);
            kit.migrate().expect("migrates");
            assert_eq!(kit.column("SELECT version FROM rpmadb_migrations ORDER BY 1"), [1, 2, 3]);
            assert_eq!(kit.column("SELECT count(*) FROM seen"), [0]);
        }
    }
}

/// A start that finds everything done must be able to see that without reading the history.
#[test]
fn the_stamp_is_there_however_a_run_was_split() {
    for last in
        ["CREATE TABLE z (x);", "-- rpmadb: transaction=off\nCREATE TABLE z (x);", "CREATE TABLE z (x);\nVACUUM;"]
    {
        let kit = migrated(&[SEEN, ("2_z.sql", last)]);
        assert_ne!(kit.value("PRAGMA user_version"), 0, "{last}");
        let per_file = kit_in(Kept::Journal, &[SEEN, ("2_z.sql", last)]);
        per_file.per_file().expect("migrates");
        assert_ne!(per_file.value("PRAGMA user_version"), 0, "{last}");
    }
}
