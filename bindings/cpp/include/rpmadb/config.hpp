// What the compiler offers, and the namespace that follows from it.
#ifndef RPMADB_CONFIG_HPP
#define RPMADB_CONFIG_HPP

#if defined(_MSVC_LANG) ? _MSVC_LANG < 201703L : __cplusplus < 201703L
#error "rpmadb.hpp needs C++17"
#endif

#include <version>

// Without exceptions only the functions that begin with try_ are there.
#if defined(__cpp_exceptions) && !defined(RPMADB_NO_EXCEPTIONS)
#define RPMADB_EXCEPTIONS 1
#else
#define RPMADB_EXCEPTIONS 0
#endif

#if defined(__cpp_lib_expected) && __cpp_lib_expected >= 202202L
#define RPMADB_EXPECTED 1
#else
#define RPMADB_EXPECTED 0
#endif

// The namespace is rpma: the header of the library has a type with the name rpmadb.
//
// Files of one program may be compiled for different standards. What differs between those has different names, so that the
// linker does not take one for the other.
#if RPMADB_EXPECTED && RPMADB_EXCEPTIONS
#define RPMADB_NAMESPACE cpp23
#elif RPMADB_EXPECTED
#define RPMADB_NAMESPACE cpp23_no_exceptions
#elif RPMADB_EXCEPTIONS
#define RPMADB_NAMESPACE cpp17
#else
#define RPMADB_NAMESPACE cpp17_no_exceptions
#endif

#define RPMADB_BEGIN \
  namespace rpma {   \
  inline namespace RPMADB_NAMESPACE {
#define RPMADB_END \
  }                \
  }

#endif
