// The last layer's a[r], losses and δ[r], and vector-valued σ in hidden layers: one example per lane.
#pragma once
#include "kernels.hpp"
#include "kernels/formulas/costs.hpp"
#include "kernels/formulas/vector_valued.hpp"
#include "kernels/layout/pack.hpp"
#include "kernels/shared/entrywise.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// All arrays here: [m][lanes].

// a := σ(z)
template <class T> void outputs(Sigma sigma, T parameter, const T* z, T* a, int m) {
  if (sigma == Sigma::softmax) return softmax(z, a, m);
  if (sigma == Sigma::log_softmax) return log_softmax(z, a, m);
  if (sigma == Sigma::layer_norm) return layer_norm(z, a, m, parameter);
  with(sigma, [&]<Sigma s>() {
    for (int k = 0; k < m * lanes<T>; k += lanes<T>) store(a + k, value<s>(load(z + k), broadcast(parameter)));
  });
}

// out := (∂σ/∂z)ᵀ g; out may be g
template <class T> void pullback(Sigma sigma, T parameter, const T* z, const T* a, const T* g, T* out, int m) {
  if (sigma == Sigma::softmax) return softmax_pullback(a, g, out, m);
  if (sigma == Sigma::log_softmax) return log_softmax_pullback(a, g, out, m);
  if (sigma == Sigma::layer_norm) return layer_norm_pullback(z, a, g, out, m, parameter);
  const T* const s = derivative_needs_z(sigma, parameter) ? z : a;
  with(sigma, [&]<Sigma kind>() {
    for (int k = 0; k < m * lanes<T>; k += lanes<T>)
      store(out + k, load(g + k) * derivative<kind>(load(s + k), broadcast(parameter)));
  });
}

// a := (1 − κ) z + κ a, where a holds σ(z); kappa [m]
template <class T> void mix(const T* kappa, const T* z, T* a, int m) {
  for (int k = 0; k < m; ++k) {
    const V<T> c = broadcast(kappa[k]);
    store(a + k * lanes<T>, fma(c, load(a + k * lanes<T>), (T(1) - c) * load(z + k * lanes<T>)));
  }
}

// ℓ per lane; a := σ(z), delta := ∂ℓ/∂z; with κ [m] (not null) a := (1 − κ) z + κ σ(z), kappa_delta := ∂ℓ/∂a ⊙ (σ(z) − z)
template <class T> V<T> losses(Sigma sigma, T sigma_parameter, Cost cost, T cost_parameter, const T* z, const T* y,
                               T* a, T* delta, int m, const T* kappa = nullptr, T* kappa_delta = nullptr) {
  V<T> total{};
  const auto closed_form = [&]<Cost kind>() {
    for (int k = 0; k < m * lanes<T>; k += lanes<T>) {
      const Canonical<V<T>> c = canonical<kind>(load(z + k), load(y + k));
      store(a + k, c.a);
      store(delta + k, c.delta);
      total += c.loss;
    }
  };
  if (!kappa && cost == Cost::cross_entropy && sigma == Sigma::softmax)
    return cross_entropy_of_softmax(z, y, a, delta, m, cost_parameter);
  if (!kappa && cost == Cost::log_likelihood && sigma == Sigma::sigmoid) {
    closed_form.template operator()<Cost::log_likelihood>();
    return total;
  }
  if (!kappa && cost == Cost::poisson && sigma == Sigma::exp) {
    closed_form.template operator()<Cost::poisson>();
    return total;
  }
  outputs(sigma, sigma_parameter, z, a, m);
  if (kappa) mix(kappa, z, a, m);
  with(cost, [&]<Cost kind>() {
    const V<T> p = broadcast(cost_parameter);
    for (int k = 0; k < m * lanes<T>; k += lanes<T>) {
      V<T> yk = load(y + k);
      if constexpr (kind == Cost::cross_entropy) yk = smoothed(yk, cost_parameter, m);
      total += loss<kind>(load(a + k), yk, p);
      store(delta + k, loss_derivative<kind>(load(a + k), yk, p));
    }
  });
  if (kappa) {
    for (int k = 0; k < m; ++k) {
      const long at = long(k) * lanes<T>;
      differentiate_parametric<T>(
          delta + at, lanes<T>, lanes<T>, broadcast(kappa[k]),
          {sigma, sigma_parameter, const_cast<T*>(z) + at, nullptr, nullptr, kappa_delta + at});  // z is only read
    }
  } else if (sigma != Sigma::identity) {
    pullback(sigma, sigma_parameter, z, a, delta, delta, m);
  }
  return total;
}

// Kernels::output
template <class T> void output(const Output<T>& g) {
  T *const z_room = g.scratch, *const a = z_room + long(g.m) * lanes<T>, *const delta = a + long(g.m) * lanes<T>;
  T* const kappa_delta = delta + long(g.m) * lanes<T>;
  for (int r = g.first_row; r < g.last_row; r += lanes<T>) {
    const T* z = g.Z + long(r) * g.m;
    if (g.Z_stride) {
      rows_to_lanes(g.Z + long(r) * R<T>, g.Z_stride, g.m, z_room);
      z = z_room;
    }
    const V<T> w = load(g.example_weights + r);
    const V<T> total = w * losses(g.sigma, g.sigma_parameter, g.cost, g.cost_parameter, z, g.Y + long(r) * g.m, a,
                                  delta, g.m, g.kappa, kappa_delta);
    for (int i = 0; i < lanes<T>; ++i) g.losses[r + i] = total[i];
    if (!g.delta) continue;
    for (int k = 0; k < g.m * lanes<T>; k += lanes<T>) store(delta + k, w * load(delta + k));
    lanes_to_rows(delta, g.m, g.delta + long(r) * R<T>, g.delta_stride);
    if (!g.kappa) continue;
    for (int k = 0; k < g.m * lanes<T>; k += lanes<T>) store(kappa_delta + k, w * load(kappa_delta + k));
    lanes_to_rows(kappa_delta, g.m, g.kappa_delta + long(r) * R<T>, g.delta_stride);
  }
}

// the `lanes` rows from r on, multiplied by dropout's factors
template <class T> void mask_rows(const VectorActivation<T>& g, int r) {
  for (long p = 0; p * R<T> < g.m; ++p)
    for (long k = 0; k < lanes<T> * R<T>; k += lanes<T>) {
      const long at = p * g.stride + long(r) * R<T> + k;
      store(g.panels + at, load(g.panels + at) * load(g.activation.mask + at));
    }
}

// Kernels::vector_value
template <class T> void vector_value(const VectorActivation<T>& g) {
  const Activation<T>& f = g.activation;
  T *const z = g.scratch, *const a = z + long(g.m) * lanes<T>;
  for (int r = g.first_row; r < g.last_row; r += lanes<T>) {
    rows_to_lanes(g.panels + long(r) * R<T>, g.stride, g.m, z);
    if (f.saved)
      for (long p = 0; p * R<T> < g.m; ++p)
        for (long k = 0; k < lanes<T> * R<T>; k += lanes<T>) {
          const long at = p * g.stride + long(r) * R<T> + k;
          store(f.saved + at, load(g.panels + at));
        }
    outputs(f.sigma, f.parameter, z, a, g.m);
    lanes_to_rows(a, g.m, g.panels + long(r) * R<T>, g.stride);
    if (f.mask) mask_rows(g, r);
  }
}

// Kernels::vector_pullback
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
