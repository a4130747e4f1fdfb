// Leading block-diagonal layers, unit by unit (kernels.hpp): z = W a + b with its σ, the adjoint, and ∂J/∂W, ∂J/∂b, ∂J/∂κ.
#pragma once
#include "kernels.hpp"
#include "kernels/panels/tiles.hpp"
#include "kernels/shared/entrywise.hpp"
#include "kernels/shared/update.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// unit_rows · unit_vectors sums, unit_vectors inputs and a broadcast must fit into the registers
#if CHAINRULE_VECTOR_BYTES == 64 || defined(__aarch64__)
inline constexpr int unit_rows = 4, unit_vectors = 4, dot_rows = 4;
#else
inline constexpr int unit_rows = 4, unit_vectors = 2, dot_rows = 2;
#endif
inline constexpr int dot_columns = 4;

// out[j][r] := b[j] + Σₖ W[j][k] in[k][r], k = 0 … K−1 in this order, for r of [first, last). W[j][k] stands at
// W[j · row + k · column]; rows of `in` and `out` lie pitch apart; b may be null.
template <class T> struct UnitTile {
  const T* W;
  long row, column;
  const T *b, *in;
  long K;
  T* out;
  long pitch, first, last;
};
template <class T> struct UnitLinear {
  template <int rows> struct Tile {
    template <int vectors> CHAINRULE_WORD static void part(const UnitTile<T>& t, long r) {
      V<T> c[rows][vectors];
#pragma GCC unroll 4
      for (int j = 0; j < rows; ++j)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) c[j][v] = t.b ? broadcast(t.b[j]) : V<T>{};
      const T *in = t.in + r, *W = t.W;
      for (long k = 0; k < t.K; ++k, in += t.pitch, W += t.column) {
        V<T> x[vectors];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) x[v] = load(in + v * lanes<T>);
#pragma GCC unroll 4
        for (int j = 0; j < rows; ++j) {
          const V<T> w = broadcast(W[j * t.row]);
#pragma GCC unroll 4
          for (int v = 0; v < vectors; ++v) c[j][v] = fma(w, x[v], c[j][v]);
        }
      }
#pragma GCC unroll 4
      for (int j = 0; j < rows; ++j)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) store(t.out + j * t.pitch + r + v * lanes<T>, c[j][v]);
    }
    static void run(const UnitTile<T>& t) {
      long r = t.first;
      for (; r + unit_vectors * lanes<T> <= t.last; r += unit_vectors * lanes<T>) part<unit_vectors>(t, r);
      for (; r < t.last; r += lanes<T>) part<1>(t, r);
    }
  };
};
template <class T> inline void unit_linear(UnitTile<T> t, long m) {
  for (long j = 0; j < m; j += unit_rows) {
    call_tile<UnitLinear<T>::template Tile, unit_rows>(static_cast<int>(m - j < unit_rows ? m - j : unit_rows), t);
    t.W += unit_rows * t.row, t.out += unit_rows * t.pitch;
    if (t.b) t.b += unit_rows;
  }
}

// The part of σ that belongs to unit number u
template <class T> CHAINRULE_WORD Activation<T> unit_activation(const UnitLayer<T>& layer, T* saved, long at) {
  return {layer.sigma,
          layer.parameter,
          saved ? saved + at : nullptr,
          layer.mask ? layer.mask + at : nullptr,
          nullptr,
          layer.kappa_delta ? layer.kappa_delta + at : nullptr};
}

// Kernels::units_forward
template <class T> void units_forward(const DiagonalBlocks<T>& g, const UnitLayer<T>& layer) {
  const auto [count, p, q] = g.run;
  const T *const W = g.theta[int(Part::W)], *const b = g.theta[int(Part::b)], *const kappa = g.theta[int(Part::kappa)];
  const long rows = layer.last_row - layer.first_row;
  const bool plain = layer.sigma == Sigma::identity && !kappa && !layer.mask && !layer.saved;
  for (long block = 0; block < count; ++block) {
    const long first = g.first_unit + block * p;
    unit_linear<T>({W + block * p * q, q, 1, b + block * p, layer.input + (g.first_input + block * q) * layer.pitch, q,
                    layer.a + first * layer.pitch, layer.pitch, layer.first_row, layer.last_row},
                   p);
    if (plain) continue;
    for (long j = 0; j < p; ++j) {  // while the block is in cache
      const long at = (first + j) * layer.pitch + layer.first_row;
      const Activation<T> f = unit_activation(layer, layer.saved, at);
      if (kappa)
        activate_parametric(layer.a + at, rows, lanes<T>, broadcast(kappa[block * p + j]), f);
      else
        activate(layer.a + at, rows, f);
    }
  }
}

// Kernels::units_backward
template <class T> void units_backward(const DiagonalBlocks<T>& g, const UnitLayer<T>& layer) {
  const auto [count, p, q] = g.run;
  const T *const W = g.theta[int(Part::W)], *const kappa = g.theta[int(Part::kappa)];
  const long rows = layer.last_row - layer.first_row;
  const bool plain = layer.sigma == Sigma::identity && !kappa && !layer.mask;
  for (long block = 0; block < count; ++block) {
    const long first = g.first_unit + block * p;
    for (long j = 0; j < p && !plain; ++j) {
      const long at = (first + j) * layer.pitch + layer.first_row;
      const Activation<T> f = unit_activation(layer, layer.saved ? layer.saved : layer.a, at);
      if (kappa)
        differentiate_parametric(layer.delta + at, rows, lanes<T>, broadcast(kappa[block * p + j]), f);
      else
        differentiate(layer.delta + at, rows, f);
    }
    if (layer.input_delta)  // Wᵀ δ
      unit_linear<T>(
          {W + block * p * q, 1, q, nullptr, layer.delta + first * layer.pitch, p,
           layer.input_delta + (g.first_input + block * q) * layer.pitch, layer.pitch, layer.first_row, layer.last_row},
          q);
  }
}

// G[j][k] (+)= Σ_r δ[j][r] a[k][r] over `count` rows; rows of G lie n apart. With a null: Σ_r δ[j][r].
template <class T> struct Dots {
  template <int rows> struct Rows {
    template <int columns> struct Tile {
      static void run(const T* delta, const T* a, long pitch, long count, T* G, long n, bool add) {
        V<T> c[rows][columns] = {};
        const auto more = [&](auto take) __attribute__((always_inline)) {
          V<T> x[columns];
#pragma GCC unroll 4
          for (int k = 0; k < columns; ++k) x[k] = take(a + k * pitch);
#pragma GCC unroll 4
          for (int j = 0; j < rows; ++j) {
            const V<T> d = take(delta + j * pitch);
#pragma GCC unroll 4
            for (int k = 0; k < columns; ++k) c[j][k] = fma(d, x[k], c[j][k]);
          }
        };
        long r = 0;
        for (; r + lanes<T> <= count; r += lanes<T>)
          more([&](const T* from) __attribute__((always_inline)) { return load(from + r); });
        if (r < count)
          more([&](const T* from) __attribute__((always_inline)) { return load_first(from + r, count - r); });
#pragma GCC unroll 4
        for (int j = 0; j < rows; ++j)
#pragma GCC unroll 4
          for (int k = 0; k < columns; ++k) G[j * n + k] = (add ? G[j * n + k] : T(0)) + sum(c[j][k]);
      }
    };
    static void run(const T* delta, const T* a, long pitch, long count, T* G, long n, bool add) {
      for (long k = 0; k < n; k += dot_columns)
        call_tile<Tile, dot_columns>(static_cast<int>(n - k < dot_columns ? n - k : dot_columns), delta, a + k * pitch,
                                     pitch, count, G + k, n, add);
    }
  };
};
template <class T> inline T row_sum(const T* x, long count) {
  V<T> c[4] = {};
  long r = 0;
  for (; r + 4 * lanes<T> <= count; r += 4 * lanes<T>)
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) c[i] += load(x + r + i * lanes<T>);
  for (; r + lanes<T> <= count; r += lanes<T>) c[0] += load(x + r);
  if (r < count) c[1] += load_first(x + r, count - r);
  return sum((c[0] + c[1]) + (c[2] + c[3]));
}

// Kernels::units_gradient
template <class T> void units_gradient(const DiagonalBlocks<T>& g, const UnitLayer<T>& layer, const UnitGradient<T>& to,
                                       const GradientEpilogue<T>& e) {
  const auto [count, p, q] = g.run;
  T *const GW = to.sum[int(Part::W)], *const Gb = to.sum[int(Part::b)], *const Gkappa = to.sum[int(Part::kappa)];
  for (long block = 0; block < count; ++block) {
    const T* const a = layer.input + (g.first_input + block * q) * layer.pitch;
    for (long j = 0; j < p; j += dot_rows) {
      const T* const delta = layer.delta + (g.first_unit + block * p + j) * layer.pitch;
      call_tile<Dots<T>::template Rows, dot_rows>(static_cast<int>(p - j < dot_rows ? p - j : dot_rows), delta, a,
                                                  layer.pitch, to.rows, GW + (block * p + j) * q, q,
                                                  e.should_accumulate);
    }
  }
  for (long j = 0; j < count * p; ++j) {
    const long at = (g.first_unit + j) * layer.pitch;
    Gb[j] = (e.should_accumulate ? Gb[j] : T(0)) + row_sum(layer.delta + at, to.rows);
    if (Gkappa) Gkappa[j] = (e.should_accumulate ? Gkappa[j] : T(0)) + row_sum(layer.kappa_delta + at, to.rows);
  }
  for (int k = 0; k < chainrule::parts; ++k)
    if (to.sum[k]) finish_gradient(to.sum[k], to.count[k], to.parameters[k], e, Part(k));
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
