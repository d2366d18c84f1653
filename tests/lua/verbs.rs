//! The verbs about the history of migrations and the upkeep of the file, from scripts: what they give, who may, and where they
//! are refused.

use super::*;

const SET: [(&str, &str); 4] = [
    ("1_a.sql", "CREATE TABLE a (x, y);"),
    ("1_a.down.sql", "DROP TABLE a;"),
    ("2_b.sql", "CREATE TABLE b (x);"),
    ("2_b.down.sql", "DROP TABLE b;"),
];

/// A database with [`SET`]; nothing is applied.
fn with_set(scratch: &Scratch) -> Database {
    let options = request::Open { migrate: Some(false), ..with_folder(&scratch.migrations("m", &SET)) };
    try_open(scratch.path("a.db"), &options).expect("opens").0
}

fn migrated(scratch: &Scratch) -> Database {
    let database = with_set(scratch);
    database.migrate(&request::Migrate::default(), &watch()).expect("migrates");
    database
}

/// The code and the message that a call raises.
fn raised(database: &Database, call: &str) -> (String, String) {
    let source = format!("local ok, e = pcall(function() {call} end) return {{ ok, e.code, e.message }}");
    let found = result(database, &source);
    assert_eq!(found[0], json!(false), "{call}");
    (found[1].as_str().expect(call).to_owned(), found[2].as_str().expect(call).to_owned())
}

fn check_raised(database: &Database, call: &str, code: &str, message: &str) {
    assert_eq!(raised(database, call), (code.to_owned(), message.to_owned()), "{call}");
}

/// Every one of these verbs with arguments that are right, and whether it writes or is an admin's for another reason.
const CALLS: [(&str, &str, bool); 7] = [
    ("rollback", "db:rollback(0)", true),
    ("adopt", "db:adopt()", true),
    ("baseline", "db:baseline()", true),
    ("repair", "db:repair()", true),
    ("test", "db:test({ crash = false, versions = { 0 } })", true),
    ("lint", "db:lint()", false),
    ("schema", "db:schema()", false),
];

#[test]
fn an_admins_script_steps_back() {
    let scratch = Scratch::new();
    let database = migrated(&scratch);
    let source = "local dry = db:rollback(1, { dry_run = true })
        local r = db:rollback(1)
        return { dry.dry_run, dry.changes.schema[1].name, r.from, r.to, r.reverted[1].version, r.reverted[1].kind, #r.reverted }";
    assert_eq!(result(&database, source), json!([true, "b", 2, 1, 2, "sql", 1]));
    assert_eq!(value(&database, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'"), 0);
    assert_eq!(result(&database, "return #db:migrate().applied"), 1);
    assert_eq!(result(&database, "return db:rollback(0).to"), 0);
    let set_again = "db:migrate() return db:migrations().current";
    assert_eq!(result(&database, set_again), 2);
}

#[test]
fn a_rollback_without_a_right_target_is_refused() {
    let scratch = Scratch::new();
    let database = migrated(&scratch);
    check_raised(&database, "db:rollback(-1)", "invalid_argument", "target is -1 and must be at least 0");
    let above = "target is 3 and the database is at version 2; use migrate to go forward";
    check_raised(&database, "db:rollback(3)", "invalid_argument", above);
    for source in ["db:rollback()", "db:rollback('x')", "db:rollback({})", "db:rollback(1.5)"] {
        let error = failure(&database, source);
        assert_eq!(error.status().name(), "SCRIPT_FAILED", "{source}");
        assert_eq!(error.place().and_then(|place| place.line), Some(1), "{source}");
    }
    assert_eq!(value(&database, "SELECT count(*) FROM rpmadb_migrations"), 2);
    std::fs::remove_file(scratch.path("m/1_a.down.sql")).expect("removes");
    database.query("UPDATE a SET x = 1", None, &watch()).expect("writes");
    scratch.write("m/3_c.sql", "CREATE TABLE c (x);");
    database.migrate(&request::Migrate::default(), &watch()).expect("migrates");
    let one_way = "migration 3 (c) cannot be taken back: it has no down file";
    check_raised(&database, "db:rollback(2)", "irreversible", one_way);
}

#[test]
fn an_admins_script_adopts() {
    let scratch = Scratch::new();
    let database = with_set(&scratch);
    check_raised(&database, "db:adopt()", "migration_failed", "the database has no history of another tool");
    for sql in
        ["CREATE TABLE schema_migrations (version uint64, dirty bool)", "INSERT INTO schema_migrations VALUES (1, 0)"]
    {
        database.query(sql, None, &watch()).expect(sql);
    }
    let source = "local dry = db:adopt({ dry_run = true })
        local r = db:adopt({ tool = 'golang-migrate' })
        return { dry.dry_run, r.dry_run, r.tool, r.table, #r.migrations, r.migrations[1].name, r.migrations[1].verified }";
    assert_eq!(result(&database, source), json!([true, false, "golang-migrate", "schema_migrations", 1, "a", false]));
    assert_eq!(result(&database, "return db:migrations().migrations[1].origin"), "golang-migrate");
}

#[test]
fn an_admins_script_records_a_baseline() {
    let scratch = Scratch::new();
    let database = with_set(&scratch);
    let source = "local r = db:baseline({ target = 1 }) local s = db:baseline()
        return { r.from, r.to, r.recorded, s.from, s.to, s.recorded, db:baseline().recorded }";
    assert_eq!(result(&database, source), json!([0, 1, [1], 1, 2, [2], []]));
    let unknown = "option 'target': there is no migration 9; the latest is 2";
    check_raised(&database, "db:baseline({ target = 9 })", "invalid_argument", unknown);
}

#[test]
fn an_admins_script_repairs() {
    let scratch = Scratch::new();
    let database = migrated(&scratch);
    scratch.write("m/1_a.sql", "CREATE TABLE a (x, y, z);");
    database.query("CREATE INDEX by_hand ON a (x)", None, &watch()).expect("writes");
    assert_eq!(raised(&database, "db:migrate()").0, "migration_changed");
    let source = "local none = db:repair({ versions = { 2 } }) local r = db:repair({ schema = true })
        return { none.repaired, r.repaired, r.accepted[1].name, db:repair().repaired, #db:migrate().applied }";
    assert_eq!(result(&database, source), json!([[], [1], "by_hand", [], 0]));
    check_raised(
        &database,
        "db:repair({ versions = { 9 } })",
        "invalid_argument",
        "option 'versions': 9 is not applied",
    );
}

#[test]
fn an_empty_list_of_versions_is_a_list() {
    let scratch = Scratch::new();
    let database = migrated(&scratch);
    scratch.write("m/1_a.sql", "CREATE TABLE a (x, y, z);");
    assert_eq!(result(&database, "return db:repair({ versions = {} }).repaired"), json!([]));
    assert_eq!(result(&database, "return db:test({ versions = {}, crash = false }).started_from"), json!([]));
}

#[test]
fn scripts_lint_look_at_the_schema_and_try_the_migrations() {
    let scratch = Scratch::new();
    let database = migrated(&scratch);
    scratch.write("m/3_c.sql", "DROP TABLE b;");
    let lint = "local r = db:lint() local w = r.warnings[1] return { r.files, #r.warnings, w.rule, w.file, w.line, w.version }";
    assert_eq!(result(&database, lint), json!([3, 1, "drop-table", "3_c.sql", 1, 3]));
    let schema =
        "local r = db:schema() return { r.version, #r.hash, r.differences == nil, #r.drift, r.objects[1].sql }";
    assert_eq!(result(&database, schema), json!([2, 32, true, 0, "CREATE TABLE a (x, y)"]));
    let elsewhere = "db:schema with another file is not available here";
    check_raised(&database, "db:schema({ compare = 'b.db' })", "unsupported", elsewhere);
    let test = "local r = db:test({ rows = 2, seed = 5, versions = { 0, 2 }, crash = false })
        return { r.passed, r.seed, r.started_from, r.crashes, r.irreversible, #r.problems }";
    assert_eq!(result(&database, test), json!([true, 5, [0, 2], 0, [3], 0]));
    scratch.write("m/4_d.sql", "\nINSERT INTO nowhere VALUES (1);");
    let test = "local r = db:test({ versions = { 2 }, crash = false }) local e = r.problems[1].error
        return { r.passed, e.name, e.file, e.line }";
    assert_eq!(result(&database, test), json!([false, "MIGRATION_FAILED", "4_d.sql", 2]));
}

#[test]
fn wrong_options_are_named() {
    let scratch = Scratch::new();
    let database = migrated(&scratch);
    for (call, key) in [
        ("db:rollback(0, { nope = 1 })", "'nope'"),
        ("db:rollback(0, { dry_run = 'x' })", "'dry_run'"),
        ("db:adopt({ nope = 1 })", "'nope'"),
        ("db:adopt({ tool = 'nobody' })", "'tool'"),
        ("db:baseline({ target = 0 })", "'target'"),
        ("db:repair({ versions = 1 })", "'versions'"),
        ("db:lint({ nope = 1 })", "'nope'"),
        ("db:schema({ nope = 1 })", "'nope'"),
        ("db:test({ rows = 0 })", "'rows'"),
        ("db:test({ versions = { 9 } })", "'versions'"),
    ] {
        let (code, message) = raised(&database, call);
        assert_eq!(code, "invalid_argument", "{call}");
        assert!(message.contains(key), "{call}: {message}");
    }
    assert_eq!(value(&database, "SELECT count(*) FROM rpmadb_migrations"), 2);
}

#[test]
fn a_supervisors_script_may_look_and_not_change() {
    let scratch = Scratch::new();
    let admin = migrated(&scratch);
    let supervisor = admin.act_as("eva", Role::Supervisor).expect("hands out");
    let before = contents(&admin);
    for (verb, call, is_admins) in CALLS {
        if is_admins {
            let (code, message) = raised(&supervisor, call);
            assert_eq!(code, "denied", "{call}");
            assert!(message.starts_with("the role supervisor may not ") && message.ends_with(verb), "{message}");
        } else {
            assert_eq!(result(&supervisor, &format!("return type({call})")), "table", "{call}");
        }
    }
    assert_eq!(contents(&admin), before);
}

#[test]
fn a_refusal_reads_as_at_the_other_doors() {
    let scratch = Scratch::new();
    let supervisor = migrated(&scratch).act_as("eva", Role::Supervisor).expect("hands out");
    let denied = supervisor.rollback(0, &request::Rollback::default(), &watch()).expect_err("denied").to_string();
    assert_eq!(denied, "the role supervisor may not call rollback");
    check_raised(&supervisor, "db:rollback(0)", "denied", &denied);
}

#[test]
fn a_users_script_never_runs() {
    let scratch = Scratch::new();
    let admin = migrated(&scratch);
    let user = admin.act_as("udo", Role::User).expect("hands out");
    for (_, call, _) in CALLS {
        assert_eq!(failure(&user, call).to_string(), "the role user may not call script", "{call}");
    }
}

#[test]
fn inside_a_transaction_what_writes_is_refused() {
    let scratch = Scratch::new();
    let database = migrated(&scratch);
    let before = contents(&database);
    for verb in ["rollback", "adopt", "baseline", "repair"] {
        let call = if verb == "rollback" { "rollback(0)".to_owned() } else { format!("{verb}()") };
        let message = format!("{verb} inside a transaction is not available here");
        check_raised(&database, &format!("db:transaction(function(tx) tx:{call} end)"), "unsupported", &message);
        check_raised(&database, &format!("db:transaction(function(tx) db:{call} end)"), "unsupported", &message);
    }
    assert_eq!(contents(&database), before);
    let looks = "return db:transaction(function(tx) tx:exec('CREATE TABLE mine (x)')
        return { tx:lint().files, tx:schema().objects[3].name, tx:test({ crash = false, versions = { 0 } }).passed } end)";
    assert_eq!(result(&database, looks), json!([2, "mine", true]));
}

#[test]
fn inside_a_migration_there_are_no_verbs() {
    let scratch = Scratch::new();
    let database = migrated(&scratch);
    let before = contents(&database);
    for (verb, call, _) in CALLS {
        scratch.write("m/3_c.lua", format!("return {{ up = function(db)\n  {call}\nend }}"));
        let error = database.migrate(&request::Migrate::default(), &watch()).expect_err(call);
        assert_eq!(
            error.to_string(),
            format!("migration 3 failed: db:{verb} inside a migration is not available here")
        );
        let place = error.place().expect("has a place");
        assert_eq!((place.file.as_deref(), place.line), (Some("3_c.lua"), Some(2)), "{call}");
    }
    assert_eq!(contents(&database), before);
}

// --- optimize, vacuum

/// A database with an index that has no statistics, and with free pages.
fn worn(scratch: &Scratch) -> Database {
    let database = try_open(scratch.path("a.db"), &bare()).expect("opens").0;
    let many = "INSERT INTO a WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
        SELECT i, hex(randomblob(200)) FROM n";
    for sql in ["CREATE TABLE a (x, y)", "CREATE INDEX a_x ON a (x)", many, "DELETE FROM a WHERE x > 200"] {
        database.query(sql, None, &watch()).expect(sql);
    }
    database
}

#[test]
fn an_admins_script_renews_statistics() {
    let scratch = Scratch::new();
    let database = worn(&scratch);
    let statistics = "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'";
    assert_eq!(value(&database, statistics), 0);
    assert_eq!(result(&database, "return math.type(db:optimize().duration_ms)"), "float");
    assert_eq!(rows(&database, "SELECT tbl, idx, stat FROM sqlite_stat1"), [["a", "a_x", "200 1"]]);
    let many = "INSERT INTO a WITH RECURSIVE n(i) AS (SELECT 201 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
        SELECT i, hex(randomblob(200)) FROM n";
    database.query(many, None, &watch()).expect("writes");
    result(&database, "return db:optimize()");
    assert_eq!(rows(&database, "SELECT stat FROM sqlite_stat1"), [["5000 1"]], "a table that grew is looked at again");
}

#[test]
fn an_admins_script_rebuilds_the_file_without_free_space() {
    let scratch = Scratch::new();
    let database = worn(&scratch);
    let free = |database: &Database| value(database, "PRAGMA freelist_count").as_u64().expect("a number");
    assert!(free(&database) > 50);
    let table = contents(&database);
    let found = result(&database, "return db:vacuum()");
    let size = |key: &str| found[key].as_u64().unwrap_or_else(|| panic!("{key} of {found}"));
    assert!(size("size_after_bytes") < size("size_before_bytes") / 2, "{found}");
    assert_eq!((free(&database), contents(&database)), (0, table));
    assert_eq!(
        json!(size("size_after_bytes")),
        value(&database, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    );
    assert_eq!(result(&database, "return db:integrity_check().integrity"), "ok");
    let memory = try_open(":memory:", &bare()).expect("opens").0;
    assert_eq!(result(&memory, "db:exec('CREATE TABLE t (x)') return db:vacuum().size_after_bytes"), 8192);
}

#[test]
fn upkeep_is_refused_where_it_cannot_be_undone_or_is_not_allowed() {
    let scratch = Scratch::new();
    let database = worn(&scratch);
    let supervisor = database.act_as("eva", Role::Supervisor).expect("hands out");
    let before = (contents(&database), value(&database, "PRAGMA freelist_count"));
    for verb in ["optimize", "vacuum"] {
        let inside = format!("{verb} inside a transaction is not available here");
        for db in ["db", "tx"] {
            let call = format!("db:transaction(function(tx) {db}:{verb}() end)");
            check_raised(&database, &call, "unsupported", &inside);
        }
        let denied = format!("the role supervisor may not call {verb}");
        check_raised(&supervisor, &format!("db:{verb}()"), "denied", &denied);

        let dry = request::Script { dry_run: true, ..request::Script::default() };
        let error = database.script(&format!("db:{verb}()"), &dry, &watch()).expect_err("is refused");
        assert_eq!(error.to_string(), format!("db:{verb} in a dry run is not available here"));
        assert_eq!(error.place().and_then(|place| place.line), Some(1), "{verb}");
        let read_only = request::Open { read_only: true, ..bare() };
        let reader = try_open(scratch.path("a.db"), &read_only).expect("opens").0;
        let (code, message) = raised(&reader, &format!("db:{verb}()"));
        assert_eq!(code, "read_only", "{verb}: {message}");
    }
    assert_eq!((contents(&database), value(&database, "PRAGMA freelist_count")), before);
    assert_eq!(
        result(&database, "db:optimize() return db:vacuum().duration_ms > 0"),
        true,
        "none of it stays in the way"
    );
}

// --- integrity_check

const BROKEN: &str = "CHECK constraint failed in prices";

/// A database with a row that breaks a CHECK. SQLite does not load these on a connection that may only read, so that a check on
/// one of the readers found nothing.
fn with_a_broken_check(scratch: &Scratch) -> Database {
    let raw = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    let sql = "CREATE TABLE prices (cents INTEGER CHECK (cents >= 0)); PRAGMA ignore_check_constraints=1;
        INSERT INTO prices VALUES (1), (-1)";
    raw.execute_batch(sql).expect("writes");
    drop(raw);
    try_open(scratch.path("a.db"), &bare()).expect("opens").0
}

#[test]
fn rows_that_break_a_check_are_found() {
    let scratch = Scratch::new();
    let database = with_a_broken_check(&scratch);
    let supervisor = database.act_as("eva", Role::Supervisor).expect("hands out");
    let check = "local r = db:integrity_check() return { r.integrity, r.findings }";
    for database in [&database, &supervisor] {
        assert_eq!(result(database, check), json!([BROKEN, [BROKEN]]));
        assert_eq!(result(database, "return db:diagnostics().integrity"), BROKEN);
    }
    let report = database.diagnostics(&watch()).expect("looks");
    assert_eq!(report.integrity, BROKEN);
    let inside = format!("return db:transaction(function() db:exec('UPDATE prices SET cents = 0') {check} end)");
    assert_eq!(result(&database, &inside), json!(["ok", []]), "what the transaction sees");
    assert_eq!(result(&database, check), json!(["ok", []]));
}

#[test]
fn a_check_of_a_database_in_memory_and_in_a_dry_run_sees_them_too() {
    // the expression holds for the first row when that is inserted, and for none after it
    let source = "db:exec('CREATE TABLE t (x, CHECK (last_insert_rowid() < 1))') db:exec('INSERT INTO t VALUES (1)')
        return { db:integrity_check().findings, db:diagnostics().integrity }";
    let broken = json!([["CHECK constraint failed in t"], "CHECK constraint failed in t"]);
    let memory = try_open(":memory:", &bare()).expect("opens").0;
    assert_eq!(result(&memory, source), broken);
    let scratch = Scratch::new();
    let file = try_open(scratch.path("a.db"), &bare()).expect("opens").0;
    let dry = request::Script { dry_run: true, ..request::Script::default() };
    assert_eq!(file.script(source, &dry, &watch()).expect("runs").result, broken);
    assert_eq!(value(&file, "SELECT count(*) FROM sqlite_schema"), 0);
}

#[test]
fn a_check_writes_nothing_and_leaves_nothing_open() {
    for journal_mode in [request::JournalMode::Wal, request::JournalMode::Delete] {
        let scratch = Scratch::new();
        drop(with_a_broken_check(&scratch));
        let database = try_open(scratch.path("a.db"), &request::Open { journal_mode, ..bare() }).expect("opens").0;
        let state = || (scratch.names(), value(&database, "PRAGMA data_version"), contents(&database));
        let before = state();
        assert_eq!(result(&database, "return db:integrity_check().integrity"), BROKEN);
        assert_eq!(state(), before, "{journal_mode:?}");
        assert_eq!(database.diagnostics(&watch()).expect("looks").open_transactions.len(), 0);
        database.close().expect("closes");
        assert_eq!(scratch.names(), ["a.db"], "the log went with the last connection");
    }
}

#[test]
fn a_handle_that_may_only_read_does_not_open_the_file_for_writing() {
    let scratch = Scratch::new();
    drop(with_a_broken_check(&scratch));
    let options = request::Open { read_only: true, ..bare() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    assert_eq!(result(&database, "return db:integrity_check().findings"), json!([]), "SQLite knows no CHECK there");
}
