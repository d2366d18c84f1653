// Compiled without exceptions and without run-time types: the functions that begin with try_ are all there.
#include "check.hpp"

using rpma::Database;

static_assert(!RPMADB_EXCEPTIONS);

TEST("everything without exceptions") {
  rpma::options::Open options;
  options.migrate = false;
  std::filesystem::create_directories(folder / "m");
  options.migrations = (folder / "m").string();
  auto opened = Database::try_open(folder / "app.db", options);
  CHECK(opened.has_value());
  Database db = *std::move(opened);
  CHECK(db.try_query("CREATE TABLE t (a)").has_value());
  CHECK(db.try_add_step(1, "one", [](Database& tx) { return tx.try_query("INSERT INTO t VALUES (1)") ? 0 : 1; }).has_value());
  CHECK(db.try_migrate()->to == 1);
  const auto ended = db.try_transaction([](Database& tx) {
    (void)tx.try_query("DELETE FROM t");
    return 1;
  });
  CHECK(ended && !ended->committed);
  auto op = rpma::Operation::try_make();
  CHECK(op && op->try_on_progress([](std::uint64_t, std::uint64_t, std::string_view) { return 0; }) && op->try_set_timeout_ms(1000));
  CHECK(db.try_query("SELECT a FROM t", {}, &*op)->rows.size() == 1);
  CHECK(op->try_cancel() && op->try_progress()->cancelled);
  const auto failed = db.try_query("SELECT 1", {}, &*op);
  CHECK(!failed && failed.error().status() == RPMADB_CANCELLED && failed.error().name() == "CANCELLED");
  CHECK(db.try_on_alert([](const rpma::reports::Alert&) {}) && db.try_as("eva", "user") && rpma::try_log_set(RPMADB_LOG_OFF, nullptr));
  CHECK(db.try_close().has_value());
}

int main(int argc, char** argv) { return testing::run(argc, argv); }
