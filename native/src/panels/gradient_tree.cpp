#include "panels/gradient_tree.hpp"

#include <algorithm>
#include <bit>

namespace chainrule {

template <class T> GradientTree<T>::GradientTree(const PanelNetwork<T>& network, const WorkSplit<T>& split,
                                                 const GradientSum<T>& sum, int blocks, int threads)
    : network_(network),
      split_(split),
      sum_(sum),
      scratch_size_(long(most_panels) * network.R * network.R + 2 * network.R) {
  const long levels = std::bit_width(static_cast<unsigned>(std::max(blocks, 1))) - 1;
  for (int t = 0; t < threads; ++t) scratch_.emplace_back(levels * scratch_size_);
}

template <class T>
void GradientTree<T>::store(const long* cuts, int count, bool should_accumulate, Team& team, int thread) {
  const auto own = split_.range(thread);
  team.for_each_piece(thread, own.first, own.last, [&](long k) {
    const GradientPiece& piece = split_.pieces()[k];
    sum_piece(piece, cuts, count, should_accumulate, sum_.place(piece), scratch_[thread].get());
  });
}

// All sums of a piece stay in the cache of a core.
template <class T> void GradientTree<T>::sum_piece(const GradientPiece& piece, const long* cuts, int count,
                                                   bool should_accumulate, const PieceSum<T>& to, T* scratch) const {
  if (cuts[0] == cuts[count] && !should_accumulate) {  // no rows
    std::fill_n(to.W, to.W_count, T(0));
    if (to.b) std::fill_n(to.b, network_.R, T(0));
    if (to.kappa) std::fill_n(to.kappa, network_.R, T(0));
    return;
  }
  if (count == 1) {
    const GradientRows<T> rows = {
        .first = cuts[0], .count = cuts[1] - cuts[0], .can_skip_zeros = split_.skips_zeros(piece)};
    sum_.store(piece, rows, should_accumulate, to);
    return;
  }
  const long R = network_.R;
  T* const biases = scratch + scratch_size_ - 2 * R;
  const PieceSum<T> right = {
      .W = scratch, .W_count = to.W_count, .b = to.b ? biases : nullptr, .kappa = to.kappa ? biases + R : nullptr};
  sum_piece(piece, cuts, count / 2, should_accumulate, to, scratch + scratch_size_);
  sum_piece(piece, cuts + count / 2, count / 2, /*should_accumulate=*/false, right, scratch + scratch_size_);
  const auto& add = network_.kernels.shared.add;
  add(to.W, right.W, to.W_count);
  if (to.b) add(to.b, right.b, R);
  if (to.kappa) add(to.kappa, right.kappa, R);
}

template class GradientTree<float>;
template class GradientTree<double>;

}  // namespace chainrule
