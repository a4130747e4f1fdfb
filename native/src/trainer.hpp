// A training run: epochs of minibatches, the records, and the rules that stop it (training/, engines/reference.py).
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <vector>

#include "buffer.hpp"
#include "chainrule/spec.hpp"
#include "method.hpp"
#include "random.hpp"
#include "threads/thread_choice.hpp"

namespace chainrule {

enum class Stopped { no, tol, patience, epochs, diverged };

// Everything but θ and the moments that is needed to go on (training/state.py).
struct Progress {
  long step = 0, epoch = 0, batch = 0;
  long first_step = 0;  // steps made before epoch 0, by a run over another training set
  double partial_J = 0, partial_seconds = 0;
  Pcg64 stream;  // at the start of the running epoch
  double best_J = std::numeric_limits<double>::infinity();
  long best_epoch = 0;
  enum Record { J, validation_J, learning_rate, seconds, gradient_norm, kinds };
  std::array<std::vector<double>, kinds> records;  // one number an epoch
};

template <class T> class Trainer {
 public:
  // The arrays of the problem are borrowed. θ (d,) and the moments (null: none) are read now.
  Trainer(const ProblemSpec<T>& problem, Progress progress, const T* theta, const std::array<const T*, 2>& moments);

  // θ := its current numbers at the end of each `advance` from now on
  void show_in(T* theta) { shown_ = theta; }

  // So many more epochs or seconds, whichever comes first. Asks `interrupted` on the calling thread about every 50 ms, also
  // within a long step, which it then gives up: θ is as before that step.
  void advance(long epochs, double seconds, const std::function<bool()>& interrupted);

  // No step follows: lets go of the problem's arrays and of all memory but what `get` needs.
  void finish();

  Stopped stopped() const { return stopped_; }
  const Progress& progress() const { return progress_; }
  void get(T* theta, const std::array<T*, 2>& moments) const;
  const T* best_theta() const { return best_theta_.get(); }  // (d,), or null: see Progress::best_epoch
  void set_best_theta(const T* theta);
  const char* method() const { return method_name_; }

 private:
  using Clock = std::chrono::steady_clock;

  void begin_epoch();
  void prepare();
  void after(Outcome outcome);
  void end_epoch();
  void read_clock();
  Stopped reason_to_stop() const;
  double sum_of_weights(const T* weights, const std::uint32_t* order, long first, long count) const;

  ProblemSpec<T> problem_;
  Progress progress_;
  std::unique_ptr<Method<T>> method_;
  const char* method_name_;
  const long steps_per_epoch_;
  double total_weight_, validation_scale_ = 1;
  std::vector<std::uint32_t> order_;
  Pcg64 stream_;      // where the running epoch has come to
  Pcg64 before_key_;  // where it was before the step that is next drew its dropout key
  bool epoch_begun_ = false;
  Step<T> step_{};
  std::vector<StepConstants<T>> constants_;  // of each layer in the step that is next
  std::vector<double> dropout_;              // and p
  double share_ = 1, alpha_ = 0;
  double validation_J_;
  Stopped stopped_ = Stopped::no;
  Buffer<T> best_theta_;
  T* shown_ = nullptr;

  bool going_ = false, again_ = false;  // is another step made: by these threads; by another number of them
  ThreadChoice choice_;
  Team team_;
  long last_epoch_ = 0;  // of this slice
  Clock::time_point now_, deadline_;
  long unclocked_steps_ = 0, stride_ = 1;  // steps since the clock was read, and how many until it is read again
  std::size_t unclocked_epochs_ = 0;       // finished since then
};

extern template class Trainer<float>;
extern template class Trainer<double>;

}  // namespace chainrule
