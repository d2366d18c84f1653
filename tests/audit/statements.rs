//! What a record says of statements: which ones, by whom inside a script or a transaction, and never what stands in them.

use super::recording::{INSERT, insert, with_notes};
use super::*;
use crate::support::bytes;

#[test]
fn values_that_stand_in_sql_are_nowhere_in_the_files() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    for sql in [
        "SELECT text FROM notes WHERE text = 'Margarete Sommerfeld'",
        "SELECT text FROM notes WHERE text = \"Margarete Sommerfeld\" OR text IN (x'4d', 'Margarete Sommerfeld')",
        "DELETE FROM notes WHERE text = 'Margarete Sommerfeld' -- Margarete Sommerfeld",
        "SELECT nonsense('Margarete Sommerfeld')",
        "SELECT 'Margarete Sommerfeld",
    ] {
        let _ = query(&database, sql);
    }
    let request = request::Audit { verify: true, ..request::Audit::default() };
    let shown = serde_json::to_string(&audit(&database, &request)).expect("serialises");
    assert!(shown.matches("notes WHERE text").count() >= 3, "{shown}");
    database.close().expect("closes");
    assert_eq!(scratch.names(), ["a.db", "m"]);
    for name in ["a.db", "a.db-audit"] {
        let found = bytes(&scratch.path(name));
        assert!(!String::from_utf8_lossy(&found).contains("Sommerfeld"), "{name}");
    }
    assert!(!shown.contains("Sommerfeld"));
}

#[test]
fn literals_are_kept_when_the_host_wants_them_and_never_what_is_on_its_list() {
    let scratch = Scratch::new();
    let kept = request::AuditLog {
        literals: true,
        redact: vec!["sommerfeld".into(), "Anna".into()],
        ..request::AuditLog::default()
    };
    let options = request::Open { actor: Some("ANNA".into()), ..with_audit(kept) };
    let database = with_notes(&scratch, &options);
    query(&database, "SELECT 'Margarete Sommerfeld', 7").expect("reads");
    let last = records(&database).pop().expect("one");
    assert_eq!(told(&last), "[redacted] admin rust query ok SELECT 'Margarete [redacted]', 7");
}

#[test]
fn what_a_script_does_is_recorded_as_the_scripts() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    let folder = request::BackupFolder {
        folder: Some(crate::support::text(&scratch.path("backups"))),
        ..request::BackupFolder::default()
    };
    let database = with_notes(&scratch, &request::Open { backup: folder, ..request::Open::default() });
    let source = "
        db:transaction(function()
            local insert <close> = db:prepare('INSERT INTO notes VALUES (?)')
            for number = 1, 5 do insert:run(number) end
            db:exec('UPDATE notes SET text = 9 WHERE text = 1')
        end)
        db:backup()
        db:stats()
        pcall(function() db:backup('../x') end)
        return 1";
    let request = request::Script { name: Some("night".into()), ..request::Script::default() };
    database.script(source, &request, &watch()).expect("runs");
    let found: Vec<String> = records(&database)[1..].iter().map(told).collect();
    assert_eq!(
        found,
        [
            "host admin lua script ok night: INSERT INTO notes VALUES (?) (x5); UPDATE notes SET text = ? WHERE text = ?",
            "host admin lua backup ok -",
            "host admin lua stats ok -",
            "host admin lua backup error -",
            "host admin rust script ok night",
        ]
    );
}

/// What a script had rolled back stood in the record of what it committed next.
#[test]
fn a_record_names_no_statement_that_was_rolled_back() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    let source = "
        pcall(function() db:transaction(function()
            db:exec('UPDATE notes SET text = 1')
            error('no')
        end) end)
        pcall(function() db:exec('INSERT INTO notes VALUES (NULL)') end)
        db:exec('DELETE FROM notes')
        db:transaction(function()
            db:exec('INSERT INTO notes VALUES (7)')
            pcall(function() db:exec('INSERT INTO notes SELECT NULL') end)
            local fails <close> = db:prepare('REPLACE INTO notes VALUES (?)')
            pcall(function() fails:run(nil) end)
            pcall(function() db:transaction(function()
                db:exec('UPDATE notes SET text = 2')
                error('no')
            end) end)
        end)";
    database.script(source, &request::Script::default(), &watch()).expect("runs");
    let found: Vec<String> = records(&database)[1..].iter().map(told).collect();
    assert_eq!(
        found,
        [
            "host admin lua script ok script: DELETE FROM notes",
            "host admin lua script ok script: INSERT INTO notes VALUES (?)",
            "host admin rust script ok script",
        ]
    );
}

/// A statement on the outer of two transactions was told of the inner, because that was the call around it on its thread.
#[test]
fn a_statement_is_told_of_its_own_transaction_and_no_other() {
    let (one, two) = (Scratch::new(), Scratch::new());
    let outer = with_notes(&one, &request::Open::default());
    let inner = with_notes(&two, &request::Open::default());
    let outcome = outer.transaction(&watch(), |outer| {
        let outcome = inner.transaction(&watch(), |_| {
            insert(outer, "x");
            0
        });
        i32::from(outcome.is_err())
    });
    assert!(outcome.expect("commits").committed);
    let changes = |database: &Database| -> Vec<String> {
        let all = records(database);
        all.iter().filter(|record| record.verb == "transaction").map(told).collect()
    };
    assert_eq!(changes(&outer), [format!("host admin rust transaction ok {INSERT}")]);
    assert_eq!(changes(&inner), ["host admin rust transaction ok -"], "which did nothing");
}

pub(super) fn run_as_stranger(scratch: &Scratch, sql: &str) {
    stranger(&scratch.path("a.db")).execute_batch(sql).expect(sql);
}

/// The table that lists prepared statements had the mark of ours, and a statement of ours found by its text may write the audit.
#[test]
fn the_texts_of_our_own_statements_are_shown_to_nobody() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    insert(&database, "x");
    verified(&database);
    let list = "SELECT sql FROM sqlite_stmt";
    let mut shown = format!("{:?}", query(&database, list));
    let outcome = database.transaction(&watch(), |bound| {
        shown += &format!("{:?}", query(bound, list));
        0
    });
    outcome.expect("commits");
    assert!(!shown.contains("/* "), "{shown}");
}

/// What a script did before it failed was committed with the transaction around it, and the record did not name it.
#[test]
fn a_transaction_names_what_a_script_in_it_did_before_it_failed() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    let outcome = database.transaction(&watch(), |bound| {
        let source = "db:exec('INSERT INTO notes VALUES (1)') error('no')";
        let failed = bound.script(source, &request::Script::default(), &watch());
        i32::from(failed.is_ok())
    });
    assert!(outcome.expect("commits").committed);
    let rows = value(&database, "SELECT count(*) FROM notes");
    let all = records(&database);
    let change = all.iter().find(|record| record.verb == "transaction").expect("is recorded");
    assert_eq!((rows, change.rows, change.target.as_deref()), (1.into(), 1, Some("INSERT INTO notes VALUES (?)")));
}

#[test]
fn a_script_of_several_statements_names_them() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    let source = "db:script(\"INSERT INTO notes VALUES ('a'); UPDATE notes SET text = 'b';\")
                  for row in db:nrows('INSERT INTO notes VALUES (9) RETURNING text') do end";
    database.script(source, &request::Script::default(), &watch()).expect("runs");
    let found: Vec<String> = records(&database)[1..].iter().map(told).collect();
    assert_eq!(
        found,
        [
            "host admin lua script ok script: INSERT INTO notes VALUES (?); UPDATE notes SET text = ?",
            "host admin lua script ok script: INSERT INTO notes VALUES (?) RETURNING text",
            "host admin rust script ok script",
        ]
    );
}

/// A script could try what its role may not, catch the refusal, and leave no trace of it.
#[test]
fn what_is_denied_inside_a_script_is_recorded_though_it_catches_that() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    let anna = database.act_as("anna", Role::Supervisor).expect("acts");
    let source = "
        local tries = {
            function() db:exec('DELETE FROM notes') end,
            function() db:query('DELETE FROM notes RETURNING text') end,
            function() db:query('SELECT actor FROM rpmadb_audit') end,
            function() db:transaction(function() end) end,
            function() db:script('DELETE FROM notes') end,
            function() db:vacuum() end,
        }
        local failed = 0
        for _, try in ipairs(tries) do if not pcall(try) then failed = failed + 1 end end
        return failed";
    let report = anna.script(source, &request::Script::default(), &watch()).expect("runs");
    assert_eq!(report.result, 6);
    let denied: Vec<String> = records(&database).iter().filter(|record| record.outcome == "denied").map(told).collect();
    assert_eq!(
        denied,
        [
            "anna supervisor lua query denied DELETE FROM notes",
            "anna supervisor lua query denied DELETE FROM notes RETURNING text",
            "anna supervisor lua query denied SELECT actor FROM rpmadb_audit",
            "anna supervisor lua transaction denied -",
            "anna supervisor lua query denied DELETE FROM notes",
            "anna supervisor lua vacuum denied -",
        ]
    );
}

/// The record of a dry run said the same as that of a migration that was applied.
#[test]
fn a_dry_run_is_told_from_the_real_one() {
    let scratch = Scratch::new();
    let database = with_notes(&scratch, &request::Open::default());
    scratch.write("m/2_more.sql", "CREATE TABLE more (a);");
    scratch.write("m/2_more.down.sql", "DROP TABLE more;");
    let dry = request::Migrate { dry_run: true, ..request::Migrate::default() };
    database.migrate(&dry, &watch()).expect("tries");
    database.migrate(&request::Migrate::default(), &watch()).expect("migrates");
    let back = request::Rollback { dry_run: true, ..request::Rollback::default() };
    database.rollback(1, &back, &watch()).expect("tries");
    let script = request::Script { dry_run: true, ..request::Script::default() };
    database.script("db:exec('DELETE FROM notes')", &script, &watch()).expect("tries");
    let found: Vec<String> = records(&database)[1..].iter().map(told).collect();
    assert_eq!(
        found,
        [
            "host admin rust migrate ok 1 to 2 (dry run)",
            "host admin rust migrate ok 1 to 2",
            "host admin rust rollback ok to 1 (dry run)",
            "host admin rust script ok script (dry run)",
        ]
    );
}
