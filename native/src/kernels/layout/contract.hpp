// The kernels that move numbers between the lecture's order and the layouts of kernels.hpp.
#pragma once

namespace chainrule {

// `count` rows of X (·, n), which become rows first_row, first_row + 1, … of the result: those that `order` lists, or,
// if it is null, first_example, first_example + 1, ….
template <class T> struct Gather {
  const T* X;
  long n;
  const unsigned* order;
  long first_example;
  long first_row, count;
  long known = 0;  // entries of `order`, of these rows and of later ones, that may be prefetched
};

template <class T> struct LayoutKernels {
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
};

}  // namespace chainrule
