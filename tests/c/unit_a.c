/* One of two units of a program that both include the header; the other is unit_b.c. */
#include "rpmadb.h"

int32_t check_in_the_other_unit(rpmadb *db);

int main(void) {
    rpmadb *db = 0;
    if (rpmadb_open(":memory:", "{\"migrate\":false}", 0, &db, 0) != RPMADB_OK) {
        return 1;
    }
    return check_in_the_other_unit(db) == RPMADB_OK && rpmadb_close(&db) == RPMADB_OK ? 0 : 1;
}
