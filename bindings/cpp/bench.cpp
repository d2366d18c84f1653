// What a call adds over the same call from C, in microseconds: medians of rounds in turn, in one run. bench.sh builds and runs it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "rpmadb.hpp"

static const int ROUNDS = 41, CALLS = 500;

template <class F>
static double timed(F call) {
  const auto begun = std::chrono::steady_clock::now();
  for (int at = 0; at < CALLS; at++) call();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begun).count() / CALLS;
}

static double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + ROUNDS / 2, values.end());
  return values[ROUNDS / 2];
}

template <class C, class Cpp>
static void compare(const char* name, C c, Cpp cpp) {
  std::vector<double> theirs, ours;
  for (int at = 0; at < ROUNDS; at++) {
    theirs.push_back(timed(c));
    ours.push_back(timed(cpp));
  }
  std::printf("%-36s C %6.2f us   C++ %6.2f us   adds %5.2f us\n", name, median(theirs), median(ours), median(ours) - median(theirs));
}

int main() {
  const auto folder = std::filesystem::temp_directory_path() / ("rpmadb-bench-" + std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()));
  std::filesystem::create_directory(folder);
  std::size_t seen = 0;
  {
    rpma::Database db(folder / "app.db");
    char* out = nullptr;
    compare(
        "query",
        [&] {
          rpmadb_query(db.handle(), "SELECT 1", nullptr, nullptr, nullptr, &out);
          rpmadb_free(out);
        },
        [&] { seen += db.query("SELECT 1").rows.size(); });
    compare(
        "health",
        [&] {
          rpmadb_health(db.handle(), nullptr, nullptr, &out);
          rpmadb_free(out);
        },
        [&] { seen += db.health().checks.size(); });
  }
  std::filesystem::remove_all(folder);
  return seen > 0 ? 0 : 1;  // so that no call may be left out by the compiler
}
