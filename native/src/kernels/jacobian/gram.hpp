// Sums over examples of products of rows: the entries of AᵀA, for an A whose columns are products of rows themselves.
#pragma once
#include "kernels/jacobian/group.hpp"
#include "kernels/layout/transpose.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// JacobianKernels::row_product
inline void row_product(const ExampleRows& p, int f, const ExampleRows& q, int h, int outputs, int vectors,
                        double* out) {
  const double *a = p.first + f * row_size, *b = q.first + h * row_size;
  for (int v = 0; v < vectors; v += group_vectors, a += p.group_stride, b += q.group_stride) {
    const long end = smaller(vectors - v, group_vectors) * lanes<double>;
    for (long e = 0; e < end; e += lanes<double>, out += lanes<double>) {
      V<double> s = load(a + e) * load(b + e);
      for (int k = 1; k < outputs; ++k)
        s = fma(load(a + k * p.output_stride + e), load(b + k * q.output_stride + e), s);
      store(out, s);
    }
  }
}

// rows · columns sums, a number of P for each row and one of Q must fit into the registers.
inline constexpr int gram_rows = 3, gram_columns = registers == 32 ? 8 : 4;

template <int rows> struct GramTile {
  static void run(const double* P, const double* Q, int vectors, double* C, long stride) {
    V<double> c[rows][gram_columns] = {};
    const long size = long(vectors) * lanes<double>;
    for (long e = 0; e < size; e += lanes<double>) {  // c[f][h] += P[f][e] Q[h][e]
      V<double> p[rows];
#pragma GCC unroll 4
      for (int f = 0; f < rows; ++f) p[f] = load(P + f * size + e);
#pragma GCC unroll 8
      for (int h = 0; h < gram_columns; ++h) {
        const V<double> q = load(Q + h * size + e);
#pragma GCC unroll 4
        for (int f = 0; f < rows; ++f) c[f][h] = fma(p[f], q, c[f][h]);
      }
    }
#pragma GCC unroll 4
    for (int f = 0; f < rows; ++f)
#pragma GCC unroll 4
      for (int h = 0; h < gram_columns; h += lanes<double>) {
        V<double> x[lanes<double>];
#pragma GCC unroll 8
        for (int k = 0; k < lanes<double>; ++k) x[k] = c[f][h + k];
        double* const at = C + f * stride + h;
        store(at, load(at) + lane_sums<double>(x));
      }
  }
};

// JacobianKernels::gram
inline void gram(const double* P, int rows, const double* Q, int columns, int vectors, double* C, long stride) {
  const long size = long(vectors) * lanes<double>;
  for (int h = 0; h < columns; h += gram_columns)  // these columns and all rows stay in L1
    for (int f = 0; f < rows; f += gram_rows)
      call_tile<GramTile, gram_rows>(static_cast<int>(smaller(rows - f, gram_rows)), P + f * size, Q + h * size,
                                     vectors, C + f * stride + h, stride);
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
