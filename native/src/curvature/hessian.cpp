#include "curvature/hessian.hpp"

#include <algorithm>
#include <cstdint>

#include "step_plan.hpp"

namespace chainrule {
namespace {

// A micro-batch's numbers should stay in the cache, but each reads and writes all sums.
constexpr long bytes_of_micro_batch = 1L << 20, least_rows = 128, most_rows = 4096;
constexpr long most_bytes_kept = 256L << 20;
constexpr int columns_of_piece = 64;      // of a sparse X
constexpr long least_rows_of_piece = 32;  // enough for tiles of some ten rows

// `count` rows, rounded up to an odd number of vectors.
long padded(long count, int lanes) { return ((count + lanes - 1) / lanes | 1) * lanes; }

template <class T> std::vector<HessianLayer<T>> layers_of(const NetworkSpec& net, long columns) {
  std::vector<HessianLayer<T>> layers;
  for (int i = 1; i <= net.r(); ++i) layers.emplace_back(net, i, i == 1 ? columns : -1, kernel_set().kernels<T>());
  return layers;
}

}  // namespace

template <class T>
Hessian<T>::Hessian(const NetworkSpec& net, const CostSpec& cost, const TrainingSet<T>& set, int threads)
    : kernels_(kernel_set().kernels<T>()),
      cost_(cost),
      set_(set),
      R_(2 * kernels_.lanes),
      layers_((by_columns(set.sparse_X, net.m.front(), set.t),
               layers_of<T>(net, set.sparse_X ? long(columns_.size()) : -1))),
      micro_batches_(divided_rows(net.d())),
      pass_(layers_, cost, set, kernels_, capacity(), threads),
      team_(threads) {
  const double weight = sum_of_example_weights(set);
  pass_.scale = cost.has_mean() && weight > 0 ? 1 / weight : 1;
  long widest = 0;
  for (const HessianLayer<T>& layer : layers_) widest = std::max(widest, layer.n);
  for (int t = 0; t < threads; ++t) scratch_.emplace_back(widest * R_);
  make_pieces();
}

// Numbers the entries of a sparse X (t, n) column by column.
template <class T> void Hessian<T>::by_columns(const CsrMatrix<T>& X, long n, long t) {
  if (!X) return;
  X.with_columns([&](const auto* columns) {
    std::vector<long> places(n);  // the number of entries of each column, then the place of the next one
    for (long e = 0; e < X.starts[t]; ++e) ++places[columns[e]];
    column_starts_.push_back(0);
    for (long k = 0; k < n; ++k) {
      const long count = places[k];
      places[k] = column_starts_.back();
      if (count == 0) continue;
      columns_.push_back(static_cast<int>(k));
      column_starts_.push_back(column_starts_.back() + count);
    }
    next_entries_.resize(columns_.size());
    entry_rows_.resize(X.starts[t]);
    entry_values_.resize(X.starts[t]);
    for (long r = 0; r < t; ++r)
      for (std::int64_t e = X.starts[r]; e < X.starts[r + 1]; ++e) {
        const long to = places[columns[e]]++;
        entry_rows_[to] = static_cast<int>(r);
        entry_values_[to] = X.values[e];
      }
  });
}

// Divides the examples into micro-batches of nearly equal size. Their rows are an odd number of vectors: a distance of
// panels that is a power of two would let a few rows of many panels compete for the same sets of the cache.
template <class T> long Hessian<T>::divided_rows(long d) {
  const long bytes = HessianRows<T>::numbers(layers_, bool(set_.sparse_X), kernels_.lanes) * long(sizeof(T));
  const long cached = std::max<long>(bytes_of_micro_batch, 2 * d * long(sizeof(T)));
  const long most = std::clamp(cached / bytes, least_rows, most_rows);
  can_keep_all_ = bytes * set_.t <= most_bytes_kept;
  return std::max<long>(1, (set_.t + most - 1) / most);
}

// Returns the rows of the largest micro-batch.
template <class T> long Hessian<T>::capacity() const {
  return padded((set_.t + micro_batches_ - 1) / micro_batches_, kernels_.lanes);
}

// Lets each micro-batch have rows of its own, or one after the other the same.
template <class T> void Hessian<T>::keep(bool all) {
  const long count = all ? micro_batches_ : 1;
  while (long(rows_.size()) < count) rows_.emplace_back(layers_, bool(set_.sparse_X), capacity(), kernels_.lanes);
  for (long k = 0; k < count; ++k) place(rows_[k], k);
  keeps_all_ = all;
}

// Lets the rows be those of a micro-batch.
template <class T> void Hessian<T>::place(HessianRows<T>& rows, long micro_batch) const {
  rows.first = set_.t * micro_batch / micro_batches_;
  rows.count = set_.t * (micro_batch + 1) / micro_batches_ - rows.first;
  rows.rows = static_cast<int>(padded(rows.count, kernels_.lanes));
  rows.has_theta_part = false;
}

template <class T> void Hessian<T>::make_pieces() {
  for (int l = 0; l < int(layers_.size()); ++l) {
    const HessianLayer<T>& layer = layers_[l];
    const bool is_sparse = l == 0 && set_.sparse_X;
    for (int s = 0; is_sparse && s < int(columns_.size()); s += columns_of_piece)
      pieces_.push_back({.sums = Sums::columns, .layer = l, .p = s, .q = 0});
    for (int p = 0; p < layer.panels_out; ++p) {
      for (int q = 0; !is_sparse && q < layer.panels_in; ++q)
        pieces_.push_back({.sums = Sums::block, .layer = l, .p = p, .q = q});
      pieces_.push_back({.sums = Sums::units, .layer = l, .p = p, .q = 0});
    }
  }
}

template <class T> void Hessian<T>::put(const T* theta) {
  keep(can_keep_all_ && products_ > 1);  // as at the last θ, so probably at this one
  products_ = 0;
  for (HessianLayer<T>& layer : layers_) layer.begin(theta);
  team_.begin({});
  team_.run(
      static_cast<int>(scratch_.size()), [](int) {}, [&](int thread) { put_panels(theta, /*is_theta=*/true, thread); });
}

// Called by all threads; a barrier must follow.
template <class T> void Hessian<T>::put_panels(const T* vector, bool is_theta, int thread) {
  long count = 0;
  for (const HessianLayer<T>& layer : layers_) count += layer.pieces();
  team_.for_each_piece(thread, count, [&](long k) {
    std::size_t l = 0;
    for (; k >= layers_[l].pieces(); ++l) k -= layers_[l].pieces();
    T* const scratch = scratch_[thread].get();
    if (is_theta)
      layers_[l].put_theta(vector, static_cast<int>(k), scratch);
    else
      layers_[l].put_v(vector, static_cast<int>(k), scratch);
  });
}

template <class T> bool Hessian<T>::multiply(const T* v, T* product, const std::function<bool()>& interrupted) {
  if (++products_ > 1 && can_keep_all_ && !keeps_all_ && micro_batches_ > 1) keep(/*all=*/true);
  for (HessianLayer<T>& layer : layers_) layer.begin(v);
  std::copy_n(column_starts_.begin(), columns_.size(), next_entries_.begin());
  is_stopped_ = false;
  team_.begin(interrupted);
  team_.run(static_cast<int>(scratch_.size()), [](int) {}, [&](int thread) { multiply_on(v, product, thread); });
  return !is_stopped_;
}

template <class T> void Hessian<T>::multiply_on(const T* v, T* product, int thread) {
  put_panels(v, /*is_theta=*/false, thread);
  team_.barrier.wait();
  for (long k = 0; k < micro_batches_; ++k) {
    HessianRows<T>& rows = rows_[keeps_all_ ? k : 0];
    if (!keeps_all_ && micro_batches_ > 1) {
      if (thread == 0) place(rows, k);
      team_.barrier.wait();
    }
    pass(rows, thread);
    team_.barrier.wait();
    sum(rows, k == 0, thread);
    if (thread == 0) {  // it alone hears a request to stop, and the others read its answer after the barrier
      is_stopped_ = team_.is_stopping();
      rows.has_theta_part = !is_stopped_;
    }
    team_.barrier.wait();
    if (is_stopped_) return;
  }
  get(v, product, thread);
}

template <class T> void Hessian<T>::pass(const HessianRows<T>& rows, int thread) {
  const long lanes = kernels_.lanes, groups = rows.rows / lanes;
  const long of_thread = (groups + team_.count - 1) / team_.count;
  const long largest = std::min(pass_.most_rows() / lanes, std::max<long>(least_rows_of_piece / lanes, of_thread / 4));
  const long pieces = (groups + std::max<long>(1, largest) - 1) / std::max<long>(1, largest);
  team_.for_each_piece(thread, pieces, [&](long k) {
    const int first = static_cast<int>(groups * k / pieces * lanes);
    const int last = static_cast<int>(groups * (k + 1) / pieces * lanes);
    if (!rows.has_theta_part) pass_.theta_part(rows, first, last, thread);
    pass_.v_part(rows, first, last, thread);
    team_.poll(thread);
  });
}

template <class T> void Hessian<T>::sum(const HessianRows<T>& rows, bool is_first, int thread) {
  const GradientEpilogue<T> epilogue{.constants = &constants_, .should_accumulate = !is_first, .is_complete = false};
  const long count = static_cast<long>(pieces_.size());
  team_.for_each_piece(thread, count, [&](long k) {
    const Piece& piece = pieces_[k];
    if (piece.sums == Sums::columns) return sum_columns(piece, rows, epilogue);
    if (piece.sums == Sums::units) return sum_units(piece, rows, epilogue);
    const GradientBlock<T> own = block(piece, rows);
    GradientBlock<T> next{};
    GradientRows<T> of{.first = 0, .count = piece.layer == 0 ? rows.rows : 2L * rows.rows};
    if (k + 1 < count && pieces_[k + 1].sums == Sums::block) {
      next = block(pieces_[k + 1], rows);
      of.prefetch.next_block = &next;
    }
    kernels_.panel.gradient_blocks(&own, 1, of, epilogue);
  });
}

template <class T> GradientBlock<T> Hessian<T>::block(const Piece& piece, const HessianRows<T>& rows) const {
  const HessianLayer<T>& layer = layers_[piece.layer];
  const long half = long(rows.rows) * R_;
  return {.A = piece.layer == 0 ? rows.x.get() + piece.q * half
                                : rows.layers[piece.layer - 1].forward.get() + piece.q * 2 * half,
          .B = rows.layers[piece.layer].backward.get() + piece.p * 2 * half,
          .height = piece.q + 1 == layer.panels_in ? layer.last_in : R_,
          .width = piece.p + 1 == layer.panels_out ? layer.last_out : R_,
          .parameters = {},
          .transposed = nullptr,
          .parameter_mask = nullptr,
          .sum = layer.sum.get() + (piece.p * layer.n + long(piece.q) * R_) * R_};
}

template <class T>
void Hessian<T>::sum_columns(const Piece& piece, const HessianRows<T>& rows, const GradientEpilogue<T>& epilogue) {
  const HessianLayer<T>& layer = layers_.front();
  const long half = long(rows.rows) * R_, stored = layer.stored_rows();
  kernels_.csr.gradient(
      {.by_columns = {.columns = columns_.data(),
                      .starts = column_starts_.data(),
                      .rows = entry_rows_.data(),
                      .values = entry_values_.data()},
       .first = piece.p,
       .last = std::min<long>(piece.p + columns_of_piece, stored),
       .delta = rows.layers.front().backward.get(),
       .delta_stride = 2 * half,
       .first_row = static_cast<int>(rows.first),
       .last_row = static_cast<int>(rows.first + rows.count),
       .next = next_entries_.data(),
       .W = {.first_panel = {}, .panel_stride = 0, .vectors = int((layer.m + kernels_.lanes - 1) / kernels_.lanes)},
       .sum = layer.sum.get(),
       .sum_stride = stored * R_},
      epilogue);
}

template <class T>
void Hessian<T>::sum_units(const Piece& piece, const HessianRows<T>& rows, const GradientEpilogue<T>& epilogue) const {
  const HessianLayer<T>& layer = layers_[piece.layer];
  const HessianArrays<T>& arrays = rows.layers[piece.layer];
  const long half = long(rows.rows) * R_;
  const auto sum = [&](const T* terms, const Buffer<T>& to, Part part) {
    kernels_.panel.bias_block({.delta = terms, .parameters = {}, .sum = to.get() + long(piece.p) * R_, .part = part}, 0,
                              rows.rows, epilogue);
  };
  sum(arrays.backward.get() + piece.p * 2 * half, layer.b_sum, Part::b);
  if (layer.kappa) sum(arrays.kappa_change.get() + piece.p * half, layer.kappa_sum, Part::kappa);
}

template <class T> void Hessian<T>::get(const T* v, T* product, int thread) {
  long count = 0;
  for (const HessianLayer<T>& layer : layers_) count += layer.panels_out;
  team_.for_each_piece(thread, count, [&](long p) {
    std::size_t l = 0;
    for (; p >= layers_[l].panels_out; ++l) p -= layers_[l].panels_out;
    layers_[l].get(static_cast<int>(p), columns_, v, static_cast<T>(cost_.l2), product);
  });
}

template class Hessian<float>;
template class Hessian<double>;

}  // namespace chainrule
