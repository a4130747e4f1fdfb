// The R-operator of an entrywise σ, number by number.
#pragma once
#include "kernels.hpp"
#include "kernels/formulas/sigma.hpp"
#include "kernels/layout/panel.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// σ, σ′ and σ″ at z.
template <class T> struct Slopes {
  V<T> a, slope, bend;
};
template <Sigma sigma, class T> CHAINRULE_WORD Slopes<T> slopes(V<T> z, T parameter) {
  const V<T> p = broadcast(parameter), a = value<sigma>(z, p);
  return {a, derivative<sigma>(derivative_needs_z(sigma, parameter) ? z : a, p), second_derivative<sigma>(z, a, p)};
}

// κ's number of each lane, for the vector at place k of a panel.
template <class T> CHAINRULE_WORD V<T> of_units(const T* numbers, long k) { return load(numbers + k % R<T>); }

// CurvatureKernels::value
template <class T> void bend_value(const EntrywiseBend<T>& f, T* a, long count) {
  const EntrywiseBend<T> g = f;  // a copy that no store can change stays in registers
  with(g.sigma, [&]<Sigma sigma>() {
    for (long k = 0; k < count; k += lanes<T>) {
      const V<T> z = load(a + k);
      auto [y, slope, bend] = slopes<sigma>(z, g.parameter);
      if (g.kappa) {  // a = (1 − κ) z + κ σ(z)
        const V<T> kappa = of_units(g.kappa, k), rest = T(1) - kappa;
        store(g.kappa_slope + k, y - z);
        store(g.kappa_bend + k, slope - T(1));
        y = fma(kappa, y, rest * z);
        slope = fma(kappa, slope, rest);
        bend *= kappa;
      }
      store(a + k, y);
      store(g.slope + k, slope);
      if (g.bend) store(g.bend + k, bend);
    }
  });
}

// CurvatureKernels::pullback
template <class T> void bend_pullback(const EntrywiseBend<T>& f, T* delta, long count) {
  for (long k = 0; k < count; k += lanes<T>) {
    const V<T> g = load(delta + k);
    if (f.bend) store(f.bend + k, load(f.bend + k) * g);
    if (f.kappa) store(f.kappa_bend + k, load(f.kappa_bend + k) * g);
    store(delta + k, load(f.slope + k) * g);
  }
}

// CurvatureKernels::push. Rdelta := the part of R δ that R z and v_κ give.
template <class T> void bend_push(const EntrywiseBend<T>& f, T* Ra, T* Rdelta, long count) {
  for (long k = 0; k < count; k += lanes<T>) {
    const V<T> Rz = load(Ra + k);
    V<T> change = load(f.slope + k) * Rz, part = f.bend ? load(f.bend + k) * Rz : V<T>{};
    if (f.kappa) {
      const V<T> v = of_units(f.v_kappa, k), bend = load(f.kappa_bend + k);
      change = fma(load(f.kappa_slope + k), v, change);
      part = fma(bend, v, part);
      store(f.kappa_change + k, bend * Rz);
    }
    store(Ra + k, change);
    store(Rdelta + k, part);
  }
}

// CurvatureKernels::pull
template <class T> void bend_pull(const EntrywiseBend<T>& f, const T* Rg, T* Rdelta, long count) {
  for (long k = 0; k < count; k += lanes<T>) {
    const V<T> g = load(Rg + k);
    store(Rdelta + k, fma(load(f.slope + k), g, load(Rdelta + k)));
    if (f.kappa) store(f.kappa_change + k, fma(load(f.kappa_slope + k), g, load(f.kappa_change + k)));
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
