// The division of ∂J/∂θ into blocks, and of the blocks into the pieces that threads take.
#pragma once

#include <vector>

#include "panels/activations.hpp"

namespace chainrule {

// Blocks of ∂J/∂W that one thread computes together: those of `count` panels of inputs and one panel of outputs.
struct GradientPiece {
  int layer;         // network.layers[layer]; −1: a group of the front
  int p;             // the panel of outputs (thin layer: 0); of the front: front.groups[p]
  int q, count;      // the first panel of inputs, and their number; of the front: 0 and 1
  long first_block;  // the number of the first block among all blocks of the network
};

template <class T> class WorkSplit {
 public:
  struct Range {
    long first, last;  // pieces first … last − 1
  };

  WorkSplit(const PanelNetwork<T>& network, const Activations<T>& activations, int most_threads);

  // Divides the work among `threads` threads. Called by one thread, while no other one works.
  void set_thread_count(int threads);
  // Divides it anew if the sparsity of the deltas has changed. Zeros may be skipped if all activations and deltas are
  // finite, since 0 · ∞ is not 0.
  void adapt(bool all_finite);

  long block_count() const { return block_count_; }
  double total_work() const { return work_before_.back(); }  // multiplications per row, in units of R
  // Covers all blocks in their order, independent of the number of threads
  const std::vector<GradientPiece>& groups() const { return groups_; }

  const std::vector<GradientPiece>& pieces() const { return pieces_; }
  Range range(int thread) const { return {cuts_[thread], cuts_[thread + 1]}; }
  bool skips_zeros(const GradientPiece& piece) const {
    return piece.layer >= 0 && all_finite_ && is_sparse_[piece.layer];
  }

  // Pieces before and from half() on are half of the work each, divided at the same block for any number of threads.
  long half() const { return half_; }
  // A range in the order half(), half() + 1, …, 0, …, half() − 1
  Range range_from_half(int thread) const { return {cuts_from_half_[thread], cuts_from_half_[thread + 1]}; }

 private:
  void make_groups();
  void split_at_half();
  double work(const GradientPiece& piece) const;
  void cut(long first, std::vector<long>& cuts, int threads) const;

  const PanelNetwork<T>& network_;
  const Activations<T>& activations_;
  long block_count_ = 0;
  std::vector<GradientPiece> groups_;
  long half_block_ = 0;          // the block at which half of the work is done
  std::vector<char> is_sparse_;  // of each layer: δ has many zeros
  bool all_finite_ = false;      // no activation and no delta is infinite or NaN
  std::vector<GradientPiece> pieces_;
  std::vector<double> work_before_;  // of the pieces before each one; the last entry is that of all
  std::vector<long> cuts_;           // thread t begins with pieces cuts_[t] … cuts_[t + 1] − 1
  long half_ = 0;
  std::vector<long> cuts_from_half_;  // like cuts_, but counted from half_
};

extern template class WorkSplit<float>;
extern template class WorkSplit<double>;

}  // namespace chainrule
