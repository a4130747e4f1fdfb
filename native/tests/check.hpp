// The only macro of the tests: CHECK(condition, message, …) counts failures and prints the first 20; `run` returns
// `failures()`.
#pragma once
#include <cstdio>

namespace chainrule::tests {

// What a test defines instead of main. Returns the exit status. The mains (support/) ask first whether this CPU runs the
// kernel set; a test of a set has no object with a constructor at namespace scope, which would run before that.
int run();

inline constexpr int skipped = 77;  // the exit status where it does not

inline int& failure_count() {
  static int count = 0;
  return count;
}
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
