// erf, erfc and the normal distribution function Φ of a vector.
//
//   erf x  = x + x p(x²) for |x| < 1, ±(1 − erfc |x|) beyond
//   erfc x = e^(−x²) w Q(u), w = 1/(x + K), u = 1 − 2K w, for x ≥ 0;  2 − erfc(−x) for x < 0
//   Φ(z)   = ½ erfc(−z/√2), computed from z itself: rounding z/√2 would cost z² ULP in the tail
//
// w Q(u) approximates e^(x²) erfc x on the whole half line with one polynomial, since u = (x − K)/(x + K) runs through
// [−1, 1) only (Schonfelder, Math. Comp. 32 (1978)), and with one division;
// p, Q are minimax (tools/minimax.py). x² is computed in two parts, since its rounding alone would cost x² ULP.
//
//   largest error, ULP   float  double   special values
//   erf                   1.5    1.5     ±1 at ±∞; ±0 at ±0
//   erfc, Φ               4.5    5       2 and 0 (Φ: 0 and 1) at −∞ and ∞; without fused products 5 and 6 ULP
//   gaussian              1.75   1.75    0 at ±∞
//
// These hold on all of ℝ, subnormal numbers and results included; NaN gives NaN. Enforced by tests/words_test.cpp.
#pragma once
#include "kernels/math/exp.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

template <class T> struct Erf;
template <> struct Erf<float> {
  static constexpr float K = 2.5f, vanishes = 10.1f;  // beyond it erfc x rounds to 0
  static constexpr float p[] = {0x1.06eba8p-3f, -0x1.81273ep-2f,  0x1.ce2d0ap-4f, -0x1.b7f9f8p-6f,
                                0x1.540b02p-8f, -0x1.a41432p-11f, 0x1.49a67ap-14f};
  static constexpr float Q[] = {0x1.0dd508p+0f,  -0x1.9bfb56p-1f, 0x1.d0cef4p-2f,  -0x1.5eb85cp-3f,
                                0x1.d099f8p-6f,  0x1.12cb1p-7f,   -0x1.3a66a4p-8f, -0x1.b78502p-12f,
                                0x1.58cd14p-11f, 0x1.fa3322p-16f, -0x1.1f6a9ep-14f};
};
template <> struct Erf<double> {
  static constexpr double K = 3.75, vanishes = 27.3;
  static constexpr double p[] = {0x1.06eba8214db68p-3,   -0x1.812746b0379aep-2,  0x1.ce2f21a040544p-4,
                                 -0x1.b82ce311de651p-6,  0x1.565bccf5c119fp-8,   -0x1.c02dafbf6af10p-11,
                                 0x1.f9a2af1e6d202p-14,  -0x1.f4c99ef9f072ep-17, 0x1.b9792ea13686cp-20,
                                 -0x1.5bdecfd04466bp-23, 0x1.d605df6bdb016p-27,  -0x1.a87725defa6e5p-31};
  static constexpr double Q[] = {
      0x1.178842825349dp+0,  -0x1.eae02d0a1456bp-1,  0x1.78fecb4e81af0p-1,   -0x1.f63dd81196171p-2,
      0x1.1dc271189ed68p-2,  -0x1.0e3ea224bd7d7p-3,  0x1.92618b78838b5p-5,   -0x1.9ac695666598cp-7,
      0x1.02900776da2a6p-10, 0x1.a0b7598ca80f3p-11,  -0x1.6d95358b939aap-12, 0x1.6379e39d044e6p-17,
      0x1.3a57117a25477p-15, -0x1.2ac498e2e4038p-17, -0x1.b9ba0e094bb83p-19, 0x1.bc8427b86333ep-20,
      0x1.30046c1fce820p-22, -0x1.1a8ae551ca50ep-22, -0x1.09714ae68b8e4p-25, 0x1.4fd2a3a714b9ep-25,
      0x1.9906e104dd291p-28, -0x1.200928f26decep-28, -0x1.334c4d48b0146p-30};
};

// The rounding error a b − ab of a product, ab = a b rounded.
template <class W> CHAINRULE_WORD W lost(W a, W b, W ab) {
  if constexpr (fused) {
    return fma(a, b, -ab);
  } else {  // Dekker's product: halves of the mantissas multiply exactly
    const Int<W> upper = Int<W>{} + (int64_t{-1} << (Of<W>::mantissa / 2 + 1));
    const W a1 = as_number<W>(as_int(a) & upper), a2 = a - a1, b1 = as_number<W>(as_int(b) & upper), b2 = b - b1;
    return ((a1 * b1 - ab) + (a1 * b2 + a2 * b1)) + a2 * b2;
  }
}
// e^(−a b), with the rounding error of a b.
template <class W> CHAINRULE_WORD W exp_of_minus_product(W a, W b) {
  const W ab = a * b, e = exp_negative(-ab);
  return fnma(e, lost(a, b, ab), e);
}
// 1 − w d, for w = 1/d rounded.
template <class W> CHAINRULE_WORD W residual(W w, W d) {
  if constexpr (fused) return fnma(w, d, broadcast(Scalar<W>(1)));
  const W wd = w * d;
  return (Scalar<W>(1) - wd) - lost(w, d, wd);
}

// e^(−x²) for any x.
template <class W> CHAINRULE_WORD W gaussian(W x) {
  const W bounded = clamp(x, Scalar<W>(-30), Scalar<W>(30));  // e⁻⁹⁰⁰ = 0, and 30² is exact
  return exp_of_minus_product(bounded, bounded);
}

// ½ erfc(x) for x = c y ≥ 0, e^(−x²) = e^(−a b), and that exponential.
// f(w) = w Q(1 − 2K w) multiplies w's rounding errors by s = w f′/f, up to 1.13 K. They are computed and subtracted,
// with s replaced by the straight line between its values at both ends.
template <class W> struct Tail {
  W half_erfc, exponential;
};
template <class W> CHAINRULE_WORD Tail<W> tail_of(W y, Scalar<W> c, W a, W b) {
  using C = Erf<Scalar<W>>;
  using T = Scalar<W>;
  constexpr T slope = T(1.12837916709551257390) * C::K * C::K - C::K;
  const W d = fma(y, broadcast(c), broadcast(C::K)), d_lost = fma(y, broadcast(c), C::K - d), w = T(1) / d;
  const W w_lost = fnma(w, d_lost, residual(w, d));  // relative
  const W ab = a * b, ab_lost = lost(a, b, ab), e = exp_negative(-ab), s = fma(w, broadcast(slope), broadcast(T(1)));
  const W u = fnma(w, broadcast(2 * C::K), broadcast(T(1))), f = e * (T(0.5) * w) * polynomial(u, C::Q);
  return {fma(f, fma(s, w_lost, -ab_lost), f), fnma(e, ab_lost, e)};
}

template <class W> CHAINRULE_WORD W erfc(W x) {
  using T = Scalar<W>;
  const W y = min(broadcast(Erf<T>::vanishes), abs(x)), tail = T(2) * tail_of(y, T(1), y, y).half_erfc;
  return select(x < T(0), T(2) - tail, tail);
}

template <class W> CHAINRULE_WORD W erf(W x) {
  const W x2 = x * x, near_zero = fma(polynomial(x2, Erf<Scalar<W>>::p), x, x);
  return copy_sign(select(abs(x) < Scalar<W>(1), near_zero, Scalar<W>(1) - erfc(abs(x))), x);
}

// Φ(z) = ½ erfc(−z/√2), and e^(−z²/2), which Φ′(z) = e^(−z²/2)/√(2π) needs too.
template <class W> struct Normal {
  W distribution, exponential;
};
template <class W> CHAINRULE_WORD Normal<W> normal(W z) {
  using T = Scalar<W>;
  const W y = min(broadcast(T(1.5) * Erf<T>::vanishes), abs(z));
  const auto [tail, e] = tail_of(y, T(0.70710678118654752440), T(0.5) * y, y);
  return {select(z < T(0), tail, T(1) - tail), e};
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
