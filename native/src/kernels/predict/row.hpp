// N(x) for one row x. θ is read in the lecture's order and nothing is packed, so that θ may move between two calls.
#pragma once
#include "kernels/layout/transpose.hpp"
#include "kernels/predict/contract.hpp"
#include "kernels/shared/output.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// z := W x + b. `lanes` rows of W at a time: a vector of partial sums for each, then one sum over the lanes of all of
// them.
// z has room for a multiple of `lanes` numbers; those past m are not zero.
template <class T> inline void row_linear(const PredictLayer<T>& layer, const T* x, T* z) {
  constexpr int L = lanes<T>;
  const long n = layer.n, whole = n / L * L;
  for (long j = 0; j < layer.m; j += L) {
    const T* w[L];
    for (int i = 0; i < L; ++i) w[i] = layer.W + smaller(j + i, layer.m - 1) * n;
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
    store(z + j, lane_sums<T>(c) + load_first(layer.b + j, smaller(layer.m - j, L)));
  }
}

// The same for a block-diagonal W. Runs of 1 × 1 blocks, W = diag(w), are products of vectors; so are blocks (p, 1).
template <class T> inline void row_blocks(const PredictLayer<T>& layer, const T* x, T* z) {
  constexpr int L = lanes<T>;
  const T *W = layer.W, *b = layer.b;
  const auto each = [](long count, auto f) {
    for (long k = 0; k < count; k += L) f(k, smaller(count - k, L));
  };
  const auto advance = [&](long entries, long inputs, long units) {
    W += entries;
    x += inputs;
    b += units;
    z += units;
  };
  for (int i = 0; i < layer.run_count; ++i) {
    const auto [count, p, q] = layer.runs[i];
    if (p == 1 && q == 1) {  // z := w ⊙ x + b
      each(count, [&](long k, long n) {
        store_first(z + k, fma(load_first(W + k, n), load_first(x + k, n), load_first(b + k, n)), n);
      });
      advance(count, count, count);
      continue;
    }
    for (long block = 0; block < count; ++block, advance(p * q, q, p)) {
      if (q == 1) {  // z := w x₁ + b
        each(p, [&](long k, long n) {
          store_first(z + k, fma(load_first(W + k, n), broadcast(*x), load_first(b + k, n)), n);
        });
        continue;
      }
      for (long j = 0; j < p; ++j) {
        V<T> c{};
        const T* const w = W + j * q;
        each(q, [&](long k, long n) { c = fma(load_first(w + k, n), load_first(x + k, n), c); });
        z[j] = sum(c) + b[j];
      }
    }
  }
}

// a := σ(z) in place.
template <class T> inline void row_value(const PredictLayer<T>& layer, T* z, T* scratch) {
  const Activation<T> f = {layer.sigma, layer.parameter};
  if (layer.kappa) {
    for (long k = 0; k < layer.m; k += lanes<T>)
      activate_parametric<T>(z + k, 1, 1, load_first(layer.kappa + k, smaller(layer.m - k, lanes<T>)), f);
  } else if (is_entrywise(layer.sigma)) {
    activate(z, (layer.m + lanes<T> - 1) / lanes<T> * lanes<T>, f);
  } else {  // every lane computes the same example
    T* const a = scratch + layer.m * lanes<T>;
    for (long k = 0; k < layer.m; ++k) store(scratch + k * lanes<T>, broadcast(z[k]));
    outputs(layer.sigma, layer.parameter, scratch, a, static_cast<int>(layer.m));
    for (long k = 0; k < layer.m; ++k) z[k] = a[k * lanes<T>];
  }
}

// PredictKernels::row
template <class T>
void predict_row(const PredictLayer<T>* layers, int r, const T* x, T* buffer, T* next_buffer, T* scratch, T* out) {
  for (int i = 0; i < r; ++i) {
    if (layers[i].run_count > 0)
      row_blocks(layers[i], x, buffer);
    else
      row_linear(layers[i], x, buffer);
    row_value(layers[i], buffer, scratch);
    x = buffer;
    buffer = next_buffer;
    next_buffer = const_cast<T*>(x);
  }
  const long m = layers[r - 1].m;
  for (long k = 0; k < m; k += lanes<T>) store_first(out + k, load(x + k), smaller(m - k, lanes<T>));
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
