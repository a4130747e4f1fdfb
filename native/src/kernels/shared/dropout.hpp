// Dropout's masks: a function of a key and an entry's number alone (minibatches.py), so that threads compute them in
// any order.
#pragma once
#include "kernels/layout/panel.hpp"
#include "kernels/shared/contract.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
inline std::uint64_t splitmix64(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// Python's round(x): ties to even.
inline std::uint64_t round_even(double x) {
  const std::uint64_t floor = static_cast<std::uint64_t>(x);
  const double rest = x - double(floor);
  return floor + (rest > 0.5 || (rest == 0.5 && floor % 2 == 1));
}

// The mask of one layer in one step: each factor is 0 with probability p, and 1 / (1 − p) otherwise.
template <class T> struct DropoutFactors {
  std::uint64_t key, threshold;
  T kept;

  // The factor of entry number n = 0, 1, … of the step.
  CHAINRULE_WORD T operator()(std::uint64_t n) const {
    return (splitmix64(key + (n + 1) * 0x9E3779B97F4A7C15u) >> 32) >= threshold ? kept : T(0);
  }
};
template <class T> inline DropoutFactors<T> dropout_factors(std::uint64_t key, double p) {
  return {key, round_even(p * 4294967296.0), T(1.0 / (1.0 - p))};
}

// SharedKernels::dropout_mask
template <class T> void dropout_mask(const DropoutMask<T>& g) {
  const DropoutFactors<T> factor = dropout_factors<T>(g.key, g.p);
  const auto entry = [&](long r, long j) { return g.first_entry + static_cast<std::uint64_t>(r * g.m + j); };
  if (g.is_by_units) {
    for (long j = 0; j < g.m; ++j)
      for (long r = g.first_row; r < g.last_row; ++r) g.mask[j * g.stride + r] = factor(entry(r, j));
    return;
  }
  for (long r = g.first_row; r < g.last_row; ++r)
    for (long j = 0; j < g.m; j += R<T>) {
      T* const to = g.mask + j / R<T> * g.stride + r * R<T>;
      const std::uint64_t n = entry(r, j);
      const long width = smaller(g.m - j, R<T>);
      for (long k = 0; k < width; ++k) to[k] = factor(n + k);
    }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
