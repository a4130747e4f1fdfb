#include "trainer.hpp"

#include <algorithm>
#include <cmath>

#include "flush_subnormals.hpp"
#include "lanes/lane_method.hpp"
#include "panels/panel_method.hpp"

namespace chainrule {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t records_ahead = std::size_t{1} << 18;  // epochs with reserved records: steps allocate no memory

template <class T> std::unique_ptr<Method<T>> choose_method(const ProblemSpec<T>& problem) {
  if (LaneMethod<T>::suits(problem.net) && !problem.data.sparse_X) return std::make_unique<LaneMethod<T>>(problem);
  return std::make_unique<PanelMethod<T>>(problem);
}

}  // namespace

template <class T> Trainer<T>::Trainer(const ProblemSpec<T>& problem, Progress progress, const T* theta,
                                       const std::array<const T*, 2>& moments)
    : problem_(problem),
      progress_(std::move(progress)),
      plan_(problem_),
      validation_{.J = nan},
      choice_(problem.first_threads, problem.threads),
      team_(problem.threads),
      clock_(plan_.steps_per_epoch()) {
  if (problem_.validation.t && problem_.cost.has_mean())
    validation_.scale = 1 / sum_of_example_weights(problem_.validation);
  if (problem_.blocks) {
    auto method = std::make_unique<PanelMethod<T>>(problem_);
    method_in_parts_ = method.get();
    method_ = std::move(method);
  } else {
    method_ = choose_method(problem_);
  }
  if (problem_.patience) best_theta_ = Buffer<T>(problem_.net.d());
  method_->put(theta, moments);
  stopped_ = reason_to_stop();
}

template <class T> void Trainer<T>::set_best_theta(const T* theta) {
  if (best_theta_) std::copy_n(theta, problem_.net.d(), best_theta_.get());
}

template <class T> void Trainer<T>::advance(long epochs, double seconds, const std::function<bool()>& interrupted) {
  if (stopped_ != Stopped::no) return;
  begin(epochs, seconds, interrupted);
  obey_thread_limit();
  do {
    restart_with_other_thread_count_ = false;
    choice_.start();
    team_.run(
        choice_.threads(), [this](int count) { method_->set_thread_count(count); },
        [this](int thread) { run_steps(thread); });
    run_another_step_ = restart_with_other_thread_count_;
  } while (restart_with_other_thread_count_);
  choice_.pause();
  if (clock_.has_unread_steps()) clock_.read(progress_);
}

// Begins a slice, and prepares its first step if there is one.
template <class T> void Trainer<T>::begin(long epochs, double seconds, const std::function<bool()>& interrupted) {
  const long left = problem_.epochs - progress_.epoch;
  last_epoch_ = progress_.epoch + std::min(epochs, left);
  const std::size_t most = std::min(static_cast<std::size_t>(last_epoch_ - progress_.epoch), records_ahead / 2);
  for (auto& record : progress_.records)
    if (record.capacity() - record.size() < most)
      record.reserve(record.size() + std::min(static_cast<std::size_t>(left), records_ahead));
  clock_.start(seconds);
  team_.begin(interrupted);
  run_another_step_ = stopped_ == Stopped::no && progress_.epoch < last_epoch_ && plan_.has_examples(progress_);
  if (run_another_step_) plan_.prepare(progress_);
}

template <class T> void Trainer<T>::begin_alone(long epochs, double seconds, const std::function<bool()>& interrupted) {
  team_.run(1, [](int) {}, [](int) {});
  method_->set_thread_count(1);
  begin(epochs, seconds, interrupted);
}

template <class T> void Trainer<T>::end_step(Outcome outcome, const Measured& measured) {
  method_->measured = measured;
  if (outcome == Outcome::done && measures_validation()) validate(0);
  after_step(outcome);
}

template <class T> void Trainer<T>::end() {
  if (clock_.has_unread_steps()) clock_.read(progress_);
  if (run_another_step_) plan_.undo();
  run_another_step_ = false;
  if (shown_theta_) method_->get(shown_theta_, {}, /*thread=*/0, /*threads=*/1);
}

template <class T> void Trainer<T>::begin_shared(long epochs) {
  obey_thread_limit();
  begin(epochs, std::numeric_limits<double>::infinity(), nullptr);
}

template <class T> template <class F> void Trainer<T>::on_all_threads(F work) {
  team_.run(
      choice_.threads(), [this](int count) { method_->set_thread_count(count); },
      [&](int thread) {
        const FlushSubnormals flush;
        work(thread);
      });
}

template <class T> long Trainer<T>::sum_size() const { return method_in_parts_->sum_size(); }

template <class T> double Trainer<T>::sum_blocks(int first, int count, T* sum) {
  PanelMethod<T>& method = *method_in_parts_;
  if (method.can_sum(plan_.step(), {first, count})) {
    on_all_threads([&](int thread) { method.sum_rows(plan_.step(), {first, count}, sum, team_, thread); });
    return method.measured.J;
  }
  const int half = count / 2;
  const Buffer<T> right(sum_size());
  double J = sum_blocks(first, half, sum);
  J += sum_blocks(first + half, half, right.get());
  add_sum(sum, right.get());
  return J;
}

// Subnormal numbers become zero, as they do where a thread adds sums of blocks.
template <class T> void Trainer<T>::add_sum(T* sum, const T* other) const {
  const FlushSubnormals flush;
  kernel_set().kernels<T>().shared.add(sum, other, sum_size());
}

template <class T> void Trainer<T>::take_sum(T* sum, double J) {
  Outcome outcome = Outcome::done;  // of thread 0
  on_all_threads([&](int thread) {
    const Outcome own = method_in_parts_->take_sum(plan_.step(), sum, J, team_, thread);
    if (own == Outcome::done && measures_validation()) validate(thread);
    if (thread == 0) outcome = own;
  });
  after_step(outcome);
}

// Runs on every thread of the team.
template <class T> void Trainer<T>::run_steps(int thread) {
  const FlushSubnormals flush;
  while (run_another_step_) {
    const bool ends_epoch = plan_.step().measures_gradient_norm;  // read before thread 0 can prepare the next step
    const Outcome outcome = method_->step(plan_.step(), team_, thread);
    if (outcome == Outcome::done && ends_epoch && problem_.validation.t) validate(thread);
    if (thread == 0) {
      after_step(outcome);
      restart_with_other_thread_count_ = run_another_step_ && (obey_thread_limit() || choice_.changes());
      run_another_step_ &= !restart_with_other_thread_count_;
    }
    team_.barrier.wait();
  }
  if (restart_with_other_thread_count_) return;
  method_->settle(thread, team_.count);
  team_.barrier.wait();
  if (shown_theta_) method_->get(shown_theta_, {}, thread, team_.count);
}

// Measures J of the validation set, on every thread. It is not broken off: the epoch's record needs it.
template <class T> void Trainer<T>::validate(int thread) {
  if (thread == 0) team_.defer_stop();
  team_.barrier.wait();
  const double J = method_->losses(problem_.validation, validation_.scale, team_, thread);
  if (thread != 0) return;
  validation_.J = J;
  team_.obey_stop();
}

template <class T> void Trainer<T>::finish() {
  problem_.epochs = progress_.epoch;
  problem_.data = problem_.validation = {};
  shown_theta_ = nullptr;
  plan_.finish();
  method_->finish();
}

template <class T> void Trainer<T>::get(T* theta, const std::array<T*, 2>& moments) const {
  run_threads(problem_.net.d() < least_parallel_copy ? 1 : problem_.threads,
              [&](int thread, int count) { method_->get(theta, moments, thread, count); });
}

// Runs on thread 0, while the others wait: records the step and decides whether another one follows.
template <class T> void Trainer<T>::after_step(Outcome outcome) {
  run_another_step_ = false;
  if (outcome == Outcome::aborted) {
    plan_.undo();
    return;
  }
  if (outcome == Outcome::diverged) {
    stopped_ = Stopped::diverged;
    return;
  }
  Progress& p = progress_;
  p.partial_J = plan_.step().J_after(method_->measured.J);
  ++p.step;
  ++p.batch;
  clock_.count_step();
  const bool ends_epoch = p.batch == plan_.steps_per_epoch();
  if (ends_epoch) end_epoch();
  if (clock_.is_due(ends_epoch)) {
    clock_.read(p);
    team_.poll(0);
    if (clock_.is_past_deadline() || team_.is_stopping()) return;
  }
  if (stopped_ != Stopped::no || p.epoch >= last_epoch_ || !has_room_for_a_record() || !plan_.has_examples(p)) return;
  plan_.prepare(p);
  run_another_step_ = true;
}

// Returns true if the limit of the threads has changed.
template <class T> bool Trainer<T>::obey_thread_limit() {
  const int limit = thread_limit_.load(std::memory_order_relaxed);
  if (limit == obeyed_thread_limit_) return false;
  obeyed_thread_limit_ = limit;
  choice_ = ThreadChoice(problem_.first_threads, std::min(limit, problem_.threads));
  return true;
}

template <class T> bool Trainer<T>::has_room_for_a_record() const {
  const auto& record = progress_.records[0];  // the others are as long
  return record.size() < record.capacity();
}

template <class T> void Trainer<T>::end_epoch() {
  Progress& p = progress_;
  ++p.epoch;
  clock_.count_epoch();
  if (problem_.validation.t && validation_.J < p.best_J) {
    p.best_J = validation_.J;
    p.best_epoch = p.epoch;
    if (best_theta_) method_->get(best_theta_.get(), {}, /*thread=*/0, /*threads=*/1);
  }
  p.records[Progress::J].push_back(p.partial_J);
  p.records[Progress::validation_J].push_back(validation_.J);
  p.records[Progress::learning_rate].push_back(plan_.learning_rate());
  p.records[Progress::seconds].push_back(p.partial_seconds);
  p.records[Progress::gradient_norm].push_back(method_->measured.gradient_norm);
  p.batch = 0;
  p.partial_J = 0;
  p.partial_seconds = 0;
  p.stream = plan_.end_epoch();
  stopped_ = reason_to_stop();
}

// The rules of engines/stopping.py
template <class T> Stopped Trainer<T>::reason_to_stop() const {
  const Progress& p = progress_;
  const auto& J = p.records[Progress::J];
  if (!J.empty() && J.back() > std::max(1e10 * std::abs(J.front()), 1.0)) return Stopped::diverged;
  if (problem_.tol >= 0 && p.epoch > problem_.tol_epochs) {
    double low = J.back(), high = J.back(), size = 0;
    for (auto j = J.end() - problem_.tol_epochs - 1; j != J.end(); ++j) {
      low = std::min(low, *j);
      high = std::max(high, *j);
      size = std::max(size, std::abs(*j));
    }
    if (high - low <= problem_.tol * size) return Stopped::tol;
  }
  if (problem_.patience && p.epoch - p.best_epoch >= problem_.patience) return Stopped::patience;
  return p.epoch >= problem_.epochs ? Stopped::epochs : Stopped::no;
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace chainrule
