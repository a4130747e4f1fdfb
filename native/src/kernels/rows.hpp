// z = W a + b for the rows of a batch, and its adjoint Wᵀ δ: tiles over rows and panels, each with its epilogue.
#pragma once
#include "kernels.hpp"
#include "kernels/entrywise.hpp"
#include "kernels/pack.hpp"
#include "kernels/tiles.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// The epilogue of a tile with κ, half of its lanes at a time
template <class T> void parametric_epilogue(const Linear<T>& g, int p, long at, long count) {
  const Activation<T>& f = g.activation;
  for (int half = 0; half < R<T>; half += lanes<T>) {
    const V<T> kappa = load(f.kappa + long(p) * R<T> + half);
    const long from = at + half;
    const Activation<T> part = {f.sigma,
                                f.parameter,
                                f.source ? f.source + from : nullptr,
                                f.mask ? f.mask + from : nullptr,
                                nullptr,
                                f.kappa_delta ? f.kappa_delta + from : nullptr};
    if (g.epilogue == Linear<T>::value)
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

// Kernels::linear
template <class T> void linear(const Linear<T>& g) {
  const int rows = g.last_row - g.first_row, tiles = (rows + tile_rows - 1) / tile_rows;
  if (tiles == 0) return;
  const int height = rows / tiles, taller = rows % tiles;  // so many tiles have a row more
  const Activation<T>& f = g.activation;
  const bool relu = g.epilogue != Linear<T>::none && f.sigma == Sigma::relu && !f.mask && !f.kappa &&
                    (g.epilogue == Linear<T>::derivative || !f.source);
  const int asked = asked_for<T>(tiles);
  for (int p = g.start, left = g.last_panel - g.first_panel, then; left > 0; --left, p = then) {
    then = p + 1 < g.last_panel ? p + 1 : g.first_panel;
    const T* const B = g.B + long(p) * g.K * R<T>;
    const T* const next = left > 1 ? g.B + long(then) * g.K * R<T> : g.next;
    const bool ragged = p + 1 == g.panels && g.last_lanes < R<T>, half = ragged && g.last_lanes <= lanes<T>;
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
                            g.epilogue == Linear<T>::derivative ? f.source + at : nullptr,
                            B,
                            0,
                            0};
      if (g.fetch && b + 1 < tiles)  // the next tile's rows of A
        tile.ahead = g.A + long(r1) * R<T>, tile.ahead_stride = line<T>, tile.ahead_panel = g.A_stride;
      else if (next && b * asked < R<T>)  // a part of the next panel, until all of it is asked for
        tile.ahead = next + b * g.K * asked, tile.ahead_stride = asked, tile.ahead_panel = R<T> * asked;
      if (half)
        call_tile<Linears<T>::template Half>(r1 - r0, tile);
      else
        call_tile<Linears<T>::template Tile>(r1 - r0, tile);
      const long count = long(r1 - r0) * R<T>;
      if (g.epilogue != Linear<T>::none && !relu) {
        const Activation<T> part = {f.sigma, f.parameter, f.source ? f.source + at : nullptr,
                                    f.mask ? f.mask + at : nullptr};
        if (f.kappa)
          parametric_epilogue(g, p, at, count);
        else if (g.epilogue == Linear<T>::value)
          activate(g.out + at, count, part);
        else
          differentiate(g.out + at, count, part);
      }
      if (ragged) {
        clear_lanes(g.out + at, r1 - r0, g.last_lanes);
        if (f.kappa_delta) clear_lanes(f.kappa_delta + at, r1 - r0, g.last_lanes);
      }
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
