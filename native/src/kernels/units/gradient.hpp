// ∂J/∂W, ∂J/∂b and ∂J/∂κ of leading block-diagonal layers, and the optimizer's step along them.
#pragma once
#include "kernels/shared/tiles.hpp"
#include "kernels/shared/update.hpp"
#include "kernels/units/contract.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// dot_rows · dot_columns sums, dot_columns inputs and one vector of δ must fit into the registers.
#if CHAINRULE_VECTOR_BYTES == 64 || defined(__aarch64__)
inline constexpr int dot_rows = 4;
#else
inline constexpr int dot_rows = 2;
#endif
inline constexpr int dot_columns = 4;

// G[j][k] := Σ_r δ[j][r] a[k][r] over `count` rows r, or, if it should accumulate, G[j][k] + this sum; rows of G lie n
// apart.
template <class T> struct Dots {
  template <int rows> struct Rows {
    template <int columns> struct Tile {
      static void run(const T* delta, const T* a, long pitch, long count, T* G, long n, bool should_accumulate) {
        V<T> c[rows][columns] = {};
        const auto add_products = [&](auto take) __attribute__((always_inline)) {  // c[j][k] += δ[j][r + ·] a[k][r + ·]
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
          add_products([&](const T* from) __attribute__((always_inline)) { return load(from + r); });
        if (r < count)
          add_products([&](const T* from) __attribute__((always_inline)) { return load_first(from + r, count - r); });
#pragma GCC unroll 4
        for (int j = 0; j < rows; ++j)
#pragma GCC unroll 4
          for (int k = 0; k < columns; ++k) G[j * n + k] = (should_accumulate ? G[j * n + k] : T(0)) + sum(c[j][k]);
      }
    };
    static void run(const T* delta, const T* a, long pitch, long count, T* G, long n, bool should_accumulate) {
      for (long k = 0; k < n; k += dot_columns)
        call_tile<Tile, dot_columns>(static_cast<int>(smaller(n - k, dot_columns)), delta, a + k * pitch, pitch, count,
                                     G + k, n, should_accumulate);
    }
  };
};

// Σ_r x[r]
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

// UnitKernels::gradient
template <class T> void units_gradient(const DiagonalBlocks<T>& g, const UnitLayer<T>& layer, const UnitGradient<T>& to,
                                       const GradientEpilogue<T>& e) {
  const auto [count, p, q] = g.run;
  T *const GW = to.sum[int(Part::W)], *const Gb = to.sum[int(Part::b)], *const Gkappa = to.sum[int(Part::kappa)];
  for (long block = 0; block < count; ++block) {
    const T* const a = layer.input + (g.first_input + block * q) * layer.pitch;
    for (long j = 0; j < p; j += dot_rows) {
      const T* const delta = layer.delta + (g.first_unit + block * p + j) * layer.pitch;
      call_tile<Dots<T>::template Rows, dot_rows>(static_cast<int>(smaller(p - j, dot_rows)), delta, a, layer.pitch,
                                                  to.rows, GW + (block * p + j) * q, q, e.should_accumulate);
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
