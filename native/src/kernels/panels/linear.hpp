// z = W a + b for the rows of a batch, and its adjoint Wᵀ δ: tiles over rows and panels, each with its epilogue.
#pragma once
#include "kernels.hpp"
#include "kernels/panels/linear_epilogue.hpp"
#include "kernels/panels/linear_tile.hpp"
#include "kernels/panels/sparse_linear.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// The memory that tile number `tile` of `tiles` prefetches: the rows of A that the next tile reads, if they are
// remote; otherwise its part, `width` numbers of a row, of the panel of W that is read next, while there are parts
// left.
template <class T> CHAINRULE_WORD PanelReadAhead<T> prefetch_of_tile(const Linear<T>& g, const T* next_panel, int tile,
                                                                     int tiles, int width, int next_row,
                                                                     const T* idle) {
  if (g.prefetch.is_input_remote && tile + 1 < tiles) return {g.A + long(next_row) * R<T>, line<T>, g.A_stride};
  if (next_panel && tile * width < R<T>) return {next_panel + tile * g.K * width, width, R<T> * width};
  return {idle, 0, 0};
}

// PanelKernels::linear
template <class T> void linear(const Linear<T>& g) {
  const TileCut cut = cut_into_tiles(g.region.last_row - g.region.first_row);
  if (cut.tiles == 0) return;
  const bool relu_in_tiles = is_relu_in_tiles(g);
  if (g.can_skip_zeros && g.region.last_panel - g.region.first_panel >= least_panels)
    return sparse_linear(g, relu_in_tiles);
  const int width = prefetch_width<T>(cut.tiles);
  for (int p = g.start_panel, left = g.region.last_panel - g.region.first_panel, next; left > 0; --left, p = next) {
    next = p + 1 < g.region.last_panel ? p + 1 : g.region.first_panel;
    const T* const B = g.B + long(p) * g.K * R<T>;
    const T* const next_B = left > 1 ? g.B + long(next) * g.K * R<T> : g.prefetch.next_panel;
    const bool is_half = p + 1 == g.panels && g.last_lanes <= lanes<T>;
    for (int i = 0, r0 = g.region.first_row, r1; i < cut.tiles; ++i, r0 = r1) {
      r1 = r0 + cut.height(i);
      // out[r0 … r1)[p] := epilogue(A B[p] + bias[p])
      const long at = long(p) * g.out_stride + long(r0) * R<T>;
      const LinearTile<T> tile = {.A = g.A + long(r0) * R<T>,
                                  .A_stride = g.A_stride,
                                  .B = B,
                                  .K = g.K,
                                  .bias = g.bias ? g.bias + long(p) * R<T> : nullptr,
                                  .C = g.out + at,
                                  .epilogue = relu_epilogue(g, relu_in_tiles, at),
                                  .prefetch = prefetch_of_tile(g, next_B, i, cut.tiles, width, r1, B)};
      if (is_half)
        call_tile<Linears<T>::template Half>(r1 - r0, tile);
      else
        call_tile<Linears<T>::template Tile>(r1 - r0, tile);
      if (!relu_in_tiles) apply_epilogue(g, p, at, long(r1 - r0) * R<T>);
      clear_padding(g, p, at, r1 - r0);
    }
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
