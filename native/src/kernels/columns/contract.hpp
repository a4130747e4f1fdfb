// The kernels that encode the columns of a table, and that look for their quantiles.
#pragma once

#include <cstdint>

namespace chainrule {

// Numbers of a column, NaN where missing: those in the rows that `rows` lists, or the first ones if it is null.
template <class T> struct ColumnPart {
  const T* values;
  long long t;  // how many there are
  const std::int64_t* rows;
};

// z = (x/2 − center/2) · 2 factor with `fill` in the place of a missing x; then z / √(1 + (z/limit)²), if limit > 0
struct ColumnScale {
  double fill, center, factor;
};

enum ColumnFlags : int { has_gap = 1, has_infinite = 2, has_no_such_row = 4 };  // the last: no number is right

// The numbers of a column from `low` to `high`; if these are equal, they are counted and not kept.
template <class T> struct Bracket {
  T low, high;
  long long not_below = 0, inside = 0;  // how many numbers are ≥ low, and how many of these are ≤ high
  T* kept = nullptr;                    // room for one more than the numbers that are read
  long long kept_count = 0;             // in the order of the rows
};

inline constexpr int brackets = 3;

// The results of a scan, which go on from one part of a column to the next
template <class T> struct ColumnScan {
  T smallest, largest;  // begin with ∞ and −∞; the sign of a zero is open
  long long missing = 0;
  Bracket<T> bracket[brackets] = {};
};

// Each equation is computed in double precision, and every operation is rounded as the processor's scalar one is: a set of
// kernels changes no bit. `rows` numbers of each column are read; the result is a combination of ColumnFlags.
struct ColumnKernels {
  // out[i][j] := z of number i of column j < n; the rows of `out` lie `stride` numbers apart.
  int (*encode32)(const ColumnPart<double>* columns, const ColumnScale* scales, int n, long rows, double limit,
                  float* out, long stride);
  int (*encode64)(const ColumnPart<double>* columns, const ColumnScale* scales, int n, long rows, double limit,
                  double* out, long stride);
  int (*scan32)(const ColumnPart<float>& column, long rows, ColumnScan<float>& scan);
  int (*scan64)(const ColumnPart<double>& column, long rows, ColumnScan<double>& scan);
};

}  // namespace chainrule
