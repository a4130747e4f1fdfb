#include "panels/panel_network.hpp"

#include <algorithm>

#include "method.hpp"

namespace chainrule {
namespace {

int panels(long features, int R) { return static_cast<int>((features + R - 1) / R); }

// Splitting by columns costs a barrier per layer and pays (7 – 10 %) if few rows meet a W that no L2 cache holds.
template <class T> bool columns_pay(const NetworkSpec& net, long capacity, bool is_input_sparse) {
  bool is_hidden_entrywise = true;
  long largest = 0;
  for (int i = BlockDiagonalFront<T>::leading(net) + 1; i <= net.r(); ++i) {
    if (i == 1 && is_input_sparse) continue;
    if (i < net.r()) is_hidden_entrywise &= is_entrywise(net.layers[i - 1].sigma);
    largest = std::max(largest, net.m[i] * net.m[i - 1] * long(sizeof(T)));
  }
  return is_hidden_entrywise && capacity <= 256 && largest >= (1 << 20);
}

}  // namespace

template <class T> PanelNetwork<T>::PanelNetwork(const NetworkSpec& net, long rows, bool is_input_sparse)
    : kernels(kernel_set().kernels<T>()),
      R(2 * kernels.lanes),
      lanes(kernels.lanes),
      capacity((rows + lanes - 1) / lanes * lanes),
      front(net, kernels, capacity),
      layers(net.r() - front.count()),
      splits_columns(columns_pay<T>(net, capacity, is_input_sparse)) {
  long theta_offset = 0;
  for (int i = 1; i <= net.r(); ++i) {
    if (i > front.count()) {
      Layer& layer = layers[i - 1 - front.count()];
      layer.spec = net.layers[i - 1];
      layer.n = net.m[i - 1];
      layer.m = net.m[i];
      layer.panels_in = panels(layer.n, R);
      layer.panels_out = panels(layer.m, R);
      layer.is_csr = i == 1 && is_input_sparse;
      layer.is_thin = i == net.r() && layer.m <= R && !layer.is_csr;
      layer.theta_offset = theta_offset;
      layer.entries = net.entries(i);
      if (!layer.is_thin) layer.W = Buffer<T>(long(layer.panels_out) * layer.n * R);
      if (layer.is_thin || i > 1) layer.Wt = Buffer<T>(long(layer.panels_in) * layer.m * R);
      layer.b = Buffer<T>(long(layer.panels_out) * R);
      if (layer.spec.is_parametric) layer.kappa = Buffer<T>(long(layer.panels_out) * R);
      if (!layer.spec.is_dense()) mark_parameters(layer);
    }
    theta_offset += net.size(i);
  }
  place_parts();
}

template <class T> void PanelNetwork<T>::place_parts() {
  long offset = front.size();
  for (Layer& layer : layers)
    for (int k = layer.is_csr; k < parts; ++k) {
      layer.packed_offset[k] = offset;
      offset += size(layer, Part(k));
    }
  packed_size = gradient_size = offset;
  if (Layer& first = layers.front(); first.is_csr) {
    first.packed_offset[int(Part::W)] = offset;
    packed_size += size(first, Part::W);
  }
}

template <class T> void PanelNetwork<T>::mark_parameters(Layer& layer) {
  layer.dense_W = Buffer<T>(layer.m * layer.n);
  layer.parameter_mask = Buffer<T>(layer.stored_rows() * R);
  const std::vector<T> ones(layer.entries, T(1));
  (layer.is_thin ? kernels.layout.pack_transposed : kernels.layout.pack)(as_dense(layer, ones.data()), layer.m, layer.n,
                                                                         layer.parameter_mask.get());
}

// Returns W (m, n), given the entries of W in θ's order.
template <class T> const T* PanelNetwork<T>::as_dense(const Layer& layer, const T* W) const {
  if (layer.spec.is_dense()) return W;
  for_each_row(layer.spec.runs, [&](long j, long k, long q, long e) {
    std::copy_n(W + e, q, layer.dense_W.get() + j * layer.n + k);  // the other entries remain zero
  });
  return layer.dense_W.get();
}

template <class T> void PanelNetwork<T>::put(const T* theta, int threads) {
  long numbers = 0, panels = 0;
  for (const Layer& layer : layers) {
    numbers += layer.stored_rows() * R;
    panels += layer.full_panels();
  }
  if (numbers < least_parallel_copy) threads = 1;
  WorkQueue pieces(threads);  // piece 0 is all but the panels
  pieces.assign_evenly(1 + panels);
  run_threads(threads, [&](int thread, int) {
    for (long k; (k = pieces.take(thread)) >= 0;)
      if (k == 0)
        put_small(theta);
      else
        put_panel(theta, k - 1);
  });
}

// Packs one of the panels of dense W, which are numbered layer by layer.
template <class T> void PanelNetwork<T>::put_panel(const T* theta, long panel) {
  std::size_t l = 0;
  for (; panel >= layers[l].full_panels(); ++l) panel -= layers[l].full_panels();
  const Layer& layer = layers[l];
  const long j = panel * R, rows = std::min<long>(R, layer.m - j);
  kernels.layout.pack(theta + layer.theta_offset + j * layer.n, rows, layer.n, layer.W.get() + j * layer.n);
}

// Packs everything else.
template <class T> void PanelNetwork<T>::put_small(const T* theta) {
  front.pack(theta, front.theta.get());
  for (const Layer& layer : layers) {
    const T* const W = as_dense(layer, theta + layer.theta_offset);
    if (layer.W && !layer.spec.is_dense()) kernels.layout.pack(W, layer.m, layer.n, layer.W.get());
    if (layer.Wt) kernels.layout.pack_transposed(W, layer.m, layer.n, layer.Wt.get());
    const T* const b = theta + layer.theta_offset + layer.entries;
    std::copy_n(b, layer.m, layer.b.get());
    if (layer.kappa) std::copy_n(b + layer.m, layer.m, layer.kappa.get());
  }
}

template <class T> void PanelNetwork<T>::get(T* theta, int thread, int threads) const {
  if (thread == 0) front.unpack(front.theta.get(), theta);
  for (const Layer& layer : layers)
    unpack(layer, layer.stored_W(), layer.Wt.get(), layer.b.get(), layer.kappa.get(), theta, thread, threads);
}

template <class T> long PanelNetwork<T>::size(const Layer& layer, Part part) const {
  if (part == Part::W) return layer.stored_rows() * R;
  return part == Part::b || layer.kappa ? long(layer.panels_out) * R : 0;
}

template <class T> void PanelNetwork<T>::pack(const T* from, T* to) const {
  front.pack(from, to);
  for (const Layer& layer : layers) {
    const auto& [W, b, kappa] = layer.packed_offset;
    const T* const entries = from + layer.theta_offset;
    (layer.is_thin ? kernels.layout.pack_transposed : kernels.layout.pack)(as_dense(layer, entries), layer.m, layer.n,
                                                                           to + W);
    std::copy_n(entries + layer.entries, layer.m, to + b);
    if (layer.kappa) std::copy_n(entries + layer.entries + layer.m, layer.m, to + kappa);
  }
}

template <class T> void PanelNetwork<T>::unpack(const T* from, long count, T* to, int thread, int threads) const {
  if (thread == 0) front.unpack(from, to);
  for (const Layer& layer : layers) {
    const auto& [W, b, kappa] = layer.packed_offset;
    unpack(layer, W < count ? from + W : nullptr, nullptr, from + b, layer.kappa ? from + kappa : nullptr, to, thread,
           threads);
  }
}

// Reads W from Wt, unless that is null; leaves W out if both are.
template <class T> void PanelNetwork<T>::unpack(const Layer& layer, const T* stored_W, const T* Wt, const T* b,
                                                const T* kappa, T* theta, int thread, int threads) const {
  T *const entries = theta + layer.theta_offset, *const W = layer.spec.is_dense() ? entries : layer.dense_W.get();
  const long j0 = std::min(layer.m, long(layer.panels_out) * thread / threads * R);
  const long j1 = std::min(layer.m, long(layer.panels_out) * (thread + 1) / threads * R);
  if (layer.is_thin || Wt)
    kernels.layout.unpack_transposed(Wt ? Wt : stored_W, layer.m, layer.n, j0, j1, W);
  else if (stored_W)
    kernels.layout.unpack(stored_W + j0 * layer.n, j1 - j0, layer.n, W + j0 * layer.n);
  if (W != entries)
    for_each_row(layer.spec.runs, [&](long j, long k, long q, long e) {
      if (j0 <= j && j < j1) std::copy_n(W + j * layer.n + k, q, entries + e);
    });
  T* const after_W = entries + layer.entries;
  std::copy_n(b + j0, j1 - j0, after_W + j0);
  if (kappa) std::copy_n(kappa + j0, j1 - j0, after_W + layer.m + j0);
}

template <class T> void PanelNetwork<T>::keep_theta_alone() {
  front.free_activations();
  for (Layer& layer : layers)
    if (layer.Wt) layer.W = {};  // get() reads Wt
}

template class PanelNetwork<float>;
template class PanelNetwork<double>;

}  // namespace chainrule
