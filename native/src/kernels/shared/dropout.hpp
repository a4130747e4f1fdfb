// Dropout's masks: a function of a key and an entry's number alone, so that threads compute them in any order
// (training/minibatches.py).
#pragma once
#include "kernels.hpp"
#include "kernels/panels/tiles.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// the finaliser of SplitMix64 (Steele, Lea and Flood 2014)
inline std::uint64_t splitmix64(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// round(x) of Python: ties to even
inline std::uint64_t round_even(double x) {
  const std::uint64_t floor = static_cast<std::uint64_t>(x);
  const double rest = x - double(floor);
  return floor + (rest > 0.5 || (rest == 0.5 && floor % 2 == 1));
}

// The factor of entry number n = 0, 1, … of a training step
template <class T>
CHAINRULE_WORD T dropout_factor(std::uint64_t key, std::uint64_t n, std::uint64_t threshold, T kept) {
  return (splitmix64(key + (n + 1) * 0x9E3779B97F4A7C15u) >> 32) >= threshold ? kept : T(0);
}

// Kernels::dropout_mask
template <class T> void dropout_mask(const DropoutMask<T>& g) {
  const std::uint64_t threshold = round_even(g.p * 4294967296.0);
  const T kept = T(1.0 / (1.0 - g.p));
  if (g.is_by_units) {
    for (long j = 0; j < g.m; ++j)
      for (long r = g.first_row; r < g.last_row; ++r)
        g.mask[j * g.stride + r] =
            dropout_factor(g.key, g.first_entry + static_cast<std::uint64_t>(r * g.m + j), threshold, kept);
    return;
  }
  for (long r = g.first_row; r < g.last_row; ++r)
    for (long j = 0; j < g.m; j += R<T>) {
      T* const to = g.mask + j / R<T> * g.stride + r * R<T>;
      const std::uint64_t n = g.first_entry + static_cast<std::uint64_t>(r * g.m + j);
      const long width = g.m - j < R<T> ? g.m - j : R<T>;
      for (long k = 0; k < width; ++k) to[k] = dropout_factor(g.key, n + k, threshold, kept);
    }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
