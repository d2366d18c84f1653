/* script: what it gives, what it cannot do, and that nothing in it outlives its limits. */
#include "check.h"

#define SCRIPT(db, source, options) rpmadb_script((db), (source), (options), NULL, &out)

/* The handle is as good as before. */
static void check_still_works(rpmadb *db) {
    CHECK_EQUAL(1, value(db, "SELECT 1"));
    CHECK_STATUS(RPMADB_OK, SCRIPT(db, "return 1 + 1", NULL));
    CHECK_INT(2, "/result");
}

static void a_script_gives_its_result_and_its_log(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    CHECK_STATUS(RPMADB_OK, SCRIPT(db,
                                   "db:exec('CREATE TABLE t (a)')\n"
                                   "db:exec('INSERT INTO t VALUES (?), (?)', 9007199254740993, 'x')\n"
                                   "print('one', 2)\n"
                                   "log.warn('%d of %s', 3, 'four')\n"
                                   "return { n = db:value('SELECT a FROM t'), rows = db:query('SELECT a FROM t'),\n"
                                   "  list = {1, 2, 3}, args = job.args, role = job.role, nothing = nil }",
                                   "{\"name\":\"demo\",\"args\":{\"a\":[1,{\"b\":true}]},\"timeout_ms\":5000}"));
    CHECK_INT(9007199254740993, "/result/n");
    CHECK_TEXT("x", "/result/rows/1/a");
    CHECK_INT(3, "/result/list/2");
    CHECK_INT(1, "/result/args/a/1/b");
    CHECK_TEXT("admin", "/result/role");
    CHECK_TEXT("one\t2", "/log/0");
    CHECK_TEXT("[warn] 3 of four", "/log/1");
    CHECK(has("/duration_ms") && number("/peak_memory_bytes") > 1000);
    CHECK_EQUAL(2, value(db, "SELECT count(*) FROM t"));
    CHECK_STATUS(RPMADB_OK, SCRIPT(db, "", NULL));
    CHECK(has("/result") && !has("/result/x") && has("/log"));
    close_checked(db);
}

static void errors_are_told_with_their_line(void) {
    rpmadb *db = open_checked(":memory:", BARE);
    CHECK_STATUS(RPMADB_SCRIPT_SYNTAX, SCRIPT(db, "local a = 1\n\nlocal b = = 2\n", "{\"name\":\"bad.lua\"}"));
    CHECK_TEXT("bad.lua", "/error/file");
    CHECK_INT(3, "/error/line");
    CHECK(number("/error/column") >= 1);
    CHECK_TEXT("local b = = 2", "/error/source_line");
    CHECK_STATUS(RPMADB_SCRIPT_FAILED, SCRIPT(db, "local a = 1\nerror('no luck')\n", NULL));
    CHECK_INT(2, "/error/line");
    CHECK_TEXT_HAS("no luck", "/error/message");
    CHECK_TEXT("error('no luck')", "/error/source_line");
    CHECK_STATUS(RPMADB_SCRIPT_FAILED, SCRIPT(db, "\nlocal t = nil\nreturn t.x", NULL));
    CHECK_INT(3, "/error/line");
    CHECK_STATUS(RPMADB_SCRIPT_FAILED, SCRIPT(db, "return 1,\n  db:query('SELEC 1')", NULL));
    CHECK_INT(2, "/error/line");
    CHECK_TEXT_HAS("SELEC", "/error/message");
    CHECK_STATUS(RPMADB_SCRIPT_FAILED, SCRIPT(db, "error({code = 7})", NULL));
    CHECK_STATUS(RPMADB_SCRIPT_FAILED, SCRIPT(db, "error()", NULL));
    CHECK_STATUS(RPMADB_SCRIPT_FAILED, SCRIPT(db, "local t = {} t.t = t return t", NULL));
    CHECK_STATUS(RPMADB_SCRIPT_FAILED, SCRIPT(db, "return print", NULL));
    check_still_works(db);
    close_checked(db);
}

static void a_script_that_does_not_end_is_stopped(void) {
    static const char *const endless[] = {
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "repeat local ok = pcall(error, 'x') until false",
        "coroutine.wrap(function() while true do end end)()",
        "local c = coroutine.create(function() while true do pcall(function() while true do end end) end end)\n"
        "while true do coroutine.resume(c) end",
        "while true do xpcall(function() while true do end end, function() while true do end end) end",
        "return setmetatable({}, {__index = function() while true do end end}).x",
        "return db:value('" ENDLESS "')",
        "while true do pcall(db.value, db, '" ENDLESS "') end",
        "db:transaction(function() while true do pcall(function() while true do end end) end end)",
    };
    rpmadb *db = open_checked(at("a.db"), BARE);
    for (size_t index = 0; index < sizeof endless / sizeof *endless; index++) {
        int64_t start = now_ms();
        bool fits = CHECK_STATUS(RPMADB_SCRIPT_TIMEOUT, SCRIPT(db, endless[index], "{\"timeout_ms\":200}"));
        fits = CHECK(now_ms() - start >= 190 && now_ms() - start < 2500) && fits;
        if (!fits) {
            printf("\n    in: %s (%lld ms)", endless[index], (long long)(now_ms() - start));
        }
        check_still_works(db);
    }
    close_checked(db);
}

/* Lua's pattern matching is one call into C, where no instruction is counted; this one takes some six seconds. */
static void a_slow_pattern_is_stopped(void) {
    rpmadb *db = open_checked(":memory:", BARE);
    int64_t start = now_ms();
    CHECK_STATUS(RPMADB_SCRIPT_TIMEOUT,
                 SCRIPT(db, "return (('a'):rep(1500)):find('.-.-b')", "{\"timeout_ms\":200}"));
    CHECK(now_ms() - start < 2500);
    close_checked(db);
}

static void the_lower_limit_holds(void) {
    const char *limits = "{\"migrate\":false,\"script\":{\"timeout_ms\":100,\"memory_bytes\":2097152}}";
    rpmadb *db = open_checked(":memory:", limits);
    int64_t start = now_ms();
    CHECK_STATUS(RPMADB_SCRIPT_TIMEOUT, SCRIPT(db, "while true do end", "{\"timeout_ms\":60000}"));
    CHECK(now_ms() - start < 2500);
    CHECK_STATUS(RPMADB_SCRIPT_MEMORY,
                 SCRIPT(db, "return #(('x'):rep(4000000))", "{\"memory_bytes\":100000000,\"timeout_ms\":60000}"));
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, SCRIPT(db, "", "{\"timeout_ms\":0}"));
    CHECK_TEXT_HAS("'timeout_ms'", "/error/message");
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, SCRIPT(db, "", "{\"memory_bytes\":1}"));
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, SCRIPT(db, "", "{\"args\":[1]}"));
    close_checked(db);
}

static void a_script_that_wants_too_much_memory_is_stopped(void) {
    static const char *const hogs[] = {
        "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end",
        "local s = 'x' while true do s = s .. s end",
        "return ('x'):rep(1000000000)",
        "local t = {} while true do pcall(function() while true do t[#t + 1] = {t} end end) end",
        "local t = {} coroutine.wrap(function() while true do t[#t + 1] = ('x'):rep(1000) .. #t end end)()",
    };
    rpmadb *db = open_checked(at("a.db"), BARE);
    for (size_t index = 0; index < sizeof hogs / sizeof *hogs; index++) {
        const char *options = "{\"memory_bytes\":4194304,\"timeout_ms\":3000}";
        if (!CHECK_STATUS(RPMADB_SCRIPT_MEMORY, SCRIPT(db, hogs[index], options))) {
            printf("\n    in: %s", hogs[index]);
        }
        check_still_works(db);
    }
    close_checked(db);
}

static void what_reaches_out_of_the_sandbox_is_not_there(void) {
    rpmadb *db = open_checked(":memory:", BARE);
    static const char *const absent[] = {
        "io",        "require",   "package",   "warn",       "loadstring",   "loadfile",    "dofile",
        "debug",     "_G.io",     "newproxy",  "os.execute", "os.getenv",    "os.exit",     "os.remove",
        "os.rename", "os.tmpname", "rawdump",  "module",     "os.setlocale", "string.dump",
    };
    for (size_t index = 0; index < sizeof absent / sizeof *absent; index++) {
        CHECK_STATUS(RPMADB_OK, SCRIPT(db, format("return type(%s)", absent[index]), NULL));
        if (!CHECK_TEXT("nil", "/result")) {
            printf("\n    in: %s", absent[index]);
        }
    }
    CHECK_STATUS(RPMADB_OK, SCRIPT(db, "return type(getmetatable('')) == 'table'", NULL));
    CHECK_INT(0, "/result");
    CHECK_STATUS(RPMADB_SCRIPT_SYNTAX, SCRIPT(db, "\x1bLua", NULL));
    CHECK_STATUS(RPMADB_OK, SCRIPT(db, "x = 1 string.rep = nil return 1", NULL));
    CHECK_STATUS(RPMADB_OK, SCRIPT(db, "return { x = type(x), rep = type(string.rep) }", NULL));
    CHECK_TEXT("nil", "/result/x");
    CHECK_TEXT("function", "/result/rep");
    close_checked(db);
}

static void a_transaction_of_a_script_is_whole_or_not_there(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    sql(db, "CREATE TABLE t (a)");
    CHECK_STATUS(RPMADB_OK, SCRIPT(db, "db:transaction(function() db:exec('INSERT INTO t VALUES (1)') end)", NULL));
    CHECK_EQUAL(1, value(db, "SELECT count(*) FROM t"));
    CHECK_STATUS(RPMADB_SCRIPT_FAILED,
                 SCRIPT(db, "db:transaction(function() db:exec('INSERT INTO t VALUES (2)') error('x') end)", NULL));
    CHECK_STATUS(RPMADB_SCRIPT_TIMEOUT,
                 SCRIPT(db, "db:transaction(function() db:exec('DELETE FROM t') while true do end end)",
                        "{\"timeout_ms\":100}"));
    CHECK_STATUS(RPMADB_SCRIPT_FAILED, SCRIPT(db, "db:exec('BEGIN')", NULL));
    CHECK_EQUAL(1, value(db, "SELECT count(*) FROM t"));
    CHECK_STATUS(RPMADB_OK, SCRIPT(db, "db:exec('INSERT INTO t VALUES (3)')", NULL));
    CHECK_EQUAL(2, value(db, "SELECT count(*) FROM t"));
    close_checked(db);
}

static void a_script_runs_from_the_library_and_from_a_file(void) {
    rpmadb *db = open_checked(at("a.db"), BARE);
    rpmadb *reader = NULL;
    CHECK_STATUS(RPMADB_OK, rpmadb_scripts(db, NULL, NULL, &out));
    CHECK(has("/scripts/0/name") && has("/scripts/0/purpose") && has("/scripts/0/args") && has("/scripts/0/changes"));
    CHECK_STATUS(RPMADB_OK, rpmadb_script_file(db, "nightly_maintenance", NULL, NULL, &out));
    CHECK(has("/result/health") && has("/log/0"));
    write_text(at("own.lua"), "--! role: supervisor\n--! arg: days integer = 90 -- how long\n--! arg: who string! -- whom\n"
                              "return { job.args.days, job.args.who, job.role }\n");
    CHECK_STATUS(RPMADB_OK, rpmadb_script_file(db, at("own.lua"), "{\"args\":{\"who\":\"Ada\"}}", NULL, &out));
    CHECK_INT(90, "/result/0");
    CHECK_TEXT("Ada", "/result/1");
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_script_file(db, at("own.lua"), NULL, NULL, &out));
    CHECK_TEXT_HAS("args.who", "/error/message");
    write_text(at("bad.lua"), "--! role: admin\n--! timeout: soon\n");
    CHECK_STATUS(RPMADB_SCRIPT_SYNTAX, rpmadb_script_file(db, at("bad.lua"), NULL, NULL, &out));
    CHECK_TEXT("bad.lua", "/error/file");
    CHECK_INT(2, "/error/line");
    CHECK_INT(14, "/error/column");
    CHECK_STATUS(RPMADB_NOT_FOUND, rpmadb_script_file(db, "nightly_maintenence", NULL, NULL, &out));
    CHECK_TEXT_HAS("did you mean nightly_maintenance?", "/error/message");
    CHECK_STATUS(RPMADB_NOT_FOUND, rpmadb_script_file(db, at("none.lua"), NULL, NULL, &out));
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_script_file(db, at("."), NULL, NULL, &out));
    CHECK_STATUS(RPMADB_SAME_FILE, rpmadb_script_file(db, at("a.db"), NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_as(db, "reader", "supervisor", &reader, &out));
    CHECK_STATUS(RPMADB_DENIED, rpmadb_script_file(reader, "nightly_maintenance", NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_script_file(reader, at("own.lua"), "{\"args\":{\"who\":1}}", NULL, &out));
    CHECK_TEXT("1", "/result/1");
    CHECK_TEXT("supervisor", "/result/2");
    close_checked(reader);
    check_still_works(db);
    close_checked(db);
}

const struct test script_tests[] = {
    TEST(a_script_gives_its_result_and_its_log),
    TEST(errors_are_told_with_their_line),
    TEST(a_script_that_does_not_end_is_stopped),
    TEST(a_slow_pattern_is_stopped),
    TEST(the_lower_limit_holds),
    TEST(a_script_that_wants_too_much_memory_is_stopped),
    TEST(what_reaches_out_of_the_sandbox_is_not_there),
    TEST(a_transaction_of_a_script_is_whole_or_not_there),
    TEST(a_script_runs_from_the_library_and_from_a_file),
    {NULL, NULL},
};
