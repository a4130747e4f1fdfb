// σ and σ′ over an array, as the epilogue of a tile.
#pragma once
#include "kernels.hpp"
#include "kernels/formulas/sigma.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// a := mask ⊙ σ(a) on `count` numbers, a multiple of `lanes`; `saved` takes what σ′ will need: z, or σ(z) before dropout
template <class T> void activate(T* a, long count, const Activation<T>& f) {
  const bool keep_z = f.saved && derivative_needs_z(f.sigma, f.parameter), keep_a = f.saved && !keep_z;
  with(f.sigma, [&]<Sigma sigma>() {
    const V<T> p = broadcast(f.parameter);
    for (long k = 0; k < count; k += lanes<T>) {
      const V<T> z = load(a + k);
      V<T> y = value<sigma>(z, p);
      if (keep_z) store(f.saved + k, z);
      if (keep_a) store(f.saved + k, y);
      if (f.mask) y *= load(f.mask + k);
      store(a + k, y);
    }
  });
}

// δ := mask ⊙ δ ⊙ σ′(saved)
template <class T> void differentiate(T* delta, long count, const Activation<T>& f) {
  with(f.sigma, [&]<Sigma sigma>() {
    const V<T> p = broadcast(f.parameter);
    for (long k = 0; k < count; k += lanes<T>) {
      V<T> d = load(delta + k);
      if (f.mask) d *= load(f.mask + k);
      store(delta + k, d * derivative<sigma>(load(f.saved + k), p));
    }
  });
}

// The same with a = (1 − κ) z + κ σ(z), at every `step`th number up to `count` and the lanes after it: a unit's, or a lane's of a
// panel. κ = 1 gives σ(z) to the last bit, κ = 0 gives z.
template <class T> void activate_parametric(T* a, long count, long step, V<T> kappa, const Activation<T>& f) {
  with(f.sigma, [&]<Sigma sigma>() {
    const V<T> p = broadcast(f.parameter), rest = T(1) - kappa;
    for (long k = 0; k < count; k += step) {
      const V<T> z = load(a + k);
      V<T> y = fma(kappa, value<sigma>(z, p), rest * z);
      if (f.saved) store(f.saved + k, z);
      if (f.mask) y *= load(f.mask + k);
      store(a + k, y);
    }
  });
}

// kappa_delta := mask ⊙ δ ⊙ (σ(z) − z), then δ := mask ⊙ δ ⊙ (1 − κ + κ σ′(z))
template <class T> void differentiate_parametric(T* delta, long count, long step, V<T> kappa, const Activation<T>& f) {
  with(f.sigma, [&]<Sigma sigma>() {
    const V<T> p = broadcast(f.parameter), rest = T(1) - kappa;
    const bool needs_z = derivative_needs_z(sigma, f.parameter);
    for (long k = 0; k < count; k += step) {
      V<T> d = load(delta + k);
      if (f.mask) d *= load(f.mask + k);
      const V<T> z = load(f.saved + k), a = value<sigma>(z, p);
      store(f.kappa_delta + k, d * (a - z));
      store(delta + k, d * fma(kappa, derivative<sigma>(needs_z ? z : a, p), rest));
    }
  });
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
