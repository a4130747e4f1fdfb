// N(x) for the rows of a matrix, and ∇J(θ): one call each, no training.
#pragma once

#include <mutex>
#include <vector>

#include "buffer.hpp"
#include "chainrule/kernel_set.hpp"
#include "chainrule/spec.hpp"
#include "evaluation/split_network.hpp"
#include "kernels.hpp"

namespace chainrule {

// Evaluates one network in call after call; θ may change in between. Its memory is kept from call to call.
template <class T> class Evaluator {
 public:
  explicit Evaluator(NetworkSpec net);

  // out (t, m_r) := N_θ(X) for X (t, m₀), one example per row. Returns false, with `out` undefined, if X is not
  // finite.
  bool outputs(const T* theta, const T* X, long t, T* out, int threads) {
    return compute(predict_layers(net_, theta), X, t, out, threads, true);
  }
  // The same for any X, through layers whose numbers the caller has placed.
  void outputs(const std::vector<PredictLayer<T>>& layers, const T* X, long t, T* out, int threads) {
    compute(layers, X, t, out, threads, false);
  }

 private:
  bool compute(const std::vector<PredictLayer<T>>& layers, const T* X, long t, T* out, int threads,
               bool must_be_finite);

  struct Workspace {  // of one thread
    Buffer<T> buffer, next_buffer, scratch;
  };

  const Kernels<T>& kernels_;
  NetworkSpec net_;
  const long panel_stride_;  // numbers of a panel of examples in the widest layer
  std::mutex mutex_;         // held during a call; Python threads wait for each other without the GIL
  std::vector<Workspace> workspaces_;
};

// Evaluates one network with a full W[1] for sparse rows.
template <class T> class CsrEvaluator {
 public:
  explicit CsrEvaluator(const NetworkSpec& net);

  // out (t, m_r) := N_θ(X), for finite X (t, m₀)
  void outputs(const T* theta, const CsrMatrix<T>& X, long t, T* out, int threads);

 private:
  Buffer<T> packed(const T* W, int threads) const;
  void packed_products(const T* panels, const CsrMatrix<T>& X, long first, long last, T* Z) const;

  const Kernels<T>& kernels_;
  SplitNetwork<T> split_;
  Evaluator<T> evaluator_;  // of the rest
  std::mutex mutex_;
  Buffer<T> Z_;  // (rows_of_Z_, m₁): W[1] x
  long rows_of_Z_ = 0;
};

// gradient (d,) := ∇J(θ), deltas[i − 1] (t, mᵢ) := δ[i]; returns J(θ).
template <class T> double gradient(const NetworkSpec& net, const CostSpec& cost, const TrainingSet<T>& set,
                                   const T* theta, T* gradient, T* const* deltas, int threads);

}  // namespace chainrule
