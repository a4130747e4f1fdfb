#include "panels/forward_backward.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace chainrule {
namespace {

constexpr long bytes_in_L2 = 786432;            // of activations that stay there while W is read
constexpr long least_rows = 32;                 // of a piece: enough for tiles of some ten rows
constexpr long least_rows_skipping_zeros = 64;  // and for the tiles that skip zeros: 2 % on 32-256-256-1
constexpr double largest_loss = 1e300;          // of a piece

}  // namespace

template <class T>
ForwardBackward<T>::ForwardBackward(const PanelNetwork<T>& network, const CostSpec& cost, int threads)
    : activations(network),
      losses(network.capacity),
      network_(network),
      cost_(cost.cost),
      cost_parameters_(cost.parameters_of<T>(network.layers.back().m)),
      y_(network.layers.back().m * network.capacity),
      example_weights_(network.capacity) {
  const PanelLayer<T>& last = network.layers.back();
  if (last.is_thin) z_ = Buffer<T>(last.m * network.capacity);
  long widest = last.m;
  for (const PanelLayer<T>& layer : network.layers)
    if (!is_entrywise(layer.spec.sigma)) widest = std::max(widest, layer.m);
  for (int t = 0; t < threads; ++t) scratch_.emplace_back(4 * widest * network.lanes);
}

template <class T> void ForwardBackward<T>::free_all() {
  activations.free_all();
  z_ = {};
  y_ = {};
}

template <class T> bool ForwardBackward<T>::run(const MicroBatch<T>& batch, Team& team, int thread) {
  return network_.splits_columns && team.count > 1 ? run_by_columns(batch, team, thread)
                                                   : run_by_rows(batch, team, thread);
}

template <class T> bool ForwardBackward<T>::run_by_rows(const MicroBatch<T>& batch, Team& team, int thread) {
  const int lanes = network_.lanes;
  const long groups = (batch.rows + lanes - 1) / lanes, pieces = pieces_of_rows(batch.rows, team.count);
  bool no_overflow = true;
  // Threads start a layer at different panels, and a thread starts its next piece where it ended the last one. The
  // panels that it has read have left the cache of the core that wrote them (2 % on 32-256-256-1).
  int turn = thread;
  team.for_each_piece(thread, pieces, [&](long k) {
    const int first_row = static_cast<int>(groups * k / pieces) * lanes;
    const int last_row = static_cast<int>(groups * (k + 1) / pieces) * lanes;
    const auto all = [&](int panels) {
      return Region{.first_row = first_row,
                    .last_row = last_row,
                    .first_panel = 0,
                    .last_panel = panels,
                    .turn = turn,
                    .turns = team.count};
    };
    no_overflow &= prepare(batch, first_row, last_row);
    for (int i = 1; i <= wide_count(); ++i)
      no_overflow &= forward(batch, i, all(network_.layers[i - 1].panels_out), thread);
    no_overflow &= output(batch, first_row, last_row, thread);
    if (batch.is_training) {
      for (int i = count(); i >= lowest(); --i)
        no_overflow &= backward(batch, i, all(network_.layers[i - 1].panels_in), thread);
      no_overflow &= front_backward(first_row, last_row);
    }
    turn = (turn + team.count - 1) % team.count;
    team.poll(thread);
  });
  return no_overflow;
}

template <class T> bool ForwardBackward<T>::run_by_columns(const MicroBatch<T>& batch, Team& team, int thread) {
  const int lanes = network_.lanes;
  const long groups = (batch.rows + lanes - 1) / lanes;
  const long halves = groups * lanes >= 2 * least_rows ? 2 : 1;  // of the rows
  bool no_overflow = true;
  const auto by_rows = [&](auto f) {
    team.for_each_piece(thread, groups, [&](long k) {
      no_overflow &= f(static_cast<int>(k) * lanes, static_cast<int>(k + 1) * lanes);
    });
  };
  const auto by_panels = [&](int panels, bool is_sparse, auto f) {
    team.barrier.wait();    // the layer before is complete
    bool has_read[2] = {};  // the input in each half of the rows, which other threads have written
    const long panel_groups = (panels + most_panels - 1) / most_panels;
    const long parts = is_sparse && panel_groups * halves >= 2 * team.count ? panel_groups : panels;
    team.for_each_piece(thread, parts * halves, [&](long k) {
      const long p = k / halves, half = k % halves;
      no_overflow &= f({.first_row = static_cast<int>(groups * half / halves) * lanes,
                        .last_row = static_cast<int>(groups * (half + 1) / halves) * lanes,
                        .first_panel = int(panels * p / parts),
                        .last_panel = int(panels * (p + 1) / parts),
                        .is_input_remote = !std::exchange(has_read[half], true)});
      team.poll(thread);
    });
  };
  by_rows([&](int first_row, int last_row) { return prepare(batch, first_row, last_row); });
  for (int i = 1; i <= wide_count(); ++i)
    by_panels(network_.layers[i - 1].panels_out, activations.layers[i - 1].is_input_sparse,
              [&](const Region& region) { return forward(batch, i, region, thread); });
  team.barrier.wait();
  by_rows([&](int first_row, int last_row) { return output(batch, first_row, last_row, thread); });
  if (!batch.is_training) return no_overflow;
  for (int i = count(); i >= lowest(); --i)
    by_panels(network_.layers[i - 1].panels_in, activations.layers[i - 1].is_delta_sparse,
              [&](const Region& region) { return backward(batch, i, region, thread); });
  if (!network_.front.count()) return no_overflow;
  team.barrier.wait();
  by_rows([&](int first_row, int last_row) { return front_backward(first_row, last_row); });
  return no_overflow;
}

// Returns the number of pieces of rows, a multiple of `threads`: small enough for the cache and for work stealing.
template <class T> long ForwardBackward<T>::pieces_of_rows(int rows, int threads) const {
  long widest = 1, least = least_rows;
  for (std::size_t l = 0; l < network_.layers.size(); ++l) {
    const PanelLayer<T>& layer = network_.layers[l];
    widest = std::max({widest, layer.is_csr ? 1 : layer.n, layer.is_thin ? 1 : layer.m});
    if (activations.layers[l].is_input_sparse || activations.layers[l].is_delta_sparse)
      least = least_rows_skipping_zeros;
  }
  const long most = std::max<long>(least, bytes_in_L2 / (widest * long(sizeof(T))));
  const long of_thread = (rows + threads - 1) / threads;
  const long rows_of_piece = threads == 1 ? most : std::min(most, std::max<long>(least, of_thread / 4));
  const long lanes = network_.lanes;
  return std::min<long>((rows + lanes - 1) / lanes, threads * ((of_thread + rows_of_piece - 1) / rows_of_piece));
}

template <class T>
bool ForwardBackward<T>::below_limit(const MicroBatch<T>& batch, const Buffer<T>& numbers, const Region& region) const {
  if (batch.cannot_overflow || !batch.is_training || !numbers) return true;
  const long R = network_.R, rows = region.last_row - region.first_row;
  bool is_below = true;
  for (int p = region.first_panel; p < region.last_panel; ++p)
    is_below &= network_.kernels.shared.largest(numbers.get() + p * activations.stride + region.first_row * R,
                                                rows * R) <= activations.overflow_limit;
  return is_below;
}

// Gathers the examples, draws the masks of dropout, and runs the front's forward pass.
template <class T> bool ForwardBackward<T>::prepare(const MicroBatch<T>& batch, int first_row, int last_row) {
  gather(batch, first_row, last_row);
  if (batch.is_training) draw_masks(batch, first_row, last_row);
  return !network_.front.count() || network_.front.forward(batch.is_training, first_row, last_row, activations.x.get(),
                                                           activations.stride, activations.overflow_limit);
}

template <class T> void ForwardBackward<T>::gather(const MicroBatch<T>& batch, int first_row, int last_row) {
  const int end = std::min(last_row, batch.rows);
  const std::uint32_t* const order = batch.order ? batch.order + first_row : nullptr;
  const long first_example = batch.first + first_row;
  if (first_row < end) gather_rows(batch, order, first_example, first_row, end - first_row);
  const auto& front = network_.front;
  if (front.count() && first_row < end)
    network_.kernels.layout.gather_units({.X = batch.set->X,
                                          .n = front.layers.front().n,
                                          .order = order,
                                          .first_example = first_example,
                                          .first_row = first_row,
                                          .count = end - first_row,
                                          .known = batch.known - first_row},
                                         front.x.get(), front.pitch);
  // Padding rows are copies of the first example, with weight 0.
  for (int r = std::max(first_row, batch.rows); r < last_row; ++r) gather_rows(batch, order, first_example, r, 1);
  std::fill(example_weights_.get() + first_row, example_weights_.get() + last_row, T(0));
  const T* const weights = batch.set->weights;  // of the examples
  for (int r = first_row; r < end; ++r) {
    const long example = batch.order ? long(batch.order[r]) : batch.first + r;
    example_weights_[r] = static_cast<T>(weights ? batch.scale * weights[example] : batch.scale);
  }
}

// Gathers rows of Y and, unless X is sparse or the front reads it, of X.
template <class T> void ForwardBackward<T>::gather_rows(const MicroBatch<T>& batch, const std::uint32_t* order,
                                                        long first_example, long first_row, long count) {
  const auto rows_of = [&](const T* matrix, long n) {
    return Gather<T>{.X = matrix,
                     .n = n,
                     .order = order,
                     .first_example = first_example,
                     .first_row = first_row,
                     .count = count,
                     .known = batch.known - first_row};
  };
  const auto& layers = network_.layers;
  if (!network_.front.count() && !layers.front().is_csr)
    network_.kernels.layout.gather(rows_of(batch.set->X, layers.front().n), activations.x.get(), activations.stride);
  network_.kernels.layout.gather_lanes(rows_of(batch.set->Y, layers.back().m), y_.get());
}

template <class T> void ForwardBackward<T>::draw_masks(const MicroBatch<T>& batch, int first_row, int last_row) const {
  const auto& front = network_.front;
  if (front.count())
    front.draw_masks(batch.dropout_key, batch.dropout, batch.step_row, batch.step_rows, first_row, last_row);
  long outputs_below = 0;  // of the earlier layers; the numbering of the masks' entries counts them first
  for (const auto& layer : front.layers) outputs_below += layer.m;
  for (std::size_t l = 0; l < network_.layers.size(); ++l) {
    const long m = network_.layers[l].m, first_entry = outputs_below * batch.step_rows + batch.step_row * m;
    if (activations.layers[l].mask)
      network_.kernels.shared.dropout_mask({.key = batch.dropout_key,
                                            .first_entry = static_cast<unsigned long long>(first_entry),
                                            .p = batch.dropout[front.count() + l],
                                            .m = m,
                                            .first_row = first_row,
                                            .last_row = last_row,
                                            .mask = activations.layers[l].mask.get(),
                                            .stride = activations.stride});
    outputs_below += m;
  }
}

// Returns what is read first of W [panels][K][R] in such a region; null if there is no W.
template <class T>
const T* ForwardBackward<T>::first_read(const Region& region, const Buffer<T>& W, long K, int panels) const {
  return W ? W.get() + region.start(panels) * K * network_.R : nullptr;
}

// Returns what is common to the products of both passes; `after` is read after the last panel of W. The caller sets the
// rest: to clear the structure first costs 1 % on 16-64-32-1.
template <class T> Linear<T> ForwardBackward<T>::product(const Region& region, const Buffer<T>& W, long K, int panels,
                                                         const T* after) const {
  Linear<T> g;
  g.A_stride = activations.stride;
  g.B = W.get();
  g.K = K;
  g.out_stride = activations.stride;
  g.region = {.first_row = region.first_row,
              .last_row = region.last_row,
              .first_panel = region.first_panel,
              .last_panel = region.last_panel};
  g.panels = panels;
  g.start_panel = region.first_panel + region.start(region.last_panel - region.first_panel);
  g.prefetch = {.next_panel = region.last_panel < panels ? g.B + region.last_panel * K * network_.R : after,
                .is_input_remote = region.is_input_remote};
  return g;
}

// From a[i − 1] to a[i], or to z[r]
template <class T>
bool ForwardBackward<T>::forward(const MicroBatch<T>& batch, int i, const Region& region, int thread) {
  const PanelLayer<T>& layer = network_.layers[i - 1];
  const LayerActivations<T>& own = activations.layers[i - 1];
  const bool is_vector_valued = !is_entrywise(layer.spec.sigma), is_last = i == count();
  const T* after = nullptr;
  if (i < wide_count()) {
    const PanelLayer<T>& above = network_.layers[i];
    after = first_read(region, above.W, above.n, above.panels_out);
  } else if (batch.is_training) {
    after = first_read(region, layer.Wt, layer.m, layer.panels_in);
  }
  Linear<T> g = product(region, layer.W, layer.n, layer.panels_out, after);
  g.A = activations.input_of(i);
  g.bias = layer.b.get();
  g.out = own.a.get();
  g.last_lanes = static_cast<int>(layer.m - long(layer.panels_out - 1) * network_.R);
  g.can_skip_zeros = own.is_input_sparse;
  g.epilogue = is_vector_valued || is_last ? LinearEpilogue::none : LinearEpilogue::activation;
  g.activation = {.sigma = layer.spec.sigma,
                  .parameter = static_cast<T>(layer.spec.parameter),
                  .saved = batch.is_training ? own.saved.get() : nullptr,
                  .mask = batch.is_training ? own.mask.get() : nullptr,
                  .kappa = layer.kappa.get()};
  if (layer.is_csr)
    network_.kernels.csr.linear(
        {.X = batch.set->sparse_X, .order = batch.order, .first = batch.first, .rows = batch.rows}, g);
  else
    network_.kernels.panel.linear(g);
  if (is_last) return true;
  if (is_vector_valued)
    network_.kernels.panel.vector_value({.activation = g.activation,
                                         .panels = own.a.get(),
                                         .stride = activations.stride,
                                         .m = int(layer.m),
                                         .first_row = region.first_row,
                                         .last_row = region.last_row,
                                         .scratch = scratch_[thread].get()});
  return below_limit(batch, own.a, region);
}

// a[r], the losses and, in training, δ[r]
template <class T>
bool ForwardBackward<T>::output(const MicroBatch<T>& batch, int first_row, int last_row, int thread) {
  const PanelLayer<T>& layer = network_.layers.back();
  const LayerActivations<T>& own = activations.layers.back();
  if (layer.is_thin)
    network_.kernels.panel.thin_linear({.A = activations.input_of(count()),
                                        .A_stride = activations.stride,
                                        .Wt = layer.Wt.get(),
                                        .b = layer.b.get(),
                                        .panels = layer.panels_in,
                                        .m = int(layer.m),
                                        .first_row = first_row,
                                        .last_row = last_row,
                                        .Z = z_.get()});
  network_.kernels.panel.output({.activation = {.sigma = layer.spec.sigma,
                                                .parameter = static_cast<T>(layer.spec.parameter),
                                                .kappa = layer.kappa.get()},
                                 .cost = cost_,
                                 .cost_parameters = cost_parameters_.data(),
                                 .m = static_cast<int>(layer.m),
                                 .first_row = first_row,
                                 .last_row = last_row,
                                 .Z = layer.is_thin ? z_.get() : own.a.get(),
                                 .Z_stride = layer.is_thin ? 0 : activations.stride,
                                 .Y = y_.get(),
                                 .example_weights = example_weights_.get(),
                                 .losses = losses.get(),
                                 .delta = batch.is_training ? own.delta.get() : nullptr,
                                 .kappa_delta = own.kappa_delta.get(),
                                 .delta_stride = activations.stride,
                                 .scratch = scratch_[thread].get()});
  double loss = 0;
  for (int r = first_row; r < last_row; ++r) loss += losses[r];
  const Region region = {
      .first_row = first_row, .last_row = last_row, .first_panel = 0, .last_panel = layer.panels_out};
  return std::abs(loss) < largest_loss &&  // false for NaN
         below_limit(batch, own.delta, region) && below_limit(batch, own.kappa_delta, region);
}

// From δ[i] to δ[i − 1], or to ∂J/∂a of the front
template <class T>
bool ForwardBackward<T>::backward(const MicroBatch<T>& batch, int i, const Region& region, int thread) {
  const PanelLayer<T>& layer = network_.layers[i - 1];
  const LayerActivations<T>& own = activations.layers[i - 1];
  const PanelLayer<T>* const below = i > 1 ? &network_.layers[i - 2] : nullptr;  // null: the front
  const T* const after = below ? first_read(region, below->Wt, below->m, below->panels_in) : nullptr;
  Linear<T> g = product(region, layer.Wt, layer.m, layer.panels_in, after);
  g.A = own.delta.get();
  g.bias = nullptr;
  g.last_lanes = static_cast<int>(layer.n - long(layer.panels_in - 1) * network_.R);
  g.can_skip_zeros = own.is_delta_sparse;
  if (!below) {
    g.out = activations.x_delta.get();
    g.epilogue = LinearEpilogue::none;
    g.activation = {};
    network_.kernels.panel.linear(g);
    return true;
  }
  const LayerActivations<T>& of_below = activations.layers[i - 2];
  const bool is_vector_valued = !is_entrywise(below->spec.sigma);
  g.out = of_below.delta.get();
  g.epilogue = is_vector_valued ? LinearEpilogue::none : LinearEpilogue::derivative;
  g.activation = {.sigma = below->spec.sigma,
                  .parameter = static_cast<T>(below->spec.parameter),
                  .saved = of_below.saved ? of_below.saved.get() : of_below.a.get(),
                  .mask = of_below.mask.get(),
                  .kappa = below->kappa.get(),
                  .kappa_delta = of_below.kappa_delta.get()};
  network_.kernels.panel.linear(g);
  if (is_vector_valued)
    network_.kernels.panel.vector_pullback({.activation = g.activation,
                                            .panels = of_below.delta.get(),
                                            .stride = activations.stride,
                                            .m = int(below->m),
                                            .first_row = region.first_row,
                                            .last_row = region.last_row,
                                            .scratch = scratch_[thread].get()});
  return below_limit(batch, of_below.delta, region) && below_limit(batch, of_below.kappa_delta, region);
}

template <class T> bool ForwardBackward<T>::front_backward(int first_row, int last_row) const {
  return !network_.front.count() || network_.front.backward(first_row, last_row, activations.x_delta.get(),
                                                            activations.stride, activations.overflow_limit);
}

template <class T>
void ForwardBackward<T>::copy_deltas(long rows, T* const* deltas, long first, int thread, int threads) const {
  const long first_row = rows * thread / threads, last_row = rows * (thread + 1) / threads, R = network_.R;
  const int f = network_.front.count();
  for (int l = 0; l < f; ++l) {
    const auto& layer = network_.front.layers[l];
    for (long r = first_row; r < last_row; ++r)
      for (long j = 0; j < layer.m; ++j)
        deltas[l][(first + r) * layer.m + j] = layer.delta[j * network_.front.pitch + r];
  }
  for (std::size_t l = 0; l < network_.layers.size(); ++l) {
    const long m = network_.layers[l].m;
    const T* const delta = activations.layers[l].delta.get();
    for (long r = first_row; r < last_row; ++r)
      for (long j = 0; j < m; j += R)
        std::copy_n(delta + j / R * activations.stride + r * R, std::min(R, m - j),
                    deltas[f + l] + (first + r) * m + j);
  }
}

template class ForwardBackward<float>;
template class ForwardBackward<double>;

}  // namespace chainrule
