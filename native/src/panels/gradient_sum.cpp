#include "panels/gradient_sum.hpp"

#include <algorithm>
#include <cmath>

namespace chainrule {
namespace {

constexpr long least_rows_in_halves = 128;
constexpr double most_bytes_in_halves = 1 << 22;  // 32-256-256-1 in double, 3.4 MB, gains 2 %; 4.1 MB lose 1 %

}  // namespace

template <class T> GradientSum<T>::GradientSum(const PanelNetwork<T>& network, const Activations<T>& activations,
                                               const OptimizerState<T>& state, const WorkSplit<T>& split,
                                               const CostSpec& cost, long most_rows)
    : network_(network),
      activations_(activations),
      state_(state),
      split_(split),
      has_penalties_(cost.l1 != 0 || cost.l2 != 0),
      can_halve_(halves_pay(most_rows)),
      own_sums_(network.front.size()),
      sums_(own_sums_.get()),
      blocks_(split.block_count()),
      squared_norms_(split.block_count()),
      weight_norms_(2 * split.block_count()) {
  if (can_halve_)
    make_room();
  else
    point_blocks();
}

template <class T> void GradientSum<T>::make_room() {
  if (has_room_) return;
  own_sums_ = Buffer<T>(network_.gradient_size);
  store_in(own_sums_.get());
}

template <class T> void GradientSum<T>::store_in(T* sums) {
  sums_ = sums;
  has_room_ = true;
  point_blocks();
}

template <class T> void GradientSum<T>::point_blocks() {
  for (const GradientPiece& group : split_.groups())
    for (int i = 0; group.layer >= 0 && i < group.count; ++i)
      blocks_[group.first_block + i] = block(group.layer, group.p, group.q + i);
}

template <class T> GradientBlock<T> GradientSum<T>::block(int l, int p, int q) const {
  const PanelLayer<T>& layer = network_.layers[l];
  if (layer.is_csr) return {};  // its W is csr_layer.hpp's
  const long R = network_.R, panel = activations_.stride;
  const T* const a = activations_.input_of(l + 1) + q * panel;
  const T* const delta = activations_.layers[l].delta.get() + p * panel;
  const int in = static_cast<int>(std::min(R, layer.n - q * R)), out = static_cast<int>(std::min(R, layer.m - p * R));
  const long offset = layer.is_thin ? q * layer.m * R : (p * layer.n + q * R) * R;  // in stored_W()
  return {.A = layer.is_thin ? delta : a,
          .B = layer.is_thin ? a : delta,
          .height = layer.is_thin ? out : in,
          .width = layer.is_thin ? in : out,
          .parameters = state_.of_layer(l, Part::W, offset),
          .transposed = !layer.is_thin && layer.Wt ? layer.Wt.get() + (q * layer.m + p * R) * R : nullptr,
          .parameter_mask = layer.parameter_mask ? layer.parameter_mask.get() + offset : nullptr,
          .sum = has_room_ ? sums_ + layer.packed_offset[int(Part::W)] + offset : nullptr};
}

template <class T> BiasBlock<T> GradientSum<T>::bias_block(const GradientPiece& piece, Part part) const {
  const LayerActivations<T>& layer = activations_.layers[piece.layer];
  const long offset = long(piece.p) * network_.R;
  return {.delta = (part == Part::b ? layer.delta : layer.kappa_delta).get() + piece.p * activations_.stride,
          .parameters = state_.of_layer(piece.layer, part, offset),
          .sum = has_room_ ? sums_ + network_.layers[piece.layer].packed_offset[int(part)] + offset : nullptr,
          .part = part};
}

template <class T> UnitGradient<T> GradientSum<T>::unit_gradient(const GradientPiece& piece, long rows) const {
  const BlockDiagonalFront<T>& front = network_.front;
  const auto& group = front.groups[piece.p];
  UnitGradient<T> gradient{.rows = rows, .parameters = {}, .sum = {}, .count = {}};
  for (int k = 0; k < parts; ++k) {
    if (!group.count[k]) continue;
    gradient.parameters[k] = state_.of_front(group.offset[k]);
    gradient.sum[k] = sums_ + group.offset[k];
    gradient.count[k] = front.padded(group.count[k]);
  }
  return gradient;
}

template <class T>
GradientEpilogue<T> GradientSum<T>::update_epilogue(const Step<T>& step, const StepConstants<T>* constants) {
  return {.constants = constants,
          .should_update = true,
          .squared_norm = step.measures_gradient_norm ? squared_norms_.data() : nullptr,
          .penalty_norms = has_penalties_ ? weight_norms_.data() : nullptr};
}

template <class T> void GradientSum<T>::update(const Step<T>& step, long rows, Team& team, int thread) {
  sum(update_epilogue(step, step.constants), rows, team, thread);
}

template <class T>
void GradientSum<T>::accumulate(const Step<T>& step, long rows, bool is_first, bool is_last, Team& team, int thread) {
  sum({.constants = step.constants,
       .should_accumulate = !is_first,
       .is_complete = is_last,
       .squared_norm = is_last ? squared_norms_.data() : nullptr},
      rows, team, thread);
}

// Returns i − 1 for a piece of L[i].
template <class T> int GradientSum<T>::layer_index(const GradientPiece& piece) const {
  const BlockDiagonalFront<T>& front = network_.front;
  return piece.layer < 0 ? front.groups[piece.p].layer : front.count() + piece.layer;
}

// Returns the epilogue for a piece: with its layer's constants and its own, zeroed norms.
template <class T>
GradientEpilogue<T> GradientSum<T>::epilogue_of(const GradientPiece& piece, GradientEpilogue<T> epilogue) {
  epilogue.constants += layer_index(piece);
  if (epilogue.squared_norm) {
    epilogue.squared_norm += piece.first_block;
    std::fill_n(epilogue.squared_norm, piece.count, 0.0);
  }
  if (epilogue.penalty_norms) {
    epilogue.penalty_norms += 2 * piece.first_block;
    std::fill_n(epilogue.penalty_norms, 2 * piece.count, 0.0);
  }
  return epilogue;
}

template <class T> void GradientSum<T>::sum(const GradientEpilogue<T>& epilogue, long rows, Team& team, int thread) {
  if (can_halve_ && rows >= least_rows_in_halves)
    sum_in_halves(epilogue, rows, team, thread);
  else
    sum_whole(epilogue, rows, team, thread);
}

template <class T>
void GradientSum<T>::sum_whole(const GradientEpilogue<T>& epilogue, long rows, Team& team, int thread) {
  const auto& pieces = split_.pieces();
  const auto own = split_.range(thread);
  team.for_each_piece(thread, own.first, own.last, [&](long k) {
    if (!epilogue.should_update) team.poll(thread);
    const GradientPiece& piece = pieces[k];
    GradientPrefetch<T> prefetch;
    if (k + 1 < long(pieces.size())) {
      prefetch.next_block = &blocks_[pieces[k + 1].first_block];
      prefetch.input = input_to_prefetch(piece, pieces[k + 1]);
    }
    sum_piece(piece,
              {.first = 0,
               .count = rows,
               .is_transposed_remote = team.count > 1,
               .can_skip_zeros = split_.skips_zeros(piece),
               .prefetch = prefetch},
              epilogue_of(piece, epilogue));
  });
}

// Of the two panels that the next piece reads, returns the one that this thread has not used lately: another core may
// have written it, or it has left L2 (3 % on 32-256-256-1 and 1024-2048-2048-10). The pieces of the front come first
// and have q = 0.
template <class T>
const T* GradientSum<T>::input_to_prefetch(const GradientPiece& piece, const GradientPiece& next) const {
  const GradientBlock<T>& block = blocks_[next.first_block];
  const bool has_new_inputs = next.q > piece.q && !network_.layers[next.layer].is_thin;
  return has_new_inputs ? block.A : block.B;
}

// Determines whether sum_in_halves() is the faster one. It pays if inputs and deltas are several times as many as sums,
// while all that a thread touches stays in a cache of some 2 MB. 32-256-256-1, batch 256: 4 %; 16-64-64-1, batch 512:
// 11 %; but 128-384-384-10, batch 256: −1 %.
template <class T> bool GradientSum<T>::halves_pay(long most_rows) const {
  if (network_.splits_columns || network_.front.count() || network_.layers.front().is_csr ||
      most_rows < least_rows_in_halves)
    return false;
  const double rows = double(most_rows);
  double inputs = 0, deltas = 0, sums = 0;
  for (const PanelLayer<T>& layer : network_.layers) {
    inputs += double(layer.n);
    deltas += double(layer.m);
    sums += double(layer.n) * double(layer.m);
  }
  const double numbers = 0.5 * rows * (inputs + deltas) + 4 * sums;  // that a thread reads and writes in a step
  return 2 * sums < rows * (inputs + 0.5 * deltas) && numbers * sizeof(T) < most_bytes_in_halves;
}

// Lets each thread first sum the rows that it has just computed. Half of the partial sums then go from core to core,
// instead of all inputs and half of the deltas. The first half of the threads has computed the first half of the rows
// and owns the first half of the pieces: in a first pass each half of the threads sums its rows for the pieces of the
// other half and stores the result; in a second pass the owners continue with their own rows.
template <class T>
void GradientSum<T>::sum_in_halves(const GradientEpilogue<T>& epilogue, long rows, Team& team, int thread) {
  const auto& pieces = split_.pieces();
  const long count = static_cast<long>(pieces.size()), half = split_.half(), lanes = network_.lanes;
  const long middle = (rows + lanes - 1) / lanes / 2 * lanes;
  const bool is_alone = team.count == 1;
  const auto own = split_.range(thread);
  const auto half_of_rows = [&](bool is_second, const GradientPiece& piece, const GradientBlock<T>* next_block) {
    return GradientRows<T>{.first = is_second ? middle : 0,
                           .count = is_second ? rows - middle : middle,
                           .use_transposed_as_scratch = epilogue.should_update,
                           .can_skip_zeros = split_.skips_zeros(piece),
                           .prefetch = {.next_block = next_block}};
  };
  long next_owned = own.first;
  const auto begin = [&](long k) {
    if (!epilogue.should_update) team.poll(thread);
    GradientRows<T> of = half_of_rows(k < half, pieces[k], &blocks_[pieces[(k + 1) % count].first_block]);
    if (epilogue.should_update && !is_alone && next_owned < own.last)
      of.prefetch.output = blocks_[pieces[next_owned++].first_block].parameters.theta;
    sum_piece(pieces[k], of,
              {.constants = epilogue.constants + layer_index(pieces[k]),
               .should_accumulate = epilogue.should_accumulate,
               .is_complete = false});
  };
  if (!is_alone) {
    const auto others = split_.range_from_half(thread);
    team.for_each_piece(thread, others.first, others.last, [&](long k) { begin((k + half) % count); });
    team.barrier.wait();
  }
  team.for_each_piece(thread, own.first, own.last, [&](long k) {
    if (is_alone) begin(k);
    if (!epilogue.should_update) team.poll(thread);
    const GradientBlock<T>* const next_block = k + 1 < count ? &blocks_[pieces[k + 1].first_block] : nullptr;
    GradientEpilogue<T> of_piece = epilogue_of(pieces[k], epilogue);
    of_piece.should_accumulate = true;
    sum_piece(pieces[k], half_of_rows(k >= half, pieces[k], next_block), of_piece);
  });
}

// The epilogue has the constants of the piece's layer.
template <class T> void GradientSum<T>::sum_piece(const GradientPiece& piece, const GradientRows<T>& rows,
                                                  GradientEpilogue<T> epilogue) const {
  const auto& kernels = network_.kernels;
  if (piece.layer < 0) {
    const BlockDiagonalFront<T>& front = network_.front;
    const auto& group = front.groups[piece.p];
    kernels.unit.gradient(front.blocks(group),
                          front.layer(group.layer, /*first_row=*/0, rows.count, /*is_training=*/true),
                          unit_gradient(piece, rows.count), epilogue);
    return;
  }
  if (!network_.layers[piece.layer].is_csr)
    kernels.panel.gradient_blocks(&blocks_[piece.first_block], piece.count, rows, epilogue);
  if (piece.q != 0) return;
  kernels.panel.bias_block(bias_block(piece, Part::b), rows.first, rows.count, epilogue);
  if (network_.layers[piece.layer].kappa)
    kernels.panel.bias_block(bias_block(piece, Part::kappa), rows.first, rows.count, epilogue);
}

template <class T> PieceSum<T> GradientSum<T>::place(const GradientPiece& piece) const {
  if (piece.layer < 0) return {};
  const GradientBlock<T>* const first = &blocks_[piece.first_block];
  long rows = 0;
  for (int i = 0; i < piece.count; ++i) rows += first[i].height;
  const bool has_biases = piece.q == 0, has_kappa = has_biases && network_.layers[piece.layer].kappa;
  return {.W = first->sum,
          .W_count = rows * network_.R,
          .b = has_biases ? bias_block(piece, Part::b).sum : nullptr,
          .kappa = has_kappa ? bias_block(piece, Part::kappa).sum : nullptr};
}

template <class T> void GradientSum<T>::store(const GradientPiece& piece, const GradientRows<T>& rows,
                                              bool should_accumulate, const PieceSum<T>& to) const {
  const GradientEpilogue<T> epilogue = {
      .constants = nullptr, .should_accumulate = should_accumulate, .is_complete = false};
  if (piece.layer < 0) return sum_piece(piece, rows, epilogue);
  GradientBlock<T> blocks[most_panels];
  std::copy_n(&blocks_[piece.first_block], piece.count, blocks);
  for (int i = 0; i < piece.count; ++i)
    blocks[i].sum = to.W + (blocks_[piece.first_block + i].sum - blocks_[piece.first_block].sum);
  network_.kernels.panel.gradient_blocks(blocks, piece.count, rows, epilogue);
  for (const Part part : {Part::b, Part::kappa})
    if (T* const sum = part == Part::b ? to.b : to.kappa) {
      BiasBlock<T> units = bias_block(piece, part);
      units.sum = sum;
      network_.kernels.panel.bias_block(units, rows.first, rows.count, epilogue);
    }
}

template <class T> void GradientSum<T>::finish(const Step<T>& step, Team& team, int thread) {
  take_stored({.constants = step.constants, .squared_norm = squared_norms_.data()}, network_.kernels.shared.finish,
              team, thread);
}

template <class T>
void GradientSum<T>::apply(const Step<T>& step, const StepConstants<T>* constants, Team& team, int thread) {
  take_stored(update_epilogue(step, constants), network_.kernels.shared.apply, team, thread);
}

// Calls a kernel for each part of the stored gradient.
template <class T> void GradientSum<T>::take_stored(const GradientEpilogue<T>& of_step,
                                                    decltype(SharedKernels<T>::apply) kernel, Team& team, int thread) {
  const long R = network_.R;
  const auto own = split_.range(thread);
  team.for_each_piece(thread, own.first, own.last, [&](long k) {
    const GradientPiece& piece = split_.pieces()[k];
    const GradientEpilogue<T> epilogue = epilogue_of(piece, of_step);
    if (piece.layer < 0) {
      const UnitGradient<T> g = unit_gradient(piece, 0);
      for (int i = 0; i < parts; ++i)
        if (g.sum[i]) kernel(g.sum[i], g.count[i], g.parameters[i], epilogue, Part(i));
      return;
    }
    for (int i = 0; i < piece.count; ++i) {
      const GradientBlock<T>& block = blocks_[piece.first_block + i];
      if (!block.sum) continue;
      GradientEpilogue<T> of_block = epilogue;
      if (of_block.squared_norm) of_block.squared_norm += i;
      if (of_block.penalty_norms) of_block.penalty_norms += 2 * i;
      kernel(block.sum, block.height * R, block.parameters, of_block, Part::W);
      if (of_block.should_update && block.transposed)
        network_.kernels.layout.transpose_block(block.parameters.theta, block.height, block.width, block.transposed);
    }
    if (piece.q != 0) return;
    for (const Part part : {Part::b, Part::kappa}) {
      if (part == Part::kappa && !network_.layers[piece.layer].kappa) continue;
      const BiasBlock<T> units = bias_block(piece, part);
      kernel(units.sum, R, units.parameters, epilogue, part);
    }
  });
}

template <class T> double GradientSum<T>::squared_norm() const {
  return ordered_sum(squared_norms_.data(), static_cast<long>(squared_norms_.size()));
}

template <class T> bool GradientSum<T>::is_finite() const {
  return std::isfinite(squared_norm()) ||  // without another look at it, as nearly always
         network_.kernels.shared.largest(sums_, network_.gradient_size) <= std::numeric_limits<T>::max();
}

template <class T> void GradientSum<T>::get(T* gradient) const {
  network_.unpack(sums_, network_.gradient_size, gradient, /*thread=*/0, /*threads=*/1);
}

template <class T> void GradientSum<T>::measure_weights() {
  if (!has_penalties_) return;
  std::fill(weight_norms_.begin(), weight_norms_.end(), 0.0);
  for (const GradientPiece& group : split_.groups()) {
    if (group.layer < 0) {
      const UnitGradient<T> units = unit_gradient(group, 0);
      const int W = int(Part::W);
      network_.kernels.shared.add_norms(units.parameters[W].theta, units.count[W],
                                        &weight_norms_[2 * group.first_block]);
      continue;
    }
    if (network_.layers[group.layer].is_csr) continue;
    for (long i = group.first_block; i < group.first_block + group.count; ++i)
      network_.kernels.shared.add_norms(blocks_[i].parameters.theta, blocks_[i].height * long(network_.R),
                                        &weight_norms_[2 * i]);
  }
}

template <class T> double GradientSum<T>::penalty(double l1, double l2) const {
  if (!has_penalties_) return 0;
  double absolute = 0, squared = 0;
  for (long i = 0; i < split_.block_count(); ++i) {
    absolute += weight_norms_[2 * i];
    squared += weight_norms_[2 * i + 1];
  }
  return penalty_of(l1, absolute, l2, squared);
}

template <class T> void GradientSum<T>::transpose_weights() const {
  for (const GradientBlock<T>& block : blocks_)
    if (block.transposed)
      network_.kernels.layout.transpose_block(block.parameters.theta, block.height, block.width, block.transposed);
}

template class GradientSum<float>;
template class GradientSum<double>;

}  // namespace chainrule
