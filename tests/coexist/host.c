/* A host with a SQLite of its own: linked to the system's libsqlite3 and to librpmadb, which has another inside.
 *
 *   host SCENE MODE JOURNAL FOLDER [MILLISECONDS SEED]
 *
 * FOLDER has migrations/ and gets t.db. What was acknowledged goes to the standard output, a name and a number a line; what is stored the
 * caller asks in a process of its own. `other` makes this program the other process of a scene. */

#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rpmadb.h"

static char path[4096], options[8192], self[4096];
static const char *mode, *journal;

static void say(const char *name, long long value) {
  printf("%s %lld\n", name, value);
  fflush(stdout);
}

static void must(int ok, const char *what) {
  if (!ok) {
    fprintf(stderr, "%s\n", what);
    exit(3);
  }
}

static long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* -- the host's own SQLite */

static sqlite3 *host_open(int busy_ms) {
  sqlite3 *own;
  must(sqlite3_open(path, &own) == SQLITE_OK, "the host's SQLite does not open");
  sqlite3_busy_timeout(own, busy_ms);
  return own;
}

static int host_run(sqlite3 *own, const char *sql) {
  char *message = NULL;
  int code = sqlite3_exec(own, sql, NULL, NULL, &message);
  if (code != SQLITE_OK && code != SQLITE_BUSY) fprintf(stderr, "host: %s: %s\n", sql, message);
  sqlite3_free(message);
  return code;
}

static void host_prepare(void) {
  char sql[256];
  sqlite3 *own = host_open(2000);
  snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s; PRAGMA synchronous=off;", journal);
  must(host_run(own, sql) == SQLITE_OK, "no journal mode");
  must(host_run(own, "CREATE TABLE t (a, pad); CREATE TABLE counter (n); INSERT INTO counter VALUES (0);"
                     "INSERT INTO t VALUES ('begin', zeroblob(5000))") == SQLITE_OK, "no tables");
  sqlite3_close(own);
}

/* -- the library */

static rpmadb *ours_open(int *status) {
  rpmadb *db = NULL;
  char *out = NULL;
  int32_t found = rpmadb_open(path, options, NULL, &db, &out);
  if (found != RPMADB_OK && status == NULL) {
    fprintf(stderr, "the library does not open: %s\n", out);
    exit(3);
  }
  if (status != NULL) *status = found;
  rpmadb_free(out);
  return db;
}

static int ours_run(rpmadb *db, const char *sql) {
  char *out = NULL;
  int32_t status = rpmadb_query(db, sql, NULL, NULL, NULL, &out);
  if (status != RPMADB_OK && status != RPMADB_BUSY) fprintf(stderr, "library: %s: %s\n", sql, out);
  rpmadb_free(out);
  return status;
}

static int ours_migrate(rpmadb *db) {
  char *out = NULL;
  int32_t status = rpmadb_migrate(db, "{\"lock_timeout_ms\": 100, \"backup\": false}", NULL, &out);
  if (status != RPMADB_OK && status != RPMADB_BUSY) fprintf(stderr, "migrate: %s\n", out);
  rpmadb_free(out);
  return status;
}

/* -- the other process */

static int other(const char *what, int milliseconds, FILE **stream, pid_t *process) {
  int ends[2];
  must(pipe(ends) == 0, "no pipe");
  pid_t child = fork();
  must(child >= 0, "no other process");
  if (child == 0) {
    char number[32];
    snprintf(number, sizeof number, "%d", milliseconds);
    dup2(ends[1], 1);
    close(ends[0]);
    execl(self, self, "other", what, path, number, (char *)NULL);
    _exit(3);
  }
  close(ends[1]);
  *stream = fdopen(ends[0], "r");
  *process = child;
  return 0;
}

static long long answer(FILE *stream, pid_t process) {
  long long found = -1;
  int status;
  if (fscanf(stream, "%lld", &found) != 1) found = -1;
  fclose(stream);
  waitpid(process, &status, 0);
  return found;
}

/* Whether the other process could insert a row. */
static int other_inserts(void) {
  FILE *stream;
  pid_t process;
  other("insert", 0, &stream, &process);
  return (int)answer(stream, process);
}

static int be_other(char **arguments) {
  snprintf(path, sizeof path, "%s", arguments[3]);
  long long until = now_ms() + atoll(arguments[4]), count = 0;
  sqlite3 *own = host_open(strcmp(arguments[2], "insert") == 0 ? 100 : 1000);
  host_run(own, "PRAGMA synchronous=off");
  if (strcmp(arguments[2], "insert") == 0) {
    printf("%d\n", host_run(own, "INSERT INTO t VALUES ('other', zeroblob(3000))") == SQLITE_OK);
    /* without the close a row in the log would be folded in and the scene with it */
    fflush(stdout);
    _exit(0);
  }
  while (now_ms() < until) {
    count += host_run(own, "UPDATE counter SET n = n + 1") == SQLITE_OK;
  }
  printf("%lld\n", count);
  sqlite3_close(own);
  return 0;
}

/* -- scenes */

/* The host has written and not committed when the library migrates. */
static void migrate_beside_a_writer(void) {
  sqlite3 *own = host_open(100);
  host_run(own, "PRAGMA synchronous=off");
  rpmadb *db = ours_open(NULL);
  must(host_run(own, "BEGIN IMMEDIATE; INSERT INTO t VALUES ('host', zeroblob(9000))") == SQLITE_OK, "no transaction");
  int first = ours_migrate(db);
  say("first", first);
  int committed = host_run(own, "COMMIT");
  say("host", committed == SQLITE_OK);
  int second = first == RPMADB_OK ? RPMADB_OK : ours_migrate(db);
  say("migrated", second == RPMADB_OK);
  /* what the host writes next it writes from what it knows of the file */
  say("host_again", host_run(own, "INSERT INTO t VALUES ('host', zeroblob(9000))") == SQLITE_OK);
  rpmadb_close(&db);
  sqlite3_close(own);
}

/* The host has written and not committed when the library reads; then another process writes. */
static void read_beside_a_writer(void) {
  sqlite3 *own = host_open(100);
  host_run(own, "PRAGMA synchronous=off");
  must(host_run(own, "BEGIN IMMEDIATE; INSERT INTO t VALUES ('host', zeroblob(9000))") == SQLITE_OK, "no transaction");
  rpmadb *db = ours_open(NULL);
  say("read", ours_run(db, "SELECT count(*) FROM t") == RPMADB_OK);
  rpmadb_close(&db);
  int inserted = other_inserts();
  say("other_meanwhile", inserted);
  say("host", host_run(own, "COMMIT") == SQLITE_OK);
  if (inserted == 0) inserted = other_inserts();
  say("other", inserted);
  sqlite3_close(own);
}

/* The host has the database open, and rows in its log, when the library closes it. */
static void close_beside_a_reader(void) {
  struct stat;
  sqlite3 *own = host_open(100);
  must(host_run(own, "PRAGMA synchronous=off; INSERT INTO t VALUES ('host', zeroblob(9000))") == SQLITE_OK, "no row");
  rpmadb *db = ours_open(NULL);
  say("read", ours_run(db, "SELECT count(*) FROM t") == RPMADB_OK);
  rpmadb_close(&db);
  char log[4200];
  snprintf(log, sizeof log, "%s-wal", path);
  say("log", access(log, F_OK) == 0);
  say("host", host_run(own, "INSERT INTO t VALUES ('host', zeroblob(9000))") == SQLITE_OK);
  say("other", other_inserts());
  say("host_again", host_run(own, "INSERT INTO t VALUES ('host', zeroblob(9000))") == SQLITE_OK);
  /* a host that dies closes nothing */
  fflush(stdout);
  _exit(0);
}

/* The host's close, the last of its own, while the library has the database open. */
static void host_closes_last(void) {
  rpmadb *db = ours_open(NULL);
  must(ours_run(db, "INSERT INTO t VALUES ('library', zeroblob(9000))") == RPMADB_OK, "no row");
  sqlite3 *own = host_open(100);
  must(host_run(own, "SELECT count(*) FROM t") == SQLITE_OK, "no read");
  sqlite3_close(own);
  char log[4200];
  snprintf(log, sizeof log, "%s-wal", path);
  say("log", access(log, F_OK) == 0);
  say("library", ours_run(db, "INSERT INTO t VALUES ('library', zeroblob(9000))") == RPMADB_OK);
  say("other", other_inserts());
  say("library_again", ours_run(db, "INSERT INTO t VALUES ('library', zeroblob(9000))") == RPMADB_OK);
  fflush(stdout);
  _exit(0);
}

static atomic_llong acknowledged;
static long long until;

static void *host_thread(void *seed) {
  unsigned random = (unsigned)(size_t)seed;
  while (now_ms() < until) {
    sqlite3 *own = host_open(1000);
    host_run(own, "PRAGMA synchronous=off");
    for (int left = (int)(rand_r(&random) % 60); left > 0 && now_ms() < until; left--) {
      if (rand_r(&random) % 4 == 0) {
        host_run(own, "SELECT * FROM counter");
      } else if (host_run(own, "UPDATE counter SET n = n + 1") == SQLITE_OK) {
        acknowledged++;
      }
    }
    sqlite3_close(own);
  }
  return NULL;
}

static void *library_thread(void *seed) {
  unsigned random = (unsigned)(size_t)seed;
  while (now_ms() < until) {
    rpmadb *db = ours_open(NULL);
    for (int left = (int)(rand_r(&random) % 60); left > 0 && now_ms() < until; left--) {
      if (rand_r(&random) % 4 == 0) {
        ours_run(db, "SELECT * FROM counter");
      } else if (ours_run(db, "UPDATE counter SET n = n + 1") == RPMADB_OK) {
        acknowledged++;
      }
    }
    rpmadb_close(&db);
  }
  return NULL;
}

static void stress(int milliseconds, unsigned seed) {
  pthread_t threads[4];
  FILE *stream;
  pid_t process;
  until = now_ms() + milliseconds;
  other("count", milliseconds, &stream, &process);
  for (size_t at = 0; at < 4; at++) {
    pthread_create(&threads[at], NULL, at % 2 ? library_thread : host_thread, (void *)(size_t)(seed * 4 + at));
  }
  for (size_t at = 0; at < 4; at++) pthread_join(threads[at], NULL);
  long long others = answer(stream, process);
  say("here", acknowledged);
  say("other", others);
  say("acknowledged", acknowledged + others);
}

/* How many descriptors this process has. */
static int descriptors(void) {
  int count = 0;
  DIR *folder = opendir("/proc/self/fd");
  while (readdir(folder) != NULL) count++;
  closedir(folder);
  return count;
}

static void cycles(int count) {
  int early = 0, most = 0;
  for (int at = 0; at < count; at++) {
    rpmadb *db = ours_open(NULL);
    ours_run(db, at % 2 ? "INSERT INTO t VALUES ('library', 1)" : "SELECT * FROM counter");
    rpmadb_close(&db);
    int now = descriptors();
    if (at == 20) early = now;
    if (now > most) most = now;
  }
  say("early", early);
  say("late", descriptors());
  say("most", most);
}

int main(int count, char **arguments) {
  must(readlink("/proc/self/exe", self, sizeof self - 1) > 0, "no name");
  must(count >= 5, "host SCENE MODE JOURNAL FOLDER [MILLISECONDS SEED]");
  if (strcmp(arguments[1], "other") == 0) return be_other(arguments);
  const char *scene = arguments[1], *folder = arguments[4];
  mode = arguments[2], journal = arguments[3];
  snprintf(path, sizeof path, "%s/t.db", folder);
  snprintf(options, sizeof options,
           "{\"migrations\": \"%s/migrations\", \"migrate\": false, \"journal_mode\": \"%s\", \"foreign_sqlite\": \"%s\","
           " \"busy_timeout_ms\": 1000, \"synchronous\": \"off\"}",
           folder, journal, mode);
  int number = count > 5 ? atoi(arguments[5]) : 0;
  if (access(path, F_OK) != 0) host_prepare();
  if (strcmp(scene, "migrate") == 0) migrate_beside_a_writer();
  else if (strcmp(scene, "read") == 0) read_beside_a_writer();
  else if (strcmp(scene, "close") == 0) close_beside_a_reader();
  else if (strcmp(scene, "host-last") == 0) host_closes_last();
  else if (strcmp(scene, "stress") == 0) stress(number, count > 6 ? (unsigned)atoi(arguments[6]) : 1);
  else if (strcmp(scene, "cycles") == 0) cycles(number);
  else must(0, "no such scene");
  return 0;
}
