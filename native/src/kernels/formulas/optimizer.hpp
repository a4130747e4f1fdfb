// One optimizer's step on one vector of parameters: the formulas of src/chainrule/optimizers.
//
//   gradient_descent  θ := θ − α g                                                          Lecture, L12
//   momentum          v := β v + g,                 θ := θ − α v
//   nesterov          v := β v + g,                 θ := θ − α (g + β v)
//   adagrad           ν := ν + g²,                  θ := θ − α g / (√ν + ε)
//   rmsprop           ν := ρ ν + (1 − ρ) g²,        θ := θ − α g / (√ν + ε)
//   adam              μ := β₁ μ + (1 − β₁) g,  ν := β₂ ν + (1 − β₂) g²,
//                     θ := θ − (α/(1 − β₁ᵏ)) μ / (√ν/√(1 − β₂ᵏ) + ε)
//   adamw             θ := θ − α λ θ, then Adam's step
//   rprop             Δ := Δ η± within its bounds,  g := 0 if its sign changed,  θ := θ − α Δ sign g    (iRPROP−)
//
// first, second: the moments in the order of `moments` in Python (v | ν | μ, ν | Δ, previous g); unused ones keep
// their values. theta, first and second are updated in place.
//
// Measured for Adam in float (AMD Zen 4, AVX-512 | AVX2, ns a parameter in L1): √ and division 0.28 | 0.29, √ by
// rsqrt14 and a Newton step 0.25 | 0.28, division by rcp14 and a Newton step too 0.29 | 0.31. So AVX2 keeps the exact
// ones; with AVX-512 the quick ones cost nothing on this CPU and save much on an Intel Xeon, see quick_sqrt.
#pragma once
#include "chainrule/coefficients.hpp"
#include "kernels/words/words.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// The coefficients are those of all lanes, or have a number for each.
template <Optimizer optimizer, class W, class C>
CHAINRULE_WORD void update(W& theta, W& first, W& second, W g, const Coefficients<C>& c) {
  using T = Scalar<W>;
  using enum Optimizer;
  const W alpha = broadcast(c.alpha);
  if constexpr (optimizer == gradient_descent) {
    theta = fnma(alpha, g, theta);
  } else if constexpr (optimizer == momentum || optimizer == nesterov) {
    const W beta = broadcast(c.beta1);
    first = fma(beta, first, g);
    theta = fnma(alpha, optimizer == momentum ? first : fma(beta, first, g), theta);
  } else if constexpr (optimizer == adagrad || optimizer == rmsprop) {
    first = optimizer == adagrad ? fma(g, g, first) : fma(broadcast(c.beta2), first, c.rest2 * g * g);
    theta -= quick_quotient(alpha * g, quick_sqrt(first) + c.epsilon);
  } else if constexpr (optimizer == adam || optimizer == adamw) {
    if constexpr (optimizer == adamw) theta = fnma(broadcast(c.decay), theta, theta);
    first = fma(broadcast(c.beta1), first, c.rest1 * g);
    second = fma(broadcast(c.beta2), second, c.rest2 * g * g);
    theta -= quick_quotient(alpha * first, fma(quick_sqrt(second), broadcast(c.root), broadcast(c.epsilon)));
  } else {
    static_assert(optimizer == rprop);
    const Int<W> same = ((g > T(0)) & (second > T(0))) | ((g < T(0)) & (second < T(0)));
    const Int<W> turned = ((g > T(0)) & (second < T(0))) | ((g < T(0)) & (second > T(0)));
    first *= select(same, c.grow, select(turned, c.shrink, broadcast(T(1))));
    first = min(broadcast(c.largest), max(broadcast(c.smallest), first));
    second = select(turned, T(0), g);
    theta -= alpha * select(second > T(0), first, select(second < T(0), -first, T(0)));
  }
}

// f.template operator()<optimizer>().
template <class F> CHAINRULE_WORD void with(Optimizer optimizer, F f) {
  using enum Optimizer;
  switch (optimizer) {
    case gradient_descent:
      return f.template operator()<gradient_descent>();
    case momentum:
      return f.template operator()<momentum>();
    case nesterov:
      return f.template operator()<nesterov>();
    case adagrad:
      return f.template operator()<adagrad>();
    case rmsprop:
      return f.template operator()<rmsprop>();
    case adam:
      return f.template operator()<adam>();
    case adamw:
      return f.template operator()<adamw>();
    case rprop:
      return f.template operator()<rprop>();
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
