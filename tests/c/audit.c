/* audit: who did what is recorded, reported, proved, and told to the log as it happens. */
#include "check.h"

static int lines, denied_lines;

static void count_lines(int32_t level, const char *target, const char *message, void *user_data) {
    (void)level;
    (void)user_data;
    if (strcmp(target, "rpmadb::audit") == 0) {
        lines++;
        denied_lines += strstr(message, "actor=\"anna\"") && strstr(message, "outcome=\"denied\"");
    }
}

static void every_call_is_recorded_with_who_made_it(void) {
    rpmadb *db = open_checked(at("a.db"), "{\"actor\":\"app\"}"), *anna = NULL;
    lines = denied_lines = 0;
    CHECK_PLAIN(RPMADB_OK, rpmadb_log_set(RPMADB_LOG_INFO, count_lines, NULL));
    CHECK_STATUS(RPMADB_OK, rpmadb_as(db, "anna", "supervisor", &anna, &out));
    CHECK_STATUS(RPMADB_DENIED, rpmadb_query(anna, "DELETE FROM users WHERE name = 'secret'", NULL, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_stats(anna, NULL, NULL, &out));
    CHECK_PLAIN(RPMADB_OK, rpmadb_log_set(RPMADB_LOG_OFF, NULL, NULL));
    CHECK_EQUAL(3, lines);
    CHECK_EQUAL(1, denied_lines);

    CHECK_STATUS(RPMADB_OK, rpmadb_audit(db, "{\"outcome\":\"denied\",\"verify\":true}", NULL, &out));
    CHECK_TEXT("anna", "/records/0/actor");
    CHECK_TEXT("supervisor", "/records/0/role");
    CHECK_TEXT("c", "/records/0/origin");
    CHECK_TEXT("query", "/records/0/verb");
    CHECK_TEXT("DELETE FROM users WHERE name = ?", "/records/0/target");
    CHECK_INT(RPMADB_DENIED, "/records/0/status");
    CHECK(!has("/records/1") && has("/head/hash"));
    CHECK_TEXT("ok", "/verify/status");
    CHECK_STATUS(RPMADB_OK, rpmadb_audit(db, "{\"verb\":\"stats\"}", NULL, &out));
    CHECK_TEXT("anna", "/records/0/actor");
    CHECK_STATUS(RPMADB_OK, rpmadb_audit(db, "{\"format\":\"jsonl\",\"limit\":1}", NULL, &out));
    CHECK_TEXT_HAS("{\"seq\":", "/text");

    CHECK_STATUS(RPMADB_OK, rpmadb_audit(anna, NULL, NULL, &out));
    CHECK_TEXT("anna", "/records/0/actor");
    CHECK(!has("/head/hash"));
    CHECK_STATUS(RPMADB_DENIED, rpmadb_audit(anna, "{\"verify\":true}", NULL, &out));
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_audit(db, "{\"outcome\":\"bad\"}", NULL, &out));
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_audit(db, "{\"prune\":{}}", NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_audit(db, "{\"prune\":{\"keep_rows\":1}}", NULL, &out));
    CHECK(number("/pruned/rows") > 3 && has("/pruned/archive"));
    close_checked(anna);
    close_checked(db);
}

const struct test audit_tests[] = {
    TEST(every_call_is_recorded_with_who_made_it),
    {NULL, NULL},
};
