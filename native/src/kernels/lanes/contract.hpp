// The kernels of training in lanes, for narrow networks. The examples lie across the lanes, in groups of up to
// max_group_vectors vectors of them; W and b keep the lecture's order. Arrays of a group: [features][vectors][lanes].
#pragma once

#include "chainrule/kinds.hpp"

namespace chainrule {

inline constexpr int max_group_vectors = 8;

template <class T> struct LaneLayer {
  int n, m;
  Sigma sigma;
  T parameter;
  const T *W, *b;               // (m, n), (m,)
  long theta_offset;            // of W in θ
  T *a, *saved, *mask, *delta;  // [m][vectors][lanes]; saved, mask: null if not needed, see Activation
};

// Dropout of a group, which begins at row first_row of a step of step_rows rows.
struct LaneDropout {
  const double* p;  // of each layer, [r]
  unsigned long long key, first_row, step_rows;
};

// A group of examples: its losses and, in training, its part of ∂J/∂θ.
template <class T> struct LaneGroup {
  int r;
  const LaneLayer<T>* layers;  // [r]
  int vectors;
  const T* x;                // [m₀][vectors][lanes]
  const T* y;                // [m_r][vectors][lanes]
  const T* example_weights;  // [vectors][lanes]: 0 in lanes without an example
  Cost cost;
  const T* cost_parameters;  // [m_r]
  bool is_training;          // false: only the losses are wanted
  bool is_first;             // sums and loss start from zero
  T* sums;                   // [d][lanes] += ∂J/∂θ
  T* loss;                   // [lanes] += weight · ℓ
  T* scratch;                // [4][widest][lanes]
  LaneDropout dropout;
};

template <class T> struct LaneKernels {
  int group_vectors;  // the most of a group, ≤ max_group_vectors
  void (*group)(const LaneGroup<T>&);
  // gradient[k] := Σ over chunks and lanes of sums[chunk][k][·] for k of [first, last), first a multiple of `lanes`
  void (*reduce)(const T* sums, long chunk_stride, int chunks, long first, long last, T* gradient);
  // g += mask ⊙ (λ₁ sign θ + λ₂ θ), then θ := θ − decay mask ⊙ θ; count a multiple of `lanes`
  void (*penalties)(T* gradient, T* theta, const T* mask, long count, T l1, T l2, T decay);
};

}  // namespace chainrule
