// Structures that the kernels of every method share: activations, the optimizer's step, dropout.
#pragma once

#include "chainrule/coefficients.hpp"
#include "chainrule/kinds.hpp"

namespace chainrule {

// An entrywise σ, as the epilogue of a product.
template <class T> struct Activation {
  Sigma sigma;
  T parameter;
  T* saved = nullptr;        // what σ′ needs later, laid out like the output: z, or a before dropout; null: the output
  const T* mask = nullptr;   // dropout's factors, like the output; null: no dropout
  const T* kappa = nullptr;  // [panel][R]: a = (1 − κ) z + κ σ(z), and `saved` is z; null: κ = 1
  T* kappa_delta = nullptr;  // like the output: receives mask ⊙ ∂J/∂a ⊙ (σ(z) − z), whose sum over the batch is ∂J/∂κ
};

// A part of θ with the optimizer's moments of the same entries.
template <class T> struct Parameters {
  T* theta;
  T* moment[2];  // null if the optimizer keeps fewer
};

// The constants of an optimizer's step that all parameters of a layer have in common.
template <class T> struct StepConstants {
  Optimizer optimizer;
  Coefficients<T> coefficients[parts];  // for the entries of W, b and κ
  T l1, l2;                             // λ₁ and λ₂, scaled for this minibatch
  T gradient_scale;                     // of a stored gradient: clipping's min(1, c/‖g‖)
};

// The way from a sum over rows of the batch to a gradient g, and the use of g.
template <class T> struct GradientEpilogue {
  const StepConstants<T>* constants;  // the layer's
  bool should_accumulate = false;     // g starts from `sum` instead of zero (a batch in several parts)
  bool is_complete = true;            // the batch's last rows: add the penalties' derivative, measure g
  bool should_update = false;         // make the optimizer's step along g; otherwise store g in `sum`
  double* squared_norm = nullptr;     // += ‖g‖²; null: not measured
  double* penalty_norms = nullptr;    // [2] += {Σ|W|, ΣW²} after the step; null: not measured
};

// Dropout's factors of layer i for some rows of a step: 1 / (1 − p) if the upper half of
// splitmix64(key + (entry + 1) · golden) is at least p 2³², else 0. Entries are numbered row by row from `first_entry`
// on.
template <class T> struct DropoutMask {
  unsigned long long key, first_entry;
  double p;
  long m;
  long first_row, last_row;
  T* mask;  // panels [⌈m/R⌉][stride / R][R], or [m][stride] if `is_by_units`
  long stride;
  bool is_by_units = false;
};

template <class T> struct SharedKernels {
  // the optimizer's step along a stored gradient, which is scaled by constants->gradient_scale in place
  void (*apply)(T* gradient, long count, const Parameters<T>&, const GradientEpilogue<T>&, Part);
  // the penalties' derivative and ‖g‖² of a stored gradient that is complete, as the epilogue says
  void (*finish)(T* gradient, long count, const Parameters<T>&, const GradientEpilogue<T>&, Part);
  void (*add)(T* sum, const T* x, long count);  // sum += x; count a multiple of `lanes`
  // sums += {Σ|x|, Σ x²} in double precision, in a fixed order; count a multiple of `lanes`
  void (*add_norms)(const T* x, long count, double* sums);
  double (*sum_of_squares)(const T* x, long count);  // in double precision; count a multiple of `lanes`
  T (*largest)(const T* x, long count);              // max |x|; NaN if any x is NaN
  long (*count_nonzeros)(const T* x, long count);    // count a multiple of `lanes`, below 2³¹
  void (*dropout_mask)(const DropoutMask<T>&);
};

}  // namespace chainrule
