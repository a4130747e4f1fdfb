#include "packed_network.hpp"

#include <algorithm>
#include <cmath>

namespace chainrule {
namespace {

int panels(long features, int R) { return static_cast<int>((features + R - 1) / R); }

// Splitting by columns costs a barrier per layer and pays (7 – 10 %) where few rows meet weights that no L2 cache holds.
template <class T> bool split_by_columns(const NetworkSpec& net, long capacity, int threads) {
  bool entrywise_hidden = true;
  long largest = 0;
  for (int i = Front<T>::leading(net) + 1; i <= net.r(); ++i) {
    if (i < net.r()) entrywise_hidden &= entrywise(net.layers[i - 1].sigma);
    largest = std::max(largest, net.m[i] * net.m[i - 1] * long(sizeof(T)));
  }
  return threads > 1 && entrywise_hidden && capacity <= 256 && largest >= (1 << 20);
}

}  // namespace

template <class T>
PackedNetwork<T>::PackedNetwork(const NetworkSpec& net, const CostSpec& cost, long rows, int threads, bool backward)
    : kernels(kernel_set().kernels<T>()),
      R(2 * kernels.lanes),
      lanes(kernels.lanes),
      capacity((rows + lanes - 1) / lanes * lanes),
      front(net, kernels, capacity, backward),
      layers(net.r() - front.count()),
      x(panels(net.m[front.count()], R) * stride()),
      losses(capacity),
      cost_(cost),
      by_columns_(split_by_columns<T>(net, capacity, threads)),
      weights_(capacity) {
  long theta = 0, widest = net.m.back();
  const int f = front.count();
  if (f && backward) x_delta = Buffer<T>(panels(net.m[f], R) * stride());
  for (int i = 1; i <= f; ++i) theta += net.size(i);
  for (int i = f + 1; i <= net.r(); ++i) {
    Layer& layer = layers[i - f - 1];
    const bool last = i == net.r(), parametric = net.layers[i - 1].parametric;
    layer.n = net.m[i - 1], layer.m = net.m[i];
    layer.panels_in = panels(layer.n, R), layer.panels_out = panels(layer.m, R);
    layer.thin = last && layer.m <= R;
    layer.spec = net.layers[i - 1];
    layer.theta = theta;
    layer.entries = net.entries(i);
    theta += net.size(i);
    if (!layer.thin) layer.W = Buffer<T>(long(layer.panels_out) * layer.n * R);
    if (layer.thin || (backward && i > 1)) layer.Wt = Buffer<T>(long(layer.panels_in) * layer.m * R);
    layer.b = Buffer<T>(long(layer.panels_out) * R);
    if (parametric) layer.kappa = Buffer<T>(long(layer.panels_out) * R);
    if (parametric && backward) layer.kappa_delta = Buffer<T>(layer.panels_out * stride());
    if (!layer.spec.dense()) mark_blocks(layer, backward);
    const bool dropout = layer.spec.drops();
    layer.keeps_source = backward && !last &&
                         (dropout || parametric || !entrywise(layer.spec.sigma) ||
                          derivative_needs_z(layer.spec.sigma, layer.spec.parameter));
    if (!layer.thin) layer.a = Buffer<T>(layer.panels_out * stride());
    if (layer.keeps_source) layer.source = Buffer<T>(layer.panels_out * stride());
    if (backward && dropout) layer.mask = Buffer<T>(layer.panels_out * stride());
    if (backward) layer.delta = Buffer<T>(layer.panels_out * stride());
    if (!entrywise(layer.spec.sigma)) widest = std::max(widest, layer.m);
  }
  if (layers.back().thin) z_ = Buffer<T>(layers.back().m * capacity);
  y_ = Buffer<T>(layers.back().m * capacity);
  for (int t = 0; t < threads; ++t) scratch_.emplace_back(4 * widest * lanes);
}

template <class T> void PackedNetwork<T>::mark_blocks(Layer& layer, bool backward) {
  layer.dense = Buffer<T>(layer.m * layer.n);
  if (!backward) return;
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

template <class T> const T* PackedNetwork<T>::matrix(const Layer& layer, const T* W) const {
  if (layer.spec.dense()) return W;
  each_row(layer.spec.runs, [&](long j, long k, long q, long e) {
    std::copy_n(W + e, q, layer.dense.get() + j * layer.n + k);  // zeros elsewhere
  });
  return layer.dense.get();
}

template <class T> void PackedNetwork<T>::put(const T* theta) { put(theta, 0, 1); }

template <class T> void PackedNetwork<T>::put(const T* theta, int thread, int threads) {
  if (front.count() && thread == 0) front.read(theta, front.theta.get());
  for (const Layer& layer : layers) {
    if (!layer.spec.dense() && thread != 0) continue;  // its dense matrix is made by one thread, for all
    const bool alone = !layer.spec.dense();
    const T* const W = matrix(layer, theta + layer.theta);
    if (layer.W && alone) {
      kernels.pack(W, layer.m, layer.n, layer.W.get());
    } else if (layer.W) {
      const long j0 = std::min(layer.m, long(layer.panels_out) * thread / threads * R);
      const long j1 = std::min(layer.m, long(layer.panels_out) * (thread + 1) / threads * R);
      kernels.pack(W + j0 * layer.n, j1 - j0, layer.n, layer.W.get() + j0 * layer.n);
    }
    if (thread != 0) continue;
    if (layer.Wt) kernels.pack_transposed(W, layer.m, layer.n, layer.Wt.get());
    const T* const b = theta + layer.theta + layer.entries;
    std::copy_n(b, layer.m, layer.b.get());
    if (layer.kappa) std::copy_n(b + layer.m, layer.m, layer.kappa.get());
  }
}

template <class T> void PackedNetwork<T>::get(T* theta, int thread, int threads) const {
  if (front.count() && thread == 0) front.write(front.theta.get(), theta);
  for (const Layer& layer : layers)
    unpack(layer, layer.weights(), layer.Wt.get(), layer.b.get(), layer.kappa.get(), theta, thread, threads);
}

template <class T> void PackedNetwork<T>::unpack(const Layer& layer, const T* weights, const T* transposed, const T* b,
                                                 const T* kappa, T* theta, int thread, int threads) const {
  T *const entries = theta + layer.theta, *const W = layer.spec.dense() ? entries : layer.dense.get();
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

template <class T> bool PackedNetwork<T>::run(const Block<T>& block, Team& team, int thread) {
  // Each thread takes a multiple of `lanes` rows; the rows that fill up the last group repeat other examples, with weight 0.
  const long groups = (block.rows + lanes - 1) / lanes;
  const int first = static_cast<int>(groups * thread / team.count) * lanes;
  const int last = static_cast<int>(groups * (thread + 1) / team.count) * lanes;
  gather(block, first, last);
  bool calm = true;
  if (front.count()) {
    if (block.training) front.draw_masks(block.key, block.dropout, block.offset, block.step_rows, first, last);
    calm = front.forward(block.training, first, last, x.get(), stride(), moderate_limit());
  }
  forward(block, team, thread, first, last);
  if (!by_columns_ && team.stopping())
    return false;  // by columns, every thread goes on to meet the others at each barrier
  output(block, thread, first, last);
  if (block.training) calm &= backward(block, team, thread, first, last);
  return block.moderate || (calm & moderate(block, team, thread, first, last));
}

template <class T> void PackedNetwork<T>::gather(const Block<T>& block, int first, int last) {
  const TrainingSet<T>& set = *block.set;
  const bool by_units = front.count() > 0;
  const long n = by_units ? front.layers.front().n : layers.front().n, m = layers.back().m;
  const auto copy = [&](const std::uint32_t* order, long from, long first_row, long count) {
    if (!by_units) kernels.gather({set.X, n, order, from, first_row, count}, x.get(), stride());
    if (set.Y) kernels.gather_lanes({set.Y, m, order, from, first_row, count}, y_.get());
  };
  const int end = std::min(last, block.rows);
  if (by_units && first < end)
    kernels.gather_units(
        {set.X, n, block.order ? block.order + first : nullptr, block.first + first, first, end - first}, front.x.get(),
        front.pitch);
  if (first < end) copy(block.order ? block.order + first : nullptr, block.first + first, first, end - first);
  for (int r = std::max(first, block.rows); r < last; ++r) copy(block.order, block.first, r, 1);
  for (int r = first; r < last; ++r) {
    const long example = block.order ? block.order[std::min(r, block.rows - 1)] : block.first + r;
    weights_[r] =
        r < block.rows ? static_cast<T>(block.scale * (set.weights ? double(set.weights[example]) : 1.0)) : T(0);
  }
}

// Rows in groups whose activations stay in L2 while the weights pass by. Between groups the team may be told to stop.
template <class T> void PackedNetwork<T>::linear_rows(Linear<T> g, Team& team, int thread) const {
  const int first = g.first_row, rows = g.last_row - g.first_row;
  const long wanted = std::max<long>(16, 786432 / (g.K * long(sizeof(T))));
  const long groups = (rows + wanted - 1) / wanted;
  for (long k = 0; k < groups; ++k) {
    g.first_row = first + static_cast<int>(rows * k / groups);
    g.last_row = first + static_cast<int>(rows * (k + 1) / groups);
    kernels.linear(g);
    team.poll(thread);
    if (team.stopping()) return;
  }
}

template <class T> void PackedNetwork<T>::forward(const Block<T>& block, Team& team, int thread, int first, int last) {
  const int all = (block.rows + lanes - 1) / lanes * lanes;
  if (by_columns_) team.barrier.wait();  // every row has been gathered
  for (int i = 1; i <= static_cast<int>(layers.size()); ++i) {
    Layer& layer = layers[i - 1];
    if (layer.thin) {
      kernels.thin_linear(
          {input_of(i), stride(), layer.Wt.get(), layer.b.get(), layer.panels_in, int(layer.m), first, last, z_.get()});
      break;
    }
    const bool vector_valued = !entrywise(layer.spec.sigma), is_last = i == int(layers.size());
    T* mask = nullptr;
    if (block.training && layer.mask) {
      mask = layer.mask.get();
      long before = 0;  // outputs of the layers below, which the numbering of the mask's entries counts first
      for (const auto& other : front.layers) before += other.m;
      for (int k = 0; k < i - 1; ++k) before += layers[k].m;
      kernels.dropout_mask({block.key,
                            static_cast<unsigned long long>(before * block.step_rows + block.offset * layer.m),
                            block.dropout[front.count() + i - 1], layer.m, first, last, mask, stride()});
      if (by_columns_) team.barrier.wait();
    }
    const Activation<T> sigma = {layer.spec.sigma, static_cast<T>(layer.spec.parameter),
                                 block.training && layer.keeps_source ? layer.source.get() : nullptr, mask,
                                 layer.kappa.get()};
    Linear<T> g{};
    g.A = input_of(i), g.A_stride = stride();
    g.B = layer.W.get(), g.K = layer.n;
    g.bias = layer.b.get();
    g.out = layer.a.get(), g.out_stride = stride();
    g.first_row = by_columns_ ? 0 : first, g.last_row = by_columns_ ? all : last;
    g.first_panel = by_columns_ ? layer.panels_out * thread / team.count : 0;
    g.last_panel = by_columns_ ? layer.panels_out * (thread + 1) / team.count : layer.panels_out;
    g.panels = layer.panels_out;
    g.last_lanes = static_cast<int>(layer.m - long(layer.panels_out - 1) * R);
    g.next = is_last ? nullptr : layers[i].weights();
    g.epilogue = vector_valued || is_last ? Linear<T>::none : Linear<T>::value;
    g.activation = sigma;
    linear_rows(g, team, thread);
    if (by_columns_) team.barrier.wait();
    if (!by_columns_ && team.stopping()) return;
    if (vector_valued && !is_last)
      kernels.vector_value({sigma, layer.a.get(), stride(), int(layer.m), first, last, scratch_[thread].get()});
  }
}

template <class T> void PackedNetwork<T>::output(const Block<T>& block, int thread, int first, int last) {
  Layer& layer = layers.back();
  Output<T> out{};
  out.sigma = layer.spec.sigma, out.sigma_parameter = static_cast<T>(layer.spec.parameter);
  out.kappa = layer.kappa.get(), out.kappa_delta = layer.kappa_delta.get();
  out.cost = cost_.cost, out.cost_parameter = static_cast<T>(cost_.parameter);
  out.m = static_cast<int>(layer.m), out.first_row = first, out.last_row = last;
  out.Z = layer.thin ? z_.get() : layer.a.get(), out.Z_stride = layer.thin ? 0 : stride();
  out.Y = block.set->Y ? y_.get() : nullptr;
  out.weights = weights_.get();
  out.losses = losses.get();
  out.delta = block.training ? layer.delta.get() : nullptr, out.delta_stride = stride();
  out.a = output_, out.a_rows = block.rows;
  out.scratch = scratch_[thread].get();
  kernels.output(out);
}

template <class T> bool PackedNetwork<T>::backward(const Block<T>& block, Team& team, int thread, int first, int last) {
  const int all = (block.rows + lanes - 1) / lanes * lanes;
  const bool by_units = front.count() > 0;
  for (int i = static_cast<int>(layers.size()); i > (by_units ? 0 : 1); --i) {
    const Layer& layer = layers[i - 1];
    const Layer* const below = i > 1 ? &layers[i - 2] : nullptr;  // null: the front
    const bool vector_valued = below && !entrywise(below->spec.sigma);
    Linear<T> g{};
    g.A = layer.delta.get(), g.A_stride = stride();
    g.B = layer.Wt.get(), g.K = layer.m;
    g.out = below ? below->delta.get() : x_delta.get(), g.out_stride = stride();
    g.first_row = by_columns_ ? 0 : first, g.last_row = by_columns_ ? all : last;
    g.first_panel = by_columns_ ? layer.panels_in * thread / team.count : 0;
    g.last_panel = by_columns_ ? layer.panels_in * (thread + 1) / team.count : layer.panels_in;
    g.panels = layer.panels_in;
    g.last_lanes = static_cast<int>(layer.n - long(layer.panels_in - 1) * R);
    g.next = below ? below->Wt.get() : nullptr;
    g.epilogue = vector_valued || !below ? Linear<T>::none : Linear<T>::derivative;
    if (below)
      g.activation = {below->spec.sigma,
                      static_cast<T>(below->spec.parameter),
                      below->keeps_source ? below->source.get() : below->a.get(),
                      below->mask.get(),
                      below->kappa.get(),
                      below->kappa_delta.get()};
    if (by_columns_) team.barrier.wait();  // every column of δ[i] has been computed
    if (!by_columns_ && team.stopping()) return false;
    linear_rows(g, team, thread);
    if (vector_valued)
      kernels.vector_pullback(
          {g.activation, below->delta.get(), stride(), int(below->m), first, last, scratch_[thread].get()});
  }
  if (!by_units) return true;
  if (by_columns_) team.barrier.wait();
  if (!by_columns_ && team.stopping()) return false;
  return front.backward(first, last, x_delta.get(), stride(), moderate_limit());
}

template <class T>
bool PackedNetwork<T>::moderate(const Block<T>& block, const Team& team, int thread, int first, int last) const {
  double loss = 0;
  for (int r = first; r < last; ++r) loss += losses[r];
  bool calm = std::abs(loss) < 1e300;  // false for NaN
  if (!block.training) return calm;
  const T limit = moderate_limit();
  for (const Layer& layer : layers) {
    const bool is_last = &layer == &layers.back(), columns = by_columns_ && !is_last;  // what this thread itself wrote
    const int p0 = columns ? layer.panels_out * thread / team.count : 0;
    const int p1 = columns ? layer.panels_out * (thread + 1) / team.count : layer.panels_out;
    const long r0 = columns ? 0 : first, r1 = columns ? (block.rows + lanes - 1) / lanes * lanes : last;
    for (int p = p0; p < p1; ++p) {
      const long at = p * stride() + r0 * R, count = (r1 - r0) * R;
      if (!is_last) calm &= kernels.largest(layer.a.get() + at, count) <= limit;
      calm &= kernels.largest(layer.delta.get() + at, count) <= limit;
      if (layer.kappa) calm &= kernels.largest(layer.kappa_delta.get() + at, count) <= limit;
    }
  }
  return calm;
}

template class PackedNetwork<float>;
template class PackedNetwork<double>;

}  // namespace chainrule
