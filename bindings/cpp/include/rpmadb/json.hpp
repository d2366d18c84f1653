// JSON, as the library writes it and takes it: as much as reports and options need.
#ifndef RPMADB_JSON_HPP
#define RPMADB_JSON_HPP

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "value.hpp"

#if !defined(__cpp_lib_to_chars)
#include <locale>
#include <sstream>
#endif

RPMADB_BEGIN

namespace detail {

inline const char* const base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

inline std::string to_base64(const std::vector<std::uint8_t>& bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t left = bytes.size() - at;
    std::uint32_t group = static_cast<std::uint32_t>(bytes[at]) << 16;
    if (left > 1) group |= static_cast<std::uint32_t>(bytes[at + 1]) << 8;
    if (left > 2) group |= bytes[at + 2];
    out += base64_digits[group >> 18];
    out += base64_digits[group >> 12 & 63];
    out += left > 1 ? base64_digits[group >> 6 & 63] : '=';
    out += left > 2 ? base64_digits[group & 63] : '=';
  }
  return out;
}

inline std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
  static const std::array<std::int8_t, 256> values = [] {
    std::array<std::int8_t, 256> made{};
    made.fill(-1);
    for (int digit = 0; digit < 64; digit++) made[static_cast<unsigned char>(base64_digits[digit])] = static_cast<std::int8_t>(digit);
    return made;
  }();
  if (text.size() % 4 != 0) return std::nullopt;
  std::vector<std::uint8_t> out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const bool last = at + 4 == text.size();
    const int padding = !last || text[at + 3] != '=' ? 0 : text[at + 2] == '=' ? 2 : 1;
    std::uint32_t group = 0;
    for (int digit = 0; digit < 4 - padding; digit++) {
      const std::int8_t value = values[static_cast<unsigned char>(text[at + static_cast<std::size_t>(digit)])];
      if (value < 0) return std::nullopt;
      group |= static_cast<std::uint32_t>(value) << (18 - 6 * digit);
    }
    out.push_back(static_cast<std::uint8_t>(group >> 16));
    if (padding < 2) out.push_back(static_cast<std::uint8_t>(group >> 8));
    if (padding < 1) out.push_back(static_cast<std::uint8_t>(group));
  }
  return out;
}

}  // namespace detail

/// Reads one document, each value once and in order. After something that does not fit, ok() is false and nothing more is read.
class Reader {
 public:
  explicit Reader(std::string_view json) : at_(json.data()), end_(json.data() + json.size()) {}

  bool ok() const { return ok_; }
  /// Whether all of it was read.
  bool done() {
    space();
    return ok_ && at_ == end_;
  }

  /// Calls `member` with the name of each member; it must read the value, or skip it.
  template <class F>
  void object(F member) {
    if (!enter('{')) return;
    for (bool first = true; ok_ && !leave('}', first); first = false) {
      std::string scratch;
      const std::string_view name = text(scratch);
      if (!expect(':')) return;
      member(name);
    }
    depth_--;
  }

  template <class F>
  void array(F element) {
    if (!enter('[')) return;
    for (bool first = true; ok_ && !leave(']', first); first = false) element();
    depth_--;
  }

  bool null() { return word("null"); }

  void read(bool& out) {
    if (word("true")) {
      out = true;
    } else if (word("false")) {
      out = false;
    } else {
      fail();
    }
  }

  template <class T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
  void read(T& out) {
    space();
    const auto [stop, error] = std::from_chars(at_, end_, out);
    if (error != std::errc() || (stop != end_ && (*stop == '.' || *stop == 'e' || *stop == 'E'))) return fail();
    at_ = stop;
  }

  void read(double& out) {
    space();
    const char* stop = at_;
    while (stop != end_ && (std::strchr("+-.eE", *stop) != nullptr || (*stop >= '0' && *stop <= '9')) && *stop != '\0') stop++;
#if defined(__cpp_lib_to_chars)
    const auto [last, error] = std::from_chars(at_, stop, out);
    if (error == std::errc::result_out_of_range) {
      out = std::strtod(std::string(at_, stop).c_str(), nullptr);  // too small or too large for a double
    } else if (error != std::errc() || last != stop) {
      return fail();
    }
#else
    std::istringstream number(std::string(at_, stop));
    number.imbue(std::locale::classic());
    if (!(number >> out)) return fail();
#endif
    at_ = stop;
  }

  void read(std::string& out) {
    std::string scratch;
    const std::string_view found = text(scratch);
    if (found.data() == scratch.data()) {
      out = std::move(scratch);
    } else {
      out.assign(found);
    }
  }

  template <class T>
  void read(std::optional<T>& out) {
    if (null()) {
      out.reset();
    } else {
      read(out.emplace());
    }
  }

  template <class T>
  void read(std::vector<T>& out) {
    out.clear();
    array([&] { read(out.emplace_back()); });
  }

  template <class T, std::size_t N>
  void read(std::array<T, N>& out) {
    std::size_t next = 0;
    array([&] { next < N ? read(out[next++]) : fail(); });
  }

  template <class T>
  void read(std::map<std::string, T>& out) {
    object([&](std::string_view name) { read(out[std::string(name)]); });
  }

  void read(Value& out) {
    space();
    if (at_ == end_) return fail();
    switch (*at_) {
      case 'n':
        if (!null()) fail();
        out = Value();
        break;
      case 't':
      case 'f': {
        bool value = false;
        read(value);
        out = Value(value);
        break;
      }
      case '"': {
        std::string value;
        read(value);
        out = Value(std::move(value));
        break;
      }
      case '[': {
        Value::Array value;
        read(value);
        out = Value(std::move(value));
        break;
      }
      case '{': {
        Value::Object value;
        object([&](std::string_view name) {
          value.emplace_back(std::string(name), Value());
          read(value.back().second);
        });
        out = Value(std::move(value));
        break;
      }
      default:
        number(out);
    }
  }

  /// Rows of a query, in which what JSON cannot write is an object of one member.
  void read_rows(std::vector<std::vector<Value>>& out) {
    out.clear();
    array([&] {
      auto& row = out.emplace_back();
      array([&] {
        Value& cell = row.emplace_back();
        read(cell);
        const auto* object = cell.get_if<Value::Object>();
        if (object == nullptr) return;
        const auto* text = object->size() == 1 ? object->front().second.get_if<std::string>() : nullptr;
        if (text != nullptr && object->front().first == "base64") {
          auto bytes = detail::from_base64(*text);
          if (!bytes) return fail();
          cell = Value(Blob{std::move(*bytes)});
        } else if (text != nullptr && object->front().first == "real") {
          const double infinity = std::numeric_limits<double>::infinity();
          cell = Value(*text == "-inf" ? -infinity : infinity);
        } else {
          fail();
        }
      });
    });
  }

  /// A report or another type with a function `read_members` of its own.
  template <class T, class = decltype(read_members(std::declval<Reader&>(), std::declval<T&>()))>
  void read(T& out) {
    read_members(*this, out);
  }

  void skip() {
    Value ignored;
    read(ignored);
  }

  void fail() { ok_ = false; }

 private:
  // Answers are not deeper than this, and a thread's stack is deep enough for it.
  static constexpr int max_depth_ = 512;

  void space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) at_++;
  }

  bool expect(char wanted) {
    space();
    if (at_ == end_ || *at_ != wanted) {
      fail();
      return false;
    }
    at_++;
    return true;
  }

  bool enter(char bracket) {
    if (!ok_ || !expect(bracket)) return false;
    if (++depth_ > max_depth_) fail();
    return ok_;
  }

  // At the end of an array or object; else steps over the comma before the next element.
  bool leave(char bracket, bool first) {
    space();
    if (at_ != end_ && *at_ == bracket) {
      at_++;
      return true;
    }
    if (!first && !expect(',')) return true;
    return false;
  }

  bool word(std::string_view wanted) {
    space();
    if (!ok_ || static_cast<std::size_t>(end_ - at_) < wanted.size() || std::memcmp(at_, wanted.data(), wanted.size()) != 0) return false;
    at_ += wanted.size();
    return true;
  }

  void number(Value& out) {
    const char* stop = at_;
    while (stop != end_ && (*stop == '-' || (*stop >= '0' && *stop <= '9'))) stop++;
    if (stop == at_) return fail();
    if (stop == end_ || (*stop != '.' && *stop != 'e' && *stop != 'E')) {
      std::int64_t integer = 0;
      if (std::from_chars(at_, stop, integer).ec == std::errc()) {
        at_ = stop;
        out = Value(integer);
        return;
      }
      std::uint64_t large = 0;
      if (*at_ != '-' && std::from_chars(at_, stop, large).ec == std::errc()) {
        at_ = stop;
        out = Value(large);
        return;
      }
    }
    double real = 0;
    read(real);
    out = Value(real);
  }

  // A text: a part of the document when nothing in it is escaped, else what `scratch` then holds.
  std::string_view text(std::string& scratch) {
    if (!ok_ || !expect('"')) return {};
    const char* begin = at_;
    while (at_ != end_ && *at_ != '"' && *at_ != '\\') at_++;
    if (at_ != end_ && *at_ == '"') return std::string_view(begin, static_cast<std::size_t>(at_++ - begin));
    scratch.assign(begin, at_);
    while (at_ != end_ && *at_ != '"') {
      if (*at_ != '\\') {
        scratch += *at_++;
        continue;
      }
      if (++at_ == end_) break;
      const char kind = *at_++;
      switch (kind) {
        case 'n':
          scratch += '\n';
          break;
        case 't':
          scratch += '\t';
          break;
        case 'r':
          scratch += '\r';
          break;
        case 'b':
          scratch += '\b';
          break;
        case 'f':
          scratch += '\f';
          break;
        case 'u':
          character(scratch);
          break;
        case '"':
        case '\\':
        case '/':
          scratch += kind;
          break;
        default:
          fail();
          return {};
      }
      if (!ok_) return {};
    }
    if (at_ == end_) {
      fail();
      return {};
    }
    at_++;
    return scratch;
  }

  std::uint32_t unit() {
    std::uint32_t value = 0;
    if (end_ - at_ < 4) {
      fail();
      return 0;
    }
    const auto [stop, error] = std::from_chars(at_, at_ + 4, value, 16);
    if (error != std::errc() || stop != at_ + 4) fail();
    at_ += 4;
    return value;
  }

  void character(std::string& out) {
    std::uint32_t code = unit();
    if (code >= 0xD800 && code < 0xDC00) {
      if (end_ - at_ < 6 || at_[0] != '\\' || at_[1] != 'u') return fail();
      at_ += 2;
      const std::uint32_t low = unit();
      if (low < 0xDC00 || low > 0xDFFF) return fail();
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
      return fail();
    }
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0 | code >> 6);
      out += static_cast<char>(0x80 | (code & 63));
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0 | code >> 12);
      out += static_cast<char>(0x80 | (code >> 6 & 63));
      out += static_cast<char>(0x80 | (code & 63));
    } else {
      out += static_cast<char>(0xF0 | code >> 18);
      out += static_cast<char>(0x80 | (code >> 12 & 63));
      out += static_cast<char>(0x80 | (code >> 6 & 63));
      out += static_cast<char>(0x80 | (code & 63));
    }
  }

  const char* at_;
  const char* end_;
  int depth_ = 0;
  bool ok_ = true;
};

/// Writes one document.
class Writer {
 public:
  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

  void begin_object() { out_ += '{'; }
  void end_object() { out_ += '}'; }
  void name(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    write(name);
    out_ += ':';
  }
  /// A member of an object that is not written when there is none.
  template <class T>
  void member(std::string_view key, const T& value) {
    name(key);
    write(value);
  }
  template <class T>
  void given(std::string_view key, const std::optional<T>& value) {
    if (value) member(key, *value);
  }

  void write(bool value) { out_ += value ? "true" : "false"; }
  template <class T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
  void write(T value) {
    char buffer[24];
    out_.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
  }
  void write(double value) {
    if (std::isinf(value)) {  // which JSON has no number for
      out_ += value > 0 ? R"({"real":"inf"})" : R"({"real":"-inf"})";
      return;
    }
    if (std::isnan(value)) {
      out_ += "NaN";  // no JSON, and so refused
      return;
    }
#if defined(__cpp_lib_to_chars)
    char buffer[32];
    std::string_view number(buffer, static_cast<std::size_t>(std::to_chars(buffer, buffer + sizeof buffer, value).ptr - buffer));
#else
    std::ostringstream stream;
    stream.imbue(std::locale::classic());
    stream.precision(std::numeric_limits<double>::max_digits10);
    stream << value;
    const std::string number = stream.str();
#endif
    out_ += number;
    if (number.find_first_of(".e") == std::string_view::npos) out_ += ".0";  // a real number stays one
  }
  void write(std::string_view value) {
    out_ += '"';
    for (const char character : value) {
      const auto code = static_cast<unsigned char>(character);
      if (character == '"' || character == '\\') {
        out_ += '\\';
        out_ += character;
      } else if (code < 0x20) {
        char buffer[8];
        std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(code));
        out_ += buffer;
      } else {
        out_ += character;
      }
    }
    out_ += '"';
  }
  void write(const std::string& value) { write(std::string_view(value)); }
  void write(const char* value) { write(std::string_view(value)); }
  template <class T>
  void write(const std::optional<T>& value) {
    if (value) {
      write(*value);
    } else {
      out_ += "null";
    }
  }
  template <class T>
  void write(const std::vector<T>& values) {
    elements(values);
  }
  template <class T, std::size_t N>
  void write(const std::array<T, N>& values) {
    elements(values);
  }
  template <class T>
  void write(const std::map<std::string, T>& values) {
    begin_object();
    for (const auto& [key, value] : values) member(key, value);
    end_object();
  }
  template <class... T>
  void write(const std::variant<T...>& value) {
    std::visit([this](const auto& held) { write(held); }, value);
  }
  void write(const Blob& value) { out_ += R"({"base64":")" + detail::to_base64(value.bytes) + R"("})"; }
  void write(const Value& value) {
    std::visit(
        [this](const auto& held) {
          using T = std::decay_t<decltype(held)>;
          if constexpr (std::is_same_v<T, std::monostate>) {
            out_ += "null";
          } else if constexpr (std::is_same_v<T, Value::Object>) {
            begin_object();
            for (const auto& [key, one] : held) member(key, one);
            end_object();
          } else {
            write(held);
          }
        },
        value.data_);
  }
  /// Options, a report, or another type with a function `write_members` of its own.
  template <class T, class = decltype(write_members(std::declval<Writer&>(), std::declval<const T&>()))>
  void write(const T& value) {
    begin_object();
    write_members(*this, value);
    end_object();
  }

 private:
  template <class T>
  void elements(const T& values) {
    out_ += '[';
    bool first = true;
    for (const auto& value : values) {
      if (!first) out_ += ',';
      first = false;
      write(value);
    }
    out_ += ']';
  }

  std::string out_;
};

inline std::optional<Value> Value::parse(std::string_view json) {
  Reader reader(json);
  Value value;
  reader.read(value);
  if (!reader.done()) return std::nullopt;
  return value;
}

/// A report as the document that it was made of, without members that this version does not know.
template <class T>
std::string to_json(const T& report) {
  Writer writer;
  writer.write(report);
  return writer.take();
}

RPMADB_END

#endif
