//! Properties of a rebuild, on random schemas: only what was asked for is different afterwards, what was forgotten is found,
//! and the way back leads back.
//!
//! `schema` makes the schemas, `rebuild` the migrations, `keys` compares the foreign-key guard with SQLite's own check.
//!
//! The cases are the same in every run: `RPMADB_TEST_SEED` chooses others, `RPMADB_TEST_ROUNDS` makes more of them. A case that
//! fails is made small and printed, with the SQL it leads to.

mod keys;
mod rebuild;
mod schema;

use std::fmt::Debug;
use std::sync::Arc;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use rpmadb::{Database, Error, Set, request};
use serde_json::Value as Json;

use crate::concurrency::rounds;
use crate::support::{Scratch, contents, rows, watch};
use rebuild::{Rebuild, rebuilds};
use schema::{Plan, quoted};

/// Tries `property` on cases of `strategy`; the same ones in every run.
pub(crate) fn check<S: Strategy>(
    name: &str,
    cases: u64,
    strategy: S,
    property: impl Fn(S::Value) -> Result<(), TestCaseError>,
) where
    S::Value: Debug,
{
    let seed = std::env::var("RPMADB_TEST_SEED").ok().and_then(|seed| seed.parse::<u64>().ok()).unwrap_or(1);
    let cases = rounds(cases);
    println!("{name}: {cases} cases, RPMADB_TEST_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: u32::try_from(cases).expect("fewer"),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    match runner.run(&strategy, property) {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => panic!("{name}, RPMADB_TEST_SEED={seed}: {reason}\nthe case: {case:?}"),
        Err(TestError::Abort(reason)) => panic!("{name}, RPMADB_TEST_SEED={seed}: {reason}"),
    }
}

/// Fails the case unless both are the same.
pub(crate) fn same<T: PartialEq + Debug>(what: &str, found: &T, wanted: &T) -> Result<(), TestCaseError> {
    if found == wanted {
        return Ok(());
    }
    Err(TestCaseError::fail(format!("{what}\n found: {found:?}\nwanted: {wanted:?}")))
}

pub(crate) fn set(files: &[(&str, String)]) -> Result<Arc<Set>, Error> {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.clone().into_bytes().into()));
    Set::from_files(files.collect()).map(Arc::new)
}

/// An open database that has no migration yet: in a file with one of two journals, or in memory.
pub(crate) fn unmigrated(scratch: &Scratch, place: u8, set: Arc<Set>) -> Database {
    let journal_mode = if place == 0 { request::JournalMode::Wal } else { request::JournalMode::Delete };
    let options = request::Open {
        journal_mode,
        migrate: Some(false),
        synchronous: request::Synchronous::Off,
        ..request::Open::default()
    };
    let path = if place == 2 { ":memory:".into() } else { scratch.path("a.db") };
    Database::at(path).options(options).migrations(set).open(&watch()).expect("opens").0
}

fn to(target: i64) -> request::Migrate {
    request::Migrate { target: Some(target), ..request::Migrate::default() }
}

/// The schema without our own tables, by name.
fn objects(database: &Database, except: &str) -> Vec<Vec<Json>> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'rpmadb%' ORDER BY type, name";
    rows(database, sql).into_iter().filter(|row| !(row[0] == "table" && row[1] == except)).collect()
}

/// All rows of a table, of the columns asked for.
fn held(database: &Database, table: &str, columns: &[String]) -> Vec<Vec<Json>> {
    let list: Vec<String> = columns.iter().map(|column| format!("{0}, typeof({0})", quoted(column))).collect();
    rows(database, &format!("SELECT {} FROM {} ORDER BY id", list.join(", "), quoted(table)))
}

/// What SQLite knows of a table besides its text.
fn described(database: &Database, table: &str, except: &str) -> Vec<Vec<Json>> {
    let text = format!("'{}'", table.replace('\'', "''"));
    let columns = format!(
        "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo({text}) WHERE name <> '{except}'"
    );
    let mut found = rows(database, &columns);
    found.extend(rows(database, &format!("SELECT wr, strict FROM pragma_table_list({text})")));
    found.extend(rows(database, &format!("SELECT * FROM pragma_foreign_key_list({text})")));
    found.extend(rows(
        database,
        &format!("SELECT name, \"unique\", origin, partial FROM pragma_index_list({text}) ORDER BY 1"),
    ));
    found
}

fn counters(database: &Database) -> Vec<Vec<Json>> {
    if rows(database, "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").is_empty() {
        return Vec::new();
    }
    rows(database, "SELECT name, seq FROM sqlite_sequence ORDER BY name")
}

fn failed(error: &Error, rebuild: &Rebuild) -> TestCaseError {
    TestCaseError::fail(format!("{error}\n{}\n{}", rebuild.before(), rebuild.up()))
}

/// Everything besides the table that is rebuilt, and what is kept of that.
fn all_but_the_change(database: &Database, rebuild: &Rebuild) -> Vec<Vec<Vec<Json>>> {
    let mut found = vec![objects(database, &rebuild.table()), counters(database)];
    found.push(described(database, &rebuild.table(), rebuild.changed_column()));
    found.push(held(database, &rebuild.table(), &rebuild.kept_columns()));
    let others = rebuild.plan.names().into_iter().filter(|name| *name != rebuild.table());
    found.extend(others.map(|name| rows(database, &format!("SELECT * FROM {} ORDER BY id", quoted(&name)))));
    found
}

#[test]
fn a_rebuild_changes_only_what_was_asked_for_and_the_way_back_leads_back() {
    check("rebuilds", 60, rebuilds(), |rebuild| {
        let scratch = Scratch::new();
        let files = [("1_before.sql", rebuild.before()), ("2_x.sql", rebuild.up()), ("2_x.down.sql", rebuild.down())];
        let set = set(&files).map_err(|error| failed(&error, &rebuild))?;
        let database = unmigrated(&scratch, rebuild.plan.place, set);
        database.migrate(&to(1), &watch()).map_err(|error| failed(&error, &rebuild))?;
        let (schema, before) = (objects(&database, ""), all_but_the_change(&database, &rebuild));
        database.migrate(&to(2), &watch()).map_err(|error| failed(&error, &rebuild))?;
        same("after the rebuild", &all_but_the_change(&database, &rebuild), &before)?;
        let spare = format!(
            "SELECT type FROM pragma_table_xinfo('{}') WHERE name = '{}'",
            rebuild.table().replace('\'', "''"),
            rebuild.changed_column()
        );
        let found = rows(&database, &spare).first().map(|row| row[0].as_str().unwrap_or_default().to_owned());
        same("the asked change", &found, &rebuild.wanted_type())?;
        let drift = database.migrations(&watch()).map_err(|error| failed(&error, &rebuild))?.drift;
        same("drift", &drift.len(), &0)?;
        database
            .rollback(1, &request::Rollback::default(), &watch())
            .map_err(|error| TestCaseError::fail(format!("{error}\n{}", rebuild.down())))?;
        same("the schema after the way back", &objects(&database, ""), &schema)?;
        same("after the way back", &all_but_the_change(&database, &rebuild), &before)
    });
}

#[test]
fn a_rebuild_that_forgets_an_index_or_trigger_is_refused_by_its_name_and_changes_nothing() {
    check("forgotten objects", 60, rebuilds(), |rebuild| {
        let scratch = Scratch::new();
        let (text, kind, name) = rebuild.up_forgetting_one();
        let set = set(&[("1_before.sql", rebuild.before()), ("2_x.sql", text.clone())]).expect("sound");
        let database = unmigrated(&scratch, rebuild.plan.place, set);
        database.migrate(&to(1), &watch()).map_err(|error| failed(&error, &rebuild))?;
        let before = contents(&database);
        let Err(error) = database.migrate(&to(2), &watch()) else {
            return Err(TestCaseError::fail(format!("the {kind} {name} is lost and nobody said so\n{text}")));
        };
        let Error::Guard { guard, finding, place } = &error else { return Err(failed(&error, &rebuild)) };
        same("the guard", &(*guard).to_owned(), &format!("drop-{kind}"))?;
        same("the finding names it", &finding.contains(&name), &true)?;
        let dropping = 1 + text.lines().position(|line| line.starts_with("DROP TABLE")).expect("drops it");
        same("the file", &place.file.as_deref(), &Some("2_x.sql"))?;
        same("the line", &place.line.map(|line| line as usize), &Some(dropping))?;
        same("what is left", &contents(&database), &before)
    });
}

#[test]
fn a_rebuild_that_lets_a_counter_go_back_is_refused() {
    check("forgotten counters", 20, rebuilds(), |mut rebuild| {
        rebuild.make_counted();
        let scratch = Scratch::new();
        let set = set(&[("1_before.sql", rebuild.before()), ("2_x.sql", rebuild.up_forgetting_the_counter())]);
        let database = unmigrated(&scratch, rebuild.plan.place, set.expect("sound"));
        database.migrate(&to(1), &watch()).map_err(|error| failed(&error, &rebuild))?;
        let before = contents(&database);
        let Err(error) = database.migrate(&to(2), &watch()) else {
            return Err(TestCaseError::fail(format!("the counter went back\n{}", rebuild.up_forgetting_the_counter())));
        };
        let Error::Guard { guard, finding, .. } = &error else { return Err(failed(&error, &rebuild)) };
        same("the guard", guard, &"autoincrement")?;
        same("the finding names the table", &finding.contains(&rebuild.table()), &true)?;
        same("what is left", &contents(&database), &before)
    });
}

/// A plan is a plan only when SQLite takes it: else the properties above would hold for want of cases.
#[test]
fn every_random_schema_is_one_that_sqlite_takes() {
    check("schemas", 40, schema::plans(), |plan: Plan| {
        let plain = rusqlite::Connection::open_in_memory().expect("opens");
        // why off: a child may be filled before its parent
        plain.pragma_update(None, "foreign_keys", "off").expect("is set");
        plain.execute_batch(&plan.sql()).map_err(|error| TestCaseError::fail(format!("{error}\n{}", plan.sql())))?;
        let violations: i64 = plain
            .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
            .map_err(|error| TestCaseError::fail(format!("{error}\n{}", plan.sql())))?;
        same("violations", &violations, &0)
    });
}
