/* What the library is, opening, and closing. */
#include "check.h"

#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static void the_version_and_the_abi_fit_the_header(void) {
    CHECK(rpmadb_version() && rpmadb_version()[0] >= '0' && rpmadb_version()[0] <= '9');
    CHECK_EQUAL(RPMADB_ABI_VERSION, rpmadb_abi_version());
    CHECK_PLAIN(RPMADB_OK, rpmadb_check_abi(RPMADB_ABI_VERSION));
    CHECK_PLAIN(RPMADB_ABI_MISMATCH, rpmadb_check_abi(RPMADB_ABI_VERSION + 1));
    CHECK_PLAIN(RPMADB_ABI_MISMATCH, rpmadb_check_abi(0));
    CHECK_PLAIN(RPMADB_ABI_MISMATCH, rpmadb_check_abi(UINT32_MAX));
}

static void build_info_tells_what_is_inside(void) {
    CHECK_STATUS(RPMADB_OK, rpmadb_build_info(&out));
    CHECK_TEXT(rpmadb_version(), "/version");
    CHECK_INT(RPMADB_ABI_VERSION, "/abi_version");
    CHECK_TEXT_HAS("3.", "/sqlite/version");
    CHECK_TEXT_HAS("20", "/sqlite/source_id");
    CHECK_TEXT("bundled", "/sqlite/linkage");
    CHECK_TEXT_HAS("5.4", "/lua");
    CHECK_TEXT_HAS("linux", "/target");
    CHECK(has("/features/0"));
    CHECK(number("/embedded_migrations") >= 12);
}

/* What has to do with connections of the host's SQLite is of the builds that work through it. */
static void what_is_of_other_builds_is_unsupported_and_says_so(void) {
    rpmadb *db = open_checked(at("a.db"), BARE), *other = NULL;
    void *given = db;
    int32_t number = 0;
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_bind_host_sqlite(&number, &out));
    CHECK_TEXT_HAS("host-sqlite", "/error/hint");
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_sqlite3(db, &given, &out));
    CHECK_TEXT_HAS("host-sqlite", "/error/hint");
    CHECK(given == NULL);
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_open_sqlite3(&number, NULL, NULL, &other, &out));
    CHECK_TEXT_HAS("host-sqlite", "/error/hint");
    CHECK(other == NULL);
    close_checked(db);
}

static void every_status_has_its_name(void) {
    static const struct {
        int32_t status, number;
        const char *name;
    } statuses[] = {
        {RPMADB_OK, 0, "OK"},
        {RPMADB_INVALID_ARGUMENT, 100, "INVALID_ARGUMENT"},
        {RPMADB_NULL_ARGUMENT, 101, "NULL_ARGUMENT"},
        {RPMADB_INVALID_UTF8, 102, "INVALID_UTF8"},
        {RPMADB_STALE_HANDLE, 103, "STALE_HANDLE"},
        {RPMADB_BAD_HANDLE, 104, "BAD_HANDLE"},
        {RPMADB_WRONG_KIND, 105, "WRONG_KIND"},
        {RPMADB_REENTRANT, 106, "REENTRANT"},
        {RPMADB_WRONG_PROCESS, 107, "WRONG_PROCESS"},
        {RPMADB_ABI_MISMATCH, 108, "ABI_MISMATCH"},
        {RPMADB_UNSUPPORTED, 109, "UNSUPPORTED"},
        {RPMADB_NOT_READY, 110, "NOT_READY"},
        {RPMADB_SQL, 200, "SQL"},
        {RPMADB_BUSY, 201, "BUSY"},
        {RPMADB_READ_ONLY, 202, "READ_ONLY"},
        {RPMADB_NOT_FOUND, 203, "NOT_FOUND"},
        {RPMADB_ALREADY_EXISTS, 204, "ALREADY_EXISTS"},
        {RPMADB_NOT_A_DATABASE, 205, "NOT_A_DATABASE"},
        {RPMADB_CORRUPT, 206, "CORRUPT"},
        {RPMADB_DISK_FULL, 207, "DISK_FULL"},
        {RPMADB_IO, 208, "IO"},
        {RPMADB_PERMISSION, 209, "PERMISSION"},
        {RPMADB_CONSTRAINT, 210, "CONSTRAINT"},
        {RPMADB_FOREIGN_SQLITE, 211, "FOREIGN_SQLITE"},
        {RPMADB_SAME_FILE, 212, "SAME_FILE"},
        {RPMADB_LOCK_LOST, 213, "LOCK_LOST"},
        {RPMADB_MIGRATION_FAILED, 300, "MIGRATION_FAILED"},
        {RPMADB_MIGRATION_CHANGED, 301, "MIGRATION_CHANGED"},
        {RPMADB_MIGRATION_MISSING, 302, "MIGRATION_MISSING"},
        {RPMADB_MIGRATION_INVALID, 303, "MIGRATION_INVALID"},
        {RPMADB_DATABASE_TOO_NEW, 304, "DATABASE_TOO_NEW"},
        {RPMADB_OUT_OF_ORDER, 305, "OUT_OF_ORDER"},
        {RPMADB_GUARD, 306, "GUARD"},
        {RPMADB_IRREVERSIBLE, 307, "IRREVERSIBLE"},
        {RPMADB_SCRIPT_SYNTAX, 400, "SCRIPT_SYNTAX"},
        {RPMADB_SCRIPT_FAILED, 401, "SCRIPT_FAILED"},
        {RPMADB_SCRIPT_TIMEOUT, 402, "SCRIPT_TIMEOUT"},
        {RPMADB_SCRIPT_MEMORY, 403, "SCRIPT_MEMORY"},
        {RPMADB_CANCELLED, 500, "CANCELLED"},
        {RPMADB_TIMEOUT, 501, "TIMEOUT"},
        {RPMADB_DENIED, 502, "DENIED"},
        {RPMADB_BACKUP_INVALID, 600, "BACKUP_INVALID"},
        {RPMADB_BACKUP_FAILED, 601, "BACKUP_FAILED"},
        {RPMADB_DECRYPT, 602, "DECRYPT"},
        {RPMADB_INTERNAL, 900, "INTERNAL"},
        {RPMADB_PANIC, 901, "PANIC"},
        {RPMADB_NO_MEMORY, 902, "NO_MEMORY"},
    };
    int known = 0;
    for (size_t index = 0; index < sizeof statuses / sizeof *statuses; index++) {
        CHECK_EQUAL(statuses[index].number, statuses[index].status);
        CHECK(strcmp(rpmadb_status_name(statuses[index].status), statuses[index].name) == 0);
    }
    for (int32_t status = -1000; status < 2000; status++) {
        known += strcmp(rpmadb_status_name(status), "UNKNOWN") != 0;
    }
    CHECK_EQUAL(sizeof statuses / sizeof *statuses, known);
    CHECK(strcmp(rpmadb_status_name(INT32_MIN), "UNKNOWN") == 0);
    CHECK(strcmp(rpmadb_status_name(INT32_MAX), "UNKNOWN") == 0);
}

static void a_database_in_memory_opens_migrated(void) {
    rpmadb *db = open_checked(":memory:", NULL);
    CHECK_TEXT(":memory:", "/database_path");
    CHECK_INT(1, "/created");
    CHECK_TEXT("memory", "/journal_mode");
    CHECK_INT(0, "/migrate/from");
    CHECK(number("/migrate/to") >= 12);
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM users"));
    CHECK_EQUAL(1, value(db, "PRAGMA foreign_keys"));
    close_checked(db);
    CHECK(!exists(":memory:"));
}

static void a_new_file_is_migrated_once_and_opening_it_again_changes_nothing(void) {
    rpmadb *db = open_checked(at("a.db"), NULL);
    CHECK_TEXT(at("a.db"), "/database_path");
    CHECK_INT(1, "/created");
    CHECK_TEXT("wal", "/journal_mode");
    CHECK_INT(0, "/migrate/from");
    CHECK_INT(0, "/migrate/dry_run");
    CHECK_INT(1, "/migrate/applied/0/version");
    CHECK_TEXT("sql", "/migrate/applied/0/kind");
    CHECK(has("/migrate/applied/11"));
    CHECK(has("/migrate/applied/0/duration_ms") && has("/migrate/backup") && has("/duration_ms"));
    int64_t latest = number("/migrate/to");
    close_checked(db);

    db = open_checked(at("a.db"), NULL);
    CHECK_INT(0, "/created");
    CHECK_INT(latest, "/migrate/from");
    CHECK_INT(latest, "/migrate/to");
    CHECK(has("/migrate/applied") && !has("/migrate/applied/0"));
    close_checked(db);
    CHECK(!exists(at("a.db-wal")));
    CHECK_EQUAL(1, entries(at("")));

    db = open_checked(at("a.db"), BARE);
    CHECK(has("/migrate") && !has("/migrate/from"));
    close_checked(db);
}

static void create_false_wants_a_file_and_read_only_never_makes_one(void) {
    rpmadb *db = (rpmadb *)&db;
    CHECK_STATUS(RPMADB_NOT_FOUND, rpmadb_open(at("a.db"), "{\"create\":false}", NULL, &db, &out));
    CHECK(db == NULL);
    CHECK_STATUS(RPMADB_NOT_FOUND, rpmadb_open(at("a.db"), "{\"read_only\":true}", NULL, &db, &out));
    CHECK_EQUAL(0, entries(at("")));

    close_checked(open_checked(at("a.db"), NULL));
    close_checked(open_checked(at("a.db"), "{\"create\":false}"));
    db = open_checked(at("a.db"), "{\"read_only\":true}");
    CHECK(has("/migrate") && !has("/migrate/from"));
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM users"));
    CHECK_STATUS(RPMADB_READ_ONLY, rpmadb_query(db, "CREATE TABLE t (a)", NULL, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_READ_ONLY, rpmadb_checkpoint(db, NULL, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_migrations(db, NULL, NULL, &out));
    CHECK_INT(0, "/pending");
    close_checked(db);
}

static void options_are_refused_by_their_key(void) {
    static const struct {
        const char *options, *key;
    } wrong[] = {
        {"{\"craete\":true}", "'craete'"},
        {"{\"pool\":{\"mx\":1}}", "'pool.mx'"},
        {"{\"backup\":{\"keep\":1}}", "'backup.keep'"},
        {"{\"script\":{\"time\":1}}", "'script.time'"},
        {"{\"busy_timeout_ms\":\"5\"}", "'busy_timeout_ms'"},
        {"{\"busy_timeout_ms\":1.5}", "'busy_timeout_ms'"},
        {"{\"busy_timeout_ms\":-1}", "'busy_timeout_ms'"},
        {"{\"busy_timeout_ms\":86400001}", "'busy_timeout_ms'"},
        {"{\"busy_timeout_ms\":99999999999999999999}", "'busy_timeout_ms'"},
        {"{\"migrate\":1}", "'migrate'"},
        {"{\"create\":\"yes\"}", "'create'"},
        {"{\"migrations\":7}", "'migrations'"},
        {"{\"role\":\"king\"}", "'role'"},
        {"{\"journal_mode\":\"off\"}", "'journal_mode'"},
        {"{\"synchronous\":\"sometimes\"}", "'synchronous'"},
        {"{\"pool\":7}", "'pool'"},
        {"{\"pool\":{\"max\":0}}", "'pool.max'"},
        {"{\"pool\":{\"max\":2,\"min_idle\":3}}", "'pool.min_idle'"},
        {"{\"script\":{\"memory_bytes\":10}}", "'script.memory_bytes'"},
        {"{\"statement_cache\":10001}", "'statement_cache'"},
        {"{\"backup\":{\"folder\":\"/no/such/folder\"}}", "'backup.folder'"},
        {"{\"create\":true,\"create\":true}", "create"},
    };
    for (size_t index = 0; index < sizeof wrong / sizeof *wrong; index++) {
        rpmadb *db = (rpmadb *)&db;
        CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_open(at("a.db"), wrong[index].options, NULL, &db, &out));
        CHECK_TEXT_HAS(wrong[index].key, "/error/message");
        CHECK(db == NULL);
    }
    CHECK_EQUAL(0, entries(at("")));
}

static void options_that_the_header_lists_are_taken(void) {
    rpmadb *db = open_checked(
        at("a.db"),
        format("{\"actor\":\"me\",\"role\":\"admin\",\"read_only\":false,\"create\":true,\"migrate\":false,"
               "\"busy_timeout_ms\":100,\"journal_mode\":\"delete\",\"synchronous\":\"full\",\"foreign_keys\":false,"
               "\"trusted_schema\":true,\"defensive\":false,\"mmap_size_bytes\":65536,\"statement_cache\":8,"
               "\"pool\":{\"max\":3,\"min_idle\":1,\"timeout_ms\":100},"
               "\"backup\":{\"folder\":\"%s\",\"before_migrate\":false},"
               "\"script\":{\"timeout_ms\":1000,\"memory_bytes\":2097152}}",
               at("")));
    CHECK_TEXT("delete", "/journal_mode");
    CHECK_EQUAL(0, value(db, "PRAGMA foreign_keys"));
    sql(db, "CREATE TABLE t (a)");
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM t"));
    CHECK_STATUS(RPMADB_OK, rpmadb_diagnostics(db, NULL, NULL, &out));
    CHECK_TEXT("delete", "/journal_mode");
    CHECK_INT(100, "/busy_timeout_ms");
    CHECK_INT(4, "/pool_state/max_connections");
    close_checked(db);
}

static void an_open_that_fails_sets_the_variable_to_null(void) {
    rpmadb_op *op = op_with_limit(0), *closed = op;
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    const struct {
        const char *path, *options;
        rpmadb_op *op;
        int32_t expected;
    } cases[] = {
        {NULL, NULL, NULL, RPMADB_NULL_ARGUMENT},          {"\xff", NULL, NULL, RPMADB_INVALID_UTF8},
        {":memory:", "\xff", NULL, RPMADB_INVALID_UTF8},   {":memory:", "{", NULL, RPMADB_INVALID_ARGUMENT},
        {":memory:", NULL, closed, RPMADB_STALE_HANDLE},
    };
    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++) {
        rpmadb *db = (rpmadb *)&db;
        CHECK_STATUS(cases[index].expected,
                     rpmadb_open(cases[index].path, cases[index].options, cases[index].op, &db, &out));
        CHECK(db == NULL);
    }
}

/* Refuses the path and leaves it as it was. */
static void refuses(const char *path, int32_t expected) {
    rpmadb *db = (rpmadb *)&db;
    int before = entries(at(""));
    CHECK_STATUS(expected, rpmadb_open(path, NULL, NULL, &db, &out));
    CHECK(db == NULL);
    CHECK_STATUS(expected, rpmadb_open(path, "{\"read_only\":true}", NULL, &db, &out));
    CHECK_EQUAL(before, entries(at("")));
}

static void what_is_no_database_is_refused_and_left_alone(void) {
    static const char text[] = "A text of some length that is no database, over and over again. "
                               "A text of some length that is no database, over and over again.\n";
    mkdir(at("folder"), 0700);
    mkfifo(at("fifo"), 0600);
    write_text(at("short.txt"), "hello");
    write_text(at("long.txt"), text);
    refuses(at("folder"), RPMADB_NOT_A_DATABASE);
    refuses(at("fifo"), RPMADB_NOT_A_DATABASE);
    refuses("/dev/null", RPMADB_NOT_A_DATABASE);
    refuses(at("short.txt"), RPMADB_NOT_A_DATABASE);
    refuses(at("long.txt"), RPMADB_NOT_A_DATABASE);
    refuses(at("missing/a.db"), RPMADB_NOT_FOUND);
    refuses("", RPMADB_INVALID_ARGUMENT);
    CHECK(file_holds(at("short.txt"), "hello", 5));
    CHECK(file_holds(at("long.txt"), text, sizeof text - 1));
    CHECK_EQUAL(0, entries(at("folder")));
}

static void a_damaged_header_is_refused_and_left_alone(void) {
    unsigned char bytes[8192] = "SQLite format 3";
    bytes[16] = 0x10; /* page size 4096 */
    memset(bytes + 18, 1, 2);
    memset(bytes + 100, 0xff, sizeof bytes - 100);
    write_bytes(at("a.db"), bytes, sizeof bytes);
    rpmadb *db = (rpmadb *)&db;
    int32_t status = rpmadb_open(at("a.db"), NULL, NULL, &db, NULL);
    CHECK(status == RPMADB_CORRUPT || status == RPMADB_NOT_A_DATABASE);
    CHECK(db == NULL);
    CHECK(!exists(at("a.db-wal")) && !exists(at("a.db-journal")));
}

static void paths_with_unusual_characters_work(void) {
    static const char *const names[] = {"a b.db", "\xc3\xa4\xe2\x82\xac.db", "a%20b?mode=ro#x.db", "it's \"q\".db"};
    for (size_t index = 0; index < sizeof names / sizeof *names; index++) {
        rpmadb *db = open_checked(at(names[index]), BARE);
        sql(db, "CREATE TABLE t (a)");
        CHECK(exists(at(names[index])));
        close_checked(db);
    }
    CHECK_EQUAL(sizeof names / sizeof *names, entries(at("")));
}

const struct test lifecycle_tests[] = {
    TEST(the_version_and_the_abi_fit_the_header),
    TEST(build_info_tells_what_is_inside),
    TEST(every_status_has_its_name),
    TEST(what_is_of_other_builds_is_unsupported_and_says_so),
    TEST(a_database_in_memory_opens_migrated),
    TEST(a_new_file_is_migrated_once_and_opening_it_again_changes_nothing),
    TEST(create_false_wants_a_file_and_read_only_never_makes_one),
    TEST(options_are_refused_by_their_key),
    TEST(options_that_the_header_lists_are_taken),
    TEST(an_open_that_fails_sets_the_variable_to_null),
    TEST(what_is_no_database_is_refused_and_left_alone),
    TEST(a_damaged_header_is_refused_and_left_alone),
    TEST(paths_with_unusual_characters_work),
    {NULL, NULL},
};
