// Panels to and from the layouts with the examples across the lanes.
#pragma once
#include "kernels/layout/transpose.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// LayoutKernels::units_to_panels
template <class T>
void units_to_panels(const T* units, long pitch, long m, long first, long last, T* panels, long stride) {
  for (long j = 0; j < m; j += R<T>)
    transpose_matrix(units + j * pitch + first, pitch, smaller(m - j, R<T>), last - first,
                     panels + j / R<T> * stride + first * R<T>, R<T>, padded);
}

// LayoutKernels::panels_to_units
template <class T>
void panels_to_units(const T* panels, long stride, long m, long first, long last, T* units, long pitch) {
  for (long j = 0; j < m; j += R<T>)
    transpose_matrix(panels + j / R<T> * stride + first * R<T>, R<T>, last - first, smaller(m - j, R<T>),
                     units + j * pitch + first, pitch, padded);
}

// `lanes` rows of panels [⌈m/R⌉][stride / R][R] → [m][lanes].
template <class T> void rows_to_lanes(const T* panels, long stride, long m, T* across) {
  for (long j = 0; j < m; j += R<T>)
    transpose_matrix(panels + j / R<T> * stride, R<T>, lanes<T>, smaller(m - j, R<T>), across + j * lanes<T>, lanes<T>,
                     padded);
}

// [m][lanes] → `lanes` rows of panels [⌈m/R⌉][stride / R][R], with zeros past m.
template <class T> void lanes_to_rows(const T* across, long m, T* panels, long stride) {
  for (long j = 0; j < m; j += R<T>) {
    T* const to = panels + j / R<T> * stride;
    const long width = smaller(m - j, R<T>);
    if (width <= lanes<T>)
      for (int i = 0; i < lanes<T>; ++i) store(to + i * R<T> + lanes<T>, V<T>{});
    transpose_matrix(across + j * lanes<T>, lanes<T>, width, lanes<T>, to, R<T>, padded);
  }
}

// `one` [m][lanes] := vector v of a group [m][vectors][lanes].
template <class T> inline void take_vector(const T* group, int m, int vectors, int v, T* one) {
  for (int j = 0; j < m; ++j) store(one + j * lanes<T>, load(group + (j * vectors + v) * lanes<T>));
}

// Vector v of a group [m][vectors][lanes] := `one` [m][lanes].
template <class T> inline void put_vector(const T* one, int m, int vectors, int v, T* group) {
  for (int j = 0; j < m; ++j) store(group + (j * vectors + v) * lanes<T>, load(one + j * lanes<T>));
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
