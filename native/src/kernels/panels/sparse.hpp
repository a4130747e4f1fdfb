// The tiles of products whose left factor has many zeros, as a and δ of a ReLU layer have where z ≤ 0: what would be multiplied by
// zero is passed over. That leaves the sums as they are, bit for bit but for the sign of a zero, where all numbers are finite.
//
// A tile of tiles.hpp reads a vector of B once for all its rows. Here each row has zeros of its own, and reads B from L1 for every
// multiplication, which slows these down by 1.4: with one zero in two 0.8 of the time is left, with two in three 0.6 (AVX-512).
#pragma once
#include "kernels.hpp"
#include "kernels/panels/tiles.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

using Bits = unsigned long long;
inline constexpr int looked_at = 64;  // entries at a time, a bit each; so many rows of four panels of B stay in L1

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

// c[p] := the R numbers at from + p · stride, or zeros if null; and back
template <class T, int panels> CHAINRULE_WORD void load_sums(const T* from, long stride, V<T> (&c)[panels][2]) {
#pragma GCC unroll 8
  for (int p = 0; p < panels; ++p)
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) c[p][v] = from ? load(from + p * stride + v * lanes<T>) : V<T>{};
}
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

// C[p][r][·] := start + Σₖ A[r][k] B[p][k][·], k = 0 … K−1 in this order, K ≤ looked_at; relu and H as in LinearTile
template <class T> struct SparseLinearTile {
  const T* A;  // [⌈K/R⌉][A_stride / R][R] from the first row on
  long A_stride;
  const T* B;  // [panels][B_stride / R][R]
  long B_stride;
  long K;
  const T* start;                // [panels][start_stride / R][R]: the first row's; null: zeros
  long start_stride, start_row;  // from a row to the next: R, or 0 where all begin alike
  T* C;                          // [panels][C_stride / R][R]
  long C_stride;
  int rows;
  bool relu;
  const T* H;
  const T* ahead;  // like B: of each panel so many numbers are prefetched with each row
  long ahead_stride, asked;
};

// The bits of those k < K with A[k] ≠ 0. `a` becomes a copy of these K entries, one after the other.
template <class T> CHAINRULE_WORD Bits nonzero_entries(const T* A, long A_stride, long K, T* a) {
  Bits nonzero = 0;
  const auto look = [&](int k) {
    const V<T> x = load(A + k / R<T> * A_stride + k % R<T>);
    store(a + k, x);
    nonzero |= Bits{nonzero_lanes(x)} << k;
  };
  if (K == looked_at) {
#pragma GCC unroll 32
    for (int k = 0; k < looked_at; k += lanes<T>) look(k);
    return nonzero;
  }
  for (int k = 0; k < K; k += lanes<T>) look(k);
  return nonzero & ((Bits{1} << K) - 1);  // the last vector may go on
}

template <class T> struct SparseLinears {
  template <int panels> struct Tile {
    static __attribute__((noinline)) void run(const SparseLinearTile<T>& t) {
      const long start_stride = t.start_stride, C_stride = t.C_stride, ahead_stride = t.ahead_stride, asked = t.asked;
      const T *A = t.A, *start = t.start, *H = t.H, *ahead = t.ahead;
      T* C = t.C;
      for (int r = 0; r < t.rows; ++r) {
        alignas(64) T a[looked_at];
        const Bits nonzero = nonzero_entries(A, t.A_stride, t.K, a);
        for (long i = 0; i < asked; i += line<T>)
#pragma GCC unroll 8
          for (int p = 0; p < panels; ++p) __builtin_prefetch(ahead + p * ahead_stride + i, 0, 2);
        V<T> c[panels][2];
        load_sums(start, start_stride, c);
        add_nonzero<1>(nonzero, a, t.B, t.B_stride, c);
        finish_sums(t.relu, H, [&](auto f) { store_sums(c, C, C_stride, f); });
        A += R<T>, C += R<T>, ahead += asked;
        if (start) start += t.start_row;
        if (H) H += R<T>;
      }
    }
  };
};

// G[p][j][·] := start + Σ_r D[r][j] A[p][r][·], r = 0 … count−1 in this order, for the R columns j of D
template <class T> struct SparseOuterTile {
  const T* D;  // [count][R]
  const T* A;  // [panels][A_stride / R][R]
  long A_stride, count;
  const T* start;  // [panels][start_stride / R][R]; null: zeros
  long start_stride;
  T* G;  // [panels][G_stride / R][R]
  long G_stride;
  const T* then[3];   // [panels][R][R] each, or null: what is written to next, prefetched evenly
  const T* then_too;  // and, while the last rows are summed, [panels][then_too_stride / R][R]
  long then_too_stride;
};

// Bit r of nonzero[j]: is D[r][j] ≠ 0? D [count][R], count ≤ looked_at
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

template <class T> struct SparseOuters {
  template <int panels> struct Tile {
    static __attribute__((noinline)) void run(const SparseOuterTile<T>& t) {
      const long G_stride = t.G_stride, A_stride = t.A_stride;
      const long times = (t.count + looked_at - 1) / looked_at * R<T>;  // that something is asked for
      const long asked = (panels * R<T> * R<T> + times * line<T> - 1) / (times * line<T>)*line<T>;
      const T* then[3] = {t.then[0] ? t.then[0] : t.G, t.then[1] ? t.then[1] : t.G, t.then[2] ? t.then[2] : t.G};
      const T* start = t.start;
      long start_stride = t.start_stride;
      for (long first = 0; first < t.count; first += looked_at) {
        const T *const D = t.D + first * R<T>, *const A = t.A + first * R<T>;
        const long left = t.count - first;
        Bits nonzero[R<T>];
        nonzero_columns(D, left < looked_at ? left : looked_at, nonzero);
        const bool last = left <= looked_at && t.then_too;
        const T* then_too = last ? t.then_too : t.G;
        const long then_too_stride = last ? t.then_too_stride : 0;
        T* G = t.G;
        for (int j = 0; j < R<T>; ++j, G += R<T>, then_too += R<T>) {
          for (long i = 0; i < asked; i += line<T>)
#pragma GCC unroll 3
            for (int k = 0; k < 3; ++k) __builtin_prefetch(then[k] + i, 1, 3);
          for (int k = 0; k < 3; ++k) then[k] += asked;
#pragma GCC unroll 8
          for (int p = 0; p < panels; ++p)
            for (int i = 0; i < R<T>; i += line<T>) __builtin_prefetch(then_too + p * then_too_stride + i, 1, 3);
          V<T> c[panels][2];
          load_sums(start, start_stride, c);
          add_nonzero<R<T>>(nonzero[j], D + j, A, A_stride, c);
          store_sums(c, G, G_stride, [](V<T> g, long) { return g; });
          if (start) start += R<T>;
        }
        start = t.G, start_stride = G_stride;
      }
    }
  };
};

// Kernels::count_nonzeros
template <class T> long count_nonzeros(const T* x, long count) {
  const V<T> zero{};
  Int<V<T>> found{};
  for (long k = 0; k < count; k += lanes<T>) found -= load(x + k) != zero;
  long all = 0;
  for (int i = 0; i < lanes<T>; ++i) all += static_cast<long>(found[i]);
  return all;
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
