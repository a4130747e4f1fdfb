// Between the lecture's order and the packed layout (kernels.hpp).
#pragma once
#include "kernels.hpp"
#include "kernels/panels/tiles.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

template <int... i> struct Indices {};
template <int n, int... i> struct CountTo : CountTo<n - 1, n - 1, i...> {};
template <int... i> struct CountTo<0, i...> {
  using type = Indices<i...>;
};

// a₀ b₀ a₁ b₁ … from the lower (half = 0) or upper (half = L/2) halves of a and b
template <int half, class W, int... i> CHAINRULE_WORD W interleave(W a, W b, Indices<i...>) {
  constexpr int L = sizeof...(i);
  return __builtin_shufflevector(a, b, ((i & 1) * L + i / 2 + half)...);
}

// x := xᵀ, an L × L matrix of L vectors: log₂ L perfect shuffles
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

// to[c][r] := from[r][c] for r < rows, c < columns. With `pad` the rows of `to` are filled up with zeros to a multiple of
// `lanes`. The rows of `from` and `to` are from_stride and to_stride numbers apart; they do not overlap.
template <class T> inline void transpose_matrix(const T* from, long from_stride, long rows, long columns, T* to,
                                                long to_stride, bool pad) {
  constexpr int L = lanes<T>;
  for (long r = 0; r < rows; r += L) {
    const int height = rows - r < L ? static_cast<int>(rows - r) : L;
    for (long c = 0; c < columns; c += L) {
      const int width = columns - c < L ? static_cast<int>(columns - c) : L;
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
      if (width == L && (height == L || pad)) {
#pragma GCC unroll 16
        for (int i = 0; i < L; ++i) store(d + i * to_stride, x[i]);
      } else {
        for (int i = 0; i < width; ++i)
          if (pad)
            store(d + i * to_stride, x[i]);
          else
            store_first(d + i * to_stride, x[i], height);
      }
    }
  }
}

// to[0 … padded) := from[0 … count), then zeros; padded is a multiple of `lanes`
template <class T> CHAINRULE_WORD void copy_padded(const T* from, long count, T* to, long padded) {
  for (long k = 0; k < padded; k += lanes<T>) {
    const long left = count - k;
    store(to + k, left >= lanes<T> ? load(from + k) : load_first(from + k, left > 0 ? left : 0));
  }
}

// W (m, n) row by row → panels [⌈m/R⌉][n][R] of W, or [⌈n/R⌉][m][R] of its transpose
template <class T> void pack(const T* W, long m, long n, T* panels) {
  for (long j = 0; j < m; j += R<T>) {
    const long rows = m - j < R<T> ? m - j : R<T>;
    T* const panel = panels + j * n;
    if (rows <= lanes<T>)  // the second vector of each row holds no feature
      for (long k = 0; k < n; ++k) store(panel + k * R<T> + lanes<T>, V<T>{});
    transpose_matrix(W + j * n, n, rows, n, panel, R<T>, true);
  }
}
template <class T> void pack_transposed(const T* W, long m, long n, T* panels) {
  for (long k = 0; k < n; k += R<T>)
    for (long j = 0; j < m; ++j)
      copy_padded(W + j * n + k, n - k < R<T> ? n - k : R<T>, panels + k * m + j * R<T>, R<T>);
}

// and back
template <class T> void unpack(const T* panels, long m, long n, T* W) {
  for (long j = 0; j < m; j += R<T>)
    transpose_matrix(panels + j * n, R<T>, n, m - j < R<T> ? m - j : R<T>, W + j * n, n, false);
}
template <class T> void unpack_transposed(const T* panels, long m, long n, long first, long last, T* W) {
  for (long j = first; j < last; ++j)
    for (long k = 0; k < n; k += lanes<T>) {
      const V<T> w = load(panels + k / R<T> * R<T> * m + j * R<T> + k % R<T>);
      if (n - k >= lanes<T>)
        store(W + j * n + k, w);
      else
        store_first(W + j * n + k, w, n - k);
    }
}

// Kernels::gather. Nobody reads the lanes past n.
template <class T> void gather(const Gather<T>& g, T* panels, long stride) {
  for (long r = 0; r < g.count; ++r) {
    const T* s = g.X + (g.order ? long(g.order[r]) : g.first_example + r) * g.n;
    T* d = panels + (g.first_row + r) * R<T>;
    long left = g.n;
    for (; left >= R<T>; left -= R<T>, s += R<T>, d += stride) {
      store(d, load(s));
      store(d + lanes<T>, load(s + lanes<T>));
    }
    if (left > 0) copy_padded(s, left, d, (left + lanes<T> - 1) / lanes<T> * lanes<T>);
  }
}

// Kernels::gather_units
template <class T> void gather_units(const Gather<T>& g, T* units, long pitch) {
  constexpr int L = lanes<T>;
  for (long r = 0; r < g.count; r += L) {
    const T* rows[L];
    for (int i = 0; i < L; ++i) {
      const long k = r + i < g.count ? r + i : g.count - 1;
      rows[i] = g.X + (g.order ? long(g.order[k]) : g.first_example + k) * g.n;
    }
    for (long c = 0; c < g.n; c += L) {
      const int width = g.n - c < L ? static_cast<int>(g.n - c) : L;
      V<T> x[L];
      if (width == L) {
#pragma GCC unroll 16
        for (int i = 0; i < L; ++i) x[i] = load(rows[i] + c);
      } else {
        for (int i = 0; i < L; ++i) x[i] = load_first(rows[i] + c, width);
      }
      transpose<T>(x);
      for (int i = 0; i < width; ++i) store(units + (c + i) * pitch + g.first_row + r, x[i]);
    }
  }
}

// Kernels::units_to_panels and panels_to_units
template <class T>
void units_to_panels(const T* units, long pitch, long m, long first, long last, T* panels, long stride) {
  for (long j = 0; j < m; j += R<T>)
    transpose_matrix(units + j * pitch + first, pitch, m - j < R<T> ? m - j : R<T>, last - first,
                     panels + j / R<T> * stride + first * R<T>, R<T>, true);
}
template <class T>
void panels_to_units(const T* panels, long stride, long m, long first, long last, T* units, long pitch) {
  for (long j = 0; j < m; j += R<T>)
    transpose_matrix(panels + j / R<T> * stride + first * R<T>, R<T>, last - first, m - j < R<T> ? m - j : R<T>,
                     units + j * pitch + first, pitch, true);
}

// Kernels::gather_lanes
template <class T> void gather_lanes(const Gather<T>& g, T* across) {
  if (g.n == 1) {  // one label an example lies as it comes
    for (long i = 0; i < g.count; ++i) across[g.first_row + i] = g.X[g.order ? long(g.order[i]) : g.first_example + i];
    return;
  }
  for (long i = 0; i < g.count; ++i) {
    const long r = g.first_row + i;
    const T* const s = g.X + (g.order ? long(g.order[i]) : g.first_example + i) * g.n;
    T* const d = across + r / lanes<T> * lanes<T> * g.n + r % lanes<T>;
    for (long k = 0; k < g.n; ++k) d[k * lanes<T>] = s[k];
  }
}

// `lanes` rows of panels [⌈m/R⌉][stride / R][R] → [m][lanes]; and back, with zeros past m
template <class T> void rows_to_lanes(const T* panels, long stride, long m, T* across) {
  for (long j = 0; j < m; j += R<T>)
    transpose_matrix(panels + j / R<T> * stride, R<T>, lanes<T>, m - j < R<T> ? m - j : R<T>, across + j * lanes<T>,
                     lanes<T>, true);
}
template <class T> void lanes_to_rows(const T* across, long m, T* panels, long stride) {
  for (long j = 0; j < m; j += R<T>) {
    T* const to = panels + j / R<T> * stride;
    const long width = m - j < R<T> ? m - j : R<T>;
    if (width <= lanes<T>)
      for (int i = 0; i < lanes<T>; ++i) store(to + i * R<T> + lanes<T>, V<T>{});
    transpose_matrix(across + j * lanes<T>, lanes<T>, width, lanes<T>, to, R<T>, true);
  }
}

// Kernels::transpose
template <class T> void transpose_rows(const T* from, long rows, long columns, T* to) {
  transpose_matrix(from, columns, rows, columns, to, rows, false);
}

// Kernels::transpose_block
template <class T> void transpose_block(const T* block, int height, int width, T* transposed) {
  transpose_matrix(block, R<T>, height, width, transposed, R<T>, true);
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
