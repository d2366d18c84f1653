/* Reading reports without a JSON parser, and the log. */
#include "check.h"

#include <stdatomic.h>

static const char document[] =
    "{\"int\":-7,\"max\":9223372036854775807,\"min\":-9223372036854775808,\"over\":9223372036854775808,"
    "\"under\":-9223372036854775809,\"real\":2.5,\"exp\":1e3,\"yes\":true,\"no\":false,\"null\":null,"
    "\"text\":\"a\\u0000\xc3\xa4\",\"empty\":\"\",\"nested\":{\"list\":[10,{\"x\":11}]},\"a/b\":1,\"m~n\":2,\"\":3}";

static void integers_are_read(void) {
    static const struct {
        const char *pointer;
        int64_t expected;
    } right[] = {
        {"/int", -7}, {"/max", INT64_MAX}, {"/min", INT64_MIN}, {"/yes", 1}, {"/no", 0}, {"/nested/list/0", 10},
        {"/nested/list/1/x", 11}, {"/a~1b", 1}, {"/m~0n", 2}, {"/", 3},
    };
    for (size_t index = 0; index < sizeof right / sizeof *right; index++) {
        int64_t number = 99;
        CHECK_PLAIN(RPMADB_OK, rpmadb_json_int(document, right[index].pointer, &number));
        CHECK_EQUAL(right[index].expected, number);
    }
    static const char *const wrong[] = {"/over", "/under", "/real",   "/exp",         "/null",
                                        "/text", "",       "/nested", "/nested/list",
                                        "/m~n",  "/a~1b~", "/~2"};
    for (size_t index = 0; index < sizeof wrong / sizeof *wrong; index++) {
        int64_t number = 99;
        CHECK_PLAIN(RPMADB_INVALID_ARGUMENT, rpmadb_json_int(document, wrong[index], &number));
        CHECK_EQUAL(99, number);
    }
    int64_t number = 99;
    CHECK_PLAIN(RPMADB_OK, rpmadb_json_int(" 5 ", "", &number));
    CHECK_EQUAL(5, number);
}

static void reals_are_read(void) {
    double real = 0;
    CHECK_PLAIN(RPMADB_OK, rpmadb_json_real(document, "/real", &real));
    CHECK(real > 2.4 && real < 2.6);
    CHECK_PLAIN(RPMADB_OK, rpmadb_json_real(document, "/exp", &real));
    CHECK(real > 999 && real < 1001);
    CHECK_PLAIN(RPMADB_OK, rpmadb_json_real(document, "/int", &real));
    CHECK(real < -6.9 && real > -7.1);
    CHECK_PLAIN(RPMADB_OK, rpmadb_json_real(document, "/over", &real));
    CHECK(real > 9.2e18 && real < 9.3e18);
    static const char *const wrong[] = {"/yes", "/null", "/text", "/nested"};
    for (size_t index = 0; index < sizeof wrong / sizeof *wrong; index++) {
        real = 99;
        CHECK_PLAIN(RPMADB_INVALID_ARGUMENT, rpmadb_json_real(document, wrong[index], &real));
        CHECK(real > 98.9 && real < 99.1);
    }
}

static void texts_are_read(void) {
    char *text = NULL;
    CHECK_PLAIN(RPMADB_OK, rpmadb_json_text(document, "/text", &text));
    CHECK(text && strcmp(text, "a\xe2\x90\x80\xc3\xa4") == 0);
    rpmadb_free(text);
    CHECK_PLAIN(RPMADB_OK, rpmadb_json_text(document, "/empty", &text));
    CHECK(text && !*text);
    rpmadb_free(text);
    static const char *const wrong[] = {"/int", "/yes", "/null", "/nested"};
    for (size_t index = 0; index < sizeof wrong / sizeof *wrong; index++) {
        text = (char *)&text;
        CHECK_PLAIN(RPMADB_INVALID_ARGUMENT, rpmadb_json_text(document, wrong[index], &text));
        CHECK(text == NULL);
    }
}

static void what_is_not_there_or_no_json_is_told(void) {
    static const char *const missing[] = {"/x", "/int/x", "/nested/list/2", "/nested/list/-1", "/nested/list/-",
                                          "/nested/list/01", "/INT", "int", "/nested/"};
    int64_t number = 99;
    double real = 99;
    char *text;
    for (size_t index = 0; index < sizeof missing / sizeof *missing; index++) {
        text = (char *)&text;
        CHECK_PLAIN(RPMADB_NOT_FOUND, rpmadb_json_int(document, missing[index], &number));
        CHECK_PLAIN(RPMADB_NOT_FOUND, rpmadb_json_real(document, missing[index], &real));
        CHECK_PLAIN(RPMADB_NOT_FOUND, rpmadb_json_text(document, missing[index], &text));
        CHECK(text == NULL);
    }
    static const char *const broken[] = {"", "{", "nope", "{\"a\":1}x", "{'a':1}", "[1,]", "NaN"};
    for (size_t index = 0; index < sizeof broken / sizeof *broken; index++) {
        text = (char *)&text;
        CHECK_PLAIN(RPMADB_INVALID_ARGUMENT, rpmadb_json_int(broken[index], "/a", &number));
        CHECK_PLAIN(RPMADB_INVALID_ARGUMENT, rpmadb_json_real(broken[index], "/a", &real));
        CHECK_PLAIN(RPMADB_INVALID_ARGUMENT, rpmadb_json_text(broken[index], "/a", &text));
        CHECK(text == NULL);
    }
    char *deep = malloc(200001);
    memset(deep, '[', 200000);
    deep[200000] = 0;
    CHECK_PLAIN(RPMADB_INVALID_ARGUMENT, rpmadb_json_int(deep, "/0", &number));
    free(deep);
    text = (char *)&text;
    CHECK_PLAIN(RPMADB_NULL_ARGUMENT, rpmadb_json_text(NULL, "/a", &text));
    CHECK(text == NULL);
    CHECK(number == 99 && real > 98.9 && real < 99.1);
}

/* The log. */

struct sink {
    atomic_int lines, levels[5], hits;
    const char *wanted;
    rpmadb *db;
    bool reenter;
};

static void receive(int32_t level, const char *target, const char *message, void *user_data) {
    struct sink *sink = user_data;
    atomic_fetch_add(&sink->lines, 1);
    CHECK(level >= RPMADB_LOG_ERROR && level <= RPMADB_LOG_DEBUG);
    atomic_fetch_add(&sink->levels[level], 1);
    CHECK(target && strncmp(target, "rpmadb", 6) == 0 && message && *message);
    atomic_fetch_add(&sink->hits, strstr(message, sink->wanted) != NULL);
    if (sink->reenter) {
        CHECK_PLAIN(RPMADB_REENTRANT, rpmadb_log_set(RPMADB_LOG_OFF, NULL, NULL));
        CHECK_STATUS(RPMADB_REENTRANT, rpmadb_query(sink->db, "SELECT 1", NULL, NULL, NULL, &out));
        drop_out();
    }
}

static const char speaks[] = "log.debug('x-debug') print('x-info') log.warn('x-warn') log.error('x-error')";

static void lines_of_the_level_and_above_arrive(void) {
    static const int expected[] = {0, 1, 2, 3, 4};
    rpmadb *db = open_checked(":memory:", BARE);
    for (int32_t level = RPMADB_LOG_DEBUG; level >= RPMADB_LOG_OFF; level--) {
        struct sink sink = {.wanted = "x-"};
        CHECK_PLAIN(RPMADB_OK, rpmadb_log_set(level, receive, &sink));
        CHECK_STATUS(RPMADB_OK, rpmadb_script(db, speaks, NULL, NULL, &out));
        CHECK_PLAIN(RPMADB_OK, rpmadb_log_set(RPMADB_LOG_OFF, NULL, NULL));
        CHECK_EQUAL(expected[level], sink.hits);
        CHECK_EQUAL(level >= RPMADB_LOG_WARN, sink.levels[RPMADB_LOG_WARN]);
        CHECK_EQUAL(0, level < RPMADB_LOG_DEBUG ? sink.levels[RPMADB_LOG_DEBUG] : 0);
        CHECK_STATUS(RPMADB_OK, rpmadb_script(db, speaks, NULL, NULL, &out));
        CHECK_EQUAL(expected[level], sink.hits);
    }
    close_checked(db);
}

static void migrations_are_logged(void) {
    struct sink sink = {.wanted = "migration applied"};
    CHECK_PLAIN(RPMADB_OK, rpmadb_log_set(RPMADB_LOG_INFO, receive, &sink));
    rpmadb *db = open_checked(":memory:", NULL);
    CHECK_PLAIN(RPMADB_OK, rpmadb_log_set(RPMADB_LOG_INFO, NULL, NULL));
    CHECK(sink.hits >= 12);
    CHECK_EQUAL(0, sink.levels[RPMADB_LOG_ERROR] + sink.levels[RPMADB_LOG_WARN]);
    close_checked(db);
}

static void a_wrong_level_is_refused_and_the_sink_stays(void) {
    rpmadb *db = open_checked(":memory:", BARE);
    struct sink sink = {.wanted = "x-warn"}, other = {.wanted = "x-warn"};
    CHECK_PLAIN(RPMADB_OK, rpmadb_log_set(RPMADB_LOG_WARN, receive, &sink));
    CHECK_PLAIN(RPMADB_INVALID_ARGUMENT, rpmadb_log_set(5, receive, &other));
    CHECK_PLAIN(RPMADB_INVALID_ARGUMENT, rpmadb_log_set(-1, receive, &other));
    CHECK_PLAIN(RPMADB_INVALID_ARGUMENT, rpmadb_log_set(INT32_MAX, NULL, NULL));
    CHECK_STATUS(RPMADB_OK, rpmadb_script(db, speaks, NULL, NULL, &out));
    CHECK_EQUAL(1, sink.hits);
    CHECK_EQUAL(0, other.lines);
    CHECK_PLAIN(RPMADB_OK, rpmadb_log_set(RPMADB_LOG_OFF, NULL, NULL));
    close_checked(db);
}

static void the_sink_may_not_set_the_sink_nor_use_the_handle(void) {
    struct sink sink = {.wanted = "x-", .reenter = true, .db = open_checked(":memory:", BARE)};
    CHECK_PLAIN(RPMADB_OK, rpmadb_log_set(RPMADB_LOG_DEBUG, receive, &sink));
    CHECK_STATUS(RPMADB_OK, rpmadb_script(sink.db, speaks, NULL, NULL, &out));
    CHECK_PLAIN(RPMADB_OK, rpmadb_log_set(RPMADB_LOG_OFF, NULL, NULL));
    CHECK_EQUAL(4, sink.hits);
    close_checked(sink.db);
}

const struct test report_tests[] = {
    TEST(integers_are_read),
    TEST(reals_are_read),
    TEST(texts_are_read),
    TEST(what_is_not_there_or_no_json_is_told),
    TEST(lines_of_the_level_and_above_arrive),
    TEST(migrations_are_logged),
    TEST(a_wrong_level_is_refused_and_the_sink_stays),
    TEST(the_sink_may_not_set_the_sink_nor_use_the_handle),
    {NULL, NULL},
};
