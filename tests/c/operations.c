/* Operations: limits, cancelling, and progress. */
#include "calls.h"

#include <pthread.h>

static void a_limit_ends_a_query(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    rpmadb_op *op = op_with_limit(200);
    for (int round = 0; round < 2; round++) { /* the clock starts with each call */
        int64_t start = now_ms();
        CHECK_STATUS(RPMADB_TIMEOUT, rpmadb_query(db, ENDLESS, NULL, NULL, op, &out));
        CHECK_TEXT_HAS("200", "/error/message");
        CHECK(now_ms() - start >= 190 && now_ms() - start < 1500);
    }
    CHECK_EQUAL(1, value(db, "SELECT 1"));
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_set_timeout_ms(op, 0));
    CHECK_STATUS(RPMADB_OK, rpmadb_query(db, "SELECT 1", NULL, NULL, op, &out));
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_set_timeout_ms(op, UINT64_MAX));
    CHECK_STATUS(RPMADB_OK, rpmadb_query(db, "SELECT 1", NULL, NULL, op, &out));
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    close_checked(db);
}

static void a_limit_ends_a_write_and_a_script_too(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    rpmadb_op *op = op_with_limit(200);
    sql(db, "CREATE TABLE t (a)");
    CHECK_STATUS(RPMADB_TIMEOUT, rpmadb_query(db, "INSERT INTO t " ENDLESS, NULL, NULL, op, &out));
    CHECK_STATUS(RPMADB_TIMEOUT, rpmadb_script(db, "while true do end", NULL, op, &out));
    const char *catches = "while true do pcall(db.value, db, '" ENDLESS "') end";
    CHECK_STATUS(RPMADB_TIMEOUT, rpmadb_script(db, catches, NULL, op, &out));
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM t"));
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    close_checked(db);
}

static void *cancel_soon(void *op) {
    sleep_ms(150);
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_cancel(op));
    return NULL;
}

static void another_thread_cancels(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    for (int script = 0; script < 2; script++) {
        rpmadb_op *op = op_with_limit(20000);
        pthread_t thread;
        pthread_create(&thread, NULL, cancel_soon, op);
        int64_t start = now_ms();
        if (script) {
            CHECK_STATUS(RPMADB_CANCELLED, rpmadb_script(db, "while true do pcall(error) end", NULL, op, &out));
        } else {
            CHECK_STATUS(RPMADB_CANCELLED, rpmadb_query(db, ENDLESS, NULL, NULL, op, &out));
        }
        CHECK(now_ms() - start < 1500);
        pthread_join(thread, NULL);
        CHECK_STATUS(RPMADB_OK, rpmadb_op_progress(op, &out));
        CHECK_INT(1, "/cancelled");
        CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    }
    CHECK_EQUAL(1, value(db, "SELECT 1"));
    close_checked(db);
}

static void a_cancelled_operation_stops_every_later_call(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    rpmadb_op *op = op_with_limit(0);
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_cancel(op));
    for (const struct call *call = calls; call->name; call++) {
        if (strchr(call->kinds, 'p')) {
            void *arguments[MOST_ARGUMENTS];
            right_arguments(call, db, op, arguments);
            check_call(call, RPMADB_CANCELLED, arguments, "cancelled before");
        }
    }
    rpmadb *other = NULL;
    CHECK_STATUS(RPMADB_CANCELLED, rpmadb_open(at("never.db"), NULL, op, &other, &out));
    CHECK(other == NULL);
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    close_checked(db);
}

/* What a progress callback is told and does. */
struct watch {
    rpmadb *db, *other;
    rpmadb_op *op;
    int calls, stop_at;
    uint64_t last_done, last_total;
    bool sane, reenter;
    char stage[64];
};

static int32_t watched(uint64_t done, uint64_t total, const char *stage, void *user_data) {
    struct watch *watch = user_data;
    watch->calls++;
    watch->sane = watch->sane && stage && (total == 0 || done <= total);
    watch->last_done = done;
    watch->last_total = total;
    snprintf(watch->stage, sizeof watch->stage, "%s", stage ? stage : "");
    if (watch->reenter && watch->calls == 2) {
        rpmadb *db = watch->db;
        CHECK_STATUS(RPMADB_REENTRANT, rpmadb_query(db, "SELECT 1", NULL, NULL, NULL, &out));
        CHECK_STATUS(RPMADB_REENTRANT, rpmadb_stats(db, NULL, watch->op, &out));
        CHECK_PLAIN(RPMADB_REENTRANT, rpmadb_close(&db));
        CHECK(db == watch->db);
        CHECK_EQUAL(5, value(watch->other, "SELECT 5"));
        CHECK_STATUS(RPMADB_OK, rpmadb_op_progress(watch->op, &out));
        CHECK_TEXT(watch->stage, "/stage");
        CHECK_INT((int64_t)done, "/done");
        CHECK_INT((int64_t)total, "/total");
        CHECK_INT(0, "/cancelled");
        drop_out();
    }
    return watch->stop_at && watch->calls >= watch->stop_at;
}

/* A database of some hundred pages. */
static rpmadb *open_large(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    sql(db, "CREATE TABLE t (a)");
    sql(db, "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i+1 FROM n WHERE i<300) "
            "INSERT INTO t SELECT randomblob(3000) FROM n");
    CHECK_STATUS(RPMADB_OK, rpmadb_checkpoint(db, "truncate", NULL, NULL, &out));
    return db;
}

static void a_backup_tells_its_progress(void) {
    struct watch watch = {.db = open_large(), .other = open_checked(":memory:", BARE), .sane = true, .reenter = true};
    watch.op = op_with_limit(0);
    CHECK_STATUS(RPMADB_OK, rpmadb_op_progress(watch.op, &out));
    CHECK_TEXT("", "/stage");
    CHECK_INT(0, "/done");
    CHECK_INT(0, "/total");
    CHECK_INT(0, "/cancelled");
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_on_progress(watch.op, watched, &watch));
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(watch.db, at("b.db"), "{\"step_pages\":10}", watch.op, &out));
    CHECK(watch.calls > 20 && watch.sane);
    CHECK(watch.last_done == watch.last_total && watch.last_total > 200);
    CHECK_STATUS(RPMADB_OK, rpmadb_op_progress(watch.op, &out));
    CHECK_INT((int64_t)watch.last_done, "/done");
    int calls_then = watch.calls;
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_on_progress(watch.op, NULL, NULL));
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(watch.db, at("c.db"), "{\"step_pages\":10}", watch.op, &out));
    CHECK_EQUAL(calls_then, watch.calls);
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&watch.op));
    close_checked(watch.other);
    close_checked(watch.db);
}

static void a_backup_that_is_stopped_leaves_nothing(void) {
    rpmadb *db = open_large();
    int before = entries(at(""));
    for (int stop_at = 1; stop_at < 60; stop_at += 7) {
        struct watch watch = {.sane = true, .stop_at = stop_at};
        rpmadb_op *op = op_with_limit(0);
        CHECK_PLAIN(RPMADB_OK, rpmadb_op_on_progress(op, watched, &watch));
        CHECK_STATUS(RPMADB_CANCELLED, rpmadb_backup(db, at("b.db"), "{\"step_pages\":5}", op, &out));
        CHECK_EQUAL(stop_at, watch.calls);
        CHECK(!exists(at("b.db")));
        CHECK_EQUAL(before, entries(at("")));
        CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    }
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(db, at("b.db"), NULL, NULL, &out));
    close_checked(db);
}

static void progress_is_told_during_a_long_query_and_a_script(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    rpmadb *other = open_checked(":memory:", BARE);
    struct watch watch = {.db = db, .other = other, .sane = true, .reenter = true, .stop_at = 3};
    watch.op = op_with_limit(20000);
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_on_progress(watch.op, watched, &watch));
    CHECK_STATUS(RPMADB_CANCELLED, rpmadb_query(db, ENDLESS, NULL, NULL, watch.op, &out));
    CHECK_EQUAL(3, watch.calls);
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&watch.op));
    watch.op = op_with_limit(20000);
    watch.calls = 0;
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_on_progress(watch.op, watched, &watch));
    CHECK_STATUS(RPMADB_CANCELLED, rpmadb_script(db, "while true do end", NULL, watch.op, &out));
    CHECK_EQUAL(3, watch.calls);
    CHECK(watch.sane);
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&watch.op));
    close_checked(other);
    close_checked(db);
}

static void a_migration_that_is_stopped_keeps_nothing(void) {
    struct watch watch = {.sane = true, .stop_at = 4};
    rpmadb *db = (rpmadb *)&db;
    rpmadb_op *op = op_with_limit(0);
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_on_progress(op, watched, &watch));
    CHECK_STATUS(RPMADB_CANCELLED, rpmadb_open(at("a.db"), NULL, op, &db, &out));
    CHECK(db == NULL);
    CHECK_EQUAL(4, watch.calls);
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    db = open_checked(at("a.db"), BARE);
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM sqlite_schema"));
    close_checked(db);
}

static int32_t free_at_once(uint64_t done, uint64_t total, const char *stage, void *user_data) {
    struct watch *watch = user_data;
    (void)done, (void)total, (void)stage;
    if (++watch->calls == 1) {
        CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&watch->op));
    }
    return 0;
}

static void a_call_whose_operation_is_released_goes_on_unwatched(void) {
    struct watch watch = {.db = open_large(), .op = op_with_limit(0)};
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_on_progress(watch.op, free_at_once, &watch));
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(watch.db, at("b.db"), "{\"step_pages\":10}", watch.op, &out));
    CHECK_EQUAL(1, watch.calls);
    CHECK(watch.op == NULL);
    close_checked(watch.db);
}

/* Waiting for a lock is work that can be stopped too. */
static int32_t wait_for_the_lock(rpmadb *db, void *user_data) {
    rpmadb_op *op = op_with_limit(200);
    int64_t start = now_ms();
    (void)db;
    CHECK_STATUS(RPMADB_TIMEOUT, rpmadb_query(user_data, "INSERT INTO t VALUES (1)", NULL, NULL, op, &out));
    CHECK(now_ms() - start < 1500);
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    drop_out();
    return 0;
}

static void a_limit_ends_waiting_for_a_lock(void) {
    rpmadb *one = open_checked(at("a.db"), BARE), *other = open_checked(at("a.db"), BARE);
    sql(one, "CREATE TABLE t (a)");
    CHECK_STATUS(RPMADB_OK, rpmadb_transaction(one, wait_for_the_lock, other, NULL, NULL, &out));
    close_checked(other);
    close_checked(one);
}

static int32_t cancel_own(rpmadb *db, void *user_data) {
    sql(db, "INSERT INTO t VALUES (1)");
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_cancel(user_data));
    drop_out();
    return 0;
}

static void a_cancelled_transaction_is_rolled_back_whatever_it_returned(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    rpmadb_op *op = op_with_limit(0);
    sql(db, "CREATE TABLE t (a)");
    CHECK_STATUS(RPMADB_CANCELLED, rpmadb_transaction(db, cancel_own, op, NULL, op, &out));
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM t"));
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    close_checked(db);
}

const struct test operation_tests[] = {
    TEST(a_limit_ends_a_query),
    TEST(a_limit_ends_a_write_and_a_script_too),
    TEST(another_thread_cancels),
    TEST(a_cancelled_operation_stops_every_later_call),
    TEST(a_backup_tells_its_progress),
    TEST(a_backup_that_is_stopped_leaves_nothing),
    TEST(progress_is_told_during_a_long_query_and_a_script),
    TEST(a_migration_that_is_stopped_keeps_nothing),
    TEST(a_call_whose_operation_is_released_goes_on_unwatched),
    TEST(a_limit_ends_waiting_for_a_lock),
    TEST(a_cancelled_transaction_is_rolled_back_whatever_it_returned),
    {NULL, NULL},
};
