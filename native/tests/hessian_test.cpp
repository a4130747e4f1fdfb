// ∇²J(θ) v is the derivative of ∇J along v, bitwise for any number of threads, in both precisions.
#include "curvature/hessian.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "check.hpp"
#include "evaluation/evaluate.hpp"

namespace {

using namespace chainrule;

std::mt19937 generator{1};

std::vector<double> numbers(long count) {
  std::normal_distribution<double> normal;
  std::vector<double> x(static_cast<std::size_t>(count));
  for (double& value : x) value = 0.5 * normal(generator);
  return x;
}

struct Problem {
  NetworkSpec net;
  CostSpec cost;
  long t, d = net.d();
  std::vector<double> theta = numbers(d), v = numbers(d), X = numbers(t * net.m.front()), Y = numbers(t * net.m.back()),
                      w = numbers(t);
  std::vector<std::int64_t> starts = {};  // of a sparse X, if there are any
  std::vector<std::int32_t> columns = {};

  template <class T> std::vector<T> product(int threads, int times = 2) const {
    const auto in = [](const std::vector<double>& x) { return std::vector<T>(x.begin(), x.end()); };
    const std::vector<T> of_theta = in(theta), of_v = in(v), of_X = in(X), of_Y = in(Y), of_w = in(w);
    TrainingSet<T> set{.X = of_X.data(), .Y = of_Y.data(), .weights = of_w.data(), .t = t};
    if (!starts.empty()) {
      set.X = nullptr;
      set.sparse_X = {.starts = starts.data(), .columns32 = columns.data(), .values = of_X.data()};
    }
    Hessian<T> hessian(net, cost, set, threads);
    std::vector<T> out(d);
    hessian.put(of_theta.data());
    for (int k = 0; k < times; ++k) hessian.multiply(of_v.data(), out.data(), {});  // later ones find the numbers of θ
    return out;
  }

  // ∇J(θ + s v)
  std::vector<double> gradient_at(double s) const {
    std::vector<double> moved(theta), g(d);
    for (long k = 0; k < d; ++k) moved[k] += s * v[k];
    std::vector<std::vector<double>> rows;
    std::vector<double*> deltas;
    for (int i = 1; i <= net.r(); ++i) rows.emplace_back(t * net.m[i]);
    for (auto& delta : rows) deltas.push_back(delta.data());
    TrainingSet<double> set{.X = X.data(), .Y = Y.data(), .weights = w.data(), .t = t};
    if (!starts.empty()) {
      set.X = nullptr;
      set.sparse_X = {.starts = starts.data(), .columns32 = columns.data(), .values = X.data()};
    }
    gradient<double>(net, cost, set, moved.data(), g.data(), deltas.data(), 1);
    return g;
  }
};

template <class T> double distance(const std::vector<T>& x, const std::vector<double>& y) {
  double size = 0, difference = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    size = std::max(size, std::abs(y[k]));
    difference = std::max(difference, std::abs(x[k] - y[k]));
  }
  return difference / size;
}

void check(const Problem& p, const char* name) {
  constexpr double h = 1e-4;
  const auto after = p.gradient_at(h), before = p.gradient_at(-h), far = p.gradient_at(2 * h),
             back = p.gradient_at(-2 * h);
  std::vector<double> expected(p.d);  // five points: an error of order h⁴
  for (long k = 0; k < p.d; ++k) expected[k] = (8 * (after[k] - before[k]) - (far[k] - back[k])) / (12 * h);
  const std::vector<double> one = p.product<double>(1);
  CHECK(distance(one, expected) < 1e-9, "%s: %g", name, distance(one, expected));
  CHECK(distance(p.product<float>(1), one) < 1e-4, "%s: %g", name, distance(p.product<float>(1), one));
  for (int threads : {2, 3}) CHECK(p.product<double>(threads) == one, "%s: %d threads", name, threads);
  CHECK(p.product<double>(1, 1) == one, "%s: the first product is the second", name);
}

NetworkSpec network(std::vector<long> m, Sigma hidden, Sigma output) {
  NetworkSpec net{.m = std::move(m), .layers = {}};
  for (int i = 1; i < static_cast<int>(net.m.size()); ++i)
    net.layers.push_back({.sigma = i + 1 < static_cast<int>(net.m.size()) ? hidden : output});
  return net;
}

Problem sparse(Problem p) {  // every third entry of X
  std::vector<double> values;
  const long n = p.net.m.front();
  p.starts.push_back(0);
  for (long r = 0; r < p.t; ++r) {
    for (long k = r % 3; k < n; k += 3) {
      values.push_back(p.X[r * n + k]);
      p.columns.push_back(static_cast<std::int32_t>(k));
    }
    p.starts.push_back(static_cast<std::int64_t>(values.size()));
  }
  p.X = values;
  return p;
}

}  // namespace

int chainrule::tests::run() {
  check({.net = network({1, 3, 1}, Sigma::tanh, Sigma::identity), .cost = {}, .t = 1}, "1-3-1");
  check({.net = network({5, 7}, Sigma::tanh, Sigma::sigmoid), .cost = {}, .t = 9}, "one layer");
  check({.net = network({3, 37, 40, 2}, Sigma::gelu, Sigma::sigmoid), .cost = {.l2 = 0.5}, .t = 300}, "3-37-40-2");
  check({.net = network({9, 33, 5}, Sigma::softmax, Sigma::layer_norm), .cost = {.mean = Mean::losses}, .t = 70},
        "vector-valued");
  check({.net = network({3, 6, 4}, Sigma::sine, Sigma::softmax), .cost = {.cost = Cost::cross_entropy}, .t = 33},
        "cross-entropy");
  check({.net = network({2, 4, 1}, Sigma::tanh, Sigma::tanh), .cost = {}, .t = 9000}, "several micro-batches");
  check(sparse({.net = network({40, 35, 2}, Sigma::tanh, Sigma::identity), .cost = {}, .t = 100}), "sparse");
  Problem with_kappa{.net = network({4, 20, 3}, Sigma::tanh, Sigma::sigmoid), .cost = {}, .t = 50};
  for (LayerSpec& layer : with_kappa.net.layers) layer.is_parametric = true;
  check({.net = with_kappa.net, .cost = {}, .t = 50}, "κ");
  NetworkSpec blocks = network({4, 6, 3}, Sigma::tanh, Sigma::identity);
  blocks.layers[0].runs = {{2, 3, 2}};
  check({.net = blocks, .cost = {.l2 = 0.25}, .t = 20}, "blocks");
  return tests::failures();
}
