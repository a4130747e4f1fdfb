// The kernels of a first layer whose examples are sparse rows. Its W is stored in panels [⌈m/R⌉][n][R] like any other
// (kernels.hpp): column k of W is a row of R numbers in each panel.
#pragma once

#include "chainrule/csr_matrix.hpp"
#include "kernels/panels/contract.hpp"
#include "kernels/shared/contract.hpp"

namespace chainrule {

// The rows of a minibatch: row r is example order[r], or first + r if `order` is null. Rows from `rows` on are empty.
template <class T> struct CsrRows {
  CsrMatrix<T> X;
  const std::uint32_t* order;
  long first;
  int rows;
};

// Some rows of a minibatch by columns: columns[s] of X holds values[e] in row rows[e], starts[s] ≤ e < starts[s + 1],
// with rising rows.
template <class T> struct CsrColumns {
  const int* columns;
  const long* starts;
  const int* rows;
  const T* values;
};

// θ and moments of W in panels, `panel_stride` = n R apart, of which the first `vectors` vectors hold features.
template <class T> struct CsrParameters {
  Parameters<T> first_panel;
  long panel_stride;
  int vectors;
};

// ∂J/∂W[·][k] = Σ_r δ[r] x[r][k] over rows first_row … last_row − 1, for columns k = columns[s], first ≤ s < last, and
// the optimizer's step along it. next[s] is the first entry that has not been summed, and moves on.
template <class T> struct CsrGradient {
  CsrColumns<T> by_columns;
  long first, last;
  const T* delta;  // panels [⌈m/R⌉][delta_stride / R][R]; its row 0 is row first_row of the minibatch
  long delta_stride;
  int first_row, last_row;
  long* next;
  CsrParameters<T> W;
  T* sum;  // panels [⌈m/R⌉][sum_stride / R][R], with the places s as rows; null if no gradient is stored
  long sum_stride;
};

// The steps of an optimizer that columns of W have missed, with a gradient of 0: the same operations, in the same order.
template <class T> struct CsrCatchUp {
  const int* columns;  // null: first, first + 1, …
  long first, last;    // columns[first] … columns[last − 1]
  int* done;           // [n]: the steps that each column has made; becomes `steps`
  int steps;
  const StepConstants<T>* constants;  // of each step
  CsrParameters<T> W;
};

template <class T> struct CsrKernels {
  // Linear::out := epilogue(X Wᵀ + bias), as PanelKernels::linear; A is not read, and B is W. Every entry sums bias and
  // products in the order of the columns.
  void (*linear)(const CsrRows<T>&, const Linear<T>&);
  void (*gradient)(const CsrGradient<T>&, const GradientEpilogue<T>&);
  // The optimizer's step along the stored sums of places first … last − 1
  void (*apply)(const CsrGradient<T>&, const GradientEpilogue<T>&);
  void (*catch_up)(const CsrCatchUp<T>&);
};

}  // namespace chainrule
