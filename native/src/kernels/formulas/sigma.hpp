// The entrywise activations (Lecture, Def. 4.1), each map with its derivatives, on one vector.
//
//   value<σ>(z, p)                 a = σ(z), with p the activation's parameter (slope, alpha) in every lane
//   derivative<σ>(s, p)            σ′ from s = z if derivative_needs_z(σ, p) (kinds.hpp), else from s = a
//   second_derivative<σ>(z, a, p)  σ″ from both
//
// Error: a few ULP (see the headers of math/) in `value`, in both tails, and in the derivatives computed from z, except
// near the roots of gelu′, silu′, mish′, where it is a few ULP of the terms that cancel. A derivative computed from a
// has an absolute error of a few u: a (1 − a) cannot be more exact in a sigmoid's upper tail than a is.
// Kinks as in Python: relu′(0) = 0, leaky_relu′(0) = slope, elu′(0) = elu″(0) = alpha, hard_tanh′(±1) = 0. NaN gives NaN in
// `value`; so do silu, gelu and mish at −∞ (∞ · 0). All finite z are in range. σ″ has an error of a few u (1 + |σ″|).
#pragma once
#include "chainrule/kinds.hpp"
#include "kernels/math/elementary.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// λ and λα, which make mean 0 and variance 1 a fixed point (Klambauer et al. 2017).
inline constexpr double selu_scale = 1.0507009873554804934, selu_scale_alpha = 1.7580993408473768600;

// q = e^(−|z|), and tanh(softplus z) = n/d in powers of q; for z ≥ 0 both are divided by e²ᶻ.
template <class W> struct Mish {
  W q, n, d;
};
template <class W> CHAINRULE_WORD Mish<W> mish_parts(W z) {
  using T = Scalar<W>;
  const W q = exp_negative(-abs(z)), n = select(z < T(0), q * (q + T(2)), fma(broadcast(T(2)), q, broadcast(T(1))));
  return {q, n, n + select(z < T(0), T(2), T(2) * q * q)};
}

template <Sigma sigma, class W> CHAINRULE_WORD W value(W z, W p) {
  using T = Scalar<W>;
  using enum Sigma;
  const W zero{};
  if constexpr (sigma == identity) return z;
  if constexpr (sigma == relu) return max(zero, z);
  if constexpr (sigma == leaky_relu) return select(z > T(0), z, p * z);
  if constexpr (sigma == elu) return select(z > T(0), z, p * expm1_negative(min(zero, z)));
  if constexpr (sigma == selu)
    return select(z > T(0), T(selu_scale) * z, T(selu_scale_alpha) * expm1_negative(min(zero, z)));
  if constexpr (sigma == sigmoid) return CHAINRULE_KERNEL_SET::sigmoid(z);
  if constexpr (sigma == tanh) return CHAINRULE_KERNEL_SET::tanh(z);
  if constexpr (sigma == softplus) return CHAINRULE_KERNEL_SET::softplus(z);
  if constexpr (sigma == softsign) return z / (T(1) + abs(z));
  if constexpr (sigma == gelu) return z * normal(z).distribution;
  if constexpr (sigma == silu) return z * CHAINRULE_KERNEL_SET::sigmoid(z);
  if constexpr (sigma == mish) {
    const auto [q, n, d] = mish_parts(z);
    return z * (n / d);
  }
  if constexpr (sigma == hard_tanh) return clamp(z, T(-1), T(1));
  if constexpr (sigma == gaussian) return CHAINRULE_KERNEL_SET::gaussian(z);
  if constexpr (sigma == sine) return sin(z);
  if constexpr (sigma == exp) return CHAINRULE_KERNEL_SET::exp(z);
}

template <Sigma sigma, class W> CHAINRULE_WORD W derivative(W s, W p) {
  using T = Scalar<W>;
  using enum Sigma;
  const W zero{}, one = broadcast(T(1));
  if constexpr (sigma == identity) return one;
  if constexpr (sigma == relu) return select(s > T(0), one, T(0));
  if constexpr (sigma == leaky_relu) return select(s > T(0), one, p);
  if constexpr (sigma == elu) {  // from a: α eᶻ = a + α
    if (any(p < T(0))) [[unlikely]]
      return select(s > T(0), one, p * exp_negative(min(zero, s)));
    return select(s > T(0), one, s + p);
  }
  if constexpr (sigma == selu) return select(s > T(0), broadcast(T(selu_scale)), s + T(selu_scale_alpha));
  if constexpr (sigma == sigmoid) return s * (one - s);
  if constexpr (sigma == tanh) return (one - s) * (one + s);
  if constexpr (sigma == softplus) return -expm1_negative(-s);  // σ(z) = 1 − e⁻ᵃ
  if constexpr (sigma == softsign) return (one - abs(s)) * (one - abs(s));
  if constexpr (sigma == gelu) {
    const auto [distribution, e] = normal(s);
    return fma(s * T(0.39894228040143267794), e, distribution);
  }
  if constexpr (sigma == silu) {  // S(z) (1 + z S(−z)) over (1 + q)², q = e^(−|z|)
    const W q = exp_negative(-abs(s)), r = one / (one + q);
    return fma(s, q, select(s < T(0), q, one) * (one + q)) * (r * r);
  }
  if constexpr (sigma == mish) {  // T + z T′, T = n/d, T′ = (d − n)(d + n)/d² · S(z); d − n = 2 or 2q²
    const auto [q, n, d] = mish_parts(s);
    const W slope = T(4) * select(s < T(0), q, q * q) * (one + q);
    return fma(s, slope / d, n) / d;
  }
  if constexpr (sigma == hard_tanh) return select(abs(s) < T(1), one, T(0));
  if constexpr (sigma == gaussian) return T(-2) * (s * CHAINRULE_KERNEL_SET::gaussian(s));
  if constexpr (sigma == sine) return cos(s);
  if constexpr (sigma == exp) return s;
}

template <Sigma sigma, class W> CHAINRULE_WORD W second_derivative(W z, W a, W p) {
  using T = Scalar<W>;
  using enum Sigma;
  const W zero{}, one = broadcast(T(1));
  if constexpr (!has_bend(sigma)) return zero;
  if constexpr (sigma == elu) return select(z > T(0), zero, p * exp_negative(min(zero, z)));
  if constexpr (sigma == selu) return select(z > T(0), zero, T(selu_scale_alpha) * exp_negative(min(zero, z)));
  if constexpr (sigma == sigmoid) return a * (one - a) * (one - T(2) * a);
  if constexpr (sigma == tanh) return T(-2) * a * (one - a) * (one + a);
  if constexpr (sigma == softplus) {  // S(z) S(−z)
    const W e = exp_negative(-abs(z)), r = one / (one + e);
    return e * r * r;
  }
  if constexpr (sigma == softsign) {
    const W r = one / (one + abs(z));
    return select(z == T(0), zero, copy_sign(T(2) * r * r * r, -z));
  }
  if constexpr (sigma == gelu) {  // (2 − z²) φ(z)
    const W density = T(0.39894228040143267794) * normal(z).exponential;
    return T(2) * density - z * (z * density);
  }
  if constexpr (sigma == silu) {  // 2 S′ + z S″, S″ = S′ (S(−z) − S(z))
    const W e = exp_negative(-abs(z)), r = one / (one + e);
    return e * (r * r) * fnma(abs(z), (one - e) * r, broadcast(T(2)));
  }
  if constexpr (sigma == mish) {  // 2 T′ + z T″, T′ = slope/d², T″ = 4 bend/d³, in powers of q as in mish_parts
    const auto [q, n, d] = mish_parts(z);
    const W slope = T(4) * select(z < T(0), q, q * q) * (one + q);
    const W bend = select(z < T(0), q * (T(2) + q * (T(2) - q * (T(3) + T(2) * q))),
                          q * q * (q * (T(2) * q * (q + one) - T(3)) - T(2)));
    return fma(z, T(4) * bend / d, T(2) * slope) / (d * d);
  }
  if constexpr (sigma == gaussian) return T(4) * (z * (z * a)) - T(2) * a;
  if constexpr (sigma == sine) return -a;
  if constexpr (sigma == exp) return a;
}

// f.template operator()<sigma>() for an entrywise sigma.
template <class F> CHAINRULE_WORD void with(Sigma sigma, F f) {
  using enum Sigma;
  switch (sigma) {
    case identity:
      return f.template operator()<identity>();
    case relu:
      return f.template operator()<relu>();
    case leaky_relu:
      return f.template operator()<leaky_relu>();
    case elu:
      return f.template operator()<elu>();
    case selu:
      return f.template operator()<selu>();
    case sigmoid:
      return f.template operator()<sigmoid>();
    case tanh:
      return f.template operator()<tanh>();
    case softplus:
      return f.template operator()<softplus>();
    case softsign:
      return f.template operator()<softsign>();
    case gelu:
      return f.template operator()<gelu>();
    case silu:
      return f.template operator()<silu>();
    case mish:
      return f.template operator()<mish>();
    case hard_tanh:
      return f.template operator()<hard_tanh>();
    case gaussian:
      return f.template operator()<gaussian>();
    case sine:
      return f.template operator()<sine>();
    case exp:
      return f.template operator()<exp>();
    default:
      return;  // vector-valued, see vector_valued.hpp
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
