// The coefficients of one optimizer's step, computed in double precision and rounded to the kernel's T.
#pragma once
#include "kinds.hpp"

namespace chainrule {

template <class T> struct Coefficients {
  T alpha;                            // the step's learning rate; Adam, AdamW: α / (1 − β₁ᵏ); RPROP: 1
  T beta1, rest1;                     // momentum or Adam's β₁, and 1 − β₁
  T beta2, rest2;                     // Adam's β₂ or RMSProp's ρ, and 1 − it
  T epsilon;                          // ε
  T root;                             // 1 / √(1 − β₂ᵏ); 1 for AdaGrad and RMSProp
  T decay;                            // AdamW: α λ
  T shrink, grow, smallest, largest;  // RPROP's η₋, η₊ and bounds of the step sizes
};

// The coefficients of step k = 1, 2, … with learning rate alpha and AdamW's λ. `hyper` holds the Python object's own
// numbers in this order:
//   momentum, nesterov: momentum | adagrad: epsilon | rmsprop: decay, epsilon
//   adam, adamw: beta1, beta2, epsilon, 1 if it is ε̂ | rprop: shrink, grow, smallest, largest
Coefficients<double> coefficients(Optimizer optimizer, double alpha, double lambda, long long k,
                                  const double (&hyper)[4]);

// The coefficients in T, for entries of θ whose step is multiplied by `rate`, and whose λ is multiplied by `decay` as
// well.
template <class T> Coefficients<T> rounded(const Coefficients<double>& c, double rate, double decay);

}  // namespace chainrule
