/* The verbs but query and script: their reports, what they refuse, and who may call them. */
#include "calls.h"

#include <sys/stat.h>
#include <unistd.h>

static void migrate_runs_dry_to_a_target_and_to_the_end(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, "{\"dry_run\":true}", NULL, &out));
    CHECK_INT(1, "/dry_run");
    CHECK_INT(0, "/from");
    int64_t latest = number("/to");
    CHECK(latest >= 12);
    CHECK_INT(1, "/applied/0/version");
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM sqlite_schema"));

    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_migrate(db, "{\"target\":999999}", NULL, &out));
    CHECK_TEXT_HAS("'target'", "/error/message");
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_migrate(db, "{\"target\":-1}", NULL, &out));
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_migrate(db, "{\"lock_timeout_ms\":86400001}", NULL, &out));

    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, "{\"target\":3,\"lock_timeout_ms\":1000}", NULL, &out));
    CHECK_INT(3, "/to");
    CHECK(!has("/applied/3"));
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_migrate(db, "{\"target\":2}", NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_INT(3, "/from");
    CHECK_INT(latest, "/to");
    CHECK_INT(0, "/dry_run");
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, "{}", NULL, &out));
    CHECK_INT(latest, "/from");
    CHECK_INT(latest, "/to");
    CHECK(has("/applied") && !has("/applied/0"));
    close_checked(db);
}

static void migrate_backs_up_first_when_asked(void) {
    const char *folder = at("backups");
    mkdir(folder, 0700);
    rpmadb *db = open_checked(at("a.db"), format("{\"migrate\":false,\"backup\":{\"folder\":\"%s\"}}", folder));
    sql(db, "CREATE TABLE before (a)");
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, "{\"backup\":true}", NULL, &out));
    CHECK_TEXT_HAS(folder, "/backup/path");
    CHECK_EQUAL(1, backups_in(folder));
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, "{\"backup\":true}", NULL, &out));
    CHECK_EQUAL(1, backups_in(folder));
    close_checked(db);
}

static void migrations_are_listed_with_their_state(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    CHECK_STATUS(RPMADB_OK, rpmadb_migrations(db, NULL, NULL, &out));
    CHECK_INT(0, "/current");
    CHECK(number("/latest") >= 12 && number("/pending") >= number("/latest"));
    CHECK_TEXT("pending", "/migrations/0/state");
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    int64_t latest = number("/to");
    CHECK_STATUS(RPMADB_OK, rpmadb_migrations(db, "{}", NULL, &out));
    CHECK_INT(latest, "/current");
    CHECK_INT(0, "/pending");
    CHECK_INT(1, "/migrations/0/version");
    CHECK_TEXT("applied", "/migrations/0/state");
    CHECK_TEXT("sql", "/migrations/0/kind");
    CHECK_TEXT("host", "/migrations/0/actor");
    CHECK(number("/migrations/0/applied_at") > 1600000000000);
    CHECK(has("/migrations/0/name") && has("/migrations/0/duration_ms"));
    CHECK_INT(1, "/migrations/0/reversible");
    CHECK_INT(0, "/migrations/3/reversible");
    close_checked(db);
}

static void check_health_is_ok(rpmadb *db) {
    CHECK_STATUS(RPMADB_OK, rpmadb_health(db, NULL, NULL, &out));
    CHECK_TEXT("ok", "/status");
    CHECK_INT(100, "/score");
    CHECK(has("/checks/0/id") && has("/checks/0/value") && has("/checks/0/threshold") && has("/checks/0/remedy"));
    CHECK(number("/checks/0/measured_at") > 1600000000000);
    CHECK(number("/checks/0/cost_us") >= 0);
}

static void health_is_ok_on_a_sound_file(void) {
    rpmadb *db = open_checked(at("a.db"), NULL);
    check_health_is_ok(db);
    close_checked(db);
}

/* It has one connection for everything, which the checks must not take twice. */
static void health_is_ok_in_memory(void) {
    rpmadb *db = open_checked(":memory:", NULL);
    check_health_is_ok(db);
    close_checked(db);
}

static void health_tells_that_migrations_are_pending_and_that_the_file_is_gone(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    CHECK_STATUS(RPMADB_OK, rpmadb_health(db, NULL, NULL, &out));
    CHECK_TEXT("degraded", "/status");
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    check_health_is_ok(db);
    CHECK(rename(at("a.db"), at("b.db")) == 0);
    CHECK_STATUS(RPMADB_OK, rpmadb_health(db, NULL, NULL, &out));
    CHECK_TEXT("critical", "/status");
    CHECK(number("/score") < 40);
    CHECK(rename(at("b.db"), at("a.db")) == 0);
    close_checked(db);
}

static void diagnostics_find_what_is_wrong(void) {
    rpmadb *db = open_checked(at("a.db"), "{\"foreign_keys\":false}");
    CHECK_STATUS(RPMADB_OK, rpmadb_diagnostics(db, NULL, NULL, &out));
    CHECK_TEXT("wal", "/journal_mode");
    CHECK(number("/wal_checkpoint/0") >= 0 && number("/wal_checkpoint/1") >= 0);
    CHECK_INT(5000, "/busy_timeout_ms");
    CHECK_TEXT("ok", "/integrity");
    CHECK_INT(0, "/table_counts/users");
    CHECK(number("/pool_state/connections") >= 1 && number("/pool_state/idle_connections") >= 0);
    CHECK_INT(11, "/pool_state/max_connections");
    CHECK(has("/foreign_key_check") && !has("/foreign_key_check/0"));
    CHECK_INT(0, "/pragmas/foreign_keys");
    CHECK_TEXT_HAS("3.", "/sqlite_version");
    CHECK(number("/system/free_disk_bytes") > 0 && number("/system/resident_memory_bytes") > 0);
    sql(db, "CREATE TABLE c (id INTEGER PRIMARY KEY, u TEXT REFERENCES users(id))");
    sql(db, "INSERT INTO c VALUES (5, 'nobody')");
    CHECK_STATUS(RPMADB_OK, rpmadb_diagnostics(db, NULL, NULL, &out));
    CHECK_TEXT("c", "/foreign_key_check/0/table");
    CHECK_INT(5, "/foreign_key_check/0/rowid");
    CHECK_TEXT("users", "/foreign_key_check/0/parent");
    CHECK_INT(1, "/table_counts/c");
    close_checked(db);
}

static void stats_count_rows_and_pages(void) {
    rpmadb *db = open_checked(at("a.db"), NULL);
    sql(db, "CREATE TABLE t (a)");
    sql(db, "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i+1 FROM n WHERE i<1000) "
            "INSERT INTO t SELECT i FROM n");
    static const char *const options[] = {NULL, "{\"estimate\":true}"};
    for (int estimate = 0; estimate < 2; estimate++) {
        CHECK_STATUS(RPMADB_OK, rpmadb_stats(db, options[estimate], NULL, &out));
        CHECK_INT(estimate, "/estimated");
        CHECK_INT(1000, "/tables/t");
        CHECK(has("/tables/users") && has("/tables/tasks") && has("/tables/clients") && has("/tables/interventions"));
        CHECK_TEXT(at("a.db"), "/database_path");
        CHECK_INT(number("/page_size") * number("/page_count"), "/size_bytes");
        CHECK(number("/wal_size_bytes") > 0 && number("/freelist_count") >= 0);
        CHECK(number("/table_count") > 12 && number("/index_count") > 12 && number("/schema_version") >= 12);
    }
    close_checked(db);
}

static void metrics_count_statements_when_asked_for(void) {
    rpmadb *db = open_checked(at("a.db"), "{\"migrate\":false,\"metrics\":true,\"slow_query_ms\":0}");
    sql(db, "CREATE TABLE t (a)");
    sql(db, "INSERT INTO t VALUES ('secret'), ('secret')");
    sql(db, "INSERT INTO t VALUES ('secret')");
    CHECK_STATUS(RPMADB_OK, rpmadb_metrics(db, "{\"limit\":2,\"indexes\":false}", NULL, &out));
    CHECK_INT(1, "/enabled");
    CHECK_INT(2, "/statements_known");
    CHECK_INT(3, "/slow_total");
    CHECK_TEXT("insert into t values (?)", "/slow/0/fingerprint");
    CHECK_INT(3, "/verbs/query/calls");
    CHECK(strstr(out, "secret") == NULL);
    CHECK_STATUS(RPMADB_OK, rpmadb_metrics(db, "{\"format\":\"prometheus\"}", NULL, &out));
    CHECK_TEXT("prometheus", "/format");
    CHECK_TEXT_HAS("\n# TYPE rpmadb_statement_calls_total counter\n", "/text");
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_metrics(db, "{\"limit\":1001}", NULL, &out));
    close_checked(db);
}

static void checkpoint_has_four_modes(void) {
    static const char *const modes[] = {"passive", "full", "restart", "truncate"};
    rpmadb *db = open_checked(at("a.db"), BARE);
    sql(db, "CREATE TABLE t (a)");
    for (int mode = 0; mode < 4; mode++) {
        sql(db, "INSERT INTO t VALUES (zeroblob(20000))");
        CHECK_STATUS(RPMADB_OK, rpmadb_checkpoint(db, modes[mode], "{\"busy_timeout_ms\":100}", NULL, &out));
        CHECK_TEXT(modes[mode], "/mode");
        CHECK_INT(0, "/busy");
        CHECK_EQUAL(number("/log"), number("/checkpointed"));
        CHECK(has("/duration_ms"));
    }
    struct stat found;
    CHECK(stat(at("a.db-wal"), &found) == 0 && found.st_size == 0);
    CHECK_STATUS(RPMADB_OK, rpmadb_checkpoint(db, NULL, NULL, NULL, &out));
    CHECK_TEXT("passive", "/mode");
    static const char *const wrong[] = {"", "FULL", "total", "passive "};
    for (size_t index = 0; index < sizeof wrong / sizeof *wrong; index++) {
        CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_checkpoint(db, wrong[index], NULL, NULL, &out));
        CHECK_TEXT_HAS("mode", "/error/message");
    }
    close_checked(db);
    db = open_checked(":memory:", BARE);
    CHECK_STATUS(RPMADB_OK, rpmadb_checkpoint(db, "truncate", NULL, NULL, &out));
    CHECK_INT(-1, "/log");
    close_checked(db);
}

static void backup_makes_a_whole_copy(void) {
    rpmadb *db = open_checked(at("a.db"), NULL);
    sql(db, "CREATE TABLE t (a)");
    sql(db, "INSERT INTO t VALUES (randomblob(100000)), (7)");
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(db, at("b.db"), "{\"verify\":true,\"step_pages\":3}", NULL, &out));
    CHECK_TEXT("quick", "/depth");
    CHECK_TEXT(at("b.db.manifest.json"), "/manifest");
    CHECK_TEXT(at("b.db"), "/path");
    CHECK_INT(1, "/verified");
    CHECK(number("/pages") > 30 && has("/manifest") && has("/duration_ms") && has("/deleted"));
    struct stat found;
    CHECK(stat(at("b.db"), &found) == 0 && found.st_size == number("/size_bytes"));
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(db, at("c.db"), "{\"verify\":false}", NULL, &out));
    CHECK_INT(0, "/verified");
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_backup(db, at("d.db"), "{\"step_pages\":0}", NULL, &out));
    CHECK_TEXT_HAS("'step_pages'", "/error/message");
    close_checked(db);
    CHECK_EQUAL(5, entries(at("")));
    CHECK(exists(at("b.db.manifest.json")) && exists(at("c.db.manifest.json")));
    db = open_checked(at("b.db"), NULL);
    CHECK(!has("/migrate/applied/0"));
    CHECK_EQUAL(2, value(db, "SELECT count(*) FROM t"));
    close_checked(db);
}

static void backup_touches_nothing_that_exists(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    sql(db, "CREATE TABLE t (a)");
    write_text(at("there"), "mine");
    mkdir(at("folder"), 0700);
    CHECK(symlink("nowhere", at("dangling")) == 0 && link(at("a.db"), at("same")) == 0);
    CHECK(symlink("a.db", at("link")) == 0);
    int before = entries(at(""));
    CHECK_STATUS(RPMADB_ALREADY_EXISTS, rpmadb_backup(db, at("there"), NULL, NULL, &out));
    CHECK_STATUS(RPMADB_ALREADY_EXISTS, rpmadb_backup(db, at("folder"), NULL, NULL, &out));
    CHECK_STATUS(RPMADB_ALREADY_EXISTS, rpmadb_backup(db, at("dangling"), NULL, NULL, &out));
    CHECK_STATUS(RPMADB_SAME_FILE, rpmadb_backup(db, at("a.db"), NULL, NULL, &out));
    CHECK_STATUS(RPMADB_SAME_FILE, rpmadb_backup(db, at("folder/../a.db"), NULL, NULL, &out));
    CHECK_STATUS(RPMADB_SAME_FILE, rpmadb_backup(db, at("same"), NULL, NULL, &out));
    CHECK_STATUS(RPMADB_SAME_FILE, rpmadb_backup(db, at("link"), NULL, NULL, &out));
    CHECK_STATUS(RPMADB_NOT_FOUND, rpmadb_backup(db, at("missing/b.db"), NULL, NULL, &out));
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_backup(db, "", NULL, NULL, &out));
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_backup(db, NULL, NULL, NULL, &out));
    CHECK_TEXT_HAS("destination", "/error/message");
    CHECK_EQUAL(before, entries(at("")));
    CHECK(file_holds(at("there"), "mine", 4));
    CHECK_EQUAL(1, value(db, "SELECT count(*) FROM sqlite_schema"));
    close_checked(db);
}

static void backup_without_a_destination_goes_into_the_folder(void) {
    const char *folder = at("backups");
    mkdir(folder, 0700);
    rpmadb *db = open_checked(at("a.db"), format("{\"backup\":{\"folder\":\"%s\"}}", folder));
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(db, NULL, NULL, NULL, &out));
    CHECK_TEXT_HAS(folder, "/path");
    sleep_ms(5);
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(db, NULL, NULL, NULL, &out));
    CHECK_EQUAL(2, backups_in(folder));
    close_checked(db);
    db = open_checked(":memory:", NULL);
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(db, at("from_memory.db"), NULL, NULL, &out));
    CHECK(exists(at("from_memory.db")));
    close_checked(db);
}

static void roles_are_kept(void) {
    rpmadb *admin = open_checked(at("a.db"), NULL), *supervisor = NULL, *user = NULL, *more = admin;
    CHECK_STATUS(RPMADB_OK, rpmadb_as(admin, "eva", "supervisor", &supervisor, &out));
    CHECK_TEXT("eva", "/actor");
    CHECK_TEXT("supervisor", "/role");
    CHECK_STATUS(RPMADB_OK, rpmadb_as(supervisor, "udo", "user", &user, &out));
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_as(admin, "x", "king", &more, &out));
    CHECK(more == NULL);
    CHECK_STATUS(RPMADB_DENIED, rpmadb_as(supervisor, "x", "admin", &more, &out));
    CHECK_STATUS(RPMADB_DENIED, rpmadb_query(supervisor, "CREATE TABLE t (a)", NULL, NULL, NULL, &out));
    static const char *const changes = "INSERT INTO application_settings SELECT * FROM application_settings";
    CHECK_STATUS(RPMADB_DENIED, rpmadb_query(supervisor, changes, NULL, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_SCRIPT_FAILED,
                 rpmadb_script(supervisor, "db:exec('DELETE FROM users')", NULL, NULL, &out));
    const char *counts = "return db:value('SELECT count(*) FROM users')";
    CHECK_STATUS(RPMADB_OK, rpmadb_script(supervisor, counts, NULL, NULL, &out));
    CHECK_INT(0, "/result");
    for (const struct call *call = calls; call->name; call++) {
        if (call->kinds[0] == 'd') {
            void *arguments[MOST_ARGUMENTS];
            right_arguments(call, user, NULL, arguments);
            check_call(call, RPMADB_DENIED, arguments, "as user");
            right_arguments(call, supervisor, NULL, arguments);
            check_call(call, call->role == ADMIN ? RPMADB_DENIED : RPMADB_OK, arguments, "as supervisor");
        }
    }
    /* a second handle stays good when the first is closed */
    close_checked(admin);
    CHECK_EQUAL(0, value(supervisor, "SELECT count(*) FROM users"));
    close_checked(supervisor);
    close_checked(user);
    CHECK(!exists(at("a.db-wal")));
    supervisor = open_checked(at("a.db"), "{\"role\":\"supervisor\"}");
    CHECK_STATUS(RPMADB_DENIED, rpmadb_migrate(supervisor, NULL, NULL, &out));
    close_checked(supervisor);
}

const struct test verb_tests[] = {
    TEST(migrate_runs_dry_to_a_target_and_to_the_end),
    TEST(migrate_backs_up_first_when_asked),
    TEST(migrations_are_listed_with_their_state),
    TEST(health_is_ok_on_a_sound_file),
    TEST(health_is_ok_in_memory),
    TEST(health_tells_that_migrations_are_pending_and_that_the_file_is_gone),
    TEST(diagnostics_find_what_is_wrong),
    TEST(stats_count_rows_and_pages),
    TEST(metrics_count_statements_when_asked_for),
    TEST(checkpoint_has_four_modes),
    TEST(backup_makes_a_whole_copy),
    TEST(backup_touches_nothing_that_exists),
    TEST(backup_without_a_destination_goes_into_the_folder),
    TEST(roles_are_kept),
    {NULL, NULL},
};
