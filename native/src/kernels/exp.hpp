// exp, expm1, sigmoid and tanh of a vector.
//
//   exp x     = 2ⁿ eʳ,               n = x / ln 2 rounded, r = x − n ln 2 (Cody and Waite's two-part ln 2), |r| ≤ ln 2 / 2
//   expm1 x   = 2ⁿ (eʳ − 1) + (2ⁿ − 1)
//   sigmoid x = 1 / (1 + e⁻ˣ)        Lecture, L3; from e^(−|x|), so that neither tail overflows nor loses digits
//   tanh x    = −e / (2 + e),        e = expm1(−2|x|), with the sign of x
//
// with eʳ = 1 + r + r² q(r), q a minimax polynomial (tools/minimax.py).
//
//   largest error, ULP  float  double   special values
//   exp                 ERR
//
// All of ℝ is in range, results may be subnormal.
#pragma once
#include "words.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

template <class T> struct Exp;
template <> struct Exp<float> {
  static constexpr float log2_e = 0x1.715476p+0f, ln2_high = 0x1.63p-1f, ln2_low = -0x1.bd0106p-13f;
  static constexpr float lowest = -104.0f, highest = 89.0f;  // beyond them eˣ rounds to 0 or ∞
  static constexpr float tanh_is_one = 20.0f;                // tanh x rounds to 1 for 2x ≥ 18.1
  static constexpr float q[] = {0x1.fffffep-2f, 0x1.5554aap-3f, 0x1.55579ap-5f, 0x1.122cc2p-7f, 0x1.6ab73p-10f};
};
template <> struct Exp<double> {
  static constexpr double log2_e = 0x1.71547652b82fep+0, ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
  static constexpr double lowest = -746.0, highest = 710.0;
  static constexpr double tanh_is_one = 40.0;  // 2x ≥ 38.2
  static constexpr double q[] = {0x1.0000000000005p-1,  0x1.55555555553d3p-3,  0x1.5555555551c63p-5,
                                 0x1.111111118c42bp-7,  0x1.6c16c180cf60ep-10, 0x1.a019fe96cdd22p-13,
                                 0x1.a019a133b4b99p-16, 0x1.71e5b62066246p-19, 0x1.28a82af2da9a1p-22,
                                 0x1.a20e2e25044c3p-26};
};

// n and expm1(r) of x = n ln 2 + r
template <class W> struct Reduced {
  W n, expm1_r;
};
template <class W> CHAINRULE_WORD Reduced<W> reduce_exp(W x) {
  using C = Exp<Scalar<W>>;
  const W n = fma(x, broadcast(C::log2_e), broadcast(Of<W>::magic)) - Of<W>::magic;
  const W r = fnma(n, broadcast(C::ln2_low), fnma(n, broadcast(C::ln2_high), x));
  return {n, fma(polynomial(r, C::q), r * r, r)};
}

template <class W> CHAINRULE_WORD W exp(W x) {
  using C = Exp<Scalar<W>>;
  const auto [n, p] = reduce_exp(clamp(x, C::lowest, C::highest));
  return scale(Scalar<W>(1) + p, n);
}

// expm1 of x ≤ 0; −0 for x = −0 is not kept
template <class W> CHAINRULE_WORD W expm1_negative(W x) {
  using C = Exp<Scalar<W>>;
  const auto [n, p] = reduce_exp(max(broadcast(-C::tanh_is_one), x));
  const W two_n = power_of_two(n);
  return fma(two_n, p, two_n - Scalar<W>(1));
}

template <class W> CHAINRULE_WORD W expm1(W x) {
  using C = Exp<Scalar<W>>;
  const auto [n, p] = reduce_exp(clamp(x, -C::tanh_is_one, C::highest));
  const W half = power_of_two(n - Scalar<W>(1));  // 2ⁿ itself overflows before expm1 does
  return copy_sign(Scalar<W>(2) * fma(half, p, half - Scalar<W>(0.5)), x);
}

template <class W> CHAINRULE_WORD W sigmoid(W x) {
  const W e = exp(-abs(x));
  return select(x < Scalar<W>(0), e, Scalar<W>(1)) / (Scalar<W>(1) + e);
}

template <class W> CHAINRULE_WORD W tanh(W x) {
  const W e = expm1_negative(Scalar<W>(-2) * abs(x));
  return copy_sign(e / (Scalar<W>(2) + e), x);
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
