/* The verbs about the history but rollback: adopt, baseline, repair, lint, schema, test. */
#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

static const char *options_for(const char *more) {
    return format("{\"migrate\":false,\"migrations\":\"%s\"%s}", at("m"), more);
}

/* A set of three with ways back for all; the database is empty. */
static rpmadb *open_set(void) {
    mkdir(at("m"), 0700);
    write_text(at("m/1_a.sql"), "CREATE TABLE a (x, y);\n");
    write_text(at("m/1_a.down.sql"), "DROP TABLE a;\n");
    write_text(at("m/2_b.sql"), "CREATE TABLE b (x);\n");
    write_text(at("m/2_b.down.sql"), "DROP TABLE b;\n");
    write_text(at("m/3_c.sql"), "CREATE TABLE c (x);\n");
    write_text(at("m/3_c.down.sql"), "DROP TABLE c;\n");
    return open_checked(at("a.db"), options_for(""));
}

/* What golang-migrate leaves. */
static rpmadb *open_golang(int version, bool dirty) {
    rpmadb *db = open_set();
    sql(db, "CREATE TABLE schema_migrations (version uint64, dirty bool)");
    sql(db, format("INSERT INTO schema_migrations VALUES (%d, %d)", version, dirty));
    for (int table = 0; table < version && table < 3; table++) {
        sql(db, format("CREATE TABLE %c (x)", 'a' + table));
    }
    return db;
}

static void another_tools_history_is_adopted_and_the_rest_is_run(void) {
    rpmadb *db = open_golang(2, false);
    CHECK_STATUS(RPMADB_MIGRATION_FAILED, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_TEXT("the database has the history of golang-migrate (schema_migrations), which is not taken over",
               "/error/message");
    CHECK_TEXT("take it over with adopt, or record what is applied with baseline", "/error/hint");
    int64_t objects = value(db, "SELECT count(*) FROM sqlite_schema");
    CHECK_STATUS(RPMADB_OK, rpmadb_adopt(db, "{\"dry_run\":true}", NULL, &out));
    CHECK_INT(1, "/dry_run");
    CHECK_INT(2, "/migrations/1/version");
    CHECK_EQUAL(objects, value(db, "SELECT count(*) FROM sqlite_schema"));
    CHECK_STATUS(RPMADB_OK, rpmadb_adopt(db, "{\"tool\":\"golang-migrate\"}", NULL, &out));
    CHECK_TEXT("golang-migrate", "/tool");
    CHECK_TEXT("schema_migrations", "/table");
    CHECK_INT(0, "/dry_run");
    CHECK_INT(1, "/migrations/0/version");
    CHECK_TEXT("a", "/migrations/0/name");
    CHECK_INT(0, "/migrations/0/verified");
    CHECK(has("/migrations/0/applied_at") && !has("/migrations/2"));
    CHECK_EQUAL(2, value(db, "SELECT version FROM schema_migrations"));
    CHECK_STATUS(RPMADB_OK, rpmadb_migrations(db, NULL, NULL, &out));
    CHECK_TEXT("golang-migrate", "/migrations/1/origin");
    CHECK_TEXT("host", "/migrations/1/actor");
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_INT(3, "/applied/0/version");
    CHECK(!has("/applied/1"));
    CHECK_STATUS(RPMADB_MIGRATION_FAILED, rpmadb_adopt(db, NULL, NULL, &out));
    CHECK_TEXT("the database has a history of rpmadb already, from version 1", "/error/message");
    CHECK_TEXT("nothing needs to be taken over", "/error/hint");
    close_checked(db);
}

static void a_history_that_cannot_be_adopted_is_refused_with_its_reason(void) {
    rpmadb *db = open_golang(2, true);
    int64_t objects = value(db, "SELECT count(*) FROM sqlite_schema");
    CHECK_STATUS(RPMADB_MIGRATION_FAILED, rpmadb_adopt(db, NULL, NULL, &out));
    CHECK_TEXT("the table schema_migrations marks version 2 as not finished by golang-migrate", "/error/message");
    CHECK_TEXT("finish or undo that migration with the tool that began it, then adopt", "/error/hint");
    CHECK_INT(2, "/error/version");
    sql(db, "UPDATE schema_migrations SET version = 9, dirty = 0");
    CHECK_STATUS(RPMADB_MIGRATION_FAILED, rpmadb_adopt(db, NULL, NULL, &out));
    CHECK_TEXT("the table schema_migrations records version 9, which is not in the set", "/error/message");
    CHECK_STATUS(RPMADB_MIGRATION_FAILED, rpmadb_adopt(db, "{\"tool\":\"goose\"}", NULL, &out));
    CHECK_TEXT("the database has no history of goose", "/error/message");
    sql(db, "DROP TABLE schema_migrations");
    CHECK_STATUS(RPMADB_MIGRATION_FAILED, rpmadb_adopt(db, NULL, NULL, &out));
    CHECK_TEXT("the database has no history of another tool", "/error/message");
    CHECK_TEXT("name the tool, or use baseline to record what is applied", "/error/hint");
    CHECK_EQUAL(objects - 1, value(db, "SELECT count(*) FROM sqlite_schema"));
    close_checked(db);
}

static void a_baseline_records_without_running(void) {
    rpmadb *db = open_set();
    sql(db, "CREATE TABLE a (x, y)");
    CHECK_STATUS(RPMADB_OK, rpmadb_baseline(db, "{\"target\":2}", NULL, &out));
    CHECK_INT(0, "/from");
    CHECK_INT(2, "/to");
    CHECK_INT(1, "/recorded/0");
    CHECK_INT(2, "/recorded/1");
    CHECK(!has("/recorded/2"));
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'"));
    CHECK_STATUS(RPMADB_OK, rpmadb_migrations(db, NULL, NULL, &out));
    CHECK_TEXT("baseline", "/migrations/0/origin");
    CHECK_TEXT("pending", "/migrations/2/state");
    CHECK_STATUS(RPMADB_OK, rpmadb_baseline(db, NULL, NULL, &out));
    CHECK_INT(2, "/from");
    CHECK_INT(3, "/recorded/0");
    CHECK_STATUS(RPMADB_OK, rpmadb_baseline(db, "{}", NULL, &out));
    CHECK_INT(3, "/to");
    CHECK(has("/recorded") && !has("/recorded/0"));
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK(!has("/applied/0"));
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_baseline(db, "{\"target\":9}", NULL, &out));
    CHECK_TEXT("option 'target': there is no migration 9; the latest is 3", "/error/message");
    close_checked(db);
}

static void a_changed_file_is_accepted_by_repair(void) {
    rpmadb *db = open_set();
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_repair(db, NULL, NULL, &out));
    CHECK(has("/repaired") && !has("/repaired/0") && has("/accepted") && !has("/accepted/0"));
    write_text(at("m/1_a.sql"), "CREATE TABLE a (x, y TEXT);\n");
    write_text(at("m/2_b.sql"), "CREATE TABLE b (x, z);\n");
    close_checked(db);
    db = open_checked(at("a.db"), options_for(",\"actor\":\"eva\""));
    CHECK_STATUS(RPMADB_MIGRATION_CHANGED, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_TEXT("1_a.sql", "/error/file");
    CHECK_INT(1, "/error/version");
    CHECK_INT(1, "/error/line");
    CHECK_INT(1, "/error/changes/0/line");
    CHECK_TEXT("CREATE TABLE a (x, y);", "/error/changes/0/before");
    CHECK_TEXT("CREATE TABLE a (x, y TEXT);", "/error/changes/0/after");
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_repair(db, "{\"versions\":[9]}", NULL, &out));
    CHECK_TEXT("option 'versions': 9 is not applied", "/error/message");
    CHECK_STATUS(RPMADB_OK, rpmadb_repair(db, "{\"versions\":[2]}", NULL, &out));
    CHECK_INT(2, "/repaired/0");
    CHECK(!has("/repaired/1"));
    CHECK_STATUS(RPMADB_MIGRATION_CHANGED, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_repair(db, "{}", NULL, &out));
    CHECK_INT(1, "/repaired/0");
    CHECK(!has("/repaired/1"));
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_migrations(db, NULL, NULL, &out));
    CHECK_TEXT("applied", "/migrations/0/state");
    CHECK_TEXT("eva", "/migrations/0/repaired_by");
    CHECK(number("/migrations/0/repaired_at") > 1600000000000);
    close_checked(db);
}

static void a_hand_made_change_of_the_schema_is_told_and_accepted(void) {
    rpmadb *db = open_set();
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_schema(db, NULL, NULL, &out));
    CHECK_INT(3, "/version");
    CHECK(has("/drift") && !has("/drift/0") && has("/differences"));
    char *before = NULL, *after = NULL;
    CHECK(rpmadb_json_text(out, "/hash", &before) == RPMADB_OK && strlen(before) == 32);
    sql(db, "CREATE INDEX by_hand ON a (x)");
    CHECK_STATUS(RPMADB_OK, rpmadb_schema(db, "{}", NULL, &out));
    CHECK(rpmadb_json_text(out, "/hash", &after) == RPMADB_OK && strcmp(before, after) != 0);
    CHECK_TEXT("added", "/drift/0/change");
    CHECK_TEXT("index", "/drift/0/kind");
    CHECK_TEXT("by_hand", "/drift/0/name");
    CHECK_TEXT("a", "/drift/0/table");
    CHECK_TEXT("CREATE INDEX by_hand ON a (x)", "/drift/0/after");
    CHECK_STATUS(RPMADB_OK, rpmadb_repair(db, "{\"schema\":true}", NULL, &out));
    CHECK_TEXT("by_hand", "/accepted/0/name");
    CHECK_STATUS(RPMADB_OK, rpmadb_schema(db, NULL, NULL, &out));
    CHECK(!has("/drift/0"));
    rpmadb_free(before);
    rpmadb_free(after);
    close_checked(db);
}

static void a_schema_is_compared_with_that_of_another_file(void) {
    rpmadb *other = open_checked(at("b.db"), BARE), *db = open_set();
    sql(other, "CREATE TABLE b (x)");
    sql(other, "CREATE TABLE d (x)");
    close_checked(other);
    sql(db, "CREATE TABLE b (x)");
    sql(db, "CREATE TABLE a (x)");
    CHECK_STATUS(RPMADB_OK, rpmadb_schema(db, format("{\"compare\":\"%s\"}", at("b.db")), NULL, &out));
    CHECK_TEXT("removed", "/differences/0/change");
    CHECK_TEXT("a", "/differences/0/name");
    CHECK_TEXT("CREATE TABLE a (x)", "/differences/0/before");
    CHECK_TEXT("added", "/differences/1/change");
    CHECK_TEXT("d", "/differences/1/name");
    CHECK(!has("/differences/2"));
    CHECK_STATUS(RPMADB_NOT_FOUND, rpmadb_schema(db, format("{\"compare\":\"%s\"}", at("c.db")), NULL, &out));
    CHECK(!exists(at("c.db")));
    write_text(at("text"), "this is no database, and it is longer than a hundred bytes, so that it has room "
                           "for what a header would be, were it one, which it is not");
    CHECK_STATUS(RPMADB_NOT_A_DATABASE, rpmadb_schema(db, format("{\"compare\":\"%s\"}", at("text")), NULL, &out));
    close_checked(db);
}

static void lint_warns_with_the_place(void) {
    rpmadb *db = open_set();
    CHECK_STATUS(RPMADB_OK, rpmadb_lint(db, NULL, NULL, &out));
    CHECK_INT(3, "/files");
    CHECK(has("/warnings") && !has("/warnings/0"));
    write_text(at("m/4_d.sql"), "CREATE TABLE d (x);\n\n  ALTER TABLE a DROP COLUMN y;\n");
    CHECK_STATUS(RPMADB_OK, rpmadb_lint(db, "{}", NULL, &out));
    CHECK_INT(4, "/files");
    CHECK_TEXT("drop-column", "/warnings/0/rule");
    CHECK_TEXT("column 'y' of table 'a' is dropped with its values", "/warnings/0/message");
    CHECK_TEXT("copy the values elsewhere first, or allow it with '-- rpmadb: allow=drop-column'", "/warnings/0/hint");
    CHECK_TEXT("4_d.sql", "/warnings/0/file");
    CHECK_INT(3, "/warnings/0/line");
    CHECK_INT(29, "/warnings/0/column");
    CHECK_INT(2, "/warnings/0/statement");
    CHECK_INT(4, "/warnings/0/version");
    CHECK_TEXT("  ALTER TABLE a DROP COLUMN y;", "/warnings/0/source_line");
    CHECK(!has("/warnings/1"));
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM sqlite_schema"));
    write_text(at("m/5_e.txt"), "x");
    CHECK_STATUS(RPMADB_MIGRATION_INVALID, rpmadb_lint(db, NULL, NULL, &out));
    CHECK_TEXT("5_e.txt", "/error/file");
    close_checked(db);
}

static void migrations_are_tried_on_scratch_databases(void) {
    rpmadb *db = open_set();
    CHECK_STATUS(RPMADB_OK, rpmadb_test(db, "{\"rows\":3,\"seed\":7}", NULL, &out));
    CHECK_INT(1, "/passed");
    CHECK_INT(7, "/seed");
    for (int version = 0; version <= 3; version++) {
        CHECK_INT(version, format("/started_from/%d", version));
    }
    CHECK(number("/crashes") > 0 && has("/problems") && !has("/problems/0") && has("/duration_ms"));
    CHECK_INT(3, "/rows/c");
    CHECK(has("/skipped_tables") && has("/irreversible") && !has("/irreversible/0"));
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM sqlite_schema"));
    CHECK_STATUS(RPMADB_OK, rpmadb_test(db, "{\"versions\":[2],\"crash\":false}", NULL, &out));
    CHECK_INT(2, "/started_from/0");
    CHECK_INT(0, "/crashes");
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_test(db, "{\"versions\":[9]}", NULL, &out));
    CHECK_TEXT("option 'versions': there is no migration 9", "/error/message");
    unlink(at("m/2_b.down.sql"));
    write_text(at("m/3_c.sql"), "CREATE TABLE c (x);\nINSERT INTO nowhere VALUES (1);\n");
    CHECK_STATUS(RPMADB_OK, rpmadb_test(db, NULL, NULL, &out));
    CHECK_INT(0, "/passed");
    CHECK_INT(1, "/seed");
    CHECK_INT(2, "/irreversible/0");
    CHECK_INT(0, "/problems/0/from");
    CHECK_TEXT("migrating from 0 to 3 failed", "/problems/0/what");
    CHECK_INT(RPMADB_MIGRATION_FAILED, "/problems/0/error/status");
    CHECK_TEXT("3_c.sql", "/problems/0/error/file");
    CHECK_INT(2, "/problems/0/error/line");
    close_checked(db);
}

static void a_folder_of_another_tools_style_is_read(void) {
    mkdir(at("m"), 0700);
    write_text(at("m/1_a.up.sql"), "CREATE TABLE a (x);");
    write_text(at("m/1_a.down.sql"), "DROP TABLE a;");
    static const char *const styles[] = {"golang-migrate", "auto"};
    for (size_t index = 0; index < sizeof styles / sizeof *styles; index++) {
        const char *style = format(",\"style\":\"%s\"", styles[index]);
        rpmadb *db = open_checked(":memory:", options_for(style));
        CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, "{\"transaction\":\"file\"}", NULL, &out));
        CHECK_INT(1, "/to");
        CHECK_STATUS(RPMADB_OK, rpmadb_rollback(db, 0, NULL, NULL, &out));
        CHECK_INT(1, "/reverted/0/version");
        close_checked(db);
    }
    rpmadb *db = NULL;
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_open(":memory:", options_for(",\"style\":\"ours\""), NULL, &db, &out));
    CHECK_TEXT_HAS("'style'", "/error/message");
    CHECK(db == NULL);
}

typedef int32_t (*verb)(rpmadb *db, const char *options, rpmadb_op *op, char **document);

static int32_t back(rpmadb *db, const char *options, rpmadb_op *op, char **document) {
    return rpmadb_rollback(db, 0, options, op, document);
}

static void options_of_the_wrong_type_or_range_are_named(void) {
    rpmadb *db = open_set();
    static const struct {
        verb verb;
        const char *options, *key;
    } wrong[] = {
        {back, "{\"dry_run\":1}", "'dry_run'"},
        {back, "{\"backup\":\"yes\"}", "'backup'"},
        {back, "{\"lock_timeout_ms\":86400001}", "'lock_timeout_ms'"},
        {back, "{\"target\":1}", "'target'"},
        {rpmadb_adopt, "{\"tool\":7}", "'tool'"},
        {rpmadb_adopt, "{\"tool\":\"nobody\"}", "'tool'"},
        {rpmadb_adopt, "{\"target\":0}", "'target'"},
        {rpmadb_adopt, "{\"dry_run\":\"x\"}", "'dry_run'"},
        {rpmadb_baseline, "{\"target\":0}", "'target'"},
        {rpmadb_baseline, "{\"target\":1.5}", "'target'"},
        {rpmadb_baseline, "{\"dry_run\":true}", "'dry_run'"},
        {rpmadb_repair, "{\"versions\":1}", "'versions'"},
        {rpmadb_repair, "{\"schema\":1}", "'schema'"},
        {rpmadb_lint, "{\"rule\":\"x\"}", "'rule'"},
        {rpmadb_schema, "{\"compare\":true}", "'compare'"},
        {rpmadb_test, "{\"rows\":0}", "'rows'"},
        {rpmadb_test, "{\"rows\":1001}", "'rows'"},
        {rpmadb_test, "{\"seed\":-1}", "'seed'"},
        {rpmadb_test, "{\"versions\":[\"x\"]}", "'versions"},
        {rpmadb_test, "{\"crash\":0}", "'crash'"},
        {rpmadb_migrate, "{\"transaction\":\"statement\"}", "'transaction'"},
    };
    for (size_t index = 0; index < sizeof wrong / sizeof *wrong; index++) {
        CHECK_STATUS(RPMADB_INVALID_ARGUMENT, wrong[index].verb(db, wrong[index].options, NULL, &out));
        if (!CHECK_TEXT_HAS(wrong[index].key, "/error/message")) {
            printf("\n    in: %s", wrong[index].options);
        }
    }
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM sqlite_schema"));
    close_checked(db);
}

static void a_read_only_handle_refuses_what_writes(void) {
    close_checked(open_set());
    rpmadb *db = open_checked(at("a.db"), options_for(",\"read_only\":true"));
    static const verb writes[] = {back, rpmadb_adopt, rpmadb_baseline, rpmadb_repair, rpmadb_migrate};
    static const verb looks[] = {rpmadb_lint, rpmadb_schema, rpmadb_test, rpmadb_migrations};
    for (size_t index = 0; index < sizeof writes / sizeof *writes; index++) {
        int32_t status = writes[index](db, NULL, NULL, NULL);
        /* going back from nothing to nothing writes nothing */
        CHECK_EQUAL(writes[index] == back ? RPMADB_OK : RPMADB_READ_ONLY, status);
    }
    for (size_t index = 0; index < sizeof looks / sizeof *looks; index++) {
        CHECK_STATUS(RPMADB_OK, looks[index](db, NULL, NULL, &out));
    }
    close_checked(db);
}

const struct test history_tests[] = {
    TEST(another_tools_history_is_adopted_and_the_rest_is_run),
    TEST(a_history_that_cannot_be_adopted_is_refused_with_its_reason),
    TEST(a_baseline_records_without_running),
    TEST(a_changed_file_is_accepted_by_repair),
    TEST(a_hand_made_change_of_the_schema_is_told_and_accepted),
    TEST(a_schema_is_compared_with_that_of_another_file),
    TEST(lint_warns_with_the_place),
    TEST(migrations_are_tried_on_scratch_databases),
    TEST(a_folder_of_another_tools_style_is_read),
    TEST(options_of_the_wrong_type_or_range_are_named),
    TEST(a_read_only_handle_refuses_what_writes),
    {NULL, NULL},
};
