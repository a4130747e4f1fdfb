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

#include "kernels/bundles/contract.hpp"
#include "kernels/columns/contract.hpp"
#include "kernels/csr/contract.hpp"
#include "kernels/curvature/contract.hpp"
#include "kernels/jacobian/contract.hpp"
#include "kernels/lanes/contract.hpp"
#include "kernels/layout/contract.hpp"
#include "kernels/panels/contract.hpp"
#include "kernels/predict/contract.hpp"
#include "kernels/shared/contract.hpp"
#include "kernels/units/contract.hpp"

namespace chainrule {

inline constexpr int max_lanes = 16;  // batches are padded to a multiple of the lanes

// The functions of a kernel set, room by room.
template <class T> struct Kernels {
  int lanes;
  PanelKernels<T> panel;
  CsrKernels<T> csr;
  UnitKernels<T> unit;
  LaneKernels<T> lane;
  BundleKernels<T> bundle;
  CurvatureKernels<T> curvature;
  PredictKernels<T> predict;
  LayoutKernels<T> layout;
  SharedKernels<T> shared;
};

}  // namespace chainrule
