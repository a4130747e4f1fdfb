#include "curvature/normal_equations.hpp"

#include <algorithm>
#include <utility>

namespace chainrule {
namespace {

constexpr int vectors_of_micro_batch = 32;  // of examples; the sums over lanes then take a tenth of the time
constexpr int units_at_a_time = 12, inputs_of_piece = 64;  // whose products of a micro-batch stay in L1 and L2
constexpr int units_of_piece = 96;

// All (f, g) with f < count and g < other, or with f ≤ g < count if the two are one.
template <class P> std::vector<P> pairs(long count, long other, bool is_symmetric) {
  std::vector<P> all;
  for (int f = 0; f < count; ++f)
    for (int g = is_symmetric ? f : 0; g < other; ++g) all.push_back({f, g});
  return all;
}

}  // namespace

NormalEquations::NormalEquations(const NetworkSpec& net, int threads)
    : kernels_(kernel_set().jacobian),
      all_kernels_(kernel_set().kernels<double>()),
      net_(net),
      d_(net.d()),
      m_(net.m.back()),
      row_size_(long(kernels_.group_vectors) * kernels_.lanes),
      groups_(vectors_of_micro_batch / kernels_.group_vectors),
      x_(groups_ * (net.m.front() + 1) * row_size_),
      y_(groups_ * m_ * row_size_),
      w_(groups_ * row_size_),
      residuals_(groups_ * m_ * row_size_),
      team_(threads) {
  const auto put_ones = [&](const Buffer<double>& rows, long count) {
    for (long g = 0; g < groups_; ++g) std::fill_n(rows.get() + (g * (count + 1) + count) * row_size_, row_size_, 1.0);
  };
  put_ones(x_, net.m.front());
  long offset = 0;
  for (int i = 1; i <= net.r(); ++i) {
    const LayerSpec& spec = net.layers[i - 1];
    const long m = net.m[i];
    const bool needs_saved = !is_entrywise(spec.sigma) || derivative_needs_z(spec.sigma, spec.parameter);
    layers_.push_back({.n = net.m[i - 1],
                       .m = m,
                       .theta_offset = offset,
                       .stride = (m + 1) * row_size_,
                       .a = Buffer<double>(groups_ * (m + 1) * row_size_),
                       .saved = needs_saved ? Buffer<double>(groups_ * m * row_size_) : Buffer<double>(),
                       .delta = Buffer<double>(groups_ * m_ * m * row_size_)});
    put_ones(layers_.back().a, m);
    offset += net.size(i);
  }
  const long widest = *std::max_element(net.m.begin(), net.m.end());
  for (int t = 0; t < threads; ++t)
    workspaces_.push_back({.scratch = Buffer<double>(4 * widest * kernels_.lanes),
                           .units = Buffer<double>(units_at_a_time * vectors_of_micro_batch * kernels_.lanes),
                           .inputs = Buffer<double>(inputs_of_piece * vectors_of_micro_batch * kernels_.lanes)});
  for (int i = 1; i <= net.r(); ++i)
    for (int k = i; k <= net.r(); ++k) pair_layers(i, k);
  const ExampleRows residuals{residuals_.get(), m_ * row_size_, row_size_};
  for (int i = 1; i <= net.r(); ++i) {  // ∂J/∂W[i] = Σ (Σₖ rₖ δ[i]) a[i−1]ᵀ
    const ExampleRows a = inputs_of(i);
    std::vector<Pair> inputs = pairs<Pair>(net.m[i - 1] + 1, 1, false);
    for (Pair& pair : inputs) pair.second = static_cast<int>(net.m[i - 1]);  // the row of ones
    add_products(residuals, deltas_of(i), pairs<Pair>(1, net.m[i], false), a, a, std::move(inputs));
  }
}

ExampleRows NormalEquations::inputs_of(int i) const {
  const long count = net_.m[i - 1] + 1;
  return {i == 1 ? x_.get() : layers_[i - 2].a.get(), count * row_size_, 0};
}

ExampleRows NormalEquations::deltas_of(int i) const {
  const Layer& layer = layers_[i - 1];
  return {layer.delta.get(), m_ * layer.m * row_size_, layer.m * row_size_};
}

void NormalEquations::pair_layers(int i, int k) {
  const bool is_one = i == k;
  add_products(deltas_of(i), deltas_of(k), pairs<Pair>(net_.m[i], net_.m[k], is_one), inputs_of(i), inputs_of(k),
               pairs<Pair>(net_.m[i - 1] + 1, net_.m[k - 1] + 1, is_one));
}

void NormalEquations::add_products(const ExampleRows& p, const ExampleRows& q, std::vector<Pair> units,
                                   const ExampleRows& s, const ExampleRows& u, std::vector<Pair> inputs) {
  const int columns = kernels_.gram_columns, number = static_cast<int>(products_.size());
  const int unit_count = static_cast<int>(units.size()), input_count = static_cast<int>(inputs.size());
  const long stride = (input_count + columns - 1) / columns * columns;
  for (int first = 0; first < unit_count; first += units_of_piece)
    for (int input = 0; input < input_count; input += inputs_of_piece)
      pieces_.push_back({.products = number,
                         .first_unit = first,
                         .last_unit = std::min(unit_count, first + units_of_piece),
                         .first_input = input,
                         .last_input = std::min(input_count, input + inputs_of_piece)});
  products_.push_back({.p = p,
                       .q = q,
                       .s = s,
                       .u = u,
                       .units = std::move(units),
                       .inputs = std::move(inputs),
                       .stride = stride,
                       .sums = Buffer<double>(unit_count * stride)});
}

void NormalEquations::begin() {
  for (const Products& products : products_)
    std::fill_n(products.sums.get(), products.units.size() * products.stride, 0.0);
}

void NormalEquations::add(const double* theta, const double* X, const double* Y, const double* w, long t) {
  const long rows_of_micro_batch = groups_ * row_size_, lanes = kernels_.lanes;
  team_.run(
      static_cast<int>(workspaces_.size()), [](int) {},
      [&](int thread) {
        for (long first = 0; first < t; first += rows_of_micro_batch) {
          const long rows = std::min(rows_of_micro_batch, t - first);
          team_.for_each_piece(thread, (rows + row_size_ - 1) / row_size_, [&](long group) {
            differentiate(theta, X + first * net_.m.front(), Y + first * m_, w + first, rows, group, thread);
          });
          team_.barrier.wait();
          const int vectors = static_cast<int>((rows + lanes - 1) / lanes);
          team_.for_each_piece(thread, static_cast<long>(pieces_.size()),
                               [&](long k) { sum(pieces_[k], vectors, thread); });
          team_.barrier.wait();
        }
      });
}

// Computes a[i] and δ[i] of a group of a micro-batch's rows. Lanes past the last row hold its first example with w = 0.
void NormalEquations::differentiate(const double* theta, const double* X, const double* Y, const double* w, long rows,
                                    long group, int thread) {
  const long n = net_.m.front(), first = group * row_size_, count = std::min(row_size_, rows - first);
  double* const x = x_.get() + group * (n + 1) * row_size_;
  double* const y = y_.get() + group * m_ * row_size_;
  double* const factors = w_.get() + first;
  const auto gather = [&](const double* from, long width, double* to) {
    if (count == row_size_) return all_kernels_.layout.transpose(from + first * width, count, width, to);
    for (long e = 0; e < row_size_; ++e)
      for (long k = 0; k < width; ++k) to[k * row_size_ + e] = from[(first + (e < count ? e : 0)) * width + k];
  };
  gather(X, n, x);
  gather(Y, m_, y);
  std::copy_n(w + first, count, factors);
  std::fill(factors + count, factors + row_size_, 0.0);
  std::vector<LaneLayer<double>> layers;
  std::vector<double*> deltas;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Layer& layer = layers_[l];
    const LayerSpec& spec = net_.layers[l];
    const double* const W = theta + layer.theta_offset;
    layers.push_back({.n = static_cast<int>(layer.n),
                      .m = static_cast<int>(layer.m),
                      .sigma = spec.sigma,
                      .parameter = spec.parameter,
                      .W = W,
                      .b = W + layer.m * layer.n,
                      .theta_offset = layer.theta_offset,
                      .a = layer.a.get() + group * layer.stride,
                      .saved = layer.saved ? layer.saved.get() + group * layer.m * row_size_ : nullptr,
                      .mask = nullptr,
                      .delta = nullptr});
    deltas.push_back(layer.delta.get() + group * m_ * layer.m * row_size_);
  }
  LaneGroup<double> g{};
  g.r = net_.r();
  g.layers = layers.data();
  g.vectors = kernels_.group_vectors;
  g.x = x;
  g.y = y;
  g.example_weights = factors;
  g.scratch = workspaces_[thread].scratch.get();
  kernels_.group(g, residuals_.get() + group * m_ * row_size_, deltas.data());
}

void NormalEquations::sum(const Piece& piece, int vectors, int thread) {
  const Products& of = products_[piece.products];
  const Workspace& space = workspaces_[thread];
  const long size = long(vectors) * kernels_.lanes;
  const int count = piece.last_input - piece.first_input;
  const int columns = (count + kernels_.gram_columns - 1) / kernels_.gram_columns * kernels_.gram_columns;
  for (int h = 0; h < count; ++h) {
    const Pair pair = of.inputs[piece.first_input + h];
    kernels_.row_product(of.s, pair.first, of.u, pair.second, 1, vectors, space.inputs.get() + h * size);
  }
  std::fill_n(space.inputs.get() + count * size, (columns - count) * size, 0.0);
  for (int first = piece.first_unit; first < piece.last_unit; first += units_at_a_time) {
    const int units = std::min(units_at_a_time, piece.last_unit - first);
    for (int f = 0; f < units; ++f) {
      const Pair pair = of.units[first + f];
      kernels_.row_product(of.p, pair.first, of.q, pair.second, static_cast<int>(m_), vectors,
                           space.units.get() + f * size);
    }
    kernels_.gram(space.units.get(), units, space.inputs.get(), columns, vectors,
                  of.sums.get() + first * of.stride + piece.first_input, of.stride);
  }
}

long NormalEquations::entry(int i, int unit, int input) const {
  const Layer& layer = layers_[i - 1];
  return layer.theta_offset + (input < layer.n ? unit * layer.n + input : layer.m * layer.n + unit);
}

void NormalEquations::get(double* normal, double* gradient) const {
  auto products = products_.begin();
  for (int i = 1; i <= net_.r(); ++i)
    for (int k = i; k <= net_.r(); ++k, ++products)
      for (std::size_t f = 0; f < products->units.size(); ++f)
        for (std::size_t h = 0; h < products->inputs.size(); ++h) {
          const Pair unit = products->units[f], input = products->inputs[h];
          const double sum = products->sums[f * products->stride + h];
          const auto set = [&](long p, long q) { normal[std::max(p, q) * d_ + std::min(p, q)] = sum; };
          set(entry(i, unit.first, input.first), entry(k, unit.second, input.second));
          if (i == k) set(entry(i, unit.first, input.second), entry(k, unit.second, input.first));
        }
  for (int i = 1; i <= net_.r(); ++i, ++products)
    for (std::size_t f = 0; f < products->units.size(); ++f)
      for (std::size_t h = 0; h < products->inputs.size(); ++h)
        gradient[entry(i, products->units[f].second, products->inputs[h].first)] =
            products->sums[f * products->stride + h];
}

}  // namespace chainrule
