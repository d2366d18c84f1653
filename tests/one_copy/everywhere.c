/* A host that makes the SQL functions known to every connection of its process, the library's own among them. Says nothing when all is well. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rpmadb.h"

extern int sqlite3_rpmadb_init(sqlite3 *, char **, const sqlite3_api_routines *);

/* As the entry point of an extension that stays loaded gives it; for SQLite that is an error where it calls it by itself. */
#define LOADED_FOR_GOOD 256

static int entry(sqlite3 *db, char **error, const sqlite3_api_routines *api) {
    int code = sqlite3_rpmadb_init(db, error, api);
    return code == LOADED_FOR_GOOD ? SQLITE_OK : code;
}

static int refused(rpmadb *db, const char *sql, int32_t status) {
    char *out = NULL;
    int32_t found = rpmadb_query(db, sql, NULL, NULL, NULL, &out);
    if (found != status) printf("%s: %d, not %d: %s\n", sql, (int)found, (int)status, out ? out : "");
    rpmadb_free(out);
    return found != status;
}

int main(int count, char **arguments) {
    if (count != 2 || chdir(arguments[1]) != 0) return 2;
    sqlite3_auto_extension((void (*)(void))entry);
    sqlite3 *own = NULL;
    if (sqlite3_open("a.db", &own) != SQLITE_OK) return 3;
    rpmadb *admin = NULL, *supervisor = NULL;
    if (rpmadb_open("a.db", NULL, NULL, &admin, NULL) != RPMADB_OK) return 4;
    if (rpmadb_as(admin, "eva", "supervisor", &supervisor, NULL) != RPMADB_OK) return 5;
    int wrong = 0;
    wrong += refused(supervisor, "SELECT rpmadb_backup('stolen.db')", RPMADB_DENIED);
    wrong += refused(supervisor, "SELECT Rpmadb_Migrate()", RPMADB_DENIED);
    wrong += refused(admin, "SELECT rpmadb_backup('stolen.db')", RPMADB_UNSUPPORTED);
    if (access("stolen.db", F_OK) == 0) wrong += printf("stolen.db is there\n");
    sqlite3_close(own);
    return wrong || rpmadb_close(&supervisor) != RPMADB_OK || rpmadb_close(&admin) != RPMADB_OK;
}
