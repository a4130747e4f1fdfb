// N(x) for the rows of a matrix, and ∇J(θ): one call each, no training.
#pragma once

#include <limits>
#include <mutex>
#include <vector>

#include "buffer.hpp"
#include "chainrule/kernel_set.hpp"
#include "chainrule/spec.hpp"
#include "kernels.hpp"

namespace chainrule {

// Evaluates one network in call after call; θ may change in between. Its memory is kept from call to call.
template <class T> class Evaluator {
 public:
  explicit Evaluator(NetworkSpec net);

  // out (t, m_r) := N_θ(X) for X (t, m₀), one example per row. Returns false, with `out` undefined, if X is not
  // finite.
  bool outputs(const T* theta, const T* X, long t, T* out, int threads);
  // The same through layers whose numbers the caller has placed.
  bool outputs(const std::vector<PredictLayer<T>>& layers, const T* X, long t, T* out, int threads);

 private:
  struct Workspace {  // of one thread
    Buffer<T> buffer, next_buffer, scratch;
  };

  const Kernels<T>& kernels_;
  NetworkSpec net_;
  const long panel_stride_;  // numbers of a panel of examples in the widest layer
  std::mutex mutex_;         // held during a call; Python threads wait for each other without the GIL
  std::vector<Workspace> workspaces_;
};

// Evaluates one network with a full W[1] for sparse rows. The products of W[1] are computed first; the network of all
// other work follows, in which the first layer is diagonal: z = 1 ⊙ (W x) + b.
template <class T> class CsrEvaluator {
 public:
  explicit CsrEvaluator(const NetworkSpec& net);

  // out (t, m_r) := N_θ(X), for finite X (t, m₀)
  void outputs(const T* theta, const CsrMatrix<T>& X, long t, T* out, int threads);

 private:
  Buffer<T> packed(const T* W, int threads) const;
  void products(const T* W, const CsrMatrix<T>& X, long first, long last, T* Z) const;
  void packed_products(const T* panels, const CsrMatrix<T>& X, long first, long last, T* Z) const;
  std::vector<PredictLayer<T>> layers(const T* theta) const;

  const Kernels<T>& kernels_;
  const long n_, m_;  // of W[1]
  NetworkSpec rest_;
  Evaluator<T> evaluator_;  // of the rest
  Buffer<T> ones_;
  std::mutex mutex_;
  Buffer<T> Z_;  // (rows_of_Z_, m₁): W[1] x
  long rows_of_Z_ = 0;
  Buffer<T> buffer_, next_buffer_, scratch_;  // for single rows
};

// Computes N(x) for single rows at the lowest latency. θ is read from its own array in each call. One call at a time.
template <class T> class Predictor {
 public:
  Predictor(const NetworkSpec& net, const T* theta);

  void row(const T* x, T* out) const {
    kernels_.predict.row(layers_.data(), int(layers_.size()), x, buffer_.get(), next_buffer_.get(), scratch_.get(),
                         out);
  }
  bool finite(const T* x, long count) const {
    return kernels_.shared.largest(x, count) <= std::numeric_limits<T>::max();
  }

 private:
  const Kernels<T>& kernels_;
  NetworkSpec net_;  // the layers point to its runs
  std::vector<PredictLayer<T>> layers_;
  Buffer<T> buffer_, next_buffer_, scratch_;
};

// gradient (d,) := ∇J(θ), deltas[i − 1] (t, mᵢ) := δ[i]; returns J(θ).
template <class T> double gradient(const NetworkSpec& net, const CostSpec& cost, const TrainingSet<T>& set,
                                   const T* theta, T* gradient, T* const* deltas, int threads);

}  // namespace chainrule
