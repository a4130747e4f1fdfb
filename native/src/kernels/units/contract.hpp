// The kernels of leading block-diagonal layers, which are computed unit by unit. Their arrays are [units][pitch], with
// the examples across the lanes: an entry of W is a broadcast in both directions, an entry of ∂J/∂W a dot product over
// examples.
#pragma once

#include "chainrule/run.hpp"
#include "kernels/shared/contract.hpp"

namespace chainrule {

// Consecutive blocks of W = diag(W₁, …, W_k) of one shape (p, q).
template <class T> struct DiagonalBlocks {
  Run run;
  long first_input, first_unit;
  T* theta[parts];  // W (count, p, q), b (count · p,), κ like b, or null
};

template <class T> struct UnitLayer {
  Sigma sigma;
  T parameter;
  const T* input;            // a[i − 1]
  T *a, *saved, *mask;       // of layer i; saved, mask: null if not needed, see Activation
  T *delta, *kappa_delta;    // ∂J/∂a[i], which backward turns into δ[i]; and the terms of ∂J/∂κ
  T* input_delta;            // receives ∂J/∂a[i − 1]; null: not wanted
  long pitch;                // a multiple of `lanes`
  long first_row, last_row;  // multiples of `lanes`
};

// Room for the gradient of some blocks, one array for each Part. Counts are multiples of `lanes` and 4, padded with
// zeros.
template <class T> struct UnitGradient {
  long rows;
  Parameters<T> parameters[parts];
  T* sum[parts];
  long count[parts];
};

template <class T> struct UnitKernels {
  void (*forward)(const DiagonalBlocks<T>&, const UnitLayer<T>&);
  void (*backward)(const DiagonalBlocks<T>&, const UnitLayer<T>&);
  void (*gradient)(const DiagonalBlocks<T>&, const UnitLayer<T>&, const UnitGradient<T>&, const GradientEpilogue<T>&);
};

}  // namespace chainrule
