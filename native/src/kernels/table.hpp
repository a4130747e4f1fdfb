// The end of each file of simd/: compiles the kernels for its instruction set and fills the set's table.
#pragma once
#include "chainrule/kernel_set.hpp"
#include "kernels.hpp"
#include "kernels/bundles/sums.hpp"
#include "kernels/bundles/update.hpp"
#include "kernels/columns/encode.hpp"
#include "kernels/columns/scan.hpp"
#include "kernels/csr/catch_up.hpp"
#include "kernels/csr/gradient.hpp"
#include "kernels/csr/linear.hpp"
#include "kernels/curvature/output.hpp"
#include "kernels/jacobian/gram.hpp"
#include "kernels/jacobian/group.hpp"
#include "kernels/lanes/group.hpp"
#include "kernels/lanes/reduce.hpp"
#include "kernels/layout/convert.hpp"
#include "kernels/layout/gather.hpp"
#include "kernels/layout/pack.hpp"
#include "kernels/panels/bias_gradient.hpp"
#include "kernels/panels/gradient.hpp"
#include "kernels/panels/linear.hpp"
#include "kernels/panels/output.hpp"
#include "kernels/panels/thin_linear.hpp"
#include "kernels/predict/row.hpp"
#include "kernels/predict/rows.hpp"
#include "kernels/shared/dropout.hpp"
#include "kernels/shared/measure.hpp"
#include "kernels/shared/update.hpp"
#include "kernels/units/forward_backward.hpp"
#include "kernels/units/gradient.hpp"

#define CHAINRULE_TEXT_(x) #x
#define CHAINRULE_TEXT(x) CHAINRULE_TEXT_(x)

namespace chainrule::CHAINRULE_KERNEL_SET {

template <class T> const Kernels<T> table = {
    .lanes = lanes<T>,
    .panel = {.linear = linear<T>,
              .thin_linear = thin_linear<T>,
              .vector_value = vector_value<T>,
              .vector_pullback = vector_pullback<T>,
              .output = output<T>,
              .gradient_blocks = gradient_blocks<T>,
              .bias_block = bias_block<T>},
    .csr = {.linear = csr_linear<T>, .gradient = csr_gradient<T>, .apply = csr_apply<T>, .catch_up = csr_catch_up<T>},
    .unit = {.forward = units_forward<T>, .backward = units_backward<T>, .gradient = units_gradient<T>},
    .lane = {.group_vectors = group_vectors,
             .group = lane_group<T, Theta::shared, group_vectors>,
             .reduce = lane_reduce<T>,
             .penalties = lane_penalties<T>},
    .bundle = {.group = lane_group<T, Theta::own, max_group_vectors>,
               .loss_sums = loss_sums<T, Theta::own>,
               .add_weight_norms = bundle_weight_norms<T>,
               .add_penalties = bundle_penalties<T>,
               .largest = bundle_largest<T>,
               .sum_of_squares = bundle_sum_of_squares<T>,
               .update = bundle_update<T>},
    .curvature = {.value = bend_value<T>,
                  .pullback = bend_pullback<T>,
                  .push = bend_push<T>,
                  .pull = bend_pull<T>,
                  .vector_push = vector_push<T>,
                  .vector_pull = vector_pull<T>,
                  .output = output_bend<T>},
    .predict = {.row = predict_row<T>, .rows = predict_rows<T>},
    .layout = {.gather = gather<T>,
               .gather_lanes = gather_lanes<T>,
               .gather_units = gather_units<T>,
               .units_to_panels = units_to_panels<T>,
               .panels_to_units = panels_to_units<T>,
               .pack = pack<T>,
               .pack_transposed = pack_transposed<T>,
               .unpack = unpack<T>,
               .unpack_transposed = unpack_transposed<T>,
               .transpose = transpose_rows<T>,
               .transpose_block = transpose_block<T>},
    .shared = {.apply = apply<T>,
               .finish = finish_gradient<T>,
               .add = add<T>,
               .add_norms = add_norms<T>,
               .sum_of_squares = sum_of_squares<T>,
               .largest = largest<T>,
               .count_nonzeros = count_nonzeros<T>,
               .dropout_mask = dropout_mask<T>},
};

static const JacobianKernels jacobian_kernels = {.lanes = lanes<double>,
                                                 .group_vectors = group_vectors,
                                                 .group = jacobian_group,
                                                 .row_product = row_product,
                                                 .gram_columns = gram_columns,
                                                 .gram = gram};

static const ColumnKernels column_kernels = {.encode32 = encode_columns<float>,
                                             .encode64 = encode_columns<double>,
                                             .scan32 = scan_column<float>,
                                             .scan64 = scan_column<double>};

extern const KernelSet set;
const KernelSet set = {.name = CHAINRULE_TEXT(CHAINRULE_KERNEL_SET),
                       .float32 = table<float>,
                       .float64 = table<double>,
                       .jacobian = jacobian_kernels,
                       .columns = column_kernels};

}  // namespace chainrule::CHAINRULE_KERNEL_SET
