// The kernels of sparse rows give the numbers of the dense ones, to the last bit; columns that catch up end where
// columns with a gradient of 0 do.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "check.hpp"
#include "kernels/csr/catch_up.hpp"
#include "kernels/csr/gradient.hpp"
#include "kernels/csr/linear.hpp"
#include "kernels/panels/gradient.hpp"
#include "kernels/panels/linear.hpp"
#include "support/ulp.hpp"

namespace {

using namespace chainrule;
using namespace chainrule::CHAINRULE_KERNEL_SET;

std::mt19937& generator() {
  static std::mt19937 random{1};
  return random;
}

template <class T> std::vector<T> numbers(long count) {
  std::normal_distribution<double> normal;
  std::vector<T> x(static_cast<std::size_t>(count));
  for (T& value : x) value = T(normal(generator()));
  return x;
}

template <class T> long up(long count) { return (count + R<T> - 1) / R<T>; }

// Panels [⌈features/R⌉][rows][R] of normal numbers, with zeros past the last feature.
template <class T> std::vector<T> panels(long rows, long features) {
  std::vector<T> x = numbers<T>(up<T>(features) * rows * R<T>);
  for (long r = 0; r < rows; ++r)
    for (long k = features; k < up<T>(features) * R<T>; ++k) x[(k / R<T> * rows + r) * R<T> + k % R<T>] = 0;
  return x;
}

// A random sparse matrix (t, n) whose first row is empty.
template <class T> struct Sparse {
  std::vector<std::int64_t> starts{0};
  std::vector<std::int32_t> columns;
  std::vector<std::int64_t> wide_columns;
  std::vector<T> values;

  Sparse(long t, long n, double density) {
    std::bernoulli_distribution is_stored(density);
    for (long j = 0; j < t; ++j) {
      for (long k = 0; j > 0 && k < n; ++k)
        if (is_stored(generator())) columns.push_back(static_cast<std::int32_t>(k));
      starts.push_back(static_cast<std::int64_t>(columns.size()));
    }
    wide_columns.assign(columns.begin(), columns.end());
    values = numbers<T>(static_cast<long>(columns.size()));
  }
  CsrMatrix<T> matrix(bool wide) const {
    return {.starts = starts.data(),
            .columns32 = wide ? nullptr : columns.data(),
            .columns64 = wide ? wide_columns.data() : nullptr,
            .values = values.data()};
  }
};

// out := σ(X Wᵀ + b) for the examples of `order`, of which the last rows are empty.
template <class T> void linears(long n, long m, int rows, Sigma sigma) {
  const Sparse<T> X(rows + 5, n, 0.1);
  std::vector<std::uint32_t> order(rows);
  for (int r = 0; r < rows; ++r) order[r] = static_cast<std::uint32_t>((3 * r) % (rows + 5));
  const long capacity = rows + lanes<T>;
  std::vector<T> A(up<T>(n) * capacity * R<T>);
  for (int r = 0; r < rows; ++r)
    for (long e = X.starts[order[r]]; e < X.starts[order[r] + 1]; ++e) {
      const long k = X.columns[e];
      A[(k / R<T> * capacity + r) * R<T> + k % R<T>] = X.values[e];
    }
  const std::vector<T> W = panels<T>(n, m), bias = panels<T>(1, m);
  std::vector<T> out[3];
  for (int kind = 0; kind < 3; ++kind) {
    out[kind].assign(up<T>(m) * capacity * R<T>, T(0));
    Linear<T> g{};
    g.A = A.data(), g.A_stride = g.out_stride = capacity * R<T>;
    g.B = W.data(), g.K = n, g.bias = bias.data(), g.out = out[kind].data();
    g.panels = static_cast<int>(up<T>(m));
    g.region = {.first_row = 0, .last_row = static_cast<int>(capacity), .first_panel = 0, .last_panel = g.panels};
    g.last_lanes = static_cast<int>(m - (up<T>(m) - 1) * R<T>);
    g.epilogue = LinearEpilogue::activation;
    g.activation.sigma = sigma;
    if (kind == 0)
      linear(g);
    else
      csr_linear({.X = X.matrix(kind == 2), .order = order.data(), .first = 0, .rows = rows}, g);
  }
  CHECK(out[0] == out[1], "n = %ld, m = %ld, %d rows", n, m, rows);
  CHECK(out[1] == out[2], "n = %ld, m = %ld, %d rows, 64-bit columns", n, m, rows);
}

// ∂J/∂W in one or two parts, and the optimizer's step, against the blocks of the dense matrix.
template <class T> void gradients(long n, long m, int rows, bool in_parts) {
  const Sparse<T> X(rows, n, 0.1);
  const std::vector<T> delta = panels<T>(rows, m), theta = panels<T>(n, m), mu = panels<T>(n, m);
  std::vector<T> a(up<T>(n) * rows * R<T>);
  std::vector<int> columns, entry_rows;
  std::vector<long> starts{0};
  std::vector<T> values;
  for (long k = 0; k < n; ++k) {
    columns.push_back(static_cast<int>(k));
    for (int r = 0; r < rows; ++r)
      for (long e = X.starts[r]; e < X.starts[r + 1]; ++e)
        if (X.columns[e] == k) {
          entry_rows.push_back(r);
          values.push_back(X.values[e]);
          a[(k / R<T> * rows + r) * R<T> + k % R<T>] = X.values[e];
        }
    starts.push_back(static_cast<long>(values.size()));
  }
  StepConstants<T> step{};
  step.optimizer = Optimizer::momentum;
  for (auto& c : step.coefficients) c.alpha = T(0.1), c.beta1 = T(0.9);
  step.l1 = T(0.003), step.l2 = T(0.01), step.gradient_scale = 1;
  double norms[2][2] = {};  // of W after the step
  std::vector<T> own[2] = {theta, theta}, moment[2] = {mu, mu}, sum(up<T>(m) * n * R<T>);
  for (long p = 0; p < up<T>(m); ++p)
    for (long q = 0; q < up<T>(n); ++q) {
      const long at = (p * n + q * R<T>)*R<T>;
      GradientBlock<T> block{};
      block.A = a.data() + q * rows * R<T>;
      block.B = delta.data() + p * rows * R<T>;
      block.height = static_cast<int>(std::min<long>(R<T>, n - q * R<T>));
      block.width = static_cast<int>(std::min<long>(R<T>, m - p * R<T>));
      block.parameters = {.theta = own[0].data() + at, .moment = {moment[0].data() + at, nullptr}};
      block.sum = sum.data() + at;
      gradient_blocks(&block, 1, GradientRows<T>{.first = 0, .count = rows},
                      GradientEpilogue<T>{.constants = &step, .should_update = true, .penalty_norms = norms[0]});
    }
  const long of_last = m - (up<T>(m) - 1) * R<T>;
  std::vector<long> next(starts.begin(), starts.end() - 1);
  CsrGradient<T> g{.by_columns = {.columns = columns.data(),
                                  .starts = starts.data(),
                                  .rows = entry_rows.data(),
                                  .values = values.data()},
                   .first = 0,
                   .last = n,
                   .delta = delta.data(),
                   .delta_stride = rows * R<T>,
                   .first_row = 0,
                   .last_row = rows,
                   .next = next.data(),
                   .W = {.first_panel = {.theta = own[1].data(), .moment = {moment[1].data(), nullptr}},
                         .panel_stride = n * R<T>,
                         .vectors = static_cast<int>(2 * up<T>(m) - (of_last <= lanes<T>))},
                   .sum = sum.data(),
                   .sum_stride = n * R<T>};
  if (in_parts) {
    const int middle = rows / 3;
    g.last_row = middle;
    csr_gradient(g, GradientEpilogue<T>{.constants = &step, .is_complete = false});
    std::vector<T> of_rest(delta);  // row 0 of the second part is row `middle`
    for (long p = 0; p < up<T>(m); ++p)
      for (long k = 0; k < (rows - middle) * R<T>; ++k)
        of_rest[p * rows * R<T> + k] = delta[(p * rows + middle) * R<T> + k];
    g.delta = of_rest.data(), g.first_row = middle, g.last_row = rows;
    csr_gradient(g, GradientEpilogue<T>{.constants = &step, .should_accumulate = true});
    csr_apply(g, GradientEpilogue<T>{.constants = &step, .should_update = true, .penalty_norms = norms[1]});
  } else {
    csr_gradient(g, GradientEpilogue<T>{.constants = &step, .should_update = true, .penalty_norms = norms[1]});
  }
  for (int kind = 0; kind < 2; ++kind)
    CHECK(std::abs(norms[0][kind] - norms[1][kind]) <= 1e-12 * norms[0][kind], "norm %d: %g, not %g", kind,
          norms[1][kind], norms[0][kind]);
  CHECK(own[0] == own[1] && moment[0] == moment[1], "n = %ld, m = %ld, %d rows", n, m, rows);
}

// Columns that catch up after different numbers of steps, against steps along a gradient of 0.
template <class T> void waits(Optimizer optimizer, long m) {
  const long n = 9;
  const int steps = 7;
  std::vector<StepConstants<T>> constants(steps);
  for (int s = 0; s < steps; ++s) {
    constants[s].optimizer = optimizer;
    auto& c = constants[s].coefficients[int(Part::W)];
    c.alpha = s == 2 ? T(0) : T(0.01 * (s + 1)), c.beta1 = T(0.9), c.rest1 = T(0.1), c.beta2 = T(0.99);
    c.rest2 = T(0.01), c.epsilon = T(1e-8), c.root = T(1 + 0.1 * s), c.decay = T(0.001 * s);
    c.shrink = T(0.5), c.grow = T(1.2), c.smallest = T(1e-6), c.largest = T(1);
  }
  std::vector<T> theta = panels<T>(n, m), first = panels<T>(n, m), second = panels<T>(n, m);
  for (T& x : first) x *= x;  // ν ≥ 0 is the first moment of some optimizers, the second of others
  for (T& x : second) x *= x;
  if (optimizer != Optimizer::rprop)
    for (long k = 0; k < R<T>; ++k) first[4 * R<T> + k] = second[4 * R<T> + k] = 0;  // column 4 rests
  std::vector<T> sought[3] = {theta, first, second};
  std::vector<int> done(n);
  const std::vector<T> zeros(R<T>);
  const auto at = [&](std::vector<T>& x, long p, long k) { return x.data() + (p * n + k) * R<T>; };
  const int kept = moment_count(optimizer);
  for (long k = 0; k < n; ++k) {
    done[k] = static_cast<int>(k % (steps + 1));
    for (long p = 0; p < up<T>(m); ++p)
      for (int s = done[k]; s < steps; ++s)
        step(zeros.data(), R<T>,
             Parameters<T>{
                 .theta = at(sought[0], p, k),
                 .moment = {kept > 0 ? at(sought[1], p, k) : nullptr, kept > 1 ? at(sought[2], p, k) : nullptr}},
             constants[s], Part::W);
  }
  csr_catch_up(CsrCatchUp<T>{
      .columns = nullptr,
      .first = 0,
      .last = n,
      .done = done.data(),
      .steps = steps,
      .constants = constants.data(),
      .W = {.first_panel = {.theta = theta.data(),
                            .moment = {kept > 0 ? first.data() : nullptr, kept > 1 ? second.data() : nullptr}},
            .panel_stride = n * R<T>,
            .vectors = static_cast<int>(2 * up<T>(m))}});
  CHECK(theta == sought[0], "θ, %s, m = %ld", optimizer_names[int(optimizer)], m);
  CHECK(first == sought[1] && second == sought[2], "moments, %s, m = %ld", optimizer_names[int(optimizer)], m);
}

template <class T> void all() {
  for (const long m : {1L, long(lanes<T>), 2L * lanes<T> + 1, 9L * lanes<T> - 3}) {
    for (const int rows : {1, 7, 40}) {
      linears<T>(70, m, rows, Sigma::identity);
      linears<T>(70, m, rows, Sigma::relu);
      linears<T>(3, m, rows, Sigma::tanh);
      gradients<T>(70, m, rows, /*in_parts=*/false);
    }
    gradients<T>(70, m, 40, /*in_parts=*/true);
    for (int optimizer = 0; optimizer <= int(Optimizer::rprop); ++optimizer) waits<T>(Optimizer(optimizer), m);
  }
}

}  // namespace

int chainrule::tests::run() {
  all<float>();
  all<double>();
  std::printf("sparse rows\n");
  return tests::failures();
}
