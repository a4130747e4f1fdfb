// The only macro of the tests: CHECK(condition, message, …) counts failures and prints the first 20; `run` returns
// `failures()`.
#pragma once
#include <cstdio>

namespace chainrule::tests {

// Runs the checks of a test and returns its exit status. Each test defines this function; main is in support/, and calls
// it only if this CPU can run the kernel set. Tests of a single set therefore define no global objects with constructors,
// which would run before main.
int run();

inline constexpr int skipped = 77;  // the exit status if it cannot

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
