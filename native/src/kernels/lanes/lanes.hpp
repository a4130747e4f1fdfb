// Forward pass, backward pass and ∂J/∂θ of a narrow network for one block of examples, which lie across the lanes: a weight is
// a broadcast, an entry of ∂J/∂W a vector of partial sums, and the block's activations stay in the first-level cache.
#pragma once
#include "kernels.hpp"
#include "kernels/panels/linear.hpp"
#include "kernels/shared/dropout.hpp"
#include "kernels/shared/entrywise.hpp"
#include "kernels/shared/output.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

#if CHAINRULE_VECTOR_BYTES == 64 || defined(__aarch64__)
inline constexpr int registers = 32, group_vectors = 8, outer_rows = 4;
#else
inline constexpr int registers = 16, group_vectors = 4, outer_rows = 2;
#endif
// rows · vectors sums, a broadcast for each row and one input must fit into the registers
template <int vectors> inline constexpr int dense_rows =
    (registers - 2) / (vectors + 1) < 8 ? (registers - 2) / (vectors + 1) : 8;

// out[j][v] := b[j] + Σₖ W[j][k] in[k][v] for j < rows, k = 0 … K−1 in this order. W[j][k] stands at W[j · row + k · column].
template <class T, int vectors> struct Dense {
  template <int rows> struct Tile {
    static void run(const T* W, long row, long column, const T* b, const T* in, int K, T* out) {
      V<T> c[rows][vectors];
#pragma GCC unroll 8
      for (int j = 0; j < rows; ++j)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; ++v) c[j][v] = b ? broadcast(b[j]) : V<T>{};
      for (int k = 0; k < K; ++k, W += column, in += vectors * lanes<T>) {
        V<T> w[rows];
#pragma GCC unroll 8
        for (int j = 0; j < rows; ++j) w[j] = broadcast(W[j * row]);
#pragma GCC unroll 8
        for (int v = 0; v < vectors; ++v) {
          const V<T> x = load(in + v * lanes<T>);
#pragma GCC unroll 8
          for (int j = 0; j < rows; ++j) c[j][v] = fma(w[j], x, c[j][v]);
        }
      }
#pragma GCC unroll 8
      for (int j = 0; j < rows; ++j)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; ++v) store(out + (j * vectors + v) * lanes<T>, c[j][v]);
    }
  };
};

// The same for all j < m.
template <class T, int vectors>
inline void dense(const T* W, long row, long column, const T* b, const T* in, int K, T* out, int m) {
  constexpr int most = dense_rows<vectors>;
  const int tiles = (m + most - 1) / most;
  for (int t = 0; t < tiles; ++t) {
    const int j0 = m * t / tiles, j1 = m * (t + 1) / tiles;
    call_tile<Dense<T, vectors>::template Tile, most>(j1 - j0, W + j0 * row, row, column, b ? b + j0 : nullptr, in, K,
                                                      out + long(j0) * vectors * lanes<T>);
  }
}

// G[j][k] (+)= Σ_v δ[j][v] a[k][v] for j < rows, k < columns: vectors of partial sums, one per lane; rows of G lie n apart
template <class T> struct Outer {
  template <int rows> struct Rows {
    template <int columns> struct Tile {
      static void run(const T* delta, const T* a, int vectors, T* G, long n, bool start) {
        V<T> c[rows][columns];
#pragma GCC unroll 4
        for (int j = 0; j < rows; ++j)
#pragma GCC unroll 4
          for (int k = 0; k < columns; ++k) c[j][k] = start ? V<T>{} : load(G + (j * n + k) * lanes<T>);
        for (int v = 0; v < vectors; ++v, delta += lanes<T>, a += lanes<T>) {
          V<T> x[columns];
#pragma GCC unroll 4
          for (int k = 0; k < columns; ++k) x[k] = load(a + long(k) * vectors * lanes<T>);
#pragma GCC unroll 4
          for (int j = 0; j < rows; ++j) {
            const V<T> d = load(delta + long(j) * vectors * lanes<T>);
#pragma GCC unroll 4
            for (int k = 0; k < columns; ++k) c[j][k] = fma(d, x[k], c[j][k]);
          }
        }
#pragma GCC unroll 4
        for (int j = 0; j < rows; ++j)
#pragma GCC unroll 4
          for (int k = 0; k < columns; ++k) store(G + (j * n + k) * lanes<T>, c[j][k]);
      }
    };
    static void run(const T* delta, const T* a, int vectors, T* G, int n, bool start) {
      for (int k = 0; k < n; k += 4)
        call_tile<Tile, 4>(n - k < 4 ? n - k : 4, delta, a + long(k) * vectors * lanes<T>, vectors,
                           G + long(k) * lanes<T>, long(n), start);
    }
  };
};

// The block's part of ∂J/∂W = Σ δ aᵀ and ∂J/∂b = Σ δ
template <class T> inline void outer(const LaneLayer<T>& layer, const T* a, int vectors, T* sums, bool start) {
  T* const G = sums + layer.theta_offset * lanes<T>;
  for (int j = 0; j < layer.m; j += outer_rows)
    call_tile<Outer<T>::template Rows, outer_rows>(layer.m - j < outer_rows ? layer.m - j : outer_rows,
                                                   layer.delta + long(j) * vectors * lanes<T>, a, vectors,
                                                   G + long(j) * layer.n * lanes<T>, layer.n, start);
  T* const bias = G + long(layer.m) * layer.n * lanes<T>;
  for (int j = 0; j < layer.m; ++j) {
    V<T> s = start ? V<T>{} : load(bias + j * lanes<T>);
    for (int v = 0; v < vectors; ++v) s += load(layer.delta + (j * vectors + v) * lanes<T>);
    store(bias + j * lanes<T>, s);
  }
}

// [m][vectors][lanes], vector v → [m][lanes]; and back
template <class T> inline void pick(const T* block, int m, int vectors, int v, T* one) {
  for (int j = 0; j < m; ++j) store(one + j * lanes<T>, load(block + (j * vectors + v) * lanes<T>));
}
template <class T> inline void put(const T* one, int m, int vectors, int v, T* block) {
  for (int j = 0; j < m; ++j) store(block + (j * vectors + v) * lanes<T>, load(one + j * lanes<T>));
}

template <class T>
inline void narrow_mask(const LaneGroup<T>& g, const LaneLayer<T>& layer, double p, unsigned long long before) {
  const std::uint64_t threshold = round_even(p * 4294967296.0);
  const T kept = T(1.0 / (1.0 - p));
  for (int j = 0; j < layer.m; ++j)
    for (int i = 0; i < g.vectors * lanes<T>; ++i)
      layer.mask[j * g.vectors * lanes<T> + i] =
          dropout_factor(g.dropout_key, before * g.step_rows + (g.first_row + i) * layer.m + j, threshold, kept);
}

// a := mask ⊙ σ(z) where a holds z
template <class T> inline void narrow_value(const LaneGroup<T>& g, const LaneLayer<T>& layer, const Activation<T>& f) {
  const long count = long(layer.m) * g.vectors * lanes<T>;
  if (is_entrywise(layer.sigma)) return activate(layer.a, count, f);
  for (long k = 0; f.saved && k < count; k += lanes<T>) store(f.saved + k, load(layer.a + k));
  T *const z = g.scratch, *const a = z + layer.m * lanes<T>;
  for (int v = 0; v < g.vectors; ++v) {
    pick(layer.a, layer.m, g.vectors, v, z);
    outputs(layer.sigma, layer.parameter, z, a, layer.m);
    put(a, layer.m, g.vectors, v, layer.a);
  }
  for (long k = 0; f.mask && k < count; k += lanes<T>) store(layer.a + k, load(layer.a + k) * load(f.mask + k));
}

// δ := (∂σ/∂z)ᵀ (mask ⊙ δ)
template <class T> inline void narrow_pullback(const LaneGroup<T>& g, const LaneLayer<T>& layer) {
  const long count = long(layer.m) * g.vectors * lanes<T>;
  const Activation<T> f = {layer.sigma, layer.parameter, layer.saved ? layer.saved : layer.a, layer.mask};
  if (is_entrywise(layer.sigma)) return differentiate(layer.delta, count, f);
  for (long k = 0; f.mask && k < count; k += lanes<T>) store(layer.delta + k, load(layer.delta + k) * load(f.mask + k));
  T *const z = g.scratch, *const a = z + layer.m * lanes<T>, *const d = a + layer.m * lanes<T>;
  for (int v = 0; v < g.vectors; ++v) {
    pick(f.saved, layer.m, g.vectors, v, z);
    pick(layer.delta, layer.m, g.vectors, v, d);
    outputs(layer.sigma, layer.parameter, z, a, layer.m);
    pullback(layer.sigma, layer.parameter, z, a, d, d, layer.m);
    put(d, layer.m, g.vectors, v, layer.delta);
  }
}

// The weighted losses, and δ[r] where a[r] holds z[r]
template <class T> inline V<T> narrow_losses(const LaneGroup<T>& g, const LaneLayer<T>& last) {
  const int m = last.m;
  V<T> total{};
  if (is_entrywise(last.sigma) && last.sigma != canonical_sigma(g.cost)) {
    activate(last.a, long(m) * g.vectors * lanes<T>, {last.sigma, last.parameter, last.saved, nullptr});
  }
  if (is_entrywise(last.sigma) && (last.sigma != canonical_sigma(g.cost) || last.sigma == Sigma::identity)) {
    with(g.cost, [&]<Cost cost>() {
      const V<T> p = broadcast(g.cost_parameter);
      for (int k = 0; k < m; ++k)
        for (int v = 0; v < g.vectors; ++v) {
          const long at = (long(k) * g.vectors + v) * lanes<T>;
          V<T> y = load(g.y + at);
          if constexpr (cost == Cost::cross_entropy) y = smoothed(y, g.cost_parameter, m);
          const V<T> a = load(last.a + at), w = load(g.example_weights + v * lanes<T>);
          total = fma(w, loss<cost>(a, y, p), total);
          store(last.delta + at, w * loss_derivative<cost>(a, y, p));
        }
    });
    if (last.sigma != Sigma::identity && g.is_training) narrow_pullback(g, last);
    return total;
  }
  T *const z = g.scratch, *const y = z + m * lanes<T>, *const a = y + m * lanes<T>, *const d = a + m * lanes<T>;
  for (int v = 0; v < g.vectors; ++v) {
    const V<T> w = load(g.example_weights + v * lanes<T>);
    pick(last.a, m, g.vectors, v, z);
    pick(g.y, m, g.vectors, v, y);
    total = fma(w, losses(last.sigma, last.parameter, g.cost, g.cost_parameter, z, y, a, d, m), total);
    for (int k = 0; k < m; ++k) store(d + k * lanes<T>, w * load(d + k * lanes<T>));
    put(d, m, g.vectors, v, last.delta);
  }
  return total;
}

template <class T, int vectors> void lane_group_of(const LaneGroup<T>& g) {
  const T* in = g.x;
  unsigned long long before = 0;  // outputs of the layers below
  for (int i = 0; i < g.r; ++i) {
    const LaneLayer<T>& layer = g.layers[i];
    dense<T, vectors>(layer.W, layer.n, 1, layer.b, in, layer.n, layer.a, layer.m);
    if (i + 1 < g.r) {
      if (g.is_training && layer.mask) narrow_mask(g, layer, g.dropout[i], before);
      narrow_value(
          g, layer,
          {layer.sigma, layer.parameter, g.is_training ? layer.saved : nullptr, g.is_training ? layer.mask : nullptr});
    }
    in = layer.a;
    before += layer.m;
  }
  const V<T> total = narrow_losses(g, g.layers[g.r - 1]);
  store(g.loss, g.is_first ? total : load(g.loss) + total);
  if (!g.is_training) return;
  for (int i = g.r - 1; i >= 0; --i) {
    const LaneLayer<T>& layer = g.layers[i];
    outer(layer, i > 0 ? g.layers[i - 1].a : g.x, vectors, g.sums, g.is_first);
    if (i == 0) break;
    dense<T, vectors>(layer.W, 1, layer.n, nullptr, layer.delta, layer.m, g.layers[i - 1].delta, layer.n);  // Wᵀ δ
    narrow_pullback(g, g.layers[i - 1]);
  }
}

// Kernels::lane_group
template <class T, int vectors = group_vectors> void lane_group(const LaneGroup<T>& g) {
  if (g.vectors == vectors)
    lane_group_of<T, vectors>(g);
  else if constexpr (vectors > 1)
    lane_group<T, vectors - 1>(g);
}

// Kernels::lane_reduce
template <class T> void lane_reduce(const T* sums_of, long stride, int chunks, long first, long last, T* gradient) {
  for (long k = first; k < last; k += lanes<T>) {
    const int count = last - k < lanes<T> ? static_cast<int>(last - k) : lanes<T>;
    V<T> x[lanes<T>] = {};
    for (int c = 0; c < chunks; ++c)
      for (int i = 0; i < count; ++i) x[i] += load(sums_of + c * stride + (k + i) * lanes<T>);
    store(gradient + k, sums<T>(x));
  }
}

// Kernels::lane_penalties
template <class T> void lane_penalties(T* gradient, T* theta, const T* mask, long count, T l1, T l2, T decay) {
  const V<T> zero{}, one = broadcast(T(1));
  for (long k = 0; k < count; k += lanes<T>) {
    const V<T> x = load(theta + k), w = load(mask + k), sign = select(x > zero, one, select(x < zero, -one, zero));
    store(gradient + k, load(gradient + k) + w * (l1 * sign + l2 * x));
    store(theta + k, fnma(decay * w, x, x));
  }
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
