#include "panels/panel_method.hpp"

#include <algorithm>
#include <cmath>

#include "gradient_norm.hpp"

namespace chainrule {
namespace {

// A fused update cannot be interrupted. Above this many multiplications per thread, some 0.1 s, gradients are stored.
constexpr double most_products = 7e9;
constexpr long passes_between_looks_for_zeros = 16;
constexpr long most_rows = 4096;                 // of a micro-batch
constexpr long least_validation_capacity = 256;  // rows of the validation set that go together

// A full batch of more rows is divided into micro-batches of nearly equal size.
long rows_of_micro_batch(long batch) {
  const long count = (batch + most_rows - 1) / most_rows;
  return (batch + count - 1) / count;
}

template <class T> long capacity(const ProblemSpec<T>& problem) {
  return std::max(rows_of_micro_batch(problem.batch_size),
                  std::min<long>(least_validation_capacity, problem.validation.t));
}

}  // namespace

template <class T> PanelMethod<T>::PanelMethod(const ProblemSpec<T>& problem, bool puts_off)
    : network_(problem.net, capacity(problem), bool(problem.data.sparse_X)),
      state_(network_, problem.optimizer.optimizer),
      pass_(network_, problem.cost, problem.threads),
      split_(network_, pass_.activations, problem.threads),
      sum_(network_, pass_.activations, state_, split_, problem.cost, rows_of_micro_batch(problem.batch_size)),
      tree_(network_, split_, sum_, problem.blocks, problem.threads),
      csr_(problem.data.sparse_X ? std::make_unique<CsrLayer<T>>(problem, network_, pass_.activations, state_, puts_off)
                                 : nullptr),
      guard_(problem, network_, state_, csr_.get()),
      d_(problem.net.d()),
      most_rows_(rows_of_micro_batch(problem.batch_size)),
      blocks_(problem.blocks),
      cuts_(problem.blocks + 1),
      threads_(problem.threads),
      constants_(problem.net.r()) {
  const bool clips = problem.optimizer.clip_norm < std::numeric_limits<double>::infinity();
  if (clips || most_rows_ < problem.batch_size) make_room();
  set_thread_count(problem.threads);
}

template <class T> void PanelMethod<T>::put(const T* theta, const std::array<const T*, 2>& moments) {
  network_.put(theta, static_cast<int>(threads_.size()));
  state_.put(moments);
  sum_.measure_weights();
  if (csr_) {
    csr_->forget_steps();
    csr_->measure_weights();
  }
  guard_.measure();
}

template <class T> void PanelMethod<T>::get(T* theta, const std::array<T*, 2>& moments, int thread, int threads) const {
  if (theta) network_.get(theta, thread, threads);
  state_.get(moments, thread, threads);
}

template <class T> void PanelMethod<T>::set_thread_count(int threads) {
  split_.set_thread_count(threads);
  for (ThreadState& thread : threads_) thread = {.saw_no_overflow = true};  // a thread without work keeps it
}

template <class T> void PanelMethod<T>::settle(int thread, int threads) {
  if (csr_) csr_->settle(thread, threads);
}

template <class T> void PanelMethod<T>::make_room() {
  sum_.make_room();
  if (csr_) csr_->make_room();
}

template <class T> void PanelMethod<T>::finish() {
  network_.keep_theta_alone();
  pass_.free_all();
  sum_.free_all();
  if (csr_) csr_->free_all();
  state_.forget_saved();
}

template <class T> Outcome PanelMethod<T>::step(const Step<T>& step, Team& team, int thread) {
  if (csr_) find_columns(step, team, thread);
  // Before the next barrier: after it, other threads may already move W and the norms of it.
  if (thread == 0) begin_step(step, team);
  for (long k = 0, count = micro_batches(step); k < count; ++k) {
    const Rows rows = micro_batch(step, k, count);
    if (!pass(step, rows, team, thread)) return Outcome::aborted;
    if (can_fuse_ && saw_no_overflow()) {
      fused_update(step, rows, team, thread);
      return Outcome::done;
    }
    accumulate(step, rows, team, thread);
  }
  return take_gradient(step, team, thread);
}

template <class T> Outcome PanelMethod<T>::take_gradient(const Step<T>& step, Team& team, int thread) {
  if (thread == 0) decision_ = team.is_stopping() ? Outcome::aborted : decide(step);
  team.barrier.wait();
  if (decision_ == Outcome::done) apply_gradient(step, team, thread);
  return decision_;
}

// Finds the columns of the step's examples, and makes the steps that they have missed.
template <class T> void PanelMethod<T>::find_columns(const Step<T>& step, Team& team, int thread) {
  if (csr_->must_settle()) {
    csr_->settle(thread, team.count);
    team.barrier.wait();
    if (thread == 0) csr_->forget_steps();
  }
  if (thread == 0) csr_->begin(step);
  team.barrier.wait();
  csr_->catch_up(team, thread);
  team.barrier.wait();
}

template <class T> double PanelMethod<T>::penalty(const Step<T>& step) const {
  return sum_.penalty(step.l1, step.l2) + (csr_ ? csr_->penalty(step.l1, step.l2) : 0);
}

template <class T> double PanelMethod<T>::squared_norm() const {
  return sum_.squared_norm() + (csr_ ? csr_->squared_norm() : 0);
}

// ‖∇J‖ of the stored gradient, which is finite
template <class T> double PanelMethod<T>::gradient_norm() const {
  const double squared = squared_norm();
  if (is_exact_sum_of_squares<T>(squared)) return std::sqrt(squared);
  std::vector<T> g(d_);
  sum_.get(g.data());
  if (csr_) csr_->append_gradient(g);
  return scaled_norm(g.data(), static_cast<long>(g.size()));
}

template <class T> void PanelMethod<T>::begin_step(const Step<T>& step, const Team& team) {
  J_ = penalty(step);
  const double products = double(step.rows) * split_.total_work() * network_.R;
  can_fuse_ = step.keeps_J_finite(J_) && micro_batches(step) == 1 && !step.clips() &&
              guard_.largest_input() <= pass_.activations.overflow_limit && products <= most_products * team.count &&
              guard_.theta_stays_finite(step, largest_safe_gradient<T>());
  next_step_cannot_overflow_ = can_fuse_ && guard_.next_step_cannot_overflow(step);
  split_.adapt(true);  // the fused update follows only if no activation has overflowed
}

// Runs the forward and the backward pass. Returns false if the team is stopping.
template <class T> bool PanelMethod<T>::pass(const Step<T>& step, Rows rows, Team& team, int thread) {
  ThreadState& own = threads_[thread];
  const MicroBatch<T> batch{.set = step.set,
                            .order = step.order ? step.order + rows.first : nullptr,
                            .first = step.first + rows.first,
                            .rows = static_cast<int>(rows.last - rows.first),
                            .scale = step.scale,
                            .is_training = true,
                            .known = step.known - rows.first,
                            .cannot_overflow = own.cannot_overflow,
                            .dropout_key = step.key,
                            .dropout = step.dropout,
                            .step_row = rows.first,
                            .step_rows = step.rows};
  own.saw_no_overflow = pass_.run(batch, team, thread);
  team.barrier.wait();
  if (team.is_stopping()) return false;
  if (thread == 0) J_ += ordered_sum(pass_.losses.get(), batch.rows);
  return true;
}

template <class T> void PanelMethod<T>::fused_update(const Step<T>& step, Rows rows, Team& team, int thread) {
  if (thread == 0) this->measured.J = J_;
  threads_[thread].cannot_overflow = next_step_cannot_overflow_;
  if (csr_) {
    csr_->update(step, team, thread);
    team.barrier.wait();
  }
  sum_.update(step, rows.last - rows.first, team, thread);
  if (thread == 0) {
    look_for_zeros(rows.last - rows.first);
    if (csr_) csr_->end(step.constants[0]);
  }
  team.barrier.wait();
  if (thread == 0 && step.measures_gradient_norm) this->measured.gradient_norm = std::sqrt(squared_norm());
}

template <class T> void PanelMethod<T>::accumulate(const Step<T>& step, Rows rows, Team& team, int thread) {
  threads_[thread].cannot_overflow = false;
  if (thread == 0) {
    make_room();
    split_.adapt(saw_no_overflow());
  }
  team.barrier.wait();
  if (csr_) {
    csr_->accumulate(step, rows.first, rows.last, team, thread);
    team.barrier.wait();
  }
  sum_.accumulate(step, rows.last - rows.first, rows.first == 0, rows.last == step.rows, team, thread);
  if (thread == 0) look_for_zeros(rows.last - rows.first);
  team.barrier.wait();
}

// Inspects the stored gradient before θ moves.
template <class T> Outcome PanelMethod<T>::decide(const Step<T>& step) {
  if (!step.keeps_J_finite(J_) || !sum_.is_finite() || (csr_ && !csr_->is_finite())) return Outcome::diverged;
  const double norm = gradient_norm();
  if (!step.can_clip(norm)) return Outcome::diverged;
  this->measured = {.J = J_, .gradient_norm = norm};
  std::copy_n(step.constants, constants_.size(), constants_.begin());
  if (norm > step.clip_norm)
    for (auto& constants : constants_) constants.gradient_scale = static_cast<T>(step.clip_norm / norm);
  constexpr double room_for_rounding = 1 + 1e-3;
  can_undo_ = !guard_.theta_stays_finite(step, std::min(norm, step.clip_norm) * room_for_rounding);
  if (can_undo_) state_.save();
  return Outcome::done;
}

// Makes the optimizer's step along the stored gradient, and undoes it if θ or a moment is not finite then.
template <class T> void PanelMethod<T>::apply_gradient(const Step<T>& step, Team& team, int thread) {
  if (csr_) {
    csr_->apply(constants_.data(), team, thread);
    team.barrier.wait();
    if (thread == 0) csr_->end(constants_[0]);
  }
  sum_.apply(step, constants_.data(), team, thread);
  team.barrier.wait();
  if (!can_undo_) return;
  if (csr_ && thread == 0) csr_->settle(/*thread=*/0, /*threads=*/1);
  if (thread == 0 && !state_.is_finite()) {
    state_.restore();
    sum_.transpose_weights();
    if (csr_) csr_->forget_steps();
    decision_ = Outcome::diverged;
  }
  team.barrier.wait();
}

template <class T> bool PanelMethod<T>::saw_no_overflow() const {
  return std::all_of(threads_.begin(), threads_.end(),
                     [](const ThreadState& thread) { return thread.saw_no_overflow; });
}

// Called by thread 0 before a barrier that precedes the next pass.
template <class T> void PanelMethod<T>::look_for_zeros(long rows) {
  if (passes_++ % passes_between_looks_for_zeros == 0) pass_.activations.look_for_zeros(rows);
}

template <class T>
void PanelMethod<T>::gradient(const Step<T>& step, T* gradient, T* const* deltas, Team& team, int thread) {
  if (thread == 0) {
    J_ = penalty(step);
    if (csr_) csr_->begin(step);
  }
  for (long k = 0, count = micro_batches(step); k < count; ++k) {
    const Rows rows = micro_batch(step, k, count);
    pass(step, rows, team, thread);
    pass_.copy_deltas(rows.last - rows.first, deltas, rows.first, thread, team.count);
    accumulate(step, rows, team, thread);
  }
  if (thread != 0) return;
  this->measured.J = J_;
  sum_.get(gradient);
  if (csr_) csr_->get(gradient);
}

template <class T> bool PanelMethod<T>::can_sum(const Step<T>& step, Subtree tree) const {
  const Rows rows = rows_of(step, tree);
  return tree.count == 1 || (rows.last - rows.first <= most_rows_ && !network_.front.count());
}

template <class T> void PanelMethod<T>::sum_rows(const Step<T>& step, Subtree tree, T* sum, Team& team, int thread) {
  const Rows all = rows_of(step, tree);
  if (all.first == all.last) {
    if (thread != 0) return;
    this->measured.J = 0;
    std::fill_n(sum, sum_size(), T(0));
    return;
  }
  const long passes = (all.last - all.first + most_rows_ - 1) / most_rows_;  // of one block, if there are several
  double J = 0;
  if (thread == 0) {
    std::fill_n(sum, network_.front.size(), T(0));  // the front's kernels write no padding
    sum_.store_in(sum);
  }
  for (long k = 0; k < passes; ++k) {
    const Rows rows = {.first = all.first + (all.last - all.first) * k / passes,
                       .last = all.first + (all.last - all.first) * (k + 1) / passes};
    pass(step, rows, team, thread);
    if (thread == 0) {
      for (int i = 0; i <= tree.count; ++i)
        cuts_[i] = first_row_of_block(step.rows, tree.first + i, blocks_) - all.first;
      if (passes > 1) cuts_[1] = rows.last - rows.first;
      J += loss_of_tree(cuts_.data(), tree.count);
      split_.adapt(saw_no_overflow());
    }
    team.barrier.wait();
    tree_.store(cuts_.data(), tree.count, /*should_accumulate=*/k > 0, team, thread);
    if (thread == 0) look_for_zeros(rows.last - rows.first);
    team.barrier.wait();
  }
  if (thread == 0) this->measured.J = J;
}

template <class T> double PanelMethod<T>::loss_of_tree(const long* cuts, int count) const {
  if (count == 1) return ordered_sum(pass_.losses.get() + cuts[0], cuts[1] - cuts[0]);
  return loss_of_tree(cuts, count / 2) + loss_of_tree(cuts + count / 2, count / 2);
}

template <class T> Outcome PanelMethod<T>::take_sum(const Step<T>& step, T* sum, double J, Team& team, int thread) {
  if (thread == 0) {
    J_ = J + penalty(step);
    sum_.store_in(sum);
  }
  team.barrier.wait();
  sum_.finish(step, team, thread);
  team.barrier.wait();
  return take_gradient(step, team, thread);
}

template <class T> double PanelMethod<T>::losses(const TrainingSet<T>& set, double scale, Team& team, int thread) {
  double total = 0;
  if (csr_) {
    csr_->settle(thread, team.count);
    team.barrier.wait();
  }
  for (long first = 0; first < set.t; first += network_.capacity) {
    const int rows = static_cast<int>(std::min(network_.capacity, set.t - first));
    pass_.run({.set = &set,
               .order = set.places_from(first),
               .first = first,
               .rows = rows,
               .scale = scale,
               .is_training = false,
               .known = set.t - first},
              team, thread);
    team.barrier.wait();
    if (thread == 0) total += ordered_sum(pass_.losses.get(), rows);
    team.barrier.wait();
  }
  return total;
}

template class PanelMethod<float>;
template class PanelMethod<double>;

}  // namespace chainrule
