// The two tiles in which nearly all time is spent. A tile keeps `rows` × R sums in registers, R = 2 · lanes; or `rows` × lanes,
// where a panel's second half holds nothing: 100 units then take 112 lanes, not 128.
#pragma once
#include "kernels/words/words.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

template <class T> inline constexpr int R = 2 * lanes<T>;
template <class T> inline constexpr int line =
    R<T> * int(sizeof(T)) < 64 ? R<T> : 64 / int(sizeof(T));  // what a prefetch brings

// The tallest tile: 2 · rows sums, two vectors of B and a broadcast must fit into the registers.
#if CHAINRULE_VECTOR_BYTES == 64 || defined(__aarch64__)
inline constexpr int tile_rows = 14;  // of 32 registers; 14 × 2 within 3 % of 8 × 3 and 6 × 4
#else
inline constexpr int tile_rows = 6;  // of 16
#endif

// A tile asks for what comes after it while it computes: one cache line now and then, since all at once would hold up what it
// reads itself. A panel [·][R] is asked for by `tiles` tiles, the first three of them, with so many numbers to each of its rows.
template <class T> CHAINRULE_WORD int asked_for(int tiles) {
  const int share = tiles < 3 ? (R<T> + tiles - 1) / tiles : (R<T> + 2) / 3;
  return share < line<T> ? share : line<T>;
}

// Calls tile<rows>(arguments) for a number of rows that is known at run time, 1 … tile_rows.
template <template <int> class Tile, int rows = tile_rows, class... Arguments>
CHAINRULE_WORD void call_tile(int wanted, const Arguments&... arguments) {
  if (wanted == rows)
    Tile<rows>::run(arguments...);
  else if constexpr (rows > 1)
    call_tile<Tile, rows - 1>(wanted, arguments...);
}

// Has f(z, at) stored for the sums z of a tile, `at` being their place: z itself or, with relu, max(0, z) or, given H, z where H > 0.
template <class T, class F> CHAINRULE_WORD void finish_sums(bool relu, const T* H, F store_all) {
  const V<T> zero{};
  if (!relu)
    store_all([](V<T> z, long) { return z; });
  else if (H)
    store_all([&](V<T> z, long at) { return select(load(H + at) > zero, z, zero); });
  else
    store_all([&](V<T> z, long) { return max(zero, z); });  // NaN stays NaN
}

// C[i][·] := bias + Σₖ A[i][k] B[k][·], k = 0 … K−1 in this order, and where relu is asked for max(0, C) or, given H, C where H > 0.
//   A [⌈K/R⌉][A_stride / R][R] from the tile's first row on;  B [K][R];  bias [R] or null;  C [rows][R];  H like C
// With one vector the second halves are neither read nor written.
template <class T> struct LinearTile {
  const T* A;
  long A_stride;
  const T* B;
  long K;
  const T* bias;
  T* C;
  bool relu;
  const T* H;
  const T* ahead;  // is prefetched: a number per k, so far apart, and so far from panel to panel of A
  long ahead_stride, ahead_panel;
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
      const long ahead_stride = t.ahead_stride;
      for (long k0 = 0; k0 < t.K; k0 += R<T>) {
        const T* A = t.A + k0 / R<T> * t.A_stride;
        const T* ahead = t.ahead + k0 / R<T> * t.ahead_panel;
        const long left = t.K - k0, n = left < R<T> ? left : R<T>;
#pragma GCC unroll 2
        for (long k = 0; k < n; ++k) {
          V<T> b[vectors];
#pragma GCC unroll 2
          for (int v = 0; v < vectors; ++v) b[v] = load(B + v * lanes<T>);
#pragma GCC unroll 16
          for (int i = 0; i < rows; ++i) {
            const V<T> a = broadcast(A[i * R<T>]);
#pragma GCC unroll 2
            for (int v = 0; v < vectors; ++v) c[i][v] = fma(a, b[v], c[i][v]);
          }
          __builtin_prefetch(ahead, 0, 2);
          ahead += ahead_stride;
          ++A;
          B += R<T>;
        }
      }
      T* const C = t.C;
      finish_sums(t.relu, t.H, [&](auto f) {
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

// G[i][·] := G₀[i][·] + Σ_r A[r][i] B[r][·], r = 0 … count−1 in this order;  A, B [count][R];  G [rows][R];  G₀ like G, or zeros if null.
// With one vector the second halves of B are zeros that are not read, and so are those of G.
template <class T> struct OuterTile {
  const T* A;
  const T* B;
  long count;
  const T* G0;
  T* G;
  const T* ahead;  // a cache line of it is prefetched per r
  long ahead_stride;
  // [rows][R] each, or null: what the step after the next tile writes to, prefetched evenly; for this tile C 5 % on one
  // thread, for the next one D 1 % more
  const T* then[3];
};

template <class T> struct Outers {
  template <int vectors, int rows> struct Sums {
    static __attribute__((noinline)) void run(const OuterTile<T>& t) {
      V<T> c[rows][vectors];
      const T* const G0 = t.G0;
#pragma GCC unroll 16
      for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) c[i][v] = G0 ? load(G0 + i * R<T> + v * lanes<T>) : V<T>{};
      const T *A = t.A, *B = t.B, *ahead = t.ahead;
      const long ahead_stride = t.ahead_stride;
      const int third = static_cast<int>(t.count / 3), a_row = third ? (rows * R<T> + third - 1) / third : 0;
      for (int stage = 0; stage < 3; ++stage) {  // one for each of `then`
        const long n = stage < 2 ? third : t.count - 2 * third;
        const T* then = t.then[stage] ? t.then[stage] : t.G;
        const long then_stride = t.then[stage] ? a_row : 0;
#pragma GCC unroll 2
        for (long r = 0; r < n; ++r) {
          V<T> b[vectors];
#pragma GCC unroll 2
          for (int v = 0; v < vectors; ++v) b[v] = load(B + v * lanes<T>);
          __builtin_prefetch(ahead, 0, 2);
          ahead += ahead_stride;
          __builtin_prefetch(then, 1, 3);
          then += then_stride;
#pragma GCC unroll 16
          for (int i = 0; i < rows; ++i) {
            const V<T> a = broadcast(A[i]);
#pragma GCC unroll 2
            for (int v = 0; v < vectors; ++v) c[i][v] = fma(a, b[v], c[i][v]);
          }
          A += R<T>;
          B += R<T>;
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
