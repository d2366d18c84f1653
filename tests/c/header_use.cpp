// A C++ host: the header as it is, functions and lambdas as callbacks, and a report read by pointer.
#include "rpmadb.h"

#include <iostream>
#include <string>

static int32_t count_up(uint64_t, uint64_t, const char *, void *user_data) {
    ++*static_cast<int *>(user_data);
    return 0;
}

int main(int count, char **arguments) {
    if (count < 2 || rpmadb_check_abi(RPMADB_ABI_VERSION) != RPMADB_OK) {
        return 1;
    }
    const std::string scratch = arguments[1];
    int lines = 0, calls = 0;
    int32_t status = rpmadb_log_set(
        RPMADB_LOG_INFO, [](int32_t, const char *, const char *, void *user_data) { ++*static_cast<int *>(user_data); },
        &lines);

    rpmadb *db = nullptr;
    rpmadb_op *op = nullptr;
    char *out = nullptr;
    status = status ? status : rpmadb_op_new(&op);
    status = status ? status : rpmadb_op_on_progress(op, count_up, &calls);
    status = status ? status : rpmadb_open((scratch + "/cpp.db").c_str(), nullptr, op, &db, nullptr);
    status = status ? status
                    : rpmadb_transaction(
                          db,
                          [](rpmadb *inner, void *) -> int32_t {
                              return rpmadb_query(inner, "CREATE TABLE t (a)", nullptr, nullptr, nullptr, nullptr);
                          },
                          nullptr, nullptr, nullptr, nullptr);
    status = status ? status : rpmadb_stats(db, nullptr, nullptr, &out);
    int64_t tables = 0;
    status = status ? status : rpmadb_json_int(out, "/table_count", &tables);
    rpmadb_free(out);
    status = status ? status : rpmadb_close(&db);
    status = status ? status : rpmadb_op_free(&op);
    status = status ? status : rpmadb_log_set(RPMADB_LOG_OFF, nullptr, nullptr);

    std::cout << "rpmadb " << rpmadb_version() << ": " << rpmadb_status_name(status) << ", " << tables << " tables, "
              << calls << " calls, " << lines << " lines\n";
    return status == RPMADB_OK && db == nullptr && op == nullptr && tables > 12 && calls > 12 && lines > 12 ? 0 : 1;
}
