// exp, expm1, sigmoid and tanh of a vector.
//
//   exp x     = 2ⁿ eʳ,             n = x / ln 2 rounded, r = x − n ln 2 (ln 2 in two parts, Cody and Waite), |r| ≤ ln 2 / 2
//   expm1 x   = 2ⁿ (eʳ − 1) + (2ⁿ − 1)
//   sigmoid x = 1 / (1 + e⁻ˣ)        Lecture, L3; computed from e^(−|x|): no tail overflows or loses digits
//   tanh x    = −e / (2 + e),        e = expm1(−2|x|), with the sign of x
//
// with eʳ = 1 + r + r² q(r), q a minimax polynomial (tools/minimax.py).
//
//   largest error, ULP   float  double   special values
//   exp, exp_negative     1.1    1.1     0 at −∞, ∞ at ∞
//   expm1                 1.75   2.5     −1 at −∞, ∞ at ∞; ±0 at ±0
//   sigmoid               2.5    2.5     0 at −∞, 1 at ∞
//   tanh                  2.75   2.75    ±1 at ±∞; ±0 at ±0
//
// These hold on all of ℝ, subnormal numbers and results included; NaN gives NaN. Enforced by tests/words_test.cpp.
//
// Measured (words_speed, AMD Zen 4, AVX-512 | AVX2, ns a number): exp 0.27 | 0.30, sigmoid 0.35 | 0.39, tanh 0.31 |
// 0.36 in float; 0.67 | 1.07, 0.80 | 1.27, 0.75 | 1.18 in double. A rational x P₄(x²)/Q₄(x²) for the float tanh took
// 0.22 | 0.25, but had an error of 5.6 ULP and exceeded 1; clamping its result costs half of the gain. AVX-512's own
// scalef instead of two factors was 6 % faster in double and no faster in float.
#pragma once
#include "kernels/words/words.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

template <class T> struct Exp;
template <> struct Exp<float> {
  static constexpr float log2_e = 0x1.715476p+0f, ln2 = 0x1.62e43p-1f, ln2_high = 0x1.63p-1f,
                         ln2_low = -0x1.bd0106p-13f;
  static constexpr float lowest = -104.0f, highest = 89.0f;  // outside them eˣ rounds to 0 or ∞
  static constexpr float minus_one = -20.0f;                 // below it eˣ − 1 rounds to −1
  static constexpr float k = 75, two_minus_k = 0x1p-75f;
  static constexpr float q[] = {0x1.fffffep-2f, 0x1.5554bp-3f, 0x1.555676p-5f, 0x1.1227c4p-7f, 0x1.6beb58p-10f};
};
template <> struct Exp<double> {
  static constexpr double log2_e = 0x1.71547652b82fep+0, ln2 = 0x1.62e42fefa39efp-1, ln2_high = 0x1.62e42feep-1,
                          ln2_low = 0x1.a39ef35793c76p-33;
  static constexpr double lowest = -746.0, highest = 710.0;
  static constexpr double minus_one = -40.0;
  static constexpr double k = 540, two_minus_k = 0x1p-540;
  static constexpr double q[] = {0x1.0000000000005p-1,  0x1.5555555555539p-3,  0x1.5555555552284p-5,
                                 0x1.1111111118f3bp-7,  0x1.6c16c17ee9bf4p-10, 0x1.a01a01755dcccp-13,
                                 0x1.a019a742bb775p-16, 0x1.71de87135f66ap-19, 0x1.28a20e46a4c6cp-22,
                                 0x1.ae6dac12e1859p-26};
};

// 2ⁿ⁺ᵏ and expm1(r) with x = n ln 2 + r; |n + k| ≤ 126 (1022).
// In n + k + bias + magic the exponent field of 2ⁿ⁺ᵏ is in the lowest bits; a shift moves it into place.
template <class W> struct Reduced {
  W power, expm1_r;
};
template <class W> CHAINRULE_WORD Reduced<W> reduce_exp(W x, W k) {
  using C = Exp<Scalar<W>>;
  const W offset = k + (Of<W>::magic + Of<W>::bias), t = fma(x, broadcast(C::log2_e), offset), n = t - offset;
  const W r = fnma(n, broadcast(C::ln2_low), fnma(n, broadcast(C::ln2_high), x));
  return {as_number<W>(as_int(t) << Of<W>::mantissa), fma(polynomial(r, C::q), r * r, r)};
}

// eˣ for x ≤ 0. The factor 2ⁿ is applied as 2ⁿ⁺ᵏ · 2⁻ᵏ: only the second product rounds, and only to a subnormal number.
template <class W> CHAINRULE_WORD W exp_negative(W x) {
  using C = Exp<Scalar<W>>;
  const auto [power, p] = reduce_exp(max(broadcast(C::lowest), x), broadcast(C::k));
  return (Scalar<W>(1) + p) * power * C::two_minus_k;
}
template <class W> CHAINRULE_WORD W exp(W x) {
  using C = Exp<Scalar<W>>;
  const Int<W> negative = x < Scalar<W>(0);
  const auto [power, p] = reduce_exp(clamp(x, C::lowest, C::highest), select(negative, C::k, broadcast(-C::k)));
  return (Scalar<W>(1) + p) * power * select(negative, C::two_minus_k, broadcast(1 / C::two_minus_k));
}

// eˣ − 1 for x ≤ 0, but +0 for x = −0. One part of ln 2 is enough: if n < 0, 2ⁿ − 1 outweighs the rounding of r.
template <class W> CHAINRULE_WORD W expm1_negative(W x) {
  using C = Exp<Scalar<W>>;
  constexpr Scalar<W> offset = Of<W>::magic + Of<W>::bias;
  const W y = max(broadcast(C::minus_one), x), t = fma(y, broadcast(C::log2_e), broadcast(offset)), n = t - offset;
  const W r = fnma(n, broadcast(C::ln2), y), p = fma(polynomial(r, C::q), r * r, r);
  const W power = as_number<W>(as_int(t) << Of<W>::mantissa);
  return fma(power, p, power - Scalar<W>(1));
}
template <class W> CHAINRULE_WORD W expm1(W x) {
  using C = Exp<Scalar<W>>;
  using T = Scalar<W>;
  const auto [half, p] = reduce_exp(clamp(x, C::minus_one, C::highest), broadcast(T(-1)));  // 2ⁿ may overflow
  return copy_sign(T(2) * fma(half, p, half - T(0.5)), x);
}

template <class W> CHAINRULE_WORD W sigmoid(W x) {
  const W e = exp_negative(-abs(x));
  return select(x < Scalar<W>(0), e, Scalar<W>(1)) / (Scalar<W>(1) + e);
}

template <class W> CHAINRULE_WORD W tanh(W x) {
  const W e = expm1_negative(Scalar<W>(-2) * abs(x));
  return copy_sign(e / (Scalar<W>(2) + e), x);
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
