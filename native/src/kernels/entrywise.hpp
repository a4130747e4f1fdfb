// σ and σ′ over an array, as the epilogue of a tile.
#pragma once
#include "kernels.hpp"
#include "kernels/sigma.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// a := mask ⊙ σ(a) on `count` numbers, a multiple of `lanes`; `source` takes what σ′ will need: z, or σ(z) before dropout
template <class T> void activate(T* a, long count, const Activation<T>& f) {
  const bool keep_z = f.source && derivative_needs_z(f.sigma, f.parameter), keep_a = f.source && !keep_z;
  with(f.sigma, [&]<Sigma sigma>() {
    const V<T> p = broadcast(f.parameter);
    for (long k = 0; k < count; k += lanes<T>) {
      const V<T> z = load(a + k);
      V<T> y = value<sigma>(z, p);
      if (keep_z) store(f.source + k, z);
      if (keep_a) store(f.source + k, y);
      if (f.mask) y *= load(f.mask + k);
      store(a + k, y);
    }
  });
}

// δ := mask ⊙ δ ⊙ σ′(source)
template <class T> void differentiate(T* delta, long count, const Activation<T>& f) {
  with(f.sigma, [&]<Sigma sigma>() {
    const V<T> p = broadcast(f.parameter);
    for (long k = 0; k < count; k += lanes<T>) {
      V<T> d = load(delta + k);
      if (f.mask) d *= load(f.mask + k);
      store(delta + k, d * derivative<sigma>(load(f.source + k), p));
    }
  });
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
