// Networks and costs of every kind, and random problems for them, for the tests of the core as a whole.
#pragma once
#include <cmath>
#include <cstring>
#include <random>
#include <utility>
#include <vector>

#include "chainrule/spec.hpp"

namespace chainrule::tests {

constexpr ScheduleSpec constant(double rate) { return {Schedule::constant, rate}; }

struct Shape {
  const char* name;
  std::vector<long> m;
  std::vector<LayerSpec> layers;
  CostSpec cost;
  long t, batch;
};

inline LayerSpec blocks(std::vector<Run> runs, Sigma sigma, bool parametric, double dropout = 0) {
  LayerSpec layer{sigma, 0, constant(dropout), std::move(runs), parametric};
  layer.rate[0] = 6, layer.rate[1] = 0.1, layer.rate[2] = 0.5;
  layer.decay[1] = 0.5, layer.decay[2] = 0.25;
  return layer;
}

inline const Shape shapes[] = {
    {"narrow", {5, 3, 2, 1}, {{Sigma::sigmoid}, {Sigma::tanh}, {Sigma::identity}}, {}, 100, 100},
    {"narrow minibatches",
     {4, 17, 9, 3},
     {{Sigma::gelu, 0, constant(0.3)}, {Sigma::layer_norm, 1e-5}, {Sigma::softmax}},
     {Cost::cross_entropy, {0.1}},
     301,
     97},
    {"one row", {3, 70, 2}, {{Sigma::relu}, {Sigma::identity}}, {Cost::huber, {1}}, 1, 1},
    {"quantiles", {3, 70, 3}, {{Sigma::tanh}, {Sigma::identity}}, {Cost::quantile, {0.1, 0.5, 0.9}}, 57, 19},
    {"panels",
     {37, 70, 33, 40},
     {{Sigma::relu, 0, constant(0.2)}, {Sigma::silu}, {Sigma::sigmoid}},
     {Cost::log_likelihood, {0}, Mean::losses, 0.01, 0.1},
     131,
     50},
    {"halves",  // the last minibatch has too few rows
     {9, 40, 37, 3},
     {{Sigma::relu, 0, constant(0.2)}, {Sigma::elu, 0.5, {}, {}, true}, {Sigma::identity}},
     {Cost::sum_of_squares, {0}, Mean::losses, 0.01, 0.1},
     317,
     150},
    {"vector-valued",
     {7, 65, 31, 2},
     {{Sigma::softmax}, {Sigma::log_softmax, 0, constant(0.1)}, {Sigma::exp}},
     {Cost::poisson},
     53,
     20},
    {"columns",  // just as many weights as make threads divide the columns
     {600, 440, 96, 3},
     {{Sigma::tanh, 0, constant(0.1)}, {Sigma::relu}, {Sigma::identity}},
     {},
     45,
     32},
    {"blocks", {3, 40, 2}, {{Sigma::relu}, {Sigma::identity}}, {Cost::sum_of_squares, {0}, Mean::losses}, 4500, 4500},
    {"scaled inputs",
     {9, 9, 40, 3},
     {blocks({{9, 1, 1}}, Sigma::identity, false), {Sigma::mish}, {Sigma::identity}},
     {},
     90,
     33},
    {"embedded inputs",
     {7, 55, 14, 70, 2},
     {blocks({{3, 17, 1}, {4, 1, 1}}, Sigma::sine, true),
      blocks({{3, 4, 17}, {2, 1, 2}}, Sigma::gelu, false, 0.2),
      {Sigma::elu, 0.5, constant(0.1), {}, true},
      {Sigma::sigmoid, 0, {}, {}, true}},
     {Cost::huber, {1}, Mean::losses, 0.01, 0.1},
     131,
     50},
    {"blocks above",
     {6, 70, 36, 36, 40},
     {{Sigma::relu, 0, {}, {}, true},
      blocks({{5, 7, 12}, {1, 1, 10}}, Sigma::layer_norm, false),
      blocks({{36, 1, 1}}, Sigma::selu, true, 0.1),
      blocks({{4, 10, 9}}, Sigma::tanh, true)},
     {},
     71,
     24},
    {"columns over blocks",
     {220, 440, 600, 96, 3},
     {blocks({{220, 2, 1}}, Sigma::sine, true, 0.1),
      {Sigma::tanh, 0, constant(0.1)},
      {Sigma::relu, 0, {}, {}, true},
      {Sigma::identity}},
     {},
     45,
     32},
    {"blocks in blocks",
     {4, 12, 40, 2},
     {blocks({{2, 6, 2}}, Sigma::silu, true), {Sigma::relu}, {Sigma::identity}},
     {Cost::sum_of_squares, {0}, Mean::losses},
     4500,
     4500},
    {"one layer of blocks", {6, 4}, {blocks({{2, 2, 3}}, Sigma::softmax, false)}, {Cost::cross_entropy, {0}}, 40, 7},
    {"one layer", {130, 3}, {{Sigma::softmax}}, {Cost::cross_entropy, {0}}, 40, 7},
    {"zeros",
     {20, 150, 140, 2},
     {{Sigma::relu}, {Sigma::relu, 0, constant(0.3)}, {Sigma::identity}},
     {Cost::sum_of_squares, {0}, Mean::losses, 0.01, 0.1},
     317,
     150},
};

template <class T> struct Data {
  std::vector<T> X, Y, weights, theta, zeros;
  ProblemSpec<T> problem;

  Data(const Shape& shape, Optimizer optimizer, std::size_t misaligned = 0) {
    std::mt19937 random(1);
    std::normal_distribution<double> normal;
    problem.net = {shape.m, shape.layers};
    problem.cost = shape.cost;
    const long n = shape.m.front(), m = shape.m.back(), d = problem.net.d();
    X.resize(shape.t * n + misaligned), Y.resize(shape.t * m + misaligned), weights.resize(shape.t + misaligned);
    for (long k = 0; k < shape.t * n; ++k) X[k + misaligned] = T(normal(random));
    for (long j = 0; j < shape.t; ++j) {
      double sum = 0;
      for (long k = 0; k < m; ++k) sum += Y[j * m + k + misaligned] = T(std::abs(normal(random)) / 4 + 0.01);
      for (long k = 0; k < m; ++k)  // distributions, or numbers in [0, 1]
        Y[j * m + k + misaligned] = T(Y[j * m + k + misaligned] / (m > 1 ? sum : 4));
      weights[j + misaligned] = T(0.5 + std::abs(normal(random)));
    }
    for (int i = 1; i <= problem.net.r(); ++i)
      for (long k = 0; k < problem.net.size(i); ++k)
        theta.push_back(T(normal(random) / std::sqrt(double(problem.net.entries(i)) / shape.m[i])));
    zeros.resize(d);
    problem.data = {X.data() + misaligned, Y.data() + misaligned, weights.data() + misaligned, shape.t};
    problem.validation = {X.data() + misaligned, Y.data() + misaligned, nullptr, (shape.t + 1) / 2};
    problem.optimizer.optimizer = optimizer;
    const double adam[] = {0.9, 0.999, 1e-8, 0};
    std::memcpy(problem.optimizer.hyper, adam, sizeof adam);
    problem.optimizer.schedule.rate = 0.01;
    problem.optimizer.weight_decay.rate = 0.01;
    problem.batch_size = shape.batch;
    problem.epochs = 3;
  }
};

}  // namespace chainrule::tests
