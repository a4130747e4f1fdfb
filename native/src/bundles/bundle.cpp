#include "bundles/bundle.hpp"

#include <algorithm>
#include <cmath>

#include "flush_subnormals.hpp"
#include "gradient_norm.hpp"
#include "lanes/lane_method.hpp"

namespace chainrule {

template <class T> int Bundle<T>::most_networks() { return kernel_set().kernels<T>().lanes; }

template <class T> bool Bundle<T>::suits(const NetworkSpec& net) {
  return LaneMethod<T>::suits(net) && !net.has_dropout();
}

template <class T> bool Bundle<T>::fit(const std::vector<Trainer<T>*>& trainers) {
  const auto is_same = [](const LayerSpec& a, const LayerSpec& b) {
    return a.sigma == b.sigma && a.parameter == b.parameter;
  };
  if (trainers.empty() || long(trainers.size()) > most_networks()) return false;
  const ProblemSpec<T>& first = trainers[0]->problem();
  return std::all_of(trainers.begin(), trainers.end(), [&](const Trainer<T>* trainer) {
    const ProblemSpec<T>& each = trainer->problem();
    return suits(each.net) && !each.data.sparse_X && each.batch_size <= most_rows && each.net.m == first.net.m &&
           std::equal(each.net.layers.begin(), each.net.layers.end(), first.net.layers.begin(), is_same) &&
           each.cost.cost == first.cost.cost && each.cost.parameters == first.cost.parameters &&
           each.optimizer.optimizer == first.optimizer.optimizer;
  });
}

template <class T> Bundle<T>::Bundle(std::vector<Trainer<T>*> trainers)
    : kernels_(kernel_set().kernels<T>()),
      lanes_(kernels_.lanes),
      trainers_(std::move(trainers)),
      first_(trainers_[0]->problem()),
      n_(first_.net.m.front()),
      m_(first_.net.m.back()),
      d_(first_.net.d()),
      cost_parameters_(first_.cost.template parameters_of<T>(m_)),
      moment_count_(moment_count(first_.optimizer.optimizer)),
      theta_(d_ * lanes_),
      theta_before_(d_ * lanes_),
      gradient_(d_ * lanes_),
      mask_(d_),
      losses_(kernels_.bundle.loss_sums * lanes_),
      columns_(3 * d_),
      outcomes_(trainers_.size()),
      measured_(trainers_.size()) {
  long most = 0;
  for (const Trainer<T>* trainer : trainers_) most = std::max(most, trainer->problem().batch_size);
  const long row = most * lanes_;  // numbers of a feature
  const auto memory = [&](long count) { return memory_.emplace_back(count).get(); };
  long offset = 0;
  for (int i = 1; i <= first_.net.r(); ++i) {
    const LayerSpec& spec = first_.net.layers[i - 1];
    const long n = first_.net.m[i - 1], m = first_.net.m[i];
    const bool needs_saved = !is_entrywise(spec.sigma) || derivative_needs_z(spec.sigma, spec.parameter);
    const T* const W = theta_.get() + offset * lanes_;
    layers_.push_back({.n = static_cast<int>(n),
                       .m = static_cast<int>(m),
                       .sigma = spec.sigma,
                       .parameter = static_cast<T>(spec.parameter),
                       .W = W,
                       .b = W + m * n * lanes_,
                       .theta_offset = offset,
                       .a = memory(m * row),
                       .saved = needs_saved ? memory(m * row) : nullptr,
                       .mask = nullptr,
                       .delta = memory(m * row)});
    std::fill_n(mask_.get() + offset, first_.net.entries(i), T(1));
    offset += first_.net.size(i);
  }
  for (int k = 0; k < moment_count_; ++k) {
    moments_.now[k] = Buffer<T>(d_ * lanes_);
    moments_.before[k] = Buffer<T>(d_ * lanes_);
  }
  x_ = Buffer<T>(n_ * row), y_ = Buffer<T>(m_ * row), example_weights_ = Buffer<T>(row);
  scratch_ = Buffer<T>(4 * *std::max_element(first_.net.m.begin(), first_.net.m.end()) * lanes_);
}

template <class T> void Bundle<T>::advance(long epochs, double seconds, const std::function<bool()>& interrupted) {
  const FlushSubnormals flush;
  bool is_going = true;
  for (Trainer<T>* trainer : trainers_) {
    trainer->begin_alone(epochs, seconds, interrupted);
    is_going &= trainer->has_next_step();
  }
  take_numbers();
  while (is_going) {
    gather();
    sum_gradient();
    update();
    for (std::size_t k = 0; k < trainers_.size(); ++k) {
      Trainer<T>& trainer = *trainers_[k];
      if (outcomes_[k] == Outcome::done && trainer.measures_validation()) trainer.method().put(column(theta_, k), {});
      trainer.end_step(outcomes_[k], measured_[k]);
      is_going &= trainer.has_next_step();
    }
  }
  for (std::size_t k = 0; k < trainers_.size(); ++k) {
    return_numbers(static_cast<int>(k), outcomes_[k] == Outcome::diverged);
    trainers_[k]->end();
  }
}

// Copies the numbers of lane k, [d][lanes], to one of three arrays (d,).
template <class T> const T* Bundle<T>::column(const Buffer<T>& numbers, int k, int array) {
  T* const to = columns_.get() + array * d_;
  for (long i = 0; i < d_; ++i) to[i] = numbers[i * lanes_ + k];
  return to;
}

// Takes θ and the moments of all networks.
template <class T> void Bundle<T>::take_numbers() {
  T* const from[3] = {columns_.get(), columns_.get() + d_, columns_.get() + 2 * d_};
  for (std::size_t k = 0; k < trainers_.size(); ++k) {
    trainers_[k]->method().get(from[0], {from[1], from[2]}, /*thread=*/0, /*threads=*/1);
    for (long i = 0; i < d_; ++i) {
      theta_[i * lanes_ + k] = from[0][i];
      for (int j = 0; j < moment_count_; ++j) moments_.now[j][i * lanes_ + k] = from[1 + j][i];
    }
  }
}

// Returns θ and the moments of network k to its method.
template <class T> void Bundle<T>::return_numbers(int k, bool are_before_step) {
  std::array<const T*, 2> moments{};
  for (int j = 0; j < moment_count_; ++j)
    moments[j] = column((are_before_step ? moments_.before : moments_.now)[j], k, 1 + j);
  trainers_[k]->method().put(column(are_before_step ? theta_before_ : theta_, k), moments);
}

// Gathers the rows of all minibatches. After its last row, a network has its first one with weight 0, as in
// LaneMethod::gather.
template <class T> void Bundle<T>::gather() {
  rows_ = 0;
  for (const Trainer<T>* trainer : trainers_) rows_ = std::max(rows_, trainer->next_step().rows);
  for (std::size_t k = 0; k < trainers_.size(); ++k) {
    const Step<T>& step = trainers_[k]->next_step();
    for (long row = 0; row < rows_; ++row) {
      const bool is_inside = row < step.rows;
      const long at = is_inside ? row : 0, example = step.order ? long(step.order[at]) : step.first + at;
      const T *const x = step.set->X + example * n_, *const y = step.set->Y + example * m_;
      const long place = row * lanes_ + k;
      for (long i = 0; i < n_; ++i) x_[i * rows_ * lanes_ + place] = x[i];
      for (long i = 0; i < m_; ++i) y_[i * rows_ * lanes_ + place] = y[i];
      const double weight = step.set->weights ? double(step.set->weights[example]) : 1.0;
      example_weights_[place] = is_inside ? static_cast<T>(step.scale * weight) : T(0);
    }
  }
}

// Computes the losses and the gradients.
template <class T> void Bundle<T>::sum_gradient() {
  LaneGroup<T> g{};
  g.r = static_cast<int>(layers_.size());
  g.layers = layers_.data();
  g.vectors = static_cast<int>(rows_);
  g.x = x_.get();
  g.y = y_.get();
  g.example_weights = example_weights_.get();
  g.cost = first_.cost.cost;
  g.cost_parameters = cost_parameters_.data();
  g.is_training = true;
  g.is_first = true;
  g.sums = gradient_.get();
  g.loss = losses_.get();
  g.scratch = scratch_.get();
  kernels_.bundle.group(g);
}

// Makes the optimizer's step of each network as LaneParameters::update does, and sets outcomes_ and measured_.
template <class T> void Bundle<T>::update() {
  const std::size_t count = trainers_.size();
  const auto copy = [&](const Buffer<T>& from, Buffer<T>& to) { std::copy_n(from.get(), d_ * lanes_, to.get()); };
  alignas(64) double sizes[max_lanes] = {}, squares[max_lanes] = {};
  alignas(64) T largest[max_lanes];
  bool has_penalties = false, changes_weights = false, needs_norm = false;
  for (std::size_t k = 0; k < count; ++k) {
    const Step<T>& step = trainers_[k]->next_step();
    const StepConstants<T>& c = step.constants[0];  // all layers have the same
    const bool is_penalised = step.l1 != 0 || step.l2 != 0, decays = c.optimizer == Optimizer::adamw;
    has_penalties |= is_penalised;
    changes_weights |= is_penalised || decays;
    needs_norm |= step.measures_gradient_norm || step.clips();
    penalties_.is_due.of[k] = is_penalised || decays;
    penalties_.l1.of[k] = c.l1, penalties_.l2.of[k] = c.l2;
    penalties_.decay.of[k] = decays ? c.coefficients[int(Part::W)].decay : T(0);
    constants_.optimizer = c.optimizer;
    const Coefficients<T>& from = c.coefficients[int(Part::b)];
    Coefficients<PerLane<T>>& to = constants_.coefficients;
    to.alpha.of[k] = from.alpha, to.beta1.of[k] = from.beta1, to.rest1.of[k] = from.rest1;
    to.beta2.of[k] = from.beta2, to.rest2.of[k] = from.rest2, to.epsilon.of[k] = from.epsilon;
    to.root.of[k] = from.root, to.decay.of[k] = from.decay, to.shrink.of[k] = from.shrink;
    to.grow.of[k] = from.grow, to.smallest.of[k] = from.smallest, to.largest.of[k] = from.largest;
    constants_.gradient_scale.of[k] = 1;
  }
  copy(theta_, theta_before_);
  if (has_penalties) kernels_.bundle.add_weight_norms(theta_.get(), mask_.get(), d_, sizes, squares);
  if (changes_weights) kernels_.bundle.add_penalties(gradient_.get(), theta_.get(), mask_.get(), d_, penalties_);
  kernels_.bundle.largest(gradient_.get(), d_, largest);
  alignas(64) double squared_norms[max_lanes] = {};
  if (needs_norm) kernels_.bundle.sum_of_squares(gradient_.get(), d_, squared_norms);
  for (std::size_t k = 0; k < count; ++k) {
    const Step<T>& step = trainers_[k]->next_step();
    double J = 0;
    for (long sum = 0; sum < kernels_.bundle.loss_sums; ++sum) J += losses_[sum * lanes_ + k];
    if (step.l1 != 0 || step.l2 != 0) J += penalty_of(step.l1, sizes[k], step.l2, squares[k]);
    double norm = 0;
    if (step.measures_gradient_norm || step.clips())
      norm = is_exact_sum_of_squares<T>(squared_norms[k]) ? std::sqrt(squared_norms[k])
                                                          : scaled_norm(column(gradient_, static_cast<int>(k)), d_);
    const bool is_finite = step.keeps_J_finite(J) && largest[k] <= std::numeric_limits<T>::max();
    outcomes_[k] = is_finite && step.can_clip(norm) ? Outcome::done : Outcome::diverged;
    if (norm > step.clip_norm) constants_.gradient_scale.of[k] = static_cast<T>(step.clip_norm / norm);
    measured_[k] = {.J = J, .gradient_norm = norm};
  }
  for (int j = 0; j < moment_count_; ++j) copy(moments_.now[j], moments_.before[j]);
  kernels_.bundle.update(gradient_.get(), d_,
                         {.theta = theta_.get(), .moment = {moments_.now[0].get(), moments_.now[1].get()}}, constants_,
                         largest);
  for (std::size_t k = 0; k < count; ++k)
    if (!(largest[k] <= std::numeric_limits<T>::max())) outcomes_[k] = Outcome::diverged;
}

template class Bundle<float>;
template class Bundle<double>;

}  // namespace chainrule
