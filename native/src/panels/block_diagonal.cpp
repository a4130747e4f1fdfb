#include "panels/block_diagonal.hpp"

namespace chainrule {
namespace {

constexpr long units_of_a_group = 64;  // about so many inputs and units: enough work for a thread to take at a time

}  // namespace

template <class T> int BlockDiagonalFront<T>::leading(const NetworkSpec& net) {
  int count = 0;
  while (count + 1 < net.r() && !net.layers[count].is_dense() && is_entrywise(net.layers[count].sigma)) ++count;
  return count;
}

template <class T>
BlockDiagonalFront<T>::BlockDiagonalFront(const NetworkSpec& net, const Kernels<T>& kernels, long capacity)
    : pitch(capacity + kernels.lanes),  // no power of two, with which units would compete for few sets of the cache
      layers(leading(net)),
      kernels_(kernels) {
  if (!count()) return;
  x = Buffer<T>(net.m[0] * pitch);
  long theta_offset = 0;
  std::vector<std::size_t> next;
  for (int l = 0; l < count(); ++l) {
    Layer& layer = layers[l];
    layer.spec = net.layers[l];
    layer.n = net.m[l];
    layer.m = net.m[l + 1];
    const LayerSpec& spec = layer.spec;
    layer.a = Buffer<T>(layer.m * pitch);
    if (spec.has_dropout() || spec.is_parametric || derivative_needs_z(spec.sigma, spec.parameter))
      layer.saved = Buffer<T>(layer.m * pitch);
    if (spec.has_dropout()) layer.mask = Buffer<T>(layer.m * pitch);
    layer.delta = Buffer<T>(layer.m * pitch);
    if (spec.is_parametric) layer.kappa_delta = Buffer<T>(layer.m * pitch);
    next.push_back(groups.size());
    add_groups(l, theta_offset, theta_offset + net.entries(l + 1));
    theta_offset += net.size(l + 1);
  }
  theta = Buffer<T>(size_);
  order_inputs_first(count() - 1, layers.back().m, next);
}

// Divides the blocks of a layer, whose W and b begin at these numbers of θ, into groups.
template <class T> void BlockDiagonalFront<T>::add_groups(int l, long theta_offset, long b_offset) {
  const Layer& layer = layers[l];
  long input = 0, unit = 0;
  for (const Run& run : layer.spec.runs) {
    const long most = std::max<long>(1, units_of_a_group / (run.p + run.q));
    for (long left = run.count; left > 0; left -= most) {
      const Run blocks = {.count = std::min(left, most), .p = run.p, .q = run.q};
      Group group{.layer = l,
                  .run = blocks,
                  .first_input = input,
                  .first_unit = unit,
                  .theta_offset = {theta_offset, b_offset + unit, b_offset + layer.m + unit},
                  .count = {},
                  .offset = {}};
      const long units = blocks.count * blocks.p;
      const long counts[parts] = {units * blocks.q, units, layer.spec.is_parametric ? units : 0};
      for (int k = 0; k < parts; ++k) {
        group.count[k] = counts[k];
        group.offset[k] = size_;
        size_ += padded(counts[k]);
      }
      groups.push_back(group);
      input += blocks.count * blocks.q;
      unit += units;
      theta_offset += counts[int(Part::W)];
    }
  }
}

// Appends the groups of layer l that compute its first `units` units to order_, each after the groups that it reads.
// next[l] is the first group of layer l that is not yet there.
template <class T> void BlockDiagonalFront<T>::order_inputs_first(int l, long units, std::vector<std::size_t>& next) {
  for (; next[l] < groups.size() && groups[next[l]].layer == l && groups[next[l]].first_unit < units; ++next[l]) {
    const Group& group = groups[next[l]];
    if (l > 0) order_inputs_first(l - 1, group.first_input + group.run.count * group.run.q, next);
    order_.push_back(static_cast<int>(next[l]));
  }
}

template <class T> void BlockDiagonalFront<T>::pack(const T* from, T* to) const {
  for (const Group& group : groups)
    for (int k = 0; k < parts; ++k) std::copy_n(from + group.theta_offset[k], group.count[k], to + group.offset[k]);
}

template <class T> void BlockDiagonalFront<T>::unpack(const T* from, T* to) const {
  for (const Group& group : groups)
    for (int k = 0; k < parts; ++k) std::copy_n(from + group.offset[k], group.count[k], to + group.theta_offset[k]);
}

template <class T> DiagonalBlocks<T> BlockDiagonalFront<T>::blocks(const Group& group) const {
  DiagonalBlocks<T> blocks{
      .run = group.run, .first_input = group.first_input, .first_unit = group.first_unit, .theta = {}};
  for (int k = 0; k < parts; ++k) blocks.theta[k] = group.count[k] ? theta.get() + group.offset[k] : nullptr;
  return blocks;
}

template <class T>
UnitLayer<T> BlockDiagonalFront<T>::layer(int l, long first_row, long last_row, bool is_training) const {
  const Layer& layer = layers[l];
  return {.sigma = layer.spec.sigma,
          .parameter = static_cast<T>(layer.spec.parameter),
          .input = l ? layers[l - 1].a.get() : x.get(),
          .a = layer.a.get(),
          .saved = is_training ? layer.saved.get() : nullptr,
          .mask = is_training ? layer.mask.get() : nullptr,
          .delta = layer.delta.get(),
          .kappa_delta = layer.kappa_delta.get(),
          .input_delta = l ? layers[l - 1].delta.get() : nullptr,
          .pitch = pitch,
          .first_row = first_row,
          .last_row = last_row};
}

template <class T> bool BlockDiagonalFront<T>::below_limit(const Group& group, const Buffer<T>& units, long first_row,
                                                           long last_row, T limit) const {
  if (!units) return true;
  bool is_below = true;
  for (long j = group.first_unit; j < group.first_unit + group.count[int(Part::b)]; ++j)
    is_below &= kernels_.shared.largest(units.get() + j * pitch + first_row, last_row - first_row) <= limit;
  return is_below;
}

template <class T> bool BlockDiagonalFront<T>::forward(bool is_training, long first_row, long last_row, T* panels,
                                                       long stride, T limit) const {
  bool no_overflow = true;
  for (const int k : order_) {
    const Group& group = groups[k];
    kernels_.unit.forward(blocks(group), layer(group.layer, first_row, last_row, is_training));
    if (is_training) no_overflow &= below_limit(group, layers[group.layer].a, first_row, last_row, limit);
  }
  const Layer& top = layers.back();
  kernels_.layout.units_to_panels(top.a.get(), pitch, top.m, first_row, last_row, panels, stride);
  return no_overflow;
}

template <class T>
bool BlockDiagonalFront<T>::backward(long first_row, long last_row, const T* panels, long stride, T limit) const {
  const Layer& top = layers.back();
  kernels_.layout.panels_to_units(panels, stride, top.m, first_row, last_row, top.delta.get(), pitch);
  bool no_overflow = true;
  for (auto k = order_.rbegin(); k != order_.rend(); ++k) {
    const Group& group = groups[*k];
    const Layer& of = layers[group.layer];
    kernels_.unit.backward(blocks(group), layer(group.layer, first_row, last_row, true));
    no_overflow &= below_limit(group, of.delta, first_row, last_row, limit) &&
                   below_limit(group, of.kappa_delta, first_row, last_row, limit);
  }
  return no_overflow;
}

template <class T> void BlockDiagonalFront<T>::draw_masks(std::uint64_t key, const double* dropout, long step_row,
                                                          long step_rows, long first_row, long last_row) const {
  long outputs_below = 0;  // of the earlier layers; the numbering of the masks' entries counts them first
  for (int l = 0; l < count(); ++l) {
    const Layer& layer = layers[l];
    const long first_entry = outputs_below * step_rows + step_row * layer.m;
    if (layer.mask)
      kernels_.shared.dropout_mask({.key = key,
                                    .first_entry = static_cast<unsigned long long>(first_entry),
                                    .p = dropout[l],
                                    .m = layer.m,
                                    .first_row = first_row,
                                    .last_row = last_row,
                                    .mask = layer.mask.get(),
                                    .stride = pitch,
                                    .is_by_units = true});
    outputs_below += layer.m;
  }
}

template <class T> void BlockDiagonalFront<T>::free_activations() {
  x = {};
  for (Layer& layer : layers)
    for (Buffer<T>* array : {&layer.a, &layer.saved, &layer.mask, &layer.delta, &layer.kappa_delta}) *array = {};
}

template class BlockDiagonalFront<float>;
template class BlockDiagonalFront<double>;

}  // namespace chainrule
