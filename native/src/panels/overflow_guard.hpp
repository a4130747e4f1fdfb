// The proof that a training step cannot overflow, from bounds of θ, the moments and the data that cost next to nothing
// while training goes well. It permits the fused update, after which a step cannot be undone, and spares the search for
// large numbers.
#pragma once

#include <vector>

#include "method.hpp"
#include "panels/activations.hpp"
#include "panels/csr_layer.hpp"
#include "panels/optimizer_state.hpp"

namespace chainrule {

template <class T> class OverflowGuard {
 public:
  // `csr` may be null
  OverflowGuard(const ProblemSpec<T>& problem, const PanelNetwork<T>& network, const OptimizerState<T>& state,
                CsrLayer<T>* csr);

  // All but the constructor is called by thread 0.

  // Measures these examples, to which the proofs then apply.
  void set_examples(const TrainingSet<T>& set);

  // Measures θ and the first moment: after they were put, and when the bounds have grown too far.
  void measure();

  // Returns true if no |θ| and no moment can overflow in this step while no entry of the gradient is above
  // `largest_gradient`, and raises the bounds of θ and of the first moment by what the step can add.
  bool theta_stays_finite(const Step<T>& step, double largest_gradient);

  // Given that theta_stays_finite(step, largest_safe_gradient()), returns true if all activations, deltas and gradients
  // of the step after this one are also proved to be below their limits.
  bool next_step_cannot_overflow(const Step<T>& step);

  // Largest |x|; infinite if an input is NaN
  double largest_input() const { return data_.x; }

 private:
  struct DataBounds {
    double x, y;            // of inputs and targets
    double example_weight;  // scaled
  };

  DataBounds bounds_of(const TrainingSet<T>& set) const;
  bool stays_below_limits(double largest_theta);
  double largest_change(const Step<T>& step, double largest_gradient) const;
  double gradient_with_penalties(const Step<T>& step, double largest) const;
  double first_moment_after(const Step<T>& step, double g) const;

  const PanelNetwork<T>& network_;
  const OptimizerState<T>& state_;
  CsrLayer<T>* const csr_;
  const CostSpec cost_;
  const long n_, m_;   // of x and of y
  const int threads_;  // that measure many numbers
  DataBounds data_;
  std::vector<double> activation_bounds_;  // scratch: of |a[0]| … |a[r − 1]|
  double largest_theta_ = 0;               // bounds all |θ|
  double largest_first_moment_ = 0;        // and all first moments
  bool can_predict_overflow_;              // false: σ or the cost is not bounded, whatever θ is
  long steps_to_measurement_ = 0;          // until θ may be measured for next_step_cannot_overflow()
  long steps_between_measurements_;
};

extern template class OverflowGuard<float>;
extern template class OverflowGuard<double>;

}  // namespace chainrule
