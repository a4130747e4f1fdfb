// ∂J/∂W by the columns of a minibatch of sparse rows, and the optimizer's step on the columns that it touches.
#pragma once
#include "kernels.hpp"
#include "kernels/csr/linear.hpp"
#include "kernels/shared/update.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

inline constexpr long columns_ahead = 2;  // that are prefetched

// G[v] := G₀[v] + Σ x[e] δ[rows[e]][v] for some vectors of a column.
template <class T> struct CsrColumnSums {
  const int* rows;
  const T* values;
  long count;
  const T* delta;  // row 0 of the minibatch, in the first vector's panel
  long delta_stride;
  T* G;  // [vectors][lanes], with G₀
};

template <class T> struct CsrColumnTiles {
  template <int vectors> struct Tile {
    static __attribute__((noinline)) void run(const CsrColumnSums<T>& t) {
      V<T> c[vectors];
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) c[v] = load(t.G + v * lanes<T>);
      for (long e = 0; e < t.count; ++e) {
        const V<T> x = broadcast(t.values[e]);
        const T* const d = t.delta + long(t.rows[e]) * R<T>;
#pragma GCC unroll 8
        for (int v = 0; v < vectors; ++v) c[v] = fma(x, load(d + place_of_vector<T>(v, t.delta_stride)), c[v]);
      }
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) store(t.G + v * lanes<T>, c[v]);
    }
  };
};

// θ and moments of vector v of column k.
template <class T> CHAINRULE_WORD Parameters<T> parameters_at(const CsrParameters<T>& W, long k, int v) {
  const long at = k * R<T> + place_of_vector<T>(v, W.panel_stride);
  const auto there = [&](T* numbers) { return numbers ? numbers + at : nullptr; };
  return {.theta = W.first_panel.theta + at,
          .moment = {there(W.first_panel.moment[0]), there(W.first_panel.moment[1])}};
}

template <class T> CHAINRULE_WORD void prefetch_column(const CsrParameters<T>& W, long k) {
  for (int v = 0; v < W.vectors; ++v) {
    const Parameters<T> p = parameters_at(W, k, v);
    __builtin_prefetch(p.theta, 1, 3);
    for (const T* const moment : p.moment)
      if (moment) __builtin_prefetch(moment, 1, 3);
  }
}

// The optimizer's step along G [vectors][lanes] on vectors v₀, v₀ + 1, … of column k.
template <class T> CHAINRULE_WORD void step_column(const CsrParameters<T>& W, long k, int v0, int vectors, const T* G,
                                                   const GradientEpilogue<T>& e) {
  for (int v = 0; v < vectors; ++v) {
    const Parameters<T> p = parameters_at(W, k, v0 + v);
    step(G + v * lanes<T>, lanes<T>, p, *e.constants, Part::W);
    if (e.penalty_norms) add_norms(p.theta, lanes<T>, e.penalty_norms);
  }
}

// The step of `count` numbers of W whose gradient is that of the penalties: add_penalty and step in one pass.
template <class T>
inline void step_along_penalty(long count, const Parameters<T>& p, const StepConstants<T>& c, double* norms) {
  const Coefficients<T> coefficients = c.coefficients[int(Part::W)];
  T *const theta = p.theta, *const first = p.moment[0], *const second = p.moment[1];
  const V<T> zero{}, one = broadcast(T(1)), l1 = broadcast(c.l1), l2 = broadcast(c.l2);
  const bool is_frozen = coefficients.alpha == T(0);
  V<double> squares[2] = {}, sizes[2] = {};
  with(c.optimizer, [&]<Optimizer optimizer>() {
    constexpr int kept = moment_count(optimizer);
    for (long k = 0; k < count; k += lanes<T>) {
      V<T> x = load(theta + k), mu{}, nu{};
      if constexpr (kept > 0) mu = load(first + k);
      if constexpr (kept > 1) nu = load(second + k);
      const V<T> sign = select(x > zero, one, select(x < zero, -one, zero));
      update<optimizer>(x, mu, nu, zero + (l1 * sign + l2 * x), coefficients);
      if (!is_frozen) store(theta + k, x);
      if constexpr (kept > 0) store(first + k, mu);
      if constexpr (kept > 1) store(second + k, nu);
      each_wide(theta + k, lanes<T>, [&](V<double> v, int i) {
        squares[i] = fma(v, v, squares[i]);
        sizes[i] += abs(v);
      });
    }
  });
  norms[0] += sum(sizes[0] + sizes[1]);
  norms[1] += sum(squares[0] + squares[1]);
}

// The end of the run of consecutive columns from place s on that have no entry in the minibatch; s if it has one.
template <class T> inline long end_of_empty_columns(const CsrGradient<T>& g, long s) {
  const CsrColumns<T>& X = g.by_columns;
  long end = s;
  while (end < g.last && X.starts[end + 1] == X.starts[s] && X.columns[end] - X.columns[s] == end - s) ++end;
  return end;
}

// CsrKernels::gradient
template <class T> void csr_gradient(const CsrGradient<T>& g, const GradientEpilogue<T>& e) {
  const StepConstants<T>& c = *e.constants;
  const CsrColumns<T>& X = g.by_columns;
  alignas(64) T G[most_csr_vectors * lanes<T>];
  const bool has_quick_columns = e.should_update && e.penalty_norms && !e.squared_norm;
  for (long s = g.first; s < g.last; ++s) {
    const long k = X.columns[s];
    if (has_quick_columns)
      if (const long end = end_of_empty_columns(g, s); end > s) {
        for (int v = 0; v < g.W.vectors; v += 2) {  // panel by panel, where these columns are contiguous
          const bool is_half = v + 1 == g.W.vectors;
          for (long j = 0; j < (is_half ? end - s : 1); ++j)
            step_along_penalty(is_half ? lanes<T> : (end - s) * R<T>, parameters_at(g.W, k + j, v), c, e.penalty_norms);
        }
        s = end - 1;
        continue;
      }
    if (e.should_update && s + columns_ahead < g.last) prefetch_column(g.W, X.columns[s + columns_ahead]);
    const long first = g.next[s];
    long end = first;
    while (end < X.starts[s + 1] && X.rows[end] < g.last_row) ++end;
    g.next[s] = end;
    for (int v0 = 0; v0 < g.W.vectors; v0 += most_csr_vectors) {
      const int vectors = smaller(g.W.vectors - v0, most_csr_vectors);
      const auto stored = [&](int v) { return g.sum + s * R<T> + place_of_vector<T>(v0 + v, g.sum_stride); };
      for (int v = 0; v < vectors; ++v) store(G + v * lanes<T>, e.should_accumulate ? load(stored(v)) : V<T>{});
      call_tile<CsrColumnTiles<T>::template Tile, most_csr_vectors>(
          vectors, CsrColumnSums<T>{.rows = X.rows + first,
                                    .values = X.values + first,
                                    .count = end - first,
                                    .delta = g.delta - long(g.first_row) * R<T> + v0 / 2 * g.delta_stride,
                                    .delta_stride = g.delta_stride,
                                    .G = G});
      if (e.is_complete) {
        if (c.l1 != T(0) || c.l2 != T(0))
          for (int v = 0; v < vectors; ++v)
            add_penalty(G + v * lanes<T>, parameters_at(g.W, k, v0 + v).theta, lanes<T>, c.l1, c.l2);
        if (e.squared_norm) *e.squared_norm += sum_of_squares(G, vectors * lanes<T>);
      }
      if (e.should_update)
        step_column(g.W, k, v0, vectors, G, e);
      else
        for (int v = 0; v < vectors; ++v) store(stored(v), load(G + v * lanes<T>));
    }
  }
}

// CsrKernels::apply
template <class T> void csr_apply(const CsrGradient<T>& g, const GradientEpilogue<T>& e) {
  const T scale = e.constants->gradient_scale;
  alignas(64) T G[lanes<T>];
  for (long s = g.first; s < g.last; ++s)
    for (int v = 0; v < g.W.vectors; ++v) {
      const V<T> sum = load(g.sum + s * R<T> + place_of_vector<T>(v, g.sum_stride));
      store(G, scale == T(1) ? sum : scale * sum);
      step_column(g.W, g.by_columns.columns[s], v, 1, G, e);
    }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
