// z = W a + b of diagonal blocks, and its adjoint Wᵀ δ: tiles over units and vectors of examples.
#pragma once
#include "kernels/shared/tiles.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// unit_rows · unit_vectors sums, unit_vectors inputs and a broadcast must fit into the registers.
#if CHAINRULE_VECTOR_BYTES == 64 || defined(__aarch64__)
inline constexpr int unit_rows = 4, unit_vectors = 4;
#else
inline constexpr int unit_rows = 4, unit_vectors = 2;
#endif

// out[j][r] := b[j] + Σₖ W[j][k] in[k][r], k = 0 … K−1 in this order, for r of [first, last). W[j][k] is at
// W[j · row_stride + k · column_stride]; rows of `in` and `out` lie `pitch` apart; b may be null.
template <class T> struct UnitTile {
  const T* W;
  long row_stride, column_stride;
  const T *b, *in;
  long K;
  T* out;
  long pitch, first, last;
};

template <class T> struct UnitLinear {
  template <int rows> struct Tile {
    template <int vectors> CHAINRULE_WORD static void part(const UnitTile<T>& t, long r) {
      V<T> c[rows][vectors];
#pragma GCC unroll 4
      for (int j = 0; j < rows; ++j)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) c[j][v] = t.b ? broadcast(t.b[j]) : V<T>{};
      const T *in = t.in + r, *W = t.W;
      for (long k = 0; k < t.K; ++k, in += t.pitch, W += t.column_stride) {  // c[j][·] += W[j][k] in[k][r + ·]
        V<T> x[vectors];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) x[v] = load(in + v * lanes<T>);
#pragma GCC unroll 4
        for (int j = 0; j < rows; ++j) {
          const V<T> w = broadcast(W[j * t.row_stride]);
#pragma GCC unroll 4
          for (int v = 0; v < vectors; ++v) c[j][v] = fma(w, x[v], c[j][v]);
        }
      }
#pragma GCC unroll 4
      for (int j = 0; j < rows; ++j)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) store(t.out + j * t.pitch + r + v * lanes<T>, c[j][v]);
    }
    static void run(const UnitTile<T>& t) {
      long r = t.first;
      for (; r + unit_vectors * lanes<T> <= t.last; r += unit_vectors * lanes<T>) part<unit_vectors>(t, r);
      for (; r < t.last; r += lanes<T>) part<1>(t, r);
    }
  };
};

// The same for all j < m.
template <class T> inline void unit_linear(UnitTile<T> t, long m) {
  for (long j = 0; j < m; j += unit_rows) {
    call_tile<UnitLinear<T>::template Tile, unit_rows>(static_cast<int>(smaller(m - j, unit_rows)), t);
    t.W += unit_rows * t.row_stride;
    t.out += unit_rows * t.pitch;
    if (t.b) t.b += unit_rows;
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
