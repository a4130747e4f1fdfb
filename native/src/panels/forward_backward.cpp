// The forward and the backward pass over a block of examples, shared between threads: by rows, where one carries a few of them
// through all layers; or by columns, where each layer's panels are shared and a barrier stands between the layers.
#include <algorithm>
#include <cmath>
#include <utility>

#include "panels/panel_network.hpp"

namespace chainrule {
namespace {

constexpr long bytes_in_L2 = 786432;         // of activations that stay there while the weights pass by
constexpr long least_rows = 32;              // of a piece: enough for tiles of some ten rows
constexpr long least_rows_among_zeros = 64;  // and for those of sparse.hpp: B 2 %
constexpr double most_nonzeros = 0.6;        // of all entries, where it pays to pass over zeros

}  // namespace

template <class T> bool PanelNetwork<T>::run(const Block<T>& block, Team& team, int thread) {
  return by_columns_ && team.count > 1 ? run_by_columns(block, team, thread) : run_by_rows(block, team, thread);
}

template <class T> bool PanelNetwork<T>::run_by_rows(const Block<T>& block, Team& team, int thread) {
  const long groups = (block.rows + lanes - 1) / lanes;
  bool calm = true;
  const long chunks = chunks_of(block.rows, team.count);
  // Each thread begins a layer elsewhere, and then where it has just been: what one has read of W is no longer in the cache of the
  // one that wrote it (B 2 %).
  int share = thread;
  team.for_each_piece(thread, chunks, [&](long k) {
    const int first = static_cast<int>(groups * k / chunks) * lanes;
    const int last = static_cast<int>(groups * (k + 1) / chunks) * lanes;
    const auto all = [&](int panels) { return Area{first, last, 0, panels, share, team.count}; };
    calm &= prepare(block, first, last);
    for (int i = 1; i <= wide_layers(); ++i) calm &= forward(block, i, all(layers[i - 1].panels_out), thread);
    calm &= output(block, first, last, thread);
    for (int i = static_cast<int>(layers.size()); block.training && i > lowest(); --i)
      calm &= backward(block, i, all(layers[i - 1].panels_in), thread);
    share = (share + team.count - 1) % team.count;
    if (block.training && front.count()) calm &= front.backward(first, last, x_delta.get(), stride(), moderate_limit());
    team.poll(thread);
  });
  return calm;
}

template <class T> bool PanelNetwork<T>::run_by_columns(const Block<T>& block, Team& team, int thread) {
  const long groups = (block.rows + lanes - 1) / lanes;
  const long halves = groups * lanes >= 2 * least_rows ? 2 : 1;  // of the rows
  bool calm = true;
  const auto by_rows = [&](auto f) {
    team.for_each_piece(thread, groups,
                        [&](long k) { calm &= f(static_cast<int>(k) * lanes, static_cast<int>(k + 1) * lanes); });
  };
  const auto by_panels = [&](int panels, bool sparse, auto f) {
    team.barrier.wait();  // what came before is complete
    bool met[2] = {};     // what others have written in these rows?
    const long groups_of_panels = (panels + most_panels - 1) / most_panels;
    const long parts = sparse && groups_of_panels * halves >= 2 * team.count ? groups_of_panels : panels;
    team.for_each_piece(thread, parts * halves, [&](long k) {
      const long p = k / halves, half = k % halves;
      const int first = static_cast<int>(groups * half / halves) * lanes;
      const int last = static_cast<int>(groups * (half + 1) / halves) * lanes;
      calm &= f(
          {first, last, int(panels * p / parts), int(panels * (p + 1) / parts), 0, 1, !std::exchange(met[half], true)});
      team.poll(thread);
    });
  };
  by_rows([&](int first, int last) { return prepare(block, first, last); });
  for (int i = 1; i <= wide_layers(); ++i)
    by_panels(layers[i - 1].panels_out, layers[i - 1].sparse_input,
              [&](const Area& area) { return forward(block, i, area, thread); });
  team.barrier.wait();
  by_rows([&](int first, int last) { return output(block, first, last, thread); });
  if (!block.training) return calm;
  for (int i = static_cast<int>(layers.size()); i > lowest(); --i)
    by_panels(layers[i - 1].panels_in, layers[i - 1].sparse_delta,
              [&](const Area& area) { return backward(block, i, area, thread); });
  if (!front.count()) return calm;
  team.barrier.wait();
  by_rows([&](int first, int last) { return front.backward(first, last, x_delta.get(), stride(), moderate_limit()); });
  return calm;
}

// Pieces of rows small enough for the cache, and for threads of unequal speed; the same number for each thread.
template <class T> long PanelNetwork<T>::chunks_of(int rows, int threads) const {
  long widest = 1, least = least_rows;
  for (const Layer& layer : layers) {
    widest = std::max({widest, layer.n, layer.thin ? 1 : layer.m});
    if (layer.sparse_input || layer.sparse_delta) least = least_rows_among_zeros;
  }
  const long most = std::max<long>(least, bytes_in_L2 / (widest * long(sizeof(T))));
  const long of_thread = (rows + threads - 1) / threads;
  const long few = threads == 1 ? most : std::min(most, std::max<long>(least, of_thread / 4));
  return std::min<long>((rows + lanes - 1) / lanes, threads * ((of_thread + few - 1) / few));
}

template <class T>
bool PanelNetwork<T>::moderate(const Block<T>& block, const Buffer<T>& numbers, const Area& area) const {
  if (block.moderate || !block.training || !numbers) return true;
  const long rows = area.last - area.first;
  bool calm = true;
  for (int p = area.p0; p < area.p1; ++p)
    calm &= kernels.largest(numbers.get() + p * stride() + long(area.first) * R, rows * R) <= moderate_limit();
  return calm;
}

// The examples' numbers, the factors of dropout, and the front's forward pass
template <class T> bool PanelNetwork<T>::prepare(const Block<T>& block, int first, int last) {
  gather(block, first, last);
  if (block.training) draw_masks(block, first, last);
  return !front.count() || front.forward(block.training, first, last, x.get(), stride(), moderate_limit());
}

template <class T> void PanelNetwork<T>::gather(const Block<T>& block, int first, int last) {
  const TrainingSet<T>& set = *block.set;
  const bool by_units = front.count() > 0;
  const long n = by_units ? front.layers.front().n : layers.front().n, m = layers.back().m;
  const auto copy = [&](const std::uint32_t* order, long from, long first_row, long count) {
    if (!by_units) kernels.gather({set.X, n, order, from, first_row, count}, x.get(), stride());
    kernels.gather_lanes({set.Y, m, order, from, first_row, count}, y_.get());
  };
  const int end = std::min(last, block.rows);
  if (by_units && first < end)
    kernels.gather_units(
        {set.X, n, block.order ? block.order + first : nullptr, block.first + first, first, end - first}, front.x.get(),
        front.pitch);
  if (first < end) copy(block.order ? block.order + first : nullptr, block.first + first, first, end - first);
  for (int r = std::max(first, block.rows); r < last; ++r)
    copy(block.order ? block.order + first : nullptr, block.first + first, r, 1);
  std::fill(weights_.get() + first, weights_.get() + last, T(0));
  for (int r = first; r < end; ++r)
    weights_[r] = static_cast<T>(set.weights ? block.scale * set.weights[block.order ? block.order[r] : block.first + r]
                                             : block.scale);
}

template <class T> void PanelNetwork<T>::draw_masks(const Block<T>& block, int first, int last) const {
  if (front.count()) front.draw_masks(block.key, block.dropout, block.offset, block.step_rows, first, last);
  long before = 0;  // outputs of the layers below, which the numbering of the masks' entries counts first
  for (const auto& layer : front.layers) before += layer.m;
  for (std::size_t l = 0; l < layers.size(); before += layers[l++].m)
    if (layers[l].mask)
      kernels.dropout_mask(
          {block.key, static_cast<unsigned long long>(before * block.step_rows + block.offset * layers[l].m),
           block.dropout[front.count() + l], layers[l].m, first, last, layers[l].mask.get(), stride()});
}

// Where a thread begins to read W [panels][K][R]; null: there is none
template <class T> const T* PanelNetwork<T>::begin(const Area& area, const Buffer<T>& W, long K, int panels) const {
  return W ? W.get() + area.start(panels) * K * R : nullptr;
}

// Products with such a W for an area; what is read after its last panel is `then`.
template <class T>
Linear<T> PanelNetwork<T>::linear(const Area& area, const Buffer<T>& W, long K, int panels, const T* then) const {
  Linear<T> g;  // all of it is set here or by the caller: to clear it first costs 16-64-32-1 1 %
  g.bias = nullptr;
  g.A_stride = g.out_stride = stride();
  g.B = W.get(), g.K = K;
  g.first_row = area.first, g.last_row = area.last;
  g.first_panel = area.p0, g.last_panel = area.p1, g.panels = panels;
  g.start_panel = area.p0 + area.start(area.p1 - area.p0);
  g.prefetch.next_panel = area.p1 < panels ? g.B + area.p1 * K * R : then;
  g.prefetch.is_input_remote = area.fetch;
  return g;
}

template <class T> bool PanelNetwork<T>::forward(const Block<T>& block, int i, const Area& area, int thread) {
  const Layer& layer = layers[i - 1];
  const bool vector_valued = !is_entrywise(layer.spec.sigma), is_last = i == static_cast<int>(layers.size());
  const T* const then = i < wide_layers() ? begin(area, layers[i].W, layers[i].n, layers[i].panels_out)
                        : block.training  ? begin(area, layer.Wt, layer.m, layer.panels_in)
                                          : nullptr;
  Linear<T> g = linear(area, layer.W, layer.n, layer.panels_out, then);
  g.last_lanes = static_cast<int>(layer.m - long(layer.panels_out - 1) * R);
  g.A = input_of(i), g.can_skip_zeros = layer.sparse_input;
  g.bias = layer.b.get();
  g.out = layer.a.get();
  g.epilogue = vector_valued || is_last ? LinearEpilogue::none : LinearEpilogue::activation;
  g.activation = {layer.spec.sigma, static_cast<T>(layer.spec.parameter),
                  block.training && layer.keeps_source ? layer.source.get() : nullptr,
                  block.training ? layer.mask.get() : nullptr, layer.kappa.get()};
  kernels.linear(g);
  if (is_last) return true;
  if (vector_valued)
    kernels.vector_value(
        {g.activation, layer.a.get(), stride(), int(layer.m), area.first, area.last, scratch_[thread].get()});
  return moderate(block, layer.a, area);
}

template <class T> bool PanelNetwork<T>::output(const Block<T>& block, int first, int last, int thread) {
  Layer& layer = layers.back();
  if (layer.thin)
    kernels.thin_linear({input_of(int(layers.size())), stride(), layer.Wt.get(), layer.b.get(), layer.panels_in,
                         int(layer.m), first, last, z_.get()});
  Output<T> out{};
  out.sigma = layer.spec.sigma, out.sigma_parameter = static_cast<T>(layer.spec.parameter);
  out.kappa = layer.kappa.get(), out.kappa_delta = layer.kappa_delta.get();
  out.cost = cost_.cost, out.cost_parameter = static_cast<T>(cost_.parameter);
  out.m = static_cast<int>(layer.m), out.first_row = first, out.last_row = last;
  out.Z = layer.thin ? z_.get() : layer.a.get(), out.Z_stride = layer.thin ? 0 : stride();
  out.Y = y_.get();
  out.example_weights = weights_.get();
  out.losses = losses.get();
  out.delta = block.training ? layer.delta.get() : nullptr, out.delta_stride = stride();
  out.scratch = scratch_[thread].get();
  kernels.output(out);
  double loss = 0;
  for (int r = first; r < last; ++r) loss += losses[r];
  const Area area = {first, last, 0, layer.panels_out};
  return std::abs(loss) < 1e300 &&  // false for NaN
         (!block.training || (moderate(block, layer.delta, area) && moderate(block, layer.kappa_delta, area)));
}

// From δ[i] to δ[i − 1], or to ∂J/∂a of the front
template <class T> bool PanelNetwork<T>::backward(const Block<T>& block, int i, const Area& area, int thread) {
  const Layer& layer = layers[i - 1];
  const Layer* const below = i > 1 ? &layers[i - 2] : nullptr;  // null: the front
  const bool vector_valued = below && !is_entrywise(below->spec.sigma);
  const T* const then = below ? begin(area, below->Wt, below->m, below->panels_in) : nullptr;
  Linear<T> g = linear(area, layer.Wt, layer.m, layer.panels_in, then);
  g.last_lanes = static_cast<int>(layer.n - long(layer.panels_in - 1) * R);
  g.A = layer.delta.get(), g.can_skip_zeros = layer.sparse_delta;
  g.out = below ? below->delta.get() : x_delta.get();
  g.epilogue = vector_valued || !below ? LinearEpilogue::none : LinearEpilogue::derivative;
  g.activation = {};
  if (below)
    g.activation = {below->spec.sigma,
                    static_cast<T>(below->spec.parameter),
                    below->keeps_source ? below->source.get() : below->a.get(),
                    below->mask.get(),
                    below->kappa.get(),
                    below->kappa_delta.get()};
  kernels.linear(g);
  if (!below) return true;
  if (vector_valued)
    kernels.vector_pullback(
        {g.activation, below->delta.get(), stride(), int(below->m), area.first, area.last, scratch_[thread].get()});
  return moderate(block, below->delta, area) && moderate(block, below->kappa_delta, area);
}

template <class T> void PanelNetwork<T>::look_for_zeros(long rows) {
  constexpr int stretches = 4;
  const long stretch = std::min<long>(8, rows);
  const auto sparse = [&](const T* numbers, long features) {
    const long panels = features / R;  // that are full
    long nonzeros = 0;
    for (long p = 0; p < panels; ++p)
      for (int i = 0; i < stretches; ++i)
        nonzeros +=
            kernels.count_nonzeros(numbers + p * stride() + (rows - stretch) * i / (stretches - 1) * R, stretch * R);
    return panels > 0 && double(nonzeros) <= most_nonzeros * double(panels * stretches * stretch * R);
  };
  for (int i = 1; i <= wide_layers(); ++i) {
    Layer& layer = layers[i - 1];
    layer.sparse_input = layer.panels_out >= least_panels && sparse(input_of(i), layer.n);
    layer.sparse_delta = layer.panels_in >= least_panels && sparse(layer.delta.get(), layer.m);
  }
}

template class PanelNetwork<float>;
template class PanelNetwork<double>;

}  // namespace chainrule
