/* A host of an installed rpmadb: opens, migrates, says what it is. With -DBESIDE it has a SQLite and a Lua of its own. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rpmadb.h>
#ifdef BESIDE
#include <lua.h>
#include <sqlite3.h>

#include <lauxlib.h>
#endif

int main(int count, char **arguments) {
    rpmadb *db = NULL;
    char *report = NULL, *text = NULL;
    if (count != 2 || rpmadb_check_abi(RPMADB_ABI_VERSION) != RPMADB_OK) return 2;
    int32_t status = rpmadb_open(arguments[1], NULL, NULL, &db, &report);
    int64_t to = 0;
    if (status == RPMADB_OK && rpmadb_json_int(report, "/migrate/to", &to) == RPMADB_OK) printf("migrated %" PRId64 "\n", to);
    rpmadb_free(report);
    if (rpmadb_build_info(&report) == RPMADB_OK && rpmadb_json_text(report, "/sqlite/version", &text) == RPMADB_OK) {
        printf("inside %s\n", text);
        rpmadb_free(text);
    }
    rpmadb_free(report);
    if (rpmadb_script(db, "return _VERSION", NULL, NULL, &report) == RPMADB_OK &&
        rpmadb_json_text(report, "/result", &text) == RPMADB_OK) {
        printf("script %s\n", text);
        rpmadb_free(text);
    }
    rpmadb_free(report);
#ifdef BESIDE
    printf("beside %s\n", sqlite3_libversion());
    sqlite3 *own = NULL;
    if (sqlite3_open(":memory:", &own) != SQLITE_OK || sqlite3_exec(own, "SELECT 1", NULL, NULL, NULL) != SQLITE_OK) return 3;
    sqlite3_close(own);
    lua_State *lua = luaL_newstate();
    if (lua == NULL) return 3;
    printf("lua %d\n", (int)lua_version(lua));
    lua_close(lua);
#endif
    return rpmadb_close(&db);
}
