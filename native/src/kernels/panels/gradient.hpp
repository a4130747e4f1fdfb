// ∂J/∂W, ∂J/∂b and ∂J/∂κ, summed over the batch block by block, and the optimizer's step on each block while it is in
// cache.
#pragma once
#include "kernels.hpp"
#include "kernels/layout/transpose.hpp"
#include "kernels/panels/gradient_tile.hpp"
#include "kernels/panels/sparse_gradient_tile.hpp"
#include "kernels/shared/update.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// G := G where W has a parameter, else 0, whatever G is.
template <class T> inline void keep_parameters(T* G, const T* parameter_mask, long count) {
  for (long k = 0; k < count; k += lanes<T>) store(G + k, select(load(parameter_mask + k) > T(0), load(G + k), T(0)));
}

// The place where a block's sum is stored until it is complete.
template <class T> CHAINRULE_WORD T* stored_sum(const GradientBlock<T>& g, const GradientRows<T>& rows) {
  const bool is_whole = g.height == R<T> && g.width == R<T>;  // then `transposed` has as many numbers
  return rows.use_transposed_as_scratch && is_whole && g.transposed ? g.transposed : g.sum;
}

// The end of a block, once G is its sum: the penalties' derivative, the optimizer's step, and the transpose of the new
// W.
template <class T> CHAINRULE_WORD void finish_block(const GradientBlock<T>& g, T* G, const GradientEpilogue<T>& e) {
  const long count = long(g.height) * R<T>;
  if (g.parameter_mask) keep_parameters(G, g.parameter_mask, count);
  finish_gradient(G, count, g.parameters, e, Part::W);
  if (e.should_update && g.transposed)
    transpose_matrix(g.parameters.theta, R<T>, g.height, g.width, g.transposed, R<T>, padded);
}

// The epilogue of the i-th of several blocks.
template <class T> CHAINRULE_WORD GradientEpilogue<T> of_block(GradientEpilogue<T> e, int i) {
  if (e.squared_norm) e.squared_norm += i;
  if (e.penalty_norms) e.penalty_norms += 2 * i;
  return e;
}

// The memory that tile number `tile` prefetches: its part, `width` numbers of a row, of the panel that the next
// block reads, and what the epilogue after the next tile writes. That tile begins with row next_row of this block;
// if next_row is 0, it is the next block's first.
template <class T> CHAINRULE_WORD GradientTilePrefetch<T> prefetch_of_tile(const GradientBlock<T>& g,
                                                                           const GradientRows<T>& rows,
                                                                           const GradientEpilogue<T>& e, int tile,
                                                                           int width, int row, int next_row) {
  GradientTilePrefetch<T> prefetch = {.input = {g.B, 0}, .writes = {}};
  if (rows.prefetch.input && tile * width < R<T>)
    prefetch.input = {rows.prefetch.input + rows.first * R<T> + tile * rows.count * width, width};
  if (const GradientBlock<T>* const next = next_row ? &g : rows.prefetch.next_block) {
    const auto there = [&](T* numbers) { return numbers ? numbers + long(next_row) * R<T> : nullptr; };
    const Parameters<T>& parameters = next->parameters;
    const bool writes_theta = e.should_update && !rows.use_transposed_as_scratch;
    prefetch.writes[0] = there(writes_theta ? parameters.theta : stored_sum(*next, rows));
    if (e.should_update) {
      prefetch.writes[1] = there(parameters.moment[0]);
      prefetch.writes[2] = there(parameters.moment[1]);
    }
  }
  if (rows.prefetch.output) prefetch.writes[1] = rows.prefetch.output + long(row) * R<T>;
  return prefetch;
}

// Loads part number `tile` of `tiles` of `transposed` for writing. Other cores have read it, and it takes a while to
// come back:
// 32-256-256-1 gains 2.5 %.
template <class T> CHAINRULE_WORD void prefetch_transposed(const GradientBlock<T>& g, int tile, int tiles) {
  for (long k = long(g.width) * tile / tiles * R<T>; k < long(g.width) * (tile + 1) / tiles * R<T>; k += line<T>)
    __builtin_prefetch(g.transposed + k, 1, 3);
}

template <class T>
void gradient_block(const GradientBlock<T>& g, const GradientRows<T>& rows, const GradientEpilogue<T>& e) {
  const TileCut cut = cut_into_tiles(g.height);
  const int width = prefetch_width<T>(cut.tiles);
  const long first = rows.first * R<T>;
  alignas(64) T local[R<T> * R<T>];
  T *const sum = stored_sum(g, rows), *const G = e.should_update ? local : sum;
  for (int i = 0, h0 = 0, h1; i < cut.tiles; ++i, h0 = h1) {
    h1 = h0 + cut.height(i);
    // G[h][·] := G₀[h][·] + Σ_r A[r][h] B[r][·] for h0 ≤ h < h1
    const long at = long(h0) * R<T>;
    const GradientTile<T> tile = {.A = g.A + first + h0,
                                  .B = g.B + first,
                                  .count = rows.count,
                                  .G0 = e.should_accumulate ? sum + at : nullptr,
                                  .G = G + at,
                                  .prefetch = prefetch_of_tile(g, rows, e, i, width, h0, i + 1 < cut.tiles ? h1 : 0)};
    if (e.should_update && g.transposed && rows.is_transposed_remote) prefetch_transposed(g, i, cut.tiles);
    if (g.width <= lanes<T>)
      call_tile<Gradients<T>::template Half>(h1 - h0, tile);
    else
      call_tile<Gradients<T>::template Tile>(h1 - h0, tile);
  }
  finish_block(g, G, e);
}

// Blocks of one panel of δ, g[0].B, that has many zeros. The tile sums their transposes; while `transposed` is their
// scratch, they stay transposed there.
template <class T>
void sparse_blocks(const GradientBlock<T>* g, int count, const GradientRows<T>& rows, const GradientEpilogue<T>& e) {
  constexpr long size = long(R<T>) * R<T>;
  alignas(64) T sums[most_panels * size], local[size];
  const long first = rows.first * R<T>, stride = g[0].transposed ? g[1].transposed - g[0].transposed : 0;
  const bool in_scratch = rows.use_transposed_as_scratch && g[0].transposed && g[count - 1].height == R<T>;
  const bool stays_in_scratch = in_scratch && !e.should_update;
  // sums[i] := start + Σ_r δ[r] a[r]ᵀ, the transpose of block i
  SparseGradientTile<T> tile = {.D = g[0].B + first,
                                .A = g[0].A + first,
                                .A_stride = g[1].A - g[0].A,
                                .count = rows.count,
                                .start = nullptr,
                                .start_stride = 0,
                                .G = stays_in_scratch ? g[0].transposed : sums,
                                .G_stride = stays_in_scratch ? stride : size,
                                .prefetch = {}};
  if (e.should_accumulate && in_scratch) {
    tile.start = g[0].transposed;
    tile.start_stride = stride;
  } else if (e.should_accumulate) {
    for (int i = 0; i < count; ++i)
      transpose_matrix(stored_sum(g[i], rows), R<T>, g[i].height, R<T>, sums + i * size, R<T>, padded);
    tile.start = sums;
    tile.start_stride = size;
  }
  if (e.should_update) {
    const Parameters<T>& parameters = g[0].parameters;  // those of the other blocks follow
    tile.prefetch = {.writes = {parameters.theta, parameters.moment[0], parameters.moment[1]},
                     .transposed = rows.is_transposed_remote ? g[0].transposed : nullptr,
                     .transposed_stride = stride};
  } else {
    tile.prefetch.writes[0] = rows.prefetch.output;
  }
  call_tile<SparseGradients<T>::template Tile, most_panels>(count, tile);
  for (int i = 0; !stays_in_scratch && i < count; ++i) {
    T* const G = e.should_update ? local : stored_sum(g[i], rows);
    transpose_matrix(sums + i * size, R<T>, R<T>, g[i].height, G, R<T>, padded);
    finish_block(g[i], G, of_block(e, i));
  }
}

// PanelKernels::gradient_blocks
template <class T> void gradient_blocks(const GradientBlock<T>* blocks, int count, const GradientRows<T>& rows,
                                        const GradientEpilogue<T>& e) {
  if (rows.can_skip_zeros && count >= least_panels && blocks->width == R<T>)
    return sparse_blocks(blocks, count, rows, e);
  if (count == 1) return gradient_block(*blocks, rows, e);
  GradientRows<T> own = rows;
  for (int i = 0; i < count; ++i) {
    const GradientBlock<T>* const next = i + 1 < count ? blocks + i + 1 : nullptr;
    own.prefetch.next_block = next ? next : rows.prefetch.next_block;
    if (rows.prefetch.input) own.prefetch.input = next ? next->A : rows.prefetch.input;
    if (rows.prefetch.output) own.prefetch.output = rows.prefetch.output + long(i) * R<T> * R<T>;
    gradient_block(blocks[i], own, of_block(e, i));
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
