#include "panels/panel_network.hpp"

#include <algorithm>
#include <cmath>

namespace chainrule {
namespace {

int panels(long features, int R) { return static_cast<int>((features + R - 1) / R); }

// Splitting by columns costs a barrier per layer and pays (7 – 10 %) where few rows meet weights that no L2 cache holds.
template <class T> bool columns_pay(const NetworkSpec& net, long capacity) {
  bool entrywise_hidden = true;
  long largest = 0;
  for (int i = BlockDiagonalFront<T>::leading(net) + 1; i <= net.r(); ++i) {
    if (i < net.r()) entrywise_hidden &= is_entrywise(net.layers[i - 1].sigma);
    largest = std::max(largest, net.m[i] * net.m[i - 1] * long(sizeof(T)));
  }
  return entrywise_hidden && capacity <= 256 && largest >= (1 << 20);
}

}  // namespace

template <class T> PanelNetwork<T>::PanelNetwork(const NetworkSpec& net, const CostSpec& cost, long rows, int threads)
    : kernels(kernel_set().kernels<T>()),
      R(2 * kernels.lanes),
      lanes(kernels.lanes),
      capacity((rows + lanes - 1) / lanes * lanes),
      front(net, kernels, capacity),
      layers(net.r() - front.count()),
      x(panels(net.m[front.count()], R) * stride()),
      losses(capacity),
      cost_(cost),
      by_columns_(columns_pay<T>(net, capacity)),
      weights_(capacity) {
  long theta = 0, widest = net.m.back();
  const int f = front.count();
  if (f) x_delta = Buffer<T>(panels(net.m[f], R) * stride());
  for (int i = 1; i <= f; ++i) theta += net.size(i);
  for (int i = f + 1; i <= net.r(); ++i) {
    Layer& layer = layers[i - f - 1];
    const bool last = i == net.r(), parametric = net.layers[i - 1].is_parametric;
    layer.n = net.m[i - 1], layer.m = net.m[i];
    layer.panels_in = panels(layer.n, R), layer.panels_out = panels(layer.m, R);
    layer.thin = last && layer.m <= R;
    layer.spec = net.layers[i - 1];
    layer.theta = theta;
    layer.entries = net.entries(i);
    theta += net.size(i);
    if (!layer.thin) layer.W = Buffer<T>(long(layer.panels_out) * layer.n * R);
    if (layer.thin || i > 1) layer.Wt = Buffer<T>(long(layer.panels_in) * layer.m * R);
    layer.b = Buffer<T>(long(layer.panels_out) * R);
    if (parametric) layer.kappa = Buffer<T>(long(layer.panels_out) * R);
    if (parametric) layer.kappa_delta = Buffer<T>(layer.panels_out * stride());
    if (!layer.spec.is_dense()) mark_blocks(layer);
    const bool dropout = layer.spec.has_dropout();
    layer.keeps_source = !last && (dropout || parametric || !is_entrywise(layer.spec.sigma) ||
                                   derivative_needs_z(layer.spec.sigma, layer.spec.parameter));
    if (!layer.thin) layer.a = Buffer<T>(layer.panels_out * stride());
    if (layer.keeps_source) layer.source = Buffer<T>(layer.panels_out * stride());
    if (dropout) layer.mask = Buffer<T>(layer.panels_out * stride());
    layer.delta = Buffer<T>(layer.panels_out * stride());
    if (!is_entrywise(layer.spec.sigma)) widest = std::max(widest, layer.m);
  }
  if (layers.back().thin) z_ = Buffer<T>(layers.back().m * capacity);
  y_ = Buffer<T>(layers.back().m * capacity);
  for (int t = 0; t < threads; ++t) scratch_.emplace_back(4 * widest * lanes);
}

template <class T> void PanelNetwork<T>::keep_theta_alone() {
  const auto forget = [](auto& layer) {
    layer.a = {}, layer.source = {}, layer.mask = {}, layer.delta = {}, layer.kappa_delta = {};
  };
  front.x = {}, x = {}, x_delta = {}, z_ = {}, y_ = {};
  for (auto& layer : front.layers) forget(layer);
  for (Layer& layer : layers) {
    forget(layer);
    if (layer.Wt) layer.W = {};  // get() reads Wt
  }
}

template <class T> void PanelNetwork<T>::mark_blocks(Layer& layer) {
  layer.dense = Buffer<T>(layer.m * layer.n);
  layer.keep = Buffer<T>(layer.packed() * R);
  const std::vector<T> ones(layer.entries, T(1));
  const T* const marks = matrix(layer, ones.data());
  (layer.thin ? kernels.pack_transposed : kernels.pack)(marks, layer.m, layer.n, layer.keep.get());
}

// f(j, k, q, e) for each row j of a block-diagonal W: its q parameters stand from column k on, in θ from W's e-th number on
template <class F> void each_row(const std::vector<Run>& runs, F f) {
  long j = 0, k = 0, e = 0;
  for (const Run& run : runs)
    for (long block = 0; block < run.count; ++block, k += run.q)
      for (long row = 0; row < run.p; ++row, e += run.q) f(j++, k, run.q, e);
}

template <class T> const T* PanelNetwork<T>::matrix(const Layer& layer, const T* W) const {
  if (layer.spec.is_dense()) return W;
  each_row(layer.spec.runs, [&](long j, long k, long q, long e) {
    std::copy_n(W + e, q, layer.dense.get() + j * layer.n + k);  // zeros elsewhere
  });
  return layer.dense.get();
}

template <class T> long PanelNetwork<T>::put_pieces() const {
  long count = 1;
  for (const Layer& layer : layers) count += layer.panels_of_W();
  return count;
}

template <class T> void PanelNetwork<T>::put(const T* theta, long piece) {
  if (piece == 0) return put_small(theta);
  --piece;
  std::size_t l = 0;
  for (; piece >= layers[l].panels_of_W(); ++l) piece -= layers[l].panels_of_W();
  const Layer& layer = layers[l];
  const long j = piece * R, rows = std::min<long>(R, layer.m - j);
  kernels.pack(theta + layer.theta + j * layer.n, rows, layer.n, layer.W.get() + j * layer.n);
}

// Everything but the panels of dense W
template <class T> void PanelNetwork<T>::put_small(const T* theta) {
  if (front.count()) front.read(theta, front.theta.get());
  for (const Layer& layer : layers) {
    const T* const W = matrix(layer, theta + layer.theta);
    if (layer.W && !layer.spec.is_dense()) kernels.pack(W, layer.m, layer.n, layer.W.get());
    if (layer.Wt) kernels.pack_transposed(W, layer.m, layer.n, layer.Wt.get());
    const T* const b = theta + layer.theta + layer.entries;
    std::copy_n(b, layer.m, layer.b.get());
    if (layer.kappa) std::copy_n(b + layer.m, layer.m, layer.kappa.get());
  }
}

template <class T> void PanelNetwork<T>::get(T* theta, int thread, int threads) const {
  if (front.count() && thread == 0) front.write(front.theta.get(), theta);
  for (const Layer& layer : layers)
    unpack(layer, layer.weights(), layer.Wt.get(), layer.b.get(), layer.kappa.get(), theta, thread, threads);
}

template <class T> void PanelNetwork<T>::unpack(const Layer& layer, const T* weights, const T* transposed, const T* b,
                                                const T* kappa, T* theta, int thread, int threads) const {
  T *const entries = theta + layer.theta, *const W = layer.spec.is_dense() ? entries : layer.dense.get();
  const long j0 = std::min(layer.m, long(layer.panels_out) * thread / threads * R);
  const long j1 = std::min(layer.m, long(layer.panels_out) * (thread + 1) / threads * R);
  if (layer.thin || transposed)
    kernels.unpack_transposed(transposed ? transposed : weights, layer.m, layer.n, j0, j1, W);
  else
    kernels.unpack(weights + j0 * layer.n, j1 - j0, layer.n, W + j0 * layer.n);
  if (W != entries)
    each_row(layer.spec.runs, [&](long j, long k, long q, long e) {
      if (j0 <= j && j < j1) std::copy_n(W + j * layer.n + k, q, entries + e);
    });
  T* const after = entries + layer.entries;
  std::copy_n(b + j0, j1 - j0, after + j0);
  if (kappa) std::copy_n(kappa + j0, j1 - j0, after + layer.m + j0);
}

template class PanelNetwork<float>;
template class PanelNetwork<double>;

}  // namespace chainrule
