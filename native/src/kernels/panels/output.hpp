// The last layer and vector-valued hidden layers of a network in panels, `lanes` examples at a time.
#pragma once
#include "kernels.hpp"
#include "kernels/layout/convert.hpp"
#include "kernels/shared/output.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// PanelKernels::output
template <class T> void output(const Output<T>& g) {
  T *const z_room = g.scratch, *const a = z_room + long(g.m) * lanes<T>, *const delta = a + long(g.m) * lanes<T>;
  T* const kappa_delta = delta + long(g.m) * lanes<T>;
  for (int r = g.first_row; r < g.last_row; r += lanes<T>) {
    const T* z = g.Z + long(r) * g.m;
    if (g.Z_stride) {
      rows_to_lanes(g.Z + long(r) * R<T>, g.Z_stride, g.m, z_room);
      z = z_room;
    }
    // losses := w ℓ
    const V<T> w = load(g.example_weights + r);
    const V<T> total = w * losses(g.activation.sigma, g.activation.parameter, g.cost, g.cost_parameters, z,
                                  g.Y + long(r) * g.m, a, delta, g.m, g.activation.kappa, kappa_delta);
    for (int i = 0; i < lanes<T>; ++i) g.losses[r + i] = total[i];
    // δ[r] := w ∂ℓ/∂z, and the same for κ
    if (!g.delta) continue;
    for (int k = 0; k < g.m * lanes<T>; k += lanes<T>) store(delta + k, w * load(delta + k));
    lanes_to_rows(delta, g.m, g.delta + long(r) * R<T>, g.delta_stride);
    if (!g.activation.kappa) continue;
    for (int k = 0; k < g.m * lanes<T>; k += lanes<T>) store(kappa_delta + k, w * load(kappa_delta + k));
    lanes_to_rows(kappa_delta, g.m, g.kappa_delta + long(r) * R<T>, g.delta_stride);
  }
}

// f(at) for all vectors of the `lanes` rows from r on.
template <class T, class F> CHAINRULE_WORD void each_vector(const VectorActivation<T>& g, int r, F f) {
  for (long p = 0; p * R<T> < g.m; ++p)
    for (long k = 0; k < lanes<T> * R<T>; k += lanes<T>) f(p * g.stride + long(r) * R<T> + k);
}

// Multiplies the `lanes` rows from r on by dropout's factors.
template <class T> void mask_rows(const VectorActivation<T>& g, int r) {
  each_vector(g, r, [&](long at) { store(g.panels + at, load(g.panels + at) * load(g.activation.mask + at)); });
}

// PanelKernels::vector_value
template <class T> void vector_value(const VectorActivation<T>& g) {
  const Activation<T>& f = g.activation;
  T *const z = g.scratch, *const a = z + long(g.m) * lanes<T>;
  for (int r = g.first_row; r < g.last_row; r += lanes<T>) {
    rows_to_lanes(g.panels + long(r) * R<T>, g.stride, g.m, z);
    if (f.saved) each_vector(g, r, [&](long at) { store(f.saved + at, load(g.panels + at)); });
    outputs(f.sigma, f.parameter, z, a, g.m);
    lanes_to_rows(a, g.m, g.panels + long(r) * R<T>, g.stride);
    if (f.mask) mask_rows(g, r);
  }
}

// PanelKernels::vector_pullback
template <class T> void vector_pullback(const VectorActivation<T>& g) {
  const Activation<T>& f = g.activation;
  T *const z = g.scratch, *const a = z + long(g.m) * lanes<T>, *const d = a + long(g.m) * lanes<T>;
  for (int r = g.first_row; r < g.last_row; r += lanes<T>) {
    if (f.mask) mask_rows(g, r);
    rows_to_lanes(f.saved + long(r) * R<T>, g.stride, g.m, z);
    rows_to_lanes(g.panels + long(r) * R<T>, g.stride, g.m, d);
    outputs(f.sigma, f.parameter, z, a, g.m);
    pullback(f.sigma, f.parameter, z, a, d, d, g.m);
    lanes_to_rows(d, g.m, g.panels + long(r) * R<T>, g.stride);
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
