// The AVX2 + FMA words. Included by words/words.hpp alone.
#pragma once
#include <immintrin.h>

namespace chainrule::CHAINRULE_KERNEL_SET {

inline constexpr bool fused = true;  // fma rounds once

// fma = a b + c, fnma = c − a b
CHAINRULE_WORD V<float> fma(V<float> a, V<float> b, V<float> c) { return _mm256_fmadd_ps(a, b, c); }
CHAINRULE_WORD V<double> fma(V<double> a, V<double> b, V<double> c) { return _mm256_fmadd_pd(a, b, c); }
CHAINRULE_WORD V<float> fnma(V<float> a, V<float> b, V<float> c) { return _mm256_fnmadd_ps(a, b, c); }
CHAINRULE_WORD V<double> fnma(V<double> a, V<double> b, V<double> c) { return _mm256_fnmadd_pd(a, b, c); }

CHAINRULE_WORD V<float> sqrt(V<float> x) { return _mm256_sqrt_ps(x); }
CHAINRULE_WORD V<double> sqrt(V<double> x) { return _mm256_sqrt_pd(x); }

// a < b ? a : b and a > b ? a : b; both give b if either is NaN. (GCC 12 makes two instructions of a comparison.)
CHAINRULE_WORD V<float> min(V<float> a, V<float> b) { return _mm256_min_ps(a, b); }
CHAINRULE_WORD V<double> min(V<double> a, V<double> b) { return _mm256_min_pd(a, b); }
CHAINRULE_WORD V<float> max(V<float> a, V<float> b) { return _mm256_max_ps(a, b); }
CHAINRULE_WORD V<double> max(V<double> a, V<double> b) { return _mm256_max_pd(a, b); }

// True if any lane of the mask is set.
template <class M> CHAINRULE_WORD bool any(M mask) {
  const __m256i m = reinterpret_cast<__m256i>(mask);
  return _mm256_testz_si256(m, m) == 0;
}

// Bit i is set if lane i is not zero.
CHAINRULE_WORD unsigned nonzero_lanes(V<float> x) {
  return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(x, V<float>{}, _CMP_NEQ_UQ)));
}
CHAINRULE_WORD unsigned nonzero_lanes(V<double> x) {
  return static_cast<unsigned>(_mm256_movemask_pd(_mm256_cmp_pd(x, V<double>{}, _CMP_NEQ_UQ)));
}

// Σ x in a fixed order: the upper half is added to the lower one until one number is left.
CHAINRULE_WORD float sum(V<float> x) {
  const auto y = __builtin_shufflevector(x, x, 0, 1, 2, 3) + __builtin_shufflevector(x, x, 4, 5, 6, 7);
  return (y[0] + y[2]) + (y[1] + y[3]);
}
CHAINRULE_WORD double sum(V<double> x) { return (x[0] + x[2]) + (x[1] + x[3]); }

// load_first: the first n ≤ lanes numbers of p, followed by zeros; store_first writes n numbers and no more.
CHAINRULE_WORD __m256i first(std::size_t n, float) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
CHAINRULE_WORD __m256i first(std::size_t n, double) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x(static_cast<long long>(n)), _mm256_setr_epi64x(0, 1, 2, 3));
}
CHAINRULE_WORD V<float> load_first(const float* p, std::size_t n) { return _mm256_maskload_ps(p, first(n, 0.0f)); }
CHAINRULE_WORD V<double> load_first(const double* p, std::size_t n) { return _mm256_maskload_pd(p, first(n, 0.0)); }
CHAINRULE_WORD void store_first(float* p, V<float> x, std::size_t n) { _mm256_maskstore_ps(p, first(n, 0.0f), x); }
CHAINRULE_WORD void store_first(double* p, V<double> x, std::size_t n) { _mm256_maskstore_pd(p, first(n, 0.0), x); }

}  // namespace chainrule::CHAINRULE_KERNEL_SET
