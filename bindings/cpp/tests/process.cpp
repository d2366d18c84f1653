// Forks, the end of the process, callbacks that throw where nobody can catch it, and another library.
#include <sys/resource.h>
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "check.hpp"

using namespace std::chrono_literals;
using rpma::Database;
using rpma::Operation;

static rpma::options::Open plain() {
  rpma::options::Open options;
  options.migrate = false;
  return options;
}

// In a child what only the parent's other threads could reach looks as if it had leaked.
static bool is_child = false;
extern "C" int __lsan_is_turned_off() { return is_child; }

/// Runs `body` in a child, and gives back how it ended: its exit status, or 1000 and the signal.
template <class F>
static int in_child(F body) {
  const pid_t child = fork();
  if (child == 0) {
    is_child = true;
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    body();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void quiet() { (void)!freopen("/dev/null", "w", stderr); }

TEST("a child of a fork has its own handles only") {
  auto db = std::make_unique<Database>(folder / "app.db", plain());
  auto spare = std::make_unique<Database>(db->as("a", "admin"));
  auto op = std::make_unique<Operation>();
  db->query("CREATE TABLE t (a)");
  const int ended = in_child([&] {
    THROWS(rpma::WrongProcess, db->health());
    THROWS(rpma::WrongProcess, (db->close(), 0));
    THROWS(rpma::WrongProcess, db->as("x", "user"));
    THROWS(rpma::WrongProcess, (op->cancel(), 0));
    spare.reset();  // destructors do nothing
    db.reset();
    op.reset();
    Database own(folder / "app.db", plain());
    own.transaction([](Database& tx) { tx.query("INSERT INTO t VALUES (1)"); });
    own.close();
    _exit(testing::failures() == 0 ? 42 : 1);
  });
  CHECK(ended == 42);
  CHECK(spare->query("SELECT count(*) FROM t").rows[0][0] == rpma::Value(1));
}

TEST("a static handle is closed when the process ends") {
  const int ended = in_child([&] {
    static Database db(folder / "app.db");
    db.query("DELETE FROM clients");
    rpma::options::Monitor monitor;
    monitor.tick_ms = 10;
    monitor.alerts.emplace().disk_free_bytes = std::uint64_t(1) << 60;
    monitor.alerts->for_ms = 0;
    db.on_alert([](const rpma::reports::Alert&) { std::this_thread::sleep_for(5ms); });
    rpma::log_set(RPMADB_LOG_DEBUG, [](std::int32_t, std::string_view, std::string_view) {});
    db.monitor_start(monitor);
    std::this_thread::sleep_for(100ms);
    exit(42);
  });
  CHECK(ended == 42);
  CHECK(std::filesystem::exists(folder / "app.db"));
  CHECK(!std::filesystem::exists(folder / "app.db-wal"));
}

TEST("a handle that nobody destroys does not keep the process from its end") {
  const int ended = in_child([&] {
    auto* db = new Database(folder / "app.db");
    db->query("DELETE FROM clients");
    std::thread([db] { (void)db->try_query("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"); }).detach();
    std::this_thread::sleep_for(100ms);
    quick_exit(42);
  });
  CHECK(ended == 42);
}

TEST("what an alert function throws ends the process") {
  const int ended = in_child([&] {
    quiet();
    Database db(folder / "app.db", plain());
    db.on_alert([](const rpma::reports::Alert&) { throw 1; });
    rpma::options::Monitor monitor;
    monitor.tick_ms = 10;
    monitor.alerts.emplace().disk_free_bytes = std::uint64_t(1) << 60;
    monitor.alerts->for_ms = 0;
    db.monitor_start(monitor);
    std::this_thread::sleep_for(5s);
  });
  CHECK(ended == 1000 + SIGABRT);
}

TEST("what a log function throws ends the process") {
  const int ended = in_child([&] {
    quiet();
    rpma::log_set(RPMADB_LOG_DEBUG, [](std::int32_t, std::string_view, std::string_view) { throw 1; });
    Database(folder / "app.db").close();
  });
  CHECK(ended == 1000 + SIGABRT);
}

TEST("a library of another ABI is refused, and the message has both") {
  const auto source = folder / "other.c", library = folder / "other.so", said = folder / "said";
  testing::write(source, "unsigned rpmadb_abi_version(void) { return 7; } int rpmadb_check_abi(unsigned header) { return header == 7 ? 0 : 108; }");
  CHECK(std::system(("gcc -shared -fPIC " + source.string() + " -o " + library.string()).c_str()) == 0);
  // This program again, with those two functions in front of the library's.
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string settings = "LD_PRELOAD=" + library.string() + " ASAN_OPTIONS=verify_asan_link_order=0";
  CHECK(std::system((settings + " '" + self + "' --open " + (folder / "app.db").string() + " > " + said.string()).c_str()) == 0);
  CHECK(testing::read(said) == "108 ABI_MISMATCH: this program is compiled for ABI 1 of rpmadb, and the library that is loaded has ABI 7\n");
}

static void round(const std::filesystem::path& folder) {
  Database db(folder / "app.db", plain());
  Database eva = db.as("eva", "supervisor");
  db.add_step(1, "one", [](Database&) {});
  db.on_alert([](const rpma::reports::Alert&) {});
  eva.query("SELECT ?, ?", {std::string(1000, 'x'), 1});
  db.health();
  Operation op;
  op.on_progress([](std::uint64_t, std::uint64_t, std::string_view) {});
  db.query("SELECT zeroblob(100000)", {}, &op);
  (void)db.try_query("SELEKT");
  db.transaction([](Database& tx) { tx.query("SELECT 1"); });
  (void)op.progress();
}

static std::size_t resident() {
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0;
  file >> pages >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

static std::ptrdiff_t descriptors() { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator()); }

TEST("nothing leaks") {
  for (int at = 0; at < 50; at++) round(folder);
  const std::size_t before = resident();
  const std::ptrdiff_t open = descriptors();
  for (int at = 0; at < 300; at++) round(folder);
  CHECK(descriptors() <= open + 8);  // the library keeps those of as many files that it has closed
#if defined(__SANITIZE_ADDRESS__)
  (void)before;  // which keeps memory back that was freed, and at the end tells of all that was not
#else
  CHECK(resident() < before + 4'000'000);
#endif
}

int main(int argc, char** argv) {
  if (argc == 3 && argv[1] == std::string("--open")) {
    const auto db = Database::try_open(argv[2]);
    if (!db) std::cout << db.error().status() << ' ' << db.error().what() << std::endl;
    return 0;
  }
  return testing::run(argc, argv);
}
