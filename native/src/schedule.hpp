// Schedules of α, λ and p, with the formulas of optimizers/schedules.py.
#pragma once

#include "chainrule/spec.hpp"

namespace chainrule {

// Returns the value after `epoch` of `epochs` planned epochs; `epoch` may be fractional.
double value_at(const ScheduleSpec& schedule, double epoch, double epochs);

}  // namespace chainrule
