// Rows of a training set into the layouts of kernels.hpp.
#pragma once
#include "kernels/layout/contract.hpp"
#include "kernels/layout/pack.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// The row of X that becomes row first_row + i.
template <class T> CHAINRULE_WORD const T* gathered_row(const Gather<T>& g, long i) {
  return g.X + (g.order ? long(g.order[i]) : g.first_example + i) * g.n;
}

// LayoutKernels::gather. The lanes past n are never read.
template <class T> void gather(const Gather<T>& g, T* panels, long stride) {
  for (long r = 0; r < g.count; ++r) {
    const T* s = gathered_row(g, r);
    T* d = panels + (g.first_row + r) * R<T>;
    long left = g.n;
    for (; left >= R<T>; left -= R<T>, s += R<T>, d += stride) {
      store(d, load(s));
      store(d + lanes<T>, load(s + lanes<T>));
    }
    if (left > 0) copy_padded(s, left, d, (left + lanes<T> - 1) / lanes<T> * lanes<T>);
  }
}

// LayoutKernels::gather_units
template <class T> void gather_units(const Gather<T>& g, T* units, long pitch) {
  constexpr int L = lanes<T>;
  for (long r = 0; r < g.count; r += L) {
    const T* rows[L];
    for (int i = 0; i < L; ++i) rows[i] = gathered_row(g, smaller(r + i, g.count - 1));
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

// LayoutKernels::gather_lanes
template <class T> void gather_lanes(const Gather<T>& g, T* across) {
  if (g.n == 1) {  // [rows / lanes][1][lanes] is [rows]
    for (long i = 0; i < g.count; ++i) across[g.first_row + i] = *gathered_row(g, i);
    return;
  }
  for (long i = 0; i < g.count; ++i) {
    const long r = g.first_row + i;
    const T* const s = gathered_row(g, i);
    T* const d = across + r / lanes<T> * lanes<T> * g.n + r % lanes<T>;
    for (long k = 0; k < g.n; ++k) d[k * lanes<T>] = s[k];
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
