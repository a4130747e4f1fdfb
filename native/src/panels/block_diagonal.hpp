// The front: the leading block-diagonal layers of a network, L[1] … L[count()]. They are computed unit by unit
// (kernels/units/contract.hpp), in groups of a few blocks whose parameters are contiguous. The front's inputs are the
// examples; its outputs go to the panels of the layer above.
#pragma once

#include <algorithm>
#include <vector>

#include "buffer.hpp"
#include "chainrule/spec.hpp"
#include "kernels.hpp"

namespace chainrule {

template <class T> class BlockDiagonalFront {
 public:
  // Some blocks of one layer. W, b and κ of a group are stored one after the other, each padded with zeros to padded()
  // numbers; so are the moments and the gradient.
  struct Group {
    int layer;                     // layers[layer]
    Run run;                       // the blocks
    long first_input, first_unit;  // of the layer
    long theta_offset[parts];      // of W, b and κ in θ
    long count[parts];             // of their numbers there; without κ: 0
    long offset[parts];            // of their numbers in `theta` here
  };
  struct Layer {
    LayerSpec spec;
    long n, m;
    Buffer<T> a, saved, mask, delta, kappa_delta;  // [m][pitch]
  };

  // The number of layers in the front of a network: block-diagonal, entrywise, and followed by another layer.
  static int leading(const NetworkSpec& net);

  BlockDiagonalFront(const NetworkSpec& net, const Kernels<T>& kernels, long capacity);

  int count() const { return static_cast<int>(layers.size()); }
  long size() const { return size_; }
  // A count rounded up to a multiple of `lanes`, and of 4, since the kernels add squares four at a time
  long padded(long numbers) const {
    const long step = std::max(4, kernels_.lanes);
    return (numbers + step - 1) / step * step;
  }

  // Copies the front's part of a vector in θ's order to an array like `theta`, and back.
  void pack(const T* from, T* to) const;
  void unpack(const T* from, T* to) const;

  DiagonalBlocks<T> blocks(const Group& group) const;
  UnitLayer<T> layer(int l, long first_row, long last_row, bool is_training) const;

  // The masks of dropout for rows [first_row, last_row); `dropout` [count()] holds this step's p of each layer.
  void draw_masks(std::uint64_t key, const double* dropout, long step_row, long step_rows, long first_row,
                  long last_row) const;
  // forward writes a[count()] to `panels`; backward reads ∂J/∂a[count()] from them. In training both return whether all
  // activations, deltas and terms of ∂J/∂κ are below the limit.
  bool forward(bool is_training, long first_row, long last_row, T* panels, long stride, T limit) const;
  bool backward(long first_row, long last_row, const T* panels, long stride, T limit) const;

  void free_activations();

  const long pitch;           // from a unit to the next one, in numbers
  std::vector<Layer> layers;  // layers[i − 1] is L[i]
  std::vector<Group> groups;  // layer by layer
  Buffer<T> x;                // a[0]: [m₀][pitch]
  Buffer<T> theta;            // [size()]

 private:
  void add_groups(int l, long theta_offset, long b_offset);
  void order_inputs_first(int l, long units, std::vector<std::size_t>& next);
  bool below_limit(const Group& group, const Buffer<T>& units, long first_row, long last_row, T limit) const;

  const Kernels<T>& kernels_;
  long size_ = 0;
  std::vector<int> order_;  // of the groups: each right after those that it reads, which are still in cache
};

extern template class BlockDiagonalFront<float>;
extern template class BlockDiagonalFront<double>;

}  // namespace chainrule
