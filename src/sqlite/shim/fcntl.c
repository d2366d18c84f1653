/* SQLite calls `fcntl` as a function with a variable number of arguments, which Rust can call and cannot be. This takes the call in the
 * right convention, and hands what is about locks to Rust with a fixed number of them. */

#include <fcntl.h>
#include <stdarg.h>

typedef int (*rpmadb_locks)(int descriptor, int command, struct flock *lock);

static rpmadb_locks locks;

__attribute__((visibility("hidden"))) int rpmadb_shim_fcntl(int descriptor, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  if (command == F_SETLK || command == F_SETLKW || command == F_GETLK) {
    struct flock *lock = va_arg(arguments, struct flock *);
    va_end(arguments);
    return locks(descriptor, command, lock);
  }
  void *other = va_arg(arguments, void *);
  va_end(arguments);
  return fcntl(descriptor, command, other);
}

__attribute__((visibility("hidden"))) void rpmadb_shim_set(rpmadb_locks function) { locks = function; }
