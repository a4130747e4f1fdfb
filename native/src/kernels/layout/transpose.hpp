// Transposes, and sums over lanes, by perfect shuffles of vectors.
#pragma once
#include "kernels/layout/panel.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

template <int... i> struct Indices {};
template <int n, int... i> struct CountTo : CountTo<n - 1, n - 1, i...> {};
template <int... i> struct CountTo<0, i...> {
  using type = Indices<i...>;
};

// a₀ b₀ a₁ b₁ … from the lower (half = 0) or upper (half = L/2) halves of a and b.
template <int half, class W, int... i> CHAINRULE_WORD W interleave(W a, W b, Indices<i...>) {
  constexpr int L = sizeof...(i);
  return __builtin_shufflevector(a, b, ((i & 1) * L + i / 2 + half)...);
}

// x := xᵀ, an L × L matrix of L vectors, by log₂ L perfect shuffles.
template <class T> CHAINRULE_WORD void transpose(V<T> (&x)[lanes<T>]) {
  constexpr int L = lanes<T>;
  constexpr typename CountTo<L>::type all{};
#pragma GCC unroll 4
  for (int stage = 1; stage < L; stage *= 2) {
    V<T> y[L];
#pragma GCC unroll 8
    for (int i = 0; i < L / 2; ++i) {
      y[2 * i] = interleave<0>(x[i], x[i + L / 2], all);
      y[2 * i + 1] = interleave<L / 2>(x[i], x[i + L / 2], all);
    }
#pragma GCC unroll 16
    for (int i = 0; i < L; ++i) x[i] = y[i];
  }
}

// The choice whether a transpose pads the rows of its result with zeros to a multiple of `lanes`.
enum Padding : bool { unpadded, padded };

// to[c][r] := from[r][c] for r < rows, c < columns. The rows of `from` and `to` lie from_stride and to_stride numbers
// apart; the matrices do not overlap.
template <class T> inline void transpose_matrix(const T* from, long from_stride, long rows, long columns, T* to,
                                                long to_stride, Padding padding) {
  constexpr int L = lanes<T>;
  for (long r = 0; r < rows; r += L) {
    const int height = static_cast<int>(smaller(rows - r, L));
    for (long c = 0; c < columns; c += L) {
      const int width = static_cast<int>(smaller(columns - c, L));
      V<T> x[L];
      const T* const s = from + r * from_stride + c;
      if (height == L && width == L) {
#pragma GCC unroll 16
        for (int i = 0; i < L; ++i) x[i] = load(s + i * from_stride);
      } else {
        for (int i = 0; i < L; ++i) x[i] = i < height ? load_first(s + i * from_stride, width) : V<T>{};
      }
      transpose<T>(x);
      T* const d = to + c * to_stride + r;
      if (width == L && (height == L || padding)) {
#pragma GCC unroll 16
        for (int i = 0; i < L; ++i) store(d + i * to_stride, x[i]);
      } else {
        for (int i = 0; i < width; ++i)
          if (padding)
            store(d + i * to_stride, x[i]);
          else
            store_first(d + i * to_stride, x[i], height);
      }
    }
  }
}

// Lane j of the result is Σ x[j], the sum over all lanes of x[j], by log₂ L rounds of shuffles and sums. x is
// overwritten.
template <class T> CHAINRULE_WORD V<T> lane_sums(V<T> (&x)[lanes<T>]) {
  constexpr typename CountTo<lanes<T>>::type all{};
#pragma GCC unroll 4
  for (int half = lanes<T> / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < half; ++i)
      x[i] = interleave<0>(x[i], x[i + half], all) + interleave<lanes<T> / 2>(x[i], x[i + half], all);
  }
  return x[0];
}

// LayoutKernels::transpose
template <class T> void transpose_rows(const T* from, long rows, long columns, T* to) {
  transpose_matrix(from, columns, rows, columns, to, rows, unpadded);
}

// LayoutKernels::transpose_block
template <class T> void transpose_block(const T* block, int height, int width, T* transposed) {
  transpose_matrix(block, R<T>, height, width, transposed, R<T>, padded);
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
