// The R-operator of a vector-valued σ, `lanes` examples at a time.
#pragma once
#include "kernels.hpp"
#include "kernels/formulas/vector_valued.hpp"
#include "kernels/layout/convert.hpp"
#include "kernels/shared/output.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// out := (∂σ/∂z) u of a vector-valued σ, on arrays [m][lanes] with a = σ(z); out may be u
template <class T> void pushforward(Sigma sigma, T parameter, const T* z, const T* a, const T* u, T* out, int m) {
  if (sigma == Sigma::log_softmax) return log_softmax_pushforward(a, u, out, m);
  pullback(sigma, parameter, z, a, u, out, m);  // the Jacobian of the others is symmetric
}

// out := (∂σ/∂z)ᵀ Rg + ∇²(gᵀσ)(z) Rz; room [m][lanes]
template <class T> void change_of_pullback(Sigma sigma, T parameter, const T* z, const T* a, const T* g, const T* Rz,
                                           const T* Rg, T* out, T* room, int m) {
  if (sigma == Sigma::softmax) softmax_bend(a, g, Rz, room, m);
  if (sigma == Sigma::log_softmax) log_softmax_bend(a, g, Rz, room, m);
  if (sigma == Sigma::layer_norm) layer_norm_bend(z, a, g, Rz, room, m, parameter);
  pullback(sigma, parameter, z, a, Rg, out, m);
  for (int k = 0; k < m * lanes<T>; k += lanes<T>) store(out + k, load(out + k) + load(room + k));
}

// CurvatureKernels::vector_push
template <class T> void vector_push(const VectorBend<T>& f) {
  const long size = long(f.m) * lanes<T>;
  T *const z = f.scratch, *const a = z + size, *const u = a + size;
  for (int r = f.first_row; r < f.last_row; r += lanes<T>) {
    const long at = long(r) * R<T>;
    rows_to_lanes(f.z + at, f.stride, f.m, z);
    rows_to_lanes(f.Ra + at, f.stride, f.m, u);
    lanes_to_rows(u, f.m, f.Rdelta + at, f.stride);
    outputs(f.sigma, f.parameter, z, a, f.m);
    pushforward(f.sigma, f.parameter, z, a, u, u, f.m);
    lanes_to_rows(u, f.m, f.Ra + at, f.stride);
  }
}

// CurvatureKernels::vector_pull
template <class T> void vector_pull(const VectorBend<T>& f) {
  const long size = long(f.m) * lanes<T>;
  T *const z = f.scratch, *const a = z + size, *const g = a + size, *const Rz = g + size, *const Rg = Rz + size,
           *const room = Rg + size;
  for (int r = f.first_row; r < f.last_row; r += lanes<T>) {
    const long at = long(r) * R<T>;
    rows_to_lanes(f.z + at, f.stride, f.m, z);
    rows_to_lanes(f.g + at, f.stride, f.m, g);
    rows_to_lanes(f.Rdelta + at, f.stride, f.m, Rz);
    rows_to_lanes(f.Rg + long(r - f.first_row) * R<T>, f.Rg_stride, f.m, Rg);
    outputs(f.sigma, f.parameter, z, a, f.m);
    change_of_pullback(f.sigma, f.parameter, z, a, g, Rz, Rg, Rg, room, f.m);
    lanes_to_rows(Rg, f.m, f.Rdelta + at, f.stride);
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
