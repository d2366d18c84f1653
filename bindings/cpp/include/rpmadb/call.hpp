// From arguments to a call, and from its answer to a report or an error. What callbacks throw is stored here until the call is over.
#ifndef RPMADB_CALL_HPP
#define RPMADB_CALL_HPP

#include <atomic>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "errors.hpp"
#include "options.hpp"

RPMADB_BEGIN

/// A report. It is its type and can be copied to one; json() is the document that it was made of, with all that was in it.
template <class T>
class Report : public T {
 public:
  Report() = default;
  Report(T report, std::string json) : T(std::move(report)), json_(std::move(json)) {}

  const std::string& json() const noexcept { return json_; }

 private:
  template <class U>
  friend Result<Report<U>> read_report(std::string json);
  std::string json_;
};

/// An argument that is a text: one that ends with a NUL is passed as it is, another one copied. nullptr is no text.
class Text {
 public:
  Text() = default;
  Text(std::nullptr_t) {}
  Text(const char* text) : text_(text) {}
  Text(const std::string& text) : Text(text.c_str(), text.size()) {}
  Text(std::string&& text) : own_(std::move(text)), owned_(true), whole_(own_.find('\0') == std::string::npos) {}
  Text(std::string_view text) : Text(std::string(text)) {}
  Text(const std::filesystem::path& path) : Text(path.u8string()) {}
#if defined(__cpp_char8_t)
  Text(std::u8string&& text) : Text(std::string(text.begin(), text.end())) {}
#endif

  const char* c_str() const { return owned_ ? own_.c_str() : text_; }
  /// Whether there is no NUL inside: what stands behind it would be cut off without a word.
  bool whole() const { return whole_; }

 private:
  Text(const char* text, std::size_t size) : text_(text), whole_(std::memchr(text, 0, size) == nullptr) {}

  const char* text_ = nullptr;
  std::string own_;
  bool owned_ = false;
  bool whole_ = true;
};

namespace detail {

/// Options or parameters as a document; none when nothing was given.
class Json {
 public:
  template <class T>
  explicit Json(const T& value) {
    if constexpr (std::is_same_v<T, Value>) {
      if (value.is_null()) return;
    }
    Writer writer;
    writer.write(value);
    text_ = writer.take();
    if (text_ == "{}" && !std::is_same_v<T, Value>) text_.clear();
  }
  const char* c_str() const { return text_.empty() ? nullptr : text_.c_str(); }

 private:
  std::string text_;
};

struct Free {
  void operator()(char* text) const { rpmadb_free(text); }
};
using Owned = std::unique_ptr<char, Free>;

inline Error own_error(std::int32_t status, std::string message) {
  reports::Body details;
  details.status = status;
  details.name = rpmadb_status_name(status);
  details.message = std::move(message);
  return Error(std::move(details));
}

template <class T>
Result<Report<T>> has_nul() {
  return failed(own_error(RPMADB_INVALID_ARGUMENT, "a text has a NUL character inside"));
}

/// The error of a call that failed.
inline Error error_of(std::int32_t status, const char* document) {
  reports::Document read;
  if (document != nullptr) {
    Reader reader{std::string_view(document)};
    reader.read(read);
    if (reader.done()) return Error(std::move(read.error));
  }
  return own_error(status, "the call failed");
}

/// The library must be one that fits the header that this program is compiled with.
inline Result<void> check_abi() {
  static const bool fits = rpmadb_check_abi(RPMADB_ABI_VERSION) == RPMADB_OK;
  if (fits) return {};
  return failed(own_error(RPMADB_ABI_MISMATCH, "this program is compiled for ABI " + std::to_string(RPMADB_ABI_VERSION) +
                                                   " of rpmadb, and the library that is loaded has ABI " + std::to_string(rpmadb_abi_version())));
}

#if RPMADB_EXCEPTIONS
/// What a function of the host's threw.
class Thrown {
 public:
  void store() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!stored_) stored_ = std::current_exception();
    any_.store(true, std::memory_order_release);
  }
  void rethrow() {
    if (!any_.load(std::memory_order_acquire)) return;
    std::exception_ptr taken;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      taken = std::exchange(stored_, nullptr);
      any_.store(false, std::memory_order_release);
    }
    if (taken) std::rethrow_exception(taken);
  }
  void forget() {
    const std::lock_guard<std::mutex> lock(mutex_);
    stored_ = nullptr;
    any_.store(false, std::memory_order_release);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr stored_;
  std::atomic<bool> any_{false};
};
#endif

/// A call on this thread. Steps find the innermost one, and leave there what they threw.
class Frame {
 public:
  Frame() : outer_(top()) { top() = this; }
  ~Frame() { top() = outer_; }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  static Frame*& top() {
    static thread_local Frame* innermost = nullptr;
    return innermost;
  }
#if RPMADB_EXCEPTIONS
  std::exception_ptr thrown;
#endif

 private:
  Frame* outer_;
};

/// Runs a function of the host's for C: no exception gets out. 0 is success.
template <class F, class Store>
std::int32_t guarded(F&& function, [[maybe_unused]] Store&& store) noexcept {
#if RPMADB_EXCEPTIONS
  try {
    return function();
  } catch (...) {
    store();
    return 1;
  }
#else
  return function();
#endif
}

/// Calls `function` with `arguments`: what it returns, 0 when it returns nothing.
template <class F, class... A>
std::int32_t answer_of(F& function, A&&... arguments) {
  using R = std::invoke_result_t<F&, A...>;
  if constexpr (std::is_void_v<R>) {
    function(std::forward<A>(arguments)...);
    return 0;
  } else {
    static_assert(std::is_integral_v<R> && !std::is_same_v<R, bool>, "return nothing, or an integer: 0 to go on, anything else to stop");
    const auto answer = function(std::forward<A>(arguments)...);
    const auto narrow = static_cast<std::int32_t>(answer);
    return narrow == 0 && answer != 0 ? 1 : narrow;
  }
}

}  // namespace detail

/// Watches the calls that it is passed to: progress, cancel, time-out. Good for any number of calls, one after the other or at once.
/// Once cancelled it stops every call that gets it.
class Operation {
 public:
#if RPMADB_EXCEPTIONS
  Operation() { detail::value_of(make()); }
#endif
  static Result<Operation> try_make() {
    Operation made{nullptr};
    if (auto result = made.make(); !result) return detail::failed(result.error());
    return made;
  }
  Operation(Operation&&) = default;
  Operation& operator=(Operation&&) = default;

  /// Sets what is told `done`, `total` (0 while unknown) and the stage, on the thread that works. It returns nothing, or 0 to go on;
  /// another integer stops the call. What it throws stops the call, too, and comes out of it.
  template <class F>
  Result<void> try_on_progress(F function) {
    auto shared = std::make_shared<Function>([function = std::move(function)](std::uint64_t done, std::uint64_t total, std::string_view stage) mutable {
      return detail::answer_of(function, done, total, stage);
    });
    {
      const std::lock_guard<std::mutex> lock(state_->mutex);
      state_->function = std::move(shared);
    }
    return checked(rpmadb_op_on_progress(state_->handle, &State::progress, state_.get()));
  }
  Result<void> try_on_progress(std::nullptr_t) { return checked(rpmadb_op_on_progress(state_->handle, nullptr, nullptr)); }

  /// Limits each call from now on, from its start; 0 is no limit.
  Result<void> try_set_timeout_ms(std::uint64_t limit) { return checked(rpmadb_op_set_timeout_ms(state_->handle, limit)); }
  /// Asks the calls that have it to stop: they fail with Cancelled. From any thread.
  Result<void> try_cancel() { return checked(rpmadb_op_cancel(state_->handle)); }
  /// How far the call is. From any thread.
  Result<Report<reports::Progress>> try_progress() const;
  /// Releases it; a call that still runs with it goes on unwatched. Again is nothing to do.
  Result<void> try_close() { return state_->close(); }

#if RPMADB_EXCEPTIONS
  template <class F>
  void on_progress(F function) {
    detail::value_of(try_on_progress(std::move(function)));
  }
  void set_timeout_ms(std::uint64_t limit) { detail::value_of(try_set_timeout_ms(limit)); }
  void cancel() { detail::value_of(try_cancel()); }
  Report<reports::Progress> progress() const { return detail::value_of(try_progress()); }
  void close() { detail::value_of(try_close()); }
#endif

  ::rpmadb_op* handle() const { return state_->handle; }

 private:
  friend class Database;

  using Function = std::function<std::int32_t(std::uint64_t, std::uint64_t, std::string_view)>;

  // A call holds it too: the library may tell of progress until the call is over.
  struct State {
    ::rpmadb_op* handle = nullptr;
    std::atomic<bool> open{false};
    std::mutex mutex;
    std::shared_ptr<Function> function;
#if RPMADB_EXCEPTIONS
    detail::Thrown thrown;
#endif

    ~State() { (void)close(); }

    Result<void> close() {
      if (!open.exchange(false)) return {};
      ::rpmadb_op* variable = handle;
      return checked(rpmadb_op_free(&variable));
    }

    static std::int32_t progress(std::uint64_t done, std::uint64_t total, const char* stage, void* user_data) noexcept {
      State& state = *static_cast<State*>(user_data);
      std::shared_ptr<Function> function;
      {
        const std::lock_guard<std::mutex> lock(state.mutex);
        function = state.function;
      }
      if (!function) return 0;
      return detail::guarded([&] { return (*function)(done, total, stage != nullptr ? stage : ""); },
                             [&] {
#if RPMADB_EXCEPTIONS
                               state.thrown.store();
#endif
                             });
    }
  };

  explicit Operation(std::nullptr_t) {}

  Result<void> make() {
    if (auto fits = detail::check_abi(); !fits) return fits;
    state_ = std::make_shared<State>();
    const std::int32_t status = rpmadb_op_new(&state_->handle);
    state_->open = status == RPMADB_OK;
    return checked(status);
  }

  static Result<void> checked(std::int32_t status) {
    if (status == RPMADB_OK) return {};
    return detail::failed(detail::own_error(status, "the operation cannot be used"));
  }

  std::shared_ptr<State> state_;
};

/// A report of the document that a call handed out.
template <class T>
Result<Report<T>> read_report(std::string json) {
  Report<T> report;
  Reader reader{std::string_view(json)};
  reader.read(static_cast<T&>(report));
  if (!reader.done()) return detail::failed(detail::own_error(RPMADB_INTERNAL, "the library answered with what is not in its schema"));
  report.json_ = std::move(json);
  return report;
}

namespace detail {

/// The report of a call without a handle that is kept.
template <class T>
Result<Report<T>> answer(std::int32_t status, Owned out) {
  if (status != RPMADB_OK) return failed(error_of(status, out.get()));
  return read_report<T>(out ? std::string(out.get()) : std::string());
}

}  // namespace detail

inline Result<Report<reports::Progress>> Operation::try_progress() const {
  char* out = nullptr;
  const std::int32_t status = rpmadb_op_progress(state_->handle, &out);
  return detail::answer<reports::Progress>(status, detail::Owned(out));
}

RPMADB_END

#endif
