// The gradient of a minibatch as the root of a binary tree, whose leaves are the sums over its blocks of rows. Whoever
// computes which subtrees, each addition has the same operands: several processes get the same bits.
#pragma once

#include <vector>

#include "panels/gradient_sum.hpp"

namespace chainrule {

// Neighbouring blocks below one node of the tree: `count` is a power of two that divides `first`.
struct Subtree {
  int first, count;
};

// Block k of `blocks` of a step holds its rows rows · k / blocks … rows · (k + 1) / blocks − 1.
inline long first_row_of_block(long rows, int k, int blocks) { return rows * k / blocks; }

template <class T> class GradientTree {
 public:
  GradientTree(const PanelNetwork<T>& network, const WorkSplit<T>& split, const GradientSum<T>& sum, int blocks,
               int threads);

  // Stores in the gradient of `sum`, without penalties, the tree of the sums over rows cuts[k] … cuts[k + 1] − 1 of a
  // pass, for k < count; or adds it to what is stored there. A network with a front has one leaf, from row 0 on. Called
  // by all threads; a barrier must follow.
  void store(const long* cuts, int count, bool should_accumulate, Team& team, int thread);

 private:
  void sum_piece(const GradientPiece& piece, const long* cuts, int count, bool should_accumulate, const PieceSum<T>& to,
                 T* scratch) const;

  const PanelNetwork<T>& network_;
  const WorkSplit<T>& split_;
  const GradientSum<T>& sum_;
  const long scratch_size_;         // of the sum of a piece
  std::vector<Buffer<T>> scratch_;  // of each thread: a sum for each level of the tree below the root
};

extern template class GradientTree<float>;
extern template class GradientTree<double>;

}  // namespace chainrule
