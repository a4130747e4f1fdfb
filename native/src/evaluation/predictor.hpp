// N(x) for single rows at the lowest latency.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "buffer.hpp"
#include "chainrule/kernel_set.hpp"
#include "evaluation/split_network.hpp"
#include "kernels.hpp"

namespace chainrule {

// θ is read from its own array in each call. One call at a time.
template <class T> class Predictor {
 public:
  Predictor(const NetworkSpec& net, const T* theta);

  long n() const { return net_.m.front(); }
  long m() const { return net_.m.back(); }
  bool takes_sparse() const { return split_.has_value(); }
  long width() const { return net_.m[1]; }  // m₁, the products of an entry of a sparse row

  void row(const T* x, T* out) const { compute(layers_, x, out); }
  // The same for row j of X
  void row(const CsrMatrix<T>& X, long j, T* out) const {
    split_->products(theta_, X, j, j + 1, z_.get());
    compute(rest_, z_.get(), out);
  }

 private:
  void compute(const std::vector<PredictLayer<T>>& layers, const T* x, T* out) const {
    kernels_.predict.row(layers.data(), int(layers.size()), x, buffer_.get(), next_buffer_.get(), scratch_.get(), out);
  }

  const Kernels<T>& kernels_;
  const T* theta_;
  NetworkSpec net_;  // the layers point to its runs
  std::vector<PredictLayer<T>> layers_;
  std::optional<SplitNetwork<T>> split_;  // if W[1] is full
  std::vector<PredictLayer<T>> rest_;     // its layers
  Buffer<T> z_, buffer_, next_buffer_, scratch_;
};

}  // namespace chainrule
