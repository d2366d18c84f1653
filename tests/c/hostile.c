/*
 * Every script of tests/hostile/scripts, each under a limit of time and of memory: it must end as its first line says, and leave
 * nothing: no lock, no changed row, no file, no thread, no descriptor, no memory, and a handle that works.
 *
 * A file holds scripts one after the other, each behind a line "--# what it does: EXPECTED", where EXPECTED is the name of a status
 * or several with | between them; OK may be followed by the result, and all by "as supervisor".
 */
#include "check.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
/* What is freed is kept for a while, so that memory tells nothing. */
enum { ROUNDS = 1, MOST_LEFT_KIB = 1 << 20, MOST_PEAK_KIB = 1 << 20 };
#else
enum { ROUNDS = 2, MOST_LEFT_KIB = 48 << 10, MOST_PEAK_KIB = 160 << 10 };
#endif
/* For scripts that must reach the limit, and for those that must not. */
#ifdef __SANITIZE_ADDRESS__
/* everything takes several times as long there */
enum { LATE_MS = 10000 };
#else
enum { LATE_MS = 2000 };
#endif
enum { SHORT_MS = 100, LONG_MS = 30000 };
#define MEMORY_BYTES "8388608"

struct hostile {
    char name[256];
    char expected[256];
    bool as_supervisor;
    char *source;
};

enum { MOST_SCRIPTS = 1000 };
static struct hostile scripts[MOST_SCRIPTS];
static int count;

/* The folder beside this file's. */
static const char *scripts_folder(void) {
    static char folder[4096];
    snprintf(folder, sizeof folder, "%s", __FILE__);
    char *end = strrchr(folder, '/');
    snprintf(end ? end : folder, (size_t)(folder + sizeof folder - (end ? end : folder)), "/../hostile/scripts");
    return folder;
}

/* Reads "name: EXPECTED as supervisor"; the last colon that a status follows ends the name. */
static void read_head(struct hostile *script, const char *line, size_t length) {
    char head[600];
    snprintf(head, sizeof head, "%.*s", (int)length, line);
    char *colon = NULL;
    for (char *at = strstr(head, ": "); at && !colon; at = strstr(at + 1, ": ")) {
        colon = strncmp(at + 2, "OK", 2) == 0 || strncmp(at + 2, "SCRIPT_", 7) == 0 ? at : NULL;
    }
    if (!CHECK(colon != NULL)) {
        printf("\n    in: %s", head);
        return;
    }
    *colon = '\0';
    char *role = strstr(colon + 2, " as supervisor");
    script->as_supervisor = role != NULL;
    if (role) {
        *role = '\0';
    }
    snprintf(script->name, sizeof script->name, "%.250s", head);
    snprintf(script->expected, sizeof script->expected, "%.250s", colon + 2);
}

static void read_file(const char *path) {
    static char text[1 << 20];
    FILE *file = fopen(path, "rb");
    if (!CHECK(file != NULL)) {
        return;
    }
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    CHECK(length < sizeof text - 1 && strncmp(text, "--# ", 4) == 0);
    for (char *at = text; at && count < MOST_SCRIPTS;) {
        char *head = at + 4, *line_end = strchr(head, '\n');
        if (!CHECK(line_end != NULL)) {
            return;
        }
        char *next = strstr(line_end, "\n--# ");
        struct hostile *script = &scripts[count++];
        read_head(script, head, (size_t)(line_end - head));
        size_t size = next ? (size_t)(next - line_end - 1) : strlen(line_end + 1);
        script->source = strndup(line_end + 1, size);
        at = next ? next + 1 : NULL;
    }
}

static void read_scripts(void) {
    DIR *folder = opendir(scripts_folder());
    if (!CHECK(folder != NULL) || count) {
        return;
    }
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        size_t length = strlen(entry->d_name);
        if (length > 4 && strcmp(entry->d_name + length - 4, ".lua") == 0) {
            read_file(format("%s/%s", scripts_folder(), entry->d_name));
        }
    }
    closedir(folder);
    CHECK(count >= 300 && count < MOST_SCRIPTS);
}

static void drop_scripts(void) {
    while (count > 0) {
        free(scripts[--count].source);
    }
}

/* A number of /proc/self/status, in KiB. */
static int64_t status_of_process(const char *name) {
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    int64_t found = 0;
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, strlen(name)) == 0) {
            found = strtoll(line + strlen(name), NULL, 10);
        }
    }
    if (file) {
        fclose(file);
    }
    return found;
}

/* From now on VmHWM counts from what is in use; where that is not allowed it is what it was. */
static void reset_peak(void) {
    int file = open("/proc/self/clear_refs", O_WRONLY);
    if (file >= 0) {
        ssize_t ignored = write(file, "5", 1);
        (void)ignored;
        close(file);
    }
}

/* Whether the document's result is `expected`, white space between its parts aside. */
static bool result_is(const char *expected) {
    const char *at = out ? strstr(out, "\"result\":") : NULL;
    bool in_text = false;
    if (!at) {
        return false;
    }
    at += strlen("\"result\":");
    for (; *expected; at++) {
        if (!in_text && isspace((unsigned char)*at)) {
            continue;
        }
        if (*at != *expected) {
            return false;
        }
        in_text = in_text != (*at == '"' && at[-1] != '\\');
        expected++;
    }
    return *at == ',' || isspace((unsigned char)*at);
}

/* Whether a status is one of those that the script may end with. */
static bool is_expected(const struct hostile *script, int32_t status) {
    const char *name = status == RPMADB_OK ? "OK" : rpmadb_status_name(status);
    size_t length = strlen(name);
    for (const char *at = script->expected; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
        if (strncmp(at, name, length) == 0 && (at[length] == '\0' || at[length] == '|')) {
            return true;
        }
        if (status == RPMADB_OK && strncmp(at, "OK ", 3) == 0) {
            return result_is(at + 3);
        }
    }
    return false;
}

/* Everything that a script could have changed, as one text to be freed; NULL when the table is gone. */
static char *contents(rpmadb *db) {
    char *found = NULL;
    const char *all =
        "SELECT (SELECT group_concat(type || name || coalesce(sql, ''), char(10)) FROM (SELECT * FROM sqlite_schema ORDER BY name)) "
            "|| (SELECT coalesce(group_concat(quote(a) || quote(b)), 0) FROM (SELECT a, b FROM t ORDER BY a)) "
            "|| (SELECT group_concat(quote(version) || quote(name)) FROM (SELECT * FROM rpmadb_migrations ORDER BY version)) "
            "|| (SELECT user_version FROM pragma_user_version) || (SELECT journal_mode FROM pragma_journal_mode)";
    drop_out();
    if (rpmadb_query(db, all, NULL, NULL, NULL, &out) == RPMADB_OK) {
        CHECK(rpmadb_json_text(out, "/rows/0/0", &found) == RPMADB_OK);
    }
    return found;
}

/* What the process has: threads, descriptors, entries of the folder. */
struct having {
    int threads, descriptors, files;
};

static struct having having(void) {
    return (struct having){entries("/proc/self/task"), entries("/proc/self/fd"), entries(at("."))};
}

/* Whether there is no more than before, waiting a little for a thread that is about to end. */
static bool has_no_more(struct having before) {
    struct having now = having();
    for (int tries = 0; tries < 100; tries++) {
        if (now.threads <= before.threads && now.descriptors <= before.descriptors && now.files <= before.files) {
            return true;
        }
        sleep_ms(10);
        now = having();
    }
    printf("\n    before: %d threads, %d descriptors, %d files; now: %d, %d, %d", before.threads, before.descriptors, before.files,
           now.threads, now.descriptors, now.files);
    return false;
}

struct scene {
    rpmadb *admin, *supervisor, *other;
    char *contents;
    struct having before;
};

static struct scene open_scene(const char *name) {
    struct scene scene = {NULL, NULL, NULL, NULL, {0, 0, 0}};
    scene.admin = open_checked(at(name), "{\"pool\":{\"max\":4,\"min_idle\":4}}");
    sql(scene.admin, "CREATE TABLE t (a, b)");
    sql(scene.admin, "INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, 'three')");
    CHECK_STATUS(RPMADB_OK, rpmadb_as(scene.admin, "sue", "supervisor", &scene.supervisor, &out));
    /* the lock must be free at once */
    scene.other = open_checked(at(name), "{\"migrate\":false,\"busy_timeout_ms\":0,\"pool\":{\"max\":1,\"min_idle\":1}}");
    sql(scene.other, "DELETE FROM users WHERE 0");
    scene.contents = contents(scene.other);
    /* all readers are open from here on */
    const char *warm_up = "local t = {} return pcall(function() for i = 1, 50 do t[i] = db:urows('SELECT a FROM t') t[i]() end end)";
    CHECK_STATUS(RPMADB_OK, rpmadb_script(scene.admin, warm_up, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_script(scene.supervisor, warm_up, NULL, NULL, &out));
    scene.before = having();
    return scene;
}

static void close_scene(struct scene *scene) {
    rpmadb_free(scene->contents);
    close_checked(scene->other);
    close_checked(scene->supervisor);
    close_checked(scene->admin);
}

/* Whether the rows and the schema are those of the beginning. */
static bool is_unchanged(const struct scene *scene) {
    char *now = contents(scene->other);
    bool is = now && scene->contents && strcmp(now, scene->contents) == 0;
    rpmadb_free(now);
    return is;
}

/* Nothing is left of the last script. */
static bool left_nothing(struct scene *scene) {
    bool fits = CHECK_STATUS(RPMADB_OK, rpmadb_query(scene->other, "DELETE FROM users WHERE 0", NULL, NULL, NULL, &out));
    const char *follow_up = "local sum = 0\n"
                            "for a in db:urows('SELECT a FROM t') do sum = sum + a end\n"
                            "return db:transaction(function() return sum + db:value('SELECT count(*) FROM t') end)";
    fits = CHECK_STATUS(RPMADB_OK, rpmadb_script(scene->admin, follow_up, NULL, NULL, &out)) && fits;
    fits = CHECK_INT(9, "/result") && fits;
    fits = CHECK(is_unchanged(scene)) && fits;
    fits = CHECK(has_no_more(scene->before)) && fits;
    /* what is wrong after one script is not the fault of the next */
    rpmadb_free(scene->contents);
    scene->contents = contents(scene->other);
    scene->before = having();
    return fits;
}

static void run_hostile(struct scene *scene, const struct hostile *script) {
    bool may_time_out = strstr(script->expected, "SCRIPT_TIMEOUT") != NULL;
    int64_t limit = may_time_out ? SHORT_MS : LONG_MS;
    const char *options = format("{\"timeout_ms\":%d,\"memory_bytes\":" MEMORY_BYTES ",\"name\":\"hostile.lua\"}", (int)limit);
    reset_peak();
    int64_t memory = status_of_process("VmRSS:"), start = now_ms();
    drop_out();
    int32_t status = rpmadb_script(script->as_supervisor ? scene->supervisor : scene->admin, script->source, options, NULL, &out);
    int64_t took = now_ms() - start, peak = status_of_process("VmHWM:");
    bool fits = CHECK(is_expected(script, status)) && CHECK(took < limit + LATE_MS);
    fits = CHECK(peak - memory < MOST_PEAK_KIB) && fits;
    fits = left_nothing(scene) && fits;
    if (!fits) {
        printf("\n    in: %s: expected %s, came %s after %lld ms, peak %lld KiB over %lld", script->name, script->expected,
               rpmadb_status_name(status), (long long)took, (long long)(peak - memory), (long long)memory);
    }
    if (getenv("RPMADB_TEST_VERBOSE")) {
        printf("\n  %s: %s, %lld ms, %lld KiB", script->name, rpmadb_status_name(status), (long long)took, (long long)(peak - memory));
    }
}

static void hostile_scripts_end_as_they_must_and_leave_nothing(void) {
    read_scripts();
    struct scene scene = open_scene("a.db");
    int64_t memory[2] = {0, 0};
    for (int round = 0; round < ROUNDS; round++) {
        for (int index = 0; index < count; index++) {
            alarm(120);
            run_hostile(&scene, &scripts[index]);
        }
        memory[round] = status_of_process("VmRSS:");
    }
    if (!CHECK(memory[1] - memory[0] < MOST_LEFT_KIB)) {
        printf("\n    %lld KiB after the first round, %lld after the second", (long long)memory[0], (long long)memory[1]);
    }
    close_scene(&scene);
    drop_scripts();
}

/* A number of a generator that is the same in every run with one seed. */
static uint64_t next_number(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Lines that reach into the library, to be put between those of other scripts. */
static const char *const calls[] = {
    "local rest = db:urows('SELECT a FROM t') rest()",
    "kept = kept or {} kept[#kept + 1] = db:nrows('SELECT * FROM t')",
    "for row in db:nrows('SELECT * FROM t') do pcall(db.exec, db, 'DELETE FROM t WHERE a = ?', row.a) end",
    "pcall(db.transaction, db, function() db:exec('DELETE FROM t') error('no') end)",
    "statement = statement or db:prepare('SELECT count(*) FROM t WHERE a > ?')",
    "if statement then pcall(statement.query, statement, 1) pcall(statement.run, statement, 1) end",
    "if statement then statement:close() statement = nil end",
    "co = coroutine.wrap(function() for a in db:urows('SELECT a FROM t') do coroutine.yield(a) end end) co()",
    "if co then pcall(co) end",
    "local c <close> = setmetatable({}, { __close = function() pcall(db.value, db, 'SELECT 1') end })",
    "pcall(function() return kept[1]() end)",
    "kept = nil",
    "local s = ('x'):rep(100000) pcall(db.value, db, 'SELECT hex(?)', s)",
    "pcall(json.decode, json.encode({ 1, { a = 'x' }, json.null }))",
    "pcall(error, setmetatable({}, { __index = function() return db end }))",
    "pcall(db.query, db, 'SELECT ?, :a', { 1, a = 2 })",
    "job.progress(1, 2, 'x')",
    "log.info('%s', 'x')",
    "pcall(db.script, db, 'DELETE FROM t; no;')",
    "pcall(db.stats, db)",
    "do return db:value('SELECT count(*) FROM t') end",
    "goto done ::done::",
    "while true do end",
    "error('no')",
};

/* Appends a few lines of another script, a call, or some bytes of either. */
static void add_piece(char *text, size_t size, uint64_t *state) {
    const char *from = next_number(state) % 3 ? calls[next_number(state) % (sizeof calls / sizeof *calls)]
                                              : scripts[next_number(state) % (uint64_t)count].source;
    size_t length = strlen(from), at = 0, used = strlen(text);
    if (next_number(state) % 8 == 0) {
        at = next_number(state) % (length + 1);
        length = at + next_number(state) % (length - at + 1);
    }
    if (used + length - at + 2 < size) {
        memcpy(text + used, from + at, length - at);
        strcpy(text + used + length - at, "\n");
    }
}

/* A script made of pieces; every other one is one that compiles, as a rule, because each piece is a function. */
static void make_script(char *text, size_t size, uint64_t *state) {
    uint64_t pieces = 1 + next_number(state) % 6;
    bool is_wrapped = next_number(state) % 2, in_transaction = next_number(state) % 3 == 0;
    strcpy(text, in_transaction ? "db:transaction(function()\n" : "");
    for (uint64_t piece = 0; piece < pieces; piece++) {
        if (is_wrapped) {
            bool is_pcall = next_number(state) % 2;
            strcat(text, is_pcall ? "pcall(function()\n" : "coroutine.wrap(function()\n");
            add_piece(text, size - 200, state);
            strcat(text, is_pcall ? "end)\n" : "end)()\n");
        } else {
            add_piece(text, size - 200, state);
        }
    }
    strcat(text, in_transaction ? "error('no') end)\n" : "");
    if (next_number(state) % 8 == 0 && *text) {
        text[next_number(state) % strlen(text)] = (char)(1 + next_number(state) % 255);
    }
}

/*
 * Scripts made of pieces of the others, 60 of them or as many as RPMADB_TEST_ROUNDS says; RPMADB_TEST_SEED repeats a run. Where
 * one commits something the next begins with a new file.
 */
static void hostile_scripts_cut_to_pieces_leave_nothing_either(void) {
    static char text[1 << 16];
    const char *rounds_text = getenv("RPMADB_TEST_ROUNDS"), *seed_text = getenv("RPMADB_TEST_SEED");
    int64_t rounds = rounds_text ? strtoll(rounds_text, NULL, 10) : 60;
    uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : (uint64_t)now_ms();
    uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
    read_scripts();
    struct scene scene = open_scene("0.db");
    printf("seed %llu ", (unsigned long long)seed);
    for (int64_t round = 0; round < rounds; round++) {
        alarm(120);
        make_script(text, sizeof text, &state);
        int before = failed_checks();
        int64_t start = now_ms();
        drop_out();
        const char *options = "{\"timeout_ms\":100,\"memory_bytes\":" MEMORY_BYTES "}";
        int32_t status = rpmadb_script(next_number(&state) % 8 ? scene.admin : scene.supervisor, text, options, NULL, &out);
        const char *name = rpmadb_status_name(status);
        CHECK(status == RPMADB_OK || status == RPMADB_INVALID_UTF8 || strncmp(name, "SCRIPT_", 7) == 0);
        CHECK(now_ms() - start < 100 + LATE_MS);
        if (!is_unchanged(&scene)) {
            CHECK_STATUS(RPMADB_OK, rpmadb_query(scene.other, "DELETE FROM users WHERE 0", NULL, NULL, NULL, &out));
            close_scene(&scene);
            scene = open_scene(format("%lld.db", (long long)round + 1));
        }
        left_nothing(&scene);
        if (failed_checks() != before) {
            printf("\n    seed %llu, round %lld, came %s after %lld ms, in:\n%s", (unsigned long long)seed, (long long)round,
                   rpmadb_status_name(status), (long long)(now_ms() - start), text);
            break;
        }
    }
    close_scene(&scene);
    drop_scripts();
}

/* What SQLite allocates for a script is limited, but not the rows of a database in memory, as long as no statement adds too much. */
static void a_database_in_memory_grows_beyond_the_memory_of_a_script(void) {
    rpmadb *db = open_checked(":memory:", BARE);
    const char *options = "{\"memory_bytes\":" MEMORY_BYTES "}";
    const char *grow = "db:exec('CREATE TABLE big (a)')\n"
                       "db:transaction(function() for i = 1, 30 do db:exec('INSERT INTO big VALUES (zeroblob(3000000))') end end)\n"
                       "return db:value('SELECT sum(length(a)) FROM big')";
    CHECK_STATUS(RPMADB_OK, rpmadb_script(db, grow, options, NULL, &out));
    CHECK_INT(90000000, "/result");
    const char *columns = "local c = {} for i = 1, 1900 do c[i] = 'hex(zeroblob(1900000))' end\n"
                          "return db:value('SELECT ' .. table.concat(c, ','))";
    CHECK_STATUS(RPMADB_SCRIPT_MEMORY, rpmadb_script(db, columns, options, NULL, &out));
    CHECK_EQUAL(30, value(db, "SELECT count(*) FROM big"));
    close_checked(db);
}

/* A temporary object would live on for whoever writes next, and an attached file is out of everybody's sight. */
static void a_query_attaches_nothing_and_makes_nothing_temporary(void) {
    static const char *const refused[] = {
        "ATTACH 'b.db' AS b",         "ATTACH 'b' || '.db' AS b",      "ATTACH lower('B.DB') AS b", "DETACH 'ma' || 'in'",
        "CREATE TABLE temp.x (a)",    "CREATE TABLE \"Temp\".x (a)",   "CREATE VIEW temp.t AS SELECT 1",
        "CREATE TRIGGER temp.x AFTER INSERT ON t BEGIN SELECT 1; END", "ALTER TABLE t RENAME TO rpmadb_t",
    };
    rpmadb *db = open_checked(at("a.db"), BARE);
    sql(db, "CREATE TABLE t (a)");
    for (size_t index = 0; index < sizeof refused / sizeof *refused; index++) {
        if (!CHECK_STATUS(RPMADB_UNSUPPORTED, rpmadb_query(db, refused[index], NULL, NULL, NULL, &out))) {
            printf("\n    in: %s", refused[index]);
        }
    }
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM temp.sqlite_schema"));
    CHECK_EQUAL(0, value(db, "SELECT count(*) FROM pragma_database_list WHERE name NOT IN ('main', 'temp')"));
    close_checked(db);
}

const struct test hostile_tests[] = {
    TEST(a_database_in_memory_grows_beyond_the_memory_of_a_script),
    TEST(a_query_attaches_nothing_and_makes_nothing_temporary),
    TEST(hostile_scripts_end_as_they_must_and_leave_nothing),
    TEST(hostile_scripts_cut_to_pieces_leave_nothing_either),
    {NULL, NULL},
};
