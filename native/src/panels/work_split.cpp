// ∂J/∂θ in blocks, where their numbers lie, and the pieces in which threads share them.
#include <algorithm>

#include "panels/panel_method.hpp"

namespace chainrule {

template <class T> void PanelMethod<T>::make_blocks() {
  const long R = network_.R;
  const auto add = [&](int layer, int p, int q, int count) {
    groups_.push_back({layer, p, q, count, static_cast<long>(blocks_.size())});
    blocks_.resize(blocks_.size() + count);
  };
  for (int p = 0; p < int(network_.front.pieces.size()); ++p) add(-1, p, 0, 1);
  for (int l = 0; l < int(network_.layers.size()); ++l) {
    const auto& layer = network_.layers[l];
    // One panel of W after the other: those, and their deltas, then mostly stay with one thread (B, C 2 %). Where the inputs of all
    // do not stay in L2 meanwhile, in turns of output panels whose deltas stay there while the inputs pass by.
    const int panels = layer.thin ? 1 : layer.panels_out;
    const long cached = std::max<long>(1, (1 << 20) / (network_.capacity * R * long(sizeof(T))));
    const bool in_turn = network_.by_columns() || layer.panels_in <= cached;
    const int turn = in_turn ? 1 : static_cast<int>(std::min<long>(cached, panels));
    const int most = layer.thin || layer.panels_in < least_panels ? 1 : most_panels;
    const int groups = (layer.panels_in + most - 1) / most;
    for (int p0 = 0; p0 < panels; p0 += turn)
      for (int g = 0; g < groups; ++g)
        for (int p = p0; p < std::min(panels, p0 + turn); ++p) {
          const int q = layer.panels_in * g / groups;
          add(l, p, q, layer.panels_in * (g + 1) / groups - q);
        }
  }
  point_blocks();
  pieces_.reserve(blocks_.size()), work_.reserve(blocks_.size() + 1);
  set_half();
}

// Of the blocks, whose work is divided in two; a group is too, if need be.
template <class T> void PanelMethod<T>::set_half() {
  double all = 0, before = 0;
  for (const Piece& group : groups_) all += lines(group);
  for (std::size_t g = 0; g < groups_.size(); ++g)
    for (int i = 0; i < groups_[g].count; ++i) {
      const Piece group = groups_[g];
      const double own = lines({group.layer, group.p, group.q + i, 1, group.first + i});
      if (2 * before + own >= all) {
        half_block_ = group.first + i;
        if (i > 0) {
          groups_.insert(groups_.begin() + long(g), group);
          Piece &one = groups_[g], &other = groups_[g + 1];
          one.count = i, other.q += i, other.first += i, other.count -= i;
        }
        return;
      }
      before += own;
    }
}

// Where the blocks' numbers are
template <class T> void PanelMethod<T>::point_blocks() {
  for (const Piece& group : groups_)
    for (int i = 0; group.layer >= 0 && i < group.count; ++i)
      blocks_[group.first + i] = gradient_block(group.layer, group.p, group.q + i);
}

// How much work a piece is
template <class T> double PanelMethod<T>::lines(const Piece& piece) const {
  if (piece.layer < 0) {
    const auto& blocks = network_.front.pieces[piece.p];
    return double(blocks.count[0] + 2 * blocks.count[1]) / network_.lanes;
  }
  const Layer& layer = network_.layers[piece.layer];
  const long R = network_.R;
  return double(layer.thin ? layer.m : std::min(R * piece.count, layer.n - piece.q * R) + (piece.q == 0));
}

// Makes the pieces and shares them out: a group of blocks where δ has many zeros, and its blocks one by one elsewhere, or where that would
// be too few pieces.
template <class T> void PanelMethod<T>::divide(int threads) {
  const bool enough = long(groups_.size()) >= 2 * threads;
  pieces_.clear(), work_.assign(1, 0);
  for (const Piece& group : groups_) {
    if (group.first == half_block_) half_ = static_cast<long>(pieces_.size());
    const int step = group.layer >= 0 && sparse_[group.layer] && enough ? group.count : 1;
    for (int i = 0; i < group.count; i += step) {
      pieces_.push_back({group.layer, group.p, group.q + i, step, group.first + i});
      work_.push_back(work_.back() + lines(pieces_.back()));
    }
  }
  share_from(0, cuts_, threads);
  share_from(half_, other_cuts_, threads);
}

// Before a barrier after which ∂J/∂θ is summed. Zeros are passed over where they would be multiplied by nothing but numbers.
template <class T> void PanelMethod<T>::choose_sums(bool finite) {
  finite_ = finite;
  bool changes = false;
  for (std::size_t l = 0; l < sparse_.size(); ++l) {
    const bool sparse = network_.layers[l].sparse_delta;
    changes |= sparse != bool(sparse_[l]);
    sparse_[l] = sparse;
  }
  if (changes) divide(static_cast<int>(cuts_.size()) - 1);
}

template <class T> void PanelMethod<T>::set_thread_count(int threads) {
  divide(threads);
  for (Flag& flag : flags_) flag = {true};  // those of threads that have nothing to do stay calm
}

// Where each thread begins in the pieces from `first` on and then those before it: equal work, to the nearest piece
template <class T> void PanelMethod<T>::share_from(long first, std::vector<long>& cuts, int threads) const {
  const long count = static_cast<long>(pieces_.size());
  cuts.assign(1, 0);
  double work = 0;  // of the pieces before the k-th
  for (long k = 0; k < count; ++k) {
    const long piece = (first + k) % count;
    const double own = work_[piece + 1] - work_[piece];
    while (int(cuts.size()) < threads && work + own / 2 >= work_.back() * double(cuts.size()) / threads)
      cuts.push_back(k);
    work += own;
  }
  cuts.resize(threads + 1, count);
}

template <class T> int PanelMethod<T>::place(const Piece& piece) const {
  const BlockDiagonalFront<T>& front = network_.front;
  return piece.layer < 0 ? front.pieces[piece.p].layer : front.count() + piece.layer;
}

template <class T> GradientBlock<T> PanelMethod<T>::gradient_block(int l, int p, int q) const {
  const auto& layer = network_.layers[l];
  const long R = network_.R, panel = network_.stride();
  const T* const a = network_.input_of(l + 1) + q * panel;
  GradientBlock<T> block{};
  long at;
  if (layer.thin) {
    block.A = layer.delta.get(), block.B = a;
    block.height = static_cast<int>(layer.m);
    block.width = static_cast<int>(std::min(R, layer.n - q * R));
    at = q * layer.m * R;
  } else {
    block.A = a, block.B = layer.delta.get() + p * panel;
    block.height = static_cast<int>(std::min(R, layer.n - q * R));
    block.width = static_cast<int>(std::min(R, layer.m - p * R));
    if (layer.Wt) block.transposed = layer.Wt.get() + (q * layer.m + p * R) * R;
    at = (p * layer.n + q * R) * R;
  }
  if (layer.keep) block.parameter_mask = layer.keep.get() + at;
  block.parameters = parameters(l, Part::W, layer.weights(), at);
  if (!sums_.empty()) block.sum = sums_[l].of[int(Part::W)].get() + at;
  return block;
}

// Numbers of a layer from the one at `at` on, beside their moments
template <class T> Parameters<T> PanelMethod<T>::parameters(int l, Part part, T* numbers, long at) const {
  Parameters<T> parameters{numbers + at, {}};
  for (int k = 0; k < 2; ++k)
    if (!moments_[k].empty()) parameters.moment[k] = moments_[k][l].of[int(part)].get() + at;
  return parameters;
}

template <class T> BiasBlock<T> PanelMethod<T>::bias_block(const Piece& piece, Part part) const {
  const auto& layer = network_.layers[piece.layer];
  const bool is_b = part == Part::b;
  const long at = long(piece.p) * network_.R;
  return {(is_b ? layer.delta : layer.kappa_delta).get() + piece.p * network_.stride(),
          parameters(piece.layer, part, (is_b ? layer.b : layer.kappa).get(), at),
          sums_.empty() ? nullptr : sums_[piece.layer].of[int(part)].get() + at, part};
}

template <class T> UnitGradient<T> PanelMethod<T>::unit_gradient(const Piece& piece, long rows) const {
  const BlockDiagonalFront<T>& front = network_.front;
  const auto& part_of_front = front.pieces[piece.p];
  UnitGradient<T> gradient{};
  gradient.rows = rows;
  for (int k = 0; k < parts; ++k) {
    if (!part_of_front.count[k]) continue;
    const long at = part_of_front.place[k];
    gradient.count[k] = front.padded(part_of_front.count[k]);
    gradient.sum[k] = front_sums_.get() + at;
    gradient.parameters[k].theta = front.theta.get() + at;
    for (int i = 0; i < 2; ++i)
      if (front_moments_[i]) gradient.parameters[k].moment[i] = front_moments_[i].get() + at;
  }
  return gradient;
}

template class PanelMethod<float>;
template class PanelMethod<double>;

}  // namespace chainrule
