// erf, erfc and the normal distribution function Φ of a vector.
//
//   erf x  = x + x p(x²) for |x| < 1, ±(1 − erfc |x|) beyond
//   erfc x = e^(−x²) w Q(w), w = 1/(x + K), for x ≥ 0;  2 − erfc(−x) for x < 0
//   Φ(z)   = ½ erfc(−z/√2), computed from z itself: rounding z/√2 would cost z² ULP in the tail
//
// w Q(w) approximates e^(x²) erfc x on the whole half line with one polynomial, since Q is nearly constant in w
// (the substitution of Schonfelder, Math. Comp. 32 (1978), with a pole instead of a quotient: one division);
// p, Q are minimax (tools/minimax.py). x² is taken in two parts: its rounding alone would cost x² ULP.
//
//   largest error, ULP  float  double   special values
//   erf                 ERR
#pragma once
#include "exp.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

template <class T> struct Erf;
template <> struct Erf<float> {
  static constexpr float K = 2.5f, vanishes = 10.1f;  // erfc x rounds to 0 from there on
  static constexpr float p[] = {0x1.06eba8p-3f, -0x1.81273ep-2f,  0x1.ce2d0ap-4f, -0x1.b7f9f8p-6f,
                                0x1.540b02p-8f, -0x1.a41432p-11f, 0x1.49a67ap-14f};
  static constexpr float Q[] = {0x1.20dd86p-1f,  0x1.6911fcp+0f,  0x1.9f6b7p+1f, 0x1.ab91e8p+2f,
                                0x1.7dc8ccp+3f,  0x1.24e34p+4f,   -0x1.2991p+4f, 0x1.6822d8p+7f,
                                -0x1.a5834ap+9f, 0x1.403decp+10f, -0x1.4ef04p+9f};
};
template <> struct Erf<double> {
  static constexpr double K = 3.75, vanishes = 27.3;
  static constexpr double p[] = {0x1.06eba8214db68p-3,   -0x1.812746b0379aep-2,  0x1.ce2f21a040544p-4,
                                 -0x1.b82ce311de651p-6,  0x1.565bccf5c119fp-8,   -0x1.c02dafbf6af10p-11,
                                 0x1.f9a2af1e6d202p-14,  -0x1.f4c99ef9f072ep-17, 0x1.b9792ea13686cp-20,
                                 -0x1.5bdecfd04466bp-23, 0x1.d605df6bdb016p-27,  -0x1.a87725defa6e5p-31};
  static constexpr double Q[] = {
      0x1.20dd750409ae7p-1,   0x1.0ecf9dbc41924p+1,  0x1.e9b76e5b24871p+2,   0x1.a9422c649b1d3p+4,
      0x1.60c2aff6726a5p+6,   0x1.15a3dead695b3p+8,  0x1.990843ae3b3acp+9,   0x1.1f51c3cf244abp+11,
      0x1.198c62664c614p+12,  0x1.b13ef1ad2554ap+14, -0x1.5f6afad6d95f4p+17, 0x1.f6b6e91d536fap+20,
      -0x1.07faf70786242p+24, 0x1.c58a4cffe12bbp+26, -0x1.40c23c2fdefd5p+29, 0x1.6cf8bfc99b6e3p+31,
      -0x1.4b416db7bdcf3p+33, 0x1.d508959735314p+34, -0x1.f43e8072522f1p+35, 0x1.80ea1d2a489edp+36,
      -0x1.92070da465acbp+36, 0x1.fe187d3d447f2p+35, -0x1.29269cda7c431p+34};
};

// a b − ab, where ab = a b rounded: what the product lost
template <class W> CHAINRULE_WORD W lost(W a, W b, W ab) {
  if constexpr (fused) {
    return fma(a, b, -ab);
  } else {  // Dekker's product: halves of the mantissas multiply exactly
    const Int<W> upper = Int<W>{} + (int64_t{-1} << (Of<W>::mantissa + 1) / 2);
    const W a1 = as_number<W>(as_int(a) & upper), a2 = a - a1, b1 = as_number<W>(as_int(b) & upper), b2 = b - b1;
    return ((a1 * b1 - ab) + (a1 * b2 + a2 * b1)) + a2 * b2;
  }
}
// e^(−a b)
template <class W> CHAINRULE_WORD W exp_of_minus_product(W a, W b) {
  const W ab = a * b, e = exp(-ab);
  return fnma(e, lost(a, b, ab), e);
}

// e^(−x²) for any x
template <class W> CHAINRULE_WORD W gaussian(W x) {
  const W bounded = clamp(x, Scalar<W>(-30), Scalar<W>(30));  // e⁻⁹⁰⁰ = 0; 30² has no lost part to overflow
  return exp_of_minus_product(bounded, bounded);
}

template <class W> CHAINRULE_WORD W erfc(W x) {
  using C = Erf<Scalar<W>>;
  const W y = min(broadcast(C::vanishes), abs(x)), w = Scalar<W>(1) / (y + C::K);
  const W tail = exp_of_minus_product(y, y) * (w * polynomial(w, C::Q));
  return select(x < Scalar<W>(0), Scalar<W>(2) - tail, tail);
}

template <class W> CHAINRULE_WORD W erf(W x) {
  const W x2 = x * x, near_zero = fma(polynomial(x2, Erf<Scalar<W>>::p), x, x);
  return copy_sign(select(abs(x) < Scalar<W>(1), near_zero, Scalar<W>(1) - erfc(abs(x))), x);
}

// Φ(z) = ½ erfc(−z/√2) and e^(−z²/2), which Φ′(z) = e^(−z²/2)/√(2π) needs as well
template <class W> struct Normal {
  W distribution, exponential;
};
template <class W> CHAINRULE_WORD Normal<W> normal(W z) {
  using C = Erf<Scalar<W>>;
  using T = Scalar<W>;
  const W y = min(broadcast(T(1.5) * C::vanishes), abs(z)),
          w = T(1) / fma(y, broadcast(T(0.70710678118654752440)), broadcast(C::K));
  const W e = exp_of_minus_product(T(0.5) * y, y), tail = e * (T(0.5) * w * polynomial(w, C::Q));
  return {select(z < T(0), tail, T(1) - tail), e};
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
