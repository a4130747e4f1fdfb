// Forward pass, backward pass and ∂J/∂θ of a narrow network for one group of examples, whose activations stay in L1.
#pragma once
#include "kernels/lanes/contract.hpp"
#include "kernels/lanes/tiles.hpp"
#include "kernels/lanes/trees.hpp"
#include "kernels/layout/convert.hpp"
#include "kernels/shared/dropout.hpp"
#include "kernels/shared/output.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// The group's part of ∂J/∂W = Σ δ aᵀ and ∂J/∂b = Σ δ, added to `sums`, or overwriting it if the group is the first.
template <class T>
inline void lane_gradient(const LaneLayer<T>& layer, const T* a, int vectors, T* sums, bool is_first) {
  T* const G = sums + layer.theta_offset * lanes<T>;
  for (int j = 0; j < layer.m; j += outer_rows)
    call_tile<Outer<T>::template Rows, outer_rows>(layer.m - j < outer_rows ? layer.m - j : outer_rows,
                                                   layer.delta + long(j) * vectors * lanes<T>, a, vectors,
                                                   G + long(j) * layer.n * lanes<T>, layer.n, is_first);
  T* const bias = G + long(layer.m) * layer.n * lanes<T>;
  for (int j = 0; j < layer.m; ++j) {
    V<T> s = is_first ? V<T>{} : load(bias + j * lanes<T>);
    for (int v = 0; v < vectors; ++v) s += load(layer.delta + (j * vectors + v) * lanes<T>);
    store(bias + j * lanes<T>, s);
  }
}

// The same with a network in each lane, overwriting `sums`.
template <class T> inline void own_gradient(const LaneLayer<T>& layer, const T* a, int vectors, T* sums) {
  T* const G = sums + layer.theta_offset * lanes<T>;
  const auto sum = [&]<Columns kind>(const T* columns, int count, T* to, long n) {
    for (int j = 0; j < layer.m; j += tree_rows)
      call_tile<OuterTrees<T, kind>::template Rows, tree_rows>(layer.m - j < tree_rows ? layer.m - j : tree_rows,
                                                               layer.delta + long(j) * vectors * lanes<T>, columns,
                                                               vectors, to + long(j) * n * lanes<T>, count, n);
  };
  sum.template operator()<Columns::of_a>(a, layer.n, G, layer.n);
  sum.template operator()<Columns::of_ones>(nullptr, 1, G + long(layer.m) * layer.n * lanes<T>, 1);
}

// Draws dropout's factors of a layer. Entries of a step are numbered layer by layer: outputs_below · step_rows come
// before.
template <class T> inline void draw_lane_mask(const LaneGroup<T>& g, const LaneLayer<T>& layer, double p,
                                              unsigned long long outputs_below) {
  const DropoutFactors<T> factor = dropout_factors<T>(g.dropout.key, p);
  // Lanes after the last row hold the first example with weight 0. With its factors too their losses are as finite as
  // its own: 0 · ∞ would be NaN.
  const auto row = [&](long i) { return g.dropout.first_row + i < g.dropout.step_rows ? g.dropout.first_row + i : 0; };
  for (int j = 0; j < layer.m; ++j)
    for (int i = 0; i < g.vectors * lanes<T>; ++i)
      layer.mask[j * g.vectors * lanes<T> + i] = factor(outputs_below * g.dropout.step_rows + row(i) * layer.m + j);
}

// x := mask ⊙ x on `count` numbers; mask may be null.
template <class T> inline void apply_mask(T* x, const T* mask, long count) {
  for (long k = 0; mask && k < count; k += lanes<T>) store(x + k, load(x + k) * load(mask + k));
}

// a := mask ⊙ σ(z) where a holds z.
template <class T> inline void lane_value(const LaneGroup<T>& g, const LaneLayer<T>& layer, const Activation<T>& f) {
  const long count = long(layer.m) * g.vectors * lanes<T>;
  if (is_entrywise(layer.sigma)) return activate(layer.a, count, f);
  for (long k = 0; f.saved && k < count; k += lanes<T>) store(f.saved + k, load(layer.a + k));
  T *const z = g.scratch, *const a = z + layer.m * lanes<T>;
  for (int v = 0; v < g.vectors; ++v) {
    take_vector(layer.a, layer.m, g.vectors, v, z);
    outputs(layer.sigma, layer.parameter, z, a, layer.m);
    put_vector(a, layer.m, g.vectors, v, layer.a);
  }
  apply_mask(layer.a, f.mask, count);
}

// δ := (∂σ/∂z)ᵀ (mask ⊙ δ), the adjoint of lane_value.
template <class T> inline void lane_pullback(const LaneGroup<T>& g, const LaneLayer<T>& layer) {
  const long count = long(layer.m) * g.vectors * lanes<T>;
  const Activation<T> f = {layer.sigma, layer.parameter, layer.saved ? layer.saved : layer.a, layer.mask};
  if (is_entrywise(layer.sigma)) return differentiate(layer.delta, count, f);
  apply_mask(layer.delta, f.mask, count);
  T *const z = g.scratch, *const a = z + layer.m * lanes<T>, *const d = a + layer.m * lanes<T>;
  for (int v = 0; v < g.vectors; ++v) {
    take_vector(f.saved, layer.m, g.vectors, v, z);
    take_vector(layer.delta, layer.m, g.vectors, v, d);
    outputs(layer.sigma, layer.parameter, z, a, layer.m);
    pullback(layer.sigma, layer.parameter, z, a, d, d, layer.m);
    put_vector(d, layer.m, g.vectors, v, layer.delta);
  }
}

// Sums of losses: one, or with a network in each lane one for each lane that its examples lie in when it is alone.
template <class T, Theta theta> inline constexpr int loss_sums = theta == Theta::shared ? 1 : tree_leaves<T>;

// total[v mod loss_sums] += w ℓ per lane; a[r] := σ(z[r]) where it holds z[r], and δ[r] := w ∂ℓ/∂z[r].
template <class T, Theta theta>
inline void lane_losses(const LaneGroup<T>& g, const LaneLayer<T>& last, V<T> (&total)[loss_sums<T, theta>]) {
  const int m = last.m;
  const auto add = [&](int v, V<T> w, V<T> loss) {
    V<T>& sum = total[v % loss_sums<T, theta>];
    sum = fma(w, loss, sum);
  };
  const bool is_canonical = last.sigma == canonical_sigma(g.cost), is_identity = last.sigma == Sigma::identity;
  if (is_entrywise(last.sigma) && !is_canonical)
    activate(last.a, long(m) * g.vectors * lanes<T>, {last.sigma, last.parameter, last.saved});
  if (is_entrywise(last.sigma) && (!is_canonical || is_identity)) {
    with(g.cost, [&]<Cost cost>() {
      for (int k = 0; k < m; ++k) {
        const V<T> p = broadcast(g.cost_parameters[k]);
        for (int v = 0; v < g.vectors; ++v) {
          const long at = (long(k) * g.vectors + v) * lanes<T>;
          V<T> y = load(g.y + at);
          if constexpr (cost == Cost::cross_entropy) y = smoothed(y, g.cost_parameters[k], m);
          const V<T> a = load(last.a + at), w = load(g.example_weights + v * lanes<T>);
          add(v, w, loss<cost>(a, y, p));
          store(last.delta + at, w * loss_derivative<cost>(a, y, p));
        }
      }
    });
    if (!is_identity && g.is_training) lane_pullback(g, last);
    return;
  }
  // a closed form of ℓ∘σ, or a vector-valued σ
  T *const z = g.scratch, *const y = z + m * lanes<T>, *const a = y + m * lanes<T>, *const d = a + m * lanes<T>;
  for (int v = 0; v < g.vectors; ++v) {
    const V<T> w = load(g.example_weights + v * lanes<T>);
    take_vector(last.a, m, g.vectors, v, z);
    take_vector(g.y, m, g.vectors, v, y);
    add(v, w, losses(last.sigma, last.parameter, g.cost, g.cost_parameters, z, y, a, d, m));
    for (int k = 0; k < m; ++k) store(d + k * lanes<T>, w * load(d + k * lanes<T>));
    put_vector(d, m, g.vectors, v, last.delta);
  }
}

template <class T, Theta theta, int vectors> void lane_group_of(const LaneGroup<T>& g) {
  const T* in = g.x;
  unsigned long long outputs_below = 0;
  for (int i = 0; i < g.r; ++i) {  // z[i] := W[i] a[i−1] + b[i], a[i] := σ(z[i])
    const LaneLayer<T>& layer = g.layers[i];
    dense<T, vectors, theta>(layer.W, layer.n, 1, layer.b, in, layer.n, layer.a, layer.m);
    if (i + 1 < g.r) {
      if (g.is_training && layer.mask) draw_lane_mask(g, layer, g.dropout.p[i], outputs_below);
      lane_value(
          g, layer,
          {layer.sigma, layer.parameter, g.is_training ? layer.saved : nullptr, g.is_training ? layer.mask : nullptr});
    }
    in = layer.a;
    outputs_below += layer.m;
  }
  V<T> total[loss_sums<T, theta>] = {};
  lane_losses<T, theta>(g, g.layers[g.r - 1], total);
  for (int k = 0; k < loss_sums<T, theta>; ++k)
    store(g.loss + k * lanes<T>, g.is_first ? total[k] : load(g.loss + k * lanes<T>) + total[k]);
  if (!g.is_training) return;
  for (int i = g.r - 1; i >= 0; --i) {  // ∂J/∂W[i] += Σ δ[i] a[i−1]ᵀ, δ[i−1] := (∂σ/∂z)ᵀ W[i]ᵀ δ[i]
    const LaneLayer<T>& layer = g.layers[i];
    const T* const a = i > 0 ? g.layers[i - 1].a : g.x;
    if constexpr (theta == Theta::own)
      own_gradient(layer, a, vectors, g.sums);
    else
      lane_gradient(layer, a, vectors, g.sums, g.is_first);
    if (i == 0) break;
    dense<T, vectors, theta>(layer.W, 1, layer.n, nullptr, layer.delta, layer.m, g.layers[i - 1].delta, layer.n);
    lane_pullback(g, g.layers[i - 1]);
  }
}

// LaneKernels::group and BundleKernels::group
template <class T, Theta theta, int vectors> void lane_group(const LaneGroup<T>& g) {
  if (g.vectors == vectors)
    lane_group_of<T, theta, vectors>(g);
  else if constexpr (vectors > 1)
    lane_group<T, theta, vectors - 1>(g);
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
