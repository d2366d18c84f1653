/* One handle on many threads, many handles on many threads, and closing while something runs. */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4, ROUNDS = 200 };

struct worker {
    rpmadb *db;
    int id;
    int32_t wrong;
    int64_t last;
};

/* Every other call writes; what is read never goes back. */
static void *read_and_write(void *argument) {
    struct worker *worker = argument;
    for (int round = 0; round < ROUNDS && !worker->wrong; round++) {
        char *report = NULL;
        int64_t seen = 0;
        bool writes = round % 2 == 0;
        const char *statement = writes ? "UPDATE counter SET n = n + 1" : "SELECT n FROM counter";
        worker->wrong = rpmadb_query(worker->db, statement, NULL, NULL, NULL, &report);
        if (!writes && !worker->wrong) {
            worker->wrong = rpmadb_json_int(report, "/rows/0/0", &seen);
            if (!worker->wrong && seen < worker->last) {
                worker->wrong = -1;
            }
            worker->last = seen;
        }
        rpmadb_free(report);
    }
    return NULL;
}

static void share(const char *path) {
    rpmadb *db = open_checked(path, BARE);
    struct worker workers[THREADS] = {{0}};
    pthread_t threads[THREADS];
    sql(db, "CREATE TABLE counter (n)");
    sql(db, "INSERT INTO counter VALUES (0)");
    for (int id = 0; id < THREADS; id++) {
        workers[id].db = db;
        pthread_create(&threads[id], NULL, read_and_write, &workers[id]);
    }
    for (int id = 0; id < THREADS; id++) {
        pthread_join(threads[id], NULL);
        CHECK_EQUAL(0, workers[id].wrong);
    }
    CHECK_EQUAL(THREADS * ROUNDS / 2, value(db, "SELECT n FROM counter"));
    close_checked(db);
}

static void four_threads_share_a_handle_on_a_file(void) {
    share(at("a.db"));
}

static void four_threads_share_a_handle_in_memory(void) {
    share(":memory:");
}

static int32_t add_one(rpmadb *db, void *user_data) {
    (void)user_data;
    int64_t before = 0;
    char *report = NULL;
    int32_t status = rpmadb_query(db, "SELECT n FROM counter", NULL, NULL, NULL, &report);
    if (status == RPMADB_OK) {
        status = rpmadb_json_int(report, "/rows/0/0", &before);
    }
    rpmadb_free(report);
    char params[32];
    snprintf(params, sizeof params, "[%lld]", (long long)before + 1);
    return status ? status : rpmadb_query(db, "UPDATE counter SET n = ?", params, NULL, NULL, NULL);
}

static void *add_in_transactions(void *argument) {
    struct worker *worker = argument;
    for (int round = 0; round < 50 && !worker->wrong; round++) {
        worker->wrong = rpmadb_transaction(worker->db, add_one, NULL, NULL, NULL, NULL);
    }
    return NULL;
}

static void transactions_of_many_threads_lose_nothing(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    struct worker workers[THREADS] = {{0}};
    pthread_t threads[THREADS];
    sql(db, "CREATE TABLE counter (n)");
    sql(db, "INSERT INTO counter VALUES (0)");
    for (int id = 0; id < THREADS; id++) {
        /* half of them on handles of their own */
        workers[id].db = id % 2 ? open_checked(at("a.db"), BARE) : db;
        pthread_create(&threads[id], NULL, add_in_transactions, &workers[id]);
    }
    for (int id = 0; id < THREADS; id++) {
        pthread_join(threads[id], NULL);
        CHECK_EQUAL(0, workers[id].wrong);
        if (id % 2) {
            close_checked(workers[id].db);
        }
    }
    CHECK_EQUAL(THREADS * 50, value(db, "SELECT n FROM counter"));
    close_checked(db);
}

static void *open_and_close(void *argument) {
    struct worker *worker = argument;
    for (int round = 0; round < 20 && !worker->wrong; round++) {
        rpmadb *db = NULL;
        const char *path = at(format("%d.db", worker->id));
        worker->wrong = rpmadb_open(path, round ? BARE : NULL, NULL, &db, NULL);
        if (!worker->wrong) {
            worker->wrong = rpmadb_query(db, "SELECT count(*) FROM users", NULL, NULL, NULL, NULL);
        }
        int32_t closed = rpmadb_close(&db);
        worker->wrong = worker->wrong ? worker->wrong : closed;
    }
    return NULL;
}

static void threads_open_and_close_files(void) {
    /* once each on a file of its own, once all on one */
    for (int same = 0; same < 2; same++) {
        struct worker workers[THREADS] = {{0}};
        pthread_t threads[THREADS];
        for (int id = 0; id < THREADS; id++) {
            workers[id].id = same ? 99 : id;
            pthread_create(&threads[id], NULL, open_and_close, &workers[id]);
        }
        for (int id = 0; id < THREADS; id++) {
            pthread_join(threads[id], NULL);
            CHECK_EQUAL(0, workers[id].wrong);
        }
    }
    CHECK_EQUAL(THREADS + 1, entries(at("")));
}

struct long_call {
    rpmadb *db;
    rpmadb_op *op;
    const char *source;
    atomic_int started;
    int32_t status;
};

static int32_t note_start(uint64_t done, uint64_t total, const char *stage, void *user_data) {
    struct long_call *call = user_data;
    (void)done, (void)total, (void)stage;
    atomic_store(&call->started, 1);
    return 0;
}

static void *run_long(void *argument) {
    struct long_call *call = argument;
    rpmadb_op *op = op_with_limit(20000);
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_on_progress(op, note_start, call));
    if (call->source) {
        call->status = rpmadb_script(call->db, call->source, NULL, op, NULL);
    } else {
        call->status = rpmadb_query(call->db, ENDLESS, NULL, NULL, op, NULL);
    }
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    drop_out();
    return NULL;
}

static void closing_ends_what_runs_and_waits_for_it(void) {
    static const char *const sources[] = {NULL, "while true do pcall(function() while true do end end) end",
                                          "db:transaction(function() while true do db:exec('DELETE FROM t') end end)"};
    for (size_t index = 0; index < sizeof sources / sizeof *sources; index++) {
        rpmadb *db = open_checked(at("a.db"), BARE), *copy = db;
        struct long_call call = {.db = db, .source = sources[index]};
        pthread_t thread;
        sql(db, "CREATE TABLE IF NOT EXISTS t (a)");
        pthread_create(&thread, NULL, run_long, &call);
        while (!atomic_load(&call.started)) {
            sleep_ms(5);
        }
        int64_t start = now_ms();
        CHECK_PLAIN(RPMADB_OK, rpmadb_close(&db));
        CHECK(now_ms() - start < 2000);
        pthread_join(thread, NULL);
        CHECK_EQUAL(RPMADB_CANCELLED, call.status);
        CHECK_STATUS(RPMADB_STALE_HANDLE, rpmadb_query(copy, "SELECT 1", NULL, NULL, NULL, &out));
        CHECK(!exists(at("a.db-wal")));
    }
}

static void *run_with_the_given(void *argument) {
    struct long_call *call = argument;
    call->status = rpmadb_query(call->db, ENDLESS, NULL, NULL, call->op, NULL);
    return NULL;
}

static void one_operation_stops_two_calls_at_once(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    rpmadb_op *op = op_with_limit(20000);
    struct long_call calls[2] = {{.db = db, .op = op}, {.db = db, .op = op}};
    pthread_t threads[2];
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_on_progress(op, note_start, &calls[0]));
    for (int id = 0; id < 2; id++) {
        pthread_create(&threads[id], NULL, run_with_the_given, &calls[id]);
    }
    while (!atomic_load(&calls[0].started)) {
        sleep_ms(5);
    }
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_cancel(op));
    for (int id = 0; id < 2; id++) {
        pthread_join(threads[id], NULL);
        CHECK_EQUAL(RPMADB_CANCELLED, calls[id].status);
    }
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    close_checked(db);
}

static void closing_one_handle_leaves_the_calls_of_another_alone(void) {
    rpmadb *db = open_checked(at("a.db"), BARE), *second = NULL;
    CHECK_STATUS(RPMADB_OK, rpmadb_as(db, "x", "admin", &second, &out));
    struct long_call call = {.db = second};
    pthread_t thread;
    pthread_create(&thread, NULL, run_long, &call);
    while (!atomic_load(&call.started)) {
        sleep_ms(5);
    }
    close_checked(db);
    CHECK_EQUAL(1, value(second, "SELECT 1"));
    close_checked(second);
    pthread_join(thread, NULL);
    CHECK_EQUAL(RPMADB_CANCELLED, call.status);
}

static void *close_the_copy(void *handle) {
    rpmadb *copy = handle;
    int32_t status = rpmadb_close(&copy);
    return (void *)(intptr_t)status;
}

static void closing_from_many_threads_closes_once(void) {
    for (int round = 0; round < 50; round++) {
        rpmadb *db = open_checked(":memory:", BARE);
        pthread_t threads[THREADS];
        int closed = 0;
        for (int id = 0; id < THREADS; id++) {
            pthread_create(&threads[id], NULL, close_the_copy, db);
        }
        for (int id = 0; id < THREADS; id++) {
            void *status = NULL;
            pthread_join(threads[id], &status);
            CHECK((intptr_t)status == RPMADB_OK || (intptr_t)status == RPMADB_STALE_HANDLE);
            closed += (intptr_t)status == RPMADB_OK;
        }
        CHECK_EQUAL(1, closed);
    }
}

const struct test thread_tests[] = {
    TEST(four_threads_share_a_handle_on_a_file),
    TEST(four_threads_share_a_handle_in_memory),
    TEST(transactions_of_many_threads_lose_nothing),
    TEST(threads_open_and_close_files),
    TEST(closing_ends_what_runs_and_waits_for_it),
    TEST(one_operation_stops_two_calls_at_once),
    TEST(closing_one_handle_leaves_the_calls_of_another_alone),
    TEST(closing_from_many_threads_closes_once),
    {NULL, NULL},
};
