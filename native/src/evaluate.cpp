#include "evaluate.hpp"

#include <algorithm>
#include <atomic>

#include "packed.hpp"

namespace chainrule {
namespace {

// Each thread's activations stay in L2 from layer to layer. Results do not depend on it.
constexpr long most_rows = 64;

}  // namespace

template <class T> bool Evaluator<T>::outputs(const T* theta, const T* X, long t, T* out, int threads) {
  const std::lock_guard<std::mutex> lock(busy_);
  const long n = net_.m.front(), m = net_.m.back();
  const long pieces = threads * ((t + threads * most_rows - 1) / (threads * most_rows));
  const long rows = pieces ? ((t + pieces - 1) / pieces + max_lanes - 1) / max_lanes * max_lanes : 0;  // of a piece
  if (!network_ || room_ < rows || threads_ < threads) {
    room_ = rows;  // each thread's own
    network_ = std::make_unique<PackedNetwork<T>>(net_, CostSpec{}, threads * room_, threads, false);
    threads_ = threads;
  }
  // A thread takes tens of µs to start: the pieces are handed out before, and those that are there begin.
  Shares packing(threads), examples(threads);
  packing.hand_out(network_->put_pieces());
  examples.hand_out(pieces);
  std::atomic<long> packed{0};
  std::atomic<bool> finite{true};
  run_threads(threads, [&](int thread) {
    for (long k; (k = packing.take(thread)) >= 0;) {
      network_->put(theta, k);
      packed.fetch_add(1, std::memory_order_release);
    }
    for (int spins = 0; packed.load(std::memory_order_acquire) < network_->put_pieces(); ++spins) relax(spins);
    const int place = static_cast<int>(room_) * thread;
    for (long k; finite.load(std::memory_order_relaxed) && (k = examples.take(thread)) >= 0;) {
      const long first = k * rows, count = std::min(rows, t - first);
      if (count <= 0) continue;
      if (!(network_->kernels.largest(X + first * n, count * n) <= std::numeric_limits<T>::max())) finite = false;
      const TrainingSet<T> set = {X, nullptr, nullptr, t};
      Block<T> block{};
      block.set = &set;
      block.first = first - place, block.rows = place + static_cast<int>(count);
      block.scale = 1;
      block.out = out + first * m;
      network_->forward_rows(block, place, place + static_cast<int>((count + max_lanes - 1) / max_lanes * max_lanes),
                             thread);
    }
  });
  return finite;
}

template <class T> Predictor<T>::Predictor(const NetworkSpec& net, const T* theta)
    : kernels_(kernel_set().kernels<T>()), net_(net) {
  long widest = 0, scratch = 0;
  for (int i = 1; i <= net_.r(); ++i) {
    const long n = net_.m[i - 1], m = net_.m[i];
    const LayerSpec& spec = net_.layers[i - 1];
    const T* const b = theta + net_.entries(i);
    layers_.push_back({n, m, spec.sigma, static_cast<T>(spec.parameter), theta, b, spec.parametric ? b + m : nullptr,
                       spec.runs.data(), static_cast<int>(spec.runs.size())});
    theta += net_.size(i);
    widest = std::max(widest, m + kernels_.lanes);
    if (!entrywise(spec.sigma)) scratch = std::max(scratch, 2 * m * kernels_.lanes);
  }
  room_ = Buffer<T>(widest), other_ = Buffer<T>(widest), scratch_ = Buffer<T>(scratch);
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
  Packed<T> method(problem);
  method.put(theta, {nullptr, nullptr});
  double weight = double(set.t);
  if (set.weights) {
    weight = 0;
    for (long k = 0; k < set.t; ++k) weight += set.weights[k];
  }
  Step<T> step{};
  step.set = &set;
  step.rows = set.t;
  step.scale = cost.mean && weight > 0 ? 1 / weight : 1;
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
