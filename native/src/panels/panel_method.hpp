// Training steps in panels. Threads divide the batch's rows in the forward and the backward pass, then the blocks of
// ∂J/∂W, each of which updates its part of W at once: no gradient is stored, and a step has two barriers (three if
// GradientSum halves the rows). A step that cannot be proved to stay finite, that clips its gradient, or that has too
// many rows for one pass accumulates the gradient first, and then updates θ.
#pragma once

#include <memory>
#include <vector>

#include "method.hpp"
#include "panels/csr_layer.hpp"
#include "panels/forward_backward.hpp"
#include "panels/gradient_sum.hpp"
#include "panels/gradient_tree.hpp"
#include "panels/overflow_guard.hpp"

namespace chainrule {

template <class T> class PanelMethod final : public Method<T> {
 public:
  // `puts_off`: see csr_layer.hpp
  explicit PanelMethod(const ProblemSpec<T>& problem, bool puts_off = true);

  const char* name() const override { return "panels"; }
  void put(const T* theta, const std::array<const T*, 2>& moments) override;
  void get(T* theta, const std::array<T*, 2>& moments, int thread, int threads) const override;
  void set_examples(const TrainingSet<T>& set) override { guard_.set_examples(set); }
  void set_thread_count(int threads) override;
  void settle(int thread, int threads) override;
  void finish() override;
  Outcome step(const Step<T>& step, Team& team, int thread) override;
  double losses(const TrainingSet<T>& set, double scale, Team& team, int thread) override;

  // Computes ∇J(θ) (d,), δ[1] … δ[r], each (t, mᵢ), and J, which measured.J receives. Called by all threads.
  void gradient(const Step<T>& step, T* gradient, T* const* deltas, Team& team, int thread);

  // A step in parts, of a dense X. All threads call these. sum_rows computes the sum over the rows of a subtree of the
  // blocks, without penalties, and its loss, which measured.J receives; rows that can_sum() refuses are too many for
  // one call. take_sum makes the step along the sum of all blocks, whose loss is J, and changes it. A sum is a packed
  // array of sum_size() numbers (panel_network.hpp).
  long sum_size() const { return network_.gradient_size; }
  bool can_sum(const Step<T>& step, Subtree tree) const;
  void sum_rows(const Step<T>& step, Subtree tree, T* sum, Team& team, int thread);
  Outcome take_sum(const Step<T>& step, T* sum, double J, Team& team, int thread);

 private:
  struct alignas(64) ThreadState {  // a cache line of its own
    bool saw_no_overflow;           // in the last pass
    bool cannot_overflow = false;   // in the next pass, as proved beforehand
  };
  struct Rows {
    long first, last;  // of a step
  };

  // The phases of a step. Those marked (0) run on thread 0 alone; the others end with a barrier.
  void find_columns(const Step<T>& step, Team& team, int thread);
  void begin_step(const Step<T>& step, const Team& team);  // (0)
  bool pass(const Step<T>& step, Rows rows, Team& team, int thread);
  void fused_update(const Step<T>& step, Rows rows, Team& team, int thread);
  void accumulate(const Step<T>& step, Rows rows, Team& team, int thread);
  Outcome decide(const Step<T>& step);  // (0)
  Outcome take_gradient(const Step<T>& step, Team& team, int thread);
  void apply_gradient(const Step<T>& step, Team& team, int thread);

  long micro_batches(const Step<T>& step) const { return (step.rows + most_rows_ - 1) / most_rows_; }
  Rows rows_of(const Step<T>& step, Subtree tree) const {
    return {.first = first_row_of_block(step.rows, tree.first, blocks_),
            .last = first_row_of_block(step.rows, tree.first + tree.count, blocks_)};
  }
  double loss_of_tree(const long* cuts, int count) const;
  static Rows micro_batch(const Step<T>& step, long k, long count) {
    return {.first = step.rows * k / count, .last = step.rows * (k + 1) / count};
  }
  bool saw_no_overflow() const;
  void make_room();
  double penalty(const Step<T>& step) const;
  double squared_norm() const;
  double gradient_norm() const;
  void look_for_zeros(long rows);

  PanelNetwork<T> network_;
  OptimizerState<T> state_;
  ForwardBackward<T> pass_;
  WorkSplit<T> split_;
  GradientSum<T> sum_;
  GradientTree<T> tree_;
  std::unique_ptr<CsrLayer<T>> csr_;  // if X is sparse
  OverflowGuard<T> guard_;
  const long d_;                             // the length of θ
  const long most_rows_;                     // of a micro-batch
  const int blocks_;                         // of a step in parts
  std::vector<long> cuts_;                   // between them
  std::vector<ThreadState> threads_;         // of each thread
  std::vector<StepConstants<T>> constants_;  // of each layer, with this step's clipping
  double J_ = 0;                             // of the step's micro-batches that are done
  bool can_fuse_ = false;                    // this step may use the fused update if its pass sees no overflow
  bool next_step_cannot_overflow_ = false;
  bool can_undo_ = false;  // θ and the moments are saved, as this step may make θ overflow
  Outcome decision_ = Outcome::done;
  long passes_ = 0;
};

extern template class PanelMethod<float>;
extern template class PanelMethod<double>;

}  // namespace chainrule
