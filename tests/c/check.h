/*
 * The suite's tools: checks that say what was expected and what came, a folder for each test, a few shorthands.
 *
 * A failed check is counted and the test goes on. Every CHECK_STATUS call passes `&out`; the document stays in `out`
 * of this thread until its next CHECK_STATUS.
 */
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpmadb.h"

struct test {
    const char *name;
    void (*run)(void);
};

#define TEST(function) {#function, function}

/* One list a file, ended by a test without a name. */
extern const struct test lifecycle_tests[], folder_tests[], handle_tests[], verb_tests[], query_tests[], script_tests[],
    callback_tests[], operation_tests[], thread_tests[], report_tests[], process_tests[], back_tests[], history_tests[],
    archive_tests[], audit_tests[], monitor_tests[], hostile_tests[];

extern _Thread_local char *out;

/* Holds. */
#define CHECK(condition) check_true(__FILE__, __LINE__, #condition, (condition))

/* The call returns `expected`; it set `out`: to a report or NULL on success, to its error document on failure. */
#define CHECK_STATUS(expected, call) \
    (check_before(), check_status(__FILE__, __LINE__, #call, (expected), (call), true))

/* The same for a call without an out document. */
#define CHECK_PLAIN(expected, call) \
    (check_before(), check_status(__FILE__, __LINE__, #call, (expected), (call), false))

/* What `out` holds at an RFC 6901 pointer. */
#define CHECK_INT(expected, pointer) check_int(__FILE__, __LINE__, (pointer), (expected))
#define CHECK_TEXT(expected, pointer) check_text(__FILE__, __LINE__, (pointer), (expected), true)
#define CHECK_TEXT_HAS(expected, pointer) check_text(__FILE__, __LINE__, (pointer), (expected), false)

/* Two integers are equal; prints both. */
#define CHECK_EQUAL(expected, came) check_equal(__FILE__, __LINE__, #came, (int64_t)(expected), (int64_t)(came))

bool check_true(const char *file, int line, const char *text, bool holds);
bool check_equal(const char *file, int line, const char *text, int64_t expected, int64_t came);
void check_before(void);
bool check_status(const char *file, int line, const char *call, int32_t expected, int32_t came, bool has_out);
bool check_int(const char *file, int line, const char *pointer, int64_t expected);
bool check_text(const char *file, int line, const char *pointer, const char *expected, bool whole);
int failed_checks(void);

/* Whether `out` has anything at the pointer, null included. */
bool has(const char *pointer);
/* The integer at the pointer of `out`, or INT64_MIN. */
int64_t number(const char *pointer);
/* Releases the document of this thread; for the end of a thread. */
void drop_out(void);

/* The folder of the running test, and a path in it; the text is good for the next 31 calls on this thread. */
void enter_folder(const char *scratch, const char *test);
const char *at(const char *name);
/* printf into such a text. */
const char *format(const char *text, ...) __attribute__((format(printf, 1, 2)));

void write_bytes(const char *path, const void *bytes, size_t length);
void write_text(const char *path, const char *text);
/* Whether the file holds exactly these bytes. */
bool file_holds(const char *path, const void *bytes, size_t length);
bool exists(const char *path);
/* How many entries a folder has, hidden ones included. */
int entries(const char *folder);
/* How many backups have a manifest beside them; it is wrong that one has none. */
int backups_in(const char *folder);

int64_t now_ms(void);
void sleep_ms(int64_t ms);

/* A database without our tables opens in a fraction of a millisecond. */
#define BARE "{\"migrate\":false}"
/* Runs until it is stopped. */
#define ENDLESS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"

/* Opens, checked; NULL when it failed. */
rpmadb *open_checked(const char *path, const char *options);
void close_checked(rpmadb *db);
/* Runs a statement, checked; the report is in `out`. */
bool sql(rpmadb *db, const char *statement);
/* The integer that a statement gives, checked. */
int64_t value(rpmadb *db, const char *statement);
/* An operation with a limit, so that a test of a call that never ends does end. */
rpmadb_op *op_with_limit(uint64_t timeout_ms);

#endif
