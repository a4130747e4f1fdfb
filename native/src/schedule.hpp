// Schedules of α, λ and p: the formulas of schedules.py.
#pragma once

#include "chainrule/spec.hpp"

namespace chainrule {

// the value after `epoch` (perhaps a fraction) of `epochs` planned epochs
double value_at(const ScheduleSpec& schedule, double epoch, double epochs);

}  // namespace chainrule
