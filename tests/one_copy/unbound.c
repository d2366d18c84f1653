/*
 * A host of the build without a SQLite: what it is told before it has handed one over, and what the library does not take.
 * `unbound SCRATCH`; prints nothing but what is wrong.
 */
#define SQLITE_CORE 1
#include <sqlite3ext.h>

#include "calls.h"

static const sqlite3_api_routines *given;

static int entry(sqlite3 *db, char **error, const sqlite3_api_routines *api) {
    (void)db, (void)error;
    given = api;
    return SQLITE_OK;
}

/* The table of the system's SQLite. */
static sqlite3_api_routines table(void) {
    sqlite3 *db = NULL;
    CHECK_EQUAL(SQLITE_OK, sqlite3_auto_extension((void (*)(void))entry));
    CHECK_EQUAL(SQLITE_OK, sqlite3_open(":memory:", &db));
    sqlite3_close(db);
    sqlite3_cancel_auto_extension((void (*)(void))entry);
    return *given;
}

static int times_bound;

static int binding_entry(sqlite3 *db, char **error, const sqlite3_api_routines *api) {
    char *told = NULL;
    (void)db, (void)error;
    times_bound += rpmadb_bind_host_sqlite(api, &told) == RPMADB_OK;
    rpmadb_free(told);
    return SQLITE_OK;
}

static int old_version(void) {
    return 3039004;
}

static int open_nothing(const char *path, sqlite3 **db, int flags, const char *vfs) {
    (void)path, (void)db, (void)flags, (void)vfs;
    return SQLITE_ERROR;
}

/* Whoever needs a database is told so, whatever it passes for one; who needs none is served. */
static void calls_before_it_are_not_ready(void) {
    rpmadb *const handles[] = {NULL, (rpmadb *)(uintptr_t)12345};
    rpmadb_op *op = NULL;
    int asked = 0;
    CHECK_EQUAL(RPMADB_OK, rpmadb_op_new(&op));
    for (const struct call *call = calls; call->name; call++) {
        bool opens = strcmp(call->name, "open") == 0 || strcmp(call->name, "open_sqlite3") == 0;
        bool needs_it = call->kinds[0] == 'd' || opens || strcmp(call->name, "restore_file") == 0;
        if (!needs_it && strcmp(call->name, "build_info") != 0 && strcmp(call->name, "log_set") != 0) {
            continue;
        }
        for (size_t index = 0; index < sizeof handles / sizeof *handles; index++) {
            void *arguments[MOST_ARGUMENTS];
            right_arguments(call, handles[index], op, arguments);
            if (strcmp(call->name, "restore_file") == 0) {
                arguments[1] = (void *)"/nowhere/a.db"; /* not one that the table would make first */
            }
            if (call->kinds[0] == 'd' && call->kinds[1] == 't' && call->texts[1] && strcmp(call->texts[1], "SOMEWHERE") == 0) {
                arguments[1] = (void *)"/nowhere/a.db";
            }
            check_call(call, needs_it ? RPMADB_NOT_READY : RPMADB_OK, arguments, "before a SQLite was bound");
            asked++;
        }
    }
    CHECK(asked > 60);
    CHECK_EQUAL(RPMADB_OK, rpmadb_op_free(&op));
    CHECK_STATUS(RPMADB_OK, rpmadb_build_info(&out));
    CHECK_TEXT("host", "/sqlite/linkage");
    CHECK(strstr(out, "\"version\":null,\"source_id\":null") != NULL);
    CHECK_STATUS(RPMADB_NOT_READY, rpmadb_open(":memory:", NULL, NULL, &(rpmadb *){NULL}, &out));
    CHECK_TEXT_HAS("rpmadb_bind_host_sqlite", "/error/hint");
}

static void what_will_not_do_is_refused(void) {
    CHECK_STATUS(RPMADB_NULL_ARGUMENT, rpmadb_bind_host_sqlite(NULL, &out));
    sqlite3_api_routines old = table();
    old.libversion_number = old_version;
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_bind_host_sqlite(&old, &out));
    CHECK_TEXT_HAS("3.39.4", "/error/message");
    CHECK_TEXT_HAS("3.40.0", "/error/hint");
    CHECK_TEXT_HAS("3.39.4", "/error/hint");
    sqlite3_api_routines mute = table();
    mute.libversion_number = NULL;
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_bind_host_sqlite(&mute, &out));
    sqlite3_api_routines without = table();
    without.progress_handler = NULL;
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_bind_host_sqlite(&without, &out));
    CHECK_TEXT_HAS("sqlite3_progress_handler", "/error/message");
    CHECK_STATUS(RPMADB_NOT_READY, rpmadb_open(":memory:", NULL, NULL, &(rpmadb *){NULL}, &out));
}

static void one_is_bound_once_and_again(void) {
    sqlite3_api_routines copy = table(), other = table();
    for (int round = 0; round < 3; round++) {
        CHECK_STATUS(RPMADB_OK, rpmadb_bind_host_sqlite(given, &out));
        CHECK_TEXT(sqlite3_libversion(), "/version"); /* also from inside of an entry point: bind.c */
        CHECK_TEXT(sqlite3_sourceid(), "/source_id");
        CHECK_TEXT("host", "/linkage");
    }
    CHECK_STATUS(RPMADB_OK, rpmadb_bind_host_sqlite(&copy, &out));
    other.open_v2 = open_nothing;
    CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_bind_host_sqlite(&other, &out));
    /* Every connection that the library opens is an occasion for the host to bind it once more. */
    CHECK_EQUAL(SQLITE_OK, sqlite3_auto_extension((void (*)(void))binding_entry));
    rpmadb *db = open_checked(at("a.db"), NULL);
    sqlite3_cancel_auto_extension((void (*)(void))binding_entry);
    CHECK(times_bound > 0);
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM users"));
    close_checked(db);
}

int main(int count, char **arguments) {
    if (count < 2) {
        return 2;
    }
    enter_folder(arguments[1], "calls");
    calls_before_it_are_not_ready();
    what_will_not_do_is_refused();
    one_is_bound_once_and_again();
    drop_out();
    return failed_checks() ? 1 : 0;
}
