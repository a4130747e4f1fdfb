// The elementary functions on vectors: each header states its formulas, error bounds and special values.
#pragma once
#include "erf.hpp"
#include "exp.hpp"
#include "log.hpp"
#include "trig.hpp"
