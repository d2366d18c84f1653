#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

_Thread_local char *out;

static char nothing_came[] = "(the call did not set out)";
static atomic_int failures;
static char folder[2048];

static void failed(const char *file, int line, const char *what) {
    atomic_fetch_add(&failures, 1);
    printf("\n  %s:%d: %s", file, line, what);
}

static void tell_out(void) {
    printf("\n    out: %s", out ? out : "NULL");
    fflush(stdout);
}

int failed_checks(void) {
    return atomic_load(&failures);
}

bool check_true(const char *file, int line, const char *text, bool holds) {
    if (!holds) {
        failed(file, line, text);
        printf(" does not hold");
        tell_out();
    }
    return holds;
}

bool check_equal(const char *file, int line, const char *text, int64_t expected, int64_t came) {
    if (expected != came) {
        failed(file, line, text);
        printf("\n    expected %lld, came %lld", (long long)expected, (long long)came);
        tell_out();
    }
    return expected == came;
}

void drop_out(void) {
    if (out != nothing_came) {
        rpmadb_free(out);
    }
    out = NULL;
}

void check_before(void) {
    drop_out();
    out = nothing_came;
}

/* Whether `out` is the error document of `status`. */
static bool is_error_document(int32_t status) {
    int64_t told = 0;
    char *name = NULL, *message = NULL;
    bool is = rpmadb_json_int(out, "/error/status", &told) == RPMADB_OK && told == status;
    is = rpmadb_json_text(out, "/error/name", &name) == RPMADB_OK && is &&
         strcmp(name, rpmadb_status_name(status)) == 0;
    is = rpmadb_json_text(out, "/error/message", &message) == RPMADB_OK && is && *message && !strchr(message, '\n');
    rpmadb_free(name);
    rpmadb_free(message);
    return is;
}

bool check_status(const char *file, int line, const char *call, int32_t expected, int32_t came, bool has_out) {
    const char *wrong = NULL;
    if (expected != came) {
        wrong = "the wrong status";
    } else if (has_out && out == nothing_came) {
        wrong = "out was not set";
    } else if (has_out && came != RPMADB_OK && !is_error_document(came)) {
        wrong = "out is not the error document of the status";
    } else if (has_out && came == RPMADB_OK && out && out[0] != '{') {
        wrong = "out is not a JSON object";
    }
    if (wrong) {
        failed(file, line, call);
        printf("\n    %s: expected %d %s, came %d %s", wrong, expected, rpmadb_status_name(expected), came,
               rpmadb_status_name(came));
        tell_out();
    }
    if (out == nothing_came) {
        out = NULL;
    }
    return !wrong;
}

bool check_int(const char *file, int line, const char *pointer, int64_t expected) {
    int64_t came = INT64_MIN;
    int32_t status = out ? rpmadb_json_int(out, pointer, &came) : RPMADB_NOT_FOUND;
    if (status != RPMADB_OK || came != expected) {
        failed(file, line, pointer);
        printf("\n    expected %lld, came %lld (%s)", (long long)expected, (long long)came, rpmadb_status_name(status));
        tell_out();
        return false;
    }
    return true;
}

bool check_text(const char *file, int line, const char *pointer, const char *expected, bool whole) {
    char *came = NULL;
    int32_t status = out ? rpmadb_json_text(out, pointer, &came) : RPMADB_NOT_FOUND;
    bool holds = came && (whole ? strcmp(came, expected) == 0 : strstr(came, expected) != NULL);
    if (!holds) {
        failed(file, line, pointer);
        printf("\n    expected %s'%s', came '%s' (%s)", whole ? "" : "something with ", expected, came ? came : "NULL",
               rpmadb_status_name(status));
        tell_out();
    }
    rpmadb_free(came);
    return holds;
}

bool has(const char *pointer) {
    int64_t ignored;
    return out && rpmadb_json_int(out, pointer, &ignored) != RPMADB_NOT_FOUND;
}

int64_t number(const char *pointer) {
    int64_t found = INT64_MIN;
    if (out) {
        (void)rpmadb_json_int(out, pointer, &found);
    }
    return found;
}

/* The next of 32 texts of this thread. */
static char *next_text(void) {
    static _Thread_local char texts[32][4096];
    static _Thread_local unsigned used;
    return texts[used++ % 32];
}

const char *format(const char *text, ...) {
    char *made = next_text();
    va_list arguments;
    va_start(arguments, text);
    vsnprintf(made, 4096, text, arguments);
    va_end(arguments);
    return made;
}

void enter_folder(const char *scratch, const char *test) {
    snprintf(folder, sizeof folder, "%s/%s", scratch, test);
    if (mkdir(folder, 0700) != 0) {
        printf("%s: %s\n", folder, strerror(errno));
        exit(2);
    }
}

const char *at(const char *name) {
    return format("%s/%s", folder, name);
}

void write_bytes(const char *path, const void *bytes, size_t length) {
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(bytes, 1, length, file) == length);
    CHECK(file && fclose(file) == 0);
}

void write_text(const char *path, const char *text) {
    write_bytes(path, text, strlen(text));
}

bool file_holds(const char *path, const void *bytes, size_t length) {
    static char held[1 << 16];
    FILE *file = fopen(path, "rb");
    if (!file) {
        return false;
    }
    size_t read = fread(held, 1, sizeof held, file);
    fclose(file);
    return read == length && memcmp(held, bytes, length) == 0;
}

bool exists(const char *path) {
    struct stat found;
    return lstat(path, &found) == 0;
}

int entries(const char *path) {
    DIR *opened = opendir(path);
    int count = 0;
    if (!opened) {
        return -1;
    }
    for (struct dirent *entry = readdir(opened); entry; entry = readdir(opened)) {
        size_t length = strlen(entry->d_name);
        /* every database that had a call has the anchors of its audit beside it */
        bool anchors = length > 6 && strcmp(entry->d_name + length - 6, "-audit") == 0;
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && !anchors;
    }
    closedir(opened);
    return count;
}

int backups_in(const char *path) {
    static const char suffix[] = ".manifest.json";
    DIR *opened = opendir(path);
    int count = 0;
    if (!opened) {
        return -1;
    }
    for (struct dirent *entry = readdir(opened); entry; entry = readdir(opened)) {
        size_t length = strlen(entry->d_name);
        bool is_manifest = length > sizeof suffix && strcmp(entry->d_name + length - sizeof suffix + 1, suffix) == 0;
        bool is_pin = length > 4 && strcmp(entry->d_name + length - 4, ".pin") == 0;
        if (entry->d_name[0] != '.' && !is_manifest && !is_pin) {
            count++;
            CHECK(exists(format("%s/%s%s", path, entry->d_name, suffix)));
        }
    }
    closedir(opened);
    return count;
}

int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void sleep_ms(int64_t ms) {
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

rpmadb *open_checked(const char *path, const char *options) {
    rpmadb *db = NULL;
    CHECK_STATUS(RPMADB_OK, rpmadb_open(path, options, NULL, &db, &out));
    CHECK(db != NULL);
    return db;
}

void close_checked(rpmadb *db) {
    CHECK_PLAIN(RPMADB_OK, rpmadb_close(&db));
    CHECK(db == NULL);
}

bool sql(rpmadb *db, const char *statement) {
    bool fits = CHECK_STATUS(RPMADB_OK, rpmadb_query(db, statement, NULL, NULL, NULL, &out));
    if (!fits) {
        printf("\n    in: %s", statement);
    }
    return fits;
}

int64_t value(rpmadb *db, const char *statement) {
    return sql(db, statement) ? number("/rows/0/0") : INT64_MIN;
}

rpmadb_op *op_with_limit(uint64_t timeout_ms) {
    rpmadb_op *op = NULL;
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_new(&op));
    CHECK_PLAIN(RPMADB_OK, rpmadb_op_set_timeout_ms(op, timeout_ms));
    return op;
}
