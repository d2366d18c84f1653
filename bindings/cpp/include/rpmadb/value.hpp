// A value of SQL or JSON.
#ifndef RPMADB_VALUE_HPP
#define RPMADB_VALUE_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "config.hpp"

RPMADB_BEGIN

/// The bytes of a BLOB.
struct Blob {
  std::vector<std::uint8_t> bytes;

  friend bool operator==(const Blob& a, const Blob& b) { return a.bytes == b.bytes; }
  friend bool operator!=(const Blob& a, const Blob& b) { return !(a == b); }
};

/// NULL, a truth value, an integer, a real number, a text, a BLOB, an array or an object.
class Value {
 public:
  using Array = std::vector<Value>;
  using Object = std::vector<std::pair<std::string, Value>>;

  Value() = default;
  Value(std::nullptr_t) {}
  Value(bool value) : data_(value) {}
  template <class T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
  Value(T value) {
    // An unsigned number beyond 63 bits is kept as it is: whether it fits is for the library to say.
    if constexpr (std::is_unsigned_v<T> && sizeof(T) == sizeof(std::uint64_t)) {
      if (value > static_cast<std::uint64_t>(INT64_MAX)) {
        data_ = static_cast<std::uint64_t>(value);
        return;
      }
    }
    data_ = static_cast<std::int64_t>(value);
  }
  template <class T, std::enable_if_t<std::is_floating_point_v<T>, int> = 0>
  Value(T value) : data_(static_cast<double>(value)) {}
  Value(const char* text) {
    if (text != nullptr) data_ = std::string(text);
  }
  template <class T>
  Value(const T*) = delete;  // which would be a truth value
  Value(std::string text) : data_(std::move(text)) {}
  Value(std::string_view text) : data_(std::string(text)) {}
  Value(Blob blob) : data_(std::move(blob)) {}
  Value(Array array) : data_(std::move(array)) {}
  Value(Object object) : data_(std::move(object)) {}
  template <class T>
  Value(const std::optional<T>& value) {
    if (value) *this = Value(*value);
  }

  static Value array(std::initializer_list<Value> values = {}) { return Value(Array(values)); }
  static Value object(std::initializer_list<std::pair<std::string, Value>> members = {}) { return Value(Object(members)); }
  /// Reads JSON; nothing when it is none.
  static std::optional<Value> parse(std::string_view json);

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  /// The value when it is a T: bool, int64_t, double, std::string, Blob, Array, Object; else a null pointer. Never converts.
  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&data_);
  }
  template <class T>
  T* get_if() {
    return std::get_if<T>(&data_);
  }
  /// The value as a T. It must be one, or, for double, an integer, or, for an integer type, an integer that fits.
  template <class T>
  std::optional<T> as() const {
    if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string> || std::is_same_v<T, Blob>) {
      const T* found = get_if<T>();
      return found ? std::optional<T>(*found) : std::nullopt;
    } else if constexpr (std::is_integral_v<T>) {
      if (const auto* found = get_if<std::int64_t>()) {
        if (std::is_unsigned_v<T> && *found < 0) return std::nullopt;
        const T narrow = static_cast<T>(*found);
        if (static_cast<std::int64_t>(narrow) == *found) return narrow;
      } else if (const auto* large = get_if<std::uint64_t>()) {
        const T narrow = static_cast<T>(*large);
        if (narrow > 0 && static_cast<std::uint64_t>(narrow) == *large) return narrow;
      }
      return std::nullopt;
    } else {
      static_assert(std::is_floating_point_v<T>, "bool, an integer, a floating point number, std::string or Blob");
      if (const auto* real = get_if<double>()) return static_cast<T>(*real);
      if (const auto* integer = get_if<std::int64_t>()) return static_cast<T>(*integer);
      return std::nullopt;
    }
  }
  /// The member of an object, or the null value.
  const Value& operator[](std::string_view name) const {
    static const Value none;
    if (const auto* object = get_if<Object>()) {
      for (const auto& member : *object) {
        if (member.first == name) return member.second;
      }
    }
    return none;
  }

  friend bool operator==(const Value& a, const Value& b) { return a.data_ == b.data_; }
  friend bool operator!=(const Value& a, const Value& b) { return !(a == b); }

 private:
  friend class Writer;
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Blob, Array, Object> data_;
};

/// The values for a statement: {1, "x", nullptr} for each ?, or named({{"id", 1}}) for :id.
class Parameters {
 public:
  Parameters() = default;
  Parameters(std::initializer_list<Value> values) : values_(Value::Array(values)) {}
  Parameters(std::vector<Value> values) : values_(std::move(values)) {}

  static Parameters named(std::initializer_list<std::pair<std::string, Value>> members) {
    Parameters made;
    made.values_ = Value::object(members);
    return made;
  }
  static Parameters named(Value::Object members) {
    Parameters made;
    made.values_ = Value(std::move(members));
    return made;
  }

  const Value& values() const { return values_; }

 private:
  Value values_;
};

RPMADB_END

#endif
