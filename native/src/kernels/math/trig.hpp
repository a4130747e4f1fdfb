// sin and cos of a vector.
//
//   sin x = (−1)ⁿ sin r,      r = x − n π,        n = x/π rounded
//   cos x = −(−1)ⁿ sin r,     r = x − (n + ½) π,  n = x/π − ½ rounded
//
// for |x| ≤ 10⁵, with π in parts: n times a part is exact (without fma the parts are short enough for that), so that r
// keeps its relative precision near the zeros (Cody and Waite). sin r = r + r³ p(r²), p minimax (tools/minimax.py).
// Beyond 10⁵ each lane calls the C library, out of line.
//
//   largest error, ULP   float  double
//   sin, cos              2.1    2.1     without fused products 3.25 and 2.25 ULP
//
// These hold on all of ℝ; NaN at ±∞ and NaN; sin ±0 = ±0. Enforced by tests/words_test.cpp.
#pragma once
#include "kernels/words/words.hpp"

namespace chainrule {

// The C library's sin and cos, compiled once for the lowest CPU (scalar_trig.cpp).
double scalar_sin(double x);
double scalar_cos(double x);

}  // namespace chainrule

namespace chainrule::CHAINRULE_KERNEL_SET {

template <class T, bool fused> struct Pi;
template <> struct Pi<float, true> {
  static constexpr float parts[] = {0x1.921fb6p+1f, -0x1.777a5cp-24f, -0x1.ee59dap-49f};
};
template <> struct Pi<double, true> {
  static constexpr double parts[] = {0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53, -0x1.f1976b7ed8fbcp-109};
};
template <> struct Pi<float, false> {
  static constexpr float parts[] = {0x1.92p+1f,  0x1.fap-11f, 0x1.54p-19f,    0x1.1p-29f,
                                    0x1.68p-38f, 0x1.84p-47f, 0x1.a62632p-57f};
};
template <> struct Pi<double, false> {
  static constexpr double parts[] = {0x1.921fb544p+1, 0x1.0b4611a6p-33, 0x1.3198a2ep-68, 0x1.b839a252049c1p-103};
};
template <class T> struct Sin;
template <> struct Sin<float> {
  static constexpr float p[] = {-0x1.555556p-3f, 0x1.111136p-7f, -0x1.a023bcp-13f, 0x1.72caf6p-19f, -0x1.b5d44ap-26f};
};
template <> struct Sin<double> {
  static constexpr double p[] = {-0x1.5555555555555p-3,  0x1.11111111110cfp-7,   -0x1.a01a01a01595fp-13,
                                 0x1.71de3a5320bbfp-19,  -0x1.ae64552c3021bp-26, 0x1.6123eec2e2711p-33,
                                 -0x1.ae523f9988881p-41, 0x1.8b9c60bd35438p-49,  -0x1.4dad9eee5209dp-59};
};

// (−1)ⁿ sin(x − k π) for integral n, k = n or n + ½.
template <class W> CHAINRULE_WORD W sin_reduced(W x, W n, W k) {
  W r = x;
  for (const Scalar<W> part : Pi<Scalar<W>, fused>::parts) r = fnma(k, broadcast(part), r);
  const W r2 = r * r, y = fma(r2 * polynomial(r2, Sin<Scalar<W>>::p), r, r);
  const Int<W> parity = as_int(n + Of<W>::magic) << (8 * sizeof(Scalar<W>) - 1);
  return as_number<W>(as_int(y) ^ parity);
}
template <class W> CHAINRULE_WORD W each(double (*f)(double), W x) {
  W y = x;
  for (int i = 0; i < lanes<Scalar<W>>; ++i) y[i] = static_cast<Scalar<W>>(f(x[i]));
  return y;
}

template <class W> CHAINRULE_WORD W sin(W x) {
  using T = Scalar<W>;
  if (any(abs(x) > T(1e5))) [[unlikely]]
    return each(scalar_sin, x);
  const W n = nearest(x * T(0.31830988618379067154));
  return select(x == T(0), x, sin_reduced(x, n, n));
}

template <class W> CHAINRULE_WORD W cos(W x) {
  using T = Scalar<W>;
  if (any(abs(x) > T(1e5))) [[unlikely]]
    return each(scalar_cos, x);
  const W n = nearest(fma(x, broadcast(T(0.31830988618379067154)), broadcast(T(-0.5))));
  return -sin_reduced(x, n, n + T(0.5));
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
