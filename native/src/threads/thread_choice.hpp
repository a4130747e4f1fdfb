// The choice of the number of threads. The sizes of a network do not determine it: a barrier takes 40 ns on one machine
// and 300 on the next, and cores may be busy. So other numbers are tried now and then, for a few steps, and the fastest
// one is kept; a step's results are the same for any number of threads.
#pragma once

#include <algorithm>
#include <chrono>

namespace chainrule {

class ThreadChoice {
 public:
  // Starts with `first` of at most `most` threads; first = 0: always `most`.
  ThreadChoice(int first, int most)
      : most_(most),
        tries_others_(first > 0 && most > 1),
        best_(first > 0 ? std::min(first, most) : most),
        current_(best_) {}

  int threads() const { return current_; }

  // The time between pause() and start() does not count, nor does the first step after start().
  void start() { is_cold_ = true; }
  void pause() {
    if (!is_cold_) seconds_ += std::chrono::duration<double>(Clock::now() - since_).count();
    is_cold_ = true;
  }

  // Records a step. Returns true if the next one takes another number of threads.
  bool changes() {
    if (!tries_others_) return false;
    if (is_cold_) {
      is_cold_ = false;
      since_ = Clock::now();
      return false;
    }
    ++steps_;
    if (--steps_left_ > 0) return false;
    pause();
    const int before = current_;
    decide(seconds_ / double(steps_));
    seconds_ = 0;
    steps_ = 0;
    return current_ != before;
  }

 private:
  using Clock = std::chrono::steady_clock;

  static constexpr double trial_seconds = 200e-6, better = 0.95, far_worse = 1.2, long_step = 1e-3;
  static constexpr long least_steps = 4;                    // of a trial
  static constexpr long least_rest = 50, most_rest = 1600;  // between trials, as a multiple of a trial's steps

  void decide(double step_seconds) {
    const long trial = std::max(least_steps, static_cast<long>(trial_seconds / std::max(step_seconds, 1e-9)));
    const bool was_trial = current_ != best_, is_first = best_seconds_ == 0;
    // Each failed trial doubles the wait for the next one (× 16 if it was far slower): three trials in 50 ms cost
    // 16-64-32-1 4 %.
    if (was_trial) rest_ = std::min((step_seconds > far_worse * best_seconds_ ? 16 : 2) * rest_, most_rest);
    if (was_trial && step_seconds < better * best_seconds_) {
      best_ = current_;
      rest_ = least_rest;
    }
    if (best_ == current_) best_seconds_ = step_seconds;
    current_ = best_;
    steps_left_ = rest_ * trial;
    if (was_trial || (is_first && step_seconds > long_step)) return;  // long steps are tried later
    tries_more_ = best_ == 1 || (best_ < most_ && !tries_more_);
    current_ = tries_more_ ? std::min(2 * best_, most_) : (best_ + 1) / 2;
    steps_left_ = trial;
  }

  int most_;
  bool tries_others_;
  int best_, current_;
  bool tries_more_ = false;  // in the last trial: more threads than best_, else fewer
  double best_seconds_ = 0;  // of a step with best_ threads

  bool is_cold_ = true;  // no step has been made since start()
  Clock::time_point since_;
  double seconds_ = 0;  // of steps_ steps with current_ threads
  long steps_ = 0;
  long steps_left_ = least_steps;  // until decide()
  long rest_ = least_rest / 2;
};

}  // namespace chainrule
