//! The foreign-key guard beside SQLite's own check, on random rows and random changes of them.
//!
//! Leaves to others: rebuilds (`properties.rs`).
//!
//! What is right is asked of plain SQLite: the same statements on a plain connection, and `PRAGMA foreign_key_check` before and
//! after. A migration is refused if and only if that finds a row that did not violate its key before.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::strategy::Strategy;
use proptest::test_runner::TestCaseError;
use rpmadb::Error;

use super::{check, same, set, to, unmigrated};
use crate::crash::ask;
use crate::support::{Scratch, value, watch};

/// A parent and a child; `k` is what the child's `r` points to, `l` and `s` the second column of a key of two.
const SCHEMAS: [&str; 9] = [
    "CREATE TABLE p (k INTEGER PRIMARY KEY, l); CREATE TABLE c (id INTEGER PRIMARY KEY, r REFERENCES p, s);",
    "CREATE TABLE p (k INTEGER PRIMARY KEY, l); CREATE TABLE c (id INTEGER PRIMARY KEY, r INTEGER REFERENCES p (k), s);",
    "CREATE TABLE p (k TEXT UNIQUE, l); CREATE TABLE c (id INTEGER PRIMARY KEY, r TEXT REFERENCES p (k), s);",
    "CREATE TABLE p (k TEXT COLLATE NOCASE UNIQUE, l); CREATE TABLE c (id INTEGER PRIMARY KEY, r TEXT REFERENCES p (k), s);",
    "CREATE TABLE p (k INTEGER UNIQUE, l); CREATE TABLE c (id INTEGER PRIMARY KEY, r TEXT REFERENCES p (k), s);",
    "CREATE TABLE p (k TEXT, l TEXT, PRIMARY KEY (l, k)); \
     CREATE TABLE c (id INTEGER PRIMARY KEY, r TEXT, s TEXT, FOREIGN KEY (r, s) REFERENCES p (k, l));",
    "CREATE TABLE p (k, l); CREATE UNIQUE INDEX pk ON p (k); \
     CREATE TABLE c (id INTEGER PRIMARY KEY, r TEXT COLLATE NOCASE REFERENCES p (k) ON DELETE CASCADE, s);",
    "CREATE TABLE p (k TEXT PRIMARY KEY NOT NULL, l) WITHOUT ROWID; \
     CREATE TABLE c (id INTEGER PRIMARY KEY, r NUMERIC REFERENCES P (K) ON UPDATE CASCADE, s);",
    "CREATE TABLE p (k TEXT, l TEXT, PRIMARY KEY (k, l)); \
     CREATE TABLE c (id INTEGER PRIMARY KEY, r TEXT, s TEXT, FOREIGN KEY (r, s) REFERENCES p ON DELETE SET NULL);",
];

const VALUES: [&str; 8] = ["NULL", "1", "'1'", "2", "'a'", "'A'", "'1.0'", "x'31'"];

#[derive(Debug, Clone)]
struct Case {
    schema: usize,
    place: u8,
    before: Vec<(u8, usize, usize, u8)>,
    after: Vec<(u8, usize, usize, u8)>,
}

fn cases() -> impl Strategy<Value = Case> {
    let statement = || (0..8_u8, 0..VALUES.len(), 0..VALUES.len(), 1..6_u8);
    (0..SCHEMAS.len(), 0..3_u8, vec(statement(), 0..10), vec(statement(), 1..5))
        .prop_map(|(schema, place, before, after)| Case { schema, place, before, after })
}

fn statement(&(what, one, two, id): &(u8, usize, usize, u8)) -> String {
    let (one, two) = (VALUES[one], VALUES[two]);
    match what {
        0 | 1 => format!("INSERT OR IGNORE INTO p (k, l) VALUES ({one}, {two});"),
        2 | 3 => format!("INSERT OR REPLACE INTO c (id, r, s) VALUES ({id}, {one}, {two});"),
        4 => format!("UPDATE c SET r = {one} WHERE id = {id};"),
        5 => format!("DELETE FROM p WHERE k = {one};"),
        6 => format!("UPDATE OR IGNORE p SET k = {one} WHERE k = {two};"),
        _ => format!("REPLACE INTO p (k, l) VALUES ({one}, {two});"),
    }
}

fn statements(list: &[(u8, usize, usize, u8)]) -> String {
    // why a value that SQLite cannot put into the key is dropped: a row of text in an INTEGER PRIMARY KEY is an error
    list.iter().map(statement).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_foreign_key_guard_refuses_what_sqlites_own_check_finds_anew_and_nothing_else() {
    let refused = std::cell::Cell::new(0);
    let accepted = std::cell::Cell::new(0);
    check("foreign keys", 150, cases(), |case| {
        let plain = rusqlite::Connection::open_in_memory().expect("opens");
        plain.pragma_update(None, "foreign_keys", "off").expect("is set");
        let schema = SCHEMAS[case.schema];
        plain.execute_batch(schema).expect("makes the tables");
        let run = |list: &[(u8, usize, usize, u8)]| {
            // what SQLite refuses by itself is no case for the guard
            list.iter().filter(|item| plain.execute_batch(&statement(item)).is_ok()).copied().collect::<Vec<_>>()
        };
        let before = statements(&run(&case.before));
        // which row violates which key, and with what
        let violations = || {
            let rows = "SELECT rowid, parent, fkid FROM pragma_foreign_key_check";
            let values = "SELECT id, r, s FROM c WHERE id IN (SELECT rowid FROM pragma_foreign_key_check)";
            (ask(&plain, rows).into_iter().collect::<BTreeSet<_>>(), ask(&plain, values))
        };
        let (old, old_values) = violations();
        let after = statements(&run(&case.after));
        let (found, values) = violations();
        // why not judged: a row that pointed nowhere and now points elsewhere, but nowhere, may be called new or not
        let is_moot = found.is_subset(&old) && values.iter().any(|row| !old_values.contains(row));
        if after.is_empty() || is_moot {
            return Ok(());
        }
        let is_worse = !found.is_subset(&old);
        let first = format!("-- rpmadb: allow=foreign-key\n{schema}\n{before}");
        let files = [("1_before.sql", first.clone()), ("2_after.sql", after.clone())];
        let scratch = Scratch::new();
        let database = unmigrated(&scratch, case.place, set(&files).expect("sound"));
        let failed = |what: &str| {
            TestCaseError::fail(format!("{what}\nbefore {old:?}, after {found:?}\n{first}\n-- 2\n{after}"))
        };
        database.migrate(&to(1), &watch()).map_err(|error| failed(&error.to_string()))?;
        match (database.migrate(&to(2), &watch()), is_worse) {
            (Ok(_), true) => return Err(failed("the guard let it pass")),
            (Ok(_), false) => accepted.set(accepted.get() + 1),
            (Err(Error::Guard { guard: "foreign-key", .. }), true) => {
                refused.set(refused.get() + 1);
                same("tables", &value(&database, "SELECT max(version) FROM rpmadb_migrations"), &1.into())?;
            }
            (Err(error), _) => return Err(failed(&error.to_string())),
        }
        Ok(())
    });
    println!("{} refused, {} accepted", refused.get(), accepted.get());
    assert!(refused.get() > 0 && accepted.get() > 0, "both happen");
}

/// One row is mended and another is broken: the number of violations stays, and yet there is a new one.
#[test]
fn a_new_violation_is_found_though_an_old_one_was_mended() {
    for place in 0..3 {
        let before = "-- rpmadb: allow=foreign-key\nCREATE TABLE p (k INTEGER PRIMARY KEY);\n\
                      CREATE TABLE c (id INTEGER PRIMARY KEY, r REFERENCES p);\nINSERT INTO c VALUES (1, 77);";
        let after = "DELETE FROM c WHERE id = 1;\nINSERT INTO c VALUES (2, 88);";
        let scratch = Scratch::new();
        let files = [("1_before.sql", before.to_owned()), ("2_after.sql", after.to_owned())];
        let database = unmigrated(&scratch, place, set(&files).expect("sound"));
        database.migrate(&to(1), &watch()).expect("is allowed");
        let outcome = database.migrate(&to(2), &watch());
        assert_eq!(crate::support::refusal(outcome), "GUARD", "place {place}");
    }
}
