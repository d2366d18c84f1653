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

/* What was acknowledged outlives a process that is killed. */
static int acknowledgements = -1;

static void acknowledge(void) {
  if (acknowledgements < 0) {
    char name[4200];
    snprintf(name, sizeof name, "%s-acks", path);
    acknowledgements = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  }
  must(write(acknowledgements, "x", 1) == 1, "no acknowledgement");
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
  if (status != RPMADB_OK && status != RPMADB_BUSY && status != RPMADB_FOREIGN_SQLITE) fprintf(stderr, "library: %s: %s\n", sql, out);
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
    if (host_run(own, "UPDATE counter SET n = n + 1") == SQLITE_OK) {
      acknowledge();
      count++;
    }
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

static atomic_llong acknowledged, by_library;
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
        acknowledge();
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
        acknowledge();
        acknowledged++;
        by_library++;
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
  acknowledge(); /* one for nothing, before there are threads */
  other("count", milliseconds, &stream, &process);
  for (size_t at = 0; at < 4; at++) {
    pthread_create(&threads[at], NULL, at % 2 ? library_thread : host_thread, (void *)(size_t)(seed * 4 + at));
  }
  for (size_t at = 0; at < 4; at++) pthread_join(threads[at], NULL);
  long long others = answer(stream, process);
  say("library", by_library);
  say("host", acknowledged - by_library);
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


/* The other modes: what may be written, and when again. */
static void modes(void) {
  int status = 0;
  rpmadb *db = ours_open(&status);
  say("open_alone", status);
  say("write_alone", ours_run(db, "INSERT INTO t VALUES ('library', 1)"));
  sqlite3 *own = host_open(100);
  must(host_run(own, "SELECT count(*) FROM t") == SQLITE_OK, "no read");
  usleep(250 * 1000); /* a look before a write may be this old */
  say("read_beside", ours_run(db, "SELECT count(*) FROM t"));
  say("write_beside", ours_run(db, "INSERT INTO t VALUES ('library', 1)"));
  say("migrate_beside", ours_migrate(db));
  char *out = NULL;
  must(rpmadb_health(db, NULL, NULL, &out) == RPMADB_OK, "no health");
  printf("health %s\n", out);
  rpmadb_free(out);
  must(rpmadb_diagnostics(db, NULL, NULL, &out) == RPMADB_OK, "no diagnostics");
  printf("diagnostics %s\n", out);
  rpmadb_free(out);
  sqlite3_close(own);
  usleep(250 * 1000);
  say("write_after", ours_run(db, "INSERT INTO t VALUES ('library', 1)"));
  rpmadb_close(&db);
  db = ours_open(&status);
  say("open_again", status);
  say("write_again", ours_run(db, "INSERT INTO t VALUES ('library', 1)"));
  rpmadb_close(&db);
}

/* What a host does that copies or looks at a live database with ordinary calls. */
static void touch(void) {
  char name[4200], byte;
  const char *suffixes[] = {"", "-shm"};
  for (int at = 0; at < 2; at++) {
    snprintf(name, sizeof name, "%s%s", path, suffixes[at]);
    int file = open(name, O_RDONLY);
    if (file < 0) continue;
    if (read(file, &byte, 1) < 0) perror("read");
    close(file);
  }
}

static int32_t touching_step(rpmadb *db, void *data) {
  (void)data;
  ours_run(db, "CREATE TABLE made (a)");
  touch();
  return 0;
}

static void touch_in_a_migration(void) {
  rpmadb *db = ours_open(NULL);
  char *out = NULL;
  must(rpmadb_add_step(db, 1, "made", touching_step, NULL, NULL, &out) == RPMADB_OK, "no step");
  say("migrate", ours_migrate(db));
  rpmadb_close(&db);
}

static int32_t touching_progress(uint64_t done, uint64_t total, const char *stage, void *data) {
  (void)done, (void)total, (void)data;
  if (strcmp(stage, "writing pages") == 0) touch();
  return 0;
}

static void touch_in_a_restore(void) {
  char backup[4200], *out = NULL;
  snprintf(backup, sizeof backup, "%s-backup", path);
  rpmadb *db = ours_open(NULL);
  for (int at = 0; at < 5; at++) ours_run(db, "INSERT INTO t VALUES ('big', randomblob(3000000))");
  must(rpmadb_backup(db, backup, NULL, NULL, &out) == RPMADB_OK, "no backup");
  rpmadb_free(out);
  must(ours_run(db, "INSERT INTO t VALUES ('after', 1)") == RPMADB_OK, "no row");
  /* with a second handle the pages are written in a transaction */
  rpmadb *second = ours_open(NULL);
  rpmadb_op *op = NULL;
  must(rpmadb_op_new(&op) == RPMADB_OK, "no operation");
  rpmadb_op_on_progress(op, touching_progress, NULL);
  say("restore", rpmadb_restore(db, backup, "{\"backup\": false}", op, &out));
  fprintf(stderr, "%s\n", out);
  rpmadb_free(out);
  rpmadb_op_free(&op);
  rpmadb_close(&second);
  rpmadb_close(&db);
}

static void restore(void) {
  char backup[4200], *out = NULL;
  snprintf(backup, sizeof backup, "%s-backup", path);
  rpmadb *db = ours_open(NULL);
  must(rpmadb_backup(db, backup, NULL, NULL, &out) == RPMADB_OK, "no backup");
  rpmadb_free(out);
  for (int at = 0; at < 3; at++) {
    must(ours_run(db, "INSERT INTO t VALUES ('library', 1)") == RPMADB_OK, "no row");
    /* parks descriptors of what will be replaced */
    rpmadb_close(&db);
    db = ours_open(NULL);
    ours_run(db, "SELECT count(*) FROM t");
    must(rpmadb_restore(db, backup, "{\"backup\": false}", NULL, &out) == RPMADB_OK, "no restore");
    say("renamed", strstr(out, "\"rename\"") != NULL);
    rpmadb_free(out);
  }
  say("descriptors", descriptors());
  sqlite3 *own = host_open(100);
  must(host_run(own, "BEGIN IMMEDIATE; INSERT INTO t VALUES ('host', 1)") == SQLITE_OK, "no transaction");
  say("write_beside", ours_run(db, "INSERT INTO t VALUES ('library', 1)"));
  say("host", host_run(own, "COMMIT") == SQLITE_OK);
  say("library", ours_run(db, "INSERT INTO t VALUES ('library', 1)") == RPMADB_OK);
  must(rpmadb_restore(db, backup, "{\"backup\": false}", NULL, &out) == RPMADB_OK, "no restore");
  say("renamed_beside", strstr(out, "\"rename\"") != NULL);
  rpmadb_free(out);
  say("host_after", host_run(own, "INSERT INTO t VALUES ('host', 1)") == SQLITE_OK);
  say("library_after", ours_run(db, "INSERT INTO t VALUES ('library', 1)") == RPMADB_OK);
  sqlite3_close(own);
  rpmadb_close(&db);
}

/* The library's own connections keep each other out, and those of other processes. */
static rpmadb *second;

static int32_t own_transaction(rpmadb *db, void *data) {
  (void)data;
  say("first", ours_run(db, "INSERT INTO t VALUES ('library', 1)") == RPMADB_OK);
  say("second", ours_run(second, "INSERT INTO t VALUES ('library', 1)") == RPMADB_OK);
  say("other", other_inserts());
  sqlite3 *own = host_open(100);
  say("host", host_run(own, "INSERT INTO t VALUES ('host', 1)") == SQLITE_OK);
  sqlite3_close(own);
  say("other_again", other_inserts());
  return 0;
}

static void own_connections(void) {
  rpmadb *db = ours_open(NULL);
  second = ours_open(NULL);
  say("committed", rpmadb_transaction(db, own_transaction, NULL, NULL, NULL, NULL) == RPMADB_OK);
  say("after", ours_run(second, "INSERT INTO t VALUES ('library', 1)") == RPMADB_OK);
  rpmadb_close(&second);
  say("last", ours_run(db, "INSERT INTO t VALUES ('library', 1)") == RPMADB_OK);
  rpmadb_close(&db);
}

/* A child that is forked inside of a transaction neither has nor drops its locks. */
static int32_t forking_transaction(rpmadb *db, void *data) {
  say("first", ours_run(db, "INSERT INTO t VALUES ('library', 1)") == RPMADB_OK);
  int ends[2], wrote = -1;
  must(pipe(ends) == 0, "no pipe");
  pid_t child = fork();
  if (child == 0 && data != NULL) {
    /* outlives its parent */
    close(1), close(2), close(ends[0]), close(ends[1]);
    sleep(20);
    _exit(0);
  }
  if (child == 0) {
    rpmadb *own = ours_open(NULL);
    wrote = ours_run(own, "INSERT INTO t VALUES ('child', 1)");
    rpmadb_close(&own);
    if (write(ends[1], &wrote, sizeof wrote) < 0) perror("write");
    _exit(0);
  }
  if (data != NULL) {
    printf("child %d\n", (int)child);
    fflush(stdout);
    _exit(0);
  }
  must(read(ends[0], &wrote, sizeof wrote) == sizeof wrote, "no word of the child");
  waitpid(child, NULL, 0);
  say("child", wrote);
  say("other", other_inserts());
  return 0;
}

static void fork_in_a_transaction(void *orphan) {
  rpmadb *db = ours_open(NULL);
  say("committed", rpmadb_transaction(db, forking_transaction, orphan, NULL, NULL, NULL) == RPMADB_OK);
  say("after", ours_run(db, "INSERT INTO t VALUES ('library', 1)") == RPMADB_OK);
  rpmadb_close(&db);
}

/* Many files, each opened and closed once. */
static void files(int count) {
  char folder[4096];
  snprintf(folder, sizeof folder, "%s", path);
  int most = 0;
  for (int at = 0; at < count; at++) {
    snprintf(path, sizeof path, "%.4000s-%d", folder, at);
    rpmadb *db = ours_open(NULL);
    ours_run(db, "CREATE TABLE t (a)");
    rpmadb_close(&db);
    int now = descriptors();
    if (now > most) most = now;
  }
  say("most", most);
}

/* A commit loop for the benchmark: nanoseconds a commit. */
static void commits(int count) {
  rpmadb *db = ours_open(NULL);
  struct timespec begin, end;
  for (int at = 0; at < count / 10; at++) ours_run(db, "UPDATE counter SET n = n + 1");
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (int at = 0; at < count; at++) ours_run(db, "UPDATE counter SET n = n + 1");
  clock_gettime(CLOCK_MONOTONIC, &end);
  say("ns", ((end.tv_sec - begin.tv_sec) * 1000000000LL + end.tv_nsec - begin.tv_nsec) / count);
  rpmadb_close(&db);
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
  else if (strcmp(scene, "files") == 0) files(number);
  else if (strcmp(scene, "modes") == 0) modes();
  else if (strcmp(scene, "touch-migration") == 0) touch_in_a_migration();
  else if (strcmp(scene, "touch-restore") == 0) touch_in_a_restore();
  else if (strcmp(scene, "restore") == 0) restore();
  else if (strcmp(scene, "own") == 0) own_connections();
  else if (strcmp(scene, "fork") == 0) fork_in_a_transaction(NULL);
  else if (strcmp(scene, "orphan") == 0) fork_in_a_transaction(self);
  else if (strcmp(scene, "commits") == 0) commits(number);
  else must(0, "no such scene");
  return 0;
}
