// One half of a program whose files are compiled for different standards: each has its own kind of Result, and they do not meet.
#include "rpmadb.hpp"

#if RPMADB_EXPECTED
bool newer(const char* path) {
#else
bool newer(const char* path);
bool older(const char* path) {
#endif
  rpma::options::Open options;
  options.migrate = false;
  auto db = rpma::Database::try_open(path, options);
  auto bad = db ? db->try_query("SELEKT") : rpma::Result<rpma::Report<rpma::reports::Query>>(rpma::Report<rpma::reports::Query>());
  return db && db->try_query("SELECT 1") && !bad && bad.error().status() == RPMADB_SQL;
}

#if !RPMADB_EXPECTED
int main() { return older(":memory:") && newer(":memory:") ? 0 : 1; }
#endif
