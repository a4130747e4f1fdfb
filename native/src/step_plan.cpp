#include "step_plan.hpp"

#include <algorithm>

#include "schedule.hpp"

namespace chainrule {
namespace {

constexpr long bytes_in_L2 = 1 << 18;

}  // namespace

template <class T> StepPlan<T>::StepPlan(const ProblemSpec<T>& problem)
    : problem_(problem),
      steps_per_epoch_(problem.steps_per_epoch()),
      total_weight_(problem.is_in_windows ? problem.total_weight : sum_of_example_weights(problem.data)),
      is_large_(problem.data.t * (problem.net.m.front() + problem.net.m.back()) * long(sizeof(T)) > bytes_in_L2),
      constants_(problem.net.r()),
      dropout_(problem.net.r()) {
  if (!problem.is_full_batch() && problem.shuffle && !problem.is_in_windows) order_.resize(problem.data.t);
}

template <class T> void StepPlan<T>::prepare(const Progress& progress) {
  if (!has_begun_epoch_) begin_epoch(progress);
  choose_examples(progress.batch);
  step_.J_before = progress.partial_J;
  before_key_ = stream_;
  step_.key = problem_.net.has_dropout() ? stream_.next() : 0;
  set_coefficients(progress);
}

template <class T> void StepPlan<T>::begin_epoch(const Progress& progress) {
  stream_ = problem_.is_in_windows ? window_.keys : progress.stream;
  if (!order_.empty()) {
    shuffle(stream_, problem_.data.t, order_.data());
    if (const std::uint32_t* const places = problem_.data.places)
      for (std::uint32_t& example : order_) example = places[example];
  }
  if (problem_.net.has_dropout())
    for (long k = 0; k < progress.batch; ++k) stream_.next();  // the keys of the epoch's earlier steps
  has_begun_epoch_ = true;
}

template <class T> Pcg64 StepPlan<T>::end_epoch() {
  has_begun_epoch_ = false;
  window_ = {};
  return stream_;
}

template <class T> void StepPlan<T>::choose_examples(long batch) {
  const long rows = std::min(problem_.batch_size, problem_.data.t - batch * problem_.batch_size);
  const long first = (batch - window_.first_batch) * problem_.batch_size;  // of the rows that are there
  const TrainingSet<T>& set = problem_.is_in_windows ? window_.set : problem_.data;
  const std::uint32_t* const all = problem_.is_in_windows ? window_.order
                                   : order_.empty()       ? problem_.data.places
                                                          : order_.data();
  const std::uint32_t* const order = all ? all + first : nullptr;
  const double weight = sum_of_example_weights(set.weights, order, first, rows);
  const double fraction_of_weight = weight / total_weight_;
  const double of_mean = problem_.cost.mean == Mean::losses ? 1.0 : weight > 0 ? 1.0 / weight : 0.0;
  const double penalty_factor = problem_.cost.has_mean() ? of_mean : fraction_of_weight;
  step_.J_share = problem_.cost.has_mean() ? fraction_of_weight : 1;
  step_.set = &set;
  step_.order = order;
  step_.first = first;
  step_.rows = rows;
  step_.known = is_large_ ? set.t - first : 0;
  step_.scale = problem_.cost.has_mean() && weight > 0 ? 1.0 / weight : 1.0;
  step_.l1 = penalty_factor * problem_.cost.l1;
  step_.l2 = penalty_factor * problem_.cost.l2;
  step_.clip_norm = problem_.optimizer.clip_norm;
  step_.measures_gradient_norm = batch + 1 == steps_per_epoch_;
}

template <class T> void StepPlan<T>::set_coefficients(const Progress& progress) {
  const auto& optimizer = problem_.optimizer;
  const double epoch = double(progress.step - progress.first_step) / double(steps_per_epoch_);
  const auto now = [&](const ScheduleSpec& schedule) { return value_at(schedule, epoch, double(problem_.epochs)); };
  learning_rate_ = now(optimizer.schedule);
  const double weight_decay = optimizer.optimizer == Optimizer::adamw ? now(optimizer.weight_decay) : 0;
  const Coefficients<double> wide =
      coefficients(optimizer.optimizer, learning_rate_, weight_decay, progress.step + 1, optimizer.hyper);
  for (std::size_t l = 0; l < constants_.size(); ++l) {
    const LayerSpec& layer = problem_.net.layers[l];
    StepConstants<T>& c = constants_[l];
    dropout_[l] = layer.has_dropout() ? now(layer.dropout) : 0;
    c.optimizer = optimizer.optimizer;
    for (int k = 0; k < parts; ++k) c.coefficients[k] = rounded<T>(wide, layer.rate[k], layer.decay[k]);
    c.l1 = static_cast<T>(step_.l1);
    c.l2 = static_cast<T>(step_.l2);
    c.gradient_scale = 1;
  }
  step_.constants = constants_.data();
  step_.dropout = dropout_.data();
}

template class StepPlan<float>;
template class StepPlan<double>;

}  // namespace chainrule
