// ∂J/∂θ, summed piece by piece, each with the optimizer's step as its epilogue.
#include <algorithm>

#include "panels/panel_method.hpp"

namespace chainrule {
namespace {

constexpr long least_rows_in_halves = 128;
constexpr double most_bytes_in_halves = 1 << 22;  // 32-256-256-1 in double, 3.4 MB: 2 %; what is above, 4.1 MB: −1 %

}  // namespace

// Shall each thread sum the rows first that it has just computed? Then half of the sums go from one core to another, rather than inputs and
// half of the deltas. It pays where these are several times as many, while all that a thread touches stays in a cache of some 2 MB:
// 32-256-256-1, batch 256: 4 %; 16-64-64-1, batch 512: 11 %; 128-384-384-10, batch 256: −1 %.
template <class T> bool PanelMethod<T>::halves_pay() const {
  if (network_.by_columns() || network_.front.count() || block_rows_ < least_rows_in_halves) return false;
  const double rows = double(block_rows_);
  double inputs = 0, deltas = 0, sums = 0;
  for (const Layer& layer : network_.layers)
    inputs += double(layer.n), deltas += double(layer.m), sums += double(layer.n) * double(layer.m);
  const double numbers = 0.5 * rows * (inputs + deltas) + 4 * sums;  // that a thread reads and writes in a step
  return 2 * sums < rows * (inputs + 0.5 * deltas) && numbers * sizeof(T) < most_bytes_in_halves;
}

// This thread's share of ∂J/∂θ, and what the epilogue makes of it. Where rows are halved, a piece's sum begins with the half that is in the
// cache of those threads which do not have the piece: they store it, and its own threads go on from there.
template <class T> void PanelMethod<T>::weights(const GradientEpilogue<T>& wanted, long rows, Team& team, int thread) {
  const bool halved = halves_ && rows >= least_rows_in_halves, alone = team.count == 1;
  const long middle = halved ? network_.half_of(rows) : 0, count = static_cast<long>(pieces_.size());
  const auto half = [&](bool second) {
    const long first = second ? middle : 0, end = second ? rows : middle;
    return GradientRows<T>{.first = first, .count = end - first, .use_transposed_as_scratch = wanted.should_update};
  };
  long mine = cuts_[thread];
  const auto begin = [&](long k) {
    if (!wanted.should_update) team.poll(thread);
    GradientRows<T> of = half(k < half_);
    of.prefetch.next_block = &blocks_[pieces_[(k + 1) % count].first];
    of.can_skip_zeros = among_zeros(pieces_[k]);
    if (wanted.should_update && !alone && mine < cuts_[thread + 1])
      of.prefetch.output = blocks_[pieces_[mine++].first].parameters.theta;
    sum_up(pieces_[k], of,
           {.constants = wanted.constants, .should_accumulate = wanted.should_accumulate, .is_complete = false});
  };
  if (halved && !alone) {
    team.for_each_piece(thread, other_cuts_[thread], other_cuts_[thread + 1],
                        [&](long k) { begin((k + half_) % count); });
    team.barrier.wait();
  }
  team.for_each_piece(thread, cuts_[thread], cuts_[thread + 1], [&](long k) {
    const Piece& piece = pieces_[k];
    if (halved && alone) begin(k);
    if (!wanted.should_update) team.poll(thread);
    GradientRows<T> of =
        halved ? half(k >= half_) : GradientRows<T>{.first = 0, .count = rows, .is_transposed_remote = !alone};
    of.can_skip_zeros = among_zeros(piece);
    if (k + 1 < count) {
      const Piece& next = pieces_[k + 1];
      of.prefetch.next_block = &blocks_[next.first];
      // Of its two panels the one that this thread has not had lately: another core may have written it, or it has left L2 (B, D 3 %).
      // The front's pieces all come first, and have q = 0.
      const bool inputs = next.q > piece.q && !network_.layers[next.layer].thin;
      if (!halved) of.prefetch.input = inputs ? of.prefetch.next_block->A : of.prefetch.next_block->B;
    }
    GradientEpilogue<T> epilogue = wanted;
    epilogue.should_accumulate |= halved;
    measure(piece, epilogue);
    sum_up(piece, of, epilogue);
  });
}

// Points the epilogue to where the norms of the piece's blocks are summed, which begin with nothing.
template <class T> void PanelMethod<T>::measure(const Piece& piece, GradientEpilogue<T>& epilogue) {
  if (epilogue.squared_norm) {
    epilogue.squared_norm = &norm2_[piece.first];
    std::fill_n(epilogue.squared_norm, piece.count, 0.0);
  }
  if (epilogue.penalty_norms) {
    epilogue.penalty_norms = &penalties_[2 * piece.first];
    std::fill_n(epilogue.penalty_norms, 2 * piece.count, 0.0);
  }
}

template <class T>
void PanelMethod<T>::sum_up(const Piece& piece, const GradientRows<T>& rows, GradientEpilogue<T> epilogue) const {
  const auto& kernels = network_.kernels;
  epilogue.constants += place(piece);
  if (piece.layer < 0) {
    const BlockDiagonalFront<T>& front = network_.front;
    const auto& blocks = front.pieces[piece.p];
    kernels.units_gradient(front.blocks(blocks), front.layer(blocks.layer, 0, rows.count, true),
                           unit_gradient(piece, rows.count), epilogue);
    return;
  }
  kernels.gradient_blocks(&blocks_[piece.first], piece.count, rows, epilogue);
  if (piece.q != 0) return;
  kernels.bias_block(bias_block(piece, Part::b), rows.first, rows.count, epilogue);
  if (network_.layers[piece.layer].kappa)
    kernels.bias_block(bias_block(piece, Part::kappa), rows.first, rows.count, epilogue);
}

// The step along the stored gradient.
template <class T> void PanelMethod<T>::apply(const GradientEpilogue<T>& wanted, Team& team, int thread) {
  const long R = network_.R;
  const auto& kernels = network_.kernels;
  team.for_each_piece(thread, cuts_[thread], cuts_[thread + 1], [&](long k) {
    const Piece& piece = pieces_[k];
    GradientEpilogue<T> epilogue = wanted;
    epilogue.constants += place(piece);
    measure(piece, epilogue);
    if (piece.layer < 0) {
      const UnitGradient<T> g = unit_gradient(piece, 0);
      for (int i = 0; i < parts; ++i)
        if (g.sum[i]) kernels.apply(g.sum[i], g.count[i], g.parameters[i], epilogue, Part(i));
      return;
    }
    for (long i = piece.first; i < piece.first + piece.count; ++i) {
      const GradientBlock<T>& block = blocks_[i];
      kernels.apply(block.sum, block.height * R, block.parameters, epilogue, Part::W);
      if (block.transposed)
        kernels.transpose_block(block.parameters.theta, block.height, block.width, block.transposed);
      if (epilogue.penalty_norms) epilogue.penalty_norms += 2;
    }
    if (piece.q != 0) return;
    for (const Part part : {Part::b, Part::kappa}) {
      if (part == Part::kappa && !network_.layers[piece.layer].kappa) continue;
      const BiasBlock<T> units = bias_block(piece, part);
      kernels.apply(units.sum, R, units.parameters, epilogue, part);
    }
  });
}

template <class T> void PanelMethod<T>::measure_penalty() {
  std::fill(penalties_.begin(), penalties_.end(), 0.0);
  for (const Piece& piece : pieces_) {
    const UnitGradient<T> units = piece.layer < 0 ? unit_gradient(piece, 0) : UnitGradient<T>{};
    for (long i = piece.first; i < piece.first + piece.count; ++i) {
      const GradientBlock<T>& block = blocks_[i];
      const T* const W = (piece.layer < 0 ? units.parameters[int(Part::W)] : block.parameters).theta;
      network_.kernels.add_norms(W, piece.layer < 0 ? units.count[int(Part::W)] : block.height * long(network_.R),
                                 &penalties_[2 * i]);
    }
  }
}

template <class T> double PanelMethod<T>::penalty(const Step<T>& step) const {
  if (!penalised_) return 0;
  double l1 = 0, l2 = 0;
  for (std::size_t i = 0; i < blocks_.size(); ++i) l1 += penalties_[2 * i], l2 += penalties_[2 * i + 1];
  return step.l1 * l1 + 0.5 * step.l2 * l2;
}

template class PanelMethod<float>;
template class PanelMethod<double>;

}  // namespace chainrule
