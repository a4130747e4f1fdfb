// What an optimizer's update word needs in one step, worked out in double precision and rounded to the kernel's T.
#pragma once
#include "kinds.hpp"

namespace chainrule {

template <class T> struct Coefficients {
  T alpha;                            // the step's learning rate; Adam, AdamW: α / (1 − β₁ᵏ)
  T beta1, rest1;                     // momentum or Adam's β₁, and 1 − β₁
  T beta2, rest2;                     // Adam's β₂ or RMSProp's ρ, and 1 − it
  T epsilon;                          // ε
  T root;                             // 1 / √(1 − β₂ᵏ); 1 for AdaGrad and RMSProp
  T decay;                            // AdamW: α λ. For biases, which are not decayed, a copy with 0
  T shrink, grow, smallest, largest;  // RPROP's η₋, η₊ and bounds of the step sizes
};

// The coefficients of step k = 1, 2, … with learning rate alpha. `hyper` holds the Python object's own numbers in order:
//   momentum, nesterov: momentum | adagrad: epsilon | rmsprop: decay, epsilon | adam: beta1, beta2, epsilon
//   adamw: beta1, beta2, epsilon, weight_decay | rprop: shrink, grow, smallest, largest
template <class T>
Coefficients<T> coefficients(Optimizer optimizer, double alpha, long long k, const double (&hyper)[4]);

}  // namespace chainrule
