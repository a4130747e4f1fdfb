// How many threads a step is worth. Sizes alone do not tell: cores may be far apart (a barrier takes 40 ns on one machine and
// 300 on the next) or busy with something else. So other numbers are tried now and then, for a few steps, and the
// fastest is kept; the steps' results are the same for any number of threads.
#pragma once

#include <algorithm>
#include <chrono>

namespace chainrule {

class ThreadChoice {
 public:
  // `first` threads to begin with, of at most `most`; first = 0: `most` threads always.
  ThreadChoice(int first, int most)
      : most_(most), tries_(first > 0 && most > 1), best_(first > 0 ? std::min(first, most) : most), now_(best_) {}

  int threads() const { return now_; }

  // Threads have been started, or stop: the time in between does not count.
  void start() { cold_ = true; }
  void pause() {
    if (!cold_) seconds_ += std::chrono::duration<double>(Clock::now() - since_).count();
    cold_ = true;
  }

  // A step has been made. Is it time for another number of threads?
  bool changes() {
    if (!tries_) return false;
    if (cold_) {  // the first step after a start does not count
      cold_ = false;
      since_ = Clock::now();
      return false;
    }
    ++steps_;
    if (--left_ > 0) return false;
    pause();
    const int before = now_;
    decide(seconds_ / double(steps_));
    seconds_ = 0, steps_ = 0;
    return now_ != before;
  }

 private:
  using Clock = std::chrono::steady_clock;

  static constexpr double trial_seconds = 200e-6, better = 0.95, far_worse = 1.2, long_step = 1e-3;
  static constexpr long least_steps = 4, least_rest = 50, most_rest = 1600;  // a rest is so many times a trial

  void decide(double step_seconds) {
    const long trial = std::max(least_steps, static_cast<long>(trial_seconds / std::max(step_seconds, 1e-9)));
    const bool tried = now_ != best_, first_time = best_seconds_ == 0;
    if (tried)  // the longer nothing else was better, and the worse it was, the rarer are trials: three in 50 ms cost S 4 %
      rest_ = std::min((step_seconds > far_worse * best_seconds_ ? 16 : 2) * rest_, most_rest);
    if (tried && step_seconds < better * best_seconds_) best_ = now_, rest_ = least_rest;
    if (best_ == now_) best_seconds_ = step_seconds;
    now_ = best_;
    left_ = rest_ * trial;
    if (tried || (first_time && step_seconds > long_step)) return;  // a trial of long steps can wait
    up_ = best_ == 1 || (best_ < most_ && !up_);
    now_ = up_ ? std::min(2 * best_, most_) : (best_ + 1) / 2;
    left_ = trial;
  }

  const int most_;
  const bool tries_;
  int best_, now_;
  bool up_ = false;
  double best_seconds_ = 0;  // of a step with best_ threads

  bool cold_ = true;
  Clock::time_point since_;
  double seconds_ = 0;  // of steps_ steps with now_ threads
  long steps_ = 0, left_ = least_steps, rest_ = least_rest / 2;
};

}  // namespace chainrule
