// N(x) for the rows of a matrix, straight from θ in the lecture's order: the examples lie across the lanes, so that an entry of W
// is a broadcast, a layer's output is the next one's input as it stands, and nothing is packed but x.
#pragma once
#include "kernels.hpp"
#include "kernels/lanes/lanes.hpp"
#include "kernels/layout/pack.hpp"
#include "kernels/panels/tiles.hpp"
#include "kernels/shared/entrywise.hpp"
#include "kernels/shared/output.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// C[j][·] := b[j] + Σₖ W[j][k] B[k][·], k = 0 … K−1 in this order.
//   W: rows that are `row` numbers apart;  B [K][R];  C [rows][R]
// With one vector the second halves are neither read nor written.
template <class T> struct ExampleTile {
  const T *W, *b;
  long row;
  const T* B;
  long K;
  T* C;
  const T* ahead;  // a cache line of it is prefetched per k
  long ahead_stride;
};

template <class T> struct Examples {
  template <int vectors, int rows> struct Sums {
    static __attribute__((noinline)) void run(const ExampleTile<T>& t) {
      constexpr int bases = (rows + 2) / 3;  // a pointer to every third row: not all of them fit into the registers
      const long row = t.row;
      const T* W[bases];
#pragma GCC unroll 16
      for (int i = 0; i < bases; ++i) W[i] = t.W + 3 * i * row;
      V<T> c[rows][vectors];
#pragma GCC unroll 16
      for (int j = 0; j < rows; ++j)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) c[j][v] = broadcast(t.b[j]);
      const T *B = t.B, *ahead = t.ahead;
      const long ahead_stride = t.ahead_stride;
#pragma GCC unroll 2
      for (long k = 0; k < t.K; ++k) {
        V<T> x[vectors];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) x[v] = load(B + v * lanes<T>);
#pragma GCC unroll 16
        for (int j = 0; j < rows; ++j) {
          const V<T> w = broadcast(W[j / 3][j % 3 * row + k]);
#pragma GCC unroll 2
          for (int v = 0; v < vectors; ++v) c[j][v] = fma(w, x[v], c[j][v]);
        }
        __builtin_prefetch(ahead, 0, 2);
        ahead += ahead_stride;
        B += R<T>;
      }
#pragma GCC unroll 16
      for (int j = 0; j < rows; ++j)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) store(t.C + j * R<T> + v * lanes<T>, c[j][v]);
    }
  };
  template <int rows> using Tile = Sums<2, rows>;
  template <int rows> using Half = Sums<1, rows>;
};

// f(first, rows, at) for each panel: its first example, how many it has, and where it begins
template <class T, class F> CHAINRULE_WORD void each_panel(const PredictRows<T>& g, F f) {
  for (long first = 0; first < g.count; first += R<T>)
    f(first, g.count - first < R<T> ? g.count - first : long(R<T>), first / R<T> * g.panel_stride);
}

// z := W x + b for a dense W (m, n), which passes by once for all panels; a := σ(z) where a tile's z are at hand, if `activation`.
// The first panel's tiles bring the next rows of W, the second's the next examples (those in layer 1, which take longest).
template <class T> inline void example_dense(const PredictRows<T>& g, long m, long n, const T* W, const T* b,
                                             const T* x, T* z, const Activation<T>* activation) {
  const long tiles = (m + tile_rows - 1) / tile_rows;
  for (long t = 0; t < tiles; ++t) {
    const long j0 = m * t / tiles, j1 = m * (t + 1) / tiles;
    each_panel(g, [&](long first, long rows, long at) {
      const T* const B = x + at;
      T* const C = z + at + j0 * R<T>;
      ExampleTile<T> tile = {W + j0 * n, b + j0, n, B, n, C, B, 0};
      if (first == 0 && t + 1 < tiles)
        tile.ahead = W + j1 * n, tile.ahead_stride = line<T>;
      else if (first == R<T> && W == g.layers[0].W)
        tile.ahead = g.prefetch_X + g.prefetch_count * n * t / tiles,
        tile.ahead_stride = (g.prefetch_count + tiles - 1) / tiles;
      if (rows <= lanes<T>)
        call_tile<Examples<T>::template Half>(static_cast<int>(j1 - j0), tile);
      else
        call_tile<Examples<T>::template Tile>(static_cast<int>(j1 - j0), tile);
      if (activation) activate(C, (j1 - j0) * R<T>, *activation);
    });
  }
}

// The same for a block-diagonal W. In blocks (p, 1), such as those of a diagonal, each unit has one input.
template <class T> inline void example_blocks(const PredictRows<T>& g, const PredictLayer<T>& layer, const T* x, T* z) {
  const T *W = layer.W, *b = layer.b;
  for (int i = 0; i < layer.run_count; ++i) {
    const Run& run = layer.runs[i];
    for (long block = 0; block < run.count; ++block) {
      if (run.q == 1)
        each_panel(g, [&](long, long, long at) {
          const V<T> x0 = load(x + at), x1 = load(x + at + lanes<T>);
          for (long j = 0; j < run.p; ++j) {
            const V<T> w = broadcast(W[j]), start = broadcast(b[j]);
            store(z + at + j * R<T>, fma(w, x0, start));
            store(z + at + j * R<T> + lanes<T>, fma(w, x1, start));
          }
        });
      else
        example_dense<T>(g, run.p, run.q, W, b, x, z, nullptr);
      W += run.p * run.q, b += run.p, x += run.q * R<T>, z += run.p * R<T>;
    }
  }
}

// a := σ(z) in place, for a whole panel
template <class T> inline void example_values(const PredictRows<T>& g, const PredictLayer<T>& layer, T* panel) {
  const Activation<T> f = {layer.sigma, layer.parameter, nullptr, nullptr};
  if (layer.kappa) {
    for (long j = 0; j < layer.m; ++j)
      activate_parametric<T>(panel + j * R<T>, R<T>, lanes<T>, broadcast(layer.kappa[j]), f);
  } else if (is_entrywise(layer.sigma)) {
    activate(panel, layer.m * R<T>, f);
  } else {  // `lanes` examples at a time
    T *const z = g.scratch, *const a = z + layer.m * lanes<T>;
    const int m = static_cast<int>(layer.m);
    for (int v = 0; v < 2; ++v) {
      pick(panel, m, 2, v, z);
      outputs(layer.sigma, layer.parameter, z, a, m);
      put(a, m, 2, v, panel);
    }
  }
}

// Kernels::predict_rows
template <class T> void predict_rows(const PredictRows<T>& g) {
  T *x = g.buffer, *z = g.next_buffer;
  const long n = g.layers[0].n, m = g.layers[g.r - 1].m;
  each_panel(
      g, [&](long first, long rows, long at) { transpose_matrix(g.X + first * n, n, rows, n, x + at, R<T>, true); });
  for (int i = 0; i < g.r; ++i) {
    const PredictLayer<T>& layer = g.layers[i];
    const bool dense = layer.run_count == 0, at_once = dense && is_entrywise(layer.sigma) && !layer.kappa;
    const Activation<T> f = {layer.sigma, layer.parameter, nullptr, nullptr};
    if (dense)
      example_dense(g, layer.m, layer.n, layer.W, layer.b, x, z, at_once ? &f : nullptr);
    else
      example_blocks(g, layer, x, z);
    if (!at_once) each_panel(g, [&](long, long, long at) { example_values(g, layer, z + at); });
    T* const a = z;
    z = x, x = a;
  }
  each_panel(
      g, [&](long first, long rows, long at) { transpose_matrix(x + at, R<T>, m, rows, g.out + first * m, m, false); });
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
