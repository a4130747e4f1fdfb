// A training run: epochs of minibatches, the records, and the rules that stop it (training/, engines/reference.py).
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <limits>
#include <memory>

#include "buffer.hpp"
#include "chainrule/spec.hpp"
#include "method.hpp"
#include "progress.hpp"
#include "step_clock.hpp"
#include "step_plan.hpp"
#include "threads/thread_choice.hpp"

namespace chainrule {

template <class T> class PanelMethod;

template <class T> class Trainer {
 public:
  // Borrows the arrays of the problem. Copies θ (d,) and the moments (null: zeros).
  Trainer(const ProblemSpec<T>& problem, Progress progress, const T* theta, const std::array<const T*, 2>& moments);

  // Makes each later `advance` write its last θ to this array (d,).
  void show_in(T* theta) { shown_theta_ = theta; }

  // Continues from that array's θ, which may have been changed since `advance` wrote it.
  void take_theta() { method_->put(shown_theta_, {}); }

  // Takes the examples of the next steps from this window (StepPlan::set_window).
  void set_window(const Window<T>& window) {
    plan_.set_window(window);
    method_->set_examples(window.set);
  }

  // True if the next step has to wait for the next window.
  bool needs_window() const { return stopped_ == Stopped::no && !plan_.has_examples(progress_); }

  // Trains for `epochs` more epochs or `seconds`, whichever ends first. Calls `interrupted` on the calling thread about
  // every 50 ms; once it returns true, a long step is abandoned within milliseconds, and θ is as before that step. The
  // validation set is evaluated to its end, since its J belongs to the record of an epoch whose steps are done. It ends
  // too after the last minibatch of a window.
  void advance(long epochs, double seconds, const std::function<bool()>& interrupted);

  // `advance` in parts, for steps that a bundle makes on one thread (bundles/bundle.hpp): between the first and the last
  // call, next_step() is to be made, and end_step() ends it. θ and the moments of the method need not be current
  // meanwhile, except for θ before a call of end_step() that measures J of the validation set.
  void begin_alone(long epochs, double seconds, const std::function<bool()>& interrupted);
  bool has_next_step() const { return run_another_step_; }
  const Step<T>& next_step() const { return plan_.step(); }
  bool measures_validation() const { return next_step().measures_gradient_norm && problem_.validation.t; }
  void end_step(Outcome outcome, const Measured& measured);
  void end();
  const ProblemSpec<T>& problem() const { return problem_; }
  Method<T>& method() { return *method_; }

  // `advance` in parts, for steps that several processes make together (ProblemSpec::blocks). Between begin_shared() and
  // end(): sum_blocks() computes the sum over a subtree of the blocks of next_step(), and returns its loss;
  // add_sum() adds another one; and take_sum() makes that step along the sum of all blocks, whose loss is J, and changes
  // it. A sum is a packed array (panels/panel_network.hpp) of sum_size() numbers. Any number of steps may be left.
  void begin_shared(long epochs);
  long sum_size() const;
  double sum_blocks(int first, int count, T* sum);
  void add_sum(T* sum, const T* other) const;
  void take_sum(T* sum, double J);

  // Makes later steps use at most so many threads, and at most those of the problem. Another thread may call it during
  // `advance`.
  void limit_threads(int limit) { thread_limit_.store(limit, std::memory_order_relaxed); }

  // Releases the problem's arrays and all memory but what `get` needs: no step follows.
  void finish();

  Stopped stopped() const { return stopped_; }
  const Progress& progress() const { return progress_; }
  void get(T* theta, const std::array<T*, 2>& moments) const;
  const T* best_theta() const { return best_theta_.get(); }  // (d,), or null; see Progress::best_epoch
  void set_best_theta(const T* theta);
  const char* method_name() const { return method_->name(); }

 private:
  struct Validation {
    double scale = 1;  // of the examples' weights
    double J;          // after the last epoch
  };

  template <class F> void on_all_threads(F work);
  void begin(long epochs, double seconds, const std::function<bool()>& interrupted);
  void run_steps(int thread);
  void validate(int thread);
  void after_step(Outcome outcome);
  void end_epoch();
  Stopped reason_to_stop() const;
  bool has_room_for_a_record() const;
  bool obey_thread_limit();

  ProblemSpec<T> problem_;
  Progress progress_;
  StepPlan<T> plan_;
  std::unique_ptr<Method<T>> method_;
  PanelMethod<T>* method_in_parts_ = nullptr;  // method_, if steps are made in parts
  Validation validation_;
  Stopped stopped_ = Stopped::no;
  Buffer<T> best_theta_;
  T* shown_theta_ = nullptr;

  bool run_another_step_ = false;
  bool restart_with_other_thread_count_ = false;
  std::atomic<int> thread_limit_{std::numeric_limits<int>::max()};
  int obeyed_thread_limit_ = std::numeric_limits<int>::max();
  ThreadChoice choice_;
  Team team_;
  long last_epoch_ = 0;  // of this slice
  StepClock clock_;
};

extern template class Trainer<float>;
extern template class Trainer<double>;

}  // namespace chainrule
