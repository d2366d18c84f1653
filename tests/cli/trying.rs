//! What the verbs that look at migrations print: lint, schema, test, a dry migrate; and the options of migrate beside them.

use super::*;

const THIRD: &str = "CREATE TABLE c (a_x REFERENCES a);\n\nALTER TABLE a DROP COLUMN y;\nDROP TABLE b;\n";
const WARNINGS: &str = concat!(
    "  3_third.sql:1: the foreign key (a_x) of table 'c' to 'a' has no index (foreign-key-without-index)\n",
    "      create an index that begins with these columns\n",
    "  3_third.sql:3: column 'y' of table 'a' is dropped with its values (drop-column)\n",
    "      copy the values elsewhere first, or allow it with '-- rpmadb: allow=drop-column'\n",
    "  3_third.sql:4: table 'b' is dropped with its rows (drop-table)\n",
    "      copy the rows elsewhere first, or allow it with '-- rpmadb: allow=drop-table'\n",
);

fn ran(scratch: &Scratch, args: &[&str]) -> String {
    untimed(&succeeded(run(scratch.folder(), args)))
}

/// Migrations in `m` and no database.
fn set(files: &[(&str, &str)]) -> Scratch {
    let scratch = Scratch::new();
    scratch.migrations("m", files);
    scratch
}

const FIRST: (&str, &str) = ("1_first.sql", "CREATE TABLE a (x INTEGER PRIMARY KEY, y);");
const FIRST_BACK: (&str, &str) = ("1_first.down.sql", "DROP TABLE a;");
const SECOND: (&str, &str) = ("2_second.sql", "CREATE TABLE b (x);");

// --- lint

#[test]
fn lint_prints_warnings_with_their_places_and_needs_no_database() {
    let scratch = set(&[FIRST, SECOND, ("3_third.sql", THIRD)]);
    let expected = format!("{WARNINGS}3 file(s), 3 warning(s)\n");
    assert_eq!(ran(&scratch, &["lint", "--migrations", "m"]), expected);
    assert_eq!(scratch.names(), ["m"]);
    succeeded(in_small(&scratch, &["migrate", "a.db", "--to", "2"]));
    assert_eq!(ran(&scratch, &["lint", "a.db", "--migrations", "m"]), expected);
    let path = text(&scratch.path("none"));
    assert_eq!(
        failed(run(scratch.folder(), &["lint", "--migrations", "none"]), 1),
        format!(
            "error: the migrations folder {path} does not exist\nhint: check the path; a missing folder is not made\n"
        )
    );
}

#[test]
fn lint_finds_nothing_in_the_embedded_set() {
    assert_eq!(ran(&Scratch::new(), &["lint"]), "20 file(s), 0 warning(s)\n");
}

// --- schema

#[test]
fn schema_compares_with_another_file() {
    let scratch = small();
    succeeded(in_small(&scratch, &["migrate", "b.db", "--to", "1"]));
    succeeded(run(scratch.folder(), &["query", "b.db", "CREATE INDEX more ON a (x)"]));
    assert_eq!(
        ran(&scratch, &["schema", "a.db", "--compare", "b.db"]),
        "  added     index more of a\n  removed   table b\n2 difference(s)\n"
    );
    assert_eq!(ran(&scratch, &["schema", "a.db", "--compare", "a.db"]), "0 difference(s)\n");
    assert_eq!(
        failed(run(scratch.folder(), &["schema", "a.db", "--compare", "none.db"]), 1),
        "error: none.db does not exist\nhint: check the path; a missing folder is not made\n"
    );
    assert_eq!(scratch.names(), ["a.db", "b.db", "m"]);
}

#[test]
fn the_printed_schema_is_sql_that_makes_it_again() {
    let scratch = set(&[(
        "1_first.sql",
        "CREATE TABLE t (x); CREATE INDEX by_x ON t (x); CREATE VIEW a_view AS SELECT x FROM t;
         CREATE TRIGGER after_t AFTER INSERT ON t BEGIN DELETE FROM t WHERE x = 'a;b'; END;",
    )]);
    succeeded(in_small(&scratch, &["migrate", "a.db"]));
    let printed = ran(&scratch, &["schema", "a.db"]);
    let (sql, last) = printed.trim_end().rsplit_once('\n').expect("has lines");
    assert!(last.starts_with("-- version 1, 4 object(s), hash ") && last.len() == 64, "{last}");
    let copy = rusqlite::Connection::open(scratch.path("b.db")).expect("opens");
    copy.execute_batch(&printed).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    drop(copy);
    assert_eq!(ran(&scratch, &["schema", "a.db", "--compare", "b.db"]), "0 difference(s)\n");
}

// --- test

#[test]
fn test_passes_with_0_and_tells_what_it_tried() {
    let scratch = set(&[FIRST, FIRST_BACK, SECOND, ("2_second.down.sql", "DROP TABLE b;")]);
    assert_eq!(
        ran(&scratch, &["test", "--migrations", "m"]),
        "passed: started from 3 version(s), crashed 8 time(s), seed 1 (T ms)\n"
    );
    let few = ["test", "--migrations", "m", "--no-crash", "--from", "0", "--from", "1", "--rows", "2", "--seed", "7"];
    assert_eq!(ran(&scratch, &few), "passed: started from 2 version(s), crashed 0 time(s), seed 7 (T ms)\n");
    assert_eq!(scratch.names(), ["m"]);
}

#[test]
fn test_tells_above_what_going_back_was_tried() {
    let scratch = set(&[FIRST, SECOND, ("3_third.sql", "CREATE TABLE c (x);"), ("3_third.down.sql", "DROP TABLE c;")]);
    assert_eq!(
        ran(&scratch, &["test", "--migrations", "m", "--no-crash"]),
        "  going back was tried above 2 only: 1, 2 have no way back\n\
         passed: started from 4 version(s), crashed 0 time(s), seed 1 (T ms)\n"
    );
}

#[test]
fn test_fails_with_1_and_names_the_file_and_the_line() {
    let scratch =
        set(&[FIRST, FIRST_BACK, ("2_bad.sql", "CREATE TABLE b (x);\n\n  INSERT INTO nowhere VALUES (1);\n")]);
    let ran = in_small(&scratch, &["test", "--no-crash", "--from", "0"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""), "{ran:?}");
    let stdout = untimed(&ran.stdout);
    assert!(
        stdout.starts_with(
            "  migrating from 0 to 2 failed: migration 2 failed: no such table: nowhere\n      in 2_bad.sql:3\n"
        ),
        "{stdout}"
    );
    assert!(stdout.ends_with("failed: started from 1 version(s), crashed 0 time(s), seed 1 (T ms)\n"), "{stdout}");
    let ran = in_small(&scratch, &["test", "--no-crash", "--from", "0", "--json"]);
    let report: Json = serde_json::from_str(&ran.stdout).expect("a report");
    assert_eq!((ran.code, &report["passed"]), (Some(1), &json!(false)), "{report}");
    assert_eq!(report["problems"][0]["error"]["file"], "2_bad.sql");
}

// --- migrate

#[test]
fn a_dry_migrate_tells_changes_size_and_warnings() {
    let scratch = set(&[FIRST, SECOND]);
    succeeded(in_small(&scratch, &["migrate", "a.db"]));
    scratch.write("m/3_third.sql", THIRD);
    scratch.write("m/4_vacuum.sql", "VACUUM;");
    let before = held(&scratch);
    let expected = [
        concat!(
            "   003  third                            sql T ms\n",
            "   004  vacuum                           sql T ms\n",
            "        outside the transaction: VACUUM\n",
            "  changed   table a\n",
            "  removed   table b\n",
            "  added     table c\n",
            "  rows      b: 0 to none\n",
            "  rows      c: none to 0\n",
            "size 28.0 KiB, at most 32.0 KiB on the way\n",
        ),
        WARNINGS,
        "dry run: 2 would be applied, nothing was kept, version 2 (T ms)\n",
    ];
    assert_eq!(untimed(&succeeded(in_small(&scratch, &["migrate", "a.db", "--dry-run"]))), expected.concat());
    assert_eq!(held(&scratch), before);
}

#[test]
fn migrate_per_file_keeps_what_went_before_a_failure() {
    let scratch = small();
    scratch.write("m/3_third.sql", "CREATE TABLE c (x);");
    scratch.write("m/4_bad.sql", "INSERT INTO nope VALUES (1);");
    let expected = |kept: &str| {
        format!(
            "error: migration 4 failed: no such table: nope\n --> 4_bad.sql:1:1\n  |\n1 | INSERT INTO nope VALUES (1);\n  \
             | ^\nhint: mend the file and run again; {kept}\n"
        )
    };
    let stderr = failed(in_small(&scratch, &["migrate", "a.db"]), 1);
    assert_eq!(stderr, expected("nothing of this run was kept"));
    let stderr = failed(in_small(&scratch, &["migrate", "a.db", "--per-file"]), 1);
    assert_eq!(stderr, expected("1 migration(s) before it are applied and stay"));
    let stdout = ended(in_small(&scratch, &["migrations", "a.db"]), 3);
    assert!(stdout.ends_with("version 3 of 4, 1 pending\n"), "{stdout}");
}

#[test]
fn a_folder_of_another_tool_is_read_when_its_style_is_named() {
    let scratch = set(&[("1_first.up.sql", "CREATE TABLE a (x);"), ("1_first.down.sql", "DROP TABLE a;")]);
    assert_eq!(
        failed(in_small(&scratch, &["migrate", "a.db"]), 1),
        "error: '1_first.down.sql' has no up file of the same version and name\n--> 1_first.down.sql\n\
         hint: mend the file; names are NNN_name.sql, NNN_name.down.sql, NNN_name.lua or R_name.sql, unless the option \
         style names another tool\n"
    );
    assert_eq!(scratch.names(), ["m"]);
    let path = text(&scratch.path("a.db"));
    assert_eq!(
        untimed(&succeeded(in_small(&scratch, &["migrate", "a.db", "--style", "golang-migrate"]))),
        format!("created {path}\n   001  first                            sql T ms\napplied 1, version 1 (T ms)\n")
    );
    assert_eq!(
        untimed(&succeeded(in_small(&scratch, &["rollback", "a.db", "--to", "0", "--style", "auto"]))),
        "   001  first                            sql T ms\n1 taken back, version 0 (T ms)\n"
    );
    let known = "rpmadb, auto, flyway, refinery, golang-migrate, sqlx, goose, dbmate, diesel, rusqlite_migration";
    assert_eq!(
        failed(in_small(&scratch, &["migrate", "a.db", "--style", "nope"]), 2),
        format!("error: --style: 'nope' is none of {known}\nhint: `rpmadb migrate --help` lists what it takes\n")
    );
}

#[test]
fn a_foreign_key_to_columns_that_are_no_key_is_told_as_that() {
    let scratch = set(&[("1_first.sql", "CREATE TABLE a (x);"), ("2_c.sql", "CREATE TABLE c (a_x REFERENCES a (x));")]);
    let stderr = failed(in_small(&scratch, &["migrate", "a.db"]), 1);
    assert!(stderr.contains("\n --> 2_c.sql:1:1\n"), "{stderr}");
    assert!(!stderr.contains("violation(s)"), "there is no row that could violate it: {stderr}");
}

// --- wrong usage

#[test]
fn wrong_usage_of_the_verbs_about_history_exits_with_2() {
    let scratch = small();
    for (args, start) in [
        (["rollback", "a.db"].as_slice(), "error: the following required arguments were not provided:\n  <VERSION>"),
        (&["rollback", "a.db", "--to", "x"], "error: invalid value 'x' for '--to <VERSION>'"),
        (&["rollback", "a.db", "--to", "5"], "error: target is 5 and the database is at version 2; use migrate to go"),
        (&["rollback", "a.db", "--to=-1"], "error: target is -1 and must be at least 0\n"),
        (&["rollback", "a.db", "--to", "0", "--lock-timeout", "86400001"], "error: --lock-timeout: "),
        (&["adopt"], "error: the following required arguments were not provided:\n  <DATABASE>"),
        (&["adopt", "a.db", "--to", "0"], "error: --to: 0 is outside 1 to "),
        (&["baseline", "a.db", "--to", "x"], "error: invalid value 'x' for '--to <VERSION>'"),
        (&["baseline", "a.db", "--dry-run"], "error: unexpected argument '--dry-run' found\n"),
        (&["repair", "a.db", "--version", "x"], "error: invalid value 'x' for '--version <VERSION>'"),
        (&["lint", "a.db", "b.db"], "error: unexpected argument 'b.db' found\n"),
        (&["schema", "a.db", "--compare"], "error: a value is required for '--compare <FILE>'"),
        (&["test", "--rows", "x"], "error: invalid value 'x' for '--rows <ROWS>'"),
        (&["test", "--rows", "0"], "error: --rows: 0 is outside 1 to 1000\n"),
        (&["test", "--from", "9"], "error: --from: there is no migration 9\n"),
        (&["rollback", "a.db", "--to", "-1"], "error: target is -1 and must be at least 0\n"),
    ] {
        let stderr = failed(in_small(&scratch, args), 2);
        assert!(stderr.starts_with(start), "{args:?}: {stderr}");
    }
}
