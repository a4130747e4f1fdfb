// W[1] of a network whose examples are sparse rows. A step computes ∂J/∂W for the columns of X that its examples have
// entries in. Other columns have a gradient of 0; what the optimizer's step does to them (momentum, decay) is put off
// until they are needed, and is then made step by step with the same operations: θ has the same bits, while a step
// reads and writes a few columns instead of all.
//
// With penalties nothing is put off, since J and ∇J need every W in every step.
#pragma once

#include <vector>

#include "method.hpp"
#include "panels/activations.hpp"
#include "panels/optimizer_state.hpp"

namespace chainrule {

template <class T> class CsrLayer {
 public:
  // `puts_off`: steps of columns without a gradient may wait
  CsrLayer(const ProblemSpec<T>& problem, const PanelNetwork<T>& network, const Activations<T>& activations,
           const OptimizerState<T>& state, bool puts_off);

  // Makes room for a stored gradient, once. Called by one thread.
  void make_room();

  // Called by thread 0 before a step: finds the columns of its examples.
  void begin(const Step<T>& step);
  // Called by thread 0 after a step that was made with these constants of layer 1.
  void end(const StepConstants<T>& constants);

  // The following are called by all threads; a barrier must follow.
  // Makes the steps that wait: those of the columns of this step, or all.
  void catch_up(Team& team, int thread);
  void settle(int thread, int threads);
  // See GradientSum. The rows are rows of the step.
  void update(const Step<T>& step, Team& team, int thread);
  void accumulate(const Step<T>& step, long first_row, long last_row, Team& team, int thread);
  void apply(const StepConstants<T>* constants, Team& team, int thread);

  bool must_settle() const { return steps_ == most_steps_; }  // before another step
  // Called by one thread, before θ and moments are replaced.
  void forget_steps();

  double squared_norm() const;  // see GradientSum
  bool is_finite() const;
  void get(T* gradient) const;                          // of W, if nothing is put off
  void append_gradient(std::vector<T>& numbers) const;  // of the columns of this step, in any order
  double penalty(double l1, double l2) const;
  void measure_weights();

  void free_all();

 private:
  template <class F> void for_each_piece(Team& team, int thread, F f);
  GradientEpilogue<T> epilogue_of(long piece, GradientEpilogue<T> epilogue);
  CsrGradient<T> gradient_of(long piece, long first_row, long last_row);
  CsrParameters<T> parameters() const;
  void find_columns(const Step<T>& step);
  template <class F> void for_each_entry(const Step<T>& step, F f) const;

  const PanelNetwork<T>& network_;
  const PanelLayer<T>& layer_;
  const LayerActivations<T>& activations_;
  const long delta_stride_;
  const OptimizerState<T>& state_;
  const bool puts_off_;
  const bool has_penalties_;
  std::vector<int> place_;  // of each column among columns_; −1: none
  // The columns of the step, with their entries in the order of the rows (CsrColumns), and a cursor for each column
  std::vector<int> columns_;
  std::vector<long> starts_, next_;
  std::vector<int> rows_;
  std::vector<T> values_;
  long count_ = 0;                           // of the columns
  std::vector<int> done_;                    // the steps that each column has made since they were all settled
  int steps_ = 0, most_steps_ = 0;           // made since then
  std::vector<StepConstants<T>> constants_;  // of these steps
  Buffer<T> sums_;                           // the stored gradient: [⌈m/R⌉][columns_.size()][R]
  std::vector<double> squared_norms_;        // of each piece
  std::vector<double> weight_norms_;         // Σ|W| and ΣW² of each piece
};

extern template class CsrLayer<float>;
extern template class CsrLayer<double>;

}  // namespace chainrule
