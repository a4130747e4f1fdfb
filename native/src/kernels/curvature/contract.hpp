// The kernels of the R-operator R f(θ) = d/ds f(θ + s v) at s = 0, on panels (kernels.hpp). With g = ∂J/∂a:
//
//   R a = (∂σ/∂z) R z + (σ(z) − z) ⊙ v_κ,   R δ = (∂σ/∂z)ᵀ R g + ∇²(gᵀσ)(z) R z + (σ′(z) − 1) ⊙ g ⊙ v_κ,
//   R ∂J/∂κ = Σ (σ′(z) − 1) ⊙ g ⊙ R z + (σ(z) − z) ⊙ R g.
#pragma once

#include "kernels/panels/contract.hpp"

namespace chainrule {

// An entrywise σ on rows [·][R] of one panel, by what it needs at each z: kept for products with several v.
template <class T> struct EntrywiseBend {
  Sigma sigma;
  T parameter;
  T* slope;                     // σ′(z); with κ: 1 − κ + κ σ′(z)
  T* bend;                      // σ″(z) g, before g is known σ″(z); null: it is 0
  const T *kappa, *v_kappa;     // [R]; null: κ = 1. The pointers below too
  T *kappa_slope, *kappa_bend;  // σ(z) − z and (σ′(z) − 1) g
  T* kappa_change;              // the terms of R ∂J/∂κ
};

// A vector-valued σ on rows first_row … last_row − 1 of panels, `lanes` at a time.
template <class T> struct VectorBend {
  Sigma sigma;
  T parameter;
  int m, first_row, last_row;
  const T *z, *g;  // panels, `stride` apart
  long stride;     // of all panels but Rg
  T* Ra;           // receives R a; holds R z before
  T* Rdelta;       // receives R δ; holds R z between
  const T* Rg;     // panels of the rows from first_row on, Rg_stride apart
  long Rg_stride;
  T* scratch;  // [6][m][lanes]
};

// The last layer: δ[r] and R δ[r] from z[r] and R z[r].
template <class T> struct OutputBend {
  OutputActivation<T> activation;
  const T* v_kappa;  // [m], if there is a κ
  Cost cost;
  const T* cost_parameters;  // [m]
  int m, first_row, last_row;
  const T *z, *Rz;  // panels, `stride` apart
  long stride;      // of all panels but kappa_change
  const T* Y;       // [rows / lanes][m][lanes]
  const T* example_weights;
  T *delta, *Rdelta, *kappa_change;
  long kappa_stride;
  T* scratch;  // [8][m][lanes]
};

template <class T> struct CurvatureKernels {
  // On `count` numbers, a multiple of R, of one panel:
  void (*value)(const EntrywiseBend<T>&, T* a, long count);                   // a := σ(z), where a holds z
  void (*pullback)(const EntrywiseBend<T>&, T* delta, long count);            // δ := σ′(z) g, where delta holds g
  void (*push)(const EntrywiseBend<T>&, T* Ra, T* Rdelta, long count);        // Ra := R a, where it holds R z
  void (*pull)(const EntrywiseBend<T>&, const T* Rg, T* Rdelta, long count);  // Rdelta := R δ, after push
  // The last two for a vector-valued σ
  void (*vector_push)(const VectorBend<T>&);
  void (*vector_pull)(const VectorBend<T>&);
  void (*output)(const OutputBend<T>&);
};

}  // namespace chainrule
