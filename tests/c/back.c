/* Stepping back: rpmadb_rollback, with files and with host steps that have up and down functions. */
#include "check.h"

#include <sys/stat.h>

/* A host step of these tests, and what its functions saw. */
struct step {
    rpmadb *outer, *kept;
    int32_t answer;
    const char *up, *down;
    int ups, downs;
};

static int32_t go_up(rpmadb *db, void *user_data) {
    struct step *step = user_data;
    step->ups++;
    CHECK(sql(db, step->up));
    drop_out();
    return 0;
}

static int32_t go_down(rpmadb *db, void *user_data) {
    struct step *step = user_data;
    step->kept = db;
    step->downs++;
    CHECK(sql(db, step->down));
    drop_out();
    return step->answer;
}

/* A database whose set is one file with its way back; it is not migrated yet. */
static rpmadb *open_small(void) {
    mkdir(at("m"), 0700);
    write_text(at("m/1_first.sql"), "CREATE TABLE a (x);\nCREATE INDEX a_x ON a (x);\n");
    write_text(at("m/1_first.down.sql"), "DROP TABLE a;\n");
    return open_checked(at("a.db"), format("{\"migrate\":false,\"migrations\":\"%s\"}", at("m")));
}

static void add(rpmadb *db, int64_t version, rpmadb_step_fn down, struct step *step) {
    CHECK_STATUS(RPMADB_OK, rpmadb_add_step(db, version, format("s%d", (int)version), go_up, down, step, &out));
}

/* One step of the host's above the file, and everything applied. */
static rpmadb *open_with_step(rpmadb_step_fn down, struct step *step) {
    rpmadb *db = open_small();
    step->up = "CREATE TABLE b AS SELECT 5 AS y";
    step->down = "DROP TABLE b";
    add(db, 2, down, step);
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_INT(2, "/to");
    return db;
}

/* The schema and the history as one text; release it with rpmadb_free. */
static char *look(rpmadb *db) {
    char *text = NULL;
    sql(db, "SELECT (SELECT group_concat(name || ':' || coalesce(sql, '')) FROM sqlite_schema) || "
            "(SELECT group_concat(version || name || applied_at) FROM rpmadb_migrations)");
    CHECK(out && rpmadb_json_text(out, "/rows/0/0", &text) == RPMADB_OK);
    return text;
}

static void check_look(rpmadb *db, char *before) {
    char *after = look(db);
    CHECK(before && after && strcmp(before, after) == 0);
    rpmadb_free(before);
    rpmadb_free(after);
}

static void a_host_step_goes_back_in_the_transaction_of_the_rollback(void) {
    struct step step = {0};
    rpmadb *db = open_with_step(go_down, &step);
    CHECK_STATUS(RPMADB_OK, rpmadb_rollback(db, 1, NULL, NULL, &out));
    CHECK_INT(2, "/from");
    CHECK_INT(1, "/to");
    CHECK_INT(2, "/reverted/0/version");
    CHECK_TEXT("s2", "/reverted/0/name");
    CHECK_TEXT("host", "/reverted/0/kind");
    CHECK(has("/reverted/0/duration_ms") && !has("/reverted/1") && has("/backup") && has("/duration_ms"));
    CHECK_INT(0, "/dry_run");
    CHECK_EQUAL(1, step.downs);
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'"));
    CHECK_STATUS(RPMADB_STALE_HANDLE, rpmadb_query(step.kept, "SELECT 1", NULL, NULL, NULL, &out));
    rpmadb *copy = step.kept;
    CHECK_PLAIN(RPMADB_STALE_HANDLE, rpmadb_close(&copy));
    CHECK_STATUS(RPMADB_OK, rpmadb_migrations(db, NULL, NULL, &out));
    CHECK_TEXT("pending", "/migrations/1/state");
    CHECK_INT(1, "/migrations/1/reversible");
    /* up again, and down to nothing, the file after the step */
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_rollback(db, 0, "{}", NULL, &out));
    CHECK_INT(2, "/reverted/0/version");
    CHECK_INT(1, "/reverted/1/version");
    CHECK_TEXT("sql", "/reverted/1/kind");
    CHECK_INT(0, "/to");
    CHECK_EQUAL(2, step.downs);
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('a', 'b')"));
    CHECK_STATUS(RPMADB_OK, rpmadb_rollback(db, 0, NULL, NULL, &out));
    CHECK(has("/reverted") && !has("/reverted/0"));
    CHECK_EQUAL(1, value(db, "PRAGMA foreign_keys"));
    close_checked(db);
}

static void a_dry_rollback_calls_the_step_and_keeps_nothing(void) {
    struct step step = {0};
    rpmadb *db = open_with_step(go_down, &step);
    char *before = look(db);
    CHECK_STATUS(RPMADB_OK, rpmadb_rollback(db, 1, "{\"dry_run\":true}", NULL, &out));
    CHECK_INT(1, "/dry_run");
    CHECK_INT(2, "/reverted/0/version");
    CHECK_TEXT("removed", "/changes/schema/0/change");
    CHECK_TEXT("b", "/changes/schema/0/name");
    CHECK_INT(1, "/changes/rows/b/before");
    CHECK(has("/changes/rows/b/after") && number("/changes/size_bytes") > 0);
    CHECK_EQUAL(1, step.downs);
    check_look(db, before);
    CHECK_EQUAL(5, value(db, "SELECT y FROM b"));
    close_checked(db);
}

static void a_step_that_fails_to_go_back_leaves_everything_as_it_was(void) {
    struct step step = {0};
    rpmadb *db = open_with_step(go_down, &step);
    static const int32_t answers[] = {7, -1, INT32_MIN, RPMADB_IRREVERSIBLE};
    for (size_t index = 0; index < sizeof answers / sizeof *answers; index++) {
        char *before = look(db);
        step.answer = answers[index];
        CHECK_STATUS(RPMADB_MIGRATION_FAILED, rpmadb_rollback(db, 0, NULL, NULL, &out));
        CHECK_TEXT(format("migration 2 failed: the host's function returned %d", (int)answers[index]), "/error/message");
        CHECK_INT(2, "/error/version");
        CHECK_TEXT_HAS("nothing of this run was kept", "/error/hint");
        check_look(db, before);
        CHECK_EQUAL(5, value(db, "SELECT y FROM b"));
        CHECK_EQUAL(1, value(db, "PRAGMA foreign_keys"));
        CHECK_STATUS(RPMADB_STALE_HANDLE, rpmadb_query(step.kept, "SELECT 1", NULL, NULL, NULL, &out));
    }
    step.answer = 0;
    CHECK_STATUS(RPMADB_OK, rpmadb_rollback(db, 0, NULL, NULL, &out));
    CHECK_EQUAL(5, step.downs);
    close_checked(db);
}

static int32_t call_back_and_go_on(rpmadb *db, void *user_data) {
    struct step *step = user_data;
    rpmadb *outer = step->outer;
    step->downs++;
    CHECK_STATUS(RPMADB_REENTRANT, rpmadb_query(outer, "SELECT 1", NULL, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_REENTRANT, rpmadb_rollback(outer, 0, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_REENTRANT, rpmadb_adopt(outer, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_REENTRANT, rpmadb_baseline(outer, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_REENTRANT, rpmadb_repair(outer, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_REENTRANT, rpmadb_lint(outer, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_REENTRANT, rpmadb_schema(outer, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_REENTRANT, rpmadb_test(outer, NULL, NULL, &out));
    CHECK_PLAIN(RPMADB_REENTRANT, rpmadb_close(&outer));
    CHECK(outer == step->outer);
    /* and the lent handle is inside a transaction */
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_rollback(db, 0, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_adopt(db, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_baseline(db, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_repair(db, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_query(db, "COMMIT", NULL, NULL, NULL, &out));
    CHECK_EQUAL(5, value(db, "SELECT y FROM b"));
    CHECK(sql(db, "DROP TABLE b"));
    drop_out();
    return 0;
}

static void a_step_that_calls_the_outer_handle_is_told_and_may_go_on(void) {
    struct step step = {0};
    rpmadb *db = open_with_step(call_back_and_go_on, &step);
    step.outer = db;
    CHECK_STATUS(RPMADB_OK, rpmadb_rollback(db, 1, NULL, NULL, &out));
    CHECK_INT(1, "/to");
    CHECK_EQUAL(1, step.downs);
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'"));
    close_checked(db);
}

static void a_step_without_a_way_back_stops_the_rollback_before_anything_runs(void) {
    struct step one_way = {0}, above = {.up = "CREATE TABLE c (z)", .down = "DROP TABLE c"};
    rpmadb *db = open_with_step(NULL, &one_way);
    add(db, 3, go_down, &above);
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    char *before = look(db);
    CHECK_STATUS(RPMADB_IRREVERSIBLE, rpmadb_rollback(db, 0, NULL, NULL, &out));
    CHECK_TEXT("migration 2 (s2) cannot be taken back: the host's step has no down function", "/error/message");
    CHECK_INT(2, "/error/version");
    CHECK_TEXT("nothing was changed; go back to a backup, or register the step with a down function", "/error/hint");
    CHECK_EQUAL(0, above.downs);
    check_look(db, before);
    CHECK_STATUS(RPMADB_OK, rpmadb_migrations(db, NULL, NULL, &out));
    CHECK_INT(0, "/migrations/1/reversible");
    CHECK_STATUS(RPMADB_OK, rpmadb_rollback(db, 2, NULL, NULL, &out));
    CHECK_EQUAL(1, above.downs);
    close_checked(db);
}

static void a_step_that_is_not_registered_has_no_way_back(void) {
    struct step step = {0};
    close_checked(open_with_step(go_down, &step));
    rpmadb *db = open_small();
    CHECK_STATUS(RPMADB_IRREVERSIBLE, rpmadb_rollback(db, 0, NULL, NULL, &out));
    CHECK_TEXT("migration 2 (s2) cannot be taken back: its code is the host's and is not registered", "/error/message");
    CHECK_TEXT("nothing was changed; go back to a backup, or register the step with rpmadb_add_step first", "/error/hint");
    CHECK_EQUAL(5, value(db, "SELECT y FROM b"));
    add(db, 2, go_down, &step);
    CHECK_STATUS(RPMADB_OK, rpmadb_rollback(db, 0, NULL, NULL, &out));
    CHECK_EQUAL(1, step.downs);
    close_checked(db);
}

static int32_t rebuild_without_the_index(rpmadb *db, void *user_data) {
    (void)user_data;
    CHECK(sql(db, "CREATE TABLE fresh (x)") && sql(db, "INSERT INTO fresh SELECT x FROM a"));
    CHECK(sql(db, "DROP TABLE a") && sql(db, "ALTER TABLE fresh RENAME TO a"));
    drop_out();
    return 0;
}

static void check_guard(int64_t version) {
    CHECK_TEXT("the index a_x of table a vanished with the table it stood on and was not made again", "/error/message");
    CHECK_INT(version, "/error/version");
    CHECK_TEXT("mend the step; the guard drop-index cannot be waived for code", "/error/hint");
    CHECK_TEXT(format("the host's step s%d", (int)version), "/error/file");
}

static void a_guard_watches_what_a_host_step_does_both_ways(void) {
    rpmadb *db = open_small();
    struct step step = {.up = "CREATE TABLE b (y)"};
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_add_step(db, 2, "s2", go_up, rebuild_without_the_index, &step, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    char *before = look(db);
    CHECK_STATUS(RPMADB_GUARD, rpmadb_rollback(db, 1, NULL, NULL, &out));
    check_guard(2);
    check_look(db, before);
    before = look(db);
    CHECK_STATUS(RPMADB_OK, rpmadb_add_step(db, 3, "s3", rebuild_without_the_index, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_GUARD, rpmadb_migrate(db, NULL, NULL, &out));
    check_guard(3);
    check_look(db, before);
    close_checked(db);
}

static void a_target_that_cannot_be_gone_back_to_is_refused(void) {
    struct step step = {0};
    rpmadb *db = open_with_step(go_down, &step);
    static const struct {
        int64_t target;
        const char *said;
    } wrong[] = {
        {-1, "target is -1 and must be at least 0"},
        {INT64_MIN, "target is -9223372036854775808 and must be at least 0"},
        {3, "target is 3 and the database is at version 2; use migrate to go forward"},
    };
    for (size_t index = 0; index < sizeof wrong / sizeof *wrong; index++) {
        CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_rollback(db, wrong[index].target, NULL, NULL, &out));
        CHECK_TEXT(wrong[index].said, "/error/message");
    }
    CHECK_EQUAL(0, step.downs);
    CHECK_STATUS(RPMADB_OK, rpmadb_rollback(db, 2, NULL, NULL, &out));
    CHECK_EQUAL(0, step.downs);
    close_checked(db);
}

static int32_t stop_at_the_second(uint64_t done, uint64_t total, const char *stage, void *user_data) {
    (void)total, (void)stage, (void)user_data;
    return done >= 1;
}

static void a_rollback_that_is_cancelled_half_way_leaves_everything_as_it_was(void) {
    struct step step = {0};
    rpmadb *db = open_with_step(go_down, &step);
    rpmadb_op *op = op_with_limit(0);
    char *before = look(db);
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_on_progress(op, stop_at_the_second, NULL));
    CHECK_STATUS(RPMADB_CANCELLED, rpmadb_rollback(db, 0, NULL, op, &out));
    CHECK_TEXT("rollback was cancelled", "/error/message");
    CHECK_EQUAL(1, step.downs);
    check_look(db, before);
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    close_checked(db);
}

static void a_rollback_backs_up_first_when_asked(void) {
    const char *folder = at("backups");
    mkdir(folder, 0700);
    mkdir(at("m"), 0700);
    write_text(at("m/1_a.sql"), "CREATE TABLE a (x);");
    write_text(at("m/1_a.down.sql"), "DROP TABLE a;");
    rpmadb *db = open_checked(at("a.db"), format("{\"migrations\":\"%s\",\"backup\":{\"folder\":\"%s\"}}", at("m"), folder));
    CHECK_STATUS(RPMADB_OK, rpmadb_rollback(db, 0, "{\"backup\":true,\"lock_timeout_ms\":1000}", NULL, &out));
    CHECK_TEXT_HAS(folder, "/backup/path");
    CHECK_EQUAL(1, backups_in(folder));
    close_checked(db);
}

const struct test back_tests[] = {
    TEST(a_host_step_goes_back_in_the_transaction_of_the_rollback),
    TEST(a_dry_rollback_calls_the_step_and_keeps_nothing),
    TEST(a_step_that_fails_to_go_back_leaves_everything_as_it_was),
    TEST(a_step_that_calls_the_outer_handle_is_told_and_may_go_on),
    TEST(a_step_without_a_way_back_stops_the_rollback_before_anything_runs),
    TEST(a_step_that_is_not_registered_has_no_way_back),
    TEST(a_guard_watches_what_a_host_step_does_both_ways),
    TEST(a_target_that_cannot_be_gone_back_to_is_refused),
    TEST(a_rollback_that_is_cancelled_half_way_leaves_everything_as_it_was),
    TEST(a_rollback_backs_up_first_when_asked),
    {NULL, NULL},
};
