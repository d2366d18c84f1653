/* The monitor: its callback, its end, and what a fork finds of it. */
#include "check.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Looks every 10 ms; alerts fire at once and are over at once. */
#define QUICK "{\"tick_ms\":10,\"alerts\":{\"for_ms\":0,\"clear_ms\":0}}"

/* What the callback saw; written on the monitor's thread. */
struct seen {
    rpmadb *db;
    pthread_mutex_t lock;
    int firing, resolved;
    int32_t query, close, stop, removal;
    char rule[64];
};

static void note(const char *alert, void *user_data) {
    struct seen *seen = user_data;
    char *state = NULL, *rule = NULL;
    pthread_mutex_lock(&seen->lock);
    if (rpmadb_json_text(alert, "/state", &state) == RPMADB_OK && rpmadb_json_text(alert, "/rule", &rule) == RPMADB_OK) {
        snprintf(seen->rule, sizeof seen->rule, "%s", rule);
        seen->firing += strcmp(state, "firing") == 0;
        seen->resolved += strcmp(state, "resolved") == 0;
    }
    rpmadb *copy = seen->db;
    seen->query = rpmadb_query(seen->db, "SELECT 1", NULL, NULL, NULL, NULL);
    seen->close = rpmadb_close(&copy);
    seen->stop = rpmadb_monitor_stop(seen->db, NULL);
    seen->removal = rpmadb_on_alert(seen->db, NULL, NULL, NULL);
    pthread_mutex_unlock(&seen->lock);
    rpmadb_free(state);
    rpmadb_free(rule);
}

static bool comes(struct seen *seen, const int *count) {
    int64_t start = now_ms();
    for (;;) {
        pthread_mutex_lock(&seen->lock);
        bool there = *count > 0;
        pthread_mutex_unlock(&seen->lock);
        if (there || now_ms() - start > 20000) {
            return there;
        }
        sleep_ms(5);
    }
}

static void a_callback_hears_of_an_alert_and_of_its_end(void) {
    rpmadb *db = open_checked(at("a.db"), NULL);
    struct seen seen = {.db = db, .lock = PTHREAD_MUTEX_INITIALIZER};
    CHECK_STATUS(RPMADB_OK, rpmadb_on_alert(db, note, &seen, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_monitor_start(db, QUICK, &out));
    CHECK_INT(10, "/tick_ms");
    sql(db, "CREATE INDEX by_hand ON users (email, username)");
    CHECK(comes(&seen, &seen.firing));
    CHECK(strcmp(seen.rule, "drift") == 0);
    CHECK_EQUAL(RPMADB_REENTRANT, seen.query);
    CHECK_EQUAL(RPMADB_REENTRANT, seen.close);
    CHECK_EQUAL(RPMADB_REENTRANT, seen.stop);
    CHECK_EQUAL(RPMADB_REENTRANT, seen.removal);
    CHECK_STATUS(RPMADB_OK, rpmadb_alerts(db, "{\"acknowledge\":\"drift\"}", NULL, &out));
    CHECK_TEXT("acknowledged", "/alerts/0/state");
    CHECK_TEXT("host", "/alerts/0/acknowledged_by");
    CHECK_STATUS(RPMADB_NOT_FOUND, rpmadb_alerts(db, "{\"acknowledge\":\"nothing\"}", NULL, &out));
    sql(db, "DROP INDEX by_hand");
    CHECK(comes(&seen, &seen.resolved));
    CHECK_STATUS(RPMADB_OK, rpmadb_on_alert(db, NULL, NULL, &out));
    int before = seen.firing;
    sql(db, "CREATE INDEX by_hand ON users (email, username)");
    sleep_ms(200);
    CHECK_EQUAL(before, seen.firing);
    CHECK_STATUS(RPMADB_OK, rpmadb_monitor_stop(db, &out));
    CHECK(number("/ticks") > 3);
    CHECK_STATUS(RPMADB_NOT_FOUND, rpmadb_monitor_stop(db, &out));
    close_checked(db);
}

/* How many threads of this process are monitors. Not how many threads there are: those of earlier tests may be about to end. */
static int monitors(void) {
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task = readdir(tasks); task; task = readdir(tasks)) {
        char path[64], name[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%.20s/comm", task->d_name);
        FILE *comm = fopen(path, "r");
        if (comm) {
            count += fgets(name, sizeof name, comm) && strncmp(name, "rpmadb-monitor", 14) == 0;
            fclose(comm);
        }
    }
    closedir(tasks);
    return count;
}

/* Whether there come to be so many: a thread gives itself its name, and one that was waited for stays in the list for a moment. */
static bool monitors_come_to(int wanted) {
    for (int tries = 0; tries < 500; tries++) {
        if (monitors() == wanted) {
            return true;
        }
        sleep_ms(10);
    }
    return false;
}

static void a_monitor_of_the_open_options_ends_with_the_close(void) {
    CHECK(monitors_come_to(0));
    rpmadb *db = open_checked(at("a.db"), "{\"migrate\":false,\"monitor\":" QUICK "}");
    CHECK_STATUS(RPMADB_ALREADY_EXISTS, rpmadb_monitor_start(db, NULL, &out));
    CHECK(monitors_come_to(1));
    sleep_ms(100);
    int64_t start = now_ms();
    close_checked(db);
    CHECK(now_ms() - start < 500);
    CHECK(monitors_come_to(0));
    rpmadb *none = NULL;
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_open(at("a.db"), "{\"monitor\":{\"tick_ms\":1}}", NULL, &none, &out));
    CHECK_TEXT_HAS("monitor.tick_ms", "/error/message");
}

/* A child has no monitor, may not use the one it inherited, and can have its own; the parent's goes on. */
static void nothing_of_it_runs_in_a_child(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    CHECK_STATUS(RPMADB_OK, rpmadb_monitor_start(db, "{\"tick_ms\":10}", &out));
    for (int round = 0; round < 30; round++) {
        sleep_ms(round);
        drop_out();
        fflush(stdout);
        int failed = failed_checks();
        pid_t child = fork();
        if (child == 0) {
            alarm(20);
            CHECK_EQUAL(1, entries("/proc/self/task"));
            CHECK_STATUS(RPMADB_WRONG_PROCESS, rpmadb_monitor_start(db, NULL, &out));
            CHECK_STATUS(RPMADB_WRONG_PROCESS, rpmadb_monitor_stop(db, &out));
            CHECK_STATUS(RPMADB_WRONG_PROCESS, rpmadb_alerts(db, NULL, NULL, &out));
            CHECK_STATUS(RPMADB_WRONG_PROCESS, rpmadb_on_alert(db, NULL, NULL, &out));
            rpmadb *copy = db;
            CHECK_PLAIN(RPMADB_WRONG_PROCESS, rpmadb_close(&copy));
            rpmadb *own = open_checked(at("child.db"), BARE);
            CHECK_STATUS(RPMADB_OK, rpmadb_monitor_start(own, "{\"tick_ms\":10}", &out));
            sql(own, "CREATE TABLE IF NOT EXISTS t (a)");
            CHECK_STATUS(RPMADB_OK, rpmadb_monitor_stop(own, &out));
            close_checked(own);
            drop_out();
            fflush(stdout);
            _exit(failed_checks() > failed);
        }
        int status = -1;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK_EQUAL(0, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    CHECK_STATUS(RPMADB_OK, rpmadb_monitor_stop(db, &out));
    CHECK(number("/ticks") > 10);
    close_checked(db);
}

static bool has_the_tasks(rpmadb *db) {
    for (int tries = 0; tries < 100; tries++) {
        CHECK_STATUS(RPMADB_OK, rpmadb_health(db, NULL, NULL, &out));
        if (out && strstr(out, "\"winner\":true")) {
            return true;
        }
        sleep_ms(10);
    }
    return false;
}

/* A process with the tasks that dies and leaves a child of a fork; writes down which. */
static void die_and_leave_a_child(int into) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    CHECK_STATUS(RPMADB_OK, rpmadb_monitor_start(db, "{\"tick_ms\":10}", &out));
    CHECK(has_the_tasks(db));
    pid_t left = fork();
    if (left == 0) {
        alarm(20);
        pause();
        _exit(1);
    }
    CHECK(write(into, &left, sizeof left) == sizeof left);
}

/* The lock of a file lasts as long as any process has it open: a child that does nothing must not keep it. */
static void a_child_does_not_keep_the_tasks_of_a_parent_that_died(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    int failed = failed_checks();
    drop_out();
    fflush(stdout);
    pid_t parent = fork();
    if (parent == 0) {
        die_and_leave_a_child(ends[1]);
        fflush(stdout);
        _exit(failed_checks() > failed);
    }
    pid_t left = -1;
    int status = -1;
    CHECK(waitpid(parent, &status, 0) == parent);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(read(ends[0], &left, sizeof left) == sizeof left);
    close(ends[0]);
    close(ends[1]);
    rpmadb *db = open_checked(at("a.db"), BARE);
    CHECK_STATUS(RPMADB_OK, rpmadb_monitor_start(db, "{\"tick_ms\":10}", &out));
    CHECK(has_the_tasks(db));
    close_checked(db);
    if (left > 0) {
        CHECK(kill(left, SIGKILL) == 0);
    }
}

const struct test monitor_tests[] = {
    TEST(a_callback_hears_of_an_alert_and_of_its_end),
    TEST(a_monitor_of_the_open_options_ends_with_the_close),
    TEST(nothing_of_it_runs_in_a_child),
    TEST(a_child_does_not_keep_the_tasks_of_a_parent_that_died),
    {NULL, NULL},
};
