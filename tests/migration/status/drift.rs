//! A schema that somebody changed by hand is reported, and stays reported until it is undone or accepted.

use super::*;

/// Kind of change and name of everything that `migrations`, `schema`, `open` and `migrate` say was changed; all the same.
fn drift(kit: &Kit) -> Vec<String> {
    let shown = |changes: &[report::SchemaChange]| -> Vec<String> {
        let mut shown: Vec<String> =
            changes.iter().map(|change| format!("{} {} {}", change.change, change.kind, change.name)).collect();
        shown.sort();
        shown
    };
    let found = shown(&kit.migrations().drift);
    let schema = kit.database.schema(&request::Schema::default(), &watch()).expect("reads");
    assert_eq!(shown(&schema.drift), found, "schema");
    let opened = kit.reopen().expect("opens").1.migrate.expect("looked");
    assert_eq!((shown(&opened.drift), opened.applied.len()), (found.clone(), 0), "open");
    assert_eq!(shown(&kit.migrate().expect("looks").drift), found, "migrate");
    assert_eq!(shown(&kit.migrations().drift), found, "still");
    found
}

#[test]
fn what_was_changed_by_hand_is_reported_everywhere() {
    for (by_hand, expected) in [
        ("CREATE INDEX by_hand ON a (x)", &["added index by_hand"][..]),
        ("CREATE TABLE by_hand (x)", &["added table by_hand"]),
        ("DROP TABLE b", &["removed table b"]),
        ("ALTER TABLE a ADD COLUMN y", &["changed table a"]),
        (
            "CREATE VIEW v AS SELECT 1; CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END",
            &["added trigger t", "added view v"],
        ),
        ("CREATE INDEX by_hand ON a (x); DROP INDEX by_hand", &[]),
        ("DROP TABLE b; CREATE TABLE b ( x ) -- the same\n", &[]),
        ("CREATE INDEX i ON a (x); ANALYZE; DROP INDEX i; VACUUM", &[]),
        ("ANALYZE", &[]),
        ("VACUUM", &[]),
        ("INSERT INTO a VALUES (1)", &[]),
    ] {
        let kit = migrated(TWO);
        assert_eq!(drift(&kit), Vec::<String>::new());
        kit.by_hand(by_hand);
        assert_eq!(drift(&kit), expected, "{by_hand}");
    }
}

#[test]
fn a_change_carries_both_texts() {
    let kit = migrated(TWO);
    kit.by_hand("ALTER TABLE a ADD COLUMN y");
    let found = kit.migrations().drift;
    let change = found.first().expect("one");
    assert_eq!((change.table.as_str(), change.before.as_deref()), ("a", Some("CREATE TABLE a (x)")));
    assert_eq!(change.after.as_deref(), Some("CREATE TABLE a (x, y)"));
}

#[test]
fn analyze_and_vacuum_cost_one_look_and_then_the_stamp_is_back() {
    for by_hand in ["ANALYZE", "VACUUM", "CREATE TABLE t (x); DROP TABLE t"] {
        let kit = migrated(TWO);
        kit.by_hand(by_hand);
        let stale = kit.value("PRAGMA user_version");
        kit.reopen().expect("opens");
        let fresh = kit.value("PRAGMA user_version");
        assert_ne!(stale, fresh, "{by_hand}: restamped, as the schema cookie moved");
        kit.reopen().expect("opens");
        assert_eq!(kit.value("PRAGMA user_version"), fresh, "{by_hand}");
    }
}

#[test]
fn what_was_changed_by_hand_survives_later_migrations() {
    for (name, text) in [
        ("3_c.sql", "CREATE TABLE c (x);"),
        ("3_c.sql", "-- rpmadb: transaction=off\nCREATE TABLE c (x);\nCREATE TABLE d (x);"),
        ("3_c.sql", "CREATE TABLE c (x);\nVACUUM;"),
        ("3_c.lua", "return { up = function(db) db:exec('CREATE TABLE c (x)') end }"),
        ("R_v.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 1;"),
    ] {
        for per_file in [false, true] {
            let kit = migrated(TWO);
            kit.by_hand("CREATE INDEX by_hand ON a (x); ALTER TABLE b ADD COLUMN y");
            kit.file(name, text);
            if name.starts_with('3') {
                kit.file("4_e.sql", "CREATE TABLE e (x);");
            }
            let report = if per_file { kit.per_file() } else { kit.migrate() }.expect("migrates");
            assert_eq!(report.drift.len(), 2, "{text}");
            assert_eq!(drift(&kit), ["added index by_hand", "changed table b"], "{text}");
        }
    }
}

#[test]
fn what_was_changed_by_hand_survives_going_back() {
    let kit = migrated(&[TWO[0], TWO[1], ("2_b.down.sql", "DROP TABLE b;")]);
    kit.by_hand("CREATE INDEX by_hand ON a (x)");
    kit.rollback(1).expect("goes back");
    assert_eq!(kit.migrations().drift.len(), 1);
    kit.migrate().expect("and forth");
    assert_eq!(drift(&kit), ["added index by_hand"]);
}

#[test]
fn what_a_migration_mends_is_no_change_any_more() {
    let kit = migrated(TWO);
    kit.by_hand("CREATE INDEX by_hand ON a (x); CREATE INDEX other ON a (x)");
    kit.file("3_c.sql", "DROP INDEX IF EXISTS by_hand;");
    let report = kit.migrate().expect("migrates");
    assert_eq!(report.drift.len(), 1, "{:?}", report.drift);
    assert_eq!(drift(&kit), ["added index other"]);
    kit.by_hand("DROP INDEX other");
    assert_eq!(drift(&kit), Vec::<String>::new());
}

#[test]
fn a_schema_is_accepted_by_repair() {
    let kit = migrated(TWO);
    kit.by_hand("CREATE INDEX by_hand ON a (x)");
    assert_eq!(repair(&kit, request::Repair::default()).expect("not asked for").accepted, []);
    assert_eq!(drift(&kit), ["added index by_hand"]);
    let accept = request::Repair { schema: true, ..request::Repair::default() };
    let accepted = repair(&kit, accept.clone()).expect("accepts").accepted;
    assert_eq!(accepted.iter().map(|change| change.name.as_str()).collect::<Vec<_>>(), ["by_hand"]);
    assert_eq!(drift(&kit), Vec::<String>::new());
    assert_eq!(repair(&kit, accept).expect("nothing").accepted, []);
    kit.by_hand("DROP INDEX by_hand");
    assert_eq!(drift(&kit), ["removed index by_hand"], "what was accepted is expected from now on");
}

#[test]
fn our_own_tables_are_no_change() {
    let kit = migrated(TWO);
    kit.database.baseline(&request::Baseline::default(), &watch()).expect("records");
    repair(&kit, request::Repair { schema: true, ..request::Repair::default() }).expect("nothing to do");
    assert_eq!(drift(&kit), Vec::<String>::new());
}

/// What a file without a transaction made before it failed is its own work.
#[test]
fn a_file_that_ran_in_part_is_no_change_by_hand() {
    let kit = migrated(TWO);
    let text = "-- rpmadb: transaction=off\nCREATE TABLE c (x);\nINSERT INTO nowhere VALUES (1);";
    kit.file("3_c.sql", text);
    kit.migrate().expect_err("fails");
    assert_eq!(kit.migrations().drift, []);
    kit.by_hand("CREATE INDEX by_hand ON c (x)");
    kit.file("3_c.sql", text.replace("nowhere", "c"));
    let report = kit.migrate().expect("resumes");
    let found: Vec<&str> = report.drift.iter().map(|change| change.name.as_str()).collect();
    assert_eq!(found, ["by_hand"]);
    assert_eq!(drift(&kit), ["added index by_hand"]);
}

/// What a process that was killed leaves: a database with a log that nobody moved, or with a transaction that nobody took back.
fn left_by_a_kill(kit: &Kit, journal_mode: &str, work: &str) -> std::path::PathBuf {
    let live = kit.scratch.path(&format!("live-{journal_mode}.db"));
    let other = rusqlite::Connection::open(&live).expect("opens");
    let begin = format!("PRAGMA journal_mode = {journal_mode}; CREATE TABLE there (x); PRAGMA cache_size = 1; {work}");
    other.execute_batch(&begin).expect("works");
    let left = kit.scratch.path(&format!("left-{journal_mode}.db"));
    for suffix in ["", "-wal", "-journal"] {
        let from = format!("{}{suffix}", live.display());
        if std::path::Path::new(&from).exists() {
            std::fs::copy(from, format!("{}{suffix}", left.display())).expect("copies");
        }
    }
    left
}

#[test]
fn a_database_that_is_compared_with_is_only_read() {
    let kit = migrated(TWO);
    let many = "INSERT INTO there WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
                SELECT hex(randomblob(50)) FROM n;";
    let whole = kit.scratch.path("whole.db");
    rusqlite::Connection::open(&whole).and_then(|c| c.execute_batch("CREATE TABLE there (x)")).expect("makes");
    let log = left_by_a_kill(&kit, "wal", many);
    let hot = left_by_a_kill(&kit, "delete", &format!("BEGIN IMMEDIATE; {many}"));
    for (path, expected) in [(&whole, None), (&log, None), (&hot, Some("UNSUPPORTED"))] {
        let beside = |suffix: &str| std::fs::read(format!("{}{suffix}", path.display())).ok();
        let before = ["", "-wal", "-journal"].map(beside);
        let request = request::Schema { compare: Some(text(path)) };
        let outcome = kit.database.schema(&request, &watch());
        assert!(before == ["", "-wal", "-journal"].map(beside), "{}: {outcome:?}", path.display());
        match expected {
            None => {
                let found = outcome.expect("compares").differences.expect("was asked for");
                assert!(found.iter().any(|change| change.name == "there"), "{found:?}");
            }
            Some(status) => assert_eq!(refusal(outcome), status),
        }
    }
}
