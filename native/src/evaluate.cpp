#include "evaluate.hpp"

#include <algorithm>
#include <atomic>

#include "panels/panel_method.hpp"
#include "step_plan.hpp"

namespace chainrule {
namespace {

constexpr long panels = 2;  // of examples in a piece, for which W passes by once; 1 to 8 are equally fast

// The layers of N_θ; they point to θ and to `net`.
template <class T> std::vector<PredictLayer<T>> row_layers(const NetworkSpec& net, const T* theta) {
  std::vector<PredictLayer<T>> layers;
  for (int i = 1; i <= net.r(); ++i) {
    const long m = net.m[i];
    const LayerSpec& spec = net.layers[i - 1];
    const T* const b = theta + net.entries(i);
    layers.push_back({net.m[i - 1], m, spec.sigma, static_cast<T>(spec.parameter), theta, b,
                      spec.is_parametric ? b + m : nullptr, spec.runs.data(), static_cast<int>(spec.runs.size())});
    theta += net.size(i);
  }
  return layers;
}

long widest_vector_valued(const NetworkSpec& net) {
  long widest = 0;
  for (int i = 1; i <= net.r(); ++i)
    if (!is_entrywise(net.layers[i - 1].sigma)) widest = std::max(widest, net.m[i]);
  return widest;
}

}  // namespace

template <class T> Evaluator<T>::Evaluator(NetworkSpec net)
    : kernels_(kernel_set().kernels<T>()),
      net_(std::move(net)),
      panel_(2 * kernels_.lanes * *std::max_element(net_.m.begin(), net_.m.end())) {}

template <class T> bool Evaluator<T>::outputs(const T* theta, const T* X, long t, T* out, int threads) {
  const std::lock_guard<std::mutex> lock(busy_);
  const long n = net_.m.front(), m = net_.m.back(), R = 2 * kernels_.lanes, all = (t + R - 1) / R;
  threads = static_cast<int>(std::clamp<long>(all, 1, threads));
  while (static_cast<int>(rooms_.size()) < threads)
    rooms_.push_back({Buffer<T>(panels * panel_), Buffer<T>(panels * panel_),
                      Buffer<T>(2 * widest_vector_valued(net_) * kernels_.lanes)});
  const std::vector<PredictLayer<T>> layers = row_layers(net_, theta);
  const long pieces = threads * ((all + threads * panels - 1) / (threads * panels));  // the same number for each thread
  // A thread takes tens of µs to start: the pieces are handed out before, and those that are there begin.
  WorkQueue shares(threads);
  shares.assign_evenly(pieces);
  std::atomic<bool> finite{true};
  run_threads(threads, [&](int thread) {
    const Room& room = rooms_[thread];
    const auto end = [&](long k) { return std::min(all * (k + 1) / pieces * R, t); };  // of the examples of piece k
    for (long k; finite.load(std::memory_order_relaxed) && (k = shares.take(thread)) >= 0;) {
      const long first = end(k - 1), count = end(k) - first;
      if (!(kernels_.largest(X + first * n, count * n) <= std::numeric_limits<T>::max())) finite = false;
      kernels_.predict_rows({layers.data(), net_.r(), X + first * n, static_cast<int>(count), X + end(k) * n,
                             end(k + 1) - end(k), out + first * m, room.in.get(), room.out.get(), panel_,
                             room.scratch.get()});
    }
  });
  return finite;
}

template <class T> Predictor<T>::Predictor(const NetworkSpec& net, const T* theta)
    : kernels_(kernel_set().kernels<T>()),
      net_(net),
      layers_(row_layers(net_, theta)),
      scratch_(2 * widest_vector_valued(net_) * kernels_.lanes) {
  const long widest = *std::max_element(net_.m.begin() + 1, net_.m.end()) + kernels_.lanes;
  room_ = Buffer<T>(widest), other_ = Buffer<T>(widest);
}

template <class T> double gradient(const NetworkSpec& net, const CostSpec& cost, const TrainingSet<T>& set,
                                   const T* theta, T* gradient, T* const* deltas, int threads) {
  ProblemSpec<T> problem;
  problem.net = net;
  for (LayerSpec& layer : problem.net.layers) layer.dropout = {};  // training only
  problem.cost = cost;
  problem.data = set;
  problem.batch_size = set.t;
  problem.threads = threads;
  PanelMethod<T> method(problem);
  method.put(theta, {nullptr, nullptr});
  const double weight = sum_of_weights(set);
  Step<T> step{};
  step.set = &set;
  step.rows = set.t;
  step.scale = cost.has_mean() && weight > 0 ? 1 / weight : 1;
  step.l1 = cost.l1, step.l2 = cost.l2;
  StepConstants<T> constants{};
  constants.l1 = static_cast<T>(cost.l1), constants.l2 = static_cast<T>(cost.l2);
  const std::vector<StepConstants<T>> of_layers(net.r(), constants);
  step.constants = of_layers.data();
  Team team(threads);
  run_threads(threads, [&](int thread) { method.gradient(step, gradient, deltas, team, thread); });
  return method.measured.J;
}

template class Evaluator<float>;
template class Evaluator<double>;
template class Predictor<float>;
template class Predictor<double>;
template double gradient<float>(const NetworkSpec&, const CostSpec&, const TrainingSet<float>&, const float*, float*,
                                float* const*, int);
template double gradient<double>(const NetworkSpec&, const CostSpec&, const TrainingSet<double>&, const double*,
                                 double*, double* const*, int);

}  // namespace chainrule
