// What is to be computed, in plain numbers: networks, costs, optimizers, data. The Python objects' fields under their names.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "chainrule/kinds.hpp"

namespace chainrule {

struct LayerSpec {  // L[i], of output size m[i]
  Sigma sigma = Sigma::identity;
  double parameter = 0;  // slope, alpha or epsilon
  double dropout = 0;    // p
};

struct NetworkSpec {
  std::vector<long> m;  // m₀ … m_r
  std::vector<LayerSpec> layers;

  int r() const { return static_cast<int>(layers.size()); }
  long d() const {  // the length of θ: W[1] (m₁, m₀) row by row, b[1] (m₁), W[2], …
    long count = 0;
    for (int i = 1; i <= r(); ++i) count += m[i] * (m[i - 1] + 1);
    return count;
  }
  bool has_dropout() const {
    for (const LayerSpec& layer : layers)
      if (layer.dropout > 0) return true;
    return false;
  }
};

struct CostSpec {
  Cost cost = Cost::sum_of_squares;
  double parameter = 0;  // label_smoothing, threshold or q
  bool mean = false;
  double l1 = 0, l2 = 0;
};

struct ScheduleSpec {
  Schedule schedule = Schedule::constant;
  double rate = 0;
  double p[3] =
      {};  // step: every, factor; exponential, inverse_time: decay; cosine: warmup, final; one_cycle: its three
};

struct OptimizerSpec {
  Optimizer optimizer = Optimizer::gradient_descent;
  double hyper[4] = {};  // the optimizer's own numbers, see kernels/optimizer.hpp
  double clip_norm = std::numeric_limits<double>::infinity();
  ScheduleSpec schedule;
};

template <class T> struct TrainingSet {  // borrowed: whoever owns the arrays keeps them alive
  const T* X = nullptr;                  // (t, m₀)
  const T* Y = nullptr;                  // (t, m_r)
  const T* weights = nullptr;            // (t,); null: each example counts once
  long t = 0;
};

template <class T> struct ProblemSpec {
  NetworkSpec net;
  CostSpec cost;
  OptimizerSpec optimizer;
  TrainingSet<T> data, validation;  // validation.t = 0: none
  long batch_size = 1, epochs = 0;
  double tol = -1;  // negative: no such rule
  long tol_epochs = 10;
  long patience = 0;  // 0: no such rule
  int threads = 1;

  long steps_per_epoch() const { return (data.t + batch_size - 1) / batch_size; }
  bool full_batch() const { return batch_size == data.t; }
};

}  // namespace chainrule
