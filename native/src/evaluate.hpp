// N(x) for the rows of a matrix, and ∇J(θ): one call each, no training.
#pragma once

#include <memory>
#include <mutex>

#include "chainrule/spec.hpp"
#include "packed_network.hpp"

namespace chainrule {

// Evaluates one network again and again, whose θ may have moved in between. Its memory is kept from call to call.
template <class T> class Evaluator {
 public:
  explicit Evaluator(NetworkSpec net) : net_(std::move(net)) {}

  // out (t, m_r) := N_θ(X), X (t, m₀), one example per row
  void outputs(const T* theta, const T* X, long t, T* out, int threads);

 private:
  NetworkSpec net_;
  std::mutex busy_;  // one call at a time; Python threads wait for each other without the GIL
  std::unique_ptr<PackedNetwork<T>> network_;
  int threads_ = 0;
};

// gradient (d,) := ∇J(θ), deltas[i − 1] (t, mᵢ) := δ[i]; returns J(θ).
template <class T>
double gradient(const NetworkSpec& net, const CostSpec& cost, const TrainingSet<T>& set, const T* theta, T* gradient,
                T* const* deltas, int threads);

}  // namespace chainrule
