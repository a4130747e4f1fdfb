// N(x) for the rows of a matrix. θ is read in the lecture's order, and the examples lie across the lanes: an entry of W
// is a broadcast, a layer's output has the layout of the next one's input, and only x is packed.
#pragma once
#include "kernels/layout/convert.hpp"
#include "kernels/predict/contract.hpp"
#include "kernels/shared/output.hpp"
#include "kernels/shared/prefetch.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// C[j][·] := b[j] + Σₖ W[j][k] B[k][·], k = 0 … K−1 in this order.
//   W [rows][row_stride];  B [K][R];  C [rows][R]
// With one vector the second halves are neither read nor written.
template <class T> struct ExampleTile {
  const T *W, *b;
  long row_stride;
  const T* B;
  long K;
  T* C;
  ReadAhead<T> prefetch;  // a step for each k
};

template <class T> struct Examples {
  template <int vectors, int rows> struct Sums {
    static __attribute__((noinline)) void run(const ExampleTile<T>& t) {
      constexpr int bases = (rows + 2) / 3;  // a pointer to every third row: the registers cannot hold one for each
      const long row_stride = t.row_stride;
      const T* W[bases];
#pragma GCC unroll 16
      for (int i = 0; i < bases; ++i) W[i] = t.W + 3 * i * row_stride;
      V<T> c[rows][vectors];
#pragma GCC unroll 16
      for (int j = 0; j < rows; ++j)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) c[j][v] = broadcast(t.b[j]);
      const T* B = t.B;
      ReadAhead<T> ahead = t.prefetch;
#pragma GCC unroll 2
      for (long k = 0; k < t.K; ++k, B += R<T>) {  // c[j][·] += W[j][k] B[k][·]
        V<T> x[vectors];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) x[v] = load(B + v * lanes<T>);
#pragma GCC unroll 16
        for (int j = 0; j < rows; ++j) {
          const V<T> w = broadcast(W[j / 3][j % 3 * row_stride + k]);
#pragma GCC unroll 2
          for (int v = 0; v < vectors; ++v) c[j][v] = fma(w, x[v], c[j][v]);
        }
        ahead.step();
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

// f(first, rows, at) for each panel of examples: its first example, how many it has, and where it begins in a buffer.
template <class T, class F> CHAINRULE_WORD void each_panel(const PredictRows<T>& g, F f) {
  for (long first = 0; first < g.count; first += R<T>)
    f(first, smaller(g.count - first, R<T>), first / R<T> * g.panel_stride);
}

// z := W x + b for a dense W (m, n), which is read once for all panels; a := σ(z) at once if `activation` is not null.
// The first panel's tiles prefetch the next rows of W; the second panel's, in layer 1, the next examples, which take
// longest.
template <class T> inline void example_dense(const PredictRows<T>& g, long m, long n, const T* W, const T* b,
                                             const T* x, T* z, const Activation<T>* activation) {
  const long tiles = (m + tile_rows - 1) / tile_rows;
  for (long t = 0; t < tiles; ++t) {
    const long j0 = m * t / tiles, j1 = m * (t + 1) / tiles;
    each_panel(g, [&](long first, long rows, long at) {
      const T* const B = x + at;
      T* const C = z + at + j0 * R<T>;
      ExampleTile<T> tile = {.W = W + j0 * n, .b = b + j0, .row_stride = n, .B = B, .K = n, .C = C, .prefetch = {B, 0}};
      if (first == 0 && t + 1 < tiles)
        tile.prefetch = {W + j1 * n, line<T>};
      else if (first == R<T> && W == g.layers[0].W)
        tile.prefetch = {g.prefetch_X + g.prefetch_count * n * t / tiles, (g.prefetch_count + tiles - 1) / tiles};
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
        each_panel(g, [&](long, long, long at) {  // z[j] := W[j] x + b[j]
          const V<T> x0 = load(x + at), x1 = load(x + at + lanes<T>);
          for (long j = 0; j < run.p; ++j) {
            const V<T> w = broadcast(W[j]), start = broadcast(b[j]);
            store(z + at + j * R<T>, fma(w, x0, start));
            store(z + at + j * R<T> + lanes<T>, fma(w, x1, start));
          }
        });
      else
        example_dense<T>(g, run.p, run.q, W, b, x, z, nullptr);
      W += run.p * run.q;
      b += run.p;
      x += run.q * R<T>;
      z += run.p * R<T>;
    }
  }
}

// a := σ(z) in place, for a whole panel of examples.
template <class T> inline void example_values(const PredictRows<T>& g, const PredictLayer<T>& layer, T* panel) {
  const Activation<T> f = {layer.sigma, layer.parameter};
  if (layer.kappa) {
    for (long j = 0; j < layer.m; ++j)
      activate_parametric<T>(panel + j * R<T>, R<T>, lanes<T>, broadcast(layer.kappa[j]), f);
  } else if (is_entrywise(layer.sigma)) {
    activate(panel, layer.m * R<T>, f);
  } else {  // `lanes` examples at a time
    T *const z = g.scratch, *const a = z + layer.m * lanes<T>;
    const int m = static_cast<int>(layer.m);
    for (int v = 0; v < 2; ++v) {
      take_vector(panel, m, 2, v, z);
      outputs(layer.sigma, layer.parameter, z, a, m);
      put_vector(a, m, 2, v, panel);
    }
  }
}

// PredictKernels::rows
template <class T> void predict_rows(const PredictRows<T>& g) {
  T *x = g.buffer, *z = g.next_buffer;
  const long n = g.layers[0].n, m = g.layers[g.r - 1].m;
  each_panel(
      g, [&](long first, long rows, long at) { transpose_matrix(g.X + first * n, n, rows, n, x + at, R<T>, padded); });
  for (int i = 0; i < g.r; ++i) {
    const PredictLayer<T>& layer = g.layers[i];
    const bool is_dense = layer.run_count == 0, is_fused = is_dense && is_entrywise(layer.sigma) && !layer.kappa;
    const Activation<T> f = {layer.sigma, layer.parameter};
    if (is_dense)
      example_dense(g, layer.m, layer.n, layer.W, layer.b, x, z, is_fused ? &f : nullptr);
    else
      example_blocks(g, layer, x, z);
    if (!is_fused) each_panel(g, [&](long, long, long at) { example_values(g, layer, z + at); });
    T* const a = z;
    z = x;
    x = a;
  }
  each_panel(g, [&](long first, long rows, long at) {
    transpose_matrix(x + at, R<T>, m, rows, g.out + first * m, m, unpadded);
  });
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
