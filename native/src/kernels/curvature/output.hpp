// The last layer's δ[r] and R δ[r], with the examples across the lanes.
#pragma once
#include "kernels/curvature/entrywise.hpp"
#include "kernels/curvature/vector_valued.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// The arrays of `lanes` examples, [m][lanes] each.
template <class T> struct OutputRows {
  const T* y;
  T *z, *Rz, *a, *Ra, *delta, *Rdelta, *kappa_change, *room;
};

// δ and R δ of a cost over its canonical σ: R δ = (∂δ/∂z) R z. Returns false if there is no closed form.
template <class T> bool closed_form_bend(const OutputBend<T>& f, const OutputRows<T>& x) {
  if (f.activation.kappa || f.activation.sigma != canonical_sigma(f.cost)) return false;
  const auto entrywise = [&]<Cost cost>() {
    for (int k = 0; k < f.m * lanes<T>; k += lanes<T>) {
      const auto c = canonical<cost>(load(x.z + k), load(x.y + k));
      store(x.delta + k, c.delta);
      store(x.Rdelta + k, c.curvature * load(x.Rz + k));
    }
  };
  switch (f.cost) {
    case Cost::cross_entropy:
      cross_entropy_of_softmax(x.z, x.y, x.a, x.delta, f.m, f.cost_parameters[0]);
      softmax_pullback(x.a, x.Rz, x.Rdelta, f.m);  // ∂δ/∂z = ∂a/∂z, which is symmetric
      return true;
    case Cost::log_likelihood:
      entrywise.template operator()<Cost::log_likelihood>();
      return true;
    case Cost::poisson:
      entrywise.template operator()<Cost::poisson>();
      return true;
    default:
      return false;
  }
}

// δ := ∂ℓ/∂a and R δ := (∂²ℓ/∂a²) R a at a.
template <class T> void loss_bend(const OutputBend<T>& f, const OutputRows<T>& x) {
  with(f.cost, [&]<Cost cost>() {
    for (int k = 0; k < f.m; ++k) {
      const long at = long(k) * lanes<T>;
      const V<T> a = load(x.a + at), p = broadcast(f.cost_parameters[k]);
      V<T> y = load(x.y + at);
      if constexpr (cost == Cost::cross_entropy) y = smoothed(y, f.cost_parameters[k], f.m);
      store(x.delta + at, loss_derivative<cost>(a, y, p));
      store(x.Rdelta + at, loss_curvature<cost>(a, y, p) * load(x.Ra + at));
    }
  });
}

// δ and R δ from those of the cost, for an entrywise σ, which is evaluated twice.
template <class T> void entrywise_output_bend(const OutputBend<T>& f, const OutputRows<T>& x) {
  const auto kappa_of = [&](int k) { return f.activation.kappa ? f.activation.kappa[k] : T(1); };
  with(f.activation.sigma, [&]<Sigma sigma>() {
    for (int k = 0; k < f.m; ++k) {  // a and R a
      const long at = long(k) * lanes<T>;
      const V<T> z = load(x.z + at), kappa = broadcast(kappa_of(k)), rest = T(1) - kappa;
      const auto [a, slope, bend] = slopes<sigma>(z, f.activation.parameter);
      V<T> change = fma(kappa, slope, rest) * load(x.Rz + at);
      if (f.activation.kappa) change = fma(a - z, broadcast(f.v_kappa[k]), change);
      store(x.a + at, f.activation.kappa ? fma(kappa, a, rest * z) : a);
      store(x.Ra + at, change);
    }
    loss_bend(f, x);
    for (int k = 0; k < f.m; ++k) {
      const long at = long(k) * lanes<T>;
      const V<T> z = load(x.z + at), Rz = load(x.Rz + at), g = load(x.delta + at), Rg = load(x.Rdelta + at);
      const auto [a, slope, bend] = slopes<sigma>(z, f.activation.parameter);
      const V<T> kappa = broadcast(kappa_of(k)), whole = fma(kappa, slope, T(1) - kappa);
      V<T> change = fma(whole, Rg, kappa * bend * g * Rz);
      if (f.activation.kappa) {
        const V<T> kappa_bend = (slope - T(1)) * g;
        store(x.kappa_change + at, fma(kappa_bend, Rz, (a - z) * Rg));
        change = fma(kappa_bend, broadcast(f.v_kappa[k]), change);
      }
      store(x.delta + at, whole * g);
      store(x.Rdelta + at, change);
    }
  });
}

// The same for a vector-valued σ.
template <class T> void vector_output_bend(const OutputBend<T>& f, const OutputRows<T>& x) {
  const auto [sigma, parameter, _] = f.activation;
  outputs(sigma, parameter, x.z, x.a, f.m);
  pushforward(sigma, parameter, x.z, x.a, x.Rz, x.Ra, f.m);
  loss_bend(f, x);
  change_of_pullback(sigma, parameter, x.z, x.a, x.delta, x.Rz, x.Rdelta, x.Rdelta, x.room, f.m);
  pullback(sigma, parameter, x.z, x.a, x.delta, x.delta, f.m);
}

// CurvatureKernels::output
template <class T> void output_bend(const OutputBend<T>& f) {
  const long size = long(f.m) * lanes<T>;
  T* const s = f.scratch;
  OutputRows<T> x{.y = nullptr,
                  .z = s,
                  .Rz = s + size,
                  .a = s + 2 * size,
                  .Ra = s + 3 * size,
                  .delta = s + 4 * size,
                  .Rdelta = s + 5 * size,
                  .kappa_change = s + 6 * size,
                  .room = s + 7 * size};
  for (int r = f.first_row; r < f.last_row; r += lanes<T>) {
    const long at = long(r) * R<T>;
    x.y = f.Y + long(r) * f.m;
    rows_to_lanes(f.z + at, f.stride, f.m, x.z);
    rows_to_lanes(f.Rz + at, f.stride, f.m, x.Rz);
    if (!closed_form_bend(f, x)) {
      if (is_entrywise(f.activation.sigma))
        entrywise_output_bend(f, x);
      else
        vector_output_bend(f, x);
    }
    const V<T> w = load(f.example_weights + r);
    const auto put = [&](T* from, T* panels, long stride) {
      for (long k = 0; k < size; k += lanes<T>) store(from + k, w * load(from + k));
      lanes_to_rows(from, f.m, panels + at, stride);
    };
    put(x.delta, f.delta, f.stride);
    put(x.Rdelta, f.Rdelta, f.stride);
    if (f.activation.kappa) put(x.kappa_change, f.kappa_change, f.kappa_stride);
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
