// rpmadb for C++17 and later: header only, over the C library.
//
// Every function of rpmadb.h is here as a member of Database (or Operation) with the same name, twice: one that throws, and one that
// begins with try_ and returns a Result (std::expected where there is one). rpmadb.h is the manual of what they do.
//
//   rpma::Database db("app.db");
//   std::cout << db.stats().size_bytes << '\n';
#ifndef RPMADB_HPP
#define RPMADB_HPP

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "rpmadb/verbs.hpp"

RPMADB_BEGIN

/// Thrown in a transaction, rolls it back without an error.
struct Rollback {};

/// An open database, for one user of the host. Move-only. Any thread may use it at any time; it is closed by its destructor.
///
/// After close() every call fails with StaleHandle, and after a move with NullArgument. In a child of a fork the handles of the parent
/// fail with WrongProcess, and their destructors do nothing.
class Database : public Verbs<Database> {
 public:
#if RPMADB_EXCEPTIONS
  /// Opens or creates a database, and migrates it unless told not to.
  explicit Database(Text path, const options::Open& options = {}, Operation* op = nullptr)
      : Database(detail::value_of(try_open(std::move(path), options, op))) {}
#endif
  static Result<Database> try_open(Text path, const options::Open& options = {}, Operation* op = nullptr) {
    if (auto fits = detail::check_abi(); !fits) return detail::failed(fits.error());
    if (!path.whole()) return detail::failed(detail::has_nul<reports::Open>().error());
    const detail::Json text(options);
    Database made;
    made.family_ = std::make_shared<Family>();
    auto report = made.call<reports::Open>(
        [&](::rpmadb*, ::rpmadb_op* handle, char** out) {
          const std::int32_t status = rpmadb_open(path.c_str(), text.c_str(), handle, &made.handle_, out);
          made.open_ = status == RPMADB_OK;
          return status;
        },
        op);
    if (!report) return detail::failed(report.error());
    made.opened_ = std::make_shared<const Report<reports::Open>>(*std::move(report));
    return made;
  }

  ~Database() { release(); }
  Database(Database&& other) noexcept { swap(other); }
  Database& operator=(Database&& other) noexcept {
    if (this != &other) {
      Database taken(std::move(other));
      swap(taken);
    }
    return *this;
  }

  /// The report of opening; none for a handle that was made in another way.
  const Report<reports::Open>* opened() const { return opened_.get(); }
  /// What the functions of rpmadb.h take.
  ::rpmadb* handle() const { return handle_; }

  /// Calls `rpmadb_close`: calls that run are cancelled and waited for. Again is nothing to do.
  Result<void> try_close() {
    if (lent_ || !open_.exchange(false)) return {};
    ::rpmadb* variable = handle_;
    const std::int32_t status = rpmadb_close(&variable);
    if (status != RPMADB_OK) {
      open_ = true;
      return detail::failed(detail::own_error(status, "the handle cannot be closed here"));
    }
    const std::lock_guard<std::mutex> lock(family_->alerts);
    alert_.reset();  // the library has removed it, and it is not running any more
    return {};
  }

  /// Calls `rpmadb_as`: a second handle on the same database, for one user of the host, with that user's rights.
  Result<Database> try_as(Text actor, Text role) {
    if (!actor.whole() || !role.whole()) return detail::failed(detail::has_nul<reports::Open>().error());
    Database made;
    made.family_ = family_;
    char* out = nullptr;
    const std::int32_t status = rpmadb_as(handle_, actor.c_str(), role.c_str(), &made.handle_, &out);
    const detail::Owned text(out);
    if (status != RPMADB_OK) return detail::failed(detail::error_of(status, text.get()));
    made.open_ = true;
    return made;
  }
  Result<Database> try_as(Text actor, options::Role role) { return try_as(std::move(actor), Text(options::to_text(role))); }

  /// Calls `rpmadb_add_step`: a migration whose code is `up`, and `down` (nullptr: there is none) to take it back. Each is called with a
  /// Database& that is good until it returns; it returns nothing, or 0 for success. What it throws undoes the run, and comes out of it.
  template <class Up, class Down = std::nullptr_t>
  Result<void> try_add_step(std::int64_t version, Text name, Up up, Down down = nullptr) {
    if (!name.whole()) return detail::failed(detail::has_nul<reports::Open>().error());
    const std::shared_ptr<Family> family = family_ ? family_ : std::make_shared<Family>();
    auto step = std::make_unique<Step>();
    step->family = family.get();
    step->up = body_of(std::move(up));
    if constexpr (!std::is_same_v<Down, std::nullptr_t>) step->down = body_of(std::move(down));
    char* out = nullptr;
    const std::int32_t status = rpmadb_add_step(handle_, version, name.c_str(), &Step::run_up, step->down ? &Step::run_down : nullptr, step.get(), &out);
    const detail::Owned text(out);
    if (status != RPMADB_OK) return detail::failed(detail::error_of(status, text.get()));
    const std::lock_guard<std::mutex> lock(family->mutex);
    family->steps.push_back(std::move(step));  // until the last handle is gone
    return {};
  }

  /// Calls `rpmadb_transaction`: `body` is called on this thread with a Database& that is bound to one write transaction. It returns nothing,
  /// or 0 to commit and another integer to roll back. What it throws rolls back and comes out; Rollback does not come out.
  template <class Body>
  Result<Report<reports::Transaction>> try_transaction(Body body, Operation* op = nullptr) {
    Step step;
    step.family = family_.get();
    step.up = body_of(std::move(body));
    return call<reports::Transaction>(
        [&](::rpmadb* db, ::rpmadb_op* handle, char** out) { return rpmadb_transaction(db, &Step::run_up, &step, nullptr, handle, out); }, op);
  }

  /// Calls `rpmadb_on_alert`: sets what is told of alerts, as a const reports::Alert&, on the monitor's thread; nullptr removes it. What
  /// it throws ends the process, as on every thread.
  template <class F>
  Result<void> try_on_alert(F function) {
    if constexpr (std::is_same_v<F, std::nullptr_t>) {
      return set_alert(nullptr);
    } else {
      auto shared = std::make_shared<F>(std::move(function));
      return set_alert(std::make_unique<AlertFunction>([shared](const reports::Alert& alert) { (*shared)(alert); }));
    }
  }

  /// Calls `rpmadb_restore_file`: brings back a backup where there is no database, or one that does not open any more.
  static Result<Report<reports::Restore>> try_restore_file(Text database, Text path, const options::Open& open_options = {},
                                                           const options::Restore& options = {}, Operation* op = nullptr) {
    if (auto fits = detail::check_abi(); !fits) return detail::failed(fits.error());
    if (!database.whole() || !path.whole()) return detail::has_nul<reports::Restore>();
    const detail::Json open_text(open_options), text(options);
    return Database().call<reports::Restore>(
        [&](::rpmadb*, ::rpmadb_op* handle, char** out) {
          return rpmadb_restore_file(database.c_str(), path.c_str(), open_text.c_str(), text.c_str(), handle, out);
        },
        op);
  }

#if RPMADB_EXCEPTIONS
  void close() { detail::value_of(try_close()); }
  Database as(Text actor, Text role) { return detail::value_of(try_as(std::move(actor), std::move(role))); }
  Database as(Text actor, options::Role role) { return detail::value_of(try_as(std::move(actor), role)); }
  template <class Up, class Down = std::nullptr_t>
  void add_step(std::int64_t version, Text name, Up up, Down down = nullptr) {
    detail::value_of(try_add_step(version, std::move(name), std::move(up), std::move(down)));
  }
  template <class Body>
  Report<reports::Transaction> transaction(Body body, Operation* op = nullptr) {
    return detail::value_of(try_transaction(std::move(body), op));
  }
  template <class F>
  void on_alert(F function) {
    detail::value_of(try_on_alert(std::move(function)));
  }
  static Report<reports::Restore> restore_file(Text database, Text path, const options::Open& open_options = {}, const options::Restore& options = {},
                                               Operation* op = nullptr) {
    return detail::value_of(try_restore_file(std::move(database), std::move(path), open_options, options, op));
  }
#endif

 private:
  friend class Verbs<Database>;

  using Body = std::function<std::int32_t(Database&)>;
  using AlertFunction = std::function<void(const reports::Alert&)>;

  struct Step;

  struct Late {
    ::rpmadb* handle;
    std::unique_ptr<AlertFunction> alert;
  };

  // What all handles on a database that was opened have in common; it goes with the last of them.
  struct Family : std::enable_shared_from_this<Family> {
    std::mutex mutex;
    std::mutex alerts;
    std::vector<std::unique_ptr<Step>> steps;
    // Handles that were destroyed inside of a callback, where they cannot be closed.
    std::vector<Late> late;
    std::atomic<bool> any_late{false};
    // Calls that run: the last of them sees what became late before it ended.
    std::atomic<int> calls{0};
#if RPMADB_EXCEPTIONS
    // What steps threw inside of a script, which has a thread of its own.
    detail::Thrown astray;
#endif
  };

  struct Step {
    Family* family = nullptr;
    Body up, down;

    static std::int32_t run_up(::rpmadb* db, void* user_data) noexcept { return run(static_cast<Step*>(user_data)->up, db, user_data); }
    static std::int32_t run_down(::rpmadb* db, void* user_data) noexcept { return run(static_cast<Step*>(user_data)->down, db, user_data); }
    static std::int32_t run(Body& body, ::rpmadb* db, void* user_data) noexcept {
      return detail::guarded(
          [&] {
            Database lent;
            lent.handle_ = db;
            lent.lent_ = true;
            if (Family* family = static_cast<Step*>(user_data)->family) lent.family_ = family->shared_from_this();
            return body(lent);
          },
          [&] {
#if RPMADB_EXCEPTIONS
            if (detail::Frame* frame = detail::Frame::top()) {
              frame->thrown = std::current_exception();
            } else if (Family* family = static_cast<Step*>(user_data)->family) {
              family->astray.store();
            }
#endif
          });
    }
  };

  Database() = default;

  template <class F>
  static Body body_of(F function) {
    auto shared = std::make_shared<F>(std::move(function));  // std::function wants to copy it
    return [shared](Database& db) {
#if RPMADB_EXCEPTIONS
      try {
        return detail::answer_of(*shared, db);
      } catch (const Rollback&) {
        return std::int32_t{1};
      }
#else
      return detail::answer_of(*shared, db);
#endif
    };
  }

  template <class T, class F>
  Result<Report<T>> call(F function, Operation* op) {
    const std::shared_ptr<Operation::State> watched = op != nullptr ? op->state_ : nullptr;
    const std::shared_ptr<Family> family = family_;  // the handle may be closed meanwhile
    char* out = nullptr;
    std::int32_t status = RPMADB_OK;
    {
      detail::Frame frame;
      if (family) family->calls++;
      status = function(handle_, watched ? watched->handle : nullptr, &out);
      if (family) family->calls--;
#if RPMADB_EXCEPTIONS
      const detail::Owned kept(out);
      out = nullptr;
      if (family && family->any_late) close_late(*family);
      if (watched) watched->thrown.rethrow();
      // A call that ended well took care of what a step threw: that of a test is in its report.
      if (frame.thrown && (status != RPMADB_OK || std::is_same_v<T, reports::Transaction>)) std::rethrow_exception(frame.thrown);
      if constexpr (std::is_same_v<T, reports::Script>) {
        if (family && status != RPMADB_OK) family->astray.rethrow();
        if (family) family->astray.forget();  // the script took care of it
      }
      return finish<T>(status, kept.get());
#else
      const detail::Owned kept(out);
      if (family && family->any_late) close_late(*family);
      return finish<T>(status, kept.get());
#endif
    }
  }

  template <class T>
  static Result<Report<T>> finish(std::int32_t status, const char* text) {
    if (status != RPMADB_OK) return detail::failed(detail::error_of(status, text));
    return read_report<T>(text != nullptr ? std::string(text) : std::string());
  }

  static void told(const char* document, void* user_data) noexcept {
    reports::Alert alert;
    Reader reader{std::string_view(document)};
    reader.read(alert);
    if (reader.ok()) (*static_cast<AlertFunction*>(user_data))(alert);
  }

  Result<void> set_alert(std::unique_ptr<AlertFunction> next) {
    const std::shared_ptr<Family> family = family_ ? family_ : std::make_shared<Family>();
    const std::lock_guard<std::mutex> lock(family->alerts);
    char* out = nullptr;
    const std::int32_t status = rpmadb_on_alert(handle_, next ? &told : nullptr, next.get(), &out);
    const detail::Owned text(out);
    if (status != RPMADB_OK) return detail::failed(detail::error_of(status, text.get()));
    alert_ = std::move(next);  // the one before is not running any more
    return {};
  }

  void release() noexcept {
    if (lent_ || !open_) return;
    const std::shared_ptr<Family> family = family_;
    Result<void> closed;
    const auto close = [&] {
      closed = try_close();
      if (closed && family->any_late) close_late(*family);
    };
    close();
    if (!closed && closed.error().status() == RPMADB_PANIC) {
      // A static object, destroyed when this thread has lost its variables already, without which the library cannot work on it.
      std::thread(close).join();
    }
    if (closed) return;
    open_ = false;
    // In a child of a fork it is not ours.
    if (closed.error().status() != RPMADB_REENTRANT) return;
    // Inside of a callback on the same database: closed when that call is over.
    {
      const std::lock_guard<std::mutex> lock(family->mutex);
      family->late.push_back(Late{handle_, std::move(alert_)});
      family->any_late = true;
    }
    // On the monitor's thread there is no such call, and what runs there now must stay until the library has let go of it.
    if (family->calls == 0) std::thread([family] { close_late(*family); }).detach();
  }

  static void close_late(Family& family) {
    std::vector<Late> late;
    {
      const std::lock_guard<std::mutex> lock(family.mutex);
      late.swap(family.late);
      family.any_late = false;
    }
    for (Late& one : late) {
      if (rpmadb_close(&one.handle) == RPMADB_REENTRANT) {
        const std::lock_guard<std::mutex> lock(family.mutex);
        family.late.push_back(std::move(one));
        family.any_late = true;
      }
    }
  }

  void swap(Database& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(lent_, other.lent_);
    other.open_ = open_.exchange(other.open_);
    family_.swap(other.family_);
    opened_.swap(other.opened_);
    alert_.swap(other.alert_);
  }

  ::rpmadb* handle_ = nullptr;
  bool lent_ = false;  // by the library, for the time of a callback
  std::atomic<bool> open_{false};
  std::shared_ptr<Family> family_;
  std::shared_ptr<const Report<reports::Open>> opened_;
  std::unique_ptr<AlertFunction> alert_;
};

/// The version of the library.
inline std::string version() { return rpmadb_version(); }
/// The ABI version of the library.
inline std::uint32_t abi_version() { return rpmadb_abi_version(); }
/// The name of a status, "UNKNOWN" for a number that is none.
inline std::string status_name(std::int32_t status) { return rpmadb_status_name(status); }

/// Calls `rpmadb_build_info`: what the library is made of.
inline Result<Report<reports::BuildInfo>> try_build_info() {
  char* out = nullptr;
  const std::int32_t status = rpmadb_build_info(&out);
  return detail::answer<reports::BuildInfo>(status, detail::Owned(out));
}

namespace detail {

using LogFunction = std::function<void(std::int32_t, std::string_view, std::string_view)>;

inline Result<void> set_log(std::int32_t level, LogFunction* next) {
  static std::mutex mutex;
  static LogFunction* current = nullptr;  // never destroyed at the end: lines may come until the process is gone
  const std::lock_guard<std::mutex> lock(mutex);
  const auto call = [](std::int32_t at, const char* target, const char* message, void* user_data) noexcept {
    (*static_cast<LogFunction*>(user_data))(at, target, message);
  };
  std::unique_ptr<LogFunction> replaced(next);
  const std::int32_t status = rpmadb_log_set(level, next != nullptr ? +call : nullptr, next);
  if (status != RPMADB_OK) return failed(own_error(status, "where log lines go cannot be set so"));
  (void)replaced.release();
  replaced.reset(std::exchange(current, next));
  return {};
}

template <class T, class F>
Result<T> json_value(const std::string& json, const Text& pointer, F function) {
  T value{};
  const std::int32_t status = function(json.c_str(), pointer.c_str(), &value);
  if (status != RPMADB_OK) return failed(own_error(status, "no such value in the document"));
  return value;
}

}  // namespace detail

/// Calls `rpmadb_log_set`: lines of `level` (RPMADB_LOG_DEBUG and so on) and the more serious ones go to `function`, which is told the level,
/// the part of the library, and the line, on any thread; nullptr is nowhere. What it throws ends the process, as on every thread.
template <class F>
Result<void> try_log_set(std::int32_t level, F function) {
  if constexpr (std::is_same_v<F, std::nullptr_t>) {
    return detail::set_log(level, nullptr);
  } else {
    return detail::set_log(level, new detail::LogFunction(std::move(function)));
  }
}

/// Calls `rpmadb_json_int`: an integer of a document, by an RFC 6901 pointer.
inline Result<std::int64_t> try_json_int(const std::string& json, const Text& pointer) {
  return detail::json_value<std::int64_t>(json, pointer, rpmadb_json_int);
}
/// Calls `rpmadb_json_real`: a number of a document.
inline Result<double> try_json_real(const std::string& json, const Text& pointer) { return detail::json_value<double>(json, pointer, rpmadb_json_real); }
/// Calls `rpmadb_json_text`: a text of a document.
inline Result<std::string> try_json_text(const std::string& json, const Text& pointer) {
  auto found = detail::json_value<char*>(json, pointer, rpmadb_json_text);
  if (!found) return detail::failed(found.error());
  return std::string(detail::Owned(*found).get());
}

#if RPMADB_EXCEPTIONS
inline Report<reports::BuildInfo> build_info() { return detail::value_of(try_build_info()); }
template <class F>
void log_set(std::int32_t level, F function) {
  detail::value_of(try_log_set(level, std::move(function)));
}
inline std::int64_t json_int(const std::string& json, const Text& pointer) { return detail::value_of(try_json_int(json, pointer)); }
inline double json_real(const std::string& json, const Text& pointer) { return detail::value_of(try_json_real(json, pointer)); }
inline std::string json_text(const std::string& json, const Text& pointer) { return detail::value_of(try_json_text(json, pointer)); }
#endif

RPMADB_END

#endif
