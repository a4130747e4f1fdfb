// Learning-rate schedules: the formulas of schedules.py.
#pragma once

#include "chainrule/spec.hpp"

namespace chainrule {

// α after `epoch` (perhaps a fraction) of `epochs` planned epochs
double learning_rate(const ScheduleSpec& schedule, double epoch, double epochs);

}  // namespace chainrule
