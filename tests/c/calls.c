#include "calls.h"

#include <unistd.h>

static int32_t go_on(uint64_t done, uint64_t total, const char *stage, void *user_data) {
    (void)done, (void)total, (void)stage, (void)user_data;
    return 0;
}

static int32_t do_nothing(rpmadb *db, void *user_data) {
    (void)db, (void)user_data;
    return 0;
}

/* What calls hand out is released at once: only the status counts here. */
static int32_t closing(int32_t status, rpmadb **db) {
    if (status == RPMADB_OK && *db) {
        (void)rpmadb_close(db);
    }
    return status;
}

static int32_t run_build_info(void *const *a, char **document) {
    (void)a;
    return rpmadb_build_info(document);
}

static int32_t run_op_new(void *const *a, char **document) {
    (void)document;
    rpmadb_op **op = a[0];
    int32_t status = rpmadb_op_new(op);
    return status == RPMADB_OK ? rpmadb_op_free(op) : status;
}

static int32_t run_op_on_progress(void *const *a, char **document) {
    (void)document;
    return rpmadb_op_on_progress(a[0], a[1] ? go_on : NULL, NULL);
}

static int32_t run_op_set_timeout_ms(void *const *a, char **document) {
    (void)document;
    return rpmadb_op_set_timeout_ms(a[0], 0);
}

/* An operation of its own: a cancelled one would stop what comes after. */
static int32_t run_op_cancel(void *const *a, char **document) {
    (void)document;
    return rpmadb_op_cancel(a[0]);
}

static int32_t run_op_progress(void *const *a, char **document) {
    return rpmadb_op_progress(a[0], document);
}

static int32_t run_op_free(void *const *a, char **document) {
    (void)document;
    return rpmadb_op_free(a[0]);
}

static int32_t run_open(void *const *a, char **document) {
    return closing(rpmadb_open(a[0], a[1], a[2], a[3], document), a[3]);
}

static int32_t run_as(void *const *a, char **document) {
    return closing(rpmadb_as(a[0], a[1], a[2], a[3], document), a[3]);
}

static int32_t run_close(void *const *a, char **document) {
    (void)document;
    return rpmadb_close(a[0]);
}

static int32_t run_add_step(void *const *a, char **document) {
    static int64_t version = 1000;
    return rpmadb_add_step(a[0], version++, a[1], a[2] ? do_nothing : NULL, a[3] ? do_nothing : NULL, NULL, document);
}

static int32_t run_transaction(void *const *a, char **document) {
    return rpmadb_transaction(a[0], a[1] ? do_nothing : NULL, NULL, a[2], a[3], document);
}

static int32_t run_migrate(void *const *a, char **document) {
    return rpmadb_migrate(a[0], a[1], a[2], document);
}

/* To where it stands, so that nothing is taken back. */
static int32_t run_rollback(void *const *a, char **document) {
    int64_t current = 0;
    char *told = NULL;
    if (rpmadb_migrations(a[0], NULL, NULL, &told) == RPMADB_OK) {
        (void)rpmadb_json_int(told, "/current", &current);
    }
    rpmadb_free(told);
    return rpmadb_rollback(a[0], current, a[1], a[2], document);
}

/* That there is nothing to adopt, said with its reason, is the right answer here. */
static int32_t run_adopt(void *const *a, char **document) {
    int32_t status = rpmadb_adopt(a[0], a[1], a[2], document);
    if (status == RPMADB_MIGRATION_FAILED && document) {
        char *message = NULL;
        CHECK(rpmadb_json_text(*document, "/error/message", &message) == RPMADB_OK &&
              strstr(message, "history of") != NULL);
        rpmadb_free(message);
    }
    return status == RPMADB_MIGRATION_FAILED ? RPMADB_OK : status;
}

static int32_t run_baseline(void *const *a, char **document) {
    return rpmadb_baseline(a[0], a[1], a[2], document);
}

static int32_t run_repair(void *const *a, char **document) {
    return rpmadb_repair(a[0], a[1], a[2], document);
}

static int32_t run_lint(void *const *a, char **document) {
    return rpmadb_lint(a[0], a[1], a[2], document);
}

static int32_t run_schema(void *const *a, char **document) {
    return rpmadb_schema(a[0], a[1], a[2], document);
}

static int32_t run_test(void *const *a, char **document) {
    return rpmadb_test(a[0], a[1], a[2], document);
}

static int32_t run_migrations(void *const *a, char **document) {
    return rpmadb_migrations(a[0], a[1], a[2], document);
}

static int32_t run_health(void *const *a, char **document) {
    return rpmadb_health(a[0], a[1], a[2], document);
}

static int32_t run_diagnostics(void *const *a, char **document) {
    return rpmadb_diagnostics(a[0], a[1], a[2], document);
}

static int32_t run_stats(void *const *a, char **document) {
    return rpmadb_stats(a[0], a[1], a[2], document);
}

static int32_t run_metrics(void *const *a, char **document) {
    return rpmadb_metrics(a[0], a[1], a[2], document);
}

static int32_t run_checkpoint(void *const *a, char **document) {
    return rpmadb_checkpoint(a[0], a[1], a[2], a[3], document);
}

static int32_t run_backup(void *const *a, char **document) {
    const char *destination = a[1] && strcmp(a[1], "SOMEWHERE") == 0 ? at("copy.db") : a[1];
    int32_t status = rpmadb_backup(a[0], destination, a[2], a[3], document);
    if (status == RPMADB_OK) {
        unlink(destination);
        unlink(format("%s.manifest.json", destination));
    }
    return status;
}

/* A backup of nothing, made with a database of its own, in the place of SOMEWHERE. */
static const char *backup_at(const char *path) {
    if (!path || strcmp(path, "SOMEWHERE") != 0) {
        return path;
    }
    if (!exists(at("proved.db"))) {
        rpmadb *own = NULL;
        CHECK_EQUAL(RPMADB_OK, rpmadb_open(":memory:", BARE, NULL, &own, NULL));
        CHECK_EQUAL(RPMADB_OK, rpmadb_backup(own, at("proved.db"), NULL, NULL, NULL));
        CHECK_EQUAL(RPMADB_OK, rpmadb_close(&own));
    }
    return at("proved.db");
}

/* `right` when the call failed because of what `said` tells: the right answer where there is nothing to work on. */
static int32_t unless_said(int32_t status, int32_t right, const char *said, char *told, char **document) {
    char *message = NULL;
    if (status == right && rpmadb_json_text(told, "/error/message", &message) == RPMADB_OK && strstr(message, said)) {
        status = RPMADB_OK;
    }
    rpmadb_free(message);
    if (document) {
        *document = told;
    } else {
        rpmadb_free(told);
    }
    return status;
}

static int32_t run_backups(void *const *a, char **document) {
    return rpmadb_backups(a[0], a[1], a[2], document);
}

static int32_t run_verify(void *const *a, char **document) {
    return rpmadb_verify(a[0], backup_at(a[1]), a[2], a[3], document);
}

static int32_t run_restore(void *const *a, char **document) {
    return rpmadb_restore(a[0], backup_at(a[1]), a[2], a[3], document);
}

static int32_t run_undo_restore(void *const *a, char **document) {
    char *told = NULL;
    int32_t status = rpmadb_undo_restore(a[0], a[1], a[2], &told);
    return unless_said(status, RPMADB_NOT_FOUND, "made before a restore", told, document);
}

static int32_t run_prune(void *const *a, char **document) {
    char *told = NULL;
    int32_t status = rpmadb_prune(a[0], a[1], a[2], &told);
    return unless_said(status, RPMADB_INVALID_ARGUMENT, "backup.folder is missing", told, document);
}

static int32_t run_pin(void *const *a, char **document) {
    return rpmadb_pin(a[0], backup_at(a[1]), a[2], a[3], document);
}

static int32_t run_restore_file(void *const *a, char **document) {
    const char *database = a[0] && strcmp(a[0], "ELSEWHERE") == 0 ? at("back.db") : a[0];
    int32_t status = rpmadb_restore_file(database, backup_at(a[1]), a[2], a[3], a[4], document);
    if (status == RPMADB_OK) {
        unlink(database);
    }
    return status;
}

static int32_t run_query(void *const *a, char **document) {
    return rpmadb_query(a[0], a[1], a[2], a[3], a[4], document);
}

static int32_t run_script_file(void *const *a, char **document) {
    return rpmadb_script_file(a[0], a[1], a[2], a[3], document);
}

static int32_t run_scripts(void *const *a, char **document) {
    return rpmadb_scripts(a[0], a[1], a[2], document);
}

static int32_t run_script(void *const *a, char **document) {
    return rpmadb_script(a[0], a[1], a[2], a[3], document);
}

static int32_t run_alerts(void *const *a, char **document) {
    return rpmadb_alerts(a[0], a[1], a[2], document);
}

/* Stopped at once, so that it can be started again. */
static int32_t run_monitor_start(void *const *a, char **document) {
    int32_t status = rpmadb_monitor_start(a[0], a[1], document);
    if (status == RPMADB_OK) {
        CHECK_EQUAL(RPMADB_OK, rpmadb_monitor_stop(a[0], NULL));
    }
    return status;
}

/* That none runs is the right answer here. */
static int32_t run_monitor_stop(void *const *a, char **document) {
    int32_t status = rpmadb_monitor_stop(a[0], document);
    return status == RPMADB_NOT_FOUND ? RPMADB_OK : status;
}

static void note_nothing(const char *alert, void *user_data) {
    (void)alert, (void)user_data;
}

static int32_t run_on_alert(void *const *a, char **document) {
    return rpmadb_on_alert(a[0], a[1] ? note_nothing : NULL, NULL, document);
}

static int32_t run_json_int(void *const *a, char **document) {
    (void)document;
    return rpmadb_json_int(a[0], a[1], a[2]);
}

static int32_t run_json_real(void *const *a, char **document) {
    (void)document;
    return rpmadb_json_real(a[0], a[1], a[2]);
}

static int32_t run_json_text(void *const *a, char **document) {
    (void)document;
    char **text = a[2];
    int32_t status = rpmadb_json_text(a[0], a[1], text);
    if (status == RPMADB_OK) {
        rpmadb_free(*text);
    }
    return status;
}

static int32_t run_log_set(void *const *a, char **document) {
    (void)a, (void)document;
    return rpmadb_log_set(RPMADB_LOG_OFF, NULL, NULL);
}

/* In this build it is the right answer: it has a SQLite of its own. */
static int32_t unless_unsupported(int32_t status) {
    return status == RPMADB_UNSUPPORTED ? RPMADB_OK : status;
}

static int32_t run_bind_host_sqlite(void *const *a, char **document) {
    return unless_unsupported(rpmadb_bind_host_sqlite(a[0], document));
}

static int32_t run_sqlite3(void *const *a, char **document) {
    return unless_unsupported(rpmadb_sqlite3(a[0], a[1], document));
}

static int32_t run_open_sqlite3(void *const *a, char **document) {
    return unless_unsupported(closing(rpmadb_open_sqlite3(a[0], a[1], a[2], a[3], document), a[3]));
}

/* rpmadb_op_cancel comes last of those with `o`: what it cancels is of no use afterwards. */
const struct call calls[] = {
    {"build_info", "", run_build_info, {NULL}, true, USER},
    {"op_new", "r", run_op_new, {NULL}, false, USER},
    {"op_on_progress", "oh", run_op_on_progress, {NULL}, false, USER},
    {"op_set_timeout_ms", "o", run_op_set_timeout_ms, {NULL}, false, USER},
    {"op_progress", "o", run_op_progress, {NULL}, true, USER},
    {"op_free", "r", run_op_free, {NULL}, false, USER},
    {"open", "tjpr", run_open, {":memory:", BARE}, true, USER},
    {"bind_host_sqlite", "r", run_bind_host_sqlite, {NULL}, true, USER},
    {"sqlite3", "dr", run_sqlite3, {NULL}, true, ADMIN},
    {"open_sqlite3", "rjpr", run_open_sqlite3, {NULL, BARE}, true, USER},
    {"as", "dttr", run_as, {NULL, "somebody", "user"}, true, SUPERVISOR},
    {"close", "r", run_close, {NULL}, false, USER},
    {"add_step", "dtfh", run_add_step, {NULL, "step"}, true, ADMIN},
    {"transaction", "dfjp", run_transaction, {NULL, NULL, "{}"}, true, ADMIN},
    {"migrate", "djp", run_migrate, {NULL, "{\"dry_run\":true}"}, true, ADMIN},
    {"migrations", "djp", run_migrations, {NULL, "{}"}, true, SUPERVISOR},
    {"rollback", "djp", run_rollback, {NULL, "{\"dry_run\":true}"}, true, ADMIN},
    {"adopt", "djp", run_adopt, {NULL, "{\"dry_run\":true}"}, true, ADMIN},
    {"lint", "djp", run_lint, {NULL, "{}"}, true, SUPERVISOR},
    {"schema", "djp", run_schema, {NULL, "{}"}, true, SUPERVISOR},
    {"test", "djp", run_test, {NULL, "{\"rows\":1,\"versions\":[0],\"crash\":false}"}, true, ADMIN},
    {"health", "djp", run_health, {NULL, "{}"}, true, SUPERVISOR},
    {"diagnostics", "djp", run_diagnostics, {NULL, "{}"}, true, SUPERVISOR},
    {"stats", "djp", run_stats, {NULL, "{}"}, true, SUPERVISOR},
    {"metrics", "djp", run_metrics, {NULL, "{}"}, true, SUPERVISOR},
    {"checkpoint", "dmjp", run_checkpoint, {NULL, "passive", "{}"}, true, ADMIN},
    {"backup", "dbjp", run_backup, {NULL, "SOMEWHERE", "{}"}, true, ADMIN},
    {"backups", "djp", run_backups, {NULL, "{}"}, true, SUPERVISOR},
    {"verify", "dtjp", run_verify, {NULL, "SOMEWHERE", "{}"}, true, ADMIN},
    {"restore", "dtjp", run_restore, {NULL, "SOMEWHERE", "{\"dry_run\":true}"}, true, ADMIN},
    {"undo_restore", "djp", run_undo_restore, {NULL, "{}"}, true, ADMIN},
    {"prune", "djp", run_prune, {NULL, "{\"dry_run\":true}"}, true, ADMIN},
    {"pin", "dtjp", run_pin, {NULL, "SOMEWHERE", "{\"pinned\":false}"}, true, ADMIN},
    {"restore_file", "ttjjp", run_restore_file, {"ELSEWHERE", "SOMEWHERE", BARE, "{}"}, true, USER},
    {"query", "dtmjp", run_query, {NULL, "SELECT 1", "[]", "{}"}, true, SUPERVISOR},
    {"script", "dtjp", run_script, {NULL, "return 1", "{}"}, true, SUPERVISOR},
    {"script_file", "dtjp", run_script_file, {NULL, "nightly_maintenance", "{}"}, true, ADMIN},
    {"scripts", "djp", run_scripts, {NULL, "{}"}, true, SUPERVISOR},
    {"repair", "djp", run_repair, {NULL, "{}"}, true, ADMIN},
    {"baseline", "djp", run_baseline, {NULL, "{}"}, true, ADMIN},
    {"alerts", "djp", run_alerts, {NULL, "{\"all\":true}"}, true, SUPERVISOR},
    {"monitor_start", "dj", run_monitor_start, {NULL, "{\"tick_ms\":50}"}, true, ADMIN},
    {"monitor_stop", "d", run_monitor_stop, {NULL}, true, ADMIN},
    {"on_alert", "dh", run_on_alert, {NULL}, true, SUPERVISOR},
    {"json_int", "ttr", run_json_int, {"{\"a\":1}", "/a"}, false, USER},
    {"json_real", "ttr", run_json_real, {"{\"a\":1}", "/a"}, false, USER},
    {"json_text", "ttr", run_json_text, {"{\"a\":\"b\"}", "/a"}, false, USER},
    {"log_set", "h", run_log_set, {NULL}, false, USER},
    {"op_cancel", "o", run_op_cancel, {NULL}, false, USER},
    {NULL, "", NULL, {NULL}, false, USER},
};

void right_arguments(const struct call *call, rpmadb *db, rpmadb_op *op, void *arguments[MOST_ARGUMENTS]) {
    static char texts[MOST_ARGUMENTS][64];
    static union {
        rpmadb *db;
        rpmadb_op *op;
        int64_t whole;
        double real;
        char *text;
    } result;
    static char function;
    memset(&result, 0, sizeof result);
    for (size_t index = 0; index < MOST_ARGUMENTS; index++) {
        char kind = index < strlen(call->kinds) ? call->kinds[index] : 0;
        arguments[index] = NULL;
        switch (kind) {
        case 0:
            break;
        case 'd':
            arguments[index] = db;
            break;
        case 'o':
        case 'p':
            arguments[index] = op;
            break;
        case 'f':
        case 'h':
            arguments[index] = &function;
            break;
        case 'r':
            arguments[index] = &result;
            break;
        default:
            snprintf(texts[index], sizeof texts[index], "%s", call->texts[index]);
            arguments[index] = texts[index];
        }
    }
}

bool check_call(const struct call *call, int32_t expected, void *const *arguments, const char *why) {
    bool fits;
    if (call->has_out) {
        fits = CHECK_STATUS(expected, call->run(arguments, &out));
        fits = CHECK_EQUAL(expected, call->run(arguments, NULL)) && fits;
    } else {
        fits = CHECK_PLAIN(expected, call->run(arguments, NULL));
    }
    if (!fits) {
        printf("\n    in: rpmadb_%s, %s", call->name, why);
    }
    return fits;
}
