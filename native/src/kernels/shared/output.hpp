// The last layer's a[r] and losses with δ[r], and vector-valued σ, on arrays [m][lanes]: one example per lane.
#pragma once
#include "kernels/formulas/costs.hpp"
#include "kernels/formulas/vector_valued.hpp"
#include "kernels/shared/entrywise.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

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

// Returns ℓ per lane; a := σ(z), delta := ∂ℓ/∂z. With κ [m] (not null): a := (1 − κ) z + κ σ(z), kappa_delta := ∂ℓ/∂a ⊙
// (σ(z) − z).
template <class T> V<T> losses(Sigma sigma, T sigma_parameter, Cost cost, const T* cost_parameters, const T* z,
                               const T* y, T* a, T* delta, int m, const T* kappa = nullptr, T* kappa_delta = nullptr) {
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
    return cross_entropy_of_softmax(z, y, a, delta, m, cost_parameters[0]);
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
    for (int k = 0; k < m; ++k) {
      const long at = long(k) * lanes<T>;
      const V<T> ak = load(a + at), p = broadcast(cost_parameters[k]);
      V<T> yk = load(y + at);
      if constexpr (kind == Cost::cross_entropy) yk = smoothed(yk, cost_parameters[k], m);
      total += loss<kind>(ak, yk, p);
      store(delta + at, loss_derivative<kind>(ak, yk, p));
    }
  });
  if (kappa) {
    for (int k = 0; k < m; ++k) {
      const long at = long(k) * lanes<T>;
      differentiate_parametric<T>(delta + at, lanes<T>, lanes<T>, broadcast(kappa[k]),
                                  {.sigma = sigma,
                                   .parameter = sigma_parameter,
                                   .saved = const_cast<T*>(z) + at,  // only read
                                   .mask = nullptr,
                                   .kappa_delta = kappa_delta + at});
    }
  } else if (sigma != Sigma::identity) {
    pullback(sigma, sigma_parameter, z, a, delta, delta, m);
  }
  return total;
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
