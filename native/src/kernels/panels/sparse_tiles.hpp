// Products whose left factor has many zeros, as a and δ of a ReLU layer have where z ≤ 0: multiplications by zero are
// skipped.
// The sums stay the same, bit for bit but for the sign of a zero, as long as all numbers are finite.
//
// A dense tile reads a vector of B once for all its rows. Here each row has zeros of its own and reads B from L1 for
// every multiplication, which slows these down by a factor of 1.4: with one zero in two 0.8 of the time is left, with
// two in three 0.6 (AVX-512).
#pragma once
#include "kernels/panels/linear_tile.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

using Bits = unsigned long long;
inline constexpr int skip_width =
    64;  // entries of A per test, one bit each; as many rows of four panels of B stay in L1

// c[p] += Σ a[k · step] B[p][k][·] over the bits k of `nonzero`, in their order; B [panels][B_stride / R][R]
template <int step, class T, int panels>
CHAINRULE_WORD void add_nonzero(Bits nonzero, const T* a, const T* B, long B_stride, V<T> (&c)[panels][2]) {
  for (; nonzero; nonzero &= nonzero - 1) {
    const long k = __builtin_ctzll(nonzero);
    const V<T> factor = broadcast(a[k * step]);
    const T* b = B + k * R<T>;
#pragma GCC unroll 8
    for (int p = 0; p < panels; ++p, b += B_stride)
#pragma GCC unroll 2
      for (int v = 0; v < 2; ++v) c[p][v] = fma(factor, load(b + v * lanes<T>), c[p][v]);
  }
}

// c[p] := the R numbers at from + p · stride, or zeros if null.
template <class T, int panels> CHAINRULE_WORD void load_sums(const T* from, long stride, V<T> (&c)[panels][2]) {
#pragma GCC unroll 8
  for (int p = 0; p < panels; ++p)
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) c[p][v] = from ? load(from + p * stride + v * lanes<T>) : V<T>{};
}
// The R numbers at to + p · stride := f(c[p], their place).
template <class T, int panels, class F>
CHAINRULE_WORD void store_sums(const V<T> (&c)[panels][2], T* to, long stride, F f) {
#pragma GCC unroll 8
  for (int p = 0; p < panels; ++p)
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) {
      const long at = p * stride + v * lanes<T>;
      store(to + at, f(c[p][v], at));
    }
}

// A walk over rows of several panels that will be read; each step loads lines_per_row cache lines of every panel into
// L2.
template <class T> struct PanelRowsAhead {
  const T* at;
  long panel_stride, lines_per_row;

  template <int panels> CHAINRULE_WORD void step() {
    const long width = lines_per_row * line<T>;
    for (long i = 0; i < width; i += line<T>)
#pragma GCC unroll 8
      for (int p = 0; p < panels; ++p) __builtin_prefetch(at + p * panel_stride + i, 0, 2);
    at += width;
  }
};

// C[p][r][·] := epilogue(start + Σₖ A[r][k] B[p][k][·]), k = 0 … K−1 in this order, K ≤ skip_width.
template <class T> struct SparseLinearTile {
  const T* A;  // [⌈K/R⌉][A_stride / R][R] from the first row on
  long A_stride;
  const T* B;  // [panels][B_stride / R][R]
  long B_stride;
  long K;
  const T* start;                // [panels][start_stride / R][R]: the first row's; null: zeros
  long start_stride, start_row;  // start_row: from a row to the next, R, or 0 if all rows start alike
  T* C;                          // [panels][C_stride / R][R]
  long C_stride;
  int rows;
  ReluEpilogue<T> epilogue;
  PanelRowsAhead<T> prefetch;  // a step for each row
};

// The bits of those k < K with A[k] ≠ 0. `a` becomes a copy of these K entries, one after the other.
template <class T> CHAINRULE_WORD Bits nonzero_entries(const T* A, long A_stride, long K, T* a) {
  Bits nonzero = 0;
  const auto test = [&](int k) {
    const V<T> x = load(A + k / R<T> * A_stride + k % R<T>);
    store(a + k, x);
    nonzero |= Bits{nonzero_lanes(x)} << k;
  };
  if (K == skip_width) {
#pragma GCC unroll 32
    for (int k = 0; k < skip_width; k += lanes<T>) test(k);
    return nonzero;
  }
  for (int k = 0; k < K; k += lanes<T>) test(k);
  return nonzero & ((Bits{1} << K) - 1);  // the last vector may exceed K
}

template <class T> struct SparseLinears {
  template <int panels> struct Tile {
    static __attribute__((noinline)) void run(const SparseLinearTile<T>& t) {
      const long start_stride = t.start_stride, C_stride = t.C_stride;
      const T *A = t.A, *start = t.start;
      T* C = t.C;
      ReluEpilogue<T> epilogue = t.epilogue;
      PanelRowsAhead<T> ahead = t.prefetch;
      for (int r = 0; r < t.rows; ++r) {  // C[p][r] := epilogue(start + Σₖ A[r][k] B[p][k])
        alignas(64) T a[skip_width];
        const Bits nonzero = nonzero_entries(A, t.A_stride, t.K, a);
        ahead.template step<panels>();
        V<T> c[panels][2];
        load_sums(start, start_stride, c);
        add_nonzero<1>(nonzero, a, t.B, t.B_stride, c);
        finish_sums(epilogue, [&](auto f) { store_sums(c, C, C_stride, f); });
        A += R<T>;
        C += R<T>;
        if (start) start += t.start_row;
        if (epilogue.H) epilogue.H += R<T>;
      }
    }
  };
};

}  // namespace chainrule::CHAINRULE_KERNEL_SET
