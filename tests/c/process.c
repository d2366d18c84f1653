/* What the library does to the process it lives in: fork, files, memory, threads, signals, standard output. */
#include "calls.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int failed_before_fork;

/* A child that hangs ends itself; its checks are reported where it makes them, and again by its exit status. */
static pid_t fork_child(void) {
    drop_out();
    failed_before_fork = failed_checks();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(10);
    }
    return child;
}

static void end_child(void) {
    drop_out();
    fflush(stdout);
    _exit(failed_checks() > failed_before_fork);
}

static void check_child(pid_t child) {
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_EQUAL(0, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Every function that takes a handle, with one that was inherited. */
static void check_inherited(rpmadb *db, rpmadb_op *op) {
    for (const struct call *call = calls; call->name; call++) {
        for (size_t index = 0; call->kinds[index]; index++) {
            if (strchr("dop", call->kinds[index])) {
                void *arguments[MOST_ARGUMENTS];
                right_arguments(call, call->kinds[index] == 'd' ? db : NULL, NULL, arguments);
                if (call->kinds[index] != 'd') {
                    rpmadb *own = NULL;
                    CHECK_EQUAL(RPMADB_OK, rpmadb_open(":memory:", BARE, NULL, &own, NULL));
                    right_arguments(call, own, NULL, arguments);
                    arguments[index] = op;
                    check_call(call, RPMADB_WRONG_PROCESS, arguments, "an inherited operation");
                    CHECK_EQUAL(RPMADB_OK, rpmadb_close(&own));
                } else {
                    check_call(call, RPMADB_WRONG_PROCESS, arguments, "an inherited database");
                }
            }
        }
    }
    rpmadb *copy = db;
    CHECK_PLAIN(RPMADB_WRONG_PROCESS, rpmadb_close(&copy));
    CHECK(copy == db);
    rpmadb_op *op_copy = op;
    CHECK_PLAIN(RPMADB_WRONG_PROCESS, rpmadb_op_free(&op_copy));
    CHECK(op_copy == op);
}

static void a_child_cannot_use_inherited_handles_and_can_open_its_own(void) {
    rpmadb *db = open_checked(at("a.db"), NULL);
    rpmadb_op *op = op_with_limit(0);
    int64_t users = value(db, "SELECT count(*) FROM users");
    pid_t child = fork_child();
    if (child == 0) {
        check_inherited(db, op);
        rpmadb *own = open_checked(at("child.db"), NULL);
        sql(own, "CREATE TABLE t (a)");
        sql(own, "INSERT INTO t VALUES (1)");
        check_inherited(db, op);
        rpmadb_op *own_op = op_with_limit(5000);
        CHECK_STATUS(RPMADB_OK, rpmadb_query(own, "SELECT 1", NULL, NULL, own_op, &out));
        CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&own_op));
        close_checked(own);
        end_child();
    }
    check_child(child);
    CHECK_EQUAL(users, value(db, "SELECT count(*) FROM users"));
    sql(db, "CREATE TABLE t (a)");
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_cancel(op));
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    CHECK_STATUS(RPMADB_OK, rpmadb_diagnostics(db, NULL, NULL, &out));
    CHECK_TEXT("ok", "/integrity");
    close_checked(db);
    db = open_checked(at("child.db"), NULL);
    CHECK_EQUAL(1, value(db, "SELECT count(*) FROM t"));
    close_checked(db);
}

/* A child that opens the file its parent has open is either refused or loses nothing it was told is committed. */
static rpmadb *open_or_be_refused(const char *path) {
    rpmadb *own = NULL;
    int32_t status = rpmadb_open(path, "{\"migrate\":false,\"busy_timeout_ms\":500}", NULL, &own, NULL);
    CHECK(status == RPMADB_OK || status == RPMADB_WRONG_PROCESS || status == RPMADB_UNSUPPORTED);
    return own;
}

/* A number that parent and child share. */
static int *shared_number(void) {
    int *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    return shared;
}

/* SQLite keeps a table of a process's open files, which a child inherits: it must not believe in the parent's locks. */
static void a_child_on_the_same_file_loses_nothing_when_the_parent_closes(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    int to_child[2], to_parent[2], *acknowledged = shared_number();
    char byte = 0;
    sql(db, "CREATE TABLE t (a)");
    CHECK(pipe(to_child) == 0 && pipe(to_parent) == 0);
    pid_t child = fork_child();
    if (child == 0) {
        rpmadb *own = open_or_be_refused(at("a.db"));
        *acknowledged += own && sql(own, "INSERT INTO t VALUES (1)");
        CHECK(write(to_parent[1], "x", 1) == 1 && read(to_child[0], &byte, 1) == 1);
        for (int row = 2; own && row <= 50; row++) {
            *acknowledged += sql(own, format("INSERT INTO t VALUES (%d)", row));
        }
        CHECK_PLAIN(RPMADB_OK, rpmadb_close(&own));
        end_child();
    }
    CHECK(read(to_parent[0], &byte, 1) == 1);
    CHECK_EQUAL(*acknowledged, value(db, "SELECT count(*) FROM t"));
    close_checked(db);
    CHECK(write(to_child[1], "x", 1) == 1);
    check_child(child);
    db = open_checked(at("a.db"), BARE);
    CHECK_EQUAL(*acknowledged, value(db, "SELECT count(*) FROM t"));
    CHECK_STATUS(RPMADB_OK, rpmadb_diagnostics(db, NULL, NULL, &out));
    CHECK_TEXT("ok", "/integrity");
    close_checked(db);
}

/* A child has none of the parent's threads; what its idle ones wait in must not trip it. How they lie matters. */
static void children_of_a_process_with_idle_readers_work(void) {
    enum { MOST = 12, EACH = 24 };
    rpmadb *dbs[MOST], *own[EACH];
    int before = failed_checks();
    for (int opened = 0; opened < MOST && failed_checks() == before; opened++) {
        dbs[opened] = open_checked(at(format("%d.db", opened)), BARE);
        CHECK_EQUAL(1, value(dbs[opened], "SELECT 1"));
        pid_t child = fork_child();
        if (child == 0) {
            for (int index = 0; index < EACH; index++) {
                own[index] = open_checked(at(format("child%d.db", index)), BARE);
                CHECK_EQUAL(1, value(own[index], "SELECT 1"));
                CHECK_STATUS(RPMADB_OK, rpmadb_script(own[index], "return 1", NULL, NULL, &out));
            }
            for (int index = 0; index < EACH; index++) {
                close_checked(own[index]);
            }
            end_child();
        }
        check_child(child);
    }
    for (int index = 0; index < MOST && exists(at(format("%d.db", index))); index++) {
        CHECK_EQUAL(1, value(dbs[index], "SELECT 1"));
        close_checked(dbs[index]);
    }
}

struct forked {
    rpmadb *outer;
    int go[2], *acknowledged;
    pid_t child;
};

static int32_t fork_inside(rpmadb *db, void *user_data) {
    struct forked *forked = user_data;
    sql(db, "INSERT INTO t VALUES (1)");
    forked->child = fork_child();
    if (forked->child == 0) {
        char byte = 0;
        CHECK_STATUS(RPMADB_WRONG_PROCESS, rpmadb_query(db, "SELECT 1", NULL, NULL, NULL, &out));
        CHECK_STATUS(RPMADB_WRONG_PROCESS, rpmadb_query(forked->outer, "SELECT 1", NULL, NULL, NULL, &out));
        CHECK(read(forked->go[0], &byte, 1) == 1);
        /* the parent has committed, so nobody holds the lock any more */
        rpmadb *own = open_or_be_refused(at("a.db"));
        *forked->acknowledged += own && sql(own, "INSERT INTO t VALUES (2)");
        CHECK_PLAIN(RPMADB_OK, rpmadb_close(&own));
        end_child();
    }
    drop_out();
    return 0;
}

static void a_child_made_inside_a_transaction_can_write_after_it(void) {
    struct forked forked = {.outer = open_checked(at("a.db"), BARE), .acknowledged = shared_number()};
    CHECK(pipe(forked.go) == 0);
    sql(forked.outer, "CREATE TABLE t (a)");
    CHECK_STATUS(RPMADB_OK, rpmadb_transaction(forked.outer, fork_inside, &forked, NULL, NULL, &out));
    CHECK_INT(1, "/committed");
    CHECK(write(forked.go[1], "x", 1) == 1);
    check_child(forked.child);
    CHECK_EQUAL(1 + *forked.acknowledged, value(forked.outer, "SELECT count(*) FROM t"));
    close_checked(forked.outer);
}

/* The descriptors in use: without those that the library keeps for the next time, which are marked as a database never is. */
static int files_in_use(void) {
    int count = 0;
    for (int file = 0; file < 1024; file++) {
        int flags = fcntl(file, F_GETFL);
        count += flags >= 0 && (flags & (O_APPEND | O_NONBLOCK)) != (O_APPEND | O_NONBLOCK);
    }
    return count;
}

/* The kilobytes of memory this process occupies. */
static long resident_kb(void) {
    long kb = -1;
    char line[256];
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "VmRSS: %ld", &kb) == 1) {
            break;
        }
    }
    if (file) {
        fclose(file);
    }
    return kb;
}

/* A thread that was told to end is still listed for a moment. */
static bool threads_fall_to(int expected) {
    int64_t start = now_ms();
    while (entries("/proc/self/task") > expected && now_ms() - start < 3000) {
        sleep_ms(5);
    }
    return entries("/proc/self/task") == expected;
}

static void use_everything(int round) {
    rpmadb *db = open_checked(at("a.db"), round % 20 ? BARE : NULL), *second = NULL, *none = NULL;
    rpmadb_op *op = op_with_limit(10000);
    CHECK_STATUS(RPMADB_OK, rpmadb_as(db, "x", "supervisor", &second, &out));
    CHECK_EQUAL(0, value(second, "SELECT count(*) FROM users"));
    CHECK_STATUS(RPMADB_OK, rpmadb_stats(db, NULL, op, &out));
    CHECK_STATUS(RPMADB_SQL, rpmadb_query(db, "SELEC", NULL, NULL, op, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_script(db, "return db:query('SELECT * FROM rpmadb_migrations')", NULL, op, &out));
    CHECK_STATUS(RPMADB_SCRIPT_FAILED, rpmadb_script(db, "error('x')", NULL, op, &out));
    CHECK_STATUS(RPMADB_NOT_A_DATABASE, rpmadb_open(at(""), NULL, NULL, &none, &out));
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_free(&op));
    close_checked(second);
    close_checked(db);
}

static void two_hundred_openings_leave_no_file_no_thread_and_no_memory(void) {
    CHECK(threads_fall_to(1));
    for (int round = 0; round < 40; round++) {
        use_everything(round);
    }
    int files = entries("/proc/self/fd"), in_use = files_in_use();
    long kb = resident_kb();
    for (int round = 0; round < 200; round++) {
        use_everything(round);
    }
    CHECK_EQUAL(in_use, files_in_use());
    /* kept are as many as were ever open at once: of the file and the memory it shares, a writer and two readers */
    CHECK(entries("/proc/self/fd") <= files + 4);
    CHECK(threads_fall_to(1));
    printf("(%ld KiB more) ", resident_kb() - kb);
#ifndef __SANITIZE_ADDRESS__
    CHECK(resident_kb() - kb < 4096);
#endif
}

static void no_thread_starts_before_a_reader_or_a_script_needs_one(void) {
    CHECK(threads_fall_to(1));
    rpmadb *db = open_checked(at("a.db"), BARE);
    sql(db, "CREATE TABLE t (a)");
    sql(db, "INSERT INTO t VALUES (1)");
    CHECK_EQUAL(1, entries("/proc/self/task"));
    CHECK_EQUAL(1, value(db, "SELECT count(*) FROM t"));
    close_checked(db);
    CHECK(threads_fall_to(1));
}

/* The process's signal handlers and what is written to its standard streams are the host's. */
static void no_signal_handler_is_set_and_nothing_is_printed(void) {
    struct sigaction before[32], after;
    int saved[2] = {dup(1), dup(2)};
    for (int number_of_it = 1; number_of_it < 32; number_of_it++) {
        sigaction(number_of_it, NULL, &before[number_of_it]);
    }
    fflush(stdout);
    FILE *streams = freopen(at("streams"), "w+", stdout);
    CHECK(streams && dup2(fileno(stdout), 2) == 2);
    use_everything(0);
    rpmadb *db = NULL;
    (void)rpmadb_open(at("a.db"), "{\"nope\":1}", NULL, &db, NULL);
    db = open_checked(at("a.db"), NULL);
    (void)rpmadb_script(db, "print('a') log.error('b') error('c')", NULL, NULL, NULL);
    (void)rpmadb_query(db, "SELEC", NULL, NULL, NULL, NULL);
    close_checked(db);
    fflush(stdout);
    dup2(saved[0], 1);
    dup2(saved[1], 2);
    close(saved[0]);
    close(saved[1]);
    CHECK(file_holds(at("streams"), "", 0));
    for (int number_of_it = 1; number_of_it < 32; number_of_it++) {
        if (number_of_it != SIGKILL && number_of_it != SIGSTOP) {
            sigaction(number_of_it, NULL, &after);
            CHECK(after.sa_handler == before[number_of_it].sa_handler);
        }
    }
}

static void *use_on_a_small_stack(void *handle) {
    CHECK_STATUS(RPMADB_OK, rpmadb_script(handle, "local function f(n) return n == 0 and 0 or 1 + f(n - 1) end "
                                                  "return f(150)", NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(handle, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_diagnostics(handle, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(handle, at("b.db"), NULL, NULL, &out));
    drop_out();
    return NULL;
}

static void a_thread_with_a_stack_of_256_kib_is_enough(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    pthread_create(&thread, &attributes, use_on_a_small_stack, db);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    close_checked(db);
}

static rpmadb *open_at_the_end;

static void use_and_close(void) {
    sql(open_at_the_end, "INSERT INTO t VALUES (2)");
    CHECK_PLAIN(RPMADB_OK, rpmadb_close(&open_at_the_end));
    end_child();
}

/* What belongs to the thread is gone when a process runs the last functions of its own; a close there panicked, and closed nothing. */
static void a_host_may_write_and_close_while_its_process_ends(void) {
    pid_t child = fork_child();
    if (child == 0) {
        atexit(use_and_close);
        open_at_the_end = open_checked(at("a.db"), BARE);
        sql(open_at_the_end, "CREATE TABLE t (a)");
        sql(open_at_the_end, "INSERT INTO t VALUES (1)");
        exit(0);
    }
    check_child(child);
    rpmadb *db = open_checked(at("a.db"), BARE);
    CHECK_STATUS(RPMADB_OK, rpmadb_query(db, "SELECT count(*) FROM t", NULL, NULL, NULL, &out));
    CHECK_INT(2, "/rows/0/0");
    close_checked(db);
}

const struct test process_tests[] = {
    TEST(a_host_may_write_and_close_while_its_process_ends),
    TEST(a_child_cannot_use_inherited_handles_and_can_open_its_own),
    TEST(a_child_on_the_same_file_loses_nothing_when_the_parent_closes),
    TEST(children_of_a_process_with_idle_readers_work),
    TEST(a_child_made_inside_a_transaction_can_write_after_it),
    TEST(two_hundred_openings_leave_no_file_no_thread_and_no_memory),
    TEST(no_thread_starts_before_a_reader_or_a_script_needs_one),
    TEST(no_signal_handler_is_set_and_nothing_is_printed),
    TEST(a_thread_with_a_stack_of_256_kib_is_enough),
    {NULL, NULL},
};
