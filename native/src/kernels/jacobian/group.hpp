// Per-example Jacobians ∂a[r]/∂z[i] for one group of examples: a forward pass, and a backward pass for each output.
#pragma once
#include "kernels/jacobian/contract.hpp"
#include "kernels/lanes/group.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

inline constexpr long row_size = group_vectors * lanes<double>;  // numbers of a feature in a group

// δ[r] := w eₖ, then δ[i] := (∂σ[i]/∂z[i])ᵀ W[i+1]ᵀ δ[i+1]
inline void backward_from_output(const LaneGroup<double>& g, int k, double* const* deltas) {
  const auto layer_at = [&](int i) {  // layer i, with the δ[i] of this output
    LaneLayer<double> layer = g.layers[i];
    layer.delta = deltas[i] + k * layer.m * row_size;
    return layer;
  };
  LaneLayer<double> layer = layer_at(g.r - 1);
  for (int j = 0; j < layer.m; ++j)
    for (long e = 0; e < row_size; e += lanes<double>)
      store(layer.delta + j * row_size + e, j == k ? load(g.example_weights + e) : V<double>{});
  lane_pullback(g, layer);
  for (int i = g.r - 1; i > 0; --i) {
    const LaneLayer<double> below = layer_at(i - 1);
    dense<double, group_vectors>(layer.W, 1, layer.n, nullptr, layer.delta, layer.m, below.delta, layer.n);
    lane_pullback(g, below);
    layer = below;
  }
}

// JacobianKernels::group
inline void jacobian_group(const LaneGroup<double>& g, double* residuals, double* const* deltas) {
  const double* in = g.x;
  for (int i = 0; i < g.r; ++i) {  // z[i] := W[i] a[i−1] + b[i], a[i] := σ(z[i])
    const LaneLayer<double>& layer = g.layers[i];
    dense<double, group_vectors>(layer.W, layer.n, 1, layer.b, in, layer.n, layer.a, layer.m);
    lane_value(g, layer,
               {.sigma = layer.sigma,
                .parameter = layer.parameter,
                .saved = layer.saved,
                .mask = nullptr,
                .kappa_delta = nullptr});
    in = layer.a;
  }
  const int m = g.layers[g.r - 1].m;
  for (long at = 0; at < m * row_size; at += lanes<double>)
    store(residuals + at, load(g.example_weights + at % row_size) * (load(in + at) - load(g.y + at)));
  for (int k = 0; k < m; ++k) backward_from_output(g, k, deltas);
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
