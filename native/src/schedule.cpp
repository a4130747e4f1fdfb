#include "schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace chainrule {
namespace {

// Moves from p at v = 0 to q at v = 1 along half a cosine.
double half_cosine(double p, double q, double v) { return q + (p - q) * 0.5 * (1.0 + std::cos(std::numbers::pi * v)); }

}  // namespace

double value_at(const ScheduleSpec& s, double epoch, double epochs) {
  const double rate = s.rate, u = epochs > 0 ? std::min(1.0, epoch / epochs) : 1.0;
  switch (s.schedule) {
    case Schedule::constant:
      return rate;
    case Schedule::step: {
      const double every = s.p[0], factor = s.p[1];
      return rate * std::pow(factor, std::floor(epoch / every));
    }
    case Schedule::exponential:
      return rate * std::exp(-s.p[0] * epoch);
    case Schedule::inverse_time:
      return rate / (1.0 + s.p[0] * epoch);
    case Schedule::cosine: {
      const double warmup = s.p[0], final = s.p[1];
      if (epoch < warmup) return rate * epoch / warmup;
      return half_cosine(rate, final, epochs > warmup ? std::min(1.0, (epoch - warmup) / (epochs - warmup)) : 1.0);
    }
    case Schedule::one_cycle: {
      const double rise = s.p[0], start = rate / s.p[1], end = start / s.p[2];
      return u < rise ? half_cosine(start, rate, u / rise) : half_cosine(rate, end, (u - rise) / (1.0 - rise));
    }
    case Schedule::coslog4:
      return rate * 0.5 * (1.0 - std::cos(2.0 * std::numbers::pi * std::log2(1.0 + 15.0 * u)));
    case Schedule::flat_cosine: {
      const double flat = s.p[0];
      return u < flat ? rate : half_cosine(rate, 0.0, (u - flat) / (1.0 - flat));
    }
  }
  return rate;
}

}  // namespace chainrule
