#include "panels/activations.hpp"

#include <algorithm>

namespace chainrule {
namespace {

constexpr double most_nonzeros = 0.6;  // of all numbers: above that, skipping zeros does not pay

}  // namespace

// A stride that is a power of two would let a few rows of many panels compete for the same sets of the cache.
template <class T> Activations<T>::Activations(const PanelNetwork<T>& network)
    : stride((network.capacity + network.lanes) * network.R),
      overflow_limit(static_cast<T>(std::sqrt(largest_safe_gradient<T>() / double(network.capacity)))),
      x(network.layers.front().is_csr ? 0 : network.layers.front().panels_in * stride),
      layers(network.layers.size()),
      network_(network) {
  if (network.front.count()) x_delta = Buffer<T>(network.layers.front().panels_in * stride);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const PanelLayer<T>& layer = network.layers[l];
    const LayerSpec& spec = layer.spec;
    const bool is_last = l + 1 == layers.size();
    const bool needs_saved = spec.has_dropout() || spec.is_parametric || !is_entrywise(spec.sigma) ||
                             derivative_needs_z(spec.sigma, spec.parameter);
    const long size = layer.panels_out * stride;
    if (!layer.is_thin) layers[l].a = Buffer<T>(size);
    if (needs_saved && !is_last) layers[l].saved = Buffer<T>(size);
    if (spec.has_dropout()) layers[l].mask = Buffer<T>(size);
    layers[l].delta = Buffer<T>(size);
    if (spec.is_parametric) layers[l].kappa_delta = Buffer<T>(size);
  }
}

template <class T> void Activations<T>::look_for_zeros(long rows) {
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const PanelLayer<T>& layer = network_.layers[l];
    if (layer.is_thin || layer.is_csr) continue;
    layers[l].is_input_sparse =
        layer.panels_out >= least_panels && is_sparse(input_of(static_cast<int>(l) + 1), layer.n, rows);
    layers[l].is_delta_sparse = layer.panels_in >= least_panels && is_sparse(layers[l].delta.get(), layer.m, rows);
  }
}

// Counts the zeros of a few stretches of rows in each full panel.
template <class T> bool Activations<T>::is_sparse(const T* numbers, long features, long rows) const {
  constexpr int stretches = 4;
  const long stretch = std::min<long>(8, rows), R = network_.R, panels = features / R;
  long nonzeros = 0;
  for (long p = 0; p < panels; ++p)
    for (int i = 0; i < stretches; ++i) {
      const long first = (rows - stretch) * i / (stretches - 1);
      nonzeros += network_.kernels.shared.count_nonzeros(numbers + p * stride + first * R, stretch * R);
    }
  return panels > 0 && double(nonzeros) <= most_nonzeros * double(panels * stretches * stretch * R);
}

template <class T> void Activations<T>::free_all() {
  x = {};
  x_delta = {};
  for (LayerActivations<T>& layer : layers)
    for (Buffer<T>* array : {&layer.a, &layer.saved, &layer.mask, &layer.delta, &layer.kappa_delta}) *array = {};
}

template class Activations<float>;
template class Activations<double>;

}  // namespace chainrule
