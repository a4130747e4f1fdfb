#include "evaluate.hpp"

#include <algorithm>
#include <atomic>

#include "panels/panel_method.hpp"
#include "step_plan.hpp"

namespace chainrule {
namespace {

constexpr long panels_per_piece = 2;  // of examples, for which W is read once; 1 to 8 are equally fast

// The layers of N_θ, which point to θ and to `net`
template <class T> std::vector<PredictLayer<T>> predict_layers(const NetworkSpec& net, const T* theta) {
  std::vector<PredictLayer<T>> layers;
  for (int i = 1; i <= net.r(); ++i) {
    const long m = net.m[i];
    const LayerSpec& spec = net.layers[i - 1];
    const T* const b = theta + net.entries(i);
    layers.push_back({.n = net.m[i - 1],
                      .m = m,
                      .sigma = spec.sigma,
                      .parameter = static_cast<T>(spec.parameter),
                      .W = theta,
                      .b = b,
                      .kappa = spec.is_parametric ? b + m : nullptr,
                      .runs = spec.runs.data(),
                      .run_count = static_cast<int>(spec.runs.size())});
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
      panel_stride_(2 * kernels_.lanes * *std::max_element(net_.m.begin(), net_.m.end())) {}

template <class T> bool Evaluator<T>::outputs(const T* theta, const T* X, long t, T* out, int threads) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const long n = net_.m.front(), m = net_.m.back(), R = 2 * kernels_.lanes, panels = (t + R - 1) / R;
  threads = static_cast<int>(std::clamp<long>(panels, 1, threads));
  while (static_cast<int>(workspaces_.size()) < threads)
    workspaces_.push_back({.buffer = Buffer<T>(panels_per_piece * panel_stride_),
                           .next_buffer = Buffer<T>(panels_per_piece * panel_stride_),
                           .scratch = Buffer<T>(2 * widest_vector_valued(net_) * kernels_.lanes)});
  const std::vector<PredictLayer<T>> layers = predict_layers(net_, theta);
  const long panels_per_round = threads * panels_per_piece;
  const long pieces =
      threads * ((panels + panels_per_round - 1) / panels_per_round);  // the same number for each thread
  // A thread takes tens of µs to start. The pieces are assigned before, so that the first threads begin at once.
  WorkQueue queue(threads);
  queue.assign_evenly(pieces);
  std::atomic<bool> is_finite{true};
  run_threads(threads, [&](int thread, int) {
    const Workspace& space = workspaces_[thread];
    const auto end = [&](long k) { return std::min(panels * (k + 1) / pieces * R, t); };  // of the examples of piece k
    for (long k; is_finite.load(std::memory_order_relaxed) && (k = queue.take(thread)) >= 0;) {
      const long first = end(k - 1), count = end(k) - first;
      if (!(kernels_.shared.largest(X + first * n, count * n) <= std::numeric_limits<T>::max())) is_finite = false;
      kernels_.predict.rows({.layers = layers.data(),
                             .r = net_.r(),
                             .X = X + first * n,
                             .count = static_cast<int>(count),
                             .prefetch_X = X + end(k) * n,
                             .prefetch_count = end(k + 1) - end(k),
                             .out = out + first * m,
                             .buffer = space.buffer.get(),
                             .next_buffer = space.next_buffer.get(),
                             .panel_stride = panel_stride_,
                             .scratch = space.scratch.get()});
    }
  });
  return is_finite;
}

template <class T> Predictor<T>::Predictor(const NetworkSpec& net, const T* theta)
    : kernels_(kernel_set().kernels<T>()),
      net_(net),
      layers_(predict_layers(net_, theta)),
      scratch_(2 * widest_vector_valued(net_) * kernels_.lanes) {
  const long widest = *std::max_element(net_.m.begin() + 1, net_.m.end()) + kernels_.lanes;
  buffer_ = Buffer<T>(widest);
  next_buffer_ = Buffer<T>(widest);
}

template <class T> double gradient(const NetworkSpec& net, const CostSpec& cost, const TrainingSet<T>& set,
                                   const T* theta, T* gradient, T* const* deltas, int threads) {
  ProblemSpec<T> problem;
  problem.net = net;
  for (LayerSpec& layer : problem.net.layers) layer.dropout = {};  // for training only
  problem.cost = cost;
  problem.data = set;
  problem.batch_size = set.t;
  problem.threads = threads;
  PanelMethod<T> method(problem, /*puts_off=*/false);
  method.put(theta, {});  // no moments
  const double weight = sum_of_example_weights(set);
  Step<T> step{};
  step.set = &set;
  step.rows = set.t;
  step.scale = cost.has_mean() && weight > 0 ? 1 / weight : 1;
  step.l1 = cost.l1;
  step.l2 = cost.l2;
  StepConstants<T> constants{};
  constants.l1 = static_cast<T>(cost.l1);
  constants.l2 = static_cast<T>(cost.l2);
  const std::vector<StepConstants<T>> constants_of_layers(net.r(), constants);
  step.constants = constants_of_layers.data();
  Team team(threads);
  team.run(
      threads, [&](int count) { method.set_thread_count(count); },
      [&](int thread) { method.gradient(step, gradient, deltas, team, thread); });
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
