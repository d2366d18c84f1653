/* query: values there and back, parameters, and what is refused. */
#include "check.h"

#include <math.h>

#define QUERY(db, statement, params) rpmadb_query((db), (statement), (params), NULL, NULL, &out)

static void values_survive_the_way_there_and_back(void) {
    rpmadb *db = open_checked(":memory:", BARE);
    CHECK_STATUS(RPMADB_OK, QUERY(db, "SELECT ? AS a, ? AS b, ?, ?, ?, ?, ?, ?, ?, ?",
                                  "[9007199254740993, -9223372036854775808, {\"base64\":\"AP8=\"}, null, "
                                  "{\"real\":\"inf\"}, {\"real\":\"-inf\"}, 1.5, true, \"\xc3\xa4\\u0000b\", \"\"]"));
    CHECK_TEXT("a", "/columns/0");
    CHECK_TEXT("b", "/columns/1");
    CHECK_INT(9007199254740993, "/rows/0/0");
    CHECK_INT(INT64_MIN, "/rows/0/1");
    CHECK_TEXT("AP8=", "/rows/0/2/base64");
    CHECK(has("/rows/0/3"));
    CHECK_EQUAL(INT64_MIN, number("/rows/0/3"));
    CHECK_TEXT("inf", "/rows/0/4/real");
    CHECK_TEXT("-inf", "/rows/0/5/real");
    double real = 0;
    CHECK_EQUAL(RPMADB_OK, rpmadb_json_real(out, "/rows/0/6", &real));
    CHECK(fabs(real - 1.5) < 1e-12);
    CHECK_INT(1, "/rows/0/7");
    CHECK_TEXT("\xc3\xa4\xe2\x90\x80" "b", "/rows/0/8");
    CHECK_TEXT("", "/rows/0/9");
    CHECK_STATUS(RPMADB_OK, QUERY(db, "SELECT typeof(?), typeof(?), typeof(?)", "[1, 1.0, {\"base64\":\"\"}]"));
    CHECK_TEXT("integer", "/rows/0/0");
    CHECK_TEXT("real", "/rows/0/1");
    CHECK_TEXT("blob", "/rows/0/2");
    close_checked(db);
}

static void parameters_are_named_or_in_order_and_counted(void) {
    rpmadb *db = open_checked(":memory:", BARE);
    CHECK_STATUS(RPMADB_OK, QUERY(db, "SELECT :a - @b", "{\"b\":2,\"a\":9}"));
    CHECK_INT(7, "/rows/0/0");
    CHECK_STATUS(RPMADB_OK, QUERY(db, "SELECT ?2 - ?1", "[2, 9]"));
    CHECK_INT(7, "/rows/0/0");
    CHECK_STATUS(RPMADB_OK, QUERY(db, "SELECT :a + :a", "{\":a\":2}"));
    CHECK_INT(4, "/rows/0/0");
    static const struct {
        const char *statement, *params;
    } wrong[] = {
        {"SELECT ?", NULL},
        {"SELECT ?", "[]"},
        {"SELECT ?", "[1,2]"},
        {"SELECT 1", "[1]"},
        {"SELECT :a", "{}"},
        {"SELECT :a", "{\"b\":1}"},
        {"SELECT :a, :b", "{\"a\":1,\":a\":1}"},
        {"SELECT ?", "[[1]]"},
        {"SELECT ?", "[{\"x\":1}]"},
        {"SELECT ?", "[{\"base64\":\"*\"}]"},
        {"SELECT ?", "[{\"real\":\"nan\"}]"},
        {"SELECT ?", "[9223372036854775808]"},
        {"SELECT ?", "7"},
        {"SELECT ?", "["},
    };
    for (size_t index = 0; index < sizeof wrong / sizeof *wrong; index++) {
        CHECK_STATUS(RPMADB_INVALID_ARGUMENT, QUERY(db, wrong[index].statement, wrong[index].params));
        CHECK_TEXT_HAS("params", "/error/message");
    }
    char deep[600] = "";
    memset(deep, '[', 299);
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, QUERY(db, "SELECT ?", deep));
    close_checked(db);
}

static void changes_and_row_ids_are_told(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    CHECK(sql(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE)"));
    CHECK_INT(0, "/changes");
    CHECK(has("/last_insert_rowid") && number("/last_insert_rowid") == INT64_MIN);
    CHECK(sql(db, "INSERT INTO t(a) VALUES ('x'), ('y')"));
    CHECK_INT(2, "/changes");
    CHECK_INT(2, "/last_insert_rowid");
    CHECK(sql(db, "UPDATE t SET a = a || '!' RETURNING id, a"));
    CHECK_INT(2, "/changes");
    CHECK_TEXT("y!", "/rows/1/1");
    CHECK(sql(db, "WITH n(i) AS (VALUES (10)) INSERT INTO t(id) SELECT i FROM n"));
    CHECK_INT(10, "/last_insert_rowid");
    CHECK(sql(db, "SELECT count(*) FROM t"));
    CHECK_INT(0, "/changes");
    CHECK_INT(3, "/rows/0/0");
    CHECK(sql(db, "SELECT a FROM t WHERE 0"));
    CHECK_TEXT("a", "/columns/0");
    CHECK(has("/rows") && !has("/rows/0"));
    CHECK(sql(db, "EXPLAIN QUERY PLAN SELECT * FROM t"));
    CHECK(sql(db, "PRAGMA table_info(t)"));
    CHECK_TEXT("id", "/rows/0/1");
    CHECK(sql(db, "DELETE FROM t;  -- a comment after the end"));
    CHECK_INT(3, "/changes");
    close_checked(db);
}

static void wrong_sql_has_its_status(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    sql(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER NOT NULL CHECK (a < 10)) STRICT");
    CHECK_STATUS(RPMADB_SQL, QUERY(db, "SELEC 1", NULL));
    CHECK_INT(1, "/error/sqlite_code");
    CHECK_TEXT_HAS("SELEC", "/error/message");
    CHECK_STATUS(RPMADB_SQL, QUERY(db, "SELECT * FROM missing", NULL));
    CHECK_TEXT_HAS("missing", "/error/message");
    CHECK_STATUS(RPMADB_CONSTRAINT, QUERY(db, "INSERT INTO t VALUES (1, 10)", NULL));
    CHECK_INT(275, "/error/sqlite_code");
    CHECK_STATUS(RPMADB_CONSTRAINT, QUERY(db, "INSERT INTO t VALUES (1, NULL)", NULL));
    CHECK_STATUS(RPMADB_OK, QUERY(db, "INSERT INTO t VALUES (1, 1)", NULL));
    CHECK_STATUS(RPMADB_CONSTRAINT, QUERY(db, "INSERT INTO t VALUES (2, 2), (1, 1)", NULL));
    CHECK_EQUAL(1, value(db, "SELECT count(*) FROM t"));
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, QUERY(db, "SELECT 1; SELECT 2", NULL));
    CHECK_TEXT_HAS("one statement", "/error/message");
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, QUERY(db, "DELETE FROM t; DROP TABLE t", NULL));
    CHECK_EQUAL(1, value(db, "SELECT count(*) FROM t"));
    static const char *const nothing[] = {"", "  ", ";", "-- a comment", "/* another */"};
    for (size_t index = 0; index < sizeof nothing / sizeof *nothing; index++) {
        CHECK_STATUS(RPMADB_INVALID_ARGUMENT, QUERY(db, nothing[index], NULL));
    }
    close_checked(db);
}

static void what_belongs_to_the_library_is_refused_with_a_hint(void) {
    rpmadb *db = open_checked(at("a.db"), NULL);
    static const char *const refused[] = {
        "BEGIN",
        "BEGIN IMMEDIATE",
        "COMMIT",
        "END",
        "ROLLBACK",
        "SAVEPOINT s",
        "RELEASE s",
        "ROLLBACK TO s",
        "ATTACH 'b.db' AS b",
        "DETACH main",
        "VACUUM",
        "VACUUM INTO 'b.db'",
        "PRAGMA foreign_keys=OFF",
        "PRAGMA foreign_keys(0)",
        "PRAGMA journal_mode=DELETE",
        "PRAGMA user_version=7",
        "PRAGMA writable_schema=1",
        "PRAGMA busy_timeout=1",
        "PRAGMA wal_checkpoint",
        "/* hidden */ BEGIN",
        "DELETE FROM rpmadb_migrations",
        "INSERT INTO rpmadb_migrations(version) VALUES (99)",
        "DROP TABLE rpmadb_migrations",
        "SELECT load_extension('x')",
    };
    for (size_t index = 0; index < sizeof refused / sizeof *refused; index++) {
        if (!CHECK_STATUS(RPMADB_UNSUPPORTED, QUERY(db, refused[index], NULL))) {
            printf("\n    in: %s", refused[index]);
        }
        CHECK(has("/error/hint"));
    }
    CHECK_STATUS(RPMADB_UNSUPPORTED, QUERY(db, "begin", NULL));
    CHECK_TEXT_HAS("rpmadb_transaction", "/error/hint");
    CHECK_EQUAL(1, value(db, "PRAGMA foreign_keys"));
    CHECK_EQUAL(1, entries(at("")) - exists(at("a.db-wal")) - exists(at("a.db-shm")));
    close_checked(db);
}

static void a_read_only_handle_reads(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    sql(db, "CREATE TABLE t (a)");
    sql(db, "INSERT INTO t VALUES (1)");
    rpmadb *reader = open_checked(at("a.db"), "{\"read_only\":true}");
    CHECK_EQUAL(1, value(reader, "SELECT count(*) FROM t"));
    static const char *const writes[] = {"INSERT INTO t VALUES (2)", "DELETE FROM t", "CREATE TABLE u (a)",
                                         "WITH n(i) AS (VALUES (1)) INSERT INTO t SELECT i FROM n"};
    for (size_t index = 0; index < sizeof writes / sizeof *writes; index++) {
        CHECK_STATUS(RPMADB_READ_ONLY, QUERY(reader, writes[index], NULL));
    }
    sql(db, "INSERT INTO t VALUES (2)");
    CHECK_EQUAL(2, value(reader, "SELECT count(*) FROM t"));
    close_checked(reader);
    close_checked(db);
}

/* Another handle on the file is another connection, and a locked file is told after the wait. */
static int32_t hold(rpmadb *db, void *other) {
    int64_t start = now_ms();
    sql(db, "INSERT INTO t VALUES (1)");
    CHECK_STATUS(RPMADB_BUSY, QUERY(other, "INSERT INTO t VALUES (2)", NULL));
    CHECK(now_ms() - start >= 90 && now_ms() - start < 3000);
    CHECK_EQUAL(0, value(other, "SELECT count(*) FROM t"));
    drop_out();
    return 0;
}

static void a_locked_file_is_busy_after_the_wait(void) {
    rpmadb *one = open_checked(at("a.db"), BARE);
    rpmadb *other = open_checked(at("a.db"), "{\"migrate\":false,\"busy_timeout_ms\":100}");
    sql(one, "CREATE TABLE t (a)");
    CHECK_STATUS(RPMADB_OK, rpmadb_transaction(one, hold, other, NULL, NULL, &out));
    CHECK_EQUAL(1, value(other, "SELECT count(*) FROM t"));
    close_checked(other);
    close_checked(one);
}

const struct test query_tests[] = {
    TEST(values_survive_the_way_there_and_back),
    TEST(parameters_are_named_or_in_order_and_counted),
    TEST(changes_and_row_ids_are_told),
    TEST(wrong_sql_has_its_status),
    TEST(what_belongs_to_the_library_is_refused_with_a_hint),
    TEST(a_read_only_handle_reads),
    TEST(a_locked_file_is_busy_after_the_wait),
    {NULL, NULL},
};
