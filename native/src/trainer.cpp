#include "trainer.hpp"

#include <algorithm>
#include <cmath>
#include <system_error>

#include "flush_subnormals.hpp"
#include "lanes/lane_method.hpp"
#include "panels/panel_method.hpp"
#include "schedule.hpp"

namespace chainrule {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t records_ahead = std::size_t{1}
                                      << 18;  // room for so many epochs' records is kept: no allocation on the way

}  // namespace

template <class T> Trainer<T>::Trainer(const ProblemSpec<T>& problem, Progress progress, const T* theta,
                                       const std::array<const T*, 2>& moments)
    : problem_(problem),
      progress_(std::move(progress)),
      steps_per_epoch_(problem.steps_per_epoch()),
      validation_J_(nan),
      choice_(problem.first_threads, problem.threads),
      team_(problem.threads) {
  const auto& data = problem_.data;
  total_weight_ = sum_of_weights(data.weights, nullptr, 0, data.t);
  if (problem_.validation.t && problem_.cost.mean)
    validation_scale_ = 1 / sum_of_weights(problem_.validation.weights, nullptr, 0, problem_.validation.t);
  if (!problem_.full_batch() && problem_.shuffle) order_.resize(data.t);
  if (problem_.patience) best_theta_ = Buffer<T>(problem_.net.d());
  const bool narrow = LaneMethod<T>::suits(problem_.net);
  if (narrow)
    method_ = std::make_unique<LaneMethod<T>>(problem_);
  else
    method_ = std::make_unique<PanelMethod<T>>(problem_);
  method_name_ = narrow ? "lanes" : "panels";
  constants_.resize(problem_.net.r());
  dropout_.resize(problem_.net.r());
  method_->put(theta, moments);
  stopped_ = reason_to_stop();
}

template <class T> void Trainer<T>::set_best_theta(const T* theta) {
  if (best_theta_) std::copy_n(theta, problem_.net.d(), best_theta_.get());
}

template <class T> void Trainer<T>::advance(long epochs, double seconds, const std::function<bool()>& interrupted) {
  if (stopped_ != Stopped::no) return;
  for (auto& record : progress_.records)
    if (record.size() == record.capacity()) record.reserve(record.size() + records_ahead);
  last_epoch_ = epochs < problem_.epochs - progress_.epoch ? progress_.epoch + epochs : problem_.epochs;
  now_ = Clock::now();
  deadline_ =
      now_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(std::clamp(seconds, 0.0, 1e6)));
  team_.begin(interrupted);
  going_ = progress_.epoch < last_epoch_;
  if (going_) prepare();
  do {
    again_ = false;
    team_.resize(choice_.threads());
    method_->share_out(choice_.threads());
    choice_.start();
    run_threads(choice_.threads(), [&](int thread) {
      const FlushSubnormals flush;
      while (going_) {
        const bool ends_epoch = step_.measure;  // read before thread 0 can prepare the next step
        const Outcome outcome = method_->step(step_, team_, thread);
        if (outcome == Outcome::done && ends_epoch && problem_.validation.t) {
          const double J = method_->losses(problem_.validation, validation_scale_, team_, thread);
          if (thread == 0) validation_J_ = J;
        }
        if (thread == 0) after(outcome);
        team_.barrier.wait();
      }
      if (shown_ && !again_) method_->get(shown_, {nullptr, nullptr}, thread, team_.count);
    });
    going_ = again_;
  } while (again_);
  choice_.pause();
  if (unclocked_steps_) read_clock();
}

template <class T> void Trainer<T>::finish() {
  problem_.epochs = progress_.epoch;
  problem_.data = problem_.validation = {};
  shown_ = nullptr;
  order_ = {};
  method_->finish();
}

template <class T> void Trainer<T>::get(T* theta, const std::array<T*, 2>& moments) const {
  const int threads = problem_.net.d() < many_numbers ? 1 : problem_.threads;
  try {
    run_threads(threads, [&](int thread) { method_->get(theta, moments, thread, threads); });
  } catch (const std::system_error&) {  // there are no more threads: nothing may be lost for that
    method_->get(theta, moments, 0, 1);
  }
}

// Thread 0, between two steps.
template <class T> void Trainer<T>::after(Outcome outcome) {
  going_ = false;
  if (outcome == Outcome::aborted) {
    stream_ = before_key_;  // the step will be made again, with the same dropout
    return;
  }
  if (outcome == Outcome::diverged) {
    stopped_ = Stopped::diverged;
    return;
  }
  Progress& p = progress_;
  p.partial_J += problem_.cost.mean ? share_ * method_->measured.J : method_->measured.J;
  ++p.step;
  ++p.batch;
  ++unclocked_steps_;
  const bool ends_epoch = p.batch == steps_per_epoch_;
  if (ends_epoch) end_epoch();
  if (unclocked_steps_ >= stride_ || (ends_epoch && steps_per_epoch_ > 1)) {
    read_clock();
    team_.poll(0);
    if (now_ >= deadline_ || team_.stopping()) return;
  }
  if (stopped_ != Stopped::no || p.epoch >= last_epoch_ || p.records[0].size() == p.records[0].capacity()) return;
  prepare();
  again_ = choice_.changes();
  going_ = !again_;
}

// The time since the last look is shared out evenly over the steps since. Short steps go unlooked at for some 20 µs, since a look
// takes 25 ns, where a step of a tiny network takes 600.
template <class T> void Trainer<T>::read_clock() {
  const Clock::time_point before = now_;
  now_ = Clock::now();
  const double elapsed = std::chrono::duration<double>(now_ - before).count();
  const double per_step = elapsed / double(unclocked_steps_);
  if (steps_per_epoch_ == 1) {
    auto& seconds = progress_.records[Progress::seconds];
    for (std::size_t k = seconds.size() - unclocked_epochs_; k < seconds.size(); ++k) seconds[k] = per_step;
  } else if (unclocked_epochs_) {  // the clock is read at each epoch's end
    progress_.records[Progress::seconds].back() += elapsed;
  } else {
    progress_.partial_seconds += elapsed;
  }
  unclocked_epochs_ = 0;
  unclocked_steps_ = 0;
  stride_ = std::clamp<long>(static_cast<long>(20e-6 / std::max(per_step, 1e-9)), 1, 64);
}

template <class T> void Trainer<T>::begin_epoch() {
  stream_ = progress_.stream;
  if (!order_.empty()) shuffle(stream_, problem_.data.t, order_);
  if (problem_.net.has_dropout())
    for (long k = 0; k < progress_.batch; ++k) stream_.next();  // what the steps already made had drawn
  epoch_begun_ = true;
}

template <class T>
double Trainer<T>::sum_of_weights(const T* weights, const std::uint32_t* order, long first, long count) const {
  if (!weights) return double(count);
  double sum = 0;
  for (long k = 0; k < count; ++k) sum += weights[order ? order[k] : first + k];
  return sum;
}

// The next step, in the order in which the reference engine draws from the stream.
template <class T> void Trainer<T>::prepare() {
  if (!epoch_begun_) begin_epoch();
  const Progress& p = progress_;
  const auto& optimizer = problem_.optimizer;
  const long first = p.batch * problem_.batch_size, rows = std::min(problem_.batch_size, problem_.data.t - first);
  const std::uint32_t* const order = order_.empty() ? nullptr : order_.data() + first;
  const double weight = sum_of_weights(problem_.data.weights, order, first, rows);
  share_ = weight / total_weight_;
  const double mean_share = problem_.cost.mean == 1 ? 1.0 : weight > 0 ? 1.0 / weight : 0.0;
  const double penalty_share = problem_.cost.mean ? mean_share : share_;
  const auto now = [&](const ScheduleSpec& schedule) {
    return value_at(schedule, double(p.step - p.first_step) / double(steps_per_epoch_), double(problem_.epochs));
  };
  alpha_ = now(optimizer.schedule);

  step_.set = &problem_.data;
  step_.order = order;
  step_.first = first;
  step_.rows = rows;
  step_.scale = problem_.cost.mean && weight > 0 ? 1.0 / weight : 1.0;
  step_.l1 = penalty_share * problem_.cost.l1;
  step_.l2 = penalty_share * problem_.cost.l2;
  step_.clip_norm = optimizer.clip_norm;
  step_.measure = p.batch + 1 == steps_per_epoch_;
  before_key_ = stream_;
  step_.key = problem_.net.has_dropout() ? stream_.next() : 0;

  step_.constants = constants_.data();
  step_.dropout = dropout_.data();
  const bool decays = optimizer.optimizer == Optimizer::adamw;
  const Coefficients<double> wide =
      coefficients(optimizer.optimizer, alpha_, decays ? now(optimizer.weight_decay) : 0, p.step + 1, optimizer.hyper);
  for (std::size_t l = 0; l < constants_.size(); ++l) {
    const LayerSpec& layer = problem_.net.layers[l];
    StepConstants<T>& c = constants_[l];
    dropout_[l] = layer.drops() ? now(layer.dropout) : 0;
    c.optimizer = optimizer.optimizer;
    for (int k = 0; k < parts; ++k) c.of[k] = rounded<T>(wide, layer.rate[k], layer.decay[k]);
    c.l1 = static_cast<T>(step_.l1);
    c.l2 = static_cast<T>(step_.l2);
    c.scale = 1;
  }
}

template <class T> void Trainer<T>::end_epoch() {
  Progress& p = progress_;
  ++p.epoch;
  ++unclocked_epochs_;
  if (problem_.validation.t && validation_J_ < p.best_J) {
    p.best_J = validation_J_;
    p.best_epoch = p.epoch;
    if (best_theta_) method_->get(best_theta_.get(), {nullptr, nullptr}, 0, 1);
  }
  p.records[Progress::J].push_back(p.partial_J);
  p.records[Progress::validation_J].push_back(validation_J_);
  p.records[Progress::learning_rate].push_back(alpha_);
  p.records[Progress::seconds].push_back(p.partial_seconds);
  p.records[Progress::gradient_norm].push_back(method_->measured.gradient_norm);
  p.batch = 0;
  p.partial_J = p.partial_seconds = 0;
  p.stream = epoch_begun_ ? stream_ : p.stream;
  epoch_begun_ = false;
  stopped_ = reason_to_stop();
}

// training/stopping.py
template <class T> Stopped Trainer<T>::reason_to_stop() const {
  const Progress& p = progress_;
  if (problem_.tol >= 0 && p.epoch > problem_.tol_epochs) {
    const auto& J = p.records[Progress::J];
    double low = J.back(), high = J.back(), size = 0;
    for (auto j = J.end() - problem_.tol_epochs - 1; j != J.end(); ++j) {
      low = std::min(low, *j), high = std::max(high, *j), size = std::max(size, std::abs(*j));
    }
    if (high - low <= problem_.tol * size) return Stopped::tol;
  }
  if (problem_.patience && p.epoch - p.best_epoch >= problem_.patience) return Stopped::patience;
  return p.epoch >= problem_.epochs ? Stopped::epochs : Stopped::no;
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace chainrule
