// The tile of z = W a + b and of its adjoint Wᵀ δ.
#pragma once
#include "kernels/shared/prefetch.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// The epilogue of ReLU on a tile's sums z, of which `at` is the place:
//   none: z;  value: max(0, z);  derivative: z where H > 0, else 0, with H = a or z laid out like the sums
template <class T> struct ReluEpilogue {
  bool is_relu;
  const T* H;  // null: value
};

// Calls store_all(f) with the f(z, at) of the epilogue.
template <class T, class F> CHAINRULE_WORD void finish_sums(const ReluEpilogue<T>& e, F store_all) {
  const V<T> zero{};
  const T* const H = e.H;
  if (!e.is_relu)
    store_all([](V<T> z, long) { return z; });
  else if (H)
    store_all([&](V<T> z, long at) { return select(load(H + at) > zero, z, zero); });
  else
    store_all([&](V<T> z, long) { return max(zero, z); });  // NaN stays NaN
}

// C[i][·] := epilogue(bias + Σₖ A[i][k] B[k][·]), k = 0 … K−1 in this order.
//   A [⌈K/R⌉][A_stride / R][R] from the tile's first row on;  B [K][R];  bias [R] or null;  C [rows][R]
// With one vector the second halves are neither read nor written.
template <class T> struct LinearTile {
  const T* A;
  long A_stride;
  const T* B;
  long K;
  const T* bias;
  T* C;
  ReluEpilogue<T> epilogue;
  PanelReadAhead<T> prefetch;  // a step for each k
};

template <class T> struct Linears {
  template <int vectors, int rows> struct Sums {
    static __attribute__((noinline)) void run(const LinearTile<T>& t) {
      V<T> c[rows][vectors];
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) {
        const V<T> start = t.bias ? load(t.bias + v * lanes<T>) : V<T>{};
#pragma GCC unroll 16
        for (int i = 0; i < rows; ++i) c[i][v] = start;
      }
      const T* B = t.B;
      for (long k0 = 0; k0 < t.K; k0 += R<T>) {
        const T* A = t.A + k0 / R<T> * t.A_stride;
        ReadAhead<T> ahead = t.prefetch.panel(k0 / R<T>);
        const long left = t.K - k0, n = left < R<T> ? left : R<T>;
#pragma GCC unroll 2
        for (long k = 0; k < n; ++k, ++A, B += R<T>) {  // c[i][·] += A[i][k] B[k][·]
          V<T> b[vectors];
#pragma GCC unroll 2
          for (int v = 0; v < vectors; ++v) b[v] = load(B + v * lanes<T>);
#pragma GCC unroll 16
          for (int i = 0; i < rows; ++i) {
            const V<T> a = broadcast(A[i * R<T>]);
#pragma GCC unroll 2
            for (int v = 0; v < vectors; ++v) c[i][v] = fma(a, b[v], c[i][v]);
          }
          ahead.step();
        }
      }
      T* const C = t.C;
      finish_sums(t.epilogue, [&](auto f) {
#pragma GCC unroll 16
        for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
          for (int v = 0; v < vectors; ++v) {
            const long at = i * R<T> + v * lanes<T>;
            store(C + at, f(c[i][v], at));
          }
      });
    }
  };
  template <int rows> using Tile = Sums<2, rows>;
  template <int rows> using Half = Sums<1, rows>;
};

}  // namespace chainrule::CHAINRULE_KERNEL_SET
