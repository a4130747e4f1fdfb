// Steps in parts, with the kernel set that CHAINRULE_KERNELS forces: whoever sums which blocks of a minibatch, for any
// number of threads and in any slices, θ and the records get the same bits; they are those of whole steps but for
// rounding; and the sum over one block is the packed gradient of its rows.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <vector>

#include "check.hpp"
#include "evaluation/evaluate.hpp"
#include "panels/gradient_tree.hpp"
#include "support/problems.hpp"
#include "trainer.hpp"

namespace {

using namespace chainrule;
using namespace chainrule::tests;

constexpr int leaves = 8;  // blocks of a minibatch

// The subtrees of each process
using Division = std::vector<std::vector<Subtree>>;
const Division divisions[] = {{{{0, 8}}},
                              {{{0, 4}}, {{4, 4}}},
                              {{{0, 2}}, {{2, 2}, {4, 1}}, {{5, 1}, {6, 2}}},
                              {{{0, 1}, {1, 1}, {2, 2}}, {}, {{4, 4}}}};

template <class T> struct Sum {
  std::vector<T> gradient;
  double J = 0;
};

template <class T> std::unique_ptr<Trainer<T>> trainer_of(const Data<T>& data) {
  Progress progress;
  progress.stream.state = 12345, progress.stream.increment = 67891;
  const std::array<const T*, 2> moments{data.zeros.data(), data.zeros.data()};
  return std::make_unique<Trainer<T>>(data.problem, progress, data.theta.data(), moments);
}

template <class T>
Sum<T> folded(const Trainer<T>& trainer, const std::map<std::pair<int, int>, Sum<T>>& parts, int first, int count) {
  if (const auto found = parts.find({first, count}); found != parts.end()) return found->second;
  Sum<T> left = folded(trainer, parts, first, count / 2);
  const Sum<T> right = folded(trainer, parts, first + count / 2, count / 2);
  trainer.add_sum(left.gradient.data(), right.gradient.data());
  return {std::move(left.gradient), left.J + right.J};
}

// θ, moments and all records but the seconds
template <class T> std::vector<double> numbers_of(const Trainer<T>& trainer) {
  const std::size_t d = trainer.problem().net.d();
  std::vector<T> theta(d), mu(d), nu(d);
  trainer.get(theta.data(), {mu.data(), nu.data()});
  std::vector<double> all{double(trainer.progress().step), double(trainer.stopped())};
  for (const auto& numbers : {theta, mu, nu}) all.insert(all.end(), numbers.begin(), numbers.end());
  for (int k : {Progress::J, Progress::validation_J, Progress::learning_rate, Progress::gradient_norm})
    for (double value : trainer.progress().records[k]) all.push_back(value);
  return all;
}

// A run in slices of so many steps, by processes with trainers of their own, which all end alike
template <class T> std::vector<double> run(Data<T>& data, const Division& division, int threads, long steps_of_slice) {
  data.problem.blocks = leaves, data.problem.threads = threads;
  std::vector<std::unique_ptr<Trainer<T>>> trainers;
  for (std::size_t k = 0; k < division.size(); ++k) trainers.push_back(trainer_of(data));
  while (trainers[0]->stopped() == Stopped::no) {
    for (const auto& trainer : trainers) trainer->begin_shared(data.problem.epochs);
    for (long step = 0; step < steps_of_slice && trainers[0]->has_next_step(); ++step) {
      std::map<std::pair<int, int>, Sum<T>> parts;
      for (std::size_t k = 0; k < division.size(); ++k)
        for (const auto& [first, count] : division[k]) {
          Sum<T> sum{std::vector<T>(trainers[k]->sum_size())};
          sum.J = trainers[k]->sum_blocks(first, count, sum.gradient.data());
          parts[{first, count}] = std::move(sum);
        }
      for (const auto& trainer : trainers) {
        Sum<T> all = folded(*trainer, parts, 0, leaves);
        trainer->take_sum(all.gradient.data(), all.J);
      }
    }
    for (const auto& trainer : trainers) trainer->end();
  }
  const std::vector<double> first = numbers_of(*trainers[0]);
  for (const auto& trainer : trainers) CHECK(numbers_of(*trainer) == first, "the processes differ");
  for (double value : first) CHECK(std::isfinite(value), "%g", value);
  return first;
}

template <class T> void same_numbers(const Shape& shape, Optimizer optimizer, double clip_norm) {
  Data<T> data(shape, optimizer);
  data.problem.optimizer.clip_norm = clip_norm;
  const auto expected = run(data, divisions[0], 1, 1000);
  for (std::size_t k = 1; k < std::size(divisions); ++k)
    CHECK(run(data, divisions[k], int(k), k == 1 ? 1 : 1000) == expected, "%s, division %zu", shape.name, k);
  if (sizeof(T) < sizeof(double)) return;  // whole steps round otherwise
  data.problem.blocks = 0;
  const auto whole = trainer_of(data);
  whole->advance(data.problem.epochs, 100, nullptr);
  const auto other = numbers_of(*whole);
  CHECK(other.size() == expected.size(), "%s", shape.name);
  for (std::size_t k = 0; k < expected.size(); ++k)
    CHECK(std::abs(other[k] - expected[k]) <= 1e-10 * (1 + std::abs(other[k])), "%s, whole steps: %g, not %g",
          shape.name, other[k], expected[k]);
}

template <class T> void a_block_is_a_gradient(const Shape& shape) {
  Data<T> data(shape, Optimizer::adam);
  ProblemSpec<T>& problem = data.problem;
  problem.cost.l1 = problem.cost.l2 = 0;
  problem.cost.mean = Mean::none;
  problem.shuffle = false;
  problem.blocks = leaves;
  const long d = problem.net.d();
  std::vector<std::vector<T>> delta_rows;
  std::vector<T*> deltas;
  for (int i = 1; i <= problem.net.r(); ++i)
    deltas.push_back(delta_rows.emplace_back(problem.batch_size * problem.net.m[i]).data());
  const PanelNetwork<T> network(problem.net, problem.batch_size, /*is_input_sparse=*/false);
  const auto trainer = trainer_of(data);
  trainer->begin_shared(1);
  for (int k = 0; k < leaves; ++k) {
    const long first = first_row_of_block(problem.batch_size, k, leaves);
    const long last = first_row_of_block(problem.batch_size, k + 1, leaves);
    std::vector<T> sum(trainer->sum_size(), T(1)), g(d), packed(sum.size());
    const double J = trainer->sum_blocks(k, 1, sum.data());
    double expected = 0;
    if (first < last)
      expected = gradient<T>(problem.net, problem.cost,
                             {.X = problem.data.X + first * problem.net.m.front(),
                              .Y = problem.data.Y + first * problem.net.m.back(),
                              .weights = problem.data.weights + first,
                              .t = last - first},
                             data.theta.data(), g.data(), deltas.data(), 1);
    network.pack(g.data(), packed.data());
    CHECK(sum == packed, "%s, block %d", shape.name, k);  // with zeros in the other lanes
    CHECK(J == expected, "%s, block %d: %g, not %g", shape.name, k, J, expected);
  }
  trainer->end();
}

}  // namespace

int chainrule::tests::run() {
  constexpr long fewest_in_halves = 128;  // rows of a gradient that is summed in two halves
  for (const Shape& shape : shapes) {
    same_numbers<float>(shape, Optimizer::adamw, std::numeric_limits<double>::infinity());
    same_numbers<double>(shape, Optimizer::gradient_descent, 0.5);
    const bool has_dropout = NetworkSpec{shape.m, shape.layers}.has_dropout();
    if (has_dropout || shape.batch >= leaves * fewest_in_halves) continue;
    a_block_is_a_gradient<float>(shape);
    a_block_is_a_gradient<double>(shape);
  }
  return tests::failures();
}
