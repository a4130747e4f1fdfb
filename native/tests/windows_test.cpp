// Problems whose examples come in windows, with the kernel set that CHAINRULE_KERNELS forces: a run in windows has the
// numbers of one over all examples, whatever the windows, the order of the rows in memory, and the number of threads;
// it makes no step for which the examples are not there.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "check.hpp"
#include "step_plan.hpp"
#include "support/problems.hpp"
#include "trainer.hpp"

namespace {

using namespace chainrule;
using namespace chainrule::tests;

Progress beginning() {
  Progress progress;
  progress.stream.state = 12345, progress.stream.increment = 67891;
  return progress;
}

// Rows first … end − 1 of all examples, which lie in another order in memory, with the order that restores theirs.
template <class T> struct Rows {
  std::vector<T> X, Y, weights;
  std::vector<std::uint32_t> order;

  Rows(const Data<T>& all, long first, long end) : order(end - first) {
    const long n = all.problem.net.m.front(), m = all.problem.net.m.back(), t = end - first;
    std::iota(order.begin(), order.end(), 0u);
    std::shuffle(order.begin(), order.end(), std::mt19937(unsigned(first) + 1));
    X.resize(t * n), Y.resize(t * m), weights.resize(t);
    for (long j = 0; j < t; ++j) {
      const long to = order[j], from = first + j;
      std::copy_n(all.X.data() + from * n, n, X.data() + to * n);
      std::copy_n(all.Y.data() + from * m, m, Y.data() + to * m);
      weights[to] = all.weights[from];
    }
  }
  Window<T> window(long first_batch, long end_batch, Pcg64 keys) const {
    const TrainingSet<T> set{X.data(), Y.data(), weights.data(), long(order.size())};
    return {.set = set, .order = order.data(), .first_batch = first_batch, .end_batch = end_batch, .keys = keys};
  }
};

template <class T> std::vector<double> numbers(const Trainer<T>& trainer, long d) {
  std::vector<T> theta(d);
  trainer.get(theta.data(), {nullptr, nullptr});
  std::vector<double> all(theta.begin(), theta.end());
  for (int k : {Progress::J, Progress::validation_J, Progress::gradient_norm})
    for (double value : trainer.progress().records[k]) all.push_back(value);
  return all;
}

// θ and the records of a run in windows of so many minibatches each.
template <class T> std::vector<double> in_windows(const Data<T>& data, int threads, long minibatches) {
  ProblemSpec<T> problem = data.problem;
  problem.threads = threads, problem.is_in_windows = true;
  problem.total_weight = sum_of_example_weights(data.problem.data);
  problem.data = {nullptr, nullptr, nullptr, data.problem.data.t};
  Trainer<T> trainer(problem, beginning(), data.theta.data(), {data.zeros.data(), data.zeros.data()});
  while (trainer.stopped() == Stopped::no) {
    CHECK(trainer.needs_window(), "at minibatch %ld", trainer.progress().batch);
    const long steps = trainer.progress().step, first = trainer.progress().batch;
    const long end = std::min(first + minibatches, problem.steps_per_epoch());
    const Rows<T> rows(data, first * problem.batch_size, std::min(end * problem.batch_size, problem.data.t));
    trainer.set_window(rows.window(first, end, trainer.progress().stream));
    trainer.advance(1000, 100, nullptr);
    CHECK(trainer.progress().step == steps + end - first, "%ld steps", trainer.progress().step - steps);
  }
  return numbers(trainer, problem.net.d());
}

template <class T> void same_numbers(const Shape& shape) {
  Data<T> data(shape, Optimizer::adamw);
  data.problem.shuffle = false;
  Trainer<T> trainer(data.problem, beginning(), data.theta.data(), {data.zeros.data(), data.zeros.data()});
  while (trainer.stopped() == Stopped::no) trainer.advance(1000, 100, nullptr);
  const auto expected = numbers(trainer, data.problem.net.d());
  for (const int threads : {1, 3})
    for (const long minibatches : {1, 2, 100})
      CHECK(in_windows(data, threads, minibatches) == expected, "%s, %d threads, windows of %ld", shape.name, threads,
            minibatches);
}

// Sets of more than 256 KB, whose rows are prefetched, for both methods.
const Shape large[] = {
    {"many rows in lanes", {30, 5, 2}, {{Sigma::relu}, {Sigma::identity}}, {}, 2100, 170},
    {"many rows in panels", {70, 40, 1}, {{Sigma::relu}, {Sigma::identity}}, {}, 1000, 75},
};

}  // namespace

int chainrule::tests::run() {
  for (const Shape& shape : shapes)
    if (shape.batch < shape.t) {
      same_numbers<float>(shape);
      same_numbers<double>(shape);
    }
  for (const Shape& shape : large) same_numbers<float>(shape);
  return tests::failures();
}
