// The end of each file of simd/: compiles the kernels for its instruction set and fills the set's table.
#pragma once
#include "chainrule/kernel_set.hpp"
#include "kernels.hpp"
#include "kernels/dropout.hpp"
#include "kernels/narrow.hpp"
#include "kernels/output.hpp"
#include "kernels/pack.hpp"
#include "kernels/rows.hpp"
#include "kernels/weights.hpp"

#define CHAINRULE_TEXT_(x) #x
#define CHAINRULE_TEXT(x) CHAINRULE_TEXT_(x)

namespace chainrule::CHAINRULE_KERNEL_SET {

// Kernels::bounded
template <class T> bool bounded(const T* x, long count, T limit) {
  Int<V<T>> outside{};
  for (long k = 0; k + lanes<T> <= count; k += lanes<T>) outside |= ~(abs(load(x + k)) <= limit);
  if (any(outside)) return false;
  for (long k = count / lanes<T> * lanes<T>; k < count; ++k)
    if (!(x[k] <= limit && x[k] >= -limit)) return false;
  return true;
}

template <class T>
const Kernels<T> table = {
    lanes<T>,
    linear<T>,
    thin_linear<T>,
    vector_value<T>,
    vector_pullback<T>,
    output<T>,
    weight_block<T>,
    bias_block<T>,
    apply<T>,
    gather<T>,
    gather_lanes<T>,
    pack<T>,
    pack_transposed<T>,
    unpack<T>,
    unpack_transposed<T>,
    transpose_block<T>,
    bounded<T>,
    dropout_mask<T>,
    most_vectors,
    narrow_block<T>,
    narrow_reduce<T>,
    narrow_penalties<T>,
    sum_of_squares<T>,
};

static bool supported() { return CHAINRULE_SUPPORTED; }

extern const KernelSet set;
const KernelSet set = {CHAINRULE_TEXT(CHAINRULE_KERNEL_SET), supported, table<float>, table<double>};

}  // namespace chainrule::CHAINRULE_KERNEL_SET
