/* The header may come twice into one unit. */
#include "rpmadb.h"
#include "rpmadb.h"

int main(void) {
    return rpmadb_check_abi(RPMADB_ABI_VERSION) == RPMADB_OK ? 0 : 1;
}
