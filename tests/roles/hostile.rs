//! Statements that try to change something, or to read the audit, as a supervisor: each fails or changes nothing, wherever it is
//! run, and none tells anything from the audit.
//!
//! Leaves to others: verbs (`matrix`), statements kept from an admin (`keeping`).
//!
//! Invariant: "nothing" is the whole of it: every row of every table, the schema, the temporary schema, what is attached, the
//! settings, and the files beside the database.

mod statements;

use std::collections::BTreeMap;

use rpmadb::{Database, Error, report, request};
use serde_json::{Value as Json, json};

use super::{MARKER, SCENE, in_a_file, supervisor};
use crate::concurrency::{next, seed};
use crate::support::{Scratch, contents, rows, try_open, watch};

use statements::{DENIED, HARMLESS, IMPOSSIBLE, SECRET, SEVERAL, WRONG};

/// Everything, as far as an admin and the folder can tell.
fn state(admin: &Database, scratch: Option<&Scratch>) -> BTreeMap<String, Vec<Vec<Json>>> {
    let mut found = contents(admin);
    for sql in [
        "SELECT * FROM temp.sqlite_schema",
        "SELECT name, file FROM pragma_database_list",
        "PRAGMA journal_mode",
        "PRAGMA foreign_keys",
        "PRAGMA query_only",
        "PRAGMA trusted_schema",
        "PRAGMA recursive_triggers",
        "PRAGMA schema_version",
        "SELECT 'a' LIKE 'A'",
    ] {
        found.insert(sql.into(), rows(admin, sql));
    }
    let files = scratch.map(Scratch::names).unwrap_or_default();
    found.insert("the files".into(), vec![files.into_iter().map(Json::from).collect()]);
    found
}

/// Fails when a text has the marker in it, as it is or in hexadecimal or BASE64.
#[track_caller]
fn tells_nothing(sql: &str, answer: &str) {
    let hex: String = MARKER.bytes().map(|byte| format!("{byte:02x}")).collect();
    let lower = answer.to_lowercase();
    assert!(!lower.contains(&MARKER.to_lowercase()) && !lower.contains(&hex), "{sql} tells {answer}");
    for place in answer.split("\"base64\":\"").skip(1) {
        let bytes = decoded(place.split('"').next().unwrap_or_default());
        let shows = bytes.windows(MARKER.len()).any(|window| window == MARKER.as_bytes());
        assert!(!shows, "{sql} tells it in a BLOB");
    }
}

fn decoded(base64: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for digit in base64.chars().map_while(|digit| ALPHABET.find(digit)) {
        bits = bits << 6 | digit as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

fn answer(outcome: Result<report::Query, Error>) -> (String, String) {
    match outcome {
        Ok(report) => ("OK".into(), serde_json::to_string(&report).expect("serialises")),
        Err(error) => (error.status().name().into(), serde_json::to_string(&error.document()).expect("serialises")),
    }
}

/// Runs a statement in a script by every function that runs one, and gives what the first answered and all that was said.
fn in_a_script(database: &Database, sql: &str) -> (String, String) {
    const SOURCE: &str = r#"
        local sql, codes, said = job.args.sql, {}, {}
        local function try(name, body)
            local ok, e = pcall(body)
            codes[#codes + 1] = ok and "ok" or e.code
            said[#said + 1] = ok and (e or "") or (tostring(e) .. tostring(e.message))
        end
        local function all(rows)
            local found = {}
            for _, row in ipairs(rows) do
                for _, value in pairs(row) do found[#found + 1] = tostring(value) end
            end
            return table.concat(found, " ")
        end
        local function each(step)
            local found = {}
            for row in step do found[#found + 1] = type(row) == "table" and all({ row }) or tostring(row) end
            return table.concat(found, " ")
        end
        try("query", function() return all(db:query(sql)) end)
        try("exec", function() db:exec(sql) end)
        try("row", function() return all({ db:row(sql) or {} }) end)
        try("value", function() return tostring(db:value(sql)) end)
        try("nrows", function() return each(db:nrows(sql)) end)
        -- that a row begins with NULL is said of the row, and refuses no statement
        local function bare()
            local ok, found = pcall(function() return each(db:urows(sql)) end)
            if ok then return found end
            if not found.message:find("has NULL in its first column", 1, true) then error(found) end
        end
        try("urows", bare)
        try("prepare", function() local s = db:prepare(sql) return all(s:query()) end)
        try("run", function() db:prepare(sql):run() end)
        return { codes = codes, said = said }"#;
    let args = json!({ "sql": sql }).as_object().cloned().expect("an object");
    let script = request::Script { args, ..request::Script::default() };
    let report = database.script(SOURCE, &script, &watch()).expect("the script catches what it is refused");
    let codes = report.result["codes"].as_array().expect("a list").clone();
    let first = codes[0].as_str().expect("text").to_uppercase();
    for code in &codes {
        assert_eq!(code.as_str().expect("text").to_uppercase(), first, "{sql}: {codes:?}");
    }
    (first, report.result["said"].to_string())
}

/// Runs one statement at every place of a handle, and asserts what each answers, that it tells nothing and that it changes nothing.
fn attack(admin: &Database, scratch: Option<&Scratch>, sql: &str, wanted: &[&str], found: &mut Vec<String>) {
    let before = state(admin, scratch);
    let supervisor = supervisor(admin);
    let mut judge = |place: &str, (status, said): (String, String)| {
        if !wanted.contains(&status.as_str()) {
            found.push(format!("{place}: {sql}: {status}, {said}"));
        }
        tells_nothing(sql, &said);
    };
    judge("query", answer(supervisor.query(sql, None, &watch())));
    judge("script", in_a_script(&supervisor, sql));
    let mut bound = Vec::new();
    let report = admin.transaction(&watch(), |transaction| {
        let lent = super::supervisor(transaction);
        bound.push(answer(lent.query(sql, None, &watch())));
        bound.push(in_a_script(&lent, sql));
        0
    });
    assert!(report.expect("commits").committed, "{sql} ended the transaction");
    for one in bound {
        judge("transaction", one);
    }
    assert_eq!(state(admin, scratch), before, "{sql} changed something");
}

fn attack_all(admin: &Database, scratch: Option<&Scratch>) {
    // why not all in memory: an index of the audit is made past the library, which needs a file
    let past = |sql: &&str| sql.contains("INDEXED BY") || sql.to_lowercase().contains("sqlite_stat");
    let secret: Vec<&str> = SECRET.iter().copied().filter(|sql| scratch.is_some() || !past(sql)).collect();
    let missing: &[&str] = &["SQL"];
    let mut found = Vec::new();
    for (list, wanted) in [
        (DENIED, &["DENIED"][..]),
        (&secret, &["DENIED"]),
        (IMPOSSIBLE, &["DENIED", "SQL"]),
        (SEVERAL, &["INVALID_ARGUMENT"]),
        (WRONG, missing),
        (HARMLESS, &["OK", "SQL"]),
    ] {
        for sql in list.iter() {
            attack(admin, scratch, sql, wanted, &mut found);
        }
    }
    assert!(found.is_empty(), "answered otherwise than expected: {found:#?}");
}

#[test]
fn a_supervisor_changes_nothing_in_a_file_and_reads_no_audit() {
    assert!(DENIED.len() + SECRET.len() + SEVERAL.len() >= 100);
    let scratch = Scratch::new();
    let admin = in_a_file(&scratch);
    attack_all(&admin, Some(&scratch));
    assert!(!rows(&admin, "SELECT actor FROM rpmadb_audit").is_empty(), "the admin reads it");
}

#[test]
fn a_supervisor_changes_nothing_in_memory() {
    let admin = try_open(":memory:", &super::marked()).expect("opens").0;
    for statement in rpmadb_statements(SCENE).into_iter().chain(rpmadb_statements(super::VIEWS)) {
        admin.query(&statement, None, &watch()).expect("makes");
    }
    super::leave_marks(&admin);
    attack_all(&admin, None);
}

/// The statements of the scene, which has triggers of one statement each.
fn rpmadb_statements(text: &str) -> Vec<String> {
    let mut statements: Vec<String> = Vec::new();
    for part in text.split_inclusive(';') {
        match statements.last_mut() {
            Some(last) if last.contains("BEGIN") && !last.contains("END;") => last.push_str(part),
            _ => statements.push(part.to_owned()),
        }
    }
    statements.into_iter().map(|sql| sql.trim().to_owned()).filter(|sql| !sql.is_empty()).collect()
}

#[test]
fn a_supervisor_of_a_handle_that_is_not_defensive_changes_nothing_either() {
    let scratch = Scratch::new();
    in_a_file(&scratch).close().expect("closes");
    let options = request::Open { defensive: Some(false), trusted_schema: true, ..super::marked() };
    let admin = try_open(scratch.path("a.db"), &options).expect("opens").0;
    for sql in DENIED.iter().chain(IMPOSSIBLE) {
        let mut found = Vec::new();
        attack(&admin, Some(&scratch), sql, &["DENIED", "SQL"], &mut found);
        assert!(found.is_empty(), "{found:?}");
    }
    for sql in ["UPDATE sqlite_dbpage SET data = zeroblob(4096) WHERE pgno > 1", "DELETE FROM rpmadb_audit"] {
        let error = admin.query(sql, None, &watch()).expect_err("nobody writes those");
        assert_eq!(error.status().name(), "UNSUPPORTED", "{sql}");
    }
}

/// The tests above must be able to fail: an admin is refused few of these, and they do change something.
#[test]
fn most_of_it_does_something_for_an_admin() {
    let mut allowed = 0;
    for sql in DENIED.iter().chain(SECRET) {
        let scratch = Scratch::new();
        let admin = in_a_file(&scratch);
        allowed += usize::from(admin.query(sql, None, &watch()).is_ok());
    }
    assert!(allowed > 90, "{allowed}");
    let scratch = Scratch::new();
    let admin = in_a_file(&scratch);
    let said = answer(admin.query("SELECT * FROM mixed", None, &watch())).1;
    assert!(std::panic::catch_unwind(|| tells_nothing("x", &said)).is_err());
    let said = answer(admin.query("SELECT CAST(actor AS BLOB) FROM rpmadb_audit", None, &watch())).1;
    assert!(std::panic::catch_unwind(|| tells_nothing("x", &said)).is_err(), "{said}");
}

// --- at random

/// One of a list.
fn one<'l>(state: &mut u64, list: &[&'l str]) -> &'l str {
    list[next(state, list.len() as u64) as usize]
}

/// A name in one of the ways it can be written.
fn spelled(state: &mut u64, name: &str) -> String {
    let name: String =
        name.chars().map(|letter| if next(state, 3) == 0 { letter.to_ascii_uppercase() } else { letter }).collect();
    let quoted = match next(state, 5) {
        0 => format!("\"{name}\""),
        1 => format!("[{name}]"),
        2 => format!("`{name}`"),
        _ => name,
    };
    if next(state, 4) == 0 { format!("main.{quoted}") } else { quoted }
}

fn statement(state: &mut u64) -> String {
    let tables = [
        "clients",
        "visits",
        "seen",
        "words",
        "rpmadb_audit",
        "accounts",
        "deeper",
        "mixed",
        "sqlite_schema",
        "sqlite_dbpage",
        "words_data",
        "sqlite_stat4",
    ];
    let table = one(state, &tables);
    let table = spelled(state, table);
    let other = one(state, &tables);
    let other = spelled(state, other);
    let space = one(state, &[" ", "\n", "/**/", " -- x\n", "\t/* ; */ "]);
    let begin = one(
        state,
        &["", "", "", "/* x */", "-- x\n", "EXPLAIN ", "EXPLAIN QUERY PLAN ", "WITH z AS (SELECT 1) ", ";", "\u{feff}"],
    );
    let source = match next(state, 5) {
        0 => format!("SELECT * FROM {other}"),
        1 => format!("SELECT count(*) FROM {other} AS clients"),
        2 => "VALUES (70, 'x')".to_owned(),
        3 => format!("WITH w AS (SELECT * FROM {other}) SELECT * FROM w"),
        _ => format!(
            "SELECT rowid, 1 FROM {other} UNION ALL SELECT 7, hex(group_concat(quote(a.rowid))) FROM {other} AS a"
        ),
    };
    let body = match next(state, 14) {
        0 => format!("INSERT INTO{space}{table} {source}"),
        1 => format!(
            "INSERT OR {} INTO {table} {source}",
            one(state, &["REPLACE", "IGNORE", "ROLLBACK", "ABORT", "FAIL"])
        ),
        2 => format!("REPLACE INTO{space}{table} {source}"),
        3 => format!("UPDATE{space}{table} SET {} = ({source})", one(state, &["name", "note", "sql", "data", "actor"])),
        4 => format!("DELETE{space}FROM {table}"),
        5 => format!("CREATE {} TABLE{space}x AS {source}", one(state, &["", "TEMP"])),
        6 => format!("CREATE {} VIEW{space}x AS {source}", one(state, &["", "TEMP"])),
        7 => format!(
            "CREATE {} TRIGGER x {} ON {table} BEGIN DELETE FROM {other}; END",
            one(state, &["", "TEMP"]),
            one(state, &["AFTER INSERT", "INSTEAD OF DELETE", "BEFORE UPDATE"])
        ),
        8 => format!("DROP {}{space}{table}", one(state, &["TABLE", "VIEW", "INDEX", "TRIGGER"])),
        9 => format!("ALTER TABLE {table}{space}RENAME TO x"),
        10 => format!(
            "PRAGMA {}{}",
            one(state, &["user_version", "journal_mode", "query_only", "schema_version", "foreign_keys", "optimize"]),
            one(state, &["", " = 1", "(1)", "('delete')"])
        ),
        11 => format!(
            "SELECT * FROM pragma_{}({})",
            one(state, &["user_version", "journal_mode", "table_info", "query_only", "optimize"]),
            one(state, &["1", "'delete'", "(SELECT actor FROM rpmadb_audit)", ""])
        ),
        12 => one(
            state,
            &[
                "VACUUM",
                "VACUUM INTO 'x.db'",
                "ATTACH 'x.db' AS x",
                "REINDEX",
                "ANALYZE",
                "BEGIN",
                "COMMIT",
                "SAVEPOINT x",
            ],
        )
        .to_owned(),
        _ => source,
    };
    let end = one(
        state,
        &[
            "",
            "",
            ";",
            " --",
            " RETURNING *",
            " ON CONFLICT DO UPDATE SET name = 'x'",
            " UNION SELECT actor, target FROM rpmadb_audit",
            " WHERE 0",
            "; DELETE FROM clients",
        ],
    );
    format!("{begin}{body}{end}")
}

#[test]
fn statements_made_at_random_change_nothing_and_tell_nothing() {
    let mut random = seed("hostile statements of a supervisor");
    let scratch = Scratch::new();
    let admin = in_a_file(&scratch);
    let supervisor = supervisor(&admin);
    let before = state(&admin, Some(&scratch));
    let mut denied = 0;
    for _ in 0..60 {
        let batch: Vec<String> = (0..40).map(|_| statement(&mut random)).collect();
        for sql in &batch {
            let (status, said) = match next(&mut random, 4) {
                0 => in_a_script(&supervisor, sql),
                _ => answer(supervisor.query(sql, None, &watch())),
            };
            tells_nothing(sql, &said);
            denied += usize::from(status == "DENIED");
        }
        assert_eq!(state(&admin, Some(&scratch)), before, "one of {batch:#?} changed something");
    }
    assert!(denied > 600, "most are well made: {denied}");
}
