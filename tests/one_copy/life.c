/*
 * A host and the library on one SQLite, the system's, whichever of the two builds it is: `life SCRATCH LINKAGE [old|single]`. Prints nothing but
 * what is wrong.
 */
#include "check.h"

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *linkage;

/* What a statement gives on a connection of the host's, or -1000 and less for an error. */
static int64_t host(sqlite3 *own, const char *statement) {
    sqlite3_stmt *prepared = NULL;
    int64_t found = 0;
    int code = sqlite3_prepare_v2(own, statement, -1, &prepared, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(prepared);
        found = code == SQLITE_ROW ? sqlite3_column_int64(prepared, 0) : 0;
        while (code == SQLITE_ROW) {
            code = sqlite3_step(prepared);
        }
    }
    sqlite3_finalize(prepared);
    return code == SQLITE_DONE ? found : -1000 - code;
}

static sqlite3 *host_open(const char *path) {
    sqlite3 *own = NULL;
    CHECK_EQUAL(SQLITE_OK, sqlite3_open(path, &own));
    sqlite3_busy_timeout(own, 2000);
    return own;
}

static void a_version_that_is_too_old_is_refused(void) {
    rpmadb *db = NULL;
    CHECK_STATUS(RPMADB_OK, rpmadb_build_info(&out));
    CHECK_TEXT("system", "/sqlite/linkage");
    for (int round = 0; round < 2; round++) {
        CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_open(at("a.db"), NULL, NULL, &db, &out));
        CHECK_TEXT_HAS("3.39.4", "/error/message");
        CHECK_TEXT_HAS("3.39.4", "/error/hint");
        CHECK_TEXT_HAS("3.40.0", "/error/hint");
        CHECK(db == NULL && !exists(at("a.db")));
    }
}

/* Migrated with the embedded set, looked at, copied, proved and brought back. */
static void a_database_lives_its_whole_life(void) {
    CHECK_STATUS(RPMADB_OK, rpmadb_build_info(&out));
    CHECK_TEXT(linkage, "/sqlite/linkage");
    CHECK_TEXT(sqlite3_libversion(), "/sqlite/version");
    CHECK_TEXT(sqlite3_sourceid(), "/sqlite/source_id");
    rpmadb *db = open_checked(at("a.db"), NULL);
    CHECK_STATUS(RPMADB_OK, rpmadb_health(db, NULL, NULL, &out));
    CHECK_TEXT("ok", "/status");
    CHECK(strstr(out, "\"effective\":\"one_copy\"") != NULL);
    sql(db, "CREATE TABLE mine (a)");
    sql(db, "INSERT INTO mine VALUES (1), (2)");
    CHECK_STATUS(RPMADB_OK, rpmadb_diagnostics(db, NULL, NULL, &out));
    CHECK_TEXT("ok", "/integrity");
    CHECK_TEXT(sqlite3_libversion(), "/sqlite/version");
    CHECK_STATUS(RPMADB_OK, rpmadb_stats(db, NULL, NULL, &out));
    CHECK_INT(2, "/tables/mine");
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(db, at("b.db"), "{\"encrypt_to\":{\"passphrase\":\"a b c\"}}", NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(db, at("c.db"), NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_verify(db, at("b.db"), "{\"passphrase\":\"a b c\"}", NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_verify(db, at("c.db"), NULL, NULL, &out));
    sql(db, "DELETE FROM mine");
    CHECK_STATUS(RPMADB_OK, rpmadb_restore(db, at("c.db"), NULL, NULL, &out));
    CHECK_EQUAL(2, value(db, "SELECT count(*) FROM mine"));
    CHECK_STATUS(RPMADB_OK, rpmadb_script(db, "return db:value('SELECT count(*) FROM mine')", NULL, NULL, &out));
    CHECK_INT(2, "/result");
    close_checked(db);
    sqlite3 *own = host_open(at("a.db"));
    CHECK_EQUAL(2, host(own, "SELECT count(*) FROM mine"));
    sqlite3_close(own);
}

/* A reader that stays keeps frames in the log, so the pages are not all in the file; without sqlite_dbpage they come by a copy. */
static void a_backup_has_what_the_log_holds(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    sql(db, "CREATE TABLE t (a, b)");
    sqlite3 *own = host_open(at("a.db"));
    CHECK_EQUAL(SQLITE_OK, sqlite3_exec(own, "BEGIN; SELECT * FROM t", NULL, NULL, NULL));
    for (int row = 0; row < 50; row++) {
        sql(db, format("INSERT INTO t VALUES (%d, zeroblob(20000))", row));
    }
    CHECK_STATUS(RPMADB_OK, rpmadb_diagnostics(db, NULL, NULL, &out));
    int64_t frames = number("/wal_checkpoint/0"), in_file = number("/wal_checkpoint/1");
    CHECK(frames > 250 && in_file < frames);
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(db, at("b.db"), NULL, NULL, &out));
    CHECK_INT(1, "/verified");
    CHECK_EQUAL(SQLITE_OK, sqlite3_exec(own, "COMMIT", NULL, NULL, NULL));
    sqlite3_close(own);
    close_checked(db);
    own = host_open(at("b.db"));
    CHECK_EQUAL(50 * 20000, host(own, "SELECT sum(length(b)) FROM t"));
    CHECK_EQUAL(0, host(own, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"));
    sqlite3_close(own);
    db = open_checked(":memory:", BARE);
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(db, at("empty.db"), NULL, NULL, &out));
    sql(db, "CREATE TABLE t AS SELECT 7 AS a");
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(db, at("memory.db"), NULL, NULL, &out));
    close_checked(db);
    own = host_open(at("memory.db"));
    CHECK_EQUAL(7, host(own, "SELECT a FROM t"));
    sqlite3_close(own);
}

/* To ask how the log is does no work on it: SQLite before 3.51 would take the question for a checkpoint. */
static void a_look_at_the_log_moves_nothing(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    sqlite3 *own = host_open(at("a.db"));
    CHECK_EQUAL(SQLITE_OK, sqlite3_exec(own, "PRAGMA wal_autocheckpoint=0; CREATE TABLE t (a)", NULL, NULL, NULL));
    CHECK_EQUAL(0, host(own, "INSERT INTO t VALUES (zeroblob(100000))"));
    for (int round = 0; round < 3; round++) {
        CHECK_STATUS(RPMADB_OK, rpmadb_diagnostics(db, NULL, NULL, &out));
        CHECK(number("/wal_checkpoint/0") > 20);
        CHECK_INT(0, "/wal_checkpoint/1");
    }
    CHECK_STATUS(RPMADB_OK, rpmadb_checkpoint(db, "passive", NULL, NULL, &out));
    int64_t frames = number("/log");
    CHECK_EQUAL(frames, number("/checkpointed"));
    CHECK_STATUS(RPMADB_OK, rpmadb_diagnostics(db, NULL, NULL, &out));
    CHECK_INT(frames, "/wal_checkpoint/0");
    CHECK_INT(frames, "/wal_checkpoint/1");
    sqlite3_close(own);
    close_checked(db);
}

static int32_t ask_for_a_connection(rpmadb *bound, void *user_data) {
    void *own = user_data;
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_sqlite3(bound, &own, &out));
    CHECK(own == NULL);
    return 0;
}

static void a_connection_for_the_host_is_its_own(void) {
    rpmadb *db = open_checked(at("a.db"), "{\"migrate\":false,\"busy_timeout_ms\":100}");
    void *given = NULL;
    CHECK_STATUS(RPMADB_OK, rpmadb_sqlite3(db, &given, &out));
    sqlite3 *own = given;
    CHECK(own != NULL && sqlite3_db_mutex(own) != NULL);
    CHECK_EQUAL(0, host(own, "CREATE TABLE t (a PRIMARY KEY, b REFERENCES t (a))"));
    CHECK_EQUAL(1, host(own, "PRAGMA foreign_keys"));
    CHECK_EQUAL(1, host(own, "PRAGMA synchronous"));
    /* Each keeps the other out, and is let in again. */
    CHECK_EQUAL(SQLITE_OK, sqlite3_exec(own, "BEGIN IMMEDIATE; INSERT INTO t (a) VALUES (1)", NULL, NULL, NULL));
    CHECK_STATUS(RPMADB_BUSY, rpmadb_query(db, "INSERT INTO t (a) VALUES (2)", NULL, NULL, NULL, &out));
    CHECK_EQUAL(SQLITE_OK, sqlite3_exec(own, "COMMIT", NULL, NULL, NULL));
    sql(db, "INSERT INTO t (a) VALUES (2)");
    CHECK_EQUAL(2, host(own, "SELECT count(*) FROM t"));
    /* Only an admin gets one, none of a database in memory, and none that would not see the transaction. */
    rpmadb *reader = NULL, *memory = open_checked(":memory:", BARE);
    void *none = own;
    CHECK_STATUS(RPMADB_OK, rpmadb_as(db, "anna", "supervisor", &reader, &out));
    CHECK_STATUS(RPMADB_DENIED, rpmadb_sqlite3(reader, &none, &out));
    CHECK(none == NULL);
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_sqlite3(memory, &none, &out));
    CHECK_STATUS(RPMADB_NULL_ARGUMENT, rpmadb_sqlite3(db, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_transaction(db, ask_for_a_connection, own, NULL, NULL, &out));
    close_checked(reader);
    close_checked(memory);
    close_checked(db);
    /* It is the host's beyond the end of the handle. */
    CHECK_EQUAL(0, host(own, "INSERT INTO t (a) VALUES (3)"));
    CHECK_EQUAL(SQLITE_OK, sqlite3_close(own));
    db = open_checked(at("a.db"), "{\"read_only\":true}");
    CHECK_STATUS(RPMADB_OK, rpmadb_sqlite3(db, &given, &out));
    CHECK_EQUAL(-1000 - SQLITE_READONLY, host(given, "DELETE FROM t"));
    CHECK_EQUAL(3, host(given, "SELECT count(*) FROM t"));
    CHECK_EQUAL(SQLITE_OK, sqlite3_close(given));
    close_checked(db);
}

static void the_database_of_a_connection_of_the_hosts_is_opened(void) {
    sqlite3 *own = host_open(at("a.db")), *memory = host_open(":memory:"), *other = NULL;
    rpmadb *db = NULL;
    CHECK_STATUS(RPMADB_OK, rpmadb_open_sqlite3(own, NULL, NULL, &db, &out));
    CHECK_TEXT(at("a.db"), "/database_path");
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM users"));
    CHECK_EQUAL(0, host(own, "SELECT count(*) FROM users"));
    close_checked(db);
    /* In a transaction, or in a statement that reads, it is told at once. */
    int64_t start = now_ms();
    CHECK_EQUAL(SQLITE_OK, sqlite3_exec(own, "BEGIN IMMEDIATE", NULL, NULL, NULL));
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_open_sqlite3(own, NULL, NULL, &db, &out));
    CHECK_TEXT_HAS("transaction", "/error/message");
    CHECK(db == NULL);
    CHECK_EQUAL(SQLITE_OK, sqlite3_exec(own, "ROLLBACK", NULL, NULL, NULL));
    sqlite3_stmt *reading = NULL;
    CHECK_EQUAL(SQLITE_OK, sqlite3_prepare_v2(own, "SELECT * FROM sqlite_schema", -1, &reading, NULL));
    CHECK_EQUAL(SQLITE_ROW, sqlite3_step(reading));
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_open_sqlite3(own, NULL, NULL, &db, &out));
    sqlite3_finalize(reading);
    CHECK(now_ms() - start < 2000);
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_open_sqlite3(memory, NULL, NULL, &db, &out));
    CHECK_TEXT_HAS("memory", "/error/message");
    CHECK_EQUAL(SQLITE_OK, sqlite3_open_v2(at("b.db"), &other, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "unix-none"));
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_open_sqlite3(other, NULL, NULL, &db, &out));
    CHECK_TEXT_HAS("VFS", "/error/message");
    CHECK_STATUS(RPMADB_NULL_ARGUMENT, rpmadb_open_sqlite3(NULL, NULL, NULL, &db, &out));
    CHECK_STATUS(RPMADB_NULL_ARGUMENT, rpmadb_open_sqlite3(own, NULL, NULL, NULL, &out));
    /* The connection may go before the handle. */
    CHECK_STATUS(RPMADB_OK, rpmadb_open_sqlite3(own, NULL, NULL, &db, &out));
    sqlite3_close(own);
    sqlite3_close(memory);
    sqlite3_close(other);
    sql(db, "CREATE TABLE later (a)");
    close_checked(db);
}

/* What a child of this process is told when it opens a database. */
static int32_t status_in_a_child(void) {
    pid_t child = fork();
    if (child == 0) {
        rpmadb *db = NULL;
        int32_t status = rpmadb_open(at("child.db"), BARE, NULL, &db, NULL);
        if (status == RPMADB_OK) {
            status = rpmadb_query(db, "CREATE TABLE IF NOT EXISTS t (a)", NULL, NULL, NULL, NULL);
            (void)rpmadb_close(&db);
        }
        _exit(status == RPMADB_OK ? 0 : status == RPMADB_UNSUPPORTED ? 1 : 2);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* A child inherits what SQLite believes of the locks of its parent, and here that is not ours to mend. */
static void a_child_opens_nothing_while_its_parent_has_a_database_open(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    CHECK_EQUAL(1, status_in_a_child());
    close_checked(db);
    CHECK_EQUAL(0, status_in_a_child());
}

/* What SQLite keeps for a script is guessed; what earlier statements keep is found before the next. */
static void a_script_that_keeps_too_much_in_sqlite_is_stopped(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    const char *keeps = "local kept, long = {}, string.rep('x', 4000000)\n"
                        "for i = 1, 200 do\n"
                        "  kept[i] = db:urows('SELECT ?, value FROM (SELECT 1 AS value UNION ALL SELECT 2)', long)\n"
                        "  kept[i]()\n"
                        "end";
    CHECK_STATUS(RPMADB_SCRIPT_MEMORY, rpmadb_script(db, keeps, "{\"memory_bytes\":16000000}", NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_script(db, "return db:value('SELECT 1')", "{\"memory_bytes\":16000000}", NULL, &out));
    close_checked(db);
}

static const struct test tests[] = {
    TEST(a_database_lives_its_whole_life),
    TEST(a_backup_has_what_the_log_holds),
    TEST(a_look_at_the_log_moves_nothing),
    TEST(a_connection_for_the_host_is_its_own),
    TEST(the_database_of_a_connection_of_the_hosts_is_opened),
    TEST(a_script_that_keeps_too_much_in_sqlite_is_stopped),
    TEST(a_child_opens_nothing_while_its_parent_has_a_database_open),
    {NULL, NULL},
};

static void a_sqlite_for_one_thread_is_refused(void) {
    rpmadb *db = NULL;
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_open(at("a.db"), NULL, NULL, &db, &out));
    CHECK_TEXT_HAS("one thread", "/error/message");
}

static const struct test single_tests[] = {TEST(a_sqlite_for_one_thread_is_refused), {NULL, NULL}};
static const struct test old_tests[] = {TEST(a_version_that_is_too_old_is_refused), {NULL, NULL}};

int main(int count, char **arguments) {
    if (count < 3) {
        return 2;
    }
    linkage = arguments[2];
    const struct test *chosen = tests;
    if (count > 3 && strcmp(arguments[3], "single") == 0) {
        CHECK_EQUAL(SQLITE_OK, sqlite3_config(SQLITE_CONFIG_SINGLETHREAD));
        chosen = single_tests;
    } else if (count > 3) {
        chosen = old_tests;
    }
    for (const struct test *test = chosen; test->name; test++) {
        int before = failed_checks();
        enter_folder(arguments[1], test->name);
        alarm(60);
        test->run();
        drop_out();
        if (failed_checks() != before) {
            printf("\n  in %s\n", test->name);
        }
    }
    return failed_checks() ? 1 : 0;
}
