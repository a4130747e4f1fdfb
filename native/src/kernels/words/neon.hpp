// The AArch64 NEON words. Included by words/words.hpp alone.
#pragma once
#include <arm_neon.h>

namespace chainrule::CHAINRULE_KERNEL_SET {

inline constexpr bool fused = true;  // fma rounds once

// fma = a b + c, fnma = c − a b
CHAINRULE_WORD V<float> fma(V<float> a, V<float> b, V<float> c) { return vfmaq_f32(c, a, b); }
CHAINRULE_WORD V<double> fma(V<double> a, V<double> b, V<double> c) { return vfmaq_f64(c, a, b); }
CHAINRULE_WORD V<float> fnma(V<float> a, V<float> b, V<float> c) { return vfmsq_f32(c, a, b); }
CHAINRULE_WORD V<double> fnma(V<double> a, V<double> b, V<double> c) { return vfmsq_f64(c, a, b); }

CHAINRULE_WORD V<float> sqrt(V<float> x) { return vsqrtq_f32(x); }
CHAINRULE_WORD V<double> sqrt(V<double> x) { return vsqrtq_f64(x); }

// a < b ? a : b and a > b ? a : b; both give b if either is NaN, as on x86 (Arm's own fmin differs).
template <class W> CHAINRULE_WORD W min(W a, W b) { return a < b ? a : b; }
template <class W> CHAINRULE_WORD W max(W a, W b) { return a > b ? a : b; }

// True if any lane of the mask is set.
template <class M> CHAINRULE_WORD bool any(M mask) { return vmaxvq_u32(reinterpret_cast<uint32x4_t>(mask)) != 0; }

// Bit i is set if lane i is not zero.
CHAINRULE_WORD unsigned nonzero_lanes(V<float> x) {
  const uint32x4_t place = {1, 2, 4, 8};
  return vaddvq_u32(vandq_u32(reinterpret_cast<uint32x4_t>(x != 0), place));
}
CHAINRULE_WORD unsigned nonzero_lanes(V<double> x) { return unsigned{x[0] != 0} | unsigned{x[1] != 0} << 1; }

// Σ x in a fixed order: the upper half is added to the lower one until one number is left.
CHAINRULE_WORD float sum(V<float> x) { return (x[0] + x[2]) + (x[1] + x[3]); }
CHAINRULE_WORD double sum(V<double> x) { return x[0] + x[1]; }

// load_first: the first n ≤ lanes numbers of p, followed by zeros; store_first writes n numbers and no more.
template <class T> CHAINRULE_WORD V<T> load_first(const T* p, std::size_t n) {
  V<T> x{};
  for (int i = 0; i < lanes<T>; ++i)
    if (static_cast<std::size_t>(i) < n) x[i] = p[i];
  return x;
}
template <class W> CHAINRULE_WORD void store_first(Scalar<W>* p, W x, std::size_t n) {
  for (int i = 0; i < lanes<Scalar<W>>; ++i)
    if (static_cast<std::size_t>(i) < n) p[i] = x[i];
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
