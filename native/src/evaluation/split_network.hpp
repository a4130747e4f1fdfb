// A network whose first products, z = W[1] x, are computed apart, because x is sparse.
#pragma once

#include <algorithm>
#include <vector>

#include "buffer.hpp"
#include "chainrule/csr_matrix.hpp"
#include "chainrule/spec.hpp"
#include "evaluation/predict_layers.hpp"

namespace chainrule {

// A network with a full W[1] as these products and the rest, in which the first layer is diagonal: 1 ⊙ z + b.
template <class T> struct SplitNetwork {
  explicit SplitNetwork(const NetworkSpec& net) : n(net.m[0]), m(net.m[1]), rest(net), ones(m) {
    rest.m.front() = m;
    rest.layers.front().runs = {{m, 1, 1}};
    std::fill_n(ones.get(), m, T(1));
  }

  // Returns the layers of the rest. Their numbers follow W[1] in θ, but for the diagonal of ones.
  std::vector<PredictLayer<T>> layers(const T* theta) const {
    std::vector<PredictLayer<T>> all = predict_layers(rest, theta + (n - 1) * m);
    all.front().W = ones.get();
    return all;
  }

  // Z (last − first, m) := X Wᵀ for rows first … last − 1 of X, from W (m, n) as it lies in θ.
  void products(const T* W, const CsrMatrix<T>& X, long first, long last, T* Z) const {
    X.with_columns([&](const auto* columns) {
      for (long j = first; j < last; ++j, Z += m) {
        std::fill_n(Z, m, T(0));
        for (long e = X.starts[j]; e < X.starts[j + 1]; ++e) {
          const T x = X.values[e], *w = W + columns[e];
          for (long i = 0; i < m; ++i, w += n) Z[i] += x * *w;
        }
      }
    });
  }

  const long n, m;  // of W[1]
  NetworkSpec rest;
  Buffer<T> ones;  // (m,)
};

}  // namespace chainrule
