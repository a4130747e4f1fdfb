// The elementary functions on vectors: each header states its formulas, error bounds and special values.
#pragma once
#include "kernels/math/erf.hpp"
#include "kernels/math/exp.hpp"
#include "kernels/math/log.hpp"
#include "kernels/math/trig.hpp"
