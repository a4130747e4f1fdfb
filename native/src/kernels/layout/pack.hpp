// W between the lecture's order and panels (kernels.hpp).
#pragma once
#include "kernels/layout/transpose.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// to[0 … width) := from[0 … count), then zeros; width is a multiple of `lanes`.
template <class T> CHAINRULE_WORD void copy_padded(const T* from, long count, T* to, long width) {
  for (long k = 0; k < width; k += lanes<T>) {
    const long left = count - k;
    store(to + k, left >= lanes<T> ? load(from + k) : load_first(from + k, left > 0 ? left : 0));
  }
}

// LayoutKernels::pack: W (m, n) row by row → panels [⌈m/R⌉][n][R].
template <class T> void pack(const T* W, long m, long n, T* panels) {
  for (long j = 0; j < m; j += R<T>) {
    const long rows = smaller(m - j, R<T>);
    T* const panel = panels + j * n;
    if (rows <= lanes<T>)  // the second vectors hold no feature
      for (long k = 0; k < n; ++k) store(panel + k * R<T> + lanes<T>, V<T>{});
    transpose_matrix(W + j * n, n, rows, n, panel, R<T>, padded);
  }
}

// LayoutKernels::pack_transposed: W (m, n) → panels [⌈n/R⌉][m][R] of its transpose.
template <class T> void pack_transposed(const T* W, long m, long n, T* panels) {
  for (long k = 0; k < n; k += R<T>)
    for (long j = 0; j < m; ++j) copy_padded(W + j * n + k, smaller(n - k, R<T>), panels + k * m + j * R<T>, R<T>);
}

// LayoutKernels::unpack, the inverse of pack.
template <class T> void unpack(const T* panels, long m, long n, T* W) {
  for (long j = 0; j < m; j += R<T>)
    transpose_matrix(panels + j * n, R<T>, n, smaller(m - j, R<T>), W + j * n, n, unpadded);
}

// LayoutKernels::unpack_transposed, the inverse of pack_transposed for rows first … last − 1 of W.
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

}  // namespace chainrule::CHAINRULE_KERNEL_SET
