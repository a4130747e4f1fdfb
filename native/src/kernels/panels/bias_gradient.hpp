// ∂J/∂b and ∂J/∂κ of one panel, and the optimizer's step along them.
#pragma once
#include "kernels.hpp"
#include "kernels/layout/panel.hpp"
#include "kernels/shared/update.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// PanelKernels::bias_block
template <class T> void bias_block(const BiasBlock<T>& g, long first, long count, const GradientEpilogue<T>& e) {
  V<T> s[8] = {};  // four rows at a time, to hide the latency of the sums
  const T* d = g.delta + first * R<T>;
  long r = 0;
  for (; r + 4 <= count; r += 4, d += 4 * R<T>) {
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) s[i] += load(d + i * lanes<T>);
  }
  for (; r < count; ++r, d += R<T>) {
    s[0] += load(d);
    s[1] += load(d + lanes<T>);
  }
  alignas(64) T local[R<T>];
  T* const G = e.should_update ? local : g.sum;
  for (int i = 0; i < 2; ++i) {  // G := G₀ + Σ_r δ[r]
    const V<T> before = e.should_accumulate ? load(g.sum + i * lanes<T>) : V<T>{};
    store(G + i * lanes<T>, before + ((s[i] + s[2 + i]) + (s[4 + i] + s[6 + i])));
  }
  finish_gradient(G, R<T>, g.parameters, e, g.part);
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
