// The kernels of training in bundles: several networks of one shape, one in each lane. Each lane gets the numbers that
// its network gets alone in lanes (kernels/lanes/contract.hpp): every sum runs in the same order. θ, its gradient and
// the moments of a bundle are [d][lanes].
#pragma once

#include "kernels/lanes/contract.hpp"
#include "kernels/shared/contract.hpp"

namespace chainrule {

// A number of each network.
template <class T> struct PerLane {
  alignas(64) T of[64 / sizeof(T)];
};

template <class T> struct BundleUpdate {
  Optimizer optimizer;
  Coefficients<PerLane<T>> coefficients;  // of entries of b; what W decays has been done
  PerLane<T> gradient_scale;              // clipping's min(1, c/‖g‖)
};

template <class T> struct BundlePenalties {
  PerLane<T> is_due;  // 1; 0: the lane is left as it is
  PerLane<T> l1, l2, decay;
};

template <class T> struct BundleKernels {
  // The losses and ∂J/∂θ of a minibatch of `vectors` rows, at most max_group_vectors. W and b are [m][n][lanes] and
  // [m][lanes]; x, y, weights and activations are as in a group of lanes, [features][rows][lanes]. sums := ∂J/∂θ;
  // loss [loss_sums][lanes] := Σ weight · ℓ over the rows v, v + loss_sums, …; is_first is true.
  void (*group)(const LaneGroup<T>&);
  int loss_sums;
  // l1 += |w|, l2 += w² over the weights, in their order; mask (d,) is 1 for an entry of W, else 0; l1, l2: [lanes]
  void (*add_weight_norms)(const T* theta, const T* mask, long d, double* l1, double* l2);
  // g += mask (λ₁ sign θ + λ₂ θ), then θ := θ − decay mask θ
  void (*add_penalties)(T* gradient, T* theta, const T* mask, long d, const BundlePenalties<T>&);
  void (*largest)(const T* x, long d, T* out);              // max |x| of each lane; NaN if any x is NaN
  void (*sum_of_squares)(const T* x, long d, double* out);  // Σ x² of each lane, as SharedKernels' sums it
  // The optimizer's step; `largest` [lanes] receives max |x| over the new θ and moments, or NaN.
  void (*update)(const T* gradient, long d, const Parameters<T>&, const BundleUpdate<T>&, T* largest);
};

}  // namespace chainrule
