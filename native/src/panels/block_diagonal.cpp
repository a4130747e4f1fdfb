#include "panels/block_diagonal.hpp"

#include <algorithm>

namespace chainrule {
namespace {

constexpr long units_of_a_piece = 64;  // inputs and units of its blocks, about: enough for a thread to take up

}  // namespace

template <class T> int BlockDiagonalFront<T>::leading(const NetworkSpec& net) {
  int count = 0;
  while (count + 1 < net.r() && !net.layers[count].is_dense() && is_entrywise(net.layers[count].sigma)) ++count;
  return count;
}

template <class T>
BlockDiagonalFront<T>::BlockDiagonalFront(const NetworkSpec& net, const Kernels<T>& kernels, long capacity)
    : pitch(capacity + kernels.lanes),  // no power of two: units would meet in the same sets of the cache
      layers(leading(net)),
      kernels_(kernels) {
  if (!count()) return;
  x = Buffer<T>(net.m[0] * pitch);
  long in_theta = 0;
  std::vector<std::size_t> next;
  for (int l = 0; l < count(); ++l) {
    Layer& layer = layers[l];
    layer.spec = net.layers[l];
    layer.n = net.m[l], layer.m = net.m[l + 1];
    const bool parametric = layer.spec.is_parametric, dropout = layer.spec.has_dropout();
    layer.keeps_source = dropout || parametric || derivative_needs_z(layer.spec.sigma, layer.spec.parameter);
    layer.a = Buffer<T>(layer.m * pitch);
    if (layer.keeps_source) layer.source = Buffer<T>(layer.m * pitch);
    if (dropout) layer.mask = Buffer<T>(layer.m * pitch);
    layer.delta = Buffer<T>(layer.m * pitch);
    if (parametric) layer.kappa_delta = Buffer<T>(layer.m * pitch);
    next.push_back(pieces.size());
    long in = 0, out = 0, W = in_theta;
    const long b = in_theta + net.entries(l + 1);
    for (const Run& run : layer.spec.runs) {
      const long most = std::max<long>(1, units_of_a_piece / (run.p + run.q));
      for (long left = run.count; left > 0; left -= most) {
        Piece piece{l, {std::min(left, most), run.p, run.q}, in, out, {W, b + out, b + layer.m + out}, {}, {}};
        const long units = piece.run.count * run.p;
        const long counts[parts] = {units * run.q, units, parametric ? units : 0};
        for (int k = 0; k < parts; ++k) {
          piece.count[k] = counts[k], piece.place[k] = size_;
          size_ += padded(counts[k]);
        }
        pieces.push_back(piece);
        in += piece.run.count * run.q, out += units, W += counts[0];
      }
    }
    in_theta += net.size(l + 1);
  }
  theta = Buffer<T>(size_);
  follow(count() - 1, layers.back().m, next);
}

// Puts the pieces of layer l that make its first `units` units into their order; next[l] is the first one that is not yet there.
template <class T> void BlockDiagonalFront<T>::follow(int l, long units, std::vector<std::size_t>& next) {
  for (; next[l] < pieces.size() && pieces[next[l]].layer == l && pieces[next[l]].out < units; ++next[l]) {
    const Piece& piece = pieces[next[l]];
    if (l > 0) follow(l - 1, piece.in + piece.run.count * piece.run.q, next);
    order_.push_back(static_cast<int>(next[l]));
  }
}

template <class T> void BlockDiagonalFront<T>::read(const T* from, T* numbers) const {
  for (const Piece& piece : pieces)
    for (int k = 0; k < parts; ++k) std::copy_n(from + piece.theta[k], piece.count[k], numbers + piece.place[k]);
}

template <class T> void BlockDiagonalFront<T>::write(const T* numbers, T* to) const {
  for (const Piece& piece : pieces)
    for (int k = 0; k < parts; ++k) std::copy_n(numbers + piece.place[k], piece.count[k], to + piece.theta[k]);
}

template <class T> DiagonalBlocks<T> BlockDiagonalFront<T>::blocks(const Piece& piece) const {
  DiagonalBlocks<T> blocks{piece.run, piece.in, piece.out, {}};
  for (int k = 0; k < parts; ++k) blocks.theta[k] = piece.count[k] ? theta.get() + piece.place[k] : nullptr;
  return blocks;
}

template <class T> UnitLayer<T> BlockDiagonalFront<T>::layer(int l, long first, long last, bool training) const {
  const Layer& layer = layers[l];
  return {layer.spec.sigma,
          static_cast<T>(layer.spec.parameter),
          l ? layers[l - 1].a.get() : x.get(),
          layer.a.get(),
          training ? layer.source.get() : nullptr,
          training ? layer.mask.get() : nullptr,
          layer.delta.get(),
          layer.kappa_delta.get(),
          l ? layers[l - 1].delta.get() : nullptr,
          pitch,
          first,
          last};
}

template <class T>
bool BlockDiagonalFront<T>::bounded(const Piece& piece, const T* units, long first, long last, T limit) const {
  bool calm = true;
  for (long j = piece.out; units && j < piece.out + piece.count[int(Part::b)]; ++j)
    calm &= kernels_.largest(units + j * pitch + first, last - first) <= limit;
  return calm;
}

template <class T>
bool BlockDiagonalFront<T>::forward(bool training, long first, long last, T* panels, long stride, T limit) const {
  bool calm = true;
  for (const int k : order_) {
    const Piece& piece = pieces[k];
    kernels_.units_forward(blocks(piece), layer(piece.layer, first, last, training));
    if (training) calm &= bounded(piece, layers[piece.layer].a.get(), first, last, limit);
  }
  const Layer& top = layers.back();
  kernels_.units_to_panels(top.a.get(), pitch, top.m, first, last, panels, stride);
  return calm;
}

template <class T>
bool BlockDiagonalFront<T>::backward(long first, long last, const T* panels, long stride, T limit) const {
  const Layer& top = layers.back();
  kernels_.panels_to_units(panels, stride, top.m, first, last, top.delta.get(), pitch);
  bool calm = true;
  for (auto k = order_.rbegin(); k != order_.rend(); ++k) {
    const Piece& piece = pieces[*k];
    const Layer& of = layers[piece.layer];
    kernels_.units_backward(blocks(piece), layer(piece.layer, first, last, true));
    calm &=
        bounded(piece, of.delta.get(), first, last, limit) && bounded(piece, of.kappa_delta.get(), first, last, limit);
  }
  return calm;
}

template <class T> void BlockDiagonalFront<T>::draw_masks(std::uint64_t key, const double* dropout, long offset,
                                                          long step_rows, long first, long last) const {
  long before = 0;  // outputs of the layers below, which the numbering of the masks' entries counts first
  for (int l = 0; l < count(); before += layers[l++].m)
    if (layers[l].mask)
      kernels_.dropout_mask({key, static_cast<unsigned long long>(before * step_rows + offset * layers[l].m),
                             dropout[l], layers[l].m, first, last, layers[l].mask.get(), pitch, true});
}

template class BlockDiagonalFront<float>;
template class BlockDiagonalFront<double>;

}  // namespace chainrule
