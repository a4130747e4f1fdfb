// Errors of vector words in units in the last place, over the whole range of a number type.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "kernels/words/words.hpp"

namespace chainrule::tests {

// The wider type in which the C library computes what a result in T is compared with.
template <class T> struct Wider;
template <> struct Wider<float> {
  using type = double;
};
template <> struct Wider<double> {
  using type = long double;  // 80 bits on x86; 128 bits, in software, on AArch64
};
template <class T> using Wide = typename Wider<T>::type;
// If long double is no wider than double (Apple, MSVC), double is not tested.
template <class T> inline constexpr bool comparable =
    std::numeric_limits<Wide<T>>::digits > std::numeric_limits<T>::digits;

// |got − sought| in units in the last place of a T of sought's size; for subnormal numbers, those of the smallest
// normal one.
template <class T> double ulp_error(T got, Wide<T> sought) {
  using Limits = std::numeric_limits<T>;
  if (std::isnan(sought)) return std::isnan(got) ? 0 : HUGE_VAL;
  if (std::isinf(static_cast<T>(sought)) ||
      std::isinf(got))  // overflow must happen where rounding demands it, within an ULP
    return got == static_cast<T>(sought) ||
                   std::abs(std::abs(sought) / Wide<T>(Limits::max()) - 1) < 4 * Wide<T>(Limits::epsilon())
               ? 0
               : HUGE_VAL;
  const int exponent = sought == 0 ? Limits::min_exponent : std::max(std::ilogb(sought) + 1, Limits::min_exponent);
  return static_cast<double>(std::abs(std::scalbn(Wide<T>(got) - sought, Limits::digits - exponent)));
}

// The numbers to test at: bit patterns at an even stride over all of them (every exponent, subnormal numbers,
// infinities and NaNs included), dense points around 0 and around changes of branch, and the special values.
template <class T> std::vector<T> test_points(int count) {
  using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  std::vector<T> points;
  const Bits stride = std::numeric_limits<Bits>::max() / static_cast<Bits>(count) | 1;
  Bits bits = 0;
  for (int i = 0; i < count; ++i, bits += stride) {
    T x;
    std::memcpy(&x, &bits, sizeof x);
    points.push_back(x);
  }
  for (const double range : {1e-3, 0.5, 2.0, 12.0, 40.0, 110.0, 760.0, 1e5})
    for (int i = -count / 8; i <= count / 8; ++i) points.push_back(static_cast<T>(range * 8 * i / count));
  for (int i = -200; i <= 200; ++i) {  // the hardest arguments of sin and cos: the numbers nearest to multiples of π/2
    points.push_back(static_cast<T>(i * 1.57079632679489661923L));
    points.push_back(static_cast<T>(i * 300 * 1.57079632679489661923L));
  }
  using Limits = std::numeric_limits<T>;
  for (const T x : {T(0), Limits::denorm_min(), Limits::min(), T(1), T(1e5), Limits::max(), Limits::infinity()}) {
    points.push_back(x);
    points.push_back(-x);
    points.push_back(std::nextafter(x, T(0)));
    points.push_back(std::nextafter(-x, Limits::lowest()));
  }
  points.push_back(Limits::quiet_NaN());
  return points;
}

}  // namespace chainrule::tests
