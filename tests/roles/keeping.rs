//! Statements that are kept for the next call with the same text, which SQLite judged when they were prepared.
//!
//! Leaves to others: what the rules are (`hostile`).
//!
//! Invariant: there is one reader, so that both roles are on the same connection.

use rpmadb::{Database, Operation, request};

use super::{MARKER, in_a_file, supervisor};
use crate::support::{Scratch, bare, refusal, rows, try_open, watch};

/// The scene with one reader.
fn with_one_reader(scratch: &Scratch) -> Database {
    in_a_file(scratch).close().expect("closes");
    let pool = request::Pool { max: Some(1), min_idle: Some(1), ..request::Pool::default() };
    try_open(scratch.path("a.db"), &request::Open { pool, ..bare() }).expect("opens").0
}

const SECRET: &str = "SELECT actor FROM rpmadb_audit";

#[test]
fn what_an_admin_read_is_not_read_by_a_supervisor_with_the_same_text() {
    let scratch = Scratch::new();
    let admin = with_one_reader(&scratch);
    let supervisor = supervisor(&admin);
    for _ in 0..3 {
        assert!(rows(&admin, SECRET)[0][0].as_str().is_some_and(|actor| actor.contains(MARKER)));
        assert_eq!(refusal(supervisor.query(SECRET, None, &watch())), "DENIED");
    }
    // the other way: what was refused once is not refused to who may
    let other = "SELECT target FROM accounts";
    assert_eq!(refusal(supervisor.query(other, None, &watch())), "DENIED");
    assert!(!rows(&admin, other).is_empty());
    // and what the supervisor may is the same for both
    assert_eq!(rows(&supervisor, "SELECT name FROM clients"), rows(&admin, "SELECT name FROM clients"));
}

/// SQLite prepares a statement anew when the schema has changed, under the rules of the moment.
#[test]
fn what_is_prepared_again_is_judged_for_who_runs_it() {
    let scratch = Scratch::new();
    let admin = with_one_reader(&scratch);
    let supervisor = supervisor(&admin);
    for round in 0..4 {
        rows(&admin, SECRET);
        rows(&supervisor, "SELECT * FROM seen");
        admin.query(&format!("CREATE TABLE new_{round} (x)"), None, &watch()).expect("changes the schema");
        if round % 2 == 0 {
            assert_eq!(refusal(supervisor.query(SECRET, None, &watch())), "DENIED");
            rows(&supervisor, "SELECT * FROM seen");
        }
        assert!(!rows(&admin, SECRET).is_empty());
        assert_eq!(refusal(supervisor.query(SECRET, None, &watch())), "DENIED");
    }
    // a view that leads elsewhere now
    assert_eq!(rows(&supervisor, "SELECT name FROM seen ORDER BY 1").len(), 2);
    admin.query("DROP VIEW seen", None, &watch()).expect("drops");
    admin.query("CREATE VIEW seen AS SELECT actor AS name FROM rpmadb_audit", None, &watch()).expect("makes");
    assert_eq!(refusal(supervisor.query("SELECT name FROM seen ORDER BY 1", None, &watch())), "DENIED");
    assert!(!rows(&admin, "SELECT name FROM seen ORDER BY 1").is_empty());
}

#[test]
fn a_statement_of_a_transaction_is_not_another_roles() {
    let scratch = Scratch::new();
    let admin = with_one_reader(&scratch);
    let report = admin.transaction(&watch(), |bound| {
        let lent = supervisor(bound);
        for sql in [SECRET, "UPDATE clients SET name = name", "INSERT INTO visits VALUES (NULL, 3, 'x')"] {
            bound.query(sql, None, &watch()).expect(sql);
            assert_eq!(refusal(lent.query(sql, None, &watch())), "DENIED", "{sql}");
            bound.query(sql, None, &watch()).expect(sql);
        }
        1
    });
    assert!(!report.expect("rolls back").committed);
}

/// An iterator that is open holds the reader; the schema changes under it.
#[test]
fn a_cursor_of_a_script_is_judged_for_its_own_role() {
    let scratch = Scratch::new();
    let admin = with_one_reader(&scratch);
    let supervisor = supervisor(&admin);
    let run = |database: &Database, source: &str| {
        database.script(source, &request::Script::default(), &Operation::new()).expect("runs").result
    };
    let count = format!("local n = 0 for _ in db:urows('{SECRET}') do n = n + 1 end return n");
    let caught = format!("local ok, e = pcall(function() {count} end) return ok or e.code");
    for round in 0..3 {
        assert!(run(&admin, &count).as_i64().is_some_and(|count| count > 0));
        assert_eq!(run(&supervisor, &caught), "denied");
        admin.query(&format!("CREATE TABLE new_{round} (x)"), None, &watch()).expect("changes the schema");
        assert_eq!(run(&supervisor, &caught), "denied");
    }
}
