#include "curvature/hessian_pass.hpp"

#include <algorithm>

namespace chainrule {
namespace {

constexpr long bytes_in_L2 = 786432;  // of a layer's inputs, in pairs, that stay there while V and W are read
constexpr long least_rows = 32;       // enough for tiles of some ten rows

}  // namespace

template <class T>
HessianPass<T>::HessianPass(const std::vector<HessianLayer<T>>& layers, const CostSpec& cost, const TrainingSet<T>& set,
                            const Kernels<T>& kernels, long capacity, int threads)
    : layers_(layers),
      cost_(cost.cost),
      cost_parameters_(cost.parameters_of<T>(layers.back().m)),
      set_(set),
      kernels_(kernels),
      R_(2 * kernels.lanes) {
  long widest = 1, across = layers.back().m;
  for (const HessianLayer<T>& layer : layers) {
    widest = std::max(widest, layer.panels_out * long(R_));
    if (!is_entrywise(layer.spec.sigma)) across = std::max(across, layer.m);
  }
  const long lanes = kernels.lanes;
  const long cached = bytes_in_L2 / (2 * widest * long(sizeof(T)));
  most_rows_ = std::min(capacity, (std::max(least_rows, cached) + lanes - 1) / lanes * lanes);
  for (int t = 0; t < threads; ++t) {
    Rg_.emplace_back(most_rows_ * widest);
    scratch_.emplace_back(8 * across * lanes);
  }
}

template <class T>
void HessianPass<T>::theta_part(const HessianRows<T>& rows, int first_row, int last_row, int thread) const {
  const Region region{rows, first_row, last_row, thread};
  const int r = static_cast<int>(layers_.size());
  gather(region);
  for (int l = 0; l < r; ++l) {  // z[i] := W[i] a[i−1] + b[i], a[i] := σ(z[i])
    forward_product(region, l, /*is_of_v=*/false);
    if (l + 1 == r) break;
    const HessianArrays<T>& arrays = rows.layers[l];
    const LayerSpec& spec = layers_[l].spec;
    if (is_entrywise(spec.sigma))
      each_panel(region, l, [&](int p, long at, long count) {
        kernels_.curvature.value(bend(region, l, p), arrays.forward.get() + at, count);
      });
    else
      kernels_.panel.vector_value({.activation = {.sigma = spec.sigma,
                                                  .parameter = static_cast<T>(spec.parameter),
                                                  .saved = arrays.z_and_g.get(),
                                                  .mask = nullptr},
                                   .panels = arrays.forward.get(),
                                   .stride = 2 * region.half(kernels_),
                                   .m = static_cast<int>(layers_[l].m),
                                   .first_row = first_row,
                                   .last_row = last_row,
                                   .scratch = scratch_[thread].get()});
  }
  // δ[r], without which there is no δ[i]; R z[r] is of no v yet
  output(region);
  const long half = region.half(kernels_);
  for (int l = r - 2; l >= 0; --l) {  // g := W[i+1]ᵀ δ[i+1], δ[i] := (∂σ/∂z)ᵀ g
    T* const delta = backward_product(region, l, /*is_of_v=*/false);
    const LayerSpec& spec = layers_[l].spec;
    if (is_entrywise(spec.sigma)) {
      each_panel(region, l, [&](int p, long at, long count) {
        kernels_.curvature.pullback(bend(region, l, p), delta + at, count);
      });
      continue;
    }
    each_panel(region, l, [&](int, long at, long count) {
      std::copy_n(delta + at, count, rows.layers[l].z_and_g.get() + half + at);
    });
    kernels_.panel.vector_pullback({.activation = {.sigma = spec.sigma,
                                                   .parameter = static_cast<T>(spec.parameter),
                                                   .saved = rows.layers[l].z_and_g.get(),
                                                   .mask = nullptr},
                                    .panels = delta,
                                    .stride = 2 * half,
                                    .m = static_cast<int>(layers_[l].m),
                                    .first_row = first_row,
                                    .last_row = last_row,
                                    .scratch = scratch_[thread].get()});
  }
}

template <class T>
void HessianPass<T>::v_part(const HessianRows<T>& rows, int first_row, int last_row, int thread) const {
  const Region region{rows, first_row, last_row, thread};
  const int r = static_cast<int>(layers_.size());
  const long half = region.half(kernels_);
  for (int l = 0; l < r; ++l) {  // R z[i] := V[i] a[i−1] + v_b[i] + W[i] R a[i−1], R a[i] := (∂σ/∂z) R z[i]
    forward_product(region, l, /*is_of_v=*/true);
    if (l + 1 == r) break;
    const HessianArrays<T>& arrays = rows.layers[l];
    if (is_entrywise(layers_[l].spec.sigma))
      each_panel(region, l, [&](int p, long at, long count) {
        kernels_.curvature.push(bend(region, l, p), arrays.forward.get() + half + at, arrays.backward.get() + at,
                                count);
      });
    else
      kernels_.curvature.vector_push(vector_bend(region, l));
  }
  output(region);
  for (int l = r - 2; l >= 0; --l) {  // R g := W[i+1]ᵀ R δ[i+1] + V[i+1]ᵀ δ[i+1], then R δ[i]
    const T* const Rg = backward_product(region, l, /*is_of_v=*/true);
    if (is_entrywise(layers_[l].spec.sigma))
      each_panel(region, l, [&](int p, long at, long count) {
        kernels_.curvature.pull(bend(region, l, p), Rg + p * most_rows_ * R_, rows.layers[l].backward.get() + at,
                                count);
      });
    else
      kernels_.curvature.vector_pull(vector_bend(region, l));
  }
}

// Calls f(p, at, count) for each panel of a pair: its rows of the region are `count` numbers from `at` on.
template <class T> template <class F> void HessianPass<T>::each_panel(const Region& region, int l, F f) const {
  const long half = region.half(kernels_), count = long(region.last_row - region.first_row) * R_;
  for (int p = 0; p < layers_[l].panels_out; ++p) f(p, p * 2 * half + long(region.first_row) * R_, count);
}

template <class T> void HessianPass<T>::gather(const Region& region) const {
  const HessianRows<T>& rows = region.rows;
  const long end = std::min<long>(region.last_row, rows.count);
  const auto gather_rows = [&](long example, long first_row, long count) {
    const auto of = [&](const T* matrix, long n) {
      return Gather<T>{
          .X = matrix, .n = n, .order = nullptr, .first_example = example, .first_row = first_row, .count = count};
    };
    if (rows.x) kernels_.layout.gather(of(set_.X, layers_.front().n), rows.x.get(), region.half(kernels_));
    kernels_.layout.gather_lanes(of(set_.Y, layers_.back().m), rows.y.get());
  };
  if (region.first_row < end) gather_rows(rows.first + region.first_row, region.first_row, end - region.first_row);
  for (long k = std::max<long>(region.first_row, rows.count); k < region.last_row; ++k) gather_rows(rows.first, k, 1);
  for (long k = region.first_row; k < region.last_row; ++k) {
    const double weight = k >= rows.count ? 0.0 : set_.weights ? scale * set_.weights[rows.first + k] : scale;
    rows.example_weights[k] = static_cast<T>(weight);
  }
}

template <class T>
Linear<T> HessianPass<T>::product(const Region& region, int panels, int last_lanes, T* out, long out_stride) const {
  Linear<T> g{};
  g.out = out;
  g.out_stride = out_stride;
  g.region = {.first_row = region.first_row, .last_row = region.last_row, .first_panel = 0, .last_panel = panels};
  g.panels = panels;
  g.last_lanes = last_lanes;
  g.epilogue = LinearEpilogue::none;
  return g;
}

// z[i] := W[i] a[i−1] + b[i] in place of a[i], or R z[i] in place of R a[i]
template <class T> void HessianPass<T>::forward_product(const Region& region, int l, bool is_of_v) const {
  const HessianLayer<T>& layer = layers_[l];
  const long half = region.half(kernels_);
  Linear<T> g = product(region, layer.panels_out, layer.last_out,
                        region.rows.layers[l].forward.get() + (is_of_v ? half : 0), 2 * half);
  g.B = (is_of_v ? layer.VW : layer.W).get();
  g.K = is_of_v ? layer.K_in : layer.n;
  g.bias = (is_of_v ? layer.v_b : layer.b).get();
  if (l == 0 && !region.rows.x)
    return kernels_.csr.linear(
        {.X = set_.sparse_X, .order = nullptr, .first = region.rows.first, .rows = static_cast<int>(region.rows.count)},
        g);
  g.A = l == 0 ? region.rows.x.get() : region.rows.layers[l - 1].forward.get();
  g.A_stride = l == 0 || is_of_v ? half : 2 * half;
  kernels_.panel.linear(g);
}

// Returns ∂J/∂a[i] := W[i+1]ᵀ δ[i+1] in place of δ[i], or R ∂J/∂a[i] in memory of the thread.
template <class T> T* HessianPass<T>::backward_product(const Region& region, int l, bool is_of_v) const {
  const HessianLayer<T>& above = layers_[l + 1];
  const long half = region.half(kernels_);
  T* const deltas = region.rows.layers[l + 1].backward.get();
  T* const to = is_of_v ? Rg_[region.thread].get() : region.rows.layers[l].backward.get() + half;
  Linear<T> g = product(region, above.panels_in, above.last_in, to, is_of_v ? most_rows_ * R_ : 2 * half);
  g.B = (is_of_v ? above.WVt : above.Wt).get();
  g.K = is_of_v ? above.K_out : above.m;
  g.A = is_of_v ? deltas : deltas + half;
  g.A_stride = is_of_v ? half : 2 * half;
  if (is_of_v) {  // the thread's memory begins with the first row of the region
    g.A += long(region.first_row) * R_;
    g.region.first_row = 0;
    g.region.last_row = region.last_row - region.first_row;
  }
  kernels_.panel.linear(g);
  return to;
}

template <class T> void HessianPass<T>::output(const Region& region) const {
  const HessianLayer<T>& layer = layers_.back();
  const HessianArrays<T>& arrays = region.rows.layers.back();
  const long half = region.half(kernels_);
  kernels_.curvature.output({.activation = {.sigma = layer.spec.sigma,
                                            .parameter = static_cast<T>(layer.spec.parameter),
                                            .kappa = layer.kappa.get()},
                             .v_kappa = layer.v_kappa.get(),
                             .cost = cost_,
                             .cost_parameters = cost_parameters_.data(),
                             .m = static_cast<int>(layer.m),
                             .first_row = region.first_row,
                             .last_row = region.last_row,
                             .z = arrays.forward.get(),
                             .Rz = arrays.forward.get() + half,
                             .stride = 2 * half,
                             .Y = region.rows.y.get(),
                             .example_weights = region.rows.example_weights.get(),
                             .delta = arrays.backward.get() + half,
                             .Rdelta = arrays.backward.get(),
                             .kappa_change = arrays.kappa_change.get(),
                             .kappa_stride = half,
                             .scratch = scratch_[region.thread].get()});
}

template <class T> EntrywiseBend<T> HessianPass<T>::bend(const Region& region, int l, int p) const {
  const HessianLayer<T>& layer = layers_[l];
  const HessianArrays<T>& arrays = region.rows.layers[l];
  const auto at = [&](const Buffer<T>& panels) {
    return panels ? panels.get() + p * region.half(kernels_) + long(region.first_row) * R_ : nullptr;
  };
  const auto of_units = [&](const Buffer<T>& numbers) { return numbers ? numbers.get() + long(p) * R_ : nullptr; };
  return {.sigma = layer.spec.sigma,
          .parameter = static_cast<T>(layer.spec.parameter),
          .slope = at(arrays.slope),
          .bend = at(arrays.bend),
          .kappa = of_units(layer.kappa),
          .v_kappa = of_units(layer.v_kappa),
          .kappa_slope = at(arrays.kappa_slope),
          .kappa_bend = at(arrays.kappa_bend),
          .kappa_change = at(arrays.kappa_change)};
}

template <class T> VectorBend<T> HessianPass<T>::vector_bend(const Region& region, int l) const {
  const HessianLayer<T>& layer = layers_[l];
  const HessianArrays<T>& arrays = region.rows.layers[l];
  const long half = region.half(kernels_);
  return {.sigma = layer.spec.sigma,
          .parameter = static_cast<T>(layer.spec.parameter),
          .m = static_cast<int>(layer.m),
          .first_row = region.first_row,
          .last_row = region.last_row,
          .z = arrays.z_and_g.get(),
          .g = arrays.z_and_g.get() + half,
          .stride = 2 * half,
          .Ra = arrays.forward.get() + half,
          .Rdelta = arrays.backward.get(),
          .Rg = Rg_[region.thread].get(),
          .Rg_stride = most_rows_ * R_,
          .scratch = scratch_[region.thread].get()};
}

template class HessianPass<float>;
template class HessianPass<double>;

}  // namespace chainrule
