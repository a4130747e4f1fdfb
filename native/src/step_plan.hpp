// The preparation of a training step: its examples, its dropout key and its coefficients. Random numbers are drawn in
// the order of the reference engine (engines/reference.py).
#pragma once

#include <vector>

#include "method.hpp"
#include "progress.hpp"

namespace chainrule {

// Some of the rows of a training set that is read window by window (rows/windows.py). An epoch takes them in an order
// that has been drawn before.
template <class T> struct Window {
  TrainingSet<T> set = {};
  const std::uint32_t* order = nullptr;  // (set.t,); null: 0, 1, …
  long first_batch = 0, end_batch = 0;   // its minibatches: the first one begins with the first row of the order
  Pcg64 keys = {};                       // the stream after the draws for the epoch's order
};

template <class T> class StepPlan {
 public:
  explicit StepPlan(const ProblemSpec<T>& problem);  // which must outlive the plan

  // Takes the examples of the next steps from this window, whose arrays are borrowed until the next one is set.
  void set_window(const Window<T>& window) { window_ = window; }

  // Returns true if the examples of the next step are there: false after the last minibatch of a window.
  bool has_examples(const Progress& progress) const {
    return !problem_.is_in_windows || (window_.first_batch <= progress.batch && progress.batch < window_.end_batch);
  }

  // Prepares the step that follows what `progress` has recorded.
  void prepare(const Progress& progress);
  const Step<T>& step() const { return step_; }

  // Returns the dropout key of the prepared step to the stream, so that the step can be prepared again.
  void undo() { stream_ = before_key_; }

  // Ends the epoch of the prepared step; returns the stream's state there.
  Pcg64 end_epoch();

  // Frees memory: no step follows.
  void finish() { order_ = {}, window_ = {}; }

  long steps_per_epoch() const { return steps_per_epoch_; }
  double learning_rate() const { return learning_rate_; }

 private:
  void begin_epoch(const Progress& progress);
  void choose_examples(long batch);
  void set_coefficients(const Progress& progress);

  const ProblemSpec<T>& problem_;
  const long steps_per_epoch_;
  const double total_weight_;
  const bool is_large_;               // the examples do not fit into L2
  std::vector<std::uint32_t> order_;  // of the running epoch: the places of its examples; empty: in their order
  Window<T> window_;                  // of problems in windows
  Pcg64 stream_;                      // after the draws for the prepared step
  Pcg64 before_key_;                  // and before its dropout key was drawn
  bool has_begun_epoch_ = false;
  Step<T> step_{};
  std::vector<StepConstants<T>> constants_;  // of each layer
  std::vector<double> dropout_;              // p of each layer
  double learning_rate_ = 0;
};

// Returns Σw over `count` examples: order[0], order[1], …, or first, first + 1, … if `order` is null. Without weights
// each example counts once.
template <class T>
double sum_of_example_weights(const T* example_weights, const std::uint32_t* order, long first, long count) {
  if (!example_weights) return double(count);
  double sum = 0;
  for (long k = 0; k < count; ++k) sum += example_weights[order ? order[k] : first + k];
  return sum;
}
template <class T> double sum_of_example_weights(const TrainingSet<T>& set) {
  return sum_of_example_weights(set.weights, set.places, 0, set.t);
}

extern template class StepPlan<float>;
extern template class StepPlan<double>;

}  // namespace chainrule
