//! The scripts that only look: what they find in rows made wrong on purpose, and nothing in rows that are right.

use super::workshop::{DAY, START};
use super::*;
use crate::support::bytes;

// --- data_quality

#[test]
fn data_as_it_should_be_breaks_no_rule() {
    let workshop = Workshop::new(seed("data_quality"));
    let database = workshop.open();
    assert_eq!(shipped(&database, "data_quality", json!({})), json!([]));
    let passed = shipped(&database, "data_quality", json!({"passed": true}));
    let passed = passed.as_array().expect("a list");
    assert!(passed.len() > 40 && passed.iter().all(|rule| rule["count"] == 0), "{passed:?}");
}

#[test]
fn each_rule_finds_the_row_that_breaks_it() {
    let future = START + 100_000 * DAY;
    for (rule, table, sql, ids) in [
        ("email_invalid", "clients", "UPDATE clients SET email = 'a@b' WHERE id = 'c001'".into(), json!(["c001"])),
        ("email_invalid", "users", "UPDATE users SET email = 'a b@c.d' WHERE id = 'u1'".into(), json!(["u1"])),
        ("email_invalid", "suppliers", "UPDATE suppliers SET email = 'a@b@c.d'".into(), json!(["s1"])),
        (
            "phone_not_e164",
            "clients",
            "UPDATE clients SET phone_e164 = NULL WHERE id IN ('c001', 'c002')".into(),
            json!(["c001", "c002"]),
        ),
        ("phone_not_e164", "suppliers", "UPDATE suppliers SET phone = '01 23 45'".into(), json!(["s1"])),
        (
            "client_without_contact",
            "clients",
            "UPDATE clients SET email = NULL, phone = ' ', phone_e164 = NULL WHERE id = 'c003'".into(),
            json!(["c003"]),
        ),
        (
            "business_without_company",
            "clients",
            "UPDATE clients SET client_type = 'business' WHERE id = 'c004'".into(),
            json!(["c004"]),
        ),
        (
            "task_without_client",
            "tasks",
            "UPDATE tasks SET client_id = 'gone' WHERE id = 'eve-t'".into(),
            json!(["eve-t"]),
        ),
        (
            "ends_before_it_starts",
            "tasks",
            "UPDATE tasks SET scheduled_at = 5, scheduled_end_at = 4 WHERE id = 'eve-t'".into(),
            json!(["eve-t"]),
        ),
        (
            "scheduled_without_time",
            "tasks",
            "UPDATE tasks SET status = 'scheduled' WHERE id = 'eve-t'".into(),
            json!(["eve-t"]),
        ),
        (
            "completed_without_time",
            "tasks",
            "UPDATE tasks SET completed_at = NULL WHERE id = 'eve-t'".into(),
            json!(["eve-t"]),
        ),
        (
            "intervention_without_steps",
            "interventions",
            "DELETE FROM intervention_steps WHERE id = 'eve-s'".into(),
            json!(["eve-i"]),
        ),
        (
            "completed_with_open_steps",
            "interventions",
            "UPDATE intervention_steps SET status = 'pending' WHERE id = 'eve-s'".into(),
            json!(["eve-i"]),
        ),
        (
            "e164_without_phone",
            "clients",
            "UPDATE clients SET phone = NULL WHERE id = 'c001'; UPDATE clients SET phone_e164 = '+33611223344' WHERE id = 'c001'"
                .into(),
            json!(["c001"]),
        ),
        (
            "open_task_of_deleted_client",
            "tasks",
            "UPDATE clients SET deleted_at = 1 WHERE id = 'eve'; UPDATE tasks SET status = 'draft' WHERE id = 'eve-t'".into(),
            json!(["eve-t"]),
        ),
        (
            "end_without_start",
            "tasks",
            "UPDATE tasks SET scheduled_at = NULL, scheduled_end_at = 4 WHERE id = 'eve-t'".into(),
            json!(["eve-t"]),
        ),
        (
            "completed_without_time",
            "interventions",
            "UPDATE interventions SET completed_at = NULL WHERE id = 'eve-i'".into(),
            json!(["eve-i"]),
        ),
        (
            "ends_before_it_starts",
            "interventions",
            "UPDATE interventions SET started_at = completed_at + 1 WHERE id = 'eve-i'".into(),
            json!(["eve-i"]),
        ),
        (
            "ends_before_it_starts",
            "intervention_steps",
            "UPDATE intervention_steps SET started_at = 5, completed_at = 4 WHERE id = 'eve-s'".into(),
            json!(["eve-s"]),
        ),
        (
            "negative_price",
            "material_consumption",
            "UPDATE material_consumption SET unit_cost_cents = -1".into(),
            json!(["eve-m"]),
        ),
        (
            "negative_price",
            "quote_items",
            "UPDATE quotes SET status = 'draft' WHERE id = 'eve-q'; UPDATE quote_items SET unit_price_cents = -5 WHERE id = 'eve-qi'"
                .into(),
            json!(["eve-qi"]),
        ),
        (
            "quote_without_items",
            "quotes",
            "DROP TRIGGER quote_items_deleted; DELETE FROM quote_items WHERE id = 'eve-qi'".into(),
            json!(["eve-q"]),
        ),
        ("taken_in_the_future", "photos", format!("UPDATE photos SET taken_at = {future}"), json!(["eve-p"])),
        ("negative_price", "materials", "UPDATE materials SET unit_cost_cents = -1".into(), json!(["m1"])),
        ("negative_stock", "materials", "UPDATE materials SET current_stock = -1".into(), json!(["m1"])),
        ("stock_differs_from_movements", "materials", "UPDATE materials SET current_stock = 7".into(), json!(["m1"])),
        (
            "sum_differs_from_items",
            "quotes",
            "UPDATE quotes SET subtotal_cents = 1 WHERE id = 'eve-q'".into(),
            json!(["eve-q"]),
        ),
        (
            "discount_above_subtotal",
            "quotes",
            "UPDATE quotes SET subtotal_cents = -1 WHERE id = 'eve-q'".into(),
            json!(["eve-q"]),
        ),
        (
            "decided_before_sent",
            "quotes",
            format!("UPDATE quotes SET sent_at = {} WHERE id = 'eve-q'", START + 1),
            json!(["eve-q"]),
        ),
        (
            "created_in_the_future",
            "clients",
            format!("UPDATE clients SET created_at = {future} WHERE id = 'eve'"),
            json!(["eve"]),
        ),
        (
            "updated_before_created",
            "quotes",
            "UPDATE quotes SET updated_at = 5 WHERE id = 'eve-q'".into(),
            json!(["eve-q"]),
        ),
    ] {
        let workshop = Workshop::new(seed(rule));
        workshop.eve();
        workshop.damage(&sql);
        let found = shipped(&workshop.open(), "data_quality", json!({}));
        let wanted = json!({"rule": rule, "table": table, "count": ids.as_array().map(Vec::len), "sample_ids": ids});
        assert!(found.as_array().expect("a list").contains(&wanted), "{rule} in {table}: {found}");
    }
}

#[test]
fn no_more_ids_are_told_than_asked_for() {
    let workshop = Workshop::new(seed("samples"));
    workshop.damage("UPDATE clients SET email = 'nobody@nowhere'");
    let database = workshop.open();
    for (samples, ids) in [(0, json!([])), (2, json!(["c001", "c002"]))] {
        let found = shipped(&database, "data_quality", json!({ "samples": samples }));
        let wanted =
            json!([{"rule": "email_invalid", "table": "clients", "count": workshop.clients, "sample_ids": ids}]);
        assert_eq!(found, wanted);
    }
}

// --- find_orphans, integrity_sweep

#[test]
fn a_sound_database_has_no_orphans_and_no_damage() {
    let workshop = Workshop::new(seed("sound"));
    let database = workshop.open();
    let none = json!({"orphans": 0, "foreign_keys": [], "soft_references": []});
    assert_eq!(shipped(&database, "find_orphans", json!({})), none);
    let sound = json!({"sound": true, "integrity": "ok", "findings": [], "foreign_keys": [], "orphaned_rows": 0});
    assert_eq!(shipped(&database, "integrity_sweep", json!({})), sound);
}

/// Rows without a parent: in a table with row ids, in one without, and with a key of two columns.
const ORPHANS: &str = "UPDATE tasks SET client_id = 'gone' WHERE id = 'eve-t';
    UPDATE photos SET taken_by = 'nobody' WHERE id = 'eve-p';
    INSERT INTO notification_preferences VALUES ('nobody', 'system', 1, 0);
    CREATE TABLE \"odd \"\"pairs\" (a, b, PRIMARY KEY (a, b));
    CREATE TABLE \"odd \"\"refs\" (\"my \"\"key\" INTEGER PRIMARY KEY, x, y, FOREIGN KEY (x, y) REFERENCES \"odd \"\"pairs\" (a, b));
    INSERT INTO \"odd \"\"refs\" VALUES (7, 1, 1), (8, 1, 2), (9, NULL, 3)";

#[test]
fn rows_whose_foreign_key_points_nowhere_are_found_in_every_table() {
    let workshop = Workshop::new(seed("orphans"));
    workshop.eve();
    workshop.damage(ORPHANS);
    let found = shipped(&workshop.open(), "find_orphans", json!({}));
    let wanted = json!([
        {"table": "notification_preferences", "columns": ["user_id"], "parent": "users", "count": 1, "sample_ids": []},
        {"table": "odd \"refs", "columns": ["x", "y"], "parent": "odd \"pairs", "count": 2, "sample_ids": [7, 8]},
        {"table": "photos", "columns": ["taken_by"], "parent": "users", "count": 1, "sample_ids": ["eve-p"]},
        {"table": "tasks", "columns": ["client_id"], "parent": "clients", "count": 1, "sample_ids": ["eve-t"]},
    ]);
    assert_eq!(found["foreign_keys"], wanted);
    let soft = json!([
        {"rule": "quote_for_a_task_of_another_client", "table": "quotes", "count": 1, "sample_ids": ["eve-q"]},
    ]);
    assert_eq!((&found["soft_references"], &found["orphans"]), (&soft, &json!(6)));
}

#[test]
fn references_that_the_schema_does_not_enforce_are_checked() {
    let workshop = Workshop::new(seed("soft references"));
    workshop.eve();
    workshop.damage(
        "INSERT INTO interventions (id, task_id, status, created_at, updated_at) VALUES ('other', 'eve-t', 'cancelled', 0, 0);
         UPDATE photos SET intervention_id = 'other';
         UPDATE material_consumption SET intervention_id = 'other';
         DELETE FROM client_search_documents WHERE client_id IN ('c001', 'c002', 'c003');
         DROP TRIGGER application_settings_inserted;
         INSERT INTO application_settings (key, value, updated_at) VALUES ('untold', 'x', 0)",
    );
    let found = shipped(&workshop.open(), "find_orphans", json!({"samples": 2}));
    let wanted = json!([
        {"rule": "client_without_search_document", "table": "clients", "count": 3, "sample_ids": ["c001", "c002"]},
        {"rule": "photo_in_a_step_of_another_intervention", "table": "photos", "count": 1, "sample_ids": ["eve-p"]},
        {
            "rule": "consumption_in_a_step_of_another_intervention", "table": "material_consumption",
            "count": 1, "sample_ids": ["eve-m"],
        },
        {"rule": "setting_without_audit_trail", "table": "application_settings", "count": 1, "sample_ids": ["untold"]},
    ]);
    assert_eq!((&found["soft_references"], &found["orphans"]), (&wanted, &json!(6)));
}

#[test]
fn the_sweep_tells_orphans_and_damaged_indexes() {
    let workshop = Workshop::new(seed("sweep"));
    workshop.eve();
    let index_is =
        |sql: &str| format!("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = '{sql}' WHERE name = 'by_a'");
    workshop.damage("CREATE TABLE worn (a); CREATE INDEX by_a ON worn (a)");
    workshop.damage(&index_is("CREATE INDEX by_a ON worn (a) WHERE a > 5"));
    workshop.damage("INSERT INTO worn VALUES (3)");
    workshop.damage(&index_is("CREATE INDEX by_a ON worn (a)"));
    workshop.damage(ORPHANS);
    let database = workshop.open();
    let found = shipped(&database, "integrity_sweep", json!({}));
    assert_eq!((&found["sound"], &found["orphaned_rows"]), (&json!(false), &json!(5)));
    assert_eq!(found["findings"], json!(["wrong # of entries in index by_a", "row 1 missing from index by_a"]));
    assert_eq!(found["foreign_keys"][0], json!({"table": "odd \"refs", "parent": "odd \"pairs", "rows": 2}));
    assert_eq!(found["foreign_keys"].as_array().map(Vec::len), Some(4));
    let few = shipped(&database, "integrity_sweep", json!({"most": 1}));
    assert_eq!((few["foreign_keys"].as_array().map(Vec::len), &few["orphaned_rows"]), (Some(1), &json!(5)));
    assert_eq!(few["findings"], json!(["wrong # of entries in index by_a"]));
}

/// A page of noise stops both checks: what they had found by then must not be lost with it.
#[test]
fn the_sweep_of_a_damaged_file_tells_what_it_found_and_what_it_could_not_check() {
    let workshop = Workshop::new(seed("noise"));
    let root = {
        let raw = rusqlite::Connection::open(workshop.scratch.path("a.db")).expect("opens");
        raw.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("truncates");
        raw.query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'tasks'", [], |row| row.get::<_, u32>(0))
    };
    let root = root.expect("a page");
    let mut noisy = bytes(&workshop.scratch.path("a.db"));
    let at = (root as usize - 1) * 4096;
    noisy[at..at + 4096].fill(0xa5);
    workshop.scratch.write("a.db", &noisy);
    let database = workshop.open();
    let integrity = database.diagnostics(&watch()).expect("diagnoses").integrity;
    assert!(
        integrity.contains(&format!("page {root}")) && integrity.contains("\ndatabase disk image is malformed"),
        "{integrity}"
    );
    let found = shipped(&database, "integrity_sweep", json!({}));
    let findings: Vec<&str> = found["findings"].as_array().expect("a list").iter().filter_map(Json::as_str).collect();
    assert_eq!(findings.join("\n"), integrity);
    assert_eq!((&found["sound"], found.get("orphaned_rows")), (&json!(false), None));
    assert!(found["unchecked"].as_str().is_some_and(|said| said.contains("malformed")), "{found}");
}

// --- duplicate_clients

#[test]
fn clients_who_are_all_different_are_no_duplicates() {
    let workshop = Workshop::new(seed("duplicates"));
    let found = shipped(&workshop.open(), "duplicate_clients", json!({}));
    assert_eq!(found, json!({"groups": [], "group_counts": {"email": 0, "phone": 0, "name": 0}}));
}

#[test]
fn clients_with_the_same_address_number_or_name_are_found_however_they_are_written() {
    let workshop = Workshop::new(seed("duplicates"));
    workshop.eve();
    workshop.damage(
        "INSERT INTO clients (id, name, email, phone, created_at, updated_at, deleted_at) VALUES
           ('d1', 'EVE  MoneyPenny', NULL, NULL, 1, 1, NULL),
           ('d2', 'Other One', ' Eve.MoneyPenny@Example.net', '01.22/33-44 55', 2, 2, NULL),
           ('d3', 'Another Two', NULL, '(01) 22334455', 3, 3, NULL),
           ('d4', 'Eve Moneypenny', NULL, NULL, 4, 4, 5)",
    );
    let database = workshop.open();
    let found = shipped(&database, "duplicate_clients", json!({}));
    assert_eq!(found["group_counts"], json!({"email": 1, "phone": 1, "name": 1}));
    let ids = |found: &Json| -> Vec<(Json, Json, Vec<Json>)> {
        let groups = found["groups"].as_array().expect("a list").iter();
        let members =
            |group: &Json| group["clients"].as_array().expect("a list").iter().map(|one| one["id"].clone()).collect();
        groups.map(|group| (group["by"].clone(), group["key"].clone(), members(group))).collect()
    };
    let wanted = [
        (json!("email"), json!("eve.moneypenny@example.net"), vec![json!("d2"), json!("eve")]),
        (json!("phone"), json!("0122334455"), vec![json!("d2"), json!("d3")]),
        (json!("name"), json!("evemoneypenny"), vec![json!("d1"), json!("eve")]),
    ];
    assert_eq!(ids(&found), wanted);
    let eve = json!({
        "id": "eve", "name": "Eve Moneypenny", "email": "eve.moneypenny@example.net", "phone": "07 99 88 77 66",
        "created_at": START, "tasks": 1,
    });
    assert_eq!(found["groups"][2]["clients"][1], eve);

    let by_name = shipped(&database, "duplicate_clients", json!({"by": "name", "deleted": true}));
    assert_eq!(by_name["group_counts"], json!({"name": 1}));
    assert_eq!(ids(&by_name)[0].2, [json!("d1"), json!("d4"), json!("eve")]);
    check_refused(
        &database,
        "duplicate_clients",
        json!({"by": "vin"}),
        "argument 'by' is 'vin' and must be email, phone, name or all",
    );
}

#[test]
fn more_groups_than_asked_for_are_counted_and_not_told() {
    let workshop = Workshop::new(seed("groups"));
    workshop.damage("UPDATE clients SET name = 'Pair ' || (CAST(substr(id, 2) AS INTEGER) / 2)");
    let found = shipped(&workshop.open(), "duplicate_clients", json!({"by": "name", "most": 1}));
    let pairs = (workshop.clients - 1) / 2;
    assert_eq!(
        (&found["groups"][0]["count"], found["groups"][0]["clients"].as_array().map(Vec::len)),
        (&json!(2), Some(1))
    );
    assert_eq!((found["groups"].as_array().map(Vec::len), &found["group_counts"]["name"]), (Some(1), &json!(pairs)));
}

// --- index_advice, table_growth

#[test]
fn missing_and_superfluous_indexes_are_told_with_the_statement_to_run() {
    let workshop = Workshop::new(seed("indexes"));
    let database = workshop.open();
    assert_eq!(shipped(&database, "index_advice", json!({}))["advice"], json!([]));
    for sql in [
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, client_id TEXT REFERENCES clients (id), day INTEGER)",
        "CREATE INDEX \"by day\" ON visits (day)",
        "CREATE INDEX by_day_and_client ON visits (day, client_id)",
    ] {
        database.query(sql, None, &watch()).expect(sql);
    }
    let advice = shipped(&database, "index_advice", json!({"usage": false}))["advice"].clone();
    let kinds: Vec<(&Json, &Json)> =
        advice.as_array().expect("a list").iter().map(|one| (&one["kind"], &one["table"])).collect();
    assert_eq!(kinds, [(&json!("missing"), &json!("visits")), (&json!("redundant"), &json!("visits"))]);
    assert_eq!(advice[1]["sql"], json!("DROP INDEX \"by day\""));
    for one in advice.as_array().expect("a list") {
        database.query(one["sql"].as_str().expect("a statement"), None, &watch()).expect("runs");
    }
    assert_eq!(shipped(&database, "index_advice", json!({"usage": false}))["advice"], json!([]));
}

#[test]
fn growth_is_told_against_the_call_before() {
    let workshop = Workshop::new(seed("growth"));
    let database = workshop.open();
    let first = shipped(&database, "table_growth", json!({"top": 1000}));
    assert_eq!((&first["compared"], &first["grown_bytes"]), (&json!(false), &json!(0)));
    let tables = first["tables"].as_array().expect("a list");
    assert_eq!(json!(tables.len()), first["table_count"]);
    let size = |one: &Json| one["size_bytes"].as_u64().unwrap() + one["index_bytes"].as_u64().unwrap();
    assert!(tables.windows(2).all(|pair| size(&pair[0]) >= size(&pair[1])), "{tables:?}");
    let clients = tables.iter().find(|one| one["table"] == "clients").expect("clients");
    assert_eq!((&clients["rows"], &clients["grown_rows"]), (&json!(workshop.clients), &json!(0)));
    assert!(clients["size_bytes"].as_u64() > Some(0) && clients["index_bytes"].as_u64() > Some(0));

    let more = "INSERT INTO suppliers (id, name, created_at, updated_at)
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
        SELECT 'x' || i, 'Supplier ' || i, 0, 0 FROM n";
    database.query(more, None, &watch()).expect("writes");
    let second = shipped(&database, "table_growth", json!({"top": 1}));
    assert_eq!(second["compared"], json!(true));
    let largest = &second["tables"][0];
    assert_eq!(
        (&largest["table"], &largest["rows"], &largest["grown_rows"]),
        (&json!("suppliers"), &json!(5001), &json!(5000))
    );
    assert!(second["grown_bytes"].as_i64() > Some(100_000), "{second}");
    assert_eq!(second["tables"].as_array().map(Vec::len), Some(1));
}

// --- export_rows

#[test]
fn an_export_is_csv_as_rfc_4180_has_it() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    for sql in [
        "CREATE TABLE \"odd \"\"table\" (a, \"b, c\", d)",
        "INSERT INTO \"odd \"\"table\" VALUES (1, 'x,y', NULL), (2.5, 'say \"hi\"', ''), (x'00ff', 'é' || char(13, 10) || 'z', 'NULL')",
    ] {
        database.query(sql, None, &watch()).expect(sql);
    }
    let csv = |args: Json| shipped(&database, "export_rows", args);
    let all = csv(json!({"table": "odd \"table"}));
    let wanted = "a,\"b, c\",d\r\n1,\"x,y\",\r\n2.5,\"say \"\"hi\"\"\",\"\"\r\nx'00FF',\"é\r\nz\",NULL\r\n";
    assert_eq!(all, json!({"columns": ["a", "b, c", "d"], "rows": 3, "truncated": false, "csv": wanted}));

    let told = csv(json!({"table": "odd \"table", "null": "NULL", "columns": "d, a", "header": false}));
    assert_eq!(told["csv"], json!("NULL,1\r\n,2.5\r\n\"NULL\",x'00FF'\r\n"));
}

#[test]
fn an_export_stops_at_the_limit_and_says_so() {
    let workshop = Workshop::new(seed("export"));
    let database = workshop.open();
    let ids = |limit: u64| {
        shipped(&database, "export_rows", json!({"sql": "SELECT id FROM clients ORDER BY id -- all", "limit": limit}))
    };
    assert_eq!(ids(2), json!({"columns": ["id"], "rows": 2, "truncated": true, "csv": "id\r\nc001\r\nc002\r\n"}));
    assert_eq!(ids(workshop.clients)["truncated"], json!(false));
    assert_eq!(ids(workshop.clients - 1)["truncated"], json!(true));
    assert_eq!(ids(0), json!({"columns": ["id"], "rows": 0, "truncated": true, "csv": "id\r\n"}));
}

#[test]
fn an_export_cannot_write_and_says_what_is_wrong_with_its_arguments() {
    let workshop = Workshop::new(seed("export"));
    let database = workshop.open();
    for (args, message) in [
        (json!({}), "either argument 'table' or argument 'sql' is needed"),
        (json!({"table": "clients", "sql": "SELECT 1"}), "either argument 'table' or argument 'sql' is needed"),
        (json!({"table": "clientz"}), "there is no table 'clientz'"),
        (json!({"table": "suppliers", "columns": "id,nmae"}), "there is no column 'nmae'; there are id, name, email"),
        (json!({"table": "clients", "limit": -1}), "argument 'limit' is -1 and must be at least 0"),
        (json!({"table": "clients", "null": "a,b"}), "argument 'null' must hold no quote, comma or end of line"),
        (json!({"sql": "DELETE FROM clients RETURNING id"}), "syntax error"),
        (json!({"sql": "SELECT 1); DELETE FROM clients WHERE (1"}), "statement"),
    ] {
        check_refused(&database, "export_rows", args, message);
    }
}
