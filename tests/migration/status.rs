//! What the engine says of a database: states, what was changed by hand, what is refused and how it is accepted.
//!
//! `drift` (the schema changed by hand) and `dry` (dry runs) stand by themselves.
//! Leaves to others: other tools' histories (`adopting`).

mod drift;
mod dry;

use super::*;

const TWO: &[(&str, &str)] = &[("1_a.sql", "CREATE TABLE a (x);"), ("2_b.sql", "CREATE TABLE b (x);")];

fn repair(kit: &Kit, request: request::Repair) -> Result<report::Repair, Error> {
    kit.database.repair(&request, &watch())
}

#[test]
fn every_migration_has_its_state() {
    let kit = kit(&[
        ("1_a.sql", "CREATE TABLE a (x);"),
        ("3_c.sql", "CREATE TABLE c (x);"),
        ("R_v.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 1;"),
    ]);
    assert_eq!(kit.states(), ["1 pending", "3 pending", "R v pending"]);
    kit.migrate().expect("migrates");
    assert_eq!(kit.states(), ["1 applied", "3 applied", "R v applied"]);
    kit.files(&[
        ("2_b.sql", "CREATE TABLE b (x);"),
        ("3_c.sql", "CREATE TABLE c (y);"),
        ("4_d.sql", "CREATE TABLE d (x);"),
        ("R_v.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 2;"),
    ]);
    assert_eq!(kit.states(), ["1 missing", "2 out_of_order", "3 changed", "4 pending", "R v pending"]);
    let report = kit.migrations();
    assert_eq!((report.current, report.latest), (3, 4));
}

#[test]
fn an_applied_migration_tells_who_when_and_how() {
    let scratch = Scratch::new();
    let lua = "return { up = function() end }";
    let folder = scratch.migrations("m", &[TWO[0], ("1_a.down.sql", "DROP TABLE a;"), ("2_l.lua", lua)]);
    let before = now_ms();
    let options = request::Open { actor: Some("ann".into()), ..with_folder(&folder) };
    let (database, report) = try_open(scratch.path("a.db"), &options).expect("opens");
    let ran = report.migrate.expect("ran");
    let states = database.migrations(&watch()).expect("lists").migrations;
    for (state, (kind, reversible)) in states.iter().zip([("sql", true), ("lua", false)]) {
        let found = (state.kind.as_str(), state.reversible, state.origin.as_deref(), state.actor.as_deref());
        assert_eq!(found, (kind, Some(reversible), Some("run"), Some("ann")));
        assert!((before..=now_ms()).contains(&state.applied_at.expect("a time")), "{state:?}");
        assert!(state.duration_ms.is_some_and(|took| (0.0..=ran.duration_ms).contains(&took)), "{state:?}");
        assert_eq!((state.repaired_at, state.repaired_by.as_deref()), (None, None));
    }
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("fits")
}

#[test]
fn a_changed_file_is_refused_with_the_lines_that_changed() {
    let then = "-- about\nCREATE TABLE a (\n  x TEXT,\n  y\n);\nINSERT INTO a VALUES ('é', 1);\n";
    let kit = migrated(&[("1_a.sql", then)]);
    let more = "INSERT INTO a VALUES (2, 2);";
    let now = then.replace("about\n", "another\n\n").replace("x TEXT", "x  INTEGER");
    kit.file("1_a.sql", format!("{now}{more}\n"));
    let error = kit.failure();
    assert_eq!(at(&error), ("MIGRATION_CHANGED", Some("1_a.sql"), Some(4), Some(3), None), "{error}");
    let document = serde_json::to_value(error.document()).expect("JSON");
    let expected = serde_json::json!([
        {"line": 4, "before": "  x TEXT,", "after": "  x  INTEGER,"},
        {"line": 8, "before": null, "after": more}
    ]);
    assert_eq!(document["error"]["changes"], expected);
    let message = "migration 1 was applied with another text than 1_a.sql has now: line 4 was 'x TEXT,' and is 'x  INTEGER,', \
                   and 1 more line(s)";
    assert_eq!(error.to_string(), message);
    kit.file("1_a.sql", then.replace("  y\n", "").replace("x TEXT,", "x TEXT"));
    let document = serde_json::to_value(kit.failure().document()).expect("JSON");
    let changes = document["error"]["changes"].as_array().expect("changes").clone();
    assert!(changes.iter().any(|change| change["before"] == "  y" && change["after"].is_null()), "{changes:?}");
}

#[test]
fn a_changed_lua_file_is_refused_with_its_lines_too() {
    let then = "return { up = function(db)\n  db:exec('CREATE TABLE a (x)')\nend }\n";
    let kit = migrated(&[("1_a.lua", then)]);
    kit.file("1_a.lua", then.replace('\n', "\r\n"));
    assert_eq!(kit.migrate().expect("line endings are no change").applied.len(), 0);
    kit.file("1_a.lua", format!("\u{feff}{then}"));
    assert_eq!(kit.migrate().expect("nor is a byte-order mark").applied.len(), 0);
    kit.file("1_a.lua", then.replace("(x)", "(y)"));
    let error = kit.failure();
    assert_eq!(at(&error), ("MIGRATION_CHANGED", Some("1_a.lua"), Some(2), Some(3), None), "{error}");
}

/// The sum over a Lua file is one over all of its text, which databases have recorded; what it tells apart by comments alone is
/// compared token by token.
#[test]
fn comments_and_spacing_of_a_lua_file_are_no_change() {
    let then =
        "return { up = function(db)\n  db:exec([[CREATE TABLE a (x)]])\n  db:exec('CREATE TABLE b (y)')\nend }\n";
    let kit = migrated(&[("1_a.lua", then)]);
    for same in [
        format!("-- about\n\n{then}\n"),
        then.replace("end }", "--[==[ the\n]] end ]==] end } -- really"),
        then.replace("  db", "\t db").replace(" = ", "="),
        then.replace('\n', "\r\n"),
    ] {
        kit.file("1_a.lua", &same);
        assert_eq!(kit.migrate().expect(&same).applied.len(), 0);
        assert_eq!(kit.states(), ["1 applied"], "{same}");
        assert_eq!(repair(&kit, request::Repair::default()).expect("looks").repaired, Vec::<i64>::new(), "{same}");
        assert_eq!(kit.reopen().expect("opens").1.migrate.map_or(0, |report| report.applied.len()), 0);
    }
    for (now, line, changes) in [
        (then.replace("(x)", "(x )"), 2, 1),
        (format!("--[[ a\n(y)\n]]\n{}", then.replace("(y)", "(y) --")), 6, 1),
        (then.replace("a (x)", "a (\n  -- no comment\n x)"), 2, 3),
        (then.replace("end }", "end,\n-- back\ndown = nil }"), 4, 2),
    ] {
        kit.file("1_a.lua", &now);
        let error = kit.failure();
        assert_eq!((at(&error).0, at(&error).2), ("MIGRATION_CHANGED", Some(line)), "{error}");
        let document = serde_json::to_value(error.document()).expect("JSON");
        assert_eq!(document["error"]["changes"].as_array().map(Vec::len), Some(changes), "{document}");
        assert_eq!(kit.states(), ["1 changed"], "{now}");
    }
}

#[test]
fn only_lines_whose_tokens_changed_are_shown_whatever_the_comments_around_them() {
    let then = "/* one\n   two */\nCREATE TABLE a (x);\nINSERT INTO a VALUES ('p\n\nq');\n";
    let kit = migrated(&[("1_a.sql", then)]);
    kit.file("1_a.sql", then.replace("   two", "   2\n   and three").replace("\nq'", "\nr'"));
    let error = kit.failure();
    let document = serde_json::to_value(error.document()).expect("JSON");
    let expected = serde_json::json!([{"line": 7, "before": "q');", "after": "r');"}]);
    assert_eq!(document["error"]["changes"], expected);
    kit.file("1_a.sql", then.replace("'p\n\nq'", "'p\nq'"));
    let document = serde_json::to_value(kit.failure().document()).expect("JSON");
    assert_eq!(document["error"]["changes"], serde_json::json!([{"line": 5, "before": "", "after": null}]));
}

#[test]
fn a_repeatable_whose_file_is_gone_is_still_listed() {
    let kit = migrated(&[TWO[0], ("R_v.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 1;")]);
    kit.remove("R_v.sql");
    assert_eq!(kit.states(), ["1 applied", "R v removed"]);
    let state = kit.migrations().migrations.remove(1);
    assert_eq!(
        (state.kind.as_str(), state.reversible, state.actor.as_deref()),
        ("repeatable", Some(false), Some("host"))
    );
    assert!(state.applied_at.is_some() && state.duration_ms.is_some());
    assert_eq!(kit.migrations().pending, 0);
    assert!(kit.migrate().expect("is no obstacle").applied.is_empty() && kit.has("v"), "what it made stays");
}

#[test]
fn a_changed_file_is_accepted_by_repair_which_tells_by_whom() {
    let kit = migrated(TWO);
    kit.file("1_a.sql", "CREATE TABLE a (y);");
    kit.file("2_b.sql", "CREATE TABLE b (y);");
    let before = now_ms();
    let ann = kit.database.act_as("ann", Role::Admin).expect("hands out");
    let one = request::Repair { versions: Some(vec![1]), ..request::Repair::default() };
    assert_eq!(ann.repair(&one, &watch()).expect("accepts").repaired, [1]);
    assert_eq!(kit.states(), ["1 applied", "2 changed"]);
    let state = kit.migrations().migrations.remove(0);
    assert_eq!((state.repaired_by.as_deref(), state.actor.as_deref()), (Some("ann"), Some("host")));
    assert!((before..=now_ms()).contains(&state.repaired_at.expect("a time")));
    assert_eq!(kit.failure().status().name(), "MIGRATION_CHANGED");
    assert_eq!(repair(&kit, request::Repair::default()).expect("the rest").repaired, [2]);
    assert_eq!(repair(&kit, request::Repair::default()).expect("nothing").repaired, Vec::<i64>::new());
    assert_eq!(kit.migrate().expect("accepted").applied.len(), 0);
    let unknown = request::Repair { versions: Some(vec![9]), ..request::Repair::default() };
    assert_eq!(refusal(repair(&kit, unknown)), "INVALID_ARGUMENT");
    let supervisor = kit.database.act_as("sue", Role::Supervisor).expect("hands out");
    assert_eq!(refusal(supervisor.repair(&request::Repair::default(), &watch())), "DENIED");
}

#[test]
fn an_applied_file_removed_and_another_added_is_missing() {
    let kit = migrated(TWO);
    kit.files(&[TWO[0], ("3_c.sql", "CREATE TABLE c (x);")]);
    let error = kit.failure();
    assert_eq!(error, Error::MigrationMissing { version: 2, name: "b".into() });
    assert_eq!(error.status().name(), "MIGRATION_MISSING");
    assert_eq!(refusal(kit.reopen()), "MIGRATION_MISSING");
    assert_eq!(kit.states(), ["1 applied", "2 missing", "3 pending"]);
    assert!(!kit.has("c"));
    let out_of_order = request::Migrate { allow_out_of_order: true, ..request::Migrate::default() };
    assert_eq!(refusal(kit.migrate_with(out_of_order)), "MIGRATION_MISSING");
}

#[test]
fn a_late_number_is_out_of_order_unless_allowed_and_gaps_are_fine() {
    let kit = migrated(&[("10_a.sql", "CREATE TABLE a (x);"), ("300_b.sql", "CREATE TABLE b (x);")]);
    kit.file("20_c.sql", "CREATE TABLE c (x);");
    kit.file("400_d.sql", "CREATE TABLE d (x);");
    let error = kit.failure();
    assert_eq!(error, Error::OutOfOrder { version: 20, latest: 300, file: "20_c.sql".into() });
    assert_eq!(kit.states(), ["10 applied", "20 out_of_order", "300 applied", "400 pending"]);
    let allowed = request::Migrate { allow_out_of_order: true, ..request::Migrate::default() };
    assert_eq!(applied(&kit.migrate_with(allowed).expect("allowed")), ["20 c", "400 d"]);
    assert_eq!(kit.migrate().expect("in order now").applied.len(), 0);
}

#[test]
fn a_newer_database_is_refused_unless_it_lets_the_older_set_in() {
    for (head, let_in) in
        [("", false), ("-- rpmadb: compatible-from=1\n", true), ("-- rpmadb: compatible-from=2\n", false)]
    {
        let kit = migrated(&[TWO[0], ("2_b.sql", &format!("{head}CREATE TABLE b (x);"))]);
        let before = kit.contents();
        kit.files(&TWO[..1]);
        match kit.reopen() {
            Ok((_, report)) => {
                let report = report.migrate.expect("looked");
                assert_eq!((let_in, report.from, report.to, report.applied.len()), (true, 2, 2, 0), "{head}");
            }
            Err(error) => {
                assert_eq!((let_in, error), (false, Error::DatabaseTooNew { database: 2, library: 1 }), "{head}");
            }
        }
        assert_eq!(kit.contents(), before, "{head}");
    }
}

#[test]
fn every_newer_migration_has_to_let_the_older_set_in() {
    let lets = "-- rpmadb: compatible-from=1\nCREATE TABLE c (x);";
    let kit = migrated(&[TWO[0], ("2_b.sql", "CREATE TABLE b (x);"), ("3_c.sql", lets)]);
    kit.files(&TWO[..1]);
    assert_eq!(refusal(kit.reopen()), "DATABASE_TOO_NEW", "2 does not");
    kit.files(&[]);
    assert_eq!(refusal(kit.reopen()), "DATABASE_TOO_NEW");
}

#[test]
fn baseline_records_without_running() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    let plain = rusqlite::Connection::open(&path).expect("opens");
    plain.execute_batch("CREATE TABLE a (x); CREATE TABLE b (x)").expect("makes");
    drop(plain);
    let folder = scratch.migrations("m", &[TWO[0], TWO[1], ("3_c.sql", "CREATE TABLE c (x);")]);
    let kit = Kit { database: try_open(&path, &Kept::Wal.options(&folder)).expect("opens").0, scratch };
    let baseline = |target| kit.database.baseline(&request::Baseline { target }, &watch());
    for target in [9, 0, -1] {
        assert_eq!(refusal(baseline(Some(target))), "INVALID_ARGUMENT", "{target}");
    }
    let report = baseline(Some(2)).expect("records");
    assert_eq!((report.from, report.to, report.recorded), (0, 2, vec![1, 2]));
    assert_eq!(kit.migrations().migrations[0].origin.as_deref(), Some("baseline"));
    assert_eq!(kit.migrations().drift, []);
    assert_eq!(applied(&kit.migrate().expect("the rest")), ["3 c"]);
    let report = baseline(None).expect("nothing is left");
    assert_eq!((report.from, report.to, report.recorded), (3, 3, vec![]));
}

#[test]
fn a_number_of_the_hosts_own_in_user_version_is_left_alone() {
    let scratch = Scratch::new();
    let path = scratch.path("a.db");
    rusqlite::Connection::open(&path).expect("opens").execute_batch("PRAGMA user_version = 42").expect("sets");
    let folder = scratch.migrations("m", &[TWO[0], ("1_a.down.sql", "DROP TABLE a;")]);
    let kit = Kit { database: try_open(&path, &Kept::Wal.options(&folder)).expect("opens").0, scratch };
    kit.migrate().expect("migrates");
    kit.file("1_a.sql", "CREATE TABLE a (x); -- a note");
    kit.migrate().expect("nothing");
    kit.rollback(0).expect("goes back");
    kit.database.baseline(&request::Baseline::default(), &watch()).expect("records");
    assert_eq!(kit.value("PRAGMA user_version"), 42);
    assert_eq!(kit.reopen().expect("the history tells").1.migrate.expect("looked").applied.len(), 0);
}

#[test]
fn a_note_in_a_file_costs_one_look_and_then_the_stamp_is_back() {
    let kit = migrated(TWO);
    let first = kit.value("PRAGMA user_version");
    assert_ne!(first, 0);
    kit.reopen().expect("opens");
    assert_eq!(kit.value("PRAGMA user_version"), first);
    kit.file("1_a.sql", "-- a note\nCREATE TABLE a (x);");
    kit.reopen().expect("opens");
    let second = kit.value("PRAGMA user_version");
    assert!(second != first && second != 0, "restamped: {first} {second}");
    kit.reopen().expect("opens");
    assert_eq!(kit.value("PRAGMA user_version"), second);
    kit.file("1_a.sql", TWO[0].1);
    kit.reopen().expect("opens");
    assert_eq!(kit.value("PRAGMA user_version"), first, "the same set has the same stamp");
}

#[test]
fn a_stamp_does_not_outlive_what_it_stands_for() {
    let kit = migrated(&[TWO[0], TWO[1], ("2_b.down.sql", "DROP TABLE b;")]);
    let first = kit.value("PRAGMA user_version");
    kit.rollback(1).expect("goes back");
    assert_eq!(kit.value("PRAGMA user_version"), 0);
    assert_eq!(applied(&kit.reopen().expect("opens").1.migrate.expect("ran")), ["2 b"]);
    assert_ne!(kit.value("PRAGMA user_version"), first, "the schema cookie has moved");
    kit.by_hand("DROP TABLE b");
    let report = kit.reopen().expect("opens").1.migrate.expect("looked");
    assert_eq!(report.drift.len(), 1, "a stamp from before does not hide it");
}
