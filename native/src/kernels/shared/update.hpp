// From a summed gradient to the optimizer's step, on contiguous numbers.
#pragma once
#include "kernels/formulas/optimizer.hpp"
#include "kernels/shared/contract.hpp"
#include "kernels/shared/measure.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// One optimizer's step along G, on `count` parameters and their moments. count is a multiple of `lanes`.
template <class T>
inline void step(const T* G, long count, const Parameters<T>& p, const StepConstants<T>& c, Part part) {
  const Coefficients<T> coefficients = c.coefficients[int(part)];  // a copy that no store can change stays in registers
  T *const theta = p.theta, *const first = p.moment[0], *const second = p.moment[1];
  const bool is_frozen = coefficients.alpha == T(0);  // θ keeps every bit, whatever the moments are
  with(c.optimizer, [&]<Optimizer optimizer>() {
    constexpr int kept = moment_count(optimizer);
    for (long k = 0; k < count; k += lanes<T>) {
      V<T> x = load(theta + k), mu{}, nu{};
      if constexpr (kept > 0) mu = load(first + k);
      if constexpr (kept > 1) nu = load(second + k);
      update<optimizer>(x, mu, nu, load(G + k), coefficients);
      if (!is_frozen) store(theta + k, x);
      if constexpr (kept > 0) store(first + k, mu);
      if constexpr (kept > 1) store(second + k, nu);
    }
  });
}

// G := G + λ₁ sign W + λ₂ W
template <class T> inline void add_penalty(T* G, const T* W, long count, T l1, T l2) {
  const V<T> zero{}, one = broadcast(T(1));
  for (long k = 0; k < count; k += lanes<T>) {
    const V<T> w = load(W + k), sign = select(w > zero, one, select(w < zero, -one, zero));
    store(G + k, load(G + k) + (broadcast(l1) * sign + broadcast(l2) * w));
  }
}

// SharedKernels::finish: the end of `count` numbers G of a gradient, as the epilogue says.
template <class T>
inline void finish_gradient(T* G, long count, const Parameters<T>& p, const GradientEpilogue<T>& e, Part part) {
  if (!e.is_complete && !e.should_update) return;  // the sum of some rows, which has no constants
  const StepConstants<T>& c = *e.constants;
  if (e.is_complete) {
    if (part == Part::W && (c.l1 != T(0) || c.l2 != T(0))) add_penalty(G, p.theta, count, c.l1, c.l2);
    if (e.squared_norm) *e.squared_norm += sum_of_squares(G, count);
  }
  if (!e.should_update) return;
  step(G, count, p, c, part);
  if (e.penalty_norms && part == Part::W) add_norms(p.theta, count, e.penalty_norms);
}

// SharedKernels::apply
template <class T>
void apply(T* gradient, long count, const Parameters<T>& p, const GradientEpilogue<T>& e, Part part) {
  if (const T scale = e.constants->gradient_scale; scale != T(1))
    for (long k = 0; k < count; k += lanes<T>) store(gradient + k, scale * load(gradient + k));
  step(gradient, count, p, *e.constants, part);
  if (e.penalty_norms && part == Part::W) add_norms(p.theta, count, e.penalty_norms);
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
