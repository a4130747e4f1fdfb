// ∂J/∂W, ∂J/∂b and ∂J/∂κ, summed over the batch tile by tile, and the optimizer's step on each tile while it is in cache.
#pragma once
#include "kernels.hpp"
#include "kernels/layout/pack.hpp"
#include "kernels/panels/sparse.hpp"
#include "kernels/panels/tiles.hpp"
#include "kernels/shared/update.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// G := G where W has a parameter, else 0, whatever G is
template <class T> inline void keep_only(T* G, const T* mask, long count) {
  for (long k = 0; k < count; k += lanes<T>) store(G + k, select(load(mask + k) > T(0), load(G + k), T(0)));
}

// Where a block's sum is kept for later
template <class T> CHAINRULE_WORD T* sum_of(const GradientBlock<T>& g, const GradientRows<T>& rows) {
  const bool whole = g.height == R<T> && g.width == R<T>;  // then its transpose has as many numbers
  return rows.use_transposed_as_scratch && whole && g.transposed ? g.transposed : g.sum;
}

// What follows once G is the block's sum
template <class T> CHAINRULE_WORD void finish_block(const GradientBlock<T>& g, T* G, const GradientEpilogue<T>& e) {
  const long count = long(g.height) * R<T>;
  if (g.parameter_mask) keep_only(G, g.parameter_mask, count);
  finish_gradient(G, count, g.parameters, e, Part::W);
  if (e.should_update && g.transposed)
    transpose_matrix(g.parameters.theta, R<T>, g.height, g.width, g.transposed, R<T>, true);
}

// The epilogue of the i-th block
template <class T> CHAINRULE_WORD GradientEpilogue<T> of_block(GradientEpilogue<T> e, int i) {
  if (e.squared_norm) e.squared_norm += i;
  if (e.penalty_norms) e.penalty_norms += 2 * i;
  return e;
}

template <class T>
void gradient_block(const GradientBlock<T>& g, const GradientRows<T>& rows, const GradientEpilogue<T>& e) {
  const int tiles = (g.height + tile_rows - 1) / tile_rows;
  const int asked = asked_for<T>(tiles);
  const long skipped = rows.first * R<T>;
  alignas(64) T local[R<T> * R<T>];
  T *const sum = sum_of(g, rows), *const G = e.should_update ? local : sum;
  const int height = g.height / tiles, taller = g.height % tiles;  // so many tiles have a row more
  for (int b = 0, h0 = 0, h1; b < tiles; ++b, h0 = h1) {
    h1 = h0 + height + (b < taller);
    const long at = long(h0) * R<T>, next_at = b + 1 < tiles ? long(h1) * R<T> : 0;
    OuterTile<T> tile = {
        g.A + skipped + h0, g.B + skipped, rows.count, e.should_accumulate ? sum + at : nullptr, G + at, g.B, 0, {}};
    if (rows.prefetch.input && b * asked < R<T>)
      tile.ahead = rows.prefetch.input + skipped + b * rows.count * asked, tile.ahead_stride = asked;
    if (const GradientBlock<T>* const next = b + 1 < tiles ? &g : rows.prefetch.next_block) {
      const Parameters<T>& moves = next->parameters;
      const auto there = [&](T* numbers) { return numbers ? numbers + next_at : nullptr; };
      tile.then[0] = there(e.should_update && !rows.use_transposed_as_scratch ? moves.theta : sum_of(*next, rows));
      if (e.should_update) tile.then[1] = there(moves.moment[0]), tile.then[2] = there(moves.moment[1]);
    }
    if (rows.prefetch.output) tile.then[1] = rows.prefetch.output + at;
    if (e.should_update && g.transposed &&
        rows.is_transposed_remote)  // other cores have read it: to have it back takes a while; B 2.5 %
      for (long k = long(g.width) * b / tiles * R<T>; k < long(g.width) * (b + 1) / tiles * R<T>; k += line<T>)
        __builtin_prefetch(g.transposed + k, 1, 3);
    if (g.width <= lanes<T>)
      call_tile<Outers<T>::template Half>(h1 - h0, tile);
    else
      call_tile<Outers<T>::template Tile>(h1 - h0, tile);
  }
  finish_block(g, G, e);
}

// Blocks of one panel of δ, g[0].B, that has many zeros. The tile gives the transposes of their sums; where all of them wait in room for
// transposes they are not turned round for that.
template <class T>
void sparse_blocks(const GradientBlock<T>* g, int count, const GradientRows<T>& rows, const GradientEpilogue<T>& e) {
  constexpr long size = long(R<T>) * R<T>;
  alignas(64) T sums[most_panels * size], local[size];
  const long skipped = rows.first * R<T>, apart = g[0].transposed ? g[1].transposed - g[0].transposed : 0;
  const bool use_scratch = rows.use_transposed_as_scratch && g[0].transposed && g[count - 1].height == R<T>,
             stays = use_scratch && !e.should_update;
  SparseOuterTile<T> tile = {};
  tile.D = g[0].B + skipped, tile.A = g[0].A + skipped;
  tile.A_stride = g[1].A - g[0].A, tile.count = rows.count;
  tile.G = stays ? g[0].transposed : sums, tile.G_stride = stays ? apart : size;
  if (e.should_accumulate && use_scratch) {
    tile.start = g[0].transposed, tile.start_stride = apart;
  } else if (e.should_accumulate) {
    for (int i = 0; i < count; ++i)
      transpose_matrix(sum_of(g[i], rows), R<T>, g[i].height, R<T>, sums + i * size, R<T>, true);
    tile.start = sums, tile.start_stride = size;
  }
  if (e.should_update) {
    const Parameters<T>& moves = g[0].parameters;  // those of the others follow
    tile.then[0] = moves.theta, tile.then[1] = moves.moment[0], tile.then[2] = moves.moment[1];
    if (rows.is_transposed_remote) tile.then_too = g[0].transposed, tile.then_too_stride = apart;
  } else {
    tile.then[0] = rows.prefetch.output;
  }
  call_tile<SparseOuters<T>::template Tile, most_panels>(count, tile);
  for (int i = 0; !stays && i < count; ++i) {
    T* const G = e.should_update ? local : sum_of(g[i], rows);
    transpose_matrix(sums + i * size, R<T>, R<T>, g[i].height, G, R<T>, true);
    finish_block(g[i], G, of_block(e, i));
  }
}

// Kernels::gradient_blocks
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

// Kernels::bias_block
template <class T> void bias_block(const BiasBlock<T>& g, long first, long count, const GradientEpilogue<T>& e) {
  V<T> s[8] = {};  // four rows at a time, for the sake of latency
  const T* d = g.delta + first * R<T>;
  long r = 0;
  for (; r + 4 <= count; r += 4, d += 4 * R<T>) {
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) s[i] += load(d + i * lanes<T>);
  }
  for (; r < count; ++r, d += R<T>) s[0] += load(d), s[1] += load(d + lanes<T>);
  alignas(64) T local[R<T>];
  T* const G = e.should_update ? local : g.sum;
  for (int i = 0; i < 2; ++i) {
    const V<T> before = e.should_accumulate ? load(g.sum + i * lanes<T>) : V<T>{};
    store(G + i * lanes<T>, before + ((s[i] + s[2 + i]) + (s[4 + i] + s[6 + i])));
  }
  finish_gradient(G, R<T>, g.parameters, e, g.part);
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
