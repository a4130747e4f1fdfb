// One pass over a column: its range, its gaps, and the numbers in some brackets.
#pragma once
#include "kernels/columns/gathered.hpp"
#include "kernels/layout/panel.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

inline constexpr long scanned_rows = 512;  // of a part that stays in the first cache

template <class T> CHAINRULE_WORD long long total(Int<V<T>> counts) {
  long long sum = 0;
#pragma GCC unroll 16
  for (int i = 0; i < lanes<T>; ++i) sum += static_cast<long long>(counts[i]);
  return sum;
}

// Counts x[0] … x[count − 1], count ≤ scanned_rows, and sets keep[i] to −1 where a bracket keeps x[i], else to 0.
template <class T>
CHAINRULE_WORD void count_column(const T* x, long count, ColumnScan<T>& scan, typename VectorOf<T>::lane* keep) {
  V<T> smallest = broadcast(scan.smallest), largest = broadcast(scan.largest);
  Int<V<T>> missing{}, not_below[brackets] = {}, inside[brackets] = {};
  const auto take = [&](V<T> v, Int<V<T>> is_there) {
    smallest = select(is_there, min(v, smallest), smallest), largest = select(is_there, max(v, largest), largest);
    missing -= (v != v) & is_there;
    Int<V<T>> kept{};
#pragma GCC unroll 3
    for (int q = 0; q < brackets; ++q) {
      const Bracket<T>& bracket = scan.bracket[q];
      const Int<V<T>> is_not_below = (v >= bracket.low) & is_there, is_inside = is_not_below & (v <= bracket.high);
      not_below[q] -= is_not_below, inside[q] -= is_inside;
      if (bracket.low < bracket.high) kept |= is_inside;
    }
    return kept;
  };
  const Int<V<T>> all = V<T>{} == V<T>{};
  long i = 0;
  for (; i + lanes<T> <= count; i += lanes<T>) {
    const Int<V<T>> kept = take(load(x + i), all);
    __builtin_memcpy(keep + i, &kept, sizeof kept);
  }
  if (i < count) {
    T place[lanes<T>];
    for (int k = 0; k < lanes<T>; ++k) place[k] = T(k);
    const Int<V<T>> kept =
        take(load_first(x + i, static_cast<std::size_t>(count - i)), load(place) < static_cast<T>(count - i));
    __builtin_memcpy(keep + i, &kept, sizeof kept);
  }
#pragma GCC unroll 16
  for (int k = 0; k < lanes<T>; ++k) {
    scan.smallest = smallest[k] < scan.smallest ? smallest[k] : scan.smallest;
    scan.largest = largest[k] > scan.largest ? largest[k] : scan.largest;
  }
  scan.missing += total<T>(missing);
#pragma GCC unroll 3
  for (int q = 0; q < brackets; ++q) {
    scan.bracket[q].not_below += total<T>(not_below[q]);
    scan.bracket[q].inside += total<T>(inside[q]);
  }
}

// ColumnKernels::scan32 and scan64. Few numbers are kept: they are collected without a branch, and then divided among the
// brackets likewise.
template <class T> int scan_column(const ColumnPart<T>& column, long rows, ColumnScan<T>& scan) {
  alignas(64) T near[scanned_rows];
  alignas(64) typename VectorOf<T>::lane keep[scanned_rows];
  T collected[scanned_rows + 1];
  int flags = 0;
  for (long first = 0; first < rows; first += scanned_rows) {
    const long count = smaller(rows - first, scanned_rows);
    const T* const x = numbers_of(column, first, count, near, flags);
    count_column(x, count, scan, keep);
    long some = 0;
    for (long i = 0; i < count; ++i) {
      collected[some] = x[i];
      some -= keep[i];
    }
    for (Bracket<T>& bracket : scan.bracket) {
      if (!(bracket.low < bracket.high)) continue;
      const T low = bracket.low, high = bracket.high;
      T* const kept = bracket.kept + bracket.kept_count;
      long own = 0;
      for (long i = 0; i < some; ++i) {
        kept[own] = collected[i];
        own += (collected[i] >= low) & (collected[i] <= high);
      }
      bracket.kept_count += own;
    }
  }
  return flags;
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
