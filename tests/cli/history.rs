//! What the verbs about the history of migrations print: back, over from other tools, accepted, checked, tried.

use super::*;

const FIRST: &str = "CREATE TABLE a (\n  x INTEGER PRIMARY KEY,\n  y TEXT\n);\n";

/// Two migrations with their ways back; `a.db` has both applied.
fn both_ways() -> Scratch {
    let scratch = Scratch::new();
    scratch.migrations(
        "m",
        &[
            ("1_first.sql", FIRST),
            ("1_first.down.sql", "DROP TABLE a;"),
            ("2_second.sql", "CREATE TABLE b (x); INSERT INTO a VALUES (1, 'one'), (2, 'two');"),
            ("2_second.down.sql", "DROP TABLE b; DELETE FROM a;"),
        ],
    );
    succeeded(in_small(&scratch, &["migrate", "a.db"]));
    scratch
}

/// What another tool left in `a.db`.
fn foreign(scratch: &Scratch, sql: &str) {
    rusqlite::Connection::open(scratch.path("a.db")).expect("opens").execute_batch(sql).expect(sql);
}

fn prints(scratch: &Scratch, args: &[&str], expected: &str) {
    assert_eq!(untimed(&succeeded(in_small(scratch, args))), expected, "{args:?}");
}

fn fails(scratch: &Scratch, args: &[&str], code: i32, expected: &str) {
    assert_eq!(failed(in_small(scratch, args), code), expected, "{args:?}");
}

// --- rollback

#[test]
fn rollback_lists_what_it_took_back() {
    let scratch = both_ways();
    let second = "   002  second                           sql T ms\n";
    prints(&scratch, &["rollback", "a.db", "--to", "1"], &format!("{second}1 taken back, version 1 (T ms)\n"));
    prints(&scratch, &["rollback", "a.db", "--to", "1"], "0 taken back, version 1 (T ms)\n");
    prints(
        &scratch,
        &["rollback", "a.db", "--to", "0"],
        "   001  first                            sql T ms\n1 taken back, version 0 (T ms)\n",
    );
    assert_eq!(
        ended(in_small(&scratch, &["migrations", "a.db"]), 3),
        concat!(
            "version  name    kind  state    applied  by\n",
            "-------- ------- ----- -------- -------- ---\n",
            "    001  first   sql   pending\n",
            "    002  second  sql   pending\n",
            "version 0 of 2, 2 pending\n",
        ),
    );
}

#[test]
fn a_dry_rollback_tells_what_would_change_and_keeps_nothing() {
    let scratch = both_ways();
    let before = held(&scratch);
    prints(
        &scratch,
        &["rollback", "a.db", "--to", "1", "--dry-run"],
        concat!(
            "   002  second                           sql T ms\n",
            "  removed   table b\n",
            "  rows      a: 2 to 0\n",
            "  rows      b: 0 to none\n",
            "size 28.0 KiB, at most 28.0 KiB on the way\n",
            "dry run: 1 would be taken back, version 2 (T ms)\n",
        ),
    );
    assert_eq!(held(&scratch), before);
}

#[test]
fn rollback_backs_up_first_when_told_to() {
    let scratch = both_ways();
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    let stdout = succeeded(in_small(&scratch, &["rollback", "a.db", "--to", "0", "--backup", "backups"]));
    assert!(stdout.starts_with("backed up to ") && stdout.contains("backups/a-20"), "{stdout}");
    assert!(untimed(&stdout).ends_with("\n2 taken back, version 0 (T ms)\n"), "{stdout}");
    assert_eq!(backups_in(&scratch.path("backups")), 1);
}

#[test]
fn rollback_without_a_way_back_says_which_and_what_to_do() {
    let scratch = small();
    fails(
        &scratch,
        &["rollback", "a.db", "--to", "0"],
        1,
        "error: migration 2 (second) cannot be taken back: it has no down file\n\
         hint: nothing was changed; go back to a backup, or write the way back as NNN_name.down.sql\n\
         next: rpmadb backups a.db --migrations m\n",
    );
    scratch.write("m/3_lua.lua", "return { up = function(db) db:exec('CREATE TABLE c (x)') end }");
    succeeded(in_small(&scratch, &["migrate", "a.db"]));
    fails(
        &scratch,
        &["rollback", "a.db", "--to", "2"],
        1,
        "error: migration 3 (lua) cannot be taken back: its Lua file has no down function\n\
         hint: nothing was changed; go back to a backup, or give the Lua file a down function\n\
         next: rpmadb backups a.db --migrations m\n",
    );
}

#[test]
fn a_down_file_that_fails_is_shown_with_its_line() {
    let scratch = small();
    scratch.write("m/2_second.down.sql", "DROP TABLE b;\n  DROP TABLE nope;\n");
    let before = held(&scratch);
    fails(
        &scratch,
        &["rollback", "a.db", "--to", "1"],
        1,
        concat!(
            "error: migration 2 failed: no such table: nope\n",
            " --> 2_second.down.sql:2:3\n",
            "  |\n",
            "2 |   DROP TABLE nope;\n",
            "  |   ^\n",
            "hint: mend the file and run again; nothing of this run was kept\n",
        ),
    );
    assert_eq!(held(&scratch), before);
}

// --- adopt and baseline

#[test]
fn adopt_lists_what_it_took_over() {
    let scratch = Scratch::new();
    scratch.migrations("m", &[("1_first.sql", "CREATE TABLE a (x);"), ("2_second.sql", "CREATE TABLE b (x);")]);
    foreign(&scratch, "CREATE TABLE schema_migrations (version uint64, dirty bool);");
    foreign(&scratch, "INSERT INTO schema_migrations VALUES (2, 0); CREATE TABLE a (x); CREATE TABLE b (x);");
    let lines = "   001  first                            \n   002  second                           \n";
    let before = held(&scratch);
    prints(
        &scratch,
        &["adopt", "a.db", "--dry-run"],
        &format!("{lines}2 migration(s) would be taken over from golang-migrate (schema_migrations)\n"),
    );
    assert_eq!(held(&scratch), before);
    fails(
        &scratch,
        &["migrate", "a.db"],
        1,
        "error: the database has the history of golang-migrate (schema_migrations), which is not taken over\n\
         hint: take it over with adopt, or record what is applied with baseline\n\
         next: rpmadb adopt a.db --dry-run --migrations m\n",
    );
    prints(
        &scratch,
        &["adopt", "a.db", "--tool", "golang-migrate"],
        &format!("{lines}2 migration(s) taken over from golang-migrate (schema_migrations)\n"),
    );
    let path = text(&scratch.path("a.db"));
    prints(&scratch, &["migrate", "a.db"], &format!("{path} is up to date, version 2 (T ms)\n"));
    fails(
        &scratch,
        &["adopt", "a.db"],
        1,
        "error: the database has a history of rpmadb already, from version 1\nhint: nothing needs to be taken over\n",
    );
}

#[test]
fn adopt_says_whose_checksums_it_verified() {
    let scratch = Scratch::new();
    scratch.migrations("m", &[("1_first.sql", "CREATE TABLE a (x);")]);
    // SHA-384 of the file, by sha384sum
    let sum = "2521e597cc9f91ad501d43ba464135b0fb7b4ca654b31d3dcf0f25d947904020d32a2fe1a2dd9dd751e1ae978648d010";
    foreign(
        &scratch,
        &format!(
            "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
               installed_on TIMESTAMP NOT NULL, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT);
             INSERT INTO _sqlx_migrations VALUES (1, 'first', '2024-05-01 10:20:30', 1, x'{sum}', -1)"
        ),
    );
    prints(
        &scratch,
        &["adopt", "a.db"],
        "   001  first                            checksum verified\n\
         1 migration(s) taken over from sqlx (_sqlx_migrations)\n",
    );
}

#[test]
fn adopt_says_why_it_does_not() {
    let scratch = Scratch::new();
    scratch.migrations("m", &[("1_first.sql", "CREATE TABLE a (x);")]);
    foreign(&scratch, "CREATE TABLE schema_migrations (version uint64, dirty bool);");
    foreign(&scratch, "INSERT INTO schema_migrations VALUES (1, 1);");
    fails(
        &scratch,
        &["adopt", "a.db"],
        1,
        "error: the table schema_migrations marks version 1 as not finished by golang-migrate\n\
         hint: finish or undo that migration with the tool that began it, then adopt\n",
    );
    let known = "rpma, refinery, rusqlite_migration, sqlx, diesel, goose, golang-migrate, dbmate, flyway, alembic";
    fails(
        &scratch,
        &["adopt", "a.db", "--tool", "liquibase"],
        2,
        &format!("error: --tool: 'liquibase' is none of {known}\nhint: `rpmadb adopt --help` lists what it takes\n"),
    );
    let stderr = failed(in_small(&scratch, &["adopt", "a.db", "--tool", "goose"]), 1);
    assert!(stderr.starts_with("error: the database has no history of goose\nhint: "), "{stderr}");
    assert!(!stderr.contains("name the tool"), "it was named: {stderr}");
}

#[test]
fn baseline_tells_how_many_it_recorded() {
    let scratch = Scratch::new();
    scratch.migrations("m", &[("1_first.sql", "CREATE TABLE a (x);"), ("2_second.sql", "CREATE TABLE b (x);")]);
    foreign(&scratch, "CREATE TABLE a (x);");
    prints(&scratch, &["baseline", "a.db", "--to", "1"], "recorded 1 migration(s) as applied, version 1\n");
    prints(
        &scratch,
        &["migrate", "a.db"],
        "   002  second                           sql T ms\napplied 1, version 2 (T ms)\n",
    );
    prints(&scratch, &["baseline", "a.db"], "recorded 0 migration(s) as applied, version 2\n");
    fails(
        &scratch,
        &["baseline", "a.db", "--to", "7"],
        2,
        "error: --to: there is no migration 7; the latest is 2\nhint: `rpmadb baseline --help` lists what it takes\n",
    );
}

// --- repair

#[test]
fn a_changed_file_is_shown_by_its_lines_and_accepted_by_repair() {
    let scratch = both_ways();
    scratch.write("m/1_first.sql", "CREATE TABLE a (\n  x INTEGER PRIMARY KEY,\n  y TEXT NOT NULL,\n  z\n);\n");
    fails(
        &scratch,
        &["migrate", "a.db"],
        1,
        concat!(
            "error: migration 1 was applied with another text than 1_first.sql has now: ",
            "line 3 was 'y TEXT' and is 'y TEXT NOT NULL,', and 1 more line(s)\n",
            " --> 1_first.sql:3:3\n",
            "  |\n",
            "3 |   y TEXT NOT NULL,\n",
            "  |   ^\n",
            "     3 -   y TEXT\n",
            "     3 +   y TEXT NOT NULL,\n",
            "     4 +   z\n",
            "hint: bring back the text that was applied and put the change into a new migration, or accept it with repair\n",
            "next: rpmadb repair a.db --version 1 --migrations m\n",
        ),
    );
    fails(
        &scratch,
        &["repair", "a.db", "--version", "9"],
        2,
        "error: --version: 9 is not applied\nhint: `rpmadb repair --help` lists what it takes\n",
    );
    prints(&scratch, &["repair", "a.db", "--version", "2"], "accepted the present text of 0 migration(s)\n");
    prints(&scratch, &["repair", "a.db"], "accepted the present text of 1 migration(s): 1\n");
    let path = text(&scratch.path("a.db"));
    prints(&scratch, &["migrate", "a.db"], &format!("{path} is up to date, version 2 (T ms)\n"));
}

#[test]
fn what_was_changed_by_hand_is_told_until_it_is_accepted() {
    let scratch = both_ways();
    foreign(&scratch, "CREATE INDEX by_hand ON a (y)");
    let path = text(&scratch.path("a.db"));
    let drift = "changed by hand since the last migration:\n  added     index by_hand of a\n";
    prints(&scratch, &["migrate", "a.db"], &format!("{drift}{path} is up to date, version 2 (T ms)\n"));
    let stdout = succeeded(in_small(&scratch, &["schema", "a.db"]));
    let comment = "\n-- changed by hand since the last migration: added index by_hand\n";
    assert!(stdout.ends_with(comment), "{stdout}");
    prints(
        &scratch,
        &["repair", "a.db", "--schema"],
        "  added     index by_hand of a\naccepted the present text of 0 migration(s)\n",
    );
    prints(&scratch, &["migrate", "a.db"], &format!("{path} is up to date, version 2 (T ms)\n"));
}
