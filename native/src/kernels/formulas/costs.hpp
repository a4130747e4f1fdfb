// The costs' losses with their derivatives, entry by entry: the formulas of src/chainrule/costs.
//
//   loss<C>(a, y, p), loss_derivative<C>(a, y, p)   ℓ's term of one output and ∂ℓ/∂a, p the cost's parameter
//   loss_curvature<C>(a, y, p)                      ∂²ℓ/∂a²
//   canonical<C>(z, y)                              a = σ(z), ℓ, δ = ∂ℓ/∂z and ∂δ/∂z in closed form, from one exponential:
//                                                   log_likelihood ∘ sigmoid, poisson ∘ exp
//
// 0 · log 0 = 0. Derivatives at kinks are 0. cross_entropy expects y after `smoothed`; over softmax it needs
// whole rows, see vector_valued.hpp.
#pragma once
#include "chainrule/kinds.hpp"
#include "kernels/math/elementary.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// y x, with 0 · x = 0 for every x, ∞ and NaN included.
template <class W> CHAINRULE_WORD W times(W y, W x) { return select(y == Scalar<W>(0), Scalar<W>(0), y * x); }
// y′ = (1 − ε) y + ε/m, label smoothing.
template <class W> CHAINRULE_WORD W smoothed(W y, Scalar<W> epsilon, int m) {
  return (Scalar<W>(1) - epsilon) * y + epsilon / Scalar<W>(m);
}

template <Cost cost, class W> CHAINRULE_WORD W loss(W a, W y, W p) {
  using T = Scalar<W>;
  using enum Cost;
  const W e = a - y;
  if constexpr (cost == sum_of_squares) return T(0.5) * e * e;
  if constexpr (cost == log_likelihood) return -(times(y, log(a)) + times(T(1) - y, log1p(-a)));
  if constexpr (cost == cross_entropy) return -times(y, log(a));
  if constexpr (cost == absolute_error) return abs(e);
  if constexpr (cost == huber) {
    const W c = min(p, max(-p, e));
    return c * (e - T(0.5) * c);
  }
  if constexpr (cost == quantile) return select(e > T(0), (T(1) - p) * e, -p * e);
  if constexpr (cost == poisson) return a - times(y, log(a));
}

template <Cost cost, class W> CHAINRULE_WORD W loss_derivative(W a, W y, W p) {
  using T = Scalar<W>;
  using enum Cost;
  const W e = a - y, one = broadcast(T(1));
  if constexpr (cost == sum_of_squares) return e;
  if constexpr (cost == log_likelihood) return times(one - y, one / (one - a)) - times(y, one / a);
  if constexpr (cost == cross_entropy) return -times(y, one / a);
  if constexpr (cost == absolute_error) return select(e > T(0), one, select(e < T(0), -one, e));
  if constexpr (cost == huber) return min(p, max(-p, e));
  if constexpr (cost == quantile) return select(e > T(0), one - p, select(e < T(0), -p, e));
  if constexpr (cost == poisson) return one - times(y, one / a);
}

template <Cost cost, class W> CHAINRULE_WORD W loss_curvature(W a, W y, W p) {
  using T = Scalar<W>;
  using enum Cost;
  const W zero{}, one = broadcast(T(1));
  if constexpr (cost == sum_of_squares) return one;
  if constexpr (cost == log_likelihood) return times(one - y, one / ((one - a) * (one - a))) + times(y, one / (a * a));
  if constexpr (cost == cross_entropy) return times(y, one / (a * a));
  if constexpr (cost == absolute_error || cost == quantile) return zero;
  if constexpr (cost == huber) return select(abs(a - y) < p, one, zero);
  if constexpr (cost == poisson) return select(y == T(0), zero, y / a / a);
}

template <class W> struct Canonical {
  W a, loss, delta, curvature;
};
template <Cost cost, class W> CHAINRULE_WORD Canonical<W> canonical(W z, W y) {
  using T = Scalar<W>;
  const W zero{}, one = broadcast(T(1));
  if constexpr (cost == Cost::log_likelihood) {
    // ℓ = y softplus(−z) + (1 − y) softplus(z),  δ = (1 − y) σ(z) − y σ(−z): no difference of nearly equal numbers
    const W e = exp_negative(-abs(z)), large = one / (one + e), small = e / (one + e);  // σ(|z|), σ(−|z|)
    const Int<W> down = z < T(0);
    const W a = select(down, small, large), rest = select(down, large, small);
    return {a, fma(y, max(zero, -z), (one - y) * max(zero, z)) + log1p_unit(e), (one - y) * a - y * rest,
            large * small};
  } else {
    static_assert(cost == Cost::poisson);
    const W a = exp(z);
    return {a, a - y * z, a - y, a};
  }
}

// f.template operator()<cost>().
template <class F> CHAINRULE_WORD void with(Cost cost, F f) {
  using enum Cost;
  switch (cost) {
    case sum_of_squares:
      return f.template operator()<sum_of_squares>();
    case log_likelihood:
      return f.template operator()<log_likelihood>();
    case cross_entropy:
      return f.template operator()<cross_entropy>();
    case absolute_error:
      return f.template operator()<absolute_error>();
    case huber:
      return f.template operator()<huber>();
    case quantile:
      return f.template operator()<quantile>();
    case poisson:
      return f.template operator()<poisson>();
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
