#include "curvature/hessian_rows.hpp"

namespace chainrule {

template <class T>
HessianRows<T>::HessianRows(const std::vector<HessianLayer<T>>& of, bool is_sparse, long capacity, int lanes)
    : x(is_sparse ? 0 : of.front().panels_in * capacity * 2 * lanes),
      y(of.back().m * capacity),
      example_weights(capacity),
      layers(of.size()) {
  for (std::size_t l = 0; l < of.size(); ++l) {
    const HessianLayer<T>& layer = of[l];
    HessianArrays<T>& arrays = layers[l];
    const long size = layer.panels_out * capacity * 2 * lanes;
    arrays.forward = Buffer<T>(2 * size);
    arrays.backward = Buffer<T>(2 * size);
    if (layer.spec.is_parametric) arrays.kappa_change = Buffer<T>(size);
    if (l + 1 == of.size()) continue;
    if (!is_entrywise(layer.spec.sigma)) {
      arrays.z_and_g = Buffer<T>(2 * size);
      continue;
    }
    arrays.slope = Buffer<T>(size);
    if (has_bend(layer.spec.sigma)) arrays.bend = Buffer<T>(size);
    if (layer.spec.is_parametric) {
      arrays.kappa_slope = Buffer<T>(size);
      arrays.kappa_bend = Buffer<T>(size);
    }
  }
}

template <class T> long HessianRows<T>::numbers(const std::vector<HessianLayer<T>>& of, bool is_sparse, int lanes) {
  long panels = is_sparse ? 0 : of.front().panels_in;
  for (const HessianLayer<T>& layer : of) panels += layer.panels_out * (layer.spec.is_parametric ? 9L : 6L);
  return panels * 2 * lanes + of.back().m + 1;
}

template struct HessianRows<float>;
template struct HessianRows<double>;

}  // namespace chainrule
