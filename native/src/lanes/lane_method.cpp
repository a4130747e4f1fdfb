#include "lanes/lane_method.hpp"

#include <algorithm>
#include <cmath>

namespace chainrule {
namespace {

constexpr int max_chunks = 16;  // more threads than that have nothing to do
constexpr long max_width = 32, max_d = 1200;
constexpr long most_bytes = 16 << 20;  // of a full batch that is kept across the lanes: larger sets are not copied

// part k of `parts` nearly equal ones
long cut(long total, long k, long parts) { return total * k / parts; }

}  // namespace

template <class T> bool LaneMethod<T>::suits(const NetworkSpec& net) {
  for (const LayerSpec& layer : net.layers)
    if (layer.has_factors() || layer.is_parametric || !layer.is_dense()) return false;
  return *std::max_element(net.m.begin(), net.m.end()) <= max_width && net.d() <= max_d;
}

template <class T> LaneMethod<T>::LaneMethod(const ProblemSpec<T>& problem)
    : kernels_(kernel_set().kernels<T>()),
      lanes_(kernels_.lanes),
      d_(problem.net.d()),
      n_(problem.net.m.front()),
      m_(problem.net.m.back()),
      cost_(problem.cost),
      keeps_batch_(problem.is_full_batch() && problem.data.t * (n_ + m_ + 1) * long(sizeof(T)) <= most_bytes),
      kept_(moment_count(problem.optimizer.optimizer)),
      padded_((d_ + lanes_ - 1) / lanes_ * lanes_),
      theta_(padded_),
      mask_(padded_),
      gradient_(padded_),
      theta_before_(padded_) {
  const NetworkSpec& net = problem.net;
  for (int k = 0; k < kept_; ++k) moment_[k] = Buffer<T>(padded_), moment_before_[k] = Buffer<T>(padded_);
  const long widest = *std::max_element(net.m.begin(), net.m.end());
  const long row = long(max_group_vectors) * lanes_;  // numbers per feature of a block
  for (int t = 0; t < problem.threads; ++t) {
    Workspace& space = workspaces_.emplace_back();
    const auto memory = [&](long count) { return space.memory.emplace_back(count).get(); };
    long theta = 0;
    for (int i = 1; i <= net.r(); ++i) {
      const LayerSpec& spec = net.layers[i - 1];
      LaneLayer<T> layer{};
      layer.n = static_cast<int>(net.m[i - 1]), layer.m = static_cast<int>(net.m[i]);
      layer.sigma = spec.sigma, layer.parameter = static_cast<T>(spec.parameter);
      layer.theta_offset = theta;
      layer.W = theta_.get() + theta, layer.b = layer.W + layer.m * layer.n;
      layer.a = memory(layer.m * row), layer.delta = memory(layer.m * row);
      if (spec.has_dropout()) layer.mask = memory(layer.m * row);
      if (spec.has_dropout() || !is_entrywise(spec.sigma) || derivative_needs_z(spec.sigma, spec.parameter))
        layer.saved = memory(layer.m * row);
      std::fill_n(mask_.get() + theta, layer.m * layer.n, T(1));
      theta += layer.m * (layer.n + 1L);
      space.layers.push_back(layer);
    }
    space.x = Buffer<T>(n_ * row), space.y = Buffer<T>(m_ * row), space.weights = Buffer<T>(row);
    space.scratch = Buffer<T>(4 * widest * lanes_);
  }
  const long vectors = (problem.batch_size + lanes_ - 1) / lanes_;
  if (keeps_batch_) {
    x_ = Buffer<T>(n_ * vectors * lanes_), y_ = Buffer<T>(m_ * vectors * lanes_),
    weights_ = Buffer<T>(vectors * lanes_);
  }
  sums_ = Buffer<T>(max_chunks * d_ * lanes_);
  chunk_losses_ = Buffer<T>(max_chunks * lanes_);
  validation_losses_.resize((problem.validation.t + lanes_ * kernels_.group_vectors - 1) /
                            (lanes_ * kernels_.group_vectors));
}

template <class T> void LaneMethod<T>::finish() {
  x_ = {}, y_ = {}, weights_ = {}, sums_ = {};
  workspaces_.clear();
}

template <class T> void LaneMethod<T>::put(const T* theta, const std::array<const T*, 2>& moments) {
  std::copy_n(theta, d_, theta_.get());
  for (int k = 0; k < kept_; ++k)
    if (moments[k]) std::copy_n(moments[k], d_, moment_[k].get());
}

template <class T> void LaneMethod<T>::get(T* theta, const std::array<T*, 2>& moments, int thread, int) const {
  if (thread != 0) return;  // a few hundred numbers
  if (theta) std::copy_n(theta_.get(), d_, theta);
  for (int k = 0; k < kept_; ++k)
    if (moments[k]) std::copy_n(moment_[k].get(), d_, moments[k]);
}

// Rows row, row + 1, … of a (mini)batch of `rows` into one block; lanes past its end repeat its first example with weight 0.
template <class T> void LaneMethod<T>::gather(const TrainingSet<T>& set, const std::uint32_t* order, long first,
                                              long rows, double scale, long row, int vectors, T* x, T* y,
                                              T* weights) const {
  const long count = long(vectors) * lanes_;
  const bool in_a_row = !order && row + count <= rows;
  if (in_a_row) {
    kernels_.transpose(set.X + (first + row) * n_, count, n_, x);
    kernels_.transpose(set.Y + (first + row) * m_, count, m_, y);
  }
  for (long i = 0; i < count; ++i) {
    const bool inside = row + i < rows;
    const long at = inside ? row + i : 0, example = order ? order[at] : first + at;
    const T *const s = set.X + example * n_, *const u = set.Y + example * m_;
    for (long k = 0; !in_a_row && k < n_; ++k) x[k * count + i] = s[k];
    for (long k = 0; !in_a_row && k < m_; ++k) y[k * count + i] = u[k];
    weights[i] = inside ? static_cast<T>(scale * (set.weights ? double(set.weights[example]) : 1.0)) : T(0);
  }
}

template <class T> LaneGroup<T> LaneMethod<T>::block(Workspace& space, int vectors) const {
  LaneGroup<T> b{};
  b.r = static_cast<int>(space.layers.size());
  b.layers = space.layers.data();
  b.vectors = vectors;
  b.cost = cost_.cost, b.cost_parameter = static_cast<T>(cost_.parameter);
  b.x = space.x.get(), b.y = space.y.get(), b.example_weights = space.weights.get();
  b.scratch = space.scratch.get();
  return b;
}

template <class T> Outcome LaneMethod<T>::step(const Step<T>& step, Team& team, int thread) {
  const long vectors = (step.rows + lanes_ - 1) / lanes_;
  const long blocks = (vectors + kernels_.group_vectors - 1) / kernels_.group_vectors;
  const int chunks = static_cast<int>(std::min<long>(blocks, max_chunks));
  Workspace& space = workspaces_[thread];
  team.for_each_piece(thread, chunks, [&](long c) {
    const long b0 = cut(blocks, c, chunks), b1 = cut(blocks, c + 1, chunks);
    for (long b = b0; b < b1; ++b) {
      const long v0 = cut(vectors, b, blocks);
      LaneGroup<T> g = block(space, static_cast<int>(cut(vectors, b + 1, blocks) - v0));
      T *x = space.x.get(), *y = space.y.get(), *weights = space.weights.get();
      const long row = v0 * lanes_;
      if (keeps_batch_)
        g.x = x = x_.get() + row * n_, g.y = y = y_.get() + row * m_,
        g.example_weights = weights = weights_.get() + row;
      if (!keeps_batch_ || !gathered_)
        gather(*step.set, step.order, step.first, step.rows, step.scale, row, g.vectors, x, y, weights);
      g.is_training = true;
      g.is_first = b == b0;
      g.sums = sums_.get() + c * d_ * lanes_;
      g.loss = chunk_losses_.get() + c * lanes_;
      g.dropout = step.dropout, g.dropout_key = step.key, g.first_row = row, g.step_rows = step.rows;
      kernels_.lane_group(g);
    }
    if (b1 - b0 > 64) team.poll(thread);
  });
  team.barrier.wait();
  if (team.is_stopping()) return Outcome::aborted;
  const long groups = padded_ / lanes_;
  kernels_.lane_reduce(sums_.get(), d_ * lanes_, chunks, cut(groups, thread, team.count) * lanes_,
                       std::min(d_, cut(groups, thread + 1, team.count) * lanes_), gradient_.get());
  team.barrier.wait();
  if (thread == 0) {
    gathered_ = true;
    double J = 0;
    for (int k = 0; k < chunks * lanes_; ++k) J += chunk_losses_[k];
    this->measured.J = J;
    decision_ = move(step);
  }
  team.barrier.wait();
  return decision_;
}

// θ := one step along the gradient; or nothing, if J, ∇J(θ) or the next θ is not finite.
template <class T> Outcome LaneMethod<T>::move(const Step<T>& step) {
  const StepConstants<T>& c = step.constants[0];  // all layers have the same
  const T most = std::numeric_limits<T>::max();
  double J = this->measured.J;
  std::copy_n(theta_.get(), padded_, theta_before_.get());
  if (step.l1 != 0 || step.l2 != 0) {
    double l1 = 0, l2 = 0;
    for (long k = 0; k < d_; ++k) {
      const double w = double(mask_[k]) * theta_[k];
      l1 += std::abs(w), l2 += w * w;
    }
    J += step.l1 * l1 + 0.5 * step.l2 * l2;
  }
  const bool decays = c.optimizer == Optimizer::adamw;
  if (step.l1 != 0 || step.l2 != 0 || decays)
    kernels_.lane_penalties(gradient_.get(), theta_.get(), mask_.get(), padded_, c.l1, c.l2,
                            decays ? c.coefficients[int(Part::W)].decay : T(0));
  if (!std::isfinite(J) || !(kernels_.largest(gradient_.get(), padded_) <= most)) {
    std::copy_n(theta_before_.get(), padded_, theta_.get());
    return Outcome::diverged;
  }
  for (int k = 0; k < kept_; ++k) std::copy_n(moment_[k].get(), padded_, moment_before_[k].get());
  const bool clips = step.clip_norm < std::numeric_limits<double>::infinity();
  double norm = 0;
  if (step.measures_gradient_norm || clips) norm = std::sqrt(kernels_.sum_of_squares(gradient_.get(), padded_));
  StepConstants<T> constants = c;
  if (norm > step.clip_norm) constants.gradient_scale = static_cast<T>(step.clip_norm / norm);
  kernels_.apply(gradient_.get(), padded_, {theta_.get(), {moment_[0].get(), moment_[1].get()}},
                 {.constants = &constants, .should_update = true},
                 Part::b);  // without decay: the weights' has been done
  if (!(kernels_.largest(theta_.get(), padded_) <= most)) {
    std::copy_n(theta_before_.get(), padded_, theta_.get());
    for (int k = 0; k < kept_; ++k) std::copy_n(moment_before_[k].get(), padded_, moment_[k].get());
    return Outcome::diverged;
  }
  this->measured = {J, norm};
  return Outcome::done;
}

template <class T> double LaneMethod<T>::losses(const TrainingSet<T>& set, double scale, Team& team, int thread) {
  const long rows_of_block = long(lanes_) * kernels_.group_vectors,
             blocks = (set.t + rows_of_block - 1) / rows_of_block;
  Workspace& space = workspaces_[thread];
  team.for_each_piece(thread, blocks, [&](long b) {
    const long row = b * rows_of_block, vectors = (std::min(rows_of_block, set.t - row) + lanes_ - 1) / lanes_;
    LaneGroup<T> g = block(space, static_cast<int>(vectors));
    gather(set, nullptr, 0, set.t, scale, row, g.vectors, space.x.get(), space.y.get(), space.weights.get());
    alignas(64) T loss[max_lanes];
    g.loss = loss;
    g.is_first = true;
    kernels_.lane_group(g);
    validation_losses_[b] = 0;
    for (int k = 0; k < lanes_; ++k) validation_losses_[b] += loss[k];
  });
  team.barrier.wait();
  const double total = ordered_sum(validation_losses_.data(), blocks);
  team.barrier.wait();
  return total;
}

template class LaneMethod<float>;
template class LaneMethod<double>;

}  // namespace chainrule
