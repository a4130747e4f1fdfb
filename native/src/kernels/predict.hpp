// N(x) for one row x, straight from θ in the lecture's order: nothing is packed, so that θ may move between two calls.
#pragma once
#include "kernels.hpp"
#include "kernels/output.hpp"
#include "kernels/rows.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// z := W x + b. `lanes` rows of W at a time: a vector of partial sums for each, and one sum over the lanes of all of them.
// z has room for a multiple of `lanes` numbers; those past m are not zero.
template <class T> inline void row_linear(const RowLayer<T>& layer, const T* x, T* z) {
  constexpr int L = lanes<T>;
  const long n = layer.n, whole = n / L * L;
  for (long j = 0; j < layer.m; j += L) {
    const T* w[L];
    for (int i = 0; i < L; ++i) w[i] = layer.W + (j + i < layer.m ? j + i : layer.m - 1) * n;
    V<T> c[L] = {};
    for (long k = 0; k < whole; k += L) {
      const V<T> a = load(x + k);
#pragma GCC unroll 16
      for (int i = 0; i < L; ++i) c[i] = fma(load(w[i] + k), a, c[i]);
    }
    if (whole < n) {
      const V<T> a = load_first(x + whole, n - whole);
#pragma GCC unroll 16
      for (int i = 0; i < L; ++i) c[i] = fma(load_first(w[i] + whole, n - whole), a, c[i]);
    }
    store(z + j, sums<T>(c) + load_first(layer.b + j, layer.m - j < L ? layer.m - j : L));
  }
}

// Kernels::predict_row
template <class T>
void predict_row(const RowLayer<T>* layers, int r, const T* x, T* room, T* other, T* scratch, T* out) {
  for (int i = 0; i < r; ++i) {
    const RowLayer<T>& layer = layers[i];
    row_linear(layer, x, room);
    if (entrywise(layer.sigma)) {
      activate(room, (layer.m + lanes<T> - 1) / lanes<T> * lanes<T>, {layer.sigma, layer.parameter, nullptr, nullptr});
    } else {
      T* const a = scratch + layer.m * lanes<T>;
      for (long k = 0; k < layer.m; ++k) store(scratch + k * lanes<T>, broadcast(room[k]));
      outputs(layer.sigma, layer.parameter, scratch, a, static_cast<int>(layer.m));
      for (long k = 0; k < layer.m; ++k) room[k] = a[k * lanes<T>];
    }
    x = room;
    room = other;
    other = const_cast<T*>(x);
  }
  for (long k = 0; k < layers[r - 1].m; k += lanes<T>) {
    const long left = layers[r - 1].m - k;
    store_first(out + k, load(x + k), left < lanes<T> ? left : lanes<T>);
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
