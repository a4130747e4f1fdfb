// The activations and deltas of a network's layers above the front, in panels, for as many examples as it has room for.
#pragma once

#include <cmath>
#include <vector>

#include "panels/panel_network.hpp"

namespace chainrule {

// No entry of a gradient is larger while the activations and deltas it is summed from are below the overflow limit.
template <class T> constexpr double largest_safe_gradient() { return sizeof(T) == 4 ? 1e18 : 1e140; }

template <class T> struct LayerActivations {
  Buffer<T> a;                   // [panels_out][capacity][R]: a[i]; last layer: z[r], or none if thin
  Buffer<T> saved;               // like a: what σ′ needs, if that is not a itself
  Buffer<T> mask;                // like a: dropout's factors
  Buffer<T> delta;               // like a: δ[i]
  Buffer<T> kappa_delta;         // like a: the terms of ∂J/∂κ
  bool is_input_sparse = false;  // a[i−1] has many zeros
  bool is_delta_sparse = false;  // δ[i] has many zeros
};

template <class T> class Activations {
 public:
  explicit Activations(const PanelNetwork<T>& network);

  const T* input_of(int i) const { return i == 1 ? x.get() : layers[i - 2].a.get(); }

  // Looks for zeros in some of the first `rows` rows, which a pass for training has computed, and sets the layers'
  // is_…_sparse. Later products skip them; results are the same. Called by one thread between two passes.
  void look_for_zeros(long rows);

  void free_all();

  const long stride;                        // from a panel to the next one, in numbers
  const T overflow_limit;                   // of activations and deltas, see largest_safe_gradient()
  Buffer<T> x;                              // a[f], the input of the first layer above the front: [⌈m/R⌉][capacity][R]
  Buffer<T> x_delta;                        // ∂J/∂a[f]; none without a front
  std::vector<LayerActivations<T>> layers;  // like the network's

 private:
  bool is_sparse(const T* numbers, long features, long rows) const;

  const PanelNetwork<T>& network_;
};

extern template class Activations<float>;
extern template class Activations<double>;

}  // namespace chainrule
