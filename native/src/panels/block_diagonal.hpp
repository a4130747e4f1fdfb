// The leading block-diagonal layers of a network, L[1] … L[count()]: computed unit by unit (kernels.hpp), in pieces of a few
// blocks whose parameters lie together. Their inputs are the examples; their outputs go to the panels of the layer above.
#pragma once

#include <algorithm>
#include <vector>

#include "buffer.hpp"
#include "chainrule/spec.hpp"
#include "kernels.hpp"

namespace chainrule {

template <class T> class BlockDiagonalFront {
 public:
  // Some blocks of one layer. Numbers of theirs lie one after the other, W, b, κ, each filled up with zeros to a multiple of `lanes`:
  // in θ here, and so in moments and gradients of size().
  struct Piece {
    int layer;  // layers[layer]
    Run run;
    long in, out;       // their first input and unit
    long theta[parts];  // where W, b and κ begin in θ, which holds
    long count[parts];  // so many of them; κ may be none
    long place[parts];  // and where in size() numbers; place + padded() is the end
  };
  struct Layer {
    LayerSpec spec;
    long n, m;
    Buffer<T> a, source, mask, delta, kappa_delta;  // [m][pitch]
    bool keeps_source;
  };

  // So many layers of `net` are block-diagonal, entrywise, and followed by another layer.
  static int leading(const NetworkSpec& net);

  BlockDiagonalFront(const NetworkSpec& net, const Kernels<T>& kernels, long capacity);

  int count() const { return static_cast<int>(layers.size()); }
  long size() const { return size_; }
  long padded(long numbers) const {  // to a multiple of `lanes`, and of the 4 by which squares are summed
    const long step = std::max(4, kernels_.lanes);
    return (numbers + step - 1) / step * step;
  }

  void read(const T* theta, T* numbers) const;   // from θ's order
  void write(const T* numbers, T* theta) const;  // and back

  DiagonalBlocks<T> blocks(const Piece& piece) const;
  UnitLayer<T> layer(int l, long first, long last, bool training) const;

  // Rows [first, last), of a[count()] → panels; of ∂J/∂a[count()] in panels → the deltas. The masks come first, with this
  // step's p in `dropout` [count()]. In training: is no a, no δ, and nothing that ∂J/∂κ is the sum of, above the limit?
  bool forward(bool training, long first, long last, T* panels, long stride, T limit) const;
  bool backward(long first, long last, const T* panels, long stride, T limit) const;
  void draw_masks(std::uint64_t key, const double* dropout, long offset, long step_rows, long first, long last) const;

  const long pitch;           // from a unit to the next
  std::vector<Layer> layers;  // layers[i − 1] is layer i
  std::vector<Piece> pieces;
  Buffer<T> x;      // a[0]: [m₀][pitch]
  Buffer<T> theta;  // [size()]

 private:
  void follow(int l, long units, std::vector<std::size_t>& next);
  bool bounded(const Piece& piece, const T* units, long first, long last, T limit) const;

  const Kernels<T>& kernels_;
  long size_ = 0;
  std::vector<int> order_;  // the pieces, each right after those that it takes its inputs from: they are still in cache
};

extern template class BlockDiagonalFront<float>;
extern template class BlockDiagonalFront<double>;

}  // namespace chainrule
