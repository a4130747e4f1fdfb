// ∂J/∂θ, but for a W that csr_layer.hpp keeps, summed block by block over the rows of a micro-batch. The optimizer's step along a block follows its sum at
// once (the fused update) and needs no room for the gradient; or the sums are stored, and the step follows later.
#pragma once

#include <vector>

#include "method.hpp"
#include "panels/optimizer_state.hpp"
#include "panels/work_split.hpp"

namespace chainrule {

// The place of the sum of a piece of a layer
template <class T> struct PieceSum {
  T* W;          // of its blocks, one after the other
  long W_count;  // numbers
  T *b, *kappa;  // [R]; null: the piece has none
};

template <class T> class GradientSum {
 public:
  // `most_rows`: of a micro-batch
  GradientSum(const PanelNetwork<T>& network, const Activations<T>& activations, const OptimizerState<T>& state,
              const WorkSplit<T>& split, const CostSpec& cost, long most_rows);

  // Makes room for a stored gradient, once. Called by one thread.
  void make_room();

  // The following three are called by all threads and compute this thread's pieces; a barrier must follow.
  // Sums the gradient over rows 0 … rows − 1 and makes the optimizer's step along it.
  void update(const Step<T>& step, long rows, Team& team, int thread);
  // Adds the sum over these rows to the stored gradient, which the first micro-batch of a step replaces.
  void accumulate(const Step<T>& step, long rows, bool is_first, bool is_last, Team& team, int thread);
  // Makes the optimizer's step along the stored gradient, with these constants of each layer.
  void apply(const Step<T>& step, const StepConstants<T>* constants, Team& team, int thread);

  // A gradient that others complete, in a packed array of theirs, which `store_in` makes the place of the stored one.
  // `store` writes the sum of a piece over some rows to a place, without penalties, or adds to what is there; a piece of
  // the front has its own place. `finish` adds the derivative of the penalties to the complete sum. All threads call it;
  // a barrier must follow.
  void store_in(T* sums);
  PieceSum<T> place(const GradientPiece& piece) const;
  void store(const GradientPiece& piece, const GradientRows<T>& rows, bool should_accumulate,
             const PieceSum<T>& to) const;
  void finish(const Step<T>& step, Team& team, int thread);

  double squared_norm() const;  // ‖∇J‖², as measured by `finish`, by `update` at an epoch's end, or by `accumulate`
  bool is_finite() const;       // the stored gradient
  void get(T* gradient) const;

  // The penalties of J(θ), from norms of the weights that each step measures, and that measure_weights() measures.
  double penalty(double l1, double l2) const;
  void measure_weights();

  // Writes Wt anew from W.
  void transpose_weights() const;

  void free_all() { own_sums_ = {}; }

 private:
  bool halves_pay(long most_rows) const;
  void point_blocks();
  GradientBlock<T> block(int l, int p, int q) const;
  BiasBlock<T> bias_block(const GradientPiece& piece, Part part) const;
  UnitGradient<T> unit_gradient(const GradientPiece& piece, long rows) const;

  GradientEpilogue<T> update_epilogue(const Step<T>& step, const StepConstants<T>* constants);
  int layer_index(const GradientPiece& piece) const;
  GradientEpilogue<T> epilogue_of(const GradientPiece& piece, GradientEpilogue<T> epilogue);
  void sum(const GradientEpilogue<T>& epilogue, long rows, Team& team, int thread);
  void sum_whole(const GradientEpilogue<T>& epilogue, long rows, Team& team, int thread);
  void sum_in_halves(const GradientEpilogue<T>& epilogue, long rows, Team& team, int thread);
  void sum_piece(const GradientPiece& piece, const GradientRows<T>& rows, GradientEpilogue<T> epilogue) const;
  void take_stored(const GradientEpilogue<T>& of_step, decltype(SharedKernels<T>::apply) kernel, Team& team,
                   int thread);
  const T* input_to_prefetch(const GradientPiece& piece, const GradientPiece& next) const;

  const PanelNetwork<T>& network_;
  const Activations<T>& activations_;
  const OptimizerState<T>& state_;
  const WorkSplit<T>& split_;
  const bool has_penalties_;
  const bool can_halve_;                  // see sum_in_halves()
  Buffer<T> own_sums_;                    // room for a stored gradient; for that of the front from the beginning
  T* sums_;                               // the stored gradient, packed
  bool has_room_ = false;                 // for the layers above the front
  std::vector<GradientBlock<T>> blocks_;  // those of the front are empty
  std::vector<double> squared_norms_;     // ‖g‖² of each block, its biases included
  std::vector<double> weight_norms_;      // Σ|W| and ΣW² of each block
};

extern template class GradientSum<float>;
extern template class GradientSum<double>;

}  // namespace chainrule
