// z = W a + b for the rows of a batch, and its adjoint Wᵀ δ: tiles over rows and panels, each with its epilogue.
#pragma once
#include "kernels.hpp"
#include "kernels/layout/pack.hpp"
#include "kernels/panels/sparse.hpp"
#include "kernels/panels/tiles.hpp"
#include "kernels/shared/entrywise.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// The epilogue of a tile with κ, half of its lanes at a time
template <class T> void parametric_epilogue(const Linear<T>& g, int p, long at, long count) {
  const Activation<T>& f = g.activation;
  for (int half = 0; half < R<T>; half += lanes<T>) {
    const V<T> kappa = load(f.kappa + long(p) * R<T> + half);
    const long from = at + half;
    const Activation<T> part = {f.sigma,
                                f.parameter,
                                f.saved ? f.saved + from : nullptr,
                                f.mask ? f.mask + from : nullptr,
                                nullptr,
                                f.kappa_delta ? f.kappa_delta + from : nullptr};
    if (g.epilogue == LinearEpilogue::activation)
      activate_parametric(g.out + from, count, R<T>, kappa, part);
    else
      differentiate_parametric(g.out + from, count, R<T>, kappa, part);
  }
}

// Lanes from `first` on become zero in each of the rows.
template <class T> CHAINRULE_WORD void clear_lanes(T* rows, long count, int first) {
  const int half = first < lanes<T> ? 0 : lanes<T>;
  for (long r = 0; r < count; ++r) {
    T* const row = rows + r * R<T>;
    store(row + half, load_first(row + half, first - half));
    if (half == 0) store(row + lanes<T>, V<T>{});
  }
}

// What the tiles leave to be done of an epilogue, on `count` numbers of panel p from the one at `at` on. relu: they have made it
template <class T> CHAINRULE_WORD void finish_rows(const Linear<T>& g, int p, long at, long count, bool relu) {
  const Activation<T>& f = g.activation;
  if (g.epilogue != LinearEpilogue::none && !relu) {
    const Activation<T> part = {f.sigma, f.parameter, f.saved ? f.saved + at : nullptr, f.mask ? f.mask + at : nullptr};
    if (f.kappa)
      parametric_epilogue(g, p, at, count);
    else if (g.epilogue == LinearEpilogue::activation)
      activate(g.out + at, count, part);
    else
      differentiate(g.out + at, count, part);
  }
  if (p + 1 < g.panels || g.last_lanes == R<T>) return;
  clear_lanes(g.out + at, count / R<T>, g.last_lanes);
  if (f.kappa_delta) clear_lanes(f.kappa_delta + at, count / R<T>, g.last_lanes);
}

// Kernels::linear where A has many zeros: some panels at a time, and so few rows that their sums stay in cache between two tiles
template <class T> void sparse_linear(const Linear<T>& g, bool relu) {
  constexpr int most_rows = 64;
  const int panels = g.last_panel - g.first_panel, groups = (panels + most_panels - 1) / most_panels;
  const int rows = g.last_row - g.first_row, blocks = (rows + most_rows - 1) / most_rows;
  const auto panel = [&](int group) { return g.first_panel + panels * group / groups; };
  for (int i = 0, group = (g.start_panel - g.first_panel) * groups / panels, then; i < groups; ++i, group = then) {
    then = (group + 1) % groups;
    const int p0 = panel(group), p1 = panel(group + 1);
    const T* const B = g.B + p0 * g.K * R<T>;
    for (int b = 0; b < blocks; ++b) {
      const int r0 = g.first_row + rows * b / blocks, r1 = g.first_row + rows * (b + 1) / blocks;
      const long at = p0 * g.out_stride + long(r0) * R<T>;
      SparseLinearTile<T> tile = {};
      tile.A_stride = g.A_stride, tile.B_stride = g.K * R<T>;
      if (g.bias) tile.start = g.bias + long(p0) * R<T>;
      tile.start_stride = R<T>;
      tile.C = g.out + at, tile.C_stride = g.out_stride;
      tile.rows = r1 - r0;
      if (g.epilogue == LinearEpilogue::derivative) tile.H = g.activation.saved + at;
      for (long k = 0; k < g.K; k += looked_at) {
        const long left = g.K - k;
        tile.A = g.A + k / R<T> * g.A_stride + long(r0) * R<T>;
        tile.B = B + k * R<T>;
        tile.K = left < looked_at ? left : looked_at;
        tile.relu = relu && left <= looked_at;
        if (b == 0) {  // the tile after those of all rows is asked for: B 4 %
          tile.ahead = left > looked_at ? tile.B + looked_at * R<T>
                       : i + 1 < groups ? g.B + panel(then) * g.K * R<T>
                                        : g.prefetch.next_panel;
          tile.ahead_stride = tile.ahead == g.prefetch.next_panel ? looked_at * R<T> : tile.B_stride;
          tile.asked = tile.ahead ? (looked_at * R<T> / line<T> + tile.rows - 1) / tile.rows * line<T> : 0;
        }
        call_tile<SparseLinears<T>::template Tile, most_panels>(p1 - p0, tile);
        tile.start = tile.C, tile.start_stride = tile.C_stride, tile.start_row = R<T>;
      }
      for (int p = p0; p < p1; ++p) finish_rows(g, p, p * g.out_stride + long(r0) * R<T>, long(r1 - r0) * R<T>, relu);
    }
  }
}

// Kernels::linear
template <class T> void linear(const Linear<T>& g) {
  const int rows = g.last_row - g.first_row, tiles = (rows + tile_rows - 1) / tile_rows;
  if (tiles == 0) return;
  const Activation<T>& f = g.activation;
  const bool relu = g.epilogue != LinearEpilogue::none && f.sigma == Sigma::relu && !f.mask && !f.kappa &&
                    (g.epilogue == LinearEpilogue::derivative || !f.saved);
  if (g.can_skip_zeros && g.last_panel - g.first_panel >= least_panels) return sparse_linear(g, relu);
  const int height = rows / tiles, taller = rows % tiles;  // so many tiles have a row more
  const int asked = asked_for<T>(tiles);
  for (int p = g.start_panel, left = g.last_panel - g.first_panel, then; left > 0; --left, p = then) {
    then = p + 1 < g.last_panel ? p + 1 : g.first_panel;
    const T* const B = g.B + long(p) * g.K * R<T>;
    const T* const next = left > 1 ? g.B + long(then) * g.K * R<T> : g.prefetch.next_panel;
    const bool half = p + 1 == g.panels && g.last_lanes <= lanes<T>;
    for (int b = 0, r0 = g.first_row, r1; b < tiles; ++b, r0 = r1) {
      r1 = r0 + height + (b < taller);
      const long at = long(p) * g.out_stride + long(r0) * R<T>;
      LinearTile<T> tile = {g.A + long(r0) * R<T>,
                            g.A_stride,
                            B,
                            g.K,
                            g.bias ? g.bias + long(p) * R<T> : nullptr,
                            g.out + at,
                            relu,
                            g.epilogue == LinearEpilogue::derivative ? f.saved + at : nullptr,
                            B,
                            0,
                            0};
      if (g.prefetch.is_input_remote && b + 1 < tiles)  // the next tile's rows of A
        tile.ahead = g.A + long(r1) * R<T>, tile.ahead_stride = line<T>, tile.ahead_panel = g.A_stride;
      else if (next && b * asked < R<T>)  // a part of the next panel, until all of it is asked for
        tile.ahead = next + b * g.K * asked, tile.ahead_stride = asked, tile.ahead_panel = R<T> * asked;
      if (half)
        call_tile<Linears<T>::template Half>(r1 - r0, tile);
      else
        call_tile<Linears<T>::template Tile>(r1 - r0, tile);
      finish_rows(g, p, at, long(r1 - r0) * R<T>, relu);
    }
  }
}

// Lane j of the result is Σ x[j], the sum over all lanes of x[j]: log₂ L rounds of shuffles and sums. x is overwritten.
template <class T> CHAINRULE_WORD V<T> sums(V<T> (&x)[lanes<T>]) {
  constexpr typename CountTo<lanes<T>>::type all{};
#pragma GCC unroll 4
  for (int half = lanes<T> / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < half; ++i)
      x[i] = interleave<0>(x[i], x[i + half], all) + interleave<lanes<T> / 2>(x[i], x[i + half], all);
  }
  return x[0];
}

// Kernels::thin_linear: dot products over vectors of features, `lanes` examples at a time
template <class T> void thin_linear(const ThinLinear<T>& g) {
  for (int r = g.first_row; r < g.last_row; r += lanes<T>)
    for (int n = 0; n < g.m; ++n) {
      V<T> c[lanes<T>] = {};
      for (int p = 0; p < g.panels; ++p) {
        const T* const a = g.A + p * g.A_stride + long(r) * R<T>;
        const T* const w = g.Wt + (long(p) * g.m + n) * R<T>;
        const V<T> w0 = load(w), w1 = load(w + lanes<T>);
#pragma GCC unroll 16
        for (int i = 0; i < lanes<T>; ++i) {
          c[i] = fma(load(a + i * R<T>), w0, c[i]);
          c[i] = fma(load(a + i * R<T> + lanes<T>), w1, c[i]);
        }
      }
      store(g.Z + long(r) * g.m + n * lanes<T>, sums<T>(c) + broadcast(g.b[n]));
    }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
