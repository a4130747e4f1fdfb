// z = W a + b of a thin layer, the last one with at most R outputs.
#pragma once
#include "kernels.hpp"
#include "kernels/layout/transpose.hpp"
#include "kernels/shared/tiles.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// PanelKernels::thin_linear: dot products over vectors of features, `lanes` examples at a time.
template <class T> void thin_linear(const ThinLinear<T>& g) {
  for (int r = g.first_row; r < g.last_row; r += lanes<T>)
    for (int n = 0; n < g.m; ++n) {
      V<T> c[lanes<T>] = {};
      for (int p = 0; p < g.panels; ++p) {  // c[i][·] += A[r + i][p][·] Wt[p][n][·]
        const T* const a = g.A + p * g.A_stride + long(r) * R<T>;
        const T* const w = g.Wt + (long(p) * g.m + n) * R<T>;
        const V<T> w0 = load(w), w1 = load(w + lanes<T>);
#pragma GCC unroll 16
        for (int i = 0; i < lanes<T>; ++i) {
          c[i] = fma(load(a + i * R<T>), w0, c[i]);
          c[i] = fma(load(a + i * R<T> + lanes<T>), w1, c[i]);
        }
      }
      store(g.Z + long(r) * g.m + n * lanes<T>, lane_sums<T>(c) + broadcast(g.b[n]));
    }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
