// The tile of ∂J/∂W = Σ_r a δᵀ: a sum of outer products over rows of the batch.
#pragma once
#include "kernels/shared/prefetch.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// The memory that a gradient tile prefetches.
template <class T> struct GradientTilePrefetch {
  ReadAhead<T> input;  // a step for each r
  // [rows][R] each, or null: what the optimizer's step after the next tile writes, each during a third of the rows.
  // Prefetches for this tile's own step gained 784-512-512-10 5 % on one thread; for the next one's, 1024-2048-2048-10
  // 1 % more.
  const T* writes[3];

  // The walk over writes[k] with this stride; if it is null, a walk that stays at `idle`.
  CHAINRULE_WORD WriteAhead<T> write(int k, int stride, const T* idle) const {
    return {writes[k] ? writes[k] : idle, writes[k] ? stride : 0};
  }
};

// G[i][·] := G₀[i][·] + Σ_r A[r][i] B[r][·], r = 0 … count−1 in this order;  A, B [count][R];  G [rows][R];  G₀ like G,
// zeros if null.
// With one vector the second halves of B are zeros that are not read, and so are those of G.
template <class T> struct GradientTile {
  const T* A;
  const T* B;
  long count;
  const T* G0;
  T* G;
  GradientTilePrefetch<T> prefetch;
};

template <class T> struct Gradients {
  template <int vectors, int rows> struct Sums {
    static __attribute__((noinline)) void run(const GradientTile<T>& t) {
      V<T> c[rows][vectors];
      const T* const G0 = t.G0;
#pragma GCC unroll 16
      for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) c[i][v] = G0 ? load(G0 + i * R<T> + v * lanes<T>) : V<T>{};
      const T *A = t.A, *B = t.B;
      ReadAhead<T> input = t.prefetch.input;
      const int third = static_cast<int>(t.count / 3), stride = third ? (rows * R<T> + third - 1) / third : 0;
      for (int k = 0; k < 3; ++k) {
        WriteAhead<T> write = t.prefetch.write(k, stride, t.G);
        const long n = k < 2 ? third : t.count - 2 * third;
#pragma GCC unroll 2
        for (long r = 0; r < n; ++r, A += R<T>, B += R<T>) {  // c[i][·] += A[r][i] B[r][·]
          V<T> b[vectors];
#pragma GCC unroll 2
          for (int v = 0; v < vectors; ++v) b[v] = load(B + v * lanes<T>);
          input.step();
          write.step();
#pragma GCC unroll 16
          for (int i = 0; i < rows; ++i) {
            const V<T> a = broadcast(A[i]);
#pragma GCC unroll 2
            for (int v = 0; v < vectors; ++v) c[i][v] = fma(a, b[v], c[i][v]);
          }
        }
      }
#pragma GCC unroll 16
      for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < 2; ++v) store(t.G + i * R<T> + v * lanes<T>, v < vectors ? c[i][v % vectors] : V<T>{});
    }
  };
  template <int rows> using Tile = Sums<2, rows>;
  template <int rows> using Half = Sums<1, rows>;
};

}  // namespace chainrule::CHAINRULE_KERNEL_SET
