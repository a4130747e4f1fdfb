// Networks, costs, optimizers and data in plain numbers: the Python objects' fields under their Python names.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "chainrule/csr_matrix.hpp"
#include "chainrule/kinds.hpp"
#include "chainrule/run.hpp"

namespace chainrule {

struct ScheduleSpec {
  Schedule schedule = Schedule::constant;
  double rate = 0;
  // step: every, factor | exponential, inverse_time: decay | cosine: warmup, final | flat_cosine: flat
  // one_cycle: pct_start, div_factor, final_div_factor
  double p[3] = {};
};

struct LayerSpec {  // L[i], of output size m[i]
  Sigma sigma = Sigma::identity;
  double parameter = 0;             // slope, alpha or epsilon
  ScheduleSpec dropout = {};        // p
  std::vector<Run> runs = {};       // the blocks of W; empty: W is dense
  bool is_parametric = false;       // a = (1 − κ) z + κ σ(z), with one κ for each unit
  double rate[parts] = {1, 1, 1};   // factors of the steps of W, b and κ
  double decay[parts] = {1, 0, 0};  // factors of AdamW's λ

  bool has_dropout() const { return dropout.rate > 0; }
  bool is_dense() const { return runs.empty(); }
  bool has_factors() const {
    return rate[0] != 1 || rate[1] != 1 || rate[2] != 1 || decay[0] != 1 || decay[1] != 0 || decay[2] != 0;
  }
};

// Calls f(j, k, q, e) for each row j of a block-diagonal W: its q parameters begin at column k, and at entry e of W.
template <class F> void for_each_row(const std::vector<Run>& runs, F f) {
  long j = 0, k = 0, e = 0;
  for (const Run& run : runs)
    for (long block = 0; block < run.count; ++block, k += run.q)
      for (long row = 0; row < run.p; ++row, e += run.q) f(j++, k, run.q, e);
}

struct NetworkSpec {
  std::vector<long> m;  // m₀ … m_r
  std::vector<LayerSpec> layers;

  int r() const { return static_cast<int>(layers.size()); }
  long entries(int i) const {  // of W[i]: mᵢ · mᵢ₋₁, or those of its blocks
    const LayerSpec& layer = layers[i - 1];
    long count = layer.is_dense() ? m[i] * m[i - 1] : 0;
    for (const Run& run : layer.runs) count += run.count * run.p * run.q;
    return count;
  }
  long size(int i) const { return entries(i) + m[i] * (layers[i - 1].is_parametric ? 2 : 1); }  // of W[i], b[i], κ[i]
  long d() const {  // the length of θ: W[1] row by row (block by block), b[1] (m₁), κ[1] (m₁) if there is one, W[2], …
    long count = 0;
    for (int i = 1; i <= r(); ++i) count += size(i);
    return count;
  }
  bool has_dropout() const {
    for (const LayerSpec& layer : layers)
      if (layer.has_dropout()) return true;
    return false;
  }
};

struct CostSpec {
  Cost cost = Cost::sum_of_squares;
  std::vector<double> parameters = {0};  // label_smoothing, threshold or q: one number, or one for each output
  Mean mean = Mean::none;
  double l1 = 0, l2 = 0;

  bool has_mean() const { return mean != Mean::none; }
  template <class T> std::vector<T> parameters_of(long m) const {  // of each of m outputs
    if (parameters.size() == 1) return std::vector<T>(m, static_cast<T>(parameters[0]));
    return {parameters.begin(), parameters.end()};
  }
};

struct OptimizerSpec {
  Optimizer optimizer = Optimizer::gradient_descent;
  double hyper[4] = {};  // the optimizer's own numbers, see coefficients.hpp
  double clip_norm = std::numeric_limits<double>::infinity();
  ScheduleSpec schedule;      // α
  ScheduleSpec weight_decay;  // λ
};

template <class T> struct TrainingSet {  // borrowed arrays: their owner keeps them alive
  const T* X = nullptr;                  // (t, m₀); null: sparse_X
  const T* Y = nullptr;                  // (t, m_r)
  const T* weights = nullptr;            // (t,); null: each example counts once
  long t = 0;
  CsrMatrix<T> sparse_X = {};
  const std::uint32_t* places = nullptr;  // (t,), the rows of the arrays in which the examples lie; null: 0, 1, …

  // The places of the examples from number `first` on, or null if these are first, first + 1, …
  const std::uint32_t* places_from(long first) const { return places ? places + first : nullptr; }
};

template <class T> struct ProblemSpec {
  NetworkSpec net;
  CostSpec cost;
  OptimizerSpec optimizer;
  TrainingSet<T> data, validation;  // validation.t = 0: no validation
  long batch_size = 1, epochs = 0;
  int blocks = 0;  // of each minibatch, a power of two: steps are made in parts (panels/gradient_tree.hpp); 0: whole
  bool shuffle = true;  // false: minibatches take the examples in their order
  double tol = -1;      // negative: no tolerance rule
  long tol_epochs = 10;
  long patience = 0;      // 0: no early stopping
  int threads = 1;        // the most
  int first_threads = 0;  // at the start; later the number that proves fastest; 0: always all
  // True if `data` has no arrays but t: the examples come window by window (Window, step_plan.hpp).
  bool is_in_windows = false;
  double total_weight = 0;  // of the examples that come in windows

  long steps_per_epoch() const { return (data.t + batch_size - 1) / batch_size; }
  bool is_full_batch() const { return batch_size == data.t; }
};

}  // namespace chainrule
