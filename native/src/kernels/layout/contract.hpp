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
};

}  // namespace chainrule
