// The forward and the backward pass of leading block-diagonal layers: z = W a + b with its σ, and the adjoint.
#pragma once
#include "kernels/shared/entrywise.hpp"
#include "kernels/units/contract.hpp"
#include "kernels/units/linear.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// σ of the unit whose numbers begin at place `at`; `saved` is all units' array.
template <class T> CHAINRULE_WORD Activation<T> unit_activation(const UnitLayer<T>& layer, T* saved, long at) {
  return activation_at<T>({.sigma = layer.sigma,
                           .parameter = layer.parameter,
                           .saved = saved,
                           .mask = layer.mask,
                           .kappa_delta = layer.kappa_delta},
                          at);
}

// UnitKernels::forward
template <class T> void units_forward(const DiagonalBlocks<T>& g, const UnitLayer<T>& layer) {
  const auto [count, p, q] = g.run;
  const T *const W = g.theta[int(Part::W)], *const b = g.theta[int(Part::b)], *const kappa = g.theta[int(Part::kappa)];
  const long rows = layer.last_row - layer.first_row;
  const bool is_linear = layer.sigma == Sigma::identity && !kappa && !layer.mask && !layer.saved;
  for (long block = 0; block < count; ++block) {
    const long first = g.first_unit + block * p;
    unit_linear<T>({.W = W + block * p * q,  // z := W a + b
                    .row_stride = q,
                    .column_stride = 1,
                    .b = b + block * p,
                    .in = layer.input + (g.first_input + block * q) * layer.pitch,
                    .K = q,
                    .out = layer.a + first * layer.pitch,
                    .pitch = layer.pitch,
                    .first = layer.first_row,
                    .last = layer.last_row},
                   p);
    if (is_linear) continue;
    for (long j = 0; j < p; ++j) {  // a := σ(z), while the block is in cache
      const long at = (first + j) * layer.pitch + layer.first_row;
      const Activation<T> f = unit_activation(layer, layer.saved, at);
      if (kappa)
        activate_parametric(layer.a + at, rows, lanes<T>, broadcast(kappa[block * p + j]), f);
      else
        activate(layer.a + at, rows, f);
    }
  }
}

// UnitKernels::backward
template <class T> void units_backward(const DiagonalBlocks<T>& g, const UnitLayer<T>& layer) {
  const auto [count, p, q] = g.run;
  const T *const W = g.theta[int(Part::W)], *const kappa = g.theta[int(Part::kappa)];
  const long rows = layer.last_row - layer.first_row;
  const bool is_linear = layer.sigma == Sigma::identity && !kappa && !layer.mask;
  for (long block = 0; block < count; ++block) {
    const long first = g.first_unit + block * p;
    for (long j = 0; j < p && !is_linear; ++j) {  // δ := ∂J/∂a ⊙ σ′(z)
      const long at = (first + j) * layer.pitch + layer.first_row;
      const Activation<T> f = unit_activation(layer, layer.saved ? layer.saved : layer.a, at);
      if (kappa)
        differentiate_parametric(layer.delta + at, rows, lanes<T>, broadcast(kappa[block * p + j]), f);
      else
        differentiate(layer.delta + at, rows, f);
    }
    if (!layer.input_delta) continue;
    unit_linear<T>({.W = W + block * p * q,  // ∂J/∂a[i − 1] := Wᵀ δ
                    .row_stride = 1,
                    .column_stride = q,
                    .b = nullptr,
                    .in = layer.delta + first * layer.pitch,
                    .K = p,
                    .out = layer.input_delta + (g.first_input + block * q) * layer.pitch,
                    .pitch = layer.pitch,
                    .first = layer.first_row,
                    .last = layer.last_row},
                   q);
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
