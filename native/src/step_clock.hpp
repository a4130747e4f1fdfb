// The time that training steps take. Reading the clock costs 25 ns and a step of a tiny network 600, so short steps are
// clocked together, some 20 µs of them at a time, and each is recorded with an equal part of that time.
#pragma once

#include <chrono>
#include <cstddef>

#include "progress.hpp"

namespace chainrule {

class StepClock {
 public:
  explicit StepClock(long steps_per_epoch) : steps_per_epoch_(steps_per_epoch) {}

  // Starts a slice of training of at most `seconds`; a slice of 0 seconds is due after one step.
  void start(double seconds);

  void count_step() { ++steps_; }
  void count_epoch() { ++epochs_; }

  bool has_unread_steps() const { return steps_ > 0; }
  // Epochs of several steps are clocked one by one.
  bool is_due(bool ends_epoch) const {
    return steps_ >= steps_between_readings_ || (ends_epoch && steps_per_epoch_ > 1);
  }

  // Reads the clock and adds the time since the last reading to the records.
  void read(Progress& progress);
  bool is_past_deadline() const { return last_reading_ >= deadline_; }

 private:
  using Clock = std::chrono::steady_clock;

  const long steps_per_epoch_;
  Clock::time_point last_reading_, deadline_;
  long steps_ = 0;          // since the last reading
  std::size_t epochs_ = 0;  // ended since then
  long steps_between_readings_ = 1;
};

}  // namespace chainrule
