// log, log1p and softplus of a vector.
//
//   log x      = n ln 2 + log(1 + f),   x = 2ⁿ (1 + f), √½ ≤ 1 + f < √2
//   log1p x    = log u + (x − (u − 1))/u up to rounding, u = 1 + x: the rounding error of u is added to f
//   softplus x = log(1 + eˣ) = max(x, 0) + log1p(e^(−|x|)), with a log1p for [0, 1] alone
//
// with log(1 + f) = f − f²/2 + s (f²/2 + R), s = f/(2 + f), R = s² p(s²): the series of 2 artanh s, rearranged so that
// the largest term f is exact (as in fdlibm's e_log.c); p is minimax (tools/minimax.py).
//
//   largest error, ULP   float  double   special values
//   log                   0.9    0.9     −∞ at ±0, NaN below, ∞ at ∞
//   log1p                 1.5    1.5     −∞ at −1, NaN below, ∞ at ∞; ±0 at ±0
//   softplus              2      2       0 at −∞, ∞ at ∞
//
// These hold for subnormal numbers and results too; NaN gives NaN. Enforced by tests/words_test.cpp.
// Measured (words_speed, AMD Zen 4, AVX-512, ns a number): softplus 0.47 in float, 1.54 in double; with the general
// log1p twice as much.
#pragma once
#include "kernels/math/exp.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

template <class T> struct Log;
template <> struct Log<float> {
  static constexpr float ln2_high = Exp<float>::ln2_high, ln2_low = Exp<float>::ln2_low;
  static constexpr float root_half = 0x1.6a09e6p-1f, smallest_normal = 0x1p-126f;
  static constexpr float p[] = {0x1.55557ap-1f, 0x1.995eccp-2f, 0x1.31e224p-2f};
  static constexpr float p01[] = {0x1.555502p-1f, 0x1.99d1cep-2f, 0x1.1ec01ap-2f, 0x1.1ecb08p-2f};
};
template <> struct Log<double> {
  static constexpr double ln2_high = Exp<double>::ln2_high, ln2_low = Exp<double>::ln2_low;
  static constexpr double root_half = 0x1.6a09e667f3bcdp-1, smallest_normal = 0x1p-1022;
  static constexpr double p[] = {0x1.5555555555593p-1, 0x1.999999997f9e7p-2, 0x1.249249422b859p-2, 0x1.c71c51d6a6d25p-3,
                                 0x1.746649f23cbbbp-3, 0x1.39a08e46e038bp-3, 0x1.2f11ce34766e1p-3};
  static constexpr double p01[] = {
      0x1.5555555555535p-1, 0x1.99999999a074fp-2, 0x1.249249208c5e7p-2, 0x1.c71c741c71653p-3, 0x1.745cb40066d34p-3,
      0x1.3b1ddb69308cfp-3, 0x1.1067c5a3dfee0p-3, 0x1.efd842d244290p-4, 0x1.55b12e843a335p-4, 0x1.5c78d56ebb272p-3};
};

// |x| = 2ⁿ m, √½ ≤ m < √2, for normal x.
template <class W> struct Parts {
  W n, m;
};
template <class W> CHAINRULE_WORD Parts<W> parts(W x) {
  const Int<W> bits = as_int(abs(x)), n = (bits - as_int(broadcast(Log<Scalar<W>>::root_half))) >> Of<W>::mantissa;
  return {as_number<W>(n + as_int(broadcast(Of<W>::magic))) - Of<W>::magic,
          as_number<W>(bits - (n << Of<W>::mantissa))};
}
// n ln 2 + log(1 + f)
template <class W> CHAINRULE_WORD W log_of(W n, W f) {
  using C = Log<Scalar<W>>;
  const W s = f / (Scalar<W>(2) + f), s2 = s * s, half_f2 = Scalar<W>(0.5) * f * f;
  const W R = s2 * polynomial(s2, C::p);
  return fma(n, broadcast(C::ln2_high), f - (half_f2 - fma(s, half_f2 + R, n * C::ln2_low)));
}

template <class W> CHAINRULE_WORD W log(W x) {
  using C = Log<Scalar<W>>;
  constexpr Scalar<W> infinity = __builtin_huge_val(), shift = Of<W>::mantissa + 1;
  const Int<W> subnormal = x < C::smallest_normal;
  const auto [n, m] = parts(select(subnormal, x * Scalar<W>(int64_t{2} << Of<W>::mantissa), x));
  const W y = log_of(select(subnormal, n - shift, n), m - Scalar<W>(1));
  return select(x > Scalar<W>(0), select(x < infinity, y, x),
                select(x == Scalar<W>(0), -infinity, x * Scalar<W>(__builtin_nan(""))));
}

template <class W> CHAINRULE_WORD W log1p(W x) {
  using T = Scalar<W>;
  constexpr T infinity = __builtin_huge_val();
  const W u = T(1) + x, v = u - T(1), lost = (T(1) - (u - v)) + (x - v);  // 1 + x = u + lost exactly
  const auto [n, m] = parts(u);
  const W small = power_of_two(-min(n, broadcast(T(100))));  // 2⁻ⁿ; if n > 100, lost/u is far below rounding
  const W y = log_of(n, fma(lost, small, m - T(1)));
  const W in_range = select((x < infinity) & (x != T(0)), y, x);  // ±0, ∞ and NaN map to themselves
  return select(x > T(-1), in_range, select(x == T(-1), -infinity, x * T(__builtin_nan(""))));
}

// log(1 + x) for 0 ≤ x ≤ 1, which needs no exponent and has no special values. Takes a third of log1p's time.
template <class W> CHAINRULE_WORD W log1p_unit(W x) {
  const W s = x / (Scalar<W>(2) + x), s2 = s * s, half_x2 = Scalar<W>(0.5) * x * x;
  return x - fnma(s, fma(s2, polynomial(s2, Log<Scalar<W>>::p01), half_x2), half_x2);
}
template <class W> CHAINRULE_WORD W softplus(W x) {
  return max(broadcast(Scalar<W>(0)), x) + log1p_unit(exp_negative(-abs(x)));
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
