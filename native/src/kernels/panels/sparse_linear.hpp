// z = W a + b and Wᵀ δ if a or δ has many zeros.
#pragma once
#include "kernels.hpp"
#include "kernels/panels/linear_epilogue.hpp"
#include "kernels/panels/sparse_tiles.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// The memory that the tiles of a group of panels prefetch: the rows of W that are read next, in the same panels, in
// those of the next group, or in the panel that is read after this call; null: nothing.
template <class T> CHAINRULE_WORD PanelRowsAhead<T> prefetch_of_tile(const Linear<T>& g, const T* same_panels,
                                                                     const T* next_group, int rows) {
  const long stride = g.K * R<T>, lines = skip_width * R<T> / line<T>, lines_per_row = (lines + rows - 1) / rows;
  if (same_panels) return {same_panels, stride, lines_per_row};
  if (next_group) return {next_group, stride, lines_per_row};
  if (g.prefetch.next_panel) return {g.prefetch.next_panel, skip_width * R<T>, lines_per_row};
  return {};
}

// PanelKernels::linear if g.can_skip_zeros: up to most_panels panels at a time, and few enough rows for their sums
// to stay in cache from one tile to the next.
template <class T> void sparse_linear(const Linear<T>& g, bool relu_in_tiles) {
  constexpr int most_rows = 64;
  const int panels = g.region.last_panel - g.region.first_panel, groups = (panels + most_panels - 1) / most_panels;
  const int rows = g.region.last_row - g.region.first_row, chunks = (rows + most_rows - 1) / most_rows;
  const auto panel = [&](int group) { return g.region.first_panel + panels * group / groups; };
  for (int i = 0, group = (g.start_panel - g.region.first_panel) * groups / panels, next; i < groups;
       ++i, group = next) {
    next = (group + 1) % groups;
    const int p0 = panel(group), p1 = panel(group + 1);
    const long B_stride = g.K * R<T>;
    const T* const next_group = i + 1 < groups ? g.B + panel(next) * B_stride : nullptr;
    for (int chunk = 0; chunk < chunks; ++chunk) {
      const int r0 = g.region.first_row + rows * chunk / chunks, r1 = g.region.first_row + rows * (chunk + 1) / chunks;
      // out[p][r0 … r1) := epilogue(A B[p] + bias[p]) for p0 ≤ p < p1, summed over skip_width entries of A at a time
      const long at = p0 * g.out_stride + long(r0) * R<T>;
      const T* const bias = g.bias ? g.bias + long(p0) * R<T> : nullptr;
      for (long k = 0; k < g.K; k += skip_width) {
        const bool is_first = k == 0, is_last = g.K - k <= skip_width;
        const T* const B = g.B + p0 * B_stride + k * R<T>;
        SparseLinearTile<T> tile = {.A = g.A + k / R<T> * g.A_stride + long(r0) * R<T>,
                                    .A_stride = g.A_stride,
                                    .B = B,
                                    .B_stride = B_stride,
                                    .K = smaller(g.K - k, skip_width),
                                    .start = is_first ? bias : g.out + at,
                                    .start_stride = is_first ? R<T> : g.out_stride,
                                    .start_row = is_first ? 0 : R<T>,
                                    .C = g.out + at,
                                    .C_stride = g.out_stride,
                                    .rows = r1 - r0,
                                    .epilogue = relu_epilogue(g, relu_in_tiles && is_last, at),
                                    .prefetch = {}};
        if (chunk == 0)  // once for all chunks; gains 32-256-256-1 4 %
          tile.prefetch = prefetch_of_tile(g, is_last ? nullptr : B + skip_width * R<T>, next_group, r1 - r0);
        call_tile<SparseLinears<T>::template Tile, most_panels>(p1 - p0, tile);
      }
      for (int p = p0; p < p1; ++p) {
        const long first = p * g.out_stride + long(r0) * R<T>;
        if (!relu_in_tiles) apply_epilogue(g, p, first, long(r1 - r0) * R<T>);
        clear_padding(g, p, first, r1 - r0);
      }
    }
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
