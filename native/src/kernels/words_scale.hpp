// x · 2ⁿ where no instruction does it. Included by the words of such a set.
#pragma once

namespace chainrule::CHAINRULE_KERNEL_SET {

// x · 2ⁿ for integral n, |n| ≤ 252 (2044), and ½ ≤ |x| ≤ 2: two factors, and only the second one rounds.
template <class W> CHAINRULE_WORD W scale(W x, W n) {
  constexpr Scalar<W> largest = Of<W>::bias, bits = Of<W>::magic + Of<W>::bias;
  const W first = min(max(n, broadcast(1 - largest)), broadcast(largest)), second = n - first;
  const W p = as_number<W>(as_int(first + bits) << Of<W>::mantissa);
  const W q = as_number<W>(as_int(second + bits) << Of<W>::mantissa);
  return x * p * q;
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
