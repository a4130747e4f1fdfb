// A sparse matrix by rows: row j holds values[e] in column columns[e], starts[j] ≤ e < starts[j + 1]; all other entries
// are 0. The columns of a row rise.
#pragma once

#include <cstdint>

namespace chainrule {

template <class T> struct CsrMatrix {
  const std::int64_t* starts = nullptr;     // null: no matrix
  const std::int32_t* columns32 = nullptr;  // the columns, in one of two types
  const std::int64_t* columns64 = nullptr;
  const T* values = nullptr;

  explicit operator bool() const { return starts != nullptr; }

  // Calls f(columns).
  template <class F> void with_columns(F f) const {
    if (columns32)
      f(columns32);
    else
      f(columns64);
  }
};

}  // namespace chainrule
