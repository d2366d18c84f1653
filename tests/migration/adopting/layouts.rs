//! Folders laid out for other tools: read as they are, named or recognised, forth and back.
//!
//! Leaves to others: every rule of every layout (unit tests beside the source).

use super::*;

struct Layout {
    style: &'static str,
    /// What `auto` takes it for, where two styles read the folder in the same way.
    auto: bool,
    files: &'static [(&'static str, &'static str)],
    applied: &'static [&'static str],
    reversible: bool,
}

const TRIGGER: &str = "-- +goose Up\n-- +goose StatementBegin\nCREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; INSERT INTO b VALUES (1); END;\n\
    -- +goose StatementEnd\n-- +goose Down\nDROP TRIGGER t;\n";

const LAYOUTS: &[Layout] = &[
    Layout {
        style: "rpmadb",
        auto: true,
        files: &[
            ("001_a.sql", "CREATE TABLE a (x);"),
            ("001_a.down.sql", "DROP TABLE a;"),
            (
                "2_b.lua",
                "return { up = function(db) db:exec('CREATE TABLE b (x)') end, down = function(db) db:exec('DROP TABLE b') end }",
            ),
            ("R_v.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT x FROM a;"),
            ("README.md", "words"),
        ],
        applied: &["1 a", "2 b", "R v"],
        reversible: true,
    },
    Layout {
        style: "flyway",
        auto: true,
        files: &[
            ("V1__a.sql", "CREATE TABLE a (x);"),
            ("U1__a.sql", "DROP TABLE a;"),
            ("V2__make_b.sql", "CREATE TABLE b (x);"),
            ("U2__drop_b.sql", "DROP TABLE b;"),
            ("R__v.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT x FROM a;"),
        ],
        applied: &["1 a", "2 make_b", "R v"],
        reversible: true,
    },
    Layout {
        style: "refinery",
        auto: true,
        files: &[
            ("V1__a.sql", "CREATE TABLE a (x);"),
            ("U2__b.sql", "CREATE TABLE b (x);"),
            ("V3__c.sql", "CREATE TABLE c (x);"),
        ],
        applied: &["1 a", "2 b", "3 c"],
        reversible: false,
    },
    Layout {
        style: "golang-migrate",
        auto: true,
        files: &[
            ("000001_a.up.sql", "BEGIN;\nCREATE TABLE a (x);\nCOMMIT;"),
            ("000001_a.down.sql", "DROP TABLE a;"),
            ("000002_b.up.sql", "CREATE TABLE b (x);"),
            ("000002_b.down.sql", "DROP TABLE IF EXISTS b;"),
        ],
        applied: &["1 a", "2 b"],
        reversible: true,
    },
    Layout {
        style: "sqlx",
        auto: true,
        files: &[
            ("20240101000000_a.sql", "CREATE TABLE a (x);"),
            ("20240102000000_b.up.sql", "CREATE TABLE b (x);"),
            ("20240102000000_b.down.sql", "DROP TABLE b;"),
            ("20240103000000_c.sql", "-- no-transaction\nVACUUM;"),
        ],
        applied: &["20240101000000 a", "20240102000000 b", "20240103000000 c"],
        reversible: false,
    },
    Layout {
        style: "goose",
        auto: true,
        files: &[
            (
                "00001_a.sql",
                "-- +goose Up\nCREATE TABLE a (x);\nCREATE TABLE b (x);\n-- +goose Down\nDROP TABLE b;\nDROP TABLE a;\n",
            ),
            ("20240101000000_t.sql", TRIGGER),
        ],
        applied: &["1 a", "20240101000000 t"],
        reversible: true,
    },
    Layout {
        style: "dbmate",
        auto: true,
        files: &[
            ("20240101000000_a.sql", "-- migrate:up\nCREATE TABLE a (x);\n-- migrate:down\nDROP TABLE a;\n"),
            (
                "20240102000000_b.sql",
                "-- migrate:up transaction:false\nCREATE TABLE b (x);\nVACUUM;\n-- migrate:down\nDROP TABLE b;\n",
            ),
        ],
        applied: &["20240101000000 a", "20240102000000 b"],
        reversible: true,
    },
    Layout {
        style: "diesel",
        auto: true,
        files: &[
            ("2024-01-01-000000_a/up.sql", "CREATE TABLE a (x);"),
            ("2024-01-01-000000_a/down.sql", "DROP TABLE a;"),
            ("2024-01-02-000000_b/up.sql", "CREATE TABLE b (x);\nVACUUM;"),
            ("2024-01-02-000000_b/down.sql", "DROP TABLE b;"),
            ("2024-01-02-000000_b/metadata.toml", "run_in_transaction = true\n"),
        ],
        applied: &["20240101000000 a", "20240102000000 b"],
        reversible: true,
    },
    Layout {
        style: "rusqlite_migration",
        auto: true,
        files: &[
            ("01-a/up.sql", "CREATE TABLE a (x);"),
            ("01-a/down.sql", "DROP TABLE a;"),
            ("02-b/up.sql", "CREATE TABLE b (x);"),
            ("02-b/down.sql", "DROP TABLE b;"),
        ],
        applied: &["1 a", "2 b"],
        reversible: true,
    },
];

impl Layout {
    fn kit(&self, style: &str) -> Kit {
        let scratch = Scratch::new();
        let folder = scratch.migrations("m", &[]);
        for (name, text) in self.files {
            scratch.write(&format!("m/{name}"), text);
        }
        let options = request::Open { style: Some(style.into()), ..Kept::Wal.options(&folder) };
        Kit { database: try_open(scratch.path("a.db"), &options).expect(self.style).0, scratch }
    }
}

fn objects(kit: &Kit) -> usize {
    kit.database.schema(&request::Schema::default(), &watch()).expect("reads").objects.len()
}

#[test]
fn a_folder_of_each_layout_goes_forth_and_back() {
    for layout in LAYOUTS {
        for style in [layout.style, "auto"].iter().filter(|style| **style != "auto" || layout.auto) {
            let kit = layout.kit(style);
            let report = kit.migrate().unwrap_or_else(|error| panic!("{} as {style}: {error}", layout.style));
            assert_eq!(applied(&report), layout.applied, "{} as {style}", layout.style);
            assert_eq!(kit.migrate().expect("nothing is left").applied.len(), 0, "{}", layout.style);
            if layout.reversible {
                let down = kit.rollback(0).unwrap_or_else(|error| panic!("{} as {style}: {error}", layout.style));
                assert_eq!((down.to, objects(&kit)), (0, 0), "{} as {style}", layout.style);
                assert_eq!(applied(&kit.migrate().expect("up again")), layout.applied);
            } else {
                assert_eq!(refusal(kit.rollback(0)), "IRREVERSIBLE", "{}", layout.style);
            }
        }
    }
}

#[test]
fn what_one_style_applied_is_known_when_the_folder_is_recognised() {
    for layout in LAYOUTS {
        let kit = layout.kit(layout.style);
        kit.migrate().expect(layout.style);
        let options = request::Open { style: Some("auto".into()), ..with_folder(&kit.folder()) };
        let report = try_open(kit.scratch.path("a.db"), &options).expect(layout.style).1.migrate.expect("looked");
        assert_eq!(report.applied.len(), 0, "{}", layout.style);
    }
}

#[test]
fn an_error_in_a_section_has_the_line_of_its_file() {
    let scratch = Scratch::new();
    let text = "-- é\n-- +goose Up\nCREATE TABLE a (x);\n-- +goose Down\n  DROP TABEL a;\n";
    let folder = scratch.migrations("m", &[("00001_a.sql", text)]);
    let options = request::Open { style: Some("goose".into()), ..Kept::Wal.options(&folder) };
    let kit = Kit { database: try_open(scratch.path("a.db"), &options).expect("opens").0, scratch };
    kit.migrate().expect("migrates");
    let error = kit.rollback(0).expect_err("fails");
    assert_eq!(at(&error), ("MIGRATION_FAILED", Some("00001_a.sql"), Some(5), Some(8), Some(1)), "{error}");
    assert_eq!(error.place().and_then(|place| place.source_line.as_deref()), Some("  DROP TABEL a;"));
}

#[test]
fn a_file_that_does_not_fit_its_style_is_refused_by_name() {
    for (style, name) in [
        ("rpmadb", "V1__a.sql"),
        ("flyway", "1_a.sql"),
        ("golang-migrate", "1_a.sql"),
        ("goose", "a.sql"),
        ("diesel", "1_a.sql"),
        ("rusqlite_migration", "1_a.sql"),
        ("auto", "a.sql"),
    ] {
        let scratch = Scratch::new();
        let folder = scratch.migrations("m", &[(name, "SELECT 1;")]);
        let options = request::Open { style: Some(style.into()), ..with_folder(&folder) };
        let error = try_open(scratch.path("a.db"), &options).expect_err(style);
        assert_eq!(error.status().name(), "MIGRATION_INVALID", "{style}");
        assert_eq!(error.place().and_then(|place| place.file.as_deref()), Some(name), "{error}");
        assert_eq!(scratch.names(), ["m"], "refused before a database is made");
    }
    let scratch = Scratch::new();
    let options = request::Open { style: Some("liquibase".into()), ..with_folder(&scratch.migrations("m", &[])) };
    assert_eq!(refusal(try_open(scratch.path("a.db"), &options)), "INVALID_ARGUMENT");
}

#[test]
fn a_history_is_adopted_with_the_folder_of_its_own_tool() {
    let scratch = Scratch::new();
    TOOLS[2].write(&scratch, "");
    let folder = scratch.migrations(
        "m",
        &[("V1__initial.sql", PERSONS), ("V2__cars.sql", CARS), ("V3__last.sql", "CREATE TABLE last (x);")],
    );
    let options = request::Open { style: Some("auto".into()), ..Kept::Wal.options(&folder) };
    let kit = Kit { database: try_open(scratch.path("a.db"), &options).expect("opens").0, scratch };
    let report = adopt(&kit, request::Adopt::default()).expect("adopts");
    assert!(report.tool == "flyway" && report.migrations.iter().all(|one| one.verified), "{report:?}");
    assert_eq!(applied(&kit.migrate().expect("the rest")), ["3 last"]);
}
