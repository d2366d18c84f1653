/* To be loaded before everything else: the system's SQLite says that it is older than it is. */
int sqlite3_libversion_number(void);

int sqlite3_libversion_number(void) {
    return 3039004;
}
