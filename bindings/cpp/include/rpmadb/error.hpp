// A failed call: its error document as an exception, or in a Result.
#ifndef RPMADB_ERROR_HPP
#define RPMADB_ERROR_HPP

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#if defined(__has_include) && __has_include(<expected>)
#include <expected>
#endif

#include "reports.hpp"
#include "rpmadb.h"

RPMADB_BEGIN

/// A call failed. Copies share what they say, so that copying one never throws.
class Error : public std::exception {
 public:
  explicit Error(reports::Body details) {
    std::string text = details.name + ": " + details.message;
    if (details.source_line) {
      text += "\n  " + *details.source_line;
      if (details.column && *details.column > 0) {
        // A tab before the mistake must be a tab above the caret, too. Columns count characters, not bytes.
        text += "\n  ";
        std::uint32_t column = 1;
        for (const char byte : *details.source_line) {
          if (column >= *details.column) break;
          if ((static_cast<unsigned char>(byte) & 0xC0) == 0x80) continue;
          text += byte == '\t' ? '\t' : ' ';
          column++;
        }
        text += '^';
      }
    }
    if (details.hint) text += "\nhint: " + *details.hint;
    told_ = std::make_shared<const Told>(Told{std::move(details), std::move(text)});
  }

  /// RPMADB_BUSY and so on.
  std::int32_t status() const noexcept { return told_->details.status; }
  /// The name of the status, such as "BUSY".
  const std::string& name() const noexcept { return told_->details.name; }
  /// One line for a person.
  const std::string& message() const noexcept { return told_->details.message; }
  /// All that the library said: hint, sqlite_code, file, line, column, statement, source_line, version, traceback, changes.
  const reports::Body& details() const noexcept { return told_->details; }
  /// Name and message, the line of the mistake, and the hint.
  const char* what() const noexcept override { return told_->text.c_str(); }

#if RPMADB_EXCEPTIONS
  /// Throws it as the class of its status.
  [[noreturn]] void raise() const;
#endif

 private:
  struct Told {
    reports::Body details;
    std::string text;
  };
  std::shared_ptr<const Told> told_;
};

#if RPMADB_EXPECTED

template <class T>
using Result = std::expected<T, Error>;

namespace detail {
inline std::unexpected<Error> failed(Error error) { return std::unexpected<Error>(std::move(error)); }
}  // namespace detail

#else

namespace detail {
struct Failed {
  Error error;
};
inline Failed failed(Error error) { return Failed{std::move(error)}; }
}  // namespace detail

/// A value or an error: the part of std::expected that is needed where the compiler has none yet.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::move(value)) {}
  Result(detail::Failed failed) : held_(std::move(failed.error)) {}

  bool has_value() const noexcept { return held_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }
  T& operator*() & noexcept { return *std::get_if<T>(&held_); }
  const T& operator*() const& noexcept { return *std::get_if<T>(&held_); }
  T&& operator*() && noexcept { return std::move(*std::get_if<T>(&held_)); }
  T* operator->() noexcept { return std::get_if<T>(&held_); }
  const T* operator->() const noexcept { return std::get_if<T>(&held_); }
  Error& error() & noexcept { return *std::get_if<Error>(&held_); }
  const Error& error() const& noexcept { return *std::get_if<Error>(&held_); }
  template <class U>
  T value_or(U&& other) const& {
    return has_value() ? **this : static_cast<T>(std::forward<U>(other));
  }
#if RPMADB_EXCEPTIONS
  /// The value; an error is thrown.
  T& value() & {
    if (!has_value()) error().raise();
    return **this;
  }
  const T& value() const& {
    if (!has_value()) error().raise();
    return **this;
  }
  T&& value() && {
    if (!has_value()) error().raise();
    return *std::move(*this);
  }
#endif

 private:
  std::variant<T, Error> held_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(detail::Failed failed) : error_(std::move(failed.error)) {}

  bool has_value() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  Error& error() & noexcept { return *error_; }
  const Error& error() const& noexcept { return *error_; }
#if RPMADB_EXCEPTIONS
  void value() const {
    if (error_) error_->raise();
  }
#endif

 private:
  std::optional<Error> error_;
};

#endif

#if RPMADB_EXCEPTIONS
namespace detail {
template <class T>
T value_of(Result<T> result) {
  if (!result) result.error().raise();
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}
}  // namespace detail
#endif

RPMADB_END

#endif
