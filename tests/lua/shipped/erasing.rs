//! `erase_client`: nothing of the client is left, and nothing of anybody else is gone.

use super::workshop::{DAY, START, person};
use super::*;

/// What was known of Eve, in every spelling that [`Workshop::eve`] uses.
const TRACES: [&str; 6] =
    ["Eve Moneypenny", "eve.moneypenny@example.net", "EVE.MONEYPENNY@", "07 99 88 77 66", "0799887766", "33799887766"];

/// Where a text stands in the database, whatever its case: table and column.
fn places_of(database: &Database, wanted: &str) -> Vec<String> {
    let mut found = Vec::new();
    let columns = "SELECT m.name, c.name FROM sqlite_schema AS m JOIN pragma_table_xinfo(m.name) AS c
        WHERE m.type = 'table' AND c.hidden <> 1 ORDER BY 1, 2";
    for pair in rows(database, columns) {
        let (table, column) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        let sql = format!(
            "SELECT count(*) FROM \"{table}\" WHERE instr(lower(CAST(\"{column}\" AS TEXT)), lower('{wanted}'))"
        );
        if value(database, &sql) != 0 {
            found.push(format!("{table}.{column}"));
        }
    }
    found
}

fn erase(database: &Database, id: &str) -> Json {
    shipped(database, "erase_client", json!({"client_id": id, "dry_run": false}))
}

fn eve(what: &str) -> (Workshop, Database) {
    let workshop = Workshop::new(seed(what));
    workshop.eve();
    workshop.damage(&format!(
        "INSERT INTO notifications (id, user_id, notification_type, title, body, created_at) VALUES
           ('loose', 'u1', 'system', 'Eve Moneypenny called', 'ask: eve.moneypenny@example.net.', {START}),
           ('namesake', 'u1', 'system', 'Steve Moneypenny and Eve Moneypennyworth called', '', {START});
         UPDATE application_settings SET value = 'by Eve Moneypenny' WHERE key = 'workshop.name'"
    ));
    let database = workshop.open();
    (workshop, database)
}

#[test]
fn an_erased_client_leaves_no_trace() {
    let (_workshop, database) = eve("erase");
    let schema = contents(&database)["the schema"].clone();
    for trace in TRACES {
        assert!(!places_of(&database, trace).is_empty(), "{trace} is there before");
    }
    let found = erase(&database, "eve");
    let wanted = json!([
        {"table": "clients", "emptied": 1, "redacted": 0},
        {"table": "application_settings", "emptied": 0, "redacted": 1},
        {"table": "intervention_steps", "emptied": 1, "redacted": 1},
        {"table": "interventions", "emptied": 1, "redacted": 0},
        {"table": "material_consumption", "emptied": 0, "redacted": 1},
        {"table": "notifications", "emptied": 0, "redacted": 4},
        {"table": "photos", "emptied": 1, "redacted": 1},
        {"table": "quote_items", "emptied": 0, "redacted": 1},
        {"table": "quotes", "emptied": 1, "redacted": 0},
        {"table": "settings_audit_log", "emptied": 0, "redacted": 2},
        {"table": "tasks", "emptied": 1, "redacted": 1},
    ]);
    assert_eq!(found["tables"], wanted);
    assert_eq!((&found["traces"], &found["traces_left"]), (&json!([]), &json!(0)));
    assert_eq!((&found["search_indexes"], &found["photo_files"]), (&json!(["clients_fts"]), &json!(1)));
    assert_eq!((&found["not_searched"], &found["vacuumed"]), (&json!([]), &json!(false)));

    assert_eq!(places_of(&database, TRACES[0]), ["notifications.title"], "of the namesake");
    for trace in &TRACES[1..] {
        assert_eq!(places_of(&database, trace), Vec::<String>::new(), "{trace}");
    }
    let text = |sql: &str| rows(&database, sql).concat();
    assert_eq!(
        text("SELECT title, body FROM notifications WHERE id IN ('eve-n', 'loose', 'namesake') ORDER BY id"),
        [
            "Task for ***, ***, ***",
            "***, ***",
            "*** called",
            "ask: ***.",
            "Steve Moneypenny and Eve Moneypennyworth called",
            "",
        ]
    );
    assert_eq!(text("SELECT file_path FROM photos WHERE id = 'eve-p'"), ["photos/***/1.jpg"]);
    assert_eq!(contents(&database)["the schema"], schema, "what guards accepted quotes is back");
    let searched =
        "SELECT count(*) FROM clients_fts WHERE clients_fts MATCH 'moneypenny OR universal OR paris OR matte'";
    assert_eq!(value(&database, searched), 0);
    assert_eq!(value(&database, "SELECT count(*) FROM clients_fts WHERE clients_fts MATCH '\"erased client\"'"), 1);
    let words = "SELECT count(*) FROM clients_fts_data WHERE instr(lower(CAST(block AS TEXT)), 'moneypenny') OR instr(block, CAST('eypenny' AS BLOB))";
    assert_eq!(value(&database, words), 0, "nor in the parts of the index that are merged later");
}

#[test]
fn work_and_sums_of_an_erased_client_stay() {
    let (_workshop, database) = eve("erase");
    let facts = "SELECT t.task_number, t.status, q.status, q.total_cents, q.client_id, i.status, s.status, m.quantity
        FROM tasks t JOIN quotes q ON q.task_id = t.id JOIN interventions i ON i.task_id = t.id
        JOIN intervention_steps s ON s.intervention_id = i.id JOIN material_consumption m ON m.step_id = s.id
        WHERE t.client_id = 'eve'";
    let before = rows(&database, facts);
    assert_eq!(before.len(), 1);
    erase(&database, "eve");
    assert_eq!(rows(&database, facts), before);
    let client =
        rows(&database, "SELECT * FROM clients WHERE id = 'eve' AND deleted_at > 0 AND updated_at > created_at");
    let texts: Vec<&str> = client[0].iter().filter_map(Json::as_str).collect();
    assert_eq!(texts, ["eve", "individual", "erased client", "FR"]);
}

#[test]
fn nobody_else_is_touched() {
    let (workshop, database) = eve("others");
    workshop.damage(
        "UPDATE clients SET notes = 'friend of Eve Moneypenny' WHERE id = 'c001';
         INSERT INTO tasks (id, task_number, client_id, title, created_at, updated_at)
           VALUES ('shared', 'T-shared', 'c002', 'Car of Eve Moneypenny', 1, 1);
         INSERT INTO notifications (id, user_id, task_id, notification_type, title, created_at)
           VALUES ('shared', 'u2', 'shared', 'system', 'Eve Moneypenny brings the car', 1);
         UPDATE users SET full_name = 'Eve Moneypenny' WHERE id = 'u3';
         UPDATE suppliers SET email = 'eve.moneypenny@example.net'",
    );
    let of_others = |database: &Database| {
        [
            "SELECT * FROM clients WHERE id <> 'eve' ORDER BY id",
            "SELECT * FROM client_search_documents WHERE client_id <> 'eve' ORDER BY document_id",
            "SELECT * FROM tasks WHERE client_id <> 'eve' ORDER BY id",
            "SELECT * FROM interventions WHERE id <> 'eve-i' ORDER BY id",
            "SELECT * FROM quotes WHERE client_id <> 'eve' ORDER BY id",
            "SELECT * FROM quote_items WHERE quote_id <> 'eve-q' ORDER BY id",
            "SELECT * FROM notifications WHERE id = 'shared'",
            "SELECT * FROM users ORDER BY id",
            "SELECT * FROM suppliers ORDER BY id",
            "SELECT * FROM material_stock_movements ORDER BY id",
            "SELECT * FROM task_status_history ORDER BY id",
        ]
        .map(|sql| rows(database, sql))
    };
    let before = of_others(&database);
    let found = erase(&database, "eve");
    assert_eq!(of_others(&database), before);
    let trace = |table: &str, column: &str| json!({"table": table, "column": column, "rows": 0, "rows_of_others": 1});
    let wanted = json!([
        trace("clients", "notes"),
        trace("client_search_documents", "notes"),
        trace("notifications", "title"),
        trace("suppliers", "email"),
        trace("tasks", "title"),
        trace("users", "full_name"),
    ]);
    assert_eq!((&found["traces"], &found["traces_left"]), (&wanted, &json!(0)));
}

#[test]
fn each_client_of_a_workshop_can_be_erased() {
    let workshop = Workshop::new(seed("erase all"));
    let database = workshop.open();
    for number in 1..=workshop.clients.min(12) {
        let (name, email, phone, e164) = person(number);
        let found = erase(&database, &format!("c{number:03}"));
        assert_eq!((&found["traces"], &found["traces_left"]), (&json!([]), &json!(0)), "{name}");
        for trace in [name, email, phone, e164] {
            assert_eq!(places_of(&database, &trace), Vec::<String>::new(), "{trace}");
        }
    }
    assert_eq!(shipped(&database, "integrity_sweep", json!({}))["sound"], json!(true));
}

#[test]
fn a_name_is_found_with_and_without_accents_and_whatever_its_case() {
    let workshop = Workshop::new(seed("accents"));
    workshop.damage(
        "INSERT INTO clients (id, name, email, created_at, updated_at) VALUES
           ('elise', 'Élise [x*?] Maréchal', 'élise@example.org', 1, 1), ('elisee', 'Elisee [x*?] Marechal', NULL, 1, 1);
         INSERT INTO notifications (id, user_id, notification_type, title, created_at) VALUES
           ('a', 'u1', 'system', 'Élise [x*?] Maréchal', 1),
           ('b', 'u1', 'system', 'ÉLISE [X*?] MARÉCHAL!', 1),
           ('c', 'u1', 'system', '(elise [x*?] marechal) ELISE@example.org', 1),
           ('d', 'u1', 'system', 'Élise [xy] Maréchal', 1)",
    );
    let database = workshop.open();
    let found = erase(&database, "elise");
    assert_eq!((&found["traces"], &found["traces_left"]), (&json!([]), &json!(0)));
    let titles = rows(&database, "SELECT title FROM notifications WHERE id <= 'd' ORDER BY id").concat();
    assert_eq!(titles, ["***", "***!", "(***) ***", "Élise [xy] Maréchal"]);
    assert_eq!(value(&database, "SELECT name FROM clients WHERE id = 'elisee'"), "Elisee [x*?] Marechal");
}

#[test]
fn an_erasure_is_dry_unless_told_otherwise() {
    let (_workshop, database) = eve("erase dry");
    let before = contents(&database);
    let mut dry = shipped(&database, "erase_client", json!({"client_id": "eve"}));
    assert_eq!(contents(&database), before);
    assert_eq!(dry["dry_run"], json!(true));
    dry["dry_run"] = json!(false);
    assert_eq!(dry, erase(&database, "eve"), "a dry run tells what is then done");
}

#[test]
fn an_erasure_that_fails_changes_nothing() {
    let (workshop, database) = eve("erase fails");
    workshop.damage(
        "CREATE TABLE badges (text TEXT CHECK (text NOT LIKE '%*%')); INSERT INTO badges VALUES ('Eve Moneypenny')",
    );
    let before = contents(&database);
    let error =
        try_shipped(&database, "erase_client", &json!({"client_id": "eve", "dry_run": false})).expect_err("fails");
    assert!(error.to_string().contains("CHECK constraint failed"), "{error}");
    assert_eq!(contents(&database), before);
}

#[test]
fn a_name_that_is_too_short_to_look_for_is_told() {
    let workshop = Workshop::new(seed("short"));
    workshop.damage(&format!(
        "INSERT INTO clients (id, name, phone, created_at, updated_at) VALUES ('bo', 'Bo', '12', {START}, {START} + {DAY});
         UPDATE application_settings SET description = 'Bo knows' WHERE key = 'workshop.name'"
    ));
    let database = workshop.open();
    let found = erase(&database, "bo");
    assert_eq!(found["not_searched"], json!(["name", "phone", "phone as digits"]));
    assert_eq!(found["tables"], json!([{"table": "clients", "emptied": 1, "redacted": 0}]));
    assert_eq!(places_of(&database, "Bo knows"), ["application_settings.description"]);
}

#[test]
fn an_erasure_of_nobody_is_refused() {
    let (_workshop, database) = eve("erase nobody");
    check_unfit(&database, "erase_client", json!({}), "option 'args.client_id': must be given: the client");
    check_refused(&database, "erase_client", json!({"client_id": ""}), "there is no client ''");
    check_refused(&database, "erase_client", json!({"client_id": "nobody"}), "there is no client 'nobody'");
    erase(&database, "eve");
    let again = json!({"client_id": "eve", "dry_run": false});
    check_refused(&database, "erase_client", again, "client 'eve' was erased already");
}

#[test]
fn the_file_of_a_vacuumed_database_holds_no_trace() {
    let (workshop, database) = eve("vacuum");
    database
        .checkpoint(request::CheckpointMode::Truncate, &request::Checkpoint::default(), &watch())
        .expect("checkpoints");
    let found = shipped(&database, "erase_client", json!({"client_id": "eve", "dry_run": false, "vacuum": true}));
    assert_eq!(found["vacuumed"], json!(true));
    drop(database);
    let bytes = crate::support::bytes(&workshop.scratch.path("a.db"));
    let file = String::from_utf8_lossy(&bytes);
    for trace in &TRACES[1..] {
        assert!(!file.contains(trace), "{trace}");
    }
}
