/* The call that the benchmarks of the bindings make, from C: prints the median in nanoseconds.
 *
 *     loop DATABASE [health]
 *
 * Without the second argument it is a query of a trivial statement. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rpmadb.h"

enum { CALLS = 5000 };

static int ascending(const void *a, const void *b) {
  long long x = *(const long long *)a, y = *(const long long *)b;
  return (x > y) - (x < y);
}

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv) {
  static long long took[CALLS];
  rpmadb *db = NULL;
  int health = argc > 2 && strcmp(argv[2], "health") == 0;
  if (argc < 2 || rpmadb_open(argv[1], NULL, NULL, &db, NULL) != RPMADB_OK) {
    return 1;
  }
  for (int i = 0; i < CALLS; i++) {
    char *report = NULL;
    long long start = now();
    int32_t status = health ? rpmadb_health(db, NULL, NULL, &report) : rpmadb_query(db, "SELECT 1", NULL, NULL, NULL, &report);
    rpmadb_free(report);
    took[i] = now() - start;
    if (status != RPMADB_OK) {
      return 1;
    }
  }
  qsort(took, CALLS, sizeof *took, ascending);
  printf("%lld\n", took[CALLS / 2]);
  return rpmadb_close(&db);
}
