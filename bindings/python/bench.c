/* The bare C call, for bench.py: microseconds that one call takes, one line a round. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "rpmadb.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

/* bench DATABASE CALLS: a line on the input is a round of "query" or "health". */
int main(int argc, char **argv) {
  rpmadb *db = NULL;
  char *out = NULL, line[32];
  long calls = 0;
  if (argc != 3 || sscanf(argv[2], "%ld", &calls) != 1) return 2;
  if (rpmadb_open(argv[1], NULL, NULL, &db, &out) != RPMADB_OK) {
    fprintf(stderr, "%s\n", out);
    return 1;
  }
  rpmadb_free(out);
  while (fgets(line, sizeof line, stdin)) {
    int query = strncmp(line, "query", 5) == 0;
    double begun = now();
    for (long i = 0; i < calls; i++) {
      int32_t status = query ? rpmadb_query(db, "SELECT 1", NULL, NULL, NULL, &out) : rpmadb_health(db, NULL, NULL, &out);
      if (status != RPMADB_OK) return 1;
      rpmadb_free(out);
    }
    printf("%f\n", (now() - begun) / calls);
    fflush(stdout);
  }
  return rpmadb_close(&db);
}
