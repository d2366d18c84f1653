/* A folder of migrations: what is wrong with it is said with its place, and nothing half applied is left. */
#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

static const char *with_folder(const char *folder, const char *more) {
    return format("{\"migrations\":\"%s\"%s}", folder, more);
}

/* A folder of this test with one file. */
static const char *folder_with(const char *folder, const char *file, const char *content) {
    mkdir(at(folder), 0700);
    write_text(at(format("%s/%s", folder, file)), content);
    return at(folder);
}

/* The folder is refused before the database file is made. */
static void refuses(const char *folder, int32_t expected, const char *said) {
    rpmadb *db = (rpmadb *)&db;
    CHECK_STATUS(expected, rpmadb_open(at("a.db"), with_folder(folder, ""), NULL, &db, &out));
    CHECK_TEXT_HAS(said, "/error/message");
    CHECK(db == NULL);
    CHECK(!exists(at("a.db")));
}

static void a_sound_folder_is_applied(void) {
    folder_with("m", "1_a.sql", "CREATE TABLE a (x INTEGER PRIMARY KEY);\n-- a comment; with a semicolon\n");
    folder_with("m", "02_b.sql", "\xef\xbb\xbf"
                                 "CREATE TABLE b (x REFERENCES a);\r\nINSERT INTO a VALUES (1), (2);\r\n");
    folder_with("m", "010_c.lua", "return { up = function(db) db:exec('INSERT INTO b VALUES (?)', 2) end }");
    folder_with("m", "R_v.sql", "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT count(*) AS n FROM b;");
    folder_with("m", ".hidden", "x");
    folder_with("m", "README.md", "x");
    rpmadb *db = open_checked(at("a.db"), with_folder(at("m"), ""));
    CHECK_INT(10, "/migrate/to");
    CHECK_TEXT("sql", "/migrate/applied/1/kind");
    CHECK_TEXT("lua", "/migrate/applied/2/kind");
    CHECK_TEXT("repeatable", "/migrate/applied/3/kind");
    CHECK(!has("/migrate/applied/4"));
    CHECK_EQUAL(1, value(db, "SELECT n FROM v"));
    close_checked(db);
    db = open_checked(at("a.db"), with_folder(at("m"), ""));
    CHECK_INT(10, "/migrate/from");
    CHECK(has("/migrate/applied") && !has("/migrate/applied/0"));
    close_checked(db);
}

static void a_misnamed_file_is_refused(void) {
    static const char *const names[] = {"notes.txt", "users.sql", "001.sql", "1a_x.sql", "000_x.sql", "1_x.txt"};
    for (size_t index = 0; index < sizeof names / sizeof *names; index++) {
        const char *folder = folder_with(format("m%d", (int)index), names[index], "SELECT 1;");
        refuses(folder, RPMADB_MIGRATION_INVALID, names[index]);
        CHECK_TEXT(names[index], "/error/file");
    }
}

static void two_files_of_one_version_are_refused(void) {
    folder_with("m", "1_a.sql", "SELECT 1;");
    refuses(folder_with("m", "001_b.sql", "SELECT 1;"), RPMADB_MIGRATION_INVALID, "001_b.sql");
    CHECK_TEXT_HAS("1_a.sql", "/error/message");
    CHECK(has("/error/file"));
}

static void an_empty_file_is_refused(void) {
    refuses(folder_with("m", "1_a.sql", ""), RPMADB_MIGRATION_INVALID, "1_a.sql");
    refuses(folder_with("n", "2_b.sql", "-- only a comment\n;;\n"), RPMADB_MIGRATION_INVALID, "2_b.sql");
    CHECK_TEXT("2_b.sql", "/error/file");
}

static void a_nul_byte_or_broken_utf8_is_refused_with_its_place(void) {
    mkdir(at("m"), 0700);
    write_bytes(at("m/1_a.sql"), "SELECT 1;\nSEL\0ECT 2;\n", 21);
    refuses(at("m"), RPMADB_MIGRATION_INVALID, "NUL");
    CHECK_TEXT("1_a.sql", "/error/file");
    CHECK_INT(2, "/error/line");
    CHECK_INT(4, "/error/column");
    write_text(at("m/1_a.sql"), "SELECT '\xff';\n");
    refuses(at("m"), RPMADB_MIGRATION_INVALID, "UTF-8");
    CHECK_INT(1, "/error/line");
    CHECK_INT(9, "/error/column");
}

static void a_missing_folder_and_a_file_in_its_place_are_refused(void) {
    refuses(at("m"), RPMADB_NOT_FOUND, at("m"));
    write_text(at("file"), "x");
    refuses(at("file"), RPMADB_INVALID_ARGUMENT, "'migrations'");
}

static void an_error_in_a_file_is_told_with_its_place_and_nothing_of_the_run_stays(void) {
    folder_with("m", "1_a.sql", "CREATE TABLE a (x);\n");
    folder_with("m", "2_b.sql", "CREATE TABLE b (x);\n\n  CREATE TABEL tags (\n    x\n  );\n");
    rpmadb *db = (rpmadb *)&db;
    CHECK_STATUS(RPMADB_MIGRATION_FAILED, rpmadb_open(at("a.db"), with_folder(at("m"), ""), NULL, &db, &out));
    CHECK(db == NULL);
    CHECK_TEXT("2_b.sql", "/error/file");
    CHECK_INT(3, "/error/line");
    CHECK_INT(10, "/error/column");
    CHECK_INT(2, "/error/statement");
    CHECK_INT(2, "/error/version");
    CHECK_INT(1, "/error/sqlite_code");
    CHECK_TEXT("  CREATE TABEL tags (", "/error/source_line");
    CHECK(has("/error/hint"));

    db = open_checked(at("a.db"), with_folder(at("m"), ",\"migrate\":false"));
    CHECK_STATUS(RPMADB_MIGRATION_FAILED, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_INT(2, "/error/version");
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM sqlite_schema"));
    CHECK_STATUS(RPMADB_OK, rpmadb_migrations(db, NULL, NULL, &out));
    CHECK_INT(0, "/current");
    CHECK_INT(2, "/pending");

    /* the folder is read anew, so the mended file runs */
    folder_with("m", "2_b.sql", "CREATE TABLE b (x);\n");
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_INT(0, "/from");
    CHECK_INT(2, "/to");
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM a, b"));
    close_checked(db);
}

static void what_was_applied_may_not_change_or_go(void) {
    folder_with("m", "1_a.sql", "CREATE TABLE a (x);\n");
    folder_with("m", "3_c.sql", "CREATE TABLE c (x);\n");
    close_checked(open_checked(at("a.db"), with_folder(at("m"), "")));
    rpmadb *db = NULL;

    folder_with("m", "1_a.sql", "-- a comment is no change\r\nCREATE  TABLE a (x);\r\n");
    close_checked(open_checked(at("a.db"), with_folder(at("m"), "")));

    folder_with("m", "1_a.sql", "CREATE TABLE a (y);\n");
    CHECK_STATUS(RPMADB_MIGRATION_CHANGED, rpmadb_open(at("a.db"), with_folder(at("m"), ""), NULL, &db, &out));
    CHECK_TEXT_HAS("1_a.sql", "/error/message");
    folder_with("m", "1_a.sql", "CREATE TABLE a (x);\n");

    folder_with("m", "2_b.sql", "CREATE TABLE b (x);\n");
    CHECK_STATUS(RPMADB_OUT_OF_ORDER, rpmadb_open(at("a.db"), with_folder(at("m"), ""), NULL, &db, &out));
    db = open_checked(at("a.db"), with_folder(at("m"), ",\"migrate\":false"));
    CHECK_STATUS(RPMADB_OUT_OF_ORDER, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, "{\"allow_out_of_order\":true}", NULL, &out));
    CHECK_INT(2, "/applied/0/version");
    close_checked(db);

    unlink(at("m/2_b.sql"));
    CHECK_STATUS(RPMADB_MIGRATION_MISSING, rpmadb_open(at("a.db"), with_folder(at("m"), ""), NULL, &db, &out));
    folder_with("m", "2_b.sql", "CREATE TABLE b (x);\n");
    unlink(at("m/3_c.sql"));
    CHECK_STATUS(RPMADB_DATABASE_TOO_NEW, rpmadb_open(at("a.db"), with_folder(at("m"), ""), NULL, &db, &out));
    CHECK(db == NULL);
}

static void rows_that_lose_their_parent_stop_the_run(void) {
    folder_with("m", "1_a.sql", "CREATE TABLE a (x INTEGER PRIMARY KEY); CREATE TABLE b (x REFERENCES a);\n"
                                "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);\n");
    close_checked(open_checked(at("a.db"), with_folder(at("m"), "")));
    folder_with("m", "2_b.sql", "DELETE FROM a;\n");
    rpmadb *db = open_checked(at("a.db"), with_folder(at("m"), ",\"migrate\":false"));
    CHECK_STATUS(RPMADB_GUARD, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_EQUAL(1, value(db, "SELECT count(*) FROM a"));
    CHECK_EQUAL(1, value(db, "PRAGMA foreign_keys"));
    close_checked(db);
}

const struct test folder_tests[] = {
    TEST(a_sound_folder_is_applied),
    TEST(a_misnamed_file_is_refused),
    TEST(two_files_of_one_version_are_refused),
    TEST(an_empty_file_is_refused),
    TEST(a_nul_byte_or_broken_utf8_is_refused_with_its_place),
    TEST(a_missing_folder_and_a_file_in_its_place_are_refused),
    TEST(an_error_in_a_file_is_told_with_its_place_and_nothing_of_the_run_stays),
    TEST(what_was_applied_may_not_change_or_go),
    TEST(rows_that_lose_their_parent_stop_the_run),
    {NULL, NULL},
};
