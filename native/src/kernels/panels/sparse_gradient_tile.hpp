// The tile of ∂J/∂W = Σ_r a δᵀ if δ has many zeros.
#pragma once
#include "kernels/panels/sparse_tiles.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// The memory that the optimizer's step writes after a sparse gradient tile: `writes`, a part with each column of D,
// and meanwhile, with the last rows of D, `transposed`.
template <class T> struct SparseGradientPrefetch {
  const T* writes[3];   // [panels][R][R] each, or null
  const T* transposed;  // [panels][transposed_stride / R][R], or null
  long transposed_stride;
};

// G[p][j][·] := start + Σ_r D[r][j] A[p][r][·], r = 0 … count−1 in this order, for the R columns j of D.
template <class T> struct SparseGradientTile {
  const T* D;  // [count][R]
  const T* A;  // [panels][A_stride / R][R]
  long A_stride, count;
  const T* start;  // [panels][start_stride / R][R]; null: zeros
  long start_stride;
  T* G;  // [panels][G_stride / R][R]
  long G_stride;
  SparseGradientPrefetch<T> prefetch;
};

// Bit r of nonzero[j] is set if D[r][j] ≠ 0; D [count][R], count ≤ skip_width.
template <class T> CHAINRULE_WORD void nonzero_columns(const T* D, long count, Bits (&nonzero)[R<T>]) {
  using Lane = typename VectorOf<T>::lane;
  constexpr int rows = 8 * sizeof(T);  // bits of a lane
  for (Bits& bits : nonzero) bits = 0;
  for (long first = 0; first < count; first += rows) {
    const long left = count - first, n = left < rows ? left : rows;
    Int<V<T>> set[2] = {};
    for (long r = 0; r < n; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < 2; ++v)
        set[v] |= (load(D + (first + r) * R<T> + v * lanes<T>) != V<T>{}) & static_cast<Lane>(Bits{1} << r);
    Lane of[R<T>];
    __builtin_memcpy(of, set, sizeof of);
    for (int j = 0; j < R<T>; ++j) nonzero[j] |= static_cast<Bits>(of[j]) << (64 - rows) >> (64 - rows) << first;
  }
}

// Three walks over [panels][R][R] numbers each; a null one stays near `idle`. All steps together load everything.
template <class T, int panels> struct WritesAhead {
  const T* at[3];
  long width;  // of a step

  CHAINRULE_WORD WritesAhead(const T* const (&writes)[3], long steps, const T* idle)
      : at{writes[0] ? writes[0] : idle, writes[1] ? writes[1] : idle, writes[2] ? writes[2] : idle},
        width((panels * R<T> * R<T> + steps * line<T> - 1) / (steps * line<T>)*line<T>) {}

  CHAINRULE_WORD void step() {
    for (long i = 0; i < width; i += line<T>)
#pragma GCC unroll 3
      for (int k = 0; k < 3; ++k) __builtin_prefetch(at[k] + i, 1, 3);
    for (int k = 0; k < 3; ++k) at[k] += width;
  }
};

// A walk over rows [panels][stride / R][R] that will be written, a row of each panel with every step.
template <class T, int panels> struct TransposedAhead {
  const T* at;
  long stride;

  CHAINRULE_WORD void step() {
#pragma GCC unroll 8
    for (int p = 0; p < panels; ++p)
      for (int i = 0; i < R<T>; i += line<T>) __builtin_prefetch(at + p * stride + i, 1, 3);
    at += R<T>;
  }
};

template <class T> struct SparseGradients {
  template <int panels> struct Tile {
    static __attribute__((noinline)) void run(const SparseGradientTile<T>& t) {
      const long G_stride = t.G_stride, A_stride = t.A_stride;
      const long passes = (t.count + skip_width - 1) / skip_width;
      WritesAhead<T, panels> writes(t.prefetch.writes, passes * R<T>, t.G);
      const T* start = t.start;
      long start_stride = t.start_stride;
      for (long first = 0; first < t.count; first += skip_width) {
        const T *const D = t.D + first * R<T>, *const A = t.A + first * R<T>;
        const long left = t.count - first;
        Bits nonzero[R<T>];
        nonzero_columns(D, left < skip_width ? left : skip_width, nonzero);
        const bool is_last = left <= skip_width && t.prefetch.transposed;
        TransposedAhead<T, panels> transposed = {is_last ? t.prefetch.transposed : t.G,
                                                 is_last ? t.prefetch.transposed_stride : 0};
        T* G = t.G;
        for (int j = 0; j < R<T>; ++j, G += R<T>) {  // G[p][j] := start + Σ_r D[r][j] A[p][r]
          writes.step();
          transposed.step();
          V<T> c[panels][2];
          load_sums(start, start_stride, c);
          add_nonzero<R<T>>(nonzero[j], D + j, A, A_stride, c);
          store_sums(c, G, G_stride, [](V<T> g, long) { return g; });
          if (start) start += R<T>;
        }
        start = t.G;  // the next rows continue these sums
        start_stride = G_stride;
      }
    }
  };
};

}  // namespace chainrule::CHAINRULE_KERNEL_SET
