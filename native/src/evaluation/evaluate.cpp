#include "evaluation/evaluate.hpp"

#include <algorithm>
#include <atomic>
#include <limits>

#include "panels/panel_method.hpp"
#include "step_plan.hpp"

namespace chainrule {
namespace {

constexpr long rows_of_a_round = 1 << 14;  // of sparse rows whose W[1] x is kept
constexpr long rows_in_cache = 64;         // of them, in panels
constexpr long panels_per_piece = 2;       // of examples, for which W is read once; 1 to 8 are equally fast

}  // namespace

template <class T> Evaluator<T>::Evaluator(NetworkSpec net)
    : kernels_(kernel_set().kernels<T>()),
      net_(std::move(net)),
      panel_stride_(2 * kernels_.lanes * *std::max_element(net_.m.begin(), net_.m.end())) {}

template <class T> bool Evaluator<T>::compute(const std::vector<PredictLayer<T>>& layers, const T* X, long t, T* out,
                                              int threads, bool must_be_finite) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const long n = net_.m.front(), m = net_.m.back(), R = 2 * kernels_.lanes, panels = (t + R - 1) / R;
  threads = static_cast<int>(std::clamp<long>(panels, 1, threads));
  while (static_cast<int>(workspaces_.size()) < threads)
    workspaces_.push_back({.buffer = Buffer<T>(panels_per_piece * panel_stride_),
                           .next_buffer = Buffer<T>(panels_per_piece * panel_stride_),
                           .scratch = Buffer<T>(2 * widest_vector_valued(net_) * kernels_.lanes)});
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
      if (must_be_finite && !(kernels_.shared.largest(X + first * n, count * n) <= std::numeric_limits<T>::max()))
        is_finite = false;
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

template <class T> CsrEvaluator<T>::CsrEvaluator(const NetworkSpec& net)
    : kernels_(kernel_set().kernels<T>()), split_(net), evaluator_(split_.rest) {}

template <class T> void CsrEvaluator<T>::outputs(const T* theta, const CsrMatrix<T>& X, long t, T* out, int threads) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::vector<PredictLayer<T>> rest = split_.layers(theta);
  const long round = std::min(t, rows_of_a_round), m = split_.m, m_out = split_.rest.m.back();
  if (rows_of_Z_ < round) {
    Z_ = Buffer<T>(round * m);
    rows_of_Z_ = round;
  }
  // An entry reads a column of W, which is strided: for many entries it pays to pack W first.
  const Buffer<T> panels = X.starts[t] > split_.n ? packed(theta, threads) : Buffer<T>();
  for (long first = 0; first < t; first += round) {
    const long count = std::min(round, t - first);
    run_threads(threads, [&](int thread, int started) {
      const long from = count * thread / started, to = count * (thread + 1) / started;
      if (panels)
        packed_products(panels.get(), X, first + from, first + to, Z_.get() + from * m);
      else
        split_.products(theta, X, first + from, first + to, Z_.get() + from * m);
    });
    evaluator_.outputs(rest, Z_.get(), count, out + first * m_out, threads);
  }
}

// Returns W (m, n) in panels [⌈m/R⌉][n][R].
template <class T> Buffer<T> CsrEvaluator<T>::packed(const T* W, int threads) const {
  const long n = split_.n, m = split_.m, R = 2 * kernels_.lanes, panels = (m + R - 1) / R;
  Buffer<T> result(panels * n * R);
  WorkQueue queue(threads);
  queue.assign_evenly(panels);
  run_threads(threads, [&](int thread, int) {
    for (long p; (p = queue.take(thread)) >= 0;)
      kernels_.layout.pack(W + p * R * n, std::min(R, m - p * R), n, result.get() + p * R * n);
  });
  return result;
}

// Z (last − first, m) := X Wᵀ for rows first … last − 1 of X, from panels of W.
template <class T>
void CsrEvaluator<T>::packed_products(const T* panels, const CsrMatrix<T>& X, long first, long last, T* Z) const {
  const long m = split_.m, R = 2 * kernels_.lanes;
  const int count = static_cast<int>((m + R - 1) / R);
  const Buffer<T> z(count * rows_in_cache * R);
  for (; first < last; first += rows_in_cache, Z += rows_in_cache * m) {
    const int rows = static_cast<int>(std::min(rows_in_cache, last - first));
    Linear<T> g{};
    g.B = panels;
    g.K = split_.n;
    g.out = z.get();
    g.out_stride = rows_in_cache * R;
    g.region = {.first_row = 0, .last_row = rows, .first_panel = 0, .last_panel = count};
    g.panels = count;
    g.last_lanes = static_cast<int>(m - (count - 1) * R);
    g.epilogue = LinearEpilogue::none;
    kernels_.csr.linear({.X = X, .order = nullptr, .first = first, .rows = rows}, g);
    for (long r = 0; r < rows; ++r)
      for (int p = 0; p < count; ++p)
        std::copy_n(z.get() + p * g.out_stride + r * R, std::min(R, m - p * R), Z + r * m + p * R);
  }
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
template class CsrEvaluator<float>;
template class CsrEvaluator<double>;
template double gradient<float>(const NetworkSpec&, const CostSpec&, const TrainingSet<float>&, const float*, float*,
                                float* const*, int);
template double gradient<double>(const NetworkSpec&, const CostSpec&, const TrainingSet<double>&, const double*,
                                 double*, double* const*, int);

}  // namespace chainrule
