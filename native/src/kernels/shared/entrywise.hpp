// σ and σ′ over arrays, as the epilogue of a product.
#pragma once
#include "kernels/formulas/sigma.hpp"
#include "kernels/shared/contract.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// f for the numbers from place `at` of its arrays on. kappa is left to the caller: its layout is another.
template <class T> CHAINRULE_WORD Activation<T> activation_at(const Activation<T>& f, long at) {
  return {.sigma = f.sigma,
          .parameter = f.parameter,
          .saved = f.saved ? f.saved + at : nullptr,
          .mask = f.mask ? f.mask + at : nullptr,
          .kappa_delta = f.kappa_delta ? f.kappa_delta + at : nullptr};
}

// a := mask ⊙ σ(a) on `count` numbers, a multiple of `lanes`; `saved` receives what σ′ will need: z, or σ(z) before
// dropout.
template <class T> void activate(T* a, long count, const Activation<T>& f) {
  const bool saves_z = f.saved && derivative_needs_z(f.sigma, f.parameter), saves_a = f.saved && !saves_z;
  with(f.sigma, [&]<Sigma sigma>() {
    const V<T> p = broadcast(f.parameter);
    for (long k = 0; k < count; k += lanes<T>) {
      const V<T> z = load(a + k);
      V<T> y = value<sigma>(z, p);
      if (saves_z) store(f.saved + k, z);
      if (saves_a) store(f.saved + k, y);
      if (f.mask) y *= load(f.mask + k);
      store(a + k, y);
    }
  });
}

// δ := mask ⊙ δ ⊙ σ′(saved), the adjoint of activate.
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

// a := mask ⊙ ((1 − κ) z + κ σ(z)) where a holds z, at every `step`th number up to `count` and the lanes after it:
// those of a unit, or of a lane of a panel. κ = 1 gives σ(z) to the last bit, κ = 0 gives z. `saved` receives z.
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

// Its adjoint: kappa_delta := mask ⊙ δ ⊙ (σ(z) − z), then δ := mask ⊙ δ ⊙ (1 − κ + κ σ′(z)).
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
