//! Counting on a real connection, and the rings.

use super::*;
use crate::request::Open;
use crate::sqlite::rules::Whose;
use crate::sqlite::settings::Settings;

fn counting(slow_query_ms: u64) -> (Connection, Arc<Meter>) {
    let options = Open { metrics: Some(true), slow_query_ms: Some(slow_query_ms), ..Open::default() };
    let settings = Settings::new(None, &options);
    let connection = Connection::open(&settings, true, false).expect("opens");
    let meter = Arc::clone(connection.meter().expect("is on"));
    connection
        .execute_batch("CREATE TABLE t (a INTEGER PRIMARY KEY, b); CREATE VIRTUAL TABLE f USING fts5(x)")
        .expect("makes");
    (connection, meter)
}

fn run(connection: &Connection, sql: &str) -> crate::error::Result<()> {
    connection.users(Whose::Users, sql, |statement| statement.for_each(|_| Ok(true)))
}

#[test]
fn without_metrics_there_is_no_meter() {
    assert!(Settings::new(None, &Open { metrics: Some(false), ..Open::default() }).common.meter.is_none());
    let connection = Connection::open_in_memory().expect("opens");
    run(&connection, "SELECT 1").expect("runs");
}

#[test]
fn ours_are_not_counted_and_users_are() {
    let (connection, meter) = counting(1_000);
    connection.rows("SELECT a FROM t", &[]).expect("ours");
    assert_eq!(meter.statements().len(), 0);
    run(&connection, "SELECT a FROM t").expect("runs");
    assert!(run(&connection, "SELECT wrong FROM t").is_err());
    assert!(connection.users(Whose::Readers, "DELETE FROM t", |_| Ok(())).is_err(), "refused, and so no run");
    let mut counted: Vec<_> =
        meter.statements().iter().map(|of| (of.fingerprint.to_string(), of.calls, of.errors)).collect();
    counted.sort();
    assert_eq!(counted, [("select a from t".to_owned(), 1, 0), ("select wrong from t".to_owned(), 1, 1)]);
}

#[test]
fn a_plan_shows_neither_texts_nor_what_a_virtual_table_was_asked() {
    let (connection, meter) = counting(0);
    for (sql, plan) in [
        ("SELECT b FROM t WHERE a = 5", &["SEARCH t USING INTEGER PRIMARY KEY (rowid=?)"][..]),
        ("SELECT b FROM t AS 'secret one' WHERE b = 'secret one'", &["SCAN ?"]),
        ("SELECT b FROM \"t\" WHERE b = 't'", &["SCAN t"]),
        ("SELECT x FROM f WHERE f MATCH 'secret'", &["SCAN f VIRTUAL TABLE"]),
    ] {
        run(&connection, sql).expect(sql);
        let slow = meter.slow().0.remove(0);
        assert_eq!(slow.plan.expect("has one"), plan, "{sql}");
        assert!(!slow.fingerprint.contains("secret"), "{}", slow.fingerprint);
    }
    run(&connection, "CREATE TABLE u (a)").expect("runs");
    assert_eq!(meter.slow().0.remove(0).plan, None);
}

#[test]
fn a_pragma_that_is_slow_is_not_run_again_for_its_plan() {
    for sql in ["PRAGMA user_version = 7", "pragma(x)", "explain select ?", "create table t as select ?", ""] {
        assert!(!has_plan(&fingerprint::fingerprint(sql, |_| false)), "{sql}");
    }
    assert!(has_plan(&fingerprint::fingerprint(" /* c */ WITH x AS (SELECT 1) SELECT * FROM x", |_| false)));
}

#[test]
fn a_ring_keeps_the_newest() {
    let mut ring = Ring::default();
    (0..250).for_each(|number| ring.push(number));
    let (last, total) = ring.seen();
    assert_eq!((last.len(), last[0], last[99], total), (100, 249, 150, 250));
}

#[test]
fn calls_are_counted_by_how_they_end() {
    let meter = Meter::new(Duration::ZERO);
    let denied = Error::Denied { role: "user", what: "x".into() };
    let failed = Error::NotFound { what: "x".into() };
    for (error, ms) in [(None, 2), (None, 4), (Some(&denied), 0), (Some(&failed), 3)] {
        meter.called("query", error, Duration::from_millis(ms));
    }
    let expected = VerbFigures { calls: 4, errors: 1, denied: 1, total_ms: 9.0, max_ms: 4.0 };
    assert_eq!(meter.verbs(), [("query", expected)].into());
}

#[test]
fn a_name_that_cannot_be_looked_up_is_taken_for_a_literal() {
    let (connection, meter) = counting(1_000);
    let operation = Operation::new();
    operation.cancel();
    let _entered = operation::enter(operation.begin("query", 1, Arc::default()));
    assert_eq!(
        meter.fingerprint(&connection, "SELECT \"a\" FROM \"T\""),
        "select \"a\" from \"t\"",
        "also in a call that ends"
    );
    let other = Connection::open_in_memory().expect("opens");
    let meter = Meter::new(Duration::ZERO);
    assert_eq!(meter.fingerprint(&other, "SELECT \"a\" FROM \"T\""), "select ? from ?", "it has no such names");
}
