// What a kernel set offers: a table of functions over plain structures of pointers. Nothing of the standard library is
// included here, since the files of simd/ compile it for CPUs that not everybody has.
//
// The packed layout. R = 2 · lanes is the width of a panel: two vectors. A matrix of rows × features lies in panels of R
// features, [⌈features/R⌉][rows][R]: activations and deltas with the examples as rows, W[i] (mᵢ, mᵢ₋₁) twice,
//   W  [⌈mᵢ/R⌉][mᵢ₋₁][R]     entry (k, j) of panel p is W[i]ⱼ₊ₚᵣ,ₖ    read by the forward pass, z = W a + b
//   Wt [⌈mᵢ₋₁/R⌉][mᵢ][R]     entry (j, k) of panel p is W[i]ⱼ,ₖ₊ₚᵣ    read by the backward pass, Wᵀ δ
// so that each operand of a kernel is one pointer with immediate offsets. Lanes past the last feature hold zeros where
// they are read. A thin layer, the last one if mᵣ ≤ R, is kept as Wt alone: one to R outputs then waste no lanes.
#pragma once

#include "chainrule/coefficients.hpp"
#include "chainrule/kinds.hpp"
#include "chainrule/run.hpp"

namespace chainrule {

// Where zeros are passed over, so many panels go together. Two give too few sums to keep the units for multiplication busy.
inline constexpr int most_panels = 4, least_panels = 3;
inline constexpr int max_lanes = 16;  // batches are padded to a multiple of the lanes

// An entrywise σ, as the epilogue of a tile. What σ′ needs later goes to `source`: z, or a before dropout.
template <class T> struct Activation {
  Sigma sigma;
  T parameter;
  T* source;                 // like the tile's output; null where the output itself serves
  const T* mask;             // dropout's factors, like the output; null without
  const T* kappa = nullptr;  // [panel][R]: a = (1 − κ) z + κ σ(z), source is z; null: κ = 1
  T* kappa_delta = nullptr;  // like the output: backward puts mask ⊙ ∂J/∂a ⊙ (σ(z) − z) there, whose sum is ∂J/∂κ
};

// out[r][p] := epilogue(Σₖ A[r][k] B[p][k] + bias[p]) for rows r of [first_row, last_row), panels p of [first_panel, last_panel).
// Forward (A = a[i−1], B = W[i]): epilogue σ, or none. Backward (A = δ[i+1], B = Wt[i+1]): epilogue · mask ⊙ σ′(source).
// The sum over k = 0 … K−1 runs in that order for every entry, whatever the ranges.
template <class T> struct Linear {
  const T* A;     // [·][A_stride / R][R]
  long A_stride;  // from a panel of A to the next, in numbers
  const T* B;     // [panel][K][R]
  long K;
  const T* bias;  // [panel][R]; null: zeros
  T* out;         // [panel][out_stride / R][R]
  long out_stride;
  int first_row, last_row, first_panel, last_panel, panels;
  int start;       // the panel to begin with, and to go on from to the last one and then from the first
  int last_lanes;  // features in the last of `panels`: the lanes after them are set to zero
  const T* next;   // read after these panels: worth a prefetch; null: nothing
  bool fetch;      // other cores have just written to A: worth a prefetch
  bool sparse;     // many entries of A are zero, and all of B are finite
  enum Epilogue { none, value, derivative } epilogue;
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

// A vector-valued σ in a hidden layer. value: a[i] := mask ⊙ σ(z[i]) where a[i] holds z[i], which is kept in `source`.
// pullback: δ[i] := (∂σ/∂z)ᵀ (mask ⊙ δ[i]) where δ[i] holds ∂J/∂a[i]. Panels [⌈m/R⌉][stride / R][R]; rows: multiples of `lanes`.
template <class T> struct VectorActivation {
  Activation<T> activation;
  T* panels;  // a[i] or δ[i]
  long stride;
  int m, first_row, last_row;
  T* scratch;  // [3][m][lanes]
};

// The last layer: a[r] = σ[r](z[r]), the weighted losses, and δ[r], with the examples across the lanes.
template <class T> struct Output {
  Sigma sigma;
  T sigma_parameter;
  const T* kappa;  // [m], see Activation; null: 1
  Cost cost;
  T cost_parameter;
  int m, first_row, last_row;  // rows: multiples of `lanes`
  const T* Z;                  // z[r]: [rows / lanes][m][lanes], or panels [⌈m/R⌉][Z_stride / R][R]
  long Z_stride;               // 0: across lanes
  const T* Y;                  // [rows / lanes][m][lanes]
  const T* weights;            // [rows]: what each example's cost is multiplied by, 0 in padding rows
  double* losses;              // [rows]: weight · ℓ
  T* delta;                    // δ[r], panels [⌈m/R⌉][delta_stride / R][R]; null: not wanted
  T* kappa_delta;              // like δ[r], if there is a κ
  long delta_stride;
  T* scratch;  // [4][m][lanes]
};

// θ's part of one tile or vector, with the optimizer's moments beside it.
template <class T> struct Parameters {
  T* theta;
  T* moment[2];  // null where the optimizer keeps none
};

// Everything of an optimizer's step that is the same for all parameters of a layer.
template <class T> struct StepConstants {
  Optimizer optimizer;
  Coefficients<T> of[parts];  // for the entries of W, b and κ
  T l1, l2;                   // this minibatch's share of the penalties
  T scale;                    // of a gradient that was stored: clipping's min(1, c/‖g‖)
};

// What becomes of a gradient g once it is summed.
template <class T> struct Epilogue {
  const StepConstants<T>* step;  // the layer's
  bool add;                      // g starts from `sum` (a batch in several blocks of rows)
  bool finish;                   // g is whole: add the penalties' part, measure it
  bool update;                   // and make the optimizer's step, else store g in `sum`
  double* norm2;                 // += ‖g‖² where not null
  double* penalty;               // += Σ|W| and ΣW² after the step, [2], where not null
};

// One block of ∂J/∂W[i], g[h][·] = Σ_r A[r][h] B[r][·] over rows of the batch, and the parameters that step along it
template <class T> struct WeightBlock {
  const T* A;                // [·][R]: the panel whose lanes h < height are the block's rows
  const T* B;                // [·][R]
  int height, width;         // width: lanes of B that are features
  Parameters<T> parameters;  // each [height][R]
  T* transposed;             // the block's transpose, [width][R]; null: none is kept
  const T* keep;             // [height][R]: 0 where W is no parameter but 0, else 1; null: 1 everywhere
  T* sum;                    // [height][R]; null where it is never stored
};

// The rows of the batch, in their order, that the sums run over, and what is worth a prefetch meanwhile
template <class T> struct BlockRows {
  long first, count;
  bool borrows;  // `transposed`, where it is as large, instead of `sum`: nobody reads it until the step writes it
  bool shared;   // have other cores read `transposed`?
  bool sparse;   // many entries of B are zero, and all numbers are finite
  const WeightBlock<T>* next;  // comes after these blocks; null: none
  const T* ahead;              // [·][R]: what `next` reads and they do not; null: nothing
  const T* later;              // where sums are stored: θ of as many blocks, which a step will move; null: nothing
};

// ∂J/∂b or ∂J/∂κ of one panel: g[·] = Σ_r δ[r][·] over the same rows.
template <class T> struct BiasBlock {
  const T* delta;            // [·][R]; for κ: kappa_delta
  Parameters<T> parameters;  // [R]
  T* sum;
  Part part;
};

// Leading block-diagonal layers are computed unit by unit: their arrays lie as [units][pitch], with the examples across the
// lanes, so that an entry of W is a broadcast in both directions and an entry of ∂J/∂W a dot product over the examples.
template <class T> struct UnitBlocks {
  Run run;          // this many blocks (p, q) of W
  long in, out;     // of the first input and the first unit
  T* theta[parts];  // W (count, p, q), b (count · p,), κ like b, or null
};

template <class T> struct UnitLayer {
  Sigma sigma;
  T parameter;
  const T* below;            // a[i − 1]
  T *a, *source, *mask;      // of layer i; source, mask: null where not needed, see Activation
  T *delta, *kappa_delta;    // δ[i], where backward finds ∂J/∂a[i]; and what ∂J/∂κ is the sum of
  T* delta_below;            // backward puts ∂J/∂a[i − 1] there; null: not wanted
  long pitch;                // a multiple of `lanes`
  long first_row, last_row;  // multiples of `lanes`
};

template <class T>
struct UnitGradient {  // of blocks, for each part; all counts are multiples of `lanes` and 4, filled up with zeros
  long rows;
  Parameters<T> parameters[parts];
  T* sum[parts];
  long count[parts];
};

// `count` rows of X (·, n), to become rows first, first + 1, …: order[0], order[1], …, or from, from + 1, … where `order` is null.
template <class T> struct Gather {
  const T* X;
  long n;
  const unsigned* order;
  long from;
  long first, count;
};

// Dropout's factors of layer i for rows of a step: 0, or 1 / (1 − p) where splitmix64(key + (entry + 1) · golden) ≥ p 2⁶⁴ in its
// upper half; entries are numbered row by row from `entry` on.
template <class T> struct DropoutMask {
  unsigned long long key, entry;
  double p;
  long m;
  long first_row, last_row;
  T* panels;  // [⌈m/R⌉][stride / R][R], or [m][stride] if `by_units`
  long stride;
  bool by_units = false;
};

// Narrow networks: the examples lie across the lanes, in blocks of up to max_vectors vectors of them, and weights stay in the
// lecture's order. Arrays of a block: [features][vectors][lanes].
inline constexpr int max_vectors = 8;

template <class T> struct NarrowLayer {
  int n, m;
  Sigma sigma;
  T parameter;
  const T *W, *b;                // (m, n), (m,)
  long theta;                    // where W begins in θ
  T *a, *source, *mask, *delta;  // [m][vectors][lanes]; source, mask: null where not needed
};

template <class T> struct NarrowBlock {
  int r;
  const NarrowLayer<T>* layers;  // [r]
  int vectors;
  const T* x;        // [m₀][vectors][lanes]
  const T* y;        // [m_r][vectors][lanes]
  const T* weights;  // [vectors][lanes]: 0 in lanes that hold no example
  Cost cost;
  T cost_parameter;
  bool training;                           // else only the losses are wanted
  bool start;                              // the sums start from zero
  T* sums;                                 // [d][lanes] += ∂J/∂θ
  T* loss;                                 // [lanes] += weight · ℓ
  T* scratch;                              // [4][widest][lanes]
  const double* dropout;                   // p of each layer, [r]
  unsigned long long key, row, step_rows;  // dropout's; the block begins with row number `row` of `step_rows`
};

template <class T> struct RowLayer {  // for predictions, which read θ where it stands
  long n, m;
  Sigma sigma;
  T parameter;
  const T *W, *b;   // (m, n) or the entries of its blocks, (m,)
  const T* kappa;   // (m,); null: 1
  const Run* runs;  // [run_count]
  int run_count;    // 0: W is dense
};

// N(x) for some rows, with the examples across the lanes. room, other: [panels][features][R], `panel` numbers from one to the next
template <class T> struct PredictRows {
  const RowLayer<T>* layers;
  int r;
  const T* X;  // (count, m₀)
  int count;
  const T* next;  // (next_count, m₀), the rows after them: worth a prefetch
  long next_count;
  T* out;  // (count, m_r)
  T *room, *other;
  long panel;
  T* scratch;  // [2][widest vector-valued layer][lanes]
};

template <class T> struct Kernels {
  int lanes;
  // training in panels
  void (*linear)(const Linear<T>&);
  void (*thin_linear)(const ThinLinear<T>&);
  void (*vector_value)(const VectorActivation<T>&);
  void (*vector_pullback)(const VectorActivation<T>&);
  void (*output)(const Output<T>&);
  // `count` ≤ most_panels blocks: one, or those of a panel of outputs and of panels of inputs that follow one another, as all
  // of their arrays do. norm2 and penalty have room for each.
  void (*weight_blocks)(const WeightBlock<T>*, int count, const BlockRows<T>&, const Epilogue<T>&);
  void (*bias_block)(const BiasBlock<T>&, long first, long count, const Epilogue<T>&);
  void (*apply)(T* gradient, long count, const Parameters<T>&, const Epilogue<T>&, Part);
  // leading block-diagonal layers
  void (*units_forward)(const UnitBlocks<T>&, const UnitLayer<T>&);
  void (*units_backward)(const UnitBlocks<T>&, const UnitLayer<T>&);
  void (*units_gradient)(const UnitBlocks<T>&, const UnitLayer<T>&, const UnitGradient<T>&, const Epilogue<T>&);
  // layouts
  void (*gather)(const Gather<T>&, T* panels, long stride);  // → panels [⌈n/R⌉][stride / R][R]
  void (*gather_lanes)(const Gather<T>&, T* across);         // → [rows / lanes][n][lanes]
  void (*gather_units)(const Gather<T>&, T* units,
                       long pitch);  // → [n][pitch]; more rows, up to a multiple of `lanes`,
                                     // repeat the last one
  // rows [first, last), multiples of `lanes`, of [m][pitch] ↔ panels [⌈m/R⌉][stride / R][R], whose lanes past m stay as they are
  void (*units_to_panels)(const T* units, long pitch, long m, long first, long last, T* panels, long stride);
  void (*panels_to_units)(const T* panels, long stride, long m, long first, long last, T* units, long pitch);
  void (*pack)(const T* W, long m, long n, T* panels);             // W (m, n) → [⌈m/R⌉][n][R]
  void (*pack_transposed)(const T* W, long m, long n, T* panels);  //          → [⌈n/R⌉][m][R]
  void (*unpack)(const T* panels, long m, long n, T* W);
  void (*unpack_transposed)(const T* panels, long m, long n, long first, long last,
                            T* W);                                   // rows first … last − 1 of W
  void (*transpose)(const T* from, long rows, long columns, T* to);  // (rows, columns) → (columns, rows), row by row
  void (*transpose_block)(const T* block, int height, int width, T* transposed);  // [height][R] → [width][R]
  // sums += {Σ|x|, Σ x²} in double precision, in one order; count a multiple of `lanes`
  void (*add_norms)(const T* x, long count, double* sums);
  T (*largest)(const T* x, long count);      // max |x|, NaN where one of them is NaN
  long (*nonzeros)(const T* x, long count);  // how many are not 0; count a multiple of lanes, below 2³¹
  void (*dropout_mask)(const DropoutMask<T>&);
  // narrow networks
  int vectors;  // the most of a block, ≤ max_vectors
  void (*narrow_block)(const NarrowBlock<T>&);
  // gradient[k] := Σ over chunks and lanes of sums[chunk][k][·] for k of [first, last), first a multiple of `lanes`
  void (*narrow_reduce)(const T* sums, long chunk_stride, int chunks, long first, long last, T* gradient);
  // g += mask ⊙ (λ₁ sign θ + λ₂ θ), then θ := θ − decay mask ⊙ θ; count a multiple of `lanes`
  void (*narrow_penalties)(T* gradient, T* theta, const T* mask, long count, T l1, T l2, T decay);
  double (*sum_of_squares)(const T* x, long count);  // in double precision; count a multiple of lanes
  // out (m_r,) := N(x). room, other: the widest layer rounded up to vectors; scratch: [2][widest vector-valued layer][lanes]
  void (*predict_row)(const RowLayer<T>* layers, int r, const T* x, T* room, T* other, T* scratch, T* out);
  void (*predict_rows)(const PredictRows<T>&);
};

}  // namespace chainrule
