// Prefetching: while a tile computes, it loads the memory that is used after it, one cache line at a time, so that its
// own loads are not delayed. These walks have no effect on results.
#pragma once
#include "kernels/shared/tiles.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

template <class T> inline constexpr int line =
    R<T> * int(sizeof(T)) < 64 ? R<T> : 64 / int(sizeof(T));  // numbers in a cache line, at most a row of a panel

// A walk over memory that will be read: each step loads a cache line into L2.
template <class T> struct ReadAhead {
  const T* at;
  long stride;

  CHAINRULE_WORD void step() {
    __builtin_prefetch(at, 0, 2);
    at += stride;
  }
};

// A walk over memory that will be written: each step loads a cache line into L1, for this core alone.
template <class T> struct WriteAhead {
  const T* at;
  long stride;

  CHAINRULE_WORD void step() {
    __builtin_prefetch(at, 1, 3);
    at += stride;
  }
};

// A ReadAhead for each panel of A.
template <class T> struct PanelReadAhead {
  const T* at;
  long stride, panel_stride;

  CHAINRULE_WORD ReadAhead<T> panel(long p) const { return {at + p * panel_stride, stride}; }
};

// A panel [·][R] is prefetched by the first three of `tiles` tiles. Each loads this many numbers of every row, at most
// a line.
template <class T> CHAINRULE_WORD int prefetch_width(int tiles) {
  const int width = tiles < 3 ? (R<T> + tiles - 1) / tiles : (R<T> + 2) / 3;
  return width < line<T> ? width : line<T>;
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
