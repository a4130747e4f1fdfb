// The contract of a kernel set: a table of functions over plain structures of pointers, which contract.hpp of each room
// in kernels/ declares. Nothing of the standard library is included here, since the files of simd/ compile these
// headers for CPUs that not everybody has.
//
// The packed layout. R = 2 · lanes is the width of a panel: two vectors. A matrix of rows × features is stored in
// panels of R features, [⌈features/R⌉][rows][R]: activations and deltas with the examples as rows, W[i] (mᵢ, mᵢ₋₁)
// twice,
//   W  [⌈mᵢ/R⌉][mᵢ₋₁][R]     entry (k, j) of panel p is W[i]ⱼ₊ₚᵣ,ₖ    read by the forward pass, z = W a + b
//   Wt [⌈mᵢ₋₁/R⌉][mᵢ][R]     entry (j, k) of panel p is W[i]ⱼ,ₖ₊ₚᵣ    read by the backward pass, Wᵀ δ
// so that each operand of a kernel is one pointer with immediate offsets. Lanes past the last feature hold zeros
// wherever they are read. A thin layer, the last one if mᵣ ≤ R, is stored as Wt alone: one to R outputs then waste no
// lanes.
#pragma once

#include "kernels/lanes/contract.hpp"
#include "kernels/layout/contract.hpp"
#include "kernels/panels/contract.hpp"
#include "kernels/predict/contract.hpp"
#include "kernels/shared/contract.hpp"
#include "kernels/units/contract.hpp"

namespace chainrule {

inline constexpr int max_lanes = 16;  // batches are padded to a multiple of the lanes

template <class T> struct Kernels {
  int lanes;
  // training in panels
  void (*linear)(const Linear<T>&);
  void (*thin_linear)(const ThinLinear<T>&);
  void (*vector_value)(const VectorActivation<T>&);
  void (*vector_pullback)(const VectorActivation<T>&);
  void (*output)(const Output<T>&);
  // `count` ≤ most_panels blocks: a single one, or several of one panel of outputs and consecutive panels of inputs,
  // whose arrays follow one another too. squared_norm and penalty_norms have room for each block.
  void (*gradient_blocks)(const GradientBlock<T>*, int count, const GradientRows<T>&, const GradientEpilogue<T>&);
  void (*bias_block)(const BiasBlock<T>&, long first, long count, const GradientEpilogue<T>&);
  // the optimizer's step along a stored gradient, which is scaled by constants->gradient_scale in place
  void (*apply)(T* gradient, long count, const Parameters<T>&, const GradientEpilogue<T>&, Part);
  // leading block-diagonal layers
  void (*units_forward)(const DiagonalBlocks<T>&, const UnitLayer<T>&);
  void (*units_backward)(const DiagonalBlocks<T>&, const UnitLayer<T>&);
  void (*units_gradient)(const DiagonalBlocks<T>&, const UnitLayer<T>&, const UnitGradient<T>&,
                         const GradientEpilogue<T>&);
  // layouts
  void (*gather)(const Gather<T>&, T* panels, long stride);  // → panels [⌈n/R⌉][stride / R][R]
  void (*gather_lanes)(const Gather<T>&, T* across);         // → [rows / lanes][n][lanes]
  // → [n][pitch]; the last row is repeated up to a multiple of `lanes`
  void (*gather_units)(const Gather<T>&, T* units, long pitch);
  // rows [first, last), multiples of `lanes`, of [m][pitch] ↔ panels [⌈m/R⌉][stride / R][R]; lanes past m keep their
  // numbers
  void (*units_to_panels)(const T* units, long pitch, long m, long first, long last, T* panels, long stride);
  void (*panels_to_units)(const T* panels, long stride, long m, long first, long last, T* units, long pitch);
  void (*pack)(const T* W, long m, long n, T* panels);             // W (m, n) → [⌈m/R⌉][n][R]
  void (*pack_transposed)(const T* W, long m, long n, T* panels);  // W (m, n) → [⌈n/R⌉][m][R]
  void (*unpack)(const T* panels, long m, long n, T* W);           // [⌈m/R⌉][n][R] → W (m, n)
  // [⌈n/R⌉][m][R] → rows first … last − 1 of W (m, n)
  void (*unpack_transposed)(const T* panels, long m, long n, long first, long last, T* W);
  void (*transpose)(const T* from, long rows, long columns, T* to);  // (rows, columns) → (columns, rows), row by row
  void (*transpose_block)(const T* block, int height, int width, T* transposed);  // [height][R] → [width][R]
  // sums += {Σ|x|, Σ x²} in double precision, in a fixed order; count a multiple of `lanes`
  void (*add_norms)(const T* x, long count, double* sums);
  T (*largest)(const T* x, long count);            // max |x|; NaN if any x is NaN
  long (*count_nonzeros)(const T* x, long count);  // count a multiple of `lanes`, below 2³¹
  void (*dropout_mask)(const DropoutMask<T>&);
  // training in lanes
  int group_vectors;  // the most of a group, ≤ max_group_vectors
  void (*lane_group)(const LaneGroup<T>&);
  // gradient[k] := Σ over chunks and lanes of sums[chunk][k][·] for k of [first, last), first a multiple of `lanes`
  void (*lane_reduce)(const T* sums, long chunk_stride, int chunks, long first, long last, T* gradient);
  // g += mask ⊙ (λ₁ sign θ + λ₂ θ), then θ := θ − decay mask ⊙ θ; count a multiple of `lanes`
  void (*lane_penalties)(T* gradient, T* theta, const T* mask, long count, T l1, T l2, T decay);
  double (*sum_of_squares)(const T* x, long count);  // in double precision; count a multiple of `lanes`
  // prediction
  // out (m_r,) := N(x). Buffers: the widest layer rounded up to vectors; scratch: [2][widest vector-valued
  // layer][lanes]
  void (*predict_row)(const PredictLayer<T>* layers, int r, const T* x, T* buffer, T* next_buffer, T* scratch, T* out);
  void (*predict_rows)(const PredictRows<T>&);
};

}  // namespace chainrule
