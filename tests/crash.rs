//! Crashes: a run that is killed, at every statement boundary and at random moments, loses nothing and repeats nothing.
//!
//! `child` is the process that dies, `seen` looks at what it left, `kills` kills at random moments, `starters` lets many
//! processes start at once, `waits` measures the wait for the lock.
//!
//! What is wanted is what an undisturbed run leaves: after each kill a plain open must bring the file there.

mod child;
mod kills;
mod seen;
mod starters;
mod waits;

use child::{End, Order};
use seen::{Seen, beside};
pub(crate) use seen::{ask, copy_files, remove_files};
use serde_json::json;

use crate::support::{Scratch, try_open};

const COUNTER: (&str, &str) =
    ("001_counter.sql", "CREATE TABLE counter (n INTEGER NOT NULL) STRICT;\nINSERT INTO counter VALUES (1);\n");

/// SQL, Lua, a rebuild of a parent whose children would cascade, and repeatables; each file adds 1.
const MIXED: &[(&str, &str)] = &[
    COUNTER,
    (
        "002_tables.sql",
        "CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);
         CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id) ON DELETE CASCADE, pad BLOB);
         CREATE UNIQUE INDEX parent_name ON parent (name);
         CREATE TRIGGER parent_named AFTER UPDATE OF name ON parent BEGIN
           UPDATE child SET pad = NULL WHERE parent = new.id; SELECT CASE WHEN 1 THEN 2 END;
         END;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) INSERT INTO parent (name) SELECT 'n' || i FROM n;
         INSERT INTO child (parent, pad) SELECT id, zeroblob(700) FROM parent;
         UPDATE counter SET n = n + 1;",
    ),
    (
        "003_lua.lua",
        "return { up = function(db)
           db:exec('UPDATE child SET pad = zeroblob(701)')
           db:exec('UPDATE counter SET n = n + 1')
         end, down = function(db) db:exec('UPDATE counter SET n = n - 1') end }",
    ),
    (
        "004_rebuild.sql",
        "CREATE TABLE parent_new (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, extra INTEGER NOT NULL DEFAULT 7);
         INSERT INTO parent_new (id, name) SELECT id, name FROM parent;
         DROP TABLE parent;
         ALTER TABLE parent_new RENAME TO parent;
         CREATE UNIQUE INDEX parent_name ON parent (name);
         CREATE TRIGGER parent_named AFTER UPDATE OF name ON parent BEGIN
           UPDATE child SET pad = NULL WHERE parent = new.id;
         END;
         BEGIN; UPDATE counter SET n = n + 1; COMMIT;",
    ),
    ("R_view.sql", "DROP VIEW IF EXISTS shown; CREATE VIEW shown AS SELECT p.name, c.id FROM parent p JOIN child c ON c.parent = p.id;"),
    ("R_watch.sql", "DROP TRIGGER IF EXISTS watch; CREATE TRIGGER watch AFTER DELETE ON child BEGIN UPDATE counter SET n = n - 1; END;"),
];

/// Each insert is committed by itself and adds 1; what stands in the file's own transaction adds 2, wholly or not.
const OFF: &[(&str, &str)] = &[
    COUNTER,
    (
        "002_off.sql",
        "-- rpmadb: transaction=off
         CREATE TABLE log (x INTEGER PRIMARY KEY, y TEXT);
         CREATE TRIGGER counts AFTER INSERT ON log BEGIN UPDATE counter SET n = n + 1; END;
         INSERT INTO log (y) VALUES ('one; two');
         INSERT INTO log (y) VALUES ('three');
         VACUUM;
         INSERT INTO log (y) VALUES ('four');
         BEGIN;
         INSERT INTO log (y) VALUES ('five');
         INSERT INTO log (y) VALUES ('six');
         COMMIT;
         PRAGMA foreign_keys = ON;
         INSERT INTO log (y) VALUES ('seven');
         VACUUM;",
    ),
    ("003_after.sql", "INSERT INTO log (y) VALUES ('eight'); CREATE INDEX log_y ON log (y);"),
];

/// Statements that are moved outside the transaction, in two files.
const MOVED: &[(&str, &str)] = &[
    COUNTER,
    ("002_moved.sql", "CREATE TABLE a (x); VACUUM; INSERT INTO a VALUES (1); UPDATE counter SET n = n + 1;"),
    ("003_moved.sql", "UPDATE counter SET n = n + 1; VACUUM; CREATE TABLE b (x REFERENCES a (x)); DROP TABLE b;"),
    ("R_view.sql", "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT x FROM a;"),
];

/// Kills a run at each of its boundaries; `plausible` says what may be left at once, a plain open must complete it. Returns
/// how often a rollback journal was left.
#[track_caller]
fn kill_everywhere(
    files: &[(&str, &str)],
    journal: &str,
    per: &str,
    counter: i64,
    plausible: fn(&Seen, &Seen) -> bool,
) -> usize {
    let scratch = Scratch::new();
    let folder = scratch.migrations("m", files);
    let whole =
        Order { migrate: json!({"transaction": per}), ..Order::new(scratch.path("whole.db"), &folder, journal) };
    let boundaries = whole.boundaries();
    let wanted = Seen::at(&whole.path);
    assert!(wanted.is_sound() && wanted.counter() == counter, "without a crash: {wanted:?}");
    let mut options = whole.options();
    options.migrate = None;
    let mut hot = 0;
    for at in 1..=boundaries.len() + 1 {
        let order = whole.on(&scratch.path(&format!("{at}.db")));
        let here = match order.killed_at(at) {
            End::Done(report) => {
                assert_eq!(at, boundaries.len() + 1, "the child ends by itself behind the last boundary: {report}");
                assert_eq!(Seen::at(&order.path), wanted);
                return hot;
            }
            End::Killed(place) => {
                assert_eq!(place, boundaries[at - 1], "boundary {at}");
                format!("killed at boundary {at} ({place}), {journal}, per {per}")
            }
        };
        hot += usize::from(beside(&order.path, "-journal").metadata().is_ok_and(|journal| journal.len() > 100_000));
        let left = Seen::left_at(&order.path);
        assert!(left.is_sound(), "{here}: {:?} {:?}", left.integrity, left.violations);
        assert!(plausible(&left, &wanted), "{here}, left: {left:#?}");
        let (database, report) = try_open(&order.path, &options).unwrap_or_else(|error| panic!("{here}: {error}"));
        let applied = report.migrate.expect("a plain open migrates");
        assert_eq!(applied.to as usize, wanted.recorded(), "{here}");
        database.close().expect("closes");
        assert_eq!(Seen::at(&order.path), wanted, "{here}");
        let (database, report) = try_open(&order.path, &options).expect("opens again");
        assert!(report.migrate.expect("looks").applied.is_empty(), "{here}: nothing is left to do");
        database.close().expect("closes");
        remove_files(&order.path);
    }
    panic!("the child was killed at a boundary that an undisturbed run does not have");
}

/// Nothing of the run, or all of its transaction.
fn all_or_nothing(left: &Seen, wanted: &Seen) -> bool {
    let nothing = left.history.is_empty() && left.repeatables.is_empty() && left.counter() == 0;
    let all = left.history == wanted.history && left.repeatables == wanted.repeatables && left.rows == wanted.rows;
    nothing || all
}

/// So many files as are recorded, each of which adds 1, and the repeatables with or behind the last.
fn file_by_file(left: &Seen, wanted: &Seen) -> bool {
    left.counter() == left.recorded() as i64
        && wanted.history.starts_with(&left.history)
        && (left.repeatables.is_empty() || left.repeatables == wanted.repeatables)
}

/// The counter tells of just the inserts that are there, and the two of one transaction are there together.
fn statement_by_statement(left: &Seen, _: &Seen) -> bool {
    let logged: Vec<&String> = left.rows.iter().filter(|row| row.starts_with("'log', ")).collect();
    let has = |word: &str| logged.iter().any(|row| row.contains(word));
    let first = i64::from(left.recorded() >= 1);
    has("'five'") == has("'six'") && left.counter() == first + logged.len() as i64
}

#[test]
fn a_run_killed_at_any_boundary_is_whole_or_not_there() {
    kill_everywhere(MIXED, "wal", "run", 4, all_or_nothing);
}

#[test]
fn a_run_with_a_rollback_journal_killed_at_any_boundary_is_whole_or_not_there() {
    kill_everywhere(MIXED, "delete", "run", 4, all_or_nothing);
}

#[test]
fn a_run_that_commits_each_file_killed_at_any_boundary_goes_on_with_the_next_file() {
    kill_everywhere(MIXED, "wal", "file", 4, file_by_file);
}

#[test]
fn a_run_that_commits_each_file_in_a_rollback_journal_goes_on_with_the_next_file() {
    // the file in Lua changes more than the cache holds
    let bulky: Vec<String> = MIXED.iter().map(|(_, text)| text.replace("zeroblob(70", "zeroblob(7000")).collect();
    let bulky: Vec<(&str, &str)> = MIXED.iter().zip(&bulky).map(|((name, _), text)| (*name, text.as_str())).collect();
    let hot = kill_everywhere(&bulky, "delete", "file", 4, file_by_file);
    println!("{hot} times a journal was left that had to be rolled back");
    assert!(hot > 0, "pages were written before the commit");
}

#[test]
fn a_file_without_a_transaction_killed_at_any_boundary_goes_on_behind_the_last_statement() {
    kill_everywhere(OFF, "wal", "run", 8, statement_by_statement);
}

#[test]
fn a_file_without_a_transaction_in_a_rollback_journal_goes_on_behind_the_last_statement() {
    kill_everywhere(OFF, "delete", "run", 8, statement_by_statement);
}

#[test]
fn a_vacuum_moved_outside_is_made_up_for_after_a_kill() {
    kill_everywhere(MOVED, "wal", "run", 3, all_or_nothing);
}

#[test]
fn a_vacuum_moved_outside_is_made_up_for_after_a_kill_in_a_rollback_journal() {
    kill_everywhere(MOVED, "delete", "file", 3, file_by_file);
}

/// Kills a rollback at each of its boundaries: the file is at the old or at the new version, and a second call completes it.
#[track_caller]
fn kill_a_rollback_everywhere(journal: &str) {
    let downs = [
        ("002_tables.down.sql", "DROP TABLE child; DROP TABLE parent; UPDATE counter SET n = n - 1;"),
        (
            "004_rebuild.down.sql",
            "CREATE TABLE parent_old (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);
             INSERT INTO parent_old SELECT id, name FROM parent; DROP TABLE parent;
             ALTER TABLE parent_old RENAME TO parent; CREATE UNIQUE INDEX parent_name ON parent (name);
             CREATE TRIGGER parent_named AFTER UPDATE OF name ON parent BEGIN
               UPDATE child SET pad = NULL WHERE parent = new.id;
             END; UPDATE counter SET n = n - 1;",
        ),
    ];
    let scratch = Scratch::new();
    let folder = scratch.migrations("m", &[MIXED, &downs].concat());
    let up = Order::new(scratch.path("up.db"), &folder, journal);
    up.boundaries();
    let before = Seen::at(&up.path);
    for target in [3, 1] {
        let whole = Order { back_to: Some(target), ..up.on(&scratch.path("whole.db")) };
        copy_files(&up.path, &whole.path);
        let boundaries = whole.boundaries();
        let after = Seen::at(&whole.path);
        assert!(after.is_sound() && after.counter() == target && after.recorded() as i64 == target, "{after:?}");
        for (at, place) in (1..).zip(&boundaries) {
            let order = whole.on(&scratch.path("killed.db"));
            copy_files(&up.path, &order.path);
            assert_eq!(order.killed_at(at), End::Killed(place.clone()));
            let left = Seen::left_at(&order.path);
            assert!(left == before || left == after, "killed at boundary {at} ({place}): {left:#?}");
            order.carry_out(&crate::support::watch()).expect("completes");
            assert_eq!(Seen::at(&order.path), after, "killed at boundary {at} ({place})");
        }
        let order = whole.on(&scratch.path("killed.db"));
        copy_files(&up.path, &order.path);
        assert!(matches!(order.killed_at(boundaries.len() + 1), End::Done(_)), "there are no more boundaries");
    }
}

#[test]
fn a_rollback_killed_at_any_boundary_is_at_the_old_version_or_at_the_new_one() {
    kill_a_rollback_everywhere("wal");
}

#[test]
fn a_rollback_with_a_rollback_journal_killed_at_any_boundary_is_at_the_old_version_or_at_the_new_one() {
    kill_a_rollback_everywhere("delete");
}
