// From a summed gradient to the optimizer's step, on contiguous numbers.
#pragma once
#include "kernels.hpp"
#include "kernels/formulas/optimizer.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// θ and the moments, `count` numbers (a multiple of `lanes`), := one step along G
template <class T>
inline void step(const T* G, long count, T* theta, T* first, T* second, const StepConstants<T>& c, Part part) {
  const Coefficients<T> coefficients =
      c.coefficients[int(part)];                   // a copy, which no store can change: it stays in registers
  const bool frozen = coefficients.alpha == T(0);  // not a bit of θ moves, whatever the moments are
  with(c.optimizer, [&]<Optimizer optimizer>() {
    constexpr int kept = moment_count(optimizer);
    for (long k = 0; k < count; k += lanes<T>) {
      V<T> x = load(theta + k), mu{}, nu{};
      if constexpr (kept > 0) mu = load(first + k);
      if constexpr (kept > 1) nu = load(second + k);
      update<optimizer>(x, mu, nu, load(G + k), coefficients);
      if (!frozen) store(theta + k, x);
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

// f(x) for all x in double precision, lanes<double> at a time; count is a multiple of lanes<T>
template <class T, class F> CHAINRULE_WORD void each_wide(const T* x, long count, F f) {
  constexpr int words = lanes<T> / lanes<double>;
  for (long k = 0; k < count; k += lanes<T>)
#pragma GCC unroll 2
    for (int i = 0; i < words; ++i) f(load_wide(x + k + i * lanes<double>), i);
}

// Σ x² in double precision, in one order; count is a multiple of lanes<T>
template <class T> inline double sum_of_squares(const T* x, long count) {
  V<double> s[2] = {};
  each_wide(x, count, [&](V<double> v, int i) { s[i] = fma(v, v, s[i]); });
  return sum(s[0] + s[1]);
}

// sums += {Σ|x|, Σ x²}, likewise
template <class T> inline void add_norms(const T* x, long count, double* sums) {
  V<double> s[2] = {}, a[2] = {};
  each_wide(x, count, [&](V<double> v, int i) { s[i] = fma(v, v, s[i]), a[i] += abs(v); });
  sums[0] += sum(a[0] + a[1]);
  sums[1] += sum(s[0] + s[1]);
}

// The end of a gradient's block: `count` numbers G.
template <class T>
inline void finish_gradient(T* G, long count, const Parameters<T>& p, const GradientEpilogue<T>& e, Part part) {
  const StepConstants<T>& c = *e.constants;
  if (e.is_complete) {
    if (part == Part::W && (c.l1 != T(0) || c.l2 != T(0))) add_penalty(G, p.theta, count, c.l1, c.l2);
    if (e.squared_norm) *e.squared_norm += sum_of_squares(G, count);
  }
  if (!e.should_update) return;
  step(G, count, p.theta, p.moment[0], p.moment[1], c, part);
  if (e.penalty_norms && part == Part::W) add_norms(p.theta, count, e.penalty_norms);
}

// Kernels::apply: the step along a gradient that was stored, and may have to be clipped
template <class T>
void apply(T* gradient, long count, const Parameters<T>& p, const GradientEpilogue<T>& e, Part part) {
  if (const T scale = e.constants->gradient_scale; scale != T(1))
    for (long k = 0; k < count; k += lanes<T>) store(gradient + k, scale * load(gradient + k));
  step(gradient, count, p.theta, p.moment[0], p.moment[1], *e.constants, part);
  if (e.penalty_norms && part == Part::W) add_norms(p.theta, count, e.penalty_norms);
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
