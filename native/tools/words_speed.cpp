// Measures the words, in nanoseconds per number: the best of many passes over 4,096 numbers in cache. Not a test.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "kernels/formulas/optimizer.hpp"
#include "kernels/formulas/sigma.hpp"

namespace {

using namespace chainrule;
using namespace chainrule::CHAINRULE_KERNEL_SET;

constexpr int n = 4096;

template <class F> double best(F pass) {
  double seconds = 1;
  for (int i = 0; i < 400; ++i) {
    const auto start = std::chrono::steady_clock::now();
    pass();
    seconds = std::min(seconds, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return seconds / n * 1e9;
}

template <class T> void measure(const char* type) {
  alignas(64) static T x[n], y[n], mu[n], nu[n];
  for (int i = 0; i < n; ++i) x[i] = T(i * 37 % 1001 - 500) / T(100);
  std::printf("%s, ns a number: value, derivative\n", type);
  for (int s = 0; s < static_cast<int>(Sigma::softmax); ++s) {
    const V<T> p = broadcast(T(0.5));
    double value_time = 0, derivative_time = 0;
    with(static_cast<Sigma>(s), [&]<Sigma sigma>() {
      value_time = best([&] {
        for (int i = 0; i < n; i += lanes<T>) store(&y[i], value<sigma>(load(&x[i]), p));
      });
      derivative_time = best([&] {
        for (int i = 0; i < n; i += lanes<T>) store(&y[i], load(&x[i]) * derivative<sigma>(load(&y[i]), p));
      });
    });
    std::printf("  %-18s %6.3f %6.3f\n", sigma_names[s], value_time, derivative_time);
  }
  for (int o = 0; o <= static_cast<int>(Optimizer::rprop); ++o) {
    const double hyper[4] = {0.9, 0.999, 1e-8, 0.01};
    const Coefficients<T> c = coefficients<T>(static_cast<Optimizer>(o), 1e-3, 10, hyper);
    double time = 0;
    with(static_cast<Optimizer>(o), [&]<Optimizer optimizer>() {
      time = best([&] {
        for (int i = 0; i < n; i += lanes<T>) {
          V<T> theta = load(&y[i]), first = load(&mu[i]), second = load(&nu[i]);
          update<optimizer>(theta, first, second, load(&x[i]), c);
          store(&y[i], theta);
          store(&mu[i], first);
          store(&nu[i], second);
        }
      });
    });
    std::printf("  %-18s %6.3f\n", optimizer_names[o], time);
  }
}

}  // namespace

int main() {
  measure<float>("float");
  measure<double>("double");
}
