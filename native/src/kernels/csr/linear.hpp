// z = W x + b for sparse rows x: the sum of a few columns of W, each a contiguous row in every panel.
#pragma once
#include "kernels.hpp"
#include "kernels/panels/linear_epilogue.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

inline constexpr int most_csr_vectors = 8;  // of sums in registers
inline constexpr long entries_ahead = 12;   // that are prefetched

// Offset of vector v of a column of W from the column's part in the first panel.
template <class T> CHAINRULE_WORD long place_of_vector(int v, long panel_stride) {
  return (v >> 1) * panel_stride + (v & 1) * lanes<T>;
}

// out[·] := bias[·] + Σ values[e] W[columns[e]][·] for some vectors of a row.
template <class T> struct CsrSums {
  const T* values;
  long count;     // of entries
  long readable;  // entries that may be prefetched
  const T* W;     // [n][R], of the first vector's panel
  long panel_stride;
  const T* bias;  // null: zeros
  T* out;
  long out_stride;
};

template <class T, class Column> struct CsrTiles {
  template <int vectors> struct Tile {
    static __attribute__((noinline)) void run(const CsrSums<T>& t, const Column* columns) {
      V<T> c[vectors];
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) c[v] = t.bias ? load(t.bias + v * lanes<T>) : V<T>{};
      for (long e = 0; e < t.count; ++e) {
        if (e + entries_ahead < t.readable) {
          const T* const ahead = t.W + long(columns[e + entries_ahead]) * R<T>;
#pragma GCC unroll 8
          for (int v = 0; v < vectors; ++v) __builtin_prefetch(ahead + place_of_vector<T>(v, t.panel_stride), 0, 3);
        }
        const V<T> x = broadcast(t.values[e]);
        const T* const w = t.W + long(columns[e]) * R<T>;
#pragma GCC unroll 8
        for (int v = 0; v < vectors; ++v) c[v] = fma(x, load(w + place_of_vector<T>(v, t.panel_stride)), c[v]);
      }
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) store(t.out + place_of_vector<T>(v, t.out_stride), c[v]);
    }
  };
};

// CsrKernels::linear
template <class T> void csr_linear(const CsrRows<T>& x, const Linear<T>& g) {
  const PanelRegion& region = g.region;
  const long panel_stride = g.K * R<T>;
  x.X.with_columns([&]<class Column>(const Column* columns) {
    for (int r = region.first_row; r < region.last_row; ++r) {
      long first = 0, count = 0;
      if (r < x.rows) {
        const long example = x.order ? long(x.order[r]) : x.first + r;
        first = x.X.starts[example];
        count = x.X.starts[example + 1] - first;
      }
      for (int p = region.first_panel; p < region.last_panel; p += most_csr_vectors / 2) {
        const bool reaches_last = p + most_csr_vectors / 2 >= region.last_panel;
        const int panels = reaches_last ? region.last_panel - p : most_csr_vectors / 2;
        const bool is_half = reaches_last && region.last_panel == g.panels && g.last_lanes <= lanes<T>;
        const CsrSums<T> sums = {.values = x.X.values + first,
                                 .count = count,
                                 .readable = count,
                                 .W = g.B + p * panel_stride,
                                 .panel_stride = panel_stride,
                                 .bias = g.bias ? g.bias + long(p) * R<T> : nullptr,
                                 .out = g.out + long(p) * g.out_stride + long(r) * R<T>,
                                 .out_stride = g.out_stride};
        call_tile<CsrTiles<T, Column>::template Tile, most_csr_vectors>(2 * panels - is_half, sums, columns + first);
      }
    }
  });
  const long rows = region.last_row - region.first_row;
  for (int p = region.first_panel; p < region.last_panel; ++p) {
    const long at = long(p) * g.out_stride + long(region.first_row) * R<T>;
    if (p + 1 == g.panels) clear_lanes(g.out + at, rows, g.last_lanes);
    apply_epilogue(g, p, at, rows * R<T>);
    clear_padding(g, p, at, rows);
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
