// Sums over θ with a network in each lane, in the order of a network alone.
#pragma once
#include "kernels/bundles/contract.hpp"
#include "kernels/words/words.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

inline constexpr int wide_lanes = lanes<double>;
template <class T> inline constexpr int wide_words = lanes<T> / wide_lanes;  // vectors of double for one number a lane

// BundleKernels::add_weight_norms
template <class T> void bundle_weight_norms(const T* theta, const T* mask, long d, double* l1, double* l2) {
  for (int i = 0; i < wide_words<T>; ++i, theta += wide_lanes, l1 += wide_lanes, l2 += wide_lanes) {
    V<double> sizes = load(l1), squares = load(l2);
    for (long k = 0; k < d; ++k) {
      const V<double> w = double(mask[k]) * load_wide(theta + k * lanes<T>);
      sizes += abs(w);
      squares += w * w;
    }
    store(l1, sizes);
    store(l2, squares);
  }
}

// BundleKernels::sum_of_squares. Alone, parameter k is squared in lane k mod L of a vector, in chains that are added by
// halves at the end.
template <class T> void bundle_sum_of_squares(const T* x, long d, double* out) {
  constexpr int L = lanes<T>;
  for (int i = 0; i < wide_words<T>; ++i) {
    V<double> s[L] = {};
    for (long k = 0; k < d; ++k) {
      const V<double> v = load_wide(x + k * L + i * wide_lanes);
      s[k % L] = fma(v, v, s[k % L]);
    }
    for (int half = L / 2; half > 0; half /= 2)
      for (int j = 0; j < half; ++j) s[j] += s[j + half];
    store(out + i * wide_lanes, s[0]);
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
