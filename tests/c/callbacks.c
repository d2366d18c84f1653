/* Host code inside a transaction: rpmadb_transaction and rpmadb_add_step. */
#include "check.h"

#include <pthread.h>
#include <sys/stat.h>

/* What a function of these tests is handed, and what it saw. */
struct work {
    rpmadb *outer, *inner, *derived;
    int32_t answer;
    const char *statement;
    int calls;
    int64_t took_ms;
};

static int32_t insert_and_answer(rpmadb *db, void *user_data) {
    struct work *work = user_data;
    work->inner = db;
    work->calls++;
    CHECK(sql(db, "INSERT INTO t VALUES (1)"));
    CHECK(sql(db, "INSERT INTO t VALUES (2)"));
    CHECK(value(db, "SELECT count(*) FROM t") >= 2);
    drop_out();
    return work->answer;
}

static rpmadb *open_with_table(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    sql(db, "CREATE TABLE t (a)");
    return db;
}

static void zero_commits_and_anything_else_rolls_back(void) {
    rpmadb *db = open_with_table();
    struct work work = {0};
    CHECK_STATUS(RPMADB_OK, rpmadb_transaction(db, insert_and_answer, &work, NULL, NULL, &out));
    CHECK_INT(1, "/committed");
    CHECK_INT(0, "/returned");
    CHECK(has("/duration_ms"));
    CHECK_EQUAL(2, value(db, "SELECT count(*) FROM t"));
    static const int32_t answers[] = {1, -1, 501, INT32_MIN, INT32_MAX};
    for (size_t index = 0; index < sizeof answers / sizeof *answers; index++) {
        work.answer = answers[index];
        CHECK_STATUS(RPMADB_OK, rpmadb_transaction(db, insert_and_answer, &work, "{}", NULL, &out));
        CHECK_INT(0, "/committed");
        CHECK_INT(answers[index], "/returned");
        CHECK_EQUAL(2, value(db, "SELECT count(*) FROM t"));
    }
    CHECK_EQUAL(6, work.calls);
    close_checked(db);
}

static void the_lent_handle_is_stale_afterwards(void) {
    rpmadb *db = open_with_table();
    struct work work = {0};
    CHECK_STATUS(RPMADB_OK, rpmadb_transaction(db, insert_and_answer, &work, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_STALE_HANDLE, rpmadb_query(work.inner, "SELECT 1", NULL, NULL, NULL, &out));
    rpmadb *copy = work.inner;
    CHECK_PLAIN(RPMADB_STALE_HANDLE, rpmadb_close(&copy));
    close_checked(db);
}

static int32_t use_wrong_handles(rpmadb *db, void *user_data) {
    struct work *work = user_data;
    rpmadb *outer = work->outer, *second = NULL;
    CHECK_STATUS(RPMADB_REENTRANT, rpmadb_query(outer, "SELECT 1", NULL, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_REENTRANT, rpmadb_transaction(outer, insert_and_answer, work, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_REENTRANT, rpmadb_migrate(outer, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_REENTRANT, rpmadb_script(outer, "return 1", NULL, NULL, &out));
    CHECK_STATUS(RPMADB_REENTRANT, rpmadb_health(outer, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_REENTRANT, rpmadb_as(outer, "x", "user", &second, &out));
    CHECK_STATUS(RPMADB_REENTRANT, rpmadb_add_step(outer, 99, "x", insert_and_answer, NULL, NULL, &out));
    CHECK_PLAIN(RPMADB_REENTRANT, rpmadb_close(&outer));
    CHECK(outer == work->outer);
    /* the second handle on the same database, made before */
    CHECK_STATUS(RPMADB_REENTRANT, rpmadb_query(work->derived, "SELECT 1", NULL, NULL, NULL, &out));

    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_transaction(db, insert_and_answer, work, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_query(db, "BEGIN", NULL, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_query(db, "COMMIT", NULL, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_query(db, "ROLLBACK", NULL, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_query(db, "PRAGMA foreign_keys=OFF", NULL, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_backup(db, at("b.db"), NULL, NULL, &out));
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_checkpoint(db, NULL, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_stats(db, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_script(db, "db:exec('INSERT INTO t VALUES (5)') return 1", NULL, NULL, &out));
    CHECK_EQUAL(1, value(db, "SELECT count(*) FROM t"));
    drop_out();
    return 0;
}

static void other_handles_and_transactions_are_refused_inside(void) {
    struct work work = {.outer = open_with_table()};
    CHECK_STATUS(RPMADB_OK, rpmadb_as(work.outer, "x", "admin", &work.derived, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_transaction(work.outer, use_wrong_handles, &work, NULL, NULL, &out));
    CHECK_EQUAL(0, work.calls);
    CHECK_EQUAL(1, value(work.outer, "SELECT count(*) FROM t"));
    close_checked(work.derived);
    close_checked(work.outer);
}

static int32_t close_what_was_lent(rpmadb *db, void *user_data) {
    (void)user_data;
    sql(db, "INSERT INTO t VALUES (1)");
    CHECK_PLAIN(RPMADB_OK, rpmadb_close(&db));
    drop_out();
    return 0;
}

static void the_lent_handle_may_be_closed_early(void) {
    rpmadb *db = open_with_table();
    CHECK_STATUS(RPMADB_OK, rpmadb_transaction(db, close_what_was_lent, NULL, NULL, NULL, &out));
    CHECK_EQUAL(1, value(db, "SELECT count(*) FROM t"));
    close_checked(db);
}

/* A second handle made of the lent one must not reach into the connection when the transaction is over. */
static int32_t derive(rpmadb *db, void *user_data) {
    struct work *work = user_data;
    work->answer = rpmadb_as(db, "x", "admin", &work->derived, NULL);
    return 0;
}

static void a_handle_made_of_the_lent_one_ends_with_it(void) {
    rpmadb *db = open_with_table();
    struct work work = {0};
    CHECK_STATUS(RPMADB_OK, rpmadb_transaction(db, derive, &work, NULL, NULL, &out));
    CHECK(work.answer == RPMADB_OK || work.answer == RPMADB_UNSUPPORTED);
    if (work.answer == RPMADB_OK) {
        const char *insert = "INSERT INTO t VALUES (9)";
        CHECK_STATUS(RPMADB_STALE_HANDLE, rpmadb_query(work.derived, insert, NULL, NULL, NULL, &out));
        (void)rpmadb_close(&work.derived);
    }
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM t"));
    close_checked(db);
}

static int32_t end_it_by_a_conflict(rpmadb *db, void *user_data) {
    (void)user_data;
    sql(db, "INSERT INTO u VALUES (2)");
    CHECK_STATUS(RPMADB_CONSTRAINT,
                 rpmadb_query(db, "INSERT OR ROLLBACK INTO u VALUES (1)", NULL, NULL, NULL, &out));
    drop_out();
    return 0;
}

static void a_transaction_that_a_statement_ended_is_no_success(void) {
    rpmadb *db = open_with_table();
    sql(db, "CREATE TABLE u (a UNIQUE)");
    sql(db, "INSERT INTO u VALUES (1)");
    CHECK_STATUS(RPMADB_SQL, rpmadb_transaction(db, end_it_by_a_conflict, NULL, NULL, NULL, &out));
    CHECK_EQUAL(1, value(db, "SELECT count(*) FROM u"));
    close_checked(db);
}

/* Its own limit only ends the test if nothing else ends the statement. */
static int32_t run_endless(rpmadb *db, void *user_data) {
    struct work *work = user_data;
    sql(db, "INSERT INTO t VALUES (1)");
    int64_t start = now_ms();
    rpmadb_op *op = op_with_limit(6000);
    work->answer = rpmadb_query(db, ENDLESS, NULL, NULL, op, NULL);
    work->took_ms = now_ms() - start;
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    drop_out();
    return 0;
}

static void the_limit_of_a_transaction_reaches_what_runs_inside(void) {
    rpmadb *db = open_with_table();
    rpmadb_op *op = op_with_limit(300);
    struct work work = {0};
    CHECK_STATUS(RPMADB_TIMEOUT, rpmadb_transaction(db, run_endless, &work, NULL, op, &out));
    CHECK(work.took_ms < 2000);
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM t"));
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    close_checked(db);
}

static void *close_soon(void *handle) {
    sleep_ms(200);
    CHECK_PLAIN(RPMADB_OK, rpmadb_close(handle));
    return NULL;
}

static void closing_the_handle_reaches_what_runs_inside(void) {
    rpmadb *db = open_with_table(), *shared = db;
    struct work work = {0};
    pthread_t thread;
    pthread_create(&thread, NULL, close_soon, &shared);
    CHECK_STATUS(RPMADB_CANCELLED, rpmadb_transaction(db, run_endless, &work, NULL, NULL, &out));
    pthread_join(thread, NULL);
    CHECK(work.took_ms < 2000);
    db = open_checked(at("a.db"), BARE);
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM t"));
    close_checked(db);
}

/* Steps. */

static int32_t run_statement(rpmadb *db, void *user_data) {
    struct work *work = user_data;
    work->inner = db;
    work->calls++;
    CHECK(sql(db, work->statement));
    if (work->outer) {
        CHECK_STATUS(RPMADB_REENTRANT, rpmadb_query(work->outer, "SELECT 1", NULL, NULL, NULL, &out));
        CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_query(db, "COMMIT", NULL, NULL, NULL, &out));
    }
    drop_out();
    return work->answer;
}

static void a_step_above_the_latest_runs_inside_the_migration(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    CHECK_STATUS(RPMADB_OK, rpmadb_migrations(db, NULL, NULL, &out));
    int64_t version = number("/latest") + 1;
    struct work work = {.outer = db, .statement = "CREATE TABLE hosted AS SELECT count(*) AS n FROM users"};
    CHECK_STATUS(RPMADB_OK, rpmadb_add_step(db, version, "hosted", run_statement, run_statement, &work, &out));
    CHECK_INT(version, "/version");
    CHECK_TEXT("hosted", "/name");
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, "{\"dry_run\":true}", NULL, &out));
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM sqlite_schema"));
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_INT(version, "/to");
    CHECK_TEXT("host", format("/applied/%d/kind", (int)version - 1));
    CHECK_EQUAL(2, work.calls);
    CHECK_EQUAL(0, value(db, "SELECT n FROM hosted"));
    CHECK_STATUS(RPMADB_STALE_HANDLE, rpmadb_query(work.inner, "SELECT 1", NULL, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_migrations(db, NULL, NULL, &out));
    CHECK_TEXT("applied", format("/migrations/%d/state", (int)version - 1));
    CHECK_INT(1, format("/migrations/%d/reversible", (int)version - 1));
    close_checked(db);
    /* without the step the set ends below the database */
    CHECK_STATUS(RPMADB_DATABASE_TOO_NEW, rpmadb_open(at("a.db"), NULL, NULL, &db, &out));
}

static void a_step_wins_over_the_file_of_its_version(void) {
    mkdir(at("m"), 0700);
    write_text(at("m/1_a.sql"), "CREATE TABLE a (x);");
    write_text(at("m/2_b.sql"), "CREATE TABLE from_file (x);");
    write_text(at("m/3_c.sql"), "INSERT INTO from_step VALUES (1);");
    rpmadb *db = open_checked(at("a.db"), format("{\"migrate\":false,\"migrations\":\"%s\"}", at("m")));
    struct work work = {.statement = "CREATE TABLE from_step (x)"};
    CHECK_STATUS(RPMADB_OK, rpmadb_add_step(db, 2, "b", run_statement, NULL, &work, &out));
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_add_step(db, 2, "b", run_statement, NULL, &work, &out));
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_add_step(db, 0, "b", run_statement, NULL, &work, &out));
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_add_step(db, -5, "b", run_statement, NULL, &work, &out));
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_add_step(db, 5, "", run_statement, NULL, &work, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_TEXT("host", "/applied/1/kind");
    CHECK_EQUAL(1, value(db, "SELECT count(*) FROM from_step"));
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM sqlite_schema WHERE name='from_file'"));
    close_checked(db);
}

static void a_step_that_fails_takes_the_whole_run_back(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    struct work work = {.statement = "CREATE TABLE hosted (x)", .answer = 7};
    CHECK_STATUS(RPMADB_OK, rpmadb_add_step(db, 1000, "hosted", run_statement, NULL, &work, &out));
    CHECK_STATUS(RPMADB_MIGRATION_FAILED, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_TEXT_HAS("7", "/error/message");
    CHECK_INT(1000, "/error/version");
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM sqlite_schema"));
    CHECK_EQUAL(1, value(db, "PRAGMA foreign_keys"));
    work.answer = 0;
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_INT(1000, "/to");
    CHECK_EQUAL(2, work.calls);
    close_checked(db);
}

/* Registered through the lent handle, a step either is refused or runs. */
static int32_t register_step(rpmadb *db, void *user_data) {
    struct work *work = user_data;
    work->answer = rpmadb_add_step(db, 1000, "late", run_statement, NULL, work + 1, NULL);
    return 0;
}

static void a_step_registered_inside_a_transaction_is_refused_or_runs(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    struct work work[2] = {{0}, {.statement = "CREATE TABLE late (x)"}};
    CHECK_STATUS(RPMADB_OK, rpmadb_transaction(db, register_step, work, NULL, NULL, &out));
    CHECK(work[0].answer == RPMADB_OK || work[0].answer == RPMADB_UNSUPPORTED);
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_EQUAL(work[0].answer == RPMADB_OK, work[1].calls);
    close_checked(db);
}

const struct test callback_tests[] = {
    TEST(zero_commits_and_anything_else_rolls_back),
    TEST(the_lent_handle_is_stale_afterwards),
    TEST(other_handles_and_transactions_are_refused_inside),
    TEST(the_lent_handle_may_be_closed_early),
    TEST(a_handle_made_of_the_lent_one_ends_with_it),
    TEST(a_transaction_that_a_statement_ended_is_no_success),
    TEST(the_limit_of_a_transaction_reaches_what_runs_inside),
    TEST(closing_the_handle_reaches_what_runs_inside),
    TEST(a_step_above_the_latest_runs_inside_the_migration),
    TEST(a_step_wins_over_the_file_of_its_version),
    TEST(a_step_that_fails_takes_the_whole_run_back),
    TEST(a_step_registered_inside_a_transaction_is_refused_or_runs),
    {NULL, NULL},
};
