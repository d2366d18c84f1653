/*
 * Runs the tests: `suite SCRATCH [PART]`, where SCRATCH is an empty folder and only tests whose names hold PART run.
 * One line a test, a closing line with the counts, exit status 1 when a test failed. Nothing is written to stderr, so
 * whatever comes there is the library's.
 */
#include "check.h"

#include <unistd.h>

/* A test that hangs ends the run here; its name is the last that was printed. */
enum { LONGEST_TEST_S = 120 };

int main(int count, char **arguments) {
    const struct test *lists[] = {
        lifecycle_tests, folder_tests,    handle_tests, verb_tests,   query_tests,   script_tests,
        callback_tests,  operation_tests, thread_tests, report_tests, process_tests,
        back_tests,      history_tests,   archive_tests, audit_tests,  monitor_tests, hostile_tests,
    };
    int passed = 0, failed = 0;
    if (count < 2) {
        printf("usage: %s SCRATCH [PART]\n", arguments[0]);
        return 2;
    }
    for (size_t list = 0; list < sizeof lists / sizeof *lists; list++) {
        for (const struct test *test = lists[list]; test->name; test++) {
            if (count > 2 && !strstr(test->name, arguments[2])) {
                continue;
            }
            int before = failed_checks();
            int64_t start = now_ms();
            printf("%s ... ", test->name);
            fflush(stdout);
            enter_folder(arguments[1], test->name);
            alarm(LONGEST_TEST_S);
            test->run();
            alarm(0);
            drop_out();
            bool fits = failed_checks() == before;
            printf("%s (%lld ms)\n", fits ? "ok" : "\n  FAILED", (long long)(now_ms() - start));
            fflush(stdout);
            passed += fits;
            failed += !fits;
        }
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0 || passed == 0;
}
