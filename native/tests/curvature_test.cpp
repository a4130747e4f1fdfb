// AᵀA and Aᵀr are the sums of the products of the gradients of single examples, bitwise for any number of threads.
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "check.hpp"
#include "curvature/normal_equations.hpp"
#include "evaluation/evaluate.hpp"

namespace {

using namespace chainrule;

std::mt19937 generator{1};

std::vector<double> numbers(long count) {
  std::normal_distribution<double> normal;
  std::vector<double> x(static_cast<std::size_t>(count));
  for (double& value : x) value = normal(generator);
  return x;
}

struct Problem {
  NetworkSpec net;
  long t, d = net.d(), m = net.m.back();
  std::vector<double> theta = numbers(d), X = numbers(t * net.m.front()), Y = numbers(t * m), w = numbers(t);
};

struct Sums {
  std::vector<double> normal, gradient;
  bool operator==(const Sums&) const = default;
};

Sums sums(const Problem& p, int threads, long rows_of_a_call) {
  NormalEquations equations(p.net, threads);
  Sums s{std::vector<double>(p.d * p.d), std::vector<double>(p.d)};
  for (int call = 0; call < 2; ++call) {  // the second one finds the sums of the first
    equations.begin();
    for (long first = 0; first < p.t; first += rows_of_a_call)
      equations.add(p.theta.data(), p.X.data() + first * p.net.m.front(), p.Y.data() + first * p.m, p.w.data() + first,
                    std::min(rows_of_a_call, p.t - first));
    equations.get(s.normal.data(), s.gradient.data());
  }
  return s;
}

// The same from ∂a[r]ₖ/∂θ of each example: the gradient of its sum of squares, divided by its only residual.
Sums from_gradients(const Problem& p) {
  Sums s{std::vector<double>(p.d * p.d), std::vector<double>(p.d)};
  Evaluator<double> evaluator(p.net);
  std::vector<double> a(p.m), y(p.m), row(p.d);
  std::vector<std::vector<double>> delta_rows;
  std::vector<double*> deltas;
  for (int i = 1; i <= p.net.r(); ++i) deltas.push_back(delta_rows.emplace_back(p.net.m[i]).data());
  for (long j = 0; j < p.t; ++j) {
    const double* const x = p.X.data() + j * p.net.m.front();
    evaluator.outputs(p.theta.data(), x, 1, a.data(), 1);
    for (long k = 0; k < p.m; ++k) {
      y = a;
      y[k] -= 1;
      gradient<double>(p.net, {}, {.X = x, .Y = y.data(), .t = 1}, p.theta.data(), row.data(), deltas.data(), 1);
      for (double& entry : row) entry *= p.w[j] / (a[k] - y[k]);
      const double r = p.w[j] * (a[k] - p.Y[j * p.m + k]);
      for (long l = 0; l < p.d; ++l) {
        s.gradient[l] += row[l] * r;
        for (long q = 0; q <= l; ++q) s.normal[l * p.d + q] += row[l] * row[q];
      }
    }
  }
  return s;
}

double largest_difference(const std::vector<double>& x, const std::vector<double>& y) {
  double size = 0, difference = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    size = std::max(size, std::abs(y[k]));
    difference = std::max(difference, std::abs(x[k] - y[k]));
  }
  return difference / size;
}

void check(const Problem& p) {
  const Sums one = sums(p, 1, p.t), expected = from_gradients(p);
  CHECK(largest_difference(one.normal, expected.normal) < 1e-11, "AᵀA, d = %ld, t = %ld", p.d, p.t);
  CHECK(largest_difference(one.gradient, expected.gradient) < 1e-11, "Aᵀr, d = %ld, t = %ld", p.d, p.t);
  for (int threads : {2, 3}) CHECK(sums(p, threads, p.t) == one, "%d threads, d = %ld", threads, p.d);
  CHECK(sums(p, 2, 256) == one, "calls of 256 examples, d = %ld", p.d);
}

NetworkSpec network(std::vector<long> m, Sigma hidden, Sigma output) {
  NetworkSpec net{.m = std::move(m), .layers = {}};
  for (int i = 1; i < static_cast<int>(net.m.size()); ++i)
    net.layers.push_back({.sigma = i + 1 < static_cast<int>(net.m.size()) ? hidden : output});
  return net;
}

}  // namespace

int chainrule::tests::run() {
  check({.net = network({1, 3, 1}, Sigma::tanh, Sigma::identity), .t = 1});
  check({.net = network({3, 7, 5, 2}, Sigma::gelu, Sigma::sigmoid), .t = 300});
  check({.net = network({15, 12, 4}, Sigma::softmax, Sigma::layer_norm), .t = 70});
  return tests::failures();
}
