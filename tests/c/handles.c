/* Wrong arguments: every function, every pointer, one at a time; each wrong thing has its own status. */
#include "calls.h"

#include <sys/stat.h>

static rpmadb *db_from(uint64_t number_of_it) {
    return (rpmadb *)(uintptr_t)number_of_it;
}

static rpmadb_op *op_from(uint64_t number_of_it) {
    return (rpmadb_op *)(uintptr_t)number_of_it;
}

/* A database and an operation that are open, and one of each that is closed. */
struct handles {
    rpmadb *db, *closed_db;
    rpmadb_op *op, *closed_op;
};

static struct handles make(void) {
    struct handles made = {0};
    /* a small set: rpmadb_test without options tries all of it */
    mkdir(at("m"), 0700);
    write_text(at("m/1_first.sql"), "CREATE TABLE a (x);");
    made.db = open_checked(at("a.db"), format("{\"migrate\":false,\"migrations\":\"%s\"}", at("m")));
    made.op = op_with_limit(0);
    rpmadb *db = open_checked(":memory:", BARE);
    made.closed_db = db;
    close_checked(db);
    rpmadb_op *op = op_with_limit(0);
    made.closed_op = op;
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    return made;
}

static void release(struct handles *made) {
    close_checked(made->db);
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&made->op));
    CHECK(made->op == NULL);
}

/* For each argument whose kind is in `kinds`: puts `wrong` in its place and expects `expected`. */
static void each(struct handles *made, const char *kinds, const void *wrong, int32_t expected, const char *why) {
    for (const struct call *call = calls; call->name; call++) {
        for (size_t index = 0; call->kinds[index]; index++) {
            if (strchr(kinds, call->kinds[index])) {
                void *arguments[MOST_ARGUMENTS];
                right_arguments(call, made->db, made->op, arguments);
                arguments[index] = (void *)(uintptr_t)wrong;
                check_call(call, expected, arguments, format("argument %d: %s", (int)index, why));
            }
        }
    }
}

static void right_arguments_are_taken(void) {
    struct handles made = make();
    for (const struct call *call = calls; call->name; call++) {
        void *arguments[MOST_ARGUMENTS];
        right_arguments(call, made.db, made.op, arguments);
        check_call(call, RPMADB_OK, arguments, "all arguments right");
    }
    release(&made);
}

static void null_is_told_where_it_may_not_be(void) {
    struct handles made = make();
    each(&made, "dotfr", NULL, RPMADB_NULL_ARGUMENT, "NULL");
    each(&made, "pmjh", NULL, RPMADB_OK, "NULL");
    each(&made, "b", NULL, RPMADB_INVALID_ARGUMENT, "NULL");
    release(&made);
}

static void text_that_is_not_utf8_is_told(void) {
    struct handles made = make();
    each(&made, "tmbj", "\xff", RPMADB_INVALID_UTF8, "not UTF-8");
    each(&made, "tmbj", "a\xc3", RPMADB_INVALID_UTF8, "cut off UTF-8");
    each(&made, "tmbj", "\xed\xa0\x80", RPMADB_INVALID_UTF8, "a surrogate");
    each(&made, "tmbj", "\xc0\xaf", RPMADB_INVALID_UTF8, "an overlong form");
    release(&made);
}

static void options_that_are_wrong_are_named(void) {
    struct handles made = make();
    static const char *const wrong[] = {"[]", "7", "null", "\"x\"", "{", "{} {}", "{\"a\"", "options"};
    for (size_t index = 0; index < sizeof wrong / sizeof *wrong; index++) {
        each(&made, "j", wrong[index], RPMADB_INVALID_ARGUMENT, wrong[index]);
    }
    for (const struct call *call = calls; call->name; call++) {
        const char *found = strchr(call->kinds, 'j');
        if (found) {
            void *arguments[MOST_ARGUMENTS];
            char unknown[] = "{\"nope\": 1}";
            right_arguments(call, made.db, made.op, arguments);
            arguments[found - call->kinds] = unknown;
            CHECK_STATUS(RPMADB_INVALID_ARGUMENT, call->run(arguments, &out));
            CHECK_TEXT_HAS("'nope'", "/error/message");
        }
    }
    release(&made);
}

static void a_closed_handle_is_stale(void) {
    struct handles made = make();
    each(&made, "d", made.closed_db, RPMADB_STALE_HANDLE, "closed");
    each(&made, "op", made.closed_op, RPMADB_STALE_HANDLE, "closed");
    rpmadb *copy = made.closed_db;
    CHECK_PLAIN(RPMADB_STALE_HANDLE, rpmadb_close(&copy));
    CHECK(copy == made.closed_db);
    rpmadb_op *op_copy = made.closed_op;
    CHECK_PLAIN(RPMADB_STALE_HANDLE, rpmadb_op_free(&op_copy));
    CHECK(op_copy == made.closed_op);
    release(&made);
}

static void a_handle_of_the_other_kind_is_told(void) {
    struct handles made = make();
    each(&made, "d", made.op, RPMADB_WRONG_KIND, "an operation");
    each(&made, "op", made.db, RPMADB_WRONG_KIND, "a database");
    rpmadb *db = (rpmadb *)made.op;
    CHECK_PLAIN(RPMADB_WRONG_KIND, rpmadb_close(&db));
    CHECK(db == (rpmadb *)made.op);
    rpmadb_op *op = (rpmadb_op *)made.db;
    CHECK_PLAIN(RPMADB_WRONG_KIND, rpmadb_op_free(&op));
    CHECK(op == (rpmadb_op *)made.db);
    release(&made);
}

static void addresses_and_small_numbers_are_no_handles(void) {
    struct handles made = make();
    int here = 0;
    static const uint64_t numbers[] = {1, 2, 8, 4096, 0xdeadbeef, UINT64_MAX, INT64_MAX, 1ULL << 60, 2ULL << 60};
    for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++) {
        const char *why = format("the number %llx", (unsigned long long)numbers[index]);
        each(&made, "dop", db_from(numbers[index]), RPMADB_BAD_HANDLE, why);
    }
    each(&made, "dop", &here, RPMADB_BAD_HANDLE, "an address");
    release(&made);
}

static void closing_sets_the_variable_to_null_and_closing_null_is_nothing(void) {
    rpmadb *db = open_checked(":memory:", BARE);
    CHECK_PLAIN(RPMADB_OK, rpmadb_close(&db));
    CHECK(db == NULL);
    CHECK_PLAIN(RPMADB_OK, rpmadb_close(&db));
    rpmadb_op *op = op_with_limit(0);
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    CHECK(op == NULL);
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    rpmadb_free(NULL);
}

/* The slot of a closed handle is given out again; the old number must never fit. */
static void a_stale_handle_stays_stale_when_its_slot_is_used_again(void) {
    struct handles made = make();
    for (int round = 0; round < 10000; round++) {
        rpmadb_op *op = NULL;
        if (rpmadb_op_new(&op) != RPMADB_OK || op == made.closed_op || (void *)op == (void *)made.closed_db ||
            rpmadb_op_cancel(made.closed_op) != RPMADB_STALE_HANDLE ||
            rpmadb_health(made.closed_db, NULL, NULL, NULL) != RPMADB_STALE_HANDLE ||
            rpmadb_op_free(&op) != RPMADB_OK) {
            CHECK_EQUAL(-1, round);
            break;
        }
    }
    for (int round = 0; round < 10000; round++) {
        rpmadb *second = NULL;
        if (rpmadb_as(made.db, "x", "admin", &second, NULL) != RPMADB_OK || second == made.closed_db ||
            rpmadb_query(made.closed_db, "SELECT 1", NULL, NULL, NULL, NULL) != RPMADB_STALE_HANDLE ||
            rpmadb_close(&second) != RPMADB_OK) {
            CHECK_EQUAL(-1, round);
            break;
        }
    }
    CHECK_STATUS(RPMADB_STALE_HANDLE, rpmadb_stats(made.closed_db, NULL, NULL, &out));
    release(&made);
}

/* A live handle with any one bit turned must not be taken for a handle. */
static void a_handle_with_one_bit_turned_is_refused(void) {
    struct handles made = make();
    for (int bit = 0; bit < 64; bit++) {
        uint64_t db = (uint64_t)(uintptr_t)made.db ^ (1ULL << bit), op = (uint64_t)(uintptr_t)made.op ^ (1ULL << bit);
        int32_t status = rpmadb_query(db_from(db), "SELECT 1", NULL, NULL, NULL, NULL);
        CHECK(status >= RPMADB_STALE_HANDLE && status <= RPMADB_WRONG_KIND);
        status = rpmadb_op_cancel(op_from(op));
        CHECK(status >= RPMADB_STALE_HANDLE && status <= RPMADB_WRONG_KIND);
    }
    release(&made);
}

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * 0x2545f4914f6cdd1dULL;
}

/* One in a million random numbers looks like a handle that was closed or is of the other kind; one is let pass. */
static void random_numbers_are_no_handles(void) {
    struct handles made = make();
    uint64_t state = 0x9e3779b97f4a7c15ULL;
    int others = 0;
    printf("(seed %llx) ", (unsigned long long)state);
    for (int round = 0; round < 10000; round++) {
        uint64_t random = next_random(&state);
        rpmadb *db = db_from(random);
        rpmadb_op *op = op_from(random);
        const int32_t statuses[] = {
            rpmadb_query(db, "SELECT 1", NULL, NULL, NULL, NULL),
            rpmadb_query(made.db, "SELECT 1", NULL, NULL, op, NULL),
            rpmadb_migrate(db, NULL, NULL, NULL),
            rpmadb_script(db, "return 1", NULL, NULL, NULL),
            rpmadb_as(db, "x", "user", &(rpmadb *){NULL}, NULL),
            rpmadb_close(&db),
            rpmadb_op_cancel(op),
            rpmadb_op_progress(op, NULL),
            rpmadb_op_set_timeout_ms(op, 1),
            rpmadb_op_free(&op),
        };
        bool all_bad = true;
        for (size_t index = 0; index < sizeof statuses / sizeof *statuses; index++) {
            CHECK(statuses[index] >= RPMADB_STALE_HANDLE && statuses[index] <= RPMADB_WRONG_KIND);
            all_bad = all_bad && statuses[index] == RPMADB_BAD_HANDLE;
        }
        CHECK(db == db_from(random) && op == op_from(random));
        others += !all_bad;
    }
    CHECK(others <= 1);
    release(&made);
}

static void when_all_handles_are_given_out_it_says_so(void) {
    enum { MANY = 65537 };
    static rpmadb_op *ops[MANY];
    rpmadb *db = open_checked(":memory:", BARE), *second = db;
    int made = 0;
    while (made < MANY && rpmadb_op_new(&ops[made]) == RPMADB_OK) {
        made++;
    }
    CHECK_EQUAL(65535, made);
    CHECK_PLAIN(RPMADB_NO_MEMORY, rpmadb_op_new(&ops[made]));
    CHECK(ops[made] == NULL);
    CHECK_STATUS(RPMADB_NO_MEMORY, rpmadb_as(db, "x", "user", &second, &out));
    CHECK(second == NULL);
    CHECK_STATUS(RPMADB_NO_MEMORY, rpmadb_open(":memory:", BARE, NULL, &second, &out));
    CHECK_EQUAL(7, value(db, "SELECT 7"));
    while (made > 0) {
        made--;
        CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&ops[made]));
    }
    CHECK_STATUS(RPMADB_OK, rpmadb_as(db, "x", "user", &second, &out));
    close_checked(second);
    close_checked(db);
}

const struct test handle_tests[] = {
    TEST(right_arguments_are_taken),
    TEST(null_is_told_where_it_may_not_be),
    TEST(text_that_is_not_utf8_is_told),
    TEST(options_that_are_wrong_are_named),
    TEST(a_closed_handle_is_stale),
    TEST(a_handle_of_the_other_kind_is_told),
    TEST(addresses_and_small_numbers_are_no_handles),
    TEST(closing_sets_the_variable_to_null_and_closing_null_is_nothing),
    TEST(a_stale_handle_stays_stale_when_its_slot_is_used_again),
    TEST(a_handle_with_one_bit_turned_is_refused),
    TEST(random_numbers_are_no_handles),
    TEST(when_all_handles_are_given_out_it_says_so),
    {NULL, NULL},
};
