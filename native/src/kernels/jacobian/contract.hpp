// The kernels of per-example Jacobians and of sums over examples of products of their entries, in double precision. The
// examples lie across the lanes, as in kernels/lanes/, in micro-batches of groups of group_vectors vectors.
#pragma once

#include "kernels/lanes/contract.hpp"

namespace chainrule {

// Rows of numbers, one for each example of a micro-batch. The row of feature f and output k, row_size = group_vectors · lanes,
// has its part of group g at first + g · group_stride + k · output_stride + f · row_size.
struct ExampleRows {
  const double* first;
  long group_stride, output_stride;
};

struct JacobianKernels {
  int lanes, group_vectors;
  // For a group of group_vectors vectors, with g.example_weights as factors w of the examples:
  // residuals [m_r][vectors][lanes] := w (a[r] − y), and deltas[i − 1] [m_r][mᵢ][vectors][lanes] := w ∂a[r]/∂z[i].
  void (*group)(const LaneGroup<double>& g, double* residuals, double* const* deltas);
  // out [vectors][lanes] := Σ over outputs of row f of p ⊙ row h of q
  void (*row_product)(const ExampleRows& p, int f, const ExampleRows& q, int h, int outputs, int vectors, double* out);
  int gram_columns;  // the columns of `gram` are a multiple of it
  // C[f][h] += Σ_e P[f][e] Q[h][e] over the examples e of [rows][vectors][lanes] and [columns][vectors][lanes]. Rows of
  // C lie `stride` numbers apart. Each lane is summed up, then the lanes, then C.
  void (*gram)(const double* P, int rows, const double* Q, int columns, int vectors, double* C, long stride);
};

}  // namespace chainrule
