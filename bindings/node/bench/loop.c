/* Times one trivial statement through the C API: the microseconds of each call, a line each. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "rpmadb.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int main(int argc, char **argv) {
  rpmadb *db = NULL;
  char *report = NULL;
  int rounds = argc > 1 ? atoi(argv[1]) : 1000;
  if (rpmadb_open(":memory:", "{\"migrate\":false}", NULL, &db, NULL) != RPMADB_OK) return 1;
  for (int i = 0; i < rounds; i++) {
    double start = now();
    if (rpmadb_query(db, "SELECT 1", NULL, NULL, NULL, &report) != RPMADB_OK) return 1;
    rpmadb_free(report);
    printf("%.3f\n", now() - start);
  }
  return rpmadb_close(&db) == RPMADB_OK ? 0 : 1;
}
