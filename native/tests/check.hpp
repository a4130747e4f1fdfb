// The only macro of the tests: CHECK(condition, message, …) counts failures and prints the first 20; main returns
// `failures()`.
#pragma once
#include <cstdio>

namespace chainrule::tests {

inline int& failure_count() {
  static int count = 0;
  return count;
}
// The exit status of a test program.
inline int failures() {
  if (failure_count()) std::printf("%d checks failed\n", failure_count());
  return failure_count() ? 1 : 0;
}

}  // namespace chainrule::tests

#define CHECK(condition, ...)                                        \
  do {                                                               \
    if (!(condition) && ++chainrule::tests::failure_count() <= 20) { \
      std::printf("%s:%d: %s: ", __FILE__, __LINE__, #condition);    \
      std::printf(__VA_ARGS__);                                      \
      std::printf("\n");                                             \
    }                                                                \
  } while (false)
