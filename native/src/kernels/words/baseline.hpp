// The words of the baseline set: SSE2 on x86-64; the compiler's own 16-byte vectors on other CPUs.
// Included by words/words.hpp alone.
#pragma once
#ifdef __SSE2__
#  include <immintrin.h>
#endif

namespace chainrule::CHAINRULE_KERNEL_SET {

inline constexpr bool fused = false;  // fma rounds twice

// fma = a b + c, fnma = c − a b
template <class W> CHAINRULE_WORD W fma(W a, W b, W c) { return a * b + c; }
template <class W> CHAINRULE_WORD W fnma(W a, W b, W c) { return c - a * b; }

#ifdef __SSE2__
CHAINRULE_WORD V<float> sqrt(V<float> x) { return _mm_sqrt_ps(x); }
CHAINRULE_WORD V<double> sqrt(V<double> x) { return _mm_sqrt_pd(x); }

// a < b ? a : b and a > b ? a : b; both give b if either is NaN. (GCC 12 makes four instructions of a comparison.)
CHAINRULE_WORD V<float> min(V<float> a, V<float> b) { return _mm_min_ps(a, b); }
CHAINRULE_WORD V<double> min(V<double> a, V<double> b) { return _mm_min_pd(a, b); }
CHAINRULE_WORD V<float> max(V<float> a, V<float> b) { return _mm_max_ps(a, b); }
CHAINRULE_WORD V<double> max(V<double> a, V<double> b) { return _mm_max_pd(a, b); }

// True if any lane of the mask is set.
template <class M> CHAINRULE_WORD bool any(M mask) { return _mm_movemask_epi8(reinterpret_cast<__m128i>(mask)) != 0; }

// Bit i is set if lane i is not zero.
CHAINRULE_WORD unsigned nonzero_lanes(V<float> x) {
  return static_cast<unsigned>(_mm_movemask_ps(_mm_cmpneq_ps(x, V<float>{})));
}
CHAINRULE_WORD unsigned nonzero_lanes(V<double> x) {
  return static_cast<unsigned>(_mm_movemask_pd(_mm_cmpneq_pd(x, V<double>{})));
}
#else
CHAINRULE_WORD V<float> sqrt(V<float> x) {
  for (int i = 0; i < lanes<float>; ++i) x[i] = __builtin_sqrtf(x[i]);
  return x;
}
CHAINRULE_WORD V<double> sqrt(V<double> x) {
  for (int i = 0; i < lanes<double>; ++i) x[i] = __builtin_sqrt(x[i]);
  return x;
}
template <class W> CHAINRULE_WORD W min(W a, W b) { return a < b ? a : b; }
template <class W> CHAINRULE_WORD W max(W a, W b) { return a > b ? a : b; }
template <class M> CHAINRULE_WORD bool any(M mask) {
  auto some = mask[0];
  for (unsigned i = 1; i < sizeof mask / sizeof mask[0]; ++i) some |= mask[i];
  return some != 0;
}
template <class W> CHAINRULE_WORD unsigned nonzero_lanes(W x) {
  unsigned bits = 0;
  for (int i = 0; i < lanes<Scalar<W>>; ++i) bits |= unsigned{x[i] != 0} << i;
  return bits;
}
#endif

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
