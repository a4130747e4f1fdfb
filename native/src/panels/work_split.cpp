#include "panels/work_split.hpp"

#include <algorithm>

namespace chainrule {
namespace {

constexpr long bytes_in_L2 = 1 << 20;  // of activations and deltas that stay there while a group of panels is summed

}  // namespace

template <class T>
WorkSplit<T>::WorkSplit(const PanelNetwork<T>& network, const Activations<T>& activations, int most_threads)
    : network_(network), activations_(activations), is_sparse_(network.layers.size()) {
  make_groups();
  split_at_half();
  pieces_.reserve(block_count_);
  work_before_.reserve(block_count_ + 1);
  cuts_.reserve(most_threads + 1);
  cuts_from_half_.reserve(most_threads + 1);
  set_thread_count(most_threads);
}

template <class T> void WorkSplit<T>::make_groups() {
  const auto add = [&](const GradientPiece& group) {
    groups_.push_back(group);
    block_count_ += group.count;
  };
  for (int p = 0; p < int(network_.front.groups.size()); ++p)
    add({.layer = -1, .p = p, .q = 0, .count = 1, .first_block = block_count_});
  for (int l = 0; l < int(network_.layers.size()); ++l) {
    const PanelLayer<T>& layer = network_.layers[l];
    // The blocks of one panel of W follow one another, so that the panel and its deltas mostly stay with one thread
    // (2 % on 32-256-256-1 and 784-512-512-10). If the inputs of all panels do not fit into L2, a few panels of outputs
    // take turns, and their deltas stay there while the inputs are read once.
    const int panels = layer.is_thin ? 1 : layer.panels_out;
    if (layer.is_csr) {  // biases alone
      for (int p = 0; p < panels; ++p) add({.layer = l, .p = p, .q = 0, .count = 1, .first_block = block_count_});
      continue;
    }
    const long cached = std::max<long>(1, bytes_in_L2 / (network_.capacity * network_.R * long(sizeof(T))));
    const bool one_by_one = network_.splits_columns || layer.panels_in <= cached;
    const int turn = one_by_one ? 1 : static_cast<int>(std::min<long>(cached, panels));
    const int most = layer.is_thin || layer.panels_in < least_panels ? 1 : most_panels;
    const int groups = (layer.panels_in + most - 1) / most;
    for (int p0 = 0; p0 < panels; p0 += turn)
      for (int g = 0; g < groups; ++g)
        for (int p = p0; p < std::min(panels, p0 + turn); ++p) {
          const int q = layer.panels_in * g / groups, end = layer.panels_in * (g + 1) / groups;
          add({.layer = l, .p = p, .q = q, .count = end - q, .first_block = block_count_});
        }
  }
}

// Finds the block at which half of the work is done, and splits its group there.
template <class T> void WorkSplit<T>::split_at_half() {
  double all = 0, before = 0;
  for (const GradientPiece& group : groups_) all += work(group);
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const GradientPiece group = groups_[g];
    for (int i = 0; i < group.count; ++i) {
      const double of_block = work(
          {.layer = group.layer, .p = group.p, .q = group.q + i, .count = 1, .first_block = group.first_block + i});
      if (2 * before + of_block >= all) {
        half_block_ = group.first_block + i;
        if (i == 0) return;
        groups_[g].count = i;
        groups_.insert(groups_.begin() + long(g) + 1, {.layer = group.layer,
                                                       .p = group.p,
                                                       .q = group.q + i,
                                                       .count = group.count - i,
                                                       .first_block = half_block_});
        return;
      }
      before += of_block;
    }
  }
}

template <class T> double WorkSplit<T>::work(const GradientPiece& piece) const {
  if (piece.layer < 0) {
    const auto& group = network_.front.groups[piece.p];
    return double(group.count[int(Part::W)] + 2 * group.count[int(Part::b)]) / network_.lanes;
  }
  const PanelLayer<T>& layer = network_.layers[piece.layer];
  const long R = network_.R;
  if (layer.is_csr) return 1;
  return double(layer.is_thin ? layer.m : std::min(R * piece.count, layer.n - piece.q * R) + (piece.q == 0));
}

// A piece is a group if δ is sparse, unless that makes too few pieces; otherwise it is a single block.
template <class T> void WorkSplit<T>::set_thread_count(int threads) {
  const bool are_enough = long(groups_.size()) >= 2 * threads;
  pieces_.clear();
  work_before_.assign(1, 0);
  for (const GradientPiece& group : groups_) {
    if (group.first_block == half_block_) half_ = static_cast<long>(pieces_.size());
    const int blocks = group.layer >= 0 && is_sparse_[group.layer] && are_enough ? group.count : 1;
    for (int i = 0; i < group.count; i += blocks) {
      pieces_.push_back({.layer = group.layer,
                         .p = group.p,
                         .q = group.q + i,
                         .count = blocks,
                         .first_block = group.first_block + i});
      work_before_.push_back(work_before_.back() + work(pieces_.back()));
    }
  }
  cut(0, cuts_, threads);
  cut(half_, cuts_from_half_, threads);
}

// Cuts the pieces first, first + 1, …, 0, …, first − 1 into ranges of equal work, to the nearest piece.
template <class T> void WorkSplit<T>::cut(long first, std::vector<long>& cuts, int threads) const {
  const long count = static_cast<long>(pieces_.size());
  cuts.assign(1, 0);
  double before = 0;
  for (long k = 0; k < count; ++k) {
    const long piece = (first + k) % count;
    const double own = work_before_[piece + 1] - work_before_[piece];
    while (int(cuts.size()) < threads && before + own / 2 >= total_work() * double(cuts.size()) / threads)
      cuts.push_back(k);
    before += own;
  }
  cuts.resize(threads + 1, count);
}

template <class T> void WorkSplit<T>::adapt(bool all_finite) {
  all_finite_ = all_finite;
  bool has_changed = false;
  for (std::size_t l = 0; l < is_sparse_.size(); ++l) {
    const bool is_sparse = activations_.layers[l].is_delta_sparse;
    has_changed |= is_sparse != bool(is_sparse_[l]);
    is_sparse_[l] = is_sparse;
  }
  if (has_changed) set_thread_count(static_cast<int>(cuts_.size()) - 1);
}

template class WorkSplit<float>;
template class WorkSplit<double>;

}  // namespace chainrule
