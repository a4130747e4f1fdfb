#include "panels/csr_layer.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

namespace chainrule {
namespace {

constexpr long pieces = 64;               // of the columns of a step, whatever the number of threads
constexpr int most_waiting_steps = 1024;  // of which the constants are kept

// The most entries that `rows` examples can have
template <class T> long most_entries(const CsrMatrix<T>& X, long t, long rows) {
  if (rows >= t) return X.starts[t];
  std::vector<long> lengths(t);
  for (long j = 0; j < t; ++j) lengths[j] = X.starts[j + 1] - X.starts[j];
  std::nth_element(lengths.begin(), lengths.begin() + rows, lengths.end(), std::greater<>());
  return std::accumulate(lengths.begin(), lengths.begin() + rows, 0L);
}

}  // namespace

template <class T>
CsrLayer<T>::CsrLayer(const ProblemSpec<T>& problem, const PanelNetwork<T>& network, const Activations<T>& activations,
                      const OptimizerState<T>& state, bool puts_off)
    : network_(network),
      layer_(network.layers.front()),
      activations_(activations.layers.front()),
      delta_stride_(activations.stride),
      state_(state),
      puts_off_(puts_off && problem.cost.l1 == 0 && problem.cost.l2 == 0),
      has_penalties_(problem.cost.l1 != 0 || problem.cost.l2 != 0),
      squared_norms_(pieces),
      weight_norms_(2 * pieces) {
  const long entries = most_entries(problem.data.sparse_X, problem.data.t, problem.batch_size);
  const long most_columns = puts_off_ ? std::min(entries, layer_.n) : layer_.n;
  columns_.resize(most_columns);
  starts_.resize(most_columns + 1);
  next_.resize(most_columns);
  rows_.resize(entries);
  values_.resize(entries);
  place_.assign(layer_.n, -1);
  if (puts_off_) {
    done_.resize(layer_.n);
    most_steps_ = most_waiting_steps;
    constants_.resize(most_waiting_steps);
  } else {
    count_ = layer_.n;
    std::iota(columns_.begin(), columns_.end(), 0);
    std::iota(place_.begin(), place_.end(), 0);
    most_steps_ = -1;
  }
}

template <class T> void CsrLayer<T>::make_room() {
  if (!sums_) sums_ = Buffer<T>(layer_.panels_out * columns_.size() * network_.R);
}

// Calls f(column, row, value) for each entry of the step's examples, in their order.
template <class T> template <class F> void CsrLayer<T>::for_each_entry(const Step<T>& step, F f) const {
  const CsrMatrix<T>& X = step.set->sparse_X;
  X.with_columns([&](const auto* columns) {
    for (long r = 0; r < step.rows; ++r) {
      const long example = step.order ? long(step.order[r]) : step.first + r;
      for (long e = X.starts[example]; e < X.starts[example + 1]; ++e) f(long(columns[e]), int(r), X.values[e]);
    }
  });
}

template <class T> void CsrLayer<T>::begin(const Step<T>& step) {
  if (puts_off_) {
    for (long s = 0; s < count_; ++s) place_[columns_[s]] = -1;
    count_ = 0;
  }
  std::fill(next_.begin(), next_.end(), 0);  // first the number of entries
  for_each_entry(step, [&](long column, int, T) {
    int& place = place_[column];
    if (place < 0) {
      place = static_cast<int>(count_++);
      columns_[place] = static_cast<int>(column);
    }
    ++next_[place];
  });
  starts_[0] = 0;
  for (long s = 0; s < count_; ++s) {
    starts_[s + 1] = starts_[s] + next_[s];
    next_[s] = starts_[s];
  }
  for_each_entry(step, [&](long column, int row, T value) {
    const long at = next_[place_[column]]++;
    rows_[at] = row;
    values_[at] = value;
  });
  std::copy_n(starts_.begin(), count_, next_.begin());
}

template <class T> void CsrLayer<T>::end(const StepConstants<T>& constants) {
  if (!puts_off_) return;
  constants_[steps_++] = constants;
  for (long s = 0; s < count_; ++s) done_[columns_[s]] = steps_;
}

template <class T> CsrParameters<T> CsrLayer<T>::parameters() const {
  const long R = network_.R, of_last = layer_.m - (layer_.panels_out - 1) * R;
  return {.first_panel = state_.of_layer(0, Part::W, 0),
          .panel_stride = layer_.n * R,
          .vectors = 2 * layer_.panels_out - (of_last <= network_.lanes)};
}

// Calls f(piece) for the pieces of the step's columns.
template <class T> template <class F> void CsrLayer<T>::for_each_piece(Team& team, int thread, F f) {
  team.for_each_piece(thread, pieces, [&](long piece) {
    f(piece);
    team.poll(thread);
  });
}

template <class T> void CsrLayer<T>::catch_up(Team& team, int thread) {
  if (!puts_off_) return;
  for_each_piece(team, thread, [&](long piece) {
    network_.kernels.csr.catch_up({.columns = columns_.data(),
                                   .first = count_ * piece / pieces,
                                   .last = count_ * (piece + 1) / pieces,
                                   .done = done_.data(),
                                   .steps = steps_,
                                   .constants = constants_.data(),
                                   .W = parameters()});
  });
}

template <class T> void CsrLayer<T>::settle(int thread, int threads) {
  if (!puts_off_) return;
  network_.kernels.csr.catch_up({.columns = nullptr,
                                 .first = layer_.n * thread / threads,
                                 .last = layer_.n * (thread + 1) / threads,
                                 .done = done_.data(),
                                 .steps = steps_,
                                 .constants = constants_.data(),
                                 .W = parameters()});
}

template <class T> void CsrLayer<T>::forget_steps() {
  if (!puts_off_) return;
  std::fill(done_.begin(), done_.end(), 0);
  steps_ = 0;
}

template <class T> CsrGradient<T> CsrLayer<T>::gradient_of(long piece, long first_row, long last_row) {
  return {.by_columns = {.columns = columns_.data(),
                         .starts = starts_.data(),
                         .rows = rows_.data(),
                         .values = values_.data()},
          .first = count_ * piece / pieces,
          .last = count_ * (piece + 1) / pieces,
          .delta = activations_.delta.get(),
          .delta_stride = delta_stride_,
          .first_row = static_cast<int>(first_row),
          .last_row = static_cast<int>(last_row),
          .next = next_.data(),
          .W = parameters(),
          .sum = sums_.get(),
          .sum_stride = static_cast<long>(columns_.size()) * network_.R};
}

template <class T> GradientEpilogue<T> CsrLayer<T>::epilogue_of(long piece, GradientEpilogue<T> epilogue) {
  if (epilogue.squared_norm) {
    epilogue.squared_norm = &squared_norms_[piece];
    *epilogue.squared_norm = 0;
  }
  if (epilogue.penalty_norms) {
    epilogue.penalty_norms = &weight_norms_[2 * piece];
    std::fill_n(epilogue.penalty_norms, 2, 0.0);
  }
  return epilogue;
}

template <class T> void CsrLayer<T>::update(const Step<T>& step, Team& team, int thread) {
  const GradientEpilogue<T> epilogue = {.constants = step.constants,
                                        .should_update = true,
                                        .squared_norm = step.measures_gradient_norm ? squared_norms_.data() : nullptr,
                                        .penalty_norms = has_penalties_ ? weight_norms_.data() : nullptr};
  team.for_each_piece(thread, pieces, [&](long piece) {
    network_.kernels.csr.gradient(gradient_of(piece, 0, step.rows), epilogue_of(piece, epilogue));
  });
}

template <class T>
void CsrLayer<T>::accumulate(const Step<T>& step, long first_row, long last_row, Team& team, int thread) {
  const bool is_last = last_row == step.rows;
  const GradientEpilogue<T> epilogue = {.constants = step.constants,
                                        .should_accumulate = first_row > 0,
                                        .is_complete = is_last,
                                        .squared_norm = is_last ? squared_norms_.data() : nullptr};
  for_each_piece(team, thread, [&](long piece) {
    network_.kernels.csr.gradient(gradient_of(piece, first_row, last_row), epilogue_of(piece, epilogue));
  });
}

template <class T> void CsrLayer<T>::apply(const StepConstants<T>* constants, Team& team, int thread) {
  const GradientEpilogue<T> epilogue = {
      .constants = constants, .should_update = true, .penalty_norms = has_penalties_ ? weight_norms_.data() : nullptr};
  team.for_each_piece(thread, pieces, [&](long piece) {
    network_.kernels.csr.apply(gradient_of(piece, 0, 0), epilogue_of(piece, epilogue));
  });
}

template <class T> double CsrLayer<T>::squared_norm() const {
  return ordered_sum(squared_norms_.data(), static_cast<long>(squared_norms_.size()));
}

template <class T> bool CsrLayer<T>::is_finite() const {
  const long R = network_.R, stride = static_cast<long>(columns_.size()) * R;
  bool is_finite = true;
  for (int p = 0; p < layer_.panels_out; ++p)
    is_finite &= network_.kernels.shared.largest(sums_.get() + p * stride, count_ * R) <= std::numeric_limits<T>::max();
  return is_finite;
}

template <class T> void CsrLayer<T>::get(T* gradient) const {
  network_.kernels.layout.unpack(sums_.get(), layer_.m, layer_.n, gradient + layer_.theta_offset);
}

template <class T> void CsrLayer<T>::append_gradient(std::vector<T>& numbers) const {
  const long R = network_.R, stride = static_cast<long>(columns_.size()) * R;
  for (int p = 0; p < layer_.panels_out; ++p) {
    const T* const panel = sums_.get() + p * stride;
    numbers.insert(numbers.end(), panel, panel + count_ * R);
  }
}

template <class T> double CsrLayer<T>::penalty(double l1, double l2) const {
  double absolute = 0, squared = 0;
  for (long piece = 0; piece < pieces; ++piece) {
    absolute += weight_norms_[2 * piece];
    squared += weight_norms_[2 * piece + 1];
  }
  return penalty_of(l1, absolute, l2, squared);
}

template <class T> void CsrLayer<T>::measure_weights() {
  if (!has_penalties_) return;
  std::fill(weight_norms_.begin(), weight_norms_.end(), 0.0);
  const CsrParameters<T> W = parameters();
  const int lanes = network_.lanes;
  for (long piece = 0; piece < pieces; ++piece)
    for (long k = layer_.n * piece / pieces; k < layer_.n * (piece + 1) / pieces; ++k)
      for (int v = 0; v < W.vectors; ++v)
        network_.kernels.shared.add_norms(W.first_panel.theta + v / 2 * W.panel_stride + k * network_.R + v % 2 * lanes,
                                          lanes, &weight_norms_[2 * piece]);
}

template <class T> void CsrLayer<T>::free_all() {
  sums_ = {};
  place_ = columns_ = rows_ = done_ = {};
  starts_ = next_ = {};
  values_ = {};
  count_ = 0;
}

template class CsrLayer<float>;
template class CsrLayer<double>;

}  // namespace chainrule
