/* Hands the SQLite that a host is linked to over to the library, before the host begins. */
#define SQLITE_CORE 1
#include <sqlite3ext.h>
#include <stdio.h>
#include <stdlib.h>

#include "rpmadb.h"

static int entry(sqlite3 *db, char **error, const sqlite3_api_routines *api) {
    (void)db, (void)error;
    return rpmadb_bind_host_sqlite(api, NULL) == RPMADB_OK ? SQLITE_OK : SQLITE_ERROR;
}

__attribute__((constructor)) static void bind_host(void) {
    sqlite3 *db = NULL;
    if (sqlite3_auto_extension((void (*)(void))entry) != SQLITE_OK || sqlite3_open(":memory:", &db) != SQLITE_OK) {
        fprintf(stderr, "the library takes no SQLite\n");
        exit(3);
    }
    sqlite3_close(db);
    sqlite3_cancel_auto_extension((void (*)(void))entry);
}
