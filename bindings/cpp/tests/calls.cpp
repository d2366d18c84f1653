// Functions of the host in calls, handles, errors and values.
#include <chrono>
#include <condition_variable>
#include <thread>

#include "check.hpp"

using namespace std::chrono_literals;
using rpma::Blob;
using rpma::Database;
using rpma::Operation;
using rpma::Value;

// Long enough that something must stop it.
static const char* const LONG = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

struct Thrown {};

static Database opened(const std::filesystem::path& folder) {
  rpma::options::Open options;
  options.migrate = false;
  Database db(folder / "app.db", options);
  db.query("CREATE TABLE t (a)");
  return db;
}

static Database big(const std::filesystem::path& folder) {
  Database db = opened(folder);
  db.query("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO t SELECT randomblob(200) FROM n");
  return db;
}

static std::int64_t count(Database& db) { return *db.query("SELECT count(*) FROM t").rows[0][0].as<std::int64_t>(); }

static rpma::options::Backup small_steps() {
  rpma::options::Backup options;
  options.step_pages = 100;
  return options;
}

// --- values ------------------------------------------------------------------------------------------------------------------

TEST("a value survives the way there and back") {
  Database db = opened(folder);
  const double infinity = std::numeric_limits<double>::infinity();
  for (const Value& value : {Value(0), Value(-1), Value((1LL << 53) + 1), Value(INT64_MAX), Value(INT64_MIN), Value(0.1), Value(5e-324), Value(3.0),
                             Value(infinity), Value(-infinity), Value(""), Value(std::string("na\xC3\xAFve \0 text", 13)), Value(Blob{}),
                             Value(Blob{{0, 255, 1}}), Value(nullptr), Value("Infinity")}) {
    CHECK(db.query("SELECT ?", {value}).rows[0][0] == value);
    CHECK(db.query("SELECT :v", rpma::Parameters::named({{"v", value}})).rows[0][0] == value);
  }
  CHECK(db.query("SELECT ?, ?", {std::optional<int>(), std::optional<int>(3)}).rows[0] == (std::vector<Value>{nullptr, 3}));
}

TEST("what does not fit is refused and never cut") {
  Database db = opened(folder);
  const std::string cut("SELECT 1 -- \0 ; DROP TABLE t", 28);
  THROWS(rpma::InvalidArgument, db.query(cut));
  THROWS(rpma::InvalidArgument, db.query(std::string_view(cut)));
  THROWS(rpma::InvalidArgument, db.query(std::string("SELECT 1 -- \0 ; DROP TABLE t", 28)));
  THROWS(rpma::InvalidArgument, db.query("SELECT ?", {std::uint64_t(1) << 63}));
  THROWS(rpma::InvalidArgument, db.query("SELECT ?", {std::nan("")}));
  THROWS(rpma::InvalidUtf8, db.query("SELECT '\xFF'"));
  THROWS(rpma::NullArgument, db.query(nullptr));
  CHECK(!Value(-1).as<std::uint64_t>() && !Value(300).as<std::uint8_t>() && Value(200).as<std::uint8_t>() == 200 && !Value("x").as<int>());
}

TEST("options are written as they are typed") {
  rpma::options::Open open;
  open.role = rpma::options::Role::supervisor;
  open.journal_mode = rpma::options::JournalMode::delete_;
  open.pool.emplace().max = 3;
  open.backup.emplace().compress = true;
  open.backup->encrypt_to = std::vector<std::string>{"age1"};
  open.more.emplace_back("later", Value::array({1, "x"}));
  CHECK(Value::parse(rpma::to_json(open)) ==
        Value::parse(R"({"role":"supervisor","journal_mode":"delete","pool":{"max":3},"backup":{"compress":true,"encrypt_to":["age1"]},"later":[1,"x"]})"));
  rpma::options::Backup backup;
  backup.verify = "full";
  backup.compress = 19;
  backup.incremental = "one.db";
  CHECK(rpma::to_json(backup) == R"({"verify":"full","compress":19,"incremental":"one.db"})");
  CHECK(rpma::detail::Json(rpma::options::Backup()).c_str() == nullptr);
  Database db = opened(folder);
  rpma::options::Stats stats;
  stats.more.emplace_back("estimat", true);
  THROWS(rpma::InvalidArgument, db.stats(stats));
}

TEST("reports are values") {
  Database db = opened(folder);
  const auto report = db.health();
  const rpma::reports::Health health = report;  // without its document
  CHECK(!health.checks.empty() && health.status == report.status);
  CHECK(report.json().find("\"score\"") != std::string::npos);
  rpma::options::Metrics prometheus;
  prometheus.format = rpma::options::MetricsFormat::prometheus;
  CHECK(db.metrics().figures && !db.metrics().text && db.metrics(prometheus).text && !db.metrics(prometheus).figures);
  const auto later = rpma::read_report<rpma::reports::Checkpoint>(R"({"mode":"full","later":{"a":[1]},"busy":true})");
  CHECK(later && later->busy && later->mode == "full" && later->json().find("later") != std::string::npos);
  CHECK(!rpma::read_report<rpma::reports::Checkpoint>(R"({"busy":"perhaps"})"));
}

TEST("functions without a handle") {
  const auto info = rpma::build_info();
  CHECK(info.version == rpma::version() && info.abi_version == rpma::abi_version() && info.abi_version == RPMADB_ABI_VERSION);
  CHECK(rpma::status_name(201) == "BUSY" && rpma::status_name(1) == "UNKNOWN");
  const std::string document = R"({"a": [9007199254740993, 1.5, "x"]})";
  CHECK(rpma::json_int(document, "/a/0") == 9007199254740993 && rpma::json_real(document, "/a/1") == 1.5 && rpma::json_text(document, "/a/2") == "x");
  THROWS(rpma::NotFound, rpma::json_int(document, "/b"));
  THROWS(rpma::InvalidArgument, rpma::json_text(document, "/a/0"));
}

TEST("a lost database is brought back") {
  rpma::options::Open options;
  options.migrate = false;
  {
    Database db = opened(folder);
    db.backup(folder / "one.db");
  }
  std::filesystem::remove(folder / "app.db");
  CHECK(Database::restore_file(folder / "app.db", folder / "one.db", options).database_path == (folder / "app.db").string());
  CHECK(Database(folder / "app.db", options).schema().objects.at(0).name == "t");
  THROWS(rpma::NotFound, Database::restore_file(folder / "app.db", folder / "none.db"));
}

// --- errors ------------------------------------------------------------------------------------------------------------------

TEST("an error tells where") {
  testing::write(folder / "m" / "001_a.sql", "CREATE TABLE a (x);\n\tCREATE TABEL b (y);\n");
  rpma::options::Open options;
  options.migrations = (folder / "m").string();
  try {
    Database db(folder / "app.db", options);
    CHECK(!"opened");
  } catch (const rpma::MigrationError& error) {
    const rpma::Error copy = error;
    CHECK(dynamic_cast<const rpma::MigrationFailed*>(&error) != nullptr && copy.status() == RPMADB_MIGRATION_FAILED && copy.name() == "MIGRATION_FAILED");
    CHECK(copy.details().file == "001_a.sql" && copy.details().line == 2u && copy.details().statement == 2u && copy.details().version == 1);
    const std::string what = error.what();
    CHECK(what.find("\n  \tCREATE TABEL b (y);\n  \t") != std::string::npos && what.find("^\nhint: ") != std::string::npos);
    CHECK(what.find(copy.message()) != std::string::npos);
  }
  testing::write(folder / "m" / "001_a.sql", "CREATE TABLE a (x);\n");
  Database(folder / "app.db", options).close();
  testing::write(folder / "m" / "001_a.sql", "CREATE TABLE a (y);\n");
  const auto changed = Database::try_open(folder / "app.db", options);
  CHECK(!changed && changed.error().status() == rpma::MigrationChanged::number && changed.error().details().changes.size() == 1);
  if (!changed) CHECK(changed.error().details().changes[0].after == "CREATE TABLE a (y);");
}

TEST("a status of a later version is of its family") {
  rpma::reports::Body body;
  body.status = 299;
  body.name = "LATER";
  THROWS(rpma::DatabaseError, (rpma::Error(body).raise(), 0));
  body.status = 1200;
  THROWS(rpma::Error, (rpma::Error(body).raise(), 0));
}

TEST("the flavour that does not throw") {
  Database db = opened(folder);
  const auto good = db.try_query("SELECT 1");
  CHECK(good && good->rows[0][0] == Value(1) && (*good).rows.size() == 1 && good.has_value());
  auto bad = db.try_query("SELEKT");
  CHECK(!bad && bad.error().status() == RPMADB_SQL && bad.error().details().sqlite_code == 1);
  CHECK(!Database::try_open(folder / "none" / "app.db"));
  CHECK(db.try_close() && db.try_close() && !db.try_health());
#if !RPMADB_EXPECTED
  THROWS(rpma::Sql, bad.value());
#endif
}

// --- operations --------------------------------------------------------------------------------------------------------------

TEST("progress is told, and can stop the call") {
  Database db = big(folder);
  Operation op;
  int told = 0;
  op.on_progress([&](std::uint64_t done, std::uint64_t total, std::string_view stage) { told += done <= total && !stage.empty(); });
  db.backup(folder / "one.db", small_steps(), &op);
  CHECK(told > 5 && op.progress().done == op.progress().total && !op.progress().cancelled);
  op.on_progress([](std::uint64_t, std::uint64_t, std::string_view) { return 1; });
  THROWS(rpma::Cancelled, db.backup(folder / "two.db", small_steps(), &op));
  CHECK(!std::filesystem::exists(folder / "two.db"));
}

TEST("what progress throws stops the call and comes out of it") {
  Database db = big(folder);
  {
    Operation op;
    op.on_progress([](std::uint64_t, std::uint64_t, std::string_view) { throw Thrown(); });
    THROWS(Thrown, db.backup(folder / "one.db", small_steps(), &op));
    CHECK(!std::filesystem::exists(folder / "one.db"));
    op.on_progress(nullptr);
    THROWS(rpma::Cancelled, db.backup(folder / "one.db", {}, &op));  // it was cancelled, and stays so
  }
  db.backup(folder / "one.db");  // the handle is as good as before
}

TEST("cancel from another thread, and a time-out") {
  Database db = opened(folder);
  Operation op;
  std::thread canceller([&] {
    std::this_thread::sleep_for(100ms);
    op.cancel();
  });
  const auto begun = std::chrono::steady_clock::now();
  THROWS(rpma::Cancelled, db.query(LONG, {}, &op));
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
  canceller.join();
  Operation limited;
  limited.set_timeout_ms(50);
  THROWS(rpma::Timeout, db.query(LONG, {}, &limited));
}

TEST("an operation that ends before its call") {
  Database db = opened(folder);
  auto op = std::make_unique<Operation>();
  std::atomic<int> told{0};
  op->on_progress([&](std::uint64_t, std::uint64_t, std::string_view) { told++; });
  std::thread caller([&] { THROWS(rpma::Cancelled, db.query(LONG, {}, op.get())); });
  std::this_thread::sleep_for(100ms);
  Operation moved = std::move(*op);
  moved.close();
  moved.close();
  THROWS(rpma::StaleHandle, moved.cancel());
  THROWS(rpma::StaleHandle, db.query("SELECT 1", {}, &moved));
  {
    Operation gone = std::move(moved);
  }
  std::this_thread::sleep_for(50ms);
  db.close();
  caller.join();
}

// --- steps -------------------------------------------------------------------------------------------------------------------

static Database with_steps(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder / "m");
  rpma::options::Open options;
  options.migrate = false;
  options.migrations = (folder / "m").string();
  return Database(folder / "app.db", options);
}

TEST("a step goes up and down") {
  Database db = with_steps(folder);
  auto only_moved = std::make_unique<int>(7);
  std::optional<Database> kept;
  db.add_step(
      1, "parts",
      [&kept, only_moved = std::move(only_moved)](Database& tx) {
        tx.query("CREATE TABLE parts (id)");
        tx.query("INSERT INTO parts VALUES (?)", {*only_moved});
        THROWS(rpma::Unsupported, (tx.add_step(2, "inside", [](Database&) {}), 0));
        kept = std::move(tx);
      },
      [](Database& tx) { tx.query("DROP TABLE parts"); });
  const auto report = db.migrate();
  CHECK(report.applied.size() == 1 && report.applied[0].name == "parts" && report.applied[0].kind == "host");
  CHECK(db.query("SELECT id FROM parts").rows[0][0] == Value(7));
  THROWS(rpma::StaleHandle, kept->health());
  CHECK(db.rollback(0).to == 0 && db.schema().objects.empty());
  THROWS(rpma::InvalidArgument, (db.add_step(1, "again", [](Database&) {}), 0));
}

TEST("a step that throws undoes the run, and it comes out") {
  Database db = with_steps(folder);
  db.add_step(1, "good", [](Database& tx) { tx.query("CREATE TABLE good (a)"); });
  db.add_step(2, "bad", [](Database& tx) {
    tx.query("CREATE TABLE bad (a)");
    tx.query("SELEKT");
  });
  THROWS(rpma::Sql, db.migrate());
  CHECK(db.schema().objects.empty());
  Database other = with_steps(folder);
  other.add_step(1, "no", [](Database&) { return 5; });
  THROWS(rpma::MigrationFailed, other.migrate());
}

TEST("what a step threw does not come out of a call that ended well") {
  Database db = with_steps(folder);
  db.add_step(1, "bad", [](Database&) { throw Thrown(); });
  CHECK(!db.test().passed);
  CHECK(*db.script("return pcall(db.migrate, db)").result.as<bool>() == false);
  THROWS(Thrown, db.migrate());
}

TEST("a step runs through another handle, and inside of a script") {
  Database db = with_steps(folder);
  int ran = 0;
  db.add_step(1, "one", [&](Database&) { ran++; });
  db.add_step(2, "two", [](Database&) { throw Thrown(); });
  Database other = db.as("eva", "admin");
  std::filesystem::create_directories(folder / "elsewhere");
  db = opened(folder / "elsewhere");  // the first handle is gone
  rpma::options::Migrate first;
  first.target = 1;
  CHECK(other.migrate(first).to == 1 && ran == 1);
  THROWS(Thrown, other.script("db:migrate()"));
  other.script("pcall(db.migrate, db)");
  THROWS(rpma::ScriptFailed, other.script("error('its own')"));  // and not what the script before took care of
}

// --- transactions ------------------------------------------------------------------------------------------------------------

TEST("a transaction commits, or rolls back") {
  Database db = opened(folder);
  CHECK(db.transaction([&](Database& tx) {
            tx.query("INSERT INTO t VALUES (1)");
            THROWS(rpma::Reentrant, db.health());
            THROWS(rpma::Reentrant, (db.close(), 0));
            THROWS(rpma::Unsupported, tx.transaction([](Database&) {}));
            Database child = tx.as("eva", rpma::options::Role::supervisor);
            THROWS(rpma::Denied, child.query("DELETE FROM t"));
          }).committed);
  THROWS(Thrown, db.transaction([](Database& tx) {
    tx.query("DELETE FROM t");
    throw Thrown();
  }));
  const auto undone = db.transaction([](Database& tx) {
    tx.query("DELETE FROM t");
    throw rpma::Rollback();
  });
  CHECK(!undone.committed);
  const auto answered = db.transaction([](Database& tx) {
    tx.query("DELETE FROM t");
    return 5;
  });
  CHECK(!answered.committed && answered.returned == 5);
  CHECK(!db.transaction([](Database&) { return 1LL << 40; }).committed);
  CHECK(count(db) == 1);
  Operation op;
  THROWS(rpma::Cancelled, db.transaction(
                              [&](Database& tx) {
                                tx.query("DELETE FROM t");
                                op.cancel();
                              },
                              &op));
  CHECK(count(db) == 1);
}

// --- handles -----------------------------------------------------------------------------------------------------------------

TEST("roles") {
  Database db(folder / "app.db");
  Database eva = db.as("eva", "supervisor");
  CHECK(eva.stats().size_bytes > 0);
  THROWS(rpma::Denied, eva.query("DELETE FROM clients"));
  THROWS(rpma::Denied, eva.as("eva", "admin"));
  THROWS(rpma::InvalidArgument, db.as("eva", "owner"));
  db.close();
  CHECK(eva.stats().size_bytes > 0);  // stays good
}

TEST("use after close, closing twice, and after a move") {
  Database db = opened(folder);
  Database child = db.as("a", "admin");
  db.close();
  db.close();
  THROWS(rpma::StaleHandle, db.health());
  THROWS(rpma::StaleHandle, db.as("x", "user"));
  THROWS(rpma::StaleHandle, db.transaction([](Database&) {}));
  THROWS(rpma::StaleHandle, (db.on_alert(nullptr), 0));
  THROWS(rpma::StaleHandle, (db.add_step(1, "x", [](Database&) {}), 0));
  Database moved = std::move(child);
  THROWS(rpma::NullArgument, child.health());  // NOLINT: that is what is tried
  THROWS(rpma::NullArgument, child.transaction([](Database&) {}));
  moved.health();
  static_assert(!std::is_copy_constructible_v<Database> && std::is_nothrow_move_constructible_v<Database> && std::is_nothrow_move_assignable_v<Database>);
  static_assert(std::is_nothrow_copy_constructible_v<rpma::Error>);
}

TEST("closing cancels what runs") {
  Database db = opened(folder);
  std::thread caller([&] { THROWS(rpma::Cancelled, db.query(LONG)); });
  std::this_thread::sleep_for(100ms);
  db.close();
  caller.join();
}

TEST("a thousand calls at once") {
  Database db = opened(folder);
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 50; thread++) {
    threads.emplace_back([&, thread] {
      for (int call = 0; call < 20; call++) {
        if (call % 10 == 0) db.query("INSERT INTO t VALUES (?)", {thread});
        right += db.query("SELECT ?", {thread * 20 + call}).rows[0][0] == Value(thread * 20 + call);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 1000 && count(db) == 100);
}

TEST("a handle that is destroyed inside of a callback is closed after it") {
  Database db = opened(folder);
  auto child = std::make_unique<Database>(db.as("a", "admin"));
  ::rpmadb* handle = child->handle();
  db.transaction([&](Database&) {
    child.reset();
    CHECK(rpmadb_health(handle, nullptr, nullptr, nullptr) == RPMADB_REENTRANT);  // open
  });
  CHECK(rpmadb_health(handle, nullptr, nullptr, nullptr) == RPMADB_STALE_HANDLE);
}

TEST("the last handle may be destroyed by its own alert") {
  struct Watched {
    std::shared_ptr<std::atomic<bool>> gone;
    int here = 7;
    ~Watched() {
      here = 0;
      if (gone) *gone = true;
    }
  };
  auto db = std::make_unique<Database>(opened(folder));
  const auto gone = std::make_shared<std::atomic<bool>>(false);
  std::atomic<bool> told{false};
  {
    auto watched = std::make_shared<Watched>(Watched{nullptr});
    watched->gone = gone;
    db->on_alert([&db, &told, watched = std::move(watched)](const rpma::reports::Alert& alert) {
      if (!db) return;
      db.reset();
      std::this_thread::sleep_for(100ms);  // whoever closes it has begun
      CHECK(watched->here == 7 && !*watched->gone && alert.rule == "disk_space");
      told = true;
    });
  }
  ::rpmadb* handle = db->handle();
  rpma::options::Monitor monitor;
  monitor.tick_ms = 10;
  monitor.alerts.emplace().disk_free_bytes = std::uint64_t(1) << 60;
  monitor.alerts->for_ms = 0;
  char* out = nullptr;
  CHECK(rpmadb_monitor_start(handle, rpma::to_json(monitor).c_str(), &out) == RPMADB_OK);  // no call of the object, which may be gone
  rpmadb_free(out);
  for (int i = 0; i < 1000 && !*gone; i++) std::this_thread::sleep_for(10ms);
  CHECK(told && *gone);
  CHECK(rpmadb_health(handle, nullptr, nullptr, nullptr) == RPMADB_STALE_HANDLE);
  CHECK(!std::filesystem::exists(folder / "app.db-wal"));
}

// --- alerts and log lines ----------------------------------------------------------------------------------------------------

TEST("an alert is told") {
  Database db = opened(folder);
  std::mutex mutex;
  std::condition_variable came;
  std::vector<std::string> rules;
  bool reentrant = true;
  db.on_alert([&](const rpma::reports::Alert& alert) {
    const std::lock_guard<std::mutex> lock(mutex);
    const auto refused = db.try_health();
    reentrant = reentrant && !refused && refused.error().status() == RPMADB_REENTRANT;
    rules.push_back(alert.rule);
    came.notify_all();
  });
  rpma::options::Monitor monitor;
  monitor.tick_ms = 10;
  monitor.alerts.emplace().disk_free_bytes = std::uint64_t(1) << 60;
  monitor.alerts->for_ms = 0;
  db.monitor_start(monitor);
  {
    std::unique_lock<std::mutex> lock(mutex);
    CHECK(came.wait_for(lock, 10s, [&] { return !rules.empty(); }));
  }
  db.on_alert(nullptr);
  CHECK(reentrant && rules[0] == "disk_space" && db.monitor_stop().ticks > 0);
  THROWS(rpma::NotFound, db.monitor_stop());
}

TEST("log lines") {
  std::atomic<int> lines{0};
  rpma::log_set(RPMADB_LOG_DEBUG,
                [&](std::int32_t level, std::string_view target, std::string_view line) { lines += level > 0 && !target.empty() && !line.empty(); });
  Database(folder / "app.db").close();
  CHECK(lines > 0);
  rpma::log_set(RPMADB_LOG_OFF, nullptr);
  lines = 0;
  Database(folder / "two.db").close();
  CHECK(lines == 0);
  THROWS(rpma::InvalidArgument, (rpma::log_set(9, nullptr), 0));
}

int main(int argc, char** argv) { return testing::run(argc, argv); }
