// ‖∇J‖ of numbers whose squares leave the range of double.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace chainrule {

// Returns true if the root of this sum of squares of finite numbers is their norm; it can be otherwise in double alone.
template <class T> bool is_exact_sum_of_squares(double sum) {
  return sizeof(T) < sizeof(double) || (sum > 1e-280 && sum < std::numeric_limits<double>::infinity());
}

// ‖g‖ = p ‖g/p‖ with p = max |gₖ|, of finite numbers
template <class T> double scaled_norm(const T* g, long count) {
  double peak = 0, sum = 0;
  for (long k = 0; k < count; ++k) peak = std::max(peak, std::abs(double(g[k])));
  if (peak == 0) return 0;
  for (long k = 0; k < count; ++k) sum += (g[k] / peak) * (g[k] / peak);
  return peak * std::sqrt(sum);
}

}  // namespace chainrule
