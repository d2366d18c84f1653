//! What `metrics` counts and tells: statements, slow ones, calls, and who has the connections.

use rpmadb::report::{Figures, Metrics, StatementFigures};

use super::*;
use crate::support::prometheus;

fn counting() -> request::Open {
    request::Open { metrics: Some(true), ..bare() }
}

fn opened(scratch: &Scratch, options: &request::Open) -> Database {
    let database = try_open(scratch.path("a.db"), options).expect("opens").0;
    query(&database, "CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY, b TEXT, c)").expect("makes");
    database
}

fn figures_of(report: Metrics) -> Box<Figures> {
    match report {
        Metrics::Figures(figures) => figures,
        Metrics::Text { text, .. } => panic!("figures were asked for: {text}"),
    }
}

fn figures(database: &Database) -> Box<Figures> {
    let request = request::Metrics { limit: Some(1_000), ..request::Metrics::default() };
    figures_of(database.metrics(&request, &watch()).expect("tells"))
}

fn page(database: &Database) -> String {
    let request = request::Metrics { format: request::MetricsFormat::Prometheus, ..request::Metrics::default() };
    match database.metrics(&request, &watch()).expect("tells") {
        Metrics::Text { format, text } => {
            assert_eq!(format, "prometheus");
            text
        }
        Metrics::Figures(_) => panic!("a text was asked for"),
    }
}

fn statement<'f>(figures: &'f Figures, fingerprint: &str) -> &'f StatementFigures {
    let known = || figures.statements.iter().map(|of| &*of.fingerprint).collect::<Vec<_>>();
    let found = figures.statements.iter().find(|of| &*of.fingerprint == fingerprint);
    found.unwrap_or_else(|| panic!("{fingerprint} is not among {:?}", known()))
}

#[test]
fn statements_are_told_by_what_they_have_in_common() {
    let scratch = Scratch::new();
    let database = opened(&scratch, &counting());
    query(&database, "INSERT INTO t (b) VALUES ('one'), ('two'), ('three')").expect("inserts");
    query(&database, "insert into t(b) values ('four')").expect("inserts");
    for number in 0..20 {
        query(&database, &format!("SELECT b FROM t WHERE a = {number}")).expect("selects");
    }
    query(&database, "SELECT b FROM t WHERE a IN (1, 2, 3)").expect("selects");
    database.query("select b from t where a in (?, ?)", Some("[1, 2]"), &watch()).expect("selects");
    query(&database, "SELECT b FROM t WHERE c = 'x' ORDER BY b").expect("selects");
    assert_eq!(refusal(query(&database, "SELECT nope FROM t")), "SQL");
    assert_eq!(refusal(query(&database, "INSERT INTO t (a) VALUES (1)")), "CONSTRAINT");

    let figures = figures(&database);
    assert!(figures.enabled && figures.since.is_some());
    let shape = |fingerprint| {
        let of = statement(&figures, fingerprint);
        assert!(of.total_ms >= of.max_ms && of.max_ms >= of.p95_ms && of.mean_ms > 0.0, "{of:?}");
        assert!(of.last_at >= figures.since.expect("on"), "{of:?}");
        (of.calls, of.errors, of.rows)
    };
    assert_eq!(shape("insert into t(b) values (?)"), (2, 0, 4));
    assert_eq!(shape("select b from t where a = ?"), (20, 0, 4));
    assert_eq!(shape("select b from t where a in (...)"), (2, 0, 5));
    assert_eq!(shape("select nope from t"), (1, 1, 0));
    assert_eq!(shape("insert into t(a) values (?)"), (1, 1, 0));
    let scan = statement(&figures, "select b from t where c = ? order by b");
    assert_eq!((scan.full_scan_steps, scan.sorts, scan.automatic_index_rows), (3, 1, 0));
    let search = statement(&figures, "select b from t where a = ?");
    assert_eq!((search.full_scan_steps, search.sorts), (0, 0));
    assert!(figures.statements.is_sorted_by(|one, other| one.total_ms >= other.total_ms));
    assert_eq!((figures.statements_known, figures.statements_evicted), (figures.statements.len() as u64, 0));
    let two = request::Metrics { limit: Some(2), indexes: Some(false), ..request::Metrics::default() };
    let two = figures_of(database.metrics(&two, &watch()).expect("tells"));
    assert_eq!((two.statements.len(), two.statements_known), (2, figures.statements_known));
    assert!(two.indexes.is_none() && figures.indexes.is_some());
}

#[test]
fn the_numbers_of_one_run_are_not_those_of_the_next() {
    let scratch = Scratch::new();
    let database = opened(&scratch, &counting());
    query(&database, "INSERT INTO t (b) VALUES ('x'), ('y'), ('z')").expect("inserts");
    for calls in 1..=5 {
        query(&database, "SELECT count(*) FROM t WHERE c IS NULL").expect("selects");
        let figures = figures(&database);
        let of = statement(&figures, "select count(*) from t where c is null");
        assert_eq!((of.calls, of.full_scan_steps, of.rows), (calls, 2 * calls, calls), "each run by itself");
    }
}

#[test]
fn names_in_double_quotes_stay_and_texts_in_them_go() {
    let scratch = Scratch::new();
    let database = opened(&scratch, &counting());
    query(&database, "SELECT \"b\" FROM \"T\" WHERE \"a\" = 1 AND c = \"secret\"").expect("selects");
    let found = figures(&database);
    statement(&found, "select \"b\" from \"t\" where \"a\" = ? and c = ?");
    // a column that comes later is a name from then on
    query(&database, "ALTER TABLE t ADD COLUMN later").expect("alters");
    query(&database, "SELECT \"later\" FROM t").expect("selects");
    statement(&figures(&database), "select \"later\" from t");
}

#[test]
fn of_ten_thousand_statements_those_that_ran_last_are_kept() {
    let scratch = Scratch::new();
    let database = opened(&scratch, &counting());
    let source = "for i = 1, 10000 do db:value('SELECT ' .. i .. ' AS c' .. i .. 'é') end";
    database.script(source, &request::Script::default(), &watch()).expect("runs");
    let figures = figures(&database);
    assert_eq!(figures.statements.len(), 1_000);
    // the one that made the table went, too
    assert_eq!(figures.statements_evicted, 9_001);
    statement(&figures, "select ? as c10000é");
    assert!(figures.statements.iter().all(|of| &*of.fingerprint != "select ? as c9000é"));
}

#[test]
fn without_metrics_only_what_is_known_anyway_is_told() {
    let scratch = Scratch::new();
    let database = opened(&scratch, &bare());
    query(&database, "SELECT 1").expect("selects");
    let figures = figures(&database);
    assert!(!figures.enabled && figures.since.is_none() && figures.statements.is_empty() && figures.verbs.is_empty());
    assert!(figures.backups.is_none() && figures.scripts.is_none() && figures.denials.is_none());
    assert!(figures.pool.connections >= 2 && figures.locks.leases >= 2 && figures.wal.frames.is_some(), "{figures:?}");
    assert_eq!(figures.indexes.and_then(|indexes| indexes.used), Some(vec![]), "statements are remembered anyway");
    let samples = prometheus::parse(&page(&database)).expect("is right");
    assert_eq!(prometheus::value(&samples, "rpmadb_metrics_enabled", None), Some(0.0));
    assert_eq!(prometheus::value(&samples, "rpmadb_slow_statements_total", None), None, "no made-up zero");
}

#[test]
fn slow_statements_are_kept_with_their_plan_and_without_literals() {
    let scratch = Scratch::new();
    let database = opened(&scratch, &request::Open { slow_query_ms: Some(0), ..counting() });
    let sql = "SELECT \"t\".b FROM t, (SELECT 'pin' AS x LIMIT 1) AS 'secret' WHERE t.b = \"secret\" AND c = 'secret'";
    query(&database, sql).expect("selects");
    query(&database, "PRAGMA user_version").expect("asks");
    let supervisor = database.act_as("sue", Role::Supervisor).expect("may");
    query(&supervisor, "SELECT count(*) FROM t").expect("selects");

    let found = figures(&database);
    assert_eq!(found.slow_total, 4, "0 keeps all");
    let slow: Vec<_> = found.slow.iter().map(|slow| (&*slow.fingerprint, slow.verb, slow.actor.as_deref())).collect();
    assert_eq!(slow[0], ("select count(*) from t", "query", Some("sue")));
    assert_eq!(slow[1].0, "pragma user_version");
    assert_eq!(found.slow[1].plan, None, "a pragma has none");
    assert_eq!(found.slow[0].plan, Some(vec!["SCAN t".to_owned()]));
    let plan = found.slow[2].plan.as_ref().expect("has one").join("\n");
    assert!(plan.contains("SCAN t"), "{plan}");
    let all = format!("{:?}", found.slow);
    assert!(!all.contains("secret") && !all.contains("pin"), "{all}");

    let patient = opened(&scratch, &counting());
    query(&patient, "SELECT 1").expect("selects");
    let endless = Operation::new();
    endless.set_timeout_ms(150);
    assert_eq!(refusal(patient.query(ENDLESS, None, &endless)), "TIMEOUT");
    let found = figures(&patient);
    assert_eq!(found.slow.len(), 1, "{:?}", found.slow);
    assert!(found.slow[0].failed && found.slow[0].duration_ms >= 100.0, "{:?}", found.slow);
    assert!(found.slow[0].plan.as_ref().is_some_and(|plan| !plan.is_empty()), "also of one that was stopped");
    assert_eq!(statement(&found, &found.slow[0].fingerprint).errors, 1);
}

#[test]
fn no_more_than_a_hundred_slow_statements_are_kept_the_newest_first() {
    let scratch = Scratch::new();
    let database = opened(&scratch, &request::Open { slow_query_ms: Some(0), ..counting() });
    for number in 0..150 {
        query(&database, &format!("SELECT {number} AS c{number}")).expect("selects");
    }
    let figures = figures(&database);
    assert_eq!((figures.slow.len(), figures.slow_total), (100, 151));
    assert_eq!(&*figures.slow[0].fingerprint, "select ? as c149");
    assert_eq!(&*figures.slow[99].fingerprint, "select ? as c50");
}

#[test]
fn a_transaction_that_is_open_for_long_is_noted() {
    let scratch = Scratch::new();
    let database = opened(&scratch, &counting());
    let held = |pause: u64, outcome: i32| {
        let ran = database.transaction(&watch(), |bound| {
            query(bound, "INSERT INTO t (b) VALUES ('x')").expect("inserts");
            std::thread::sleep(Duration::from_millis(pause));
            outcome
        });
        ran.expect("runs");
    };
    held(0, 0);
    held(260, 0);
    held(260, 1);
    let figures = figures(&database);
    let told: Vec<_> =
        figures.slow_transactions.iter().map(|of| (of.label, of.actor.as_deref(), of.committed)).collect();
    assert_eq!(told, [("transaction", Some("host"), false), ("transaction", Some("host"), true)]);
    assert!(figures.slow_transactions.iter().all(|of| of.duration_ms >= 250.0), "{:?}", figures.slow_transactions);
    assert_eq!(statement(&figures, "insert into t(b) values (?)").calls, 3);
}

#[test]
fn calls_backups_scripts_checkpoints_and_denials_are_counted() {
    let scratch = Scratch::new();
    let database = opened(&scratch, &counting());
    let supervisor = database.act_as("sue", Role::Supervisor).expect("may");
    let nobody = database.act_as("nob", Role::User).expect("may");
    assert_eq!(refusal(supervisor.backup(None, &request::Backup::default(), &watch())), "DENIED");
    assert_eq!(refusal(query(&supervisor, "DELETE FROM t")), "DENIED");
    assert_eq!(refusal(query(&nobody, "SELECT 1")), "DENIED");
    let backup = database.backup(Some(&scratch.path("b.db")), &request::Backup::default(), &watch()).expect("backs up");
    assert_eq!(
        refusal(database.backup(Some(&scratch.path("b.db")), &request::Backup::default(), &watch())),
        "ALREADY_EXISTS"
    );
    database.script("return 1", &request::Script::default(), &watch()).expect("runs");
    assert_eq!(refusal(database.script("error('x')", &request::Script::default(), &watch())), "SCRIPT_FAILED");
    let checkpoint = request::Checkpoint { busy_timeout_ms: Some(0) };
    database.checkpoint(CheckpointMode::Full, &checkpoint, &watch()).expect("runs");
    let report = holding(&database, 1, || {
        query(&database, "INSERT INTO t (b) VALUES ('x')").expect("inserts");
        database.checkpoint(CheckpointMode::Truncate, &checkpoint, &watch()).expect("runs")
    });
    assert!(report.busy, "{report:?}");
    let held_by = report.held_by.expect("by the reader");
    assert_eq!(
        (held_by.label, held_by.actor.as_deref(), held_by.role),
        (Some("script"), Some("leak 0"), Some("admin"))
    );
    assert_eq!(held_by.statement.as_deref(), Some("SELECT a FROM many WHERE a > ?"));

    let figures = figures(&database);
    let verb = |name| figures.verbs.get(name).copied().unwrap_or_default();
    let counted = |name| (verb(name).calls, verb(name).errors, verb(name).denied);
    assert_eq!(counted("backup"), (3, 1, 1));
    assert_eq!(counted("query"), (6, 0, 2), "{:?}", figures.verbs);
    assert_eq!(counted("checkpoint"), (2, 0, 0));
    assert!(verb("backup").total_ms >= verb("backup").max_ms && verb("backup").max_ms > 0.0);
    let backups = figures.backups.expect("on");
    assert_eq!((backups.made, backups.failed, backups.last_size_bytes), (1, 1, Some(backup.size_bytes)));
    assert!(backups.last_at.is_some() && backups.last_duration_ms == Some(backup.duration_ms));
    let scripts = figures.scripts.expect("on");
    assert_eq!((scripts.runs, scripts.failures), (3, 2), "one raised, one was stopped");
    let checkpoints = figures.checkpoints.expect("on");
    assert_eq!((checkpoints.runs, checkpoints.busy), (2, 1));
    assert_eq!(figures.denials, Some(3));
    assert_eq!(refusal(nobody.metrics(&request::Metrics::default(), &watch())), "DENIED");
    supervisor.metrics(&request::Metrics::default(), &watch()).expect("a supervisor may");
}

#[test]
fn all_that_a_script_runs_is_counted() {
    let scratch = Scratch::new();
    let database = opened(&scratch, &counting());
    let source = "db:exec('INSERT INTO t (b) VALUES (1), (2), (3)')
        for row in db:nrows('SELECT a FROM t') do local _ = row.a end
        for a in db:urows('SELECT b FROM t') do break end
        db:transaction(function()
          local insert <close> = db:prepare('INSERT INTO t (c) VALUES (?)')
          for i = 1, 7 do insert:run(i) end
          local select <close> = db:prepare('SELECT c FROM t WHERE a = ?')
          for i = 1, 5 do select:query(i) end
        end)
        pcall(function() db:query('SELECT wrong FROM t') end)
        return db:value('SELECT count(*) FROM t')";
    let report = database.script(source, &request::Script::default(), &watch()).expect("runs");
    assert_eq!(report.result, json!(10));
    let figures = figures(&database);
    let counted = |fingerprint| {
        let of = statement(&figures, fingerprint);
        assert!(of.total_ms > 0.0, "{of:?}");
        (of.calls, of.errors, of.rows)
    };
    assert_eq!(counted("insert into t(b) values (?)"), (1, 0, 3));
    assert_eq!(counted("select a from t"), (1, 0, 3));
    assert_eq!(counted("insert into t(c) values (?)"), (7, 0, 7));
    assert_eq!(counted("select c from t where a = ?"), (5, 0, 5));
    assert_eq!(counted("select count(*) from t"), (1, 0, 1));
    assert_eq!(counted("select wrong from t").1, counted("select wrong from t").0);
    let (calls, _, rows) = counted("select b from t");
    assert!(calls == 1 && (1..=3).contains(&rows), "one that was left: {rows}");
    assert_eq!(statement(&figures, "select a from t").full_scan_steps, 2);
}

#[test]
fn used_and_unused_indexes_are_told_with_the_calls() {
    let scratch = Scratch::new();
    let database = opened(&scratch, &counting());
    for sql in ["CREATE INDEX by_b ON t (b)", "CREATE INDEX by_c ON t (c)", "CREATE INDEX by_b_c ON t (b, c)"] {
        query(&database, sql).expect("makes");
    }
    for number in 0..7 {
        query(&database, &format!("SELECT a FROM t WHERE c = {number}")).expect("selects");
    }
    database.query("SELECT a FROM t WHERE c = ?", Some("[1]"), &watch()).expect("selects");
    let indexes = figures(&database).indexes.expect("examined");
    let used = indexes.used.expect("statements were seen");
    assert_eq!(used.len(), 1, "{used:?}");
    assert_eq!((&*used[0].index, &*used[0].table, used[0].calls), ("by_c", "t", Some(8)));
    let unused: Vec<_> = indexes.unused.iter().flatten().map(|of| &*of.index).collect();
    assert_eq!(unused, ["by_b", "by_b_c"]);
    assert_eq!(indexes.redundant[0].index, "by_b");
}

/// Runs `body` while so many threads, each a handle of its own, hold a reader of `database` by an open iterator.
fn holding<T>(database: &Database, readers: usize, body: impl FnOnce() -> T) -> T {
    query(database, "CREATE TABLE IF NOT EXISTS many (a)").expect("makes");
    query(database, "INSERT INTO many VALUES (1), (2), (3)").expect("fills");
    let (holds, held) = mpsc::channel();
    let release = Arc::new(AtomicBool::new(false));
    std::thread::scope(|scope| {
        for number in 0..readers {
            let leak = database.act_as(&format!("leak {number}"), Role::Admin).expect("may");
            let (holds, release) = (Mutex::new(Some(holds.clone())), Arc::clone(&release));
            // why so: a loop would take the processor from the others
            let operation = Operation::new();
            operation.on_progress(Some(Arc::new(move |_| {
                if let Some(holds) = holds.lock().expect("is sound").take() {
                    holds.send(()).expect("is waited for");
                }
                while !release.load(Ordering::Acquire) {
                    std::thread::sleep(Duration::from_millis(2));
                }
                false
            })));
            scope.spawn(move || {
                let source = "for row in db:nrows('SELECT a FROM many WHERE a > 1') do while true do end end";
                assert_eq!(refusal(leak.script(source, &request::Script::default(), &operation)), "CANCELLED");
            });
        }
        for _ in 0..readers {
            held.recv_timeout(Duration::from_secs(30)).expect("each holds a reader");
        }
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
        release.store(true, Ordering::Release);
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[test]
fn a_leak_of_connections_is_blamed_on_who_holds_them() {
    let scratch = Scratch::new();
    let pool = request::Pool { max: Some(7), timeout_ms: Some(100), ..request::Pool::default() };
    let database = opened(&scratch, &request::Open { pool, ..counting() });
    let before = figures(&database).pool;
    let error = holding(&database, 7, || {
        let error = query(&database, "SELECT 1").expect_err("none is free");
        let figures = figures(&database);
        assert_eq!((figures.pool.in_use, figures.pool.holders.len()), (7, 7), "{:?}", figures.pool);
        let holder = &figures.pool.holders[0];
        assert_eq!((holder.label, holder.role, holder.writes), ("script", Some("admin"), false));
        // not of each: noting a statement waits for no other thread
        let mut told = figures.pool.holders.iter().filter_map(|holder| holder.statement.as_deref()).peekable();
        assert!(
            told.peek().is_some() && told.all(|sql| sql == "SELECT a FROM many WHERE a > ?"),
            "without its literal"
        );
        assert!(holder.age_ms >= 100, "{holder:?}");
        assert!(figures.pool.holders.is_sorted_by(|one, other| one.age_ms >= other.age_ms), "{:?}", figures.pool);
        assert!(figures.pool.timeouts > before.timeouts && figures.pool.waits > before.waits, "{:?}", figures.pool);
        assert!(figures.pool.wait_ms - before.wait_ms >= 95.0, "{:?}", figures.pool);
        assert!(figures.wal.size_bytes.is_some() && figures.wal.frames.is_none(), "nobody could look");
        error
    });
    assert_eq!(error.status().name(), "BUSY");
    let said = error.to_string();
    assert!(said.starts_with("every one of the 7 readers (held by script of leak "), "{said}");
    assert!(said.contains(", and 2 more) is locked"), "{said}");
    assert_eq!(said.matches("script of leak").count(), 5, "{said}");
    assert_eq!(figures(&database).pool.holders.len(), 0, "all gave them back");
}

#[test]
fn who_waits_for_the_writer_hears_who_has_it() {
    let scratch = Scratch::new();
    let database = opened(&scratch, &request::Open { busy_timeout_ms: Some(50), ..counting() });
    let other = database.act_as("bob", Role::Admin).expect("may");
    let ran = database.transaction(&watch(), |_| {
        std::thread::scope(|scope| {
            let refused = scope.spawn(|| query(&other, "DELETE FROM t").expect_err("is busy")).join().expect("ends");
            let said = refused.to_string();
            assert!(said.contains(" (held by transaction of host for "), "{said}");
        });
        0
    });
    ran.expect("runs");
}

#[test]
fn the_pool_grows_while_somebody_waits_and_shrinks_when_nobody_did() {
    let scratch = Scratch::new();
    let pool = request::Pool { max: Some(6), min_idle: Some(2), idle_ms: Some(150), ..request::Pool::default() };
    let database = opened(&scratch, &request::Open { pool, ..counting() });
    query(&database, "SELECT 1").expect("selects");
    assert_eq!(figures(&database).pool.connections, 3, "the writer and two");
    holding(&database, 5, || {
        assert!(figures(&database).pool.connections >= 6);
        assert_eq!(figures(&database).pool.waits, 0, "growing is no wait");
    });
    assert!(figures(&database).pool.connections >= 6, "not at once");
    // one window in which five were needed may still have to end
    wait_until("it shrinks when it is looked at", || figures(&database).pool.connections == 3);
}

#[test]
fn the_text_for_prometheus_is_strictly_valid() {
    let scratch = Scratch::new();
    let database = opened(&scratch, &request::Open { slow_query_ms: Some(0), ..counting() });
    query(&database, "CREATE INDEX \"odd\\\"\"name\" ON t (c)").expect("makes");
    query(&database, "SELECT a AS [back\\slash \"quote\"\nline ü] FROM t WHERE c = 1").expect("selects");
    query(&database, "SELECT a FROM t").expect("selects");
    database.backup(Some(&scratch.path("b.db")), &request::Backup::default(), &watch()).expect("backs up");
    // two that begin alike for more than is shown
    for tail in ["x", "y"] {
        query(&database, &format!("SELECT {}1 AS {tail}", "1 + ".repeat(600))).expect("selects");
    }
    let page = page(&database);
    let samples = prometheus::parse(&page).unwrap_or_else(|wrong| panic!("{wrong}\n{page}"));
    let calls = |statement| prometheus::value(&samples, "rpmadb_statement_calls_total", Some(statement));
    assert_eq!(calls("select a from t"), Some(1.0));
    assert_eq!(calls("select a as [back\\slash \"quote\"\nline ü] from t where c = ?"), Some(1.0));
    assert_eq!(prometheus::value(&samples, "rpmadb_index_calls", Some("odd\\\"name")), Some(2.0), "one has all in it");
    assert_eq!(prometheus::value(&samples, "rpmadb_verb_calls_total", Some("backup")), Some(1.0));
    assert_eq!(prometheus::value(&samples, "rpmadb_backups_total", None), Some(1.0));
    assert!(prometheus::value(&samples, "rpmadb_backup_last_size_bytes", None).is_some_and(|bytes| bytes > 4_096.0));
    assert_eq!(prometheus::value(&samples, "rpmadb_metrics_enabled", None), Some(1.0));
}
