//! Each finding on small schemas, and beside it the nearest thing that must not be found.

use std::sync::Arc;

use super::*;

fn database(sql: &str) -> Connection {
    let connection = Connection::open_in_memory().expect("opens");
    connection.execute_batch(sql).expect("makes the schema");
    connection
}

fn look(connection: &Connection, statements: &[&str]) -> report::Indexes {
    let texts = statements.iter().map(|sql| Arc::from(*sql)).collect();
    examine(connection, Some(&Remembered { texts, forgotten: 0 }), &Operation::new()).expect("examines")
}

/// As `index < what covers it`.
fn redundant_in(sql: &str) -> Vec<String> {
    let found = look(&database(sql), &[]).redundant;
    found.into_iter().map(|found| format!("{} < {}", found.index, found.covered_by)).collect()
}

#[test]
fn an_index_that_begins_another_is_redundant() {
    for (indexes, wanted) in [
        ("CREATE INDEX i ON t (a); CREATE INDEX j ON t (a, b)", vec!["i < j"]),
        ("CREATE INDEX i ON t (b); CREATE INDEX j ON t (a, b)", vec![]),
        ("CREATE INDEX i ON t (a DESC); CREATE INDEX j ON t (a, b)", vec![]),
        ("CREATE INDEX i ON t (a DESC); CREATE INDEX j ON t (a DESC, b)", vec!["i < j"]),
        ("CREATE INDEX i ON t (a COLLATE NOCASE); CREATE INDEX j ON t (a, b)", vec![]),
        ("CREATE INDEX i ON t (a COLLATE nocase); CREATE INDEX j ON t (A COLLATE NOCASE, b)", vec!["i < j"]),
        ("CREATE INDEX i ON t (a) WHERE b > 0; CREATE INDEX j ON t (a, b)", vec![]),
        ("CREATE INDEX i ON t (a) WHERE b > 0; CREATE INDEX j ON t (a, b) where B>0 -- the same", vec!["i < j"]),
        ("CREATE INDEX i ON t (a) WHERE c = 'X'; CREATE INDEX j ON t (a, b) WHERE c = 'x'", vec![]),
        ("CREATE INDEX i ON t (a); CREATE INDEX j ON t (a, b) WHERE b > 0", vec![]),
        ("CREATE INDEX i ON t (lower(c)); CREATE INDEX j ON t (Lower( c ), b)", vec!["i < j"]),
        ("CREATE INDEX i ON t (lower(c)); CREATE INDEX j ON t (upper(c), b)", vec![]),
        ("CREATE INDEX i ON t (b, substr(c, 1, 2)); CREATE INDEX j ON t (b, substr(c, 1, 2), a)", vec!["i < j"]),
        ("CREATE INDEX i ON t (b, substr(c, 1, 2)); CREATE INDEX j ON t (b, substr(c, 1, 3), a)", vec![]),
        ("CREATE INDEX i ON t (a); CREATE INDEX j ON t (a)", vec!["j < i"]),
        ("CREATE INDEX i ON t (a); CREATE INDEX j ON t (a, b); CREATE INDEX k ON t (a, b, c)", vec!["i < k", "j < k"]),
        ("CREATE INDEX i ON t (a); CREATE INDEX j ON u (a, b)", vec![]),
    ] {
        let schema = "CREATE TABLE t (a, b, c); CREATE TABLE u (a, b);";
        assert_eq!(redundant_in(&format!("{schema}{indexes}")), wanted, "{indexes}");
    }
}

#[test]
fn a_unique_index_is_redundant_to_an_equal_unique_one_alone() {
    for (schema, wanted) in [
        ("CREATE TABLE t (a, b); CREATE UNIQUE INDEX i ON t (a); CREATE INDEX j ON t (a, b)", vec![]),
        ("CREATE TABLE t (a, b); CREATE UNIQUE INDEX i ON t (a); CREATE UNIQUE INDEX j ON t (a, b)", vec![]),
        ("CREATE TABLE t (a, b); CREATE UNIQUE INDEX i ON t (a); CREATE INDEX j ON t (a)", vec!["j < i"]),
        ("CREATE TABLE t (a, b); CREATE INDEX i ON t (a); CREATE UNIQUE INDEX j ON t (a)", vec!["i < j"]),
        ("CREATE TABLE t (a UNIQUE, b); CREATE UNIQUE INDEX i ON t (a)", vec!["i < sqlite_autoindex_t_1"]),
        ("CREATE TABLE t (a, b, UNIQUE (a, b)); CREATE INDEX i ON t (a)", vec!["i < sqlite_autoindex_t_1"]),
        ("CREATE TABLE t (a TEXT PRIMARY KEY); CREATE INDEX i ON t (a)", vec!["i < sqlite_autoindex_t_1"]),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY); CREATE UNIQUE INDEX i ON t (a)", vec!["i < PRIMARY KEY"]),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY, b); CREATE INDEX i ON t (a, b)", vec![]),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY, b); CREATE INDEX i ON t (a) WHERE b", vec![]),
        ("CREATE TABLE t (a INT PRIMARY KEY); CREATE INDEX i ON t (a)", vec!["i < sqlite_autoindex_t_1"]),
        (
            "CREATE TABLE t (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID; CREATE INDEX i ON t (a)",
            vec!["i < sqlite_autoindex_t_1"],
        ),
        ("CREATE TABLE t (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID; CREATE INDEX i ON t (b)", vec![]),
        (
            "CREATE TABLE rpmadb_x (a); CREATE INDEX rpmadb_i ON rpmadb_x (a); CREATE INDEX rpmadb_j ON rpmadb_x (a)",
            vec![],
        ),
    ] {
        assert_eq!(redundant_in(schema), wanted, "{schema}");
    }
}

#[test]
fn what_is_called_redundant_may_all_be_dropped_at_once() {
    let connection = database(
        "CREATE TABLE t (a, b, c UNIQUE); CREATE INDEX i1 ON t (a); CREATE INDEX i2 ON t (a); CREATE INDEX i3 ON t (a, b);
         CREATE INDEX i4 ON t (a, b); CREATE UNIQUE INDEX i5 ON t (a, b); CREATE INDEX i6 ON t (c); CREATE UNIQUE INDEX i7 ON t (c)",
    );
    let found = look(&connection, &[]).redundant;
    let dropped: BTreeSet<String> = found.iter().map(|found| found.index.clone()).collect();
    assert_eq!(dropped.len(), 6, "{dropped:?}");
    for index in &found {
        assert!(!dropped.contains(&index.covered_by), "{index:?}");
        connection.execute_batch(&format!("DROP INDEX {}", index.index)).expect("drops");
    }
    assert_eq!(look(&connection, &[]).redundant, []);
}

#[test]
fn a_foreign_key_without_an_index_is_found_and_the_suggestion_ends_it() {
    let connection = database(
        "CREATE TABLE p (id INTEGER PRIMARY KEY, a, b, UNIQUE (a, b));
         CREATE TABLE none (x REFERENCES p, y INTEGER REFERENCES p (id));
         CREATE TABLE \"od\"\"d\" (\"the x\" REFERENCES p); CREATE TABLE none_x (z);
         CREATE TABLE two (u, v, w, FOREIGN KEY (u, v) REFERENCES p (a, b), FOREIGN KEY (v, u) REFERENCES p (a, b));
         CREATE INDEX two_u ON two (u); CREATE INDEX two_w ON two (w, u, v);
         CREATE TABLE partial (x REFERENCES p); CREATE INDEX partial_x ON partial (x) WHERE x > 3;
         CREATE TABLE expression (x REFERENCES p); CREATE INDEX expression_x ON expression (+x);",
    );
    let found = look(&connection, &[]).missing;
    let told: Vec<(&str, String)> = found.iter().map(|found| (&*found.table, found.columns.join(","))).collect();
    let wanted =
        [("expression", "x"), ("none", "y"), ("none", "x"), ("od\"d", "the x"), ("partial", "x"), ("two", "v,u")];
    assert_eq!(told, wanted.map(|(table, columns)| (table, columns.to_owned())));
    assert_eq!(found[2].suggestion, "CREATE INDEX \"none_x_2\" ON \"none\" (\"x\")", "there is a table of that name");
    assert_eq!(found[1].reason, "a foreign key to p: deleting a row there, or changing its key, reads all of none");
    found.iter().for_each(|found| connection.execute_batch(&found.suggestion).expect(&found.suggestion));
    assert_eq!(look(&connection, &[]).missing, []);
}

#[test]
fn a_foreign_key_with_an_index_is_not_found() {
    let connection = database(
        "CREATE TABLE p (id INTEGER PRIMARY KEY, a, b, UNIQUE (a, b));
         CREATE TABLE alias (id INTEGER PRIMARY KEY REFERENCES p);
         CREATE TABLE leading (X REFERENCES p, y); CREATE INDEX leading_x ON leading (x, y);
         CREATE TABLE turned (u, v, FOREIGN KEY (u, v) REFERENCES p (a, b)); CREATE INDEX turned_vu ON turned (v, u);
         CREATE TABLE present (x REFERENCES p); CREATE INDEX present_x ON present (x) WHERE x IS NOT NULL;
         CREATE TABLE keyed (x REFERENCES p, y, PRIMARY KEY (x, y)) WITHOUT ROWID;",
    );
    assert_eq!(look(&connection, &[]).missing, []);
}

const LARGE: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)";

fn large() -> Connection {
    let connection = database(
        "CREATE TABLE big (id INTEGER PRIMARY KEY, a, b, c, d, p REFERENCES small); CREATE TABLE small (id INTEGER PRIMARY KEY, a);
         CREATE INDEX big_a ON big (a); CREATE INDEX big_db ON big (d, b DESC); CREATE INDEX big_c ON big (c) WHERE c = 7;
         CREATE UNIQUE INDEX big_b ON big (b); CREATE INDEX big_p ON big (p); CREATE INDEX small_a ON small (a);
         CREATE VIEW v AS SELECT x.a FROM big AS x WHERE x.b + 1 = 2;
         CREATE TRIGGER r AFTER INSERT ON small BEGIN UPDATE big SET c = c WHERE a = new.a; END;",
    );
    connection.execute_batch(&format!("INSERT INTO big (a, b) {LARGE} SELECT i % 10, i FROM n")).expect("fills");
    connection
}

fn unused(connection: &Connection, statements: &[&str]) -> Vec<String> {
    look(connection, statements).unused.expect("measured").into_iter().map(|found| found.index).collect()
}

#[test]
fn an_index_is_unused_when_no_statement_that_was_seen_needs_it() {
    let connection = large();
    assert_eq!(
        unused(&connection, &["SELECT 1"]),
        ["big_a", "big_c", "big_db", "small_a"],
        "not one of a constraint or key"
    );
    assert_eq!(unused(&connection, &["SELECT c FROM big AS x WHERE x.a = ?"]), ["big_c", "big_db", "small_a"]);
    assert_eq!(unused(&connection, &["SELECT c FROM big WHERE d = 1 ORDER BY b DESC"]), ["big_a", "big_c", "small_a"]);
    assert_eq!(unused(&connection, &["DELETE FROM big WHERE c = 7"]), ["big_a", "big_db", "small_a"]);
    assert_eq!(unused(&connection, &["DELETE FROM big WHERE c = 8"]), ["big_a", "big_c", "big_db", "small_a"]);
    let either = "SELECT id FROM small WHERE a = 3 UNION SELECT id FROM big WHERE a = 1 OR c = 7";
    assert_eq!(unused(&connection, &[either]), ["big_db"]);
    let by_trigger = "INSERT INTO small (a) VALUES (1)";
    assert_eq!(unused(&connection, &[by_trigger]), ["big_c", "big_db", "small_a"], "what a trigger needs");
    assert_eq!(connection.value::<i64>("SELECT count(*) FROM small", &[]), Ok(Some(0)), "nothing was run");
}

#[test]
fn without_a_statement_nothing_is_said_of_use() {
    let connection = large();
    for statements in [vec![], vec!["SELECT * FROM gone"]] {
        let found = look(&connection, &statements);
        assert_eq!((found.unused, found.full_scans), (None, None));
        assert_eq!(found.statements_seen, Some(statements.len() as u64));
    }
    let found = examine(&connection, None, &Operation::new()).expect("examines");
    assert_eq!((found.unused, found.statements_seen), (None, None));
}

#[test]
fn statements_that_read_a_large_table_whole_are_shown_without_their_literals() {
    let connection = large();
    let scans = |sql: &str| -> Vec<(String, String)> {
        let found = look(&connection, &[sql]).full_scans.expect("measured");
        found.into_iter().map(|found| (found.table, found.sql)).collect()
    };
    for (sql, shown) in [
        ("SELECT id FROM big WHERE b + 1 = 42 AND c = 'secret'", "SELECT id FROM big WHERE b + ? = ? AND c = ?"),
        ("SELECT id FROM big WHERE c = \"secret\" OR \"c\" = 1", "SELECT id FROM big WHERE c = ? OR \"c\" = ?"),
        ("UPDATE main.big SET c = 1 WHERE c LIKE '%x'", "UPDATE main.big SET c = ? WHERE c LIKE ?"),
        (
            "SELECT 1 FROM small s LEFT JOIN big AS other ON other.c + 1 = s.a",
            "SELECT ? FROM small s LEFT JOIN big AS other ON other.c + ? = s.a",
        ),
        ("SELECT * FROM v", "SELECT * FROM v"),
        ("SELECT 1 FROM small, big WHERE big.c = small.id", "SELECT ? FROM small, big WHERE big.c = small.id"),
    ] {
        assert_eq!(scans(sql), [("big".to_owned(), shown.to_owned())], "{sql}");
    }
    for sql in [
        "SELECT * FROM small WHERE id + 1 = 2",
        "SELECT c FROM big WHERE a = 1",
        "SELECT a FROM big",
        "SELECT max(id) FROM big",
        "SELECT 1",
    ] {
        assert_eq!(scans(sql), [], "{sql}");
    }
    let long = format!("SELECT id FROM big WHERE c IN ({}?)", "?, ".repeat(1_000));
    assert_eq!(scans(&long)[0].1.chars().count(), 1_003);
}

#[test]
fn a_schema_of_many_tables_is_examined_quickly() {
    let mut sql = String::from("BEGIN;");
    for table in 0..800 {
        sql += &format!(
            "CREATE TABLE t{table} (id INTEGER PRIMARY KEY, p REFERENCES t0, a); CREATE INDEX i{table} ON t{table} (a);"
        );
    }
    let connection = database(&(sql + "COMMIT"));
    let statements: Vec<String> = (0..500).map(|table| format!("SELECT p FROM t{table} WHERE a = 1")).collect();
    let start = std::time::Instant::now();
    let found = look(&connection, &statements.iter().map(String::as_str).collect::<Vec<_>>());
    let took = start.elapsed();
    assert_eq!((found.missing.len(), found.unused.map(|list| list.len())), (800, Some(300)));
    assert!(took < std::time::Duration::from_secs(5), "{took:?}");
}
