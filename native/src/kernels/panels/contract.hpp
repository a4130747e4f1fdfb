// The kernels of training in panels; kernels.hpp describes the layout.
#pragma once

#include "kernels/shared/contract.hpp"

namespace chainrule {

// The numbers of panels that the kernels which skip zeros take together. Two panels give too few sums to keep the
// multiplication units busy.
inline constexpr int most_panels = 4, least_panels = 3;

// The epilogue of a product: out := the sum z, σ(z), or z · mask ⊙ σ′(saved).
enum class LinearEpilogue { none, activation, derivative };

// Memory that a product may prefetch. It has no effect on results.
template <class T> struct LinearPrefetch {
  const T* next_panel;   // of W, read after this call; null: nothing
  bool is_input_remote;  // other cores have just written A
};

// Rows first_row … last_row − 1 of panels first_panel … last_panel − 1.
struct PanelRegion {
  int first_row, last_row, first_panel, last_panel;
};

// out[r][p] := epilogue(Σₖ A[r][k] B[p][k] + bias[p]) for the rows r and panels p of `region`.
// Forward: A = a[i−1], B = W[i], epilogue σ or none. Backward: A = δ[i+1], B = Wt[i+1], epilogue · mask ⊙ σ′.
// Every entry sums over k = 0 … K−1 in this order, whatever the ranges.
template <class T> struct Linear {
  const T* A;     // [·][A_stride / R][R]
  long A_stride;  // from a panel of A to the next, in numbers
  const T* B;     // [panel][K][R]
  long K;
  const T* bias;  // [panel][R]; null: zeros
  T* out;         // [panel][out_stride / R][R]
  long out_stride;
  PanelRegion region;
  int panels;           // of the layer
  int start_panel;      // the first one to be computed; after last_panel − 1 follows first_panel
  int last_lanes;       // features in the last of `panels`: the lanes after them are set to zero
  bool can_skip_zeros;  // A has many zeros, and B is finite
  LinearPrefetch<T> prefetch;
  LinearEpilogue epilogue;
  Activation<T> activation;
};

// z[n][r] = Σₖ A[r][k] Wt[n][k] + b[n] for n < m ≤ R, with the examples across the lanes: Z [rows / lanes][m][lanes].
template <class T> struct ThinLinear {
  const T* A;  // [panels][A_stride / R][R]
  long A_stride;
  const T* Wt;                         // [panels][m][R]
  const T* b;                          // [m]
  int panels, m, first_row, last_row;  // rows: multiples of `lanes`
  T* Z;
};

// A vector-valued σ in a hidden layer, in place on panels [⌈m/R⌉][stride / R][R].
//   vector_value:     a[i] := mask ⊙ σ(z[i]), where `panels` holds z[i]; z[i] is kept in activation.saved
//   vector_pullback:  δ[i] := (∂σ/∂z)ᵀ (mask ⊙ ∂J/∂a[i]), where `panels` holds ∂J/∂a[i]
template <class T> struct VectorActivation {
  Activation<T> activation;
  T* panels;  // a[i] or δ[i]
  long stride;
  int m, first_row, last_row;  // rows: multiples of `lanes`
  T* scratch;                  // [3][m][lanes]
};

// σ[r] of the last layer.
template <class T> struct OutputActivation {
  Sigma sigma;
  T parameter;
  const T* kappa;  // [m], see Activation; null: 1
};

// The last layer: a[r] = σ[r](z[r]), the weighted losses, and δ[r], with the examples across the lanes.
template <class T> struct Output {
  OutputActivation<T> activation;
  Cost cost;
  const T* cost_parameters;    // [m]
  int m, first_row, last_row;  // rows: multiples of `lanes`
  const T* Z;                  // z[r]: [rows / lanes][m][lanes], or panels [⌈m/R⌉][Z_stride / R][R]
  long Z_stride;               // 0: across lanes
  const T* Y;                  // [rows / lanes][m][lanes]
  const T* example_weights;    // [rows]; 0 in padding rows
  double* losses;              // [rows]: weight · ℓ
  T* delta;                    // δ[r], panels [⌈m/R⌉][delta_stride / R][R]; null: not wanted
  T* kappa_delta;              // like δ[r], if there is a κ
  long delta_stride;
  T* scratch;  // [4][m][lanes]
};

// A block of ∂J/∂W[i], at most R × R: g[h][·] = Σ_r A[r][h] B[r][·] over rows r of the batch, with the parameters that
// step along it.
template <class T> struct GradientBlock {
  const T* A;                // [·][R]: the panel whose lanes h < height are the block's rows
  const T* B;                // [·][R]
  int height, width;         // width: lanes of B that are features
  Parameters<T> parameters;  // each [height][R]
  T* transposed;             // the block's transpose, [width][R]; null: none is kept
  const T* parameter_mask;   // [height][R]: 1 where W has a parameter, 0 where it is always 0; null: 1 everywhere
  T* sum;                    // [height][R]; null if it is never stored
};

// Memory that gradient blocks may prefetch. It has no effect on results.
template <class T> struct GradientPrefetch {
  const GradientBlock<T>* next_block = nullptr;  // computed after these; null: none
  const T* input = nullptr;   // [·][R]: a panel that next_block reads and these blocks do not; null: nothing
  const T* output = nullptr;  // if sums are stored: θ of as many blocks, which a later step writes; null: nothing
};

// The rows of the batch that gradient blocks sum over, in this order.
template <class T> struct GradientRows {
  long first, count;
  // A whole block's sum is stored in `transposed`, which is as large, and free until the update rewrites it.
  bool use_transposed_as_scratch = false;
  bool is_transposed_remote = false;  // other cores have read `transposed`
  bool can_skip_zeros = false;        // B has many zeros, and all numbers are finite
  GradientPrefetch<T> prefetch = {};
};

// ∂J/∂b or ∂J/∂κ of one panel: g[·] = Σ_r δ[r][·] over the same rows.
template <class T> struct BiasBlock {
  const T* delta;            // [·][R]; for κ: kappa_delta
  Parameters<T> parameters;  // [R]
  T* sum;
  Part part;
};

template <class T> struct PanelKernels {
  void (*linear)(const Linear<T>&);
  void (*thin_linear)(const ThinLinear<T>&);
  void (*vector_value)(const VectorActivation<T>&);
  void (*vector_pullback)(const VectorActivation<T>&);
  void (*output)(const Output<T>&);
  // `count` ≤ most_panels blocks: a single one, or several of one panel of outputs and consecutive panels of inputs,
  // whose arrays follow one another too. squared_norm and penalty_norms have room for each block.
  void (*gradient_blocks)(const GradientBlock<T>*, int count, const GradientRows<T>&, const GradientEpilogue<T>&);
  void (*bias_block)(const BiasBlock<T>&, long first, long count, const GradientEpilogue<T>&);
};

}  // namespace chainrule
