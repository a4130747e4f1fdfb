// The products of training in lanes: an entry of W is a broadcast, an entry of ∂J/∂W a vector of partial sums.
#pragma once
#include "kernels/layout/panel.hpp"
#include "kernels/shared/tiles.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

#if CHAINRULE_VECTOR_BYTES == 64 || defined(__aarch64__)
inline constexpr int registers = 32, group_vectors = 8, outer_rows = 4;
#else
inline constexpr int registers = 16, group_vectors = 4, outer_rows = 2;
#endif
inline constexpr int outer_columns = 4;

// The networks of the lanes: one, with an example in each lane, or one in each lane, with an example of its own.
enum class Theta { shared, own };

// Numbers between an entry of θ and the next one: with a network in each lane, an entry is a vector.
template <class T, Theta theta> inline constexpr long entry_size = theta == Theta::own ? lanes<T> : 1;

// The entry of W or b at p in all lanes.
template <Theta theta, class T> CHAINRULE_WORD V<T> entry(const T* p) {
  if constexpr (theta == Theta::own)
    return load(p);
  else
    return broadcast(*p);
}

// The most rows of a dense tile: rows · vectors sums, a broadcast for each row and one input must fit into the
// registers.
template <int vectors> inline constexpr int dense_rows =
    (registers - 2) / (vectors + 1) < 8 ? (registers - 2) / (vectors + 1) : 8;

// out[j][v] := b[j] + Σₖ W[j][k] in[k][v] for j < rows, k = 0 … K−1 in this order; b may be null.
// W[j][k] is entry j · row_stride + k · column_stride of W.
template <class T, int vectors, Theta theta> struct Dense {
  template <int rows> struct Tile {
    static void run(const T* W, long row_stride, long column_stride, const T* b, const T* in, int K, T* out) {
      constexpr long size = entry_size<T, theta>;
      V<T> c[rows][vectors];
#pragma GCC unroll 8
      for (int j = 0; j < rows; ++j)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; ++v) c[j][v] = b ? entry<theta>(b + j * size) : V<T>{};
      for (int k = 0; k < K; ++k, W += column_stride * size, in += vectors * lanes<T>) {  // c[j][v] += W[j][k] in[k][v]
        V<T> w[rows];
#pragma GCC unroll 8
        for (int j = 0; j < rows; ++j) w[j] = entry<theta>(W + j * row_stride * size);
#pragma GCC unroll 8
        for (int v = 0; v < vectors; ++v) {
          const V<T> x = load(in + v * lanes<T>);
#pragma GCC unroll 8
          for (int j = 0; j < rows; ++j) c[j][v] = fma(w[j], x, c[j][v]);
        }
      }
#pragma GCC unroll 8
      for (int j = 0; j < rows; ++j)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; ++v) store(out + (j * vectors + v) * lanes<T>, c[j][v]);
    }
  };
};

// The same for all j < m.
template <class T, int vectors, Theta theta = Theta::shared>
inline void dense(const T* W, long row_stride, long column_stride, const T* b, const T* in, int K, T* out, int m) {
  constexpr int most = dense_rows<vectors>;
  constexpr long size = entry_size<T, theta>;
  const int tiles = (m + most - 1) / most;
  for (int t = 0; t < tiles; ++t) {
    const int j0 = m * t / tiles, j1 = m * (t + 1) / tiles;
    call_tile<Dense<T, vectors, theta>::template Tile, most>(j1 - j0, W + j0 * row_stride * size, row_stride,
                                                             column_stride, b ? b + j0 * size : nullptr, in, K,
                                                             out + long(j0) * vectors * lanes<T>);
  }
}

// G[j][k] (+)= Σ_v δ[j][v] a[k][v] for j < rows, k < columns: vectors of partial sums, one per lane. The rows of G lie
// n vectors apart; is_first: G starts from zero.
template <class T> struct Outer {
  template <int rows> struct Rows {
    template <int columns> struct Tile {
      static void run(const T* delta, const T* a, int vectors, T* G, long n, bool is_first) {
        V<T> c[rows][columns];
#pragma GCC unroll 4
        for (int j = 0; j < rows; ++j)
#pragma GCC unroll 4
          for (int k = 0; k < columns; ++k) c[j][k] = is_first ? V<T>{} : load(G + (j * n + k) * lanes<T>);
        for (int v = 0; v < vectors; ++v, delta += lanes<T>, a += lanes<T>) {  // c[j][k] += δ[j][v] a[k][v]
          V<T> x[columns];
#pragma GCC unroll 4
          for (int k = 0; k < columns; ++k) x[k] = load(a + long(k) * vectors * lanes<T>);
#pragma GCC unroll 4
          for (int j = 0; j < rows; ++j) {
            const V<T> d = load(delta + long(j) * vectors * lanes<T>);
#pragma GCC unroll 4
            for (int k = 0; k < columns; ++k) c[j][k] = fma(d, x[k], c[j][k]);
          }
        }
#pragma GCC unroll 4
        for (int j = 0; j < rows; ++j)
#pragma GCC unroll 4
          for (int k = 0; k < columns; ++k) store(G + (j * n + k) * lanes<T>, c[j][k]);
      }
    };
    static void run(const T* delta, const T* a, int vectors, T* G, int n, bool is_first) {
      for (int k = 0; k < n; k += outer_columns)
        call_tile<Tile, outer_columns>(n - k < outer_columns ? n - k : outer_columns, delta,
                                       a + long(k) * vectors * lanes<T>, vectors, G + long(k) * lanes<T>, long(n),
                                       is_first);
    }
  };
};

}  // namespace chainrule::CHAINRULE_KERNEL_SET
