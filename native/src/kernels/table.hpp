// The end of each file of simd/: compiles the kernels for its instruction set and fills the set's table.
#pragma once
#include "chainrule/kernel_set.hpp"
#include "kernels.hpp"
#include "kernels/lanes/lanes.hpp"
#include "kernels/layout/pack.hpp"
#include "kernels/panels/gradient.hpp"
#include "kernels/panels/linear.hpp"
#include "kernels/panels/sparse.hpp"
#include "kernels/predict/row.hpp"
#include "kernels/predict/rows.hpp"
#include "kernels/shared/dropout.hpp"
#include "kernels/shared/output.hpp"
#include "kernels/units/units.hpp"

#define CHAINRULE_TEXT_(x) #x
#define CHAINRULE_TEXT(x) CHAINRULE_TEXT_(x)

namespace chainrule::CHAINRULE_KERNEL_SET {

// Kernels::largest. As integers the sizes of numbers are in order too, and NaN is above all of them.
template <class T> T largest(const T* x, long count) {
  const Int<V<T>> size = ~as_int(broadcast(T(-0.0)));
  Int<V<T>> most[2] = {};
  const auto look = [&](V<T> v, Int<V<T>>& so_far) {
    const Int<V<T>> bits = as_int(v) & size;
    so_far = bits > so_far ? bits : so_far;
  };
  long k = 0;
  for (; k + 2 * lanes<T> <= count; k += 2 * lanes<T>)
    look(load(x + k), most[0]), look(load(x + k + lanes<T>), most[1]);
  for (; k < count; k += lanes<T>) look(load_first(x + k, count - k < lanes<T> ? count - k : lanes<T>), most[0]);
  look(as_number<V<T>>(most[1]), most[0]);
  auto bits = most[0][0];
#pragma GCC unroll 16
  for (int i = 1; i < lanes<T>; ++i) bits = most[0][i] > bits ? most[0][i] : bits;
  return __builtin_bit_cast(T, bits);
}

template <class T> const Kernels<T> table = {
    lanes<T>,           linear<T>,          thin_linear<T>,
    vector_value<T>,    vector_pullback<T>, output<T>,
    gradient_blocks<T>, bias_block<T>,      apply<T>,
    units_forward<T>,   units_backward<T>,  units_gradient<T>,
    gather<T>,          gather_lanes<T>,    gather_units<T>,
    units_to_panels<T>, panels_to_units<T>, pack<T>,
    pack_transposed<T>, unpack<T>,          unpack_transposed<T>,
    transpose_rows<T>,  transpose_block<T>, add_norms<T>,
    largest<T>,         count_nonzeros<T>,  dropout_mask<T>,
    group_vectors,      lane_group<T>,      lane_reduce<T>,
    lane_penalties<T>,  sum_of_squares<T>,  predict_row<T>,
    predict_rows<T>,
};

static bool supported() { return CHAINRULE_SUPPORTED; }

extern const KernelSet set;
const KernelSet set = {CHAINRULE_TEXT(CHAINRULE_KERNEL_SET), supported, table<float>, table<double>};

}  // namespace chainrule::CHAINRULE_KERNEL_SET
