// A test is a function with a name; a check that does not hold says where, and the test goes on.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "rpmadb.hpp"

namespace testing {

struct Test {
  std::string name;
  std::function<void(const std::filesystem::path&)> body;
};

inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

inline int& failures() {
  static int count = 0;
  return count;
}

inline void fail(const std::string& what, const char* file = "", int line = 0) {
  failures()++;
  std::cerr << file << ":" << line << ": " << what << std::endl;
}

struct Register {
  Register(std::string name, std::function<void(const std::filesystem::path&)> body) { tests().push_back({std::move(name), std::move(body)}); }
};

/// Runs each test in an empty folder of its own; those whose name has the first argument in it, if there is one.
inline int run(int argc, char** argv) {
  const auto root = std::filesystem::temp_directory_path() / ("rpmadb-cpp-" + std::to_string(getpid()));
  int number = 0, failed = 0;
  for (const Test& test : tests()) {
    if (argc > 1 && test.name.find(argv[1]) == std::string::npos) continue;
    const auto folder = root / std::to_string(number++);
    std::filesystem::create_directories(folder);
    const int before = failures();
#if RPMADB_EXCEPTIONS
    try {
      test.body(folder);
    } catch (const std::exception& error) {
      fail(std::string("threw ") + error.what());
    } catch (...) {
      fail("threw something");
    }
#else
    test.body(folder);
#endif
    if (failures() != before) {
      std::cerr << "FAILED " << test.name << std::endl;
      failed++;
    }
  }
  std::filesystem::remove_all(root);
  std::cout << number - failed << " passed, " << failed << " failed" << std::endl;
  return failed == 0 && number > 0 ? 0 : 1;
}

inline void write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

inline std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace testing

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define TEST(name)                                                                         \
  static void JOIN(test_, __LINE__)(const std::filesystem::path& folder);                  \
  static const testing::Register JOIN(registered_, __LINE__)(name, JOIN(test_, __LINE__)); \
  static void JOIN(test_, __LINE__)([[maybe_unused]] const std::filesystem::path& folder)
#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) testing::fail("not so: " #condition, __FILE__, __LINE__); \
  } while (false)
#define THROWS(Kind, ...)                                                                \
  do {                                                                                   \
    bool as_it_should = false;                                                           \
    try {                                                                                \
      (void)(__VA_ARGS__);                                                               \
    } catch (const Kind&) {                                                              \
      as_it_should = true;                                                               \
    }                                                                                    \
    if (!as_it_should) testing::fail("no " #Kind ": " #__VA_ARGS__, __FILE__, __LINE__); \
  } while (false)
