//! Stepping back: to a version, from the files or from the history, whole or not at all.
//!
//! Leaves to others: guards on the way back (`guards`), and where an error of a down file is (`errors`).

use super::*;

const THREE: &[(&str, &str)] = &[
    ("1_a.sql", "CREATE TABLE a (x);"),
    ("1_a.down.sql", "DROP TABLE a;"),
    ("2_b.sql", "CREATE TABLE b (x);\nINSERT INTO b VALUES (1);"),
    ("2_b.down.sql", "DROP TABLE b;"),
    ("3_c.sql", "ALTER TABLE b ADD COLUMN y;\nCREATE INDEX b_y ON b (y);"),
    ("3_c.down.sql", "DROP INDEX b_y;\nALTER TABLE b DROP COLUMN y;"),
];

fn reverted(report: &report::Rollback) -> Vec<i64> {
    report.reverted.iter().filter_map(|step| step.version).collect()
}

fn schema(kit: &Kit) -> Vec<report::SchemaObject> {
    kit.database.schema(&request::Schema::default(), &watch()).expect("reads").objects
}

fn hash(kit: &Kit) -> String {
    kit.database.schema(&request::Schema::default(), &watch()).expect("reads").hash
}

#[test]
fn each_version_is_reached_and_left_again_with_the_same_schema() {
    let kit = kit(THREE);
    let mut hashes = vec![hash(&kit)];
    for target in 1..=3 {
        kit.migrate_with(request::Migrate { target: Some(target), ..request::Migrate::default() }).expect("migrates");
        hashes.push(hash(&kit));
    }
    for from in 1..=3 {
        kit.migrate().expect("to the latest");
        kit.rollback(from).expect("to where it starts");
        for target in 0..from {
            let report = kit.rollback(target).expect("goes back");
            assert_eq!((report.from, report.to), (from, target));
            assert_eq!(reverted(&report), (target + 1..=from).rev().collect::<Vec<i64>>());
            assert_eq!(hash(&kit), hashes[target as usize]);
            assert_eq!(kit.migrations().current, target);
            let request = request::Migrate { target: Some(from), ..request::Migrate::default() };
            assert_eq!(kit.migrate_with(request).expect("and forth").applied.len() as i64, from - target);
            assert_eq!(hash(&kit), hashes[from as usize]);
        }
    }
}

#[test]
fn at_zero_nothing_of_the_set_is_left() {
    let kit = migrated(THREE);
    let report = kit.rollback(0).expect("goes back");
    assert_eq!((report.from, report.to, reverted(&report)), (3, 0, vec![3, 2, 1]));
    assert_eq!(schema(&kit).len(), 0);
    assert_eq!(kit.states(), ["1 pending", "2 pending", "3 pending"]);
    kit.assert_enforced();
    assert_eq!(kit.rollback(0).expect("there already").reverted.len(), 0);
    assert_eq!(kit.migrate().expect("up again").applied.len(), 3);
}

#[test]
fn a_way_back_that_fails_keeps_everything() {
    let kit = migrated(THREE);
    kit.file("2_b.down.sql", "DROP TABLE b;\nDROP TABLE nowhere;");
    let before = kit.contents();
    let error = kit.rollback(0).expect_err("fails");
    assert_eq!(at(&error), ("MIGRATION_FAILED", Some("2_b.down.sql"), Some(2), Some(1), Some(2)), "{error}");
    assert_eq!(kit.contents(), before);
    assert_eq!(kit.states(), ["1 applied", "2 applied", "3 applied"]);
    kit.assert_enforced();
}

#[test]
fn the_history_has_the_way_back_when_the_folder_has_lost_it() {
    for rest in [&THREE[..2], &[("1_a.sql", THREE[0].1), ("2_b.sql", THREE[2].1), ("3_c.sql", THREE[4].1)][..], &[]] {
        let kit = migrated(THREE);
        kit.files(rest);
        let report = kit.rollback(0).expect("goes back by the history");
        assert_eq!(reverted(&report), [3, 2, 1]);
        assert_eq!(schema(&kit).len(), 0);
    }
}

#[test]
fn long_ways_back_come_out_of_the_history_as_they_went_in() {
    let long: String = (0..200).map(|n| format!("INSERT INTO log VALUES ({n}, 'é日本');\n")).collect();
    let kit = migrated(&[
        ("1_log.sql", "CREATE TABLE log (n, t);"),
        ("2_b.sql", "CREATE TABLE b (x);"),
        ("2_b.down.sql", &format!("{long}DROP TABLE b;")),
    ]);
    kit.files(&[("1_log.sql", "CREATE TABLE log (n, t);")]);
    kit.rollback(1).expect("goes back");
    assert_eq!(kit.value("SELECT count(*) || max(t) || sum(n) FROM log"), "200é日本19900");
}

#[test]
fn without_a_way_back_nothing_runs() {
    for (name, text) in [
        ("2_b.sql", "CREATE TABLE b (x);"),
        ("2_b.lua", "return { up = function(db) db:exec('CREATE TABLE b (x)') end }"),
        ("", ""),
    ] {
        let kit = kit(&THREE[..2]);
        if name.is_empty() {
            kit.database.add_step(host(2, "CREATE TABLE b (x)", None)).expect("adds");
        } else {
            kit.file(name, text);
        }
        kit.file("3_c.lua", "return { up = function(db) end, down = function(db) db:exec('DROP TABLE a') end }");
        kit.migrate().expect("migrates");
        assert_eq!(kit.migrations().migrations[1].reversible, Some(false), "{name}");
        let before = kit.contents();
        let error = kit.rollback(0).expect_err("refused");
        let Error::Irreversible { version, .. } = &error else { panic!("{name}: {error}") };
        assert_eq!((*version, error.status().name()), (2, "IRREVERSIBLE"));
        assert_eq!(kit.contents(), before);
        assert_eq!(reverted(&kit.rollback(2).expect("as far as there is a way")), [3]);
    }
}

#[test]
fn code_that_is_gone_has_no_way_back() {
    let kit = kit(&[]);
    kit.database.add_step(host(1, "CREATE TABLE a (x)", Some("DROP TABLE a"))).expect("adds");
    kit.migrate().expect("migrates");
    kit.database.close().expect("closes");
    let database = try_open(kit.scratch.path("a.db"), &Kept::Wal.options(&kit.folder())).expect("opens").0;
    let error = database.rollback(0, &request::Rollback::default(), &watch()).expect_err("refused");
    assert_eq!(error.status().name(), "IRREVERSIBLE", "{error}");
    assert!(error.to_string().contains("is not registered"), "{error}");
}

#[test]
fn lua_and_the_host_go_back_by_their_own_code() {
    let text = "return { up = function(db) db:exec('CREATE TABLE l (x)') end, down = function(db) db:exec('DROP TABLE l') end }";
    for lost in [false, true] {
        let kit = kit(&[("1_l.lua", text)]);
        kit.database.add_step(host(2, "CREATE TABLE h (x)", Some("DROP TABLE h"))).expect("adds");
        kit.migrate().expect("migrates");
        assert!(kit.migrations().migrations.iter().all(|state| state.reversible == Some(true)));
        if lost {
            kit.remove("1_l.lua");
        }
        let report = kit.rollback(0).expect("goes back");
        let kinds: Vec<&str> = report.reverted.iter().map(|step| step.kind).collect();
        assert_eq!(kinds, ["host", "lua"]);
        assert_eq!(schema(&kit).len(), 0);
    }
}

/// What `migrations` calls reversible has a way back.
#[test]
fn a_lua_file_that_lost_its_way_back_goes_back_by_the_history() {
    let text = "return { up = function(db) db:exec('CREATE TABLE l (x)') end, down = function(db) db:exec('DROP TABLE l') end }";
    let kit = migrated(&[("1_l.lua", text)]);
    kit.file("1_l.lua", "return { up = function(db) db:exec('CREATE TABLE l (x)') end }");
    let reversible = kit.migrations().migrations[0].reversible;
    match kit.rollback(0) {
        Ok(_) => assert_eq!((reversible, kit.has("l")), (Some(true), false)),
        Err(error) => assert_eq!((reversible, error.status().name()), (Some(false), "IRREVERSIBLE"), "{error}"),
    }
}

/// `repair` wrote the way up in place of a way back whose file was gone, and a rollback ran it.
#[test]
fn an_accepted_change_does_not_turn_the_way_up_into_a_way_back() {
    let kit = migrated(&[("1_a.sql", "CREATE TABLE IF NOT EXISTS a (x);"), ("1_a.down.sql", "DROP TABLE a;")]);
    kit.files(&[("1_a.sql", "CREATE TABLE IF NOT EXISTS a (x); -- and\nSELECT 1;")]);
    kit.database.repair(&request::Repair::default(), &watch()).expect("accepts");
    match kit.rollback(0) {
        Ok(_) => assert!(!kit.has("a"), "by the way back that the history had"),
        Err(error) => assert_eq!((error.status().name(), kit.has("a")), ("IRREVERSIBLE", true), "{error}"),
    }
}

#[test]
fn a_dry_run_tells_what_would_change_and_keeps_everything() {
    let kit = migrated(THREE);
    let before = kit.contents();
    let request = request::Rollback { dry_run: true, ..request::Rollback::default() };
    let report = kit.database.rollback(1, &request, &watch()).expect("runs dry");
    assert_eq!((report.from, report.to, report.dry_run, reverted(&report)), (3, 1, true, vec![3, 2]));
    let changes = report.changes.expect("measured");
    let schema: Vec<(&str, &str)> = changes.schema.iter().map(|change| (change.change, change.name.as_str())).collect();
    assert_eq!(schema, [("removed", "b_y"), ("removed", "b")]);
    assert_eq!(
        changes.rows.into_iter().collect::<Vec<_>>(),
        [("b".to_owned(), report::RowChange { before: Some(1), after: None })]
    );
    assert_eq!(kit.contents(), before);
    kit.assert_enforced();
    let request = request::Rollback { dry_run: true, ..request::Rollback::default() };
    kit.file("2_b.down.sql", "DROP TABLE nowhere;");
    assert_eq!(refusal(kit.database.rollback(1, &request, &watch())), "MIGRATION_FAILED");
    assert_eq!(kit.contents(), before);
}

#[test]
fn repeatables_go_with_the_rollback_and_come_back_with_the_latest() {
    let kit = migrated(THREE);
    kit.file("R_v.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT y FROM b;");
    kit.migrate().expect("migrates");
    assert_eq!(reverted(&kit.rollback(1).expect("a view on what goes is no hindrance")), [3, 2]);
    assert!(!kit.has("v"));
    assert_eq!(kit.states(), ["1 applied", "2 pending", "3 pending", "R v pending"]);
    assert_eq!(applied(&kit.migrate().expect("up again")), ["2 b", "3 c", "R v"]);
    assert!(kit.has("v"));
}

#[test]
fn wrong_targets_are_refused() {
    let kit = migrated(&[("1_a.sql", "SELECT 1;"), ("3_c.sql", "SELECT 1;"), ("3_c.down.sql", "SELECT 1;")]);
    let before = kit.contents();
    for (target, said) in
        [(-1, "at least 0"), (2, "is not applied"), (4, "use migrate to go forward"), (i64::MIN, "at least 0")]
    {
        let error = kit.rollback(target).expect_err("refused");
        assert_eq!(error.status().name(), "INVALID_ARGUMENT", "{target}");
        assert!(error.to_string().contains(said) && error.to_string().starts_with("target "), "{error}");
    }
    assert_eq!(kit.rollback(3).expect("there already").reverted.len(), 0);
    assert_eq!(kit.contents(), before);
}

#[test]
fn only_an_admin_goes_back_and_only_outside_a_transaction() {
    let kit = migrated(THREE);
    let supervisor = kit.database.act_as("sue", Role::Supervisor).expect("hands out");
    assert_eq!(refusal(supervisor.rollback(0, &request::Rollback::default(), &watch())), "DENIED");
    let outcome = kit.database.transaction(&watch(), |bound| {
        let before = contents(bound);
        assert_eq!(refusal(bound.rollback(0, &request::Rollback::default(), &watch())), "UNSUPPORTED");
        assert_eq!(refusal(bound.migrate(&request::Migrate::default(), &watch())), "UNSUPPORTED");
        assert_eq!(contents(bound), before);
        0
    });
    assert!(outcome.expect("runs").committed);
    assert_eq!(kit.states(), ["1 applied", "2 applied", "3 applied"]);
}

#[test]
fn what_cannot_be_in_a_transaction_is_refused_with_nothing_done() {
    for text in
        ["DROP TABLE b;\nVACUUM;", "-- rpmadb: transaction=off\nDROP TABLE b;", "BEGIN;\nDROP TABLE b;", "COMMIT;"]
    {
        let kit = migrated(&THREE[..4]);
        kit.file("2_b.down.sql", text);
        let before = kit.contents();
        let error = kit.rollback(1).expect_err(text);
        assert!(matches!(error.status().name(), "MIGRATION_FAILED" | "MIGRATION_INVALID"), "{text}: {error}");
        assert_eq!(error.place().and_then(|place| place.file.as_deref()), Some("2_b.down.sql"), "{text}: {error}");
        assert_eq!(kit.contents(), before, "{text}");
        kit.assert_enforced();
    }
}

#[test]
fn the_embedded_set_goes_down_to_four_and_up_again_with_the_same_schema() {
    let scratch = Scratch::new();
    let database = crate::support::open(scratch.path("a.db"));
    let read = || database.schema(&request::Schema::default(), &watch()).expect("reads");
    let latest = read();
    let error = database.rollback(0, &request::Rollback::default(), &watch()).expect_err("004 has no way back");
    assert!(matches!(error, Error::Irreversible { version: 4, .. }), "{error}");
    let mut at = latest.version;
    while at > 4 {
        at -= 1;
        let report = database
            .rollback(at, &request::Rollback::default(), &watch())
            .unwrap_or_else(|error| panic!("to {at}: {error}"));
        assert_eq!(report.reverted.len(), 1);
        assert_eq!(read().drift, []);
    }
    let report = database.migrate(&request::Migrate::default(), &watch()).expect("up again");
    assert_eq!((report.from, report.to), (4, latest.version));
    assert_eq!(read().hash, latest.hash);
}

/// A numbered migration may stand on a repeatable that was there before it.
#[test]
fn what_stands_on_a_repeatable_is_there_again_after_going_back_and_forth() {
    let made = "CREATE TABLE log (x);\nCREATE TRIGGER v_add INSTEAD OF INSERT ON v BEGIN INSERT INTO log VALUES (NEW.x); END;\n\
                CREATE VIEW w AS SELECT x FROM v;";
    let kit = migrated(&[
        ("1_a.sql", "CREATE TABLE a (x);"),
        ("R_v.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT x FROM a;"),
    ]);
    kit.file("2_b.sql", made);
    kit.migrate().expect("migrates");
    kit.file("3_c.sql", "CREATE TABLE c (x);");
    kit.file("3_c.down.sql", "ALTER TABLE c RENAME TO d;\nDROP TABLE d;");
    kit.migrate().expect("migrates");
    let latest = hash(&kit);
    kit.rollback(2).expect("goes back");
    kit.migrate().expect("and forth");
    assert_eq!(hash(&kit), latest);
    kit.query("INSERT INTO v (x) VALUES (5)").expect("the trigger is there");
}
