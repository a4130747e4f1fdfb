// The numbers of a column side by side, a few at a time.
#pragma once
#include "kernels/columns/contract.hpp"
#include "kernels/words/words.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// Numbers first … first + count − 1 of a part: where they are, or gathered in `near`. A row that is not there sets a flag
// and gives the number of the first row.
template <class T>
CHAINRULE_WORD const T* numbers_of(const ColumnPart<T>& part, long first, long count, T* near, int& flags) {
  if (!part.rows) return part.values + first;
  const auto t = static_cast<std::uint64_t>(part.t);
  bool is_absent = false;
  for (long i = 0; i < count; ++i) {
    const auto row = static_cast<std::uint64_t>(part.rows[first + i]);
    is_absent |= row >= t;
    near[i] = part.values[row < t ? row : 0];
  }
  if (is_absent) flags |= has_no_such_row;
  return near;
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
