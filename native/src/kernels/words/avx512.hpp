// The AVX-512 words (F, DQ, BW, VL). Included by words/words.hpp alone.
#pragma once
#include <immintrin.h>

// Some intrinsics are written maskz_…(all, …), since the plain ones pass an undefined register that GCC 12 warns about
// (bug 105593); both compile to the same single instruction.

namespace chainrule::CHAINRULE_KERNEL_SET {

inline constexpr __mmask16 all16 = 0xFFFF;
inline constexpr __mmask8 all8 = 0xFF;

inline constexpr bool fused = true;  // fma rounds once

// fma = a b + c, fnma = c − a b
CHAINRULE_WORD V<float> fma(V<float> a, V<float> b, V<float> c) { return _mm512_fmadd_ps(a, b, c); }
CHAINRULE_WORD V<double> fma(V<double> a, V<double> b, V<double> c) { return _mm512_fmadd_pd(a, b, c); }
CHAINRULE_WORD V<float> fnma(V<float> a, V<float> b, V<float> c) { return _mm512_fnmadd_ps(a, b, c); }
CHAINRULE_WORD V<double> fnma(V<double> a, V<double> b, V<double> c) { return _mm512_fnmadd_pd(a, b, c); }

CHAINRULE_WORD V<float> sqrt(V<float> x) { return _mm512_maskz_sqrt_ps(all16, x); }
CHAINRULE_WORD V<double> sqrt(V<double> x) { return _mm512_maskz_sqrt_pd(all8, x); }

// √x for x ≥ 0 and a / b within 2 ULP: 14 bits of 1/√x and 1/b, then Newton's steps x + x e, where e is the relative
// error. On an Intel Xeon a whole step of 16-64-32-1 with Adam, batch 64, went from 11.5 to 11.0 µs in float, from 33.4
// to 20.4 in double.
// If e is NaN (x = 0 or ∞), x is kept. |b| from 2⁻¹²⁵ to 2¹²⁵ (2⁻¹⁰²¹ to 2¹⁰²¹), 0 or ∞.
CHAINRULE_WORD V<float> quick_sqrt(V<float> x) {
  const V<float> r = _mm512_maskz_rsqrt14_ps(all16, x), y = x * r, e = fnma(y, 0.5f * r, 0.5f - V<float>{});
  return _mm512_mask_mov_ps(x, _mm512_cmp_ps_mask(e, e, _CMP_ORD_Q), fma(y, e, y));
}
CHAINRULE_WORD V<double> quick_sqrt(V<double> x) {
  const V<double> half = 0.5 - V<double>{}, r = _mm512_maskz_rsqrt14_pd(all8, x), y = x * r, h = 0.5 * r;
  const V<double> e = fnma(y, h, half), z = fma(y, e, y), k = fma(h, e, h), f = fnma(z, k, half);
  return _mm512_mask_mov_pd(x, _mm512_cmp_pd_mask(e, e, _CMP_ORD_Q), fma(z, f, z));
}
CHAINRULE_WORD V<float> quick_quotient(V<float> a, V<float> b) {
  const V<float> r = _mm512_maskz_rcp14_ps(all16, b), q = a * r, e = fnma(b, r, 1.0f - V<float>{});
  return _mm512_mask_fmadd_ps(q, _mm512_cmp_ps_mask(e, e, _CMP_ORD_Q), e, q);
}
CHAINRULE_WORD V<double> quick_quotient(V<double> a, V<double> b) {
  const V<double> r = _mm512_maskz_rcp14_pd(all8, b), q = a * r, e = fnma(b, r, 1.0 - V<double>{});
  // (1 + e)(1 + e²) r = (1 − e⁴) / b
  return _mm512_mask_fmadd_pd(q, _mm512_cmp_pd_mask(e, e, _CMP_ORD_Q), fma(e, fma(e, e, e), e), q);
}

// a < b ? a : b and a > b ? a : b; both give b if either is NaN. (GCC 12 makes two instructions of a comparison.)
CHAINRULE_WORD V<float> min(V<float> a, V<float> b) { return _mm512_maskz_min_ps(all16, a, b); }
CHAINRULE_WORD V<double> min(V<double> a, V<double> b) { return _mm512_maskz_min_pd(all8, a, b); }
CHAINRULE_WORD V<float> max(V<float> a, V<float> b) { return _mm512_maskz_max_ps(all16, a, b); }
CHAINRULE_WORD V<double> max(V<double> a, V<double> b) { return _mm512_maskz_max_pd(all8, a, b); }

// True if any lane of the mask is set.
template <class M> CHAINRULE_WORD bool any(M mask) {
  const __m512i m = reinterpret_cast<__m512i>(mask);
  return _mm512_test_epi32_mask(m, m) != 0;
}

// Bit i is set if lane i is not zero.
CHAINRULE_WORD unsigned nonzero_lanes(V<float> x) { return _mm512_cmp_ps_mask(x, V<float>{}, _CMP_NEQ_UQ); }
CHAINRULE_WORD unsigned nonzero_lanes(V<double> x) { return _mm512_cmp_pd_mask(x, V<double>{}, _CMP_NEQ_UQ); }

// Σ x in a fixed order: the upper half is added to the lower one until one number is left.
CHAINRULE_WORD float sum(V<float> x) {
  const auto y = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7) +
                 __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
  const auto z = __builtin_shufflevector(y, y, 0, 1, 2, 3) + __builtin_shufflevector(y, y, 4, 5, 6, 7);
  return (z[0] + z[2]) + (z[1] + z[3]);
}
CHAINRULE_WORD double sum(V<double> x) {
  const auto y = __builtin_shufflevector(x, x, 0, 1, 2, 3) + __builtin_shufflevector(x, x, 4, 5, 6, 7);
  return (y[0] + y[2]) + (y[1] + y[3]);
}

// load_first: the first n ≤ lanes numbers of p, followed by zeros; store_first writes n numbers and no more.
CHAINRULE_WORD V<float> load_first(const float* p, std::size_t n) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
}
CHAINRULE_WORD V<double> load_first(const double* p, std::size_t n) {
  return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << n) - 1), p);
}
CHAINRULE_WORD void store_first(float* p, V<float> x, std::size_t n) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), x);
}
CHAINRULE_WORD void store_first(double* p, V<double> x, std::size_t n) {
  _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << n) - 1), x);
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
