// Gradients match differences of J, and predictions of single rows match those of many.
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "check.hpp"
#include "evaluation/evaluate.hpp"
#include "evaluation/predictor.hpp"
#include "support/problems.hpp"

namespace {

using namespace chainrule;
using namespace chainrule::tests;

// Compares ∇J(θ) along a direction with a central difference of J.
void differences(const Shape& shape) {
  Data<double> data(shape, Optimizer::gradient_descent);
  const long d = data.problem.net.d();
  std::vector<double> g(d), unused(d);
  std::vector<std::vector<double>> deltas;
  std::vector<double*> rows;
  for (std::size_t i = 1; i < shape.m.size(); ++i) deltas.emplace_back(shape.t * shape.m[i]);
  for (auto& delta : deltas) rows.push_back(delta.data());
  const auto J = [&](const std::vector<double>& theta, std::vector<double>& out) {
    return gradient<double>(data.problem.net, shape.cost, data.problem.data, theta.data(), out.data(), rows.data(), 2);
  };
  J(data.theta, g);
  const double h = 1e-6;
  std::mt19937 random(2);
  std::normal_distribution<double> normal;
  std::vector<double> up = data.theta, down = data.theta;
  double slope = 0, size = 0;
  for (long k = 0; k < d; ++k) {
    const double v = normal(random);
    up[k] += h * v, down[k] -= h * v;
    slope += g[k] * v, size += std::abs(g[k] * v);
  }
  const double measured = (J(up, unused) - J(down, unused)) / (2 * h);
  CHECK(std::abs(measured - slope) <= 1e-5 * size, "%s: %.10g, measured %.10g", shape.name, slope, measured);
}

// N(x) row by row equals N(x) of all rows at once, up to rounding.
template <class T> void predictions(const Shape& shape) {
  Data<T> data(shape, Optimizer::adam, 1);
  const long n = shape.m.front(), m = shape.m.back();
  std::vector<T> all(shape.t * m), row(m);
  Evaluator<T> evaluator(data.problem.net);
  CHECK(evaluator.outputs(data.theta.data(), nullptr, 0, nullptr, 1), "no row, no output");
  CHECK(evaluator.outputs(data.theta.data(), data.problem.data.X, shape.t, all.data(), 2), "%s: finite", shape.name);
  std::vector<T> odd(data.problem.data.X, data.problem.data.X + shape.t * n), room(all);
  odd.back() = std::numeric_limits<T>::quiet_NaN();
  CHECK(!evaluator.outputs(data.theta.data(), odd.data(), shape.t, room.data(), 2), "%s: NaN", shape.name);
  const Predictor<T> predictor(data.problem.net, data.theta.data());
  for (long j = 0; j < shape.t; ++j) {
    predictor.row(data.problem.data.X + j * n, row.data());
    for (long k = 0; k < m; ++k)
      CHECK(std::abs(row[k] - all[j * m + k]) <= (sizeof(T) == 4 ? 2e-4 : 1e-12) * (1 + std::abs(row[k])), "%s: %g, %g",
            shape.name, double(row[k]), double(all[j * m + k]));
  }
}

}  // namespace

int chainrule::tests::run() {
  for (const Shape& shape : shapes) {
    differences(shape);
    predictions<float>(shape);
    predictions<double>(shape);
  }
  return failures();
}
