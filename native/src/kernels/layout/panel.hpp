// The width of a panel (kernels.hpp), and what loops over partial panels and vectors need.
#pragma once
#include "kernels/words/words.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

template <class T> inline constexpr int R = 2 * lanes<T>;

CHAINRULE_WORD long smaller(long a, long b) { return a < b ? a : b; }

}  // namespace chainrule::CHAINRULE_KERNEL_SET
