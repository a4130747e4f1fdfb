// Enforces the error bounds that the headers of src/kernels/math state, for the kernel set that this file is compiled
// for.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "check.hpp"
#include "kernels/math/elementary.hpp"
#include "support/library.hpp"
#include "support/ulp.hpp"

namespace {

using namespace chainrule;
using namespace chainrule::CHAINRULE_KERNEL_SET;
using tests::Wide;
namespace library = tests::library;

constexpr int count = 20000;  // bit patterns of test_points

// Checks the worst error of `word` against `reference` over all test points with |x| ≤ limit.
template <class T, class Word, class Reference>
void compare(const char* name, double bound, Word word, Reference reference, double limit = HUGE_VAL) {
  if constexpr (!tests::comparable<T>) return;
  static const std::vector<T> all = tests::test_points<T>(count);
  std::vector<T> points;
  for (const T x : all)
    if (!(std::abs(x) > limit)) points.push_back(x);
  while (points.size() % lanes<T>) points.push_back(T(0.5));
  double worst = 0;
  T where = 0;
  for (std::size_t i = 0; i < points.size(); i += lanes<T>) {
    T y[lanes<T>];
    store(y, word(load(&points[i])));
    for (int j = 0; j < lanes<T>; ++j) {
      const double error = tests::ulp_error<T>(y[j], reference(Wide<T>(points[i + j])));
      if (!(error <= worst)) worst = error, where = points[i + j];
    }
  }
  std::printf("  %-22s %-6s %7.3f ULP at %.9g\n", name, sizeof(T) == 4 ? "float" : "double", worst, double(where));
  CHECK(worst <= bound, "%s: %.3f ULP at %a, at most %.2f promised", name, worst, double(where), bound);
}

#define BOTH(name, bound_float, bound_double, word, reference, ...)                                                 \
  compare<float>(                                                                                                   \
      name, bound_float, [](auto x) { return word; }, [](auto x) { return reference; } __VA_OPT__(, ) __VA_ARGS__); \
  compare<double>(                                                                                                  \
      name, bound_double, [](auto x) { return word; }, [](auto x) { return reference; } __VA_OPT__(, ) __VA_ARGS__)

// The bounds that the headers state. Without fused products those of erfc, sin and cos are a little larger.
void elementary_functions() {
  namespace k = CHAINRULE_KERNEL_SET;
  BOTH("exp", 1.1, 1.1, k::exp(x), std::exp(x));
  BOTH("exp_negative", 1.1, 1.1, k::exp_negative(-k::abs(x)), std::exp(-std::abs(x)));
  BOTH("expm1", 1.75, 2.5, k::expm1(x), std::expm1(x));
  BOTH("sigmoid", 2.5, 2.5, k::sigmoid(x), library::sigmoid(x));
  BOTH("tanh", 2.75, 2.75, k::tanh(x), std::tanh(x));
  BOTH("log", 0.9, 0.9, k::log(x), std::log(x));
  BOTH("log1p", 1.5, 1.5, k::log1p(x), std::log1p(x));
  BOTH("softplus", 2, 2, k::softplus(x), library::softplus(x));
  BOTH("erf", 1.5, 1.5, k::erf(x), std::erf(x));
  BOTH("erfc", fused ? 4.5 : 5, fused ? 5 : 6, k::erfc(x), std::erfc(x));
  BOTH("normal", fused ? 4.5 : 5, fused ? 5 : 6, k::normal(x).distribution, library::normal(x));
  BOTH("gaussian", 1.75, 1.75, k::gaussian(x), library::gaussian(x, decltype(x)(1)));
  BOTH("sin", fused ? 2.1 : 3.25, fused ? 2.1 : 2.25, k::sin(x), std::sin(x));
  BOTH("cos", fused ? 2.1 : 3.25, fused ? 2.1 : 2.25, k::cos(x), std::cos(x));
}

// √x and 3 / x on the ranges for which they are specified.
template <class T> void quick_words(double smallest, double largest) {
  namespace k = CHAINRULE_KERNEL_SET;
  compare<T>(
      "quick_sqrt", 2, [](auto x) { return k::quick_sqrt(k::abs(x)); }, [](auto x) { return std::sqrt(std::abs(x)); });
  compare<T>(
      "quick_quotient", 2,
      [=](auto x) { return k::quick_quotient(broadcast(T(3)), clamp(k::abs(x), T(smallest), T(largest))); },
      [=](auto x) { return 3 / std::clamp(std::abs(x), Wide<T>(smallest), Wide<T>(largest)); });
}

template <class T, class Word> T one(Word word, T x) {
  T y[lanes<T>];
  store(y, word(broadcast(x)));
  return y[0];
}

// Zeros keep their sign, and the functions reach their limits.
template <class T> void special_values() {
  namespace k = CHAINRULE_KERNEL_SET;
  using Limits = std::numeric_limits<T>;
  const T infinity = Limits::infinity();
#define ODD(word)                                                     \
  CHECK(std::signbit(one<T>([](auto x) { return word; }, T(-0.0))) && \
            !std::signbit(one<T>([](auto x) { return word; }, T(0))), \
        "sign of zero")
  ODD(k::expm1(x));
  ODD(k::tanh(x));
  ODD(k::log1p(x));
  ODD(k::erf(x));
  ODD(k::sin(x));
#undef ODD
  CHECK(one<T>([](auto x) { return k::log(x); }, T(-0.0)) == -infinity, "log 0");
  CHECK(one<T>([](auto x) { return k::log1p(x); }, T(-1)) == -infinity, "log1p −1");
  CHECK(one<T>([](auto x) { return k::tanh(x); }, -infinity) == T(-1), "tanh −∞");
  CHECK(one<T>([](auto x) { return k::sigmoid(x); }, infinity) == T(1), "sigmoid ∞");
  CHECK(one<T>([](auto x) { return k::cos(x); }, T(0)) == T(1), "cos 0");
  CHECK(one<T>([](auto x) { return k::quick_sqrt(x); }, T(0)) == T(0), "√0");
  CHECK(one<T>([](auto x) { return k::quick_sqrt(x); }, infinity) == infinity, "√∞");
  CHECK(one<T>([](auto x) { return k::quick_quotient(broadcast(T(1)), x); }, T(0)) == infinity, "1 / 0");
  CHECK(one<T>([](auto x) { return k::quick_quotient(broadcast(T(1)), x); }, infinity) == T(0), "1 / ∞");
  CHECK(std::isnan(one<T>([](auto x) { return k::quick_quotient(x, x); }, T(0))), "0 / 0");
  CHECK(one<T>([](auto x) { return k::max(broadcast(Scalar<decltype(x)>(0)), x); }, Limits::quiet_NaN()) != T(0),
        "max lets NaN through");
}

// Partial vectors access n numbers and no more; the sum adds the upper half to the lower one.
template <class T> void memory_and_sum() {
  constexpr int L = lanes<T>;
  for (int n = 0; n <= L; ++n) {
    T from[L + 1], to[L + 1], sums[L];
    for (int i = 0; i <= L; ++i) from[i] = T(i + 1), to[i] = T(-1);
    store(sums, load_first(from + 1, static_cast<std::size_t>(n)));
    for (int i = 0; i < L; ++i) CHECK(sums[i] == (i < n ? from[i + 1] : T(0)), "load_first %d of %d", i, n);
    store_first(to, load(from), static_cast<std::size_t>(n));
    for (int i = 0; i <= L; ++i) CHECK(to[i] == (i < n ? from[i] : T(-1)), "store_first %d of %d", i, n);
  }
  T x[L], y[L];
  for (int i = 0; i < L; ++i) x[i] = y[i] = T(1) / T(3 + i * i);
  for (int half = L / 2; half; half /= 2)
    for (int i = 0; i < half; ++i) y[i] += y[i + half];
  CHECK(sum(load(x)) == y[0], "order of the sum");
}

}  // namespace

int chainrule::tests::run() {
  const auto start = std::chrono::steady_clock::now();
  elementary_functions();
  quick_words<float>(0x1p-125, 0x1p125);
  quick_words<double>(0x1p-1021, 0x1p1021);
  special_values<float>();
  special_values<double>();
  memory_and_sum<float>();
  memory_and_sum<double>();
  std::printf("%.1f s\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return tests::failures();
}
