// The numbers of some examples that the R-operator needs: those of θ alone, which products with several v share, and
// those of v.
#pragma once

#include <vector>

#include "curvature/hessian_layer.hpp"

namespace chainrule {

// Panels of a layer for `rows` examples. In a pair, each panel of one array is followed by that of another, and the next
// pair comes 2 rows R later: for a product over both, the rows of one follow those of the other.
template <class T> struct HessianArrays {
  Buffer<T> forward;      // pairs: a[i] and R a[i]; last layer: z[r] and R z[r]
  Buffer<T> backward;     // pairs: R δ[i] and δ[i]
  Buffer<T> slope, bend;  // see EntrywiseBend; none if vector-valued, or in the last layer
  Buffer<T> z_and_g;      // pairs: z[i] and ∂J/∂a[i] of a vector-valued σ[i]
  Buffer<T> kappa_slope, kappa_bend, kappa_change;
};

template <class T> struct HessianRows {
  // With room for `capacity` examples, a multiple of `lanes`
  HessianRows(const std::vector<HessianLayer<T>>& layers, bool is_sparse, long capacity, int lanes);

  // The numbers of T for one example
  static long numbers(const std::vector<HessianLayer<T>>& layers, bool is_sparse, int lanes);

  long first = 0, count = 0;    // examples first … first + count − 1
  int rows = 0;                 // count, rounded up: the rest are copies of the first example, with weight 0
  bool has_theta_part = false;  // the numbers of θ alone are those of the current θ
  Buffer<T> x;                  // a[0]: [panels][rows][R]; none if X is sparse
  Buffer<T> y;                  // [rows / lanes][m_r][lanes]
  Buffer<T> example_weights;    // [rows]
  std::vector<HessianArrays<T>> layers;
};

extern template struct HessianRows<float>;
extern template struct HessianRows<double>;

}  // namespace chainrule
