#include "step_clock.hpp"

#include <algorithm>

namespace chainrule {
namespace {

constexpr double seconds_between_readings = 20e-6;
constexpr long most_steps_between_readings = 64;

}  // namespace

void StepClock::start(double seconds) {
  const std::chrono::duration<double> slice(std::clamp(seconds, 0.0, 1e6));
  last_reading_ = Clock::now();
  deadline_ = last_reading_ + std::chrono::duration_cast<Clock::duration>(slice);
  if (deadline_ == last_reading_) steps_between_readings_ = 1;
}

void StepClock::read(Progress& progress) {
  const Clock::time_point before = last_reading_;
  last_reading_ = Clock::now();
  const double elapsed = std::chrono::duration<double>(last_reading_ - before).count();
  const double per_step = elapsed / double(steps_);
  auto& seconds = progress.records[Progress::seconds];
  if (steps_per_epoch_ == 1) {
    for (std::size_t k = seconds.size() - epochs_; k < seconds.size(); ++k) seconds[k] = per_step;
  } else if (epochs_) {  // just one, since the clock is read at its end
    seconds.back() += elapsed;
  } else {
    progress.partial_seconds += elapsed;
  }
  steps_ = 0;
  epochs_ = 0;
  steps_between_readings_ = std::clamp<long>(static_cast<long>(seconds_between_readings / std::max(per_step, 1e-9)), 1,
                                             most_steps_between_readings);
}

}  // namespace chainrule
