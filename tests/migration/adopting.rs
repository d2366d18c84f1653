//! Taking over from other tools: their histories and the layouts of their folders.
//!
//! The set has three migrations; the other tool's history says that the first two are applied, and they are. `layouts` has
//! the folders. Checksums were computed apart from this library: refinery's are from its own tests, sqlx's from Python's
//! hashlib, Flyway's from Python's zlib.
//! Leaves to others: what each row of a history means, value by value (unit tests beside the source).

mod layouts;

use super::*;

const PERSONS: &str = "CREATE TABLE persons (\n    id int,\n    name varchar(255),\n    city varchar(255)\n);\n";
const CARS: &str = "CREATE TABLE cars (\n    id int,\n    name varchar(255)\n);\n";
const SET: &[(&str, &str)] =
    &[("1_initial.sql", PERSONS), ("2_add_cars_table.sql", CARS), ("3_last.sql", "CREATE TABLE last (x);")];

struct Tool {
    name: &'static str,
    table: &'static str,
    history: &'static str,
    /// Whether it keeps checksums that can be verified.
    sums: bool,
    /// 2024-05-01 10:20:30 UTC, where it keeps times.
    time: Option<i64>,
    /// Makes the history one of a version half done.
    dirty: Option<&'static str>,
}

const TIME: Option<i64> = Some(1_714_558_830_000);

const TOOLS: &[Tool] = &[
    Tool {
        name: "refinery",
        table: "refinery_schema_history",
        history: "CREATE TABLE refinery_schema_history (version int4 PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255), \
                    checksum VARCHAR(255));
                  INSERT INTO refinery_schema_history VALUES
                    (1, 'initial', '2024-05-01T10:20:30Z', '2959965718684201605'),
                    (2, 'add_cars_table', '2024-05-01T10:20:30Z', '8238603820526370208');",
        sums: true,
        time: TIME,
        dirty: None,
    },
    Tool {
        name: "sqlx",
        table: "_sqlx_migrations",
        history: "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP \
                    NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL);
                  INSERT INTO _sqlx_migrations VALUES
                    (1, 'initial', '2024-05-01 10:20:30', TRUE, x'455bb8f47b19759e7b193c86a91439f0feb8967ee2ee1538b5f07664867d6b6f951c108bfda2cc9a536fc08300490d47', 5),
                    (2, 'cars', '2024-05-01 10:20:30', TRUE, x'304e50f261d87e974b15e7c36360c4faa2d08bcd954499e74fcc12ebb9d38e468b66dbb6562de2867d909b28173ca827', 5);",
        sums: true,
        time: TIME,
        dirty: Some("UPDATE _sqlx_migrations SET success = FALSE WHERE version = 2"),
    },
    Tool {
        name: "flyway",
        table: "flyway_schema_history",
        history: "CREATE TABLE flyway_schema_history (installed_rank INT NOT NULL PRIMARY KEY, version VARCHAR(50), \
                    description VARCHAR(200) NOT NULL, type VARCHAR(20) NOT NULL, script VARCHAR(1000) NOT NULL, checksum INT, \
                    installed_by VARCHAR(100) NOT NULL, installed_on TEXT NOT NULL, execution_time INT NOT NULL, success BOOLEAN NOT NULL);
                  INSERT INTO flyway_schema_history VALUES
                    (1, '1', 'initial', 'SQL', 'V1__initial.sql', 214714684, '', '2024-05-01 10:20:30.000', 2, 1),
                    (2, '2', 'cars', 'SQL', 'V2__cars.sql', 624789796, '', '2024-05-01 10:20:30.000', 2, 1);",
        sums: true,
        time: TIME,
        dirty: Some("UPDATE flyway_schema_history SET success = 0 WHERE version = '2'"),
    },
    Tool {
        name: "diesel",
        table: "__diesel_schema_migrations",
        history: "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL \
                    DEFAULT CURRENT_TIMESTAMP);
                  INSERT INTO __diesel_schema_migrations VALUES ('1', '2024-05-01 10:20:30'), ('2', '2024-05-01 10:20:30');",
        sums: false,
        time: TIME,
        dirty: None,
    },
    Tool {
        name: "goose",
        table: "goose_db_version",
        history: "CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, \
                    is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')));
                  INSERT INTO goose_db_version (version_id, is_applied, tstamp) VALUES (0, 1, '2024-05-01 10:20:30'),
                    (1, 1, '2024-05-01 10:20:30'), (2, 1, '2024-05-01 10:20:30'), (3, 1, '2024-05-01 10:20:30'),
                    (3, 0, '2024-05-01 10:20:30');",
        sums: false,
        time: TIME,
        dirty: None,
    },
    Tool {
        name: "golang-migrate",
        table: "schema_migrations",
        history: "CREATE TABLE schema_migrations (version uint64,dirty bool); \
                  CREATE UNIQUE INDEX version_unique ON schema_migrations (version); INSERT INTO schema_migrations VALUES (2, FALSE);",
        sums: false,
        time: None,
        dirty: Some("UPDATE schema_migrations SET dirty = TRUE"),
    },
    Tool {
        name: "dbmate",
        table: "schema_migrations",
        history: "CREATE TABLE \"schema_migrations\" (version varchar(128) primary key); \
                  INSERT INTO schema_migrations VALUES ('1'), ('2');",
        sums: false,
        time: None,
        dirty: None,
    },
    Tool {
        name: "alembic",
        table: "alembic_version",
        history: "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY \
                    (version_num)); INSERT INTO alembic_version VALUES ('1975ea83b712');",
        sums: false,
        time: None,
        dirty: Some("INSERT INTO alembic_version VALUES ('another')"),
    },
];

impl Tool {
    /// A database that this tool has migrated, opened with nothing applied.
    fn kit(&self, more: &str) -> Kit {
        let scratch = Scratch::new();
        self.write(&scratch, more);
        let folder = scratch.migrations("m", SET);
        let database = try_open(scratch.path("a.db"), &Kept::Journal.options(&folder)).expect("opens").0;
        Kit { scratch, database }
    }

    fn write(&self, scratch: &Scratch, more: &str) {
        let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
        plain.execute_batch(&format!("{PERSONS}{CARS}{}{more}", self.history)).expect(self.name);
    }

    fn request(&self) -> request::Adopt {
        request::Adopt { target: (self.name == "alembic").then_some(2), ..request::Adopt::default() }
    }
}

fn adopt(kit: &Kit, request: request::Adopt) -> Result<report::Adopted, Error> {
    kit.database.adopt(&request, &watch())
}

#[test]
fn opening_refuses_another_tools_history_by_name_and_writes_nothing() {
    for tool in TOOLS {
        let scratch = Scratch::new();
        tool.write(&scratch, "");
        let folder = scratch.migrations("m", SET);
        let before = bytes(&scratch.path("a.db"));
        let options = request::Open { migrate: None, ..Kept::Journal.options(&folder) };
        let error = try_open(scratch.path("a.db"), &options).expect_err(tool.name);
        assert_eq!(error.status().name(), "MIGRATION_FAILED", "{}", tool.name);
        let message =
            format!("the database has the history of {} ({}), which is not taken over", tool.name, tool.table);
        assert_eq!(error.to_string(), message);
        assert!(
            error.hint().is_some_and(|hint| hint.contains("adopt") && hint.contains("baseline")),
            "{:?}",
            error.hint()
        );
        assert!(bytes(&scratch.path("a.db")) == before, "{}: the file has changed", tool.name);
        assert_eq!(scratch.names(), ["a.db", "m"]);
    }
}

#[test]
fn a_history_is_adopted_and_the_rest_runs() {
    for tool in TOOLS {
        let kit = tool.kit("");
        let theirs = kit.query(&format!("SELECT * FROM {}", tool.table)).expect("reads").rows;
        let report = adopt(&kit, tool.request()).expect(tool.name);
        assert_eq!((report.tool, report.table.as_str(), report.dry_run), (tool.name, tool.table, false));
        let found: Vec<(i64, &str, Option<i64>, bool)> = report
            .migrations
            .iter()
            .map(|one| (one.version, one.name.as_str(), one.applied_at, one.verified))
            .collect();
        let expected = [(1, "initial", tool.time, tool.sums), (2, "add_cars_table", tool.time, tool.sums)];
        assert_eq!(found, expected, "{}", tool.name);
        assert_eq!(kit.states(), ["1 applied", "2 applied", "3 pending"], "{}", tool.name);
        let state = kit.migrations().migrations.remove(0);
        assert_eq!(state.origin.as_deref(), Some(tool.name));
        assert!(tool.time.is_none() || state.applied_at == tool.time, "{state:?}");
        assert_eq!(kit.query(&format!("SELECT * FROM {}", tool.table)).expect("reads").rows, theirs, "left as it is");
        let report = kit.migrate().expect(tool.name);
        assert_eq!((applied(&report), report.from, report.drift), (vec!["3 last".to_owned()], 2, vec![]));
        let error = adopt(&kit, tool.request()).expect_err("once");
        assert!(error.to_string().contains("has a history of rpmadb already"), "{error}");
        assert_eq!(kit.reopen().expect("opens").1.migrate.expect("looked").applied.len(), 0);
    }
}

#[test]
fn a_dry_adoption_reports_the_same_and_writes_nothing() {
    for tool in TOOLS {
        let kit = tool.kit("");
        let before = kit.contents();
        let report = adopt(&kit, request::Adopt { dry_run: true, ..tool.request() }).expect(tool.name);
        assert_eq!((report.tool, report.migrations.len(), report.dry_run), (tool.name, 2, true));
        assert_eq!(kit.contents(), before, "{}", tool.name);
        assert_eq!(refusal(kit.migrate()), "MIGRATION_FAILED", "{}", tool.name);
    }
}

#[test]
fn a_tool_may_be_named_and_a_wrong_name_is_refused() {
    for tool in TOOLS {
        for other in TOOLS.iter().filter(|other| other.table != tool.table) {
            let kit = tool.kit("");
            let before = kit.contents();
            let named = |name: &str| request::Adopt { tool: Some(name.into()), ..tool.request() };
            let error = adopt(&kit, named(other.name)).expect_err(other.name);
            assert_eq!(error.to_string(), format!("the database has no history of {}", other.name));
            assert_eq!(refusal(adopt(&kit, named("liquibase"))), "INVALID_ARGUMENT");
            assert_eq!(kit.contents(), before);
        }
        let kit = tool.kit("");
        let request = request::Adopt { tool: Some(tool.name.into()), ..tool.request() };
        assert_eq!(adopt(&kit, request).expect(tool.name).migrations.len(), 2);
    }
}

#[test]
fn a_half_applied_history_is_refused_with_its_reason() {
    for tool in TOOLS.iter().filter(|tool| tool.dirty.is_some()) {
        let kit = tool.kit(tool.dirty.expect("filtered"));
        let before = kit.contents();
        let error = adopt(&kit, tool.request()).expect_err(tool.name);
        assert_eq!(error.status().name(), "MIGRATION_FAILED");
        assert!(error.to_string().contains(tool.table), "{error}");
        if tool.name != "alembic" {
            assert!(error.to_string().contains("version 2 as not finished"), "{error}");
            assert_eq!(error.place().and_then(|place| place.version), Some(2));
        }
        assert!(error.hint().is_some());
        assert_eq!(kit.contents(), before, "{}", tool.name);
    }
}

#[test]
fn a_text_that_is_not_the_applied_one_is_refused_by_its_checksum() {
    for tool in TOOLS.iter().filter(|tool| tool.sums) {
        let kit = tool.kit("");
        kit.file("2_add_cars_table.sql", CARS.replace('\n', "\r\n"));
        assert_eq!(
            adopt(&kit, request::Adopt { dry_run: true, ..tool.request() }).expect("line endings").migrations.len(),
            2
        );
        kit.file("2_add_cars_table.sql", CARS.replace("255", "256"));
        let before = kit.contents();
        let error = adopt(&kit, tool.request()).expect_err(tool.name);
        assert!(error.to_string().contains(&format!("the text that {} applied", tool.name)), "{error}");
        let place = error.place().expect("a place");
        assert_eq!((place.file.as_deref(), place.version), (Some("2_add_cars_table.sql"), Some(2)), "{error}");
        assert_eq!(kit.contents(), before, "{}", tool.name);
    }
}

#[test]
fn a_version_that_the_set_does_not_have_is_refused() {
    for tool in TOOLS {
        let kit = tool.kit("");
        kit.files(&SET[..1]);
        let before = kit.contents();
        let error = adopt(&kit, tool.request()).expect_err(tool.name);
        assert!(error.to_string().contains("version 2") && error.to_string().contains(tool.table), "{error}");
        assert_eq!(kit.contents(), before, "{}", tool.name);
    }
}

#[test]
fn the_original_application_is_adopted_at_first_open() {
    for (opening, versions) in [("1, 1700000000123), (2, 1700000000456", 2), ("1, 1700000000123", 1)] {
        let scratch = Scratch::new();
        let history = "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at INTEGER);";
        let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
        let made = if versions == 2 { CARS } else { "" };
        plain
            .execute_batch(&format!("{PERSONS}{made}{history} INSERT INTO schema_version VALUES ({opening})"))
            .expect("makes");
        drop(plain);
        let folder = scratch.migrations("m", SET);
        let (database, report) = try_open(scratch.path("a.db"), &with_folder(&folder)).expect("adopts");
        let report = report.migrate.expect("ran");
        let adopted = report.adopted.clone().expect("adopted");
        assert_eq!(
            (adopted.tool, adopted.table.as_str(), adopted.migrations.len()),
            ("rpma", "schema_version", versions)
        );
        assert_eq!((report.from, report.to, report.applied.len()), (versions as i64, 3, 3 - versions));
        let states = database.migrations(&watch()).expect("lists").migrations;
        assert_eq!((states[0].applied_at, states[0].origin.as_deref()), (Some(1_700_000_000_123), Some("rpma")));
        assert_eq!((states[2].state, states[2].origin.as_deref()), ("applied", Some("run")));
        let again = try_open(scratch.path("a.db"), &with_folder(&folder)).expect("opens").1.migrate.expect("looked");
        assert!(again.adopted.is_none() && again.applied.is_empty());
    }
}

#[test]
fn an_adoption_at_first_open_goes_with_a_run_that_fails() {
    let scratch = Scratch::new();
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    let history = "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at INTEGER); INSERT INTO schema_version VALUES (1, 5);";
    plain.execute_batch(&format!("{PERSONS}{history}")).expect("makes");
    drop(plain);
    let folder = scratch.migrations("m", &[SET[0], SET[1], ("3_last.sql", "CREATE TABEL last (x);")]);
    let kit = Kit { database: try_open(scratch.path("a.db"), &Kept::Wal.options(&folder)).expect("opens").0, scratch };
    assert_eq!(kit.failure().status().name(), "MIGRATION_FAILED");
    kit.file("3_last.sql", SET[2].1);
    let before = kit.contents();
    let report = kit.dry_run().expect("runs dry");
    assert_eq!((report.adopted.expect("would be").migrations.len(), report.from, report.applied.len()), (1, 1, 2));
    assert_eq!(kit.contents(), before);
}

#[test]
fn user_version_is_a_history_of_rusqlite_migration_when_it_is_named() {
    let scratch = Scratch::new();
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch(&format!("{PERSONS}{CARS} PRAGMA user_version = 2")).expect("makes");
    drop(plain);
    let folder = scratch.migrations("m", SET);
    let kit = Kit { database: try_open(scratch.path("a.db"), &Kept::Wal.options(&folder)).expect("opens").0, scratch };
    let error = adopt(&kit, request::Adopt::default()).expect_err("a number may be anything");
    assert!(error.to_string().contains("no history of another tool"), "{error}");
    let named = request::Adopt { tool: Some("rusqlite_migration".into()), ..request::Adopt::default() };
    let report = adopt(&kit, named).expect("adopts");
    assert_eq!((report.tool, report.table.as_str()), ("rusqlite_migration", "PRAGMA user_version"));
    assert_eq!(report.migrations.iter().map(|one| one.version).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(applied(&kit.migrate().expect("the rest")), ["3 last"]);
    assert_eq!(kit.reopen().expect("opens").1.migrate.expect("looked").applied.len(), 0);
}

#[test]
fn the_command_adopts_when_it_is_told_to() {
    let scratch = Scratch::new();
    TOOLS[0].write(&scratch, "");
    scratch.migrations("m", SET);
    let ran = run(scratch.folder(), &["migrate", "a.db", "--migrations", "m"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.starts_with("error: the database has the history of refinery (refinery_schema_history)"),
        "{}",
        ran.stderr
    );
    assert_eq!(run(scratch.folder(), &["adopt", "a.db", "--migrations", "m", "--dry-run"]).code, Some(0));
    assert_eq!(run(scratch.folder(), &["adopt", "a.db", "--migrations", "m", "--tool", "refinery"]).code, Some(0));
    let ran = run(scratch.folder(), &["migrate", "a.db", "--migrations", "m", "--json"]);
    let report: Json = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((ran.code, &report["applied"][0]["name"], &report["from"]), (Some(0), &"last".into(), &2.into()));
}

/// The original application's database may have been opened by a newer one of it.
#[test]
fn a_history_that_goes_beyond_the_set_is_a_database_too_new() {
    let scratch = Scratch::new();
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    let history = "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at INTEGER); \
                   INSERT INTO schema_version VALUES (1, 1), (2, 2), (3, 3), (4, 4);";
    plain.execute_batch(&format!("{PERSONS}{CARS}{history}")).expect("writes");
    drop(plain);
    let folder = scratch.migrations("m", SET);
    let before = bytes(&scratch.path("a.db"));
    let outcome = try_open(scratch.path("a.db"), &Kept::Journal.options(&folder)).expect("opens").0;
    for outcome in [
        outcome.migrate(&request::Migrate::default(), &watch()).map(|_| ()),
        outcome.adopt(&request::Adopt::default(), &watch()).map(|_| ()),
    ] {
        let error = outcome.expect_err("must be refused");
        assert_eq!(error.status().name(), "DATABASE_TOO_NEW", "{error}");
        assert_eq!(error.to_string(), "the database is at version 4, this set of migrations ends at 3");
    }
    drop(outcome);
    assert_eq!(bytes(&scratch.path("a.db")), before);
}
