// N(x) for one row x, straight from θ in the lecture's order: nothing is packed, so that θ may move between two calls.
#pragma once
#include "kernels.hpp"
#include "kernels/panels/linear.hpp"
#include "kernels/shared/output.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// z := W x + b. `lanes` rows of W at a time: a vector of partial sums for each, and one sum over the lanes of all of them.
// z has room for a multiple of `lanes` numbers; those past m are not zero.
template <class T> inline void row_linear(const PredictLayer<T>& layer, const T* x, T* z) {
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

// The same for a block-diagonal W. Runs of 1 × 1 blocks, W = diag(w), are products of vectors; so are blocks (p, 1).
template <class T> inline void row_blocks(const PredictLayer<T>& layer, const T* x, T* z) {
  constexpr int L = lanes<T>;
  const T *W = layer.W, *b = layer.b;
  const auto each = [](long count, auto f) {
    for (long k = 0; k < count; k += L) f(k, count - k < L ? count - k : L);
  };
  for (int i = 0; i < layer.run_count; ++i) {
    const Run& run = layer.runs[i];
    if (run.p == 1 && run.q == 1) {
      each(run.count, [&](long k, long n) {
        store_first(z + k, fma(load_first(W + k, n), load_first(x + k, n), load_first(b + k, n)), n);
      });
      W += run.count, x += run.count, b += run.count, z += run.count;
      continue;
    }
    for (long block = 0; block < run.count; ++block, W += run.p * run.q, x += run.q, b += run.p, z += run.p) {
      if (run.q == 1) {
        each(run.p, [&](long k, long n) {
          store_first(z + k, fma(load_first(W + k, n), broadcast(*x), load_first(b + k, n)), n);
        });
        continue;
      }
      for (long j = 0; j < run.p; ++j) {
        V<T> c{};
        each(run.q, [&](long k, long n) { c = fma(load_first(W + j * run.q + k, n), load_first(x + k, n), c); });
        z[j] = sum(c) + b[j];
      }
    }
  }
}

// Kernels::predict_row
template <class T>
void predict_row(const PredictLayer<T>* layers, int r, const T* x, T* room, T* other, T* scratch, T* out) {
  for (int i = 0; i < r; ++i) {
    const PredictLayer<T>& layer = layers[i];
    if (layer.run_count > 0)
      row_blocks(layer, x, room);
    else
      row_linear(layer, x, room);
    if (layer.kappa) {
      for (long k = 0; k < layer.m; k += lanes<T>)
        activate_parametric<T>(room + k, 1, 1,
                               load_first(layer.kappa + k, layer.m - k < lanes<T> ? layer.m - k : lanes<T>),
                               {layer.sigma, layer.parameter, nullptr, nullptr});
    } else if (is_entrywise(layer.sigma)) {
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
