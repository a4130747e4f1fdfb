// Columns of numbers, scaled and clipped, as rows.
#pragma once
#include "kernels/columns/gathered.hpp"
#include "kernels/layout/transpose.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

inline constexpr long encoded_rows = 64, encoded_columns = 32;  // of a block that stays in the first cache

// y / √(1 + y²) · limit, y = z / limit; beyond 10⁹ that rounds to ±limit.
CHAINRULE_WORD V<double> smoothly_clipped(V<double> z, double limit) {
  const V<double> y = clamp(z / limit, -1e9, 1e9);
  return y / sqrt(y * y + 1.0) * limit;
}

// out[i] := z of the numbers x[i], i < count, in whole vectors; returns the flags.
template <bool is_clipped, class T>
CHAINRULE_WORD int encode_column(const double* x, long count, const ColumnScale& scale, double limit, T* out) {
  constexpr double most = 0x1.fffffffffffffp1023;
  const double half_center = 0.5 * scale.center, twice_factor = 2.0 * scale.factor;
  Int<V<double>> gaps{}, outside{};
  const auto encode = [&](V<double> v) {
    const Int<V<double>> is_gap = v != v;
    gaps |= is_gap;
    outside |= abs(v) > most;
    const V<double> z = (0.5 * select(is_gap, scale.fill, v) - half_center) * twice_factor;
    return is_clipped ? smoothly_clipped(z, limit) : z;
  };
  long i = 0;
  for (; i + lanes<double> <= count; i += lanes<double>) store_narrow(out + i, encode(load(x + i)));
  if (i < count) store_narrow(out + i, encode(load_first(x + i, static_cast<std::size_t>(count - i))));
  return (any(gaps) ? has_gap : 0) | (any(outside) ? has_infinite : 0);
}

// ColumnKernels::encode32 and encode64
template <class T> int encode_columns(const ColumnPart<double>* columns, const ColumnScale* scales, int n, long rows,
                                      double limit, T* out, long stride) {
  alignas(64) double near[encoded_rows];
  alignas(64) T block[encoded_columns * encoded_rows];
  int flags = 0;
  for (long i = 0; i < rows; i += encoded_rows) {
    const long height = smaller(rows - i, encoded_rows);
    for (long j = 0; j < n; j += encoded_columns) {
      const long width = smaller(n - j, encoded_columns);
      for (long k = 0; k < width; ++k) {
        const double* const x = numbers_of(columns[j + k], i, height, near, flags);
        T* const z = block + k * encoded_rows;
        flags |= limit > 0.0 ? encode_column<true>(x, height, scales[j + k], limit, z)
                             : encode_column<false>(x, height, scales[j + k], limit, z);
      }
      transpose_matrix(block, encoded_rows, width, height, out + i * stride + j, stride, unpadded);
    }
  }
  return flags;
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
